//! The clerks' work list (目視確認): review.csv, and the entries that the page shows too.
//!
//! Always holds: every row of every case stands in review.csv, in a pair or alone; an entry has the same number in the
//! table and on the page; no cell is a formula to a spreadsheet.
//! Not here: the page (page).
//! Rules come from: the issue, part C; docs/linkage.md.

use super::{
    Run, files,
    files::{Sink, Written},
    shown::{Reader, Shown},
    table::Table,
    words::ATTRIBUTES,
};
use crate::{
    engine::Stopped,
    outcome::{Case, Cause, Outcome, Pair},
    rules::Lang,
};
use std::ops::Range;

/// Slots that a thread takes at a time.
const SLOTS_AT_ONCE: usize = 2_048;

/// Entries that are looked up together.
pub(super) const ENTRIES_AHEAD: usize = 64;

/// One line of the work list: a pair, or a row whose pairs are not kept because its case has too many.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// From 1, over all cases.
    pub number: u64,
    /// Its case, from 1.
    pub case_number: usize,
    /// Why its case is one.
    pub cause: Cause,
    /// How many pairs are shown of its case.
    pub pairs: usize,
    /// Its place in the case, from 1.
    pub nth: usize,
    /// The pair.
    pub pair: Option<Pair>,
    /// The row of A.
    pub a: Option<u32>,
    /// The row of B.
    pub b: Option<u32>,
}

/// All cases, with the number of each one's first entry and, at the end, of the one behind all. A case has slots: its
/// pairs, then its rows of A, then those of B; a row's slot is empty when the row stands in a pair.
pub(super) struct List<'r> {
    outcome: &'r dyn Outcome,
    begins: Vec<u64>,
}

/// The rows of one case that stand in its pairs.
struct Paired {
    a: Vec<u32>,
    b: Vec<u32>,
}

impl Paired {
    fn of(case: &Case) -> Paired {
        let rows = |pick: fn(&Pair) -> u32| {
            let mut rows: Vec<u32> = case.pairs.iter().map(pick).collect();
            rows.sort_unstable();
            rows.dedup();
            rows
        };
        Paired { a: rows(|pair| pair.a), b: rows(|pair| pair.b) }
    }
}

