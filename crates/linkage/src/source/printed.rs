//! The first fields of a row, for printing: a table of results holds a row's key and a few columns that it carries, and to
//! cut the rest of the row would take longer than to write what is printed.
//!
//! Always holds: the printed columns of a row that could be used are those that [`Source::at`] gives.
//! Not here: rows that could not be used, all other columns (source); what is printed (texts).
//! Rules come from: the issue, part C.

use super::{Cell, Row, Shape, Source};

impl Source {
    /// Reads the row that begins at this offset as [`Source::at`] does, for [`Row::key`] and [`Row::carried`] alone: no
    /// other column may be asked for. Only for a row that could be used: what is wrong with a row further on is not seen.
    pub fn printed_at<'s>(&'s self, offset: u64, row: &mut Row<'s>) {
        if self.first_fields(offset, row).is_none() {
            self.at(offset, row);
        }
    }

    /// Cuts the fields up to the last that is printed; `None`, and the row is not to be used, where that is not simple.
    fn first_fields<'s>(&'s self, offset: u64, row: &mut Row<'s>) -> Option<()> {
        let Shape::Csv { separator, .. } = self.shape else { return None };
        let printed = self.columns.key.iter().chain(&self.columns.carry);
        let count = printed.max().map_or(0, |last| last + 1);
        let start = usize::try_from(offset).ok()?;
        let rest = self.rows_bytes().get(start..)?;
        let end = cut(rest, separator, count, &mut row.cells)?;
        row.source = self;
        row.offset = offset;
        row.line = 0;
        row.bytes = &rest[..end];
        Some(())
    }
}

/// Cuts so many fields; where the last one ends. `None` where a quote or the row's end comes first, and in the last bytes of
/// a file. Eight bytes at a time, as rows are cut (csv).
fn cut(rest: &[u8], separator: u8, count: usize, cells: &mut Vec<Cell>) -> Option<usize> {
    cells.clear();
    if count == 0 {
        return Some(0);
    }
    let mut from = 0;
    for (number, bytes) in rest.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes);
        let stops = same(word, b'"') | same(word, b'\n') | same(word, b'\r');
        // Those before the first stop: the bits below its own, all if there is none.
        let mut ends = same(word, separator) & stops.wrapping_sub(1) & !stops;
        while ends != 0 {
            let at = number * 8 + ends.trailing_zeros() as usize / 8;
            cells.push(Cell { start: from as u32, end: at as u32, doubled: false });
            if cells.len() == count {
                return Some(at);
            }
            from = at + 1;
            ends &= ends - 1;
        }
        if stops != 0 {
            let at = number * 8 + stops.trailing_zeros() as usize / 8;
            let is_last = cells.len() + 1 == count && rest[at] != b'"';
            cells.push(Cell { start: from as u32, end: at as u32, doubled: false });
            return is_last.then_some(at);
        }
    }
    None
}

/// The highest bit of each byte that is this one.
fn same(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    let word = word ^ (ONES * u64::from(byte));
    !(((word & LOW) + LOW) | word | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::csv;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_fields_are_those_of_the_whole_row(
            row in "[a,\"\r\nあ]{0,40}|[a-e,]{0,40}",
            behind in "\n[a,\"]{0,20}",
            count in 1_usize..8,
        ) {
            let text = row + &behind;
            let (mut whole, mut first) = (Vec::new(), Vec::new());
            let taken = csv::take(text.as_bytes(), 0, b',', usize::MAX, &mut whole);
            if let Some(end) = cut(text.as_bytes(), b',', count, &mut first) {
                prop_assert!(taken.wrong.is_none() || taken.end > end);
                prop_assert_eq!(first.as_slice(), &whole[..count]);
                prop_assert!(first.iter().all(|cell| cell.end as usize <= end));
            }
        }
    }

    #[test]
    fn a_row_without_quotes_is_cut_short() {
        let mut cells = Vec::new();
        for (count, want) in [(0, Some(0)), (1, Some(2)), (2, Some(5)), (3, Some(8)), (4, None)] {
            assert_eq!(cut(b"ab,cd,ef\nxxxxxxxxxxxx", b',', count, &mut cells), want);
        }
        assert_eq!(cut(b"ab,\"cd\",ef\nxxxxxxxx", b',', 1, &mut cells), Some(2));
        assert_eq!(cut(b"ab,\"cd\",ef\nxxxxxxxx", b',', 2, &mut cells), None);
    }
}
