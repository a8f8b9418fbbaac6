//! Names, readings and dates as another office writes them, or gets them wrong: one text in, another out.
//!
//! Always holds: nothing comes out where nothing can be changed.
//! Not here: how often (`noise`), addresses (`address`).
//! Rules come from: the reference on matching, sections 1.2, 1.3 and 1.5.

use super::tables::{
    ALIKE, CONFUSABLE, KANA_ALIKE, KANJI_SOUNDS, LARGE, NARROW, READINGS, SMALL, VARIANTS, VOICEABLE, WIDE,
    across,
};
use crate::nation::{
    dice::Dice,
    words::{self, Word},
};
use base::{Date, Era};

// Names -----------------------------------------------------------------------------------------------------------------

/// One character by another of its family.
fn within(dice: &mut Dice, families: &[&str], text: &str, from: usize) -> Option<String> {
    let found: Vec<(char, &str)> = text[from..]
        .chars()
        .filter_map(|sign| Some((sign, *families.iter().find(|family| family.contains(sign))?)))
        .collect();
    if found.is_empty() {
        return None;
    }
    let (sign, family) = *dice.pick(&found);
    let others: Vec<char> = family.chars().filter(|other| *other != sign).collect();
    let mut behind = text[from..].to_owned();
    behind = behind.replacen(sign, &dice.pick(&others).to_string(), 1);
    Some(format!("{}{behind}", &text[..from]))
}

/// A variant of a character.
pub(super) fn variant(dice: &mut Dice, name: &str) -> Option<String> {
    words::variant(dice, name).or_else(|| within(dice, &VARIANTS, name, 0))
}

/// A character that people take for another.
pub(super) fn confused(dice: &mut Dice, name: &str) -> Option<String> {
    within(dice, &CONFUSABLE, name, 0)
}

/// Another character of the same sound, in the given name.
pub(super) fn same_sound(dice: &mut Dice, name: &str) -> Option<String> {
    let given = name.find('\u{3000}')?;
    within(dice, &ALIKE, name, given)
}

fn is_kanji(sign: char) -> bool {
    matches!(sign, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}')
}

/// The place of a kanji by chance.
fn a_kanji(dice: &mut Dice, name: &str) -> Option<(usize, char)> {
    let all: Vec<(usize, char)> = name.char_indices().filter(|(_, sign)| is_kanji(*sign)).collect();
    if all.is_empty() { None } else { Some(*dice.pick(&all)) }
}

/// A variation selector behind a character.
pub(super) fn with_selector(dice: &mut Dice, name: &str) -> Option<String> {
    let (at, sign) = a_kanji(dice, name)?;
    let selector = *dice.pick(&['\u{e0100}', '\u{e0101}', '\u{e0102}', '\u{fe00}']);
    let (before, behind) = name.split_at(at + sign.len_utf8());
    Some(format!("{before}{selector}{behind}"))
}

/// A mark in place of a character.
pub(super) fn marked(dice: &mut Dice, name: &str) -> Option<String> {
    let (at, sign) = a_kanji(dice, name)?;
    let mark = match dice.below(100) {
        0..88 => "●",
        88..96 => "■",
        96..98 => "【※１】",
        _ => "【※欠】",
    };
    Some(format!("{}{mark}{}", &name[..at], &name[at + sign.len_utf8()..]))
}

/// ● for every character that a narrow system lacks, even those with a usual common form.
pub(super) fn lost(name: &str) -> String {
    let mut buffer = [0; 4];
    name.chars()
        .map(|sign| {
            let text: &str = sign.encode_utf8(&mut buffer);
            if words::narrow(text) == text { sign } else { '●' }
        })
        .collect()
}

/// Katakana for a kanji that an office lacks.
pub(super) fn katakana_for_kanji(_: &mut Dice, name: &str) -> Option<String> {
    let (sign, sound) =
        name.chars().find_map(|sign| KANJI_SOUNDS.iter().find(|(kanji, _)| *kanji == sign)).copied()?;
    Some(name.replacen(sign, sound, 1))
}