impl<'r> List<'r> {
    /// Numbers the entries of all cases.
    pub fn new(outcome: &'r dyn Outcome) -> List<'r> {
        let mut next = 1;
        let mut begins = vec![next];
        for case in (0..outcome.cases()).map(|number| outcome.case(number)) {
            let paired = Paired::of(&case);
            let lonely = case.rows[0] + case.rows[1] - paired.a.len() - paired.b.len();
            next += (case.pairs.len() + lonely) as u64;
            begins.push(next);
        }
        List { outcome, begins }
    }

    /// How many cases there are.
    pub fn cases(&self) -> usize {
        self.outcome.cases()
    }

    /// One of them.
    pub fn case(&self, case: usize) -> Case {
        self.outcome.case(case)
    }

    /// How many slots a case has.
    pub fn slots(&self, case: usize) -> usize {
        let case = self.case(case);
        case.pairs.len() + case.rows[0] + case.rows[1]
    }

    /// How many entries a case has.
    pub fn entries_of(&self, case: usize) -> usize {
        usize::try_from(self.begins[case + 1] - self.begins[case]).unwrap_or(usize::MAX)
    }

    /// The entries of some slots of a case. Of a large case no more is read than these.
    pub fn entries(&self, number: usize, slots: Range<usize>) -> Vec<Entry> {
        let case = self.case(number);
        let paired = Paired::of(&case);
        let (pairs, [rows_a, rows_b]) = (case.pairs.len(), case.rows);
        let lonely_a = rows_a - paired.a.len();
        let entry = |nth: usize, pair: Option<Pair>, a: Option<u32>, b: Option<u32>| Entry {
            number: self.begins[number] + nth as u64,
            case_number: number + 1,
            cause: case.cause,
            pairs,
            nth: nth + 1,
            pair,
            a,
            b,
        };
        // Those of the slots that are among so many behind the first ones.
        let among = |first: usize, count: usize| {
            let place = |slot: usize| slot.clamp(first, first + count) - first;
            place(slots.start)..place(slots.end)
        };
        // Both lists ascend: so many lonely rows stand before one as rows before it, less the paired ones.
        let lonely = |of_b: bool, places: Range<usize>| {
            let paired = if of_b { &paired.b } else { &paired.a };
            let rows = self.outcome.case_rows(number, of_b, places.clone());
            places.zip(rows).filter_map(|(place, row)| Some((place - paired.binary_search(&row).err()?, row)))
        };
        let of_pairs = among(0, pairs).map(|slot| {
            let pair = case.pairs[slot];
            entry(slot, Some(pair), Some(pair.a), Some(pair.b))
        });
        let of_a = lonely(false, among(pairs, rows_a));
        let of_b = lonely(true, among(pairs + rows_a, rows_b));
        of_pairs
            .chain(of_a.map(|(place, row)| entry(pairs + place, None, Some(row), None)))
            .chain(of_b.map(|(place, row)| entry(pairs + lonely_a + place, None, None, Some(row))))
            .collect()
    }

    /// Cases cut into pieces of about equal work: several whole cases, or some slots of a large one.
    fn pieces(&self) -> Vec<(Range<usize>, Range<usize>)> {
        let mut pieces = Vec::new();
        let (mut begin, mut work) = (0, 0);
        for case in 0..self.cases() {
            let slots = self.slots(case);
            if work > 0 && work + slots > SLOTS_AT_ONCE {
                pieces.push((begin..case, 0..usize::MAX));
                (begin, work) = (case, 0);
            }
            if slots <= SLOTS_AT_ONCE {
                work += slots;
                continue;
            }
            let cuts = (0..slots).step_by(SLOTS_AT_ONCE);
            pieces.extend(cuts.map(|cut| (case..case + 1, cut..(cut + SLOTS_AT_ONCE).min(slots))));
            begin = case + 1;
        }
        if work > 0 {
            pieces.push((begin..self.cases(), 0..usize::MAX));
        }
        pieces
    }
}

/// What one thread keeps.
struct Kept<'r> {
    table: Table,
    rows: Rows<'r>,
}

/// Reads rows of both files to show them.
pub(super) struct Rows<'r> {
    run: Run<'r>,
    a: Reader<'r>,
    b: Reader<'r>,
}

impl<'r> Rows<'r> {
    /// For a run.
    pub fn new(run: &Run<'r>) -> Rows<'r> {
        let spec = &run.job.spec;
        Rows { run: *run, a: Reader::new(run.a, &spec.a), b: Reader::new(run.b, &spec.b) }
    }

    /// A row of A, with what was compared.
    pub fn a(&mut self, row: u32) -> &Shown {
        self.a.read(row, self.run.outcome.place_a(row))
    }

    /// A row of B, with what was compared.
    pub fn b(&mut self, row: u32) -> &Shown {
        self.b.read(row, self.run.outcome.place_b(row))
    }

    /// The rows of these entries are read soon: rows to review stand anywhere in their files.
    pub fn soon(&self, entries: &[Entry]) {
        let Run { a, b, outcome, .. } = self.run;
        a.soon(entries.iter().filter_map(|entry| entry.a).map(|row| outcome.place_a(row).offset));
        b.soon(entries.iter().filter_map(|entry| entry.b).map(|row| outcome.place_b(row).offset));
    }

    /// The rows of an entry as written.
    fn written(&mut self, entry: &Entry) -> [Option<&Shown>; 2] {
        let outcome = self.run.outcome;
        [
            entry.a.map(|row| self.a.written(row, outcome.place_a(row))),
            entry.b.map(|row| self.b.written(row, outcome.place_b(row))),
        ]
    }
}

/// Writes review.csv.
pub(super) fn write(run: &Run<'_>, run_id: &str, list: &List<'_>) -> Result<Written, Stopped> {
    let mut sink = Sink::create(run.work, "review.csv")?;
    sink.write(head(run).bytes())?;
    let pieces = list.pieces();
    let begin = || Kept { table: Table::new(run.style), rows: Rows::new(run) };
    let make = |piece: usize, kept: &mut Kept<'_>| {
        kept.table.clear();
        let (cases, slots) = pieces[piece].clone();
        let within = |case: usize| slots.start..slots.end.min(list.slots(case));
        let entries: Vec<Entry> = cases.flat_map(|case| list.entries(case, within(case))).collect();
        for few in entries.chunks(ENTRIES_AHEAD) {
            kept.rows.soon(few);
            few.iter().for_each(|entry| line(run, run_id, entry, kept));
        }
        Ok(())
    };
    files::in_order(pieces.len(), run.job.threads, begin, make, |piece, kept| {
        sink.write(kept.table.bytes())?;
        let (cases, slots) = pieces[piece].clone();
        let rows = cases.map(|case| slots.end.min(list.slots(case)) - slots.start).sum::<usize>();
        run.progress.add(rows as u64)
    })?;
    Ok(sink.end(run.disk))
}

