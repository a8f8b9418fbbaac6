//! Certificates of people: whose they are, which one each succeeds, and whether they stand, are held or are revoked.
//!
//! Always holds: values in, values out. A certificate has one successor at most; a revocation is final; a serial is
//! printed by nothing. Whether the days of a certificate have passed is no state: dates are compared by who asks.
//! Not here: proving a card and the grace after expiry (`pki` and the desks), PIN and its tries (on the card alone),
//! SQL (`store`).
//! Rules come from: docs/rules.md S1 r8, r11; S17 r1; the reference on the card, sections 4.3–4.5.

use crate::refusals;
use base::{Actor, Answer, Id, Instant, kinds};
use std::fmt;

/// More bytes than this no certificate's serial has (RFC 5280, 4.1.2.2).
pub const SERIAL_BYTES_MAX: usize = 20;

/// A certificate's serial number (発行番号). Whoever knows one can follow its person, so nothing prints it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// From the number's bytes, the highest first. Zeros before them, which DER wants before a high bit, do not count:
    /// one number is one serial. `None` when nothing is left, or more than 20 bytes.
    pub fn new(bytes: &[u8]) -> Option<Serial> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let number = &bytes[zeros..];
        (1..=SERIAL_BYTES_MAX).contains(&number.len()).then(|| Serial(number.to_vec()))
    }

    /// The number's bytes, without zeros before them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Serial(…)")
    }
}

/// What a certificate sits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The My Number card.
    Card,
    /// An Android phone (スマホ用電子証明書).
    Android,
    /// An iPhone.
    Ios,
}

impl Source {
    /// All of them.
    pub const ALL: [Source; 3] = [Source::Card, Source::Android, Source::Ios];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Source::Card => "card",
            Source::Android => "android",
            Source::Ios => "ios",
        }
    }

    /// The source of a word.
    pub fn parse(word: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.word() == word)
    }
}

/// How a certificate stands, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// Usable.
    Live,
    /// Suspended.
    Held,
    /// Its validity has ended.
    Expired,
    /// Revoked.
    Revoked,
}

impl Stands {
    /// All of them.
    pub const ALL: [Stands; 4] = [Stands::Live, Stands::Held, Stands::Expired, Stands::Revoked];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Stands::Live => "live",
            Stands::Held => "held",
            Stands::Expired => "expired",
            Stands::Revoked => "revoked",
        }
    }

    /// The standing of a word.
    pub fn parse(word: &str) -> Option<Stands> {
        Stands::ALL.into_iter().find(|stands| stands.word() == word)
    }
}

/// Why a certificate was revoked (失効).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A new certificate took its place (更新).
    Superseded,
    /// Lost or stolen.
    Lost,
    /// The person died.
    Death,
    /// The person asked for it.
    Request,
    /// The card itself expired.
    CardExpired,
    /// Anything else.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 6] = [
        Reason::Superseded,
        Reason::Lost,
        Reason::Death,
        Reason::Request,
        Reason::CardExpired,
        Reason::Other,
    ];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Superseded => "superseded",
            Reason::Lost => "lost",
            Reason::Death => "death",
            Reason::Request => "request",
            Reason::CardExpired => "card-expired",
            Reason::Other => "other",
        }
    }

    /// The reason of a word.
    pub fn parse(word: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// How a certificate stands. The server never learns that a card's PIN is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Neither held nor revoked.
    Live,
    /// Suspended (一時利用停止); can be lifted.
    Held {
        /// Since when.
        since: Instant,
    },
    /// Revoked (失効), for ever.
    Revoked {
        /// When.
        at: Instant,
        /// Why.
        reason: Reason,
    },
}

/// Through whom a certificate was held, lifted or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The issuing authority.
    Authority,
    /// The person's own pages.
    Portal,
    /// The call centre, open at any hour.
    CallCentre,
    /// A municipality's desk.
    Municipality,
}

impl Channel {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Channel::Authority => "authority",
            Channel::Portal => "portal",
            Channel::CallCentre => "call-centre",
            Channel::Municipality => "municipality",
        }
    }
}

/// A certificate as known, without its serial.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub certificate: Id<kinds::Certificate>,
    /// Whose it is.
    pub person: Id<kinds::Person>,
    /// What it sits on.
    pub source: Source,
    /// First instant of its validity.
    pub valid_from: Instant,
    /// Last instant of its validity: the end of a birthday.
    pub valid_until: Instant,
    /// When we were told of it.
    pub recorded_at: Instant,
    /// How it stands.
    pub state: State,
    /// The certificate whose place it took.
    pub succeeds: Option<Id<kinds::Certificate>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its last day is a birthday, so only ids and the state are printed.
        write!(f, "Known({} of {}, {:?})", self.certificate, self.person, self.state)
    }
}

