//! Who may have an account, what proves that somebody is who they say, and how long that holds.
//!
//! Always holds: values in, values out; nothing here shows a password, a code, a secret or a token when it is printed;
//! comparing secrets takes the same time whether they agree or not.
//! Not here: which page needs which role (each service's routes), SQL (`store`).
//! Rules come from: the issue, part C; OWASP Password Storage (argon2id m=19456, t=2, p=1), NIST SP 800-63B sections
//! 5.1.1 (length, not composition; a list of common ones) and 5.2.2 (throttling), RFC 6238 sections 5.2 and 6, OWASP
//! Session Management.

use crate::refusals;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use aws_lc_rs::{constant_time, digest};
use base::{Actor, Answer, Error, Id, Instant, Result, Role, fold_width, hex, kinds};
use std::fmt;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

// Accounts -----------------------------------------------------------------------------------------------------------

/// An account to be opened.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The login, folded; make it with [`read_login`].
    pub login: String,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Where the person works; for facility roles only.
    pub facility: Option<Id<kinds::Facility>>,
}

impl NewAccount {
    /// The first system administrator.
    pub fn first(login: &str) -> NewAccount {
        let (name, role) = ("システム管理者".to_owned(), Role::SystemAdministrator);
        NewAccount { login: login.to_owned(), name, role, facility: None }
    }

    /// The demo's account for a role.
    pub fn demo(role: Role, facility: Id<kinds::Facility>) -> NewAccount {
        let name = match role {
            Role::Receptionist => "見本 さくら",
            Role::Clinician => "例示 一郎",
            Role::FacilityAdministrator => "仮名 花子",
            Role::InsurerClerk => "想定 四季子",
            Role::MunicipalClerk => "架空 太郎",
            Role::CallCentreOperator => "見本 五月",
            Role::Auditor => "例示 六郎",
            Role::SystemAdministrator => "仮名 七海",
        };
        let facility = role.belongs_to_facility().then_some(facility);
        NewAccount { login: demo_login(role), name: name.to_owned(), role, facility }
    }
}

/// An account as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Id<kinds::Staff>,
    /// Who it is for.
    pub new: NewAccount,
    /// The password's hash; none when one cannot sign in with a password.
    pub password: Option<String>,
    /// Until when the password holds, when it is a one-time password.
    pub one_time_until: Option<Instant>,
    /// The secret of the second factor.
    pub totp: Option<[u8; SECRET_BYTES]>,
    /// The last step whose code was accepted.
    pub totp_step: i64,
    /// Failures since both factors were last proved.
    pub failures: i64,
    /// Until when nobody can sign in.
    pub locked_until: Option<Instant>,
    /// When it was opened.
    pub made_at: Instant,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

/// Reads a login as people type it: width and case folded; 3 to 64 letters, digits and `. _ - @`.
pub fn read_login(text: &str) -> Answer<String> {
    let login = fold_width(text).trim().to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    let good = (3..=64).contains(&login.len()) && login.bytes().all(fits);
    good.then_some(login).ok_or_else(refusals::login_shape)
}

/// Whose accounts an actor manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    Everybody,
    /// Those who work at this facility.
    Facility(Id<kinds::Facility>),
    /// Nobody's.
    Nobody,
}

/// Whose accounts the actor manages.
pub fn reach(actor: Actor) -> Reach {
    match actor {
        Actor::System | Actor::Staff { role: Role::SystemAdministrator, .. } => Reach::Everybody,
        Actor::Staff { role: Role::FacilityAdministrator, facility: Some(own), .. } => {
            Id::new(own).map_or(Reach::Nobody, Reach::Facility)
        }
        _ => Reach::Nobody,
    }
}

/// Whether the actor may give this role at this place, or manage who has it.
pub fn reaches(actor: Actor, role: Role, facility: Option<Id<kinds::Facility>>) -> bool {
    match reach(actor) {
        Reach::Everybody => true,
        Reach::Facility(own) => role.belongs_to_facility() && facility == Some(own),
        Reach::Nobody => false,
    }
}

/// The account, if the actor may manage it. One out of reach looks like one that does not exist.
pub fn reachable(actor: Actor, account: Option<Account>) -> Answer<Account> {
    account
        .filter(|account| {
            account.closed_at.is_none() && reaches(actor, account.new.role, account.new.facility)
        })
        .ok_or_else(refusals::no_such_account)
}

