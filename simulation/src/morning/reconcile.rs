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
    /// Rows of its answer.
    pub fresh: u64,
    /// Rows of repeats.
    pub repeats: u64,
}

/// What the log has.
#[derive(Default)]
pub struct Log {
    requests: HashMap<String, Logged>,
    /// Rows of cards that were shown, which name no request.
    presents: u64,
    /// Rows of answers whose request has no key.
    keyless: u64,
}

/// How rows of cards that were shown are called.
const PRESENT: &str = "reader.present";

/// Reads what `shikaku audit requests` prints: key, rows of its answer, rows of repeats, with tabs between; behind a `#`
/// an act, its rows that name an answer without a key, and those that name none.
pub fn read(text: &str) -> io::Result<Log> {
    let mut log = Log::default();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = |text: &str| text.parse::<u64>().map_err(io::Error::other);
        let [key, first, second] = fields[..] else {
            return Err(io::Error::other("shikaku audit requests printed something else"));
        };
        let (first, second) = (number(first)?, number(second)?);
        match key.strip_prefix('#') {
            Some(act) => {
                log.keyless += first;
                log.presents += if act == PRESENT { second } else { 0 };
            }
            None => {
                log.requests.insert(key.to_owned(), Logged { fresh: first, repeats: second });
            }
        }
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
    /// Answered, at the time or later, and in the log exactly once.
    pub once: u64,
    /// Answered, and not in the log: what was lost.
    pub missing: u64,
    /// In the log more than once, not as a repeat.
    pub doubled: u64,
    /// When the first and the last of the missing were answered, from the run's begin.
    pub missing_between: Option<(Duration, Duration)>,
    /// Not answered, and the log has a row: the answer was lost on its way.
    pub unheard: u64,
    /// Not answered, and no row.
    pub unprocessed: u64,
    /// Refused.
    pub refused: u64,
    /// In the log, and nobody sent it.
    pub strange: u64,
    /// Cards that were shown, by their keys, and by their rows, which name none.
    pub presents: (u64, u64),
    /// Rows of repeats: a request that came twice is answered alike, and says so.
    pub repeats: u64,
}

impl Reconciled {
    /// Whether nothing is missing, doubled or strange.
    pub fn is_exact(&self) -> bool {
        self.missing + self.doubled + self.strange == 0 && self.presents.0 == self.presents.1
    }
}

/// Holds the books against the log.
pub fn reconcile<'e>(entries: impl Iterator<Item = &'e Entry>, mut log: Log) -> Reconciled {
    let mut found = Reconciled::default();
    for entry in entries {
        let logged = log.requests.remove(&entry.key);
        let is_there = logged.is_some_and(|logged| logged.fresh > 0 || !entry.decides);
        let Logged { fresh, repeats } = logged.unwrap_or_default();
        found.sent += 1;
        found.repeats += repeats;
        found.doubled += u64::from(fresh > 1);
        found.presents.0 += u64::from(logged.is_some() && fresh == 0 && !entry.decides);
        match entry.fate {
            Fate::Answered => found.answered += 1,
            Fate::Late => found.late += 1,
            Fate::Refused => found.refused += 1,
            Fate::Unknown if is_there => found.unheard += 1,
            Fate::Unknown => found.unprocessed += 1,
        }
        if matches!(entry.fate, Fate::Answered | Fate::Late) {
            found.once += u64::from(is_there && fresh < 2);
            if !is_there {
                found.missing += 1;
                let (first, last) = found.missing_between.unwrap_or((entry.at, entry.at));
                found.missing_between = Some((first.min(entry.at), last.max(entry.at)));
            }
        }
    }
    found.presents.1 = log.presents;
    found.strange = log.requests.len() as u64 + log.keyless;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_disagree_is_counted() {
        let entry = |key: &str, fate, s| Entry {
            key: key.into(),
            fate,
            decides: !key.starts_with("card"),
            at: Duration::from_secs(s),
        };
        let entries = [
            entry("once", Fate::Answered, 1),
            entry("late", Fate::Late, 9),
            entry("lost", Fate::Answered, 4),
            entry("lost-too", Fate::Late, 6),
            entry("claimed-only", Fate::Answered, 5),
            entry("twice", Fate::Answered, 2),
            entry("card-shown", Fate::Answered, 2),
            entry("card-lost", Fate::Answered, 3),
            entry("unheard", Fate::Unknown, 0),
            entry("never", Fate::Unknown, 0),
            entry("no", Fate::Refused, 3),
        ];
        let text = "once\t1\t0\nlate\t1\t1\nclaimed-only\t0\t0\ntwice\t2\t0\ncard-shown\t0\t0\nunheard\t1\t0\n\
                    nobody's\t1\t0\nno\t1\t0\n#counter.check\t1\t0\n#reader.present\t0\t1\n#reception.list\t0\t9\n";
        let found = reconcile(entries.iter(), read(text).expect("a log"));
        let wanted = Reconciled {
            sent: 11,
            answered: 6,
            late: 2,
            once: 3,
            missing: 4,
            doubled: 1,
            missing_between: Some((Duration::from_secs(3), Duration::from_secs(6))),
            unheard: 1,
            unprocessed: 1,
            refused: 1,
            strange: 2,
            presents: (1, 1),
            repeats: 1,
        };
        assert_eq!(found, wanted);
        assert!(!found.is_exact());
        let exact = reconcile(entries[..1].iter(), read("once\t1\t0\n").expect("a log"));
        assert!(exact.is_exact(), "{exact:?}");
        let unshown =
            reconcile(entries[..1].iter(), read("once\t1\t0\n#reader.present\t0\t1\n").expect("a log"));
        assert!(!unshown.is_exact(), "a row of a card that nobody showed: {unshown:?}");
        assert!(read("nonsense").is_err());
    }
}
