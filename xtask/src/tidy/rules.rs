//! Rule ids hold law and code together: an id cited in code exists in `docs/rules.md`, and a file named there exists.
//! Ids are frozen, so a citation never moves.
//!
//! Always holds: the table's rows begin with the id, its last column says where the rule lives.
//! Not here: which test shows a rule; the requirement table does that.

use super::lex::{is_name, tokens};
use super::{Failure, Tree};
use std::collections::BTreeSet;

/// The table of the rules.
const TABLE: &str = "docs/rules.md";

/// Checks that every id cited in Rust or SQL is in the table.
pub fn check_cited(tree: &Tree) -> Vec<Failure> {
    let known: BTreeSet<String> = rows(tree).map(|(_, id, _)| id).collect();
    let mut failures = Vec::new();
    for file in tree.real().filter(|file| file.is("rs") || file.is("sql")) {
        for (index, line) in file.text.lines().enumerate() {
            for id in cited(line).into_iter().filter(|id| !known.contains(id)) {
                let what = format!("the rule {id} is not in {TABLE}");
                failures.push(Failure::new(
                    &file.path,
                    index + 1,
                    what,
                    "cite an id that exists; ids are frozen",
                ));
            }
        }
    }
    failures
}

/// Checks that every path that the table names in its last column exists.
pub fn check_homes(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (line, id, home) in rows(tree) {
        for path in home.split('`').skip(1).step_by(2).filter(|path| path.contains('/') && !tree.has(path)) {
            let what = format!("{id} is said to live in `{path}`, which does not exist");
            failures.push(Failure::new(TABLE, line, what, "name the file that holds the rule"));
        }
    }
    failures
}

/// The rows of the table: line, id, last column.
fn rows(tree: &Tree) -> impl Iterator<Item = (usize, String, &str)> {
    let text = tree.get(TABLE).map_or("", |file| file.text.as_str());
    text.lines().enumerate().filter_map(|(index, line)| {
        let mut cells = line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').map(str::trim);
        let id = cells.next().filter(|id| cited(id).len() == 1)?;
        Some((index + 1, id.to_owned(), cells.next_back().unwrap_or_default()))
    })
}

/// The ids in a line: `S1 r3`, more of them behind it (`S1 r3 r4, r5`), and names such as `s1_r3_…`.
fn cited(line: &str) -> Vec<String> {
    let words: Vec<&str> = tokens(line).into_iter().map(|(_, word)| word).collect();
    let mut found = Vec::new();
    let mut system = None;
    for word in words {
        if let Some(number) = numbered(word, 'S') {
            system = Some(number);
        } else if let (Some(system), Some(rule)) = (system, numbered(word, 'r')) {
            found.push(format!("S{system} r{rule}"));
        } else if !matches!(word, "," | "and" | "(" | ")") {
            system = None;
        }
        let mut parts = if is_name(word) { word.split('_') } else { "".split('_') };
        while let Some(part) = parts.next() {
            let rule = parts.clone().next().and_then(|next| numbered(next, 'r'));
            if let (Some(system), Some(rule)) = (numbered(part, 's'), rule) {
                found.push(format!("S{system} r{rule}"));
            }
        }
    }
    found
}

fn numbered(word: &str, letter: char) -> Option<u32> {
    let digits = word.strip_prefix(letter)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
