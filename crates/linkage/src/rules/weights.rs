//! The weights: what each level of agreement is worth, in hundredths of a bit (log2 of m/u).
//!
//! Always holds: one table, integers only, fixed by release; a better level never weighs less than a worse one.
//! Not here: what must not be decided by weight (rules).
//! Rules come from: the reference on matching, section 4.4; docs/linkage.md says how m and u were estimated.
//!
//! m is how often a level is seen between two records of one person, u between records of two persons. Both were measured
//! on generated rosters whose truth is known (`cargo xtask quality --levels`, seed 1, 183 thousand true and 60 million
//! random pairs), and made less where the measure rests on few pairs or on how clean the rosters are. For names and towns u
//! is not one number: it is the share of people who have that name or live in that town, so their weight is their rarity
//! plus what the table says. What the reading adds to a name was set by hand: the two are far from independent.

use super::Rarity;
use crate::levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel};

/// Before anything is compared: one among the 2^27 people of the country. Fixed, so that a small file is not laxer.
const PRIOR: i32 = -2700;

/// A pair with less is not linked.
pub const LINK_AT: i32 = 600;

/// A pair with less is not shown to a clerk.
pub const REVIEW_AT: i32 = -1200;

/// A pair is better than another of the same row only by more than this (1 : 256).
pub const MARGIN: i32 = 800;

/// Rarities beyond these are not believed: a count may be wrong, and nothing is rarer than what a file can show.
const NAME_BITS: (u8, u8) = (8, 20);
const TOWN_BITS: (u8, u8) = (6, 18);

/// A weight of the name: its rarity counts, or does not, and so many hundredths of a bit go on top.
struct NameWeight {
    rarity: bool,
    plus: i32,
}

/// By name level.
fn name_weight(level: NameLevel) -> NameWeight {
    let rarity = |plus| NameWeight { rarity: true, plus };
    let fixed = |plus| NameWeight { rarity: false, plus };
    match level {
        NameLevel::Equal => rarity(-5),        // m 0.966; u is the rarity
        NameLevel::Variant => rarity(-180),    // m 0.021, u a fourteenth of that
        NameLevel::Weak => rarity(-400),       // m 0.0005, u a hundredth (of too few pairs to say less)
        NameLevel::Unreadable => rarity(-680), // m 0.0050, u half
        NameLevel::Alias => rarity(-550),      // m 0.0018, u a twelfth: several names have several chances
        NameLevel::AliasOnly => rarity(-700), // by hand: rosters have none; less than an alternative beside a name
        NameLevel::Roman => rarity(-600),     // m 0.0015, no random pair; few words, many orders
        NameLevel::OneOff => rarity(-1400),   // m 0.0024, u 45 times: so many names lie one character away
        NameLevel::GivenOnly => fixed(20),    // m 0.0016, u 0.0014: given names are few within a generation
        NameLevel::SurnameOnly => fixed(-470), // m 0.0001, u 0.0019
        NameLevel::Different => fixed(-1300), // m 0.0001, u 0.997
        NameLevel::Missing => fixed(0),
    }
}

/// What the reading adds, by what the kanji name left open.
struct KanaWeight {
    /// The kanji agree: the reading follows from them and adds little.
    sure: i32,
    /// The kanji agree in part: the reading fills what is open.
    unsure: i32,
    /// The kanji differ: the reading may be the same name written otherwise.
    different: i32,
    /// No kanji name: the reading stands alone, and is not known to be rare.
    missing: i32,
}

/// By reading level.
fn kana_weight(level: KanaLevel) -> KanaWeight {
    let row = |sure, unsure, different, missing| KanaWeight { sure, unsure, different, missing };
    match level {
        KanaLevel::Equal => row(40, 300, 700, 600),
        KanaLevel::Voicing => row(0, 200, 500, 500),
        KanaLevel::OneOff => row(-150, 0, 100, 250),
        KanaLevel::GivenOnly => row(-200, 50, -100, 150),
        KanaLevel::SurnameOnly => row(-400, -300, -200, -100),
        KanaLevel::Different => row(-450, -300, -250, -600),
        KanaLevel::Missing => row(0, 0, 0, 0),
    }
}

