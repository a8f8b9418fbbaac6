//! Where a row stands in its file: four bytes for each row, and a few numbers for each chunk.
//!
//! Always holds: a row's place is what the reader saw when it read the row's chunk.
//! Not here: finding rows in bytes (source).
//! Rules come from: outcome.rs (offset and line of a row).

use super::room::Room;
use crate::outcome::Place;
use std::sync::atomic::Ordering;

/// Where a chunk stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkPlace {
    /// The number of its first row.
    pub first_row: u32,
    /// Bytes before it.
    pub start: u64,
    /// The line of its first byte, from 1.
    pub first_line: u64,
}

/// Which chunk a row is in: the first rows of chunks, and for every so many rows the chunk in which they begin. Rows of any
/// order ask for it, and a search among some hundred chunks is as many wrong guesses as it has steps.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    firsts: Vec<u32>,
    near: Vec<u32>,
}

/// Rows of one entry of [`Chunks::near`]: fewer than a chunk has as a rule.
const NEAR_BITS: u32 = 12;

impl Chunks {
    /// Of chunks with these first rows, ascending from 0, of so many rows in all. A chunk without rows begins where the
    /// next one does.
    pub fn new(firsts: Vec<u32>, rows: u32) -> Chunks {
        let mut near = Vec::with_capacity((rows >> NEAR_BITS) as usize + 1);
        let mut chunk = 0;
        for row in (0..rows).step_by(1 << NEAR_BITS) {
            chunk = last_upto(&firsts, chunk, row);
            near.push(chunk as u32);
        }
        Chunks { firsts, near }
    }

    /// The chunk of a row.
    pub fn of(&self, row: u32) -> usize {
        let near = self.near.get((row >> NEAR_BITS) as usize).map_or(0, |near| *near as usize);
        last_upto(&self.firsts, near, row)
    }

    /// The first row of a chunk.
    pub fn first(&self, chunk: usize) -> u32 {
        self.firsts[chunk]
    }
}

/// The last chunk that begins with this row or before it, from `chunk` on.
fn last_upto(firsts: &[u32], mut chunk: usize, row: u32) -> usize {
    while firsts.get(chunk + 1).is_some_and(|first| *first <= row) {
        chunk += 1;
    }
    chunk
}

/// The places of all rows of a file.
pub(super) struct Places {
    /// All chunks, ascending.
    pub chunks: Vec<ChunkPlace>,
    /// Which of them a row is in.
    pub of: Chunks,
    /// Bytes between the chunk's beginning and the row, two rows to a word.
    pub starts: Room,
    /// From this row to its chunk's end, so many lines more stand before a row than rows do (line ends inside quotes,
    /// blank lines). A file without them has none.
    pub breaks: Vec<(u32, u32)>,
}

impl Places {
    /// Where a row stands.
    pub fn get(&self, row: u32) -> Place {
        let chunk = &self.chunks[self.of.of(row)];
        let upto = self.breaks.partition_point(|(from, _)| *from <= row);
        let more = match upto.checked_sub(1).map(|at| self.breaks[at]) {
            Some((from, more)) if from >= chunk.first_row => u64::from(more),
            _ => 0,
        };
        Place {
            offset: chunk.start + self.start(row),
            line: chunk.first_line + u64::from(row - chunk.first_row) + more,
        }
    }

    /// Bytes before a row.
    pub fn offset(&self, row: u32) -> u64 {
        self.chunks[self.of.of(row)].start + self.start(row)
    }

    /// Bytes between the chunk's beginning and the row.
    fn start(&self, row: u32) -> u64 {
        let word = self.starts.words()[row as usize / 2].load(Ordering::Relaxed);
        u64::from((word >> (32 * (row % 2))) as u32)
    }
}

/// Writes down where a row begins in its chunk; the room has zeros there.
pub(super) fn set_start(starts: &Room, row: u32, start: u32) {
    starts.words()[row as usize / 2].fetch_or(u64::from(start) << (32 * (row % 2)), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::room::Memory;
    use std::path::Path;

    #[test]
    fn rows_stand_where_they_were_seen() {
        // Two chunks. In the first, row 1 has a line end inside quotes and a blank line stands before row 3.
        let starts = Memory::new(Path::new("."), 1_000).room(3).unwrap();
        for (row, start) in [(0, 0), (1, 10), (2, 35), (3, 46), (4, 0), (5, 4_000_000_000)] {
            set_start(&starts, row, start);
        }
        let chunks = vec![
            ChunkPlace { first_row: 0, start: 20, first_line: 2 },
            ChunkPlace { first_row: 4, start: 60, first_line: 8 },
        ];
        let of = Chunks::new(chunks.iter().map(|chunk| chunk.first_row).collect(), 6);
        let places = Places { chunks, of, starts, breaks: vec![(2, 1), (3, 2)] };
        let want = [(20, 2), (30, 3), (55, 5), (66, 7), (60, 8), (4_000_000_060, 9)];
        for (row, (offset, line)) in want.into_iter().enumerate() {
            assert_eq!(places.get(row as u32), Place { offset, line });
        }
    }
}
