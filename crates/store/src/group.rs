//! Group commit: one thread and one connection that join the small write sets of many checks into one transaction.
//!
//! Always holds: an answer is released only after the commit that holds its audit row; a group that fails is undone
//! as a whole and its sets are tried one by one, so one bad set never takes others with it; the audit stream of the
//! connection goes back with the transaction.
//! A panic, in the audit scribe or in an answer's callback, ends neither the thread nor other answers. When a commit's
//! end is unknown because the line broke in it, the sets are written again into a new stream: an answer may then have
//! its row twice, never not at all. Over a line that was opened anew a new stream begins: the database behind it may be a
//! promoted replica, which lacks the end of the old one.
//! Not here: anything that decides; claims (`claim`).
//! Rules come from: DESIGN section 4 (measured there: 1,700 commits/s alone, 8,700/s in groups of 64).

use crate::{
    Note, Opener, Scribe, Stream, TRIES_MAX, claim,
    db::{Begin, Db},
    tx::{Claim, WriteSet},
};
use base::{Error, Result};
use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

/// More than this in one transaction gains nothing and makes the first wait for the last.
const GROUP_MAX: usize = 256;
/// Write sets that may wait in a lane: some groups of the largest size, far less than memory holds.
const LANE_MAX: usize = 4096;

pub(crate) struct Job {
    pub set: WriteSet,
    pub done: Box<dyn FnOnce(Result<Claim>) + Send>,
}

/// The writing threads. Dropping it lets them finish what was handed over and ends them.
pub(crate) struct Group {
    lanes: Vec<SyncSender<Job>>,
    next: std::sync::atomic::AtomicUsize,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Group {
    /// Starts a writing thread for each lane. On SQLite there is one: a file has one writer.
    pub fn start(lanes: usize, opener: &Opener) -> Result<Group> {
        let mut group = Group { lanes: Vec::new(), next: Default::default(), threads: Vec::new() };
        for lane in 0..lanes {
            let (sender, jobs) = sync_channel(LANE_MAX);
            let writer = Writer::open(opener)?;
            let thread = std::thread::Builder::new()
                .name(format!("log-writer-{lane}"))
                .spawn(move || writer.work(&jobs))
                .map_err(|e| base::Fault::caused("no thread for the log writer", e))?;
            group.lanes.push(sender);
            group.threads.push(thread);
        }
        Ok(group)
    }

    /// Hands a write set over; `done` is called from the writing thread after the commit.
    ///
    /// Waits while the lane is full. That is how a slow disk is felt by those who ask: the threads of the caller's
    /// pool stand here, the pool's own bounded queue fills behind them, and it answers *busy* at once. So `done` must
    /// not hand anything over itself: it would wait for the thread that it runs on.
    pub fn hand_over(&self, job: Job) {
        let lane = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % self.lanes.len();
        if let Err(lost) = self.lanes[lane].send(job) {
            (lost.0.done)(Err(Error::broken("the log writer has ended")));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.lanes.clear();
        let here = std::thread::current().id();
        // The last owner of a store may be an answer's callback, so a writing thread; it ends by itself.
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != here) {
            let _ = thread.join();
        }
    }
}

struct Writer {
    scribe: Arc<dyn Scribe>,
    db: Db,
    stream: Box<dyn Stream>,
}

impl Writer {
    fn open(opener: &Opener) -> Result<Writer> {
        let scribe = opener.scribe.clone();
        Ok(Writer { db: opener.log()?, stream: scribe.stream(), scribe })
    }

    fn work(mut self, jobs: &Receiver<Job>) {
        let mut batch = Vec::with_capacity(GROUP_MAX);
        while let Ok(first) = jobs.recv() {
            batch.push(first);
            while batch.len() < GROUP_MAX {
                match jobs.try_recv() {
                    Ok(job) => batch.push(job),
                    Err(_) => break,
                }
            }
            self.settle(&mut batch);
        }
    }

