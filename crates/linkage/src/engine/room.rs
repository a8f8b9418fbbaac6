//! Large arrays of 64-bit words that all threads write: on the heap, or in a file when the memory cap leaves no room.
//!
//! Always holds: a new array is all zeros; a file has nobody's name in the folder (it is removed from the folder when it
//! is opened, so a killed run leaves nothing of it) and is open to its owner only.
//! Not here: what the words mean (detail, place); arrays that one thread has at a time (records).
//! Rules come from: the issue, part C (a memory cap; temporary files owner-only and removed).

use base::Fault;
use memmap2::MmapMut;
use std::{
    fs::File,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Sizes of pieces of records: the least that is worth its going through them, and what no cap makes larger.
pub(super) const PIECE: (u64, u64) = (4 << 20, 64 << 20);

/// What is left of the memory cap, and where files go when nothing is.
pub(super) struct Memory {
    folder: PathBuf,
    cap: u64,
    /// What rooms take was taken before, all at once.
    rooms_taken: bool,
    /// What a thread may hold of records that belong together: at least and at most.
    piece: (u64, u64),
    used: AtomicU64,
    files: AtomicU64,
}

impl Memory {
    /// So many bytes may be used; files go into this folder.
    pub fn new(folder: &Path, cap: u64) -> Memory {
        let (used, files) = (AtomicU64::new(0), AtomicU64::new(0));
        Memory { folder: folder.to_owned(), cap, rooms_taken: false, piece: PIECE, used, files }
    }

    /// The same with pieces of other sizes.
    pub fn with_pieces(self, piece: (u64, u64)) -> Memory {
        Memory { piece, ..self }
    }

    /// How many bytes of records that belong together each of so many threads may hold. What is more is gone through in
    /// pieces, and results do not depend on it.
    pub fn piece(&self, threads: usize) -> usize {
        let (least, most) = self.piece;
        (self.left() / 8 / threads as u64).clamp(least, most) as usize
    }

    /// The same, of which so many bytes are taken for rooms: all rooms are on the heap.
    pub fn with_rooms(folder: &Path, cap: u64, bytes: u64) -> Memory {
        Memory { rooms_taken: true, used: AtomicU64::new(bytes), ..Memory::new(folder, cap) }
    }

    /// Takes so many bytes of the cap, if an eighth of it is left after that. Else one does without, or in a file.
    pub fn spares(&self, bytes: u64) -> bool {
        self.take_of(bytes, self.cap - self.cap / 8)
    }

    /// Takes bytes that are needed in any case.
    pub fn need(&self, bytes: u64) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether [`Memory::spares`] would give anything.
    pub fn has_spare(&self) -> bool {
        self.used.load(Ordering::Relaxed) < self.cap - self.cap / 8
    }

    /// Whether a quarter of the cap is left: what could be made smaller may stay as it is.
    pub fn is_ample(&self) -> bool {
        self.left() > self.cap / 4
    }

    fn take_of(&self, bytes: u64, cap: u64) -> bool {
        let fits = |used: u64| used.checked_add(bytes).filter(|used| *used <= cap);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    /// Gives back what was taken.
    pub fn give(&self, bytes: u64) {
        let before = self.used.fetch_sub(bytes, Ordering::Relaxed);
        debug_assert!(before >= bytes, "more is given back than was taken");
    }

    /// Bytes left.
    pub fn left(&self) -> u64 {
        self.cap.saturating_sub(self.used.load(Ordering::Relaxed))
    }

    /// A file that only this process can reach: owner-only, and its name is gone at once.
    pub fn file(&self) -> Result<File, Fault> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("spill-{number}"));
        // A file of this name can be left only by a run killed between the two calls.
        let _ = std::fs::remove_file(&path);
        let file =
            std::fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|e| Fault::caused("cannot make a file in the work folder", e))?;
        std::fs::remove_file(&path)
            .map_err(|e| Fault::caused("cannot remove a file of the work folder", e))?;
        Ok(file)
    }

    /// An array of zeros, on the heap if that leaves half of the cap to others. Takes its bytes of the cap for good.
    pub fn room(&self, words: usize) -> Result<Room, Fault> {
        if self.rooms_taken || self.take_of(words as u64 * 8, self.cap / 2) {
            return Ok(Room::zeros(words));
        }
        Ok(Room(Hold::Mapped { map: self.zeros_in_file(words * 8)?, words }))
    }

    /// So many bytes of zeros in a file.
    pub fn zeros_in_file(&self, bytes: usize) -> Result<MmapMut, Fault> {
        let mut file = self.file()?;
        // Written, not only lengthened: a full disk is an error here, and not a signal at the first use.
        let zeros = vec![0; 1 << 20];
        let mut left = bytes.max(1);
        while left > 0 {
            let now = left.min(zeros.len());
            file.write_all(&zeros[..now]).map_err(unwritten)?;
            left -= now;
        }
        map(&file)
    }
}

