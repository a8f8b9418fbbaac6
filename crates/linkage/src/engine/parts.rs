//! What the blocking keys of a file's rows are made of: kept by the first reading, so that the scored stage need not read rows
//! again to know whom they may meet.
//!
//! Always holds: keys made of what is kept are those of the row; what is not kept is read again.
//! Not here: what keys are (keys); which rows need them (pool).
//! Rules come from: the issue, part C (a memory cap).

use super::{read::Side, room::Memory};
use crate::{
    form::Form,
    keys::{self, Further, Hashes, Parts},
};

/// One row's: birth date (with [`MORE`]), name, reading, town, numbers, end and beginning of the name.
type Packed = [u32; 7];

/// The row has more keys than these parts make. No year reaches this bit of a birth date.
const MORE: u32 = 1 << 31;

fn packed(parts: Parts) -> Packed {
    let Parts { birth, name, kana, town, numbers, end, start, more } = parts;
    [birth | if more { MORE } else { 0 }, name, kana, town, numbers, end, start]
}

fn unpacked(packed: &Packed) -> Parts {
    let [birth, name, kana, town, numbers, end, start] = *packed;
    let more = birth & MORE != 0;
    Parts { birth: birth & !MORE, name, kana, town, numbers, end, start, more }
}

/// What makes one further key of a row: the row, counted from its chunk's first (with [`OF_STRONG`]), and three halves of
/// hashes of another name, or the two of an identifier.
type PackedFurther = [u32; 4];

/// It is an identifier. No chunk has so many rows.
const OF_STRONG: u32 = 1 << 31;

/// A further key's, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct More(PackedFurther);

impl More {
    fn new(row: u32, further: Further) -> More {
        More(match further {
            Further::Name { name, start, end } => [row, name, start, end],
            Further::Strong(strong) => [row | OF_STRONG, strong as u32, (strong >> 32) as u32, 0],
        })
    }

    fn row(self) -> u32 {
        self.0[0] & !OF_STRONG
    }

    /// What was put in.
    pub fn further(self) -> Further {
        let [row, one, two, three] = self.0;
        if row & OF_STRONG == 0 {
            Further::Name { name: one, start: two, end: three }
        } else {
            Further::Strong(u64::from(two) << 32 | u64::from(one))
        }
    }
}

/// A chunk's rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ChunkParts {
    rows: Vec<Packed>,
    /// By row; none if the memory did not spare it.
    more: Option<Vec<More>>,
}

impl ChunkParts {
    /// With room for so many rows.
    pub fn new(rows: usize) -> ChunkParts {
        ChunkParts { rows: Vec::with_capacity(rows), more: Some(Vec::new()) }
    }

    /// Adds the next row.
    pub fn push(&mut self, hashes: &Hashes, form: &Form) {
        let parts = hashes.parts();
        if let Some(more) = self.more.as_mut().filter(|_| parts.more) {
            // A chunk has less than 4 GiB, and its rows are longer than two bytes.
            let row = self.rows.len() as u32;
            more.extend(keys::further(form).map(|further| More::new(row, further)));
        }
        self.rows.push(packed(parts));
    }

    /// Adds a row of which nothing can be used.
    pub fn push_nothing(&mut self) {
        self.rows.push(Packed::default());
    }

    /// Adds a row that was not read: what its keys are made of is not known here.
    pub fn push_unread(&mut self) {
        self.rows.push(packed(Parts { more: true, ..Parts::default() }));
    }

    /// Keeps what makes further keys only if the memory spares it (rows themselves were taken of it before).
    pub fn if_spared(&mut self, memory: &Memory) {
        if let Some(more) = &mut self.more {
            more.shrink_to_fit();
        }
        if !memory.spares(self.more_bytes()) {
            self.more = None;
        }
    }

    /// What is known of a row, counted from the first.
    fn known(&self, row: u32) -> Known<'_> {
        match (self.rows.get(row as usize).map(unpacked), &self.more) {
            (Some(parts), _) if !parts.more => Known::Parts(parts, &[]),
            (Some(parts), Some(more)) => {
                let of_row = &more[more.partition_point(|it| it.row() < row)..];
                let count = of_row.iter().take_while(|it| it.row() == row).count();
                // None at all of a row that was not read.
                if count == 0 { Known::Nothing } else { Known::Parts(parts, &of_row[..count]) }
            }
            _ => Known::Nothing,
        }
    }

    fn more_bytes(&self) -> u64 {
        self.more.as_ref().map_or(0, |more| size_of_val(more.as_slice()) as u64)
    }
}

