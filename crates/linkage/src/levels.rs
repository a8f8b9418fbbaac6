//! How far two values of one attribute agree: the levels, with their codes and sentences.
//!
//! Always holds: a level says what was seen and not what follows from it; codes are frozen within a release.
//! Not here: how levels are found (text, birth, sex, address) and what they weigh (rules).
//! Rules come from: the reference on matching, section 4.4.

use base::Lang;

/// One attribute's levels: variants in order of agreement with code, Japanese and English words.
macro_rules! levels {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $ja:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All levels, best first.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The frozen code, such as `N1`.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }

            /// What was seen, in Japanese.
            pub fn ja(self) -> &'static str {
                match self { $($name::$variant => $ja,)* }
            }

            /// What was seen, in English.
            pub fn en(self) -> &'static str {
                match self { $($name::$variant => $en,)* }
            }
        }
    };
}

levels! {
    /// The kanji name (漢字氏名), over all names that a row has (氏名, 通称, 旧氏).
    NameLevel {
        /// Same characters after widths, blanks and variation selectors.
        Equal = "N1", "氏名が一致", "same name";
        /// Same after variants that official tables tie firmly (髙/高).
        Variant = "N2", "氏名が異体字を除き一致", "same but for variant characters";
        /// Same after variants tied loosely, or characters that people mix up (斎/斉, 冨/富).
        Weak = "N3", "氏名が紛らわしい字を除き一致", "same but for characters often mixed up";
        /// Same where both are readable; the rest is ●, ■ or 【…】, or katakana in place of a kanji.
        Unreadable = "N4", "氏名が判読できない字を除き一致", "same name where readable";
        /// An alternative name of one side (通称, 旧氏) agrees.
        Alias = "N5", "通称・旧氏で一致", "same by an alternative name";
        /// Alternative names of both sides agree, and the main ones do not: a household may share what stands there.
        AliasOnly = "NT", "通称・旧氏どうしだけが一致", "same by alternative names of both sides only";
        /// Roman name of which words are missing or in another order.
        Roman = "N6", "ローマ字氏名の一部・語順を除き一致", "same Roman words but for order or a middle name";
        /// One character more, less or other.
        OneOff = "N7", "氏名が1字違い", "one character differs";
        /// Same given name, other surname.
        GivenOnly = "N8", "名は一致、氏が相違", "same given name, other surname";
        /// Same surname, other given name.
        SurnameOnly = "N9", "氏は一致、名が相違", "same surname, other given name";
        /// Different.
        Different = "N0", "氏名が相違", "different names";
        /// Missing on a side.
        Missing = "N-", "氏名を比べられない（記載がないか読めない）", "name missing or unreadable";
    }
}

levels! {
    /// The reading (カナ氏名).
    KanaLevel {
        /// Same after folding widths, small kana, ヂヅ and long marks.
        Equal = "K1", "カナが一致", "same reading";
        /// Same but for voicing (清濁).
        Voicing = "K2", "カナが清濁を除き一致", "same reading but for voicing";
        /// One kana more, less or other (ソ/ン, シ/ツ among them).
        OneOff = "K3", "カナが1字違い", "one kana differs";
        /// Same given name, other surname.
        GivenOnly = "K4", "名のカナは一致、氏が相違", "same given name's reading, other surname";
        /// Same surname, other given name.
        SurnameOnly = "K5", "氏のカナは一致、名が相違", "same surname's reading, other given name";
        /// Different.
        Different = "K0", "カナが相違", "different readings";
        /// Missing on a side.
        Missing = "K-", "カナを比べられない（記載がないか読めない）", "reading missing or unreadable";
    }
}

levels! {
    /// The birth date.
    BirthLevel {
        /// Same day.
        Equal = "B1", "生年月日が一致", "same birth date";
        /// Known parts agree; a part is unknown (不詳) on a side.
        Partial = "B2", "生年月日が判明部分で一致", "same in the parts known";
        /// Same year of era, month and day, other era.
        Era = "B3", "生年月日が元号を除き一致", "same but for the era";
        /// Day and month swapped.
        Swapped = "B4", "生年月日の月と日が入れ替わり", "day and month swapped";
        /// One digit differs.
        OneDigit = "B5", "生年月日が1桁違い", "one digit differs";
        /// One day apart.
        DayOff = "B6", "生年月日が1日違い", "one day apart";
        /// Different.
        Different = "B0", "生年月日が相違", "different birth dates";
        /// Missing or unreadable on a side.
        Missing = "B-", "生年月日を比べられない（記載がないか読めない）", "birth date missing or unreadable";
    }
}

levels! {
    /// The sex.
    SexLevel {
        /// Same.
        Equal = "S1", "性別が一致", "same sex";
        /// Different.
        Different = "S0", "性別が相違", "different sex";
        /// Missing on a side.
        Missing = "S-", "性別を比べられない（記載がないか読めない）", "sex missing or unreadable";
    }
}

