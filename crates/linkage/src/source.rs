//! A file of rows: mapped into memory, split into chunks at row boundaries, read row by row or at a place.
//!
//! Always holds: every row of the file is seen exactly once, whatever the chunks; a row that cannot be used is told and
//! counted, and never moves a value into another column; reading a row allocates nothing unless it is longer than all
//! before, and no more than [`ROW_MAX`] then.
//! Not here: what the values mean (form); who reads which chunk (engine).
//! Rules come from: the issue, parts C and D; RFC 4180.

mod chunks;
mod columns;
mod csv;
mod decode;
mod fixed;
mod plain;
mod printed;
mod sample;
mod stretch;
mod texts;

pub use texts::{Buffers, RawHash};

use crate::{
    problem::{Problem, ProblemCode},
    soon::soon,
    spec::{Encoding, Layout, Side},
};
use base::Fault;
use columns::Columns;
use decode::Charset;
use fixed::Places;
use memchr::memchr;
use memmap2::Mmap;
use std::{fmt, fs::File, ops::Range, path::Path};

/// A row longer than this is told and not read: it is a file that lost its line ends.
pub const ROW_MAX: usize = 1 << 20;

/// An open file of rows.
pub struct Source {
    side: char,
    map: Mmap,
    /// The data rows: after the header, before a final end-of-file mark.
    data: Range<usize>,
    /// The line of the first data row, from 1.
    first_line: u64,
    charset: Charset,
    shape: Shape,
    columns: Columns,
    noted: Vec<Problem>,
}

/// How rows are found and cut.
enum Shape {
    Csv { separator: u8, width: usize },
    Fixed(Places),
}

/// The content of a field within its row, without its quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    start: u32,
    end: u32,
    /// Quotes in it are written twice.
    doubled: bool,
}

/// A row taken from the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    /// Where its content ends.
    end: usize,
    /// Where the next row begins.
    next: usize,
    /// Line ends passed.
    breaks: u64,
    /// What is wrong with it, and in which field.
    wrong: Option<(ProblemCode, Option<usize>)>,
}

/// One row, borrowed from the map.
pub struct Row<'s> {
    /// Bytes before it in the file.
    pub offset: u64,
    /// Its first line, counted from the beginning of the chunk it was read from (0: the chunk's first line).
    pub line: u64,
    source: &'s Source,
    bytes: &'s [u8],
    /// The fields, as many as the header has; none when the row cannot be used. The buffer is kept from row to row.
    cells: Vec<Cell>,
    /// Up to where rows of the file are read one after another; 0 for a row that is read by itself.
    in_turn_upto: usize,
}

/// Reads the rows of a chunk one after another.
pub struct Rows<'s> {
    source: &'s Source,
    at: usize,
    end: usize,
    lines: u64,
}

/// What the first row of a file says, for guessing a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The headings.
    pub names: Vec<String>,
    /// The separator that it uses: `,`, tab or `;`.
    pub separator: u8,
    /// The encoding that was seen.
    pub encoding: Encoding,
}

/// Why a file is not opened: problems of the whole file, or a fault of the machine.
pub type Closed = Result<Vec<Problem>, Fault>;

/// Reads the headings of a file of separated values.
pub fn header(path: &Path, side: char) -> Result<Header, Closed> {
    let map = map(path, side)?;
    let begin = decode::begin(&map, Encoding::Auto).map_err(|code| closed(side, code))?;
    let data = begin.start..csv::data_end(&map);
    columns::header(&map[data], begin.charset).ok_or_else(|| closed(side, ProblemCode::Empty))
}

fn closed(side: char, code: ProblemCode) -> Closed {
    Ok(vec![Problem::file(side, None, code)])
}

/// Maps a file.
///
/// A file that another program cuts while it is mapped ends this process (SIGBUS) at the next touch of what is gone. No
/// result is half written then, since results are renamed into place at the end; docs/linkage.md says to copy a file
/// that is still being written.
#[expect(
    unsafe_code,
    reason = "mapping a file is the only way to read it from many threads without copying it"
)]
fn map(path: &Path, side: char) -> Result<Mmap, Closed> {
    let fault = |error| {
        let fault = Fault::caused(format!("file {side} cannot be opened or mapped"), error);
        Err(fault
            .in_japanese(format!("ファイル{side}を開けません。ファイル名と、読む権限を確かめてください。")))
    };
    // Asked before opening: to open a pipe is to wait for whoever writes into it.
    if !std::fs::metadata(path).map_err(fault)?.is_file() {
        let fault = Fault::new(format!("file {side} is no plain file"));
        return Err(Err(fault.in_japanese(format!(
            "ファイル{side}は普通のファイルではありません（フォルダーなど）。CSVか固定長のファイルを指定してください。"
        ))));
    }
    let file = File::open(path).map_err(fault)?;
    if file.metadata().map_err(fault)?.len() == 0 {
        return Err(closed(side, ProblemCode::Empty));
    }
    // SAFETY: the map is only read, and only as bytes, of which every value is valid; a change by another program can
    // change what is read, or end the process, but nothing here relies on two reads being the same.
    unsafe { Mmap::map(&file) }.map_err(fault)
}

