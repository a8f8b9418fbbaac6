//! A CSV table in memory: cells are quoted where they must be, numbers are written without detours.
//!
//! Always holds: a cell's text comes back unchanged from any CSV reader; a guarded cell is never a formula.
//! Not here: which cells a table has; files.
//! Rules come from: RFC 4180; docs/linkage.md.

use crate::levels::Levels;

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// A byte order mark, by which spreadsheets know UTF-8.
    pub bom: bool,
    /// Lines end in CR LF.
    pub crlf: bool,
}

/// Lines of a table.
pub(super) struct Table {
    bytes: Vec<u8>,
    style: Style,
    is_line_begun: bool,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl Table {
    /// No lines yet.
    pub fn new(style: Style) -> Table {
        Table { bytes: Vec::new(), style, is_line_begun: false }
    }

    /// A table that begins the file: byte order mark and headings.
    pub fn headed<'h>(style: Style, headings: impl IntoIterator<Item = &'h str>) -> Table {
        let mut table = Table::new(style);
        if style.bom {
            table.bytes.extend_from_slice(BOM);
        }
        headings.into_iter().for_each(|heading| table.text(heading));
        table.end();
        table
    }

    fn begin(&mut self) {
        if self.is_line_begun {
            self.bytes.push(b',');
        }
        self.is_line_begun = true;
    }

    /// A cell as it is.
    pub fn text(&mut self, value: &str) {
        self.begin();
        self.quoted(value);
    }

    /// A cell of this program's own words, which have no comma, quote or line end: codes, grades, levels.
    pub fn word(&mut self, word: &'static str) {
        debug_assert!(!must_be_quoted(word));
        self.begin();
        self.bytes.extend_from_slice(word.as_bytes());
    }

    /// A cell of a table that goes to a spreadsheet or to a program: guarded if the style is that of spreadsheets, which
    /// is what a byte order mark is for; a program gets the text as it is.
    pub fn guarded_by_style(&mut self, value: &str) {
        if self.style.bom { self.guarded(value) } else { self.text(value) }
    }

    /// A cell of ASCII letters and digits, and hyphens between them, such as most keys are: there is nothing to decode, to
    /// quote or to guard. False for any other cell, and nothing is written.
    pub fn plain(&mut self, bytes: &[u8]) -> bool {
        // All of them, whatever the first ones are: what comes of each would be guessed.
        let are_plain = bytes.iter().fold(true, |are, byte| are & PLAIN[usize::from(*byte)]);
        let is_plain = are_plain && bytes.first() != Some(&b'-');
        if is_plain {
            self.begin();
            self.bytes.extend_from_slice(bytes);
        }
        is_plain
    }

    /// A cell that people open in a spreadsheet: what would be a formula there gets an apostrophe before it.
    pub fn guarded(&mut self, value: &str) {
        self.begin();
        if is_formula(value) {
            // The apostrophe stands inside the quotes, where a quoted cell begins.
            return self.quoted(&format!("'{value}"));
        }
        self.quoted(value);
    }

    fn quoted(&mut self, value: &str) {
        if !must_be_quoted(value) {
            return self.bytes.extend_from_slice(value.as_bytes());
        }
        self.bytes.push(b'"');
        for part in value.split_inclusive('"') {
            self.bytes.extend_from_slice(part.as_bytes());
            if part.ends_with('"') {
                self.bytes.push(b'"');
            }
        }
        self.bytes.push(b'"');
    }

    /// The codes of levels, with a blank between.
    pub fn codes(&mut self, levels: &Levels) {
        self.begin();
        self.bytes.extend_from_slice(&codes(levels));
    }

    /// A number.
    pub fn number(&mut self, value: u64) {
        self.begin();
        digits(&mut self.bytes, value);
    }

    /// Hundredths with two places: -310 is `-3.10`.
    pub fn hundredths(&mut self, value: i32) {
        self.begin();
        if value < 0 {
            self.bytes.push(b'-');
        }
        let size = value.unsigned_abs();
        digits(&mut self.bytes, u64::from(size / 100));
        self.bytes.push(b'.');
        self.bytes.extend_from_slice(&two((size % 100) as u8));
    }

    /// So many cells without a text.
    pub fn empty(&mut self, count: usize) {
        if count > 0 {
            self.begin();
            self.bytes.resize(self.bytes.len() + count - 1, b',');
        }
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.bytes.extend_from_slice(if self.style.crlf { b"\r\n" } else { b"\n" });
        self.is_line_begun = false;
    }

    /// The lines so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Drops the lines, keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.is_line_begun = false;
    }
}

/// What a plain cell is made of.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-';
        byte += 1;
    }
    plain
};

/// [`Levels::codes`], each of which has two bytes: put together like this, it takes a fraction of the time.
fn codes(levels: &Levels) -> [u8; 17] {
    let mut codes = [b' '; 17];
    for (at, code) in levels.all_codes().into_iter().enumerate() {
        if let [first, second] = code.as_bytes() {
            (codes[3 * at], codes[3 * at + 1]) = (*first, *second);
        }
    }
    codes
}

fn must_be_quoted(value: &str) -> bool {
    // Letters, digits and kanji are seen by one comparison.
    value.bytes().any(|byte| byte <= b',' && matches!(byte, b'"' | b',' | b'\r' | b'\n'))
}

