//! A function fits on a screen: 70 lines. Longer ones stand in `xtask/long-functions.txt`, which may only shrink.
//! Lines that lie wholly inside a string literal (a story, an expected answer, a statement) are data and not counted.
//!
//! Always holds: a number in the list is the function's length today, never more.
//! Not here: any judgement of what the lines hold.

use super::lex::{closing, is_name, lex, tokens};
use super::{Failure, File, Tree};
use std::collections::BTreeMap;

/// The list of exceptions.
const LIST: &str = "xtask/long-functions.txt";
const LINES_MAX: usize = 70;

/// Checks the length of every function against the list.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut listed = read_list(tree, &mut failures);
    for file in tree.all().filter(|file| file.is("rs")) {
        for (name, (line, length)) in long(file) {
            let key = format!("{}::{name}", file.path);
            match listed.remove(&key) {
                None => {
                    let what = format!("`{name}` has {length} lines, {LINES_MAX} at most");
                    failures.push(Failure::new(
                        &file.path,
                        line,
                        what,
                        "split it where its steps have names",
                    ));
                }
                Some((_, allowed)) if length > allowed => {
                    let what = format!("`{name}` grew from {allowed} to {length} lines");
                    failures.push(Failure::new(&file.path, line, what, "a listed function may only shrink"));
                }
                Some((row, allowed)) if length < allowed => {
                    let what = format!("`{key}` has {length} lines now, not {allowed}");
                    failures.push(Failure::new(LIST, row, what, "write the smaller number"));
                }
                Some(_) => {}
            }
        }
    }
    for (key, (row, _)) in listed {
        let what = format!("`{key}` is not long any more");
        failures.push(Failure::new(LIST, row, what, "remove the line"));
    }
    failures
}

/// The list: key → (row, lines).
fn read_list(tree: &Tree, failures: &mut Vec<Failure>) -> BTreeMap<String, (usize, usize)> {
    let mut listed = BTreeMap::new();
    let text = tree.get(LIST).map_or("", |file| file.text.as_str());
    for (index, line) in
        text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        let entry = line.split_once(' ').and_then(|(key, lines)| Some((key, lines.trim().parse().ok()?)));
        match entry {
            Some((key, lines)) => drop(listed.insert(key.to_owned(), (index + 1, lines))),
            None => {
                failures.push(Failure::new(LIST, index + 1, "not `path::function lines`", "mend the line"))
            }
        }
    }
    listed
}

/// The long functions of a file: name → (line, length); of several with one name the longest.
fn long(file: &File) -> BTreeMap<String, (usize, usize)> {
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, line, length) in functions(file).into_iter().filter(|(_, _, length)| *length > LINES_MAX) {
        let entry = found.entry(name).or_insert((line, length));
        if entry.1 < length {
            *entry = (line, length);
        }
    }
    found
}

/// The functions with a body: name, line, length.
fn functions(file: &File) -> Vec<(String, usize, usize)> {
    let source = lex(&file.text);
    let words = tokens(&source.code);
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let ((start, keyword), (after, name)) = (pair[0], pair[1]);
        if keyword != "fn" || !is_name(name) {
            continue;
        }
        let Some(end) = body(&source.code, after).and_then(|open| closing(&source.code, open)) else {
            continue;
        };
        let data: usize = source
            .literals
            .iter()
            .filter(|literal| (start..end).contains(&literal.start))
            .map(|literal| literal.text.matches('\n').count().saturating_sub(1))
            .sum();
        let length = 1 + file.text[start..end].matches('\n').count();
        found.push((name.to_owned(), file.line_of(start), length.saturating_sub(data)));
    }
    found
}

/// The brace that opens the body of the function whose name stands at `at`; a declaration has none.
fn body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (offset, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' if depth == 0 => return Some(offset),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
