//! Arrays of records that one thread has at a time: on the heap, or in a file when the memory cap leaves no room.
//!
//! Always holds: records come out as they were put in, in that order; what an array took of the cap is given back at its end;
//! a file has nobody's name in the folder (room).
//! Not here: what the records are (pairs, cases, assign); arrays that all threads write (room).
//! Rules come from: the issue, parts C and D (a memory cap that spills to disk; bounded memory).

use super::room::{LARGE, Memory, map, unwritten};
use base::Fault;
use memmap2::MmapMut;
use std::{
    fs::File,
    io::Write,
    ops::{Deref, DerefMut},
};

/// An array of records of so many bytes.
pub(super) struct Records<'m, const BYTES: usize> {
    place: Place<BYTES>,
    taken: Option<(&'m Memory, u64)>,
}

enum Place<const BYTES: usize> {
    Heap(Vec<[u8; BYTES]>),
    /// In memory of its own, or in a file.
    Mapped {
        map: MmapMut,
        count: usize,
    },
}

impl<'m, const BYTES: usize> Records<'m, BYTES> {
    /// So many records of zeros.
    pub fn zeros(memory: &'m Memory, count: usize) -> Result<Records<'m, BYTES>, Fault> {
        let bytes = count * BYTES;
        if !memory.spares(bytes as u64) {
            let map = memory.zeros_in_file(bytes)?;
            return Ok(Records { place: Place::Mapped { map, count }, taken: None });
        }
        // An allocator keeps what is large for a while after it was freed; a system takes it back at once.
        let map = if bytes < LARGE { None } else { MmapMut::map_anon(bytes).ok() };
        let place =
            map.map_or_else(|| Place::Heap(vec![[0; BYTES]; count]), |map| Place::Mapped { map, count });
        Ok(Records { place, taken: Some((memory, bytes as u64)) })
    }
}

impl<const BYTES: usize> Deref for Records<'_, BYTES> {
    type Target = [[u8; BYTES]];

    fn deref(&self) -> &[[u8; BYTES]] {
        match &self.place {
            Place::Heap(records) => records,
            Place::Mapped { map, count } => &map.as_chunks().0[..*count],
        }
    }
}

impl<const BYTES: usize> DerefMut for Records<'_, BYTES> {
    fn deref_mut(&mut self) -> &mut [[u8; BYTES]] {
        match &mut self.place {
            Place::Heap(records) => records,
            Place::Mapped { map, count } => &mut map.as_chunks_mut().0[..*count],
        }
    }
}

impl<const BYTES: usize> Drop for Records<'_, BYTES> {
    fn drop(&mut self) {
        if let Some((memory, taken)) = self.taken {
            memory.give(taken);
        }
    }
}

/// The number in the four bytes of a record that begin here.
pub(super) fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Bytes that are written to a file at a time.
const WRITTEN_AT_ONCE: usize = 1 << 20;

/// An array that grows.
pub(super) struct Growing<'m, const BYTES: usize> {
    memory: &'m Memory,
    /// All records, or those that the file does not have yet.
    heap: Vec<[u8; BYTES]>,
    /// What the heap took of the cap.
    taken: u64,
    /// Once there is no more room, and how many are in it.
    file: Option<(File, usize)>,
}

/// Records that are added at a time when it is not known how many there are.
const ADDED_AT_ONCE: usize = 1 << 12;

