//! Nonces without memory: whoever has the key can tell its own nonces, when they were given and to whom, from all
//! others. A card signs one to prove that it is there now.
//!
//! Always holds: a nonce is good for one door, facility, terminal and session only, and for its life only; codes are
//! compared in constant time; the key is overwritten when dropped (by the library, which holds the only copy).
//! Not here: randomness, which comes in; and single use: whoever accepts a nonce records it in the same transaction.
//! Rules come from: the reference on the card, section 4.1; DESIGN section 4.

use aws_lc_rs::hmac;
use base::Instant;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;

const RANDOM: usize = 16;
const AT: usize = 8;
const CODE: usize = 32;
const LENGTH: usize = RANDOM + AT + CODE;
/// Signs of a nonce as text.
const TEXT_LENGTH: usize = (LENGTH * 4).div_ceil(3);

/// What one of our servers sealed may seem to come from so far ahead: two servers on the same data, or one whose clock
/// was set right, differ a little.
pub const AHEAD_MAX_MS: i64 = 2_000;

/// No other code of ours begins so.
const CODE_DOMAIN: &[u8] = b"shikaku-nonce-v1\0";
/// Nothing else that a card is asked to sign begins so.
const PROOF_DOMAIN: &[u8; 17] = b"shikaku-proof-v1\0";

/// What a nonce is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound<'a> {
    /// Which door gave it: `tap`, `portal`.
    pub door: &'a str,
    /// The facility's id as a number; 0 where there is none.
    pub facility: i64,
    /// The terminal's id as a number; 0 where there is none.
    pub terminal: i64,
    /// The session at that door.
    pub session: &'a str,
}

/// A nonce that was given by us. Shows nothing when printed by accident.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; LENGTH]);

/// Why a nonce is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceFault {
    /// Not the text of a nonce.
    Malformed,
    /// Not given by us, or not for this door, facility, terminal and session.
    Forged,
    /// Its life is over.
    Expired,
    /// Given later than now, by more than clocks differ.
    FromTheFuture,
}

/// Gives nonces and knows them again.
pub struct Nonces {
    key: hmac::Key,
}

impl Nonces {
    /// With a secret key. All processes that share the work share the key.
    pub fn new(key: &[u8; 32]) -> Nonces {
        Nonces { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A nonce from fresh random bytes, given at an instant for one use.
    pub fn issue(&self, random: [u8; RANDOM], at: Instant, bound: &Bound<'_>) -> Nonce {
        let mut bytes = [0; LENGTH];
        bytes[..RANDOM].copy_from_slice(&random);
        bytes[RANDOM..RANDOM + AT].copy_from_slice(&at.ms().to_be_bytes());
        let code = hmac::sign(&self.key, &coded(&bytes[..RANDOM + AT], bound));
        bytes[RANDOM + AT..].copy_from_slice(code.as_ref());
        Nonce(bytes)
    }

    /// Reads a nonce and checks it at an instant. It is good for `life_ms` milliseconds, and still at the last of them.
    ///
    /// # Errors
    /// Each [`NonceFault`]; a nonce that is both forged and expired is forged.
    pub fn check(
        &self,
        text: &str,
        at: Instant,
        life_ms: i64,
        bound: &Bound<'_>,
    ) -> Result<Nonce, NonceFault> {
        let nonce = Nonce::read(text).ok_or(NonceFault::Malformed)?;
        let (begin, code) = nonce.0.split_at(RANDOM + AT);
        hmac::verify(&self.key, &coded(begin, bound), code).map_err(|_| NonceFault::Forged)?;
        match at.since_ms(nonce.at()) {
            age if age < -AHEAD_MAX_MS => Err(NonceFault::FromTheFuture),
            age if age > life_ms => Err(NonceFault::Expired),
            _ => Ok(nonce),
        }
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces(…)")
    }
}

/// What the code covers. Texts have their length before them, so that none can reach into the next.
fn coded(begin: &[u8], bound: &Bound<'_>) -> Vec<u8> {
    let length = |text: &str| (text.len() as u64).to_be_bytes();
    [
        CODE_DOMAIN,
        begin,
        &length(bound.door),
        bound.door.as_bytes(),
        &bound.facility.to_be_bytes(),
        &bound.terminal.to_be_bytes(),
        &length(bound.session),
        bound.session.as_bytes(),
    ]
    .concat()
}

impl Nonce {
    /// Reads the text of a nonce, without telling who gave it.
    pub fn read(text: &str) -> Option<Nonce> {
        if text.len() != TEXT_LENGTH {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Nonce)
    }

    /// As text, in base64url.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is recorded to see that it is used once.
    pub fn id(&self) -> [u8; RANDOM] {
        let (id, _) = self.0.split_first_chunk().expect("a nonce is longer than its random bytes");
        *id
    }

    /// When it was given.
    pub fn at(&self) -> Instant {
        let (at, _) = self.0[RANDOM..].split_first_chunk().expect("a nonce has its instant");
        Instant::from_ms(i64::from_be_bytes(*at))
    }

    /// The bytes that the card signs.
    pub fn message(&self) -> [u8; PROOF_DOMAIN.len() + LENGTH] {
        let mut message = [0; PROOF_DOMAIN.len() + LENGTH];
        message[..PROOF_DOMAIN.len()].copy_from_slice(PROOF_DOMAIN);
        message[PROOF_DOMAIN.len()..].copy_from_slice(&self.0);
        message
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(…)")
    }
}
