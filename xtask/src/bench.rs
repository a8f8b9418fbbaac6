//! `cargo xtask bench`: how many checks a second one core answers, how soon, and at what cost; by number (`counter`) and
//! by card (`tap`). The result goes into docs/benchmarks.md and .json.
//!
//! Always holds: loopback only; everything that is started is ended, and is bounded in time and count; the temporary
//! folder lies on a real disk, so that commits sync; every answer is checked.
//! Not here: what is measured inside the program (nothing is), and the load and its clock (`simulation`).
//! Rules come from: the issues, "Speed and size" and "Speed".

mod counter;
mod link;
mod nation;
mod profile;
mod report;
mod runs;
mod tap;
mod verify;

use clap::{Args, Subcommand, ValueEnum};
use report::{Block, Subject};
use runs::{Bench, Watched};
use simulation::{
    clock,
    cluster::Cluster,
    load::{Questions, Target},
    machine::{self, Cores},
    servers::{Program, Starter},
};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    rc::Rc,
    time::Duration,
};

/// What to measure.
#[derive(Subcommand)]
pub enum Which {
    /// Checks by number through the machines' door, on SQLite and PostgreSQL; memory, start and binary.
    Counter(Options),
    /// Checks by card through the machines' door, on SQLite and PostgreSQL; bare verifications of signatures beside them.
    Tap(Options),
    /// Checks of a large nation beside a small one, on SQLite and PostgreSQL; filings beside them, bytes and memory.
    Nation(Options),
    /// Linking two files, beside DuckDB's exact join of them; the normaliser alone; Splink when asked.
    Link(link::Options),
}

impl Which {
    /// What a bench of checks has of its own.
    fn of_checks(&self) -> Option<(&Kind, &Options)> {
        match self {
            Which::Counter(options) => Some((&counter::KIND, options)),
            Which::Tap(options) => Some((&tap::KIND, options)),
            Which::Nation(options) => Some((&nation::KIND, options)),
            Which::Link(_) => None,
        }
    }
}

/// What is asked, and in words.
struct Asked {
    questions: Rc<dyn Questions>,
    says: String,
}

