//! The door to the server: one request in the JSON mirror, one answer, or the reason why there is none.
//!
//! Always holds: a request carries its id as `Idempotency-Key`, so that asking again after a lost answer yields the
//! same decision. Nothing but the CA of the settings is trusted; no system roots, no proxy, no redirect. No error
//! holds any part of a request or an answer.
//! Not here: what is told to the desk when there is no answer (`answers.rs`), when to ask again (`work.rs`).
//! Rules come from: the reference on the OQS interface, section 7 (headers; the paths are ours); docs/rules.md S1 r3.

use rustls::AlertDescription;
use serde::Deserialize;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

/// Bytes of an answer that are read; fifty results have about 200 kB.
const MOST_BYTES: u64 = 4 << 20;

/// How long the server may take to say that it turns our certificate away.
const KNOCK: Duration = Duration::from_millis(400);
/// Reads of one such knock; a handshake has three or four.
const KNOCK_READS: usize = 16;
/// Addresses of the server that are tried in such a knock.
const KNOCK_ADDRESSES: usize = 2;

/// The way to the server.
pub trait Door: Send + Sync {
    /// Asks at one of the server's paths, such as [`formats::oqs::SEARCH_PATH`], and gives the answer's bytes. The same
    /// id with the same body asks for the same decision.
    fn ask(&self, path: &'static str, request_id: &str, json: &[u8]) -> Result<Vec<u8>, Away>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Away {
    /// No connection.
    NoLine,
    /// No answer in time.
    TimedOut,
    /// The server has too much to do.
    Busy,
    /// A certificate was not accepted.
    NotTrusted,
    /// The server said no, or reported a fault of its own.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: Option<String>,
        /// The problem's text, written for the desk.
        detail: Option<String>,
    },
}

/// Where the server is, and with what the terminal shows who it is.
#[derive(Clone)]
pub struct Line {
    /// `https://host:port`, without a path.
    pub url: String,
    /// The CA of the server's certificate, PEM.
    pub ca_pem: Vec<u8>,
    /// The terminal's certificate with its chain, and its key, PEM.
    pub client_pem: Vec<u8>,
    /// How long an answer may take, in milliseconds. Clinics' systems give up at 10 s.
    pub timeout_ms: u64,
}

/// The door over HTTPS.
pub struct HttpDoor {
    agent: Agent,
    url: String,
    timeout: Duration,
    client: Arc<rustls::ClientConfig>,
}

/// Problem details as the server writes them (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    /// The nine-character code for OQS messages, when the server gives one.
    oqs: Option<String>,
    code: Option<String>,
    detail: Option<String>,
}

impl HttpDoor {
    /// Makes the door ready; connects only when something is asked.
    pub fn new(line: &Line) -> io::Result<HttpDoor> {
        let (tls, client) = tls(line)?;
        let config = Agent::config_builder()
            .tls_config(tls)
            .https_only(true)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_idle_connections_per_host(8)
            .build();
        let url = line.url.trim_end_matches('/').to_owned();
        Ok(HttpDoor { agent: config.into(), url, timeout: Duration::from_millis(line.timeout_ms), client })
    }

    /// Whether the server turns our certificate away. With TLS 1.3 it says so after the handshake, when the request is
    /// on its way: that meets a closed socket, and the alert is lost behind a broken pipe. So this writes no request.
    fn turned_away(&self) -> bool {
        let Ok(uri) = self.url.parse::<ureq::http::Uri>() else { return false };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let Ok(addresses) = (host.as_str(), uri.port_u16().unwrap_or(443)).to_socket_addrs() else {
            return false;
        };
        let alert = addresses.take(KNOCK_ADDRESSES).find_map(|address| self.knock(&host, address).ok());
        alert.flatten().is_some_and(is_about_certificate)
    }

    /// A handshake without a request: the alert with which it ends, if it does.
    #[expect(clippy::disallowed_methods, reason = "the door opens the terminal's sockets, all to the server")]
    fn knock(&self, host: &str, address: SocketAddr) -> io::Result<Option<AlertDescription>> {
        let mut socket = TcpStream::connect_timeout(&address, KNOCK)?;
        socket.set_read_timeout(Some(KNOCK))?;
        socket.set_write_timeout(Some(KNOCK))?;
        let name = host.to_owned().try_into().map_err(|_| bad("no name of a server"))?;
        let mut tls = rustls::ClientConnection::new(self.client.clone(), name).map_err(io::Error::other)?;
        for _ in 0..KNOCK_READS {
            while tls.wants_write() {
                tls.write_tls(&mut socket)?;
            }
            if tls.read_tls(&mut socket)? == 0 {
                break;
            }
            match tls.process_new_packets() {
                Ok(_) => {}
                Err(rustls::Error::AlertReceived(alert)) => return Ok(Some(alert)),
                Err(_) => break,
            }
        }
        Ok(None)
    }

