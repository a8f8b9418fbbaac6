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
use std::io::{self, Write};
use std::path::Path;
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
    match Line::parse().command {
        Command::Tidy => tidy::command(workspace(), &mut io::stdout().lock()),
        Command::Tables(packages) => tables::command(workspace(), &packages, &mut io::stdout().lock()),
        Command::Bench(which) => bench::command(workspace(), &which, &mut io::stdout().lock()),
        Command::Quality(options) => quality::command(workspace(), &options, &mut io::stdout().lock()),
    }
}

/// The root of the workspace.
fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
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
