//! links.csv, unlinked_a.csv and unlinked_b.csv: one pass over each file's verdicts, by several threads.
//!
//! Always holds: links stand in A's order, unlinked rows in their file's; keys and carried columns are the text as decoded,
//! and guarded against being a formula only where the spec asks for a byte order mark, that is, for spreadsheets: without
//! one these tables go to other programs.
//! Not here: rows to review (review).
//! Rules come from: the issue, part C.

use super::{
    Counts, Run, files,
    files::{Sink, Written},
    table::{Style, Table},
    words::ATTRIBUTES,
};
use crate::{
    engine::Stopped,
    outcome::{Cause, Pair, Place, Tier, Verdict},
    rules::Lang,
    source::{Row, Source},
    spec::Side,
};
use std::ops::Range;

/// Rows that a thread takes at a time: about a megabyte of table.
const ROWS_AT_ONCE: u32 = 8_192;
/// Rows that are looked up together.
const ROWS_AHEAD: u32 = 64;

/// Both files and one thread's tables.
struct Kept<'r> {
    links: Table,
    unlinked: Table,
    a: Row<'r>,
    b: Row<'r>,
    counts: Counted,
    ahead: Vec<Ahead>,
}

/// What a pass counts: linked rows, and all others.
#[derive(Default)]
struct Counted {
    linked: Counts,
    others: Counts,
}

impl Counted {
    fn add(&mut self, more: &Counted) {
        self.linked.add(&more.linked);
        self.others.add(&more.others);
    }

    /// All rows.
    fn all(mut self) -> Counts {
        self.linked.add(&self.others);
        self.linked
    }
}

impl<'r> Kept<'r> {
    fn new(run: &Run<'r>) -> Kept<'r> {
        let table = || Table::new(run.style);
        Kept {
            links: table(),
            unlinked: table(),
            a: run.a.row(),
            b: run.b.row(),
            counts: Counted::default(),
            ahead: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.links.clear();
        self.unlinked.clear();
        self.counts = Counted::default();
    }
}

/// Writes the three tables; what they count of A and of B.
pub(super) fn write(run: &Run<'_>) -> Result<((Counts, Counts), Vec<Written>), Stopped> {
    let (rows_a, rows_b) = run.outcome.rows();
    let mut links = sink(run, "links.csv", links_head(run))?;
    let mut unlinked = sink(run, "unlinked_a.csv", unlinked_head(run.style, &run.job.spec.a, 'A', 'B'))?;
    let (verdict_a, place_a) = (|row| run.outcome.a(row), |row| run.outcome.place_a(row));
    let tier_b = |row| run.outcome.tier_b(row);
    let (verdict_b, place_b) = (|row| run.outcome.b(row), |row| run.outcome.place_b(row));
    let side_a = Pass {
        rows: rows_a,
        verdict: &verdict_a,
        place: &place_a,
        other_row: |pair| pair.b,
        other_place: &place_b,
        other: run.b,
        only_counted: None,
        each: a_row,
    };
    let counts_a = pass(run, side_a, |kept| {
        links.write(kept.links.bytes())?;
        unlinked.write(kept.unlinked.bytes())?;
        Ok(())
    })?;
    let mut written = vec![links.end(run.disk), unlinked.end(run.disk)];
    let mut other = sink(run, "unlinked_b.csv", unlinked_head(run.style, &run.job.spec.b, 'B', 'A'))?;
    let side_b = Pass {
        rows: rows_b,
        verdict: &verdict_b,
        place: &place_b,
        other_row: |pair| pair.a,
        other_place: &place_a,
        other: run.a,
        // They stand in A's order.
        only_counted: Some(&tier_b),
        each: b_row,
    };
    let mut counts_b = pass(run, side_b, |kept| Ok(other.write(kept.unlinked.bytes())?))?;
    written.push(other.end(run.disk));
    // The pairs of B's linked rows are those of A's.
    counts_b.linked.identifiers = counts_a.linked.identifiers;
    Ok(((counts_a.all(), counts_b.all()), written))
}

fn sink(run: &Run<'_>, name: &str, head: Table) -> Result<Sink, Stopped> {
    let mut sink = Sink::create(run.work, name)?;
    sink.write(head.bytes())?;
    Ok(sink)
}

/// Goes through all rows of a file: `each` writes a row into tables, `take` gets the tables in order.
fn pass<'r>(
    run: &Run<'r>,
    side: Pass<'r>,
    mut take: impl FnMut(&Kept<'r>) -> Result<(), Stopped> + Send,
) -> Result<Counted, Stopped> {
    let mut total = Counted::default();
    let rows = side.rows;
    let range = |piece: usize| {
        let begin = u32::try_from(piece).unwrap_or(u32::MAX).saturating_mul(ROWS_AT_ONCE);
        begin..begin.saturating_add(ROWS_AT_ONCE).min(rows)
    };
    let make = |piece: usize, kept: &mut Kept<'r>| {
        kept.clear();
        let mut next = range(piece);
        while !next.is_empty() {
            let few = next.start..next.start.saturating_add(ROWS_AHEAD).min(next.end);
            next.start = few.end;
            side.look(few, kept);
            for at in 0..kept.ahead.len() {
                let row = kept.ahead[at];
                (side.each)(run, &row, kept);
            }
        }
        Ok(())
    };
    let pieces = rows.div_ceil(ROWS_AT_ONCE) as usize;
    files::in_order(
        pieces,
        run.job.threads,
        || Kept::new(run),
        make,
        |piece, kept| {
            take(kept)?;
            total.add(&kept.counts);
            run.progress.add(range(piece).len() as u64)
        },
    )?;
    Ok(total)
}

/// One file's pass.
struct Pass<'r> {
    rows: u32,
    verdict: &'r (dyn Fn(u32) -> Verdict + Sync),
    /// Where a row of this file stands.
    place: &'r (dyn Fn(u32) -> Place + Sync),
    /// The partner or best candidate of a row, where it stands, and in what file.
    other_row: fn(&Pair) -> u32,
    other_place: &'r (dyn Fn(u32) -> Place + Sync),
    other: &'r Source,
    /// The tier of a linked row, when linked rows are not written but only counted.
    only_counted: Option<&'r (dyn Fn(u32) -> Option<Tier> + Sync)>,
    each: fn(&Run<'r>, &Ahead, &mut Kept<'r>),
}

