//! What the reader asks, whose answers count, and who may enrol.
//!
//! Always holds: values in, values out. A certificate in grace gives eligibility only: no question, no consent, no
//! enrolment. Kinds of groups whose data may not be shown are not asked about, and an answer to a question that was not
//! asked does not count. No answer is a no.
//! Not here: texts (`web`), what a certificate is worth (`cards`), how long a consent lasts (`consent`).
//! Rules come from: docs/rules.md S1 r1, r5, r6; S2 r1, r3; the reference on OQS, sections 6.1 and 6.2; on the card,
//! section 4.4.

use crate::refusals;
use base::{Actor, Date, Id, Instant, Refusal, hex, kinds};
use cards::{proof::Proved, rules::Known};
use consent::rules::{Kind, Recorded};
use counter::rules::{Decision, Declared, Outcome, Shown};
use pki::{Bound, Validity};

/// Settings of the desk.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The kinds that are asked about, by their words; a kind that does not exist on the day is left out.
    pub asked: Vec<&'static str>,
    /// Whether paper or electronic prescription is asked.
    pub prescription: bool,
    /// How long a pass lasts, in milliseconds.
    pub pass_life_ms: i64,
}

/// How the card was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The person typed the PIN.
    Pin,
    /// Staff compared the photo by eye (目視確認), or the reader the face.
    Eye,
}

impl Way {
    /// The stable word, as evidence has it.
    pub fn word(self) -> &'static str {
        match self {
            Way::Pin => "card-pin",
            Way::Eye => "card-eye",
        }
    }
}

/// Whoever a card has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The person.
    pub person: Id<kinds::Person>,
    /// The certificate that proved it.
    pub certificate: Id<kinds::Certificate>,
    /// How the card was opened.
    pub way: Way,
    /// How good the certificate is.
    pub standing: Standing,
    /// The nonce by which it was proved.
    pub proof: ProofId,
}

/// Which proof something rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofId {
    /// The nonce's random bytes.
    pub nonce: [u8; 16],
    /// When the nonce was given.
    pub at: Instant,
}

impl ProofId {
    /// The key under which one use of the proof is spent. It has the instant before the random bytes, so that the keys of
    /// one moment lie together and a group of taps dirties few pages.
    pub fn spent(&self, for_what: &str) -> String {
        format!("{for_what} {} {}", hex(&self.at.ms().to_be_bytes()), hex(&self.nonce))
    }
}

/// How good a certificate is that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Good.
    Good,
    /// Good, and to be renewed before this day is over.
    ExpiresOn(Date),
    /// Expired, and good for eligibility until this day is over.
    GraceUntil(Date),
}

/// Who a card has shown, from what its certificate proved and what is registered about it.
pub fn holder(known: &Known, proved: &Proved, way: Way) -> Holder {
    let proof = ProofId { nonce: proved.nonce.id(), at: proved.nonce.at() };
    let standing = standing(proved.validity);
    Holder { person: known.person, certificate: known.certificate, way, standing, proof }
}

/// How good a certificate of this validity is.
pub fn standing(validity: Validity) -> Standing {
    match validity {
        Validity::Valid => Standing::Good,
        Validity::ExpiresSoon { until } => Standing::ExpiresOn(until.date()),
        Validity::InGrace { grace_ends, .. } => Standing::GraceUntil(grace_ends.date()),
    }
}

impl Holder {
    /// Whether the certificate is in grace.
    pub fn is_in_grace(&self) -> bool {
        matches!(self.standing, Standing::GraceUntil(_))
    }
}

/// What nonces of a terminal's session are bound to.
pub fn bound(actor: Actor, session: &str) -> Bound<'_> {
    let (terminal, facility) = match actor {
        Actor::Terminal { terminal, facility } => (terminal, facility),
        other => (0, other.facility().unwrap_or_default()),
    };
    Bound { door: "tap", facility, terminal, session }
}

