//! Registration: the insurers' desk (保険者の登録窓口). A filing comes in with a My Number and an insurer's copy of a
//! person; a coverage linked to that person comes out, or a coverage whose link is held back. A person who says that a
//! coverage is not theirs closes it at once and opens a case for the insurer.
//!
//! Always holds: the number is exchanged for a person id while the filing is read and is kept nowhere else; a filing
//! whose attributes disagree with the resident register is recorded, held back, never answered, and reported.
//! Filing the same again changes nothing, and no filing lifts the quarantine of an open case.
//! Not here: files and their lines (`intake`); people and coverages themselves. Which insurer a clerk works for is not
//! known yet: clerks see the cases of all.
//! Rules come from: docs/rules.md S1 r2, S3 r2, S5 r1, r2.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod web;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Actor, Answer, BranchNumber, Cx, Id, Instant, InsurerNumber, MyNumber, Result, kinds};
use coverage::rules::{LinkState, NewEntry, NewFact, Story, What};
use people::rules::{Attribute, Attributes};
use rules::{Case, Dispute, Outcome};

/// One filing.
pub struct Filing {
    /// The coverage's id at the insurer's side of the door: the same id files a correction.
    pub coverage: Id<kinds::Coverage>,
    /// The person's number.
    pub number: MyNumber,
    /// The insurer's copy.
    pub entry: NewEntry,
    /// Dated facts: loss, rates, certificates, tickets, withholding. Never a link; that is ours to decide.
    pub facts: Vec<NewFact>,
}

/// What became of a filing.
#[derive(Debug, PartialEq, Eq)]
pub struct Filed {
    /// The state of the link.
    pub link: LinkState,
    /// Which attributes disagree with the resident register; reported to the insurer.
    pub differences: Vec<Attribute>,
    /// How many rows it took; none when the same was filed before.
    pub recorded: usize,
}

/// Takes a filing: a new coverage, or corrections of one filed before under the same id.
pub fn file(tx: &mut Tx<'_>, cx: &Cx<'_>, filing: &Filing) -> Result<Filed> {
    let story = coverage::standing(tx, filing.coverage)?;
    settle(tx, cx, filing, story.as_ref())
}

/// Takes a filing whose coverage id was made of the insurer and the insurer's own key. One that is known of another
/// insurer is refused: a key leads into nobody else's records.
pub fn file_own(tx: &mut Tx<'_>, cx: &Cx<'_>, filing: &Filing) -> Result<Answer<Filed>> {
    let story = coverage::standing(tx, filing.coverage)?;
    match rules::own(story.as_ref(), &filing.entry.insurer) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(()) => settle(tx, cx, filing, story.as_ref()).map(Ok),
    }
}

/// Compares with the register and records what differs from how the coverage stands. Of a coverage that is not there yet
/// there can be no case.
fn settle(tx: &mut Tx<'_>, cx: &Cx<'_>, filing: &Filing, story: Option<&Story>) -> Result<Filed> {
    let known = people::known(tx, &filing.number)?;
    let register = known.as_ref().and_then(|(_, attributes)| attributes.as_ref());
    let (judged, differences) = rules::judge(register, &filed_attributes(&filing.entry));
    let cases = match story {
        Some(_) => store::cases_of(tx, filing.coverage)?,
        None => Vec::new(),
    };
    let person = known.map(|(person, _)| person);
    let link = person.map_or(judged, |person| rules::guard(judged, person, &cases));
    // A number that the register does not know has no person to link to; the coverage is held all the same.
    let ours = person.map(|person| NewFact::always(What::Link { person, state: link }));
    let theirs = filing.facts.iter().filter(|fact| !matches!(fact.what, What::Link { .. })).cloned();
    let facts: Vec<NewFact> = ours.into_iter().chain(theirs).collect();
    let recorded = coverage::file(tx, cx, filing.coverage, story, &filing.entry, &facts)?;
    Ok(Filed { link, differences, recorded })
}

// Cases --------------------------------------------------------------------------------------------------------------

/// A person says that a coverage is not theirs: its link is quarantined at once and a case opened for the insurer. Said
/// again, it gives the open case. Runs inside `Store::record`.
pub fn dispute(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    coverage: Id<kinds::Coverage>,
) -> Result<Answer<Id<kinds::Case>>> {
    let story = coverage::get(tx, coverage)?.story(coverage);
    let cases = store::cases_of(tx, coverage)?;
    let own = !matches!(cx.actor, Actor::Person { person: other } if other != person.raw());
    // Somebody else's coverage looks like one that is not there.
    let (case, replaces) = match rules::dispute(story.as_ref().filter(|_| own), person, &cases) {
        Err(refusal) => {
            let evidence = Evidence {
                act: DISPUTE,
                outcome: "refused",
                code: refusal.help.code,
                person: Some(person.raw()),
                ..Evidence::default()
            };
            say(tx, cx, &evidence);
            return Ok(Err(refusal));
        }
        Ok(Dispute::Again(case)) => (case, None),
        Ok(Dispute::Opens(fact)) => (cx.id(), Some(fact)),
    };
    if let Some(fact) = replaces {
        let link = NewFact::always(What::Link { person, state: LinkState::Quarantined });
        coverage::record(tx, cx, coverage, &link, Some(fact))?;
        let new = Case { id: case, coverage, person, opened_at: cx.now, outcome: None };
        store::insert(tx, &new, NOT_MINE)?;
    }
    let outcome = if replaces.is_some() { "recorded" } else { "repeated" };
    said(tx, cx, DISPUTE, outcome, "", (case, person, coverage));
    Ok(Ok(case))
}

