//! Stories about certificates: what the authority, the person and the call centre did goes in, what stands comes out.
//!
//! Always holds: each story plays on both databases with the same outcome; no row of the log holds a serial.
//! Not here: cards at the reader, their signatures and days (`tests/`).
//! Rules come from: docs/rules.md S1 r8, r11; S17 r1.

mod rows;

use crate::{refusals, rules::*};
use ::store::{Store, testing::seeded_ids};
use audit::testing::each_database;
use base::{Actor, Answer, Cx, Date, Id, IdSource, Instant, Purpose, Role, kinds};
use expect_test::{Expect, expect};
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Barrier},
};

/// Plays a story on each database; it begins on 2026-06-01 at midnight. Serials are written in hexadecimal digits.
/// Lines: `p1 has SERIAL [source]` · `SERIAL succeeds SERIAL [source]` (both with `from=DAY until=DAY`) · `hold p1 CHANNEL` ·
/// `lift p1 CHANNEL` · `revoke SERIAL REASON` · `show p1` · `find SERIAL` · `after HOURS`.
fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("cards", |store| {
        let mut play = Play::new(store);
        let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
        let out: String = lines.map(|line| play.line(line)).collect();
        play.no_serial_is_in_the_log();
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

struct Play<'s> {
    store: &'s Store,
    ids: Arc<dyn IdSource>,
    now: Instant,
    serials: BTreeMap<Id<kinds::Certificate>, String>,
}

const OPERATOR: Actor = Actor::Staff { staff: 1, role: Role::CallCentreOperator, facility: None };

fn day(text: &str) -> Date {
    Date::parse8(text).unwrap()
}

fn person(label: &str) -> Id<kinds::Person> {
    Id::new(label[1..].parse().expect("p1, p2 …")).unwrap()
}

/// Serials of the stories are ten bytes long; the last ones are written.
fn serial(digits: &str) -> Serial {
    let number = u16::from_str_radix(digits, 16).expect("hexadecimal digits");
    let mut bytes = *b"\x7eCanary!\0\0";
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Serial::new(&bytes).unwrap()
}

fn channel(word: &str) -> Channel {
    let all = [Channel::Authority, Channel::Portal, Channel::CallCentre, Channel::Municipality];
    all.into_iter().find(|channel| channel.word() == word).expect("a channel")
}

fn certificate(digits: &str, holder: Holder, words: &[&str]) -> NewCertificate {
    let named = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let until = day(named("until").unwrap_or("20260506"));
    NewCertificate {
        serial: serial(digits),
        valid_from: named("from").map_or(until.plus_years(-5), day).begins(),
        valid_until: until.begins().plus_ms(-1),
        source: words.iter().find_map(|word| Source::parse(word)).unwrap_or(Source::Card),
        holder,
    }
}

fn word<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    answer.map_or_else(|refusal| refusal.to_string(), |value| format!("{value:?}"))
}

