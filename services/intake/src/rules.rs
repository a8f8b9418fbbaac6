//! Who may file what, what a record's texts mean, which coverage an insurer's key names, and how a delivery moves.
//!
//! Always holds: values in, values out. A refusal names the field and nothing of its content. A coverage's id is made of
//! the insurer's number and its own key, so the same key is the same coverage for ever and no key reaches into another
//! insurer's records. Of a delivery the lines done and their SHA-256 say where to go on, and that it is the same file.
//! Not here: what becomes of a filing (`registration` and the other doors), the form of a line (`formats::feed`).
//! Rules come from: docs/feeds.md; docs/rules.md S1 r2, S5 r1, r2, S11 r1.

use crate::refusals::{self, CHECK_DIGIT, DAY, DAYS_OUT_OF_ORDER, LINE_CHARACTERS, LINE_LENGTH, LINE_RANGE};
use aws_lc_rs::digest::{SHA256, digest};
use base::{
    Answer, BirthDate, BranchNumber, CodeError, Date, FacilityCode, Help, Id, Instant, InsurerNumber,
    MyNumber, PersonName, Refusal, Sex, kinds,
};
use cards::rules::{Reason, Serial};
use coverage::rules::{NewEntry, NewFact, Relation, What};
use facilities::rules::{FacilityEntry, Kind};
use formats::feed::{self, Fact, Header, Record};
use people::rules::Attributes;
use registration::Filing;

// Offices ------------------------------------------------------------------------------------------------------------

/// An office to be admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOffice {
    /// Its kind.
    pub kind: feed::Office,
    /// What people call it.
    pub label: String,
    /// Of an insurer, its number.
    pub insurer: Option<InsurerNumber>,
    /// SHA-256 of its client certificate (DER).
    pub fingerprint: [u8; 32],
    /// Until when it may file.
    pub expires_at: Instant,
}

/// An office as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Office {
    /// Its id.
    pub id: Id<kinds::Office>,
    /// What it was admitted as.
    pub new: NewOffice,
    /// When.
    pub admitted_at: Instant,
    /// When it was barred.
    pub barred_at: Option<Instant>,
}

/// An office that may file, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The office.
    pub office: Id<kinds::Office>,
    /// Its kind.
    pub kind: feed::Office,
    /// Of an insurer, its number.
    pub insurer: Option<InsurerNumber>,
}

/// Whether an office may file at an instant.
pub fn admitted(office: &Office, now: Instant) -> Option<Admitted> {
    let live = office.barred_at.is_none() && now < office.new.expires_at;
    live.then_some(Admitted { office: office.id, kind: office.new.kind, insurer: office.new.insurer })
}

/// Names of offices are at most this long.
const LABEL_CHARS_MAX: usize = 80;

/// Whether an office may be admitted: the office that has this certificate already, or nothing for a new one.
/// `is_terminals` is whether a terminal has it.
pub fn admit(
    new: &NewOffice,
    known: Option<&Office>,
    is_terminals: bool,
    now: Instant,
) -> Answer<Option<Id<kinds::Office>>> {
    let chars = new.label.chars().count();
    if new.label.trim().is_empty() || chars > LABEL_CHARS_MAX || new.label.chars().any(char::is_control) {
        return Err(refusals::office_label());
    }
    if new.kind == feed::Office::Relay {
        return Err(refusals::office_kind());
    }
    if (new.kind == feed::Office::Insurer) != new.insurer.is_some() {
        return Err(refusals::office_insurer());
    }
    match known {
        _ if is_terminals => Err(refusals::certificate_used()),
        None if new.expires_at <= now => Err(refusals::certificate_expired()),
        None => Ok(None),
        Some(known) if known.new == *new && known.barred_at.is_none() => Ok(Some(known.id)),
        Some(_) => Err(refusals::certificate_used()),
    }
}

// Who files what -----------------------------------------------------------------------------------------------------

