//! SQL for the clinics' own patient numbers (照会番号).
//!
//! Always holds: rows are only inserted; of several the newest stands; a number is read only with the facility that
//! registered it.
//! Not here: whose number it is (`rules`), everything else that the counter knows, which stands in the log.
//! Rules come from: the reference on OQS, section 4.6.

use ::store::Tx;
use base::{Id, Instant, Result, kinds};

pub(crate) fn reference(
    tx: &mut Tx<'_>,
    facility: Id<kinds::Facility>,
    person: Id<kinds::Person>,
) -> Result<Option<String>> {
    const STANDING: &str = "select reference from counter_reference where facility = $1 and person = $2
        order by at desc limit 1";
    tx.row(STANDING, &[facility.into(), person.into()], |row| row.text(0))
}

/// Two registrations of one millisecond are one: the later stands.
pub(crate) fn insert_reference(
    tx: &mut Tx<'_>,
    facility: Id<kinds::Facility>,
    person: Id<kinds::Person>,
    at: Instant,
    reference: &str,
) -> Result<()> {
    const INSERT: &str =
        "insert into counter_reference (facility, person, at, reference) values ($1, $2, $3, $4)
        on conflict (facility, person, at) do update set reference = excluded.reference";
    tx.save(INSERT, &[facility.into(), person.into(), at.into(), reference.into()])
}
