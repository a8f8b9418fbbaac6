//! Verifying: every chain from its first row, every checkpoint from its first, and what is not sealed yet.
//!
//! Always holds: memory is bounded by the number of streams, not of rows; streams are walked in parallel; the report
//! names the first place where something does not fit, never what stood there.
//! Not here: mending. A log that does not verify is evidence.
//! Rules come from: DESIGN section 4, "`audit verify` walks …".

use crate::{
    chain::{Columns, Hash, commitment, row_hash},
    seal::{StreamHead, checkpoint_hash, unpack},
};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base::{Error, Result};
use std::collections::BTreeMap;
use store::{Db, Row, Store};

/// Where something does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A row of a stream: missing, or its hash or commitment does not fit.
    Row {
        /// The stream.
        stream: i64,
        /// The row's place in it.
        sequence: i64,
        /// What does not fit.
        what: &'static str,
    },
    /// A checkpoint: chain, signature, or a head that the stream does not have.
    Checkpoint {
        /// Its number.
        number: i64,
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
    /// Checkpoints checked.
    pub checkpoints: u64,
    /// Rows written since the last checkpoint that covers their stream.
    pub unsealed: u64,
    /// Everything that does not fit, in order.
    pub troubles: Vec<Trouble>,
}

/// Verifies the whole log of a store against the public key of its checkpoints.
pub fn verify(store: &Store, public: &[u8], threads: usize) -> Result<Report> {
    let mut log = store.connect_log()?;
    let (mut report, stated) = checkpoints(&mut log, public)?;
    let mut work: Vec<(bool, i64)> = streams(&mut log)?.into_iter().map(|s| (true, s)).collect();
    if !store.is_postgres() {
        work.extend(streams(&mut store.connect_main()?)?.into_iter().map(|s| (false, s)));
    }
    let walks = std::thread::scope(|scope| {
        let share = work.len().div_ceil(threads.max(1)).max(1);
        let handles: Vec<_> = work
            .chunks(share)
            .map(|part| scope.spawn(|| walk_all(store, part, &stated)))
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().map_err(|_| Error::broken("a verifying thread ended early"))?)
            .collect::<Result<Vec<Report>>>()
    })?;
    for walk in walks {
        report.streams += walk.streams;
        report.rows += walk.rows;
        report.erased += walk.erased;
        report.unsealed += walk.unsealed;
        report.troubles.extend(walk.troubles);
    }
    let walked: std::collections::BTreeSet<i64> = work.iter().map(|(_, stream)| *stream).collect();
    for (stream, (number, _)) in stated.iter().filter(|(stream, _)| !walked.contains(stream)) {
        let _ = stream;
        report.troubles.push(Trouble::Checkpoint { number: *number, what: "names a stream that is missing" });
    }
    Ok(report)
}

/// For each stream the heads that checkpoints state: the newest with its checkpoint's number, and all of them.
type Stated = BTreeMap<i64, (i64, Vec<(i64, StreamHead)>)>;

fn checkpoints(log: &mut Db, public: &[u8]) -> Result<(Report, Stated)> {
    let key = UnparsedPublicKey::new(&ED25519, public);
    let mut report = Report::default();
    let mut stated = Stated::new();
    let mut previous = Hash::default();
    let rows = log.rows("select number, at, heads, hash, signature from audit_checkpoint order by number", &[], |row| {
        Ok((row.int(0)?, row.int(1)?, row.blob(2)?, row.bytes::<32>(3)?, row.blob(4)?))
    })?;
    for (place, (number, at, heads, hash, signature)) in rows.into_iter().enumerate() {
        report.checkpoints += 1;
        let mut trouble = |what| report.troubles.push(Trouble::Checkpoint { number, what });
        if number != place as i64 + 1 {
            trouble("is out of order: one before it is missing");
        }
        if checkpoint_hash(number, at, &heads, &previous) != hash {
            trouble("does not fit the one before it");
        }
        if key.verify(&hash, &signature).is_err() {
            trouble("has a signature that does not fit");
        }
        match unpack(&heads) {
            None => trouble("has heads that do not read back"),
            Some(heads) => {
                for head in heads {
                    let entry = stated.entry(head.stream).or_insert((number, Vec::new()));
                    entry.0 = number;
                    entry.1.push((number, head));
                }
            }
        }
        previous = hash;
    }
    Ok((report, stated))
}

