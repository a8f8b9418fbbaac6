//! How long a person's session lasts, what a sign-in at a reader is bound to, what of a coverage its person sees, and
//! when the call centre believes a caller.
//!
//! Always holds: values in, values out; a token prints nothing and is stored as its digest only; a coverage whose link
//! is not sure shows no number, day or rate.
//! Not here: proving a card (`cards::proof`), what is done with an identified caller's card (`cards`), SQL (`store`),
//! the wording of the record of looks (`web`).
//! Rules come from: docs/rules.md S1 r8, r11; S3 r1, r2; S5 r2; S13 r1; OWASP Session Management.

use crate::refusals;
use audit::Entry;
use aws_lc_rs::digest;
use base::{Answer, BranchNumber, Date, Id, Instant, InsurerNumber, Role, kinds};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cards::rules::{Known, State};
use coverage::rules::{LinkState, Standing, Story, What};
use pki::Validity;
use std::fmt;
use zeroize::Zeroizing;

// Sessions -----------------------------------------------------------------------------------------------------------

/// A session ends after so long without use.
pub const SESSION_IDLE_MS: i64 = 15 * 60 * 1000;
/// A session ends after so long.
pub const SESSION_MAX_MS: i64 = 2 * 60 * 60 * 1000;
/// Use is noted once in so long, so that reading pages does not write each time.
pub const TOUCH_MS: i64 = 60 * 1000;
/// What a card proved must be entered with within so long, the last millisecond included.
pub const ENTER_MS: i64 = 5 * 60 * 1000;

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
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        bytes.as_slice().try_into().ok().map(Token::new)
    }

    /// The cookie's text.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_slice())
    }

    /// What is stored of it, and what a nonce is bound to.
    pub fn digest(&self) -> [u8; 32] {
        sha256(&[self.0.as_slice()])
    }

    /// The session's token for forms. It follows from the cookie, so it is stored nowhere.
    pub fn csrf(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(&[b"shikaku form at one's own pages ", self.0.as_slice()]))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// A session as stored.
pub struct StoredSession {
    /// Whose it is.
    pub person: Id<kinds::Person>,
    /// The certificate that proved it.
    pub certificate: Id<kinds::Certificate>,
    /// When it began.
    pub begun_at: Instant,
    /// When it was last seen to be in use.
    pub seen_at: Instant,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

/// A live session.
#[derive(Clone)]
pub struct Visit {
    /// Whose it is.
    pub person: Id<kinds::Person>,
    /// The session's token for forms.
    pub csrf: String,
    /// Whether its use should be noted.
    pub touch_due: bool,
}

/// The live session that a stored one makes at an instant, if any.
pub fn visit(stored: &StoredSession, theirs: &[Known], token: &Token, now: Instant) -> Option<Visit> {
    let idle = now.since_ms(stored.seen_at);
    let is_usable = |known: &Known| !matches!(known.state, State::Revoked { .. });
    let stands = stored.ended_at.is_none()
        && idle < SESSION_IDLE_MS
        && now.since_ms(stored.begun_at) < SESSION_MAX_MS
        && theirs.iter().any(|known| known.certificate == stored.certificate && is_usable(known));
    stands.then(|| Visit { person: stored.person, csrf: token.csrf(), touch_due: idle >= TOUCH_MS })
}

// Signing in ---------------------------------------------------------------------------------------------------------

/// Which door gave a nonce.
pub const DOOR: &str = "portal";

/// A session as a nonce's text names it.
pub fn session_text(session: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(session)
}

/// What a reader is given and the card signs: the browser's session, a dot, and the nonce that is bound to it. It names
/// nobody, and whoever reads it cannot make the cookie of it.
pub fn sign_in_text(session: &[u8; 32], nonce: &str) -> String {
    format!("{}.{nonce}", session_text(session))
}

/// Reads [`sign_in_text`]: the session, its text and the nonce.
pub fn read_sign_in(text: &str) -> Answer<([u8; 32], &str, &str)> {
    let (session, nonce) = text.split_once('.').ok_or_else(cards::refusals::nonce_foreign)?;
    let bytes = URL_SAFE_NO_PAD.decode(session).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(|bytes| (bytes, session, nonce)).ok_or_else(cards::refusals::nonce_foreign)
}

/// Four characters by which a person sees that browser and reader speak of the same sign-in: the first 20 bits of a
/// digest, in the alphabet of ids (no I, L, O, U).
pub fn matching_code(text: &str) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digest = sha256(&[text.as_bytes()]);
    let bits = u32::from_be_bytes([0, digest[0], digest[1], digest[2]]);
    (0..4).map(|place| char::from(ALPHABET[(bits >> (19 - 5 * place) & 31) as usize])).collect()
}

