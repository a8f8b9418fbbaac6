//! The journal: what the terminal has taken and not yet finished, in a folder of its own outside the share.
//!
//! One request is one folder, named by its id: start of the terminal and a counter, nothing of the request. What lies
//! in it is the state, and each step to the next state is one rename or one new file:
//!
//! | in the folder             | state                                                             |
//! |---------------------------|-------------------------------------------------------------------|
//! | nothing                   | not taken yet; thrown away at the next start                      |
//! | the request               | taken: to be asked (again, with the same id)                      |
//! | request, `answer`         | decided: the answer is to be delivered, nobody is asked any more  |
//! | request, `answer`, `out`  | placed in the answer folder: to be shown, unless it was           |
//! | request, `kept`           | answered "server away": to be reported to the server later        |
//! | folder `<id>.<ms>.done`   | answered by the server at that time: remembered to know repeats   |
//! | folder `<id>.gone`        | finished: being removed                                           |
//!
//! Always holds: a request is in the share or in the journal, never in both for the eyes of [`Journal::claim`], never
//! in neither. An id is never used for another request. One process has a journal at a time.
//! Not here: when a step is made (`work.rs`), the answer folder (`folder.rs`).
//! Rules come from: the reference on the OQS interface, section 6.4; the design's rule on repeats.

use crate::folder;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const ANSWER: &str = "answer";
const OUT: &str = "out";
const KEPT: &str = "kept";
const ODD: &str = "odd";
const LOCK: &str = "lock";

/// The journal of one terminal.
pub struct Journal {
    folder: PathBuf,
    requests: PathBuf,
    start_ms: i64,
    last: AtomicU64,
    /// Takes two steps to claim, as if the share were on another disk; for tests.
    pub(crate) other_disk: bool,
    _lock: File,
}

/// What becomes of an entry once its answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Removed.
    Forget,
    /// Remembered for a while, to know a repeat.
    Remember,
    /// Kept until the server knows of it.
    Keep,
}

/// An answer and where it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan {
    /// What becomes of the entry afterwards.
    pub fate: Fate,
    /// Written in place instead of renamed.
    pub in_place: bool,
    /// The answer's file name.
    pub target: String,
    /// The answer.
    pub bytes: Vec<u8>,
}

/// How far an entry is.
#[derive(Clone, PartialEq, Eq)]
pub enum State {
    /// To be asked.
    Taken,
    /// To be delivered.
    Decided(Plan),
    /// To be shown.
    Placed(Plan),
    /// To be reported to the server.
    Kept,
}

/// A request in the journal.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The opaque id, also the `Idempotency-Key`.
    pub id: String,
    /// The request's file name. Never to be logged.
    pub name: String,
    /// How far it is.
    pub state: State,
}

/// A request that the server answered not long ago.
pub struct Done {
    /// The request's file name. Never to be logged.
    pub name: String,
    /// When it was finished, milliseconds since 1970 in UTC.
    pub utc_ms: i64,
    folder: PathBuf,
}

impl Done {
    /// Whether these are its bytes.
    pub fn has(&self, bytes: &[u8]) -> bool {
        matches!(folder::read_bounded(&self.folder.join(&self.name), bytes.len()), Ok(Some(old)) if old == bytes)
    }