fn streams(db: &mut Db) -> Result<Vec<i64>> {
    // Rows whose stream row is gone are walked too: hiding a stream must not hide its rows.
    db.rows("select stream from audit_stream union select distinct stream from audit_row order by 1", &[], |row| row.int(0))
}

fn walk_all(store: &Store, work: &[(bool, i64)], stated: &Stated) -> Result<Report> {
    let mut report = Report::default();
    let mut log = store.connect_log()?;
    let mut main = store.connect_main()?;
    for (in_log, stream) in work {
        let db = if *in_log { &mut log } else { &mut main };
        walk(db, *stream, stated.get(stream).map(|(_, heads)| heads.as_slice()).unwrap_or_default(), &mut report)?;
    }
    Ok(report)
}

const PAGE: i64 = 5_000;

fn walk(db: &mut Db, stream: i64, heads: &[(i64, StreamHead)], report: &mut Report) -> Result<()> {
    const ROWS: &str = "select sequence, hash, commitment, salt, at, act, facility, person, answer, outcome, repeated, body
        from audit_row where stream = $1 and sequence > $2 order by sequence limit $3";
    let mut previous = Hash::default();
    let mut expected = 1;
    let mut heads = heads.iter().peekable();
    let mut sealed = 0;
    loop {
        let rows = db.rows(ROWS, &[stream.into(), (expected - 1).into(), PAGE.into()], |row| walked(row))?;
        let more = rows.len() as i64 == PAGE;
        for row in rows {
            let mut trouble = |what| report.troubles.push(Trouble::Row { stream, sequence: row.sequence, what });
            if row.sequence != expected {
                trouble("rows before it are missing");
            }
            if !row.bound {
                trouble("its content was changed");
            }
            if row_hash(stream, row.sequence, &previous, &row.commitment) != row.hash {
                trouble("does not fit the row before it");
            }
            while let Some((number, head)) = heads.next_if(|(_, head)| head.sequence <= row.sequence) {
                sealed = head.sequence;
                if head.sequence == row.sequence && head.hash != row.hash {
                    report.troubles.push(Trouble::Checkpoint { number: *number, what: "states another head for a stream" });
                }
            }
            report.rows += 1;
            report.erased += u64::from(row.erased);
            expected = row.sequence + 1;
            previous = row.hash;
        }
        if !more {
            break;
        }
    }
    if let Some((number, _)) = heads.next() {
        report.troubles.push(Trouble::Checkpoint { number: *number, what: "states rows that are missing at a stream's end" });
    }
    report.streams += 1;
    report.unsealed += (expected - 1 - sealed).max(0) as u64;
    Ok(())
}

struct Walked {
    sequence: i64,
    hash: Hash,
    commitment: Hash,
    bound: bool,
    erased: bool,
}

fn walked(row: &Row<'_>) -> Result<Walked> {
    let stated = row.bytes::<32>(2)?;
    let salt = row.opt_blob(3)?;
    let bound = match &salt {
        None => true,
        Some(salt) => {
            let (act, outcome) = (row.opt_text(5)?.unwrap_or_default(), row.opt_text(9)?.unwrap_or_default());
            let columns = Columns {
                at: row.opt_int(4)?.unwrap_or_default(),
                act: &act,
                facility: row.opt_int(6)?,
                person: row.opt_int(7)?,
                answer: row.opt_int(8)?,
                outcome: &outcome,
                repeated: row.opt_int(10)? == Some(1),
            };
            commitment(salt, &columns, &row.opt_blob(11)?.unwrap_or_default()) == stated
        }
    };
    Ok(Walked { sequence: row.int(0)?, hash: row.bytes(1)?, commitment: stated, bound, erased: salt.is_none() })
}
