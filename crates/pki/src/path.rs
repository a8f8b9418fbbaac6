//! Who issued a certificate: one step from an issuer to what it signed, and the anchors of JPKI, from which one step is
//! all there is.
//!
//! Always holds: names are compared byte for byte; all generations of an authority share one name, so the key that a
//! certificate names and the signature decide; anchors of two hierarchies never stand in one set.
//! Not here: paths of more than one step, name constraints and policy mappings. JPKI has none.
//! Rules come from: the reference on the card, sections 2 and 4.1; RFC 5280, section 6.1.

use crate::{
    Refused,
    certificate::{Algorithm, Certificate, Key, Marked},
    profile::{self, Hierarchy, Kind},
    validity::{self, Terms, Validity},
};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base::Instant;
use std::fmt;

/// A certificate that may sign others, its key ready for use.
pub struct Issuer {
    certificate: Certificate,
    key: ParsedPublicKey,
    /// How it signs.
    algorithm: Algorithm,
}

impl Issuer {
    /// An authority's certificate as an issuer.
    ///
    /// # Errors
    /// [`Refused::WrongKind`] if it is not an authority's, may not sign certificates, has something critical in it that
    /// we do not understand, or has a key that we do not know.
    pub fn new(certificate: Certificate) -> Result<Issuer, Refused> {
        let parts = &certificate.extensions;
        if !parts.authority || parts.not_understood || !may(&certificate, profile::CERTIFICATE_SIGNING) {
            return Err(Refused::WrongKind);
        }
        let (algorithm, key) = match certificate.key() {
            Key::Rsa2048 { .. } => (
                Algorithm::RsaSha256,
                ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, certificate.public_key()),
            ),
            Key::P384 { .. } => (
                Algorithm::EcdsaSha384,
                ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, certificate.public_key()),
            ),
            Key::Other => return Err(Refused::WrongKind),
        };
        Ok(Issuer { key: key.map_err(|_| Refused::WrongKind)?, certificate, algorithm })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// One step of a path (RFC 5280, section 6.1.3): whether it issued this certificate and that one is valid at an
    /// instant and has nothing critical in it that we do not understand.
    ///
    /// # Errors
    /// [`Refused::UntrustedIssuer`], [`Refused::WrongKind`], [`Refused::NotYetValid`], [`Refused::Expired`].
    pub fn step(&self, certificate: &Certificate, at: Instant) -> Result<(), Refused> {
        if !self.issued(certificate) {
            return Err(Refused::UntrustedIssuer);
        }
        if certificate.extensions.not_understood {
            return Err(Refused::WrongKind);
        }
        let (from, until) = (certificate.not_before(), certificate.not_after());
        match at {
            _ if at < from => Err(Refused::NotYetValid { from }),
            _ if at > until => Err(Refused::Expired { until }),
            _ => Ok(()),
        }
    }

    /// Whether it is named as the issuer and its key signed.
    fn issued(&self, certificate: &Certificate) -> bool {
        certificate.issuer() == self.certificate.subject()
            && self.is_key_of(certificate)
            && self.signed(certificate.algorithm(), certificate.tbs(), certificate.signature())
    }

    /// Whether the certificate says nothing else than that this key signed it.
    fn is_key_of(&self, certificate: &Certificate) -> bool {
        let own = &self.certificate;
        let same_key = match (certificate.authority_key(), own.subject_key()) {
            (Some(named), Some(key)) => named == key,
            _ => true,
        };
        same_key
            && certificate.extensions.authority_key.serial.is_none_or(|serial| serial == own.serial())
            && certificate.authority_name().is_none_or(|name| name == own.issuer())
    }

    /// Whether its key made this signature.
    pub(crate) fn signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        algorithm == self.algorithm && self.key.verify_sig(message, signature).is_ok()
    }

    /// Whether it may sign revocation lists.
    pub(crate) fn signs_lists(&self) -> bool {
        may(&self.certificate, profile::LIST_SIGNING)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuer(…)")
    }
}

