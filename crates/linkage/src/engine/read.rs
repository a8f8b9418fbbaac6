//! First stage: every row of a file is read once, and what is kept of it is its place, a detail and two keys.
//!
//! B is read before A: how rare a name is in B is known when A is read, so that a row of A knows already what a link to a
//! row equal to it would say (its levels against itself). Links of equal rows then need no second reading.
//!
//! Always holds: rows are numbered in the order of the file; what is kept does not depend on threads, chunks or memory.
//! Not here: bytes and columns (source); what becomes of equal keys (exact).
//! Rules come from: the issue, parts B and C.

use super::{
    Stopped,
    crew::{Crew, Progress},
    detail,
    exact::{self, STRIDE},
    kept::Kept,
    mirrors::{self, Mirror, Mirrors},
    parts::{ChunkParts, KeyParts},
    place::{ChunkPlace, Chunks, Places, set_start},
    room::{Memory, Room},
    runs::{Held, Runs, Sheet, sorted},
    twice,
};
use crate::{
    form::{Doubts, Form},
    keys,
    problem::{Problem, Problems},
    rules::{Rarity, rarity::Counts},
    soon::soon,
    source::{self, RawHash, Row, Source},
    spec,
};
use base::Fault;
use std::{
    ops::Range,
    sync::{Mutex, PoisonError, atomic::Ordering},
};

/// Row numbers have 31 bits: the 32nd says which file in lists of both.
pub(super) const ROWS_MAX: u64 = 1 << 31;

/// What is known of a file after reading it.
pub(super) struct Side {
    /// How many rows it has.
    pub rows: u32,
    /// Where they stand.
    pub places: Places,
    /// Each row's detail.
    pub detail: Room,
    /// Each row's key.
    pub key: Room,
}

impl Side {
    /// A row's detail as it is now.
    pub fn detail_of(&self, row: u32) -> u64 {
        self.detail.words()[row as usize].load(Ordering::Relaxed)
    }

    /// A row's key as it is now.
    pub fn key_of(&self, row: u32) -> u64 {
        self.key.words()[row as usize].load(Ordering::Relaxed)
    }

    /// Both are read soon; rows are asked for in any order.
    pub fn soon(&self, row: u32) {
        soon(&self.detail.words()[row as usize]);
        soon(&self.key.words()[row as usize]);
    }
}

/// What a file is read with.
pub(super) struct Reading<'r> {
    /// `A` or `B`.
    pub side: char,
    /// The file.
    pub source: &'r Source,
    /// What the spec says of it.
    pub spec: &'r spec::Side,
    /// How often names and towns occur in B: added to while B is read, asked while A is.
    pub counts: &'r Counts,
    /// What is known of rows of B: kept while B is read, asked while A is.
    pub mirrors: Option<&'r Mirrors>,
    /// Its chunks.
    pub chunks: Vec<Range<u64>>,
    /// Rows have about so many bytes.
    pub row_bytes: u64,
    /// Partitions of the exact stage.
    pub parts: usize,
    /// Where finished chunks are kept for a later run, if the file is large.
    pub kept: Option<Kept>,
    /// What keys are made of stays in memory for the third stage: so many bytes were taken for it, or 0 and it does not.
    pub parts_taken: u64,
    /// Whether what is kept is too much for the memory, and stays in the file until it is needed.
    pub spilled: bool,
}

/// What a chunk's rows left.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Lines of the chunk.
    pub lines: u64,
    /// Bytes between the chunk's beginning and each row.
    pub starts: Vec<u32>,
    /// Details of the rows.
    pub details: Vec<u64>,
    /// From this row of the chunk on, so many more lines than rows.
    pub breaks: Vec<(u32, u32)>,
    /// Where partitions begin in `entries`, counted in records.
    pub bounds: Vec<u32>,
    /// Records for the exact stage, by partition; row numbers count from the chunk's first.
    pub entries: Vec<u64>,
    /// Of B, when the chunk is kept: hashes of the identifiers that rows have, then two words a row, hashes of its name and town.
    /// They are counted again by a later run.
    pub counted: Vec<u64>,
    /// Hashes of the rows' own keys, if the file has such.
    pub own_keys: Vec<u32>,
    /// What the rows' blocking keys are made of, when that stays in memory. It is not kept for a later run.
    pub parts: ChunkParts,
    /// Problems, with lines from 1 in the chunk.
    pub problems: Problems,
}

/// What is known of a chunk when it is read.
struct Head {
    rows: u32,
    lines: u64,
    parts: ChunkParts,
    /// Nothing when it is in the file of kept ones.
    leaf: Option<Leaf>,
}

/// Rows that are cut before the first of them is read: enough that what they need of memory comes in time, and few enough to
/// stay in a processor's first cache.
const AHEAD: usize = 32;

