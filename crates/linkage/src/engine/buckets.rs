//! Third stage, middle: rows that share a key are pairs; every pair once, in the order of A's rows.
//!
//! Pairs are made in slices of A's rows, so that a row's candidates come together: it is read once, its best candidate is
//! known at once, and a pair that met under several keys is found again by sorting the slice.
//!
//! A bucket of millions of rows (one name, one default birth date) is overfull and need not be held to be seen so: its rows are
//! counted, and marked, as they pass (split).
//!
//! Always holds: a bucket with more pairs or more rows of B than the caps makes no pair, and all its rows are marked for
//! it; which pairs come does not depend on threads or memory.
//! Not here: keys (pool); what a pair is worth (score).
//! Rules come from: the issue, part D (ten million identical names, bounded memory).

use super::{
    Stopped,
    crew::{Crew, Share},
    detail::{MANY, PAIRED},
    pool::{self, OF_B},
    read::Side,
    room::Memory,
    runs::{Runs, sorted},
    split::{See, Split},
};
use crate::{keys::KINDS, soon::soon};
use base::Fault;
use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

/// A bucket of more pairs is overfull. A hundred rows on each side share a key only if the data are damaged.
const PAIRS_MAX: u64 = 10_000;
/// Slices of A's rows, at most.
const SLICES: u32 = 1 << 10;

/// Partitions whose pairs go together: a partition by itself has about one pair in a slice.
const PARTS_AT_ONCE: usize = 16;

/// The records of both sides, and how A's rows are cut into slices.
pub(super) struct Buckets<'b> {
    a: &'b Side,
    b: &'b Side,
    runs_a: Runs,
    runs_b: Runs,
    /// A slice is the rows with the same number above these bits.
    slice_bits: u32,
    /// Pairs of each slice, doubles among them.
    pub slices: Vec<u64>,
    /// Records of a partition's buckets that make pairs, when memory allowed to keep them.
    ready: Vec<Option<Vec<u64>>>,
    /// So many records of a partition are held at once.
    most: usize,
}

/// A thread's buffers for taking out a partition.
#[derive(Default)]
struct Buffers {
    bytes: Vec<u8>,
    of_a: Vec<u64>,
    of_b: Vec<u64>,
}

/// A slice's row of a record of A.
fn row(record: u64) -> u32 {
    (record & (OF_B - 1)) as u32
}

