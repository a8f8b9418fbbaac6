//! The audit log under attack: whoever can write to the database but has no signing key is found out.
//!
//! Not here: what a row says (unit tests of `audit`).
//! Rules come from: DESIGN section 4, "Audit"; SECURITY.md.

use crate::store_common::*;
use audit::{
    Report, Sealer, Trouble, erase_month,
    testing::{each_database, ledger},
};
use base::Instant;
use store::{Db, Store, testing::each_place};

/// Ten sealed checks, five more sealed, three not sealed; and three changes, of which two are sealed.
fn worked(store: &Store) -> Sealer {
    let mut sealer = sealer();
    let checks = |n: usize| {
        (0..n).for_each(|_| {
            check(store, NOW, None).expect("answered");
        })
    };
    checks(10);
    change(store, NOW);
    assert_eq!(sealer.seal(store, NOW).expect("sealed").expect("something new").number, 1);
    checks(5);
    change(store, NOW);
    sealer.seal(store, NOW.plus_ms(1000)).expect("sealed").expect("something new");
    assert!(sealer.seal(store, NOW.plus_ms(2000)).expect("sealed").is_none(), "nothing new");
    checks(3);
    change(store, NOW);
    sealer
}

/// Runs statements as somebody with the database's password would.
fn tamper(db: &mut Db, statements: &[&str]) {
    for sql in statements {
        db.batch(sql).expect("the attacker may write");
    }
}

/// The stream with most rows, which is one of checks; on SQLite in the log.
fn longest(db: &mut Db) -> i64 {
    const LONGEST: &str =
        "select stream from audit_row group by stream order by count(*) desc, stream limit 1";
    db.rows(LONGEST, &[], |row| row.int(0)).expect("read")[0]
}

fn whats(report: &Report) -> Vec<&'static str> {
    let what = |trouble: &Trouble| match trouble {
        Trouble::Row { what, .. } | Trouble::Checkpoint { what, .. } => *what,
    };
    report.troubles.iter().map(what).collect()
}

/// Tampers with the longest stream (`STREAM` in the statements) of a fresh store on each database; every expected
/// trouble must be among those found.
fn found(name: &str, statements: &[&str], expected: &[&str]) {
    each_database(name, |store| {
        worked(store);
        assert_eq!(sound(store).unsealed, 4);
        let mut log = store.connect_log().expect("log");
        let stream = longest(&mut log).to_string();
        let statements: Vec<String> = statements.iter().map(|sql| sql.replace("STREAM", &stream)).collect();
        tamper(&mut log, &statements.iter().map(String::as_str).collect::<Vec<_>>());
        let whats = whats(&verified(store));
        for what in expected {
            assert!(whats.contains(what), "{name}: «{what}» is not among {whats:?}");
        }
    });
}

const CHANGED: &str = "its content was changed";
const UNCHAINED: &str = "does not fit the row before it";

#[test]
fn a_changed_row_is_found() {
    let set = |what: &str| format!("update audit_row set {what} where stream = STREAM and sequence = 2");
    // Each database takes one of the two for bytes and refuses the other.
    for change in ["body = x'7b7d'", "body = '\\x7b7d'"] {
        found_where_it_runs("audit_body", &set(change), CHANGED);
    }
    for change in [
        "outcome = 'other'",
        "act = 'other'",
        "person = 6",
        "person = null",
        "answer = answer + 1",
        "facility = null",
        "at = at + 1",
        "repeated = 1",
        "repeated = 2",
        "repeated = null",
        "salt = null",
        "salt = null, at = null, act = null, facility = null, answer = null, outcome = null, repeated = null, body = null",
        "commitment = hash",
    ] {
        found("audit_column", &[&set(change)], &[CHANGED]);
    }
    found("audit_hash", &[&set("hash = commitment")], &[UNCHAINED]);
    found(
        "audit_zero",
        &["update audit_row set answer = 0 where stream = STREAM and sequence = 2"],
        &[CHANGED],
    );
}