/// Roman letters in full width, or with capitals only where words begin.
pub(super) fn roman_style(dice: &mut Dice, name: &str) -> Option<String> {
    if dice.percent(50) {
        return Some(
            name.chars()
                .map(|sign| match sign {
                    'A'..='Z' => char::from_u32(u32::from(sign) - 0x41 + 0xff21).unwrap_or(sign),
                    ' ' => '\u{3000}',
                    other => other,
                })
                .collect(),
        );
    }
    let mut is_first = true;
    Some(
        name.chars()
            .map(|sign| {
                let out = if is_first { sign } else { sign.to_ascii_lowercase() };
                is_first = sign == ' ';
                out
            })
            .collect(),
    )
}

/// A Roman name without its middle words, or with its last word first; its reading goes with it, mostly.
pub(super) fn other_words(dice: &mut Dice, name: &str, kana: &str) -> (String, String) {
    let drops = name.split(' ').count() > 2 && dice.percent(60);
    let arrange = |text: &str| {
        let mut words: Vec<&str> = text.split(' ').collect();
        if drops && words.len() > 2 {
            words.drain(1..words.len() - 1);
        } else {
            words.rotate_right(1);
        }
        words.join(" ")
    };
    let reading = if dice.percent(70) { arrange(kana) } else { kana.to_owned() };
    (arrange(name), reading)
}

// Readings, in half width ----------------------------------------------------------------------------------------------

/// Full width.
pub(super) fn wide(kana: &str) -> String {
    let mut out = String::with_capacity(kana.len());
    for sign in kana.chars() {
        let voiced = match sign {
            'ﾞ' => out.pop().map(|last| if last == 'ウ' { 'ヴ' } else { next(last, 1) }),
            'ﾟ' => out.pop().map(|last| next(last, 2)),
            ' ' => Some('\u{3000}'),
            _ => across(NARROW, WIDE, sign).or(Some(sign)),
        };
        out.extend(voiced);
    }
    out
}

fn next(sign: char, by: u32) -> char {
    char::from_u32(u32::from(sign) + by).unwrap_or(sign)
}

/// Full width or, seldom, hiragana.
pub(super) fn kana_style(dice: &mut Dice, kana: &str) -> Option<String> {
    let wide = wide(kana);
    if dice.percent(85) {
        return Some(wide);
    }
    let hiragana = |sign| match sign {
        'ァ'..='ヴ' => char::from_u32(u32::from(sign) - 0x60).unwrap_or(sign),
        other => other,
    };
    Some(wide.chars().map(hiragana).collect())
}

/// Every small kana large.
pub(super) fn all_large(kana: &str) -> String {
    kana.chars().map(|sign| across(SMALL, LARGE, sign).unwrap_or(sign)).collect()
}

/// ヂ for ジ and ヅ for ズ, or the other way about.
pub(super) fn twin_kana(kana: &str) -> String {
    const TWINS: [(&str, &str); 2] = [("ｼﾞ", "ﾁﾞ"), ("ｽﾞ", "ﾂﾞ")];
    for (one, other) in TWINS {
        if kana.contains(one) {
            return kana.replacen(one, other, 1);
        }
        if kana.contains(other) {
            return kana.replacen(other, one, 1);
        }
    }
    kana.to_owned()
}

/// Without the long mark, or with another sign for it.
pub(super) fn without_mark(dice: &mut Dice, kana: &str) -> Option<String> {
    Some(kana.replace('ｰ', dice.pick::<&str>(&["", "-", "－"])))
}

