//! Birth dates: eras and their joints, unknown parts, spreadsheets' damage.
//!
//! Always holds: a date that was read exists on the calendar, in its known parts; nothing ambiguous is guessed; the order
//! of two dates does not matter to their comparison.
//! Not here: which ways of writing a file may use (the spec says nothing of it: all are read), what a level weighs.
//! Rules come from: the reference on matching, section 1.5.

mod eras;
mod written;

pub use written::read;

use crate::levels::BirthLevel;

/// A birth date of which parts may be unknown (0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Birth {
    /// Western year; 0 unknown.
    pub year: u16,
    /// Month; 0 unknown.
    pub month: u8,
    /// Day; 0 unknown.
    pub day: u8,
}

/// No year before the first of 明治 is read.
const YEAR_MIN: u16 = 1868;

/// No year behind this one is read. There is no clock here, so that what is the future today is not known.
const YEAR_MAX: u16 = 2099;

impl Birth {
    /// Nothing is known.
    pub fn is_empty(self) -> bool {
        self == Birth::default()
    }

    /// All parts are known.
    pub fn is_whole(self) -> bool {
        self.year != 0 && self.month != 0 && self.day != 0
    }

    /// The date, if it is on the calendar in its known parts and within the years that are read.
    fn on_calendar(self) -> Option<Birth> {
        let is_year = self.year == 0 || (YEAR_MIN..=YEAR_MAX).contains(&self.year);
        let days = match self.month {
            2 if self.year == 0 || is_leap(self.year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (is_year && self.month <= 12 && self.day <= days).then_some(self)
    }

    /// The eight digits of a whole date.
    fn digits(self) -> [u8; 8] {
        let two = |number: u16| [(number / 10 % 10) as u8, (number % 10) as u8];
        let ([a, b], [c, d]) = (two(self.year / 100), two(self.year));
        let ([e, f], [g, h]) = (two(self.month.into()), two(self.day.into()));
        [a, b, c, d, e, f, g, h]
    }

    /// Days since 1 March of year 0, for distances: years begin in March, so that the leap day is the last.
    const fn number(self) -> i32 {
        let (month, year) = (self.month as i32, self.year as i32);
        let (month, year) = if month > 2 { (month - 3, year) } else { (month + 9, year - 1) };
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + self.day as i32
    }

    /// The date of a day number, as [`Birth::number`] gives it.
    fn of_number(number: i32) -> Option<Birth> {
        // A guess by the mean length of a year is at most one year too late.
        let mut year = u16::try_from(number * 400 / 146_097 + 1).ok()?;
        while (Birth { year, month: 1, day: 1 }).number() > number {
            year -= 1;
        }
        let month =
            (1..=12).rev().find(|month| (Birth { year, month: *month, day: 1 }).number() <= number)?;
        let day = number - (Birth { year, month, day: 1 }).number() + 1;
        Some(Birth { year, month, day: u8::try_from(day).ok()? })
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

/// Why a date was not read, or was read with doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthDoubt {
    /// Not a date in any known way of writing, or one that can be read in two ways.
    Unreadable,
    /// A spreadsheet's day number (such as 44197), read as a day.
    Serial,
    /// No such day on the calendar, or before 1868 or after 2099; left out.
    NoSuchDay,
    /// Read, but damaged: parts missing, day and month before the year, or a year past its era's end.
    Damaged,
}

/// Compares two dates.
pub fn compare(a: Birth, b: Birth) -> BirthLevel {
    if a.is_whole() && b.is_whole() {
        return if a == b { BirthLevel::Equal } else { near(a, b) };
    }
    let differs = |x: u16, y: u16| x != 0 && y != 0 && x != y;
    let is_other = differs(a.year, b.year)
        || differs(a.month.into(), b.month.into())
        || differs(a.day.into(), b.day.into());
    if a.is_empty() || b.is_empty() {
        BirthLevel::Missing
    } else if is_other {
        BirthLevel::Different
    } else if a.year != 0 && b.year != 0 {
        BirthLevel::Partial
    } else {
        // Day and month without a year say next to nothing.
        BirthLevel::Missing
    }
}

/// Two whole dates that are not equal.
fn near(a: Birth, b: Birth) -> BirthLevel {
    let is_same_day = (a.month, a.day) == (b.month, b.day);
    if is_same_day && eras::are_mixed_up(a.year, b.year) {
        BirthLevel::Era
    } else if a.year == b.year && (a.month, a.day) == (b.day, b.month) {
        BirthLevel::Swapped
    } else if is_one_digit(a.digits(), b.digits()) {
        BirthLevel::OneDigit
    } else if (a.number() - b.number()).abs() == 1 {
        BirthLevel::DayOff
    } else {
        BirthLevel::Different
    }
}

/// One digit is another, or two neighbours within year, month or day are exchanged.
fn is_one_digit(a: [u8; 8], b: [u8; 8]) -> bool {
    let mut other = (0..8).filter(|at| a[*at] != b[*at]);
    match (other.next(), other.next(), other.next()) {
        (Some(_), None, _) => true,
        (Some(x), Some(y), None) => y == x + 1 && x != 3 && x != 5 && a[x] == b[y] && a[y] == b[x],
        _ => false,
    }
}

#[cfg(test)]
mod tests;
