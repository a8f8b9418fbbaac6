//! Stories at the terminal: files in, files out, and what the server heard.
//!
//! Always holds: no test waits for time to pass; looks and work are done by hand with made-up clocks.
//! Not here: dates and names (`rules.rs`), the line itself (`door.rs`).
//! Rules come from: docs/rules.md S1 r3, r7; the reference on the OQS interface, sections 4.6, 6.3, 6.4 and 10.

use crate::door::{Away, Door};
use crate::messages::Message;
use crate::work::{Now, Step, Terminal};
use crate::{AnswerEncoding, Settings, codes};
use formats::oqs::{CheckRequest, CheckResponse, REFERENCE_PATH, ReferenceBody, ReferenceHeader};
use formats::oqs::{
    ReferenceRequest, ReferenceResponse, ResponseBody, ResponseHeader, ResultRow, SEARCH_PATH,
};
use formats::xml::{self, Encoding, Limits};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const OWN: &str = "1310000001";
const DAY_MS: i64 = 24 * 3_600_000;

/// A server that knows everybody, and can be away.
#[derive(Default)]
struct Server {
    away: Mutex<Option<Away>>,
    heard: Mutex<Vec<(String, Vec<u8>)>>,
    name: Mutex<String>,
    /// Answers, and says that nothing could be determined.
    undetermined: Mutex<Option<&'static str>>,
    garbage: Mutex<bool>,
    /// What was registered last, and how often that was told.
    registered: Mutex<(String, usize)>,
}

impl Server {
    fn set(&self, away: Option<Away>) {
        *self.away.lock().unwrap() = away;
    }

    fn ids(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(id, _)| id.clone()).collect()
    }
}

impl Door for Server {
    fn ask(&self, path: &'static str, request_id: &str, json: &[u8]) -> Result<Vec<u8>, Away> {
        self.heard.lock().unwrap().push((request_id.to_owned(), json.to_vec()));
        if let Some(away) = self.away.lock().unwrap().clone() {
            return Err(away);
        }
        if *self.garbage.lock().unwrap() {
            return Ok(b"{\"XmlMsg\":".to_vec());
        }
        let root = formats::json::parse(json, &Limits::default()).unwrap();
        let answer = match path {
            SEARCH_PATH => self.check(&CheckRequest::read(&root).0.unwrap()).write(),
            REFERENCE_PATH => self.register(&ReferenceRequest::read(&root).0.unwrap()).write(),
            _ => return Err(Away::Refused { status: 404, code: None, detail: None }),
        };
        Ok(formats::json::render(&answer))
    }
}

impl Server {
    fn check(&self, request: &CheckRequest) -> CheckResponse {
        let name = self.name.lock().unwrap().clone();
        let row = ResultRow {
            card_class: "01".into(),
            insurer_number: "  138057".into(),
            number: Some(request.search.number.clone()),
            name: if name.is_empty() { "資格　花子".into() } else { name },
            kana: Some("ｼｶｸ ﾊﾅｺ".into()),
            sex: "2".into(),
            birth_date: request.search.birth_date.clone(),
            insurer_name: "架空市".into(),
            ..ResultRow::default()
        };
        let header = ResponseHeader {
            executed_at: "20260401100000".into(),
            asked_on: request.asked_on.clone(),
            institution: request.institution.clone(),
            file_identifier: request.file_identifier.clone(),
            reference_class: "2".into(),
            segment: "1".into(),
            character_code: "0".into(),
            ..ResponseHeader::default()
        };
        let search = Some(request.search.node());
        let undetermined = *self.undetermined.lock().unwrap();
        let body = match undetermined {
            Some(code) => ResponseBody {
                search,
                status: Some("2".into()),
                code: Some(code.into()),
                message: Some("確認できませんでした。".into()),
                ..ResponseBody::default()
            },
            None => ResponseBody {
                search,
                status: Some("1".into()),
                validity: Some("1".into()),
                results: vec![row],
                ..ResponseBody::default()
            },
        };
        CheckResponse { header, body }
    }

    fn register(&self, request: &ReferenceRequest) -> ReferenceResponse {
        let code = *self.undetermined.lock().unwrap();
        if code.is_none() {
            let mut registered = self.registered.lock().unwrap();
            *registered = (request.registration.reference_number.clone(), registered.1 + 1);
        }
        let header = ReferenceHeader {
            executed_at: "20260401100000".into(),
            character_code: "0".into(),
            segment: "1".into(),
            file_identifier: request.file_identifier.clone(),
            institution: request.institution.clone(),
            ..ReferenceHeader::default()
        };
        let body = ReferenceBody {
            registration: Some(request.registration.node()),
            status: Some(if code.is_some() { "2" } else { "1" }.into()),
            code: code.map(str::to_owned),
            message: code.map(|_| "登録できませんでした。".to_owned()),
        };
        ReferenceResponse { header, body }
    }
}

/// One clinic with its folders.
struct Clinic {
    dir: tempfile::TempDir,
    server: Arc<Server>,
    settings: Settings,
    terminal: Option<Terminal>,
    now: Mutex<Now>,
}

impl Clinic {
    fn new() -> Clinic {
        Clinic::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Clinic {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(dir.path().join("OQS"), dir.path().join("journal"), OWN.into());
        change(&mut settings);
        let server = Arc::new(Server::default());
        let now = Mutex::new(Now { utc_ms: 1_775_005_200_000, steady_ms: 10_000 });
        let mut clinic = Clinic { dir, server, settings, terminal: None, now };
        clinic.start();
        clinic
    }

    fn start(&mut self) {
        self.terminal = None;
        let utc_ms = self.now().utc_ms;
        self.terminal = Some(Terminal::open_at(self.settings.clone(), self.server.clone(), utc_ms).unwrap());
    }

    fn terminal(&self) -> &Terminal {
        self.terminal.as_ref().unwrap()
    }

    fn now(&self) -> Now {
        *self.now.lock().unwrap()
    }

    fn pass(&self, ms: u64) {
        let mut now = self.now.lock().unwrap();
        *now = Now { utc_ms: now.utc_ms + ms as i64, steady_ms: now.steady_ms + ms };
    }

    fn req(&self, name: &str) -> PathBuf {
        self.dir.path().join("OQS/req").join(name)
    }

    fn res(&self, name: &str) -> PathBuf {
        self.dir.path().join("OQS/res").join(name)
    }

    fn drop_in(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.req(name), bytes).unwrap();
    }

