//! Coverage: where a person is insured, from when to when, at what rate, with which limits — as insurers registered it.
//!
//! Always holds: nothing is overwritten. A coverage (被保険者としての加入) is a handful of *entries* (versions of the
//! insurer's copy of numbers and person) and dated *facts* (link to a person, loss, rate, elderly certificate, limit,
//! specific disease, medical ticket, withheld address), each with the revision under which it was recorded and the
//! one it replaces. What stands at revision K, and whether it is valid on day D, is decided in `rules` alone.
//! Not here: who a person is (`people`), comparing filings with the resident register (`registration`), what a desk
//! is told (`counter`).
//! Rules come from: docs/rules.md S1 r3, r6, r8; S5 r1, r2; the reference on OQS, sections 4.1–4.4 and 5.

#![forbid(unsafe_code)]

pub mod rules;
mod store;
#[cfg(test)]
mod tests;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Cx, Date, Error, Id, Result, kinds};
use rules::{Ask, Fact, Figures, Found, NewEntry, NewFact, What};

/// Every coverage that answers to these numbers, and every other coverage of the same people.
pub fn find(tx: &mut Tx<'_>, ask: &Ask) -> Result<Found> {
    store::by_numbers(tx, ask)
}

/// One coverage and every other coverage of the same person: to decide again what was decided before.
pub fn get(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<Found> {
    store::by_coverage(tx, coverage)
}

/// Every coverage that was ever linked to a person: what a card check is decided from. Whose each one is now, and how
/// sure that is, its story says.
pub fn of_person(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Found> {
    store::by_person(tx, person)
}

/// Names an insurer, or names it anew.
pub fn record_insurer(tx: &mut Tx<'_>, cx: &Cx<'_>, number: &base::InsurerNumber, name: &str) -> Result<()> {
    if store::insurer_name(tx, number)?.as_deref() == Some(name) {
        return Ok(());
    }
    store::insert_insurer(tx, number, name)?;
    say(tx, cx, &Evidence { act: "coverage.record_insurer", outcome: "recorded", ..Evidence::default() });
    Ok(())
}

/// Registers a new coverage with its first entry.
pub fn register(tx: &mut Tx<'_>, cx: &Cx<'_>, entry: &NewEntry) -> Result<Id<kinds::Coverage>> {
    let coverage = cx.id();
    register_as(tx, cx, coverage, entry)?;
    Ok(coverage)
}

/// Registers a coverage under an id that the caller made: the invented country keeps its ids from start to start.
pub fn register_as(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    coverage: Id<kinds::Coverage>,
    entry: &NewEntry,
) -> Result<()> {
    store::insert_entry(tx, cx.id(), coverage, None, entry)?;
    say(
        tx,
        cx,
        &Evidence {
            act: "coverage.register",
            outcome: "recorded",
            coverage: Some(coverage.raw()),
            ..Evidence::default()
        },
    );
    Ok(())
}

/// Corrects the insurer's copy: a new entry that replaces the standing one. Recording what already stands does
/// nothing and says so with `false`.
pub fn correct(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    coverage: Id<kinds::Coverage>,
    entry: &NewEntry,
) -> Result<bool> {
    let found = store::by_coverage(tx, coverage)?;
    let story = found.story(coverage).ok_or_else(|| Error::broken("no such coverage"))?;
    if story.entry.new == *entry {
        return Ok(false);
    }
    store::insert_entry(tx, cx.id(), coverage, Some(story.entry.id), entry)?;
    say(
        tx,
        cx,
        &Evidence {
            act: "coverage.correct",
            outcome: "recorded",
            coverage: Some(coverage.raw()),
            ..Evidence::default()
        },
    );
    Ok(true)
}

/// Records a dated fact, replacing an earlier one when it corrects it.
pub fn record(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    coverage: Id<kinds::Coverage>,
    fact: &NewFact,
    replaces: Option<Id<kinds::Fact>>,
) -> Result<Id<kinds::Fact>> {
    let id = cx.id();
    store::insert_fact(tx, id, coverage, replaces, fact)?;
    let person = match fact.what {
        What::Link { person, .. } => Some(person.raw()),
        _ => None,
    };
    say(
        tx,
        cx,
        &Evidence {
            act: "coverage.record",
            outcome: "recorded",
            code: fact.what.word(),
            coverage: Some(coverage.raw()),
            person,
            ..Evidence::default()
        },
    );
    Ok(id)
}

/// How many coverages are held at present: the link is held back or quarantined, or there is none.
pub fn count_held(tx: &mut Tx<'_>) -> Result<i64> {
    store::count_held(tx)
}

/// How many coverages of each scheme stand how on a day, and how many insurers of it have any: counts alone. It reads
/// them all, so it takes seconds when they are a million; for `store::Beside`.
pub fn figures(tx: &mut Tx<'_>, day: Date) -> Result<Figures> {
    Ok(rules::tally(&store::figures(tx, day)?))
}

/// Makes the facts of one kind what they should be: what already stands stays, what differs is replaced, what is no
/// longer named is withdrawn. Returns how many rows it took.
pub fn settle(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    coverage: Id<kinds::Coverage>,
    kind: &'static str,
    wanted: &[NewFact],
) -> Result<usize> {
    let found = store::by_coverage(tx, coverage)?;
    let story = found.story(coverage).ok_or_else(|| Error::broken("no such coverage"))?;
    let standing: Vec<&Fact> = story.facts.iter().filter(|fact| fact.new.what.word() == kind).collect();
    let plan = rules::settle(&standing, wanted);
    for (fact, replaces) in &plan {
        record(tx, cx, coverage, fact, *replaces)?;
    }
    Ok(plan.len())
}