/// Voices a kana, or does not.
pub(super) fn voiced_otherwise(dice: &mut Dice, kana: &str) -> Option<String> {
    let all: Vec<usize> = kana
        .char_indices()
        .filter(|(_, sign)| VOICEABLE.contains(*sign))
        .map(|(at, sign)| at + sign.len_utf8())
        .collect();
    if all.is_empty() {
        return None;
    }
    let at = *dice.pick(&all);
    let behind = &kana[at..];
    Some(match behind.strip_prefix('ﾞ') {
        Some(plain) => format!("{}{plain}", &kana[..at]),
        None => format!("{}ﾞ{}", &kana[..at], behind.strip_prefix('ﾟ').unwrap_or(behind)),
    })
}

/// A kana that looks alike; one left out; one twice.
pub(super) fn kana_slip(dice: &mut Dice, kana: &str) -> Option<String> {
    if dice.percent(50)
        && let Some(made) = within(dice, &KANA_ALIKE, kana, 0)
    {
        return Some(made);
    }
    // A vowel left out or written twice: ﾕｳｺ, ﾕｺ.
    let all: Vec<usize> =
        kana.char_indices().skip(1).filter(|(_, sign)| "ｱｲｳｴｵ".contains(*sign)).map(|(at, _)| at).collect();
    if all.is_empty() {
        return None;
    }
    let at = *dice.pick(&all);
    let sign = kana[at..].chars().next()?;
    Some(match dice.percent(70) {
        true => format!("{}{}", &kana[..at], &kana[at + sign.len_utf8()..]),
        false => format!("{}{sign}{}", &kana[..at], &kana[at..]),
    })
}

/// The name with another reading of its surname or given name.
pub(super) fn other_reading(surname: &Word, given: &Word) -> Option<String> {
    let other = |word: &Word| {
        READINGS.iter().find(|(written, ..)| *written == word.written).map(|(_, one, other)| {
            let one = narrow_kana(one);
            if word.kana == one { narrow_kana(other) } else { one }
        })
    };
    match (other(surname), other(given)) {
        (Some(reading), _) => Some(format!("{reading} {}", given.kana)),
        (None, Some(reading)) => Some(format!("{} {reading}", surname.kana)),
        (None, None) => None,
    }
}

/// Half width of full-width katakana.
fn narrow_kana(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        let before =
            |by: u32| char::from_u32(u32::from(sign) - by).and_then(|plain| across(WIDE, NARROW, plain));
        match across(WIDE, NARROW, sign) {
            Some(narrow) => out.push(narrow),
            None if sign == 'ヴ' => out.push_str("ｳﾞ"),
            None => {
                let mark = if "パピプペポ".contains(sign) { (2, 'ﾟ') } else { (1, 'ﾞ') };
                out.extend(before(mark.0));
                out.push(mark.1);
            }
        }
    }
    out
}

// Dates and sexes -------------------------------------------------------------------------------------------------------

/// How many styles of a date there are beside the usual one, `19650312`.
pub(super) const BIRTH_STYLES: u64 = 8;
/// The style with the era in full.
pub(super) const IN_ERA: u64 = 6;

/// A birth date in a style. A date of which a part is not known has one style only.
pub(super) fn birth(number: i64, style: u64) -> String {
    let Some(date) = Date::from_number(number).filter(|_| style > 0) else {
        return format!("{number:08}");
    };
    let (year, month, day) = date.parts();
    let era = Era::of(date);
    let of_era = era.map_or(0, |era| i64::from(year) - era.first_year() + 1);
    let (letter, digit) = match era {
        Some(Era::Meiji) => ('M', 1),
        Some(Era::Taisho) => ('T', 2),
        Some(Era::Showa) => ('S', 3),
        Some(Era::Heisei) => ('H', 4),
        Some(Era::Reiwa) => ('R', 5),
        None => return format!("{number:08}"),
    };
    match style {
        1 => format!("{year}/{month:02}/{day:02}"),
        2 => format!("{year}-{month:02}-{day:02}"),
        3 => format!("{year}/{month}/{day}"),
        4 => format!("{letter}{of_era:02}.{month:02}.{day:02}"),
        5 => format!("{digit}{of_era:02}{month:02}{day:02}"),
        IN_ERA => date.in_era(),
        7 => format!("{year}年{month}月{day}日"),
        _ => {
            number.to_string().bytes().filter_map(|b| char::from_u32(0xff10 + u32::from(b - b'0'))).collect()
        }
    }
}

