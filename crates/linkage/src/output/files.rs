//! Files of a run: owner-only, hashed while they are written, and large ones made by several threads in order.
//!
//! Always holds: the bytes do not depend on the number of threads; at most two pieces a thread are in memory.
//! Not here: what is written.
//! Rules come from: the issue, parts B and C.

use crate::engine::Stopped;
use aws_lc_rs::digest::{Context, SHA256};
use base::{Fault, hex};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name in the folder of results.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// A file being written.
pub(super) struct Sink {
    name: String,
    file: File,
    hash: Context,
    bytes: u64,
}

impl Sink {
    /// Makes a file that only its owner can read.
    pub fn create(work: &Path, name: &str) -> Result<Sink, Fault> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(work.join(name)).map_err(|e| unwritable(name, e))?;
        Ok(Sink { name: name.to_owned(), file, hash: Context::new(&SHA256), bytes: 0 })
    }

    /// Appends.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|e| unwritable(&self.name, e))
    }

    /// Ends a large file: it goes to the disk while others are written.
    pub fn end(mut self, disk: &Disk) -> Written {
        let ended = self.written();
        disk.take((self.name, self.file));
        ended
    }

    fn written(&mut self) -> Written {
        let hash = std::mem::replace(&mut self.hash, Context::new(&SHA256));
        Written { name: self.name.clone(), bytes: self.bytes, sha256: hex(hash.finish().as_ref()) }
    }
}

/// Files that are ended go through here to the disk, beside the writing of others: at the run's end all of them have to
/// stand there, and would be waited for.
pub(super) struct Disk {
    sender: Mutex<Option<Sender<(String, File)>>>,
}

/// What [`Disk`] was given.
pub(super) struct Ended {
    files: Receiver<(String, File)>,
}

impl Disk {
    /// Both ends.
    pub fn new() -> (Disk, Ended) {
        let (sender, files) = mpsc::channel();
        (Disk { sender: Mutex::new(Some(sender)) }, Ended { files })
    }

    fn take(&self, file: (String, File)) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody takes it after a fault of the disk, which ends the run when all is written.
        let _ = sender.as_ref().map(|sender| sender.send(file));
    }

    /// Open until this is dropped, also by a panic: whoever waits for files would wait for ever.
    pub fn open(&self) -> Open<'_> {
        Open { disk: self }
    }
}

/// See [`Disk::open`].
pub(super) struct Open<'d> {
    disk: &'d Disk,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.disk.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Ended {
    /// Waits for each file until the disk has it; until no more come. The disk tells a fault once, so it is told on.
    pub fn onto_disk(self, has_failed: &AtomicBool) -> Result<(), Fault> {
        self.files
            .iter()
            .take_while(|_| !has_failed.load(Ordering::Relaxed))
            .try_for_each(|(name, file)| file.sync_all().map_err(|e| unwritable(&name, e)))
    }
}

/// Writes a small file.
pub(super) fn whole(work: &Path, name: &str, bytes: &[u8]) -> Result<Written, Fault> {
    let mut sink = Sink::create(work, name)?;
    sink.write(bytes)?;
    Ok(sink.written())
}

/// The disk is full, or the folder cannot be written: the one thing that happens here.
fn unwritable(name: &str, error: std::io::Error) -> Fault {
    Fault::caused(format!("{name} cannot be written into the folder of results"), error)
        .in_japanese(format!("結果の {name} を書けません。出力先の空きと、書き込む権限を確かめてください。"))
}

/// SHA-256 of a large text, in hexadecimal digits; `None` when told to stop.
pub(super) fn sha256(bytes: &[u8], stop: &dyn Fn() -> bool) -> Option<String> {
    const AT_ONCE: usize = 1 << 24;
    let mut hash = Context::new(&SHA256);
    for part in bytes.chunks(AT_ONCE) {
        if stop() {
            return None;
        }
        hash.update(part);
    }
    Some(hex(hash.finish().as_ref()))
}

