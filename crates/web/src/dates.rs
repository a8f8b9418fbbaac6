//! Days as people type them: 19800401, 1980-04-01, 1980/4/1, 1980年4月1日, 昭和55年4月1日, S55.4.1, full width too.
//!
//! Always holds: what is read exists on the calendar; a two-digit year without an era is not guessed.
//! Not here: whether a day makes sense for what it was asked for.
//! Rules come from: the era joints in `base::Era`; unknown parts of birth dates (不詳) as in `base::BirthDate`.

use base::{BirthDate, Date, Era, fold_width};

/// Reads a day.
pub fn read_date(text: &str) -> Option<Date> {
    let (year, month, day) = read_parts(text)?;
    let date = Date::from_number(number(year.western, month, day))?;
    year.fits(date).then_some(date)
}

/// Reads a birth date, whose day, or month and day, may be unknown: `19450600`, `1945-06-不詳`, 昭和20年不詳.
pub fn read_birth(text: &str) -> Option<BirthDate> {
    let (year, month, day) = read_parts(text)?;
    let born = BirthDate::from_number(number(year.western, month, day))?;
    // An unknown part is taken at its latest, so that a year in which eras met passes for both.
    let latest = Date::from_number(number(
        year.western,
        if month == 0 { 12 } else { month },
        if day == 0 { 28 } else { day },
    ));
    latest.is_some_and(|latest| year.fits(latest)).then_some(born)
}

struct Year {
    western: i64,
    era: Option<Era>,
}

impl Year {
    /// A day before its era began is a slip; one after its end is not, since papers printed ahead name years like
    /// 平成33年.
    fn fits(&self, date: Date) -> bool {
        let rank = |era: Era| era.first_year();
        match self.era {
            None => true,
            Some(era) => Era::of(date).is_some_and(|of| rank(of) >= rank(era)),
        }
    }
}

fn number(year: i64, month: i64, day: i64) -> i64 {
    year * 10_000 + month * 100 + day
}

/// Year, month and day, zero where written as unknown.
fn read_parts(text: &str) -> Option<(Year, i64, i64)> {
    let text: String = fold_width(text).chars().filter(|c| !c.is_whitespace()).collect();
    let (era, rest) = split_era(&text);
    let plain = rest.bytes().all(|b| b.is_ascii_digit());
    if era.is_none() && plain {
        let all: i64 = (rest.len() == 8).then(|| rest.parse().ok())??;
        let year = Year { western: all / 10_000, era: None };
        return Some((year, all / 100 % 100, all % 100));
    }
    let (year, month, day) = split_parts(rest)?;
    let year = match era {
        None => Year { western: (year.len() == 4).then(|| digits(year))??, era: None },
        Some(era) => {
            let nth = if year == "元" { 1 } else { digits(year).filter(|_| year.len() <= 2)? };
            Year { western: era.first_year() + (nth > 0).then_some(nth)? - 1, era: Some(era) }
        }
    };
    let part = |text: &str| match text {
        "不詳" | "" => Some(0),
        text => digits(text).filter(|_| text.len() <= 2),
    };
    Some((year, part(month)?, part(day)?))
}

/// The three parts between their separators; a part after an unknown one is unknown too (`1945-不詳`).
fn split_parts(text: &str) -> Option<(&str, &str, &str)> {
    if let Some((year, rest)) = text.split_once('年') {
        if rest == "不詳" {
            return Some((year, "", ""));
        }
        let (month, day) = rest.split_once('月')?;
        let day = day.strip_suffix('日').or((day == "不詳").then_some(day))?;
        return (!month.is_empty() && !day.is_empty()).then_some((year, month, day));
    }
    let parts: Vec<&str> = ['-', '/', '.']
        .iter()
        .map(|mark| text.split(*mark).collect::<Vec<_>>())
        .find(|parts| parts.len() > 1)?;
    match parts[..] {
        [year, "不詳"] => Some((year, "", "")),
        [year, month, day] if !month.is_empty() && !day.is_empty() => Some((year, month, day)),
        _ => None,
    }
}

fn split_era(text: &str) -> (Option<Era>, &str) {
    const NAMES: [(Era, [&str; 4]); 5] = [
        (Era::Meiji, ["明治", "明", "M", "m"]),
        (Era::Taisho, ["大正", "大", "T", "t"]),
        (Era::Showa, ["昭和", "昭", "S", "s"]),
        (Era::Heisei, ["平成", "平", "H", "h"]),
        (Era::Reiwa, ["令和", "令", "R", "r"]),
    ];
    let hit = NAMES.iter().flat_map(|(era, names)| names.iter().map(move |name| (*era, *name)));
    hit.into_iter()
        .find_map(|(era, name)| text.strip_prefix(name).map(|rest| (Some(era), rest)))
        .unwrap_or((None, text))
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        for text in [
            "19800401",
            "1980-04-01",
            "1980/4/1",
            "1980.4.1",
            "1980年4月1日",
            "昭和55年4月1日",
            "S55.4.1",
            "s55/04/01",
            "昭55-4-1",
            "１９８０年４月１日",
            "Ｓ５５．４．１",
            " 昭和 55年 4月 1日　",
            "１９８０－４－１",
            "1980ー4ー1",
        ] {
            assert_eq!(read_date(text), Date::new(1980, 4, 1), "{text}");
        }
        assert_eq!(read_date("令和元年5月1日"), Date::new(2019, 5, 1));
        assert_eq!(read_date("R1.5.1"), Date::new(2019, 5, 1));
        assert_eq!(read_date("平成33年3月31日"), Date::new(2021, 3, 31));
    }

    #[test]
    fn what_is_no_day_is_not_guessed() {
        for text in [
            "",
            "80-04-01",
            "1980",
            "198004",
            "1980-04",
            "1980-4-31",
            "1980-13-01",
            "昭和0年4月1日",
            "平成元年1月7日",
            "明治5年1月1日",
            "S55",
            "1980年4月",
            "1980-04-01-02",
            "1980-4/1",
            "+980-04-01",
            "昭和1980年4月1日",
            "19800400",
            "1980-不詳",
            "1980年4月日",
            "X1.1.1",
            "元-1-1",
            "99999999999999999999",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn births_may_be_partly_unknown() {
        for text in ["19450600", "1945-06-不詳", "昭和20年6月不詳", "1945年6月不詳日", "S20.6.00"]
        {
            assert_eq!(read_birth(text), BirthDate::from_number(19_450_600), "{text}");
        }
        for text in ["19450000", "1945-不詳", "昭和20年不詳", "S20.00.00"] {
            assert_eq!(read_birth(text), BirthDate::from_number(19_450_000), "{text}");
        }
        assert_eq!(read_birth("昭和元年不詳"), BirthDate::from_number(19_260_000));
        assert_eq!(read_birth("昭和55年4月1日"), BirthDate::from_number(19_800_401));
        assert_eq!(read_birth("19451300"), None);
        assert_eq!(read_birth("1945年0月3日"), None);
    }
}
