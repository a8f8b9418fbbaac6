//! DER as far as certificates and revocation lists need it: a strict reader over borrowed bytes, and a writer.
//!
//! Always holds: what the reader accepts has one encoding only, so writing it again would give the same bytes: shortest
//! lengths, shortest integers, `TRUE` as FF, no bits set beyond a bit string's end. It never allocates, never panics and
//! goes no deeper than [`DEPTH_MAX`].
//! Not here: what the values mean. Indefinite lengths and tags above 30 do not occur in our documents and are refused.
//! Rules come from: X.690, sections 8 to 11; RFC 5280, section 4.1.2.5 for times.

use base::{Date, Instant};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// How deep values may be nested in parts that are only looked at for their form.
const DEPTH_MAX: u8 = 16;

/// Midnight in Japan comes so much earlier than in Greenwich.
const JAPAN_MS: i64 = 9 * 3_600_000;

/// `[number]` around another value, or a sequence in its place.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// `[number]` in place of a value without parts.
pub(crate) const fn context_plain(number: u8) -> u8 {
    0x80 | number
}

/// The bytes are not DER, or not the structure that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bad;

pub(crate) type Read<T> = Result<T, Bad>;

/// Succeeds when something holds.
pub(crate) fn must(holds: bool) -> Read<()> {
    holds.then_some(()).ok_or(Bad)
}

/// A place in a document, kept while the document is.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    from: u32,
    until: u32,
}

impl Span {
    /// The bytes of this place.
    pub(crate) fn of(self, document: &[u8]) -> &[u8] {
        &document[self.from as usize..self.until as usize]
    }
}

/// Bytes that are still to be read, and where in the document they begin.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    start: usize,
}

/// One value: its tag, all of it, and what is inside.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) tag: u8,
    pub(crate) whole: Input<'a>,
    pub(crate) value: Input<'a>,
}

impl<'a> Input<'a> {
    /// A document from its first byte.
    pub(crate) fn new(document: &'a [u8]) -> Input<'a> {
        Input { bytes: document, start: 0 }
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Its place. Documents are far below 4 GiB, see the limits of those who read them.
    pub(crate) fn span(self) -> Span {
        Span { from: self.start as u32, until: (self.start + self.bytes.len()) as u32 }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether a value with this tag comes next.
    pub(crate) fn next_is(self, tag: u8) -> bool {
        self.bytes.first() == Some(&tag)
    }

    /// What follows the first so many bytes.
    pub(crate) fn after(self, count: usize) -> Read<Input<'a>> {
        self.part(count, self.bytes.len())
    }

    fn part(self, from: usize, until: usize) -> Read<Input<'a>> {
        Ok(Input { bytes: self.bytes.get(from..until).ok_or(Bad)?, start: self.start + from })
    }

    /// The next value, whatever it is.
    pub(crate) fn item(&mut self) -> Read<Item<'a>> {
        let (&tag, &first) = (self.bytes.first().ok_or(Bad)?, self.bytes.get(1).ok_or(Bad)?);
        must(tag & 0x1f != 0x1f && (tag >= 0x40 || known(tag)))?;
        let (head, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x81..=0x84 => {
                let head = 2 + usize::from(first - 0x80);
                let digits = self.bytes.get(2..head).ok_or(Bad)?;
                let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
                must(digits[0] != 0 && length >= 0x80)?;
                (head, length)
            }
            _ => return Err(Bad),
        };
        let end = head.checked_add(length).ok_or(Bad)?;
        let item = Item { tag, whole: self.part(0, end)?, value: self.part(head, end)? };
        *self = self.after(end)?;
        Ok(item)
    }

