//! An X.509 certificate, version 3, as RFC 5280 has it: read strictly, kept whole, and asked for its parts.
//!
//! Always holds: what was accepted has one encoding only; reading allocates once, for the copy of the bytes; every list
//! in it has a limit. An extension that is critical and not understood is remembered, never passed over.
//! Not here: which certificates are good for what (`profile`), and who signed them (`path`).
//! Rules come from: RFC 5280, section 4; the reference on the card, section 2.

use crate::{
    Refused,
    der::{self, Bad, Input, Item, Read, Span, must},
};
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base::{Instant, hex};
use std::fmt;

/// A certificate has at most so many bytes; those of cards have about 1,600.
pub const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;
const EXTENSIONS_MAX: usize = 32;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// Already as a value: it stands where other keys have other parameters.
const SECP384R1: &[u8] = &[der::OID, 5, 0x2b, 0x81, 0x04, 0x00, 0x22];
const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
pub(crate) const AUTHORITY_INFORMATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];

/// The modulus of RSA-2048: a leading zero for the sign and 256 bytes whose highest bit is set.
const RSA_2048_DIGITS: usize = 257;
/// 65537.
const RSA_EXPONENT: &[u8] = &[1, 0, 1];
/// An uncompressed point: 04 and two coordinates.
const P384_POINT: usize = 97;

/// A certificate's serial number (発行の番号): of a card's certificate, the key to its person. Shows nothing when printed
/// by accident.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial {
    /// Before the digits, so that order is that of numbers.
    len: u8,
    digits: [u8; Serial::BYTES_MAX],
}

impl Serial {
    /// RFC 5280: at most 20 bytes with the sign.
    pub const BYTES_MAX: usize = 20;

    /// From its digits to the base of 256, highest first and not zero. `None` if there is no such serial.
    pub fn new(digits: &[u8]) -> Option<Serial> {
        // The sign of a number whose highest bit is set takes a byte of its own.
        let signed = digits.len() + usize::from(digits.first()? >> 7);
        if digits[0] == 0 || signed > Serial::BYTES_MAX {
            return None;
        }
        let mut all = [0; Serial::BYTES_MAX];
        all[..digits.len()].copy_from_slice(digits);
        Some(Serial { len: digits.len() as u8, digits: all })
    }

    /// Its digits to the base of 256, highest first, without a leading zero.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }

    /// As text in small hexadecimal digits, two for each byte.
    pub fn hex(&self) -> String {
        hex(self.as_bytes())
    }

    /// Reads [`Serial::hex`].
    pub fn parse_hex(text: &str) -> Option<Serial> {
        let digit = |sign: u8| match sign {
            b'0'..=b'9' => Some(sign - b'0'),
            b'a'..=b'f' => Some(sign - b'a' + 10),
            _ => None,
        };
        let mut digits = [0; Serial::BYTES_MAX];
        let (pairs, odd) = text.as_bytes().as_chunks::<2>();
        if !odd.is_empty() || pairs.len() > digits.len() {
            return None;
        }
        for (to, [high, low]) in digits.iter_mut().zip(pairs) {
            *to = digit(*high)? << 4 | digit(*low)?;
        }
        Serial::new(&digits[..pairs.len()])
    }

    /// From an integer's content. Negative, zero and longer than 20 bytes are refused.
    pub(crate) fn read(integer: Input<'_>) -> Read<Serial> {
        let content = integer.bytes();
        der::shortest(content)?;
        must(content.len() <= Serial::BYTES_MAX && content[0] & 0x80 == 0)?;
        let digits = content.strip_prefix(&[0]).unwrap_or(content);
        Serial::new(digits).ok_or(Bad)
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Serial(…)")
    }
}

/// How something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS#1 version 1.5, over SHA-256: the cards of today.
    RsaSha256,
    /// ECDSA on P-384 over SHA-384: the next generation of cards.
    EcdsaSha384,
    /// Anything else; nothing signed so is believed.
    Other,
}

impl Algorithm {
    pub(crate) fn read(inner: Input<'_>) -> Read<Algorithm> {
        let mut inner = inner;
        let oid = inner.oid()?;
        Ok(match oid {
            RSA_SHA256 => {
                must(inner.only(der::NULL)?.is_empty())?;
                Algorithm::RsaSha256
            }
            ECDSA_SHA384 => {
                inner.end()?;
                Algorithm::EcdsaSha384
            }
            _ => {
                inner.at_most_one()?;
                Algorithm::Other
            }
        })
    }

