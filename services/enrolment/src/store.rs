//! SQL for events of enrolment.
//!
//! Always holds: rows are only inserted; of a person the row with the highest sequence stands.
//! Not here: what the rows mean (`rules`).
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use crate::rules::{Channel, Enrolment, Event, Kind};
use ::store::{Row, Tx};
use base::{Error, Id, Result, kinds};

pub(crate) fn newest(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Option<Event>> {
    tx.row(
        "select person, sequence, at, kind, channel, terms from enrolment_event
         where person = $1 order by sequence desc limit 1",
        &[person.into()],
        event,
    )
}

/// Standing enrolments by the channel through which they came.
pub(crate) fn figures(tx: &mut Tx<'_>) -> Result<Vec<(Channel, i64)>> {
    tx.rows(
        "select e.channel, count(*) from enrolment_event e
         where e.kind = 'enrolled' and not exists (select 1 from enrolment_event newer
            where newer.person = e.person and newer.sequence > e.sequence)
         group by e.channel order by e.channel",
        &[],
        |row| {
            let channel = Channel::parse(&row.text(0)?)
                .ok_or_else(|| Error::broken("a stored enrolment has an unknown channel"))?;
            Ok((channel, row.int(1)?))
        },
    )
}

fn event(row: &Row<'_>) -> Result<Event> {
    let unknown = |what: &str| Error::broken(format!("a stored enrolment has an unknown {what}"));
    Ok(Event {
        sequence: row.int(1)?,
        kind: Kind::parse(&row.text(3)?).ok_or_else(|| unknown("kind"))?,
        enrolment: Enrolment {
            person: row.id(0)?,
            at: row.instant(2)?,
            channel: Channel::parse(&row.text(4)?).ok_or_else(|| unknown("channel"))?,
            terms: row.text(5)?,
        },
    })
}

pub(crate) fn insert(tx: &mut Tx<'_>, event: &Event) -> Result<()> {
    let enrolment = &event.enrolment;
    tx.save(
        "insert into enrolment_event (person, sequence, at, kind, channel, terms) values ($1, $2, $3, $4, $5, $6)",
        &[
            enrolment.person.into(),
            event.sequence.into(),
            enrolment.at.into(),
            event.kind.word().into(),
            enrolment.channel.word().into(),
            (&enrolment.terms).into(),
        ],
    )
}
