//! Canaries: two patients whose every word is unmistakable are asked about through every door, rightly and wrongly, and
//! put their cards on both readers; then everything that leaves the program beside the answers themselves is searched
//! for them, their PINs, their certificates' serials, and for nonces, passes and sessions.
//!
//! Searched: what every process said, addresses that pages link to or send to, status, readiness and metrics, problem
//! bodies, texts of errors, the log's rows and the whole file they lie in, names of files that the terminal keeps.
//! Not here: the answers and the pages that show them to the desk or to the person, which may of course hold them;
//! `shikaku.db`, where people are recorded; `log.db` for nonces and passes, which lie there as used.
//! Rules come from: DESIGN section 2; docs/rules.md S1 r1, r2; S17 r1.

use crate::{by_card::*, desk::*};
use base64::{Engine, engine::general_purpose::STANDARD};
use pki::Certificate;
use std::{fs, path::Path};
use store::Db;

const OWN: &str = "id,outcome,insurer_number,symbol,number,branch,birth_date,pin,expected_validity,name,kana,address\r\n\
    canary-1,valid,06990014,籠鳥七,55501234,07,19120304,0958,1,金糸雀　啼子,ｶﾅﾘﾔ ﾅｷｺ,架空県籠市鳥篭町九丁目\r\n\
    canary-2,valid,  990010,QUILL-77,55505678,,19130506,0764,1,紅雀　鳴介,ﾍﾞﾆｽｽﾞﾒ ﾒｲｽｹ,架空県籠市止木町八丁目\r\n";

/// What may stand nowhere. The numbers are asked wrongly, too: mistyped ones are still somebody's. None comes by chance in
/// a random number: a word in Latin letters is five long at least, and holds some that no identifier of ours is made of
/// (`base::ids` leaves out I, L, O, U).
const CANARIES: [&str; 29] = [
    "55501234",
    "55505678",
    "55509999",
    "籠鳥七",
    "QUILL-77",
    "QUILL",
    "金糸雀",
    "啼子",
    "紅雀",
    "鳴介",
    "ｶﾅﾘﾔ",
    "ﾅｷｺ",
    "ﾍﾞﾆｽｽﾞﾒ",
    "鳥篭町",
    "止木町",
    "19120304",
    "1912-03-04",
    "1912年",
    "19130506",
    "1913-05-06",
    "19120305",
    "KARTE-CANARY",
    "KARTE-OF-NOBODY",
    "777-0123",
    "7770123",
    "stem-of-the-bird",
    "mark-of-the-bird",
    "file-of-the-bird",
    "大正元年3月",
];

/// PINs, and the one that is typed wrongly. Four digits stand in many a number, so they are searched as words; none
/// begins like a count or a port.
const PINS: [&str; 3] = ["0958", "0764", "0149"];

#[track_caller]
fn clean(place: &str, text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} stands in {place}");
        let encoded = form(&[("", canary)]);
        let encoded = encoded.trim_start_matches('=');
        assert!(!text.contains(encoded), "{canary}, encoded, stands in {place}");
    }
    for pin in PINS {
        assert!(!has_word(text, pin), "the PIN {pin} stands in {place}");
    }
}

/// Whether a word stands there with neither digit nor letter beside it.
fn has_word(text: &str, word: &str) -> bool {
    let is_beside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut found = text.match_indices(word);
    found.any(|(at, _)| {
        !is_beside(text[..at].chars().next_back()) && !is_beside(text[at + word.len()..].chars().next())
    })
}

/// What is known only when the cards are there and sessions were opened.
#[derive(Default)]
struct Secrets {
    /// Serials and certificates of the canaries' cards.
    serials: Vec<String>,
    /// Nonces, passes, signatures, cookies and tokens of forms.
    sessions: Vec<String>,
}

