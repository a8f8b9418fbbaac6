//! What the kiosk asks of the server: a nonce, a tap, and for the person's own pages a proof.
//!
//! Always holds: a request says nothing of the PIN, and everything it says is in its body. The same key with the same
//! body asks for the same decision, so asking again after a lost answer is harmless. What cannot be read in full is
//! no answer. No `Debug` here tells of a person.
//! Not here: when what is asked (`rules.rs`, `booth.rs`), TLS and time-outs (`door.rs`).
//! Rules come from: docs/rules.md S1 r1, S2 r2; the contract between kiosk and server, our own.

use super::lang::{Lang, Words};
use crate::door::{Away, Door};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;

/// Where a nonce is asked for.
pub const NONCE_PATH: &str = "/oqs/v1/kiosk/nonce";
/// Where a card's proof and the patient's answers go.
pub const TAP_PATH: &str = "/oqs/v1/kiosk/tap";
/// Where, on the pages, a proof for a sign-in goes.
pub const PROVE_PATH: &str = "/my/prove";

/// Questions that one answer may hold; the law knows twelve.
const QUESTIONS_MAX: usize = 32;
/// Paragraphs of terms.
const TERMS_MAX: usize = 64;
/// Bytes of an answer of the pages.
const PROVE_BYTES_MAX: u64 = 64 << 10;

/// The way to the server.
pub trait Line: Send + Sync {
    /// A fresh nonce for a card session.
    fn nonce(&self, key: &str, session: &str) -> Result<Challenge, Trouble>;
    /// Proof or pass, with what the patient answered so far.
    fn tap(&self, key: &str, tap: &Tap) -> Result<Answer, Trouble>;
    /// The proof of a sign-in, for the person's own pages; with their word, whether it was taken.
    fn prove(&self, key: &str, proof: &Proof) -> Result<(Said, bool), Trouble>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The line or the server.
    Away(Away),
    /// Something came that is no answer.
    BadAnswer,
}

/// A nonce, and what the card signs.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The nonce, to be sent back.
    pub nonce: String,
    /// The bytes to be signed; the reader hashes them as the card's key wants it.
    pub message: Vec<u8>,
}

/// How it was made sure that the card is the patient's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the four digits.
    Pin,
    /// By staff, who compared face and photo (目視確認).
    Eye,
}

impl Way {
    /// As messages have it.
    pub fn word(self) -> &'static str {
        match self {
            Way::Pin => "pin",
            Way::Eye => "eye",
        }
    }
}

/// What a card showed.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// The nonce it is about.
    pub nonce: String,
    /// The authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// The signature over the challenge.
    pub signature: Vec<u8>,
    /// How the holder was made sure of.
    pub way: Way,
}

/// What a tap stands on: never both.
#[derive(Clone, PartialEq, Eq)]
pub enum Ground {
    /// The card.
    Proof(Proof),
    /// An earlier answer.
    Pass(String),
}

/// A prescription's form, the patient's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prescription {
    /// Electronic (電子処方箋).
    Electronic,
    /// Paper.
    Paper,
}

impl Prescription {
    /// The code of `PrescriptionIssueSelect`.
    pub fn code(self) -> &'static str {
        match self {
            Prescription::Electronic => "1",
            Prescription::Paper => "2",
        }
    }
}

/// What the patient answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Kinds that the clinic may see.
    pub agreed: Vec<String>,
    /// Kinds that it may not.
    pub declined: Vec<String>,
    /// Whether the high-cost limit is given.
    pub limit: bool,
    /// Whether the specific-disease certificate is given.
    pub diseases: bool,
    /// The prescription's form, when it was asked.
    pub prescription: Option<Prescription>,
}

/// One request of a card session.
#[derive(Clone, PartialEq, Eq)]
pub struct Tap {
    /// The card session's own random mark.
    pub session: String,
    /// What it stands on.
    pub ground: Ground,
    /// With answers the check is made; without, the server says what it will ask.
    pub answers: Option<Answers>,
    /// The version of the terms that the patient agreed to.
    pub enrol: Option<String>,
    /// `kiosk` or `script`.
    pub reader: &'static str,
}

/// What the server says to the patient.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Said {
    /// How a check ended, for whoever scripts the reader; empty when none was made.
    #[serde(default, deserialize_with = "or_default")]
    pub outcome: String,
    /// A stable word; empty without remark.
    #[serde(default, deserialize_with = "or_default")]
    pub code: String,
    /// The nine-character code.
    #[serde(default, deserialize_with = "or_default")]
    pub oqs: String,
    /// `success`, `warning`, `error` or `info`.
    #[serde(default, deserialize_with = "or_default")]
    pub tone: String,
    /// What it is.
    #[serde(default, deserialize_with = "or_default")]
    pub title: Words,
    /// What happened.
    #[serde(default, deserialize_with = "or_default")]
    pub text: Words,
    /// What to do now.
    #[serde(default, deserialize_with = "or_default")]
    pub now: Words,
}

