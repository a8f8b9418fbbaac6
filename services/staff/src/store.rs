//! SQL for accounts and sessions.
//!
//! Always holds: recognising a visitor is one statement; a session's token is here only as its digest.
//! Not here: what the rows mean (`rules`).
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use crate::rules::{Account, NewAccount, Proof, SECRET_BYTES, StoredSession, Token};
use ::store::{Row, Tx};
use base::{Error, Id, Instant, Result, Role, kinds};

/// The columns of an account, first in every question that reads one.
macro_rules! accounts {
    ($more:literal, $rest:literal) => {
        concat!(
            "select a.staff, a.login, a.name, a.role, a.facility, a.password, a.one_time_until, a.totp, a.totp_step,
                a.failures, a.locked_until, a.made_at, a.closed_at",
            $more,
            " from staff_account a ",
            $rest
        )
    };
}

pub(crate) fn by_id(tx: &mut Tx<'_>, staff: Id<kinds::Staff>) -> Result<Option<Account>> {
    tx.row(accounts!("", "where a.staff = $1"), &[staff.into()], account)
}

pub(crate) fn by_login(tx: &mut Tx<'_>, login: &str) -> Result<Option<Account>> {
    tx.row(accounts!("", "where a.login = $1"), &[login.into()], account)
}

pub(crate) fn open_accounts(
    tx: &mut Tx<'_>,
    after: Option<Id<kinds::Staff>>,
    limit: usize,
) -> Result<Vec<Account>> {
    const LIST: &str = accounts!(
        "",
        "where a.closed_at is null
            and a.login > coalesce((select before.login from staff_account before where before.staff = $1), '')
         order by a.login limit $2"
    );
    tx.rows(LIST, &[after.map_or(0, Id::raw).into(), count(limit).into()], account)
}

pub(crate) fn open_accounts_of(
    tx: &mut Tx<'_>,
    facility: Id<kinds::Facility>,
    after: Option<Id<kinds::Staff>>,
    limit: usize,
) -> Result<Vec<Account>> {
    const LIST: &str = accounts!(
        "",
        "where a.closed_at is null and a.facility = $3
            and a.login > coalesce((select before.login from staff_account before where before.staff = $1), '')
         order by a.login limit $2"
    );
    tx.rows(LIST, &[after.map_or(0, Id::raw).into(), count(limit).into(), facility.into()], account)
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn account(row: &Row<'_>) -> Result<Account> {
    let role = row.text(3)?;
    let totp = row.opt_blob(7)?.map(secret).transpose()?;
    Ok(Account {
        id: row.id(0)?,
        new: NewAccount {
            login: row.text(1)?,
            name: row.text(2)?,
            role: Role::parse(&role).ok_or_else(|| Error::broken("a stored account has an unknown role"))?,
            facility: row.opt_id(4)?,
        },
        password: row.opt_text(5)?,
        one_time_until: row.opt_int(6)?.map(Instant::from_ms),
        totp,
        totp_step: row.int(8)?,
        failures: row.int(9)?,
        locked_until: row.opt_int(10)?.map(Instant::from_ms),
        made_at: row.instant(11)?,
        closed_at: row.opt_int(12)?.map(Instant::from_ms),
    })
}

fn secret(bytes: Vec<u8>) -> Result<[u8; SECRET_BYTES]> {
    bytes.try_into().map_err(|_| Error::broken("a stored second factor has another length"))
}

/// Open system administrators other than this one.
pub(crate) fn system_administrators_beside(tx: &mut Tx<'_>, staff: Id<kinds::Staff>) -> Result<i64> {
    const COUNT: &str = "select count(*) from staff_account
        where role = 'system-administrator' and closed_at is null and staff <> $1";
    Ok(tx.row(COUNT, &[staff.into()], |row| row.int(0))?.unwrap_or(0))
}

/// Open system administrators who have a password of their own or time left to use the one they were given, and, so
/// that a demo needs no other, those of its desks, who have none.
pub(crate) fn able_system_administrators(tx: &mut Tx<'_>, now: Instant) -> Result<i64> {
    const COUNT: &str = "select count(*) from staff_account
        where role = 'system-administrator' and closed_at is null
            and (one_time_until is null or one_time_until > $1)";
    Ok(tx.row(COUNT, &[now.into()], |row| row.int(0))?.unwrap_or(0))
}

pub(crate) fn insert_account(
    tx: &mut Tx<'_>,
    staff: Id<kinds::Staff>,
    new: &NewAccount,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into staff_account (staff, login, name, role, facility, totp_step, failures, made_at)
         values ($1, $2, $3, $4, $5, 0, 0, $6)",
        &[
            staff.into(),
            (&new.login).into(),
            (&new.name).into(),
            new.role.word().into(),
            new.facility.into(),
            now.into(),
        ],
    )
}

