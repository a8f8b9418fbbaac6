//! Symbols and numbers (記号・番号) as each insurer writes them.
//!
//! Always holds: an insurer's habit follows from seed and number alone. Two employers of the association, of a society
//! or of the seamen's scheme never have the same symbol, also after width and leading zeros are folded; a mutual's offices
//! share theirs.
//! Not here: branch numbers, cards.
//! Rules come from: the references on check digits, section 7.1 (recipients' numbers), and on matching, section 1.2.

use super::{Insurer, InsurerKind, names, tags};
use crate::nation::dice::Dice;
use base::check_digit_21;

/// What an insurer does always in the same way.
struct Habits {
    /// Writes digits in full width.
    is_wide: bool,
    /// Fills numbers with zeros.
    is_padded: bool,
    /// Picks among its kind's ways to make symbols, below a hundred.
    way: u64,
    /// Where its symbols begin.
    first: u64,
}

impl Habits {
    fn of(seed: u64, insurer: &Insurer) -> Habits {
        let number: u64 = insurer.number.as_str().parse().unwrap_or(0);
        let mut dice = Dice::new(seed, &[tags::STYLE, number]);
        Habits {
            is_wide: insurer.kind != InsurerKind::Association && dice.percent(30),
            is_padded: dice.percent(60),
            way: dice.below(100),
            first: *dice.pick(&[1, 1, 1, 11, 100, 101, 1_001]),
        }
    }

    fn write(&self, text: String) -> String {
        if self.is_wide { widen(&text) } else { text }
    }
}

/// Digits and hyphens in full width.
fn widen(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0'..='9' | 'A'..='Z' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
            '-' => '－',
            _ => c,
        })
        .collect()
}

/// The symbol of an employer: `rank` is its place among its insurer's employers.
pub fn employer_symbol(seed: u64, insurer: &Insurer, rank: u32) -> String {
    let habits = Habits::of(seed, insurer);
    let rank = u64::from(rank);
    let text = match insurer.kind {
        // Pension office and the employer's serial there, in an order that tells nothing of size.
        InsurerKind::Association => format!("{}{:06}", 11 + rank % 7, 1 + rank / 7 * 7_919 % 999_983),
        InsurerKind::Society => society(insurer, &habits, rank),
        InsurerKind::Seamen => (habits.first + rank).to_string(),
        _ => mutual(insurer),
    };
    habits.write(text)
}

fn society(insurer: &Insurer, habits: &Habits, rank: u64) -> String {
    let n = habits.first + rank;
    if insurer.prefecture == 99 {
        // As the named patients have them.
        return if insurer.stem == "しらゆり" {
            format!("白百合・{}", rank + 1)
        } else {
            (21 + rank).to_string()
        };
    }
    match habits.way {
        0..=44 => n.to_string(),
        45..=59 => format!("{n:04}"),
        60..=71 => format!("{}-{}", n / 10 + 1, n % 10 + 1),
        72..=77 => format!("{}{n}", ["A", "B", "K", "S"][habits.way as usize % 4]),
        _ => {
            let word: String = insurer.stem.chars().take(2).collect();
            if rank == 0 { word } else { format!("{word}・{rank}") }
        }
    }
}

/// One symbol for a whole mutual or unit: 公立千葉.
fn mutual(insurer: &Insurer) -> String {
    let stem = &insurer.stem;
    match insurer.kind {
        InsurerKind::SchoolMutual if stem == "私学" => "私学".to_owned(),
        InsurerKind::SchoolMutual if insurer.prefecture == 99 => "公立".to_owned(),
        InsurerKind::SchoolMutual => format!("公立{stem}"),
        InsurerKind::PoliceMutual => format!("警{stem}"),
        InsurerKind::LocalMutual if insurer.name.contains("市町村") => format!("{stem}市町村"),
        InsurerKind::LocalMutual => format!("地職{stem}"),
        InsurerKind::Forces => "09".to_owned(),
        _ => stem.clone(),
    }
}

/// The symbol of a certificate that no employer gives.
pub fn symbol(seed: u64, dice: &mut Dice, insurer: &Insurer) -> Option<String> {
    let habits = Habits::of(seed, insurer);
    let stem = &insurer.stem;
    let text = match insurer.kind {
        InsurerKind::Union | InsurerKind::Welfare => return None,
        InsurerKind::Municipal => match habits.way {
            _ if insurer.prefecture == 99 => "02".to_owned(),
            0..=44 => stem.clone(),
            way @ 45..=69 => format!("{:02}", way - 44 + dice.below(offices(insurer.members))),
            70..=79 => format!("国{stem}"),
            80..=89 => format!("{stem}・{}", 1 + dice.below(offices(insurer.members))),
            _ => {
                let initials = [names::prefecture_stem(insurer.prefecture), stem];
                initials.iter().filter_map(|name| name.chars().next()).collect()
            }
        },
        InsurerKind::Guild => {
            let initial = stem.chars().next().unwrap_or('組');
            format!("{initial}{}", 1 + dice.below(u64::from(insurer.members / 800) + 1))
        }
        InsurerKind::SpecialRetired => "特退".to_owned(),
        // Whoever left and stays for up to two years (任意継続).
        InsurerKind::Association => format!("{}999999", 11 + dice.below(7)),
        InsurerKind::Society | InsurerKind::Seamen => "任継".to_owned(),
        _ => mutual(insurer),
    };
    Some(habits.write(text))
}

/// Offices of a municipality's insurance.
fn offices(members: u32) -> u64 {
    u64::from(members / 20_000) + 1
}

/// A number for one of so many holders of the same symbol.
pub fn number(seed: u64, dice: &mut Dice, insurer: &Insurer, holders: u32) -> String {
    let habits = Habits::of(seed, insurer);
    match insurer.kind {
        InsurerKind::Welfare => {
            let body = format!("{:06}", dice.below(1_000_000));
            let check = char::from(check_digit_21(body.as_bytes()));
            return format!("{body}{check}");
        }
        InsurerKind::Union => return format!("{:08}", dice.below(100_000_000)),
        _ => (),
    }
    let width = (holders.max(1).ilog10() + 4).min(8) as usize;
    let number = 1 + dice.below(10u64.pow(width as u32) - 1);
    written(&habits, number, width)
}

/// A number that somebody else chose, of up to eight digits, as the insurer writes it.
pub fn write_number(seed: u64, insurer: &Insurer, number: u32) -> String {
    let habits = Habits::of(seed, insurer);
    match insurer.kind {
        InsurerKind::Union => format!("{number:08}"),
        _ => written(&habits, u64::from(number), 8),
    }
}

fn written(habits: &Habits, number: u64, width: usize) -> String {
    habits.write(if habits.is_padded { format!("{number:0width$}") } else { number.to_string() })
}
