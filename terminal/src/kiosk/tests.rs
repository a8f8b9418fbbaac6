//! Stories at the kiosk: the state machine by tables, and everything else through the router with a line that the test
//! plays.
//!
//! Always holds: no test waits for time to pass; the clock is made up, cards are files as anywhere else.
//! Not here: results on their way (`face.rs`), the line's messages (`line.rs`), the guards (`guard.rs`).
//! Rules come from: docs/rules.md S1 r1, r5, S2 r2, r4, S17 r1; issue "Tap", parts C, D, F, G and its hostile cases.

use super::booth::Rim;
use super::line::*;
use super::rules::*;
use super::screens::{self, Screen};
use super::web::Site;
use super::{Settings, Words, matching_code};
use crate::door::Away;
use crate::face::Faces;
use crate::rim::Courier;
use crate::work::Now;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use card::{Card, Contents, Half, Kind, Pin, PinOutcome, Tries};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

const OWN: &str = "1310000001";
const EYE_CODE: &str = "2580";
const IDLE: u64 = 60_000;
const RESULT: u64 = 20_000;
const SETTING: Setting = Setting { idle_ms: IDLE, result_ms: RESULT, eye_check: true };

// --- the state machine ----------------------------------------------------------------------------------------

fn opened(errand: Errand) -> Desk {
    let mut desk = Desk { session: None, shelf: Shelf::default() };
    let word = |text: &str| text.to_owned();
    let chosen = Chosen { stem: word("P1"), errand, id: word("id"), key: word("key"), mark: word("mark") };
    let effects = choose(&mut desk, chosen, 0);
    assert!(matches!(effects[..], [Effect::Read]));
    desk
}

fn tell(desk: &mut Desk, event: Event) -> Vec<Effect> {
    advance(desk, event, &SETTING, "fresh".to_owned(), 0)
}

fn place(desk: &Desk) -> &'static str {
    match desk.session.as_ref().map(|session| &session.place) {
        None => "start",
        Some(Place::Working(_)) => "working",
        Some(Place::Pin { .. }) => "pin",
        Some(Place::Eye { .. }) => "eye",
        Some(Place::Terms { .. }) => "terms",
        Some(Place::Ask(_)) => "ask",
        Some(Place::Over(over)) => match &over.ending {
            Ending::Said { done: true, .. } => "done",
            Ending::Said { .. } => "refused",
            Ending::Own(screen) => screen.word,
        },
    }
}

fn said(title: &str) -> Said {
    Said {
        tone: "success".into(),
        title: Words { ja: title.to_owned(), en: title.to_owned() },
        ..Said::default()
    }
}

fn asking(kinds: &[&str], prescription: bool) -> Answer {
    let question = |kind: &&str| Question {
        kind: (*kind).to_owned(),
        ja: format!("{kind}を提供しますか"),
        en: format!("{kind}?"),
        why_ja: String::new(),
        why_en: String::new(),
    };
    let questions = kinds.iter().map(question).collect();
    Answer {
        said: Said::default(),
        notice: None,
        next: Next::Ask { pass: "pass".into(), questions, prescription },
    }
}

fn enrolling() -> Answer {
    let terms = Terms { version: "2026-11".into(), ja: vec!["一つ".into()], en: vec!["one".into()] };
    Answer { said: Said::default(), notice: None, next: Next::Enrol { pass: "pass".into(), terms } }
}

fn finished(next: Next) -> Answer {
    Answer { said: said("結果"), notice: None, next }
}

fn seated(tries: Tries) -> Event {
    Event::Seated("試験　花子".into(), tries)
}

fn pin() -> Event {
    Event::Pin(Pin::new("1234"))
}

fn answered(answer: Answer) -> Event {
    Event::Answered(Box::new(answer))
}

/// Every place that a session can be in, and how to get there.
fn places() -> Vec<(&'static str, Vec<Event>)> {
    let at_pin = || vec![seated(Tries::Left(3))];
    let signed = || {
        let mut events = at_pin();
        events.extend([pin(), Event::Verified(PinOutcome::Right)]);
        events
    };
    let with = |mut events: Vec<Event>, more: Vec<Event>| {
        events.extend(more);
        events
    };
    vec![
        ("working", vec![]),
        ("pin", at_pin()),
        ("working", with(at_pin(), vec![pin()])),
        ("eye", with(at_pin(), vec![Event::WantEye])),
        ("eye", vec![seated(Tries::Unusable)]),
        ("working", signed()),
        ("terms", with(signed(), vec![answered(enrolling())])),
        ("terms-declined", with(signed(), vec![answered(enrolling()), Event::Terms(false)])),
        ("ask", with(signed(), vec![answered(asking(&["drugs"], true))])),
        ("ask", with(signed(), vec![answered(asking(&["drugs"], true)), Event::Answer(true)])),
        ("done", with(signed(), vec![answered(finished(Next::Done { face: None }))])),
        ("refused", with(signed(), vec![answered(finished(Next::Refused))])),
        ("no-line", with(signed(), vec![Event::Away(Trouble::Away(Away::NoLine), Effect::Prove(Way::Pin))])),
        ("pin-blocked", vec![seated(Tries::Blocked)]),
        ("card-swapped", with(at_pin(), vec![Event::Failed(&screens::CARD_SWAPPED)])),
    ]
}

/// Each place by its name, with what makes a desk that is there.
fn everywhere(mut test: impl FnMut(&str, &dyn Fn() -> Desk)) {
    for index in 0..places().len() {
        let (name, _) = places().swap_remove(index);
        let make = || {
            let mut desk = opened(Errand::Visit);
            for event in places().swap_remove(index).1 {
                tell(&mut desk, event);
            }
            desk
        };
        assert_eq!(place(&make()), name);
        test(name, &make);
    }
}

#[test]
fn s2_r4_the_card_can_be_taken_out_of_every_place() {
    everywhere(|name, make| {
        let mut desk = make();
        desk.shelf.find = "花子".to_owned();
        let effects = tell(&mut desk, Event::Out);
        assert!(matches!(effects[..], [Effect::PowerOff]), "{name}");
        assert!(desk.session.is_none() && desk.shelf.find.is_empty(), "{name}");
        assert!(tell(&mut desk, pin()).is_empty());
    });
}

#[test]
fn s2_r4_a_newer_session_ends_the_older_at_every_place() {
    everywhere(|name, make| {
        let mut desk = make();
        let word = |text: &str| text.to_owned();
        let errand = Errand::Visit;
        let chosen = Chosen { stem: word("P2"), errand, id: word("new"), key: word("k2"), mark: word("m2") };
        let effects = choose(&mut desk, chosen, 5);
        assert!(matches!(effects[..], [Effect::PowerOff, Effect::Read]), "{name}");
        assert_eq!(fits(&desk, Some("id"), "key.1"), Fit::Stale, "{name}");
        assert_eq!(fits(&desk, Some("new"), "k2.0"), Fit::Now, "{name}");
        assert!(desk.session.is_some_and(|session| session.holder.is_empty()));
    });
}

#[test]
fn s2_r4_every_place_lapses_at_its_instant_and_not_before() {
    everywhere(|name, make| {
        let length = match name {
            "working" => None,
            "done" => Some(RESULT),
            _ => Some(IDLE),
        };
        let last = length.unwrap_or(1_000_000);
        for (now, ends) in [(last - 1, false), (last, length.is_some())] {
            let mut desk = make();
            let effects = lapse(&mut desk, &SETTING, now);
            assert_eq!((desk.session.is_none(), !effects.is_empty()), (ends, ends), "{name} at {now}");
        }
    });
    // Something done, even asking for more time, counts anew.
    let mut desk = opened(Errand::Visit);
    tell(&mut desk, seated(Tries::Left(3)));
    advance(&mut desk, Event::Stay, &SETTING, String::new(), IDLE - 1);
    assert!(lapse(&mut desk, &SETTING, 2 * IDLE - 2).is_empty());
    assert_eq!(lapse(&mut desk, &SETTING, 2 * IDLE - 1).len(), 1);
}

