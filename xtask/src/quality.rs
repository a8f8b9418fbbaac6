//! `cargo xtask quality`: how well `shikaku link` finds the pairs of invented rosters, by class of noise; the tables of
//! docs/linkage.md come from here.
//!
//! Always holds: what is judged is what the command wrote, held against the truth beside the rosters; seeds below 100 are
//! for tuning and are never written into the page.
//! Not here: who is in the rosters (`country::rosters`), speed (`bench`).
//! Rules come from: the issue on linkage, part E.

mod levels;
mod page;
mod tally;

use crate::bench::built;
use clap::Args;
use simulation::machine;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};
pub use tally::Tally;

/// What to judge.
#[derive(Args)]
pub struct Options {
    /// Rows of A.
    #[arg(long, default_value_t = 200_000)]
    rows_a: u32,
    /// Rows of B (default: half as many again as A).
    #[arg(long)]
    rows_b: Option<u32>,
    /// People who are in both (default: eleven twelfths of A).
    #[arg(long)]
    both: Option<u32>,
    /// Seeds, one pair of rosters each: 1 to 9 while tuning, 101 and later for what is published.
    #[arg(long, value_delimiter = ',', default_values_t = [101, 102, 103])]
    seeds: Vec<u64>,
    /// `none`, `field` or `apart`, as `shikaku country rosters` has it.
    #[arg(long, default_value = "field")]
    noise: String,
    /// Also what each level weighs: its share among true pairs (m) and among random pairs (u).
    #[arg(long)]
    levels: bool,
    /// Write the tables between the marks of docs/linkage.md.
    #[arg(long)]
    write: bool,
    /// Keep rosters and results here (default: a temporary folder).
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// A binary of shikaku instead of building one.
    #[arg(long, value_name = "FILE")]
    shikaku: Option<PathBuf>,
    /// Handed on to `shikaku link`, such as 500MB.
    #[arg(long)]
    memory: Option<String>,
}

/// The day as of which people have their ages: fixed, so that a seed's files are the same on any day.
pub const DAY: &str = "20261120";

/// Seeds from here on may be published.
const PUBLISHED: u64 = 100;

/// Makes rosters, links them and says how well.
pub fn command(root: &Path, options: &Options, out: &mut dyn Write) -> io::Result<ExitCode> {
    if options.write && options.seeds.iter().any(|seed| *seed <= PUBLISHED) {
        return Err(io::Error::other("seeds of tuning are not published: take 101 and later"));
    }
    let shikaku = match &options.shikaku {
        Some(shikaku) => shikaku.clone(),
        None => built(root, "app", "shikaku")?,
    };
    let temporary = machine::real_folder(root)?;
    let folder = options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    let mut all = Tally::default();
    let mut weights = levels::Shares::default();
    for seed in &options.seeds {
        let place = folder.join(format!("seed-{seed}"));
        let rosters = Rosters {
            rows_a: options.rows_a,
            rows_b: options.rows_b.unwrap_or(options.rows_a / 2 * 3),
            both: options.both.unwrap_or((u64::from(options.rows_a) * 11 / 12) as u32),
            seed: *seed,
            noise: &options.noise,
        };
        writeln!(out, "seed {seed}: {} and {} rows …", rosters.rows_a, rosters.rows_b)?;
        out.flush()?;
        rosters.make(&shikaku, &place)?;
        if options.levels {
            weights.add(&place, *seed)?;
        }
        link(&shikaku, &place, options.memory.as_deref())?;
        all.add(&place)?;
        if options.keep.is_none() {
            fs::remove_dir_all(&place)?;
        }
    }
    let sizes = format!(
        "{} 行 × {} 行、シード {}",
        options.rows_a,
        options.rows_b.unwrap_or(options.rows_a / 2 * 3),
        options.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join("・")
    );
    let mut text = page::tables(&all, &sizes);
    if options.levels {
        text.push_str(&weights.table());
    }
    writeln!(out, "\n{text}{}", page::false_links(&all))?;
    if options.write {
        page::write(root, &text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Two rosters.
pub struct Rosters<'r> {
    /// Rows of A.
    pub rows_a: u32,
    /// Rows of B.
    pub rows_b: u32,
    /// People in both.
    pub both: u32,
    /// The seed.
    pub seed: u64,
    /// The word of the noise.
    pub noise: &'r str,
}

impl Rosters<'_> {
    /// Writes them into a folder.
    pub fn make(&self, shikaku: &Path, place: &Path) -> io::Result<()> {
        let numbers = [
            ("--rows-a", u64::from(self.rows_a)),
            ("--rows-b", u64::from(self.rows_b)),
            ("--both", u64::from(self.both)),
            ("--seed", self.seed),
        ];
        let numbers = numbers.map(|(name, number)| format!("{name}={number}"));
        let mut command = Command::new(shikaku);
        command.args(["country", "rosters", "--day", DAY, "--noise", self.noise]).args(numbers);
        ran(command.arg("--out").arg(place), "shikaku country rosters")
    }
}

/// Links the rosters of a folder into its folder `link`.
fn link(shikaku: &Path, place: &Path, memory: Option<&str>) -> io::Result<()> {
    let results = place.join("link");
    if results.exists() {
        fs::remove_dir_all(&results)?;
    }
    let mut command = Command::new(shikaku);
    command.arg("link").arg(place.join("a.csv")).arg(place.join("b.csv"));
    command.arg("--spec").arg(place.join("spec.toml")).arg("--out").arg(results);
    command.args(memory.iter().flat_map(|memory| ["--memory", memory]));
    ran(&mut command, "shikaku link")
}

fn ran(command: &mut Command, name: &str) -> io::Result<()> {
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{name} failed"))) }
}
