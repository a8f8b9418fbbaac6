//! For tests of services: a store on each database, with a real audit log from a seed.
//!
//! Always holds: equal seeds give equal rows, hashes and salts. Never for use outside tests: its salts can be guessed.
//! Not here: how a test gets its place (`store::testing`).
//! Rules come from: DESIGN section 2, "Same seed and as-of day: same people, facts, answers, bytes".

use crate::Ledger;
use base::Random;
use std::sync::{Arc, Mutex, PoisonError};
use store::{
    Store,
    testing::{each_place, seeded_ids},
};

/// Runs a test with a new, empty store on each database.
pub fn each_database(name: &str, mut test: impl FnMut(&Store)) {
    each_place(name, |place| {
        let store = Store::open(place, ledger(1)).expect("a store opens at a new place");
        test(&store);
    });
}

/// A ledger whose ids and salts come from a seed. Whoever opens the same data again takes another seed, as another
/// run of the program would have other ids.
pub fn ledger(seed: u32) -> Arc<Ledger> {
    let first = (i64::from(seed) << 32) + 1; // never 0, and a seed never reaches the next one's ids
    Arc::new(Ledger::new(seeded_ids(first), seeded_random(u64::from(seed))))
}

/// Bytes from a seed (SplitMix64).
pub fn seeded_random(seed: u64) -> Random {
    let state = Mutex::new(seed);
    Arc::new(move |out: &mut [u8]| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in out.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    })
}
