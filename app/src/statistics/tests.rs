//! Tests of small counts, of when it is counted, and of what is shown.
//!
//! Always holds: made-up counts; nobody is behind them.
//! Not here: the counting statements (each service's tests).

use super::*;
use base::Lang;
use texts::{people, percent, safe, total};

#[test]
fn a_small_count_of_people_is_never_told() {
    let told = |count| (safe(count), people(Lang::Ja, count), people(Lang::En, count));
    assert_eq!(told(0), (Some(0), "0".into(), "0".into()));
    assert_eq!(told(1), (None, "10未満".into(), "fewer than 10".into()));
    assert_eq!(told(9), (None, "10未満".into(), "fewer than 10".into()));
    assert_eq!(told(10), (Some(10), "10".into(), "10".into()));
    assert_eq!(told(1_234_567).1, "1,234,567");
    assert_eq!(percent(Some(1205)), "12.05 %");
}

#[test]
fn a_total_does_not_tell_the_one_small_count() {
    assert_eq!(total(Lang::Ja, &[100, 3]), "—");
    assert_eq!(total(Lang::Ja, &[100, 3, 4]), "107");
    assert_eq!(total(Lang::Ja, &[100, 20]), "120");
    assert_eq!(total(Lang::Ja, &[3, 4]), "10未満");
}

#[test]
fn it_is_counted_once_in_a_while() {
    let at = Instant::from_ms;
    let mut state = State::default();
    assert!(state.is_due(at(0)));
    state.is_counting = true;
    assert!(!state.is_due(at(0)), "one counting at a time");
    state = State { last: Some(Arc::new(counted(at(1_000)))), ..State::default() };
    assert!(!state.is_due(at(1_000 + KEEP_MS - 1)) && state.is_due(at(1_000 + KEEP_MS)));
    assert!(state.is_due(at(0)), "a clock that was set back keeps nothing for ever");
    state.failed = Some(at(200_000));
    assert!(!state.is_due(at(200_001)) && state.is_due(at(200_000 + AGAIN_MS)));
}

fn counted(at: Instant) -> Counted {
    let day = |day| count::Checks { day, valid: 30, other: 2, presented: 12, ..count::Checks::default() };
    let person = |age_from, sex, people| people::rules::Figure { age_from, sex, people };
    Counted {
        at,
        recorded_at: at,
        people: vec![
            person(-5, base::Sex::Male, 20),
            person(0, base::Sex::Male, 1),
            person(45, base::Sex::Female, 7),
            person(115, base::Sex::Female, 12),
        ],
        coverage: coverage::rules::Figures::default(),
        facilities: Vec::new(),
        cards: vec![(cards::rules::Source::Card, cards::rules::Stands::Live, 8)],
        enrolled: vec![(enrolment::rules::Channel::Reader, 4)],
        checks: (20_000..20_000 + count::DAYS).map(day).collect(),
    }
}

#[test]
fn every_section_has_a_plot_and_a_table_and_no_small_count() {
    let published = Published::of_japan();
    for lang in [Lang::Ja, Lang::En] {
        for published in [None, Some(&published)] {
            let sections = charts::sections(lang, &counted(Instant::from_ms(0)), published);
            assert_eq!(sections.len(), 6);
            let mut keys = Vec::new();
            for section in sections {
                let html = section.into_string();
                assert!(html.contains("<svg ") && html.contains("<table"), "{html}");
                assert!(!html.contains(">7<") && !html.contains(">8<") && !html.contains(">4<"), "{html}");
                assert!(!html.contains("style="), "{html}");
                keys.extend(
                    html.split("<title id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()),
                );
            }
            let count = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!((count, keys.len()), if published.is_some() { (8, 8) } else { (6, 6) });
        }
    }
}

#[test]
fn a_replica_that_does_not_answer_is_said_and_nothing_else_is_counted() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    audit::testing::each_database("statistics_page", |store| {
        let ask =
            |statistics: &Arc<Statistics>, ms| runtime.block_on(statistics.figures(Instant::from_ms(ms)));
        let own = Statistics::new(store.beside(None));
        let first = ask(&own, 1_000);
        assert!(first.failed.is_none() && first.last.is_some_and(|last| last.at == Instant::from_ms(1_000)));
        assert_eq!(ask(&own, 2_000).last.unwrap().at, Instant::from_ms(1_000), "not counted again so soon");
        let away = Statistics::new(store.beside(Some("postgres://reader@%2Fnowhere%2Fat%2Fall/shikaku")));
        let state = ask(&away, 1_000);
        assert!(state.last.is_none() && state.failed == Some(Instant::from_ms(1_000)));
        assert_eq!(ask(&away, 2_000).failed, Some(Instant::from_ms(1_000)), "not tried again so soon");
        assert_eq!(ask(&away, 1_000 + AGAIN_MS).failed, Some(Instant::from_ms(1_000 + AGAIN_MS)));
    });
}
