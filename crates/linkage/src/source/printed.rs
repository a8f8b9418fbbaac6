//! The first fields of a row, for printing: a table of results holds a row's key and a few columns that it carries, and to
//! cut the rest of the row would take longer than to write what is printed.
//!
//! Always holds: the printed columns of a row that could be used are those that [`Source::at`] gives.
//! Not here: rows that could not be used, all other columns (source); what is printed (texts).
//! Rules come from: the issue, part C.

use super::{Cell, Row, Shape, Source, columns::Columns, plain};

impl Source {
    /// Reads the row that begins at this offset as [`Source::at`] does, for [`Row::key`] and [`Row::carried`] alone: no
    /// other column may be asked for. Only for a row that could be used: what is wrong with a row further on is not seen.
    pub fn printed_at<'s>(&'s self, offset: u64, row: &mut Row<'s>) {
        if self.first_fields(offset, row).is_none() {
            self.at(offset, row);
        }
    }

    /// Only that is read soon of these rows: see [`Source::soon`].
    pub fn soon_printed(&self, offsets: impl Iterator<Item = u64>) {
        // As far as most rows are cut.
        self.soon_lines(offsets, 2);
    }

    /// Cuts the fields up to the last that is printed; `None`, and the row is not to be used, where that is not simple.
    fn first_fields<'s>(&'s self, offset: u64, row: &mut Row<'s>) -> Option<()> {
        let Shape::Csv { separator, .. } = self.shape else { return None };
        let rest = self.rows_bytes().get(usize::try_from(offset).ok()?..)?;
        row.cells.resize(self.columns.printed, Cell::default());
        let end = plain::cut(rest, separator, &mut row.cells)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Encoding, Layout, Side};
    use encoding_rs::SHIFT_JIS;
    use memmap2::MmapMut;
    use proptest::prelude::*;

    proptest! {
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
    }
}
