//! `cargo xtask bench counter`: how many checks by number a second one core answers, how soon, and at what cost beside
//! a bare route; and how large and how quick to start the program is. The result goes into docs/benchmarks.md and .json.
//!
//! Always holds: loopback only; everything that is started is ended, and is bounded in time and count; the temporary
//! folder lies on a real disk, so that commits sync; every answer is checked.
//! Not here: what is measured inside the program (nothing is), and the clock (`clock`).
//! Rules come from: the issue, "Speed and size".

mod clock;
mod histogram;
mod load;
mod machine;
mod profile;
mod report;
mod runs;
mod servers;
mod wire;

use clap::{Args, Subcommand, ValueEnum};
use load::Target;
use machine::Cores;
use report::{Aim, Block, Row};
use runs::{Bench, Measured, Watched};
use servers::{Cluster, OwnCertificate, Program, Starter};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What to measure.
#[derive(Subcommand)]
pub enum Which {
    /// Checks by number through the machines' door, on SQLite and PostgreSQL; memory, start and binary.
    Counter(Options),
}

/// How to measure the counter.
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
    /// The release binary; given by the bench to itself.
    #[arg(long, hide = true)]
    shikaku: Option<PathBuf>,
}

/// A part of the bench.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Sqlite,
    Postgres,
    Size,
    Build,
}

/// Builds release binaries and runs itself in release; or, being that, measures.
pub fn command(root: &Path, which: &Which, out: &mut dyn Write) -> io::Result<ExitCode> {
    let Which::Counter(options) = which;
    match &options.shikaku {
        Some(shikaku) => inside(root, options, shikaku, out),
        None => outside(root, options, out),
    }
}

