//! Stories about consent: what people answered at readers goes in, what the gate says comes out.
//!
//! Always holds: each story plays on both databases with the same outcome.
//! Not here: the questions' screens, and what a desk is told about consent (`counter`, `terminal`).
//! Rules come from: docs/rules.md S1 r5.

mod gate;
mod model;
mod rows;
mod tables;

use crate::rules::*;
use ::store::{Claim, Store, testing::seeded_ids};
use audit::{Evidence, say, testing::each_database};
use base::{Actor, Answer, Cx, Date, Error, Id, IdSource, Instant, Purpose, RequestKey, kinds};
use expect_test::{Expect, expect};
use std::sync::Arc;

/// Plays a story on each database; it begins on 2026-06-01 at nine in the morning. Facilities are A, B, C. Lines:
/// `p1 at A yes=KIND,KIND no=KIND` (names the consent c1, c2 …) · `A views p1 KIND [of=B] [group]` ·
/// `p1 withdraws c1 KIND [of=p2]` · `A withdraws c1 KIND of=p1` · `standing p1 A` · `p1 lists [LIMIT]` ·
/// `after TIME`, a time being a sum such as `24h+1ms`.
fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("consent", |store| {
        let mut play = Play::new(store);
        let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
        let out: String = lines.map(|line| play.line(line)).collect();
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

struct Play<'s> {
    store: &'s Store,
    ids: Arc<dyn IdSource>,
    now: Instant,
    consents: Vec<Id<kinds::Consent>>,
}

fn day(text: &str) -> Date {
    Date::parse8(text).unwrap()
}

fn morning() -> Instant {
    day("20260601").begins().plus_ms(9 * 3_600_000)
}

fn person(label: &str) -> Id<kinds::Person> {
    Id::new(label[1..].parse().expect("p1, p2 …")).unwrap()
}

fn facility(label: &str) -> Id<kinds::Facility> {
    Id::new(i64::from(label.as_bytes()[0] - b'A') + 1).unwrap()
}

fn terminal_of(label: &str) -> Actor {
    Actor::Terminal { terminal: 500, facility: facility(label).raw() }
}

fn the_person(label: &str) -> Actor {
    Actor::Person { person: person(label).raw() }
}

fn kinds_of(words: &str) -> Vec<&'static Kind> {
    words.split(',').filter(|word| !word.is_empty()).map(|word| kind(word).expect("a kind")).collect()
}

/// Milliseconds of a sum such as `24h+1ms` or `24h-1ms`.
fn time(text: &str) -> i64 {
    let terms = text.replace('-', "+-");
    let one = |term: &str| match term.strip_suffix("ms") {
        Some(ms) => ms.parse::<i64>().expect("milliseconds"),
        None => term.strip_suffix('h').expect("hours").parse::<i64>().expect("hours") * 3_600_000,
    };
    terms.split('+').map(one).sum()
}

fn named<'l>(words: &[&'l str], name: &str) -> Option<&'l str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

