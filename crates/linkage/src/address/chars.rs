//! Characters as addresses compare them: one sign for all that offices write for the same one.
//!
//! Always holds: folding a folded sign changes nothing; signs that the scanner knows by heart (丁目, 番地, 号 …) stand for
//! their whole family of variants.
//! Not here: names of people, which keep more apart (text).
//! Rules come from: the reference on matching, sections 1.2 and 1.4.

use crate::text::variants;
use std::sync::LazyLock;

/// Stands for one character that could not be written (●, ■, 〓, 【…】, a sign of private use).
pub(super) const MARK: char = '●';

/// No more of an address is read than this; the longest real ones have about a hundred characters.
pub(super) const CHARS_MAX: usize = 400;

/// What folding gives for signs that no comparison sees (selectors, zero width).
const NOTHING: char = '\0';

/// How many signs the basic plane has.
const SIGNS: usize = 0x1_0000;

/// Signs by which the scanner finds its way: whichever variant is written, these are what it meets.
const KNOWN: &str = "〇一二三四五六七八九十百千丁目番地号条線割東西南北大小字郡市区町村都道府県上下入通方様無外室棟階館甲乙丙戊第";

/// What the scanner and the writer ask of a sign, as bits.
pub(super) const DIGIT: u8 = 1;
/// 一 to 九, 十, 百, 千, 〇.
pub(super) const NUMERAL: u8 = 2;
/// Numbers can begin with it, though it is no digit: a mark, a letter of a lot, 無番地, 番外.
pub(super) const LOT: u8 = 4;
/// In a town's name it is not taken as it stands.
pub(super) const OF_TOWN: u8 = 8;
/// Nor in a building's name.
pub(super) const OF_BUILDING: u8 = 16;

/// Signs of which something is asked, by what it is.
const ASKED: [(&str, u8); 8] = [
    ("0123456789", DIGIT | OF_TOWN | OF_BUILDING),
    ("〇一二三四五六七八九十百千", NUMERAL | OF_TOWN | OF_BUILDING),
    ("●無番", LOT),
    (STEMS, LOT),
    (IROHA, LOT),
    ("大小字 ,-ーノ", OF_TOWN),
    ("先内地様号棟室階-ー ,", OF_BUILDING),
    ("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ", OF_BUILDING),
];

/// Stems with which lots are lettered.
pub(super) const STEMS: &str = "甲乙丙丁戊";
/// Kana with which lots are lettered.
pub(super) const IROHA: &str = "イロハニホヘトチリヌルヲワヨ";

/// The bits of each sign of the basic plane. Most signs of an address have none, and by one look-up are passed over; asking
/// one question after another would take longer than all the rest.
static CLASSES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut classes = vec![0; 0x1_0000];
    for (signs, bits) in ASKED {
        signs.chars().for_each(|sign| classes[sign as usize] |= bits);
    }
    classes
});

/// The bits of signs.
#[derive(Clone, Copy)]
pub(super) struct Classes(&'static [u8]);

impl Classes {
    /// Taken once for an address.
    pub fn get() -> Classes {
        Classes(&CLASSES)
    }

    /// Whether the sign has one of these bits.
    #[inline]
    pub fn has(self, sign: char, bits: u8) -> bool {
        self.0.get(sign as usize).is_some_and(|class| class & bits != 0)
    }
}

/// The folded sign of each sign of the basic plane, or a code: reading an address is one look-up a character. In two bytes
/// each, since addresses use so many kanji that the table would else fill a processor's cache.
static FOLDED: LazyLock<Box<[u16; SIGNS]>> = LazyLock::new(|| {
    let families: Vec<(char, char)> = KNOWN.chars().map(|known| (variants::family(known), known)).collect();
    let code = |sign| match sign {
        '【' => OPEN,
        'ﾞ' | 'ﾟ' | '\u{3099}' | '\u{309a}' => VOICING,
        _ => u16::try_from(u32::from(slowly(sign, &families))).unwrap_or(BEYOND),
    };
    let mut table = Box::new([0; SIGNS]);
    for (sign, slot) in (0..).zip(table.iter_mut()) {
        *slot = char::from_u32(sign).map_or(MARK as u16, code);
    }
    table
});

/// Codes in [`FOLDED`], besides [`NOTHING`]: the sign's family is of another plane.
const BEYOND: u16 = 1;
/// A bracket that holds the name of a sign.
const OPEN: u16 = 2;
/// It may belong to the kana before it.
const VOICING: u16 = 3;

/// One sign, by rules instead of by table.
fn slowly(sign: char, families: &[(char, char)]) -> char {
    let plain = plain(sign);
    if !is_kanji(plain) || KNOWN.contains(plain) {
        return plain;
    }
    let family = self::plain(variants::family(plain));
    families.iter().find(|(of, _)| *of == family).map_or(family, |(_, known)| *known)
}

/// Widths, blanks, hyphens, kana and the old forms of numerals.
fn plain(sign: char) -> char {
    let sign = match sign {
        // Full-width forms of ASCII stand at a fixed distance.
        '！'..='～' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
        '｡'..='ﾟ' => half_width(sign),
        _ => sign,
    };
    match sign {
        'a'..='z' => sign.to_ascii_uppercase(),
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{fe00}'..='\u{fe0f}' => NOTHING,
        '\u{3000}' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\0'..='\u{1f}' => ' ',
        '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '「' | '」' | '『' | '』' | '〔' | '〕' | '〈'
        | '〉' => ' ',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹣' | '﹘' | '─' | '━' | '⁻' | '~' | '〜' | '_' => {
            '-'
        }
        '.' | ',' | '。' | '、' | '・' | '/' | ':' | ';' | '\'' | '"' | '·' => ',',
        '■' | '□' | '〓' | '◆' | '▲' | '?' | '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => MARK,
        'ぁ'..='ゖ' => kana(char::from_u32(u32::from(sign) + 0x60).unwrap_or(sign)),
        'ァ'..='ヺ' => kana(sign),
        '之' => 'ノ',
        '零' | '○' | '◯' => '〇',
        '壱' | '壹' => '一',
        '弐' | '貳' | '貮' => '二',
        '参' | '參' => '三',
        '拾' => '十',
        '條' => '条',
        '號' => '号',
        '區' => '区',
        '縣' => '県',
        _ => sign,
    }
}