/// `null` is absent.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// One question.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    /// `limit`, `diseases` or a kind of information.
    pub kind: String,
    /// The question.
    pub ja: String,
    /// The question.
    pub en: String,
    /// Why it is asked.
    #[serde(default)]
    pub why_ja: String,
    /// Why it is asked.
    #[serde(default)]
    pub why_en: String,
}

impl Question {
    /// The question in a language.
    pub fn text(&self, lang: Lang) -> &str {
        lang.pick(&self.ja, &self.en)
    }

    /// Why it is asked.
    pub fn why(&self, lang: Lang) -> &str {
        lang.pick(&self.why_ja, &self.why_en)
    }
}

/// The terms of enrolment.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Terms {
    /// Their version.
    pub version: String,
    /// Sentences.
    pub ja: Vec<String>,
    /// Sentences.
    pub en: Vec<String>,
}

/// What comes next.
#[derive(Clone, PartialEq, Eq)]
pub enum Next {
    /// Questions; there may be none.
    Ask {
        /// For the next request.
        pass: String,
        /// In this order.
        questions: Vec<Question>,
        /// Whether the prescription's form is asked too.
        prescription: bool,
    },
    /// The card is not enrolled as insurance certificate.
    Enrol {
        /// For the next request.
        pass: String,
        /// What has to be agreed to.
        terms: Terms,
    },
    /// Checked.
    Done {
        /// The message for the clinic's face folder.
        face: Option<Value>,
    },
    /// Refused; said why.
    Refused,
}

/// The server's answer to a tap.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub said: Said,
    /// What it says beside.
    pub notice: Option<Said>,
    /// What comes next.
    pub next: Next,
}

macro_rules! silent {
    ($($name:ident),*) => {
        $(impl std::fmt::Debug for $name {
            /// Tells nothing of anybody.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })*
    };
}

silent!(Challenge, Proof, Ground, Tap, Said, Question, Terms, Next, Answer);

/// The line over the machines' door, and over http to the pages.
pub struct HttpLine {
    door: Arc<dyn Door>,
    pages: Agent,
    pages_url: String,
}

impl HttpLine {
    /// A line over a door, with the address of the pages (`http://host:port`), and how long they may take.
    pub fn new(door: Arc<dyn Door>, pages_url: &str, timeout_ms: u64) -> HttpLine {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_millis(timeout_ms)))
            .build();
        HttpLine { door, pages: config.into(), pages_url: pages_url.trim_end_matches('/').to_owned() }
    }
}

impl Line for HttpLine {
    fn nonce(&self, key: &str, session: &str) -> Result<Challenge, Trouble> {
        let body = json!({ "session": session });
        let bytes = self.door.ask(NONCE_PATH, key, body.to_string().as_bytes()).map_err(Trouble::Away)?;
        read_challenge(&bytes).ok_or(Trouble::BadAnswer)
    }

    fn tap(&self, key: &str, tap: &Tap) -> Result<Answer, Trouble> {
        let body = write_tap(tap).to_string();
        let bytes = self.door.ask(TAP_PATH, key, body.as_bytes()).map_err(Trouble::Away)?;
        read_answer(&bytes).ok_or(Trouble::BadAnswer)
    }

    fn prove(&self, key: &str, proof: &Proof) -> Result<(Said, bool), Trouble> {
        let body = json!({
            "nonce": proof.nonce,
            "certificate": STANDARD.encode(&proof.certificate),
            "signature": STANDARD.encode(&proof.signature),
        });
        let sent = self
            .pages
            .post(format!("{}{PROVE_PATH}", self.pages_url))
            .header("Content-Type", "application/json;charset=UTF-8")
            .header("Accept", "application/json")
            .header("Origin", &self.pages_url)
            .header("Idempotency-Key", key)
            .send(body.to_string().as_bytes());
        let mut response = sent.map_err(|error| Trouble::Away(page_away(&error)))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(PROVE_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| Trouble::Away(page_away(&error)))?;
        match status {
            200 => read_proved(&body).ok_or(Trouble::BadAnswer),
            429 | 503 => Err(Trouble::Away(Away::Busy)),
            504 => Err(Trouble::Away(Away::TimedOut)),
            status => Err(Trouble::Away(Away::Refused { status, code: None, detail: None })),
        }
    }
}

