//! One shape for every service: the same files, the same jobs, so that whoever has read one finds anything in another.
//! A missing `web.rs` says by its absence that a service has no pages, a missing `store.rs` that it has no tables.
//! `web.rs` and `tests.rs` may have parts in a folder of their name. `proof.rs` stands where something that is shown is
//! proved to be somebody's: decisions with keys, which are no plain rules.
//!
//! Always holds: the list of files here is the one in ARCHITECTURE.md.
//! Not here: what stands inside the files.

use super::{Failure, Tree};
use std::collections::{BTreeMap, BTreeSet};

const ALLOWED: [&str; 8] =
    ["lib.rs", "rules.rs", "proof.rs", "refusals.rs", "store.rs", "web.rs", "jobs.rs", "tests.rs"];
const NEEDED: [&str; 3] = ["lib.rs", "rules.rs", "tests.rs"];
/// Files that may have parts in a folder of their name.
const WITH_PARTS: [&str; 2] = ["web.rs", "tests.rs"];

/// Checks the files of every service.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in tree.all() {
        let Some((service, name)) =
            file.path.strip_prefix("services/").and_then(|rest| rest.split_once("/src/"))
        else {
            continue;
        };
        services.entry(service).or_default().insert(name);
        let whole = name.split_once('/').map(|(folder, _)| format!("{folder}.rs"));
        let is_part = whole.is_some_and(|whole| WITH_PARTS.contains(&whole.as_str()));
        if !ALLOWED.contains(&name) && !is_part {
            let remedy = format!("a service has {} and nothing else", ALLOWED.join(" "));
            failures.push(Failure::new(&file.path, 1, "not a file of a service's shape", remedy));
        }
    }
    for (service, names) in services {
        for missing in NEEDED.iter().filter(|needed| !names.contains(**needed)) {
            let path = format!("services/{service}/src/{missing}");
            failures.push(Failure::new(&path, 1, "missing", "every service has lib, rules and tests"));
        }
    }
    failures
}
