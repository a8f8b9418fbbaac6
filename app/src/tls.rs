//! The demo's certificates: an authority of its own, the server's, and one for each terminal, made anew at each start.
//!
//! Always holds: nothing here is meant for real work; `serve` takes certificates from files. Keys are written readable
//! by their owner only. Lifetimes are short: what is left lying about is soon worthless.
//! Not here: My Number card certificates (`pki`, later).
//! Rules come from: DESIGN section 4, "Web": reissued at each demo start, PEM and p12 and a curl line.

use base::{Error, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;

/// An authority that issues the demo's certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
}

/// A certificate with its key.
pub struct Issued {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The certificate, DER.
    pub certificate: CertificateDer<'static>,
    /// The key, PKCS#8 PEM.
    pub key_pem: String,
    /// The key, PKCS#8 DER.
    pub key: Vec<u8>,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The password of the `.p12` files: it guards nothing, but importers ask for one.
pub const P12_PASSWORD: &str = "shikaku";

fn fault(what: &'static str) -> impl Fn(rcgen::Error) -> Error {
    move |e| base::Fault::caused(what, e).into()
}

fn params(name: &str, now_ms: i64, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "Shikaku demo (not an official system)");
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    let moment =
        |ms: i64| rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_millis(ms.max(0) as u64);
    params.not_before = moment(now_ms - DAY_MS);
    params.not_after = moment(now_ms + days * DAY_MS);
    params
}

/// A certificate as PEM.
pub fn pem(der: &[u8]) -> String {
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

impl Authority {
    /// Makes an authority.
    pub fn make(now_ms: i64) -> Result<Authority> {
        let key = KeyPair::generate().map_err(fault("no key for the demo's authority"))?;
        let mut params = params("Shikaku demo authority", now_ms, 30);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate =
            params.self_signed(&key).map_err(fault("no certificate for the demo's authority"))?;
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Ok(Authority { issuer: Issuer::new(params, key), pem, der })
    }

    /// The authority's certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The authority's certificate, DER.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Issues the server's certificate for the loopback names.
    pub fn server(&self, now_ms: i64) -> Result<Issued> {
        let mut params = params("Shikaku demo server", now_ms, 30);
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        params.subject_alt_names =
            CertificateParams::new(names).map_err(fault("no names for the demo's server"))?.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// Issues a terminal's certificate.
    pub fn terminal(&self, facility_code: &str, now_ms: i64) -> Result<Issued> {
        let mut params = params(&format!("terminal of {facility_code}"), now_ms, 30);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    fn issue(&self, params: CertificateParams) -> Result<Issued> {
        let key = KeyPair::generate().map_err(fault("no key for a certificate"))?;
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(fault("a certificate could not be signed"))?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key_pem: key.serialize_pem(),
            key: key.serialize_der(),
        })
    }
}

impl Issued {
    /// Certificate, key and authority as PKCS#12, for Windows and browsers.
    pub fn p12(&self, authority: &Authority) -> Result<Vec<u8>> {
        use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
        let fault = |e: p12_keystore::error::Error| Error::broken(format!("no PKCS#12 file: {e}"));
        let own = Certificate::from_der(&self.certificate).map_err(fault)?;
        let ca = Certificate::from_der(authority.der()).map_err(fault)?;
        let key = PrivateKey::from_der(&self.key).map_err(fault)?;
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(b"terminal".as_slice(), key, [own, ca]);
        store.add_entry("terminal", KeyStoreEntry::PrivateKeyChain(chain));
        store.writer(P12_PASSWORD).write().map_err(fault)
    }
}
