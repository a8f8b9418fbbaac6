//! Verifying: every checkpoint from the first, every chain from its first row, and what is not sealed yet.
//!
//! Always holds: memory is bounded by the number of streams, not of rows or checkpoints; both parts are shared among
//! threads; rows and checkpoints written meanwhile are left to the next verification. The report names places where
//! something does not fit, never what stood there.
//! Cannot be seen from inside: that the newest checkpoints were cut off together with the rows they state. For that
//! compare [`Report::last`] with a hash that was published outside.
//! Not here: mending. A log that does not verify is evidence.
//! Rules come from: DESIGN section 4, "`audit verify` walks …".

use crate::{
    chain::{Columns, Hash, commitment, row_hash},
    seal::{StreamHead, checkpoint_hash, unpack},
};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base::{Error, Instant, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicI64, AtomicUsize, Ordering},
};
use store::{Begin, Db, Row, Store};

/// Where something does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// A checkpoint: chain, signature, or a head that the stream does not have.
    Checkpoint {
        /// Its number.
        number: i64,
        /// What does not fit.
        what: &'static str,
    },
    /// A row of a stream: missing, or its hash or commitment does not fit.
    Row {
        /// The stream.
        stream: i64,
        /// The row's place in it; 0 for the stream itself.
        sequence: i64,
        /// What does not fit.
        what: &'static str,
    },
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Streams walked.
    pub streams: u64,
    /// Rows whose hash was recomputed.
    pub rows: u64,
    /// Of these, rows whose body was erased after its keeping time.
    pub erased: u64,
    /// The months (`YYYYMM`) whose rows were erased: none may be younger than the keeping time.
    pub erased_months: BTreeSet<i64>,
    /// Checkpoints checked.
    pub checkpoints: u64,
    /// The newest checkpoint's number and hash.
    pub last: Option<(i64, [u8; 32])>,
    /// Rows written since the last checkpoint that covers their stream.
    pub unsealed: u64,
    /// What does not fit, in order; the first thousand places.
    pub troubles: Vec<Trouble>,
}

/// More places than this say nothing new.
const TROUBLES_MAX: usize = 1_000;

impl Report {
    fn checkpoint(&mut self, number: i64, what: &'static str) {
        self.trouble(Trouble::Checkpoint { number, what });
    }

    fn row(&mut self, stream: i64, sequence: i64, what: &'static str) {
        self.trouble(Trouble::Row { stream, sequence, what });
    }

    fn trouble(&mut self, trouble: Trouble) {
        if self.troubles.len() < TROUBLES_MAX {
            self.troubles.push(trouble);
        }
    }

    fn add(&mut self, other: Report) {
        self.streams += other.streams;
        self.rows += other.rows;
        self.erased += other.erased;
        self.erased_months.extend(other.erased_months);
        self.checkpoints += other.checkpoints;
        self.last = self.last.max(other.last);
        self.unsealed += other.unsealed;
        self.troubles.extend(other.troubles);
    }
}

/// A stream to be walked.
#[derive(Clone, Copy)]
struct Listed {
    stream: i64,
    in_log: bool,
    /// From the stream's own row; nothing when that is missing.
    month: Option<i64>,
}

/// Newest sealed sequence of each stream.
type Sealed = BTreeMap<i64, i64>;

/// Bytes of an Ed25519 public key.
const KEY_BYTES: usize = 32;

/// Verifies the whole log of a store against the public keys of its checkpoints, one after the other: each process that
/// seals has a key, and a restored directory goes on with a new one.
pub fn verify(store: &Store, public: &[u8], threads: usize) -> Result<Report> {
    let threads = threads.max(1);
    let mut log = store.connect_log()?;
    // Checkpoints first: every row that they state is then in the lists that follow.
    let newest = log
        .rows("select number from audit_checkpoint order by number desc limit 1", &[], |row| row.int(0))?
        .first()
        .copied()
        .unwrap_or(0);
    let mut listed = list(&mut log, true)?;
    if !store.is_postgres() {
        listed.extend(list(&mut store.connect_main()?, false)?);
    }
    let places: BTreeMap<i64, bool> = listed.iter().map(|one| (one.stream, one.in_log)).collect();

    let next = AtomicI64::new(i64::MIN);
    let parts = in_parallel(threads, || checkpoints(store, public, newest, &next, &places))?;
    let (mut report, mut sealed) = (Report::default(), Sealed::new());
    for (part, heads) in parts {
        report.add(part);
        for (stream, sequence) in heads {
            let known = sealed.entry(stream).or_insert(sequence);
            *known = sequence.max(*known);
        }
    }
    let next = AtomicUsize::new(0);
    for part in in_parallel(threads, || walk_all(store, &listed, &next, &sealed))? {
        report.add(part);
    }
    report.troubles.sort();
    report.troubles.truncate(TROUBLES_MAX);
    Ok(report)
}

fn in_parallel<T: Send>(threads: usize, work: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        let ended = |_| Error::broken("a verifying thread ended early");
        handles.into_iter().map(|handle| handle.join().map_err(ended)?).collect()
    })
}

