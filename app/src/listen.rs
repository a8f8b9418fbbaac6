//! The two listeners: pages (http) and machines (https with client certificates).
//!
//! Always holds: a machine is whoever its certificate says, looked up again at most a second after the last time, so a
//! barred one is refused within a second even on an open connection (within ten while look-ups fail); a look-up
//! that fails makes nobody unknown: it is answered 503, and a terminal keeps its request; connections are bounded, of
//! one certificate too; none holds its place for ever, however slowly it asks or reads; both listeners stop taking work
//! when told to and let what runs finish, for a while.
//! Not here: what a route does; whether a visitor may (`web::routes`).
//! Rules come from: DESIGN section 4, "Two listeners"; the issue, part C.

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use base::{Actor, Fault, Lang, Purpose, Refusal, Result};
use counter::refusals::{BROKEN, BUSY};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use store::Tx;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Mutex, Semaphore, watch},
    time::{Instant, Sleep, sleep, timeout},
};
use tower::ServiceExt;
use web::{
    house::{Asker, House, Trouble},
    lang::lang_of,
    problem,
    routes::Machine,
};

/// Opens a listener; the one place that does.
#[expect(clippy::disallowed_methods, reason = "the one place that opens listening sockets")]
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| {
        Fault::caused(format!("cannot listen on {address}; is another program using it?"), e).into()
    })
}

/// Ends when everything is told to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// How long things may take.
#[derive(Clone, Copy)]
struct Bounds {
    /// A handshake, and the head of a request; so also how long a connection may be silent between two requests.
    head: Duration,
    /// A request: reading its body and running its handler.
    request: Duration,
    /// Taking what is sent: the kernel's buffer is full this long only.
    write: Duration,
    /// What still runs when the listeners are told to stop.
    stop: Duration,
}

const BOUNDS: Bounds = Bounds {
    head: Duration::from_secs(10),
    request: Duration::from_secs(30),
    write: Duration::from_secs(30),
    stop: Duration::from_secs(10),
};
/// Connections of browsers at once.
const PAGES_CONNECTIONS_MAX: usize = 512;
/// Connections of one certificate at once, so that one terminal cannot take every place.
const CERTIFICATE_CONNECTIONS_MAX: usize = 512;
/// The wait after a connection could not be accepted: when files run out, trying again at once only burns a core.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves pages until told to stop.
pub async fn pages(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) -> Result<()> {
    pages_within(BOUNDS, listener, router, stop).await;
    Ok(())
}

async fn pages_within(bounds: Bounds, listener: TcpListener, router: Router, stop: watch::Receiver<bool>) {
    let browser = |socket: Steady, stop: watch::Receiver<bool>| {
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let request = request.map(Body::new);
            let lang = lang_of(request.headers(), request.uri().query());
            within(bounds, router.clone().oneshot(request), move || problem::broken(lang))
        });
        converse(bounds, socket, service, stop)
    };
    accept(bounds, listener, PAGES_CONNECTIONS_MAX, stop, browser).await;
}

