//! Reading a birth date as it is written.
//!
//! Always holds: two digits for a year without an era are not read, nor is day and month in an unknown order.
//! Not here: the calendar and comparison.
//! Rules come from: the reference on matching, section 1.5.

use super::{Birth, BirthDoubt, YEAR_MAX, YEAR_MIN, eras::Era};

type Read = (Birth, Option<BirthDoubt>);

/// No date is written with more characters than this.
const CHARS_MAX: usize = 48;

/// The number of a spreadsheet's day 0 (30 December 1899), counted as [`Birth::number`] counts.
const SERIAL_ZERO: i32 = Birth { year: 1899, month: 12, day: 30 }.number();

/// Day numbers of spreadsheets have five digits from May 1927 on; the last that is read is in 2099.
const SERIALS: std::ops::RangeInclusive<u32> = 10_000..=73_050;

/// Reads a field. An unreadable date is empty and has a doubt; an empty field, and one that says 不詳, is empty and has
/// none.
pub fn read(text: &str) -> Read {
    // Most rows of most files: eight digits, or year, month and day with a separator.
    match *text.as_bytes() {
        [a, b, c, d, e, f, g, h] => {
            if let Some([year, month, day]) = numbers([a, b, c, d, e, f, g, h]) {
                return usual(year, month, day).unwrap_or_else(|| eight_digits(year, month, day));
            }
        }
        [a, b, c, d, s @ (b'-' | b'/' | b'.'), e, f, t, g, h] if s == t => {
            if let Some([year, month, day]) = numbers([a, b, c, d, e, f, g, h]) {
                return usual(year, month, day).unwrap_or_else(|| dated(year, month, day, None));
            }
        }
        [] => return (Birth::default(), None),
        _ => {}
    }
    slowly(text)
}

