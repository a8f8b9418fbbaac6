//! What two offices make of one person: the classes of noise, how often each is, and the two copies that come of it.
//!
//! Always holds: every difference between the copies of one person is in a class that is noted with the pair. How often
//! is guessed, since nobody has published it: about three pairs of ten differ in notation, a few of a hundred in content.
//! Nothing is read of the matcher's tables.
//! Not here: people who are not one person (`decoys`), files (`rosters`).
//! Rules come from: the reference on matching, sections 1.2 to 1.5 and 7 (number 8); the issue on linkage, part E.

use super::{Somebody, address::Parts, spelling};
use crate::nation::{
    dice::Dice,
    person::{Known, age},
    places::{self, Home},
    words,
};
use base::{Date, Era};

/// Whether a class is about writing, about facts, or about who else there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The same said in another way.
    Notation,
    /// Something else is said.
    Content,
    /// Nothing differs, but somebody alike is near.
    Neighbour,
}

/// A class of noise.
pub struct Kind {
    /// The stable word.
    pub word: &'static str,
    /// In Japanese.
    pub ja: &'static str,
    /// Of which sort.
    pub sort: Sort,
    /// How many in a million.
    pub per_million: u32,
    /// Of whom.
    pub of: &'static str,
}

/// The classes as an enum and as a table, so that neither can lack one.
macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $ja:literal, $sort:ident, $rate:literal, $of:literal;)*) => {
        /// A class of noise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Class { $($(#[$doc])* $name,)* }

        impl Class {
            /// All of them.
            pub const ALL: &'static [Class] = &[$(Class::$name,)*];

            /// What it is and how often.
            pub fn kind(self) -> &'static Kind {
                const KINDS: &[Kind] = &[$(Kind {
                    word: $word, ja: $ja, sort: Sort::$sort, per_million: $rate, of: $of,
                },)*];
                &KINDS[self as usize]
            }
        }
    };
}

