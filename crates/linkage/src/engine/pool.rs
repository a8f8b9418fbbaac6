//! Third stage, first half: rows that the exact stage left get the keys under which they may meet.
//!
//! What keys are made of was kept by the first reading, if the memory cap allowed; else rows are read again. Keys of A set
//! bits in a sieve, and what no row of A has is not kept of B: most rows of B meet nobody, and are not read again at all.
//! Those that are in a pair are read once more, and their forms kept, since each is compared several times.
//!
//! Always holds: the same keys for any number of threads; whether a form, or what keys are made of, is kept or read again
//! changes no result.
//! Not here: what keys are (keys); what is done with them (buckets, score).
//! Rules come from: the issue, part C; the reference on matching, section 3.

use super::{
    Stopped, body,
    crew::{Crew, Share},
    detail::{self, Kind, PAIRED},
    read::{KeyParts, Side},
    room::Memory,
    runs::{Runs, Sheet, WordFile, put_away, sorted},
};
use crate::{
    form::{Form, Texts},
    keys::{self, Counted, KINDS},
    problem::Problem,
    source::{Row, Source},
};
use base::Fault;
use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

/// Rows of a unit.
const UNIT: u32 = 1 << UNIT_BITS;
const UNIT_BITS: u32 = 14;

/// Partitions of one kind of key. 32 bits of the hash are kept in a record, seven more say the partition: of twelve million
/// rows against eighteen, some hundred meet a stranger by accident, and are found to have nothing in common.
const SPLIT: usize = 1 << SPLIT_BITS;
const SPLIT_BITS: u32 = 7;

/// All partitions.
pub(super) const PARTS: usize = KINDS.len() * SPLIT;

/// In a record, the row is of B.
pub(super) const OF_B: u64 = 1 << 31;

/// The kind of a partition's keys.
pub(super) fn kind(part: usize) -> usize {
    part / SPLIT
}

/// How many units so many rows are.
pub(super) fn units(rows: u32) -> usize {
    rows.div_ceil(UNIT) as usize
}

/// The rows of a unit.
fn rows(side: &Side, unit: usize) -> Range<u32> {
    let first = (unit as u32) << UNIT_BITS;
    first..side.rows.min(first.saturating_add(UNIT))
}

fn detail(side: &Side, row: u32) -> u64 {
    side.detail.words()[row as usize].load(Ordering::Relaxed)
}

/// Rows of one side that are compared, with all that reading one needs.
pub(super) struct Pool<'p> {
    /// The file.
    pub source: &'p Source,
    /// What is known of it.
    pub side: &'p Side,
    /// Packed forms, by unit; an empty list when there is none of the unit.
    bodies: Vec<Bodies>,
}

/// Packed forms of a unit's rows.
#[derive(Default)]
struct Bodies {
    /// Where each row's begins, plus one; 0 for rows without.
    spots: Vec<u32>,
    bytes: Vec<u8>,
}

impl Bodies {
    fn pack(&mut self, row: u32, reader: &Reader<'_>) {
        self.spots.resize(UNIT as usize, 0);
        self.spots[(row % UNIT) as usize] = self.bytes.len() as u32 + 1;
        body::pack(&reader.form, reader.counted, &mut self.bytes);
    }

    /// Itself if the memory spares it; nothing otherwise.
    fn if_spared(mut self, memory: &Memory) -> Bodies {
        self.bytes.shrink_to_fit();
        let size = self.bytes.len() as u64 + 4 * self.spots.len() as u64;
        if memory.spares(size) { self } else { Bodies::default() }
    }
}

/// Keys that A has: a bit for each hash. Two hashes may share a bit, which lets a key through that meets nobody.
pub(super) struct Sieve {
    bits: Vec<AtomicU64>,
}

impl Sieve {
    /// For so many rows of A: sixteen bits for each of some ten keys, so that one of sixteen strangers passes.
    pub fn new(rows: u64) -> Sieve {
        let words = (rows * 160 / 64).next_power_of_two().clamp(1 << 10, 1 << 24);
        Sieve { bits: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> u64 {
        self.bits.len() as u64 * 8
    }

    fn place(&self, hash: u64) -> (&AtomicU64, u64) {
        // Other bits than those that sort into partitions, or that are kept.
        let at = (hash >> 20) as usize;
        (&self.bits[at / 64 % self.bits.len()], 1 << (at % 64))
    }

    fn set(&self, hash: u64) {
        let (word, bit) = self.place(hash);
        // Reading first spares a locked write where the bit is set already.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    fn has(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        word.load(Ordering::Relaxed) & bit != 0
    }
}

/// A thread's buffers for reading single rows.
pub(super) struct Reader<'s> {
    row: Row<'s>,
    texts: Texts,
    problems: Vec<Problem>,
    /// The row that was read last.
    pub form: Form,
    /// Its hashes for rarity.
    pub counted: Counted,
}

impl<'p> Pool<'p> {
    /// A side of which every row is read from the file.
    pub fn new(source: &'p Source, side: &'p Side) -> Pool<'p> {
        Pool { source, side, bodies: Vec::new() }
    }

