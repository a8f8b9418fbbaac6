//! Stories of the desk: what insurers registered and what a facility asks go in, what the desk is told comes out.
//!
//! Always holds: each story plays on both databases with the same outcome. After every answered check exactly one row
//! of the log has its id, the row names the facts that the decision used, and no row of the log holds a name or a
//! number of anybody in the story.
//! Not here: the machines' door (`tests/door`), random worlds and the second model (`tests/model`).

mod desk;
mod door;
mod model;
mod pages;

use desk::check;
use expect_test::expect;

#[test]
fn s1_r3_valid_from_the_first_day_to_the_day_before_the_loss() {
    check(
        "
        insure c1 p1 from=20260401
        fact c1 rate 30
        A asks c1 day=20260331
        A asks c1 day=20260401
        A asks c1
        fact c1 loss 03 from=20260531
        A asks c1 day=20260530
        A asks c1 day=20260531
        ",
        expect![[r#"
            d1: none (numbers-found:1 begins-later:20260401)
            d2: valid (numbers-found:1 covers:20260401) · 患者1 30%
            d3: valid (numbers-found:1 covers:20260401) · 患者1 30%
            d4: valid (numbers-found:1 covers:20260401) · 患者1 30%
            d5: counter.filing-window-open (numbers-found:1 lost:20260531 window-open:20260614)
        "#]],
    );
}

#[test]
fn s1_r3_lost_is_invalid_only_when_the_window_has_passed() {
    check(
        "
        insure c1 p1
        fact c1 loss 03 from=20260518
        on 20260601
        A asks c1
        on 20260602
        A asks c1
        on 20260601
        invalid-at-once
        A asks c1
        ",
        expect![[r#"
            d1: counter.filing-window-open (numbers-found:1 lost:20260518 window-open:20260601)
            d2: invalid (numbers-found:1 lost:20260518 window-passed:20260601) · 患者1 lost 2026-05-18 03
            d3: invalid (numbers-found:1 lost:20260518 plain-behaviour) · 患者1 lost 2026-05-18 03
        "#]],
    );
}

#[test]
fn s1_r3_death_needs_no_window() {
    check(
        "
        insure c1 p1
        fact c1 loss 01 from=20260601
        A asks c1
        A asks c1 day=20260531
        ",
        expect![[r#"
            d1: invalid (numbers-found:1 lost:20260601 lost-by-death) · 患者1 lost 2026-06-01 01
            d2: valid (numbers-found:1 covers:20200101) · 患者1
        "#]],
    );
}

#[test]
fn s1_r8_a_successor_is_known_and_not_shown() {
    check(
        "
        insure c1 p1
        fact c1 loss 03 from=20260601
        insure c2 p1 from=20260601 insurer=133066
        A asks c1
        A asks c1 day=20260531
        A asks c2
        A asks c2 day=20260531
        ",
        expect![[r#"
            d1: invalid-new-known (numbers-found:1 lost:20260601 successor-known) · 患者1 lost 2026-06-01 03
            d2: valid (numbers-found:1 covers:20200101) · 患者1
            d3: valid (numbers-found:1 covers:20260601) · 患者2
            d4: none (numbers-found:1 begins-later:20260601)
        "#]],
    );
}

#[test]
fn s1_r8_a_successor_that_does_not_cover_the_day_is_none() {
    check(
        "
        insure c1 p1
        fact c1 loss 03 from=20260501
        insure c2 p1 from=20260601 insurer=133066
        A asks c1 day=20260531
        A asks c1 day=20260601
        insure c3 p2 from=20260501 insurer=133066
        A asks c1 day=20260531
        ",
        expect![[r#"
            d1: invalid (numbers-found:1 lost:20260501 window-passed:20260515) · 患者1 lost 2026-05-01 03
            d2: invalid-new-known (numbers-found:1 lost:20260501 successor-known) · 患者1 lost 2026-05-01 03
            d3: invalid (numbers-found:1 lost:20260501 window-passed:20260515) · 患者1 lost 2026-05-01 03
        "#]],
    );
}

#[test]
fn s5_r2_a_successor_whose_link_is_not_sure_gives_the_third_answer() {
    check(
        "
        insure c1 p1
        fact c1 loss 03 from=20260301
        A asks c1
        insure c2 p1/held-back from=20260301 insurer=133066
        A asks c1
        A asks c2
        fact c2 loss 03 from=20260401
        A asks c1
        A asks c1 day=20260331
        link c2 p1/verified
        A asks c1 day=20260331
        ",
        expect![[r#"
            d1: invalid (numbers-found:1 lost:20260301 window-passed:20260315) · 患者1 lost 2026-03-01 03
            d2: counter.successor-not-sure (numbers-found:1 lost:20260301 successor-held)
            d3: counter.link-not-sure (numbers-found:1 link-not-sure:1)
            d4: invalid (numbers-found:1 lost:20260301 window-passed:20260315) · 患者1 lost 2026-03-01 03
            d5: counter.successor-not-sure (numbers-found:1 lost:20260301 successor-held)
            d6: invalid-new-known (numbers-found:1 lost:20260301 successor-known) · 患者1 lost 2026-03-01 03
        "#]],
    );
}

#[test]
fn s5_r2_a_link_that_is_not_sure_shows_nothing_and_names_nobody() {
    check(
        "
        insure c1 p1/held-back
        insure c2 p2/quarantined
        insure c3 -
        A asks c1
        A asks c2
        A asks c3
        link c1 p1/verified
        A asks c1
        ",
        expect![[r#"
            d1: counter.link-not-sure (numbers-found:1 link-not-sure:1)
            d2: counter.link-not-sure (numbers-found:1 link-not-sure:2)
            d3: counter.link-not-sure (numbers-found:1 link-not-sure:1)
            d4: valid (numbers-found:1 covers:20200101) · 患者1
        "#]],
    );
}

#[test]
fn s1_r7_numbers_branch_and_birth_date_find_or_do_not() {
    check(
        "
        insure c1 p1 branch=01
        A asks c1
        A asks c1 branch=
        A asks c1 branch=02
        A asks c1 number=１２３４５６００１ symbol=ＳＹＭ００１
        A asks c1 number=999
        A asks c1 symbol=
        A asks c1 insurer=133066
        A asks c1 born=19800402
        A asks c1 born=19800400
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            d2: valid (numbers-found:1 covers:20200101) · 患者1
            d3: none (numbers-found:1 other-branch:1)
            d4: valid (numbers-found:1 covers:20200101) · 患者1
            d5: none (numbers-found)
            d6: none (numbers-found)
            d7: none (numbers-found)
            d8: none (numbers-found:1 other-birth:1)
            d9: none (numbers-found:1 other-birth:1)
        "#]],
    );
}

#[test]
fn s1_r7_twins_are_told_apart_by_branch_only() {
    check(
        "
        insure c1 p1 symbol=F number=7 branch=02 born=20150505
        insure c2 p2 symbol=F number=7 branch=03 born=20150505
        insure c3 p3 symbol=F number=7 branch=01 born=19800401
        A asks c1 branch=
        A asks c1
        A asks c2
        A asks c3 branch=
        fact c2 loss 03 from=20200101
        A asks c1 branch=
        ",
        expect![[r#"
            d1: several (numbers-found:3 other-birth:1 people-fit:2)
            d2: valid (numbers-found:3 other-branch:2 covers:20200101) · 患者1
            d3: valid (numbers-found:3 other-branch:2 covers:20200101) · 患者2
            d4: valid (numbers-found:3 other-birth:2 covers:20200101) · 患者3
            d5: several (numbers-found:3 other-birth:1 people-fit:2)
        "#]],
    );
}

#[test]
fn s1_r7_left_and_joined_again_with_the_same_numbers() {
    check(
        "
        insure c1 p1 symbol=F number=7 from=20220401
        fact c1 loss 03 from=20240401
        insure c2 p1 symbol=F number=7 from=20260101
        A asks c2 day=20240331
        A asks c2 day=20240401
        A asks c2 day=20251231
        A asks c2 day=20260101
        A asks c2 day=20220331
        link c2 p1/quarantined
        A asks c2 day=20240331
        A asks c2 day=20240401
        A asks c2
        ",
        expect![[r#"
            d1: valid (numbers-found:2 covers:20220401) · 患者1
            d2: invalid (numbers-found:2 lost:20240401 window-passed:20240415) · 患者1 lost 2024-04-01 03
            d3: invalid (numbers-found:2 lost:20240401 window-passed:20240415) · 患者1 lost 2024-04-01 03
            d4: valid (numbers-found:2 covers:20260101) · 患者2
            d5: none (numbers-found:2 begins-later:20220401)
            d6: valid (numbers-found:2 covers:20220401) · 患者1
            d7: invalid (numbers-found:2 lost:20240401 window-passed:20240415) · 患者1 lost 2024-04-01 03
            d8: counter.link-not-sure (numbers-found:2 link-not-sure:2)
        "#]],
    );
}

#[test]
fn s1_r10_medical_aid_needs_a_ticket_for_this_facility_and_month() {
    check(
        "
        insure c1 p1 class=A1 insurer=12143210 symbol= relation=
        A asks c1
        fact c1 ticket B from=20260601 to=20260630
        A asks c1
        B asks c1
        fact c1 ticket A from=20260601 to=20260630
        A asks c1
        A asks c1 day=20260701
        A asks c1 day=20260531
        ",
        expect![[r#"
            d1: aid-unregistered (numbers-found:1 covers:20200101 no-ticket) · 患者1 aid
            d2: aid-unregistered (numbers-found:1 covers:20200101 no-ticket) · 患者1 aid
            d3: valid (numbers-found:1 covers:20200101) · 患者1 aid ticket T1
            d4: valid (numbers-found:1 covers:20200101) · 患者1 aid ticket T1
            d5: aid-unregistered (numbers-found:1 covers:20200101 no-ticket) · 患者1 aid
            d6: aid-unregistered (numbers-found:1 covers:20200101 no-ticket) · 患者1 aid
        "#]],
    );
}

#[test]
fn s1_r10_insurance_and_medical_aid_are_two_results() {
    check(
        "
        insure c1 p1
        insure c2 p1 class=A1 insurer=12143210 symbol= relation=
        fact c2 ticket A from=20260601 to=20260630
        A asks c1 limit
        A asks c2
        B asks c1
        link c2 p1/held-back
        A asks c1
        fact c1 loss 02 from=20260101
        link c2 p1/verified
        A asks c1
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101 aid-too) · 患者1 · 患者2 aid ticket T1
            d2: valid (numbers-found:1 covers:20200101) · 患者2 aid ticket T1
            d3: valid (numbers-found:1 covers:20200101 aid-too) · 患者1 · 患者2 aid
            d4: valid (numbers-found:1 covers:20200101) · 患者1
            d5: invalid-new-known (numbers-found:1 lost:20260101 successor-known) · 患者1 lost 2026-01-01 02
        "#]],
    );
}

#[test]
fn s1_r6_limit_and_diseases_only_when_declared() {
    check(
        "
        insure c1 p1
        fact c1 limit A03 from=20250801 to=20260731
        fact c1 disease 1 from=20200101
        fact c1 disease 2 from=20260701
        A asks c1
        A asks c1 limit
        A asks c1 diseases
        A asks c1 limit diseases day=20260701
        A asks c1 limit day=20260731
        A asks c1 limit day=20260801
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            d2: valid (numbers-found:1 covers:20200101) · 患者1 limit A03
            d3: valid (numbers-found:1 covers:20200101) · 患者1 disease 1
            d4: valid (numbers-found:1 covers:20200101) · 患者1 limit A03 disease 1 disease 2
            d5: valid (numbers-found:1 covers:20200101) · 患者1 limit A03
            d6: valid (numbers-found:1 covers:20200101) · 患者1
        "#]],
    );
}

#[test]
fn s1_r3_rates_are_dated_and_not_known_is_said() {
    check(
        "
        insure c1 p1 insurer=39131008 symbol= born=19450608 relation=
        A asks c1
        fact c1 rate 10 from=20250801 to=20260731
        A asks c1
        A asks c1 day=20260731
        A asks c1 day=20260801
        fact c1 rate 20 from=20260601 to=20260731
        A asks c1 day=20260531
        A asks c1
        insure c2 p2 born=19530608
        fact c2 elderly 20 from=20250801 to=20260731
        A asks c2
        A asks c2 day=20260801
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101 rate-not-known) · 患者1
            d2: valid (numbers-found:1 covers:20200101) · 患者1 10%
            d3: valid (numbers-found:1 covers:20200101) · 患者1 10%
            d4: valid (numbers-found:1 covers:20200101 rate-not-known) · 患者1
            d5: valid (numbers-found:1 covers:20200101) · 患者1 10%
            d6: valid (numbers-found:1 covers:20200101) · 患者1 20%
            d7: valid (numbers-found:1 covers:20200101) · 患者2 elderly 20%
            d8: valid (numbers-found:1 covers:20200101) · 患者2
        "#]],
    );
}

#[test]
fn s1_r3_below_school_age_until_the_first_of_april() {
    check(
        "
        insure c1 p1 born=20200401 from=20200401
        insure c2 p2 born=20200402 from=20200402
        A asks c1 day=20260331
        A asks c1 day=20260401
        A asks c2 day=20260401
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200401) · 患者1 preschool
            d2: valid (numbers-found:1 covers:20200401) · 患者1
            d3: valid (numbers-found:1 covers:20200402) · 患者2 preschool
        "#]],
    );
}

#[test]
fn s1_r3_a_protected_address_is_shown_nowhere() {
    check(
        "
        insure c1 p1 address=東京都
        A asks c1
        wait 1000
        fact c1 withheld - from=20300101
        A asks c1
        wait 1000
        correct c1 address=大阪府
        A asks c1
        wait 1000
        insure c2 p1 class=A1 insurer=12143210 symbol= address=京都府
        A asks c1
        wait 1000
        A asks c2
        A lists
        A opens d1
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1 東京都
            d2: valid (numbers-found:1 covers:20200101 address-withheld) · 患者1 withheld
            d3: valid (numbers-found:1 covers:20200101 address-withheld) · 患者1 withheld
            d4: valid (numbers-found:1 covers:20200101 address-withheld aid-too address-withheld) · 患者1 withheld · 患者2 aid withheld
            d5: aid-unregistered (numbers-found:1 covers:20200101 address-withheld no-ticket) · 患者2 aid withheld
            A lists 5:
              d5 aid-unregistered · aid-unregistered (covers:20200101 address-withheld no-ticket) · 患者2 aid withheld · changed: Outcome Insurer Number Name
              d4 valid · valid (covers:20200101 address-withheld aid-too address-withheld) · 患者1 withheld · 患者2 aid withheld
              d3 valid · valid (covers:20200101 address-withheld) · 患者1 withheld
              d2 valid · valid (covers:20200101 address-withheld) · 患者1 withheld
              d1 valid · valid (covers:20200101) · 患者1 withheld
            d1 to A: valid (numbers-found:1 covers:20200101 limit-not-asked:0) · valid (covers:20200101) · 患者1 withheld
        "#]],
    );
}

#[test]
fn s5_r2_what_was_shown_is_closed_once_the_link_is_in_doubt() {
    check(
        "
        insure c1 p1
        A asks c1
        link c1 p1/quarantined
        A lists
        A opens d1
        link c1 p1/verified
        A opens d1
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            A lists 1:
              d1 valid · valid (covers:20200101)
            d1 to A: valid (numbers-found:1 covers:20200101 limit-not-asked:0) · valid (covers:20200101)
            d1 to A: valid (numbers-found:1 covers:20200101 limit-not-asked:0) · valid (covers:20200101) · 患者1
        "#]],
    );
}

#[test]
fn s1_r9_only_facilities_that_take_part_may_ask() {
    check(
        "
        insure c1 p1 from=20200101
        facility C pre=20260601 from=20260701 closes=20260801
        on 20260531
        C asks c1
        on 20260601
        C asks c1
        on 20260630
        C asks c1
        on 20260701
        C asks c1
        on 20260731
        C asks c1
        on 20260801
        C asks c1
        ",
        expect![[r#"
            refused: counter.not-operating
            d1: valid (numbers-found:1 covers:20200101) · 患者1 pre-operation
            d2: valid (numbers-found:1 covers:20200101) · 患者1 pre-operation
            d3: valid (numbers-found:1 covers:20200101) · 患者1
            d4: valid (numbers-found:1 covers:20200101) · 患者1
            refused: counter.not-operating
        "#]],
    );
}

#[test]
fn s1_r3_a_message_that_names_another_facility_is_refused() {
    check(
        "
        insure c1 p1
        A asks c1 names=A
        A asks c1 names=B
        A asks c1 names=
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            refused: counter.foreign-facility
            refused: counter.foreign-facility
        "#]],
    );
}

#[test]
fn s1_r7_a_day_too_far_is_refused() {
    check(
        "
        insure c1 p1 from=20200101
        A asks c1 day=20260830
        A asks c1 day=20260831
        A asks c1 day=20210602
        A asks c1 day=20210601
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            refused: counter.day-out-of-range
            d2: valid (numbers-found:1 covers:20200101) · 患者1
            refused: counter.day-out-of-range
        "#]],
    );
}

#[test]
fn s1_r3_a_repeat_is_the_same_decision_and_another_body_a_conflict() {
    check(
        "
        insure c1 p1
        insure c2 p2
        A asks c1 as=r1
        wait 60000
        A asks c1 as=r1
        A asks c2 as=r1
        B asks c2 as=r1
        wait 60000
        A asks c1
        A lists
        wait 86280000
        A asks c2 as=r1
        wait 1
        A asks c2 as=r1
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            d1 again: valid (numbers-found:1 covers:20200101) · 患者1
            conflict: valid (numbers-found:1 covers:20200101) · 患者2
            d2: valid (numbers-found:1 covers:20200101) · 患者2
            d3: valid (numbers-found:1 covers:20200101) · 患者1
            A lists 4:
              d3 valid · valid (covers:20200101) · 患者1
              d? conflict · nothing
              d1 again valid · valid (covers:20200101) · 患者1
              d1 valid · valid (covers:20200101) · 患者1
            conflict: valid (numbers-found:1 covers:20200101) · 患者2
            d4: valid (numbers-found:1 covers:20200101) · 患者2
        "#]],
    );
}

/// After thirty wrong birth dates every check by number of the facility rests, right ones too, until they are ten
/// minutes old; one alarm for that time. The neighbour is not touched.
#[test]
fn s1_r7_guessing_is_free_then_slow_then_refused() {
    check(
        "
        insure c1 p1
        A guesses c1 5
        A guesses c1 12
        A guesses c1 13
        A guesses c1 2
        A asks c1
        A asks c1 number=999
        B guesses c1 1
        wait 600000
        A guesses c1 1
        wait 1
        A guesses c1 1
        ",
        expect![[r#"
            5× none · 0 alarms
            none after 500 ms, none after 1000 ms, none after 1500 ms, none after 2000 ms, none after 2500 ms, none after 3000 ms, none after 3500 ms, none after 4000 ms, none after 4500 ms, 3× none after 5000 ms · 0 alarms
            13× none after 5000 ms · 0 alarms
            2× refused: counter.guessing after 5000 ms · 1 alarms
            refused: counter.guessing after 5000 ms
            refused: counter.guessing after 5000 ms
            none · 1 alarms
            refused: counter.guessing after 5000 ms · 1 alarms
            none · 1 alarms
        "#]],
    );
}

#[test]
fn s1_r7_guesses_are_counted_over_ten_minutes() {
    check(
        "
        insure c1 p1
        A guesses c1 5
        wait 600000
        A guesses c1 1
        wait 1
        A guesses c1 6
        ",
        expect![[r#"
            5× none · 0 alarms
            none after 500 ms · 0 alarms
            4× none, none after 500 ms, none after 1000 ms · 0 alarms
        "#]],
    );
}

#[test]
fn s1_r3_the_list_says_what_changed_since_the_last_visit() {
    check(
        "
        insure c1 p1 address=東京都
        fact c1 rate 30
        A asks c1 limit
        wait 1000
        A asks c1
        correct c1 address=大阪府 name=改姓 branch=02
        fact c1 rate 20
        wait 1000
        B asks c1
        A asks c1
        wait 1000
        A asks c1 born=19800402
        wait 1000
        fact c1 loss 03 from=20260101
        insure c2 p1 from=20260101 insurer=133066
        A asks c1
        wait 1000
        A asks c2
        A lists
        B lists
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1 東京都 30%
            d2: valid (numbers-found:1 covers:20200101) · 患者1 東京都 30%
            d3: valid (numbers-found:1 covers:20200101) · 改姓 大阪府 20%
            d4: valid (numbers-found:1 covers:20200101) · 改姓 大阪府 20%
            d5: none (numbers-found:1 other-birth:1)
            d6: invalid-new-known (numbers-found:1 lost:20260101 successor-known) · 改姓 大阪府 lost 2026-01-01 03 20%
            d7: valid (numbers-found:1 covers:20260101) · 患者2
            A lists 6:
              d7 valid · valid (covers:20260101) · 患者2 · changed: Outcome Insurer Number Name Address Rate
              d6 invalid-new-known · invalid-new-known (lost:20260101 successor-known) · 改姓 大阪府 lost 2026-01-01 03 20% · changed: Outcome
              d5 mismatch · nothing
              d4 valid · valid (covers:20200101) · 改姓 大阪府 20% · changed: Number Name Address Rate
              d2 valid · valid (covers:20200101) · 患者1 東京都 30%
              d1 valid · valid (covers:20200101) · 患者1 東京都 30%
            B lists 1:
              d3 valid · valid (covers:20200101) · 改姓 大阪府 20%
        "#]],
    );
}

#[test]
fn s1_r3_a_mistyped_birth_date_does_not_hide_what_changed() {
    check(
        "
        insure c1 p1
        fact c1 rate 30
        A asks c1
        wait 1000
        fact c1 rate 20
        A asks c1 born=19800402
        wait 1000
        A asks c1
        A lists
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1 30%
            d2: none (numbers-found:1 other-birth:1)
            d3: valid (numbers-found:1 covers:20200101) · 患者1 20%
            A lists 3:
              d3 valid · valid (covers:20200101) · 患者1 20% · changed: Rate
              d2 mismatch · nothing
              d1 valid · valid (covers:20200101) · 患者1 30%
        "#]],
    );
}

#[test]
fn s5_r1_a_decision_is_made_again_as_it_was_known_then() {
    check(
        "
        insure c1 p1
        fact c1 rate 30
        A asks c1
        wait 1000
        fact c1 loss 01 from=20260101
        correct c1 name=改姓
        A opens d1
        A asks c1
        A opens d2
        A lists
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1 30%
            d1 to A: valid (numbers-found:1 covers:20200101 limit-not-asked:0) · valid (covers:20200101) · 患者1 30%
            d2: invalid (numbers-found:1 lost:20260101 lost-by-death) · 改姓 lost 2026-01-01 01 30%
            d2 to A: invalid (numbers-found:1 lost:20260101 lost-by-death:0 limit-not-asked:0) · invalid (lost:20260101 lost-by-death) · 改姓 lost 2026-01-01 01 30% · changed: Outcome Name
            A lists 2:
              d2 invalid · invalid (lost:20260101 lost-by-death) · 改姓 lost 2026-01-01 01 30% · changed: Outcome Name
              d1 valid · valid (covers:20200101) · 患者1 30%
        "#]],
    );
}

#[test]
fn s1_r3_another_facilitys_decision_looks_like_none() {
    check(
        "
        insure c1 p1
        A asks c1
        A asks c1 number=999
        B opens d1
        B opens d999
        A opens d1
        A opens d2
        B lists
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            d2: none (numbers-found)
            d1 to B: refused: counter.no-such-decision
            d999 to B: refused: counter.no-such-decision
            d1 to A: valid (numbers-found:1 covers:20200101 limit-not-asked:0) · valid (covers:20200101) · 患者1
            d2 to A: none (numbers-found:0) · nothing
            B lists 0:
        "#]],
    );
}

#[test]
fn s1_r3_looking_at_the_list_does_not_push_the_checks_out_of_it() {
    check(
        "
        insure c1 p1
        A asks c1
        wait 1000
        A looks 2100
        A asks c1
        A lists
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            A looked 2100 times
            d2: valid (numbers-found:1 covers:20200101) · 患者1
            A lists 2:
              d2 valid · valid (covers:20200101) · 患者1
              d1 valid · valid (covers:20200101) · 患者1
        "#]],
    );
}

#[test]
fn s1_r3_a_row_names_every_fact_that_its_answer_rests_on() {
    check(
        "
        insure c1 p1
        fact c1 rate 30
        fact c1 limit A03
        fact c1 withheld -
        log A c1
        log A c1 limit
        fact c1 loss 03 from=20260601
        insure c2 p1 from=20260601 insurer=133066
        log A c1
        link c2 p1/held-back
        log A c1
        insure c3 p3/held-back
        log A c3
        log A c3 number=999
        log A c3 born=19800402
        log A c1 born=19800402
        log A c1 names=B
        ",
        expect![[r#"
            valid · p1 c1 · [c1 c1.verified c1.withheld c1.rate] · steps: numbers-found:1 covers:20200101 address-withheld:0 limit-not-asked:0 · shown: insurance
            valid · p1 c1 · [c1 c1.verified c1.withheld c1.rate c1.limit] · steps: numbers-found:1 covers:20200101 address-withheld:0 · shown: insurance limit
            invalid-new-known · p1 c1 · [c1 c1.verified c1.loss c2 c2.verified c1.withheld c1.rate] · steps: numbers-found:1 lost:20260601 successor-known:0 address-withheld:0 limit-not-asked:0 · shown: insurance
            undetermined · p1 c1 · [c1 c1.verified c1.loss c2 c2.held-back] · code: counter.successor-not-sure · steps: numbers-found:1 lost:20260601 successor-held:0
            undetermined · nobody c3 · [c3 c3.held-back] · code: counter.link-not-sure · steps: numbers-found:1 link-not-sure:1
            none · nobody no coverage · [] · steps: numbers-found:0
            mismatch · nobody no coverage · [] · steps: numbers-found:1 other-birth:1
            mismatch · p1 no coverage · [] · steps: numbers-found:1 other-birth:1
            refused · nobody no coverage · [] · code: counter.foreign-facility
        "#]],
    );
}

/// A setting that was changed since does not show today what was not shown then.
#[test]
fn s1_r3_a_decision_that_would_end_otherwise_today_is_not_shown() {
    check(
        "
        insure c1 p1
        A asks c1
        wait 1000
        fact c1 loss 03 from=20260601
        A asks c1
        wait 1000
        A opens d2
        invalid-at-once
        A opens d1
        A opens d2
        A asks c1
        A opens d3
        A lists
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            d2: counter.filing-window-open (numbers-found:1 lost:20260601 window-open:20260615)
            d2 to A: undetermined (numbers-found:1 lost:20260601 window-open:20260615) · counter.filing-window-open (lost:20260601 window-open:20260615) · changed: Outcome
            d1 to A: valid (numbers-found:1 covers:20200101 limit-not-asked:0) · valid (covers:20200101) · 患者1
            d2 to A: undetermined (numbers-found:1 lost:20260601 window-open:20260615) · nothing any more
            d3: invalid (numbers-found:1 lost:20260601 plain-behaviour) · 患者1 lost 2026-06-01 03
            d3 to A: invalid (numbers-found:1 lost:20260601 plain-behaviour:0 limit-not-asked:0) · invalid (lost:20260601 plain-behaviour) · 患者1 lost 2026-06-01 03
            A lists 3:
              d3 invalid · invalid (lost:20260601 plain-behaviour) · 患者1 lost 2026-06-01 03
              d2 undetermined · nothing any more
              d1 valid · valid (covers:20200101) · 患者1
        "#]],
    );
}

/// The list compares its newest rows only; the decision's own page always does.
#[test]
fn s1_r3_old_rows_of_the_list_are_not_compared() {
    let asks = "wait 1000\nA asks c2\n".repeat(20);
    check(
        &format!(
            "
            insure c1 p1
            insure c2 p2
            A asks c1
            wait 1000
            correct c1 name=改姓
            A asks c1
            A lists
            {asks}
            A lists
            A opens d2
            "
        ),
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            d2: valid (numbers-found:1 covers:20200101) · 改姓
            A lists 2:
              d2 valid · valid (covers:20200101) · 改姓 · changed: Name
              d1 valid · valid (covers:20200101) · 患者1
            d3: valid (numbers-found:1 covers:20200101) · 患者2
            d4: valid (numbers-found:1 covers:20200101) · 患者2
            d5: valid (numbers-found:1 covers:20200101) · 患者2
            d6: valid (numbers-found:1 covers:20200101) · 患者2
            d7: valid (numbers-found:1 covers:20200101) · 患者2
            d8: valid (numbers-found:1 covers:20200101) · 患者2
            d9: valid (numbers-found:1 covers:20200101) · 患者2
            d10: valid (numbers-found:1 covers:20200101) · 患者2
            d11: valid (numbers-found:1 covers:20200101) · 患者2
            d12: valid (numbers-found:1 covers:20200101) · 患者2
            d13: valid (numbers-found:1 covers:20200101) · 患者2
            d14: valid (numbers-found:1 covers:20200101) · 患者2
            d15: valid (numbers-found:1 covers:20200101) · 患者2
            d16: valid (numbers-found:1 covers:20200101) · 患者2
            d17: valid (numbers-found:1 covers:20200101) · 患者2
            d18: valid (numbers-found:1 covers:20200101) · 患者2
            d19: valid (numbers-found:1 covers:20200101) · 患者2
            d20: valid (numbers-found:1 covers:20200101) · 患者2
            d21: valid (numbers-found:1 covers:20200101) · 患者2
            d22: valid (numbers-found:1 covers:20200101) · 患者2
            A lists 22:
              d22 valid · valid (covers:20200101) · 患者2
              d21 valid · valid (covers:20200101) · 患者2
              d20 valid · valid (covers:20200101) · 患者2
              d19 valid · valid (covers:20200101) · 患者2
              d18 valid · valid (covers:20200101) · 患者2
              d17 valid · valid (covers:20200101) · 患者2
              d16 valid · valid (covers:20200101) · 患者2
              d15 valid · valid (covers:20200101) · 患者2
              d14 valid · valid (covers:20200101) · 患者2
              d13 valid · valid (covers:20200101) · 患者2
              d12 valid · valid (covers:20200101) · 患者2
              d11 valid · valid (covers:20200101) · 患者2
              d10 valid · valid (covers:20200101) · 患者2
              d9 valid · valid (covers:20200101) · 患者2
              d8 valid · valid (covers:20200101) · 患者2
              d7 valid · valid (covers:20200101) · 患者2
              d6 valid · valid (covers:20200101) · 患者2
              d5 valid · valid (covers:20200101) · 患者2
              d4 valid · valid (covers:20200101) · 患者2
              d3 valid · valid (covers:20200101) · 患者2
              d2 valid · valid (covers:20200101) · 改姓
              d1 valid · valid (covers:20200101) · 患者1
            d2 to A: valid (numbers-found:1 covers:20200101 limit-not-asked:0) · valid (covers:20200101) · 改姓 · changed: Name
        "#]],
    );
}

#[test]
fn s1_r3_the_row_of_a_list_names_the_answers_that_were_seen() {
    audit::testing::each_database("counter", |store| {
        let mut desk = desk::Desk::open(store);
        for line in ["insure c1 p1", "A asks c1", "wait 1000", "A asks c1 number=999", "wait 1000", "A lists"]
        {
            desk.line(line);
        }
        let log = desk.log_since(base::Instant::from_ms(0));
        let row = &log.iter().find(|row| row.act == "counter.list").expect("a row").body;
        assert!(row.contains(&format!("\"seen\":[{}]", desk.decisions[0].raw())), "{row}");
    });
}

#[test]
fn s1_r3_a_facilitys_own_patient_number_comes_with_later_answers() {
    check(
        "
        insure c1 p1
        A asks c1
        A refers c1 K-001
        A asks c1
        B asks c1
        wait 1
        A refers c1 K-002
        A asks c1
        A refers c1 K-003 branch=
        A refers c1 K-004 number=99999
        A refers c1 K-005 names=B
        A asks c1
        insure c2 p2/held-back
        A refers c2 K-006
        insure c3 p3 insurer=133066 number=777 symbol=S branch=01
        insure c4 p4 insurer=133066 number=777 symbol=S branch=02
        A refers c3 K-007 branch=
        A refers c3 K-008
        A asks c3
        A asks c4
        insure c5 p5 insurer=133066 number=888 symbol=S branch=01
        insure c6 p6/held-back insurer=133066 number=888 symbol=S branch=02
        A refers c5 K-009 branch=
        A refers c5 K-010
        ",
        expect![[r#"
            d1: valid (numbers-found:1 covers:20200101) · 患者1
            registered
            d2: valid (numbers-found:1 covers:20200101) · 患者1 no. K-001
            d3: valid (numbers-found:1 covers:20200101) · 患者1
            registered
            d4: valid (numbers-found:1 covers:20200101) · 患者1 no. K-002
            registered
            refused: counter.reference-nobody
            refused: counter.foreign-facility
            d5: valid (numbers-found:1 covers:20200101) · 患者1 no. K-003
            refused: counter.reference-nobody
            refused: counter.reference-several
            registered
            d6: valid (numbers-found:2 other-branch:1 covers:20200101) · 患者3 no. K-008
            d7: valid (numbers-found:2 other-branch:1 covers:20200101) · 患者4
            refused: counter.reference-several
            registered
        "#]],
    );
}
