//! kill -9 at random moments while cards are tapped: whatever the kiosk answered as done has its row in the log, its
//! consents and its face file, each once; nobody is enrolled twice; a proof that was used stays used. And enrolments
//! that race at two terminals make one.
//!
//! Not here: kills amid checks by number (`kills`), of the terminal between two steps (its own tests).
//! Rules come from: docs/rules.md S1 r1, r5; S2 r1; issue 3, "Hostile cases to prove".

use crate::{by_card::*, desk::*};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
    sync::{
        Barrier, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use store::Db;

const KILLS: usize = 25;
/// The kiosk serves four scripts at once.
const CLIENTS: usize = 3;
/// Cards of each client, half of which nobody has enrolled yet.
const CARDS: usize = 8;
const KINDS: [&str; 4] = ["checkups", "diagnosis", "drugs", "operation"];
/// Replays beside the others.
const OWN_CARD: &str = "cards/P001-valid-employee.card";

/// Patients of our own, `name-0` and so on; the first half of each client's is not enrolled.
fn own_patients(data: &Path, name: &str, count: usize) {
    let mut text =
        "id,outcome,insurer_number,symbol,number,branch,birth_date,pin,card_state,name\n".to_owned();
    for number in 0..count {
        let state = if number % 2 == 0 { "not-enrolled" } else { "valid" };
        let _ = writeln!(
            text,
            "{name}-{number},valid,06990014,77,{},01,19800401,1234,{state},試験　{}",
            770_000 + number,
            kanji(number)
        );
    }
    fs::create_dir_all(data).expect("made");
    fs::write(data.join("my-patients.csv"), text).expect("written");
}

/// A name of its own for each number.
fn kanji(number: usize) -> String {
    const DIGITS: [char; 10] = ['零', '壱', '弐', '参', '四', '五', '六', '七', '八', '九'];
    number.to_string().bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect()
}

/// The person behind each of our own patients.
fn people(data: &Path) -> BTreeMap<i64, String> {
    let seed = fs::read_to_string(data.join("country-seed.txt")).expect("the seed");
    let csv = fs::read(data.join("my-patients.csv")).expect("our own");
    let (patients, problems) = country::read_csv(&csv, seed.trim().parse().expect("a number"), day(0));
    assert_eq!(problems, []);
    patients.iter().map(|patient| (patient.residents[0].id.raw(), patient.id.clone())).collect()
}

/// What a tap agreed to, as the log writes it.
type Agreed = Vec<&'static str>;

/// What the clients did, by card.
#[derive(Default)]
struct Taps {
    /// Answered as done: what was agreed to, and the face file's name.
    done: BTreeMap<String, Vec<(Agreed, String)>>,
    /// Broken off: may have been done, or not.
    open: BTreeMap<String, Vec<Agreed>>,
    answers: usize,
}

fn lock(taps: &Mutex<Taps>) -> std::sync::MutexGuard<'_, Taps> {
    taps.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One tap, until the kiosk is not busy. Whether the kiosk still answers.
fn tap(server: &Server, card: &str, agreed: &Agreed, taps: &Mutex<Taps>) -> bool {
    lock(taps).open.entry(card.to_owned()).or_default().push(agreed.clone());
    let ask = TapAsk { card, pin: Some("1234"), agreed, enrol: true, ..TapAsk::default() };
    let Some(said) = server.tap_or_fail(&ask) else { return false };
    let mut taps = lock(taps);
    match said["state"].as_str() {
        Some("done") => {
            let face = said["face_file"].as_str().expect("a face file").to_owned();
            assert_eq!(said["outcome"], "valid", "{card}: {said}");
            taps.open.get_mut(card).expect("begun").pop();
            taps.done.entry(card.to_owned()).or_default().push((agreed.clone(), face));
            taps.answers += 1;
            true
        }
        // The server went first and the kiosk still said so: it may have been done.
        Some("away") => false,
        _ => panic!("{card}: {said}"),
    }
}

fn chance(dice: &mut Dice) -> Agreed {
    KINDS.into_iter().filter(|_| dice.below(2) == 0).collect()
}

/// Lets every client tap its cards until so many more were answered, then kills the server amid the others.
fn killed_amid(server: Server, round: usize, more: usize, taps: &Mutex<Taps>) {
    let (end, wanted) = (AtomicBool::new(false), lock(taps).answers + more);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (server, end) = (&server, &end);
            scope.spawn(move || {
                let mut dice = Dice((round * CLIENTS + client) as u64);
                while !end.load(Ordering::Relaxed) {
                    let card = format!("kill-{}", client * CARDS + dice.below(CARDS));
                    if !tap(server, &card, &chance(&mut dice), taps) {
                        return;
                    }
                }
            });
        }
        until("answers", 60, || (lock(taps).answers >= wanted).then_some(()));
        server.process.signal("KILL");
        end.store(true, Ordering::Relaxed);
    });
    server.process.bury();
}