    /// As it is written.
    pub(crate) fn der(self) -> Vec<u8> {
        match self {
            Algorithm::RsaSha256 => der::sequence(&[&der::oid(RSA_SHA256), &[der::NULL, 0]]),
            Algorithm::EcdsaSha384 => der::sequence(&[&der::oid(ECDSA_SHA384)]),
            Algorithm::Other => unreachable!("nothing is signed in a way that we do not know"),
        }
    }
}

/// What kind of key a certificate is about.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    /// Modulus and exponent.
    Rsa2048 { modulus: Span, exponent: Span },
    /// The point, uncompressed.
    P384 { point: Span },
    /// Not a key that cards have.
    Other,
}

impl Key {
    /// The key in a SubjectPublicKeyInfo.
    fn read(mut spki: Input<'_>) -> Read<(Key, Input<'_>)> {
        let mut algorithm = spki.take(der::SEQUENCE)?;
        let bits = spki.bits()?;
        spki.end()?;
        let key = match algorithm.oid()? {
            RSA_ENCRYPTION => {
                must(algorithm.only(der::NULL)?.is_empty())?;
                let mut key = bits.only(der::SEQUENCE)?;
                let (modulus, exponent) = (key.integer()?, key.integer()?);
                key.end()?;
                let ours = modulus.bytes().len() == RSA_2048_DIGITS && modulus.bytes()[0] == 0;
                match ours && exponent.bytes() == RSA_EXPONENT {
                    true => Key::Rsa2048 { modulus: modulus.after(1)?.span(), exponent: exponent.span() },
                    false => Key::Other,
                }
            }
            EC_PUBLIC_KEY if algorithm.bytes() == SECP384R1 => {
                must(bits.bytes().len() == P384_POINT && bits.bytes()[0] == 4)?;
                Key::P384 { point: bits.span() }
            }
            _ => {
                algorithm.at_most_one()?;
                Key::Other
            }
        };
        Ok((key, bits))
    }
}

/// The SubjectPublicKeyInfo of an RSA key in its own form (PKCS#1), or of a point on P-384.
pub(crate) fn spki(key: &[u8], rsa: bool) -> Vec<u8> {
    let algorithm = if rsa {
        der::sequence(&[&der::oid(RSA_ENCRYPTION), &[der::NULL, 0]])
    } else {
        der::sequence(&[&der::oid(EC_PUBLIC_KEY), SECP384R1])
    };
    der::sequence(&[&algorithm, &der::bits(key)])
}

/// The bits of a SubjectPublicKeyInfo whose key is of a kind that cards have.
pub(crate) fn spki_bits(spki: &[u8]) -> Read<&[u8]> {
    let (key, bits) = Key::read(Input::new(spki).only(der::SEQUENCE)?)?;
    must(!matches!(key, Key::Other))?;
    Ok(bits.bytes())
}

/// Checks the form of a distinguished name: its strings, and that sets are in order.
pub(crate) fn name(mut inner: Input<'_>) -> Read<()> {
    while !inner.is_empty() {
        let mut set = inner.take(der::SET)?;
        let mut before: &[u8] = &[];
        must(!set.is_empty())?;
        while !set.is_empty() {
            let pair = set.item()?;
            must(pair.tag == der::SEQUENCE && before < pair.whole.bytes())?;
            before = pair.whole.bytes();
            let mut pair = pair.value;
            pair.oid()?;
            der::text(pair.item()?)?;
            pair.end()?;
        }
    }
    Ok(())
}

/// Where revocation lists are found, as far as our lists go: by directory names.
pub(crate) type Points = [Option<Span>; 4];

/// Adds the directory names of a DistributionPointName's inside. Other forms are well-formed and not for us.
pub(crate) fn point_names(mut inner: Input<'_>, points: &mut Points) -> Read<()> {
    let full = inner.item()?;
    inner.end()?;
    if full.tag != der::context(0) {
        must(full.tag == der::context(1))?;
        return full.value.well_formed();
    }
    let mut names = full.value;
    must(!names.is_empty())?;
    while !names.is_empty() {
        let general = names.item()?;
        if general.tag != der::context(4) {
            continue;
        }
        let mut inner = general.value;
        let directory = inner.item()?;
        must(directory.tag == der::SEQUENCE)?;
        inner.end()?;
        name(directory.value)?;
        *points.iter_mut().find(|point| point.is_none()).ok_or(Bad)? = Some(directory.whole.span());
    }
    Ok(())
}

