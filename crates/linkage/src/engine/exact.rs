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
//! that pair a row's parts in two ways; E1 needs 48 bits of the raw hash besides. Twelve million rows against eighteen million have
//! 2^48 pairs: the odds of one link by accident are 1 to 2^64. No row is read again for this. (Before it comes to that, a row of
//! A may have been taken for one of B: mirrors tells how seldom.)
//!
//! A partition is sorted as a whole. One that is too large for that, because millions of rows have one coarse key, is gone
//! through in pieces (split); of such a key nobody is linked here, and rows with the same raw bytes are looked for among its
//! rows in the same way.
//!
//! Always holds: a row is linked once; nothing depends on the order of rows or partitions, or on how large a piece may be.
//! Not here: what keys are made of (keys); links by score (score, assign).
//! Rules come from: the issue, part B (exact tiers; ties are never decided by order).

use super::{
    Stopped,
    crew::{Crew, Progress},
    detail::{self, EXACT, Kind, RAW_LEFT},
    read::Side,
    room::Memory,
    runs::{Runs, sort_hashed},
    split::{See, Split},
};
use crate::{keys::Keys, outcome::Tier, rules::Grade, source::RawHash};
use base::Fault;
use std::sync::atomic::Ordering;

/// Words of a record: coarse; exact with 16 bits of raw; 32 bits of raw with the row.
pub(super) const STRIDE: usize = 3;

/// Hashes that are kept in 48 bits.
const BITS_48: u64 = (1 << 48) - 1;

/// Pairs that are linked together.
const AT_ONCE: usize = 64;

/// In place of an exact key: the row is not linked here.
const NO_EXACT: u64 = 0;

/// What the stage found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Exact {
    /// Pairs that were linked with the same raw bytes.
    pub raw: u64,
    /// Pairs that were linked, the same after normalising.
    pub normal: u64,
    /// Pairs with the same raw bytes, each the only such row of its file, that were not linked here. Their rows are marked.
    pub raw_left: u64,
}

/// A record.
type Record = [u64; STRIDE];

/// One file's rows, and their records.
pub(super) type Records<'r> = (&'r Side, &'r Runs);

/// The record of a row, if it can meet another one here. The raw hash counts only when all attributes are present.
///
/// A row without coarse key (a date without day, a town that is not written) is never linked here, but a row with the same
/// raw bytes has none either: its raw hash takes the place of the coarse key, so that such pairs are counted too.
pub(super) fn entry(keys: Keys, raw: RawHash, row: u32) -> Option<Record> {
    let RawHash { hash: raw, present, .. } = raw;
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

fn exact_of(record: &Record) -> u64 {
    record[1] >> 16
}

fn raw_of(record: &Record) -> u64 {
    (record[1] & 0xffff) << 32 | record[2] >> 32
}

fn row_of(record: &Record) -> u32 {
    record[2] as u32
}

/// Links what is equal. Writes details and keys of linked rows.
pub(super) fn link(
    crew: &Crew<'_>,
    memory: &Memory,
    (a, b): (Records<'_>, Records<'_>),
    parts: usize,
    progress: &Progress<'_>,
) -> Result<Exact, Stopped> {
    // A row of each file has to fit, or no two would ever be alone under a key.
    let most = (memory.piece(crew.threads) / size_of::<Record>()).max(2);
    let found = crew.each(parts, <([Vec<u64>; 2], Vec<Record>)>::default, |(words, spare), part| {
        let mut found = Exact::default();
        let records = a.1.size(part) + b.1.size(part);
        if records > most {
            large(a, b, (part, parts), most, &mut found)?;
        } else {
            for ((side, runs), words) in [a, b].into_iter().zip(words.iter_mut()) {
                runs.partition(part, &mut Vec::new(), words, |unit, records| number(side, unit, records))?;
            }
            let [words_a, words_b] = words;
            let (records_a, _) = words_a.as_chunks_mut::<STRIDE>();
            let (records_b, _) = words_b.as_chunks_mut::<STRIDE>();
            groups((a.0, records_a), (b.0, records_b), (parts, spare), &mut found);
        }
        progress.add(records as u64);
        Ok(found)
    })?;
    let mut all = Exact::default();
    for found in found {
        all.raw += found.raw;
        all.normal += found.normal;
        all.raw_left += found.raw_left;
    }
    Ok(all)
}

/// Rows of a unit's records get their numbers in the file.
fn number(side: &Side, unit: usize, records: &mut [u64]) {
    let first = u64::from(side.places.of.first(unit));
    records.iter_mut().skip(2).step_by(STRIDE).for_each(|word| *word += first);
}

/// Sorts records, and links what is equal among them.
fn groups(
    (a, records_a): (&Side, &mut [Record]),
    (b, records_b): (&Side, &mut [Record]),
    (parts, spare): (usize, &mut Vec<Record>),
    found: &mut Exact,
) {
    for records in [&mut *records_a, &mut *records_b] {
        // All begin with the bits of the partition's number.
        sort_hashed(records, spare, |record| record[0] << parts.ilog2());
    }
    let mut equals = Vec::with_capacity(AT_ONCE);
    join(
        records_a,
        records_b,
        |record| record[0],
        |group_a, group_b| match (group_a, group_b) {
            ([one_a], [one_b]) if is_equal(one_a, one_b) => {
                equals.push([*one_a, *one_b]);
                a.soon(row_of(one_a));
                b.soon(row_of(one_b));
                if equals.len() == AT_ONCE {
                    link_equals(a, b, &mut equals, found);
                }
            }
            _ => raw_pairs(group_a, group_b, |row_a, row_b| raw_left(a, b, (row_a, row_b), found)),
        },
    );
    link_equals(a, b, &mut equals, found);
}

/// Links what is equal in a partition of which no more than so many records may be held.
fn large(
    a: Records<'_>,
    b: Records<'_>,
    (part, parts): (usize, usize),
    most: usize,
    found: &mut Exact,
) -> Result<(), Fault> {
    let mut spare = Vec::new();
    let all = |see: &mut See<'_, Record>| {
        for (of_b, (side, runs)) in [(false, a), (true, b)] {
            runs.each_unit(part, |unit, records| {
                number(side, unit, records);
                records.as_chunks::<STRIDE>().0.iter().for_each(|record| see(of_b, *record));
            })?;
        }
        Ok(())
    };
    let split = Split { all: &all, key: |record: &Record| u128::from(record[0]), most };
    let mut crowded = Vec::new();
    split.pieces(
        |[records_a, records_b]| {
            groups((a.0, records_a), (b.0, records_b), (parts, &mut spare), found);
            Ok(())
        },
        |coarse| {
            crowded.push(coarse as u64);
            Ok(())
        },
    )?;
    for coarse in crowded {
        let all = |see: &mut See<'_, Record>| {
            all(&mut |of_b, record| {
                if record[0] == coarse && raw_of(&record) != 0 {
                    see(of_b, record);
                }
            })
        };
        let split = Split { all: &all, key: |record: &Record| raw_key(record), most };
        // What has one raw hash and is many is no pair.
        split.pieces(
            |[records_a, records_b]| {
                records_a.sort_unstable();
                records_b.sort_unstable();
                raw_pairs(records_a, records_b, |row_a, row_b| raw_left(a.0, b.0, (row_a, row_b), found));
                Ok(())
            },
            |_| Ok(()),
        )?;
    }
    Ok(())
}

