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

/// The longest of them.
const LENGTH_MAX: usize = 6;

/// Whether a name's folded letters are a word for "none". A spreadsheet's fault (#N/A, #REF!) is one too.
pub(super) fn is_no_name(letters: &[char]) -> bool {
    match letters {
        ['#', ..] => true,
        // Asked of every name: nearly all begin with another letter.
        [
            'な' | 'ナ' | '無' | '不' | '氏' | '名' | '該' | '未' | '空' | '同' | '〃' | '本' | '世' | '外'
            | '日' | '旧' | '通' | 'N',
            ..,
        ] => is_one_of(letters, &NAMES),
        _ => false,
    }
}

/// Whether a reading's folded kana are a word for "none".
pub(super) fn is_no_reading(letters: &[char]) -> bool {
    match letters {
        ['#', ..] => true,
        ['ナ' | 'フ' | 'シ' | 'ガ' | 'ミ' | 'ド' | 'ホ' | 'セ' | 'N', ..] => {
            is_one_of(letters, &READINGS)
        }
        _ => false,
    }
}

fn is_one_of(letters: &[char], words: &[&str]) -> bool {
    letters.len() <= LENGTH_MAX && words.iter().any(|word| word.chars().eq(letters.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The look at the first letter leaves out none, and neither does the length.
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
