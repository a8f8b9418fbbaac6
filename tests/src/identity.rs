//! Who is let in: the certificate decides the facility; whoever has none, a foreign one, an expired or a barred one is
//! refused; pages answer only their own host and origin. OpenSSL and curl agree.
//!
//! Not here: roles and routes (`permissions`), sessions and factors (the `staff` service's own tests).
//! Rules come from: issue 2, part C; DESIGN section 4, "Two listeners".

use crate::desk::*;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use std::{ffi::OsStr, fs, process::Command};

/// An authority of the tests' own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    pub fn pem(&self) -> String {
        self.pem.clone()
    }

    /// Certificate and key for localhost.
    pub fn server(&self) -> (String, String) {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("names");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&params)
    }

    /// Certificate and key, in one PEM, of a terminal whose certificate ended in that year.
    pub fn terminal(&self, name: &str, until_year: i32) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until_year, 1, 1));
        let (certificate, key) = self.issue(&params);
        certificate + &key
    }

    fn issue(&self, params: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }
}

#[test]
fn the_certificate_decides_who_asks() {
    let home = Home::new();
    let server = home.demo(&home.data(), None, &[]);
    let ca = fs::read(server.data.join("tls/ca.pem")).expect("read");
    let question = rows(&server.data)[0].ask(&server.institution(), day(0));

    let stranger = Authority::new("Shikaku demo authority"); // the name alone is worth nothing
    let made = stranger.terminal(&format!("terminal of {}", server.institution()), 2090);
    for own in [None, Some(made.as_bytes())] {
        let machine = Machine::new(&server.machines, &ca, own);
        let refused = machine.post(None, &question.json());
        assert!(refused.is_err(), "no handshake: {refused:?}");
        assert!(machine.get("/hello").is_err());
    }
    // The server shows a certificate of the demo's authority and nobody else's.
    let own = fs::read(server.data.join("tls/terminal.pem")).expect("read");
    assert!(Machine::new(&server.machines, stranger.pem().as_bytes(), Some(&own)).get("/hello").is_err());

    // Another clinic's certificate with this one's code.
    let other = server.machine_with("terminal-9910100032.pem");
    let answer = other.check(None, &question);
    assert_eq!(answer.header.segment, "9");
    assert_eq!(answer.header.error_code.as_deref(), Some("SKC03001E"));
    assert!(answer.body.results.is_empty());
    let own = Question { institution: "9910100032".into(), ..question };
    assert_eq!(other.check(None, &own).body.validity.as_deref(), Some("1"));
    home.stop(server, None);
}

#[test]
fn certificates_that_ran_out_or_were_never_admitted_are_refused() {
    let home = Home::new();
    let data = home.data();
    let demo = home.demo(&data, None, &[]);
    let question = rows(&data)[0].ask(&demo.institution(), day(0));
    home.stop(demo, None);
    let authority = Authority::new("one authority for all");
    let (certificate, key) = authority.server();
    for (name, text) in [("ca.pem", authority.pem()), ("server.pem", certificate), ("server.key", key)] {
        fs::write(home.path(name), text).expect("written");
    }
    let path = |name: &str| home.path(name).to_string_lossy().into_owned();
    let settings = home.settings(&format!(
        "[pages]\nlisten = \"127.0.0.1:0\"\n[machines]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\n\
         terminal_authority = {:?}\n",
        path("server.pem"),
        path("server.key"),
        path("ca.pem")
    ));
    home.make_real(&data, &settings);
    let server = home.serve(&data, &settings);
    let machine =
        |pem: String| Machine::new(&server.machines, authority.pem().as_bytes(), Some(pem.as_bytes()));
    assert!(
        machine(authority.terminal("expired", 2021)).post(None, &question.json()).is_err(),
        "no handshake"
    );
    let stranger = machine(authority.terminal("not admitted", 2090));
    assert_eq!(stranger.get("/hello").expect("a public route").status, 200);
    let refused = stranger.post(None, &question.json()).expect("an answer");
    assert_eq!((refused.status, refused.header("content-type")), (403, "application/problem+json"));
    assert!(refused.body.contains("\"code\":\"web.not-permitted\""), "{}", refused.body);
    home.stop(server, Some(&settings));
}

#[test]
fn a_barred_terminal_is_refused_on_its_open_connection() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let question = rows(&data)[0].ask(&server.institution(), day(0));
    let machine = server.machine();
    assert_eq!(machine.check(None, &question).body.validity.as_deref(), Some("1"));

    let mut browser = server.browser();
    let csrf = browser.sit("facility-administrator");
    let page = browser.get("/terminals").body;
    let bar = quoted(&page, "action=\"").find(|action| action.ends_with("/bar")).expect("a form").to_owned();
    assert_eq!(browser.post(&bar, &[("csrf", &csrf)]).status, 303);
    let (refused, took) = timed(|| {
        until("the refusal", 10, || {
            let reply = machine.post(None, &question.json()).expect("the connection stays");
            (reply.status != 200).then_some(reply)
        })
    });
    assert!(took < 3_000, "refused within about a second, not {took} ms");
    assert_eq!(refused.status, 403);
    assert!(machine.post(None, &question.json()).is_ok_and(|reply| reply.status == 403), "and it stays so");
    // The clinic's own folder says so too, at once and without a verdict.
    put(&data, "barred", &question.xml("UTF-8"));
    let told = read_xml(&taken(&data, "barred"));
    assert_eq!((told.body.status.as_deref(), told.body.validity), (Some("2"), None));
    assert!(told.body.code.is_some_and(|code| code.len() == 9));
    // A new start admits a new certificate.
    home.stop(server, None);
    let server = home.demo(&data, None, &[]);
    server.assert_healthy();
    home.stop(server, None);
}

