//! Variant kanji (異体字) as graded evidence, from tables in data/.
//!
//! Always holds: ties are symmetric; characters that are tied are of one family; a family is small, and two everyday
//! characters (田 and 由) are in one only if a list of old and new forms or data/confusable.tsv says so.
//! Not here: how the tables were made (data/make_variants.py), what a tie weighs (rules).
//! Rules come from: the reference on matching, section 1.2.

use super::fold::{self, Pages};
use std::{ops::Range, sync::LazyLock};

/// A family a line, the character that stands for it first; made by `cargo xtask tables`.
const FAMILIES: &str = include_str!("../../data/families.tsv");
/// Pairs of characters and how firmly they are tied; made by `cargo xtask tables`.
const VARIANTS: &str = include_str!("../../data/variants.tsv");

/// How firmly two different characters are tied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// Official tables hold them for the same character.
    Firm,
    /// Tied loosely, or often mixed up.
    Loose,
}

/// The first lines of a table say where it comes from.
fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

static HEADS: LazyLock<Pages> = LazyLock::new(|| {
    let mut pages = Pages::identity();
    for line in rows(FAMILIES) {
        let mut members = line.chars();
        if let Some(head) = members.next() {
            members.for_each(|member| pages.set(member as u32, head as u32));
        }
    }
    // Kana of one sound are one family: さくら and サクラ, ヱ and エ, ヶ and ケ.
    for c in ('\u{3041}'..='\u{3096}').chain('\u{30A1}'..='\u{30FA}') {
        pages.set(c as u32, super::kana::plain(c) as u32);
    }
    pages
});

/// Both directions of every pair, sorted.
static PAIRS: LazyLock<Vec<(char, char, Tie)>> = LazyLock::new(|| {
    let mut pairs = Vec::with_capacity(2 * VARIANTS.len() / 16);
    for line in rows(VARIANTS) {
        let tie = if line.contains("\tfirm\t") { Tie::Firm } else { Tie::Loose };
        if let Some((one, two)) = fold::two(line) {
            pairs.extend([(one, two, tie), (two, one, tie)]);
        }
    }
    pairs.sort_unstable();
    pairs
});

/// The one character that stands for the whole family of `c`, for blocking keys; `c` itself without a family.
#[inline]
pub fn family(c: char) -> char {
    HEADS.get(c).unwrap_or(c)
}

/// The tie of two characters that are not equal; `None` for strangers.
///
/// Characters that no table ties to each other but both to a third one (﨑 and 嵜 to 崎) are tied loosely.
pub fn tie(a: char, b: char) -> Option<Tie> {
    // Nearly all pairs that are asked for are strangers, and this says so without a search.
    if family(a) != family(b) {
        return None;
    }
    if a == b {
        return Some(Tie::Firm);
    }
    if fold::is_kana(a) {
        return Some(Tie::Loose);
    }
    let (near_a, near_b) = (&PAIRS[tied(a)], &PAIRS[tied(b)]);
    if let Ok(at) = near_a.binary_search_by_key(&b, |pair| pair.1) {
        return Some(near_a[at].2);
    }
    let met = near_a.iter().any(|pair| near_b.binary_search_by_key(&pair.1, |other| other.1).is_ok());
    met.then_some(Tie::Loose)
}

