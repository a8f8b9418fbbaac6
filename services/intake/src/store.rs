//! SQL for offices and their deliveries.
//!
//! Always holds: a delivery moves in the transaction that records its lines.
//! Not here: what may follow on what (`rules`); what the lines say.
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use crate::{
    jobs::Problem,
    refusals,
    rules::{Counts, Delivery, NewOffice, Office},
};
use ::store::{Row, Tx};
use base::{Error, Id, Instant, InsurerNumber, Result, kinds};
use formats::feed;

macro_rules! offices {
    ($which:literal) => {
        concat!(
            "select office, kind, label, insurer_number, fingerprint, admitted_at, expires_at, barred_at
             from intake_office ",
            $which
        )
    };
}

pub(crate) fn office_by_id(tx: &mut Tx<'_>, id: Id<kinds::Office>) -> Result<Option<Office>> {
    tx.row(offices!("where office = $1"), &[id.into()], office)
}

pub(crate) fn office_by_fingerprint(tx: &mut Tx<'_>, fingerprint: &[u8; 32]) -> Result<Option<Office>> {
    tx.row(offices!("where fingerprint = $1"), &[fingerprint.into()], office)
}

pub(crate) fn offices(tx: &mut Tx<'_>, limit: usize) -> Result<Vec<Office>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(offices!("order by admitted_at desc, office desc limit $1"), &[limit.into()], office)
}

fn kind(word: &str) -> Result<feed::Office> {
    feed::Office::parse(word).ok_or_else(|| Error::broken("a stored office is of an unknown kind"))
}

fn office(row: &Row<'_>) -> Result<Office> {
    let insurer = row.opt_text(3)?.map(|number| InsurerNumber::parse(&number)).transpose();
    Ok(Office {
        id: row.id(0)?,
        new: NewOffice {
            kind: kind(&row.text(1)?)?,
            label: row.text(2)?,
            insurer: insurer.map_err(|_| Error::broken("a stored insurer number does not read back"))?,
            fingerprint: row.bytes(4)?,
            expires_at: row.instant(6)?,
        },
        admitted_at: row.instant(5)?,
        barred_at: row.opt_int(7)?.map(Instant::from_ms),
    })
}

pub(crate) fn insert_office(
    tx: &mut Tx<'_>,
    id: Id<kinds::Office>,
    new: &NewOffice,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into intake_office (office, kind, label, insurer_number, fingerprint, admitted_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        &[
            id.into(),
            new.kind.word().into(),
            (&new.label).into(),
            new.insurer.as_ref().map(InsurerNumber::as_str).into(),
            (&new.fingerprint).into(),
            now.into(),
            new.expires_at.into(),
        ],
    )
}

pub(crate) fn bar_office(tx: &mut Tx<'_>, id: Id<kinds::Office>, now: Instant) -> Result<()> {
    tx.save("update intake_office set barred_at = $2 where office = $1", &[id.into(), now.into()])
}

pub(crate) fn delivery(tx: &mut Tx<'_>, office: i64, name: &str) -> Result<Option<Delivery>> {
    tx.row(
        "select kind, lines, digest, taken, unchanged, held, refused, started_at, moved_at, finished_at
         from intake_delivery where office = $1 and delivery = $2",
        &[office.into(), name.into()],
        |row| {
            let count = |column| row.int(column).map(|count| u64::try_from(count).unwrap_or_default());
            Ok(Delivery {
                kind: kind(&row.text(0)?)?,
                lines: count(1)?,
                digest: row.bytes(2)?,
                counts: Counts {
                    taken: count(3)?,
                    unchanged: count(4)?,
                    held: count(5)?,
                    refused: count(6)?,
                },
                started_at: row.instant(7)?,
                moved_at: row.instant(8)?,
                finished_at: row.opt_int(9)?.map(Instant::from_ms),
            })
        },
    )
}

pub(crate) fn put_delivery(tx: &mut Tx<'_>, office: i64, name: &str, now: &Delivery) -> Result<()> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    tx.save(
        "insert into intake_delivery (office, delivery, kind, lines, digest, taken, unchanged, held, refused, started_at,
            moved_at, finished_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (office, delivery) do update set lines = $4, digest = $5, taken = $6, unchanged = $7, held = $8,
            refused = $9, moved_at = $11, finished_at = $12",
        &[
            office.into(),
            name.into(),
            now.kind.word().into(),
            count(now.lines).into(),
            (&now.digest).into(),
            count(now.counts.taken).into(),
            count(now.counts.unchanged).into(),
            count(now.counts.held).into(),
            count(now.counts.refused).into(),
            now.started_at.into(),
            now.moved_at.into(),
            now.finished_at.map(Instant::ms).into(),
        ],
    )
}

pub(crate) fn insert_problem(tx: &mut Tx<'_>, office: i64, name: &str, problem: &Problem) -> Result<()> {
    tx.save(
        "insert into intake_problem (office, delivery, line, field, code) values ($1, $2, $3, $4, $5)",
        &[
            office.into(),
            name.into(),
            i64::try_from(problem.line).unwrap_or(i64::MAX).into(),
            (&problem.field).into(),
            problem.help.code.into(),
        ],
    )
}

pub(crate) fn problems(tx: &mut Tx<'_>, office: i64, name: &str) -> Result<Vec<Problem>> {
    tx.rows(
        "select line, field, code from intake_problem where office = $1 and delivery = $2 order by line",
        &[office.into(), name.into()],
        |row| {
            let help = refusals::of_code(&row.text(2)?);
            Ok(Problem {
                line: u64::try_from(row.int(0)?).unwrap_or_default(),
                field: row.text(1)?,
                help: help.ok_or_else(|| Error::broken("a stored problem has an unknown code"))?,
            })
        },
    )
}
