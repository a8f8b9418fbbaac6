//! What befalls people, day by day: births, deaths, marriages, moves, work, birthdays, cards.
//!
//! Always holds: a day depends on the block's seed and the day alone, so telling the story up to a day in one go or in
//! steps gives the same; whatever changes where somebody is insured is followed on the same day, and offices hear of it
//! later.
//! Not here: what insurers make of it (`filings`), the first day (`households`).
//! Rules come from: the issue, part C; docs/rules.md S5 r1; the reference on the field, section 5.2.

use super::{
    block::Block,
    dice::Dice,
    filings::{NAMED_WITHIN, Pending},
    institutions::{Institutions, InsurerKind},
    person::{Fate, Household, Person, Who, Work},
    places,
    tables::{BIRTHS, DEATHS, JOB_CHANGES, JOB_ENDS, JOB_STARTS, MARRIAGES, MOVES, by_age},
    words,
};
use base::Date;
use formats::feed::CertificateWord;

/// What may befall somebody on a day, with how often in a million years.
type Chance = (u64, fn(&mut Block, &Institutions, &mut Dice, Who));
/// A million years in days.
const MILLION_YEARS: u64 = 365_000_000;
/// What all chances of a person of any age together may come to.
const CHANCES_MAX: u64 = 3_000_000;

const RENEWABLE_DAYS: i64 = 90;

impl Block {
    /// Founds a block and tells its story up to a day.
    pub fn told(plan: &super::plan::Plan, institutions: &Institutions, number: u32, until: Date) -> Block {
        let mut block = super::households::found(plan, institutions, number);
        block.give_cards();
        block.insure_all(institutions);
        block.send_beginning(institutions);
        block.tell(institutions, until);
        block
    }

    /// Tells the story on, up to and with a day.
    pub fn tell(&mut self, institutions: &Institutions, until: Date) {
        while self.day < until {
            self.day = self.day.plus_days(1);
            let tags = [0x6461_7973, u64::from(self.number), self.day.as_number() as u64];
            let mut dice = Dice::new(self.plan.seed, &tags);
            self.calendar(institutions, &mut dice);
            for who in 0..self.people.len() as Who {
                if self.person(who).lives() {
                    self.befall(institutions, &mut dice, who);
                }
            }
            self.send_due(institutions);
        }
    }

    // What the calendar brings -------------------------------------------------------------------------------------------

    fn calendar(&mut self, institutions: &Institutions, dice: &mut Dice) {
        let (_, month, dom) = self.day.parts();
        for who in 0..self.people.len() as Who {
            let person = self.person(who);
            if !person.lives() {
                continue;
            }
            let (_, birth_month, birth_dom) = person.birth.parts();
            if (birth_month, birth_dom) == (month, dom)
                || (birth_month, birth_dom, month, dom) == (2, 29, 3, 1)
            {
                self.birthday(institutions, who);
            }
            self.card_ages(dice, who);
            match (month, dom) {
                (4, 1) => self.school_year(institutions, dice, who),
                (7, 20) => self.insurance_year(institutions, dice, who),
                _ => {}
            }
            if dom == 20 && self.person(who).is_aided {
                self.send_again(who, 0);
            }
        }
    }

    fn birthday(&mut self, institutions: &Institutions, who: Who) {
        match self.person(who).age(self.day) {
            70 => {
                self.happened(who, "seventy");
                self.send_again(who, 1);
            }
            75 => {
                self.happened(who, "seventy-five");
                self.person_mut(who).work = Work::None;
                let around = self.around(who);
                self.settle(institutions, &around, "03");
            }
            18 | 23 | 35 => self.settle(institutions, &[who], "03"),
            _ => {}
        }
    }

    /// School ends on 31 March and work begins on 1 April.
    fn school_year(&mut self, institutions: &Institutions, dice: &mut Dice, who: Who) {
        let person = self.person(who);
        let (age, has_none) = (person.age(self.day), person.work == Work::None);
        let percent = match age {
            18 => 17,
            20 => 25,
            22 => 70,
            23..=26 => 25,
            _ => return,
        };
        if has_none && dice.percent(percent) {
            self.starts_work(institutions, dice, who);
        }
    }

    /// Rates of the next insurance year are filed from 20 July on.
    fn insurance_year(&mut self, institutions: &Institutions, dice: &mut Dice, who: Who) {
        let age = self.person(who).age(self.day);
        let Some(place) = self.running(who) else { return };
        if age >= 70 && self.kind(institutions, who, place) != InsurerKind::Welfare {
            self.send_again(who, dice.between(0, 6));
        }
    }

    fn running(&self, who: Who) -> Option<usize> {
        let spells = &self.person(who).spells;
        spells.last().filter(|spell| spell.until.is_none()).map(|_| spells.len() - 1)
    }

