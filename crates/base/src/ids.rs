//! Typed ids: a number that remembers what it names.
//!
//! Always holds: an `Id<Person>` never stands where an `Id<Coverage>` is wanted; the printed form carries the kind
//! (`per_0000000000001`) and is parsed only with the right one.
//! Not here: how ids are made. [`crate::IdSource`] hands them out; `app` makes them from clock and randomness,
//! `country` from its seed.

use std::{cmp::Ordering, fmt, hash::Hash, hash::Hasher, marker::PhantomData};

/// What an id names. Implemented by an empty type for each kind of thing.
pub trait Kind {
    /// Three letters that begin the printed form.
    const PREFIX: &'static str;
}

/// A 63-bit id of one kind of thing; never zero, never negative, so it fits a `bigint`.
pub struct Id<K>(i64, PhantomData<fn() -> K>);

/// Crockford's alphabet: no I, L, O, U, so an id read over the telephone survives.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DIGITS: usize = 13;

impl<K: Kind> Id<K> {
    /// Takes a raw number, as stored. `None` when it is not a positive number.
    pub fn new(raw: i64) -> Option<Id<K>> {
        (raw > 0).then_some(Id(raw, PhantomData))
    }

    /// The number as stored.
    pub fn raw(self) -> i64 {
        self.0
    }

    /// Reads the printed form; `None` unless kind, length and alphabet are right.
    pub fn parse(text: &str) -> Option<Id<K>> {
        let digits = text.strip_prefix(K::PREFIX)?.strip_prefix('_')?;
        if digits.len() != DIGITS {
            return None;
        }
        let mut value: u64 = 0;
        for byte in digits.bytes() {
            let digit = ALPHABET.iter().position(|&a| a == byte.to_ascii_uppercase())?;
            value = value.checked_mul(32)?.checked_add(digit as u64)?;
        }
        Id::new(i64::try_from(value).ok()?)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [b'0'; DIGITS];
        let mut rest = self.0 as u64;
        for place in digits.iter_mut().rev() {
            *place = ALPHABET[(rest % 32) as usize];
            rest /= 32;
        }
        write!(f, "{}_{}", K::PREFIX, std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Written by hand: derives would ask the same of `K`, which is only a name.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Person;
    impl Kind for Person {
        const PREFIX: &'static str = "per";
    }

    #[test]
    fn prints_and_reads_back() {
        for raw in [1, 31, 32, 1 << 40, i64::MAX] {
            let id: Id<Person> = Id::new(raw).expect("positive");
            assert_eq!(Id::parse(&id.to_string()), Some(id));
        }
    }

    #[test]
    fn refuses_other_kinds_and_overflow() {
        assert_eq!(Id::<Person>::parse("cov_0000000000001"), None);
        assert_eq!(Id::<Person>::parse("per_ZZZZZZZZZZZZZ"), None);
        assert_eq!(Id::<Person>::parse("per_0000000000000"), None);
        assert_eq!(Id::<Person>::new(0), None);
    }
}
