//! Just enough Rust to tell code from comments and string literals, and words from other signs.
//! A checker that looked at raw text would trip over its own messages.
//!
//! Always holds: [`Lexed::code`] and every literal's text are as long, byte for byte, as the source they stand for,
//! so an offset in one is an offset in the other.
//! Not here: a parser; nothing in this file knows an item or an expression.

/// A source file taken apart.
pub struct Lexed {
    /// The source with comments and the insides of literals blanked; line ends stay.
    pub code: String,
    /// The string literals, in order.
    pub literals: Vec<Literal>,
}

/// One string literal.
pub struct Literal {
    /// Where its text begins in the source, behind the opening quote.
    pub start: usize,
    /// Its text, escapes blanked.
    pub text: String,
}

/// Takes a source file apart.
pub fn lex(source: &str) -> Lexed {
    let bytes = source.as_bytes();
    let mut lexer = Lexer { bytes, code: bytes.to_vec(), literals: Vec::new(), at: 0 };
    while lexer.at < bytes.len() {
        lexer.step();
    }
    Lexed { code: String::from_utf8_lossy(&lexer.code).into_owned(), literals: lexer.literals }
}

struct Lexer<'s> {
    bytes: &'s [u8],
    code: Vec<u8>,
    literals: Vec<Literal>,
    at: usize,
}

impl Lexer<'_> {
    fn step(&mut self) {
        match &self.bytes[self.at..] {
            [b'/', b'/', ..] => self.blank(self.find(self.at, b"\n")),
            [b'/', b'*', ..] => self.blank(self.block_end()),
            [b'"', ..] => self.string(),
            [b'\'', ..] => self.quote(),
            [b, ..] if is_word(*b) => self.word(),
            _ => self.at += 1,
        }
    }

    /// The offset of `needle` from `from` on, or the end.
    fn find(&self, from: usize, needle: &[u8]) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.windows(needle.len()).position(|w| w == needle).map_or(self.bytes.len(), |at| from + at)
    }

    /// Blanks up to `end` and goes there.
    fn blank(&mut self, end: usize) {
        for byte in &mut self.code[self.at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        self.at = end;
    }

    /// The end of the block comment that begins here; they nest.
    fn block_end(&self) -> usize {
        let (mut at, mut depth) = (self.at + 2, 1);
        while depth > 0 && at < self.bytes.len() {
            match &self.bytes[at..] {
                [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
                [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
                _ => at += 1,
            }
        }
        at
    }

    /// A word; `r`, `br` and `cr` before a quote open a raw string.
    fn word(&mut self) {
        let length = self.bytes[self.at..].iter().take_while(|b| is_word(**b)).count();
        let word = &self.bytes[self.at..self.at + length];
        self.at += length;
        if !matches!(word, b"r" | b"br" | b"cr") {
            return;
        }
        let hashes = self.bytes[self.at..].iter().take_while(|b| **b == b'#').count();
        if self.bytes.get(self.at + hashes) == Some(&b'"') {
            let mut close = vec![b'"'];
            close.resize(1 + hashes, b'#');
            self.at += hashes + 1;
            let end = self.find(self.at, &close);
            self.literal(end, self.bytes[self.at..end].to_vec());
            self.at = (end + close.len()).min(self.bytes.len());
        }
    }

    /// An ordinary string; escapes become blanks.
    fn string(&mut self) {
        self.at += 1;
        let (mut end, mut text) = (self.at, Vec::new());
        while let Some(byte) = self.bytes.get(end) {
            match (byte, self.bytes.get(end + 1)) {
                (b'"', _) => break,
                (b'\\', Some(next)) => {
                    text.extend([b' ', if next.is_ascii_alphanumeric() { b' ' } else { *next }]);
                    end += 2;
                }
                _ => {
                    text.push(*byte);
                    end += 1;
                }
            }
        }
        let end = end.min(self.bytes.len());
        self.literal(end, text);
        self.at = (end + 1).min(self.bytes.len());
    }

    fn literal(&mut self, end: usize, text: Vec<u8>) {
        self.literals.push(Literal { start: self.at, text: String::from_utf8_lossy(&text).into_owned() });
        self.blank(end);
    }

    /// A character literal, or the tick of a lifetime.
    fn quote(&mut self) {
        let rest = &self.bytes[self.at + 1..];
        let inside = match rest {
            [b'\\', _, tail @ ..] => Some(2 + tail.iter().take_while(|b| **b != b'\'').count()),
            [first, ..] => {
                let width = utf8_width(*first);
                (rest.get(width) == Some(&b'\'')).then_some(width)
            }
            [] => None,
        };
        self.at += 1;
        if let Some(width) = inside {
            self.blank((self.at + width).min(self.bytes.len()));
            self.at = (self.at + 1).min(self.bytes.len());
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn utf8_width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// The words and the other signs of a text, each with its offset; blanks are left out.
pub fn tokens(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        let length = match bytes[at] {
            byte if is_word(byte) => bytes[at..].iter().take_while(|b| is_word(**b)).count(),
            _ => 1,
        };
        if !bytes[at].is_ascii_whitespace() {
            found.push((at, &text[at..at + length]));
        }
        at += length;
    }
    found
}

/// Whether a token is a word and not a sign.
pub fn is_name(token: &str) -> bool {
    token.bytes().next().is_some_and(is_word)
}

/// The offset behind the bracket that closes the one at `open`, in blanked code.
pub fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}
