//! Preparing an index: from rows that are given, or from a file, with as many threads as there are.
//!
//! Always holds: rows are numbered in the order of the file; the index is the same for any number of threads.
//! Not here: asking it (lookup).
//! Rules come from: the issue, part B.

use super::{COARSE, Index, Rows, add};
use crate::{
    form::Form,
    keys,
    problem::{Problem, Problems},
    rules::rarity::Counts,
    source::{self, Closed, Source},
    spec::Side,
};
use base::Fault;
use std::{
    ops::Range,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Rows have 31 bits, as in a batch.
const ROWS_MAX: usize = 1 << 31;

/// Bytes of a file that a thread takes at a time.
const CHUNK: u64 = 8 << 20;

/// What a chunk of the file adds.
#[derive(Default)]
struct Part {
    entries: [Vec<u64>; COARSE + 1],
    places: Vec<(u64, u32)>,
    problems: Problems,
    lines: u64,
}

impl Index {
    /// An index over rows with numbers of the giver's own. All are kept in memory; for millions use [`Index::open`].
    pub fn of(rows: impl IntoIterator<Item = (u64, Form)>) -> Index {
        let (mut entries, mut blocks) = (Default::default(), Vec::new());
        let counts = Counts::new();
        let mut given = Vec::new();
        for (number, form) in rows.into_iter().take(ROWS_MAX) {
            counts.add(add(&mut entries, &mut blocks, &form, given.len() as u32));
            counts.add_strong(keys::strong(&form));
            given.push((number, form));
        }
        counts.set_rows(given.len() as u64);
        entries.iter_mut().for_each(|kind| kind.sort_unstable());
        Index { entries, counts, rows: Rows::Given(given), problems: Problems::default() }
    }

    /// An index over a file. It stays mapped: rows are read again when they are candidates.
    pub fn open(path: &Path, side: &Side, threads: usize) -> Result<Index, Closed> {
        Index::open_by(path, side, threads, CHUNK)
    }

    pub(super) fn open_by(path: &Path, side: &Side, threads: usize, chunk: u64) -> Result<Index, Closed> {
        let source = Source::open(path, 'B', side)?;
        let counts = Counts::new();
        let chunks = source.chunks(chunk, threads);
        let done: Vec<Mutex<Part>> = chunks.iter().map(|_| Mutex::new(Part::default())).collect();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(chunk), Some(slot)) = (chunks.get(at), done.get(at)) else { return };
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) =
                            part(&source, side, chunk.clone(), &counts);
                    }
                });
            }
        });
        put_together(source, counts, done)
    }
}

/// Reads a chunk. Rows and lines are counted from its beginning.
fn part(source: &Source, side: &Side, chunk: Range<u64>, counts: &Counts) -> Part {
    let mut part = Part::default();
    let (mut row, mut buffers, mut form) = (source.row(), source::Buffers::default(), Form::default());
    let (mut blocks, mut problems): (Vec<(u8, u64)>, Vec<Problem>) = (Vec::new(), Vec::new());
    let mut rows = source.rows(chunk);
    while let Some(whole) = rows.next(&mut row, &mut problems) {
        let number = part.places.len() as u32;
        part.places.push((row.offset, row.line as u32));
        let doubts = if whole { row.form(&mut buffers, &mut form, &mut problems) } else { None };
        if let Some(doubts) = doubts {
            problems.extend(Problem::of_doubts(doubts, ('B', side), row.line));
            counts.add(add(&mut part.entries, &mut blocks, &form, number));
            counts.add_strong(keys::strong(&form));
        }
        part.problems.take(&mut problems, 0);
    }
    part.lines = rows.lines();
    part
}

fn put_together(source: Source, counts: Counts, parts: Vec<Mutex<Part>>) -> Result<Index, Closed> {
    let mut entries: [Vec<u64>; COARSE + 1] = Default::default();
    let mut places = Vec::new();
    let mut problems = Problems::default();
    source.noted().iter().for_each(|problem| problems.add(problem.clone()));
    let mut line = source.first_line();
    for part in parts {
        let part = part.into_inner().unwrap_or_else(PoisonError::into_inner);
        let base = places.len();
        if base + part.places.len() > ROWS_MAX {
            let fault = Fault::new("a file has more than 2,147,483,648 rows; cut it in parts");
            return Err(Err(fault
                .in_japanese("ファイルの行が 2,147,483,648 行を超えています。いくつかに分けてください。")));
        }
        for (all, new) in entries.iter_mut().zip(part.entries) {
            // The row is the lower half and does not reach the upper one.
            all.extend(new.into_iter().map(|entry| entry + base as u64));
        }
        // A line beyond the four billionth is told as that one.
        let from_start = |lines: u32| u32::try_from(line + u64::from(lines)).unwrap_or(u32::MAX);
        places.extend(part.places.into_iter().map(|(offset, lines)| (offset, from_start(lines))));
        problems.merge(part.problems, line - 1);
        line += part.lines;
    }
    entries.iter_mut().for_each(|kind| kind.sort_unstable());
    counts.set_rows(places.len() as u64);
    Ok(Index { entries, counts, rows: Rows::File { source: Box::new(source), places }, problems })
}
