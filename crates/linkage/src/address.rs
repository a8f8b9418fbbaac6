//! Addresses: from what an office wrote to municipality, town, numbers and building.
//!
//! There is no list of towns (町字) here, and none is needed: two spellings of one place only have to end in the same
//! form. So every sign is folded first; the municipality is found by a table, with whichever of its parts; then the
//! address's own numbers are found by their units and by what follows them; what is before them is the town, what is
//! behind the building. Numerals within a town become digits wherever they stand (三番町 and 3番町), so a cut in another
//! place gives another form only if the two spellings are cut differently, and the comparison also tries them uncut.
//!
//! Always holds: both styles of writing the same place give the same form, as far as writing alone shows it; a form holds
//! nothing of the address read before.
//! Not here: where a place is; mergers of municipalities; what an agreement weighs (rules).
//! Rules come from: the reference on matching, section 1.4.

mod chars;
mod compare;
mod places;
mod scan;
mod write;

pub use compare::compare;
pub use places::city_name;

use chars::{Buffer, OF_CITY, Signs};
use places::City;
use std::fmt;

/// An address as compared. Buffers are reused: reading clears them.
///
/// For keys hash `city_key`, `town`, `numbers` (or `numbers[..block]`): all of them are folded, variants included.
#[derive(Clone, Default)]
pub struct AddressForm {
    /// The municipality (ward of a designated city): an id of this release's table, 0 when not found. Two ids can mean
    /// the same place (a ward left out, 府中市 without its prefecture), so never compare ids: use `city_key` or
    /// [`compare`].
    pub city: u16,
    /// The same number for all ways to write a municipality, with or without prefecture, county (郡) and ward; 0 when not
    /// found. Municipalities of equal names (府中市) and all wards of a city share it.
    pub city_key: u32,
    /// The town's name: one sign for each family of variants, all numerals in digits, without 大字・字, blanks, hyphens,
    /// streets of Kyoto before a town. Marks (●) stand where it could not be read.
    pub town: String,
    /// 丁目, 番, 号, branches: at most three numbers, and letters, joined by '-', such as `2-1-5` or `甲-12-3`; `無` for
    /// 無番地, `外` for 番外地; ● for a number that could not be read.
    pub numbers: String,
    /// How many bytes of `numbers` its first two parts have (to the 番); all when there are no more.
    pub block: usize,
    /// Building, room, c/o (様方), folded; numbers behind the third.
    pub building: String,
    /// Where in `town` (in bytes) the part behind 字 begins; 0 if there is none.
    pub(crate) part: usize,
    /// What the first of `numbers` is, as its unit says.
    pub(crate) first: First,
    /// The signs while they are read; nothing of the form.
    pub(crate) spare: Buffer,
    /// For reading the next one; nothing of the form.
    pub(crate) last: places::Last,
    /// The text that was read, if this is the form of one: a household's rows follow each other.
    pub(crate) written: String,
}

/// What an address's first number is, as its unit says. 1-2-3 can be either, and so agrees with both; 1丁目2番3号 and
/// 1番地2-3 are two houses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum First {
    /// No unit says it, or one of neither kind does (12地割).
    #[default]
    Unsaid,
    /// 丁目 or 丁.
    Chome,
    /// 番地 or 番.
    Lot,
}

impl AddressForm {
    /// Nothing is written.
    pub fn is_empty(&self) -> bool {
        self.city == 0 && self.town.is_empty() && self.numbers.is_empty() && self.building.is_empty()
    }

    /// No house is named: no number at all, or 無番地, 番外地 or a 丁目 alone with neither 番 nor building.
    pub(crate) fn is_town_only(&self) -> bool {
        let is_no_lot =
            self.is_chome() && !self.numbers.contains('-') || matches!(self.numbers.as_str(), "無" | "外");
        self.numbers.is_empty() || is_no_lot && self.building.is_empty()
    }

    /// The first number is a 丁目, as its unit says.
    pub(crate) fn is_chome(&self) -> bool {
        self.first == First::Chome
    }

    /// Whether the first number's unit says what so many bare numbers mean less often: 1番地2-3, since 1-2-3 is mostly
    /// 1丁目2番3号, and 1丁目2番地, since 1-2 is mostly 1番地2. Bare numbers agree with both, so one key of equality holds
    /// them together with the more usual way only; the other has a key of its own.
    pub(crate) fn is_unusual(&self) -> bool {
        let is_long = self.numbers.bytes().filter(|sign| *sign == b'-').nth(1).is_some();
        match self.first {
            First::Unsaid => false,
            First::Chome => !is_long,
            First::Lot => is_long,
        }
    }

    fn clear(&mut self) {
        self.written.clear();
        (self.city, self.city_key) = (0, 0);
        self.clear_house();
    }

