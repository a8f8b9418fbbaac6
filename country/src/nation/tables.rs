//! How likely what is: ages, households, work, deaths and births, moves, cards. Rounded figures, each per thousand or per
//! million as its name says.
//!
//! Always holds: data, no decisions. They were set so that the figures in docs/country.md come near the published totals
//! (`published`), and are not themselves official figures.
//! Not here: the published totals.
//! Rules come from: the reference on the field, section 5.1; general knowledge of Japan's official statistics.

/// People by age group of five years (0–4, 5–9 … 100 and over), thousands: men, women.
pub(crate) const AGES: [(u32, u32); 21] = [
    (2_130, 2_030),
    (2_480, 2_360),
    (2_690, 2_560),
    (2_820, 2_680),
    (3_220, 3_040),
    (3_340, 3_140),
    (3_270, 3_110),
    (3_610, 3_480),
    (4_010, 3_910),
    (4_700, 4_600),
    (4_810, 4_740),
    (4_130, 4_130),
    (3_700, 3_770),
    (3_560, 3_750),
    (4_040, 4_480),
    (3_280, 3_890),
    (2_470, 3_310),
    (1_430, 2_470),
    (590, 1_480),
    (110, 480),
    (10, 80),
];

/// With whom somebody of an age lives. The order is that of [`HOUSEHOLDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Alone.
    Single,
    /// With husband or wife.
    Couple,
    /// As parent with husband or wife and children.
    Parents,
    /// As parent alone with children.
    LoneParent,
    /// As child with both parents.
    ChildOfTwo,
    /// As child with one parent.
    ChildOfOne,
    /// Three generations.
    Three,
}

pub(crate) const KINDS: [Kind; 7] = [
    Kind::Single,
    Kind::Couple,
    Kind::Parents,
    Kind::LoneParent,
    Kind::ChildOfTwo,
    Kind::ChildOfOne,
    Kind::Three,
];

/// How people of ten years of age (0–9, 10–19 … 90 and over) live: weights in the order of [`KINDS`].
pub(crate) const HOUSEHOLDS: [[u32; 7]; 10] = [
    [0, 0, 0, 0, 78, 9, 13],
    [3, 0, 0, 0, 74, 13, 10],
    [43, 7, 9, 1, 28, 9, 3],
    [34, 14, 30, 3, 9, 6, 4],
    [33, 12, 31, 6, 7, 7, 4],
    [36, 20, 22, 6, 4, 8, 4],
    [37, 36, 13, 4, 1, 4, 5],
    [37, 40, 9, 4, 0, 1, 9],
    [44, 28, 7, 8, 0, 0, 13],
    [45, 12, 4, 17, 0, 0, 22],
];

/// Children in a household that has some: 1, 2, 3, 4.
pub(crate) const CHILDREN: [u32; 4] = [50, 38, 10, 2];

/// Men and women employed with insurance of their own, per mille, by five years of age from 15.
pub(crate) const EMPLOYED: [(u64, u64); 12] = [
    (110, 90),
    (560, 560),
    (840, 760),
    (870, 640),
    (870, 590),
    (870, 570),
    (870, 560),
    (860, 550),
    (840, 500),
    (700, 360),
    (390, 180),
    (190, 80),
];

/// Deaths a year, per million, by five years of age: men, women.
pub(crate) const DEATHS: [(u64, u64); 21] = [
    (500, 430),
    (70, 60),
    (90, 80),
    (240, 160),
    (430, 230),
    (480, 250),
    (570, 320),
    (740, 440),
    (1_060, 660),
    (1_720, 1_060),
    (2_800, 1_630),
    (4_450, 2_300),
    (7_000, 3_200),
    (11_500, 4_900),
    (18_500, 8_000),
    (35_000, 16_300),
    (61_000, 33_400),
    (107_000, 70_000),
    (184_000, 138_000),
    (310_000, 253_000),
    (460_000, 425_000),
];

/// Births a year of a married woman, per million, by five years of age from 15.
pub(crate) const BIRTHS: [u64; 7] = [209_000, 209_000, 181_000, 142_000, 62_000, 11_000, 350];

/// Marriages a year of an unmarried man, per million, by five years of age from 15.
pub(crate) const MARRIAGES: [u64; 8] = [3_000, 26_000, 75_000, 62_000, 33_000, 16_000, 8_000, 4_000];

/// Moves of a household a year, per million, by ten years of the head's age.
pub(crate) const MOVES: [u64; 10] =
    [70_000, 140_000, 250_000, 150_000, 75_000, 48_000, 32_000, 20_000, 22_000, 22_000];

/// Changes of employer a year of an employed person, per million, by ten years of age.
pub(crate) const JOB_CHANGES: [u64; 10] = [0, 80_000, 100_000, 65_000, 45_000, 35_000, 25_000, 15_000, 0, 0];
/// Ends of employment a year, per million, by ten years of age.
pub(crate) const JOB_ENDS: [u64; 10] =
    [0, 50_000, 55_000, 45_000, 30_000, 30_000, 140_000, 250_000, 400_000, 900_000];
/// Beginnings of employment a year of somebody without, per million, by ten years of age.
pub(crate) const JOB_STARTS: [u64; 10] = [0, 25_000, 330_000, 160_000, 130_000, 110_000, 60_000, 8_000, 0, 0];

/// Cards held, per mille, by ten years of age.
pub(crate) const CARDS: [u64; 10] = [690, 780, 800, 800, 800, 810, 835, 860, 820, 700];
/// Holders who have registered their card as insurance card, per mille.
pub(crate) const ENROLLED: u64 = 878;

/// The value of a table by age, its last for whoever is older. `from` is the first group's age, `wide` its width.
pub(crate) fn by_age<T: Copy>(table: &[T], from: i64, wide: i64, age: i64) -> Option<T> {
    let group = (age - from).div_euclid(wide);
    let group = usize::try_from(group).ok()?;
    table.get(group.min(table.len() - 1)).copied()
}