/// Where the pairs of a character stand.
fn tied(c: char) -> Range<usize> {
    let first = PAIRS.partition_point(|pair| pair.0 < c);
    let len = PAIRS[first..].partition_point(|pair| pair.0 == c);
    first..first + len
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The hand-written pairs of one kind.
    fn by_hand(kind: &str) -> Vec<(char, char)> {
        let table: &'static str = include_str!("../../data/confusable.tsv");
        rows(table).filter(|line| line.split('\t').nth(2) == Some(kind)).filter_map(fold::two).collect()
    }

    #[test]
    fn ties() {
        for (one, two, want) in [
            ('髙', '高', Some(Tie::Firm)),
            ('\u{FA11}', '崎', Some(Tie::Firm)),
            ('嵜', '崎', Some(Tie::Firm)),
            ('嵜', '\u{FA11}', Some(Tie::Loose)),
            ('邉', '辺', Some(Tie::Firm)),
            ('邊', '辺', Some(Tie::Firm)),
            ('邉', '邊', Some(Tie::Firm)),
            ('齋', '斎', Some(Tie::Firm)),
            ('齊', '斉', Some(Tie::Firm)),
            ('斎', '斉', Some(Tie::Loose)),
            ('齋', '齊', Some(Tie::Loose)),
            ('齋', '斉', Some(Tie::Loose)),
            ('濵', '浜', Some(Tie::Firm)),
            ('濱', '浜', Some(Tie::Firm)),
            ('\u{20BB7}', '吉', Some(Tie::Firm)),
            ('德', '徳', Some(Tie::Firm)),
            ('桒', '桑', Some(Tie::Firm)),
            ('冨', '富', Some(Tie::Loose)),
            ('嶋', '島', Some(Tie::Firm)),
            ('嶌', '島', Some(Tie::Firm)),
            ('舘', '館', Some(Tie::Loose)),
            ('澤', '沢', Some(Tie::Firm)),
            ('廣', '広', Some(Tie::Firm)),
            ('惠', '恵', Some(Tie::Firm)),
            ('眞', '真', Some(Tie::Firm)),
            ('龍', '竜', Some(Tie::Firm)),
            ('曾', '曽', Some(Tie::Firm)),
            ('檜', '桧', Some(Tie::Firm)),
            ('さ', 'サ', Some(Tie::Loose)),
            ('ヶ', 'ケ', Some(Tie::Loose)),
            ('田', '由', None),
            ('玉', '王', None),
            ('部', '辺', None),
            ('か', 'き', None),
        ] {
            assert_eq!(tie(one, two), want, "{one} {two}");
            assert_eq!(tie(two, one), want, "{two} {one}");
        }
    }

    #[test]
    fn everyday_characters_stay_apart() {
        let alike = [
            "田由甲申",
            "太大犬",
            "一二三",
            "未末",
            "土士",
            "荻萩",
            "己巳",
            "堀掘",
            "人入",
            "千干",
            "牛午",
            "玉王",
            "伊井",
            "辺部",
            "壱一",
            "崎埼",
            "辻迫",
            "緑縁",
        ];
        for group in alike {
            let mut heads: Vec<char> = group.chars().map(family).collect();
            heads.sort_unstable();
            heads.dedup();
            assert_eq!(heads.len(), group.chars().count(), "{group}");
        }
        for (one, two) in by_hand("apart") {
            assert_ne!(family(one), family(two), "{one} {two}");
        }
    }

    #[test]
    fn mixed_pairs_are_loose_and_of_one_family() {
        let mixed = by_hand("mixed");
        assert!(mixed.len() >= 10);
        for (one, two) in mixed {
            assert_eq!(tie(one, two), Some(Tie::Loose), "{one} {two}: make the tables again");
        }
    }

    #[test]
    fn tables_are_as_the_code_takes_them() {
        let mut sizes: BTreeMap<usize, Vec<char>> = BTreeMap::new();
        for line in rows(FAMILIES) {
            sizes.entry(line.chars().count()).or_default().extend(line.chars().next());
            for member in line.chars() {
                assert_eq!(fold::folded(member), Some(member));
                assert_eq!(family(member), line.chars().next().unwrap_or(member));
            }
        }
        let (largest, heads) = sizes.last_key_value().unwrap();
        // A family much larger than these would let strangers meet: look at it before changing this line.
        assert_eq!((*largest, heads.as_slice()), (24, ['斉', '殺'].as_slice()));
        assert!(PAIRS.len() > 30_000);
        for (one, two, _) in PAIRS.iter() {
            assert_eq!(family(*one), family(*two), "{one} {two}");
        }
    }

    proptest! {
        #[test]
        fn ties_are_symmetric(at in 0..30_000usize, by in 0..200usize) {
            let (one, two) = (PAIRS[at].0, PAIRS[(at + by) % PAIRS.len()].0);
            prop_assert_eq!(tie(one, two), tie(two, one));
            prop_assert_eq!(tie(one, two).is_some() && family(one) != family(two), false);
        }
    }
}