    /// One look, and all the work it gives.
    fn turn(&self) {
        self.terminal().scan(self.now());
        while self.terminal().work(&|| self.now()) {}
    }

    /// Two looks with enough time between for anything unfinished.
    fn settle(&self) {
        self.turn();
        self.pass(2_000);
        self.turn();
    }

    fn answers(&self) -> Vec<String> {
        names(&self.dir.path().join("OQS/res"))
    }

    /// Takes the answer away, as the clinic's system does.
    fn take(&self, name: &str) -> CheckResponse {
        let bytes = fs::read(self.res(name)).unwrap();
        fs::remove_file(self.res(name)).unwrap();
        read(&bytes).0
    }

    /// The same for the answer to a registration.
    fn take_registered(&self, name: &str) -> ReferenceResponse {
        let bytes = fs::read(self.res(name)).unwrap();
        fs::remove_file(self.res(name)).unwrap();
        read_registered(&bytes).0
    }

    fn journal(&self) -> Vec<String> {
        names(&self.dir.path().join("journal")).into_iter().filter(|name| name != "lock").collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn read(bytes: &[u8]) -> (CheckResponse, Encoding) {
    let (root, encoding) = xml::parse(bytes, &Limits::default()).unwrap();
    (CheckResponse::read(&root).0.unwrap(), encoding)
}

fn request(number: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<XmlMsg><MessageHeader>\
         <QualificationConfirmationDate>20260401</QualificationConfirmationDate>\
         <MedicalInstitutionCode>{OWN}</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>file {number}</ArbitraryFileIdentifier></MessageHeader><MessageBody>\
         <QualificationConfirmSearchInfo><InsurerNumber>  138057</InsurerNumber><InsuredCardSymbol>１２・３４</InsuredCardSymbol>\
         <InsuredIdentificationNumber>{number}</InsuredIdentificationNumber><InsuredBranchNumber></InsuredBranchNumber>\
         <Birthdate>19500403</Birthdate>\
         <LimitApplicationCertificateRelatedConsFlg>0</LimitApplicationCertificateRelatedConsFlg>\
         <ArbitraryIdentifier>visit {number}</ArbitraryIdentifier></QualificationConfirmSearchInfo></MessageBody></XmlMsg>"
    )
}

fn read_registered(bytes: &[u8]) -> (ReferenceResponse, Encoding) {
    let (root, encoding) = xml::parse(bytes, &Limits::default()).unwrap();
    (ReferenceResponse::read(&root).0.unwrap(), encoding)
}

/// A registration of this patient number.
fn registration(reference: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<XmlMsg><MessageHeader>\
         <MedicalInstitutionCode>{OWN}</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>file {reference}</ArbitraryFileIdentifier></MessageHeader><MessageBody>\
         <ReferenceNumberRegistrationInfo><ReferenceNumber>{reference}</ReferenceNumber>\
         <InsurerNumber>  138057</InsurerNumber><InsuredCardSymbol>１２・３４</InsuredCardSymbol>\
         <InsuredIdentificationNumber>4260</InsuredIdentificationNumber>\
         <InsuredBranchNumber>01</InsuredBranchNumber></ReferenceNumberRegistrationInfo></MessageBody></XmlMsg>"
    )
}

const REGISTER: &str = "OQSsiimm01req_202604010001.xml";
const REGISTERED: &str = "OQSsiimm01res_202604010001.xml";

const ASK: &str = "OQSsiquc01req_202604010001.xml";
const SAY: &str = "OQSsiquc01res_202604010001.xml";

/// A good answer to `request(number)`.
fn is_good(answer: &CheckResponse, number: &str) -> bool {
    let echo = answer.body.search.as_ref().unwrap();
    assert_eq!(echo.child_text("InsurerNumber"), Some("  138057"));
    assert_eq!(echo.child_text("ArbitraryIdentifier"), Some(format!("visit {number}").as_str()));
    assert_eq!(answer.header.file_identifier, Some(format!("file {number}")));
    answer.body.status.as_deref() == Some("1") && answer.body.results[0].number.as_deref() == Some(number)
}

fn error_of(answer: &CheckResponse) -> &str {
    assert_eq!((answer.header.segment.as_str(), answer.body.status.as_deref()), ("9", Some("2")));
    assert!(answer.body.results.is_empty() && answer.body.validity.is_none());
    assert!(answer.header.error_message.is_some());
    answer.header.error_code.as_deref().unwrap()
}

fn third_answer_of(answer: &CheckResponse) -> &str {
    assert_eq!((answer.header.segment.as_str(), answer.body.status.as_deref()), ("1", Some("2")));
    assert!(answer.body.results.is_empty() && answer.body.validity.is_none());
    assert!(answer.body.message.as_deref().unwrap().chars().count() <= codes::MESSAGE_WIDTH);
    answer.body.code.as_deref().unwrap()
}

#[test]
fn s1_r7_a_request_is_answered_at_once_under_its_stem() {
    let clinic = Clinic::new();
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    assert_eq!(clinic.answers(), [SAY]);
    assert!(names(&clinic.dir.path().join("OQS/req")).is_empty());
    assert!(is_good(&clinic.take(SAY), "4260"));
    let status = clinic.terminal().status();
    assert_eq!((status.answered, status.waiting, status.kept), (1, 0, 0));
    assert!(clinic.server.ids().iter().all(|id| id.len() == 22 && !id.contains("20260401000")));
}

#[test]
fn s1_r7_shift_jis_in_and_either_out() {
    for (setting, encoding) in [
        (AnswerEncoding::Utf8, Encoding::Utf8),
        (AnswerEncoding::ShiftJis, Encoding::ShiftJis),
        (AnswerEncoding::SameAsRequest, Encoding::ShiftJis),
    ] {
        let clinic = Clinic::with(|settings| settings.encoding = setting);
        let (root, _) = xml::parse(request("4260").as_bytes(), &Limits::default()).unwrap();
        clinic.drop_in(ASK, xml::render(&root, Encoding::ShiftJis).bytes);
        clinic.turn();
        let (answer, found) = read(&fs::read(clinic.res(SAY)).unwrap());
        assert_eq!((found, answer.header.character_code.as_str()), (encoding, encoding.code()));
        assert!(is_good(&answer, "4260"));
        assert_eq!(answer.body.search.unwrap().child_text("InsuredCardSymbol"), Some("１２・３４"));
    }
}

