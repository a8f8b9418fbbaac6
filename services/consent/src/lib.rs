//! Consent (閲覧同意): what a person, at a facility's reader, agreed to have that facility see, for 24 hours — and the
//! gate that every record of theirs stands behind.
//!
//! Always holds: nothing is shown without a live consent of this person, for this facility and this kind, at this
//! instant; of one kind the newest answer at a facility decides; withdrawn and expired are two things; an answer is
//! committed with the check that it was given with. What happened is only added.
//! Not here: the records themselves (later services ask `may_view` for a `Grant`), the limit certificate and specific
//! diseases (asked for each query, `counter`), which kinds a facility's reader asks (a setting), the questions' screens.
//! Rules come from: docs/rules.md S1 r5; the reference on OQS, sections 4.5 and 6.2.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Actor, Answer, Cx, Id, Instant, Result, kinds};
use rules::{Ask, Given, Grant, Group, KINDS, Kind, Listed, Recorded, Standing, Withdrawal};

/// Records a person's answers, inside a check: nothing is read, and what is saved is committed with the check's own
/// audit row, whose decision the answers name; so this writes none. A check that turns out a repeat saves nothing, and
/// the answers are then those of the first (see [`of_decision`]).
pub fn record(tx: &mut Tx<'_>, cx: &Cx<'_>, given: &Given) -> Result<Id<kinds::Consent>> {
    let consent = cx.id();
    store::insert_answer(tx, consent, given)?;
    Ok(consent)
}

/// The answers that were given with a check, to tell a repeat of it what the first was told.
pub fn of_decision(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    facility: Id<kinds::Facility>,
    decision: Id<kinds::Decision>,
) -> Result<Option<Recorded>> {
    store::of_decision(tx, person, facility, decision)
}

/// How every kind stands with a person at a facility. Discloses no record; who shows it to somebody says so.
pub fn standing(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    facility: Id<kinds::Facility>,
    now: Instant,
) -> Result<Vec<(&'static Kind, Standing)>> {
    let answers = store::of_person_at(tx, person, facility)?;
    Ok(KINDS.iter().map(|kind| (kind, rules::standing(&answers, kind, now))).collect())
}

/// The gate: whether this facility may see this kind of this person's records now. Every service that holds records
/// asks here and shows nothing without the grant; it writes the audit row of the viewing, with the grant's consent. A
/// refusal is recorded here, in the log of whoever asked.
pub fn may_view<'t>(
    tx: &mut Tx<'t>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    facility: Id<kinds::Facility>,
    kind: &'static Kind,
    group: Group,
) -> Result<Answer<Grant<'t>>> {
    let answers = store::of_person_at(tx, person, facility)?;
    let granted = rules::may_view(cx.actor, Ask { person, facility, kind, group }, &answers, cx.now);
    if let Err(refusal) = &granted {
        say(
            tx,
            cx,
            &Evidence {
                act: "consent.may_view",
                outcome: "refused",
                code: refusal.help.code,
                person: Some(person.raw()),
                steps: vec![(kind.word, 0)],
                ..Evidence::default()
            },
        );
    }
    Ok(granted)
}

/// A person's consents at every facility, newest first, at most `limit`. For the person; who shows it says so.
pub fn list(tx: &mut Tx<'_>, person: Id<kinds::Person>, now: Instant, limit: usize) -> Result<Vec<Listed>> {
    Ok(rules::listed(&store::of_person(tx, person, limit)?, now))
}

/// Withdraws a kind of a person's own consent, at once. Withdrawing it again does nothing more. Refused alike for a
/// consent that is not there and for one that is not theirs. Runs inside a check; its audit row stands in the log of
/// the facility that may no longer see.
pub fn withdraw(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    consent: Id<kinds::Consent>,
    kind: &'static Kind,
) -> Result<Answer<()>> {
    let answers = store::beside(tx, person, consent)?;
    let evidence = Evidence {
        act: "consent.withdraw",
        person: Some(person.raw()),
        steps: vec![(kind.word, 0)],
        ..Evidence::default()
    };
    let decided =
        rules::own(cx.actor, person).and_then(|()| rules::withdraw(consent, kind, &answers, cx.now));
    let (outcome, facility) = match decided {
        Ok(Withdrawal::Due(facility)) => ("recorded", facility),
        Ok(Withdrawal::Standing(facility)) => ("standing", facility),
        Err(refusal) => {
            // Of somebody who came by another card: the row must not look like the named person's doing.
            let person = match cx.actor {
                Actor::Person { person } => Some(person),
                _ => evidence.person,
            };
            say(tx, cx, &Evidence { outcome: "refused", code: refusal.help.code, person, ..evidence });
            return Ok(Err(refusal));
        }
    };
    if outcome == "recorded" {
        store::insert_withdrawal(tx, consent, kind, cx.now)?;
    }
    let (facility, consent) = (Some(facility.raw()), Some(consent.raw()));
    say(tx, cx, &Evidence { outcome, facility, consent, ..evidence });
    Ok(Ok(()))
}
