//! Looking aside: what is left of A meets the rows of B that the exact stage linked, which the scored stage does not see.
//!
//! A row of A that ends without link learns whom it was nearest to (和男 beside 和夫, a twin), so that "no row shares a key"
//! means nobody in B. And where the exact stage was too quick, its link is taken back: when a row of A that is not linked
//! would be a link to the same row of B by itself, and not by the margin worse (the same person twice in A, once without
//! sex), all of them are a clerk's. Between two links one that is the better by more than the margin stays: the other
//! differs in something, and this one in nothing.
//!
//! Always holds: a link of the scored stage, and what it decided about open rows, stays; the same for any number of threads
//! and any memory.
//! Not here: which rows meet (pool, buckets); putting cases together (assign). Rows of B that are left do not look aside:
//! most of them are people whom A does not have, and B is not the side that asks.
//! Rules come from: the issue, part B (ties and near-ties go to review; every unlinked row has a reason).

use super::{
    Stopped,
    buckets::Buckets,
    crew::{Crew, Share},
    detail::{self, BEST, Kind},
    pool::{Pool, Reader},
    read::Side,
    room::Memory,
    score::{self, CROWD, Near},
};
use crate::{
    outcome::Tier,
    rules::{rarity::Counts, rivals_exact},
};
use std::{collections::BTreeSet, sync::atomic::Ordering};

/// Compares all pairs; gives the near ones, by row of A. A row of A whose best candidate is here has it written down.
pub(super) fn compare(
    crew: &Crew<'_>,
    memory: &Memory,
    buckets: &Buckets<'_>,
    (a, b): (&Pool<'_>, &Pool<'_>),
    counts: &Counts,
    progress: &Share<'_>,
) -> Result<Vec<Near>, Stopped> {
    let mut near = Vec::new();
    score::each_row(
        (crew, memory, progress),
        buckets,
        (a, b, counts),
        |readers, candidates, near| one_row((a, b), readers, candidates, counts, near),
        |found: Vec<Vec<Near>>| {
            near.extend(found.into_iter().flatten());
            Ok(())
        },
    )?;
    Ok(near)
}

/// Compares a row of A with all its candidates.
fn one_row<'p>(
    (a, b): (&Pool<'p>, &Pool<'p>),
    [reader_a, reader_b]: &mut [Reader<'p>; 2],
    candidates: &[u64],
    counts: &Counts,
    near: &mut Vec<Near>,
) {
    let before = near.len();
    let Some(best) = score::best_of((a, b), [reader_a, reader_b], candidates, counts, near, |_| ()) else {
        return;
    };
    // So that memory stays bounded; the others stay in the links in which they are.
    if near.len() - before > CROWD {
        score::best_kept(near, before);
    }
    // The key of a row that is not linked is still its best candidate among open rows.
    if a.side.key.words()[best.row as usize].fetch_max(best.key, Ordering::Relaxed) < best.key {
        let detail = &a.side.detail.words()[best.row as usize];
        let now = detail::with_pair(detail.load(Ordering::Relaxed), best.pair) | BEST;
        detail.store(now, Ordering::Relaxed);
    }
}

/// Pairs that go to review after all.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// Links of the exact stage, and all near pairs with their rows of B.
    pub pairs: Vec<Near>,
    /// How many of the links had the same raw bytes.
    pub raw: u64,
}

/// Finds the links of the exact stage that another row of A would be as well.
pub(super) fn ties(a: &Side, b: &Side, mut near: Vec<Near>) -> Ties {
    let linked = |near: &Near| exact(a, b, near.b);
    let is_tie = |near: &&Near| rivals_exact(&linked(near).0.decision, &near.decision);
    let tied: BTreeSet<u32> = near.iter().filter(is_tie).map(|near| near.b).collect();
    near.retain(|near| tied.contains(&near.b));
    let mut ties = Ties { pairs: near, raw: 0 };
    for row_b in tied {
        let (link, tier) = exact(a, b, row_b);
        ties.pairs.push(link);
        ties.raw += u64::from(tier == Kind::Link(Tier::Raw));
    }
    ties
}

/// The link of a row of B, which the exact stage linked.
fn exact(a: &Side, b: &Side, row_b: u32) -> (Near, Kind) {
    let row_a = b.key.words()[row_b as usize].load(Ordering::Relaxed) as u32;
    let detail = a.detail_of(row_a);
    let pair = detail::with_pair(0, detail);
    (Near { a: row_a, b: row_b, pair, decision: detail::decision(detail) }, detail::kind(detail))
}
