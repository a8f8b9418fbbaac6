//! Symbols and numbers (記号・番号) as each insurer writes them.
//!
//! Always holds: an insurer's habit follows from its number alone; two of its employers never have the same symbol, also
//! after width and leading zeros are folded.
//! Not here: branch numbers, cards.
//! Rules come from: the reference on check digits, section 7.1 (recipients' numbers), and on matching, section 1.2.

use super::{Insurer, InsurerKind, tags};
use crate::nation::dice::Dice;
use base::FacilityCode;

fn habits(seed: u64, insurer: &Insurer) -> Dice {
    let number: u64 = insurer.number.as_str().parse().unwrap_or(0);
    Dice::new(seed, &[tags::STYLE, number])
}

/// Digits in full width.
fn wide(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0'..='9' => char::from_u32(c as u32 - 0x30 + 0xFF10).unwrap_or(c),
            '-' => '－',
            _ => c,
        })
        .collect()
}

/// The symbol of an employer: `rank` is its place among its insurer's employers.
pub fn employer_symbol(seed: u64, insurer: &Insurer, rank: u32) -> String {
    let mut habits = habits(seed, insurer);
    let is_wide = habits.percent(30);
    let n = u64::from(rank) + 1;
    let text = match insurer.kind {
        InsurerKind::Association => {
            let office = 11 + n % 7;
            format!("{office}{:06}", 1 + n / 7 * 7_919 % 999_983)
        }
        _ => n.to_string(),
    };
    if is_wide { wide(&text) } else { text }
}

/// The symbol of a certificate that no employer gives.
pub fn symbol(seed: u64, dice: &mut Dice, insurer: &Insurer) -> Option<String> {
    let _ = (seed, dice);
    match insurer.kind {
        InsurerKind::Union | InsurerKind::Welfare => None,
        _ => Some(insurer.stem.clone()),
    }
}

/// A number for one of so many holders.
pub fn number(seed: u64, dice: &mut Dice, insurer: &Insurer, holders: u32) -> String {
    let mut habits = habits(seed, insurer);
    let is_wide = habits.percent(30);
    let _ = (holders, FacilityCode::parse(""));
    let text = format!("{:08}", dice.below(100_000_000));
    if is_wide { wide(&text) } else { text }
}
