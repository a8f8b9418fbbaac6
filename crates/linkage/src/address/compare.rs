//! How far two addresses agree.
//!
//! Always holds: the order of the two does not matter; what only one side says is never a difference by itself.
//! Not here: what a level weighs (rules).
//! Rules come from: the reference on matching, sections 1.4 and 4.4.

use super::{AddressForm, First, chars::MARK, places};
use crate::levels::AddressLevel;

/// How two texts agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Texts {
    Equal,
    /// Equal but for signs that a side could not write.
    Readable,
    /// One is the other with 町, 村 behind it, or is missing; of numbers: one begins the other.
    Part,
    /// One town's name begins with the other's: mostly another town (東 and 東光, 中野 and 中野新田).
    Beginning,
    Different,
}

/// Compares two addresses.
pub fn compare(a: &AddressForm, b: &AddressForm) -> AddressLevel {
    if a.is_empty() || b.is_empty() {
        return AddressLevel::Missing;
    }
    let both_known = a.city != 0 && b.city != 0;
    if both_known && !places::compatible(a.city, b.city) {
        return AddressLevel::Different;
    }
    let far = if both_known { AddressLevel::SameCity } else { AddressLevel::Different };
    if a.town.is_empty() && b.town.is_empty() && !(needs_no_town(a) && needs_no_town(b)) {
        return if both_known { AddressLevel::SameCity } else { AddressLevel::Missing };
    }
    let town = towns(a, b);
    let are_two_kinds = is_chome_beside_lot(a, b) && town == Texts::Equal;
    if town == Texts::Equal && !a.numbers.is_empty() && a.numbers == b.numbers && !are_two_kinds {
        return buildings(&a.building, &b.building);
    }
    let both_numbered = !a.numbers.is_empty() && !b.numbers.is_empty();
    if both_numbered && joined(a).eq(joined(b)) && !are_two_kinds && !is_room_for_go(a, b) {
        // The same numbers, parted otherwise: 3-12-5-203 and 3番12号5 with a room 203.
        return AddressLevel::Equal;
    }
    match (town, numbers(a, b)) {
        (Texts::Beginning, Texts::Equal) if !a.numbers.is_empty() => AddressLevel::SameTown,
        (Texts::Different | Texts::Beginning, _) => far,
        (Texts::Equal, Texts::Equal) => buildings(&a.building, &b.building),
        (Texts::Equal, Texts::Part) => beginnings(a, b),
        (Texts::Readable, Texts::Equal | Texts::Readable | Texts::Part) | (Texts::Equal, Texts::Readable) => {
            AddressLevel::Unreadable
        }
        (Texts::Equal | Texts::Readable, _) => AddressLevel::SameTown,
        // A town on one side only: every other town has these numbers as well.
        (Texts::Part, found) if a.town.is_empty() || b.town.is_empty() => {
            let differ = both_known || both_numbered && found == Texts::Different;
            if differ { far } else { AddressLevel::Missing }
        }
        // Half of a town's name: the numbers must say the rest.
        (Texts::Part, Texts::Equal) if both_numbered => AddressLevel::SameBlock,
        (Texts::Part, _) => far,
    }
}

fn towns(a: &AddressForm, b: &AddressForm) -> Texts {
    let (x, y) = (a.town.as_str(), b.town.as_str());
    if x == y {
        return Texts::Equal;
    }
    // The part (小字) can be left out where lots run through the whole 大字.
    let is_whole =
        |long: &AddressForm, short: &str| long.part > 0 && long.town.get(..long.part) == Some(short);
    if a.numbers == b.numbers && !a.numbers.is_empty() && (is_whole(a, y) || is_whole(b, x)) {
        return Texts::Equal;
    }
    if is_readable(x, y) {
        return Texts::Readable;
    }
    let (long, short) = if x.len() > y.len() { (x, y) } else { (y, x) };
    // Where the municipality was not found, its name stands before the town's.
    let is_end = (a.city == 0 || b.city == 0)
        && long.strip_suffix(short).is_some_and(|front| front.ends_with(['市', '区', '町', '村', '郡']));
    if is_end && !short.is_empty() {
        return Texts::Equal;
    }
    match long.strip_prefix(short) {
        Some("町" | "村") => Texts::Part,
        Some(_) if short.is_empty() => Texts::Part,
        Some(_) => Texts::Beginning,
        None => Texts::Different,
    }
}

/// Whether numbers alone may name a house: in villages and small towns without town names (神津島村208番地) and where lots
/// are counted under a letter (旭市ハ32). Elsewhere the town was left out, and the numbers are those of many houses.
fn needs_no_town(form: &AddressForm) -> bool {
    let is_lettered = form.numbers.chars().next().is_some_and(|sign| !sign.is_ascii_digit() && sign != MARK);
    let is_small = || places::city_name(form.city).is_some_and(|name| name.ends_with(['町', '村']));
    form.city != 0 && (is_lettered || is_small())
}

/// Whether one side's numbers begin with a 丁目 and the other's with a lot, as both say: two houses, whatever the numbers.
fn is_chome_beside_lot(a: &AddressForm, b: &AddressForm) -> bool {
    matches!((a.first, b.first), (First::Chome, First::Lot) | (First::Lot, First::Chome))
}

