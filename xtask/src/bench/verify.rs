//! Bare verifications of signatures by the server's own library: what proving a card costs at the very least, on the
//! machine and in the minutes of the run.
//! A time is the median of many short batches, so that what else works on the core is left out of it; they are spread
//! over the run, since the clock of a virtual machine's core is not always the same.

use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use simulation::clock;
use std::{io, time::Duration};

/// Verifications of a batch.
const BATCH: u32 = 5;
/// How long one look takes, for each way of verifying.
pub const LOOK: Duration = Duration::from_millis(120);

/// `SubjectPublicKeyInfo` up to the key's own bytes, and its whole length: RSA-2048 with exponent 65537, and P-384.
const RSA: (&[u8], usize) = (
    &[
        0x30, 0x82, 0x01, 0x22, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01,
        0x05, 0x00, 0x03, 0x82, 0x01, 0x0F, 0x00,
    ],
    294,
);
const P384: (&[u8], usize) = (
    &[
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81,
        0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
    ],
    120,
);

/// A signature that is verified again and again.
pub struct Timed {
    algorithm: &'static dyn VerificationAlgorithm,
    key: Vec<u8>,
    parsed: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
    times: [Vec<Duration>; 2],
}

impl Timed {
    /// A signature by the key of a certificate (DER). Refuses a wrong one.
    pub fn new(certificate: &[u8], message: &[u8], signature: &[u8]) -> io::Result<Timed> {
        let (rsa, p384): (&'static dyn VerificationAlgorithm, &'static dyn VerificationAlgorithm) =
            (&RSA_PKCS1_2048_8192_SHA256, &ECDSA_P384_SHA384_ASN1);
        let found = [(RSA, rsa), (P384, p384)].into_iter().find_map(|((begin, length), algorithm)| {
            let at = certificate.windows(begin.len()).position(|window| window == begin)?;
            Some((certificate.get(at..at + length)?.to_vec(), algorithm))
        });
        let (key, algorithm) = found.ok_or_else(|| io::Error::other("a certificate without a card's key"))?;
        let parsed = ParsedPublicKey::new(algorithm, &key).map_err(io::Error::other)?;
        let timed = Timed {
            algorithm,
            key,
            parsed,
            message: message.into(),
            signature: signature.into(),
            times: Default::default(),
        };
        if timed.bare() && timed.with_key() {
            Ok(timed)
        } else {
            Err(io::Error::other("a signature is wrong"))
        }
    }

    fn bare(&self) -> bool {
        self.parsed.verify_sig(&self.message, &self.signature).is_ok()
    }

    fn with_key(&self) -> bool {
        UnparsedPublicKey::new(self.algorithm, &self.key).verify(&self.message, &self.signature).is_ok()
    }

    /// Takes a look of so long for each way.
    pub fn look(&mut self, long: Duration) -> io::Result<()> {
        for (place, verify) in [Timed::bare, Timed::with_key].into_iter().enumerate() {
            let begun = clock::now();
            let mut start = begun;
            while start.duration_since(begun) < long {
                let right = (0..BATCH).all(|_| verify(self));
                let end = clock::now();
                if !right {
                    return Err(io::Error::other("a signature became wrong"));
                }
                self.times[place].push(end.duration_since(start) / BATCH);
                start = end;
            }
        }
        Ok(())
    }

    /// One verification with a key that was read beforehand.
    pub fn bare_time(&self) -> Duration {
        median(&self.times[0])
    }

    /// One verification with reading the key first, as whoever is shown a certificate must.
    pub fn with_key_time(&self) -> Duration {
        median(&self.times[1])
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use card::Pin;
    use simulation::cards::InReader;

    #[test]
    fn both_kinds_of_signatures_are_timed_and_wrong_ones_refused() {
        const RSA: &str = include_str!("../../../crates/card/corpus/read-rsa.card");
        const P384: &str = include_str!("../../../crates/card/corpus/read-p384.card");
        for (text, pin) in [(RSA, "7294"), (P384, "8351")] {
            let mut card = InReader::new(text, &Pin::new(pin).expect("four digits")).expect("a card");
            let signature = card.sign(b"message").expect("a signature");
            let mut timed = Timed::new(card.certificate(), b"message", &signature).expect("right");
            timed.look(Duration::from_millis(5)).expect("a look");
            assert!(timed.bare_time() > Duration::ZERO && timed.with_key_time() > Duration::ZERO);
            assert!(Timed::new(card.certificate(), b"massage", &signature).is_err());
            assert!(Timed::new(b"no certificate", b"message", &signature).is_err());
        }
    }
}
