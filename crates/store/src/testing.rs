//! For tests of this crate and of services: places on both databases, and ids from a seed.
//!
//! Always holds: each place is new and empty and is taken away afterwards, also when the test fails. SQLite files lie
//! on /dev/shm where it can be written. PostgreSQL is the one that `SHIKAKU_TEST_POSTGRES` names (`./test` sets it);
//! a test is never silently half a test: without the variable it fails, with `none` it says so.
//! Not here: audit; `audit::testing` opens a store with a real one.
//! Rules come from: DESIGN section 5.

use crate::{Db, Place, SCHEMA, Scribe, Store};
use base::{IdSource, Result};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

/// Runs a test at a new place on each database.
pub fn each_place(name: &str, mut test: impl FnMut(Place)) {
    let dir = Dir::new(name);
    test(dir.place());
    if let Some(post) = PostSchema::new(name) {
        test(post.place());
    }
}

/// A new directory, removed when dropped.
pub struct Dir(PathBuf);

impl Dir {
    /// Makes it on /dev/shm when that can be written, else in the directory for temporary files.
    pub fn new(name: &str) -> Dir {
        let shm = PathBuf::from("/dev/shm");
        let path = unique(name);
        let tried = [shm.join(&path), std::env::temp_dir().join(&path)];
        let made = tried.into_iter().find(|dir| std::fs::create_dir_all(dir).is_ok());
        Dir(made.expect("a directory for the test's files"))
    }

    /// Its path.
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// SQLite files in it.
    pub fn place(&self) -> Place {
        Place::Sqlite { dir: self.0.clone(), vfs: None }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A new PostgreSQL schema, dropped when this is dropped.
pub struct PostSchema {
    server: String,
    name: String,
}

impl PostSchema {
    /// Makes a schema on the server that the environment names; `None` when it says `none`.
    #[expect(clippy::disallowed_methods, reason = "where the test server is, only the environment can say")]
    #[expect(clippy::print_stderr, reason = "half a test must be seen")]
    pub fn new(name: &str) -> Option<PostSchema> {
        let server = std::env::var("SHIKAKU_TEST_POSTGRES").unwrap_or_default();
        match server.as_str() {
            "" => panic!(
                "SHIKAKU_TEST_POSTGRES is not set: run ./test, which starts a PostgreSQL and sets it, or set it to a \
                 URL, or to `none` to leave that half of the tests out"
            ),
            "none" => {
                eprintln!("{name}: left out on PostgreSQL, as SHIKAKU_TEST_POSTGRES=none says");
                return None;
            }
            _ => {}
        }
        let schema = PostSchema { server, name: unique(name) };
        schema.run(&format!("create schema {}", schema.name)).expect("a schema on the test server");
        Some(schema)
    }

    /// The place: every table is made and found in this schema.
    pub fn place(&self) -> Place {
        let (mark, name) = (if self.server.contains('?') { '&' } else { '?' }, &self.name);
        Place::Postgres {
            url: format!("{}{mark}options=-csearch_path%3D{name}&application_name={name}", self.server),
        }
    }

    /// Ends every connection to the place, as a restart of the server does.
    pub fn cut_lines(&self) {
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = ";
        self.run(&format!("{cut} '{}'", self.name)).expect("the right to end one's own connections");
    }

    fn run(&self, sql: &str) -> Result<()> {
        Db::open_postgres(&self.server)?.batch(sql)
    }
}

impl Drop for PostSchema {
    fn drop(&mut self) {
        // A test that failed may have left a connection with locks; a schema left over harms nobody.
        let _ = self.run(&format!("set lock_timeout = '5s'; drop schema if exists {} cascade", self.name));
    }
}

/// A name that no other test of any process has: letters, digits and low lines.
fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(30).collect();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("shikaku_{}_{count}_{}", std::process::id(), name.to_ascii_lowercase())
}

/// Ids counted from a seed.
pub fn seeded_ids(seed: i64) -> Arc<dyn IdSource> {
    Arc::new(Counted(AtomicI64::new(seed)))
}

struct Counted(AtomicI64);

impl IdSource for Counted {
    fn next(&self) -> i64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// Opens a place with the first so many migrations only, as an older Shikaku would have.
pub fn open_as_of(place: Place, scribe: Arc<dyn Scribe>, migrations: usize) -> Result<Store> {
    assert!(migrations <= SCHEMA.len());
    Store::open_upto(place, scribe, migrations)
}