    /// The inside of the next value, which has this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Read<Input<'a>> {
        must(self.next_is(tag))?;
        Ok(self.item()?.value)
    }

    /// The inside of the next value if it has this tag.
    pub(crate) fn take_if(&mut self, tag: u8) -> Read<Option<Input<'a>>> {
        if self.next_is(tag) { self.take(tag).map(Some) } else { Ok(None) }
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Read<()> {
        must(self.is_empty())
    }

    /// The inside of a value that is the only one here.
    pub(crate) fn only(mut self, tag: u8) -> Read<Input<'a>> {
        let value = self.take(tag)?;
        self.end()?;
        Ok(value)
    }

    /// An OID's content.
    pub(crate) fn oid(&mut self) -> Read<&'a [u8]> {
        let bytes = self.take(OID)?.bytes;
        must(bytes.last().is_some_and(|last| last & 0x80 == 0))?;
        // No number of it begins with a padding 80.
        let begins = |at: usize| at == 0 || bytes[at - 1] & 0x80 == 0;
        must(!bytes.iter().enumerate().any(|(at, byte)| *byte == 0x80 && begins(at)))?;
        Ok(bytes)
    }

    /// An integer's content: two's complement, as short as can be.
    pub(crate) fn integer(&mut self) -> Read<Input<'a>> {
        let value = self.take(INTEGER)?;
        shortest(value.bytes)?;
        Ok(value)
    }

    /// A small number of 0 or above with this tag: an integer, or an enumerated value.
    pub(crate) fn small(&mut self, tag: u8) -> Read<u8> {
        match self.take(tag)?.bytes {
            [number @ 0..0x80] => Ok(*number),
            _ => Err(Bad),
        }
    }

    /// `DEFAULT FALSE`: absent or true, since a default is never written.
    pub(crate) fn flag(&mut self, tag: u8) -> Read<bool> {
        match self.take_if(tag)? {
            None => Ok(false),
            Some(value) => must(value.bytes == [0xff]).map(|()| true),
        }
    }

    /// A bit string of whole bytes.
    pub(crate) fn bits(&mut self) -> Read<Input<'a>> {
        let value = self.take(BIT_STRING)?;
        must(value.bytes.first() == Some(&0))?;
        value.after(1)
    }

    /// Named bits, the first as the highest bit of the result; sixteen at most.
    pub(crate) fn named_bits(&mut self, tag: u8) -> Read<u16> {
        let (unused, high, low) = match *self.take(tag)?.bytes {
            [unused, high] => (unused, high, None),
            [unused, high, low] => (unused, high, Some(low)),
            _ => return Err(Bad),
        };
        // Trailing zero bits are left out, so the last bit that is there is set.
        let last = low.unwrap_or(high);
        must(last != 0 && u32::from(unused) == last.trailing_zeros())?;
        Ok(u16::from(high) << 8 | u16::from(low.unwrap_or(0)))
    }

    /// A time in either form, in whole seconds.
    pub(crate) fn time(&mut self) -> Read<Instant> {
        let item = self.item()?;
        let digits = item.value.bytes.strip_suffix(b"Z").ok_or(Bad)?;
        must(digits.iter().all(u8::is_ascii_digit))?;
        let two = |at: usize| i64::from(digits[at] - b'0') * 10 + i64::from(digits[at + 1] - b'0');
        let (year, at) = match (item.tag, digits.len()) {
            (UTC_TIME, 12) => (two(0) + if two(0) < 50 { 2000 } else { 1900 }, 2),
            (GENERALIZED_TIME, 14) => (two(0) * 100 + two(2), 4),
            _ => return Err(Bad),
        };
        let day = Date::from_number(year * 10_000 + two(at) * 100 + two(at + 2)).ok_or(Bad)?;
        let (hour, minute, second) = (two(at + 4), two(at + 6), two(at + 8));
        must(hour < 24 && minute < 60 && second < 60)?;
        Ok(day.begins().plus_ms(JAPAN_MS + ((hour * 60 + minute) * 60 + second) * 1000))
    }

    /// Checks that all of this is DER, as deep as it goes, of values that nobody reads.
    pub(crate) fn well_formed(self) -> Read<()> {
        self.well_formed_to(DEPTH_MAX)
    }

    /// Checks the form of parameters that nobody reads: one value or none.
    pub(crate) fn at_most_one(mut self) -> Read<()> {
        if !self.is_empty() {
            self.item()?.whole.well_formed()?;
        }
        self.end()
    }

    fn well_formed_to(mut self, depth: u8) -> Read<()> {
        let deeper = depth.checked_sub(1).ok_or(Bad)?;
        while !self.is_empty() {
            let item = self.item()?;
            match item.tag {
                INTEGER => shortest(item.value.bytes)?,
                UTF8_STRING | PRINTABLE_STRING => text(item)?,
                tag if tag & 0x20 != 0 => item.value.well_formed_to(deeper)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether this is a universal type that occurs in certificates: of those, sequences and sets have parts and no others do.
fn known(tag: u8) -> bool {
    matches!(tag, 0x01..=0x06 | 0x09 | 0x0a | 0x0c | 0x12..=0x18 | 0x1a | 0x1b | 0x1e | SEQUENCE | SET)
}

/// Checks that an integer has no byte too many.
pub(crate) fn shortest(integer: &[u8]) -> Read<()> {
    match integer {
        [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Bad),
        _ => Ok(()),
    }
}

/// Checks the signs of a string, where its type says which there may be.
pub(crate) fn text(item: Item<'_>) -> Read<()> {
    let bytes = item.value.bytes;
    match item.tag {
        UTF8_STRING => must(std::str::from_utf8(bytes).is_ok()),
        PRINTABLE_STRING => {
            must(bytes.iter().all(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(b)))
        }
        _ => Ok(()),
    }
}

// Writing ------------------------------------------------------------------------------------------------------------

/// A value with this tag around the parts.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let digits = length.to_be_bytes();
        let digits = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
        out.push(0x80 | digits.len() as u8);
        out.extend_from_slice(digits);
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A sequence of the parts.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// An OID from its content.
pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    tlv(OID, &[content])
}

/// An integer of 0 or above from its digits, none of them a leading zero.
pub(crate) fn unsigned(tag: u8, digits: &[u8]) -> Vec<u8> {
    match digits.first() {
        None | Some(0x80..) => tlv(tag, &[&[0], digits]),
        Some(_) => tlv(tag, &[digits]),
    }
}

/// A bit string of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes])
}

/// A time in whole seconds, in the form that RFC 5280 wants for its year.
pub(crate) fn time(at: Instant) -> Vec<u8> {
    let stamp = at.plus_ms(-JAPAN_MS).stamp14();
    let stamp = stamp.as_bytes();
    match &stamp[..4] {
        year if (b"1950".as_slice()..b"2050").contains(&year) => tlv(UTC_TIME, &[&stamp[2..], b"Z"]),
        _ => tlv(GENERALIZED_TIME, &[stamp, b"Z"]),
    }
}
