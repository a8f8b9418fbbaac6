//! Checkpoints: signed, chained statements of where every stream stands; and the erasing of old bodies.
//!
//! Always holds: a checkpoint lists the head of every stream that moved since the one before; its hash covers the
//! previous checkpoint's; its signature (Ed25519) covers its hash. Publishing a checkpoint's hash outside pins
//! everything before it. Erasing touches bodies, salts and columns only, and is itself recorded by its caller.
//! Not here: when to seal (`app`: every second or each 1,000 rows).
//! Rules come from: DESIGN section 4, "A sealer writes …" and "after a body's keeping time".

use crate::chain::{Hash, hash};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base::{Error, Instant, Result};
use std::collections::BTreeMap;
use store::{Db, Store};

/// The key that signs checkpoints.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads a key from PKCS#8 bytes.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<SigningKey> {
        Ed25519KeyPair::from_pkcs8(bytes)
            .map(SigningKey)
            .map_err(|_| Error::broken("the audit signing key does not read back as Ed25519 PKCS#8"))
    }

    /// A new key as PKCS#8 bytes.
    pub fn generate() -> Result<Vec<u8>> {
        let key = Ed25519KeyPair::generate().map_err(|_| Error::broken("no audit signing key could be made"))?;
        let bytes = key.to_pkcs8().map_err(|_| Error::broken("no audit signing key could be made"))?;
        Ok(bytes.as_ref().to_vec())
    }

    /// The public key, 32 bytes, for those who verify.
    pub fn public(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

/// The head of one stream as a checkpoint states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamHead {
    pub stream: i64,
    pub sequence: i64,
    pub hash: Hash,
}

const HEAD_BYTES: usize = 48;

pub(crate) fn pack(heads: &[StreamHead]) -> Vec<u8> {
    heads
        .iter()
        .flat_map(|head| {
            let numbers = [head.stream.to_be_bytes(), head.sequence.to_be_bytes()];
            numbers.concat().into_iter().chain(head.hash)
        })
        .collect()
}

pub(crate) fn unpack(bytes: &[u8]) -> Option<Vec<StreamHead>> {
    if bytes.len() % HEAD_BYTES != 0 {
        return None;
    }
    let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).ok();
    bytes
        .chunks_exact(HEAD_BYTES)
        .map(|chunk| {
            Some(StreamHead {
                stream: number(&chunk[..8])?,
                sequence: number(&chunk[8..16])?,
                hash: chunk[16..].try_into().ok()?,
            })
        })
        .collect()
}

pub(crate) fn checkpoint_hash(number: i64, at: i64, heads: &[u8], previous: &Hash) -> Hash {
    hash(&[b"shikaku-audit-checkpoint-1", &number.to_be_bytes(), &at.to_be_bytes(), heads, previous])
}

/// A checkpoint just written.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Its number.
    pub number: i64,
    /// How many streams had moved.
    pub streams: usize,
    /// Its hash: publish it to pin everything before.
    pub hash: [u8; 32],
}

/// Seals what came since the last checkpoint; `None` when nothing did.
pub fn seal(store: &Store, key: &SigningKey, now: Instant) -> Result<Option<Sealed>> {
    let mut log = store.connect_log()?;
    let heads = moved(store, &mut log)?;
    if heads.is_empty() {
        return Ok(None);
    }
    // Two processes on one PostgreSQL may seal at once: the number is the primary key, so one of them loses and
    // seals again a second later.
    let last = log.rows(
        "select number, hash from audit_checkpoint order by number desc limit 1",
        &[],
        |row| Ok((row.int(0)?, row.bytes::<32>(1)?)),
    )?;
    let (last, previous) = last.first().copied().unwrap_or((0, Hash::default()));
    let (number, packed) = (last + 1, pack(&heads));
    let hash = checkpoint_hash(number, now.ms(), &packed, &previous);
    log.exec(
        "insert into audit_checkpoint (number, at, heads, hash, signature) values ($1, $2, $3, $4, $5)
         on conflict (number) do nothing",
        &[number.into(), now.into(), packed.into(), (&hash).into(), key.sign(&hash).into()],
    )?;
    Ok(Some(Sealed { number, streams: heads.len(), hash }))
}

/// Heads of the streams that stand further than the checkpoints say.
fn moved(store: &Store, log: &mut Db) -> Result<Vec<StreamHead>> {
    let sealed: BTreeMap<i64, i64> = sealed_heads(log)?.into_iter().map(|h| (h.stream, h.sequence)).collect();
    let mut heads = heads_of(log)?;
    if !store.is_postgres() {
        heads.extend(heads_of(&mut store.connect_main()?)?);
    }
    heads.retain(|head| sealed.get(&head.stream) != Some(&head.sequence));
    heads.sort_by_key(|head| head.stream);
    Ok(heads)
}

fn heads_of(db: &mut Db) -> Result<Vec<StreamHead>> {
    db.rows(
        "select s.stream, r.sequence, r.hash from audit_stream s join audit_row r on r.stream = s.stream
         where r.sequence = (select max(l.sequence) from audit_row l where l.stream = s.stream)",
        &[],
        |row| Ok(StreamHead { stream: row.int(0)?, sequence: row.int(1)?, hash: row.bytes(2)? }),
    )
}

/// The newest sealed head of every stream.
pub(crate) fn sealed_heads(log: &mut Db) -> Result<Vec<StreamHead>> {
    let all = log.rows("select heads from audit_checkpoint order by number", &[], |row| row.blob(0))?;
    let mut newest = BTreeMap::new();
    for packed in all {
        let heads = unpack(&packed).ok_or_else(|| Error::broken("a checkpoint's heads do not read back"))?;
        newest.extend(heads.into_iter().map(|head| (head.stream, head)));
    }
    Ok(newest.into_values().collect())
}

/// Erases bodies, salts and columns of a month's rows after their keeping time. The chain stays.
pub fn erase_month(store: &Store, month: i64) -> Result<u64> {
    const ERASE: &str = "update audit_row set salt = null, at = null, act = null, facility = null, person = null,
        answer = null, outcome = null, repeated = null, body = null
        where salt is not null and stream in (select stream from audit_stream where month = $1)";
    let mut erased = store.connect_log()?.exec(ERASE, &[month.into()])?;
    if !store.is_postgres() {
        erased += store.connect_main()?.exec(ERASE, &[month.into()])?;
    }
    Ok(erased)
}
