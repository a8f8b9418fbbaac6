//! Second stage: rows that are equal in every attribute, and each the only such row of its file, are linked without being
//! read again.
//!
//! Rows meet by their coarse key (name families, birth, sex, town, numbers). One row of A and one of B alone under a coarse
//! key, with the same exact key, are linked: E1 when their raw bytes are the same too, else E2. All others go on to the
//! scored stage.
//!
//! This goes before the rule on rivals: a neighbour that differs in what the coarse key is made of (a twin, 和夫 beside
//! 和男, the same person without sex) is not seen here, and loses the row by what it differs in. It is not overlooked: rows
//! of A that end without link look at what was linked here too (aside), and one that is a link by itself, and nearly as good
//! as the pair linked here, sends that pair to review with it.
//!
//! Against collisions of hashes: a link needs the coarse key (64 bits) and 48 bits of the exact key to be equal, two hashes
//! with seeds of their own; E1 needs 48 bits of the raw hash besides. Twelve million rows against eighteen million have
//! 2^48 pairs: the odds of one link by accident are 1 to 2^64. No row is read again for this.
//!
//! Always holds: a row is linked once; nothing depends on the order of rows or partitions.
//! Not here: what keys are made of (keys); links by score (score, assign).
//! Rules come from: the issue, part B (exact tiers; ties are never decided by order).

use super::{
    Stopped,
    crew::{Crew, Progress},
    detail::{self, EXACT, Kind},
    read::Side,
    runs::Runs,
};
use crate::{keys::Keys, outcome::Tier, rules::Grade};
use std::sync::atomic::Ordering;

/// Words of a record: coarse; exact with 16 bits of raw; 32 bits of raw with the row.
pub(super) const STRIDE: usize = 3;

/// Hashes that are kept in 48 bits.
const BITS_48: u64 = (1 << 48) - 1;

/// In place of an exact key: the row is not linked here.
const NO_EXACT: u64 = 0;

/// What the stage found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Exact {
    /// Pairs that were linked with the same raw bytes.
    pub raw: u64,
    /// Pairs that were linked, the same after normalising.
    pub normal: u64,
    /// Pairs with the same raw bytes, each the only such row of its file, that were not linked here.
    pub raw_left: Vec<(u32, u32)>,
}

/// The record of a row, if it can meet another one here. The raw hash counts only when all attributes are present.
///
/// A row without coarse key (a date without day, a town that is not written) is never linked here, but a row with the same
/// raw bytes has none either: its raw hash takes the place of the coarse key, so that such pairs are counted too.
pub(super) fn entry(keys: Keys, (raw, present): (u64, bool), row: u32) -> Option<[u64; STRIDE]> {
    let (coarse, exact) = match (keys.coarse, present) {
        (0, false) => return None,
        (0, true) => (raw, NO_EXACT),
        (coarse, _) => (coarse, (keys.exact & BITS_48).max(NO_EXACT + 1)),
    };
    // A raw hash of 0 says that it does not count; a true 0 becomes 1.
    let raw = if present { (raw & BITS_48).max(1) } else { 0 };
    Some([coarse, exact << 16 | raw >> 32, raw << 32 | u64::from(row)])
}

/// The partition of a record; `parts` is a power of two.
pub(super) fn part(record: &[u64], parts: usize) -> usize {
    // The highest bits of the coarse key; by 128 bits, since a shift by 64 is none.
    ((u128::from(record[0]) * parts as u128) >> 64) as usize
}

fn exact_of(record: &[u64; STRIDE]) -> u64 {
    record[1] >> 16
}

fn raw_of(record: &[u64; STRIDE]) -> u64 {
    (record[1] & 0xffff) << 32 | record[2] >> 32
}

fn row_of(record: &[u64; STRIDE]) -> u32 {
    record[2] as u32
}