/// An array of words.
pub(super) struct Room(Hold);

enum Hold {
    Heap(Vec<AtomicU64>),
    /// In large pages of memory, or in a file.
    Mapped {
        map: MmapMut,
        words: usize,
    },
}

/// From so many bytes on, an array is in large pages.
pub(super) const LARGE: usize = 4 << 20;

impl Room {
    /// So many words of memory. Rows of any order ask for the words of a large array: with pages of 4 KiB a processor has to
    /// look up nearly every one's address, in tables that are themselves not near, so it has large pages where the system
    /// gives them. They are zeros by themselves, and whoever comes first takes them, which is work for all threads.
    pub fn zeros(words: usize) -> Room {
        let map = if words * 8 < LARGE { None } else { MmapMut::map_anon(words * 8).ok() };
        let Some(map) = map else {
            return Room(Hold::Heap(std::iter::repeat_with(AtomicU64::default).take(words).collect()));
        };
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Room(Hold::Mapped { map, words })
    }

    /// The words.
    pub fn words(&self) -> &[AtomicU64] {
        match &self.0 {
            Hold::Heap(words) => words,
            Hold::Mapped { map, words } => view(map, *words),
        }
    }
}

/// A file of the work folder took no more.
pub(super) fn unwritten(error: std::io::Error) -> Fault {
    Fault::caused("cannot write to the work folder", error)
}

#[expect(
    unsafe_code,
    reason = "mapping a file is unsafe for those who share it; nobody else can reach this one"
)]
pub(super) fn map(file: &File) -> Result<MmapMut, Fault> {
    // SAFETY: the file was made by this process and has no name, so nobody else can change or shorten it.
    let map = unsafe { MmapMut::map_mut(file) };
    map.map_err(|e| Fault::caused("cannot map a file of the work folder", e))
}

#[expect(unsafe_code, reason = "std has no safe view of mapped bytes as atomic words")]
fn view(map: &MmapMut, words: usize) -> &[AtomicU64] {
    assert!(words * 8 <= map.len(), "a room is as long as its file");
    // SAFETY: the map begins at a page, so it is aligned; it is long enough (asserted) and lives as long as the slice;
    // atomics may be written through a shared reference, and nobody reads or writes these bytes in another way.
    unsafe { std::slice::from_raw_parts(map.as_ptr().cast::<AtomicU64>(), words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heap_and_file_hold_the_same() {
        let folder = tempfile::tempdir().unwrap();
        for (cap, mapped) in [(1 << 20, false), (100, true), (0, true)] {
            let memory = Memory::new(folder.path(), cap);
            let room = memory.room(5_000).unwrap();
            assert_eq!(memory.files.load(Ordering::Relaxed), u64::from(mapped));
            let words = room.words();
            assert_eq!(words.len(), 5_000);
            assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
            std::thread::scope(|scope| {
                for part in 0..5 {
                    scope.spawn(move || {
                        for (at, word) in words.iter().enumerate() {
                            word.fetch_max((at * part) as u64, Ordering::Relaxed);
                        }
                    });
                }
            });
            assert!(words.iter().enumerate().all(|(at, word)| word.load(Ordering::Relaxed) == at as u64 * 4));
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
            assert!(memory.room(0).unwrap().words().is_empty());
        }
    }

    #[test]
    fn the_cap_is_kept() {
        let memory = Memory::new(Path::new("."), 100);
        // An eighth of 100, rounded down, stays.
        for (bytes, fits, left) in [(60, true, 40), (29, false, 40), (28, true, 12), (1, false, 12)] {
            assert_eq!((memory.spares(bytes), memory.left()), (fits, left));
        }
        assert!(!memory.has_spare());
        memory.need(30);
        assert_eq!(memory.left(), 0);
        memory.give(60);
        assert!(memory.left() == 42 && memory.has_spare());
        let full = Memory::with_rooms(Path::new("."), 100, 90);
        assert!(!full.has_spare() && full.room(1_000).is_ok() && full.left() == 10);
        assert_eq!(full.files.load(Ordering::Relaxed), 0);
    }
}
