//! The run of a part: visits begin at their times, and everything ends in an orderly way.
//!
//! Always holds: visits begin at their intended times whether or not earlier ones were answered (open loop); one thread
//! plays all desks; when the part is over, begun cards are finished and the server is told what it missed, for a while.
//! Not here: what is started around it (`stage`), outages (`outage`).
//! Rules come from: issue 4, part E.

use super::{
    arrivals::{Arrival, Run, arrivals},
    book::Book,
    curve::Part,
    desk::Terminal,
    visit::{SLIPS_MAX, visit},
    visits::{Facility, Visits, Way},
};
use crate::{chance::Chance, clock, load::client};
use std::{
    cell::{Cell, RefCell},
    io,
    net::SocketAddr,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// How a request's claim is found in the log: from a nonce and what it was spent for, to the key under which the server
/// claims it. The server's `reader` knows.
pub type Spent = fn(nonce: &str, for_what: &str) -> Option<String>;

/// After the last arrival: for patients at readers and requests on their way.
const DRAIN: Duration = Duration::from_secs(20);
/// Until the server knows what it missed.
const TELL: Duration = Duration::from_secs(90);
/// Terminals, at least: where there are fewer facilities each has so many, so that, as in a nation, hardly any check finds
/// a line that its terminal left open. Each pays for a handshake with both certificates.
const TERMINALS_MIN: usize = 60_000;

/// What a part is run with.
pub struct Setup<'s> {
    /// The part.
    pub run: Run,
    /// The seed of arrivals and desks.
    pub seed: u64,
    /// Milliseconds of the wall clock, with which keys begin; no other part's.
    pub started_ms: u128,
    /// The day that is asked about, eight figures.
    pub day: String,
    /// The authorities of the servers' certificates, PEM.
    pub authorities: &'s [u8],
    /// The servers' doors as most terminals see them.
    pub servers: &'s [SocketAddr],
    /// The doors as a third of the terminals see them: behind the line that can be cut.
    pub behind_line: &'s [SocketAddr],
    /// See [`Spent`].
    pub spent: Spent,
    /// How long pauses are, of what they are in a part of one second a minute.
    pub pauses: f64,
    /// Told to stop early.
    pub stop: &'s AtomicBool,
    /// The common begin: seconds are counted from here.
    pub start: Instant,
}

/// What the tasks of a part share; they run on one thread.
pub struct Hall {
    pub(crate) book: RefCell<Book>,
    pub(crate) facilities: Vec<Facility>,
    pub(crate) day: String,
    pub(crate) spent: Spent,
    pub(crate) pauses: f64,
    /// No visit begins or asks again any more.
    pub(crate) closing: Cell<bool>,
    /// Nobody waits any more.
    pub(crate) over: Cell<bool>,
    terminals: Vec<Vec<Rc<Terminal>>>,
    slips: RefCell<Vec<u32>>,
    start: Instant,
    started_ms: u128,
    next: Cell<u64>,
    inside: Cell<u64>,
}

impl Hall {
    fn open(setup: &Setup<'_>, visits: &dyn Visits) -> io::Result<Hall> {
        let facilities = visits.facilities().to_vec();
        let each = TERMINALS_MIN.div_ceil(facilities.len().max(1));
        let mut terminals = Vec::new();
        let mut count = 0;
        for (place, facility) in facilities.iter().enumerate() {
            let tls = client(setup.authorities, &facility.terminal)?;
            let made = (0..each).map(|_| {
                count += 1;
                // Every third one is behind the line that can be cut; servers are given in turn on both sides.
                let servers = if count % 3 == 0 { setup.behind_line } else { setup.servers };
                Rc::new(Terminal::new(place, &tls, servers, count / 3 % servers.len().max(1)))
            });
            terminals.push(made.collect());
        }
        Ok(Hall {
            book: RefCell::default(),
            slips: RefCell::new(vec![0; facilities.len()]),
            facilities,
            day: setup.day.clone(),
            spent: setup.spent,
            pauses: setup.pauses,
            closing: Cell::new(false),
            over: Cell::new(false),
            terminals,
            start: setup.start,
            started_ms: setup.started_ms,
            next: Cell::new(1),
            inside: Cell::new(0),
        })
    }