impl Secrets {
    /// Every form in which a serial could be written, and the beginning of its certificate.
    fn of_cards(server: &Server) -> Secrets {
        let mut secrets = Secrets::default();
        for card in ["cards/canary-1.card", "cards/canary-2.card"] {
            let text = card_field(&server.data, card, "auth", "certificate");
            let der = STANDARD.decode(&text).expect("base64");
            let serial = Certificate::parse(&der).expect("strict DER").serial();
            let number = serial.as_bytes().iter().fold(0u128, |number, byte| number << 8 | u128::from(*byte));
            assert!(serial.as_bytes().len() >= 4, "long enough to be nothing else by chance");
            let hex = serial.hex();
            secrets.serials.extend([hex.to_uppercase(), hex, number.to_string(), text[..40].to_owned()]);
        }
        secrets
    }

    fn learn(&mut self, secret: &str) {
        assert!(secret.len() >= 16, "long enough to be nothing else by chance");
        self.sessions.push(secret.to_owned());
    }

    fn learn_of(&mut self, browser: &Browser) {
        browser.cookie_values().filter(|value| value.len() >= 16).for_each(|value| self.learn(value));
    }

    /// Neither a canary nor one of these.
    #[track_caller]
    fn clean(&self, place: &str, text: &str) {
        self.clean_of_cards(place, text);
        for (number, secret) in self.sessions.iter().enumerate() {
            assert!(!text.contains(secret), "secret {number} of a session stands in {place}");
        }
    }

    #[track_caller]
    fn clean_of_cards(&self, place: &str, text: &str) {
        clean(place, text);
        for (number, secret) in self.serials.iter().enumerate() {
            assert!(!text.contains(secret), "serial {number} stands in {place}");
        }
    }
}

/// The questions: both canaries as they are, and every way to ask wrongly.
fn questions(code: &str) -> Vec<Question> {
    let first = Question {
        day: day(0).stamp8(),
        institution: code.to_owned(),
        file_mark: "file-of-the-bird".into(),
        insurer: "06990014".into(),
        symbol: "籠鳥七".into(),
        number: "55501234".into(),
        branch: "07".into(),
        birth: "19120304".into(),
        consent: true,
        mark: "mark-of-the-bird".into(),
    };
    let second = Question {
        insurer: "  990010".into(),
        symbol: "QUILL-77".into(),
        number: "55505678".into(),
        branch: String::new(),
        birth: "19130506".into(),
        ..first.clone()
    };
    vec![
        Question { birth: "19120305".into(), ..first.clone() },
        Question { number: "55509999".into(), ..first.clone() },
        Question { branch: "ZZ".into(), ..first.clone() },
        Question { insurer: "籠鳥七".into(), ..first.clone() },
        Question { birth: "19120399".into(), ..first.clone() },
        Question { day: "20991231".into(), ..first.clone() },
        Question { day: "籠鳥七".into(), ..first.clone() },
        Question { institution: "9910100032".into(), ..first.clone() },
        Question { number: "55501234".repeat(12), ..first.clone() },
        first,
        second,
    ]
}

/// The folder, and `shikaku check`: texts of errors are clean.
fn by_folder(home: &Home, server: &Server) {
    let data = &server.data;
    for (number, question) in questions(&server.institution()).iter().enumerate() {
        let stem = format!("stem-of-the-bird-{number}");
        put(data, &stem, &question.xml(if number % 2 == 0 { "UTF-8" } else { "Shift_JIS" }));
        let told = read_xml(&taken(data, &stem));
        let texts = [told.header.error_message, told.body.message, told.header.error_code, told.body.code];
        texts.into_iter().flatten().for_each(|text| clean("an answer's message", &text));
        let file = home.path("OQSsiquc01req_stem-of-the-bird.xml");
        fs::write(&file, question.xml("UTF-8")).expect("written");
        let (ca, cert) = (data.join("tls/ca.pem"), data.join("tls/terminal.pem"));
        let ran = home.run(&[
            "check".as_ref(),
            "--server".as_ref(),
            server.machines.as_ref(),
            "--ca".as_ref(),
            ca.as_os_str(),
            "--cert".as_ref(),
            cert.as_os_str(),
            file.as_os_str(),
        ]);
        clean("a command's complaints", &ran.err);
    }
    for (number, bytes) in
        [&b"<XmlMsg><Name>55501234"[..], "<a>金糸雀</b>".as_bytes(), b"55501234"].iter().enumerate()
    {
        let stem = format!("stem-of-the-bird-bad-{number}");
        put(data, &stem, bytes);
        clean(
            "the answer to what is no request",
            &String::from_utf8_lossy(&taken(data, &stem)).replace(&stem, ""),
        );
    }
}

