//! Stories of the insurers' desk: filings go in, links and rows come out.
//!
//! Always holds: each story plays on both databases with the same outcome; after every story no column of any table
//! but `people_number.my_number` holds a My Number, and neither does anything that was told.
//! Not here: how attributes are compared (`people`), what a coverage means (`coverage`).

mod everywhere;

use crate::Filing;
use ::store::{Store, testing::seeded_ids};
use audit::testing::each_database;
use base::{
    Actor, BirthDate, BranchNumber, Cx, Date, Id, Instant, InsurerNumber, MyNumber, PersonName, Purpose, Sex,
    kinds,
};
use coverage::rules::{NewEntry, NewFact, Relation, What};
use everywhere::numbers_lie_in_one_place;
use expect_test::{Expect, expect};
use people::rules::Attributes;
use std::sync::Arc;

/// Plays a story on each database. Lines: `person p1 NUMBER name=… kana=… born=… sex=… address=…` (the register) ·
/// `file c1 NUMBER name=… … loss=… rate=… withheld=1` (a filing; what is not named is as Ann's) · `rows c1` · `held`.
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
        "held" => format!("held: {}", store.look(crate::count_held).expect("counted")),
        _ => panic!("no such line: {line}"),
    }
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
