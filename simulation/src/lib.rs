//! Load as a whole country makes it: a generator that asks through the machines' door, what it starts and ends, and a
//! national morning with its outages. The benches of `xtask` and `shikaku simulate` drive the same generator.
//!
//! Always holds: it knows Shikaku by its doors and command line only; loopback and Unix sockets only; what it starts
//! it ends, and the kernel ends it when we die; every answer is checked; chance comes from a seed.
//! Not here: who the people are (whoever gives [`morning::Visits`]), and what a bench writes down (`xtask`).
//! Rules come from: issue 2, "Speed and size"; issue 4, part E.

#![forbid(unsafe_code)]

pub mod cards;
pub mod cast;
pub mod chance;
pub mod clock;
pub mod cluster;
pub mod histogram;
pub mod load;
pub mod machine;
pub mod morning;
pub mod nation;
pub mod servers;
pub mod wire;

pub use clock::started_ms;
