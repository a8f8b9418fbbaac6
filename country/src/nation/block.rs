//! A block: about a thousand people with their households, on a day; and what was sent and what happened on the way.
//!
//! Always holds: a block knows nothing of other blocks, so blocks are made in any order, on any number of cores, with the
//! same outcome.
//! Not here: how it begins (`households`) and goes on (`lives`).
//! Rules come from: the issue, parts A and C.

use super::{
    dice::{Dice, stir},
    filings::{Pending, Sent},
    institutions::{Employer, Institutions},
    person::{Household, Known, Person, Who, Work},
    places,
    plan::{Number, Plan},
    words::Word,
};
use base::Date;
use std::collections::BTreeMap;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub day: Date,
    /// To whom.
    pub who: Number,
    /// What, as a stable word.
    pub what: &'static str,
}

/// About a thousand people.
#[derive(Clone)]
pub struct Block {
    /// The nation's plan.
    pub plan: Plan,
    /// The block's number.
    pub number: u32,
    /// The day up to which the story is told.
    pub day: Date,
    /// Everybody, those too who died.
    pub people: Vec<Person>,
    /// Every household, those too that are empty now.
    pub households: Vec<Household>,
    /// What happened after the first day, in order.
    pub events: Vec<Event>,
    /// What offices sent, in order of days.
    pub sent: Vec<Sent>,
    /// What offices will send, by day and in order.
    pub(crate) pending: BTreeMap<(Date, u32), Pending>,
    pub(crate) pended: u32,
    pub(crate) employers: BTreeMap<u32, Employer>,
}

impl Block {
    pub(crate) fn empty(plan: Plan, number: u32) -> Block {
        Block {
            plan,
            number,
            day: plan.begins(),
            people: Vec::new(),
            households: Vec::new(),
            events: Vec::new(),
            sent: Vec::new(),
            pending: BTreeMap::new(),
            pended: 0,
            employers: BTreeMap::new(),
        }
    }

    /// Somebody of whom only this is known.
    pub(crate) fn blank(&self, place: usize, is_female: bool, birth: Date, household: Who) -> Person {
        Person {
            number: self.plan.number(self.number, place),
            is_female,
            birth,
            known: Known::Day,
            birth_surname: Word::default(),
            surname: Word::default(),
            given: Word::default(),
            keeps_former: false,
            foreign: None,
            died: None,
            household,
            father: None,
            mother: None,
            spouse: None,
            work: Work::None,
            is_aided: false,
            is_protected: false,
            spells: Vec::new(),
            certificates: Vec::new(),
            enrolled: None,
        }
    }

    /// A person of the block.
    pub fn person(&self, who: Who) -> &Person {
        &self.people[usize::from(who)]
    }

    pub(crate) fn person_mut(&mut self, who: Who) -> &mut Person {
        &mut self.people[usize::from(who)]
    }

    /// The household of a person.
    pub fn household_of(&self, who: Who) -> &Household {
        &self.households[usize::from(self.person(who).household)]
    }

    /// The prefecture in which a person lives.
    pub fn prefecture_of(&self, who: Who) -> u8 {
        places::municipalities()[self.household_of(who).home.municipality].prefecture
    }

    /// Where most of the block live.
    pub(crate) fn hometown(&self) -> usize {
        if self.number < self.plan.midori {
            return places::midori();
        }
        places::pick(&mut Dice::new(self.plan.seed, &[0x686f_6d65, u64::from(self.number)]), None)
    }

    /// A municipality: the one of home so many times in a hundred, one of its prefecture so many times, else any.
    pub(crate) fn near(&self, dice: &mut Dice, home: usize, same: u64, near: u64) -> usize {
        let prefecture = places::municipalities()[home].prefecture;
        match dice.below(100) {
            roll if roll < same => home,
            roll if roll < same + near => places::pick(dice, Some(prefecture)),
            _ => places::pick(dice, None),
        }
    }

    /// An inclination that somebody has for life: true for so many in a hundred.
    pub(crate) fn tends(&self, who: Who, what: u64, percent: u64) -> bool {
        stir(self.plan.seed ^ stir(self.person(who).number.0 ^ (what << 48))) % 100 < percent
    }

    /// An employer, kept after the first look.
    pub(crate) fn employer(&mut self, institutions: &Institutions, number: u32) -> &Employer {
        self.employers.entry(number).or_insert_with(|| institutions.employer_of(number))
    }

    /// Notes that something happened today.
    pub(crate) fn happened(&mut self, who: Who, what: &'static str) {
        let event = Event { day: self.day, who: self.person(who).number, what };
        self.events.push(event);
    }

    /// Everybody alive.
    pub fn living(&self) -> impl Iterator<Item = (Who, &Person)> {
        self.people.iter().enumerate().filter(|(_, person)| person.lives()).map(|(who, p)| (who as Who, p))
    }
}