/// The machines' door, with certificates that may and may not.
fn by_door(server: &Server) {
    let machine = server.machine();
    for question in questions(&server.institution()) {
        let told = machine.check(Some("key"), &question);
        let texts = [told.header.error_message, told.body.message, told.header.error_code, told.body.code];
        texts.into_iter().flatten().for_each(|text| clean("an answer's message", &text));
    }
    for body in ["55501234", "{\"55501234\":1}", "{\"XmlMsg\":{\"金糸雀\":\"x\"}}", "{\"XmlMsg\":[55501234]}"]
    {
        let reply = machine.post(None, body.as_bytes()).expect("an answer");
        clean("the answer to what is no message", &reply.body);
    }
    let broken = machine.get("/55501234").expect("an answer");
    assert_eq!(broken.status, 404);
    clean("an address that is not there", &broken.body);
}

/// The pages: forms filled rightly and wrongly at every desk; every address seen is clean.
fn by_pages(server: &Server, secrets: &mut Secrets) {
    let mut browser = server.browser();
    let csrf = browser.sit("receptionist");
    secrets.learn(&csrf);
    secrets.learn_of(&browser);
    for question in questions(&server.institution()) {
        let fields = [
            ("csrf", csrf.as_str()),
            ("insurer", &question.insurer),
            ("symbol", &question.symbol),
            ("number", &question.number),
            ("branch", &question.branch),
            ("birth", &question.birth),
            ("limit", "1"),
        ];
        let reply = browser.post("/reception/check", &fields);
        if reply.status == 303 {
            let result = browser.get(reply.header("location"));
            assert_eq!(result.status, 200);
            assert!(result.header("cache-control").contains("no-store"));
            browser.get(&format!("{}?lang=en", reply.header("location")));
        }
        let stale = browser.post("/reception/check", &fields[1..]);
        assert_eq!(stale.status, 403);
        clean("a refused form", &stale.body);
    }
    browser.get("/reception");
    browser.sit("facility-administrator");
    clean("the facility's log", &browser.get("/log").body);
    browser.sit("system-administrator");
    for path in ["/facilities", "/staff", "/status", "/statistics", "/ready", "/metrics", "/"] {
        let body = browser.get(path).body;
        secrets.clean(path, &body);
    }
    assert!(browser.addresses.len() > 20);
    secrets.clean("an address", &format!("{:#?}", browser.addresses));
}

/// The script door and the reader's door, rightly and wrongly.
fn by_script(home: &Home, server: &Server, secrets: &mut Secrets) {
    for (card, pin) in [("canary-1", PINS[0]), ("canary-2", PINS[1])] {
        let ask = TapAsk { card, pin: Some(PINS[2]), agreed: &["drugs"], limit: true, ..TapAsk::default() };
        let wrong = server.tap(&ask);
        assert_eq!(wrong.text("state"), "refused");
        let right = server.tap(&TapAsk { pin: Some(pin), ..ask.clone() });
        assert_eq!(right.text("state"), "done", "{}", right.said);
        let eye = server.tap(&TapAsk { pin: None, ..ask });
        for said in [wrong, right, eye] {
            secrets.clean("what the script door said", &said.said.to_string());
        }
        let args = ["card", "tap", card, "--pin", pin, "--data"].map(std::ffi::OsStr::new);
        assert_eq!(home.run(&[args.as_slice(), &[server.data.as_os_str()]].concat()).code, Some(0));
    }
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
    let agent: ureq::Agent = config.into();
    for body in [
        "{\"card\":\"金糸雀\",\"pin\":\"0958\"}",
        "{\"card\":\"canary-1\",\"pin\":\"0958 \"}",
        "{\"card\":\"canary-1\",\"pin\":958,\"0958\":1}",
        "{\"card\":\"canary-1\",\"pin\":\"0958\",\"agreed\":[\"金糸雀\"]}",
        "0958",
    ] {
        let request = agent.post(format!("{}/script/tap", server.kiosk()));
        let request = request.header("Content-Type", "application/json").header("shikaku-script", "1");
        let mut reply = request.send(body).expect("the kiosk answers");
        assert_ne!(reply.status().as_u16(), 200);
        clean("what the script door would not take", &reply.body_mut().read_to_string().expect("text"));
    }
}

