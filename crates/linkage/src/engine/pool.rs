//! Third stage, first half: rows that the exact stage left get the keys under which they may meet.
//!
//! What keys are made of was kept by the first reading, if the memory cap allowed; else rows are read again. Keys of A set
//! bits in a sieve, and what no row of A has is not kept of B: most rows of B meet nobody, and are not read again at all.
//! Those that are in a pair are read once more, and their forms kept, since each is compared several times.
//!
//! The same serves a second time, when what is left of A looks aside at what the exact stage linked (aside).
//!
//! Always holds: the same keys for any number of threads; whether a form, or what keys are made of, is kept or read again
//! changes no result.
//! Not here: what keys are (keys); what is done with them (buckets, score).
//! Rules come from: the issue, part C; the reference on matching, section 3.

use super::{
    Stopped, body,
    crew::{Crew, Share},
    detail::{self, EXACT, Kind, PAIRED},
    parts::{KeyParts, Known, PARTS_WORDS, known_of, words_of},
    read::Side,
    room::{Memory, Room},
    runs::{Held, Runs, Sheet, WordFile, put_away, sorted},
};
use crate::{
    form::{Form, Texts},
    keys::{self, Counted, KINDS, PLAIN},
    problem::Problem,
    rules::rarity::Counts,
    soon::soon,
    source::{self, Row, Source},
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

/// Rows whose memory is asked for together.
const AT_ONCE: usize = 64;

/// How many units so many rows are.
fn units(rows: u32) -> usize {
    rows.div_ceil(UNIT) as usize
}

/// The rows of a unit.
fn rows(side: &Side, unit: usize) -> Range<u32> {
    let first = (unit as u32) << UNIT_BITS;
    first..side.rows.min(first.saturating_add(UNIT))
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
        if memory.spares(self.size()) { self } else { Bodies::default() }
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64 + 4 * self.spots.len() as u64
    }
}

/// Keys that A has: two bits of a word for each hash. Hashes may share bits, which lets a key through that meets nobody.
pub(super) struct Sieve {
    words: Room,
}

