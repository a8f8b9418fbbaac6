//! The load: a fixed number of kept-alive connections over mutual TLS, one outstanding request each, on one thread.
//! In an *open* load requests have intended start times at a fixed rate; one waits for a free connection when all are
//! busy, and its latency counts from the intended start. In a *closed* load each connection asks again at once.

use crate::{clock, histogram::Histogram, wire};
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    net::SocketAddr,
    path::Path,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// After the last intended start, how long answers are waited for; what has not begun then never begins.
const GRACE: Duration = Duration::from_secs(3);
/// A phase that takes longer than its time and this has hung.
const PATIENCE: Duration = Duration::from_secs(30);
/// A longer wait than this sleeps; a shorter one watches the clock, since the runtime's timer counts milliseconds.
const WATCH: Duration = Duration::from_millis(2);
/// Requests handed out before the connections get their turn.
const HAND_OUT_MAX: u64 = 32;
/// More than any answer has.
const ANSWER_MAX: usize = 1 << 20;

/// Where to ask and who asks.
pub struct Target {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Target {
    /// A machines' door with the authority of its certificate and a terminal's certificate and key, PEM files.
    pub fn new(address: SocketAddr, authority: &Path, terminal: &Path) -> io::Result<Target> {
        Ok(Target { address, tls: client(&std::fs::read(authority)?, &std::fs::read(terminal)?)? })
    }

    /// A machines' door, asked with settings that other doors may share.
    pub(crate) fn at(address: SocketAddr, tls: Arc<ClientConfig>) -> Target {
        Target { address, tls }
    }
}

/// How a terminal speaks: the authorities of servers' certificates, and its own certificate and key; PEM.
pub(crate) fn client(authorities: &[u8], terminal: &[u8]) -> io::Result<Arc<ClientConfig>> {
    let certificates = |pem: &[u8]| -> io::Result<Vec<CertificateDer<'static>>> {
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(io::Error::other)
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        roots.add(certificate).map_err(io::Error::other)?;
    }
    let key = PrivateKeyDer::from_pem_slice(terminal).map_err(io::Error::other)?;
    let mut tls =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_client_auth_cert(certificates(terminal)?, key)
            .map_err(io::Error::other)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A facility's terminal asks once in many minutes: the server has long forgotten its session.
    tls.resumption = Resumption::disabled();
    Ok(Arc::new(tls))
}

/// What a load asks.
pub trait Questions {
    /// Writes the next request. `number` is no other request's. Gives a word for [`Questions::check`] to know the
    /// request again; none when there is nothing left to ask, which ends the phase.
    fn compose(&self, number: u64, out: &mut Vec<u8>) -> Option<u64>;

    /// Checks the answer to the request of this word.
    ///
    /// # Errors
    /// An answer that is not the expected one; it ends the bench.
    fn check(&self, word: u64, status: u16, body: &[u8]) -> io::Result<()>;

    /// Gets so many requests ready; called outside of what is measured. Most have all that they need.
    ///
    /// # Errors
    /// Whatever stands in the way of asking.
    fn supply(&self, _load: &mut Load, _count: u64) -> io::Result<()> {
        Ok(())
    }
}

/// How fast to ask.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Each connection again as soon as it has its answer.
    Closed,
    /// At so many a second.
    Open(f64),
}

/// How a phase went.
#[derive(Default)]
pub struct Outcome {
    /// Requests that were to begin in the phase.
    pub intended: u64,
    /// Answers by the end of the phase's time.
    pub in_time: u64,
    /// Answers at all.
    pub answered: u64,
    /// From the intended start to the answer.
    pub latency: Histogram,
    /// From the intended start to when the generator looked: its own lateness.
    pub lag: Histogram,
    /// The phase's time; less than was asked for when there was nothing left to ask.
    pub time: Duration,
}

impl Outcome {
    /// Answers a second, within the phase's time.
    pub fn rate(&self) -> f64 {
        self.in_time as f64 / self.time.as_secs_f64()
    }

    /// Whether the rate was kept up: nearly all answered in time, and soon.
    pub fn is_sustained(&self) -> bool {
        self.in_time as f64 >= 0.995 * self.intended as f64 && self.latency.at(0.99) < Duration::from_secs(1)
    }
}

/// Open connections. Numbers of requests run on from phase to phase, so no key is used twice.
pub struct Load {
    runtime: tokio::runtime::Runtime,
    targets: Vec<Target>,
    count: usize,
    connections: Vec<Connection>,
    next: u64,
}

