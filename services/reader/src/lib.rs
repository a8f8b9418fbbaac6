//! The reader: the desk behind the card reader (顔認証付きカードリーダー). A card proves itself, its person is asked
//! what may be shown, and the facility is told whether the person is insured today.
//!
//! Always holds: nothing is told before the card has proved itself (or a pass, which is given only after that, says
//! so) and the row about it is committed; a proof and a pass serve once; the questions that are asked are those whose
//! answers count; consent is recorded with the check that it was given for, in one commit. The PIN is never here.
//! Not here: certificates and their states (`cards`), the decision about eligibility (`counter`), the gate that
//! consents open (`consent`), the card, the PIN and the screens (`terminal`). It owns no tables.
//! Rules come from: docs/rules.md S1 r1, r2, r5, r6, r8, r11; S2 r1, r2, r3; the reference on OQS, sections 6.1–6.3.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod web;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Answer, Cx, Id, Instant, Refusal, Result, kinds};
use cards::proof::{self, Presented, Prover};
use consent::rules::Given;
use counter::{ByCard, Checked, Open, rules::Outcome};
use rules::{Answers, Holder, Question, Settings, Way};
use std::sync::Arc;

/// The desk: its settings and what proves cards.
pub struct Desk {
    /// Settings of this desk.
    pub settings: Settings,
    /// Settings of the counter's decision.
    pub counter: counter::rules::Settings,
    /// Certificates are checked by it.
    pub prover: Arc<Prover>,
}

/// What is shown to the desk.
#[derive(Clone)]
pub enum Shows {
    /// A card's signature over a nonce of ours.
    Proof(Proof),
    /// A pass that an earlier proof was answered with.
    Pass(Holder),
}

/// A card's proof as a reader hands it over.
#[derive(Clone)]
pub struct Proof {
    /// The nonce as it was given out.
    pub nonce: String,
    /// The authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// The signature over the nonce's message.
    pub signature: Vec<u8>,
    /// The terminal's session, to which the nonce is bound.
    pub session: String,
    /// How the card was opened.
    pub way: Way,
}

/// One request of the reader.
#[derive(Clone)]
pub struct Tap {
    /// Who stands there.
    pub shows: Shows,
    /// The person's answers, when they were asked already.
    pub answers: Option<Answers>,
    /// The terms that the person agreed to, when they enrol now.
    pub enrol: Option<String>,
}

/// What became of a request.
pub enum Tapped {
    /// Nobody is enrolled yet: the terms may be shown.
    MayEnrol(Holder),
    /// The person agreed to the terms: to be enrolled, then gone on with under this decision's id.
    Enrolling(Holder, Id<kinds::Decision>),
    /// These are the questions.
    Asks(Holder, Vec<Question>),
    /// The check was made.
    Done(Box<Done>),
}