fn head(run: &Run<'_>) -> Table {
    let fixed = ["番号", "案件", "候補", "理由コード", "理由", "判断", "メモ"].map(str::to_owned);
    let sides = ATTRIBUTES.iter().flat_map(|attribute| ['A', 'B'].map(|side| format!("{attribute}{side}")));
    let seen = ATTRIBUTES.map(|attribute| format!("{attribute}の一致"));
    let places = ["一致の度合い", "組の評価", "判定", "判定の理由", "点数", "Aキー", "A行", "Bキー", "B行"]
        .map(str::to_owned);
    let spec = &run.job.spec;
    let carried_a = spec.a.carry.iter().map(|heading| format!("A:{heading}"));
    let carried_b = spec.b.carry.iter().map(|heading| format!("B:{heading}"));
    let all: Vec<String> = fixed
        .into_iter()
        .chain(sides)
        .chain(seen)
        .chain(places)
        .chain(carried_a)
        .chain(carried_b)
        .chain(["実行ID".to_owned()])
        .collect();
    Table::headed(run.style, all.iter().map(String::as_str))
}

fn line(run: &Run<'_>, run_id: &str, entry: &Entry, kept: &mut Kept<'_>) {
    let table = &mut kept.table;
    table.number(entry.number);
    table.number(entry.case_number as u64);
    match entry.pair {
        Some(_) => table.text(&format!("{}／{}", entry.nth, entry.pairs)),
        None => table.empty(1),
    }
    table.text(entry.cause.code());
    table.text(entry.cause.words().0);
    table.empty(2);
    let [a, b] = kept.rows.written(entry);
    for attribute in 0..ATTRIBUTES.len() {
        for side in [a, b] {
            table.guarded(side.map_or("", |row| &row.texts[attribute]));
        }
    }
    match &entry.pair {
        Some(pair) => {
            pair.levels.all_words(Lang::Ja).into_iter().for_each(|seen| table.text(seen));
            table.codes(&pair.levels);
            table.text(pair.decision.grade.words().0);
            table.text(pair.decision.reason.code());
            table.text(pair.decision.reason.ja());
            table.hundredths(pair.decision.score);
        }
        None => table.empty(ATTRIBUTES.len() + 5),
    }
    for side in [a, b] {
        match side {
            Some(row) => {
                table.guarded(&row.key);
                table.number(row.line);
            }
            None => table.empty(2),
        }
    }
    let spec = &run.job.spec;
    for (side, carry) in [(a, &spec.a.carry), (b, &spec.b.carry)] {
        match side {
            Some(row) => row.carried.iter().for_each(|value| table.guarded(value)),
            None => table.empty(carry.len()),
        }
    }
    table.text(run_id);
    table.end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::only;

    #[test]
    fn pieces_hold_every_slot_once_and_none_is_large() {
        let all = [[1, 1], [5_000, 3], [1, 2], [2_000, 40], [2, 2], [1, 0]];
        let outcome = only(&all);
        let list = List::new(&outcome);
        let mut numbers = Vec::new();
        for (cases, slots) in list.pieces() {
            let mut work = 0;
            for case in cases {
                let slots = slots.start..slots.end.min(list.slots(case));
                work += slots.len();
                numbers.extend(list.entries(case, slots).iter().map(|entry| entry.number));
            }
            assert!((1..=SLOTS_AT_ONCE).contains(&work));
        }
        let entries: u64 = all.iter().map(|[a, b]| u64::from(a + b)).sum();
        assert_eq!(numbers, (1..=entries).collect::<Vec<_>>());
    }
}
