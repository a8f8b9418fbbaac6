//! The generator's clock: the one place of this crate that reads time and waits.
//! Durations come from the monotonic clock; the calendar day comes from `date`, in Japan's time.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Now, on the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Waits, between two looks at something that has no signal of its own.
#[expect(clippy::disallowed_methods, reason = "a process that starts or ends is looked at again and again")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Looks again and again until there is a value, for so long at most.
pub fn wait_for<T>(
    patience: Duration,
    mut look: impl FnMut() -> io::Result<Option<T>>,
) -> io::Result<Option<T>> {
    let start = now();
    loop {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        if now().duration_since(start) > patience {
            return Ok(None);
        }
        pause(Duration::from_millis(5));
    }
}

/// Today in Japan as `date` formats it.
pub fn today(format: &str) -> io::Result<String> {
    let said = Command::new("date").arg(format).env("TZ", "JST-9").output()?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// Milliseconds of the wall clock at the start of a run: keys of requests begin with it, as terminals' do.
pub fn started_ms() -> io::Result<u128> {
    #[expect(
        clippy::disallowed_methods,
        reason = "keys of requests begin with the wall clock, as terminals' do"
    )]
    let now = SystemTime::now();
    Ok(now.duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_millis())
}
