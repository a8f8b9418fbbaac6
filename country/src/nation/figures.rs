//! Figures of an invented nation: what was counted in it, block by block, and how that compares with what is published.
//!
//! Always holds: only counts, in the order of their keys, so two nations with the same figures are equal and any order of
//! blocks gives the same. It knows plain values, none of the nation's own types.
//! Not here: counting (whoever walks through a block), the published totals (`published`).
//! Rules come from: the issue, part D.

mod compare;
mod draw;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, compare};
pub use draw::{Drawn, draw};

use base::{BirthDate, Date, Era, Scheme};
use std::collections::BTreeMap;

/// Groups of five years of age: 0–4, 5–9 … 100 and over.
pub const BANDS: usize = 21;

/// What a household is, as the census tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Household {
    /// One person.
    Single,
    /// A couple alone.
    Couple,
    /// A couple with children.
    CoupleChildren,
    /// One parent with children.
    LoneParent,
    /// Any other: three generations, brothers and sisters, others together.
    Other,
}

impl Household {
    /// All, in the order of tables.
    pub const ALL: [Household; 5] = [
        Household::Single,
        Household::Couple,
        Household::CoupleChildren,
        Household::LoneParent,
        Household::Other,
    ];

    /// The word in the published figures.
    pub fn word(self) -> &'static str {
        match self {
            Household::Single => "single",
            Household::Couple => "couple",
            Household::CoupleChildren => "couple-children",
            Household::LoneParent => "lone-parent",
            Household::Other => "other",
        }
    }
}

