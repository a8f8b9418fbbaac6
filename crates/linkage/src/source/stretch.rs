//! A stretch of a file as text: some rows that follow each other, copied and checked at once. Row by row, to begin the copy
//! and the check takes longer than to do them.
//!
//! Always holds: what was checked is what is read, the copy, since a mapped file may change in between.
//! Not here: rows that are no UTF-8, and those around them within reach (texts).

use super::Source;
use std::ops::Range;

/// Bytes that are checked at once: few enough to stay close to the processor until their rows are read.
const REACH: usize = 1 << 13;

/// Where rows were read last.
#[derive(Default)]
pub struct Stretch<'s> {
    of: Option<&'s Source>,
    /// The bytes of the file that were looked at.
    range: Range<usize>,
    copy: Vec<u8>,
    /// The same as text; nothing if they are none.
    text: String,
    /// Where the row ends that was asked for last.
    last: usize,
}

impl<'s> Stretch<'s> {
    /// The text of a row, if all of it is text and rows around it are read too: those up to `in_turn_upto` may be, and those that are
    /// read one after another so far were, or this one stands in a stretch already.
    pub fn text(&mut self, source: &'s Source, row: Range<usize>, in_turn_upto: usize) -> Option<&str> {
        // A line end is one byte or two.
        let follows = row.start.wrapping_sub(self.last) <= 2;
        self.last = row.end;
        if !self.has(source, &row) {
            if !follows || in_turn_upto <= row.end {
                return None;
            }
            self.reach(source, &row, in_turn_upto);
        }
        self.text.get(row.start - self.range.start..row.end - self.range.start)
    }

    /// Goes on to the stretch that begins with this row.
    fn reach(&mut self, source: &'s Source, row: &Range<usize>, end: usize) {
        let upto = end.min(row.start + REACH).max(row.end);
        self.copy.clear();
        self.copy.extend_from_slice(&source.rows_bytes()[row.start..upto]);
        if upto > row.end {
            // Behind the row is its line end, so all of the row is before the last byte that is no part of a longer character.
            let last = self.copy.iter().rposition(u8::is_ascii);
            self.copy.truncate(last.map_or(row.len(), |last| last + 1).max(row.len()));
        }
        self.text.clear();
        if let Ok(text) = simdutf8::basic::from_utf8(&self.copy) {
            self.text.push_str(text);
        }
        self.of = Some(source);
        self.range = row.start..row.start + self.copy.len();
    }

    fn has(&self, source: &Source, row: &Range<usize>) -> bool {
        self.range.start <= row.start
            && row.end <= self.range.end
            && self.of.is_some_and(|of| std::ptr::eq(of, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Encoding, Layout, Side};
    use memmap2::MmapMut;

    fn source(text: &[u8]) -> Source {
        let mut map = MmapMut::map_anon(text.len()).unwrap();
        map.copy_from_slice(text);
        let side = Side {
            encoding: Encoding::Utf8,
            layout: Layout::Csv { separator: b',', header: false },
            name: vec!["1".into()],
            birth: vec!["2".into()],
            ..Side::default()
        };
        Source::cut(map.make_read_only().unwrap(), 'A', &side).map_err(|_| ()).unwrap()
    }

    #[test]
    fn each_row_is_the_text_of_its_bytes() {
        for line_end in ["\n", "\r", "\r\n"] {
            let mut text = Vec::new();
            for number in 0..4_000 {
                text.extend("氏名".repeat(number % 37).bytes());
                // Now and then a row, or the character at its end, is no text.
                text.extend(if number % 1_009 == 500 { b"\xff".as_slice() } else { b"" });
                text.extend(if number % 1_511 == 3 { b",\xe6\xb0".as_slice() } else { b",1" });
                text.extend(line_end.bytes());
            }
            text.extend("長".repeat(REACH).bytes());
            text.extend(format!(",1{line_end}氏,終").bytes());
            let (first, second) = (source(&text), source(&text));
            let (mut row, mut problems, mut stretch) = (first.row(), Vec::new(), Stretch::default());
            let (mut rows, mut alone) = (first.rows(0..u64::MAX), 0);
            while let Some(is_usable) = rows.next(&mut row, &mut problems) {
                assert!(is_usable);
                let range = row.offset as usize..row.offset as usize + row.bytes.len();
                let text = stretch.text(&first, range.clone(), row.in_turn_upto);
                assert!(text.is_none_or(|text| text.as_bytes() == row.bytes));
                alone += usize::from(text.is_none());
                assert!(stretch.text(&second, range, 0).is_none(), "it is of another file");
            }
            // Rows around those that are no text are read alone too.
            assert!((7..1_500).contains(&alone), "{alone}");
        }
    }

    #[test]
    fn rows_here_and_there_are_read_alone() {
        let text = "氏,1\n".repeat(4_000);
        let source = source(text.as_bytes());
        let mut stretch = Stretch::default();
        let mut at = |row: usize, soon| stretch.text(&source, row * 6..row * 6 + 5, soon).map(str::to_owned);
        assert_eq!(at(3, text.len()), None);
        assert_eq!(at(9, text.len()), None);
        assert_eq!(at(10, 0), None, "nothing is read behind it");
        assert_eq!(at(11, text.len()).as_deref(), Some("氏,1"));
        assert_eq!(at(40, 0).as_deref(), Some("氏,1"), "it stands in the stretch");
        assert_eq!(at(3_000, text.len()), None);
    }
}
