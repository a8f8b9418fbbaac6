//! The house: what every route needs to run an operation — store, clock, ids, and a bounded pool for each kind of
//! work — and the async edge between the rim and the plain functions behind it.
//!
//! Always holds: an operation gets one instant and one context; a full queue answers *busy* at once; a check's answer
//! leaves only after its audit row is committed; a fault is logged once, here, without personal data.
//! Not here: sockets (`app`), who somebody is (`staff`, `facilities`), what an operation does.
//! Rules come from: DESIGN section 4, "Sync inside, async at the rim".

use base::{Actor, Clock, Cx, Error, IdSource, Instant, Purpose, Random, RequestKey, Result};
use crossbeam_channel::{Sender, TrySendError, bounded};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use store::{Claim, Store, Tx};

use crate::routes::NavEntry;

/// Why an operation did not end in an answer or refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The queue was full: nothing was done.
    Busy,
    /// Something is broken: the operation was undone and the fault logged.
    Broken,
}

/// Who asks and for what: what a rim knows before an operation runs.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Who.
    pub actor: Actor,
    /// For what.
    pub purpose: Purpose,
    /// The key of the request, when it has one.
    pub request: Option<RequestKey>,
}

impl Asker {
    /// An asker without a request key.
    pub fn new(actor: Actor, purpose: Purpose) -> Asker {
        Asker { actor, purpose, request: None }
    }
}

/// What a house is made of.
pub struct Parts {
    /// The data.
    pub store: Store,
    /// The clock of the data directory.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The source of randomness, for tokens and salts.
    pub random: Random,
    /// Hosts under which pages may be asked for.
    pub hosts: Vec<String>,
    /// Whether everything is invented and desks can be switched.
    pub demo: bool,
    /// Whether browsers reach the pages over https, so that cookies are marked Secure.
    pub behind_https: bool,
    /// Threads for the desk.
    pub desk_threads: usize,
    /// Checks that may wait for a desk thread.
    pub desk_queue: usize,
    /// Threads for pages.
    pub page_threads: usize,
    /// Page operations that may wait.
    pub page_queue: usize,
}

/// The house. Clones share it.
#[derive(Clone)]
pub struct House {
    inner: Arc<Inner>,
}

/// What the house did since its start: counts only, nothing about anybody.
#[derive(Default)]
pub struct Counts {
    checks: AtomicU64,
    pages: AtomicU64,
    busy: AtomicU64,
    broken: AtomicU64,
    alarms: AtomicU64,
}

impl Counts {
    /// The counts as Prometheus text.
    pub fn text(&self) -> String {
        let rows = [
            ("shikaku_checks_total", "Checks by number that were taken on.", &self.checks),
            ("shikaku_page_operations_total", "Operations of pages that were taken on.", &self.pages),
            ("shikaku_busy_total", "Operations answered busy because a queue was full.", &self.busy),
            ("shikaku_broken_total", "Operations that failed and were undone.", &self.broken),
            (
                "shikaku_guessing_alarms_total",
                "Checks refused because birth dates were guessed.",
                &self.alarms,
            ),
        ];
        let mut text = String::new();
        for (name, help, count) in rows {
            let count = count.load(Ordering::Relaxed);
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {count}\n"));
        }
        text
    }

    /// Counts a check refused because birth dates were guessed.
    pub fn alarm(&self) {
        self.alarms.fetch_add(1, Ordering::Relaxed);
    }

    fn of(&self, trouble: Trouble) -> Trouble {
        let count = match trouble {
            Trouble::Busy => &self.busy,
            Trouble::Broken => &self.broken,
        };
        count.fetch_add(1, Ordering::Relaxed);
        trouble
    }
}

struct Inner {
    parts: Parts,
    counts: Counts,
    healthy: AtomicBool,
    desk: Pool,
    pages: Pool,
    gate: Pool,
    heavy: Pool,
    nav: OnceLock<Vec<NavEntry>>,
}

