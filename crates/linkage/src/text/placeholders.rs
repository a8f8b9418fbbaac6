//! Words that offices write where there is no name, reading or number: なし, 不明, 世帯主, NULL.
//!
//! Always holds: only a whole field is a placeholder, never a part of one; none of these words is known as a whole name.
//! Not here: marks for single characters that could not be written (name).
//! Rules come from: S5 r2: two fields that both say that nothing is known do not agree.

/// In place of a name, as names are folded.
const NAMES: [&str; 36] = [
    "なし",
    "ナシ",
    "無",
    "無し",
    "無シ",
    "不明",
    "不詳",
    "氏名不明",
    "氏名不詳",
    "名前なし",
    "該当なし",
    "該当ナシ",
    "該当無し",
    "該当者なし",
    "未",
    "未定",
    "未記入",
    "未設定",
    "未登録",
    "空欄",
    "空白",
    "同",
    "同上",
    "〃",
    "本人",
    "世帯主",
    "外国人",
    "日本",
    "日本人",
    "旧姓",
    "旧氏",
    "通称",
    "NA",
    "NULL",
    "NONE",
    "NIL",
];

/// In place of a reading, as readings are folded: ショウ is シヨウ.
const READINGS: [&str; 16] = [
    "ナシ",
    "フメイ",
    "フシヨウ",
    "シメイフメイ",
    "ガイトウナシ",
    "ミテイ",
    "ミキニユウ",
    "ミトウロク",
    "ドウジヨウ",
    "ホンニン",
    "セタイヌシ",
    "ガイコクジン",
    "NA",
    "NULL",
    "NONE",
    "NIL",
];

/// A bit for each word, which tells nearly all other texts at once: this is asked of every name.
static NAME_PLACES: Places = places(&NAMES);
static READING_PLACES: Places = places(&READINGS);

/// So many bits that hardly a name has the place of a word, and so few that a processor has them at hand.
type Places = [u64; 32];

/// The places of words, whose letters have one byte or three.
const fn places(words: &[&str]) -> Places {
    let mut places = [0; _];
    let mut number = 0;
    while number < words.len() {
        let word = words[number].as_bytes();
        let (mut first, mut last, mut length, mut at) = (0, 0, 0, 0);
        while at < word.len() {
            let (letter, bytes) = match word[at] {
                ascii @ 0..=0x7F => (ascii as u32, 1),
                a => (
                    (a as u32 & 0xF) << 12 | (word[at + 1] as u32 & 0x3F) << 6 | word[at + 2] as u32 & 0x3F,
                    3,
                ),
            };
            if length == 0 {
                first = letter;
            }
            last = letter;
            length += 1;
            at += bytes;
        }
        let place = place(first, last, length);
        places[place / 64] |= 1 << (place % 64);
        number += 1;
    }
    places
}

/// A word's place, by its first letter, its last and its length.
const fn place(first: u32, last: u32, length: usize) -> usize {
    (first as usize ^ (last as usize) << 3 ^ length) % (64 * size_of::<Places>() / size_of::<u64>())
}

/// No word is longer.
const LENGTH_MAX: usize = 6;

#[inline]
fn is_one_of(letters: &[char], words: &[&str], places: &Places) -> bool {
    let ([first, ..], [.., last]) = (letters, letters) else { return false };
    let place = place(u32::from(*first), u32::from(*last), letters.len());
    letters.len() <= LENGTH_MAX
        && places[place / 64] >> (place % 64) & 1 != 0
        && words.iter().any(|word| word.chars().eq(letters.iter().copied()))
}

/// Whether a name's folded letters are a word for "none". A spreadsheet's fault (#N/A, #REF!) is one too.
#[inline]
pub(super) fn is_no_name(letters: &[char]) -> bool {
    letters.first() == Some(&'#') || is_one_of(letters, &NAMES, &NAME_PLACES)
}

/// Whether a reading's folded kana are a word for "none".
#[inline]
pub(super) fn is_no_reading(letters: &[char]) -> bool {
    letters.first() == Some(&'#') || is_one_of(letters, &READINGS, &READING_PLACES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_and_names_are_not() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        assert!(NAMES.iter().all(|word| is_no_name(&letters(word))));
        assert!(READINGS.iter().all(|word| is_no_reading(&letters(word))));
        for name in ["本田", "不破誠", "外山", "名取", "通子旧", "NAKAMURA", "日本太郎", "未来", ""]
        {
            assert!(!is_no_name(&letters(name)), "{name}");
        }
        for reading in ["ナシモト", "フメ", "ミトウ", "ホンダ", "NAKAMURA", ""] {
            assert!(!is_no_reading(&letters(reading)), "{reading}");
        }
        assert!(is_no_name(&letters("#NA")) && is_no_reading(&letters("#NA")));
    }
}