    /// Removes it.
    pub fn forget(&self) {
        // What cannot be removed now is found again at the next start.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a request file turned out to be when it is read.
pub enum Content {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Larger than the limit.
    TooBig,
    /// A link, pipe or device.
    Odd,
    /// Not to be opened by us, now or later.
    Closed,
}

impl Journal {
    /// Opens the journal, finishes what a crash left in between, and gives what is unfinished (oldest first) and what
    /// is remembered.
    pub fn open(
        folder: &Path,
        requests: &Path,
        utc_ms: i64,
        most: usize,
    ) -> io::Result<(Journal, Vec<Entry>, Vec<Done>)> {
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock()
            .map_err(|_| io::Error::new(ErrorKind::WouldBlock, "another terminal has this journal"))?;
        let (mut names, mut done, mut latest) = (Vec::new(), Vec::new(), 0);
        for entry in fs::read_dir(folder)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            latest = latest.max(start_of(&name).unwrap_or(0));
            match name.split('.').collect::<Vec<_>>()[..] {
                [id] if start_of(id).is_some() => names.push(name),
                [_, at, "done"] => done.extend(remembered(&folder.join(&name), at)),
                [_, "gone"] => fs::remove_dir_all(folder.join(&name))?,
                _ => {}
            }
        }
        let journal = Journal {
            folder: folder.to_owned(),
            requests: requests.to_owned(),
            // A clock that was set back must not bring back an id.
            start_ms: utc_ms.max(latest + 1),
            last: AtomicU64::new(0),
            other_disk: false,
            _lock: lock,
        };
        journal.finish_moves(most)?;
        names.sort();
        let mut entries = Vec::new();
        for id in names {
            match journal.load(&id)? {
                Some(entry) => entries.push(entry),
                None => fs::remove_dir_all(journal.folder.join(&id))?,
            }
        }
        done.sort_by_key(|done: &Done| done.utc_ms);
        Ok((journal, entries, done))
    }

    fn of(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    fn hidden(&self, id: &str, name: &str) -> PathBuf {
        self.requests.join(format!(".{id}~{name}"))
    }

    /// Takes a request out of the share. `None` when it is gone.
    pub fn claim(&self, name: &str, most: usize) -> io::Result<Option<Entry>> {
        let id = format!("{:013}-{:08}", self.start_ms, self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let own = self.of(&id);
        fs::create_dir(&own)?;
        let direct = if self.other_disk {
            Err(ErrorKind::CrossesDevices.into())
        } else {
            fs::rename(self.requests.join(name), own.join(name))
        };
        let moved = match direct {
            Err(e) if e.kind() == ErrorKind::CrossesDevices => {
                // Claimed by a rename first, because copying and removing are two steps.
                fs::rename(self.requests.join(name), self.hidden(&id, name))
                    .and_then(|()| self.bring_over(&id, name, most))
            }
            other => other,
        };
        match moved {
            Ok(()) => {
                folder::sync_folder(&own);
                folder::sync_folder(&self.folder);
                Ok(Some(Entry { id, name: name.to_owned(), state: State::Taken }))
            }
            Err(e) => {
                // Only an empty folder can be removed this way, so nothing taken is lost.
                let _ = fs::remove_dir(&own);
                if e.kind() == ErrorKind::NotFound { Ok(None) } else { Err(e) }
            }
        }
    }

    /// The second half of claiming from another disk; may be done again.
    fn bring_over(&self, id: &str, name: &str, most: usize) -> io::Result<()> {
        let (from, own) = (self.hidden(id, name), self.of(id));
        let facts = match from.symlink_metadata() {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            facts => facts?,
        };
        let part = own.join(".part");
        let bytes = if facts.is_file() {
            // One byte beyond the limit is enough to know that it is too big.
            folder::read_bounded(&from, most)?.unwrap_or_else(|| vec![b' '; most + 1])
        } else {
            folder::write_synced(&own.join(ODD), b"")?;
            Vec::new()
        };
        folder::write_synced(&part, &bytes)?;
        fs::rename(&part, own.join(name))?;
        folder::sync_folder(&own);
        fs::remove_file(&from)
    }

    /// Finishes what was claimed from another disk and not brought over.
    fn finish_moves(&self, most: usize) -> io::Result<()> {
        // Without the share it is not known what was claimed there; then the journal is not opened.
        for entry in fs::read_dir(&self.requests)? {
            let Ok(hidden) = entry?.file_name().into_string() else { continue };
            let Some((id, name)) = hidden.strip_prefix('.').and_then(|rest| rest.split_once('~')) else {
                continue;
            };
            if start_of(id).is_some() && self.of(id).is_dir() {
                self.bring_over(id, name, most)?;
            }
        }
        Ok(())
    }

    fn load(&self, id: &str) -> io::Result<Option<Entry>> {
        let own = self.of(id);
        let Some(name) = request_in(&own)? else { return Ok(None) };
        let state = if folder::is_there(&own.join(KEPT)) {
            State::Kept
        } else {
            match read_plan(&own.join(ANSWER))? {
                Some(plan) if folder::is_there(&own.join(OUT)) => State::Placed(plan),
                Some(plan) => State::Decided(plan),
                None => State::Taken,
            }
        };
        Ok(Some(Entry { id: id.to_owned(), name, state }))
    }

    /// What the request is.
    pub fn read(&self, entry: &Entry, most: usize) -> io::Result<Content> {
        let path = self.of(&entry.id).join(&entry.name);
        let facts = path.symlink_metadata()?;
        if !facts.is_file() || folder::is_there(&self.of(&entry.id).join(ODD)) {
            return Ok(Content::Odd);
        }
        if facts.len() > most as u64 {
            return Ok(Content::TooBig);
        }
        match folder::read_bounded(&path, most) {
            Err(e) if e.kind() == ErrorKind::PermissionDenied => Ok(Content::Closed),
            read => Ok(read?.map_or(Content::TooBig, Content::Bytes)),
        }
    }

    /// Notes the answer; from here on nobody is asked again.
    pub fn decide(&self, id: &str, plan: &Plan) -> io::Result<()> {
        let own = self.of(id);
        let (part, whole) = (own.join(".answer"), own.join(ANSWER));
        folder::write_synced(&part, &plan.to_bytes())?;
        fs::rename(part, whole)?;
        folder::sync_folder(&own);
        Ok(())
    }

    /// Notes that the answer is placed.
    pub fn placed(&self, id: &str) -> io::Result<()> {
        folder::write_synced(&self.of(id).join(OUT), b"")?;
        folder::sync_folder(&self.of(id));
        Ok(())
    }

    /// Notes that the answer is shown: the entry meets its fate. Answers are never stored longer than until here.
    pub fn finish(&self, entry: &Entry, fate: Fate, utc_ms: i64) -> io::Result<Option<Done>> {
        let own = self.of(&entry.id);
        match fate {
            Fate::Keep => {
                folder::write_synced(&own.join(KEPT), b"")?;
                folder::sync_folder(&own);
                drop_answer(&own);
                Ok(None)
            }
            Fate::Forget => self.forget(&entry.id).map(|()| None),
            Fate::Remember => {
                let done = self.folder.join(format!("{}.{utc_ms}.done", entry.id));
                fs::rename(&own, &done)?;
                drop_answer(&done);
                Ok(Some(Done { name: entry.name.clone(), utc_ms, folder: done }))
            }
        }
    }

    /// Removes an entry.
    pub fn forget(&self, id: &str) -> io::Result<()> {
        let gone = self.folder.join(format!("{id}.gone"));
        fs::rename(self.of(id), &gone)?;
        fs::remove_dir_all(gone)
    }
}

impl Plan {
    fn to_bytes(&self) -> Vec<u8> {
        let fate = match self.fate {
            Fate::Forget => "forget",
            Fate::Remember => "remember",
            Fate::Keep => "keep",
        };
        let way = if self.in_place { "in-place" } else { "rename" };
        let mut bytes = format!("{fate}\n{way}\n{}\n", self.target).into_bytes();
        bytes.extend_from_slice(&self.bytes);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Plan> {
        let mut parts = bytes.splitn(4, |b| *b == b'\n');
        let fate = match parts.next()? {
            b"forget" => Fate::Forget,
            b"remember" => Fate::Remember,
            b"keep" => Fate::Keep,
            _ => return None,
        };
        let in_place = parts.next()? == b"in-place";
        let target = String::from_utf8(parts.next()?.to_vec()).ok()?;
        Some(Plan { fate, in_place, target, bytes: parts.next()?.to_vec() })
    }
}

/// When the terminal started that gave this id.
fn start_of(name: &str) -> Option<i64> {
    let id = name.split('.').next()?;
    let (start, count) = id.split_once('-')?;
    let digits = |text: &str, len| text.len() >= len && text.bytes().all(|b| b.is_ascii_digit());
    (digits(start, 13) && digits(count, 8)).then(|| start.parse().ok()).flatten()
}

/// The request's name: the one file that is none of ours.
fn request_in(own: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(own)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if !name.starts_with('.') && ![ANSWER, OUT, KEPT, ODD].contains(&name.as_str()) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn read_plan(path: &Path) -> io::Result<Option<Plan>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Plan::from_bytes(&bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

fn remembered(folder: &Path, at: &str) -> Option<Done> {
    drop_answer(folder);
    Some(Done { name: request_in(folder).ok()??, utc_ms: at.parse().ok()?, folder: folder.to_owned() })
}

/// Removes what tells of a person beyond the request. What cannot be removed now is tried again at the next start.
fn drop_answer(folder: &Path) {
    let _ = fs::remove_file(folder.join(OUT));
    let _ = fs::remove_file(folder.join(ANSWER));
}
