//! Characters of a file: which encoding it is in, and from its bytes to text.
//!
//! Always holds: bytes that are not of the file's encoding are never read as something else; decoding appends to a
//! buffer that the caller keeps.
//! Not here: what is done about a row that cannot be decoded (texts).

use crate::{problem::ProblemCode, spec::Encoding};
use encoding_rs::{DecoderResult, SHIFT_JIS};
use memchr::{memchr2, memchr2_iter};
use std::{borrow::Cow, ops::Range};

/// The beginning of a file that is looked at to see its encoding.
const HEAD: usize = 1 << 20;
/// Further places looked at, evenly over the file, and how much of each.
const PLACES: usize = 16;
const PLACE: usize = 1 << 16;

/// So many Japanese characters in a row that is valid UTF-8 are no accident. A row of CP932 would have to do without
/// hiragana, katakana and all usual kanji (their first bytes begin no UTF-8 character) to come out as valid UTF-8.
const SURE: usize = 4;

/// The encoding that a file is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    /// Shift_JIS as Windows has it, which is what browsers read under the name Shift_JIS.
    Cp932,
}

/// What the first bytes say.
pub struct Begin {
    /// After the byte order mark.
    pub start: usize,
    pub charset: Charset,
}

/// How a spreadsheet's own files begin: .xlsx, which is a ZIP archive, and the older .xls.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// Finds the encoding, or says why the file cannot be read.
pub fn begin(bytes: &[u8], declared: Encoding) -> Result<Begin, ProblemCode> {
    if WORKBOOKS.iter().any(|sign| bytes.starts_with(sign)) {
        return Err(ProblemCode::Workbook);
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || looks_utf16(bytes) {
        return Err(ProblemCode::Utf16);
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return match declared {
            Encoding::Cp932 => Err(ProblemCode::OtherEncoding),
            _ => Ok(Begin { start: 3, charset: Charset::Utf8 }),
        };
    }
    let votes = sampled(bytes);
    // Lines of mixed encodings are told one by one; here it is about nearly all lines.
    let mostly = |one: usize, other: usize| one > 0 && one > 9 * other;
    let charset = match declared {
        Encoding::Utf8 if mostly(votes.cp932, votes.utf8) => return Err(ProblemCode::OtherEncoding),
        Encoding::Cp932 if mostly(votes.sure, votes.cp932) => return Err(ProblemCode::OtherEncoding),
        Encoding::Utf8 => Charset::Utf8,
        Encoding::Cp932 => Charset::Cp932,
        Encoding::Auto if votes.utf8 >= votes.cp932 && votes.utf8 >= votes.neither => Charset::Utf8,
        Encoding::Auto => Charset::Cp932,
    };
    Ok(Begin { start: 0, charset })
}

/// In UTF-16 digits, commas and line ends have a zero byte, all on the same side of their pair.
fn looks_utf16(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let (more, fewer) = (even.max(odd), even.min(odd));
    more >= 2 && more * 10 >= head.len() && fewer * 10 <= more
}

/// Lines with characters beyond ASCII, by the encodings in which they are valid.
#[derive(Clone, Copy, Default)]
struct Votes {
    utf8: usize,
    /// Of `utf8`: with so many Japanese characters that it is no accident.
    sure: usize,
    cp932: usize,
    neither: usize,
}

fn sampled(bytes: &[u8]) -> Votes {
    let mut votes = Votes::default();
    vote(bytes, 0..bytes.len().min(HEAD), &mut votes);
    let rest = bytes.len().saturating_sub(HEAD);
    for place in 0..PLACES {
        let from = HEAD + rest / PLACES * place;
        if rest > 0 && from < bytes.len() {
            vote(bytes, from..bytes.len().min(from + PLACE), &mut votes);
        }
    }
    if votes.utf8 + votes.cp932 + votes.neither == 0 {
        // Only ASCII so far: the first line that is not decides.
        let blocks = bytes.chunks(PLACE).position(|block| !block.is_ascii()).unwrap_or(0);
        let from = (blocks * PLACE).saturating_sub(PLACE);
        vote(bytes, from..bytes.len().min(from + 3 * PLACE), &mut votes);
    }
    votes
}

fn vote(bytes: &[u8], window: Range<usize>, votes: &mut Votes) {
    let mut begin = window.start;
    if begin > 0 {
        // The line that the window cuts is left out.
        begin = memchr2(b'\n', b'\r', &bytes[window.clone()]).map_or(window.end, |at| window.start + at + 1);
    }
    let mut any = false;
    let ends = memchr2_iter(b'\n', b'\r', &bytes[begin..window.end]).map(|at| begin + at);
    let last = (window.end == bytes.len()).then_some(window.end);
    let mut from = begin;
    for end in ends.collect::<Vec<_>>().into_iter().chain(last) {
        any = true;
        vote_line(&bytes[from..end], votes);
        from = (end + 1).min(window.end);
    }
    if !any && window.start == 0 {
        // One line fills the window; its last character may be cut.
        let text = &bytes[window];
        let whole =
            (0..4).map(|cut| &text[..text.len() - cut]).find(|text| std::str::from_utf8(text).is_ok());
        vote_line(whole.unwrap_or(text), votes);
    }
}

fn vote_line(line: &[u8], votes: &mut Votes) {
    if line.is_ascii() {
        return;
    }
    // Megabytes are looked at before any thread has begun.
    if simdutf8::basic::from_utf8(line).is_ok() {
        votes.utf8 += 1;
        votes.sure += usize::from(is_japanese(line));
    } else if SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line).is_some() {
        votes.cp932 += 1;
    } else {
        votes.neither += 1;
    }
}

