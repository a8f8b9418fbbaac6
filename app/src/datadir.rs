//! The data directory: what lies in it, who owns it, and the key that signs checkpoints.
//!
//! Always holds: one owner at a time; secrets are readable by their owner only; nothing is written outside it; a reset
//! removes only what this program made, and only from a directory that a demo filled.
//! Not here: the databases' content (`store`).
//! Rules come from: the issue, parts B and G; DESIGN section 2 ("a data directory owns one clock").

use crate::{rim::WallClock, settings::Settings};
use audit::SigningKey;
use base::{Error, Fault, Result};
use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};
use store::{Held, LOG_FILE, MAIN_FILE, OwnerLock};

/// An owned data directory.
pub struct DataDir {
    path: PathBuf,
    _lock: OwnerLock,
}

/// The file that `store` locks.
const LOCK: &str = "shikaku.lock";
/// A lock says a line; what is longer was not written by us.
const SAYS_MAX: u64 = 1000;
const SIGNING_KEY: &str = "audit-signing-key.p8";
/// The public keys that checkpoints are verified with, 32 bytes each.
pub const PUBLIC_KEY: &str = "audit-public-key.bin";
/// The seed that the demo's country was filled with.
pub const SEED: &str = "country-seed.txt";
/// Days by which `country step` moved a demo's clock.
const CLOCK_DAYS: &str = "clock-days.txt";
/// What a reset removes. Everything that a person may have put there stays.
const OURS: [&str; 19] = [
    MAIN_FILE,
    "shikaku.db-wal",
    "shikaku.db-shm",
    LOG_FILE,
    "log.db-wal",
    "log.db-shm",
    SIGNING_KEY,
    PUBLIC_KEY,
    SEED,
    CLOCK_DAYS,
    crate::nation::FILE,
    "test-patients.csv",
    "facility.toml",
    "tls",
    "terminal",
    crate::card_files::KIOSK,
    crate::card_files::KEPT,
    crate::card_files::OWN_FILE,
    crate::demo::AUTHORITY,
];

impl DataDir {
    /// Makes the directory if it is missing and becomes its owner.
    pub fn own(path: &Path, who: &str) -> Result<DataDir> {
        if !path.exists() {
            fs::create_dir_all(path).map_err(|e| Fault::caused("the data directory cannot be made", e))?;
            private(path, 0o700)?; // a directory that was there keeps its owner's rights
        }
        let says = format!("{who}, process {}\n", std::process::id());
        match OwnerLock::take(path, &says)? {
            Held::Ours(lock) => Ok(DataDir { path: path.to_owned(), _lock: lock }),
            Held::Theirs(says) => Err(Error::broken(format!(
                "the data directory is in use ({says}): stop that one first, or name another directory with --data"
            ))),
        }
    }

    /// Whether a demo filled this directory.
    pub fn is_demo(&self) -> bool {
        self.join(SEED).exists()
    }

    /// Whether there is a database in it.
    pub fn has_data(&self) -> bool {
        self.join(MAIN_FILE).exists()
    }

    /// Removes what a demo made, for a fresh start: the card files with these names too, but no other card. In a
    /// directory that no demo filled nothing is touched.
    pub fn reset(&self, card_files: &BTreeSet<String>) -> Result<()> {
        if !self.is_demo() {
            return Ok(());
        }
        let folder = self.path.join(crate::card_files::FOLDER);
        for name in card_files {
            // The file, and what a writer left that was ended half-way.
            for left in [name.clone(), format!("{name}.part"), aside(name)] {
                if !folder.join(&left).is_dir() {
                    remove(&folder, &left)?;
                }
            }
        }
        let _ = fs::remove_dir(&folder); // only when it is empty
        // The mark of a demo goes last: a reset that was ended half-way can be done again.
        for name in OURS.into_iter().filter(|name| *name != SEED).chain([SEED]) {
            remove(&self.path, name)?;
        }
        for folder in ["req", "res", "face"] {
            for entry in fs::read_dir(self.path.join("OQS").join(folder)).into_iter().flatten().flatten() {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The key that signs checkpoints, made at the first start. Its public half is added to the file of public keys,
    /// never put in place of another: a restored directory gets a new key, and its old checkpoints still verify.
    pub fn signing_key(&self) -> Result<SigningKey> {
        let path = self.join(SIGNING_KEY);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let bytes = SigningKey::generate()?;
                write_private(&path, &bytes)?;
                bytes
            }
            Err(e) => return Err(Fault::caused("the audit signing key cannot be read", e).into()),
        };
        let key = SigningKey::from_pkcs8(&bytes)?;
        let public = key.public();
        let mut known = fs::read(self.join(PUBLIC_KEY)).unwrap_or_default();
        if !known.chunks(public.len()).any(|one| one == public) {
            if !known.is_empty() {
                tracing::warn!(
                    "a new audit signing key was made; earlier checkpoints verify with the earlier one"
                );
            }
            known.extend(&public);
            write_atomic(&self.join(PUBLIC_KEY), &known)?;
        }
        Ok(key)
    }
}

/// The clock of a demo's directory: wall time, the offset of the settings, and the days that `country step` let pass.
pub fn clock(path: &Path, settings: &Settings) -> WallClock {
    const DAY_MS: i64 = 86_400_000;
    let days_ms = clock_days(path).saturating_mul(DAY_MS);
    WallClock::new(settings.demo.clock_offset_s.saturating_mul(1000).saturating_add(days_ms))
}

/// Moves a demo's clock by so many days, from the next start on.
pub fn move_clock(path: &Path, days: i64) -> Result<()> {
    let moved = clock_days(path).saturating_add(days);
    write_atomic(&path.join(CLOCK_DAYS), format!("{moved}\n").as_bytes())
}

fn clock_days(path: &Path) -> i64 {
    fs::read_to_string(path.join(CLOCK_DAYS)).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Who owns a data directory at this moment, in the words of the lock; nothing when nobody does. Leaves no trace.
pub fn owner(path: &Path) -> Option<String> {
    let file = fs::File::open(path.join(LOCK)).ok()?;
    match file.try_lock_shared() {
        Err(fs::TryLockError::WouldBlock) => {
            let mut says = String::new();
            file.take(SAYS_MAX).read_to_string(&mut says).ok()?;
            Some(says.trim().to_owned())
        }
        _ => None,
    }
}

fn remove(folder: &Path, name: &str) -> Result<()> {
    let path = folder.join(name);
    let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    match gone {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Fault::caused(format!("{name} cannot be removed"), e).into())
        }
        _ => Ok(()),
    }
}

/// The name under which a file is written before it is renamed.
fn aside(name: &str) -> String {
    format!(".{name}.tmp")
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, bytes, 0o600)
}

/// Writes a file that everybody may read.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, bytes, 0o644)
}

/// Writes a file whole: under another name first, with its rights from the beginning, synced, then renamed.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fault = |e| Fault::caused(format!("{name} cannot be written"), e);
    let aside = path.with_file_name(aside(&name));
    let _ = fs::remove_file(&aside); // what an ended writer left; also a link, which is not written through
    let mut file = fs::File::create_new(&aside).map_err(fault)?;
    private(&aside, mode)?; // before there is anything in it
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fault)?;
    fs::rename(&aside, path).map_err(fault)?;
    match path.parent() {
        Some(dir) => fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| fault(e).into()),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|e| Fault::caused("file permissions cannot be set", e).into())
}

#[cfg(not(unix))]
fn private(_: &Path, _: u32) -> Result<()> {
    Ok(())
}
