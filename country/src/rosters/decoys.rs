//! People who look like one person and are not: twins, father and son who read alike, namesakes of one birthday; and rows
//! that are one person twice. Often only one of them is in the other file, so that nothing better is there to link.
//!
//! Always holds: whoever is planted takes the place of somebody else, so that the files keep their sizes; nobody is
//! changed twice.
//! Not here: what is written of them (`noise`).
//! Rules come from: the reference on matching, section 1.6 (three attributes caused the wrong links).

use super::{
    House, Somebody, address,
    noise::{Class, Classes},
};
use crate::nation::{
    dice::Dice,
    words::{self, Word},
};
use base::Date;

/// Two people who look alike, by their places.
pub(super) struct Decoy {
    pub(super) one: usize,
    pub(super) other: usize,
    pub(super) class: Class,
}

/// What is planted.
const PLANTED: [Class; 5] =
    [Class::Duplicate, Class::Twin, Class::FatherAndSon, Class::Townsman, Class::Namesake];

const BOTH: [bool; 2] = [true, true];
const ONLY_A: [bool; 2] = [true, false];
const ONLY_B: [bool; 2] = [false, true];

/// So many people are tried before nobody is planted, and so many are looked at for one of them.
const TRIES: usize = 20;
const LOOKS: usize = 200;

/// So many in a hundred of those who read alike are written alike too.
const HANDED_DOWN: u64 = 15;
/// Of so many in a hundred of kin in one house the insurer has no reading, which would tell them apart.
const LACKS_KANA: u64 = 15;

/// Plants people in a block.
pub(super) fn plant(dice: &mut Dice, people: &mut [Somebody], houses: &mut Vec<House>) -> Vec<Decoy> {
    let mut decoys = Vec::new();
    let mut is_used = vec![false; people.len()];
    for class in PLANTED {
        let wanted = u64::from(class.kind().per_million) * people.len() as u64;
        let count = wanted / 1_000_000 + u64::from(dice.per_million(wanted % 1_000_000));
        for _ in 0..count {
            let (first, second) = match (class, dice.below(100)) {
                (Class::Duplicate, _) => (BOTH, ONLY_B),
                (_, 0..40) => (ONLY_A, ONLY_B),
                (_, 40..60) => (BOTH, ONLY_B),
                (_, 60..80) => (BOTH, ONLY_A),
                _ => (BOTH, BOTH),
            };
            // Not every name has one that sounds the same.
            let found = (0..TRIES).find_map(|_| {
                let one = find(dice, people, &is_used, first, None)?;
                let other = find(dice, people, &is_used, second, Some(one))?;
                liken(dice, people, houses, (one, other), class).then_some((one, other))
            });
            let Some((one, other)) = found else { continue };
            (is_used[one], is_used[other]) = (true, true);
            people[one].marks.add(class);
            if class != Class::Duplicate {
                people[other].marks.add(class);
                decoys.push(Decoy { one, other, class });
            }
        }
    }
    decoys
}

/// Somebody Japanese who is in these files, in another house than somebody else, and was not changed.
fn find(
    dice: &mut Dice,
    people: &[Somebody],
    is_used: &[bool],
    is_in: [bool; 2],
    apart: Option<usize>,
) -> Option<usize> {
    (0..LOOKS).map(|_| dice.below(people.len() as u64) as usize).find(|at| {
        let person = &people[*at];
        !is_used[*at]
            && person.is_in == is_in
            && person.foreign.is_none()
            && apart.is_none_or(|other| other != *at && people[other].household != person.household)
    })
}

/// Makes the second of two people look like the first. Says whether that was possible.
fn liken(
    dice: &mut Dice,
    people: &mut [Somebody],
    houses: &mut Vec<House>,
    (one, other): (usize, usize),
    class: Class,
) -> bool {
    let model = people[one].clone();
    let mut made = model.clone();
    match class {
        Class::Duplicate => made.again = Some(one),
        Class::Twin => {
            made.is_female = model.is_female ^ dice.percent(25);
            let Some(given) = twin_name(dice, &model, made.is_female) else { return false };
            made.given = given;
            made.former = None;
        }
        Class::FatherAndSon => {
            // In some houses the name itself is handed down (襲名).
            if !dice.percent(HANDED_DOWN) {
                let Some(given) = words::brother_like(dice, &model.given) else { return false };
                made.given = given;
            }
            made.former = None;
            let years = dice.between(22, 38);
            let sign = if model.birth.parts().0 > 1_970 { -1 } else { 1 };
            made.birth = model.birth.plus_years(years * sign).plus_days(dice.between(-180, 180));
        }
        Class::Townsman => {
            made.household = houses.len();
            let home = address::other_lot(dice, houses[model.household].home(0));
            houses.push(House { home, other: None });
        }
        _ => {
            // Where the other one lived.
            made.household = people[other].household;
        }
    }
    if matches!(class, Class::Twin | Class::FatherAndSon) {
        made.lacks_kana = dice.percent(LACKS_KANA);
    }
    let Somebody { number, is_in, .. } = people[other];
    people[other] = Somebody { number, is_in, marks: Classes::default(), ..made };
    true
}

/// Another given name; half of the twins share its first character.
fn twin_name(dice: &mut Dice, model: &Somebody, is_female: bool) -> Option<Word> {
    let first = model.given.written.chars().next()?;
    let is_alike = dice.percent(50);
    let year = model.birth.parts().0;
    let mut made = words::given(dice, is_female, year);
    for _ in 0..60 {
        let is_other = made.written != model.given.written && made.kana != model.given.kana;
        if is_other && (!is_alike || made.written.starts_with(first)) {
            return Some(made);
        }
        made = words::given(dice, is_female, year);
    }
    Some(made).filter(|made| made.written != model.given.written && made.kana != model.given.kana)
}

/// Notes who lives with a twin or with kin that reads alike, by birth.
pub(super) fn mark_kin(people: &mut [Somebody]) {
    let mut by_house: Vec<(usize, Date, usize)> =
        people.iter().enumerate().map(|(at, person)| (person.household, person.birth, at)).collect();
    by_house.sort_unstable();
    for house in by_house.chunk_by(|one, other| one.0 == other.0) {
        for (place, one) in house.iter().enumerate() {
            for other in &house[place + 1..] {
                let (first, second) = (&people[one.2], &people[other.2]);
                if first.again.is_some() || second.again.is_some() || first.surname != second.surname {
                    continue;
                }
                let class = if first.birth == second.birth {
                    Class::Twin
                } else if first.given.kana == second.given.kana {
                    Class::FatherAndSon
                } else {
                    continue;
                };
                people[one.2].marks.add(class);
                people[other.2].marks.add(class);
            }
        }
    }
}
