//! Stories about enrolment: what a person did where goes in, what stands comes out.
//!
//! Always holds: each story plays on both databases with the same outcome.
//! Not here: that a renewed card is the same person's (`cards`), that an eligibility which arrives later is found
//! (`counter`), the screens.
//! Rules come from: docs/rules.md S2 r1, r2, r3.

mod rows;

use crate::rules::*;
use ::store::{Store, testing::seeded_ids};
use audit::testing::each_database;
use base::{Actor, Cx, Date, Id, IdSource, Instant, Purpose, Role, kinds};
use expect_test::{Expect, expect};
use std::sync::{Arc, Barrier};

/// Plays a story on each database; it begins on 2021-10-20 at midnight. Lines: `p1 enrols at CHANNEL [terms=VERSION]` ·
/// `p1 enrols at CHANNEL of=p2` · `the desk enrols p1` · `p1 cancels [of=p2]` · `the desk cancels p1` · `show p1` · `after YEARS`.
fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("enrolment", |store| {
        let mut play = Play::new(store);
        let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut out: String = lines.map(|line| play.line(line)).collect();
        out += &rows::told(store);
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

struct Play<'s> {
    store: &'s Store,
    ids: Arc<dyn IdSource>,
    today: Date,
}

const CLERK: Actor = Actor::Staff { staff: 1, role: Role::MunicipalClerk, facility: None };

fn person(label: &str) -> Id<kinds::Person> {
    Id::new(label[1..].parse().expect("p1, p2 …")).unwrap()
}

fn the_person(label: &str) -> Actor {
    Actor::Person { person: person(label).raw() }
}

fn describe(enrolment: &Enrolment) -> String {
    let Enrolment { person, at, channel, terms } = enrolment;
    format!("p{} since {} by {} ({terms})", person.raw(), at.date(), channel.word())
}

impl Play<'_> {
    fn new(store: &Store) -> Play<'_> {
        Play { store, ids: seeded_ids(1000), today: Date::parse8("20211020").unwrap() }
    }

    fn now(&self) -> Instant {
        self.today.begins()
    }

    fn cx(&self, actor: Actor) -> Cx<'_> {
        Cx::new(self.now(), actor, Purpose::OwnRecord, self.ids.as_ref())
    }

    fn enrol(&self, whose: &str, channel: &str, terms: &str) -> String {
        self.enrol_by(the_person(whose), whose, channel, terms)
    }

    fn enrol_by(&self, actor: Actor, whose: &str, channel: &str, terms: &str) -> String {
        let (cx, channel) = (self.cx(actor), Channel::parse(channel).expect("a channel"));
        let answer = self.store.change(|tx| crate::record(tx, &cx, person(whose), channel, terms)).unwrap();
        answer.map_or_else(|refusal| refusal.to_string(), |enrolment| describe(&enrolment))
    }

    fn cancel(&self, actor: Actor, whose: &str) -> String {
        let cx = self.cx(actor);
        let answer = self.store.change(|tx| crate::cancel(tx, &cx, person(whose))).unwrap();
        answer.map_or_else(|refusal| refusal.to_string(), |()| "cancelled".to_owned())
    }

    fn line(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let said = match words.as_slice() {
            ["after", years] => {
                self.today = self.today.plus_years(years.parse().expect("years"));
                return String::new();
            }
            [whose, "enrols", "at", channel] => self.enrol(whose, channel, TERMS_VERSION),
            [by, "enrols", "at", channel, of] if of.starts_with("of=") => {
                self.enrol_by(the_person(by), &of[3..], channel, TERMS_VERSION)
            }
            ["the", "desk", "enrols", whose] => self.enrol_by(CLERK, whose, "municipality", TERMS_VERSION),
            [whose, "enrols", "at", channel, terms] => {
                self.enrol(whose, channel, terms.strip_prefix("terms=").expect("terms"))
            }
            [whose, "cancels"] => self.cancel(the_person(whose), whose),
            [by, "cancels", of] if of.starts_with("of=") => self.cancel(the_person(by), &of[3..]),
            ["the", "desk", "cancels", whose] => self.cancel(CLERK, whose),
            ["show", whose] => {
                let found = self.store.look(|tx| crate::get(tx, person(whose))).unwrap();
                found.map_or("not enrolled".to_owned(), |enrolment| describe(&enrolment))
            }
            _ => panic!("a line that no story has: {line}"),
        };
        format!("{line}: {said}\n")
    }
}

