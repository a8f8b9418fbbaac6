//! The terminal's decisions: what a file name means, when a file is taken, what is wrong with a request.
//!
//! Always holds: values in, values out; no file, clock or socket. Dates are days in Japan.
//! Not here: the texts of refusals (`codes.rs`), how answers are made (`answers.rs`), anything the server decides
//! (who is insured, whether a facility takes part).
//! Rules come from: the reference on the OQS interface, sections 1.2, 3, 4.1, 4.6, 6.4 and 10; docs/rules.md S1 r3, r7.

use crate::codes::{self, Code};
use crate::messages::{Asked, Message};
use formats::oqs::{CheckRequest, Echo, ROOT};
use formats::tree::Node;
use formats::xml::{self, Bad, Encoding, Limits};

/// Bytes that file systems allow in a name.
const NAME_BYTES: usize = 255;

/// What a name in the request folder stands for.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    /// A request to be served; the answer's file name.
    Served(String),
    /// A request of a known family that is answered with "not served yet"; the answer's file name.
    NotServed(String),
    /// Somebody's temporary name; it will become something else.
    Temporary,
    /// Not ours.
    Other,
}

/// What a name in the request folder stands for.
pub fn kind_of(name: &str) -> Kind {
    let lower = name.to_ascii_lowercase();
    if name.starts_with(['.', '~'])
        || [".tmp", ".part", ".partial", ".crdownload"].iter().any(|e| lower.ends_with(e))
    {
        return Kind::Temporary;
    }
    match formats::names::answer_name(name) {
        Some(answer) if Message::of(name).is_some() => Kind::Served(answer),
        Some(answer) => Kind::NotServed(answer),
        None => Kind::Other,
    }
}

/// Under which name the `n`th refusal of a duplicate goes: `<answer stem>_dup<n>.xml`. The first answer keeps its
/// name and its content.
pub fn duplicate_name(answer: &str, n: u32) -> String {
    let (stem, extension) = answer.rsplit_once('.').unwrap_or((answer, "xml"));
    let tail = format!("_dup{n}.{extension}");
    let mut stem = stem.to_owned();
    while stem.len() + tail.len() > NAME_BYTES {
        stem.pop();
    }
    stem + &tail
}

/// What a look at a file found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A whole message, or something that more bytes cannot make better.
    Final,
    /// Ends in the middle, is empty, or is not XML yet.
    Unfinished,
    /// Larger than any request.
    TooBig,
    /// A link, pipe or device.
    Odd,
    /// A directory: not a message at all.
    Directory,
}

/// What the terminal does with a file now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Not touched.
    Leave,
    /// Looked at again later.
    Wait,
    /// Taken out of the folder and answered.
    Take,
}

/// What to do with a file that has been unchanged for so long. A writer in place may still be at work, so what is
/// unfinished gets time; nothing that is finished waits.
pub fn act(sight: Sight, unchanged_ms: u64, settle_ms: u64) -> Act {
    match sight {
        Sight::Directory => Act::Leave,
        Sight::Final | Sight::TooBig | Sight::Odd => Act::Take,
        Sight::Unfinished if unchanged_ms >= settle_ms => Act::Take,
        Sight::Unfinished => Act::Wait,
    }
}

/// Whether bytes are as finished as they will get.
pub fn sight_of(bytes: &[u8], limits: &Limits) -> Sight {
    match xml::parse(bytes, limits) {
        Err(Bad::Truncated | Bad::NotXml { .. } | Bad::Encoding) => Sight::Unfinished,
        Err(Bad::TooLarge) => Sight::TooBig,
        // A bomb is taken as soon as it is one; so is a shape that no message has.
        Ok(_) | Err(Bad::Forbidden | Bad::TooDeep | Bad::TooMany | Bad::Mixed) => Sight::Final,
    }
}

/// A request that cannot be served, with what can be told back.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub code: &'static Code,
    /// What fills the gap in its message: the name of an element.
    pub element: String,
    /// The clinic's marks, as far as they could be found.
    pub echo: Box<Echo>,
    /// The request's encoding, as far as it was found.
    pub encoding: Encoding,
}

