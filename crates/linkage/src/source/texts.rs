//! From fields of a row to the texts that are compared, to the hash of their bytes, and to what is printed.
//!
//! Always holds: a row of which a compared field cannot be decoded gives no text at all, so that it is not compared by
//! what happened to be readable.
//! Not here: what the texts mean (form).

use super::{Row, columns::Raw, decode::Charset, stretch::Stretch};
use crate::{
    form::{Doubts, Fields, Form, Texts},
    problem::{Problem, ProblemCode},
    spec::Attribute,
};
use memchr::memchr;
use std::borrow::Cow;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

/// More alternative names than this are read one by one.
const OTHERS_MAX: usize = 8;

/// Compared fields of more bytes are hashed otherwise.
const NEAR: usize = 256;

/// Buffers for reading rows into forms.
#[derive(Default)]
pub struct Buffers<'s> {
    /// Rows that follow each other.
    stretch: Stretch<'s>,
    /// The bytes of a row that is read alone. A copy, since a mapped file may change between the check of its encoding and
    /// the reading.
    row: Vec<u8>,
    /// Texts of several columns.
    joined: [String; JOINED],
    /// Where a row is decoded that is not simple.
    texts: Texts,
}

/// See [`Row::raw_hash`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawHash {
    /// The hash.
    pub hash: u64,
    /// More of it: rows that have one hash by accident have another check.
    pub check: u64,
    /// Whether the row has all of name, birth date, sex, address (kana too when both files have it).
    pub present: bool,
}

/// Name, reading, birth date, sex, address, strong identifier.
const JOINED: usize = 6;

impl<'s> Row<'s> {
    /// Reads the compared columns into a form, as [`Row::texts`] and [`Form::read`] do. `None`, and the form is not to be
    /// used, where texts would be false.
    pub fn form(
        &self,
        buffers: &mut Buffers<'s>,
        into: &mut Form,
        problems: &mut Vec<Problem>,
    ) -> Option<Doubts> {
        if let Some(doubts) = self.simple(buffers, into) {
            return Some(doubts);
        }
        self.texts(&mut buffers.texts, problems).then(|| into.read(&buffers.texts))
    }

    /// Reads a row of UTF-8 without quotes in its values, whose encoding is checked once for the whole row, or for some
    /// rows that follow each other: most are so, and column by column the check takes as long as all that is done with the
    /// text. `None` for another row.
    fn simple(&self, buffers: &mut Buffers<'s>, into: &mut Form) -> Option<Doubts> {
        let columns = &self.source.columns;
        let is_few = columns.others.len() <= OTHERS_MAX && columns.birth.len() <= 2;
        if self.source.charset != Charset::Utf8 || !is_few || self.cells.is_empty() {
            return None;
        }
        let start = self.offset as usize;
        let line = match buffers.stretch.text(self.source, start..start + self.bytes.len(), self.in_turn_upto)
        {
            Some(line) => line,
            None => {
                buffers.row.clear();
                buffers.row.extend_from_slice(self.bytes);
                simdutf8::basic::from_utf8(&buffers.row).ok()?
            }
        };
        let [name, kana, birth, sex, address, strong] = &mut buffers.joined;
        let mut others = [""; OTHERS_MAX];
        let mut count = 0;
        for fields in &columns.others {
            match fields.as_slice() {
                [field] => others[count] = self.cell(line, *field)?,
                // Rare, and written by few.
                many if many.iter().all(|field| !self.is_blank(*field)) => return None,
                _ => continue,
            }
            count += usize::from(!Charset::Utf8.is_blank(others[count].as_bytes()));
        }
        let strong = self.cells_joined(line, &columns.strong, "", strong)?;
        if !strong.is_empty() && is_power_of_ten(strong) {
            return None;
        }
        Some(into.read_fields(Fields {
            name: Some(self.cells_joined(line, &columns.name, "\u{3000}", name)?),
            others: others[..count].iter().copied(),
            kana: self.cells_joined(line, &columns.kana, "\u{3000}", kana)?,
            birth: self.cells_joined(line, &columns.birth, "", birth)?,
            sex: self.cells_joined(line, &columns.sex, "", sex)?,
            address: self.cells_joined(line, &columns.address, " ", address)?,
            strong,
        }))
    }

