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
use rules::{Ask, Fact, Figures, Found, NewEntry, NewFact, Story, What};

/// Every coverage that answers to these numbers, and every other coverage of the same people.
pub fn find(tx: &mut Tx<'_>, ask: &Ask) -> Result<Found> {
    store::by_numbers(tx, ask)
}

/// One coverage and every other coverage of the same person: to decide again what was decided before.
pub fn get(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<Found> {
    store::by_coverage(tx, coverage)
}

/// One coverage alone as it stands now: what a filing is compared with.
pub fn standing(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<Option<Story>> {
    Ok(store::alone(tx, coverage)?.story(coverage))
}

/// Every coverage that was ever linked to a person: what a card check is decided from. Whose each one is now, and how
/// sure that is, its story says.
pub fn of_person(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Found> {
    store::by_person(tx, person)
}

/// Names an insurer, or names it anew; `false` when it has that name already.
pub fn record_insurer(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    number: &base::InsurerNumber,
    name: &str,
) -> Result<bool> {
    if store::insurer_name(tx, number)?.as_deref() == Some(name) {
        return Ok(false);
    }
    store::insert_insurer(tx, number, name)?;
    say(tx, cx, &Evidence { act: "coverage.record_insurer", outcome: "recorded", ..Evidence::default() });
    Ok(true)
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
    store::list_unlinked(tx, coverage)?;
    put_entry(tx, cx, coverage, None, entry)
}

/// Registers a coverage whole, or corrects it: its entry, its link, and facts of every other kind, from how it stands
/// (nothing, when it is not there yet), without reading it again. What stands already stays, what differs is replaced,
/// what is no longer named is withdrawn. Gives how many rows it took.
pub fn file(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    coverage: Id<kinds::Coverage>,
    standing: Option<&Story>,
    entry: &NewEntry,
    facts: &[NewFact],
) -> Result<usize> {
    let mut rows = 0;
    if standing.is_none_or(|story| story.entry.new != *entry) {
        put_entry(tx, cx, coverage, standing.map(|story| story.entry.id), entry)?;
        rows += 1;
    }
    let is_listed = standing.is_some_and(|story| story.links().next().is_none());
    match (is_listed, facts.iter().any(|fact| fact.what.word() == "link")) {
        (true, true) => store::strike_unlinked(tx, coverage)?,
        (false, false) => store::list_unlinked(tx, coverage)?,
        _ => {}
    }
    for kind in What::KINDS {
        let of_kind = |fact: &&NewFact| fact.what.word() == kind;
        let wanted: Vec<NewFact> = facts.iter().filter(of_kind).cloned().collect();
        let stands = standing.iter().flat_map(|story| &story.facts);
        let stands: Vec<&Fact> = stands.filter(|fact| of_kind(&&fact.new)).collect();
        for (fact, replaces) in rules::settle(&stands, &wanted) {
            put_fact(tx, cx, coverage, &fact, replaces)?;
            rows += 1;
        }
    }
    Ok(rows)
}

/// Inserts an entry and says it.
fn put_entry(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    coverage: Id<kinds::Coverage>,
    replaces: Option<Id<kinds::Entry>>,
    entry: &NewEntry,
) -> Result<()> {
    store::insert_entry(tx, cx.id(), coverage, replaces, entry)?;
    let act = if replaces.is_none() { "coverage.register" } else { "coverage.correct" };
    let evidence =
        Evidence { act, outcome: "recorded", coverage: Some(coverage.raw()), ..Evidence::default() };
    say(tx, cx, &evidence);
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
    let story = standing(tx, coverage)?.ok_or_else(|| Error::broken("no such coverage"))?;
    if story.entry.new == *entry {
        return Ok(false);
    }
    put_entry(tx, cx, coverage, Some(story.entry.id), entry)?;
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
    let id = put_fact(tx, cx, coverage, fact, replaces)?;
    match fact.what {
        What::Link { .. } => store::strike_unlinked(tx, coverage)?,
        // What it withdrew may have been the link.
        What::Nothing => store::list_if_unlinked(tx, coverage)?,
        _ => {}
    }
    Ok(id)
}

/// Inserts a fact and says it.
fn put_fact(
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
    let story = standing(tx, coverage)?.ok_or_else(|| Error::broken("no such coverage"))?;
    let standing: Vec<&Fact> = story.facts.iter().filter(|fact| fact.new.what.word() == kind).collect();
    let plan = rules::settle(&standing, wanted);
    for (fact, replaces) in &plan {
        record(tx, cx, coverage, fact, *replaces)?;
    }
    Ok(plan.len())
}
