//! `cargo xtask tidy`: the house rules that no compiler knows, each failure with its place and its remedy.
//! The same runs as a test, so nobody has to remember the command.
//!
//! Always holds: a check is a pure function from the tree's texts to failures, and has a test in which it fires.
//! Not here: what rustfmt and clippy check already (clippy.toml holds the banned calls).

mod attributes;
mod comments;
mod functions;
mod lex;
mod links;
mod places;
mod rules;
mod shape;
mod sql;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

/// The checker's own samples break every rule on purpose.
const SAMPLES: &str = "xtask/src/tidy/tests.rs";

/// One text file of the tree.
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl File {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether the path ends in `.extension`.
    pub fn is(&self, extension: &str) -> bool {
        self.name().rsplit_once('.').is_some_and(|(_, end)| end == extension)
    }

    /// The crate's folder: `services/people`, `app`.
    pub fn home(&self) -> &str {
        let depth =
            if self.path.starts_with("crates/") || self.path.starts_with("services/") { 2 } else { 1 };
        self.path.match_indices('/').nth(depth - 1).map_or("", |(at, _)| &self.path[..at])
    }

    /// Whether this file tests from outside: in the `tests` crate or in a crate's `tests` folder.
    pub fn is_outside_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/")
    }

    /// The line, from 1, of a byte of the text.
    pub fn line_of(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count()
    }
}

/// The text files that git tracks or would track.
pub struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Reads the tree at `root`; files that are not UTF-8 text are left out.
    pub fn load(root: &Path) -> io::Result<Tree> {
        let listed = Command::new("git")
            .args(["ls-files", "-coz", "--exclude-standard"])
            .current_dir(root)
            .output()?;
        if !listed.status.success() {
            return Err(io::Error::other("tidy asks git for the files; run it in a git checkout"));
        }
        let names = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut files: Vec<File> = names
            .split_terminator('\0')
            .filter_map(|path| {
                Some(File { text: std::fs::read_to_string(root.join(path)).ok()?, path: path.into() })
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Tree { files })
    }

    /// Every file.
    pub fn all(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Every file but the checker's own samples.
    pub fn real(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path != SAMPLES)
    }

    /// Every Rust file but the checker's own samples.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.real().filter(|file| file.is("rs"))
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or folder stands at a path.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

/// Something to mend: where, what, and what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    path: String,
    line: usize,
    what: String,
    remedy: String,
}

impl Failure {
    /// A failure at a line of a file.
    pub fn new(path: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Failure {
        Failure { path: path.into(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.remedy)
    }
}

/// Every check, in the order of their names in CONTRIBUTING.md.
const CHECKS: [fn(&Tree) -> Vec<Failure>; 11] = [
    comments::check,
    shape::check,
    sql::check_tables,
    sql::check_places,
    functions::check,
    words::check,
    places::check,
    attributes::check,
    rules::check_cited,
    rules::check_homes,
    links::check,
];

/// All failures of a tree, by path and line.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures: Vec<Failure> = CHECKS.iter().flat_map(|check| check(tree)).collect();
    failures.sort();
    failures.dedup();
    failures
}

/// Runs the command on the tree at `root` and prints what is to be mended.
pub fn command(root: &Path, out: &mut impl Write) -> io::Result<ExitCode> {
    let failures = check(&Tree::load(root)?);
    for failure in &failures {
        writeln!(out, "{failure}")?;
    }
    crate::verdict(out, "tidy", failures.len())
}