/// Which key of the issuer signed.
#[derive(Clone, Copy, Default)]
pub(crate) struct AuthorityKey {
    pub(crate) key_id: Option<Span>,
    /// The issuer's issuer: a GeneralNames of one directory name.
    pub(crate) name: Option<Span>,
    pub(crate) serial: Option<Serial>,
}

impl AuthorityKey {
    pub(crate) fn read(value: Input<'_>) -> Read<AuthorityKey> {
        let mut inner = value.only(der::SEQUENCE)?;
        let key_id = inner.take_if(der::context_plain(0))?.map(Input::span);
        let mut name = None;
        if let Some(mut names) = inner.take_if(der::context(1))? {
            let directory = names.take(der::context(4))?;
            names.end()?;
            self::name(directory.only(der::SEQUENCE)?)?;
            name = Some(directory.span());
        }
        let serial = inner.take_if(der::context_plain(2))?.map(Serial::read).transpose()?;
        inner.end()?;
        must(name.is_some() == serial.is_some())?;
        Ok(AuthorityKey { key_id, name, serial })
    }
}

/// An extension and whether it was marked as critical.
#[derive(Clone, Copy)]
pub(crate) struct Marked<T> {
    pub(crate) value: T,
    pub(crate) critical: bool,
}

/// What we read of the extensions.
#[derive(Default)]
pub(crate) struct Extensions {
    /// Named bits, `digitalSignature` as the highest.
    pub(crate) key_usage: Option<Marked<u16>>,
    extended_usage: Option<Span>,
    /// Whether the certificate is an authority's.
    pub(crate) authority: bool,
    policies: Option<Marked<Span>>,
    pub(crate) authority_key: AuthorityKey,
    subject_key: Option<Span>,
    points: Points,
    /// A critical one that we do not understand.
    pub(crate) not_understood: bool,
}

impl Extensions {
    fn read(mut list: Input<'_>) -> Read<Extensions> {
        let mut found = Extensions::default();
        let mut seen: [&[u8]; EXTENSIONS_MAX] = [&[]; EXTENSIONS_MAX];
        let mut count = 0;
        must(!list.is_empty())?;
        while !list.is_empty() {
            let mut extension = list.take(der::SEQUENCE)?;
            let oid = extension.oid()?;
            let critical = extension.flag(der::BOOLEAN)?;
            let value = extension.take(der::OCTET_STRING)?;
            extension.end()?;
            must(count < EXTENSIONS_MAX && !seen[..count].contains(&oid))?;
            seen[count] = oid;
            count += 1;
            found.add(oid, critical, value)?;
        }
        Ok(found)
    }

    fn add(&mut self, oid: &[u8], critical: bool, value: Input<'_>) -> Read<()> {
        match oid {
            [0x55, 0x1d, 15] => {
                let mut value = value;
                let bits = value.named_bits(der::BIT_STRING)?;
                value.end()?;
                self.key_usage = Some(Marked { value: bits, critical });
            }
            [0x55, 0x1d, 19] => {
                let mut inner = value.only(der::SEQUENCE)?;
                self.authority = inner.flag(der::BOOLEAN)?;
                if self.authority && inner.next_is(der::INTEGER) {
                    inner.small(der::INTEGER)?;
                }
                inner.end()?;
            }
            [0x55, 0x1d, 37] => {
                let list = value.only(der::SEQUENCE)?;
                usages_hold(list, &[])?;
                self.extended_usage = Some(list.span());
            }
            [0x55, 0x1d, 32] => {
                let list = value.only(der::SEQUENCE)?;
                policies_hold(list, &[])?;
                self.policies = Some(Marked { value: list.span(), critical });
            }
            [0x55, 0x1d, 31] => self.points = points(value.only(der::SEQUENCE)?)?,
            [0x55, 0x1d, 35] => {
                self.authority_key = AuthorityKey::read(value)?;
                self.not_understood |= critical;
            }
            [0x55, 0x1d, 14] => {
                self.subject_key = Some(value.only(der::OCTET_STRING)?.span());
                self.not_understood |= critical;
            }
            // Alternative names and where to ask: for people and other programs.
            [0x55, 0x1d, 17 | 18] | AUTHORITY_INFORMATION => {
                value.only(der::SEQUENCE)?.well_formed()?;
                self.not_understood |= critical;
            }
            _ => self.not_understood |= critical,
        }
        Ok(())
    }
}

