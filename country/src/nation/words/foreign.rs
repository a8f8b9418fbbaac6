//! Names of foreign residents: in Roman letters as on the residence card (在留カード), with a reading, and for some a
//! Japanese name in use (通称).
//!
//! Always holds: Roman capitals with single blanks; readings are half-width katakana with blanks.
//! Not here: names in Chinese characters on the register.
//! Rules come from: the reference on matching, section 1.2.

use super::{Word, cells, given, kana::half, surname};
use crate::nation::dice::Dice;
use std::sync::LazyLock;

/// The names of a foreign resident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreigner {
    /// In Roman capitals: NGUYEN THI LAN.
    pub written: String,
    /// Its reading: ｸﾞｴﾝ ﾃｨ ﾗﾝ.
    pub kana: String,
    /// The name in use (通称), where there is one: 金田　英子, with a blank in the reading too.
    pub alias: Option<Word>,
}

/// Where people come from, as far as names go.
#[derive(Default)]
struct Origin {
    word: &'static str,
    /// Share among foreign residents.
    weight: u64,
    /// How many in a hundred have a Japanese name in use.
    alias_percent: u64,
    /// Whether the family name stands first.
    is_family_first: bool,
    family: Vec<Word>,
    men: Vec<Word>,
    women: Vec<Word>,
}

static ORIGINS: LazyLock<(Vec<Origin>, Vec<u64>)> = LazyLock::new(read);

const LIST: &str = include_str!("../../../data/foreign.tsv");

fn read() -> (Vec<Origin>, Vec<u64>) {
    let mut origins: Vec<Origin> = Vec::new();
    for cell in cells(LIST) {
        if cell[1] == "origin" {
            origins.push(Origin {
                word: cell[0],
                weight: cell[2].parse().expect("our list has weights"),
                alias_percent: cell[3].parse().expect("our list has shares of names in use"),
                is_family_first: cell[4] == "family first",
                ..Origin::default()
            });
            continue;
        }
        let Some(origin) = origins.iter_mut().find(|origin| origin.word == cell[0]) else {
            continue;
        };
        let names = match cell[1] {
            "family" => &mut origin.family,
            "men" => &mut origin.men,
            _ => &mut origin.women,
        };
        names.extend(cell[2].split(' ').filter_map(|pair| {
            let (written, kana) = pair.split_once('=')?;
            Some(Word { written: written.replace('_', " "), kana: half(kana).replace('_', " ") })
        }));
    }
    let mut sum = 0;
    let sums = origins
        .iter()
        .map(|origin| {
            sum += origin.weight;
            sum
        })
        .collect();
    (origins, sums)
}

/// The names of a foreign resident, of several nationalities by their rough share.
pub fn foreigner(dice: &mut Dice, is_female: bool) -> Foreigner {
    let (origins, sums) = &*ORIGINS;
    let origin = &origins[dice.cumulated(sums)];
    let family = dice.pick(&origin.family);
    let own = dice.pick(if is_female { &origin.women } else { &origin.men });
    let (first, second) = if origin.is_family_first { (family, own) } else { (own, family) };
    let written = format!("{} {}", first.written, second.written);
    let kana = format!("{} {}", first.kana, second.kana);
    let alias = dice.percent(origin.alias_percent).then(|| {
        let surname = surname(dice);
        let year = dice.between(1950, 2000) as i16;
        let given = given(dice, is_female, year);
        Word {
            written: format!("{}\u{3000}{}", surname.written, given.written),
            kana: format!("{} {}", surname.kana, given.kana),
        }
    });
    Foreigner { written, kana, alias }
}
