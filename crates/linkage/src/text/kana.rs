//! Readings (カナ).
//!
//! Always holds: one reading written wide, narrow, in hiragana, with small or large kana or with ー for a long vowel gives
//! one form; voicing is kept, and compared as a level of its own.
//! Not here: Roman names beside kana (name), what an agreement weighs (rules).
//! Rules come from: the reference on matching, section 1.3.

use super::{
    fold::{self, Signs},
    gaps::{Gap, Gaps},
    parts::{self, Part, Side},
    placeholders,
};
use crate::levels::KanaLevel;
use std::{fmt, sync::LazyLock};

/// Without a gap, so many kana at the beginning or end are a surname or a given name. Two are too few: ナコ and コ end
/// half of all given names.
const PART_LEAST: usize = 3;

/// A separated given name has so many kana at least; with less it was cut (サトウ ケ).
const GIVEN_LEAST: usize = 2;

/// Without a gap, a reading of fewer kana may be that of a surname alone: オガサワラ and タカヤナギ have five.
const WHOLE_LEAST: usize = 6;

/// The same in Roman letters (TAKAHASHI).
const ROMAN_LEAST: usize = 10;

/// A reading as compared. Buffers are reused: reading clears them.
#[derive(Clone, Default)]
pub struct KanaForm {
    /// Folded full-width katakana (large, voiced kept), without blanks; Roman readings in capitals.
    pub chars: Vec<char>,
    /// Where the given name begins, if separated.
    pub given: Option<usize>,
    /// Used while reading.
    pub(crate) gaps: Gaps,
    /// The kana once more, for keys.
    pub(crate) packed: Packed,
}

/// A reading of more kana, or with other letters, is not packed.
const FEW: usize = 16;

/// A reading in one byte a kana (the last of its code, which tells all apart), with and without voicing, and 0 behind it: what
/// a hash takes at once. Nothing but 0 where the reading is not packed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    pub voiced: [u8; FEW],
    pub unvoiced: [u8; FEW],
}

impl Packed {
    /// Packs letters, if they are few kana.
    fn of(letters: &[char]) -> Packed {
        let mut packed = Packed::default();
        if letters.len() <= FEW && letters.iter().all(|c| matches!(c, '\u{30A1}'..='\u{30F6}')) {
            letters.iter().enumerate().for_each(|(at, kana)| packed.set(at, *kana));
        }
        packed
    }

    /// Sets a kana; nothing for one too many.
    #[inline]
    fn set(&mut self, at: usize, kana: char) {
        let byte = kana as u32 as u8;
        if at < FEW {
            self.voiced[at] = byte;
            self.unvoiced[at] = UNVOICED_BYTES[usize::from(byte)];
        }
    }
}

impl fmt::Debug for KanaForm {
    /// Nothing of the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KanaForm").finish_non_exhaustive()
    }
}

impl KanaForm {
    fn clear(&mut self) {
        self.chars.clear();
        self.gaps.clear();
        self.given = None;
        self.packed = Packed::default();
    }

    /// Packs the letters, when all are known.
    pub(crate) fn pack(&mut self) {
        self.packed = Packed::of(&self.chars);
    }

    /// Whether the given name's reading is there, as far as writing shows it. One that is not tells nobody from brothers
    /// and sisters, so that agreeing in it is not agreeing in the reading.
    pub(crate) fn has_given(&self) -> bool {
        let length = self.chars.len();
        match self.given {
            Some(at) => at > 0 && at + GIVEN_LEAST <= length,
            None if self.chars.first().is_some_and(char::is_ascii) => length >= ROMAN_LEAST,
            None => length >= WHOLE_LEAST,
        }
    }
}

/// Where hiragana and katakana begin, and how many signs they are.
const KANA: u32 = 0x3040;
const KANA_COUNT: usize = 0xC0;

/// What each kana becomes: plain, unvoiced, and plain with the mark ゛ behind it. Tables, since a processor cannot guess which
/// kana comes next, and a wrong guess takes longer than reading one.
static PLAIN: [char; KANA_COUNT] = TABLES[0];
static UNVOICED: [char; KANA_COUNT] = TABLES[1];
static VOICED: [char; KANA_COUNT] = TABLES[2];

