//! From the spec's columns to fields of a row.
//!
//! Always holds: every column of the spec is one field that exists; where a heading stands twice, neither is taken.
//! What a first row holds is shown to nobody unless it is a heading that the program knows: it could be a person.
//! Not here: what is read from the fields (texts).

use super::{Cell, Header, csv, decode::Charset};
use crate::{
    problem::{Problem, ProblemCode},
    spec::{Attribute, Encoding, Side, is_heading},
};
use memchr::{memchr_iter, memchr2};
use std::ops::Range;

/// How much of a file is looked at to see its separator.
const FIRST_LINE_MAX: usize = 1 << 16;

/// Fields of each attribute.
#[derive(Default)]
pub struct Columns {
    pub name: Vec<usize>,
    pub others: Vec<Vec<usize>>,
    pub kana: Vec<usize>,
    pub birth: Vec<usize>,
    pub sex: Vec<usize>,
    pub address: Vec<usize>,
    pub strong: Vec<usize>,
    pub key: Option<usize>,
    pub carry: Vec<usize>,
    /// So many fields from the first hold all that is printed.
    pub printed: usize,
    /// What both files have, in one order for both, for comparing bytes.
    pub raw: Vec<Raw>,
    /// The fields of `raw` in their order: such as stand side by side in the file too are one range.
    pub runs: Vec<Range<usize>>,
    /// Both files have name, birth date, sex and address, so that rows can be the same in all of them.
    pub complete: bool,
    /// Headings of the spec's columns.
    headings: Vec<(usize, String)>,
}

/// An attribute whose bytes are compared.
pub struct Raw {
    pub fields: Vec<usize>,
    /// Rows without it are not the same in all attributes.
    pub needed: bool,
}

impl Columns {
    /// Columns named by headings or by a layout.
    pub fn of_names(spec: &Side, names: &[String], side: char) -> Result<Columns, Vec<Problem>> {
        let find = |name: &str| find(names, name);
        let mut finder = Finder::new(side, &find);
        let columns = finder.all(spec);
        let known: Vec<&str> =
            names.iter().map(|name| blank_trimmed(name)).filter(|name| is_heading(name)).collect();
        finder.end(columns, &known)
    }

    /// Columns named by number, from 1.
    pub fn of_numbers(spec: &Side, width: usize, side: char) -> Result<Columns, Vec<Problem>> {
        let find = |name: &str| match name.parse::<usize>() {
            Ok(number) if (1..=width).contains(&number) => Ok(number - 1),
            _ => Err(ProblemCode::NoColumn),
        };
        let mut finder = Finder::new(side, &find);
        let columns = finder.all(spec);
        finder.end(columns, &[])
    }

    /// The heading of a field for a list of problems: of the spec, or its number.
    pub fn heading(&self, field: usize) -> String {
        let found = self.headings.iter().find(|(index, _)| *index == field);
        found.map_or_else(|| (field + 1).to_string(), |(_, heading)| heading.clone())
    }
}

struct Finder<'f> {
    side: char,
    problems: Vec<Problem>,
    /// Columns of the spec that the file lacks, each once.
    missing: Vec<String>,
    headings: Vec<(usize, String)>,
    find: &'f dyn Fn(&str) -> Result<usize, ProblemCode>,
}

