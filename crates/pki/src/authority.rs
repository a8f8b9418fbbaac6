//! The test authority: certificates of its generations, certificates of invented cards, and revocation lists, all to
//! JPKI's profile.
//!
//! Always holds: whatever it issues says O=JPKI-TEST; it has no way to issue anything else. The same question gives the
//! same bytes where the key is RSA (ECDSA draws a number for each signature).
//! Not here: which serial comes next, who gets a card, and when lists are published.
//! Rules come from: the reference on the card, section 2, field by field; the ends of validity are *ours* where said.

use crate::{
    certificate::{self, Algorithm, CERTIFICATE_BYTES_MAX, Serial},
    der,
    profile::{self, Attribute, Hierarchy, Kind},
    revocation::State,
    validity::day_ends,
};
use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base::{Date, Instant};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;
use zeroize::Zeroizing;

/// Why nothing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotIssue {
    /// The key is neither RSA-2048 nor P-384, or not in the form that was asked for.
    Key,
    /// The common name is not 23 signs (authentication) or 28 (signing) of ASCII letters and digits.
    CommonName,
    /// The four attributes are there for authentication, or missing for signing.
    Attributes,
    /// The certificate would be too large to be read from a card as cards are read.
    TooLarge,
}

/// One generation of an authority. All of a kind have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    /// What it issues.
    pub kind: Kind,
    /// The serial of its own certificate.
    pub serial: u32,
    /// First day (in Japan) of its certificate, as [`Date::as_number`].
    pub from: i64,
    /// Last day.
    pub until: i64,
}

/// The generations of the invented country: spaced as the real ones, so that no card outlives its authority. Serials are
/// the real test authority's where those are known, and else ours.
pub const GENERATIONS: [Generation; 5] = [AUTH_01, AUTH_02, AUTH_03, AUTH_04, SIGN_02];
/// Its own certificate has expired.
pub const AUTH_01: Generation = generation(Kind::Authentication, 0x01, 20_151_020, 20_251_019);
/// Issued until 2023.
pub const AUTH_02: Generation = generation(Kind::Authentication, 0xbfcd, 20_190_914, 20_290_914);
/// Issues now.
pub const AUTH_03: Generation = generation(Kind::Authentication, 0x21_8887, 20_230_716, 20_330_715);
/// The next one, for cards with P-384.
pub const AUTH_04: Generation = generation(Kind::Authentication, 0x35_1e09, 20_260_712, 20_360_711);
/// Issues signing certificates.
pub const SIGN_02: Generation = generation(Kind::Signing, 0x1e_a8a8, 20_230_716, 20_330_715);

const fn generation(kind: Kind, serial: u32, from: i64, until: i64) -> Generation {
    Generation { kind, serial, from, until }
}

/// A private key: of an authority, or of an invented card. Overwritten when dropped.
pub enum SigningKey {
    /// RSA-2048, PKCS#1 version 1.5, SHA-256.
    Rsa(RsaKeyPair),
    /// P-384, SHA-384, signatures in ASN.1.
    P384(EcdsaKeyPair),
}

impl SigningKey {
    /// From PKCS#8 in DER.
    ///
    /// # Errors
    /// [`CannotIssue::Key`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<SigningKey, CannotIssue> {
        let key = match EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8) {
            Ok(key) => SigningKey::P384(key),
            Err(_) => SigningKey::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| CannotIssue::Key)?),
        };
        // What cannot be read in a certificate is not a key of ours.
        certificate::spki_bits(&key.spki()).map_err(|_| CannotIssue::Key)?;
        Ok(key)
    }

    /// The public key as SubjectPublicKeyInfo in DER.
    pub fn spki(&self) -> Vec<u8> {
        match self {
            SigningKey::Rsa(key) => certificate::spki(key.public_key().as_ref(), true),
            SigningKey::P384(key) => certificate::spki(key.public_key().as_ref(), false),
        }
    }

    /// A signature over a message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let chance = SystemRandom::new();
        match self {
            SigningKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &chance, message, &mut signature)
                    .expect("a key that was read can sign");
                signature
            }
            SigningKey::P384(key) => {
                key.sign(&chance, message).expect("a key that was read can sign").as_ref().to_vec()
            }
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            SigningKey::Rsa(_) => Algorithm::RsaSha256,
            SigningKey::P384(_) => Algorithm::EcdsaSha384,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// The committed pool of test keys: each name (`leaf-rsa-01`) with its PKCS#8, in the order of the file, in which the