/// Whether a spreadsheet would compute the cell; Japanese ones take full-width signs too.
fn is_formula(value: &str) -> bool {
    value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Decimal digits; a hot path, so without the formatter, and two at a time.
fn digits(out: &mut Vec<u8>, mut value: u64) {
    const MOST: usize = 20;
    let mut digits = [0; MOST];
    let mut at = MOST;
    while value >= 100 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&two((value % 100) as u8));
        value /= 100;
    }
    at -= 2;
    digits[at..at + 2].copy_from_slice(&two(value as u8));
    at += usize::from(value < 10);
    out.extend_from_slice(&digits[at..]);
}

/// Both digits of a number below 100.
fn two(value: u8) -> [u8; 2] {
    [b'0' + value / 10, b'0' + value % 10]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levels::{AddressLevel, BirthLevel, KanaLevel, NameLevel, SexLevel, StrongLevel};
    use proptest::prelude::*;

    const BARE: Style = Style { bom: false, crlf: false };

    fn one(write: impl Fn(&mut Table)) -> String {
        let mut table = Table::new(BARE);
        write(&mut table);
        String::from_utf8(table.bytes().to_vec()).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        for (value, want) in [
            ("", ""),
            ("山田　花子", "山田　花子"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("\"", "\"\"\"\""),
            ("a\r\nb", "\"a\r\nb\""),
            (" a ", " a "),
        ] {
            assert_eq!(one(|table| table.text(value)), want);
        }
    }

    #[test]
    fn no_guarded_cell_is_a_formula() {
        for (value, want) in [
            ("=1+1", "'=1+1"),
            ("+81", "'+81"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("\t=1", "'\t=1"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("1-2-3", "1-2-3"),
            ("", ""),
        ] {
            assert_eq!(one(|table| table.guarded(value)), want);
        }
    }

    #[test]
    fn programs_get_cells_as_they_are() {
        for (bom, want) in [(true, "'=1+1,1"), (false, "=1+1,1")] {
            let mut table = Table::new(Style { bom, crlf: false });
            table.guarded_by_style("=1+1");
            table.guarded_by_style("1");
            assert_eq!(table.bytes(), want.as_bytes());
        }
    }

    #[test]
    fn numbers() {
        for (value, want) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (1520, "15.20"), (-310, "-3.10")] {
            assert_eq!(one(|table| table.hundredths(value)), want);
        }
        for value in [0, 9, 10, 99, 100, 101, 12_345, 1_234_567, 10_000_000_000_000_000_000, u64::MAX] {
            assert_eq!(one(|table| table.number(value)), value.to_string());
        }
    }

    #[test]
    fn codes_are_the_levels_codes() {
        fn nth<T: Copy>(all: &[T], n: usize) -> T {
            all[n % all.len()]
        }
        for n in 0..NameLevel::ALL.len() {
            let levels = Levels {
                name: nth(NameLevel::ALL, n),
                kana: nth(KanaLevel::ALL, n),
                birth: nth(BirthLevel::ALL, n),
                sex: nth(SexLevel::ALL, n),
                address: nth(AddressLevel::ALL, n),
                strong: nth(StrongLevel::ALL, n),
            };
            assert_eq!(one(|table| table.codes(&levels)), levels.codes());
        }
    }

    #[test]
    fn heads_and_line_ends() {
        let mut table = Table::headed(Style { bom: true, crlf: true }, ["番号", "判断"]);
        table.number(1);
        table.empty(1);
        table.end();
        assert_eq!(table.bytes(), "\u{feff}番号,判断\r\n1,\r\n".as_bytes());
    }

    proptest! {
        #[test]
        fn a_plain_cell_is_written_as_every_other_way_writes_it(bytes in "[-a0=,\"ア ]{0,9}|[-0-9A-z]{0,9}|\\PC{0,3}") {
            let want = one(|table| table.guarded(&bytes));
            let mut table = Table::new(BARE);
            if table.plain(bytes.as_bytes()) {
                prop_assert_eq!(table.bytes(), want.as_bytes());
                prop_assert_eq!(table.bytes(), bytes.as_bytes());
            } else {
                prop_assert!(table.bytes().is_empty());
                prop_assert!(!bytes.bytes().all(|byte| byte.is_ascii_digit()));
            }
        }

        #[test]
        fn every_text_comes_back(value in "\\PC*|[a\",\r\n]{0,9}", other in "[a\",\r\n]{0,9}") {
            let mut table = Table::new(BARE);
            table.text(&value);
            table.text(&other);
            table.end();
            let mut cells = vec![String::new()];
            let mut inside = false;
            let text = std::str::from_utf8(table.bytes()).unwrap();
            let mut chars = text.strip_suffix('\n').unwrap().chars().peekable();
            while let Some(c) = chars.next() {
                match c {
                    '"' if inside && chars.peek() == Some(&'"') => {
                        chars.next();
                        cells.last_mut().unwrap().push('"');
                    }
                    '"' => inside = !inside,
                    ',' if !inside => cells.push(String::new()),
                    c => cells.last_mut().unwrap().push(c),
                }
            }
            prop_assert_eq!(cells, vec![value, other]);
        }
    }
}
