//! SQL for cases: what people say of coverages, and what came of it.
//!
//! Always holds: rows are only inserted; a case ends at most once.
//! Not here: what the rows mean (`rules`), coverages and their links (`coverage`).

use crate::rules::{Case, Outcome};
use ::store::{Row, Tx};
use base::{Error, Id, Instant, Result, kinds};

macro_rules! cases {
    ($rest:literal) => {
        concat!(
            "select c.case_id, c.coverage, c.person, c.opened_at, e.outcome from registration_case c
             left join registration_case_end e on e.case_id = c.case_id ",
            $rest
        )
    };
}

pub(crate) fn case(tx: &mut Tx<'_>, id: Id<kinds::Case>) -> Result<Option<Case>> {
    tx.row(cases!("where c.case_id = $1"), &[id.into()], read)
}

/// Every case of a coverage, also those that ended.
pub(crate) fn cases_of(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<Vec<Case>> {
    tx.rows(cases!("where c.coverage = $1 order by c.opened_at, c.case_id"), &[coverage.into()], read)
}

/// Open cases, the oldest first.
pub(crate) fn open(tx: &mut Tx<'_>, limit: usize) -> Result<Vec<Case>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(cases!("where e.case_id is null order by c.opened_at, c.case_id limit $1"), &[limit.into()], read)
}

fn read(row: &Row<'_>) -> Result<Case> {
    let outcome = row.opt_text(4)?;
    let known = |word: String| {
        Outcome::parse(&word).ok_or_else(|| Error::broken("a stored case has an unknown outcome"))
    };
    Ok(Case {
        id: row.id(0)?,
        coverage: row.id(1)?,
        person: row.id(2)?,
        opened_at: row.instant(3)?,
        outcome: outcome.map(known).transpose()?,
    })
}

pub(crate) fn insert(tx: &mut Tx<'_>, case: &Case, kind: &str) -> Result<()> {
    tx.save(
        "insert into registration_case (case_id, coverage, person, opened_at, kind) values ($1, $2, $3, $4, $5)",
        &[case.id.into(), case.coverage.into(), case.person.into(), case.opened_at.into(), kind.into()],
    )
}

pub(crate) fn insert_end(
    tx: &mut Tx<'_>,
    case: Id<kinds::Case>,
    at: Instant,
    outcome: Outcome,
) -> Result<()> {
    tx.save(
        "insert into registration_case_end (case_id, at, outcome) values ($1, $2, $3)",
        &[case.into(), at.into(), outcome.word().into()],
    )
}