classes! {
    /// Numbers in another style: 3-12-5, 三丁目十二番五号, half width.
    AddressStyle = "address-style", "住所の番号の書き方", Notation, 110_000, "addresses with a number";
    /// Prefecture, 郡, 大字, 字 or Kyoto's streets left out.
    AddressOmitted = "address-omitted", "住所の一部省略", Notation, 60_000, "addresses; more where there is 郡, 大字 or 字";
    /// ヶ, ケ, が; ノ, の; ッ, ツ.
    TownKana = "town-kana", "町名のかな（ヶ・ノ・ッ）", Notation, 150_000, "towns with such a kana";
    /// The building is missing.
    BuildingMissing = "building-missing", "方書なし", Notation, 60_000, "addresses with a building";
    /// The building stands within the address.
    BuildingJoined = "building-joined", "方書が住所欄にある", Notation, 60_000, "addresses with a building";
    /// Building or room written in another way.
    BuildingStyle = "building-style", "方書の書き方", Notation, 70_000, "addresses with a building";
    /// A variant character on one side.
    Variant = "variant", "異体字", Notation, 50_000, "names with a character that has variants";
    /// A variation selector behind a character.
    Ivs = "ivs", "異体字セレクタ", Notation, 5_000, "everybody";
    /// ● or another mark for a character.
    Unreadable = "unreadable", "●などの置き換え", Notation, 2_500, "everybody; most of those with characters outside JIS";
    /// Katakana for a kanji.
    KatakanaName = "katakana-name", "漢字のカタカナ置き換え", Notation, 6_000, "names with such a character";
    /// The blank of the name is narrow or missing.
    NameBlank = "name-blank", "氏名の空白", Notation, 30_000, "names of Japanese";
    /// Roman letters in full width or lower case.
    RomanStyle = "roman-style", "ローマ字の字種", Notation, 80_000, "foreign residents";
    /// A middle name is missing, or the words are in another order.
    RomanWords = "roman-words", "ローマ字氏名の省略・語順", Notation, 80_000, "foreign residents";
    /// The name in use (通称) stands for the name.
    Alias = "alias", "通称", Notation, 350_000, "foreign residents with a name in use";
    /// Kana in full width or as hiragana.
    KanaStyle = "kana-style", "カナの字種", Notation, 25_000, "everybody";
    /// Small kana written large.
    KanaSmall = "kana-small", "小書きのカナ", Notation, 80_000, "readings with a small kana";
    /// ヂ for ジ, ヅ for ズ.
    KanaTwin = "kana-twin", "ヂ・ジ、ヅ・ズ", Notation, 40_000, "readings with such a kana";
    /// The long mark left out, or another sign for it.
    KanaMark = "kana-mark", "カナの長音", Notation, 150_000, "readings with a long mark";
    /// The reading is missing.
    KanaMissing = "kana-missing", "カナなし", Notation, 3_000, "everybody";
    /// Birth date with era, or with other separators.
    BirthStyle = "birth-style", "生年月日の書き方", Notation, 15_000, "everybody";
    /// Sex as 男 or 女.
    SexStyle = "sex-style", "性別の書き方", Notation, 5_000, "everybody";
    /// An earlier address on one side.
    Moved = "moved", "転居", Content, 11_000, "households; half of those whose surname changed";
    /// No address on one side.
    AddressMissing = "address-missing", "住所なし", Content, 2_000, "everybody";
    /// A wrong number within the town.
    AddressSlip = "address-slip", "住所の番号の誤り", Content, 1_000, "addresses with a number";
    /// A character that people take for another.
    Confusable = "confusable", "紛らわしい字", Content, 6_000, "names with such a character";
    /// Another character of the same sound.
    Homophone = "homophone", "同音の別字", Content, 2_000, "given names with such a character";
    /// The surname changed, and one side has not heard.
    Surname = "surname", "氏の変更", Content, 10_000, "Japanese women from 20 to 59";
    /// Voicing of a kana.
    KanaVoicing = "kana-voicing", "カナの清濁", Content, 3_000, "everybody";
    /// A kana that looks alike, or one kana too many or too few.
    KanaSlip = "kana-slip", "カナの誤り", Content, 2_000, "everybody";
    /// Another reading of the same characters.
    KanaReading = "kana-reading", "別の読み", Content, 20_000, "names with a second reading";
    /// The era of the birth date.
    Era = "era", "元号の誤り", Content, 500, "days of which another era has the year";
    /// One digit of the birth date.
    BirthDigit = "birth-digit", "生年月日の1桁", Content, 1_500, "everybody";
    /// Day and month swapped.
    DayMonth = "day-month", "月日の入れ替わり", Content, 800, "days up to the twelfth";
    /// One day off.
    DayOff = "day-off", "1日違い", Content, 300, "everybody";
    /// The day is not known.
    DayUnknown = "day-unknown", "日が不詳", Content, 400, "everybody";
    /// The other sex.
    SexWrong = "sex-wrong", "性別の誤り", Content, 200, "everybody";
    /// No sex.
    SexMissing = "sex-missing", "性別なし", Content, 500, "everybody";
    /// The person has two rows in B.
    Duplicate = "duplicate", "Bに2行", Neighbour, 1_000, "people of both files, planted";
    /// A twin lives in the same house.
    Twin = "twin", "双子", Neighbour, 200, "people, planted; more are born";
    /// Father and son, or mother and daughter, in one house read alike.
    FatherAndSon = "father-and-son", "同居で読みが同じ父子", Neighbour, 200, "people, planted; more are born";
    /// Somebody of the same name and birthday lives in the same town.
    Townsman = "townsman", "同じ町の同姓同名同生年月日", Neighbour, 60, "people, planted";
    /// Somebody of the same name, sex and birthday lives elsewhere.
    Namesake = "namesake", "他所の同姓同名同生年月日", Neighbour, 200, "people, planted";
}

/// Several classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(u64);

impl Classes {
    /// Adds one.
    pub fn add(&mut self, class: Class) {
        self.0 |= 1 << (class as u8);
    }

    /// Both together.
    pub fn and(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }

    /// Whether it is among them.
    pub fn has(self, class: Class) -> bool {
        self.0 >> (class as u8) & 1 == 1
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.iter().copied().filter(move |class| self.has(*class))
    }
}

/// How much noise two rosters have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// None, and nobody is planted.
    None,
    /// As in the field.
    Field,
    /// As in the field, and B writes everything in a style of its own: no pair is the same byte for byte.
    Apart,
}