/// Exact key and raw hash, as they are sorted.
fn raw_key(record: &Record) -> u128 {
    u128::from(record[1]) << 32 | u128::from(record[2] >> 32)
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

/// Links pairs that are alone under their coarse keys and equal; empties the list.
fn link_equals(a: &Side, b: &Side, equals: &mut Vec<[Record; 2]>, found: &mut Exact) {
    for [one_a, one_b] in equals.drain(..) {
        let tier = if is_raw(&one_a, &one_b) { Tier::Raw } else { Tier::Normal };
        let (row_a, row_b) = (row_of(&one_a), row_of(&one_b));
        let (detail_a, detail_b) = (&a.detail.words()[row_a as usize], &b.detail.words()[row_b as usize]);
        let before = detail_a.load(Ordering::Relaxed);
        if detail::decision(before).grade != Grade::Link {
            if tier == Tier::Raw {
                raw_left(a, b, (row_a, row_b), found);
            }
            continue;
        }
        detail_a.store(detail::with_kind(before, Kind::Link(tier)) | EXACT, Ordering::Relaxed);
        let before = detail_b.load(Ordering::Relaxed);
        detail_b.store(detail::with_kind(before, Kind::Link(tier)) | EXACT, Ordering::Relaxed);
        a.key.words()[row_a as usize].store(u64::from(row_b), Ordering::Relaxed);
        b.key.words()[row_b as usize].store(u64::from(row_a), Ordering::Relaxed);
        match tier {
            Tier::Raw => found.raw += 1,
            _ => found.normal += 1,
        }
    }
}

/// Counts and marks a pair with the same raw bytes that is not linked here.
fn raw_left(a: &Side, b: &Side, (row_a, row_b): (u32, u32), found: &mut Exact) {
    for (side, row) in [(a, row_a), (b, row_b)] {
        side.detail.words()[row as usize].fetch_or(RAW_LEFT, Ordering::Relaxed);
    }
    found.raw_left += 1;
}

/// Whether two rows alone under a coarse key are equal.
fn is_equal(a: &Record, b: &Record) -> bool {
    exact_of(a) == exact_of(b) && exact_of(a) != NO_EXACT
}

/// Whether two rows have the same raw bytes, and all attributes.
fn is_raw(a: &Record, b: &Record) -> bool {
    raw_of(a) == raw_of(b) && raw_of(a) != 0
}

/// Pairs of rows with the same raw hash, each alone with it in its file. Equal raw bytes have equal coarse and exact keys,
/// so all rows that could have the same are in the group, which is sorted by exact key and raw hash.
fn raw_pairs(group_a: &[Record], group_b: &[Record], mut pair: impl FnMut(u32, u32)) {
    join(group_a, group_b, raw_key, |rows_a, rows_b| {
        if let ([row_a], [row_b]) = (rows_a, rows_b)
            && raw_of(row_a) != 0
        {
            pair(row_of(row_a), row_of(row_b));
        }
    });
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
            let raw = RawHash { hash: raw, present, check: 0 };
            let record = entry(keys, raw, 0x7fff_fffe);
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
                let raw_hash = |raw: u64| RawHash { hash: raw, present: raw != 0, check: 0 };
                let keys = |raw: u64| Keys { coarse: 5, exact: 6 + raw / 3 };
                let rows = values.iter().zip(0..);
                let mut list: Vec<_> =
                    rows.filter_map(|(raw, row)| entry(keys(*raw), raw_hash(*raw), row)).collect();
                list.sort_unstable();
                list
            };
            let mut found = Vec::new();
            raw_pairs(&records(&a), &records(&b), |row_a, row_b| found.push((row_a, row_b)));
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
