//! The program: subcommands, and the rim where sockets, files, clock and randomness are.
//!
//! Always holds: no other crate opens a socket (but `terminal`, whose rim is its own), reads the clock or draws
//! randomness; every part that `demo` shows is a part of `serve`.
//! Not here: law, SQL, pages of services.
//! Rules come from: DESIGN section 1.

#![forbid(unsafe_code)]

pub mod card_files;
pub mod cards;
pub mod cast;
pub mod commands;
pub mod country_commands;
pub mod datadir;
pub mod demo;
pub mod feeds;
pub mod link_commands;
pub mod listen;
pub mod nation;
pub mod rim;
mod rosters;
pub mod running;
pub mod serve;
pub mod settings;
pub mod simulate;
pub mod statistics;
pub mod status;
pub mod tls;
pub mod town;
pub mod visitors;