/// What a file says of somebody.
#[derive(Clone)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) kana: String,
    /// `YYYYMMDD` with zeros where unknown.
    birth: i64,
    birth_style: u64,
    pub(super) sex: &'static str,
    pub(super) postcode: String,
    /// Place among the municipalities.
    pub(super) municipality: usize,
    address: Parts,
    /// The building stands behind the address, not in its own column.
    is_joined: bool,
    has_address: bool,
    pub(super) alias: String,
    pub(super) former: String,
}

impl Sheet {
    /// As the register has it.
    fn of(person: &Somebody, home: &Home) -> Sheet {
        let (name, kana) = match &person.foreign {
            Some(foreign) => (foreign.written.clone(), foreign.kana.clone()),
            None => named(&person.surname, &person.given),
        };
        let alias = person.foreign.as_ref().and_then(|foreign| foreign.alias.as_ref());
        Sheet {
            name,
            kana,
            birth: person.birth_number(),
            birth_style: 0,
            sex: if person.is_female { "2" } else { "1" },
            postcode: home.postcode.clone(),
            municipality: home.municipality,
            address: Parts::of(home),
            is_joined: false,
            has_address: true,
            alias: alias.map(|alias| alias.written.clone()).unwrap_or_default(),
            former: person.former.as_ref().map(|former| former.written.clone()).unwrap_or_default(),
        }
    }

    fn live_at(&mut self, home: &Home) {
        self.address = Parts::of(home);
        self.postcode = home.postcode.clone();
        self.municipality = home.municipality;
    }

    /// 住所
    pub(super) fn place(&self) -> String {
        match (self.has_address, self.is_joined) {
            (false, _) => String::new(),
            (true, false) => self.address.place(),
            (true, true) => format!("{}\u{3000}{}", self.address.place(), self.address.building),
        }
    }

    /// 方書
    pub(super) fn building(&self) -> &str {
        if self.has_address && !self.is_joined { &self.address.building } else { "" }
    }

    /// 生年月日
    pub(super) fn birth(&self) -> String {
        spelling::birth(self.birth, self.birth_style)
    }
}

fn named(surname: &words::Word, given: &words::Word) -> (String, String) {
    (format!("{}\u{3000}{}", surname.written, given.written), format!("{} {}", surname.kana, given.kana))
}

/// Somebody and where the two files think that they live.
pub(super) struct Scene<'s> {
    pub(super) person: &'s Somebody,
    pub(super) homes: [&'s Home; 2],
    pub(super) day: Date,
    pub(super) noise: Noise,
}

/// The two copies of one person, A's first, and in what each differs from what is true.
pub(super) fn copies(dice: &mut Dice, scene: &Scene<'_>) -> ([Sheet; 2], [Classes; 2]) {
    let first = Sheet::of(scene.person, scene.homes[0]);
    let mut second = first.clone();
    let mut classes = [Classes::default(); 2];
    if !std::ptr::eq(scene.homes[0], scene.homes[1]) {
        second.live_at(scene.homes[1]);
        classes[1].add(Class::Moved);
    }
    let mut pair = Pair { dice, scene, sheets: [first, second], classes };
    if scene.noise != Noise::None {
        pair.content();
        pair.notation();
    }
    if scene.noise == Noise::Apart {
        pair.set_apart();
    }
    (pair.sheets, pair.classes)
}

struct Pair<'p> {
    dice: &'p mut Dice,
    scene: &'p Scene<'p>,
    sheets: [Sheet; 2],
    /// What is particular about each sheet.
    classes: [Classes; 2],
}