impl Sieve {
    /// For so many rows of A: some ten bits for each of its keys, so that one of thirty strangers passes, and as much as
    /// possible stays near to the processor; fewer bits, of which more strangers pass, where half of the memory that is left
    /// has no more. Taken of the cap in any case.
    pub fn new(memory: &Memory, rows: u64) -> Sieve {
        let words = (rows + rows / 2).min(memory.left() / 2 / 8).clamp(1 << 10, 1 << 24);
        memory.need(words * 8);
        Sieve { words: Room::zeros(words as usize) }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> u64 {
        self.words.words().len() as u64 * 8
    }

    fn place(&self, hash: u64) -> (&AtomicU64, u64) {
        // The word by other bits than those that sort into partitions, or that are kept: what differs in them alone, and
        // would meet by accident, does not pass as a rule.
        let words = self.words.words();
        let word = (u64::from((hash >> 25) as u32) * words.len() as u64) >> 32;
        (&words[word as usize], 1 << (hash & 63) | 1 << (hash >> 6 & 63))
    }

    fn set(&self, hash: u64) {
        let (word, bits) = self.place(hash);
        word.fetch_or(bits, Ordering::Relaxed);
    }

    fn has(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        word.load(Ordering::Relaxed) & bits == bits
    }

    /// Which of these the sieve has, as bits; 0 is no key. Nothing here depends on what was found before, so that the words
    /// of many come from memory together.
    fn having(&self, hashes: &[u64; PLAIN]) -> u32 {
        let bit = |at: usize, hash: u64| u32::from(hash != 0 && self.has(hash)) << at;
        hashes.iter().enumerate().fold(0, |bits, (at, hash)| bits | bit(at, *hash))
    }
}

/// Which of these are keys, as bits.
fn there(hashes: &[u64; PLAIN]) -> u32 {
    hashes.iter().enumerate().fold(0, |bits, (at, hash)| bits | u32::from(*hash != 0) << at)
}

/// The places of the bits that are set.
fn each_bit(mut bits: u32, mut each: impl FnMut(usize)) {
    while bits != 0 {
        each(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// A thread's buffers for reading single rows.
pub(super) struct Reader<'s> {
    row: Row<'s>,
    buffers: source::Buffers<'s>,
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

    /// Drops the forms, and gives back what they took of the memory cap.
    pub fn give_back(self, memory: &Memory) {
        memory.give(self.bodies.iter().map(Bodies::size).sum());
    }

    /// Buffers for this side.
    pub fn reader(&self) -> Reader<'p> {
        Reader {
            row: self.source.row(),
            buffers: source::Buffers::default(),
            problems: Vec::new(),
            form: Form::default(),
            counted: Counted::default(),
        }
    }

    /// Reads a row into the reader: from its packed form, or from the file.
    pub fn get(&self, row: u32, reader: &mut Reader<'p>) {
        match self.body(row) {
            Some(body) => reader.counted = body::unpack(body, &mut reader.form),
            None => self.read(row, reader),
        }
    }

    /// A row's packed form, and what is packed behind it.
    fn body(&self, row: u32) -> Option<&[u8]> {
        let bodies = self.bodies.get((row >> UNIT_BITS) as usize)?;
        let spot = *bodies.spots.get((row % UNIT) as usize)?;
        bodies.bytes.get((spot as usize).checked_sub(1)?..)
    }

    /// These rows are read soon, with what is known of them, and how often their names and towns occur: see [`Source::soon`].
    pub fn soon(&self, rows: impl Iterator<Item = u32>, counts: &Counts) {
        /// A packed form has about two lines of memory.
        const NEXT: usize = 64;
        self.source.soon(rows.filter_map(|row| {
            self.side.soon(row);
            let Some(body) = self.body(row) else { return Some(self.side.places.offset(row)) };
            if let Some(next) = body.get(NEXT) {
                soon(next);
            }
            // For this the first line has to be there, but what is counted lies farther away.
            counts.soon(body::counted(body));
            None
        }));
    }

    fn read(&self, row: u32, reader: &mut Reader<'p>) {
        self.source.at(self.side.places.offset(row), &mut reader.row);
        // Problems were told when the row was read first.
        let read = reader.row.form(&mut reader.buffers, &mut reader.form, &mut reader.problems);
        if read.is_none() {
            reader.form.read(&Texts::default());
        }
        reader.problems.clear();
        reader.counted = keys::counted(&reader.form);
    }
}

/// Records of keys as they are gathered.
#[derive(Default)]
struct Records {
    words: Vec<u64>,
    parts: Vec<u16>,
}

impl Records {
    fn add(&mut self, row: u64, kind: usize, hash: u64) {
        self.words.push(hash << 32 | row);
        let part = kind * SPLIT + (hash >> (64 - SPLIT_BITS)) as usize;
        self.parts.push(part as u16);
    }

    /// Takes them out by partition, into the file if memory is short.
    fn sheet(&mut self, memory: &Memory, file: &WordFile) -> Result<Sheet, Fault> {
        let sheet = sorted(&self.words, PARTS, |number, [_]| usize::from(self.parts[number]));
        let fits = memory.spares(self.words.len() as u64 * 8);
        self.words.clear();
        self.parts.clear();
        put_away(sheet, (!fits).then_some(file))
    }
}

/// Makes the records of rows.
struct Keyed<'k, 's> {
    pool: &'k Pool<'s>,
    reader: Reader<'s>,
    blocks: Vec<(u8, u64)>,
    /// Rows that have no other keys than these.
    plain: Vec<(u64, [u64; PLAIN])>,
    /// Which of each row's keys the sieve has.
    having: Vec<u32>,
    records: Records,
    of_b: bool,
    sieve: &'k Sieve,
    counts: &'k Counts,
}

impl<'k, 's> Keyed<'k, 's> {
    /// Of A all records, which set the sieve; of B those that the sieve lets through.
    fn new(pool: &'k Pool<'s>, (of_b, sieve, counts): (bool, &'k Sieve, &'k Counts)) -> Keyed<'k, 's> {
        Keyed {
            pool,
            reader: pool.reader(),
            blocks: Vec::new(),
            plain: Vec::with_capacity(AT_ONCE),
            having: Vec::with_capacity(AT_ONCE),
            records: Records::default(),
            of_b,
            sieve,
            counts,
        }
    }

    /// A row's, of which something is known.
    fn add(&mut self, row: u32, known: Known<'_>) {
        let number = u64::from(row) | if self.of_b { OF_B } else { 0 };
        match known {
            Known::Parts(parts, []) => {
                self.plain.push((number, keys::plain(&parts)));
                if self.plain.len() == AT_ONCE {
                    self.add_plain();
                }
                return;
            }
            Known::Parts(parts, more) => {
                let further = more.iter().map(|more| more.further());
                self.counts.blocks_of(&parts, further, &mut self.blocks);
            }
            Known::Nothing => {
                self.pool.read(row, &mut self.reader);
                self.counts.blocks(&self.reader.form, &mut self.blocks);
            }
        }
        for (kind, hash) in &self.blocks {
            if self.of_b && !self.sieve.has(*hash) {
                continue;
            }
            if !self.of_b {
                self.sieve.set(*hash);
            }
            self.records.add(number, usize::from(*kind), *hash);
        }
    }

    /// Those of the rows in `plain`. Most rows of B have none that passes.
    fn add_plain(&mut self) {
        let Keyed { plain, having, records, of_b, sieve, .. } = self;
        having.clear();
        having.extend(plain.iter().map(|(_, hashes)| sieve.having(hashes)));
        for ((number, hashes), has) in plain.drain(..).zip(&*having) {
            let mut wanted = *has;
            if !*of_b {
                wanted = there(&hashes);
                // What is there already spares a locked write; the words of the others were fetched just now.
                each_bit(wanted & !has, |at| sieve.set(hashes[at]));
            }
            each_bit(wanted, |at| records.add(number, at + 1, hashes[at]));
        }
    }

    /// The records of all rows that were added, by partition.
    fn sheet(&mut self, memory: &Memory, file: &WordFile) -> Result<Sheet, Fault> {
        self.add_plain();
        self.records.sheet(memory, file)
    }
}

/// What the keys of rows that look aside, or are looked at then, are made of.
pub(super) enum Laid {
    /// Those of all rows, as they were.
    Whole(KeyParts),
    /// Those of these rows alone: of A those that the exact stage left, of B those that it linked.
    Aside(Runs),
}

impl Laid {
    /// Bytes that it takes of the memory cap.
    pub fn taken(&self) -> u64 {
        match self {
            Laid::Whole(parts) => parts.taken,
            Laid::Aside(runs) => runs.heap_bytes(),
        }
    }
}

/// The records of the keys of a side's open rows. Beside them, if that is asked for, what keys are made of that is known
/// of the rows that look aside, or are looked at then.
pub(super) fn gather(
    crew: &Crew<'_>,
    memory: &Memory,
    (source, side, parts, lays_aside): (&Source, &Side, &KeyParts, bool),
    (of_b, sieve, counts): (bool, &Sieve, &Counts),
    progress: &Share<'_>,
) -> Result<(Runs, Runs), Stopped> {
    let pool = Pool::new(source, side);
    let (file, file_aside) = (WordFile::new(memory.file()?, 0), WordFile::new(memory.file()?, 0));
    let begin = || (Keyed::new(&pool, (of_b, sieve, counts)), Vec::new());
    let found = crew.each(units(side.rows), begin, |(keyed, aside), unit| {
        aside.clear();
        for row in rows(side, unit) {
            let open = side.detail_of(row) & EXACT == 0;
            let is_laid = lays_aside && open != of_b;
            if !open && !is_laid {
                continue;
            }
            let known = parts.get(side, row);
            if is_laid && parts.taken > 0 {
                aside.extend(words_of(known));
            }
            if open {
                keyed.add(row, known);
            }
        }
        progress.add(rows(side, unit).len() as u64);
        Ok((keyed.sheet(memory, &file)?, laid_aside(memory, aside, &file_aside)?))
    })?;
    let (sheets, sheets_aside) = found.into_iter().unzip();
    let aside = Runs { stride: PARTS_WORDS, sheets: sheets_aside, file: Some(file_aside) };
    Ok((Runs { stride: 1, sheets, file: Some(file) }, aside))
}

/// A unit's parts, in memory if that spares it. A file costs little: they are written once and read once, in their order.
fn laid_aside(memory: &Memory, words: &[u64], file: &WordFile) -> Result<Sheet, Fault> {
    let records = (words.len() / PARTS_WORDS) as u32;
    if words.is_empty() || memory.spares(words.len() as u64 * 8) {
        return Ok(Sheet { bounds: vec![0, records], held: Held::Heap(words.to_vec()) });
    }
    Ok(Sheet { bounds: vec![0, records], held: Held::File(file.append(words)?) })
}

/// The records of rows that look aside (of A: what is not linked by now), or are looked at then (of B: what the exact stage
/// linked).
pub(super) fn gather_aside(
    crew: &Crew<'_>,
    memory: &Memory,
    (source, side, laid): (&Source, &Side, &Laid),
    (of_b, sieve, counts): (bool, &Sieve, &Counts),
    progress: &Share<'_>,
) -> Result<Runs, Stopped> {
    let pool = Pool::new(source, side);
    let file = WordFile::new(memory.file()?, 0);
    let begin = || (Keyed::new(&pool, (of_b, sieve, counts)), Vec::new(), Vec::new());
    let sheets = crew.each(units(side.rows), begin, |(keyed, bytes, words), unit| {
        if let Laid::Aside(runs) = laid {
            runs.unit(unit, bytes, words)?;
        }
        let mut aside = words.as_chunks::<PARTS_WORDS>().0.iter();
        for row in rows(side, unit) {
            let detail = side.detail_of(row);
            if (detail & EXACT != 0) == of_b {
                let known = match laid {
                    Laid::Whole(parts) => parts.get(side, row),
                    Laid::Aside(_) => aside.next().map_or(Known::Nothing, known_of),
                };
                if of_b || looks_aside(detail) {
                    keyed.add(row, known);
                }
            }
        }
        progress.add(rows(side, unit).len() as u64);
        keyed.sheet(memory, &file)
    })?;
    Ok(Runs { stride: 1, sheets, file: Some(file) })
}

/// Whether a row of A looks aside.
fn looks_aside(detail: u64) -> bool {
    !matches!(detail::kind(detail), Kind::Link(_))
}

/// How many rows of A look aside.
pub(super) fn looking_aside(side: &Side) -> u64 {
    let details = side.detail.words().iter().map(|detail| detail.load(Ordering::Relaxed));
    details.filter(|detail| looks_aside(*detail)).count() as u64
}

/// Reads the rows of B that are in a pair and have these flags of [`PAIRED`] and [`EXACT`], and keeps their forms as far as
/// the memory spares it.
pub(super) fn paired<'p>(
    crew: &Crew<'_>,
    memory: &Memory,
    (source, side, counts): (&'p Source, &'p Side, &Counts),
    flags: u64,
    progress: &Share<'_>,
) -> Result<Pool<'p>, Stopped> {
    let mut pool = Pool::new(source, side);
    let bodies = crew.each(
        units(side.rows),
        || (pool.reader(), Vec::new()),
        |(reader, wanted), unit| {
            let mut bodies = Bodies::default();
            // When nothing is left, reading would be for nothing.
            if memory.has_spare() {
                let is_wanted = |row: &u32| side.detail_of(*row) & (PAIRED | EXACT) == flags;
                wanted.clear();
                wanted.extend(rows(side, unit).filter(is_wanted));
                for few in wanted.chunks(AT_ONCE) {
                    pool.soon(few.iter().copied(), counts);
                    for row in few {
                        pool.read(*row, reader);
                        bodies.pack(*row, reader);
                    }
                }
            }
            progress.add(rows(side, unit).len() as u64);
            Ok(bodies.if_spared(memory))
        },
    )?;
    pool.bodies = bodies;
    Ok(pool)
}
