//! The first fields of a row, for printing: a table of results holds a row's key and a few columns that it carries, and to
//! cut the rest of the row would take longer than to write what is printed.
//!
//! Always holds: the printed columns of a row that could be used are those that [`Source::at`] gives.
//! Not here: rows that could not be used, all other columns (source); what is printed (texts).
//! Rules come from: the issue, part C.

use super::{Cell, Row, Shape, Source, columns::Columns};

impl Source {
    /// Reads the row that begins at this offset as [`Source::at`] does, for [`Row::key`] and [`Row::carried`] alone: no
    /// other column may be asked for. Only for a row that could be used: what is wrong with a row further on is not seen.
    pub fn printed_at<'s>(&'s self, offset: u64, row: &mut Row<'s>) {
        if self.first_fields(offset, row).is_none() {
            self.at(offset, row);
        }
    }

    /// Touches rows of which only that is read soon, as [`Source::touch`] does.
    pub fn touch_printed(&self, offsets: impl Iterator<Item = u64>) {
        // As far as most rows are cut.
        self.touch_lines(offsets, 2);
    }

    /// Cuts the fields up to the last that is printed; `None`, and the row is not to be used, where that is not simple.
    fn first_fields<'s>(&'s self, offset: u64, row: &mut Row<'s>) -> Option<()> {
        let Shape::Csv { separator, width } = self.shape else { return None };
        let count = self.columns.key.iter().chain(&self.columns.carry).max().map_or(0, |last| last + 1);
        if count >= width {
            // The last field ends with its row, and that is found by who takes whole rows.
            return None;
        }
        let rest = self.rows_bytes().get(usize::try_from(offset).ok()?..)?;
        row.cells.resize(count, Cell { start: 0, end: 0, doubled: false });
        let end = cut(rest, separator, &mut row.cells)?;
        row.source = self;
        row.offset = offset;
        row.line = 0;
        row.bytes = &rest[..end];
        Some(())
    }
}

impl<'s> Row<'s> {
    /// The bytes of [`Row::key`], before decoding; quotes in them are still doubled.
    pub fn key_bytes(&self) -> &'s [u8] {
        self.columns().key.map_or(&[], |field| self.bytes_of(field))
    }

    /// The bytes of [`Row::carried`], likewise.
    pub fn carried_bytes(&self, index: usize) -> &'s [u8] {
        self.columns().carry.get(index).map_or(&[], |field| self.bytes_of(*field))
    }

    fn columns(&self) -> &'s Columns {
        &self.source.columns
    }

    fn bytes_of(&self, field: usize) -> &'s [u8] {
        self.cells.get(field).map_or(&[], |cell| cell.of(self.bytes))
    }
}

/// Cuts the first fields of a row that has more; where the last of them ends. `None` where one is quoted, and in the last
/// bytes of a file.
fn cut(rest: &[u8], separator: u8, cells: &mut [Cell]) -> Option<usize> {
    let (blocks, _) = rest.as_chunks::<BLOCK>();
    let mut from = 0;
    let (mut block, mut ends) = (0, 0);
    for cell in cells {
        while ends == 0 {
            ends = places(blocks.get(block)?, separator);
            block += 1;
        }
        let at = (block - 1) * BLOCK + ends.trailing_zeros() as usize;
        // A quote further on in a field is a character like others.
        if rest[from] == b'"' {
            return None;
        }
        *cell = Cell { start: from as u32, end: at as u32, doubled: false };
        from = at + 1;
        ends &= ends - 1;
    }
    Some(from.saturating_sub(1))
}

/// Bytes that are looked at together: fields are so short that a search for the end of each, or a step for each eight bytes,
/// would be guessed wrong once a field.
const BLOCK: usize = 32;

