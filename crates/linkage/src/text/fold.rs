//! Characters: widths, blanks, hyphens and long marks, compatibility forms, variation selectors.
//!
//! Always holds: folding a folded character changes nothing; a character is looked up in an array, never searched for.
//! Not here: what two different characters have in common (variants), what a hyphen means in a field (its reader).
//! Rules come from: the reference on matching, section 1.2.

use std::sync::LazyLock;

/// Compatibility ideographs, radicals and Latin letters with marks, made by `cargo xtask tables`.
const FOLDS: &str = include_str!("../../data/folds.tsv");

/// Full-width forms of U+FF61 to U+FF9F, in their order.
const HALF_WIDTH: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜";

/// Characters that are written for another one by keyboards, spreadsheets and old machines: what is seen, then all that
/// is written for it. The long mark ー stays, since only a field's reader knows whether it is a hyphen.
const ALIKE: [(char, &str); 7] = [
    (' ', "\t\n\u{0B}\u{0C}\r\u{85}\u{A0}\u{1680}\u{202F}\u{205F}\u{2028}\u{2029}\u{3000}\u{3164}\u{FFA0}"),
    ('-', "‐‑‒–—―−˗﹘﹣⁃⁻₋─━"),
    ('~', "〜∼⁓〰˜"),
    ('\'', "’‘′´`ʼ"),
    ('・', "·•‧∙⋅"),
    ('゛', "\u{3099}"),
    ('゜', "\u{309A}"),
];

/// Ranges of characters that a comparison does not see: controls, marks on Latin letters, marks of direction, selectors
/// of variants (SVS and IVS), tags.
const UNSEEN: [(u32, u32); 12] = [
    (0x00, 0x08),
    (0x0E, 0x1F),
    (0x7F, 0x84),
    (0x86, 0x9F),
    (0xAD, 0xAD),
    (0x0300, 0x036F),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
];

/// Selectors and tags of plane 14.
const UNSEEN_PLANE_14: (u32, u32) = (0xE0000, 0xE01EF);

/// What is not a character, and therefore reads as none.
const NONE: u32 = u32::MAX;

/// A map from character to character: an index of pages of 256, of which only those that change something are kept, so
/// that a look-up is two reads of memory that fits a core's cache.
pub(super) struct Pages {
    index: Vec<u16>,
    /// As characters, so that a look-up has nothing to check.
    cells: Vec<Option<char>>,
}

impl Pages {
    /// Every character to itself.
    pub(super) fn identity() -> Pages {
        // Page 0 stands for all pages that change nothing; its cells are never read.
        Pages { index: vec![0; 0x1100], cells: vec![None; 0x100] }
    }

    /// Changes what a character is mapped to.
    pub(super) fn set(&mut self, from: u32, to: u32) {
        let page = (from >> 8) as usize;
        if self.index[page] == 0 {
            self.index[page] = (self.cells.len() >> 8) as u16;
            let first = from & !0xFF;
            self.cells.extend((first..first + 0x100).map(char::from_u32));
        }
        self.cells[(usize::from(self.index[page]) << 8) | (from & 0xFF) as usize] = char::from_u32(to);
    }

    /// What a character is mapped to; `None` for nothing.
    #[inline]
    pub(super) fn get(&self, c: char) -> Option<char> {
        let point = c as u32;
        match self.index[(point >> 8) as usize] {
            0 => Some(c),
            page => self.cells[(usize::from(page) << 8) | (point & 0xFF) as usize],
        }
    }
}

/// What each character of the basic plane is to a field, so that most need one look-up and nothing else to be asked.
pub(super) struct Signs(Box<[char; 1 << 16]>);

impl Signs {
    /// A table of what `of` says.
    pub(super) fn new(of: impl Fn(char) -> char) -> Signs {
        let mut signs = vec!['\0'; 1 << 16];
        let points = signs.iter_mut().zip(0..);
        points.for_each(|(sign, point)| *sign = char::from_u32(point).map_or('\0', &of));
        Signs(signs.into_boxed_slice().try_into().unwrap_or_else(|_| Box::new(['\0'; _])))
    }

    /// What a character is; '\0' for one of another plane.
    #[inline]
    pub(super) fn get(&self, c: char) -> char {
        u16::try_from(c).map_or('\0', |point| self.0[usize::from(point)])
    }
}

