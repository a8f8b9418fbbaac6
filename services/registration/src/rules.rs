//! The decisions about a link: verified, held back, or quarantined because the person says that it is not theirs.
//!
//! Always holds: one attribute that disagrees is enough to hold back; a person whom the register does not know is
//! held back too. While a case is open, and after one that ended as not the person's, no filing lifts the quarantine.
//! Nothing here weighs likelihoods.
//! Not here: how attributes are compared (`people`).
//! Rules come from: docs/rules.md S5 r2, S3 r2; the reference on the field, section 5.3 (誤紐付け).

use crate::refusals;
use base::{Answer, Id, Instant, InsurerNumber, kinds};
use coverage::rules::{Fact, LinkState, Story, What};
use people::rules::{Attribute, Attributes, differences};

/// Judges a filing against the resident register (S5 r2).
pub fn judge(register: Option<&Attributes>, filed: &Attributes) -> (LinkState, Vec<Attribute>) {
    match register.map(|register| differences(register, filed)) {
        Some(differ) if differ.is_empty() => (LinkState::Verified, differ),
        Some(differ) => (LinkState::HeldBack, differ),
        None => (LinkState::HeldBack, Vec::new()),
    }
}

/// Whether a coverage, if there is one, is this insurer's.
pub fn own(story: Option<&Story>, insurer: &InsurerNumber) -> Answer<()> {
    match story {
        Some(story) if story.entry.new.insurer != *insurer => Err(refusals::other_insurer()),
        _ => Ok(()),
    }
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The coverage is the person's after all.
    Theirs,
    /// It is not; only a filing with another person's number opens it again.
    NotTheirs,
}

impl Outcome {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Theirs => "theirs",
            Outcome::NotTheirs => "not-theirs",
        }
    }

    /// The outcome of a word.
    pub fn parse(word: &str) -> Option<Outcome> {
        [Outcome::Theirs, Outcome::NotTheirs].into_iter().find(|outcome| outcome.word() == word)
    }
}

/// A person says that a coverage is not theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: Id<kinds::Case>,
    /// The coverage.
    pub coverage: Id<kinds::Coverage>,
    /// Who says so.
    pub person: Id<kinds::Person>,
    /// Since when.
    pub opened_at: Instant,
    /// How it ended; open without.
    pub outcome: Option<Outcome>,
}

/// The state of a link that would be as judged, were there no cases.
pub fn guard(judged: LinkState, person: Id<kinds::Person>, cases: &[Case]) -> LinkState {
    let closes = |case: &Case| match case.outcome {
        None => true,
        Some(Outcome::NotTheirs) => case.person == person,
        Some(Outcome::Theirs) => false,
    };
    if cases.iter().any(closes) { LinkState::Quarantined } else { judged }
}

/// The standing link of a coverage: its fact, the person, how sure it is. Of several the least sure.
pub fn link(story: &Story) -> Option<(&Fact, Id<kinds::Person>, LinkState)> {
    let (person, state) = story.link()?;
    let wanted = What::Link { person, state };
    story.links().find(|fact| fact.new.what == wanted).map(|fact| (fact, person, state))
}

/// What a person's saying that a coverage is not theirs leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispute {
    /// A new case; the quarantined link replaces this fact.
    Opens(Id<kinds::Fact>),
    /// Said before: the case is open.
    Again(Id<kinds::Case>),
}

/// Whether a person may dispute a coverage, and what that leads to (S5 r2). One that is not linked to the person looks
/// like one that does not exist.
pub fn dispute(story: Option<&Story>, person: Id<kinds::Person>, cases: &[Case]) -> Answer<Dispute> {
    let standing = story.and_then(link).filter(|(_, whose, _)| *whose == person);
    let (fact, _, state) = standing.ok_or_else(refusals::no_such_coverage)?;
    let said = cases.iter().find(|case| case.outcome.is_none() && case.person == person);
    match (state, said) {
        (_, Some(open)) => Ok(Dispute::Again(open.id)),
        (LinkState::Verified, None) => Ok(Dispute::Opens(fact.id)),
        (LinkState::HeldBack | LinkState::Quarantined, None) => Err(refusals::closed_already()),
    }
}

/// Whether a case may end so; `false` when it has ended so already.
pub fn close(case: Option<&Case>, outcome: Outcome) -> Answer<bool> {
    match case.ok_or_else(refusals::no_such_case)?.outcome {
        None => Ok(true),
        Some(before) if before == outcome => Ok(false),
        Some(_) => Err(refusals::case_ended()),
    }
}
