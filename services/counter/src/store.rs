//! The counter has no tables of its own: what it did stands in the log, what it knows in `coverage`.
//!
//! Always holds: this file stays empty until there is something that belongs to neither.
//! Not here: any SQL.
