//! No answer crosses: several facilities ask at once about random people, through every door, and each answer carries
//! the question's own marks and person; the log has each under the facility and the person it was about. Cards that are
//! tapped at once leave each its own face file.
//!
//! Not here: kills (`kills`), what an answer says beside whom it is about (`patients`).
//! Rules come from: issue 2, "Faults to prove"; docs/rules.md S1 r3.

use crate::desk::*;
use formats::oqs::CheckResponse;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::Path,
    sync::Mutex,
};
use store::Db;

/// The country's facilities that may ask: file of the certificate, code.
const CLINICS: [(&str, &str); 4] = [
    ("terminal.pem", "9910100016"),
    ("terminal-9940100028.pem", "9940100028"),
    ("terminal-9910100032.pem", "9910100032"),
    ("terminal-9930100046.pem", "9930100046"),
];
/// Clients of each facility, and questions of each client.
const CLIENTS: usize = 2;
const QUESTIONS: usize = 400;

/// What nobody else's answer can have: the question's marks, numbers and birth date.
fn about(question: &Question, row: &Row, answer: &CheckResponse) {
    let (id, body) = (&row.id, &answer.body);
    assert_eq!(answer.header.segment, "1", "{id}: {:?}", answer.header.error_code);
    assert_eq!(answer.header.institution, question.institution, "{id}");
    assert_eq!(answer.header.file_identifier.as_deref(), Some(question.file_mark.as_str()), "{id}");
    let echo = body.search.as_ref().expect("the question is echoed");
    assert_eq!(echo.child_text("ArbitraryIdentifier"), Some(question.mark.as_str()), "{id}");
    assert_eq!(echo.child_text("InsuredIdentificationNumber"), Some(question.number.as_str()), "{id}");
    for result in &body.results {
        assert_eq!(result.identifier.as_deref(), Some(question.mark.as_str()), "{id}");
        assert_eq!(result.birth_date, question.birth, "{id}");
    }
    // Tickets name a facility, so medical aid differs from one to the other.
    if !row.id.contains("aid") {
        assert_eq!(body.validity.as_deref().unwrap_or_default(), row.validity, "{id}");
    }
}

/// Rows that have a result or a third answer: wrong birth dates are slowed.
fn people(data: &Path) -> Vec<Row> {
    rows(data).into_iter().filter(|row| row.outcome != "none").collect()
}

fn random(dice: &mut Dice, rows: &[Row], code: &str, name: &str) -> (Question, Row) {
    let row = rows[dice.below(rows.len())].clone();
    // Written in another of the ways that are the same number.
    let wide = |text: &str| -> String { text.chars().map(|c| if c == '2' { '２' } else { c }).collect() };
    let symbol = if dice.below(2) == 0 { row.symbol.clone() } else { wide(&row.symbol) };
    let (mark, file_mark) =
        (format!("m{:x}-{name}", dice.below(1 << 30)), format!("f{:x}", dice.below(1 << 30)));
    let consent = dice.below(2) == 0;
    (Question { symbol, mark, file_mark, consent, ..row.ask(code, day(0)) }, row)
}

#[test]
fn s1_r3_no_answer_crosses_between_facilities_people_and_messages() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let (rows, asked) = (people(&data), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for (place, (file, code)) in CLINICS.iter().enumerate() {
            for client in 0..CLIENTS {
                let (machine, rows, asked) = (server.machine_with(file), &rows, &asked);
                scope.spawn(move || {
                    let (name, mut dice) = (format!("{code}c{client}"), Dice((place * 10 + client) as u64));
                    for number in 0..QUESTIONS {
                        let (question, row) = random(&mut dice, rows, code, &name);
                        // Every client uses the same keys: they are the facility's own.
                        let key = format!("key-{client}-{number}");
                        about(&question, &row, &machine.check(Some(&key), &question));
                        asked.lock().expect("whole").push((key, (*code).to_owned(), row.id));
                    }
                });
            }
        }
        // Meanwhile the folder of the first.
        let mut dice = Dice(99);
        for round in 0..4 {
            let asked: Vec<_> = (0..30).map(|_| random(&mut dice, &rows, CLINICS[0].1, "folder")).collect();
            for (number, (question, _)) in asked.iter().enumerate() {
                put(&data, &format!("{round}-{number}"), &question.xml("UTF-8"));
            }
            for (number, (question, row)) in asked.iter().enumerate() {
                about(question, row, &read_xml(&taken(&data, &format!("{round}-{number}"))));
            }
        }
    });
    home.stop(server, None);
    the_log_agrees(&data, &asked.into_inner().expect("whole"));
}