    /// Buffers for this side.
    pub fn reader(&self) -> Reader<'p> {
        Reader {
            row: self.source.row(),
            texts: Texts::default(),
            problems: Vec::new(),
            form: Form::default(),
            counted: Counted::default(),
        }
    }

    /// Reads a row into the reader: from its packed form, or from the file.
    pub fn get(&self, row: u32, reader: &mut Reader<'p>) {
        let bodies = self.bodies.get((row >> UNIT_BITS) as usize);
        let spot = bodies.and_then(|bodies| Some((bodies, *bodies.spots.get((row % UNIT) as usize)?)));
        match spot {
            Some((bodies, spot)) if spot > 0 => {
                reader.counted = body::unpack(&bodies.bytes[spot as usize - 1..], &mut reader.form);
            }
            _ => self.read(row, reader),
        }
    }

    fn read(&self, row: u32, reader: &mut Reader<'p>) {
        self.source.at(self.side.places.offset(row), &mut reader.row);
        // Problems were told when the row was read first.
        reader.row.texts(&mut reader.texts, &mut reader.problems);
        reader.problems.clear();
        reader.form.read(&reader.texts);
        reader.counted = keys::counted(&reader.form);
    }
}

/// Records of keys as they are gathered.
#[derive(Default)]
struct Records {
    blocks: Vec<(u8, u64)>,
    words: Vec<u64>,
    parts: Vec<u16>,
}

impl Records {
    /// Adds those of `blocks` that are wanted.
    fn add(&mut self, row: u64, wanted: impl Fn(u64) -> bool) {
        for (kind, hash) in self.blocks.iter().filter(|(_, hash)| wanted(*hash)) {
            self.words.push(hash << 32 | row);
            let part = usize::from(*kind) * SPLIT + (hash >> (64 - SPLIT_BITS)) as usize;
            self.parts.push(part as u16);
        }
    }

    /// Takes them out by partition, into the file if memory is short.
    fn sheet(&mut self, memory: &Memory, file: &WordFile) -> Result<Sheet, Fault> {
        let sheet = sorted(&self.words, 1, PARTS, |number, _| usize::from(self.parts[number]));
        let fits = memory.spares(self.words.len() as u64 * 8);
        self.words.clear();
        self.parts.clear();
        put_away(sheet, (!fits).then_some(file))
    }
}

/// The records of the keys of a side's open rows: of A all, which set the sieve; of B those that the sieve lets through.
pub(super) fn gather(
    crew: &Crew<'_>,
    memory: &Memory,
    (source, side, parts): (&Source, &Side, &KeyParts),
    (of_b, sieve): (bool, &Sieve),
    progress: &Share<'_>,
) -> Result<Runs, Stopped> {
    let pool = Pool::new(source, side);
    let file = WordFile::new(memory.file()?, 0);
    let begin = || (pool.reader(), Records::default());
    let sheets = crew.each(units(side.rows), begin, |(reader, records), unit| {
        for row in rows(side, unit).filter(|row| detail::kind(detail(side, *row)) == Kind::Open) {
            match parts.get(side, row) {
                Some(parts) if !parts.more => keys::blocks_of(&parts, &mut records.blocks),
                _ => {
                    pool.read(row, reader);
                    keys::blocks(&reader.form, &mut records.blocks);
                }
            }
            if of_b {
                records.add(OF_B | u64::from(row), |hash| sieve.has(hash));
            } else {
                records.blocks.iter().for_each(|(_, hash)| sieve.set(*hash));
                records.add(u64::from(row), |_| true);
            }
        }
        progress.add(1);
        records.sheet(memory, &file)
    })?;
    Ok(Runs { stride: 1, sheets, file: Some(file) })
}

/// Reads the rows of B that are in a pair, and keeps their forms as far as the memory spares it.
pub(super) fn paired<'p>(
    crew: &Crew<'_>,
    memory: &Memory,
    (source, side): (&'p Source, &'p Side),
    progress: &Share<'_>,
) -> Result<Pool<'p>, Stopped> {
    let mut pool = Pool::new(source, side);
    let bodies = crew.each(
        units(side.rows),
        || pool.reader(),
        |reader, unit| {
            let mut bodies = Bodies::default();
            // When nothing is left, reading would be for nothing.
            if memory.has_spare() {
                for row in rows(side, unit).filter(|row| detail(side, *row) & PAIRED != 0) {
                    pool.read(row, reader);
                    bodies.pack(row, reader);
                }
            }
            progress.add(1);
            Ok(bodies.if_spared(memory))
        },
    )?;
    pool.bodies = bodies;
    Ok(pool)
}
