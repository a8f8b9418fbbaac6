//! Ids and My Numbers made from the seed, the same on every start.
//!
//! Always holds: an id depends on seed, patient id and role only, so a patient keeps it across starts and versions as
//! long as its id in the table stays; another seed gives other people.
//! Not here: ids of facts, entries and decisions; those come from `Cx`.

use base::{Id, Kind, MyNumber};

/// FNV-1a over the texts (each ended by a byte that no text holds), then the finish of SplitMix64, so that ids that
/// differ in one letter differ everywhere. Not secret and not meant to be.
pub(crate) fn mix(seed: u64, texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed;
    for text in texts {
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// The id of what plays a role (`person`, `coverage-1` …) in a patient's story.
pub(crate) fn id<K: Kind>(seed: u64, patient: &str, role: &str) -> Id<K> {
    let raw = (mix(seed, &[patient, role, K::PREFIX]) >> 1).max(1);
    Id::new(raw as i64).expect("63 bits, not zero")
}

/// The My Number of whoever plays a role in a patient's story.
pub(crate) fn my_number(seed: u64, patient: &str, role: &str) -> MyNumber {
    let body = mix(seed, &[patient, role, "my-number"]) % 10_000_000_000; // the nation's begin with another digit than nought
    MyNumber::from_body(&format!("{body:011}")).expect("eleven digits take a check digit")
}
