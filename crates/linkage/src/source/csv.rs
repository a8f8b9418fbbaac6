//! Separated values (CSV) by RFC 4180, with what files in offices add: CR, LF or CRLF, other separators, a last line
//! without its end, an end-of-file mark of old systems.
//!
//! Always holds: a row ends at the first line end outside quotes, so its end depends on nothing after it but the
//! quotes' own; a quote opens only at the beginning of a field, anywhere else it is a character like others.
//! A row with a zero byte is told as wrong here, since it is seen where separators are.
//! Not here: what columns mean; decoding. Structure is found in bytes: no second byte of a CP932 character is a comma, a
//! semicolon, a tab, a quote or a line end (they are 0x40 and above), and no byte of a longer UTF-8 character is.

use super::{Cell, ROW_MAX, Taken, decode::Charset, plain};
use crate::problem::ProblemCode;
use memchr::{memchr, memchr_iter, memchr2, memchr3};

/// A quoted value that is not closed after so many bytes never is: its row is given up at the line's end, so that one
/// stray quote does not swallow the file.
pub const QUOTED_MAX: usize = ROW_MAX;

/// Rows of more fields are taken field by field: to make room for all of them would take long where a row has few.
const WIDTH_MAX: usize = 1 << 10;

/// Old systems end a text with this byte.
const END_OF_FILE: u8 = 0x1a;

/// Where the last row ends at the latest.
pub fn data_end(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != END_OF_FILE).map_or(0, |last| last + 1)
}

/// Where the next line begins after a line end.
pub fn after_break(data: &[u8], at: usize) -> usize {
    let pair = data[at] == b'\r' && data.get(at + 1) == Some(&b'\n');
    at + if pair { 2 } else { 1 }
}

/// A first line that names the separator, as spreadsheets write and read it: `sep=;` and a line end; in quotes, or with more of
/// the same separators behind it, when a spreadsheet took it for a row and saved it again. It is neither header nor row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The separator.
    pub separator: u8,
    /// Where the next line begins.
    pub next: usize,
}

impl Named {
    /// The line as it is told; a tab would not be seen.
    pub fn shown(self) -> String {
        match self.separator {
            b'\t' => "sep=\\t".to_owned(),
            other => format!("sep={}", char::from(other)),
        }
    }
}

/// Finds the line that names the separator at the beginning of a file.
pub fn named(data: &[u8], start: usize) -> Option<Named> {
    /// Longer first lines are headings.
    const MOST: usize = 1 << 10;
    let rest = data.get(start..)?;
    let head = &rest[..rest.len().min(MOST)];
    let length = memchr2(b'\n', b'\r', head).or((head.len() == rest.len()).then_some(head.len()))?;
    let end = start + length;
    let next = if end < data.len() { after_break(data, end) } else { end };
    let line = rest[..length].strip_prefix(b"\"").unwrap_or(&rest[..length]);
    let (word, marks) = line.split_at_checked(4)?;
    let (separator, more) = marks.split_first()?;
    let is_mark = separator.is_ascii_punctuation() || matches!(separator, b'\t' | b' ');
    let is_more = |byte: &u8| byte == separator || matches!(byte, b'"' | b' ');
    (word.eq_ignore_ascii_case(b"sep=") && is_mark && more.iter().all(is_more))
        .then_some(Named { separator: *separator, next })
}

/// The first row of a file, taken as headings.
pub struct First {
    /// The fields.
    pub names: Vec<String>,
    /// Where the next row begins.
    pub next: usize,
    /// Lines up to there.
    pub breaks: u64,
    /// Its own line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub wrong: Option<ProblemCode>,
}

/// Reads the first row that is not blank. Bytes that cannot be decoded give a heading that matches nothing.
pub fn first(data: &[u8], start: usize, separator: u8, charset: Charset) -> Option<First> {
    let (mut at, mut breaks) = (start, 0);
    while at < data.len() && matches!(data[at], b'\n' | b'\r') {
        at = after_break(data, at);
        breaks += 1;
    }
    if at >= data.len() {
        return None;
    }
    let mut cells = Vec::new();
    let taken = take(data, at, separator, usize::MAX, &mut cells);
    let row = &data[at..taken.end];
    let nul = || memchr(0, row).map(|_| ProblemCode::Nul);
    let names = cells.iter().map(|cell| charset.lossy(cell.of(row)).into_owned()).collect();
    Some(First {
        names,
        next: taken.next,
        breaks: breaks + taken.breaks,
        line: breaks + 1,
        wrong: taken.wrong.map(|(code, _)| code).or_else(nul),
    })
}

/// Takes the row that begins at `start`. `width` is how many fields it has to have; `usize::MAX` for any number.
pub fn take(data: &[u8], start: usize, separator: u8, width: usize, cells: &mut Vec<Cell>) -> Taken {
    simple(data, start, separator, width, cells)
        .unwrap_or_else(|| by_fields(data, start, separator, width, cells))
}

