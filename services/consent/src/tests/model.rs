//! Random days at readers, beside a second model of consent in the plainest way.
//!
//! Always holds: after each step every kind of every person stands at every facility as the model says, and the gate
//! and each withdrawal answer as it says.
//! Not here: code shared with `rules`: the model is a table of cells that each answer writes over.

use super::*;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::{BTreeMap, BTreeSet};

const FACILITIES: [&str; 2] = ["A", "B"];
const WORDS: [&str; 3] = ["checkups", "drugs", "tests"];
const DAY: i64 = 86_400_000;

#[derive(Clone, Debug)]
enum Step {
    /// A person answers at a facility; of each kind yes, no, or not asked.
    Answer { person: usize, facility: usize, kinds: [Option<bool>; 3] },
    /// A person withdraws a kind of one of all consents, their own or another's.
    Withdraw { person: usize, consent: usize, kind: usize },
    /// Time passes.
    Wait(i64),
    /// A facility asks the gate.
    View { person: usize, by: usize, of: usize, kind: usize, usual: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = [(); 3].map(|()| prop::option::weighted(0.7, prop::bool::weighted(0.75)));
    let waits = [0, 1, 3_600_000, DAY / 2, DAY - 1, DAY, DAY + 1].map(Just);
    prop_oneof![
        4 => (0..2usize, 0..2usize, kinds)
            .prop_map(|(person, facility, kinds)| Step::Answer { person, facility, kinds }),
        3 => (0..2usize, 0..6usize, 0..3usize)
            .prop_map(|(person, consent, kind)| Step::Withdraw { person, consent, kind }),
        3 => prop::sample::select(waits.map(|Just(ms)| ms).to_vec()).prop_map(Step::Wait),
        3 => (0..2usize, 0..2usize, prop::bool::weighted(0.85), 0..3usize, prop::bool::weighted(0.85)).prop_map(
            |(person, by, same, kind, usual)| Step::View {
                person, by, of: if same { by } else { 1 - by }, kind, usual,
            }
        ),
    ]
}

/// What is written in a cell.
#[derive(Clone, Copy)]
struct Cell {
    consent: usize,
    yes: bool,
    at: i64,
    withdrawn: bool,
}

/// By person, facility and kind the newest answer; and each consent as it was given.
#[derive(Default)]
struct Model {
    now: i64,
    cells: BTreeMap<(usize, usize, usize), Cell>,
    consents: Vec<(usize, usize)>,
    /// Yeses that were written over while they were alive, and until when they would have been.
    over: BTreeMap<(usize, usize), i64>,
    withdrawn: BTreeSet<(usize, usize)>,
}

impl Model {
    fn answer(&mut self, person: usize, facility: usize, kinds: [Option<bool>; 3]) {
        let consent = self.consents.len();
        self.consents.push((person, facility));
        for (kind, yes) in kinds.into_iter().enumerate().filter_map(|(kind, yes)| yes.map(|yes| (kind, yes)))
        {
            let cell = Cell { consent, yes, at: self.now, withdrawn: false };
            if let Some(old) = self.cells.insert((person, facility, kind), cell).filter(|old| old.yes) {
                self.over.insert((old.consent, kind), old.at + DAY);
            }
        }
    }

    fn standing(&self, person: usize, facility: usize, kind: usize) -> &'static str {
        match self.cells.get(&(person, facility, kind)) {
            None => "never",
            Some(Cell { yes: false, .. }) => "declined",
            Some(Cell { withdrawn: true, .. }) => "withdrawn",
            Some(cell) if self.now > cell.at + DAY => "expired",
            Some(_) => "live",
        }
    }

    fn withdraw(&mut self, person: usize, consent: usize, kind: usize) -> &'static str {
        let Some((owner, facility)) = self.consents.get(consent).copied() else {
            return "consent.no-such-consent";
        };
        if owner != person {
            return "consent.no-such-consent";
        }
        if self.withdrawn.contains(&(consent, kind)) {
            return "done";
        }
        if let Some(until) = self.over.get(&(consent, kind)) {
            let alive = self.now <= *until;
            return if alive { "consent.replaced" } else { "consent.nothing-to-withdraw" };
        }
        let live = self.standing(person, facility, kind) == "live";
        match self.cells.get_mut(&(person, facility, kind)).filter(|cell| cell.consent == consent && live) {
            None => "consent.nothing-to-withdraw",
            Some(cell) => {
                cell.withdrawn = true;
                self.withdrawn.insert((consent, kind));
                "done"
            }
        }
    }

    fn view(&self, person: usize, by: usize, of: usize, kind: usize, usual: bool) -> &'static str {
        if by != of {
            return "consent.other-facility";
        }
        if !usual {
            return "consent.group-not-shown";
        }
        match self.standing(person, of, kind) {
            "live" => "granted",
            "never" => "consent.never-given",
            "declined" => "consent.declined",
            "withdrawn" => "consent.withdrawn",
            _ => "consent.expired",
        }
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Live { .. } => "live",
        Standing::Expired { .. } => "expired",
        Standing::Withdrawn { .. } => "withdrawn",
        Standing::Declined { .. } => "declined",
        Standing::Replaced { .. } => "replaced",
        Standing::Never => "never",
    }
}

