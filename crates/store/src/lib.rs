//! The one door to the database: SQLite in a data directory, or PostgreSQL, from one SQL text.
//!
//! Always holds: reads are snapshots; what a check writes is one small write set, committed in groups, and its answer
//! is released after the commit; changes decide inside their transaction and are run again after a lost race; facts
//! are recorded one transaction at a time, so that revisions are ordered by commit; audit rows are written by the
//! [`Scribe`] inside the same transaction as what they record.
//! Not here: any service's SQL, the clock, and what an audit row says.
//! Rules come from: DESIGN section 4.

#![deny(unsafe_code)]

mod backup;
mod beside;
mod claim;
mod columns;
mod db;
mod group;
mod lock;
mod migrate;
#[doc(hidden)]
pub mod testing;
mod tx;
mod value;
mod wide;

pub use backup::{Copied, restore};
pub use beside::{Beside, recorded_at};
pub use columns::{Class, Column, columns};
pub use db::{Begin, Db};
pub use lock::{Held, OwnerLock};
pub use migrate::{Migration, SCHEMA, schema_columns, schema_text};
pub use tx::{Claim, Note, Tx};
pub use value::{Row, Value};
pub use wide::Wide;

use base::{Error, Result};
use group::{Group, Job};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tx::{Mode, WriteSet};

/// Where the data lie.
#[derive(Clone)]
pub enum Place {
    /// Two files in a directory: `shikaku.db` (facts and changes) and `log.db` (audit rows of checks).
    Sqlite {
        /// The data directory; it must exist.
        dir: PathBuf,
        /// A registered SQLite file layer, for tests that cut the power.
        vfs: Option<String>,
    },
    /// One database.
    Postgres {
        /// `postgres://…`; secrets in it are never printed.
        url: String,
    },
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Sqlite { dir, .. } => write!(f, "SQLite in {}", dir.display()),
            Place::Postgres { .. } => f.write_str("PostgreSQL"), // its URL may hold a password
        }
    }
}

/// Begins audit streams; implemented by `audit`.
pub trait Scribe: Send + Sync {
    /// A stream of its own for a connection that is going to write.
    fn stream(&self) -> Box<dyn Stream>;
}

/// A chain of audit rows written by one connection.
pub trait Stream: Send {
    /// Writes rows for the notes, inside the caller's transaction.
    fn write(&mut self, db: &mut Db, notes: &mut dyn Iterator<Item = &Note>) -> Result<()>;
    /// Told how the transaction ended; after an undone one the chain goes back to where it was.
    fn settle(&mut self, committed: bool);
}

/// Opens connections of each kind.
#[derive(Clone)]
pub(crate) struct Opener {
    place: Place,
    pub scribe: Arc<dyn Scribe>,
}

/// The main file of a data directory.
pub const MAIN_FILE: &str = "shikaku.db";
/// The file of a data directory that holds the audit rows of checks.
pub const LOG_FILE: &str = "log.db";

impl Opener {
    fn main(&self) -> Result<Db> {
        match &self.place {
            Place::Sqlite { dir, vfs } => Db::open_sqlite(&dir.join(MAIN_FILE), vfs.as_deref()),
            Place::Postgres { url } => Db::open_postgres(url),
        }
    }

    fn log(&self) -> Result<Db> {
        match &self.place {
            Place::Sqlite { dir, vfs } => Db::open_sqlite(&dir.join(LOG_FILE), vfs.as_deref()),
            Place::Postgres { url } => Db::open_postgres(url),
        }
    }

    fn reader(&self) -> Result<Reader> {
        let log = match &self.place {
            Place::Sqlite { .. } => Some(self.log()?),
            Place::Postgres { .. } => None,
        };
        Ok(Reader { main: self.main()?, log })
    }

    fn changer(&self) -> Result<Changer> {
        let Reader { main, log } = self.reader()?;
        Ok(Changer { main, log, stream: self.scribe.stream() })
    }
}

struct Reader {
    main: Db,
    log: Option<Db>,
}

struct Changer {
    main: Db,
    log: Option<Db>,
    stream: Box<dyn Stream>,
}

/// The door. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    opener: Opener,
    readers: Mutex<Vec<Reader>>,
    /// On SQLite one at most, so that the lock is the queue for the one writer; on PostgreSQL a pool.
    changers: Mutex<Vec<Changer>>,
    group: Group,
}

/// A change is run again this often before it is called broken.
const TRIES_MAX: usize = 50;
/// Writing connections of a process to PostgreSQL for the write sets of checks.
const LANES_POSTGRES: usize = 2;

