//! Third stage as a whole: what the exact stage left is compared; later, what is still left of A looks aside.
//!
//! Always holds: memory that was taken for one of the two is given back before the other begins.
//! Not here: keys (pool), pairs (buckets), what they are worth (score, aside), who is linked (assign).
//! Rules come from: the issue, parts B and C.

use super::{
    Measure, Stopped, aside,
    buckets::Buckets,
    crew::{Crew, Part, Progress, Share},
    detail::{EXACT, PAIRED},
    pairs::{Gathered, Pairs},
    parts::KeyParts,
    pool::{self, Laid, Pool, Sieve},
    read::Side,
    room::Memory,
    runs::Runs,
    score,
};
use crate::{rules::rarity::Counts, source::Source};

/// Progress in thousandths: keys of A, keys of B, buckets, rows of B, pairs; then the same looking aside.
pub(super) const PROGRESS: [u64; 10] = [50, 150, 100, 300, 340, 10, 20, 10, 10, 10];
/// And in what they are counted.
const UNITS: [Measure; 5] = [Measure::Rows, Measure::Rows, Measure::Keys, Measure::Rows, Measure::Pairs];

/// Where looking aside begins in [`PROGRESS`].
const ASIDE: usize = 5;

/// What the stage needs.
pub(super) struct Third<'t> {
    /// Threads.
    pub crew: &'t Crew<'t>,
    /// The memory cap.
    pub memory: &'t Memory,
    /// File A.
    pub a: (&'t Source, &'t Side),
    /// File B.
    pub b: (&'t Source, &'t Side),
    /// How rare names and towns are.
    pub counts: &'t Counts,
    /// How far it is.
    pub progress: &'t Progress<'t>,
}

impl<'t> Third<'t> {
    /// Pairs of rows that the exact stage left (so many of A), and what keys of those that look aside are made of.
    pub fn open(
        &self,
        parts_a: KeyParts,
        parts_b: KeyParts,
        open: u64,
    ) -> Result<(Pairs<'t>, [Laid; 2]), Stopped> {
        let Third { crew, memory, counts, .. } = *self;
        let sieve = Sieve::new(memory, open);
        // Where memory is ample, what keys are made of stays as it is until rows look aside.
        let lays_aside = !memory.is_ample();
        let gather = |(source, side): (_, &Side), parts: &KeyParts, of_b, part| {
            let progress = self.share(part, u64::from(side.rows));
            let of = (source, side, parts, lays_aside);
            pool::gather(crew, memory, of, (of_b, &sieve, counts), &progress)
        };
        let (runs_a, aside_a) = gather(self.a, &parts_a, false, 0)?;
        let (runs_b, aside_b) = gather(self.b, &parts_b, true, 1)?;
        memory.give(sieve.bytes());
        drop(sieve);
        let laid = if lays_aside {
            memory.give(parts_a.taken + parts_b.taken);
            drop((parts_a, parts_b));
            [Laid::Aside(aside_a), Laid::Aside(aside_b)]
        } else {
            [Laid::Whole(parts_a), Laid::Whole(parts_b)]
        };
        let near = self.pairs((runs_a, runs_b), (2, PAIRED), |buckets, pools, progress| {
            score::compare(crew, memory, buckets, pools, counts, progress)
        })?;
        Ok((near, laid))
    }

    /// What is left of A looks at what the exact stage linked. Adds links that cannot stand to the open pairs; says how
    /// many of these had the same raw bytes.
    pub fn aside(&self, [laid_a, laid_b]: [Laid; 2], open: &mut Gathered<'_>) -> Result<u64, Stopped> {
        let Third { crew, memory, counts, a: (_, a), b: (_, b), .. } = *self;
        let sieve = Sieve::new(memory, pool::looking_aside(a));
        let gather = |(source, side): (_, &Side), laid: &Laid, of_b, part| {
            let progress = self.share(part, u64::from(side.rows));
            pool::gather_aside(crew, memory, (source, side, laid), (of_b, &sieve, counts), &progress)
        };
        let runs_a = gather(self.a, &laid_a, false, ASIDE)?;
        let runs_b = gather(self.b, &laid_b, true, ASIDE + 1)?;
        memory.give(sieve.bytes() + laid_a.taken() + laid_b.taken());
        drop((sieve, laid_a, laid_b));
        let near =
            self.pairs((runs_a, runs_b), (ASIDE + 2, PAIRED | EXACT), |buckets, pools, progress| {
                aside::compare(crew, memory, buckets, pools, counts, progress)
            })?;
        Ok(aside::ties(memory, (a, b), &near, open)?)
    }

    /// The pairs of these records, of whose rows of B those with these flags are kept; and what is found among them.
    fn pairs(
        &self,
        (runs_a, runs_b): (Runs, Runs),
        (part, flags): (usize, u64),
        compare: impl FnOnce(&Buckets<'_>, (&Pool<'_>, &Pool<'_>), &Share<'_>) -> Result<Pairs<'t>, Stopped>,
    ) -> Result<Pairs<'t>, Stopped> {
        let Third { crew, memory, counts, a: (source_a, a), b: (source_b, b), .. } = *self;
        let share = |more: usize, of: u64| self.share(part + more, of);
        let progress = share(0, runs_a.records() + runs_b.records());
        let buckets = Buckets::new(crew, memory, (a, runs_a), (b, runs_b), &progress)?;
        let progress = share(1, u64::from(b.rows));
        let pool_b = pool::paired(crew, memory, (source_b, b, counts), flags, &progress)?;
        // Pairs come by rows of A, so each of them is read only once.
        let pool_a = Pool::new(source_a, a);
        let progress = share(2, buckets.slices.iter().sum());
        let near = compare(&buckets, (&pool_a, &pool_b), &progress)?;
        buckets.give_back(memory);
        pool_b.give_back(memory);
        Ok(near)
    }

    fn share(&self, part: usize, of: u64) -> Share<'_> {
        let unit = UNITS[part % UNITS.len()];
        self.progress.share(Part { number: part, weight: PROGRESS[part], unit }, of)
    }
}
