//! One row as compared: all attributes read.
//!
//! Always holds: a form holds nothing of the row read before it; reading allocates only for a row longer than all before;
//! comparing A with B gives the levels of comparing B with A; printing for debugging shows nothing of a person.
//! Not here: bytes and columns (source), keys (keys), what a level weighs (rules).
//! Rules come from: the reference on matching, sections 1.2 and 4.4.

use crate::{
    address::{self, AddressForm},
    birth::{self, Birth, BirthDoubt},
    levels::{AddressLevel, KanaLevel, Levels, NameLevel, StrongLevel},
    sex::{self, Sex},
    text::{
        kana::{self, KanaForm},
        name::{self, NameForm},
    },
};
use std::fmt;

#[cfg(test)]
pub(crate) mod tests;

/// More names than this are not compared: a row has a name, perhaps a 通称 and a 旧氏.
const NAMES_MAX: usize = 8;

/// The longest alternative that can be a surname alone (旧氏 has a column of its own in some files).
const SURNAME_MAX: usize = 3;

/// An alternative without a gap is a name with a given name when it has so many letters, beside a main name …
const ALIAS_LEAST: usize = 4;

/// … and beside another alternative, where nothing else speaks for it (勅使河原 is a surname).
const ALIASES_LEAST: usize = 5;

/// Equal identifiers of fewer characters say nothing: everybody's 1.
const STRONG_LEAST: usize = 4;

/// The fields of a row as text (decoded, unquoted), empty where the file has no such column.
#[derive(Clone, Default)]
pub struct Texts {
    /// 氏名 and every alternative (通称, 旧氏), the main one first. An alternative that is empty says nothing; a main one
    /// that is empty keeps its place.
    pub names: Vec<String>,
    /// カナ
    pub kana: String,
    /// 生年月日
    pub birth: String,
    /// 性別
    pub sex: String,
    /// 住所, several columns joined.
    pub address: String,
    /// Strong identifier.
    pub strong: String,
}

/// The same, borrowed from wherever it stands.
pub(crate) struct Fields<'t, O> {
    /// 氏名; none if there is no name at all.
    pub name: Option<&'t str>,
    /// Alternatives.
    pub others: O,
    /// カナ
    pub kana: &'t str,
    /// 生年月日
    pub birth: &'t str,
    /// 性別
    pub sex: &'t str,
    /// 住所
    pub address: &'t str,
    /// Strong identifier.
    pub strong: &'t str,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts(…)")
    }
}

/// A row as compared.
#[derive(Clone, Default)]
pub struct Form {
    /// Names; only the first `names_used` count; the first is the main one (it may be empty).
    pub(crate) names: Vec<NameForm>,
    /// How many of `names` belong to this row.
    pub(crate) names_used: usize,
    /// Reading.
    pub(crate) kana: KanaForm,
    /// Birth date.
    pub(crate) birth: Birth,
    /// Sex.
    pub(crate) sex: Sex,
    /// Address.
    pub(crate) address: AddressForm,
    /// Strong identifier, folded.
    pub(crate) strong: String,
    /// Buffers for reading; nothing in them belongs to the row.
    pub(crate) spare: Spare,
}

/// What reading needs besides the form itself, kept so that no row allocates.
#[derive(Clone, Default)]
pub(crate) struct Spare {
    /// Where alternative columns are read, before their names go to `names`.
    names: Vec<NameForm>,
    /// Where a former surname and the given name are put together.
    joined: String,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(…)")
    }
}

/// What was doubtful in a row, for the list of problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// The birth date.
    pub birth: Option<BirthDoubt>,
    /// The sex is written in an unknown way.
    pub sex: bool,
    /// No name is written.
    pub no_name: bool,
}

impl Form {
    /// Reads a row into a new form. Whoever reads many keeps one form and calls [`Form::read`].
    pub fn of(texts: &Texts) -> Form {
        let mut form = Form::default();
        form.read(texts);
        form
    }

    /// Reads a row.
    pub fn read(&mut self, texts: &Texts) -> Doubts {
        let mut names = texts.names.iter().map(String::as_str);
        self.read_fields(Fields {
            name: names.next(),
            others: names,
            kana: &texts.kana,
            birth: &texts.birth,
            sex: &texts.sex,
            address: &texts.address,
            strong: &texts.strong,
        })
    }

