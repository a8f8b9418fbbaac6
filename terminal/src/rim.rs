//! The terminal's rim: its threads, its clocks, its randomness, and the kiosk's listener.
//!
//! Always holds: nothing else in this crate reads a clock, draws randomness or starts a thread; the only other sockets
//! are those to the server (`door.rs`, `kiosk/line.rs`). A worker that panics leaves a request in the journal and goes
//! on with the next.
//! Not here: what is done (`work.rs`, `kiosk/booth.rs`).
//! Rules come from: the reference on the OQS interface, section 6.4 (network shares need polling).

use crate::face::Faces;
use crate::kiosk::Rim;
use crate::work::{Now, Terminal};
use axum::Router;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
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

/// Clock and randomness for the kiosk.
#[expect(clippy::disallowed_methods, reason = "the terminal's rim is where it draws randomness")]
pub(crate) fn for_kiosk() -> Rim {
    let clock = Clock::start();
    Rim {
        now: Box::new(move || clock.now()),
        random: Box::new(|bytes| aws_lc_rs::rand::fill(bytes).expect("the system gives randomness")),
    }
}

/// Threads that serve the kiosk's sockets.
const KIOSK_THREADS: usize = 2;
/// Threads for what reads files or waits for the line.
const KIOSK_WORKERS: usize = 16;
/// How long the kiosk may finish what is at hand: longer than the line's time-out.
const GRACE: Duration = Duration::from_secs(12);

/// A listener at work, on a runtime of its own.
pub(crate) struct Server {
    stop: tokio::sync::watch::Sender<bool>,
    thread: thread::JoinHandle<()>,
}

impl Server {
    /// Finishes what is at hand and ends.
    pub(crate) fn end(self) {
        let _ = self.stop.send(true);
        let _ = self.thread.join();
    }
}

/// Serves a router, and does what is due every so often.
#[expect(clippy::disallowed_methods, reason = "the terminal's rim opens the kiosk's listener, on loopback")]
pub(crate) fn serve(
    listen: SocketAddr,
    router: Router,
    every: Duration,
    due: impl Fn() + Send + Sync + 'static,
) -> io::Result<(SocketAddr, Server)> {
    let listener = TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(KIOSK_THREADS)
        .max_blocking_threads(KIOSK_WORKERS)
        .thread_name("kiosk")
        .enable_all()
        .build()?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let work = async move {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
            tracing::error!("kiosk.no-listener");
            return;
        };
        tokio::spawn(tick(every, due));
        let asked = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let late = asked(stopped.clone());
        let serving = axum::serve(listener, router).with_graceful_shutdown(asked(stopped));
        tokio::select! {
            _ = serving => {}
            () = async { late.await; tokio::time::sleep(GRACE).await; } => {}
        }
    };
    let thread = thread::Builder::new().name("kiosk".into()).spawn(move || {
        runtime.block_on(work);
        runtime.shutdown_timeout(GRACE);
    })?;
    Ok((address, Server { stop, thread }))
}

/// The thread that brings results into the face folder. It is the only one that waits for the share.
pub(crate) struct Courier {
    faces: Arc<Faces>,
    stop: Arc<AtomicBool>,
    ended: mpsc::Receiver<()>,
}

/// How long the courier rests when nothing waits; a call wakes it at once.
const REST: Duration = Duration::from_secs(60);
/// How long it rests when something stayed behind: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

impl Courier {
    /// Starts the thread. What a crash left on its way goes on now.
    pub(crate) fn start(faces: Arc<Faces>) -> io::Result<Courier> {
        let stop = Arc::new(AtomicBool::new(false));
        let (at_end, ended) = mpsc::channel();
        let (theirs, stopping) = (faces.clone(), stop.clone());
        thread::Builder::new().name("faces".into()).spawn(move || {
            carry(&theirs, &stopping);
            drop(theirs);
            let _ = at_end.send(());
        })?;
        Ok(Courier { faces, stop, ended })
    }

    /// Delivers once more and ends. A share that hangs is not waited for longer than the kiosk is.
    pub(crate) fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.faces.call();
        let _ = self.ended.recv_timeout(GRACE);
    }
}

fn carry(faces: &Faces, stop: &AtomicBool) {
    let mut rest = RETRY.0;
    loop {
        let last = stop.load(Ordering::Relaxed);
        // What is kept stays kept, whatever happens in here.
        if catch_unwind(AssertUnwindSafe(|| faces.deliver())).is_err() {
            tracing::error!("kiosk.panic");
        }
        if last {
            return;
        }
        if faces.waiting() == 0 {
            rest = RETRY.0;
            faces.wait_for_call(REST);
        } else {
            faces.wait_for_call(rest);
            rest = (rest * 2).min(RETRY.1);
        }
    }
}

async fn tick(every: Duration, due: impl Fn() + Send + Sync + 'static) {
    let due = std::sync::Arc::new(due);
    let mut clock = tokio::time::interval(every);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let due = due.clone();
        // A panic is in the log by the panic hook; the next tick tries again.
        let _ = tokio::task::spawn_blocking(move || due()).await;
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
