//! Names read and compared, as tables of cases. Everybody is invented.
//! Each pair is compared both ways.

use super::*;
use proptest::prelude::*;

/// All names of a field, a gap before the given name written as `|`.
fn names(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let count = read(text, &mut forms);
    forms.iter().take(count).map(shown).collect()
}

fn shown(form: &NameForm) -> String {
    let mut out: Vec<char> = form.chars.clone();
    if let Some(given) = form.given {
        out.insert(given, '|');
    }
    out.into_iter().collect()
}

fn form(text: &str) -> NameForm {
    let mut forms = Vec::new();
    read(text, &mut forms);
    forms.swap_remove(0)
}

#[test]
fn fields() {
    for (written, want) in [
        ("田中　花子", &["田中|花子"][..]),
        ("田中 花子", &["田中|花子"]),
        ("田中花子", &["田中花子"]),
        ("　田中　　花子　", &["田中|花子"]),
        ("田 中　花 子", &["田中|花子"]),
        ("田 中 花 子", &["田中花子"]),
        ("佐々木　寿々子", &["佐佐木|寿寿子"]),
        ("みすゞ", &["みすず"]),
        ("葛\u{E0100}飾　太郎", &["葛飾|太郎"]),
        ("\u{FA10}本　\u{FA19}", &["塚本|神"]),
        ("ﾀﾅｶ ﾊﾞﾝｼﾞ", &["タナカ|バンジ"]),
        ("マリア・シルバ", &["マリア|シルバ"]),
        ("ベ－カ－", &["ベーカー"]),
        ("kim, yongja", &["KIM|YONGJA"]),
        ("ＳＭＩＴＨ　ＪＯＨＮ　Ｐ．", &["SMITHJOHNP"]),
        ("O’BRIEN MARY-ANN", &["OBRIENMARYANN"]),
        // Marks.
        ("田●　花子", &["田●|花子"]),
        ("田■　〓子", &["田●|●子"]),
        ("田■■　花？", &["田●●|花●"]),
        ("【※1】山　太郎", &["●山|太郎"]),
        ("【※欠】山　太郎", &["●山|太郎"]),
        ("[※12]山　太郎", &["●山|太郎"]),
        ("［※１］山　太郎", &["●山|太郎"]),
        ("〔外字〕山　太郎", &["●山|太郎"]),
        ("（※1）山　太郎", &["●山|太郎"]),
        ("※1山　太郎", &["●山|太郎"]),
        ("\u{E000}山　\u{F1234}\u{FFFD}郎", &["●山|●●郎"]),
        // Alternatives.
        ("田中（旧姓 山田）花子", &["田中|花子", "山田|花子"]),
        ("田中（旧氏：山田）　花子", &["田中|花子", "山田|花子"]),
        ("田中　花子(旧姓山田)", &["田中|花子", "山田|花子"]),
        ("田中　花子（旧姓　長谷川）", &["田中|花子", "長谷川|花子"]),
        ("田中花子（旧姓 山田）", &["田中花子", "山田|花子"]),
        ("田中花子〔旧姓山田花子〕", &["田中花子", "山田花子"]),
        ("田中　花子　旧姓山田", &["田中|花子", "山田|花子"]),
        ("田中（山田）花子", &["田中|花子", "山田|花子"]),
        ("KIM YONGJA（金山　英子）", &["KIM|YONGJA", "金山|英子"]),
        ("KIM YONGJA(通称 金山英子)", &["KIM|YONGJA", "金山英子"]),
        ("KIM YONGJA(金山英子)（金英子）", &["KIM|YONGJA", "金山英子", "金英子"]),
        ("KIM YONGJA 通称名 金山英子", &["KIM|YONGJA", "金山英子"]),
        ("（金山　英子）", &["金山|英子"]),
        ("田中　花子（", &["田中|花子"]),
        ("田中　花子（旧姓山田", &["田中|花子", "山田|花子"]),
        ("田中　花子（旧姓（山田））", &["田中|花子", "山田|花子"]),
        ("田中）　花子", &["田中|花子"]),
        ("田中　花子（）", &["田中|花子"]),
        ("", &[]),
        ("　", &[]),
        ("－", &[]),
        ("（　）", &[]),
        ("通子　旧", &["通子|旧"]),
        // Without a gap one letter is no given name.
        ("林花子（旧姓 山田）", &["林花子", "山田"]),
        ("林　誠（旧姓 山田）", &["林|誠", "山田|誠"]),
        // Words for "none".
        ("なし", &[]),
        ("　同上", &[]),
        ("#N/A", &[]),
        ("田中　花子（世帯主）", &["田中|花子"]),
        ("田中　花子（旧姓なし）（なし）", &["田中|花子"]),
        ("外国人（金山　英子）", &["金山|英子"]),
    ] {
        assert_eq!(names(written), want, "{written}");
    }
}

