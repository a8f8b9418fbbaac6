//! SQL for sign-ins and sessions of people, and for the call centre's calls.
//!
//! Always holds: recognising a person is one statement; a session's token is here only as its digest.
//! Not here: what the rows mean (`rules`).
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use crate::rules::{Asked, Call, StoredProof, StoredSession};
use ::store::Tx;
use base::{Id, Instant, Kind, Result, kinds};

pub(crate) fn proof(tx: &mut Tx<'_>, session: &[u8; 32]) -> Result<Option<StoredProof>> {
    tx.row(
        "select person, certificate, proved_at, entered_at from portal_proof where session = $1",
        &[session.into()],
        |row| {
            Ok(StoredProof {
                person: row.id(0)?,
                certificate: row.id(1)?,
                proved_at: row.instant(2)?,
                used: row.opt_int(3)?.is_some(),
            })
        },
    )
}

pub(crate) fn insert_proof(
    tx: &mut Tx<'_>,
    session: &[u8; 32],
    person: Id<kinds::Person>,
    certificate: Id<kinds::Certificate>,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into portal_proof (session, person, certificate, proved_at) values ($1, $2, $3, $4)",
        &[session.into(), person.into(), certificate.into(), now.into()],
    )
}

pub(crate) fn use_proof(tx: &mut Tx<'_>, session: &[u8; 32], now: Instant) -> Result<()> {
    tx.save("update portal_proof set entered_at = $2 where session = $1", &[session.into(), now.into()])
}

/// The log says that proofs were; their rows are of no use once nobody can enter by them and their nonces are stale.
pub(crate) fn drop_old_proofs(tx: &mut Tx<'_>, before: Instant) -> Result<()> {
    tx.save("delete from portal_proof where proved_at < $1", &[before.into()])
}

pub(crate) fn session(tx: &mut Tx<'_>, token: &[u8; 32]) -> Result<Option<StoredSession>> {
    tx.row(
        "select person, certificate, begun_at, seen_at, ended_at from portal_session where token = $1",
        &[token.into()],
        |row| {
            Ok(StoredSession {
                person: row.id(0)?,
                certificate: row.id(1)?,
                begun_at: row.instant(2)?,
                seen_at: row.instant(3)?,
                ended_at: row.opt_int(4)?.map(Instant::from_ms),
            })
        },
    )
}

pub(crate) fn insert_session(
    tx: &mut Tx<'_>,
    token: &[u8; 32],
    proof: &StoredProof,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into portal_session (token, person, certificate, begun_at, seen_at) values ($1, $2, $3, $4, $4)",
        &[token.into(), proof.person.into(), proof.certificate.into(), now.into()],
    )
}

/// Two requests may come out of order; the later instant stays.
pub(crate) fn touch(tx: &mut Tx<'_>, token: &[u8; 32], now: Instant) -> Result<()> {
    tx.save(
        "update portal_session set seen_at = $2 where token = $1 and seen_at < $2 and ended_at is null",
        &[token.into(), now.into()],
    )
}

pub(crate) fn end_session(tx: &mut Tx<'_>, token: &[u8; 32], now: Instant) -> Result<()> {
    tx.save(
        "update portal_session set ended_at = $2 where token = $1 and ended_at is null",
        &[token.into(), now.into()],
    )
}

/// Ends every way in that a person's cards have opened, but this session.
pub(crate) fn end_all_beside(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    token: &[u8; 32],
    now: Instant,
) -> Result<()> {
    tx.save(
        "update portal_session set ended_at = $3 where person = $1 and token <> $2 and ended_at is null",
        &[person.into(), token.into(), now.into()],
    )?;
    tx.save(
        "update portal_proof set entered_at = $2 where person = $1 and entered_at is null",
        &[person.into(), now.into()],
    )
}

pub(crate) fn drop_old_sessions(tx: &mut Tx<'_>, person: Id<kinds::Person>, before: Instant) -> Result<()> {
    tx.save("delete from portal_session where person = $1 and begun_at < $2", &[person.into(), before.into()])
}

pub(crate) fn call<K: Kind>(tx: &mut Tx<'_>, call: Id<K>) -> Result<Option<Call>> {
    tx.row(
        "select staff, at, person, strict, ended_at from portal_call where call_id = $1",
        &[call.into()],
        |row| {
            Ok(Call {
                staff: row.int(0)?,
                at: row.instant(1)?,
                person: row.opt_id(2)?,
                asked: if row.flag(3)? { Asked::Everything } else { Asked::Enough },
                ended: row.opt_int(4)?.is_some(),
            })
        },
    )
}

pub(crate) fn insert_call<K: Kind>(tx: &mut Tx<'_>, id: Id<K>, call: &Call) -> Result<()> {
    tx.save(
        "insert into portal_call (call_id, staff, at, person, strict) values ($1, $2, $3, $4, $5)",
        &[
            id.into(),
            call.staff.into(),
            call.at.into(),
            call.person.into(),
            (call.asked == Asked::Everything).into(),
        ],
    )
}

pub(crate) fn end_call<K: Kind>(tx: &mut Tx<'_>, call: Id<K>, now: Instant) -> Result<()> {
    tx.save(
        "update portal_call set ended_at = $2 where call_id = $1 and ended_at is null",
        &[call.into(), now.into()],
    )
}

/// Calls of an operator since an instant whose caller was not identified.
pub(crate) fn misses(tx: &mut Tx<'_>, staff: i64, since: Instant) -> Result<usize> {
    let count = tx.row(
        "select count(*) from portal_call where staff = $1 and at > $2 and person is null",
        &[staff.into(), since.into()],
        |row| row.int(0),
    )?;
    Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
}