const TABLES: [[char; KANA_COUNT]; 3] = {
    let [mut plain, mut unvoiced, mut voiced] = [['\0'; KANA_COUNT]; 3];
    let mut at = 0;
    while at < KANA_COUNT {
        if let Some(kana) = char::from_u32(KANA + at as u32) {
            plain[at] = large(match kana {
                // Hiragana stand so far below katakana.
                '\u{3041}'..='\u{3096}' => match char::from_u32(kana as u32 + 0x60) {
                    Some(katakana) => katakana,
                    None => kana,
                },
                _ => kana,
            });
            unvoiced[at] = without_mark(kana);
            voiced[at] = match fold::voiced(kana, '゛') {
                Some(joined) => large(joined),
                None => kana,
            };
        }
        at += 1;
    }
    [plain, unvoiced, voiced]
};

/// The last byte of each kana's code without voicing, by the last byte of its code.
static UNVOICED_BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut at = 0;
    while at < KANA_COUNT {
        bytes[(KANA as usize + at) % 256] = TABLES[1][at] as u32 as u8;
        at += 1;
    }
    bytes
};

/// What a character is to a reading that needs no thought: a plain kana, the mark ゛, a gap (in its width); 0 for all others.
static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    Signs::new(|written| match fold::folded(written) {
        Some(c @ ('\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30F6}')) => plain(c),
        Some(c @ '゛') => c,
        Some(' ') if written == '\u{3000}' => written,
        Some(' ') => ' ',
        _ => '\0',
    })
});

/// A kana's plain form: katakana, large, ヂ as ジ, ヅ as ズ, ヲ ヱ ヰ as オ エ イ. Other characters stay.
#[inline]
pub(super) fn plain(c: char) -> char {
    looked_up(&PLAIN, c)
}

/// What a table makes of a kana; other characters stay.
#[inline]
fn looked_up(table: &[char; KANA_COUNT], c: char) -> char {
    table.get((c as u32).wrapping_sub(KANA) as usize).copied().unwrap_or(c)
}

const fn large(katakana: char) -> char {
    match katakana {
        'ァ' => 'ア',
        'ィ' | 'ヰ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' | 'ヱ' => 'エ',
        'ォ' | 'ヲ' => 'オ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        other => other,
    }
}

/// The vowel of a plain kana.
fn vowel(c: char) -> Option<char> {
    Some(match c {
        'ア' | 'カ' | 'ガ' | 'サ' | 'ザ' | 'タ' | 'ダ' | 'ナ' | 'ハ' | 'バ' | 'パ' | 'マ' | 'ヤ' | 'ラ'
        | 'ワ' => 'ア',
        'イ' | 'キ' | 'ギ' | 'シ' | 'ジ' | 'チ' | 'ニ' | 'ヒ' | 'ビ' | 'ピ' | 'ミ' | 'リ' => 'イ',
        'ウ' | 'ク' | 'グ' | 'ス' | 'ズ' | 'ツ' | 'ヌ' | 'フ' | 'ブ' | 'プ' | 'ム' | 'ユ' | 'ル' | 'ヴ' => {
            'ウ'
        }
        'エ' | 'ケ' | 'ゲ' | 'セ' | 'ゼ' | 'テ' | 'デ' | 'ネ' | 'ヘ' | 'ベ' | 'ペ' | 'メ' | 'レ' => {
            'エ'
        }
        'オ' | 'コ' | 'ゴ' | 'ソ' | 'ゾ' | 'ト' | 'ド' | 'ノ' | 'ホ' | 'ボ' | 'ポ' | 'モ' | 'ヨ' | 'ロ' => {
            'オ'
        }
        _ => return None,
    })
}

/// The kana that a long mark after this kana stands for: コー is コウ and ケー is ケイ, but オーノ is オオノ.
fn lengthened(before: char) -> Option<char> {
    match vowel(before)? {
        'オ' if before != 'オ' => Some('ウ'),
        'エ' => Some('イ'),
        same => Some(same),
    }
}

/// A kana without its voicing.
#[inline]
pub(crate) fn unvoiced(c: char) -> char {
    looked_up(&UNVOICED, c)
}

const fn without_mark(c: char) -> char {
    let below = match c {
        // Below a voiced kana of these rows stands its unvoiced one.
        'ガ' | 'ギ' | 'グ' | 'ゲ' | 'ゴ' | 'ザ' | 'ジ' | 'ズ' | 'ゼ' | 'ゾ' | 'ダ' | 'デ' | 'ド' => {
            1
        }
        'バ' | 'ビ' | 'ブ' | 'ベ' | 'ボ' => 1,
        'パ' | 'ピ' | 'プ' | 'ペ' | 'ポ' => 2,
        'ヴ' => return 'ウ',
        _ => 0,
    };
    below_by(c, below)
}

