//! What desks note: every request that left a desk with what became of it, and the counts of each second.
//!
//! Always holds: a request is noted before it is sent; nothing about a person is noted.
//! Not here: what the server's log has (`reconcile`).
//! Rules come from: issue 4, part E.

use crate::histogram::Histogram;
use std::time::Duration;

/// What a desk got to see for a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The true answer, where that is a certain one.
    Expected,
    /// The third answer from the server, where that is the true one.
    Third,
    /// Another answer than the true one, or another person's.
    Wrong,
    /// A refusal.
    Refused,
    /// None from the server: the terminal showed the third answer by itself.
    NoAnswer,
}

/// CPU time, in thousandths of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// The servers'.
    pub serve: u64,
    /// PostgreSQL's, its replica's too.
    pub postgres: u64,
    /// Of the desks and cards that we play.
    pub desks: u64,
}

/// The counts of a second.
#[derive(Default)]
pub struct Second {
    /// Checks that began, the repeated ones too.
    pub asked: u64,
    /// Of those, repeated by the desk.
    pub again: u64,
    /// Checks that ended, by what was seen.
    pub seen: [u64; 5],
    /// Requests answered by the server.
    pub requests: u64,
    /// Requests of outages that were put to the server later.
    pub late: u64,
    /// From a request's intended begin to its answer, or to when the desk gave up.
    pub latency: Histogram,
    /// What it took.
    pub cpu: Option<Cpu>,
}

impl Second {
    /// Checks that were seen so.
    pub fn count(&self, seen: Seen) -> u64 {
        self.seen[seen as usize]
    }

    /// Every check that ended.
    pub fn ended(&self) -> u64 {
        self.seen.iter().sum()
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent; whether it was processed nobody at the desk knows.
    Unknown,
    /// Answered.
    Answered,
    /// Put to the server later and answered then.
    Late,
    /// Refused or not understood: whether there is a row is not promised.
    Refused,
}

/// A request as noted.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key under which the server claims it.
    pub key: String,
    /// What became of it.
    pub fate: Fate,
    /// Whether an answered one has a row of its own; showing a card, before the patient's answers, has one that names no
    /// request.
    pub decides: bool,
    /// When it was first answered, from the run's begin.
    pub at: Duration,
}

/// Everything noted in a run.
#[derive(Default)]
pub struct Book {
    /// The seconds.
    pub seconds: Vec<Second>,
    /// The requests.
    pub entries: Vec<Entry>,
    /// The first surprises, in words without a person.
    pub surprises: Vec<String>,
    /// All latencies.
    pub latency: Histogram,
    /// How late visits began, which is ours and no server's.
    pub lag: Histogram,
}

/// So many surprises are told in words; the others are counted.
const SURPRISES_MAX: usize = 12;

impl Book {
    /// The counts of the second at a time.
    pub fn second(&mut self, at: Duration) -> &mut Second {
        let place = at.as_secs() as usize;
        if self.seconds.len() <= place {
            self.seconds.resize_with(place + 1, Second::default);
        }
        &mut self.seconds[place]
    }

    /// Notes a request that is about to be sent.
    pub fn sent(&mut self, key: String, decides: bool) -> usize {
        self.entries.push(Entry { key, fate: Fate::Unknown, decides, at: Duration::ZERO });
        self.entries.len() - 1
    }

    /// Notes what became of a request.
    pub fn became(&mut self, entry: usize, fate: Fate, at: Duration) {
        if let Some(entry) = self.entries.get_mut(entry) {
            (entry.fate, entry.at) = (fate, at);
        }
    }

    /// Notes how long a request took, at its end.
    pub fn took(&mut self, at: Duration, time: Duration) {
        self.second(at).latency.record(time);
        self.latency.record(time);
    }

    /// Tells of something that was not to be expected.
    pub fn surprise(&mut self, what: impl FnOnce() -> String) {
        if self.surprises.len() < SURPRISES_MAX {
            self.surprises.push(what());
        }
    }

    /// All checks seen so.
    pub fn count(&self, seen: Seen) -> u64 {
        self.seconds.iter().map(|second| second.count(seen)).sum()
    }
}