impl Play<'_> {
    fn new(store: &Store) -> Play<'_> {
        let now = day("20260601").begins();
        Play { store, ids: seeded_ids(1000), now, serials: BTreeMap::new() }
    }

    fn cx(&self) -> Cx<'_> {
        Cx::new(self.now, OPERATOR, Purpose::Assistance, self.ids.as_ref())
    }

    fn register(&mut self, digits: &str, new: &NewCertificate) -> String {
        let known = self.serials.len();
        let answer = self.store.change(|tx| crate::register(tx, &self.cx(), new)).unwrap();
        match answer {
            Err(refusal) => refusal.to_string(),
            Ok(id) => {
                let serial = self.serials.entry(id).or_insert_with(|| digits.to_owned()).clone();
                if self.serials.len() == known {
                    format!("known already as {serial}")
                } else {
                    "registered".to_owned()
                }
            }
        }
    }

    fn of(&self, certificate: Id<kinds::Certificate>) -> &str {
        &self.serials[&certificate]
    }

    fn id_of(&self, digits: &str) -> Id<kinds::Certificate> {
        let found = self.serials.iter().find(|(_, serial)| *serial == digits);
        found.map(|(id, _)| *id).expect("a registered serial")
    }

    fn hold(&self, whose: &str, by: &str) -> Answer<usize> {
        self.store.change(|tx| crate::hold(tx, &self.cx(), person(whose), channel(by))).unwrap()
    }

    fn lift(&self, whose: &str, by: &str) -> Answer<usize> {
        self.store.change(|tx| crate::lift(tx, &self.cx(), person(whose), channel(by))).unwrap()
    }

    fn revoke(&self, digits: &str, reason: &str) -> Answer<()> {
        let (id, reason) = (self.id_of(digits), Reason::parse(reason).expect("a reason"));
        self.store.change(|tx| crate::revoke(tx, &self.cx(), id, reason, Channel::Authority)).unwrap()
    }

    fn find(&self, digits: &str) -> Option<Known> {
        self.store.look(|tx| crate::find(tx, &serial(digits))).unwrap()
    }

    fn describe(&self, known: &Known) -> String {
        let hours = |at: Instant| at.since_ms(day("20260601").begins()) / 3_600_000;
        let state = match known.state {
            State::Live => "live".to_owned(),
            State::Held { since } => format!("held since hour {}", hours(since)),
            State::Revoked { at, reason } => format!("revoked in hour {}: {}", hours(at), reason.word()),
        };
        let of = known.succeeds.map_or(String::new(), |old| format!(", succeeds {}", self.of(old)));
        let (serial, source) = (self.of(known.certificate), known.source.word());
        format!("{serial} ({source}) of p{}: {state}{of}", known.person.raw())
    }

    fn line(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let said = match words.as_slice() {
            [whose, "has", digits, rest @ ..] => {
                self.register(digits, &certificate(digits, Holder::Person(person(whose)), rest))
            }
            [digits, "succeeds", old, rest @ ..] => {
                self.register(digits, &certificate(digits, Holder::Succeeds(serial(old)), rest))
            }
            ["hold", whose, by] => word(self.hold(whose, by)),
            ["lift", whose, by] => word(self.lift(whose, by)),
            ["revoke", digits, reason] => word(self.revoke(digits, reason)),
            ["find", digits] => self.find(digits).map_or("unknown".to_owned(), |known| self.describe(&known)),
            ["show", whose] => {
                let found = self.store.look(|tx| crate::list(tx, person(whose))).unwrap();
                let told: Vec<String> = found.iter().map(|known| self.describe(known)).collect();
                if told.is_empty() { "nothing".to_owned() } else { told.join("\n    ") }
            }
            ["after", hours] => {
                self.now = self.now.plus_ms(hours.parse::<i64>().expect("hours") * 3_600_000);
                return String::new();
            }
            _ => panic!("a line that no story has: {line}"),
        };
        format!("{line}: {said}\n")
    }

    fn no_serial_is_in_the_log(&self) {
        let log = rows::everything_in_the_log(self.store);
        assert!(!log.contains("Canary"), "a serial lies in the log");
    }
}

