//! Records sorted into partitions: written unit by unit, taken out partition by partition. How a join that is larger
//! than a cache, or than the memory cap, is cut into small ones.
//!
//! Always holds: a partition's records come in the order of the units, and within a unit in the order in which they were
//! given, so nothing depends on threads; a sheet in a file gives the same words as one on the heap.
//! Not here: what a record is (exact, pool, score).
//! Rules come from: the issue, part C (a memory cap that spills partitions to disk).

use super::room::unwritten;
use base::Fault;
use std::{
    fs::File,
    os::unix::fs::FileExt,
    sync::atomic::{AtomicU64, Ordering},
};

/// One unit's records, partition after partition.
#[derive(Debug)]
pub(super) struct Sheet {
    /// Where each partition begins, counted in records; one entry more than partitions.
    pub bounds: Vec<u32>,
    /// The records.
    pub held: Held,
}

/// Where a sheet's words are.
#[derive(Debug)]
pub(super) enum Held {
    /// In memory.
    Heap(Vec<u64>),
    /// In a file, beginning at this byte.
    File(u64),
}

/// Sorts records of so many words into partitions (stable), by counting: two passes over the words. The partition is said
/// for each record, which is given with its number.
pub(super) fn sorted<const WORDS: usize>(
    words: &[u64],
    parts: usize,
    part: impl Fn(usize, &[u64; WORDS]) -> usize,
) -> Sheet {
    let (records, _) = words.as_chunks::<WORDS>();
    let mut bounds = vec![0_u32; parts + 1];
    for (number, record) in records.iter().enumerate() {
        bounds[part(number, record) + 1] += 1;
    }
    for at in 0..parts {
        bounds[at + 1] += bounds[at];
    }
    let mut next = bounds.clone();
    let mut held = vec![0; words.len()];
    let (slots, _) = held.as_chunks_mut::<WORDS>();
    for (number, record) in records.iter().enumerate() {
        let next = &mut next[part(number, record)];
        slots[*next as usize] = *record;
        *next += 1;
    }
    Sheet { bounds, held: Held::Heap(held) }
}

/// Sorts records whose order begins with a hash: `hash` gives its bits, the highest first, without those that all of them
/// share. As many slots as records, each record by its hash into one, and hardly any slot has more than two to be compared:
/// a third of the time of a sort that knows nothing of hashes. Records that crowd into one slot are sorted as others are.
pub(super) fn sort_hashed<T: Copy + Ord>(records: &mut [T], spare: &mut Vec<T>, hash: impl Fn(&T) -> u64) {
    /// Fewer are sorted before slots are made.
    const FEW: usize = 64;
    if records.len() < FEW {
        return records.sort_unstable();
    }
    let bits = records.len().ilog2();
    let slot = |record: &T| (hash(record) >> (64 - bits)) as usize;
    let mut ends = vec![0_u32; (1 << bits) + 1];
    records.iter().for_each(|record| ends[slot(record) + 1] += 1);
    for at in 0..1 << bits {
        ends[at + 1] += ends[at];
    }
    spare.clear();
    spare.extend_from_slice(records);
    // While records are put in, `ends` has for each slot where the next one goes: at last, where the slot ends.
    for record in &*spare {
        let end = &mut ends[slot(record)];
        records[*end as usize] = *record;
        *end += 1;
    }
    let mut begin = 0;
    for end in &ends[..1 << bits] {
        let end = *end as usize;
        match &mut records[begin..end] {
            [] | [_] => {}
            [one, other] if *one <= *other => {}
            [one, other] => std::mem::swap(one, other),
            more => more.sort_unstable(),
        }
        begin = end;
    }
}

/// A file of words that threads append to.
pub(super) struct WordFile {
    file: File,
    end: AtomicU64,
}

impl WordFile {
    /// An empty file, or one whose first bytes belong to somebody else.
    pub fn new(file: File, end: u64) -> WordFile {
        WordFile { file, end: AtomicU64::new(end) }
    }