impl Refused {
    /// A refusal of something that was never read.
    pub fn unread(code: &'static Code) -> Refused {
        Refused { code, element: String::new(), echo: Box::default(), encoding: Encoding::Utf8 }
    }
}

/// Reads a request of this kind and says what is wrong with it, before anything is sent.
pub fn read_request(
    message: Message,
    bytes: &[u8],
    limits: &Limits,
    own_code: &str,
) -> Result<(Asked, Encoding), Refused> {
    let (root, encoding) = read_tree(bytes, limits)?;
    let refuse = |code, element: &str| {
        Err(Refused { code, element: element.to_owned(), echo: Box::new(Echo::of(&root)), encoding })
    };
    if root.name != ROOT {
        return refuse(&codes::WRONG_ROOT, "");
    }
    let echo = Echo::of(&root);
    // Before anything else about the content: another institution's request is not looked into.
    if echo.institution.as_deref().is_some_and(|code| code != own_code) {
        return refuse(&codes::FOREIGN_INSTITUTION, "");
    }
    let (asked, problems) = message.read(&root);
    let Some(asked) = asked else {
        let named = problems.iter().rev().find(|p| !p.what.starts_with("unknown"));
        let element = named.and_then(|p| p.place.rsplit('/').next()).unwrap_or(ROOT);
        return refuse(&codes::BAD_ELEMENT, element);
    };
    let wrong = match &asked {
        Asked::Check(request) => wrong_date(request),
        Asked::Reference(request) => (!is_reference_number(&request.registration.reference_number))
            .then_some(&codes::BAD_REFERENCE_NUMBER),
    };
    match wrong {
        Some(code) => refuse(code, ""),
        None => Ok((asked, encoding)),
    }
}

/// Reads any message's tree, with the refusal for what is none.
pub fn read_tree(bytes: &[u8], limits: &Limits) -> Result<(Node, Encoding), Refused> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Refused::unread(&codes::EMPTY));
    }
    xml::parse(bytes, limits).map_err(|bad| {
        Refused::unread(match bad {
            Bad::TooLarge => &codes::TOO_BIG,
            Bad::Encoding => &codes::WRONG_ENCODING,
            Bad::NotXml { .. } => &codes::NOT_XML,
            Bad::Forbidden => &codes::FORBIDDEN,
            Bad::TooDeep | Bad::TooMany | Bad::Mixed => &codes::WRONG_SHAPE,
            Bad::Truncated => &codes::HALF_WRITTEN,
        })
    })
}

/// The first date of a request that no calendar has.
fn wrong_date(request: &CheckRequest) -> Option<&'static Code> {
    if !is_date(&request.asked_on) {
        return Some(&codes::BAD_ASKED_DATE);
    }
    (!is_birth_date(&request.search.birth_date)).then_some(&codes::BAD_BIRTH_DATE)
}

/// Whether this can be a clinic's patient number: what a keyboard's ASCII keys write.
pub fn is_reference_number(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Whether this is `YYYYMMDD`, a day that exists.
pub fn is_date(text: &str) -> bool {
    parts(text).is_some_and(|(year, month, day)| year >= 1868 && day >= 1 && day <= days_in(year, month))
}

/// Whether this is `YYYYMMDD`, a day that exists, or one whose month and day, or day alone, are unknown (00, 不詳).
pub fn is_birth_date(text: &str) -> bool {
    is_date(text)
        || parts(text).is_some_and(|(year, month, day)| {
            year >= 1868 && day == 0 && (month == 0 || days_in(year, month) > 0)
        })
}

fn parts(text: &str) -> Option<(i64, u32, u32)> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    digits
        .then(|| text.parse::<u32>().ok())
        .flatten()
        .map(|n| (i64::from(n / 10_000), n / 100 % 100, n % 100))
}

