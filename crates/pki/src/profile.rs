//! What the certificates of JPKI (公的個人認証) look like: names, object identifiers, and which certificate is which.
//!
//! Always holds: the hierarchy is known by the issuer's whole name, byte for byte, and production's names and policies
//! share nothing with the test hierarchy's.
//! Not here: whether the issuer really signed (`path`), and whether the certificate still holds (`revocation`).
//! Rules come from: the reference on the card, sections 2 and 4.1; S1 r1.

use crate::{certificate::Certificate, certificate::Marked, der};
use std::sync::LazyLock;

/// What a card's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 利用者証明用電子証明書: shows who is there, and carries nothing of the person.
    Authentication,
    /// 署名用電子証明書: signs documents, and carries the four attributes.
    Signing,
}

/// Whose certificates: of the real authority, or of the test authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hierarchy {
    /// O=JPKI.
    Production,
    /// O=JPKI-TEST.
    Test,
}

pub(crate) const DIGITAL_SIGNATURE: u16 = 0x8000;
pub(crate) const NON_REPUDIATION: u16 = 0x4000;
pub(crate) const CERTIFICATE_SIGNING: u16 = 0x0400;
pub(crate) const LIST_SIGNING: u16 = 0x0200;
pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

// The policies, 1.2.392.200149.8.5.1.…
const AUTHENTICATION_TEST: &[u8] = &[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 0, 30];
const SIGNING_TEST: &[u8] = &[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 0, 20];
const SIGNING: &[u8] = &[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 1, 20];
/// Not confirmed: made from the test policy as production's signing policy is made from the test one's. The official
/// profile (プロファイル仕様書 3.2) decides; nothing else has to change.
const AUTHENTICATION: &[u8] = &[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 1, 30];

/// The policy under which such certificates are issued.
pub(crate) fn policy(kind: Kind, hierarchy: Hierarchy) -> &'static [u8] {
    match (kind, hierarchy) {
        (Kind::Authentication, Hierarchy::Production) => AUTHENTICATION,
        (Kind::Authentication, Hierarchy::Test) => AUTHENTICATION_TEST,
        (Kind::Signing, Hierarchy::Production) => SIGNING,
        (Kind::Signing, Hierarchy::Test) => SIGNING_TEST,
    }
}

/// An attribute of a distinguished name.
#[derive(Clone, Copy)]
pub(crate) enum Attribute<'a> {
    Country(&'a str),
    Organisation(&'a str),
    Unit(&'a str),
    Locality(&'a str),
    Common(&'a str),
}

/// A distinguished name in DER, one attribute in each set.
pub(crate) fn name(attributes: &[Attribute<'_>]) -> Vec<u8> {
    let sets: Vec<Vec<u8>> = attributes
        .iter()
        .map(|attribute| {
            let (number, tag, text) = match attribute {
                Attribute::Common(text) => (3, der::UTF8_STRING, text),
                Attribute::Country(text) => (6, der::PRINTABLE_STRING, text),
                Attribute::Locality(text) => (7, der::UTF8_STRING, text),
                Attribute::Organisation(text) => (10, der::UTF8_STRING, text),
                Attribute::Unit(text) => (11, der::UTF8_STRING, text),
            };
            let (oid, text) = (der::oid(&[0x55, 4, number]), der::tlv(tag, &[text.as_bytes()]));
            der::tlv(der::SET, &[&der::sequence(&[&oid, &text])])
        })
        .collect();
    der::sequence(&sets.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// Country, organisation and the unit of a kind: how the names of an authority and of its lists begin.
pub(crate) fn name_begins(kind: Kind, hierarchy: Hierarchy) -> [Attribute<'static>; 3] {
    let organisation = match hierarchy {
        Hierarchy::Production => "JPKI",
        Hierarchy::Test => "JPKI-TEST",
    };
    let unit = match kind {
        Kind::Authentication => "JPKI for user authentication",
        Kind::Signing => "JPKI for digital signature",
    };
    [Attribute::Country("JP"), Attribute::Organisation(organisation), Attribute::Unit(unit)]
}

/// The one distinguished name that all generations of an authority share, in DER.
pub(crate) fn issuer_name(kind: Kind, hierarchy: Hierarchy) -> Vec<u8> {
    let [country, organisation, unit] = name_begins(kind, hierarchy);
    let agency = Attribute::Unit("Japan Agency for Local Authority Information Systems");
    name(&[country, organisation, unit, agency])
}

/// Whose name this is.
pub(crate) fn authority_of(name: &[u8]) -> Option<(Kind, Hierarchy)> {
    static NAMES: LazyLock<Vec<(Kind, Hierarchy, Vec<u8>)>> = LazyLock::new(|| {
        let kinds = [Kind::Authentication, Kind::Signing];
        let both = |kind| [(kind, Hierarchy::Production), (kind, Hierarchy::Test)];
        let named = |(kind, hierarchy)| (kind, hierarchy, issuer_name(kind, hierarchy));
        kinds.into_iter().flat_map(both).map(named).collect()
    });
    NAMES.iter().find(|known| known.2 == name).map(|known| (known.0, known.1))
}

/// Whether a certificate has the marks of its kind in its hierarchy: a card's own, for this use and under this policy.
pub(crate) fn fits(certificate: &Certificate, kind: Kind, hierarchy: Hierarchy) -> bool {
    let (usage, extended) = match kind {
        Kind::Authentication => (DIGITAL_SIGNATURE, certificate.has_usage(CLIENT_AUTH)),
        Kind::Signing => (DIGITAL_SIGNATURE | NON_REPUDIATION, !certificate.limits_usage()),
    };
    let used_so = matches!(certificate.extensions.key_usage,
        Some(Marked { value, critical: true }) if value == usage);
    used_so
        && extended
        && certificate.has_card_key()
        && !certificate.extensions.authority
        && !certificate.extensions.not_understood
        && certificate.has_critical_policy(policy(kind, hierarchy))
}
