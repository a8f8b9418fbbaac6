//! Backup of a data directory while it is in use, and restore into an empty one.
//!
//! Always holds: the log is copied before the facts. So no copied answer lacks the facts that it rests on, and no
//! copied checkpoint states rows that the copy of the main file does not have yet. A copy is whole (checked) and
//! synced, with its directory entry, before it is called done; what failed half-way is taken away again; restore
//! writes only into an empty directory (an owner's lock file may lie there) and only from files that are whole.
//! Not here: PostgreSQL, whose own tools (`pg_dump`, base backups) do this; the command says so.
//! Rules come from: issue 2 part B, "Backup and tested restore".

use crate::{Db, LOG_FILE, MAIN_FILE, Store, lock::LOCK_FILE};
use base::{Error, Fault, Result};
use std::{fs::File, path::Path};

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Bytes of both files together.
    pub bytes: u64,
}

/// The order of copying, see above.
const FILES: [&str; 2] = [LOG_FILE, MAIN_FILE];

impl Store {
    /// Copies both SQLite files into an existing, empty directory, while checks and changes go on.
    pub fn back_up(&self, into: &Path) -> Result<Copied> {
        if self.is_postgres() {
            return Err(Error::broken("a PostgreSQL database is backed up with pg_dump or a base backup"));
        }
        fill(into, |file| {
            let db = if file == LOG_FILE { self.connect_log()? } else { self.connect_main()? };
            copy_out(&db, file, &into.join(file))
        })
    }
}

/// Puts a backup's files into an empty data directory, after checking them.
pub fn restore(from: &Path, into: &Path) -> Result<Copied> {
    must_be_empty(into)?;
    for file in FILES {
        check(&from.join(file))?;
    }
    fill(into, |file| {
        std::fs::copy(from.join(file), into.join(file))
            .map_err(|e| Fault::caused(format!("copying {file} from the backup"), e))?;
        Ok(())
    })
}

/// Makes both files in an empty directory, then checks and syncs them; takes them away again when one fails.
fn fill(into: &Path, make: impl Fn(&str) -> Result<()>) -> Result<Copied> {
    must_be_empty(into)?;
    let mut bytes = 0;
    for file in FILES {
        let made = make(file).and_then(|()| check(&into.join(file))).and_then(|()| sync(&into.join(file)));
        match made {
            Ok(length) => bytes += length,
            Err(error) => {
                for file in FILES {
                    let _ = std::fs::remove_file(into.join(file));
                }
                return Err(error);
            }
        }
    }
    // The names, too, must survive power loss.
    File::open(into).and_then(|dir| dir.sync_all()).map_err(|e| Fault::caused("syncing the directory", e))?;
    Ok(Copied { bytes })
}

fn copy_out(db: &Db, file: &str, target: &Path) -> Result<()> {
    let text = target.to_str().ok_or_else(|| Error::broken("the backup's path is not valid UTF-8"))?;
    let conn = db.sqlite().ok_or_else(|| Error::broken("not an SQLite file"))?;
    // One statement is one read transaction: a snapshot, while writers go on.
    conn.execute("vacuum into ?1", [text]).map_err(|e| Fault::caused(format!("copying {file}"), e))?;
    Ok(())
}

fn must_be_empty(dir: &Path) -> Result<()> {
    let fault = |e| Fault::caused("cannot read the target directory", e);
    for entry in std::fs::read_dir(dir).map_err(fault)? {
        if entry.map_err(fault)?.file_name() != LOCK_FILE {
            return Err(Error::broken("the target directory is not empty; name an empty one"));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "crates/store is the one place that opens SQLite files")]
fn check(file: &Path) -> Result<()> {
    use rusqlite::OpenFlags as Flags;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fault = |e: rusqlite::Error| Fault::caused(format!("{name} is damaged or is no SQLite file"), e);
    // A copy is one file without a WAL: `immutable` reads it without laying files beside it.
    let escaped = file.to_str().map(|path| path.replace('%', "%25").replace('?', "%3f").replace('#', "%23"));
    let path = escaped.ok_or_else(|| Error::broken("the path is not valid UTF-8"))?;
    let flags = Flags::SQLITE_OPEN_READ_ONLY | Flags::SQLITE_OPEN_URI | Flags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        rusqlite::Connection::open_with_flags(format!("file:{path}?immutable=1"), flags).map_err(fault)?;
    let verdict: String = conn.query_row("pragma integrity_check", [], |row| row.get(0)).map_err(fault)?;
    // An empty file is a sound database too, but none of ours.
    conn.query_row("select count(*) from store_migration", [], |row| row.get::<_, i64>(0)).map_err(fault)?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => Err(Error::broken(format!("{name} is damaged: SQLite's integrity check fails"))),
    }
}

fn sync(file: &Path) -> Result<u64> {
    let opened =
        File::options().write(true).open(file).and_then(|f| f.sync_all().and_then(|()| f.metadata()));
    opened.map(|m| m.len()).map_err(|e| Fault::caused("syncing a copied file", e).into())
}