/// Proofs by hand, whose nonces and passes are then known.
fn by_hand(home: &Home, server: &Server, secrets: &mut Secrets) {
    const SESSION: &str = "session-of-the-bird-01";
    let card = ByHand::new(home, server, "cards/canary-1.card");
    let proof = card.proof(SESSION);
    let asked = card.ask("a", &serde_json::json!({ "session": SESSION, "proof": proof }));
    assert_eq!(asked["state"], "ask");
    let answers = serde_json::json!({ "agreed": ["drugs"] });
    let pass = serde_json::json!({ "session": SESSION, "pass": asked["pass"], "answers": answers });
    let (done, again) = (card.ask("b", &pass), card.ask("c", &pass));
    assert_eq!((&done["state"], &again["state"]), (&"done".into(), &"refused".into()));
    let replayed = card.tap(SESSION, &proof, "d");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    for secret in [&proof["nonce"], &asked["pass"]] {
        secrets.learn(&text(secret));
    }
    secrets.learn(&text(&proof["signature"])[..40]);
    secrets.learn(SESSION);
    secrets.clean("a refusal of the reader's door", &again.to_string());
    secrets.clean("a refusal of the reader's door", &replayed.to_string());
    for path in [NONCE, TAP] {
        for body in [
            "{\"session\":\"金糸雀\"}",
            "55501234",
            "{\"session\":\"session-of-the-bird-01\",\"pin\":\"0958\"}",
        ] {
            let reply = card.machine.post_to(path, Some("e"), body.as_bytes()).expect("an answer");
            if reply.status != 200 {
                secrets.clean("a problem of the reader's door", &reply.body);
            }
        }
    }
}

/// The kiosk's own pages: a search, a wrong PIN, the right one, every question.
fn by_kiosk(server: &Server, secrets: &mut Secrets) {
    for (card, pin) in [("canary-1", PINS[0]), ("canary-2", PINS[1])] {
        let mut start = Browser::new(&server.kiosk());
        let token =
            quoted(&start.get("/").body, "name=\"token\" value=\"").next().expect("a form").to_owned();
        let found = start.post("/find", &[("token", token.as_str()), ("find", "金糸雀")]);
        clean("where a search leads", found.header("location"));
        start.post("/find", &[("token", token.as_str()), ("clear", "1")]);
        let mut seat = Seat::with_card(server, Side::Kiosk, card, "");
        assert!(seat.press("pin", &[("pin", PINS[2])]).contains("SKT05"), "a wrong PIN is told");
        secrets.learn(quoted(seat.page(), "name=\"token\" value=\"").next().expect("a form"));
        assert!(seat.answer_yes(pin) >= 5);
        secrets.learn_of(&seat.browser);
        let mut browser = seat.take_out();
        let nowhere = browser.get("/nowhere?pin=none");
        secrets.clean("a page of the kiosk that is not there", &nowhere.body);
        let stale = browser.post("/step", &[("token", token.as_str()), ("act", "pin"), ("pin", pin)]);
        secrets.clean("where a stale form leads", stale.header("location"));
        for browser in [&start, &browser] {
            secrets.clean("an address of the kiosk", &format!("{:#?}", browser.addresses));
        }
    }
}