/// Whose a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The operator loads it on an office's behalf; the header says of which kind.
    Operator,
    /// An office sends it itself.
    Office(Admitted),
}

/// Who files, and within which limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The office; the operator is none.
    pub office: Option<Id<kinds::Office>>,
    /// The kind of office.
    pub kind: feed::Office,
    /// The one insurer for whom it files; the operator files for all.
    pub insurer: Option<InsurerNumber>,
}

impl Sender {
    /// The office under whose id deliveries are kept; 0 is the operator.
    pub(crate) fn raw(&self) -> i64 {
        self.office.map_or(0, Id::raw)
    }
}

/// Who files a file with this header.
pub fn sender(whose: &Whose, header: &Header) -> Answer<Sender> {
    match whose {
        Whose::Operator => Ok(Sender { office: None, kind: header.office, insurer: None }),
        Whose::Office(admitted) if admitted.kind != header.office => Err(refusals::other_kind()),
        Whose::Office(Admitted { office, kind, insurer }) => {
            Ok(Sender { office: Some(*office), kind: *kind, insurer: *insurer })
        }
    }
}

/// Why a record is not taken: the field, and the refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The field, such as `facts[2].from`.
    pub field: String,
    /// The refusal, ours or that of the door behind.
    pub refusal: Refusal,
}

impl Refused {
    /// A record refused because of a field.
    pub fn new(field: &str, refusal: Refusal) -> Refused {
        Refused { field: field.to_owned(), refusal }
    }

    fn line(field: &str, help: &'static Help) -> Refused {
        Refused::new(field, refusals::line(help))
    }
}

/// What is made of a record, or why nothing is.
pub type Judged<T> = std::result::Result<T, Refused>;

/// Whether an office of this kind files records of this type.
pub fn may_file(sender: &Sender, record: &Record) -> Judged<()> {
    use feed::Office::{Authority, Directory, Insurer, Municipality, Register, Relay};
    let fits = match record {
        // Lines of several offices: only the operator has such files.
        _ if sender.kind == Relay => sender.office.is_none(),
        Record::Resident(_) => sender.kind == Register,
        Record::Coverage(_) => sender.kind == Insurer,
        Record::Insurer(_) => matches!(sender.kind, Insurer | Directory),
        Record::Certificate(_) | Record::CertificateState(_) => sender.kind == Authority,
        Record::Enrolment(_) => sender.kind == Municipality,
        Record::Facility(_) | Record::Terminal(_) => sender.kind == Directory,
    };
    if fits { Ok(()) } else { Err(Refused::line("type", &refusals::OTHER_OFFICE)) }
}

/// An insurer number that this sender may file for.
pub fn insurer(sender: &Sender, text: &str) -> Judged<InsurerNumber> {
    let number = insurer_number(text)?;
    match sender.insurer {
        Some(own) if own != number => Err(Refused::line("insurer", &refusals::OTHER_INSURER)),
        _ => Ok(number),
    }
}

/// The coverage that an insurer's own key names: the first 63 bits of SHA-256 over number and key, but never zero.
pub fn coverage_id(insurer: &InsurerNumber, key: &str) -> Id<kinds::Coverage> {
    // The number has a fixed alphabet without the stroke, so no two pairs give one text.
    let hash = digest(&SHA256, format!("{}/{key}", insurer.as_str()).as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_ref()[..8]);
    let raw = (u64::from_be_bytes(first) >> 1).max(1);
    Id::new(raw as i64).expect("63 bits that are not all zero are positive")
}

// Deliveries ---------------------------------------------------------------------------------------------------------

/// What became of the records of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Recorded, something of it at least.
    pub taken: u64,
    /// Known just so.
    pub unchanged: u64,
    /// Of these two, coverages that are held back.
    pub held: u64,
    /// Refused.
    pub refused: u64,
}

impl Counts {
    /// Problems there were: a line that is refused, or held back, has one.
    pub fn problems(&self) -> u64 {
        self.refused + self.held
    }
}

