//! Mirrors: rows of A that a row of B is the same as, byte for byte. What was made of the row of B is what would be made of the
//! row of A. In two rosters of the same people that is more than half of A, and reading such a row is finding it here.
//!
//! Kept for each row of B that has a coarse key, no identifier and nothing doubtful: its keys, its levels against itself, and
//! in which cells its name and town are counted. Found by the hashes of the raw bytes, of which 80 bits have to be the same:
//! with one million rows against two, one run in 2^39 takes a row for another.
//!
//! Always holds: a row that is found gets what reading it would have given, so nothing depends on whether there was memory
//! for this, or on which of several equal rows of B came first.
//! Not here: what raw bytes are (source); what is made of a row otherwise (read).
//! Rules come from: the issue, Speed.

use super::{
    detail,
    room::{Memory, Room},
};
use crate::{
    keys::{Counted, Keys},
    levels::Levels,
    rules::{Rarity, rarity},
    soon::soon,
    source::{RawHash, Source},
};
use std::sync::atomic::{AtomicU64, Ordering};

/// Raw hash (0: free), coarse key, exact key with 16 bits of the raw hash's check, levels with the cells.
type Slot = [AtomicU64; WORDS];
const WORDS: usize = 4;

/// Slots beyond this many of one row are not looked at.
const PROBES: usize = 32;

/// What is kept of the check beside an exact key, of which the exact stage compares the other 48 bits.
const CHECK: u64 = (1 << 16) - 1;

/// Levels have so many bits, and a cell so many; one more says that there is a cell.
const LEVELS_BITS: u32 = 24;
const CELL_BITS: u32 = rarity::CELLS.trailing_zeros();

/// What is known of rows of B.
pub(super) struct Mirrors {
    room: Room,
}

/// What is known of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mirror {
    /// Its keys, of the exact one only what the exact stage compares.
    pub keys: Keys,
    /// Its levels against itself, as [`detail::packed`] has them.
    pub levels: u64,
    /// By what its name and its town are counted.
    pub counted: Counted,
}

impl Mirrors {
    /// Room for so many rows of B, if rows of these files can be the same and the memory spares it.
    pub fn new(memory: &Memory, rows: u64, (a, b): (&Source, &Source)) -> Option<Mirrors> {
        let slots = (rows + rows / 2) as usize + PROBES;
        let is_wanted = a.is_alike(b) && memory.spares((slots * size_of::<Slot>()) as u64);
        is_wanted.then(|| Mirrors::with_slots(slots))
    }

    fn with_slots(slots: usize) -> Mirrors {
        Mirrors { room: Room::zeros(slots * WORDS) }
    }

    /// Bytes that were taken of the memory cap.
    pub fn bytes(&self) -> u64 {
        size_of_val(self.room.words()) as u64
    }

    /// Keeps what was made of rows of B, which the list is emptied of; from any thread.
    pub fn keep(&self, rows: &mut Vec<Entry>) {
        for Entry { raw, words } in rows.drain(..) {
            for slot in self.slots(raw) {
                let before = slot[0].compare_exchange(0, raw.hash, Ordering::Relaxed, Ordering::Relaxed);
                match before {
                    Ok(_) => {
                        slot[1..]
                            .iter()
                            .zip(words)
                            .for_each(|(slot, word)| slot.store(word, Ordering::Relaxed));
                        break;
                    }
                    // The same row once more.
                    Err(known) if known == raw.hash => break,
                    Err(_) => {}
                }
            }
        }
    }

    /// This row is looked up or kept soon: where it can be lies anywhere in many megabytes. Its first two slots are one line of
    /// memory, and a quarter of the rows are in the line behind that.
    pub fn soon(&self, raw: RawHash) {
        if let [first, _, third, ..] = self.slots(raw) {
            soon(first);
            soon(third);
        }
    }

    /// What was kept of a row of B with the same raw bytes. Asked when all that is kept is kept.
    pub fn find(&self, raw: RawHash) -> Option<Mirror> {
        for slot in self.slots(raw) {
            let [hash, coarse, exact, rest] = slot.each_ref().map(|word| word.load(Ordering::Relaxed));
            if hash == raw.hash {
                let keys = Keys { coarse, exact: exact >> 16 };
                let mirror =
                    || Mirror { keys, levels: rest & ((1 << LEVELS_BITS) - 1), counted: cells(rest) };
                return (exact & CHECK == raw.check & CHECK).then(mirror);
            }
            if hash == 0 {
                return None;
            }
        }
        None
    }

    /// Slots in which a row can be, in their order.
    fn slots(&self, raw: RawHash) -> &[Slot] {
        // A raw hash of 0 says that a slot is free.
        if raw.hash == 0 {
            return &[];
        }
        let (slots, _) = self.room.words().as_chunks::<WORDS>();
        // One of those behind which there is room for all probes; two share a line of memory, and the first of two is taken.
        let at = ((u128::from(raw.hash) * ((slots.len() - PROBES) / 2 + 1) as u128) >> 64) as usize * 2;
        &slots[at..at + PROBES]
    }
}

/// What is kept of a row of B.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    raw: RawHash,
    words: [u64; 3],
}

impl Entry {
    /// Of a row with these keys, these levels against itself, and this name and town.
    pub fn new(raw: RawHash, keys: Keys, levels: &Levels, counted: Counted) -> Entry {
        Entry { raw, words: [keys.coarse, keys.exact << 16 | raw.check & CHECK, packed(levels, counted)] }
    }
}

