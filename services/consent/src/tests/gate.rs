//! The gate before a record: a drawer with drugs that exists in these tests alone, and the services' ways to it.
//!
//! Always holds: the drawer opens to a grant only, and nobody but the gate can make one: not even these tests.
//! Not here: real records, which later services keep.
//! Rules come from: docs/rules.md S1 r5.

use super::*;
use ::store::Tx;
use base::Result;

/// The stub of a records service. What lies in it cannot be reached from the tests but by `open`.
mod drawer {
    use crate::rules::Grant;
    use base::{Id, kinds};
    use std::cell::Cell;

    pub struct Drawer {
        drugs: Vec<(Id<kinds::Person>, &'static str)>,
        /// How often it was opened.
        pub opened: Cell<usize>,
    }

    impl Drawer {
        pub fn new(drugs: Vec<(Id<kinds::Person>, &'static str)>) -> Drawer {
            Drawer { drugs, opened: Cell::new(0) }
        }

        /// Gives out what the grant is about, and nothing of anybody or anything else.
        pub fn open(&self, grant: &Grant<'_>) -> Vec<&'static str> {
            self.opened.set(self.opened.get() + 1);
            let asked = grant.kind().word == "drugs";
            self.drugs
                .iter()
                .filter(|(of, _)| asked && *of == grant.person())
                .map(|(_, drug)| *drug)
                .collect()
        }
    }
}

use drawer::Drawer;

type Shown = Answer<Vec<&'static str>>;

/// What is asked of the stub service.
#[derive(Clone, Copy)]
struct Question<'d> {
    drawer: &'d Drawer,
    /// The patient, and another one.
    patients: [Id<kinds::Person>; 2],
    kind: &'static Kind,
    group: Group,
}

/// A way to the record: an operation of the stub service, asked about the facility A.
type Way = fn(&mut Tx<'_>, &Cx<'_>, Question<'_>) -> Result<Shown>;

/// What every records service does: ask, open, say on which consent.
fn one(tx: &mut Tx<'_>, cx: &Cx<'_>, ask: Question<'_>) -> Result<Shown> {
    view(tx, cx, ask, ask.patients[0])
}

/// A list of several patients: each stands behind the gate alone; another's consent opens nothing.
fn of_the_day(tx: &mut Tx<'_>, cx: &Cx<'_>, ask: Question<'_>) -> Result<Shown> {
    let [patient, other] = ask.patients;
    let _ = view(tx, cx, ask, other)?;
    view(tx, cx, ask, patient)
}

fn view(tx: &mut Tx<'_>, cx: &Cx<'_>, ask: Question<'_>, patient: Id<kinds::Person>) -> Result<Shown> {
    let grant = match crate::may_view(tx, cx, patient, facility("A"), ask.kind, ask.group)? {
        Ok(grant) => grant,
        Err(refusal) => return Ok(Err(refusal)),
    };
    assert_eq!((grant.person(), grant.facility(), grant.kind()), (patient, facility("A"), ask.kind));
    let shown = ask.drawer.open(&grant);
    let (person, consent) = (Some(grant.person().raw()), Some(grant.consent().raw()));
    say(tx, cx, &Evidence { act: "stub.view", outcome: "shown", person, consent, ..Evidence::default() });
    Ok(Ok(shown))
}

const WAYS: [(&str, Way); 2] = [("one", one), ("of the day", of_the_day)];

/// What happened before, and what the gate then says to A about the patient's drugs.
const SITUATIONS: [(&str, &str); 12] = [
    ("", "consent.never-given"),
    ("ann at A yes=drugs", "shown"),
    ("ann at A yes=drugs|after 24h", "shown"),
    ("ann at A yes=drugs|after 24h+1ms", "consent.expired"),
    ("ann at A no=drugs", "consent.declined"),
    ("ann at A yes=drugs|ann at A no=drugs", "consent.declined"),
    ("ann at A no=drugs|ann at A yes=drugs", "shown"),
    ("ann at A yes=drugs|ann withdraws c1 drugs", "consent.withdrawn"),
    ("ann at A yes=drugs|ann withdraws c1 drugs|after 24h+1ms", "consent.withdrawn"),
    ("ann at A yes=checkups,tests", "consent.never-given"),
    ("ann at B yes=drugs", "consent.never-given"),
    ("bob at A yes=drugs", "consent.never-given"),
];

#[test]
fn s1_r5_every_way_to_a_record_passes_the_gate() {
    each_database("consent_gate", |store| {
        for (number, (before, expected)) in (1..).zip(SITUATIONS) {
            // One database for all: each situation has people of its own.
            let [patient, other] = [format!("p{}", number * 10 + 1), format!("p{}", number * 10 + 2)];
            let mut play = Play::new(store);
            play.ids = seeded_ids(1000 * number);
            for line in before.split('|').filter(|line| !line.is_empty()) {
                play.line(&line.replace("ann", &patient).replace("bob", &other));
            }
            for (way, run) in WAYS {
                the_gate_answers(&play, run, [person(&patient), person(&other)], expected, (before, way));
            }
        }
    });
}

fn the_gate_answers(
    play: &Play<'_>,
    run: Way,
    patients: [Id<kinds::Person>; 2],
    expected: &str,
    context: (&str, &str),
) {
    let drawer = Drawer::new(vec![(patients[0], "ann's drug"), (patients[1], "bob's drug")]);
    let asked = |actor, group| {
        let (cx, kind) = (play.cx(actor), kinds_of("drugs")[0]);
        let ask = Question { drawer: &drawer, patients, kind, group };
        play.store.check_and_wait(|tx| run(tx, &cx, ask)).unwrap().0
    };
    let rows_of_viewing = || {
        let mark = format!("stub.view shown facility 1 p{} ", patients[0].raw());
        rows::log(play.store).matches(&mark).count()
    };
    let before = rows_of_viewing();
    let shown = asked(terminal_of("A"), Group::Usual);
    let told = shown.as_ref().map_or_else(|refusal| refusal.help.code, |_| "shown");
    assert_eq!(told, expected, "{context:?}");
    assert!(shown.is_err() || shown == Ok(vec!["ann's drug"]), "{context:?}: {shown:?}");
    assert_eq!(
        rows_of_viewing() - before,
        usize::from(told == "shown"),
        "{context:?}: each viewing has its row"
    );

    let opened = drawer.opened.get();
    for group in [Group::DefenceForces, Group::DayLabourer, Group::MedicalAid] {
        assert_eq!(asked(terminal_of("A"), group), Err(crate::refusals::group_not_shown()), "{context:?}");
    }
    for nobody in [terminal_of("C"), Actor::System, Actor::Person { person: patients[0].raw() }] {
        assert_eq!(asked(nobody, Group::Usual), Err(crate::refusals::other_facility()), "{context:?}");
    }
    assert_eq!(drawer.opened.get(), opened, "{context:?}: opened without a grant");
}

#[test]
fn s1_r5_a_grant_for_one_kind_opens_nothing_of_another() {
    each_database("consent_grant", |store| {
        let mut play = Play::new(store);
        play.line("p1 at A yes=tests");
        let patients = [person("p1"), person("p2")];
        let drawer = Drawer::new(vec![(patients[0], "ann's drug")]);
        let (cx, kind) = (play.cx(terminal_of("A")), kinds_of("tests")[0]);
        let ask = Question { drawer: &drawer, patients, kind, group: Group::Usual };
        let shown = play.store.check_and_wait(|tx| one(tx, &cx, ask)).unwrap().0;
        assert_eq!((shown, drawer.opened.get()), (Ok(vec![]), 1));
    });
}
