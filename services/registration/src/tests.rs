//! Stories of the insurers' desk: filings go in, links and rows come out.
//!
//! Always holds: each story plays on both databases with the same outcome; after every story no column of any table
//! but `people_number.my_number` holds a My Number, and neither does anything that was told.
//! Not here: how attributes are compared (`people`), what a coverage means (`coverage`).

mod everywhere;
mod pages;

use crate::{Filing, rules::Outcome};
use ::store::{Store, Tx, testing::seeded_ids};
use audit::testing::each_database;
use base::{
    Actor, BirthDate, BranchNumber, Cx, Date, Id, Instant, InsurerNumber, MyNumber, PersonName, Purpose, Sex,
    kinds,
};
use coverage::rules::{LinkState, NewEntry, NewFact, Relation, What};
use everywhere::{looks_at_cases, numbers_lie_in_one_place};
use expect_test::{Expect, expect};
use people::rules::Attributes;
use std::sync::Arc;

/// Plays a story on each database. Lines: `person p1 NUMBER name=… kana=… born=… sex=… address=…` (the register) ·
/// `file c1 NUMBER name=… … loss=… rate=… withheld=1` (a filing; what is not named is as Ann's) · `rows c1` · `held` ·
/// `dispute c1 p1` · `cases` · `close c1 theirs` (the newest case of the coverage).
fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("registration", |store| {
        let ids = seeded_ids(100);
        let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
        let out: String = lines.map(|line| format!("{}\n", play(store, &ids, line))).collect();
        numbers_lie_in_one_place(store, &out);
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

fn play(store: &Store, ids: &Arc<dyn base::IdSource>, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let now = Instant::from_ms(1_780_000_000_000);
    let cx = Cx::new(now, Actor::System, Purpose::Registration, ids.as_ref());
    let named = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    match words[0] {
        "person" => {
            let attributes = attributes(&named);
            let id = Id::new(words[1][1..].parse().expect("p1, p2 …")).expect("positive");
            store
                .record(now, |tx| people::record(tx, &cx, id, &number(words[2]), &attributes))
                .expect("recorded");
            format!("{} is in the register", words[1])
        }
        "file" => {
            let filing = filing(words[1], words[2], &named);
            let filed = store.record(now, |tx| crate::file(tx, &cx, &filing)).expect("filed");
            format!("{}: {} {:?}, {} rows", words[1], filed.link.word(), filed.differences, filed.recorded)
        }
        "rows" => rows(store, id(words[1])),
        "dispute" => {
            let (coverage, person) = (id(words[1]), Id::new(words[2][1..].parse().unwrap()).unwrap());
            let said = store.record(now, |tx| crate::dispute(tx, &cx, person, coverage)).expect("disputed");
            said.map_or_else(|no| no.to_string(), |_| format!("{} is disputed by {}", words[1], words[2]))
        }
        "cases" => cases(store, &cx),
        "close" => {
            let of = |tx: &mut Tx<'_>| crate::store::cases_of(tx, id(words[1]));
            let case = store.look(of).expect("read").last().expect("a case").id;
            let outcome = Outcome::parse(words[2]).expect("an outcome");
            let closed = store.record(now, |tx| crate::close(tx, &cx, case, outcome)).expect("closed");
            let state = |state: Option<LinkState>| state.map_or("no link".into(), |s| s.word().to_owned());
            format!("{}: {}", words[1], closed.map_or_else(|no| no.to_string(), state))
        }
        "held" => format!("held: {}", store.look(crate::count_held).expect("counted")),
        _ => panic!("no such line: {line}"),
    }
}

/// The open cases as the desk sees them, and how many rows in the log that look made.
fn cases(store: &Store, cx: &Cx<'_>) -> String {
    let (cases, _) = store.check_and_wait(|tx| crate::list(tx, cx, 50)).expect("listed");
    let told = |case: &crate::OpenCase| {
        format!("{} {}・{}", case.insurer.as_str(), case.symbol.clone().unwrap_or_default(), case.number)
    };
    let told: Vec<String> = cases.iter().map(told).collect();
    format!("cases: {} (seen {} times)", told.join(" "), looks_at_cases(store))
}

fn id(label: &str) -> Id<kinds::Coverage> {
    Id::new(label[1..].parse().expect("c1, c2 …")).expect("positive")
}

fn number(text: &str) -> MyNumber {
    MyNumber::parse(text).expect("a number with its check digit")
}

/// Attributes as named, else Ann's. `-` is no address; `~` is a blank.
fn attributes<'l>(named: &impl Fn(&str) -> Option<&'l str>) -> Attributes {
    let text = |name: &str, plain: &str| named(name).unwrap_or(plain).replace('~', " ");
    Attributes {
        name: PersonName {
            written: text("name", "甲野　花子"), kana: text("kana", "ｺｳﾉ~ﾊﾅｺ")
        },
        birth: BirthDate::parse8(&text("born", "19800401")).expect("a birth date"),
        sex: Sex::from_code(text("sex", "2").parse().expect("a code")).expect("a sex"),
        postcode: None,
        address: Some(text("address", "東京都千代田区１")).filter(|address| address != "-"),
    }
}

fn filing<'l>(label: &str, my_number: &str, named: &impl Fn(&str) -> Option<&'l str>) -> Filing {
    let Attributes { name, birth, sex, postcode, address } = attributes(named);
    let entry = NewEntry {
        insurer: InsurerNumber::parse("06132013").expect("an insurer number"),
        symbol: Some("12-34".into()),
        number: named("number").unwrap_or("56").into(),
        branch: BranchNumber::from_number(1),
        card_class: "01".into(),
        relation: Some(Relation::Insured),
        insured_name: None,
        name,
        other_name: None,
        sex,
        birth,
        postcode,
        address,
        qualified_on: Date::parse8("20200401").expect("a day"),
        issued_on: None,
        card_from: None,
        card_until: None,
    };
    let mut facts = Vec::new();
    if let Some(day) = named("loss") {
        let loss = NewFact::always(What::Loss { reason: "03".into() });
        facts.push(NewFact { starts_on: Date::parse8(day), ..loss });
    }
    if let Some(percent) = named("rate") {
        facts.push(NewFact::always(What::Rate { percent: percent.parse().expect("a percentage") }));
    }
    if named("withheld").is_some() {
        facts.push(NewFact::always(What::Withheld));
    }
    Filing { coverage: id(label), number: number(my_number), entry, facts }
}

