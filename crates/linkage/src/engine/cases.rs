//! Review cases (目視確認の案件), as many as a run finds: of each why, the pairs that are shown, and all its rows. On the heap,
//! or in files when the memory cap leaves no room: of hard files every row is in one.
//!
//! Always holds: cases come in the order of their first row of A, then of B; each as it was put in.
//! Not here: which rows are a case (assign); how cases are written (output).
//! Rules come from: the issue, parts B, C and D (review work list; bounded memory).

use super::{
    pairs::{Gathered, Pairs},
    records::{Growing, Records, four},
    room::Memory,
    score::Near,
};
use crate::outcome::{Case, Cause};
use base::Fault;
use std::ops::Range;

/// All cases.
pub(super) struct Cases<'m> {
    heads: Records<'m, HEAD>,
    pairs: Pairs<'m>,
    rows: Records<'m, 4>,
}

/// Cases that are being put together.
pub(super) struct Collected<'m> {
    heads: Growing<'m, HEAD>,
    pairs: Gathered<'m>,
    /// Case by case the rows of A, then those of B.
    rows: Growing<'m, 4>,
}

/// Bytes of a head.
const HEAD: usize = 22;

/// Where a case's parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    cause: Cause,
    first_pair: u32,
    pairs: u8,
    first_row: u64,
    rows_a: u32,
    rows_b: u32,
}

impl Head {
    fn packed(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0] = self.cause as u8;
        bytes[1] = self.pairs;
        bytes[2..6].copy_from_slice(&self.first_pair.to_le_bytes());
        bytes[6..10].copy_from_slice(&self.rows_a.to_le_bytes());
        bytes[10..14].copy_from_slice(&self.rows_b.to_le_bytes());
        bytes[14..].copy_from_slice(&self.first_row.to_le_bytes());
        bytes
    }

    fn unpacked(bytes: &[u8; HEAD]) -> Head {
        Head {
            cause: Cause::ALL[usize::from(bytes[0])],
            pairs: bytes[1],
            first_pair: four(bytes, 2),
            rows_a: four(bytes, 6),
            rows_b: four(bytes, 10),
            first_row: u64::from(four(bytes, 14)) | u64::from(four(bytes, 18)) << 32,
        }
    }

    /// Where its rows of A are, and its rows of B.
    fn rows(&self) -> [Range<usize>; 2] {
        let begin = self.first_row as usize;
        let middle = begin + self.rows_a as usize;
        [begin..middle, middle..middle + self.rows_b as usize]
    }
}

impl<'m> Collected<'m> {
    /// None.
    pub fn new(memory: &'m Memory) -> Collected<'m> {
        Collected { heads: Growing::new(memory), pairs: Gathered::new(memory), rows: Growing::new(memory) }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// One more: its pairs that are shown, best first, and its rows of A and of B, each once.
    pub fn add(
        &mut self,
        cause: Cause,
        shown: &[Near],
        a: impl Iterator<Item = u32>,
        b: impl Iterator<Item = u32>,
    ) -> Result<(), Fault> {
        let first_row = self.rows.len() as u64;
        let rows_a = self.rows.add_all(a.map(u32::to_le_bytes))? as u32;
        let rows_b = self.rows.add_all(b.map(u32::to_le_bytes))? as u32;
        // No more than the open pairs, which are numbered in four bytes.
        let first_pair = self.pairs.len() as u32;
        let head = Head { cause, first_pair, pairs: shown.len() as u8, first_row, rows_a, rows_b };
        self.heads.add(std::iter::once(head.packed()))?;
        self.pairs.add(shown)
    }

    /// All of them.
    pub fn done(self) -> Result<Cases<'m>, Fault> {
        let (mut heads, pairs) = (self.heads.done()?, self.pairs.done()?);
        let mut rows = self.rows.done()?;
        for head in heads.iter() {
            for side in Head::unpacked(head).rows() {
                rows[side].sort_unstable_by_key(|row| u32::from_le_bytes(*row));
            }
        }
        heads.sort_unstable_by_key(|head| {
            let [a, b] = Head::unpacked(head).rows();
            [a, b].map(|side| rows[side].first().map(|row| u32::from_le_bytes(*row)))
        });
        Ok(Cases { heads, pairs, rows })
    }
}

impl Cases<'_> {
    /// How many.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// One of them.
    pub fn get(&self, number: usize) -> Case {
        let head = Head::unpacked(&self.heads[number]);
        let pairs = head.first_pair..head.first_pair + u32::from(head.pairs);
        Case {
            cause: head.cause,
            pairs: pairs.map(|pair| self.pairs.get(pair).pair()).collect(),
            rows: head.rows().map(|side| side.len()),
        }
    }

    /// The rows of one of them, ascending: those of A, those of B.
    pub fn rows(&self, number: usize) -> [impl ExactSizeIterator<Item = u32>; 2] {
        let rows = Head::unpacked(&self.heads[number]).rows();
        rows.map(|side| self.rows[side].iter().map(|row| u32::from_le_bytes(*row)))
    }

    /// The rows of A or of B of one of them that are at these places.
    pub fn rows_at(&self, number: usize, of_b: bool, places: Range<usize>) -> Vec<u32> {
        let [a, b] = Head::unpacked(&self.heads[number]).rows();
        let side = &self.rows[if of_b { b } else { a }];
        side[places].iter().map(|row| u32::from_le_bytes(*row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::pairs::tests::any_near;
    use proptest::prelude::*;

    fn any_rows() -> impl Strategy<Value = Vec<u32>> {
        prop::collection::hash_set(any::<u32>(), 0..5).prop_map(|rows| rows.into_iter().collect())
    }

    proptest! {
        #[test]
        fn cases_come_out_as_they_went_in(
            put in prop::collection::vec(
                (0..Cause::ALL.len(), prop::collection::vec(any_near(), 0..4), any_rows(), any_rows()),
                0..9,
            ),
            cap in 0_u64..2_000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let memory = Memory::new(folder.path(), cap);
            let mut collected = Collected::new(&memory);
            let mut want = Vec::new();
            for (cause, pairs, mut a, mut b) in put {
                let cause = Cause::ALL[cause];
                collected.add(cause, &pairs, a.iter().copied(), b.iter().copied()).unwrap();
                a.sort_unstable();
                b.sort_unstable();
                let pairs = pairs.iter().map(Near::pair).collect();
                want.push((Case { cause, pairs, rows: [a.len(), b.len()] }, [a, b]));
            }
            let cases = collected.done().unwrap();
            let mut last = [None, None];
            for number in 0..cases.len() {
                let found = (cases.get(number), cases.rows(number).map(Iterator::collect::<Vec<u32>>));
                let first = [found.1[0].first().copied(), found.1[1].first().copied()];
                prop_assert!(last <= first);
                last = first;
                let place = want.iter().position(|other| *other == found);
                want.swap_remove(place.expect("as it went in"));
            }
            prop_assert!(want.is_empty());
        }

        #[test]
        fn heads_come_out_as_they_went_in(
            (cause, pairs) in (0..Cause::ALL.len(), any::<u8>()),
            (first_pair, rows_a, rows_b, first_row) in any::<(u32, u32, u32, u64)>(),
        ) {
            let head = Head { cause: Cause::ALL[cause], first_pair, pairs, first_row, rows_a, rows_b };
            prop_assert_eq!(Head::unpacked(&head.packed()), head);
        }
    }
}
