//! Counts of latencies in buckets that grow with the value, so that a million of them take a few kilobytes.
//! A value is known to within 1/64 of itself; the largest is kept exactly.

use std::time::Duration;

/// Buckets of each doubling.
const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Doublings of a nanosecond that are told apart; the last bucket begins far beyond a day.
const DOUBLINGS: usize = 48;

/// A histogram of durations.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; DOUBLINGS * STEPS as usize], total: 0, max: Duration::ZERO }
    }
}

impl Histogram {
    /// Adds a duration.
    pub fn record(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let place = place(nanos).min(self.counts.len() - 1);
        self.counts[place] += 1;
        self.total += 1;
        self.max = self.max.max(time);
    }

    /// The largest.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// The duration that this share of all does not exceed; zero when there are none.
    pub fn at(&self, share: f64) -> Duration {
        let wanted = ((self.total as f64) * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(top(place)).min(self.max);
            }
        }
        self.max
    }
}

/// The bucket of a value: below [`STEPS`] each has its own, above the first bits decide.
fn place(nanos: u64) -> usize {
    let doubling = nanos.max(1).ilog2().saturating_sub(STEP_BITS);
    (u64::from(doubling) * STEPS + (nanos >> doubling)) as usize
}

/// The largest value of a bucket.
fn top(place: usize) -> u64 {
    let place = place as u64;
    if place < 2 * STEPS {
        return place;
    }
    let doubling = place / STEPS - 1;
    let step = place - doubling * STEPS;
    ((step + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_a_bucket_that_is_at_most_a_64th_wide() {
        for nanos in (0..5_000_000_u64).step_by(997).chain([0, 1, 63, 64, 65, 127, 128, 1 << 40]) {
            let top = top(place(nanos));
            assert!(top >= nanos && top - nanos <= nanos / 64 + 1, "{nanos} in a bucket up to {top}");
        }
    }

    #[test]
    fn shares_are_counted_from_the_smallest() {
        let mut times = Histogram::default();
        (1..=1000).for_each(|us| times.record(Duration::from_micros(us)));
        let about = |share, us: u64| {
            let at = times.at(share);
            let wanted = Duration::from_micros(us);
            assert!(at >= wanted && at <= wanted.mul_f64(1.02), "{share}: {at:?}");
        };
        about(0.5, 500);
        about(0.99, 990);
        about(0.999, 999);
        assert_eq!((times.total, times.max()), (1000, Duration::from_millis(1)));
        assert_eq!(Histogram::default().at(0.5), Duration::ZERO);
    }
}
