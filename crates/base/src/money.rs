//! Money in whole yen.
//!
//! Always holds: no fractions, no silent overflow, no conversion from a bare number.
//! Not here: points and their ledger, which come with their own service.

use std::fmt;

/// An amount in yen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Yen(i64);

impl Yen {
    /// An amount of whole yen.
    pub const fn new(yen: i64) -> Yen {
        Yen(yen)
    }

    /// The amount as a number of yen.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Yen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