impl Load {
    /// Opens so many connections, in turn to each target.
    pub fn open(targets: Vec<Target>, count: usize, first: u64) -> io::Result<Load> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut load = Load { runtime, targets, count, connections: Vec::new(), next: first };
        load.open_again()?;
        Ok(load)
    }

    /// Closes all connections and opens them anew: the server hangs up on those that were silent for long.
    pub fn open_again(&mut self) -> io::Result<()> {
        self.connections.clear();
        self.connections = self.runtime.block_on(async {
            let mut opened = Vec::new();
            for target in self.targets.iter().cycle().take(self.count) {
                opened.push(tokio::time::timeout(PATIENCE, Connection::open(target)).await??);
            }
            Ok::<_, io::Error>(opened)
        })?;
        Ok(())
    }

    /// The number of the next request.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Asks for so long, or until there is nothing left to ask.
    pub fn run(&mut self, questions: &Rc<dyn Questions>, pace: Pace, time: Duration) -> io::Result<Outcome> {
        let connections = std::mem::take(&mut self.connections);
        let board = Rc::new(Board::new(questions.clone(), pace, time, connections.len(), self.next));
        let local = tokio::task::LocalSet::new();
        let phase = local.run_until(async {
            let places = connections.into_iter().enumerate();
            let workers: Vec<_> = places
                .map(|(place, connection)| tokio::task::spawn_local(work(board.clone(), place, connection)))
                .collect();
            match pace {
                Pace::Open(rate) => hand_out(&board, rate).await,
                Pace::Closed => board.until_over().await,
            }
            let mut connections = Vec::new();
            for worker in workers {
                connections.push(worker.await.map_err(io::Error::other)??);
            }
            Ok::<_, io::Error>(connections)
        });
        let within = async { tokio::time::timeout(time + GRACE + PATIENCE, phase).await };
        self.connections = self.runtime.block_on(within)??;
        self.next = board.next.get();
        let board = Rc::into_inner(board).ok_or_else(|| io::Error::other("a connection is still at work"))?;
        Ok(board.outcome.into_inner())
    }
}

/// What the phase's tasks share; they run on one thread.
struct Board {
    questions: Rc<dyn Questions>,
    pace: Pace,
    start: Instant,
    end: Cell<Instant>,
    over: Cell<bool>,
    next: Cell<u64>,
    pending: RefCell<VecDeque<Instant>>,
    idle: RefCell<VecDeque<usize>>,
    wake: Vec<Notify>,
    outcome: RefCell<Outcome>,
}

impl Board {
    fn new(questions: Rc<dyn Questions>, pace: Pace, time: Duration, places: usize, next: u64) -> Board {
        let start = clock::now();
        Board {
            questions,
            pace,
            start,
            end: Cell::new(start + time),
            over: Cell::new(false),
            next: Cell::new(next),
            pending: RefCell::default(),
            idle: RefCell::default(),
            wake: (0..places).map(|_| Notify::new()).collect(),
            outcome: RefCell::new(Outcome { time, ..Outcome::default() }),
        }
    }

    /// The intended start of the next request for a free connection; none when the phase is over.
    async fn next_start(&self, place: usize) -> Option<Instant> {
        loop {
            if self.over.get() {
                return None;
            }
            match self.pace {
                Pace::Closed => {
                    let now = clock::now();
                    return (now < self.end.get()).then_some(now);
                }
                Pace::Open(_) => {
                    if let Some(due) = self.pending.borrow_mut().pop_front() {
                        return Some(due);
                    }
                    self.idle.borrow_mut().push_back(place);
                    self.wake[place].notified().await;
                }
            }
        }
    }

    fn hand_over(&self, due: Instant) {
        self.pending.borrow_mut().push_back(due);
        if let Some(place) = self.idle.borrow_mut().pop_front() {
            self.wake[place].notify_one();
        }
    }

