//! Filled in below.
use crate::tree::Node;

/// How the characters of a message are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// Shift_JIS as Windows has it (CP932).
    ShiftJis,
}

impl Encoding {
    /// `CharacterCodeIdentifier`.
    pub fn code(self) -> &'static str {
        match self {
            Encoding::Utf8 => "0",
            Encoding::ShiftJis => "1",
        }
    }
}

/// Bounds of what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole message.
    pub bytes: usize,
    /// Elements inside each other, the root counted.
    pub depth: usize,
    /// Elements altogether.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 1 << 20, depth: 16, nodes: 20_000 }
    }
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// More bytes than allowed.
    TooLarge,
    /// Neither UTF-8 nor Shift_JIS, or not what the declaration says.
    Encoding,
    /// Not well formed (as XML, or as JSON in the mirror).
    NotXml {
        /// Where, counted from 1.
        line: u32,
    },
    /// Well formed, but with what no message may have: document types, entities, processing instructions.
    Forbidden,
    /// Elements too deep inside each other.
    TooDeep,
    /// Too many elements.
    TooMany,
    /// A shape that no message has.
    Mixed,
    /// Ended in the middle: a file that is still being written.
    Truncated,
}

impl Bad {
    /// A stable word for logs and answers.
    pub fn word(&self) -> &'static str {
        match self {
            Bad::TooLarge => "too-large",
            Bad::Encoding => "encoding",
            Bad::NotXml { .. } => "not-well-formed",
            Bad::Forbidden => "forbidden",
            Bad::TooDeep => "too-deep",
            Bad::TooMany => "too-many",
            Bad::Mixed => "mixed",
            Bad::Truncated => "truncated",
        }
    }
}

/// What stands for a character that cannot be written.
pub const SUBSTITUTE: char = '●';

/// A written message.
pub struct Rendered {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Names of the elements whose text lost characters.
    pub substituted: Vec<String>,
}

/// Reads a message.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Node, Encoding), Bad> {
    let _ = (bytes, limits);
    Err(Bad::Truncated)
}

/// Writes a message.
pub fn render(root: &Node, encoding: Encoding) -> Rendered {
    let _ = (root, encoding);
    Rendered { bytes: Vec::new(), substituted: Vec::new() }
}

/// Whether the text can be written as it is.
pub fn fits(text: &str, encoding: Encoding) -> bool {
    let _ = (text, encoding);
    true
}

/// The text as Shift_JIS can show it, and whether anything was replaced.
pub fn substitute(text: &str) -> (String, bool) {
    (text.to_owned(), false)
}
