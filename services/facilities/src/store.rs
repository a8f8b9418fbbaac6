//! SQL for facilities' entries and terminals.
//!
//! Always holds: entries are only inserted; of a facility the row with the highest revision stands.
//! Not here: what the rows mean (`rules`).
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use crate::rules::{Facility, FacilityEntry, Kind, NewTerminal, State, Terminal};
use ::store::{Row, Tx};
use base::{Date, Error, FacilityCode, Id, Instant, Result, kinds};

/// The columns of a standing entry, and what makes it the standing one.
macro_rules! standing {
    ($which:literal) => {
        concat!(
            "select e.facility, e.revision, e.code, e.name, e.kind, e.postcode, e.address, e.pre_operation_from,
                e.operates_from, e.closes_on
             from facility_entry e
             where e.revision = (select max(newest.revision) from facility_entry newest
                where newest.facility = e.facility) and ",
            $which
        )
    };
}

pub(crate) fn by_id(tx: &mut Tx<'_>, id: Id<kinds::Facility>) -> Result<Option<Facility>> {
    tx.row(standing!("e.facility = $1"), &[id.into()], facility)
}

pub(crate) fn by_code(tx: &mut Tx<'_>, code: &FacilityCode) -> Result<Option<Facility>> {
    tx.row(standing!("e.code = $1"), &[code.as_str().into()], facility)
}

pub(crate) fn after(tx: &mut Tx<'_>, after: Option<&FacilityCode>, limit: usize) -> Result<Vec<Facility>> {
    let after = after.map_or("", |code| code.as_str());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(standing!("e.code > $1 order by e.code limit $2"), &[after.into(), limit.into()], facility)
}

/// Those whose code begins so.
pub(crate) fn with_code(
    tx: &mut Tx<'_>,
    begins: &str,
    after: Option<&FacilityCode>,
    limit: usize,
) -> Result<Vec<Facility>> {
    let after = after.map_or("", |code| code.as_str());
    let end = format!("{begins}:"); // the sign after 9
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(
        standing!("e.code > $1 and e.code >= $2 and e.code < $3 order by e.code limit $4"),
        &[after.into(), begins.into(), (&end).into(), limit.into()],
        facility,
    )
}

/// Those whose name has this in it.
pub(crate) fn with_name(
    tx: &mut Tx<'_>,
    part: &str,
    after: Option<&FacilityCode>,
    limit: usize,
) -> Result<Vec<Facility>> {
    let after = after.map_or("", |code| code.as_str());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(
        standing!("e.code > $1 and replace(e.name, $2, '') <> e.name order by e.code limit $3"),
        &[after.into(), part.into(), limit.into()],
        facility,
    )
}

fn facility(row: &Row<'_>) -> Result<Facility> {
    let code = row.text(2)?;
    let kind = row.text(4)?;
    Ok(Facility {
        id: row.id(0)?,
        revision: row.int(1)?,
        entry: FacilityEntry {
            code: FacilityCode::parse(&code)
                .map_err(|_| Error::broken("a stored facility code does not read back"))?,
            name: row.text(3)?,
            kind: Kind::parse(&kind)
                .ok_or_else(|| Error::broken("a stored facility is of an unknown kind"))?,
            postcode: row.opt_text(5)?,
            address: row.opt_text(6)?,
            pre_operation_from: row.opt_date(7)?,
            operates_from: row.opt_date(8)?,
            closes_on: row.opt_date(9)?,
        },
    })
}

/// Facilities by kind and by their dates' state on a day, as `rules::state` says it (S1 r9).
pub(crate) fn figures(tx: &mut Tx<'_>, day: Date) -> Result<Vec<(Kind, State, i64)>> {
    tx.rows(
        "select each.kind, each.state, count(*) from (
            select e.kind as kind, cast(case
                when e.closes_on <= $1 then 3
                when e.operates_from <= $1 then 2
                when e.pre_operation_from <= $1 then 1
                else 0 end as bigint) as state
            from facility_entry e
            where not exists (select 1 from facility_entry newer
                where newer.facility = e.facility and newer.revision > e.revision)
         ) as each group by each.kind, each.state order by each.kind, each.state",
        &[day.into()],
        |row| {
            let kind = Kind::parse(&row.text(0)?)
                .ok_or_else(|| Error::broken("a stored facility is of an unknown kind"))?;
            Ok((kind, row.coded(1, State::from_code)?, row.int(2)?))
        },
    )
}

pub(crate) fn insert_entry(tx: &mut Tx<'_>, id: Id<kinds::Facility>, entry: &FacilityEntry) -> Result<()> {
    let revision = tx.revision()?;
    tx.save(
        "insert into facility_entry (facility, revision, code, name, kind, postcode, address, pre_operation_from,
            operates_from, closes_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            id.into(),
            revision.into(),
            entry.code.as_str().into(),
            (&entry.name).into(),
            entry.kind.word().into(),
            entry.postcode.as_ref().into(),
            entry.address.as_ref().into(),
            entry.pre_operation_from.into(),
            entry.operates_from.into(),
            entry.closes_on.into(),
        ],
    )
}

macro_rules! terminals {
    ($which:literal) => {
        concat!(
            "select terminal, facility, label, fingerprint, admitted_at, expires_at, barred_at
             from facility_terminal where ",
            $which
        )
    };
}

pub(crate) fn terminal_by_id(tx: &mut Tx<'_>, id: Id<kinds::Terminal>) -> Result<Option<Terminal>> {
    tx.row(terminals!("terminal = $1"), &[id.into()], terminal)
}

pub(crate) fn terminal_by_fingerprint(tx: &mut Tx<'_>, fingerprint: &[u8; 32]) -> Result<Option<Terminal>> {
    tx.row(terminals!("fingerprint = $1"), &[fingerprint.into()], terminal)
}

pub(crate) fn terminals(tx: &mut Tx<'_>, facility: Id<kinds::Facility>) -> Result<Vec<Terminal>> {
    tx.rows(
        terminals!("facility = $1 order by admitted_at desc, terminal desc"),
        &[facility.into()],
        terminal,
    )
}

fn terminal(row: &Row<'_>) -> Result<Terminal> {
    Ok(Terminal {
        id: row.id(0)?,
        facility: row.id(1)?,
        label: row.text(2)?,
        fingerprint: row.bytes(3)?,
        admitted_at: row.instant(4)?,
        expires_at: row.instant(5)?,
        barred_at: row.opt_int(6)?.map(Instant::from_ms),
    })
}

pub(crate) fn insert_terminal(
    tx: &mut Tx<'_>,
    id: Id<kinds::Terminal>,
    new: &NewTerminal,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into facility_terminal (terminal, facility, label, fingerprint, admitted_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        &[
            id.into(),
            new.facility.into(),
            (&new.label).into(),
            (&new.fingerprint).into(),
            now.into(),
            new.expires_at.into(),
        ],
    )
}

pub(crate) fn bar_terminal(tx: &mut Tx<'_>, id: Id<kinds::Terminal>, now: Instant) -> Result<()> {
    tx.save("update facility_terminal set barred_at = $2 where terminal = $1", &[id.into(), now.into()])
}