/// Whether a text can be a session of a terminal.
pub fn is_session(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (16..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether somebody who is not enrolled may enrol with this card (S2 r1). An expired certificate agrees to nothing.
pub fn may_enrol(holder: &Holder) -> Result<(), Refusal> {
    if holder.is_in_grace() { Err(refusals::enrol_with_expired()) } else { Ok(()) }
}

/// A question of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// May the limit be shown (S1 r6)? For this answer only.
    Limit,
    /// May the specific diseases be shown? For this answer only.
    Diseases,
    /// May this kind of medical information be viewed (S1 r5)?
    View(&'static Kind),
}

/// Asking everything of the counter tells what there is to ask about.
pub const EVERYTHING: Declared = Declared { limit: true, diseases: true };

/// What a person is asked, from what was decided about them: nothing when nobody is insured or the certificate is in
/// grace; kinds only of a group that may be shown. Specific diseases are asked about whether there are any or not: else
/// the question itself would tell the facility that there is one.
pub fn questions(decision: &Decision, holder: &Holder, settings: &Settings) -> Vec<Question> {
    let insured = decision.shown.iter().find(|shown| shown.entry.card_class != "A1");
    let Some(shown) = insured.filter(|_| decision.outcome == Outcome::Valid && !holder.is_in_grace()) else {
        return Vec::new();
    };
    let mut asked = vec![Question::Limit, Question::Diseases];
    if consent::rules::may_be_shown(group(shown)) {
        let words: Vec<&str> = settings.asked.to_vec();
        asked.extend(consent::rules::offered(decision.asked_on, &words).into_iter().map(Question::View));
    }
    asked
}

fn group(shown: &Shown) -> consent::rules::Group {
    consent::rules::group(&shown.entry.card_class, shown.entry.insurer.law_code().unwrap_or_default())
}

/// What a person answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Kinds agreed to.
    pub agreed: Vec<&'static Kind>,
    /// Kinds declined.
    pub declined: Vec<&'static Kind>,
    /// The limit may be shown.
    pub limit: bool,
    /// Specific diseases may be shown.
    pub diseases: bool,
    /// `1` electronic, `2` paper (code table 017).
    pub prescription: Option<&'static str>,
}

/// What is declared to the counter for this answer.
pub fn declared(answers: &Answers, holder: &Holder) -> Declared {
    let may = !holder.is_in_grace();
    Declared { limit: answers.limit && may, diseases: answers.diseases && may }
}

/// What of it counts: an answer to a question that was asked.
pub fn declared_of(wanted: Declared, questions: &[Question]) -> Declared {
    Declared {
        limit: wanted.limit && questions.contains(&Question::Limit),
        diseases: wanted.diseases && questions.contains(&Question::Diseases),
    }
}

/// The kinds that were asked about, each with yes or no. Agreeing and declining at once is a no.
pub fn answered(questions: &[Question], answers: &Answers) -> Vec<(&'static Kind, bool)> {
    let asked = questions.iter().filter_map(|question| match question {
        Question::View(kind) => Some(*kind),
        Question::Limit | Question::Diseases => None,
    });
    let among = |kinds: &[&'static Kind], kind: &Kind| kinds.iter().any(|one| one.word == kind.word);
    asked.map(|kind| (kind, among(&answers.agreed, kind) && !among(&answers.declined, kind))).collect()
}

/// What is recorded of the answers: the kinds agreed to and those declined. Of a kind that was passed over nothing is
/// recorded, so that an earlier answer of the same day stands. Nothing at all without a valid eligibility.
pub fn recorded(
    outcome: &Outcome,
    answered: &[(&'static Kind, bool)],
    answers: &Answers,
) -> Option<(Vec<&'static Kind>, Vec<&'static Kind>)> {
    let declined = |kind: &Kind| answers.declined.iter().any(|one| one.word == kind.word);
    let yes: Vec<_> = answered.iter().filter(|(_, yes)| *yes).map(|(kind, _)| *kind).collect();
    let no: Vec<_> = answered.iter().filter(|(kind, _)| declined(kind)).map(|(kind, _)| *kind).collect();
    (*outcome == Outcome::Valid && !(yes.is_empty() && no.is_empty())).then_some((yes, no))
}

/// Takes back, from answers that are given again, what was not agreed to the first time or was withdrawn since.
pub fn keep_given(answered: &mut [(&'static Kind, bool)], first: &Recorded) {
    for (kind, yes) in answered {
        let agreed = first.given.agreed.iter().any(|one| one.word == kind.word);
        let withdrawn = first.withdrawn.iter().any(|(one, _)| one.word == kind.word);
        *yes = *yes && agreed && !withdrawn;
    }
}

/// The words of everything that was agreed to, for the evidence.
pub fn agreed_words(
    answered: &[(&'static Kind, bool)],
    declared: Declared,
    outcome: &Outcome,
) -> Vec<&'static str> {
    if *outcome != Outcome::Valid {
        return Vec::new();
    }
    let mut words: Vec<&'static str> =
        answered.iter().filter(|(_, yes)| *yes).map(|(kind, _)| kind.word).collect();
    words.extend(declared.limit.then_some("limit"));
    words.extend(declared.diseases.then_some("diseases"));
    words
}
