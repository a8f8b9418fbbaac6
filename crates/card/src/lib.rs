//! The My Number card (マイナンバーカード), as far as an eligibility check needs it: the JPKI application
//! (公的個人認証AP) as a state machine that takes command APDUs and gives replies ([`Card`]), cards as text files
//! ([`Card::read`], [`Card::write`]), and the reader's side of the conversation ([`Session`]).
//!
//! Always holds: pure; no file, clock, socket or reader. A command that nobody foresaw gets a status word, never a
//! panic. A reply holds no PIN and no private key; neither do problems, faults and `Debug` outputs. PINs are compared
//! without early exit; a card's PINs and keys are wiped when it is dropped. Tries left go up by the right PIN only.
//! What the TOML parser leaves in memory of its own, above all of a text that is no TOML, is not wiped.
//! Not here: the application that has the 12-digit My Number, nor any other application of the card; whose
//! certificate it is and whether it is good (`pki`, `services`); PC/SC; where card files lie.
//! Rules come from: the reference on the card, sections 1, 4.3, 4.6 and 7. What it leaves open, and what no real
//! card has, is listed at the top of `card.rs`.

#![forbid(unsafe_code)]

mod apdu;
mod card;
mod file;
mod key;
mod reader;
mod secret;

pub use card::{Card, TERMINAL_TOKEN};
pub use file::{CERTIFICATE_BYTES_MAX, Contents, FILE_BYTES_MAX, Half, Kind, Problem};
pub use key::Algorithm;
pub use reader::{CardFault, PinOutcome, Session, Tries};
pub use secret::Pin;

#[cfg(test)]
mod tests;
