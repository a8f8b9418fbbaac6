//! One row's verdict in two words: who (a key) and why (a detail). Thirty million rows have to fit beside everything else.
//!
//! A detail holds the levels of six attributes (4 bits each), two rarities (8 bits each), what the row is by now (3 bits)
//! and flags. The decision is not kept: it follows from levels and rarity.
//! A key holds, while a row is open, the best candidate so far: grade, score, and the partner's number turned round, so
//! that the greatest key is the best candidate and the smallest row number among equals, whoever comes first. When the
//! row is decided it holds the partner, or the number of the review case.
//!
//! Always holds: a key of 0 is no candidate; what is packed comes out the same.
//! Not here: who decides (exact, score, assign).
//! Rules come from: outcome.rs.

use crate::{
    levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel},
    outcome::Tier,
    rules::{Decision, Grade, Rarity, decide},
};

/// Levels and rarities.
const PAIR: u64 = (1 << 40) - 1;
const KIND_AT: u32 = 40;
const KIND: u64 = 7 << KIND_AT;
/// The row has a name and a birth date.
pub(super) const USABLE: u64 = 1 << 43;
/// The row shares a key with so many that not all were compared.
pub(super) const MANY: u64 = 1 << 44;
/// The row may not be linked by machine, since some of its pairs were not kept.
pub(super) const BLOCKED: u64 = 1 << 45;
/// Levels and rarities are those of the best candidate.
pub(super) const BEST: u64 = 1 << 46;
/// The row is in a pair that will be compared.
pub(super) const PAIRED: u64 = 1 << 47;
/// The exact stage linked the row.
pub(super) const EXACT: u64 = 1 << 48;
/// A row of the other file has the same raw bytes, each is the only such row, and the exact stage did not link them.
pub(super) const RAW_LEFT: u64 = 1 << 49;

/// What a row is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not linked (yet).
    Open,
    /// Linked.
    Link(Tier),
    /// In a review case.
    Review,
}

/// Levels and rarities as bits.
pub(super) fn packed(levels: &Levels, rarity: Rarity) -> u64 {
    let Levels { name, kana, birth, sex, address, strong } = *levels;
    let codes = [name as u8, kana as u8, birth as u8, sex as u8, address as u8, strong as u8];
    let levels = codes.iter().rev().fold(0, |bits, code| bits << 4 | u64::from(*code & 15));
    let Rarity { name, town } = rarity;
    levels | u64::from(name) << 24 | u64::from(town) << 32
}

/// The levels of a detail.
pub(super) fn levels(detail: u64) -> Levels {
    fn level<T: Copy>(all: &[T], detail: u64, at: u32) -> T {
        all[((detail >> (4 * at) & 15) as usize).min(all.len() - 1)]
    }
    Levels {
        name: level(NameLevel::ALL, detail, 0),
        kana: level(KanaLevel::ALL, detail, 1),
        birth: level(BirthLevel::ALL, detail, 2),
        sex: level(SexLevel::ALL, detail, 3),
        address: level(AddressLevel::ALL, detail, 4),
        strong: level(StrongLevel::ALL, detail, 5),
    }
}

/// The rarities of a detail.
pub(super) fn rarity(detail: u64) -> Rarity {
    Rarity { name: (detail >> 24) as u8, town: (detail >> 32) as u8 }
}

/// What follows from a detail's levels and rarities.
pub(super) fn decision(detail: u64) -> Decision {
    decide(&levels(detail), rarity(detail))
}

/// What the row is.
pub(super) fn kind(detail: u64) -> Kind {
    match detail >> KIND_AT & 7 {
        1 => Kind::Link(Tier::Raw),
        2 => Kind::Link(Tier::Normal),
        3 => Kind::Link(Tier::Scored),
        4 => Kind::Review,
        _ => Kind::Open,
    }
}

/// The same row, being something else now.
pub(super) fn with_kind(detail: u64, kind: Kind) -> u64 {
    let code = match kind {
        Kind::Open => 0,
        Kind::Link(Tier::Raw) => 1,
        Kind::Link(Tier::Normal) => 2,
        Kind::Link(Tier::Scored) => 3,
        Kind::Review => 4,
    };
    detail & !KIND | code << KIND_AT
}

/// The same row with these levels and rarities (of `packed`).
pub(super) fn with_pair(detail: u64, pair: u64) -> u64 {
    detail & !PAIR | pair & PAIR
}

/// The same row with these rarities.
pub(super) fn with_rarity(detail: u64, rarity: Rarity) -> u64 {
    with_pair(detail, packed(&levels(detail), rarity))
}

/// The key of a candidate: a better grade, a higher score, a smaller row is greater.
pub(super) fn candidate(decision: &Decision, partner: u32) -> u64 {
    let grade: u64 = match decision.grade {
        Grade::Link => 3,
        Grade::Review => 2,
        Grade::NoLink => 1,
    };
    // Scores are hundredths of a bit: some thousands. What is beyond the 30 bits here is cut, not wrapped.
    let score = (i64::from(decision.score) + (1 << 29)).clamp(0, (1 << 30) - 1) as u64;
    grade << 62 | score << 32 | u64::from(!partner)
}

/// The partner in the key of a candidate.
pub(super) fn partner(candidate: u64) -> u32 {
    !(candidate as u32)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_levels() -> impl Strategy<Value = Levels> {
        (
            0..NameLevel::ALL.len(),
            0..KanaLevel::ALL.len(),
            0..BirthLevel::ALL.len(),
            0..SexLevel::ALL.len(),
            0..AddressLevel::ALL.len(),
            0..StrongLevel::ALL.len(),
        )
            .prop_map(|(name, kana, birth, sex, address, strong)| Levels {
                name: NameLevel::ALL[name],
                kana: KanaLevel::ALL[kana],
                birth: BirthLevel::ALL[birth],
                sex: SexLevel::ALL[sex],
                address: AddressLevel::ALL[address],
                strong: StrongLevel::ALL[strong],
            })
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out(written in any_levels(), name: u8, town: u8, flags in 0_u64..128) {
            let flags = flags * USABLE;
            for want in [Kind::Open, Kind::Review, Kind::Link(Tier::Raw), Kind::Link(Tier::Normal),
                Kind::Link(Tier::Scored)] {
                let pair = packed(&written, Rarity { name, town });
                let detail = with_pair(with_kind(with_pair(flags, PAIR), want), pair);
                prop_assert_eq!(levels(detail), written);
                prop_assert_eq!(rarity(detail), Rarity { name, town });
                prop_assert_eq!(kind(detail), want);
                prop_assert_eq!(with_kind(detail, Kind::Open) & !PAIR, flags);
            }
        }

        #[test]
        fn the_greatest_key_is_the_best_candidate(one: (u8, i32, u32), two: (u8, i32, u32)) {
            let of = |(grade, score, partner): (u8, i32, u32)| {
                let grade = [Grade::Link, Grade::Review, Grade::NoLink][usize::from(grade % 3)];
                let score = score % 100_000;
                let reason = decide(&levels(0), Rarity::default()).reason;
                let key = candidate(&Decision { grade, score, reason }, partner);
                (key, (std::cmp::Reverse(grade), score, std::cmp::Reverse(partner)))
            };
            let ((one_key, one_order), (two_key, two_order)) = (of(one), of(two));
            prop_assert_eq!(one_key.cmp(&two_key), one_order.cmp(&two_order));
            prop_assert_eq!(partner(one_key), one.2);
            prop_assert_ne!(one_key, 0);
        }
    }
}