/// What the blocking keys of rows are made of, chunk by chunk; nothing for a chunk of which it is not in memory.
pub(super) struct KeyParts {
    chunks: Vec<ChunkParts>,
    /// Bytes that were taken of the memory cap for them.
    pub taken: u64,
}

/// What is known of a row's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known<'k> {
    /// All that makes them.
    Parts(Parts, &'k [More]),
    /// Too little: the row has to be read.
    Nothing,
}

impl KeyParts {
    /// Of these chunks, for whose rows so many bytes were taken.
    pub fn new(chunks: Vec<ChunkParts>, rows_taken: u64) -> KeyParts {
        let more: u64 = chunks.iter().map(ChunkParts::more_bytes).sum();
        KeyParts { chunks, taken: rows_taken + more }
    }

    /// What the keys of a row are made of, if it is in memory.
    pub fn get(&self, side: &Side, row: u32) -> Known<'_> {
        let chunks = &side.places.of;
        let number = chunks.of(row);
        self.chunks.get(number).map_or(Known::Nothing, |chunk| chunk.known(row - chunks.first(number)))
    }
}

/// Words of a row's parts.
pub(super) const PARTS_WORDS: usize = 4;

/// Parts as words. Of a row whose parts are not all it has they say so: it is read again.
pub(super) fn words_of(known: Known<'_>) -> [u64; PARTS_WORDS] {
    let parts = match known {
        Known::Parts(parts, _) => parts,
        Known::Nothing => Parts { more: true, ..Parts::default() },
    };
    let [a, b, c, d, e, f, g] = packed(parts).map(u64::from);
    [a | b << 32, c | d << 32, e | f << 32, g]
}

/// What [`words_of`] wrote.
pub(super) fn known_of(words: &[u64; PARTS_WORDS]) -> Known<'static> {
    let low = |at: usize| words[at] as u32;
    let high = |at: usize| (words[at] >> 32) as u32;
    let parts = unpacked(&[low(0), high(0), low(1), high(1), low(2), high(2), low(3)]);
    if parts.more { Known::Nothing } else { Known::Parts(parts, &[]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::tests::form;
    use std::path::Path;

    #[test]
    fn what_is_kept_makes_the_keys_of_the_row() {
        let rows = [
            "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2丁目1番5号|",
            "佐藤　太郎+山田||1955-03-12|1|宇治市本町2-1-5|12-345",
            "||||",
            "KIM TAE（山田　太郎）||1955-03-12|1|宇治市本町2-1-5|",
            "山田　太郎||1955-03-12|1|宇治市本町2-1-5|12-345",
            "山田　太郎||1955-03-12|1|宇治市本町2-1-5|",
        ];
        for (memory, spared) in [(1 << 20, true), (0, false)] {
            let mut chunk = ChunkParts::new(rows.len());
            chunk.push_nothing();
            rows.iter().for_each(|row| chunk.push(&keys::hashes(&form(row)), &form(row)));
            chunk.if_spared(&Memory::new(Path::new("."), memory));
            assert_eq!(chunk.known(0), Known::Parts(Parts::default(), &[]));
            assert_eq!(chunk.known(rows.len() as u32 + 1), Known::Nothing);
            for (number, row) in (1..).zip(rows) {
                let (mut want, mut found) = (Vec::new(), Vec::new());
                keys::blocks(&form(row), &mut want);
                let known = chunk.known(number);
                let laid = known_of(&words_of(known));
                match known {
                    Known::Nothing => assert!(!spared && keys::hashes(&form(row)).parts().more, "{row}"),
                    Known::Parts(parts, more) => {
                        keys::blocks_of(&parts, more.iter().map(|more| more.further()), &mut found);
                        assert_eq!(found, want, "{row}");
                    }
                }
                // What is laid aside has no further keys.
                let whole = matches!(known, Known::Parts(_, []));
                assert_eq!(laid, if whole { known } else { Known::Nothing }, "{row}");
            }
        }
    }
}
