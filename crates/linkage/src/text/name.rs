//! Kanji names (漢字氏名), and names in kana or Roman letters that stand in their place.
//!
//! Always holds: a character that could not be written is one [`MARK`], which is never a letter; comparing is the same
//! with both sides exchanged.
//! Not here: how brackets become alternatives (brackets), readings (kana), what an agreement weighs (rules).
//! Rules come from: the reference on matching, section 1.2.

mod brackets;
#[cfg(test)]
mod tests;
mod unreadable;

use super::{
    fold::{self, Signs},
    gaps::{Gap, Gaps},
    parts::{self, Part, Side},
    placeholders,
    variants::{self, Tie},
};
use crate::levels::NameLevel;
use std::{fmt, sync::LazyLock};

/// Without a gap, so many letters at the beginning or end are a surname or a given name.
const PART_LEAST: usize = 2;
/// Without a gap, a name of fewer letters may be a surname alone. (長谷川 is one of three, but most names of three letters are
/// whole: 林花子.)
const WHOLE_LEAST: usize = 3;
/// The same of a name in kana alone: オガサワラ.
const KANA_LEAST: usize = 6;
/// A Roman name of more words is not compared word by word.
const WORDS_MAX: usize = 16;

/// A name as compared. Buffers are reused: reading clears them.
#[derive(Clone, Default)]
pub struct NameForm {
    /// Folded characters without blanks; unreadable marks are `MARK`.
    pub chars: Vec<char>,
    /// Where the given name begins in `chars`, if the writer separated it.
    pub given: Option<usize>,
    /// Families of `chars`, for keys.
    pub families: Vec<char>,
    /// Where words end; compared in Roman names only.
    pub(crate) gaps: Gaps,
}

/// Stands in [`NameForm::chars`] for one character that could not be written (●, ■, 〓, 【…】).
pub const MARK: char = '\u{25CF}';

impl fmt::Debug for NameForm {
    /// Nothing of the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameForm").finish_non_exhaustive()
    }
}

impl NameForm {
    /// Nothing is written.
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// Some character cannot be read.
    pub fn is_marked(&self) -> bool {
        self.chars.contains(&MARK)
    }

    /// Whether the name is in Roman letters.
    fn is_roman(&self) -> bool {
        self.chars.iter().all(char::is_ascii_alphabetic)
    }

    /// Whether there is a given name, as far as writing shows it: behind a gap, or since the name is too long for a surname.
    pub(crate) fn has_given(&self) -> bool {
        self.is_whole(WHOLE_LEAST)
    }

    /// The same where a name in kanji without a gap needs so many letters. A Roman name without a gap never shows it.
    pub(crate) fn is_whole(&self, least: usize) -> bool {
        if self.given.is_some() || self.gaps.count() > 0 {
            return true;
        }
        let least = if self.chars.iter().all(|c| fold::is_kana(*c)) { KANA_LEAST.max(least) } else { least };
        self.chars.len() >= least && !self.is_roman()
    }

    fn side(&self) -> Side<'_> {
        Side { letters: &self.chars, given: self.given }
    }

    fn clear(&mut self) {
        self.chars.clear();
        self.families.clear();
        self.gaps.clear();
        self.given = None;
    }

    /// Takes the folded character `c`, which was written as `written`.
    #[inline]
    fn take(&mut self, c: char, written: char) {
        // Nearly every character of nearly every name; the rest is asked one after another.
        if is_letter(c) { self.chars.push(c) } else { self.take_rare(c, written) }
    }

    fn take_rare(&mut self, c: char, written: char) {
        let last = self.chars.last().copied();
        match c {
            ' ' => self.gaps.add(self.chars.len(), if written == '\u{3000}' { 2 } else { 1 }),
            '・' | ',' | '.' | '/' | '、' => self.gaps.add(self.chars.len(), 1),
            // Brackets that open or close nothing are slips.
            '\'' | '"' | '(' | ')' | '[' | ']' | '【' | '】' | '〔' | '〕' | '〈' | '〉' | '《' | '》'
            | '「' | '」' => {}
            '-' | 'ー' | '~' => match last {
                Some(before) if fold::is_kana(before) => self.chars.push('ー'),
                _ => self.gaps.add(self.chars.len(), 1),
            },
            // 佐々木 and 佐佐木 are the same name, and so are みすゞ and みすず.
            '々' | '〻' | 'ゝ' | 'ヽ' => self.chars.push(last.unwrap_or(c)),
            'ゞ' | 'ヾ' => self.chars.push(last.map_or(c, |l| fold::voiced(l, '゛').unwrap_or(l))),
            '゛' | '゜' => {
                if let (Some(joined), Some(slot)) =
                    (last.and_then(|l| fold::voiced(l, c)), self.chars.last_mut())
                {
                    *slot = joined;
                }
            }
            _ if is_mark(c) => self.chars.push(MARK),
            _ => self.chars.push(c),
        }
    }

    /// The field has ended. A word for "none" is no name.
    fn end(&mut self) {
        if placeholders::is_no_name(&self.chars) {
            self.clear();
        }
        self.gaps.end(self.chars.len());
        self.given = self.gaps.given();
    }

    fn set_families(&mut self) {
        self.families.clear();
        self.families.extend(self.chars.iter().map(|c| variants::family(*c)));
    }
}

/// What a character is to a name that needs no thought: of a letter that stays as it is written its family, of a gap a blank
/// in its width; '\0' of all others, and of those with which a label may begin (旧姓, 通称).
static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    Signs::new(|written| match fold::folded(written) {
        Some('旧' | '通') => '\0',
        Some(c) if c == written && is_letter(c) && !c.is_ascii() => variants::family(c),
        Some(' ') if written == '\u{3000}' => written,
        Some(' ') => ' ',
        _ => '\0',
    })
});