/// The character so many places below.
const fn below_by(c: char, places: u32) -> char {
    match char::from_u32(c as u32 - places) {
        Some(below) => below,
        None => c,
    }
}

/// Whether two kana are the same but for voicing; ジ and ズ may have been ヂ and ヅ.
fn same_but_voicing(a: char, b: char) -> bool {
    unvoiced(a) == unvoiced(b) || matches!((a, b), ('チ', 'ジ') | ('ジ', 'チ') | ('ツ', 'ズ') | ('ズ', 'ツ'))
}

/// Reads a field. What stands in brackets is left out. A word for "none" (フメイ), and a field with a kanji in it, are no
/// reading.
pub fn read(text: &str, into: &mut KanaForm) {
    into.clear();
    // Nearly all readings are plain, and then this is all there is to do.
    if plainly(text, into).is_some() {
        return;
    }
    let is_kanji = slowly(text, into);
    if is_kanji || placeholders::is_no_reading(&into.chars) {
        into.clear();
    }
    into.gaps.end(into.chars.len());
    into.given = into.gaps.given();
    into.pack();
}

/// Reads plain kana with marks of voicing, and a gap at most; `None` for anything else, of which nothing is
/// taken.
fn plainly(text: &str, into: &mut KanaForm) -> Option<()> {
    let signs = &*SIGNS;
    // In an array, since a list would be asked for room at every letter.
    let (mut letters, mut packed) = (['\0'; FEW], Packed::default());
    let (mut length, mut gap) = (0, Gap::default());
    for written in text.chars() {
        let sign = signs.get(written);
        if sign >= '\u{30A1}' {
            *letters.get_mut(length)? = sign;
            packed.set(length, sign);
            length += 1;
        } else if sign == '゛' && length > 0 {
            let last = letters.get_mut(length - 1)?;
            *last = looked_up(&VOICED, *last);
            packed.set(length - 1, *last);
        } else {
            gap.take(length, sign).then_some(())?;
        }
    }
    if placeholders::is_no_reading(letters.get(..length)?) {
        return Some(());
    }
    into.chars.extend_from_slice(&letters);
    into.chars.truncate(length);
    into.packed = packed;
    let gap = gap.within(length);
    into.gaps.set(gap);
    into.given = gap.map(|(at, _)| at);
    Some(())
}

/// Takes any reading; says whether there is a kanji in it.
fn slowly(text: &str, into: &mut KanaForm) -> bool {
    let mut depth = 0_usize;
    let mut is_kanji = false;
    for written in text.chars() {
        let Some(c) = fold::folded(written) else { continue };
        match c {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => is_kanji |= take(into, c, written),
        }
    }
    is_kanji
}

/// Joins a voicing mark to the kana before it, if it takes one.
fn join(into: &mut KanaForm, mark: char) {
    if let Some(last) = into.chars.last_mut()
        && let Some(joined) = fold::voiced(*last, mark)
    {
        *last = plain(joined);
    }
}

/// Takes one folded character; says whether it is a kanji.
fn take(into: &mut KanaForm, c: char, written: char) -> bool {
    let last = into.chars.last().copied();
    let length = into.chars.len();
    match c {
        ' ' => into.gaps.add(into.chars.len(), if written == '\u{3000}' { 2 } else { 1 }),
        '・' | ',' | '.' => into.gaps.add(into.chars.len(), 1),
        // Typists also take the kanji 一 for the long mark.
        '-' | 'ー' | '~' | '一' => match last {
            Some(before) if fold::is_kana(before) => into.chars.extend(lengthened(before)),
            _ if c == '一' => into.chars.push(c),
            _ => into.gaps.add(into.chars.len(), 1),
        },
        '゛' | '゜' => join(into, c),
        'ヽ' | 'ゝ' => into.chars.extend(last),
        'ヾ' | 'ゞ' => into.chars.extend(last.map(|l| plain(fold::voiced(l, '゛').unwrap_or(l)))),
        '\'' => {}
        _ => into.chars.push(plain(c)),
    }
    fold::is_kanji(c) && into.chars.get(length) == Some(&c)
}