/// Four, two and two digits as numbers, all eight at once; `None` if one is no digit.
fn numbers(signs: [u8; 8]) -> Option<[u16; 3]> {
    let digits = u64::from_le_bytes(signs) ^ 0x3030_3030_3030_3030;
    // A byte above 9 has a bit of its upper half, or gets one by adding 6.
    if (digits | digits.wrapping_add(0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 != 0 {
        return None;
    }
    // Every other byte becomes the number of itself and the byte behind it.
    let [century, _, year, _, month, _, day, _] =
        digits.wrapping_mul(10).wrapping_add(digits >> 8).to_le_bytes().map(u16::from);
    Some([century * 100 + year, month, day])
}

/// A whole Western date on a day that every month has, which is on the calendar whatever the month and the year.
fn usual(year: u16, month: u16, day: u16) -> Option<Read> {
    let is_usual = (YEAR_MIN..=YEAR_MAX).contains(&year) && matches!((month, day), (1..=12, 1..=28));
    is_usual.then_some((Birth { year, month: month as u8, day: day as u8 }, None))
}

/// A Western date; 0 and 99 for month and day, 0 and 9999 for the year say that it is unknown.
fn dated(year: u16, month: u16, day: u16, doubt: Option<BirthDoubt>) -> Read {
    let known = |part: u16| if part == 99 { 0 } else { u8::try_from(part).unwrap_or(u8::MAX) };
    let year = if year == 9_999 { 0 } else { year };
    match (Birth { year, month: known(month), day: known(day) }).on_calendar() {
        Some(birth) => (birth, doubt),
        None => (Birth::default(), Some(BirthDoubt::NoSuchDay)),
    }
}

/// 19450812; 03200812 (code of the era, its year); 12081945 if only one order is possible.
fn eight_digits(year: u16, month: u16, day: u16) -> Read {
    if (YEAR_MIN..=YEAR_MAX).contains(&year) || year == 0 || year == 9_999 {
        return dated(year, month, day, None);
    }
    // No reading of the one kind is a date of the other: 19 and 20 are no months.
    if let Some(era) = Era::of_code(year / 100)
        && month <= 12
    {
        return of_era(era, year % 100, month, day, None);
    }
    let (first, second, last) = (year / 100, year % 100, month * 100 + day);
    let is_order = first.min(second) <= 12 && first.max(second) <= 31;
    if is_order && (YEAR_MIN..=YEAR_MAX).contains(&last) {
        return either_order(first, second, last);
    }
    dated(year, month, day, None)
}

/// A date of an era.
fn of_era(era: Era, year: u16, month: u16, day: u16, doubt: Option<BirthDoubt>) -> Read {
    let (western, was) = era.year(year);
    if year == 0 {
        return (Birth::default(), Some(BirthDoubt::NoSuchDay));
    }
    dated(western, month, day, if was { doubt } else { Some(BirthDoubt::Damaged) })
}

/// Day and month, or month and day, before the year: read if only one order gives a date.
fn either_order(first: u16, second: u16, year: u16) -> Read {
    let damaged = Some(BirthDoubt::Damaged);
    match (first, second) {
        (0, _) | (_, 0) => (Birth::default(), Some(BirthDoubt::Unreadable)),
        _ if first == second || first > 12 => dated(year, second, first, damaged),
        _ if second > 12 => dated(year, first, second, damaged),
        _ => (Birth::default(), Some(BirthDoubt::Unreadable)),
    }
}

/// One number of a date: its value (`None` when it says 不詳) and how many digits it was written with.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    value: Option<u32>,
    digits: usize,
}

/// The parts of a date as they are written.
#[derive(Debug, Default)]
struct Parts {
    era: Option<Era>,
    parts: [Part; 3],
    count: usize,
    /// Some part is named by 年, 月 or 日.
    is_named: bool,
}

/// Any other way of writing.
fn slowly(text: &str) -> Read {
    let unreadable = (Birth::default(), Some(BirthDoubt::Unreadable));
    let mut signs = ['\0'; CHARS_MAX];
    let Some(length) = plain(text, &mut signs) else { return unreadable };
    // A spreadsheet writes a number as 19450812.0.
    let signs = match &signs[..length] {
        [number @ .., '.', '0'] if number.iter().all(char::is_ascii_digit) => number,
        signs => signs,
    };
    if signs.is_empty()
        || matches!(signs, ['不', '詳' | '明'] | ['-'])
        || signs.iter().all(|sign| *sign == '?')
    {
        return (Birth::default(), None);
    }
    let Some(parts) = parts(signs) else { return unreadable };
    match (parts.count, parts.era) {
        (1, None) if !parts.is_named => one_number(parts.parts[0]),
        (1, Some(era)) if parts.parts[0].digits == 6 => {
            let number = parts.parts[0].value.unwrap_or(0);
            let [year, month, day] =
                [number / 10_000, number / 100 % 100, number % 100].map(|part| part as u16);
            of_era(era, year, month, day, None)
        }
        (0, _) => unreadable,
        _ => several(&parts),
    }
}

/// A number alone: YYYYMMDD, era code and date, a spreadsheet's day number, or a year.
fn one_number(part: Part) -> Read {
    let unreadable = (Birth::default(), Some(BirthDoubt::Unreadable));
    let Some(number) = part.value else { return unreadable };
    let low = |number: u32| (number % 100) as u16;
    let (year, month, day) = (number / 10_000, low(number / 100), low(number));
    match part.digits {
        8 => eight_digits(year as u16, month, day),
        // 3200812: the code of the era stands before its year.
        7 => match Era::of_code((year / 100) as u16) {
            Some(era) if era.year(low(year)).1 => match of_era(era, low(year), month, day, None) {
                (_, Some(BirthDoubt::NoSuchDay)) => unreadable,
                read => read,
            },
            _ => unreadable,
        },
        5 if SERIALS.contains(&number) => {
            let birth = Birth::of_number(SERIAL_ZERO + number as i32).and_then(Birth::on_calendar);
            birth.map_or(unreadable, |birth| (birth, Some(BirthDoubt::Serial)))
        }
        4 => dated(number as u16, 0, 0, Some(BirthDoubt::Damaged)),
        _ => unreadable,
    }
}

/// Year, month, day in parts; what is not written is unknown.
fn several(parts: &Parts) -> Read {
    let [first, second, third] = parts.parts;
    let small = |part: Part| part.value.map_or(0, |value| u16::try_from(value).unwrap_or(u16::MAX));
    let [a, b, c] = [first, second, third].map(small);
    // A part that is simply not there was lost; one that says 不詳 was not.
    let doubt = if parts.count < 3 { Some(BirthDoubt::Damaged) } else { None };
    match parts.era {
        Some(_) if first.value.is_none() => dated(0, b, c, doubt),
        Some(era) if first.digits <= 2 => of_era(era, a, b, c, doubt),
        None if first.value.is_none() || first.digits == 4 => dated(a, b, c, doubt),
        None if third.digits == 4 && first.digits <= 2 && second.digits <= 2 => either_order(a, b, c),
        _ => (Birth::default(), Some(BirthDoubt::Unreadable)),
    }
}

/// Widths, letters and dashes in one form, without blanks at the ends, brackets with what they hold, and quotes.
fn plain(text: &str, into: &mut [char; CHARS_MAX]) -> Option<usize> {
    let mut length = 0;
    let mut depth = 0_u32;
    for sign in text.chars() {
        let sign = match sign {
            '！'..='～' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
            _ => sign,
        };
        let sign = match sign {
            '(' => {
                depth += 1;
                continue;
            }
            ')' => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ if depth > 0 => continue,
            '\'' | '"' | '=' | '\u{feff}' => continue,
            '\u{3000}' | '\t' | '\u{a0}' => ' ',
            '‐' | '‑' | '–' | '—' | '―' | '−' | 'ー' | 'ｰ' => '-',
            '・' | '･' | '。' | '．' | ',' | '、' => '.',
            '*' | '＊' | '●' | '■' | '〓' => '?',
            '㍾' => 'M',
            '㍽' => 'T',
            '㍼' => 'S',
            '㍻' => 'H',
            '㋿' => 'R',
            other => other.to_ascii_uppercase(),
        };
        if sign == ' ' && length == 0 {
            continue;
        }
        *into.get_mut(length)? = sign;
        length += 1;
    }
    while length > 0 && into[length - 1] == ' ' {
        length -= 1;
    }
    Some(length)
}

/// Takes a written date apart; `None` for what is none.
fn parts(signs: &[char]) -> Option<Parts> {
    let mut parts = Parts::default();
    let mut rest = signs;
    if let Some((era, behind)) = era(rest) {
        parts.era = Some(era);
        rest = behind;
    } else if let ['西', '暦', behind @ ..] = rest {
        rest = behind;
    }
    while let [sign, ..] = rest {
        if *sign == ' ' || matches!(sign, '/' | '-' | '.') && parts.count == 0 && parts.era.is_some() {
            rest = &rest[1..];
            continue;
        }
        if parts.count == 3 {
            return is_ending(rest).then_some(parts);
        }
        let (part, behind) = part(rest)?;
        parts.parts[parts.count] = part;
        parts.count += 1;
        rest = match behind {
            [unit @ ('年' | '月' | '日'), behind @ ..] => {
                if "年月日".chars().nth(parts.count - 1) != Some(*unit) {
                    return None;
                }
                parts.is_named = true;
                behind
            }
            ['/' | '-' | '.', behind @ ..] if parts.count < 3 => behind,
            [' ', ..] => behind,
            [] => behind,
            _ if parts.count == 3 || parts.is_named => behind,
            _ => return None,
        };
    }
    Some(parts)
}

/// An era at the front: 昭和, 昭, S.
fn era(signs: &[char]) -> Option<(Era, &[char])> {
    let (letter, length) = match signs {
        ['明', '治', ..] => ('M', 2),
        ['大', '正', ..] => ('T', 2),
        ['昭', '和', ..] => ('S', 2),
        ['平', '成', ..] => ('H', 2),
        ['令', '和', ..] => ('R', 2),
        ['明', ..] => ('M', 1),
        ['大', ..] => ('T', 1),
        ['昭', ..] => ('S', 1),
        ['平', ..] => ('H', 1),
        ['令', ..] => ('R', 1),
        [letter, ..] => (*letter, 1),
        [] => return None,
    };
    Era::of_letter(letter).map(|era| (era, &signs[length..]))
}

/// One number in digits or kanji, 元, or a word for unknown.
fn part(signs: &[char]) -> Option<(Part, &[char])> {
    match signs {
        ['元', behind @ ..] => Some((Part { value: Some(1), digits: 1 }, behind)),
        ['不', '詳' | '明', behind @ ..] => Some((Part::default(), behind)),
        ['?', ..] => Some((Part::default(), &signs[signs.iter().take_while(|sign| **sign == '?').count()..])),
        ['X', 'X', ..] => {
            Some((Part::default(), &signs[signs.iter().take_while(|sign| **sign == 'X').count()..]))
        }
        [sign, ..] if sign.is_ascii_digit() => {
            let length = signs.iter().take_while(|sign| sign.is_ascii_digit()).count();
            let value = signs[..length].iter().fold(0_u32, |sum, sign| {
                sum.saturating_mul(10).saturating_add(sign.to_digit(10).unwrap_or(0))
            });
            Some((Part { value: Some(value), digits: length }, &signs[length..]))
        }
        _ => kanji(signs),
    }
}

/// A number in kanji: 二十, 一九四五, 廿三.
fn kanji(signs: &[char]) -> Option<(Part, &[char])> {
    let (mut sum, mut digits, mut length) = (0_u32, None, 0);
    for sign in signs {
        let digit = match sign {
            '〇' | '零' => 0,
            '一' | '壱' => 1,
            '二' | '弐' => 2,
            '三' | '参' => 3,
            '四' => 4,
            '五' => 5,
            '六' => 6,
            '七' => 7,
            '八' => 8,
            '九' => 9,
            '十' | '拾' | '廿' | '百' | '千' => {
                let unit = match sign {
                    '百' => 100,
                    '千' => 1_000,
                    '廿' => 20,
                    _ => 10,
                };
                sum = digits.take().unwrap_or(1_u32).saturating_mul(unit).saturating_add(sum);
                length += 1;
                continue;
            }
            _ => break,
        };
        digits = Some(digits.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
        length += 1;
    }
    let value = sum.saturating_add(digits.unwrap_or(0));
    let width = if value >= 1_000 { 4 } else { 2 };
    (length > 0).then_some((Part { value: Some(value), digits: width }, &signs[length..]))
}

/// What may stand behind a whole date: nothing, 生, 生まれ, or a time.
fn is_ending(signs: &[char]) -> bool {
    let signs = match signs {
        ['日', behind @ ..] => behind,
        _ => signs,
    };
    match signs {
        [] | ['生'] | ['生', 'ま', 'れ'] => true,
        ['T', time @ ..] | time => {
            time.first().is_some_and(char::is_ascii_digit)
                && time.contains(&':')
                && time
                    .iter()
                    .all(|sign| sign.is_ascii_digit() || matches!(sign, ':' | '.' | 'Z' | '+' | '-' | ' '))
        }
    }
}