static TABLE: LazyLock<Pages> = LazyLock::new(|| {
    let mut pages = Pages::identity();
    for (from, to) in FOLDS.lines().filter(|line| !line.starts_with('#')).filter_map(two) {
        pages.set(from as u32, to as u32);
    }
    for small in 'a'..='z' {
        pages.set(small as u32, small.to_ascii_uppercase() as u32);
    }
    for (narrow, wide) in ('!'..='~').zip(0xFF01..) {
        pages.set(wide, narrow.to_ascii_uppercase() as u32);
    }
    for (narrow, wide) in (0xFF61..).zip(HALF_WIDTH.chars()) {
        pages.set(narrow, wide as u32);
    }
    for (seen, written) in ALIKE {
        written.chars().for_each(|c| pages.set(c as u32, seen as u32));
    }
    (0x2000..=0x200A).for_each(|blank| pages.set(blank, ' ' as u32));
    for (first, last) in UNSEEN.into_iter().chain([UNSEEN_PLANE_14]) {
        (first..=last).for_each(|unseen| pages.set(unseen, NONE));
    }
    pages
});

/// The first characters of a line's two columns.
pub(super) fn two(line: &str) -> Option<(char, char)> {
    let (one, two) = line.split_once('\t')?;
    Some((one.chars().next()?, two.chars().next()?))
}

/// The character that a comparison sees, `None` for what it does not see (blanks are kept as ' ', selectors dropped).
///
/// ASCII comes out narrow and in capitals, katakana wide, all hyphens as '-' (but ー as ー), all waves as '~', voicing
/// marks as '゛' and '゜', which [`voiced`] joins to what stands before them.
#[inline]
pub fn folded(c: char) -> Option<char> {
    TABLE.get(c)
}

/// A kana with the voicing mark ('゛' or '゜') that follows it; `None` where there is no such kana.
pub const fn voiced(base: char, mark: char) -> Option<char> {
    let point = base as u32;
    // Hiragana stand 0x60 below katakana and take the same marks.
    let below = if matches!(point, 0x3041..=0x3096) { 0x60 } else { 0 };
    let kana = point + below;
    let Some(katakana) = char::from_u32(kana) else { return None };
    let joined = match (katakana, mark) {
        ('カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ', '゛') => kana + 1,
        ('タ' | 'チ' | 'ツ' | 'テ' | 'ト' | 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ', '゛') => kana + 1,
        ('ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ', '゜') => kana + 2,
        ('ウ', '゛') => 'ヴ' as u32,
        _ => return None,
    };
    char::from_u32(joined - below)
}

/// Whether a character is a hiragana, a katakana or the long mark.
#[inline]
pub fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | 'ー')
}

/// Whether a character is a katakana or the long mark.
#[inline]
pub fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30A1}'..='\u{30FA}' | 'ー')
}

/// Whether a character is an ideograph.
#[inline]
pub fn is_kanji(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '々' | '〆')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_character() {
        for (written, want) in [
            ('Ａ', Some('A')),
            ('ｚ', Some('Z')),
            ('q', Some('Q')),
            ('é', Some('E')),
            ('Ō', Some('O')),
            ('７', Some('7')),
            ('（', Some('(')),
            ('\u{3000}', Some(' ')),
            ('\t', Some(' ')),
            ('\u{A0}', Some(' ')),
            ('\u{2010}', Some('-')),
            ('\u{2015}', Some('-')),
            ('\u{2212}', Some('-')),
            ('\u{FF0D}', Some('-')),
            ('\u{FF70}', Some('ー')),
            ('ー', Some('ー')),
            ('〜', Some('~')),
            ('～', Some('~')),
            ('･', Some('・')),
            ('ｱ', Some('ア')),
            ('ﾝ', Some('ン')),
            ('ﾞ', Some('゛')),
            ('\u{3099}', Some('゛')),
            ('\u{E0100}', None),
            ('\u{FE00}', None),
            ('\u{0}', None),
            ('\u{200B}', None),
            ('\u{FEFF}', None),
            // Compatibility ideographs go to their unified form, the twelve that only look like such ones stay.
            ('\u{FA10}', Some('塚')),
            ('\u{FA19}', Some('神')),
            ('\u{FA11}', Some('\u{FA11}')),
            ('\u{2F801}', Some('丸')),
            // A radical that came out of a PDF.
            ('⽥', Some('田')),
            ('髙', Some('髙')),
            ('か', Some('か')),
        ] {
            assert_eq!(folded(written), want, "U+{:04X}", written as u32);
        }
    }

    #[test]
    fn voicing_marks() {
        for (base, mark, want) in [
            ('カ', '゛', Some('ガ')),
            ('ド', '゛', None),
            ('ト', '゛', Some('ド')),
            ('ヂ', '゛', None),
            ('ハ', '゛', Some('バ')),
            ('ハ', '゜', Some('パ')),
            ('ウ', '゛', Some('ヴ')),
            ('か', '゛', Some('が')),
            ('ほ', '゜', Some('ぽ')),
            ('カ', '゜', None),
            ('ナ', '゛', None),
            ('田', '゛', None),
        ] {
            assert_eq!(voiced(base, mark), want, "{base}{mark}");
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(c in any::<char>()) {
            if let Some(once) = folded(c) {
                prop_assert_eq!(folded(once), Some(once));
            }
        }
    }
}