#[test]
fn what_does_not_belong_to_a_place_changes_nothing() {
    let steps = || -> Vec<(Event, &'static [&'static str])> {
        vec![
            (pin(), &["pin"]),
            (Event::WantEye, &["pin", "pin-blocked"]),
            (Event::EyeFits(StaffCode::Right), &["eye"]),
            (Event::EyeFits(StaffCode::Wrong), &["eye"]),
            (Event::EyeCode("2580".to_owned().into()), &[]),
            (Event::EyeDiffers, &["eye"]),
            (Event::WantPin, &["eye"]),
            (Event::Terms(true), &["terms"]),
            (Event::Terms(false), &["terms"]),
            (Event::Answer(true), &["ask"]),
            (Event::Back, &["ask"]),
            (Event::Prescription(Prescription::Paper), &["ask"]),
            (Event::Again, &["no-line"]),
            (Event::Stay, &[]),
            (Event::Lang(super::Lang::En), &[]),
            (seated(Tries::Left(1)), &["working"]),
            (Event::Verified(PinOutcome::Right), &["working"]),
            (answered(enrolling()), &["working"]),
        ]
    };
    everywhere(|name, make| {
        for index in 0..steps().len() {
            let (event, belongs) = steps().swap_remove(index);
            let mut desk = make();
            let effects = tell(&mut desk, event);
            if !belongs.contains(&name) {
                assert_eq!((place(&desk), effects.len()), (name, 0), "event {index} at {name}");
            }
        }
    });
}

#[test]
fn s1_r5_questions_come_one_by_one_and_can_be_gone_back_to() {
    let mut desk = opened(Errand::Visit);
    for event in [seated(Tries::Left(3)), pin(), Event::Verified(PinOutcome::Right)] {
        tell(&mut desk, event);
    }
    tell(&mut desk, answered(asking(&["limit", "drugs", "checkups", "diseases"], true)));
    for yes in [true, true] {
        tell(&mut desk, Event::Answer(yes));
    }
    tell(&mut desk, Event::Back);
    for yes in [false, true, false] {
        assert!(tell(&mut desk, Event::Answer(yes)).is_empty());
    }
    assert!(tell(&mut desk, Event::Answer(true)).is_empty(), "the prescription is no yes or no");
    let effects = tell(&mut desk, Event::Prescription(Prescription::Electronic));
    let [Effect::Tap(further)] = &effects[..] else { panic!("nothing was sent") };
    let answers = Answers {
        agreed: vec!["checkups".into()],
        declined: vec!["drugs".into()],
        limit: true,
        diseases: false,
        prescription: Some(Prescription::Electronic),
    };
    let expected = Further { key: "fresh".into(), pass: "pass".into(), answers: Some(answers), enrol: None };
    assert!(*further == expected);
    // A server that asks on and on is not followed.
    tell(&mut desk, answered(asking(&[], false)));
    assert_eq!(place(&desk), "bad-answer");
}

#[test]
fn nothing_to_ask_is_checked_at_once() {
    let mut desk = opened(Errand::Visit);
    for event in [seated(Tries::Left(3)), pin(), Event::Verified(PinOutcome::Right)] {
        tell(&mut desk, event);
    }
    let effects = tell(&mut desk, answered(asking(&[], false)));
    assert!(matches!(&effects[..], [Effect::Tap(further)] if further.answers == Some(Answers::default())));
}

#[test]
fn s17_r1_blocked_and_missing_pins_lead_to_the_staff_or_to_an_end() {
    let table: [(Event, Errand, bool, &str, bool); 7] = [
        (seated(Tries::Blocked), Errand::Visit, true, "pin-blocked", true),
        (seated(Tries::Blocked), Errand::Visit, false, "pin-blocked", false),
        (Event::Verified(PinOutcome::JustBlocked), Errand::Visit, true, "pin-blocked", true),
        (seated(Tries::Unusable), Errand::Visit, true, "eye", false),
        (seated(Tries::Unusable), Errand::Visit, false, "no-pin-no-eye", false),
        (seated(Tries::Unusable), Errand::SignIn("n".into()), true, "no-pin-sign-in", false),
        (seated(Tries::Blocked), Errand::SignIn("n".into()), true, "pin-blocked", false),
    ];
    for (event, errand, eye_check, expected, staff) in table {
        let mut desk = opened(errand);
        let setting = Setting { eye_check, ..SETTING };
        advance(&mut desk, event, &setting, String::new(), 0);
        assert_eq!(place(&desk), expected);
        advance(&mut desk, Event::WantEye, &setting, String::new(), 0);
        assert_eq!(place(&desk) == "eye", staff || expected == "eye", "{expected}");
    }
}

#[test]
fn only_the_present_step_counts_and_a_second_press_does_nothing() {
    let mut desk = opened(Errand::Visit);
    tell(&mut desk, seated(Tries::Left(3)));
    assert_eq!(fits(&desk, Some("id"), "key.0"), Fit::Now);
    tell(&mut desk, Event::Pin(None));
    for (cookie, token, fit) in [
        (Some("id"), "key.1", Fit::Now),
        (Some("id"), "key.0", Fit::Twice),
        (Some("id"), "key.2", Fit::Stale),
        (Some("id"), "other.1", Fit::Stale),
        (Some("id"), "", Fit::Stale),
        (Some("other"), "key.1", Fit::Stale),
        (None, "key.1", Fit::Stale),
    ] {
        assert_eq!(fits(&desk, cookie, token), fit, "{cookie:?} {token}");
    }
    tell(&mut desk, Event::Stay);
    assert_eq!(fits(&desk, Some("id"), "key.0"), Fit::Stale);
}

#[test]
fn matching_codes_are_of_the_nonce_and_for_people() {
    // SHA-256 of "abc" begins ba78 16…, so 20 bits are 10111 01001 11100 00001.
    assert_eq!(matching_code("abc"), "Q9W1");
    assert_ne!(matching_code("abcdefghijklmnop"), matching_code("abcdefghijklmnoq"));
}

// --- through the router ---------------------------------------------------------------------------------------

type Heard = Vec<(String, Tap)>;

/// A line that the test plays.
#[derive(Default)]
struct Play {
    answers: Mutex<Vec<Result<Answer, Trouble>>>,
    heard: Mutex<Heard>,
    no_nonce: Mutex<Option<Trouble>>,
    proved: Mutex<Option<Result<(Said, bool), Trouble>>>,
    proofs: Mutex<Vec<Proof>>,
    /// Waited for before an answer is given.
    gate: Mutex<Option<std::sync::mpsc::Receiver<()>>>,
}

impl Play {
    fn say(&self, answers: impl IntoIterator<Item = Result<Answer, Trouble>>) {
        let mut all: Vec<_> = answers.into_iter().collect();
        all.reverse();
        *self.answers.lock().unwrap() = all;
    }