    /// Forgets all but the municipality.
    fn clear_house(&mut self) {
        (self.block, self.part, self.first) = (0, 0, First::Unsaid);
        self.town.clear();
        self.numbers.clear();
        self.building.clear();
    }
}

impl fmt::Debug for AddressForm {
    /// Says nothing of the address: forms can end in a log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AddressForm").finish_non_exhaustive()
    }
}

/// Reads a field.
pub fn read(text: &str, into: &mut AddressForm) {
    if !text.is_empty() && into.written == text {
        return;
    }
    into.clear();
    into.written.push_str(text);
    // The buffer is lent out so that the rest of the form can be written while it is read.
    let mut spare = std::mem::take(&mut into.spare);
    let (city, rest) = behind_city(text, &mut spare, into);
    (into.city, into.city_key) = (city.id, u32::from(city.key));
    let way = if city.is_kyoto { streets(rest.all()) } else { 0 };
    write::address(rest.from(way), into);
    if way > 0 && into.town.is_empty() {
        // No town follows the streets: they are all that names the place.
        into.clear_house();
        write::address(rest, into);
    }
    into.spare = spare;
}

/// Reads the municipality, and gives the signs behind it.
fn behind_city<'s>(text: &'s str, spare: &'s mut Buffer, into: &mut AddressForm) -> (City, Signs<'s>) {
    if let Some((city, behind)) = into.last.known(text) {
        return again(city, chars::decode(behind, spare));
    }
    let signs = chars::decode(text, spare);
    let signs = signs.from(postcode(signs.all()));
    let Some(found) = places::find(signs.all()) else { return (City::default(), signs) };
    into.last.keep(text, signs.all(), found);
    again(City::of(found.city), signs.from(found.length))
}

/// No prefecture with its city and ward has more signs.
const AGAIN_MAX: usize = 16;

/// How many signs a postcode at the front has: 〒123-4567, 1234567.
fn postcode(signs: &[char]) -> usize {
    let blanks = |signs: &[char]| signs.iter().take_while(|sign| **sign == ' ').count();
    let start = blanks(signs);
    let sign = usize::from(signs.get(start) == Some(&'〒'));
    let mut at = start + sign + blanks(&signs[start + sign..]);
    let mut digits = 0;
    while let Some(next) = signs.get(at) {
        let is_hyphen = digits == 3 && matches!(next, '-' | 'ー');
        if !next.is_ascii_digit() && !is_hyphen || digits == 7 {
            break;
        }
        digits += usize::from(!is_hyphen);
        at += 1;
    }
    let is_number =
        signs.get(at).is_some_and(|next| next.is_ascii_digit() || matches!(next, '-' | 'ー' | '番' | '丁'));
    if digits == 7 && !is_number { at + blanks(&signs[at..]) } else { start + sign }
}

/// Passes over a municipality that is written twice, and keeps the more exact of both.
fn again(city: City, signs: Signs) -> (City, Signs) {
    // Asked of every address: a look for two signs is cheaper than the table.
    if signs.which(OF_CITY) & !(u64::MAX << AGAIN_MAX) == 0 {
        return (city, signs);
    }
    let Some(found) = places::find(signs.all()) else { return (city, signs) };
    let last = signs.all().get(found.length - 1);
    // 中之条町 has a town 中之条町, so that only cities and wards can be told to be written twice.
    let is_repeated = places::repeats(city.id, found.city) && matches!(last, Some('市' | '区'));
    if !is_repeated {
        return (city, signs);
    }
    (City::of(places::narrower(city.id, found.city)), signs.from(found.length))
}

/// How many signs the streets before a town of Kyoto have: 今出川通河原町西入, 寺町通四条上る, 御前西入3丁目.
fn streets(signs: &[char]) -> usize {
    let way = |at: usize| match &signs[at..] {
        ['東' | '西', '入', 'ル', ..] | ['上' | '下', 'ケ', 'ル', ..] => Some(3),
        ['東' | '西', '入', ..] | ['上' | '下', 'ル', ..] => Some(2),
        _ => None,
    };
    let Some((at, length)) = (0..signs.len()).rev().find_map(|at| way(at).map(|length| (at, length))) else {
        return 0;
    };
    let end = at + length;
    // A 丁目 behind a way is the way's, if a town follows.
    let numeral =
        signs[end..].iter().take_while(|sign| sign.is_ascii_digit() || scan::is_numeral(**sign)).count();
    match &signs[end + numeral..] {
        ['丁', '目', next, ..] if numeral > 0 && !next.is_ascii_digit() && !scan::is_numeral(*next) => {
            end + numeral + 2
        }
        _ => end,
    }
}

#[cfg(test)]
mod tests;
