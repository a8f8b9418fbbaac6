//! The work folder: a hidden, owner-only folder in OUT, in which everything is made that is not a finished result.
//!
//! Always holds: one run at a time works in an OUT; results appear in OUT only when all of them are finished, `run.json`
//! last, so that an OUT with `run.json` is whole; a folder without it can be used again.
//! Not here: what the results are (output); what is kept for going on (kept).
//! Rules come from: the issue, part C (stop and resume, temporary files owner-only and removed), part D (nothing half-done).

use crate::{rules::RELEASE, source::Source, spec::Spec};
use base::Fault;
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};
use xxhash_rust::xxh3::xxh3_64;

const FOLDER: &str = ".shikaku-link-work";
const LOCK: &str = "lock";
const RESULTS: &str = "results";
/// The run record; written last, so it says that the rest is there.
const RECORD: &str = "run.json";

/// The folder holds an earlier run's results.
fn has_results() -> Fault {
    Fault::new("the folder has the results of an earlier run: add --replace, or take another folder").in_japanese(
        "この出力先には前回の結果があります。置き換えるなら --replace を付け、残すなら別の出力先を指定してください。",
    )
}

/// Another run works in the folder.
fn busy() -> Fault {
    Fault::new("another run works in this folder: wait for its end, or take another folder")
        .in_japanese("この出力先では別の突合が動いています。終わるのを待つか、別の出力先を指定してください。")
}

/// So many bytes at a file's beginning and end are in its identity.
const ENDS: usize = 64 << 10;

/// A work folder that is ours.
pub(super) struct Work {
    out: PathBuf,
    folder: PathBuf,
    /// Held as long as the run lasts; gone with the process, however it ends.
    _lock: File,
}

impl Work {
    /// Makes OUT and its work folder, or takes one that an earlier run left.
    pub fn take(out: &Path, replace: bool) -> Result<Work, Fault> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(out);
        made.map_err(|e| Fault::caused("cannot make the folder for results", e))?;
        let folder = out.join(FOLDER);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Fault::caused("cannot make the work folder", error));
            }
            _ => {}
        }
        let lock = lock(&folder)?;
        let work = Work { out: out.to_owned(), folder, _lock: lock };
        if out.join(RECORD).exists() && !replace {
            // An unfinished run can have left the folder; a finished one has not.
            return Err(work.give_up(has_results()));
        }
        Ok(work)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// An empty folder for results.
    pub fn results(&self) -> Result<PathBuf, Fault> {
        let results = self.folder.join(RESULTS);
        remove(&results)?;
        let made = DirBuilder::new().mode(0o700).create(&results);
        made.map_err(|e| Fault::caused("cannot make a folder for results in the work folder", e))?;
        Ok(results)
    }

    /// Moves the results to OUT and removes the work folder.
    pub fn finish(self) -> Result<(), Fault> {
        let moving = |e| Fault::caused("cannot move results into their folder", e);
        let results = self.folder.join(RESULTS);
        let mut names = Vec::new();
        for entry in fs::read_dir(&results).map_err(moving)? {
            names.push(entry.map_err(moving)?.file_name());
        }
        names.sort_unstable_by_key(|name| (name == RECORD, name.clone()));
        // From here to the last rename OUT is not whole, and has nothing that says so.
        if let Err(error) = fs::remove_file(self.out.join(RECORD))
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(moving(error));
        }
        for name in names {
            fs::rename(results.join(&name), self.out.join(&name)).map_err(moving)?;
        }
        self.remove()
    }

    /// Leaves what a later run can go on with: `keeps` says whether there is such.
    pub fn leave(self, keeps: bool) -> Result<(), Fault> {
        if keeps { remove(&self.folder.join(RESULTS)) } else { self.remove() }
    }

    fn remove(self) -> Result<(), Fault> {
        remove(&self.folder)
    }

    /// Removes the work folder if a run left nothing in it; gives the fault back.
    fn give_up(self, fault: Fault) -> Fault {
        let others =
            fs::read_dir(&self.folder).into_iter().flatten().flatten().any(|e| e.file_name() != LOCK);
        if !others {
            // What failed first is what has to be told.
            let _ = self.remove();
        }
        fault
    }
}

fn remove(folder: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::caused("cannot remove the work folder", error))
        }
        _ => Ok(()),
    }
}

fn lock(folder: &Path) -> Result<File, Fault> {
    let path = folder.join(LOCK);
    let fault = |e| Fault::caused("cannot lock the work folder", e);
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(busy()),
        Err(TryLockError::Error(error)) => return Err(fault(error)),
    }
    // The run that had it may have removed the file between the two calls; then this lock is nobody's.
    let ours = file.metadata().map_err(fault)?.ino();
    match fs::metadata(&path) {
        Ok(there) if there.ino() == ours => Ok(file),
        _ => Err(busy()),
    }
}

/// What has to be the same for kept chunks to be used: release, spec, both inputs, and how they are cut.
pub(super) fn identity(spec: &Spec, inputs: [(&Path, &Source); 2], cuts: &[u64]) -> Result<u64, Fault> {
    let mut about = format!("{RELEASE} {spec:?} {cuts:?}").into_bytes();
    for (path, source) in inputs {
        let known = fs::metadata(path).map_err(|e| Fault::caused("cannot look at an input", e))?;
        let changed =
            known.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let bytes = source.bytes();
        let (head, tail) = (&bytes[..bytes.len().min(ENDS)], &bytes[bytes.len().saturating_sub(ENDS)..]);
        for number in [bytes.len() as u64, changed.as_nanos() as u64, xxh3_64(head), xxh3_64(tail)] {
            about.extend(number.to_le_bytes());
        }
    }
    Ok(xxh3_64(&about))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn results_appear_when_all_are_finished() {
        let out = tempfile::tempdir().unwrap();
        let out = out.path().join("deep/out");
        let work = Work::take(&out, false).unwrap();
        assert_eq!(fs::metadata(work.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let results = work.results().unwrap();
        for name in ["links.csv", RECORD, "summary.txt"] {
            fs::write(results.join(name), name).unwrap();
        }
        assert_eq!(names(&out), [FOLDER]);
        work.finish().unwrap();
        assert_eq!(names(&out), ["links.csv", RECORD, "summary.txt"]);

        // Not again without being told, and then nothing is left of the trial.
        assert!(Work::take(&out, false).is_err());
        assert_eq!(names(&out), ["links.csv", RECORD, "summary.txt"]);
        let work = Work::take(&out, true).unwrap();
        fs::write(work.results().unwrap().join(RECORD), "new").unwrap();
        work.finish().unwrap();
        assert_eq!(fs::read_to_string(out.join(RECORD)).unwrap(), "new");
    }

    #[test]
    fn one_run_at_a_time() {
        let out = tempfile::tempdir().unwrap();
        let work = Work::take(out.path(), false).unwrap();
        let Err(second) = Work::take(out.path(), false) else { panic!("two runs in one folder") };
        assert!(second.to_string().contains("another run"));
        work.leave(true).unwrap();
        assert_eq!(names(&out.path().join(FOLDER)), [LOCK]);
        Work::take(out.path(), false).unwrap().leave(false).unwrap();
        assert_eq!(names(out.path()), [""; 0]);
    }
}
