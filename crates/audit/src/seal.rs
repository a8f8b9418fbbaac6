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
use std::collections::HashMap;
use store::{Begin, Db, Store};

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
        let key =
            Ed25519KeyPair::generate().map_err(|_| Error::broken("no audit signing key could be made"))?;
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
    if !bytes.len().is_multiple_of(HEAD_BYTES) {
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

/// Seals again and again, at a cost that depends on what is new, not on how many years of log there are.
///
/// It remembers how far each stream is sealed and the last checkpoint; it loads them when it first seals, and anew
/// when it finds that another process sealed meanwhile.
pub struct Sealer {
    key: SigningKey,
    desk: Option<Desk>,
}

impl Sealer {
    /// A sealer that signs with this key.
    pub fn new(key: SigningKey) -> Sealer {
        Sealer { key, desk: None }
    }

    /// The public key of its checkpoints.
    pub fn public(&self) -> Vec<u8> {
        self.key.public()
    }

    /// Seals what came since the last checkpoint; `None` when nothing did or another process was quicker.
    pub fn seal(&mut self, store: &Store, now: Instant) -> Result<Option<Sealed>> {
        let mut desk = match self.desk.take() {
            Some(desk) => desk,
            None => Desk::open(store)?,
        };
        let sealed = desk.seal(&self.key, now)?; // after a fault the desk is not used again
        self.desk = Some(desk).filter(|desk| !desk.is_moved());
        Ok(sealed)
    }
}

/// What a sealer works with and remembers.
struct Desk {
    log: Db,
    /// On SQLite the other file.
    main: Option<Db>,
    sealed: HashMap<i64, i64>,
    number: i64,
    hash: Hash,
    /// Streams of earlier months stand still, so they are not looked at again.
    from_month: i64,
    last: Instant,
}

impl Desk {
    fn open(store: &Store) -> Result<Desk> {
        const SEALED: &str = "select stream, sequence from audit_sealed";
        const LAST: &str = "select number, hash from audit_checkpoint order by number desc limit 1";
        let mut log = store.connect_log()?;
        let main = if store.is_postgres() { None } else { Some(store.connect_main()?) };
        log.begin(Begin::Look)?;
        let sealed = log.rows(SEALED, &[], |row| Ok((row.int(0)?, row.int(1)?)))?.into_iter().collect();
        let last = log.rows(LAST, &[], |row| Ok((row.int(0)?, row.bytes(1)?)))?;
        log.commit()?;
        let (number, hash) = last.first().copied().unwrap_or_default();
        Ok(Desk { log, main, sealed, number, hash, from_month: 0, last: Instant::from_ms(i64::MAX) })
    }

    /// Whether the line was opened anew: what is remembered may not lie in the database that answers now, a replica that
    /// was promoted.
    fn is_moved(&self) -> bool {
        self.log.reopened() > 0
    }

    fn seal(&mut self, key: &SigningKey, now: Instant) -> Result<Option<Sealed>> {
        let heads = self.moved()?;
        self.next_look(now);
        if self.is_moved() {
            return Ok(None); // with a new desk at the next call
        }
        if heads.is_empty() {
            return Ok(None);
        }
        let (number, packed) = (self.number + 1, pack(&heads));
        let hash = checkpoint_hash(number, now.ms(), &packed, &self.hash);
        let signature = key.sign(&hash);
        self.log.begin(Begin::Group)?;
        if self.is_moved() {
            self.log.rollback();
            return Ok(None);
        }
        if !self.write(number, now, &packed, &hash, &signature, &heads)? {
            self.log.rollback();
            self.catch_up()?;
            return Ok(None);
        }
        self.log.commit()?;
        self.sealed.extend(heads.iter().map(|head| (head.stream, head.sequence)));
        (self.number, self.hash) = (number, hash);
        Ok(Some(Sealed { number, streams: heads.len(), hash }))
    }

    /// Writes a checkpoint; no when another process wrote one of this number.
    fn write(
        &mut self,
        number: i64,
        now: Instant,
        packed: &[u8],
        hash: &Hash,
        signature: &[u8],
        heads: &[StreamHead],
    ) -> Result<bool> {
        let written = self.log.exec(
            "insert into audit_checkpoint (number, at, heads, hash, signature) values ($1, $2, $3, $4, $5)
             on conflict (number) do nothing",
            &[number.into(), now.into(), packed.into(), hash.into(), signature.into()],
        )?;
        for head in heads.iter().take_while(|_| written == 1) {
            self.log.exec(
                "insert into audit_sealed (stream, sequence) values ($1, $2)
                 on conflict (stream) do update set sequence = excluded.sequence",
                &[head.stream.into(), head.sequence.into()],
            )?;
        }
        Ok(written == 1)
    }

    /// Learns what other processes sealed since our last checkpoint.
    fn catch_up(&mut self) -> Result<()> {
        const NEWER: &str =
            "select number, heads, hash from audit_checkpoint where number > $1 order by number";
        let newer = self
            .log
            .rows(NEWER, &[self.number.into()], |row| Ok((row.int(0)?, row.blob(1)?, row.bytes(2)?)))?;
        for (number, packed, hash) in newer {
            let heads =
                unpack(&packed).ok_or_else(|| Error::broken("a checkpoint's heads do not read back"))?;
            self.sealed.extend(heads.into_iter().map(|head| (head.stream, head.sequence)));
            (self.number, self.hash) = (number, hash);
        }
        Ok(())
    }

    /// Heads of the streams that stand further than the checkpoints say.
    fn moved(&mut self) -> Result<Vec<StreamHead>> {
        let mut heads = Vec::new();
        for db in std::iter::once(&mut self.log).chain(&mut self.main) {
            heads.extend(moved_in(db, self.from_month, &self.sealed)?);
        }
        heads.sort_by_key(|head| head.stream);
        Ok(heads)
    }

    /// From now on only streams of this month and the one before are looked at. The demo's clock can be set, so the
    /// month of the last sealing counts too.
    fn next_look(&mut self, now: Instant) {
        const MONTH_MS: i64 = 31 * 86_400_000;
        self.from_month = now.min(self.last).plus_ms(-MONTH_MS).month();
        self.last = now;
    }
}

fn moved_in(db: &mut Db, from_month: i64, sealed: &HashMap<i64, i64>) -> Result<Vec<StreamHead>> {
    const ENDS: &str = "select s.stream, (select max(r.sequence) from audit_row r where r.stream = s.stream)
        from audit_stream s where s.month >= $1";
    const HASH: &str = "select hash from audit_row where stream = $1 and sequence = $2";
    let ends = db.rows(ENDS, &[from_month.into()], |row| Ok((row.int(0)?, row.opt_int(1)?.unwrap_or(0))))?;
    let mut heads = Vec::new();
    // A stream that is shorter than it was sealed was tampered with: verifying says so, sealing does not hide it.
    for (stream, sequence) in
        ends.into_iter().filter(|(stream, end)| *end > sealed.get(stream).copied().unwrap_or(0))
    {
        let hash = db.rows(HASH, &[stream.into(), sequence.into()], |row| row.bytes(0))?;
        heads.extend(hash.first().map(|hash| StreamHead { stream, sequence, hash: *hash }));
    }
    Ok(heads)
}

/// Erases bodies, salts and columns of a month's rows after their keeping time, in small steps from each stream's
/// first row on. The chain stays. Says how many rows.
pub fn erase_month(store: &Store, month: i64) -> Result<u64> {
    let mut erased = erase_in(&mut store.connect_log()?, month)?;
    if !store.is_postgres() {
        erased += erase_in(&mut store.connect_main()?, month)?;
    }
    Ok(erased)
}

fn erase_in(db: &mut Db, month: i64) -> Result<u64> {
    const STREAMS: &str =
        "select s.stream, (select max(r.sequence) from audit_row r where r.stream = s.stream)
        from audit_stream s where s.month = $1";
    const ERASE: &str =
        "update audit_row set salt = null, at = null, act = null, facility = null, person = null,
        answer = null, outcome = null, repeated = null, body = null
        where stream = $1 and sequence > $2 and sequence <= $3 and salt is not null";
    const STEP: i64 = 500;
    if !db.is_postgres() {
        db.batch("pragma secure_delete = on")?; // SQLite leaves what was there in the page otherwise
    }
    let mut erased = 0;
    for (stream, end) in
        db.rows(STREAMS, &[month.into()], |row| Ok((row.int(0)?, row.opt_int(1)?.unwrap_or(0))))?
    {
        for from in (0..end).step_by(STEP as usize) {
            db.begin(Begin::Group)?;
            erased += db.exec(ERASE, &[stream.into(), from.into(), (from + STEP).into()])?;
            db.commit()?;
        }
    }
    Ok(erased)
}