/// Rows whose stream row is gone are walked too: hiding a stream must not hide its rows.
fn list(db: &mut Db, in_log: bool) -> Result<Vec<Listed>> {
    const STREAMS: &str = "select stream, max(month) from (
            select stream, month from audit_stream
            union all select distinct stream, cast(null as bigint) from audit_row) as known
        group by stream order by stream";
    db.rows(STREAMS, &[], |row| Ok(Listed { stream: row.int(0)?, in_log, month: row.opt_int(1)? }))
}

/// Rows or checkpoints read at once.
const PAGE: i64 = 1_000;

/// Takes pages of checkpoints until none is left.
fn checkpoints(
    store: &Store,
    public: &[u8],
    newest: i64,
    next: &AtomicI64,
    places: &BTreeMap<i64, bool>,
) -> Result<(Report, Sealed)> {
    let mut checking = Checking {
        keys: public.chunks(KEY_BYTES).map(|key| UnparsedPublicKey::new(&ED25519, key)).collect(),
        log: store.connect_log()?,
        main: store.connect_main()?,
        places,
        missing: BTreeSet::new(),
        report: Report::default(),
        sealed: Sealed::new(),
    };
    loop {
        // The first page takes numbers that should not exist (0 and below) along.
        let from = match next.fetch_max(1, Ordering::Relaxed) {
            i64::MIN => i64::MIN,
            _ => next.fetch_add(PAGE, Ordering::Relaxed),
        };
        let until = if from == i64::MIN { 0 } else { newest.min(from + PAGE - 1) };
        if from > newest {
            return Ok((checking.report, checking.sealed));
        }
        checking.page(from, until)?;
    }
}

struct Checking<'c> {
    keys: Vec<UnparsedPublicKey<&'c [u8]>>,
    log: Db,
    main: Db,
    places: &'c BTreeMap<i64, bool>,
    /// Streams already reported as missing.
    missing: BTreeSet<i64>,
    report: Report,
    sealed: Sealed,
}

struct Stated {
    number: i64,
    at: i64,
    heads: Vec<u8>,
    hash: Hash,
    signature: Vec<u8>,
}

impl Checking<'_> {
    fn page(&mut self, from: i64, until: i64) -> Result<()> {
        const BEFORE: &str = "select hash from audit_checkpoint where number = $1";
        const ROWS: &str = "select number, at, heads, hash, signature from audit_checkpoint
            where number >= $1 and number <= $2 order by number";
        let before = self.log.rows(BEFORE, &[from.saturating_sub(1).into()], |row| digest(row, 0))?;
        let mut previous: Hash = before.first().copied().unwrap_or_default();
        let mut expected = from.max(1);
        let rows = self.log.rows(ROWS, &[from.into(), until.into()], |row| {
            Ok(Stated {
                number: row.int(0)?,
                at: row.int(1)?,
                heads: row.blob(2)?,
                hash: digest(row, 3)?,
                signature: row.blob(4)?,
            })
        })?;
        for stated in rows {
            if stated.number < 1 {
                self.report.checkpoint(stated.number, "has a number that no checkpoint has");
            } else if stated.number != expected {
                self.report.checkpoint(expected, "is missing");
            }
            expected = stated.number + 1;
            self.one(&stated, &previous)?;
            previous = stated.hash;
        }
        if expected <= until {
            self.report.checkpoint(expected, "is missing");
        }
        Ok(())
    }

    fn one(&mut self, stated: &Stated, previous: &Hash) -> Result<()> {
        let Stated { number, at, heads, hash, signature } = stated;
        self.report.checkpoints += 1;
        self.report.last = self.report.last.max(Some((*number, *hash)));
        if checkpoint_hash(*number, *at, heads, previous) != *hash {
            self.report.checkpoint(*number, "does not fit the one before it");
        }
        if !self.keys.iter().any(|key| key.verify(hash, signature).is_ok()) {
            self.report.checkpoint(*number, "has a signature that does not fit");
        }
        match unpack(heads) {
            None => self.report.checkpoint(*number, "has heads that do not read back"),
            Some(heads) => heads.iter().try_for_each(|head| self.head(*number, head))?,
        }
        Ok(())
    }

    /// Every stated head is compared, not only the newest: between two of them rows could have been chained anew.
    fn head(&mut self, number: i64, head: &StreamHead) -> Result<()> {
        const HASH: &str = "select hash from audit_row where stream = $1 and sequence = $2";
        let known = self.sealed.entry(head.stream).or_default();
        *known = head.sequence.max(*known);
        let db = match self.places.get(&head.stream) {
            Some(true) => &mut self.log,
            Some(false) => &mut self.main,
            None => {
                if self.missing.insert(head.stream) {
                    self.report.checkpoint(number, "states a stream that is missing");
                }
                return Ok(());
            }
        };
        let stands = db.rows(HASH, &[head.stream.into(), head.sequence.into()], |row| digest(row, 0))?;
        match stands.first() {
            None => self.report.checkpoint(number, "states a row that is missing"),
            Some(hash) if *hash != head.hash => {
                self.report.checkpoint(number, "states another head for a stream")
            }
            Some(_) => {}
        }
        Ok(())
    }
}

