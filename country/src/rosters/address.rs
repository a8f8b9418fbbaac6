//! An address as another office writes it: other numerals, less of it, other kana; the building in another way.
//!
//! Always holds: what comes out names the same home, though perhaps with less of it.
//! Not here: how often, and moves (`noise`).
//! Rules come from: the reference on matching, section 1.4.

use super::tables::{HYPHENS, OLD_NUMERALS, TOWN_KANA};
use crate::nation::{
    dice::Dice,
    places::{self, Home},
};

/// An address in its parts. Together, in this order, they are what the register writes.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) prefecture: &'static str,
    /// 郡 with its name, where the municipality is in one.
    pub(super) county: &'static str,
    /// The municipality without its county.
    pub(super) city: &'static str,
    /// Town with 大字, 字, streets.
    pub(super) town: String,
    /// Chome, block, number.
    pub(super) lot: String,
    /// 方書
    pub(super) building: String,
}

impl Parts {
    /// The parts of a home's address.
    pub(super) fn of(home: &Home) -> Parts {
        let municipality = &places::municipalities()[home.municipality];
        let prefecture = places::prefecture_name(municipality.prefecture);
        let behind = home.address.strip_prefix(prefecture).unwrap_or(&home.address);
        let behind = behind.strip_prefix(municipality.name).unwrap_or(behind);
        let (place, building) = behind.split_once('\u{3000}').unwrap_or((behind, ""));
        let (town, lot) = place.split_at(places::lot_at(place));
        // 郡山市 and 小郡市 have the sign, but no county.
        let is_rural = municipality.name.ends_with(['町', '村']);
        let county = match municipality.name.find('郡').filter(|_| is_rural) {
            Some(at) => &municipality.name[..at + '郡'.len_utf8()],
            None => "",
        };
        Parts {
            prefecture,
            county,
            city: &municipality.name[county.len()..],
            town: town.to_owned(),
            lot: lot.to_owned(),
            building: building.to_owned(),
        }
    }

    /// The address without its building.
    pub(super) fn place(&self) -> String {
        [self.prefecture, self.county, self.city, &self.town, &self.lot].concat()
    }

    /// Leaves 大字, 字, 第 or Kyoto's streets out. Says whether there was any.
    pub(super) fn shorten_town(&mut self) -> bool {
        let before = self.town.len() + self.lot.len();
        if self.town.starts_with("大字") {
            self.town.drain(.."大字".len());
        } else if let Some(end) = streets_end(&self.town) {
            self.town.drain(..end);
        } else if self.lot.contains("地割") && self.town.ends_with('第') {
            self.town.pop();
        } else if let Some(at) = self.town.char_indices().skip(1).find(|(_, sign)| *sign == '字') {
            self.town.remove(at.0);
        }
        self.town.len() + self.lot.len() < before
    }

    /// Whether [`Parts::shorten_town`] finds anything.
    pub(super) fn is_long_town(&self) -> bool {
        self.town.starts_with("大字")
            || streets_end(&self.town).is_some()
            || self.town.chars().skip(1).any(|sign| sign == '字')
            || (self.lot.contains("地割") && self.town.ends_with('第'))
    }

    /// Writes a kana within the town in another way. Says whether there was one.
    pub(super) fn respell_town(&mut self, dice: &mut Dice) -> bool {
        let found = TOWN_KANA.iter().find(|(from, _)| self.town.contains(from));
        if let Some((from, others)) = found {
            self.town = self.town.replacen(from, dice.pick::<&str>(others), 1);
        }
        found.is_some()
    }

    /// Whether [`Parts::respell_town`] finds anything.
    pub(super) fn is_respellable(&self) -> bool {
        TOWN_KANA.iter().any(|(from, _)| self.town.contains(from))
    }

    /// Writes the number in another style; it can come out the same where there is little to write. Says whether it
    /// did not.
    pub(super) fn restyle_lot(&mut self, dice: &mut Dice) -> bool {
        let styled = match dice.below(100) {
            0..20 => counted(&self.lot),
            20..75 => hyphens(dice, &self.lot),
            75..83 => in_kanji(dice, &self.lot),
            83..87 => old_chome(&self.lot),
            87..93 => branched(dice, &self.lot),
            _ => self.lot.strip_suffix('号').unwrap_or(&self.lot).to_owned(),
        };
        let styled = if dice.percent(60) { places::narrow_digits(&styled) } else { styled };
        let is_new = styled != self.lot;
        self.lot = styled;
        is_new
    }

