//! Feed files (届出ファイル): what outside offices know, as JSON Lines. The first line names the office and the delivery,
//! every other line is one record.
//!
//! Always holds: what [`line`] writes, [`read`] reads back the same, and the keys of a line always stand in one order. A
//! [`Problem`] names a field and a fault and never holds anything of the line: a My Number must not reach an error text.
//! A repeated key and an unknown one are refused, since two readers could take a line differently.
//! Not here: check digits, whether a day is on the calendar, who may file what, what a record leads to (`intake`).
//! Rules come from: docs/feeds.md, which is ours; the shapes of numbers from the reference on check digits, 7.1 and 8.1.

mod json;
mod shape;
#[cfg(test)]
mod tests;

use serde::Serialize;
use std::fmt;

/// The version that a header names.
pub const VERSION: &str = "shikaku/1";
/// The longest line in bytes, without its newline.
pub const LINE_BYTES_MAX: usize = 16 * 1024;
/// The most facts of one coverage.
pub const FACTS_MAX: usize = 64;
/// The longest name of a delivery, in characters.
pub const DELIVERY_CHARS_MAX: usize = 80;
/// The longest key of a coverage, in characters.
pub const KEY_CHARS_MAX: usize = 40;

/// What kind of office sends a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Office {
    /// The resident register (住民基本台帳): who people are.
    Register,
    /// An insurer (保険者): its name and its coverages.
    Insurer,
    /// The authority of certificates (認証局): certificates and what happens to them.
    Authority,
    /// A municipality's desk (市区町村の窓口): enrolments.
    Municipality,
    /// The directory of facilities (医療機関等の台帳): facilities, their terminals, insurers' names.
    Directory,
    /// Lines of several offices in the order in which they were sent (中継), as only the operator loads them.
    Relay,
}

impl Office {
    /// All of them.
    pub const ALL: [Office; 6] = [
        Office::Register,
        Office::Insurer,
        Office::Authority,
        Office::Municipality,
        Office::Directory,
        Office::Relay,
    ];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Office::Register => "register",
            Office::Insurer => "insurer",
            Office::Authority => "authority",
            Office::Municipality => "municipality",
            Office::Directory => "directory",
            Office::Relay => "relay",
        }
    }

    /// The office of a word.
    pub fn parse(word: &str) -> Option<Office> {
        Office::ALL.into_iter().find(|office| office.word() == word)
    }
}

/// The first line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which kind of office sends it.
    pub office: Office,
    /// The office's own name of this delivery: the same name is the same file.
    pub delivery: String,
    /// The day on which the file was made, `YYYYMMDD`.
    pub made_on: String,
}

/// One record. Days are `YYYYMMDD`; of birth dates month and day may be 00.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// A person as the resident register has them.
    Resident(Resident),
    /// An insurer's name.
    Insurer(Insurer),
    /// A coverage as its insurer has it.
    Coverage(Box<Coverage>),
    /// A certificate that the authority issued.
    Certificate(Certificate),
    /// What happened to a certificate.
    CertificateState(CertificateState),
    /// An application to use the My Number card as insurance card, made at a municipality's desk.
    Enrolment(Enrolment),
    /// A clinic, hospital, dental clinic or pharmacy.
    Facility(Facility),
    /// A facility's terminal.
    Terminal(Terminal),
}

impl Record {
    /// The stable word of the record's type.
    pub fn word(&self) -> &'static str {
        match self {
            Record::Resident(_) => "resident",
            Record::Insurer(_) => "insurer",
            Record::Coverage(_) => "coverage",
            Record::Certificate(_) => "certificate",
            Record::CertificateState(_) => "certificate_state",
            Record::Enrolment(_) => "enrolment",
            Record::Facility(_) => "facility",
            Record::Terminal(_) => "terminal",
        }
    }
}

impl fmt::Debug for Record {
    /// Tells the type only: all else is about somebody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({})", self.word())
    }
}

