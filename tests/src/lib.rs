//! End-to-end tests: each module is one subject, with real outsiders where there are any.
//!
//! Always holds: only `mod` lines here, each with a word on its subject, so two people rarely meet in this file.
//! Not here: tests of one crate alone; they lie beside its code.

#[cfg(test)]
mod by_card; // cards on the readers' pages, one's own pages, proofs by hand
#[cfg(test)]
mod canary; // nothing of a person leaves beside the answers
#[cfg(test)]
mod commands; // the command line, as an operator meets it
#[cfg(test)]
mod crossing; // no answer crosses between facilities, people and messages
#[cfg(test)]
mod desk; // the program in a temporary home, and the clients of its doors
#[cfg(test)]
mod disclosures; // every operation that tells of somebody stands in that person's record; docs/disclosures.md
#[cfg(test)]
mod feeds; // outside offices' files at the machines' door and from the operator, stopped and gone on with
#[cfg(test)]
mod hostile; // the folder under attack, and the server away
#[cfg(test)]
mod identity; // certificates, hosts and origins; OpenSSL and curl as judges
#[cfg(test)]
mod kills; // kill -9 over HTTP, on both databases
#[cfg(test)]
mod linking; // two files: canaries in what a run says of itself, and kill -9
#[cfg(test)]
mod mornings; // a short national morning with its outages, and the log afterwards
#[cfg(test)]
mod nation; // the invented nation at the desk, its mistakes, and its making killed and stepped
#[cfg(test)]
mod patients; // every row of test-patients.csv through both doors, on other days too; a vendor's own
#[cfg(test)]
mod permissions; // every route as everybody; docs/permissions.md
#[cfg(test)]
mod pki; // certificates, lists and proofs; OpenSSL and NIST's suite as judges
#[cfg(test)]
mod postgres; // the whole program on PostgreSQL
#[cfg(test)]
mod refusals; // the committed table of every way to say no
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
#[cfg(test)]
mod tap_kills; // kill -9 while cards are tapped, and enrolments that race
#[cfg(test)]
mod taps; // cards on the reader: every test patient, enrolment, consents, numbers, and cards that are not what they say
