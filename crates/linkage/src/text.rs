//! Names and readings: from what an office wrote to what is compared.
//!
//! Always holds: what is folded is only compared; the original bytes stay where they are.
//! Not here: what an agreement weighs (rules).
//! Rules come from: the reference on matching, sections 1.2 and 1.3.

pub mod fold;
pub(crate) mod gaps;
pub mod kana;
pub mod name;
mod parts;
mod placeholders;
pub mod variants;