fn outside(root: &Path, options: &Options, out: &mut dyn Write) -> io::Result<ExitCode> {
    writeln!(out, "building in release …")?;
    out.flush()?;
    let shikaku = built(root, "app", "shikaku")?;
    let own = built(root, "xtask", "xtask")?;
    let args = std::iter::once("bench".into()).chain(options_as_args(options));
    let status = Command::new(own).args(args).arg("--shikaku").arg(shikaku).current_dir(root).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn options_as_args(options: &Options) -> Vec<String> {
    let mut args = vec!["counter".to_owned(), format!("--seconds={}", options.seconds)];
    args.push(format!("--connections={}", options.connections));
    args.extend(options.postgres.iter().map(|url| format!("--postgres={url}")));
    let name = options.only.and_then(|part| part.to_possible_value());
    args.extend(name.iter().map(|name| format!("--only={}", name.get_name())));
    args.extend(options.compare.then(|| "--compare".to_owned()));
    args.extend(options.profile.then(|| "--profile".to_owned()));
    args
}

/// Builds a package in release and says where the executable lies.
fn built(root: &Path, package: &str, name: &str) -> io::Result<PathBuf> {
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
    options: &'s Options,
    starter: Starter<'s>,
    cores: Cores,
    conditions: Vec<String>,
}

fn inside(root: &Path, options: &Options, shikaku: &Path, out: &mut dyn Write) -> io::Result<ExitCode> {
    let cores = Cores::of_this_process()?;
    let parts = match options.only {
        Some(part) => vec![part],
        None => vec![Part::Size, Part::Sqlite, Part::Postgres],
    };
    let folder = real_folder(root)?;
    let starter = Starter { shikaku, core: cores.server, folder: folder.path() };
    let conditions = conditions(root, &folder, cores)?;
    // Everything of this process from here on runs beside the server; what it starts is pinned anew.
    let pinned = ["-cp", &cores.generator.to_string(), &std::process::id().to_string()].map(str::to_owned);
    Command::new("taskset").args(pinned).stdout(Stdio::null()).status()?;
    let setting = Setting { options, starter, cores, conditions };
    if options.profile {
        let text = profiled(&setting, out)?;
        writeln!(out, "{text}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let kept = report::kept(root)?;
    for part in parts {
        let block = match part {
            Part::Sqlite => sqlite(&setting, out)?,
            Part::Postgres => postgres(&setting, out)?,
            Part::Size => size(&setting, out)?,
            Part::Build => build(&setting, root, out)?,
        };
        writeln!(out, "\n{}", block.markdown())?;
        if options.compare {
            block.compare(&kept).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        } else {
            report::keep(root, &block)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder for data: in the system's folder for temporary files, or in the workspace when that one is memory.
fn real_folder(root: &Path) -> io::Result<tempfile::TempDir> {
    let temporary = std::env::temp_dir();
    let in_memory = |path: &Path| ["tmpfs", "ramfs"].contains(&machine::file_system(path).as_str());
    let place = [temporary.as_path(), Path::new("/var/tmp"), root].into_iter().find(|path| !in_memory(path));
    let place = place.ok_or_else(|| io::Error::other("no folder on a real disk was found for the data"))?;
    tempfile::Builder::new().prefix("shikaku-bench-").tempdir_in(place)
}

fn conditions(root: &Path, folder: &tempfile::TempDir, cores: Cores) -> io::Result<Vec<String>> {
    let git =
        |args: &[&str]| Command::new("git").args(args).current_dir(root).output().map(|said| said.stdout);
    let commit = String::from_utf8_lossy(&git(&["rev-parse", "--short=10", "HEAD"])?).trim().to_owned();
    let changed = if git(&["status", "--porcelain", "-uno"])?.is_empty() { "" } else { " with changes" };
    let pinning = match cores.is_one() {
        true => "server and generator shared the only core, so latency and rate say little".to_owned(),
        false => "the server on one core, the generator on the other".to_owned(),
    };
    Ok(vec![
        format!("{}; commit {commit}{changed}; release build", clock::today("+%Y-%m-%d")?),
        machine::about()?,
        format!("{}; {pinning}", machine::disk(folder.path())?),
    ])
}

impl Setting<'_> {
    /// A load on programs, and how the load is described.
    fn bench<'b>(
        &self,
        targets: &[Target],
        watched: Watched,
        demo: &str,
        out: &'b mut dyn Write,
    ) -> io::Result<(Bench<'b>, String)> {
        #[expect(
            clippy::disallowed_methods,
            reason = "keys of requests begin with the wall clock, as terminals' do"
        )]
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        let mix = wire::mix(&self.starter.data(demo), &clock::today("+%Y%m%d")?, started.as_millis())?;
        let says = format!(
            "{} s a load, {} connections with one outstanding request each, mutual TLS 1.3, kept alive, from one \
             terminal; {}; every request has a key of its own; every table read fits in memory",
            self.options.seconds, self.options.connections, mix.says
        );
        let (time, connections) =
            (Duration::from_secs(self.options.seconds), usize::from(self.options.connections));
        Ok((Bench::open(targets, connections, watched, time, mix, out)?, says))
    }

    /// A PostgreSQL beside the bench's folder, which the account postgres could not enter.
    fn cluster(&self) -> io::Result<Cluster> {
        let folder = self.starter.folder;
        Cluster::start(self.cores.server, folder.parent().unwrap_or(folder))
    }

    fn with(&self, more: impl IntoIterator<Item = String>) -> Vec<String> {
        self.conditions.iter().cloned().chain(more).collect()
    }
}

/// One demo, measured whole; it is ended afterwards.
fn measured(
    setting: &Setting<'_>,
    name: &str,
    postgres: Option<&Database>,
    out: &mut dyn Write,
) -> io::Result<Run> {
    let demo = setting.starter.demo(name, postgres.map(|database| database.url()), true)?;
    let watched = Watched::new(&[&demo], postgres.and_then(Database::pid));
    let (mut bench, says) = setting.bench(&[setting.starter.target(name, &demo)?], watched, name, out)?;
    let measured = bench.measure()?;
    drop(bench);
    Ok(Run { measured, says, trouble: demo.end()? })
}

/// A measured run, how it was loaded, and what the server complained of.
struct Run {
    measured: Measured,
    says: String,
    trouble: Option<String>,
}

fn sqlite(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<Block> {
    writeln!(out, "SQLite, one process")?;
    let run = measured(setting, "sqlite", None, out)?;
    Ok(Block {
        name: "sqlite",
        title: "SQLite, one process on one core".into(),
        conditions: setting.with([run.says].into_iter().chain(run.measured.disturbed()).chain(run.trouble)),
        rows: report::rows("sqlite", "SQLite", &run.measured, Some(15_000.0)),
        tables: report::tables("SQLite", &run.measured),
    })
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

fn postgres(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<Block> {
    let database = match &setting.options.postgres {
        Some(url) => Database::Given(url.clone()),
        None => Database::Own(setting.cluster()?),
    };
    writeln!(out, "PostgreSQL, one process")?;
    let one = measured(setting, "postgres", Some(&database), out)?;
    writeln!(out, "PostgreSQL, two processes")?;
    let two = two_processes(setting, &database, out)?;
    let disturbed = one.measured.disturbed().or(two.measured.disturbed());
    let mut rows = report::rows("postgres", "PostgreSQL", &one.measured, Some(5_000.0));
    rows.extend(report::rows("postgres_two", "PostgreSQL, two `serve`", &two.measured, None));
    let tables =
        [("PostgreSQL, one process", &one.measured), ("PostgreSQL, two `serve` processes", &two.measured)];
    let tables: Vec<String> = tables.map(|(name, measured)| report::tables(name, measured)).to_vec();
    let says = [
        database.says(),
        one.says,
        "two processes: both on the same core, half of the connections each".into(),
    ];
    Ok(Block {
        name: "postgres",
        title: "PostgreSQL, one and two processes on one core".into(),
        conditions: setting.with(says.into_iter().chain(disturbed).chain(one.trouble).chain(two.trouble)),
        rows,
        tables: tables.join("\n"),
    })
}

/// Two `serve` on the database that the demo named `postgres` has settled. Two demos would not do: each bars the
/// terminals of the other's start.
fn two_processes(setting: &Setting<'_>, database: &Database, out: &mut dyn Write) -> io::Result<Run> {
    let starter = &setting.starter;
    let own = OwnCertificate::make(starter.folder)?;
    let programs =
        ["serve-one", "serve-two"].map(|name| starter.serve(name, database.url(), "postgres", &own));
    let [one, two] = programs;
    let (one, two) = (one?, two?);
    let terminal = starter.data("postgres").join("tls/terminal.pem");
    let target = |program: &Program| Target::new(program.machines, &own.certificate, &terminal);
    let watched = Watched::new(&[&one, &two], database.pid());
    let (mut bench, says) = setting.bench(&[target(&one)?, target(&two)?], watched, "postgres", out)?;
    let measured = bench.measure()?;
    drop(bench);
    let trouble = [one.end()?, two.end()?].into_iter().flatten().next();
    Ok(Run { measured, says, trouble })
}

fn size(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<Block> {
    writeln!(out, "size and start")?;
    let starter = &setting.starter;
    let cold = starter.demo("size", None, true)?;
    let cold_start = cold.ready_after;
    let fresh = machine::resident_mb(cold.pid())?;
    let cold_trouble = cold.end()?;
    let warm = starter.demo("size", None, false)?;
    let watched = Watched::new(&[&warm], None);
    let (mut bench, says) = setting.bench(&[starter.target("size", &warm)?], watched, "size", out)?;
    bench.phase("saturated", false, load::Pace::Closed)?;
    drop(bench);
    let loaded = machine::resident_mb(warm.pid())?;
    let warm_start = warm.ready_after;
    let binary = std::fs::metadata(starter.shikaku)?.len() as f64 / 1e6;
    let trouble = cold_trouble.or(warm.end()?);
    let rows = vec![
        Row::new("resident_mb", "demo, resident after its start", fresh, "MB", Aim::Below(100.0)),
        Row::new(
            "resident_loaded_mb",
            "demo, resident after a saturated load",
            loaded,
            "MB",
            Aim::Below(100.0),
        ),
        Row::new(
            "warm_start_s",
            "demo, second start to `ready`",
            warm_start.as_secs_f64(),
            "s",
            Aim::Below(1.0),
        ),
        Row::new(
            "cold_start_s",
            "demo, first start to `ready`",
            cold_start.as_secs_f64(),
            "s",
            Aim::LessIsBetter,
        ),
        Row::new("binary_mb", "release binary", binary, "MB", Aim::LessIsBetter),
    ];
    let conditions = setting.with([format!("the load: {says}")].into_iter().chain(trouble));
    Ok(Block {
        name: "size",
        title: "Memory, start and binary".into(),
        conditions,
        rows,
        tables: String::new(),
    })
}

/// Builds into an empty folder, on two cores at most.
fn build(setting: &Setting<'_>, root: &Path, out: &mut dyn Write) -> io::Result<Block> {
    writeln!(out, "a cold build …")?;
    out.flush()?;
    let cores = format!("{},{}", setting.cores.server, setting.cores.generator);
    let target = setting.starter.folder.join("target");
    let start = clock::now();
    let status = Command::new("taskset")
        .args(["-c", &cores, "cargo", "build", "--release", "--locked", "--quiet", "--target-dir"])
        .arg(target)
        .current_dir(root)
        .status()?;
    let took = clock::now().duration_since(start).as_secs_f64();
    if !status.success() {
        return Err(io::Error::other("the cold build failed"));
    }
    let rows = vec![Row::new("cold_build_s", "cold build of `demo`", took, "s", Aim::Below(300.0))];
    let conditions = setting
        .with(["two cores; sources of all crates were there already; an empty target folder".to_owned()]);
    Ok(Block { name: "build", title: "Cold build".into(), conditions, rows, tables: String::new() })
}

fn profiled(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<String> {
    let starter = &setting.starter;
    let database = match (setting.options.only, &setting.options.postgres) {
        (Some(Part::Postgres), None) => Some(Database::Own(setting.cluster()?)),
        (Some(Part::Postgres), Some(url)) => Some(Database::Given(url.clone())),
        _ => None,
    };
    let demo = starter.demo("profile", database.as_ref().map(Database::url), true)?;
    let watched = Watched::new(&[&demo], database.as_ref().and_then(Database::pid));
    let (mut bench, _) = setting.bench(&[starter.target("profile", &demo)?], watched, "profile", out)?;
    bench.warm_up()?;
    let text = profile::profile(&mut bench, starter, demo.pid(), setting.options.seconds)?;
    drop(bench);
    let trouble = demo.end()?;
    Ok(text + &trouble.unwrap_or_default())
}
