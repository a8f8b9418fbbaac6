//! The terminal at work: looks into the request folder, takes what is ready, and brings each request to its answer.
//!
//! Always holds: the order of acts is take, decide, place, note, show, finish; each is noted in the journal before
//! the next, so a kill between any two is mended by going on. What fails (share gone, disk full) is tried again.
//! A request's content is looked at only after it was taken, except to see whether it is whole.
//! Not here: threads and clocks (`rim.rs`), the decisions (`rules.rs`), texts (`codes.rs`).
//! Rules come from: the reference on the OQS interface, sections 6.3, 6.4 and 10; docs/rules.md S1 r3, r7.

use crate::answers::{self, Setting};
use crate::codes::{self, Code};
use crate::door::{Away, Door};
use crate::folder::{self, Delivery, Seen};
use crate::journal::{Content, Done, Entry, Fate, Journal, Plan, State};
use crate::messages::{Asked, Message};
use crate::rules::{self, Act, Kind, Refused, Sight};
use crate::{Settings, rim};
use formats::json;
use formats::oqs::Echo;
use formats::xml::Encoding;
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// How long the line is left alone after a time-out.
const QUIET_MS: u64 = 3_000;
/// How long until something that failed is tried again.
const AGAIN_MS: u64 = 1_000;
/// How long until a report that failed is tried again: at first, and at most.
const REPORT_MS: (u64, u64) = (5_000, 60_000);
/// Requests taken and not at work, for each that can be at work. The rest waits in the share.
const QUEUE_FACTOR: usize = 4;

/// A moment: for what is written, and for what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970 in UTC, by the wall clock.
    pub utc_ms: i64,
    /// Milliseconds since some start, by a clock nobody sets.
    pub steady_ms: u64,
}

/// How the terminal is doing, in numbers only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Requests taken and not yet answered.
    pub waiting: u64,
    /// Requests the server does not know of yet.
    pub kept: u64,
    /// Requests answered by the server since the start.
    pub answered: u64,
    /// Requests refused by the terminal since the start.
    pub refused: u64,
    /// Requests answered with "server away" and the like since the start.
    pub undetermined: u64,
    /// Requests of which the server was told late since the start.
    pub reported: u64,
    /// Requests whose answer cannot be written at the moment; they are tried again.
    pub stuck: u64,
    /// Requests that could not be taken at the last look: locked by their writer, or the journal's disk is full.
    pub cannot_take: u64,
    /// Whether the request folder could not be read at the last look.
    pub share_away: bool,
    /// Since when the server is away, milliseconds since 1970 in UTC.
    pub away_since_ms: Option<i64>,
}

/// The terminal.
pub struct Terminal {
    settings: Settings,
    door: Arc<dyn Door>,
    journal: Journal,
    requests: PathBuf,
    answers: PathBuf,
    desk: Mutex<Desk>,
    bell: Condvar,
    /// One look at a time.
    looking: Mutex<Looking>,
    /// Where to break off, as if killed; for tests.
    #[cfg(test)]
    pub(crate) killed_at: Mutex<Option<Step>>,
}

/// The steps of a request, for tests that kill between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// After the request was taken.
    Taken,
    /// After the server answered.
    Asked,
    /// After the answer was noted.
    Decided,
    /// After the answer was placed.
    Placed,
    /// After that was noted.
    Noted,
    /// After the answer was shown.
    Shown,
}

/// A taken request.
struct Job {
    entry: Entry,
    /// The answer's file name; nobody else gets it meanwhile.
    target: String,
    /// Refused from the start.
    refused: Option<&'static Code>,
}

/// What is at hand.
#[derive(Default)]
struct Desk {
    queue: VecDeque<Job>,
    stuck: VecDeque<(u64, Job)>,
    targets: HashSet<String>,
    kept: VecDeque<Entry>,
    reporting: bool,
    report_at: u64,
    report_pause: u64,
    quiet: Option<(u64, Away)>,
    done: HashMap<String, Vec<Done>>,
    status: Status,
}

