//! Long readings beside the desks: counting everybody, on a line of its own, and on a replica when there is one.
//!
//! Always holds: one snapshot, nothing is ever written, and a check never waits for it: the line is not one of the pools,
//! PostgreSQL refuses writes on it, keeps it to one core and ends a statement that takes too long. It is opened for one
//! reading and closed after it.
//! Not here: when to count and for how long a count is good enough (`app`).
//! Rules come from: the issue, part D; PostgreSQL's documentation on hot standby (recovery conflicts).

use crate::{
    Begin, Db, LOG_FILE, MAIN_FILE, Place, Store,
    tx::{Mode, Tx, WriteSet},
};
use base::{Error, Instant, Result};

/// How long one statement may take on PostgreSQL. A million people take seconds.
const STATEMENT_S: u32 = 60;
/// A replica undoes a reading that stands in the way of what it replays; then the reading is begun anew, so often.
const TRIES_MAX: usize = 3;

/// Where long readings go.
#[derive(Clone, Debug)]
pub struct Beside {
    place: Place,
    is_replica: bool,
}

impl Store {
    /// Long readings of these data: on the replica with this URL (PostgreSQL, read-only), or without one on the data
    /// themselves. Nothing is opened yet.
    pub fn beside(&self, replica: Option<&str>) -> Beside {
        match replica {
            Some(url) => Beside { place: Place::Postgres { url: url.to_owned() }, is_replica: true },
            None => Beside { place: self.place().clone(), is_replica: false },
        }
    }
}

impl Beside {
    /// Whether it is a replica.
    pub fn is_replica(&self) -> bool {
        self.is_replica
    }

    /// Opens a line, reads one snapshot, closes the line. `op` may run several times.
    pub fn look<T>(&self, mut op: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        for _ in 0..TRIES_MAX {
            match self.try_look(&mut op) {
                Err(Error::Retry) => continue,
                outcome => return outcome,
            }
        }
        Err(Error::broken(format!("a long reading was undone {TRIES_MAX} times")))
    }

    fn try_look<T>(&self, op: &mut impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let (mut main, mut log) = self.open()?;
        main.begin(Begin::Look)?;
        if let Some(log) = &mut log {
            log.begin(Begin::Look)?;
        }
        let mut tx = Tx { db: &mut main, log: log.as_mut(), mode: Mode::Look, set: WriteSet::default() };
        let value = op(&mut tx)?;
        if !tx.set.is_empty() {
            return Err(Error::broken("an operation that writes was run as a long reading"));
        }
        main.commit()?;
        if let Some(log) = &mut log {
            log.commit()?;
        }
        Ok(value)
    }

    fn open(&self) -> Result<(Db, Option<Db>)> {
        match &self.place {
            Place::Sqlite { dir, vfs } => {
                let open = |name| Db::open_sqlite(&dir.join(name), vfs.as_deref());
                Ok((open(MAIN_FILE)?, Some(open(LOG_FILE)?)))
            }
            Place::Postgres { url } => {
                let mut main = Db::open_postgres(url)?;
                main.batch(&format!(
                    "set default_transaction_read_only = on; set statement_timeout = '{STATEMENT_S}s'; \
                     set max_parallel_workers_per_gather = 0"
                ))?;
                Ok((main, None))
            }
        }
    }
}

/// When facts were recorded last, as far as the reading knows: on a replica it tells how far that has come.
pub fn recorded_at(tx: &mut Tx<'_>) -> Result<Instant> {
    const NEWEST: &str = "select at from store_revision order by revision desc limit 1";
    let newest = tx.row(NEWEST, &[], |row| row.instant(0))?;
    newest.ok_or_else(|| Error::broken("there is no revision"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::each_place;
    use crate::{Db, Note, Scribe, Stream};
    use std::sync::Arc;

    struct Mute;

    impl Scribe for Mute {
        fn stream(&self) -> Box<dyn Stream> {
            Box::new(Mute)
        }
    }

    impl Stream for Mute {
        fn write(&mut self, _: &mut Db, _: &mut dyn Iterator<Item = &Note>) -> Result<()> {
            Ok(())
        }

        fn settle(&mut self, _: bool) {}
    }

    #[test]
    fn a_long_reading_is_one_snapshot_and_writes_nothing() {
        const COUNT: &str = "select count(*) from store_revision";
        const SECRET: &str = "insert into store_secret (name, value) values ($1, $2)";
        each_place("beside", |place| {
            let store = Store::open(place, Arc::new(Mute)).unwrap();
            let beside = store.beside(None);
            assert!(!beside.is_replica());
            let before = beside
                .look(|tx| {
                    let before = tx.row(COUNT, &[], |row| row.int(0))?;
                    store.record(Instant::from_ms(5_000), |_| Ok(()))?; // somebody else, meanwhile
                    assert_eq!(tx.row(COUNT, &[], |row| row.int(0))?, before);
                    Ok(before)
                })
                .unwrap();
            assert_eq!(before, Some(1));
            assert_eq!(beside.look(recorded_at).unwrap(), Instant::from_ms(5_000));
            let saved = beside.look(|tx| tx.save(SECRET, &["a".into(), (&[7_u8; 32]).into()]));
            assert!(saved.is_err(), "what would be written later is refused");
            if store.is_postgres() {
                let written = beside.look(|tx| tx.db.exec(SECRET, &["a".into(), (&[7_u8; 32]).into()]));
                assert!(written.unwrap_err().to_string().contains("25006"), "read-only transaction");
            }
            assert_eq!(store.secret("a", [8; 32]).unwrap(), [8; 32]);
        });
    }

    #[test]
    fn a_replica_that_is_not_there_is_an_error_without_its_address() {
        each_place("beside_away", |place| {
            let store = Store::open(place, Arc::new(Mute)).unwrap();
            let beside = store.beside(Some("postgres://reader:canary@%2Fnowhere%2Fat%2Fall/shikaku"));
            let error = beside.look(recorded_at).unwrap_err();
            assert!(beside.is_replica() && !format!("{error:?} {beside:?}").contains("canary"));
        });
    }
}
