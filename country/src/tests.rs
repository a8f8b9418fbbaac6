//! The country as a reviewer wants to see it, and what settling leaves in both databases.
//!
//! Always holds: one seed and one day; the committed `patients.csv` is what they give, with plain line ends.
//! Not here: what a desk answers about these people; the end-to-end tests ask.

mod cards;

use crate::*;
use audit::testing::each_database;
use base::{Actor, BirthDate, InsurerNumber, Purpose, canonical_key};
use coverage::rules::{Ask, Fit, Found, fit, same_numbers, stories};
use expect_test::{expect, expect_file};
use std::collections::BTreeSet;
use store::Store;

const SEED: u64 = 1;

fn day(text: &str) -> Date {
    Date::parse8(text).unwrap()
}

fn today() -> Date {
    day("20261120")
}

/// Settles patient by patient, each step in a transaction of its own, as `app` does.
fn settle_all(store: &Store, today: Date) -> Settled {
    let ids = store::testing::seeded_ids(today.as_number() << 32);
    let cx = Cx::new(today.begins(), Actor::System, Purpose::Registration, ids.as_ref());
    let mut all = Settled::default();
    for patient in patients(SEED, today) {
        loop {
            let was_settled = store.look(|tx| is_settled(tx, &patient)).unwrap();
            let one = store.record(cx.now, |tx| settle_one(tx, &cx, &patient)).unwrap();
            assert_eq!(one.recorded == 0, was_settled, "{}", patient.id);
            all.recorded += one.recorded;
            if one.unfinished == 0 {
                break;
            }
        }
        all.patients += 1;
    }
    all
}

fn settle_at_once(store: &Store, today: Date, extra: &[Patient]) -> Settled {
    let ids = store::testing::seeded_ids(today.as_number() << 32);
    let cx = Cx::new(today.begins(), Actor::System, Purpose::Registration, ids.as_ref());
    store.record(cx.now, |tx| settle(tx, &cx, today, SEED, extra)).unwrap()
}

/// Every coverage of the country with all its versions.
fn everything(store: &Store, today: Date) -> Vec<Found> {
    let ids: BTreeSet<_> =
        patients(SEED, today).iter().flat_map(|p| &p.filings).map(|filing| filing.coverage).collect();
    let found: Result<Vec<Found>> = store.look(|tx| ids.iter().map(|id| coverage::get(tx, *id)).collect());
    let mut found = found.unwrap();
    for (id, found) in ids.iter().zip(&mut found) {
        // Other coverages of the same person come with it; here each is wanted once.
        found.entries.retain(|entry| entry.coverage == *id);
        found.facts.retain(|fact| fact.coverage == *id);
    }
    found
}

fn count(found: &[Found]) -> (usize, usize) {
    (found.iter().map(|f| f.entries.len()).sum(), found.iter().map(|f| f.facts.len()).sum())
}

#[test]
fn the_patients_of_a_day_are_the_committed_ones() {
    let text = String::from_utf8(csv(&patients(SEED, today()))).unwrap();
    let plain = text.strip_prefix('\u{feff}').unwrap().replace("\r\n", "\n");
    assert!(!plain.contains('\r'));
    expect_file!["../patients.csv"].assert_eq(&plain);
}

#[test]
fn ids_are_stable_and_nobody_shares_one() {
    let all = patients(SEED, today());
    let names: BTreeSet<&str> = all.iter().map(|patient| patient.id.as_str()).collect();
    assert_eq!(names.len(), all.len());
    let residents: Vec<&Resident> = all.iter().flat_map(|patient| &patient.residents).collect();
    let people: BTreeSet<i64> = residents.iter().map(|resident| resident.id.raw()).collect();
    let numbers: BTreeSet<&str> = residents.iter().map(|resident| resident.number.reveal()).collect();
    assert_eq!((people.len(), numbers.len()), (residents.len(), residents.len()));
    let first = &all[0];
    expect!["per_2SZT36F5B8E8X cov_50D77VGT4FP10"]
        .assert_eq(&format!("{} {}", first.residents[0].id, first.filings[0].coverage));
    // Another day: the same ids, in the same order. Another seed: other people.
    let ids = |all: &[Patient]| -> Vec<i64> {
        all.iter().flat_map(|p| &p.filings).map(|filing| filing.coverage.raw()).collect()
    };
    assert_eq!(ids(&all), ids(&patients(SEED, day("20280229"))));
    assert!(ids(&all).iter().all(|id| !ids(&patients(SEED + 1, today())).contains(id)));
}