/// A row that is cut and not read yet.
struct Ahead<'s> {
    row: Row<'s>,
    /// Whether it can be read.
    readable: bool,
    raw: RawHash,
    problems: Vec<Problem>,
}

/// Buffers of a thread.
struct Buffers<'s> {
    ahead: Vec<Ahead<'s>>,
    source: source::Buffers<'s>,
    form: Form,
    words: Vec<u64>,
    mirrors: Vec<mirrors::Entry>,
    /// Names and towns of the chunk's rows: of B to be counted, of A to be looked up (nothing where no link can follow).
    /// All at once at the chunk's end, since a row by itself would wait for the memory in which counts are.
    counted: Vec<keys::Counted>,
}

/// Reads a file. Records for the exact stage, and what keys are made of, come apart from the rest: they go earlier.
pub(super) fn read(
    crew: &Crew<'_>,
    memory: &Memory,
    reading: Reading<'_>,
    progress: &Progress<'_>,
    problems: &mut Problems,
) -> Result<(Side, Runs, KeyParts), Stopped> {
    let heads = crew.each(
        reading.chunks.len(),
        || reading.buffers(),
        |buffers, number| {
            let mut head = reading.chunk(buffers, number)?;
            head.parts.if_spared(memory);
            let chunk = &reading.chunks[number];
            progress.add(chunk.end - chunk.start);
            Ok(head)
        },
    )?;
    let mut chunks = Vec::new();
    let (mut row, mut line) = (0_u64, reading.source.first_line());
    for (Head { rows, lines, .. }, chunk) in heads.iter().zip(&reading.chunks) {
        chunks.push(ChunkPlace { first_row: row as u32, start: chunk.start, first_line: line });
        row += u64::from(*rows);
        line += lines;
        if row > ROWS_MAX {
            let fault = Fault::new("a file has more than 2,147,483,648 rows; cut it in parts");
            return Err(Stopped::Broken(
                fault.in_japanese("ファイルが 2,147,483,648 行を超えています。分けて突合してください。"),
            ));
        }
    }
    let (mut leaves, mut parts) = (Vec::new(), Vec::new());
    for head in heads {
        leaves.push(Mutex::new(head.leaf));
        parts.push(head.parts);
    }
    let taken = reading.parts_taken;
    let (side, runs) = settle(crew, memory, reading, row as u32, chunks, &leaves, problems)?;
    Ok((side, runs, KeyParts::new(parts, taken)))
}

/// Puts together what the chunks left, now that every row's number is known.
fn settle(
    crew: &Crew<'_>,
    memory: &Memory,
    reading: Reading<'_>,
    rows: u32,
    chunks: Vec<ChunkPlace>,
    leaves: &[Mutex<Option<Leaf>>],
    problems: &mut Problems,
) -> Result<(Side, Runs), Stopped> {
    let (starts, details) = (memory.room(rows as usize / 2 + 1)?, memory.room(rows as usize)?);
    let own_keys = twice::Keys::new(memory, reading.spec.key.is_some(), rows)?;
    let found = crew.each(
        leaves.len(),
        || (),
        |(), number| {
            let here = leaves[number].lock().unwrap_or_else(PoisonError::into_inner).take();
            let (leaf, at) = match (here, &reading.kept) {
                (Some(leaf), _) => (leaf, None),
                (None, Some(kept)) => kept.get(number, !reading.spilled)?,
                (None, None) => return Err(Fault::new("a chunk was read and is nowhere")),
            };
            let first_row = chunks[number].first_row;
            for (row, (start, detail)) in (first_row..).zip(leaf.starts.iter().zip(&leaf.details)) {
                set_start(&starts, row, *start);
                details.words()[row as usize].store(*detail, Ordering::Relaxed);
            }
            let held = match at {
                Some(at) if reading.spilled => Held::File(at),
                _ => Held::Heap(leaf.entries),
            };
            let breaks: Vec<(u32, u32)> =
                leaf.breaks.iter().map(|(row, more)| (first_row + row, *more)).collect();
            let own_keys = own_keys.sheet(first_row, &leaf.own_keys)?;
            Ok((Sheet { bounds: leaf.bounds, held }, own_keys, breaks, leaf.problems))
        },
    )?;
    let (mut sheets, mut own_sheets, mut breaks) = (Vec::new(), Vec::new(), Vec::new());
    for ((sheet, own_sheet, more, found), chunk) in found.into_iter().zip(&chunks) {
        sheets.push(sheet);
        own_sheets.extend(own_sheet);
        breaks.extend(more);
        problems.merge(found, chunk.first_line - 1);
    }
    let of = Chunks::new(chunks.iter().map(|chunk| chunk.first_row).collect(), rows);
    let places = Places { chunks, of, starts, breaks };
    own_keys.find(crew, memory, own_sheets, (&reading, &places), problems)?;
    let side = Side { rows, places, detail: details, key: memory.room(rows as usize)? };
    Ok((side, Runs { stride: STRIDE, sheets, file: reading.kept.map(Kept::into_file) }))
}