/// Whose a new certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This person's: the first of its kind.
    Person(Id<kinds::Person>),
    /// Of whoever has the certificate with this serial, whose place it takes.
    Succeeds(Serial),
}

/// A certificate as the authority tells of it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCertificate {
    /// Its serial.
    pub serial: Serial,
    /// First instant of its validity.
    pub valid_from: Instant,
    /// Last instant of its validity.
    pub valid_until: Instant,
    /// What it sits on.
    pub source: Source,
    /// Whose it is.
    pub holder: Holder,
}

/// What registering takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It is known already, just so.
    Nothing(Id<kinds::Certificate>),
    /// It is this person's first of its kind.
    First(Id<kinds::Person>),
    /// It takes the place of another.
    Succession {
        /// Whose both are.
        person: Id<kinds::Person>,
        /// The other.
        of: Id<kinds::Certificate>,
        /// Whether the other still has to be revoked.
        revoke: bool,
    },
}

/// Decides about a certificate that the authority tells of (S1 r8: the person stays who they are, whatever the serial).
/// `known` has the same serial; `theirs` are all certificates of the predecessor's person. A predecessor may be in any
/// state: who lost a card gets a new one all the same.
pub(crate) fn register(
    new: &NewCertificate,
    known: Option<&Known>,
    predecessor: Option<&Known>,
    theirs: &[Known],
) -> Answer<Plan> {
    if new.valid_from >= new.valid_until {
        return Err(refusals::dates_out_of_order());
    }
    let (person, succeeds) = match (&new.holder, predecessor) {
        (Holder::Person(person), _) => (*person, None),
        (Holder::Succeeds(_), Some(old)) => (old.person, Some(old)),
        (Holder::Succeeds(_), None) => return Err(refusals::unknown_predecessor()),
    };
    if let Some(known) = known {
        return same(new, known, person, succeeds).map(|()| Plan::Nothing(known.certificate));
    }
    let Some(old) = succeeds else { return Ok(Plan::First(person)) };
    if theirs.iter().any(|other| other.succeeds == Some(old.certificate)) {
        return Err(refusals::already_succeeded());
    }
    let revoke = !matches!(old.state, State::Revoked { .. });
    Ok(Plan::Succession { person, of: old.certificate, revoke })
}

/// Whether what is told again is what is known.
fn same(new: &NewCertificate, known: &Known, person: Id<kinds::Person>, old: Option<&Known>) -> Answer<()> {
    if known.person != person {
        return Err(refusals::serial_of_another());
    }
    let told = (new.source, new.valid_from, new.valid_until, old.map(|old| old.certificate));
    if told == (known.source, known.valid_from, known.valid_until, known.succeeds) {
        Ok(())
    } else {
        Err(refusals::known_otherwise())
    }
}

/// Whoever comes by card or PIN holds and lifts their own only; desks act for whom they have identified.
pub(crate) fn may_act(actor: Actor, person: Id<kinds::Person>) -> Answer<()> {
    match actor {
        Actor::Person { person: own } if own != person.raw() => Err(refusals::not_own()),
        _ => Ok(()),
    }
}

/// Which of a person's certificates to hold (S1 r11): every live one, on card and phones alike. None, when all that is
/// not revoked is held already. An expired one is held too: in its months of grace it still proves an eligibility.
pub(crate) fn hold(theirs: &[Known]) -> Answer<Vec<Id<kinds::Certificate>>> {
    let live = in_state(theirs, |state| state == State::Live);
    if live.is_empty() && !theirs.iter().any(|known| matches!(known.state, State::Held { .. })) {
        return Err(refusals::nothing_to_hold());
    }
    Ok(live)
}

/// Which of a person's certificates to make live again: every held one. None, when nothing is held and something is
/// live. What is revoked stays revoked.
pub(crate) fn lift(theirs: &[Known]) -> Answer<Vec<Id<kinds::Certificate>>> {
    let held = in_state(theirs, |state| matches!(state, State::Held { .. }));
    if held.is_empty() && !theirs.iter().any(|known| known.state == State::Live) {
        return Err(refusals::nothing_to_lift());
    }
    Ok(held)
}

fn in_state(theirs: &[Known], wanted: impl Fn(State) -> bool) -> Vec<Id<kinds::Certificate>> {
    theirs.iter().filter(|known| wanted(known.state)).map(|known| known.certificate).collect()
}

/// Whether a certificate is still to be revoked; a revoked one keeps its first reason for ever.
pub(crate) fn revoke(known: Option<&Known>) -> Answer<bool> {
    let known = known.ok_or_else(refusals::no_such_certificate)?;
    Ok(!matches!(known.state, State::Revoked { .. }))
}
