//! The vendor's script door: one request does what a patient does at the kiosk, on the same card code.
//!
//! Always holds: a wrong PIN costs a try here as there; what is not agreed to is declined; doing without the
//! PIN wants the staff's code here as there; a browser gets nothing. PIN and code stand in no answer. The body and what
//! is read from it are wiped when the request is done; what socket and JSON parser hold of their own is not.
//! Not here: what a patient's answers mean (the server); who may be a script (`guard.rs`).
//! Rules come from: docs/rules.md S1 r1, r5, S2 r2; issue "Tap", part G. The form of request and answer is ours.

use super::booth::{Shared, Stop};
use super::line::{Answer, Answers, Ground, Next, Prescription, Question, Said, Tap, Way};
use super::rules::StaffCode;
use super::screens::{self, Screen};
use super::slot::Seated;
use card::{Pin, PinOutcome, Tries};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use zeroize::Zeroizing;

/// The largest request, in bytes.
pub const BODY_MAX: usize = 16 << 10;

/// How long a script's answer waits for its result to be in the face folder.
const FACE_WAIT: Duration = Duration::from_secs(2);

/// The kinds of information that a patient can agree to show. The server knows which of them exist on a day.
pub const WORDS: [&str; 10] = [
    "checkups",
    "drugs",
    "diagnosis",
    "operation",
    "diagnosis-names",
    "infectious",
    "allergies",
    "drug-allergies",
    "tests",
    "prescriptions",
];

/// What a script asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    card: String,
    #[serde(default, deserialize_with = "wiped")]
    pin: Option<Zeroizing<String>>,
    #[serde(default)]
    way: WireWay,
    #[serde(default, deserialize_with = "wiped")]
    staff_code: Option<Zeroizing<String>>,
    #[serde(default)]
    agreed: Vec<String>,
    #[serde(default)]
    declined: Vec<String>,
    #[serde(default)]
    limit: bool,
    #[serde(default)]
    diseases: bool,
    #[serde(default)]
    prescription: Option<WirePrescription>,
    #[serde(default)]
    enrol: bool,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum WireWay {
    #[default]
    Pin,
    Eye,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WirePrescription {
    #[serde(alias = "1")]
    Electronic,
    #[serde(alias = "2")]
    Paper,
}

fn wiped<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Option::<String>::deserialize(from).map(|pin| pin.map(Zeroizing::new))
}

const SHAPE: &str = "a JSON object {card, pin, way: \"pin\" or \"eye\", staff_code, agreed: [], declined: [], limit, \
    diseases, prescription: \"electronic\" or \"paper\", enrol}; card is needed, and pin, or staff_code when way is \"eye\"";

/// What a script gets: an HTTP status and a JSON body.
pub struct Outcome {
    /// The status.
    pub status: u16,
    /// The body; problem details unless the status is 200.
    pub body: Value,
}

/// Why a request is not taken, as problem details.
pub fn problem(status: u16, screen: &'static Screen, detail: &str) -> Outcome {
    let body = json!({
        "type": format!("urn:shikaku:kiosk:{}", screen.word),
        "title": screen.title.1,
        "status": status,
        "detail": detail,
        "engineer": screen.engineer,
        "code": format!("kiosk.{}", screen.word),
        "oqs": screen.code,
    });
    Outcome { status, body }
}

