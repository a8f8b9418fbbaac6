//! The decision about a link: verified, or held back.
//!
//! Always holds: one attribute that disagrees is enough to hold back; a person whom the register does not know is
//! held back too. Nothing here weighs likelihoods.
//! Not here: how attributes are compared (`people`).
//! Rules come from: docs/rules.md S5 r2.

use coverage::rules::LinkState;
use people::rules::{Attribute, Attributes, differences};

/// Judges a filing against the resident register (S5 r2).
pub fn judge(register: Option<&Attributes>, filed: &Attributes) -> (LinkState, Vec<Attribute>) {
    match register.map(|register| differences(register, filed)) {
        Some(differ) if differ.is_empty() => (LinkState::Verified, differ),
        Some(differ) => (LinkState::HeldBack, differ),
        None => (LinkState::HeldBack, Vec::new()),
    }
}