/// Of a connection that writes, as `Db` sets it: 4 MB, and a checkpoint each 1,000 pages.
const CACHE: &str = "pragma cache_size = -4000";
const CHECKPOINT: &str = "pragma wal_autocheckpoint = 1000";
/// While loading: 100 MB, and a checkpoint each 100 MB.
const LOADING_CACHE: &str = "pragma cache_size = -100000";
const LOADING_CHECKPOINT: &str = "pragma wal_autocheckpoint = 25000";

impl Store {
    /// Opens the data, brings the schema up to date, and starts the log writer.
    pub fn open(place: Place, scribe: Arc<dyn Scribe>) -> Result<Store> {
        Store::open_upto(place, scribe, SCHEMA.len())
    }

    /// Opens the data with the first so many migrations only: the past, for tests of upgrading.
    pub(crate) fn open_upto(place: Place, scribe: Arc<dyn Scribe>, upto: usize) -> Result<Store> {
        let opener = Opener { place, scribe };
        migrate::up(&opener, upto)?;
        let lanes = match &opener.place {
            Place::Sqlite { .. } => 1,
            Place::Postgres { .. } => LANES_POSTGRES,
        };
        let group = Group::start(lanes, &opener)?;
        let changers = Mutex::new(vec![opener.changer()?]);
        let readers = Mutex::new(vec![opener.reader()?]);
        Ok(Store { inner: Arc::new(Inner { opener, readers, changers, group }) })
    }

    /// Whether the data lie in PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.inner.opener.place, Place::Postgres { .. })
    }

    pub(crate) fn place(&self) -> &Place {
        &self.inner.opener.place
    }

    /// The data directory of SQLite's files.
    pub fn sqlite_dir(&self) -> Option<&Path> {
        match &self.inner.opener.place {
            Place::Sqlite { dir, .. } => Some(dir),
            Place::Postgres { .. } => None,
        }
    }

    /// A check: reads a snapshot, decides, and gathers one small write set. `done` gets the outcome, from the writing
    /// thread, after the set is committed; at once when there is nothing to write or the operation failed.
    ///
    /// On PostgreSQL each read is a snapshot of its own (a transaction would cost two more turns of the line), so a
    /// check whose decision rests on several reads must carry the revision of the first into the others.
    pub fn check<T: Send + 'static>(
        &self,
        op: impl FnOnce(&mut Tx<'_>) -> Result<T>,
        done: impl FnOnce(Result<(T, Claim)>) + Send + 'static,
    ) {
        match self.look_with(op) {
            Err(error) => done(Err(error)),
            Ok((value, set)) if set.is_empty() => done(Ok((value, Claim::Fresh))),
            Ok((value, set)) => self.inner.group.hand_over(Job {
                set,
                done: Box::new(move |settled| done(settled.map(|claim| (value, claim)))),
            }),
        }
    }

    /// A check whose caller waits for the commit.
    pub fn check_and_wait<T: Send + 'static>(
        &self,
        op: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<(T, Claim)> {
        let (sender, outcome) = std::sync::mpsc::channel();
        self.check(op, move |settled| {
            let _ = sender.send(settled);
        });
        outcome.recv().unwrap_or_else(|_| Err(Error::broken("the log writer ended before its answer")))
    }

    /// A read that discloses nothing about a person and so writes nothing.
    pub fn look<T>(&self, op: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        match self.look_with(op)? {
            (value, set) if set.is_empty() => Ok(value),
            _ => Err(Error::broken("an operation that writes was run as a mere look")),
        }
    }

    fn look_with<T>(&self, op: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<(T, WriteSet)> {
        let pooled = lock(&self.inner.readers).pop();
        let mut reader = match pooled {
            Some(reader) => reader,
            None => self.inner.opener.reader()?,
        };
        let snapshot = !reader.main.is_postgres();
        if snapshot {
            reader.main.begin(Begin::Look)?;
        }
        let mut tx =
            Tx { db: &mut reader.main, log: reader.log.as_mut(), mode: Mode::Look, set: WriteSet::default() };
        let value = op(&mut tx)?; // after a fault the connection is not used again
        let set = std::mem::take(&mut tx.set);
        if snapshot {
            reader.main.commit()?;
        }
        lock(&self.inner.readers).push(reader);
        Ok((value, set))
    }

    /// A change: decides and writes inside one transaction, run again after a lost race.
    pub fn change<T>(&self, op: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.change_as(Begin::Change, op)
    }

    /// A change that records facts: it has a revision, and no other such change runs beside it. A revision's instant
    /// is never before the instant of the revision before it, even when two processes' clocks differ.
    pub fn record<T>(&self, now: base::Instant, mut op: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        const NEXT: &str = "insert into store_revision (revision, at)
            select revision + 1, case when at > $1 then at else $1 end
            from store_revision order by revision desc limit 1 returning revision";
        self.change_as(Begin::Record, |tx| {
            let next = tx.db.rows(NEXT, &[now.into()], |row| row.int(0))?;
            tx.mode = Mode::Record(*next.first().ok_or_else(|| Error::broken("no next revision"))?);
            op(tx)
        })
    }

    fn change_as<T>(&self, begin: Begin, mut op: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut pool = lock(&self.inner.changers);
        // Taken out of the pool: a connection that saw a fault or a panic is closed, which undoes what was open.
        let pooled = pool.pop();
        // On SQLite the lock is kept meanwhile: holding it is standing first in the queue for the one writer.
        let kept = (!self.is_postgres()).then_some(pool);
        let mut changer = match pooled {
            Some(changer) => changer,
            None => self.inner.opener.changer()?,
        };
        let value = run_change(self.inner.opener.scribe.as_ref(), &mut changer, begin, &mut op)?;
        kept.unwrap_or_else(|| lock(&self.inner.changers)).push(changer);
        Ok(value)
    }

    /// Makes ready for a load of millions that nobody waits beside, and afterwards for desks again. On SQLite changes get
    /// more room, since rows whose keys lie anywhere would else push one another out of it and each page be written
    /// over and over; commits stay as safe as they are. On PostgreSQL that is its administrator's matter.
    pub fn set_loading(&self, is_loading: bool) -> Result<()> {
        let (cache, checkpoint) =
            if is_loading { (LOADING_CACHE, LOADING_CHECKPOINT) } else { (CACHE, CHECKPOINT) };
        let mut pool = lock(&self.inner.changers);
        for changer in pool.iter_mut().filter(|changer| !changer.main.is_postgres()) {
            changer.main.batch(cache)?;
            changer.main.batch(checkpoint)?;
        }
        Ok(())
    }

    /// A secret that every process on these data shares: the first to ask for a name gives it its value.
    pub fn secret(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32]> {
        const KEEP: &str =
            "insert into store_secret (name, value) values ($1, $2) on conflict (name) do nothing";
        const READ: &str = "select value from store_secret where name = $1";
        self.change(|tx| {
            tx.save(KEEP, &[name.into(), (&fresh).into()])?;
            let kept = tx.row(READ, &[name.into()], |row| row.bytes::<32>(0))?;
            kept.ok_or_else(|| Error::broken("a kept secret does not read back"))
        })
    }

    /// Whether both files, or the database, answer: for the readiness page.
    pub fn ready(&self) -> Result<()> {
        const ASK: &str = "select count(*) from store_migration";
        self.look(|tx| tx.rows_of_both(ASK, &[], |row| row.int(0)).map(|_| ()))
    }

    /// Opens a connection of its own for work beside the pools: verifying, erasing, tests.
    pub fn connect_main(&self) -> Result<Db> {
        self.inner.opener.main()
    }

    /// Like [`Store::connect_main`] for the file of checks; the same database on PostgreSQL.
    pub fn connect_log(&self) -> Result<Db> {
        self.inner.opener.log()
    }
}

