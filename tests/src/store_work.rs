//! Checks, changes, records and claims on both databases, and what faults, panics and lost races leave behind.
//!
//! Not here: durability (`store_vfs`, `store_kill`), the audit chain under attack (`store_audit`).
//! Rules come from: DESIGN sections 3 ("A repeat") and 4.

use crate::store_common::*;
use audit::testing::each_database;
use base::{Error, Result};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
};
use store::{Claim, Store, Value};

fn count(store: &Store) -> i64 {
    store.look(|tx| tx.row(COUNT, &[], |row| row.int(0))).expect("counted").expect("one row")
}

#[test]
fn a_check_writes_its_row_before_it_answers() {
    each_database("work_check", |store| {
        let (answer, claim) = check(store, NOW, None).expect("answered");
        assert_eq!(claim, Claim::Fresh);
        let row = row_of(store, answer).expect("its row");
        assert_eq!((row.act.as_str(), row.outcome.as_str(), row.person), ("test.check", "valid", Some(5)));
        assert_eq!(
            (row.number("terminal"), row.word("purpose"), row.repeated),
            (Some(3), Some("reception"), false)
        );
        let change = change(store, NOW);
        assert_eq!(row_of(store, change).expect("its row").act, "test.change");
        assert_eq!(sound(store).rows, 2);
    });
}

#[test]
fn a_repeat_within_a_day_gets_the_first_answer() {
    each_database("work_claims", |store| {
        let at = |ms| check(store, NOW.plus_ms(ms), Some(("r1", 1))).expect("answered");
        let (first, fresh) = at(0);
        assert_eq!(fresh, Claim::Fresh);
        for ms in [0, 1, DAY_MS - 1, DAY_MS] {
            let (own, claim) = at(ms);
            assert_eq!(claim, Claim::Repeat(first), "{ms} ms later");
            assert_eq!(row_of(store, own), None, "the row of a repeat names the first answer");
        }
        let (own, claim) = check(store, NOW, Some(("r1", 2))).expect("answered");
        assert_eq!(claim, Claim::Conflict);
        assert_eq!(row_of(store, own).expect("its row").outcome, "conflict");
        assert_eq!(check(store, NOW, Some(("r2", 1))).expect("answered").1, Claim::Fresh);

        let (second, claim) = at(DAY_MS + 1);
        assert_eq!(claim, Claim::Fresh, "a millisecond after a day the key is free");
        assert_eq!(at(DAY_MS + 2).1, Claim::Repeat(second));
        let month = store.look(|tx| audit::by_facility(tx, FACILITY, NOW, NOW.plus_ms(2 * DAY_MS), 100));
        let repeats = month.expect("read").iter().filter(|row| row.repeated).count();
        assert_eq!(repeats, 5);
        assert_eq!(sound(store).rows, 9);
    });
}

#[test]
fn old_keys_are_forgotten_and_young_ones_kept() {
    each_database("work_forget", |store| {
        for n in 0..7 {
            check(store, NOW.plus_ms(n), Some((&format!("r{n}"), 1))).expect("answered");
        }
        assert_eq!(store.forget_requests(NOW.plus_ms(DAY_MS + 3)).expect("forgotten"), 3);
        let late = NOW.plus_ms(DAY_MS + 3);
        assert!(matches!(check(store, late, Some(("r3", 1))), Ok((_, Claim::Repeat(_)))));
        assert!(matches!(check(store, late, Some(("r2", 1))), Ok((_, Claim::Fresh))));
    });
}

/// Keeps all writing threads busy until the returned sender is dropped, so that what is asked next lands in one group.
fn hold_writers(store: &Store) -> Vec<std::sync::mpsc::Sender<()>> {
    let lanes = if store.is_postgres() { 2 } else { 1 };
    (0..lanes)
        .map(|_| {
            let (go, wait) = channel::<()>();
            let (began, started) = channel();
            let cx = cx(NOW, None);
            store.check(
                move |tx| Ok(checking(tx, &cx)),
                move |_| {
                    let _ = began.send(());
                    let _ = wait.recv();
                },
            );
            started.recv().expect("the writer begins");
            go
        })
        .collect()
}

