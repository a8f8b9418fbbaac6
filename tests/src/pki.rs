//! Certificates, revocation lists and proofs before outside judges: OpenSSL on every case of ours, and NIST's suite of
//! paths (PKITS) before both.
//!
//! Always holds: nothing is accepted here that a judge refuses; where a judge refuses what we accept or the other way,
//! the difference stands beside the case with its reason.
//! Not here: what only we can know (`crates/pki` tests it alone).
//! Rules come from: issue 3, part A; the reference on the card, sections 4.2 and 6.

mod openssl;
mod pkits;

use base64::{Engine, engine::general_purpose::STANDARD};

/// One document in PEM.
fn pem(kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}