    fn heard(&self) -> Heard {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

impl Line for Play {
    fn nonce(&self, _: &str, session: &str) -> Result<Challenge, Trouble> {
        assert!((16..=64).contains(&session.len()) && session.bytes().all(|b| b.is_ascii_alphanumeric()));
        match self.no_nonce.lock().unwrap().clone() {
            Some(trouble) => Err(trouble),
            None => Ok(Challenge { nonce: "nonce".into(), message: b"to be signed".to_vec() }),
        }
    }

    fn tap(&self, key: &str, tap: &Tap) -> Result<Answer, Trouble> {
        self.heard.lock().unwrap().push((key.to_owned(), tap.clone()));
        if let Some(gate) = self.gate.lock().unwrap().take() {
            gate.recv().unwrap();
        }
        self.answers.lock().unwrap().pop().unwrap_or_else(|| Ok(done()))
    }

    fn prove(&self, _: &str, proof: &Proof) -> Result<(Said, bool), Trouble> {
        self.proofs.lock().unwrap().push(proof.clone());
        self.proved.lock().unwrap().take().unwrap_or(Err(Trouble::BadAnswer))
    }
}

fn done() -> Answer {
    let face = json!({"XmlMsg": {
        "MessageHeader": {"ProcessExecutionTime": "20261127101500", "MedicalInstitutionCode": OWN,
            "QualificationConfirmationDate": "20261127", "ReferenceClassification": "1", "SegmentOfResult": "1",
            "CharacterCodeIdentifier": "0"},
        "MessageBody": {"ProcessingResultStatus": "1", "QualificationValidity": "1"}}});
    finished(Next::Done { face: Some(face) })
}

/// One clinic's kiosk.
struct Clinic {
    dir: tempfile::TempDir,
    play: Arc<Play>,
    clock: Arc<AtomicU64>,
    settings: Settings,
    site: Option<Site>,
    /// The thread that delivers, as in a real kiosk, and what it delivers.
    courier: Option<(Courier, Arc<Faces>)>,
    runtime: tokio::runtime::Runtime,
}

impl Drop for Clinic {
    fn drop(&mut self) {
        self.end();
    }
}

impl Clinic {
    fn new() -> Clinic {
        Clinic::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Clinic {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("cards")).unwrap();
        let terminal = crate::Settings::new(dir.path().join("OQS"), dir.path().join("kept"), OWN.to_owned());
        let mut settings =
            Settings::new(dir.path().join("cards"), "http://127.0.0.1:8480/".to_owned(), &terminal);
        settings.eye_code = EYE_CODE.to_owned();
        change(&mut settings);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let play = Arc::new(Play::default());
        let clock = Arc::new(AtomicU64::new(1_000_000));
        let mut clinic = Clinic { dir, play, clock, settings, site: None, courier: None, runtime };
        clinic.start();
        clinic
    }

    fn end(&mut self) {
        self.site = None;
        if let Some((courier, _)) = self.courier.take() {
            courier.end();
        }
    }

    fn start(&mut self) {
        self.end();
        let clock = self.clock.clone();
        let drawn = AtomicU64::new(0);
        let rim = Rim {
            now: Box::new(move || Now {
                utc_ms: 1_795_000_000_000,
                steady_ms: clock.load(Ordering::Relaxed),
            }),
            random: Box::new(move |bytes| {
                let hash = aws_lc_rs::digest::digest(
                    &aws_lc_rs::digest::SHA256,
                    &drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes(),
                );
                bytes.copy_from_slice(&hash.as_ref()[..bytes.len()]);
            }),
        };
        let (site, faces) = self.settings.site(self.play.clone(), rim).unwrap();
        self.courier = Some((Courier::start(faces.clone()).unwrap(), faces));
        self.site = Some(site);
    }

    fn pass(&self, ms: u64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
    }

    fn path(&self, label: &str) -> PathBuf {
        self.dir.path().join("cards").join(format!("{label}.card"))
    }

    /// Makes a card with PIN 1234.
    fn card(&self, label: &str, holder: &str, kind: Kind, tries_left: u8) {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let params = rcgen::CertificateParams::new(vec![format!("{label}.test")]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        let pin = (kind != Kind::PinLess).then(|| "1234".to_owned().into());
        let auth =
            Half { ca: certificate.clone(), certificate, key: key.serialize_der().into(), pin, tries_left };
        let card = Card::make(Contents {
            label: label.to_owned(),
            holder: holder.to_owned(),
            note_ja: "見本".to_owned(),
            note_en: "sample".to_owned(),
            kind,
            auth,
            sign: None,
        });
        fs::write(self.path(label), card.unwrap().write().as_bytes()).unwrap();
    }

    fn tries(&self, label: &str) -> u8 {
        Card::read(&fs::read_to_string(self.path(label)).unwrap()).unwrap().tries_left()
    }

    /// What is in the face folder when all that is kept has come there.
    fn faces(&self) -> Vec<String> {
        let (_, faces) = self.courier.as_ref().unwrap();
        while faces.waiting() > 0 {
            std::thread::yield_now();
        }
        let entries = fs::read_dir(self.dir.path().join("OQS/face")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn send(&self, request: Request<Body>) -> Reply {
        let router = self.site.as_ref().unwrap().router();
        self.runtime.block_on(async {
            let response = router.oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            let header = |name: &str| {
                head.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
            };
            Reply {
                status: head.status,
                location: header("location"),
                cookie: header("set-cookie"),
                policy: header("content-security-policy"),
                cache: header("cache-control"),
                text: String::from_utf8(bytes.to_vec()).unwrap(),
            }
        })
    }

    fn script(&self, body: &Value) -> (StatusCode, Value) {
        let request = Request::post("/script/tap")
            .header("host", "127.0.0.1:8481")
            .header("content-type", "application/json")
            .header("shikaku-script", "1")
            .body(Body::from(body.to_string()))
            .unwrap();
        let reply = self.send(request);
        (reply.status, serde_json::from_str(&reply.text).unwrap())
    }
}

struct Reply {
    status: StatusCode,
    location: String,
    cookie: String,
    policy: String,
    cache: String,
    text: String,
}

/// A browser: cookies and the page that it shows.
struct Browser<'c> {
    clinic: &'c Clinic,
    cookies: HashMap<String, String>,
    page: String,
    addresses: Vec<String>,
}

impl<'c> Browser<'c> {
    fn new(clinic: &'c Clinic) -> Browser<'c> {
        Browser { clinic, cookies: HashMap::new(), page: String::new(), addresses: Vec::new() }
    }

    fn take(&mut self, request: axum::http::request::Builder, body: String) -> Reply {
        let jar: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("host", "127.0.0.1:8481").header("cookie", jar.join("; "));
        let reply = self.clinic.send(request.body(Body::from(body)).unwrap());
        assert!(reply.cache == "no-store" && reply.policy.contains("default-src 'none'"));
        if let Some((pair, rest)) = reply.cookie.split_once(';') {
            let (name, value) = pair.split_once('=').unwrap();
            assert!(rest.contains("HttpOnly; SameSite=Strict"), "{rest}");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    fn get(&mut self, path: &str) -> &str {
        self.addresses.push(path.to_owned());
        let reply = self.take(Request::get(path), String::new());
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert_eq!(reply.text.matches("<h1").count(), 1);
        assert!(reply.text.contains("<main") && reply.text.contains("<html lang="));
        self.page = reply.text;
        &self.page
    }

    fn token(&self) -> String {
        let (_, rest) = self.page.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Posts and follows.
    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> &str {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
        let reply = self.take(Request::post(path).header("origin", "http://127.0.0.1:8481"), body.join("&"));
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{path} {fields:?}");
        self.get(&reply.location.clone())
    }

    /// Begins a session as whoever comes next.
    fn choose(&mut self, label: &str) -> &str {
        self.cookies.clear();
        self.get("/");
        let token = self.token();
        self.post("/card", &[("token", &token), ("card", label)])
    }

    fn press(&mut self, act: &str) -> &str {
        assert!(self.page.contains(&format!("value=\"{act}\"")), "no button {act}:\n{}", self.page);
        let token = self.token();
        let path = if self.page.contains("action=\"/reader/step\"") { "/reader/step" } else { "/step" };
        self.post(path, &[("token", &token), ("act", act)])
    }

    fn pin(&mut self, digits: &str) -> &str {
        let token = self.token();
        let path = if self.page.contains("action=\"/reader/step\"") { "/reader/step" } else { "/step" };
        self.post(path, &[("token", &token), ("act", "pin"), ("pin", digits)])
    }

    /// Says that it is the same person, with what is typed for the staff's code.
    fn fits(&mut self, code: &str) -> &str {
        let token = self.token();
        self.post("/step", &[("token", &token), ("act", "eye-fits"), ("code", code)])
    }

    fn shows(&self, text: &str) -> bool {
        self.page.contains(text)
    }

    fn is_at(&self, screen: &Screen) -> bool {
        self.shows(screen.code) && self.shows(screen.title.0)
    }

    fn is_at_start(&self) -> bool {
        self.shows("カードを選んでください")
    }
}

fn coded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn s1_r1_a_visit_from_the_card_to_the_face_folder() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let mut browser = Browser::new(&clinic);
    clinic.play.say([Ok(asking(&["limit", "drugs"], true))]);
    browser.choose("P001");
    assert!(browser.shows("試験　花子") && browser.shows("<strong>3</strong>"));
    browser.pin("1234");
    assert!(browser.shows("limitを提供しますか") && browser.shows("<strong>1</strong>問目／全3問"));
    browser.press("yes");
    assert!(browser.shows("drugsを提供しますか"));
    browser.press("back");
    browser.press("no");
    browser.press("yes");
    assert!(browser.shows("処方箋は、どちらにしますか"));
    browser.press("paper");
    assert!(browser.shows("<h1>結果</h1>") && browser.shows("完了"));
    let heard = clinic.play.heard();
    let [(first, proof), (second, pass)] = &heard[..] else { panic!("{} requests", heard.len()) };
    assert!(first != second && proof.session == pass.session && proof.answers.is_none());
    let Ground::Proof(proof) = &proof.ground else { panic!("no proof") };
    assert!(proof.way == Way::Pin && proof.nonce == "nonce" && proof.signature.len() > 64);
    assert!(pass.ground == Ground::Pass("pass".into()) && pass.reader == "kiosk");
    let answers = pass.answers.as_ref().unwrap();
    assert_eq!((answers.limit, answers.agreed.as_slice()), (false, &["drugs".to_owned()][..]));
    assert_eq!(answers.prescription, Some(Prescription::Paper));
    let faces = clinic.faces();
    assert!(faces.len() == 1 && faces[0].starts_with(&format!("OQSsiquc01res_face_{OWN}")), "{faces:?}");
    assert!(faces[0].ends_with("_20261127101500.xml") && faces[0].len() == 68, "{faces:?}");
    assert!(browser.addresses.iter().all(|address| address == "/"));
    browser.press("out");
    assert!(browser.is_at_start() && browser.cookies.is_empty());
}

#[test]
fn s17_r1_a_wrong_pin_costs_a_try_on_the_disk_before_it_is_said() {
    let mut clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    for short in ["12", "12345", "12a4", ""] {
        browser.pin(short);
        assert!(browser.is_at(&screens::PIN_FORMAT) && clinic.tries("P001") == 3);
    }
    browser.pin("9999");
    assert!(browser.is_at(&screens::WRONG_PIN) && browser.shows("あと2回まで入力できます。"));
    assert_eq!(clinic.tries("P001"), 2);
    // Ended and begun anew, the card remembers.
    clinic.start();
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    assert!(browser.shows("<strong>2</strong>"));
    // Wide digits are what an input method writes.
    browser.pin("１２３４");
    assert!(browser.shows("結果") && clinic.tries("P001") == 3);
    browser.choose("P001");
    for _ in 0..3 {
        browser.pin("0000");
    }
    assert!(browser.is_at(&screens::PIN_BLOCKED) && clinic.tries("P001") == 0);
    browser.choose("P001");
    assert!(browser.is_at(&screens::PIN_BLOCKED));
    browser.press("eye");
    browser.fits(EYE_CODE);
    assert!(browser.shows("結果"));
    let heard = clinic.play.heard();
    let Some((_, Tap { ground: Ground::Proof(proof), .. })) = heard.last() else { panic!("no proof") };
    assert_eq!((proof.way, clinic.tries("P001")), (Way::Eye, 0));
}

#[cfg(unix)]
#[test]
fn s17_r1_a_try_that_cannot_be_written_says_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let folder = clinic.dir.path().join("cards");
    // Somebody's folder in the way of the file that replaces the card; works for root too.
    fs::create_dir(folder.join("P001.card.part")).unwrap();
    let mut browser = Browser::new(&clinic);
    // The right one must look no different, or it would be told apart without a try.
    for digits in ["9999", "1234"] {
        browser.choose("P001");
        browser.pin(digits);
        assert!(browser.is_at(&screens::CARD_UNWRITABLE), "{digits}: {}", browser.page);
        assert!(!browser.shows(screens::WRONG_PIN.title.0) && clinic.tries("P001") == 3);
        let (_, tapped) = clinic.script(&json!({"card": "P001", "pin": digits}));
        assert_eq!(tapped["code"], "kiosk.card-unwritable", "{digits}");
    }
    assert!(clinic.play.heard().is_empty());
    fs::remove_dir(folder.join("P001.card.part")).unwrap();
    browser.choose("P001");
    browser.pin("9999");
    let mode = fs::metadata(clinic.path("P001")).unwrap().permissions().mode();
    assert_eq!((clinic.tries("P001"), mode & 0o777), (2, 0o600));
}

#[test]
fn cards_without_pin_go_to_the_staff_or_nowhere() {
    for code in [EYE_CODE, ""] {
        let clinic = Clinic::with(|settings| settings.eye_code = code.to_owned());
        clinic.card("P001", "想定　ハル", Kind::PinLess, 0);
        clinic.card("P002", "試験　花子", Kind::Card, 3);
        let mut browser = Browser::new(&clinic);
        browser.choose("P001");
        if code.is_empty() {
            assert!(browser.is_at(&screens::NO_PIN_NO_EYE));
            let (_, tapped) = clinic.script(&json!({"card": "P001", "way": "eye"}));
            assert_eq!(tapped["code"], "kiosk.no-pin-no-eye");
            let (_, tapped) = clinic.script(&json!({"card": "P001", "way": "eye", "staff_code": "0000"}));
            assert_eq!(tapped["code"], "kiosk.no-pin-no-eye");
        } else {
            assert!(browser.is_at(&screens::NO_PIN_CARD) && !browser.shows("pin-again"));
            assert!(!browser.shows(EYE_CODE), "the code stands on the page");
            browser.press("eye-differs");
            assert!(browser.is_at(&screens::EYE_DIFFERS));
        }
        browser.choose("P002");
        assert_eq!(browser.shows("value=\"eye\""), !code.is_empty());
        assert!(clinic.play.heard().is_empty());
    }
}

#[test]
fn s1_r1_only_who_knows_the_staff_code_gets_past_the_pin() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.card("P002", "想定　ハル", Kind::PinLess, 0);
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    browser.press("eye");
    // Without the code the button does nothing, however often it is pressed.
    for _ in 0..5 {
        browser.press("eye-fits");
        assert!(browser.is_at(&screens::STAFF_CODE_WRONG) && browser.shows("pin-again"));
    }
    for wrong in ["2581", "25800"] {
        browser.fits(wrong);
        assert!(browser.is_at(&screens::STAFF_CODE_WRONG), "{wrong}");
    }
    // Going to and fro gives no more tries.
    browser.press("pin-again");
    browser.press("eye");
    browser.fits("258");
    assert!(browser.is_at(&screens::STAFF_CODE_SHUT) && !browser.shows("eye-fits"));
    // Neither does another session, nor the script door.
    browser.choose("P002");
    browser.fits(EYE_CODE);
    assert!(browser.is_at(&screens::STAFF_CODE_SHUT));
    let tap = |code: &str| clinic.script(&json!({"card": "P002", "way": "eye", "staff_code": code})).1;
    assert_eq!(tap(EYE_CODE)["code"], "kiosk.staff-code-shut");
    clinic.pass(59_999);
    assert_eq!(tap(EYE_CODE)["code"], "kiosk.staff-code-shut");
    assert!(clinic.play.heard().is_empty());
    clinic.pass(1);
    assert_eq!(tap("0000")["code"], "kiosk.staff-code-wrong");
    assert_eq!(tap(EYE_CODE)["state"], "done");
    // The right one lets all three be had again; an input method writes it wide.
    browser.choose("P002");
    browser.fits("0000");
    browser.fits("0000");
    browser.fits("２５８０");
    assert!(browser.shows("<h1>結果</h1>"), "{}", browser.page);
    assert_eq!(clinic.play.heard().len(), 2);
    let (status, body) = clinic.script(&json!({"card": "P002", "way": "eye"}));
    assert_eq!((status.as_u16(), &body["oqs"]), (422, &json!(screens::SCRIPT_SHAPE.code)));
}

#[test]
fn a_staff_code_is_digits_and_stands_on_the_page_of_a_demo_only() {
    let clinic = Clinic::with(|settings| settings.shows_eye_code = true);
    clinic.card("P002", "想定　ハル", Kind::PinLess, 0);
    let mut browser = Browser::new(&clinic);
    browser.choose("P002");
    assert!(browser.shows("見本の職員コード：<strong>2580</strong>"));
    assert!(!format!("{:?}", clinic.settings).contains(EYE_CODE));
    for bad in ["123", "123456789", "12a4", "１２３４", " "] {
        let settings = Settings { eye_code: bad.to_owned(), ..clinic.settings.clone() };
        assert_eq!(
            super::start(&settings, clinic.play.clone()).err().map(|e| e.kind()),
            Some(std::io::ErrorKind::InvalidInput),
            "{bad}"
        );
    }
}

#[test]
fn s2_r2_the_terms_are_shown_and_the_answer_is_the_patients() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let mut browser = Browser::new(&clinic);
    clinic.play.say([Ok(enrolling()), Ok(asking(&["drugs"], false))]);
    browser.choose("P001");
    browser.pin("1234");
    assert!(browser.shows("健康保険証としての利用申込") && browser.shows("<li>一つ</li>"));
    browser.press("agree");
    assert!(browser.shows("drugsを提供しますか"));
    let heard = clinic.play.heard();
    assert!(heard[1].1.enrol.as_deref() == Some("2026-11") && heard[1].1.answers.is_none());
    clinic.play.say([Ok(enrolling())]);
    browser.choose("P001");
    browser.pin("1234");
    browser.press("disagree");
    assert!(browser.is_at(&screens::TERMS_DECLINED));
    assert_eq!(clinic.play.heard().len(), 1);
}

fn troubles() -> [(Trouble, &'static Screen, bool); 7] {
    let refused = |status| Away::Refused { status, code: None, detail: None };
    [
        (Trouble::Away(Away::NoLine), &screens::NO_LINE, true),
        (Trouble::Away(Away::TimedOut), &screens::TIMED_OUT, true),
        (Trouble::Away(Away::Busy), &screens::SERVER_BUSY, true),
        (Trouble::Away(Away::NotTrusted), &screens::NOT_TRUSTED, false),
        (Trouble::Away(refused(409)), &screens::NOT_TAKEN, false),
        (Trouble::Away(refused(500)), &screens::SERVER_FAULT, true),
        (Trouble::BadAnswer, &screens::BAD_ANSWER, false),
    ]
}

#[test]
fn each_trouble_of_the_line_has_its_screen_and_may_be_tried_again_with_the_same_request() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let mut browser = Browser::new(&clinic);
    for (trouble, screen, again) in troubles() {
        clinic.play.say([Ok(asking(&["drugs"], false)), Err(trouble.clone())]);
        browser.choose("P001");
        browser.pin("1234");
        browser.press("yes");
        assert!(browser.is_at(screen), "{}", screen.word);
        assert_eq!(browser.shows("value=\"again\""), again, "{}", screen.word);
        let before = clinic.faces().len();
        if again {
            browser.press("again");
            assert!(browser.shows("<h1>結果</h1>"));
            let heard = clinic.play.heard();
            assert!(heard[1] == heard[2], "{}: another key or body", screen.word);
            assert_eq!(clinic.faces().len(), before + 1);
        }
        clinic.play.heard();
        // The same before anything was asked.
        *clinic.play.no_nonce.lock().unwrap() = Some(trouble);
        browser.choose("P001");
        browser.pin("1234");
        assert!(browser.is_at(screen) && clinic.play.heard().is_empty());
        *clinic.play.no_nonce.lock().unwrap() = None;
        if again {
            browser.press("again");
            assert!(browser.shows("<h1>結果</h1>"));
        }
        clinic.play.heard();
    }
}

#[test]
fn a_server_that_recorded_nothing_is_asked_again_with_the_same_request() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let busy = Said { oqs: "SKC02001W".into(), tone: "warning".into(), ..said("混み合っています") };
    let no = Said { oqs: "SKC05001E".into(), tone: "error".into(), ..said("期限切れ") };
    let refused = |said: &Said| Ok(Answer { said: said.clone(), notice: None, next: Next::Refused });
    clinic.play.say([Ok(asking(&["drugs"], false)), refused(&busy), refused(&no)]);
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    browser.pin("1234");
    browser.press("yes");
    assert!(browser.shows("混み合っています") && browser.shows("SKC02001W"));
    browser.press("again");
    assert!(browser.shows("期限切れ") && !browser.shows("value=\"again\""));
    let heard = clinic.play.heard();
    assert!(heard[1] == heard[2]);
    // What is not well stays as long as an idle screen.
    clinic.pass(IDLE - 1);
    assert!(browser.get("/").contains("期限切れ"));
}

#[test]
fn an_answer_for_another_institution_is_not_shown_as_done() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let mut foreign = done();
    if let Next::Done { face: Some(face) } = &mut foreign.next {
        face["XmlMsg"]["MessageHeader"]["MedicalInstitutionCode"] = json!("1310000002");
    }
    clinic.play.say([Ok(foreign)]);
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    browser.pin("1234");
    assert!(browser.is_at(&screens::BAD_ANSWER) && clinic.faces().is_empty());
}

#[test]
fn cards_that_vanish_or_change_midway_end_the_session() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.card("P002", "別人　太郎", Kind::Card, 3);
    let own = fs::read(clinic.path("P001")).unwrap();
    let other = fs::read(clinic.path("P002")).unwrap();
    let changes: [(Option<&[u8]>, &Screen); 3] = [
        (None, &screens::CARD_OUT),
        (Some(&other), &screens::CARD_SWAPPED),
        (Some(b"no card"), &screens::CARD_UNREADABLE),
    ];
    for (bytes, screen) in changes {
        // Before the PIN; when the server waits for answers; when it could not be reached; when the PIN is blocked.
        for place in ["pin", "ask", "again", "eye"] {
            fs::write(clinic.path("P001"), &own).unwrap();
            if place == "eye" {
                clinic.card("P001", "試験　花子", Kind::Card, 0);
            }
            let answer = if place == "again" {
                Err(Trouble::Away(Away::NoLine))
            } else {
                Ok(asking(&["drugs"], false))
            };
            clinic.play.say([answer]);
            let mut browser = Browser::new(&clinic);
            browser.choose("P001");
            if matches!(place, "ask" | "again") {
                browser.pin("1234");
            }
            clinic.play.heard();
            match bytes {
                None => fs::remove_file(clinic.path("P001")).unwrap(),
                Some(bytes) => fs::write(clinic.path("P001"), bytes).unwrap(),
            }
            match place {
                "pin" => browser.pin("1234"),
                "ask" => browser.press("yes"),
                button => browser.press(button),
            };
            assert!(browser.is_at(screen), "{} {place}: {}", screen.word, browser.page);
            assert!(clinic.play.heard().is_empty() && !browser.shows("value=\"again\""), "{place}");
            assert!(!browser.shows("value=\"eye\"") && !browser.shows("eye-fits"), "{place}");
        }
    }
    assert_eq!(clinic.tries("P002"), 3);
}

#[test]
fn s2_r4_the_end_of_an_older_session_leaves_the_card_of_a_newer_one() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.card("P002", "別人　太郎", Kind::Card, 3);
    let mut older = Browser::new(&clinic);
    older.choose("P001");
    let id = older.cookies["kiosk"].clone();
    let mut newer = Browser::new(&clinic);
    newer.choose("P002");
    // What the older one's last step still has to do, late.
    let booth = clinic.site.as_ref().unwrap().booth(super::pages::Side::Kiosk);
    booth.run(&id, vec![Effect::PowerOff]);
    newer.pin("1234");
    assert!(newer.shows("<h1>結果</h1>"), "{}", newer.page);
    // The older one's card is free.
    assert_eq!(clinic.script(&json!({"card": "P001", "pin": "1234"})).1["state"], "done");
}