/// What one bench has of its own.
struct Kind {
    subject: Subject,
    /// Parts that it has; and those of them that run when none is named.
    parts: &'static [Part],
    usual: &'static [Part],
    /// Lines of settings for its demos.
    settings: &'static str,
    /// Says where a saturated server's CPU time goes.
    profile: fn(&Setting<'_>, &mut dyn Write) -> io::Result<String>,
    /// Measures a part.
    measure: fn(&Setting<'_>, Part, &mut dyn Write) -> io::Result<Block>,
}

/// How to measure.
#[derive(Args, Clone)]
pub struct Options {
    /// Seconds of each load.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    seconds: u64,
    /// Connections, each with one outstanding request.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    connections: u16,
    /// An empty PostgreSQL database instead of a private cluster; its CPU time is then not seen.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// One part only. `build` (a cold build) runs only when it is named.
    #[arg(long)]
    only: Option<Part>,
    /// Print ratios against docs/benchmarks.json and write nothing.
    #[arg(long)]
    compare: bool,
    /// Say where a saturated server's CPU time goes, by `perf`; measures nothing else and writes nothing.
    #[arg(long)]
    profile: bool,
    /// `nation` only: people of the large database (default: a million on SQLite, 100,000 on PostgreSQL).
    #[arg(long, value_parser = clap::value_parser!(u32).range(2_000..=10_000_000))]
    people: Option<u32>,
    /// `nation` on SQLite only: a directory that `shikaku country make` filled, copied instead of making one.
    #[arg(long, value_name = "DIR", conflicts_with = "people")]
    data: Option<PathBuf>,
    /// The release binary; given by the bench to itself.
    #[arg(long, hide = true)]
    shikaku: Option<PathBuf>,
}

/// A part of a bench.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Sqlite,
    Postgres,
    Size,
    Build,
}

/// Builds release binaries and runs itself in release; or, being that, measures.
pub fn command(root: &Path, which: &Which, out: &mut dyn Write) -> io::Result<ExitCode> {
    if let Which::Link(options) = which {
        return link::command(root, options, out);
    }
    let Some((kind, options)) = which.of_checks() else { return Ok(ExitCode::FAILURE) };
    if let Some(part) = options.only.filter(|part| !kind.parts.contains(part)) {
        let name = part.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        return Err(io::Error::other(format!("bench {} has no part {name}", kind.subject.command)));
    }
    if kind.subject.command != nation::KIND.subject.command
        && (options.people.is_some() || options.data.is_some())
    {
        return Err(io::Error::other("--people and --data are for bench nation"));
    }
    match &options.shikaku {
        Some(shikaku) => inside(root, kind, options, shikaku, out),
        None => outside(root, kind, options, out),
    }
}

fn outside(root: &Path, kind: &Kind, options: &Options, out: &mut dyn Write) -> io::Result<ExitCode> {
    writeln!(out, "building in release …")?;
    out.flush()?;
    let shikaku = built(root, "app", "shikaku")?;
    let own = built(root, "xtask", "xtask")?;
    let args = ["bench", kind.subject.command].map(str::to_owned).into_iter().chain(options_as_args(options));
    let status = Command::new(own).args(args).arg("--shikaku").arg(shikaku).current_dir(root).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn options_as_args(options: &Options) -> Vec<String> {
    let mut args =
        vec![format!("--seconds={}", options.seconds), format!("--connections={}", options.connections)];
    args.extend(options.postgres.iter().map(|url| format!("--postgres={url}")));
    args.extend(options.people.iter().map(|people| format!("--people={people}")));
    args.extend(options.data.iter().map(|data| format!("--data={}", data.display())));
    let name = options.only.and_then(|part| part.to_possible_value());
    args.extend(name.iter().map(|name| format!("--only={}", name.get_name())));
    args.extend(options.compare.then(|| "--compare".to_owned()));
    args.extend(options.profile.then(|| "--profile".to_owned()));
    args
}

/// Builds a package in release and says where the executable lies.
pub(crate) fn built(root: &Path, package: &str, name: &str) -> io::Result<PathBuf> {
    let said = Command::new("cargo")
        .args(["build", "--release", "--package", package, "--message-format=json-render-diagnostics"])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()?;
    let executable = String::from_utf8_lossy(&said.stdout).lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let ours = message["target"]["name"] == name;
        message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
    });
    match executable {
        Some(executable) if said.status.success() => Ok(executable),
        _ => Err(io::Error::other(format!("{name} does not build"))),
    }
}

/// What a part needs to know.
struct Setting<'s> {
    root: &'s Path,
    kind: &'s Kind,
    options: &'s Options,
    starter: Starter<'s>,
    cores: Cores,
    conditions: Vec<String>,
}

