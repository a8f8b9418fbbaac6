//! The pass: what the reader's desk remembers of a proved card from one request to the next, sealed and carried by the
//! terminal, so that any process can go on.
//!
//! Always holds: a pass opens only where it was given (facility, terminal, session) and while the proof behind it is
//! young: sealing anew makes nothing younger; whoever carries it can neither read nor change it.
//! Not here: that a proof is answered once (`door` claims it with the row of the answer); how good the certificate still
//! is when the pass comes back.
//! Rules come from: DESIGN section 1, "nothing in a process's memory that another needs".

use crate::rules::{Holder, ProofId, Standing, Way};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base::{Date, Id, Instant};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pki::{AHEAD_MAX_MS, Bound};

/// Seals and opens passes.
pub struct Passes {
    key: LessSafeKey,
    life_ms: i64,
}

const VERSION: u8 = 1;
/// Version, person, certificate, way, standing, its day; the proof's nonce and its time.
const PLAIN_LEN: usize = 1 + 8 + 8 + 1 + 1 + 8 + 16 + 8;

impl Passes {
    pub(super) fn new(key: &[u8; 32], life_ms: i64) -> Passes {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes");
        Passes { key: LessSafeKey::new(key), life_ms }
    }

    /// Seals what is known of a card's person; `random` must never come twice.
    pub(super) fn seal(&self, holder: &Holder, bound: &Bound<'_>, random: [u8; NONCE_LEN]) -> String {
        let mut sealed = plain(holder).to_vec();
        let nonce = Nonce::assume_unique_for_key(random);
        self.key
            .seal_in_place_append_tag(nonce, Aad::from(place(bound)), &mut sealed)
            .expect("AES-GCM seals some sixty bytes");
        URL_SAFE_NO_PAD.encode([random.as_slice(), &sealed].concat())
    }

    /// Opens a pass; nothing when it was not sealed here, for this place, or is too old.
    pub(super) fn open(&self, text: &str, bound: &Bound<'_>, now: Instant) -> Option<Holder> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (random, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(random).ok()?;
        let opened = self.key.open_in_place(nonce, Aad::from(place(bound)), sealed).ok()?;
        let holder = holder(opened)?;
        let age = now.since_ms(holder.proof.at);
        (-AHEAD_MAX_MS..=self.life_ms).contains(&age).then_some(holder)
    }
}

/// What a pass is bound to.
fn place(bound: &Bound<'_>) -> Vec<u8> {
    format!("pass {} {} {}", bound.facility, bound.terminal, bound.session).into_bytes()
}

fn plain(holder: &Holder) -> [u8; PLAIN_LEN] {
    let way = match holder.way {
        Way::Pin => 0,
        Way::Eye => 1,
    };
    let (standing, day) = match holder.standing {
        Standing::Good => (0, 0),
        Standing::ExpiresOn(day) => (1, day.as_number()),
        Standing::GraceUntil(day) => (2, day.as_number()),
    };
    let mut out = [0; PLAIN_LEN];
    out[0] = VERSION;
    out[1..9].copy_from_slice(&holder.person.raw().to_be_bytes());
    out[9..17].copy_from_slice(&holder.certificate.raw().to_be_bytes());
    (out[17], out[18]) = (way, standing);
    out[19..27].copy_from_slice(&day.to_be_bytes());
    out[27..43].copy_from_slice(&holder.proof.nonce);
    out[43..51].copy_from_slice(&holder.proof.at.ms().to_be_bytes());
    out
}

fn holder(plain: &[u8]) -> Option<Holder> {
    let plain: &[u8; PLAIN_LEN] = plain.try_into().ok()?;
    let number = |from: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&plain[from..from + 8]);
        i64::from_be_bytes(eight)
    };
    let day = Date::from_number(number(19));
    let standing = match (plain[18], day) {
        (0, _) => Standing::Good,
        (1, Some(day)) => Standing::ExpiresOn(day),
        (2, Some(day)) => Standing::GraceUntil(day),
        _ => return None,
    };
    let way = match plain[17] {
        0 => Way::Pin,
        1 => Way::Eye,
        _ => return None,
    };
    let mut nonce = [0; 16];
    nonce.copy_from_slice(&plain[27..43]);
    let proof = ProofId { nonce, at: Instant::from_ms(number(43)) };
    let (person, certificate) = (Id::new(number(1))?, Id::new(number(9))?);
    (plain[0] == VERSION).then_some(Holder { person, certificate, way, standing, proof })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE_MS: i64 = 300_000;

    fn bound(session: &str, terminal: i64) -> Bound<'_> {
        Bound { door: "tap", facility: 7, terminal, session }
    }

    #[test]
    fn a_pass_opens_at_its_place_and_in_its_time_only() {
        let passes = Passes::new(&[1; 32], LIFE_MS);
        let at = Instant::from_ms(1_000_000);
        let day = Date::from_number(20270401).unwrap();
        for standing in [Standing::Good, Standing::ExpiresOn(day), Standing::GraceUntil(day)] {
            let holder = Holder {
                person: Id::new(11).unwrap(),
                certificate: Id::new(12).unwrap(),
                way: Way::Eye,
                standing,
                proof: ProofId { nonce: [4; 16], at },
            };
            let text = passes.seal(&holder, &bound("session-1", 3), [9; 12]);
            let open = |passes: &Passes, session, terminal, ms| {
                passes.open(&text, &bound(session, terminal), at.plus_ms(ms))
            };
            assert_eq!(open(&passes, "session-1", 3, LIFE_MS), Some(holder.clone()));
            assert_eq!(open(&passes, "session-1", 3, LIFE_MS + 1), None);
            assert_eq!(open(&passes, "session-1", 3, -2_000), Some(holder.clone()));
            assert_eq!(open(&passes, "session-1", 3, -2_001), None);
            assert_eq!(open(&passes, "session-2", 3, 0), None);
            assert_eq!(open(&passes, "session-1", 4, 0), None);
            assert_eq!(open(&Passes::new(&[2; 32], LIFE_MS), "session-1", 3, 0), None);
            for at_byte in 0..text.len() {
                let mut forged = text.clone().into_bytes();
                forged[at_byte] ^= 1;
                let forged = String::from_utf8_lossy(&forged).into_owned();
                // A letter that is none, or whose spare bits are set, does not decode; any other breaks the seal.
                assert!(passes.open(&forged, &bound("session-1", 3), at).is_none(), "{at_byte}");
            }
        }
        assert!(passes.open("", &bound("session-1", 3), at).is_none());
        assert!(passes.open("AAAA", &bound("session-1", 3), at).is_none());
    }
}
