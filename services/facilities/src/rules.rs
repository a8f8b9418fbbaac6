//! What a facility is, what state it is in on a day, and which terminals speak for it.
//!
//! Always holds: values in, values out. A day without a recorded start is *not yet*; nothing begins by itself.
//! Not here: what the desk is told in pre-operation (`counter`), SQL (`store`).
//! Rules come from: docs/rules.md S1 r9 (operation start date, pre-operation), S11 r1 (the date may be expected and may
//! change); the reference on check digits, section 7.1 (point table in the code).

use crate::refusals;
use base::{Actor, Answer, CodeError, Date, FacilityCode, Id, Instant, fold_width, kinds};

/// What kind of facility it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 病院
    Hospital,
    /// 診療所
    Clinic,
    /// 歯科診療所
    Dental,
    /// 薬局
    Pharmacy,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Hospital, Kind::Clinic, Kind::Dental, Kind::Pharmacy];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Hospital => "hospital",
            Kind::Clinic => "clinic",
            Kind::Dental => "dental",
            Kind::Pharmacy => "pharmacy",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The name in Japanese and in English.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Kind::Hospital => ("病院", "Hospital"),
            Kind::Clinic => ("診療所", "Clinic"),
            Kind::Dental => ("歯科診療所", "Dental clinic"),
            Kind::Pharmacy => ("薬局", "Pharmacy"),
        }
    }

    /// The point table (点数表) that stands in the codes of this kind: 1 medical, 3 dental, 4 pharmacy.
    pub fn point_table(self) -> u8 {
        match self {
            Kind::Hospital | Kind::Clinic => 1,
            Kind::Dental => 3,
            Kind::Pharmacy => 4,
        }
    }
}

/// What is known of a facility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacilityEntry {
    /// The ten-digit code (医療機関等コード).
    pub code: FacilityCode,
    /// The name.
    pub name: String,
    /// The kind, which agrees with the code's point table.
    pub kind: Kind,
    /// Postcode, `NNN-NNNN`.
    pub postcode: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// First day of pre-operation (プレ運用), if it has one.
    pub pre_operation_from: Option<Date>,
    /// Operation start date (運用開始日); may lie ahead.
    pub operates_from: Option<Date>,
    /// First day on which the facility no longer takes part.
    pub closes_on: Option<Date>,
}

/// A facility with its standing entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facility {
    /// Its id.
    pub id: Id<kinds::Facility>,
    /// When the entry became known.
    pub revision: i64,
    /// What is known.
    pub entry: FacilityEntry,
}

/// What state a facility is in on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Takes no part yet.
    NotYet,
    /// Takes part; patients are asked to bring the paper certificate too.
    PreOperation,
    /// Takes part.
    Operating,
    /// Takes no part any more.
    Closed,
}

impl State {
    /// The name in Japanese and in English.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            State::NotYet => ("運用開始前", "Not yet operating"),
            State::PreOperation => ("プレ運用中", "Pre-operation"),
            State::Operating => ("運用中", "Operating"),
            State::Closed => ("終了", "Closed"),
        }
    }

    /// Whether the facility may ask.
    pub fn takes_part(self) -> bool {
        matches!(self, State::PreOperation | State::Operating)
    }
}

/// The state on a day (S1 r9): each date is the first day of what it begins, and the latest that has come decides.
pub fn state(entry: &FacilityEntry, day: Date) -> State {
    let come = |date: Option<Date>| date.is_some_and(|date| date <= day);
    if come(entry.closes_on) {
        State::Closed
    } else if come(entry.operates_from) {
        State::Operating
    } else if come(entry.pre_operation_from) {
        State::PreOperation
    } else {
        State::NotYet
    }
}

/// Names are at most this long, so that they fit messages and labels.
const NAME_CHARS_MAX: usize = 80;

/// Reads a facility code as people type it: any width, blanks around it; the check digit must fit.
pub fn read_code(text: &str) -> Answer<FacilityCode> {
    FacilityCode::parse(fold_width(text).trim()).map_err(|error| match error {
        CodeError::Shape => refusals::code_shape(),
        CodeError::CheckDigit => refusals::code_check_digit(),
    })
}

/// Whether an entry may be recorded for a facility; `holder` is the facility that has the entry's code at present.
pub fn check_entry(id: Id<kinds::Facility>, entry: &FacilityEntry, holder: Option<&Facility>) -> Answer<()> {
    let chars = entry.name.chars().count();
    if entry.name.trim().is_empty() || chars > NAME_CHARS_MAX || entry.name.chars().any(char::is_control) {
        return Err(refusals::name());
    }
    if entry.code.point_table() != entry.kind.point_table() {
        return Err(refusals::code_of_other_kind());
    }
    if holder.is_some_and(|holder| holder.id != id) {
        return Err(refusals::code_taken());
    }
    let dates: Vec<Date> =
        [entry.pre_operation_from, entry.operates_from, entry.closes_on].into_iter().flatten().collect();
    // Strictly: a pre-operation that begins with operation is none, and one cannot close before one begins.
    if dates.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(refusals::dates_out_of_order());
    }
    Ok(())
}

/// A terminal to be admitted.
#[derive(Clone, Debug)]
pub struct NewTerminal {
    /// The facility that it speaks for.
    pub facility: Id<kinds::Facility>,
    /// What people call it, such as 受付1.
    pub label: String,
    /// SHA-256 of its client certificate (DER).
    pub fingerprint: [u8; 32],
    /// When the certificate expires.
    pub expires_at: Instant,
}

/// A terminal as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its id.
    pub id: Id<kinds::Terminal>,
    /// The facility that it speaks for.
    pub facility: Id<kinds::Facility>,
    /// What people call it.
    pub label: String,
    /// SHA-256 of its client certificate.
    pub fingerprint: [u8; 32],
    /// When it was admitted.
    pub admitted_at: Instant,
    /// When the certificate expires.
    pub expires_at: Instant,
    /// When it was barred.
    pub barred_at: Option<Instant>,
}

/// A terminal that may speak, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The terminal.
    pub terminal: Id<kinds::Terminal>,
    /// Its facility.
    pub facility: Id<kinds::Facility>,
}

impl Admitted {
    /// The terminal as actor.
    pub fn actor(self) -> Actor {
        Actor::Terminal { terminal: self.terminal.raw(), facility: self.facility.raw() }
    }
}

/// Whether a terminal may speak at an instant.
pub fn admitted(terminal: &Terminal, now: Instant) -> Option<Admitted> {
    let live = terminal.barred_at.is_none() && now < terminal.expires_at;
    live.then_some(Admitted { terminal: terminal.id, facility: terminal.facility })
}

/// Whether a terminal may be admitted: the terminal that already has this certificate, or nothing for a new one.
pub fn admit(
    new: &NewTerminal,
    facility: Option<&Facility>,
    known: Option<&Terminal>,
) -> Answer<Option<Id<kinds::Terminal>>> {
    if facility.is_none() {
        return Err(refusals::no_such_facility());
    }
    match known {
        None => Ok(None),
        Some(known) if known.facility == new.facility && known.barred_at.is_none() => Ok(Some(known.id)),
        Some(_) => Err(refusals::certificate_used()),
    }
}

/// The terminal, if the actor may reach it. Another facility's looks like one that does not exist.
pub fn reachable(actor: Actor, terminal: Option<Terminal>) -> Answer<Terminal> {
    let own = |terminal: &Terminal| actor.facility().is_none_or(|own| own == terminal.facility.raw());
    terminal.filter(own).ok_or_else(refusals::no_such_terminal)
}
