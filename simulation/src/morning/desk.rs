//! A facility's terminal: its lines to the servers, and what it does when none answers.
//!
//! Always holds: as the terminal of the `terminal` crate does it: a kept line that turns out dead is opened anew once;
//! after eight seconds nobody is waited for; after a time-out the line is left alone for three seconds; what was not
//! answered is put to the server later, under the same key, with growing pauses.
//! With several servers a terminal begins with one of its own and goes to the next when one refuses the line, takes too
//! long, or says that it is too busy or broken. That is what a balancer in front or a second address in the terminal
//! does; the terminal of this program has one address today.
//! Not here: what is asked (`visit`), and files of clinics' software.
//! Rules come from: issue 4, part E; the terminal's opening comments.

use crate::{
    clock,
    load::{Connection, Target},
    wire::member,
};
use rustls::ClientConfig;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// Clinics' software gives up after ten seconds, so the terminal after eight.
pub const PATIENCE: Duration = Duration::from_secs(8);
/// While there is another server to ask, one is waited for so long.
const PATIENCE_ONE: Duration = Duration::from_secs(3);
/// How long the line is left alone after a time-out.
const QUIET: Duration = Duration::from_secs(3);
/// How long a terminal stays with another server before it tries its own again.
const ELSEWHERE: Duration = Duration::from_secs(20);
/// The server closes a line that was silent for ten seconds.
const KEPT: Duration = Duration::from_secs(9);
/// Codes with which the server says that it recorded nothing: too busy, broken.
const UNRECORDED: [&str; 2] = ["SKC02001W", "SKC02002W"];

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// No line.
    NoLine,
    /// No answer in time.
    TimedOut,
    /// Too busy, or broken.
    Busy,
    /// The server said no, with this status.
    Refused(u16),
}

/// A line that is open, since when it is silent, and to which server.
struct Kept {
    connection: Connection,
    since: Instant,
    server: usize,
}

/// A request that the server is to be told of.
pub struct Late {
    /// Its place in the book.
    pub entry: usize,
    /// Its bytes, with its key.
    pub request: Vec<u8>,
}

/// A terminal.
pub struct Terminal {
    /// Its facility.
    pub facility: usize,
    targets: Vec<Target>,
    own: usize,
    now_at: Cell<usize>,
    moved: Cell<Option<Instant>>,
    quiet: Cell<Option<Instant>>,
    kept: RefCell<Vec<Kept>>,
    /// What the server missed, oldest first.
    pub journal: RefCell<VecDeque<Late>>,
    /// Whether somebody is telling the server.
    pub is_reporting: Cell<bool>,
}

impl Terminal {
    /// A terminal that begins with one of the servers.
    pub fn new(facility: usize, tls: &Arc<ClientConfig>, servers: &[SocketAddr], own: usize) -> Terminal {
        Terminal {
            facility,
            targets: servers.iter().map(|address| Target::at(*address, tls.clone())).collect(),
            own,
            now_at: Cell::new(own),
            moved: Cell::new(None),
            quiet: Cell::new(None),
            kept: RefCell::default(),
            journal: RefCell::default(),
            is_reporting: Cell::new(false),
        }
    }

    /// Asks; gives the body of an answer that the server stands for.
    pub async fn ask(&self, request: &[u8]) -> Result<String, Away> {
        let begun = clock::now();
        if self.quiet.get().is_some_and(|until| begun < until) {
            return Err(Away::TimedOut);
        }
        if self.moved.get().is_some_and(|moved| begun > moved + ELSEWHERE) {
            self.moved.set(None);
            self.now_at.set(self.own);
        }
        let (first, count) = (self.now_at.get(), self.targets.len());
        let mut away = Away::NoLine;
        for turn in 0..count {
            let server = (first + turn) % count;
            let left = PATIENCE.saturating_sub(clock::now().duration_since(begun));
            let patience = if turn + 1 < count { left.min(PATIENCE_ONE) } else { left };
            match tokio::time::timeout(patience, self.once(server, request)).await {
                Ok(Ok((200, body))) if !is_unrecorded(&body) => {
                    self.stay(server);
                    return Ok(body);
                }
                Ok(Ok((200 | 429 | 503, _))) => away = Away::Busy,
                Ok(Ok((status, _))) => return Err(Away::Refused(status)),
                Ok(Err(_)) => away = Away::NoLine,
                Err(_) => away = Away::TimedOut,
            }
        }
        if away == Away::TimedOut {
            self.quiet.set(Some(clock::now() + QUIET));
        }
        Err(away)
    }

    fn stay(&self, server: usize) {
        self.quiet.set(None);
        if server != self.now_at.replace(server) {
            self.moved.set((server != self.own).then(clock::now));
        }
    }

    /// Asks one server: over a kept line, or a new one when there is none or it broke.
    async fn once(&self, server: usize, request: &[u8]) -> io::Result<(u16, String)> {
        if let Some(mut connection) = self.take(server)
            && let Ok(said) = self.over(&mut connection, request).await
        {
            self.keep(server, connection);
            return Ok(said);
        }
        let target = self.targets.get(server).ok_or_else(|| io::Error::other("no such server"))?;
        let mut connection = Connection::open(target).await?;
        let said = self.over(&mut connection, request).await?;
        self.keep(server, connection);
        Ok(said)
    }

    async fn over(&self, connection: &mut Connection, request: &[u8]) -> io::Result<(u16, String)> {
        let (status, body) = connection.ask(request).await?;
        Ok((status, String::from_utf8_lossy(body).into_owned()))
    }

    fn take(&self, server: usize) -> Option<Connection> {
        let mut kept = self.kept.borrow_mut();
        let now = clock::now();
        kept.retain(|line| now.duration_since(line.since) < KEPT);
        let place = kept.iter().rposition(|line| line.server == server)?;
        Some(kept.swap_remove(place).connection)
    }

    fn keep(&self, server: usize, connection: Connection) {
        self.kept.borrow_mut().push(Kept { connection, since: clock::now(), server });
    }

    /// Closes lines that were silent for long, as the server would.
    pub fn close_silent(&self) {
        let now = clock::now();
        self.kept.borrow_mut().retain(|line| now.duration_since(line.since) < KEPT);
    }

    /// How many lines it keeps.
    pub fn lines(&self) -> usize {
        self.kept.borrow().len()
    }
}

/// Whether an answer says that nothing was recorded.
fn is_unrecorded(body: &str) -> bool {
    let code = member(body, "ProcessingResultCode").or_else(|| member(body, "oqs"));
    code.is_some_and(|code| UNRECORDED.contains(&code))
}
