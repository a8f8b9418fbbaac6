//! kill -9: a process that answers checks is ended at any moment; what it answered is in the log.
//!
//! The child is this test's own program, started again with a variable that names its place; it writes each answer's
//! id to its output once it has it, as a server sends an answer.
//! Not here: power cuts (`store_power`); the whole server (`kills`).
//! Rules come from: issue 2, "Faults to prove".

use crate::{store_common::*, store_vfs::Dice};
use audit::testing::ledger;
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};
use store::{Held, OwnerLock, Place, Store, testing::Dir, testing::PostSchema};

const WHERE: &str = "SHIKAKU_TEST_KILL";
const ROUNDS: u32 = 100;

/// The child's work; as a test of its own it has nothing to do.
#[test]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child where to work")]
fn child() {
    let Ok(told) = std::env::var(WHERE) else { return };
    let (round, at) = told.split_once(' ').expect("a round and a place");
    let (seed, place) = match at.strip_prefix("dir:") {
        Some(dir) => {
            let Held::Ours(lock) = OwnerLock::take(dir.as_ref(), "child").expect("asked") else {
                panic!("the lock outlived its owner")
            };
            std::mem::forget(lock); // it goes with the process
            (round, Place::Sqlite { dir: dir.into(), vfs: None })
        }
        None => (round, Place::Postgres { url: at.to_owned() }),
    };
    let store = Store::open(place, ledger(seed.parse().expect("a number"))).expect("opens without repair");
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let store = &store;
            scope.spawn(move || answer_for_ever(store, worker, round));
        }
    });
}

fn answer_for_ever(store: &Store, worker: u32, round: &str) {
    let mut sealer = sealer();
    for n in 0.. {
        let key = format!("{round}-{worker}-{n}");
        let answer = match (worker, n % 8) {
            (2, 0) => change(store, NOW),
            (2, 4) => {
                sealer.seal(store, NOW).expect("sealed");
                continue;
            }
            _ => check(store, NOW, Some((&key, 1))).expect("answered").0,
        };
        // Past the test harness, which would keep it until the end.
        let _ = writeln!(std::io::stdout().lock(), "\nanswer {round} {answer}");
    }
}

fn start(round: u32, place: &str) -> Child {
    let program = std::env::current_exe().expect("this program");
    Command::new(program)
        .args(["--exact", "store_kill::child", "--nocapture", "--test-threads=1"])
        .env(WHERE, format!("{round} {place}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

/// Lets a child answer until it has answered so many times, kills it, and says what it answered.
fn killed(round: u32, place: &str, after: usize) -> Vec<i64> {
    let mut child = start(round, place);
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let mark = format!("answer {round} ");
    let mut answers = Vec::new();
    for line in output.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        answers.extend(line.strip_prefix(&mark).and_then(|id| id.parse::<i64>().ok()));
        if answers.len() == after {
            child.kill().expect("SIGKILL"); // what is still in the pipe was answered too and is read on
        }
    }
    child.wait().expect("ended");
    assert!(answers.len() >= after, "round {round}: the child ended after {} answers", answers.len());
    answers
}

fn rounds(place: &str, open: impl Fn(u32) -> Store) {
    const ROWS: &str = "select answer from audit_row where answer is not null";
    let mut dice = Dice(4711);
    let mut all = BTreeSet::new();
    for round in 1..=ROUNDS {
        all.extend(killed(round, place, 10 + dice.below(8) as usize));
        let store = open(1000 + round);
        sound(&store);
        let rows = store.look(|tx| tx.rows_of_both(ROWS, &[], |row| row.int(0))).expect("read");
        let rows: BTreeSet<i64> = rows.into_iter().collect();
        let lost: Vec<_> = all.difference(&rows).collect();
        assert!(lost.is_empty(), "round {round}: answers without a row: {lost:?}");
    }
    assert!(all.len() >= ROUNDS as usize * 10);
}

#[test]
fn kill_9_loses_no_answer_on_sqlite() {
    let dir = Dir::new("kill");
    let place = format!("dir:{}", dir.path().display());
    rounds(&place, |seed| {
        let free = matches!(OwnerLock::take(dir.path(), "parent").expect("asked"), Held::Ours(_));
        assert!(free, "the lock of a killed owner is free");
        Store::open(dir.place(), ledger(seed)).expect("opens without repair")
    });
}

#[test]
fn kill_9_loses_no_answer_on_postgres() {
    let Some(schema) = PostSchema::new("kill") else { return };
    let Place::Postgres { url } = schema.place() else { panic!("a PostgreSQL place") };
    rounds(&url, |seed| Store::open(schema.place(), ledger(seed)).expect("opens without repair"));
}
