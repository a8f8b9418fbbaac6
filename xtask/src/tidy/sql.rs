//! SQL stands in `store.rs` files only, and a table is named in one crate's `store.rs` only.
//! Otherwise two services share a table and neither can change it.
//!
//! Always holds: only string literals are looked at, so prose in comments may speak of tables.
//! Not here: whether the SQL is right; a test prepares every statement on both databases.

use super::lex::{Literal, is_name, lex, tokens};
use super::{Failure, File, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// Words after which prose goes on and SQL does not.
const PROSE: [&str; 14] = [
    "the", "a", "an", "this", "that", "these", "those", "your", "our", "their", "its", "one", "each", "every",
];

/// The door's own tables carry the revision; every store may read them in its statement, none may write them.
const DOOR: &str = "crates/store";

/// Checks that SQL stands nowhere but in stores.
pub fn check_places(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    for file in tree.rust().filter(|file| !may_hold_sql(file) && !file.is_outside_test()) {
        for literal in lex(&file.text).literals.iter().filter(|literal| is_sql(&literal.text)) {
            let line = file.line_of(literal.start);
            let remedy = "move it to the `store.rs` of the service whose table it is";
            failures.push(Failure::new(&file.path, line, "SQL outside a store", remedy));
        }
    }
    failures
}

fn may_hold_sql(file: &File) -> bool {
    let own = file.path.starts_with("crates/store/") || file.path.starts_with("crates/audit/src/");
    own || file.name() == "store.rs"
}

/// One place where a store names a table.
struct Mention<'t> {
    file: &'t File,
    line: usize,
    writes: bool,
}

/// Checks that every table of the migrations is named by exactly one crate's store.
pub fn check_tables(tree: &Tree) -> Vec<Failure> {
    let tables = tables(tree);
    let mut mentions: BTreeMap<&str, Vec<Mention<'_>>> = BTreeMap::new();
    for file in tree.rust().filter(|file| may_hold_sql(file)) {
        for literal in &lex(&file.text).literals {
            for (offset, name, writes) in named(literal) {
                if let Some((table, _)) = tables.get_key_value(name.as_str()) {
                    let line = file.line_of(literal.start + offset);
                    mentions.entry(table).or_default().push(Mention { file, line, writes });
                }
            }
        }
    }
    let mut failures = Vec::new();
    for (table, (path, line)) in &tables {
        match mentions.get(table.as_str()) {
            None => {
                let what = format!("no store names the table `{table}`");
                failures.push(Failure::new(path, *line, what, "drop it, or give it an owner"));
            }
            Some(places) => failures.extend(strangers(table, places)),
        }
    }
    failures
}

/// The mentions outside the owner's crate. The owner is the one crate that writes; without one, all are at fault.
fn strangers(table: &str, places: &[Mention<'_>]) -> Vec<Failure> {
    let homes: BTreeSet<&str> = places.iter().map(|place| place.file.home()).collect();
    if homes.len() < 2 {
        return Vec::new();
    }
    let writers: BTreeSet<&str> =
        places.iter().filter(|place| place.writes).map(|place| place.file.home()).collect();
    let door = writers.get(DOOR).copied();
    let owner = door.or(if writers.len() == 1 { writers.first().copied() } else { None });
    let all = homes.iter().copied().collect::<Vec<_>>().join(" and ");
    let readable = owner == Some(DOOR);
    let strange =
        places.iter().filter(|place| Some(place.file.home()) != owner && (place.writes || !readable));
    let failure = |place: &Mention<'_>| {
        let what = format!("the table `{table}` is named by {all}");
        let remedy = match owner {
            Some(owner) => format!("it belongs to {owner}: call its operation"),
            None => "one of them owns it, the others call its operations".into(),
        };
        Failure::new(&place.file.path, place.line, what, remedy)
    };
    strange.map(failure).collect()
}

/// The tables that the migrations make, each with its place.
fn tables(tree: &Tree) -> BTreeMap<String, (String, usize)> {
    let mut found = BTreeMap::new();
    let is_migration = |file: &&File| file.is("sql") && format!("/{}", file.path).contains("/migrations/");
    for file in tree.all().filter(is_migration) {
        for (index, line) in file.text.lines().enumerate() {
            let line = line.split("--").next().unwrap_or_default().to_ascii_lowercase();
            let words = tokens(&line);
            for at in 0..words.len() {
                if words[at].1 == "create" && words.get(at + 1).is_some_and(|next| next.1 == "table") {
                    let name =
                        words[at + 2..].iter().find(|word| !matches!(word.1, "if" | "not" | "exists" | "\""));
                    if let Some((_, name)) = name {
                        found.entry((*name).to_owned()).or_insert((file.path.clone(), index + 1));
                    }
                }
            }
        }
    }
    found
}

fn keyword(token: &str, word: &str) -> bool {
    token == word || token == word.to_ascii_uppercase()
}

/// Whether a literal is SQL: keywords all small or all capital, and no article where a table would stand.
fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = tokens(text).into_iter().map(|(_, word)| word).collect();
    let at = |index: usize, word: &str| words.get(index).is_some_and(|token| keyword(token, word));
    let table = |index: usize| words.get(index).is_none_or(|token| !PROSE.contains(token));
    (0..words.len()).any(|i| {
        if at(i, "select") {
            return (i == 0 && words.len() > 1)
                || (i + 1..words.len()).any(|j| at(j, "from") && table(j + 1));
        }
        let insert = at(i, "insert") && (i + 1..i + 4).any(|j| at(j, "into") && table(j + 1));
        let update = at(i, "update") && table(i + 1) && (i + 2..i + 6).any(|j| at(j, "set"));
        let delete = at(i, "delete") && at(i + 1, "from") && table(i + 2);
        insert || update || delete
    })
}

/// The names that stand where SQL names a table: offset, name in small letters, whether it is written.
fn named(literal: &Literal) -> Vec<(usize, String, bool)> {
    let words: Vec<(usize, &str)> =
        tokens(&literal.text).into_iter().filter(|(_, word)| *word != "\"").collect();
    let is = |index: usize, wanted: &str| words.get(index).is_some_and(|(_, word)| keyword(word, wanted));
    let mut found = Vec::new();
    for start in 0..words.len() {
        let opens =
            ["from", "join", "into", "update", "table", "references"].iter().any(|word| is(start, word));
        let mut at = start + 1;
        while opens && at < words.len() {
            while ["if", "not", "exists", "only", "lateral"].iter().any(|word| is(at, word)) {
                at += 1;
            }
            while is(at + 1, ".") {
                at += 2;
            }
            let Some((offset, name)) = words.get(at).filter(|(_, word)| is_name(word)) else { break };
            let deletes = start.checked_sub(1).is_some_and(|before| is(before, "delete"));
            let writes = deletes || is(start, "into") || is(start, "update");
            found.push((*offset, name.to_ascii_lowercase(), writes));
            // `from one, two as t, three`: behind a name and its alias a comma brings the next one.
            at += 1 + usize::from(is(at + 1, "as"));
            at += usize::from(!is(at, ",") && words.get(at).is_some_and(|(_, word)| is_name(word)));
            if !is(start, "from") || !is(at, ",") {
                break;
            }
            at += 1;
        }
    }
    found
}
