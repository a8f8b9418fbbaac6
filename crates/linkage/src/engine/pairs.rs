//! Near pairs, as many as a run finds: on the heap, or in a file when the memory cap leaves no room. Most rows have one or
//! two; of files that were made to be hard, every row has fifty.
//!
//! Always holds: pairs come out as they were put in, in that order.
//! Not here: which pairs are near (score, aside); who is linked (assign).
//! Rules come from: the issue, parts C and D (a memory cap that spills to disk; bounded memory).

use super::{
    records::{Growing, Records, four},
    room::Memory,
    score::Near,
};
use crate::rules::{Decision, Grade, Reason};
use base::Fault;

/// Bytes of a pair: row of A, row of B, levels and rarities, score, grade, reason.
const BYTES: usize = 19;

/// All pairs.
pub(super) struct Pairs<'m>(Records<'m, BYTES>);

/// Pairs that are being put together.
pub(super) struct Gathered<'m>(Growing<'m, BYTES>);

impl Pairs<'_> {
    /// How many. They are numbered in four bytes.
    pub fn len(&self) -> u32 {
        self.0.len() as u32
    }

    /// One of them.
    pub fn get(&self, at: u32) -> Near {
        unpacked(&self.0[at as usize])
    }
}

impl<'m> Gathered<'m> {
    /// None.
    pub fn new(memory: &'m Memory) -> Gathered<'m> {
        Gathered(Growing::new(memory))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// More of them.
    pub fn add(&mut self, pairs: &[Near]) -> Result<(), Fault> {
        self.0.add(pairs.iter().map(packed))
    }

    /// More of them, one by one.
    pub fn add_all(&mut self, pairs: impl Iterator<Item = Near>) -> Result<(), Fault> {
        self.0.add_all(pairs.map(|near| packed(&near)))?;
        Ok(())
    }

    /// All of them.
    pub fn done(self) -> Result<Pairs<'m>, Fault> {
        if u32::try_from(self.0.len()).is_err() {
            return Err(too_many());
        }
        Ok(Pairs(self.0.done()?))
    }
}

/// Fifty for each of eighty-five million rows: nobody's files, and no list for a clerk.
fn too_many() -> Fault {
    Fault::new("the files have more than four thousand million pairs that are near: split them by town or birth year")
        .in_japanese("近い組が40億を超えました。市区町村や生年などでファイルを分けて実行してください。")
}

fn packed(near: &Near) -> [u8; BYTES] {
    let Near { a, b, pair, decision: Decision { grade, score, reason } } = *near;
    let mut bytes = [0; BYTES];
    bytes[..4].copy_from_slice(&a.to_le_bytes());
    bytes[4..8].copy_from_slice(&b.to_le_bytes());
    // Levels and rarities are forty bits; what is put behind them overwrites the rest.
    bytes[8..16].copy_from_slice(&pair.to_le_bytes());
    bytes[13..17].copy_from_slice(&score.to_le_bytes());
    bytes[17] = grade as u8;
    bytes[18] = reason as u8;
    bytes
}

fn unpacked(bytes: &[u8; BYTES]) -> Near {
    let grade = match bytes[17] {
        0 => Grade::Link,
        1 => Grade::Review,
        _ => Grade::NoLink,
    };
    Near {
        a: four(bytes, 0),
        b: four(bytes, 4),
        pair: u64::from(four(bytes, 8)) | u64::from(bytes[12]) << 32,
        decision: Decision {
            grade,
            score: four(bytes, 13) as i32,
            reason: Reason::ALL[usize::from(bytes[18])],
        },
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::detail::{self, tests::any_levels};
    use proptest::prelude::*;

    /// These pairs as a list.
    pub(crate) fn listed<'m>(memory: &'m Memory, pairs: &[Near]) -> Pairs<'m> {
        let mut gathered = Gathered::new(memory);
        gathered.add(pairs).unwrap();
        gathered.done().unwrap()
    }

    pub(crate) fn any_near() -> impl Strategy<Value = Near> {
        let levels = (any_levels(), any::<u8>(), any::<u8>());
        let pair = levels
            .prop_map(|(levels, name, town)| detail::packed(&levels, crate::rules::Rarity { name, town }));
        let grade = prop_oneof![Just(Grade::Link), Just(Grade::Review), Just(Grade::NoLink)];
        let reason = (0..Reason::ALL.len()).prop_map(|at| Reason::ALL[at]);
        let decision = (grade, any::<i32>(), reason).prop_map(|(grade, score, reason)| Decision {
            grade,
            score,
            reason,
        });
        (any::<u32>(), any::<u32>(), pair, decision).prop_map(|(a, b, pair, decision)| Near {
            a,
            b,
            pair,
            decision,
        })
    }

    proptest! {
        #[test]
        fn pairs_come_out_as_they_went_in(all in prop::collection::vec(any_near(), 0..9)) {
            let folder = tempfile::tempdir().unwrap();
            let memory = Memory::new(folder.path(), 0);
            let pairs = listed(&memory, &all);
            prop_assert_eq!((0..pairs.len()).map(|at| pairs.get(at)).collect::<Vec<_>>(), all);
        }
    }
}
