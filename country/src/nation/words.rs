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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// As the resident register has it.
    pub written: String,
    /// Its reading in half-width katakana: ﾐﾄﾞﾘｶﾜ.
    pub kana: String,
}

impl Word {
    /// A word of a list, whose readings are full-width katakana.
    fn new(written: &str, kana: &str) -> Word {
        Word { written: written.to_owned(), kana: kana::half(kana) }
    }
}

/// The lines of a table without its comments, as cells.
fn cells(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}
