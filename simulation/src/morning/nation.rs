//! The people of an invented nation as visits, and how their database is prepared for a morning.
//!
//! Always holds: whoever is expected to be told anything is neither counted right nor wrong by what is said; a card that
//! has to be refused is shown as often as any other.
//! Not here: the file of people (`cast`), making the database (`nation`).
//! Rules come from: issue 4, part E.

use super::{
    stage::{PUBLIC_KEYS, Prepared},
    visits::{Facility, Kind, Shown, Truth, Visit, Visits, Way},
};
use crate::{
    cast::{Card, Cast, Expects, Person},
    chance::Chance,
    nation::{Wanted, ready},
    servers::Starter,
};
use std::{io, path::PathBuf, rc::Rc};

/// Facilities that are made up around the people: a server takes 512 lines from one certificate.
const FACILITIES: usize = 300;
/// People who come, of a larger nation.
const SAMPLE_MAX: u32 = 50_000;

/// Prepares by making a nation of so many people, or by copying a directory that was made before.
pub fn by_nation(
    people: u32,
    made: Option<PathBuf>,
) -> impl Fn(&Starter<'_>, Option<&str>) -> io::Result<Prepared> {
    let wanted = Wanted { people, sample: people.min(SAMPLE_MAX), made };
    move |starter, postgres| {
        let ready = ready(starter, "nation", postgres, &wanted, FACILITIES)?;
        let (cast, facilities, people) = (ready.cast.clone(), ready.facilities.clone(), ready.people);
        // A copied log was begun with the key of the directory that it was copied from.
        let keys = wanted.made.as_ref().unwrap_or(&ready.data).join(PUBLIC_KEYS);
        Ok(Prepared {
            anchors: ready.anchors(),
            terminal_authority: ready.terminal_authority.clone(),
            public_keys: [keys, ready.data.join(PUBLIC_KEYS)]
                .into_iter()
                .filter(|key| key.exists())
                .collect(),
            visits: Box::new(move || {
                Ok(Box::new(NationVisits::new(Cast::read(&cast)?, facilities, people)?))
            }),
            data: ready.data,
        })
    }
}

/// People of a nation, at whatever facilities there are.
pub struct NationVisits {
    facilities: Vec<Facility>,
    people: Vec<Person>,
    cards: Vec<Rc<Card>>,
    of: u32,
}

impl NationVisits {
    /// These people of a nation of so many, at these facilities.
    pub fn new(cast: Cast, facilities: Vec<Facility>, of: u32) -> io::Result<NationVisits> {
        let cards: Vec<Rc<Card>> = cast.people.iter().filter_map(|person| person.card.clone()).collect();
        if cards.is_empty() || facilities.is_empty() {
            return Err(io::Error::other("the nation has nobody with a card, or no facility"));
        }
        Ok(NationVisits { facilities, people: cast.people, cards, of })
    }
}

fn truth(expects: Expects) -> Truth {
    match expects {
        Expects::Valid => Truth::Validity("1".to_owned(), None),
        Expects::Held => Truth::Third,
        Expects::Refused => Truth::Refused,
        Expects::Open => Truth::Any,
    }
}

fn one_of<'a, T>(all: &'a [T], chance: &mut Chance) -> &'a T {
    &all[chance.below(all.len() as u64) as usize]
}

impl Visits for NationVisits {
    fn facilities(&self) -> &[Facility] {
        &self.facilities
    }

    fn visit(&self, kind: Kind, way: Way, chance: &mut Chance) -> io::Result<Visit> {
        let here: Vec<usize> =
            (0..self.facilities.len()).filter(|at| self.facilities[*at].kind == kind).collect();
        let facility = match here.is_empty() {
            true => chance.below(self.facilities.len() as u64) as usize, // no such one is open: they go elsewhere
            false => *one_of(&here, chance),
        };
        let (shown, truth) = match way {
            Way::Number => {
                let person = one_of(&self.people, chance);
                (Shown::Number(person.typed.clone()), truth(person.by_number))
            }
            Way::Card => {
                let card = one_of(&self.cards, chance);
                (Shown::Card(card.clone()), truth(card.expects))
            }
        };
        Ok(Visit { facility, shown, truth })
    }

    fn says(&self) -> String {
        format!(
            "{} people by number and {} cards of an invented nation of {}, at {} facilities",
            self.people.len(),
            self.cards.len(),
            self.of,
            self.facilities.len()
        )
    }
}
