//! The nation held against itself: the same on every machine and in any steps, and whole on every day.
//!
//! Always holds: small nations of a fixed seed and day; the pinned hash changes only with the story.
//! Not here: words, places and institutions, which have tests of their own; what Shikaku makes of the lines (`tests`).

use super::{
    figures::{Figures, compare},
    filings::Wrong,
    insurance::Holder,
    person::{Fate, Who, Work},
    published::Published,
    telling::Hash,
    *,
};
use base::Date;
use formats::feed::{self, Record};
use std::collections::{BTreeMap, BTreeSet};

fn base() -> Date {
    Date::new(2026, 11, 20).unwrap()
}

fn nation(people: u32) -> Nation {
    Nation::new(Plan::new(1, people, base()))
}

#[test]
fn the_same_seed_gives_the_same_lines_and_events_on_every_machine() {
    let nation = nation(3_000);
    let mut hash = Hash::default();
    for number in 0..nation.plan.blocks() {
        hash.add(&nation.block(number, base()).hash(base()));
    }
    expect_test::expect!["6445ed28010c81c77ed1645e50a105c5afdc4c13888fe739e4922e9dd9c89e3b"]
        .assert_eq(&hash.text());
    let mut threads = Hash::default();
    nation.in_order(
        0..nation.plan.blocks(),
        base(),
        3,
        |block| block.hash(base()),
        |_, hash| {
            threads.add(&hash);
            true
        },
    );
    assert_eq!(threads.text(), hash.text(), "the number of threads changes nothing");
    let other = Nation::new(Plan::new(2, 3_000, base()));
    assert_ne!(other.block(0, base()).hash(base()), nation.block(0, base()).hash(base()));
}

#[test]
fn a_story_told_in_steps_is_the_story_told_at_once() {
    let nation = nation(1_000);
    let later = base().plus_days(40);
    let whole = nation.block(0, later);
    let mut steps = nation.block(0, base());
    while steps.day < later {
        let next = steps.day.plus_days(7).min(later);
        steps.tell(&nation.institutions, next);
    }
    assert!(whole.hash(later) == steps.hash(later));
    // And what was sent by a day does not depend on how far the story is told.
    assert!(whole.hash(base()) == nation.block(0, base()).hash(base()));
}

#[test]
fn every_line_is_one_that_the_door_reads_and_people_come_before_what_is_said_of_them() {
    let nation = nation(2_000);
    let mut numbers = BTreeSet::new();
    let mut serials = BTreeSet::new();
    for number in 0..2 {
        let block = nation.block(number, base().plus_days(120));
        assert!(block.sent.windows(2).all(|pair| pair[0].day <= pair[1].day));
        for sent in &block.sent {
            let line = feed::line(&sent.record);
            let read = feed::read(line.as_bytes()).unwrap_or_else(|problem| panic!("{problem:?} in {line}"));
            assert!(read == sent.record);
            match &sent.record {
                Record::Resident(resident) => drop(numbers.insert(resident.my_number.clone())),
                Record::Coverage(coverage) => assert!(numbers.contains(&coverage.my_number), "{line}"),
                Record::Enrolment(enrolment) => assert!(numbers.contains(&enrolment.my_number), "{line}"),
                Record::Certificate(certificate) => {
                    assert!(serials.insert(certificate.serial.clone()), "{line}");
                    match &certificate.holder {
                        feed::Holder::MyNumber(number) => assert!(numbers.contains(number), "{line}"),
                        feed::Holder::Succeeds(serial) => assert!(serials.contains(serial), "{line}"),
                    }
                }
                Record::CertificateState(state) => assert!(serials.contains(&state.serial), "{line}"),
                _ => panic!("{line}"),
            }
        }
    }
    for record in nation.directory().step_by(37) {
        feed::read(feed::line(&record).as_bytes()).expect("the directory's lines are read too");
    }
}

#[test]
fn a_day_in_a_year_leaves_everybody_whole() {
    let nation = nation(2_000);
    let mut block = nation.block(1, base());
    for month in 1..=14 {
        block.tell(&nation.institutions, base().plus_months(month));
        let mut kept = vec![0; block.people.len()];
        for (place, household) in block.households.iter().enumerate() {
            for who in &household.members {
                kept[usize::from(*who)] += 1;
                assert_eq!(usize::from(block.person(*who).household), place);
                assert!(block.person(*who).lives());
            }
        }
        for (who, person) in block.people.iter().enumerate() {
            let who = who as Who;
            assert_eq!(kept[usize::from(who)], i32::from(person.lives()), "one household each");
            whole(&block, &nation, who);
        }
    }
    let happened: BTreeSet<&str> = block.events.iter().map(|event| event.what).collect();
    for wanted in [
        "born",
        "died",
        "marriage",
        "moved",
        "started-work",
        "changed-employer",
        "retired",
        "seventy",
        "seventy-five",
        "card-issued",
        "card-renewed",
        "card-lost",
    ] {
        assert!(happened.contains(wanted), "{wanted} never happened in {happened:?}");
    }
}

