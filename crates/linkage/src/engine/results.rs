//! Results in OUT: whose the files are that lie there under a result's name, and how new ones take their place.
//!
//! Always holds: an input is never replaced, and a file that no run of ours wrote only if that was asked for; an OUT with a
//! run record holds that run's results and no other's, also after a kill or a loss of power at any moment; a link under a
//! result's name is replaced, not followed.
//! Not here: what the results are (output); the folder in which they were made (work).
//! Rules come from: the issue, part D (nothing half-done).

use base::Fault;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

/// The run record; written last, so it says that the rest is there.
pub(super) const RECORD: &str = "run.json";

/// All others, but for pages behind the first.
const NAMES: [&str; 8] = [
    "links.csv",
    "problems.csv",
    "review.csv",
    "review.html",
    "summary.json",
    "summary.txt",
    "unlinked_a.csv",
    "unlinked_b.csv",
];

/// In the work folder: names of results that may lie in OUT while it has no record. A run that was killed while it moved
/// results leaves it, and so the next one knows that they are ours.
pub(super) const MOVING: &str = "moving";

/// A record is some thousand bytes.
const RECORD_MAX: u64 = 1 << 20;

/// The folder holds an earlier run's results.
fn has_results() -> Fault {
    Fault::new("the folder has the results of an earlier run: add --replace, or take another folder").in_japanese(
        "この出力先には前回の結果があります。置き換えるなら --replace を付け、残すなら別の出力先を指定してください。",
    )
}

/// A file of somebody else has a result's name.
fn foreign(name: &str) -> Fault {
    let en = format!(
        "the folder has a file {name} that is no result of an earlier run: take another folder, or add --replace to replace it"
    );
    Fault::new(en).in_japanese(format!(
        "この出力先には、前回の結果ではない {name} があります。別の出力先を指定するか、置き換えてよければ --replace を付けてください。"
    ))
}

/// An input has a result's name and place, or a folder has.
fn in_the_way(name: &str) -> Fault {
    let en = format!("{name} in the folder for results is an input, or a folder: take another folder");
    Fault::new(en).in_japanese(format!(
        "出力先の {name} は、入力のファイルかフォルダーで、置き換えられません。別の出力先を指定してください。"
    ))
}

/// Whether a result has this name.
pub(super) fn is_result(name: &str) -> bool {
    let page = name.strip_prefix("review-").and_then(|rest| rest.strip_suffix(".html"));
    let is_page = page.is_some_and(|page| !page.is_empty() && page.bytes().all(|byte| byte.is_ascii_digit()));
    is_page || name == RECORD || NAMES.contains(&name)
}

/// Says whether results may come into OUT. `work` is its work folder.
pub(super) fn may_come(out: &Path, work: &Path, replace: bool, inputs: &[&Path]) -> Result<(), Fault> {
    let looking = |e| Fault::caused("cannot look into the folder for results", e);
    for input in inputs {
        let name = input.file_name().and_then(|name| name.to_str()).filter(|name| is_result(name));
        let folder = input.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let (Some(name), Ok(folder), Ok(out)) = (name, fs::canonicalize(folder), fs::canonicalize(out))
            && folder == out
        {
            return Err(in_the_way(name));
        }
    }
    // An input under another path, or in another spelling, is the same file nevertheless.
    let file = |known: Metadata| (known.dev(), known.ino());
    let inputs: Vec<(u64, u64)> =
        inputs.iter().filter_map(|path| fs::metadata(path).ok().map(file)).collect();
    let names = results_in(out).map_err(looking)?;
    for name in &names {
        let known = fs::symlink_metadata(out.join(name)).map_err(looking)?;
        if known.is_dir() || inputs.contains(&file(known)) {
            return Err(in_the_way(name));
        }
    }
    if replace {
        return Ok(());
    }
    match names.first() {
        _ if listed(out).is_some() => Err(has_results()),
        Some(name) if !work.join(MOVING).exists() => Err(foreign(name)),
        _ => Ok(()),
    }
}

/// Files of a folder that have a result's name, ascending.
fn results_in(folder: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().to_str().filter(|name| is_result(name)).map(str::to_owned));
    }
    Ok(names)
}