    /// Reads a row's fields.
    pub(crate) fn read_fields<'t>(&mut self, fields: Fields<'t, impl Iterator<Item = &'t str>>) -> Doubts {
        self.read_names(fields.name, fields.others);
        kana::read(fields.kana, &mut self.kana);
        let (birth, birth_doubt) = birth::read(fields.birth);
        self.birth = birth;
        let sex = sex::read(fields.sex);
        self.sex = sex.unwrap_or_default();
        address::read(fields.address, &mut self.address);
        fold_number(fields.strong, &mut self.strong);
        Doubts {
            birth: birth_doubt,
            sex: sex.is_none(),
            no_name: self.main_name().is_none_or(NameForm::is_empty),
        }
    }

    /// The main name, if the row has a name at all.
    pub(crate) fn main_name(&self) -> Option<&NameForm> {
        self.names().first()
    }

    /// The names of this row, the main one first.
    pub(crate) fn names(&self) -> &[NameForm] {
        self.names.get(..self.names_used).unwrap_or(&self.names)
    }

    fn read_names<'t>(&mut self, main: Option<&str>, others: impl Iterator<Item = &'t str>) {
        self.names_used = 0;
        let Some(main) = main else { return };
        self.names_used = name::read(main, &mut self.names).min(NAMES_MAX);
        for other in others {
            if other.is_empty() {
                continue;
            }
            // An empty main name still takes the first place: an alternative never becomes the main one.
            if self.names_used == 0 {
                self.push_empty();
            }
            let read = name::read(other, &mut self.spare.names);
            self.take_other(read, other);
        }
    }

    /// Moves the first names of `spare` behind those that the row has, buffers and all.
    fn take(&mut self, read: usize) {
        for at in 0..read.min(self.spare.names.len()) {
            if self.names_used == NAMES_MAX {
                return;
            }
            if self.names.len() == self.names_used {
                self.names.push(NameForm::default());
            }
            std::mem::swap(&mut self.names[self.names_used], &mut self.spare.names[at]);
            self.names_used += 1;
        }
    }

    fn push_empty(&mut self) {
        name::read("", &mut self.spare.names);
        if self.spare.names.is_empty() {
            self.spare.names.push(NameForm::default());
        }
        self.take(1);
    }

    /// Takes the names that an alternative's column held. What may be a surname alone (旧氏) gets the main name's given name
    /// behind it, since by itself it is that of brothers and sisters too; only three letters may be a whole name (金英子).
    fn take_other(&mut self, read: usize, written: &str) {
        let Some(letters) = self.spare.names.first().filter(|_| read == 1) else { return self.take(read) };
        let length = letters.chars.len();
        if letters.given.is_some() || length > SURNAME_MAX {
            return self.take(read);
        }
        if length == SURNAME_MAX {
            self.take(read);
        }
        self.take_former(written);
    }

    /// Takes a former surname with the main name's given name. Without a gap the surname has two letters as a rule, three
    /// in long names, and one in names of three letters: a given name of one letter is known by its gap alone.
    fn take_former(&mut self, surname: &str) {
        let Some(main) = self.names().first() else { return };
        let begins = match (main.given, main.chars.len()) {
            (Some(at), _) => at..at + 1,
            (None, 3) => 1..2,
            (None, 4) => 2..3,
            (None, length) => 2..length.min(5).saturating_sub(1),
        };
        for begin in begins {
            let Some(given) = self.names.first().and_then(|main| main.chars.get(begin..)) else { return };
            let joined = &mut self.spare.joined;
            joined.clear();
            joined.push_str(surname.trim());
            joined.push('\u{3000}');
            joined.extend(given);
            let read = name::read(&self.spare.joined, &mut self.spare.names);
            self.take(read);
        }
    }

    /// Compares two rows.
    pub fn compare(&self, other: &Form) -> Levels {
        let kana = compare_readings(&self.kana, &other.kana);
        Levels {
            name: self.compare_names(other, kana),
            kana,
            birth: birth::compare(self.birth, other.birth),
            sex: sex::compare(self.sex, other.sex),
            address: compare_addresses(&self.address, &other.address),
            strong: compare_strong(&self.strong, &other.strong),
        }
    }

    /// The levels of two rows like this one, as [`Form::compare`] has them of a row and itself: nothing can differ, so only
    /// what is missing is looked for.
    pub(crate) fn compare_itself(&self) -> Levels {
        let kana = if self.kana.has_given() { KanaLevel::Equal } else { KanaLevel::Missing };
        let name = match self.main_name() {
            Some(main) if !main.is_empty() && !main.is_marked() => {
                if main.has_given() || is_same_reading(kana) { NameLevel::Equal } else { NameLevel::Missing }
            }
            _ => self.compare_names(self, kana),
        };
        let address = match &self.address {
            address if address.town.is_empty() || address.numbers.is_empty() => {
                compare_addresses(address, address)
            }
            address if address.is_town_only() => AddressLevel::SameTown,
            _ => AddressLevel::Equal,
        };
        Levels {
            name,
            kana,
            birth: birth::compare(self.birth, self.birth),
            sex: sex::compare(self.sex, self.sex),
            address,
            strong: compare_strong(&self.strong, &self.strong),
        }
    }

    /// The main names' level, or `Alias` where an alternative agrees better than they do; `AliasOnly` where it agrees with
    /// an alternative, and nothing of the main names does.
    fn compare_names(&self, other: &Form, kana: KanaLevel) -> NameLevel {
        let (Some((a, mine)), Some((b, theirs))) = (self.names().split_first(), other.names().split_first())
        else {
            return NameLevel::Missing;
        };
        let main = name::compare(a, b);
        let main = match main {
            // A surname alone is the whole family's. Alternatives are not asked: rows with equal keys may differ in them.
            NameLevel::Equal | NameLevel::Variant | NameLevel::Weak => {
                let settled = a.has_given() || b.has_given() || is_same_reading(kana);
                return if settled { main } else { NameLevel::Missing };
            }
            // What is hidden may be what tells twins apart, and no reading says it.
            NameLevel::Unreadable if kana == KanaLevel::Missing && name::hides_given(a, b) => {
                NameLevel::Missing
            }
            NameLevel::Unreadable => return main,
            _ => main,
        };
        if self.names_used < 2 && other.names_used < 2 {
            return main;
        }
        let agree = |a: &NameForm, b: &NameForm, least: usize| {
            agrees(name::compare(a, b), kana)
                && (a.is_whole(least) || b.is_whole(least) || is_same_reading(kana))
        };
        if mine.iter().any(|a| agree(a, b, ALIAS_LEAST)) || theirs.iter().any(|b| agree(a, b, ALIAS_LEAST)) {
            return NameLevel::Alias;
        }
        let only = mine.iter().any(|a| theirs.iter().any(|b| agree(a, b, ALIASES_LEAST)));
        match main {
            _ if !only => main,
            // The given names, or words, are the same as well.
            NameLevel::GivenOnly | NameLevel::Roman => NameLevel::Alias,
            _ => NameLevel::AliasOnly,
        }
    }
}