/// Asks many checks at once and waits for all of them, in order.
fn in_one_group(store: &Store, asks: &[(Option<(&'static str, u8)>, bool)]) -> Vec<Result<(i64, Claim)>> {
    let held = hold_writers(store);
    let outcomes: Vec<_> = asks
        .iter()
        .map(|(key, bad)| {
            let (cx, bad) = (cx(NOW, *key), *bad);
            let (sender, outcome) = channel();
            store.check(
                move |tx| {
                    if bad {
                        // Nothing may be null here, so this write set fails when it is written.
                        tx.save(PUT, &[IDS.next().into(), Value::Null])?;
                    }
                    Ok(checking(tx, &cx))
                },
                move |settled| drop(sender.send(settled)),
            );
            outcome
        })
        .collect();
    drop(held);
    outcomes.into_iter().map(|outcome| outcome.recv().expect("every check is answered")).collect()
}

#[test]
fn one_bad_write_set_does_not_take_others_along() {
    each_database("work_bad_set", |store| {
        let mut asks = vec![(None, false); 40];
        asks[17] = (None, true);
        for (place, outcome) in in_one_group(store, &asks).into_iter().enumerate() {
            assert_eq!(outcome.is_ok(), place != 17, "set {place}");
            if let Ok((answer, _)) = outcome {
                assert!(row_of(store, answer).is_some());
            }
        }
        sound(store);
    });
}

#[test]
fn equal_keys_in_one_group_are_settled_in_turn() {
    each_database("work_group_claims", |store| {
        // One facility's keys go to both lanes on PostgreSQL, so only the set of outcomes is certain there.
        let asks: Vec<_> = (0..90).map(|n| (Some((["a", "b", "c"][n % 3], 1)), false)).collect();
        let outcomes = in_one_group(store, &asks);
        let claims: Vec<Claim> = outcomes.into_iter().map(|o| o.expect("answered").1).collect();
        assert_eq!(claims.iter().filter(|claim| **claim == Claim::Fresh).count(), 3);
        assert_eq!(claims.iter().filter(|claim| **claim == Claim::Conflict).count(), 0);
        sound(store);
    });
}

#[test]
fn a_repeat_of_a_set_that_failed_is_the_first() {
    each_database("work_failed_claim", |store| {
        let held = in_one_group(store, &[(Some(("k", 1)), true), (None, false), (Some(("k", 1)), false)]);
        let [Err(_), Ok(_), Ok((answer, claim))] = &held[..] else { panic!("{held:?}") };
        assert_eq!(*claim, Claim::Fresh);
        let row = row_of(store, *answer).expect("its row names its own answer, not the failed one's");
        assert_eq!((row.outcome.as_str(), row.repeated), ("valid", false));
    });
}

#[test]
fn a_callback_that_panics_ends_nothing() {
    each_database("work_panic_done", |store| {
        for _ in 0..4 {
            let cx = cx(NOW, None);
            store.check(move |tx| Ok(checking(tx, &cx)), |_| panic!("a callback's mistake"));
        }
        for _ in 0..4 {
            check(store, NOW, None).expect("answered");
        }
        assert_eq!(sound(store).rows, 8);
    });
}

#[test]
fn the_last_owner_may_be_a_callback() {
    store::testing::each_place("work_last_owner", |place| {
        let store = Store::open(place, audit::testing::ledger(1)).expect("opens");
        let (sender, ended) = channel();
        let (own, cx) = (store.clone(), cx(NOW, None));
        store.check(
            move |tx| Ok(checking(tx, &cx)),
            move |_| {
                std::thread::yield_now();
                drop(own);
                let _ = sender.send(());
            },
        );
        drop(store);
        ended.recv().expect("the callback ends, and with it the store");
    });
}

#[test]
fn a_panic_in_a_change_undoes_it() {
    each_database("work_panic_change", |store| {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.change(|tx| -> Result<()> {
                tx.save(PUT, &[1.into(), NOW.into()])?;
                panic!("an operation's mistake")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(count(store), 0);
        change(store, NOW);
        assert_eq!(count(store), 1);
        sound(store);
    });
}

#[test]
fn an_error_that_was_passed_over_still_undoes() {
    each_database("work_passed_over", |store| {
        change(store, NOW);
        let outcome = store.change(|tx| {
            tx.save(PUT, &[1.into(), NOW.into()])?;
            let _ = tx.save(PUT, &[1.into(), NOW.into()]);
            Ok(())
        });
        assert!(matches!(outcome, Err(Error::Broken(_))), "{outcome:?}");
        assert_eq!(count(store), 1);
        change(store, NOW);
        assert_eq!(sound(store).rows, 2, "the chain of the undone change was not broken off");
    });
}

#[test]
fn a_fault_or_a_refused_write_leaves_nothing() {
    each_database("work_fault", |store| {
        let cx = cx(NOW, Some(("k", 1)));
        let fails = store.change(|tx| {
            tx.save(PUT, &[1.into(), NOW.into()])?;
            Err::<(), _>(Error::broken("no"))
        });
        assert!(fails.is_err());
        let claims = store.change(|tx| {
            tx.claim(&cx, 1);
            Ok(())
        });
        assert!(claims.is_err(), "only checks claim");
        assert!(store.look(|tx| tx.save(PUT, &[1.into(), NOW.into()])).is_err(), "a look writes nothing");
        assert!(store.change(|tx| tx.save(PUT, &[1.into()])).is_err(), "a value is missing");
        assert!(store.change(|tx| tx.revision()).is_err(), "no facts outside record");
        assert_eq!(count(store), 0);
    });
}

#[test]
fn changes_that_race_are_run_again() {
    each_database("work_races", |store| {
        const READ: &str = "select opened_at from audit_stream where stream = $1";
        const WRITE: &str = "update audit_stream set opened_at = $2 where stream = $1";
        store.change(|tx| tx.save(PUT, &[1.into(), 0.into()])).expect("begun");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let more = store.change(|tx| {
                            let n = tx.row(READ, &[1.into()], |row| row.int(0))?.unwrap_or(0);
                            tx.save(WRITE, &[1.into(), (n + 1).into()])
                        });
                        more.expect("a lost race is run again");
                    }
                });
            }
        });
        let end = store.look(|tx| tx.row(READ, &[1.into()], |row| row.int(0)));
        assert_eq!(end.expect("read"), Some(40));
    });
}