/// One's own pages through one's own reader; a lost card there, and by telephone.
fn by_own_pages(server: &Server, secrets: &mut Secrets) {
    let row = rows(&server.data).into_iter().find(|row| row.id == "canary-1").expect("the row");
    let mut own = server.browser();
    let wrongly = Row { pin: PINS[2].to_owned(), ..row.clone() };
    let (is_in, _, reader) = server.sign_in(&mut own, &wrongly);
    assert!(!is_in);
    clean("an address of one's own reader", &format!("{:#?}", reader.addresses));
    secrets.learn_of(&own);
    let (is_in, _, reader) = server.sign_in(&mut own, &row);
    assert!(is_in);
    clean("an address of one's own reader", &format!("{:#?}", reader.addresses));
    secrets.learn_of(&reader);
    secrets.learn_of(&own);
    let paths = ["/my", "/my/views", "/my/consents", "/my/lost", "/my/enrolment", "/my/views?lang=en"];
    let shown: String = paths.iter().map(|path| own.get(path).body).collect();
    assert!(shown.contains("55501234") && shown.contains("金糸雀"), "the canary sings to itself");
    secrets.clean_of_cards("who looked", &own.get("/my/views").body.replace("canary", ""));
    let token = csrf(&own.get("/my/lost").body);
    secrets.learn(&token);
    for path in ["/my/lost", "/my/lost/lift"] {
        assert_eq!(own.post(path, &[("csrf", token.as_str())]).status, 303, "{path}");
    }
    clean("an address of one's own pages", &format!("{:#?}", own.addresses));
    let mut desk = server.browser();
    for text in ["金糸雀", "55501234", "55501234.0958"] {
        let refused =
            desk.send_json("/my/prove", &serde_json::json!({ "nonce": text, "certificate": "AA==" }));
        secrets.clean("what is no proof", &refused.body);
        let proof = serde_json::json!({ "nonce": text, "certificate": "AA==", "signature": "AA==" });
        secrets.clean("a proof that is none", &desk.send_json("/my/prove", &proof).body);
    }
    by_telephone(&mut desk);
    let held = server.tap(&TapAsk { card: "canary-1", pin: Some(PINS[0]), ..TapAsk::default() });
    assert_eq!(held.text("code"), "cards.on-hold");
    secrets.clean("the refusal of a suspended card", &held.said.to_string());
    secrets.clean("an address of the call centre", &format!("{:#?}", desk.addresses));
}

/// The call centre asks its questions: an answer that is wrong, then right ones; a lift that needs more.
fn by_telephone(desk: &mut Browser) {
    let token = desk.sit("call-centre-operator");
    let mut identify = |postcode: &str, house: &str| {
        let fields = [
            ("csrf", token.as_str()),
            ("kana", "ｶﾅﾘﾔ ﾅｷｺ"),
            ("birth", "19120304"),
            ("postcode", postcode),
            ("house", house),
        ];
        desk.post("/calls", &fields)
    };
    assert_eq!(identify("777-0123", "").status, 422);
    let reply = identify("", "9");
    assert_eq!(reply.status, 303);
    let call = reply.header("location").to_owned();
    clean("the page of a call", &desk.get(&call).body);
    assert_eq!(desk.post(&format!("{call}/hold"), &[("csrf", token.as_str())]).status, 303);
    let lift = [("csrf", token.as_str()), ("held_on", "1912-03-04")];
    let refused = desk.post(&format!("{call}/lift"), &lift);
    assert!(refused.status >= 400);
    clean("the refusal of a lift", &refused.body);
}

/// The clinic's own number, registered rightly and wrongly; a card then brings it along.
fn by_reference(server: &Server) {
    let first = questions(&server.institution()).remove(9);
    let said = register_reference(server, "x", "KARTE-CANARY-77", &first);
    assert!(said.contains("<ProcessingResultStatus>1<"), "{said}");
    let wrong = Question { number: "55509999".into(), ..first };
    let said = read_reference(&register_reference(server, "y", "KARTE-OF-NOBODY", &wrong));
    clean("the text about a number that is nobody's", &said);
    let tapped = server.tap(&TapAsk { card: "canary-1", pin: Some(PINS[0]), ..TapAsk::default() });
    let (path, face) = tapped.face.expect("a face file");
    assert!(String::from_utf8_lossy(&face).contains("KARTE-CANARY-77"), "the face file brings it along");
    clean("the name of a face file", &path.file_name().expect("a name").to_string_lossy());
}

/// The texts of an answer: what is echoed is the question's own.
fn read_reference(answer: &str) -> String {
    let texts = ["ProcessingResultMessage", "ErrorMessage", "ProcessingResultCode"].map(|name| {
        answer.split(&format!("<{name}>")).nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default()
    });
    assert!(texts.iter().any(|text| !text.is_empty()), "{answer}");
    texts.join(" ")
}

