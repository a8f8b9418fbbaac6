//! Stories in, outcomes out.
//!
//! Always holds: a story has the same outcome on both databases.
//! Not here: Host, Origin and the permissions of every route (`tests/`).
//! Rules come from: docs/rules.md S1 r9, S11 r1; DESIGN section 5.

mod admitting;

use crate::{refusals, rules::*};
use ::store::{Store, testing::seeded_ids};
use audit::testing::each_database;
use base::{Actor, Answer, Cx, Date, FacilityCode, Id, IdSource, Instant, Purpose, Role, kinds};
use expect_test::{Expect, expect};
use std::{fmt::Write, sync::Arc};

fn day(text: &str) -> Date {
    Date::parse8(text).unwrap()
}

fn clinic() -> FacilityEntry {
    FacilityEntry {
        code: FacilityCode::parse("0110113719").unwrap(),
        name: "みどり坂内科医院".to_owned(),
        kind: Kind::Clinic,
        postcode: None,
        address: None,
        pre_operation_from: Some(day("20210304")),
        operates_from: Some(day("20211020")),
        closes_on: Some(day("20270401")),
    }
}

struct Desk<'s> {
    store: &'s Store,
    ids: Arc<dyn IdSource>,
    now: Instant,
    actor: Actor,
}

impl Desk<'_> {
    fn new(store: &Store) -> Desk<'_> {
        let now = day("20261120").begins();
        Desk { store, ids: seeded_ids(1000), now, actor: Actor::System }
    }

    fn at_facility(self, facility: i64) -> Self {
        let actor = Actor::Staff { staff: 1, role: Role::FacilityAdministrator, facility: Some(facility) };
        Desk { actor, ..self }
    }

    fn cx(&self) -> Cx<'_> {
        Cx::new(self.now, self.actor, Purpose::Administration, self.ids.as_ref())
    }

    fn record(&self, id: i64, entry: &FacilityEntry) -> Answer<bool> {
        self.store.record(self.now, |tx| crate::record(tx, &self.cx(), facility(id), entry)).unwrap()
    }

    fn admit(&self, id: i64, fingerprint: u8) -> Answer<Id<kinds::Terminal>> {
        let new = NewTerminal {
            facility: facility(id),
            label: "受付1".to_owned(),
            fingerprint: [fingerprint; 32],
            expires_at: self.now.plus_ms(1000),
        };
        self.store.change(|tx| crate::admit_terminal(tx, &self.cx(), &new)).unwrap()
    }

    fn bar(&self, terminal: Id<kinds::Terminal>) -> Answer<Id<kinds::Facility>> {
        self.store.change(|tx| crate::bar_terminal(tx, &self.cx(), terminal)).unwrap()
    }

    fn speaks_for(&self, fingerprint: u8, after_ms: i64) -> Option<i64> {
        let now = self.now.plus_ms(after_ms);
        let found = self.store.look(|tx| crate::terminal(tx, &[fingerprint; 32], now)).unwrap();
        found.map(|admitted| admitted.facility.raw())
    }
}

fn facility(raw: i64) -> Id<kinds::Facility> {
    Id::new(raw).unwrap()
}

fn check(told: &str, outcome: Expect) {
    outcome.assert_eq(told);
}

fn word<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    answer.map_or_else(|refusal| refusal.to_string(), |value| format!("{value:?}"))
}

