//! Backup of a data directory while it is in use, and restore into an empty one.
//!
//! Always holds: the copy of the main file is older than or as old as the copy of the log, so no copied answer lacks
//! the facts that it rests on; a copy is whole (checked) and synced before it is called done; restore writes only
//! into an empty directory.
//! Not here: PostgreSQL, whose own tools (`pg_dump`, base backups) do this; the command says so.

use crate::{LOG_FILE, MAIN_FILE, Store};
use base::{Error, Fault, Result};
use std::{fs::File, path::Path};

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Bytes of both files together.
    pub bytes: u64,
}

impl Store {
    /// Copies both SQLite files into an existing, empty directory, while checks and changes go on.
    pub fn back_up(&self, into: &Path) -> Result<Copied> {
        if self.is_postgres() {
            return Err(Error::broken("a PostgreSQL database is backed up with pg_dump or a base backup"));
        }
        must_be_empty(into)?;
        let mut bytes = 0;
        for (file, db) in [(MAIN_FILE, self.connect_main()?), (LOG_FILE, self.connect_log()?)] {
            let target = into.join(file);
            let text = target.to_str().ok_or_else(|| Error::broken("the backup's path is not valid UTF-8"))?;
            let conn = db.sqlite().ok_or_else(|| Error::broken("not an SQLite file"))?;
            // One statement is one read transaction: a snapshot, while writers go on.
            conn.execute("vacuum into ?1", [text])
                .map_err(|e| Fault::caused(format!("copying {file}"), e))?;
            bytes += check_and_sync(&target)?;
        }
        Ok(Copied { bytes })
    }
}

/// Puts a backup's files into an empty data directory, after checking them.
pub fn restore(from: &Path, into: &Path) -> Result<Copied> {
    must_be_empty(into)?;
    let mut bytes = 0;
    for file in [MAIN_FILE, LOG_FILE] {
        let target = into.join(file);
        std::fs::copy(from.join(file), &target)
            .map_err(|e| Fault::caused(format!("copying {file} from the backup"), e))?;
        bytes += check_and_sync(&target)?;
    }
    Ok(Copied { bytes })
}

fn must_be_empty(dir: &Path) -> Result<()> {
    let mut entries = std::fs::read_dir(dir).map_err(|e| Fault::caused("cannot read the target directory", e))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(Error::broken("the target directory is not empty; name an empty one")),
    }
}

fn check_and_sync(file: &Path) -> Result<u64> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fault = |e: rusqlite::Error| Fault::caused(format!("checking {name}"), e);
    let conn = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fault)?;
    let verdict: String = conn.query_row("pragma integrity_check", [], |row| row.get(0)).map_err(fault)?;
    if verdict != "ok" {
        return Err(Error::broken(format!("{name} is damaged: SQLite's integrity check fails")));
    }
    drop(conn);
    let opened = File::options().write(true).open(file).and_then(|f| f.sync_all().and_then(|()| f.metadata()));
    opened.map(|m| m.len()).map_err(|e| Fault::caused(format!("syncing {name}"), e).into())
}