/// How far a delivery has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its office's kind.
    pub kind: feed::Office,
    /// Lines done, the header too.
    pub lines: u64,
    /// SHA-256 of their bytes.
    pub digest: [u8; 32],
    /// What became of them.
    pub counts: Counts,
    /// When it began.
    pub started_at: Instant,
    /// When it moved last.
    pub moved_at: Instant,
    /// When its last line was done.
    pub finished_at: Option<Instant>,
}

impl Delivery {
    /// One that begins now, with nothing done.
    pub fn anew(kind: feed::Office, now: Instant) -> Delivery {
        let (lines, digest, counts) = (0, [0; 32], Counts::default());
        Delivery { kind, lines, digest, counts, started_at: now, moved_at: now, finished_at: None }
    }

    /// The stable word of its state.
    pub fn word(&self) -> &'static str {
        if self.finished_at.is_some() { "finished" } else { "begun" }
    }
}

/// A load goes on only from where it left the delivery: whoever finds it elsewhere stands back.
pub(crate) fn goes_on(left: Option<&Delivery>, stands: Option<&Delivery>) -> Answer<()> {
    if left == stands { Ok(()) } else { Err(refusals::elsewhere()) }
}

// What records mean --------------------------------------------------------------------------------------------------

fn checked<T>(field: &str, read: std::result::Result<T, CodeError>) -> Judged<T> {
    read.map_err(|error| match error {
        CodeError::Shape => Refused::line(field, &LINE_LENGTH),
        CodeError::CheckDigit => Refused::line(field, &CHECK_DIGIT),
    })
}

fn insurer_number(text: &str) -> Judged<InsurerNumber> {
    checked("insurer", InsurerNumber::parse_checked(text))
}

fn day(field: &str, text: &str) -> Judged<Date> {
    Date::parse8(text).ok_or_else(|| Refused::line(field, &DAY))
}

fn opt_day(field: &str, text: Option<&String>) -> Judged<Option<Date>> {
    text.map(|text| day(field, text)).transpose()
}

fn birth(text: &str) -> Judged<BirthDate> {
    BirthDate::parse8(text).ok_or_else(|| Refused::line("birth", &DAY))
}

fn sex(code: i64) -> Judged<Sex> {
    Sex::from_code(code).ok_or_else(|| Refused::line("sex", &LINE_RANGE))
}

/// The last day is not before the first.
fn in_order(field: &str, from: Option<Date>, until: Option<Date>) -> Judged<()> {
    match (from, until) {
        (Some(from), Some(until)) if until < from => Err(Refused::line(field, &DAYS_OUT_OF_ORDER)),
        _ => Ok(()),
    }
}

/// A My Number, whose check digit fits (S1 r2: it goes on to `people` and nowhere else).
pub fn my_number(text: &str) -> Judged<MyNumber> {
    checked("my_number", MyNumber::parse(text))
}

/// A serial of a certificate.
pub fn serial(field: &str, text: &str) -> Judged<Serial> {
    let digit = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
    bytes.and_then(|bytes| Serial::new(&bytes)).ok_or_else(|| Refused::line(field, &LINE_CHARACTERS))
}

/// A resident.
pub fn resident(filed: &feed::Resident) -> Judged<(MyNumber, Attributes)> {
    let attributes = Attributes {
        name: PersonName { written: filed.name.clone(), kana: filed.kana.clone() },
        birth: birth(&filed.birth)?,
        sex: sex(filed.sex)?,
        postcode: filed.postcode.clone(),
        address: filed.address.clone(),
    };
    Ok((my_number(&filed.my_number)?, attributes))
}

