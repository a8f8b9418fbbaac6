//! The two listeners: pages (http) and machines (https with client certificates).
//!
//! Always holds: a machine is whoever its certificate says, looked up again at most a second after the last time, so a
//! barred terminal is refused within a second even on an open connection; connections are bounded; a slow or silent
//! handshake is cut off; both listeners stop taking work when told to and let what runs finish.
//! Not here: what a route does; whether a visitor may (`web::routes`).
//! Rules come from: DESIGN section 4, "Two listeners"; the issue, part C.

use axum::{Router, body::Body, extract::Request, response::Response};
use base::{Actor, Fault, Purpose, Result};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex, Semaphore, watch},
};
use tower::ServiceExt;
use web::{
    house::{Asker, House},
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

/// Serves pages until told to stop.
pub async fn pages(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) -> Result<()> {
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            told(&mut stop).await;
        })
        .await
        .map_err(|e| Fault::caused("the pages' listener ended", e).into())
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

/// How long a handshake, and the head of a request, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A machine is looked up again when the last time is longer ago.
const LOOK_UP_EVERY_MS: i64 = 1000;

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
pub async fn machines(
    listener: TcpListener,
    door: MachineDoor,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let door = Arc::new(door);
    let places = Arc::new(Semaphore::new(door.connections_max));
    let acceptor = tokio_rustls::TlsAcceptor::from(door.tls.clone());
    loop {
        let accepted = tokio::select! {
            () = told(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else { continue };
        let Ok(place) = places.clone().try_acquire_owned() else {
            continue; // dropped: the other side sees a closed connection and asks again
        };
        let (door, acceptor, stop) = (door.clone(), acceptor.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let _ = socket.set_nodelay(true);
            if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(socket)).await {
                converse(stream, door, stop).await;
            }
        });
    }
    // What runs may finish: a place is free when its connection has ended.
    let all = places.acquire_many(u32::try_from(door.connections_max).unwrap_or(u32::MAX));
    let _ = tokio::time::timeout(PATIENCE, all).await;
    Ok(())
}

/// Who a connection is, and when that was last looked up.
struct Known {
    fingerprint: [u8; 32],
    looked_up_ms: i64,
    machine: Option<Machine>,
}

async fn converse(
    stream: tokio_rustls::server::TlsStream<TcpStream>,
    door: Arc<MachineDoor>,
    mut stop: watch::Receiver<bool>,
) {
    let certificates = stream.get_ref().1.peer_certificates();
    let Some(certificate) = certificates.and_then(<[_]>::first) else { return };
    let known = Arc::new(Mutex::new(Known {
        fingerprint: fingerprint(certificate),
        looked_up_ms: i64::MIN,
        machine: None,
    }));
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let (door, known) = (door.clone(), known.clone());
        async move {
            let mut request = request.map(Body::new);
            if let Some(machine) = recognise(&door.house, &known).await {
                request.extensions_mut().insert(machine);
            }
            call(door.router.clone(), request).await
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
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

async fn call(router: Router, request: Request) -> std::result::Result<Response, std::convert::Infallible> {
    router.oneshot(request).await
}

/// The SHA-256 of a certificate: how terminals are known.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate).as_ref());
    out
}

async fn recognise(house: &House, known: &Mutex<Known>) -> Option<Machine> {
    let mut known = known.lock().await;
    let now = house.now();
    if now.ms().saturating_sub(known.looked_up_ms) < LOOK_UP_EVERY_MS {
        return known.machine;
    }
    let fingerprint = known.fingerprint;
    let asker = Asker::new(Actor::System, Purpose::Operation);
    let admitted = house.read(asker, move |tx, cx| facilities::terminal(tx, &fingerprint, cx.now)).await;
    known.machine = admitted.ok().flatten().map(|admitted| Machine {
        actor: Actor::Terminal { terminal: admitted.terminal.raw(), facility: admitted.facility.raw() },
    });
    known.looked_up_ms = now.ms();
    known.machine
}
