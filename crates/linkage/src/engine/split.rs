//! Records that are too many to be held at once: cut by the bits of their keys into pieces that are not, by going through
//! them again and again. A key that so many records share is named instead, and whoever asked counts and marks its records
//! as they pass.
//!
//! Always holds: all records of one key come in one piece, or their key is named; what is held is a piece and some numbers,
//! however many records there are and however many of them have one key; keys and pieces come in an order that depends on
//! the records only.
//! Not here: what a record is, and what follows from a key that many share (exact, buckets, twice).
//! Rules come from: the issue, part D (ten million identical names, bounded memory).

use base::Fault;

/// Records are counted in so many slots at a time, by that many bits of their keys.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 10;

/// Takes a record, and says whether it is of B.
pub(super) type See<'s, R> = dyn FnMut(bool, R) + 's;

/// Many records.
pub(super) struct Split<'s, R> {
    /// Goes through all of them, always in the same order.
    pub all: &'s dyn Fn(&mut See<'_, R>) -> Result<(), Fault>,
    /// A record's key; it is best told apart by its lowest bits.
    pub key: fn(&R) -> u128,
    /// So many records are held at once.
    pub most: usize,
}

/// The records whose keys end in these bits.
#[derive(Clone, Copy, Default)]
struct Ending {
    bits: u128,
    /// How many bits.
    count: u32,
}

impl Ending {
    fn has(self, key: u128) -> bool {
        let mask = 1_u128.checked_shl(self.count).map_or(u128::MAX, |bit| bit - 1);
        key & mask == self.bits
    }

    /// The slot of a key that has the ending.
    fn slot(self, key: u128) -> usize {
        key.checked_shr(self.count).unwrap_or(0) as usize & (SLOTS - 1)
    }

    /// The same with the bits of a slot before it. When all bits are used up, the records of a slot have one key.
    fn with(self, slot: usize) -> Ending {
        let bits = (slot as u128).checked_shl(self.count).unwrap_or(0);
        Ending { bits: self.bits | bits, count: self.count + SLOT_BITS }
    }
}

/// What a slot has.
#[derive(Clone, Copy, Default)]
struct Slot {
    records: usize,
    /// The first record's key, and whether it is all the others' too.
    key: u128,
    differs: bool,
}

impl<R: Copy> Split<'_, R> {
    /// Gives all records of A and B piece by piece to `few`, except those of keys that more than `most` records share; these
    /// keys go to `many`.
    pub fn pieces(
        &self,
        mut few: impl FnMut(&mut [Vec<R>; 2]) -> Result<(), Fault>,
        mut many: impl FnMut(u128) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut held = <[Vec<R>; 2]>::default();
        let mut todo = vec![Ending::default()];
        while let Some(ending) = todo.pop() {
            let slots = self.slots(ending)?;
            let (mut begin, mut records) = (0, 0);
            for (at, slot) in slots.iter().enumerate() {
                let is_large = slot.records > self.most;
                if records > 0 && (is_large || records + slot.records > self.most) {
                    self.hold(ending, begin..at, &mut held)?;
                    few(&mut held)?;
                    records = 0;
                }
                if records == 0 {
                    begin = at;
                }
                match (is_large, slot.differs) {
                    (false, _) => records += slot.records,
                    (true, false) => many(slot.key)?,
                    (true, true) => todo.push(ending.with(at)),
                }
            }
            if records > 0 {
                self.hold(ending, begin..SLOTS, &mut held)?;
                few(&mut held)?;
            }
        }
        Ok(())
    }

    fn slots(&self, ending: Ending) -> Result<Vec<Slot>, Fault> {
        let mut slots = vec![Slot::default(); SLOTS];
        (self.all)(&mut |_, record| {
            let key = (self.key)(&record);
            if ending.has(key) {
                let slot = &mut slots[ending.slot(key)];
                if slot.records == 0 {
                    slot.key = key;
                }
                slot.differs |= slot.key != key;
                slot.records += 1;
            }
        })?;
        Ok(slots)
    }

    /// Takes out the records of some slots, none of which is large.
    fn hold(
        &self,
        ending: Ending,
        slots: std::ops::Range<usize>,
        held: &mut [Vec<R>; 2],
    ) -> Result<(), Fault> {
        held.iter_mut().for_each(Vec::clear);
        let [held_a, held_b] = held;
        (self.all)(&mut |of_b, record| {
            let key = (self.key)(&record);
            if ending.has(key) && slots.contains(&ending.slot(key)) {
                let list = if of_b { &mut *held_b } else { &mut *held_a };
                list.push(record);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// A record with its key in front.
    type Record = (u128, u32);
    /// The records of A and of B that have a key.
    type OfKey = [Vec<Record>; 2];

    proptest! {
        #[test]
        fn every_record_comes_once_with_all_of_its_key(
            // Keys that differ in low bits, in high ones, and in the highest only.
            records in prop::collection::vec((any::<bool>(), 0_u128..5, 0_u32..2, 0_u32..3), 0..400),
            most in 1_usize..60,
        ) {
            let keyed = |(low, middle, high): (u128, u32, u32)| {
                (low * 300) | (u128::from(middle) << 33) | (u128::from(high) << 126)
            };
            let records: Vec<(bool, Record)> = (0..).zip(&records).map(|(number, (of_b, low, middle, high))| {
                (*of_b, (keyed((*low, *middle, *high)), number))
            }).collect();
            let mut want: BTreeMap<u128, OfKey> = BTreeMap::new();
            for (of_b, record) in &records {
                want.entry(record.0).or_default()[usize::from(*of_b)].push(*record);
            }
            let all = |see: &mut See<'_, Record>| {
                records.iter().for_each(|(of_b, record)| see(*of_b, *record));
                Ok(())
            };
            let split = Split { all: &all, key: |record: &Record| record.0, most };
            let (mut found, mut named): (BTreeMap<u128, OfKey>, _) = (BTreeMap::new(), Vec::new());
            let few = |held: &mut [Vec<Record>; 2]| {
                assert!((1..=most).contains(&held.iter().map(Vec::len).sum()));
                let keys: BTreeSet<u128> = held.iter().flatten().map(|record| record.0).collect();
                for key in keys {
                    let of_key = held.each_ref().map(|list| list.iter().filter(|it| it.0 == key).copied().collect());
                    assert!(found.insert(key, of_key).is_none(), "a key came twice");
                }
                Ok(())
            };
            split.pieces(few, |key| { named.push(key); Ok(()) }).unwrap();
            for key in named {
                let many = want.remove(&key).unwrap();
                prop_assert!(many.iter().map(Vec::len).sum::<usize>() > most);
            }
            prop_assert_eq!(found, want);
        }
    }
}