/// A coverage, of an insurer whom the sender may file for.
pub fn filing(sender: &Sender, filed: &feed::Coverage) -> Judged<Filing> {
    let insurer = insurer(sender, &filed.insurer)?;
    let other_name = filed.other_name.as_ref().map(|written| PersonName {
        written: written.clone(),
        kana: filed.other_kana.clone().unwrap_or_default(),
    });
    let branch =
        filed.branch.as_ref().map(|text| checked("branch", BranchNumber::parse(text))).transpose()?;
    let relation = |code| Relation::from_code(code).ok_or_else(|| Refused::line("relation", &LINE_RANGE));
    let entry = NewEntry {
        insurer,
        symbol: filed.symbol.clone(),
        number: filed.number.clone(),
        branch,
        card_class: filed.card_class.clone(),
        relation: filed.relation.map(relation).transpose()?,
        insured_name: filed.insured_name.clone(),
        name: PersonName { written: filed.name.clone(), kana: filed.kana.clone() },
        other_name,
        sex: sex(filed.sex)?,
        birth: birth(&filed.birth)?,
        postcode: filed.postcode.clone(),
        address: filed.address.clone(),
        qualified_on: day("qualified_on", &filed.qualified_on)?,
        issued_on: opt_day("issued_on", filed.issued_on.as_ref())?,
        card_from: opt_day("card_from", filed.card_from.as_ref())?,
        card_until: opt_day("card_until", filed.card_until.as_ref())?,
    };
    in_order("card_until", entry.card_from, entry.card_until)?;
    let facts = filed.facts.iter().enumerate().map(|(place, one)| fact(place, one));
    Ok(Filing {
        coverage: coverage_id(&insurer, &filed.key),
        number: my_number(&filed.my_number)?,
        entry,
        facts: facts.collect::<Judged<_>>()?,
    })
}

/// Rates are of ten percent, twenty or thirty.
const PERCENTS: [i64; 3] = [10, 20, 30];

fn fact(place: usize, fact: &Fact) -> Judged<NewFact> {
    let at = |field: &str| format!("facts[{place}].{field}");
    let percent = |percent: i64| {
        let known = PERCENTS.contains(&percent).then_some(percent);
        known.ok_or_else(|| Refused::line(&at("percent"), &LINE_RANGE))
    };
    let dated = |what: What, from: &str, until: Option<&String>, issued_on: Option<&String>| {
        let starts_on = Some(day(&at("from"), from)?);
        let ends_on = opt_day(&at("until"), until)?;
        in_order(&at("until"), starts_on, ends_on)?;
        Ok(NewFact { what, starts_on, ends_on, issued_on: opt_day(&at("issued_on"), issued_on)? })
    };
    match fact {
        Fact::Loss { reason, on } => {
            let what = What::Loss { reason: reason.clone() };
            Ok(NewFact { starts_on: Some(day(&at("on"), on)?), ..NewFact::always(what) })
        }
        Fact::Rate { percent: rate, from, until } => {
            dated(What::Rate { percent: percent(*rate)? }, from, until.as_ref(), None)
        }
        Fact::Elderly { percent: rate, from, until, issued_on } => {
            dated(What::Elderly { percent: percent(*rate)? }, from, until.as_ref(), issued_on.as_ref())
        }
        Fact::Limit { class, flag, long_term_on, from, until, issued_on } => {
            let long_term_on = opt_day(&at("long_term_on"), long_term_on.as_ref())?;
            let what = What::Limit { class: class.clone(), flag: flag.clone(), long_term_on };
            dated(what, from, until.as_ref(), issued_on.as_ref())
        }
        Fact::Disease { category, self_pay, from, until, issued_on } => {
            let what = What::Disease { category: category.clone(), self_pay: *self_pay };
            dated(what, from, until.as_ref(), issued_on.as_ref())
        }
        Fact::Ticket { kind, treatment, facility, number, self_pay, from, until, issued_on } => {
            checked(&at("facility"), FacilityCode::parse(facility))?;
            let what = What::Ticket {
                kind: kind.clone(),
                treatment: treatment.clone(),
                facility: facility.clone(),
                number: number.clone(),
                self_pay: *self_pay,
            };
            dated(what, from, until.as_ref(), issued_on.as_ref())
        }
        Fact::Withheld => Ok(NewFact::always(What::Withheld)),
    }
}

