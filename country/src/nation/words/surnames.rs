//! Surnames by frequency: a list of the usual ones, and for the rest two parts that make a plausible one.
//!
//! Always holds: a draw costs a bisection, not a walk.
//! Not here: the list itself (`country/data/surnames.tsv`).
//! Rules come from: none; the numbers are rough general knowledge.

use super::{Word, cells, kana::half};
use crate::nation::dice::Dice;
use std::{collections::BTreeSet, sync::LazyLock};

/// The second part of a composed surname.
struct Second {
    written: &'static str,
    plain: String,
    /// Its reading behind most parts: 田 is ﾀﾞ in 山田.
    voiced: String,
    weight: u64,
    /// The kana behind which it is plain all the same: 森田 is ﾓﾘﾀ.
    plain_after: String,
}

impl Second {
    fn reading(&self, first: &Word) -> &str {
        let is_plain = first.kana.contains(['ﾞ', 'ﾟ'])
            || first.kana.chars().last().is_some_and(|last| self.plain_after.contains(last));
        if is_plain { &self.plain } else { &self.voiced }
    }
}

struct Surnames {
    listed: Vec<Word>,
    sums: Vec<u64>,
    composed: Vec<Word>,
    composed_sums: Vec<u64>,
}

static SURNAMES: LazyLock<Surnames> = LazyLock::new(read);

const LIST: &str = include_str!("../../../data/surnames.tsv");
const PARTS: &str = include_str!("../../../data/surname_parts.tsv");

/// The whole country, in the list's unit: thousands of bearers.
const EVERYBODY: u64 = 126_000;

/// Parts that make no name with one another: 上下, 森林.
const CLASHES: [&str; 2] = ["上下中内", "森林木"];

fn weight(cell: &str) -> u64 {
    cell.parse().expect("our lists have weights")
}

fn read() -> Surnames {
    let (mut listed, mut sums, mut sum) = (Vec::new(), Vec::new(), 0);
    for cell in cells(LIST) {
        sum += weight(cell[2]);
        listed.push(Word::new(cell[0], cell[1]));
        sums.push(sum);
    }
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for cell in cells(PARTS) {
        let other = |at: usize| cell.get(at).copied().unwrap_or_default();
        match cell[0] {
            "first" => first.push((Word::new(cell[1], cell[2]), weight(cell[3]))),
            _ => second.push(Second {
                written: cell[1],
                plain: half(cell[2]),
                voiced: half(if other(4).is_empty() { cell[2] } else { other(4) }),
                weight: weight(cell[3]),
                plain_after: half(other(5)),
            }),
        }
    }
    let known: BTreeSet<&str> = listed.iter().map(|entry| entry.written.as_str()).collect();
    let (mut composed, mut composed_sums, mut sum) = (Vec::new(), Vec::new(), 0);
    for (first, first_weight) in &first {
        for second in &second {
            let written = format!("{}{}", first.written, second.written);
            let clash =
                |group: &&str| group.contains(first.written.as_str()) && group.contains(second.written);
            let is_double = first.written == second.written;
            if !is_double && !known.contains(written.as_str()) && !CLASHES.iter().any(clash) {
                composed.push(Word { kana: format!("{}{}", first.kana, second.reading(first)), written });
                sum += first_weight * second.weight;
                composed_sums.push(sum);
            }
        }
    }
    Surnames { listed, sums, composed, composed_sums }
}

/// A surname.
pub fn surname(dice: &mut Dice) -> Word {
    let all = &*SURNAMES;
    let listed = all.sums.last().copied().unwrap_or(0);
    if dice.below(EVERYBODY.max(listed)) < listed {
        all.listed[dice.cumulated(&all.sums)].clone()
    } else {
        all.composed[dice.cumulated(&all.composed_sums)].clone()
    }
}