/// A row of which is known what becomes of it.
#[derive(Clone, Copy)]
struct Ahead {
    row: u32,
    verdict: Verdict,
    place: Place,
    /// The pair that is told, its row in the other file, and where that stands.
    other: Option<(Pair, u32, Place)>,
}

impl Ahead {
    /// Reads what is printed of the row. A row that could not be used has that cause and no other: the others were found by
    /// what they hold.
    fn read<'s>(&self, own: &'s Source, row: &mut Row<'s>) {
        match self.verdict {
            Verdict::None { cause: Cause::Unusable, .. } => own.at(self.place.offset, row),
            _ => own.printed_at(self.place.offset, row),
        }
    }
}

impl Pass<'_> {
    /// Looks up a few rows, of which the partners are read soon.
    fn look(&self, rows: Range<u32>, kept: &mut Kept<'_>) {
        kept.ahead.clear();
        for row in rows {
            if let Some(tier) = self.only_counted.and_then(|tier| tier(row)) {
                kept.counts.linked.count_linked(tier);
                continue;
            }
            let verdict = (self.verdict)(row);
            let (counts, pair) = match verdict {
                Verdict::Link { pair, .. } => (&mut kept.counts.linked, Some(pair)),
                Verdict::None { best, .. } => (&mut kept.counts.others, best),
                Verdict::Review(_) => {
                    kept.counts.others.count(&verdict);
                    continue;
                }
            };
            counts.count(&verdict);
            let other = pair.map(|pair| (pair, (self.other_row)(&pair), Place { offset: 0, line: 0 }));
            kept.ahead.push(Ahead { row, verdict, place: (self.place)(row), other });
        }
        for (_, row, place) in kept.ahead.iter_mut().filter_map(|ahead| ahead.other.as_mut()) {
            *place = (self.other_place)(*row);
        }
        // This file's own rows follow each other, which the processor sees by itself.
        let others = kept.ahead.iter().filter_map(|ahead| ahead.other.as_ref());
        self.other.soon_printed(others.map(|(_, _, place)| place.offset));
    }
}

