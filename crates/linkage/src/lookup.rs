//! Single look-up: one person against a prepared file, by the same rules as a batch.
//!
//! Always holds: the same keys, levels, weights, rules and ties as in a batch; the answer does not depend on the order of
//! the rows or on threads; a bucket too full to be looked through is said, never passed over; what an index keeps of a file
//! that was opened is hashes and places, no person.
//! Not here: that another row of the asking file may have a better claim to the row found (engine).
//! Rules come from: S5 r2, S8 r5 (7); the issue, part B (single look-up beside batch).

mod build;
#[cfg(test)]
mod tests;

use crate::{
    form::Form,
    keys::{self, Counted, KINDS},
    levels::Levels,
    outcome::{Case, Cause, Tier},
    problem::Problems,
    rules::{Decision, Grade, Rarity, decide, rarity::Counts, rivals},
    source::{self, Source},
};
use std::fmt;

/// More candidates than a person can look at are not told.
const CANDIDATES_MAX: usize = 20;

/// The kind under which `coarse` keys stand, behind the blocking keys.
const COARSE: usize = KINDS.len();

/// A prepared file B.
pub struct Index {
    /// By kind: half a hash above, a row below, ascending. Eight bytes for each key of each row; a stranger who shares half
    /// a hash is compared and found to be one.
    entries: [Vec<u64>; COARSE + 1],
    counts: Counts,
    rows: Rows,
    problems: Problems,
}

/// Where the rows are.
enum Rows {
    /// Given one by one, with the giver's numbers.
    Given(Vec<(u64, Form)>),
    /// In a file: where each row begins, and its line.
    File { source: Box<Source>, places: Vec<(u64, u32)> },
}

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The answer. A link is to the first of `candidates`.
    pub grade: Grade,
    /// How a link was found.
    pub tier: Option<Tier>,
    /// Why there is no link.
    pub cause: Option<Cause>,
    /// The rows that may be this person, best first: for a link that one row, for a review all that a clerk has to look at,
    /// otherwise the best of those that were compared.
    pub candidates: Vec<Candidate>,
}

/// A row that was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number: the giver's, or in a file counted from 0.
    pub row: u64,
    /// Its line in the file, from 1; 0 for rows that were given.
    pub line: u64,
    /// How far it agrees.
    pub levels: Levels,
    /// How rare name and town are.
    pub rarity: Rarity,
    /// What the rules say of it by itself.
    pub decision: Decision,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} rows)", self.len())
    }
}