fn packed(levels: &Levels, counted: Counted) -> u64 {
    let cell = |hash: u64| hash & ((1 << CELL_BITS) - 1);
    detail::packed(levels, Rarity::default())
        | cell(counted.name) << LEVELS_BITS
        | cell(counted.town) << (LEVELS_BITS + CELL_BITS)
}

/// Hashes with the same cells as those that were counted. (Rows with a coarse key have a name and a town.)
fn cells(packed: u64) -> Counted {
    let cell = |at: u32| packed >> at & ((1 << CELL_BITS) - 1) | 1 << CELL_BITS;
    Counted { name: cell(LEVELS_BITS), town: cell(LEVELS_BITS + CELL_BITS) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{levels::NameLevel, spec::Side};
    use std::path::Path;

    fn raw(hash: u64) -> RawHash {
        RawHash { hash, check: hash ^ 0x5a5a, present: true }
    }

    fn entry(number: u64) -> (Entry, Mirror) {
        let keys = Keys { coarse: number + 1, exact: number + 2 };
        let name = if number.is_multiple_of(2) { NameLevel::Equal } else { NameLevel::Missing };
        let levels = Levels { name, ..detail::levels(0x3_2101) };
        let counted = Counted { name: number + 3, town: u64::MAX - number };
        let cell = |hash: u64| (hash % CELLS) | CELLS;
        let mirror = Mirror {
            keys,
            levels: detail::packed(&levels, Rarity::default()),
            counted: Counted { name: cell(counted.name), town: cell(counted.town) },
        };
        (Entry::new(raw(hash(number)), keys, &levels, counted), mirror)
    }

    const CELLS: u64 = rarity::CELLS as u64;

    fn hash(number: u64) -> u64 {
        xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes())
    }

    #[test]
    fn what_is_kept_is_found_by_the_same_bytes_only() {
        // So many slots that each row finds one, whoever comes first.
        let mirrors = Mirrors::with_slots(8_000);
        std::thread::scope(|scope| {
            for first in [0, 1, 0] {
                let mirrors = &mirrors;
                scope.spawn(move || {
                    let mut rows: Vec<Entry> = (first..1_000).step_by(2).map(|it| entry(it).0).collect();
                    mirrors.keep(&mut rows);
                    assert!(rows.is_empty());
                });
            }
        });
        for number in 0..1_000 {
            assert_eq!(mirrors.find(raw(hash(number))), Some(entry(number).1), "{number}");
            assert_eq!(mirrors.find(RawHash { check: 1, ..raw(hash(number)) }), None);
            assert_eq!(mirrors.find(raw(hash(number + 1_000))), None);
        }
        assert_eq!(mirrors.find(RawHash::default()), None);
    }

    #[test]
    fn what_finds_no_slot_is_read() {
        let mirrors = Mirrors::with_slots(PROBES);
        let mut rows: Vec<Entry> = (0..1_000).map(|number| entry(number).0).collect();
        mirrors.keep(&mut rows);
        let found = (0..1_000).filter_map(|number| Some((number, mirrors.find(raw(hash(number)))?)));
        let found: Vec<_> = found.collect();
        assert_eq!(found.len(), PROBES);
        assert!(found.iter().all(|(number, mirror)| *mirror == entry(*number).1));
    }

    #[test]
    fn mirrors_are_looked_for_where_bytes_say_all_and_memory_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        let column = |name: &str| vec![name.to_owned()];
        let plain = Side { name: column("n"), birth: column("b"), ..Side::default() };
        let source = |side, text: &str, spec: &Side| {
            let path = folder.path().join(format!("{side}.csv"));
            std::fs::write(&path, text).unwrap();
            Source::open(&path, side, spec).unwrap()
        };
        let memory = Memory::new(Path::new("."), 1 << 20);
        let a = source('A', "n,b\n甲　乙,19900101\n", &plain);
        let b = source('B', "b,n\n19900101,甲　乙\n", &plain);
        assert!(Mirrors::new(&memory, 1 << 20, (&a, &b)).is_none());
        let mirrors = Mirrors::new(&memory, 1_000, (&a, &b)).unwrap();
        assert_eq!(memory.left(), (1 << 20) - mirrors.bytes());
        // What only one file says makes rows differ whose shared bytes are the same; other names are looked at row by row.
        let kana = Side { kana: column("k"), ..plain.clone() };
        let others = Side { other_names: vec![column("k")], ..plain.clone() };
        for (spec, wanted) in [(kana, false), (others, true)] {
            for side in ['A', 'B'] {
                let more = source(side, "n,b,k\n甲　乙,19900101,コウ\n", &spec);
                let both = if side == 'A' { (&more, &b) } else { (&a, &more) };
                assert_eq!(Mirrors::new(&memory, 1_000, both).is_some(), wanted, "{side}");
            }
        }
        // Nor do the same bytes say the same where they are parted otherwise into attributes.
        let in_two = |name: &[&str], address: &[&str]| {
            let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let mut side = Side { name: columns(name), address: columns(address), ..plain.clone() };
            side.shared.address = true;
            side
        };
        let a = source('A', "n,b,c,d\n甲,19900101,丙,丁\n", &in_two(&["n"], &["c", "d"]));
        let b = source('B', "n,b,c,d\n甲,19900101,丙,丁\n", &in_two(&["n", "d"], &["c"]));
        assert!(Mirrors::new(&memory, 1_000, (&a, &a)).is_some());
        assert!(Mirrors::new(&memory, 1_000, (&b, &b)).is_some());
        assert!(Mirrors::new(&memory, 1_000, (&a, &b)).is_none());
    }
}