impl Play<'_> {
    fn new(store: &Store) -> Play<'_> {
        Play { store, ids: seeded_ids(1000), now: morning(), consents: Vec::new() }
    }

    fn cx(&self, actor: Actor) -> Cx<'_> {
        let purpose =
            if matches!(actor, Actor::Person { .. }) { Purpose::OwnRecord } else { Purpose::Reception };
        Cx::new(self.now, actor, purpose, self.ids.as_ref())
    }

    fn given(&self, whose: &str, at: &str, yes: &str, no: &str) -> Given {
        Given {
            person: person(whose),
            facility: facility(at),
            given_at: self.now,
            agreed: kinds_of(yes),
            declined: kinds_of(no),
            decision: Id::new(70_000 + self.consents.len() as i64).unwrap(),
        }
    }

    /// A check at a reader, with answers: its row names the consent, as every check's does.
    fn answers(&mut self, at: &str, given: &Given) -> Id<kinds::Consent> {
        let cx = self.cx(terminal_of(at));
        let checked = self.store.check_and_wait(|tx| checked(tx, &cx, given)).unwrap();
        self.consents.push(checked.0);
        checked.0
    }

    fn views(&self, by: &str, whose: &str, words: &[&str]) -> String {
        let of = facility(named(words, "of").unwrap_or(by));
        let group = match words.last() {
            Some(&"defence-forces") => Group::DefenceForces,
            Some(&"day-labourer") => Group::DayLabourer,
            Some(&"medical-aid") => Group::MedicalAid,
            _ => Group::Usual,
        };
        let (cx, kind) = (self.cx(terminal_of(by)), kind(words[0]).expect("a kind"));
        let (said, _) = self
            .store
            .check_and_wait(|tx| {
                let granted = crate::may_view(tx, &cx, person(whose), of, kind, group)?;
                Ok(granted.map_or_else(
                    |refusal| refusal.to_string(),
                    |grant| {
                        format!("granted on {}, {}", self.label(grant.consent()), self.left(grant.until()))
                    },
                ))
            })
            .unwrap();
        said
    }

    fn withdraw(
        &self,
        actor: Actor,
        of: &str,
        consent: Id<kinds::Consent>,
        kind: &'static Kind,
    ) -> Answer<()> {
        let cx = self.cx(actor);
        self.store.check_and_wait(|tx| crate::withdraw(tx, &cx, person(of), consent, kind)).unwrap().0
    }

    fn label(&self, consent: Id<kinds::Consent>) -> String {
        let place = self.consents.iter().position(|known| *known == consent);
        place.map_or("another".to_owned(), |place| format!("c{}", place + 1))
    }

    fn consent(&self, label: &str) -> Id<kinds::Consent> {
        let number: usize = label[1..].parse().expect("c1, c2 …");
        self.consents.get(number - 1).copied().unwrap_or(Id::new(424_242).unwrap())
    }

    fn left(&self, until: Instant) -> String {
        format!("{} ms left", until.since_ms(self.now))
    }

    fn tell(&self, kind: &Kind, standing: Standing) -> String {
        let ago = |at: Instant| self.now.since_ms(at);
        let how = match standing {
            Standing::Live { until, consent, .. } => {
                format!("live on {}, {}", self.label(consent), self.left(until))
            }
            Standing::Expired { until, consent, .. } => {
                format!("expired on {}, {}", self.label(consent), self.left(until))
            }
            Standing::Withdrawn { at } => format!("withdrawn {} ms ago", ago(at)),
            Standing::Declined { at } => format!("declined {} ms ago", ago(at)),
            Standing::Replaced { by } => format!("replaced by {}", self.label(by)),
            Standing::Never => "never".to_owned(),
        };
        format!("\n    {} {}: {how}", standing.flag(), kind.word)
    }

    fn lists(&self, whose: &str, limit: usize) -> String {
        let found = self.store.look(|tx| crate::list(tx, person(whose), self.now, limit)).unwrap();
        let one = |listed: &Listed| {
            let kinds: String =
                listed.kinds.iter().map(|(kind, standing)| self.tell(kind, *standing)).collect();
            let at = char::from(b'A' + listed.facility.raw() as u8 - 1);
            assert_eq!(listed.available_until, until(listed.given_at));
            format!(
                "\n  {} at {at}, {}{kinds}",
                self.label(listed.consent),
                self.left(listed.available_until)
            )
        };
        found.iter().map(one).collect()
    }

    fn line(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let said = match words.as_slice() {
            ["after", length] => {
                self.now = self.now.plus_ms(time(length));
                return String::new();
            }
            [whose, "at", at, rest @ ..] => {
                let [yes, no] = ["yes", "no"].map(|name| named(rest, name).unwrap_or_default());
                let given = self.given(whose, at, yes, no);
                let consent = self.answers(at, &given);
                self.label(consent)
            }
            [by, "views", whose, rest @ ..] => self.views(by, whose, rest),
            [by, "withdraws", consent, word, rest @ ..] => {
                let actor = if by.starts_with('p') { the_person(by) } else { terminal_of(by) };
                let of = named(rest, "of").unwrap_or(by);
                let kind = kind(word).expect("a kind");
                let answer = self.withdraw(actor, of, self.consent(consent), kind);
                answer.map_or_else(|refusal| refusal.to_string(), |()| "withdrawn".to_owned())
            }
            ["standing", whose, at] => {
                let all = self.store.look(|tx| crate::standing(tx, person(whose), facility(at), self.now));
                let all = all.unwrap();
                assert_eq!(all.len(), KINDS.len(), "every kind stands somehow");
                let asked = all.iter().filter(|(_, standing)| *standing != Standing::Never);
                asked.map(|(kind, standing)| self.tell(kind, *standing)).collect()
            }
            [whose, "lists"] => self.lists(whose, 100),
            [whose, "lists", limit] => self.lists(whose, limit.parse().expect("a limit")),
            _ => panic!("a line that no story has: {line}"),
        };
        format!("{line}: {said}\n")
    }
}