/// Whether a proved certificate opens its person's own pages: one in its months of grace serves for eligibility alone.
pub fn may_sign_in(validity: Validity) -> Answer<()> {
    match validity {
        Validity::Valid | Validity::ExpiresSoon { .. } => Ok(()),
        Validity::InGrace { .. } => Err(refusals::card_in_grace()),
    }
}

/// What a card proved for a session.
pub struct StoredProof {
    /// Whose card.
    pub person: Id<kinds::Person>,
    /// Its certificate.
    pub certificate: Id<kinds::Certificate>,
    /// When.
    pub proved_at: Instant,
    /// Whether it was used to enter, or was ended by a hold.
    pub used: bool,
}

/// Whether a browser may enter by a proof.
pub fn may_enter(proof: Option<&StoredProof>, now: Instant) -> Answer<()> {
    match proof {
        Some(proof) if !proof.used && (0..=ENTER_MS).contains(&now.since_ms(proof.proved_at)) => Ok(()),
        _ => Err(refusals::not_proved()),
    }
}

// One's own coverages ------------------------------------------------------------------------------------------------

/// A coverage as its person sees it.
#[derive(Clone)]
pub struct Own {
    /// The coverage.
    pub coverage: Id<kinds::Coverage>,
    /// The insurer's name.
    pub insurer_name: String,
    /// What is told of it.
    pub told: Told,
}

/// What is told of a coverage.
#[derive(Clone)]
pub enum Told {
    /// Whose it is is sure.
    Sure(Box<Sure>),
    /// It is being verified whose it is (S5 r2): nothing of it is told.
    Held {
        /// The person said that it is not theirs.
        disputed: bool,
    },
}

/// A coverage of which everything is told.
#[derive(Clone)]
pub struct Sure {
    /// The insurer.
    pub insurer: InsurerNumber,
    /// Symbol as registered.
    pub symbol: Option<String>,
    /// Number as registered.
    pub number: String,
    /// Branch number.
    pub branch: Option<BranchNumber>,
    /// First day.
    pub from: Date,
    /// First day without it, when it was lost.
    pub lost_on: Option<Date>,
    /// How it stands today.
    pub standing: Standing,
    /// Copayment rate today, in percent, when one is registered.
    pub percent: Option<i64>,
    /// Limit certificates that hold today: class and flag (code tables 011 and 012), last day.
    pub limits: Vec<(String, String, Option<Date>)>,
    /// Whether it is medical aid and not insurance.
    pub medical_aid: bool,
}

/// What a person sees of a coverage (S3 r1); nothing when it is linked to somebody else, or to nobody.
pub fn own(story: &Story, person: Id<kinds::Person>, today: Date) -> Option<Own> {
    let (_, state) = story.link().filter(|(whose, _)| *whose == person)?;
    let told = match state {
        LinkState::Verified => Told::Sure(Box::new(sure(story, today))),
        LinkState::HeldBack => Told::Held { disputed: false },
        LinkState::Quarantined => Told::Held { disputed: true },
    };
    Some(Own { coverage: story.coverage, insurer_name: story.entry.insurer_name.clone(), told })
}

/// The order in which a person's coverages stand: what holds today first, what was lost last, each the newest first.
pub fn order(own: &Own) -> (u8, std::cmp::Reverse<i64>, Id<kinds::Coverage>) {
    let (rank, from) = match &own.told {
        Told::Sure(sure) => (
            match sure.standing {
                Standing::Valid => 0,
                Standing::NotYet => 1,
                Standing::Held(_) => 2,
                Standing::Lost { .. } => 3,
            },
            sure.from.as_number(),
        ),
        Told::Held { .. } => (2, 0),
    };
    (rank, std::cmp::Reverse(from), own.coverage)
}