/// Whether a role and a place go together, and the actor may give them.
fn check_role(actor: Actor, role: Role, facility: Option<Id<kinds::Facility>>) -> Answer<()> {
    if !reaches(actor, role, facility) {
        return Err(refusals::not_yours_to_give());
    }
    if role.belongs_to_facility() != facility.is_some() {
        return Err(refusals::place());
    }
    Ok(())
}

/// Names are at most this long.
const NAME_CHARS_MAX: usize = 64;

/// Whether an account may be opened; `taken` when its login is in use or was.
pub fn check_new(actor: Actor, new: &NewAccount, taken: bool) -> Answer<()> {
    let chars = new.name.chars().count();
    if new.name.trim().is_empty() || chars > NAME_CHARS_MAX || new.name.chars().any(char::is_control) {
        return Err(refusals::name());
    }
    if read_login(&new.login)? != new.login {
        return Err(refusals::login_shape());
    }
    check_role(actor, new.role, new.facility)?;
    if taken { Err(refusals::login_taken()) } else { Ok(()) }
}

/// Whether an account may cease to be what it is; `others` counts the other open system administrators.
pub fn may_leave(account: &Account, others: i64) -> Answer<()> {
    let last = account.new.role == Role::SystemAdministrator && others == 0;
    if last { Err(refusals::last_administrator()) } else { Ok(()) }
}

/// Whether an account may be given this role at this place.
pub fn may_assign(
    actor: Actor,
    account: &Account,
    role: Role,
    facility: Option<Id<kinds::Facility>>,
    others: i64,
) -> Answer<()> {
    check_role(actor, role, facility)?;
    if role == account.new.role { Ok(()) } else { may_leave(account, others) }
}

/// The login of the first administrator, or of the next try when the one before is somebody's.
pub fn first_login(number: u32) -> String {
    if number == 1 { "admin".to_owned() } else { format!("admin{number}") }
}

/// Whether this is a first administrator who never used the one-time password.
pub fn is_unused_first(account: &Account) -> bool {
    account.closed_at.is_none()
        && account.new.role == Role::SystemAdministrator
        && account.one_time_until.is_some()
}

/// The login of the demo's account for a role.
pub fn demo_login(role: Role) -> String {
    format!("demo-{}", role.word())
}

// Passwords ----------------------------------------------------------------------------------------------------------

/// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane.
pub const ARGON2_MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
pub const ARGON2_PASSES: u32 = 2;
/// Lanes.
pub const ARGON2_LANES: u32 = 1;

/// The shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The longest password that is hashed, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// How long a one-time password holds: three days.
pub const ONE_TIME_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// Passwords of twelve characters and more that everybody tries first, folded.
const COMMON: &[&str] = &[
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456781234",
    "012345678901",
    "0123456789012",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "qwertyuiopasdfghjkl",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "q1w2e3r4t5y6",
    "1q2w3e4r5t6y",
    "qazwsxedcrfv",
    "abcdefghijkl",
    "abcdefghijklm",
    "abcdefghijklmnopqrstuvwxyz",
    "abc123abc123",
    "abcd1234abcd",
    "administrator",
    "administrator1",
    "adminadmin123",
    "adminadminadmin",
    "letmeinletmein",
    "welcome12345",
    "changeme1234",
    "changemechangeme",
    "iloveyou1234",
    "iloveyouiloveyou",
    "sakurasakura",
    "sakura123456",
    "doraemondoraemon",
    "pikachu12345",
    "tokyo2020tokyo",
    "himitsuhimitsu",
    "shikakushikaku",
    "mynumbercard",
    "mynacard1234",
    "hospital1234",
    "receptionist",
    "pass-word-1234",
    "correcthorsebatterystaple",
];