    /// A digit of the number mistyped. Says whether there was one.
    pub(super) fn mistype_lot(&mut self, dice: &mut Dice) -> bool {
        let all: Vec<usize> =
            self.lot.char_indices().filter(|(_, sign)| is_wide_digit(*sign)).map(|(at, _)| at).collect();
        if all.is_empty() {
            return false;
        }
        let at = *dice.pick(&all);
        let mut typed = String::new();
        places::digits(1 + dice.below(9), &mut typed);
        let is_new = !self.lot[at..].starts_with(&typed);
        self.lot.replace_range(at..at + typed.len(), &typed);
        is_new
    }

    /// Numbers with narrow hyphens, everything in half width.
    pub(super) fn hyphenate(&mut self) {
        self.lot = places::narrow_digits(&joined(&self.lot, "-", false));
        self.town = places::narrow_digits(&self.town);
        self.building = places::narrow_digits(&self.building);
    }

    /// Writes building and room in another way.
    pub(super) fn restyle_building(&mut self, dice: &mut Dice) -> bool {
        let bare = self.building.trim_end_matches("号室").trim_end_matches('号');
        let start = bare.trim_end_matches(is_wide_digit).len();
        let (name, room) = bare.split_at(start);
        let name = name.trim_end_matches('\u{3000}');
        let styled = match dice.below(6) {
            0 if !room.is_empty() => room.to_owned(),
            1 if !room.is_empty() => format!("{name}\u{3000}{room}"),
            2 if !room.is_empty() => format!("{name}－{room}"),
            3 if !room.is_empty() => format!("{name}{room}号室"),
            4 => places::narrow_digits(&self.building),
            _ => format!("{name}{room}"),
        };
        let is_new = styled != self.building;
        self.building = styled;
        is_new
    }
}

/// Where Kyoto's streets before a town end.
fn streets_end(town: &str) -> Option<usize> {
    ["上る", "下る", "西入", "東入"].iter().filter_map(|way| town.rfind(way).map(|at| at + way.len())).max()
}

fn is_wide_digit(sign: char) -> bool {
    ('０'..='９').contains(&sign)
}

/// Every number of a lot written anew by `write`, every other text by `keep`.
fn rewritten(
    lot: &str,
    mut write: impl FnMut(u64, &mut String),
    mut keep: impl FnMut(&mut &str, &mut String),
) -> String {
    let (mut out, mut rest) = (String::with_capacity(lot.len()), lot);
    while !rest.is_empty() {
        match places::take_number(&mut rest) {
            Some(number) => write(number, &mut out),
            None => keep(&mut rest, &mut out),
        }
    }
    out
}

fn keep_sign(rest: &mut &str, out: &mut String) {
    let mut signs = rest.chars();
    out.extend(signs.next());
    *rest = signs.as_str();
}

/// 3丁目12番5号 in full-width digits.
fn counted(lot: &str) -> String {
    rewritten(lot, places::digits, keep_sign)
}

/// What separates two numbers, longest first.
const MARKS: [&str; 8] = ["番地の", "丁目", "番地", "番", "丁", "号", "－", "の"];

/// ３－１２－５, with one of the signs that look like a hyphen; some keep 丁目 before it.
fn hyphens(dice: &mut Dice, lot: &str) -> String {
    let hyphen = *dice.pick::<&str>(&HYPHENS);
    let keeps_chome = dice.percent(12);
    joined(lot, hyphen, keeps_chome)
}

fn joined(lot: &str, hyphen: &str, keeps_chome: bool) -> String {
    rewritten(lot, places::digits, |rest, out| {
        let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
        match mark {
            Some(mark) if keeps_chome && *mark == "丁目" => {
                out.push_str(mark);
                *rest = &rest[mark.len()..];
            }
            Some(mark) => {
                *rest = &rest[mark.len()..];
                if !rest.is_empty() {
                    out.push_str(hyphen);
                }
            }
            None => keep_sign(rest, out),
        }
    })
}

/// 三丁目十二番五号, or 三丁目一二番五号.
fn in_kanji(dice: &mut Dice, lot: &str) -> String {
    const SIGNS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let by_place = dice.percent(30);
    let write = |number: u64, out: &mut String| {
        if by_place {
            out.extend(number.to_string().bytes().map(|digit| SIGNS[usize::from(digit - b'0')]));
        } else {
            places::kanji(number, out);
        }
    };
    rewritten(lot, write, keep_sign)
}

