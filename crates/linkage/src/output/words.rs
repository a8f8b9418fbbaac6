//! Codes and words of what the output says beside levels and reasons: tiers, causes, grades.
//!
//! Always holds: codes are frozen within a release; words name no person.
//! Not here: the levels' words (levels), the reasons' (rules), the problems' (problem).
//! Rules come from: docs/linkage.md.

use crate::{
    outcome::{Cause, Tier},
    rules::Grade,
};

impl Tier {
    /// All tiers, firmest first.
    pub const ALL: [Tier; 3] = [Tier::Raw, Tier::Normal, Tier::Scored];

    /// The frozen code.
    pub fn code(self) -> &'static str {
        match self {
            Tier::Raw => "E1",
            Tier::Normal => "E2",
            Tier::Scored => "S",
        }
    }

    /// In Japanese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Tier::Raw => ("書かれたまま一致", "the same as written"),
            Tier::Normal => ("表記をそろえて一致", "the same after normalising"),
            Tier::Scored => ("点数で一致", "by score"),
        }
    }
}

impl Cause {
    /// All causes.
    pub const ALL: [Cause; 7] = [
        Cause::Doubtful,
        Cause::Tie,
        Cause::TooMany,
        Cause::TooLittle,
        Cause::Taken,
        Cause::NoCandidate,
        Cause::Unusable,
    ];

    /// The frozen code: Q is a clerk's question, U stays unlinked.
    pub fn code(self) -> &'static str {
        match self {
            Cause::Doubtful => "Q1",
            Cause::Tie => "Q2",
            Cause::TooMany => "Q3",
            Cause::TooLittle => "U1",
            Cause::Taken => "U2",
            Cause::NoCandidate => "U3",
            Cause::Unusable => "U4",
        }
    }

    /// In Japanese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Cause::Doubtful => {
                ("候補はあるが機械では決められない", "a candidate that the rules leave to a clerk")
            }
            Cause::Tie => ("同じくらい近い候補が複数ある", "several candidates about equally near"),
            Cause::TooMany => (
                "手がかりが同じ行か候補が多すぎ、扱いきれない",
                "too many rows share a key or are near; not all were compared or are shown",
            ),
            Cause::TooLittle => {
                ("最も近い候補でも一致が足りない", "the best candidate does not agree enough")
            }
            Cause::Taken => (
                "最も近い候補は、もっと近い別の行と結び付いた",
                "the best candidate was linked to a nearer row",
            ),
            Cause::NoCandidate => (
                "（すでに結び付いた行を除いて）手がかりが合う行がない",
                "no row shares a key (rows already linked aside)",
            ),
            Cause::Unusable => (
                "氏名か生年月日がない（読めない）、または行が読めない",
                "name or birth date missing or unreadable, or the whole row",
            ),
        }
    }
}

impl Grade {
    /// In Japanese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Grade::Link => ("一致", "link"),
            Grade::Review => ("要確認", "review"),
            Grade::NoLink => ("不一致", "no link"),
        }
    }
}

/// The attributes' Japanese headings, in the order of codes.
pub(super) const ATTRIBUTES: [&str; 6] = ["氏名", "カナ", "生年月日", "性別", "住所", "固有番号"];

/// How a page marks a level: `same`, `near`, `other` or `lack`.
pub(super) fn tone(code: &str) -> &'static str {
    match code {
        // Surname, given name or alternatives alone, town or municipality alone: something else stands beside what agrees.
        "N8" | "N9" | "NT" | "K4" | "K5" | "A6" | "A7" => "other",
        _ => match code.as_bytes().last() {
            Some(b'1') => "same",
            Some(b'0') => "other",
            Some(b'-') => "lack",
            _ => "near",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_one_each_and_ordered() {
        let causes: Vec<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
        assert!(causes.is_sorted_by(|a, b| a < b));
        let tiers: BTreeSet<_> = Tier::ALL.iter().map(|tier| tier.code()).collect();
        assert_eq!(tiers.len(), Tier::ALL.len());
    }

    #[test]
    fn tones() {
        for (code, want) in [
            ("N1", "same"),
            ("N7", "near"),
            ("N9", "other"),
            ("NT", "other"),
            ("A0", "other"),
            ("I-", "lack"),
            ("A5", "near"),
        ] {
            assert_eq!(tone(code), want);
        }
    }
}