#[test]
fn more_alternatives_than_a_person_has_are_left_out() {
    assert_eq!(names(&format!("KIM YONGJA{}", "（金　英子）".repeat(100))).len(), 5);
}

/// Every pair of names has the level, both ways.
fn check(cases: &[(&str, &str, NameLevel)]) {
    for (one, two, want) in cases {
        assert_eq!(compare(&form(one), &form(two)), *want, "{one} / {two}");
        assert_eq!(compare(&form(two), &form(one)), *want, "{two} / {one}");
    }
}

#[test]
fn the_same_but_for_characters() {
    use NameLevel::{Equal, Variant, Weak};
    check(&[
        ("田中　花子", "田中花子", Equal),
        ("田中 花子", "田中　花子", Equal),
        ("佐々木　誠", "佐佐木　誠", Equal),
        ("葛\u{E0100}飾　太郎", "葛飾太郎", Equal),
        ("葛\u{FE00}飾　太郎", "葛飾太郎", Equal),
        ("\u{FA10}本　誠", "塚本　誠", Equal),
        ("kim yongja", "ＫＩＭ　ＹＯＮＧＪＡ", Equal),
        ("KIM YONGJA", "KIM YONG-JA", Equal),
        ("ﾀﾅｶ ﾊﾅｺ", "タナカ　ハナコ", Equal),
        ("髙橋　誠", "高橋　誠", Variant),
        ("山\u{FA11}　誠", "山崎　誠", Variant),
        ("山嵜　誠", "山崎　誠", Variant),
        ("渡邉　誠", "渡辺　誠", Variant),
        ("渡邊　誠", "渡辺　誠", Variant),
        ("渡邉　誠", "渡邊　誠", Variant),
        ("齋藤　誠", "斎藤　誠", Variant),
        ("齊藤　誠", "斉藤　誠", Variant),
        ("濵田　誠", "浜田　誠", Variant),
        ("濱田　誠", "浜田　誠", Variant),
        ("\u{20BB7}田　誠", "吉田　誠", Variant),
        ("德田　誠", "徳田　誠", Variant),
        ("桒原　誠", "桑原　誠", Variant),
        ("嶋田　眞", "島田　真", Variant),
        ("廣澤　惠", "広沢　恵", Variant),
        ("龍田　誠", "竜田　誠", Variant),
        ("斎藤　誠", "斉藤　誠", Weak),
        ("齋藤　誠", "斉藤　誠", Weak),
        ("齋藤　眞", "齊藤　真", Weak),
        ("冨田　誠", "富田　誠", Weak),
        ("田中　さくら", "田中　サクラ", Weak),
        ("田中　みさを", "田中　みさお", Weak),
    ]);
}

