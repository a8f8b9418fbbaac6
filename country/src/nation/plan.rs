//! What a nation is made from: seed, size and day; and the numbers that are its people's alone.
//!
//! Always holds: a person's number in the nation gives My Number, certificate serials and numbers on insurance papers
//! by permutations, so that no two people share one, in a nation of up to eleven million made for a day from December
//! 2024 on: the command line takes no other. My Numbers and serials are also apart from those of the named test patients.
//! Not here: who the people are.
//! Rules come from: the references on check digits, section 8.1, and on the card, section 4.3.

use super::dice::stir;
use crate::chain::Generation;
use base::{Date, MyNumber};

/// Seed, size and day of a nation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What chance comes from.
    pub seed: u64,
    /// How many people live on the day on which the story begins, in the nation as a whole.
    pub people: u32,
    /// The day for which it was made.
    pub base: Date,
    /// How many of the first blocks live in 架空県みどり市.
    pub midori: u32,
    /// Every recorded kind of mistake happens so many times as often as in the field; 1 is as in the field.
    pub mistakes: u32,
}

/// People of a block on its first day. A block is a circle in which people marry, work and err: it is generated and
/// stepped by itself.
pub const BLOCK: u32 = 1_000;
/// Numbers kept for a block's people, those too who are born later.
const NUMBERS: u64 = 4_096;
/// The story begins so many days before the day for which the nation was made: long enough that late filings, held
/// links and moves of the last weeks are there when it is first looked at.
const BEFORE: i64 = 60;
/// People who live in Midori when the nation is large enough.
const MIDORI_BLOCKS: u32 = 8;

/// A person of the nation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub u64);

impl Plan {
    /// A nation as of a day, with mistakes as in the field.
    pub fn new(seed: u64, people: u32, base: Date) -> Plan {
        let midori = MIDORI_BLOCKS.min(people.div_ceil(BLOCK));
        Plan { seed, people, base, midori, mistakes: 1 }
    }

    /// The first day of the story.
    pub fn begins(&self) -> Date {
        self.base.plus_days(-BEFORE)
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> u32 {
        self.people.div_ceil(BLOCK)
    }

    /// How many people a block begins with.
    pub fn people_of(&self, block: u32) -> u32 {
        BLOCK.min(self.people.saturating_sub(block * BLOCK))
    }

    /// The number of a person of a block.
    pub fn number(&self, block: u32, person: usize) -> Number {
        debug_assert!((person as u64) < NUMBERS);
        Number(u64::from(block) * NUMBERS + person as u64)
    }

    /// The person's My Number. The named patients' begin with nought, these do not.
    pub fn my_number(&self, person: Number) -> MyNumber {
        const FIRST: u64 = 10_000_000_000;
        const COUNT: u64 = 90_000_000_000;
        // Prime to 2, 3 and 5, of which the count is made.
        const STEP: u64 = 38_196_601_127;
        let place = (u128::from(person.0) * u128::from(STEP) + u128::from(stir(self.seed) % COUNT))
            % u128::from(COUNT);
        let body = FIRST + place as u64;
        MyNumber::from_body(&body.to_string()).expect("eleven digits take a check digit")
    }

    /// A number of eight digits for insurance papers, another for each person or household.
    pub fn paper_number(&self, person: Number) -> u32 {
        const COUNT: u64 = 100_000_000;
        // Prime to 2 and 5.
        const STEP: u64 = 61_803_399;
        let place = (person.0 % COUNT * STEP + stir(self.seed ^ 0x7061_7065) % COUNT) % COUNT;
        place as u32
    }

    /// The serial of a person's certificate, the highest byte first. A person has several in a lifetime.
    pub(crate) fn serial(&self, person: Number, generation: Generation, count: u64) -> [u8; 4] {
        let range = generation.serials_nation();
        let each = if generation == Generation::Second { 1 } else { 4 };
        let place = (person.0 * each + count % each) % u64::from(range.end - range.start);
        (range.start + place as u32).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_are_each_persons_alone_and_apart_from_the_named_patients() {
        let plan = Plan::new(1, 30_000, Date::new(2026, 11, 20).unwrap());
        let people: Vec<Number> =
            (0..plan.blocks()).flat_map(|block| (0..1_500).map(move |p| plan.number(block, p))).collect();
        let numbers: BTreeSet<String> =
            people.iter().map(|p| plan.my_number(*p).reveal().to_owned()).collect();
        assert_eq!(numbers.len(), people.len());
        assert!(numbers.iter().all(|number| !number.starts_with('0')));
        let papers: BTreeSet<u32> = people.iter().map(|p| plan.paper_number(*p)).collect();
        assert_eq!(papers.len(), people.len());
        let serial =
            |generation| people.iter().map(|p| plan.serial(*p, generation, 0)).collect::<BTreeSet<_>>().len();
        assert_eq!(serial(Generation::Second), people.len());
        assert_eq!(serial(Generation::Third), people.len());
        // Serials of the two never meet, whatever the seed.
        let nations = |serial: &[u8; 4]| {
            let serial = u32::from_be_bytes(*serial);
            Generation::ALL.iter().any(|generation| generation.serials_nation().contains(&serial))
        };
        assert!(people.iter().all(|who| nations(&plan.serial(*who, Generation::Third, 1))));
        assert!((1..6).all(|seed| crate::serials(seed, plan.base).iter().all(|serial| !nations(serial))));
        for patient in crate::patients(1, plan.base) {
            for resident in &patient.residents {
                assert!(resident.number.reveal().starts_with('0'), "{}", patient.id);
            }
        }
    }
}