/// What is remembered from one look to the next.
#[derive(Default)]
struct Looking {
    /// Unfinished files: what they looked like, and since when.
    unfinished: HashMap<String, ((u64, Option<SystemTime>), u64)>,
    /// Names left alone, so that each is logged once.
    left_alone: HashSet<String>,
    forget_at: i64,
}

impl Terminal {
    /// Opens the folders and the journal; what an earlier run left is taken up by the first worker. Fails when the
    /// share or the journal is not there; the caller tries again, because a share may come up after the terminal.
    pub fn open(settings: Settings, door: Arc<dyn Door>) -> io::Result<Terminal> {
        Terminal::open_at(settings, door, rim::utc_ms())
    }

    pub(crate) fn open_at(settings: Settings, door: Arc<dyn Door>, utc_ms: i64) -> io::Result<Terminal> {
        let (requests, answers) = (settings.base.join(&settings.req), settings.base.join(&settings.res));
        for folder in [&requests, &answers, &settings.base.join(&settings.face)] {
            std::fs::create_dir_all(folder)?;
        }
        let (journal, entries, done) = Journal::open(&settings.kept, &requests, utc_ms, settings.max_bytes)?;
        let terminal = Terminal {
            settings,
            door,
            journal,
            requests,
            answers,
            desk: Mutex::default(),
            bell: Condvar::new(),
            looking: Mutex::default(),
            #[cfg(test)]
            killed_at: Mutex::default(),
        };
        terminal.take_up(entries, done);
        Ok(terminal)
    }

