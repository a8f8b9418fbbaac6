//! When a certificate is valid, when its holder is to be reminded, and how long it still serves after its end (猶予).
//!
//! Always holds: instants compare to the millisecond; months are those of the calendar in Japan.
//! Not here: what may be done in the grace (the services' rules).
//! Rules come from: the reference on the card, section 4.4: three months of grace, reminders from three months before
//! the end; sources differ on where the grace ends, so it is a setting.

use crate::Refused;
use base::{Date, Instant};

/// How long an expired certificate still serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    /// Not at all.
    None,
    /// So many months, to the end of the same day of the month; of a shorter month, its last day.
    ToTheDay {
        /// Calendar months.
        months: i64,
    },
    /// So many months, and then to the end of that month.
    MonthEnd {
        /// Calendar months.
        months: i64,
    },
}

impl Terms {
    /// How a certificate that is valid until an instant stands at another; it had begun before.
    ///
    /// # Errors
    /// [`Refused::Expired`], when it no longer serves.
    pub fn stands(&self, until: Instant, at: Instant) -> Result<Validity, Refused> {
        stands((at.min(until), until), at, self)
    }
}

impl Grace {
    /// The last millisecond of the grace of a certificate that was valid until then.
    pub fn ends(self, until: Instant) -> Option<Instant> {
        let day = until.date();
        Some(match self {
            Grace::None => return None,
            Grace::ToTheDay { months } => day_ends(day.plus_months(months)),
            Grace::MonthEnd { months } => day_ends(day.plus_months(months).month_ends()),
        })
    }
}

/// The settings by which validity is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// A certificate expires soon from the beginning of the day so many calendar months before its last day.
    pub soon_months: i64,
    /// How long an expired certificate still serves.
    pub grace: Grace,
}

/// How a certificate that serves stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Valid, and for a while.
    Valid,
    /// Valid, and its holder should renew it.
    ExpiresSoon {
        /// The last millisecond at which it is valid.
        until: Instant,
    },
    /// Expired; it serves for eligibility alone.
    InGrace {
        /// The last millisecond at which it was valid.
        until: Instant,
        /// The last millisecond of the grace.
        grace_ends: Instant,
    },
}

/// How a certificate that is valid in this window (first and last millisecond) stands at an instant.
pub(crate) fn stands(window: (Instant, Instant), at: Instant, terms: &Terms) -> Result<Validity, Refused> {
    let (from, until) = window;
    if at < from {
        return Err(Refused::NotYetValid { from });
    }
    if at > until {
        return match terms.grace.ends(until) {
            Some(grace_ends) if at <= grace_ends => Ok(Validity::InGrace { until, grace_ends }),
            _ => Err(Refused::Expired { until }),
        };
    }
    let soon = until.date().plus_months(-terms.soon_months).begins();
    Ok(if at >= soon { Validity::ExpiresSoon { until } } else { Validity::Valid })
}

/// The last millisecond of a day in Japan.
pub(crate) fn day_ends(day: Date) -> Instant {
    day.plus_days(1).begins().plus_ms(-1)
}
