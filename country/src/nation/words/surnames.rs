//! Surnames by frequency: a list of the usual ones, and for the rest two parts that make a plausible one.
//!
//! Always holds: a draw costs a bisection, not a walk.
//! Not here: the list itself (`country/data/surnames.tsv`).
//! Rules come from: none; the numbers are rough general knowledge.

use super::{Entry, Word, cells, joined, kana::half};
use crate::nation::dice::Dice;
use std::sync::LazyLock;

struct Surnames {
    listed: Vec<Entry>,
    sums: Vec<u64>,
    first: Vec<Entry>,
    second: Vec<Entry>,
}

static SURNAMES: LazyLock<Surnames> = LazyLock::new(read);

const LIST: &str = include_str!("../../../data/surnames.tsv");
const PARTS: &str = include_str!("../../../data/surname_parts.tsv");

/// The whole country, in the list's unit: thousands of bearers.
const EVERYBODY: u64 = 126_000;

fn read() -> Surnames {
    let mut all = Surnames { listed: Vec::new(), sums: Vec::new(), first: Vec::new(), second: Vec::new() };
    let mut sum = 0;
    for cell in cells(LIST) {
        sum += cell[2].parse::<u64>().expect("our list has bearers");
        all.listed.push(Entry { written: cell[0], kana: half(cell[1]) });
        all.sums.push(sum);
    }
    for cell in cells(PARTS) {
        let part = Entry { written: cell[1], kana: half(cell[2]) };
        if cell[0] == "first" { all.first.push(part) } else { all.second.push(part) }
    }
    all
}

/// A surname.
pub fn surname(dice: &mut Dice) -> Word {
    let all = &*SURNAMES;
    let listed = all.sums.last().copied().unwrap_or(0);
    if dice.below(EVERYBODY.max(listed)) < listed {
        return all.listed[dice.cumulated(&all.sums)].word();
    }
    let first = dice.pick(&all.first);
    // 田田 is no name; 川川 neither.
    let mut second = dice.pick(&all.second);
    while second.written == first.written {
        second = dice.pick(&all.second);
    }
    joined(first, second)
}
