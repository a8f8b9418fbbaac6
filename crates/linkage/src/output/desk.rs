//! What somebody asks about two files outside a run: why a pair is decided as it is, and what a row looks like to the
//! comparison.
//!
//! Always holds: a pair is explained by the rules, rarities and forms of a run, so the answer is the run's; what rows hold
//! is given only to who asks for it.
//! Not here: whether another pair is as near (a run finds that); single look-up (lookup).
//! Rules come from: the issue, part B (reproducible reasons).

use super::{
    files,
    shown::{self, Reader, Shown},
    table::{Style, Table},
    words::ATTRIBUTES,
};
use crate::{
    address::city_name,
    engine::{Stopped, Watch},
    form::{Form, Texts},
    keys::{self, Counted},
    levels::Levels,
    outcome::Place,
    problem::Problem,
    rules::{Decision, Lang, Rarity, decide, explain as explain_pair, rarity::Counts},
    source::{Row, Source},
    spec::{Side, Spec},
};
use base::Fault;
use std::{collections::BTreeMap, io::Write, ops::Range, path::Path};

/// Bytes of a file that a thread takes at a time.
const CHUNK: u64 = 1 << 20;

/// Which row is meant.
pub enum Which {
    /// The one on this line, from 1.
    Line(u64),
    /// The one with this key.
    Key(String),
}

/// Why a pair is decided as it is.
pub struct Explained {
    /// The rows' first lines.
    pub lines: (u64, u64),
    /// How far they agree.
    pub levels: Levels,
    /// How rare name and town are in B.
    pub rarity: Rarity,
    /// What follows.
    pub decision: Decision,
    a: Shown,
    b: Shown,
    forms: (Form, Form),
}

impl Explained {
    /// In sentences; holds nothing of the rows.
    pub fn sentences(&self, lang: Lang) -> Vec<String> {
        explain_pair(&self.levels, self.rarity, &self.decision, lang)
    }

    /// What both rows hold and how it was read: attribute, A and B as written, A and B as compared.
    pub fn values(&self) -> Vec<[String; 5]> {
        let (a, b) = (compared(&self.forms.0), compared(&self.forms.1));
        let of = |at: usize| {
            [
                ATTRIBUTES[at].to_owned(),
                self.a.texts[at].clone(),
                self.b.texts[at].clone(),
                a[at].clone(),
                b[at].clone(),
            ]
        };
        (0..ATTRIBUTES.len()).map(of).collect()
    }
}

/// A row of B that a look-up found, for who asked.
pub struct Looked {
    /// Its own key; its number where the spec names none.
    pub key: String,
    shown: Shown,
    form: Form,
}

impl Looked {
    /// What it holds and how it was read: attribute, as written, as compared.
    pub fn values(&self) -> Vec<[String; 3]> {
        let compared = compared(&self.form);
        let of = |at: usize| [ATTRIBUTES[at].to_owned(), self.shown.texts[at].clone(), compared[at].clone()];
        (0..ATTRIBUTES.len()).map(of).collect()
    }
}

/// The rows of B on these lines, in their order. The file is gone through once, without reading what rows hold.
pub fn look(path: &Path, spec: &Side, lines: &[u64], watch: &dyn Watch) -> Result<Vec<Looked>, Stopped> {
    let source = open(path, 'B', spec)?;
    let mut places: BTreeMap<u64, Option<(u32, Place)>> = lines.iter().map(|line| (*line, None)).collect();
    each_place(&source, watch, &mut |number, place, _| {
        if let Some(found) = places.get_mut(&place.line) {
            *found = Some((number, place));
        }
        Ok(())
    })?;
    let of = |line: &u64| {
        let (number, place) = places.get(line).copied().flatten()?;
        let mut reader = Reader::new(&source, spec);
        let shown = reader.read(number, place).clone();
        Some(Looked { key: shown.key.clone(), shown, form: reader.form() })
    };
    let looked: Option<Vec<Looked>> = lines.iter().map(of).collect();
    looked.ok_or_else(|| {
        let fault = Fault::new("file B has changed since it was read");
        Stopped::Broken(
            fault.in_japanese("ファイルBが読み込みの途中で変わりました。もう一度実行してください。"),
        )
    })
}

/// The attributes as compared, each in one text.
fn compared(form: &Form) -> [String; 6] {
    let names: Vec<String> = form.names().iter().map(|name| name.chars.iter().collect()).collect();
    let (mut birth, mut address) = (String::new(), String::new());
    shown::birth(form.birth, &mut birth);
    shown::address(&form.address, &mut address);
    [
        names.join(" ／ "),
        form.kana.chars.iter().collect(),
        birth,
        sex(form).to_owned(),
        address,
        form.strong.clone(),
    ]
}

