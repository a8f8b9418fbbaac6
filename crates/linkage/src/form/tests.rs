//! Rows as offices write them, and the levels at which they agree. All people are invented.
//!
//! Always holds: every row is compared both ways round, and a form that is used again is as a new one.

use super::*;
use crate::levels::SexLevel;

/// A row of `氏名|カナ|生年月日|性別|住所|番号`; further names behind `+`.
pub(crate) fn texts(row: &str) -> Texts {
    let mut fields = row.split('|').map(str::to_owned);
    let names: Vec<String> = fields.next().unwrap_or_default().split('+').map(str::to_owned).collect();
    let mut next = || fields.next().unwrap_or_default();
    Texts { names, kana: next(), birth: next(), sex: next(), address: next(), strong: next() }
}

pub(crate) fn form(row: &str) -> Form {
    Form::of(&texts(row))
}

/// Rows agree at these levels, whichever of them is asked.
fn agree(cases: &[(&str, &str, &str)]) {
    for (a, b, want) in cases {
        let (one, other) = (form(a), form(b));
        assert_eq!(one.compare(&other).codes(), *want, "{a} / {b}");
        assert_eq!(other.compare(&one).codes(), *want, "{b} / {a}");
    }
}

#[test]
fn s5_r2_rows_agree_at_these_levels() {
    agree(&[
        (
            "山田　太郎|ヤマダ タロウ|昭和30年3月12日|男|京都府宇治市本町2丁目1番5号|12-34",
            "山田太郎|ﾔﾏﾀﾞﾀﾛｳ|1955-03-12|1|宇治市本町２－１－５|００１２－００３４",
            "N1 K1 B1 S1 A1 I1",
        ),
        // No name, no address, unreadable sex.
        (
            "|ヤマダ タロウ|1955-03-12|?|",
            "山田太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5",
            "N- K1 B1 S- A- I-",
        ),
        // A 通称 in brackets and in a column of its own.
        (
            "KIM YONGJA（金山　英子）||1955-03-12|2|宇治市本町2-1-5",
            "金山英子||1955-03-12|2|宇治市本町2-1-5",
            "N5 K- B1 S1 A1 I-",
        ),
        (
            "KIM YONGJA+金山　英子||1955-03-12|2|宇治市本町2-1-5",
            "金山英子||1955-03-12|2|宇治市本町2-1-5",
            "N5 K- B1 S1 A1 I-",
        ),
        // A 旧氏 as a whole name, and as a surname alone.
        (
            "田中　花子+山田　花子||1955-03-12|2|宇治市本町2-1-5",
            "山田　花子||1955-03-12|2|宇治市本町2-1-5",
            "N5 K- B1 S1 A1 I-",
        ),
        (
            "田中　花子+山田||1955-03-12|2|宇治市本町2-1-5",
            "山田　花子||1955-03-12|2|宇治市本町2-1-5",
            "N5 K- B1 S1 A1 I-",
        ),
        (
            "田中花子+山田||1955-03-12|2|宇治市本町2-1-5",
            "山田花子||1955-03-12|2|宇治市本町2-1-5",
            "N5 K- B1 S1 A1 I-",
        ),
        // Both by alternatives; an alternative is no better than the main names' own agreement.
        ("LEE A+東山　花子||1955-03-12|2|", "西川　緑+東山　花子||1955-03-12|2|", "NT K- B1 S1 A- I-"),
        ("田中　花子+山田　花子||1955-03-12|2|", "田中　花子+山田　花子||1955-03-12|2|", "N1 K- B1 S1 A- I-"),
        // The sister's former name is not hers.
        ("田中　花子+山田||1955-03-12|2|", "山田　陽子||1955-03-12|2|", "N0 K- B1 S1 A- I-"),
        // An empty main name does not make a 通称 the name.
        ("+金山　英子||1955-03-12|2|", "金山　英子||1955-03-12|2|", "N5 K- B1 S1 A- I-"),
    ]);
}