#[test]
fn s1_r1_a_share_that_hangs_keeps_no_patient_waiting() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let (open, gate) = std::sync::mpsc::channel();
    let (_, faces) = clinic.courier.as_ref().unwrap();
    *faces.hangs.lock().unwrap() = Some(gate);
    let mut browser = Browser::new(&clinic);
    for _ in 0..2 {
        browser.choose("P001");
        browser.pin("1234");
        assert!(browser.shows("<h1>結果</h1>"));
    }
    assert_eq!(faces.waiting(), 2);
    clinic.site.as_ref().unwrap().tick();
    open.send(()).unwrap();
    assert_eq!(clinic.faces().len(), 2);
}

#[test]
fn s1_r1_a_result_that_cannot_be_kept_is_fetched_again_with_the_same_request() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let (own, away) = (clinic.dir.path().join("kept/face"), clinic.dir.path().join("kept/away"));
    clinic.play.say([Ok(asking(&["drugs"], false))]);
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    browser.pin("1234");
    // A file in the folder's place; works for root too.
    fs::rename(&own, &away).unwrap();
    fs::write(&own, "").unwrap();
    browser.press("yes");
    assert!(browser.is_at(&screens::RESULT_UNKEPT) && !browser.shows("結果</h1>"), "{}", browser.page);
    fs::remove_file(&own).unwrap();
    fs::rename(&away, &own).unwrap();
    browser.press("again");
    assert!(browser.shows("<h1>結果</h1>"), "{}", browser.page);
    let heard = clinic.play.heard();
    assert!(heard[1] == heard[2], "another key or body");
    assert_eq!(clinic.faces().len(), 1);
}

