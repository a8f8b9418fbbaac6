//! What agreement weighs and what follows from it: link, clerical review (目視確認), or no link.
//!
//! Always holds: weights are integers fixed by release; the same levels and rarities give the same decision everywhere;
//! three attributes alone never link; different strong identifiers never link, a different sex never links by itself;
//! a pair whose given names differ never links.
//! Not here: how levels are found; which rows are compared.
//! Rules come from: S5 r2, S8 r5 (7); the reference on matching, sections 1.6 and 4.4.

use crate::levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel};

mod explain;
pub(crate) mod rarity;
#[cfg(test)]
mod tests;
mod weights;

pub use explain::{Lang, explain};
pub use rarity::Rarity;
pub use weights::{LINK_AT, MARGIN, REVIEW_AT, score};

/// The release of rules and weights; in every run record.
pub const RELEASE: &str = "2026.2";

/// So many attributes have to agree before a pair can be linked: three are never enough, since three (reading, birth date,
/// sex) were what tied people to strangers' records.
const AGREEING_MIN: usize = 4;

/// What a pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// 一致: the same person.
    Link,
    /// 要確認: a clerk looks.
    Review,
    /// 不一致
    NoLink,
}

/// The rules as a table: code, grade, Japanese and English sentence.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $grade:ident, $ja:literal, $en:literal;)*) => {
        /// Why a pair got its grade: the one rule that decided. Codes are frozen within a release.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            /// The frozen code: L links, C is a clerk's, D is different.
            pub fn code(self) -> &'static str {
                match self { $(Reason::$variant => $code,)* }
            }

            /// The grade that this rule gives.
            pub fn grade(self) -> Grade {
                match self { $(Reason::$variant => Grade::$grade,)* }
            }

            /// The rule in Japanese.
            pub fn ja(self) -> &'static str {
                match self { $(Reason::$variant => $ja,)* }
            }

            /// The rule in English.
            pub fn en(self) -> &'static str {
                match self { $(Reason::$variant => $en,)* }
            }
        }
    };
}

reasons! {
    /// Enough weight and no rule against it.
    Enough = "L1", Link, "一致の基準を満たし、妨げる規則がない", "enough weight and no rule against it";
    /// Some weight, but too little for a link.
    Near = "C0", Review, "合計が一致の基準に届かない", "the total is below what a link needs";
    /// The sexes differ.
    SexDiffers = "C1", Review, "性別が相違する", "the sexes differ";
    /// Name (or reading), birth date and perhaps sex agree, but not the address.
    AddressDiffers = "C2", Review, "住所が番まで一致しない（転居または別人）",
        "the addresses do not agree to the block (moved, or another person)";
    /// No address on a side.
    AddressMissing = "C3", Review, "住所を比べられない（記載がないか読めない）",
        "an address is missing or unreadable";
    /// Other birth date, all else agrees.
    BirthDiffers = "C4", Review, "生年月日が相違する", "the birth dates differ";
    /// No birth date on a side.
    BirthMissing = "C5", Review, "生年月日を比べられない（記載がないか読めない）",
        "a birth date is missing or unreadable";
    /// Nearly the same birth date, and something else is not clear.
    BirthNear = "C6", Review, "生年月日が近いだけで、他の属性に疑いが残る",
        "the birth dates are only near, and another attribute is not clear";
    /// The name alone does not show the person.
    NameUnsure = "C7", Review, "氏名だけでは本人と言い切れない", "the name does not settle who it is";
    /// Same identifier, other given name.
    GivenUnsure = "C8", Review, "名が相違するが、固有番号またはカナが一致する",
        "other given name, but the identifier or the reading agrees";
    /// Fewer than four attributes agree.
    TooFew = "C9", Review, "一致した属性が3つ以下である", "no more than three attributes agree";
    /// Too little weight.
    TooLittle = "D0", NoLink, "合計が確認の基準に届かない", "the total is below what a review needs";
    /// Different strong identifiers: a veto.
    StrongDiffers = "D1", NoLink, "固有番号が相違する", "the identifiers differ";
    /// Twins, brothers and sisters, parents and children.
    GivenDiffers = "D2", NoLink, "名が相違する（双子・きょうだい・親子など）",
        "other given name (twins, siblings, parents and children)";
    /// Different names.
    NameDiffers = "D3", NoLink, "氏名が相違する", "the names differ";
    /// One character differs and something else differs with it: another person of the family.
    OneOffOther = "D4", NoLink, "氏名の1字に加えてカナ・性別・生年月日のいずれかが相違する",
        "one character of the name differs, and the reading, the sex or the birth date with it";
    /// Different birth dates.
    BirthOther = "D5", NoLink, "生年月日が相違し、他の属性もそろわない",
        "the birth dates differ and the rest does not make up for it";
    /// Other surname and other place.
    SurnameOther = "D6", NoLink, "氏と住所が相違する", "other surname and other place";
}