/// Rows of the log, and the bytes of the file that they lie in. Used nonces and passes lie beside them.
fn in_log(data: &Path, secrets: &Secrets) {
    const ROWS: &str = "select act, outcome, body from audit_row";
    for file in ["log.db", "shikaku.db"] {
        let mut db = Db::open_sqlite(&data.join(file), None).expect("opens");
        let rows = db
            .rows(ROWS, &[], |row| Ok((row.opt_text(0)?, row.opt_text(1)?, row.opt_blob(2)?)))
            .expect("read");
        assert!(rows.len() > 30 || file == "shikaku.db");
        for (act, outcome, body) in rows {
            secrets.clean("a row of the log", &format!("{act:?} {outcome:?}"));
            secrets.clean("a row of the log", &String::from_utf8_lossy(&body.unwrap_or_default()));
        }
    }
    let bytes = fs::read(data.join("log.db")).expect("read");
    assert!(bytes.windows(5).any(|word| word == b"drugs"), "consents lie there");
    let text = String::from_utf8_lossy(&bytes);
    for secret in CANARIES.iter().copied().chain(secrets.serials.iter().map(String::as_str)) {
        assert!(!text.contains(secret), "{secret} stands in log.db");
    }
    for card in ["cards/canary-1.card", "cards/canary-2.card"] {
        let der = STANDARD.decode(card_field(data, card, "auth", "certificate")).expect("base64");
        let serial = Certificate::parse(&der).expect("strict DER").serial();
        // As it stands in a certificate; four bytes alone would come by chance now and then.
        let number = [&[2, serial.as_bytes().len() as u8], serial.as_bytes()].concat();
        let stands = bytes.windows(number.len()).any(|window| window == number);
        assert!(!stands, "a serial stands in log.db");
    }
}

#[test]
fn s1_r2_no_canary_leaves_beside_the_answers() {
    let home = Home::new();
    let data = home.data();
    fs::create_dir_all(&data).expect("made");
    fs::write(data.join("my-patients.csv"), OWN).expect("written");
    let server = home.demo(&data, None, &[]);
    // The canaries sing: both are known, and their answers hold them.
    let sung = server.machine().check(None, &questions(&server.institution())[9]);
    assert_eq!(sung.body.results[0].name, "金糸雀　啼子");
    let heard = std::panic::catch_unwind(|| clean("an answer", &sung.body.results[0].name));
    assert!(heard.is_err(), "whoever searches hears them");
    assert!(has_word("pin=0958,", "0958") && !has_word("10958 a0958", "0958"));
    let mut secrets = Secrets::of_cards(&server);
    by_script(&home, &server, &mut secrets);
    by_hand(&home, &server, &mut secrets);
    by_kiosk(&server, &mut secrets);
    by_reference(&server);
    by_own_pages(&server, &mut secrets);
    by_folder(&home, &server);
    by_door(&server);
    by_pages(&server, &mut secrets);
    // Whoever searches hears these, too.
    let card = card_field(&data, "cards/canary-1.card", "auth", "certificate");
    assert!(std::panic::catch_unwind(|| secrets.clean_of_cards("a card", &card)).is_err());
    assert!(secrets.sessions.len() >= 12 && secrets.serials.len() == 8);
    home.stop(server, None);
    in_log(&data, &secrets);
    // Another start, with a line that cannot be read; backup and restore.
    fs::write(data.join("my-patients.csv"), OWN.replace("19120304", "19120399").replace("0764", "0764 0149"))
        .expect("written");
    let server = home.demo(&data, None, &[]);
    home.stop(server, None);
    let copy = home.path("copy");
    let args = ["backup", "--data"].map(std::ffi::OsStr::new);
    assert_eq!(home.run(&[args.as_slice(), &[data.as_os_str(), copy.as_os_str()]].concat()).code, Some(0));
    secrets.clean("what the processes said", &home.everything_said_without_answers());
    let journal = outsider("find", &[data.join("terminal").as_os_str()], b"");
    secrets.clean("names in the journal and on the way to the face folder", &journal.out);
    secrets.clean("names in the face folder", &format!("{:?}", names(&data.join("OQS/face"))));
    secrets.clean("names in the data directory", &format!("{:?}", names(&data)));
}