/// Compares two readings. Long vowels are alike however they are written (コウジ, コオジ, コージ), since the reading in a
/// register may be older than the habit.
pub fn compare(a: &KanaForm, b: &KanaForm) -> KanaLevel {
    if a.chars.is_empty() || b.chars.is_empty() {
        return KanaLevel::Missing;
    }
    if a.chars == b.chars || alike(a, b, |x, y| x == y) {
        return KanaLevel::Equal;
    }
    if alike(a, b, same_but_voicing) {
        return KanaLevel::Voicing;
    }
    let one = Side { letters: &a.chars, given: a.given };
    let two = Side { letters: &b.chars, given: b.given };
    if parts::one_off(one, two, |x, y| x == y) {
        return KanaLevel::OneOff;
    }
    match parts::agreeing(one, two, PART_LEAST, same_but_voicing) {
        Some(Part::Given) => KanaLevel::GivenOnly,
        Some(Part::Surname) => KanaLevel::SurnameOnly,
        None => KanaLevel::Different,
    }
}

/// Whether two readings are as long and the same kana by kana, a long vowel being like another.
fn alike(a: &KanaForm, b: &KanaForm, same: impl Fn(char, char) -> bool) -> bool {
    if a.chars.len() != b.chars.len() {
        return false;
    }
    let mut before = None;
    for (x, y) in a.chars.iter().copied().zip(b.chars.iter().copied()) {
        let long = match before {
            Some('オ') => matches!((x, y), ('ウ', 'オ') | ('オ', 'ウ')),
            Some('エ') => matches!((x, y), ('イ', 'エ') | ('エ', 'イ')),
            _ => false,
        };
        if !long && !same(x, y) {
            return false;
        }
        before = vowel(x);
        if long {
            // コオオ and コウウ are not the same sound twice.
            before = None;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(text: &str) -> KanaForm {
        let mut form = KanaForm::default();
        read(text, &mut form);
        form
    }

    #[test]
    fn forms() {
        for (written, want, given) in [
            ("フクジマ　ダイゴ", "フクジマダイゴ", Some(4)),
            ("ﾌｸｼﾞﾏ ﾀﾞｲｺﾞ", "フクジマダイゴ", Some(4)),
            ("ふくじま だいご", "フクジマダイゴ", Some(4)),
            ("フクジマダイゴ", "フクジマダイゴ", None),
            ("キョウコ", "キヨウコ", None),
            ("ミチヅカ　チヂコ", "ミチズカチジコ", Some(4)),
            ("ヲサム ヱミ ヰ", "オサムエミイ", None),
            ("オーノ", "オオノ", None),
            ("コージ", "コウジ", None),
            ("ｺｰｼﾞ", "コウジ", None),
            ("コ-ジ", "コウジ", None),
            ("ケーコ", "ケイコ", None),
            ("ユ－コ", "ユウコ", None),
            ("アンーナ", "アンナ", None),
            ("ミスヾ", "ミスズ", None),
            ("kim yongja", "KIMYONGJA", Some(3)),
            ("マリア・シルバ", "マリアシルバ", Some(3)),
            ("タナカ（ヤマダ）　ハナコ", "タナカハナコ", Some(3)),
            ("タ ナ カ　ハ ナ コ", "タナカハナコ", Some(3)),
            ("　タナカ　", "タナカ", None),
            ("", "", None),
            ("　", "", None),
            ("ﾞｱ", "ア", None),
            // No readings.
            ("フメイ", "", None),
            ("ﾅｼ", "", None),
            ("フ　メイ", "", None),
            ("不明", "", None),
            ("田中　ハナコ", "", None),
            ("#N/A", "", None),
        ] {
            let form = form(written);
            assert_eq!(
                (form.chars.iter().collect::<String>().as_str(), form.given),
                (want, given),
                "{written}"
            );
        }
    }

    #[test]
    fn levels() {
        use KanaLevel::*;
        for (one, two, want) in [
            ("タナカ　ハナコ", "ﾀﾅｶ ﾊﾅｺ", Equal),
            ("キヨウコ", "キョウコ", Equal),
            ("オオノ コウジ", "オーノ　コージ", Equal),
            ("オオノ", "オウノ", Equal),
            ("ヨウコ", "ヨオコ", Equal),
            ("サトウ　ウメ", "サトウウメ", Equal),
            ("ワタナベ　イチロウ", "ワタナベイチロー", Equal),
            ("チヅル", "チズル", Equal),
            ("ヤマザキ　ハナコ", "ヤマサキ　ハナコ", Voicing),
            ("ハヤシ バン", "ハヤシ パン", Voicing),
            ("ヒヂカタ", "ヒチカタ", Voicing),
            ("ソノダ　ハナコ", "ンノダ　ハナコ", OneOff),
            ("シマダ　ハナコ", "ツマダ　ハナコ", OneOff),
            ("オオノ", "オノ", OneOff),
            ("タナカハナコ", "タナカハナ", OneOff),
            ("タナカ　ハナコ", "サトウ　ハナコ", GivenOnly),
            ("タナカ　ハナコ", "サトウハナコ", GivenOnly),
            ("タナカハナコ", "サトウハナコ", GivenOnly),
            ("サトウハナコ", "ヤマダマナコ", Different),
            ("タナカ　ハナコ", "タナカ　ヨシミ", SurnameOnly),
            ("タナカ　ハナコ", "タナカヨシミ", SurnameOnly),
            ("タナカハナコ", "タナカヨシミ", SurnameOnly),
            ("ハヤシ　イ", "ハヤシ　ウ", SurnameOnly),
            ("タナカ　ハナコ", "スズキ　ヨシミ", Different),
            ("アイ", "アオ", Different),
            ("", "タナカ", Missing),
            ("タナカ", "　", Missing),
        ] {
            assert_eq!(compare(&form(one), &form(two)), want, "{one} / {two}");
            assert_eq!(compare(&form(two), &form(one)), want, "{two} / {one}");
        }
    }

    #[test]
    fn s5_r2_readings_without_a_given_name() {
        for (written, want) in [
            ("サトウ", false),
            ("サトウ　ケ", false),
            ("オガサワラ", false),
            ("TAKAHASHI", false),
            ("", false),
            ("サトウ　ケン", true),
            ("サトウケンジ", true),
            ("KIM YONGJA", true),
        ] {
            assert_eq!(form(written).has_given(), want, "{written}");
        }
    }

    #[test]
    fn debug_output_has_nothing_of_the_person() {
        assert!(!format!("{:?}", form("タナカ")).contains('タ'));
    }

    proptest! {
        #[test]
        fn any_text(one in "\\PC*", two in "[ァ-ー　 ｱ-ﾟ-]{0,12}", three in "[ァ-オ　ー]{0,8}") {
            for (a, b) in [(&one, &two), (&two, &three), (&three, &one)] {
                let (x, y) = (form(a), form(b));
                prop_assert_eq!(compare(&x, &y), compare(&y, &x));
                if !x.chars.is_empty() {
                    prop_assert_eq!(compare(&x, &x), KanaLevel::Equal);
                }
            }
        }

        #[test]
        fn a_plain_reading_is_read_as_any_other(text in "[ァ-ヶヲナシぁ-んｦ-ﾟA-Z 　゛゜ﾞー・（一\u{3099}]{0,6}[ァ-ヶヲｱ-ﾟ 　]{0,14}") {
            let (mut plain, mut slow) = (KanaForm::default(), KanaForm::default());
            if plainly(&text, &mut plain).is_some() {
                let is_kanji = slowly(&text, &mut slow);
                if placeholders::is_no_reading(&slow.chars) {
                    slow.clear();
                }
                slow.gaps.end(slow.chars.len());
                prop_assert!(!is_kanji);
                prop_assert_eq!(plain.gaps.widths(), slow.gaps.widths());
                prop_assert_eq!(plain.given, slow.gaps.given());
                slow.pack();
                prop_assert!(plain.packed == slow.packed);
                prop_assert_eq!(plain.chars, slow.chars);
            }
        }

        #[test]
        fn what_is_packed_tells_readings_apart(one in "[ァ-ヶ]{0,3}", two in "[ァ-ヶ]{0,3}") {
            let (one, two) = (form(&one), form(&two));
            let without = |form: &KanaForm| form.chars.iter().map(|c| unvoiced(*c)).collect::<Vec<_>>();
            prop_assert_eq!(one.packed.voiced == two.packed.voiced, one.chars == two.chars);
            prop_assert_eq!(one.packed.unvoiced == two.packed.unvoiced, without(&one) == without(&two));
            prop_assert_eq!(one.packed.voiced[0] == 0, one.chars.is_empty());
        }

        #[test]
        fn reading_twice_is_stable(one in "[ァ-ー　 ｱ-ﾟ-]{0,12}", other in "\\PC{0,12}") {
            let once = form(&one);
            let again = form(&once.chars.iter().collect::<String>());
            prop_assert_eq!(&once.chars, &again.chars);
            let mut reused = form(&other);
            read(&one, &mut reused);
            prop_assert_eq!((once.chars, once.given), (reused.chars, reused.given));
        }
    }
}
