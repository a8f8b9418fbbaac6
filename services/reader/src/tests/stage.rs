//! The stage on which the reader's stories play: two facilities, people with coverages and cards of the invented
//! authority, a clock that the story sets, and the real router.
//!
//! Always holds: each story plays on both databases with the same outcome; a line that is not understood ends the test;
//! after every story no row of the log holds a serial, a nonce or a number of anybody.
//! Not here: the stories.

use crate::{
    Desk,
    rules::Settings,
    web::{Door, NONCE_PATH, TAP_PATH, machine_routes},
};
use ::cards::{
    proof::{self, Prover, Status},
    rules::{Channel, Holder, NewCertificate, Serial, Source},
};
use ::store::{Store, testing::seeded_ids};
use audit::testing::{each_database, seeded_random};
use axum::{body::Body, http::Request};
use base::{
    Actor, BirthDate, BranchNumber, Clock, Cx, Date, FacilityCode, Id, IdSource, Instant, InsurerNumber,
    PersonName, Purpose, Sex,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use coverage::rules::{LinkState, NewEntry, NewFact, What};
use expect_test::Expect;
use facilities::rules::{FacilityEntry, Kind};
use http_body_util::BodyExt;
use pki::authority::{
    AUTH_03, AUTH_04, Authority, Generation, Municipality, SIGN_02, SigningKey, Wanted, pool,
};
use pki::{Anchors, Certificate, Grace, Hierarchy, Terms};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use tower::ServiceExt;
use web::{
    house::{House, Parts},
    routes::Machine,
};

const KEYS: &str = include_str!("../../../../country/keys/test-keys.pem");

/// Milliseconds for which a nonce lasts on this stage.
pub(super) const NONCE_LIFE_MS: i64 = 120_000;
/// Milliseconds for which a pass lasts.
pub(super) const PASS_LIFE_MS: i64 = 300_000;

/// Plays a story on each database. It begins on 2026-06-01 at nine. Lines:
/// `insure c1 p1[/state] name=value…` · `fact c1 KIND VALUE…` · `card p1 [until=DAY] [next] [signing]` · `enrolled p1` ·
/// `hold p1` · `lift p1` · `on DAY` · `wait MS` · `production` (the desk accepts real cards only) ·
/// `A nonce [session=…] [terminal=N]` · `A shows p1 [yes=…] [no=…] [limit] [diseases] [eye] [enrol[=TERMS]] [ask]
/// [session=…] [terminal=N] [signed=p2] [key=ID]` · `A answers [yes=…] …` (with the last pass).
pub(super) fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("reader", |store| {
        let mut stage = Stage::open(store);
        let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
        let out: String = lines.filter_map(|line| stage.line(line)).map(|said| format!("{said}\n")).collect();
        stage.the_log_is_clean();
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

struct Stopped(Instant);

impl Clock for Stopped {
    fn now(&self) -> Instant {
        self.0
    }
}

/// A card: its certificate, and the key that signs.
struct Card {
    certificate: Vec<u8>,
    key: SigningKey,
}

pub(super) struct Stage<'s> {
    store: &'s Store,
    ids: Arc<dyn IdSource>,
    now: Instant,
    hierarchy: Hierarchy,
    cards: BTreeMap<String, Card>,
    nonce: (String, Vec<u8>),
    pass: String,
    requests: u32,
    secrets: Vec<String>,
    random: u64,
}

fn value<'l>(words: &[&'l str], name: &str) -> Option<&'l str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn numbered<K: base::Kind>(label: &str) -> Id<K> {
    Id::new(label[1..].parse().expect("c1, p1 …")).expect("positive")
}

fn day(text: &str) -> Date {
    Date::parse8(text).expect("a day")
}

fn facility_id(label: &str) -> i64 {
    i64::from(label.as_bytes()[0] - b'A') + 1
}

fn authority(generation: &Generation, name: &str) -> Authority {
    let keys = pool(KEYS);
    let key = &keys.iter().find(|(known, _)| *known == name).expect("a key of the pool").1;
    Authority::new(generation, key).expect("an authority")
}

