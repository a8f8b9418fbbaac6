//! SQL for certificates and what happened to them.
//!
//! Always holds: a certificate and its newest event are read by one statement; rows are only inserted.
//! Not here: what may follow on what (`rules`): no event is written after a revocation, so the newest one stands.
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use crate::rules::{Channel, Known, NewCertificate, Reason, Serial, Source, Stands, State};
use ::store::{Row, Tx};
use base::{Error, Id, Instant, Result, kinds};

macro_rules! known {
    ($which:literal) => {
        concat!(
            "select c.certificate, c.person, c.source, c.valid_from, c.valid_until, c.recorded_at, c.succeeds, e.kind,
                e.at, e.reason
             from card_certificate c
             left join card_event e on e.certificate = c.certificate
                and e.sequence = (select max(newest.sequence) from card_event newest
                    where newest.certificate = c.certificate)
             where ",
            $which
        )
    };
}

pub(crate) fn by_serial(tx: &mut Tx<'_>, serial: &Serial) -> Result<Option<Known>> {
    tx.row(known!("c.serial = $1"), &[serial.as_bytes().into()], known)
}

pub(crate) fn by_id(tx: &mut Tx<'_>, certificate: Id<kinds::Certificate>) -> Result<Option<Known>> {
    tx.row(known!("c.certificate = $1"), &[certificate.into()], known)
}

pub(crate) fn of_person(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Vec<Known>> {
    tx.rows(known!("c.person = $1 order by c.recorded_at desc, c.certificate desc"), &[person.into()], known)
}

/// Certificates by where they are and how they stand at an instant.
pub(crate) fn figures(tx: &mut Tx<'_>, now: Instant) -> Result<Vec<(Source, Stands, i64)>> {
    tx.rows(
        "select each.source, each.stands, count(*) from (
            select c.source as source, case
                when e.kind = 'revoked' then 'revoked'
                when c.valid_until < $1 then 'expired'
                when e.kind = 'held' then 'held'
                else 'live' end as stands
            from card_certificate c
            left join card_event e on e.certificate = c.certificate and not exists (select 1 from card_event newer
                where newer.certificate = e.certificate and newer.sequence > e.sequence)
         ) as each group by each.source, each.stands order by each.source, each.stands",
        &[now.into()],
        |row| {
            let unknown = |what: &str| Error::broken(format!("a count of certificates has an unknown {what}"));
            let source = Source::parse(&row.text(0)?).ok_or_else(|| unknown("source"))?;
            Ok((source, Stands::parse(&row.text(1)?).ok_or_else(|| unknown("standing"))?, row.int(2)?))
        },
    )
}

fn known(row: &Row<'_>) -> Result<Known> {
    Ok(Known {
        certificate: row.id(0)?,
        person: row.id(1)?,
        source: Source::parse(&row.text(2)?)
            .ok_or_else(|| Error::broken("a stored certificate has an unknown source"))?,
        valid_from: row.instant(3)?,
        valid_until: row.instant(4)?,
        recorded_at: row.instant(5)?,
        state: state(row)?,
        succeeds: row.opt_id(6)?,
    })
}

fn state(row: &Row<'_>) -> Result<State> {
    match row.opt_text(7)?.as_deref() {
        None | Some("lifted") => Ok(State::Live),
        Some("held") => Ok(State::Held { since: row.instant(8)? }),
        Some("revoked") => Ok(State::Revoked {
            at: row.instant(8)?,
            reason: Reason::parse(&row.text(9)?)
                .ok_or_else(|| Error::broken("a stored revocation has an unknown reason"))?,
        }),
        Some(_) => Err(Error::broken("a stored event of a certificate is of an unknown kind")),
    }
}

pub(crate) fn insert_certificate(
    tx: &mut Tx<'_>,
    id: Id<kinds::Certificate>,
    new: &NewCertificate,
    person: Id<kinds::Person>,
    succeeds: Option<Id<kinds::Certificate>>,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into card_certificate (certificate, serial, person, source, succeeds, valid_from, valid_until,
            recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            new.serial.as_bytes().into(),
            person.into(),
            new.source.word().into(),
            succeeds.into(),
            new.valid_from.into(),
            new.valid_until.into(),
            now.into(),
        ],
    )
}

pub(crate) fn insert_hold(
    tx: &mut Tx<'_>,
    id: Id<kinds::Certificate>,
    channel: Channel,
    now: Instant,
) -> Result<()> {
    insert_event(tx, id, "held", "", channel, now)
}

pub(crate) fn insert_lift(
    tx: &mut Tx<'_>,
    id: Id<kinds::Certificate>,
    channel: Channel,
    now: Instant,
) -> Result<()> {
    insert_event(tx, id, "lifted", "", channel, now)
}

pub(crate) fn insert_revocation(
    tx: &mut Tx<'_>,
    id: Id<kinds::Certificate>,
    reason: Reason,
    channel: Channel,
    now: Instant,
) -> Result<()> {
    insert_event(tx, id, "revoked", reason.word(), channel, now)
}

fn insert_event(
    tx: &mut Tx<'_>,
    id: Id<kinds::Certificate>,
    kind: &str,
    reason: &str,
    channel: Channel,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into card_event (certificate, sequence, at, kind, reason, channel)
         values ($1, (select coalesce(max(earlier.sequence), 0) + 1 from card_event earlier
            where earlier.certificate = $1), $2, $3, $4, $5)",
        &[id.into(), now.into(), kind.into(), reason.into(), channel.word().into()],
    )
}