/// comment line before a key is its name. What is not in this form is passed over.
pub fn pool(pem: &str) -> Vec<(&str, Zeroizing<Vec<u8>>)> {
    let mut keys = Vec::new();
    for block in pem.split("-----END PRIVATE KEY-----") {
        let Some((before, text)) = block.split_once("-----BEGIN PRIVATE KEY-----") else { continue };
        let name = before.trim_end().rsplit_once("# ").map_or("", |(_, name)| name.trim());
        let text: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
        if let Ok(key) = STANDARD.decode(text.as_bytes()) {
            keys.push((name, Zeroizing::new(key)));
        }
    }
    keys
}

/// The municipality that hands out a card and whose revocation list has it.
#[derive(Clone, Copy, Debug)]
pub struct Municipality<'a> {
    /// E.g. `Tokyo-to`.
    pub prefecture: &'a str,
    /// E.g. `Chiyoda-ku`.
    pub name: &'a str,
}

/// The four attributes (4情報) that a signing certificate carries. Shows nothing when printed by accident.
#[derive(Clone, Copy)]
pub struct Attributes<'a> {
    /// Name as the resident register has it.
    pub name: &'a str,
    /// One `0` or `1` for each sign of the name; `1` where the sign stands for one that cannot be written.
    pub name_substitutes: &'a str,
    /// Era digit (1 明治 to 5 令和, 0 unknown) and the Gregorian day: `EYYYYMMDD`.
    pub birth: &'a str,
    /// `1` male, `2` female, `9` not applicable.
    pub sex: &'a str,
    /// Address as the resident register has it.
    pub address: &'a str,
    /// As for the name.
    pub address_substitutes: &'a str,
}

impl fmt::Debug for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attributes(…)")
    }
}

/// A certificate to be issued for a card.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// One running number for each kind of authority, across its generations.
    pub serial: Serial,
    /// 23 signs for authentication, 28 for signing; nothing of the person.
    pub common_name: &'a str,
    /// The first instant of validity; its second counts.
    pub not_before: Instant,
    /// The last second of validity; see [`validity_end`].
    pub not_after: Instant,
    /// SubjectPublicKeyInfo in DER; RSA-2048 or P-384.
    pub public_key: &'a [u8],
    /// Whose list it is on.
    pub municipality: Municipality<'a>,
    /// For signing certificates, and for them only.
    pub attributes: Option<Attributes<'a>>,
}

/// A revocation list to be issued.
#[derive(Clone, Copy, Debug)]
pub struct WantedList<'a> {
    /// Whose list.
    pub municipality: Municipality<'a>,
    /// The list's number, counting up.
    pub number: u32,
    /// From when on it is true.
    pub this_update: Instant,
    /// When a newer one comes at the latest.
    pub next_update: Instant,
    /// Serials on hold or revoked. Good ones are left out.
    pub entries: &'a [(Serial, State)],
}

/// A generation of the test authority, with its key.
#[derive(Debug)]
pub struct Authority {
    kind: Kind,
    key: SigningKey,
    key_id: Vec<u8>,
    serial: Serial,
    certificate: Vec<u8>,
}

