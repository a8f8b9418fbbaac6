//! The work folder: a hidden, owner-only folder in OUT, in which everything is made that is not a finished result.
//!
//! Always holds: one run at a time works in an OUT; results appear in OUT only when all of them are finished, `run.json`
//! last, so that an OUT with `run.json` is whole; a folder without it can be used again.
//! Not here: what the results are (output); how they come into OUT (results); what is kept for going on (kept).
//! Rules come from: the issue, part C (stop and resume, temporary files owner-only and removed), part D (nothing half-done).

use super::results::{self, MOVING, RECORD};
use crate::{rules::RELEASE, source::Source, spec::Spec};
use base::Fault;
use std::{
    error::Error as _,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use xxhash_rust::xxh3::xxh3_64;

/// A run's folder within OUT; there after a stop only if something is kept for going on.
pub const FOLDER: &str = ".shikaku-link-work";
const LOCK: &str = "lock";
const RESULTS: &str = "results";

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
    /// Makes OUT and its work folder, or takes one that an earlier run left. Refuses when results would take the place of an
    /// input, or, unless they may `replace` it, of anything that lies there.
    pub fn take(out: &Path, replace: bool, inputs: [&Path; 2]) -> Result<Work, Fault> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(out);
        made.map_err(|e| {
            Fault::caused("the folder for results cannot be made", e)
                .in_japanese("出力先のフォルダーを作れません。場所と、書き込む権限を確かめてください。")
        })?;
        let folder = out.join(FOLDER);
        make(out, &folder)?;
        let lock = lock(&folder)?;
        let work = Work { out: out.to_owned(), folder, _lock: lock };
        match results::may_come(out, &work.folder, replace, &inputs) {
            Ok(()) => Ok(work),
            Err(fault) => Err(work.give_up(fault)),
        }
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
        results::come(&self.out, &self.folder, &self.folder.join(RESULTS))?;
        self.remove()
    }

    /// Leaves what a later run can go on with: `keeps` says whether there is such.
    pub fn leave(self, keeps: bool) -> Result<(), Fault> {
        if keeps { remove(&self.folder.join(RESULTS)) } else { self.remove() }
    }

    fn remove(self) -> Result<(), Fault> {
        remove(&self.folder)
    }

    /// Removes the work folder if no run left anything in it with which one could go on; gives the fault back.
    fn give_up(self, fault: Fault) -> Fault {
        // A run that was killed behind its last step left the list of what it moved, and its results are in OUT.
        let moved = self.folder.join(MOVING).exists()
            && self.out.join(RECORD).exists()
            && !self.folder.join(RESULTS).join(RECORD).exists();
        let others =
            fs::read_dir(&self.folder).into_iter().flatten().flatten().any(|e| e.file_name() != LOCK);
        if moved || !others {
            // What failed first is what has to be told.
            let _ = self.remove();
        }
        fault
    }
}

/// Makes the work folder, or takes the one that is there, if it is ours: it is its owner's alone in any case. A link in its
/// place is replaced, since what it leads to is not ours to work in.
fn make(out: &Path, folder: &Path) -> Result<(), Fault> {
    let fault = |e| Fault::caused("cannot make the work folder", e);
    if fs::symlink_metadata(folder).is_ok_and(|known| known.is_symlink()) {
        fs::remove_file(folder).map_err(fault)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let known = fs::symlink_metadata(folder).map_err(fault)?;
            if !known.is_dir() || known.uid() != own_user(out).map_err(fault)? {
                return Err(not_ours());
            }
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(fault)
        }
        other => other.map_err(fault),
    }
}

/// Somebody else's file or folder stands where the work folder belongs.
fn not_ours() -> Fault {
    let en = format!("{FOLDER} in the folder for results belongs to somebody else: take another folder");
    Fault::new(en)
        .in_japanese(format!("出力先の {FOLDER} は別の人のものです。別の出力先を指定してください。"))
}