/// The results that a run record of ours in OUT lists, if there is one.
fn listed(out: &Path) -> Option<BTreeSet<String>> {
    let path = out.join(RECORD);
    fs::symlink_metadata(&path).ok().filter(|known| known.is_file() && known.len() <= RECORD_MAX)?;
    let record: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (record["program"] == "shikaku link").then_some(())?;
    let files = record["files"].as_array()?.iter().filter_map(|file| file["name"].as_str());
    Some(files.filter(|name| is_result(name)).map(str::to_owned).collect())
}

/// Moves all results from their folder in the work folder into OUT, and removes what an earlier run has more.
pub(super) fn come(out: &Path, work: &Path, results: &Path) -> Result<(), Fault> {
    moved(out, work, results).map_err(|e| Fault::caused("cannot move results into their folder", e))
}

fn moved(out: &Path, work: &Path, results: &Path) -> io::Result<()> {
    let new = results_in(results)?;
    if fs::read_dir(results)?.count() != new.len() {
        return Err(io::Error::other("a result has a name that is not known here"));
    }
    if new.iter().any(|name| fs::symlink_metadata(out.join(name)).is_ok_and(|known| known.is_dir())) {
        return Err(io::Error::other("a folder has a result's name"));
    }
    // The disk may write in any order of its own; each step waits until the one before it stands.
    for name in &new {
        File::open(results.join(name))?.sync_all()?;
    }
    let mut known = listed(out).unwrap_or_default();
    if let Ok(names) = fs::read_to_string(work.join(MOVING)) {
        known.extend(names.lines().filter(|name| is_result(name)).map(str::to_owned));
    }
    let all: Vec<&str> = known.union(&new).map(String::as_str).collect();
    let marker =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(work.join(MOVING));
    let mut marker = marker?;
    marker.write_all(all.join("\n").as_bytes())?;
    marker.sync_all()?;
    File::open(work)?.sync_all()?;

    // From here to the last rename OUT is not whole, and has nothing that says so.
    removed(&out.join(RECORD))?;
    File::open(out)?.sync_all()?;
    for name in known.difference(&new) {
        removed(&out.join(name))?;
    }
    for name in new.iter().filter(|name| *name != RECORD) {
        fs::rename(results.join(name), out.join(name))?;
    }
    File::open(out)?.sync_all()?;
    fs::rename(results.join(RECORD), out.join(RECORD))?;
    File::open(out)?.sync_all()
}