impl<'m, const BYTES: usize> Growing<'m, BYTES> {
    /// None.
    pub fn new(memory: &'m Memory) -> Growing<'m, BYTES> {
        Growing { memory, heap: Vec::new(), taken: 0, file: None }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.heap.len() + self.file.as_ref().map_or(0, |(_, written)| *written)
    }

    /// More of them.
    pub fn add(&mut self, more: impl ExactSizeIterator<Item = [u8; BYTES]>) -> Result<(), Fault> {
        if self.file.is_none() && !self.has_room(more.len()) {
            self.file = Some((self.memory.file()?, 0));
            self.write()?;
            self.heap = Vec::new();
            self.memory.give(std::mem::take(&mut self.taken));
        }
        self.heap.extend(more);
        if self.file.is_some() && self.heap.len() * BYTES >= WRITTEN_AT_ONCE {
            self.write()?;
        }
        Ok(())
    }

    /// More of them; says how many.
    pub fn add_all(&mut self, mut more: impl Iterator<Item = [u8; BYTES]>) -> Result<usize, Fault> {
        let before = self.len();
        loop {
            let some: Vec<[u8; BYTES]> = more.by_ref().take(ADDED_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(self.len() - before);
            }
            self.add(some.into_iter())?;
        }
    }

    /// Makes room for so many more, if memory spares it.
    fn has_room(&mut self, more: usize) -> bool {
        let all = self.heap.len() + more;
        if all <= self.heap.capacity() {
            return true;
        }
        let capacity = all.max(2 * self.heap.capacity());
        // While they are moved they are there twice.
        let bytes = (capacity * BYTES) as u64;
        let fits = self.memory.spares(bytes);
        if fits {
            self.heap.reserve_exact(capacity - self.heap.len());
            self.memory.give(std::mem::replace(&mut self.taken, bytes));
        }
        fits
    }

    /// Moves to the file what is on the heap.
    fn write(&mut self) -> Result<(), Fault> {
        let Some((file, written)) = &mut self.file else { return Ok(()) };
        file.write_all(self.heap.as_flattened()).map_err(unwritten)?;
        *written += self.heap.len();
        self.heap.clear();
        Ok(())
    }

    /// All of them.
    pub fn done(mut self) -> Result<Records<'m, BYTES>, Fault> {
        self.write()?;
        let Some((file, count)) = self.file.take() else {
            let place = Place::Heap(std::mem::take(&mut self.heap));
            return Ok(Records { place, taken: Some((self.memory, std::mem::take(&mut self.taken))) });
        };
        let map = map(&file)?;
        assert!(count * BYTES <= map.len(), "so many were written");
        Ok(Records { place: Place::Mapped { map, count }, taken: None })
    }
}

impl<const BYTES: usize> Drop for Growing<'_, BYTES> {
    fn drop(&mut self) {
        self.memory.give(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// With room for all, for some, for none.
        #[test]
        fn records_come_out_as_they_went_in(
            rounds in prop::collection::vec(prop::collection::vec(any::<[u8; 5]>(), 0..90), 0..9),
            cap in 0_u64..9_000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let memory = Memory::new(folder.path(), cap);
            let mut growing = Growing::<5>::new(&memory);
            for round in &rounds {
                growing.add(round.iter().copied()).unwrap();
                prop_assert!(memory.left() <= cap);
            }
            let all = rounds.concat();
            prop_assert_eq!(growing.len(), all.len());
            let mut records = growing.done().unwrap();
            prop_assert_eq!(&*records, &*all);
            records.sort_unstable();
            let mut zeros = Records::<3>::zeros(&memory, all.len()).unwrap();
            prop_assert!(zeros.len() == all.len() && zeros.iter().all(|record| *record == [0; 3]));
            zeros.iter_mut().for_each(|record| record[1] = 7);
            prop_assert!(records.is_sorted() && zeros.iter().all(|record| *record == [0, 7, 0]));
            drop((records, zeros));
            prop_assert_eq!(memory.left(), cap);
        }
    }

    /// A file is written piece by piece.
    #[test]
    fn many_records_go_through_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path(), 0);
        let mut growing = Growing::<4>::new(&memory);
        for number in 0..(2 * WRITTEN_AT_ONCE as u32 / 4 + 9) {
            growing.add(std::iter::once(number.to_le_bytes())).unwrap();
        }
        let records = growing.done().unwrap();
        assert!((0_u32..).zip(&*records).all(|(number, record)| *record == number.to_le_bytes()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