#[test]
fn one_reader_at_a_time_has_a_card() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    fs::write(clinic.path("P002"), "no card").unwrap();
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    let mut citizen = Browser::new(&clinic);
    citizen.get(&format!("/reader?n={NONCE}"));
    let token = citizen.token();
    citizen.post("/reader/card", &[("token", &token), ("n", NONCE), ("card", "P001")]);
    assert!(citizen.is_at(&screens::CARD_IN_USE));
    let (_, tapped) = clinic.script(&json!({"card": "P001", "pin": "1234"}));
    assert_eq!(tapped["code"], "kiosk.card-in-use");
    browser.press("out");
    let (_, tapped) = clinic.script(&json!({"card": "P001", "pin": "1234"}));
    assert_eq!(tapped["state"], "done");
    browser.choose("P002");
    assert!(browser.is_at(&screens::CARD_UNREADABLE));
    browser.choose("P003");
    assert!(browser.is_at(&screens::CARD_OUT));
}

#[test]
fn s2_r4_old_and_foreign_steps_show_the_start() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.card("P002", "別人　太郎", Kind::Card, 3);
    clinic.play.say([Ok(asking(&["limit", "drugs", "checkups"], false)), Ok(asking(&["limit"], false))]);
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    browser.pin("1234");
    let (first, cookies) = (browser.token(), browser.cookies.clone());
    browser.press("yes");
    // Pressed twice: the present page, and nothing done.
    browser.post("/step", &[("token", &first), ("act", "yes")]);
    assert!(browser.shows("drugsを提供しますか"));
    browser.press("no");
    browser.post("/step", &[("token", &first), ("act", "yes")]);
    assert!(browser.is_at_start() && browser.is_at(&screens::STALE));
    // The session goes on where it was.
    browser.get("/");
    assert!(browser.shows("checkupsを提供しますか"));
    let stolen = browser.token();
    let mut stranger = Browser::new(&clinic);
    stranger.get("/");
    assert!(stranger.is_at_start());
    stranger.post("/step", &[("token", &stolen), ("act", "yes")]);
    assert!(stranger.is_at(&screens::STALE));
    for (name, value) in [("token", ""), ("token", "x"), ("nothing", "")] {
        browser.post("/step", &[(name, value), ("act", "out")]);
        assert!(browser.is_at(&screens::STALE));
        browser.post("/card", &[(name, value), ("card", "P001")]);
        assert!(browser.is_at(&screens::STALE));
    }
    // Another tab begins anew: the older tab's next step shows the start.
    let mut tab = Browser::new(&clinic);
    tab.choose("P002");
    tab.pin("1234");
    browser.cookies = cookies;
    browser.post("/step", &[("token", &stolen), ("act", "yes")]);
    assert!(browser.is_at_start() && browser.is_at(&screens::STALE));
    browser.cookies = tab.cookies.clone();
    browser.post("/step", &[("token", &stolen), ("act", "out")]);
    assert!(browser.is_at(&screens::STALE));
    tab.get("/");
    assert!(tab.shows("limitを提供しますか"));
}