/// Large for small, and one sign for ヶ, ケ, が, ガ, ヵ and カ, which offices write for the same sound.
fn kana(sign: char) -> char {
    match sign {
        'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' => {
            char::from_u32(u32::from(sign) + 1).unwrap_or(sign)
        }
        'ヵ' | 'ヶ' | 'ガ' | 'カ' => 'ケ',
        'ヅ' => 'ズ',
        'ヂ' => 'ジ',
        'ヰ' => 'イ',
        'ヱ' => 'エ',
        _ => sign,
    }
}

/// The full-width sign of a half-width one.
fn half_width(sign: char) -> char {
    const WIDE: [char; 63] = [
        '。', '「', '」', '、', '・', 'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア',
        'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ',
        'テ', 'ト', 'ナ', 'ニ', 'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ', 'ム', 'メ', 'モ',
        'ヤ', 'ユ', 'ヨ', 'ラ', 'リ', 'ル', 'レ', 'ロ', 'ワ', 'ン', '\u{3099}', '\u{309a}',
    ];
    WIDE[(u32::from(sign) - 0xff61) as usize]
}

/// A kana with the voiced or half-voiced mark that follows it as a sign of its own.
fn voiced(sign: char, mark: char) -> char {
    let is_half_voiced = matches!(mark, 'ﾟ' | '\u{309a}');
    let sign = if matches!(sign, '｡'..='ﾟ') { half_width(sign) } else { sign };
    let raised = match (sign, is_half_voiced) {
        ('ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' | 'は' | 'ひ' | 'ふ' | 'へ' | 'ほ', true) => 2,
        ('ウ', false) => u32::from('ヴ') - u32::from('ウ'),
        ('カ'..='ト' | 'か'..='と' | 'ハ'..='ホ' | 'は'..='ほ', false) => 1,
        _ => 0,
    };
    char::from_u32(u32::from(sign) + raised).unwrap_or(sign)
}