impl Pair<'_> {
    /// Whether it happens.
    fn hits(&mut self, class: Class) -> bool {
        self.dice.per_million(u64::from(class.kind().per_million))
    }

    /// Mostly it is the insurer who errs.
    fn side(&mut self) -> usize {
        usize::from(self.dice.percent(85))
    }

    /// Changes a text on one side and notes the class if that changed anything.
    fn change(
        &mut self,
        class: Class,
        field: fn(&mut Sheet) -> &mut String,
        how: impl FnOnce(&mut Dice, &str) -> Option<String>,
    ) {
        let side = self.side();
        let before = field(&mut self.sheets[side]);
        if let Some(after) = how(self.dice, before).filter(|after| after != before) {
            *field(&mut self.sheets[side]) = after;
            self.classes[side].add(class);
        }
    }

    /// The same, if it happens; the text is looked at only then, since most do not.
    fn maybe(
        &mut self,
        class: Class,
        field: fn(&mut Sheet) -> &mut String,
        how: fn(&mut Dice, &str) -> Option<String>,
    ) {
        if self.hits(class) {
            self.change(class, field, how);
        }
    }

    // Facts ----------------------------------------------------------------------------------------------------------

    fn content(&mut self) {
        if self.scene.person.foreign.is_none() {
            self.surname();
            self.maybe(Class::Confusable, name, spelling::confused);
            self.maybe(Class::Homophone, name, spelling::same_sound);
            if self.hits(Class::KanaReading)
                && let Some(kana) =
                    spelling::other_reading(&self.scene.person.surname, &self.scene.person.given)
                && !self.classes.iter().any(|classes| classes.has(Class::Surname))
            {
                self.change(Class::KanaReading, kana_of, |_, _| Some(kana));
            }
        }
        self.maybe(Class::KanaVoicing, kana_of, spelling::voiced_otherwise);
        self.maybe(Class::KanaSlip, kana_of, spelling::kana_slip);
        if self.scene.person.known == Known::Day {
            self.birth();
        }
        if self.hits(Class::SexWrong) {
            let side = self.side();
            self.sheets[side].sex = if self.scene.person.is_female { "1" } else { "2" };
            self.classes[side].add(Class::SexWrong);
        } else if self.hits(Class::SexMissing) {
            self.sheets[1].sex = "";
            self.classes[1].add(Class::SexMissing);
        }
        if self.hits(Class::AddressSlip) {
            let side = self.side();
            if self.sheets[side].address.mistype_lot(self.dice) {
                self.classes[side].add(Class::AddressSlip);
            }
        }
        if self.hits(Class::AddressMissing) {
            self.sheets[1].has_address = false;
            self.sheets[1].postcode.clear();
            self.classes[1].add(Class::AddressMissing);
        }
    }

    /// A marriage or its end, of which one side has not heard; half of them moved as well.
    fn surname(&mut self) {
        let person = self.scene.person;
        let is_of_age = (20..60).contains(&age(person.birth, self.scene.day));
        if !person.is_female || !is_of_age || !self.hits(Class::Surname) {
            return;
        }
        let side = usize::from(self.dice.percent(10));
        let new = words::surname(self.dice);
        let old = self.sheets[side].name.clone();
        (self.sheets[side].name, self.sheets[side].kana) = named(&new, &person.given);
        if self.sheets[side].name == old {
            return;
        }
        if self.dice.percent(25) {
            self.sheets[side].former = person.surname.written.clone();
        }
        self.classes[side].add(Class::Surname);
        if self.dice.percent(50) {
            let home = elsewhere(self.dice, self.scene.homes[side]);
            self.sheets[side].live_at(&home);
            self.classes[side].add(Class::Moved);
        }
    }

    /// At most one error in a birth date.
    fn birth(&mut self) {
        let date = self.scene.person.birth;
        let day = self.scene.day;
        let errors: [(Class, BirthError); 5] = [
            (Class::BirthDigit, other_digit),
            (Class::Era, other_era),
            (Class::DayMonth, swapped),
            (Class::DayOff, one_day_off),
            (Class::DayUnknown, |_, date, _| Some(date.as_number() / 100 * 100)),
        ];
        for (class, err) in errors {
            if !self.hits(class) {
                continue;
            }
            let side = self.side();
            if let Some(number) = err(self.dice, date, day) {
                self.sheets[side].birth = number;
                self.classes[side].add(class);
                return;
            }
        }
    }

    // Writing --------------------------------------------------------------------------------------------------------

    fn notation(&mut self) {
        match &self.scene.person.foreign {
            Some(_) => self.roman(),
            None => self.name(),
        }
        self.maybe(Class::Ivs, name, spelling::with_selector);
        self.maybe(Class::Unreadable, name, spelling::marked);
        self.kana();
        if self.scene.person.known == Known::Day && self.hits(Class::BirthStyle) && self.has_whole_births() {
            let side = self.side();
            self.sheets[side].birth_style = 1 + self.dice.below(spelling::BIRTH_STYLES);
            self.classes[side].add(Class::BirthStyle);
        }
        if self.hits(Class::SexStyle) {
            self.sheets[1].sex = spelling::sex_word(self.sheets[1].sex);
            self.classes[1].add(Class::SexStyle);
        }
        self.address();
    }

    fn has_whole_births(&self) -> bool {
        self.sheets.iter().all(|sheet| sheet.birth % 100 != 0)
    }

    fn name(&mut self) {
        if !self.scene.person.is_wide || !self.narrow() {
            self.maybe(Class::Variant, name, spelling::variant);
        }
        self.maybe(Class::KatakanaName, name, spelling::katakana_for_kanji);
        self.maybe(Class::NameBlank, name, |dice, name| {
            Some(name.replacen('\u{3000}', if dice.percent(50) { " " } else { "" }, 1))
        });
    }

    /// The insurer's system may lack a character that the register has. Says whether it did.
    fn narrow(&mut self) -> bool {
        let name = &mut self.sheets[1].name;
        let narrowed = match self.dice.below(100) {
            0..55 => words::narrow(name),
            55..75 => spelling::lost(name),
            _ => return false,
        };
        if narrowed == *name {
            return false;
        }
        let class = if narrowed.contains('●') { Class::Unreadable } else { Class::Variant };
        *name = narrowed;
        self.classes[1].add(class);
        true
    }

    fn roman(&mut self) {
        let alias = self.scene.person.foreign.as_ref().and_then(|foreign| foreign.alias.as_ref());
        if let Some(alias) = alias
            && self.hits(Class::Alias)
        {
            self.sheets[1].name = alias.written.clone();
            self.sheets[1].kana = alias.kana.clone();
            self.sheets[1].alias.clear();
            // Some registers were never told of it.
            if self.dice.percent(10) {
                self.sheets[0].alias.clear();
                self.classes[0].add(Class::Alias);
            }
            self.classes[1].add(Class::Alias);
            return;
        }
        if self.hits(Class::RomanWords) {
            let side = self.side();
            let sheet = &mut self.sheets[side];
            let (name, kana) = spelling::other_words(self.dice, &sheet.name, &sheet.kana);
            (sheet.name, sheet.kana) = (name, kana);
            self.classes[side].add(Class::RomanWords);
        }
        self.maybe(Class::RomanStyle, name, spelling::roman_style);
    }

    fn kana(&mut self) {
        self.maybe(Class::KanaSmall, kana_of, |_, kana| Some(spelling::all_large(kana)));
        self.maybe(Class::KanaTwin, kana_of, |_, kana| Some(spelling::twin_kana(kana)));
        self.maybe(Class::KanaMark, kana_of, spelling::without_mark);
        self.maybe(Class::KanaStyle, kana_of, spelling::kana_style);
        if self.hits(Class::KanaMissing) || self.scene.person.lacks_kana {
            self.sheets[1].kana.clear();
            self.classes[1].add(Class::KanaMissing);
        }
    }

    fn address(&mut self) {
        if !self.sheets.iter().all(|sheet| sheet.has_address) {
            return;
        }
        let side = self.side();
        self.omit(side);
        if self.sheets[side].address.is_respellable()
            && self.hits(Class::TownKana)
            && self.sheets[side].address.respell_town(self.dice)
        {
            self.classes[side].add(Class::TownKana);
        }
        if self.hits(Class::AddressStyle) && self.sheets[side].address.restyle_lot(self.dice) {
            self.classes[side].add(Class::AddressStyle);
            if self.dice.percent(60) {
                self.sheets[side].address.town = places::narrow_digits(&self.sheets[side].address.town);
            }
        }
        self.building(side);
    }

    fn omit(&mut self, side: usize) {
        const COUNTY: u64 = 15;
        const TOWN: u64 = 15;
        let mut is_less = false;
        if self.hits(Class::AddressOmitted) {
            self.sheets[side].address.prefecture = "";
            is_less = true;
        }
        if !self.sheets[side].address.county.is_empty() && self.dice.percent(COUNTY) {
            self.sheets[side].address.county = "";
            is_less = true;
        }
        if self.sheets[side].address.is_long_town() && self.dice.percent(TOWN) {
            is_less |= self.sheets[side].address.shorten_town();
        }
        if is_less {
            self.classes[side].add(Class::AddressOmitted);
        }
    }

    fn building(&mut self, side: usize) {
        if self.sheets[side].address.building.is_empty() {
            return;
        }
        if self.hits(Class::BuildingMissing) {
            self.sheets[side].address.building.clear();
            self.classes[side].add(Class::BuildingMissing);
            return;
        }
        if self.hits(Class::BuildingStyle) && self.sheets[side].address.restyle_building(self.dice) {
            self.classes[side].add(Class::BuildingStyle);
        }
        if self.hits(Class::BuildingJoined) {
            self.sheets[side].is_joined = true;
            self.classes[side].add(Class::BuildingJoined);
        }
    }

    /// B's own way of writing, in every column.
    fn set_apart(&mut self) {
        let sheet = &mut self.sheets[1];
        sheet.name = sheet.name.replace('\u{3000}', " ");
        sheet.kana = spelling::wide(&sheet.kana);
        sheet.sex = spelling::sex_word(sheet.sex);
        if sheet.birth % 100 != 0 && sheet.birth_style == 0 {
            sheet.birth_style = spelling::IN_ERA;
        }
        sheet.is_joined = !sheet.address.building.is_empty();
        sheet.address.prefecture = "";
        sheet.address.hyphenate();
    }
}

