//! The country's double of J-LIS: several generations of the authority for authentication certificates under one name,
//! one for signing certificates, and their revocation lists for each municipality.
//!
//! Always holds: keys are those of the committed pool, which everybody has; whatever is signed says `O=JPKI-TEST`.
//! RSA signs the same bytes each time; ECDSA does not, so what the next generation signs differs from start to start
//! and is verified by the same key all the same.
//! Not here: to whom certificates are issued and when (`chain`), and what goes on a card (`cards`).
//! Rules come from: the reference on the card, section 2.

use crate::chain::{CardStory, Fate, Generation, Planned};
use base::Instant;
use cards::rules::Reason;
use pki::authority::{self, Authority, Municipality, SigningKey, WantedList};
use pki::{Serial, State};
use std::sync::LazyLock;

const KEYS: &str = include_str!("../keys/test-keys.pem");

/// Where all of the country's residents live; its code stands in prefecture 99, which there is not.
pub(crate) const MUNICIPALITY: Municipality<'static> =
    Municipality { prefecture: "Kakuu-ken", name: "Midori-shi" };
pub(crate) const MUNICIPALITY_CODE: &str = "99001";

/// Lists are good for a day.
const LIST_LIFE_MS: i64 = 24 * 60 * 60 * 1000;

/// A card's key of the pool.
pub(crate) struct Leaf {
    pub pkcs8: Vec<u8>,
    pub spki: Vec<u8>,
}

/// The pool taken apart, once.
struct Pool {
    authentication: [Authority; 4],
    signing: Authority,
    rsa: Vec<Leaf>,
    p384: Vec<Leaf>,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let keys = authority::pool(KEYS);
    let key = |wanted: &str| {
        let found = keys.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, pkcs8)| pkcs8.to_vec()).expect("the pool has a key for each authority")
    };
    let authority = |generation: &authority::Generation, name: &str| {
        Authority::new(generation, &key(name)).expect("the pool's keys are of kinds that authorities have")
    };
    let leaves = |prefix: &str| -> Vec<Leaf> {
        let named = keys.iter().filter(|(name, _)| name.starts_with(prefix));
        named
            .map(|(_, pkcs8)| {
                let key =
                    SigningKey::from_pkcs8(pkcs8).expect("the pool's keys are of kinds that cards have");
                Leaf { pkcs8: pkcs8.to_vec(), spki: key.spki() }
            })
            .collect()
    };
    Pool {
        authentication: [
            authority(&authority::AUTH_01, "auth-01"),
            authority(&authority::AUTH_02, "auth-02"),
            authority(&authority::AUTH_03, "auth-03"),
            authority(&authority::AUTH_04, "auth-04"),
        ],
        signing: authority(&authority::SIGN_02, "sign-02"),
        rsa: leaves("leaf-rsa-"),
        p384: leaves("leaf-p384-"),
    }
});

/// The authority of a generation, for authentication certificates.
pub(crate) fn authentication(generation: Generation) -> &'static Authority {
    &POOL.authentication[generation as usize]
}

/// The authority for signing certificates.
pub(crate) fn signing() -> &'static Authority {
    &POOL.signing
}

/// A key for a card.
pub(crate) fn leaf(generation: Generation, place: u64) -> &'static Leaf {
    let pool = if generation.is_p384() { &POOL.p384 } else { &POOL.rsa };
    &pool[(place % pool.len() as u64) as usize]
}

/// Every card key of the pool: RSA, then P-384.
pub(crate) fn leaves() -> impl Iterator<Item = &'static Leaf> {
    POOL.rsa.iter().chain(&POOL.p384)
}

/// The place among [`leaves`] of the key that [`leaf`] gives.
pub(crate) fn leaf_place(generation: Generation, place: u64) -> u64 {
    let (rsa, p384) = (POOL.rsa.len() as u64, POOL.p384.len() as u64);
    if generation.is_p384() { rsa + place % p384 } else { place % rsa }
}

/// The certificates of the country's authorities in DER, for [`pki::Anchors`] of the test hierarchy.
pub fn anchors() -> Vec<Vec<u8>> {
    let authorities = POOL.authentication.iter().chain([&POOL.signing]);
    authorities.map(|authority| authority.certificate().to_vec()).collect()
}

/// The revocation lists of the authentication authorities, in DER, one for each generation and municipality, as they
/// are published at an instant: good for a day, and saying what the stories of these cards say.
pub fn lists<'s>(at: Instant, stories: impl IntoIterator<Item = &'s CardStory>) -> Vec<Vec<u8>> {
    let planned: Vec<&Planned> = stories.into_iter().flat_map(|story| &story.certificates).collect();
    let list = |generation: Generation| {
        let of_it = planned.iter().filter(|certificate| certificate.generation == generation);
        let entries: Vec<(Serial, State)> = of_it.filter_map(|certificate| entry(certificate, at)).collect();
        authentication(generation).issue_crl(&WantedList {
            municipality: MUNICIPALITY,
            // Lists count up with the minutes.
            number: u32::try_from(at.ms() / 60_000).unwrap_or(u32::MAX),
            this_update: at,
            next_update: at.plus_ms(LIST_LIFE_MS),
            entries: &entries,
        })
    };
    Generation::ALL.into_iter().map(list).collect()
}

/// What a list says of a certificate; nothing while it is good, and when its days are over.
fn entry(certificate: &Planned, at: Instant) -> Option<(Serial, State)> {
    let state = match certificate.fate {
        Fate::Live => return None,
        Fate::Held { since } => State::OnHold { since },
        Fate::Revoked { at, reason } => State::Revoked { at, reason: listed(reason) },
    };
    let serial = Serial::new(&certificate.serial)?;
    (at <= certificate.valid_until()).then_some((serial, state))
}

/// The reason as lists write it.
fn listed(reason: Reason) -> pki::Reason {
    match reason {
        Reason::Superseded => pki::Reason::Superseded,
        Reason::Lost => pki::Reason::KeyCompromise,
        Reason::Death | Reason::Request | Reason::CardExpired => pki::Reason::CessationOfOperation,
        Reason::Other => pki::Reason::Unspecified,
    }
}
