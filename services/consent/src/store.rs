//! SQL for answers at readers and their withdrawals.
//!
//! Always holds: a question is one statement; rows are only inserted; both tables lie beside the rows of checks, so an
//! answer is committed with the check that it was given with, or not at all. A write set that is written again, because
//! nobody knows whether its commit came through, finds its rows there and leaves them.
//! Not here: what the rows mean (`rules`).
//! Rules come from: DESIGN section 4, "A check is a snapshot read, a decision, and one small write set".

use crate::rules::{Given, Kind, Recorded, kind, until};
use ::store::{Row, Tx, Value};
use base::{Error, Id, Instant, Result, kinds};

/// Of one person's answers at one facility only the newest so many are looked at: a visit makes one, and what is older
/// can only be expired. Leaving it out shuts the gate, never opens it.
pub(crate) const ANSWERS_MAX: i64 = 64;

/// The newest answers that `which` names, each with what was withdrawn of it, newest first.
macro_rules! answers {
    ($which:literal) => {
        concat!(
            "select a.consent, a.person, a.facility, a.given_at, a.available_until, a.agreed, a.declined, a.decision,
                w.kind, w.at
             from (select * from consent_answer where ",
            $which,
            ") a
             left join consent_withdrawal w on w.consent = a.consent
             order by a.given_at desc, a.consent desc"
        )
    };
}

pub(crate) fn of_person_at(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    facility: Id<kinds::Facility>,
) -> Result<Vec<Recorded>> {
    const AT: &str = answers!("person = $1 and facility = $2 order by given_at desc, consent desc limit $3");
    gather(tx, AT, &[person.into(), facility.into(), ANSWERS_MAX.into()])
}

/// The person's answers at the facility of one of their consents; none, when the consent is not theirs.
pub(crate) fn beside(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    consent: Id<kinds::Consent>,
) -> Result<Vec<Recorded>> {
    const BESIDE: &str = answers!(
        "person = $1 and facility = (select facility from consent_answer where consent = $2 and person = $1)
         order by given_at desc, consent desc limit $3"
    );
    gather(tx, BESIDE, &[person.into(), consent.into(), ANSWERS_MAX.into()])
}

pub(crate) fn of_person(tx: &mut Tx<'_>, person: Id<kinds::Person>, limit: usize) -> Result<Vec<Recorded>> {
    const OF: &str = answers!("person = $1 order by given_at desc, consent desc limit $2");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    gather(tx, OF, &[person.into(), limit.into()])
}

pub(crate) fn of_decision(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    facility: Id<kinds::Facility>,
    decision: Id<kinds::Decision>,
) -> Result<Option<Recorded>> {
    const OF: &str = answers!("person = $1 and facility = $2 and decision = $3");
    Ok(gather(tx, OF, &[person.into(), facility.into(), decision.into()])?.into_iter().next())
}

/// Puts rows of answers and their withdrawals together; rows of one answer come one after the other.
fn gather(tx: &mut Tx<'_>, sql: &'static str, params: &[Value<'_>]) -> Result<Vec<Recorded>> {
    let mut answers: Vec<Recorded> = Vec::new();
    for (answer, withdrawn) in tx.rows_of_log(sql, params, |row| Ok((recorded(row)?, withdrawn(row)?)))? {
        if answers.last().is_none_or(|last| last.consent != answer.consent) {
            answers.push(answer);
        }
        if let Some(last) = answers.last_mut() {
            last.withdrawn.extend(withdrawn);
        }
    }
    Ok(answers)
}

fn recorded(row: &Row<'_>) -> Result<Recorded> {
    Ok(Recorded {
        consent: row.id(0)?,
        given: Given {
            person: row.id(1)?,
            facility: row.id(2)?,
            given_at: row.instant(3)?,
            agreed: read_kinds(&row.text(5)?)?,
            declined: read_kinds(&row.text(6)?)?,
            decision: row.id(7)?,
        },
        until: row.instant(4)?,
        withdrawn: Vec::new(),
    })
}

fn withdrawn(row: &Row<'_>) -> Result<Option<(&'static Kind, Instant)>> {
    match row.opt_text(8)? {
        None => Ok(None),
        Some(word) => Ok(Some((read_kind(&word)?, row.instant(9)?))),
    }
}

fn read_kinds(words: &str) -> Result<Vec<&'static Kind>> {
    words.split_whitespace().map(read_kind).collect()
}

fn read_kind(word: &str) -> Result<&'static Kind> {
    kind(word).ok_or_else(|| Error::broken("a stored consent names an unknown kind"))
}

fn write_kinds(kinds: &[&'static Kind]) -> String {
    kinds.iter().map(|kind| kind.word).collect::<Vec<_>>().join(" ")
}

pub(crate) fn insert_answer(tx: &mut Tx<'_>, id: Id<kinds::Consent>, given: &Given) -> Result<()> {
    tx.save(
        "insert into consent_answer (consent, person, facility, given_at, available_until, agreed, declined, decision)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (person, facility, given_at, consent) do nothing",
        &[
            id.into(),
            given.person.into(),
            given.facility.into(),
            given.given_at.into(),
            until(given.given_at).into(),
            write_kinds(&given.agreed).into(),
            write_kinds(&given.declined).into(),
            given.decision.into(),
        ],
    )
}

pub(crate) fn insert_withdrawal(
    tx: &mut Tx<'_>,
    consent: Id<kinds::Consent>,
    kind: &Kind,
    now: Instant,
) -> Result<()> {
    tx.save(
        "insert into consent_withdrawal (consent, kind, at) values ($1, $2, $3)
         on conflict (consent, kind) do nothing",
        &[consent.into(), kind.word.into(), now.into()],
    )
}