/// After a restart every face file that was promised is there, once, and none waits.
fn faces_stand(server: &Server, taps: &Mutex<Taps>) -> BTreeMap<String, BTreeSet<String>> {
    let data = &server.data;
    let waiting = || names(&data.join("terminal/face")).into_iter().filter(|name| name != "lock").count();
    until("what was on its way", 10, || (waiting() == 0).then_some(()));
    let mut of_card: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in names(&data.join("OQS/face")) {
        let answer = read_xml(&fs::read(data.join("OQS/face").join(&name)).expect("read"));
        let shown = &answer.body.results[0];
        let number = shown.number.as_deref().expect("a number").parse::<usize>().expect("digits") - 770_000;
        assert_eq!(shown.name, format!("試験　{}", kanji(number)), "a face file tells of one person");
        of_card.entry(format!("kill-{number}")).or_default().insert(name);
    }
    let taps = lock(taps);
    let promised: Vec<_> =
        taps.done.iter().flat_map(|(card, all)| all.iter().map(move |(_, face)| (card, face))).collect();
    assert_eq!(promised.len(), promised.iter().map(|(_, face)| face).collect::<BTreeSet<_>>().len());
    for (card, face) in promised {
        assert!(of_card.get(card).is_some_and(|all| all.contains(face)), "{card} was promised {face}");
    }
    of_card
}

/// What the log has of a card: kinds agreed to, and the decision's id.
type Logged = Vec<(String, i64)>;

/// Rows of checks by card of our own patients.
fn rows_of_checks(log: &mut Db, people: &BTreeMap<i64, String>) -> BTreeMap<String, Logged> {
    const ROWS: &str =
        "select person, answer, body from audit_row where act = 'counter.check' and outcome = 'valid'
        and repeated = 0 and person is not null";
    let rows = log.rows(ROWS, &[], |row| Ok((row.int(0)?, row.int(1)?, row.blob(2)?))).expect("read");
    let mut of_card: BTreeMap<String, Logged> = BTreeMap::new();
    for (person, decision, body) in rows {
        let Some(card) = people.get(&person) else { continue };
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let agreed = body["agreed"].as_str().unwrap_or_default().to_owned();
        of_card.entry(card.clone()).or_default().push((agreed, decision));
    }
    of_card
}

/// Every consent is that of one row, and says what the row says.
fn consents_agree(log: &mut Db, people: &BTreeMap<i64, String>, rows: &BTreeMap<String, Logged>) {
    const CONSENTS: &str = "select person, decision, agreed, declined from consent_answer";
    let consents = log.rows(CONSENTS, &[], |row| Ok((row.int(0)?, row.int(1)?, row.text(2)?, row.text(3)?)));
    let mut recorded: BTreeMap<i64, String> = BTreeMap::new();
    for (person, decision, agreed, declined) in consents.expect("read") {
        if people.contains_key(&person) {
            assert_eq!(agreed.split_whitespace().count() + declined.split_whitespace().count(), KINDS.len());
            assert!(recorded.insert(decision, agreed).is_none(), "one check, one row of consents");
        }
    }
    for (card, all) in rows {
        for (agreed, decision) in all {
            let found =
                recorded.remove(decision).unwrap_or_else(|| panic!("a row of {card} has its consents"));
            assert_eq!(sorted(&found), sorted(agreed), "{card}");
        }
    }
    assert_eq!(recorded.len(), 0, "no consent without its row");
}