/// Who owns what this process makes in OUT. The disk says it: on a shared one it need not be the user of this machine.
fn own_user(out: &Path) -> io::Result<u32> {
    let trial = out.join(format!("{FOLDER}-trial"));
    // One that a killed run left is empty.
    let _ = fs::remove_dir(&trial);
    DirBuilder::new().mode(0o700).create(&trial)?;
    let user = fs::symlink_metadata(&trial)?.uid();
    fs::remove_dir(&trial)?;
    Ok(user)
}

/// An input as it was when it was opened.
pub(super) struct Stamp {
    file: File,
    was: (u64, Option<SystemTime>),
}

impl Stamp {
    /// Of a file that was opened just now.
    pub fn of(path: &Path) -> Result<Stamp, Fault> {
        let stamp = |file: File| {
            let was = Stamp::now(&file)?;
            Ok(Stamp { file, was })
        };
        File::open(path).and_then(stamp).map_err(|e| Fault::caused("cannot look at an input", e))
    }

    fn now(file: &File) -> io::Result<(u64, Option<SystemTime>)> {
        let known = file.metadata()?;
        Ok((known.len(), known.modified().ok()))
    }

    /// Refuses if the file was written to since: nobody can say of which state of it the results are. (A new file under the
    /// same name is another file; the one that was opened stays as it was.)
    pub fn check(&self, side: char) -> Result<(), Fault> {
        match Stamp::now(&self.file) {
            Ok(now) if now == self.was => Ok(()),
            Err(error) => Err(Fault::caused("cannot look at an input", error)),
            Ok(_) => {
                let en = format!(
                    "file {side} was changed while it was read: nothing was written; run again on a copy"
                );
                Err(Fault::new(en).in_japanese(format!(
                    "ファイル {side} が読み取り中に書き換えられました。結果は書き出していません。コピーを作り、それで突合し直してください。"
                )))
            }
        }
    }
}

