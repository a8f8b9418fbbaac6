//! kill -9 at random moments while several machines ask the demo over HTTP: every answer that reached a client has its
//! row in the log, the chain verifies, a restart needs no repair, and a repeat of an answered request is answered the
//! same and marked as a repeat.
//!
//! Not here: kills inside the store (`store_kill`), power cuts (`store_power`).
//! Rules come from: issue 2, "Faults to prove"; DESIGN section 3, "A repeat".

use crate::desk::*;
use formats::oqs::CheckResponse;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use store::{Db, Place, testing::PostSchema};

const KILLS: usize = 40;
const ANSWERS: usize = 1_000;
const CLIENTS: usize = 4;

/// What the clients sent and what came back.
#[derive(Default)]
struct Asked {
    answered: BTreeMap<String, (Question, CheckResponse)>,
    unanswered: BTreeMap<String, Question>,
}

fn lock(asked: &Mutex<Asked>) -> MutexGuard<'_, Asked> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks one question after the other until the line breaks.
fn ask_on(
    server: &Server,
    rows: &[Row],
    institution: &str,
    name: &str,
    asked: &Mutex<Asked>,
    end: &AtomicBool,
) {
    let machine = server.machine();
    let mut dice = Dice(name.bytes().map(u64::from).fold(7, |sum, byte| sum * 31 + byte));
    for number in 0.. {
        if end.load(Ordering::Relaxed) {
            return;
        }
        let key = format!("{name}-{number}");
        let question =
            Question { mark: key.clone(), ..rows[dice.below(rows.len())].ask(institution, day(0)) };
        lock(asked).unanswered.insert(key.clone(), question.clone());
        let Ok(reply) = machine.post(Some(&key), &question.json()) else { return };
        assert_eq!(reply.status, 200, "{}", reply.body);
        let answer = read_json(&reply.body);
        assert_eq!(answer.header.segment, "1");
        let mut asked = lock(asked);
        asked.unanswered.remove(&key);
        asked.answered.insert(key, (question, answer));
    }
}

/// Lets the clients ask until so many more were answered, then kills the server in the middle of the others.
fn killed_amid(server: Server, round: usize, more: usize, asked: &Mutex<Asked>) {
    let institution = server.institution();
    // Wrong birth dates are slowed; nothing of that is wanted here.
    let rows: Vec<_> = rows(&server.data).into_iter().filter(|row| row.outcome != "none").collect();
    let end = AtomicBool::new(false);
    let wanted = lock(asked).answered.len() + more;
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let name = format!("r{round}c{client}");
            let (server, rows, institution, end) = (&server, &rows, &institution, &end);
            scope.spawn(move || ask_on(server, rows, institution, &name, asked, end));
        }
        until("answers", 60, || (lock(asked).answered.len() >= wanted).then_some(()));
        server.process.signal("KILL");
        end.store(true, Ordering::Relaxed);
    });
    server.process.bury();
}

/// What must be the same in a repeated answer: everything but the moments.
fn content(answer: &CheckResponse) -> impl PartialEq + std::fmt::Debug + use<> {
    (answer.body.validity.clone(), answer.body.code.clone(), answer.body.results.clone())
}

/// After a restart: some answered requests are repeated and answered the same, all unanswered ones are asked again.
fn ask_again(server: &Server, asked: &Mutex<Asked>, dice: &mut Dice) -> Vec<String> {
    let machine = server.machine();
    let mut asked = lock(asked);
    let keys: Vec<String> = asked.answered.keys().cloned().collect();
    let repeated: Vec<String> = (0..3).map(|_| keys[dice.below(keys.len())].clone()).collect();
    for key in &repeated {
        let (question, before) = &asked.answered[key];
        let again = machine.check(Some(key), question);
        assert_eq!(content(&again), content(before), "{key}");
        // Another body under the same key is a conflict, and told nothing.
        let other = Question { mark: "another body".into(), ..question.clone() };
        let conflict = machine.check(Some(key), &other);
        assert_eq!(conflict.header.error_code.as_deref(), Some("SKC03003E"));
        assert!(conflict.body.results.is_empty() && conflict.body.validity.is_none());
    }
    for (key, question) in std::mem::take(&mut asked.unanswered) {
        let answer = machine.check(Some(&key), &question);
        assert_eq!(answer.header.segment, "1", "{key}");
        asked.answered.insert(key, (question, answer));
    }
    repeated
}

/// Every answered key has its decision, and the decision its row: first rows, repeats and conflicts.
fn rows_stand(db: &mut Db, asked: &Mutex<Asked>, repeated: &BTreeMap<String, i64>) {
    const KEYS: &str = "select q.request, count(*) filter (where r.repeated = 0),
            count(*) filter (where r.repeated = 1)
        from store_request q join audit_row r on r.answer = q.answer and r.facility = q.facility
        where r.act = 'counter.check' group by q.request";
    let stand = db.rows(KEYS, &[], |row| Ok((row.text(0)?, (row.int(1)?, row.int(2)?)))).expect("read");
    let stand: BTreeMap<String, (i64, i64)> = stand.into_iter().collect();
    for key in lock(asked).answered.keys() {
        let (first, repeats) = stand.get(key).copied().unwrap_or_default();
        assert_eq!(first, 1, "{key} was answered and has {first} rows");
        let wanted = repeated.get(key).copied().unwrap_or(0);
        assert!(repeats >= wanted && repeats <= wanted + 1, "{key}: {repeats} repeats of {wanted}");
    }
}

