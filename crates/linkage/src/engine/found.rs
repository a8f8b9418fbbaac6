//! What a run found, in the shape that the output asks for: verdicts are unpacked row by row.
//!
//! Always holds: see outcome.rs.
//! Not here: deciding (exact, score, assign).
//! Rules come from: outcome.rs.

use super::{
    Stopped,
    assign::Numbers,
    cases::Cases,
    crew::Crew,
    detail::{self, BEST, BLOCKED, Kind, MANY, RAW_LEFT, USABLE},
    pairs::Pairs,
    read::Side,
    score::Near,
};
use crate::{
    outcome::{Case, Cause, Outcome, Pair, Place, Tier, Verdict},
    problem::Problems,
    rules::Grade,
    source::Source,
};
use std::{ops::Range, sync::atomic::Ordering};

/// What a run found.
pub(super) struct Found<'m> {
    a: Side,
    b: Side,
    cases: Cases<'m>,
    raw_pairs: (u64, u64),
    problems: Problems,
}

impl<'m> Found<'m> {
    /// Writes the cases into the rows' details, in which the links are.
    pub fn new(
        (a, b): (Side, Side),
        raw_pairs: (u64, u64),
        cases: Cases<'m>,
        problems: Problems,
    ) -> Found<'m> {
        for number in 0..cases.len() {
            for (side, rows) in [&a, &b].into_iter().zip(cases.rows(number)) {
                rows.for_each(|row| set(side, row, Kind::Review, None, number as u64));
            }
        }
        Found { a, b, cases, raw_pairs, problems }
    }

    fn verdict(&self, of_a: bool, row: u32) -> Verdict {
        let side = if of_a { &self.a } else { &self.b };
        let (key, detail) = (side.key_of(row), side.detail_of(row));
        let pair = |other: u32, detail: u64| {
            let (a, b) = if of_a { (row, other) } else { (other, row) };
            let (levels, rarity) = (detail::levels(detail), detail::rarity(detail));
            Pair { a, b, levels, rarity, decision: detail::decision(detail) }
        };
        match detail::kind(detail) {
            Kind::Link(tier) => {
                // The levels stand with the row of A.
                let of_pair = if of_a { detail } else { self.a.detail_of(key as u32) };
                Verdict::Link { tier, pair: pair(key as u32, of_pair) }
            }
            Kind::Review => Verdict::Review(key as u32),
            Kind::Open => {
                let best = (detail & BEST != 0).then(|| pair(detail::partner(key), detail));
                let cause = match &best {
                    _ if detail & MANY != 0 => Cause::TooMany,
                    Some(best) if best.decision.grade == Grade::NoLink => Cause::TooLittle,
                    Some(_) => Cause::Taken,
                    None if detail & USABLE == 0 => Cause::Unusable,
                    None => Cause::NoCandidate,
                };
                Verdict::None { cause, best }
            }
        }
    }
}

/// Links that a thread writes at a time.
const LINKS_AT_ONCE: u32 = 1 << 13;

/// Writes links of the scored stage into the rows' details. A pair that has the same raw bytes is that whichever way it was
/// linked: says how many are.
pub(super) fn link(
    crew: &Crew<'_>,
    (a, source_a): (&Side, &Source),
    (b, source_b): (&Side, &Source),
    (pairs, links): (&Pairs<'_>, &Numbers<'_>),
) -> Result<u64, Stopped> {
    let begin = || (source_a.row(), source_b.row());
    let raw = crew.each(links.len().div_ceil(LINKS_AT_ONCE) as usize, begin, |(raw_a, raw_b), piece| {
        let first = piece as u32 * LINKS_AT_ONCE;
        let mut raw_linked = 0;
        for link in first..links.len().min(first + LINKS_AT_ONCE) {
            let near = pairs.get(links.at(link));
            // Each of the two has one row in the other file with the same bytes: whether it is this one, they say themselves.
            let is_left = (a.detail_of(near.a) & b.detail_of(near.b)) & RAW_LEFT != 0;
            let is_raw = is_left && {
                source_a.at(a.places.offset(near.a), raw_a);
                source_b.at(b.places.offset(near.b), raw_b);
                raw_a.raw_hash() == raw_b.raw_hash()
            };
            let tier = if is_raw { Tier::Raw } else { Tier::Scored };
            raw_linked += u64::from(is_raw);
            for (side, row, key) in [(a, near.a, near.b), (b, near.b, near.a)] {
                set(side, row, Kind::Link(tier), Some(near.pair), u64::from(key));
            }
        }
        Ok(raw_linked)
    })?;
    Ok(raw.into_iter().sum())
}

/// Whether a pair may not be linked by machine, since pairs of one of its rows were not kept.
pub(super) fn is_blocked(a: &Side, b: &Side, near: &Near) -> bool {
    [(a, near.a), (b, near.b)].into_iter().any(|(side, row)| side.detail_of(row) & BLOCKED != 0)
}

fn set(side: &Side, row: u32, kind: Kind, pair: Option<u64>, key: u64) {
    let detail = &side.detail.words()[row as usize];
    let before = detail.load(Ordering::Relaxed);
    let now = detail::with_kind(pair.map_or(before, |pair| detail::with_pair(before, pair)), kind);
    detail.store(now, Ordering::Relaxed);
    side.key.words()[row as usize].store(key, Ordering::Relaxed);
}

impl Outcome for Found<'_> {
    fn rows(&self) -> (u32, u32) {
        (self.a.rows, self.b.rows)
    }

    fn a(&self, row: u32) -> Verdict {
        self.verdict(true, row)
    }

    fn b(&self, row: u32) -> Verdict {
        self.verdict(false, row)
    }

    fn tier_b(&self, row: u32) -> Option<Tier> {
        match detail::kind(self.b.detail_of(row)) {
            Kind::Link(tier) => Some(tier),
            Kind::Open | Kind::Review => None,
        }
    }

    fn cases(&self) -> usize {
        self.cases.len()
    }

    fn case(&self, number: usize) -> Case {
        self.cases.get(number)
    }

    fn case_rows(&self, number: usize, of_b: bool, places: Range<usize>) -> Vec<u32> {
        self.cases.rows_at(number, of_b, places)
    }

    fn place_a(&self, row: u32) -> Place {
        self.a.places.get(row)
    }

    fn place_b(&self, row: u32) -> Place {
        self.b.places.get(row)
    }

    fn raw_pairs(&self) -> (u64, u64) {
        self.raw_pairs
    }

    fn problems(&self) -> &Problems {
        &self.problems
    }
}