#[test]
fn characters_that_shift_jis_lacks_are_marked_and_said() {
    let clinic = Clinic::with(|settings| settings.encoding = AnswerEncoding::ShiftJis);
    *clinic.server.name.lock().unwrap() = "𠮷田　花子".into();
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    let answer = clinic.take(SAY);
    assert_eq!(answer.body.code.as_deref(), Some(codes::SUBSTITUTED.code));
    assert_eq!(answer.body.status.as_deref(), Some("1"));
    assert_eq!(answer.body.results[0].kana.as_deref(), Some("ｼｶｸ ﾊﾅｺ"));
    assert!(!answer.body.results[0].name.contains('𠮷'));
}

#[test]
fn every_bad_request_gets_its_code() {
    let good = request("4260");
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><XmlMsg>&b;</XmlMsg>";
    let deep = "<a>".repeat(100);
    let mut latin = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><XmlMsg>".to_vec();
    latin.extend_from_slice(b"\xe9\xff</XmlMsg>");
    let cases: Vec<(Vec<u8>, &codes::Code)> = vec![
        (b"".to_vec(), &codes::EMPTY),
        (b" \r\n".to_vec(), &codes::EMPTY),
        (b"hello".to_vec(), &codes::NOT_XML),
        (b"PK\x03\x04 zip".to_vec(), &codes::NOT_XML),
        (good[..good.len() / 2].into(), &codes::HALF_WRITTEN),
        (bomb.into(), &codes::FORBIDDEN),
        (deep.into(), &codes::WRONG_SHAPE),
        (latin, &codes::WRONG_ENCODING),
        (good.replace("XmlMsg", "Message").into(), &codes::WRONG_ROOT),
        (good.replace(OWN, "1310000002").into(), &codes::FOREIGN_INSTITUTION),
        (good.replace("20260401<", "20260431<").into(), &codes::BAD_ASKED_DATE),
        (good.replace("19500403", "19500230").into(), &codes::BAD_BIRTH_DATE),
        (good.replace("Birthdate", "BirthDate").into(), &codes::BAD_ELEMENT),
        (vec![b' '; (1 << 20) + 1], &codes::TOO_BIG),
    ];
    for (bytes, code) in cases {
        let clinic = Clinic::new();
        clinic.drop_in(ASK, bytes);
        clinic.settle();
        assert_eq!(clinic.answers(), [SAY], "{}", code.word);
        let answer = clinic.take(SAY);
        assert_eq!(error_of(&answer), code.code, "{}", code.word);
        assert!(clinic.server.ids().is_empty(), "{} was sent", code.word);
        assert!(clinic.journal().is_empty() && clinic.terminal().status().refused == 1);
        // Strict clients need these, whatever happened.
        let header = &answer.header;
        assert!(
            header.executed_at.len() == 14 && header.asked_on.len() == 8 && header.institution.len() == 10
        );
        clinic.settle();
        assert!(clinic.answers().is_empty(), "{} was answered twice", code.word);
    }
}

#[test]
fn refusals_echo_the_marks_and_name_the_element() {
    let clinic = Clinic::new();
    clinic.drop_in(ASK, request("4260").replace("Birthdate", "BirthDate"));
    clinic.turn();
    let answer = clinic.take(SAY);
    assert_eq!(answer.header.file_identifier.as_deref(), Some("file 4260"));
    assert_eq!(answer.header.asked_on, "20260401");
    assert_eq!(answer.body.search.unwrap().child_text("ArbitraryIdentifier"), Some("visit 4260"));
    assert!(answer.header.error_message.unwrap().contains("Birthdate"));
}

#[test]
fn an_unknown_day_of_birth_is_sent() {
    let clinic = Clinic::new();
    clinic.drop_in(ASK, request("4260").replace("19500403", "19500000"));
    clinic.turn();
    assert!(is_good(&clinic.take(SAY), "4260"));
}

#[test]
fn a_half_written_request_that_is_completed_is_answered_normally() {
    let clinic = Clinic::new();
    let whole = request("4260");
    for part in [0, 10, whole.len() / 2, whole.len() - 3] {
        clinic.drop_in(ASK, &whole[..part]);
        clinic.turn();
        clinic.pass(1_900);
        clinic.turn();
        assert!(clinic.answers().is_empty());
    }
    clinic.drop_in(ASK, &whole);
    clinic.turn();
    assert!(is_good(&clinic.take(SAY), "4260"));
}

/// A good answer to `registration(reference)`.
fn is_registered(answer: &ReferenceResponse, reference: &str) -> bool {
    let echo = answer.body.registration.as_ref().unwrap();
    assert_eq!(echo.child_text("InsurerNumber"), Some("  138057"));
    assert_eq!(answer.header.file_identifier, Some(format!("file {reference}")));
    assert!(
        answer.body.code.is_none() && answer.body.message.is_none() && answer.header.error_code.is_none()
    );
    answer.body.status.as_deref() == Some("1") && echo.child_text("ReferenceNumber") == Some(reference)
}

fn not_registered_of(answer: &ReferenceResponse) -> &str {
    assert_eq!((answer.header.segment.as_str(), answer.body.status.as_deref()), ("1", Some("2")));
    assert!(answer.body.message.as_deref().unwrap().chars().count() <= codes::MESSAGE_WIDTH);
    assert!(answer.body.registration.is_some() && answer.header.file_identifier.is_some());
    answer.body.code.as_deref().unwrap()
}

#[test]
fn a_registration_is_answered_at_once_under_its_stem_and_in_its_encoding() {
    for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
        let clinic = Clinic::new();
        let (root, _) = xml::parse(registration("A-17").as_bytes(), &Limits::default()).unwrap();
        clinic.drop_in(REGISTER, xml::render(&root, encoding).bytes);
        clinic.turn();
        assert_eq!(clinic.answers(), [REGISTERED]);
        let (answer, found) = read_registered(&fs::read(clinic.res(REGISTERED)).unwrap());
        assert_eq!((found, answer.header.character_code.as_str()), (encoding, encoding.code()));
        assert!(is_registered(&answer, "A-17"));
        assert_eq!(*clinic.server.registered.lock().unwrap(), ("A-17".to_owned(), 1));
        assert_eq!(clinic.terminal().status().answered, 1);
        assert!(clinic.journal().is_empty());
    }
}