impl<'b> Buckets<'b> {
    /// Sorts all records into buckets, marks the rows of overfull ones, counts pairs.
    pub fn new(
        crew: &Crew<'_>,
        memory: &Memory,
        (a, runs_a): (&'b Side, Runs),
        (b, runs_b): (&'b Side, Runs),
        progress: &Share<'_>,
    ) -> Result<Buckets<'b>, Stopped> {
        let slice_bits = a.rows.div_ceil(SLICES).next_power_of_two().ilog2();
        let slices = (a.rows >> slice_bits) as usize + 1;
        let most = memory.piece(crew.threads) / size_of::<u64>();
        let mut buckets =
            Buckets { a, b, runs_a, runs_b, slice_bits, slices: vec![0; slices], ready: Vec::new(), most };
        // Threads count in lists of their own, as a rule: what one has written, another would wait for.
        let counts: Vec<Vec<AtomicU64>> =
            (0..crew.threads).map(|_| (0..slices).map(|_| AtomicU64::new(0)).collect()).collect();
        buckets.ready = crew.each(pool::PARTS, Buffers::default, |buffers, part| {
            let (mut all, mut is_held) = (Vec::new(), true);
            let counts = &counts[part % counts.len()];
            buckets.pairing(
                part,
                buffers,
                |record| buckets.mark(record, MANY),
                |mut records| {
                    each_bucket(&records, |of_a, of_b| {
                        of_b.iter().for_each(|record| buckets.mark(*record, PAIRED));
                        for record in of_a {
                            let slice = (row(*record) >> slice_bits) as usize;
                            counts[slice].fetch_add(of_b.len() as u64, Ordering::Relaxed);
                        }
                    });
                    is_held &= all.len() + records.len() <= most;
                    match is_held {
                        true if all.is_empty() => all = records,
                        true => all.append(&mut records),
                        false => all = Vec::new(),
                    }
                },
            )?;
            progress.add(buckets.records(part) as u64);
            all.shrink_to_fit();
            Ok((is_held && memory.spares(all.len() as u64 * 8)).then_some(all))
        })?;
        for counts in counts {
            buckets.slices.iter_mut().zip(counts).for_each(|(all, count)| *all += count.into_inner());
        }
        if buckets.ready.iter().all(Option::is_some) {
            // Nobody needs them any more.
            memory.give(buckets.runs_a.heap_bytes() + buckets.runs_b.heap_bytes());
            buckets.runs_a.sheets.clear();
            buckets.runs_b.sheets.clear();
        }
        Ok(buckets)
    }

    /// Drops the records, and gives back what they took of the memory cap.
    pub fn give_back(self, memory: &Memory) {
        let ready = self.ready.iter().flatten().map(|records| records.len() as u64 * 8);
        memory.give(ready.sum::<u64>() + self.runs_a.heap_bytes() + self.runs_b.heap_bytes());
    }

    /// How many records of both sides a partition has.
    fn records(&self, part: usize) -> usize {
        self.runs_a.size(part) + self.runs_b.size(part)
    }

    /// Gives the records of a partition's buckets that make pairs, sorted: bucket by bucket, A before B. All at once, or
    /// piece by piece if there are too many. The records of overfull buckets go to `many`, one by one.
    fn pairing(
        &self,
        part: usize,
        buffers: &mut Buffers,
        mut many: impl FnMut(u64),
        mut found: impl FnMut(Vec<u64>),
    ) -> Result<(), Fault> {
        let cap = KINDS[pool::kind(part)].cap as usize;
        if self.records(part) <= self.most {
            self.partition(part, buffers)?;
            found(kept_pairing(&mut buffers.of_a, cap, &mut many));
            return Ok(());
        }
        let all = |see: &mut See<'_, u64>| {
            // In a record is said already of which side it is.
            for runs in [&self.runs_a, &self.runs_b] {
                runs.each_unit(part, |_, records| records.iter().for_each(|record| see(false, *record)))?;
            }
            Ok(())
        };
        let mut crowded = Vec::new();
        Split { all: &all, key: |record: &u64| u128::from(record >> 32), most: self.most }.pieces(
            |[records, _]| {
                found(kept_pairing(records, cap, &mut many));
                Ok(())
            },
            |key| {
                crowded.push(key as u64);
                Ok(())
            },
        )?;
        for key in crowded {
            self.crowded(&all, (key, cap), &mut many, &mut found)?;
        }
        Ok(())
    }

