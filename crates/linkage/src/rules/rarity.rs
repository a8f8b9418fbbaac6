//! How rare names and towns are in the file that is asked (B), and whether an identifier is one person's there, counted
//! while it is read.
//!
//! Always holds: counts are the same for any number of threads and any order of rows; a count is never too small, so a
//! name is never held for rarer than it is, nor an identifier that many rows share for one person's; memory does not grow
//! with the file.
//! Not here: what a rarity weighs (weights).
//! Rules come from: the reference on matching, section 4.4 (term frequency).

use crate::{
    form::Form,
    keys::{self, Counted, Further, Parts},
    levels::{Levels, StrongLevel},
    soon::soon,
};
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

/// How rare a name and a town are in the file that is asked (B), in whole bits (log2 of 1/share).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rarity {
    /// Of the name.
    pub name: u8,
    /// Of the town.
    pub town: u8,
}

impl Rarity {
    /// What is believed before a file is seen: names and towns as common as common ones are.
    pub const BELIEVED: Rarity = Rarity { name: NAME_SHARE as u8, town: TOWN_SHARE as u8 };
}

/// Cells of a sketch. Values that share a cell are counted together: with ten million rows about ten too many, a third of a
/// bit beside [`BELIEVED`]. 4 MB, which a processor's cache holds.
pub(crate) const CELLS: usize = 1 << 20;

/// So many rows before a row's cells are read, they are asked of memory.
const AHEAD: usize = 24;

/// What is believed of a name or a town before a file is seen counts as much as this many rows, so that one occurrence in a
/// hundred rows is not taken for a share of a hundredth, nor for something rare.
const BELIEVED: u64 = 1 << 20;

/// A common full name: one of 2^15 people bears it.
const NAME_SHARE: u32 = 15;

/// A town: one of 2^13 people lives in it.
const TOWN_SHARE: u32 = 13;

/// A name that could not be counted on either side (unreadable) is taken for this common.
const UNKNOWN: u8 = 10;

/// An identifier in more rows than this is nobody's own: a number that stands for "none" (99990000), or an office's. A
/// family's has fewer rows.
const SHARED_ABOVE: u64 = 16;

/// Identifiers that share a cell are counted together: so many times the rows that a cell has on average are more than
/// chance brings.
const SHARED_SPREAD: u64 = 3;

/// Bits of rarity of a name, from how often it occurs among so many rows.
pub fn bits(count: u64, rows: u64) -> u8 {
    shrunk(count, rows, NAME_SHARE)
}

/// The same for a town.
fn town_bits(count: u64, rows: u64) -> u8 {
    shrunk(count, rows, TOWN_SHARE)
}

/// Whole bits, rounded down, of 1 / (share in the file, drawn towards 2^-share).
fn shrunk(count: u64, rows: u64, share: u32) -> u8 {
    let among = rows.saturating_add(BELIEVED);
    let times = count.min(rows).saturating_add(BELIEVED >> share);
    // So often `times`, which is never 0 and never more than `among`, can be doubled within it: a division takes longer, and
    // this is asked twice of each row of A. At most 63, so it is a u8.
    let most = among.ilog2().saturating_sub(times.ilog2());
    most.saturating_sub(u32::from(times << most > among)) as u8
}

/// Counts of the names, towns and identifiers of a file.
pub struct Counts {
    names: Vec<AtomicU32>,
    towns: Vec<AtomicU32>,
    /// Made with the first identifier: most files are compared without.
    strongs: OnceLock<Vec<AtomicU32>>,
    rows: AtomicU64,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts::new()
    }
}

impl Counts {
    /// Nothing is counted yet.
    pub fn new() -> Counts {
        Counts { names: cells(), towns: cells(), strongs: OnceLock::new(), rows: AtomicU64::new(0) }
    }

    /// Counts a row; from any thread.
    pub fn add(&self, counted: Counted) {
        add(&self.names, counted.name);
        add(&self.towns, counted.town);
    }

    /// Counts a row's identifier; 0 is none. From any thread.
    pub fn add_strong(&self, strong: u64) {
        if strong != 0 {
            add(self.strongs.get_or_init(cells), strong);
        }
    }

    /// Counts many rows; from any thread.
    pub fn add_all(&self, counted: &[Counted]) {
        self.each(counted, |_, counted| self.add(counted));
    }

    /// The rarities of many rows, as of pairs of each with itself.
    pub fn rarities(&self, counted: &[Counted], mut each: impl FnMut(usize, Rarity)) {
        self.each(counted, |row, counted| each(row, self.own_rarity(counted)));
    }

