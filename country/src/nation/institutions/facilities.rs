//! Facilities: how many of each kind every municipality has, their codes, names and dates.
//!
//! Always holds: a facility is its number and nothing kept. Within a municipality numbers go by kind; the named test
//! patients' facilities are the first of their kinds in their city. Codes are unique: within prefecture and point table
//! each municipality has its stretch of serials under an area of its prefecture.
//! Not here: terminals, staff.
//! Rules come from: the references on check digits, section 7.1, and on the field, section 5.1 (counts by kind, how many
//! are connected). How the connected ones are spread over the years is our estimate.

use super::signs::{self, Site};
use super::towns::Towns;
use super::{Facility, shares, tags};
use crate::nation::dice::Dice;
use crate::nation::places;
use base::{Date, FacilityCode};
use std::ops::Range;

/// The kinds, in the order of numbers within a municipality.
pub const KINDS: [&str; 4] = ["hospital", "clinic", "dental", "pharmacy"];

/// Published counts of February 2023.
const PUBLISHED: [u64; 4] = [8_192, 89_695, 70_335, 61_495];
/// Of these, connected in June 2025.
const CONNECTED: [u64; 4] = [7_984, 83_370, 61_124, 60_494];

/// Of each kind, how many the named test patients need in their city.
const KNOWN: [u64; 4] = [1, 2, 1, 1];
/// Half of the facilities are in that city while they are few, up to so many.
const AT_HOME: u64 = 60;
/// More would not fit the codes of a large city.
const MAX: u32 = 300_000;

/// The point table of each kind (医科, 歯科, 調剤), and its digit.
const TABLE: [usize; 4] = [0, 0, 1, 2];
const TABLE_DIGIT: [char; 3] = ['1', '3', '4'];
/// Serials that the named test patients' facilities have.
const KNOWN_SERIALS: u32 = 5;

/// First day of operation of the connected ones: until a day, so many in a thousand.
const OPERATES: [(i64, u64); 10] = [
    (20_211_021, 52),
    (20_220_401, 150),
    (20_221_001, 330),
    (20_230_101, 460),
    (20_230_401, 640),
    (20_230_701, 800),
    (20_231_001, 900),
    (20_240_401, 955),
    (20_250_701, 990),
    (20_270_401, 1_000),
];
/// Closing is announced so many days before.
const KNOWN_AHEAD_DAYS: i64 = 90;
const BEGINS: i64 = 20_211_020;

/// All facilities.
pub struct Facilities {
    /// By municipality: the number of its first; and the end of all.
    firsts: Vec<u32>,
    /// By municipality and kind.
    counts: Vec<[u32; 4]>,
    /// By municipality: its area, and the serials before its first of each point table.
    codes: Vec<(u8, [u32; 3])>,
    /// By municipality: whether it is its prefecture's largest.
    is_capital: Vec<bool>,
    /// The named test patients' ones in the order of kinds.
    known: Vec<Facility>,
}

impl Facilities {
    /// Parts so many facilities among kinds and municipalities.
    pub fn new(towns: &Towns, today: Date, wanted: u32) -> Facilities {
        let counts = counts(towns, u64::from(wanted).clamp(5, u64::from(MAX)));
        let mut firsts = vec![0];
        for of in &counts {
            firsts.push(firsts.last().copied().unwrap_or(0) + of.iter().sum::<u32>());
        }
        let known = known(towns.midori, today);
        Facilities { codes: codes(towns, &counts), is_capital: towns.capitals(), firsts, counts, known }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.firsts.last().copied().unwrap_or(0)
    }

    /// A municipality's.
    pub fn of(&self, municipality: usize) -> Range<u32> {
        self.firsts[municipality]..self.firsts[municipality + 1]
    }

    /// A municipality's of one kind.
    pub fn of_kind(&self, municipality: usize, kind: usize) -> Range<u32> {
        let counts = &self.counts[municipality];
        let first = self.firsts[municipality] + counts[..kind].iter().sum::<u32>();
        first..first + counts[kind]
    }