/// Links what is equal. Writes details and keys of linked rows.
pub(super) fn link(
    crew: &Crew<'_>,
    (a, runs_a): (&Side, &Runs),
    (b, runs_b): (&Side, &Runs),
    parts: usize,
    progress: &Progress<'_>,
) -> Result<Exact, Stopped> {
    let found = crew.each(parts, <[Vec<u64>; 2]>::default, |[words_a, words_b], part| {
        let mut bytes = Vec::new();
        for (side, runs, words) in [(a, runs_a, &mut *words_a), (b, runs_b, &mut *words_b)] {
            runs.partition(part, &mut bytes, words, |unit, records| {
                let first = u64::from(side.places.of.first(unit));
                records.iter_mut().skip(2).step_by(STRIDE).for_each(|word| *word += first);
            })?;
        }
        let (records_a, _) = words_a.as_chunks_mut::<STRIDE>();
        let (records_b, _) = words_b.as_chunks_mut::<STRIDE>();
        records_a.sort_unstable();
        records_b.sort_unstable();
        let mut found = Exact::default();
        join(
            records_a,
            records_b,
            |record| record[0],
            |group_a, group_b| group(a, b, group_a, group_b, &mut found),
        );
        progress.add(1);
        Ok(found)
    })?;
    let mut all = Exact::default();
    for found in found {
        all.raw += found.raw;
        all.normal += found.normal;
        all.raw_left.extend(found.raw_left);
    }
    all.raw_left.sort_unstable();
    Ok(all)
}

/// Goes through two lists that are sorted by a key; hands over the records of both that have the same.
fn join<T, K: Ord>(mut a: &[T], mut b: &[T], key: impl Fn(&T) -> K, mut group: impl FnMut(&[T], &[T])) {
    while let (Some(first_a), Some(first_b)) = (a.first(), b.first()) {
        let (key_a, key_b) = (key(first_a), key(first_b));
        let count = |list: &[T], of: &K| list.iter().take_while(|record| key(record) == *of).count();
        let end_a = if key_a <= key_b { count(a, &key_a) } else { 0 };
        let end_b = if key_b <= key_a { count(b, &key_b) } else { 0 };
        if key_a == key_b {
            group(&a[..end_a], &b[..end_b]);
        }
        (a, b) = (&a[end_a..], &b[end_b..]);
    }
}

/// Rows with one coarse key.
fn group(a: &Side, b: &Side, group_a: &[[u64; STRIDE]], group_b: &[[u64; STRIDE]], found: &mut Exact) {
    if let ([one_a], [one_b]) = (group_a, group_b)
        && let Some(tier) = tier(one_a, one_b)
    {
        let (row_a, row_b) = (row_of(one_a), row_of(one_b));
        let (detail_a, detail_b) = (&a.detail.words()[row_a as usize], &b.detail.words()[row_b as usize]);
        let before = detail_a.load(Ordering::Relaxed);
        if detail::decision(before).grade == Grade::Link {
            detail_a.store(detail::with_kind(before, Kind::Link(tier)) | EXACT, Ordering::Relaxed);
            let before = detail_b.load(Ordering::Relaxed);
            detail_b.store(detail::with_kind(before, Kind::Link(tier)) | EXACT, Ordering::Relaxed);
            a.key.words()[row_a as usize].store(u64::from(row_b), Ordering::Relaxed);
            b.key.words()[row_b as usize].store(u64::from(row_a), Ordering::Relaxed);
            match tier {
                Tier::Raw => found.raw += 1,
                _ => found.normal += 1,
            }
            return;
        }
    }
    raw_pairs(group_a, group_b, &mut found.raw_left);
}

/// What two rows alone under a coarse key are, if they are equal.
fn tier(a: &[u64; STRIDE], b: &[u64; STRIDE]) -> Option<Tier> {
    (exact_of(a) == exact_of(b) && exact_of(a) != NO_EXACT).then(|| {
        let raw = raw_of(a) == raw_of(b) && raw_of(a) != 0;
        if raw { Tier::Raw } else { Tier::Normal }
    })
}