#[test]
fn every_bad_registration_gets_its_code_in_its_own_form() {
    let good = registration("A-17");
    let cases = [
        (String::new(), &codes::EMPTY),
        (good[..good.len() - 40].to_owned(), &codes::HALF_WRITTEN),
        (good.replace("XmlMsg", "Message"), &codes::WRONG_ROOT),
        (good.replace(OWN, "1310000002"), &codes::FOREIGN_INSTITUTION),
        (good.replace(">A-17<", ">カルテ17<"), &codes::BAD_REFERENCE_NUMBER),
        (good.replace(">A-17<", "><"), &codes::BAD_ELEMENT),
        (good.replace(">4260<", "> <"), &codes::BAD_ELEMENT),
        (request("4260"), &codes::BAD_ELEMENT),
    ];
    for (text, code) in cases {
        let clinic = Clinic::new();
        clinic.drop_in(REGISTER, text);
        clinic.settle();
        assert_eq!(clinic.answers(), [REGISTERED], "{}", code.word);
        let answer = clinic.take_registered(REGISTERED);
        let header = &answer.header;
        assert_eq!((header.segment.as_str(), answer.body.status.as_deref()), ("9", Some("2")));
        assert_eq!(header.error_code.as_deref(), Some(code.code), "{}", code.word);
        assert!(header.error_message.is_some() && answer.body.code.is_none());
        // Strict clients need these, whatever happened.
        assert!(header.executed_at.len() == 14 && header.institution.len() == 10, "{}", code.word);
        assert!(header.character_code == "0", "{}", code.word);
        assert!(clinic.server.ids().is_empty(), "{} was sent", code.word);
        assert!(clinic.journal().is_empty() && clinic.terminal().status().refused == 1);
    }
    // And a registration is no check.
    let clinic = Clinic::new();
    clinic.drop_in(ASK, registration("A-17"));
    clinic.drop_in(REGISTER, registration("A-17").replace("InsurerNumber", "Insurer"));
    clinic.turn();
    assert_eq!(error_of(&clinic.take(SAY)), codes::BAD_ELEMENT.code);
    let refused = clinic.take_registered(REGISTERED);
    assert_eq!(refused.header.file_identifier.as_deref(), Some("file A-17"));
    assert_eq!(refused.body.registration.unwrap().child_text("ReferenceNumber"), Some("A-17"));
    assert!(refused.header.error_message.unwrap().contains("InsurerNumber"));
}

#[test]
fn a_registration_that_the_server_missed_is_not_made_later() {
    for away in
        [Away::NoLine, Away::TimedOut, Away::Busy, Away::Refused { status: 500, code: None, detail: None }]
    {
        let mut clinic = Clinic::with(|settings| settings.repeat_ms = DAY_MS);
        clinic.server.set(Some(away.clone()));
        clinic.drop_in(REGISTER, registration("A-17"));
        clinic.turn();
        let answer = clinic.take_registered(REGISTERED);
        assert_eq!(not_registered_of(&answer), crate::answers::code_of(&away).code);
        let said = answer.body.message.unwrap();
        assert!(said.contains("再送してください") && !said.contains("氏名"), "{said}");
        let status = clinic.terminal().status();
        assert_eq!((status.kept, status.undetermined, status.waiting), (0, 1, 0));
        assert!(clinic.journal().is_empty());
        // The clinic corrects the number and sends it again; the old one never comes after it.
        clinic.server.set(None);
        clinic.pass(3_000);
        clinic.drop_in(REGISTER, registration("A-18"));
        clinic.turn();
        assert!(is_registered(&clinic.take_registered(REGISTERED), "A-18"));
        clinic.start();
        clinic.pass(100_000);
        clinic.turn();
        assert_eq!(*clinic.server.registered.lock().unwrap(), ("A-18".to_owned(), 1));
        // The same again is a repeat, as with a check.
        clinic.drop_in(REGISTER, registration("A-18"));
        clinic.turn();
        let again = clinic.take_registered(REGISTERED);
        assert_eq!(again.header.error_code.as_deref(), Some(codes::REPEATED.code));
    }
}

#[test]
fn what_the_server_says_of_a_registration_is_passed_on() {
    // Its no, its trouble, and what cannot be read; nothing is kept of any.
    for (code, kind) in [("SKC03004E", "answered"), ("SKC02001W", "undetermined")] {
        let clinic = Clinic::new();
        *clinic.server.undetermined.lock().unwrap() = Some(code);
        clinic.drop_in(REGISTER, registration("A-17"));
        clinic.turn();
        let answer = clinic.take_registered(REGISTERED);
        assert_eq!(not_registered_of(&answer), code);
        assert_eq!(answer.body.message.as_deref(), Some("登録できませんでした。"));
        let status = clinic.terminal().status();
        let count = if kind == "answered" { status.answered } else { status.undetermined };
        assert_eq!((count, status.kept, clinic.journal().len()), (1, 0, 0));
    }
    let clinic = Clinic::new();
    *clinic.server.garbage.lock().unwrap() = true;
    clinic.drop_in(REGISTER, registration("A-17"));
    clinic.turn();
    assert_eq!(not_registered_of(&clinic.take_registered(REGISTERED)), codes::BAD_ANSWER.code);
    *clinic.server.garbage.lock().unwrap() = false;
    clinic.server.set(Some(Away::Refused { status: 404, code: None, detail: None }));
    clinic.drop_in(REGISTER, registration("A-17"));
    clinic.turn();
    let answer = clinic.take_registered(REGISTERED);
    assert_eq!(not_registered_of(&answer), codes::REFUSED.code);
    assert_eq!(answer.body.message.as_deref(), Some(codes::REFUSED.ja));
}

/// Says that it is registered, for a request with something exchanged.
struct Confused(&'static str, &'static str);

impl Door for Confused {
    fn ask(&self, path: &'static str, request_id: &str, json: &[u8]) -> Result<Vec<u8>, Away> {
        let answer = String::from_utf8(Server::default().ask(path, request_id, json)?).unwrap();
        assert!(answer.contains(self.0), "{}", self.0);
        Ok(answer.replace(self.0, self.1).into_bytes())
    }
}