impl Authority {
    /// Makes the generation's own certificate, signed by its key.
    ///
    /// # Errors
    /// [`CannotIssue::Key`].
    ///
    /// # Panics
    /// If the generation's serial is 0 or its days are not on the calendar.
    pub fn new(generation: &Generation, pkcs8: &[u8]) -> Result<Authority, CannotIssue> {
        let key = SigningKey::from_pkcs8(pkcs8)?;
        let spki = key.spki();
        let key_id = key_id(&spki)?;
        let digits = generation.serial.to_be_bytes();
        let digits = &digits[generation.serial.leading_zeros() as usize / 8..];
        let serial = Serial::new(digits).expect("a generation has a serial");
        let day = |number| Date::from_number(number).expect("a generation has days");
        let validity =
            validity(day(generation.from).begins(), day(generation.until).plus_days(1).begins().plus_ms(-1));
        let name = profile::issuer_name(generation.kind, Hierarchy::Test);
        let extensions = der::sequence(&[
            &extension(35, false, &authority_key_short(&key_id)),
            &extension(14, false, &der::tlv(der::OCTET_STRING, &[&key_id])),
            &extension(15, true, &[der::BIT_STRING, 2, 1, 0x06]),
            &extension(
                17,
                false,
                &der::sequence(&[&der::tlv(der::context(4), &[&service_name(generation.kind)])]),
            ),
            &extension(19, true, &der::sequence(&[&[der::BOOLEAN, 1, 0xff]])),
        ]);
        let parts: [&[u8]; 6] = [&serial_der(serial), &name, &validity, &name, &spki, &extensions];
        let certificate = sign_certificate(&key, parts);
        Ok(Authority { kind: generation.kind, key, key_id, serial, certificate })
    }

    /// Its own certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// What it issues.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Issues a certificate, in DER.
    ///
    /// # Errors
    /// Each [`CannotIssue`].
    pub fn issue(&self, wanted: &Wanted<'_>) -> Result<Vec<u8>, CannotIssue> {
        let signs = match self.kind {
            Kind::Authentication => 23,
            Kind::Signing => 28,
        };
        let ascii = wanted.common_name.bytes().all(|sign| sign.is_ascii_alphanumeric());
        if !ascii || wanted.common_name.len() != signs {
            return Err(CannotIssue::CommonName);
        }
        let key_id = key_id(wanted.public_key)?;
        let subject_key = extension(14, false, &der::tlv(der::OCTET_STRING, &[&key_id]));
        let authority_key = extension(35, false, &self.authority_key());
        let Municipality { prefecture, name } = wanted.municipality;
        let (country, common) = (Attribute::Country("JP"), Attribute::Common(wanted.common_name));
        let (subject, usage, own) = match (self.kind, wanted.attributes) {
            (Kind::Authentication, None) => {
                let own = [extended_usage(), status_service()].concat();
                (profile::name(&[country, common]), [der::BIT_STRING, 2, 7, 0x80], own)
            }
            (Kind::Signing, Some(attributes)) => {
                let places = [Attribute::Locality(prefecture), Attribute::Locality(name)];
                let subject = profile::name(&[country, places[0], places[1], common]);
                (subject, [der::BIT_STRING, 2, 6, 0xc0], subject_attributes(&attributes))
            }
            _ => return Err(CannotIssue::Attributes),
        };
        let point = der::sequence(&[&der::sequence(&[&self.list_name(wanted.municipality)])]);
        let service = der::tlv(der::context(4), &[&service_name(self.kind)]);
        let extensions = der::sequence(&[
            &extension(15, true, &usage),
            &extension(32, true, &policies(self.kind)),
            &own,
            &extension(18, false, &der::sequence(&[&service])),
            &extension(31, false, &point),
            &authority_key,
            &subject_key,
        ]);
        let issuer = profile::issuer_name(self.kind, Hierarchy::Test);
        let validity = validity(wanted.not_before, wanted.not_after);
        let serial = serial_der(wanted.serial);
        let parts: [&[u8]; 6] = [&serial, &issuer, &validity, &subject, wanted.public_key, &extensions];
        let certificate = sign_certificate(&self.key, parts);
        // Programs that read cards expect a length in two bytes.
        match certificate.len() {
            0x104..=CERTIFICATE_BYTES_MAX => Ok(certificate),
            _ => Err(CannotIssue::TooLarge),
        }
    }