/// Reads a list of usages to its end, and says whether this one is in it.
fn usages_hold(mut list: Input<'_>, wanted: &[u8]) -> Read<bool> {
    let mut found = false;
    must(!list.is_empty())?;
    while !list.is_empty() {
        found |= list.oid()? == wanted;
    }
    Ok(found)
}

/// Reads a list of policies to its end, and says whether this one is in it.
fn policies_hold(mut list: Input<'_>, wanted: &[u8]) -> Read<bool> {
    let mut found = false;
    must(!list.is_empty())?;
    while !list.is_empty() {
        let mut policy = list.take(der::SEQUENCE)?;
        found |= policy.oid()? == wanted;
        if let Some(qualifiers) = policy.take_if(der::SEQUENCE)? {
            must(!qualifiers.is_empty())?;
            qualifiers.well_formed()?;
        }
        policy.end()?;
    }
    Ok(found)
}

/// The directory names in a list of distribution points that are for all reasons and of the issuer's own lists.
fn points(mut list: Input<'_>) -> Read<Points> {
    let mut found = Points::default();
    must(!list.is_empty())?;
    while !list.is_empty() {
        let mut point = list.take(der::SEQUENCE)?;
        let name = point.take_if(der::context(0))?;
        let reasons = point.take_if(der::context_plain(1))?;
        let other = point.take_if(der::context(2))?;
        point.end()?;
        must(name.is_some() || other.is_some())?;
        let mut ignored = Points::default();
        let whole = reasons.is_none() && other.is_none();
        if let Some(name) = name {
            point_names(name, if whole { &mut found } else { &mut ignored })?;
        }
    }
    Ok(found)
}