fn may(certificate: &Certificate, usage: u16) -> bool {
    certificate.extensions.key_usage.is_none_or(|Marked { value, .. }| value & usage != 0)
}

/// The authorities that are trusted: all generations, of one hierarchy.
#[derive(Debug)]
pub struct Anchors {
    accepts: Hierarchy,
    /// A handful, so looking through them is the fastest way to find one.
    issuers: Vec<(Kind, Issuer)>,
}

impl Anchors {
    /// The anchors of a hierarchy. One that has expired stays useful: for the grace of what it signed.
    ///
    /// # Errors
    /// [`Refused::UntrustedIssuer`] for a certificate that has not the name of a JPKI authority or was not signed by
    /// its own key, [`Refused::TestHierarchy`] or [`Refused::ProductionHierarchy`] for one of the other hierarchy, and
    /// those of [`Issuer::new`].
    pub fn new(
        accepts: Hierarchy,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Result<Anchors, Refused> {
        let mut issuers = Vec::new();
        for certificate in certificates {
            let (kind, hierarchy) =
                profile::authority_of(certificate.subject()).ok_or(Refused::UntrustedIssuer)?;
            refuse_other(accepts, hierarchy)?;
            let issuer = Issuer::new(certificate)?;
            if issuer.certificate.subject_key().is_none() || !issuer.issued(&issuer.certificate) {
                return Err(Refused::UntrustedIssuer);
            }
            issuers.push((kind, issuer));
        }
        Ok(Anchors { accepts, issuers })
    }

    /// Which hierarchy they are of.
    pub fn accepts(&self) -> Hierarchy {
        self.accepts
    }

    /// Checks a card's certificate at an instant: that it is of this kind, that an anchor signed it, and how its
    /// validity stands. It is never valid longer than its issuer. Its revocation is a question of its own
    /// ([`crate::judge`]), and so is who holds the key ([`Certificate::verify`]).
    ///
    /// # Errors
    /// All of [`Refused`] but those on encoding and revocation. Nothing is said about the validity of a certificate
    /// that no anchor signed.
    pub fn check(
        &self,
        kind: Kind,
        certificate: &Certificate,
        at: Instant,
        terms: &Terms,
    ) -> Result<Validity, Refused> {
        let (issued_as, hierarchy) =
            profile::authority_of(certificate.issuer()).ok_or(Refused::UntrustedIssuer)?;
        if issued_as != kind {
            return Err(Refused::WrongKind);
        }
        refuse_other(self.accepts, hierarchy)?;
        if !profile::fits(certificate, kind, hierarchy) {
            return Err(Refused::WrongKind);
        }
        let issuer = self.issuer_of(kind, certificate).ok_or(Refused::UntrustedIssuer)?;
        let from = certificate.not_before().max(issuer.certificate.not_before());
        let until = certificate.not_after().min(issuer.certificate.not_after());
        validity::stands((from, until), at, terms)
    }

    fn issuer_of(&self, kind: Kind, certificate: &Certificate) -> Option<&Issuer> {
        // A certificate that does not name its issuer's key is not of JPKI.
        certificate.authority_key()?;
        let of_kind = self.issuers.iter().filter(|(known, _)| *known == kind);
        of_kind.map(|(_, issuer)| issuer).find(|issuer| issuer.issued(certificate))
    }

    /// The authorities.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.issuers.iter().map(|(_, issuer)| issuer)
    }
}

fn refuse_other(accepts: Hierarchy, found: Hierarchy) -> Result<(), Refused> {
    match (accepts, found) {
        (Hierarchy::Production, Hierarchy::Test) => Err(Refused::TestHierarchy),
        (Hierarchy::Test, Hierarchy::Production) => Err(Refused::ProductionHierarchy),
        _ => Ok(()),
    }
}
