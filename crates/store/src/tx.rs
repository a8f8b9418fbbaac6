//! The transaction as an operation sees it: read, save, note, claim.
//!
//! Always holds: one type serves both kinds of transaction. In a *look* nothing is written while the operation runs:
//! what it saves, notes and claims is gathered into one small write set, committed after it, and only then is the
//! answer released. In a *change* everything happens at once, inside one transaction that is run again after a lost
//! race; so an operation must have no effect outside the database.
//! Not here: SQL of any service, and what a note's body says (`audit`).
//! Rules come from: DESIGN section 4, "a check is a snapshot read, a decision, and one small write set".

use crate::{
    db::Db,
    value::{Row, Value},
};
use base::{Cx, Error, Instant, Result};

/// A statement with its values, to be run later.
pub(crate) type Saved = (&'static str, Vec<Value<'static>>);

/// An audit row to be written: columns by which it is found again, and a body that `audit` composed.
#[derive(Clone, Debug)]
pub struct Note {
    /// When the operation happened.
    pub at: Instant,
    /// What was done; a stable word such as `counter.check`.
    pub act: &'static str,
    /// The facility on whose behalf, when there is one.
    pub facility: Option<i64>,
    /// The person presented, when one was found.
    pub person: Option<i64>,
    /// The answer's id.
    pub answer: Option<i64>,
    /// How it ended; a stable word.
    pub outcome: &'static str,
    /// The evidence.
    pub body: Vec<u8>,
    /// Set by the store when the request was a repeat: the answer's id is then that of the first.
    pub repeat: bool,
}

/// The claim of a request's key: the first of its kind within 24 hours names the answer.
#[derive(Clone, Debug)]
pub(crate) struct ClaimAsk {
    pub at: Instant,
    pub facility: i64,
    pub request: String,
    pub digest: [u8; 32],
    pub answer: i64,
}

/// How a claim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The first request with this key, or one without a key.
    Fresh,
    /// The same request was answered before, under this answer id.
    Repeat(i64),
    /// The key was used for another request.
    Conflict,
}

/// What a look gathered to be written.
#[derive(Default)]
pub(crate) struct WriteSet {
    pub claim: Option<ClaimAsk>,
    pub saves: Vec<Saved>,
    pub notes: Vec<Note>,
}

impl WriteSet {
    pub fn is_empty(&self) -> bool {
        self.claim.is_none() && self.saves.is_empty() && self.notes.is_empty()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Look,
    Change,
    Record(i64),
}

/// A transaction.
pub struct Tx<'t> {
    pub(crate) db: &'t mut Db,
    /// On SQLite the rows of checks lie in a file of their own, read beside the main one.
    pub(crate) log: Option<&'t mut Db>,
    pub(crate) mode: Mode,
    pub(crate) set: WriteSet,
}

impl Tx<'_> {
    /// Runs a query and makes something of each row.
    pub fn rows<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        each: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.db.rows(sql, params, each)
    }

    /// Runs a query of which one row at most is wanted.
    pub fn row<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        each: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.db.rows(sql, params, each)?.into_iter().next())
    }

    /// Runs a query on every file that holds audit rows: on SQLite the main file and the log, else the one database.
    pub fn rows_of_both<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = self.db.rows(sql, params, &mut each)?;
        if let Some(log) = self.log.as_deref_mut() {
            found.extend(log.rows(sql, params, &mut each)?);
        }
        Ok(found)
    }

    /// Runs a query on a table that lies in SQLite's log file, beside the rows of checks: what checks write.
    pub fn rows_of_log<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        each: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self.log.as_deref_mut() {
            Some(log) => log.rows(sql, params, each),
            None => self.db.rows(sql, params, each),
        }
    }

    /// Writes: at once in a change, with the write set in a look. On SQLite a look's statements go to the log file,
    /// so they may touch only tables that live there. A look whose claim turns out a repeat or a conflict saves
    /// nothing.
    pub fn save(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<()> {
        match self.mode {
            Mode::Look => {
                let values = params.iter().cloned().map(Value::into_owned).collect();
                self.set.saves.push((sql, values));
                Ok(())
            }
            Mode::Change | Mode::Record(_) => self.db.exec(sql, params).map(|_| ()),
        }
    }

    /// Adds an audit row to what this transaction commits. Called by `audit`, which composes the body.
    pub fn note(&mut self, note: Note) {
        self.set.notes.push(note);
    }

    /// Claims the request's key, if it has one, for this answer.
    pub fn claim(&mut self, cx: &Cx<'_>, answer: i64) {
        if let (Some(key), Some(facility)) = (&cx.request, cx.actor.facility()) {
            self.set.claim = Some(ClaimAsk {
                at: cx.now,
                facility,
                request: key.request.clone(),
                digest: key.digest,
                answer,
            });
        }
    }

    /// The revision under which facts of this transaction are recorded; commit-ordered.
    pub fn revision(&self) -> Result<i64> {
        match self.mode {
            Mode::Record(revision) => Ok(revision),
            Mode::Look | Mode::Change => Err(Error::broken("facts are recorded only inside Store::record")),
        }
    }
}