/// A check made at the reader.
pub struct Done {
    /// The check.
    pub checked: Checked,
    /// The facility's code.
    pub facility: String,
    /// Who was checked.
    pub holder: Holder,
    /// The answers that counted, and those of them that were yes.
    pub answered: Vec<(&'static consent::rules::Kind, bool)>,
    /// When they were given: for a repeat, at its first time.
    pub given_at: Instant,
    /// What was declared for this answer.
    pub declared: counter::rules::Declared,
    /// Electronic or paper prescription.
    pub prescription: Option<&'static str>,
}

/// Takes a request of a reader (S1 r1). Runs as a look that claims the proof or pass; the claim tells whether it was
/// spent before.
pub fn tap(tx: &mut Tx<'_>, cx: &Cx<'_>, desk: &Desk, tap: &Tap) -> Result<Answer<Tapped>> {
    let way = tap.way().word();
    let open = match counter::open(tx, cx)? {
        Ok(open) => open,
        Err(refusal) => return Ok(Err(counter::refuse_card(tx, cx, refusal, way, None))),
    };
    let id = cx.id();
    let holder = match &tap.shows {
        Shows::Proof(proof) => present(tx, cx, desk, proof, id)?,
        Shows::Pass(holder) => still_good(tx, cx, desk, holder, id)?,
    };
    let holder = match holder {
        Ok(holder) => holder,
        Err((refusal, person)) => return Ok(Err(counter::refuse_card(tx, cx, refusal, way, person))),
    };
    let person = holder.person;
    if enrolment::get(tx, person)?.is_none() {
        return Ok(match (&tap.enrol, rules::may_enrol(&holder)) {
            (_, Err(refusal)) => Err(counter::refuse_card(tx, cx, refusal, way, Some(person))),
            (Some(_), Ok(())) => Ok(Tapped::Enrolling(told(tx, cx, holder, "enrolling"), id)),
            (None, Ok(())) => Ok(Tapped::MayEnrol(told(tx, cx, holder, "may-enrol"))),
        });
    }
    go_on(tx, cx, desk, &open, holder, tap.answers.as_ref(), id)
}

/// Goes on with a request of which a part was done before: after an enrolment, or when an earlier answer to it was lost
/// before anything was recorded. The claim of its own keeps a third from recording it twice.
pub fn enrolled(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    desk: &Desk,
    holder: Holder,
    answers: Option<&Answers>,
    id: Id<kinds::Decision>,
) -> Result<Answer<Tapped>> {
    let open = match counter::open(tx, cx)? {
        Ok(open) => open,
        Err(refusal) => return Ok(Err(counter::refuse_card(tx, cx, refusal, holder.way.word(), None))),
    };
    tx.claim(cx, id.raw());
    go_on(tx, cx, desk, &open, holder, answers, id)
}

/// A refusal, and whose card it was when that is known.
type Shown = std::result::Result<Holder, (Refusal, Option<Id<kinds::Person>>)>;

/// A card proves itself: nonce, certificate, signature, state, and whose it is (S1 r1, r11). From a good proof on its
/// nonce is spent, whatever is said then.
fn present(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    desk: &Desk,
    proof: &Proof,
    id: Id<kinds::Decision>,
) -> Result<Shown> {
    let bound = rules::bound(cx.actor, &proof.session);
    let presented =
        Presented { nonce: &proof.nonce, certificate: &proof.certificate, signature: &proof.signature };
    let proved = match desk.prover.prove(&bound, &presented, cx.now) {
        Ok(proved) => proved,
        Err(refusal) => return Ok(Err((refusal, None))),
    };
    tx.claim(cx, id.raw());
    match proof::judge(tx, &proved)? {
        Ok(known) => Ok(Ok(rules::holder(&known, &proved, proof.way))),
        // Whose it is stands beside the refusal: whoever lost a card reads where it was shown (S3 r2).
        Err(refusal) => {
            let whose = cards::find(tx, &proved.serial)?.map(|known| known.person);
            Ok(Err((refusal, whose)))
        }
    }
}

/// A pass is as good as the certificate behind it is now: one that was suspended meanwhile ends it (S1 r11), and one that
/// expired meanwhile is in grace or no longer serves.
fn still_good(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    desk: &Desk,
    holder: &Holder,
    id: Id<kinds::Decision>,
) -> Result<Shown> {
    tx.claim(cx, id.raw());
    let known = cards::list(tx, holder.person)?;
    let known = known.into_iter().find(|known| known.certificate == holder.certificate);
    let terms = desk.prover.settings().terms;
    let stands = proof::usable(known).and_then(|known| {
        let validity = terms.stands(known.valid_until, cx.now).map_err(cards::refusals::not_accepted)?;
        Ok(Holder { standing: rules::standing(validity), ..holder.clone() })
    });
    Ok(stands.map_err(|refusal| (refusal, Some(holder.person))))
}

/// Says that a card was shown and what came of it.
fn told(tx: &mut Tx<'_>, cx: &Cx<'_>, holder: Holder, outcome: &'static str) -> Holder {
    let evidence = Evidence {
        act: PRESENT,
        outcome,
        way: holder.way.word(),
        person: Some(holder.person.raw()),
        subject: Some(holder.certificate.raw()),
        ..Evidence::default()
    };
    say(tx, cx, &evidence);
    holder
}

/// The act of showing a card, before anything is checked.
const PRESENT: &str = "reader.present";

fn go_on(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    desk: &Desk,
    open: &Open,
    holder: Holder,
    answers: Option<&Answers>,
    id: Id<kinds::Decision>,
) -> Result<Answer<Tapped>> {
    match answers {
        None => {
            let decision = counter::weigh(tx, cx, &desk.counter, open, holder.person, rules::EVERYTHING)?;
            let questions = rules::questions(&decision, &holder, &desk.settings);
            Ok(Ok(Tapped::Asks(told(tx, cx, holder, "asked"), questions)))
        }
        Some(answers) => {
            let done = check(tx, cx, desk, open, holder, answers, id)?;
            Ok(Ok(Tapped::Done(Box::new(done))))
        }
    }
}

/// Makes the check and records the answers given for it (S1 r5, r6).
fn check(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    desk: &Desk,
    open: &Open,
    holder: Holder,
    answers: &Answers,
    id: Id<kinds::Decision>,
) -> Result<Done> {
    let wanted = rules::declared(answers, &holder);
    let mut decision = counter::weigh(tx, cx, &desk.counter, open, holder.person, wanted)?;
    let questions = rules::questions(&decision, &holder, &desk.settings);
    let declared = rules::declared_of(wanted, &questions);
    if declared != wanted {
        // What there was no question about is not shown either: of a coverage that was lost, say.
        decision = counter::weigh(tx, cx, &desk.counter, open, holder.person, declared)?;
    }
    let answered = rules::answered(&questions, answers);
    if let Some((agreed, declined)) = rules::recorded(&decision.outcome, &answered, answers) {
        let (person, facility) = (holder.person, open.facility.id);
        let given = Given { person, facility, given_at: cx.now, agreed, declined, decision: id };
        consent::record(tx, cx, &given)?;
    }
    let agreed = rules::agreed_words(&answered, declared, &decision.outcome);
    let way = holder.way.word();
    let checked = counter::conclude(tx, cx, open, decision, ByCard { id, way, agreed })?;
    let prescription = answers.prescription.filter(|_| checked.decision.outcome == Outcome::Valid);
    let facility = open.facility.entry.code.to_string();
    Ok(Done { checked, facility, holder, answered, given_at: cx.now, declared, prescription })
}

/// A check that was made again for a repeated request, with the answers as they stand from its first time: a repeat opens
/// nothing for longer, and nothing that was withdrawn since. `None` when answers are due and none were recorded then.
pub fn as_first(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    mut done: Box<Done>,
    answers: Option<&Answers>,
    first: Id<kinds::Decision>,
) -> Result<Option<Box<Done>>> {
    let Some(facility) = cx.actor.facility().and_then(Id::new) else { return Ok(Some(done)) };
    let due = answers
        .and_then(|answers| rules::recorded(&done.checked.decision.outcome, &done.answered, answers))
        .is_some();
    if !due {
        return Ok(Some(done));
    }
    let Some(recorded) = consent::of_decision(tx, done.holder.person, facility, first)? else {
        return Ok(None);
    };
    done.given_at = recorded.given.given_at;
    rules::keep_given(&mut done.answered, &recorded);
    Ok(Some(done))
}

impl Tap {
    fn way(&self) -> Way {
        match &self.shows {
            Shows::Proof(proof) => proof.way,
            Shows::Pass(holder) => holder.way,
        }
    }
}