#[test]
fn s2_r4_time_ends_a_session_to_the_millisecond() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let mut browser = Browser::new(&clinic);
    browser.choose("P001");
    clinic.pass(IDLE - 1);
    browser.get("/");
    assert!(browser.shows("試験　花子") && browser.shows("data-left-ms=\"1\"") && browser.shows("1; url=/"));
    // Looking is not a step.
    clinic.pass(1);
    // Looking takes no cookie away either: the browser may have a newer session's by now.
    let jar = browser.cookies.clone();
    browser.get("/");
    assert!(browser.is_at_start() && browser.cookies == jar && !jar.is_empty());
    browser.choose("P001");
    clinic.pass(IDLE - 1);
    browser.press("stay");
    clinic.pass(IDLE - 1);
    browser.pin("1234");
    assert!(browser.shows("<h1>結果</h1>"));
    clinic.pass(RESULT - 1);
    browser.get("/");
    assert!(browser.shows("<h1>結果</h1>"));
    let late = browser.token();
    clinic.pass(1);
    browser.post("/step", &[("token", &late), ("act", "stay")]);
    assert!(browser.is_at_start() && browser.is_at(&screens::STALE));
    // Nobody has to ask for it to end: the card is free again.
    browser.choose("P001");
    clinic.pass(IDLE);
    clinic.site.as_ref().unwrap().tick();
    assert_eq!(clinic.script(&json!({"card": "P001", "pin": "1234"})).1["state"], "done");
}

#[test]
fn s2_r4_nothing_of_one_patient_is_there_for_the_next() {
    let clinic = Clinic::new();
    let mut canary = done();
    canary.said = said("CANARY-title");
    canary.notice = Some(said("CANARY-notice"));
    for (index, end) in ["out", "idle", "result", "newer", "gone"].into_iter().enumerate() {
        clinic.card("C001", "CANARY-name", Kind::Card, 3);
        clinic.card("P002", "試験　花子", Kind::Card, 3);
        clinic.play.say([Ok(asking(&["CANARY-kind"], false)), Ok(canary.clone())]);
        let mut browser = Browser::new(&clinic);
        browser.get("/");
        let token = browser.token();
        browser.post("/find", &[("token", &token), ("find", "CANARY")]);
        browser.choose("C001");
        browser.press("lang-en");
        assert!(browser.shows("CANARY-name"));
        browser.pin("1234");
        let step = browser.token();
        if index != 1 {
            browser.press("yes");
            assert!(browser.shows("CANARY-title") && browser.shows("CANARY-notice"));
        }
        let cookies = browser.cookies.clone();
        match end {
            "out" => drop(browser.press("out").len()),
            "idle" => clinic.pass(IDLE),
            "result" => clinic.pass(RESULT),
            "newer" => drop(Browser::new(&clinic).choose("P002").len()),
            _ => {
                browser.choose("C001");
                fs::remove_file(clinic.path("C001")).unwrap();
                browser.pin("1234");
                browser.press("out");
            }
        }
        let _ = fs::remove_file(clinic.path("C001"));
        for jar in [cookies, HashMap::new()] {
            let mut next = Browser::new(&clinic);
            next.cookies = jar.clone();
            for path in ["/", "/again", "/reader", "/reader/again"] {
                next.get(path);
                assert!(!next.shows("CANARY") && next.shows("<html lang=\"ja\""), "{end} {path}");
            }
            next.cookies = jar;
            next.post("/step", &[("token", &step), ("act", "stay")]);
            assert!(!next.shows("CANARY") && !next.shows("value=\"CANARY"), "{end}");
        }
        clinic.pass(IDLE);
    }
}