/// Does what a script asks for.
pub fn tap(shared: &Shared, body: &[u8]) -> Outcome {
    // The library's own message quotes the value, which may be the PIN.
    let object = body.trim_ascii_start().starts_with(b"{");
    let Some(wire) = serde_json::from_slice::<Wire>(body).ok().filter(|_| object) else {
        return problem(422, &screens::SCRIPT_SHAPE, &format!("expected {SHAPE}"));
    };
    let answers = match answers(&wire) {
        Ok(answers) => answers,
        Err(outcome) => return outcome,
    };
    let way = match way(shared, &wire) {
        Ok(way) => way,
        Err(outcome) => return outcome,
    };
    let Some(stem) = shared.cards.named(&wire.card) else {
        return problem(
            422,
            &screens::SCRIPT_CARD,
            "card must be the label, the file's stem, or the beginning of \
            the label of one card in the folder of the cards",
        );
    };
    match visit(shared, &stem, &way, answers, wire.enrol) {
        Ok((answer, file)) => {
            if let Some(file) = &file {
                // A script looks for it at once; a share that is away is not waited for.
                shared.faces.wait_until_shown(file, FACE_WAIT);
            }
            done(&answer, file)
        }
        Err(halt) => stopped(&halt),
    }
}

/// How a script shows that the card's holder is there.
enum Shown<'w> {
    Pin(Pin),
    /// By the staff, with its code.
    Eye(&'w str),
}

fn way<'w>(shared: &Shared, wire: &'w Wire) -> Result<Shown<'w>, Outcome> {
    let bad = |detail| Err(problem(422, &screens::SCRIPT_SHAPE, detail));
    match (wire.way, wire.pin.as_deref().and_then(|pin| Pin::new(pin)), wire.staff_code.as_deref()) {
        (WireWay::Pin, Some(pin), _) => Ok(Shown::Pin(pin)),
        (WireWay::Pin, None, _) => bad("pin must be four digits, or way must be \"eye\""),
        (WireWay::Eye, _, Some(code)) if !code.is_empty() => Ok(Shown::Eye(code)),
        // Without a code of the staff's there is none to be given.
        (WireWay::Eye, ..) if !shared.setting.eye_check => Ok(Shown::Eye("")),
        (WireWay::Eye, ..) => bad("staff_code must be the staff's code when way is \"eye\""),
    }
}

/// The patient's answers: whatever is not agreed to is declined.
fn answers(wire: &Wire) -> Result<Answers, Outcome> {
    if wire.agreed.iter().chain(&wire.declined).any(|word| !WORDS.contains(&word.as_str())) {
        let detail = format!("agreed and declined may hold: {}", WORDS.join(", "));
        return Err(problem(422, &screens::SCRIPT_WORD, &detail));
    }
    if wire.agreed.iter().any(|word| wire.declined.contains(word)) {
        return Err(problem(422, &screens::SCRIPT_WORD, "a word stands in agreed and in declined"));
    }
    let (agreed, declined) =
        WORDS.iter().map(|word| (*word).to_owned()).partition(|word| wire.agreed.contains(word));
    let prescription = wire.prescription.map(|form| match form {
        WirePrescription::Electronic => Prescription::Electronic,
        WirePrescription::Paper => Prescription::Paper,
    });
    Ok(Answers { agreed, declined, limit: wire.limit, diseases: wire.diseases, prescription })
}

/// Why a script's visit ended before the server's last word.
enum Halt {
    Stop(Stop),
    Pin { screen: &'static Screen, left: u8 },
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Halt {
        Halt::Stop(stop)
    }
}

impl From<&'static Screen> for Halt {
    fn from(screen: &'static Screen) -> Halt {
        Halt::Stop(Stop::Screen(screen))
    }
}

fn visit(
    shared: &Shared,
    stem: &str,
    shown: &Shown<'_>,
    answers: Answers,
    enrol: bool,
) -> Result<(Answer, Option<String>), Halt> {
    let mut seated = shared.cards.seat(stem)?;
    let way = match shown {
        Shown::Pin(pin) => {
            by_pin(&mut seated, pin)?;
            Way::Pin
        }
        Shown::Eye(_) if !shared.setting.eye_check => return Err(Halt::from(&screens::NO_PIN_NO_EYE)),
        Shown::Eye(code) => match shared.staff_code(code) {
            StaffCode::Right => Way::Eye,
            StaffCode::Shut => return Err(Halt::from(&screens::STAFF_CODE_SHUT)),
            StaffCode::Wrong | StaffCode::Missing => return Err(Halt::from(&screens::STAFF_CODE_WRONG)),
        },
    };
    let session = shared.word();
    let ground = Ground::Proof(shared.prove(&mut seated, way, &session)?);
    let tap = Tap { session, ground, answers: Some(answers), enrol: None, reader: "script" };
    let (answer, file) = shared.tap(&shared.word(), &tap)?;
    let Next::Enrol { pass, terms } = answer.next else { return Ok((answer, file)) };
    if !enrol {
        return Ok((Answer { next: Next::Enrol { pass, terms }, ..answer }, file));
    }
    // The terms' version is not known before the server names it.
    let again = Tap { ground: Ground::Pass(pass), enrol: Some(terms.version), ..tap };
    Ok(shared.tap(&shared.word(), &again)?)
}

