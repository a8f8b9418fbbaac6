//! What a facility is, what state it is in on a day, which terminals speak for it, and how their certificates are read.
//!
//! Always holds: values in, values out. A day without a recorded start is *not yet*; nothing begins by itself. Of
//! what is pasted exactly one certificate is read, strictly, and never with a key beside it.
//! Not here: what the desk is told in pre-operation (`counter`), SQL (`store`), whether a certificate's issuer is trusted
//! (the handshake, in `app`).
//! Rules come from: docs/rules.md S1 r9 (operation start date, pre-operation), S11 r1 (the date may be expected and may
//! change); the reference on check digits, section 7.1 (point table in the code); RFC 7468 section 5, RFC 5280 section
//! 4.1 and X.690 section 10.1 (certificates).

use crate::refusals;
use aws_lc_rs::digest::{SHA256, digest};
use base::{Actor, Answer, CodeError, Date, FacilityCode, Id, Instant, fold_width, kinds};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Which facilities a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// All of them.
    Everything,
    /// Those whose code begins so.
    Code(String),
    /// Those whose name has this in it.
    Name(String),
}

/// Signs of what is looked for that count.
const SOUGHT_CHARS_MAX: usize = 60;

impl Sought {
    /// What somebody typed to look for: digits of any width, also with hyphens, are a code's beginning, else it is a name.
    pub fn read(typed: &str) -> Sought {
        let words: String = typed.trim().chars().take(SOUGHT_CHARS_MAX).collect();
        let code: String = fold_width(&words).chars().filter(|sign| !matches!(sign, '-' | ' ')).collect();
        if words.is_empty() {
            Sought::Everything
        } else if !code.is_empty() && code.bytes().all(|sign| sign.is_ascii_digit()) {
            Sought::Code(code)
        } else {
            Sought::Name(words)
        }
    }
}

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

    /// The state of a count's code, in the order of time.
    pub(crate) fn from_code(code: i64) -> Option<State> {
        let states = [State::NotYet, State::PreOperation, State::Operating, State::Closed];
        states.get(usize::try_from(code).ok()?).copied()
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

/// A terminal's label is at most this long, so that it fits a table on a narrow screen.
const LABEL_CHARS_MAX: usize = 40;

/// Reads what people call a terminal.
pub fn read_label(text: &str) -> Answer<String> {
    let label = text.trim();
    let fits = !label.is_empty() && label.chars().count() <= LABEL_CHARS_MAX;
    if fits && !label.chars().any(char::is_control) {
        Ok(label.to_owned())
    } else {
        Err(refusals::terminal_label())
    }
}

/// Whether a terminal may be admitted: the terminal that already has this certificate, or nothing for a new one.
pub fn admit(
    new: &NewTerminal,
    facility: Option<&Facility>,
    known: Option<&Terminal>,
    now: Instant,
) -> Answer<Option<Id<kinds::Terminal>>> {
    if facility.is_none() {
        return Err(refusals::no_such_facility());
    }
    match known {
        None if new.expires_at <= now => Err(refusals::certificate_expired()),
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

/// What is kept of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of its DER.
    pub fingerprint: [u8; 32],
    /// When it expires.
    pub expires_at: Instant,
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Whether a pasted text holds a private key, which nobody should see again.
pub fn has_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

/// Reads one certificate. Text around it, such as openssl prints, does not matter; a second one or a key does.
pub fn read_certificate(text: &str) -> Answer<Certificate> {
    if has_key(text) {
        return Err(refusals::certificate_with_key());
    }
    if text.matches(BEGIN).count() > 1 {
        return Err(refusals::certificates_several());
    }
    let body = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(body, _)| body);
    let body: String = body.unwrap_or_default().split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| refusals::certificate_unreadable())?;
    let expires_at = not_after(&der).ok_or_else(refusals::certificate_unreadable)?;
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, &der).as_ref());
    Ok(Certificate { fingerprint, expires_at })
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;

/// The end of a certificate's validity.
fn not_after(der: &[u8]) -> Option<Instant> {
    let mut der = Der(der);
    let mut certificate = Der(der.take(SEQUENCE)?);
    let mut signed = Der(certificate.take(SEQUENCE)?);
    certificate.take(SEQUENCE)?; // signature algorithm
    certificate.take(BIT_STRING)?;
    if signed.0.first() == Some(&VERSION) {
        signed.take(VERSION)?;
    }
    signed.take(INTEGER)?; // serial number
    signed.take(SEQUENCE)?; // signature algorithm
    signed.take(SEQUENCE)?; // issuer
    let mut validity = Der(signed.take(SEQUENCE)?);
    signed.take(SEQUENCE)?; // subject
    signed.take(SEQUENCE)?; // public key
    validity.time()?;
    let until = validity.time()?;
    let over = der.0.is_empty() && certificate.0.is_empty() && validity.0.is_empty();
    over.then_some(until)
}

/// What of an element's content is still to be read.
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// The content of the next element, if it is of this tag.
    fn take(&mut self, tag: u8) -> Option<&'d [u8]> {
        let (found, content) = self.next()?;
        (found == tag).then_some(content)
    }

    fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            // The length stands in one to three bytes, and in as few as will do.
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                let length = bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                (bytes[0] != 0 && length >= 0x80).then_some((length, rest))?
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` after; always UTC and with seconds (RFC 5280, section 4.1.2.5).
    fn time(&mut self) -> Option<Instant> {
        let (tag, content) = self.next()?;
        let digits = content.strip_suffix(b"Z")?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let (year, rest) = match (tag, digits.len()) {
            (UTC_TIME, 12) => {
                let (year, rest) = digits.split_at(2);
                let year = number(year);
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            (GENERALIZED_TIME, 14) => {
                let (year, rest) = digits.split_at(4);
                (number(year), rest)
            }
            _ => return None,
        };
        let two = |at: usize| number(&rest[at..at + 2]);
        let (hour, minute, second) = (two(4), two(6), two(8));
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let day = Date::from_number(i64::from(year) * 10_000 + i64::from(two(0)) * 100 + i64::from(two(2)))?;
        const JAPAN_HOURS: i32 = 9; // a day begins in Japan so much earlier than in UTC
        let seconds = ((hour + JAPAN_HOURS) * 60 + minute) * 60 + second;
        Some(day.begins().plus_ms(i64::from(seconds) * 1000))
    }
}

/// At most four digits.
fn number(digits: &[u8]) -> i32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'))
}