/// Whether a row of a CP932 file is UTF-8 for certain: without this it would be read as other kanji.
pub fn is_utf8_by_mistake(row: &[u8]) -> bool {
    // Nearly every row of CP932 ends this at its first kanji.
    std::str::from_utf8(row).is_ok() && is_japanese(row)
}

/// Whether a text of UTF-8 has as many Japanese characters as are no accident.
fn is_japanese(text: &[u8]) -> bool {
    text.iter().filter(|byte| (0xe3..=0xe9).contains(*byte)).nth(SURE - 1).is_some()
}

impl Charset {
    /// Appends the text of bytes; false, with nothing appended, when they are not of this encoding.
    pub fn append(self, bytes: &[u8], into: &mut String) -> bool {
        // ASCII is the same in both.
        if self == Charset::Utf8 || bytes.is_ascii() {
            return match std::str::from_utf8(bytes) {
                Ok(text) => {
                    into.push_str(text);
                    true
                }
                Err(_) => false,
            };
        }
        let before = into.len();
        let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
        // A character of one or two bytes becomes three at most.
        into.reserve(
            decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 3),
        );
        let (result, _) = decoder.decode_to_string_without_replacement(bytes, into, true);
        let good = result == DecoderResult::InputEmpty;
        if !good {
            into.truncate(before);
        }
        good
    }

    /// The text of bytes, with a mark for what cannot be read: for columns that are only printed.
    pub fn lossy(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            // To look for what cannot be read takes longer than to see that there is none.
            Charset::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => String::from_utf8_lossy(bytes),
            },
            Charset::Cp932 => SHIFT_JIS.decode_without_bom_handling(bytes).0,
        }
    }

    /// How many bytes the character has that begins here.
    pub fn step(self, rest: &[u8]) -> usize {
        let length = match (self, rest[0]) {
            (Charset::Cp932, 0x81..=0x9f | 0xe0..=0xfc) => 2,
            (Charset::Cp932, _) => 1,
            (Charset::Utf8, 0xc0..=0xdf) => 2,
            (Charset::Utf8, 0xe0..=0xef) => 3,
            (Charset::Utf8, 0xf0..=0xf7) => 4,
            (Charset::Utf8, _) => 1,
        };
        length.min(rest.len())
    }

    fn wide_blank(self) -> &'static [u8] {
        match self {
            Charset::Utf8 => "\u{3000}".as_bytes(),
            Charset::Cp932 => &[0x81, 0x40],
        }
    }

    /// Takes half-width and full-width blanks off both ends of a range.
    pub fn trimmed(self, row: &[u8], mut range: Range<usize>) -> Range<usize> {
        let wide = self.wide_blank();
        loop {
            let text = &row[range.clone()];
            if text.first() == Some(&b' ') {
                range.start += 1;
            } else if text.starts_with(wide) {
                range.start += wide.len();
            } else {
                break;
            }
        }
        // In CP932 the byte before the end can belong to a kanji, so the end is found from the beginning.
        let ends_in_blank = |text: &[u8]| text.last() == Some(&b' ') || text.ends_with(wide);
        if !ends_in_blank(&row[range.clone()]) {
            return range;
        }
        let (mut at, mut end) = (range.start, range.start);
        while at < range.end {
            let rest = &row[at..range.end];
            let step = self.step(rest);
            let blank = rest[0] == b' ' || rest.starts_with(wide);
            at += step;
            if !blank {
                end = at;
            }
        }
        range.start..end
    }

    /// Nothing but blanks is written.
    pub fn is_blank(self, bytes: &[u8]) -> bool {
        match bytes.first() {
            None => true,
            Some(b' ' | 0xe3 | 0x81) => self.trimmed(bytes, 0..bytes.len()).is_empty(),
            Some(_) => false,
        }
    }
}
