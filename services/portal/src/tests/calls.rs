//! The call centre: who is believed, and what that opens.
//!
//! Always holds: as `tests` says of every story.
//! Not here: how answers are compared (`people`).

use super::*;
use audit::testing::each_database;
use base::{Answer, BirthDate, Purpose};
use people::rules::Questions;

const OPERATOR: i64 = 5;

fn answers(kana: &str, postcode: Option<&str>, house: Option<&str>) -> Questions {
    Questions {
        kana: kana.into(),
        birth: BirthDate::parse8("19800401").unwrap(),
        postcode: postcode.map(str::to_owned),
        house: house.map(str::to_owned),
    }
}

impl Town<'_> {
    fn identify(&self, questions: &Questions) -> Answer<Id<crate::CallKind>> {
        let op = |tx: &mut ::store::Tx<'_>, cx: &base::Cx<'_>| crate::identify(tx, cx, questions);
        self.change_as(operator(OPERATOR), Purpose::Assistance, op)
    }

    fn everything(&self) -> Id<crate::CallKind> {
        self.identify(&answers("コウノハナコ", Some("0000001"), Some("1-2-3"))).unwrap()
    }

    fn call(&self, staff: i64, id: Id<crate::CallKind>) -> String {
        let seen = self.read_as(operator(staff), Purpose::Assistance, move |tx, cx| crate::call(tx, cx, id));
        match seen {
            Ok(caller) => format!("{} live, {} held", caller.live, caller.held),
            Err(refusal) => refusal.help.code.to_owned(),
        }
    }

    fn hold_for(&self, id: Id<crate::CallKind>) -> Answer<usize> {
        self.change_as(operator(OPERATOR), Purpose::Assistance, |tx, cx| crate::hold_for(tx, cx, id))
    }

    fn lift_for(&self, id: Id<crate::CallKind>, day: Option<base::Date>) -> Answer<usize> {
        self.change_as(operator(OPERATOR), Purpose::Assistance, |tx, cx| crate::lift_for(tx, cx, id, day))
    }
}

#[test]
fn s13_r1_an_identified_caller_has_the_card_suspended_at_once() {
    each_database("portal_call", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let cookie = town.sign_in(&wallet).unwrap();
        let call = town.identify(&answers("ｺｳﾉ ﾊﾅｺ", Some("000-0001"), None)).unwrap();
        assert_eq!(town.call(OPERATOR, call), "1 live, 0 held");
        assert_eq!(town.hold_for(call), Ok(1));
        assert_eq!(town.call(OPERATOR, call), "0 live, 1 held");
        assert_eq!(town.visit(&cookie), "nobody", "whoever has the card now is out");
        assert_eq!(word(&town.sign_in(&wallet)), "cards.on-hold");
        town.no_row_names_anybody();
    });
}

#[test]
fn s13_r1_lifting_takes_more_answers_than_suspending() {
    each_database("portal_lift", |store| {
        let town = Town::new(store);
        town.person_with_card(1);
        let today = town.now.get().date();
        let (enough, everything) =
            (town.identify(&answers("コウノハナコ", None, Some("1-2-3"))).unwrap(), town.everything());
        assert_eq!(word(&town.lift_for(everything, Some(today))), "portal.nothing-held");
        assert_eq!(town.hold_for(everything), Ok(1));
        town.pass(DAY_MS);
        let fresh = town.identify(&answers("コウノハナコ", None, Some("1-2-3"))).unwrap();
        assert_eq!(word(&town.lift_for(fresh, Some(today))), "portal.not-enough", "half of the questions");
        assert_eq!(word(&town.lift_for(enough, Some(today))), "portal.no-such-call", "a day old");
        for wrong in [None, Some(today.plus_days(-1)), Some(today.plus_days(1))] {
            let call = town.everything();
            assert_eq!(word(&town.lift_for(call, wrong)), "portal.not-enough");
            assert_eq!(word(&town.lift_for(call, Some(today))), "portal.no-such-call", "one try a call");
        }
        let call = town.everything();
        assert_eq!(town.lift_for(call, Some(today)), Ok(1));
        assert_eq!(town.call(OPERATOR, call), "1 live, 0 held");
    });
}

#[test]
fn s13_r1_a_call_is_its_operators_and_ends() {
    each_database("portal_operator", |store| {
        let town = Town::new(store);
        town.person_with_card(1);
        let call = town.everything();
        assert_eq!(town.call(OPERATOR + 1, call), "portal.no-such-call");
        assert_eq!(town.call(OPERATOR, Id::new(99).unwrap()), "portal.no-such-call");
        town.pass(CALL_MS);
        assert_eq!(town.call(OPERATOR, call), "1 live, 0 held");
        town.pass(1);
        assert_eq!(town.call(OPERATOR, call), "portal.no-such-call");
        assert_eq!(word(&town.hold_for(call)), "portal.no-such-call");
    });
}

#[test]
fn s13_r1_who_fits_nobody_or_several_is_not_identified_and_slowed() {
    each_database("portal_misses", |store| {
        let town = Town::new(store);
        town.person_with_card(1);
        town.settle(2, "ｵﾂﾔﾏ ﾊﾅｺ", "架空県みどり市青葉町9番1号");
        town.settle(3, "ｵﾂﾔﾏ ﾊﾅｺ", "架空県みどり市青葉町9番1号");
        let nobody = answers("コウノハナコ", Some("0000002"), None);
        let several = answers("オツヤマハナコ", None, Some("9-1"));
        let mut waits = Vec::new();
        for n in 0..MISSES_MAX {
            let refusal = town.identify(if n % 2 == 0 { &nobody } else { &several }).unwrap_err();
            assert_eq!(refusal.help.code, "portal.not-identified");
            waits.push(refusal.wait_ms);
        }
        assert_eq!(waits, [0, 0, 0, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
        let right = answers("コウノハナコ", Some("0000001"), None);
        assert_eq!(town.identify(&right).unwrap_err().help.code, "portal.guessing", "right answers too");
        let alarms = town.store.look(|tx| {
            tx.rows_of_both("select count(*) from audit_row where outcome = 'alarm'", &[], |row| row.int(0))
        });
        assert_eq!(alarms.unwrap().iter().sum::<i64>(), 1);
        town.pass(MISS_WINDOW_MS - 1);
        assert_eq!(word(&town.identify(&right)), "portal.guessing");
        town.pass(1);
        assert_eq!(word(&town.identify(&right)), "yes");
        town.no_row_names_anybody();
    });
}

#[test]
fn s13_r1_whoever_is_no_operator_identifies_nobody() {
    each_database("portal_nobody", |store| {
        let town = Town::new(store);
        town.person_with_card(1);
        let right = answers("コウノハナコ", Some("0000001"), None);
        let said = town.own(1, |tx, cx| crate::identify(tx, cx, &right));
        assert_eq!(word(&said), "portal.no-such-call");
    });
}
