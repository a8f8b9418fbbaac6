//! Enrolment (健康保険証利用の申込): that a person wants to use the My Number card as insurance card.
//!
//! Always holds: a person has one standing enrolment at most, the first one, whoever else enrols them at the same
//! time; it hangs on the person alone, so it survives renewed cards and changes of insurer and waits for an eligibility
//! that is not there yet. What happened is only added.
//! Not here: proving the card (`cards`, `pki`), whether somebody is insured (`coverage`), points for enrolling.
//! Rules come from: docs/rules.md S2 r1, r2, r3.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Actor, Answer, Cx, Id, Refusal, Result, kinds};
use rules::{Channel, Enrolment, Event, Kind};

/// The enrolment that stands.
pub fn get(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Option<Enrolment>> {
    Ok(rules::standing(store::newest(tx, person)?))
}

/// How many people are enrolled, by the channel through which they enrolled: counts alone.
pub fn figures(tx: &mut Tx<'_>) -> Result<Vec<(Channel, i64)>> {
    store::figures(tx)
}

/// Enrols a person who has agreed to the terms. Whoever is enrolled already stays so: the first enrolment is given back
/// and nothing is recorded but that it was asked. Refused when the terms are not today's. Runs inside `Store::change`.
pub fn record(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    channel: Channel,
    terms: &str,
) -> Result<Answer<Enrolment>> {
    let newest = store::newest(tx, person)?;
    let sequence = newest.as_ref().map_or(0, |event| event.sequence) + 1;
    let decided = rules::may_enrol(cx.actor, person).and_then(|()| match rules::standing(newest) {
        Some(first) => Ok(Some(first)),
        None => rules::agreed(terms).map(|()| None),
    });
    match decided {
        Err(refusal) => return Ok(Err(refused(tx, cx, "enrolment.record", refusal, person))),
        Ok(Some(first)) => {
            said(tx, cx, "enrolment.record", "standing", channel.word(), person);
            return Ok(Ok(first));
        }
        Ok(None) => {}
    }
    let enrolment = Enrolment { person, at: cx.now, channel, terms: terms.to_owned() };
    store::insert(tx, &Event { sequence, kind: Kind::Enrolled, enrolment: enrolment.clone() })?;
    said(tx, cx, "enrolment.record", "recorded", channel.word(), person);
    Ok(Ok(enrolment))
}

/// Cancels a person's enrolment, at their own pages; they may enrol again. Refused to everybody but the person, and
/// when there is none. Runs inside `Store::change`.
pub fn cancel(tx: &mut Tx<'_>, cx: &Cx<'_>, person: Id<kinds::Person>) -> Result<Answer<()>> {
    let newest = store::newest(tx, person)?;
    let sequence = newest.as_ref().map_or(0, |event| event.sequence) + 1;
    let enrolled = rules::may_cancel(cx.actor, person)
        .and_then(|()| rules::standing(newest).ok_or_else(refusals::not_enrolled));
    if let Err(refusal) = enrolled {
        return Ok(Err(refused(tx, cx, "enrolment.cancel", refusal, person)));
    }
    let enrolment = Enrolment { person, at: cx.now, channel: Channel::Portal, terms: String::new() };
    store::insert(tx, &Event { sequence, kind: Kind::Cancelled, enrolment })?;
    said(tx, cx, "enrolment.cancel", "recorded", "", person);
    Ok(Ok(()))
}

/// Records a refusal. One to somebody who came by another card is about them: the row must not look like the doing of
/// the person whom they named.
fn refused(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    refusal: Refusal,
    named: Id<kinds::Person>,
) -> Refusal {
    let person = match cx.actor {
        Actor::Person { person } => Id::new(person).unwrap_or(named),
        _ => named,
    };
    said(tx, cx, act, "refused", refusal.help.code, person);
    refusal
}

fn said(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    outcome: &'static str,
    code: &'static str,
    person: Id<kinds::Person>,
) {
    say(tx, cx, &Evidence { act, outcome, code, person: Some(person.raw()), ..Evidence::default() });
}