    fn send_again(&mut self, who: Who, days: i64) {
        if let Some(place) = self.running(who) {
            self.send_in(days, Pending::Again(who, place));
        }
    }

    /// A card near its end is renewed; some only after it.
    fn card_ages(&mut self, dice: &mut Dice, who: Who) {
        let Some(last) = self.person(who).certificates.last() else { return };
        let left = last.until.days_since(self.day);
        if last.fate != Fate::Live || !(-90..=RENEWABLE_DAYS).contains(&left) {
            return;
        }
        if dice.per_mille(if left >= 0 { 21 } else { 12 }) {
            let place = self.issue(who, self.day);
            self.happened(who, "card-renewed");
            self.send_in(0, Pending::Certificate(who, place));
        }
    }

    // What chance brings -------------------------------------------------------------------------------------------------

    fn befall(&mut self, institutions: &Institutions, dice: &mut Dice, who: Who) {
        let mut roll = dice.below(MILLION_YEARS);
        if roll >= CHANCES_MAX {
            return;
        }
        for (chance, happens) in self.chances(who) {
            match roll.checked_sub(chance) {
                Some(less) => roll = less,
                None => return happens(self, institutions, dice, who),
            }
        }
    }

    fn chances(&self, who: Who) -> [Chance; 11] {
        let person = self.person(who);
        let age = person.age(self.day);
        let decade = |table: &[u64]| by_age(table, 0, 10, age).unwrap_or(0);
        let deaths =
            by_age(&DEATHS, 0, 5, age).map_or(0, |(men, women)| if person.is_female { women } else { men });
        let may_bear = person.is_female && person.spouse.is_some() && (15..50).contains(&age);
        let births = if may_bear { by_age(&BIRTHS, 15, 5, age).unwrap_or(0) } else { 0 };
        let may_marry = !person.is_female && person.spouse.is_none() && age >= 18 && !person.is_aided;
        let marriages = if may_marry { by_age(&MARRIAGES, 15, 5, age).unwrap_or(0) } else { 0 };
        let is_head = self.household_of(who).members.first() == Some(&who);
        let moves = if is_head { decade(&MOVES) } else { 0 };
        // Students and the young go where school and work are.
        let leaves = if !is_head && (18..32).contains(&age) && person.spouse.is_none() { 95_000 } else { 0 };
        let is_employed = matches!(person.work, Work::Employed(..));
        let may_start = !is_employed && !person.is_aided && (18..75).contains(&age);
        let has_card = person.certificates.last().is_some_and(|last| last.fate == Fate::Live);
        [
            (deaths, Block::dies),
            (births, Block::bears),
            (marriages, Block::marries),
            (
                if !person.is_female && person.spouse.is_some() {
                    if age < 60 { 9_500 } else { 1_500 }
                } else {
                    0
                },
                Block::divorces,
            ),
            (moves, Block::moves),
            (leaves, Block::leaves_home),
            (if is_employed { decade(&JOB_CHANGES) } else { 0 }, Block::starts_work),
            (if is_employed { decade(&JOB_ENDS) } else { 0 }, Block::stops_work),
            (if may_start { decade(&JOB_STARTS) } else { 0 }, Block::starts_work),
            (
                if has_card { 9_000 } else { 55_000 },
                if has_card { Block::loses_card } else { Block::takes_card },
            ),
            (if is_employed || person.is_aided || age < 25 { 0 } else { 3_000 }, Block::needs_aid),
        ]
    }

    /// Whose insurance may follow somebody's: the household, husband or wife, and children elsewhere.
    fn around(&self, who: Who) -> Vec<Who> {
        let person = self.person(who);
        let mut around = vec![who];
        around.extend(person.spouse);
        around.extend(&self.household_of(who).members);
        let child = |(_, other): &(Who, &Person)| other.father == Some(who) || other.mother == Some(who);
        around.extend(self.living().filter(child).map(|(child, _)| child));
        // In this order: whoever others depend on comes before them.
        let mut seen = vec![false; self.people.len()];
        around.retain(|who| !std::mem::replace(&mut seen[usize::from(*who)], true));
        around
    }

    fn dies(&mut self, institutions: &Institutions, dice: &mut Dice, who: Who) {
        let around = self.around(who);
        let today = self.day;
        let household = usize::from(self.person(who).household);
        self.person_mut(who).died = Some(today);
        self.happened(who, "died");
        self.households[household].members.retain(|member| *member != who);
        if let Some(place) = self.running(who) {
            // The loss is dated the day after the death.
            self.person_mut(who).spells[place].until = Some((today.plus_days(1), "01"));
            self.file_loss(institutions, who, place);
        }
        if let Some(place) = self.person(who).certificates.len().checked_sub(1)
            && self.person(who).certificates[place].fate != Fate::Revoked
        {
            self.person_mut(who).certificates[place].fate = Fate::Revoked;
            let state = Pending::State(who, place, CertificateWord::Revoked, Some("death"));
            self.send_in(dice.between(2, 10), state);
        }
        if let Some(spouse) = self.person(who).spouse {
            self.person_mut(spouse).spouse = None;
        }
        self.settle(institutions, &around[1..], "99");
    }