/// Waits until the line was asked.
fn asked(play: &Play) {
    while play.heard.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn the_card_can_be_taken_out_while_the_line_is_at_work() {
    for out in [true, false] {
        let clinic = Clinic::new();
        clinic.card("P001", "試験　花子", Kind::Card, 3);
        let (open, gate) = std::sync::mpsc::channel();
        let mut browser = Browser::new(&clinic);
        browser.choose("P001");
        *clinic.play.gate.lock().unwrap() = Some(gate);
        let (token, id) = (browser.token(), browser.cookies["kiosk"].clone());
        std::thread::scope(|scope| {
            let site = clinic.site.clone().unwrap();
            let booth =
                scope.spawn(move || site.booth(super::pages::Side::Kiosk).step(Some(&id), &token, pin()));
            asked(&clinic.play);
            browser.get("/");
            assert!(browser.shows("資格を確認しています。") && browser.shows("data-left-ms=\"0\""));
            // Long as it takes, time does not end it.
            clinic.pass(10 * IDLE);
            browser.get("/");
            if out {
                browser.press("out");
                assert!(browser.is_at_start());
            }
            open.send(()).unwrap();
            assert_eq!(booth.join().unwrap(), Fit::Now);
        });
        browser.get("/");
        assert_eq!(browser.is_at_start(), out);
        // The server has made the check, so the clinic gets its result.
        assert_eq!(clinic.faces().len(), 1);
    }
}

#[test]
fn the_start_finds_cards_without_saying_so_in_an_address() {
    let clinic = Clinic::new();
    let mut browser = Browser::new(&clinic);
    browser.get("/");
    assert!(browser.is_at(&screens::NO_CARDS));
    for n in 1..=8 {
        clinic.card(&format!("P00{n}"), &format!("試験　花子{n}"), Kind::Card, 3);
    }
    clinic.card("P900", "<b>別人</b>", Kind::Card, 3);
    browser.get("/");
    assert_eq!(browser.page.matches("class=\"tile\"").count(), super::pages::CARDS_A_PAGE);
    let token = browser.token();
    browser.post("/find", &[("token", &token), ("page", "1")]);
    assert_eq!(browser.page.matches("class=\"tile\"").count(), 3);
    assert!(browser.shows("&lt;b&gt;別人"));
    browser.post("/find", &[("token", &token), ("page", "99999999")]);
    assert_eq!(browser.page.matches("class=\"tile\"").count(), 3);
    for (find, count) in [("試験花子7", 1), ("p900", 1), ("見本", 6), ("だれ", 0), ("", 6)] {
        browser.post("/find", &[("token", &token), ("find", find)]);
        assert_eq!(browser.page.matches("class=\"tile\"").count(), count, "{find}");
    }
    browser.post("/find", &[("token", &token), ("find", "花子")]);
    assert!(browser.shows("value=\"花子\""));
    clinic.pass(IDLE);
    browser.get("/");
    assert!(!browser.shows("value=\"花子\""));
    assert!(browser.addresses.iter().all(|address| address == "/"));
}

#[test]
fn cards_beyond_those_that_are_looked_at_are_said() {
    let clinic = Clinic::new();
    for n in 0..super::slot::CARDS_MAX + 2 {
        fs::write(clinic.path(&format!("P{n:05}")), "").unwrap();
    }
    let mut browser = Browser::new(&clinic);
    browser.get("/");
    assert!(browser.shows("ここに出ていないカードが2枚あります。"));
    fs::remove_file(clinic.path("P00000")).unwrap();
    fs::remove_file(clinic.path("P00001")).unwrap();
    browser.get("/");
    assert!(!browser.shows("ここに出ていない"));
}

#[test]
fn hostile_requests_change_nothing() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let secret = clinic.dir.path().join("secret.card");
    fs::copy(clinic.path("P001"), &secret).unwrap();
    let mut browser = Browser::new(&clinic);
    for name in
        ["../secret", "..", ".", "", "a/b", "a\\b", "C:x", "P001.card", "\0", &"x".repeat(300), "/etc/passwd"]
    {
        browser.choose(name);
        assert!(!browser.shows("id=\"pin\""), "{name}");
    }
    browser.choose("P001");
    let (token, id) = (browser.token(), browser.cookies["kiosk"].clone());
    let send = |body: Vec<u8>, headers: &[(&str, &str)]| {
        let mut request = Request::post("/step").header("cookie", format!("kiosk={id}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        clinic.send(request.body(Body::from(body)).unwrap())
    };
    let ours = [("host", "127.0.0.1:8481"), ("origin", "http://127.0.0.1:8481")];
    let pad = format!("token={token}&act=pin&pin=1234&");
    let bodies = [
        vec![0xff; 100],
        vec![b'&'; 8_000],
        [pad.as_bytes(), &vec![b'a'; 9_000]].concat(),
        format!("{}{pad}", "a=b&".repeat(50)).into_bytes(),
        b"token=%&act=%f".to_vec(),
        format!("token={token}&act=unknown").into_bytes(),
        format!("token={token}%0d%0aX: y&act=out").into_bytes(),
    ];
    for body in bodies {
        let reply = send(body, &ours);
        assert_eq!((reply.status, reply.location.as_str()), (StatusCode::SEE_OTHER, "/again"));
    }
    let good = format!("token={token}&act=pin&pin=9999").into_bytes();
    for headers in [
        &[("host", "evil.example"), ("origin", "http://evil.example")][..],
        &[("host", "127.0.0.1:8481"), ("origin", "http://evil.example")],
        &[("host", "127.0.0.1:8481"), ("sec-fetch-site", "cross-site")],
        &[("host", "127.0.0.1:8481")],
    ] {
        let reply = send(good.clone(), headers);
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert!(reply.text.contains(screens::FOREIGN.code) && !reply.text.contains("9999"));
    }
    assert_eq!(clinic.tries("P001"), 3);
    browser.get("/");
    assert!(browser.shows("id=\"pin\""));
    for (method, path, status) in [
        ("GET", "/nowhere", 404),
        ("GET", "/step", 405),
        ("POST", "/", 405),
        ("GET", "/assets/kiosk.css", 200),
        ("GET", "/assets/..%2fCargo.toml", 404),
        ("GET", "/script/tap", 405),
    ] {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        assert_eq!(clinic.send(request.body(Body::empty()).unwrap()).status.as_u16(), status, "{path}");
    }
}

// --- the citizen's reader ---------------------------------------------------------------------------------------

const NONCE: &str = "abcdefghijklmnopqrstuvwxyz-_0123";

#[test]
fn f_a_sign_in_shows_the_code_and_takes_the_proof_to_the_pages() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.card("P002", "想定　ハル", Kind::PinLess, 0);
    let mut browser = Browser::new(&clinic);
    let choose = |browser: &mut Browser<'_>, label: &str| {
        browser.get(&format!("/reader?n={NONCE}"));
        assert!(browser.shows("ログインの確認") && browser.shows(&matching_code(NONCE)));
        let token = browser.token();
        browser.post("/reader/card", &[("token", &token), ("n", NONCE), ("card", label)]);
    };
    choose(&mut browser, "P001");
    assert!(browser.shows(&matching_code(NONCE)) && !browser.shows("value=\"eye\""));
    browser.pin("9999");
    assert!(browser.is_at(&screens::WRONG_PIN) && !browser.shows("職員"));
    *clinic.play.proved.lock().unwrap() = Some(Ok((said("確認できました"), true)));
    browser.pin("1234");
    assert!(browser.shows("確認できました") && browser.shows("href=\"http://127.0.0.1:8480/my/enter\""));
    let proofs = std::mem::take(&mut *clinic.play.proofs.lock().unwrap());
    assert!(proofs.len() == 1 && proofs[0].nonce == NONCE && !proofs[0].signature.is_empty());
    assert!(clinic.play.heard().is_empty() && clinic.faces().is_empty());
    browser.press("out");
    *clinic.play.proved.lock().unwrap() = Some(Ok((said("使えません"), false)));
    choose(&mut browser, "P001");
    browser.pin("1234");
    assert!(browser.shows("使えません") && !browser.shows("/my/enter"));
    choose_trouble(&clinic, &mut browser);
    choose(&mut browser, "P002");
    assert!(browser.is_at(&screens::NO_PIN_SIGN_IN));
    assert!(browser.addresses.iter().all(|address| !address.contains("P00") && !address.contains("1234")));
}

fn choose_trouble(clinic: &Clinic, browser: &mut Browser<'_>) {
    *clinic.play.proved.lock().unwrap() = Some(Err(Trouble::Away(Away::NoLine)));
    browser.get("/reader?n=another-nonce-of-the-portal");
    let token = browser.token();
    let fields = [("token", token.as_str()), ("n", "another-nonce-of-the-portal"), ("card", "P001")];
    browser.post("/reader/card", &fields);
    browser.pin("1234");
    assert!(browser.is_at(&screens::NO_LINE) && !browser.shows("職員"));
    *clinic.play.proved.lock().unwrap() = Some(Ok((said("確認できました"), true)));
    browser.press("again");
    assert!(browser.shows("確認できました"));
    browser.press("out");
}

#[test]
fn f_without_a_sign_in_the_reader_says_where_to_go() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let mut browser = Browser::new(&clinic);
    for path in
        ["/reader", "/reader?n=short", "/reader?n=%3Cscript%3Ealert(1)%3C/script%3E", "/reader?m=1&n="]
    {
        browser.get(path);
        assert!(
            browser.is_at(&screens::NO_SIGN_IN) && browser.shows("http://127.0.0.1:8480/my/sign-in"),
            "{path}"
        );
        assert!(!browser.shows("script&gt;") && !browser.shows("class=\"tile\""));
    }
    browser.get(&format!("/reader?n={NONCE}"));
    let token = browser.token();
    for nonce in ["", "short", "a\r\nSet-Cookie: x=yyyyyyyyyyyyyyyyyyyy"] {
        browser.post("/reader/card", &[("token", &token), ("n", nonce), ("card", "P001")]);
        assert!(browser.is_at(&screens::STALE));
    }
    // The kiosk beside it knows nothing of it.
    browser.get("/");
    assert!(browser.is_at_start());
}

// --- the script door --------------------------------------------------------------------------------------------

