//! Counting a block for the figures: everybody who lives, every household, what happened and what went wrong.
//!
//! Always holds: counts the truth, not what offices believe.
//! Not here: what is published, and plots (`figures`, `published`).
//! Rules come from: the issue, part D ("compare the invented population with published totals").

use super::{
    block::Block,
    figures::{self, Counted, Figures},
    institutions::Institutions,
    person::{Fate, Who},
    places,
    telling::Nation,
};
use base::Scheme;

impl Nation {
    /// Counts the institutions.
    pub fn count(&self, figures: &mut Figures) {
        for insurer in self.institutions.insurers() {
            figures.add(Counted::Insurer(Scheme::of(&insurer.number)));
        }
        for number in 0..self.institutions.facilities() {
            figures.add(Counted::Facility(self.institutions.facility(number).kind));
        }
    }
}

impl Block {
    /// Counts the block as of its day.
    pub fn count(&self, institutions: &Institutions, figures: &mut Figures) {
        for (who, person) in self.living() {
            let age = person.age(self.day).max(0) as u32;
            figures.add(Counted::Person {
                age,
                is_female: person.is_female,
                is_foreign: person.foreign.is_some(),
            });
            figures.add(Counted::Birth(person.birth_known()));
            if person.foreign.is_none() {
                figures.add(Counted::Surname(&person.surname.written));
            }
            let municipality = &places::municipalities()[self.household_of(who).home.municipality];
            figures.add(Counted::Municipality(municipality.name));
            match person.spell() {
                Some(spell) => {
                    let insurer = &institutions.insurers()[spell.due.insurer as usize];
                    figures.add(Counted::Insured(Scheme::of(&insurer.number)));
                }
                None => figures.add(Counted::Uninsured),
            }
            if person.certificates.last().is_some_and(|last| last.fate != Fate::Revoked) {
                figures.add(Counted::Holder { is_enrolled: person.enrolled.is_some() });
            }
            for mistake in person.spells.iter().filter_map(|spell| spell.mistake.as_ref()) {
                figures.add(Counted::Mistake(mistake.kind.word()));
            }
        }
        for household in self.households.iter().filter(|household| !household.members.is_empty()) {
            let size = household.members.len() as u32;
            figures.add(Counted::Household { size, kind: self.household_kind(&household.members) });
        }
        for event in &self.events {
            let word = match event.what {
                "born" => "birth",
                "died" => "death",
                "moved" => "move",
                other => other,
            };
            figures.add(Counted::Event(word));
        }
        figures.over_days(self.day.days_since(self.plan.begins()).max(0) as u64);
    }

    /// What a household is, as the census tells them apart.
    fn household_kind(&self, members: &[Who]) -> figures::Household {
        use figures::Household::{Couple, CoupleChildren, LoneParent, Other, Single};
        let is_child = |who: &Who, of: &[Who]| {
            let person = self.person(*who);
            [person.father, person.mother].into_iter().flatten().any(|parent| of.contains(&parent))
        };
        let children = members.iter().filter(|who| is_child(who, members)).count();
        let couple =
            members.iter().find(|who| self.person(**who).spouse.is_some_and(|s| members.contains(&s)));
        let parents = members.len() - children;
        match (members.len(), couple.is_some(), children, parents) {
            (1, ..) => Single,
            (2, true, 0, _) => Couple,
            (_, true, 1.., 2) if !self.is_three(members) => CoupleChildren,
            (_, false, 1.., 1) => LoneParent,
            _ => Other,
        }
    }

    /// Whether a child of the household has children in it.
    fn is_three(&self, members: &[Who]) -> bool {
        members.iter().any(|who| {
            let person = self.person(*who);
            let parents =
                [person.father, person.mother].into_iter().flatten().filter(|p| members.contains(p));
            parents.into_iter().any(|parent| {
                let parent = self.person(parent);
                [parent.father, parent.mother].into_iter().flatten().any(|elder| members.contains(&elder))
            })
        })
    }
}