impl<'s> Stage<'s> {
    fn open(store: &'s Store) -> Stage<'s> {
        let mut stage = Stage {
            store,
            ids: seeded_ids(10_000),
            now: day("20260601").begins().plus_ms(9 * 3_600_000),
            hierarchy: Hierarchy::Test,
            cards: BTreeMap::new(),
            nonce: Default::default(),
            pass: String::new(),
            requests: 0,
            secrets: Vec::new(),
            random: 1,
        };
        for (label, from) in [("A", "20210101"), ("B", "20210101"), ("C", "20270101")] {
            stage.facility(label, from);
        }
        stage
    }

    fn cx(&self) -> Cx<'_> {
        Cx::new(self.now, Actor::System, Purpose::Registration, self.ids.as_ref())
    }

    fn facility(&mut self, label: &str, from: &str) {
        let entry = FacilityEntry {
            code: FacilityCode::from_body(&format!("13101{:04}", 1000 + facility_id(label))).expect("a code"),
            name: format!("診療所{label}"),
            kind: Kind::parse("clinic").expect("a kind"),
            postcode: None,
            address: None,
            pre_operation_from: None,
            operates_from: Some(day(from)),
            closes_on: None,
        };
        let (cx, id) = (self.cx(), Id::new(facility_id(label)).expect("an id"));
        let recorded = self.store.record(self.now, |tx| facilities::record(tx, &cx, id, &entry));
        assert!(recorded.expect("recorded").is_ok());
    }

    fn line(&mut self, line: &str) -> Option<String> {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        match words[0] {
            "on" => self.now = day(words[1]).begins().plus_ms(9 * 3_600_000),
            "at" => self.now = Instant::from_ms(words[1].parse().expect("milliseconds")),
            "end-of" => {
                let ends = day(words[1]).plus_days(1).begins();
                self.now = ends.plus_ms(words[2].parse().expect("milliseconds"));
            }
            "wait" => self.now = self.now.plus_ms(words[1].parse().expect("milliseconds")),
            "production" => self.hierarchy = Hierarchy::Production,
            "insure" => self.insure(words[1], words[2], &words[3..]),
            "fact" => self.fact(words[1], words[2], words[3]),
            "card" => self.card(words[1], &words[2..]),
            "enrolled" => {
                let (cx, person) = (self.cx(), numbered(words[1]));
                let channel = enrolment::rules::Channel::Portal;
                let terms = enrolment::rules::TERMS_VERSION;
                let done = self.store.change(|tx| enrolment::record(tx, &cx, person, channel, terms));
                assert!(done.expect("recorded").is_ok());
            }
            "hold" | "lift" => self.hold(words[0], words[1]),
            "withdraw" => self.withdraw(words[1], words[2]),
            "consents" => return Some(self.consents(words[1])),
            _ => return self.at_the_reader(words[0], words[1], &words[2..]),
        }
        None
    }

    fn hold(&mut self, what: &str, person: &str) {
        let (cx, person) = (self.cx(), numbered(person));
        let done = self.store.change(|tx| match what {
            "hold" => ::cards::hold(tx, &cx, person, Channel::CallCentre),
            _ => ::cards::lift(tx, &cx, person, Channel::CallCentre),
        });
        assert!(done.expect("recorded").is_ok());
    }

    /// Withdraws a kind of the person's newest consent.
    fn withdraw(&mut self, person: &str, kind: &str) {
        let (person, ids) = (numbered(person), self.ids.clone());
        let own = Actor::Person { person: person.raw() };
        let cx = Cx::new(self.now, own, Purpose::OwnRecord, ids.as_ref());
        let kind = consent::rules::kind(kind).expect("a kind");
        let done = self.store.check_and_wait(|tx| {
            let newest = consent::list(tx, person, self.now, 1)?.remove(0).consent;
            consent::withdraw(tx, &cx, person, newest, kind)
        });
        assert!(done.expect("recorded").0.is_ok());
    }

    /// How the kinds that were ever answered stand with A, and until when.
    fn consents(&mut self, person: &str) -> String {
        let person = numbered(person);
        let standing = |tx: &mut ::store::Tx<'_>| consent::standing(tx, person, numbered("A1"), self.now);
        let told = self.store.look(standing).expect("read").into_iter().filter_map(|(kind, standing)| {
            use consent::rules::Standing;
            match standing {
                Standing::Live { until, .. } => {
                    Some(format!("{} until {}", kind.word, &until.stamp14()[4..]))
                }
                Standing::Never | Standing::Replaced { .. } => None,
                Standing::Withdrawn { .. } => Some(format!("{} withdrawn", kind.word)),
                Standing::Declined { .. } => Some(format!("{} declined", kind.word)),
                Standing::Expired { .. } => Some(format!("{} expired", kind.word)),
            }
        });
        format!("consents: {}", told.collect::<Vec<_>>().join(", "))
    }

