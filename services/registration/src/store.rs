//! Registration has no tables of its own: what it decides is recorded by `people` and `coverage`.
//!
//! Always holds: this file stays empty until there is something that belongs to neither.
//! Not here: any SQL.