    /// One of them by its number.
    pub fn facility(&self, seed: u64, today: Date, towns: &Towns, number: u32) -> Facility {
        let number = number.min(self.count() - 1);
        let municipality = self.firsts.partition_point(|first| *first <= number) - 1;
        let (kind, rank) = self.kind_of(municipality, number);
        if municipality == towns.midori
            && let Some(known) =
                self.known.iter().filter(|known| known.kind == KINDS[kind]).nth(rank as usize)
        {
            return known.clone();
        }
        // The address has dice of its own, so that a new way to write addresses renames nobody.
        let home =
            places::home(&mut Dice::new(seed, &[tags::ADDRESS, u64::from(number)]), municipality, false);
        let mut dice = Dice::new(seed, &[tags::FACILITY, u64::from(number)]);
        let city = towns.city[municipality];
        let site = Site {
            city: &towns.cities[city],
            municipality,
            is_capital: self.is_capital[municipality],
            is_first: municipality == 0 || towns.city[municipality - 1] != city,
        };
        let name = signs::sign(&mut dice, kind, rank, &site);
        let days = Days::draw(&mut dice, kind, today);
        Facility {
            code: self.code(towns.prefecture[municipality], municipality, kind, rank),
            kind: KINDS[kind],
            name,
            postcode: home.postcode,
            address: home.address,
            municipality,
            operates_from: days.operates_from,
            pre_operation_from: days.pre_operation_from,
            closes_on: days.closes_on,
        }
    }

    /// Kind and place within the kind of a municipality's facility.
    fn kind_of(&self, municipality: usize, number: u32) -> (usize, u32) {
        let mut rank = number - self.firsts[municipality];
        for (kind, count) in self.counts[municipality].iter().enumerate() {
            match rank.checked_sub(*count) {
                Some(less) => rank = less,
                None => return (kind, rank),
            }
        }
        (KINDS.len() - 1, rank) // not reached: a municipality's numbers are as many as its facilities
    }

    fn code(&self, prefecture: u8, municipality: usize, kind: usize, rank: u32) -> FacilityCode {
        let (area, before) = self.codes[municipality];
        let hospitals = if kind == 1 { self.counts[municipality][0] } else { 0 };
        let serial = before[TABLE[kind]] + hospitals + rank + 1;
        let body = format!("{prefecture:02}{}{area:02}{serial:04}", TABLE_DIGIT[TABLE[kind]]);
        FacilityCode::from_body(&body).expect("nine digits take a check digit")
    }
}

/// The named test patients' facilities.
fn known(municipality: usize, today: Date) -> Vec<Facility> {
    let clinics = crate::places::clinics(today).into_iter();
    clinics
        .map(|clinic| Facility {
            code: clinic.code,
            kind: clinic.kind,
            name: clinic.name.to_owned(),
            postcode: clinic.postcode.to_owned(),
            address: clinic.address.to_owned(),
            municipality,
            operates_from: clinic.operates_from,
            pre_operation_from: clinic.pre_operation_from,
            closes_on: None,
        })
        .collect()
}

/// Each municipality's area, and where its serials begin. With more than 99 municipalities in a prefecture some share.
fn codes(towns: &Towns, counts: &[[u32; 4]]) -> Vec<(u8, [u32; 3])> {
    let mut serials = vec![[0u32; 3]; 100 * 100];
    let mut ordinals = [0usize; 100];
    let mut codes = Vec::with_capacity(counts.len());
    for (place, of) in counts.iter().enumerate() {
        let prefecture = usize::from(towns.prefecture[place]);
        let area = ordinals[prefecture] % 99 + 1;
        ordinals[prefecture] += 1;
        let next = &mut serials[prefecture * 100 + area];
        if place == towns.midori {
            *next = [KNOWN_SERIALS; 3];
        }
        codes.push((area as u8, *next));
        for (kind, count) in of.iter().enumerate() {
            next[TABLE[kind]] += count;
        }
    }
    codes
}