impl Reading<'_> {
    fn buffers(&self) -> Buffers<'_> {
        let ahead = |_| Ahead {
            row: self.source.row(),
            readable: false,
            raw: RawHash::default(),
            problems: Vec::new(),
        };
        Buffers {
            ahead: (0..AHEAD).map(ahead).collect(),
            source: source::Buffers::default(),
            form: Form::default(),
            words: Vec::new(),
            mirrors: Vec::new(),
            counted: Vec::new(),
        }
    }

    /// Reads a chunk, or finds it kept by an earlier run.
    fn chunk<'s>(&'s self, buffers: &mut Buffers<'s>, number: usize) -> Result<Head, Fault> {
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.has(number)) {
            let (leaf, _) = kept.get(number, false)?;
            let rows = leaf.starts.len() as u32;
            let (strongs, counted) =
                leaf.counted.split_at(leaf.counted.len().saturating_sub(2 * rows as usize));
            strongs.iter().for_each(|strong| self.counts.add_strong(*strong));
            let pairs = counted.as_chunks::<2>().0.iter();
            let counted: Vec<_> =
                pairs.map(|[name, town]| keys::Counted { name: *name, town: *town }).collect();
            self.counts.add_all(&counted);
            return Ok(Head { rows, lines: leaf.lines, parts: ChunkParts::default(), leaf: None });
        }
        let mut leaf = self.leaf(buffers, self.chunks[number].clone())?;
        let (rows, lines, parts) = (leaf.starts.len() as u32, leaf.lines, std::mem::take(&mut leaf.parts));
        let leaf = match &self.kept {
            Some(kept) => {
                kept.put(number, &leaf)?;
                None
            }
            None => Some(leaf),
        };
        Ok(Head { rows, lines, parts, leaf })
    }

    fn leaf<'s>(&'s self, buffers: &mut Buffers<'s>, chunk: Range<u64>) -> Result<Leaf, Fault> {
        let start = chunk.start;
        // Room for some more than there should be, so that lists need not grow; what is never touched costs nothing.
        let rows = (chunk.end - start) / self.row_bytes.max(1);
        let mut leaf = self.empty_leaf((rows + rows / 16) as usize);
        let mut rows = self.source.rows(chunk);
        let mut more = 0;
        buffers.words.clear();
        buffers.counted.clear();
        let mut ahead = std::mem::take(&mut buffers.ahead);
        loop {
            let cut = self.cut(&mut rows, &mut ahead);
            for ahead in &mut ahead[..cut] {
                let row = leaf.starts.len() as u32;
                let at = u32::try_from(ahead.row.offset - start);
                leaf.starts.push(at.map_err(|_| Fault::new("a chunk of a file has more than 4 GiB"))?);
                let more_now = ahead.row.line.saturating_sub(u64::from(row)) as u32;
                if more_now != more {
                    more = more_now;
                    leaf.breaks.push((row, more));
                }
                let read = if ahead.readable { self.row(ahead, buffers, row, &mut leaf) } else { None };
                let (detail, counted) = read.unwrap_or_else(|| self.nothing(&mut leaf));
                leaf.details.push(detail);
                buffers.counted.push(counted);
                leaf.problems.take(&mut ahead.problems, 0);
            }
            if let Some(mirrors) = self.mirrors {
                mirrors.keep(&mut buffers.mirrors);
            }
            if cut < AHEAD {
                break;
            }
        }
        buffers.ahead = ahead;
        leaf.lines = rows.lines();
        self.count(&buffers.counted, &mut leaf);
        let sheet = sorted::<STRIDE>(&buffers.words, self.parts, |_, record| exact::part(record, self.parts));
        leaf.bounds = sheet.bounds;
        if let Held::Heap(entries) = sheet.held {
            leaf.entries = entries;
        }
        Ok(leaf)
    }

    /// Cuts the next rows; says how many. Until the first of them is read, what is known of their mirrors is there.
    fn cut<'s>(&self, rows: &mut source::Rows<'s>, ahead: &mut [Ahead<'s>]) -> usize {
        let mut cut = 0;
        for ahead in &mut *ahead {
            let Some(readable) = rows.next(&mut ahead.row, &mut ahead.problems) else { break };
            ahead.readable = readable;
            ahead.raw = if readable { ahead.row.raw_hash() } else { RawHash::default() };
            if let Some(mirrors) = self.mirrors {
                mirrors.soon(ahead.raw);
            }
            cut += 1;
        }
        cut
    }

    /// A leaf with room for so many rows.
    fn empty_leaf(&self, rows: usize) -> Leaf {
        let room_if = |wanted: bool| if wanted { rows } else { 0 };
        Leaf {
            starts: Vec::with_capacity(rows),
            details: Vec::with_capacity(rows),
            own_keys: Vec::with_capacity(room_if(self.spec.key.is_some())),
            parts: ChunkParts::new(room_if(self.parts_taken > 0)),
            ..Leaf::default()
        }
    }

    /// A row of which nothing can be used.
    fn nothing(&self, leaf: &mut Leaf) -> (u64, keys::Counted) {
        if self.spec.key.is_some() {
            leaf.own_keys.push(0);
        }
        if self.parts_taken > 0 {
            leaf.parts.push_nothing();
        }
        (0, keys::Counted::default())
    }

    /// Counts an identifier of B; 0 is none.
    fn count_strong(&self, strong: u64, leaf: &mut Leaf) {
        self.counts.add_strong(strong);
        if self.kept.is_some() && strong != 0 {
            leaf.counted.push(strong);
        }
    }

    /// Counts names and towns of B; writes to the rows of A how rare theirs are.
    fn count(&self, counted: &[keys::Counted], leaf: &mut Leaf) {
        if self.side == 'A' {
            return self.counts.rarities(counted, |row, rarity| {
                if counted[row] != keys::Counted::default() {
                    leaf.details[row] = detail::with_rarity(leaf.details[row], rarity);
                }
            });
        }
        self.counts.add_all(counted);
        if self.kept.is_some() {
            leaf.counted.extend(counted.iter().flat_map(|of| [of.name, of.town]));
        }
    }

    /// Reads a row; returns its detail, and what is counted or looked up of it. `None` when nothing of it can be used.
    fn row<'s>(
        &self,
        ahead: &mut Ahead<'s>,
        buffers: &mut Buffers<'s>,
        row: u32,
        leaf: &mut Leaf,
    ) -> Option<(u64, keys::Counted)> {
        let Ahead { row: bytes, raw, problems, .. } = ahead;
        let mirrors = self.mirrors.filter(|_| raw.present && !bytes.has_others());
        if let Some(mirror) = mirrors.filter(|_| self.side == 'A').and_then(|mirrors| mirrors.find(*raw)) {
            return Some(self.mirror(mirror, ahead, buffers, row, leaf));
        }
        let Buffers { source, form, words, mirrors: entries, .. } = buffers;
        let doubts = bytes.form(source, form, problems)?;
        let is_sound = problems.is_empty() && doubts == Doubts::default();
        problems.extend(Problem::of_doubts(doubts, (self.side, self.spec), bytes.line));
        let hashes = keys::hashes(form);
        if self.parts_taken > 0 {
            leaf.parts.push(&hashes, form);
        }
        if self.spec.key.is_some() {
            leaf.own_keys.push(bytes.key_hash());
        }
        let mut detail = if doubts.no_name || form.birth.is_empty() { 0 } else { detail::USABLE };
        let keys = hashes.keys(form);
        words.extend(exact::entry(keys, *raw, row).into_iter().flatten());
        let counted = hashes.counted();
        if self.side == 'B' {
            self.count_strong(hashes.strong(), leaf);
            if mirrors.is_some() && keys.coarse != 0 && is_sound && hashes.strong() == 0 {
                entries.push(mirrors::Entry::new(*raw, keys, &form.compare_itself(), counted));
            }
            return Some((detail, counted));
        }
        if keys.coarse == 0 {
            return Some((detail, keys::Counted::default()));
        }
        let levels = self.counts.compare_itself(form);
        detail = detail::with_pair(detail, detail::packed(&levels, Rarity::default()));
        Some((detail, counted))
    }

    /// A row of A that is a row of B, byte for byte: the same without reading it. Its blocking keys are wanted only if no link
    /// comes of it, which is rare: it is read then.
    fn mirror(
        &self,
        mirror: Mirror,
        ahead: &Ahead<'_>,
        buffers: &mut Buffers<'_>,
        row: u32,
        leaf: &mut Leaf,
    ) -> (u64, keys::Counted) {
        if self.parts_taken > 0 {
            leaf.parts.push_unread();
        }
        if self.spec.key.is_some() {
            leaf.own_keys.push(ahead.row.key_hash());
        }
        buffers.words.extend(exact::entry(mirror.keys, ahead.raw, row).into_iter().flatten());
        (detail::with_pair(detail::USABLE, mirror.levels), mirror.counted)
    }
}