struct Stage<'s> {
    play: Play<'s>,
    model: Model,
    /// Every story has people of its own.
    story: i64,
    met: BTreeSet<String>,
}

impl Stage<'_> {
    fn label(&self, person: usize) -> String {
        format!("p{}", self.story * 2 + 1 + person as i64)
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Answer { person, facility, kinds } => {
                let chosen = |wanted| {
                    let words = WORDS.iter().zip(kinds).filter(|(_, yes)| *yes == Some(wanted));
                    words.map(|(word, _)| *word).collect::<Vec<_>>().join(",")
                };
                let at = FACILITIES[facility];
                let given = self.play.given(&self.label(person), at, &chosen(true), &chosen(false));
                self.play.answers(at, &given);
                self.model.answer(person, facility, kinds);
            }
            Step::Withdraw { person, consent, kind: of } => {
                let (label, kind) = (self.label(person), kind(WORDS[of]).unwrap());
                let id = self.play.consents.get(consent).copied().unwrap_or(Id::new(424_242).unwrap());
                let answer = self.play.withdraw(the_person(&label), &label, id, kind);
                let told = answer.map_or_else(|refusal| refusal.help.code, |()| "done");
                self.agree(told, self.model.now, |model| model.withdraw(person, consent, of), step);
            }
            Step::Wait(ms) => {
                self.play.now = self.play.now.plus_ms(ms);
                self.model.now += ms;
            }
            Step::View { person, by, of, kind, usual } => {
                let of_word = format!("of={}", FACILITIES[of]);
                let group = if usual { "usual" } else { "medical-aid" };
                let said =
                    self.play.views(FACILITIES[by], &self.label(person), &[WORDS[kind], &of_word, group]);
                let told = said.split(' ').next().unwrap_or_default().to_owned();
                self.agree(&told, self.model.now, |model| model.view(person, by, of, kind, usual), step);
            }
        }
        self.everything_stands_as_the_model_says(step);
    }

    fn agree(
        &mut self,
        told: &str,
        now: i64,
        expected: impl FnOnce(&mut Model) -> &'static str,
        step: &Step,
    ) {
        let expected = expected(&mut self.model);
        assert_eq!(told, expected, "{step:?} at {now}");
        self.met.insert(told.to_owned());
    }

    fn everything_stands_as_the_model_says(&mut self, step: &Step) {
        for (person, facility) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let (who, at, now) =
                (super::person(&self.label(person)), super::facility(FACILITIES[facility]), self.play.now);
            let all = self.play.store.look(|tx| crate::standing(tx, who, at, now)).unwrap();
            for (kind, standing) in all {
                let place = WORDS.iter().position(|word| *word == kind.word);
                let expected = place.map_or("never", |place| self.model.standing(person, facility, place));
                assert_eq!(word(standing), expected, "{step:?}: {person} {facility} {}", kind.word);
                self.met.insert(expected.to_owned());
            }
        }
    }
}

#[test]
fn s1_r5_random_days_agree_with_a_second_model() {
    const STORIES: u32 = 60;
    each_database("consent_model", |store| {
        let stage = std::cell::RefCell::new(Stage {
            play: Play::new(store),
            model: Model::default(),
            story: 0,
            met: BTreeSet::new(),
        });
        let config =
            Config { cases: STORIES, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let ran = runner.run(&vec(step(), 1..25), |steps| {
            let mut stage = stage.borrow_mut();
            stage.story += 1;
            stage.model = Model::default();
            stage.play.consents.clear();
            steps.iter().for_each(|step| stage.step(step));
            Ok(())
        });
        if let Err(failed) = ran {
            panic!("{failed}");
        }
        let met: Vec<String> = stage.into_inner().met.into_iter().collect();
        // A world in which this does not happen proves nothing about it.
        expect![[r#"
            consent.declined
            consent.expired
            consent.group-not-shown
            consent.never-given
            consent.no-such-consent
            consent.nothing-to-withdraw
            consent.other-facility
            consent.replaced
            declined
            done
            expired
            granted
            live
            never
            withdrawn
        "#]]
        .assert_eq(&(met.join("\n") + "\n"));
    });
}
