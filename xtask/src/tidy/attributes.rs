//! No test is switched off, no lint without its reason, no note to self left in the code.
//! What is unfinished is written down where it is planned, not where it breaks.
//!
//! Always holds: only code counts, so messages and samples may spell these words.
//! Not here: `unwrap`, which clippy watches.

use super::lex::{closing, lex, tokens};
use super::{Failure, Tree};

/// Macros that stand for work not done.
const MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Checks attributes and macros of every Rust file.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    for file in tree.all().filter(|file| file.is("rs")) {
        let code = lex(&file.text).code;
        for (offset, attribute) in attributes(&code) {
            if let Some((what, remedy)) = fault(attribute) {
                failures.push(Failure::new(&file.path, file.line_of(offset), what, remedy));
            }
        }
        for pair in tokens(&code).windows(2) {
            let ((offset, name), (after, sign)) = (pair[0], pair[1]);
            if MACROS.contains(&name) && sign == "!" && after == offset + name.len() {
                let what = format!("`{name}!`");
                let remedy = "finish it, or refuse with a reason";
                failures.push(Failure::new(&file.path, file.line_of(offset), what, remedy));
            }
        }
    }
    failures
}

/// The attributes of blanked code with their offsets.
fn attributes(code: &str) -> Vec<(usize, &str)> {
    let begins = code.match_indices('#').filter_map(|(at, _)| {
        let rest = &code[at + 1..];
        let open = at + 1 + usize::from(rest.starts_with('!'));
        code[open..].starts_with('[').then_some((at, open))
    });
    begins.filter_map(|(at, open)| Some((at, &code[open..closing(code, open)?]))).collect()
}

fn fault(attribute: &str) -> Option<(&'static str, &'static str)> {
    let words: Vec<&str> = tokens(attribute).into_iter().map(|(_, word)| word).collect();
    let first = words.get(1).copied().unwrap_or_default();
    let conditional = first == "cfg_attr";
    let says = |word: &str| first == word || (conditional && words.contains(&word));
    if says("ignore") {
        return Some(("a test that is switched off", "mend it or delete it"));
    }
    if says("allow") {
        return Some((
            "`allow`",
            "write `#[expect(…, reason = \"…\")]`, which fails when it is no longer needed",
        ));
    }
    if says("expect") && !words.contains(&"reason") {
        return Some(("`expect` without a reason", "add `reason = \"…\"`"));
    }
    None
}