fn sorted(words: &str) -> Vec<&str> {
    let mut words: Vec<&str> = words.split_whitespace().collect();
    words.sort_unstable();
    words
}

/// Every tap that was done has its row; there are no more rows than taps that were done or broken off.
fn rows_agree(rows: &BTreeMap<String, Logged>, faces: &BTreeMap<String, BTreeSet<String>>, taps: &Taps) {
    for (card, logged) in rows {
        let mut left: Vec<Vec<&str>> = logged.iter().map(|(agreed, _)| sorted(agreed)).collect();
        for (agreed, _) in taps.done.get(card).into_iter().flatten() {
            let place = left.iter().position(|row| row == agreed);
            left.swap_remove(
                place.unwrap_or_else(|| panic!("{card} was done with {agreed:?} and has no row")),
            );
        }
        let open = taps.open.get(card).map_or(0, Vec::len);
        assert!(left.len() <= open, "{card}: {} rows too many", left.len() - open);
        let shown = faces.get(card).map_or(0, BTreeSet::len);
        assert!(shown <= logged.len(), "{card}: more face files than checks");
    }
    assert!(taps.done.keys().all(|card| rows.contains_key(card)));
}

/// Nobody was enrolled twice; whoever was done is enrolled.
fn enrolled_once(data: &Path, people: &BTreeMap<i64, String>, done: &BTreeSet<&String>) {
    const EVENTS: &str = "select person, count(*) from enrolment_event group by person";
    let mut main = Db::open_sqlite(&data.join("shikaku.db"), None).expect("opens");
    let events = main.rows(EVENTS, &[], |row| Ok((row.int(0)?, row.int(1)?))).expect("read");
    let events: BTreeMap<i64, i64> = events.into_iter().collect();
    assert!(events.values().all(|count| *count == 1), "nobody is enrolled twice");
    for (person, card) in people {
        assert!(events.contains_key(person) || !done.contains(card), "{card} was done and is not enrolled");
    }
}

/// A proof at the reader and one for a sign-in, both used.
struct Used {
    session: String,
    tap: serde_json::Value,
    sign_in: serde_json::Value,
}

impl Used {
    fn make(home: &Home, server: &Server, round: usize) -> Used {
        let card = ByHand::new(home, server, OWN_CARD);
        let session = format!("tap-kills-session-{round:02}");
        let tap = card.proof(&session);
        assert_eq!(card.tap(&session, &tap, "first")["state"], "done");
        let mut browser = server.browser();
        let page = browser.get("/my/sign-in").body;
        let text = quoted(&page, "/reader?n=").next().expect("the way to the reader");
        let sign_in = card.sign_in_proof(text);
        let proved = browser.send_json("/my/prove", &sign_in);
        assert!(proved.body.contains("\"state\":\"done\""), "{}", proved.body);
        Used { session, tap, sign_in }
    }

    /// The portal's nonce is bound to a browser alone, so it is known as used; a terminal's is bound to the terminal as
    /// well, and each start of a demo admits a new one.
    fn is_refused(&self, home: &Home, server: &Server) {
        let card = ByHand::new(home, server, OWN_CARD);
        for key in ["first", "second"] {
            let said = card.tap(&self.session, &self.tap, key);
            let code = said["code"].as_str().expect("a code");
            assert!(matches!(code, "cards.nonce-used" | "cards.nonce-foreign"), "{said}");
        }
        let said = server.browser().send_json("/my/prove", &self.sign_in).body;
        assert!(said.contains("cards.nonce-used"), "{said}");
    }
}