fn name(sheet: &mut Sheet) -> &mut String {
    &mut sheet.name
}

fn kana_of(sheet: &mut Sheet) -> &mut String {
    &mut sheet.kana
}

/// Another home: often in the same municipality, mostly in the same prefecture.
pub(super) fn elsewhere(dice: &mut Dice, home: &Home) -> Home {
    let prefecture = places::municipalities()[home.municipality].prefecture;
    let municipality = match dice.below(100) {
        0..40 => home.municipality,
        40..80 => places::pick(dice, Some(prefecture)),
        _ => places::pick(dice, None),
    };
    let is_flat = dice.percent(50);
    places::home(dice, municipality, is_flat)
}

/// From a date the wrong one, none later than a day: `YYYYMMDD`.
type BirthError = fn(&mut Dice, Date, Date) -> Option<i64>;

/// Another digit in one place of the date, such that it is a day still.
fn other_digit(dice: &mut Dice, date: Date, day: Date) -> Option<i64> {
    for _ in 0..20 {
        let unit = 10i64.pow(dice.below(6) as u32);
        let number = date.as_number();
        let digit = number / unit % 10;
        let made = number + (dice.below(10) as i64 - digit) * unit;
        if made != number && Date::from_number(made).is_some_and(|made| made <= day) {
            return Some(made);
        }
    }
    None
}