    /// Appends words; says at which byte they begin.
    pub fn append(&self, words: &[u64]) -> Result<u64, Fault> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let at = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.write_all_at(&bytes, at).map_err(unwritten)?;
        Ok(at)
    }

    /// Reads words beginning at a byte, behind those already in `into`.
    pub fn read(&self, at: u64, words: usize, bytes: &mut Vec<u8>, into: &mut Vec<u64>) -> Result<(), Fault> {
        bytes.resize(words * 8, 0);
        let read = self.file.read_exact_at(bytes, at);
        read.map_err(|e| Fault::caused("cannot read from the work folder", e))?;
        into.extend(bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)));
        Ok(())
    }
}

/// All units' sheets.
pub(super) struct Runs {
    /// Words of a record.
    pub stride: usize,
    /// One for each unit.
    pub sheets: Vec<Sheet>,
    /// Where sheets are that are not in memory.
    pub file: Option<WordFile>,
}

impl Runs {
    /// How many records a partition has.
    pub fn size(&self, part: usize) -> usize {
        self.sheets.iter().map(|sheet| (sheet.bounds[part + 1] - sheet.bounds[part]) as usize).sum()
    }

    /// Takes out a partition: `into` is emptied first. Says for each unit where its records end, through `unit`, which
    /// may change them.
    pub fn partition(
        &self,
        part: usize,
        bytes: &mut Vec<u8>,
        into: &mut Vec<u64>,
        mut unit: impl FnMut(usize, &mut [u64]),
    ) -> Result<(), Fault> {
        into.clear();
        for number in 0..self.sheets.len() {
            let first = into.len();
            self.take(number, part, bytes, into)?;
            if into.len() > first {
                unit(number, &mut into[first..]);
            }
        }
        Ok(())
    }

    /// Goes through a partition unit by unit, without holding more than one unit's records.
    pub fn each_unit(&self, part: usize, mut unit: impl FnMut(usize, &mut [u64])) -> Result<(), Fault> {
        let (mut bytes, mut words) = (Vec::new(), Vec::new());
        for number in 0..self.sheets.len() {
            words.clear();
            self.take(number, part, &mut bytes, &mut words)?;
            unit(number, &mut words);
        }
        Ok(())
    }

    /// Takes a unit's records of a partition, behind those already in `into`.
    fn take(
        &self,
        number: usize,
        part: usize,
        bytes: &mut Vec<u8>,
        into: &mut Vec<u64>,
    ) -> Result<(), Fault> {
        let sheet = &self.sheets[number];
        let (begin, end) = (sheet.bounds[part] as usize, sheet.bounds[part + 1] as usize);
        match (&sheet.held, &self.file) {
            _ if begin == end => {}
            (Held::Heap(words), _) => {
                into.extend_from_slice(&words[begin * self.stride..end * self.stride]);
            }
            (Held::File(at), Some(file)) => {
                let at = at + (begin * self.stride * 8) as u64;
                file.read(at, (end - begin) * self.stride, bytes, into)?;
            }
            (Held::File(_), None) => return Err(Fault::new("a spilled sheet lost its file")),
        }
        Ok(())
    }

    /// Takes out all records of one unit: `into` is emptied first. A unit without sheet has none.
    pub fn unit(&self, number: usize, bytes: &mut Vec<u8>, into: &mut Vec<u64>) -> Result<(), Fault> {
        into.clear();
        let Some(sheet) = self.sheets.get(number) else { return Ok(()) };
        let words = sheet.bounds.last().map_or(0, |end| *end as usize * self.stride);
        match (&sheet.held, &self.file) {
            (Held::Heap(held), _) => into.extend_from_slice(&held[..words]),
            (Held::File(at), Some(file)) => file.read(*at, words, bytes, into)?,
            (Held::File(_), None) => return Err(Fault::new("a spilled sheet lost its file")),
        }
        Ok(())
    }