#[test]
fn every_row_is_about_somebody_or_asks_only() {
    for patient in patients(SEED, today()) {
        let is_question = patient.filings.is_empty();
        let only_asks = ["P009", "P034"].iter().any(|row| patient.id.starts_with(row));
        let not_insured = patient.id.starts_with("P069");
        assert_eq!(is_question, only_asks || not_insured, "{}", patient.id);
        assert_eq!(
            patient.residents.is_empty(),
            only_asks || patient.id.starts_with("P040"),
            "{}",
            patient.id
        );
        let unknown = patient.id.starts_with("P040");
        for filing in &patient.filings {
            let known = patient.residents.iter().any(|resident| resident.number == filing.number);
            assert_ne!(known, unknown, "{}", patient.id);
            assert!(patient.insurers.iter().any(|(number, _)| *number == filing.entry.insurer));
            let of_same = patient.filings.iter().filter(|other| other.coverage == filing.coverage).count();
            assert!(of_same <= 2, "{}: only the first and the last of several filings are filed", patient.id);
        }
    }
}

#[test]
fn nothing_can_be_taken_for_real() {
    for (number, name) in insurers() {
        assert!(InsurerNumber::parse_checked(number.as_str()).is_ok());
        let prefecture = number.as_str().len() - 6;
        assert_eq!(&number.as_str()[prefecture..prefecture + 2], "99");
        assert!(name.starts_with("架空"), "{name}");
    }
    let clinics = clinics(today());
    for clinic in &clinics {
        assert!(clinic.code.as_str().starts_with("99") && clinic.postcode.starts_with("000-"));
        assert!(clinic.name.starts_with("架空"), "{}", clinic.name);
    }
    let opened: Vec<_> = clinics
        .iter()
        .map(|clinic| {
            let began = |day: Option<Date>| day.is_some_and(|day| day <= today());
            format!(
                "{} {} {} {}",
                clinic.code,
                clinic.kind,
                began(clinic.pre_operation_from),
                began(clinic.operates_from)
            )
        })
        .collect();
    expect![[r#"
        9910100016 clinic false true
        9940100028 pharmacy false true
        9910100032 hospital false true
        9930100046 dental true false
        9910100057 clinic false false"#]]
    .assert_eq(&opened.join("\n"));
}

#[test]
fn each_question_finds_who_it_means() {
    each_database("country_questions", |store| {
        settle_all(store, today());
        let mut said = String::new();
        for patient in patients(SEED, today()) {
            let query = &patient.query;
            let ask = Ask {
                insurer: InsurerNumber::parse(&query.insurer_number).unwrap(),
                symbol_key: canonical_key(&query.symbol),
                number_key: canonical_key(&query.number),
                branch: (!query.branch.is_empty()).then(|| BranchNumber::parse(&query.branch).unwrap()),
                birth: BirthDate::parse8(&query.birth_date).unwrap(),
            };
            let found = store.look(|tx| coverage::find(tx, &ask)).unwrap();
            let hits = stories(&found, found.revision)
                .into_iter()
                .filter(|s| same_numbers(&ask, &s.entry.new) && fit(&ask, &s.entry.new) == Fit::Same)
                .count();
            // One coverage each, but for those who must find none, twins, and who joined again.
            match (patient.outcome.as_str(), hits) {
                ("none", 0) | (_, 1) => {}
                _ => said += &format!("{} {hits}\n", patient.id),
            }
        }
        expect![[r#"
            P009-twins-without-branch 2
            P030-joined-again 2
        "#]]
        .assert_eq(&said);
    });
}

#[test]
fn settling_twice_records_nothing_and_a_later_day_only_corrects() {
    each_database("country_settle", |store| {
        let first = settle_all(store, today());
        assert_eq!(first.patients, patients(SEED, today()).len());
        assert!(first.recorded > 100, "{first:?}");
        let before = everything(store, today());
        let again = settle_all(store, today());
        assert_eq!((again.recorded, again.patients), (0, first.patients));
        assert_eq!(settle_at_once(store, today(), &[]).recorded, 0);
        assert_eq!(count(&everything(store, today())), count(&before));

        let later = today().plus_days(30);
        let moved = settle_all(store, later).recorded;
        assert!((1..first.recorded / 2).contains(&moved), "{moved} of {}", first.recorded);
        let after = everything(store, later);
        let new = |was: usize, is: usize| is - was;
        let ((entries, facts), (more_entries, more_facts)) = (count(&before), count(&after));
        let registered = |on| patients(SEED, on).into_iter().flat_map(|patient| patient.residents);
        let reborn = registered(today()).zip(registered(later)).filter(|(a, b)| a.attributes != b.attributes);
        assert_eq!(new(entries, more_entries) + new(facts, more_facts) + reborn.count(), moved);
        for (old, now) in before.iter().zip(&after) {
            // Old rows remain, and every new one replaces one: nobody and nothing is registered anew.
            assert!(old.entries.iter().all(|row| now.entries.iter().any(|other| other.id == row.id)));
            assert!(old.facts.iter().all(|row| now.facts.iter().any(|other| other.id == row.id)));
            assert!(now.entries[old.entries.len()..].iter().all(|row| row.replaces.is_some()));
            let fresh = now.facts.iter().filter(|row| old.facts.iter().all(|other| other.id != row.id));
            assert!(fresh.into_iter().all(|row| row.replaces.is_some()));
        }
        assert_eq!(settle_all(store, later).recorded, 0);
    });
}

#[test]
fn a_corrected_loss_has_both_stories_under_revisions_of_their_own() {
    each_database("country_corrected", |store| {
        settle_all(store, today());
        let all = patients(SEED, today());
        let corrected = all.iter().find(|patient| patient.id == "P029-loss-corrected").unwrap();
        let found = store.look(|tx| coverage::get(tx, corrected.filings[0].coverage)).unwrap();
        let lost_at: Vec<bool> = found
            .facts
            .iter()
            .map(|fact| fact.revision)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|revision| stories(&found, revision).iter().any(|story| story.loss().is_some()))
            .collect();
        assert_eq!(lost_at, [true, false]);
    });
}

#[test]
fn settling_at_once_says_the_same() {
    each_database("country_at_once", |store| {
        let settled = settle_at_once(store, today(), &[]);
        assert_eq!(settled.patients, patients(SEED, today()).len());
        assert_eq!(settle_all(store, today()).recorded, 0);
    });
}

#[test]
fn s5_r2_held_back_are_exactly_those_who_should_be() {
    each_database("country_held", |store| {
        settle_all(store, today());
        // P028's successor, P038, P039 and P041, and P040, who has no person to link to at all.
        assert_eq!(store.look(registration::count_held).unwrap(), 5);
    });
}

const OWN: &str = "\u{feff}note,id,insurer_number,symbol,number,branch,birth_date,outcome,expected_validity,name,kana,sex,\
    qualified_on,disqualified_on,loss_reason,rate,address,insurer_name,relation\r\n\
    \"one, \"\"two\"\"\",mine-1,06990010,１２,34,1,1990/4/1,valid,1,検査　一,ｹﾝｻ ﾊｼﾞﾒ,1,-2y,,,,架空県,自社テスト健保,1\r\n\
    ,mine-2,  990010,,7,,-72y,,,,,,,,,20,,,\r\n\
    ,mine-3,39990010,,7,,19450600,invalid,2,,,,20200701,-30d,1,30,,,\r\n\
    ,mine-4,12990010,,7,,19700101,,,,,,,,,,,,\r\n\
    ,mine-5,12990010,,8,,19700101,none,4,,,,,,,,,,\r\n";

fn own(text: &str) -> (Vec<Patient>, Vec<base::Problem>) {
    read_csv(text.as_bytes(), SEED, today())
}

fn shown(patient: &Patient) -> String {
    let q = &patient.query;
    let mut line = format!(
        "{} {:?} [{}|{}|{}|{}|{}] {:?}",
        patient.id,
        patient.note,
        q.insurer_number,
        q.symbol,
        q.number,
        q.branch,
        q.birth_date,
        patient.expected_validity
    );
    for filing in &patient.filings {
        let entry = &filing.entry;
        line += &format!("\n  {} {} {}", patient.insurers[0].1, entry.card_class, entry.qualified_on);
        for fact in &filing.facts {
            line += &format!("\n  {:?} {:?} {:?}", fact.what, fact.starts_on, fact.ends_on);
        }
    }
    line
}

#[test]
fn a_vendors_patients_are_read_and_settled() {
    let (read, problems) = own(OWN);
    assert_eq!(problems, []);
    expect![[r#"
        mine-1 "one, \"two\"" [06990010|１２|34|01|19900401] "1"
          自社テスト健保 01 2024-11-20
        mine-2 "" [  990010||7||19541120] ""
          架空県みどり市 01 2025-11-20
          Elderly { percent: 20 } Some(2026-08-01) Some(2027-07-31)
        mine-3 "" [39990010||7||19450600] "2"
          試験用保険者 01 2020-07-01
          Rate { percent: 30 } Some(2026-08-01) Some(2027-07-31)
          Loss { reason: "01" } Some(2026-10-21) None
        mine-4 "" [12990010||7||19700101] ""
          試験用保険者 A1 2025-11-20
          Ticket { kind: "01", treatment: "02", facility: "9910100016", number: "2026110000", self_pay: 0 } Some(2026-11-01) Some(2026-11-30)
        mine-5 "" [12990010||8||19700101] "4""#]].assert_eq(&read.iter().map(shown).collect::<Vec<_>>().join("\n"));
    each_database("country_own", |store| {
        let with = settle_at_once(store, today(), &read);
        assert_eq!(with.patients, patients(SEED, today()).len() + read.len());
        assert_eq!(settle_at_once(store, today(), &read).recorded, 0);
    });
}

#[test]
fn bad_lines_are_problems_and_the_others_are_read() {
    let head = "id,outcome,insurer_number,symbol,number,branch,birth_date,expected_validity,expected_code,colour,\
        disqualified_on,loss_reason,rate,insurer_name,relation\n";
    let lines = "P001-mine,,6990010,,,x,19901301,9,ABC,,,1,15,,3\n\
        good,,06990010,,1,,19800401,,,,,,,First,\n\
        good,,06990010,,2,,19800401,,,,,,,Second,\n\
        named,,06990010,,3,,19800401,,,,,,,Third,\n\
        ours,,06990010,,4,,19800401,,,,-3y,,,,\n\
        \n\
        short,,06990010,,5\n\
        far,,06990010,,6,,-99999999y,,,,,,,,\n";
    let (read, problems) = own(&format!("{head}{lines}"));
    let said: Vec<_> =
        problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
    expect![[r#"
        line 1, column 10: not a column that is known; it is left out
        line 2, id: letters, digits, - and _; 64 at most; not P, three digits and -, which begin our own
        line 2, insurer_number: six or eight digits; spreadsheets drop a leading zero
        line 2, number: must not be empty
        line 2, branch: one or two digits, or empty
        line 2, birth_date: no day such as 19800401, 19450600 or -4y
        line 2, relation: one of [1, 2], or empty
        line 2, expected_validity: one of [1, 2, 3, 4, 5, 6], or empty
        line 2, expected_code: nine characters, or empty
        line 4, id: used by an earlier row; small letters and capitals, - and _ count as the same
        line 6, disqualified_on: before qualified_on
        line 7, birth_date: no day such as 19800401, 19450600 or -4y
        line 9, birth_date: no day such as 19800401, 19450600 or -4y
        id named, insurer_name: the insurer has another name already; that one stays"#]]
    .assert_eq(&said.join("\n"));
    assert_eq!(read.iter().map(|patient| patient.id.as_str()).collect::<Vec<_>>(), ["good", "named"]);
}

#[test]
fn a_card_that_nobody_of_that_age_can_have_is_a_problem_of_its_line() {
    let row = |birth: &str, state: &str| {
        let id = format!("mine-{}-{state}", birth.trim_start_matches('-'));
        format!("{id},06990010,{},{birth},{state}\n", 1 + birth.len())
    };
    let head = "id,insurer_number,number,birth_date,card_state\n";
    // Today is 20 November 2026.
    let bad = [
        ("20261120", "grace"),
        ("20261120", "near-expiry"),
        ("20230401", "expired"),
        ("20261101", "superseded"),
        ("20251002", "superseded"),
        ("20230401", "renewed"),
        ("20111119", "child"),
        ("20250600", "expired"),
    ];
    let good = [
        ("20251119", "near-expiry"),
        ("20240301", "grace"),
        ("20200301", "expired"),
        ("20251001", "superseded"),
        ("20200301", "renewed"),
        ("20261120", "valid"),
        ("20261120", "next-generation"),
        ("20111121", "child"),
        ("20250600", "near-expiry"),
    ];
    let text: String = bad.iter().chain(&good).map(|(birth, state)| row(birth, state)).collect();
    let (read, problems) = own(&format!("{head}{text}"));
    let said: Vec<_> =
        problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
    expect![[r#"
        line 2, card_state: born too late for a certificate that ended on the last birthday
        line 3, card_state: born today: there is no earlier day on which a card was issued
        line 4, card_state: born too late for a certificate that ended in 2025 or before; it would still be valid
        line 5, card_state: born too late for an old card and a new one; new ones come on 2 October of odd years
        line 6, card_state: born too late for an old card and a new one; new ones come on 2 October of odd years
        line 7, card_state: born too late for a second certificate; the first would be the only one
        line 8, card_state: child is for somebody below 15 on this day
        line 9, card_state: born too late for a certificate that ended in 2025 or before; it would still be valid"#]].assert_eq(&said.join("\n"));
    assert_eq!(read.len(), good.len());
    // Whatever is read can be issued and told to Shikaku, on this day and in every state.
    each_database("country_own_states", |store| {
        settle_at_once(store, today(), &read);
        let ids = store::testing::seeded_ids(9);
        let cx = Cx::new(today().begins(), Actor::System, Purpose::Registration, ids.as_ref());
        for patient in &read {
            let story = card(SEED, today(), patient).unwrap();
            assert!(store.change(|tx| settle_card(tx, &cx, &story)).unwrap(), "{}", patient.id);
            story.issue().unwrap();
        }
    });
    for days in (0..1500).step_by(7) {
        let day = today().plus_days(days);
        for patient in patients(SEED, day) {
            let story = card(SEED, day, &patient);
            assert_eq!(chain::misfit(&patient, story.as_ref(), day), None, "{} on {day}", patient.id);
        }
    }
}

#[test]
fn ids_that_would_be_files_of_ours_are_refused_in_any_letters() {
    let head = "id,insurer_number,number,birth_date\n";
    for id in ["P001-valid-employee", "p001-valid-employee", "P001_valid_employee"] {
        let (read, problems) = own(&format!("{head}{id},06990010,1,19800401\n"));
        assert_eq!((read.len(), problems.len()), (0, 1), "{id}");
    }
    assert_eq!(own(&format!("{head}P01-mine,06990010,1,19800401\n")).1, []);
}

#[test]
fn a_file_that_is_no_such_csv_is_one_problem() {
    let first = |bytes: &[u8]| {
        let (read, problems) = read_csv(bytes, SEED, today());
        assert!(read.is_empty());
        problems.iter().map(|problem| format!("{}: {}\n", problem.place, problem.what)).collect::<String>()
    };
    let mut said = String::new();
    said += &first(b"");
    said += &first(b"id,number\nx,1\n");
    said += &first(b"id,note\nx,\x8e\x8e\x8c\xb1\n");
    said += &first(&vec![b'x'; (4 << 20) + 1]);
    expect![[r#"
        line 1: no header that names id, insurer_number, number and birth_date
        line 1: no header that names id, insurer_number, number and birth_date
        line 2: not UTF-8; save it as CSV UTF-8 (Shift_JIS is not read)
        file: larger than 4 MiB; nothing is read
    "#]]
    .assert_eq(&said);
    // Our own file reads back as a vendor's, but for its ids, which are ours.
    let (read, problems) = read_csv(&csv(&patients(SEED, today())), SEED, today());
    assert_eq!((read.len(), problems.len()), (0, patients(SEED, today()).len()));
    let renamed = String::from_utf8(csv(&patients(SEED, today()))).unwrap().replace("\r\nP", "\r\nmine-P");
    let (read, problems) = own(&renamed);
    assert_eq!((read.len(), problems), (patients(SEED, today()).len(), vec![]));
}

#[test]
fn the_country_holds_on_every_day_of_some_years() {
    for days in (0..1500).step_by(7) {
        let day = today().plus_days(days);
        for patient in patients(SEED, day) {
            let preschool = patient.filings.first().and_then(|filing| filing.entry.birth.school_begins());
            let is_preschool = preschool.is_some_and(|begins| day < begins);
            assert_eq!(is_preschool, patient.id.starts_with("P002"), "{} on {day}", patient.id);
            assert!(patient.filings.iter().flat_map(|f| &f.facts).all(|fact| fact.starts_on <= Some(day)));
        }
    }
}
