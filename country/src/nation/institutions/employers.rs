//! Employers: which insurers have how many, and who works for whom.
//!
//! Always holds: an employer is its number and nothing kept; its insurer is found by bisection.
//! Not here: its name, symbol and place.

use super::towns::Towns;
use super::{Insurer, InsurerKind, Pool};
use crate::nation::dice::Dice;
use std::ops::Range;

/// Kinds whose members come by an employer.
pub const KINDS: [InsurerKind; 8] = [
    InsurerKind::Association,
    InsurerKind::Society,
    InsurerKind::LocalMutual,
    InsurerKind::SchoolMutual,
    InsurerKind::NationalMutual,
    InsurerKind::PoliceMutual,
    InsurerKind::Forces,
    InsurerKind::Seamen,
];

/// At most so many in a thousand of a prefecture's people in societies are in its own.
const LOCAL_PER_MILLE_MAX: u64 = 800;

/// A kind's insurers, as people of one prefecture find them.
#[derive(Clone, Default)]
struct Seats {
    own: Pool,
    /// How many in a thousand work for one of `own`.
    own_per_mille: u64,
}

/// All employers.
pub struct Employers {
    /// Insurers that have employers.
    insurers: Vec<usize>,
    /// Numbers at which their employers end.
    ends: Vec<u64>,
    /// Running sums of members by kind.
    kinds: Vec<u64>,
    /// By kind and prefecture.
    seats: Vec<Vec<Seats>>,
    /// By kind, for those who work for one elsewhere.
    elsewhere: Vec<Pool>,
}

impl Employers {
    pub fn new(insurers: &[Insurer], towns: &Towns) -> Employers {
        let mut all = Employers {
            insurers: Vec::new(),
            ends: Vec::new(),
            kinds: Vec::new(),
            seats: vec![vec![Seats::default(); 100]; KINDS.len()],
            elsewhere: vec![Pool::default(); KINDS.len()],
        };
        let mut totals = [0u64; KINDS.len()];
        for (place, insurer) in insurers.iter().enumerate() {
            if let Some(kind) = KINDS.iter().position(|kind| *kind == insurer.kind) {
                all.insurers.push(place);
                all.ends.push(all.ends.last().copied().unwrap_or(0) + u64::from(how_many(insurer)));
                let members = u64::from(insurer.members);
                totals[kind] += members;
                if insurer.stem == "私学" {
                    all.elsewhere[kind].push(place, members); // one for the whole country
                } else {
                    all.seats[kind][usize::from(insurer.prefecture)].own.push(place, members);
                }
            }
        }
        for (kind, total) in totals.into_iter().enumerate() {
            all.kinds.push(all.kinds.last().copied().unwrap_or(0) + total);
            for seats in 0..100u8 {
                all.part(kind, seats, total, insurers, towns);
            }
        }
        all
    }

    /// How many of a prefecture's people work for its own insurers: as many as these have members. The others' rest
    /// comes from everywhere.
    fn part(&mut self, kind: usize, prefecture: u8, total: u64, insurers: &[Insurer], towns: &Towns) {
        let seats = &mut self.seats[kind][usize::from(prefecture)];
        if seats.own.is_empty() {
            return;
        }
        let is_local =
            !matches!(KINDS[kind], InsurerKind::Society | InsurerKind::NationalMutual | InsurerKind::Seamen);
        let have = seats.own.weight();
        let needed = (total * towns.people(prefecture) / towns.all_people().max(1)).max(1);
        let most = if is_local { 1000 } else { LOCAL_PER_MILLE_MAX };
        seats.own_per_mille = (have * 1000 / needed).min(most);
        let used = needed * seats.own_per_mille / 1000;
        for place in seats.own.insurers.clone() {
            let members = u64::from(insurers[place].members);
            let left = members * have.saturating_sub(used) / have;
            self.elsewhere[kind].push(place, left);
        }
    }

    pub fn count(&self) -> u32 {
        self.ends.last().copied().unwrap_or(0) as u32
    }

    /// An employer's insurer, its place among that one's employers, and how many these are.
    pub fn place(&self, number: u32) -> (usize, u32, u32) {
        let number = u64::from(number.min(self.count().saturating_sub(1)));
        let at = self.ends.partition_point(|end| *end <= number);
        let first = if at == 0 { 0 } else { self.ends[at - 1] };
        (self.insurers[at], (number - first) as u32, (self.ends[at] - first) as u32)
    }

    /// An employer by its number of staff.
    pub fn draw(&self, dice: &mut Dice, prefecture: u8) -> u32 {
        let kind = dice.cumulated(&self.kinds);
        let seats = &self.seats[kind][usize::from(prefecture)];
        let is_own = dice.per_mille(seats.own_per_mille) || self.elsewhere[kind].is_empty();
        let pool = if is_own && !seats.own.is_empty() { &seats.own } else { &self.elsewhere[kind] };
        let insurer = pool.draw(dice);
        let range = self.of(insurer);
        let (first, of) = (u64::from(range.start), u64::from(range.end - range.start));
        // With the square of an even chance, staff falls with the square root of the rank: few large, many small.
        let chance = dice.below(1 << 32);
        let square = (chance * chance) >> 32;
        (first + ((square * of) >> 32)) as u32
    }

    /// The numbers of an insurer's employers.
    pub fn of(&self, insurer: usize) -> Range<u32> {
        match self.insurers.binary_search(&insurer) {
            Ok(0) => 0..self.ends[0] as u32,
            Ok(at) => self.ends[at - 1] as u32..self.ends[at] as u32,
            Err(_) => 0..0,
        }
    }

    /// About how many people have an employer's symbol, families included.
    pub fn staff(&self, insurer: &Insurer, number: u32) -> u32 {
        let (_, rank, of) = self.place(number);
        let root = |n: u32| (u64::from(n) << 24).isqrt();
        let part = root(rank + 1) - root(rank);
        (u64::from(insurer.members) * part / root(of).max(1)) as u32
    }
}

/// How many employers an insurer has.
fn how_many(insurer: &Insurer) -> u32 {
    let members = insurer.members;
    match insurer.kind {
        InsurerKind::Association => members / 16 + 1,
        InsurerKind::Society if insurer.is_trade => members / 120 + 20,
        InsurerKind::Society => members / 4_000 + 1 + members % 5,
        InsurerKind::SchoolMutual => members / 80 + 1,
        InsurerKind::LocalMutual => members / 1_500 + 1,
        InsurerKind::NationalMutual => members / 2_000 + 1,
        InsurerKind::PoliceMutual => members / 600 + 1,
        InsurerKind::Seamen => members / 100 + 1,
        _ => 1,
    }
}