#[test]
fn g_a_script_does_what_a_patient_does() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.card("P010", "別人　太郎", Kind::Card, 3);
    let ask = json!({"card": "P001", "pin": "1234", "agreed": ["drugs", "checkups"], "limit": true,
        "prescription": "paper"});
    let (status, body) = clinic.script(&ask);
    assert_eq!(
        (status, &body["state"], &body["title"]["ja"]),
        (StatusCode::OK, &json!("done"), &json!("結果"))
    );
    // There when it is told.
    let face = clinic.dir.path().join("OQS/face").join(body["face_file"].as_str().unwrap());
    assert!(face.is_file());
    let heard = clinic.play.heard();
    let [(_, tap)] = &heard[..] else { panic!("not one request") };
    let answers = tap.answers.as_ref().unwrap();
    assert_eq!(answers.agreed, ["checkups", "drugs"]);
    assert_eq!(answers.declined.len(), super::CONSENT_WORDS.len() - 2);
    assert!(answers.limit && !answers.diseases && tap.reader == "script");
    assert!(matches!(&tap.ground, Ground::Proof(proof) if proof.way == Way::Pin));
    // The file's name, or the beginning of one label.
    assert_eq!(clinic.script(&json!({"card": "P010", "pin": "1234"})).1["state"], "done");
    assert_eq!(clinic.script(&json!({"card": "P01", "pin": "1234"})).1["state"], "done");
    let eye = json!({"card": "P001", "way": "eye", "staff_code": EYE_CODE});
    assert_eq!(clinic.script(&eye).1["state"], "done");
    for card in ["P0", "P9", "", "../P001"] {
        let (status, body) = clinic.script(&json!({"card": card, "pin": "1234"}));
        assert_eq!((status.as_u16(), &body["oqs"]), (422, &json!(screens::SCRIPT_CARD.code)), "{card}");
    }
}

#[test]
fn g_a_script_enrols_only_when_it_says_so() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.play.say([Ok(enrolling())]);
    let (_, body) = clinic.script(&json!({"card": "P001", "pin": "1234"}));
    assert_eq!((&body["state"], clinic.play.heard().len()), (&json!("enrol"), 1));
    clinic.play.say([Ok(enrolling())]);
    let (_, body) =
        clinic.script(&json!({"card": "P001", "pin": "1234", "enrol": true, "agreed": ["drugs"]}));
    assert_eq!(body["state"], "done");
    let heard = clinic.play.heard();
    let second = &heard[1].1;
    assert!(second.ground == Ground::Pass("pass".into()) && second.enrol.as_deref() == Some("2026-11"));
    assert_eq!(second.answers.as_ref().unwrap().agreed, ["drugs"]);
}

#[test]
fn g_a_script_pays_for_wrong_pins_and_hears_why() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    clinic.card("P002", "想定　ハル", Kind::PinLess, 0);
    for left in [2, 1] {
        let (status, body) = clinic.script(&json!({"card": "P001", "pin": "9999"}));
        assert_eq!((status.as_u16(), &body["code"]), (200, &json!("kiosk.wrong-pin")));
        assert_eq!((&body["tries_left"], clinic.tries("P001")), (&json!(left), left));
        assert!(body["text"]["ja"].as_str().unwrap().contains(&left.to_string()));
    }
    assert_eq!(clinic.script(&json!({"card": "P001", "pin": "9999"})).1["code"], "kiosk.pin-blocked");
    assert_eq!(clinic.script(&json!({"card": "P001", "pin": "1234"})).1["code"], "kiosk.pin-blocked");
    assert_eq!(clinic.script(&json!({"card": "P002", "pin": "1234"})).1["code"], "kiosk.no-pin-card");
    assert!(clinic.play.heard().is_empty());
    for (trouble, screen, _) in troubles() {
        clinic.play.say([Err(trouble)]);
        let (status, body) = clinic.script(&json!({"card": "P002", "way": "eye", "staff_code": EYE_CODE}));
        assert_eq!(
            (status.as_u16(), &body["state"], &body["oqs"]),
            (200, &json!("away"), &json!(screen.code))
        );
    }
}

#[test]
fn g_scripts_that_ask_wrongly_are_told_how() {
    let clinic = Clinic::new();
    clinic.card("P001", "試験　花子", Kind::Card, 3);
    let (status, body) = clinic.script(&json!({"card": "P001", "pin": "1234", "agreed": ["drug"]}));
    assert_eq!((status.as_u16(), &body["oqs"]), (422, &json!(screens::SCRIPT_WORD.code)));
    for word in super::CONSENT_WORDS {
        assert!(body["detail"].as_str().unwrap().contains(word));
    }
    for bad in [
        json!({"card": "P001", "pin": "4321", "agreed": ["drugs"], "declined": ["drugs"]}),
        json!({"card": "P001", "pin": "43"}),
        json!({"card": "P001"}),
        json!({"card": "P001", "pin": 4321}),
        json!({"card": "P001", "pin": "4321", "colour": "red"}),
        json!({"card": "P001", "pin": "4321", "way": "face"}),
        json!({"card": "P001", "pin": "4321", "prescription": "fax"}),
        json!({"pin": "4321"}),
        json!(["P001", "4321"]),
    ] {
        let (status, body) = clinic.script(&bad);
        assert_eq!(status.as_u16(), 422, "{bad}");
        assert!(!body.to_string().contains("4321") && !body["detail"].as_str().unwrap().is_empty());
    }
    let request = |origin: bool, body: Vec<u8>| {
        let mut request = Request::post("/script/tap").header("host", "localhost");
        request = request.header("content-type", "application/json").header("shikaku-script", "1");
        if origin {
            request = request.header("origin", "http://localhost");
        }
        clinic.send(request.body(Body::from(body)).unwrap()).status.as_u16()
    };
    assert_eq!(request(true, b"{}".to_vec()), 403);
    assert_eq!(request(false, vec![b'['; 10_000]), 422);
    assert_eq!(request(false, vec![b'['; 20_000]), 413);
    assert_eq!(request(false, vec![0xff; 100]), 422);
    assert_eq!(clinic.tries("P001"), 3);
}

// --- the whole --------------------------------------------------------------------------------------------------

#[test]
fn it_listens_on_loopback_only_and_ends_cleanly() {
    let clinic = Clinic::new();
    let mut settings = Settings { kept: clinic.dir.path().join("kept2"), ..clinic.settings.clone() };
    settings.listen = "0.0.0.0:0".parse().unwrap();
    assert!(super::start(&settings, clinic.play.clone()).is_err());
    settings.listen = "127.0.0.1:0".parse().unwrap();
    settings.pages_url = "https://example.test".to_owned();
    assert!(super::start(&settings, clinic.play.clone()).is_err());
    settings.pages_url = "http://127.0.0.1:1".to_owned();
    let kiosk = super::start(&settings, clinic.play.clone()).unwrap();
    let address = kiosk.address();
    let page = ureq::get(format!("http://{address}/")).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(page.contains(screens::NO_CARDS.code));
    kiosk.end();
    assert!(ureq::get(format!("http://{address}/")).call().is_err());
    // The folders are free again.
    super::start(&settings, clinic.play.clone()).unwrap().end();
}

#[test]
fn no_name_pin_or_card_is_ever_logged() {
    let log = crate::tests::Log::default();
    let _second = [
        tracing::Dispatch::new(crate::tests::Log::default()),
        tracing::Dispatch::new(crate::tests::Log::default()),
    ];
    tracing::callsite::rebuild_interest_cache();
    tracing::subscriber::with_default(log.clone(), || {
        let mut clinic = Clinic::new();
        clinic.card("C001", "CANARY", Kind::Card, 3);
        clinic.play.say([Ok(asking(&["CANARY"], false)), Ok(done())]);
        // On this thread, where the log is.
        let (courier, faces) = clinic.courier.take().unwrap();
        courier.end();
        let booth = clinic.site.as_ref().unwrap().booth(super::pages::Side::Kiosk);
        let id = booth.choose("C001", Errand::Visit);
        let token = |booth: &super::booth::Booth| {
            booth.see(Some(&id), |sight| match sight {
                Sight::Session(session) => super::pages::token(session),
                Sight::Start(_) => panic!("no session"),
            })
        };
        booth.step(Some(&id), &token(booth), Event::Pin(Pin::new("7391")));
        booth.step(Some(&id), &token(booth), Event::Pin(Pin::new("1234")));
        booth.step(Some(&id), &token(booth), Event::Answer(true));
        faces.deliver();
        fs::write(clinic.path("C002"), "CANARY").unwrap();
        booth.choose("C002", Errand::Visit);
        fs::create_dir(clinic.dir.path().join("cards/C001.card.part")).unwrap();
        let id = booth.choose("C001", Errand::Visit);
        let token = booth.see(Some(&id), |sight| match sight {
            Sight::Session(session) => super::pages::token(session),
            Sight::Start(_) => panic!("no session"),
        });
        booth.step(Some(&id), &token, Event::Pin(Pin::new("7391")));
    });
    let text = log.0.lock().unwrap().clone();
    for word in ["terminal.face-shown", "kiosk.card-not-written"] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    for canary in ["CANARY", "7391", "1234", "C001", OWN] {
        assert!(!text.contains(canary), "{text}");
    }
}