/// What holds of each person on each day.
fn whole(block: &Block, nation: &Nation, who: Who) {
    let person = block.person(who);
    if let Some(spouse) = person.spouse.filter(|_| person.lives()) {
        assert_eq!(block.person(spouse).spouse, Some(who));
        assert!(block.person(spouse).lives());
    }
    if let Some(mother) = person.mother {
        assert!(person.birth.days_since(block.person(mother).birth) > 17 * 365);
    }
    let spells = &person.spells;
    assert!(spells.iter().rev().skip(1).all(|spell| spell.until.is_some()), "only the last runs");
    for pair in spells.windows(2) {
        assert!(pair[0].until.unwrap().0 <= pair[1].from, "memberships do not overlap in truth");
        assert!(pair[0].from <= pair[0].until.unwrap().0);
    }
    assert_eq!(person.spell().is_some(), person.lives(), "everybody who lives is insured somewhere, once");
    let Some(spell) = person.spell() else { return };
    let insurer = &nation.institutions.insurers()[spell.due.insurer as usize];
    let kind = insurer.kind;
    assert_eq!(
        kind == institutions::InsurerKind::Union,
        person.age(block.day) >= 75 && !person.is_aided,
        "75 and over, and nobody else, is with a union"
    );
    let unions_began = Date::new(2008, 4, 1).unwrap();
    assert!(
        kind != institutions::InsurerKind::Union || spell.from >= unions_began,
        "no union was before that"
    );
    assert_eq!(kind == institutions::InsurerKind::Welfare, person.is_aided);
    match spell.due.holder {
        Holder::Person(holder) if holder != who => {
            assert!(!spell.due.is_own);
            assert!(matches!(block.person(holder).work, Work::Employed(..) | Work::Alone(Some(_))));
            assert!(block.person(holder).lives() && block.person(holder).age(block.day) < 75);
        }
        Holder::Person(_) => assert!(spell.due.is_own),
        Holder::Household(household) => assert_eq!(household, person.household),
    }
    let live = person.certificates.iter().filter(|certificate| certificate.fate == Fate::Live).count();
    assert!(live <= 1);
    assert!(person.certificates.iter().all(|certificate| certificate.issued_on < certificate.until));
}

#[test]
fn numbers_on_papers_are_one_persons_alone() {
    let nation = nation(6_000);
    let mut seen = BTreeMap::new();
    for number in 0..nation.plan.blocks() {
        let block = nation.block(number, base());
        for (who, person) in block.people.iter().enumerate() {
            for spell in &person.spells {
                let kind = nation.institutions.insurers()[spell.due.insurer as usize].kind;
                if kind == institutions::InsurerKind::Welfare {
                    continue; // a recipient's number has six digits and its check digit, so some meet
                }
                let key = (
                    spell.due.insurer,
                    spell.symbol.clone(),
                    base::canonical_key(&spell.number),
                    spell.branch,
                );
                let before = seen.insert(key, (number, who));
                assert!(before.is_none_or(|before| before == (number, who)), "two people have one number");
            }
        }
    }
}

#[test]
fn every_recorded_kind_of_mistake_happens_and_none_too_often() {
    let mut plan = Plan::new(3, 24_000, base());
    plan.mistakes = 100;
    let nation = Nation::new(plan);
    let mut counted: BTreeMap<Wrong, u32> = BTreeMap::new();
    for number in 0..plan.blocks() {
        let block = nation.block(number, base().plus_days(200));
        let spells = block.people.iter().flat_map(|person| &person.spells);
        for mistake in spells.filter_map(|spell| spell.mistake.as_ref()) {
            *counted.entry(mistake.kind).or_default() += 1;
            assert_eq!(mistake.kind.is_of_person(), mistake.other.is_some());
        }
    }
    for kind in Wrong::ALL {
        assert!(counted.contains_key(&kind), "{} never happened in {counted:?}", kind.word());
    }
    let field = self::nation(12_000);
    let held = (0..12).flat_map(|number| {
        let block = field.block(number, base());
        let all = block.people.iter().filter_map(|person| person.spell().cloned()).collect::<Vec<_>>();
        all.into_iter().filter(|spell| spell.mistake.as_ref().is_some_and(|wrong| wrong.kind.holds_back()))
    });
    let held = held.count();
    assert!(
        (12..180).contains(&held),
        "about one in a hundred disagrees, as in the field, not {held} of 12,000"
    );
}

#[test]
fn the_population_comes_near_the_published_totals() {
    let nation = nation(20_000);
    let mut figures = Figures::new();
    nation.count(&mut figures);
    for number in 0..nation.plan.blocks() {
        nation.block(number, base()).count(&nation.institutions, &mut figures);
    }
    assert!((19_800..20_200).contains(&figures.people()));
    let comparisons = compare(&figures, &Published::of_japan());
    assert!(comparisons.len() > 60);
    for one in
        comparisons.iter().filter(|one| ["age3", "women", "insured", "size", "card"].contains(&one.what))
    {
        let difference = one.difference().unwrap_or(0).abs();
        assert!(difference <= 400, "{} is {} hundredths of a percent away", one.en, difference);
    }
}

#[test]
fn the_truth_names_nobody_and_has_a_line_for_each_membership() {
    let nation = nation(1_000);
    let block = nation.block(0, base());
    let lines = truth::lines(&block, &nation.institutions);
    assert_eq!(lines.len(), block.people.iter().map(|person| person.spells.len()).sum::<usize>());
    let columns = truth::HEADER.split(',').count();
    assert!(lines.iter().all(|line| line.is_ascii() && line.split(',').count() == columns));
}