/// A fault with the words for a full disk, if it is one: what to do then, and whether what was read is kept.
pub(super) fn or_full_disk(fault: Fault, keeps: bool) -> Fault {
    let full = fault.source().and_then(|cause| cause.downcast_ref::<io::Error>()).is_some_and(|cause| {
        matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    });
    if !full {
        return fault;
    }
    let (en, ja) = match keeps {
        true => (
            "what was read is kept in the work folder: make room and run again",
            "読み取った分は作業フォルダーに残してあります。空きを作ってから同じ指定で再実行すると、続きから始まります。",
        ),
        false => (
            "nothing is left of this run: make room and run again",
            "この実行のものは何も残していません。空きを作ってから再実行してください。",
        ),
    };
    Fault::new(format!("{fault}: the disk is full; {en}"))
        .in_japanese(format!("出力先のディスクに空きがありません。{ja}"))
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
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&path)
        .map_err(fault)?;
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

    /// Inputs that lie elsewhere.
    fn inputs() -> [&'static Path; 2] {
        [Path::new("/nowhere/a"), Path::new("/nowhere/b")]
    }

    const OURS: &str = r#"{"program":"shikaku link","files":[]}"#;

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
        let work = Work::take(&out, false, inputs()).unwrap();
        assert_eq!(fs::metadata(work.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let results = work.results().unwrap();
        for name in ["links.csv", RECORD, "summary.txt"] {
            fs::write(results.join(name), OURS).unwrap();
        }
        assert_eq!(names(&out), [FOLDER]);
        work.finish().unwrap();
        assert_eq!(names(&out), ["links.csv", RECORD, "summary.txt"]);

        // Not again without being told, and then nothing is left of the trial.
        assert!(Work::take(&out, false, inputs()).is_err());
        assert_eq!(names(&out), ["links.csv", RECORD, "summary.txt"]);
        let work = Work::take(&out, true, inputs()).unwrap();
        fs::write(work.results().unwrap().join(RECORD), "new").unwrap();
        work.finish().unwrap();
        assert_eq!(fs::read_to_string(out.join(RECORD)).unwrap(), "new");
        assert!(!out.join(FOLDER).exists());
    }

    #[test]
    fn a_link_in_place_of_the_work_folder_is_not_followed() {
        let (out, trap) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(trap.path(), out.path().join(FOLDER)).unwrap();
        let work = Work::take(out.path(), false, inputs()).unwrap();
        assert!(fs::symlink_metadata(work.path()).unwrap().is_dir());
        assert_eq!(names(trap.path()), [""; 0]);
        // A folder that others may enter is the owner's alone from now on.
        work.leave(true).unwrap();
        let folder = out.path().join(FOLDER);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let work = Work::take(out.path(), false, inputs()).unwrap();
        assert_eq!(fs::metadata(work.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_work_folder_that_is_a_file_is_not_taken() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join(FOLDER), "a file").unwrap();
        let Err(fault) = Work::take(out.path(), false, inputs()) else { panic!("it was taken") };
        assert!(fault.to_string().contains("somebody else") && fault.ja().is_some());
        assert_eq!(names(out.path()), [FOLDER]);
    }

    #[test]
    fn a_link_in_place_of_the_lock_is_not_followed() {
        let out = tempfile::tempdir().unwrap();
        let (folder, victim) = (out.path().join(FOLDER), out.path().join("victim"));
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&victim, folder.join(LOCK)).unwrap();
        assert!(Work::take(out.path(), false, inputs()).is_err());
        assert!(!victim.exists());
    }

    #[test]
    fn an_input_that_is_written_to_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let old = UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        let write = |text: &str, at| {
            fs::write(&path, text).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        };
        write("name", old);
        let stamp = Stamp::of(&path).unwrap();
        stamp.check('A').unwrap();
        write("name and more", old);
        assert!(stamp.check('A').unwrap_err().to_string().contains("file A was changed"));
        write("nama", UNIX_EPOCH);
        assert!(stamp.check('A').unwrap_err().ja().is_some());
        write("name", old);
        stamp.check('A').unwrap();
        // Another file under its name is another file.
        fs::remove_file(&path).unwrap();
        write("new", old);
        stamp.check('A').unwrap();
    }

    #[test]
    fn a_full_disk_is_told() {
        let of = |kind: io::ErrorKind| Fault::caused("cannot write links.csv", io::Error::from(kind));
        for (kind, keeps, want) in [
            (io::ErrorKind::StorageFull, true, "kept in the work folder"),
            (io::ErrorKind::QuotaExceeded, false, "nothing is left"),
            (io::ErrorKind::PermissionDenied, true, ""),
        ] {
            let told = or_full_disk(of(kind), keeps);
            assert!(
                told.to_string().starts_with("cannot write links.csv") && told.to_string().contains(want)
            );
            assert_eq!(told.ja().is_some(), !want.is_empty());
        }
        assert!(or_full_disk(Fault::new("another"), true).ja().is_none());
    }

    #[test]
    fn what_a_kill_behind_the_last_step_left_is_removed() {
        let out = tempfile::tempdir().unwrap();
        let work = Work::take(out.path(), false, inputs()).unwrap();
        let results = work.results().unwrap();
        fs::write(out.path().join(RECORD), OURS).unwrap();
        fs::write(work.path().join(MOVING), RECORD).unwrap();
        // Before the last step one could go on; behind it nothing is left to do.
        fs::write(results.join(RECORD), OURS).unwrap();
        drop(work);
        assert!(Work::take(out.path(), false, inputs()).is_err());
        assert!(results.join(RECORD).exists());
        fs::remove_file(results.join(RECORD)).unwrap();
        assert!(Work::take(out.path(), false, inputs()).is_err());
        assert_eq!(names(out.path()), [RECORD]);
    }

    #[test]
    fn one_run_at_a_time() {
        let out = tempfile::tempdir().unwrap();
        let work = Work::take(out.path(), false, inputs()).unwrap();
        let Err(second) = Work::take(out.path(), false, inputs()) else { panic!("two runs in one folder") };
        assert!(second.to_string().contains("another run"));
        work.leave(true).unwrap();
        assert_eq!(names(&out.path().join(FOLDER)), [LOCK]);
        Work::take(out.path(), false, inputs()).unwrap().leave(false).unwrap();
        assert_eq!(names(out.path()), [""; 0]);
    }
}