#[test]
fn only_an_answer_that_names_number_and_person_is_taken_for_a_registration() {
    for (from, to) in [
        ("\"ReferenceNumber\":\"A-17\"", "\"ReferenceNumber\":\"A-18\""),
        ("\"ReferenceNumber\":\"A-17\",", ""),
        ("  138057", "  138058"),
        ("１２・３４", "１２・３５"),
        ("4260", "4261"),
        ("\"01\"", "\"02\""),
        ("\"1310000001\"", "\"1310000002\""),
        ("file A-17", "file A-18"),
        ("ReferenceNumberRegistrationInfo", "Unknown"),
    ] {
        let mut clinic = Clinic::new();
        clinic.terminal = None;
        let door = Arc::new(Confused(from, to));
        clinic.terminal = Some(Terminal::open_at(clinic.settings.clone(), door, 1).unwrap());
        clinic.drop_in(REGISTER, registration("A-17"));
        clinic.turn();
        let answer = clinic.take_registered(REGISTERED);
        assert_eq!(not_registered_of(&answer), codes::BAD_ANSWER.code, "{from}");
    }
}

#[test]
fn a_hundred_megabytes_are_not_read() {
    let clinic = Clinic::new();
    fs::File::create(clinic.req(ASK)).unwrap().set_len(100 << 20).unwrap();
    clinic.turn();
    assert_eq!(error_of(&clinic.take(SAY)), codes::TOO_BIG.code);
    assert!(!clinic.req(ASK).exists() && clinic.journal().is_empty());
}

#[cfg(unix)]
#[test]
fn links_pipes_and_folders_are_not_followed_nor_waited_on() {
    for other_disk in [false, true] {
        let mut clinic = Clinic::new();
        clinic.terminal.as_mut().unwrap().journal_mut().other_disk = other_disk;
        let secret = clinic.dir.path().join("secret.xml");
        fs::write(&secret, request("4260")).unwrap();
        std::os::unix::fs::symlink(&secret, clinic.req("OQSsiquc01req_link.xml")).unwrap();
        let pipe = clinic.req("OQSsiquc01req_pipe.xml");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        fs::create_dir(clinic.req("OQSsiquc01req_folder.xml")).unwrap();
        fs::write(clinic.req("OQSsiquc01req_folder.xml").join("inside"), "x").unwrap();
        clinic.settle();
        assert_eq!(clinic.answers(), ["OQSsiquc01res_link.xml", "OQSsiquc01res_pipe.xml"]);
        for name in clinic.answers() {
            assert_eq!(error_of(&clinic.take(&name)), codes::NOT_A_FILE.code);
        }
        assert!(secret.exists() && clinic.req("OQSsiquc01req_folder.xml").join("inside").exists());
        assert_eq!(names(&clinic.dir.path().join("OQS/req")), ["OQSsiquc01req_folder.xml"]);
        assert!(clinic.server.ids().is_empty());
    }
}

#[test]
fn other_names_are_left_alone_and_other_messages_are_told_so() {
    let clinic = Clinic::new();
    for name in [".OQSsiquc01req_1.xml", "OQSsiquc01req_1.xml.tmp", "~x", "Thumbs.db", "OQSsiquc01res_1.xml"]
    {
        clinic.drop_in(name, request("1"));
    }
    clinic.drop_in("OQSsihvd01req_1.xml", request("1"));
    clinic.settle();
    assert_eq!(clinic.answers(), ["OQSsihvd01res_1.xml"]);
    assert_eq!(error_of(&clinic.take("OQSsihvd01res_1.xml")), codes::NOT_SERVED.code);
    assert_eq!(names(&clinic.dir.path().join("OQS/req")).len(), 5);
}

#[test]
fn a_duplicate_stem_is_refused_beside_the_first_answer() {
    let clinic = Clinic::new();
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    let first = fs::read(clinic.res(SAY)).unwrap();
    for number in ["4261", "4262"] {
        clinic.drop_in(ASK, request(number));
        clinic.turn();
    }
    let second = "OQSsiquc01res_202604010001_dup1.xml";
    assert_eq!(clinic.answers(), [SAY, second, "OQSsiquc01res_202604010001_dup2.xml"]);
    assert_eq!(fs::read(clinic.res(SAY)).unwrap(), first);
    let refusal = clinic.take(second);
    assert_eq!(error_of(&refusal), codes::DUPLICATE.code);
    assert_eq!(refusal.header.file_identifier.as_deref(), Some("file 4261"));
    // While the first is under way it is the same.
    let clinic = Clinic::new();
    for number in ["1", "2"] {
        clinic.drop_in(ASK, request(number));
        clinic.terminal().scan(clinic.now());
    }
    clinic.turn();
    assert!(is_good(&clinic.take(SAY), "1"));
    assert_eq!(error_of(&clinic.take(second)), codes::DUPLICATE.code);
    assert_eq!(clinic.server.ids().len(), 1);
}

#[test]
fn the_same_bytes_again_are_a_repeat_for_a_day_and_other_bytes_are_not() {
    let mut clinic = Clinic::with(|settings| settings.repeat_ms = DAY_MS);
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    clinic.take(SAY);
    clinic.start();
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    assert_eq!(error_of(&clinic.take(SAY)), codes::REPEATED.code);
    clinic.drop_in(ASK, request("4261"));
    clinic.turn();
    assert!(is_good(&clinic.take(SAY), "4261"));
    clinic.pass(DAY_MS as u64);
    clinic.turn();
    assert!(clinic.journal().is_empty());
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    assert!(is_good(&clinic.take(SAY), "4260"));
    // And never, when the clinic's system names its files by patient.
    clinic.settings.repeat_ms = 0;
    clinic.start();
    for _ in 0..2 {
        clinic.drop_in(ASK, request("7"));
        clinic.turn();
        assert!(is_good(&clinic.take(SAY), "7"));
    }
}