/// The same year of another era.
fn other_era(dice: &mut Dice, date: Date, day: Date) -> Option<i64> {
    let era = Era::of(date)?;
    let others: Vec<i64> = [Era::Taisho, Era::Showa, Era::Heisei, Era::Reiwa]
        .into_iter()
        .filter(|other| *other != era)
        .map(|other| date.as_number() + (other.first_year() - era.first_year()) * 10_000)
        .filter(|made| {
            let era_goes_on = Date::from_number(*made).is_some_and(|made| {
                let years = i64::from(made.parts().0) - i64::from(date.parts().0);
                Era::of(made).is_some_and(|other| other.first_year() - era.first_year() == years)
            });
            era_goes_on && *made <= day.as_number() && *made > 19_150_000
        })
        .collect();
    if others.is_empty() { None } else { Some(*dice.pick(&others)) }
}

/// Day and month in each other's place.
fn swapped(_: &mut Dice, date: Date, day: Date) -> Option<i64> {
    let (year, month, dom) = date.parts();
    Date::new(year, dom, month).filter(|made| *made != date && *made <= day).map(Date::as_number)
}

fn one_day_off(dice: &mut Dice, date: Date, _: Date) -> Option<i64> {
    Some(date.plus_days(if dice.percent(50) { 1 } else { -1 }).as_number())
}
