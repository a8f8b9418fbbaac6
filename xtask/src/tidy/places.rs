//! Nothing in the tree knows the machine it was written on, or where packages are fetched from.
//! A path or host that works here only is a fault for everybody else.
//!
//! Always holds: every tracked text file is looked at, but for the lock file's own source lines, which Cargo writes.
//! Not here: secrets; those are looked for by the canary test.

use super::{Failure, Tree};

/// Homes and build folders of one machine.
pub(super) const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Hosts that packages are fetched from.
pub(super) const HOSTS: [&str; 6] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("proxy.golang", ".org"),
];

/// Checks every tracked text for paths of one machine and hosts of registries.
pub fn check(tree: &Tree) -> Vec<Failure> {
    let mut failures = Vec::new();
    for file in tree.real() {
        let lines = file.text.lines().enumerate();
        for (index, line) in
            lines.filter(|(_, line)| file.path != "Cargo.lock" || !line.starts_with("source = "))
        {
            for folder in FOLDERS.iter().filter(|folder| has_folder(line, folder)) {
                let what = format!("the path `{folder}` of one machine");
                failures.push(Failure::new(&file.path, index + 1, what, "use a relative path or a setting"));
            }
            for host in HOSTS.iter().filter(|host| line.contains(**host)) {
                let what = format!("the registry host `{host}`");
                let remedy = "leave the host to the tools' own settings";
                failures.push(Failure::new(&file.path, index + 1, what, remedy));
            }
        }
    }
    failures
}

/// Whether an absolute path begins here: `services/` before the folder's name makes it a relative one.
fn has_folder(line: &str, folder: &str) -> bool {
    let continues =
        |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-' | '.' | '}' | '~' | '*');
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(continues))
}
