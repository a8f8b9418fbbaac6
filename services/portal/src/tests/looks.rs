//! Who looked: real checks and looks of a clinic go in, what their person is told comes out.
//!
//! Always holds: as `tests` says of every story.
//! Not here: the words of the page (`pages` sees some of them).

use super::*;
use ::store::Tx;
use audit::{Evidence, say, testing::each_database};
use base::{Actor, Cx, Purpose, Result, Role};
use counter::{
    Check,
    rules::{Declared, Settings, Typed, read},
};
use expect_test::expect;

const TERMINAL: Actor = Actor::Terminal { terminal: 3, facility: CLINIC };

fn desk(staff: i64, role: Role) -> Actor {
    Actor::Staff { staff, role, facility: Some(CLINIC) }
}

fn settings() -> Settings {
    Settings { filing_window_days: 14, invalid_at_once: false, ahead_days_max: 90, back_days_max: 1825 }
}

impl Town<'_> {
    /// The clinic's terminal checks by number; the answer's id.
    fn checks(&self, number: &str, birth: &str, declared: Declared) -> i64 {
        let typed = Typed {
            insurer: "06132013".into(),
            symbol: "12-34".into(),
            number: number.into(),
            branch: "01".into(),
            birth: birth.into(),
        };
        let check = Check { facility_code: None, ask: read(&typed).unwrap(), day: None, declared };
        let counter = counter::Desk::new(settings());
        self.read_as(TERMINAL, Purpose::Reception, move |tx, cx| counter::check(tx, cx, &counter, &check))
            .unwrap()
            .id
            .raw()
    }

    fn lists(&self, staff: i64) {
        self.read_as(desk(staff, Role::Receptionist), Purpose::Reception, |tx, cx| {
            counter::list(tx, cx, &settings(), 100).map(|_| ())
        });
    }

    fn says(&self, actor: Actor, evidence: Evidence) {
        self.read_as(actor, Purpose::Reception, move |tx: &mut Tx<'_>, cx: &Cx<'_>| -> Result<()> {
            say(tx, cx, &evidence);
            Ok(())
        });
    }

    fn views(&self, n: i64, before: Option<Instant>, limit: usize) -> crate::Views {
        let actor = Actor::Person { person: n };
        self.read_as(actor, Purpose::OwnRecord, move |tx, cx| crate::views(tx, cx, person(n), before, limit))
    }

    /// What a person is told, the oldest first, without what insurers registered.
    fn told(&self, n: i64) -> String {
        let mut lines: Vec<String> = self
            .views(n, None, 1000)
            .lines
            .iter()
            .filter(|(look, _)| look.by != By::Program)
            .map(|(look, name)| {
                let at = if name.is_some() { " at the clinic" } else { "" };
                format!(
                    "{:?}{at} · {} · {} · {:?} · {:?} · {}×\n",
                    look.by, look.act, look.outcome, look.disclosed, look.basis, look.times
                )
            })
            .collect();
        lines.reverse();
        lines.concat()
    }
}

const NONE: Declared = Declared { limit: false, diseases: false };
const LIMIT: Declared = Declared { limit: true, diseases: false };

