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
    rules::{Decision, Grade, MARGIN, rarity::Counts},
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
        (a, b),
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
    let Some(row_a) = candidates.first().map(|pair| (pair >> 32) as u32) else { return };
    a.get(row_a, reader_a);
    let before = near.len();
    let (mut best, mut best_pair) = (0, 0);
    for pair in candidates {
        let row_b = *pair as u32;
        b.get(row_b, reader_b);
        let (pair, decision) = score::compared(reader_a, reader_b, counts);
        let key = detail::candidate(&decision, row_b);
        if key > best {
            (best, best_pair) = (key, pair);
        }
        if decision.grade != Grade::NoLink {
            near.push(Near { a: row_a, b: row_b, pair, decision });
        }
    }
    // So that memory stays bounded; the others stay in the links in which they are.
    if near.len() - before > CROWD {
        score::best_kept(near, before);
    }
    // The key of a row that is not linked is still its best candidate among open rows.
    if a.side.key.words()[row_a as usize].fetch_max(best, Ordering::Relaxed) < best {
        let detail = &a.side.detail.words()[row_a as usize];
        let now = detail::with_pair(detail.load(Ordering::Relaxed), best_pair) | BEST;
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

/// Whether a link of the exact stage must not stand beside another pair with its row of B.
fn rivals_exact(link: &Decision, other: &Decision) -> bool {
    other.grade == Grade::Link && other.score.saturating_add(MARGIN) > link.score
}

/// The link of a row of B, which the exact stage linked.
fn exact(a: &Side, b: &Side, row_b: u32) -> (Near, Kind) {
    let row_a = b.key.words()[row_b as usize].load(Ordering::Relaxed) as u32;
    let detail = a.detail.words()[row_a as usize].load(Ordering::Relaxed);
    let pair = detail::with_pair(0, detail);
    (Near { a: row_a, b: row_b, pair, decision: detail::decision(detail) }, detail::kind(detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Reason;

    #[test]
    fn a_link_that_is_nearly_as_good_is_a_rival_of_an_exact_one() {
        let decision = |reason: Reason, score| Decision { grade: reason.grade(), score, reason };
        let link = decision(Reason::Enough, 3_000);
        for (reason, score, want) in [
            (Reason::Enough, 3_100, true),
            (Reason::Enough, 3_000 - MARGIN + 1, true),
            (Reason::Enough, 3_000 - MARGIN, false),
            // What is a clerk's by itself loses to a row that is the same in everything.
            (Reason::SexDiffers, 3_000, false),
            (Reason::GivenDiffers, 3_000, false),
        ] {
            assert_eq!(rivals_exact(&link, &decision(reason, score)), want, "{reason:?} {score}");
        }
    }
}
