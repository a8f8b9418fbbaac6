//! One word for one thing: `docs/glossary.txt` lists the words that we do not write, with the word that we do.
//! They are looked for in Rust and Markdown, in prose and in names.
//!
//! Always holds: the list is data; this file knows none of the words.
//! Not here: spelling in general.

use super::{Failure, Tree};

/// The list of words.
const LIST: &str = "docs/glossary.txt";

/// One line of the list.
struct Entry<'t> {
    forbidden: &'t str,
    /// The forbidden word in small letters and parts; none when it is to be found exactly as written.
    parts: Option<String>,
    instead: &'t str,
    why: &'t str,
}

/// Checks every Rust and Markdown file against the list.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    let text = tree.get(LIST).map_or("", |file| file.text.as_str());
    let mut entries = Vec::new();
    for (index, line) in
        text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        match entry(line) {
            Some(entry) => entries.push(entry),
            None => {
                let remedy = "write `forbidden | instead | why`";
                failures.push(Failure::new(LIST, index + 1, "not a line of the glossary", remedy));
            }
        }
    }
    for file in tree.real().filter(|file| file.is("rs") || file.is("md")) {
        for (index, line) in file.text.lines().enumerate() {
            let plain = in_parts(line);
            for entry in entries.iter().filter(|entry| entry.stands_in(line, &plain)) {
                let what = format!("`{}` ({})", entry.forbidden, entry.why);
                let remedy = format!("write `{}`", entry.instead);
                failures.push(Failure::new(&file.path, index + 1, what, remedy));
            }
        }
    }
    failures
}

fn entry(line: &str) -> Option<Entry<'_>> {
    let mut cells = line.split('|').map(str::trim).filter(|cell| !cell.is_empty());
    let (forbidden, instead, why) = (cells.next()?, cells.next()?, cells.next()?);
    let small = !forbidden.contains(char::is_uppercase);
    Some(Entry { forbidden, parts: small.then(|| in_parts(forbidden)), instead, why })
}

impl Entry<'_> {
    fn stands_in(&self, line: &str, plain: &str) -> bool {
        match &self.parts {
            Some(parts) => has_word(plain, parts),
            None => has_word(line, self.forbidden),
        }
    }
}

/// A line in small letters with names taken apart: `link_row`, `link-row` and `LinkRow` become `link row`.
fn in_parts(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut before = ' ';
    for sign in line.chars() {
        if sign.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            out.push(' ');
        }
        if matches!(sign, '_' | '-') || sign.is_whitespace() {
            out.push(' ');
        } else {
            out.extend(sign.to_lowercase());
        }
        before = sign;
    }
    out
}

/// Whether a word or phrase stands in a text by itself, or with a plural s.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let rest = &text[at + word.len()..];
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        let edge = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_ascii_alphanumeric());
        edge(text[..at].chars().next_back()) && edge(rest.chars().next())
    })
}