#[test]
fn the_same_where_readable() {
    use NameLevel::{Different, Equal, GivenOnly, Missing, OneOff, SurnameOnly, Unreadable};
    check(&[
        ("田●　花子", "田中　花子", Unreadable),
        ("田●花子", "田中花子", Unreadable),
        ("●藤　花子", "斎藤　花子", Unreadable),
        ("髙●　花子", "高橋　花子", Unreadable),
        ("【※1】藤　花子", "斎藤　花子", Unreadable),
        ("田●　花子", "田●　花子", Unreadable),
        ("●　誠一", "林　誠一", Unreadable),
        ("田●　●子", "田中　花子", Unreadable),
        ("田●●子", "田中花子", Unreadable),
        // Too little is readable to say anything.
        ("田中　●●", "田中　花子", Missing),
        ("田中●●", "田中花子", Missing),
        ("●●　花子", "田中　花子", Missing),
        ("林　●", "林　誠", Missing),
        ("●●●", "林　誠", Missing),
        ("", "林　誠", Missing),
        // What is readable disagrees.
        ("田●　花子", "佐藤　美咲", Different),
        ("田●　花子", "佐藤　花子", GivenOnly),
        ("田中　●子", "田中　美咲", SurnameOnly),
        ("田中花●", "田中花", OneOff),
        // Katakana in place of a kanji.
        ("タカ橋　誠", "髙橋　誠", Unreadable),
        ("サイ藤花子", "齋藤花子", Unreadable),
        ("田中　エ美", "田中　恵美", Unreadable),
        ("長谷川花エ", "長谷川花恵", Unreadable),
        ("田中　エミ", "田中　恵美", Missing),
        ("田中エミ", "田中恵美", Missing),
        ("ワタナベ　誠", "渡邊　誠", Missing),
        ("タナカハナコ", "田中花子", Different),
        ("田中　エミ", "田中　エミ", Equal),
        ("田中　エミ", "田中　ユキ", SurnameOnly),
    ]);
}

#[test]
fn s5_r2_what_hides_the_given_name() {
    for (one, two, want) in [
        ("田●　花子", "田中　花子", false),
        ("●　誠一", "林　誠一", false),
        ("タカ橋　誠", "髙橋　誠", false),
        ("サイ藤花子", "齋藤花子", false),
        ("●藤花子", "斎藤花子", false),
        ("佐●木花子", "佐々木花子", false),
        ("田中　●子", "田中　花子", true),
        ("田中太●", "田中　太一", true),
        ("田●　●子", "田中　花子", true),
        ("林　●子", "林花子", true),
        ("林●子", "林花子", true),
        ("田中　エミ子", "田中　裕子", true),
        ("田中エミ子", "田中　裕子", true),
        ("田中エミ子", "田中裕子", true),
    ] {
        let (a, b) = (form(one), form(two));
        assert_eq!(compare(&a, &b), NameLevel::Unreadable, "{one} / {two}");
        assert_eq!(hides_given(&a, &b), want, "{one} / {two}");
        assert_eq!(hides_given(&b, &a), want, "{two} / {one}");
    }
}

#[test]
fn s5_r2_names_without_a_given_name() {
    for (name, want) in [
        ("山田", false),
        ("林", false),
        ("KIM", false),
        ("TAKAHASHI", false),
        ("ヤマダ", false),
        ("オガサワラ", false),
        ("", false),
        ("林　誠", true),
        ("山田誠", true),
        ("林さくら", true),
        ("ヤマダハナコ", true),
        ("KIM YONGJA", true),
        ("NGUYEN THI HOA", true),
        ("田 中 花 子", true),
    ] {
        let mut forms = vec![NameForm::default()];
        read(name, &mut forms);
        assert_eq!(forms[0].has_given(), want, "{name}");
    }
}

#[test]
fn roman_words() {
    use NameLevel::{Different, GivenOnly, OneOff, Roman, SurnameOnly};
    check(&[
        ("SMITH JOHN", "JOHN SMITH", Roman),
        ("SMITH JOHN", "Smith, John Paul", Roman),
        ("SMITH JOHN PAUL", "JOHN P. PAUL SMITH", Roman),
        ("MARY-ANN SMITH", "SMITH MARY ANN", Roman),
        ("SMITH SMITH", "SMITH JOHN", SurnameOnly),
        ("SMITH", "SMITH JOHN", Different),
        ("SMITH JOHN", "SMITH JOHM", OneOff),
        ("SMITH JOHN", "SMITH MARY", SurnameOnly),
        ("SMITH JOHN", "BROWN JOHN", GivenOnly),
        ("SMITH JOHN PAUL", "SMITH MARY ANN", Different),
        ("KIMYONGJA", "KIMURA", Different),
    ]);
}