/// A person as the resident register has them.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Resident {
    /// Twelve digits.
    pub my_number: String,
    /// Name, blank between surname and given name.
    pub name: String,
    /// Reading.
    pub kana: String,
    /// Birth date.
    pub birth: String,
    /// 1 male, 2 female, 3 unset.
    pub sex: i64,
    /// `NNN-NNNN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// An insurer's name.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Insurer {
    /// Insurer number, six or eight digits.
    pub insurer: String,
    /// Its name.
    pub name: String,
}

/// A coverage as its insurer has it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The insurer's own key of this membership: the same key files a correction.
    pub key: String,
    /// The person's twelve digits.
    pub my_number: String,
    /// Insurer number or public payer number.
    pub insurer: String,
    /// Symbol as registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Number as registered.
    pub number: String,
    /// Branch number, two digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Code table 010.
    pub card_class: String,
    /// 1 insured person, 2 dependant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<i64>,
    /// Name of the insured person or head of household.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insured_name: Option<String>,
    /// The person's name in the insurer's copy.
    pub name: String,
    /// Its reading.
    pub kana: String,
    /// Another name (通称 or 旧氏).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_name: Option<String>,
    /// Its reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_kana: Option<String>,
    /// 1 male, 2 female, 3 unset.
    pub sex: i64,
    /// Birth date in the insurer's copy.
    pub birth: String,
    /// `NNN-NNNN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// First day of the coverage (資格取得年月日).
    pub qualified_on: String,
    /// Day of issue of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<String>,
    /// First day on the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_from: Option<String>,
    /// Last day on the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_until: Option<String>,
    /// Everything dated that the insurer says of it now; what is not named any more is withdrawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// A dated fact of a coverage. Without `until` it holds until it is filed otherwise.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The coverage is lost (資格喪失).
    Loss {
        /// Code table 008: 01 death, 02 public assistance began, 03 other insurance, 99 other.
        reason: String,
        /// First day without it.
        on: String,
    },
    /// Copayment rate.
    Rate {
        /// In percent.
        percent: i64,
        /// First day.
        from: String,
        /// Last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
    /// Elderly recipient certificate (高齢受給者証).
    Elderly {
        /// In percent.
        percent: i64,
        /// First day.
        from: String,
        /// Last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Day of issue.
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_on: Option<String>,
    },
    /// Limit certificate (限度額適用認定証).
    Limit {
        /// Code table 011.
        class: String,
        /// Code table 012.
        flag: String,
        /// Long-term hospital stay from this day.
        #[serde(skip_serializing_if = "Option::is_none")]
        long_term_on: Option<String>,
        /// First day.
        from: String,
        /// Last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Day of issue.
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_on: Option<String>,
    },
    /// Specific disease (特定疾病).
    Disease {
        /// Code table 013.
        category: String,
        /// What the person pays at most, in yen.
        self_pay: i64,
        /// First day.
        from: String,
        /// Last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Day of issue.
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_on: Option<String>,
    },
    /// Medical ticket (医療券・調剤券).
    Ticket {
        /// Code table 018.
        kind: String,
        /// Code table 019.
        treatment: String,
        /// The facility's code.
        facility: String,
        /// Number of issue.
        number: String,
        /// What the person pays, in yen.
        self_pay: i64,
        /// First day.
        from: String,
        /// Last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Day of issue.
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_on: Option<String>,
    },
    /// Address and the like are not to be shown (不開示, 自己情報提供不可).
    Withheld,
}

/// Whose a certificate is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The first of the person with these twelve digits.
    MyNumber(String),
    /// It takes the place of the one with this serial.
    Succeeds(String),
}

/// A certificate that the authority issued.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Whose it is: the key `my_number` or `succeeds`.
    #[serde(flatten)]
    pub holder: Holder,
    /// Its serial, in hexadecimal digits.
    pub serial: String,
    /// First day of its validity.
    pub valid_from: String,
    /// Last day of its validity.
    pub valid_until: String,
}

/// What became of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateWord {
    /// Suspended.
    Held,
    /// No longer suspended.
    Lifted,
    /// Revoked for ever.
    Revoked,
}

/// What happened to a certificate.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CertificateState {
    /// Its serial, in hexadecimal digits.
    pub serial: String,
    /// What happened.
    pub state: CertificateWord,
    /// Why it was revoked: a word such as `lost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An application to use the My Number card as insurance card.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Enrolment {
    /// Twelve digits.
    pub my_number: String,
}