/// Two readings. What agrees without a given name on either side (サトウ, サトウ ケ) is the family's: nothing is known of the
/// person's.
fn compare_readings(a: &KanaForm, b: &KanaForm) -> KanaLevel {
    let level = kana::compare(a, b);
    if is_same_reading(level) && !a.has_given() && !b.has_given() { KanaLevel::Missing } else { level }
}

fn is_same_reading(kana: KanaLevel) -> bool {
    matches!(kana, KanaLevel::Equal | KanaLevel::Voicing)
}

/// An alternative counts only when all of it is the same: but for loose variants when the readings do not differ.
fn agrees(level: NameLevel, kana: KanaLevel) -> bool {
    match level {
        NameLevel::Equal | NameLevel::Variant => true,
        NameLevel::Weak => is_same_reading(kana),
        _ => false,
    }
}

/// Two addresses. A town without numbers (無番地, or numbers left out) is a town and not a house. Nor is it one house where
/// one municipality is not known and the towns are written differently: what stands before 本町 in 浦和市本町 may be the
/// name of another city. (本町 alone beside 三島市本町 is a file that leaves the municipality out.)
fn compare_addresses(a: &AddressForm, b: &AddressForm) -> AddressLevel {
    let level = address::compare(a, b);
    let house = matches!(
        level,
        AddressLevel::Equal
            | AddressLevel::NoBuilding
            | AddressLevel::OtherBuilding
            | AddressLevel::SameBlock
    );
    let somewhere = (a.city == 0 || b.city == 0) && a.town != b.town;
    if house && (somewhere || a.is_town_only() || b.is_town_only()) { AddressLevel::SameTown } else { level }
}

/// Two identifiers. Different ones are a veto however short they are, equal ones must be long enough to be one person's.
fn compare_strong(a: &str, b: &str) -> StrongLevel {
    if a.is_empty() || b.is_empty() || a == b && a.len() < STRONG_LEAST {
        StrongLevel::Missing
    } else if a == b {
        StrongLevel::Equal
    } else {
        StrongLevel::Different
    }
}

/// Folds an identifier as [`base::canonical_key`] does, into a buffer that is kept. One that is none becomes empty.
fn fold_number(text: &str, into: &mut String) {
    into.clear();
    if text.is_empty() {
        return;
    }
    if text.is_ascii() {
        // What nearly every row has: no allocation, no table.
        let bytes = text.as_bytes();
        let mut in_number = false;
        let seen = |from: usize| bytes.get(from..).into_iter().flatten().find(|b| !is_blank(**b));
        for (at, byte) in bytes.iter().enumerate().filter(|(_, b)| !is_blank(**b)) {
            if *byte == b'0' && !in_number && seen(at + 1).is_some_and(u8::is_ascii_digit) {
                continue;
            }
            in_number = byte.is_ascii_digit();
            into.push(char::from(byte.to_ascii_uppercase()));
        }
    } else {
        into.push_str(&base::canonical_key(text));
    }
    if is_no_number(into) {
        into.clear();
    }
}

/// Whether a folded identifier stands for "none": without any digit but 0 (なし, #N/A, -, 0000), one character throughout
/// (99999999), or a large number that a spreadsheet has cut (1.23E+11).
fn is_no_number(folded: &str) -> bool {
    let mut chars = folded.chars();
    let first = chars.next();
    let is_one = folded.len() >= 3 && chars.all(|c| Some(c) == first);
    let has_digit = folded.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let is_cut = folded.split_once("E+").is_some_and(|(front, power)| {
        !power.is_empty()
            && front.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && power.bytes().all(|byte| byte.is_ascii_digit())
    });
    !has_digit || is_one || is_cut
}

/// The ASCII characters that are white space (the vertical tab among them).
fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}
