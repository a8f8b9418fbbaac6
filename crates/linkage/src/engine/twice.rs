//! Rows whose own key (the spec's `key`) stands on an earlier row too. They are named as a problem; nothing else follows.
//!
//! Each row's key is hashed to 32 bits, rows are sorted by it, and rows that share a hash are read again: eighteen million
//! rows have some ten thousand of those by accident, which costs less than 64 bits for every row.
//!
//! Always holds: of rows with one key all but the first in the file are named, whatever the threads.
//! Not here: reading a key (source).
//! Rules come from: the issue, part D (duplicated keys).

use super::{
    Stopped,
    crew::Crew,
    place::Places,
    read::Reading,
    room::Memory,
    runs::{Runs, Sheet, WordFile, put_away, sorted},
};
use crate::problem::{Problem, ProblemCode, Problems};
use base::Fault;
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

/// Partitions; one of eighteen million rows has half a megabyte.
const PARTS: usize = 256;
const PART_AT: u32 = 64 - PARTS.ilog2();

/// Hashes of keys, as they are gathered.
pub(super) struct Keys {
    wanted: bool,
    file: Option<WordFile>,
}

impl Keys {
    /// For a file with so many rows, if it has keys.
    pub fn new(memory: &Memory, wanted: bool, rows: u32) -> Result<Keys, Fault> {
        // They are given back at the end of this stage, before the next large array is made.
        let file = match wanted && memory.left() < u64::from(rows) * 8 {
            true => Some(WordFile::new(memory.file()?, 0)),
            false => None,
        };
        Ok(Keys { wanted, file })
    }

    /// The hashes of rows beginning with this one; 0 for a row without key.
    pub fn sheet(&self, first_row: u32, hashes: &[u32]) -> Result<Option<Sheet>, Fault> {
        if !self.wanted {
            return Ok(None);
        }
        let with_key = (first_row..).zip(hashes).filter(|(_, hash)| **hash != 0);
        let words: Vec<u64> = with_key.map(|(row, hash)| u64::from(*hash) << 32 | u64::from(row)).collect();
        let sheet = sorted(&words, 1, PARTS, |_, record| (record[0] >> PART_AT) as usize);
        put_away(sheet, self.file.as_ref()).map(Some)
    }

    /// Names the rows.
    pub fn find(
        self,
        crew: &Crew<'_>,
        sheets: Vec<Sheet>,
        reading: &Reading<'_>,
        places: &Places,
        problems: &mut Problems,
    ) -> Result<(), Stopped> {
        if !self.wanted {
            return Ok(());
        }
        let runs = Runs { stride: 1, sheets, file: self.file };
        let found = crew.each(
            PARTS,
            || (reading.source.row(), Vec::new(), Vec::new()),
            |(row, bytes, words), part| {
                runs.partition(part, bytes, words, |_, _| ())?;
                words.sort_unstable();
                let mut twice = Vec::new();
                for group in words.chunk_by(|a, b| a >> 32 == b >> 32).filter(|group| group.len() > 1) {
                    // Distinct keys with one hash are few, however many rows there are.
                    let mut seen = HashSet::new();
                    for word in group {
                        let number = *word as u32;
                        reading.source.at(places.offset(number), row);
                        if !seen.insert(xxh3_64(row.key().as_bytes())) {
                            twice.push(number);
                        }
                    }
                }
                Ok(twice)
            },
        )?;
        for number in found.into_iter().flatten() {
            let line = places.get(number).line;
            let column = reading.spec.key.as_deref();
            problems.add(Problem::row(reading.side, line, column, ProblemCode::DuplicateKey));
        }
        Ok(())
    }
}