/// Whether a password is good enough: long, and nothing that is tried first (NIST SP 800-63B 5.1.1.2).
pub fn check_password(login: &str, password: &str) -> Answer<()> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(refusals::password_length());
    }
    let folded = fold_width(password).to_lowercase();
    let beside_login: usize = folded.split(login).map(|part| part.chars().count()).sum();
    let mut kinds: Vec<char> = folded.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    if COMMON.contains(&folded.as_str()) || beside_login < PASSWORD_CHARS_MIN / 2 || kinds.len() < 5 {
        return Err(refusals::password_common());
    }
    Ok(())
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None)
        .map_err(|_| Error::broken("the parameters of argon2id are not accepted"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password. Heavy: never inside a transaction.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> Result<String> {
    let hashed = argon2()?.hash_password_with_salt(password.as_bytes(), salt);
    hashed.map(|hash| hash.to_string()).map_err(|_| Error::broken("argon2id failed"))
}

/// What a password is checked against.
pub struct Credentials {
    staff: Option<Id<kinds::Staff>>,
    hash: Option<String>,
}

impl Credentials {
    /// Of an account, or of nobody.
    pub fn of(account: Option<&Account>) -> Credentials {
        Credentials { staff: account.map(|a| a.id), hash: account.and_then(|a| a.password.clone()) }
    }

    /// Checks a password. Heavy: never inside a transaction. Where there is nothing to check against, a hash is made all
    /// the same, so that the time tells nobody which logins exist.
    pub fn check(self, password: &str) -> Result<Checked> {
        // The length alone says that it is wrong; what is hashed instead costs the same.
        let fits = password.len() <= PASSWORD_BYTES_MAX;
        let password = if fits { password } else { "" };
        let right = match &self.hash {
            Some(hash) => argon2()?.verify_password(password.as_bytes(), hash.as_str()).is_ok(),
            None => hash_password(password, &[0; 16]).map(|_| false)?,
        };
        Ok(Checked { staff: self.staff, hash: self.hash, right: right && fits })
    }
}

/// What came of checking a password.
#[derive(Clone)]
pub struct Checked {
    /// Whose password was checked.
    pub staff: Option<Id<kinds::Staff>>,
    hash: Option<String>,
    right: bool,
}

/// A password that is given out once, with its hash.
#[derive(Clone)]
pub struct OneTime {
    text: Zeroizing<String>,
    hash: String,
}

/// As in ids: no I, L, O, U, so that what is read aloud survives.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl OneTime {
    /// Makes one of 80 random bits. Heavy: never inside a transaction.
    pub fn make(random: &[u8; 32]) -> Result<OneTime> {
        let (chars, salt) = random.split_at(16);
        let mut text = String::with_capacity(19);
        for (place, byte) in chars.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte % 32)]));
        }
        let salt: &[u8; 16] = salt.try_into().map_err(|_| Error::broken("a salt has 16 bytes"))?;
        Ok(OneTime { hash: hash_password(&text, salt)?, text: Zeroizing::new(text) })
    }

    /// The password, to be shown once.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }
}

/// Until when a one-time password given out now holds.
pub fn one_time_until(now: Instant) -> Instant {
    now.plus_ms(ONE_TIME_MS)
}

// Failures -----------------------------------------------------------------------------------------------------------

/// So many failures have no consequence but being counted.
pub const FAILURES_FREE: i64 = 4;
const WAIT_FIRST_MS: i64 = 60 * 1000;
const WAIT_MAX_MS: i64 = 60 * 60 * 1000;

/// How long nobody can sign in after so many failures in a row: a minute after the fifth, doubled by each further
/// one, an hour at most.
pub fn wait_ms(failures: i64) -> i64 {
    match failures - FAILURES_FREE {
        over @ 1.. => (WAIT_FIRST_MS << (over - 1).min(16)).min(WAIT_MAX_MS),
        _ => 0,
    }
}

/// What came of an attempt to prove something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt<T> {
    /// Right, and what it gives.
    Right(T),
    /// Wrong: the failures now, and until when nobody can sign in.
    Wrong {
        /// Failures in a row.
        failures: i64,
        /// Until when nobody can sign in, when that begins now.
        locked_until: Option<Instant>,
    },
    /// Not looked at: the waiting after failures is not over.
    Waiting,
    /// There is no such account, or it is closed.
    Nobody,
    /// The password was right but is a one-time password whose time has run out.
    RunOut,
}

fn wrong<T>(account: &Account, now: Instant) -> Attempt<T> {
    let failures = account.failures.saturating_add(1);
    let wait = wait_ms(failures);
    Attempt::Wrong { failures, locked_until: (wait > 0).then(|| now.plus_ms(wait)) }
}

fn waits(account: &Account, now: Instant) -> bool {
    account.locked_until.is_some_and(|until| now < until)
}