/// One thing to count.
#[derive(Clone, Copy, Debug)]
pub enum Counted<'c> {
    /// Somebody who lives on the day.
    Person {
        /// Full years.
        age: u32,
        /// Sex as the register has it.
        is_female: bool,
        /// A foreign resident.
        is_foreign: bool,
    },
    /// The birth date of somebody who lives on the day, as registered: for eras and unknown days.
    Birth(BirthDate),
    /// The surname of somebody, as written on the register.
    Surname(&'c str),
    /// Where somebody lives: the municipality's name.
    Municipality(&'c str),
    /// A household.
    Household {
        /// How many people.
        size: u32,
        /// What it is.
        kind: Household,
    },
    /// Somebody's insurance that runs on the day.
    Insured(Scheme),
    /// Somebody who lives on the day and is insured nowhere at present.
    Uninsured,
    /// An insurer.
    Insurer(Scheme),
    /// A facility, by the word of its kind.
    Facility(&'c str),
    /// Somebody who holds a card.
    Holder {
        /// Uses it as insurance card.
        is_enrolled: bool,
    },
    /// Something that happened to people in the time simulated: `birth`, `death`, `marriage`, `divorce`, `move` are
    /// compared with what is published; others are shown beside.
    Event(&'c str),
    /// A mistake of an office, by its kind.
    Mistake(&'c str),
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Men, and women, by groups of five years.
    pub ages: [[u64; BANDS]; 2],
    /// Foreign residents.
    pub foreign: u64,
    /// People by the era of their birth, by its place in [`ERAS`].
    pub eras: [u64; 5],
    /// People whose birth date is not known to the day.
    pub vague_births: u64,
    /// People by surname.
    pub surnames: BTreeMap<String, u64>,
    /// People by municipality.
    pub municipalities: BTreeMap<String, u64>,
    /// Households by size; the last is seven and more.
    pub sizes: [u64; 7],
    /// Households by kind.
    pub households: BTreeMap<Household, u64>,
    /// People by the scheme that insures them.
    pub insured: BTreeMap<Scheme, u64>,
    /// People insured nowhere.
    pub uninsured: u64,
    /// Insurers by scheme.
    pub insurers: BTreeMap<Scheme, u64>,
    /// Facilities by kind.
    pub facilities: BTreeMap<String, u64>,
    /// People who hold a card.
    pub holders: u64,
    /// People who use it as insurance card.
    pub enrolled: u64,
    /// Events by kind.
    pub events: BTreeMap<String, u64>,
    /// Mistakes by kind.
    pub mistakes: BTreeMap<String, u64>,
    /// The days simulated in which events were counted.
    pub days: u64,
}

/// The eras in the order of [`Figures::eras`].
pub const ERAS: [Era; 5] = [Era::Meiji, Era::Taisho, Era::Showa, Era::Heisei, Era::Reiwa];

impl Figures {
    /// Nothing counted yet.
    pub fn new() -> Figures {
        Figures::default()
    }

    /// Counts one thing.
    pub fn add(&mut self, one: Counted<'_>) {
        match one {
            Counted::Person { age, is_female, is_foreign } => {
                let band = usize::try_from(age / 5).map_or(BANDS - 1, |band| band.min(BANDS - 1));
                self.ages[usize::from(is_female)][band] += 1;
                self.foreign += u64::from(is_foreign);
            }
            Counted::Birth(birth) => {
                self.vague_births += u64::from(birth.date().is_none());
                if let Some(place) = era_of(birth).and_then(|era| ERAS.iter().position(|known| *known == era))
                {
                    self.eras[place] += 1;
                }
            }
            Counted::Surname(name) => count(&mut self.surnames, name),
            Counted::Municipality(name) => count(&mut self.municipalities, name),
            Counted::Household { size, kind } => {
                let place = usize::try_from(size.max(1)).map_or(6, |size| size.min(7) - 1);
                self.sizes[place] += 1;
                *self.households.entry(kind).or_default() += 1;
            }
            Counted::Insured(scheme) => *self.insured.entry(scheme).or_default() += 1,
            Counted::Uninsured => self.uninsured += 1,
            Counted::Insurer(scheme) => *self.insurers.entry(scheme).or_default() += 1,
            Counted::Facility(kind) => count(&mut self.facilities, kind),
            Counted::Holder { is_enrolled } => {
                self.holders += 1;
                self.enrolled += u64::from(is_enrolled);
            }
            Counted::Event(kind) => count(&mut self.events, kind),
            Counted::Mistake(kind) => count(&mut self.mistakes, kind),
        }
    }

    /// Says that events were counted over so many days; of several the longest stands, since all blocks go through the
    /// same days.
    pub fn over_days(&mut self, days: u64) {
        self.days = self.days.max(days);
    }

    /// Adds what was counted elsewhere: another block.
    pub fn merge(&mut self, other: &Figures) {
        for (mine, theirs) in self.ages.iter_mut().zip(&other.ages) {
            sum(mine, theirs);
        }
        sum(&mut self.eras, &other.eras);
        sum(&mut self.sizes, &other.sizes);
        join(&mut self.surnames, &other.surnames);
        join(&mut self.municipalities, &other.municipalities);
        join(&mut self.households, &other.households);
        join(&mut self.insured, &other.insured);
        join(&mut self.insurers, &other.insurers);
        join(&mut self.facilities, &other.facilities);
        join(&mut self.events, &other.events);
        join(&mut self.mistakes, &other.mistakes);
        self.foreign += other.foreign;
        self.vague_births += other.vague_births;
        self.uninsured += other.uninsured;
        self.holders += other.holders;
        self.enrolled += other.enrolled;
        self.over_days(other.days);
    }

    /// How many people were counted.
    pub fn people(&self) -> u64 {
        self.ages.iter().flatten().sum()
    }

    /// The most frequent keys of a count, with their numbers; equal ones in the order of their names.
    pub fn top(counts: &BTreeMap<String, u64>, limit: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all.truncate(limit);
        all
    }
}

/// The era of a birth date; of one without day or month, that of the year's or month's last day.
fn era_of(birth: BirthDate) -> Option<Era> {
    let number = birth.as_number();
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let month = if month == 0 { 12 } else { month };
    let day = if day == 0 { 28 } else { day };
    Date::from_number(year * 10_000 + month * 100 + day).and_then(Era::of)
}

fn count(counts: &mut BTreeMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => drop(counts.insert(key.to_owned(), 1)),
    }
}

fn join<K: Clone + Ord>(mine: &mut BTreeMap<K, u64>, theirs: &BTreeMap<K, u64>) {
    for (key, count) in theirs {
        *mine.entry(key.clone()).or_default() += count;
    }
}

fn sum<const N: usize>(mine: &mut [u64; N], theirs: &[u64; N]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}