pub(crate) fn set_password(
    tx: &mut Tx<'_>,
    staff: Id<kinds::Staff>,
    hash: &str,
    one_time_until: Option<Instant>,
) -> Result<()> {
    tx.save(
        "update staff_account set password = $2, one_time_until = $3 where staff = $1",
        &[staff.into(), hash.into(), one_time_until.into()],
    )
}

pub(crate) fn set_totp(
    tx: &mut Tx<'_>,
    staff: Id<kinds::Staff>,
    secret: Option<&[u8; SECRET_BYTES]>,
    step: i64,
) -> Result<()> {
    tx.save(
        "update staff_account set totp = $2, totp_step = $3 where staff = $1",
        &[staff.into(), secret.into(), step.into()],
    )
}

pub(crate) fn set_failures(
    tx: &mut Tx<'_>,
    staff: Id<kinds::Staff>,
    failures: i64,
    locked_until: Option<Instant>,
) -> Result<()> {
    tx.save(
        "update staff_account set failures = $2, locked_until = $3 where staff = $1",
        &[staff.into(), failures.into(), locked_until.into()],
    )
}

pub(crate) fn set_role(
    tx: &mut Tx<'_>,
    staff: Id<kinds::Staff>,
    role: Role,
    facility: Option<Id<kinds::Facility>>,
) -> Result<()> {
    tx.save(
        "update staff_account set role = $2, facility = $3 where staff = $1",
        &[staff.into(), role.word().into(), facility.into()],
    )
}

/// What proved who somebody was is of no use any more and goes.
pub(crate) fn close(tx: &mut Tx<'_>, staff: Id<kinds::Staff>, now: Instant) -> Result<()> {
    tx.save(
        "update staff_account set closed_at = $2, password = null, one_time_until = null, totp = null
         where staff = $1",
        &[staff.into(), now.into()],
    )
}

pub(crate) fn session(tx: &mut Tx<'_>, token: &Token) -> Result<Option<(StoredSession, Account)>> {
    const SESSION: &str = accounts!(
        ", s.begun_at, s.seen_at, s.proof, s.totp_pending, s.ended_at",
        "join staff_session s on s.staff = a.staff where s.token = $1"
    );
    tx.row(SESSION, &[token.digest().into()], |row| {
        let stored = StoredSession {
            begun_at: row.instant(13)?,
            seen_at: row.instant(14)?,
            proof: row.coded(15, Proof::from_code)?,
            pending: row.opt_blob(16)?.map(secret).transpose()?,
            ended_at: row.opt_int(17)?.map(Instant::from_ms),
        };
        Ok((stored, account(row)?))
    })
}

pub(crate) fn insert_session(
    tx: &mut Tx<'_>,
    token: &Token,
    staff: Id<kinds::Staff>,
    proof: Proof,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into staff_session (token, staff, begun_at, seen_at, proof) values ($1, $2, $3, $3, $4)",
        &[token.digest().into(), staff.into(), now.into(), proof.code().into()],
    )
}

pub(crate) fn set_pending(tx: &mut Tx<'_>, token: &Token, secret: &[u8; SECRET_BYTES]) -> Result<()> {
    tx.save(
        "update staff_session set totp_pending = $2 where token = $1",
        &[token.digest().into(), secret.into()],
    )
}

/// Two requests may come out of order; the later instant stays.
pub(crate) fn touch(tx: &mut Tx<'_>, token: &Token, now: Instant) -> Result<()> {
    tx.save(
        "update staff_session set seen_at = $2 where token = $1 and seen_at < $2 and ended_at is null",
        &[token.digest().into(), now.into()],
    )
}

pub(crate) fn end_session(tx: &mut Tx<'_>, token: &Token, now: Instant) -> Result<()> {
    tx.save(
        "update staff_session set ended_at = $2, totp_pending = null where token = $1 and ended_at is null",
        &[token.digest().into(), now.into()],
    )
}

pub(crate) fn end_sessions(tx: &mut Tx<'_>, staff: Id<kinds::Staff>, now: Instant) -> Result<()> {
    tx.save(
        "update staff_session set ended_at = $2, totp_pending = null where staff = $1 and ended_at is null",
        &[staff.into(), now.into()],
    )
}

/// The log says that sessions were; their rows are of no use after their longest time.
pub(crate) fn drop_old_sessions(tx: &mut Tx<'_>, staff: Id<kinds::Staff>, before: Instant) -> Result<()> {
    tx.save("delete from staff_session where staff = $1 and begun_at < $2", &[staff.into(), before.into()])
}
