//! Days counted from today, so that what the country says stays true on every day it is started.
//!
//! Always holds: where a day can be hung on a year or a month it is, so that it moves seldom: the school year turns on
//! 1 April, the insurance year (certificates, rates) on 1 August, tickets with the month.
//! Not here: the clock; today comes in as a value.

use base::{BirthDate, Date};

/// Today, and the days that hang on it.
#[derive(Clone, Copy)]
pub(crate) struct Calendar {
    pub today: Date,
}

/// A day that is known to exist.
pub(crate) fn day(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).expect("the country's tables name days that exist")
}

/// A birth date as registered, e.g. `19800401`, or `19450600` with the day unknown.
pub(crate) fn birth(number: i64) -> BirthDate {
    BirthDate::from_number(number).expect("the country's tables name birth dates that exist")
}

impl Calendar {
    /// So many days ago.
    pub fn ago(self, days: i64) -> Date {
        self.today.plus_days(-days)
    }

    /// First and last day of this month.
    pub fn this_month(self) -> (Date, Date) {
        let (year, month, _) = self.today.parts();
        (day(year, month, 1), self.next_month().plus_days(-1))
    }

    /// First day of the next month.
    pub fn next_month(self) -> Date {
        match self.today.parts() {
            (year, 12, _) => day(year + 1, 1, 1),
            (year, month, _) => day(year, month + 1, 1),
        }
    }

    /// First day of the month so many months ago.
    pub fn months_ago(self, months: i16) -> Date {
        let (year, month, _) = self.today.parts();
        let count = year * 12 + i16::from(month) - 1 - months;
        day(count / 12, (count % 12 + 1) as i8, 1)
    }

    /// The birth date of somebody who has, had or will have a birthday on the 15th of the month so many months ago
    /// (ahead when negative), and is that old then. It moves with the month.
    pub fn birthday_in_month(self, months_ago: i16, age: i16) -> BirthDate {
        let (year, month, _) = self.months_ago(months_ago).parts();
        birth(i64::from(year - age) * 10_000 + i64::from(month) * 100 + 15)
    }

    /// First and last day of the insurance year: certificates and rates run from 1 August to 31 July.
    pub fn insurance_year(self) -> (Date, Date) {
        let (year, month, _) = self.today.parts();
        let from = if month >= 8 { year } else { year - 1 };
        (day(from, 8, 1), day(from + 1, 7, 31))
    }

    /// The birth date of somebody born on this day (April or later) of the school year so many years ago.
    pub fn born_in_school_year(self, years_ago: i16, month: i8, day: i8) -> BirthDate {
        let (year, this_month, _) = self.today.parts();
        let school_year = if this_month >= 4 { year } else { year - 1 };
        birth(i64::from(school_year - years_ago) * 10_000 + i64::from(month) * 100 + i64::from(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_years_turn_where_they_should() {
        let at = |year, month, dom| Calendar { today: day(year, month, dom) };
        assert_eq!(at(2026, 12, 31).next_month(), day(2027, 1, 1));
        assert_eq!(at(2028, 2, 10).this_month(), (day(2028, 2, 1), day(2028, 2, 29)));
        assert_eq!(at(2026, 3, 31).months_ago(3), day(2025, 12, 1));
        assert_eq!(at(2026, 12, 1).months_ago(14), day(2025, 10, 1));
        assert_eq!(at(2026, 12, 31).birthday_in_month(-2, 42), birth(19_850_215));
        assert_eq!(at(2026, 7, 31).insurance_year(), (day(2025, 8, 1), day(2026, 7, 31)));
        assert_eq!(at(2026, 8, 1).insurance_year(), (day(2026, 8, 1), day(2027, 7, 31)));
        assert_eq!(at(2027, 3, 31).born_in_school_year(4, 6, 15), birth(20_220_615));
        assert_eq!(at(2027, 4, 1).born_in_school_year(4, 6, 15), birth(20_230_615));
    }
}