fn removed(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A record of ours that lists these.
    fn record(names: &[&str]) -> String {
        let files: Vec<Value> = names.iter().map(|name| serde_json::json!({ "name": name })).collect();
        serde_json::json!({ "program": "shikaku link", "files": files }).to_string()
    }

    /// A folder with these files, each with its name in it; the record lists what it is given.
    fn folder(names: &[&str], listed: Option<&[&str]>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        names.iter().for_each(|name| fs::write(folder.path().join(name), name).unwrap());
        listed.iter().for_each(|names| fs::write(folder.path().join(RECORD), record(names)).unwrap());
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn names_of_results() {
        for name in ["links.csv", "run.json", "review.html", "review-2.html", "review-13.html"] {
            assert!(is_result(name), "{name}");
        }
        for name in
            ["a.csv", "Links.csv", "review-.html", "review-2b.html", "../run.json", "review-2.htm", ""]
        {
            assert!(!is_result(name), "{name}");
        }
    }

    #[test]
    fn files_of_others_are_refused() {
        let none = tempfile::tempdir().unwrap();
        let work = none.path();
        /// Files, what a record lists, what is said without and with `replace`.
        type Case = (&'static [&'static str], Option<&'static [&'static str]>, &'static str, &'static str);
        let cases: [Case; 5] = [
            (&["a.csv", "notes.txt", "review.htm"], None, "", ""),
            (&["links.csv"], None, "links.csv", ""),
            (&["review-7.html"], None, "review-7.html", ""),
            (&["run.json", "summary.txt"], None, "run.json", ""),
            (&["links.csv"], Some(&["links.csv"]), "earlier run", ""),
        ];
        for (files, listed, plain, replacing) in cases {
            let out = folder(files, listed);
            for (replace, want) in [(false, plain), (true, replacing)] {
                let said = may_come(out.path(), work, replace, &[]).err();
                let text = said.as_ref().map(ToString::to_string).unwrap_or_default();
                assert!(
                    if want.is_empty() { text.is_empty() } else { text.contains(want) },
                    "{files:?}: {text}"
                );
                assert!(said.is_none_or(|fault| fault.ja().is_some()));
            }
        }
    }

    #[test]
    fn an_input_is_never_replaced() {
        let out = folder(&["links.csv", "a.csv"], Some(&["links.csv"]));
        let elsewhere = tempfile::tempdir().unwrap();
        let away = elsewhere.path();
        fs::hard_link(out.path().join("links.csv"), away.join("hard.csv")).unwrap();
        symlink(out.path().join("links.csv"), away.join("soft.csv")).unwrap();
        symlink(out.path(), away.join("folder")).unwrap();
        for (input, refused) in [
            (out.path().join("links.csv"), true),
            (away.join("folder/links.csv"), true),
            (away.join("hard.csv"), true),
            (away.join("soft.csv"), true),
            (out.path().join("a.csv"), false),
            // It is not there, and will be.
            (out.path().join("review.csv"), true),
        ] {
            assert_eq!(may_come(out.path(), away, true, &[&input]).is_err(), refused, "{input:?}");
        }
        // A link to an input is replaced, which leaves the input alone.
        symlink(out.path().join("a.csv"), out.path().join("summary.txt")).unwrap();
        may_come(out.path(), away, true, &[&out.path().join("a.csv")]).unwrap();
        fs::create_dir(out.path().join("review.csv")).unwrap();
        assert!(may_come(out.path(), away, true, &[]).is_err());
    }

    #[test]
    fn results_take_the_place_of_earlier_ones() {
        let out = folder(
            &["links.csv", "review-2.html", "review-3.html", "notes.txt", "review-9.html"],
            Some(&["links.csv", "review-2.html", "review-3.html", "../notes.txt", "notes.txt"]),
        );
        let (work, victim) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (work, victim) = (work.path(), victim.path().join("victim"));
        fs::write(&victim, "not ours").unwrap();
        symlink(&victim, out.path().join("summary.txt")).unwrap();
        let results = folder(&["links.csv", "review-2.html", "summary.txt"], Some(&["links.csv"]));
        come(out.path(), work, results.path()).unwrap();
        // The third page was the earlier run's; the ninth is nobody's that we know.
        let want = ["links.csv", "notes.txt", "review-2.html", "review-9.html", RECORD, "summary.txt"];
        assert_eq!(names(out.path()), want);
        assert_eq!(fs::read_to_string(victim).unwrap(), "not ours");
        assert!(fs::symlink_metadata(out.path().join("summary.txt")).unwrap().is_file());
        assert!(names(results.path()).is_empty());
    }

    #[test]
    fn a_kill_while_results_are_moved_leaves_no_record() {
        let out = folder(&["links.csv", "review-2.html"], Some(&["links.csv", "review-2.html"]));
        let work = tempfile::tempdir().unwrap();
        let work = work.path();
        // Nothing is moved while a folder has the place of a result.
        let results = folder(&["links.csv"], Some(&["links.csv"]));
        fs::create_dir(out.path().join("summary.json")).unwrap();
        fs::write(results.path().join("summary.json"), "new").unwrap();
        assert!(come(out.path(), work, results.path()).is_err());
        assert!(out.path().join(RECORD).exists() && results.path().join("links.csv").exists());
        fs::remove_dir(out.path().join("summary.json")).unwrap();
        // In the middle of it something fails: a folder cannot take the place of a file.
        fs::remove_file(results.path().join("summary.json")).unwrap();
        fs::create_dir(results.path().join("summary.json")).unwrap();
        fs::write(out.path().join("summary.json"), "old").unwrap();
        assert!(come(out.path(), work, results.path()).is_err());
        assert!(!out.path().join(RECORD).exists() && !results.path().join("links.csv").exists());
        // What lies there is ours, so the next run needs not be told to replace it.
        may_come(out.path(), work, false, &[]).unwrap();
        fs::write(out.path().join("review-2.html"), "back again").unwrap();
        let results = folder(&["problems.csv"], Some(&["problems.csv"]));
        come(out.path(), work, results.path()).unwrap();
        // What the first listed and what it moved are gone; of the file beside them nobody said that it was ours.
        assert_eq!(names(out.path()), ["problems.csv", RECORD]);
    }
}
