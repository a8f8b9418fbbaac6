//! Staff: people with accounts, their roles, their two factors, and the sessions in which they work.
//!
//! Always holds: nobody is a visitor before two factors are proved (the demo's desk switcher excepted, which says so);
//! a password, a one-time code and a session's token are stored only as what cannot be turned back (the second
//! factor's secret must be kept as it is); a code is accepted once; closing an account, another role and another
//! password end every session of it; one system administrator always remains.
//! Not here: facilities (`facilities`; a place is known here by id), recognising a request (`app` calls [`visit`]),
//! terminals.
//! Rules come from: DESIGN section 2 and the issue, part C; OWASP Password Storage and Session Management, NIST SP
//! 800-63B, RFC 6238.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod web;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Answer, Cx, Id, Instant, Refusal, Result, Role, kinds};
use rules::{Account, Attempt, Checked, Credentials, Missing, NewAccount, OneTime, Proof, Session, Token};

// Sessions -----------------------------------------------------------------------------------------------------------

/// Who a session's cookie belongs to; nothing when it has ended. One read. Only a session that lacks nothing
/// ([`Session::missing`]) makes a visitor; when [`Session::touch_due`], call [`touch`].
pub fn visit(tx: &mut Tx<'_>, now: Instant, token: &str) -> Result<Option<Session>> {
    let Some(token) = Token::parse(token) else {
        return Ok(None);
    };
    let found = store::session(tx, &token)?;
    Ok(found.and_then(|(stored, account)| rules::session(&stored, &account, &token, now)))
}

/// Notes that a session is in use.
pub fn touch(tx: &mut Tx<'_>, now: Instant, token: &str) -> Result<()> {
    match Token::parse(token) {
        Some(token) => store::touch(tx, &token, now),
        None => Ok(()),
    }
}

/// Ends a session. Ending one that has ended does nothing.
pub fn sign_out(tx: &mut Tx<'_>, cx: &Cx<'_>, token: &str) -> Result<()> {
    let Some(session) = visit(tx, cx.now, token)? else {
        return Ok(());
    };
    store::end_session(tx, &session.token, cx.now)?;
    said(tx, cx, "staff.sign_out", "ended", "", session.staff, session.facility);
    Ok(())
}

// Signing in ---------------------------------------------------------------------------------------------------------

/// What a password is checked against. The check itself is heavy and happens outside the transaction
/// ([`Credentials::check`]); an unknown login costs as much as a known one.
pub fn credentials(tx: &mut Tx<'_>, login: &str) -> Result<Credentials> {
    let account = match rules::read_login(login) {
        Ok(login) => store::by_login(tx, &login)?,
        Err(_) => None,
    };
    Ok(Credentials::of(account.as_ref()))
}

/// The first factor: after a right password a session begins that lacks at least the second.
pub fn sign_in(tx: &mut Tx<'_>, cx: &Cx<'_>, checked: &Checked, token: &Token) -> Result<Answer<Missing>> {
    let account = match checked.staff {
        Some(staff) => store::by_id(tx, staff)?,
        None => None,
    };
    let attempt = rules::password_attempt(account.as_ref(), checked, cx.now);
    let Some(account) = account else {
        let evidence =
            Evidence { act: "staff.sign_in", outcome: "refused", code: "unknown", ..Evidence::default() };
        say(tx, cx, &evidence);
        return Ok(Err(refusals::sign_in_failed()));
    };
    if let Err(refusal) = counted(tx, cx, "staff.sign_in", &account, attempt)? {
        return Ok(Err(refusal));
    }
    store::drop_old_sessions(tx, account.id, cx.now.plus_ms(-rules::SESSION_MAX_MS))?;
    store::insert_session(tx, token, account.id, Proof::Password, cx.now)?;
    said(tx, cx, "staff.sign_in", "begun", "password", account.id, account.new.facility);
    Ok(Ok(rules::missing(&account, Proof::Password).unwrap_or(Missing::SecondFactor)))
}