    fn post(&self, path: &str, request_id: &str, json: &[u8], timeout: Duration) -> Result<Vec<u8>, Error> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("Content-Type", "application/json;charset=UTF-8")
            .header("Accept", "application/json")
            .header("Idempotency-Key", request_id)
            .config()
            .timeout_global(Some(timeout))
            .build();
        let mut response = request.send(json)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec()?;
        if status == 200 { Ok(body) } else { Err(Error::Other(Box::new(NotOk { status, body }))) }
    }
}

impl Door for HttpDoor {
    fn ask(&self, path: &'static str, request_id: &str, json: &[u8]) -> Result<Vec<u8>, Away> {
        // A kept connection may have been closed under us; the id makes a second try harmless.
        let mut answer = self.post(path, request_id, json, self.timeout);
        if answer.as_ref().is_err_and(was_cut) {
            // Shorter, so that both together stay below the 10 s after which clients give up.
            answer = self.post(path, request_id, json, self.timeout / 5);
            if answer.as_ref().is_err_and(was_cut) && self.turned_away() {
                return Err(Away::NotTrusted);
            }
        }
        answer.map_err(away)
    }
}

/// An answer with another status than 200.
struct NotOk {
    status: u16,
    body: Vec<u8>,
}

impl std::fmt::Debug for NotOk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}", self.status)
    }
}

impl std::fmt::Display for NotOk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}", self.status)
    }
}

impl std::error::Error for NotOk {}

fn was_cut(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    let cut = [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof];
    matches!(error, Error::Io(io) if cut.contains(&io.kind()) && !is_tls(io))
}

fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// Alerts by which a server says that it does not accept the certificate shown (RFC 8446, section 6.2).
fn is_about_certificate(alert: AlertDescription) -> bool {
    use AlertDescription::*;
    matches!(
        alert,
        NoCertificate
            | BadCertificate
            | UnsupportedCertificate
            | CertificateRevoked
            | CertificateExpired
            | CertificateUnknown
            | CertificateRequired
            | UnknownCA
            | AccessDenied
            | DecryptError
    )
}

fn away(error: Error) -> Away {
    match error {
        Error::Timeout(_) => Away::TimedOut,
        Error::Rustls(_) | Error::Tls(_) => Away::NotTrusted,
        Error::Io(io) if is_tls(&io) => Away::NotTrusted,
        Error::Io(io) if io.kind() == io::ErrorKind::TimedOut => Away::TimedOut,
        Error::Other(other) => match other.downcast::<NotOk>() {
            Ok(answer) => refused(answer.status, &answer.body),
            Err(_) => Away::NoLine,
        },
        _ => Away::NoLine,
    }
}

/// What an answer with another status than 200 means.
fn refused(status: u16, body: &[u8]) -> Away {
    let problem = serde_json::from_slice::<Problem>(body).ok();
    let (code, detail) = problem.map(|p| (p.oqs.or(p.code), p.detail)).unwrap_or_default();
    match status {
        429 | 503 => Away::Busy,
        504 => Away::TimedOut,
        401 | 403 if code.is_none() => Away::NotTrusted,
        status => Away::Refused { status, code, detail },
    }
}

fn tls(line: &Line) -> io::Result<(TlsConfig, Arc<rustls::ClientConfig>)> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let (roots, _) = pem(&line.ca_pem, "the CA")?;
    let (chain, key) = pem(&line.client_pem, "the terminal's certificate")?;
    let key = key.ok_or_else(|| bad("the terminal's certificate comes without a key"))?;
    if roots.is_empty() || chain.is_empty() {
        return Err(bad("a certificate is missing"));
    }
    let client = client(&provider, &roots, &chain, &key)?;
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(Some(ClientCert::new_with_certs(&chain, key)))
        .unversioned_rustls_crypto_provider(provider)
        .build();
    Ok((tls, client))
}