/// Whether the numbers differ in where the room begins, and a side says 丁目: 1丁目2番3号 is not the room 3 of 1番地2.
fn is_room_for_go(a: &AddressForm, b: &AddressForm) -> bool {
    (a.is_chome() || b.is_chome()) && a.town == b.town && a.numbers != b.numbers && a.building != b.building
}

fn numbers(a: &AddressForm, b: &AddressForm) -> Texts {
    if is_chome_beside_lot(a, b) {
        return Texts::Different;
    }
    let (x, y) = (a.numbers.as_str(), b.numbers.as_str());
    if x == y {
        return Texts::Equal;
    }
    let mark = MARK.encode_utf8(&mut [0; 4]).len();
    if x.len().min(y.len()) >= mark && (x.contains(MARK) || y.contains(MARK)) {
        let alike = |x: &str, y: &str| x == y || x.contains(MARK) || y.contains(MARK);
        let is_equal = x.split('-').count() == y.split('-').count()
            && x.split('-').zip(y.split('-')).all(|(x, y)| alike(x, y));
        return if is_equal { Texts::Readable } else { Texts::Different };
    }
    let (long, short) = if x.len() > y.len() { (x, y) } else { (y, x) };
    match long.strip_prefix(short) {
        Some(rest) if !short.is_empty() && rest.starts_with('-') => Texts::Part,
        _ => Texts::Different,
    }
}

/// One side's numbers begin the other's: 12-5 and 12, or 12-203 and 12 with a room 203.
fn beginnings(a: &AddressForm, b: &AddressForm) -> AddressLevel {
    let (long, short) = if a.numbers.len() > b.numbers.len() { (a, b) } else { (b, a) };
    let rest = &long.numbers[short.numbers.len() + 1..];
    let (_, room) = parted(&short.building);
    if !room.is_empty() && rest == room {
        match (long.is_chome(), short.is_chome()) {
            (false, _) => return AddressLevel::NoBuilding,
            // Behind 丁目 and 番 stands the 号, which is no room.
            (true, false) => return AddressLevel::SameTown,
            (true, true) => {}
        }
    }
    // A 丁目 alone is no block.
    let is_chome = (long.is_chome() || short.is_chome()) && !short.numbers.contains('-');
    if is_chome { AddressLevel::SameTown } else { AddressLevel::SameBlock }
}

/// Buildings of addresses that are the same otherwise.
fn buildings(a: &str, b: &str) -> AddressLevel {
    if a == b {
        return AddressLevel::Equal;
    }
    if a.is_empty() || b.is_empty() || is_readable(a, b) {
        return AddressLevel::NoBuilding;
    }
    let ((name, room), (other, other_room)) = (parted(a), parted(b));
    // 3-203 is room 203 of the third house, and B203 that of house B.
    let is_letter = |front: &str| front.len() == 1 && front.ends_with(|sign: char| sign.is_ascii_uppercase());
    let is_house = |front: &str| front.is_empty() || front.ends_with('-') || is_letter(front);
    let is_end = |one: &str, two: &str| !two.is_empty() && one.strip_suffix(two).is_some_and(is_house);
    let is_less =
        |one: &str, two: &str| is_end(one, two) || is_end(two, one) || one.is_empty() || two.is_empty();
    // Offices leave out a word of the building (県営, マンション) rather than the room.
    let is_same_name = is_less(name, other) || name.contains(other) || other.contains(name);
    if is_same_name && is_less(room, other_room) {
        AddressLevel::NoBuilding
    } else {
        AddressLevel::OtherBuilding
    }
}

/// A building's name and room: the digits (with a letter before them) at its end.
fn parted(building: &str) -> (&str, &str) {
    let name = building.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '-');
    let at = match name.chars().next_back() {
        Some(letter) if letter.is_ascii_uppercase() && name.len() < building.len() => name.len() - 1,
        _ => name.len(),
    };
    building.split_at(at)
}

/// Equal but for marks, each of which stands for one sign.
fn is_readable(a: &str, b: &str) -> bool {
    if !a.contains(MARK) && !b.contains(MARK) {
        return false;
    }
    let (mut left, mut right) = (a.chars(), b.chars());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y || x == MARK || y == MARK => {}
            _ => return false,
        }
    }
}

/// Town, numbers and a building that is no more than a room, parted only where digits would run together.
fn joined(form: &AddressForm) -> impl Iterator<Item = u8> {
    let is_room = parted(&form.building).0.is_empty();
    let room = if is_room { form.building.as_str() } else { "" };
    let name = if is_room { "" } else { form.building.as_str() };
    let parts = form.town.bytes().chain(*b"-").chain(form.numbers.bytes()).chain(*b"-").chain(room.bytes());
    let mut signs = parts.chain(name.bytes()).peekable();
    let mut last = 0_u8;
    std::iter::from_fn(move || {
        loop {
            let sign = signs.next()?;
            if sign != b'-' {
                last = sign;
                return Some(sign);
            }
            if last.is_ascii_digit() && signs.peek().is_some_and(u8::is_ascii_digit) {
                last = sign;
                return Some(sign);
            }
        }
    })
}