type Work = Box<dyn FnOnce() + Send>;
type Reply<T> = tokio::sync::oneshot::Sender<Result<T>>;
/// A change, as the store runs it.
type Turn<'r, T> = &'r mut dyn FnMut(&mut Tx<'_>) -> Result<T>;

/// Threads that look up who asks. A look-up is one or two short reads.
const GATE_THREADS: usize = 2;
/// Look-ups that may wait: more than there are connections, each of which has one at most, so that all of them
/// arriving in one second is no reason to send anybody away.
const GATE_QUEUE: usize = 2048;
/// Heavy work that may wait for its one thread: about a second of password hashing.
const HEAVY_QUEUE: usize = 16;

struct Pool {
    queue: Sender<Work>,
}

impl Pool {
    fn start(name: &'static str, threads: usize, queue: usize) -> Result<Pool> {
        let (sender, work) = bounded::<Work>(queue.max(1));
        for number in 0..threads.max(1) {
            let work = work.clone();
            std::thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || {
                    // An operation that panics answers its asker with a closed channel; the thread goes on.
                    for job in work {
                        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                    }
                })
                .map_err(|e| base::Fault::caused(format!("no thread for the {name} pool"), e))?;
        }
        Ok(Pool { queue: sender })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        let (reply, outcome) = tokio::sync::oneshot::channel();
        match self.queue.try_send(Box::new(move || work(reply))) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Trouble::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(Trouble::Broken),
        }
        match outcome.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(logged(&error)),
            Err(_) => Err(logged(&Error::broken("an operation ended without an answer"))),
        }
    }
}

/// Logs a fault with its causes, once, at the edge.
fn logged(error: &Error) -> Trouble {
    let mut causes = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes = format!("{causes}: {cause}");
        next = cause.source();
    }
    tracing::error!(fault = %error, causes, "an operation failed and was undone");
    Trouble::Broken
}

impl House {
    /// Opens the house: starts its pools.
    pub fn open(parts: Parts) -> Result<House> {
        let desk = Pool::start("desk", parts.desk_threads, parts.desk_queue)?;
        let pages = Pool::start("pages", parts.page_threads, parts.page_queue)?;
        let gate = Pool::start("gate", GATE_THREADS, GATE_QUEUE)?;
        let heavy = Pool::start("heavy", 1, HEAVY_QUEUE)?;
        Ok(House {
            inner: Arc::new(Inner {
                parts,
                counts: Counts::default(),
                healthy: AtomicBool::new(true),
                desk,
                pages,
                gate,
                heavy,
                nav: OnceLock::new(),
            }),
        })
    }

    /// The data.
    pub fn store(&self) -> &Store {
        &self.inner.parts.store
    }

    /// What was done since the start.
    pub fn counts(&self) -> &Counts {
        &self.inner.counts
    }

    /// Whether the work beside (sealing the log) succeeds: a full disk shows there first.
    pub fn is_healthy(&self) -> bool {
        self.inner.healthy.load(Ordering::Relaxed)
    }

    /// Told by the work beside whether it succeeded.
    pub fn set_healthy(&self, healthy: bool) {
        self.inner.healthy.store(healthy, Ordering::Relaxed);
    }

    /// The present instant of the data directory.
    pub fn now(&self) -> Instant {
        self.inner.parts.clock.now()
    }

    /// Hosts under which pages may be asked for.
    pub fn hosts(&self) -> &[String] {
        &self.inner.parts.hosts
    }

    /// Whether this is a demo.
    pub fn is_demo(&self) -> bool {
        self.inner.parts.demo
    }

