//! End-to-end tests: each module is one subject, with real outsiders where there are any. Only `mod` lines here.

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