/// What comes of a password. What was checked must still be the account's password.
pub fn password_attempt(account: Option<&Account>, checked: &Checked, now: Instant) -> Attempt<()> {
    match account {
        None => Attempt::Nobody,
        Some(account) if account.closed_at.is_some() => Attempt::Nobody,
        Some(account) if waits(account, now) => Attempt::Waiting,
        Some(account) if !checked.right || account.password != checked.hash => wrong(account, now),
        Some(account) if account.one_time_until.is_some_and(|until| until <= now) => Attempt::RunOut,
        Some(_) => Attempt::Right(()),
    }
}

/// Whether somebody in this session may change the password that was checked.
pub fn may_change_password(
    found: Option<(Session, Account)>,
    checked: &Checked,
) -> Answer<(Session, Account)> {
    let (session, account) = found.ok_or_else(refusals::session_ended)?;
    match session.missing {
        None | Some(Missing::NewPassword) if checked.staff == Some(account.id) => Ok((session, account)),
        _ => Err(refusals::session_ended()),
    }
}

// The second factor --------------------------------------------------------------------------------------------------

/// Bytes of a second factor's secret: as many as SHA-1 gives (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;
/// Seconds for which a code holds.
const STEP_S: i64 = 30;

fn totp(secret: &[u8; SECRET_BYTES]) -> Totp {
    // SHA-1, six digits and 30 seconds are what every authenticator app can do; one step either way is accepted.
    Builder::new().with_secret(Secret::new_stack(*secret)).with_skew(1).build_noncompliant()
}

/// What comes of a code: the step to which it belongs, which must lie after the last one accepted.
pub fn code_attempt(
    account: &Account,
    secret: &[u8; SECRET_BYTES],
    last_step: i64,
    code: &str,
    now: Instant,
) -> Attempt<i64> {
    if account.closed_at.is_some() {
        return Attempt::Nobody;
    }
    if waits(account, now) {
        return Attempt::Waiting;
    }
    match step_of(secret, code, now).filter(|step| *step > last_step) {
        Some(step) => Attempt::Right(step),
        None => wrong(account, now),
    }
}

/// The newest step, of this instant's and its two neighbours, whose code this is.
pub fn step_of(secret: &[u8; SECRET_BYTES], code: &str, now: Instant) -> Option<i64> {
    let code: String = fold_width(code).chars().filter(|c| !c.is_whitespace()).collect();
    let totp = totp(secret);
    let present = now.ms().div_euclid(1000 * STEP_S);
    (present - 1..=present + 1).rev().filter(|step| *step >= 0).find(|step| {
        let seconds = u64::try_from(step * STEP_S).unwrap_or_default();
        let right = totp.generate(seconds).to_string();
        constant_time::verify_slices_are_equal(right.as_bytes(), code.as_bytes()).is_ok()
    })
}

/// The code of an instant: for the demo's and the tests' devices.
pub fn code_at(secret: &[u8; SECRET_BYTES], now: Instant) -> String {
    totp(secret).generate(u64::try_from(now.ms() / 1000).unwrap_or_default()).to_string()
}

/// Base 32 (RFC 4648, section 6). A secret's 160 bits are a whole number of groups, so nothing is padded.
fn base32(secret: &[u8; SECRET_BYTES]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let group = |five: &[u8]| five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    let letters = |bits: u64| (0..8).rev().map(move |n| char::from(LETTERS[(bits >> (5 * n) & 31) as usize]));
    secret.chunks(5).flat_map(|five| letters(group(five))).collect()
}

/// The secret in the form that people type into an authenticator app: base 32 in groups of four.
pub fn secret_text(secret: &[u8; SECRET_BYTES]) -> String {
    let plain = base32(secret);
    let groups: Vec<&str> = (0..plain.len()).step_by(4).filter_map(|at| plain.get(at..at + 4)).collect();
    groups.join(" ")
}

/// The address that an authenticator app reads.
pub fn secret_uri(login: &str, secret: &[u8; SECRET_BYTES]) -> String {
    let plain = base32(secret);
    // Of the characters of a login only this one means something in an address.
    let login = login.replace('@', "%40");
    format!("otpauth://totp/Shikaku:{login}?secret={plain}&issuer=Shikaku&algorithm=SHA1&digits=6&period=30")
}

// Sessions -----------------------------------------------------------------------------------------------------------

/// A session ends after so long without use.
pub const SESSION_IDLE_MS: i64 = 30 * 60 * 1000;
/// A session ends after so long.
pub const SESSION_MAX_MS: i64 = 12 * 60 * 60 * 1000;
/// Use is noted once in so long, so that reading pages does not write each time.
pub const TOUCH_MS: i64 = 60 * 1000;