/// Whether a folded character is a letter whatever stands beside it. There are others, which are asked one by one.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3042}'..='\u{3094}' | '\u{30A2}'..='\u{30F6}' | 'A'..='Z')
}

/// Whether a character stands for one that could not be written: the marks of known systems, what a decoder could not
/// read, and the private areas, where every office has its own gaiji (外字).
fn is_mark(c: char) -> bool {
    matches!(c,
        '●' | '○' | '◯' | '■' | '□' | '〓' | '◆' | '◇' | '▲' | '△' | '★' | '☆' | '※' | '?' | '*' | '\u{FFFD}'
        | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Reads one field, which may hold alternatives in brackets: `田中（旧姓 山田）花子`, `KIM YONGJA（金山　英子）`. The first of
/// `into` is the name, others are alternatives; returns how many were written.
pub fn read(text: &str, into: &mut Vec<NameForm>) -> usize {
    if into.is_empty() {
        into.push(NameForm::default());
    }
    // Nearly all names are plain, and then this is all there is to do.
    match plainly(text, &mut into[0]) {
        Some(written) => written,
        None => slowly(text, into),
    }
}

/// A name of more letters is read slowly.
const FEW: usize = 8;

/// Reads a name of plain letters with a gap at most, and their families; says how many names were written. `None` for
/// anything else, of which nothing is taken.
fn plainly(text: &str, into: &mut NameForm) -> Option<usize> {
    into.clear();
    let signs = &*SIGNS;
    // In arrays, since lists would be asked for room at every letter.
    let (mut letters, mut families) = (['\0'; FEW], ['\0'; FEW]);
    let (mut length, mut gap) = (0, Gap::default());
    for letter in text.chars() {
        let family = signs.get(letter);
        if family > '\u{3000}' {
            *letters.get_mut(length)? = letter;
            *families.get_mut(length)? = family;
            length += 1;
        } else {
            gap.take(length, family).then_some(())?;
        }
    }
    if length == 0 || placeholders::is_no_name(letters.get(..length)?) {
        return Some(0);
    }
    into.chars.extend_from_slice(&letters);
    into.chars.truncate(length);
    into.families.extend_from_slice(&families);
    into.families.truncate(length);
    let gap = gap.within(length);
    into.gaps.set(gap);
    into.given = gap.map(|(at, _)| at);
    Some(1)
}

/// Reads any field.
fn slowly(text: &str, into: &mut Vec<NameForm>) -> usize {
    let written = brackets::read(text, into);
    into.iter_mut().take(written).for_each(NameForm::set_families);
    written
}

/// Compares two names (never `Alias`: that is found by whoever compares all alternatives).
///
/// [`NameLevel::Missing`] also where both are written and agree in all that is readable, but too little is: 田中 ●● says
/// nothing of the given name.
pub fn compare(a: &NameForm, b: &NameForm) -> NameLevel {
    if a.is_empty() || b.is_empty() {
        return NameLevel::Missing;
    }
    let marked = a.is_marked() || b.is_marked();
    if !marked && let Some(level) = same_letters(&a.chars, &b.chars) {
        return level;
    }
    if let Some(level) = unreadable::compare(a, b, marked) {
        return level;
    }
    let roman = a.is_roman() && b.is_roman();
    if roman && same_words(a, b) {
        return NameLevel::Roman;
    }
    if parts::one_off(a.side(), b.side(), is_same) {
        return NameLevel::OneOff;
    }
    let part = if roman && (a.given.is_none() || b.given.is_none()) {
        // Two Roman letters in common are no surname, and without one gap no order is known.
        None
    } else {
        parts::agreeing(a.side(), b.side(), PART_LEAST, is_same)
    };
    match part {
        Some(Part::Given) => NameLevel::GivenOnly,
        Some(Part::Surname) => NameLevel::SurnameOnly,
        None => NameLevel::Different,
    }
}

/// Whether a part of the given name is unreadable in two names that are the same where readable: what is hidden there may be
/// what tells twins apart (●子). Where nothing shows how long the surname is, it is taken for short.
pub(crate) fn hides_given(a: &NameForm, b: &NameForm) -> bool {
    unreadable::hides_given(a, b, a.is_marked() || b.is_marked())
}

/// Whether two characters are the same or tied; a mark is never.
fn is_same(a: char, b: char) -> bool {
    a != MARK && b != MARK && (a == b || variants::tie(a, b).is_some())
}

/// The level of two names that are the same letter by letter, the loosest tie counting.
fn same_letters(a: &[char], b: &[char]) -> Option<NameLevel> {
    if a.len() != b.len() {
        return None;
    }
    let mut level = NameLevel::Equal;
    for (x, y) in a.iter().zip(b).filter(|(x, y)| x != y) {
        let tied = match variants::tie(*x, *y)? {
            Tie::Firm => NameLevel::Variant,
            Tie::Loose => NameLevel::Weak,
        };
        level = level.max(tied);
    }
    Some(level)
}

/// Whether all words of one Roman name are words of the other, in whatever order, and at least two.
fn same_words(a: &NameForm, b: &NameForm) -> bool {
    let (few, many) = if a.gaps.count() <= b.gaps.count() { (a, b) } else { (b, a) };
    if few.gaps.count() == 0 || many.gaps.count() >= WORDS_MAX {
        return false;
    }
    // A word of the longer name answers only once.
    let mut used = 0_u32;
    few.gaps.words(&few.chars).all(|word| {
        let free = |(at, other): &(usize, &[char])| used & (1 << at) == 0 && *other == word;
        let found = many.gaps.words(&many.chars).enumerate().find(free);
        found.is_some_and(|(at, _)| {
            used |= 1 << at;
            true
        })
    })
}
