//! Chance from a seed: SplitMix64 over the seed and tags that say what it is for.
//!
//! Always holds: integers only; streams with other tags are independent, so one more draw in one place changes nothing
//! in another.
//! Not here: anything secret; it is predictable on purpose.
//! Rules come from: issue 4, part E.

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Chance(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn stir(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Chance {
    /// The stream for what the tags name.
    pub fn new(seed: u64, tags: &[u64]) -> Chance {
        let begin = stir(seed.wrapping_add(STEP));
        Chance(tags.iter().fold(begin, |state, tag| stir(state ^ stir(tag.wrapping_add(STEP)))))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        stir(self.0)
    }

    /// A number below `end`; nought when there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// True so many times in a thousand.
    pub fn per_mille(&mut self, count: u64) -> bool {
        self.below(1000) < count
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last.saturating_sub(first) + 1)
    }
}
