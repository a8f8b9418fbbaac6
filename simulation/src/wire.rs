//! Bytes of the requests and the check of every answer: HTTP/1.1 as small as it can be, and the JSON mirror's fields.
//! Requests are made once a patient and only numbered afterwards; an answer that is not what the patients' table
//! says, or not the echo of its request, ends the bench.

use crate::load::Questions;
use csv::StringRecord;
use std::io;
use std::path::Path;

/// The path of a check.
pub const CHECK: &str = "/oqs/v1/qualification/search";
/// Figures of a request's number: in its key, which terminals send as `milliseconds-number`, and in its identifier.
pub const KEY_FIGURES: usize = 8;
const MARK_FIGURES: usize = 12;
/// Stands where a number will be written.
pub const HOLE: &str = "_";
/// Validities that the bench asks for: valid, invalid, invalid with a new one known.
const ASKED: [&str; 3] = ["1", "2", "3"];

/// A request to be numbered, and what its answer must hold.
pub struct Question {
    name: String,
    bytes: Vec<u8>,
    key: Option<usize>,
    mark: Option<usize>,
    wanted: String,
}

impl Question {
    /// The bare route, whose work is TLS, HTTP and routing alone.
    pub fn hello() -> Question {
        let bytes = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
        Question { name: "hello".into(), bytes, key: None, mark: None, wanted: "hello".into() }
    }

    /// Writes the request with its number.
    fn compose(&self, number: u64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.bytes);
        for (place, figures) in [(self.key, KEY_FIGURES), (self.mark, MARK_FIGURES)] {
            if let Some(place) = place {
                number_into(&mut out[place..place + figures], number);
            }
        }
    }

    /// Checks an answer: status 200, the expected validity, this request's identifier.
    fn check(&self, number: u64, status: u16, body: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(body);
        let echoed = self.mark.is_none()
            || text.contains(&format!("\"ArbitraryIdentifier\":\"{number:0MARK_FIGURES$}\""));
        if status == 200 && echoed && text.contains(&self.wanted) {
            return Ok(());
        }
        let code = text.split("\"ProcessingResultCode\":\"").nth(1).and_then(|rest| rest.split('"').next());
        Err(io::Error::other(format!(
            "{}: status {status}, {}, {} wanted; code {}",
            self.name,
            if echoed { "echoed" } else { "another request's answer" },
            self.wanted,
            code.unwrap_or("none"),
        )))
    }
}

