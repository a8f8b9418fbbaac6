//! SVG text, element by element.
//!
//! Always holds: every text is escaped, and a character that XML forbids is left out; lengths are written with at most
//! one decimal.
//! Not here: what is drawn.
//! Rules come from: SVG 1.1, XML 1.0 (2.2, Char).

use crate::words::Px;
use std::fmt::Write;

/// SVG text as it grows.
pub(crate) struct Svg {
    text: String,
}

/// Where a text's given point lies in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn word(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// A length as SVG writes it: pixels with at most one decimal.
pub(crate) fn px(tenths: Px) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, part) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// A text for an element or an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            letter if (letter as u32) < 0x20 || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => safe.push(letter),
        }
    }
    safe
}

impl Svg {
    pub fn new() -> Svg {
        Svg { text: String::new() }
    }

    /// A line of SVG that is written already: its texts are escaped by whoever calls.
    pub fn raw(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A text; `more` are attributes such as `font-weight="700"`.
    pub fn words(&mut self, at: (Px, Px), anchor: Anchor, more: &str, text: &str) {
        let (x, y) = (px(at.0), px(at.1));
        let anchor = match anchor {
            Anchor::Start => String::new(),
            other => format!(" text-anchor=\"{}\"", other.word()),
        };
        let blank = if more.is_empty() { "" } else { " " };
        self.raw(&format!("<text x=\"{x}\" y=\"{y}\"{anchor}{blank}{more}>{}</text>", escaped(text)));
    }

    pub fn line(&mut self, from: (Px, Px), to: (Px, Px), more: &str) {
        self.raw(&format!(
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {more}/>",
            px(from.0),
            px(from.1),
            px(to.0),
            px(to.1)
        ));
    }

    /// A rectangle; a negative side is drawn the other way.
    pub fn rect(&mut self, at: (Px, Px), size: (Px, Px), more: &str) {
        let (x, y) = (at.0.min(at.0 + size.0), at.1.min(at.1 + size.1));
        self.raw(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {more}/>",
            px(x),
            px(y),
            px(size.0.abs()),
            px(size.1.abs())
        ));
    }

    pub fn polyline(&mut self, points: &[(Px, Px)], more: &str) {
        let mut list = String::new();
        for (x, y) in points {
            let blank = if list.is_empty() { "" } else { " " };
            let _ = write!(list, "{blank}{},{}", px(*x), px(*y)); // writing to a String cannot fail
        }
        self.raw(&format!("<polyline points=\"{list}\" {more}/>"));
    }

    pub fn into_text(self) -> String {
        self.text
    }
}