/// In the log, a facility's code always is one facility, and a patient one person, whoever asked.
fn the_log_agrees(data: &Path, asked: &[(String, String, String)]) {
    const KEYS: &str = "select q.facility, q.request, r.person from store_request q
        join audit_row r on r.answer = q.answer and r.facility = q.facility where r.act = 'counter.check'";
    let mut main = Db::open_sqlite(&data.join("shikaku.db"), None).expect("opens");
    const CODES: &str = "select code, facility from facility_entry";
    let codes = main.rows(CODES, &[], |row| Ok((row.text(0)?, row.int(1)?))).expect("read");
    let codes: BTreeMap<String, i64> = codes.into_iter().collect();
    let mut db = Db::open_sqlite(&data.join("log.db"), None).expect("opens");
    let said = db.rows(KEYS, &[], |row| Ok(((row.int(0)?, row.text(1)?), row.opt_int(2)?))).expect("read");
    let said: BTreeMap<(i64, String), Option<i64>> = said.into_iter().collect();
    let mut people: BTreeMap<&str, BTreeSet<Option<i64>>> = BTreeMap::new();
    for (key, code, patient) in asked {
        let person =
            said.get(&(codes[code], key.clone())).unwrap_or_else(|| panic!("{key} of {code} has its row"));
        people.entry(patient).or_default().insert(*person);
    }
    assert_eq!(asked.len(), CLINICS.len() * CLIENTS * QUESTIONS);
    assert!(people.values().all(|one| one.len() == 1), "one patient is one person: {people:?}");
    let known: Vec<_> = people.values().flatten().flatten().collect();
    assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "two patients are two people");
}

/// Threads that tap, and taps of all of them.
const TAPPERS: usize = 8;
const TAPS: usize = 300;

/// A patient's person, and the names, birth dates and numbers that may stand together in an answer about them.
type Known = (i64, BTreeSet<(String, String, String)>);

/// Patients whose cards end in an answer with a person, and what may be told of each.
fn card_people(data: &Path) -> Vec<(Row, Known)> {
    let seed = fs::read_to_string(data.join("country-seed.txt")).expect("the seed");
    let patients = country::patients(seed.trim().parse().expect("a number"), day(0));
    let known = |row: Row| {
        let patient = patients.iter().find(|patient| patient.id == row.id)?;
        let entries = patient.filings.iter().map(|filing| &filing.entry);
        let told =
            entries.map(|entry| (entry.name.written.clone(), entry.birth.stamp8(), entry.number.clone()));
        Some((row, (patient.residents.first()?.id.raw(), told.collect())))
    };
    let with_answer = |row: &Row| row.card_outcome == "valid" && !row.pin.is_empty();
    rows(data).into_iter().filter(with_answer).filter_map(known).collect()
}

/// Taps a card until the reader has room for it; the face file's name.
fn tapped(server: &Server, row: &Row) -> String {
    let ask =
        TapAsk { card: &row.id, pin: Some(&row.pin), agreed: &["drugs"], limit: true, ..TapAsk::default() };
    until("a free reader", 60, || {
        let said = server.tap_or_fail(&ask).expect("the kiosk answers");
        let busy = matches!(said["code"].as_str(), Some("kiosk.script-busy" | "kiosk.card-in-use"));
        (!busy).then(|| {
            assert_eq!(
                (&said["state"], &said["outcome"]),
                (&"done".into(), &"valid".into()),
                "{}: {said}",
                row.id
            );
            said["face_file"].as_str().expect("a face file").to_owned()
        })
    })
}

