//! Ways of writing a birth date and what they are read as, and what two dates have in common. People and days are
//! invented.

use super::*;
use crate::levels::BirthLevel as Level;
use proptest::prelude::*;

fn birth(year: u16, month: u8, day: u8) -> Birth {
    Birth { year, month, day }
}

/// All of these say the same, and without doubt.
fn reads(written: &[&str], want: Birth) {
    for text in written {
        assert_eq!(read(text), (want, None), "{text}");
    }
}

/// Each with its date and its doubt.
fn doubts(doubt: BirthDoubt, cases: &[(&str, Birth)]) {
    for (text, want) in cases {
        assert_eq!(read(text), (*want, Some(doubt)), "{text}");
    }
}

#[test]
fn one_day_in_every_way_of_writing() {
    reads(
        &[
            "19450812",
            "1945-08-12",
            "1945/8/12",
            "1945/08/12",
            "1945.8.12",
            "1945.08.12",
            "1945年8月12日",
            "1945年08月12日",
            "１９４５年８月１２日",
            "１９４５／０８／１２",
            "西暦1945年8月12日",
            "S20.8.12",
            "S20.08.12",
            "s20/8/12",
            "S20-08-12",
            "S.20.8.12",
            "Ｓ２０．８．１２",
            "S200812",
            "S20年8月12日",
            "昭和20年8月12日",
            "昭20.8.12",
            "昭和２０年８月１２日",
            "昭和二十年八月十二日",
            "㍼20年8月12日",
            "昭和 20年 8月 12日",
            "昭和20年8月12日生",
            "3200812",
            "03200812",
            "1945 8 12",
            "'19450812",
            "\"19450812\"",
            "=\"1945-08-12\"",
            "1945-08-12 00:00:00",
            "1945-08-12T00:00:00",
            "1945-08-12T00:00:00.000Z",
            "1945/8/12 0:00",
            "1945−08−12",
            "1945・8・12",
            "昭和20年(1945年)8月12日",
            "1945（昭和20）年8月12日",
            "1945年8月12日（日）",
            " 19450812 ",
            "　1945/8/12",
            "19450812.0",
            "一九四五年八月十二日",
            "昭和弐拾年八月壱拾弐日",
            "1945年8月12日 生まれ",
        ],
        birth(1945, 8, 12),
    );
}

#[test]
fn eras_and_their_joints() {
    reads(
        &["昭和64年1月8日", "平成元年1月8日", "平成1年1月8日", "H1.1.8", "H01.01.08", "4010108", "3640108"],
        birth(1989, 1, 8),
    );
    reads(&["明治45年7月30日", "大正元年7月30日", "M45.7.30", "T1.7.30", "大1.7.30"], birth(1912, 7, 30));
    reads(&["大正15年12月25日", "昭和元年12月25日", "昭和1年12月25日"], birth(1926, 12, 25));
    reads(
        &["平成31年5月1日", "令和元年5月1日", "R1.5.1", "R010501", "㋿1.5.1", "5010501"],
        birth(2019, 5, 1),
    );
    reads(&["S2.8.12", "昭和2年8月12日"], birth(1927, 8, 12));
    reads(&["令和6年2月29日"], birth(2024, 2, 29));
    // A year that the era never had is counted on.
    doubts(
        BirthDoubt::Damaged,
        &[("昭和65年1月8日", birth(1990, 1, 8)), ("平成32年5月1日", birth(2020, 5, 1))],
    );
}

#[test]
fn unknown_parts() {
    reads(&["", "  ", "　", "不詳", "不明", "00000000", "99999999", "-", "＊＊"], Birth::default());
    reads(
        &[
            "19450800",
            "19450899",
            "1945-08-00",
            "1945/8/99",
            "1945年8月不詳",
            "昭和20年8月不詳",
            "1945年8月不詳日",
            "S200800",
            "1945-08-??",
            "1945-08-**",
            "昭和20年8月不明",
            "1945/08/XX",
        ],
        birth(1945, 8, 0),
    );
    reads(&["19450000", "昭和20年不詳月不詳日", "19459999"], birth(1945, 0, 0));
    reads(&["不詳年8月12日", "昭和不詳年8月12日", "00000812"], birth(0, 8, 12));
    doubts(
        BirthDoubt::Damaged,
        &[
            ("1945", birth(1945, 0, 0)),
            ("1945年", birth(1945, 0, 0)),
            ("1945-08", birth(1945, 8, 0)),
            ("昭和20年8月", birth(1945, 8, 0)),
        ],
    );
}