/// Pairs of rows with the same raw hash, each alone with it in its file. Equal raw bytes have equal coarse and exact keys,
/// so all rows that could have the same are in the group, which is sorted by exact key and raw hash.
fn raw_pairs(group_a: &[[u64; STRIDE]], group_b: &[[u64; STRIDE]], into: &mut Vec<(u32, u32)>) {
    join(
        group_a,
        group_b,
        |record| (record[1], record[2] >> 32),
        |rows_a, rows_b| {
            if let ([row_a], [row_b]) = (rows_a, rows_b)
                && raw_of(row_a) != 0
            {
                into.push((row_of(row_a), row_of(row_b)));
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_holds_what_was_put_in() {
        let keys = Keys { coarse: u64::MAX, exact: 0xfedc_ba98_7654_3210 };
        let raw = 0x1234_5678_9abc_def0;
        let high = 0x1234_0000_0000_0000;
        let exact = 0xba98_7654_3210;
        // Keys, raw hash, whether it counts; coarse, exact and raw of the record.
        let cases = [
            (keys, raw, true, Some((u64::MAX, exact, 0x5678_9abc_def0))),
            (keys, raw, false, Some((u64::MAX, exact, 0))),
            (keys, high, true, Some((u64::MAX, exact, 1))),
            (Keys { exact: high, ..keys }, high, false, Some((u64::MAX, 1, 0))),
            (Keys::default(), raw, true, Some((raw, NO_EXACT, 0x5678_9abc_def0))),
            (Keys::default(), raw, false, None),
        ];
        for (keys, raw, present, want) in cases {
            let record = entry(keys, (raw, present), 0x7fff_fffe);
            assert!(record.is_none_or(|record| row_of(&record) == 0x7fff_fffe));
            assert_eq!(record.map(|record| (record[0], exact_of(&record), raw_of(&record))), want);
        }
        for (coarse, parts, want) in
            [(u64::MAX, 1, 0), (0, 1, 0), (u64::MAX, 16, 15), (1 << 60, 16, 1), ((1 << 60) - 1, 16, 0)]
        {
            assert_eq!(part(&[coarse, 0, 0], parts), want);
        }
    }

    proptest! {
        #[test]
        fn a_join_brings_together_what_a_loop_over_all_pairs_does(
            mut a in prop::collection::vec((0_u64..12, 0_u64..1_000), 0..40),
            mut b in prop::collection::vec((0_u64..12, 0_u64..1_000), 0..40),
        ) {
            a.sort_unstable();
            b.sort_unstable();
            let list = |rows: &[(u64, u64)]| rows.iter().map(|(key, row)| [*key, *row]).collect::<Vec<_>>();
            let mut found = Vec::new();
            join(&list(&a), &list(&b), |record| record[0], |rows_a, rows_b| {
                for x in rows_a {
                    found.extend(rows_b.iter().map(|y| (*x, *y)));
                }
            });
            let want = a.iter().flat_map(|x| {
                let equal = b.iter().filter(|y| x.0 == y.0);
                equal.map(|y| ([x.0, x.1], [y.0, y.1])).collect::<Vec<_>>()
            });
            prop_assert_eq!(found, want.collect::<Vec<_>>());
        }

        #[test]
        fn raw_pairs_are_those_of_a_plain_join_on_unique_values(
            a in prop::collection::vec(0_u64..8, 0..10),
            b in prop::collection::vec(0_u64..8, 0..10),
        ) {
            let records = |values: &[u64]| -> Vec<[u64; STRIDE]> {
                // Three raw values have one exact key.
                let keys = |raw: u64| Keys { coarse: 5, exact: 6 + raw / 3 };
                let rows = values.iter().zip(0..);
                let mut list: Vec<_> =
                    rows.filter_map(|(raw, row)| entry(keys(*raw), (*raw, *raw != 0), row)).collect();
                list.sort_unstable();
                list
            };
            let mut found = Vec::new();
            raw_pairs(&records(&a), &records(&b), &mut found);
            let alone = |list: &[u64], value: u64| list.iter().filter(|other| **other == value).count() == 1;
            let mut want = Vec::new();
            for (row_a, value) in a.iter().enumerate() {
                for (row_b, other) in b.iter().enumerate() {
                    if value == other && *value != 0 && alone(&a, *value) && alone(&b, *value) {
                        want.push((row_a as u32, row_b as u32));
                    }
                }
            }
            found.sort_unstable();
            prop_assert_eq!(found, want);
        }
    }
}
