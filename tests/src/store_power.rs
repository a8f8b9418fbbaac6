//! Power cuts: whatever the moment, every answer that was released has its row, and nothing needs repair.
//!
//! Always holds: a list of released answers is taken before the cut, so all of them must be found after it. The same
//! harness on a disk that does not sync loses answers: it can fail.
//! Not here: the disk (`store_vfs`), the end of a process (`store_kill`).
//! Rules come from: DESIGN section 5; issue 2, "Faults to prove".

use crate::{
    store_common::*,
    store_vfs::{Cut, Dice, Disk, register},
};
use audit::testing::ledger;
use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use store::{Place, Store, testing::Dir};

/// Power cuts while a store works; how many, and what they found wrong.
struct Found {
    cuts: u32,
    /// How many cuts hit writes that were not synced.
    amid: u32,
    answers: usize,
    wrong: Vec<String>,
}

/// Lets a store work on a disk and cuts its power again and again.
fn cut_again_and_again(disk: &'static Disk, vfs: &str, seed: u64, cuts: u32, lying: bool) -> Found {
    let dir = Dir::new("power");
    let place = Place::Sqlite { dir: dir.path().to_owned(), vfs: Some(vfs.to_owned()) };
    let store = Store::open(place, ledger(1)).expect("opens");
    disk.lie(lying);
    let (work, mut dice) = (Work::default(), Dice(seed));
    let mut found = Found { cuts, amid: 0, answers: 0, wrong: Vec::new() };
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (store, work) = (&store, &work);
            scope.spawn(move || {
                let ended = catch_unwind(AssertUnwindSafe(|| work.go_on(store, worker)));
                work.done.store(true, Ordering::Relaxed); // whoever waits for more must not wait for ever
                ended.unwrap_or_else(|panic| resume_unwind(panic));
            });
        }
        for cut in 0..cuts {
            work.some(dice.below(16) as usize);
            // First what was released, then the cut; the workers are in the middle of more.
            let answers = work.released().clone();
            let kind = [Cut::Dropped, Cut::Scattered, Cut::Torn][(cut % 3) as usize];
            let after = Dir::new("power_after");
            found.amid += u32::from(disk.unsynced() > 0);
            disk.cut(dir.path(), after.path(), kind, &mut dice);
            if let Err(wrong) = holds(&after, &answers) {
                found.wrong.push(format!("seed {seed}, cut {cut} ({kind:?}): {wrong}"));
            }
            found.answers = answers.len();
        }
        work.done.store(true, Ordering::Relaxed);
    });
    found
}

/// What the workers did and may still do. They are held back while a cut is looked at, so that what must be looked
/// at stays small.
#[derive(Default)]
struct Work {
    released: Mutex<Vec<i64>>,
    allowed: AtomicUsize,
    done: AtomicBool,
}

impl Work {
    fn released(&self) -> MutexGuard<'_, Vec<i64>> {
        self.released.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the workers go on and waits until so many more answers were released.
    fn some(&self, more: usize) {
        let before = self.released().len();
        self.allowed.store(before + more + 12, Ordering::Relaxed);
        while self.released().len() < before + more {
            assert!(!self.done.load(Ordering::Relaxed), "a worker ended early");
            std::thread::yield_now();
        }
    }

    fn go_on(&self, store: &Store, worker: u64) {
        let mut sealer = sealer();
        for round in 0.. {
            while self.released().len() >= self.allowed.load(Ordering::Relaxed) {
                if self.done.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::yield_now();
            }
            let answer = match worker {
                3 if round % 3 == 0 => {
                    // The log is moved into its file now and then: the moment at which two files must agree.
                    let _ =
                        store.connect_log().and_then(|mut db| db.batch("pragma wal_checkpoint(truncate)"));
                    sealer.seal(store, NOW).expect("sealed");
                    continue;
                }
                3 => change(store, NOW),
                _ => check(store, NOW, Some((&format!("w{worker}r{round}"), 1))).expect("answered").0,
            };
            self.released().push(answer);
        }
    }
}

/// After the cut: opens as ever, both files whole, the chain verifies, every answer has its row, work goes on.
fn holds(after: &Dir, answers: &[i64]) -> Result<(), String> {
    let store = Store::open(after.place(), ledger(2)).map_err(|e| format!("does not open: {e}"))?;
    for mut db in [store.connect_main(), store.connect_log()].into_iter().flatten() {
        let whole = db.rows("pragma integrity_check", &[], |row| row.text(0)).map_err(|e| e.to_string())?;
        if whole != ["ok"] {
            return Err(format!("a file is damaged: {whole:?}"));
        }
    }
    let report = audit::verify(&store, &key(1).public(), 1).map_err(|e| e.to_string())?;
    if !report.troubles.is_empty() {
        return Err(format!("the log does not verify: {:?}", report.troubles));
    }
    let rows = store
        .look(|tx| {
            tx.rows_of_both("select answer from audit_row where answer is not null", &[], |row| row.int(0))
        })
        .map_err(|e| e.to_string())?;
    let rows: BTreeSet<i64> = rows.into_iter().collect();
    let lost = answers.iter().filter(|answer| !rows.contains(answer)).count();
    if lost > 0 {
        return Err(format!("{lost} of {} answers lost their row", answers.len()));
    }
    check(&store, NOW, None).map(|_| ()).map_err(|e| format!("work does not go on: {e}"))
}

#[test]
fn no_released_answer_is_lost_in_a_power_cut() {
    let disk = register("power-cut");
    let (mut cuts, mut amid, mut answers) = (0, 0, 0);
    for seed in 1..=6 {
        let found = cut_again_and_again(disk, "power-cut", seed, 60, false);
        assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
        (cuts, amid, answers) = (cuts + found.cuts, amid + found.amid, answers + found.answers);
    }
    assert!(cuts >= 300 && answers >= 1_000, "{cuts} cuts, {answers} answers");
    assert!(amid * 10 > cuts, "only {amid} of {cuts} cuts fell between a write and its sync");
}

#[test]
fn a_disk_that_does_not_sync_loses_answers() {
    let disk = register("power-lying");
    let found = cut_again_and_again(disk, "power-lying", 7, 12, true);
    assert!(found.wrong.iter().any(|wrong| wrong.contains("lost their row")), "{:?}", found.wrong);
}