fn page_away(error: &ureq::Error) -> Away {
    match error {
        ureq::Error::Timeout(_) => Away::TimedOut,
        _ => Away::NoLine,
    }
}

fn read_challenge(bytes: &[u8]) -> Option<Challenge> {
    #[derive(Deserialize)]
    struct Wire {
        nonce: String,
        message: String,
    }
    let wire: Wire = serde_json::from_slice(bytes).ok()?;
    let message = STANDARD.decode(&wire.message).ok().filter(|message| !message.is_empty())?;
    (!wire.nonce.is_empty()).then_some(Challenge { nonce: wire.nonce, message })
}

fn read_proved(bytes: &[u8]) -> Option<(Said, bool)> {
    match read_answer(bytes)? {
        Answer { said, next: Next::Done { .. }, .. } => Some((said, true)),
        Answer { said, next: Next::Refused, .. } => Some((said, false)),
        _ => None,
    }
}

/// A tap as it is sent.
fn write_tap(tap: &Tap) -> Value {
    let mut body = json!({ "session": tap.session, "reader": tap.reader });
    match &tap.ground {
        Ground::Proof(proof) => {
            body["proof"] = json!({
                "nonce": proof.nonce,
                "certificate": STANDARD.encode(&proof.certificate),
                "signature": STANDARD.encode(&proof.signature),
                "way": proof.way.word(),
            });
        }
        Ground::Pass(pass) => body["pass"] = json!(pass),
    }
    if let Some(answers) = &tap.answers {
        body["answers"] = json!({
            "agreed": answers.agreed,
            "declined": answers.declined,
            "limit": answers.limit,
            "diseases": answers.diseases,
            "prescription": answers.prescription.map(Prescription::code),
        });
    }
    if let Some(version) = &tap.enrol {
        body["enrol"] = json!(version);
    }
    body
}