#[test]
fn s1_r3_server_away_is_said_at_once_kept_and_reported_once() {
    for away in
        [Away::NoLine, Away::TimedOut, Away::Busy, Away::Refused { status: 500, code: None, detail: None }]
    {
        let mut clinic = Clinic::new();
        clinic.server.set(Some(away.clone()));
        clinic.drop_in(ASK, request("4260"));
        clinic.turn();
        let answer = clinic.take(SAY);
        assert_eq!(third_answer_of(&answer), crate::answers::code_of(&away).code);
        assert_eq!(answer.header.file_identifier.as_deref(), Some("file 4260"));
        let status = clinic.terminal().status();
        assert_eq!((status.kept, status.undetermined, status.waiting), (1, 1, 0));
        assert_eq!(status.away_since_ms, Some(clinic.now().utc_ms));
        clinic.start();
        clinic.pass(60_000);
        clinic.turn();
        assert_eq!(clinic.terminal().status().kept, 1);
        clinic.server.set(None);
        for _ in 0..5 {
            clinic.pass(60_000);
            clinic.turn();
        }
        let status = clinic.terminal().status();
        assert_eq!((status.kept, status.reported, status.away_since_ms), (0, 1, None));
        assert!(clinic.answers().is_empty(), "answered twice");
        assert!(clinic.journal().is_empty());
        let ids = clinic.server.ids();
        assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]));
        // The desk was told to ask again; that is no repeat.
        clinic.drop_in(ASK, request("4260"));
        clinic.turn();
        assert!(is_good(&clinic.take(SAY), "4260"));
    }
}

#[test]
fn s1_r3_a_server_that_recorded_nothing_is_told_later_and_asking_again_is_no_repeat() {
    for code in ["SKC02001W", "SKC02002W"] {
        let mut clinic = Clinic::with(|settings| settings.repeat_ms = DAY_MS);
        *clinic.server.undetermined.lock().unwrap() = Some(code);
        clinic.drop_in(ASK, request("4260"));
        clinic.turn();
        let answer = clinic.take(SAY);
        assert_eq!(third_answer_of(&answer), code);
        assert_eq!(answer.body.message.as_deref(), Some("確認できませんでした。"));
        let status = clinic.terminal().status();
        assert_eq!((status.kept, status.answered, status.undetermined), (1, 0, 1));
        // Still busy: it is kept on, also over a start.
        clinic.start();
        clinic.pass(60_000);
        clinic.turn();
        assert_eq!(clinic.terminal().status().kept, 1);
        *clinic.server.undetermined.lock().unwrap() = None;
        clinic.drop_in(ASK, request("4260"));
        clinic.turn();
        assert!(is_good(&clinic.take(SAY), "4260"));
        clinic.pass(60_000);
        clinic.turn();
        let status = clinic.terminal().status();
        assert_eq!((status.kept, status.reported, clinic.answers()), (0, 1, vec![]), "{code}");
        let ids = clinic.server.ids();
        assert_eq!(ids.iter().filter(|id| **id == ids[0]).count(), 3, "{code}");
        // Now the server knows it: the same bytes once more are a repeat.
        clinic.drop_in(ASK, request("4260"));
        clinic.turn();
        assert_eq!(error_of(&clinic.take(SAY)), codes::REPEATED.code);
    }
    // What the server decided and recorded is an answer, whatever its code.
    let clinic = Clinic::new();
    *clinic.server.undetermined.lock().unwrap() = Some("SKC01001W");
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    assert_eq!(third_answer_of(&clinic.take(SAY)), "SKC01001W");
    let status = clinic.terminal().status();
    assert_eq!((status.kept, status.answered), (0, 1));
}

#[test]
fn after_a_time_out_nobody_waits_for_the_line() {
    let clinic = Clinic::new();
    clinic.server.set(Some(Away::TimedOut));
    clinic.drop_in("OQSsiquc01req_1.xml", request("1"));
    clinic.turn();
    clinic.drop_in("OQSsiquc01req_2.xml", request("2"));
    clinic.turn();
    assert_eq!(clinic.server.ids().len(), 1);
    assert_eq!(third_answer_of(&clinic.take("OQSsiquc01res_2.xml")), codes::TIMED_OUT.code);
    clinic.server.set(None);
    clinic.pass(3_000);
    clinic.drop_in("OQSsiquc01req_3.xml", request("3"));
    clinic.turn();
    assert!(is_good(&clinic.take("OQSsiquc01res_3.xml"), "3"));
    // The line is back: both that the server missed are told at once, the second for the first time.
    assert_eq!(clinic.terminal().status().reported, 2);
}

