//! Links inside the documentation lead somewhere, and README names no document that does not exist.
//! A newcomer who meets a dead link stops reading.
//!
//! Always holds: only paths inside the tree are followed, never the network.
//! Not here: anchors inside a page.

use super::{Failure, File, Tree};

/// Checks every relative link of every Markdown file, and every `docs/….md` that a README names.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    for file in tree.real().filter(|file| file.is("md")) {
        for (index, line) in file.text.lines().enumerate() {
            let dead = targets(file, line).into_iter().filter(|path| !tree.has(path));
            failures.extend(dead.map(|path| {
                Failure::new(
                    &file.path,
                    index + 1,
                    format!("`{path}` does not exist"),
                    "mend the link or write the page",
                )
            }));
        }
    }
    failures
}

/// The paths from the root that a line points to.
fn targets(file: &File, line: &str) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found: Vec<String> = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|link| !link.is_empty() && !link.contains(':'))
        .map(|link| resolve(folder, link))
        .collect();
    if file.name().starts_with("README") {
        let words = line.split(|sign: char| !(sign.is_ascii_alphanumeric() || "/._-".contains(sign)));
        found.extend(
            words.filter(|word| word.starts_with("docs/") && word.ends_with(".md")).map(str::to_owned),
        );
    }
    found
}

fn resolve(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = if link.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}
