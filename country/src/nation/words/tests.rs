//! Tests of names: frequencies, readings, spellings, and a sample that a reader can judge. Frequencies are asked for
//! within bands; the sample is exact and shows what a change of the lists does.

use super::*;
use crate::nation::dice::Dice;
use expect_test::expect_file;
use std::collections::BTreeMap;

const DRAWS: u64 = 300_000;

fn is_half_width(kana: &str) -> bool {
    !kana.is_empty() && kana.chars().all(|sign| ('ｦ'..='ﾟ').contains(&sign))
}

#[test]
fn every_reading_is_half_width_katakana_and_names_are_made_of_kanji_and_kana() {
    let mut dice = Dice::new(1, &[]);
    let is_written = |sign: char| matches!(sign, '々' | 'ー' | 'ノ' | 'ヶ' | '\u{3041}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{fa11}' | '\u{20bb7}');
    for draw in 0..DRAWS {
        let surname = surname(&mut dice);
        let given = given(&mut dice, draw % 2 == 0, 1920 + (draw % 105) as i16);
        for word in [surname, given] {
            assert!(is_half_width(&word.kana), "{word:?}");
            assert!(!word.written.is_empty() && word.written.chars().all(is_written), "{word:?}");
            assert!(word.written.chars().count() <= 5, "{word:?}");
        }
    }
}

#[test]
fn surnames_have_their_frequency() {
    let mut dice = Dice::new(2, &[]);
    let mut counts = BTreeMap::<String, u64>::new();
    for _ in 0..DRAWS {
        *counts.entry(surname(&mut dice).written).or_default() += 1;
    }
    // In a hundred thousand.
    let share = |written: &str| counts.get(written).copied().unwrap_or(0) * 100_000 / DRAWS;
    assert!((1_400..1_580).contains(&share("佐藤")), "{}", share("佐藤"));
    assert!((1_330..1_500).contains(&share("鈴木")), "{}", share("鈴木"));
    assert!((980..1_140).contains(&share("高橋")), "{}", share("高橋"));
    assert!(share("齋藤") > 30 && share("斉藤") > share("齋藤") && share("斎藤") > share("斉藤"));
    for rare in ["𠮷田", "髙橋", "山﨑", "渡邉", "渡邊", "濱田", "冨田"] {
        assert!((10..120).contains(&share(rare)), "{rare} {}", share(rare));
    }
    let mut largest: Vec<u64> = counts.values().copied().collect();
    largest.sort_unstable();
    let hundred: u64 = largest.iter().rev().take(100).sum();
    assert!((28..38).contains(&(hundred * 100 / DRAWS)), "the hundred most usual: {hundred}");
    assert!((4_000..8_000).contains(&counts.len()), "{} different surnames", counts.len());
    let first = counts.iter().max_by_key(|(_, count)| **count).map(|(written, _)| written.as_str());
    assert_eq!(first, Some("佐藤"));
}

#[test]
fn given_names_follow_their_time() {
    let mut dice = Dice::new(3, &[]);
    let mut share = |is_female: bool, year: i16, written: &str| {
        let found = (0..100_000).filter(|_| given(&mut dice, is_female, year).written == written).count();
        found / 100
    };
    assert!((30..90).contains(&share(true, 1940, "和子")));
    assert_eq!(share(true, 2010, "和子"), 0);
    assert!((8..30).contains(&share(true, 2010, "葵")));
    assert!((15..40).contains(&share(false, 1994, "翔太")));
    assert_eq!(share(false, 1930, "翔太"), 0);
    assert!((10..40).contains(&share(false, 2015, "蓮")));
    let mut dice = Dice::new(4, &[]);
    let ends_in_ko = |dice: &mut Dice, year| {
        (0..1_000).filter(|_| given(dice, true, year).written.ends_with('子')).count()
    };
    let (old, new) = (ends_in_ko(&mut dice, 1942), ends_in_ko(&mut dice, 2018));
    assert!(old > 700 && new < 120, "{old} {new}");
}

