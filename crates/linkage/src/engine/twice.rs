//! Rows whose own key (the spec's `key`) stands on an earlier row too. They are named as a problem; nothing else follows.
//!
//! Each row's key is hashed to 32 bits, rows are sorted by it, and rows that share a hash are read again: eighteen million
//! rows have some ten thousand of those by accident, which costs less than 64 bits for every row.
//!
//! A hash that millions of rows share is not held: they are read as they pass (split).
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
    runs::{Runs, Sheet, WordFile, put_away, sort_hashed, sorted},
    split::{See, Split},
};
use crate::{
    problem::{Problem, ProblemCode, Problems},
    source::Row,
};
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

/// How many rows have a key that stood before, and the first of them: as many as are listed.
#[derive(Default)]
struct Twice {
    rows: u64,
    first: Vec<u32>,
}

impl Twice {
    const MOST: usize = Problems::LISTED_MAX as usize;

    fn add(&mut self, row: u32) {
        self.rows += 1;
        self.first.push(row);
        if self.first.len() >= 2 * Twice::MOST {
            self.cut();
        }
    }

    /// The first ones, ascending.
    fn cut(&mut self) {
        self.first.sort_unstable();
        self.first.truncate(Twice::MOST);
    }
}

/// Reads rows that share a hash, in the order of the file.
struct Looking<'l, 's> {
    reading: &'l Reading<'s>,
    places: &'l Places,
    row: Row<'l>,
    spare: Vec<u64>,
    twice: Twice,
}

impl Looking<'_, '_> {
    /// A row, and the keys that were seen before it. Distinct keys with one hash are few, however many rows there are.
    fn look(&mut self, number: u32, seen: &mut HashSet<u64>) {
        self.reading.source.at(self.places.offset(number), &mut self.row);
        if !seen.insert(xxh3_64(self.row.key().as_bytes())) {
            self.twice.add(number);
        }
    }

    /// Records of whole hashes.
    fn look_at_all(&mut self, words: &mut [u64]) {
        // All begin with the bits of the partition's number.
        sort_hashed(words, &mut self.spare, |word| word << PARTS.ilog2());
        for group in words.chunk_by(|a, b| a >> 32 == b >> 32).filter(|group| group.len() > 1) {
            let mut seen = HashSet::new();
            group.iter().for_each(|word| self.look(*word as u32, &mut seen));
        }
    }

    /// A partition that is too large to be held.
    fn look_at_large(&mut self, runs: &Runs, part: usize, most: usize) -> Result<(), Fault> {
        // Units come in the order of the file, and in a unit rows do.
        let all = |see: &mut See<'_, u64>| {
            runs.each_unit(part, |_, words| words.iter().for_each(|word| see(false, *word)))
        };
        let mut crowded = Vec::new();
        let split = Split { all: &all, key: |word: &u64| u128::from(word >> 32), most };
        split.pieces(
            |[words, _]| {
                self.look_at_all(words);
                Ok(())
            },
            |hash| {
                crowded.push(hash as u64);
                Ok(())
            },
        )?;
        for hash in crowded {
            let mut seen = HashSet::new();
            all(&mut |_, word| {
                if word >> 32 == hash {
                    self.look(word as u32, &mut seen);
                }
            })?;
        }
        Ok(())
    }
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
        let sheet = sorted(&words, PARTS, |_, [record]| (record >> PART_AT) as usize);
        put_away(sheet, self.file.as_ref()).map(Some)
    }

    /// Names the rows.
    pub fn find(
        self,
        crew: &Crew<'_>,
        memory: &Memory,
        sheets: Vec<Sheet>,
        (reading, places): (&Reading<'_>, &Places),
        problems: &mut Problems,
    ) -> Result<(), Stopped> {
        if !self.wanted {
            return Ok(());
        }
        let runs = Runs { stride: 1, sheets, file: self.file };
        let most = memory.piece(crew.threads) / size_of::<u64>();
        let begin = || {
            let row = reading.source.row();
            (
                Looking { reading, places, row, spare: Vec::new(), twice: Twice::default() },
                Vec::new(),
                Vec::new(),
            )
        };
        let found = crew.each(PARTS, begin, |(looking, bytes, words), part| {
            if runs.size(part) > most {
                looking.look_at_large(&runs, part, most)?;
            } else {
                runs.partition(part, bytes, words, |_, _| ())?;
                looking.look_at_all(words);
            }
            looking.twice.cut();
            Ok(std::mem::take(&mut looking.twice))
        })?;
        let mut all = Twice::default();
        for twice in found {
            all.rows += twice.rows;
            all.first.extend(twice.first);
        }
        all.cut();
        for number in &all.first {
            let line = places.get(*number).line;
            let column = reading.spec.key.as_deref();
            problems.add(Problem::row(reading.side, line, column, ProblemCode::DuplicateKey));
        }
        problems.more(reading.side, ProblemCode::DuplicateKey, all.rows - all.first.len() as u64);
        Ok(())
    }
}
