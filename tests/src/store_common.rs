//! What the tests of store and audit share: a check and a change as small as they can be, and a key to seal with.
//!
//! Always holds: no table of a service is touched; rows are written to `audit_stream`, which both files have and
//! where a row without rows of its own disturbs nothing.
//! Not here: tests.

use audit::{Entry, Evidence, Report, Sealer, SigningKey};
use base::{Actor, Cx, IdSource, Instant, Purpose, RequestKey, Result};
use std::sync::{Arc, LazyLock};
use store::{Claim, Store, Tx};

/// 2026-11-20 09:00 in Japan.
pub const NOW: Instant = Instant::from_ms(1_795_132_800_000);
pub const DAY_MS: i64 = 86_400_000;
pub const FACILITY: i64 = 77;

/// Another process (see `store_kill`) has other ids.
pub static IDS: LazyLock<Arc<dyn IdSource>> =
    LazyLock::new(|| store::testing::seeded_ids((1 << 52) + (i64::from(std::process::id()) << 24)));

/// Into a table that every file has: the stream's id is the key.
pub const PUT: &str = "insert into audit_stream (stream, opened_at, month) values ($1, $2, 190001)";
pub const COUNT: &str = "select count(*) from audit_stream where month = 190001";

pub fn cx(at: Instant, key: Option<(&str, u8)>) -> Cx<'static> {
    let actor = Actor::Terminal { terminal: 3, facility: FACILITY };
    let request = key.map(|(request, body)| RequestKey { request: request.to_owned(), digest: [body; 32] });
    Cx::new(at, actor, Purpose::Reception, IDS.as_ref()).with_request(request)
}

/// The operation of a check: one audit row and, with a key, a claim. Its value is the answer's id.
pub fn checking(tx: &mut Tx<'_>, cx: &Cx<'_>) -> i64 {
    let answer = IDS.next();
    let evidence = Evidence {
        act: "test.check",
        outcome: "valid",
        answer: Some(answer),
        person: Some(5),
        ..Evidence::default()
    };
    audit::say(tx, cx, &evidence);
    tx.claim(cx, answer);
    answer
}

pub fn check(store: &Store, at: Instant, key: Option<(&str, u8)>) -> Result<(i64, Claim)> {
    let cx = cx(at, key);
    store.check_and_wait(move |tx| Ok(checking(tx, &cx)))
}

/// A change with an audit row; on SQLite that row lies in the main file.
pub fn change(store: &Store, at: Instant) -> i64 {
    let answer = IDS.next();
    let cx = cx(at, None);
    let evidence =
        Evidence { act: "test.change", outcome: "done", answer: Some(answer), ..Evidence::default() };
    store
        .change(|tx| {
            tx.save(PUT, &[answer.into(), at.into()])?;
            audit::say(tx, &cx, &evidence);
            Ok(answer)
        })
        .expect("a change commits")
}

/// The audit row of an answer.
pub fn row_of(store: &Store, answer: i64) -> Option<Entry> {
    store.look(|tx| audit::one_of_facility(tx, FACILITY, answer)).expect("the log can be read")
}

pub fn sealer() -> Sealer {
    Sealer::new(key(1))
}

/// A key from the test pool's seed: PKCS#8 of an Ed25519 key whose secret is one byte repeated.
pub fn key(seed: u8) -> SigningKey {
    // SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING (32 bytes) } }
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend([seed; 32]);
    SigningKey::from_pkcs8(&der).expect("a key of the right form")
}

pub fn verified(store: &Store) -> Report {
    audit::verify(store, &key(1).public(), 2).expect("the log can be walked")
}

/// Verifies and says that nothing is wrong.
pub fn sound(store: &Store) -> Report {
    let report = verified(store);
    assert_eq!(report.troubles, []);
    report
}