/// Begins the set-up of a second factor in a session that lacks one and gives its secret; begun again it gives the
/// same, so that a page read twice shows one.
pub fn begin_second_factor(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    token: &str,
    secret: &[u8; rules::SECRET_BYTES],
) -> Result<Answer<[u8; rules::SECRET_BYTES]>> {
    let session = match lacking(tx, cx, token, Missing::NewSecondFactor)? {
        Ok((session, _)) => session,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(pending) = session.pending {
        return Ok(Ok(pending));
    }
    store::set_pending(tx, &session.token, secret)?;
    Ok(Ok(*secret))
}

/// Sets the second factor up, once a code shows that the person's device has the secret. The session goes on under a
/// new token. Says what is missing still.
pub fn set_second_factor(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    token: &str,
    code: &str,
    renewed: &Token,
) -> Result<Answer<Option<Missing>>> {
    by_code(tx, cx, token, Missing::NewSecondFactor, code, renewed)
}

/// The second factor: the session goes on under a new token. Says what is missing still.
pub fn prove_second_factor(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    token: &str,
    code: &str,
    renewed: &Token,
) -> Result<Answer<Option<Missing>>> {
    by_code(tx, cx, token, Missing::SecondFactor, code, renewed)
}

/// Changes one's own password, the present one having been checked. Every session ends but this one, which goes on
/// under a new token.
pub fn change_password(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    token: &str,
    checked: &Checked,
    hash: &str,
    renewed: &Token,
) -> Result<Answer<()>> {
    let found = present(tx, cx, token)?;
    let (session, account) = match rules::may_change_password(found, checked) {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let attempt = rules::password_attempt(Some(&account), checked, cx.now);
    if let Err(refusal) = counted(tx, cx, "staff.change_password", &account, attempt)? {
        return Ok(Err(refusal));
    }
    store::set_password(tx, account.id, hash, None)?;
    store::end_sessions(tx, account.id, cx.now)?;
    store::insert_session(tx, renewed, account.id, session.proof, cx.now)?;
    said(tx, cx, "staff.change_password", "recorded", "", account.id, account.new.facility);
    Ok(Ok(()))
}

// Accounts -----------------------------------------------------------------------------------------------------------

/// An account, if the actor may manage it.
pub fn get(tx: &mut Tx<'_>, cx: &Cx<'_>, staff: Id<kinds::Staff>) -> Result<Answer<Account>> {
    let account = managed(tx, cx, staff)?;
    if let Ok(account) = &account {
        said(tx, cx, "staff.get", "shown", "", account.id, account.new.facility);
    }
    Ok(account)
}

/// The accounts that the actor may manage, open ones, in the order of their logins: those after `after`, at most
/// `limit`.
pub fn list(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    after: Option<Id<kinds::Staff>>,
    limit: usize,
) -> Result<Vec<Account>> {
    let accounts = match rules::reach(cx.actor) {
        rules::Reach::Everybody => store::open_accounts(tx, after, limit)?,
        rules::Reach::Facility(facility) => store::open_accounts_of(tx, facility, after, limit)?,
        rules::Reach::Nobody => Vec::new(),
    };
    say(tx, cx, &Evidence { act: "staff.list", outcome: "shown", ..Evidence::default() });
    Ok(accounts)
}

/// Opens an account with a one-time password.
pub fn record(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    new: &NewAccount,
    one_time: &OneTime,
) -> Result<Answer<Id<kinds::Staff>>> {
    let taken = store::by_login(tx, &new.login)?.is_some();
    if let Err(refusal) = rules::check_new(cx.actor, new, taken) {
        return Ok(Err(refusal));
    }
    let staff = cx.id();
    store::insert_account(tx, staff, new, cx.now)?;
    store::set_password(tx, staff, one_time.hash(), Some(rules::one_time_until(cx.now)))?;
    said(tx, cx, "staff.record", "recorded", new.role.word(), staff, new.facility);
    Ok(Ok(staff))
}

/// Gives an account another role, or another place, and ends its sessions.
pub fn assign(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    staff: Id<kinds::Staff>,
    role: Role,
    facility: Option<Id<kinds::Facility>>,
) -> Result<Answer<()>> {
    let account = match managed(tx, cx, staff)? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let others = store::system_administrators_beside(tx, staff)?;
    if let Err(refusal) = rules::may_assign(cx.actor, &account, role, facility, others) {
        return Ok(Err(refusal));
    }
    if (account.new.role, account.new.facility) == (role, facility) {
        return Ok(Ok(()));
    }
    store::set_role(tx, staff, role, facility)?;
    store::end_sessions(tx, staff, cx.now)?;
    said(tx, cx, "staff.assign", "recorded", role.word(), staff, facility.or(account.new.facility));
    Ok(Ok(()))
}

/// Closes an account for ever and ends its sessions; its login is not given to anybody else.
pub fn withdraw(tx: &mut Tx<'_>, cx: &Cx<'_>, staff: Id<kinds::Staff>) -> Result<Answer<()>> {
    let account = match managed(tx, cx, staff)? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let others = store::system_administrators_beside(tx, staff)?;
    if let Err(refusal) = rules::may_leave(&account, others) {
        return Ok(Err(refusal));
    }
    store::close(tx, staff, cx.now)?;
    store::end_sessions(tx, staff, cx.now)?;
    said(tx, cx, "staff.withdraw", "recorded", "", staff, account.new.facility);
    Ok(Ok(()))
}

/// What is set anew when somebody is locked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The password only; the second factor stays.
    Password,
    /// The second factor, and the password with it: whoever merely knows the password shall not set up a factor.
    Both,
}

/// Gives an account a one-time password, ends its sessions and the waiting after failures. Returns its login.
pub fn reset(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    staff: Id<kinds::Staff>,
    what: Reset,
    one_time: &OneTime,
) -> Result<Answer<String>> {
    let account = match managed(tx, cx, staff)? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    store::set_password(tx, staff, one_time.hash(), Some(rules::one_time_until(cx.now)))?;
    store::set_failures(tx, staff, 0, None)?;
    if what == Reset::Both {
        store::set_totp(tx, staff, None, account.totp_step)?;
    }
    store::end_sessions(tx, staff, cx.now)?;
    let code = if what == Reset::Both { "both" } else { "password" };
    said(tx, cx, "staff.reset", "recorded", code, staff, account.new.facility);
    Ok(Ok(account.new.login))
}

// Beginnings ---------------------------------------------------------------------------------------------------------

/// When no system administrator can sign in, because there is none or because none used the one-time password in time:
/// makes one, or gives the first one a new password. Returns the login; the password is `one_time`'s.
pub fn first_administrator(tx: &mut Tx<'_>, cx: &Cx<'_>, one_time: &OneTime) -> Result<Option<String>> {
    if store::able_system_administrators(tx, cx.now)? > 0 {
        return Ok(None);
    }
    for number in 1.. {
        let login = rules::first_login(number);
        let staff = match store::by_login(tx, &login)? {
            Some(taken) if !rules::is_unused_first(&taken) => continue,
            Some(unused) => unused.id,
            None => {
                let staff = cx.id();
                store::insert_account(tx, staff, &NewAccount::first(&login), cx.now)?;
                staff
            }
        };
        store::set_password(tx, staff, one_time.hash(), Some(rules::one_time_until(cx.now)))?;
        store::set_failures(tx, staff, 0, None)?;
        said(tx, cx, "staff.first_administrator", "recorded", "", staff, None);
        return Ok(Some(login));
    }
    Ok(None)
}

/// Makes one account for each role of the demo, without password; those for a facility work at `facility`. Does
/// nothing for those that there are.
pub fn demo_desks(tx: &mut Tx<'_>, cx: &Cx<'_>, facility: Id<kinds::Facility>) -> Result<()> {
    for role in Role::ALL {
        let new = NewAccount::demo(role, facility);
        match store::by_login(tx, &new.login)? {
            Some(account) if account.new.facility == new.facility => {}
            Some(account) => store::set_role(tx, account.id, role, new.facility)?,
            None => {
                let staff = cx.id();
                store::insert_account(tx, staff, &new, cx.now)?;
                said(tx, cx, "staff.demo_desks", "recorded", role.word(), staff, new.facility);
            }
        }
    }
    Ok(())
}

/// Sits down at a desk of the demo: a session without any factor. Only where the house is a demo.
pub fn switch_to(tx: &mut Tx<'_>, cx: &Cx<'_>, role: Role, token: &Token) -> Result<Answer<()>> {
    let desk = store::by_login(tx, &rules::demo_login(role))?.filter(|account| account.closed_at.is_none());
    let Some(account) = desk else {
        return Ok(Err(refusals::no_such_desk()));
    };
    store::drop_old_sessions(tx, account.id, cx.now.plus_ms(-rules::SESSION_MAX_MS))?;
    store::insert_session(tx, token, account.id, Proof::DemoDesk, cx.now)?;
    said(tx, cx, "staff.switch_to", "begun", "demo", account.id, account.new.facility);
    Ok(Ok(()))
}

// What several operations do -----------------------------------------------------------------------------------------

/// The live session of a token with its account.
fn present(tx: &mut Tx<'_>, cx: &Cx<'_>, token: &str) -> Result<Option<(Session, Account)>> {
    let Some(token) = Token::parse(token) else {
        return Ok(None);
    };
    let found = store::session(tx, &token)?;
    Ok(found.and_then(|(stored, account)| {
        rules::session(&stored, &account, &token, cx.now).map(|session| (session, account))
    }))
}

/// The live session of a token, when this is the very step that it lacks.
fn lacking(tx: &mut Tx<'_>, cx: &Cx<'_>, token: &str, step: Missing) -> Result<Answer<(Session, Account)>> {
    let found = present(tx, cx, token)?.filter(|(session, _)| session.missing == Some(step));
    Ok(found.ok_or_else(refusals::session_ended))
}

/// What a right code of the second factor does, being set up or proved: the failures are forgotten and the session
/// goes on under a new token.
fn by_code(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    token: &str,
    step: Missing,
    code: &str,
    renewed: &Token,
) -> Result<Answer<Option<Missing>>> {
    let (session, account) = match lacking(tx, cx, token, step)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (act, outcome, secret, last) = match step {
        Missing::NewSecondFactor => ("staff.set_second_factor", "recorded", session.pending, 0),
        _ => ("staff.prove_second_factor", "begun", account.totp, account.totp_step),
    };
    let Some(secret) = secret else {
        return Ok(Err(refusals::session_ended()));
    };
    let attempt = rules::code_attempt(&account, &secret, last, code, cx.now);
    let step = match counted(tx, cx, act, &account, attempt)? {
        Ok(step) => step,
        Err(refusal) => return Ok(Err(refusal)),
    };
    store::set_totp(tx, account.id, Some(&secret), step)?;
    store::set_failures(tx, account.id, 0, None)?;
    store::end_session(tx, &session.token, cx.now)?;
    store::insert_session(tx, renewed, account.id, Proof::Both, cx.now)?;
    said(tx, cx, act, outcome, "totp", account.id, account.new.facility);
    let account = Account { totp: Some(secret), ..account };
    Ok(Ok(rules::missing(&account, Proof::Both)))
}

/// The account, when the actor may manage it and it is open.
fn managed(tx: &mut Tx<'_>, cx: &Cx<'_>, staff: Id<kinds::Staff>) -> Result<Answer<Account>> {
    let account = store::by_id(tx, staff)?;
    Ok(rules::reachable(cx.actor, account))
}

/// Keeps count of failures and says them; an account that begins to wait is an alarm. A right answer passes through.
fn counted<T>(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    account: &Account,
    attempt: Attempt<T>,
) -> Result<Answer<T>> {
    let outcome = match &attempt {
        Attempt::Wrong { locked_until: Some(_), .. } => "alarm",
        _ => "refused",
    };
    let (code, refusal): (&'static str, Refusal) = match attempt {
        Attempt::Right(value) => return Ok(Ok(value)),
        Attempt::Wrong { failures, locked_until } => {
            store::set_failures(tx, account.id, failures, locked_until)?;
            ("wrong", refusals::sign_in_failed())
        }
        Attempt::Waiting => ("waiting", refusals::sign_in_failed()),
        Attempt::Nobody => ("closed", refusals::sign_in_failed()),
        Attempt::RunOut => ("run-out", refusals::one_time_run_out()),
    };
    said(tx, cx, act, outcome, code, account.id, account.new.facility);
    Ok(Err(refusal))
}

fn said(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    outcome: &'static str,
    code: &'static str,
    staff: Id<kinds::Staff>,
    facility: Option<Id<kinds::Facility>>,
) {
    let facility = facility.map(Id::raw);
    let evidence =
        Evidence { act, outcome, code, subject: Some(staff.raw()), facility, ..Evidence::default() };
    say(tx, cx, &evidence);
}