levels! {
    /// The address.
    AddressLevel {
        /// Same to the building and room (方書), or neither has one.
        Equal = "A1", "住所が一致", "same address";
        /// Same town and numbers; a building or room stands on one side only.
        NoBuilding = "A2", "住所が方書を除き一致", "same but for a building on one side only";
        /// Same town and numbers, other building or room.
        OtherBuilding = "A3", "住所は番号まで一致、方書が相違", "same numbers, other building or room";
        /// Same town, and one side's numbers begin the other's (番 alike, 号 missing).
        SameBlock = "A4", "住所が番まで一致", "same to the block";
        /// Same where readable (●, ■ in the town's name or numbers).
        Unreadable = "A5", "住所が判読できない字を除き一致", "same address where readable";
        /// Same town, other numbers.
        SameTown = "A6", "町名まで一致", "same town";
        /// Same municipality.
        SameCity = "A7", "市区町村まで一致", "same municipality";
        /// Different.
        Different = "A0", "住所が相違", "different addresses";
        /// Missing on a side.
        Missing = "A-", "住所を比べられない（記載がないか読めない）", "address missing or unreadable";
    }
}

levels! {
    /// A strong identifier (such as an insured number) that both files have.
    StrongLevel {
        /// Same.
        Equal = "I1", "固有番号が一致", "same identifier";
        /// Same, but so many rows of B have it that it is nobody's own: it says nothing.
        Shared = "I2", "固有番号は一致するが、Bの多くの行に同じ番号がある", "same identifier, which many rows of B share";
        /// Different: never linked.
        Different = "I0", "固有番号が相違", "different identifiers";
        /// Missing on a side.
        Missing = "I-", "固有番号を比べられない（設定か記載がないか、読めない）", "identifier not compared, missing or unreadable";
    }
}

/// How far two rows agree, attribute by attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Levels {
    /// Kanji name.
    pub name: NameLevel,
    /// Reading.
    pub kana: KanaLevel,
    /// Birth date.
    pub birth: BirthLevel,
    /// Sex.
    pub sex: SexLevel,
    /// Address.
    pub address: AddressLevel,
    /// Strong identifier.
    pub strong: StrongLevel,
}

impl Levels {
    /// The codes in fixed order, such as `N1 K1 B1 S1 A2 I-`.
    pub fn codes(&self) -> String {
        self.all_codes().join(" ")
    }

    /// The code of each attribute's level: name, reading, birth date, sex, address, identifier.
    pub fn all_codes(&self) -> [&'static str; 6] {
        let Levels { name, kana, birth, sex, address, strong } = self;
        [name.code(), kana.code(), birth.code(), sex.code(), address.code(), strong.code()]
    }

    /// What was seen of each attribute, in the same order.
    pub fn all_words(&self, lang: Lang) -> [&'static str; 6] {
        let Levels { name, kana, birth, sex, address, strong } = self;
        match lang {
            Lang::Ja => [name.ja(), kana.ja(), birth.ja(), sex.ja(), address.ja(), strong.ja()],
            Lang::En => [name.en(), kana.en(), birth.en(), sex.en(), address.en(), strong.en()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_and_words_are_unique() {
        let all = [
            NameLevel::ALL.iter().map(|level| [level.code(), level.ja(), level.en()]).collect::<Vec<_>>(),
            KanaLevel::ALL.iter().map(|level| [level.code(), level.ja(), level.en()]).collect::<Vec<_>>(),
            BirthLevel::ALL.iter().map(|level| [level.code(), level.ja(), level.en()]).collect::<Vec<_>>(),
            SexLevel::ALL.iter().map(|level| [level.code(), level.ja(), level.en()]).collect::<Vec<_>>(),
            AddressLevel::ALL.iter().map(|level| [level.code(), level.ja(), level.en()]).collect::<Vec<_>>(),
            StrongLevel::ALL.iter().map(|level| [level.code(), level.ja(), level.en()]).collect::<Vec<_>>(),
        ]
        .concat();
        for field in 0..3 {
            let words: BTreeSet<&str> = all.iter().map(|level| level[field]).collect();
            assert_eq!(words.len(), all.len());
        }
    }

    #[test]
    fn codes_stand_in_their_order() {
        let levels = Levels {
            name: NameLevel::Variant,
            kana: KanaLevel::Missing,
            birth: BirthLevel::OneDigit,
            sex: SexLevel::Equal,
            address: AddressLevel::SameBlock,
            strong: StrongLevel::Different,
        };
        assert_eq!(levels.codes(), "N2 K- B5 S1 A4 I0");
        for lang in [Lang::Ja, Lang::En] {
            let [name, kana, birth, sex, address, strong] = levels.all_words(lang);
            let want = [
                (name, NameLevel::Variant.ja(), NameLevel::Variant.en()),
                (kana, KanaLevel::Missing.ja(), KanaLevel::Missing.en()),
                (birth, BirthLevel::OneDigit.ja(), BirthLevel::OneDigit.en()),
                (sex, SexLevel::Equal.ja(), SexLevel::Equal.en()),
                (address, AddressLevel::SameBlock.ja(), AddressLevel::SameBlock.en()),
                (strong, StrongLevel::Different.ja(), StrongLevel::Different.en()),
            ];
            assert!(want.iter().all(|(words, ja, en)| *words == lang.pick(ja, en)), "{want:?}");
        }
    }
}
