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
/// Cities and wards end with it.
pub(super) const OF_CITY: u8 = 32;
/// What was written is not this sign, or has not three bytes as nearly all signs.
pub(super) const CHANGED: u8 = 64;

/// Signs of which something is asked, by what it is.
const ASKED: [(&str, u8); 9] = [
    ("0123456789", DIGIT | OF_TOWN | OF_BUILDING),
    ("〇一二三四五六七八九十百千", NUMERAL | OF_TOWN | OF_BUILDING),
    ("●無番", LOT),
    (STEMS, LOT),
    (IROHA, LOT),
    ("大小字 ,-ーノ", OF_TOWN),
    ("先内地様号棟室階-ー ,", OF_BUILDING),
    ("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ", OF_BUILDING),
    ("市区", OF_CITY),
];

/// Stems with which lots are lettered.
pub(super) const STEMS: &str = "甲乙丙丁戊";
/// Kana with which lots are lettered.
pub(super) const IROHA: &str = "イロハニホヘトチリヌルヲワヨ";

/// Signs and their bits, of an address that is being read. It only grows, and what it held before does not matter.
#[derive(Default)]
pub(crate) struct Buffer {
    signs: Vec<char>,
    classes: Vec<u8>,
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        Buffer::default()
    }
}

/// How many blanks stand behind the last sign: an address's last number may be looked at as four digits.
const BLANKS: usize = 4;

/// Of how many signs [`Signs::which`] tells.
pub(super) const WINDOW: usize = 32;

/// Folded signs.
#[derive(Clone, Copy)]
pub(super) struct Signs<'s> {
    count: usize,
    /// With blanks behind: see [`Signs::at`].
    signs: &'s [char],
    /// Their bits, and at least [`WINDOW`] bytes behind.
    classes: &'s [u8],
    /// What they were written as, if up to the first that is [`CHANGED`] each sign stands for one of them.
    written: Option<&'s str>,
}

impl<'s> Signs<'s> {
    pub fn all(self) -> &'s [char] {
        &self.signs[..self.count]
    }

    /// A sign; behind the last a blank. Where an address ends no processor foresees, so that it is not asked here.
    #[inline]
    pub fn at(self, at: usize) -> char {
        self.signs.get(at).copied().unwrap_or(' ')
    }

    /// So many signs from the first on, none of them [`CHANGED`], as they were written.
    pub fn written(self, count: usize) -> Option<&'s str> {
        self.written?.get(..3 * count)
    }

    /// Four signs as ASCII, with whatever is behind the last.
    #[inline]
    pub fn four(self, at: usize) -> [u8; 4] {
        self.signs[at..].first_chunk().map_or([b' '; 4], |four: &[char; 4]| four.map(|sign| sign as u8))
    }

    /// Those from here on.
    pub fn from(self, at: usize) -> Signs<'s> {
        let written = self.written.filter(|_| at == 0);
        Signs { count: self.count - at, signs: &self.signs[at..], classes: &self.classes[at..], written }
    }

    /// Which of the first [`WINDOW`] signs have one of these bits, the first in the lowest place: what would be one jump a
    /// sign, of which a processor foresees few, becomes a count of zeros.
    pub fn which(self, bits: u8) -> u64 {
        const EACH: u64 = 0x0101_0101_0101_0101;
        let Some(window) = self.classes.first_chunk::<WINDOW>() else { return 0 };
        let (eights, _) = window.as_chunks::<8>();
        let which = eights.iter().rev().fold(0, |which, eight| {
            let bits = u64::from_le_bytes(*eight) & (EACH * u64::from(bits));
            // The highest bit of each byte that is not 0, and these eight as one byte.
            let found = (bits + EACH * 0x7f) >> 7 & EACH;
            which << 8 | found.wrapping_mul(0x0102_0408_1020_4080) >> 56
        });
        which & !(u64::MAX << self.count.min(WINDOW))
    }
}