    /// Issues a revocation list, in DER.
    pub fn issue_crl(&self, wanted: &WantedList<'_>) -> Vec<u8> {
        let mut entries: Vec<_> = wanted.entries.iter().collect();
        entries.sort_unstable_by_key(|(serial, _)| *serial);
        let entries: Vec<Vec<u8>> = entries.into_iter().filter_map(entry).collect();
        let entries = match entries.is_empty() {
            true => Vec::new(),
            false => der::sequence(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        };
        let part = der::sequence(&[&self.list_name(wanted.municipality)]);
        let number = der::unsigned(der::INTEGER, digits(&wanted.number.to_be_bytes()));
        let extensions = der::sequence(&[
            &extension(35, false, &authority_key_short(&self.key_id)),
            &extension(20, false, &number),
            &extension(28, true, &part),
        ]);
        let tbs = der::sequence(&[
            &[der::INTEGER, 1, 1],
            &self.key.algorithm().der(),
            &profile::issuer_name(self.kind, Hierarchy::Test),
            &der::time(wanted.this_update),
            &der::time(wanted.next_update),
            &entries,
            &der::tlv(der::context(0), &[&extensions]),
        ]);
        signed(&self.key, &tbs)
    }

    /// Key, name and serial.
    fn authority_key(&self) -> Vec<u8> {
        let name = profile::issuer_name(self.kind, Hierarchy::Test);
        let name = der::tlv(der::context(1), &[&der::tlv(der::context(4), &[&name])]);
        let serial = der::unsigned(der::context_plain(2), self.serial.as_bytes());
        der::sequence(&[&der::tlv(der::context_plain(0), &[&self.key_id]), &name, &serial])
    }

    /// The DistributionPointName of a municipality's list, tagged.
    fn list_name(&self, municipality: Municipality<'_>) -> Vec<u8> {
        let [country, organisation, unit] = profile::name_begins(self.kind, Hierarchy::Test);
        let common = format!("{} CRLDP", municipality.name);
        let name = profile::name(&[
            country,
            organisation,
            unit,
            Attribute::Unit("CRL Distribution Points"),
            Attribute::Unit(municipality.prefecture),
            Attribute::Common(&common),
        ]);
        let full = der::tlv(der::context(0), &[&der::tlv(der::context(4), &[&name])]);
        der::tlv(der::context(0), &[&full])
    }
}

/// When a certificate ends: 23:59:59 in Japan on the holder's fifth birthday after the day of issue, on the sixth if it
/// replaces one in that one's last three months, and never after the card's own last day.
///
/// A birthday on the day of issue does not count. *Ours:* whoever was born on 29 February has the birthday on
/// 28 February in every year, so that the same card does not end on different days of the month.
///
/// # Panics
/// If there is no such day of the year.
pub fn validity_end(birth: (i8, i8), issued: Date, renews_early: bool, card_until: Date) -> Instant {
    let (month, day) = if birth == (2, 29) { (2, 28) } else { birth };
    let (year, ..) = issued.parts();
    let this_year = Date::new(year, month, day).expect("a day of every year");
    let years = if renews_early { 6 } else { 5 } - i64::from(this_year > issued);
    // A certificate names whole seconds.
    day_ends(this_year.plus_years(years).min(card_until)).plus_ms(-999)
}

// Parts of certificates and lists ------------------------------------------------------------------------------------

fn sign_certificate(key: &SigningKey, parts: [&[u8]; 6]) -> Vec<u8> {
    let [serial, issuer, validity, subject, spki, extensions] = parts;
    let tbs = der::sequence(&[
        &der::tlv(der::context(0), &[&[der::INTEGER, 1, 2]]),
        serial,
        &key.algorithm().der(),
        issuer,
        validity,
        subject,
        spki,
        &der::tlv(der::context(3), &[extensions]),
    ]);
    signed(key, &tbs)
}

fn signed(key: &SigningKey, tbs: &[u8]) -> Vec<u8> {
    der::sequence(&[tbs, &key.algorithm().der(), &der::bits(&key.sign(tbs))])
}

fn validity(from: Instant, until: Instant) -> Vec<u8> {
    der::sequence(&[&der::time(from), &der::time(until)])
}

fn digits(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

fn serial_der(serial: Serial) -> Vec<u8> {
    der::unsigned(der::INTEGER, serial.as_bytes())
}

/// RFC 5280, section 4.2.1.2, method 1. The hash only tells keys apart.
fn key_id(spki: &[u8]) -> Result<Vec<u8>, CannotIssue> {
    let bits = certificate::spki_bits(spki).map_err(|_| CannotIssue::Key)?;
    Ok(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bits).as_ref().to_vec())
}

/// An extension of the arc 2.5.29.
fn extension(number: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    extension_of(&[0x55, 0x1d, number], critical, value)
}

fn extension_of(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[der::BOOLEAN, 1, 0xff] } else { &[] };
    der::sequence(&[&der::oid(oid), flag, &der::tlv(der::OCTET_STRING, &[value])])
}