    /// Bytes of the sheets in memory.
    pub fn heap_bytes(&self) -> u64 {
        let words = self.sheets.iter().map(|sheet| match &sheet.held {
            Held::Heap(words) => words.len() as u64,
            Held::File(_) => 0,
        });
        words.sum::<u64>() * 8
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.sheets.iter().map(|sheet| u64::from(sheet.bounds.last().copied().unwrap_or_default())).sum()
    }
}

/// Puts a sheet into the file, if there is one.
pub(super) fn put_away(mut sheet: Sheet, file: Option<&WordFile>) -> Result<Sheet, Fault> {
    if let (Held::Heap(words), Some(file)) = (&sheet.held, file) {
        sheet.held = Held::File(file.append(words)?);
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hashed_records_are_sorted(
            values in prop::collection::vec((prop_oneof![Just(7_u64), 0_u64..40, 0..u64::MAX], 0_u64..3), 0..300),
            shared in 0_u32..9,
        ) {
            // All begin with the same bits.
            let values = values.into_iter().map(|(value, more)| [value >> shared, more]);
            let mut records: Vec<[u64; 2]> = values.collect();
            let mut want = records.clone();
            want.sort_unstable();
            sort_hashed(&mut records, &mut vec![[1, 2]], |record| record[0] << shared);
            prop_assert_eq!(records, want);
        }

        #[test]
        fn partitions_hold_what_was_put_in(
            units in prop::collection::vec(prop::collection::vec((0_u64..50, 0_u64..9), 0..40), 0..8),
            parts in 1_usize..9,
        ) {
            // A folder of its own: another test process may make files of the same names.
            let folder = tempfile::tempdir().unwrap();
            let memory = crate::engine::room::Memory::new(folder.path(), 0);
            for spilled in [false, true] {
                let file = spilled.then(|| WordFile::new(memory.file().unwrap(), 0));
                let part = |_: usize, record: &[u64; 2]| (record[0] % parts as u64) as usize;
                let sheets = units.iter().map(|unit| {
                    let words: Vec<u64> = unit.iter().flat_map(|(a, b)| [*a, *b]).collect();
                    put_away(sorted(&words, parts, part), file.as_ref()).unwrap()
                });
                let runs = Runs { stride: 2, sheets: sheets.collect(), file };
                prop_assert_eq!(runs.records(), units.iter().map(Vec::len).sum::<usize>() as u64);
                for (number, unit) in units.iter().enumerate() {
                    let (mut found, mut want) = (vec![7], unit.clone());
                    runs.unit(number, &mut Vec::new(), &mut found).unwrap();
                    // Partition by partition, and in a partition as they were given.
                    want.sort_by_key(|(a, _)| a % parts as u64);
                    prop_assert_eq!(found, want.iter().flat_map(|(a, b)| [*a, *b]).collect::<Vec<u64>>());
                }
                for number in 0..parts {
                    let mut found = vec![7];
                    let add_unit = |unit: usize, words: &mut [u64]| {
                        words.iter_mut().skip(1).step_by(2).for_each(|word| *word += unit as u64 * 100);
                    };
                    runs.partition(number, &mut Vec::new(), &mut found, add_unit).unwrap();
                    let want: Vec<u64> = units.iter().enumerate().flat_map(|(unit, records)| {
                        let mine = records.iter().filter(|record| part(0, &[record.0, 0]) == number);
                        mine.flat_map(move |(a, b)| [*a, b + unit as u64 * 100])
                    }).collect();
                    prop_assert_eq!(&found, &want);
                    prop_assert_eq!(runs.size(number) * 2, want.len());
                    let mut streamed = Vec::new();
                    runs.each_unit(number, |unit, words| {
                        add_unit(unit, words);
                        streamed.extend_from_slice(words);
                    }).unwrap();
                    prop_assert_eq!(&streamed, &want);
                }
            }
        }
    }
}
