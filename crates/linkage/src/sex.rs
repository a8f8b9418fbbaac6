//! Sexes: 1/2, 男/女, M/F, and what says that none is known.
//!
//! Always holds: what is written in no known way is told apart from what is not known.
//! Not here: other codes of a file (its spec can say so), what a level weighs (rules); `base::Sex`, which is code table 007
//! and has no word for what a file leaves out. The invented rosters are made with that one, so a mistake in this table is
//! not made by them too.
//! Rules come from: the reference on matching, section 1.5.

use crate::levels::SexLevel;

/// As compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Sex {
    /// Not written, or 不明, or 3/9/0.
    #[default]
    Unknown,
    /// 男
    Male,
    /// 女
    Female,
}

/// No word below is longer, folded.
const CHARS_MAX: usize = 8;

/// Words, folded: capitals, full-width katakana, no blanks.
const WORDS: [(&str, Sex); 40] = [
    ("1", Sex::Male),
    ("01", Sex::Male),
    ("男", Sex::Male),
    ("男性", Sex::Male),
    ("男子", Sex::Male),
    ("男児", Sex::Male),
    ("オトコ", Sex::Male),
    ("ダン", Sex::Male),
    ("ダンセイ", Sex::Male),
    ("M", Sex::Male),
    ("MALE", Sex::Male),
    ("MAN", Sex::Male),
    ("2", Sex::Female),
    ("02", Sex::Female),
    ("女", Sex::Female),
    ("女性", Sex::Female),
    ("女子", Sex::Female),
    ("女児", Sex::Female),
    ("オンナ", Sex::Female),
    ("ジョ", Sex::Female),
    ("ジョセイ", Sex::Female),
    ("F", Sex::Female),
    ("FEMALE", Sex::Female),
    ("WOMAN", Sex::Female),
    ("W", Sex::Female),
    ("", Sex::Unknown),
    ("0", Sex::Unknown),
    ("00", Sex::Unknown),
    ("3", Sex::Unknown),
    ("03", Sex::Unknown),
    ("9", Sex::Unknown),
    ("09", Sex::Unknown),
    ("99", Sex::Unknown),
    ("不明", Sex::Unknown),
    ("不詳", Sex::Unknown),
    ("その他", Sex::Unknown),
    ("未記入", Sex::Unknown),
    ("-", Sex::Unknown),
    ("U", Sex::Unknown),
    ("X", Sex::Unknown),
];

/// Reads a field; `None` for what is no known way of writing a sex.
pub fn read(text: &str) -> Option<Sex> {
    // Nearly every row.
    match text.as_bytes() {
        [digit @ (b'1' | b'2')] => return Some(if *digit == b'1' { Sex::Male } else { Sex::Female }),
        _ if text == "男" => return Some(Sex::Male),
        _ if text == "女" => return Some(Sex::Female),
        _ => {}
    }
    let mut signs = ['\0'; CHARS_MAX];
    let mut length = 0_usize;
    for sign in text.chars() {
        let sign = folded(sign, signs.get(length.wrapping_sub(1)).copied());
        match sign {
            Fold::Nothing => {}
            Fold::Instead(sign) => signs[length - 1] = sign,
            Fold::Sign(sign) => {
                *signs.get_mut(length)? = sign;
                length += 1;
            }
        }
    }
    let signs = &signs[..length];
    // A spreadsheet writes 1 as 1.0.
    let signs = signs.strip_suffix(&['.', '0']).unwrap_or(signs);
    WORDS.iter().find(|(word, _)| word.chars().eq(signs.iter().copied())).map(|(_, sex)| *sex)
}

/// What becomes of a sign.
enum Fold {
    Nothing,
    /// A voiced mark belongs to the sign before it.
    Instead(char),
    Sign(char),
}

fn folded(sign: char, last: Option<char>) -> Fold {
    let sign = match sign {
        '！'..='～' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
        _ => sign,
    };
    Fold::Sign(match sign {
        ' ' | '\u{3000}' | '\t' | '\u{a0}' | '\'' | '"' | '(' | ')' | '\u{feff}' => return Fold::Nothing,
        'ﾞ' | '\u{3099}' => match last {
            Some('タ') => return Fold::Instead('ダ'),
            Some('シ') => return Fold::Instead('ジ'),
            _ => sign,
        },
        // The kana of the words above.
        'ｵ' | 'お' => 'オ',
        'ﾄ' | 'と' => 'ト',
        'ｺ' | 'こ' => 'コ',
        'ﾝ' | 'ん' => 'ン',
        'ﾅ' | 'な' => 'ナ',
        'ﾀ' => 'タ',
        'だ' => 'ダ',
        'ｼ' => 'シ',
        'じ' => 'ジ',
        'ｮ' | 'ょ' | 'ﾖ' | 'ヨ' => 'ョ',
        'ｾ' | 'せ' => 'セ',
        'ｲ' | 'い' => 'イ',
        '−' | '―' | '‐' | 'ー' | 'ｰ' => '-',
        other => other.to_ascii_uppercase(),
    })
}

/// Compares.
pub fn compare(a: Sex, b: Sex) -> SexLevel {
    match (a, b) {
        (Sex::Unknown, _) | (_, Sex::Unknown) => SexLevel::Missing,
        _ if a == b => SexLevel::Equal,
        _ => SexLevel::Different,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ways_of_writing() {
        for (want, written) in [
            (
                Some(Sex::Male),
                "1 01 １ 男 男性 男子 M m Ｍ male MALE Male ｵﾄｺ オトコ おとこ ﾀﾞﾝ ダン 1.0 '1 （男） だん",
            ),
            (
                Some(Sex::Female),
                "2 02 ２ 女 女性 女児 F f Ｆ female Female ｵﾝﾅ オンナ おんな ｼﾞｮ ジョ ジョセイ ｼﾞﾖ \"2\"",
            ),
            (Some(Sex::Unknown), "0 00 3 9 ９ 不明 不詳 その他 - － ー 99 X"),
            (None, "4 12 21 男女 ABC 1945-08-12 〇 男男男男男男男男男男男 ゛ ﾞ"),
        ] {
            for text in written.split(' ') {
                assert_eq!(read(text), want, "{text}");
            }
        }
        assert_eq!(read(""), Some(Sex::Unknown));
        assert_eq!(read(" 女\u{3000}"), Some(Sex::Female));
        assert_eq!(read("\u{3000}"), Some(Sex::Unknown));
    }

    #[test]
    fn unknown_is_no_difference() {
        assert_eq!(compare(Sex::Male, Sex::Male), SexLevel::Equal);
        assert_eq!(compare(Sex::Male, Sex::Female), SexLevel::Different);
        assert_eq!(compare(Sex::Female, Sex::Male), SexLevel::Different);
        assert_eq!(compare(Sex::Unknown, Sex::Male), SexLevel::Missing);
        assert_eq!(compare(Sex::Unknown, Sex::Unknown), SexLevel::Missing);
    }

    proptest! {
        #[test]
        fn blanks_around_a_word_change_nothing(text in "\\PC{0,8}", before in "[ \u{3000}]{0,3}", behind in "[ \u{3000}]{0,3}") {
            prop_assert_eq!(read(&format!("{before}{text}{behind}")), read(&text));
        }
    }
}