/// A pair's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The grade the pair has by itself (ties with other pairs are decided by `rivals`).
    pub grade: Grade,
    /// Log-odds in hundredths of a bit.
    pub score: i32,
    /// Why.
    pub reason: Reason,
}

/// Decides a pair: first what can never be one person, then the weight, then what a machine must not decide.
pub fn decide(levels: &Levels, rarity: Rarity) -> Decision {
    let score = score(levels, rarity);
    let reason = if let Some(reason) = different(levels) {
        reason
    } else if score < REVIEW_AT {
        Reason::TooLittle
    } else if let Some(reason) = doubtful(levels) {
        reason
    } else if score < LINK_AT {
        Reason::Near
    } else {
        Reason::Enough
    };
    Decision { grade: reason.grade(), score, reason }
}

/// Two pairs of one row are too near to choose between: both would be links, or the other is one that a clerk might hold
/// for the right one. A pair that a rule calls different is no rival, however much of it agrees (a twin).
///
/// This rules over pairs of the scored stage. Rows that are the same in every attribute, and each the only such row of its
/// file, are linked before it (E1, E2): whoever differs in something loses to them. Only a row of A that would be a link to
/// the same row of B, and less than [`MARGIN`] behind, takes such a link back (engine/aside).
pub fn rivals(best: &Decision, other: &Decision) -> bool {
    match other.grade {
        Grade::Link => true,
        Grade::Review => other.score.saturating_add(MARGIN) > best.score,
        Grade::NoLink => false,
    }
}

/// Whether a link of the exact stage must not stand beside another pair with its row of B: one that is a link by itself and
/// less than the margin behind. What is a clerk's by itself loses to a row that is the same in everything.
pub(crate) fn rivals_exact(link: &Decision, other: &Decision) -> bool {
    other.grade == Grade::Link && other.score.saturating_add(MARGIN) > link.score
}

/// The rules by which a pair is of two persons, whatever it weighs.
fn different(levels: &Levels) -> Option<Reason> {
    if levels.strong == StrongLevel::Different {
        return Some(Reason::StrongDiffers);
    }
    let same_reading = matches!(levels.kana, KanaLevel::Equal | KanaLevel::Voicing);
    let same_strong = levels.strong == StrongLevel::Equal;
    match levels.name {
        // Nobody gives two children one reading: さくら and 桜 are one person's name written twice.
        NameLevel::SurnameOnly if !same_strong && !same_reading => Some(Reason::GivenDiffers),
        NameLevel::Different if !same_strong && !same_reading && !other_name(levels) => {
            Some(Reason::NameDiffers)
        }
        NameLevel::Different if !same_strong && levels.sex == SexLevel::Different => {
            Some(Reason::NameDiffers)
        }
        NameLevel::OneOff if !same_strong && one_off_other(levels) => Some(Reason::OneOffOther),
        NameLevel::GivenOnly if !same_strong && !same_reading && !near_enough(levels) => {
            Some(Reason::SurnameOther)
        }
        _ if levels.birth == BirthLevel::Different && !despite_birth(levels) => Some(Reason::BirthOther),
        _ => None,
    }
}

/// 太一 and 大一, 和夫 and 和子, 健一 and 健二: with one character something else differs too.
fn one_off_other(levels: &Levels) -> bool {
    let other_reading = matches!(levels.kana, KanaLevel::SurnameOnly | KanaLevel::Different);
    let same_reading = matches!(levels.kana, KanaLevel::Equal | KanaLevel::Voicing);
    let other_birth = levels.birth != BirthLevel::Equal && !same_reading;
    other_reading || other_birth || levels.sex == SexLevel::Different
}

/// A wholly other name in the same home, with the same birthday and sex, may be a 通称 of which one file knows nothing. (A
/// twin has the same surname, and so has the twin's reading.)
fn other_name(levels: &Levels) -> bool {
    levels.birth == BirthLevel::Equal
        && levels.sex == SexLevel::Equal
        && levels.address == AddressLevel::Equal
        && levels.kana != KanaLevel::SurnameOnly
}

/// A wholly different birth date may be one person's only where everything else is the same.
fn despite_birth(levels: &Levels) -> bool {
    let name = matches!(levels.name, NameLevel::Equal | NameLevel::Variant)
        || (levels.name == NameLevel::Weak && levels.kana == KanaLevel::Equal);
    name && (to_block(levels.address) || levels.strong == StrongLevel::Equal)
}