fn inside(
    root: &Path,
    kind: &Kind,
    options: &Options,
    shikaku: &Path,
    out: &mut dyn Write,
) -> io::Result<ExitCode> {
    let cores = Cores::of_this_process()?;
    let parts = options.only.as_ref().map_or(kind.usual, std::slice::from_ref);
    let folder = machine::real_folder(root)?;
    let starter = Starter { shikaku, core: Some(cores.server), folder: folder.path() };
    let conditions = conditions(root, &folder, cores)?;
    // Everything of this process from here on runs beside the server; what it starts is pinned anew.
    let pinned = ["-cp", &cores.generator.to_string(), &std::process::id().to_string()].map(str::to_owned);
    Command::new("taskset").args(pinned).stdout(Stdio::null()).status()?;
    let setting = Setting { root, kind, options, starter, cores, conditions };
    if options.profile {
        let text = (kind.profile)(&setting, out)?;
        writeln!(out, "{text}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let kept = report::kept(root)?;
    for part in parts {
        let block = (kind.measure)(&setting, *part, out)?;
        writeln!(out, "\n{}", block.markdown())?;
        if options.compare {
            block.compare(&kept).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        } else {
            report::keep(root, &block)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn conditions(root: &Path, folder: &tempfile::TempDir, cores: Cores) -> io::Result<Vec<String>> {
    let pinning = match cores.is_one() {
        true => "server and generator shared the only core, so latency and rate say little".to_owned(),
        false => "the server on one core, the generator on the other".to_owned(),
    };
    let mut all = conditions_without_cores(root, folder.path())?;
    if let Some(disk) = all.last_mut() {
        disk.push_str(&format!("; {pinning}"));
    }
    Ok(all)
}

/// What a run was of and on: commit, machine, disk.
fn conditions_without_cores(root: &Path, folder: &Path) -> io::Result<Vec<String>> {
    let git =
        |args: &[&str]| Command::new("git").args(args).current_dir(root).output().map(|said| said.stdout);
    let commit = String::from_utf8_lossy(&git(&["rev-parse", "--short=10", "HEAD"])?).trim().to_owned();
    let changed = if git(&["status", "--porcelain", "-uno"])?.is_empty() { "" } else { " with changes" };
    Ok(vec![
        format!("{}; commit {commit}{changed}; release build", clock::today("+%Y-%m-%d")?),
        machine::about()?,
        machine::disk(folder)?,
    ])
}

impl Setting<'_> {
    /// What a load is, whatever it asks.
    fn load_says(&self, checks: &str) -> String {
        format!(
            "{} s a load, {} connections with one outstanding request each, mutual TLS 1.3, kept alive, from one \
             terminal; {checks}; every request has a key of its own; every table read fits in memory",
            self.options.seconds, self.options.connections
        )
    }

    /// A load of checks on programs.
    fn bench<'b>(
        &self,
        targets: Vec<Target>,
        watched: Watched,
        checks: Rc<dyn Questions>,
        out: &'b mut dyn Write,
    ) -> io::Result<Bench<'b>> {
        let time = Duration::from_secs(self.options.seconds);
        Bench::open(targets, usize::from(self.options.connections), watched, time, checks, out)
    }

    /// A demo of this name.
    fn demo(&self, name: &str, database: Option<&Database>) -> io::Result<Program> {
        self.starter.demo(name, database.map(Database::url), self.kind.settings, true)
    }

    /// The PostgreSQL that was given, or one of our own.
    fn database(&self) -> io::Result<Database> {
        Ok(match &self.options.postgres {
            Some(url) => Database::Given(url.clone()),
            None => Database::Own(self.cluster()?),
        })
    }

    /// A PostgreSQL beside the bench's folder, which the account postgres could not enter.
    fn cluster(&self) -> io::Result<Cluster> {
        let folder = self.starter.folder;
        Cluster::start(Some(self.cores.server), folder.parent().unwrap_or(folder))
    }

    /// The conditions of every part, and more.
    fn with(&self, more: impl IntoIterator<Item = String>) -> Vec<String> {
        self.conditions.iter().cloned().chain(more).collect()
    }
}

/// A PostgreSQL: our own, or one whose address was given.
enum Database {
    Own(Cluster),
    Given(String),
}

impl Database {
    fn url(&self) -> &str {
        match self {
            Database::Own(cluster) => &cluster.url,
            Database::Given(url) => url,
        }
    }

    fn pid(&self) -> Option<u32> {
        match self {
            Database::Own(cluster) => Some(cluster.pid()),
            Database::Given(_) => None,
        }
    }

    fn says(&self) -> String {
        match self {
            Database::Own(cluster) => format!(
                "PostgreSQL {} of its own over a Unix socket, its defaults (fsync and synchronous_commit on), locale \
                 C, on the server's core: rates are of one core for both",
                cluster.version
            ),
            Database::Given(_) => "a given PostgreSQL database; its CPU time is not seen".into(),
        }
    }
}

/// What is asked of a demo of this name.
type Asks = fn(&Setting<'_>, &str) -> io::Result<Asked>;

/// The profile of a demo that is asked.
fn profiled(setting: &Setting<'_>, asks: Asks, out: &mut dyn Write) -> io::Result<String> {
    let database = match setting.options.only {
        Some(Part::Postgres) => Some(setting.database()?),
        _ => None,
    };
    let starter = &setting.starter;
    let demo = setting.demo("profile", database.as_ref())?;
    let watched = Watched::new(&[&demo], database.as_ref().and_then(Database::pid));
    let asked = asks(setting, "profile")?;
    let mut bench = setting.bench(vec![starter.target("profile", &demo)?], watched, asked.questions, out)?;
    bench.warm_up()?;
    let text = profile::profile(&mut bench, starter, demo.pid(), setting.options.seconds)?;
    drop(bench);
    let trouble = demo.end()?;
    Ok(text + &trouble.unwrap_or_default())
}
