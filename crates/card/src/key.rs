//! Private keys of a card, and what they sign: digests.
//!
//! Always holds: RSA-2048 (today's card) or P-384 (the card planned for fiscal 2028), nothing else. The key's bytes are
//! wiped when dropped; the library's own copy too, since AWS-LC wipes what it frees.
//! Not here: who may sign (`card.rs`); making keys.
//! Rules come from: the reference on the card, sections 1.7 (DigestInfo) and 2 (algorithms).

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RsaEncoding, RsaKeyPair,
};
use zeroize::Zeroizing;

/// Bytes of a signature by RSA-2048.
pub(crate) const RSA_BYTES: usize = 256;

/// `DigestInfo` (RFC 8017, 9.2) up to the hash itself, for SHA-256, SHA-384 and SHA-512; they differ in three bytes.
const PREFIX_SHA256: [u8; 19] = prefix(1, 32);
const PREFIX_SHA384: [u8; 19] = prefix(2, 48);
const PREFIX_SHA512: [u8; 19] = prefix(3, 64);

/// The 19 bytes before a hash of `length` bytes, of the algorithm 2.16.840.1.101.3.4.2.`arc`.
const fn prefix(arc: u8, length: u8) -> [u8; 19] {
    [
        0x30,
        17 + length,
        0x30,
        0x0D,
        0x06,
        0x09,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        0x03,
        0x04,
        0x02,
        arc,
        0x05,
        0x00,
        0x04,
        length,
    ]
}

/// The `DigestInfo` of a SHA-256 hash.
pub(crate) fn digest_info_sha256(hash: &[u8; 32]) -> Vec<u8> {
    [&PREFIX_SHA256[..], hash].concat()
}

/// The `DigestInfo` of a SHA-384 hash.
pub(crate) fn digest_info_sha384(hash: &[u8; 48]) -> Vec<u8> {
    [&PREFIX_SHA384[..], hash].concat()
}

/// Reads a whole `DigestInfo`; `None` for anything else.
pub(crate) fn digest_of_info(info: &[u8]) -> Option<Digest> {
    let (prefix, hash) = info.split_at_checked(PREFIX_SHA256.len())?;
    let algorithm = [
        (PREFIX_SHA256, &digest::SHA256),
        (PREFIX_SHA384, &digest::SHA384),
        (PREFIX_SHA512, &digest::SHA512),
    ]
    .into_iter()
    .find(|(known, _)| known == prefix)?
    .1;
    Digest::import_less_safe(hash, algorithm).ok()
}

/// A bare SHA-256 hash; `None` unless it has 32 bytes.
pub(crate) fn digest_of_hash(hash: &[u8]) -> Option<Digest> {
    Digest::import_less_safe(hash, &digest::SHA256).ok()
}

/// What a certificate's key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA-2048 with SHA-256, PKCS#1 v1.5.
    Rsa,
    /// ECDSA on P-384 with SHA-384; signatures in DER.
    P384,
}

impl Algorithm {
    /// The algorithm of the key in a DER certificate, found by looking for the bytes of the two possible
    /// `AlgorithmIdentifier`s of a public key. That spares whoever only signs a parser of certificates: signature
    /// algorithms have other identifiers, and a certificate that holds both or none gives `None`. Whoever *trusts* a
    /// certificate must parse it.
    pub fn of(certificate: &[u8]) -> Option<Algorithm> {
        // rsaEncryption with its NULL; id-ecPublicKey with secp384r1.
        const RSA: &[u8] =
            &[0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
        const P384: &[u8] = &[
            0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04,
            0x00, 0x22,
        ];
        let has = |bytes: &[u8]| certificate.windows(bytes.len()).any(|window| window == bytes);
        match (has(RSA), has(P384)) {
            (true, false) => Some(Algorithm::Rsa),
            (false, true) => Some(Algorithm::P384),
            _ => None,
        }
    }
}

/// A private key.
pub(crate) struct Key {
    pkcs8: Zeroizing<Vec<u8>>,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
}

impl Key {
    /// Of an unencrypted PKCS#8 key; `None` unless it is RSA-2048 or P-384.
    pub(crate) fn new(pkcs8: Zeroizing<Vec<u8>>) -> Option<Key> {
        let pair = match RsaKeyPair::from_pkcs8(&pkcs8) {
            Ok(pair) => {
                Some(pair).filter(|pair| pair.public_modulus_len() == RSA_BYTES).map(Box::new).map(Pair::Rsa)
            }
            Err(_) => EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &pkcs8)
                .ok()
                .map(Box::new)
                .map(Pair::P384),
        }?;
        Some(Key { pkcs8, pair })
    }

    /// The key's PKCS#8 bytes, for the card's own file.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Signs a digest; `None` when the key does not sign this kind of digest (P-384 signs SHA-384 only).
    pub(crate) fn sign(&self, digest: &Digest) -> Option<Vec<u8>> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match digest.as_ref().len() {
                    32 => &RSA_PKCS1_SHA256,
                    48 => &RSA_PKCS1_SHA384,
                    _ => &RSA_PKCS1_SHA512,
                };
                let mut signature = vec![0; RSA_BYTES];
                pair.sign_digest(encoding, digest, &mut signature).ok()?;
                Some(signature)
            }
            Pair::P384(_) if digest.algorithm() != &digest::SHA384 => None,
            Pair::P384(pair) => Some(pair.sign_digest(digest).ok()?.as_ref().to_vec()),
        }
    }
}
