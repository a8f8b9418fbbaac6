//! The project's own tools: `cargo xtask tidy` checks the rules of the house that no compiler knows, `cargo xtask bench`
//! measures, `cargo xtask tables` makes derived data again, `cargo xtask quality` judges links.
//! One module a command; what a command needs of the outside it takes from this file.
//!
//! Always holds: a tool changes nothing in the tree unless its name says so.
//! Not here: anything that a running Shikaku needs.

mod bench;
mod quality;
mod tables;
mod tables_places;
mod tidy;

use clap::{Parser, Subcommand};
use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The project's own tools.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Subcommand)]
enum Command {
    /// Check the house rules: comments, service shape, SQL and tables, long functions, words, links.
    Tidy,
    /// Make the derived tables of crates/linkage/data again from their packages.
    Tables(tables::Packages),
    /// Measure speed and size in release, into docs/benchmarks.md.
    #[command(subcommand)]
    Bench(bench::Which),
    /// Say how well `shikaku link` finds the pairs of invented rosters, by class of noise.
    Quality(quality::Options),
}

fn main() -> io::Result<ExitCode> {
    let command = Line::parse().command;
    let root = workspace()?;
    match command {
        Command::Tidy => tidy::command(&root, &mut io::stdout().lock()),
        Command::Tables(packages) => tables::command(&root, &packages, &mut io::stdout().lock()),
        Command::Bench(which) => bench::command(&root, &which, &mut io::stdout().lock()),
        Command::Quality(options) => quality::command(&root, &options, &mut io::stdout().lock()),
    }
}

/// The root of the workspace in which this was called. Where it was when it was built may be another clone's, if the two
/// share a build folder.
fn workspace() -> io::Result<PathBuf> {
    let here = env::current_dir()?;
    let root = here.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file());
    root.map(Path::to_owned).ok_or_else(|| io::Error::other("call it in a clone of the repository"))
}

/// The exit code of a check that found so many failures, told in one line.
fn verdict(out: &mut impl Write, name: &str, failures: usize) -> io::Result<ExitCode> {
    if failures == 0 {
        writeln!(out, "{name}: nothing to mend")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{name}: {failures} to mend")?;
    Ok(ExitCode::FAILURE)
}