#[test]
fn s2_r1_once_in_a_lifetime_and_the_first_stands() {
    check(
        "
        show p1
        p1 enrols at reader
        after 1
        p1 enrols at portal
        p1 enrols at atm terms=1999-01
        show p1
        p2 enrols at municipality
        after 60
        show p1
        show p2
        show p3
        ",
        expect![[r#"
            show p1: not enrolled
            p1 enrols at reader: p1 since 2021-10-20 by reader (2026-11)
            p1 enrols at portal: p1 since 2021-10-20 by reader (2026-11)
            p1 enrols at atm terms=1999-01: p1 since 2021-10-20 by reader (2026-11)
            show p1: p1 since 2021-10-20 by reader (2026-11)
            p2 enrols at municipality: p2 since 2022-10-20 by municipality (2026-11)
            show p1: p1 since 2021-10-20 by reader (2026-11)
            show p2: p2 since 2022-10-20 by municipality (2026-11)
            show p3: not enrolled
            rows: 2
              enrolment.record recorded p1 {"by":"person","purpose":"own-record","code":"reader"}
              enrolment.record standing p1 {"by":"person","purpose":"own-record","code":"portal"}
              enrolment.record standing p1 {"by":"person","purpose":"own-record","code":"atm"}
              enrolment.record recorded p2 {"by":"person","purpose":"own-record","code":"municipality"}
        "#]],
    );
}

#[test]
fn s2_r1_cancelled_by_the_person_and_made_anew() {
    check(
        "
        p1 cancels
        p1 enrols at reader
        the desk cancels p1
        p2 cancels of=p1
        p2 cancels of=p9
        show p1
        after 1
        p1 cancels
        show p1
        p1 cancels
        after 1
        p1 enrols at atm
        show p1
        p1 cancels
        p1 enrols at portal
        show p1
        ",
        expect![[r#"
            p1 cancels: enrolment.not-enrolled
            p1 enrols at reader: p1 since 2021-10-20 by reader (2026-11)
            the desk cancels p1: enrolment.not-the-person
            p2 cancels of=p1: enrolment.not-the-person
            p2 cancels of=p9: enrolment.not-the-person
            show p1: p1 since 2021-10-20 by reader (2026-11)
            p1 cancels: cancelled
            show p1: not enrolled
            p1 cancels: enrolment.not-enrolled
            p1 enrols at atm: p1 since 2023-10-20 by atm (2026-11)
            show p1: p1 since 2023-10-20 by atm (2026-11)
            p1 cancels: cancelled
            p1 enrols at portal: p1 since 2023-10-20 by portal (2026-11)
            show p1: p1 since 2023-10-20 by portal (2026-11)
            rows: 5
              enrolment.cancel refused p1 {"by":"person","purpose":"own-record","code":"enrolment.not-enrolled"}
              enrolment.record recorded p1 {"by":"person","purpose":"own-record","code":"reader"}
              enrolment.cancel refused p1 {"staff":1,"role":"municipal-clerk","purpose":"own-record","code":"enrolment.not-the-person"}
              enrolment.cancel refused p2 {"by":"person","purpose":"own-record","code":"enrolment.not-the-person"}
              enrolment.cancel refused p2 {"by":"person","purpose":"own-record","code":"enrolment.not-the-person"}
              enrolment.cancel recorded p1 {"by":"person","purpose":"own-record"}
              enrolment.cancel refused p1 {"by":"person","purpose":"own-record","code":"enrolment.not-enrolled"}
              enrolment.record recorded p1 {"by":"person","purpose":"own-record","code":"atm"}
              enrolment.cancel recorded p1 {"by":"person","purpose":"own-record"}
              enrolment.record recorded p1 {"by":"person","purpose":"own-record","code":"portal"}
        "#]],
    );
}

#[test]
fn s2_r2_other_terms_than_todays_are_refused() {
    check(
        "
        p1 enrols at portal terms=2026-10
        p1 enrols at portal terms=
        show p1
        p1 enrols at portal
        ",
        expect![[r#"
            p1 enrols at portal terms=2026-10: enrolment.other-terms
            p1 enrols at portal terms=: enrolment.other-terms
            show p1: not enrolled
            p1 enrols at portal: p1 since 2021-10-20 by portal (2026-11)
            rows: 1
              enrolment.record refused p1 {"by":"person","purpose":"own-record","code":"enrolment.other-terms"}
              enrolment.record refused p1 {"by":"person","purpose":"own-record","code":"enrolment.other-terms"}
              enrolment.record recorded p1 {"by":"person","purpose":"own-record","code":"portal"}
        "#]],
    );
}

#[test]
fn s2_r2_the_card_is_ones_own_and_a_desk_enrols_whoever_is_there() {
    check(
        "
        p2 enrols at portal of=p1
        show p1
        the desk enrols p1
        p2 enrols at portal of=p1
        show p1
        ",
        expect![[r#"
            p2 enrols at portal of=p1: enrolment.not-the-person
            show p1: not enrolled
            the desk enrols p1: p1 since 2021-10-20 by municipality (2026-11)
            p2 enrols at portal of=p1: enrolment.not-the-person
            show p1: p1 since 2021-10-20 by municipality (2026-11)
            rows: 1
              enrolment.record refused p2 {"by":"person","purpose":"own-record","code":"enrolment.not-the-person"}
              enrolment.record recorded p1 {"staff":1,"role":"municipal-clerk","purpose":"own-record","code":"municipality"}
              enrolment.record refused p2 {"by":"person","purpose":"own-record","code":"enrolment.not-the-person"}
        "#]],
    );
}

#[test]
fn s2_r2_the_terms_are_told_in_both_languages_and_end_as_sentences() {
    let (ja, en) = TERMS;
    assert_eq!(ja.len(), en.len());
    assert!((4..=6).contains(&ja.len()));
    assert!(ja.iter().all(|sentence| sentence.ends_with('。')), "{ja:?}");
    assert!(en.iter().all(|sentence| sentence.ends_with('.') && !sentence.contains("  ")), "{en:?}");
}

/// S2 r3: nothing is asked about insurance or card, so a person whom no insurer has registered is enrolled like
/// everybody, stays so for as long as it takes, and is so when an eligibility arrives.
#[test]
fn s2_r3_kept_for_a_person_without_coverage_or_card() {
    check(
        "
        p7 enrols at municipality
        after 3
        show p7
        ",
        expect![[r#"
            p7 enrols at municipality: p7 since 2021-10-20 by municipality (2026-11)
            show p7: p7 since 2021-10-20 by municipality (2026-11)
            rows: 1
              enrolment.record recorded p7 {"by":"person","purpose":"own-record","code":"municipality"}
        "#]],
    );
}

#[test]
fn s2_r1_two_racing_enrolments_make_one() {
    const TIMES: usize = 4;
    each_database("enrolment_race", |store| {
        let play = Play::new(store);
        for round in 1..=20 {
            let whose = format!("p{round}");
            // Every other round there was an enrolment before, which was cancelled.
            if round % 2 == 0 {
                play.enrol(&whose, "atm", TERMS_VERSION);
                play.cancel(the_person(&whose), &whose);
            }
            let start = Barrier::new(TIMES);
            let told: Vec<String> = std::thread::scope(|scope| {
                let enrol = |number: usize| {
                    let (start, play, whose) = (&start, &play, &whose);
                    scope.spawn(move || {
                        start.wait();
                        play.enrol(whose, Channel::ALL[number].word(), TERMS_VERSION)
                    })
                };
                let threads: Vec<_> = (0..TIMES).map(enrol).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(told.iter().all(|one| *one == told[0]), "two enrolments: {told:?}");
            assert_eq!(rows::enrolled(store, person(&whose).raw()), 1 + i64::from(round % 2 == 0));
        }
    });
}

#[test]
fn standing_enrolments_are_counted_by_channel() {
    each_database("enrolment_figures", |store| {
        let mut play = Play::new(store);
        for line in [
            "p1 enrols at reader",
            "p1 enrols at portal",
            "p2 enrols at reader",
            "p3 enrols at atm",
            "p3 cancels",
            "p4 enrols at atm",
            "p4 cancels",
            "p4 enrols at portal",
        ] {
            play.line(line);
        }
        let counts = store.look(crate::figures).unwrap();
        assert_eq!(counts, [(Channel::Portal, 1), (Channel::Reader, 2)]);
    });
}
