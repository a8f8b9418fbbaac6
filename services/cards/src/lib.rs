//! Cards: the authentication certificates (利用者証明用電子証明書) of people, on cards and phones — whose each is, which
//! one it succeeds, and whether it is held or revoked.
//!
//! Always holds: a certificate belongs to one person for ever and is never moved; a renewed one is of the same person
//! through the chain, so whatever hangs on the person survives it; what happened to a certificate is only added, and
//! nothing comes after a revocation. Serials lie in one table of this service and leave it in no answer.
//! Not here: whether a card's signature is right (`pki`), PINs and their tries (on the card alone), whether an expired
//! card may still be used (the desk, by date), who may hold, lift or revoke (each route declares it), the My Number.
//! Rules come from: docs/rules.md S1 r8, r11; S17 r1; the reference on the card, sections 4.3–4.5.

#![forbid(unsafe_code)]

pub mod proof;
pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Actor, Answer, Cx, Id, Instant, Refusal, Result, kinds};
use rules::{Channel, Holder, Known, NewCertificate, Plan, Reason, Serial, Source, Stands};

/// The certificate with this serial and how it stands: one statement, the first of every tap.
pub fn find(tx: &mut Tx<'_>, serial: &Serial) -> Result<Option<Known>> {
    store::by_serial(tx, serial)
}

/// A person's certificates, newest first, revoked ones too.
pub fn list(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Vec<Known>> {
    store::of_person(tx, person)
}

/// How many certificates are where, and how they stand at an instant: counts alone.
pub fn figures(tx: &mut Tx<'_>, now: Instant) -> Result<Vec<(Source, Stands, i64)>> {
    store::figures(tx, now)
}

/// Takes over a certificate from the authority. One that succeeds another is of the same person, and the other is
/// revoked as superseded. What is known just so gives its id and records nothing. Runs inside `Store::change`.
pub fn register(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    new: &NewCertificate,
) -> Result<Answer<Id<kinds::Certificate>>> {
    let known = store::by_serial(tx, &new.serial)?;
    let predecessor = match &new.holder {
        Holder::Person(_) => None,
        Holder::Succeeds(serial) => store::by_serial(tx, serial)?,
    };
    let theirs = match &predecessor {
        Some(old) => store::of_person(tx, old.person)?,
        None => Vec::new(),
    };
    let (person, succeeds, revoke) = match rules::register(new, known.as_ref(), predecessor.as_ref(), &theirs)
    {
        Err(refusal) => return Ok(Err(refusal)),
        Ok(Plan::Nothing(certificate)) => return Ok(Ok(certificate)),
        Ok(Plan::First(person)) => (person, None, None),
        Ok(Plan::Succession { person, of, revoke }) => (person, Some(of), revoke.then_some(of)),
    };
    let certificate = cx.id();
    store::insert_certificate(tx, certificate, new, person, succeeds, cx.now)?;
    let evidence =
        Evidence { outcome: "recorded", code: new.source.word(), ..about("cards.register", person) };
    say(tx, cx, &Evidence { subject: Some(certificate.raw()), ..evidence });
    if let Some(old) = revoke {
        store::insert_revocation(tx, old, Reason::Superseded, Channel::Authority, cx.now)?;
        let evidence = Evidence {
            outcome: "recorded",
            code: Reason::Superseded.word(),
            ..about("cards.revoke", person)
        };
        say(tx, cx, &Evidence { subject: Some(old.raw()), ..evidence });
    }
    Ok(Ok(certificate))
}

/// Suspends (一時利用停止) every live certificate of a person, at any hour; says how many. What is held already stays so:
/// then it is none. Refused when nothing is left that could be used. Runs inside `Store::change`.
pub fn hold(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    channel: Channel,
) -> Result<Answer<usize>> {
    let change = Change { act: "cards.hold", which: rules::hold, insert: store::insert_hold };
    change.of_all(tx, cx, person, channel)
}

/// Lifts the suspension of a person's held certificates; says how many. Revoked ones stay revoked. Refused when
/// nothing is left that could be used. Runs inside `Store::change`.
pub fn lift(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    channel: Channel,
) -> Result<Answer<usize>> {
    let change = Change { act: "cards.lift", which: rules::lift, insert: store::insert_lift };
    change.of_all(tx, cx, person, channel)
}

/// What holding and lifting do alike with all certificates of a person.
struct Change {
    act: &'static str,
    which: fn(&[Known]) -> Answer<Vec<Id<kinds::Certificate>>>,
    insert: fn(&mut Tx<'_>, Id<kinds::Certificate>, Channel, Instant) -> Result<()>,
}

impl Change {
    fn of_all(
        &self,
        tx: &mut Tx<'_>,
        cx: &Cx<'_>,
        person: Id<kinds::Person>,
        channel: Channel,
    ) -> Result<Answer<usize>> {
        let theirs = store::of_person(tx, person)?;
        let due = rules::may_act(cx.actor, person).and_then(|()| (self.which)(&theirs));
        for certificate in due.iter().flatten() {
            (self.insert)(tx, *certificate, channel, cx.now)?;
        }
        let changed = due.map(|certificates| certificates.len());
        said(tx, cx, self.act, person, channel, &changed);
        Ok(changed)
    }
}

/// Revokes a certificate (失効), for ever. A revoked one keeps its first reason; revoking it again records nothing.
/// Runs inside `Store::change`.
pub fn revoke(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    certificate: Id<kinds::Certificate>,
    reason: Reason,
    channel: Channel,
) -> Result<Answer<()>> {
    let known = store::by_id(tx, certificate)?;
    let due = match rules::revoke(known.as_ref()) {
        Ok(due) => due,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(known) = known.filter(|_| due) {
        store::insert_revocation(tx, certificate, reason, channel, cx.now)?;
        let evidence =
            Evidence { outcome: "recorded", code: reason.word(), ..about("cards.revoke", known.person) };
        let steps = vec![(channel.word(), 1)];
        say(tx, cx, &Evidence { subject: Some(certificate.raw()), steps, ..evidence });
    }
    Ok(Ok(()))
}

fn about(act: &'static str, person: Id<kinds::Person>) -> Evidence {
    Evidence { act, person: Some(person.raw()), ..Evidence::default() }
}

/// Whoever holds or lifts learns how the person's card stands, also from a refusal and from a repeat: all are recorded.
fn said(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    person: Id<kinds::Person>,
    channel: Channel,
    answer: &std::result::Result<usize, Refusal>,
) {
    let (outcome, code, count) = match answer {
        Ok(0) => ("standing", "", 0),
        Ok(count) => ("recorded", "", *count),
        Err(refusal) => ("refused", refusal.help.code, 0),
    };
    let steps = vec![(channel.word(), count as i64)];
    let mut evidence = Evidence { outcome, code, steps, ..about(act, person) };
    if let (Actor::Person { person }, "refused") = (cx.actor, outcome) {
        // Of somebody who came by another card: the row must not look like the named person's doing.
        evidence.person = Some(person);
    }
    say(tx, cx, &evidence);
}