#[test]
fn s1_r1_cards_tapped_at_once_never_give_one_persons_answer_to_another() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let people = card_people(&data);
    assert!(people.len() > 40, "{}", people.len());
    let faces: Mutex<Vec<(usize, String)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for tapper in 0..TAPPERS {
            let (server, people, faces) = (&server, &people, &faces);
            scope.spawn(move || {
                let mut dice = Dice(tapper as u64);
                for _ in 0..TAPS.div_ceil(TAPPERS) {
                    let place = dice.below(people.len());
                    let face = tapped(server, &people[place].0);
                    faces.lock().expect("whole").push((place, face));
                }
            });
        }
    });
    let faces = faces.into_inner().expect("whole");
    assert_eq!(faces.iter().map(|(_, face)| face).collect::<BTreeSet<_>>().len(), faces.len(), "one each");
    assert_eq!(names(&data.join("OQS/face")).len(), faces.len(), "and no other");
    let mut taps: BTreeMap<i64, usize> = BTreeMap::new();
    for (place, face) in &faces {
        let (row, (person, may_be_told)) = &people[*place];
        let answer = read_xml(&fs::read(data.join("OQS/face").join(face)).expect("a face file"));
        assert!(!answer.body.results.is_empty(), "{}", row.id);
        for shown in &answer.body.results {
            let told =
                (shown.name.clone(), shown.birth_date.clone(), shown.number.clone().unwrap_or_default());
            assert!(may_be_told.contains(&told), "{}: somebody else's", row.id);
        }
        *taps.entry(*person).or_default() += 1;
    }
    home.stop(server, None);
    const ROWS: &str =
        "select person, count(*) from audit_row where act = 'counter.check' and outcome = 'valid'
        and person is not null group by person";
    let mut log = Db::open_sqlite(&data.join("log.db"), None).expect("opens");
    let logged = log.rows(ROWS, &[], |row| Ok((row.int(0)?, row.int(1)? as usize))).expect("read");
    assert_eq!(logged.into_iter().collect::<BTreeMap<_, _>>(), taps, "the log has each under its own person");
}

#[test]
fn two_terminals_on_one_share_answer_each_request_once() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let (ca, cert) = (data.join("tls/ca.pem"), data.join("tls/terminal.pem"));
    let (oqs, code) = (data.join("OQS"), server.institution());
    let args = |kept: &Path| -> Vec<std::ffi::OsString> {
        let texts =
            ["terminal", "--server", &server.machines, "--institution", &code, "--ca"].map(OsStr::new);
        let paths =
            [ca.as_os_str(), OsStr::new("--cert"), cert.as_os_str(), OsStr::new("--folder"), oqs.as_os_str()];
        let last = [OsStr::new("--kept"), kept.as_os_str()];
        texts.iter().chain(&paths).chain(&last).map(|arg| (*arg).to_owned()).collect()
    };
    // The same journal: refused, and said why.
    let same = args(&data.join("terminal"));
    let refused = home.run(&same.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("another terminal has this journal"), "{}", refused.err);
    // A journal of its own on the same share: each request is taken by one of the two.
    let own = args(&home.path("second"));
    let second = home.start(&own.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    until("the second terminal", 10, || second.complained().contains("terminal.open").then_some(()));
    let (rows, mut dice) = (people(&data), Dice(5));
    let asked: Vec<_> = (0..80).map(|_| random(&mut dice, &rows, &code, "two")).collect();
    for (number, (question, _)) in asked.iter().enumerate() {
        put(&data, &format!("two-{number}"), &question.xml("UTF-8"));
    }
    for (number, (question, row)) in asked.iter().enumerate() {
        about(question, row, &read_xml(&taken(&data, &format!("two-{number}"))));
    }
    assert_eq!(names(&oqs.join("req")).len() + names(&oqs.join("res")).len(), 0, "no second answer");
    assert_eq!(second.interrupt().code(), Some(0));
    home.stop(server, None);
    assert_eq!(fs::read_dir(home.path("second")).expect("its journal").count(), 1, "nothing but its lock");
}
