//! Registration: the insurers' desk (保険者の登録窓口). A filing comes in with a My Number and an insurer's copy of a
//! person; a coverage linked to that person comes out, or a coverage whose link is held back.
//!
//! Always holds: the number is exchanged for a person id while the filing is read and is kept nowhere else; a filing
//! whose attributes disagree with the resident register is recorded, held back, never answered, and reported.
//! Filing the same again changes nothing.
//! Not here: bulk loading and its files (later); people and coverages themselves. It owns no tables.
//! Rules come from: docs/rules.md S1 r2, S5 r1, r2.

#![forbid(unsafe_code)]

pub mod rules;
#[cfg(test)]
mod tests;

use ::store::Tx;
use base::{Cx, Id, MyNumber, Result, kinds};
use coverage::rules::{LinkState, NewEntry, NewFact, What};
use people::rules::{Attribute, Attributes};

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
    let person = people::exchange(tx, &filing.number)?;
    let register = match person {
        Some(person) => people::get(tx, person)?,
        None => None,
    };
    let (link, differences) = rules::judge(register.as_ref(), &filed_attributes(&filing.entry));
    let known = coverage::get(tx, filing.coverage)?.story(filing.coverage).is_some();
    let mut recorded = 0;
    if known {
        recorded += usize::from(coverage::correct(tx, cx, filing.coverage, &filing.entry)?);
    } else {
        coverage::register_as(tx, cx, filing.coverage, &filing.entry)?;
        recorded += 1;
    }
    // A number that the register does not know has no person to link to; the coverage is held all the same.
    let links: Vec<NewFact> =
        person.map(|person| NewFact::always(What::Link { person, state: link })).into_iter().collect();
    recorded += coverage::settle(tx, cx, filing.coverage, "link", &links)?;
    for kind in ["loss", "rate", "elderly", "limit", "disease", "ticket", "withheld"] {
        let wanted: Vec<NewFact> = filing.facts.iter().filter(|f| f.what.word() == kind).cloned().collect();
        recorded += coverage::settle(tx, cx, filing.coverage, kind, &wanted)?;
    }
    Ok(Filed { link, differences, recorded })
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