    /// Whether cookies are marked Secure.
    pub fn is_behind_https(&self) -> bool {
        self.inner.parts.behind_https
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.inner.parts.random)(&mut bytes);
        bytes
    }

    /// A context for an operation that begins now.
    pub fn cx(&self, asker: Asker) -> Cx<'_> {
        Cx::new(self.now(), asker.actor, asker.purpose, self.inner.parts.ids.as_ref())
            .with_request(asker.request)
    }

    /// Sets the navigation; done once, when the routes are collected.
    pub(crate) fn set_nav(&self, nav: Vec<NavEntry>) {
        let _ = self.inner.nav.set(nav);
    }

    pub(crate) fn nav(&self) -> &[NavEntry] {
        self.inner.nav.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// Runs a check on the desk's pool.
    pub async fn check<T: Send + 'static>(
        &self,
        asker: Asker,
        op: impl FnOnce(&mut Tx<'_>, &Cx<'_>) -> Result<T> + Send + 'static,
    ) -> std::result::Result<(T, Claim), Trouble> {
        let house = self.clone();
        let work = move |reply: Reply<_>| {
            let cx = house.cx(asker);
            house.store().check(
                |tx| op(tx, &cx),
                move |outcome| {
                    let _ = reply.send(outcome); // the asking side may have gone away; the row stays
                },
            );
        };
        self.inner.counts.checks.fetch_add(1, Ordering::Relaxed);
        self.on(&self.inner.desk, work).await
    }

    /// Runs an operation that reads for a page (and notes that it did) on the pages' pool.
    pub async fn read<T: Send + 'static>(
        &self,
        asker: Asker,
        op: impl FnOnce(&mut Tx<'_>, &Cx<'_>) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        self.on_pages(self.reading(asker, op)).await
    }

    /// Looks up who asks (a terminal, a session) on the gate's pool, so that neither a long page nor a flood of
    /// sign-ins keeps those who are known already from being let in.
    pub async fn gate<T: Send + 'static>(
        &self,
        asker: Asker,
        op: impl FnOnce(&mut Tx<'_>, &Cx<'_>) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        self.on(&self.inner.gate, self.reading(asker, op)).await
    }

    /// Asks, on the gate's pool, whether the database answers.
    pub async fn ready(&self) -> std::result::Result<(), Trouble> {
        let house = self.clone();
        let work = move |reply: Reply<()>| {
            let _ = reply.send(house.store().ready());
        };
        self.on(&self.inner.gate, work).await
    }

    /// Runs a change on the pages' pool. It may be run again after a lost race.
    pub async fn change<T: Send + 'static>(
        &self,
        asker: Asker,
        op: impl FnMut(&mut Tx<'_>, &Cx<'_>) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        self.changing(asker, op, |store, _, op| store.change(op)).await
    }

    /// Runs a change that records facts, on the pages' pool.
    pub async fn record<T: Send + 'static>(
        &self,
        asker: Asker,
        op: impl FnMut(&mut Tx<'_>, &Cx<'_>) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        self.changing(asker, op, |store, now, op| store.record(now, op)).await
    }

    /// Runs plain work that is heavy (hashing a password) on a thread of its own, away from the rim and from pages.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        let work = move |reply: Reply<T>| {
            let _ = reply.send(work());
        };
        self.on(&self.inner.heavy, work).await
    }

    fn reading<T: Send + 'static>(
        &self,
        asker: Asker,
        op: impl FnOnce(&mut Tx<'_>, &Cx<'_>) -> Result<T> + Send + 'static,
    ) -> impl FnOnce(Reply<T>) + Send + 'static {
        let house = self.clone();
        move |reply| {
            let cx = house.cx(asker);
            let done = move |outcome: Result<(T, Claim)>| {
                let _ = reply.send(outcome.map(|(value, _)| value));
            };
            house.store().check(|tx| op(tx, &cx), done);
        }
    }

    async fn changing<T: Send + 'static>(
        &self,
        asker: Asker,
        mut op: impl FnMut(&mut Tx<'_>, &Cx<'_>) -> Result<T> + Send + 'static,
        run: fn(&Store, Instant, Turn<'_, T>) -> Result<T>,
    ) -> std::result::Result<T, Trouble> {
        let house = self.clone();
        let work = move |reply: Reply<T>| {
            let cx = house.cx(asker);
            let _ = reply.send(run(house.store(), cx.now, &mut |tx| op(tx, &cx)));
        };
        self.on_pages(work).await
    }

    async fn on_pages<T: Send + 'static>(
        &self,
        work: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        self.inner.counts.pages.fetch_add(1, Ordering::Relaxed);
        self.on(&self.inner.pages, work).await
    }

    async fn on<T: Send + 'static>(
        &self,
        pool: &Pool,
        work: impl FnOnce(Reply<T>) + Send + 'static,
    ) -> std::result::Result<T, Trouble> {
        pool.run(work).await.map_err(|trouble| self.inner.counts.of(trouble))
    }
}