/// How many of each kind each municipality gets: one clinic wherever people live, when there are enough, and the rest by
/// people. The named test patients' city has its own part beforehand.
fn counts(towns: &Towns, wanted: u64) -> Vec<[u32; 4]> {
    let mut counts = vec![[0u32; 4]; towns.population.len()];
    let by_people = wanted * towns.population[towns.midori] / towns.all_people().max(1);
    let known: u64 = KNOWN.iter().sum();
    let at_home = by_people.max(AT_HOME.min(wanted / 2)).max(known);
    let home = shares(at_home - known, PUBLISHED.iter().copied());
    let kinds = shares(wanted - known, PUBLISHED.iter().copied());
    let elsewhere = || {
        towns
            .population
            .iter()
            .enumerate()
            .map(|(place, people)| if place == towns.midori { 0 } else { *people })
    };
    let inhabited = elsewhere().filter(|people| *people > 0).count() as u64;
    for kind in 0..KINDS.len() {
        let mut left = kinds[kind].saturating_sub(home[kind]);
        let each = u64::from(KINDS[kind] == "clinic" && left >= 2 * inhabited);
        left -= each * inhabited;
        let parts = shares(left, elsewhere());
        for (place, (of, people)) in counts.iter_mut().zip(elsewhere()).enumerate() {
            of[kind] = (parts[place] + if people > 0 { each } else { 0 }) as u32;
        }
        counts[towns.midori][kind] = (KNOWN[kind] + home[kind].min(kinds[kind])) as u32;
    }
    counts
}

/// The dates of a facility.
struct Days {
    operates_from: Option<Date>,
    pre_operation_from: Option<Date>,
    closes_on: Option<Date>,
}

impl Days {
    fn draw(dice: &mut Dice, kind: usize, today: Date) -> Days {
        if !dice.per_mille(CONNECTED[kind] * 1000 / PUBLISHED[kind]) {
            return Days::unconnected(dice, today);
        }
        let operates = operates(dice);
        let pre_operation = dice.percent(30).then(|| operates.plus_months(-1));
        let closes = match dice.below(1_000) {
            _ if KINDS[kind] == "hospital" => None,
            // Over the years, as far as it is known today.
            0..=13 => Some(operates.plus_days(365 + dice.below(1_500) as i64))
                .filter(|closes| *closes <= today.plus_days(KNOWN_AHEAD_DAYS)),
            14..=15 => Some(first_of_month(today.plus_months(1))),
            _ => None,
        };
        Days { operates_from: Some(operates), pre_operation_from: pre_operation, closes_on: closes }
    }

    /// Most have no line at all; a few are about to begin.
    fn unconnected(dice: &mut Dice, today: Date) -> Days {
        let (this_month, next) = (first_of_month(today), first_of_month(today.plus_months(1)));
        let (operates_from, pre_operation_from) = match dice.below(100) {
            0..=2 => (Some(next), Some(this_month)),
            3..=4 => (Some(next), None),
            _ => (None, None),
        };
        Days { operates_from, pre_operation_from, closes_on: None }
    }
}

/// When a connected one began.
fn operates(dice: &mut Dice) -> Date {
    let drawn = dice.below(1_000);
    let mut from = day(BEGINS);
    for (until, per_mille) in OPERATES {
        if drawn < per_mille {
            let days = day(until).days_since(from).max(1);
            return from.plus_days(dice.below(days as u64) as i64);
        }
        from = day(until);
    }
    from
}

fn day(number: i64) -> Date {
    Date::from_number(number).expect("a day of the calendar")
}

fn first_of_month(date: Date) -> Date {
    day(date.as_number() / 100 * 100 + 1)
}
