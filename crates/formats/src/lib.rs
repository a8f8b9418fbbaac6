//! Bytes to values and back: the OQS messages of the online eligibility check as XML and as their JSON
//! mirror, and the feed files of outside offices.
//!
//! Always holds: pure; no file, clock, socket or randomness. Nothing panics, whatever the bytes. A parser
//! returns its value together with its [`Problem`]s. One tree ([`tree::Node`]) stands between both wire forms
//! and the typed messages, so that they cannot disagree. No text of a message reaches a problem, an error or
//! a `Debug` output.
//! Not here: what a message means for anybody (services), folders and polling (terminal), the law.
//! Rules come from: docs/rules.md S1; the reference on the OQS interface, sections 1.2, 3, 4, 5 and 7.

#![forbid(unsafe_code)]

mod charset;
pub mod feed;
pub mod json;
pub mod names;
pub mod oqs;
pub mod tree;
pub mod xml;

use std::fmt;

/// Something that is wrong or odd in a message. It names elements, never their texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: the names of the elements from the root on, joined by `/`.
    pub place: String,
    /// What is wrong, in a few English words.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

#[cfg(test)]
mod tests;