/// A certificate that was read. Shows nothing when printed by accident.
pub struct Certificate {
    der: Box<[u8]>,
    tbs: Span,
    algorithm: Algorithm,
    signature: Span,
    serial: Serial,
    issuer: Span,
    subject: Span,
    not_before: Instant,
    not_after: Instant,
    key: Key,
    key_bits: Span,
    pub(crate) extensions: Extensions,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Refused::Malformed`] for anything but one whole certificate of version 3 in DER, at most
    /// [`CERTIFICATE_BYTES_MAX`] long, with a positive serial of at most 20 bytes.
    pub fn parse(der: &[u8]) -> Result<Certificate, Refused> {
        Certificate::read(der).map_err(|Bad| Refused::Malformed)
    }

    fn read(der: &[u8]) -> Read<Certificate> {
        must(der.len() <= CERTIFICATE_BYTES_MAX)?;
        let signed = Signed::read(der)?;
        let mut tbs = signed.tbs.value;
        must(tbs.take(der::context(0))?.bytes() == [der::INTEGER, 1, 2])?;
        let serial = Serial::read(tbs.integer()?)?;
        must(tbs.item()?.whole.bytes() == signed.algorithm_bytes)?;
        let issuer = tbs.item()?;
        let mut validity = tbs.take(der::SEQUENCE)?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.end()?;
        let subject = tbs.item()?;
        must(issuer.tag == der::SEQUENCE && subject.tag == der::SEQUENCE && !issuer.value.is_empty())?;
        name(issuer.value)?;
        name(subject.value)?;
        let (key, key_bits) = Key::read(tbs.take(der::SEQUENCE)?)?;
        // Unique identifiers of issuer and subject mean nothing to us.
        tbs.take_if(der::context_plain(1))?;
        tbs.take_if(der::context_plain(2))?;
        let extensions = Extensions::read(tbs.take(der::context(3))?.only(der::SEQUENCE)?)?;
        tbs.end()?;
        Ok(Certificate {
            tbs: signed.tbs.whole.span(),
            algorithm: signed.algorithm,
            signature: signed.signature.span(),
            serial,
            issuer: issuer.whole.span(),
            subject: subject.whole.span(),
            not_before,
            not_after: not_after.plus_ms(999),
            key,
            key_bits: key_bits.span(),
            extensions,
            der: der.into(),
        })
    }

    /// All of it, as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its serial number.
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// The issuer's distinguished name in DER.
    pub fn issuer(&self) -> &[u8] {
        self.issuer.of(&self.der)
    }

    /// The subject's distinguished name in DER.
    pub fn subject(&self) -> &[u8] {
        self.subject.of(&self.der)
    }

    /// The first millisecond at which it is valid.
    pub fn not_before(&self) -> Instant {
        self.not_before
    }

    /// The last millisecond at which it is valid. A certificate names a second, and is valid until that second is over.
    pub fn not_after(&self) -> Instant {
        self.not_after
    }

    /// Whether the key that it is about made this signature over the message: RSA (PKCS#1 version 1.5, SHA-256), or
    /// ECDSA (P-384, SHA-384, in ASN.1). The library compares the whole padding and digest.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.key {
            Key::Rsa2048 { modulus, exponent } => {
                let (n, e) = (modulus.of(&self.der), exponent.of(&self.der));
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Key::P384 { point } => {
                let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point.of(&self.der));
                key.verify(message, signature).is_ok()
            }
            Key::Other => false,
        }
    }

    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// The key's own bytes: PKCS#1 of RSA, the point of P-384.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.key_bits.of(&self.der)
    }

    pub(crate) fn has_card_key(&self) -> bool {
        !matches!(self.key, Key::Other)
    }

    pub(crate) fn tbs(&self) -> &[u8] {
        self.tbs.of(&self.der)
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.signature.of(&self.der)
    }

    /// The name of the key that it is about (subjectKeyIdentifier).
    pub fn subject_key(&self) -> Option<&[u8]> {
        self.extensions.subject_key.map(|span| span.of(&self.der))
    }

    /// The name of the key that signed it (authorityKeyIdentifier).
    pub fn authority_key(&self) -> Option<&[u8]> {
        self.extensions.authority_key.key_id.map(|span| span.of(&self.der))
    }

    pub(crate) fn authority_name(&self) -> Option<&[u8]> {
        self.extensions.authority_key.name.map(|span| span.of(&self.der))
    }

    /// The directory names under which revocation lists for it are published.
    pub(crate) fn points(&self) -> impl Iterator<Item = &[u8]> {
        self.extensions.points.iter().flatten().map(|span| span.of(&self.der))
    }

    /// Whether it says that its key may be used so; without any word on usage, it does not.
    pub(crate) fn has_usage(&self, usage: &[u8]) -> bool {
        let list = self.extensions.extended_usage.map(|list| Input::new(list.of(&self.der)));
        list.is_some_and(|list| usages_hold(list, usage) == Ok(true))
    }

    /// Whether it says anything on extended usage.
    pub(crate) fn limits_usage(&self) -> bool {
        self.extensions.extended_usage.is_some()
    }

    /// Whether it was issued under this policy, and says so critically.
    pub(crate) fn has_critical_policy(&self, policy: &[u8]) -> bool {
        let Some(Marked { value, critical }) = self.extensions.policies else { return false };
        critical && policies_hold(Input::new(value.of(&self.der)), policy) == Ok(true)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(…)")
    }
}

/// What certificates and revocation lists have in common: something, how it was signed, and the signature.
pub(crate) struct Signed<'a> {
    pub(crate) tbs: Item<'a>,
    pub(crate) algorithm: Algorithm,
    pub(crate) algorithm_bytes: &'a [u8],
    pub(crate) signature: Input<'a>,
}

impl<'a> Signed<'a> {
    pub(crate) fn read(document: &'a [u8]) -> Read<Signed<'a>> {
        let mut outer = Input::new(document).only(der::SEQUENCE)?;
        let (tbs, algorithm) = (outer.item()?, outer.item()?);
        let signature = outer.bits()?;
        outer.end()?;
        must(tbs.tag == der::SEQUENCE && algorithm.tag == der::SEQUENCE)?;
        Ok(Signed {
            tbs,
            algorithm: Algorithm::read(algorithm.value)?,
            algorithm_bytes: algorithm.whole.bytes(),
            signature,
        })
    }
}
