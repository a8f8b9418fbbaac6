//! Names of which a part cannot be read: marks for characters, and katakana in place of a kanji.
//!
//! Always holds: what is readable must agree letter by letter, and so much must be readable that surname and given name
//! are both attested; where they are not, the answer is that nothing is known, never that the names differ.
//! Not here: which characters are marks (name).
//! Rules come from: the reference on matching, section 1.2 (replacement marks; employees' insurers that dropped gaiji).

use super::{MARK, NameForm, is_same};
use crate::{
    levels::NameLevel,
    text::{
        fold,
        parts::{common_prefix, common_suffix},
    },
};
use std::ops::Range;

/// Katakana in place of so many kanji at most.
const KANJI_MOST: usize = 2;
/// No given name in kanji is longer than this, but for very few.
const GIVEN_MOST: usize = 3;
/// The longest reading of that many kanji.
const KATAKANA_MOST: usize = 8;

/// The level of two names one of which is not wholly readable; `None` where what is readable disagrees, or where both
/// are wholly readable.
pub(super) fn compare(a: &NameForm, b: &NameForm, marked: bool) -> Option<NameLevel> {
    let attested = if marked { marks(a, b)? } else { katakana(a, b)? };
    Some(if attested { NameLevel::Unreadable } else { NameLevel::Missing })
}

/// Whether enough is readable of two equally long names with marks; `None` where the readable letters disagree.
fn marks(a: &NameForm, b: &NameForm) -> Option<bool> {
    // Nothing but marks disagrees with nothing.
    if [a, b].into_iter().any(|name| name.chars.iter().all(|c| *c == MARK)) {
        return Some(false);
    }
    let len = a.chars.len();
    if len != b.chars.len() {
        return None;
    }
    let hidden = |at: usize| a.chars.get(at) == Some(&MARK) || b.chars.get(at) == Some(&MARK);
    let agrees = a.chars.iter().zip(&b.chars).all(|(x, y)| *x == MARK || *y == MARK || is_same(*x, *y));
    if !agrees {
        return None;
    }
    let readable = |range: Range<usize>| range.filter(|at| !hidden(*at)).count();
    let all = readable(0..len);
    if all * 2 < len || all < 2 {
        return Some(false);
    }
    // One character of a name that is else whole is no loss, be it all of a surname: ● 誠一.
    if all + 1 == len {
        return Some(true);
    }
    let both = |given: usize| readable(0..given) > 0 && readable(given..len) > 0;
    Some(match (a.given, b.given) {
        (Some(given), Some(other)) => both(given) && both(other),
        (Some(given), None) | (None, Some(given)) => both(given),
        // Nearly all surnames and given names have two characters or more.
        (None, None) => readable(0..2) > 0 && readable(len - 2..len) > 0,
    })
}

/// Whether enough is readable of two names that are the same but for one run of katakana in one, where the other has one
/// or two kanji; `None` where they are not so.
fn katakana(a: &NameForm, b: &NameForm) -> Option<bool> {
    let prefix = common_prefix(&a.chars, &b.chars, is_same);
    let (rest_a, rest_b) = (a.chars.get(prefix..)?, b.chars.get(prefix..)?);
    let suffix = common_suffix(rest_a, rest_b, is_same);
    let (end_a, end_b) = (a.chars.len() - suffix, b.chars.len() - suffix);
    let (run_a, run_b) = (a.chars.get(prefix..end_a)?, b.chars.get(prefix..end_b)?);
    let (kana, kanji) = if is_run(run_a) { (run_a, run_b) } else { (run_b, run_a) };
    let stands_for =
        is_run(kana) && (1..=KANJI_MOST).contains(&kanji.len()) && kanji.iter().all(|c| fold::is_kanji(*c));
    // A name in katakana altogether is a reading, not a name with a gap.
    if !stands_for || kana.len() < kanji.len() || prefix + suffix == 0 {
        return None;
    }
    let parts = [(a.given, end_a, a.chars.len()), (b.given, end_b, b.chars.len())];
    if a.given.is_none() && b.given.is_none() {
        let inside = prefix > 0 && suffix > 0;
        // At an end it may be all of the given name, which in katakana is a name of its own: 田中エミ.
        return Some(if inside { true } else { kanji.len() == 1 && prefix + suffix >= 3 });
    }
    Some(parts.into_iter().all(|(given, end, len)| {
        given.is_none_or(|given| match (end <= given, prefix >= given) {
            (true, _) => prefix > 0 || end < given,
            (_, true) => prefix > given || end < len,
            _ => false,
        })
    }))
}

/// Whether the unreadable part reaches into the given name of a name that [`compare`] found to agree.
pub(super) fn hides_given(a: &NameForm, b: &NameForm, marked: bool) -> bool {
    if marked {
        let given = [a, b].into_iter().filter_map(|name| name.given).min().unwrap_or(surname(a));
        let mut letters = a.chars.iter().zip(&b.chars).skip(given);
        return letters.any(|(x, y)| *x == MARK || *y == MARK);
    }
    let prefix = common_prefix(&a.chars, &b.chars, is_same);
    let rest = |name: &NameForm| name.chars.len().saturating_sub(prefix);
    let suffix =
        common_suffix(&a.chars[a.chars.len() - rest(a)..], &b.chars[b.chars.len() - rest(b)..], is_same);
    let beyond = |name: &NameForm, given: usize| name.chars.len() - suffix > given;
    match (a.given, b.given) {
        (None, None) => {
            // The side in kanji is the shorter one, or as long as the other.
            let kanji = if a.chars.len() <= b.chars.len() { a } else { b };
            beyond(kanji, surname(kanji))
        }
        (one, other) => {
            one.is_some_and(|given| beyond(a, given)) || other.is_some_and(|given| beyond(b, given))
        }
    }
}

/// How many letters of a name without a gap are the surname's for sure: nobody has a given name of four.
fn surname(name: &NameForm) -> usize {
    name.chars.len().saturating_sub(GIVEN_MOST).max(1)
}

/// Whether letters are katakana that may be the reading of a kanji.
fn is_run(letters: &[char]) -> bool {
    (1..=KATAKANA_MOST).contains(&letters.len()) && letters.iter().all(|c| fold::is_katakana(*c))
}