/// Takes a row of the right shape without quotes, as nearly all are.
fn simple(data: &[u8], start: usize, separator: u8, width: usize, cells: &mut Vec<Cell>) -> Option<Taken> {
    if width > WIDTH_MAX {
        return None;
    }
    cells.resize(width, Cell::default());
    let end = start + plain::cut(&data[start..], separator, cells)?;
    let is_whole = width > 0 && data[end] != separator;
    is_whole.then(|| Taken { end, next: after_break(data, end), breaks: 1, wrong: None })
}

fn wrong_count(count: usize, width: usize, at_end: bool) -> Option<ProblemCode> {
    match count {
        _ if width == usize::MAX || count == width => None,
        _ if at_end && count < width => Some(ProblemCode::TruncatedLastRow),
        _ => Some(ProblemCode::WrongFieldCount),
    }
}

/// Takes a row field by field, whatever it is.
fn by_fields(data: &[u8], start: usize, separator: u8, width: usize, cells: &mut Vec<Cell>) -> Taken {
    cells.clear();
    let (mut at, mut count, mut breaks) = (start, 0, 0);
    let mut wrong = None;
    loop {
        let (content, doubled, mut end) = if data.get(at) == Some(&b'"') {
            let Some((close, doubled)) = closing(data, at) else {
                return unclosed(data, at, breaks, count);
            };
            breaks += line_ends(&data[at..close]);
            (at + 1..close, doubled, close + 1)
        } else {
            let end = field_end(data, at, separator);
            (at..end, false, end)
        };
        if !is_end(data, end, separator) {
            end = field_end(data, end, separator);
            wrong = wrong.or(Some((ProblemCode::TextAfterQuote, Some(count))));
        }
        // Past the limit nothing is kept, and the row is told as too long below.
        if count < width && end - start <= ROW_MAX {
            let cell = |place: usize| (place - start) as u32;
            cells.push(Cell { start: cell(content.start), end: cell(content.end), doubled });
        }
        count += 1;
        if data.get(end) == Some(&separator) {
            at = end + 1;
            continue;
        }
        let at_end = end >= data.len();
        if end - start > ROW_MAX {
            wrong = Some((ProblemCode::RowTooLong, None));
        }
        let wrong = wrong
            .or_else(|| wrong_count(count, width, at_end).map(|code| (code, None)))
            .or_else(|| memchr(0, &data[start..end]).map(|_| (ProblemCode::Nul, None)));
        let (next, last) = if at_end { (end, 0) } else { (after_break(data, end), 1) };
        return Taken { end, next, breaks: breaks + last, wrong };
    }
}

/// Gives up a row at the first line end after the quote that does not close.
fn unclosed(data: &[u8], open: usize, breaks: u64, field: usize) -> Taken {
    let wrong = Some((ProblemCode::UnclosedQuote, Some(field)));
    match memchr2(b'\n', b'\r', &data[open..]) {
        Some(at) => {
            let end = open + at;
            Taken { end, next: after_break(data, end), breaks: breaks + 1, wrong }
        }
        None => Taken { end: data.len(), next: data.len(), breaks, wrong },
    }
}

/// The place of the quote that closes the one at `open`, and whether quotes between them are doubled.
pub fn closing(data: &[u8], open: usize) -> Option<(usize, bool)> {
    let limit = data.len().min(open + 1 + QUOTED_MAX);
    let (mut at, mut doubled) = (open + 1, false);
    while at < limit {
        let close = at + memchr(b'"', &data[at..limit])?;
        if data.get(close + 1) != Some(&b'"') {
            return Some((close, doubled));
        }
        doubled = true;
        at = close + 2;
    }
    None
}

fn field_end(data: &[u8], at: usize, separator: u8) -> usize {
    memchr3(separator, b'\n', b'\r', &data[at..]).map_or(data.len(), |found| at + found)
}

fn is_end(data: &[u8], at: usize, separator: u8) -> bool {
    data.get(at).is_none_or(|byte| *byte == separator || matches!(byte, b'\n' | b'\r'))
}

/// Line ends within a quoted value.
fn line_ends(value: &[u8]) -> u64 {
    let lone = |at: usize| value.get(at + 1) != Some(&b'\n');
    let returns = memchr_iter(b'\r', value).filter(|at| lone(*at)).count();
    (memchr_iter(b'\n', value).count() + returns) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_simple_row_is_taken_as_any_other(
            row in "[a,\"あ]{0,90}|[a-e,]{0,90}|[ア-ン,]{0,40}|[a,\t\0\u{b}]{0,150}|([a-c]{0,40},){4}",
            behind in "(\r|\n|\r\n)[a,\"]{0,200}",
            width in prop::sample::select(vec![0, 1, 2, 3, 5, usize::MAX]),
            separator in prop::sample::select(vec![b',', b'\t', b'a']),
        ) {
            let text = ["before\n", &row, &behind].concat();
            let (data, start) = (text.as_bytes(), 7);
            let (mut some, mut all) = (Vec::new(), Vec::new());
            let taken = by_fields(data, start, separator, width, &mut all);
            if let Some(simple) = simple(data, start, separator, width, &mut some) {
                prop_assert_eq!((simple, &some), (taken, &all));
            }
            prop_assert_eq!(take(data, start, separator, width, &mut some), taken);
            prop_assert_eq!(some, all);
        }
    }
}
