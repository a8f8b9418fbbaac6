//! XML bytes to trees and back, for the small XML that OQS messages are: elements and texts.
//!
//! Always holds: reading is bounded in bytes, depth and number of elements; there are no entities but the
//! five of XML, so nothing expands; whatever is refused is refused by one stable word. Texts are kept to the
//! letter (line ends are made one, as XML demands). What is written has no empty element and is read back the
//! same.
//! Not here: attributes, namespaces, document types, processing instructions: refused, no message has them.
//! Rules come from: the reference on the OQS interface, sections 3 and 10.

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::{BytesRef, BytesStart, Event};

pub use crate::charset::{Encoding, SUBSTITUTE, fits, substitute};
use crate::charset::{decode, encode, is_xml_char, shown};
use crate::tree::{Content, Node, is_name};

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
    /// What no message may have: document types, entities other than the five, processing instructions; in
    /// JSON, characters that XML cannot have.
    Forbidden,
    /// Too many elements inside each other.
    TooDeep,
    /// Too many elements.
    TooMany,
    /// A shape that no message has: text and elements mixed, attributes, namespaces, names of other scripts;
    /// in JSON, repeated keys, numbers, lists of anything but objects with one key.
    Mixed,
    /// Ended in the middle, or in zero bytes: a file that is still being written.
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

/// A written message.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Names of the elements whose text had characters that the encoding cannot show; each once.
    pub substituted: Vec<String>,
}

impl std::fmt::Debug for Rendered {
    /// Tells nothing of what was written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rendered({} bytes, substituted {:?})", self.bytes.len(), self.substituted)
    }
}

/// Reads a message. The declaration's encoding is obeyed, a UTF-8 mark at the start goes before it; without
/// either, the bytes are UTF-8 when they are valid as such, else Shift_JIS.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Node, Encoding), Bad> {
    if bytes.len() > limits.bytes {
        return Err(Bad::TooLarge);
    }
    if let [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, b'<', ..] | [b'<', 0, ..] = bytes {
        return Err(Bad::Encoding);
    }
    if bytes.last() == Some(&0) {
        // A share can give a file its length before its content.
        return Err(Bad::Truncated);
    }
    let marked = bytes.strip_prefix(b"\xef\xbb\xbf");
    let bytes = marked.unwrap_or(bytes);
    let (length, declared) = declaration(bytes)?;
    let (head, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
    let (text, encoding) = decode(rest, marked.map(|_| Encoding::Utf8).or(declared))?;
    let first_line = head.iter().filter(|&&b| b == b'\n').count() + 1;
    let mut building = Building { text: &text, first_line, limits, nodes: 0, open: Vec::new(), root: None };
    building.check_characters()?;
    Ok((building.run()?, encoding))
}

/// The length of the declaration and the encoding that it names.
fn declaration(bytes: &[u8]) -> Result<(usize, Option<Encoding>), Bad> {
    const LONGEST: usize = 256;
    let broken = Bad::NotXml { line: 1 };
    let Some(rest) =
        bytes.strip_prefix(b"<?xml").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))
    else {
        return Ok((0, None));
    };
    let Some(end) = rest.windows(2).take(LONGEST).position(|two| two == b"?>") else {
        return Err(if rest.len() < LONGEST { Bad::Truncated } else { broken });
    };
    let mut text = rest.get(..end).and_then(|inner| std::str::from_utf8(inner).ok()).ok_or(broken)?;
    if pseudo_attribute(&mut text, "version") != Some("1.0") {
        return Err(broken);
    }
    let encoding = match pseudo_attribute(&mut text, "encoding") {
        Some(label) => Some(Encoding::of_label(label).ok_or(Bad::Encoding)?),
        None => None,
    };
    let standalone = pseudo_attribute(&mut text, "standalone");
    if standalone.is_some_and(|value| value != "yes" && value != "no") || !is_blank(text) {
        return Err(broken);
    }
    Ok(("<?xml".len() + end + "?>".len(), encoding))
}

/// Takes ` name = "value"` from the start of the text, when it is there.
fn pseudo_attribute<'t>(text: &mut &'t str, name: &str) -> Option<&'t str> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let rest = text.strip_prefix(blank)?.trim_start_matches(blank).strip_prefix(name)?;
    let rest = rest.trim_start_matches(blank).strip_prefix('=')?.trim_start_matches(blank);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = rest.get(1..)?.split_once(quote)?;
    *text = rest;
    Some(value)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

/// An element whose end has not come yet.
struct Open {
    name: String,
    children: Vec<Node>,
    text: String,
    /// Whether the text is more than blanks between elements.
    solid: bool,
}