/// What a session's cookie carries: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<[u8; 32]>);

impl Token {
    /// From randomness.
    pub fn new(random: [u8; 32]) -> Token {
        Token(Zeroizing::new(random))
    }

    /// Reads a cookie's text.
    pub fn parse(text: &str) -> Option<Token> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(Token::new(bytes))
    }

    /// The cookie's text.
    pub fn text(&self) -> String {
        hex(self.0.as_slice())
    }

    /// What is stored of it.
    pub fn digest(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, self.0.as_slice()).as_ref().to_vec()
    }

    /// The session's token for forms. It follows from the cookie, so it is stored nowhere.
    pub fn csrf(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"shikaku form ");
        context.update(self.0.as_slice());
        hex(context.finish().as_ref())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What was proved when a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password.
    Password,
    /// The password and the second factor.
    Both,
    /// Nothing: a desk of the demo.
    DemoDesk,
}

impl Proof {
    /// The stored code.
    pub fn code(self) -> i64 {
        match self {
            Proof::Password => 1,
            Proof::Both => 2,
            Proof::DemoDesk => 3,
        }
    }

    /// From its stored code.
    pub fn from_code(code: i64) -> Option<Proof> {
        [Proof::Password, Proof::Both, Proof::DemoDesk].into_iter().find(|proof| proof.code() == code)
    }
}

/// What somebody has to do before being a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Prove the second factor.
    SecondFactor,
    /// Set a second factor up: the account has none.
    NewSecondFactor,
    /// Choose a password: the present one is a one-time password.
    NewPassword,
}

impl Missing {
    /// The page where it is done.
    pub fn page(self) -> &'static str {
        match self {
            Missing::SecondFactor => "/sign-in/second",
            Missing::NewSecondFactor => "/second-factor",
            Missing::NewPassword => "/password",
        }
    }
}

/// What is missing after this proof.
pub fn missing(account: &Account, proof: Proof) -> Option<Missing> {
    match (proof, account.totp) {
        (Proof::DemoDesk, _) => None,
        (_, None) => Some(Missing::NewSecondFactor),
        (Proof::Password, Some(_)) => Some(Missing::SecondFactor),
        (Proof::Both, Some(_)) => account.one_time_until.map(|_| Missing::NewPassword),
    }
}

/// A session as stored.
pub struct StoredSession {
    /// When it began.
    pub begun_at: Instant,
    /// When it was last seen to be in use.
    pub seen_at: Instant,
    /// What was proved.
    pub proof: Proof,
    /// The secret of a second factor that is being set up.
    pub pending: Option<[u8; SECRET_BYTES]>,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

/// A live session and whose it is.
#[derive(Clone)]
pub struct Session {
    /// The account.
    pub staff: Id<kinds::Staff>,
    /// Its role.
    pub role: Role,
    /// Where the person works.
    pub facility: Option<Id<kinds::Facility>>,
    /// The person's name.
    pub name: String,
    /// The login.
    pub login: String,
    /// The session's token for forms.
    pub csrf: String,
    /// What has to be done before this session makes a visitor.
    pub missing: Option<Missing>,
    /// Whether its use should be noted.
    pub touch_due: bool,
    pub(crate) proof: Proof,
    pub(crate) token: Token,
    pub(crate) pending: Option<[u8; SECRET_BYTES]>,
}

impl Session {
    /// Whose it is, as actor.
    pub fn actor(&self) -> Actor {
        Actor::Staff { staff: self.staff.raw(), role: self.role, facility: self.facility.map(Id::raw) }
    }
}

/// The live session that a stored one makes at an instant, if any.
pub fn session(stored: &StoredSession, account: &Account, token: &Token, now: Instant) -> Option<Session> {
    let idle = now.since_ms(stored.seen_at);
    let stands = stored.ended_at.is_none()
        && account.closed_at.is_none()
        && idle < SESSION_IDLE_MS
        && now.since_ms(stored.begun_at) < SESSION_MAX_MS;
    stands.then(|| Session {
        staff: account.id,
        role: account.new.role,
        facility: account.new.facility,
        name: account.new.name.clone(),
        login: account.new.login.clone(),
        csrf: token.csrf(),
        missing: missing(account, stored.proof),
        touch_due: idle >= TOUCH_MS,
        proof: stored.proof,
        token: token.clone(),
        pending: stored.pending,
    })
}
