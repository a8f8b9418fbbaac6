//! SQL for entries, facts and insurers' names.
//!
//! Always holds: a question is one statement, so that on PostgreSQL too it is one snapshot and one turn of the line;
//! rows are only inserted, but for the list of coverages without a link, which follows from the facts.
//! Not here: what the rows mean (`rules`).

use crate::rules::{Ask, Entry, Fact, Found, LinkState, NewEntry, NewFact, Relation, Stands, What};
use ::store::{Row, Tx, Value};
use base::{BranchNumber, Date, Error, Id, InsurerNumber, PersonName, Result, Sex, canonical_key, kinds};

/// Every question reads the same columns of the same three branches (entries, facts, the newest revision) for the
/// coverages that `$mine` names. `cross join` makes SQLite begin with those few: left to choose, it read every fact for one
/// coverage.
macro_rules! question {
    ($mine:literal) => {
        concat!(
            "with mine as (",
            $mine,
            ")
            select cast(1 as bigint), e.entry, e.coverage, e.revision, e.replaces,
                e.insurer_number, e.symbol, e.number, e.card_class, e.insured_name, e.name, e.kana, e.other_name,
                e.other_kana, e.postcode, e.address,
                (select i.name from coverage_insurer i where i.insurer_number = e.insurer_number
                    order by i.revision desc limit 1),
                e.branch, e.relation, e.sex, e.birth, e.qualified_on, e.issued_on, e.card_from, e.card_until
            from mine cross join coverage_entry e where e.coverage = mine.coverage
            union all
            select cast(2 as bigint), f.fact, f.coverage, f.revision, f.replaces,
                f.kind, f.class, f.code, f.facility_code, f.label, null, null, null,
                null, null, null, null,
                f.person, f.amount, f.starts_on, f.ends_on, f.issued_on, f.long_term_on, null, null
            from mine cross join coverage_fact f where f.coverage = mine.coverage
            union all
            select cast(3 as bigint), max(revision), cast(0 as bigint), cast(0 as bigint), null,
                null, null, null, null, null, null, null, null,
                null, null, null, null,
                null, null, null, null, null, null, null, null
            from store_revision"
        )
    };
}

/// The coverages with these numbers, and every other coverage of the same people.
pub(crate) const BY_NUMBERS: &str = question!(
    "select hit.coverage from coverage_entry hit
        where hit.number_key = $1 and hit.insurer_number = $2 and hit.symbol_key = $3
     union
     select theirs.coverage from coverage_entry hit
        join coverage_fact link on link.coverage = hit.coverage and link.person is not null
        join coverage_fact theirs on theirs.person = link.person
        where hit.number_key = $1 and hit.insurer_number = $2 and hit.symbol_key = $3"
);
/// One coverage, and every other one of the same people.
pub(crate) const BY_COVERAGE: &str = question!(
    "select hit.coverage from coverage_entry hit where hit.coverage = $1
     union
     select theirs.coverage from coverage_entry hit
        join coverage_fact link on link.coverage = hit.coverage and link.person is not null
        join coverage_fact theirs on theirs.person = link.person
        where hit.coverage = $1"
);
/// One coverage alone.
pub(crate) const ALONE: &str = question!("select cast($1 as bigint) as coverage");
/// Every coverage that was ever linked to a person.
pub(crate) const BY_PERSON: &str =
    question!("select distinct f.coverage from coverage_fact f where f.person = $1");

pub(crate) fn by_numbers(tx: &mut Tx<'_>, ask: &Ask) -> Result<Found> {
    let params = [Value::from(&ask.number_key), ask.insurer.as_str().into(), (&ask.symbol_key).into()];
    gather(tx, BY_NUMBERS, &params)
}