/// By birth level. The same day is weighed as in a roster of one generation (2^-13.4), where it is commonest.
fn birth_weight(level: BirthLevel) -> i32 {
    match level {
        BirthLevel::Equal => 1340, // m 0.997, u 0.00003 over all ages, 0.0001 within one generation
        BirthLevel::Partial => 500, // m 0.0006, u 0.000002; less, since the year alone may be what is known
        BirthLevel::Era => 200,    // m 0.0002, u 0.00006: four other eras
        BirthLevel::Swapped => 440, // m 0.0002, u 0.00001
        BirthLevel::OneDigit => 80, // m 0.0018, u 0.0010: about thirty days are one digit away
        BirthLevel::DayOff => 180, // m 0.00003, u 0.000008, where it is not one digit as well
        BirthLevel::Different => -840, // m 0.003: rosters have worse errors than the generated ones
        BirthLevel::Missing => 0,
    }
}

/// By sex level.
fn sex_weight(level: SexLevel) -> i32 {
    match level {
        SexLevel::Equal => 98,       // m 0.999, u 0.5
        SexLevel::Different => -660, // m 0.005: rosters have worse errors than the generated ones
        SexLevel::Missing => 0,
    }
}

/// By address level. Town and numbers together say about twenty bits wherever one lives (a hundred people of 2^27 share a
/// building's numbers): the larger the town, the more numbers it has. Only a very small town is rarer than that.
fn address_weight(level: AddressLevel, town: u8) -> i32 {
    let town = 100 * i32::from(town.clamp(TOWN_BITS.0, TOWN_BITS.1));
    let house = town + (2000 - town).clamp(400, 1200);
    match level {
        AddressLevel::Equal => house - 70,          // m 0.961
        AddressLevel::NoBuilding => house - 100,    // m 0.024, u a thirtieth
        AddressLevel::OtherBuilding => house - 300, // m 0.0014, too few random pairs for u
        AddressLevel::SameBlock => house - 350,     // the go (号) would have said two to three bits
        AddressLevel::Unreadable => 500,
        AddressLevel::SameTown => (town - 1100).max(50), // m 0.0004: moved next door
        AddressLevel::SameCity => 30,                    // m 0.0046, u 0.0037
        AddressLevel::Different => -700,                 // m 0.007
        AddressLevel::Missing => 0,
    }
}

/// By identifier level. Families share an insured number, so the same one is worth far less than its length.
fn strong_weight(level: StrongLevel) -> i32 {
    match level {
        StrongLevel::Equal => 1500,
        StrongLevel::Different => -1500,
        StrongLevel::Shared | StrongLevel::Missing => 0,
    }
}

/// What a pair's score is made of, in hundredths of a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub prior: i32,
    pub name: i32,
    pub kana: i32,
    pub birth: i32,
    pub sex: i32,
    pub address: i32,
    pub strong: i32,
}

impl Parts {
    pub fn sum(&self) -> i32 {
        self.prior + self.name + self.kana + self.birth + self.sex + self.address + self.strong
    }
}

/// The parts of a pair's score.
pub(super) fn parts(levels: &Levels, rarity: Rarity) -> Parts {
    let name = name_weight(levels.name);
    let bits = if name.rarity { 100 * i32::from(rarity.name.clamp(NAME_BITS.0, NAME_BITS.1)) } else { 0 };
    let kana = kana_weight(levels.kana);
    let kana = match levels.name {
        NameLevel::Equal | NameLevel::Variant | NameLevel::Weak => kana.sure,
        NameLevel::Unreadable
        | NameLevel::Alias
        | NameLevel::AliasOnly
        | NameLevel::Roman
        | NameLevel::OneOff
        | NameLevel::GivenOnly
        | NameLevel::SurnameOnly => kana.unsure,
        NameLevel::Different => kana.different,
        NameLevel::Missing => kana.missing,
    };
    Parts {
        prior: PRIOR,
        name: bits + name.plus,
        kana,
        birth: birth_weight(levels.birth),
        sex: sex_weight(levels.sex),
        address: address_weight(levels.address, rarity.town),
        strong: strong_weight(levels.strong),
    }
}

/// A pair's log-odds in hundredths of a bit.
pub fn score(levels: &Levels, rarity: Rarity) -> i32 {
    parts(levels, rarity).sum()
}