/// Shows the PIN to the card.
fn by_pin(seated: &mut Seated, pin: &Pin) -> Result<(), Halt> {
    if seated.tries()? == Tries::Unusable {
        return Err(Halt::from(&screens::NO_PIN_CARD));
    }
    match seated.verify(pin)? {
        PinOutcome::Right => Ok(()),
        PinOutcome::Wrong { left } => Err(Halt::Pin { screen: &screens::WRONG_PIN, left }),
        PinOutcome::Unusable => Err(Halt::from(&screens::NO_PIN_CARD)),
        PinOutcome::Blocked | PinOutcome::JustBlocked => {
            Err(Halt::Pin { screen: &screens::PIN_BLOCKED, left: 0 })
        }
    }
}

fn done(answer: &Answer, file: Option<String>) -> Outcome {
    let (state, ask) = match &answer.next {
        Next::Ask { questions, .. } => ("ask", kinds(questions)),
        Next::Enrol { .. } => ("enrol", Vec::new()),
        Next::Done { .. } => ("done", Vec::new()),
        Next::Refused => ("refused", Vec::new()),
    };
    let mut body = said(state, &answer.said);
    body["face_file"] = json!(file);
    body["ask"] = json!(ask);
    body["notice"] = answer.notice.as_ref().map_or(Value::Null, |notice| said("", notice));
    if let Next::Enrol { terms, .. } = &answer.next {
        body["terms"] = json!({ "version": terms.version });
    }
    Outcome { status: 200, body }
}

fn kinds(questions: &[Question]) -> Vec<&str> {
    questions.iter().map(|question| question.kind.as_str()).collect()
}

fn said(state: &str, said: &Said) -> Value {
    let mut body = json!({
        "outcome": said.outcome,
        "code": said.code,
        "oqs": said.oqs,
        "tone": said.tone,
        "title": said.title,
        "text": said.text,
        "now": said.now,
    });
    if !state.is_empty() {
        body["state"] = json!(state);
    }
    body
}

/// What the terminal itself says: `refused` by the card, `away` when the line did not let it be determined.
fn stopped(halt: &Halt) -> Outcome {
    let (state, screen, left) = match halt {
        Halt::Stop(Stop::Screen(screen)) => ("refused", *screen, None),
        Halt::Stop(Stop::Unkept) => ("away", &screens::RESULT_UNKEPT, None),
        Halt::Stop(Stop::Away(trouble)) => ("away", screens::of_trouble(trouble), None),
        Halt::Pin { screen, left } => ("refused", *screen, Some(*left)),
    };
    let fill = |text: &str| text.replace("{}", &left.unwrap_or_default().to_string());
    let both = |(ja, en): (&str, &str)| json!({ "ja": fill(ja), "en": fill(en) });
    let body = json!({
        "state": state,
        "code": format!("kiosk.{}", screen.word),
        "oqs": screen.code,
        "tone": screen.tone.word(),
        "title": both(screen.title),
        "text": both(screen.text),
        "now": both(screen.now),
        "tries_left": left,
        "face_file": null,
        "ask": [],
        "notice": null,
    });
    Outcome { status: 200, body }
}
