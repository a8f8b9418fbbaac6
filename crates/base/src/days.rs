//! Instants, calendar days in Japan, birth dates with unknown parts, and the Japanese eras (元号).
//!
//! Always holds: an [`Instant`] is milliseconds in UTC; a [`Date`] is a day in Japan (UTC+9, no summer time since
//! 1951) and exists on the calendar; a [`BirthDate`] may leave month and day unknown (不詳) and then compares only
//! as written.
//! Not here: any reading of the clock.
//! Rules come from: era joints as in the reference on matching, section 1.5.

use jiff::{ToSpan, civil, tz::Offset};
use std::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Japan keeps one offset all year.
const JAPAN: Offset = Offset::constant(9);

impl Instant {
    /// From milliseconds since the epoch.
    pub const fn from_ms(ms: i64) -> Instant {
        Instant(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This moment moved by so many milliseconds.
    pub const fn plus_ms(self, ms: i64) -> Instant {
        Instant(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative when it lies ahead.
    pub const fn since_ms(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    fn civil(self) -> civil::DateTime {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        JAPAN.to_datetime(moment)
    }

    /// The day in Japan at this moment.
    pub fn date(self) -> Date {
        Date(self.civil().date())
    }

    /// `YYYYMMDDHHmmss` in Japan, as OQS messages write it.
    pub fn stamp14(self) -> String {
        let at = self.civil();
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    /// `YYYY-MM-DD HH:MM:SS` in Japan, for people.
    pub fn for_people(self) -> String {
        let at = self.civil();
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    /// `YYYYMM` in Japan as a number: the month under which audit rows are kept.
    pub fn month(self) -> i64 {
        self.date().as_number() / 100
    }
}

/// A day on the calendar in Japan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// A day by year, month and day; `None` when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Date> {
        (1..=9999).contains(&year).then_some(())?;
        civil::Date::new(year, month, day).ok().map(Date)
    }

    /// From the stored form, e.g. `20261120`.
    pub fn from_number(number: i64) -> Option<Date> {
        let year = i16::try_from(number / 10_000).ok()?;
        Date::new(year, (number / 100 % 100) as i8, (number % 100) as i8)
    }

    /// The stored form: year, month and day as one decimal number, e.g. `20261120`.
    pub fn as_number(self) -> i64 {
        i64::from(self.0.year()) * 10_000 + i64::from(self.0.month()) * 100 + i64::from(self.0.day())
    }

    /// Reads `YYYYMMDD`: eight half-width digits of an existing day.
    pub fn parse8(text: &str) -> Option<Date> {
        Date::from_number(digits8(text)?)
    }

    /// `YYYYMMDD`.
    pub fn stamp8(self) -> String {
        format!("{:08}", self.as_number())
    }

    /// The day so many days later (or earlier), clamped to the calendar.
    pub fn plus_days(self, days: i64) -> Date {
        Date(self.0.saturating_add(days.days()))
    }

    /// The same day so many years later; 29 February becomes 28 February.
    pub fn plus_years(self, years: i64) -> Date {
        Date(self.0.saturating_add(years.years()))
    }

    /// The same day so many months later (or earlier); where that month is shorter, its last day.
    pub fn plus_months(self, months: i64) -> Date {
        Date(self.0.saturating_add(months.months()))
    }

    /// The last day of this day's month.
    pub fn month_ends(self) -> Date {
        Date(self.0.last_of_month())
    }

    /// Days from `earlier` to this day.
    pub fn days_since(self, earlier: Date) -> i64 {
        i64::from((self.0 - earlier.0).get_days())
    }

    /// Midnight in Japan at which this day begins.
    pub fn begins(self) -> Instant {
        let ms = JAPAN.to_timestamp(self.0.at(0, 0, 0, 0)).map(|t| t.as_millisecond());
        Instant(ms.unwrap_or(i64::MAX))
    }

    /// Year, month and day.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// The day written with its era, e.g. 令和8年11月20日; the Western year before Meiji 6 (1873).
    pub fn in_era(self) -> String {
        let (year, month, day) = self.parts();
        match Era::of(self) {
            None => format!("{year}年{month}月{day}日"),
            Some(era) => {
                let n = i64::from(year) - era.first_year() + 1;
                let n = if n == 1 { "元".to_owned() } else { n.to_string() };
                format!("{}{n}年{month}月{day}日", era.name())
            }
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn digits8(text: &str) -> Option<i64> {
    (text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The eras since Japan took the Western calendar (1873-01-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// 明治
    Meiji,
    /// 大正, from 1912-07-30
    Taisho,
    /// 昭和, from 1926-12-25
    Showa,
    /// 平成, from 1989-01-08
    Heisei,
    /// 令和, from 2019-05-01
    Reiwa,
}

impl Era {
    /// The era of a day. A joint day (1912-07-30, 1926-12-25) belongs to the new era.
    pub fn of(date: Date) -> Option<Era> {
        Some(match date.as_number() {
            20_190_501.. => Era::Reiwa,
            19_890_108.. => Era::Heisei,
            19_261_225.. => Era::Showa,
            19_120_730.. => Era::Taisho,
            18_730_101.. => Era::Meiji,
            _ => return None,
        })
    }

    /// The Western year that is year 1 (元年).
    pub fn first_year(self) -> i64 {
        match self {
            Era::Meiji => 1868,
            Era::Taisho => 1912,
            Era::Showa => 1926,
            Era::Heisei => 1989,
            Era::Reiwa => 2019,
        }
    }

    /// The era's name.
    pub fn name(self) -> &'static str {
        match self {
            Era::Meiji => "明治",
            Era::Taisho => "大正",
            Era::Showa => "昭和",
            Era::Heisei => "平成",
            Era::Reiwa => "令和",
        }
    }
}

/// A birth date as registered: a day, or a year (and month) whose rest is unknown (不詳), stored with zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthDate(i64);

impl BirthDate {
    /// From the stored form: `19450608`, `19450600` (day unknown) or `19450000` (month and day unknown).
    pub fn from_number(number: i64) -> Option<BirthDate> {
        let (month, day) = (number / 100 % 100, number % 100);
        let probe = match (month, day) {
            (0, 0) => number + 101,
            (_, 0) => number + 1,
            _ => number,
        };
        Date::from_number(probe).map(|_| BirthDate(number))
    }

    /// Reads `YYYYMMDD`, with `00` for an unknown day or month.
    pub fn parse8(text: &str) -> Option<BirthDate> {
        BirthDate::from_number(digits8(text)?)
    }

    /// The stored form.
    pub fn as_number(self) -> i64 {
        self.0
    }

    /// `YYYYMMDD`, with zeros where unknown.
    pub fn stamp8(self) -> String {
        format!("{:08}", self.0)
    }

    /// The day, when all of it is known.
    pub fn date(self) -> Option<Date> {
        Date::from_number(self.0)
    }

    /// The first day of pre-school age's end: 1 April after the sixth birthday in law. A person reaches an age at the
    /// end of the day before the birthday, so a child born on 1 April belongs to the earlier year.
    /// `None` when the day is unknown.
    pub fn school_begins(self) -> Option<Date> {
        let reached = self.date()?.plus_years(6).plus_days(-1);
        let (year, month, _) = reached.parts();
        Date::new(if month >= 4 { year + 1 } else { year }, 4, 1)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A birth date is personal data; nothing that prints by accident shows it.
        f.write_str("BirthDate(…)")
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100);
        match (month, day) {
            (0, _) => write!(f, "{year:04}-不詳"),
            (_, 0) => write!(f, "{year:04}-{month:02}-不詳"),
            _ => write!(f, "{year:04}-{month:02}-{day:02}"),
        }
    }
}

/// Days from `from` up to, not including, `until`; open when `until` is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day that belongs.
    pub from: Date,
    /// First day that no longer belongs.
    pub until: Option<Date>,
}

impl Span {
    /// Whether the day lies in the span.
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse8(text).expect("a day")
    }

    #[test]
    fn days_exist_or_are_refused() {
        assert_eq!(Date::parse8("20230229"), None);
        assert_eq!(Date::parse8("2023022"), None);
        assert_eq!(Date::parse8("２０２３０２０１"), None);
        assert_eq!(Date::parse8("00000101"), None);
        assert_eq!(day("20240229").plus_years(1), day("20250228"));
        assert_eq!(day("20240301").days_since(day("20240228")), 2);
        assert_eq!(Date::parse8(&day("20261120").stamp8()), Some(day("20261120")));
    }

    #[test]
    fn months_end_where_the_calendar_says() {
        assert_eq!(day("20261130").plus_months(3), day("20270228"));
        assert_eq!(day("20271130").plus_months(3), day("20280229"));
        assert_eq!(day("20260531").plus_months(-3), day("20260228"));
        assert_eq!(day("20260115").plus_months(12), day("20270115"));
        assert_eq!(day("20280201").month_ends(), day("20280229"));
        assert_eq!(day("20261231").month_ends(), day("20261231"));
    }

    #[test]
    fn the_day_in_japan_turns_at_fifteen_utc() {
        let midnight = day("20261120").begins();
        assert_eq!(midnight.date(), day("20261120"));
        assert_eq!(midnight.plus_ms(-1).date(), day("20261119"));
        assert_eq!(midnight.stamp14(), "20261120000000");
        assert_eq!(midnight.month(), 202611);
    }

    #[test]
    fn eras_join_where_the_law_joined_them() {
        for (number, era) in [
            ("19120729", "明治45年7月29日"),
            ("19120730", "大正元年7月30日"),
            ("19261224", "大正15年12月24日"),
            ("19261225", "昭和元年12月25日"),
            ("19890107", "昭和64年1月7日"),
            ("19890108", "平成元年1月8日"),
            ("20190430", "平成31年4月30日"),
            ("20190501", "令和元年5月1日"),
        ] {
            assert_eq!(day(number).in_era(), era);
        }
    }

    #[test]
    fn birth_dates_may_be_partly_unknown() {
        assert!(BirthDate::parse8("19450600").is_some());
        assert!(BirthDate::parse8("19450000").is_some());
        assert_eq!(BirthDate::parse8("19451300"), None);
        assert_eq!(BirthDate::parse8("19450631"), None);
        assert_eq!(BirthDate::parse8("19450600").and_then(BirthDate::date), None);
    }

    #[test]
    fn preschool_ends_after_the_sixth_birthday_in_law() {
        let school = |birth| BirthDate::parse8(birth).and_then(BirthDate::school_begins);
        assert_eq!(school("20200401"), Some(day("20260401")));
        assert_eq!(school("20200402"), Some(day("20270401")));
        assert_eq!(school("20200331"), Some(day("20260401")));
        assert_eq!(school("20201231"), Some(day("20270401")));
    }
}