pub(crate) fn by_coverage(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<Found> {
    gather(tx, BY_COVERAGE, &[coverage.into()])
}

pub(crate) fn alone(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<Found> {
    gather(tx, ALONE, &[coverage.into()])
}

pub(crate) fn by_person(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Found> {
    gather(tx, BY_PERSON, &[person.into()])
}

fn gather(tx: &mut Tx<'_>, sql: &'static str, params: &[Value<'_>]) -> Result<Found> {
    let (mut entries, mut facts, mut revision) = (Vec::new(), Vec::new(), 0);
    tx.rows(sql, params, |row| {
        match row.int(0)? {
            1 => entries.push(entry(row)?),
            2 => facts.push(fact(row)?),
            _ => revision = row.opt_int(1)?.unwrap_or(0),
        }
        Ok(())
    })?;
    Ok(Found { revision, entries, facts })
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    let number = row.text(5)?;
    let other = (row.opt_text(12)?, row.opt_text(13)?);
    Ok(Entry {
        id: row.id(1)?,
        coverage: row.id(2)?,
        revision: row.int(3)?,
        replaces: row.opt_id(4)?,
        insurer_name: row.opt_text(16)?.unwrap_or_default(),
        new: NewEntry {
            insurer: InsurerNumber::parse(&number)
                .map_err(|_| Error::broken("a stored insurer number does not read back"))?,
            symbol: row.opt_text(6)?,
            number: row.text(7)?,
            branch: row.opt_int(17)?.and_then(BranchNumber::from_number),
            card_class: row.text(8)?,
            relation: row.opt_int(18)?.and_then(Relation::from_code),
            insured_name: row.opt_text(9)?,
            name: PersonName { written: row.text(10)?, kana: row.text(11)? },
            other_name: other.0.map(|written| PersonName { written, kana: other.1.unwrap_or_default() }),
            sex: row.coded(19, Sex::from_code)?,
            birth: row.birth(20)?,
            postcode: row.opt_text(14)?,
            address: row.opt_text(15)?,
            qualified_on: row.date(21)?,
            issued_on: row.opt_date(22)?,
            card_from: row.opt_date(23)?,
            card_until: row.opt_date(24)?,
        },
    })
}

fn fact(row: &Row<'_>) -> Result<Fact> {
    let text = |column| row.opt_text(column).map(Option::unwrap_or_default);
    let amount = row.opt_int(18)?;
    let missing = || Error::broken("a stored fact lacks its amount");
    let what = match row.text(5)?.as_str() {
        "link" => What::Link {
            person: row.id(17)?,
            state: LinkState::parse(&text(7)?).ok_or_else(|| Error::broken("a link has an unknown state"))?,
        },
        "loss" => What::Loss { reason: text(7)? },
        "rate" => What::Rate { percent: amount.ok_or_else(missing)? },
        "elderly" => What::Elderly { percent: amount.ok_or_else(missing)? },
        "limit" => What::Limit { class: text(6)?, flag: text(7)?, long_term_on: row.opt_date(22)? },
        "disease" => What::Disease { category: text(7)?, self_pay: amount.ok_or_else(missing)? },
        "ticket" => What::Ticket {
            kind: text(6)?,
            treatment: text(7)?,
            facility: text(8)?,
            number: text(9)?,
            self_pay: amount.ok_or_else(missing)?,
        },
        "withheld" => What::Withheld,
        "nothing" => What::Nothing,
        _ => return Err(Error::broken("a stored fact is of an unknown kind")),
    };
    Ok(Fact {
        id: row.id(1)?,
        coverage: row.id(2)?,
        revision: row.int(3)?,
        replaces: row.opt_id(4)?,
        new: NewFact {
            what,
            starts_on: row.opt_date(19)?,
            ends_on: row.opt_date(20)?,
            issued_on: row.opt_date(21)?,
        },
    })
}

/// Links in doubt have an index of their own, and coverages without a link a list: so this does not read what is sure.
pub(crate) fn count_held(tx: &mut Tx<'_>) -> Result<i64> {
    let counts = tx.row(
        "select count(*) from (
            select f.coverage from coverage_fact f where f.kind = 'link' and f.code <> 'verified'
                and not exists (select 1 from coverage_fact newer
                    where newer.coverage = f.coverage and newer.replaces = f.fact)
            union
            select coverage from coverage_unlinked
         ) as held",
        &[],
        |row| row.int(0),
    )?;
    Ok(counts.unwrap_or(0))
}

/// Lists a coverage as one without a standing link.
pub(crate) fn list_unlinked(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<()> {
    tx.save(
        "insert into coverage_unlinked (coverage) values ($1) on conflict (coverage) do nothing",
        &[coverage.into()],
    )
}

/// Lists a coverage as one without a standing link, if it has none.
pub(crate) fn list_if_unlinked(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<()> {
    tx.save(
        "insert into coverage_unlinked (coverage) select cast($1 as bigint) where not exists
            (select 1 from coverage_fact f where f.coverage = $1 and f.kind = 'link' and not exists
                (select 1 from coverage_fact newer
                    where newer.coverage = f.coverage and newer.replaces = f.fact))
         on conflict (coverage) do nothing",
        &[coverage.into()],
    )
}

/// Takes a coverage off that list: it has a link now.
pub(crate) fn strike_unlinked(tx: &mut Tx<'_>, coverage: Id<kinds::Coverage>) -> Result<()> {
    tx.save("delete from coverage_unlinked where coverage = $1", &[coverage.into()])
}

/// Coverages by insurer and by how they stand on a day, in one pass over the facts. It says the same as
/// `rules::Story::standing` (S1 r3, r8; S5 r2), which a test compares; a story each would have to be read for that.
pub(crate) fn figures(tx: &mut Tx<'_>, day: Date) -> Result<Vec<(InsurerNumber, Stands, i64)>> {
    tx.rows(
        "with standing as (
            select f.coverage as coverage,
                max(case when f.kind = 'link' and f.code = 'verified' then 1 else 0 end) as linked,
                max(case when f.kind = 'link' and f.code <> 'verified' then 1 else 0 end) as doubted,
                max(case when f.kind = 'loss' and f.starts_on <= $1 then 1 else 0 end) as lost
            from coverage_fact f
            where f.kind in ('link', 'loss') and not exists (select 1 from coverage_fact newer
                where newer.coverage = f.coverage and newer.replaces = f.fact)
            group by f.coverage
         )
         select each.insurer_number, each.stands, count(*) from (
            select e.insurer_number as insurer_number, case
                when s.linked is null or s.linked = 0 or s.doubted = 1 then 'held'
                when s.lost = 1 then 'lost'
                when e.qualified_on > $1 then 'not-yet'
                else 'valid' end as stands
            from coverage_entry e left join standing s on s.coverage = e.coverage
            where not exists (select 1 from coverage_entry newer
                where newer.coverage = e.coverage and newer.replaces = e.entry)
         ) as each group by each.insurer_number, each.stands order by each.insurer_number, each.stands",
        &[day.into()],
        |row| {
            let insurer = InsurerNumber::parse(&row.text(0)?)
                .map_err(|_| Error::broken("a stored insurer number does not read back"))?;
            let stands = Stands::parse(&row.text(1)?)
                .ok_or_else(|| Error::broken("a count of an unknown standing"))?;
            Ok((insurer, stands, row.int(2)?))
        },
    )
}

pub(crate) fn insurer_name(tx: &mut Tx<'_>, number: &InsurerNumber) -> Result<Option<String>> {
    tx.row(
        "select name from coverage_insurer where insurer_number = $1 order by revision desc limit 1",
        &[number.as_str().into()],
        |row| row.text(0),
    )
}

pub(crate) fn insert_insurer(tx: &mut Tx<'_>, number: &InsurerNumber, name: &str) -> Result<()> {
    let revision = tx.revision()?;
    tx.save(
        "insert into coverage_insurer (insurer_number, revision, name) values ($1, $2, $3)",
        &[number.as_str().into(), revision.into(), name.into()],
    )
}

pub(crate) fn insert_entry(
    tx: &mut Tx<'_>,
    id: Id<kinds::Entry>,
    coverage: Id<kinds::Coverage>,
    replaces: Option<Id<kinds::Entry>>,
    new: &NewEntry,
) -> Result<()> {
    let revision = tx.revision()?;
    tx.save(
        "insert into coverage_entry (entry, coverage, revision, replaces, insurer_number, symbol, number, branch,
            symbol_key, number_key, card_class, relation, insured_name, name, kana, other_name, other_kana, sex, birth,
            postcode, address, qualified_on, issued_on, card_from, card_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25)",
        &[
            id.into(),
            coverage.into(),
            revision.into(),
            replaces.into(),
            new.insurer.as_str().into(),
            new.symbol.as_ref().into(),
            (&new.number).into(),
            new.branch.map(BranchNumber::as_number).into(),
            new.symbol_key().into(),
            canonical_key(&new.number).into(),
            (&new.card_class).into(),
            new.relation.map(Relation::code).into(),
            new.insured_name.as_ref().into(),
            (&new.name.written).into(),
            (&new.name.kana).into(),
            new.other_name.as_ref().map(|name| &name.written).into(),
            new.other_name.as_ref().map(|name| &name.kana).into(),
            new.sex.code().into(),
            new.birth.into(),
            new.postcode.as_ref().into(),
            new.address.as_ref().into(),
            new.qualified_on.into(),
            new.issued_on.into(),
            new.card_from.into(),
            new.card_until.into(),
        ],
    )
}

/// The columns in which a kind of fact keeps what it says.
#[derive(Default)]
struct Columns<'c> {
    person: Option<i64>,
    class: Option<&'c str>,
    code: Option<&'c str>,
    amount: Option<i64>,
    long_term_on: Option<i64>,
    facility: Option<&'c str>,
    label: Option<&'c str>,
}

fn columns(what: &What) -> Columns<'_> {
    let none = Columns::default();
    match what {
        What::Link { person, state } => {
            Columns { person: Some(person.raw()), code: Some(state.word()), ..none }
        }
        What::Loss { reason } => Columns { code: Some(reason), ..none },
        What::Rate { percent } | What::Elderly { percent } => Columns { amount: Some(*percent), ..none },
        What::Limit { class, flag, long_term_on } => Columns {
            class: Some(class),
            code: Some(flag),
            long_term_on: long_term_on.map(base::Date::as_number),
            ..none
        },
        What::Disease { category, self_pay } => {
            Columns { code: Some(category), amount: Some(*self_pay), ..none }
        }
        What::Ticket { kind, treatment, facility, number, self_pay } => Columns {
            class: Some(kind),
            code: Some(treatment),
            facility: Some(facility),
            label: Some(number),
            amount: Some(*self_pay),
            ..none
        },
        What::Withheld | What::Nothing => none,
    }
}

pub(crate) fn insert_fact(
    tx: &mut Tx<'_>,
    id: Id<kinds::Fact>,
    coverage: Id<kinds::Coverage>,
    replaces: Option<Id<kinds::Fact>>,
    new: &NewFact,
) -> Result<()> {
    let revision = tx.revision()?;
    let columns = columns(&new.what);
    tx.save(
        "insert into coverage_fact (fact, coverage, revision, replaces, kind, person, starts_on, ends_on, issued_on,
            class, code, amount, long_term_on, facility_code, label)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &[
            id.into(),
            coverage.into(),
            revision.into(),
            replaces.into(),
            new.what.word().into(),
            columns.person.into(),
            new.starts_on.into(),
            new.ends_on.into(),
            new.issued_on.into(),
            columns.class.into(),
            columns.code.into(),
            columns.amount.into(),
            columns.long_term_on.into(),
            columns.facility.into(),
            columns.label.into(),
        ],
    )
}
