//! After the run: what desks noted is held against the server's log, request by request.
//!
//! Always holds: keys only are compared, never what an answer said of whom.
//! Not here: how the log is read (`shikaku audit requests`).
//! Rules come from: issue 4, part E: every request that a desk got an answer for has exactly one row.

use super::book::{Entry, Fate};
use std::{collections::HashMap, io, time::Duration};

/// What the log has under a request's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// Rows of a first answer.
    pub fresh: u64,
    /// Rows of repeats.
    pub repeats: u64,
}

/// The log's requests by key.
pub type Log = HashMap<String, Logged>;

/// The key of rows that answer no request with a key.
const KEYLESS: &str = "-";

/// Reads what `shikaku audit requests` prints: key, rows of a first answer, rows of repeats, with tabs between.
pub fn read(text: &str) -> io::Result<Log> {
    let mut log = Log::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = |text: &str| text.parse::<u64>().map_err(io::Error::other);
        let [key, fresh, repeats] = fields[..] else {
            return Err(io::Error::other("shikaku audit requests printed something else"));
        };
        let logged = log.entry(key.to_owned()).or_default();
        logged.fresh += number(fresh)?;
        logged.repeats += number(repeats)?;
    }
    Ok(log)
}

/// How desks and log agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Requests that desks sent.
    pub sent: u64,
    /// Of those, answered at the time.
    pub answered: u64,
    /// Put to the server later and answered then.
    pub late: u64,
    /// Answered, at the time or later, with exactly one row.
    pub once: u64,
    /// Answered, and the log has no row: what was lost.
    pub missing: u64,
    /// Answered, with more than one row of a first answer.
    pub doubled: u64,
    /// When the first and the last of the missing were answered, from the run's begin.
    pub missing_between: Option<(Duration, Duration)>,
    /// Not answered, and the log has a row: the answer was lost on its way.
    pub unheard: u64,
    /// Not answered, and no row.
    pub unprocessed: u64,
    /// Refused.
    pub refused: u64,
    /// Rows in the log under keys that nobody sent, or under none.
    pub strange: u64,
    /// Rows of repeats: a request that came twice is answered alike, and says so.
    pub repeats: u64,
}

impl Reconciled {
    /// Whether nothing is missing, doubled or strange.
    pub fn is_exact(&self) -> bool {
        self.missing + self.doubled + self.strange == 0
    }
}

/// Holds the books against the log.
pub fn reconcile<'e>(entries: impl Iterator<Item = &'e Entry>, mut log: Log) -> Reconciled {
    let mut found = Reconciled::default();
    for entry in entries {
        let logged = log.remove(&entry.key).unwrap_or_default();
        found.sent += 1;
        found.repeats += logged.repeats;
        match entry.fate {
            Fate::Answered => found.answered += 1,
            Fate::Late => found.late += 1,
            Fate::Refused => found.refused += 1,
            Fate::Unknown if logged.fresh > 0 => found.unheard += 1,
            Fate::Unknown => found.unprocessed += 1,
        }
        match (entry.fate, logged.fresh) {
            (_, 2..) => found.doubled += 1,
            (Fate::Answered | Fate::Late, 1) => found.once += 1,
            (Fate::Answered | Fate::Late, 0) => {
                found.missing += 1;
                let (first, last) = found.missing_between.unwrap_or((entry.at, entry.at));
                found.missing_between = Some((first.min(entry.at), last.max(entry.at)));
            }
            _ => {}
        }
    }
    found.strange = log.values().map(|logged| logged.fresh + logged.repeats).sum();
    found
}

/// Rows without a key are nobody's request.
pub fn keyless(log: &Log) -> u64 {
    log.get(KEYLESS).map_or(0, |logged| logged.fresh + logged.repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_disagree_is_counted() {
        let entry = |key: &str, fate, s| Entry { key: key.into(), fate, at: Duration::from_secs(s) };
        let entries = [
            entry("once", Fate::Answered, 1),
            entry("late", Fate::Late, 9),
            entry("lost", Fate::Answered, 4),
            entry("lost-too", Fate::Late, 6),
            entry("twice", Fate::Answered, 2),
            entry("unheard", Fate::Unknown, 0),
            entry("never", Fate::Unknown, 0),
            entry("no", Fate::Refused, 3),
        ];
        let text = "once\t1\t0\nlate\t1\t1\ntwice\t2\t0\nunheard\t1\t0\nnobody's\t1\t0\n-\t1\t0\nno\t1\t0\n";
        let log = read(text).expect("a log");
        assert_eq!(keyless(&log), 1);
        let found = reconcile(entries.iter(), log);
        let wanted = Reconciled {
            sent: 8,
            answered: 3,
            late: 2,
            once: 2,
            missing: 2,
            doubled: 1,
            missing_between: Some((Duration::from_secs(4), Duration::from_secs(6))),
            unheard: 1,
            unprocessed: 1,
            refused: 1,
            strange: 2,
            repeats: 1,
        };
        assert_eq!(found, wanted);
        assert!(!found.is_exact());
        let exact = reconcile(entries[..1].iter(), read("once\t1\t0\n").expect("a log"));
        assert!(exact.is_exact(), "{exact:?}");
        assert!(read("nonsense").is_err());
    }
}