#[test]
fn pages_answer_their_own_host_and_origin_only() {
    let home = Home::new();
    let server = home.demo(&home.data(), None, &[]);
    let mut browser = server.browser();
    let own = server.pages.strip_prefix("http://").expect("http").to_owned();
    let port = own.rsplit(':').next().expect("a port");
    // Probes ask by address and learn nothing about anybody.
    for path in ["/ready", "/metrics"] {
        assert_eq!(browser.get_as(path, Some("10.0.0.1")).status, 200, "{path} for a probe");
    }
    for path in ["/", "/status", "/desks", "/assets/shikaku.css"] {
        for host in ["evil.example", "127.0.0.1.evil.example", &format!("evil.example:{port}")] {
            assert_eq!(browser.get_as(path, Some(host)).status, 403, "{path} as {host}");
        }
        assert_ne!(browser.get_as(path, Some(&format!("localhost:{port}"))).status, 403, "{path}");
    }
    let origins = [
        None,
        Some("null".to_owned()),
        Some("http://evil.example".to_owned()),
        Some(format!("http://localhost:{port}")),
        Some("http://127.0.0.1:1".to_owned()),
        Some(format!("http://{own}.evil.example")),
    ];
    for origin in &origins {
        let reply = browser.post_from("/desks/receptionist", origin.as_deref(), &[]);
        assert_eq!(reply.status, 403, "{origin:?}");
        assert!(!reply.header("set-cookie").contains("shikaku="));
    }
    browser.sit("receptionist");
    let asks = [("insurer", "06990014"), ("number", "1001"), ("birth", "19800401")];
    for origin in &origins {
        assert_eq!(browser.post_from("/reception/check", origin.as_deref(), &asks).status, 403, "{origin:?}");
    }
    assert_eq!(
        browser.post("/reception/check", &asks).status,
        403,
        "our own origin without the session's token"
    );
    let strict = browser.get("/reception");
    assert!(strict.header("content-security-policy").contains("frame-ancestors 'none'"));
    home.stop(server, None);
}

#[test]
fn openssl_and_curl_agree() {
    let home = Home::new();
    let server = home.demo(&home.data(), None, &[]);
    let tls = server.data.join("tls");
    let (ca, own, p12) = (tls.join("ca.pem"), tls.join("terminal.pem"), tls.join("terminal.p12"));
    let args = ["verify", "-purpose", "sslclient", "-CAfile"].map(OsStr::new);
    let ran = outsider("openssl", &[args.as_slice(), &[ca.as_os_str(), own.as_os_str()]].concat(), b"");
    assert!(ran.code == Some(0) && ran.out.contains(": OK"), "{ran:?}");

    let address = server.machines.strip_prefix("https://").expect("https").to_owned();
    let hello = format!("GET /hello HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let (connect, ca, own) = (OsStr::new(&address), ca.as_os_str(), own.as_os_str());
    let common = ["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost", "-connect"];
    let mut args: Vec<&OsStr> = common.map(OsStr::new).into();
    args.extend([connect, OsStr::new("-CAfile"), ca]);
    let without = outsider("openssl", &args, hello.as_bytes());
    assert!(!without.out.contains("hello"), "no certificate, no answer: {without:?}");
    args.extend([OsStr::new("-cert"), own, OsStr::new("-key"), own]);
    let with = outsider("openssl", &args, hello.as_bytes());
    assert!(with.out.contains("200 OK") && with.out.ends_with("hello"), "{with:?}");

    let args = ["pkcs12", "-passin", "pass:shikaku", "-nodes", "-in"].map(OsStr::new);
    let ran = outsider("openssl", &[args.as_slice(), &[p12.as_os_str()]].concat(), b"");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let own = fs::read_to_string(own).expect("read");
    let certificate =
        own.split("-----END CERTIFICATE-----").next().expect("a certificate").trim().replace('\r', "");
    assert!(
        ran.out.contains(&certificate) && ran.out.contains("PRIVATE KEY"),
        "the same certificate, and a key"
    );
    let wrong = ["pkcs12", "-passin", "pass:other", "-nodes", "-in"].map(OsStr::new);
    assert_ne!(outsider("openssl", &[wrong.as_slice(), &[p12.as_os_str()]].concat(), b"").code, Some(0));
    curl(&server);
    home.stop(server, None);
}

/// The line of `curl.txt`, run as it stands, with a patient's numbers in its three gaps.
#[expect(clippy::print_stderr, reason = "what is left out must be seen")]
fn curl(server: &Server) {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("curl is not on this machine: the line in curl.txt was not run");
        return;
    }
    let mut line = fs::read_to_string(server.data.join("tls/curl.txt")).expect("curl.txt");
    let rows = rows(&server.data);
    let row = rows.iter().find(|row| row.id.starts_with("P012")).expect("a patient without symbol");
    for value in [&row.insurer, &row.number, &row.birth] {
        assert!(line.contains("\"...\""));
        line = line.replacen("\"...\"", &format!("\"{value}\""), 1);
    }
    let script = format!("cd {:?} && {line}", server.data);
    let ran = outsider("sh", &["-c".as_ref(), script.as_ref()], b"");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(read_json(&ran.out).body.validity.as_deref(), Some("1"), "{}", row.id);
}
