//! Every Rust file opens with a comment that says what it is; the ones that carry a boundary say it in two fixed
//! phrases. A newcomer reads the first lines of files before anything else.
//!
//! Always holds: the check looks at the first comment only.
//! Not here: comments on items, which the compiler asks for (`missing_docs`).

use super::{Failure, File, Tree};

/// The phrases of a boundary.
const PHRASES: [&str; 2] = ["Always holds", "Not here"];

/// Checks the opening comments.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    for file in tree.all().filter(|file| file.is("rs")) {
        let opening = opening(&file.text);
        if sentences(&opening) < 2 {
            let remedy = "open it with `//!`: what it is, and what a reader would not guess";
            failures.push(Failure::new(&file.path, 1, "no opening comment of two sentences", remedy));
            continue;
        }
        for phrase in PHRASES.iter().filter(|phrase| carries_boundary(file) && !opening.contains(**phrase)) {
            let what = format!("the opening comment does not say `{phrase}: …`");
            failures.push(Failure::new(
                &file.path,
                1,
                what,
                "say it in one sentence, an absence if possible",
            ));
        }
    }
    failures
}

fn carries_boundary(file: &File) -> bool {
    let service =
        file.path.starts_with("services/") && file.path.contains("/src/") && file.name() != "tests.rs";
    service || file.path.ends_with("src/lib.rs")
}

fn opening(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    lines.join(" ")
}

fn sentences(text: &str) -> usize {
    let mut rest = text.chars().peekable();
    let mut count = 0;
    while let Some(sign) = rest.next() {
        let ends =
            matches!(sign, '.' | '!' | '?') && rest.peek().is_none_or(|next| matches!(next, ' ' | ')' | '*'));
        count += usize::from(ends || sign == '。');
    }
    count
}
