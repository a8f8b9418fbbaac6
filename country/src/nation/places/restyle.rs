//! The same address as another office writes it.
//!
//! Always holds: what comes out names the same home, though perhaps with less of it: no prefecture, no 郡, no building.
//! Not here: mistakes; other homes.
//! Rules come from: the reference on matching, section 1.4.

use super::{Home, PLACES, lots, prefecture_name};
use crate::nation::dice::Dice;

/// Signs that offices use for a hyphen: full-width minus, hyphen-minus, hyphen, minus sign, and the long vowel mark.
const HYPHENS: [&str; 5] = ["－", "-", "‐", "−", "ー"];

/// How an office writes numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// As the register: 三丁目１２番５号.
    Kept,
    /// 3丁目１２番５号.
    Counted,
    /// ３－１２－５.
    Hyphens,
    /// 三丁目十二番五号.
    Kanji,
}

/// The address of a home in another office's style. It can come out the same.
pub fn restyle(dice: &mut Dice, home: &Home) -> String {
    let municipality = &PLACES.municipalities[home.municipality];
    let prefecture = prefecture_name(municipality.prefecture);
    let behind = home.address.strip_prefix(prefecture).unwrap_or(&home.address);
    let behind = behind.strip_prefix(municipality.name).unwrap_or(behind);
    let (place, building) = behind.split_once('\u{3000}').unwrap_or((behind, ""));
    let mut out = String::with_capacity(home.address.len());
    if dice.percent(60) {
        out.push_str(prefecture);
    }
    // 郡山市 and 小郡市 have the sign, but no county.
    let is_rural = municipality.name.ends_with(['町', '村']);
    let without_county = municipality.name.split_once('郡').map(|(_, rest)| rest).filter(|_| is_rural);
    match without_county.filter(|_| dice.percent(25)) {
        Some(rest) => out.push_str(rest),
        None => out.push_str(municipality.name),
    }
    let place = shorter(dice, place);
    let (town, lot) = place.split_at(lot_at(&place));
    out.push_str(town);
    let numbers = match dice.below(100) {
        0..30 => Numbers::Kept,
        30..45 => Numbers::Counted,
        45..95 => Numbers::Hyphens,
        _ => Numbers::Kanji,
    };
    renumber(dice, lot, numbers, &mut out);
    let mut out = if dice.percent(25) { swap_small(&out) } else { out };
    if !building.is_empty() && dice.percent(75) {
        append(dice, building, numbers, &mut out);
    }
    if numbers != Numbers::Kanji && dice.percent(45) { narrow_digits(&out) } else { out }
}

/// Leaves out what many offices leave out: 大字, 字, 第, Kyoto's streets.
fn shorter(dice: &mut Dice, place: &str) -> String {
    let mut place = place.to_owned();
    if place.starts_with("大字") && dice.percent(50) {
        place.drain(.."大字".len());
    }
    if dice.percent(35) {
        // The sign of the part stands between town and part, never first.
        if let Some(at) = place.char_indices().skip(1).find(|(_, sign)| *sign == '字').map(|(at, _)| at)
            && !place[..at].ends_with('大')
        {
            place.replace_range(at..at + '字'.len_utf8(), "");
        }
    }
    if place.contains("地割") && dice.percent(40) {
        place = place.replacen('第', "", 1);
    }
    if dice.percent(30) {
        let end = ["上る", "下る", "西入", "東入"]
            .iter()
            .filter_map(|way| place.rfind(way).map(|at| at + way.len()))
            .max();
        place.drain(..end.unwrap_or(0));
    }
    place
}

/// Where the number begins: at the chome's kanji, else at the first digit that leads to 番, 号 or 地割.
pub(crate) fn lot_at(place: &str) -> usize {
    for mark in ["丁目", "丁"] {
        if let Some(at) = place.rfind(mark) {
            let start = place[..at]
                .char_indices()
                .rev()
                .take_while(|(_, sign)| "一二三四五六七八九十".contains(*sign))
                .last();
            if let Some((start, _)) = start {
                return start;
            }
        }
    }
    let Some(mark) = place.find("番").or_else(|| place.rfind('号')) else {
        return place.len();
    };
    place[..mark]
        .char_indices()
        .rev()
        .take_while(|(_, sign)| is_wide_digit(*sign))
        .last()
        .map_or(place.len(), |(start, _)| start)
}

fn is_wide_digit(sign: char) -> bool {
    ('０'..='９').contains(&sign)
}

/// Writes the number in a style.
fn renumber(dice: &mut Dice, lot: &str, numbers: Numbers, out: &mut String) {
    if lot.is_empty() || numbers == Numbers::Kept || lot.contains("無番地") || lot.contains("番外地") {
        out.push_str(lot);
        return;
    }
    let hyphen = *dice.pick::<&str>(&HYPHENS);
    let mut rest = lot;
    while let Some(sign) = rest.chars().next() {
        let number = take_number(&mut rest);
        if let Some(number) = number {
            match numbers {
                Numbers::Kanji => lots::kanji(number, out),
                _ => lots::digits(number, out),
            }
            if numbers == Numbers::Hyphens {
                let mark = ["丁目", "番地の", "番地", "番", "丁", "号", "－"]
                    .iter()
                    .find(|mark| rest.starts_with(**mark));
                if let Some(mark) = mark {
                    rest = &rest[mark.len()..];
                    if !rest.is_empty() {
                        out.push_str(hyphen);
                    }
                }
            }
        } else {
            out.push(sign);
            rest = &rest[sign.len_utf8()..];
        }
    }
}

/// Takes a number in full-width digits or kanji off the front.
pub(crate) fn take_number(rest: &mut &str) -> Option<u64> {
    let (mut number, mut unit, mut length) = (0, 0, 0);
    for sign in rest.chars() {
        match ("一二三四五六七八九".chars().position(|other| other == sign), sign) {
            (Some(at), _) => unit = at as u64 + 1,
            (None, '十') => {
                number += unit.max(1) * 10;
                unit = 0;
            }
            (None, '０'..='９') => unit = unit * 10 + u64::from(u32::from(sign) - 0xff10),
            _ => break,
        }
        length += sign.len_utf8();
    }
    *rest = &rest[length..];
    (length > 0).then_some(number + unit)
}

/// Puts the building behind, with or without a blank; some offices write the room alone.
fn append(dice: &mut Dice, building: &str, numbers: Numbers, out: &mut String) {
    let digits = |sign: char| is_wide_digit(sign);
    let room = building.trim_end_matches("号室").trim_end_matches('号');
    let start = room.trim_end_matches(digits).len();
    if numbers == Numbers::Hyphens && start < room.len() && dice.percent(20) {
        out.push('－');
        out.push_str(&room[start..]);
        return;
    }
    match dice.below(3) {
        0 => out.push('\u{3000}'),
        1 => out.push(' '),
        _ => {}
    }
    if dice.percent(20) && start < room.len() {
        out.push_str(&room[..start]);
        out.push_str(if dice.percent(50) { "　" } else { "－" });
        out.push_str(&room[start..]);
    } else {
        out.push_str(building);
    }
}

/// The small and the large form of ke and tsu, and ノ as の, one for the other.
fn swap_small(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            'ケ' => 'ヶ',
            'ヶ' => 'ケ',
            'ノ' => 'の',
            'ツ' => 'ッ',
            other => other,
        })
        .collect()
}

/// Half-width digits, blanks and hyphens.
pub(crate) fn narrow_digits(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '０'..='９' => char::from(b'0' + (u32::from(sign) - 0xff10) as u8),
            '－' => '-',
            '\u{3000}' => ' ',
            other => other,
        })
        .collect()
}