    fn bears(&mut self, institutions: &Institutions, dice: &mut Dice, mother: Who) {
        let count = if dice.percent(1) { 2 } else { 1 };
        for _ in 0..count {
            let place = self.people.len();
            if place >= usize::from(Who::MAX) {
                return;
            }
            let household = self.person(mother).household;
            let father = self.person(mother).spouse;
            let is_female = dice.per_mille(487);
            let mut child = self.blank(place, is_female, self.day, household);
            let parent = father.unwrap_or(mother);
            child.surname = self.person(parent).surname.clone();
            child.birth_surname = child.surname.clone();
            child.given = words::given(dice, is_female, self.day.parts().0);
            child.foreign = self.person(parent).foreign.as_ref().map(|_| words::foreigner(dice, is_female));
            (child.father, child.mother) = (father, Some(mother));
            self.people.push(child);
            let child = place as Who;
            self.households[usize::from(household)].members.push(child);
            self.happened(child, "born");
            self.send_in(dice.between(3, NAMED_WITHIN), Pending::Resident(child));
            self.settle(institutions, &[child], "99");
        }
    }

    fn marries(&mut self, institutions: &Institutions, dice: &mut Dice, man: Who) {
        let Some(woman) = self.bride(dice, man) else { return };
        self.person_mut(man).spouse = Some(woman);
        self.person_mut(woman).spouse = Some(man);
        self.happened(man, "marriage");
        let takes_hers = dice.percent(5);
        let (from, to) = if takes_hers { (woman, man) } else { (man, woman) };
        let surname = self.person(from).surname.clone();
        self.person_mut(to).surname = surname;
        self.person_mut(to).keeps_former = dice.percent(3);
        let home = self.household_of(man).home.municipality;
        let municipality = self.near(dice, home, 60, 25);
        self.move_out(dice, &[man, woman], municipality, true);
        if matches!(self.person(woman).work, Work::Employed(..)) && dice.percent(12) {
            self.person_mut(woman).work = Work::None;
        }
        let mut around = self.around(man);
        around.extend(self.around(woman));
        self.settle(institutions, &around, "03");
        self.tell_insurers(dice, &[man, woman]);
    }

    /// The wife leaves with the children below eighteen, mostly, and four times in ten takes her former surname again.
    fn divorces(&mut self, institutions: &Institutions, dice: &mut Dice, man: Who) {
        let Some(woman) = self.person(man).spouse else { return };
        self.happened(man, "divorce");
        let takes_back = dice.percent(60) && self.person(woman).birth_surname != self.person(woman).surname;
        let mut around = self.around(man);
        self.person_mut(man).spouse = None;
        self.person_mut(woman).spouse = None;
        if takes_back {
            let surname = self.person(woman).birth_surname.clone();
            self.person_mut(woman).surname = surname;
        }
        let mut leave = vec![woman];
        if dice.percent(85) {
            let members = &self.household_of(woman).members;
            let is_hers = |who: &&Who| {
                self.person(**who).mother == Some(woman) && self.person(**who).age(self.day) < 18
            };
            leave.extend(members.iter().filter(is_hers));
        }
        let home = self.household_of(man).home.municipality;
        let municipality = self.near(dice, home, 65, 20);
        self.move_out(dice, &leave, municipality, true);
        around.extend(self.around(woman));
        self.settle(institutions, &around, "99");
        self.tell_insurers(dice, &leave);
    }

    /// An unmarried woman of like age who is no kin.
    fn bride(&self, dice: &mut Dice, man: Who) -> Option<Who> {
        let groom = self.person(man);
        let fits = |(_, woman): &(Who, &Person)| {
            let years = groom.birth.days_since(woman.birth).abs() / 365;
            woman.is_female
                && woman.spouse.is_none()
                && woman.age(self.day) >= 18
                && !woman.is_aided
                && years <= 8
                && woman.household != groom.household
                && (woman.mother.is_none() || woman.mother != groom.mother)
                && woman.mother != Some(man)
        };
        let candidates: Vec<Who> = self.living().filter(fits).map(|(woman, _)| woman).collect();
        (!candidates.is_empty()).then(|| *dice.pick(&candidates))
    }