/// Every row of a coverage, replaced ones too, in the order of recording.
fn rows(store: &Store, coverage: Id<kinds::Coverage>) -> String {
    let found = store.look(|tx| coverage::get(tx, coverage)).expect("read");
    let mut rows = Vec::new();
    for entry in found.entries.iter().filter(|entry| entry.coverage == coverage) {
        let replaces = if entry.replaces.is_some() { " instead" } else { "" };
        rows.push((entry.revision, entry.id.raw(), format!("entry {}{replaces}", entry.new.name.written)));
    }
    for fact in found.facts.iter().filter(|fact| fact.coverage == coverage) {
        let replaces = if fact.replaces.is_some() { " instead" } else { "" };
        rows.push((fact.revision, fact.id.raw(), format!("{:?}{replaces}", fact.new.what)));
    }
    rows.sort();
    let rows: Vec<String> =
        rows.into_iter().map(|(revision, _, text)| format!("  r{revision} {text}")).collect();
    format!("rows:\n{}", rows.join("\n"))
}

#[test]
fn s5_r2_a_filing_that_agrees_is_linked() {
    check(
        "
        person p1 100000000080
        file c1 100000000080 rate=30
        file c2 100000000080 name=甲野~花子 kana=コウノハナコ address=-
        held
        rows c1
        ",
        expect![[r#"
            p1 is in the register
            c1: verified [], 3 rows
            c2: verified [], 2 rows
            held: 0
            rows:
              r2 entry 甲野　花子
              r2 Link { person: per_0000000000001, state: Verified }
              r2 Rate { percent: 30 }
        "#]],
    );
}

#[test]
fn s5_r2_one_attribute_that_differs_holds_the_link_back() {
    check(
        "
        person p1 100000000080
        file c1 100000000080 name=甲野　華子
        file c2 100000000080 kana=ｺｳﾉ~ﾊﾅｴ
        file c3 100000000080 born=19800402
        file c4 100000000080 sex=1
        file c5 100000000080 address=大阪府
        file c6 100000000080 name=乙山　太郎 kana=ｵﾂﾔﾏ~ﾀﾛｳ born=19450608 sex=1 address=大阪府
        file c7 100000000080 sex=3 address=-
        held
        rows c3
        ",
        expect![[r#"
            p1 is in the register
            c1: held-back [Name], 2 rows
            c2: held-back [Kana], 2 rows
            c3: held-back [Birth], 2 rows
            c4: held-back [Sex], 2 rows
            c5: held-back [Address], 2 rows
            c6: held-back [Name, Kana, Birth, Sex, Address], 2 rows
            c7: verified [], 2 rows
            held: 6
            rows:
              r4 entry 甲野　花子
              r4 Link { person: per_0000000000001, state: HeldBack }
        "#]],
    );
}

#[test]
fn s5_r2_a_correction_verifies_the_link_and_both_rows_remain() {
    check(
        "
        person p1 100000000080
        person p2 100000000030 name=乙山　太郎 kana=ｵﾂﾔﾏ~ﾀﾛｳ born=19450608 sex=1
        file c1 100000000030
        held
        file c1 100000000080
        held
        rows c1
        file c2 100000000080 name=甲野　華子
        file c2 100000000080 name=甲野　花子
        held
        rows c2
        ",
        expect![[r#"
            p1 is in the register
            p2 is in the register
            c1: held-back [Name, Kana, Birth, Sex], 2 rows
            held: 1
            c1: verified [], 1 rows
            held: 0
            rows:
              r3 entry 甲野　花子
              r3 Link { person: per_0000000000002, state: HeldBack }
              r4 Link { person: per_0000000000001, state: Verified } instead
            c2: held-back [Name], 2 rows
            c2: verified [], 2 rows
            held: 0
            rows:
              r5 entry 甲野　華子
              r5 Link { person: per_0000000000001, state: HeldBack }
              r6 entry 甲野　花子 instead
              r6 Link { person: per_0000000000001, state: Verified } instead
        "#]],
    );
}

#[test]
fn s5_r2_a_register_that_changes_is_seen_at_the_next_filing() {
    check(
        "
        person p1 100000000080
        file c1 100000000080
        person p1 100000000080 name=丙川　花子 kana=ﾍｲｶﾜ~ﾊﾅｺ
        file c1 100000000080
        file c1 100000000080 name=丙川　花子 kana=ﾍｲｶﾜ~ﾊﾅｺ
        rows c1
        ",
        expect![[r#"
            p1 is in the register
            c1: verified [], 2 rows
            p1 is in the register
            c1: held-back [Name, Kana], 1 rows
            c1: verified [], 2 rows
            rows:
              r2 entry 甲野　花子
              r2 Link { person: per_0000000000001, state: Verified }
              r4 Link { person: per_0000000000001, state: HeldBack } instead
              r5 entry 丙川　花子 instead
              r5 Link { person: per_0000000000001, state: Verified } instead
        "#]],
    );
}

#[test]
fn s5_r1_the_same_filing_twice_records_nothing() {
    check(
        "
        person p1 100000000080
        file c1 100000000080 loss=20210401 rate=30 withheld=1
        file c1 100000000080 loss=20210401 rate=30 withheld=1
        file c1 100000000080 loss=20210501 rate=30 withheld=1
        file c1 100000000080 rate=30
        file c1 100000000080 rate=30
        rows c1
        ",
        expect![[r#"
            p1 is in the register
            c1: verified [], 5 rows
            c1: verified [], 0 rows
            c1: verified [], 1 rows
            c1: verified [], 2 rows
            c1: verified [], 0 rows
            rows:
              r2 entry 甲野　花子
              r2 Link { person: per_0000000000001, state: Verified }
              r2 Loss { reason: "03" }
              r2 Rate { percent: 30 }
              r2 Withheld
              r4 Loss { reason: "03" } instead
              r5 Nothing instead
              r5 Nothing instead
        "#]],
    );
}

#[test]
fn s5_r2_a_number_that_the_register_does_not_know_is_held() {
    check(
        "
        person p1 100000000080
        file c1 123456789018
        held
        rows c1
        file c1 123456789018
        file c1 100000000080
        held
        rows c1
        ",
        expect![[r#"
            p1 is in the register
            c1: held-back [], 1 rows
            held: 1
            rows:
              r2 entry 甲野　花子
            c1: held-back [], 0 rows
            c1: verified [], 1 rows
            held: 0
            rows:
              r2 entry 甲野　花子
              r4 Link { person: per_0000000000001, state: Verified }
        "#]],
    );
}

#[test]
fn s5_r2_a_coverage_that_is_not_mine_is_closed_at_once() {
    check(
        "
        person p1 100000000080
        person p2 100000000030 name=乙山　太郎 kana=ｵﾂﾔﾏ~ﾀﾛｳ born=19450608 sex=1
        file c1 100000000080
        file c2 100000000030
        dispute c1 p2
        dispute c9 p1
        dispute c2 p2
        dispute c1 p1
        held
        dispute c1 p1
        cases
        rows c1
        file c1 100000000080
        file c1 100000000080 number=57
        held
        ",
        expect![[r#"
            p1 is in the register
            p2 is in the register
            c1: verified [], 2 rows
            c2: held-back [Name, Kana, Birth, Sex], 2 rows
            registration.no-such-coverage
            registration.no-such-coverage
            registration.closed-already
            c1 is disputed by p1
            held: 2
            c1 is disputed by p1
            cases: 06132013 12-34・56 (seen 1 times)
            rows:
              r3 entry 甲野　花子
              r3 Link { person: per_0000000000001, state: Verified }
              r8 Link { person: per_0000000000001, state: Quarantined } instead
            c1: quarantined [], 0 rows
            c1: quarantined [], 1 rows
            held: 2
        "#]],
    );
}

#[test]
fn s5_r2_a_case_ends_once_and_its_outcome_decides() {
    check(
        "
        person p1 100000000080
        person p2 100000000030 name=乙山　太郎 kana=ｵﾂﾔﾏ~ﾀﾛｳ born=19450608 sex=1
        file c1 100000000080
        dispute c1 p1
        close c1 theirs
        close c1 theirs
        close c1 not-theirs
        cases
        dispute c1 p1
        close c1 not-theirs
        dispute c1 p1
        file c1 100000000080
        file c1 100000000030 name=乙山　太郎 kana=ｵﾂﾔﾏ~ﾀﾛｳ born=19450608 sex=1
        file c1 100000000080
        held
        ",
        expect![[r#"
            p1 is in the register
            p2 is in the register
            c1: verified [], 2 rows
            c1 is disputed by p1
            c1: verified
            c1: verified
            c1: registration.case-ended
            cases:  (seen 0 times)
            c1 is disputed by p1
            c1: quarantined
            registration.closed-already
            c1: quarantined [], 0 rows
            c1: verified [], 2 rows
            c1: quarantined [], 2 rows
            held: 1
        "#]],
    );
}

#[test]
fn s5_r2_while_a_case_is_open_no_filing_opens_the_coverage() {
    check(
        "
        person p1 100000000080
        person p2 100000000030 name=乙山　太郎 kana=ｵﾂﾔﾏ~ﾀﾛｳ born=19450608 sex=1
        file c1 100000000080
        dispute c1 p1
        file c1 100000000030 name=乙山　太郎 kana=ｵﾂﾔﾏ~ﾀﾛｳ born=19450608 sex=1
        close c1 not-theirs
        file c2 100000000080
        dispute c2 p1
        file c2 100000000080 name=甲野　華子
        close c2 theirs
        file c3 100000000080
        dispute c3 p1
        file c3 123456789018
        close c3 theirs
        rows c1
        ",
        expect![[r#"
            p1 is in the register
            p2 is in the register
            c1: verified [], 2 rows
            c1 is disputed by p1
            c1: quarantined [], 2 rows
            c1: verified
            c2: verified [], 2 rows
            c2 is disputed by p1
            c2: quarantined [Name], 1 rows
            c2: held-back
            c3: verified [], 2 rows
            c3 is disputed by p1
            c3: held-back [], 1 rows
            c3: no link
            rows:
              r3 entry 甲野　花子
              r3 Link { person: per_0000000000001, state: Verified }
              r4 Link { person: per_0000000000001, state: Quarantined } instead
              r5 entry 乙山　太郎 instead
              r5 Link { person: per_0000000000002, state: Quarantined } instead
              r6 Link { person: per_0000000000002, state: Verified } instead
        "#]],
    );
}