    fn insure(&mut self, coverage: &str, who: &str, words: &[&str]) {
        let number = format!("9{:05}", coverage[1..].parse::<u32>().expect("a number"));
        self.secrets.push(number.clone());
        let entry = NewEntry {
            insurer: InsurerNumber::parse(value(words, "insurer").unwrap_or("06990014")).expect("an insurer"),
            symbol: Some("21".into()),
            number,
            branch: BranchNumber::from_number(1),
            card_class: value(words, "class").unwrap_or("01").into(),
            relation: None,
            insured_name: None,
            name: PersonName { written: format!("患者{}", &coverage[1..]), kana: "ｶﾝｼﾞｬ".into() },
            other_name: None,
            sex: Sex::Female,
            birth: BirthDate::from_number(19800401).expect("a day"),
            postcode: None,
            address: None,
            qualified_on: day(value(words, "from").unwrap_or("20200101")),
            issued_on: None,
            card_from: None,
            card_until: None,
        };
        let (person, state) = who.split_once('/').unwrap_or((who, "verified"));
        let state = LinkState::parse(state).expect("a state");
        let link = NewFact::always(What::Link { person: numbered(person), state });
        let (cx, coverage) = (self.cx(), numbered(coverage));
        let done = self.store.record(self.now, |tx| {
            coverage::register_as(tx, &cx, coverage, &entry)?;
            coverage::record(tx, &cx, coverage, &link, None)
        });
        done.expect("recorded");
    }

    fn fact(&mut self, coverage: &str, kind: &str, text: &str) {
        let (what, starts_on) = match kind {
            "loss" => (What::Loss { reason: "03".into() }, Some(day(text))),
            "limit" => {
                let what = What::Limit { class: "01".into(), flag: text.into(), long_term_on: None };
                (what, None)
            }
            "disease" => (What::Disease { category: text.into(), self_pay: 10_000 }, None),
            "quarantine" => {
                let what = What::Link { person: numbered(text), state: LinkState::Quarantined };
                (what, None)
            }
            _ => panic!("an unknown fact"),
        };
        let (cx, coverage) = (self.cx(), numbered(coverage));
        let fact = NewFact { starts_on, ..NewFact::always(what) };
        self.store.record(self.now, |tx| coverage::record(tx, &cx, coverage, &fact, None)).expect("recorded");
    }

    /// Issues a card and, unless it is to be unknown, tells the register of it.
    fn card(&mut self, person: &str, words: &[&str]) {
        let (generation, issuer, leaf) = match () {
            () if words.contains(&"next") => (AUTH_04, "auth-04", "leaf-p384-01"),
            () if words.contains(&"signing") => (SIGN_02, "sign-02", "leaf-rsa-03"),
            () => (AUTH_03, "auth-03", "leaf-rsa-02"),
        };
        let keys = pool(KEYS);
        let key = &keys.iter().find(|(name, _)| *name == leaf).expect("a key").1;
        let key = SigningKey::from_pkcs8(key).expect("a key");
        let serial = [0x77, 0x10, person.as_bytes()[1], self.cards.len() as u8];
        self.secrets.push(base::hex(&serial));
        let until = day(value(words, "until").unwrap_or("20290401")).plus_days(1).begins().plus_ms(-1000);
        let signing = words.contains(&"signing");
        let attributes = pki::authority::Attributes {
            name: "試験",
            name_substitutes: "00",
            birth: "319800401",
            sex: "2",
            address: "架空県",
            address_substitutes: "000",
        };
        let wanted = Wanted {
            serial: pki::Serial::new(&serial).expect("a serial"),
            common_name: if signing { "20240401000000132210000000AB" } else { "997794E9AGCIEG13221003A" },
            not_before: day("20240401").begins(),
            not_after: until,
            public_key: &key.spki(),
            municipality: Municipality { prefecture: "Kakuu-ken", name: "Midori-shi" },
            attributes: signing.then_some(attributes),
        };
        let certificate = authority(&generation, issuer).issue(&wanted).expect("issued");
        if !words.contains(&"unknown") {
            let new = NewCertificate {
                serial: Serial::new(&serial).expect("a serial"),
                valid_from: wanted.not_before,
                valid_until: until,
                source: Source::Card,
                holder: Holder::Person(numbered(person)),
            };
            let cx = self.cx();
            let done = self.store.change(|tx| ::cards::register(tx, &cx, &new));
            assert!(done.expect("recorded").is_ok());
        }
        self.cards.insert(person.to_owned(), Card { certificate, key });
    }