#[test]
fn one_spelling_has_two_readings() {
    let mut dice = Dice::new(5, &[]);
    let mut readings = BTreeMap::<String, u64>::new();
    for _ in 0..100_000 {
        let word = given(&mut dice, true, 1940);
        if word.written == "幸子" {
            *readings.entry(word.kana).or_default() += 1;
        }
    }
    assert_eq!(readings.keys().collect::<Vec<_>>(), ["ｻﾁｺ", "ﾕｷｺ"]);
}

#[test]
fn father_and_son_can_sound_alike() {
    let mut dice = Dice::new(6, &[]);
    let father = Word::new("太郎", "タロウ");
    let son = brother_like(&mut dice, &father).expect("another spelling");
    assert_eq!((son.written.as_str(), son.kana.as_str()), ("太朗", "ﾀﾛｳ"));
    let son = brother_like(&mut dice, &Word::new("重雄", "シゲオ")).expect("another spelling");
    assert!(son.written != "重雄" && son.kana == "ｼｹﾞｵ", "{son:?}");
    assert_eq!(brother_like(&mut dice, &Word::new("乙彦", "オトヒコ")), None);
}

#[test]
fn variants_differ_and_narrow_ones_end_at_the_standard() {
    let mut dice = Dice::new(7, &[]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        seen.extend(variant(&mut dice, "高﨑"));
        seen.extend(variant(&mut dice, "渡邉"));
    }
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(seen, ["渡辺", "渡邉\u{e0101}", "渡邊", "高崎", "高嵜", "髙﨑"]);
    assert_eq!(variant(&mut dice, "森"), None);
    assert_eq!(narrow("髙橋"), "高橋");
    assert_eq!(narrow("山﨑"), "山崎");
    assert_eq!(narrow("𠮷田　德𠮷"), "吉田　徳吉");
    assert_eq!(narrow("渡邉\u{e0101}"), "渡邉", "JIS X 0208 has this form, though not its variation");
    assert_eq!(narrow("蓜島"), "●島");
    for draw in 0..DRAWS {
        let word = surname(&mut dice);
        assert_eq!(narrow(&narrow(&word.written)), narrow(&word.written));
        if draw % 10 == 0
            && let Some(other) = variant(&mut dice, &word.written)
        {
            assert_ne!(other, word.written);
        }
    }
}

#[test]
fn foreign_residents_have_roman_names() {
    let mut dice = Dice::new(8, &[]);
    let mut with_alias = 0;
    for draw in 0..20_000 {
        let made = foreigner(&mut dice, draw % 2 == 0);
        assert!(made.written.chars().all(|sign| sign.is_ascii_uppercase() || sign == ' '), "{made:?}");
        assert!(made.kana.split(' ').all(is_half_width), "{made:?}");
        assert!(!made.written.contains("  ") && made.written.contains(' '), "{made:?}");
        if let Some(alias) = &made.alias {
            assert!(alias.written.contains('\u{3000}') && alias.kana.contains(' '), "{alias:?}");
            with_alias += 1;
        }
    }
    assert!((1_800..2_800).contains(&with_alias), "{with_alias}");
}

#[test]
fn a_sample_that_a_reader_can_judge() {
    let mut dice = Dice::new(2_026, &[1]);
    let mut sample = String::new();
    for draw in 0..100 {
        let (is_female, year) = (draw % 2 == 0, 1925 + draw as i16);
        let (surname, given) = (surname(&mut dice), given(&mut dice, is_female, year));
        let other = variant(&mut dice, &surname.written).unwrap_or_default();
        let narrow = narrow(&surname.written);
        let narrow = if narrow == surname.written { String::new() } else { narrow };
        sample += &format!(
            "{year} {} {}　{} {} {} {other} {narrow}",
            if is_female { '女' } else { '男' },
            surname.written,
            given.written,
            surname.kana,
            given.kana,
        );
        sample.truncate(sample.trim_end().len());
        sample.push('\n');
    }
    for draw in 0..20 {
        let made = foreigner(&mut dice, draw % 2 == 0);
        let alias = made.alias.map_or(String::new(), |alias| format!("（{} {}）", alias.written, alias.kana));
        sample += &format!("{} {}{alias}\n", made.written, made.kana);
    }
    expect_file!["sample.txt"].assert_eq(&sample);
}