impl Index {
    /// How many rows it holds.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Given(rows) => rows.len(),
            Rows::File { places, .. } => places.len(),
        }
    }

    /// Whether it holds no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was wrong with the file. A row that could not be used is never found.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Finds a person.
    pub fn find(&self, asked: &Form) -> Found {
        let (near, overfull) = self.near(asked);
        let mut candidates = self.compared(asked, &near);
        if let Some(same) = self.same(asked, &candidates) {
            return Found {
                grade: Grade::Link,
                tier: Some(Tier::Normal),
                cause: None,
                candidates: vec![same],
            };
        }
        candidates.sort_by_key(|it| (it.decision.grade, -it.decision.score, it.row));
        if let Some(linked) = chosen(&candidates) {
            return Found {
                grade: Grade::Link,
                tier: Some(Tier::Scored),
                cause: None,
                candidates: vec![linked],
            };
        }
        let doubtful = candidates.iter().filter(|it| it.decision.grade != Grade::NoLink).count();
        let (grade, cause) = match doubtful {
            _ if overfull || doubtful > Case::PAIRS_MAX => (Grade::Review, Cause::TooMany),
            0 if !candidates.is_empty() => (Grade::NoLink, Cause::TooLittle),
            0 if !is_usable(asked) => (Grade::NoLink, Cause::Unusable),
            0 => (Grade::NoLink, Cause::NoCandidate),
            _ if is_tied(&candidates) => (Grade::Review, Cause::Tie),
            _ => (Grade::Review, Cause::Doubtful),
        };
        candidates.truncate(if doubtful == 0 { 1 } else { doubtful.min(CANDIDATES_MAX) });
        Found { grade, tier: None, cause: Some(cause), candidates }
    }

    /// The rows that share a key, ascending, and whether a bucket was too full to be looked through.
    fn near(&self, asked: &Form) -> (Vec<u32>, bool) {
        let (mut rows, mut overfull) = (Vec::new(), false);
        let mut blocks = Vec::new();
        self.counts.blocks(asked, &mut blocks);
        let coarse = keys::keys(asked).coarse;
        let blocks = blocks.iter().map(|(kind, hash)| (usize::from(*kind), *hash));
        for (kind, hash) in blocks.chain((coarse != 0).then_some((COARSE, coarse))) {
            let bucket = self.bucket(kind, hash);
            if bucket.len() > cap(kind) {
                overfull = true;
            } else {
                // The lower half is the row.
                rows.extend(bucket.iter().map(|entry| *entry as u32));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        (rows, overfull)
    }

    fn bucket(&self, kind: usize, hash: u64) -> &[u64] {
        let Some(entries) = self.entries.get(kind) else { return &[] };
        let half = hash >> 32;
        let from = entries.partition_point(|entry| entry >> 32 < half);
        // One more than a bucket may have is enough to see that it is too full.
        let rest = &entries[from..entries.len().min(from + cap(kind) + 1)];
        let length = rest.partition_point(|entry| entry >> 32 == half);
        &rest[..length]
    }

    /// Compares the person with rows.
    fn compared(&self, asked: &Form, rows: &[u32]) -> Vec<Candidate> {
        let counted = keys::counted(asked);
        let candidate = |row: u64, line: u64, form: &Form| {
            let levels = self.counts.compare(asked, form);
            let rarity = self.counts.rarity(counted, keys::counted(form));
            Candidate { row, line, levels, rarity, decision: decide(&levels, rarity) }
        };
        let mut found = Vec::with_capacity(rows.len());
        self.each(rows, |row, line, form| found.push(candidate(row, line, form)));
        found
    }

    /// Reads rows again.
    fn each(&self, rows: &[u32], mut each: impl FnMut(u64, u64, &Form)) {
        match &self.rows {
            Rows::Given(given) => {
                for (number, form) in rows.iter().filter_map(|row| given.get(*row as usize)) {
                    each(*number, 0, form);
                }
            }
            Rows::File { source, places } => {
                let (mut row, mut buffers, mut form) =
                    (source.row(), source::Buffers::default(), Form::default());
                for number in rows {
                    let Some((offset, line)) = places.get(*number as usize).copied() else { continue };
                    source.at(offset, &mut row);
                    // Its problems were told when the file was opened.
                    if row.form(&mut buffers, &mut form, &mut Vec::new()).is_some() {
                        each(u64::from(*number), u64::from(line), &form);
                    }
                }
            }
        }
    }

    /// The one row that is the same in everything, as the exact stage of a batch has it: nobody else has these families of
    /// characters, birth date, sex, town and numbers.
    fn same(&self, asked: &Form, candidates: &[Candidate]) -> Option<Candidate> {
        let mine = keys::keys(asked);
        let bucket = self.bucket(COARSE, mine.coarse);
        if mine.coarse == 0 || bucket.len() > cap(COARSE) {
            return None;
        }
        let rows: Vec<u32> = bucket.iter().map(|entry| *entry as u32).collect();
        let (mut coarse, mut exact) = (0, None);
        self.each(&rows, |row, _, form| {
            let theirs = keys::keys(form);
            coarse += usize::from(theirs.coarse == mine.coarse);
            if theirs == mine {
                exact = Some(row);
            }
        });
        let row = exact.filter(|_| coarse == 1)?;
        candidates.iter().find(|it| it.row == row && it.decision.grade == Grade::Link).copied()
    }
}

/// The candidate that links: no other one rivals it.
fn chosen(candidates: &[Candidate]) -> Option<Candidate> {
    let best = candidates.first()?;
    (best.decision.grade == Grade::Link && !is_tied(candidates)).then_some(*best)
}

/// Whether another candidate is too near to the best one to choose between them.
fn is_tied(candidates: &[Candidate]) -> bool {
    let Some((best, others)) = candidates.split_first() else { return false };
    others.iter().any(|other| rivals(&best.decision, &other.decision))
}

/// Whether a row can be linked at all.
fn is_usable(form: &Form) -> bool {
    !form.birth.is_empty() && form.main_name().is_some_and(|name| !name.is_empty())
}

fn cap(kind: usize) -> usize {
    // `coarse` asks for so much that a group of more is damaged data.
    KINDS.get(kind).map_or(100, |kind| kind.cap as usize)
}

/// What a row adds to the index, besides itself.
fn add(entries: &mut [Vec<u64>; COARSE + 1], blocks: &mut Vec<(u8, u64)>, form: &Form, row: u32) -> Counted {
    let entry = |hash: u64| hash >> 32 << 32 | u64::from(row);
    keys::blocks(form, blocks);
    for (kind, hash) in blocks.iter() {
        entries[usize::from(*kind)].push(entry(*hash));
    }
    let coarse = keys::keys(form).coarse;
    if coarse != 0 {
        entries[COARSE].push(entry(coarse));
    }
    keys::counted(form)
}