#[test]
fn s1_r1_kill_9_while_cards_are_tapped_loses_and_doubles_nothing() {
    let home = Home::new();
    let data = home.data();
    own_patients(&data, "kill", CLIENTS * CARDS);
    let (taps, mut dice, mut used) = (Mutex::new(Taps::default()), Dice(33), Vec::new());
    for round in 0..KILLS {
        let server = home.demo(&data, None, &[]);
        faces_stand(&server, &taps);
        used.iter().for_each(|one: &Used| one.is_refused(&home, &server));
        used = vec![Used::make(&home, &server, round)];
        killed_amid(server, round, 8 + dice.below(20), &taps);
    }
    // The last start: what was broken off is tapped again, as at a desk.
    let server = home.demo(&data, None, &[]);
    used.iter().for_each(|one| one.is_refused(&home, &server));
    let open: Vec<(String, Agreed)> = lock(&taps)
        .open
        .iter()
        .flat_map(|(card, all)| all.iter().map(move |agreed| (card.clone(), agreed.clone())))
        .collect();
    assert!(!open.is_empty(), "the kills came amid taps");
    for (card, agreed) in &open {
        assert!(tap(&server, card, agreed, &taps));
    }
    let faces = faces_stand(&server, &taps);
    home.stop(server, None);
    let mut log = Db::open_sqlite(&data.join("log.db"), None).expect("opens");
    let (people, taps) = (people(&data), taps.into_inner().expect("whole"));
    let rows = rows_of_checks(&mut log, &people);
    rows_agree(&rows, &faces, &taps);
    consents_agree(&mut log, &people, &rows);
    enrolled_once(&data, &people, &taps.done.keys().collect());
    let own =
        log.rows("select count(*) from store_request where request like 'nonce %'", &[], |row| row.int(0));
    assert!(own.expect("read")[0] as usize >= taps.answers, "each nonce is remembered as used");
    let said = home.everything_said();
    assert!(!said.contains("ERROR") && !said.contains("panic"), "no start and no kill left a fault");
}

/// Racing enrolments: so many people, each at two terminals at once.
const RACES: usize = 12;

#[test]
fn s2_r1_two_enrolments_that_race_at_two_terminals_make_one() {
    let home = Home::new();
    let data = home.data();
    own_patients(&data, "race", RACES * 2);
    let server = home.demo(&data, None, &[]);
    let people = people(&data);
    for number in (0..RACES * 2).step_by(2) {
        let file = format!("cards/race-{number}.card");
        let at =
            ["terminal.pem", "terminal-9910100032.pem"].map(|pem| ByHand::at(&home, &server, &file, pem));
        let barrier = Barrier::new(at.len());
        let session = format!("racing-session-{number:04}");
        let states: Vec<String> = std::thread::scope(|scope| {
            let racers: Vec<_> = at
                .iter()
                .map(|card| {
                    let (barrier, session) = (&barrier, &session);
                    scope.spawn(move || {
                        let proof = card.proof(session);
                        let offered =
                            card.ask("offer", &serde_json::json!({ "session": session, "proof": proof }));
                        assert_eq!(offered["state"], "enrol", "{offered}");
                        let agreed = serde_json::json!({
                            "session": session, "pass": offered["pass"], "enrol": offered["terms"]["version"],
                            "answers": { "agreed": ["drugs"] },
                        });
                        barrier.wait();
                        card.ask("agreed", &agreed)["state"].as_str().unwrap_or_default().to_owned()
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
        });
        assert_eq!(states, ["done", "done"], "both are served");
    }
    home.stop(server, None);
    let raced: Vec<&String> = people.values().filter(|card| card.starts_with("race-")).collect();
    enrolled_once(&data, &people, &raced.into_iter().collect());
    // Of the two that were asked for, one was recorded and the other found it standing.
    const ASKED: &str = "select person, outcome from audit_row where act = 'enrolment.record'";
    let mut outcomes: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for file in ["shikaku.db", "log.db"] {
        let mut db = Db::open_sqlite(&data.join(file), None).expect("opens");
        for (person, outcome) in db.rows(ASKED, &[], |row| Ok((row.int(0)?, row.text(1)?))).expect("read") {
            outcomes.entry(person).or_default().push(outcome);
        }
    }
    let raced = people
        .iter()
        .filter(|(_, card)| card.trim_start_matches("race-").parse::<usize>().expect("a number") % 2 == 0);
    let mut overlaps = 0;
    for (person, card) in raced {
        let mut of_it = outcomes.remove(person).unwrap_or_default();
        of_it.sort_unstable();
        // Whoever came later may have found it standing before it asked.
        overlaps += of_it.len().saturating_sub(1);
        assert!(of_it == ["recorded", "standing"] || of_it == ["recorded"], "{card}: {of_it:?}");
    }
    assert!(overlaps > 0, "of so many races some were races");
}