#[test]
fn s1_r9_a_state_begins_on_its_day() {
    let mut told = String::new();
    for on in ["20210303", "20210304", "20211019", "20211020", "20270331", "20270401"] {
        writeln!(told, "{on} {:?}", state(&clinic(), day(on))).unwrap();
    }
    let undated =
        FacilityEntry { pre_operation_from: None, operates_from: None, closes_on: None, ..clinic() };
    writeln!(told, "without dates {:?}", state(&undated, day("20261120"))).unwrap();
    let closed_early = FacilityEntry { closes_on: Some(day("20261120")), ..undated };
    writeln!(told, "closed before it began {:?}", state(&closed_early, day("20261120"))).unwrap();
    check(
        &told,
        expect![[r#"
            20210303 NotYet
            20210304 PreOperation
            20211019 PreOperation
            20211020 Operating
            20270331 Operating
            20270401 Closed
            without dates NotYet
            closed before it began Closed
        "#]],
    );
}

#[test]
fn s11_r1_the_operation_start_date_may_change_and_nothing_is_overwritten() {
    each_database("facility_dates", |store| {
        let desk = Desk::new(store);
        let later = FacilityEntry { operates_from: Some(day("20211101")), ..clinic() };
        let mut told = String::new();
        for (what, entry) in [("first", clinic()), ("again", clinic()), ("later", later.clone())] {
            writeln!(told, "{what}: {}", word(desk.record(7, &entry))).unwrap();
        }
        let standing = store.look(|tx| crate::get(tx, facility(7))).unwrap().unwrap();
        let found = store.look(|tx| crate::find(tx, &clinic().code)).unwrap();
        writeln!(told, "stands: {} {:?}", standing.revision, standing.entry.operates_from).unwrap();
        writeln!(told, "the same by code: {}", found == Some(standing)).unwrap();
        check(
            &told,
            expect![[r#"
                first: true
                again: false
                later: true
                stands: 3 Some(2021-11-01)
                the same by code: true
            "#]],
        );
    });
}

#[test]
fn s11_r1_what_is_no_entry_is_refused() {
    each_database("facility_refusals", |store| {
        let desk = Desk::new(store);
        desk.record(7, &clinic()).unwrap();
        let mut told = String::new();
        let code = |body: &str| FacilityCode::from_body(body).unwrap();
        let entries = [
            ("same code", clinic()),
            ("a clinic's code", FacilityEntry { kind: Kind::Pharmacy, ..clinic() }),
            ("no name", FacilityEntry { code: code("131000001"), name: "　".to_owned(), ..clinic() }),
            (
                "closes as it begins",
                FacilityEntry { code: code("131000001"), closes_on: Some(day("20211020")), ..clinic() },
            ),
            ("a dental clinic", FacilityEntry { code: code("133000001"), kind: Kind::Dental, ..clinic() }),
            ("a pharmacy", FacilityEntry { code: code("134000001"), kind: Kind::Pharmacy, ..clinic() }),
        ];
        for (number, (what, entry)) in (8..).zip(entries) {
            writeln!(told, "{what}: {}", word(desk.record(number, &entry))).unwrap();
        }
        let moved = FacilityEntry { code: code("131000002"), ..clinic() };
        writeln!(told, "a new code: {}", word(desk.record(7, &moved))).unwrap();
        writeln!(told, "the old one is free: {}", word(desk.record(20, &clinic()))).unwrap();
        let list = store.look(|tx| crate::list(tx, None, 2)).unwrap();
        let rest = store.look(|tx| crate::list(tx, Some(&list[1].entry.code), 9)).unwrap();
        let ids: Vec<i64> = list.iter().chain(&rest).map(|facility| facility.id.raw()).collect();
        writeln!(told, "in order of codes: {ids:?}").unwrap();
        check(
            &told,
            expect![[r#"
                same code: facilities.code-taken
                a clinic's code: facilities.code-of-other-kind
                no name: facilities.name
                closes as it begins: facilities.dates-out-of-order
                a dental clinic: true
                a pharmacy: true
                a new code: true
                the old one is free: true
                in order of codes: [20, 7, 12, 13]
            "#]],
        );
    });
}

#[test]
fn a_facility_is_found_by_a_part_of_its_name_or_the_beginning_of_its_code() {
    each_database("facilities_search", |store| {
        let desk = Desk::new(store);
        let named = |id: i64, code: &str, name: &str| {
            let entry = FacilityEntry {
                code: FacilityCode::from_body(code).unwrap(),
                name: name.to_owned(),
                ..clinic()
            };
            desk.record(id, &entry).unwrap();
        };
        named(1, "011000001", "架空みどり内科");
        named(2, "011000002", "架空ひばり医院");
        named(3, "131000001", "架空みどりの森診療所");
        named(3, "131000001", "架空ひばりの森診療所"); // renamed
        let found = |typed: &str, after: Option<&FacilityCode>| -> Vec<i64> {
            let found = store.look(|tx| crate::search(tx, &Sought::read(typed), after, 2)).unwrap();
            found.iter().map(|facility| facility.id.raw()).collect()
        };
        let last = FacilityCode::from_body("011000002").unwrap();
        assert_eq!(found("  ", None), [1, 2]);
        assert_eq!(found("", Some(&last)), [3]);
        assert_eq!(found("みどり", None), [1]);
        assert_eq!(found("ひばり", None), [2, 3]);
        assert_eq!(found("ひばり", Some(&last)), [3]);
        assert_eq!(found("％' or '1", None), [0; 0]);
        assert_eq!(found("０１-", None), [1, 2]);
        assert_eq!(found("13", None), [3]);
        assert_eq!(found(&clinic().code.as_str()[..9], None), [0; 0]);
    });
}

#[test]
fn codes_are_read_as_people_type_them() {
    let mut told = String::new();
    for typed in ["0110113719", " ０１１０１１３７１９　", "0110113710", "110113719", "01101１371x", ""]
    {
        writeln!(told, "{typed:?}: {}", word(read_code(typed))).unwrap();
    }
    check(
        &told,
        expect![[r#"
            "0110113719": FacilityCode(0110113719)
            " ０１１０１１３７１９\u{3000}": FacilityCode(0110113719)
            "0110113710": facilities.code-check-digit
            "110113719": facilities.code-shape
            "01101１371x": facilities.code-shape
            "": facilities.code-shape
        "#]],
    );
}

#[test]
fn a_certificate_speaks_for_one_facility_until_it_expires_or_is_barred() {
    each_database("facility_terminals", |store| {
        let desk = Desk::new(store);
        desk.record(7, &clinic()).unwrap();
        let code = FacilityCode::from_body("131000001").unwrap();
        desk.record(8, &FacilityEntry { code, ..clinic() }).unwrap();
        let mut told = String::new();
        writeln!(told, "unknown facility: {}", word(desk.admit(9, 1).map(|_| ()))).unwrap();
        let terminal = desk.admit(7, 1).unwrap();
        writeln!(told, "again the same: {}", desk.admit(7, 1) == Ok(terminal)).unwrap();
        writeln!(told, "for another: {}", word(desk.admit(8, 1).map(|_| ()))).unwrap();
        for after in [0, 999, 1000] {
            writeln!(told, "after {after} ms: {:?}", desk.speaks_for(1, after)).unwrap();
        }
        writeln!(told, "unknown: {:?}", desk.speaks_for(2, 0)).unwrap();
        let desk = desk.at_facility(8);
        writeln!(told, "barred by another facility: {}", word(desk.bar(terminal))).unwrap();
        writeln!(told, "still: {:?}", desk.speaks_for(1, 0)).unwrap();
        let desk = desk.at_facility(7);
        writeln!(told, "barred by its own: {}", desk.bar(terminal).is_ok()).unwrap();
        writeln!(told, "barred again: {}", desk.bar(terminal).is_ok()).unwrap();
        writeln!(told, "then: {:?}", desk.speaks_for(1, 0)).unwrap();
        writeln!(told, "admitted again: {}", word(desk.admit(7, 1).map(|_| ()))).unwrap();
        let listed = store.look(|tx| crate::list_terminals(tx, facility(7))).unwrap();
        writeln!(told, "listed: {}", listed.len()).unwrap();
        check(
            &told,
            expect![[r#"
                unknown facility: facilities.no-such-facility
                again the same: true
                for another: facilities.certificate-used
                after 0 ms: Some(7)
                after 999 ms: Some(7)
                after 1000 ms: None
                unknown: None
                barred by another facility: facilities.no-such-terminal
                still: Some(7)
                barred by its own: true
                barred again: true
                then: None
                admitted again: facilities.certificate-used
                listed: 1
            "#]],
        );
    });
}

#[test]
fn words_and_codes_are_told_apart() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.word()), Some(kind));
    }
    let mut codes: Vec<&str> = refusals::ALL.iter().flat_map(|help| [help.code, help.oqs]).collect();
    assert!(refusals::ALL.iter().all(|help| help.oqs.len() == 9));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 2 * refusals::ALL.len());
}

#[test]
fn s1_r9_counts_say_what_the_rules_say_of_each() {
    each_database("facility_figures", |store| {
        let desk = Desk::new(store);
        let bodies =
            [("011011371", Kind::Clinic), ("014123456", Kind::Pharmacy), ("011999999", Kind::Hospital)];
        for (id, (body, kind)) in (7..).zip(bodies) {
            let code = FacilityCode::from_body(body).unwrap();
            word(desk.record(id, &FacilityEntry { code, kind, ..clinic() }));
        }
        let undated =
            FacilityEntry { pre_operation_from: None, operates_from: None, closes_on: None, ..clinic() };
        word(desk.record(7, &undated));
        for on in ["20210303", "20210304", "20211020", "20270401"] {
            let counts = store.look(|tx| crate::figures(tx, day(on))).unwrap();
            let told = state(&clinic(), day(on));
            let expected =
                [(Kind::Clinic, State::NotYet, 1), (Kind::Hospital, told, 1), (Kind::Pharmacy, told, 1)];
            assert_eq!(counts, expected, "{on}");
        }
    });
}