    /// From the run's begin.
    pub(crate) fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }

    /// One of a facility's terminals.
    pub(crate) fn terminal(&self, facility: usize, chance: &mut Chance) -> Rc<Terminal> {
        let here = &self.terminals[facility];
        here[chance.below(here.len() as u64) as usize].clone()
    }

    /// A request's key, as terminals make them, and its number.
    pub(crate) fn key(&self) -> (String, u64) {
        let number = self.next.replace(self.next.get() + 1);
        (format!("{:013}-{number:08}", self.started_ms), number)
    }

    /// Whether a facility may mistype once more.
    pub(crate) fn may_slip(&self, facility: usize) -> bool {
        let mut slips = self.slips.borrow_mut();
        slips[facility] += 1;
        slips[facility] <= SLIPS_MAX
    }

    fn all_terminals(&self) -> impl Iterator<Item = &Rc<Terminal>> {
        self.terminals.iter().flatten()
    }

    fn untold(&self) -> usize {
        let reporting = |terminal: &&Rc<Terminal>| terminal.is_reporting.get();
        self.all_terminals().filter(reporting).count()
    }
}

/// Runs a part and gives what was noted.
pub fn run(setup: &Setup<'_>, visits: &dyn Visits) -> io::Result<(Book, usize)> {
    let hall = Rc::new(Hall::open(setup, visits)?);
    let all = arrivals(setup.seed, &setup.run);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let lines = local.block_on(&runtime, play(setup, visits, hall.clone(), &all))?;
    drop(local);
    drop(runtime);
    let hall = Rc::into_inner(hall).ok_or_else(|| io::Error::other("a desk is still at work"))?;
    Ok((hall.book.into_inner(), lines))
}

async fn play(setup: &Setup<'_>, visits: &dyn Visits, hall: Rc<Hall>, all: &[Arrival]) -> io::Result<usize> {
    let mut lines_max = 0;
    let mut closed = 0;
    for (number, arrival) in all.iter().enumerate() {
        let due = setup.start + arrival.at;
        wait_until(due).await;
        if setup.stop.load(Ordering::Relaxed) {
            break;
        }
        hall.book.borrow_mut().lag.record(clock::now().saturating_duration_since(due));
        // Once a second, lines that were silent for long are closed.
        if hall.since(due).as_secs() > closed {
            closed = hall.since(due).as_secs();
            hall.all_terminals().for_each(|terminal| terminal.close_silent());
            lines_max = lines_max.max(hall.all_terminals().map(|terminal| terminal.lines()).sum());
        }
        let mut chance = Chance::new(setup.seed, &[setup.run.part as u64, 2, number as u64]);
        let way = if setup.run.part == Part::Night { Way::Number } else { arrival.way };
        let somebody = visits.visit(arrival.kind, way, &mut chance)?;
        hall.inside.set(hall.inside.get() + 1);
        let here = hall.clone();
        tokio::task::spawn_local(async move {
            visit(here.clone(), somebody, due, chance).await;
            here.inside.set(here.inside.get() - 1);
        });
    }
    wait_until(
        setup.start
            + Duration::from_secs(if setup.stop.load(Ordering::Relaxed) { 0 } else { setup.run.seconds }),
    )
    .await;
    hall.closing.set(true);
    let stop = || setup.stop.load(Ordering::Relaxed);
    let patience = clock::now() + DRAIN;
    while hall.inside.get() > 0 && clock::now() < patience && !stop() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let patience = clock::now() + TELL;
    while hall.untold() > 0 && clock::now() < patience && !stop() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    hall.over.set(true);
    Ok(lines_max)
}

async fn wait_until(due: Instant) {
    if let Some(left) = due.checked_duration_since(clock::now()).filter(|left| !left.is_zero()) {
        tokio::time::sleep(left).await;
    }
}
