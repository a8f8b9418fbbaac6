//! Streams: the hash chains that connections write.
//!
//! Always holds: sequence counts from 1 without a gap; a row's hash covers the row before; a stream lies in one
//! month; what a rolled-back transaction wrote is forgotten here too. The salt makes a commitment say nothing about
//! a body that was erased, even to somebody who guesses bodies. A commitment tells a missing value from a zero.
//! Not here: signatures (`seal`), checking (`verify`).
//! Rules come from: DESIGN section 4, "one stream per writer connection".

use aws_lc_rs::digest::{Context, SHA256};
use base::{IdSource, Random, Result};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use store::{Db, Note, Scribe, Stream, Value, Wide};

/// A SHA-256 digest.
pub(crate) type Hash = [u8; 32];

pub(crate) fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        // The length before each part, so that no two lists of parts give the same bytes.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = Hash::default();
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// What a row's columns and body are bound by.
pub(crate) fn commitment(salt: &[u8], columns: &Columns<'_>, body: &[u8]) -> Hash {
    let number = |value: Option<i64>| value.map(i64::to_be_bytes);
    let numbers = [number(columns.facility), number(columns.person), number(columns.answer)];
    // A missing number is an empty part, so it is not the number 0.
    let part = |place: usize| numbers[place].as_ref().map(|bytes| bytes.as_slice()).unwrap_or_default();
    hash(&[
        salt,
        &columns.at.to_be_bytes(),
        columns.act.as_bytes(),
        part(0),
        part(1),
        part(2),
        columns.outcome.as_bytes(),
        &[u8::from(columns.repeated)],
        body,
    ])
}

/// The columns of a row that its commitment covers.
pub(crate) struct Columns<'c> {
    pub at: i64,
    pub act: &'c str,
    pub facility: Option<i64>,
    pub person: Option<i64>,
    pub answer: Option<i64>,
    pub outcome: &'c str,
    pub repeated: bool,
}

pub(crate) fn row_hash(stream: i64, sequence: i64, previous: &Hash, commitment: &Hash) -> Hash {
    hash(&[b"shikaku-audit-row-1", &stream.to_be_bytes(), &sequence.to_be_bytes(), previous, commitment])
}

/// Begins streams, and knows how many rows wait for a checkpoint.
pub struct Ledger {
    ids: Arc<dyn IdSource>,
    random: Random,
    rows: Arc<AtomicU64>,
}

impl Ledger {
    /// A ledger with its sources of ids and randomness.
    pub fn new(ids: Arc<dyn IdSource>, random: Random) -> Ledger {
        Ledger { ids, random, rows: Arc::default() }
    }

    /// Rows committed so far by this process: the sealer looks at it to seal every 1,000.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

impl Scribe for Ledger {
    fn stream(&self) -> Box<dyn Stream> {
        Box::new(Chain {
            ids: self.ids.clone(),
            random: self.random.clone(),
            rows: self.rows.clone(),
            settled: Head::default(),
            current: Head::default(),
            written: 0,
        })
    }
}

/// Where a stream stands. Stream 0 is none: it begins with its first row.
#[derive(Clone, Copy, Default)]
struct Head {
    stream: i64,
    month: i64,
    sequence: i64,
    hash: Hash,
}

struct Chain {
    ids: Arc<dyn IdSource>,
    random: Random,
    rows: Arc<AtomicU64>,
    settled: Head,
    current: Head,
    written: u64,
}

const SALT: usize = 16;

static INSERT: Wide = Wide::new(
    "insert into audit_row
        (stream, sequence, hash, commitment, salt, at, act, facility, person, answer, outcome, repeated, body)",
    13,
    "",
);

/// A row ready to be inserted.
struct Link<'n> {
    head: Head,
    commitment: Hash,
    salt: [u8; SALT],
    note: &'n Note,
}

impl Link<'_> {
    fn values(&self) -> [Value<'_>; 13] {
        let Link { head, commitment, salt, note } = self;
        [
            head.stream.into(),
            head.sequence.into(),
            (&head.hash).into(),
            commitment.into(),
            salt.into(),
            note.at.into(),
            note.act.into(),
            note.facility.into(),
            note.person.into(),
            note.answer.into(),
            note.outcome.into(),
            note.repeat.into(),
            note.body.as_slice().into(),
        ]
    }
}

impl Chain {
    fn begin(&mut self, db: &mut Db, note: &Note) -> Result<()> {
        self.current = Head { stream: self.ids.next(), month: note.at.month(), ..Head::default() };
        db.exec(
            "insert into audit_stream (stream, opened_at, month) values ($1, $2, $3)",
            &[self.current.stream.into(), note.at.into(), self.current.month.into()],
        )?;
        Ok(())
    }

    fn link<'n>(&mut self, note: &'n Note) -> Link<'n> {
        let mut salt = [0; SALT];
        (self.random)(&mut salt);
        let columns = Columns {
            at: note.at.ms(),
            act: note.act,
            facility: note.facility,
            person: note.person,
            answer: note.answer,
            outcome: note.outcome,
            repeated: note.repeat,
        };
        let commitment = commitment(&salt, &columns, &note.body);
        let head = &mut self.current;
        head.sequence += 1;
        head.hash = row_hash(head.stream, head.sequence, &head.hash, &commitment);
        self.written += 1;
        Link { head: *head, commitment, salt, note }
    }
}

impl Stream for Chain {
    fn write(&mut self, db: &mut Db, notes: &mut dyn Iterator<Item = &Note>) -> Result<()> {
        let mut links = Vec::new();
        for note in notes {
            if self.current.stream == 0 || self.current.month != note.at.month() {
                self.begin(db, note)?;
            }
            links.push(self.link(note));
        }
        let mut waiting = links.as_slice();
        while !waiting.is_empty() {
            let (taken, sql) = INSERT.for_rows(waiting.len());
            let (now, rest) = waiting.split_at(taken);
            let params: Vec<Value<'_>> = now.iter().flat_map(Link::values).collect();
            db.exec(sql, &params)?;
            waiting = rest;
        }
        Ok(())
    }

    fn settle(&mut self, committed: bool) {
        if committed {
            self.settled = self.current;
            self.rows.fetch_add(self.written, Ordering::Relaxed);
        } else {
            self.current = self.settled;
        }
        self.written = 0;
    }
}
