//! The invented nation (国): households and families in existing municipalities, where they work and are insured, what
//! befalls them day by day, and what the offices believe of them. From a seed and a day; the same on every machine.
//!
//! Always holds: nobody in it is real. Values in, values out: no clock, no randomness but [`dice::Dice`], integer
//! arithmetic only. What leaves it for Shikaku are lines of feed files (届出ファイル), as insurers and offices would send
//! them; the truth leaves it only for tests.
//! Not here: the named test patients beside it (`patients`), reading feeds (`intake`), files and progress (`app`).
//! Rules come from: docs/rules.md S5 r1, r2; the references on matching, section 1, on the field, section 5, and on check
//! digits, sections 7 and 8.

pub mod block;
mod certificates;
mod counting;
pub mod dice;
pub mod figures;
pub mod filings;
mod households;
pub mod institutions;
pub mod insurance;
mod lives;
pub mod person;
pub mod places;
pub mod plan;
pub mod published;
mod tables;
pub mod telling;
#[cfg(test)]
mod tests;
pub mod truth;
pub mod visitors;
pub mod words;

pub use block::Block;
pub use plan::{Number, Plan};
pub use telling::Nation;
pub(crate) use telling::lanes;