fn found_where_it_runs(name: &str, sql: &str, expected: &str) {
    each_database(name, |store| {
        worked(store);
        let mut log = store.connect_log().expect("log");
        let sql = sql.replace("STREAM", &longest(&mut log).to_string());
        if log.batch(&sql).is_ok() {
            assert!(whats(&verified(store)).contains(&expected));
        }
    });
}

#[test]
fn a_missing_number_is_not_zero() {
    each_database("audit_null_zero", |store| {
        worked(store);
        // The rows of changes name no person.
        let mut db = store.connect_main().expect("main");
        tamper(&mut db, &["update audit_row set person = 0 where person is null"]);
        assert!(whats(&verified(store)).contains(&CHANGED));
    });
}

#[test]
fn deleted_and_swapped_rows_are_found() {
    found(
        "audit_middle",
        &["delete from audit_row where stream = STREAM and sequence = 2"],
        &["rows before it are missing", UNCHAINED],
    );
    found(
        "audit_first",
        &["delete from audit_row where stream = STREAM and sequence = 1"],
        &["rows before it are missing"],
    );
    found(
        "audit_tail",
        &["delete from audit_row where stream = STREAM and sequence > 3"],
        &["states a row that is missing"],
    );
    found(
        "audit_stream_gone",
        &["delete from audit_row where stream = STREAM", "delete from audit_stream where stream = STREAM"],
        &["states a stream that is missing"],
    );
    found(
        "audit_rows_gone",
        &["delete from audit_row where stream = STREAM"],
        &["states a row that is missing"],
    );
    found(
        "audit_hidden",
        &["delete from audit_stream where stream = STREAM"],
        &["the stream's own row is missing"],
    );
    found(
        "audit_swapped",
        &[
            "update audit_row set sequence = -2 where stream = STREAM and sequence = 2",
            "update audit_row set sequence = 2 where stream = STREAM and sequence = 3",
            "update audit_row set sequence = 3 where stream = STREAM and sequence = -2",
        ],
        &[UNCHAINED],
    );
    found(
        "audit_below",
        &["insert into audit_row select stream, 0, hash, commitment, salt, at, act, facility, person, answer, outcome,
            repeated, body from audit_row where stream = STREAM and sequence = 1"],
        &["rows before it are missing"],
    );
    found(
        "audit_month",
        &["update audit_stream set month = 202101 where stream = STREAM"],
        &["lies in another month than its stream says"],
    );
    found(
        "audit_one_erased",
        &["update audit_row set salt = null, at = null, act = null, facility = null, person = null, answer = null,
            outcome = null, repeated = null, body = null where stream = STREAM and sequence = 2"],
        &["was erased while rows before it were kept"],
    );
}

#[test]
fn tampered_checkpoints_are_found() {
    found(
        "seal_at",
        &["update audit_checkpoint set at = at + 1 where number = 1"],
        &["does not fit the one before it"],
    );
    found(
        "seal_first",
        &["delete from audit_checkpoint where number = 1"],
        &["is missing", "does not fit the one before it"],
    );
    found(
        "seal_signature",
        &["update audit_checkpoint set signature = (select signature from audit_checkpoint where number = 1)
            where number = 2"],
        &["has a signature that does not fit"],
    );
    found(
        "seal_heads",
        &["update audit_checkpoint set heads = hash where number = 2"],
        &["has heads that do not read back"],
    );
    found(
        "seal_below",
        &[
            "insert into audit_checkpoint select 0, at, heads, hash, signature from audit_checkpoint where number = 1",
        ],
        &["has a number that no checkpoint has"],
    );
}

#[test]
fn a_deleted_newest_checkpoint_shows_as_an_unsealed_tail_and_against_a_published_hash() {
    each_database("seal_last", |store| {
        let mut sealer = worked(store);
        let published = sound(store).last.expect("checkpoints");
        tamper(&mut store.connect_log().expect("log"), &["delete from audit_checkpoint where number = 2"]);
        let report = sound(store);
        assert!(report.unsealed > 4 && report.last != Some(published));
        // The sealer that runs remembers the deleted one: the gap shows for ever.
        sealer.seal(store, NOW).expect("sealed").expect("something new");
        assert!(whats(&verified(store)).contains(&"is missing"));
    });
}

#[test]
fn somebody_with_another_key_is_found_out() {
    each_database("seal_forged", |store| {
        worked(store);
        let wipe = ["delete from audit_checkpoint", "delete from audit_sealed"];
        tamper(&mut store.connect_log().expect("log"), &wipe);
        Sealer::new(key(2)).seal(store, NOW).expect("sealed").expect("all of it");
        assert_eq!(whats(&verified(store)), ["has a signature that does not fit"]);
    });
}

/// The attacker chains everything anew, correctly, with one row left out; only the signed heads can tell.
#[test]
fn rows_chained_anew_without_the_key_are_found() {
    each_place("audit_rechained", |place| {
        let store = Store::open(place.clone(), ledger(1)).expect("opens");
        let mut sealer = worked(&store);
        let mut log = store.connect_log().expect("log");
        let stream = longest(&mut log);
        rechain(&mut log, stream);
        let report = verified(&store);
        assert!(!whats(&report).contains(&UNCHAINED), "the forged chain fits in itself: {report:?}");
        assert!(whats(&report).contains(&"states another head for a stream"));
        // Even after the honest sealer, who does not look back, signed the forged head.
        for _ in 0..6 {
            check(&store, NOW, None).ok();
        }
        sealer.seal(&store, NOW).expect("sealed");
        assert!(whats(&verified(&store)).contains(&"states another head for a stream"));
    });
}

/// Leaves the second row out and gives all later ones new numbers and hashes, as `audit` would have.
fn rechain(db: &mut Db, stream: i64) {
    use aws_lc_rs::digest::{SHA256, digest};
    const ROWS: &str = "select sequence, commitment, hash from audit_row where stream = $1 order by sequence";
    const MOVE: &str = "update audit_row set sequence = $3, hash = $4 where stream = $1 and sequence = $2";
    db.exec("delete from audit_row where stream = $1 and sequence = 2", &[stream.into()]).expect("deleted");
    let rows =
        db.rows(ROWS, &[stream.into()], |row| Ok((row.int(0)?, row.bytes::<32>(1)?, row.bytes::<32>(2)?)));
    let mut previous = [0; 32];
    for (place, (sequence, commitment, hash)) in rows.expect("read").into_iter().enumerate() {
        let place = place as i64 + 1;
        let parts: [&[u8]; 5] =
            [b"shikaku-audit-row-1", &stream.to_be_bytes(), &place.to_be_bytes(), &previous, &commitment];
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        previous.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        assert!(place > 1 || previous == hash, "the attacker knows how rows are hashed");
        db.exec(MOVE, &[stream.into(), sequence.into(), place.into(), (&previous).into()]).expect("moved");
    }
}

#[test]
fn erasing_a_month_keeps_the_chain() {
    each_database("audit_erase", |store| {
        let mut sealer = worked(store);
        let next = NOW.plus_ms(31 * DAY_MS);
        let (kept, _) = check(store, next, None).expect("answered");
        sealer.seal(store, next).expect("sealed");
        assert_eq!(erase_month(store, NOW.month()).expect("erased"), 21);
        assert_eq!(erase_month(store, NOW.month()).expect("again"), 0);
        let report = sound(store);
        assert_eq!((report.rows, report.erased, report.unsealed), (22, 21, 0));
        assert_eq!(report.erased_months.into_iter().collect::<Vec<_>>(), [NOW.month()]);
        assert!(row_of(store, kept).is_some());
        let left =
            store.look(|tx| audit::by_facility(tx, FACILITY, Instant::from_ms(0), next.plus_ms(1), 100));
        assert_eq!(left.expect("read").len(), 1, "nothing of the month is read any more");
    });
}

#[test]
fn a_new_month_begins_a_new_stream() {
    each_database("audit_month_turn", |store| {
        let end = base::Date::new(2026, 12, 1).expect("a day").begins();
        for ms in [-2, -1, 0, 1] {
            check(store, end.plus_ms(ms), None).expect("answered");
        }
        const MONTHS: &str =
            "select s.month, count(*) from audit_stream s join audit_row r on r.stream = s.stream
            group by s.month order by s.month";
        let mut log = store.connect_log().expect("log");
        let months = log.rows(MONTHS, &[], |row| Ok((row.int(0)?, row.int(1)?))).expect("read");
        assert_eq!(months, [(202611, 2), (202612, 2)]);
        sound(store);
    });
}

#[test]
fn two_processes_write_and_seal_beside_each_other() {
    let Some(schema) = store::testing::PostSchema::new("audit_two") else { return };
    let stores = [1, 2].map(|seed| Store::open(schema.place(), ledger(seed)).expect("opens"));
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                let mut sealer = sealer();
                for n in 0..40 {
                    check(store, NOW, Some((&format!("r{n}"), 1))).expect("answered");
                    sealer.seal(store, NOW).expect("sealed, or the other was quicker");
                }
            });
        }
    });
    while sealer().seal(&stores[0], NOW).expect("sealed").is_some() {}
    let report = sound(&stores[1]);
    assert_eq!((report.rows, report.unsealed), (80, 0));
    assert!(report.streams >= 2 && report.checkpoints >= 20, "{report:?}");
}