fn sex(form: &Form) -> &'static str {
    use crate::sex::Sex;
    match form.sex {
        Sex::Unknown => "",
        Sex::Male => "1",
        Sex::Female => "2",
    }
}

/// Explains one pair of two files. B is read whole, since rarities are counted in it.
pub fn explain(
    spec: &Spec,
    (path_a, path_b): (&Path, &Path),
    (row_a, row_b): (&Which, &Which),
    threads: usize,
    watch: &dyn Watch,
) -> Result<Explained, Stopped> {
    let a = open(path_a, 'A', &spec.a)?;
    let b = open(path_b, 'B', &spec.b)?;
    let counts = Counts::new();
    let rows_b = each_row(&b, threads, watch, &|form, _| {
        counts.add(keys::counted(form));
        counts.add_strong(keys::strong(form));
    })?;
    counts.set_rows(rows_b);
    let (number_a, place_a) = find(&a, 'A', &spec.a, row_a, watch)?;
    let (number_b, place_b) = find(&b, 'B', &spec.b, row_b, watch)?;
    let mut reader_a = Reader::new(&a, &spec.a);
    let mut reader_b = Reader::new(&b, &spec.b);
    let shown_a = reader_a.read(number_a, place_a).clone();
    let shown_b = reader_b.read(number_b, place_b).clone();
    let forms = (reader_a.form(), reader_b.form());
    let levels = counts.compare(&forms.0, &forms.1);
    let counted = |form: &Form| -> Counted { keys::counted(form) };
    let rarity = counts.rarity(counted(&forms.0), counted(&forms.1));
    let decision = decide(&levels, rarity);
    let lines = (place_a.line, place_b.line);
    Ok(Explained { lines, levels, rarity, decision, a: shown_a, b: shown_b, forms })
}

fn open(path: &Path, side: char, spec: &Side) -> Result<Source, Stopped> {
    Ok(Source::open(path, side, spec)?)
}

