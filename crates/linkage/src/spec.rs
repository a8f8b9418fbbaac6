//! The spec (spec.toml): which columns of both files hold what, in what encoding and layout, and how results are written.
//!
//! Always holds: a spec that was read can be run: both sides have name, birth date, and sex or address; an unknown word
//! is refused with its line and the word that was probably meant.
//! Not here: whether the files have these columns (source).
//! Rules come from: the issue, part C.

mod read;
mod suggest;
mod words;
mod write;

pub(crate) use suggest::is_heading;

use std::{fmt, path::Path};

/// What a run is told about both files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Side A (asks: each of its rows wants a partner).
    pub a: Side,
    /// Side B (is asked).
    pub b: Side,
    /// How results are written.
    pub output: Output,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// With a byte order mark, by which spreadsheets know UTF-8.
    pub bom: bool,
    /// How lines end.
    pub newline: Newline,
}

impl Default for Output {
    fn default() -> Output {
        Output { bom: true, newline: Newline::Crlf }
    }
}

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newline {
    /// As Windows has it.
    Crlf,
    /// As the rest has it.
    Lf,
}

impl Newline {
    /// The characters.
    pub fn text(self) -> &'static str {
        match self {
            Newline::Crlf => "\r\n",
            Newline::Lf => "\n",
        }
    }
}

/// One file. Columns are named by the file's headings, or by number (`"1"`, `"2"`, …) when it has no header, or by the
/// names of the layout. An attribute without columns is one that the file lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Its layout.
    pub layout: Layout,
    /// Its characters.
    pub encoding: Encoding,
    /// The row's own key, printed in the results.
    pub key: Option<String>,
    /// 氏名; several are joined (姓, 名).
    pub name: Vec<String>,
    /// Alternative names (通称, 旧氏), each of one or several columns.
    pub other_names: Vec<Vec<String>>,
    /// カナ氏名
    pub kana: Vec<String>,
    /// 生年月日; several are joined (元号, 年, 月, 日).
    pub birth: Vec<String>,
    /// 性別
    pub sex: Vec<String>,
    /// 住所, 方書; several are joined.
    pub address: Vec<String>,
    /// A number that both files give to a person, such as 被保険者番号: where two differ, nothing is linked.
    pub strong: Vec<String>,
    /// Columns copied to the results.
    pub carry: Vec<String>,
    /// What both files have; the same on both sides.
    pub shared: Shared,
}

/// Attributes that both files have, besides name and birth date, which every file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// カナ氏名
    pub kana: bool,
    /// 性別
    pub sex: bool,
    /// 住所
    pub address: bool,
    /// Strong identifier.
    pub strong: bool,
}

/// An attribute of the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// 氏名
    Name,
    /// カナ氏名
    Kana,
    /// 生年月日
    Birth,
    /// 性別
    Sex,
    /// 住所
    Address,
    /// Strong identifier.
    Strong,
}

impl Attribute {
    /// All of them.
    pub const ALL: [Attribute; 6] = [
        Attribute::Name,
        Attribute::Kana,
        Attribute::Birth,
        Attribute::Sex,
        Attribute::Address,
        Attribute::Strong,
    ];
}

/// How a file is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Values between separators.
    Csv {
        /// `,`, tab or `;`. No other is offered: in CP932 the second byte of a character can be `|`, but none of these.
        separator: u8,
        /// The first row holds the headings.
        header: bool,
    },
    /// Values at fixed places.
    Fixed(Fixed),
}

/// A fixed-width layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// What starts and lengths count.
    pub unit: Unit,
    /// Bytes of each record with its line end, if it has one; without it every line is a record.
    pub record_length: Option<u32>,
    /// Lines may lack the blanks at their end.
    pub trimmed: bool,
    /// The fields.
    pub fields: Vec<Field>,
}

/// What places in a fixed-width row are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, as systems of offices do.
    Bytes,
    /// Characters.
    Chars,
}

/// One field of a fixed-width row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// By what the spec names it.
    pub name: String,
    /// Its first place, from 1.
    pub start: u32,
    /// How many places it takes.
    pub length: u32,
}

/// How characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// To be seen from the bytes.
    Auto,
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// Shift_JIS as Windows has it.
    Cp932,
}

/// What is wrong with a spec. Holds words of the spec only, never of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// The layout file, when it is not the spec itself.
    pub file: Option<String>,
    /// The line, from 1; 0 when something is missing altogether.
    pub line: usize,
    /// What is wrong and what to write, in Japanese.
    pub ja: String,
    /// The same in English.
    pub en: String,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if self.line > 0 {
            write!(f, "{}行目 (line {}): ", self.line, self.line)?;
        }
        write!(f, "{} / {}", self.ja, self.en)
    }
}

impl Spec {
    /// Reads a spec file, and the layout files that it names relative to its own folder.
    pub fn load(path: &Path) -> Result<Spec, Vec<SpecError>> {
        // Asked before opening: to open a pipe is to wait for whoever writes into it.
        let text = |path: &Path| match std::fs::metadata(path)?.is_file() {
            true => std::fs::read_to_string(path),
            false => Err(std::io::Error::from(std::io::ErrorKind::InvalidInput)),
        };
        let spec = text(path).map_err(|_| {
            let ja = "設定ファイルを読めません（ファイル名と文字コードUTF-8を確かめてください）";
            vec![SpecError::whole(ja, "the spec cannot be read; see its name and that it is UTF-8")]
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        read::spec(&spec, &|name| text(&folder.join(name)).ok())
    }

    /// Reads the text of a spec; a layout must stand in it and not in a file of its own.
    pub fn parse(text: &str) -> Result<Spec, Vec<SpecError>> {
        read::spec(text, &|_| None)
    }

    /// Finds out what both files have. Reading a spec does it; a program that puts one together calls it last.
    pub fn share(&mut self) {
        let both = |pick: fn(&Side) -> &Vec<String>| !pick(&self.a).is_empty() && !pick(&self.b).is_empty();
        let shared = Shared {
            kana: both(|side| &side.kana),
            sex: both(|side| &side.sex),
            address: both(|side| &side.address),
            strong: both(|side| &side.strong),
        };
        self.a.shared = shared;
        self.b.shared = shared;
    }
}

impl Side {
    /// The columns of an attribute.
    pub fn columns(&self, attribute: Attribute) -> &[String] {
        match attribute {
            Attribute::Name => &self.name,
            Attribute::Kana => &self.kana,
            Attribute::Birth => &self.birth,
            Attribute::Sex => &self.sex,
            Attribute::Address => &self.address,
            Attribute::Strong => &self.strong,
        }
    }

    /// The headings of an attribute in one word, for a list of problems: `姓+名`.
    pub fn heading(&self, attribute: Attribute) -> String {
        self.columns(attribute).join("+")
    }
}

impl Default for Side {
    fn default() -> Side {
        Side {
            layout: Layout::Csv { separator: b',', header: true },
            encoding: Encoding::Auto,
            key: None,
            name: Vec::new(),
            other_names: Vec::new(),
            kana: Vec::new(),
            birth: Vec::new(),
            sex: Vec::new(),
            address: Vec::new(),
            strong: Vec::new(),
            carry: Vec::new(),
            shared: Shared::default(),
        }
    }
}

impl SpecError {
    fn whole(ja: impl Into<String>, en: impl Into<String>) -> SpecError {
        SpecError { file: None, line: 0, ja: ja.into(), en: en.into() }
    }
}

#[cfg(test)]
mod tests;
