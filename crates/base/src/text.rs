//! Text as people and cards write it: widths, canonical keys, names with readings; bytes as digits.
//!
//! Always holds: folding never loses the original; what is folded is only compared, never shown or stored instead.
//! Not here: variant kanji (異体字) and addresses, which belong to linkage; character sets of messages, which belong
//! to `formats`.
//! Rules come from: docs/rules.md S1 r7; the reference on matching, section 1.2, and on OQS, section 3.

use std::fmt;

/// Folds full-width ASCII and blanks to half width, and the many hyphens and dots to one.
pub fn fold_width(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FF70}' | '\u{2500}' => '-',
        '・' | '･' => '.',
        _ => c,
    }
}

/// The key by which symbols and numbers (記号・番号) are compared: width folded, blanks removed, letters in upper case,
/// and zeros before each run of digits dropped, so `０１２－0034` equals `12-34`. Empty means absent.
///
/// Dropping zeros can make two registered numbers equal; then both are found and the answer is "several", never a
/// guess.
pub fn canonical_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut in_number = false;
    let mut chars = text.chars().map(fold_char).filter(|c| !c.is_whitespace()).peekable();
    while let Some(c) = chars.next() {
        let more_digits = chars.peek().is_some_and(char::is_ascii_digit);
        if c == '0' && !in_number && more_digits {
            continue;
        }
        in_number = c.is_ascii_digit();
        key.extend(c.to_uppercase());
    }
    key
}

/// Bytes as hexadecimal digits in lower case, two for each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name as registered with its reading (カナ).
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    /// As written, full width, blank between surname and given name.
    pub written: String,
    /// Reading, half-width katakana.
    pub kana: String,
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// Sex as OQS code table 007 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
    /// 未設定
    Unset,
}

impl Sex {
    /// From code 1, 2 or 3.
    pub fn from_code(code: i64) -> Option<Sex> {
        [Sex::Male, Sex::Female, Sex::Unset].get(usize::try_from(code - 1).ok()?).copied()
    }

    /// The code.
    pub fn code(self) -> i64 {
        match self {
            Sex::Male => 1,
            Sex::Female => 2,
            Sex::Unset => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_r7_numbers_compare_by_width_blanks_and_zeros() {
        for (written, key) in [
            ("１２－３４", "12-34"),
            ("0012-0034", "12-34"),
            (" 12 - 34 ", "12-34"),
            ("１２ー３４", "12-34"),
            ("0", "0"),
            ("000", "0"),
            ("100200", "100200"),
            ("記号０１", "記号1"),
            ("ａｂ・01", "AB.1"),
            ("　", ""),
        ] {
            assert_eq!(canonical_key(written), key, "{written:?}");
        }
    }

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[0, 1, 0x9f, 0xa0, 0xff]), "00019fa0ff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn a_key_of_a_key_is_itself() {
        proptest::proptest!(|(text in "[0-9０-９A-Za-zア-ン漢字 　ー・-]{0,20}")| {
            let once = canonical_key(&text);
            proptest::prop_assert_eq!(canonical_key(&once), once);
        });
    }
}