/// Reads all rows by several threads, in any order; how many there are.
fn each_row(
    source: &Source,
    threads: usize,
    watch: &dyn Watch,
    each: &(dyn Fn(&Form, &Row<'_>) + Sync),
) -> Result<u64, Stopped> {
    let chunks = source.chunks(CHUNK, threads);
    let mut rows = 0;
    let make = |piece: usize, count: &mut u64| {
        let mut reading = Reading::new(source, chunks[piece].clone());
        *count = 0;
        while reading.next() {
            each(&reading.form, &reading.row);
            *count += 1;
        }
        if watch.stop() { Err(Stopped::Told) } else { Ok(()) }
    };
    files::in_order(
        chunks.len(),
        threads,
        || 0,
        make,
        |_, count| {
            rows += *count;
            Ok(())
        },
    )?;
    Ok(rows)
}

/// Rows of a chunk with their forms. Problems were told by the run.
struct Reading<'s> {
    rows: crate::source::Rows<'s>,
    row: Row<'s>,
    texts: Texts,
    form: Form,
    problems: Vec<Problem>,
}

impl<'s> Reading<'s> {
    fn new(source: &'s Source, chunk: Range<u64>) -> Reading<'s> {
        Reading {
            rows: source.rows(chunk),
            row: source.row(),
            texts: Texts::default(),
            form: Form::default(),
            problems: Vec::new(),
        }
    }

    /// Reads the next row; one that cannot be used has an empty form.
    fn next(&mut self) -> bool {
        let Some(_) = self.rows.next(&mut self.row, &mut self.problems) else { return false };
        self.row.texts(&mut self.texts, &mut self.problems);
        self.form.read(&self.texts);
        self.problems.clear();
        true
    }
}

/// The row that is meant, its number and place.
fn find(
    source: &Source,
    letter: char,
    side: &Side,
    which: &Which,
    watch: &dyn Watch,
) -> Result<(u32, Place), Stopped> {
    let fault = |en: String, ja: String| Stopped::Broken(Fault::new(en).in_japanese(ja));
    if matches!(which, Which::Key(_)) && side.key.is_none() {
        return Err(fault(
            format!("the spec names no key of file {letter}: name the row by its line"),
            format!("設定にファイル{letter}の key がありません。行番号で指定してください。"),
        ));
    }
    let mut found: Option<(u32, Place)> = None;
    let behind = each_place(source, watch, &mut |number, place, row| {
        match which {
            // A row may have several lines: it is the last one that begins at or before the line.
            Which::Line(line) if place.line <= *line => found = Some((number, place)),
            Which::Key(key) if row.key() == key.as_str() => {
                if let Some((_, first)) = found {
                    let (first, second) = (first.line, place.line);
                    return Err(fault(
                        format!(
                            "the key stands on lines {first} and {second} of file {letter}: name the row by its line"
                        ),
                        format!(
                            "そのキーはファイル{letter}の {first} 行目と {second} 行目にあります。行番号で指定してください。"
                        ),
                    ));
                }
                found = Some((number, place));
            }
            _ => {}
        }
        Ok(())
    })?;
    let is_past = matches!(which, Which::Line(line) if *line >= behind);
    let absent = || {
        fault(
            format!("there is no such row in file {letter}"),
            format!(
                "ファイル{letter}にその行はありません。行番号（1行目から数えます）かキーを確かめてください。"
            ),
        )
    };
    found.filter(|_| !is_past).ok_or_else(absent)
}

type EachPlace<'e> = &'e mut dyn FnMut(u32, Place, &Row<'_>) -> Result<(), Stopped>;

/// Goes through the rows of a file in their order, with their numbers and places; the line behind the last row.
fn each_place(source: &Source, watch: &dyn Watch, each: EachPlace<'_>) -> Result<u64, Stopped> {
    let (mut before, mut number) = (source.first_line(), 0);
    let (mut row, mut problems) = (source.row(), Vec::new());
    for chunk in source.chunks(CHUNK, 1) {
        let mut rows = source.rows(chunk);
        while rows.next(&mut row, &mut problems).is_some() {
            problems.clear();
            each(number, Place { offset: row.offset, line: before + row.line }, &row)?;
            number += 1;
        }
        before += rows.lines();
        if watch.stop() {
            return Err(Stopped::Told);
        }
    }
    Ok(before)
}

/// Writes every row of a file as the comparison sees it, as CSV (UTF-8, LF); how many rows there are.
pub fn normalise(
    (path, letter, side): (&Path, char, &Side),
    threads: usize,
    out: &mut (dyn Write + Send),
    watch: &dyn Watch,
) -> Result<u64, Stopped> {
    const STYLE: Style = Style { bom: false, crlf: false };
    let head = [
        "row", "key", "name", "families", "kana", "birth", "sex", "city", "town", "numbers", "building",
        "strong",
    ];
    let source = open(path, letter, side)?;
    let chunks = source.chunks(CHUNK, threads);
    let unwritable = |e| {
        let fault = Fault::caused("the normalised rows cannot be written", e);
        Stopped::Broken(fault.in_japanese("そろえた行を書き出せません。書き込み先の空きを確かめてください。"))
    };
    out.write_all(Table::headed(STYLE, head).bytes()).map_err(unwritable)?;
    let mut rows = 0;
    // Rows are numbered when they are written: only then it is known how many there are before.
    let begin = || (Table::new(STYLE), Vec::<usize>::new());
    let make = |piece: usize, (table, ends): &mut (Table, Vec<usize>)| {
        table.clear();
        ends.clear();
        let mut reading = Reading::new(&source, chunks[piece].clone());
        while reading.next() {
            normalised(table, &reading);
            ends.push(table.bytes().len());
        }
        if watch.stop() { Err(Stopped::Told) } else { Ok(()) }
    };
    files::in_order(chunks.len(), threads, begin, make, |_, (table, ends)| {
        let mut from = 0;
        for end in ends {
            rows += 1;
            write!(out, "{rows},").map_err(unwritable)?;
            out.write_all(&table.bytes()[from..*end]).map_err(unwritable)?;
            from = *end;
        }
        Ok(())
    })?;
    out.flush().map_err(unwritable)?;
    Ok(rows)
}

/// A row without its number.
fn normalised(table: &mut Table, reading: &Reading<'_>) {
    let form = &reading.form;
    let mut text = String::new();
    let mut chars = |table: &mut Table, chars: &[char]| {
        text.clear();
        text.extend(chars);
        table.text(&text);
    };
    table.text(&reading.row.key());
    match form.main_name() {
        Some(name) => {
            chars(table, &name.chars);
            chars(table, &name.families);
        }
        None => table.empty(2),
    }
    chars(table, &form.kana.chars);
    let mut birth = String::new();
    shown::birth(form.birth, &mut birth);
    table.text(&birth);
    table.text(sex(form));
    table.text(city_name(form.address.city).unwrap_or_default());
    table.text(&form.address.town);
    table.text(&form.address.numbers);
    table.text(&form.address.building);
    table.text(&form.strong);
    table.end();
}
