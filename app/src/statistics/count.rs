//! What is counted, in one snapshot: each service counts its own.
//!
//! Always holds: counts alone leave here; no service's table is joined with another's.
//! Not here: when (`super`).
//! Rules come from: the issue, part D.

use base::{Instant, Result};
use store::{Tx, recorded_at};

/// How many days of checks are counted, today's included.
pub const DAYS: i64 = 14;
const CHECK: &str = "counter.check";
const PRESENT: &str = "reader.present";

/// What was counted.
pub struct Counted {
    /// When.
    pub at: Instant,
    /// When facts were recorded last, where it was counted.
    pub recorded_at: Instant,
    /// People by age and sex.
    pub people: Vec<people::rules::Figure>,
    /// Coverages by scheme and standing.
    pub coverage: coverage::rules::Figures,
    /// Facilities by kind and state.
    pub facilities: Vec<(facilities::rules::Kind, facilities::rules::State, i64)>,
    /// Certificates by place and standing.
    pub cards: Vec<(cards::rules::Source, cards::rules::Stands, i64)>,
    /// People who are enrolled, by channel.
    pub enrolled: Vec<(enrolment::rules::Channel, i64)>,
    /// Checks, and cards shown, of the last days.
    pub checks: Vec<Checks>,
}

/// A day's checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The day, counted from 1970-01-01 in Japan.
    pub day: i64,
    /// Valid.
    pub valid: i64,
    /// Invalid.
    pub invalid: i64,
    /// Could not be determined.
    pub undetermined: i64,
    /// Nothing found, several found, refused, and the like.
    pub other: i64,
    /// Cards that were shown and proved at a reader.
    pub presented: i64,
}

impl Checks {
    /// All checks.
    pub fn all(&self) -> i64 {
        self.valid + self.invalid + self.undetermined + self.other
    }
}

/// Counts everything.
pub fn count(tx: &mut Tx<'_>, now: Instant) -> Result<Counted> {
    let day = now.date();
    let from = day.plus_days(1 - DAYS).begins();
    Ok(Counted {
        at: now,
        recorded_at: recorded_at(tx)?,
        people: people::figures(tx, day)?,
        coverage: coverage::figures(tx, day)?,
        facilities: facilities::figures(tx, day)?,
        cards: cards::figures(tx, now)?,
        enrolled: enrolment::figures(tx)?,
        checks: by_day(day_number(from), &audit::figures(tx, (CHECK, PRESENT), from, now)?),
    })
}

/// The days since 1970-01-01 of an instant in Japan.
fn day_number(at: Instant) -> i64 {
    (at.ms() + 32_400_000).div_euclid(86_400_000)
}

/// The first instant of a counted day.
pub fn day_begins(day: i64) -> Instant {
    Instant::from_ms(day * 86_400_000 - 32_400_000)
}

fn by_day(first: i64, rows: &[audit::Figure]) -> Vec<Checks> {
    let mut days: Vec<Checks> =
        (first..first + DAYS).map(|day| Checks { day, ..Checks::default() }).collect();
    for row in rows {
        let Some(day) = usize::try_from(row.day - first).ok().and_then(|place| days.get_mut(place)) else {
            continue;
        };
        match (row.act.as_str(), row.outcome.as_str()) {
            (PRESENT, _) => day.presented += row.rows,
            (_, "valid") => day.valid += row.rows,
            (_, "invalid" | "invalid-new-known") => day.invalid += row.rows,
            (_, "undetermined") => day.undetermined += row.rows,
            _ => day.other += row.rows,
        }
    }
    days
}