/// Where a byte stands in a block, a bit each.
fn places(block: &[u8; BLOCK], byte: u8) -> u32 {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    // Moves the lowest bit of each byte to one byte's bits, in their order.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut bits = 0;
    for (number, bytes) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes) ^ (ONES * u64::from(byte));
        // The highest bit of each byte that is zero.
        let zeros = !(((word & LOW) + LOW) | word | LOW);
        bits |= ((zeros >> 7).wrapping_mul(GATHER) >> 56) << (8 * number);
    }
    bits as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::csv,
        spec::{Encoding, Layout, Side},
    };
    use encoding_rs::SHIFT_JIS;
    use memmap2::MmapMut;
    use proptest::prelude::*;

    const EMPTY: Cell = Cell { start: 0, end: 0, doubled: false };

    proptest! {
        #[test]
        fn the_first_fields_are_those_of_the_whole_row(
            row in "[a,\"あ]{0,90}|[a-e,\"]{0,90}|[ア-ン,]{0,40}",
            behind in "\n[a,\"]{0,60}",
            count in 0_usize..12,
        ) {
            let text = row + &behind;
            let mut whole = Vec::new();
            let taken = csv::take(text.as_bytes(), 0, b',', usize::MAX, &mut whole);
            let mut first = vec![EMPTY; count];
            // Only rows that can be used are asked for, and such as have more fields.
            if taken.wrong.is_none() && whole.len() > count
                && let Some(end) = cut(text.as_bytes(), b',', &mut first)
            {
                prop_assert_eq!(first.as_slice(), &whole[..count]);
                prop_assert_eq!(end, first.last().map_or(0, |cell| cell.end as usize));
            }
        }

        #[test]
        fn what_is_printed_is_that_of_the_whole_row(
            fields in prop::collection::vec("[a0]{0,30}|[ア-ン]{0,9}|\"[a,\n]{0,5}(\"\")?\"|a\"?", 5..60),
            is_cp932: bool,
            separator in prop::sample::select(vec![b',', b'\t', b';']),
            key in 0_usize..5,
            carry in 0_usize..5,
        ) {
            let mark = char::from(separator).to_string();
            let rows: Vec<String> = fields.chunks_exact(5).map(|row| row.join(&mark) + "\n").collect();
            let text = rows.concat();
            let bytes = if is_cp932 { SHIFT_JIS.encode(&text).0.into_owned() } else { text.into_bytes() };
            let column = |field: usize| (field + 1).to_string();
            let side = Side {
                encoding: if is_cp932 { Encoding::Cp932 } else { Encoding::Utf8 },
                layout: Layout::Csv { separator, header: false },
                name: vec![column(0)],
                birth: vec![column(1)],
                key: Some(column(key)),
                carry: vec![column(carry), column(0)],
                ..Side::default()
            };
            let mut map = MmapMut::map_anon(bytes.len()).unwrap();
            map.copy_from_slice(&bytes);
            let source = Source::cut(map.make_read_only().unwrap(), 'A', &side).map_err(|_| ()).unwrap();
            let (mut rows, mut problems) = (source.rows(0..u64::MAX), Vec::new());
            // One buffer for all rows, of either way, as in a run.
            let (mut whole, mut first) = (source.row(), source.row());
            while let Some(is_usable) = rows.next(&mut whole, &mut problems) {
                if is_usable {
                    source.printed_at(whole.offset, &mut first);
                    prop_assert_eq!(first.key(), whole.key());
                    prop_assert_eq!(first.key_bytes(), whole.key_bytes());
                    for index in 0..3 {
                        prop_assert_eq!(first.carried(index), whole.carried(index));
                        prop_assert_eq!(first.carried_bytes(index), whole.carried_bytes(index));
                    }
                }
            }
        }

        #[test]
        fn a_bit_for_each_place(block: [u8; BLOCK], byte: u8) {
            let want = (0..BLOCK).filter(|at| block[*at] == byte).fold(0, |bits, at| bits | 1_u32 << at);
            prop_assert_eq!(places(&block, byte), want);
        }
    }

    #[test]
    fn rows_are_cut_short_but_for_quoted_fields_and_the_end_of_a_file() {
        let rest = "0123456789".repeat(3);
        for (row, count, want) in [
            ("ab,cd,ef\n", 0, Some(0)),
            ("ab,cd,ef\n", 2, Some(5)),
            ("ab,c\"d\",ef\n", 2, Some(7)),
            ("ab,\"cd\",ef\n", 1, Some(2)),
            ("ab,\"cd\",ef\n", 2, None),
            ("ab,cd,ef", 9, None),
        ] {
            let text = format!("{row}{rest}");
            assert_eq!(cut(text.as_bytes(), b',', &mut vec![EMPTY; count]), want, "{row}");
        }
        assert_eq!(cut(b"ab,cd,ef\n", b',', &mut [EMPTY]), None);
    }
}