fn is_kanji(sign: char) -> bool {
    matches!(sign, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// One folded sign that is not in the table; [`NOTHING`] for what is not seen.
fn folded_rarely(sign: char, table: &[u16]) -> char {
    match table.get(sign as usize) {
        Some(&BEYOND) => plain(variants::family(plain(sign))),
        Some(&(OPEN | VOICING)) => plain(sign),
        Some(code) => char::from_u32(u32::from(*code)).unwrap_or(MARK),
        // The one who stands for a family beyond the basic plane is folded once more, as a numeral may be.
        None if is_kanji(sign) => match variants::family(sign) {
            family if (family as usize) < table.len() => folded_rarely(family, table),
            family => family,
        },
        None if matches!(sign, '\u{e0100}'..='\u{e01ef}') => NOTHING,
        None => MARK,
    }
}

/// The folded sign of one that folds by itself, whatever stands beside it; `None` for one of the few that do not.
pub(super) fn alone(sign: char) -> Option<char> {
    let code = FOLDED.get(sign as usize).copied().filter(|code| *code > VOICING)?;
    char::from_u32(u32::from(code))
}

/// Reads a text into folded signs. What stands in 【…】 becomes one mark; punctuation at the end goes. The buffer only
/// grows, and what it held before does not matter.
pub(super) fn decode<'s>(text: &str, into: &'s mut Vec<char>) -> &'s [char] {
    let table: &[u16; SIGNS] = &FOLDED;
    // No sign has less than a byte.
    if into.len() < text.len() {
        into.resize(text.len(), NOTHING);
    }
    let room = if text.len() > CHARS_MAX { CHARS_MAX } else { text.len() };
    let mut rest = text;
    let mut count = 0;
    // Where the sign before was a mark that became part of a kana: a second one does not.
    let mut joined = usize::MAX;
    loop {
        let (read, signs) = usual(rest.as_bytes(), table, &mut into[count..room]);
        (rest, count) = (&rest[read..], count + signs);
        let at = text.len() - rest.len();
        let mut signs = rest.chars();
        let Some(sign) = signs.next() else { break };
        let code = table.get(sign as usize).copied().unwrap_or(BEYOND);
        let last = text[..at].chars().next_back().filter(|_| at != joined).unwrap_or(NOTHING);
        let is_of_last = code == VOICING && matches!(last, 'ぁ'..='ヺ' | 'ｦ'..='ﾝ');
        if count == room && !is_of_last {
            break;
        }
        if is_of_last {
            if let Some(slot) = into[..count].last_mut() {
                *slot = folded_rarely(voiced(last, sign), table);
            }
            joined = at + sign.len_utf8();
        } else {
            let mut seen = folded_rarely(sign, table);
            if code == OPEN {
                let behind = signs.as_str();
                if let Some(end) = behind.find('】') {
                    signs = behind[end + '】'.len_utf8()..].chars();
                }
                seen = MARK;
            }
            into[count] = seen;
            count += usize::from(seen != NOTHING);
        }
        rest = signs.as_str();
    }
    let mut signs = &into[..count];
    while let [before @ .., ' ' | ',' | '-'] = signs {
        signs = before;
    }
    signs
}

/// Reads signs that fold by themselves, up to the first that does not; gives how many bytes and signs they had. Nearly all
/// of a file goes through here, and has signs of three bytes and of one.
fn usual(bytes: &[u8], table: &[u16; SIGNS], into: &mut [char]) -> (usize, usize) {
    let (mut rest, mut count) = (bytes, 0);
    for slot in into.iter_mut() {
        let (sign, behind) = match rest {
            [one @ 0xe0..=0xef, two, three, behind @ ..] => {
                let [one, two, three] = [one & 0xf, two & 0x3f, three & 0x3f].map(usize::from);
                (one << 12 | two << 6 | three, behind)
            }
            [one @ ..0x80, behind @ ..] => (usize::from(*one), behind),
            _ => break,
        };
        let code = table[sign];
        if code <= VOICING {
            break;
        }
        *slot = char::from_u32(u32::from(code)).unwrap_or(MARK);
        (rest, count) = (behind, count + 1);
    }
    (bytes.len() - rest.len(), count)
}

/// Folds a name of the tables.
pub(super) fn fold(text: &str) -> Vec<char> {
    decode(text, &mut Vec::new()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_offices_write_for_one_sign_becomes_one() {
        for (written, want) in [
            ("龍ヶ崎", "龍ケ崎"),
            ("霞が関", "霞ヵ関"),
            ("ｶﾞｰﾃﾞﾝﾊｲﾂ", "ガーデンハイツ"),
            ("パ", "ﾊﾟ"),
            ("か\u{3099}ん", "ガン"),
            ("四ツ谷", "四っ谷"),
            ("井之頭", "井の頭"),
            ("１−２‐３", "1-2-3"),
            ("丁\u{e0100}目", "丁目"),
            ("壱弐参", "一二三"),
            ("【※1】丁目", "●丁目"),
            ("北一條", "北一条"),
            ("大手町，", "大手町"),
        ] {
            assert_eq!(fold(written), fold(want), "{written}");
        }
    }

    #[test]
    fn a_mark_of_the_last_sign_belongs_to_it() {
        let long = "あ".repeat(CHARS_MAX - 1);
        for (behind, want) in [("か\u{3099}か", "が"), ("は\u{309a}\u{3099}", "ぱ"), ("かか", "か")] {
            assert_eq!(fold(&format!("{long}{behind}")), fold(&format!("{long}{want}")), "{behind}");
        }
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for code in 0..=0xffff_u32 {
            let Some(sign) = char::from_u32(code) else { continue };
            let once = folded_rarely(sign, FOLDED.as_slice());
            if once != NOTHING {
                assert_eq!(folded_rarely(once, FOLDED.as_slice()), once, "U+{code:04X}");
            }
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(fold(&"町".repeat(5_000)).len(), CHARS_MAX);
    }
}
