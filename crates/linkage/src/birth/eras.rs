//! Eras (元号).
//!
//! Always holds: a year of an era is a fixed distance from the Western year, also past the era's end.
//! Not here: on which day an era began: the joints belong to both sides, since offices wrote both. `base::Era`, which asks
//! for the day's era: the invented rosters are made with it, and a mistake in this table must not be made by them too.
//! Rules come from: the reference on matching, section 1.5.

/// An era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Era {
    /// The Western year before its first.
    base: u16,
    /// Its last year (令和: the last that is read).
    last: u16,
}

/// 明治 to 令和, in order, as the one-digit codes 1 to 5 count them.
const ERAS: [Era; 5] = [
    Era { base: 1867, last: 45 },
    Era { base: 1911, last: 15 },
    Era { base: 1925, last: 64 },
    Era { base: 1988, last: 31 },
    Era { base: 2018, last: 81 },
];

impl Era {
    /// By its code: 1 明治 to 5 令和.
    pub fn of_code(code: u16) -> Option<Era> {
        ERAS.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// By its letter.
    pub fn of_letter(letter: char) -> Option<Era> {
        "MTSHR".find(letter).map(|at| ERAS[at])
    }

    /// The Western year of a year of the era, and whether the era had such a year.
    pub fn year(self, year: u16) -> (u16, bool) {
        (self.base.saturating_add(year), (1..=self.last).contains(&year))
    }
}

/// Whether two years are the same year of two eras, one of which had it: 昭和20 and 平成20.
pub(super) fn are_mixed_up(a: u16, b: u16) -> bool {
    let (low, high) = (a.min(b), a.max(b));
    ERAS.iter().enumerate().any(|(at, early)| {
        ERAS[at + 1..].iter().any(|late| {
            let year = low.saturating_sub(early.base);
            high.checked_sub(late.base) == Some(year) && (1..=early.last.max(late.last)).contains(&year)
        })
    })
}