fn authority_key_short(key_id: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::tlv(der::context_plain(0), &[key_id])])
}

/// The policy, and where to read it.
fn policies(kind: Kind) -> Vec<u8> {
    const STATEMENT: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01];
    let link = der::tlv(der::IA5_STRING, &[b"http://www.jpki.go.jp/cps.html"]);
    let qualifier = der::sequence(&[&der::oid(STATEMENT), &link]);
    let policy = der::oid(profile::policy(kind, Hierarchy::Test));
    der::sequence(&[&der::sequence(&[&policy, &der::sequence(&[&qualifier])])])
}

fn extended_usage() -> Vec<u8> {
    extension(37, false, &der::sequence(&[&der::oid(profile::CLIENT_AUTH)]))
}

/// Where to ask by OCSP (authorityInfoAccess).
fn status_service() -> Vec<u8> {
    const OCSP: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
    let link = der::tlv(der::context_plain(6), &[b"http://test-ocspauthnorm.jpki.go.jp"]);
    let access = der::sequence(&[&der::oid(OCSP), &link]);
    extension_of(certificate::AUTHORITY_INFORMATION, false, &der::sequence(&[&access]))
}

/// The service's name in Japanese, as issuer's and authority's alternative name.
fn service_name(kind: Kind) -> Vec<u8> {
    let unit = match kind {
        Kind::Authentication => "公的個人認証サービス利用者証明用",
        Kind::Signing => "公的個人認証サービス署名用",
    };
    profile::name(&[
        Attribute::Country("JP"),
        Attribute::Organisation("公的個人認証サービステスト"),
        Attribute::Unit(unit),
        Attribute::Unit("地方公共団体情報システム機構"),
    ])
}

/// The four attributes as subjectAltName, in the order in which test cards have them.
fn subject_attributes(attributes: &Attributes<'_>) -> Vec<u8> {
    let others: Vec<Vec<u8>> = [
        (1, attributes.name),
        (4, attributes.birth),
        (3, attributes.sex),
        (5, attributes.address),
        (2, attributes.name_substitutes),
        (6, attributes.address_substitutes),
    ]
    .iter()
    .map(|(number, text)| {
        let oid = der::oid(&[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 5, *number]);
        let text = der::tlv(der::UTF8_STRING, &[text.as_bytes()]);
        der::tlv(der::context(0), &[&oid, &der::tlv(der::context(0), &[&text])])
    })
    .collect();
    extension(17, false, &der::sequence(&others.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn entry((serial, state): &(Serial, State)) -> Option<Vec<u8>> {
    let (at, code) = match state {
        State::Good => return None,
        State::OnHold { since } => (*since, 6),
        State::Revoked { at, reason } => (*at, reason.code()),
    };
    // A reason that says nothing is left out (RFC 5280, section 5.3.1).
    let reason = match code {
        0 => Vec::new(),
        code => der::sequence(&[&extension(21, false, &[der::ENUMERATED, 1, code])]),
    };
    Some(der::sequence(&[&serial_der(*serial), &der::time(at), &reason]))
}