/// Of each sign of the basic plane the folded sign, or a code, and the bits of that: reading an address is one look-up a
/// character.
struct Folded {
    signs: [char; SIGNS],
    classes: [u8; SIGNS],
}

static FOLDED: LazyLock<Box<Folded>> = LazyLock::new(|| {
    let families: Vec<(char, char)> = KNOWN.chars().map(|known| (variants::family(known), known)).collect();
    let mut asked = vec![0_u8; SIGNS];
    for (signs, bits) in ASKED {
        signs.chars().for_each(|sign| asked[sign as usize] |= bits);
    }
    let mut table = Box::new(Folded { signs: [MARK; SIGNS], classes: [CHANGED; SIGNS] });
    for sign in '\0'..='\u{ffff}' {
        let folded = match sign {
            '【' => OPEN,
            'ﾞ' | 'ﾟ' | '\u{3099}' | '\u{309a}' => VOICING,
            _ => Some(slowly(sign, &families)).filter(|folded| (*folded as usize) < SIGNS).unwrap_or(BEYOND),
        };
        let is_changed = folded != sign || sign.len_utf8() != 3;
        table.signs[sign as usize] = folded;
        table.classes[sign as usize] = asked[folded as usize] | if is_changed { CHANGED } else { 0 };
    }
    table
});