/// The sex as a word.
pub(super) fn sex_word(code: &'static str) -> &'static str {
    match code {
        "1" => "男",
        "2" => "女",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice() -> Dice {
        Dice::new(5, &[])
    }

    #[test]
    fn readings_change_their_width_and_kana() {
        for (narrow, full) in [
            ("ｻﾄｳ ﾊﾅｺ", "サトウ　ハナコ"),
            ("ｼﾞｮﾝ ﾊﾟｳﾛ", "ジョン　パウロ"),
            ("ｳﾞｫｰ", "ヴォー"),
            ("ﾂﾂﾞｷ", "ツヅキ"),
        ] {
            assert_eq!(wide(narrow), full);
            assert_eq!(narrow_kana(&full.replace('　', "")), narrow.replace(' ', ""));
        }
        assert_eq!(all_large("ｼﾞｮｳｼﾞ ﾘｮｳﾀ"), "ｼﾞﾖｳｼﾞ ﾘﾖｳﾀ");
        assert_eq!(twin_kana("ｺｼﾞﾏ"), "ｺﾁﾞﾏ");
        assert_eq!(twin_kana("ｻﾄｳ"), "ｻﾄｳ");
        assert!(["ｻﾄ ﾊﾅｺ", "ｻﾄｳｳ ﾊﾅｺ"].contains(&kana_slip(&mut dice(), "ｻﾄｳ ﾊﾅｺ").unwrap().as_str()));
        assert_ne!(voiced_otherwise(&mut dice(), "ﾅｶｼﾞﾏ").unwrap(), "ﾅｶｼﾞﾏ");
        assert_eq!(voiced_otherwise(&mut dice(), "ﾓﾘ ﾏﾘﾅ"), None);
    }

    #[test]
    fn names_change_a_character() {
        for (how, from, to) in [
            (confused as fn(&mut Dice, &str) -> Option<String>, "斎藤　弘", &["斉藤　弘"][..]),
            (same_sound, "山田　美", &["山田　実"]),
            (variant, "滝　一", &["瀧　一"]),
            (katakana_for_kanji, "高橋　弘", &["タカ橋　弘"]),
            (marked, "林", &["●", "■", "【※１】", "【※欠】"]),
        ] {
            let made = how(&mut dice(), from).unwrap();
            assert!(to.contains(&made.as_str()), "{made} of {from}");
        }
        assert_eq!(confused(&mut dice(), "森　ミナ"), None);
        assert_eq!(with_selector(&mut dice(), "森").unwrap().chars().count(), 2);
        assert_eq!(lost("髙橋　弘"), "●橋　弘");
        let (name, kana) = other_words(&mut dice(), "MARIA APARECIDA SILVA", "ﾏﾘｱ ｱﾊﾟﾚｼｰﾀﾞ ｼﾙﾊﾞ");
        assert!(
            ["MARIA SILVA", "SILVA MARIA APARECIDA"].contains(&name.as_str()) && !kana.is_empty(),
            "{name}"
        );
    }

    #[test]
    fn dates_are_written_in_every_style() {
        let styles: Vec<String> = (0..=BIRTH_STYLES).map(|style| birth(19_650_312, style)).collect();
        assert_eq!(
            styles,
            [
                "19650312",
                "1965/03/12",
                "1965-03-12",
                "1965/3/12",
                "S40.03.12",
                "3400312",
                "昭和40年3月12日",
                "1965年3月12日",
                "１９６５０３１２"
            ]
        );
        assert_eq!(birth(19_650_300, 4), "19650300");
    }
}