impl Source {
    /// Opens and maps a file, finds its columns. Problems of the whole file (empty, no such column, wrong encoding) come
    /// back as `Err(Ok(problems))`, of the machine as `Err(Err(fault))`.
    pub fn open(path: &Path, side: char, spec: &Side) -> Result<Source, Closed> {
        Source::over(map(path, side)?, side, spec)
    }

    /// The same over bytes that are mapped already.
    fn over(map: Mmap, side: char, spec: &Side) -> Result<Source, Closed> {
        let mut source = Source::cut(map, side, spec)?;
        source.noted = sample::look(&source, spec).map_err(Ok)?;
        Ok(source)
    }

    /// Finds encoding, header and columns.
    fn cut(map: Mmap, side: char, spec: &Side) -> Result<Source, Closed> {
        let begin = decode::begin(&map, spec.encoding).map_err(|code| closed(side, code))?;
        let mut data = begin.start..csv::data_end(&map).max(begin.start);
        let (charset, mut first_line) = (begin.charset, 1);
        let (shape, columns) = match &spec.layout {
            Layout::Fixed(fixed) => {
                let names = fixed.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
                let columns = Columns::of_names(spec, &names, side).map_err(Ok)?;
                (Shape::Fixed(Places::new(fixed, charset)), columns)
            }
            Layout::Csv { separator, header } => {
                if let Some(named) = csv::named(&map[..data.end], data.start) {
                    if named.separator != *separator {
                        let problem =
                            Problem::row(side, 1, Some(&named.shown()), ProblemCode::OtherSeparator);
                        return Err(Ok(vec![problem]));
                    }
                    data.start = named.next;
                    first_line += 1;
                }
                let first = csv::first(&map[..data.end], data.start, *separator, charset)
                    .ok_or_else(|| closed(side, ProblemCode::Empty))?;
                if let Some(code) = first.wrong {
                    // Without sound headings nothing can be said of any column.
                    return Err(Ok(vec![Problem::row(side, first_line - 1 + first.line, None, code)]));
                }
                let width = first.names.len();
                let columns = if *header {
                    data.start = first.next;
                    first_line += first.breaks;
                    Columns::of_names(spec, &first.names, side)
                } else {
                    Columns::of_numbers(spec, width, side)
                };
                (Shape::Csv { separator: *separator, width }, columns.map_err(Ok)?)
            }
        };
        Ok(Source { side, map, data, first_line, charset, shape, columns, noted: Vec::new() })
    }

    /// The whole file's bytes (for hashing).
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// What was noticed about the whole file and does not stop a run.
    pub fn noted(&self) -> &[Problem] {
        &self.noted
    }

    /// Whether rows of both files with the same raw bytes have the same texts: no file has an attribute that the other lacks,
    /// each attribute is in as many columns, and bytes mean the same characters. (Other names are no raw bytes: see
    /// [`Row::has_others`].)
    pub fn is_alike(&self, other: &Source) -> bool {
        let is_all_raw = |source: &Source| source.columns.is_all_raw();
        // Raw bytes tell columns apart, but not where an attribute ends: a name in two columns and a reading in one have the
        // bytes of a name in one and a reading in two.
        let widths =
            |source: &Source| source.columns.raw.iter().map(|raw| raw.fields.len()).collect::<Vec<_>>();
        self.charset == other.charset
            && is_all_raw(self)
            && is_all_raw(other)
            && widths(self) == widths(other)
    }

    /// The data rows split at row boundaries into chunks of about `size` bytes.
    pub fn chunks(&self, size: u64, threads: usize) -> Vec<Range<u64>> {
        let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
        let cuts = match &self.shape {
            Shape::Csv { separator, .. } => {
                chunks::quoted(self.rows_bytes(), self.data.start, *separator, size, threads)
            }
            Shape::Fixed(places) => chunks::plain(self.rows_bytes(), self.data.start, size, places.record()),
        };
        cuts.windows(2).map(|pair| pair[0] as u64..pair[1] as u64).collect()
    }

