//! Names of people: surnames and given names with their readings, names of foreign residents, and the other spellings
//! that offices have of them.
//!
//! Always holds: names come by chance from lists and from parts of names, so that nobody real is meant by any. A
//! reading is half-width katakana as insurers have it, with small kana. The same dice give the same names.
//! Not here: who marries whom and takes which name (`households`); mistakes.
//! Rules come from: the reference on matching, sections 1.2 and 1.3.

mod foreign;
mod given;
mod kana;
mod surnames;
#[cfg(test)]
mod tests;
mod variants;

pub use foreign::{Foreigner, foreigner};
pub use given::{brother_like, given};
pub use surnames::surname;
pub use variants::{narrow, variant};

/// A surname or a given name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As the resident register has it.
    pub written: String,
    /// Its reading in half-width katakana: ﾐﾄﾞﾘｶﾜ.
    pub kana: String,
}

/// A word of a list, with where it stands among the others.
struct Entry {
    written: &'static str,
    kana: String,
}

impl Entry {
    fn word(&self) -> Word {
        Word { written: self.written.to_owned(), kana: self.kana.clone() }
    }
}

/// A word of two parts.
fn joined(first: &Entry, second: &Entry) -> Word {
    let mut word = Word {
        written: String::with_capacity(first.written.len() + second.written.len()),
        kana: String::with_capacity(first.kana.len() + second.kana.len()),
    };
    for part in [first, second] {
        word.written.push_str(part.written);
        word.kana.push_str(&part.kana);
    }
    word
}

/// The lines of a table without its comments, as cells.
fn cells(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}
