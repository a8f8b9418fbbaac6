//! Stories about people: what the register says goes in, ids and attributes come out; and what counts as a difference.
//!
//! Always holds: each story plays on both databases with the same outcome; no line of any outcome and no audit row
//! holds a My Number; equal attributes never differ, and a difference is seen from both sides.
//! Not here: what becomes of a filing that differs (`registration`).

mod rows;

use crate::rules::{Attributes, Questions, differences, fits, fold_kana};
use ::store::{Store, Tx, testing::seeded_ids};
use audit::testing::each_database;
use base::{Actor, BirthDate, Cx, Id, Instant, MyNumber, PersonName, Purpose, Result, Sex, kinds};
use expect_test::{Expect, expect};
use rows::{everything_in_the_log, rows};
use std::fmt::Write;

/// Plays a story on each database. A line is one of
/// `record ID NUMBER | name | kana | birth | sex | address`, `exchange NUMBER`, `get ID`, `find KANA BIRTH POSTCODE
/// HOUSE`, `figures DAY`, `rows`.
fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("people", |store| {
        let out: String = lines(story).map(|line| format!("{}\n", play(store, line))).collect();
        assert!(!out.contains("10000000"), "a number came out");
        assert!(!everything_in_the_log(store).contains("10000000"), "a number stands in the log");
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

fn lines(story: &str) -> impl Iterator<Item = &str> {
    story.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn play(store: &Store, line: &str) -> String {
    let (act, rest) = line.split_once(' ').unwrap_or((line, ""));
    match act {
        "record" => {
            let (head, attributes) = rest.split_once('|').expect("attributes");
            let (id, number) = head.trim().split_once(' ').expect("id and number");
            let ids = seeded_ids(900);
            let now = Instant::from_ms(1_780_000_000_000);
            let cx = Cx::new(now, Actor::System, Purpose::Registration, ids.as_ref());
            let (number, attributes) = (number_of(number), read(attributes));
            let known = store.record(now, |tx| crate::record(tx, &cx, person(id), &number, &attributes));
            format!("record: {}", known.expect("recorded").person)
        }
        "exchange" => {
            let known = store.look(|tx| crate::exchange(tx, &number_of(rest))).expect("exchanged");
            known.map_or("exchange: nobody".into(), |id| format!("exchange: {id}"))
        }
        "get" => match store.look(|tx| crate::get(tx, person(rest))).expect("read") {
            None => "get: nobody".into(),
            Some(Attributes { name, birth, sex, postcode: _, address }) => {
                let address = address.unwrap_or("no address".into());
                format!("get: {} {} {birth} {} {address}", name.written, name.kana, sex.code())
            }
        },
        "find" => {
            let words: Vec<&str> = rest.split(' ').collect();
            let some = |word: &str| (word != "-").then(|| word.to_owned());
            let asked = Questions {
                kana: words[0].to_owned(),
                birth: BirthDate::parse8(words[1]).expect("a birth date"),
                postcode: some(words[2]),
                house: some(words[3]),
            };
            let found = store.look(|tx| crate::find(tx, &asked)).expect("found");
            let found: Vec<String> = found.iter().map(Id::to_string).collect();
            format!("find: {}", if found.is_empty() { "nobody".into() } else { found.join(" ") })
        }
        "figures" => {
            let day = base::Date::parse8(rest).expect("a day");
            let counts = store.look(|tx| crate::figures(tx, day)).expect("counted");
            let told = counts.iter().map(|c| format!("{}+ {:?} {}", c.age_from, c.sex, c.people));
            format!("figures: {}", told.collect::<Vec<_>>().join(", "))
        }
        "rows" => rows(store),
        _ => panic!("no such line: {line}"),
    }
}

fn person(id: &str) -> Id<kinds::Person> {
    Id::new(id.parse().expect("a number")).expect("positive")
}

fn number_of(text: &str) -> MyNumber {
    MyNumber::parse(text.trim()).expect("a number with its check digit")
}

/// `name | kana | birth | sex | address`; a missing part at the end is no address.
fn read(text: &str) -> Attributes {
    let parts: Vec<&str> = text.split('|').map(|part| part.trim_matches(' ')).collect();
    Attributes {
        name: PersonName { written: parts[0].into(), kana: parts[1].into() },
        birth: BirthDate::parse8(parts[2]).expect("a birth date"),
        sex: Sex::from_code(parts[3].parse().expect("a code")).expect("a sex"),
        postcode: None,
        address: parts.get(4).map(|address| address.to_string()),
    }
}

#[test]
fn s1_r2_a_number_goes_in_and_an_id_comes_out() {
    check(
        "
        exchange 100000000080
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都千代田区１
        exchange 100000000080
        exchange 100000000030
        get 1
        get 2
        ",
        expect![[r#"
            exchange: nobody
            record: per_0000000000001
            exchange: per_0000000000001
            exchange: nobody
            get: 甲野　花子 ｺｳﾉ ﾊﾅｺ 1980-04-01 2 東京都千代田区１
            get: nobody
        "#]],
    );
}

#[test]
fn s1_r2_recording_is_idempotent_and_only_inserts() {
    check(
        "
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都千代田区１
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都千代田区１
        rows
        record 7 100000000080 | 乙山　花子 | ｵﾂﾔﾏ ﾊﾅｺ | 19800401 | 2
        rows
        get 1
        get 7
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都千代田区１
        rows
        record 2 100000000030 | 丙川　一 | ﾍｲｶﾜ ﾊｼﾞﾒ | 19450600 | 1
        get 2
        rows
        ",
        expect![[r#"
            record: per_0000000000001
            record: per_0000000000001
            rows: 1 numbers, 1 entries, 1 in the log
            record: per_0000000000001
            rows: 1 numbers, 2 entries, 2 in the log
            get: 乙山　花子 ｵﾂﾔﾏ ﾊﾅｺ 1980-04-01 2 no address
            get: nobody
            record: per_0000000000001
            rows: 1 numbers, 3 entries, 3 in the log
            record: per_0000000000002
            get: 丙川　一 ﾍｲｶﾜ ﾊｼﾞﾒ 1945-06-不詳 1 no address
            rows: 2 numbers, 4 entries, 4 in the log
        "#]],
    );
}

#[test]
fn s13_r1_a_caller_is_found_when_every_answer_fits() {
    check(
        "
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都千代田区一丁目２番３号
        record 2 100000000030 | 甲野　華子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都千代田区１－２－４　２０１
        find コウノハナコ 19800401 - 1-2-3
        find こうのはなこ 19800401 - １－２
        find こうのはなこ 19800401 - 1-2-4-201
        find こうのはなこ 19800401 - 1
        find こうのはなこ 19800401 - 2-3
        find こうのはなこ 19800401 - -
        find コウノハナエ 19800401 - 1-2-3
        find コウノハナコ 19800402 - 1-2-3
        find コウノハナコ 19800401 1000001 1-2-3
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 大阪府大阪市北区５番６号
        find コウノハナコ 19800401 - 1-2-3
        find コウノハナコ 19800401 - 5-6
        ",
        expect![[r#"
            record: per_0000000000001
            record: per_0000000000002
            find: per_0000000000001
            find: per_0000000000001 per_0000000000002
            find: per_0000000000002
            find: nobody
            find: nobody
            find: nobody
            find: nobody
            find: nobody
            find: nobody
            record: per_0000000000001
            find: nobody
            find: per_0000000000001
        "#]],
    );
}

#[test]
fn s13_r1_numbers_of_an_address_are_read_in_figures_and_in_kanji() {
    check(
        "
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都八王子市三番町十二丁目二十番地四十三号
        find コウノハナコ 19800401 - 12-20-43
        find コウノハナコ 19800401 - 十二丁目２０番地
        find コウノハナコ 19800401 - 三番町12丁目20番43号
        find コウノハナコ 19800401 - 2-20-43
        find コウノハナコ 19800401 - 3-12-20
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 架空県みどり市一二三号
        find コウノハナコ 19800401 - 123
        find コウノハナコ 19800401 - 十号
        ",
        expect![[r#"
            record: per_0000000000001
            find: per_0000000000001
            find: per_0000000000001
            find: per_0000000000001
            find: nobody
            find: nobody
            record: per_0000000000001
            find: nobody
            find: nobody
        "#]],
    );
}

#[test]
fn s13_r1_an_answer_that_the_register_cannot_confirm_fits_nobody() {
    let mut known = read("甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2");
    let asked = |postcode: Option<&str>, house: Option<&str>| Questions {
        kana: "コウノハナコ".into(),
        birth: BirthDate::parse8("19800401").expect("a day"),
        postcode: postcode.map(str::to_owned),
        house: house.map(str::to_owned),
    };
    assert!(!fits(&known, &asked(Some(""), Some(""))), "nothing is known and nothing was said");
    known.postcode = Some("100-0001".into());
    for (postcode, right) in
        [("1000001", true), ("〒１００－０００１", true), ("100000", false), ("1000002", false)]
    {
        assert_eq!(fits(&known, &asked(Some(postcode), None)), right, "{postcode}");
    }
    assert!(!fits(&known, &asked(Some("1000001"), Some("1"))), "no address is known");
    known.name.kana.clear();
    let nameless = Questions { kana: String::new(), ..asked(Some("1000001"), None) };
    assert!(!fits(&known, &nameless), "no reading is known and none was said");
}

/// The types of the operations are the proof that none gives a number back; a field more would not compile.
#[test]
fn s1_r2_no_operation_gives_a_number_back() {
    let _: fn(&mut Tx<'_>, &MyNumber) -> Result<Option<Id<kinds::Person>>> = crate::exchange;
    let _: fn(&mut Tx<'_>, Id<kinds::Person>) -> Result<Option<Attributes>> = crate::get;
    let Attributes { name: PersonName { written: _, kana: _ }, birth: _, sex: _, postcode: _, address: _ } =
        read("甲 | ｺｳ | 19800401 | 2");
    let statements = include_str!("store.rs");
    for (place, _) in statements.match_indices("\"select ") {
        let wanted = statements[place..].split(" from ").next().unwrap_or_default();
        assert!(!wanted.contains("my_number"), "a statement reads a number back: {wanted}");
    }
}

#[test]
fn s1_r2_nothing_of_a_person_prints_by_accident() {
    let ann = read("甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都");
    let printed = format!("{:?} {:?} {:?}", number_of("100000000080"), ann.name, ann.birth);
    expect!["MyNumber(…) PersonName(…) BirthDate(…)"].assert_eq(&printed);
}

/// Each line is `register // filed`; the outcome names what differs, and must be the same the other way round.
fn check_differences(pairs: &str, expected: Expect) {
    let mut out = String::new();
    for line in lines(pairs) {
        let (ours, theirs) = line.split_once("//").expect("two sides");
        let (ours, theirs) = (read(ours), read(theirs));
        let found = differences(&ours, &theirs);
        assert_eq!(found, differences(&theirs, &ours), "seen from the other side: {line}");
        assert!(differences(&ours, &ours).is_empty(), "a person differs from itself: {line}");
        let _ = writeln!(out, "{found:?} {line}");
    }
    expected.assert_eq(&out);
}

#[test]
fn s5_r2_each_attribute_can_differ() {
    check_differences(
        "
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野 花子 | コウノ　ハナコ | 19800401 | 2 | 東京都 1
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　華子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｴ | 19800401 | 2
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800402 | 2
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800400 | 2
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 1
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都２
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 乙山　太郎 | ｵﾂﾔﾏ ﾀﾛｳ | 19450608 | 1 | 大阪府
        ",
        expect![[r#"
            [] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野 花子 | コウノ　ハナコ | 19800401 | 2 | 東京都 1
            [Name] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　華子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
            [Kana] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｴ | 19800401 | 2
            [Birth] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800402 | 2
            [Birth] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800400 | 2
            [Sex] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 1
            [Address] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都２
            [Name, Kana, Birth, Sex, Address] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 乙山　太郎 | ｵﾂﾔﾏ ﾀﾛｳ | 19450608 | 1 | 大阪府
        "#]],
    );
}

#[test]
fn s5_r2_what_one_side_lacks_is_no_evidence() {
    check_differences(
        "
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 　
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 3 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 1
        甲野　花子 |  | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
         | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        ",
        expect![[r#"
            [] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
            [] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 | 東京都１ // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 |
            [] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 3 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 1
            [] 甲野　花子 |  | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
            [Name] | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        "#]],
    );
}

#[test]
fn s5_r2_marks_and_selectors_in_names() {
    check_differences(
        "
        髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // ●野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // ■野　〓子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // ●●野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 高野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        葛\u{e0100}城　花子 | ｶﾂﾗｷﾞ ﾊﾅｺ | 19800401 | 2 // 葛城　花子 | ｶﾂﾗｷﾞ ﾊﾅｺ | 19800401 | 2
        𠮷田　花子 | ﾖｼﾀﾞ ﾊﾅｺ | 19800401 | 2 // ●田　花子 | ﾖｼﾀﾞ ﾊﾅｺ | 19800401 | 2
        ＡＮＮ　ＬＥＥ | ｱﾝ ﾘｰ | 19800401 | 2 // ANN LEE | アンリー | 19800401 | 2
        甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅ● | 19800401 | 2
        ",
        expect![[r#"
            [] 髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // ●野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
            [] 髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // ■野　〓子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
            [Name] 髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // ●●野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
            [Name] 髙野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 高野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
            [] 葛󠄀城　花子 | ｶﾂﾗｷﾞ ﾊﾅｺ | 19800401 | 2 // 葛城　花子 | ｶﾂﾗｷﾞ ﾊﾅｺ | 19800401 | 2
            [] 𠮷田　花子 | ﾖｼﾀﾞ ﾊﾅｺ | 19800401 | 2 // ●田　花子 | ﾖｼﾀﾞ ﾊﾅｺ | 19800401 | 2
            [] ＡＮＮ　ＬＥＥ | ｱﾝ ﾘｰ | 19800401 | 2 // ANN LEE | アンリー | 19800401 | 2
            [Kana] 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2 // 甲野　花子 | ｺｳﾉ ﾊﾅ● | 19800401 | 2
        "#]],
    );
}

#[test]
fn s5_r2_readings_compare_by_width_size_and_voice() {
    for (one, other) in [
        ("ﾀﾞ", "ダ"),
        ("ﾀﾞ", "タ\u{3099}"),
        ("ﾀﾞ", "タ゛"),
        ("ﾊﾟ", "パ"),
        ("ﾊﾟ", "ハ\u{309a}"),
        ("ｳﾞ", "ヴ"),
        ("ｷｮｳｺ", "キヨウコ"),
        ("ｷｮｳｺ", "きょうこ"),
        ("ﾊｯﾄﾘ", "ハツトリ"),
        ("ヂュン", "ヂユン"),
        ("ヶ", "ケ"),
        ("ﾘｰ", "リー"),
        ("ｺｳﾉ ﾊﾅｺ", "コウノ　ハナコ"),
        ("ｦﾝ", "ヲン"),
    ] {
        assert_eq!(fold_kana(one), fold_kana(other), "{one} {other}");
    }
    for (one, other) in [
        ("ﾀﾞ", "タ"),
        ("ﾊﾞ", "パ"),
        ("ﾊﾟ", "ハ"),
        ("ｶﾟ", "キ"),
        ("ガ゛", "キ"),
        ("バ゛", "パ"),
        ("ジ", "ヂ"),
        ("ワ", "ハ"),
    ] {
        assert_ne!(fold_kana(one), fold_kana(other), "{one} {other}");
    }
}

/// Whatever kana: half-width and full-width writings fold to one, and folding again changes nothing.
#[test]
fn s5_r2_every_half_width_kana_has_its_full_width_one() {
    const HALF: &str = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯ";
    const FULL: &str = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンアイウエオヤユヨツ";
    for (half, full) in HALF.chars().zip(FULL.chars()) {
        assert_eq!(fold_kana(&half.to_string()), full.to_string());
        assert_eq!(fold_kana(&full.to_string()), full.to_string());
    }
    assert_eq!(HALF.chars().count(), FULL.chars().count());
}

#[test]
fn people_are_counted_once_by_five_years_of_age() {
    check(
        "
        figures 20261127
        record 1 100000000080 | 甲野　花子 | ｺｳﾉ ﾊﾅｺ | 19800401 | 2
        record 2 100000000030 | 丙川　一 | ﾍｲｶﾜ ﾊｼﾞﾒ | 19261127 | 1
        figures 20261126
        figures 20261127
        record 1 100000000080 | 乙山　花子 | ｵﾂﾔﾏ ﾊﾅｺ | 20261127 | 2
        figures 20261127
        record 2 100000000030 | 丙川　一 | ﾍｲｶﾜ ﾊｼﾞﾒ | 19270000 | 1
        figures 20261127
        ",
        expect![[r#"
            figures: 
            record: per_0000000000001
            record: per_0000000000002
            figures: 45+ Female 1, 95+ Male 1
            figures: 45+ Female 1, 100+ Male 1
            record: per_0000000000001
            figures: 0+ Female 1, 100+ Male 1
            record: per_0000000000002
            figures: 0+ Female 1, 95+ Male 1
        "#]],
    );
}