/// A tap's answer as it comes; `None` when anything that the next step needs is missing.
fn read_answer(bytes: &[u8]) -> Option<Answer> {
    #[derive(Deserialize)]
    struct Wire {
        state: String,
        #[serde(flatten)]
        said: Said,
        pass: Option<String>,
        ask: Option<Vec<Question>>,
        #[serde(default, deserialize_with = "or_default")]
        prescription: bool,
        notice: Option<Said>,
        terms: Option<Terms>,
        face: Option<Value>,
    }
    let wire: Wire = serde_json::from_slice(bytes).ok()?;
    let pass = wire.pass.filter(|pass| !pass.is_empty());
    let next = match wire.state.as_str() {
        "ask" => {
            let questions = wire.ask.filter(|ask| ask.len() <= QUESTIONS_MAX)?;
            Next::Ask { pass: pass?, questions, prescription: wire.prescription }
        }
        "enrol" => {
            let terms = wire.terms.filter(|terms| terms.ja.len().max(terms.en.len()) <= TERMS_MAX)?;
            Next::Enrol { pass: pass?, terms }
        }
        "done" => Next::Done { face: wire.face },
        "refused" => Next::Refused,
        _ => return None,
    };
    Some(Answer { said: wire.said, notice: wire.notice, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_r1_a_tap_is_written_as_the_contract_says() {
        let proof = Proof { nonce: "n".into(), certificate: vec![1, 2], signature: vec![3], way: Way::Eye };
        let tap = Tap {
            session: "s".into(),
            ground: Ground::Proof(proof),
            answers: None,
            enrol: None,
            reader: "kiosk",
        };
        let expected = json!({"session": "s", "reader": "kiosk",
            "proof": {"nonce": "n", "certificate": "AQI=", "signature": "Aw==", "way": "eye"}});
        assert_eq!(write_tap(&tap), expected);
        let answers = Answers {
            agreed: vec!["drugs".into()],
            declined: vec!["checkups".into()],
            limit: true,
            diseases: false,
            prescription: Some(Prescription::Paper),
        };
        let tap = Tap {
            ground: Ground::Pass("p".into()),
            answers: Some(answers),
            enrol: Some("2026-11".into()),
            ..tap
        };
        let expected = json!({"session": "s", "reader": "kiosk", "pass": "p", "enrol": "2026-11",
            "answers": {"agreed": ["drugs"], "declined": ["checkups"], "limit": true, "diseases": false,
                "prescription": "2"}});
        assert_eq!(write_tap(&tap), expected);
        assert_eq!(format!("{tap:?}"), "Tap(…)");
    }

    /// Hears one request on a socket and answers it.
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    fn once(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            let mut part = [0; 4096];
            while !heard.ends_with(b"}") {
                let read = socket.read(&mut part).unwrap();
                heard.extend_from_slice(&part[..read]);
            }
            let head = format!("HTTP/1.1 {answer}");
            socket.write_all(head.as_bytes()).unwrap();
            String::from_utf8(heard).unwrap()
        });
        (url, thread)
    }

    #[derive(Default)]
    struct Heard(std::sync::Mutex<Vec<(&'static str, String)>>);

    impl Door for Heard {
        fn ask(&self, path: &'static str, key: &str, _: &[u8]) -> Result<Vec<u8>, Away> {
            self.0.lock().unwrap().push((path, key.to_owned()));
            Ok(br#"{"nonce":"n","message":"AQ==","state":"refused"}"#.to_vec())
        }
    }

    #[test]
    fn the_line_goes_through_the_machines_door() {
        let door = Arc::new(Heard::default());
        let line = HttpLine::new(door.clone(), "http://127.0.0.1:1", 100);
        assert!(line.nonce("k1", "s").is_ok());
        let ground = Ground::Pass("p".into());
        let tap = Tap { session: "s".into(), ground, answers: None, enrol: None, reader: "kiosk" };
        assert!(matches!(line.tap("k2", &tap).unwrap().next, Next::Refused));
        let expected = [(NONCE_PATH, "k1".to_owned()), (TAP_PATH, "k2".to_owned())];
        assert_eq!(*door.0.lock().unwrap(), expected);
    }

    #[test]
    fn a_sign_ins_proof_goes_to_the_pages_of_the_settings() {
        let proof = Proof { nonce: "n".into(), certificate: vec![1], signature: vec![2], way: Way::Pin };
        let line = |url: &str| HttpLine::new(Arc::new(Heard::default()), &format!("{url}/"), 2_000);
        let good = "200 OK\r\ncontent-length: 44\r\nconnection: close\r\n\r\n{\"state\":\"done\",\"title\":{\"ja\":\"x\"},\"oqs\":\"\"}";
        let (url, thread) = once(good);
        let (said, done) = line(&url).prove("k", &proof).unwrap();
        assert!(done && said.title.ja == "x");
        let heard = thread.join().unwrap();
        assert!(heard.starts_with("POST /my/prove HTTP/1.1\r\n"), "{heard}");
        assert!(heard.to_lowercase().contains(&format!("\r\norigin: {url}\r\n")), "{heard}");
        assert!(heard.ends_with("\r\n\r\n{\"certificate\":\"AQ==\",\"nonce\":\"n\",\"signature\":\"Ag==\"}"));
        let refused = |status| Trouble::Away(Away::Refused { status, code: None, detail: None });
        for (answer, expected) in [
            ("303 See Other\r\nlocation: /\r\ncontent-length: 0\r\n\r\n", refused(303)),
            ("403 Forbidden\r\ncontent-length: 0\r\n\r\n", refused(403)),
            ("503 Busy\r\ncontent-length: 0\r\n\r\n", Trouble::Away(Away::Busy)),
            ("200 OK\r\ncontent-length: 2\r\n\r\n{}", Trouble::BadAnswer),
        ] {
            let (url, thread) = once(answer);
            assert_eq!(line(&url).prove("k", &proof), Err(expected));
            thread.join().unwrap();
        }
        assert_eq!(line("http://127.0.0.1:1").prove("k", &proof), Err(Trouble::Away(Away::NoLine)));
    }

    #[test]
    fn answers_that_lack_what_comes_next_are_none() {
        let whole =
            json!({"state": "ask", "code": "", "tone": "info", "pass": "p", "ask": [], "prescription": true});
        let answer = read_answer(whole.to_string().as_bytes()).unwrap();
        assert!(
            matches!(answer.next, Next::Ask { prescription: true, ref questions, .. } if questions.is_empty())
        );
        let many = vec![json!({"kind": "drugs", "ja": "", "en": ""}); QUESTIONS_MAX + 1];
        for broken in [
            json!({"state": "ask", "ask": []}),
            json!({"state": "ask", "pass": "", "ask": []}),
            json!({"state": "ask", "pass": "p"}),
            json!({"state": "ask", "pass": "p", "ask": many}),
            json!({"state": "enrol", "pass": "p"}),
            json!({"state": "perhaps"}),
            json!({"state": "done", "title": "text"}),
            json!([]),
        ] {
            assert!(read_answer(broken.to_string().as_bytes()).is_none(), "{broken}");
        }
        assert!(read_challenge(br#"{"nonce":"n","message":"AQ=="}"#).is_some());
        for broken in
            [r#"{"nonce":"n","message":"?"}"#, r#"{"nonce":"","message":"AQ=="}"#, r#"{"nonce":"n"}"#]
        {
            assert!(read_challenge(broken.as_bytes()).is_none());
        }
    }
}