/// Writes the last figures of a number over the hole that was left for them.
pub fn number_into(hole: &mut [u8], number: u64) {
    let mut rest = number;
    for figure in hole.iter_mut().rev() {
        *figure = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Questions that are asked in turn, again and again.
pub struct Turn(pub Vec<Question>);

impl Turn {
    fn question(&self, number: u64) -> Option<&Question> {
        let place = number.checked_rem(self.0.len() as u64)?;
        self.0.get(place as usize)
    }
}

impl Questions for Turn {
    fn compose(&self, number: u64, out: &mut Vec<u8>) -> Option<u64> {
        self.question(number)?.compose(number, out);
        Some(number)
    }

    fn check(&self, number: u64, status: u16, body: &[u8]) -> io::Result<()> {
        let question = self.question(number).ok_or_else(|| io::Error::other("an answer to no question"))?;
        question.check(number, status, body)
    }
}

/// The patients' table of a demo's data directory.
pub struct Sheet {
    names: StringRecord,
    rows: Vec<StringRecord>,
}

impl Sheet {
    /// Reads `test-patients.csv`.
    pub fn read(data: &Path) -> io::Result<Sheet> {
        let bytes = std::fs::read(data.join("test-patients.csv"))?;
        let mut table = csv::Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
        let names = table.headers()?.clone();
        let rows = table.records().collect::<Result<_, _>>()?;
        Ok(Sheet { names, rows })
    }

    /// These columns of every row.
    pub fn columns<const N: usize>(&self, wanted: [&str; N]) -> io::Result<Vec<[&str; N]>> {
        let mut places = [0; N];
        for (place, wanted) in places.iter_mut().zip(wanted) {
            let found = self.names.iter().position(|name| name == wanted);
            let missing = || io::Error::other(format!("test-patients.csv has no column {wanted}"));
            *place = found.ok_or_else(missing)?;
        }
        Ok(self.rows.iter().map(|row| places.map(|place| &row[place])).collect())
    }
}

/// The questions of a demo's data directory and what they are.
pub struct Mix {
    /// One for each patient, asked in turn.
    pub questions: Turn,
    /// The mix in words.
    pub says: String,
}

/// Reads the patients and the clinic of a demo: every patient whose expected validity is 1 to 3.
pub fn mix(data: &Path, day: &str, started_ms: u128) -> io::Result<Mix> {
    let institution = institution(data)?;
    let sheet = Sheet::read(data)?;
    let columns = ["insurer_number", "symbol", "number", "branch", "birth_date", "id", "expected_validity"];
    let mut counts = [0; ASKED.len()];
    let mut questions = Vec::new();
    for [insurer, symbol, number, branch, birth, id, validity] in sheet.columns(columns)? {
        let Some(kind) = ASKED.iter().position(|asked| *asked == validity) else { continue };
        counts[kind] += 1;
        let body = body(&institution, day, [insurer, symbol, number, branch, birth])?;
        questions.push(question(id, &body, started_ms, ASKED[kind])?);
    }
    if questions.is_empty() {
        return Err(io::Error::other("test-patients.csv has no patient with an expected validity of 1 to 3"));
    }
    let says = format!(
        "{} patients in turn: {} valid, {} invalid, {} invalid with a new eligibility known; with consent to the limit",
        questions.len(),
        counts[0],
        counts[1],
        counts[2],
    );
    Ok(Mix { questions: Turn(questions), says })
}

/// The JSON mirror of `OQSsiquc01req`, with a hole for the identifier.
fn body(institution: &str, day: &str, search: [&str; 5]) -> io::Result<String> {
    search_body(institution, day, search, &HOLE.repeat(MARK_FIGURES))
}

/// The JSON mirror of `OQSsiquc01req`: insurer number, symbol, number, branch, birth date, and the request's mark. What
/// is empty is left out; the patient agrees that the limit is shown.
pub fn search_body(institution: &str, day: &str, search: [&str; 5], mark: &str) -> io::Result<String> {
    const NAMES: [&str; 5] = [
        "InsurerNumber",
        "InsuredCardSymbol",
        "InsuredIdentificationNumber",
        "InsuredBranchNumber",
        "Birthdate",
    ];
    let mut members = Vec::new();
    for (name, value) in NAMES.iter().zip(search).filter(|(_, value)| !value.is_empty()) {
        members.push(format!("\"{name}\":{}", serde_json::to_string(value)?));
    }
    Ok(format!(
        "{{\"XmlMsg\":{{\"MessageHeader\":{{\"QualificationConfirmationDate\":\"{day}\",\
         \"MedicalInstitutionCode\":\"{institution}\"}},\"MessageBody\":{{\"QualificationConfirmSearchInfo\":{{{},\
         \"LimitApplicationCertificateRelatedConsFlg\":\"1\",\"ArbitraryIdentifier\":\"{mark}\"}}}}}}}}",
        members.join(","),
    ))
}

/// The code of a demo's first clinic.
pub fn institution(data: &Path) -> io::Result<String> {
    let facility = std::fs::read_to_string(data.join("facility.toml"))?;
    facility
        .lines()
        .find_map(|line| line.strip_prefix("institution_code = "))
        .map(|code| code.trim_matches('"').to_owned())
        .ok_or_else(|| io::Error::other("facility.toml names no institution"))
}

fn question(name: &str, body: &str, started_ms: u128, validity: &str) -> io::Result<Question> {
    let head = format!(
        "POST {CHECK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json;charset=UTF-8\r\n\
         Idempotency-Key: {started_ms:013}-{}\r\nContent-Length: {}\r\n\r\n",
        HOLE.repeat(KEY_FIGURES),
        body.len()
    );
    let text = format!("{head}{body}");
    let hole = |figures: usize, behind: usize| {
        text[behind..]
            .find(&HOLE.repeat(figures))
            .map(|place| place + behind)
            .ok_or_else(|| io::Error::other("a request without room for its number"))
    };
    let (key, mark) = (hole(KEY_FIGURES, 0)?, hole(MARK_FIGURES, head.len())?);
    let wanted = format!("\"QualificationValidity\":\"{validity}\"");
    Ok(Question { name: name.into(), bytes: text.into_bytes(), key: Some(key), mark: Some(mark), wanted })
}

/// A request under a key.
pub fn post(path: &str, key: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json;charset=UTF-8\r\n\
         Idempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The text of the first member of this name, without looking at what it contains.
pub fn member<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.split_once(&format!("\"{name}\":\"")).and_then(|(_, rest)| rest.split('"').next())
}

/// The head of an answer: its status, where its body begins and how long it is. `None` while it is not whole.
pub fn head(bytes: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = bytes.windows(END.len()).position(|four| four == END) else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end]).map_err(io::Error::other)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok());
    match (status, length) {
        (Some(status), Some(length)) => Ok(Some((status, end + END.len(), length))),
        _ => Err(io::Error::other("an answer without a status or a length")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_numbered_in_its_key_and_in_its_identifier() {
        let body = body("1319999999", "20261120", ["  990010", "02", "1", "", "19680720"]).expect("a body");
        let question = question("P010", &body, 1_795_000_000_000, "1").expect("a question");
        let mut out = Vec::new();
        question.compose(42, &mut out);
        let text = String::from_utf8(out).expect("text");
        assert!(text.contains("Idempotency-Key: 1795000000000-00000042\r\n"), "{text}");
        assert!(text.contains("\"ArbitraryIdentifier\":\"000000000042\"") && !text.contains(HOLE), "{text}");
        assert!(
            text.contains(&format!("Content-Length: {}\r\n", body.len())) && text.ends_with("000042\"}}}}")
        );
        assert!(!text.contains("InsuredBranchNumber"), "an empty column is left out");
    }

    #[test]
    fn an_answer_is_right_or_ends_the_bench() {
        let body =
            body("1319999999", "20261120", ["06990014", "21", "1001", "01", "19800401"]).expect("a body");
        let question = question("P001", &body, 0, "1").expect("a question");
        let good = b"{\"QualificationValidity\":\"1\",\"ArbitraryIdentifier\":\"000000000042\"}";
        assert!(question.check(42, 200, good).is_ok());
        assert!(question.check(42, 500, good).is_err());
        let another = question.check(43, 200, good).expect_err("not its echo").to_string();
        assert!(another.contains("another request's answer"), "{another}");
        let invalid = b"{\"QualificationValidity\":\"2\",\"ArbitraryIdentifier\":\"000000000042\"}";
        assert!(question.check(42, 200, invalid).is_err());
    }

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(head(whole).expect("a head"), Some((200, whole.len() - 5, 5)));
        assert_eq!(head(&whole[..20]).expect("a part"), None);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
