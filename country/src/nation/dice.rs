//! Chance from a seed: a stream of numbers that depends on the seed and on tags that say what it is for.
//!
//! Always holds: integers only, so that every machine draws the same; streams with different tags are independent, so
//! that one more draw in one place changes nothing in another.
//! Not here: anything secret. SplitMix64 is predictable on purpose.

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finish of SplitMix64: numbers that differ in one bit differ everywhere.
pub fn stir(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Dice {
    /// The stream for what the tags name.
    pub fn new(seed: u64, tags: &[u64]) -> Dice {
        let state = tags
            .iter()
            .fold(stir(seed.wrapping_add(GOLDEN)), |state, tag| stir(state ^ stir(tag.wrapping_add(GOLDEN))));
        Dice { state }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        stir(self.state)
    }

    /// A number below `end`; nought when there is none. The bias is below one in four thousand million.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        first + self.below((last - first + 1).max(1) as u64) as i64
    }

    /// True so many times in a million.
    pub fn per_million(&mut self, count: u64) -> bool {
        self.below(1_000_000) < count
    }

    /// True so many times in a thousand.
    pub fn per_mille(&mut self, count: u64) -> bool {
        self.below(1_000) < count
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, count: u64) -> bool {
        self.below(100) < count
    }

    /// One of them, each as likely.
    ///
    /// # Panics
    /// There is none.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// The place of one of them, each as likely as its weight says. Nought when all weigh nothing.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let all: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut left = self.below(all);
        for (place, weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(*weight)) {
                Some(less) => left = less,
                None => return place,
            }
        }
        0
    }

    /// The place in a list of running sums, by bisection: for long lists of weights that are drawn from often.
    pub fn cumulated(&mut self, sums: &[u64]) -> usize {
        let drawn = self.below(sums.last().copied().unwrap_or(0));
        sums.partition_point(|sum| *sum <= drawn).min(sums.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_same_everywhere_and_tags_part_them() {
        let mut dice = Dice::new(1, &[2, 3]);
        let drawn: Vec<u64> = (0..3).map(|_| dice.below(1_000_000)).collect();
        assert_eq!(drawn, PINNED);
        assert_ne!(Dice::new(1, &[3, 2]).bits(), Dice::new(1, &[2, 3]).bits());
        assert_ne!(Dice::new(1, &[2]).bits(), Dice::new(1, &[2, 0]).bits());
    }

    const PINNED: [u64; 3] = [306_281, 754_892, 894_307];

    #[test]
    fn weights_are_kept() {
        let mut dice = Dice::new(7, &[]);
        let mut counts = [0u32; 3];
        let mut sums = [0u32; 3];
        for _ in 0..60_000 {
            counts[dice.weighted(&[1, 0, 5])] += 1;
            sums[dice.cumulated(&[10_000, 10_000, 60_000])] += 1;
        }
        for counts in [counts, sums] {
            assert_eq!(counts[1], 0, "what weighs nothing is never drawn");
            assert!((9_500..10_500).contains(&counts[0]), "{counts:?}");
        }
        assert_eq!(dice.between(5, 5), 5);
        assert_eq!(dice.weighted(&[]), 0);
    }
}
