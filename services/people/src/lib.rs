//! People: who somebody is, as the resident register (住民基本台帳) gave it to us.
//!
//! Always holds: the 12-digit My Number lies in one table of this service and leaves it in no answer: `exchange` takes
//! a number and gives a person id. Attributes are insert-only; the newest revision stands.
//! Not here: where somebody is insured (`coverage`), who may be written to (later, `mailing`).
//! Rules come from: docs/rules.md S1 r2, S5 r2.

#![forbid(unsafe_code)]

pub mod rules;
mod store;
#[cfg(test)]
mod tests;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Cx, Date, Id, MyNumber, Result, kinds};
use rules::{Attributes, Figure, Questions};

/// The person with this number, if the register has given us one (S1 r2: the number goes in, an id comes out).
pub fn exchange(tx: &mut Tx<'_>, number: &MyNumber) -> Result<Option<Id<kinds::Person>>> {
    store::person_of(tx, number)
}

/// The person with this number and the attributes that stand, in one read: what a filing is compared with.
pub fn known(tx: &mut Tx<'_>, number: &MyNumber) -> Result<Option<(Id<kinds::Person>, Option<Attributes>)>> {
    store::known(tx, number)
}

/// The attributes that stand.
pub fn get(tx: &mut Tx<'_>, person: Id<kinds::Person>) -> Result<Option<Attributes>> {
    store::attributes(tx, person)
}

/// Whoever all these answers fit, by the attributes that stand: to find the person who calls. How many fit is for the
/// asking desk to judge; it must not tell which answer was wrong. Nothing is recorded here.
pub fn find(tx: &mut Tx<'_>, questions: &Questions) -> Result<Vec<Id<kinds::Person>>> {
    let born = store::born_on(tx, questions.birth)?;
    Ok(born
        .into_iter()
        .filter(|(_, known)| rules::fits(known, questions))
        .map(|(person, _)| person)
        .collect())
}

/// How many people the register has given us, by age on a day and by sex: counts alone. Who died is still among them:
/// the register's attributes do not say it. It reads everybody, so it takes seconds when they are a million; for
/// `store::Beside`.
pub fn figures(tx: &mut Tx<'_>, day: Date) -> Result<Vec<Figure>> {
    store::figures(tx, day)
}

/// Takes over what the resident register says of a person; a person not known yet gets the id given.
/// Recording what stands already does nothing.
///
/// Of one person at most one new version can be recorded in one transaction, since a version is named by its revision.
pub fn record(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    new: Id<kinds::Person>,
    number: &MyNumber,
    attributes: &Attributes,
) -> Result<Recorded> {
    let person = match store::known(tx, number)? {
        Some((person, Some(standing))) if standing == *attributes => {
            return Ok(Recorded { person, is_new: false });
        }
        Some((person, _)) => person,
        None => {
            store::insert_number(tx, new, number)?;
            new
        }
    };
    store::insert_attributes(tx, person, attributes)?;
    say(
        tx,
        cx,
        &Evidence {
            act: "people.record",
            outcome: "recorded",
            person: Some(person.raw()),
            ..Evidence::default()
        },
    );
    Ok(Recorded { person, is_new: true })
}

/// What became of recording a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The person.
    pub person: Id<kinds::Person>,
    /// Whether it was not what stood already.
    pub is_new: bool,
}