    /// Goes through rows of which the cells are read.
    fn each(&self, counted: &[Counted], mut each: impl FnMut(usize, Counted)) {
        for (row, one) in counted.iter().enumerate() {
            if let Some(next) = counted.get(row + AHEAD) {
                self.soon(*next);
            }
            each(row, *one);
        }
    }

    /// A row's cells are read soon. They lie anywhere in some megabytes.
    pub fn soon(&self, counted: Counted) {
        for (cells, hash) in [(&self.names, counted.name), (&self.towns, counted.town)] {
            if let Some(cell) = cell(cells, hash) {
                soon(cell);
            }
        }
    }

    /// Says how many rows were counted, when all are. (Not counted here: threads would fight over one cell.)
    pub fn set_rows(&self, rows: u64) {
        self.rows.store(rows, Ordering::Relaxed);
    }

    /// How many rows there are, as told.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// How far two rows agree, where B was counted: the same identifier says nothing if many rows of B have it. Different
    /// ones are different all the same.
    pub fn compare(&self, a: &Form, b: &Form) -> Levels {
        self.with_shared(a.compare(b), a)
    }

    /// How far two rows like this one agree: [`Counts::compare`] of a row and itself.
    pub fn compare_itself(&self, form: &Form) -> Levels {
        self.with_shared(form.compare_itself(), form)
    }

    fn with_shared(&self, mut levels: Levels, a: &Form) -> Levels {
        if levels.strong == StrongLevel::Equal && self.is_shared(keys::strong(a)) {
            levels.strong = StrongLevel::Shared;
        }
        levels
    }

    /// A row's blocking keys ([`keys::blocks`]). An identifier that says nothing is none: so many rows would fill its bucket.
    pub fn blocks(&self, form: &Form, into: &mut Vec<(u8, u64)>) {
        self.blocks_of(&keys::hashes(form).parts(), keys::further(form), into);
    }

    /// The same of what they are made of.
    pub fn blocks_of(
        &self,
        parts: &Parts,
        further: impl Iterator<Item = Further>,
        into: &mut Vec<(u8, u64)>,
    ) {
        let says_nothing = |it: &Further| matches!(it, Further::Strong(strong) if self.is_shared(*strong));
        keys::blocks_of(parts, further.filter(|it| !says_nothing(it)), into);
    }

    /// Whether more rows have this identifier than one person's, or one family's, can.
    pub(super) fn is_shared(&self, strong: u64) -> bool {
        let Some(cells) = self.strongs.get() else { return false };
        count(cells, strong) > SHARED_ABOVE + SHARED_SPREAD * self.rows() / CELLS as u64
    }

    /// How rare name and town of a row are, as of a pair of it with itself.
    fn own_rarity(&self, of: Counted) -> Rarity {
        let rows = self.rows();
        let name = if of.name == 0 { UNKNOWN } else { bits(count(&self.names, of.name), rows) };
        let town = if of.town == 0 { UNKNOWN } else { town_bits(count(&self.towns, of.town), rows) };
        Rarity { name, town }
    }

    /// How rare name and town of a pair are: of two names or towns the commoner. It does not matter which row is whose.
    pub fn rarity(&self, a: Counted, b: Counted) -> Rarity {
        let rows = self.rows();
        let of = |cells, x: u64, y: u64, bits: fn(u64, u64) -> u8| match (x, y) {
            (0, 0) => UNKNOWN,
            (0, one) | (one, 0) => bits(count(cells, one), rows),
            _ => bits(count(cells, x).max(count(cells, y)), rows),
        };
        Rarity {
            name: of(&self.names, a.name, b.name, bits),
            town: of(&self.towns, a.town, b.town, town_bits),
        }
    }
}

fn cells() -> Vec<AtomicU32> {
    (0..CELLS).map(|_| AtomicU32::new(0)).collect()
}

fn cell(cells: &[AtomicU32], hash: u64) -> Option<&AtomicU32> {
    cells.get(hash as usize % CELLS)
}

fn add(cells: &[AtomicU32], hash: u64) {
    let Some(cell) = cell(cells, hash).filter(|_| hash != 0) else { return };
    // Adding is the same in any order. A cell that is full stays full.
    if cell.fetch_add(1, Ordering::Relaxed) == u32::MAX {
        cell.store(u32::MAX, Ordering::Relaxed);
    }
}

fn count(cells: &[AtomicU32], hash: u64) -> u64 {
    cell(cells, hash).map_or(0, |cell| u64::from(cell.load(Ordering::Relaxed)))
}
