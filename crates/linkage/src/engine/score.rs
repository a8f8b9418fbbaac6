//! Third stage, second half: pairs are compared and decided one by one.
//!
//! Always holds: a pair's decision depends on its two rows and on counts in B alone; each row's best candidate is the same
//! whatever the order in which pairs come; a row with more good candidates than a person can have is linked only to one that
//! is clearly better than the others.
//! Not here: which pairs (buckets); what happens to pairs that stand against each other (assign).
//! Rules come from: the issue, part B.

use super::{
    Stopped,
    buckets::Buckets,
    crew::{Crew, Share},
    detail::{self, BEST, BLOCKED, MANY},
    pairs::{Gathered, Pairs},
    pool::{Pool, Reader},
    room::Memory,
};
use crate::{
    form::Form,
    levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel},
    outcome::{Case, Pair},
    rules::{Decision, Grade, decide, rarity::Counts, rivals},
};
use std::{cmp::Reverse, sync::atomic::Ordering};

/// A pair that is a link or for a clerk by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Near {
    /// Row of A.
    pub a: u32,
    /// Row of B.
    pub b: u32,
    /// Levels and rarities, packed.
    pub pair: u64,
    /// What follows from them.
    pub decision: Decision,
}

impl Near {
    /// As the output has it.
    pub fn pair(&self) -> Pair {
        let (levels, rarity) = (detail::levels(self.pair), detail::rarity(self.pair));
        Pair { a: self.a, b: self.b, levels, rarity, decision: self.decision }
    }
}

/// Of a row of A with more near candidates than this only the best are kept, as many as a case can show: nobody is in a list
/// fifty times, and memory stays bounded.
pub(super) const CROWD: usize = Case::PAIRS_MAX;

/// Pairs whose rows are asked of memory together.
const AHEAD: usize = 128;

/// Pairs of a round are at least so many, whatever the memory cap: 16 MiB.
const ROUND_MIN: u64 = 1 << 20;

/// A candidate of a row of B that was its best so far.
struct Better {
    b: u32,
    key: u64,
    pair: u64,
}

/// What a slice of rows of A has found.
#[derive(Default)]
pub(super) struct Sliced {
    /// Near pairs, by row of A and of B.
    pub near: Vec<Near>,
    better: Vec<Better>,
}

/// Compares all pairs; gives the near ones, by row of A and of B. Writes each row's best candidate.
pub(super) fn compare<'m>(
    crew: &Crew<'_>,
    memory: &'m Memory,
    buckets: &Buckets<'_>,
    (a, b): (&Pool<'_>, &Pool<'_>),
    counts: &Counts,
    progress: &Share<'_>,
) -> Result<Pairs<'m>, Stopped> {
    let round_ended = |slices: &[Sliced]| {
        // Only now is it known which candidate of a row of B is its best.
        let settled = crew.each(
            slices.len(),
            || (),
            |(), slice| {
                slices[slice].better.iter().for_each(|better| settle(b, better));
                Ok(())
            },
        );
        settled.map(|_| ())
    };
    each_row(
        (crew, memory, progress),
        buckets,
        (a, b, counts),
        |readers, candidates, found| one_row((a, b), readers, candidates, counts, found),
        round_ended,
    )
}