/// The bits of signs.
#[derive(Clone, Copy)]
pub(super) struct Classes(&'static [u8; SIGNS]);

impl Classes {
    /// Taken once for an address.
    pub fn get() -> Classes {
        Classes(&FOLDED.classes)
    }

    /// Whether the sign, a folded one, has one of these bits.
    #[inline]
    pub fn has(self, sign: char, bits: u8) -> bool {
        self.0.get(sign as usize).is_some_and(|class| class & bits != 0)
    }
}

/// Codes in [`FOLDED`], besides [`NOTHING`]: the sign's family is of another plane.
const BEYOND: char = '\u{1}';
/// A bracket that holds the name of a sign.
const OPEN: char = '\u{2}';
/// It may belong to the kana before it.
const VOICING: char = '\u{3}';

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
fn folded_rarely(sign: char, table: &[char; SIGNS]) -> char {
    match table.get(sign as usize).copied() {
        Some(BEYOND) => plain(variants::family(plain(sign))),
        Some(OPEN | VOICING) => plain(sign),
        Some(folded) => folded,
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
    FOLDED.signs.get(sign as usize).copied().filter(|folded| *folded > VOICING)
}

/// Reads a text into folded signs. What stands in 【…】 becomes one mark; punctuation at the end goes.
pub(super) fn decode<'s>(text: &'s str, buffer: &'s mut Buffer) -> Signs<'s> {
    let table: &Folded = &FOLDED;
    // No sign has less than a byte.
    if buffer.signs.len() < text.len() + BLANKS {
        buffer.signs.resize(text.len() + BLANKS, ' ');
        buffer.classes.resize(text.len() + WINDOW, 0);
    }
    let room = if text.len() > CHARS_MAX { CHARS_MAX } else { text.len() };
    let (into, classes) = (&mut buffer.signs[..], &mut buffer.classes[..]);
    let mut rest = text;
    let mut count = 0;
    let mut written = Some(text);
    // Where the sign before was a mark that became part of a kana: a second one does not.
    let mut joined = usize::MAX;
    loop {
        let (read, signs) = usual(rest.as_bytes(), table, &mut into[count..room], &mut classes[count..]);
        (rest, count) = (&rest[read..], count + signs);
        let at = text.len() - rest.len();
        let mut signs = rest.chars();
        let Some(sign) = signs.next() else { break };
        let code = table.signs.get(sign as usize).copied().unwrap_or(BEYOND);
        let last = text[..at].chars().next_back().filter(|_| at != joined).unwrap_or(NOTHING);
        let is_of_last = code == VOICING && count > 0 && matches!(last, 'ぁ'..='ヺ' | 'ｦ'..='ﾝ');
        if count == room && !is_of_last {
            break;
        }
        let mut seen = folded_rarely(sign, &table.signs);
        if is_of_last {
            count -= 1;
            seen = folded_rarely(voiced(last, sign), &table.signs);
            joined = at + sign.len_utf8();
        } else if code == OPEN {
            let behind = signs.as_str();
            if let Some(end) = behind.find('】') {
                signs = behind[end + '】'.len_utf8()..].chars();
            }
            seen = MARK;
        }
        into[count] = seen;
        classes[count] = CHANGED | table.classes.get(seen as usize).copied().unwrap_or(0);
        if seen == NOTHING {
            written = None;
        } else {
            count += 1;
        }
        rest = signs.as_str();
    }
    while count > 0 && matches!(into[count - 1], ' ' | ',' | '-') {
        count -= 1;
    }
    into[count..count + BLANKS].fill(' ');
    Signs { count, signs: into, classes, written }
}

/// Reads signs that fold by themselves, up to the first that does not; gives how many bytes and signs they had. Nearly all
/// of a file goes through here, and has signs of three bytes and of one. Kept apart, so that all it works with stays in
/// registers.
#[inline(never)]
fn usual(bytes: &[u8], table: &Folded, into: &mut [char], classes: &mut [u8]) -> (usize, usize) {
    let (mut rest, mut count) = (bytes, 0);
    for (slot, class) in into.iter_mut().zip(classes) {
        let (sign, behind) = match rest {
            [one @ 0xe0..=0xef, two, three, behind @ ..] => {
                let [one, two, three] = [*one, *two, *three].map(usize::from);
                // The marks of the second and third byte go all at once, that of the first falls out.
                (((one << 12) + (two << 6) + three).wrapping_sub(0x2080) & 0xffff, behind)
            }
            [one @ ..0x80, behind @ ..] => (usize::from(*one), behind),
            _ => break,
        };
        let folded = table.signs[sign];
        if folded <= VOICING {
            break;
        }
        (*slot, *class) = (folded, table.classes[sign]);
        (rest, count) = (behind, count + 1);
    }
    (bytes.len() - rest.len(), count)
}

/// Folds a name of the tables.
pub(super) fn fold(text: &str) -> Vec<char> {
    decode(text, &mut Buffer::default()).all().to_vec()
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
    fn which_signs_have_a_bit_is_what_each_of_them_says() {
        let text = "北1条西２丁目ー番 八幡台、イ３－４の市区棟Ⅲ●";
        for text in [text.to_owned(), text.repeat(3)] {
            let mut buffer = Buffer::default();
            let signs = decode(&text, &mut buffer);
            for bits in 1..CHANGED {
                for at in [0, 1, 7, 20, signs.all().len()] {
                    let has = |sign: &&char| Classes::get().has(**sign, bits);
                    let each = (0_u64..).zip(signs.all()[at..].iter().take(WINDOW));
                    let want: u64 = each.filter(|(_, sign)| has(sign)).map(|(place, _)| 1 << place).sum();
                    assert_eq!(signs.from(at).which(bits), want, "{bits} from {at}");
                }
            }
        }
    }

    #[test]
    fn what_was_written_is_told_only_for_signs_that_stand_for_it() {
        for (text, want) in [("本郷三", Some("本郷")), ("\u{fe00}本郷", None)] {
            assert_eq!(decode(text, &mut Buffer::default()).written(2), want, "{text}");
        }
        assert_eq!(decode("本郷三", &mut Buffer::default()).from(1).written(1), None);
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for code in 0..=0xffff_u32 {
            let Some(sign) = char::from_u32(code) else { continue };
            let once = folded_rarely(sign, &FOLDED.signs);
            if once != NOTHING {
                assert_eq!(folded_rarely(once, &FOLDED.signs), once, "U+{code:04X}");
            }
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(fold(&"町".repeat(5_000)).len(), CHARS_MAX);
    }
}
