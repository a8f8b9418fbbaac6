//! The lock file of a data directory: one owner at a time.
//!
//! Always holds: the lock belongs to the process and is gone with it, however it ends; the file itself stays and
//! says who held it last, for the sentence that a second owner reads.
//! Not here: PostgreSQL, where several `serve` processes may own one database, each with a directory of its own.
//! Rules come from: DESIGN section 5, "refuse on the lock file".

use base::{Error, Fault, Result};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::Path,
};

/// The lock file of a data directory.
pub(crate) const LOCK_FILE: &str = "shikaku.lock";

/// A held lock; dropping it gives the directory up.
#[derive(Debug)]
pub struct OwnerLock {
    _file: File,
}

/// How an attempt to own a directory ended.
#[derive(Debug)]
pub enum Held {
    /// Ours now.
    Ours(OwnerLock),
    /// Somebody else's; what their lock file says (process id and what it runs).
    Theirs(String),
}

impl OwnerLock {
    /// Tries to own the directory; `who` is written into the file for others to read.
    pub fn take(dir: &Path, who: &str) -> Result<Held> {
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| Fault::caused("cannot open shikaku.lock in the data directory", e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut says = String::new();
                let _ = file.read_to_string(&mut says);
                return Ok(Held::Theirs(says.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => {
                return Err(Error::Broken(Fault::caused("cannot lock the data directory", error)));
            }
        }
        let written =
            file.set_len(0).and_then(|()| file.write_all(who.as_bytes())).and_then(|()| file.sync_all());
        written.map_err(|e| Fault::caused("cannot write shikaku.lock", e))?;
        Ok(Held::Ours(OwnerLock { _file: file }))
    }
}