/// Goes through all pairs: hands over the candidates of one row of A at a time, with what its slice of rows has found so far;
/// and what the slices of a round found, in their order. Gives the near pairs.
pub(super) fn each_row<'p, 'm>(
    (crew, memory, progress): (&Crew<'_>, &'m Memory, &Share<'_>),
    buckets: &Buckets<'_>,
    (a, b, counts): (&Pool<'p>, &Pool<'p>, &Counts),
    row: impl Fn(&mut [Reader<'p>; 2], &[u64], &mut Sliced) + Sync,
    mut round_ended: impl FnMut(&[Sliced]) -> Result<(), Stopped>,
) -> Result<Pairs<'m>, Stopped> {
    let mut all = Gathered::new(memory);
    // A pair is there twice while it is sorted, in eight bytes, and again if it is near.
    let pair_bytes = 2 * 8 + size_of::<Near>() as u64;
    for round in buckets.rounds((memory.left() / pair_bytes).max(ROUND_MIN)) {
        let runs = buckets.pairs(crew, &round)?;
        let begin = || (Vec::new(), Vec::new(), [a.reader(), b.reader()]);
        let mut slices = crew.each(round.len(), begin, |(bytes, pairs, readers), slice| {
            runs.partition(slice, bytes, pairs, |_, _| ())?;
            pairs.sort_unstable();
            pairs.dedup();
            let mut found = Sliced::default();
            let (mut done, mut asked) = (0, 0);
            for candidates in pairs.chunk_by(|one, next| one >> 32 == next >> 32) {
                if done >= asked {
                    let soon = &pairs[asked..pairs.len().min(done + AHEAD)];
                    asked += soon.len();
                    let of_a = soon.chunk_by(|one, next| one >> 32 == next >> 32);
                    a.soon(of_a.map(|of_row| (of_row[0] >> 32) as u32), counts);
                    b.soon(soon.iter().map(|pair| *pair as u32), counts);
                }
                row(readers, candidates, &mut found);
                done += candidates.len();
            }
            // There are many slices, and what one has to spare others need.
            found.near.shrink_to_fit();
            progress.add(buckets.slices[round.start + slice]);
            Ok(found)
        })?;
        drop(runs);
        let bytes = |near: &Vec<Near>| (near.len() * size_of::<Near>()) as u64;
        // They are there already; what they are put into has to know of them.
        memory.need(slices.iter().map(|slice| bytes(&slice.near)).sum());
        for slice in &mut slices {
            let near = std::mem::take(&mut slice.near);
            all.add(&near)?;
            memory.give(bytes(&near));
        }
        round_ended(&slices)?;
    }
    Ok(all.done()?)
}

/// Compares a row of A with all its candidates.
fn one_row<'p>(
    (a, b): (&Pool<'p>, &Pool<'p>),
    [reader_a, reader_b]: &mut [Reader<'p>; 2],
    candidates: &[u64],
    counts: &Counts,
    Sliced { near, better }: &mut Sliced,
) {
    let before = near.len();
    let keep = |compared: Near| {
        let key = detail::candidate(&compared.decision, compared.a);
        if b.side.key.words()[compared.b as usize].fetch_max(key, Ordering::Relaxed) < key {
            better.push(Better { b: compared.b, key, pair: compared.pair });
        }
    };
    let Some(best) = best_of((a, b), [reader_a, reader_b], candidates, counts, near, keep) else { return };
    a.side.key.words()[best.row as usize].store(best.key, Ordering::Relaxed);
    let detail = &a.side.detail.words()[best.row as usize];
    let mut now = detail::with_pair(detail.load(Ordering::Relaxed), best.pair) | BEST;
    if near.len() - before > CROWD {
        let others = best_kept(near, before);
        // A pair that no other of the row rivals may be linked; no other of the row is a link then, nor could become one.
        let clear = |best: &Decision, second| best.grade == Grade::Link && !rivals(best, second);
        if !matches!(&near[before..], [best, second, ..] if clear(&best.decision, &second.decision)) {
            now |= MANY | BLOCKED;
        }
        for other in others {
            b.side.detail.words()[other.b as usize].fetch_or(MANY | BLOCKED, Ordering::Relaxed);
        }
    }
    detail.store(now, Ordering::Relaxed);
}

/// A row of A's best candidate.
pub(super) struct Best {
    /// The row of A.
    pub row: u32,
    /// Its candidate, as `detail::candidate` orders them.
    pub key: u64,
    /// Levels and rarities of the two, packed.
    pub pair: u64,
}

/// Compares a row of A with its candidates: the best one, the near ones into `near`, and every one to `each`. None if none
/// is one.
pub(super) fn best_of<'p>(
    (a, b): (&Pool<'p>, &Pool<'p>),
    [reader_a, reader_b]: [&mut Reader<'p>; 2],
    candidates: &[u64],
    counts: &Counts,
    near: &mut Vec<Near>,
    mut each: impl FnMut(Near),
) -> Option<Best> {
    let row_a = candidates.first().map(|pair| (pair >> 32) as u32)?;
    a.get(row_a, reader_a);
    let mut best = Best { row: row_a, key: 0, pair: 0 };
    for candidate in candidates {
        let row_b = *candidate as u32;
        b.get(row_b, reader_b);
        let (pair, decision) = compared(reader_a, reader_b, counts);
        if agree_in_little(&detail::levels(pair)) && !meet(&reader_a.form, &reader_b.form, counts) {
            continue;
        }
        let key = detail::candidate(&decision, row_b);
        if key > best.key {
            best = Best { row: row_a, key, pair };
        }
        let compared = Near { a: row_a, b: row_b, pair, decision };
        each(compared);
        if decision.grade != Grade::NoLink {
            near.push(compared);
        }
    }
    (best.key != 0).then_some(best)
}

/// Levels of rows that may be strangers: a key has two parts, of birth date, name or reading, and place, and they agree in
/// fewer than two of these; or they meet under a key of which less is seen here (a piece of a name, an alternative).
fn agree_in_little(levels: &Levels) -> bool {
    let birth = levels.birth == BirthLevel::Equal;
    let name = levels.name < NameLevel::Different || levels.kana < KanaLevel::Different;
    let place = levels.address <= AddressLevel::SameTown;
    u8::from(birth) + u8::from(name) + u8::from(place) < 2
}

/// Whether two rows truly share a key. Records keep 39 bits of one, so among twelve million rows and eighteen some hundred
/// strangers meet by accident; which of them a sieve lets through depends on its size, and no result may. Asked of few: those
/// who agree in two parts besides are fewer than one in such a run.
fn meet(a: &Form, b: &Form, counts: &Counts) -> bool {
    let keys = |form| {
        let mut keys = Vec::new();
        counts.blocks(form, &mut keys);
        keys
    };
    let keys_b = keys(b);
    keys(a).iter().any(|key| keys_b.binary_search(key).is_ok())
}

/// Sorts the pairs behind `before`, which are of one row of A, best first; takes out those beyond [`CROWD`].
pub(super) fn best_kept(near: &mut Vec<Near>, before: usize) -> Vec<Near> {
    near[before..].sort_unstable_by_key(|near| Reverse(detail::candidate(&near.decision, near.b)));
    near.split_off(near.len().min(before + CROWD))
}

/// Compares the two rows that were read: levels and rarities, packed, and what follows from them.
fn compared(a: &Reader<'_>, b: &Reader<'_>, counts: &Counts) -> (u64, Decision) {
    let levels = counts.compare(&a.form, &b.form);
    let rarity = counts.rarity(a.counted, b.counted);
    (detail::packed(&levels, rarity), decide(&levels, rarity))
}

/// Writes down the levels of a row of B's best candidate. One thread has it: a key names one row of A, whose pairs were
/// compared by one thread.
fn settle(b: &Pool<'_>, better: &Better) {
    if b.side.key.words()[better.b as usize].load(Ordering::Relaxed) == better.key {
        let detail = &b.side.detail.words()[better.b as usize];
        let now = detail::with_pair(detail.load(Ordering::Relaxed), better.pair) | BEST;
        detail.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::tests::form;

    /// What meets by accident is left out; what shares a key is not, however little is seen of it.
    #[test]
    fn strangers_are_no_candidates() {
        const ROW: &str = "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2-1-5|";
        let counts = Counts::new();
        for (other, little, shares) in [
            ("佐藤　花子|サトウ ハナコ|1971-10-04|2|静岡県三島市谷田3-4|", true, false),
            ("||||", true, false),
            ("佐藤　花子|サトウ ハナコ|1955-03-13|2|京都府宇治市本町2-1-5|", true, false),
            // An alternative and the town.
            ("佐藤　次郎+山田　太郎|サトウ ジロウ|1971-10-04|1|京都府宇治市本町9-9|", false, true),
            ("佐藤　花子|サトウ ハナコ|1955-03-12|2|京都府宇治市本町2-1-5|", false, true),
            ("山田　太郎||1971-10-04|1|京都府宇治市本町9|", false, true),
            (ROW, false, true),
        ] {
            let (a, b) = (form(ROW), form(other));
            assert_eq!(agree_in_little(&a.compare(&b)), little, "{other}");
            assert_eq!((meet(&a, &b, &counts), meet(&b, &a, &counts)), (shares, shares), "{other}");
        }
    }
}
