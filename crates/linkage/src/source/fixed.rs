//! Rows of fixed width: values at the places that a layout gives, in bytes or in characters.
//!
//! Always holds: a row that is too short for its layout is told and not read, unless the layout says that blanks at the
//! end of lines may be missing; blanks that fill a field up are no part of its value.
//! Not here: reading layouts (spec).

use super::{Cell, ROW_MAX, Taken, csv::after_break, decode::Charset};
use crate::{
    problem::ProblemCode,
    spec::{Fixed, Unit},
};
use memchr::memchr2;

/// Where the fields of a layout are.
pub struct Places {
    charset: Charset,
    unit: Unit,
    record: Option<usize>,
    trimmed: bool,
    /// Each field's first place and the place after it, from 0.
    fields: Vec<(usize, usize)>,
    /// The places at which fields begin or end, ascending, for walking along characters.
    edges: Vec<usize>,
    /// The end of the last field.
    width: usize,
}

impl Places {
    pub fn new(fixed: &Fixed, charset: Charset) -> Places {
        let place = |place: u32| place as usize;
        let fields: Vec<(usize, usize)> = fixed
            .fields
            .iter()
            .map(|field| (place(field.start.saturating_sub(1)), place(field.length)))
            .map(|(start, length)| (start, start + length))
            .collect();
        let mut edges: Vec<usize> = fields.iter().flat_map(|(start, end)| [*start, *end]).collect();
        edges.sort_unstable();
        edges.dedup();
        Places {
            charset,
            unit: fixed.unit,
            record: fixed.record_length.map(|length| place(length.max(1))),
            trimmed: fixed.trimmed,
            width: edges.last().copied().unwrap_or_default(),
            fields,
            edges,
        }
    }

    /// Bytes of a record, when all have the same.
    pub fn record(&self) -> Option<usize> {
        self.record
    }

    /// Takes the row that begins at `start`. Records of one length count as lines.
    pub fn take(&self, data: &[u8], start: usize, cells: &mut Vec<Cell>) -> Taken {
        cells.clear();
        let rest = &data[start..];
        let (end, next, breaks, at_end) = match self.record {
            Some(record) => {
                let end = data.len().min(start + record);
                (end, end, 1, end == data.len())
            }
            None => match memchr2(b'\n', b'\r', rest) {
                Some(at) => (start + at, after_break(data, start + at), 1, false),
                None => (data.len(), data.len(), 0, true),
            },
        };
        let row = &data[start..end];
        let wrong = if row.len() > ROW_MAX {
            Some(ProblemCode::RowTooLong)
        } else if self.cut(row, cells) {
            None
        } else if at_end {
            Some(ProblemCode::TruncatedLastRow)
        } else {
            Some(ProblemCode::WrongFieldCount)
        };
        Taken { end, next, breaks, wrong: wrong.map(|code| (code, None)) }
    }

    /// Cuts a row into its fields; false when it is too short, or has a line end within.
    fn cut(&self, row: &[u8], cells: &mut Vec<Cell>) -> bool {
        match self.unit {
            Unit::Bytes => {
                cells.extend(self.fields.iter().map(|(start, end)| {
                    let within = |place: usize| place.min(row.len()) as u32;
                    Cell { start: within(*start), end: within(*end), doubled: false }
                }));
                if row.len() < self.width && !self.trimmed {
                    return false;
                }
            }
            Unit::Chars => {
                if !self.walk(row, cells) && !self.trimmed {
                    return false;
                }
            }
        }
        for cell in cells.iter_mut() {
            let value = self.charset.trimmed(row, cell.start as usize..cell.end as usize);
            (cell.start, cell.end) = (value.start as u32, value.end as u32);
        }
        // Records of one length are out of step with their layout when a line ends within a field's place.
        self.record.is_none() || memchr2(b'\n', b'\r', &row[..self.width.min(row.len())]).is_none()
    }

    /// Finds the bytes of places that are counted in characters; false when the row has fewer.
    fn walk(&self, row: &[u8], cells: &mut Vec<Cell>) -> bool {
        let end = row.len() as u32;
        cells.extend(self.fields.iter().map(|_| Cell { start: end, end, doubled: false }));
        let (mut at, mut place) = (0, 0);
        for edge in &self.edges {
            while place < *edge && at < row.len() {
                at += self.charset.step(&row[at..]);
                place += 1;
            }
            if place < *edge {
                return false;
            }
            for (cell, (start, end)) in cells.iter_mut().zip(&self.fields) {
                if start == edge {
                    cell.start = at as u32;
                }
                if end == edge {
                    cell.end = at as u32;
                }
            }
        }
        true
    }
}
