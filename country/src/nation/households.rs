//! The first day of a block: who lives with whom, who is whose child, what they are called and where they live.
//!
//! Always holds: people are drawn so that ages and sexes come near the table's; children are at least eighteen years
//! younger than their mothers; everybody has a household; kin may live in different households of the block. Surnames
//! come down from the eldest: a couple has one (夫婦同氏), children have it at birth.
//! Not here: insurance and cards of the first day (`insurance`, `certificates`), what happens later (`lives`).
//! Rules come from: the reference on matching, section 1.2; Civil Code article 750 (one surname of a couple).

use super::{
    block::Block,
    dice::Dice,
    institutions::Institutions,
    person::{Household, Known, Who, Work},
    places,
    plan::Plan,
    tables::{AGES, CHILDREN, EMPLOYED, HOUSEHOLDS, KINDS, Kind, by_age},
    words::{self, Word},
};
use base::Date;

/// Somebody to be: the rest is decided when everybody is there.
#[derive(Clone)]
struct Draft {
    age: i64,
    is_female: bool,
    /// Places of parents and spouse within the household's drafts.
    father: Option<usize>,
    mother: Option<usize>,
    spouse: Option<usize>,
}

impl Draft {
    fn new(age: i64, is_female: bool) -> Draft {
        Draft { age: age.max(0), is_female, father: None, mother: None, spouse: None }
    }

    fn cell(&self) -> (usize, usize) {
        ((self.age / 5).min(20) as usize, usize::from(self.is_female))
    }
}

/// A block on its first day, without insurances and cards.
pub(crate) fn found(plan: &Plan, institutions: &Institutions, number: u32) -> Block {
    let mut founding = Founding {
        dice: Dice::new(plan.seed, &[0x686f_7573, u64::from(number)]),
        left: i64::from(plan.people_of(number)),
        lacking: lacking(plan, number),
        block: Block::empty(*plan, number),
    };
    while founding.left > 0 {
        let drafts = founding.best_draft();
        founding.admit(&drafts);
    }
    founding.find_parents();
    founding.name_everybody();
    for _ in 0..plan.mistakes.min(NAMESAKES_MAX) {
        founding.meet_a_namesake();
    }
    founding.settle_down();
    founding.employ(institutions);
    founding.block
}

/// Where mistakes are made on purpose there are more namesakes too, but not more than these in a block.
const NAMESAKES_MAX: u32 = 10;

/// How many people of each age group and sex the block is to have, a thousandth each.
fn lacking(plan: &Plan, number: u32) -> [[i64; 2]; 21] {
    let all: i64 = AGES.iter().map(|(men, women)| i64::from(men + women)).sum();
    let people = i64::from(plan.people_of(number));
    AGES.map(|(men, women)| [men, women].map(|count| i64::from(count) * people * 1_000 / all))
}

struct Founding {
    dice: Dice,
    left: i64,
    lacking: [[i64; 2]; 21],
    block: Block,
}

/// So many households are drafted for each that is admitted; the one that fits the ages best is taken.
const DRAFTS: usize = 3;