    fn prover(&self) -> Prover {
        let anchors = [(AUTH_03, "auth-03"), (AUTH_04, "auth-04"), (SIGN_02, "sign-02")];
        let parsed = anchors.iter().map(|(generation, name)| {
            Certificate::parse(authority(generation, name).certificate()).expect("an anchor")
        });
        let parsed: Vec<_> = if self.hierarchy == Hierarchy::Test { parsed.collect() } else { Vec::new() };
        let settings = proof::Settings {
            terms: Terms { soon_months: 3, grace: Grace::ToTheDay { months: 3 } },
            nonce_life_ms: NONCE_LIFE_MS,
        };
        let anchors = Anchors::new(self.hierarchy, parsed).expect("anchors");
        Prover::new(anchors, &[5; 32], settings, Status::Register)
    }

    fn post(&mut self, who: &str, words: &[&str], path: &str, body: &Value) -> (u16, Value) {
        self.random += 1;
        let house = House::open(Parts {
            store: self.store.clone(),
            clock: Arc::new(Stopped(self.now)),
            ids: self.ids.clone(),
            random: seeded_random(self.random),
            hosts: Vec::new(),
            demo: false,
            behind_https: false,
            desk_threads: 1,
            desk_queue: 4,
            page_threads: 1,
            page_queue: 4,
        });
        let house = house.expect("a house");
        let desk = Desk {
            settings: Settings {
                asked: vec!["checkups", "drugs", "diagnosis", "operation"],
                prescription: false,
                pass_life_ms: PASS_LIFE_MS,
            },
            counter: counter::rules::Settings {
                filing_window_days: 14,
                invalid_at_once: false,
                ahead_days_max: 90,
                back_days_max: 1825,
            },
            prover: Arc::new(self.prover()),
        };
        let door = Door::new(desk, self.store, [9; 32]).expect("a door");
        let router = machine_routes(Arc::new(door)).into_router(house);
        let terminal =
            value(words, "terminal").map_or(500 + facility_id(who), |n| n.parse().expect("a number"));
        let actor = Actor::Terminal { terminal, facility: facility_id(who) };
        self.requests += 1;
        let key = value(words, "key").map_or_else(|| format!("request-{}", self.requests), str::to_owned);
        let request = Request::post(path)
            .header("idempotency-key", key)
            .extension(Machine { actor })
            .body(Body::from(body.to_string()))
            .expect("a request");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let response = router.oneshot(request).await.expect("an answer");
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await.expect("a body").to_bytes();
            (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
        })
    }

    fn at_the_reader(&mut self, who: &str, verb: &str, words: &[&str]) -> Option<String> {
        let session = value(words, "session").unwrap_or("session-0123456789").to_owned();
        match verb {
            "nonce" => {
                let (status, said) = self.post(who, words, NONCE_PATH, &json!({ "session": session }));
                assert_eq!(status, 200, "{said}");
                let message = STANDARD.decode(said["message"].as_str().expect("a message")).expect("base64");
                let nonce = said["nonce"].as_str().expect("a nonce").to_owned();
                self.secrets.push(nonce.clone());
                self.nonce = (nonce, message);
                None
            }
            "shows" => {
                let card = &self.cards[words[0]];
                let signer = value(words, "signed").map_or(card, |other| &self.cards[other]);
                let mut proof = json!({
                    "nonce": self.nonce.0,
                    "certificate": STANDARD.encode(&card.certificate),
                    "signature": STANDARD.encode(signer.key.sign(&self.nonce.1)),
                    "way": if words.contains(&"eye") { "eye" } else { "pin" },
                });
                if let Some(bent) = value(words, "certificate") {
                    proof["certificate"] = bent.into();
                }
                let mut body = json!({ "session": session, "proof": proof });
                answers(&mut body, words);
                let (status, said) = self.post(who, words, TAP_PATH, &body);
                Some(self.told(status, &said))
            }
            "answers" => {
                let mut body = json!({ "session": session, "pass": self.pass });
                answers(&mut body, words);
                let (status, said) = self.post(who, words, TAP_PATH, &body);
                Some(self.told(status, &said))
            }
            "sends" => {
                let body = serde_json::from_str(&words.join(" ")).unwrap_or(Value::String(words.join(" ")));
                let (status, said) = self.post(who, &[], TAP_PATH, &body);
                Some(self.told(status, &said))
            }
            _ => panic!("not understood: {verb}"),
        }
    }

    /// An answer in a line: state, code, outcome, questions, and the face file's consents.
    fn told(&mut self, status: u16, said: &Value) -> String {
        if status != 200 {
            return format!("{status} {}", said["code"].as_str().unwrap_or_default());
        }
        if let Some(pass) = said["pass"].as_str() {
            self.pass = pass.to_owned();
        }
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let mut line = text("state");
        for more in [text("outcome"), text("code")].iter().filter(|more| !more.is_empty()) {
            line += &format!(" {more}");
        }
        if let Some(asked) = said["ask"].as_array() {
            let kinds: Vec<&str> = asked.iter().filter_map(|one| one["kind"].as_str()).collect();
            line += &format!(" [{}]", kinds.join(" "));
        }
        if let Some(code) = said["notice"]["code"].as_str() {
            line += &format!(" notice {code}");
        }
        if let Some(face) = said["face"].as_object() {
            line += &format!(" · {}", summary(&face["XmlMsg"]));
        }
        line
    }

    /// No serial, nonce or insured number stands in the log.
    fn the_log_is_clean(&self) {
        const BODIES: &str = "select body from audit_row where body is not null";
        let read = self.store.look(|tx| tx.rows_of_both(BODIES, &[], |row| row.blob(0)));
        for body in read.expect("read") {
            let body = String::from_utf8_lossy(&body).into_owned();
            for secret in &self.secrets {
                assert!(!body.contains(secret.as_str()), "a secret stands in the log");
            }
        }
    }
}