#[test]
fn s3_r2_a_person_is_told_who_looked_at_what_and_on_what_it_rested() {
    each_database("portal_looks", |store| {
        let town = Town::new(store);
        town.settle(1, "ｺｳﾉ ﾊﾅｺ", "架空県みどり市青葉町一丁目２番３号");
        town.settle(2, "ｵﾂﾔﾏ ﾊﾅｺ", "架空県みどり市青葉町9番1号");
        town.insure(11, 1, "56");
        town.insure(12, 2, "57");
        town.pass(1);
        town.lists(8); // before the person came
        town.pass(1);
        let answer = town.checks("56", "19800401", LIMIT);
        town.checks("57", "19800401", NONE); // somebody else
        town.checks("56", "19800402", NONE); // a guess at the birth date shows nothing, and is told
        for _ in 0..3 {
            town.pass(MINUTE);
            town.lists(8);
        }
        town.pass(MINUTE);
        town.lists(9);
        town.pass(1);
        town.read_as(desk(9, Role::Clinician), Purpose::Reception, move |tx, cx| {
            counter::get(tx, cx, &settings(), Id::new(answer).unwrap()).map(|visit| assert!(visit.is_ok()))
        });
        town.pass(1);
        let card = Evidence {
            act: "counter.check",
            outcome: "valid",
            person: Some(1),
            answer: Some(99),
            way: "card-pin",
            consent: Some(5),
            agreed: vec!["drugs", "limit"],
            shown: vec!["insurance", "limit"],
            ..Evidence::default()
        };
        town.says(TERMINAL, card);
        town.pass(1);
        let cx = town.cx(Actor::Person { person: 1 }, Purpose::OwnRecord);
        town.store
            .record(cx.now, |tx| registration::dispute(tx, &cx, person(1), coverage_id(11)))
            .unwrap()
            .unwrap();
        town.pass(1);
        town.checks("56", "19800401", LIMIT); // held: whose it is is not sure any more
        town.pass(1);
        town.views(1, None, 10);
        town.pass(1);
        let told = town.told(1);
        expect![[r#"
            Numbers at the clinic · counter.check · valid · Groups(["insurance", "address", "limit"]) · Declared · 1×
            Numbers at the clinic · counter.check · mismatch · Nothing · None · 1×
            Staff(Receptionist) at the clinic · counter.list · shown · Groups(["list"]) · None · 3×
            Staff(Receptionist) at the clinic · counter.list · shown · Groups(["list"]) · None · 1×
            Staff(Clinician) at the clinic · counter.get · shown · Result · None · 1×
            Reader at the clinic · counter.check · valid · Groups(["insurance", "limit"]) · Agreed(["drugs", "limit"]) · 1×
            Yourself · coverage.record · recorded · Done · None · 1×
            Yourself · registration.dispute · recorded · Done · None · 1×
            Yourself · portal.views · shown · Groups(["views"]) · None · 1×
        "#]].assert_eq(&told);
        town.no_row_names_anybody();
    });
}

/// Every row about the person and every list comes once, however the pages are cut.
#[test]
fn s3_r2_pages_lose_nothing_and_tell_nothing_twice() {
    each_database("portal_pages", |store| {
        let town = Town::new(store);
        town.settle(1, "ｺｳﾉ ﾊﾅｺ", "架空県みどり市");
        town.insure(11, 1, "56");
        for n in 0..12 {
            // Three checks in one millisecond each time, on both sides of midnight, and lists by two people.
            town.pass(if n == 6 { DAY_MS } else { 10 * MINUTE });
            for _ in 0..3 {
                town.checks("56", "19800401", NONE);
            }
            town.pass(1);
            town.lists(8 + n % 2);
        }
        town.pass(1);
        let whole = town.views(1, None, 1000);
        assert_eq!(whole.older, None);
        let checks = |views: &crate::Views| {
            views
                .lines
                .iter()
                .filter(|(look, _)| look.act == "counter.check")
                .map(|(look, _)| look.at)
                .collect::<Vec<_>>()
        };
        let lists = |views: &crate::Views| -> usize {
            views
                .lines
                .iter()
                .filter(|(look, _)| look.act == "counter.list")
                .map(|(look, _)| look.times)
                .sum()
        };
        assert_eq!((checks(&whole).len(), lists(&whole)), (36, 12));
        assert_eq!(
            whole.lines.iter().filter(|(look, _)| look.act == "counter.list").count(),
            4,
            "by person and day"
        );
        for limit in [1, 2, 5, 7, 100] {
            let (mut seen, mut listed, mut before) = (Vec::new(), 0, Some(town.now.get()));
            loop {
                let part = town.views(1, before, limit);
                seen.extend(checks(&part));
                listed += lists(&part);
                match part.older {
                    Some(older) => {
                        assert!(before.is_none_or(|before| older < before), "it goes on");
                        before = Some(older);
                    }
                    None => break,
                }
            }
            assert_eq!((&seen, listed), (&checks(&whole), 12), "{limit} at a time");
        }
    });
}

#[test]
fn s3_r2_reading_it_is_told_the_next_time() {
    each_database("portal_reading", |store| {
        let town = Town::new(store);
        town.settle(1, "ｺｳﾉ ﾊﾅｺ", "架空県みどり市");
        assert_eq!(town.told(1), "");
        town.pass(1);
        expect![[r#"
            Yourself · portal.views · shown · Groups(["views"]) · None · 1×
        "#]]
        .assert_eq(&town.told(1));
    });
}

#[test]
fn s5_r2_what_is_held_shows_nothing_of_itself() {
    each_database("portal_held_coverage", |store| {
        let town = Town::new(store);
        town.settle(1, "ｺｳﾉ ﾊﾅｺ", "架空県みどり市");
        town.insure(11, 1, "56");
        town.insure(12, 1, "58");
        let home = |town: &Town<'_>| {
            let actor = Actor::Person { person: 1 };
            let home = town.read_as(actor, Purpose::OwnRecord, |tx, cx| crate::get(tx, cx, person(1)));
            let told = |own: &Own| match &own.told {
                Told::Sure(sure) => format!("{} {:?} {:?}", sure.number, sure.standing, sure.percent),
                Told::Held { disputed } => format!("held, disputed {disputed}"),
            };
            home.coverages.iter().map(told).collect::<Vec<_>>().join(" · ")
        };
        assert_eq!(home(&town), "56 Valid Some(30) · 58 Valid Some(30)");
        let own = |n: i64, coverage: i64| {
            let actor = Actor::Person { person: n };
            word(&town.read_as(actor, Purpose::OwnRecord, move |tx, cx| {
                crate::coverage(tx, cx, person(n), coverage_id(coverage))
            }))
        };
        assert_eq!(own(1, 11), "yes");
        assert_eq!(own(1, 13), "registration.no-such-coverage", "there is none");
        town.settle(2, "ｵﾂﾔﾏ ﾊﾅｺ", "架空県みどり市");
        assert_eq!(own(2, 11), "registration.no-such-coverage", "somebody else's");
        town.record(|tx, cx| registration::dispute(tx, cx, person(1), coverage_id(11))).unwrap();
        assert_eq!(home(&town), "58 Valid Some(30) · held, disputed true");
    });
}
