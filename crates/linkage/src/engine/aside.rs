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
    pairs::{Gathered, Pairs},
    pool::{Pool, Reader},
    read::Side,
    records::Growing,
    room::Memory,
    score::{self, CROWD, Near},
};
use crate::{
    outcome::Tier,
    rules::{rarity::Counts, rivals_exact},
};
use base::Fault;
use std::sync::atomic::Ordering;

/// Compares all pairs; gives the near ones, by row of A. A row of A whose best candidate is here has it written down.
pub(super) fn compare<'m>(
    crew: &Crew<'_>,
    memory: &'m Memory,
    buckets: &Buckets<'_>,
    (a, b): (&Pool<'_>, &Pool<'_>),
    counts: &Counts,
    progress: &Share<'_>,
) -> Result<Pairs<'m>, Stopped> {
    score::each_row(
        (crew, memory, progress),
        buckets,
        (a, b, counts),
        |readers, candidates, found| one_row((a, b), readers, candidates, counts, &mut found.near),
        |_| Ok(()),
    )
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

/// Finds the links of the exact stage that another row of A would be as well: adds them, and all near pairs with their rows
/// of B, to the open pairs, which go to review. Says how many of the links had the same raw bytes.
pub(super) fn ties(
    memory: &Memory,
    (a, b): (&Side, &Side),
    near: &Pairs<'_>,
    open: &mut Gathered<'_>,
) -> Result<u64, Fault> {
    let all = || (0..near.len()).map(|pair| near.get(pair));
    let is_tie = |near: &Near| rivals_exact(&exact(a, b, near.b).0.decision, &near.decision);
    // Big-endian, so that they are sorted as they are.
    let mut tied = Growing::new(memory);
    tied.add_all(all().filter(is_tie).map(|near| near.b.to_be_bytes()))?;
    let mut tied = tied.done()?;
    tied.sort_unstable();
    open.add_all(all().filter(|near| tied.binary_search(&near.b.to_be_bytes()).is_ok()))?;
    let links =
        || tied.chunk_by(|one, next| one == next).map(|rows| exact(a, b, u32::from_be_bytes(rows[0])));
    open.add_all(links().map(|(link, _)| link))?;
    Ok(links().filter(|(_, tier)| *tier == Kind::Link(Tier::Raw)).count() as u64)
}

/// The link of a row of B, which the exact stage linked.
fn exact(a: &Side, b: &Side, row_b: u32) -> (Near, Kind) {
    let row_a = b.key.words()[row_b as usize].load(Ordering::Relaxed) as u32;
    let detail = a.detail_of(row_a);
    let pair = detail::with_pair(0, detail);
    (Near { a: row_a, b: row_b, pair, decision: detail::decision(detail) }, detail::kind(detail))
}