/// What a desk does: its own row names the consent that it recorded.
fn checked(tx: &mut ::store::Tx<'_>, cx: &Cx<'_>, given: &Given) -> base::Result<Id<kinds::Consent>> {
    let consent = crate::record(tx, cx, given)?;
    let (person, consent_of_row) = (Some(given.person.raw()), Some(consent.raw()));
    let answer = Some(given.decision.raw());
    tx.claim(cx, given.decision.raw());
    let act = "stub.check";
    say(
        tx,
        cx,
        &Evidence { act, outcome: "valid", person, answer, consent: consent_of_row, ..Evidence::default() },
    );
    Ok(consent)
}

#[test]
fn s1_r5_a_consent_lives_24_hours_and_its_last_millisecond() {
    check(
        "
        A views p1 drugs
        p1 at A yes=drugs
        A views p1 drugs
        after 24h-1ms
        A views p1 drugs
        after 1ms
        A views p1 drugs
        standing p1 A
        after 1ms
        A views p1 drugs
        standing p1 A
        ",
        expect![[r#"
            A views p1 drugs: consent.never-given
            p1 at A yes=drugs: c1
            A views p1 drugs: granted on c1, 86400000 ms left
            A views p1 drugs: granted on c1, 1 ms left
            A views p1 drugs: granted on c1, 0 ms left
            standing p1 A: 
                1 drugs: live on c1, 0 ms left
            A views p1 drugs: consent.expired
            standing p1 A: 
                2 drugs: expired on c1, -1 ms left
        "#]],
    );
}

#[test]
fn s1_r5_a_consent_is_for_one_kind_one_facility_and_one_person() {
    check(
        "
        p1 at A yes=drugs,checkups no=diagnosis
        A views p1 drugs
        A views p1 checkups
        A views p1 diagnosis
        A views p1 operation
        A views p2 drugs
        B views p1 drugs
        B views p1 drugs of=A
        A views p1 drugs of=B
        standing p1 A
        standing p1 B
        ",
        expect![[r#"
            p1 at A yes=drugs,checkups no=diagnosis: c1
            A views p1 drugs: granted on c1, 86400000 ms left
            A views p1 checkups: granted on c1, 86400000 ms left
            A views p1 diagnosis: consent.declined
            A views p1 operation: consent.never-given
            A views p2 drugs: consent.never-given
            B views p1 drugs: consent.never-given
            B views p1 drugs of=A: consent.other-facility
            A views p1 drugs of=B: consent.other-facility
            standing p1 A: 
                1 checkups: live on c1, 86400000 ms left
                1 drugs: live on c1, 86400000 ms left
                0 diagnosis: declined 0 ms ago
            standing p1 B: 
        "#]],
    );
}

#[test]
fn s1_r5_the_newest_answer_decides_for_each_kind() {
    check(
        "
        p1 at A yes=drugs,checkups
        after 1h
        p1 at A no=drugs
        A views p1 drugs
        A views p1 checkups
        after 1h
        p1 at A yes=drugs
        A views p1 drugs
        p1 at A yes=drugs no=drugs
        A views p1 drugs
        p1 lists
        p1 lists 1
        after 24h
        p1 lists
        ",
        expect![[r#"
            p1 at A yes=drugs,checkups: c1
            p1 at A no=drugs: c2
            A views p1 drugs: consent.declined
            A views p1 checkups: granted on c1, 82800000 ms left
            p1 at A yes=drugs: c3
            A views p1 drugs: granted on c3, 86400000 ms left
            p1 at A yes=drugs no=drugs: c4
            A views p1 drugs: consent.declined
            p1 lists: 
              c4 at A, 86400000 ms left
                0 drugs: declined 0 ms ago
              c3 at A, 86400000 ms left
                0 drugs: replaced by c4
              c2 at A, 82800000 ms left
                0 drugs: declined 3600000 ms ago
              c1 at A, 79200000 ms left
                1 checkups: live on c1, 79200000 ms left
                0 drugs: replaced by c4
            p1 lists 1: 
              c4 at A, 86400000 ms left
                0 drugs: declined 0 ms ago
            p1 lists: 
              c4 at A, 0 ms left
                0 drugs: declined 86400000 ms ago
              c3 at A, 0 ms left
                0 drugs: replaced by c4
              c2 at A, -3600000 ms left
                0 drugs: declined 90000000 ms ago
              c1 at A, -7200000 ms left
                2 checkups: expired on c1, -7200000 ms left
                2 drugs: expired on c1, -7200000 ms left
        "#]],
    );
}

#[test]
fn s1_r5_a_new_tap_begins_24_hours_anew() {
    check(
        "
        p1 at A yes=drugs
        after 24h+1ms
        A views p1 drugs
        p1 at A yes=drugs
        after 24h
        A views p1 drugs
        after 1ms
        A views p1 drugs
        ",
        expect![[r#"
            p1 at A yes=drugs: c1
            A views p1 drugs: consent.expired
            p1 at A yes=drugs: c2
            A views p1 drugs: granted on c2, 0 ms left
            A views p1 drugs: consent.expired
        "#]],
    );
}

#[test]
fn s1_r5_withdrawn_is_not_expired_and_ends_at_once() {
    check(
        "
        p1 at A yes=drugs,checkups
        p1 at B yes=drugs
        after 1h
        p1 lists
        p1 withdraws c1 drugs
        A views p1 drugs
        A views p1 checkups
        B views p1 drugs
        p1 withdraws c1 drugs
        after 24h
        p1 withdraws c1 drugs
        standing p1 A
        p1 lists
        p1 at A yes=drugs
        A views p1 drugs
        ",
        expect![[r#"
            p1 at A yes=drugs,checkups: c1
            p1 at B yes=drugs: c2
            p1 lists: 
              c2 at B, 82800000 ms left
                1 drugs: live on c2, 82800000 ms left
              c1 at A, 82800000 ms left
                1 checkups: live on c1, 82800000 ms left
                1 drugs: live on c1, 82800000 ms left
            p1 withdraws c1 drugs: withdrawn
            A views p1 drugs: consent.withdrawn
            A views p1 checkups: granted on c1, 82800000 ms left
            B views p1 drugs: granted on c2, 82800000 ms left
            p1 withdraws c1 drugs: withdrawn
            p1 withdraws c1 drugs: withdrawn
            standing p1 A: 
                2 checkups: expired on c1, -3600000 ms left
                0 drugs: withdrawn 86400000 ms ago
            p1 lists: 
              c2 at B, -3600000 ms left
                2 drugs: expired on c2, -3600000 ms left
              c1 at A, -3600000 ms left
                2 checkups: expired on c1, -3600000 ms left
                0 drugs: withdrawn 86400000 ms ago
            p1 at A yes=drugs: c3
            A views p1 drugs: granted on c3, 86400000 ms left
        "#]],
    );
}

#[test]
fn s1_r5_what_is_not_in_force_is_not_withdrawn() {
    check(
        "
        p1 at A yes=drugs no=checkups
        p1 withdraws c1 checkups
        p1 withdraws c1 tests
        after 1h
        p1 at A yes=drugs
        p1 withdraws c1 drugs
        A views p1 drugs
        p1 withdraws c2 drugs
        A views p1 drugs
        after 24h+1ms
        p1 withdraws c2 drugs
        p1 at A yes=tests
        after 24h
        p1 withdraws c3 tests
        after 1ms
        p1 at A yes=tests
        after 24h+1ms
        p1 withdraws c4 tests
        ",
        expect![[r#"
            p1 at A yes=drugs no=checkups: c1
            p1 withdraws c1 checkups: consent.nothing-to-withdraw
            p1 withdraws c1 tests: consent.nothing-to-withdraw
            p1 at A yes=drugs: c2
            p1 withdraws c1 drugs: consent.replaced
            A views p1 drugs: granted on c2, 86400000 ms left
            p1 withdraws c2 drugs: withdrawn
            A views p1 drugs: consent.withdrawn
            p1 withdraws c2 drugs: withdrawn
            p1 at A yes=tests: c3
            p1 withdraws c3 tests: withdrawn
            p1 at A yes=tests: c4
            p1 withdraws c4 tests: consent.nothing-to-withdraw
        "#]],
    );
}

#[test]
fn s1_r5_only_the_person_withdraws_and_nobody_learns_of_anothers_consent() {
    check(
        "
        p1 at A yes=drugs
        p2 at A yes=drugs
        p2 withdraws c1 drugs
        p2 withdraws c9 drugs
        p2 withdraws c1 drugs of=p1
        p2 withdraws c9 drugs of=p1
        A withdraws c1 drugs of=p1
        A withdraws c9 drugs of=p1
        A views p1 drugs
        ",
        expect![[r#"
            p1 at A yes=drugs: c1
            p2 at A yes=drugs: c2
            p2 withdraws c1 drugs: consent.no-such-consent
            p2 withdraws c9 drugs: consent.no-such-consent
            p2 withdraws c1 drugs of=p1: consent.no-such-consent
            p2 withdraws c9 drugs of=p1: consent.no-such-consent
            A withdraws c1 drugs of=p1: consent.no-such-consent
            A withdraws c9 drugs of=p1: consent.no-such-consent
            A views p1 drugs: granted on c1, 86400000 ms left
        "#]],
    );
}

#[test]
fn s1_r5_excluded_groups_are_shown_to_nobody() {
    check(
        "
        p1 at A yes=drugs,checkups
        A views p1 drugs defence-forces
        A views p1 drugs day-labourer
        A views p1 checkups medical-aid
        A views p1 drugs
        ",
        expect![[r#"
            p1 at A yes=drugs,checkups: c1
            A views p1 drugs defence-forces: consent.group-not-shown
            A views p1 drugs day-labourer: consent.group-not-shown
            A views p1 checkups medical-aid: consent.group-not-shown
            A views p1 drugs: granted on c1, 86400000 ms left
        "#]],
    );
}

#[test]
fn s1_r5_the_log_tells_of_refusals_and_withdrawals_in_the_right_facility() {
    each_database("consent_log", |store| {
        let mut play = Play::new(store);
        let story = "p1 at A yes=drugs\nafter 1h\nA views p1 drugs\nafter 1h\nA views p1 tests\nafter 1h
            B views p1 drugs\nafter 1h\nB views p1 drugs of=A\nafter 1h\np1 withdraws c1 drugs\nafter 1h
            p1 withdraws c1 drugs\nafter 1h\np2 withdraws c1 drugs of=p1\nafter 1h\nA views p1 drugs";
        for line in story.lines() {
            play.line(line.trim());
        }
        let expected = expect![[r#"
            stub.check valid facility 1 p1 {"terminal":500,"purpose":"reception","consent":1000}
            consent.may_view refused facility 1 p1 {"terminal":500,"purpose":"reception","code":"consent.never-given","steps":"tests:0"}
            consent.may_view refused facility 2 p1 {"terminal":500,"purpose":"reception","code":"consent.never-given","steps":"drugs:0"}
            consent.may_view refused facility 2 p1 {"terminal":500,"purpose":"reception","code":"consent.other-facility","steps":"drugs:0"}
            consent.withdraw recorded facility 1 p1 {"by":"person","purpose":"own-record","consent":1000,"steps":"drugs:0"}
            consent.withdraw standing facility 1 p1 {"by":"person","purpose":"own-record","consent":1000,"steps":"drugs:0"}
            consent.withdraw refused facility 0 p2 {"by":"person","purpose":"own-record","code":"consent.no-such-consent","steps":"drugs:0"}
            consent.may_view refused facility 1 p1 {"terminal":500,"purpose":"reception","code":"consent.withdrawn","steps":"drugs:0"}
        "#]];
        expected.assert_eq(&rows::log(store));
    });
}

#[test]
fn s1_r5_an_answer_is_committed_with_its_check_and_a_repeat_saves_nothing() {
    each_database("consent_repeat", |store| {
        let play = Play::new(store);
        let given = play.given("p1", "A", "drugs", "tests");
        let key = RequestKey { request: "r1".to_owned(), digest: [7; 32] };
        let ask = |digest, given: &Given| {
            let request = Some(RequestKey { digest, ..key.clone() });
            let cx = play.cx(terminal_of("A")).with_request(request);
            store.check_and_wait(|tx| checked(tx, &cx, given)).unwrap()
        };
        let failed = store.check_and_wait(|tx| {
            crate::record(tx, &play.cx(terminal_of("A")), &given)?;
            Err::<(), _>(Error::broken("after the answer"))
        });
        assert!(failed.is_err());
        assert_eq!(rows::count(store), (0, 0), "an answer without its check");

        let (first, claim) = ask([7; 32], &given);
        assert_eq!((claim, rows::count(store)), (Claim::Fresh, (1, 0)));
        let later =
            Given { given_at: given.given_at.plus_ms(5), decision: Id::new(9).unwrap(), ..given.clone() };
        let (second, claim) = ask([7; 32], &later);
        assert_eq!((claim, rows::count(store)), (Claim::Repeat(given.decision.raw()), (1, 0)));
        assert_ne!(first, second);
        let (_, claim) = ask([8; 32], &later);
        assert_eq!((claim, rows::count(store)), (Claim::Conflict, (1, 0)));

        let found = |person: &str, decision| {
            store
                .look(|tx| crate::of_decision(tx, super::tests::person(person), facility("A"), decision))
                .unwrap()
        };
        let recorded = found("p1", given.decision).expect("the first");
        assert_eq!(
            (recorded.consent, &recorded.given, recorded.until),
            (first, &given, until(given.given_at))
        );
        assert_eq!((found("p1", later.decision), found("p2", given.decision)), (None, None));
    });
}

#[test]
fn s1_r5_two_withdrawals_at_once_are_one() {
    each_database("consent_race", |store| {
        let mut play = Play::new(store);
        for round in 0..10 {
            let given = play.given("p1", "A", "drugs", "");
            let consent = play.answers("A", &given);
            play.now = play.now.plus_ms(1);
            let start = std::sync::Barrier::new(4);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        start.wait();
                        let answer = play.withdraw(the_person("p1"), "p1", consent, kinds_of("drugs")[0]);
                        assert_eq!(answer, Ok(()));
                    });
                }
            });
            assert_eq!(rows::count(store), (round + 1, round + 1));
        }
    });
}

#[test]
fn s1_r5_beyond_the_newest_answers_the_gate_is_shut() {
    each_database("consent_many", |store| {
        let mut play = Play::new(store);
        play.line("p1 at A yes=checkups");
        for _ in 1..crate::store::ANSWERS_MAX {
            play.line("p1 at A yes=drugs");
        }
        assert_eq!(play.views("A", "p1", &["checkups"]), "granted on c1, 86400000 ms left");
        play.line("p1 at A yes=drugs");
        assert_eq!(play.views("A", "p1", &["checkups"]), "consent.never-given");
        assert_eq!(play.views("A", "p1", &["drugs"]), "granted on c65, 86400000 ms left");
        let answer = play.withdraw(the_person("p1"), "p1", play.consent("c1"), kinds_of("checkups")[0]);
        assert_eq!(answer, Err(crate::refusals::nothing_to_withdraw()));
    });
}