impl<'f> Finder<'f> {
    fn new(side: char, find: &'f dyn Fn(&str) -> Result<usize, ProblemCode>) -> Finder<'f> {
        Finder { side, problems: Vec::new(), missing: Vec::new(), headings: Vec::new(), find }
    }

    fn one(&mut self, name: &str) -> usize {
        match (self.find)(name) {
            Ok(field) => {
                self.headings.push((field, name.to_owned()));
                field
            }
            Err(ProblemCode::NoColumn) => {
                // A column that two attributes name is missing once.
                if !self.missing.iter().any(|missing| missing == name) {
                    self.missing.push(name.to_owned());
                }
                0
            }
            Err(code) => {
                let problem = Problem::file(self.side, Some(name), code);
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
                0
            }
        }
    }

    fn many(&mut self, names: &[String]) -> Vec<usize> {
        names.iter().map(|name| self.one(name)).collect()
    }

    fn all(&mut self, spec: &Side) -> Columns {
        let mut columns = Columns {
            key: spec.key.as_ref().map(|key| self.one(key)),
            name: self.many(&spec.name),
            others: spec.other_names.iter().map(|names| self.many(names)).collect(),
            kana: self.many(&spec.kana),
            birth: self.many(&spec.birth),
            sex: self.many(&spec.sex),
            address: self.many(&spec.address),
            strong: self.many(&spec.strong),
            carry: self.many(&spec.carry),
            complete: spec.shared.sex && spec.shared.address,
            ..Columns::default()
        };
        let shared = spec.shared;
        let attributes = [
            (Attribute::Name, true, true),
            (Attribute::Kana, shared.kana, true),
            (Attribute::Birth, true, true),
            (Attribute::Sex, shared.sex, true),
            (Attribute::Address, shared.address, true),
            // A number that neither row has is no reason against their being the same.
            (Attribute::Strong, shared.strong, false),
        ];
        for (attribute, shared, needed) in attributes {
            if shared {
                let fields = columns.of(attribute).to_vec();
                columns.raw.push(Raw { fields, needed });
            }
        }
        columns.runs = runs(columns.raw.iter().flat_map(|raw| &raw.fields));
        columns
    }

    /// What is missing is one problem: a file with another separator lacks all columns for one reason.
    fn end(mut self, mut columns: Columns, known: &[&str]) -> Result<Columns, Vec<Problem>> {
        if !self.missing.is_empty() {
            let none_fits = self.headings.is_empty() && self.problems.is_empty();
            let code = if none_fits { ProblemCode::NoHeadingFits } else { ProblemCode::NoColumn };
            let missing = self.missing.join("・");
            self.problems.insert(0, Problem::file(self.side, Some(&missing), code));
            if !known.is_empty() {
                let known = known.join("・");
                self.problems.push(Problem::file(self.side, Some(&known), ProblemCode::HeaderHas));
            }
        }
        columns.headings = self.headings;
        columns.printed = columns.key.iter().chain(&columns.carry).max().map_or(0, |last| last + 1);
        if self.problems.is_empty() { Ok(columns) } else { Err(self.problems) }
    }
}

impl Columns {
    /// Whether all attributes that the file has are compared by their bytes, but for other names.
    pub fn is_all_raw(&self) -> bool {
        let is_raw = |attribute: &Attribute| {
            let fields = self.of(*attribute);
            fields.is_empty() || self.raw.iter().any(|raw| raw.fields == fields)
        };
        Attribute::ALL.iter().all(is_raw)
    }

    /// The fields of an attribute.
    pub fn of(&self, attribute: Attribute) -> &[usize] {
        match attribute {
            Attribute::Name => &self.name,
            Attribute::Kana => &self.kana,
            Attribute::Birth => &self.birth,
            Attribute::Sex => &self.sex,
            Attribute::Address => &self.address,
            Attribute::Strong => &self.strong,
        }
    }
}

/// Fields as ranges of such as follow each other.
fn runs<'f>(fields: impl Iterator<Item = &'f usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for field in fields {
        match runs.last_mut() {
            Some(run) if run.end == *field => run.end += 1,
            _ => runs.push(*field..*field + 1),
        }
    }
    runs
}

/// Finds a heading: as written but for blanks around it, else but for widths and blanks.
fn find(names: &[String], wanted: &str) -> Result<usize, ProblemCode> {
    let folded = |name: &str| base::fold_width(name).replace(' ', "");
    let exact = only(names, |name| blank_trimmed(name) == wanted);
    match exact {
        Err(ProblemCode::NoColumn) => {
            let wanted = folded(wanted);
            only(names, |name| folded(name) == wanted)
        }
        found => found,
    }
}

fn blank_trimmed(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

fn only(names: &[String], is: impl Fn(&str) -> bool) -> Result<usize, ProblemCode> {
    let mut found = names.iter().enumerate().filter(|(_, name)| is(name)).map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (Some(_), Some(_)) => Err(ProblemCode::ColumnTwice),
        (None, _) => Err(ProblemCode::NoColumn),
    }
}

/// Reads the headings with the separator that a line before them names, or whichever their line has most of.
pub fn header(data: &[u8], charset: Charset) -> Option<Header> {
    const SEPARATORS: [u8; 3] = [b';', b'\t', b','];
    let named = csv::named(data, 0);
    let behind = named.map_or(0, |named| named.next);
    let start = behind + data[behind..].iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
    let head = &data[start..data.len().min(start + FIRST_LINE_MAX)];
    let line = &head[..memchr2(b'\n', b'\r', head).unwrap_or(head.len())];
    let count = |separator: u8| memchr_iter(separator, line).count();
    // The last of equals is taken, so the comma stands last.
    let most = SEPARATORS.into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    let separator = named.map(|named| named.separator).filter(|it| SEPARATORS.contains(it)).unwrap_or(most);
    let first = csv::first(data, start, separator, charset)?;
    let names = first.names.iter().map(|name| blank_trimmed(name).to_owned()).collect();
    let encoding = match charset {
        Charset::Utf8 => Encoding::Utf8,
        Charset::Cp932 => Encoding::Cp932,
    };
    Some(Header { names, separator, encoding })
}

impl Cell {
    /// Its bytes in its row, with quotes inside still doubled.
    pub fn of<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        &row[self.start as usize..self.end as usize]
    }
}