    /// Waits for the end of a closed load.
    async fn until_over(&self) {
        while !self.over.get() && clock::now() < self.end.get() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Ends a phase for which there is nothing left to ask; it took as long as it took.
    fn end_early(&self) {
        if !self.over.get() {
            self.end();
            let now = clock::now();
            self.end.set(self.end.get().min(now));
            self.outcome.borrow_mut().time = self.end.get().duration_since(self.start);
        }
    }

    /// Ends the phase; what has not begun counts with the time that it has waited.
    fn end(&self) {
        self.over.set(true);
        let now = clock::now();
        let latency = &mut self.outcome.borrow_mut().latency;
        self.pending.borrow_mut().drain(..).for_each(|due| latency.record(now.duration_since(due)));
        self.wake.iter().for_each(Notify::notify_one);
    }

    fn answered(&self, due: Instant) {
        let now = clock::now();
        let mut outcome = self.outcome.borrow_mut();
        outcome.latency.record(now.duration_since(due));
        outcome.answered += 1;
        outcome.in_time += u64::from(now <= self.end.get());
        if matches!(self.pace, Pace::Closed) {
            outcome.intended += 1;
        }
    }
}

/// Hands requests out at their times, then waits until all are answered or the grace is over.
async fn hand_out(board: &Board, rate: f64) {
    let time = board.end.get().duration_since(board.start);
    let count = (rate * time.as_secs_f64()) as u64;
    board.outcome.borrow_mut().intended = count;
    for number in 0..count {
        let due = board.start + Duration::from_secs_f64(number as f64 / rate);
        if number % HAND_OUT_MAX == 0 {
            tokio::task::yield_now().await;
        }
        wait_until(due).await;
        if board.over.get() {
            return;
        }
        board.outcome.borrow_mut().lag.record(clock::now().duration_since(due));
        board.hand_over(due);
    }
    while !board.over.get() {
        let answered = board.outcome.borrow().answered;
        let now = clock::now();
        if now > board.end.get() + GRACE || (now > board.end.get() && answered == count) {
            board.end();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn wait_until(due: Instant) {
    loop {
        match due.checked_duration_since(clock::now()) {
            None | Some(Duration::ZERO) => return,
            Some(left) if left > WATCH => tokio::time::sleep(left - WATCH).await,
            Some(_) => tokio::task::yield_now().await,
        }
    }
}

async fn work(board: Rc<Board>, place: usize, mut connection: Connection) -> io::Result<Connection> {
    let mut request = Vec::new();
    while let Some(due) = board.next_start(place).await {
        let number = board.next.replace(board.next.get() + 1);
        let Some(word) = board.questions.compose(number, &mut request) else {
            board.next.set(number);
            board.end_early();
            return Ok(connection);
        };
        let right = match connection.ask(&request).await {
            Ok((status, body)) => board.questions.check(word, status, body),
            Err(error) => Err(error),
        };
        if right.is_err() {
            board.end();
        }
        right?;
        board.answered(due);
    }
    Ok(connection)
}

/// A connection with what it has read so far.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(target: &Target) -> io::Result<Connection> {
        #[expect(clippy::disallowed_methods, reason = "the generator is a client, on loopback only")]
        let socket = TcpStream::connect(target.address).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let stream = TlsConnector::from(target.tls.clone()).connect(name, socket).await?;
        Ok(Connection { stream, read: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads its answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.read.clear();
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::Error::other("the server closed a connection in the middle of an answer"));
            }
            if let Some((status, begin, length)) = wire::head(&self.read)?
                && self.read.len() >= begin + length
            {
                return Ok((status, &self.read[begin..begin + length]));
            }
            if self.read.len() > ANSWER_MAX {
                return Err(io::Error::other("an answer without an end"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};

    /// So many questions, and the numbers that they got.
    struct Few {
        left: Cell<u64>,
        numbers: RefCell<Vec<u64>>,
    }

    impl Questions for Few {
        fn compose(&self, number: u64, out: &mut Vec<u8>) -> Option<u64> {
            self.left.set(self.left.get().checked_sub(1)?);
            self.numbers.borrow_mut().push(number);
            out.clear();
            out.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
            Some(number)
        }

        fn check(&self, _word: u64, status: u16, body: &[u8]) -> io::Result<()> {
            if status == 200 && body == b"hello" { Ok(()) } else { Err(io::Error::other("not hello")) }
        }
    }

    /// A server that says hello, and the way to it. It ends with the test.
    fn server() -> Target {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let certificate = made.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .and_then(|tls| tls.with_no_client_auth().with_single_cert(vec![certificate.clone()], key))
            .expect("a server");
        #[expect(clippy::disallowed_methods, reason = "the test's own server, on loopback only")]
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            let tls = Arc::new(tls);
            for socket in listener.incoming().map_while(Result::ok) {
                let tls = tls.clone();
                std::thread::spawn(move || {
                    let connection = rustls::ServerConnection::new(tls).expect("TLS");
                    let mut stream = rustls::StreamOwned::new(connection, socket);
                    let mut asked = [0; 64];
                    while io::Read::read(&mut stream, &mut asked).is_ok_and(|count| count > 0) {
                        let said = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
                        io::Write::write_all(&mut stream, said).expect("an answer");
                    }
                });
            }
        });
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a root");
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Target { address, tls: Arc::new(tls) }
    }

    #[test]
    fn a_load_ends_when_there_is_nothing_left_to_ask_and_numbers_run_on() {
        let mut load = Load::open(vec![server()], 3, 100).expect("connections");
        let few = |count| Rc::new(Few { left: Cell::new(count), numbers: RefCell::default() });
        let (closed, open) = (few(20), few(20));
        let long = Duration::from_secs(60);
        let outcome = load.run(&(closed.clone() as Rc<dyn Questions>), Pace::Closed, long).expect("a load");
        assert_eq!((outcome.answered, outcome.intended, load.next()), (20, 20, 120));
        assert!(outcome.time < long && outcome.rate() > 20.0 / 60.0, "{:?}", outcome.time);
        load.open_again().expect("connections");
        let outcome =
            load.run(&(open.clone() as Rc<dyn Questions>), Pace::Open(2_000.0), long).expect("a load");
        assert_eq!((outcome.answered, load.next()), (20, 140));
        let mut numbers = [closed.numbers.take(), open.numbers.take()].concat();
        numbers.sort_unstable();
        assert_eq!(numbers, (100..140).collect::<Vec<u64>>());
    }
}
