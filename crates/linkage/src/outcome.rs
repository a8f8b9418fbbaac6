//! What the engine found, as the output writes it: for every row of both files linked, to be reviewed, or not linked.
//!
//! Always holds: every row of A and of B has exactly one verdict; a row that is linked is in no review case; rows are
//! numbered from 0 in the order of their file.
//! Not here: how it was found (engine), how it is written (output).

use crate::{
    levels::Levels,
    rules::{Decision, Rarity},
};
use std::ops::Range;

/// Where a link was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// E1: byte for byte the same in all attributes that both files have, and the only such row of either side.
    Raw,
    /// E2: the same after normalising.
    Normal,
    /// S: by score.
    Scored,
}

/// A pair that was compared, with everything that its explanation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Row of A.
    pub a: u32,
    /// Row of B.
    pub b: u32,
    /// How far they agree.
    pub levels: Levels,
    /// How rare name and town are.
    pub rarity: Rarity,
    /// What the rules say of this pair by itself.
    pub decision: Decision,
}

/// Why rows were not decided by machine, or not linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// One pair whose own grade is review.
    Doubtful,
    /// Several candidates are equally near, or nearly so.
    Tie,
    /// So many rows share a key that not all pairs were compared, or so many are near that not all are in a case.
    TooMany,
    /// The best candidate does not agree enough.
    TooLittle,
    /// The best candidate was linked to another row, with which it agrees better.
    Taken,
    /// No row of the other file shares a key. A row of A was held beside all rows of B; a row of B beside those of A that the
    /// exact stage (E1, E2) did not link.
    NoCandidate,
    /// The row could not be compared (name or birth date missing or unreadable).
    Unusable,
}

/// One row's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Linked.
    Link {
        /// Where it was found.
        tier: Tier,
        /// With whom and why.
        pair: Pair,
    },
    /// In a review case (its number, of [`Outcome::case`]).
    Review(u32),
    /// Not linked.
    None {
        /// Why.
        cause: Cause,
        /// The best candidate, if any was compared.
        best: Option<Pair>,
    },
}

/// Rows that a clerk has to look at together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Why.
    pub cause: Cause,
    /// Its pairs, best first, then by row of A and of B. At most [`Case::PAIRS_MAX`] are kept.
    pub pairs: Vec<Pair>,
    /// How many rows it has of A and of B. It may be all of them, so they are asked for by [`Outcome::case_rows`].
    pub rows: [usize; 2],
}

impl Case {
    /// More pairs than a clerk can look at are not kept.
    pub const PAIRS_MAX: usize = 50;
}

/// What the engine hands to the output.
pub trait Outcome: Sync {
    /// Rows of A and of B.
    fn rows(&self) -> (u32, u32);
    /// The verdict of a row of A.
    fn a(&self, row: u32) -> Verdict;
    /// The verdict of a row of B.
    fn b(&self, row: u32) -> Verdict;
    /// Where a row of B was linked, if it was: enough for counting it. Its pair stands with the row of A, anywhere in
    /// memory, and to look there for every row takes longer than all else that is done with it.
    fn tier_b(&self, row: u32) -> Option<Tier>;
    /// How many review cases there are.
    fn cases(&self) -> usize;
    /// One of them, from 0: they are in the order of their first row of A, then of B.
    fn case(&self, number: usize) -> Case;
    /// Rows of a case, of A or of B: those at these places among all of them, which ascend.
    fn case_rows(&self, number: usize, of_b: bool, places: Range<usize>) -> Vec<u32>;
    /// Byte offset and line (from 1) of a row of A.
    fn place_a(&self, row: u32) -> Place;
    /// Byte offset and line (from 1) of a row of B.
    fn place_b(&self, row: u32) -> Place;
    /// Groups of rows, one of either side, that are byte for byte the same in all attributes: linked, and left to review
    /// because another row is the same after normalising, or nearly as good. Their sum is what a plain join on unique keys counts.
    fn raw_pairs(&self) -> (u64, u64);
    /// Problems of the input: the listed ones, and for each code how many there were.
    fn problems(&self) -> &crate::problem::Problems;
}

/// Where a row stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Its first line, from 1.
    pub line: u64,
}
