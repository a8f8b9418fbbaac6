//! Words that every other crate shares: who asks and when ([`Cx`]), typed ids, instants, days and eras, money,
//! checked numbers, names and addresses, and the ways an operation ends ([`Refusal`], [`Error`]).
//!
//! Always holds: no input or output, no clock, no randomness, no serialisation. Whatever is needed of the outside
//! comes in as a value. A checked value cannot be made without its check.
//! Not here: anything that belongs to one service only, and anything that knows a table, a page or a message.
//! Rules come from: docs/rules.md S1 r2 (the 12-digit number is spelled only in `numbers`), reference check digits.

#![forbid(unsafe_code)]

mod cx;
mod days;
mod helps;
mod ids;
pub mod kinds;
mod money;
mod numbers;
mod outcome;
mod scheme;
mod text;

pub use cx::{Actor, Clock, Cx, IdSource, Purpose, Random, RequestKey, Role};
pub use days::{BirthDate, Date, Era, Instant, Span};
pub use ids::{Id, Kind};
pub use money::Yen;
pub use numbers::{BranchNumber, CodeError, FacilityCode, InsurerNumber, MyNumber, check_digit_21};
pub use outcome::{Answer, Error, Fault, Help, Lang, Problem, Refusal, Result};
pub use scheme::Scheme;
pub use text::{PersonName, Sex, canonical_key, fold_width, hex};