#[test]
fn a_no_of_the_server_is_passed_on_and_not_kept() {
    let refused = |code: &str| Away::Refused {
        status: 403,
        code: Some(code.into()),
        detail: Some("運用開始日前です。".into()),
    };
    for (away, code, message) in [
        (refused("SHK01234E"), "SHK01234E", "運用開始日前です。"),
        (refused("counter.not_started"), codes::REFUSED.code, codes::REFUSED.ja),
    ] {
        let clinic = Clinic::new();
        clinic.server.set(Some(away));
        clinic.drop_in(ASK, request("4260"));
        clinic.turn();
        let answer = clinic.take(SAY);
        assert_eq!(third_answer_of(&answer), code);
        assert_eq!(answer.body.message.as_deref(), Some(message));
        assert_eq!(clinic.terminal().status().kept, 0);
        assert!(clinic.journal().is_empty());
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_not_passed_on() {
    let clinic = Clinic::new();
    *clinic.server.garbage.lock().unwrap() = true;
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    assert_eq!(third_answer_of(&clinic.take(SAY)), codes::BAD_ANSWER.code);
}

/// Gives one person's answer to whoever asks.
struct Mixed(Server);

impl Door for Mixed {
    fn ask(&self, path: &'static str, request_id: &str, _: &[u8]) -> Result<Vec<u8>, Away> {
        let text = if path == SEARCH_PATH { request("999") } else { registration("999") };
        let (root, _) = xml::parse(text.as_bytes(), &Limits::default()).unwrap();
        self.0.ask(path, request_id, &formats::json::render(&root))
    }
}

#[test]
fn an_answer_about_somebody_else_never_reaches_the_desk() {
    let mut clinic = Clinic::new();
    clinic.terminal = None;
    let door = Arc::new(Mixed(Server::default()));
    clinic.terminal = Some(Terminal::open_at(clinic.settings.clone(), door, 1).unwrap());
    clinic.drop_in(ASK, request("4260"));
    clinic.drop_in(REGISTER, registration("A-17"));
    clinic.turn();
    assert_eq!(third_answer_of(&clinic.take(SAY)), codes::BAD_ANSWER.code);
    assert_eq!(not_registered_of(&clinic.take_registered(REGISTERED)), codes::BAD_ANSWER.code);
}

const STEPS: [Step; 6] = [Step::Taken, Step::Asked, Step::Decided, Step::Placed, Step::Noted, Step::Shown];

#[test]
fn killed_between_any_two_steps_every_request_is_answered_once() {
    for step in STEPS {
        for in_place in [false, true] {
            for away in [None, Some(Away::NoLine)] {
                killed_at(step, in_place, away.clone(), Message::Check);
                killed_at(step, in_place, away, Message::Reference);
            }
        }
    }
}

fn killed_at(step: Step, in_place: bool, away: Option<Away>, kind: Message) {
    let what = format!("{kind:?}, {step:?}, in place {in_place}, {away:?}");
    let mut clinic = Clinic::with(|settings| {
        (settings.write_in_place, settings.repeat_ms) = (in_place, DAY_MS);
    });
    let (ask, say, text) = match kind {
        Message::Check => (ASK, SAY, request("4260")),
        Message::Reference => (REGISTER, REGISTERED, registration("A-17")),
    };
    clinic.server.set(away.clone());
    clinic.drop_in(ask, text);
    *clinic.terminal().killed_at.lock().unwrap() = Some(step);
    clinic.terminal().scan(clinic.now());
    clinic.terminal().work(&|| clinic.now());
    assert_eq!(clinic.terminal().status().stuck, 1, "{what}");
    // The clinic takes a whole answer as soon as it sees one.
    let mut taken = Vec::new();
    let take = |taken: &mut Vec<Vec<u8>>, clinic: &Clinic| {
        taken.push(fs::read(clinic.res(say)).unwrap());
        fs::remove_file(clinic.res(say)).unwrap();
    };
    if step == Step::Shown {
        take(&mut taken, &clinic);
    }
    clinic.start();
    clinic.turn();
    if clinic.res(say).exists() {
        take(&mut taken, &clinic);
    }
    clinic.start();
    clinic.turn();
    assert_eq!((taken.len(), clinic.answers()), (1, vec![]), "{what}");
    let no_line = codes::NO_LINE.code;
    match (kind, &away) {
        (Message::Check, None) => assert!(is_good(&read(&taken[0]).0, "4260"), "{what}"),
        (Message::Check, _) => assert_eq!(third_answer_of(&read(&taken[0]).0), no_line, "{what}"),
        (Message::Reference, None) => assert!(is_registered(&read_registered(&taken[0]).0, "A-17"), "{what}"),
        (Message::Reference, _) => {
            assert_eq!(not_registered_of(&read_registered(&taken[0]).0), no_line, "{what}");
        }
    }
    let ids = clinic.server.ids();
    assert!(ids.iter().all(|id| *id == ids[0]), "{what}: asked under two ids");
    clinic.server.set(None);
    clinic.pass(100_000);
    clinic.turn();
    let status = clinic.terminal().status();
    assert_eq!((status.kept, clinic.answers()), (0, vec![]), "{what}");
    // What could not be registered is not registered behind the clinic's back.
    if kind == Message::Reference && away.is_some() {
        assert_eq!((status.reported, clinic.server.registered.lock().unwrap().1), (0, 0), "{what}");
        assert!(clinic.journal().is_empty(), "{what}");
    }
}

#[test]
fn killed_while_taking_from_another_disk_nothing_is_lost() {
    let mut clinic = Clinic::new();
    clinic.terminal.as_mut().unwrap().journal_mut().other_disk = true;
    clinic.drop_in(ASK, request("1"));
    clinic.turn();
    assert!(is_good(&clinic.take(SAY), "1"));
    // Renamed in the share, killed before the copy; and killed after it, before the removal.
    for (count, copied) in [(1, false), (2, true)] {
        clinic.terminal = None;
        let id = format!("1700000000000-0000000{count}");
        let own = clinic.dir.path().join("journal").join(&id);
        fs::create_dir(&own).unwrap();
        fs::write(clinic.req(&format!(".{id}~{ASK}")), request("2")).unwrap();
        if copied {
            fs::write(own.join(ASK), request("2")).unwrap();
        }
        clinic.settings.repeat_ms = 0;
        clinic.start();
        clinic.turn();
        assert!(is_good(&clinic.take(SAY), "2"));
        assert!(names(&clinic.dir.path().join("OQS/req")).is_empty() && clinic.answers().is_empty());
    }
}

#[test]
fn killed_while_finishing_the_rest_is_cleaned_up() {
    let mut clinic = Clinic::new();
    clinic.server.set(Some(Away::NoLine));
    clinic.terminal = None;
    let journal = clinic.dir.path().join("journal");
    let entry = |name: &str, files: &[&str]| {
        fs::create_dir(journal.join(name)).unwrap();
        for file in files {
            fs::write(journal.join(name).join(file), request("1")).unwrap();
        }
    };
    let done = format!("1700000000000-00000001.{}.done", clinic.now().utc_ms);
    entry(&done, &[ASK, "answer", "out"]);
    entry("1700000000000-00000002.gone", &[ASK, "answer"]);
    entry("1700000000000-00000003", &[]);
    entry("1700000000000-00000004", &[ASK, "answer", "out", "kept"]);
    entry("1700000000000-00000005", &[".part"]);
    clinic.start();
    assert_eq!(clinic.journal(), [done.clone(), "1700000000000-00000004".to_owned()]);
    assert_eq!(names(&journal.join(done)), [ASK]);
    clinic.server.set(None);
    clinic.turn();
    assert_eq!((clinic.terminal().status().reported, clinic.answers().len()), (1, 0));
    assert_eq!(clinic.server.ids(), ["1700000000000-00000004"]);
}

/// Everything that is logged, as text.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) Arc<Mutex<String>>);

impl tracing::field::Visit for Log {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        *self.0.lock().unwrap() += &format!("{field}={value:?} ");
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("terminal")
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn no_stem_number_or_name_is_ever_logged() {
    let log = Log::default();
    // With a single subscriber, `tracing` asks the thread that first comes to a log line whether it is wanted, and
    // that may be another test's; with two it asks the subscribers.
    let _second = [tracing::Dispatch::new(Log::default()), tracing::Dispatch::new(Log::default())];
    tracing::callsite::rebuild_interest_cache();
    tracing::subscriber::with_default(log.clone(), || {
        let clinic = Clinic::new();
        let detail = Some("CANARY".to_owned());
        let no = Away::Refused { status: 409, code: detail.clone(), detail };
        for (n, away) in [None, Some(Away::NoLine), Some(Away::TimedOut), Some(no)].into_iter().enumerate() {
            clinic.server.set(away);
            clinic.drop_in(&format!("OQSsiquc01req_CANARY{n}.xml"), request("CANARY"));
            clinic.drop_in(&format!("OQSsiquc01req_CANARY_{n}.xml"), "<CANARY/>");
            clinic.drop_in(&format!("OQSsiimm01req_CANARY{n}.xml"), registration("CANARY"));
            clinic.drop_in(&format!("CANARY_{n}.xml"), request("CANARY"));
            clinic.settle();
            clinic.pass(60_000);
            clinic.turn();
        }
        clinic.drop_in("OQSsiquc01req_CANARY0.xml", request("CANARY"));
        clinic.terminal().scan(clinic.now());
        fs::rename(clinic.dir.path().join("OQS"), clinic.dir.path().join("gone")).unwrap();
        clinic.turn();
    });
    let text = log.0.lock().unwrap().clone();
    for word in [
        "terminal.answered",
        "terminal.refused",
        "terminal.undetermined",
        "terminal.left-alone",
        "terminal.stuck",
        "terminal.reported",
    ] {
        assert!(text.contains(word), "{word} is missing");
    }
    assert!(!text.contains("CANARY"), "{text}");
}

#[test]
fn the_share_may_go_away_and_come_back() {
    let clinic = Clinic::new();
    clinic.drop_in(ASK, request("4260"));
    clinic.terminal().scan(clinic.now());
    let (here, gone) = (clinic.dir.path().join("OQS"), clinic.dir.path().join("gone"));
    fs::rename(&here, &gone).unwrap();
    clinic.turn();
    let status = clinic.terminal().status();
    assert!(status.share_away && status.stuck == 1 && status.waiting == 1);
    fs::rename(&gone, &here).unwrap();
    clinic.pass(1_000);
    clinic.turn();
    assert!(is_good(&clinic.take(SAY), "4260"));
    assert_eq!(clinic.server.ids().len(), 1);
    assert_eq!(clinic.terminal().status().stuck, 0);
}

#[test]
fn while_answers_cannot_be_written_the_rest_waits_in_the_share() {
    let clinic = Clinic::with(|settings| settings.parallel = 1);
    for n in 0..20 {
        clinic.drop_in(&format!("OQSsiquc01req_{n}.xml"), request(&n.to_string()));
    }
    let (here, gone) = (clinic.dir.path().join("OQS/res"), clinic.dir.path().join("gone"));
    fs::rename(&here, &gone).unwrap();
    for _ in 0..10 {
        clinic.turn();
        clinic.pass(1_000);
    }
    let status = clinic.terminal().status();
    assert_eq!((status.waiting, status.stuck), (4, 4));
    assert_eq!(names(&clinic.dir.path().join("OQS/req")).len(), 16);
    fs::rename(&gone, &here).unwrap();
    for _ in 0..20 {
        clinic.pass(1_000);
        clinic.turn();
    }
    assert_eq!((clinic.answers().len(), clinic.server.ids().len()), (20, 20));
}

#[test]
fn the_usual_settings_are_those_of_the_settings_file() {
    let usual = Settings::new(PathBuf::new(), PathBuf::new(), OWN.into());
    assert_eq!(usual.encoding, AnswerEncoding::SameAsRequest);
    let file = include_str!("../../config.default.toml");
    let section = file.split("[terminal]").nth(1).unwrap();
    for line in [
        format!("\npoll_ms = {}\n", usual.poll_ms),
        format!("\nsettle_ms = {}\n", usual.settle_ms),
        format!("\nrepeat_ms = {}\n", usual.repeat_ms),
        format!("\nwrite_in_place = {}\n", usual.write_in_place),
        "\nencoding = \"as-request\"\n".to_owned(),
    ] {
        assert!(section.contains(&line), "{line}");
    }
}

#[test]
fn written_in_place_when_the_clinic_wants_it() {
    let clinic = Clinic::with(|settings| settings.write_in_place = true);
    clinic.drop_in(ASK, request("4260"));
    clinic.turn();
    assert_eq!(clinic.answers(), [SAY]);
    assert!(is_good(&clinic.take(SAY), "4260"));
}

#[test]
fn two_terminals_cannot_have_one_journal() {
    let clinic = Clinic::new();
    assert!(Terminal::open_at(clinic.settings.clone(), clinic.server.clone(), 1).is_err());
}

#[test]
fn ids_never_come_back_even_when_the_clock_is_set_back() {
    let mut clinic = Clinic::new();
    for number in ["1", "2", "3"] {
        clinic.drop_in(ASK, request(number));
        clinic.turn();
        clinic.take(SAY);
        clinic.now.lock().unwrap().utc_ms -= 1_000;
        clinic.start();
    }
    let mut ids = clinic.server.ids();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn requests_of_two_writers_get_one_answer_each_while_four_workers_run() {
    let clinic = Clinic::with(|settings| settings.poll_ms = 1);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| crate::run(clinic.terminal(), &stop));
        let writers: Vec<_> = ["a", "b"]
            .map(|writer| {
                let clinic = &clinic;
                scope.spawn(move || {
                    for n in 0..40 {
                        let name = format!("{writer}{n}");
                        let part = clinic.req(&format!("{name}.tmp"));
                        fs::write(&part, request(&name)).unwrap();
                        fs::rename(part, clinic.req(&format!("OQSsiquc01req_{name}.xml"))).unwrap();
                    }
                })
            })
            .into_iter()
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        while clinic.terminal().status().answered < 80 || clinic.terminal().status().waiting > 0 {
            std::thread::yield_now();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(clinic.answers().len(), 80);
    for name in clinic.answers() {
        let number = name.trim_start_matches("OQSsiquc01res_").trim_end_matches(".xml");
        assert!(is_good(&clinic.take(&name), number));
    }
    assert_eq!(clinic.server.ids().len(), 80);
}
