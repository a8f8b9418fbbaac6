//! Certificates of many facilities' terminals, from an authority of our own, and the feed files that make facilities and
//! terminals known to a server: one from the directory's office, since only that office names both.
//!
//! Always holds: nothing here is meant for real work; all names begin with 架空; codes have their check digit, with serials
//! that we number, in the prefecture 99 that does not exist.
//! Not here: which facilities a country has (whoever prepares it).
//! Rules come from: issue 4, part E; `formats::feed`.

use super::visits::{Facility, Kind};
use base::{FacilityCode, hex};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::io;

/// Of a hundred facilities, how many are of each kind (reference on the field, section 5.1, June 2025); the third digit of
/// their codes, and their name.
const KINDS: [(Kind, &str, usize, &str, &str); 4] = [
    (Kind::Hospital, "hospital", 4, "1", "架空病院"),
    (Kind::Clinic, "clinic", 39, "1", "架空医院"),
    (Kind::Dental, "dental", 29, "3", "架空歯科医院"),
    (Kind::Pharmacy, "pharmacy", 28, "4", "架空薬局"),
];
/// The first serial of ours in each kind; smaller ones are the test patients' clinics.
const FIRST: usize = 1_000;

/// An authority for terminals' certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, PEM.
    pub pem: String,
}

/// A terminal's certificate.
pub struct Issued {
    /// Certificate and key, PEM.
    pub pem: Vec<u8>,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub fingerprint: String,
}

impl Authority {
    /// Makes one.
    pub fn make() -> io::Result<Authority> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Shikaku simulation (not an official system)");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Authority { pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// Issues a terminal's certificate.
    pub fn issue(&self, code: &str) -> io::Result<Issued> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("terminal of {code}"));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
        Ok(Issued {
            pem: format!("{}{}", certificate.pem(), key.serialize_pem()).into_bytes(),
            fingerprint: hex(digest.as_ref()),
        })
    }
}

/// A record of a feed file that admits a terminal.
pub fn record(code: &str, issued: &Issued, expires_on: &str) -> String {
    let fingerprint = &issued.fingerprint;
    format!(
        "{{\"type\":\"terminal\",\"facility\":\"{code}\",\"label\":\"simulation\",\"fingerprint\":\"{fingerprint}\",\
         \"expires_on\":\"{expires_on}\"}}\n"
    )
}

/// So many facilities of ours, in the shares of the field, with their terminals, and the feed file that names them all.
pub fn invented(authority: &Authority, count: usize, today: &str) -> io::Result<(Vec<Facility>, String)> {
    let mut feed = format!(
        "{{\"feed\":\"shikaku/1\",\"office\":\"directory\",\"delivery\":\"simulation-{today}\",\"made_on\":\"{today}\"}}\n"
    );
    let mut facilities = Vec::new();
    for number in 0..count {
        // The kind whose share is reached at this place of each hundred.
        let mut place = number * 37 % 100;
        let kind = KINDS.iter().find(|(_, _, share, _, _)| {
            let here = place < *share;
            place = place.saturating_sub(*share);
            here
        });
        let (kind, word, _, table, name) = *kind.unwrap_or(&KINDS[1]);
        let body = format!("99{table}{:06}", FIRST + number);
        let code = FacilityCode::from_body(&body).map_err(|_| io::Error::other("no code of a facility"))?;
        let issued = authority.issue(code.as_str())?;
        feed.push_str(&format!(
            "{{\"type\":\"facility\",\"code\":\"{code}\",\"name\":\"{name}{number}\",\"kind\":\"{word}\",\
             \"operates_from\":\"20211020\"}}\n{}",
            record(code.as_str(), &issued, EXPIRES_ON)
        ));
        facilities.push(Facility { code: code.to_string(), kind, terminal: issued.pem });
    }
    Ok((facilities, feed))
}

/// The certificates are gone with the folder long before.
const EXPIRES_ON: &str = "20991231";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_have_the_fields_shares_and_codes_of_their_own() {
        let authority = Authority::make().expect("an authority");
        let (facilities, feed) = invented(&authority, 100, "20261127").expect("facilities");
        let count = |kind| facilities.iter().filter(|facility| facility.kind == kind).count();
        let shares = [Kind::Hospital, Kind::Clinic, Kind::Dental, Kind::Pharmacy].map(count);
        assert_eq!(shares, [4, 39, 29, 28]);
        let codes: std::collections::BTreeSet<&str> =
            facilities.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| FacilityCode::parse(code).is_ok()));
        assert_eq!(feed.lines().count(), 201, "a header, and two records each");
        assert!(feed.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    }
}