fn sure(story: &Story, today: Date) -> Sure {
    let entry = &story.entry.new;
    let elderly = story.on(today).find_map(|fact| match fact.new.what {
        What::Elderly { percent } => Some(percent),
        _ => None,
    });
    let rate = story.on(today).find_map(|fact| match fact.new.what {
        What::Rate { percent } => Some(percent),
        _ => None,
    });
    let limits = story.on(today).filter_map(|fact| match &fact.new.what {
        What::Limit { class, flag, .. } => Some((class.clone(), flag.clone(), fact.new.ends_on)),
        _ => None,
    });
    Sure {
        insurer: entry.insurer,
        symbol: entry.symbol.clone(),
        number: entry.number.clone(),
        branch: entry.branch,
        from: entry.qualified_on,
        lost_on: story.loss().map(|(on, _)| on),
        standing: story.by_dates(today),
        percent: elderly.or(rate),
        limits: limits.collect(),
        medical_aid: story.is_medical_aid(),
    }
}

// Who looked ----------------------------------------------------------------------------------------------------------

/// Who did what a row of the log says, as the person is told: never a machine alone, but who stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The person.
    Yourself,
    /// A facility's reception, through the card reader.
    Reader,
    /// The same, where staff compared the photo in place of the PIN (目視確認).
    ReaderByEye,
    /// A facility's reception, through its terminal, by the numbers on a certificate.
    Numbers,
    /// A facility's reception, through its software, doing something else.
    Reception,
    /// Somebody with this role.
    Staff(Role),
    /// The program: what insurers and authorities register comes in through it.
    Program,
}

/// What was told about the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disclosed {
    /// Nothing.
    Nothing,
    /// These groups of fields (stable words).
    Groups(Vec<String>),
    /// The result of an earlier check was looked at again.
    Result,
    /// Nothing was looked at: something was recorded or done.
    Done,
}

/// On what it rested that something was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The person agreed to these (stable words), at the reader.
    Agreed(Vec<String>),
    /// The facility declared that the person agreed, as for a check by numbers.
    Declared,
    /// No consent is asked for this.
    None,
}

/// A line of what a person is told about looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// When; of several the last time.
    pub at: Instant,
    /// When first, of several.
    pub first: Instant,
    /// How often.
    pub times: usize,
    /// What was done, a stable word.
    pub act: String,
    /// For which facility.
    pub facility: Option<i64>,
    /// By whom.
    pub by: By,
    /// For what, a stable word.
    pub purpose: String,
    /// How it ended, a stable word.
    pub outcome: String,
    /// What was told.
    pub disclosed: Disclosed,
    /// On what that rested.
    pub basis: Basis,
    /// An answer that was sent again.
    pub repeated: bool,
}

/// Acts that a terminal does by the card reader alone begin so.
const BY_CARD: [&str; 2] = ["reader.", "enrolment."];
/// Acts that look at somebody: of them it is said when nothing was told. All others did something.
const LOOKING: [&str; 5] =
    ["counter.check", "counter.list", "counter.get", "consent.may_view", "registration.get"];

