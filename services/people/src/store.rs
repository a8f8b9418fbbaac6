//! SQL for people's attributes and for the one table that holds My Numbers.
//!
//! Always holds: rows are only inserted; no statement reads a My Number back.
//! Not here: comparing (`rules`).

use crate::rules::{Attributes, Figure};
use ::store::{Row, Tx};
use base::{BirthDate, Date, Id, MyNumber, PersonName, Result, Sex, kinds};

pub(crate) fn person_of(tx: &mut Tx<'_>, number: &MyNumber) -> Result<Option<Id<kinds::Person>>> {
    tx.row("select person from people_number where my_number = $1", &[number.reveal().into()], |row| {
        row.id(0)
    })
}

pub(crate) fn insert_number(tx: &mut Tx<'_>, person: Id<kinds::Person>, number: &MyNumber) -> Result<()> {
    let revision = tx.revision()?;
    tx.save(
        "insert into people_number (person, my_number, revision) values ($1, $2, $3)",
        &[person.into(), number.reveal().into(), revision.into()],
    )
}

pub(crate) fn attributes(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Option<Attributes>> {
    tx.row(
        "select name, kana, birth, sex, postcode, address from people_entry where person = $1
         order by revision desc limit 1",
        &[person.into()],
        read,
    )
}

/// The person with a number and the attributes that stand.
pub(crate) fn known(
    tx: &mut Tx<'_>,
    number: &MyNumber,
) -> Result<Option<(Id<kinds::Person>, Option<Attributes>)>> {
    tx.row(
        "select e.name, e.kana, e.birth, e.sex, e.postcode, e.address, n.person from people_number n
         left join people_entry e on e.person = n.person and e.revision =
            (select max(newest.revision) from people_entry newest where newest.person = n.person)
         where n.my_number = $1",
        &[number.reveal().into()],
        |row| {
            let has_attributes = row.opt_text(0)?.is_some();
            Ok((row.id(6)?, has_attributes.then(|| read(row)).transpose()?))
        },
    )
}

/// Everybody whose standing attributes have this birth date.
pub(crate) fn born_on(tx: &mut Tx<'_>, birth: BirthDate) -> Result<Vec<(Id<kinds::Person>, Attributes)>> {
    tx.rows(
        "select e.name, e.kana, e.birth, e.sex, e.postcode, e.address, e.person from people_entry e
         where e.birth = $1 and not exists
            (select 1 from people_entry newer where newer.person = e.person and newer.revision > e.revision)
         order by e.person",
        &[birth.into()],
        |row| Ok((row.id(6)?, read(row)?)),
    )
}

/// Everybody by five years of full age on a day and by sex. A birth date whose month or day is unknown has zeros there,
/// so it counts as come.
pub(crate) fn figures(tx: &mut Tx<'_>, day: Date) -> Result<Vec<Figure>> {
    tx.rows(
        "select each.band, each.sex, count(*) from (
            select ($1 - e.birth) / 50000 as band, e.sex as sex from people_entry e
            where not exists (select 1 from people_entry newer
                where newer.person = e.person and newer.revision > e.revision)
         ) as each group by each.band, each.sex order by each.band, each.sex",
        &[day.into()],
        |row| {
            Ok(Figure { age_from: row.int(0)? * 5, sex: row.coded(1, Sex::from_code)?, people: row.int(2)? })
        },
    )
}

fn read(row: &Row<'_>) -> Result<Attributes> {
    Ok(Attributes {
        name: PersonName { written: row.text(0)?, kana: row.text(1)? },
        birth: row.birth(2)?,
        sex: row.coded(3, Sex::from_code)?,
        postcode: row.opt_text(4)?,
        address: row.opt_text(5)?,
    })
}

pub(crate) fn insert_attributes(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    attributes: &Attributes,
) -> Result<()> {
    let revision = tx.revision()?;
    tx.save(
        "insert into people_entry (person, revision, name, kana, birth, sex, postcode, address)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            person.into(),
            revision.into(),
            (&attributes.name.written).into(),
            (&attributes.name.kana).into(),
            attributes.birth.into(),
            attributes.sex.code().into(),
            attributes.postcode.as_ref().into(),
            attributes.address.as_ref().into(),
        ],
    )
}