/// What threads share: whose turn it is to be taken, and what waits for its turn.
struct Turns<K> {
    /// Pieces before this one are being made, or were.
    claimed: usize,
    /// The piece that is taken next.
    next: usize,
    /// Pieces that were made before their turn.
    ready: BTreeMap<usize, (Result<(), Stopped>, K)>,
    /// What is kept from piece to piece and is in nobody's hands.
    spare: Vec<K>,
    /// A thread takes pieces.
    is_taking: bool,
    /// The first thing that went wrong.
    ended: Option<Stopped>,
    /// A thread panicked: nobody waits for its piece.
    is_broken: bool,
}

impl<K> Turns<K> {
    fn is_over(&self) -> bool {
        self.ended.is_some() || self.is_broken
    }
}

/// Makes pieces 0, 1, 2 … on several threads, and hands them to `take` in their order. `begin` makes what is kept from piece
/// to piece (buffers), `make` fills it. A thread whose piece is ready before its turn leaves it and makes another, and
/// whoever has the next piece takes all that are ready. So a thread waits only when twice as many pieces as there are
/// threads are in memory; there are never more.
pub(super) fn in_order<K: Send>(
    pieces: usize,
    threads: usize,
    begin: impl Fn() -> K + Sync,
    make: impl Fn(usize, &mut K) -> Result<(), Stopped> + Sync,
    take: impl FnMut(usize, &mut K) -> Result<(), Stopped> + Send,
) -> Result<(), Stopped> {
    let threads = threads.clamp(1, pieces.max(1));
    let turns = Mutex::new(Turns {
        claimed: 0,
        next: 0,
        ready: BTreeMap::new(),
        spare: Vec::new(),
        is_taking: false,
        ended: None,
        is_broken: false,
    });
    let (changed, take) = (Condvar::new(), Mutex::new(take));
    // A piece, with what is kept if there is some already.
    let claim = || {
        let mut turn = lock(&turns);
        while !turn.is_over() && turn.claimed < pieces {
            if turn.claimed - turn.next < 2 * threads {
                turn.claimed += 1;
                return Some((turn.claimed - 1, turn.spare.pop()));
            }
            turn = changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        None
    };
    let work = || {
        let _guard = Guard { turns: &turns, changed: &changed };
        while let Some((piece, kept)) = claim() {
            let mut kept = kept.unwrap_or_else(&begin);
            let made = make(piece, &mut kept);
            let mut turn = lock(&turns);
            turn.ready.insert(piece, (made, kept));
            if turn.is_taking {
                continue;
            }
            turn.is_taking = true;
            while !turn.is_over() {
                let next = turn.next;
                let Some((made, mut kept)) = turn.ready.remove(&next) else { break };
                drop(turn);
                let taken = made.and_then(|()| lock(&take)(next, &mut kept));
                turn = lock(&turns);
                turn.next += 1;
                turn.spare.push(kept);
                turn.ended = taken.err();
                changed.notify_all();
            }
            turn.is_taking = false;
        }
    };
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        work();
        helpers.into_iter().for_each(|helper| {
            if let Err(panic) = helper.join() {
                std::panic::resume_unwind(panic);
            }
        });
    });
    let ended = turns.into_inner().unwrap_or_else(PoisonError::into_inner).ended;
    ended.map_or(Ok(()), Err)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes the others when its thread panics: they would wait for its piece for ever.
struct Guard<'t, K> {
    turns: &'t Mutex<Turns<K>>,
    changed: &'t Condvar,
}