/// Takes streams until none is left.
fn walk_all(store: &Store, listed: &[Listed], next: &AtomicUsize, sealed: &Sealed) -> Result<Report> {
    let mut report = Report::default();
    let (mut log, mut main) = (store.connect_log()?, store.connect_main()?);
    while let Some(one) = listed.get(next.fetch_add(1, Ordering::Relaxed)) {
        let db = if one.in_log { &mut log } else { &mut main };
        db.begin(Begin::Look)?; // bodies may be erased meanwhile
        let mut walk = Walk { listed: *one, previous: Hash::default(), expected: 1, live: false };
        walk.all(db, &mut report)?;
        db.commit()?;
        let covered = sealed.get(&one.stream).copied().unwrap_or(0);
        report.unsealed += (walk.expected - 1 - covered).max(0) as u64;
        report.streams += 1;
    }
    Ok(report)
}

struct Walk {
    listed: Listed,
    previous: Hash,
    expected: i64,
    /// A row that is not erased was seen: from there on none may be.
    live: bool,
}

impl Walk {
    fn all(&mut self, db: &mut Db, report: &mut Report) -> Result<()> {
        const ROWS: &str =
            "select sequence, hash, commitment, salt, at, act, facility, person, answer, outcome,
                repeated, body
            from audit_row where stream = $1 and sequence > $2 order by sequence limit $3";
        let stream = self.listed.stream;
        if self.listed.month.is_none() {
            report.row(stream, 0, "the stream's own row is missing");
        }
        let mut after = i64::MIN; // rows numbered 0 and below must not stay unseen
        loop {
            let rows = db.rows(ROWS, &[stream.into(), after.into(), PAGE.into()], walked)?;
            for row in &rows {
                self.one(row, report);
                after = row.sequence;
            }
            if (rows.len() as i64) < PAGE {
                return Ok(());
            }
        }
    }

    fn one(&mut self, row: &Walked, report: &mut Report) {
        let stream = self.listed.stream;
        let mut trouble = |what| report.row(stream, row.sequence, what);
        if row.sequence != self.expected {
            trouble("rows before it are missing");
        }
        if row_hash(stream, row.sequence, &self.previous, &row.commitment) != row.hash {
            trouble("does not fit the row before it");
        }
        match row.content {
            Content::Changed => trouble("its content was changed"),
            Content::Bound { month } if self.listed.month.is_some_and(|stated| stated != month) => {
                trouble("lies in another month than its stream says");
            }
            // Erasing goes from a stream's first row on, so one row alone is not erased by us.
            Content::Erased if self.live => trouble("was erased while rows before it were kept"),
            Content::Bound { .. } | Content::Erased => {}
        }
        self.live |= !matches!(row.content, Content::Erased);
        if matches!(row.content, Content::Erased) {
            report.erased += 1;
            report.erased_months.extend(self.listed.month);
        }
        report.rows += 1;
        self.expected = row.sequence + 1;
        self.previous = row.hash;
    }
}

/// A digest of another length is none: it fits nowhere, and verifying goes on.
fn digest(row: &Row<'_>, column: usize) -> Result<Hash> {
    Ok(row.blob(column)?.try_into().unwrap_or_default())
}

enum Content {
    /// Salt, columns and body give the commitment.
    Bound {
        month: i64,
    },
    Changed,
    /// Nothing is left of it.
    Erased,
}

struct Walked {
    sequence: i64,
    hash: Hash,
    commitment: Hash,
    content: Content,
}

fn walked(row: &Row<'_>) -> Result<Walked> {
    let stated = digest(row, 2)?;
    Ok(Walked {
        sequence: row.int(0)?,
        hash: digest(row, 1)?,
        commitment: stated,
        content: content(row, &stated)?,
    })
}

fn content(row: &Row<'_>, stated: &Hash) -> Result<Content> {
    let (salt, at, act) = (row.opt_blob(3)?, row.opt_int(4)?, row.opt_text(5)?);
    let (facility, person, answer) = (row.opt_int(6)?, row.opt_int(7)?, row.opt_int(8)?);
    let (outcome, repeated, body) = (row.opt_text(9)?, row.opt_int(10)?, row.opt_blob(11)?);
    let empty = salt.is_none()
        && (at, &act, facility, person, answer) == (None, &None, None, None, None)
        && (&outcome, repeated, &body) == (&None, None, &None);
    if empty {
        return Ok(Content::Erased);
    }
    let (Some(salt), Some(at), Some(act), Some(outcome), Some(repeated @ (0 | 1)), Some(body)) =
        (salt, at, act, outcome, repeated, body)
    else {
        return Ok(Content::Changed);
    };
    let columns =
        Columns { at, act: &act, facility, person, answer, outcome: &outcome, repeated: repeated == 1 };
    Ok(match commitment(&salt, &columns, &body) == *stated {
        true => Content::Bound { month: Instant::from_ms(at).month() },
        false => Content::Changed,
    })
}