    /// One bucket that has more records than are held at once.
    fn crowded(
        &self,
        all: &dyn Fn(&mut See<'_, u64>) -> Result<(), Fault>,
        (key, cap): (u64, usize),
        many: &mut impl FnMut(u64),
        found: &mut impl FnMut(Vec<u64>),
    ) -> Result<(), Fault> {
        // A row's records of one key come one behind another.
        let each = |see: &mut dyn FnMut(u64)| {
            let mut last = None;
            all(&mut |_, record| {
                if record >> 32 == key && last != Some(record) {
                    see(record);
                    last = Some(record);
                }
            })
        };
        let mut of_side = [0_usize; 2];
        each(&mut |record| of_side[usize::from(record & OF_B != 0)] += 1)?;
        match of_side {
            [0, _] | [_, 0] => {}
            [of_a, of_b] if is_overfull(of_a, of_b, cap) => each(many)?,
            // No more than the caps allow.
            _ => {
                let mut records = Vec::new();
                each(&mut |record| records.push(record))?;
                found(kept_pairing(&mut records, cap, many));
            }
        }
        Ok(())
    }

    /// Takes a partition's records of both sides into `of_a`, without most of those that meet none of the other side.
    fn partition(&self, part: usize, buffers: &mut Buffers) -> Result<(), Fault> {
        let Buffers { bytes, of_a, of_b } = buffers;
        self.runs_a.partition(part, bytes, of_a, |_, _| ())?;
        self.runs_b.partition(part, bytes, of_b, |_, _| ())?;
        keep_meeting(of_a, of_b);
        keep_meeting(of_b, of_a);
        // They will be marked, and lie anywhere in memory.
        of_b.iter().for_each(|record| soon(&self.b.detail.words()[row(*record) as usize]));
        of_a.append(of_b);
        Ok(())
    }

    fn mark(&self, record: u64, flag: u64) {
        let side = if record & OF_B == 0 { self.a } else { self.b };
        let detail = &side.detail.words()[row(record) as usize];
        // Most are marked already, by another key.
        if detail.load(Ordering::Relaxed) & flag == 0 {
            detail.fetch_or(flag, Ordering::Relaxed);
        }
    }

    /// Slices in rounds of at most so many pairs, unless one slice has more.
    pub fn rounds(&self, most: u64) -> Vec<Range<usize>> {
        let (mut rounds, mut begin, mut pairs) = (Vec::new(), 0, 0);
        for (slice, count) in self.slices.iter().enumerate() {
            if pairs + count > most && slice > begin {
                rounds.push(begin..slice);
                (begin, pairs) = (slice, 0);
            }
            pairs += count;
        }
        rounds.push(begin..self.slices.len());
        rounds
    }

    /// The pairs of a round, by slice (the first of the round is partition 0): row of A above row of B in a word.
    pub fn pairs(&self, crew: &Crew<'_>, round: &Range<usize>) -> Result<Runs, Stopped> {
        let slice_of = |pair: u64| ((pair >> 32) as u32 >> self.slice_bits) as usize;
        let units = pool::PARTS.div_ceil(PARTS_AT_ONCE);
        let sheets = crew.each(units, <(Buffers, Vec<u64>)>::default, |(buffers, pairs), unit| {
            pairs.clear();
            let mut add = |records: &[u64]| {
                each_bucket(records, |of_a, of_b| {
                    for record in of_a {
                        let row_a = u64::from(row(*record)) << 32;
                        if round.contains(&slice_of(row_a)) {
                            pairs.extend(of_b.iter().map(|record| row_a | u64::from(row(*record))));
                        }
                    }
                });
            };
            for part in (unit * PARTS_AT_ONCE..pool::PARTS).take(PARTS_AT_ONCE) {
                match &self.ready[part] {
                    Some(records) => add(records),
                    None => self.pairing(part, buffers, |_| (), |records| add(&records))?,
                }
            }
            Ok(sorted(pairs, round.len(), |_, [pair]| slice_of(*pair) - round.start))
        })?;
        Ok(Runs { stride: 1, sheets, file: None })
    }
}

/// Goes through sorted records bucket by bucket: those of A, those of B.
fn each_bucket(records: &[u64], mut bucket: impl FnMut(&[u64], &[u64])) {
    for records in records.chunk_by(|one, next| one >> 32 == next >> 32) {
        let (of_a, of_b) = records.split_at(records.partition_point(|record| record & OF_B == 0));
        bucket(of_a, of_b);
    }
}

fn is_overfull(of_a: usize, of_b: usize, cap: usize) -> bool {
    of_b > cap || of_a as u64 * of_b as u64 > PAIRS_MAX
}

/// Keeps the records whose keys may be among the others': a bit for each of their keys says so. Half of all records meet
/// nobody, and this costs less than sorting them.
fn keep_meeting(records: &mut Vec<u64>, others: &[u64]) {
    let bits = (others.len() * 16).next_power_of_two().max(64);
    let place = |record: u64| (record >> 32) as usize & (bits - 1);
    let mut keys = vec![0_u64; bits / 64];
    for other in others {
        let at = place(*other);
        keys[at / 64] |= 1 << (at % 64);
    }
    let mut kept = 0;
    for at in 0..records.len() {
        let record = records[at];
        let place = place(record);
        // Written in any case, so that there is nothing to be guessed.
        records[kept] = record;
        kept += (keys[place / 64] >> (place % 64) & 1) as usize;
    }
    records.truncate(kept);
}

/// Sorts records; those of buckets that make pairs. Those of overfull ones go to `many`.
fn kept_pairing(records: &mut Vec<u64>, cap: usize, many: &mut impl FnMut(u64)) -> Vec<u64> {
    // Half of a hash, then the side, then the row: the words themselves are the order.
    records.sort_unstable();
    // A row with two names may come under one key twice.
    records.dedup();
    let mut kept = Vec::with_capacity(records.len());
    each_bucket(records, |of_a, of_b| {
        if of_a.is_empty() || of_b.is_empty() {
            return;
        }
        if is_overfull(of_a.len(), of_b.len(), cap) {
            of_a.iter().chain(of_b).for_each(|record| many(*record));
        } else {
            kept.extend(of_a);
            kept.extend(of_b);
        }
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        Measure, Stage,
        crew::Part,
        place::{Chunks, Places},
        room::PIECE,
        runs::{WordFile, put_away},
        tests::Quiet,
    };
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// A row's keys: kind, the seven bits that say the partition, the rest.
    type Keys = Vec<(u8, u8, u8)>;

    fn any_rows(most: usize) -> impl Strategy<Value = Vec<Keys>> {
        // Few values, so that some buckets overflow; the first kind has the smallest cap.
        let kind = prop_oneof![3 => Just(0_u8), 1 => 0..KINDS.len() as u8];
        let key = (kind, 0_u8..2, prop_oneof![1 => Just(0_u8), 1 => 1_u8..60]);
        prop::collection::vec(prop::collection::vec(key, 0..4), 0..most)
    }

    fn side(rows: &[Keys], memory: &Memory) -> Side {
        Side {
            rows: rows.len() as u32,
            places: Places {
                chunks: Vec::new(),
                of: Chunks::default(),
                starts: memory.room(0).unwrap(),
                breaks: Vec::new(),
            },
            detail: memory.room(rows.len()).unwrap(),
            key: memory.room(0).unwrap(),
        }
    }

    fn runs(rows: &[Keys], side: u64, memory: &Memory, spilled: bool) -> Runs {
        let file = WordFile::new(memory.file().unwrap(), 0);
        let numbered: Vec<(u64, &Keys)> = (0..).zip(rows).collect();
        let sheets = numbered.chunks(7).map(|unit| {
            let keys = || unit.iter().flat_map(|(row, keys)| keys.iter().map(move |key| (row, key)));
            let words: Vec<u64> = keys().map(|(row, key)| u64::from(key.2) << 32 | side | row).collect();
            let parts: Vec<usize> = keys()
                .map(|(_, key)| usize::from(key.0) * (pool::PARTS / KINDS.len()) + usize::from(key.1))
                .collect();
            let sheet = sorted(&words, pool::PARTS, |number, [_]| parts[number]);
            put_away(sheet, spilled.then_some(&file)).unwrap()
        });
        let sheets = sheets.collect();
        Runs { stride: 1, sheets, file: Some(file) }
    }

    /// Pairs and marked rows by looking at all rows for each key.
    fn plainly(a: &[Keys], b: &[Keys]) -> (BTreeSet<u64>, BTreeSet<u64>) {
        let mut buckets: BTreeMap<(u8, u8, u8), [BTreeSet<u64>; 2]> = BTreeMap::new();
        for (side, rows) in [a, b].into_iter().enumerate() {
            for (row, keys) in (0..).zip(rows) {
                keys.iter().for_each(|key| {
                    buckets.entry(*key).or_default()[side].insert(row);
                });
            }
        }
        let (mut pairs, mut marked) = (BTreeSet::new(), BTreeSet::new());
        for ((kind, ..), [of_a, of_b]) in buckets {
            let cap = KINDS[usize::from(kind)].cap as usize;
            if of_b.len() <= cap && of_a.len() * of_b.len() <= 10_000 {
                pairs.extend(of_a.iter().flat_map(|a| of_b.iter().map(move |b| a << 32 | b)));
            } else if !of_a.is_empty() && !of_b.is_empty() {
                marked.extend(of_a);
                marked.extend(of_b.iter().map(|row| OF_B | row));
            }
        }
        (pairs, marked)
    }

    proptest! {
        #[test]
        fn no_record_that_meets_another_is_left_out(
            mut records in prop::collection::vec(0_u64..60, 0..60),
            others in prop::collection::vec(0_u64..60, 0..20),
        ) {
            records.iter_mut().for_each(|key| *key <<= 32);
            let others: Vec<u64> = others.iter().map(|key| key << 32 | OF_B).collect();
            let mut kept = records.clone();
            keep_meeting(&mut kept, &others);
            let meets = |record: &u64| others.iter().any(|other| other >> 32 == record >> 32);
            let want: Vec<u64> = records.iter().copied().filter(meets).collect();
            kept.retain(meets);
            prop_assert_eq!(kept, want);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn pairs_are_those_of_a_loop_over_all_rows(a in any_rows(200), b in any_rows(500)) {
            let folder = tempfile::tempdir().unwrap();
            let crew = Crew { threads: 2, watch: &Quiet };
            let (want, want_marked) = plainly(&a, &b);
            // The last holds no more than a few records at once.
            let cases = [
                (u64::MAX, u64::MAX, PIECE),
                (0, 5_000, PIECE),
                (100_000, 20_000, PIECE),
                (0, 5_000, (80, 80)),
            ];
            for (cap, most, piece) in cases {
                let memory = Memory::new(folder.path(), cap).with_pieces(piece);
                let (side_a, side_b) = (side(&a, &memory), side(&b, &memory));
                let (runs_a, runs_b) = (runs(&a, 0, &memory, cap == 0), runs(&b, OF_B, &memory, cap == 0));
                // Whoever made them took it.
                memory.need(runs_a.heap_bytes() + runs_b.heap_bytes());
                let progress = crew.stage(Stage::Score, 1);
                let part = Part { number: 0, weight: 1, unit: Measure::Keys };
                let share = progress.share(part, 1);
                let buckets =
                    Buckets::new(&crew, &memory, (&side_a, runs_a), (&side_b, runs_b), &share).unwrap();
                let (mut found, mut last) = (BTreeSet::new(), 0);
                for round in buckets.rounds(most) {
                    prop_assert_eq!(round.start, last);
                    last = round.end;
                    let runs = buckets.pairs(&crew, &round).unwrap();
                    for slice in round.clone() {
                        let mut pairs = Vec::new();
                        runs.partition(slice - round.start, &mut Vec::new(), &mut pairs, |_, _| ()).unwrap();
                        prop_assert_eq!(pairs.len() as u64, buckets.slices[slice]);
                        prop_assert!(pairs.iter().all(|pair| (pair >> 32) >> buckets.slice_bits == slice as u64));
                        found.extend(pairs);
                    }
                }
                prop_assert_eq!(last, buckets.slices.len());
                prop_assert_eq!(&found, &want);
                let marked = [(0, &side_a), (OF_B, &side_b)].into_iter().flat_map(|(bit, side)| {
                    let words = (0..).zip(side.detail.words());
                    words.filter(|(_, word)| word.load(Ordering::Relaxed) & MANY != 0).map(move |(row, _)| bit | row)
                });
                prop_assert_eq!(&marked.collect::<BTreeSet<u64>>(), &want_marked);
            }
        }
    }
}
