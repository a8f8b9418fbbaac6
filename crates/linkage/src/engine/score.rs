//! Third stage, second half: pairs are compared and decided one by one.
//!
//! Always holds: a pair's decision depends on its two rows and on counts in B alone; each row's best candidate is the same
//! whatever the order in which pairs come; rows with more good candidates than a person can have are linked to none.
//! Not here: which pairs (buckets); what happens to pairs that stand against each other (assign).
//! Rules come from: the issue, part B.

use super::{
    Stopped,
    buckets::Buckets,
    crew::{Crew, Share},
    detail::{self, BEST, BLOCKED, MANY},
    pool::{Pool, Reader},
    room::Memory,
};
use crate::rules::{Decision, Grade, decide, rarity::Counts};
use std::sync::atomic::Ordering;

/// A pair that is a link or for a clerk by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Near {
    /// Row of A.
    pub a: u32,
    /// Row of B.
    pub b: u32,
    /// Levels and rarities, packed.
    pub pair: u64,
    /// What follows from them.
    pub decision: Decision,
}

/// A row of A with more near candidates than this is left to a clerk, and its pairs are not kept: nobody is in a list
/// twenty times, and memory stays bounded.
const CROWD: usize = 20;

/// Pairs of a round are at least so many, whatever the memory cap: 16 MiB.
const ROUND_MIN: u64 = 1 << 20;

/// A candidate of a row of B that was its best so far.
struct Better {
    b: u32,
    key: u64,
    pair: u64,
}

/// What a thread needs.
struct State<'p> {
    bytes: Vec<u8>,
    pairs: Vec<u64>,
    a: Reader<'p>,
    b: Reader<'p>,
}

/// Compares all pairs; gives the near ones, by row of A and of B. Writes each row's best candidate.
pub(super) fn compare(
    crew: &Crew<'_>,
    memory: &Memory,
    buckets: &Buckets<'_>,
    (a, b): (&Pool<'_>, &Pool<'_>),
    counts: &Counts,
    progress: &Share<'_>,
) -> Result<Vec<Near>, Stopped> {
    let mut near = Vec::new();
    // A pair is there twice while it is sorted, in eight bytes.
    for round in buckets.rounds((memory.left() / 32).max(ROUND_MIN)) {
        let runs = buckets.pairs(crew, &round)?;
        let begin = || State { bytes: Vec::new(), pairs: Vec::new(), a: a.reader(), b: b.reader() };
        let found = crew.each(round.len(), begin, |state, slice| {
            let State { bytes, pairs, a: reader_a, b: reader_b } = state;
            runs.partition(slice, bytes, pairs, |_, _| ())?;
            pairs.sort_unstable();
            pairs.dedup();
            let (mut near, mut better) = (Vec::new(), Vec::new());
            for candidates in pairs.chunk_by(|one, next| one >> 32 == next >> 32) {
                one_row((a, reader_a), (b, reader_b), candidates, counts, &mut near, &mut better);
            }
            progress.add(buckets.slices[round.start + slice]);
            Ok((near, better))
        })?;
        drop(runs);
        let (nears, betters): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let before = near.len();
        near.extend(nears.into_iter().flatten());
        memory.need(((near.len() - before) * size_of::<Near>()) as u64);
        // Only now is it known which candidate of a row of B is its best.
        crew.each(
            betters.len(),
            || (),
            |(), list| {
                betters[list].iter().for_each(|better| settle(b, better));
                Ok(())
            },
        )?;
    }
    Ok(near)
}

/// Compares a row of A with all its candidates.
fn one_row<'p>(
    (a, reader_a): (&Pool<'p>, &mut Reader<'p>),
    (b, reader_b): (&Pool<'p>, &mut Reader<'p>),
    candidates: &[u64],
    counts: &Counts,
    near: &mut Vec<Near>,
    better: &mut Vec<Better>,
) {
    let Some(row_a) = candidates.first().map(|pair| (pair >> 32) as u32) else { return };
    a.get(row_a, reader_a);
    let before = near.len();
    let (mut best, mut best_pair) = (0, 0);
    for pair in candidates {
        let row_b = *pair as u32;
        b.get(row_b, reader_b);
        let levels = reader_a.form.compare(&reader_b.form);
        let rarity = counts.rarity(reader_a.counted, reader_b.counted);
        let decision = decide(&levels, rarity);
        let pair = detail::packed(&levels, rarity);
        let key = detail::candidate(&decision, row_b);
        if key > best {
            (best, best_pair) = (key, pair);
        }
        let key = detail::candidate(&decision, row_a);
        if b.side.key.words()[row_b as usize].fetch_max(key, Ordering::Relaxed) < key {
            better.push(Better { b: row_b, key, pair });
        }
        if decision.grade != Grade::NoLink {
            near.push(Near { a: row_a, b: row_b, pair, decision });
        }
    }
    a.side.key.words()[row_a as usize].store(best, Ordering::Relaxed);
    let detail = &a.side.detail.words()[row_a as usize];
    let mut now = detail::with_pair(detail.load(Ordering::Relaxed), best_pair) | BEST;
    if near.len() - before > CROWD {
        now |= MANY | BLOCKED;
        for near in near.drain(before..) {
            b.side.detail.words()[near.b as usize].fetch_or(MANY | BLOCKED, Ordering::Relaxed);
        }
    }
    detail.store(now, Ordering::Relaxed);
}

/// Writes down the levels of a row of B's best candidate. One thread has it: a key names one row of A, whose pairs were
/// compared by one thread.
fn settle(b: &Pool<'_>, better: &Better) {
    if b.side.key.words()[better.b as usize].load(Ordering::Relaxed) == better.key {
        let detail = &b.side.detail.words()[better.b as usize];
        let now = detail::with_pair(detail.load(Ordering::Relaxed), better.pair) | BEST;
        detail.store(now, Ordering::Relaxed);
    }
}
