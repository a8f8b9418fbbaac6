//! End-to-end tests: each module is one subject, with real outsiders where there are any.
//!
//! Always holds: only `mod` lines here, each with a word on its subject, so two people rarely meet in this file.
//! Not here: tests of one crate alone; they lie beside its code.

#[cfg(test)]
mod store_audit; // the log under attack, erasing, two writers
#[cfg(test)]
mod store_backup; // backup, restore, the lock file
#[cfg(test)]
mod store_common; // what the tests of store and audit share
#[cfg(test)]
mod store_kill; // kill -9, again and again
#[cfg(test)]
mod store_power; // power cuts, again and again
#[cfg(test)]
mod store_schema; // resulting schemas, columns.toml, upgrades
#[cfg(test)]
mod store_sql; // every statement on both databases, parameters, errors without values
#[cfg(test)]
mod store_vfs; // the disk whose power is cut
#[cfg(test)]
mod store_work; // checks, changes, records, claims; faults, panics, lost races