/// 弐丁目12番5号: the old numerals for the first three chome.
fn old_chome(lot: &str) -> String {
    let mut rest = lot;
    match places::take_number(&mut rest) {
        Some(number @ 1..=3) if rest.starts_with('丁') => {
            format!("{}{}", OLD_NUMERALS[number as usize - 1], counted(rest))
        }
        _ => counted(lot),
    }
}

/// １２番地５ as １２番地の５, １２の５ or １２ノ５.
fn branched(dice: &mut Dice, lot: &str) -> String {
    let Some((before, behind)) = lot.split_once("番地").filter(|(_, behind)| !behind.is_empty()) else {
        return counted(lot);
    };
    let behind = behind.strip_prefix('の').unwrap_or(behind);
    let middle = dice.pick::<&str>(&["番地の", "番地ノ", "の", "ノ", "番"]);
    format!("{before}{middle}{behind}")
}

/// Other numbers than the lot's, of the same kind. The chome in kanji stays, as does a section: the town would be another.
fn other_numbers(dice: &mut Dice, lot: &str) -> String {
    let mut is_first = true;
    let write = |number: u64, out: &mut String| {
        let is_town = is_first && lot.contains(['丁', '割']);
        is_first = false;
        match is_town {
            true if lot.starts_with(is_wide_digit) => places::digits(number, out),
            true => places::kanji(number, out),
            false => places::digits(1 + dice.below(number.max(20) * 2), out),
        }
    };
    rewritten(lot, write, keep_sign)
}

/// Another number in the same town; no building.
pub(super) fn other_lot(dice: &mut Dice, home: &Home) -> Home {
    let parts = Parts::of(home);
    let tries: Vec<String> = (0..8).map(|_| other_numbers(dice, &parts.lot)).collect();
    let lot = tries.into_iter().find(|lot| *lot != parts.lot).unwrap_or_else(|| parts.lot.clone());
    let address = Parts { lot, building: String::new(), ..parts }.place();
    Home { municipality: home.municipality, postcode: home.postcode.clone(), address }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(town: &str, lot: &str, building: &str) -> Parts {
        Parts {
            prefecture: "静岡県",
            county: "",
            city: "沼津市",
            town: town.into(),
            lot: lot.into(),
            building: building.into(),
        }
    }

    #[test]
    fn a_number_is_written_in_the_styles_of_offices() {
        let mut dice = Dice::new(1, &[]);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..2_000 {
            let mut one = parts("大手町", "三丁目１２番５号", "");
            one.restyle_lot(&mut dice);
            seen.insert(one.lot);
        }
        for style in [
            "3-12-5",
            "３丁目１２番５号",
            "三丁目十二番五号",
            "三丁目一二番五号",
            "参丁目12番5号",
            "3丁目12-5",
        ] {
            assert!(seen.contains(style), "{style} of {seen:?}");
        }
        for _ in 0..200 {
            let mut one = parts("西浦", "１２番地５", "");
            one.restyle_lot(&mut dice);
            seen.insert(one.lot);
        }
        assert!(seen.contains("12の5") && seen.contains("１２番地の５"), "{seen:?}");
    }

    #[test]
    fn parts_are_left_out_and_respelled() {
        for (town, short) in [
            ("大字風口", "風口"),
            ("小松字松原", "小松松原"),
            ("今出川通河原町西入大宮町", "大宮町"),
            ("大手町", "大手町"),
        ] {
            let mut one = parts(town, "１２番地", "");
            let is_long = one.is_long_town();
            assert_eq!((one.shorten_town(), one.town.as_str()), (is_long, short));
        }
        let mut one = parts("自由ケ丘", "", "");
        assert!(one.is_respellable() && one.respell_town(&mut Dice::new(1, &[])));
        assert!(["自由ヶ丘", "自由が丘", "自由ガ丘"].contains(&one.town.as_str()), "{}", one.town);
    }

    #[test]
    fn another_number_is_in_the_same_town() {
        let mut dice = Dice::new(3, &[]);
        for at in 0..200 {
            let home = places::home(&mut dice, at * 9, at % 2 == 0);
            let other = other_lot(&mut dice, &home);
            let (one, two) = (Parts::of(&home), Parts::of(&other));
            assert_eq!((one.city, &one.town), (two.city, &two.town));
            assert!(
                one.lot != two.lot || one.lot.contains("番外") || one.lot.contains("無番"),
                "{}",
                one.lot
            );
            assert_eq!(
                one.place() + if one.building.is_empty() { "" } else { "\u{3000}" } + &one.building,
                home.address
            );
        }
    }
}