impl<K> Drop for Guard<'_, K> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(self.turns).is_broken = true;
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn what_the_disk_says_of_ended_files_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let plain = || (String::from("plain"), File::create(folder.path().join("plain")).unwrap());
        // A device that cannot be synced.
        let faulty = || (String::from("faulty"), File::open("/dev/null").unwrap());
        let told = |files: Vec<(String, File)>, has_failed: bool| {
            let (disk, ended) = Disk::new();
            let has_failed = AtomicBool::new(has_failed);
            thread::scope(|scope| {
                let on_disk = scope.spawn(|| ended.onto_disk(&has_failed));
                let open = disk.open();
                files.into_iter().for_each(|file| disk.take(file));
                drop(open);
                on_disk.join().unwrap().is_ok()
            })
        };
        assert!(told(vec![plain(), plain()], false));
        assert!(!told(vec![plain(), faulty(), plain()], false));
        assert!(told(vec![faulty()], true), "nobody waits for a run that failed");
    }

    #[test]
    #[should_panic(expected = "in the middle")]
    fn a_panic_does_not_wait_for_files_for_ever() {
        let (disk, ended) = Disk::new();
        let has_failed = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| ended.onto_disk(&has_failed));
            let _open = disk.open();
            panic!("in the middle");
        });
    }

    fn joined(pieces: usize, threads: usize) -> Result<String, Stopped> {
        let mut out = String::new();
        let make = |piece: usize, kept: &mut String| {
            *kept = format!("{piece},");
            Ok(())
        };
        in_order(pieces, threads, String::new, make, |_, kept| {
            out.push_str(kept);
            Ok(())
        })?;
        Ok(out)
    }

    #[test]
    fn pieces_come_in_order_on_any_number_of_threads() {
        let want: String = (0..500).map(|n| format!("{n},")).collect();
        for threads in [1, 2, 3, 8, 600] {
            assert_eq!(joined(500, threads).unwrap(), want);
        }
        assert_eq!(joined(0, 4).unwrap(), "");
    }

    #[test]
    fn a_slow_piece_lets_others_be_made_but_not_all() {
        let (made, begun) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let begin = || {
            begun.fetch_add(1, Ordering::Relaxed);
        };
        let make = |piece: usize, (): &mut ()| {
            // Would wait for ever if the other thread waited for this piece.
            while piece == 0 && made.load(Ordering::Relaxed) < 3 {
                thread::yield_now();
            }
            made.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let mut taken = Vec::new();
        let take = |piece: usize, (): &mut ()| {
            // Of the first piece: what is in memory beside it.
            assert!(piece > 0 || made.load(Ordering::Relaxed) == 4);
            taken.push(piece);
            Ok(())
        };
        in_order(20, 2, begin, make, take).unwrap();
        assert_eq!(taken, (0..20).collect::<Vec<_>>());
        assert_eq!(begun.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn the_first_fault_ends_all() {
        for threads in [1, 4] {
            let mut taken = 0;
            let make = |piece: usize, _: &mut ()| if piece == 7 { Err(Stopped::Told) } else { Ok(()) };
            let ended = in_order(
                1_000,
                threads,
                || (),
                make,
                |_, ()| {
                    taken += 1;
                    Ok(())
                },
            );
            assert!(matches!(ended, Err(Stopped::Told)));
            assert_eq!(taken, 7);
        }
    }

    #[test]
    fn of_two_faults_that_of_the_earlier_piece_is_told() {
        let later_is_made = AtomicBool::new(false);
        let make = |piece: usize, _: &mut ()| {
            while piece == 5 && !later_is_made.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            later_is_made.fetch_or(piece == 6, Ordering::Relaxed);
            if piece >= 6 { Err(Stopped::Told) } else { Ok(()) }
        };
        let take = |piece: usize, _: &mut ()| match piece {
            5 => Err(Stopped::Broken(Fault::new("the fifth"))),
            _ => Ok(()),
        };
        let ended = in_order(1_000, 3, || (), make, take);
        assert!(matches!(ended, Err(Stopped::Broken(fault)) if fault.to_string() == "the fifth"));
    }

    #[test]
    fn a_panic_is_no_hang() {
        let fails_at = |bad: usize| {
            move |piece: usize, _: &mut ()| {
                assert_ne!(piece, bad, "as planned");
                Ok(())
            }
        };
        for (make, take) in [(3, 1_000), (1_000, 3)] {
            let made = std::panic::catch_unwind(|| in_order(100, 4, || (), fails_at(make), fails_at(take)));
            assert!(made.is_err());
        }
        assert!(
            std::panic::catch_unwind(|| in_order(
                100,
                4,
                || panic!("as planned"),
                fails_at(1_000),
                |_, _| Ok(())
            ))
            .is_err()
        );
    }

    #[test]
    fn a_file_knows_its_hash_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let written = whole(dir.path(), "x.csv", b"abc").unwrap();
        let want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(written, Written { name: "x.csv".into(), bytes: 3, sha256: want.into() });
        assert_eq!(sha256(b"abc", &|| false).as_deref(), Some(want));
        assert_eq!(sha256(b"abc", &|| true), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(dir.path().join("x.csv")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