#[test]
fn a_part_is_the_same() {
    use NameLevel::{Different, GivenOnly, OneOff, SurnameOnly};
    check(&[
        ("田中　花子", "田中　華子", OneOff),
        ("田中花子", "田中花", OneOff),
        ("齋藤　花子", "斉藤　花江", OneOff),
        ("林　誠", "林　誠一", OneOff),
        ("田中誠", "田中実", OneOff),
        // The one letter is a whole name.
        ("林　誠", "林　実", SurnameOnly),
        ("田中　誠", "田中　実", SurnameOnly),
        ("田中　誠", "田中実", SurnameOnly),
        ("林　花子", "森　花子", GivenOnly),
        ("林花子", "森　花子", GivenOnly),
        ("田中　花子", "佐藤　花子", GivenOnly),
        ("田中　花子", "佐藤花子", GivenOnly),
        ("田中花子", "佐藤花子", GivenOnly),
        ("田中　花子", "長谷川　花子", GivenOnly),
        ("佐藤　子", "山田花子", Different),
        ("佐藤　田花子", "山田花子", Different),
        ("佐藤　健太郎", "山田健太郎", GivenOnly),
        ("髙橋　花子", "高橋　美咲", SurnameOnly),
        ("高橋　花子", "髙橋美咲", SurnameOnly),
        ("高橋花子", "髙橋美咲", SurnameOnly),
        ("高橋花子", "佐藤美咲", Different),
        ("高橋　花子", "高　橋美咲", Different),
        ("誠", "実", Different),
        ("林誠", "林実", Different),
    ]);
}

#[test]
fn families_meet() {
    for (one, two) in [
        ("髙橋　誠", "高橋　誠"),
        ("渡邉　眞", "渡辺　真"),
        ("齋藤　誠", "斉藤　誠"),
        ("冨田　サクラ", "富田　さくら"),
    ] {
        assert_eq!(form(one).families, form(two).families);
    }
    assert_ne!(form("林　誠").families, form("林　実").families);
}

#[test]
fn debug_output_has_nothing_of_the_person() {
    assert!(!format!("{:?}", form("田中　花子")).contains('田'));
}

/// Texts as they occur and as they should not.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[田中髙高斎斉齊花子誠林サイエミ●　 ]{0,7}",
        "[田中花子（）()【】〔旧姓通称※１ 　々ゞ゛ﾞー-]{0,14}",
        "[A-Ca-c ,.-]{0,10}",
        "\\PC{0,12}",
    ]
}

proptest! {
    #[test]
    fn a_plain_name_is_read_as_any_other(text in "[田中髙﨑花子旧姓通称無不明N/A-Zａ-ｚｱ-ﾝア-ンぁ-ん 　・ー（）●※々]{0,7}") {
        let (mut plain, mut slow) = (NameForm::default(), Vec::new());
        if let Some(written) = plainly(&text, &mut plain) {
            prop_assert_eq!(written, slowly(&text, &mut slow));
            prop_assert_eq!(plain.gaps.widths(), slow[0].gaps.widths());
            prop_assert_eq!((&plain.chars, &plain.families), (&slow[0].chars, &slow[0].families));
            prop_assert_eq!(plain.given, slow[0].given);
        }
    }

    #[test]
    fn comparing_is_symmetric(one in texts(), two in texts()) {
        let (a, b) = (form(&one), form(&two));
        prop_assert_eq!(compare(&a, &b), compare(&b, &a));
        if !a.is_empty() && !a.is_marked() {
            prop_assert_eq!(compare(&a, &a), NameLevel::Equal);
        }
    }

    #[test]
    fn reading_is_stable_and_keeps_nothing(one in texts(), before in texts()) {
        let mut reused = Vec::new();
        read(&before, &mut reused);
        let count = read(&one, &mut reused);
        let shown: Vec<String> = reused.iter().take(count).map(shown).collect();
        prop_assert_eq!(&shown, &names(&one));
        for form in &reused[..count] {
            prop_assert!(!form.is_empty() && form.chars.len() == form.families.len());
            prop_assert!(form.given.is_none_or(|given| given > 0 && given < form.chars.len()));
        }
    }
}