/// What [`HttpDoor::knock`] shakes hands with. Made before anybody is asked, because `ureq` panics at the first request
/// when key and certificate do not fit.
fn client(
    provider: &Arc<rustls::crypto::CryptoProvider>,
    roots: &[Certificate<'static>],
    chain: &[Certificate<'static>],
    key: &ureq::tls::PrivateKey<'static>,
) -> io::Result<Arc<rustls::ClientConfig>> {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let der = |c: &Certificate<'_>| CertificateDer::from(c.der()).into_owned();
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add_parsable_certificates(roots.iter().map(der));
    let key = PrivateKeyDer::try_from(key.der()).map_err(bad)?.clone_key();
    rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| bad("no TLS version"))?
        .with_root_certificates(trusted)
        .with_client_auth_cert(chain.iter().map(der).collect(), key)
        .map(Arc::new)
        .map_err(|_| bad("the terminal's certificate and key do not fit"))
}

type Pem = (Vec<Certificate<'static>>, Option<ureq::tls::PrivateKey<'static>>);

fn pem(bytes: &[u8], what: &'static str) -> io::Result<Pem> {
    let (mut certificates, mut key) = (Vec::new(), None);
    for item in parse_pem(bytes) {
        match item.map_err(|_| bad(what))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            PemItem::PrivateKey(found) => key = Some(found),
            _ => {}
        }
    }
    Ok((certificates, key))
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::oqs::{REFERENCE_PATH, SEARCH_PATH};

    #[test]
    fn problems_become_reasons() {
        assert_eq!(refused(503, b""), Away::Busy);
        assert_eq!(refused(403, b"<html>"), Away::NotTrusted);
        let problem = r#"{"code":"counter.not_started","detail":"運用開始前です。","desk":"…"}"#.as_bytes();
        let code = Some("counter.not_started".to_owned());
        let detail = Some("運用開始前です。".to_owned());
        assert_eq!(refused(403, problem), Away::Refused { status: 403, code, detail });
        assert_eq!(refused(500, b"{}"), Away::Refused { status: 500, code: None, detail: None });
    }

    /// Speaks TLS with one client after the other, by a script: what is sent back, or `None` for silence.
    fn server(
        script: Vec<Option<&'static str>>,
        keep_open: bool,
    ) -> (Line, std::thread::JoinHandle<Vec<String>>) {
        server_for(2099, &rustls::version::TLS13, script, keep_open)
    }

    /// The same, for a terminal whose certificate is good until the end of a year.
    fn server_for(
        until_year: i32,
        version: &'static rustls::SupportedProtocolVersion,
        script: Vec<Option<&'static str>>,
        keep_open: bool,
    ) -> (Line, std::thread::JoinHandle<Vec<String>>) {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::new(vec![]).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_cert = ca.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(ca, &ca_key);
        let leaf = |year: i32| {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut cert = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
            cert.not_after = rcgen::date_time_ymd(year, 12, 31);
            (cert.signed_by(&key, &issuer).unwrap(), key)
        };
        let ((own, own_key), (client, client_key)) = (leaf(2099), leaf(until_year));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca_cert.der().clone()).unwrap();
        let clients =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(vec![own.der().clone()], own_key.into())
            .unwrap();
        let listener = listen();
        let line = Line {
            url: format!("https://localhost:{}/", listener.local_addr().unwrap().port()),
            ca_pem: ca_cert.pem().into_bytes(),
            client_pem: (client.pem() + &client_key.serialize_pem()).into_bytes(),
            timeout_ms: 2_000,
        };
        let config = Arc::new(config);
        let thread = std::thread::spawn(move || {
            let mut script = script.into_iter();
            let mut heard = Vec::new();
            while script.len() > 0 {
                let (socket, _) = listener.accept().unwrap();
                let mut stream =
                    rustls::StreamOwned::new(rustls::ServerConnection::new(config.clone()).unwrap(), socket);
                while let Some(asked) = hear(&mut stream) {
                    heard.push(asked);
                    let Some(Some(said)) = script.next() else { break };
                    let length = said.split_once("\r\n\r\n").unwrap().1.len();
                    let said = said.replacen("\r\n\r\n", &format!("\r\nContent-Length: {length}\r\n\r\n"), 1);
                    io::Write::write_all(&mut stream, said.as_bytes()).unwrap();
                    if !keep_open {
                        break;
                    }
                }
            }
            heard
        });
        (line, thread)
    }

    #[expect(clippy::disallowed_methods, reason = "the other end of the door, for a test")]
    fn listen() -> std::net::TcpListener {
        std::net::TcpListener::bind("localhost:0").unwrap()
    }

    /// One request: head and body. `None` when the connection ends.
    fn hear(stream: &mut impl io::Read) -> Option<String> {
        let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
            heard.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&heard);
            if text.ends_with("{}") {
                return Some(text.into_owned());
            }
        }
    }

    const OK: &str = "HTTP/1.1 200 OK\r\n\r\nhello";

    #[test]
    fn s1_r3_a_check_goes_over_tls_with_the_certificate_on_a_kept_connection() {
        let busy = "HTTP/1.1 503 Busy\r\n\r\n";
        let (line, thread) = server(vec![Some(OK), Some(busy)], true);
        let door = HttpDoor::new(&line).unwrap();
        assert_eq!(door.ask(SEARCH_PATH, "0000000000001-00000001", b"{}"), Ok(b"hello".to_vec()));
        assert_eq!(door.ask(REFERENCE_PATH, "0000000000001-00000002", b"{}"), Err(Away::Busy));
        drop(door);
        let heard = thread.join().unwrap();
        let head = heard[0].to_lowercase();
        assert!(head.starts_with("post /oqs/v1/qualification/search http/1.1\r\n"), "{head}");
        assert!(head.contains("idempotency-key: 0000000000001-00000001\r\n"), "{head}");
        assert!(head.contains("content-type: application/json;charset=utf-8\r\n"), "{head}");
        assert!(heard[1].starts_with("POST /oqs/v1/reference/register HTTP/1.1\r\n"), "{}", heard[1]);
        assert_eq!(heard.len(), 2);
    }

    #[test]
    fn a_connection_closed_under_us_is_tried_once_more() {
        let (line, thread) = server(vec![Some(OK), Some(OK)], false);
        let door = HttpDoor::new(&line).unwrap();
        for id in ["a", "b"] {
            assert_eq!(door.ask(SEARCH_PATH, id, b"{}"), Ok(b"hello".to_vec()));
        }
        assert_eq!(thread.join().unwrap().len(), 2);
    }

    #[test]
    fn no_line_no_trust_and_no_answer_are_told_apart() {
        let (mut line, thread) = server(vec![None, Some(OK)], false);
        // Another CA: the server is not trusted, and is told so.
        let (other, _) = server(vec![], false);
        let door = HttpDoor::new(&Line { ca_pem: other.ca_pem.clone(), ..line.clone() }).unwrap();
        assert_eq!(door.ask(SEARCH_PATH, "a", b"{}"), Err(Away::NotTrusted));
        // A connection that is cut twice is no line.
        let answer = HttpDoor::new(&line).unwrap().ask(SEARCH_PATH, "a", b"{}");
        assert!(matches!(answer, Ok(_) | Err(Away::NoLine)), "{answer:?}");
        thread.join().unwrap();
        let door = HttpDoor::new(&line).unwrap();
        assert_eq!(door.ask(SEARCH_PATH, "a", b"{}"), Err(Away::NoLine));
        let listener = listen();
        line.url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        line.timeout_ms = 100;
        assert_eq!(HttpDoor::new(&line).unwrap().ask(SEARCH_PATH, "a", b"{}"), Err(Away::TimedOut));
    }

    #[test]
    fn a_certificate_that_the_server_turns_away_is_told_from_a_lost_line() {
        // Several times each: whether the alert or the broken pipe comes first is a race.
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let (expired, _) = server_for(2020, version, vec![None], false);
            let (line, _) = server_for(2099, version, vec![None], false);
            let other = server(vec![], false).0.client_pem;
            let own = rcgen::generate_simple_self_signed(vec!["own".into()]).unwrap();
            let own = (own.cert.pem() + &own.signing_key.serialize_pem()).into_bytes();
            let foreign = Line { client_pem: other, ..line.clone() };
            let unknown = Line { client_pem: own, ..line };
            for (what, line) in [("expired", expired), ("foreign CA", foreign), ("self-made", unknown)] {
                for _ in 0..10 {
                    let door = HttpDoor::new(&line).unwrap();
                    assert_eq!(
                        door.ask(SEARCH_PATH, "a", b"{}"),
                        Err(Away::NotTrusted),
                        "{what}, {version:?}"
                    );
                }
            }
        }
        // Cut without a word about certificates, twice and at the knock: no line.
        let (line, thread) = server(vec![None, None], false);
        let answer = HttpDoor::new(&line).unwrap().ask(SEARCH_PATH, "a", b"{}");
        assert_eq!(answer, Err(Away::NoLine));
        thread.join().unwrap();
    }

    #[test]
    fn nonsense_for_certificates_is_refused_at_the_start() {
        let line =
            Line { url: "https://localhost".into(), ca_pem: vec![], client_pem: vec![], timeout_ms: 1 };
        assert!(HttpDoor::new(&line).is_err());
    }
}