struct Building<'t> {
    text: &'t str,
    first_line: usize,
    limits: &'t Limits,
    nodes: usize,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Building<'_> {
    fn not_xml(&self, at: u64) -> Bad {
        let upto = usize::try_from(at).unwrap_or(usize::MAX).min(self.text.len());
        let lines = self.text.as_bytes().iter().take(upto).filter(|&&b| b == b'\n').count();
        Bad::NotXml { line: u32::try_from(self.first_line + lines).unwrap_or(u32::MAX) }
    }

    /// quick-xml lets control characters pass, and drops a mark at the start; XML has neither.
    fn check_characters(&self) -> Result<(), Bad> {
        let wrong = |(at, c): (usize, char)| !is_xml_char(c) || (at == 0 && c == '\u{FEFF}');
        match self.text.char_indices().find(|&it| wrong(it)) {
            Some((at, _)) => Err(self.not_xml(at as u64)),
            None => Ok(()),
        }
    }

    fn run(&mut self) -> Result<Node, Bad> {
        let mut reader = Reader::from_str(self.text);
        reader.config_mut().check_comments = true;
        loop {
            let event = reader.read_event().map_err(|error| self.refused(&error, reader.error_position()))?;
            let at = reader.buffer_position();
            match event {
                Event::Start(tag) => self.start(&tag, at)?,
                Event::Empty(tag) => {
                    self.start(&tag, at)?;
                    self.end(at)?;
                }
                Event::End(_) => self.end(at)?,
                Event::Text(text) if text.contains("]]>") => return Err(self.not_xml(at)),
                Event::Text(text) => self.text(&text.xml10_content(), false, at)?,
                Event::CData(text) => self.text(&text.xml10_content(), true, at)?,
                Event::GeneralRef(reference) => {
                    let c = self.referred(&reference, at)?;
                    self.text(c.encode_utf8(&mut [0; 4]), true, at)?;
                }
                Event::Comment(_) => {}
                // The real declaration was taken off before; one that comes later is an error.
                Event::Decl(_) => return Err(self.not_xml(at)),
                Event::PI(_) | Event::DocType(_) => return Err(Bad::Forbidden),
                Event::Eof if self.open.is_empty() => return self.root.take().ok_or(Bad::Truncated),
                Event::Eof => return Err(Bad::Truncated),
            }
        }
    }

    /// What a complaint of quick-xml means to us. Ending in the middle is told apart, because a reader of a
    /// folder waits and tries again.
    fn refused(&self, error: &Error, at: u64) -> Bad {
        let rest = usize::try_from(at).ok().and_then(|at| self.text.get(at..)).unwrap_or_default();
        let begins = |markup: &str| rest.len() < markup.len() && markup.starts_with(rest);
        match error {
            Error::Syntax(SyntaxError::UnclosedDoctype) => Bad::Forbidden,
            Error::Syntax(SyntaxError::InvalidBangMarkup) => {
                let cut = ["<!--", "<![CDATA[", "<!DOCTYPE"].into_iter().any(begins);
                if cut { Bad::Truncated } else { self.not_xml(at) }
            }
            Error::Syntax(_) => Bad::Truncated,
            Error::IllFormed(IllFormedError::UnclosedReference) if !rest.contains('<') => Bad::Truncated,
            _ => self.not_xml(at),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, at: u64) -> Result<(), Bad> {
        let name = tag.name();
        let name = name.as_ref();
        if !is_name(name) {
            let foreign = name.contains(':') || !name.is_ascii() || name.len() > 64;
            return Err(if foreign { Bad::Mixed } else { self.not_xml(at) });
        }
        if !is_blank(tag.attributes_raw()) {
            return Err(Bad::Mixed);
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.not_xml(at));
        }
        if self.open.len() >= self.limits.depth {
            return Err(Bad::TooDeep);
        }
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(Bad::TooMany);
        }
        self.open.push(Open {
            name: name.to_owned(),
            children: Vec::new(),
            text: String::new(),
            solid: false,
        });
        Ok(())
    }

    fn end(&mut self, at: u64) -> Result<(), Bad> {
        let Some(Open { name, children, mut text, solid }) = self.open.pop() else {
            return Err(self.not_xml(at));
        };
        let node = if children.is_empty() {
            // Blanks are a value, blanks with a line break are layout.
            if !solid && text.contains('\n') {
                text.clear();
            }
            Node::leaf(name, text)
        } else if solid {
            return Err(Bad::Mixed);
        } else {
            Node::branch(name, children)
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn text(&mut self, text: &str, solid: bool, at: u64) -> Result<(), Bad> {
        let solid = solid || !is_blank(text);
        match self.open.last_mut() {
            Some(element) => {
                element.text.push_str(text);
                element.solid |= solid;
                Ok(())
            }
            None if solid => Err(self.not_xml(at)),
            None => Ok(()),
        }
    }

    fn referred(&self, reference: &BytesRef<'_>, at: u64) -> Result<char, Bad> {
        Ok(match reference.as_ref() {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ if reference.is_char_ref() => {
                let c = reference.resolve_char_ref().ok().flatten();
                c.filter(|&c| is_xml_char(c)).ok_or_else(|| self.not_xml(at))?
            }
            _ => return Err(Bad::Forbidden),
        })
    }
}

/// Writes a message: declaration, no indentation, no empty elements (the root always). Characters that the
/// encoding cannot show are substituted and the element listed. A node whose name no message can have is left
/// out.
pub fn render(root: &Node, encoding: Encoding) -> Rendered {
    let mut out = String::with_capacity(4096);
    let mut substituted = Vec::new();
    out.push_str("<?xml version=\"1.0\" encoding=\"");
    out.push_str(encoding.label());
    out.push_str("\" standalone=\"no\"?>\n");
    write(root, encoding, &mut out, &mut substituted);
    Rendered { bytes: encode(&out, encoding), substituted }
}

fn write(node: &Node, encoding: Encoding, out: &mut String, substituted: &mut Vec<String>) {
    if !is_name(&node.name) {
        return;
    }
    out.push('<');
    out.push_str(&node.name);
    out.push('>');
    match &node.content {
        Content::Text(text) => {
            let (shown, changed) = shown(text, encoding);
            escape(&shown, out);
            if changed && !substituted.iter().any(|name| *name == node.name) {
                substituted.push(node.name.to_string());
            }
        }
        Content::Children(children) => {
            children
                .iter()
                .filter(|child| !child.is_empty())
                .for_each(|child| write(child, encoding, out, substituted));
        }
    }
    out.push_str("</");
    out.push_str(&node.name);
    out.push('>');
}

/// Line breaks are written as references: as themselves they could be taken for layout, or made another kind.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}