#[test]
fn revisions_are_ordered_by_commit() {
    store::testing::each_place("work_revisions", |place| {
        let stores = [1, 2].map(|seed| {
            // Two stores on PostgreSQL stand for two processes; a data directory has one owner.
            (seed == 1 || matches!(place, store::Place::Postgres { .. }))
                .then(|| Store::open(place.clone(), audit::testing::ledger(seed)).expect("opens"))
        });
        let stores: Vec<Store> = stores.into_iter().flatten().collect();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|n| {
                    let store = &stores[n % stores.len()];
                    scope.spawn(move || (0..15).for_each(|i| record_one(store, NOW.plus_ms(-(i as i64)))))
                })
                .collect();
            let watcher = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    all_facts_up_to_the_newest(&stores[0]);
                }
            });
            writers.into_iter().for_each(|writer| writer.join().expect("a writer ends well"));
            done.store(true, Ordering::Relaxed);
            watcher.join().expect("the watcher saw nothing wrong");
        });
        const BACK: &str = "select count(*) from store_revision a join store_revision b
            on b.revision = a.revision + 1 where b.at < a.at";
        let back = stores[0].look(|tx| tx.row(BACK, &[], |row| row.int(0)));
        assert_eq!(back.expect("read"), Some(0), "instants go with revisions even when clocks differ");
    });
}

fn record_one(store: &Store, now: base::Instant) {
    const FACT: &str = "insert into audit_stream (stream, opened_at, month) values ($1, $2, 190001)";
    let recorded = store.record(now, |tx| {
        let revision = tx.revision()?;
        tx.save(FACT, &[IDS.next().into(), revision.into()])
    });
    recorded.expect("recorded");
}

/// One fact a revision: whoever sees revision K sees K facts, for ever.
fn all_facts_up_to_the_newest(store: &Store) {
    const SEEN: &str = "select r.revision,
            (select count(*) from audit_stream s where s.month = 190001 and s.opened_at <= r.revision)
        from store_revision r order by r.revision desc limit 1";
    let seen = store.look(|tx| tx.row(SEEN, &[], |row| Ok((row.int(0)?, row.int(1)?))));
    let (newest, facts) = seen.expect("read").expect("revision 0 at least");
    assert_eq!(newest, facts);
}

#[test]
fn a_line_that_broke_is_opened_anew() {
    let Some(schema) = store::testing::PostSchema::new("work_lines") else { return };
    let store = Store::open(schema.place(), audit::testing::ledger(1)).expect("opens");
    change(&store, NOW);
    for _ in 0..3 {
        schema.cut_lines();
        store.ready().expect("a look finds a new line");
        schema.cut_lines();
        check(&store, NOW, Some(("k", 1))).expect("a check finds new lines");
        check(&store, NOW, None).expect("on the other lane too");
        change(&store, NOW);
        schema.cut_lines();
        change(&store, NOW);
        schema.cut_lines();
        store.record(NOW, |tx| tx.revision()).expect("a record finds a new line");
    }
    sound(&store);
}