impl Founding {
    fn best_draft(&mut self) -> Vec<Draft> {
        let mut best: Option<(i64, Vec<Draft>)> = None;
        for _ in 0..DRAFTS {
            let drafts = self.draft();
            if drafts.len() as i64 > self.left {
                continue;
            }
            let cost = self.cost(&drafts);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, drafts));
            }
        }
        best.map_or_else(|| vec![self.somebody()], |(_, drafts)| drafts)
    }

    /// How far a household goes beyond what is wanted of its ages, for each of its people.
    fn cost(&self, drafts: &[Draft]) -> i64 {
        let beyond: i64 = drafts
            .iter()
            .map(|draft| {
                let (group, sex) = draft.cell();
                (1_000 - self.lacking[group][sex]).max(0)
            })
            .sum();
        beyond / drafts.len() as i64
    }

    /// Somebody of an age and sex that is lacking.
    fn somebody(&mut self) -> Draft {
        let weights: Vec<u32> =
            self.lacking.iter().flatten().map(|count| (*count).clamp(0, 1 << 30) as u32).collect();
        let place = self.dice.weighted(&weights);
        let age = place as i64 / 2 * 5 + self.dice.below(5) as i64;
        Draft::new(age, place % 2 == 1)
    }

    fn draft(&mut self) -> Vec<Draft> {
        let seed = self.somebody();
        let weights = by_age(&HOUSEHOLDS, 0, 10, seed.age).unwrap_or(HOUSEHOLDS[9]);
        match KINDS[self.dice.weighted(&weights)] {
            Kind::Single => vec![seed],
            Kind::Couple => self.couple(seed),
            Kind::Parents => {
                let couple = self.couple(seed);
                self.with_children(couple)
            }
            Kind::LoneParent => {
                // Nine lone parents of ten are mothers; the sex that was drawn is wanted, though.
                self.with_children(vec![seed])
            }
            Kind::ChildOfTwo => self.child(seed, true),
            Kind::ChildOfOne => self.child(seed, false),
            Kind::Three => self.three(seed),
        }
    }

    fn couple(&mut self, seed: Draft) -> Vec<Draft> {
        let older = self.dice.between(-2, 6);
        let age = if seed.is_female { seed.age + older } else { seed.age - older };
        let mut spouse = Draft::new(age.max(19), !seed.is_female);
        let mut seed = Draft { age: seed.age.max(19), ..seed };
        (seed.spouse, spouse.spouse) = (Some(1), Some(0));
        vec![seed, spouse]
    }

    /// Children of the first one or two, at home still.
    fn with_children(&mut self, mut drafts: Vec<Draft>) -> Vec<Draft> {
        let mother = drafts.iter().position(|draft| draft.is_female);
        let father = drafts.iter().position(|draft| !draft.is_female);
        let parent = drafts[mother.or(father).unwrap_or(0)].age;
        let count = self.dice.weighted(&CHILDREN) + 1;
        let mut gap = self.dice.between(23, 36).min(parent - self.dice.between(0, 4)).max(18);
        for place in 0..count {
            let age = parent - gap;
            gap += self.dice.between(1, 4);
            let stays = match age {
                ..0 => break,
                0..=18 => 100,
                19..=24 => 70,
                25..=34 => 45,
                _ => 30,
            };
            // The first is there in any case: else it were no household of this kind.
            if gap > 47 || (place > 0 && !self.dice.percent(stays)) {
                continue;
            }
            let mut child = Draft::new(age, self.dice.per_mille(487));
            (child.father, child.mother) = (father, mother);
            drafts.push(child);
        }
        drafts
    }

    /// A child with parents, brothers and sisters.
    fn child(&mut self, seed: Draft, has_both: bool) -> Vec<Draft> {
        let age = seed.age + self.dice.between(23, 36);
        if age > 92 {
            return vec![seed];
        }
        let parent = Draft::new(age, has_both || self.dice.percent(87));
        let mut drafts = if has_both { self.couple(parent) } else { vec![parent] };
        let mother = drafts.iter().position(|draft| draft.is_female);
        let father = drafts.iter().position(|draft| !draft.is_female);
        let born = drafts[mother.or(father).unwrap_or(0)].age;
        let mut child = seed.clone();
        (child.father, child.mother) = (father, mother);
        drafts.push(child);
        let more = self.dice.weighted(&CHILDREN);
        for place in 0..more {
            let apart = (place as i64 + 1) * self.dice.between(1, 3);
            let other = if self.dice.percent(50) { seed.age + apart } else { seed.age - apart };
            let stays = if other > 22 { 35 } else { 100 };
            if !(0..=born - 18).contains(&other) || !self.dice.percent(stays) {
                continue;
            }
            let other = if self.dice.percent(2) { seed.age } else { other };
            let mut sibling = Draft::new(other, self.dice.per_mille(487));
            (sibling.father, sibling.mother) = (father, mother);
            drafts.push(sibling);
        }
        drafts
    }

    /// One or two grandparents with their child's family.
    fn three(&mut self, seed: Draft) -> Vec<Draft> {
        let middle = match seed.age {
            ..=29 => Draft::new(seed.age + self.dice.between(24, 34), true),
            30..=59 => seed.clone(),
            _ => Draft::new((seed.age - self.dice.between(24, 33)).max(25), self.dice.percent(40)),
        };
        let couple = self.couple(middle);
        let mut drafts = self.with_children(couple);
        let heir = usize::from(self.dice.percent(20)); // whose parents they are
        let age = match seed.age {
            60.. => seed.age,
            _ => drafts[heir].age + self.dice.between(24, 33),
        };
        let grandmother = drafts.len();
        let mut elder = Draft::new(age.min(100), true);
        drafts[heir].mother = Some(grandmother);
        if age < 85 && self.dice.percent(55) {
            let mut grandfather = Draft::new(age + self.dice.between(-1, 5), false);
            (grandfather.spouse, elder.spouse) = (Some(grandmother), Some(grandmother + 1));
            drafts[heir].father = Some(grandmother + 1);
            drafts.push(elder);
            drafts.push(grandfather);
        } else {
            drafts.push(elder);
        }
        drafts
    }

    /// Takes a household in.
    fn admit(&mut self, drafts: &[Draft]) {
        let first = self.block.people.len();
        let household = self.block.households.len() as Who;
        let place = |place: Option<usize>| place.map(|place| (first + place) as Who);
        for (at, draft) in drafts.iter().enumerate() {
            let (group, sex) = draft.cell();
            self.lacking[group][sex] -= 1_000;
            // Brothers and sisters of one age are twins.
            let is_twin = |other: &&Draft| {
                let parents = (draft.father, draft.mother);
                parents != (None, None) && (other.father, other.mother) == parents && other.age == draft.age
            };
            let twin = drafts[..at].iter().position(|other| is_twin(&other));
            let birth = match twin {
                Some(twin) => self.block.people[first + twin].birth,
                None => self.birth(draft.age),
            };
            let mut person = self.block.blank(first + at, draft.is_female, birth, household);
            person.known = match self.dice.below(100_000) {
                0..4 => Known::Year,
                4..24 => Known::Month,
                _ => Known::Day,
            };
            (person.father, person.mother, person.spouse) =
                (place(draft.father), place(draft.mother), place(draft.spouse));
            self.block.people.push(person);
        }
        self.left -= drafts.len() as i64;
        let members = (first..first + drafts.len()).map(|place| place as Who).collect();
        let number = self.block.plan.number(self.block.number, usize::from(household));
        self.block.households.push(Household { number, home: places::Home::default(), members });
    }

    /// A day of birth of somebody of this age.
    fn birth(&mut self, age: i64) -> Date {
        let begins = self.block.plan.begins();
        begins.plus_years(-age).plus_days(-(self.dice.below(365) as i64))
    }

    /// Parents elsewhere in the block for adults who live without any.
    fn find_parents(&mut self) {
        let begins = self.block.plan.begins();
        let mothers: Vec<Who> = (0..self.block.people.len() as Who)
            .filter(|who| {
                let person = &self.block.people[usize::from(*who)];
                person.is_female && person.age(begins) >= 38
            })
            .collect();
        let mut children = vec![0u8; self.block.people.len()];
        for who in 0..self.block.people.len() {
            let person = &self.block.people[who];
            let alive = match person.age(begins) {
                ..18 => 0,
                18..45 => 80,
                45..60 => 55,
                60..72 => 20,
                _ => 0,
            };
            if mothers.is_empty() || person.mother.is_some() || person.father.is_some() {
                continue;
            }
            if !self.dice.percent(alive) {
                continue;
            }
            for _ in 0..12 {
                let mother = *self.dice.pick(&mothers);
                if children[usize::from(mother)] < 3 && self.may_be_mother(who, mother) {
                    children[usize::from(mother)] += 1;
                    self.block.people[who].mother = Some(mother);
                    self.block.people[who].father = self.block.people[usize::from(mother)].spouse;
                    break;
                }
            }
        }
    }

    fn may_be_mother(&self, child: usize, mother: Who) -> bool {
        let people = &self.block.people;
        let (child, elder) = (&people[child], &people[usize::from(mother)]);
        let years = (child.birth.days_since(elder.birth)) / 365;
        let of_spouse = child.spouse.and_then(|spouse| people[usize::from(spouse)].mother);
        let father = elder.spouse.map(|father| &people[usize::from(father)]);
        (20..=40).contains(&years)
            && of_spouse != Some(mother)
            && elder.household != child.household
            && father.is_none_or(|father| child.birth.days_since(father.birth) > 18 * 365)
    }

    /// Gives surnames from the eldest down, and given names.
    fn name_everybody(&mut self) {
        let mut order: Vec<usize> = (0..self.block.people.len()).collect();
        order.sort_by_key(|who| (self.block.people[*who].birth, *who));
        let mut named = vec![false; order.len()];
        for who in order {
            self.name_by_birth(who);
            named[who] = true;
            let spouse = self.block.people[who].spouse.map(usize::from);
            if let Some(spouse) = spouse.filter(|spouse| named[*spouse]) {
                self.join_surnames(who, spouse);
            }
        }
    }

    fn name_by_birth(&mut self, who: usize) {
        let person = &self.block.people[who];
        let year = person.birth.parts().0;
        let (is_female, household) = (person.is_female, usize::from(person.household));
        let parent = person.father.or(person.mother).map(usize::from);
        let heads = &self.block.households[household].members;
        // Foreign residents come as households; their children follow them.
        let head = heads.first().copied().map(usize::from).unwrap_or(who);
        let is_foreign = match parent {
            Some(parent) => self.block.people[parent].foreign.is_some(),
            None if head != who && self.block.people[head].spouse == Some(who as Who) => {
                self.block.people[head].foreign.is_some()
            }
            None => year > 1950 && self.dice.per_mille(55),
        };
        let birth_surname = match parent {
            Some(parent) => self.block.people[parent].surname.clone(),
            None => words::surname(&mut self.dice),
        };
        let like = parent.filter(|_| !is_female && self.dice.per_mille(10));
        let like = like.map(|father| self.block.people[father].given.clone());
        let like = like.and_then(|given| words::brother_like(&mut self.dice, &given));
        let given = like.unwrap_or_else(|| self.another_given(who, is_female, year));
        let foreign = is_foreign.then(|| words::foreigner(&mut self.dice, is_female));
        let keeps = self.dice.percent(3);
        let person = &mut self.block.people[who];
        person.surname = birth_surname.clone();
        (person.birth_surname, person.given, person.foreign) = (birth_surname, given, foreign);
        person.keeps_former = keeps && person.spouse.is_some();
    }

    /// A given name that no brother or sister has.
    fn another_given(&mut self, who: usize, is_female: bool, year: i16) -> Word {
        let mut given = words::given(&mut self.dice, is_female, year);
        let household = usize::from(self.block.people[who].household);
        for _ in 0..4 {
            let members = &self.block.households[household].members;
            let taken = members.iter().any(|other| {
                let other = &self.block.people[usize::from(*other)];
                other.given.written == given.written || other.given.kana == given.kana
            });
            if !taken {
                break;
            }
            given = words::given(&mut self.dice, is_female, year);
        }
        given
    }

    /// A couple has the husband's surname, nineteen times in twenty.
    fn join_surnames(&mut self, one: usize, other: usize) {
        let takes_hers = self.dice.percent(5);
        let (wife, husband) = match self.block.people[one].is_female {
            true => (one, other),
            false => (other, one),
        };
        let (from, to) = if takes_hers { (wife, husband) } else { (husband, wife) };
        self.block.people[to].surname = self.block.people[from].surname.clone();
    }

    /// In every other block somebody has the name, the sex and the birthday of somebody else, whom three attributes do not
    /// tell apart.
    fn meet_a_namesake(&mut self) {
        let begins = self.block.plan.begins();
        let people = &self.block.people;
        let is_alone = |who: &usize| {
            let person = &people[*who];
            let (household, who) = (usize::from(person.household), *who as Who);
            let has_child = people.iter().any(|child| child.father == Some(who) || child.mother == Some(who));
            self.block.households[household].members.len() == 1
                && person.mother.is_none()
                && person.father.is_none()
                && person.foreign.is_none()
                && !has_child
        };
        let alone: Vec<usize> = (0..people.len()).filter(is_alone).collect();
        if alone.is_empty() || self.dice.percent(50) {
            return;
        }
        let one = *self.dice.pick(&alone);
        let like = |other: &usize| {
            let (person, other) = (&people[one], &people[*other]);
            other.is_female == person.is_female
                && other.household != person.household
                && other.foreign.is_none()
                && (20..75).contains(&other.age(begins))
        };
        let others: Vec<usize> = (0..people.len()).filter(like).collect();
        if others.is_empty() {
            return;
        }
        let other = people[*self.dice.pick(&others)].clone();
        let person = &mut self.block.people[one];
        (person.birth, person.known) = (other.birth, other.known);
        (person.surname, person.birth_surname) = (other.surname.clone(), other.surname);
        person.given = other.given;
    }

    /// Finds everybody a home.
    fn settle_down(&mut self) {
        let home = self.block.hometown();
        for place in 0..self.block.households.len() {
            let municipality = self.block.near(&mut self.dice, home, 78, 12);
            let is_small = self.block.households[place].members.len() == 1;
            let is_flat = self.dice.percent(if is_small { 65 } else { 32 });
            self.block.households[place].home = places::home(&mut self.dice, municipality, is_flat);
        }
    }

    /// Gives work to who has it, with a beginning in the past.
    fn employ(&mut self, institutions: &Institutions) {
        let begins = self.block.plan.begins();
        for who in 0..self.block.people.len() {
            let (age, is_female) = (self.block.people[who].age(begins), self.block.people[who].is_female);
            let prefecture = self.block.prefecture_of(who as Who);
            let chance =
                by_age(&EMPLOYED, 15, 5, age).map_or(0, |(men, women)| if is_female { women } else { men });
            let chance = if age >= 75 { 0 } else { chance };
            let work = if self.dice.per_mille(chance) {
                let years = (age - 18).clamp(0, 30) as u64;
                // Most have been where they are for some years; many for less.
                let days = self.dice.below(years * 365 + 200).min(self.dice.below(years * 365 + 400)) as i64;
                Work::Employed(institutions.employer(&mut self.dice, prefecture), begins.plus_days(-days - 1))
            } else if age >= 25 && self.dice.percent(11) {
                let guild = institutions.guild(&mut self.dice, prefecture).filter(|_| self.dice.percent(62));
                Work::Alone(guild.map(|guild| guild as u16))
            } else {
                Work::None
            };
            self.block.people[who].work = work;
            self.block.people[who].is_protected = self.dice.below(10_000) < 12;
        }
        self.aid();
    }

    /// Public assistance comes to households.
    fn aid(&mut self) {
        let begins = self.block.plan.begins();
        for place in 0..self.block.households.len() {
            let members = self.block.households[place].members.clone();
            let head = &self.block.people[usize::from(members[0])];
            let (age, is_alone) = (head.age(begins), members.len() == 1);
            let has_pay = members
                .iter()
                .any(|who| matches!(self.block.people[usize::from(*who)].work, Work::Employed(..)));
            let chance = match (is_alone, age, has_pay) {
                (_, _, true) => 0,
                (true, 65.., _) => 95,
                (true, 40..65, _) => 230,
                (true, ..40, _) => 55,
                (false, ..50, _) => 120,
                (false, 50.., _) => 24,
            };
            if self.dice.per_mille(chance) {
                for who in members {
                    self.block.people[usize::from(who)].is_aided = true;
                }
            }
        }
    }
}