    /// The line (from 1) on which the first data row stands. The first line of any chunk is this plus [`Rows::lines`] of
    /// all chunks before it, each read to its end.
    pub fn first_line(&self) -> u64 {
        self.first_line
    }

    /// Reads a chunk.
    pub fn rows(&self, chunk: Range<u64>) -> Rows<'_> {
        let within =
            |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).clamp(self.data.start, self.data.end);
        Rows { source: self, at: within(chunk.start), end: within(chunk.end), lines: 0 }
    }

    /// A row to read into (keeps its buffers).
    pub fn row(&self) -> Row<'_> {
        Row { offset: 0, line: 0, source: self, bytes: &[], cells: Vec::new(), in_turn_upto: 0 }
    }

    /// Reads the row that begins at this offset, which was given by `rows` before. Its `line` is 0.
    pub fn at<'s>(&'s self, offset: u64, row: &mut Row<'s>) {
        row.source = self;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.data.end);
        self.take(start, 0, row);
        row.in_turn_upto = 0;
    }

    /// The rows that begin at these offsets are read soon: rows far from each other lie anywhere in memory.
    pub fn soon(&self, offsets: impl Iterator<Item = u64>) {
        // As long as most rows are.
        self.soon_lines(offsets, 3);
    }

    /// The same for so many lines of the processor's memory.
    fn soon_lines(&self, offsets: impl Iterator<Item = u64>, lines: usize) {
        const LINE: usize = 64;
        for offset in offsets {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            for line in 0..lines {
                if let Some(place) = self.map.get(start.saturating_add(line * LINE)) {
                    soon(place);
                }
            }
        }
    }

    /// Everything up to the end of the last row; offsets are those of the file.
    fn rows_bytes(&self) -> &[u8] {
        &self.map[..self.data.end]
    }

    fn take<'s>(&'s self, start: usize, line: u64, row: &mut Row<'s>) -> Taken {
        let data = self.rows_bytes();
        let mut taken = match &self.shape {
            Shape::Csv { separator, width } => csv::take(data, start, *separator, *width, &mut row.cells),
            Shape::Fixed(places) => places.take(data, start, &mut row.cells),
        };
        let bytes = &data[start..taken.end];
        if taken.wrong.is_none() {
            taken.wrong = self.damaged(bytes).map(|code| (code, None));
        }
        row.offset = start as u64;
        row.line = line;
        if taken.wrong.is_some() {
            row.bytes = &[];
            row.cells.clear();
        } else {
            row.bytes = bytes;
        }
        taken
    }

    /// Looks at the bytes of a whole row (for a zero byte among them, where cutting it into fields did not).
    fn damaged(&self, row: &[u8]) -> Option<ProblemCode> {
        if matches!(self.shape, Shape::Fixed(_)) && memchr(0, row).is_some() {
            return Some(ProblemCode::Nul);
        }
        (self.charset == Charset::Cp932 && decode::is_utf8_by_mistake(row))
            .then_some(ProblemCode::BadEncoding)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.side)
    }
}

impl<'s> Rows<'s> {
    /// The next row; `None` at the chunk's end. A row that cannot be used (wrong number of fields, NUL, too long, wrong
    /// encoding) is `Some(false)`: it counts as a row, its problems were pushed, and its fields are empty.
    pub fn next(&mut self, row: &mut Row<'s>, problems: &mut Vec<Problem>) -> Option<bool> {
        let source = self.source;
        if !matches!(&source.shape, Shape::Fixed(places) if places.record().is_some()) {
            self.skip_blank_lines();
        }
        if self.at >= self.end {
            return None;
        }
        row.source = source;
        let taken = source.take(self.at, self.lines, row);
        row.in_turn_upto = self.end;
        self.at = taken.next;
        self.lines += taken.breaks;
        let Some((code, field)) = taken.wrong else { return Some(true) };
        let column = field.map(|field| source.columns.heading(field));
        problems.push(Problem::row(source.side, row.line, column.as_deref(), code));
        Some(false)
    }

    /// A line without a byte is no row.
    fn skip_blank_lines(&mut self) {
        let data = self.source.rows_bytes();
        while self.at < self.end && matches!(data[self.at], b'\n' | b'\r') {
            self.at = csv::after_break(data, self.at);
            self.lines += 1;
        }
    }

    /// Lines passed so far in this chunk.
    pub fn lines(&self) -> u64 {
        self.lines
    }
}

#[cfg(test)]
mod tests;
