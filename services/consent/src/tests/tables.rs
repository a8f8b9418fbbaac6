//! The tables of kinds and groups, and what a single answer says, without a store.
//!
//! Always holds: values in, values out.
//! Not here: the stories.

use super::*;
use std::collections::BTreeSet;

#[test]
fn s1_r5_kinds_have_words_and_stems_of_their_own_and_a_first_day() {
    let words: BTreeSet<&str> = KINDS.iter().map(|kind| kind.word).collect();
    let stems: BTreeSet<&str> = KINDS.iter().map(|kind| kind.stem).collect();
    assert_eq!((words.len(), stems.len()), (KINDS.len(), KINDS.len()));
    for each in &KINDS {
        assert!(kind(each.word) == Some(each) && !each.word.contains(char::is_whitespace), "{}", each.word);
        assert!(each.since() >= day("20211020"), "{}", each.word);
        assert!(each.why_ja.ends_with("使います。") && each.why_en.ends_with('.'), "{}", each.word);
    }
    assert_eq!(kind("limit"), None);
    let usual: Vec<&str> = KINDS.iter().filter(|kind| kind.usual).map(|kind| kind.word).collect();
    assert_eq!(usual, ["checkups", "drugs"]);
}

#[test]
fn s1_r5_a_kind_is_asked_from_its_first_day_when_the_setting_names_it() {
    let all: Vec<&str> = KINDS.iter().map(|kind| kind.word).chain(["no-such-kind"]).collect();
    let mut told = String::new();
    for on in ["20211019", "20211020", "20220910", "20220911", "20230510", "20230511", "20241231", "20250101"]
    {
        let words: Vec<&str> = offered(day(on), &all).iter().map(|kind| kind.word).collect();
        told += &format!("{on} {}\n", words.join(" "));
    }
    let few: Vec<&str> = offered(day("20260601"), &["tests", "drugs"]).iter().map(|kind| kind.word).collect();
    told += &format!("of a few {}\n", few.join(" "));
    expect![[r#"
        20211019 
        20211020 checkups drugs
        20220910 checkups drugs
        20220911 checkups drugs diagnosis
        20230510 checkups drugs diagnosis
        20230511 checkups drugs diagnosis operation
        20241231 checkups drugs diagnosis operation
        20250101 checkups drugs diagnosis operation diagnosis-names infectious allergies drug-allergies tests prescriptions
        of a few drugs tests
    "#]]
    .assert_eq(&told);
}

#[test]
fn s1_r5_groups_come_from_card_class_and_law_code() {
    let cases = [
        ("01", "06", Group::Usual),
        ("01", "", Group::Usual),
        ("02", "39", Group::Usual),
        ("07", "", Group::DefenceForces),
        ("01", "07", Group::DefenceForces),
        ("01", "03", Group::DayLabourer),
        ("01", "04", Group::DayLabourer),
        ("A1", "12", Group::MedicalAid),
        ("A1", "03", Group::MedicalAid),
    ];
    for (card_class, law_code, expected) in cases {
        let group = group(card_class, law_code);
        assert_eq!(group, expected, "{card_class} {law_code}");
        assert_eq!(may_be_shown(group), expected == Group::Usual);
    }
}

fn recorded(consent: i64, given: Given, withdrawn: Vec<(&'static Kind, Instant)>) -> Recorded {
    Recorded { consent: Id::new(consent).unwrap(), until: until(given.given_at), given, withdrawn }
}

fn given(at: Instant, yes: &str, no: &str) -> Given {
    Given {
        person: person("p1"),
        facility: facility("A"),
        given_at: at,
        agreed: kinds_of(yes),
        declined: kinds_of(no),
        decision: Id::new(1).unwrap(),
    }
}

/// Clocks of two processes may differ: one that is behind opens nothing and keeps nothing open.
#[test]
fn s1_r5_a_clock_that_is_behind_opens_nothing() {
    let (now, drugs) = (morning(), kinds_of("drugs")[0]);
    let yes = recorded(1, given(now.plus_ms(-1000), "drugs", ""), vec![]);
    let live = standing(std::slice::from_ref(&yes), drugs, now);
    assert!(matches!(live, Standing::Live { .. }));
    let yes_ahead = recorded(2, given(now.plus_ms(1), "drugs", ""), vec![]);
    assert_eq!(standing(&[yes.clone(), yes_ahead.clone()], drugs, now), Standing::Never);
    assert!(matches!(standing(&[yes.clone(), yes_ahead], drugs, now.plus_ms(1)), Standing::Live { .. }));
    let no_ahead = recorded(2, given(now.plus_ms(1), "", "drugs"), vec![]);
    assert!(matches!(standing(&[yes.clone(), no_ahead], drugs, now), Standing::Declined { .. }));
    let withdrawn_ahead = Recorded { withdrawn: vec![(drugs, now.plus_ms(1))], ..yes };
    assert_eq!(standing(&[withdrawn_ahead], drugs, now), Standing::Withdrawn { at: now.plus_ms(1) });
}

#[test]
fn s1_r5_the_order_of_rows_decides_nothing() {
    let (now, drugs) = (morning(), kinds_of("drugs")[0]);
    let yes = recorded(1, given(now, "drugs", ""), vec![]);
    let no = recorded(2, given(now, "", "drugs"), vec![]);
    for answers in [[yes.clone(), no.clone()], [no, yes]] {
        assert_eq!(standing(&answers, drugs, now), Standing::Declined { at: now }, "of two the later id");
    }
}