/// Tells a row of the log (S3 r2).
pub fn look(entry: &Entry) -> Look {
    let words = |name: &str| -> Vec<String> {
        let words = entry.word(name).unwrap_or_default().split(' ');
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let way = entry.word("way").unwrap_or_default();
    let by = match (entry.word("by"), entry.number("terminal"), entry.word("role").and_then(Role::parse)) {
        (Some("person"), ..) => By::Yourself,
        (_, Some(_), _) if way == "card-eye" => By::ReaderByEye,
        (_, Some(_), _) if way.starts_with("card") || BY_CARD.iter().any(|of| entry.act.starts_with(of)) => {
            By::Reader
        }
        (_, Some(_), _) if entry.act == "counter.check" => By::Numbers,
        (_, Some(_), _) => By::Reception,
        (_, None, Some(role)) => By::Staff(role),
        _ => By::Program,
    };
    let (shown, agreed) = (words("shown"), words("agreed"));
    let sensitive = shown.iter().any(|group| matches!(group.as_str(), "limit" | "diseases"));
    let basis = match (agreed.is_empty(), sensitive) {
        // What came with a proof that was used before, say, was agreed to by nobody.
        _ if is_refused(entry) => Basis::None,
        (false, _) => Basis::Agreed(agreed),
        (true, true) if entry.act == "counter.check" => Basis::Declared,
        _ => Basis::None,
    };
    Look {
        at: entry.at,
        first: entry.at,
        times: 1,
        act: entry.act.clone(),
        facility: entry.facility,
        by,
        purpose: entry.word("purpose").unwrap_or_default().to_owned(),
        outcome: entry.outcome.clone(),
        disclosed: disclosed(entry, shown),
        basis,
        repeated: entry.repeated,
    }
}

/// Refused, or turned away as another request under a key that was used before: nothing came of what was asked.
fn is_refused(entry: &Entry) -> bool {
    matches!(entry.outcome.as_str(), "refused" | "conflict")
}

fn disclosed(entry: &Entry, shown: Vec<String>) -> Disclosed {
    let looks = LOOKING.contains(&entry.act.as_str());
    match (entry.outcome.as_str(), shown.is_empty()) {
        _ if is_refused(entry) => Disclosed::Nothing,
        (_, false) => Disclosed::Groups(shown),
        ("shown", true) => Disclosed::Result,
        (_, true) if looks => Disclosed::Nothing,
        _ => Disclosed::Done,
    }
}

/// Puts looks at a facility's list together that one person made on one day: a list reads itself anew all the time. They
/// come newest first, and so do the lines.
pub fn list_looks(entries: &[Entry]) -> Vec<Look> {
    let mut lines: Vec<(Option<i64>, Look)> = Vec::new();
    for entry in entries {
        let (who, look) = (entry.number("staff"), look(entry));
        let same = |line: &&mut (Option<i64>, Look)| {
            line.0 == who && line.1.facility == look.facility && line.1.at.date() == look.at.date()
        };
        match lines.iter_mut().find(same) {
            Some((_, line)) => {
                line.times += 1;
                line.first = look.at;
            }
            None => lines.push((who, look)),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

// The call centre ----------------------------------------------------------------------------------------------------

/// What identified a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Name, birth date, and postcode or house number: enough to suspend, which harms little and can be undone.
    Enough,
    /// Postcode and house number both: besides the day of the suspension, enough to lift it.
    Everything,
}

/// Answers that fit nobody, or several people, within this time are counted for each operator.
pub const MISS_WINDOW_MS: i64 = 10 * 60 * 1000;
/// So many misses have no consequence but being counted.
pub const MISSES_FREE: usize = 3;
/// After so many misses an operator's calls rest.
pub const MISSES_MAX: usize = 10;
/// The longest time for which an answer is held back.
pub const MISS_WAIT_MS_MAX: u32 = 8_000;
/// An identified call is dealt with within so long, the last millisecond included.
pub const CALL_MS: i64 = 15 * 60 * 1000;

/// How long an answer is held back after so many misses: a second after the fourth, doubled by each further one.
pub fn miss_wait_ms(misses: usize) -> u32 {
    match misses.saturating_sub(MISSES_FREE) {
        0 => 0,
        over => (1_000u32 << (over - 1).min(8)).min(MISS_WAIT_MS_MAX),
    }
}

/// A call as stored.
#[derive(Clone)]
pub struct Call {
    /// Who took it.
    pub staff: i64,
    /// When the caller was identified.
    pub at: Instant,
    /// Who called; nobody when the answers did not fit one person.
    pub person: Option<Id<kinds::Person>>,
    /// What identified the caller.
    pub asked: Asked,
    /// Whether it is over.
    pub ended: bool,
}

/// The person of a call, if this operator may act on it now. Anybody else's call looks like one that does not exist.
pub fn caller(call: Option<&Call>, staff: Option<i64>, now: Instant) -> Answer<(Id<kinds::Person>, Asked)> {
    let live = call.filter(|call| {
        Some(call.staff) == staff && !call.ended && (0..=CALL_MS).contains(&now.since_ms(call.at))
    });
    let known = live.and_then(|call| call.person.map(|person| (person, call.asked)));
    known.ok_or_else(refusals::no_such_call)
}

/// Whether a caller may have a suspension lifted (S13 r1): who knows a neighbour's birthday and address can suspend
/// their card, but only who reported the loss knows the day of it. Every held certificate's day counts.
pub fn may_lift(theirs: &[Known], asked: Asked, held_on: Option<Date>) -> Answer<()> {
    let days: Vec<Date> = theirs
        .iter()
        .filter_map(|known| match known.state {
            State::Held { since } => Some(since.date()),
            _ => None,
        })
        .collect();
    if days.is_empty() {
        return Err(refusals::nothing_held());
    }
    let right = held_on.is_some_and(|day| days.contains(&day));
    if asked == Asked::Everything && right { Ok(()) } else { Err(refusals::not_enough()) }
}