/// The rules by which a pair is a clerk's, whatever it weighs.
fn doubtful(levels: &Levels) -> Option<Reason> {
    if levels.sex == SexLevel::Different {
        return Some(Reason::SexDiffers);
    }
    if let Some(reason) = doubtful_birth(levels) {
        return Some(reason);
    }
    if levels.name == NameLevel::SurnameOnly {
        return Some(Reason::GivenUnsure);
    }
    if levels.strong != StrongLevel::Equal && !to_block(levels.address) {
        let missing = levels.address == AddressLevel::Missing;
        return Some(if missing { Reason::AddressMissing } else { Reason::AddressDiffers });
    }
    if !name_settles(levels) {
        return Some(Reason::NameUnsure);
    }
    (agreeing(levels) < AGREEING_MIN).then_some(Reason::TooFew)
}

/// A birth date that is only near needs the same name, no other reading, and the same house.
fn doubtful_birth(levels: &Levels) -> Option<Reason> {
    match levels.birth {
        BirthLevel::Equal => return None,
        BirthLevel::Different => return Some(Reason::BirthDiffers),
        BirthLevel::Missing => return Some(Reason::BirthMissing),
        BirthLevel::Partial
        | BirthLevel::Era
        | BirthLevel::Swapped
        | BirthLevel::OneDigit
        | BirthLevel::DayOff => {}
    }
    let name = matches!(levels.name, NameLevel::Equal | NameLevel::Variant);
    let reading = !matches!(levels.kana, KanaLevel::SurnameOnly | KanaLevel::Different);
    let house = to_building(levels.address) || levels.strong == StrongLevel::Equal;
    (!(name && reading && house)).then_some(Reason::BirthNear)
}

/// Whether the name, with the reading beside it, is this person's.
fn name_settles(levels: &Levels) -> bool {
    let kana = levels.kana;
    let same = matches!(kana, KanaLevel::Equal | KanaLevel::Voicing);
    match levels.name {
        // Readings of older people were often filled in by machine: a different one says little beside the same kanji.
        NameLevel::Equal | NameLevel::Variant => true,
        // Twins' names may differ in the very character that is mixed up or unreadable; then their readings differ.
        NameLevel::Weak | NameLevel::Unreadable => same || kana == KanaLevel::Missing,
        // Words that are left out or moved are so in the reading too.
        NameLevel::Roman => {
            same || kana == KanaLevel::Missing
                || (kana == KanaLevel::Different && to_building(levels.address))
        }
        // An alternative may be a family's; then the readings differ. One that is wholly another may be that of the other name:
        // a clerk sees it.
        NameLevel::Alias => !matches!(kana, KanaLevel::SurnameOnly | KanaLevel::Different),
        // What two rows have beside their names may be a household's: only the reading can make it the person's.
        NameLevel::AliasOnly => same,
        NameLevel::OneOff => kana == KanaLevel::Equal,
        // A changed surname: all else has to be the same to the room, or there is no building.
        NameLevel::GivenOnly => {
            (same || matches!(kana, KanaLevel::GivenOnly | KanaLevel::Missing))
                && levels.sex == SexLevel::Equal
                && to_building(levels.address)
        }
        NameLevel::SurnameOnly | NameLevel::Different | NameLevel::Missing => false,
    }
}

/// How many of the six attributes agree. Half a reading, or a town, is not an attribute.
fn agreeing(levels: &Levels) -> usize {
    let name = !matches!(levels.name, NameLevel::SurnameOnly | NameLevel::Different | NameLevel::Missing);
    let kana = matches!(levels.kana, KanaLevel::Equal | KanaLevel::Voicing);
    let birth = !matches!(levels.birth, BirthLevel::Different | BirthLevel::Missing);
    let sex = levels.sex == SexLevel::Equal;
    let strong = levels.strong == StrongLevel::Equal;
    [name, kana, birth, sex, to_block(levels.address), strong].into_iter().filter(|agrees| *agrees).count()
}

fn to_building(address: AddressLevel) -> bool {
    matches!(address, AddressLevel::Equal | AddressLevel::NoBuilding)
}

fn to_block(address: AddressLevel) -> bool {
    matches!(
        address,
        AddressLevel::Equal
            | AddressLevel::NoBuilding
            | AddressLevel::OtherBuilding
            | AddressLevel::SameBlock
    )
}

/// With another surname the address has to say something: the town, or the municipality if the given names are read alike.
fn near_enough(levels: &Levels) -> bool {
    match levels.address {
        AddressLevel::Unreadable | AddressLevel::SameTown => true,
        AddressLevel::SameCity => levels.kana == KanaLevel::GivenOnly,
        other => to_block(other),
    }
}