/// A facility.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Facility {
    /// Ten digits (医療機関等コード).
    pub code: String,
    /// Its name.
    pub name: String,
    /// `hospital`, `clinic`, `dental` or `pharmacy`.
    pub kind: String,
    /// `NNN-NNNN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// First day of pre-operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_operation_from: Option<String>,
    /// Operation start date (運用開始日).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operates_from: Option<String>,
    /// First day on which it no longer takes part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_on: Option<String>,
}

/// A facility's terminal.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Terminal {
    /// The facility's code.
    pub facility: String,
    /// What people call it.
    pub label: String,
    /// SHA-256 of its client certificate, in hexadecimal digits.
    pub fingerprint: String,
    /// Last day of the certificate.
    pub expires_on: String,
}

/// What is wrong with a line, and where. It holds nothing of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, such as `birth` or `facts[2].percent`; empty for the line as a whole. `?` stands for a key
    /// that is not one of the format's: it could be somebody's name or number in the wrong place.
    pub field: String,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.field.is_empty() { "line" } else { &self.field };
        write!(f, "{place}: {}", self.fault.word())
    }
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Longer than [`LINE_BYTES_MAX`], deeper than any record, or with too many parts.
    TooLarge,
    /// Not UTF-8.
    Encoding,
    /// It ends in the middle.
    Truncated,
    /// Not one JSON object.
    NotJson,
    /// A key stands twice.
    Repeated,
    /// A key that this record does not have.
    Unknown,
    /// A key that this record must have is not there.
    Missing,
    /// A text, a whole number, an object or a list was expected and it is something else.
    Kind,
    /// Too long, empty, or of another count of digits.
    Length,
    /// Other characters than it may have.
    Characters,
    /// Not `YYYYMMDD`.
    Day,
    /// A number outside what it can be.
    Range,
    /// None of the words that it can be.
    Word,
    /// Another version of the format.
    Version,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 14] = [
        Fault::TooLarge,
        Fault::Encoding,
        Fault::Truncated,
        Fault::NotJson,
        Fault::Repeated,
        Fault::Unknown,
        Fault::Missing,
        Fault::Kind,
        Fault::Length,
        Fault::Characters,
        Fault::Day,
        Fault::Range,
        Fault::Word,
        Fault::Version,
    ];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Fault::TooLarge => "too-large",
            Fault::Encoding => "encoding",
            Fault::Truncated => "truncated",
            Fault::NotJson => "not-json",
            Fault::Repeated => "repeated",
            Fault::Unknown => "unknown",
            Fault::Missing => "missing",
            Fault::Kind => "kind",
            Fault::Length => "length",
            Fault::Characters => "characters",
            Fault::Day => "day",
            Fault::Range => "range",
            Fault::Word => "word",
            Fault::Version => "version",
        }
    }
}

/// Writes a header: one JSON object without a newline.
pub fn header_line(header: &Header) -> String {
    #[derive(Serialize)]
    struct Line<'h> {
        feed: &'static str,
        office: Office,
        delivery: &'h str,
        made_on: &'h str,
    }
    let line =
        Line { feed: VERSION, office: header.office, delivery: &header.delivery, made_on: &header.made_on };
    serde_json::to_string(&line).expect("texts and words are always JSON")
}

/// Writes a record: one JSON object without a newline.
pub fn line(record: &Record) -> String {
    serde_json::to_string(record).expect("texts, whole numbers and words are always JSON")
}

/// Writes a record and its newline behind what is there: for whoever writes millions.
pub fn push(record: &Record, out: &mut Vec<u8>) {
    serde_json::to_writer(&mut *out, record).expect("a vector takes all, and a record is always JSON");
    out.push(b'\n');
}

/// Reads a header. A byte order mark before it, as some editors write, does not matter.
pub fn read_header(line: &[u8]) -> Result<Header, Problem> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    shape::header(json::object(line)?)
}

/// Reads a record.
pub fn read(line: &[u8]) -> Result<Record, Problem> {
    shape::record(json::object(line)?)
}