    /// The settings it runs with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        let desk = self.desk();
        // Every taken request holds a target until it is answered.
        Status {
            waiting: desk.targets.len() as u64,
            kept: desk.kept.len() as u64,
            stuck: desk.stuck.len() as u64,
            ..desk.status
        }
    }

    #[cfg(test)]
    pub(crate) fn journal_mut(&mut self) -> &mut Journal {
        &mut self.journal
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Counters and queues are whole after any panic; nothing is gained by stopping with it.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on with what an earlier run left.
    fn take_up(&self, entries: Vec<Entry>, done: Vec<Done>) {
        tracing::info!(unfinished = entries.len(), remembered = done.len(), "terminal.open");
        self.desk().report_pause = REPORT_MS.0;
        for one in done {
            self.desk().done.entry(one.name.clone()).or_default().push(one);
        }
        // Promised names first, so that nobody else gets them.
        let (promised, open): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|e| matches!(e.state, State::Decided(_) | State::Placed(_)));
        for entry in promised.into_iter().chain(open) {
            match &entry.state {
                State::Kept => self.desk().kept.push_back(entry),
                State::Decided(plan) | State::Placed(plan) => {
                    let target = plan.target.clone();
                    let mut desk = self.desk();
                    desk.targets.insert(target.clone());
                    desk.queue.push_back(Job { entry, target, refused: None });
                }
                State::Taken => self.put_in_queue(entry),
            }
        }
    }

    /// Looks into the request folder once and takes what is ready. Gives how many were taken.
    pub fn scan(&self, now: Now) -> usize {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget_old(&mut looking, now);
        self.revive_stuck(now);
        let listing = folder::list(&self.requests);
        self.note_share(listing.is_err());
        let Ok(listing) = listing else { return 0 };
        let here: HashSet<&str> = listing.iter().map(|seen| seen.name.as_str()).collect();
        looking.unfinished.retain(|name, _| here.contains(name.as_str()));
        looking.left_alone.retain(|name| here.contains(name.as_str()));
        self.desk().status.cannot_take = 0;
        let mut taken = 0;
        for seen in &listing {
            if self.at_hand() >= self.settings.parallel.max(1) * QUEUE_FACTOR {
                break;
            }
            taken += usize::from(self.consider(seen, &mut looking, now));
        }
        if taken > 0 || self.has_work(now) {
            self.bell.notify_all();
        }
        taken
    }

    /// Requests taken and not at work. Those whose answer cannot be written count too, so that the share keeps the
    /// rest as long as there is no place for answers.
    fn at_hand(&self) -> usize {
        let desk = self.desk();
        desk.queue.len() + desk.stuck.len()
    }

    fn note_share(&self, away: bool) {
        let mut desk = self.desk();
        if desk.status.share_away != away {
            desk.status.share_away = away;
            tracing::warn!(away, "terminal.share");
        }
    }

    /// Whether this file was taken.
    fn consider(&self, seen: &Seen, looking: &mut Looking, now: Now) -> bool {
        if !matches!(rules::kind_of(&seen.name), Kind::Served(_) | Kind::NotServed(_)) {
            self.leave_alone(seen, looking);
            return false;
        }
        let known = looking
            .unfinished
            .get(&seen.name)
            .filter(|(mark, _)| *mark == seen.mark)
            .map(|(_, since)| *since);
        let sight = match known {
            Some(_) => Sight::Unfinished,
            // Unreadable for the moment: locked by its writer, or vanished.
            None => folder::look(&self.requests, seen, &self.settings.limits()).unwrap_or(Sight::Unfinished),
        };
        let since = known.unwrap_or(now.steady_ms);
        match rules::act(sight, now.steady_ms.saturating_sub(since), self.settings.settle_ms) {
            Act::Leave => self.leave_alone(seen, looking),
            Act::Wait => drop(looking.unfinished.insert(seen.name.clone(), (seen.mark, since))),
            Act::Take => match self.journal.claim(&seen.name, self.settings.max_bytes) {
                Ok(Some(entry)) => {
                    looking.unfinished.remove(&seen.name);
                    self.put_in_queue(entry);
                    return true;
                }
                Ok(None) => {}
                Err(e) => {
                    self.desk().status.cannot_take += 1;
                    if looking.left_alone.insert(seen.name.clone()) {
                        tracing::warn!(kind = ?e.kind(), "terminal.cannot-take");
                    }
                }
            },
        }
        false
    }

    fn leave_alone(&self, seen: &Seen, looking: &mut Looking) {
        let temporary = rules::kind_of(&seen.name) == Kind::Temporary;
        if !temporary && looking.left_alone.insert(seen.name.clone()) {
            tracing::info!(directory = seen.kind.is_dir(), "terminal.left-alone");
        }
    }

    /// Gives a taken request its answer's name and puts it into the queue.
    fn put_in_queue(&self, entry: Entry) {
        let (answer, mut refused) = match rules::kind_of(&entry.name) {
            Kind::Served(answer) => (answer, None),
            Kind::NotServed(answer) => (answer, Some(&codes::NOT_SERVED)),
            // Only served and known names are ever taken.
            Kind::Temporary | Kind::Other => return,
        };
        let mut desk = self.desk();
        let taken = |name: &str, desk: &Desk| {
            desk.targets.contains(name) || folder::is_there(&self.answers.join(name))
        };
        let mut target = answer.clone();
        let mut n = 0;
        while taken(&target, &desk) {
            n += 1;
            refused = Some(&codes::DUPLICATE);
            target = rules::duplicate_name(&answer, n);
        }
        desk.targets.insert(target.clone());
        desk.queue.push_back(Job { entry, target, refused });
    }

    fn revive_stuck(&self, now: Now) {
        let mut desk = self.desk();
        while desk.stuck.front().is_some_and(|(due, _)| *due <= now.steady_ms) {
            let job = desk.stuck.pop_front();
            desk.queue.extend(job.map(|(_, job)| job));
        }
    }

    /// Forgets requests that can no longer be repeated; looks once a minute.
    fn forget_old(&self, looking: &mut Looking, now: Now) {
        if now.utc_ms < looking.forget_at {
            return;
        }
        looking.forget_at = now.utc_ms + 60_000;
        let oldest = now.utc_ms - self.settings.repeat_ms;
        self.desk().done.retain(|_, list| {
            list.retain(|done| {
                let keep = done.utc_ms > oldest;
                if !keep {
                    done.forget();
                }
                keep
            });
            !list.is_empty()
        });
    }

    /// Waits until something may be to do.
    pub fn wait_for_work(&self, at_most: Duration) {
        let desk = self.desk();
        if desk.queue.is_empty() {
            drop(self.bell.wait_timeout(desk, at_most));
        }
    }

    fn has_work(&self, now: Now) -> bool {
        let desk = self.desk();
        !desk.queue.is_empty() || report_is_due(&desk, now)
    }

    /// Does one piece of work: brings a request to its answer, or tells the server of one that it missed. `false`
    /// when there is nothing to do.
    pub fn work(&self, clock: &dyn Fn() -> Now) -> bool {
        let job = self.desk().queue.pop_front();
        match job {
            Some(job) => self.serve(job, clock),
            None => return self.report_one(clock),
        }
        true
    }

    fn serve(&self, mut job: Job, clock: &dyn Fn() -> Now) {
        let attempt = |job: &mut Job| catch_unwind(AssertUnwindSafe(|| self.advance(job, clock)));
        let outcome = attempt(&mut job).or_else(|_| {
            // Answered as a fault of ours. If even that fails, it is tried again like anything else.
            tracing::error!(id = job.entry.id, "terminal.panic");
            job.refused = Some(&codes::TERMINAL_FAULT);
            attempt(&mut job)
        });
        let outcome = outcome.unwrap_or_else(|_| Err(io::Error::other("panic")));
        match outcome {
            Ok(()) => drop(self.desk().targets.remove(&job.target)),
            Err(e) => {
                tracing::warn!(id = job.entry.id, kind = ?e.kind(), "terminal.stuck");
                let due = clock().steady_ms.saturating_add(AGAIN_MS);
                self.desk().stuck.push_back((due, job));
            }
        }
    }

    /// Brings a request from whatever state to its end.
    fn advance(&self, job: &mut Job, clock: &dyn Fn() -> Now) -> io::Result<()> {
        self.step(Step::Taken)?;
        if job.entry.state == State::Taken {
            let plan = self.decide(job, clock)?;
            self.step(Step::Asked)?;
            self.journal.decide(&job.entry.id, &plan)?;
            job.entry.state = State::Decided(plan);
        }
        self.step(Step::Decided)?;
        if let State::Decided(plan) = &job.entry.state {
            self.delivery(&job.entry.id, plan).place(&plan.bytes)?;
            self.step(Step::Placed)?;
            self.journal.placed(&job.entry.id)?;
            job.entry.state = State::Placed(plan.clone());
        }
        self.step(Step::Noted)?;
        if let State::Placed(plan) = &job.entry.state {
            self.delivery(&job.entry.id, plan).show(&plan.bytes)?;
            self.step(Step::Shown)?;
            self.finish(&job.entry, plan.fate, clock())?;
        }
        Ok(())
    }

    fn delivery<'d>(&'d self, id: &'d str, plan: &'d Plan) -> Delivery<'d> {
        Delivery { folder: &self.answers, id, target: &plan.target, in_place: plan.in_place }
    }

    fn finish(&self, entry: &Entry, fate: Fate, now: Now) -> io::Result<()> {
        let fate = if fate == Fate::Remember && self.settings.repeat_ms <= 0 { Fate::Forget } else { fate };
        let done = self.journal.finish(entry, fate, now.utc_ms)?;
        let mut desk = self.desk();
        if let Some(done) = done {
            desk.done.entry(entry.name.clone()).or_default().push(done);
        }
        if fate == Fate::Keep {
            if desk.kept.is_empty() {
                (desk.report_at, desk.report_pause) = (now.steady_ms + REPORT_MS.0, REPORT_MS.0);
            }
            desk.kept.push_back(Entry { state: State::Kept, ..entry.clone() });
        }
        Ok(())
    }

    /// Reads the request and finds its answer.
    fn decide(&self, job: &Job, clock: &dyn Fn() -> Now) -> io::Result<Plan> {
        let most = self.settings.max_bytes;
        let refusal = match self.journal.read(&job.entry, most)? {
            Content::Odd => Refused::unread(&codes::NOT_A_FILE),
            Content::TooBig => Refused::unread(&codes::TOO_BIG),
            Content::Closed => Refused::unread(&codes::UNREADABLE),
            Content::Bytes(bytes) => match self.read(job, &bytes, clock()) {
                Ok((asked, encoding)) => return Ok(self.ask(job, &asked, encoding, clock)),
                Err(refusal) => refusal,
            },
        };
        let refusal = Refused { code: job.refused.unwrap_or(refusal.code), ..refusal };
        tracing::info!(id = job.entry.id, code = refusal.code.code, "terminal.refused");
        self.desk().status.refused += 1;
        let form = Message::form_of(&job.entry.name);
        let bytes = answers::failed(form, &refusal, self.setting(refusal.encoding, clock()));
        Ok(self.plan(job, Fate::Forget, bytes))
    }

    fn read(&self, job: &Job, bytes: &[u8], now: Now) -> Result<(Asked, Encoding), Refused> {
        let limits = self.settings.limits();
        let Some(code) = job.refused.or_else(|| self.repeat_of(job, bytes, now)) else {
            return self.read_good(&job.entry, bytes);
        };
        // Refused whatever it says; read only to echo its marks.
        let (root, encoding) = rules::read_tree(bytes, &limits)?;
        Err(Refused { code, element: String::new(), echo: Box::new(Echo::of(&root)), encoding })
    }

    fn read_good(&self, entry: &Entry, bytes: &[u8]) -> Result<(Asked, Encoding), Refused> {
        let own = &self.settings.institution_code;
        rules::read_request(Message::form_of(&entry.name), bytes, &self.settings.limits(), own)
    }

    fn repeat_of(&self, job: &Job, bytes: &[u8], now: Now) -> Option<&'static Code> {
        let oldest = now.utc_ms - self.settings.repeat_ms;
        let desk = self.desk();
        let mut same = desk.done.get(&job.entry.name)?.iter().filter(|done| done.utc_ms > oldest);
        same.any(|done| done.has(bytes)).then_some(&codes::REPEATED)
    }

    fn setting(&self, request: Encoding, now: Now) -> Setting<'_> {
        let encoding = self.settings.encoding.for_request(request);
        Setting { utc_ms: now.utc_ms, own_code: &self.settings.institution_code, encoding }
    }

    fn plan(&self, job: &Job, fate: Fate, bytes: Vec<u8>) -> Plan {
        Plan { fate, in_place: self.settings.write_in_place, target: job.target.clone(), bytes }
    }

    /// Puts a good request to the server.
    fn ask(&self, job: &Job, asked: &Asked, encoding: Encoding, clock: &dyn Fn() -> Now) -> Plan {
        let outcome = match self.quiet(clock()) {
            Some(away) => Err(away),
            None => self.put(&job.entry.id, asked, clock),
        };
        let setting = self.setting(encoding, clock());
        let away = match outcome {
            Ok(json) => match answers::passed_on(asked, &json, &answer_limits(), setting) {
                Some(bytes) => {
                    tracing::info!(id = job.entry.id, "terminal.answered");
                    self.desk().status.answered += 1;
                    return self.plan(job, Fate::Remember, bytes);
                }
                None => {
                    let code = &codes::BAD_ANSWER;
                    tracing::error!(id = job.entry.id, code = code.code, "terminal.undetermined");
                    self.desk().status.undetermined += 1;
                    let bytes = answers::undetermined(asked, code.code, code.say(""), setting);
                    return self.plan(job, Fate::Forget, bytes);
                }
            },
            Err(away) => away,
        };
        tracing::warn!(id = job.entry.id, code = answers::code_of(&away).code, "terminal.undetermined");
        self.desk().status.undetermined += 1;
        let keep = asked.is_told_later() && !server_knows(&away);
        let fate = if keep { Fate::Keep } else { Fate::Forget };
        self.plan(job, fate, answers::away(asked, &away, setting))
    }

    /// Asks, and notes how the line is.
    fn put(&self, id: &str, asked: &Asked, clock: &dyn Fn() -> Now) -> Result<Vec<u8>, Away> {
        let outcome = self.door.ask(asked.path(), id, &json::render(&asked.write()));
        let outcome = outcome.and_then(|json| match answers::unrecorded(&json, &answer_limits()) {
            Some(away) => Err(away),
            None => Ok(json),
        });
        let now = clock();
        let mut desk = self.desk();
        match &outcome {
            Err(away) if !server_knows(away) => {
                let since = *desk.status.away_since_ms.get_or_insert(now.utc_ms);
                tracing::debug!(since, "terminal.away");
                if *away == Away::TimedOut {
                    desk.quiet = Some((now.steady_ms + QUIET_MS, Away::TimedOut));
                }
            }
            _ => {
                desk.quiet = None;
                // What the server missed is told right away.
                if desk.status.away_since_ms.take().is_some() {
                    (desk.report_at, desk.report_pause) = (now.steady_ms, REPORT_MS.0);
                    self.bell.notify_all();
                }
            }
        }
        outcome
    }

    fn quiet(&self, now: Now) -> Option<Away> {
        self.desk().quiet.as_ref().filter(|(until, _)| now.steady_ms < *until).map(|(_, away)| away.clone())
    }

    /// Tells the server of the oldest request that it missed.
    fn report_one(&self, clock: &dyn Fn() -> Now) -> bool {
        let now = clock();
        let entry = {
            let mut desk = self.desk();
            if !report_is_due(&desk, now) {
                return false;
            }
            let Some(entry) = desk.kept.front().cloned() else { return false };
            desk.reporting = true;
            entry
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| self.report(&entry, clock)));
        let later = clock().steady_ms;
        let mut desk = self.desk();
        desk.reporting = false;
        if matches!(outcome, Ok(Ok(true))) {
            desk.kept.pop_front();
            desk.status.reported += 1;
            (desk.report_at, desk.report_pause) = (later, REPORT_MS.0);
        } else {
            // Another one may fare better than a request that cannot be reported for a reason of its own.
            desk.kept.rotate_left(1);
            desk.report_at = later + desk.report_pause;
            desk.report_pause = (desk.report_pause * 2).clamp(REPORT_MS.0, REPORT_MS.1);
        }
        true
    }

    /// Whether the server knows of the request now.
    fn report(&self, entry: &Entry, clock: &dyn Fn() -> Now) -> io::Result<bool> {
        if let Content::Bytes(bytes) = self.journal.read(entry, self.settings.max_bytes)? {
            // Only readable requests are kept; one that no longer is has nothing to report.
            if let Ok((asked, _)) = self.read_good(entry, &bytes) {
                let outcome = self.put(&entry.id, &asked, clock);
                if outcome.is_err_and(|away| !server_knows(&away)) {
                    return Ok(false);
                }
            }
        }
        self.journal.forget(&entry.id)?;
        tracing::info!(id = entry.id, "terminal.reported");
        Ok(true)
    }

    #[cfg(not(test))]
    fn step(&self, _: Step) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn step(&self, step: Step) -> io::Result<()> {
        let killed = *self.killed_at.lock().unwrap_or_else(PoisonError::into_inner) == Some(step);
        if killed { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

fn report_is_due(desk: &Desk, now: Now) -> bool {
    let quiet = desk.quiet.as_ref().is_some_and(|(until, _)| now.steady_ms < *until);
    !desk.reporting && !desk.kept.is_empty() && !quiet && now.steady_ms >= desk.report_at
}

/// Whether the server has seen the request and said its last word on it.
fn server_knows(away: &Away) -> bool {
    matches!(away, Away::Refused { status: ..500, .. })
}

/// Bounds of the server's answers: more than a request's, because of many results.
fn answer_limits() -> formats::xml::Limits {
    formats::xml::Limits { bytes: 4 << 20, ..formats::xml::Limits::default() }
}
