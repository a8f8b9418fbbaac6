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

/// The fields of a row as text (decoded, unquoted), empty where the file has no such column.
#[derive(Clone, Default)]
pub struct Texts {
    /// 氏名 and every alternative column (通称, 旧氏), the main one first. Only the first `names_used` count.
    pub names: Vec<String>,
    /// How many of `names` belong to this row.
    pub names_used: usize,
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
        self.read_names(texts.names.get(..texts.names_used).unwrap_or(&texts.names));
        kana::read(&texts.kana, &mut self.kana);
        let (birth, birth_doubt) = birth::read(&texts.birth);
        self.birth = birth;
        let sex = sex::read(&texts.sex);
        self.sex = sex.unwrap_or_default();
        address::read(&texts.address, &mut self.address);
        fold_number(&texts.strong, &mut self.strong);
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

    fn read_names(&mut self, written: &[String]) {
        self.names_used = 0;
        let Some((main, others)) = written.split_first() else { return };
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
            self.take(read);
            self.take_former(other);
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

    /// An alternative that may be a surname alone (旧氏) becomes one more name, with the main name's given name behind it.
    /// Where the main name has no gap it may begin in several places: a name that nobody bears meets nobody.
    fn take_former(&mut self, other: &str) {
        let names = self.names.get(..self.names_used).unwrap_or(&self.names);
        let (Some(main), Some(last)) = (names.first(), names.last()) else { return };
        if last.given.is_some() || last.chars.len() > SURNAME_MAX {
            return;
        }
        let begins = match main.given {
            Some(at) => at..at + 1,
            None => 1..main.chars.len().min(SURNAME_MAX + 1),
        };
        for begin in begins {
            let Some(given) = self.names.first().and_then(|main| main.chars.get(begin..)) else { return };
            let joined = &mut self.spare.joined;
            joined.clear();
            joined.push_str(other.trim());
            joined.push('\u{3000}');
            joined.extend(given);
            let read = name::read(&self.spare.joined, &mut self.spare.names);
            self.take(read);
        }
    }

    /// Compares two rows.
    pub fn compare(&self, other: &Form) -> Levels {
        let kana = kana::compare(&self.kana, &other.kana);
        Levels {
            name: self.compare_names(other, kana),
            kana,
            birth: birth::compare(self.birth, other.birth),
            sex: sex::compare(self.sex, other.sex),
            address: compare_addresses(&self.address, &other.address),
            strong: compare_strong(&self.strong, &other.strong),
        }
    }

    /// The main names' level, or `Alias` where an alternative agrees better than they do.
    fn compare_names(&self, other: &Form, kana: KanaLevel) -> NameLevel {
        let main = match (self.main_name(), other.main_name()) {
            (Some(a), Some(b)) => name::compare(a, b),
            _ => NameLevel::Missing,
        };
        // These are as good as an alternative, or better.
        let sure =
            matches!(main, NameLevel::Equal | NameLevel::Variant | NameLevel::Weak | NameLevel::Unreadable);
        if sure || (self.names_used < 2 && other.names_used < 2) {
            return main;
        }
        let alias = self.names().iter().enumerate().any(|(i, a)| {
            let mut others = other.names().iter().enumerate();
            others.any(|(j, b)| i + j > 0 && agrees(name::compare(a, b), kana))
        });
        if alias { NameLevel::Alias } else { main }
    }
}

/// An alternative counts only when all of it is the same: but for loose variants when the readings do not differ.
fn agrees(level: NameLevel, kana: KanaLevel) -> bool {
    match level {
        NameLevel::Equal | NameLevel::Variant => true,
        NameLevel::Weak => matches!(kana, KanaLevel::Equal | KanaLevel::Voicing),
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

fn compare_strong(a: &str, b: &str) -> StrongLevel {
    if a.is_empty() || b.is_empty() {
        StrongLevel::Missing
    } else if a == b {
        StrongLevel::Equal
    } else {
        StrongLevel::Different
    }
}

/// Folds an identifier as [`base::canonical_key`] does, into a buffer that is kept. One that consists of zeros and signs
/// alone stands for "none" and becomes empty.
fn fold_number(text: &str, into: &mut String) {
    into.clear();
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
    if into.chars().all(|c| matches!(c, '0' | '-' | '.' | '/')) {
        into.clear();
    }
}

/// The ASCII characters that are white space (the vertical tab among them).
fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}