#[test]
fn s1_r11_a_card_is_held_and_lifted_at_any_hour_and_twice_is_once() {
    check(
        "
        p1 has 01
        p1 has A1 android
        p2 has 02
        hold p1 call-centre
        after 3
        hold p1 portal
        show p1
        find 02
        lift p1 municipality
        lift p1 municipality
        show p1
        after 20
        hold p1 call-centre
        find 01
        ",
        expect![[r#"
            p1 has 01: registered
            p1 has A1 android: registered
            p2 has 02: registered
            hold p1 call-centre: 2
            hold p1 portal: 0
            show p1: A1 (android) of p1: held since hour 0
                01 (card) of p1: held since hour 0
            find 02: 02 (card) of p2: live
            lift p1 municipality: 2
            lift p1 municipality: 0
            show p1: A1 (android) of p1: live
                01 (card) of p1: live
            hold p1 call-centre: 2
            find 01: 01 (card) of p1: held since hour 23
        "#]],
    );
}

#[test]
fn s1_r11_a_revocation_is_final() {
    check(
        "
        p1 has 01
        p1 has A1 ios
        hold p1 call-centre
        after 1
        revoke 01 lost
        after 1
        revoke 01 request
        lift p1 call-centre
        hold p1 call-centre
        show p1
        revoke A1 death
        hold p1 call-centre
        lift p1 call-centre
        show p1
        hold p9 call-centre
        lift p9 call-centre
        ",
        expect![[r#"
            p1 has 01: registered
            p1 has A1 ios: registered
            hold p1 call-centre: 2
            revoke 01 lost: ()
            revoke 01 request: ()
            lift p1 call-centre: 1
            hold p1 call-centre: 1
            show p1: A1 (ios) of p1: held since hour 2
                01 (card) of p1: revoked in hour 1: lost
            revoke A1 death: ()
            hold p1 call-centre: cards.nothing-to-hold
            lift p1 call-centre: cards.nothing-to-lift
            show p1: A1 (ios) of p1: revoked in hour 2: death
                01 (card) of p1: revoked in hour 1: lost
            hold p9 call-centre: cards.nothing-to-hold
            lift p9 call-centre: cards.nothing-to-lift
        "#]],
    );
}

#[test]
fn s1_r8_three_generations_are_one_person() {
    check(
        "
        p1 has 01 until=20160506
        p1 has A1 android until=20260506
        after 1
        02 succeeds 01 until=20210506
        after 1
        03 succeeds 02 until=20260506
        find 01
        find 02
        find 03
        show p1
        hold p1 portal
        ",
        expect![[r#"
            p1 has 01 until=20160506: registered
            p1 has A1 android until=20260506: registered
            02 succeeds 01 until=20210506: registered
            03 succeeds 02 until=20260506: registered
            find 01: 01 (card) of p1: revoked in hour 1: superseded
            find 02: 02 (card) of p1: revoked in hour 2: superseded, succeeds 01
            find 03: 03 (card) of p1: live, succeeds 02
            show p1: 03 (card) of p1: live, succeeds 02
                02 (card) of p1: revoked in hour 2: superseded, succeeds 01
                A1 (android) of p1: live
                01 (card) of p1: revoked in hour 1: superseded
            hold p1 portal: 2
        "#]],
    );
}

#[test]
fn s1_r8_a_lost_or_held_card_can_be_succeeded_too() {
    check(
        "
        p1 has 01
        revoke 01 lost
        after 1
        02 succeeds 01
        show p1
        hold p1 call-centre
        after 1
        03 succeeds 02
        show p1
        ",
        expect![[r#"
            p1 has 01: registered
            revoke 01 lost: ()
            02 succeeds 01: registered
            show p1: 02 (card) of p1: live, succeeds 01
                01 (card) of p1: revoked in hour 0: lost
            hold p1 call-centre: 1
            03 succeeds 02: registered
            show p1: 03 (card) of p1: live, succeeds 02
                02 (card) of p1: revoked in hour 2: superseded, succeeds 01
                01 (card) of p1: revoked in hour 0: lost
        "#]],
    );
}

#[test]
fn s1_r8_a_succession_that_does_not_fit_is_refused() {
    check(
        "
        p1 has 01
        p2 has 02
        03 succeeds 77
        03 succeeds 03
        find 03
        04 succeeds 01
        05 succeeds 01
        02 succeeds 04
        p1 has 02
        show p1
        show p2
        ",
        expect![[r#"
            p1 has 01: registered
            p2 has 02: registered
            03 succeeds 77: cards.unknown-predecessor
            03 succeeds 03: cards.unknown-predecessor
            find 03: unknown
            04 succeeds 01: registered
            05 succeeds 01: cards.already-succeeded
            02 succeeds 04: cards.serial-of-another
            p1 has 02: cards.serial-of-another
            show p1: 04 (card) of p1: live, succeeds 01
                01 (card) of p1: revoked in hour 0: superseded
            show p2: 02 (card) of p2: live
        "#]],
    );
}

#[test]
fn s1_r8_telling_of_a_certificate_again_records_nothing() {
    check(
        "
        p1 has 01
        02 succeeds 01
        p1 has 01
        02 succeeds 01
        show p1
        p1 has 01 until=20310506
        p1 has 01 android
        p1 has 02
        p2 has 01
        p1 has 06 from=20260506
        p1 has 06 from=20260505
        ",
        expect![[r#"
            p1 has 01: registered
            02 succeeds 01: registered
            p1 has 01: known already as 01
            02 succeeds 01: known already as 02
            show p1: 02 (card) of p1: live, succeeds 01
                01 (card) of p1: revoked in hour 0: superseded
            p1 has 01 until=20310506: cards.known-otherwise
            p1 has 01 android: cards.known-otherwise
            p1 has 02: cards.known-otherwise
            p2 has 01: cards.serial-of-another
            p1 has 06 from=20260506: cards.dates-out-of-order
            p1 has 06 from=20260505: registered
        "#]],
    );
}

#[test]
fn s1_r11_a_serial_is_a_number_and_is_printed_by_nothing() {
    let plain = Serial::new(&[0x81, 2, 3]).unwrap();
    assert_eq!(Serial::new(&[0, 0x81, 2, 3]).as_ref(), Some(&plain), "DER's zero before a high bit");
    assert_eq!(plain.as_bytes(), [0x81, 2, 3]);
    assert_eq!(Serial::new(&[1; SERIAL_BYTES_MAX]).map(|serial| serial.as_bytes().len()), Some(20));
    for none in [&[][..], &[0], &[0; 21], &[1; SERIAL_BYTES_MAX + 1]] {
        assert_eq!(Serial::new(none), None);
    }
    let holder = Holder::Succeeds(plain.clone());
    assert_eq!(format!("{plain:?} {holder:?}"), "Serial(…) Succeeds(Serial(…))");
    each_database("cards_print", |store| {
        let mut play = Play::new(store);
        play.line("p1 has 01");
        let known = play.find("01").unwrap();
        assert_eq!(format!("{known:?}"), "Known(crt_00000000000Z8 of per_0000000000001, Live)");
    });
}

#[test]
fn s1_r11_the_log_tells_of_holding_lifting_and_of_asking_in_vain() {
    each_database("cards_log", |store| {
        let mut play = Play::new(store);
        let story =
            "p1 has 01\n02 succeeds 01\nhold p1 call-centre\nhold p1 portal\nlift p1 portal\nlift p1 portal
            revoke 02 lost\nrevoke 02 lost\nhold p1 portal\nhold p2 call-centre";
        for line in story.lines() {
            play.line(line.trim());
        }
        let expected = expect![[r#"
                cards.register recorded p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","code":"card","subject":1000}
                cards.register recorded p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","code":"card","subject":1001}
                cards.revoke recorded p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","code":"superseded","subject":1000}
                cards.hold recorded p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","steps":"call-centre:1"}
                cards.hold standing p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","steps":"portal:0"}
                cards.lift recorded p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","steps":"portal:1"}
                cards.lift standing p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","steps":"portal:0"}
                cards.revoke recorded p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","code":"lost","subject":1001,"steps":"authority:1"}
                cards.hold refused p1 {"staff":1,"role":"call-centre-operator","purpose":"assistance","code":"cards.nothing-to-hold","steps":"portal:0"}
                cards.hold refused p2 {"staff":1,"role":"call-centre-operator","purpose":"assistance","code":"cards.nothing-to-hold","steps":"call-centre:0"}
            "#]];
        expected.assert_eq(&rows::everything_in_the_log(store));
    });
}

#[test]
fn s1_r11_a_person_holds_and_lifts_their_own_card_only() {
    each_database("cards_own", |store| {
        let mut play = Play::new(store);
        play.line("p1 has 01");
        let by = |person| Cx::new(play.now, Actor::Person { person }, Purpose::OwnRecord, play.ids.as_ref());
        let (own, other, whose) = (by(1), by(2), person("p1"));
        let held = |cx: &Cx<'_>| store.change(|tx| crate::hold(tx, cx, whose, Channel::Portal)).unwrap();
        let lifted = |cx: &Cx<'_>| store.change(|tx| crate::lift(tx, cx, whose, Channel::Portal)).unwrap();
        assert_eq!(held(&other), Err(refusals::not_own()));
        assert_eq!(play.find("01").unwrap().state, State::Live);
        assert_eq!(held(&own), Ok(1));
        assert_eq!(lifted(&other), Err(refusals::not_own()));
        assert_eq!(lifted(&own), Ok(1));
        let log = rows::everything_in_the_log(store);
        assert_eq!(log.matches("refused p2 ").count(), 2, "refusals stand with whoever asked: {log}");
        assert_eq!(log.matches("refused p1 ").count(), 0, "{log}");
    });
}

/// Every sequence of four acts, beside the plainest model: one number that stops moving once it is 2.
#[test]
fn s1_r11_every_sequence_of_acts_ends_as_a_plain_model_says() {
    const ACTS: usize = 3;
    const LENGTH: u32 = 4;
    each_database("cards_sequences", |store| {
        let mut play = Play::new(store);
        for sequence in 0..ACTS.pow(LENGTH) {
            let (whose, digits) = (format!("p{}", sequence + 1), format!("{:x}", sequence + 1));
            play.line(&format!("{whose} has {digits}"));
            let mut model = 0;
            let mut told = String::new();
            for act in (0..LENGTH).map(|place| sequence / ACTS.pow(place) % ACTS) {
                let (said, expected) = match act {
                    0 => (word(play.hold(&whose, "portal")), ["1", "0", "cards.nothing-to-hold"][model]),
                    1 => (word(play.lift(&whose, "portal")), ["0", "1", "cards.nothing-to-lift"][model]),
                    _ => (word(play.revoke(&digits, "other")), "()"),
                };
                write!(told, "{act} {said}, ").unwrap();
                assert_eq!(said, expected, "{told}");
                model = if model == 2 { 2 } else { [1, 0, 2][act] };
                let state = play.find(&digits).unwrap().state;
                let fits = match state {
                    State::Live => model == 0,
                    State::Held { .. } => model == 1,
                    State::Revoked { reason, .. } => model == 2 && reason == Reason::Other,
                };
                assert!(fits, "{told} {state:?} instead of {model}");
            }
        }
    });
}

/// Runs an act at once from several threads and gives what each was told.
fn at_once<T: Send>(times: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(times);
    std::thread::scope(|scope| {
        let run = |number| {
            let (start, act) = (&start, &act);
            scope.spawn(move || {
                start.wait();
                act(number)
            })
        };
        let threads: Vec<_> = (0..times).map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn s1_r11_racing_calls_hold_once_and_racing_successors_are_one() {
    each_database("cards_race", |store| {
        let mut play = Play::new(store);
        for round in 1..=10 {
            let (whose, digits) = (format!("p{round}"), format!("{round}"));
            play.line(&format!("{whose} has {digits}"));
            let (ids, now) = (play.ids.clone(), play.now);
            let cx = || Cx::new(now, OPERATOR, Purpose::Assistance, ids.as_ref());
            let held = at_once(4, |_| {
                store
                    .change(|tx| crate::hold(tx, &cx(), person(&whose), Channel::CallCentre))
                    .unwrap()
                    .unwrap()
            });
            assert_eq!(held.iter().sum::<usize>(), 1, "held more than once: {held:?}");
            let renewed = at_once(4, |number| {
                // Two serials want to succeed the same one; each is told twice.
                let new = certificate(
                    &format!("{:x}", 0x100 * round + number % 2),
                    Holder::Succeeds(serial(&digits)),
                    &[],
                );
                store.change(|tx| crate::register(tx, &cx(), &new)).unwrap()
            });
            let (won, lost): (Vec<_>, Vec<_>) = renewed.into_iter().partition(Result::is_ok);
            assert_eq!((won.len(), won[0] == won[1]), (2, true), "two successors: {won:?}");
            assert!(lost.iter().all(|answer| *answer == Err(refusals::already_succeeded())));
            assert_eq!(store.look(|tx| crate::list(tx, person(&whose))).unwrap().len(), 2);
        }
    });
}

#[test]
fn certificates_are_counted_by_place_and_standing() {
    each_database("cards_figures", |store| {
        let mut play = Play::new(store);
        for line in [
            "p1 has 01 until=20300101",
            "p2 has 02 until=20300101",
            "p2 has 03 android until=20300101",
            "p3 has 04 until=20260530",
            "04 succeeds 05 until=20300101",
            "p4 has 06 until=20260530",
            "p5 has 07 until=20300101",
            "hold p2 portal",
            "hold p5 portal",
            "lift p5 portal",
            "revoke 01 lost",
        ] {
            play.line(line);
        }
        let counts = store.look(|tx| crate::figures(tx, play.now)).unwrap();
        let told: Vec<String> = counts
            .iter()
            .map(|(source, stands, count)| format!("{} {} {count}", source.word(), stands.word()))
            .collect();
        expect!["android held 1, card expired 2, card held 1, card live 1, card revoked 1"]
            .assert_eq(&told.join(", "));
    });
}