const DISPUTE: &str = "registration.dispute";
/// The kind of a case in which a person says that a coverage is not theirs.
const NOT_MINE: &str = "not-mine";

/// An open case as the insurers' desk sees it: no name, no birth date, no address.
#[derive(Clone)]
pub struct OpenCase {
    /// Its id.
    pub id: Id<kinds::Case>,
    /// Since when.
    pub opened_at: Instant,
    /// The insurer.
    pub insurer: InsurerNumber,
    /// The insurer's name.
    pub insurer_name: String,
    /// Symbol as registered.
    pub symbol: Option<String>,
    /// Number as registered.
    pub number: String,
    /// Branch number.
    pub branch: Option<BranchNumber>,
}

/// Open cases, the oldest first. Each is a look at somebody, so each has a row of its own in the log.
pub fn list(tx: &mut Tx<'_>, cx: &Cx<'_>, limit: usize) -> Result<Vec<OpenCase>> {
    let mut shown = Vec::new();
    for case in store::open(tx, limit)? {
        shown.extend(open_case(tx, cx, "registration.list", &case)?);
    }
    Ok(shown)
}

/// One open case.
pub fn get(tx: &mut Tx<'_>, cx: &Cx<'_>, case: Id<kinds::Case>) -> Result<Answer<OpenCase>> {
    let open = match store::case(tx, case)?.filter(|case| case.outcome.is_none()) {
        Some(case) => open_case(tx, cx, "registration.get", &case)?,
        None => None,
    };
    Ok(open.ok_or_else(refusals::no_such_case))
}

fn open_case(tx: &mut Tx<'_>, cx: &Cx<'_>, act: &'static str, case: &Case) -> Result<Option<OpenCase>> {
    let Some(story) = coverage::get(tx, case.coverage)?.story(case.coverage) else {
        return Ok(None);
    };
    said(tx, cx, act, "shown", "", (case.id, case.person, case.coverage));
    let entry = story.entry.new;
    Ok(Some(OpenCase {
        id: case.id,
        opened_at: case.opened_at,
        insurer: entry.insurer,
        insurer_name: story.entry.insurer_name,
        symbol: entry.symbol,
        number: entry.number,
        branch: entry.branch,
    }))
}

/// Ends a case. The link becomes what the register says of it when the coverage is the person's, or when it was filed
/// anew with another person's number meanwhile; else it stays quarantined. Gives the state of the link. Runs inside
/// `Store::record`.
pub fn close(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    id: Id<kinds::Case>,
    outcome: Outcome,
) -> Result<Answer<Option<LinkState>>> {
    let case = store::case(tx, id)?;
    let ends = match rules::close(case.as_ref(), outcome) {
        Ok(ends) => ends,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(case) = case else { return Ok(Err(refusals::no_such_case())) };
    if ends {
        store::insert_end(tx, id, cx.now, outcome)?;
    }
    said(tx, cx, "registration.close", "recorded", outcome.word(), (id, case.person, case.coverage));
    let Some(story) = coverage::get(tx, case.coverage)?.story(case.coverage) else {
        return Ok(Ok(None));
    };
    let Some((fact, person, state)) = rules::link(&story) else { return Ok(Ok(None)) };
    let register = people::get(tx, person)?;
    let (judged, _) = rules::judge(register.as_ref(), &filed_attributes(&story.entry.new));
    let now = rules::guard(judged, person, &store::cases_of(tx, case.coverage)?);
    if now != state {
        let link = NewFact::always(What::Link { person, state: now });
        coverage::record(tx, cx, case.coverage, &link, Some(fact.id))?;
    }
    Ok(Ok(Some(now)))
}

/// Which case, who opened it, about which coverage.
type About = (Id<kinds::Case>, Id<kinds::Person>, Id<kinds::Coverage>);

fn said(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    outcome: &'static str,
    code: &'static str,
    about: About,
) {
    let (case, person, coverage) = about;
    let shown = if outcome == "shown" { vec!["numbers"] } else { Vec::new() };
    let evidence = Evidence {
        act,
        outcome,
        code,
        person: Some(person.raw()),
        coverage: Some(coverage.raw()),
        subject: Some(case.raw()),
        shown,
        ..Evidence::default()
    };
    say(tx, cx, &evidence);
}

/// How many coverages are held back at present: for the report to insurers and the status page.
pub fn count_held(tx: &mut Tx<'_>) -> Result<i64> {
    coverage::count_held(tx)
}

fn filed_attributes(entry: &NewEntry) -> Attributes {
    Attributes {
        name: entry.name.clone(),
        birth: entry.birth,
        sex: entry.sex,
        postcode: entry.postcode.clone(),
        address: entry.address.clone(),
    }
}
