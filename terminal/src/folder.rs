//! The exchange folders: what lies in the request folder, and how an answer comes into the answer folder.
//!
//! Always holds: no link is followed, no pipe is waited on, no more than the limit is read. An answer is *placed*
//! (temporary name, or the final name and nothing in it yet) and then *shown* (renamed, or filled); between the two
//! the journal notes that it is placed. Whoever finds that note later sees from the folder alone whether the answer
//! was shown, so it is shown exactly once. No other file is ever overwritten.
//! Not here: who takes answers away (the clinic's system), what is in them.
//! Rules come from: the reference on the OQS interface, sections 1.1, 6.4 and 10.

use crate::rules::{self, Sight};
use formats::xml::Limits;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use zeroize::Zeroizing;

/// A file in the request folder.
pub struct Seen {
    /// Its name. Never to be logged.
    pub name: String,
    /// What tells a change: size and time.
    pub mark: (u64, Option<SystemTime>),
    /// What it is.
    pub kind: fs::FileType,
}

/// What lies in a folder, oldest first. Names that are not Unicode are not ours and are left out.
pub fn list(folder: &Path) -> io::Result<Vec<Seen>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        // A file may vanish between the listing and the look; then there is nothing to do for it.
        let Ok(entry) = entry else { continue };
        let (Ok(name), Ok(facts)) = (entry.file_name().into_string(), entry.metadata()) else { continue };
        found.push(Seen { name, mark: (facts.len(), facts.modified().ok()), kind: facts.file_type() });
    }
    found.sort_by(|a, b| (a.mark.1, &a.name).cmp(&(b.mark.1, &b.name)));
    Ok(found)
}

/// What a file looks like.
pub fn look(folder: &Path, seen: &Seen, limits: &Limits) -> io::Result<Sight> {
    if seen.kind.is_dir() {
        return Ok(Sight::Directory);
    }
    if !seen.kind.is_file() {
        return Ok(Sight::Odd);
    }
    if seen.mark.0 > limits.bytes as u64 {
        return Ok(Sight::TooBig);
    }
    match read_bounded(&folder.join(&seen.name), limits.bytes)? {
        Some(bytes) => Ok(rules::sight_of(&bytes, limits)),
        None => Ok(Sight::TooBig),
    }
}

/// The bytes of a plain file, `None` when there are more than the limit.
pub fn read_bounded(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    open_plain(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= most).then_some(bytes))
}

/// The same for a file that holds secrets: its bytes are in one place from the start, which is wiped when dropped. A
/// buffer that grew would leave copies behind.
pub fn read_secret(path: &Path, most: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut file = open_plain(path)?;
    let mut bytes = Zeroizing::new(vec![0; most + 1]);
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    bytes.truncate(length);
    Ok((length <= most).then_some(bytes))
}

fn open_plain(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Somebody may put a link or a pipe in the file's place after we looked.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    options.open(path)
}

/// Writes a file that must be whole after a power cut, under a name nobody else uses.
pub fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes renames in a folder last. Some shares and systems cannot do that for folders; then nothing more is possible.
pub fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Whether there is anything of this name.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The way of one answer into the answer folder.
pub struct Delivery<'d> {
    /// The answer folder.
    pub folder: &'d Path,
    /// The request's id, for the temporary name.
    pub id: &'d str,
    /// The answer's file name.
    pub target: &'d str,
    /// Written in place instead of renamed.
    pub in_place: bool,
}

impl Delivery<'_> {
    fn temporary(&self) -> PathBuf {
        self.folder.join(format!(".{}.tmp", self.id))
    }

    fn shown(&self) -> PathBuf {
        self.folder.join(self.target)
    }

    /// Brings the answer into the folder without showing it. May be done again.
    pub fn place(&self, bytes: &[u8]) -> io::Result<()> {
        if !self.in_place {
            return write_synced(&self.temporary(), bytes);
        }
        match OpenOptions::new().write(true).create_new(true).open(self.shown()) {
            // Empty is what an earlier try of ours left.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && is_empty_file(&self.shown()) => Ok(()),
            other => other.map(|_| sync_folder(self.folder)),
        }
    }

    /// Shows what was placed. When nothing placed is left, it was shown before, and nothing happens.
    pub fn show(&self, bytes: &[u8]) -> io::Result<()> {
        if self.in_place { self.fill(bytes) } else { self.rename() }
    }

    fn rename(&self) -> io::Result<()> {
        if !is_there(&self.temporary()) {
            // Either it was shown before, or the whole share is away.
            return fs::metadata(self.folder).map(|_| ());
        }
        if is_there(&self.shown()) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another file has the answer's name"));
        }
        fs::rename(self.temporary(), self.shown())?;
        sync_folder(self.folder);
        Ok(())
    }

    fn fill(&self, bytes: &[u8]) -> io::Result<()> {
        // Not created: when it is gone, the clinic has taken it.
        match OpenOptions::new().write(true).open(self.shown()) {
            Ok(mut file) => file
                .write_all(bytes)
                .and_then(|()| file.set_len(bytes.len() as u64))
                .and_then(|()| file.sync_all()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => fs::metadata(self.folder).map(|_| ()),
            Err(e) => Err(e),
        }
    }
}

fn is_empty_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|facts| facts.is_file() && facts.len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_into_one_place_and_not_beyond_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        for (length, fits) in [(0, true), (1, true), (4_000, true), (5_000, true), (5_001, false)] {
            fs::write(&path, vec![7; length]).unwrap();
            let read = read_secret(&path, 5_000).unwrap();
            assert_eq!(read.is_some(), fits, "{length}");
            if let Some(bytes) = read {
                // What had grown would be of another size.
                assert_eq!((bytes.len(), bytes.capacity()), (length, 5_001));
                assert!(bytes.iter().all(|byte| *byte == 7));
            }
        }
        assert_eq!(read_secret(&dir.path().join("none"), 1).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
