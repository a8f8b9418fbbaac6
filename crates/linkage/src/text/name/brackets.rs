//! What stands in brackets of a name field: another name, or a sign for a character that could not be written.
//!
//! Always holds: the name without its brackets comes first; a bracket that is never closed ends with the field; at most
//! [`ALTERNATIVES_MAX`] others are kept.
//! Not here: which of two rows' names agree (form).
//! Rules come from: the reference on matching, section 1.2 (旧氏, 通称, 【※n】).

use super::{MARK, NameForm};
use crate::text::fold;

/// More alternatives than a person has are not kept.
const ALTERNATIVES_MAX: usize = 4;
/// A surname has at most so many characters when it stands in a bracket without a given name.
const SURNAME_MOST: usize = 3;
/// Where nothing tells how long the surname is, it has so many characters, as most have.
const SURNAME_GUESS: usize = 2;

/// Words that say what a bracket holds, and whether that is a surname as a rule.
const LABELS: [(&str, bool); 11] = [
    ("旧姓", true),
    ("旧氏", true),
    ("改姓前", true),
    ("通称名", false),
    ("通称", false),
    ("通名", false),
    ("本名", false),
    ("旧名", false),
    ("別名", false),
    ("併記名", false),
    ("漢字名", false),
];

/// An alternative that was met, to be finished once the whole field is read.
#[derive(Clone, Copy, Default)]
struct Found {
    /// How many letters of the name stood before it.
    at: usize,
    /// Its label: a surname (`true`), another name (`false`), no label.
    label: Option<bool>,
}

/// Reads a field into the name and its alternatives (without families); returns how many were written.
pub(super) fn read(text: &str, into: &mut Vec<NameForm>) -> usize {
    into.resize_with(into.len().max(1), NameForm::default);
    let mut found = [Found::default(); ALTERNATIVES_MAX];
    let mut count = 0;
    into[0].clear();
    let mut rest = text.chars();
    loop {
        let here = rest.as_str();
        let Some(written) = rest.next() else { break };
        let Some(c) = fold::folded(written) else { continue };
        let Some((inside, after, square)) = enclosed(c, here, rest.as_str(), &into[0]) else {
            into[0].take(c, written);
            continue;
        };
        rest = after.chars();
        let (label, name) = labelled(inside);
        if label.is_none() && (square || name.starts_with('※')) {
            into[0].chars.push(MARK);
            continue;
        }
        if count == ALTERNATIVES_MAX {
            continue;
        }
        into.resize_with(into.len().max(count + 2), NameForm::default);
        let other = &mut into[count + 1];
        other.clear();
        name.chars().filter_map(|w| Some((fold::folded(w)?, w))).for_each(|(c, w)| other.take(c, w));
        other.end();
        if !other.is_empty() {
            found[count] = Found { at: into[0].chars.len(), label };
            count += 1;
        }
    }
    finish(into, &found[..count])
}

/// What the character `c`, with which `here` begins, opens: its content, the text after it, and whether its brackets are
/// square. `None` for a character of the name.
#[inline]
fn enclosed<'t>(
    c: char,
    here: &'t str,
    rest: &'t str,
    before: &NameForm,
) -> Option<(&'t str, &'t str, bool)> {
    let (close, square) = match c {
        '(' => (')', false),
        '〈' => ('〉', false),
        '《' => ('》', false),
        '「' => ('」', false),
        '【' => ('】', true),
        '〔' => ('〕', true),
        '[' => (']', true),
        // ※1 without brackets: the number belongs to the mark.
        '※' => {
            let after =
                rest.trim_start_matches(|d: char| fold::folded(d).is_some_and(|d| d.is_ascii_digit()));
            return Some(("", after, true));
        }
        // 田中花子 旧姓山田: a label without brackets reaches to the end.
        '旧' | '通' if !before.is_empty() && labelled(here).0.is_some() => return Some((here, "", false)),
        _ => return None,
    };
    match rest.char_indices().find(|(_, end)| fold::folded(*end) == Some(close)) {
        Some((at, end)) => Some((rest.get(..at)?, rest.get(at + end.len_utf8()..)?, square)),
        None => Some((rest, "", square)),
    }
}

/// A bracket's label, if it has one, and what follows it.
fn labelled(inside: &str) -> (Option<bool>, &str) {
    let inside = inside.trim_start_matches([' ', '\u{3000}']);
    for (label, surname) in LABELS {
        if let Some(name) = inside.strip_prefix(label) {
            return (Some(surname), name.trim_start_matches([' ', '\u{3000}', ':', '：', '・', '＝', '=']));
        }
    }
    (None, inside)
}

/// Ends the name, and makes whole names of alternatives that are surnames only.
fn finish(into: &mut [NameForm], found: &[Found]) -> usize {
    let Some((name, others)) = into.split_first_mut() else { return 0 };
    name.end();
    // 田中（山田）花子: the bracket also tells where the given name begins.
    let between = found.iter().map(|f| f.at).find(|at| *at > 0 && *at < name.chars.len());
    if name.given.is_none() {
        name.given = between;
    }
    for (other, found) in others.iter_mut().zip(found) {
        if is_surname(other, *found, name) {
            let surname = other.chars.len();
            let Some(given) = name.chars.get(name.given.unwrap_or(SURNAME_GUESS)..) else { continue };
            // Without a gap one letter is too little to be held for a given name: 子 of 林花子.
            if given.is_empty() || given.len() == 1 && name.given.is_none() {
                continue;
            }
            other.chars.extend_from_slice(given);
            other.given = Some(surname);
        }
    }
    match (name.is_empty(), found.len()) {
        (true, 0) => 0,
        // Only a bracket is written: its content is the name.
        (true, count) => {
            into.rotate_left(1);
            count
        }
        (false, count) => count + 1,
    }
}

/// Whether an alternative is a surname that wants the name's given name.
fn is_surname(other: &NameForm, found: Found, name: &NameForm) -> bool {
    let (len, roman) = (other.chars.len(), other.is_roman() || name.is_roman());
    if name.chars.len() < 2 || other.given.is_some() || roman {
        return false;
    }
    match found.label {
        Some(true) => len <= SURNAME_MOST,
        _ if found.at > 0 && found.at < name.chars.len() => len <= SURNAME_MOST,
        _ => len < SURNAME_MOST,
    }
}
