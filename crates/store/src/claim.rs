//! Claims of request keys: the first of its kind within 24 hours names the answer, and a repeat gets it again.
//!
//! Always holds: a claim is settled by the database's own upsert, so two processes agree; claims of one transaction
//! are taken in the order of their keys, so two transactions never wait for each other in a ring. Exactly 24 hours
//! later a repeat is still a repeat; a millisecond later the key is free.
//! Not here: what a repeat is answered with (`counter`).
//! Rules come from: DESIGN section 3, "A repeat".

use crate::{
    Begin, Store, Wide,
    db::Db,
    tx::{Claim, ClaimAsk},
    value::Value,
};
use base::{Error, Instant, Result};
use std::collections::BTreeMap;

/// A request's key is remembered this long: 24 hours.
const REPEAT_MS: i64 = 86_400_000;

/// The first keeps its row, a later one reads it, one after 24 hours takes it over.
static CLAIM: Wide = Wide::new(
    "insert into store_request (facility, request, at, digest, answer)",
    5,
    "on conflict (facility, request) do update set
        digest = case when store_request.at < excluded.at - 86400000 then excluded.digest else store_request.digest end,
        answer = case when store_request.at < excluded.at - 86400000 then excluded.answer else store_request.answer end,
        at = case when store_request.at < excluded.at - 86400000 then excluded.at else store_request.at end
     returning facility, request, answer, digest",
);

/// Settles claims; the answer has one for each that was asked, in the same order.
pub(crate) fn settle(db: &mut Db, asks: &[Option<&ClaimAsk>]) -> Result<Vec<Claim>> {
    let mut claims = vec![Claim::Fresh; asks.len()];
    let mut waiting: Vec<(usize, &ClaimAsk)> =
        asks.iter().enumerate().filter_map(|(place, ask)| ask.map(|ask| (place, ask))).collect();
    waiting.sort_by(|(_, a), (_, b)| key(a).cmp(&key(b)));
    // One statement cannot touch a key twice: of equal keys the first goes now and the others in a later round.
    while !waiting.is_empty() {
        let (mut now, mut later): (Vec<(usize, &ClaimAsk)>, Vec<_>) = (Vec::new(), Vec::new());
        for (place, ask) in waiting {
            match now.last() {
                Some((_, before)) if key(before) == key(ask) => later.push((place, ask)),
                _ => now.push((place, ask)),
            }
        }
        settle_distinct(db, &now, &mut claims)?;
        waiting = later;
    }
    Ok(claims)
}

fn key(ask: &ClaimAsk) -> (i64, &str) {
    (ask.facility, &ask.request)
}

fn settle_distinct(db: &mut Db, mut asks: &[(usize, &ClaimAsk)], claims: &mut [Claim]) -> Result<()> {
    while !asks.is_empty() {
        let (taken, sql) = CLAIM.for_rows(asks.len());
        let (now, rest) = asks.split_at(taken);
        let params: Vec<Value<'_>> = now
            .iter()
            .flat_map(|(_, ask)| {
                [
                    ask.facility.into(),
                    (&ask.request).into(),
                    ask.at.into(),
                    (&ask.digest).into(),
                    ask.answer.into(),
                ]
            })
            .collect();
        let held = db.rows(sql, &params, |row| {
            Ok(((row.int(0)?, row.text(1)?), (row.int(2)?, row.bytes::<32>(3)?)))
        })?;
        let held: BTreeMap<(i64, String), (i64, [u8; 32])> = held.into_iter().collect();
        for (place, ask) in now {
            let row = held.get(&(ask.facility, ask.request.clone()));
            let (answer, digest) = row.ok_or_else(|| Error::broken("a claim came back without its row"))?;
            claims[*place] = match (*answer == ask.answer, *digest == ask.digest) {
                (true, _) => Claim::Fresh,
                (false, true) => Claim::Repeat(*answer),
                (false, false) => Claim::Conflict,
            };
        }
        asks = rest;
    }
    Ok(())
}

impl Store {
    /// Forgets keys of requests older than 24 hours, in small steps so that no check waits; says how many.
    pub fn forget_requests(&self, now: Instant) -> Result<u64> {
        const FORGET: &str = "delete from store_request where (facility, request) in
            (select facility, request from store_request where at < $1 order by at limit 500)";
        let mut db = self.connect_log()?;
        let mut forgotten = 0;
        loop {
            db.begin(Begin::Group)?;
            let step = db.exec(FORGET, &[now.plus_ms(-REPEAT_MS).into()])?;
            db.commit()?;
            forgotten += step;
            if step == 0 {
                return Ok(forgotten);
            }
        }
    }
}