/// What the person answered, when the line says so.
fn answers(body: &mut Value, words: &[&str]) {
    let kinds = |name: &str| -> Vec<String> {
        value(words, name).map_or_else(Vec::new, |list| list.split(',').map(str::to_owned).collect())
    };
    if !words.contains(&"ask") {
        body["answers"] = json!({
            "agreed": kinds("yes"), "declined": kinds("no"),
            "limit": words.contains(&"limit"), "diseases": words.contains(&"diseases"),
        });
    }
    if words.contains(&"enrol") {
        body["enrol"] = enrolment::rules::TERMS_VERSION.into();
    }
    if let Some(terms) = value(words, "enrol") {
        body["enrol"] = terms.into();
    }
}

/// The message for the clinic in a few words.
fn summary(message: &Value) -> String {
    let (header, body) = (&message["MessageHeader"], &message["MessageBody"]);
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut line = format!(
        "class {} status {} validity {}",
        text(&header["ReferenceClassification"]),
        text(&body["ProcessingResultStatus"]),
        text(&body["QualificationValidity"]),
    );
    if let Some(code) = body["ProcessingResultCode"].as_str() {
        line += &format!(" {code}");
    }
    for row in body["ResultList"].as_array().into_iter().flatten() {
        let row = &row["ResultOfQualificationConfirmation"];
        line += &format!(" {}", text(&row["Name"]));
        for (name, value) in row.as_object().into_iter().flatten() {
            if let Some(stem) = name.strip_suffix("ConsFlg") {
                let times: Vec<String> = [format!("{stem}ConsTime"), format!("{stem}AvailableTime")]
                    .iter()
                    .filter_map(|name| row[name.as_str()].as_str())
                    .map(|stamp| stamp[4..].to_owned())
                    .collect();
                line += &format!(" {stem}={}", text(value));
                line += &times.iter().map(|time| format!("@{time}")).collect::<String>();
            }
        }
        if row["LimitApplicationCertificateRelatedInfo"].is_object() {
            line += " (limit shown)";
        }
    }
    line
}
