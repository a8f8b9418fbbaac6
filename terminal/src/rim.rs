//! The terminal's rim: its threads and its clocks.
//!
//! Always holds: nothing else in this crate reads a clock or starts a thread; `door.rs` opens the only socket.
//! A worker that panics leaves a request in the journal and goes on with the next.
//! Not here: what is done (`work.rs`).
//! Rules come from: the reference on the OQS interface, section 6.4 (network shares need polling).

use crate::work::{Now, Terminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longest time until a stop is noticed.
const NOTICE: Duration = Duration::from_millis(200);

/// Serves the folders until `stop`; then finishes what is at hand and returns. The rest is in the journal.
pub fn run(terminal: &Terminal, stop: &AtomicBool) {
    let clock = Clock::start();
    thread::scope(|scope| {
        // One more than may ask at once, for telling the server of what it missed.
        for _ in 0..=terminal.settings().parallel {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    if !terminal.work(&|| clock.now()) {
                        terminal.wait_for_work(NOTICE);
                    }
                }
            });
        }
        while !stop.load(Ordering::Relaxed) {
            // The journal keeps what was taken, whatever happens in here.
            if catch_unwind(AssertUnwindSafe(|| terminal.scan(clock.now()))).is_err() {
                tracing::error!("terminal.panic");
            }
            pause(Duration::from_millis(terminal.settings().poll_ms), stop);
        }
    });
}

/// The wall clock for what is written, a steady one for what is measured.
struct Clock {
    start: Instant,
}

#[expect(clippy::disallowed_methods, reason = "the terminal's rim is where its clocks are read")]
impl Clock {
    fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    fn now(&self) -> Now {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            utc_ms: i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX),
            steady_ms: u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// The instant now, for opening a [`Terminal`].
pub(crate) fn utc_ms() -> i64 {
    Clock::start().now().utc_ms
}

#[expect(clippy::disallowed_methods, reason = "polling a share means waiting, and only the rim waits")]
fn pause(length: Duration, stop: &AtomicBool) {
    let mut left = length;
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        let step = left.min(NOTICE);
        thread::sleep(step);
        left -= step;
    }
}
