//! The rim: the only place that reads clock, randomness and the process's own state; and its voice beside its output.
//!
//! Always holds: a data directory owns one clock, wall time plus an offset; ids are positive, grow with time and are
//! never handed out twice by one process; TLS uses wall time, never the offset.
//! Not here: sockets (`listen`), files (`datadir`).
//! Rules come from: DESIGN section 2, first invariant.

use base::{Clock, IdSource, Instant, Random};
use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Wall time in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Says a line on standard error; nobody may be listening.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The clock of a data directory.
pub struct WallClock {
    offset_ms: i64,
}

impl WallClock {
    /// Wall time moved by so many milliseconds.
    pub fn new(offset_ms: i64) -> WallClock {
        WallClock { offset_ms }
    }
}

impl Clock for WallClock {
    fn now(&self) -> Instant {
        Instant::from_ms(wall_ms().saturating_add(self.offset_ms))
    }
}

/// Fills bytes from the operating system's randomness.
pub fn random(bytes: &mut [u8]) {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads randomness")]
    let filled = aws_lc_rs::rand::fill(bytes);
    filled.expect("the operating system gives randomness");
}

/// The source of randomness as a value.
pub fn random_source() -> Random {
    Arc::new(random)
}

/// 2020-01-01T00:00:00Z: ids count from here.
const ID_EPOCH_MS: i64 = 1_577_836_800_000;
/// Bits below the milliseconds: ids of one millisecond in one process, and chance against other processes.
const ID_LOW_BITS: u32 = 22;

/// Ids that grow with time, so that rows of one moment lie together in an index.
pub struct TimeIds {
    last: AtomicI64,
}

impl TimeIds {
    /// A source whose ids start at a random place of the present millisecond.
    pub fn new() -> TimeIds {
        TimeIds { last: AtomicI64::new(0) }
    }
}

impl Default for TimeIds {
    fn default() -> Self {
        TimeIds::new()
    }
}

impl IdSource for TimeIds {
    fn next(&self) -> i64 {
        let mut low = [0; 4];
        random(&mut low);
        let low = i64::from(u32::from_be_bytes(low)) & ((1 << ID_LOW_BITS) - 1);
        let fresh = ((wall_ms() - ID_EPOCH_MS).max(1) << ID_LOW_BITS) | low;
        let later = |last: i64| fresh.max(last + 1);
        match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(later(last))) {
            Ok(last) | Err(last) => later(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_never_repeat() {
        let ids = Arc::new(TimeIds::new());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ids = ids.clone();
                std::thread::spawn(move || (0..10_000).map(|_| ids.next()).collect::<Vec<_>>())
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            let ids = thread.join().expect("no panic");
            assert!(ids.is_sorted());
            all.extend(ids);
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 40_000);
        assert!(all.iter().all(|id| *id > 0));
    }
}