    /// Founds a household of these people elsewhere; the municipality hears of it at once.
    fn move_out(&mut self, dice: &mut Dice, people: &[Who], municipality: usize, is_flat: bool) {
        let household = self.households.len() as Who;
        let number = self.plan.number(self.number, usize::from(household));
        let home = places::home(dice, municipality, is_flat);
        self.households.push(Household { number, home, members: people.to_vec() });
        for who in people {
            let before = usize::from(self.person(*who).household);
            self.households[before].members.retain(|member| member != who);
            self.person_mut(*who).household = household;
            self.send_in(0, Pending::Resident(*who));
        }
    }

    fn moves(&mut self, institutions: &Institutions, dice: &mut Dice, head: Who) {
        let household = usize::from(self.person(head).household);
        let before = self.households[household].home.municipality;
        let municipality = self.near(dice, before, 45, 30);
        let is_flat = dice.percent(60);
        let home = places::home(dice, municipality, is_flat);
        let members = self.households[household].members.clone();
        self.households[household].home = home;
        for who in &members {
            self.happened(*who, if municipality == before { "moved-within" } else { "moved" });
            self.send_in(0, Pending::Resident(*who));
        }
        self.settle(institutions, &members, "99");
        self.tell_insurers(dice, &members);
    }

    fn leaves_home(&mut self, institutions: &Institutions, dice: &mut Dice, who: Who) {
        let before = self.household_of(who).home.municipality;
        let municipality = self.near(dice, before, 25, 30);
        self.happened(who, if municipality == before { "moved-within" } else { "moved" });
        self.move_out(dice, &[who], municipality, true);
        self.settle(institutions, &[who], "99");
        self.tell_insurers(dice, &[who]);
    }

    /// Insurers whose member goes on hear of a new name or address: the municipality's at once, others in a while.
    fn tell_insurers(&mut self, dice: &mut Dice, people: &[Who]) {
        for who in people {
            let began_today = self.person(*who).spell().is_some_and(|spell| spell.from == self.day);
            if !began_today {
                self.send_again(*who, dice.between(1, 50));
            }
        }
    }

    fn starts_work(&mut self, institutions: &Institutions, dice: &mut Dice, who: Who) {
        let changes = matches!(self.person(who).work, Work::Employed(..));
        let prefecture = self.prefecture_of(who);
        self.person_mut(who).work = Work::Employed(institutions.employer(dice, prefecture), self.day);
        self.happened(who, if changes { "changed-employer" } else { "started-work" });
        let around = self.around(who);
        self.settle(institutions, &around, "03");
    }

    fn stops_work(&mut self, institutions: &Institutions, dice: &mut Dice, who: Who) {
        let retires = self.person(who).age(self.day) >= 58;
        let alone = !retires && dice.percent(15);
        self.person_mut(who).work = if alone { Work::Alone(None) } else { Work::None };
        self.happened(who, if retires { "retired" } else { "stopped-work" });
        let around = self.around(who);
        self.settle(institutions, &around, "99");
    }

    fn takes_card(&mut self, _: &Institutions, dice: &mut Dice, who: Who) {
        let is_known = self.person(who).birth.plus_days(30) <= self.day;
        // A lost card is revoked by now: three weeks are over.
        let is_waiting =
            self.pending.values().any(|what| matches!(what, Pending::State(other, ..) if *other == who));
        if is_known && !is_waiting {
            let place = self.issue(who, self.day);
            self.happened(who, "card-issued");
            self.send_in(0, Pending::Certificate(who, place));
            if self.person(who).enrolled.is_none() && dice.percent(75) {
                self.person_mut(who).enrolled = Some(self.day);
                self.send_in(dice.between(1, 20), Pending::Enrolment(who));
            }
        }
    }

    /// A lost card is put on hold by telephone on the same day; it is found, or another is made.
    fn loses_card(&mut self, _: &Institutions, dice: &mut Dice, who: Who) {
        let place = self.person(who).certificates.len() - 1;
        self.happened(who, "card-lost");
        self.send_in(0, Pending::State(who, place, CertificateWord::Held, None));
        if dice.percent(55) {
            self.send_in(dice.between(1, 12), Pending::State(who, place, CertificateWord::Lifted, None));
            return;
        }
        self.person_mut(who).certificates[place].fate = Fate::Held;
        self.send_in(dice.between(3, 20), Pending::State(who, place, CertificateWord::Revoked, Some("lost")));
    }

    fn needs_aid(&mut self, institutions: &Institutions, _: &mut Dice, who: Who) {
        let members = self.household_of(who).members.clone();
        let has_pay = |who: &Who| matches!(self.person(*who).work, Work::Employed(..));
        if members.iter().any(has_pay) {
            return;
        }
        for member in &members {
            self.person_mut(*member).is_aided = true;
        }
        self.happened(who, "aid-began");
        self.settle(institutions, &members, "02");
    }
}
