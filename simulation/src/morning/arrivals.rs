//! When each check comes: as in a Poisson process, one independent of the other, at the curve's rate.
//!
//! Always holds: the same seed gives the same arrivals, in order of time; integers only. A second is cut into 65,536
//! slots; in each one check begins or none, which differs from a Poisson process by less than one in a hundred at a
//! nation's rate. A compressed part keeps its rates: it has fewer seconds, each as busy as the minute it stands for.
//! Not here: who comes (`visits`).
//! Rules come from: issue 4, part E.

use super::{
    curve::{self, Part},
    visits::{Kind, Way},
};
use crate::chance::Chance;
use std::time::Duration;

/// Slots of a second; a power of two, so that a slot has a whole number of nanoseconds less than it loses.
const SLOTS: u64 = 1 << 16;
const SECOND_NS: u64 = 1_000_000_000;

/// A check that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// From the part's begin as it is run.
    pub at: Duration,
    /// Where.
    pub kind: Kind,
    /// How.
    pub way: Way,
}

/// A part as it is run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Which part.
    pub part: Part,
    /// How many seconds it is given; it has that many of its own at most.
    pub seconds: u64,
    /// Of all Japan's rate, in millionths.
    pub factor: u64,
}

impl Run {
    /// The second of the part itself that a second of the run stands for: its middle.
    pub fn stands_for(&self, second: u64) -> u64 {
        (2 * second + 1) * self.part.minutes() * 60 / (2 * self.seconds.max(1))
    }
}

/// Every arrival of a run.
pub fn arrivals(seed: u64, run: &Run) -> Vec<Arrival> {
    let mut chance = Chance::new(seed, &[run.part as u64, 1]);
    let mut found = Vec::new();
    for second in 0..run.seconds {
        let rates = curve::rates(run.part, run.stands_for(second));
        let scaled = |rate: u64| u128::from(rate) * u128::from(run.factor);
        let all: u128 = rates.iter().map(|(_, rate)| scaled(*rate)).sum();
        // A slot's chance of an arrival, in 2⁻⁶⁴: rates are in thousandths, the factor in millionths.
        let limit = (all << 64) / (1_000_000_000 * u128::from(SLOTS));
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        for slot in 0..SLOTS {
            if chance.bits() >= limit {
                continue;
            }
            let mut left = chance.below(rates.iter().map(|(_, rate)| rate).sum());
            let taken = rates.iter().find(|(_, rate)| {
                let here = left < *rate;
                left = left.saturating_sub(*rate);
                here
            });
            let Some(((kind, way), _)) = taken else { continue };
            let at = Duration::from_nanos(second * SECOND_NS + slot * SECOND_NS / SLOTS);
            found.push(Arrival { at, kind: *kind, way: *way });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const JAPAN: Run = Run { part: Part::Morning, seconds: 210, factor: 1_000_000 };

    #[test]
    fn the_same_seed_gives_the_same_morning() {
        let run = Run { factor: 20_000, ..JAPAN };
        let one = arrivals(7, &run);
        assert_eq!(one, arrivals(7, &run));
        assert_ne!(one, arrivals(8, &run));
        assert!(one.is_sorted_by_key(|arrival| arrival.at));
        let first: Vec<u64> = one.iter().take(3).map(|arrival| arrival.at.as_micros() as u64).collect();
        assert_eq!(first, FIRST, "the arrivals of a seed stay what they are");
    }

    const FIRST: [u64; 3] = [142_684, 316_375, 337_127];

    #[test]
    fn rates_are_those_of_the_curve() {
        let all = arrivals(1, &JAPAN);
        for second in [0, 45, 100, 200] {
            let wanted: u64 =
                curve::rates(Part::Morning, JAPAN.stands_for(second)).iter().map(|(_, rate)| rate).sum();
            let near = second.saturating_sub(2)..second + 3;
            let found = all.iter().filter(|arrival| near.contains(&arrival.at.as_secs())).count() as u64;
            let wanted = wanted * (near.end - near.start) / 1000;
            // Five seconds have some 2,000 arrivals, and their number varies by about 45 either way.
            assert!(found.abs_diff(wanted) < wanted / 8, "second {second}: {found} of {wanted}");
        }
    }

    #[test]
    fn compressing_keeps_the_rates_and_a_factor_scales_them() {
        let count = |run: &Run| arrivals(3, run).len() as u64;
        let whole = count(&JAPAN);
        let half = count(&Run { seconds: 105, ..JAPAN });
        assert!(half.abs_diff(whole / 2) < whole / 40, "{half} of {whole}");
        let tenth = count(&Run { factor: 100_000, ..JAPAN });
        assert!(tenth.abs_diff(whole / 10) < whole / 100, "{tenth} of {whole}");
    }

    #[test]
    fn seconds_vary_as_chance_does() {
        let mut seconds = [0_i64; 210];
        arrivals(5, &JAPAN).iter().for_each(|arrival| seconds[arrival.at.as_secs() as usize] += 1);
        // The sum of squared differences from the mean, each over the mean, is about the number of seconds.
        let spread: i64 = (0..210)
            .map(|second| {
                let rates = curve::rates(Part::Morning, JAPAN.stands_for(second));
                let mean = rates.iter().map(|(_, rate)| *rate as i64).sum::<i64>() / 1000;
                let off = seconds[second as usize] - mean;
                off * off * 100 / mean
            })
            .sum();
        assert!((14_000..28_000).contains(&spread), "{spread}");
    }
}