/// Days of a month; none when there is no such month.
fn days_in(year: i64, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// `YYYYMMDDHHmmss` in Japan for milliseconds since 1970 in UTC. (`base` has the same; the terminal shares only the
/// wire format with the server and does not pull in the rest.)
pub fn stamp14(utc_ms: i64) -> String {
    let seconds = utc_ms.div_euclid(1000) + 9 * 3600;
    let (mut days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, in eras of 400 years, so that the leap day ends a year.
    days += 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", clock / 3600, clock / 60 % 60, clock % 60)
}

/// `HH:MM` in Japan, for messages.
pub fn time_of_day(utc_ms: i64) -> String {
    let stamp = stamp14(utc_ms);
    let (hour, minute) = (stamp.get(8..10).unwrap_or("--"), stamp.get(10..12).unwrap_or("--"));
    format!("{hour}:{minute}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_r7_dates_of_requests() {
        for good in ["20260401", "20240229", "18680101", "20000229"] {
            assert!(is_date(good) && is_birth_date(good), "{good}");
        }
        for unknown in ["19400000", "19400200"] {
            assert!(!is_date(unknown) && is_birth_date(unknown), "{unknown}");
        }
        for bad in [
            "20260230",
            "19000229",
            "20261301",
            "20260001",
            "2026041",
            "２０２６０４０１",
            "20260432",
            "",
            "+2026041",
        ] {
            assert!(!is_date(bad) && !is_birth_date(bad), "{bad}");
        }
    }

    #[test]
    fn reference_numbers_are_ascii() {
        assert!(["1", "A-000 123", "~!\"#\\"].into_iter().all(is_reference_number));
        assert!(!["１", "カルテ1", "A\n1", "A\t1", "¥1", "\u{7f}"].into_iter().any(is_reference_number));
    }

    #[test]
    fn stamps_are_in_japan() {
        assert_eq!(stamp14(0), "19700101090000");
        assert_eq!(stamp14(1_709_132_400_000), "20240229000000");
        assert_eq!(stamp14(1_709_218_799_999), "20240229235959");
        assert_eq!(stamp14(1_735_657_200_000), "20250101000000");
        assert_eq!(time_of_day(1_709_218_799_999), "23:59");
    }

    #[test]
    fn names_of_requests() {
        let answer = "OQSsiquc01res_202604010001.xml".to_owned();
        assert!(kind_of("OQSsiquc01req_202604010001.xml") == Kind::Served(answer.clone()));
        let registered = "OQSsiimm01res_202604010001.xml".to_owned();
        assert!(kind_of("OQSsiimm01req_202604010001.xml") == Kind::Served(registered));
        assert_eq!(Message::of("OQSsiimm01req_1.xml"), Some(Message::Reference));
        for other in ["OQSsihvd01req_1.xml", "OQSmuimm01req_1.xml", "OQSsiimm02req_1.xml"] {
            assert!(matches!(kind_of(other), Kind::NotServed(_)) && Message::of(other).is_none(), "{other}");
        }
        for temporary in [
            ".OQSsiquc01req_1.xml",
            "~OQSsiquc01req_1.xml",
            "OQSsiquc01req_1.xml.tmp",
            "OQSsiquc01req_1.PART",
        ] {
            assert!(kind_of(temporary) == Kind::Temporary, "{temporary}");
        }
        for other in ["Thumbs.db", "OQSsiquc01res_202604010001.xml", "notes.xml"] {
            assert!(kind_of(other) == Kind::Other, "{other}");
        }
        assert_eq!(duplicate_name(&answer, 2), "OQSsiquc01res_202604010001_dup2.xml");
        let long = format!("OQSsiquc01res_{}.xml", "あ".repeat(79));
        assert!(duplicate_name(&long, 1).len() <= NAME_BYTES);
    }

    #[test]
    fn what_is_finished_does_not_wait() {
        assert_eq!(act(Sight::Final, 0, 2000), Act::Take);
        assert_eq!(act(Sight::TooBig, 0, 2000), Act::Take);
        assert_eq!(act(Sight::Unfinished, 1999, 2000), Act::Wait);
        assert_eq!(act(Sight::Unfinished, 2000, 2000), Act::Take);
        assert_eq!(act(Sight::Directory, 9999, 2000), Act::Leave);
    }
}
