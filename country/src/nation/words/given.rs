//! Given names by sex and the time of birth: a list of the usual ones, and for the rest two parts.
//!
//! Always holds: a draw costs a bisection, not a walk.
//! Not here: the lists themselves (`country/data/given.tsv`, `given_parts.tsv`).
//! Rules come from: none; the numbers are rough general knowledge.

use super::{Word, cells};
use crate::nation::dice::Dice;
use std::sync::LazyLock;

/// The times of birth that the list tells apart, by their last year; the last has none.
const LAST_YEARS: [i16; 4] = [1944, 1964, 1984, 2004];

const TIMES: usize = LAST_YEARS.len() + 1;

/// How many in a thousand bear a name that is not listed. Parents choose ever more freely.
const UNLISTED: [u64; TIMES] = [240, 230, 280, 380, 500];

/// Parts of unlisted names.
#[derive(Default)]
struct Parts {
    first: Vec<Word>,
    second: Vec<Word>,
}

/// The names of one sex.
#[derive(Default)]
struct Names {
    listed: Vec<Word>,
    sums: [Vec<u64>; TIMES],
    parts: [Parts; TIMES],
    /// Places in `listed`, by reading.
    by_kana: Vec<usize>,
}

static NAMES: LazyLock<[Names; 2]> = LazyLock::new(read);

const LIST: &str = include_str!("../../../data/given.tsv");
const PARTS: &str = include_str!("../../../data/given_parts.tsv");

fn read() -> [Names; 2] {
    let mut all = <[Names; 2]>::default();
    for cell in cells(LIST) {
        let names = &mut all[usize::from(cell[0] == "f")];
        names.listed.push(Word::new(cell[1], cell[2]));
        for (sums, weight) in names.sums.iter_mut().zip(&cell[3..]) {
            let weight: u64 = weight.parse().expect("our list has weights");
            sums.push(sums.last().copied().unwrap_or(0) + weight);
        }
    }
    for cell in cells(PARTS) {
        let names = &mut all[usize::from(cell[0] == "f")];
        for time in cell[1].bytes().map(|digit| usize::from(digit - b'1')) {
            let parts = &mut names.parts[time];
            let side = if cell[2] == "first" { &mut parts.first } else { &mut parts.second };
            side.push(Word::new(cell[3], cell[4]));
        }
    }
    for names in &mut all {
        names.by_kana = (0..names.listed.len()).collect();
        names.by_kana.sort_by(|one, other| names.listed[*one].kana.cmp(&names.listed[*other].kana));
    }
    all
}

/// A given name for a person of a sex and a year of birth.
pub fn given(dice: &mut Dice, is_female: bool, birth_year: i16) -> Word {
    let names = &NAMES[usize::from(is_female)];
    let time = LAST_YEARS.partition_point(|last| *last < birth_year);
    if !dice.per_mille(UNLISTED[time]) {
        return names.listed[dice.cumulated(&names.sums[time])].clone();
    }
    let parts = &names.parts[time];
    let first = dice.pick(&parts.first);
    let mut second = dice.pick(&parts.second);
    // No sound twice: ﾅﾅ and ﾀｴｴ are drawn anew.
    while first.kana.ends_with(&second.kana) || first.written == second.written {
        second = dice.pick(&parts.second);
    }
    Word {
        written: format!("{}{}", first.written, second.written),
        kana: format!("{}{}", first.kana, second.kana),
    }
}

/// Last signs of men's names that sound the same.
const SAME_SOUND: [&str; 8] = ["郎朗", "雄夫男", "之行幸", "弘博浩", "介輔助", "樹紀輝", "斗人翔", "哉也弥"];

/// Another spelling of the same reading (太郎, 太朗): a son named after his father's sound, or the other way about.
/// Nothing where no other spelling is usual.
pub fn brother_like(dice: &mut Dice, father_given: &Word) -> Option<Word> {
    let names = &NAMES[0];
    let kana = |place: &usize| names.listed[*place].kana.as_str();
    let start = names.by_kana.partition_point(|place| kana(place) < father_given.kana.as_str());
    let others: Vec<&str> = names.by_kana[start..]
        .iter()
        .take_while(|place| kana(place) == father_given.kana)
        .map(|place| names.listed[*place].written.as_str())
        .filter(|written| *written != father_given.written)
        .collect();
    let written = if others.is_empty() {
        let last = father_given.written.chars().last()?;
        let sound = SAME_SOUND.iter().find(|sound| sound.contains(last))?;
        let choices: Vec<char> = sound.chars().filter(|other| *other != last).collect();
        let stem = father_given.written.strip_suffix(last)?;
        format!("{stem}{}", dice.pick(&choices))
    } else {
        (*dice.pick::<&str>(&others)).to_owned()
    };
    Some(Word { written, kana: father_given.kana.clone() })
}
