//! Cards of the nation: who holds one, since when, and its certificates.
//!
//! Always holds: a certificate ends on the fifth birthday after its issue, and none is older than its holder; serials are
//! each certificate's alone.
//! Not here: keys and bytes of certificates (`cards`), what becomes of a card by the day (`lives`).
//! Rules come from: docs/rules.md S1 r11, S2 r1; the references on the card, section 2, and on the field, section 5.1.

use super::{
    block::Block,
    dice::Dice,
    person::{Certificate, Fate, Who},
    tables::{CARDS, ENROLLED, by_age},
};
use crate::chain::{BIRTHDAYS, Generation, birthday_after};
use base::Date;

impl Block {
    /// A certificate issued to somebody on a day.
    pub(crate) fn issue(&mut self, who: Who, issued_on: Date) -> usize {
        let person = self.person(who);
        let generation = Generation::on(issued_on);
        let until = birthday_after(person.birth_known(), issued_on, BIRTHDAYS);
        let place = person.certificates.len();
        let serial = self.plan.serial(person.number, generation, place as u64);
        let certificates = &mut self.person_mut(who).certificates;
        let is_successor = certificates.last().is_some_and(|before| before.fate == Fate::Live);
        if let Some(before) = certificates.last_mut() {
            before.fate = Fate::Revoked;
        }
        certificates.push(Certificate {
            serial,
            generation,
            issued_on,
            until,
            is_successor,
            fate: Fate::Live,
        });
        place
    }

    /// Gives cards to who holds one on the first day.
    pub(crate) fn give_cards(&mut self) {
        let mut dice = Dice::new(self.plan.seed, &[0x6361_7264, u64::from(self.number)]);
        for who in 0..self.people.len() as Who {
            let (birth, age) = (self.person(who).birth, self.person(who).age(self.day));
            if !dice.per_mille(by_age(&CARDS, 0, 10, age).unwrap_or(0)) || birth.plus_days(40) > self.day {
                continue;
            }
            // Most took one when points were given for it, in 2022 and 2023; the rest came evenly.
            let ago = if dice.percent(45) { dice.between(900, 1_800) } else { dice.between(1, 1_820) };
            let issued_on = self.day.plus_days(-ago).max(birth.plus_days(30));
            let place = self.issue(who, issued_on);
            let until = self.person(who).certificates[place].until;
            if until < self.day && dice.percent(94) {
                let renewed_on = until.plus_days(-dice.between(0, 80)).max(issued_on.plus_days(1));
                self.issue(who, renewed_on);
            }
            if dice.per_mille(ENROLLED) {
                self.person_mut(who).enrolled = Some(issued_on.plus_days(dice.between(0, 60)).min(self.day));
            }
        }
    }
}