#[test]
fn what_spreadsheets_do() {
    doubts(
        BirthDoubt::Serial,
        &[
            ("44197", birth(2021, 1, 1)),
            ("16661", birth(1945, 8, 12)),
            ("10000", birth(1927, 5, 18)),
            ("36585", birth(2000, 2, 29)),
            ("16661.0", birth(1945, 8, 12)),
        ],
    );
    doubts(
        BirthDoubt::Damaged,
        &[
            ("13/8/1945", birth(1945, 8, 13)),
            ("8/13/1945", birth(1945, 8, 13)),
            ("8/8/1945", birth(1945, 8, 8)),
            ("13081945", birth(1945, 8, 13)),
        ],
    );
    let none = Birth::default();
    doubts(
        BirthDoubt::Unreadable,
        &[
            ("12/8/1945", none),
            ("12081945", none),
            ("450812", none),
            ("45/8/12", none),
            ("1945812", none),
            ("S20812", none),
            ("1.95E+07", none),
            ("12-Aug-45", none),
            ("########", none),
            ("渡辺花子", none),
            ("大正", none),
            ("昭和", none),
            ("20年8月12日", none),
            ("8月12日", none),
            ("1945年12日", none),
            ("1945-08-12x", none),
            ("1945-8-12-3", none),
            ("3205812", none),
            ("9", none),
            ("S20081", none),
            ("3990812", none),
        ],
    );
}

#[test]
fn days_that_never_were() {
    let none = Birth::default();
    doubts(
        BirthDoubt::NoSuchDay,
        &[
            ("19450230", none),
            ("1945-02-29", none),
            ("19001301", none),
            ("1945-13-01", none),
            ("18600101", none),
            ("21000101", none),
            ("昭和20年2月30日", none),
            ("S20.4.31", none),
            ("昭和0年1月1日", none),
            ("1945/8/32", none),
            ("19000229", none),
        ],
    );
    reads(&["20000229"], birth(2000, 2, 29));
}

#[test]
fn levels() {
    for (a, b, want) in [
        ("19450812", "昭和20年8月12日", Level::Equal),
        ("19450812", "19450800", Level::Partial),
        ("19450800", "19450800", Level::Partial),
        ("19450812", "19450000", Level::Partial),
        ("19450812", "19450900", Level::Different),
        ("19450812", "00000812", Level::Missing),
        ("19450812", "00000813", Level::Different),
        ("19450812", "", Level::Missing),
        ("", "", Level::Missing),
        ("S20.8.12", "H20.8.12", Level::Era),
        ("S3.8.12", "T3.8.12", Level::Era),
        ("M40.8.12", "T40.8.12", Level::Era),
        ("S40.8.12", "T40.8.12", Level::Era),
        ("H2.8.12", "R2.8.12", Level::Era),
        ("T9.8.12", "H9.8.12", Level::Era),
        // Fourteen years apart, but 大正69 and 昭和55 are not both miswritten.
        ("1980-08-12", "1994-08-12", Level::Different),
        ("S20.8.12", "H20.8.13", Level::Different),
        ("19450812", "19451208", Level::Swapped),
        ("19450812", "19450912", Level::OneDigit),
        ("19450812", "19550812", Level::OneDigit),
        ("19450812", "19450813", Level::OneDigit),
        ("19450812", "19450821", Level::OneDigit),
        ("19450812", "19540812", Level::OneDigit),
        // 1 and 0 are neighbours, but not of one part.
        ("19411012", "19401112", Level::Different),
        ("19450831", "19450901", Level::DayOff),
        ("19451231", "19460101", Level::DayOff),
        ("19440229", "19440301", Level::DayOff),
        ("19450228", "19450301", Level::DayOff),
        ("19440228", "19440301", Level::Different),
        ("19450809", "19450810", Level::DayOff),
        ("19450812", "19310305", Level::Different),
    ] {
        let ((a_read, _), (b_read, _)) = (read(a), read(b));
        assert_eq!(compare(a_read, b_read), want, "{a} {b}");
        assert_eq!(compare(b_read, a_read), want, "{b} {a}");
    }
}