/// Accepts until told to stop; then waits for what runs, but not for ever.
async fn accept<F: Future<Output = ()> + Send + 'static>(
    bounds: Bounds,
    listener: TcpListener,
    connections_max: usize,
    mut stop: watch::Receiver<bool>,
    serve: impl Fn(Steady, watch::Receiver<bool>) -> F,
) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    let places = Arc::new(Semaphore::new(connections_max));
    loop {
        let accepted = tokio::select! {
            () = told(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            // These are about the one connection, which is gone.
            Err(e) if matches!(e.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => continue,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted; trying again in a moment");
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            continue; // dropped: the other side sees a closed connection and asks again
        };
        let _ = socket.set_nodelay(true);
        let conversation = serve(Steady { socket, patience: bounds.write, stalled: None }, stop.clone());
        tokio::spawn(async move {
            let _place = place;
            conversation.await;
        });
    }
    drop(listener);
    // What runs may finish: a place is free when its connection has ended.
    let all = places.acquire_many(u32::try_from(connections_max).unwrap_or(u32::MAX));
    let _ = timeout(bounds.stop, all).await;
}

/// Serves one connection until it ends or everything is told to stop.
async fn converse<I, S, F>(bounds: Bounds, stream: I, service: S, mut stop: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Unpin,
    S: hyper::service::Service<hyper::Request<Incoming>, Response = Response, Error = Infallible, Future = F>,
    F: Future<Output = std::result::Result<Response, Infallible>>,
{
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = &mut connection => {}
        () = told(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// The answer, or another one when it takes too long: a body that trickles in ends here, and its connection too.
async fn within(
    bounds: Bounds,
    answer: impl Future<Output = std::result::Result<Response, Infallible>>,
    late: impl FnOnce() -> Response,
) -> std::result::Result<Response, Infallible> {
    if let Ok(answered) = timeout(bounds.request, answer).await {
        return answered;
    }
    tracing::warn!("a request was not finished in time and was given up");
    let mut response = late();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}

/// A socket whose other side must take what it is sent. The clock runs from the first write that does not fit the
/// kernel's buffer until one fits whole: reading a byte now and then does not stop it.
struct Steady {
    socket: TcpStream,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Steady {
    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
        whole: usize,
    ) -> Poll<io::Result<usize>> {
        if matches!(&wrote, Poll::Ready(Ok(taken)) if *taken >= whole) {
            self.stalled = None;
            return wrote;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        if wrote.is_pending() && stalled.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        wrote
    }
}

impl AsyncRead for Steady {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Steady {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.judge(cx, wrote, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write_vectored(cx, parts);
        self.judge(cx, wrote, parts.iter().map(|part| part.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// The TLS settings of the machines' door: only certificates of the terminals' authority are let in.
pub fn machine_tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authority: &[CertificateDer<'static>],
) -> Result<Arc<ServerConfig>> {
    let fault = |e: rustls::Error| Fault::caused("the machines' certificates do not fit together", e);
    let mut roots = RootCertStore::empty();
    for certificate in authority {
        roots.add(certificate.clone()).map_err(fault)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|e| Fault::caused("the terminals' authority cannot be used", e))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(fault)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(fault)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A machine is looked up again when the last time is longer ago.
const LOOK_UP_EVERY: Duration = Duration::from_secs(1);
/// While look-ups fail, a machine is taken for what it was this long.
const LOOK_UP_LASTS: Duration = Duration::from_secs(10);

/// The machines' door.
pub struct MachineDoor {
    /// What it serves.
    pub router: Router,
    /// The house, for looking terminals up.
    pub house: House,
    /// TLS settings.
    pub tls: Arc<ServerConfig>,
    /// Connections at once.
    pub connections_max: usize,
}

/// Serves machines until told to stop.
pub async fn machines(listener: TcpListener, door: MachineDoor, stop: watch::Receiver<bool>) -> Result<()> {
    let acceptor = tokio_rustls::TlsAcceptor::from(door.tls.clone());
    let connections_max = door.connections_max;
    let (door, shares) = (Arc::new(door), Arc::new(Shares::default()));
    let machine = |socket: Steady, stop: watch::Receiver<bool>| {
        let (door, shares, acceptor) = (door.clone(), shares.clone(), acceptor.clone());
        async move {
            let Ok(Ok(stream)) = timeout(BOUNDS.head, acceptor.accept(socket)).await else { return };
            let certificates = stream.get_ref().1.peer_certificates();
            let Some(certificate) = certificates.and_then(<[_]>::first) else { return };
            let fingerprint = fingerprint(certificate);
            let Some(_share) = Share::take(&shares, fingerprint) else { return };
            let known = Arc::new(Mutex::new(Known { fingerprint, last: None }));
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let (door, known) = (door.clone(), known.clone());
                let request = request.map(Body::new);
                let lang = lang_of(request.headers(), request.uri().query());
                let answer = async move { serve_machine(&door, &known, lang, request).await };
                within(BOUNDS, answer, move || unavailable(lang, Trouble::Broken))
            });
            converse(BOUNDS, stream, service, stop).await;
        }
    };
    accept(BOUNDS, listener, connections_max, stop, machine).await;
    Ok(())
}

async fn serve_machine(
    door: &MachineDoor,
    known: &Mutex<Known>,
    lang: Lang,
    mut request: Request,
) -> std::result::Result<Response, Infallible> {
    match recognise(&door.house, known).await {
        Ok(Some(machine)) => {
            request.extensions_mut().insert(machine);
        }
        Ok(None) => {}
        Err(trouble) => return Ok(unavailable(lang, trouble)),
    }
    door.router.clone().oneshot(request).await
}

/// Always 503, on which terminals keep their request and ask again; any other status may make them forget it.
fn unavailable(lang: Lang, trouble: Trouble) -> Response {
    let help = match trouble {
        Trouble::Busy => &BUSY,
        Trouble::Broken => &BROKEN,
    };
    problem::problem(lang, &Refusal::new(help, 503))
}

/// How many connections each certificate has.
#[derive(Default)]
struct Shares(std::sync::Mutex<HashMap<[u8; 32], usize>>);

/// One connection's share; given back when dropped.
struct Share {
    of: Arc<Shares>,
    fingerprint: [u8; 32],
}

impl Share {
    fn take(of: &Arc<Shares>, fingerprint: [u8; 32]) -> Option<Share> {
        let mut shares = of.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = shares.entry(fingerprint).or_default();
        if *taken >= CERTIFICATE_CONNECTIONS_MAX {
            return None;
        }
        *taken += 1;
        Some(Share { of: of.clone(), fingerprint })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut shares = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = shares.get_mut(&self.fingerprint) {
            *taken -= 1;
            if *taken == 0 {
                shares.remove(&self.fingerprint);
            }
        }
    }
}

/// Who a connection is, and when that was last looked up: by a clock that never goes back, unlike the wall's.
struct Known {
    fingerprint: [u8; 32],
    last: Option<(Instant, Option<Machine>)>,
}

/// The SHA-256 of a certificate: how terminals and offices are known.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate).as_ref());
    out
}

async fn recognise(house: &House, known: &Mutex<Known>) -> std::result::Result<Option<Machine>, Trouble> {
    let mut known = known.lock().await;
    let now = Instant::now();
    if let Some((_, machine)) = known.last.filter(|(at, _)| now.duration_since(*at) < LOOK_UP_EVERY) {
        return Ok(machine);
    }
    let fingerprint = known.fingerprint;
    let asker = Asker::new(Actor::System, Purpose::Operation);
    match house.gate(asker, move |tx, cx| machine(tx, &fingerprint, cx.now)).await {
        Ok(machine) => {
            known.last = Some((now, machine));
            Ok(machine)
        }
        // Only who was known is let on: somebody unknown may have been admitted meanwhile, and is told to come again.
        Err(trouble) => match known.last {
            Some((at, Some(machine))) if now.duration_since(at) < LOOK_UP_LASTS => Ok(Some(machine)),
            _ => Err(trouble),
        },
    }
}

/// Whose certificate it is. One that is both a terminal's and an office's, barred and expired ones too, is nobody's: a
/// machine must not get by one door what it was admitted, or barred, at the other for.
fn machine(tx: &mut Tx<'_>, fingerprint: &[u8; 32], now: base::Instant) -> Result<Option<Machine>> {
    if facilities::is_terminals(tx, fingerprint)? && intake::is_offices(tx, fingerprint)? {
        tracing::error!(
            "a client certificate is registered for a terminal and for an office and was let in as neither; give one of \
             them a new certificate (see `shikaku office list`)"
        );
        return Ok(None);
    }
    if let Some(admitted) = facilities::terminal(tx, fingerprint, now)? {
        return Ok(Some(Machine { actor: admitted.actor() }));
    }
    let office = intake::find(tx, fingerprint, now)?;
    Ok(office.map(|admitted| Machine { actor: Actor::Office { office: admitted.office.raw() } }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};
    use facilities::rules::{FacilityEntry, Kind, NewTerminal};
    use intake::rules::NewOffice;
    use std::io::{Read, Write};
    use store::testing::Dir;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(100);
    const SOON: Duration = Duration::from_secs(20);

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    /// A listener of pages within bounds, what ends it, and somebody who said something to it.
    fn said(
        runtime: &tokio::runtime::Runtime,
        bounds: Bounds,
        words: &str,
    ) -> (std::net::TcpStream, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let router = Router::new()
            .route("/large", get(|| async { "a".repeat(64 << 20) }))
            .route("/body", post(|body: String| async { body }));
        let (stop, stopped) = watch::channel(false);
        let listener = runtime.block_on(bind(([127, 0, 0, 1], 0).into())).unwrap();
        let address = listener.local_addr().unwrap();
        let task = runtime.spawn(pages_within(bounds, listener, router, stopped));
        #[expect(clippy::disallowed_methods, reason = "a test of the listener is its client")]
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        socket.write_all(words.as_bytes()).unwrap();
        (socket, stop, task)
    }

    #[test]
    fn a_half_sent_head_does_not_hold_up_the_end() {
        let runtime = runtime();
        let bounds = Bounds { head: LONG, request: LONG, write: LONG, stop: SHORT };
        let (_socket, stop, task) = said(&runtime, bounds, "GET / HTT");
        stop.send(true).unwrap();
        runtime.block_on(async { timeout(SOON, task).await }).unwrap().unwrap();
    }

    #[test]
    fn a_body_that_trickles_is_cut_off() {
        let runtime = runtime();
        let bounds = Bounds { head: LONG, request: SHORT, write: LONG, stop: SHORT };
        let words = "POST /body HTTP/1.1\r\nhost: here\r\ncontent-length: 10\r\n\r\na";
        let (mut socket, _stop, _task) = said(&runtime, bounds, words);
        let mut heard = String::new();
        socket.read_to_string(&mut heard).unwrap(); // to the end: the connection is closed
        assert!(heard.starts_with("HTTP/1.1 500 "), "{heard}");
    }

    #[test]
    fn who_never_reads_loses_the_connection() {
        let runtime = runtime();
        let bounds = Bounds { head: LONG, request: LONG, write: SHORT, stop: LONG };
        let (mut socket, stop, task) = said(&runtime, bounds, "GET /large HTTP/1.1\r\nhost: here\r\n\r\n");
        socket.read_exact(&mut [0]).unwrap(); // the answer has begun
        stop.send(true).unwrap();
        runtime.block_on(async { timeout(SOON, task).await }).unwrap().unwrap();
    }

    #[test]
    fn a_failed_look_up_makes_nobody_unknown() {
        let dir = Dir::new("look-up");
        let house = crate::visitors::tests::house(&dir);
        let machine = Machine { actor: Actor::Terminal { terminal: 1, facility: 2 } };
        runtime().block_on(async {
            let known = Mutex::new(Known { fingerprint: [1; 32], last: None });
            assert!(matches!(recognise(&house, &known).await, Ok(None)));
            let mut db = house.store().connect_main().unwrap();
            db.exec("alter table facility_terminal rename to gone", &[]).unwrap();
            let ago = async |age: Duration, machine| {
                known.lock().await.last = Instant::now().checked_sub(age).map(|at| (at, machine));
                recognise(&house, &known).await
            };
            assert!(matches!(ago(Duration::ZERO, None).await, Ok(None)), "not looked up again");
            let two = Duration::from_secs(2);
            assert_eq!(ago(two, None).await.err(), Some(Trouble::Broken));
            assert!(matches!(ago(two, Some(machine)).await, Ok(Some(_))));
            assert_eq!(ago(LOOK_UP_LASTS, Some(machine)).await.err(), Some(Trouble::Broken));
            assert_eq!(unavailable(Lang::Ja, Trouble::Broken).status(), 503);
        });
    }

    #[test]
    fn a_certificate_of_a_terminal_and_an_office_is_nobodys() {
        let dir = Dir::new("both");
        let house = crate::visitors::tests::house(&dir);
        let ids = store::testing::seeded_ids(1);
        let now = base::Instant::from_ms(1_795_748_400_000);
        let cx = base::Cx::new(now, Actor::System, Purpose::Administration, ids.as_ref());
        let (expires_at, label) = (now.plus_ms(1_000), "架空".to_owned());
        let of = |fingerprint: u8| {
            let found = house.store().look(|tx| machine(tx, &[fingerprint; 32], now)).unwrap();
            found.map(|machine| machine.actor)
        };
        let office = |n: u8| {
            let (kind, label) = (formats::feed::Office::Register, label.clone());
            let new = NewOffice { kind, label, insurer: None, fingerprint: [n; 32], expires_at };
            house.store().change(|tx| intake::admit(tx, &cx, &new)).unwrap().unwrap()
        };
        let facility = cx.id();
        let entry = FacilityEntry {
            code: base::FacilityCode::parse("0110113719").unwrap(),
            name: label.clone(),
            kind: Kind::Clinic,
            postcode: None,
            address: None,
            pre_operation_from: None,
            operates_from: None,
            closes_on: None,
        };
        house.store().record(now, |tx| facilities::record(tx, &cx, facility, &entry)).unwrap().unwrap();
        // The facilities' desk knows of no office.
        let terminal = |n: u8| {
            let new = NewTerminal { facility, label: label.clone(), fingerprint: [n; 32], expires_at };
            house.store().change(|tx| facilities::admit_terminal(tx, &cx, &new)).unwrap().unwrap()
        };
        let (_, _, _, barred_office) = (office(1), terminal(2), office(3), office(4));
        assert!(matches!(of(1), Some(Actor::Office { .. })), "an office's");
        assert!(matches!(of(2), Some(Actor::Terminal { .. })), "a terminal's");
        assert!(of(3).is_some() && of(4).is_some());
        let barred_terminal = terminal(3);
        assert_eq!(of(3), None, "both");
        house.store().change(|tx| facilities::bar_terminal(tx, &cx, barred_terminal)).unwrap().unwrap();
        assert_eq!(of(3), None, "a barred terminal's and an office's");
        house.store().change(|tx| intake::bar(tx, &cx, barred_office)).unwrap().unwrap();
        terminal(4);
        assert_eq!(of(4), None, "a barred office's and a terminal's");
    }

    #[test]
    fn one_certificate_cannot_take_every_place() {
        let shares = Arc::new(Shares::default());
        let take = |fingerprint| Share::take(&shares, [fingerprint; 32]);
        let mut taken: Vec<_> = (0..CERTIFICATE_CONNECTIONS_MAX).filter_map(|_| take(1)).collect();
        assert_eq!(taken.len(), CERTIFICATE_CONNECTIONS_MAX);
        assert!(take(1).is_none() && take(2).is_some());
        taken.pop();
        assert!(take(1).is_some());
        drop(taken);
        assert!(shares.0.lock().unwrap().is_empty());
    }
}