/// When a certificate is valid: from the beginning of its first day to the end of its last.
pub fn validity(filed: &feed::Certificate) -> Judged<(Instant, Instant)> {
    let last = day("valid_until", &filed.valid_until)?;
    Ok((day("valid_from", &filed.valid_from)?.begins(), last.plus_days(1).begins().plus_ms(-1)))
}

/// Why a certificate was revoked; nothing with any other state.
pub fn reason(filed: &feed::CertificateState) -> Judged<Option<Reason>> {
    match (filed.state, filed.reason.as_deref()) {
        (feed::CertificateWord::Revoked, Some(word)) => match Reason::parse(word) {
            Some(reason) => Ok(Some(reason)),
            None => Err(Refused::line("reason", &refusals::WORD)),
        },
        (feed::CertificateWord::Held | feed::CertificateWord::Lifted, None) => Ok(None),
        _ => Err(Refused::line("reason", &refusals::REASON)),
    }
}

/// A facility.
pub fn facility(filed: &feed::Facility) -> Judged<FacilityEntry> {
    Ok(FacilityEntry {
        code: checked("code", FacilityCode::parse(&filed.code))?,
        name: filed.name.clone(),
        kind: Kind::parse(&filed.kind).ok_or_else(|| Refused::line("kind", &refusals::WORD))?,
        postcode: filed.postcode.clone(),
        address: filed.address.clone(),
        pre_operation_from: opt_day("pre_operation_from", filed.pre_operation_from.as_ref())?,
        operates_from: opt_day("operates_from", filed.operates_from.as_ref())?,
        closes_on: opt_day("closes_on", filed.closes_on.as_ref())?,
    })
}

/// A terminal: its facility's code, what people call it, its certificate, and when that expires.
pub fn terminal(filed: &feed::Terminal) -> Judged<(FacilityCode, String, [u8; 32], Instant)> {
    let code = checked("facility", FacilityCode::parse(&filed.facility))?;
    let label = facilities::rules::read_label(&filed.label).map_err(|no| Refused::new("label", no))?;
    let digit =
        |at: usize| filed.fingerprint.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes: Option<Vec<u8>> = (0..filed.fingerprint.len()).step_by(2).map(digit).collect();
    let fingerprint = bytes.and_then(|bytes| bytes.try_into().ok());
    let fingerprint = fingerprint.ok_or_else(|| Refused::line("fingerprint", &LINE_CHARACTERS))?;
    Ok((code, label, fingerprint, day("expires_on", &filed.expires_on)?.plus_days(1).begins()))
}

/// Whether a record says something, as far as that can be told without knowing what is registered.
pub fn check(sender: &Sender, record: &Record) -> Judged<()> {
    may_file(sender, record)?;
    match record {
        Record::Resident(filed) => resident(filed).map(|_| ()),
        Record::Insurer(filed) => insurer(sender, &filed.insurer).map(|_| ()),
        Record::Coverage(filed) => self::filing(sender, filed).map(|_| ()),
        Record::Certificate(filed) => {
            match &filed.holder {
                feed::Holder::MyNumber(number) => my_number(number).map(|_| ())?,
                feed::Holder::Succeeds(text) => serial("succeeds", text).map(|_| ())?,
            }
            serial("serial", &filed.serial)?;
            validity(filed).map(|_| ())
        }
        Record::CertificateState(filed) => {
            serial("serial", &filed.serial)?;
            reason(filed).map(|_| ())
        }
        Record::Enrolment(filed) => my_number(&filed.my_number).map(|_| ()),
        Record::Facility(filed) => facility(filed).map(|_| ()),
        Record::Terminal(filed) => terminal(filed).map(|_| ()),
    }
}