#[test]
fn a_new_sealer_goes_on_where_the_last_one_ended() {
    each_database("seal_again", |store| {
        worked(store);
        let sealed = sealer().seal(store, NOW).expect("sealed").expect("the tail of four");
        assert_eq!(sealed.number, 3);
        assert_eq!(sound(store).unsealed, 0);
        assert!(sealer().seal(store, NOW).expect("sealed").is_none());
        // A tail that was left in an old month is found by the next sealer too.
        check(store, NOW, None).expect("answered");
        let later = NOW.plus_ms(400 * DAY_MS);
        assert!(sealer().seal(store, later).expect("sealed").is_some());
        assert_eq!(sound(store).unsealed, 0);
    });
}

/// A replica that was promoted lacks what its primary committed last: rows, checkpoints, streams. What a running process
/// remembers of them must not go into what it writes next.
#[test]
fn a_promoted_replica_that_lacks_the_end_is_gone_on_with() {
    const KEPT: [&str; 4] = ["audit_stream", "audit_row", "audit_checkpoint", "audit_sealed"];
    let Some(schema) = store::testing::PostSchema::new("audit_promoted") else { return };
    let store = Store::open(schema.place(), ledger(1)).expect("opens");
    let mut sealer = worked(&store);
    let as_it_was = |sql: fn(&str) -> String| {
        let mut db = store.connect_main().expect("a line of its own");
        KEPT.iter().for_each(|table| db.batch(&sql(table)).expect("copied"));
    };
    as_it_was(|table| format!("create table was_{table} as table {table}"));
    for second in 1..4 {
        check(&store, NOW.plus_ms(second * 1000), None).expect("answered");
        change(&store, NOW.plus_ms(second * 1000));
        sealer.seal(&store, NOW.plus_ms(second * 1000)).expect("sealed").expect("something new");
    }
    let before = sound(&store);
    as_it_was(|table| format!("delete from {table}; insert into {table} select * from was_{table}"));
    schema.cut_lines();
    for second in 5..9 {
        check(&store, NOW.plus_ms(second * 1000), None).expect("answered");
        change(&store, NOW.plus_ms(second * 1000));
        // The first may fail or find its line opened anew.
        let _ = sealer.seal(&store, NOW.plus_ms(second * 1000));
    }
    let after = sound(&store);
    assert_eq!(after.unsealed, 0, "sealing goes on: {after:?}");
    assert_eq!((before.rows, after.rows), (21 + 6, 21 + 8));
}