fn days() -> impl Strategy<Value = Birth> {
    (YEAR_MIN..=YEAR_MAX, 1..=12_u8, 1..=31_u8)
        .prop_filter_map("on the calendar", |(year, month, day)| birth(year, month, day).on_calendar())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let (read, doubt) = read(&text);
        prop_assert_eq!(read.on_calendar(), Some(read));
        let is_left_out = matches!(doubt, Some(BirthDoubt::Unreadable | BirthDoubt::NoSuchDay));
        prop_assert!(!is_left_out || read.is_empty());
    }

    #[test]
    fn nearly_dates_are_read_or_refused(text in "[MTSHR昭和平成明治大正令元年月日不詳0-9/. ()?-]{0,14}") {
        let (read, _) = read(&text);
        prop_assert_eq!(read.on_calendar(), Some(read));
    }

    #[test]
    fn every_style_says_the_same(day in days()) {
        let Birth { year, month, day: on } = day;
        for text in [
            format!("{year}{month:02}{on:02}"),
            format!("{year}-{month:02}-{on:02}"),
            format!("{year}/{month}/{on}"),
            format!("{year}年{month}月{on}日"),
        ] {
            prop_assert_eq!(read(&text), (day, None));
        }
        for (letter, name, base, last) in [('M', "明治", 1867, 45), ('T', "大正", 1911, 15), ('S', "昭和", 1925, 64), ('H', "平成", 1988, 31), ('R', "令和", 2018, 81)] {
            if year > base && year <= base + last {
                let of_era = year - base;
                for text in [
                    format!("{letter}{of_era}.{month}.{on}"),
                    format!("{letter}{of_era:02}{month:02}{on:02}"),
                    format!("{name}{of_era}年{month}月{on}日"),
                ] {
                    prop_assert_eq!(read(&text), (day, None));
                }
            }
        }
    }

    #[test]
    fn comparing_is_symmetric(a in days(), b in days(), cut in 0..4_u8) {
        let a = Birth { month: if cut & 1 == 1 { 0 } else { a.month }, day: if cut & 2 == 2 { 0 } else { a.day }, ..a };
        prop_assert_eq!(compare(a, b), compare(b, a));
        prop_assert_eq!(compare(b, b), Level::Equal);
    }

    #[test]
    fn day_numbers_go_both_ways(day in days()) {
        prop_assert_eq!(Birth::of_number(day.number()), Some(day));
        let next = Birth::of_number(day.number() + 1).unwrap();
        prop_assert!(matches!(compare(day, next), Level::OneDigit | Level::DayOff));
    }
}

/// Nearly all dates take a way of their own.
#[test]
fn a_usual_date_is_read_as_any_other() {
    proptest!(|(year in 1860_u16..2110, month in 0_u16..15, day in 0_u16..34)| {
        let slow = Birth { year, month: month as u8, day: day as u8 }.on_calendar().filter(|birth| birth.is_whole());
        for written in [format!("{year:04}-{month:02}-{day:02}"), format!("{year:04}{month:02}{day:02}")] {
            let (birth, doubt) = read(&written);
            prop_assert_eq!(if doubt.is_none() && birth.is_whole() { Some(birth) } else { None }, slow, "{}", written);
        }
    });
}

#[test]
fn eight_signs_are_no_date_if_one_is_no_digit() {
    for at in 0..8 {
        for sign in ['/', ':', ' ', 'a', 'p', '\u{10}', '\u{7f}', '\0'] {
            let mut signs: Vec<char> = "19450812".chars().collect();
            signs[at] = sign;
            let text: String = signs.into_iter().collect();
            assert_ne!(read(&text), (birth(1945, 8, 12), None), "{text:?}");
        }
    }
}