    /// A field of a row that was checked; none if quotes stand in it or characters are cut.
    fn cell<'l>(&self, line: &'l str, field: usize) -> Option<&'l str> {
        let Some(cell) = self.cells.get(field) else { return Some("") };
        if cell.doubled { None } else { line.get(cell.start as usize..cell.end as usize) }
    }

    /// Fields of a row that was checked, those that are written joined with the mark. Most attributes have one, or none.
    #[inline]
    fn cells_joined<'l>(
        &self,
        line: &'l str,
        fields: &[usize],
        mark: &str,
        joined: &'l mut String,
    ) -> Option<&'l str> {
        match fields {
            [] => Some(""),
            [field] => self.cell(line, *field),
            _ => self.several_joined(line, fields, mark, joined),
        }
    }

    // Apart, so that one field needs no room for what several need.
    #[inline(never)]
    fn several_joined<'l>(
        &self,
        line: &'l str,
        fields: &[usize],
        mark: &str,
        joined: &'l mut String,
    ) -> Option<&'l str> {
        let (mut only, mut written) = ("", 0);
        joined.clear();
        for field in fields {
            let cell = self.cell(line, *field)?;
            if cell.is_empty() {
                continue;
            }
            // Of an address in two columns the second, the building, is empty as a rule: what stands alone is not copied.
            match written {
                0 => only = cell,
                1 => joined.extend([only, mark, cell]),
                _ => joined.extend([mark, cell]),
            }
            written += 1;
        }
        Some(if written < 2 { only } else { joined })
    }

    /// Decodes the compared columns; pushes problems (with `line` as in [`Row::line`]). False when the row cannot be used;
    /// all texts are empty then.
    pub fn texts(&self, into: &mut Texts, problems: &mut Vec<Problem>) -> bool {
        clear(into, self.source.columns.others.len());
        if self.cells.is_empty() {
            return false;
        }
        if let Err(field) = self.decode(into) {
            clear(into, self.source.columns.others.len());
            let heading = self.source.columns.heading(field);
            problems.push(self.problem(&heading, ProblemCode::BadEncoding));
            return false;
        }
        if is_power_of_ten(&into.strong) {
            into.strong.clear();
            let heading = self.source.columns.strong.first().map(|field| self.source.columns.heading(*field));
            problems.push(self.problem(&heading.unwrap_or_default(), ProblemCode::NumberDamaged));
        }
        true
    }

    fn problem(&self, heading: &str, code: ProblemCode) -> Problem {
        Problem::row(self.source.side, self.line, Some(heading), code)
    }

    /// Decodes all columns; the field that cannot be decoded is the error.
    fn decode(&self, into: &mut Texts) -> Result<(), usize> {
        let columns = &self.source.columns;
        self.join(&columns.name, "\u{3000}", &mut into.names[0])?;
        for (other, name) in columns.others.iter().zip(&mut into.names[1..]) {
            // An alternative of several columns (旧氏, 名) is a name only when all are written.
            if other.iter().all(|field| !self.is_blank(*field)) {
                self.join(other, "\u{3000}", name)?;
            }
        }
        self.join(&columns.kana, "\u{3000}", &mut into.kana)?;
        self.join(&columns.sex, "", &mut into.sex)?;
        self.join(&columns.address, " ", &mut into.address)?;
        self.join(&columns.strong, "", &mut into.strong)?;
        match columns.birth.as_slice() {
            // One column, or era and date: they are read as one.
            [] | [_] | [_, _] => self.join(&columns.birth, "", &mut into.birth),
            parts => self.birth(parts, &mut into.birth),
        }
    }

    /// Appends fields, with the mark between those that are not empty.
    fn join(&self, fields: &[usize], mark: &str, into: &mut String) -> Result<(), usize> {
        for field in fields {
            let before = into.len();
            if before > 0 {
                into.push_str(mark);
            }
            let marked = into.len();
            if !self.source.charset.append(&self.field(*field), into) {
                return Err(*field);
            }
            if into.len() == marked {
                into.truncate(before);
            }
        }
        Ok(())
    }

    /// A birth date in three or four columns (元号, 年, 月, 日). Joined as they stand, 昭和 30 4 1 could be read in several
    /// ways; so the numbers of an era's code get two digits, and all others their unit.
    fn birth(&self, fields: &[usize], into: &mut String) -> Result<(), usize> {
        // Allocates; files with dates in parts are few.
        let mut parts = Vec::with_capacity(fields.len());
        for field in fields {
            let mut part = String::new();
            self.join(&[*field], "", &mut part)?;
            parts.push(part.trim().to_owned());
        }
        let is_code = |part: &String| part.len() == 1 && part.as_bytes()[0].is_ascii_digit();
        let numbers = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        if parts.len() == 4 && is_code(&parts[0]) && numbers {
            into.push_str(&parts[0]);
            for part in &parts[1..] {
                if part.len() == 1 {
                    into.push('0');
                }
                into.push_str(part);
            }
            return Ok(());
        }
        let units = ["", "年", "月", "日"];
        for (part, unit) in parts.iter().zip(&units[units.len() - parts.len()..]) {
            into.push_str(part);
            if !part.is_empty() && !part.ends_with(unit) {
                into.push_str(unit);
            }
        }
        Ok(())
    }

    /// Whether anything is written in the columns of other names.
    pub fn has_others(&self) -> bool {
        let is_written = |field: &usize| self.cells.get(*field).is_some_and(|cell| cell.start < cell.end);
        self.source.columns.others.iter().flatten().any(is_written)
    }

    /// The hash of the raw bytes (unquoted) of all attributes that both files have, in one order for both, columns kept apart.
    /// Alternative names are left out; a strong identifier is in it when both files have one. Says something only of rows
    /// that [`Row::texts`] could read.
    pub fn raw_hash(&self) -> RawHash {
        let columns = &self.source.columns;
        if self.cells.is_empty() {
            return RawHash::default();
        }
        let is_written = |field: &usize| !self.is_blank(*field);
        let is_there = |raw: &Raw| !raw.needed || raw.fields.iter().any(is_written);
        let present = columns.complete && columns.raw.iter().all(is_there);
        let mut near = [0; NEAR];
        let length = self.side_by_side(&mut near).or_else(|| self.one_by_one(&mut near));
        let hash = match length {
            Some(length) => xxh3_128(&near[..length]),
            None => xxh3_128(&self.all_compared()),
        };
        RawHash { hash: hash as u64, check: (hash >> 64) as u64, present }
    }

    /// The bytes of all fields that both files have, with a zero byte behind each: a row that has one itself is not used.
    /// As they mostly stand side by side, they are copied together, and hashed together: to begin a copy or a hash takes as
    /// long as all of a short field. `None` where quotes stand between them, and where they are too long.
    fn side_by_side(&self, near: &mut [u8; NEAR]) -> Option<usize> {
        let mut at = 0;
        for run in &self.source.columns.runs {
            let cells = self.cells.get(run.clone())?;
            let (first, last) = (cells.first()?, cells.last()?);
            let bytes = self.bytes.get(first.start as usize..last.end as usize)?;
            let near = near.get_mut(at..=at + bytes.len())?;
            near[..bytes.len()].copy_from_slice(bytes);
            let mut start = first.start;
            for cell in cells {
                if cell.doubled || cell.start != start {
                    return None;
                }
                *near.get_mut((cell.end - first.start) as usize)? = 0;
                start = cell.end + 1;
            }
            at += near.len();
        }
        Some(at)
    }

    /// The same field by field; `None` where quotes stand in one, and where they are too long.
    // Apart, for few files need it.
    #[inline(never)]
    fn one_by_one(&self, near: &mut [u8; NEAR]) -> Option<usize> {
        let mut at = 0;
        for field in self.source.columns.raw.iter().flat_map(|raw| &raw.fields) {
            let cell = self.cells.get(*field).filter(|cell| !cell.doubled)?;
            let bytes = cell.of(self.bytes);
            let (last, near) = near.get_mut(at..=at + bytes.len())?.split_last_mut()?;
            near.copy_from_slice(bytes);
            *last = 0;
            at += bytes.len() + 1;
        }
        Some(at)
    }

    /// The same of a row with quotes or long values, which are few.
    fn all_compared(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for field in self.source.columns.raw.iter().flat_map(|raw| &raw.fields) {
            all.extend_from_slice(&self.field(*field));
            all.push(0);
        }
        all
    }

    /// A hash of the row's own key; 0 when it has none.
    pub fn key_hash(&self) -> u32 {
        let hash = |key: &[u8]| (xxh3_64_with_seed(key, 0) as u32).max(1);
        let Some(bytes) = self.source.columns.key.map(|field| self.field(field)) else { return 0 };
        if bytes.is_empty() {
            // Stands for "no key", which may stand in many rows.
            0
        } else if bytes.is_ascii() {
            // Nearly every key is, and then it is its text.
            hash(&bytes)
        } else {
            hash(self.key().as_bytes())
        }
    }

    /// The row's own key (the spec's `key` column), as text; empty when the spec has none or the row cannot be used.
    pub fn key(&self) -> Cow<'_, str> {
        self.source.columns.key.map_or(Cow::Borrowed(""), |field| self.printed(field))
    }

    /// The column with this index among the spec's `carry` columns, decoded.
    pub fn carried(&self, index: usize) -> Cow<'_, str> {
        self.source.columns.carry.get(index).map_or(Cow::Borrowed(""), |field| self.printed(*field))
    }

    /// An attribute as the file writes it, its columns parted by a blank: for what people look at.
    pub fn written(&self, attribute: Attribute) -> String {
        let fields = self.source.columns.of(attribute).iter();
        let texts: Vec<Cow<'_, str>> = fields.map(|field| self.printed(*field)).collect();
        texts.iter().filter(|text| !text.is_empty()).map(|text| text.as_ref()).collect::<Vec<_>>().join(" ")
    }

    fn printed(&self, field: usize) -> Cow<'_, str> {
        match self.field(field) {
            Cow::Borrowed(bytes) => self.source.charset.lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(self.source.charset.lossy(&bytes).into_owned()),
        }
    }

    /// The bytes of a field; copied only when it has quotes inside.
    fn field(&self, field: usize) -> Cow<'s, [u8]> {
        let Some(cell) = self.cells.get(field) else { return Cow::Borrowed(&[]) };
        let bytes = cell.of(self.bytes);
        if cell.doubled { Cow::Owned(undoubled(bytes)) } else { Cow::Borrowed(bytes) }
    }

    /// The bytes of a field, for the tests of reading.
    #[cfg(test)]
    pub fn field_of(&self, field: usize) -> Cow<'s, [u8]> {
        self.field(field)
    }

    /// Nothing but blanks is written. A field with quotes inside is not blank, so there is no need to take any away.
    fn is_blank(&self, field: usize) -> bool {
        self.cells.get(field).is_none_or(|cell| self.source.charset.is_blank(cell.of(self.bytes)))
    }
}

/// Empties the texts, with room for so many alternative names.
fn clear(texts: &mut Texts, others: usize) {
    if texts.names.len() <= others {
        texts.names.resize_with(others + 1, String::new);
    }
    let rest = [&mut texts.kana, &mut texts.birth, &mut texts.sex, &mut texts.address, &mut texts.strong];
    texts.names.iter_mut().chain(rest).for_each(String::clear);
}

fn undoubled(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// `1.23457E+11`: what a spreadsheet makes of a long number. Its digits are lost, and two people may share the rest.
pub fn is_power_of_ten(text: &str) -> bool {
    let Some((digits, power)) = text.trim().split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.split('.').count() <= 2
        && digits.split('.').all(is_number)
        && power.strip_prefix('+').is_some_and(is_number)
}
