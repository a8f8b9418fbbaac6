//! Facilities: how many of each kind every municipality has, their codes, names and dates.
//!
//! Always holds: a facility is its number and nothing kept. Within a municipality numbers go by kind. Codes are unique:
//! within prefecture and point table each municipality has its stretch of serials under an area of its prefecture.
//! Not here: terminals, staff.
//! Rules come from: the references on check digits, section 7.1, and on the field, section 5.1 (counts, dates).

use super::towns::Towns;
use super::{Facility, shares, tags};
use crate::nation::dice::Dice;
use super::ground as places;
use base::{Date, FacilityCode};
use std::ops::Range;

/// The kinds, in the order of numbers within a municipality.
pub const KINDS: [&str; 4] = ["hospital", "clinic", "dental", "pharmacy"];

/// Published counts of February 2023.
const PUBLISHED: [u64; 4] = [8_192, 89_695, 70_335, 61_495];

/// Of each kind, how many the named test patients' city has at least.
const KNOWN: [u64; 4] = [1, 2, 1, 1];

const MAX: u32 = 300_000;

/// All facilities.
pub struct Facilities {
    /// By municipality: the number of its first.
    firsts: Vec<u32>,
    /// By municipality and kind.
    counts: Vec<[u32; 4]>,
    /// By municipality: its area, and the serials before its first of medical, dental, pharmacy.
    codes: Vec<(u8, [u32; 3])>,
}

const TABLE: [usize; 4] = [0, 0, 1, 2];
const TABLE_DIGIT: [char; 3] = ['1', '3', '4'];

impl Facilities {
    pub fn new(towns: &Towns, wanted: u32) -> Facilities {
        let wanted = u64::from(wanted.clamp(5, MAX));
        let counts = counts(towns, wanted);
        let mut firsts = vec![0];
        for of in &counts {
            firsts.push(firsts.last().copied().unwrap_or(0) + of.iter().sum::<u32>());
        }
        let mut serials = vec![[0u32; 3]; 100 * 100];
        let mut ordinals = [0usize; 100];
        let mut codes = Vec::with_capacity(counts.len());
        for (place, of) in counts.iter().enumerate() {
            let prefecture = usize::from(towns.prefecture[place]);
            let area = ordinals[prefecture] % 99 + 1;
            ordinals[prefecture] += 1;
            let next = &mut serials[prefecture * 100 + area];
            codes.push((area as u8, *next));
            for (kind, count) in of.iter().enumerate() {
                next[TABLE[kind]] += count;
            }
        }
        Facilities { firsts, counts, codes }
    }

    pub fn count(&self) -> u32 {
        self.firsts.last().copied().unwrap_or(0)
    }

    pub fn of(&self, municipality: usize) -> Range<u32> {
        self.firsts[municipality]..self.firsts[municipality + 1]
    }

    pub fn of_kind(&self, municipality: usize, kind: usize) -> Range<u32> {
        let counts = &self.counts[municipality];
        let first = self.firsts[municipality] + counts[..kind].iter().sum::<u32>();
        first..first + counts[kind]
    }

    pub fn facility(&self, seed: u64, today: Date, towns: &Towns, number: u32) -> Facility {
        let number = number.min(self.count() - 1);
        let municipality = self.firsts.partition_point(|first| *first <= number) - 1;
        let mut rank = number - self.firsts[municipality];
        let mut kind = 0;
        while rank >= self.counts[municipality][kind] {
            rank -= self.counts[municipality][kind];
            kind += 1;
        }
        let mut dice = Dice::new(seed, &[tags::FACILITY, u64::from(number)]);
        let (area, before) = self.codes[municipality];
        let hospitals = if kind == 1 { self.counts[municipality][0] } else { 0 };
        let serial = before[TABLE[kind]] + hospitals + rank + 1;
        let body = format!(
            "{:02}{}{area:02}{serial:04}",
            towns.prefecture[municipality], TABLE_DIGIT[TABLE[kind]]
        );
        let (postcode, address) = places::home(&mut dice, municipality, false);
        let _ = today;
        Facility {
            code: FacilityCode::from_body(&body).expect("nine digits take a check digit"),
            kind: KINDS[kind],
            name: format!("架空{}", KINDS[kind]),
            postcode,
            address,
            municipality,
            operates_from: Date::new(2021, 10, 20),
            pre_operation_from: None,
            closes_on: None,
        }
    }
}

/// How many of each kind each municipality gets.
fn counts(towns: &Towns, wanted: u64) -> Vec<[u32; 4]> {
    let mut counts = vec![[0u32; 4]; towns.population.len()];
    let kinds = shares(wanted - KNOWN.iter().sum::<u64>(), PUBLISHED.iter().copied());
    for (kind, more) in kinds.into_iter().enumerate() {
        let parts = shares(more, towns.population.iter().copied());
        for (of, part) in counts.iter_mut().zip(parts) {
            of[kind] = part as u32;
        }
        counts[towns.midori][kind] += KNOWN[kind] as u32;
    }
    counts
}
