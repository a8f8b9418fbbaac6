//! Audit: who did what, for whom, about whom, on which facts — and the proof that nobody changed it afterwards.
//!
//! Always holds: a row is written in the transaction of what it records; each connection writes a chain of its own
//! (a *stream*), so no row is waited for by two; a signed *checkpoint* of all stream heads is chained to the one
//! before; a row's body can be erased after its keeping time and its chain still verifies. A body names people by id
//! only: no name, number, PIN or serial.
//! Not here: what must be recorded (each operation says it) and who may read it (`counter`, `staff`).
//! Rules come from: DESIGN section 4, "Audit".

#![forbid(unsafe_code)]

mod chain;
mod evidence;
mod read;
mod seal;
#[doc(hidden)]
pub mod testing;
mod verify;

pub use chain::Ledger;
pub use evidence::{Evidence, FactUsed, say};
pub use read::{
    Acts, Entry, Figure, Requested, Side, beside_requests, by_facility, count_outcome, figures,
    one_of_facility, portion_of_facility, portion_of_person, previous_of_person, requests,
};
pub use seal::{Sealed, Sealer, SigningKey, erase_month};
pub use verify::{Report, Trouble, verify};