#[test]
fn s5_r2_identifiers_that_say_nothing() {
    agree(&[
        // Placeholders of missing numbers are missing.
        ("山田　太郎|||||000", "山田　太郎|||||0", "N1 K- B- S- A- I-"),
        ("山田　太郎|||||1", "山田　太郎|||||2", "N1 K- B- S- A- I0"),
        ("山田　太郎|||||12", "山田　太郎|||||12", "N1 K- B- S- A- I-"),
        ("山田　太郎|||||1234", "山田　太郎|||||1234", "N1 K- B- S- A- I1"),
        ("山田　太郎|||||なし", "山田　太郎|||||1234", "N1 K- B- S- A- I-"),
    ]);
    for none in [
        "なし",
        "不明",
        "N/A",
        "#N/A",
        "null",
        "無",
        "未",
        "*",
        "？",
        "○",
        "空欄",
        "99999999",
        "０００",
        "1.23E+11",
        "－",
    ] {
        let row = format!("山田　太郎|||||{none}");
        agree(&[(&row, &row, "N1 K- B- S- A- I-")]);
    }
}

#[test]
fn s5_r2_what_a_family_shares_is_no_name_of_a_person() {
    agree(&[
        // A surname or a word for "none" in a column of other names, on both sides.
        ("山田　花子+佐藤||1990-01-01|2|", "山田　良子+佐藤||1990-01-01|2|", "N7 K- B1 S1 A- I-"),
        ("山田　花子+佐藤||1990-01-01|2|", "鈴木　良子+佐藤||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田　花子+なし||1990-01-01|2|", "鈴木　良子+なし||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田　花子（外国人）||1990-01-01|2|", "鈴木　良子（外国人）||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("KIM YONGJA+金本||1990-01-01|2|", "PARK YONGHEE+金本||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田　花子+長谷川||1990-01-01|2|", "鈴木　良子+長谷川||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田　花子+勅使河原||1990-01-01|2|", "鈴木　良子+勅使河原||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田　花子+タカハシ||1990-01-01|2|", "鈴木　良子+タカハシ||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田　花子+佐藤||1990-01-01|2|", "佐藤||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        // A whole 通称 that a household shares is nobody's of it.
        ("山田　花子+金本　一郎||1990-01-01|2|", "山田　良子+金本　一郎||1990-01-01|2|", "NT K- B1 S1 A- I-"),
        (
            "KIM YONGJA+金本　一郎|キム ヨンジャ|1990-01-01|2|",
            "PARK YONGHEE+金本　一郎|パク ヨンヒ|1990-01-01|2|",
            "NT K0 B1 S1 A- I-",
        ),
        (
            "KIM YONGJA+金本　英子|カネモト ヒデコ|1990-01-01|2|",
            "PARK YONGHEE+金本　英子|カネモト ヒデコ|1990-01-01|2|",
            "NT K1 B1 S1 A- I-",
        ),
        ("+金本　一郎||1990-01-01|2|", "+金本　一郎||1990-01-01|2|", "NT K- B1 S1 A- I-"),
        // Beside a main name on either side it is as before.
        ("KIM YONGJA+金本　英子||1990-01-01|2|", "金本　英子+金山　英子||1990-01-01|2|", "N5 K- B1 S1 A- I-"),
        ("KIM YONG JA+金本　英子||1990-01-01|2|", "KIM YONG+金本　英子||1990-01-01|2|", "N5 K- B1 S1 A- I-"),
        // The same former surname and given name are one person's, and so is a whole 通称.
        ("山田　花子+佐藤||1990-01-01|2|", "鈴木　花子+佐藤||1990-01-01|2|", "N5 K- B1 S1 A- I-"),
        ("KIM YONGJA+金英子|キム ヨンジャ|||", "金英子|キムヨンジャ|||", "N5 K1 B- S- A- I-"),
        // Without a gap, one letter is no given name, and nobody is called 田花子.
        ("山田花子+佐藤||1990-01-01|2|", "佐藤　子||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田花子+佐藤||1990-01-01|2|", "佐藤　田花子||1990-01-01|2|", "N0 K- B1 S1 A- I-"),
        ("山田花子+佐藤||1990-01-01|2|", "佐藤　花子||1990-01-01|2|", "N5 K- B1 S1 A- I-"),
        // A surname alone, unless the reading has a given name.
        ("山田||1990-01-01|2|", "山田||1990-01-01|2|", "N- K- B1 S1 A- I-"),
        ("林誠|ハヤシ|1990-01-01|1|", "林誠|ハヤシ|1990-01-01|1|", "N- K- B1 S1 A- I-"),
        ("林誠|ハヤシマコト|1990-01-01|1|", "林誠|ハヤシマコト|1990-01-01|1|", "N1 K1 B1 S1 A- I-"),
        ("林誠||1990-01-01|1|", "林　誠||1990-01-01|1|", "N1 K- B1 S1 A- I-"),
        ("世帯主||1990-01-01|1|", "世帯主||1990-01-01|1|", "N- K- B1 S1 A- I-"),
    ]);
}

#[test]
fn s5_r2_half_a_reading_is_none() {
    agree(&[
        ("佐藤　健一|サトウ|1990-01-01|1|", "佐藤　健二|サトウ|1990-01-01|1|", "N7 K- B1 S1 A- I-"),
        ("佐藤　健一|サトウ ケ|1990-01-01|1|", "佐藤　健二|サトウ ケ|1990-01-01|1|", "N7 K- B1 S1 A- I-"),
        (
            "小笠原　健一|オガサワラ|1990-01-01|1|",
            "小笠原　健二|オガサワラ|1990-01-01|1|",
            "N7 K- B1 S1 A- I-",
        ),
        ("佐藤　健一|フメイ|1990-01-01|1|", "佐藤　健二|フメイ|1990-01-01|1|", "N7 K- B1 S1 A- I-"),
        ("佐藤　健一|フメイ|1990-01-01|1|", "佐藤　健一|サトウ ケンイチ|1990-01-01|1|", "N1 K- B1 S1 A- I-"),
        ("佐藤　健|サトウ ケン|1990-01-01|1|", "佐藤　建|サトウケン|1990-01-01|1|", "N9 K1 B1 S1 A- I-"),
        // An unreadable given name needs a reading, an unreadable surname does not.
        ("山田　●子||1990-01-01|2|", "山田　花子||1990-01-01|2|", "N- K- B1 S1 A- I-"),
        (
            "山田　●子|ヤマダ ハナコ|1990-01-01|2|",
            "山田　花子|ヤマダ ハナコ|1990-01-01|2|",
            "N4 K1 B1 S1 A- I-",
        ),
        ("●田　花子||1990-01-01|2|", "山田　花子||1990-01-01|2|", "N4 K- B1 S1 A- I-"),
        ("田中　エミ子||1990-01-01|2|", "田中　裕子||1990-01-01|2|", "N- K- B1 S1 A- I-"),
    ]);
}

#[test]
fn s5_r2_a_place_is_no_house_and_an_unknown_city_may_be_any() {
    agree(&[
        // A town without numbers is not a house.
        ("山田　太郎||1955-03-12|1|宇治市本町", "山田　太郎||1955-03-12|1|宇治市本町", "N1 K- B1 S1 A6 I-"),
        (
            "山田　太郎||1955-03-12|1|宇治市本町1丁目",
            "山田　太郎||1955-03-12|1|宇治市本町一丁目",
            "N1 K- B1 S1 A6 I-",
        ),
        (
            "山田　太郎||1955-03-12|1|宇治市本町無番地",
            "山田　太郎||1955-03-12|1|宇治市本町無番地",
            "N1 K- B1 S1 A6 I-",
        ),
        // A municipality that no table knows may be any; one that is left out is the other side's.
        (
            "山田　太郎||1955-03-12|1|架空市本町1-2",
            "山田　太郎||1955-03-12|1|静岡県三島市本町1-2",
            "N1 K- B1 S1 A6 I-",
        ),
        (
            "山田　太郎||1955-03-12|1|架空市本町1-2",
            "山田　太郎||1955-03-12|1|架空市本町1-2",
            "N1 K- B1 S1 A1 I-",
        ),
        (
            "山田　太郎||1955-03-12|1|本町1-2",
            "山田　太郎||1955-03-12|1|静岡県三島市本町1-2",
            "N1 K- B1 S1 A1 I-",
        ),
    ]);
}

#[test]
fn doubts_are_told() {
    for (row, sex, no_name) in [
        ("山田　太郎||1955-03-12|1|", false, false),
        ("山田　太郎||1955-03-12||", false, false),
        ("山田　太郎||1955-03-12|ABC|", true, false),
        ("||1955-03-12|1|", false, true),
        ("　||1955-03-12|1|", false, true),
    ] {
        let doubts = Form::default().read(&texts(row));
        assert_eq!((doubts.sex, doubts.no_name), (sex, no_name), "{row}");
    }
    assert!(Form::default().read(&texts("山田　太郎||きのう|1|")).birth.is_some());
}

/// A form that is used again is as a new one, whatever was in it.
#[test]
fn nothing_of_the_row_before_remains() {
    let rows = [
        "KIM YONGJA（金山　英子）+田中+山田　花子|キム ヨンジャ|1955-03-12|2|京都府宇治市本町2-1-5 宇治荘203|99",
        "●山　太|ヤマ|不詳|1|無番地|",
        "||||",
        "山田　太郎||1955-03-12|1|宇治市本町2-1-5|12",
    ];
    let mut kept = Form::default();
    for before in rows {
        for now in rows {
            kept.read(&texts(before));
            kept.read(&texts(now));
            let new = form(now);
            assert_eq!(kept.names_used, new.names_used, "{now}");
            for other in rows.map(form) {
                assert_eq!(kept.compare(&other), new.compare(&other), "{before} / {now}");
            }
        }
    }
}

#[test]
fn identifiers_fold_as_everywhere() {
    // What stood in the buffer before does not matter.
    proptest::proptest!(|(text in "[0-9０-９A-Za-zｱ-ﾝア-ン漢字\t\u{b} 　ー・./-]{0,16}")| {
        let mut folded = String::from("before");
        fold_number(&text, &mut folded);
        let want = base::canonical_key(&text);
        let written: std::collections::BTreeSet<char> = want.chars().collect();
        let digits = written.iter().filter(|c| ('1'..='9').contains(*c)).count();
        let none = digits == 0 || written.len() == 1 && want.len() > 2;
        proptest::prop_assert_eq!(folded.as_str(), if none { "" } else { want.as_str() });
    });
}

#[test]
fn names_count_themselves() {
    let row = |names: &[&str]| {
        let names = names.iter().map(|name| name.to_string()).collect();
        Form::of(&Texts { names, birth: "1955-03-12".into(), ..Texts::default() })
    };
    let level = |names: &[&str]| row(names).compare(&row(&["山田　太郎"])).name;
    for (names, want) in [
        (&["山田太郎"] as &[&str], NameLevel::Equal),
        (&["山田太郎", "", ""], NameLevel::Equal),
        (&["", "山田太郎"], NameLevel::Alias),
        (&["金山　英子", "", "山田太郎"], NameLevel::Alias),
        (&["", ""], NameLevel::Missing),
        (&[], NameLevel::Missing),
    ] {
        assert_eq!(level(names), want, "{names:?}");
    }
}

#[test]
fn a_row_compared_with_itself_by_the_short_way() {
    proptest::proptest!(|(
        name in "[山田●A-B]{0,3}[ 　]?[太郎●（）a-b]{0,3}(\\+東山　?花子)?", kana in "([ア-ン]{0,6}[ 　]?[ア-ン]{0,4}|[A-Z]{0,11})",
        birth in "(19[0-9]{2}-0[0-3]-[12][0-9])?", sex in "[12男]?",
        place in "(京都府)?(宇治市|三島市)?(本町)?[1-3●]?(丁目|番地|-)?[0-3]?(番|-)?[0-3]?(荘1)?", number in "([0-9]{5})?",
    )| {
        let form = form(&format!("{name}|{kana}|{birth}|{sex}|{place}|{number}"));
        proptest::prop_assert_eq!(form.compare_itself(), form.compare(&form));
    });
}

#[test]
fn many_alternatives_are_cut() {
    let row = format!("山田　太郎{}|", "+東山　花子".repeat(1_000));
    assert_eq!(form(&row).names_used, NAMES_MAX);
}

#[test]
fn debugging_shows_nothing() {
    let row = "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|12-34";
    for shown in [format!("{:?}", texts(row)), format!("{:?}", form(row)), format!("{:#?}", form(row))] {
        assert!(shown.len() < 12 && shown.ends_with("(…)"), "{shown}");
    }
    assert_eq!(form(row).compare(&form(row)).sex, SexLevel::Equal);
}

/// All that a form holds of a row.
pub(crate) fn held(form: &Form) -> String {
    let Form { kana, birth, sex, address, strong, .. } = form;
    let names = form.names().iter();
    let names: Vec<_> =
        names.map(|name| (&name.chars, name.given, &name.families, name.gaps.count())).collect();
    let address::AddressForm { city, city_key, town, numbers, block, building, part, first, .. } = address;
    let address = (city, city_key, town, numbers, block, building, part, first);
    format!("{names:?} {:?} {:?} {birth:?} {sex:?} {address:?} {strong}", kana.chars, kana.given)
}