fn kill_again_and_again(home: &Home, settings: Option<&Path>, seed: u64, mut open: impl FnMut() -> Db) {
    let data = home.data();
    let (asked, mut dice, mut repeated) = (Mutex::new(Asked::default()), Dice(seed), BTreeMap::new());
    for round in 0..KILLS {
        let server = home.demo(&data, settings, &[]);
        if round > 0 {
            for key in ask_again(&server, &asked, &mut dice) {
                *repeated.entry(key).or_insert(0) += 1;
            }
        }
        killed_amid(server, round, 15 + dice.below(21), &asked);
        if round % 10 == 0 {
            home.verify(&data, settings);
            rows_stand(&mut open(), &asked, &repeated);
        }
    }
    // The last start, too, needs no repair, and ends with everything sealed.
    let server = home.demo(&data, settings, &[]);
    for key in ask_again(&server, &asked, &mut dice) {
        *repeated.entry(key).or_insert(0) += 1;
    }
    server.assert_healthy();
    home.stop(server, settings);
    rows_stand(&mut open(), &asked, &repeated);
    let answered = lock(&asked).answered.len();
    assert!(answered >= ANSWERS, "{answered} answers");
    let said = home.everything_said();
    assert!(
        !said.contains("ERROR") && !said.contains("panic"),
        "no start and no kill left a fault in the log"
    );
}

#[test]
fn kill_9_over_http_loses_no_answer_on_sqlite() {
    let home = Home::new();
    let log = home.data().join("log.db");
    kill_again_and_again(&home, None, 2026, || Db::open_sqlite(&log, None).expect("opens"));
}

#[test]
fn kill_9_over_http_loses_no_answer_on_postgres() {
    let Some(schema) = PostSchema::new("kills") else { return };
    let Place::Postgres { url } = schema.place() else { panic!("a PostgreSQL place") };
    let home = Home::new();
    let settings: PathBuf = home.settings(&format!("[database]\nurl = {url:?}\n"));
    fs::create_dir_all(home.data()).expect("made");
    kill_again_and_again(&home, Some(&settings), 2027, || Db::open_postgres(&url).expect("opens"));
}

#[test]
fn a_start_killed_anywhere_is_mended_by_the_next() {
    let home = Home::new();
    let data = home.data();
    let mut dice = Dice(11);
    for round in 0..12 {
        let args =
            ["demo", "--port", "0", "--machine-port", "0", "--kiosk-port", "0", "--people", "2000", "--data"]
                .map(OsStr::new);
        let mut process = home.start(&[args.as_slice(), &[data.as_os_str()]].concat());
        // The first starts fill the directory: killed when so much lies in it. Later ones are killed while the nation is
        // made.
        let bytes = dice.below(if round < 8 { 300_000 } else { 8_000_000 }) as u64;
        let size = |name: &str| fs::metadata(data.join(name)).map_or(0, |facts| facts.len());
        until("so many bytes", 30, || {
            let is_ready = process.said().contains("ready") || process.has_ended();
            (is_ready || size("shikaku.db") + size("shikaku.db-wal") >= bytes).then_some(())
        });
        process.signal("KILL");
        process.bury();
    }
    let server = home.demo(&data, None, &[]);
    crate::patients::all_by_json(&server, day(0));
    server.assert_healthy();
    home.stop(server, None);
    assert!(!home.everything_said().contains("ERROR"));
}

#[test]
fn requests_in_the_folder_are_answered_once_across_kills() {
    let home = Home::new();
    let data = home.data();
    home.stop(home.demo(&data, None, &[]), None);
    let rows: Vec<_> = rows(&data).into_iter().filter(|row| row.outcome != "none").collect();
    let mut dice = Dice(12);
    for round in 0..6 {
        let server = home.demo(&data, None, &[]);
        let asked: Vec<_> = (0..25).map(|_| rows[dice.below(rows.len())].clone()).collect();
        let question = |number: usize| Question {
            mark: format!("kill-{round}-{number}"),
            ..asked[number].ask(&institution(&data), day(0))
        };
        for number in 0..asked.len() {
            put(&data, &format!("{round}-{number}"), &question(number).xml("UTF-8"));
        }
        let wanted = dice.below(20);
        until("some answers", 30, || (names(&data.join("OQS/res")).len() >= wanted).then_some(()));
        server.process.signal("KILL");
        server.process.bury();
        let server = home.demo(&data, None, &[]);
        for (number, row) in asked.iter().enumerate() {
            let told = read_xml(&taken(&data, &format!("{round}-{number}")));
            let echo = told.body.search.as_ref().expect("the question is echoed");
            let mark = format!("kill-{round}-{number}");
            assert_eq!(echo.child_text("ArbitraryIdentifier"), Some(mark.as_str()));
            // Asked in the moment of the kill, it may have been told that the line is down, and why.
            let down = told.body.code.as_deref().is_some_and(|code| code.starts_with("SKT03"));
            assert!(down || told.body.validity.unwrap_or_default() == row.validity, "{}", row.id);
        }
        home.stop(server, None);
        assert_eq!(names(&data.join("OQS/res")).len() + names(&data.join("OQS/req")).len(), 0, "once");
    }
}