    /// Commits a batch and releases its answers; a batch that fails is tried again one by one.
    fn settle(&mut self, batch: &mut Vec<Job>) {
        match self.commit(batch) {
            Ok(claims) => {
                for (job, claim) in batch.drain(..).zip(claims) {
                    release(job, Ok(claim));
                }
            }
            Err(_) => {
                for job in batch.drain(..) {
                    let one = self.commit_one(&job);
                    release(job, one);
                }
            }
        }
    }

    fn commit_one(&mut self, job: &Job) -> Result<Claim> {
        // While nobody can be reached, one attempt for a whole batch is enough waiting.
        if self.db.is_down() {
            return Err(Error::broken("the log writer cannot reach its database"));
        }
        for _ in 0..TRIES_MAX {
            match self.commit(std::slice::from_ref(job)) {
                Err(Error::Retry) => continue,
                outcome => return outcome.map(|claims| claims.first().copied().unwrap_or(Claim::Fresh)),
            }
        }
        Err(Error::broken(format!("a write set lost its race {TRIES_MAX} times")))
    }

    fn commit(&mut self, batch: &[Job]) -> Result<Vec<Claim>> {
        let line = self.db.reopened();
        self.db
            .begin(Begin::Group)
            .inspect_err(|error| tracing::error!(%error, "the log writer cannot begin"))?;
        if self.db.reopened() != line {
            // Whoever answers now may lack the end of our chain: a replica that was promoted.
            self.stream = self.scribe.stream();
        }
        // A panic must not end the thread that every answer waits for.
        let written = catch_unwind(AssertUnwindSafe(|| self.write(batch)))
            .unwrap_or_else(|_| Err(Error::broken("writing audit rows panicked")));
        let claims = match written {
            Ok(claims) => claims,
            Err(error) => {
                self.db.rollback();
                self.stream.settle(false);
                return Err(error);
            }
        };
        let committed = self.db.commit();
        self.stream.settle(committed.is_ok());
        if matches!(committed, Err(Error::Broken(_))) {
            // Perhaps it was committed after all: the old chain may be longer than we know, so it is left alone.
            self.stream = self.scribe.stream();
        }
        committed.map(|()| claims)
    }

    fn write(&mut self, batch: &[Job]) -> Result<Vec<Claim>> {
        let asks: Vec<_> = batch.iter().map(|job| job.set.claim.as_ref()).collect();
        let claims = claim::settle(&mut self.db, &asks)?;
        // What a repeat or a conflict would save was saved by the first of its key, or must not be.
        for (job, _) in batch.iter().zip(&claims).filter(|(_, claim)| **claim == Claim::Fresh) {
            for (sql, values) in &job.set.saves {
                self.db.exec(sql, values)?;
            }
        }
        // The notes themselves stay as they were asked: a second try may settle their claim in another way.
        let notes: Vec<Cow<'_, Note>> = batch
            .iter()
            .zip(&claims)
            .flat_map(|(job, claim)| job.set.notes.iter().map(|note| as_settled(note, *claim)))
            .collect();
        self.stream.write(&mut self.db, &mut notes.iter().map(AsRef::as_ref))?;
        Ok(claims)
    }
}

/// A note as its claim ended.
fn as_settled(note: &Note, claim: Claim) -> Cow<'_, Note> {
    match claim {
        Claim::Fresh => Cow::Borrowed(note),
        Claim::Repeat(first) => Cow::Owned(Note { answer: Some(first), repeat: true, ..note.clone() }),
        Claim::Conflict => Cow::Owned(Note { outcome: "conflict", ..note.clone() }),
    }
}

/// Hands an outcome to whoever waits for it. Their code runs on the writing thread, and must not end it.
fn release(job: Job, outcome: Result<Claim>) {
    if catch_unwind(AssertUnwindSafe(|| (job.done)(outcome))).is_err() {
        tracing::error!("an answer's callback panicked on the log writer's thread");
    }
}
