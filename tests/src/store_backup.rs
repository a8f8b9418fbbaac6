//! Backup while work goes on, restore, and the lock that keeps two owners apart.
//!
//! Not here: PostgreSQL's own backups.
//! Rules come from: issue 2 part B, "A lock file keeps two owners apart. Backup and tested restore".

use crate::store_common::*;
use audit::testing::ledger;
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};
use store::{Held, OwnerLock, Store, restore, testing::Dir};

#[test]
fn a_backup_taken_while_writing_is_whole() {
    let (from, copy, to) = (Dir::new("backup_from"), Dir::new("backup_copy"), Dir::new("backup_to"));
    let store = Store::open(from.place(), ledger(1)).expect("opens");
    let (answered, done) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let before = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sealer = sealer();
            while !done.load(Ordering::Relaxed) {
                let answer = check(&store, NOW, None).expect("answered").0;
                let change = change(&store, NOW);
                answered.lock().expect("whole").extend([answer, change]);
                sealer.seal(&store, NOW).expect("sealed");
            }
        });
        while answered.lock().expect("whole").len() < 60 {
            std::thread::yield_now();
        }
        let before = answered.lock().expect("whole").clone();
        let copied = store.back_up(copy.path()).expect("copied");
        assert!(copied.bytes > 50_000, "{copied:?}");
        done.store(true, Ordering::Relaxed);
        before
    });
    assert_eq!(names(&copy), ["log.db", "shikaku.db"], "nothing else lies there");
    restore(copy.path(), to.path()).expect("restored");
    assert_eq!(names(&to), ["log.db", "shikaku.db"]);
    let restored = Store::open(to.place(), ledger(2)).expect("opens");
    assert!(sound(&restored).checkpoints >= 20);
    assert!(before.iter().all(|answer| row_of(&restored, *answer).is_some()));
    check(&restored, NOW, None).expect("and work goes on");
    sealer().seal(&restored, NOW).expect("sealed");
    assert_eq!(sound(&restored).unsealed, 0);
}

fn names(dir: &Dir) -> Vec<String> {
    let entries = std::fs::read_dir(dir.path()).expect("read");
    let mut names: Vec<_> =
        entries.map(|e| e.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn restore_refuses_what_is_not_empty_or_not_whole() {
    let (from, copy) = (Dir::new("restore_from"), Dir::new("restore_copy"));
    let store = Store::open(from.place(), ledger(1)).expect("opens");
    for _ in 0..50 {
        check(&store, NOW, None).expect("answered");
    }
    store.back_up(copy.path()).expect("copied");
    let again = store.back_up(copy.path()).expect_err("not empty").to_string();
    assert!(again.contains("not empty"), "{again}");

    let full = Dir::new("restore_full");
    std::fs::write(full.path().join("something"), "x").expect("written");
    assert!(restore(copy.path(), full.path()).expect_err("not empty").to_string().contains("not empty"));

    let whole = std::fs::read(copy.path().join("log.db")).expect("read");
    let mut torn = whole.clone();
    torn[4096 * 3..4096 * 3 + 64].fill(0xff);
    for damaged in [torn, whole[..whole.len() / 2].to_vec(), Vec::new(), b"not a database at all".to_vec()] {
        std::fs::write(copy.path().join("log.db"), &damaged).expect("written");
        let to = Dir::new("restore_damaged");
        let refused = restore(copy.path(), to.path()).expect_err("damaged").to_string();
        assert!(refused.contains("damaged"), "{refused}");
        assert_eq!(names(&to), [""; 0], "nothing is left behind");
    }
    std::fs::remove_file(copy.path().join("log.db")).expect("removed");
    assert!(restore(copy.path(), Dir::new("restore_half").path()).is_err(), "half a backup is none");

    std::fs::write(copy.path().join("log.db"), &whole).expect("written");
    let owned = Dir::new("restore_owned");
    let Held::Ours(_lock) = OwnerLock::take(owned.path(), "restore").expect("taken") else { panic!("free") };
    restore(copy.path(), owned.path()).expect("an owner's lock file may lie there");
}

#[test]
fn one_owner_at_a_time() {
    let dir = Dir::new("lock");
    let first = OwnerLock::take(dir.path(), "serve, process 1").expect("asked");
    let Held::Ours(lock) = first else { panic!("the directory is free") };
    match OwnerLock::take(dir.path(), "another").expect("asked") {
        Held::Theirs(who) => assert_eq!(who, "serve, process 1"),
        Held::Ours(_) => panic!("two owners"),
    }
    drop(lock);
    assert!(matches!(OwnerLock::take(dir.path(), "another").expect("asked"), Held::Ours(_)));
}