fn run_change<T>(
    scribe: &dyn Scribe,
    changer: &mut Changer,
    begin: Begin,
    op: &mut impl FnMut(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    // SQLite's changes queue for their one connection; a lost race there is a long wait for a stranger's lock.
    let tries = if changer.main.is_postgres() { TRIES_MAX } else { 2 };
    for _ in 0..tries {
        match try_change(scribe, changer, begin, op) {
            Err(Error::Retry) => continue,
            outcome => return outcome,
        }
    }
    Err(Error::broken(format!("a change lost its race {tries} times")))
}

fn try_change<T>(
    scribe: &dyn Scribe,
    changer: &mut Changer,
    begin: Begin,
    op: &mut impl FnMut(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    let line = changer.main.reopened();
    changer.main.begin(begin)?;
    if changer.main.reopened() != line {
        // Whoever answers now may lack the end of our chain: a replica that was promoted.
        changer.stream = scribe.stream();
    }
    let mut tx =
        Tx { db: &mut changer.main, log: changer.log.as_mut(), mode: Mode::Change, set: WriteSet::default() };
    let changed = op(&mut tx);
    let set = std::mem::take(&mut tx.set);
    let outcome = changed.and_then(|value| {
        if set.claim.is_some() {
            // On SQLite the keys of requests lie in the other file; a change that must not happen twice keeps keys
            // of its own.
            return Err(Error::broken("only a check claims its request's key"));
        }
        changer.stream.write(&mut changer.main, &mut set.notes.iter())?;
        changer.main.commit()?;
        Ok(value)
    });
    changer.stream.settle(outcome.is_ok());
    if outcome.is_err() {
        changer.main.rollback();
    }
    outcome
}

/// A pool's lock is held only to take or give back; a thread that panicked meanwhile left it whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