fn links_head(run: &Run<'_>) -> Table {
    let fixed = ["Aキー", "A行", "Bキー", "B行", "段階", "判定", "点数", "一致の度合い"];
    let named = |letter: char| move |heading: &String| format!("{letter}:{heading}");
    let spec = &run.job.spec;
    let carried: Vec<String> =
        spec.a.carry.iter().map(named('A')).chain(spec.b.carry.iter().map(named('B'))).collect();
    Table::headed(run.style, fixed.into_iter().chain(carried.iter().map(String::as_str)))
}

fn unlinked_head(style: Style, side: &Side, own: char, other: char) -> Table {
    let fixed = [
        format!("{own}キー"),
        format!("{own}行"),
        "理由コード".to_owned(),
        "理由".to_owned(),
        format!("候補{other}キー"),
        format!("候補{other}行"),
        "候補の判定".to_owned(),
        "候補の点数".to_owned(),
        "一致の度合い".to_owned(),
    ];
    let seen = ATTRIBUTES.map(|attribute| format!("{attribute}の一致"));
    let carried = side.carry.iter().map(|heading| format!("{own}:{heading}"));
    let all: Vec<String> = fixed.into_iter().chain(seen).chain(carried).collect();
    Table::headed(style, all.iter().map(String::as_str))
}

fn a_row<'r>(run: &Run<'r>, ahead: &Ahead, kept: &mut Kept<'r>) {
    let spec = &run.job.spec;
    ahead.read(run.a, &mut kept.a);
    if let Some((_, _, place)) = ahead.other {
        run.b.printed_at(place.offset, &mut kept.b);
    }
    match (ahead.verdict, ahead.other) {
        (Verdict::Link { tier, pair }, Some((_, row_b, place_b))) => {
            let table = &mut kept.links;
            key_and_line(table, &spec.a, &kept.a, ahead.row, ahead.place);
            key_and_line(table, &spec.b, &kept.b, row_b, place_b);
            table.word(tier.code());
            table.word(pair.decision.reason.code());
            table.hundredths(pair.decision.score);
            table.codes(&pair.levels);
            carried(table, &spec.a, &kept.a);
            carried(table, &spec.b, &kept.b);
            table.end();
        }
        (Verdict::None { cause, .. }, other) => {
            let (own, best) = ((&spec.a, &kept.a), (&spec.b, &kept.b));
            unlinked(&mut kept.unlinked, ahead, cause, own, other, best);
        }
        _ => {}
    }
}

fn b_row<'r>(run: &Run<'r>, ahead: &Ahead, kept: &mut Kept<'r>) {
    let spec = &run.job.spec;
    let Verdict::None { cause, .. } = ahead.verdict else { return };
    ahead.read(run.b, &mut kept.b);
    if let Some((_, _, place)) = ahead.other {
        run.a.printed_at(place.offset, &mut kept.a);
    }
    let (own, best) = ((&spec.b, &kept.b), (&spec.a, &kept.a));
    unlinked(&mut kept.unlinked, ahead, cause, own, ahead.other, best);
}

/// A row's own key, its number where the spec names none; and its line.
fn key_and_line(table: &mut Table, side: &Side, row: &Row<'_>, number: u32, place: Place) {
    match side.key {
        Some(_) if table.plain(row.key_bytes()) => {}
        Some(_) => table.guarded_by_style(&row.key()),
        None => table.number(u64::from(number) + 1),
    }
    table.number(place.line);
}

fn carried(table: &mut Table, side: &Side, row: &Row<'_>) {
    for index in 0..side.carry.len() {
        if !table.plain(row.carried_bytes(index)) {
            table.guarded_by_style(&row.carried(index));
        }
    }
}

/// A row without a link: why, and how far its best candidate agrees.
fn unlinked(
    table: &mut Table,
    ahead: &Ahead,
    cause: Cause,
    (own_side, own): (&Side, &Row<'_>),
    best: Option<(Pair, u32, Place)>,
    (best_side, best_row): (&Side, &Row<'_>),
) {
    key_and_line(table, own_side, own, ahead.row, ahead.place);
    table.word(cause.code());
    table.word(cause.words().0);
    match best {
        Some((pair, number, place)) => {
            key_and_line(table, best_side, best_row, number, place);
            table.word(pair.decision.reason.code());
            table.hundredths(pair.decision.score);
            table.codes(&pair.levels);
            pair.levels.all_words(Lang::Ja).into_iter().for_each(|seen| table.word(seen));
        }
        None => table.empty(5 + ATTRIBUTES.len()),
    }
    carried(table, own_side, own);
    table.end();
}
