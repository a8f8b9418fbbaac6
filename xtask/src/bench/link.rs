//! The bench of `shikaku link`: all its stages beside DuckDB's exact join of the same two files, in turns, in one run;
//! the normaliser by itself; Splink beside it when asked.
//!
//! Always holds: both get the same files, which were read once before so that they lie in memory; DuckDB's time is that of
//! its one statement, CSV in and CSV out, without the interpreter's start, ours that of the whole process; ratios are of
//! one run. DuckDB joins twice: once it writes no more of a pair than both keys, the least that can be called an answer, and
//! once all columns of both rows, which are about as many bytes as the results of `shikaku link`. Packages are named by
//! version and come by pip into a folder beside the build's.
//! Not here: whether links are right (`quality`).
//! Rules come from: the issue on linkage, "Speed".

mod cost;

use super::{
    built, conditions_without_cores,
    report::{self, Aim, Block, LINK, Row},
};
use crate::quality::Rosters;
use clap::Args;
use cost::{Cost, measured};
use serde_json::Value;
use simulation::machine::{self, Busy};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// How to measure.
#[derive(Args, Clone)]
pub struct Options {
    /// Ten times as many rows: 12 million and 18 million; also under a cap of memory.
    #[arg(long)]
    large: bool,
    /// The cap, with --large.
    #[arg(long, default_value = "500MB")]
    memory: String,
    /// Splink beside it, on 200,000 and 300,000 rows: time and quality.
    #[arg(long)]
    splink: bool,
    /// How often each is measured; the middle one counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=15))]
    rounds: u8,
    /// The rosters' seed.
    #[arg(long, default_value_t = 101)]
    seed: u64,
    /// Print ratios against docs/benchmarks.json and write nothing.
    #[arg(long)]
    compare: bool,
    /// Rosters and results are kept in this folder and taken from there when they are there already.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// A release binary of shikaku instead of building one.
    #[arg(long, value_name = "FILE")]
    shikaku: Option<PathBuf>,
}

/// DuckDB and Splink, by version: another version is another measurement.
const DUCKDB: &str = "duckdb==2.0.1";
const SPLINK: &str = "splink==5.0.0";

const JOIN: &str = include_str!("link/join.py");
const RIVAL: &str = include_str!("link/splink_link.py");

/// Aims: of wall time, of CPU time, resident MB.
const WALL_RATIO: f64 = 2.0;
const CPU_RATIO: f64 = 5.0;
const SMALL_MB: f64 = 1_000.0;
const LARGE_MB: f64 = 3_000.0;

/// Builds, measures, and writes it down.
pub fn command(root: &Path, options: &Options, out: &mut dyn Write) -> io::Result<ExitCode> {
    writeln!(out, "building in release …")?;
    out.flush()?;
    let shikaku = match &options.shikaku {
        Some(shikaku) => shikaku.clone(),
        None => built(root, "app", "shikaku")?,
    };
    let temporary = machine::real_folder(root)?;
    let folder = options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    fs::create_dir_all(&folder)?;
    let conditions = conditions_without_cores(root, &folder)?;
    let python = python(DUCKDB, "duckdb")?;
    let bench = Bench { shikaku: &shikaku, folder: &folder, python: &python, options, conditions };
    let block = if options.splink {
        bench.splink(out)?
    } else if options.large {
        bench.large(out)?
    } else {
        bench.small(out)?
    };
    writeln!(out, "\n{}", block.markdown())?;
    if options.compare {
        block.compare(&report::kept(root)?).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    } else {
        report::keep(root, &block)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A Python with a package, made once beside the build's folder.
fn python(package: &str, name: &str) -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).unwrap_or(Path::new("."));
    let place = target.join(format!("python-{name}"));
    let python = place.join("bin/python");
    let whole = place.join(format!("complete-{}", package.replace(['=', '<', '>', ','], "-")));
    if whole.exists() {
        return Ok(python);
    }
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    let done = |command: &mut Command, what: &str| match command.status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{what} failed"))),
    };
    done(Command::new("python3").args(["-m", "venv"]).arg(&place), "python3 -m venv")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package];
    done(Command::new(&python).args(pip), "pip install")?;
    fs::write(whole, "")?;
    Ok(python)
}

struct Bench<'b> {
    shikaku: &'b Path,
    folder: &'b Path,
    python: &'b Path,
    options: &'b Options,
    conditions: Vec<String>,
}

/// What DuckDB took.
struct Join {
    /// The statement's wall and CPU seconds.
    wall: f64,
    cpu: f64,
    rows: u64,
    version: String,
    cost: Cost,
}

/// One after the other, in turns.
struct Turns {
    ours: Vec<Cost>,
    joins: Vec<Join>,
    /// The same join with all columns of both rows; none with the large files, of which no wall time is asked.
    whole: Vec<Join>,
    beside: f64,
}

impl Bench<'_> {
    /// Two rosters in a folder; those that are there are taken.
    fn rosters(&self, rows_a: u32, rows_b: u32, out: &mut dyn Write) -> io::Result<PathBuf> {
        let place = self.folder.join(format!("{rows_a}-{rows_b}-{}", self.options.seed));
        if !place.join("classes.csv").exists() {
            writeln!(out, "making {rows_a} and {rows_b} rows …")?;
            out.flush()?;
            let both = (u64::from(rows_a) * 11 / 12) as u32;
            let rosters = Rosters { rows_a, rows_b, both, seed: self.options.seed, noise: "field" };
            rosters.make(self.shikaku, &place)?;
        }
        Ok(place)
    }

    /// Links, all stages.
    fn link(&self, place: &Path, more: &[&str]) -> io::Result<Cost> {
        let results = place.join("link");
        if results.exists() {
            fs::remove_dir_all(&results)?;
        }
        let mut command = Command::new(self.shikaku);
        command.arg("link").arg(place.join("a.csv")).arg(place.join("b.csv"));
        command.arg("--spec").arg(place.join("spec.toml")).arg("--out").arg(&results).args(more);
        Ok(measured(&mut command)?.0)
    }

    /// DuckDB's join into `keys` or `rows`; or its `count` of pairs that are the same byte for byte.
    fn join(&self, place: &Path, what: &str) -> io::Result<Join> {
        let (cost, said) = measured(Command::new(self.python).args(["-c", JOIN]).arg(place).arg(what))?;
        let said = last_line(&said)?;
        let number =
            |name: &str| said[name].as_f64().ok_or_else(|| io::Error::other("the join told no numbers"));
        Ok(Join {
            wall: number("wall")?,
            cpu: number("cpu")?,
            rows: number("rows")? as u64,
            version: said["version"].as_str().unwrap_or("of unknown version").to_owned(),
            cost,
        })
    }

    fn turns(&self, place: &Path, rounds: u8, whole: bool, out: &mut dyn Write) -> io::Result<Turns> {
        for file in ["a.csv", "b.csv"] {
            io::copy(&mut fs::File::open(place.join(file))?, &mut io::sink())?;
        }
        let mut turns = Turns { ours: Vec::new(), joins: Vec::new(), whole: Vec::new(), beside: 0.0 };
        let (busy, start) = (Busy::now()?, simulation::clock::now());
        for round in 1..=rounds {
            let join = self.join(place, "keys")?;
            let ours = self.link(place, &[])?;
            writeln!(
                out,
                "  round {round}: DuckDB {:.2} s ({:.2} CPU-s, {:.0} MB), shikaku {:.2} s ({:.2} CPU-s, {:.0} MB)",
                join.wall, join.cpu, join.cost.resident_mb, ours.wall, ours.cpu, ours.resident_mb
            )?;
            turns.joins.push(join);
            turns.ours.push(ours);
            if whole {
                let join = self.join(place, "rows")?;
                writeln!(out, "           DuckDB with rows {:.2} s ({:.2} CPU-s)", join.wall, join.cpu)?;
                turns.whole.push(join);
            }
            out.flush()?;
        }
        let took = simulation::clock::now().duration_since(start).as_secs_f64();
        let worked = busy.since()?.0.as_secs_f64();
        let joins = turns.joins.iter().chain(&turns.whole).map(|join| join.cost.cpu);
        let own: f64 = joins.chain(turns.ours.iter().map(|ours| ours.cpu)).sum();
        turns.beside = ((worked - own) / took).max(0.0);
        Ok(turns)
    }

    /// Rows that both sizes give, with aims for wall and CPU time beside DuckDB's, memory, and memory besides files.
    fn rows(&self, turns: &Turns, [wall, cpu, resident, own]: [Aim; 4]) -> Vec<Row> {
        let ours = |of: fn(&Cost) -> f64| middle(turns.ours.iter().map(of));
        let join = |of: fn(&Join) -> f64| middle(turns.joins.iter().map(of));
        let lessens = Aim::LessIsBetter;
        let most = |of: fn(&Cost) -> f64| turns.ours.iter().map(of).fold(0.0, f64::max);
        vec![
            Row::new("duckdb_wall_s", "DuckDB: exact join into keys, wall", join(|j| j.wall), "s", lessens),
            Row::new("duckdb_cpu_s", "DuckDB: exact join into keys, CPU", join(|j| j.cpu), "s", lessens),
            Row::new("duckdb_mb", "DuckDB: resident at most", join(|j| j.cost.resident_mb), "MB", lessens),
            Row::new("wall_s", "shikaku link, all stages: wall", ours(|c| c.wall), "s", lessens),
            Row::new("cpu_s", "shikaku link, all stages: CPU", ours(|c| c.cpu), "s", lessens),
            Row::new(
                "wall_ratio",
                "wall ÷ DuckDB's join into keys",
                ours(|c| c.wall) / join(|j| j.wall),
                "×",
                wall,
            ),
            Row::new(
                "cpu_ratio",
                "CPU ÷ DuckDB's join into keys",
                ours(|c| c.cpu) / join(|j| j.cpu),
                "×",
                cpu,
            ),
            Row::new(
                "resident_mb",
                "shikaku link: resident at most, mapped input included",
                most(|c| c.resident_mb),
                "MB",
                resident,
            ),
            Row::new(
                "own_mb",
                "shikaku link: resident at most, besides mapped files",
                most(|c| c.own_mb),
                "MB",
                own,
            ),
        ]
    }

    /// The join that writes as much as `shikaku link`, beside it.
    fn whole(turns: &Turns) -> [Row; 3] {
        let wall = middle(turns.whole.iter().map(|join| join.wall));
        let cpu = middle(turns.whole.iter().map(|join| join.cpu));
        let ours = middle(turns.ours.iter().map(|ours| ours.wall));
        let lessens = Aim::LessIsBetter;
        [
            Row::new("duckdb_rows_wall_s", "DuckDB: exact join into rows, wall", wall, "s", lessens),
            Row::new("duckdb_rows_cpu_s", "DuckDB: exact join into rows, CPU", cpu, "s", lessens),
            Row::new(
                "wall_ratio_rows",
                "wall ÷ DuckDB's join into rows",
                ours / wall,
                "×",
                Aim::AtMost(WALL_RATIO),
            ),
        ]
    }

    fn with(&self, more: impl IntoIterator<Item = String>) -> Vec<String> {
        self.conditions.iter().cloned().chain(more).collect()
    }

    fn says(&self, turns: &Turns, place: &Path) -> io::Result<Vec<String>> {
        let size = |name: &str| fs::metadata(place.join(name)).map(|meta| meta.len() as f64 / 1e6);
        let version = turns.joins.first().map_or("", |join| &join.version);
        let rows = turns.joins.first().map_or(0, |join| join.rows);
        let also = if turns.whole.is_empty() {
            ""
        } else {
            " (keys), and once more into one of all columns of both rows (rows)"
        };
        Ok(vec![
            format!(
                "invented rosters, seed {}, noise as in the field: a.csv {:.0} MB, b.csv {:.0} MB, read once before; \
                 {} rounds in turn, the middle one counts",
                self.options.seed,
                size("a.csv")?,
                size("b.csv")?,
                turns.ours.len()
            ),
            format!(
                "DuckDB {version}: one statement, `read_csv` of both files joined on 氏名, 生年月日, 性別 and 住所 into a CSV \
                 of {rows} pairs of keys{also}; its time begins when the module is loaded"
            ),
            format!("others worked on {:.2} cores meanwhile", turns.beside),
        ])
    }

    /// What a run found, so that the time is of something.
    fn found(&self, place: &Path) -> io::Result<String> {
        let text = fs::read_to_string(place.join("link/summary.json"))?;
        let summary: Value = serde_json::from_str(&text).map_err(io::Error::other)?;
        let count = |name: &str| summary["a"][name].as_u64().unwrap_or(0);
        let raw = &summary["raw_pairs"];
        let raw = raw["linked"].as_u64().unwrap_or(0) + raw["review"].as_u64().unwrap_or(0);
        let counted = self.join(place, "count")?.rows;
        let agrees = match raw == counted {
            true => "DuckDB counts as many".to_owned(),
            false => format!("**DuckDB counts {counted}**"),
        };
        Ok(format!(
            "Of {} rows of A {} were linked, {} laid before a clerk, {} not linked. Pairs the same byte for byte in all \
             attributes, one row a side: {raw}; {agrees}.\n",
            count("rows"),
            count("linked"),
            count("review"),
            count("unlinked"),
        ))
    }

    fn small(&self, out: &mut dyn Write) -> io::Result<Block> {
        let place = self.rosters(1_200_000, 1_800_000, out)?;
        let turns = self.turns(&place, self.options.rounds, true, out)?;
        let mut rows = self.rows(
            &turns,
            [Aim::AtMost(WALL_RATIO), Aim::LessIsBetter, Aim::AtMost(SMALL_MB), Aim::LessIsBetter],
        );
        rows.extend(Self::whole(&turns));
        let tables = self.found(&place)?;
        rows.extend(self.normaliser(&place, 1_800_000, out)?);
        Ok(Block {
            subject: LINK,
            name: "million",
            title: "1.2 million rows against 1.8 million".into(),
            conditions: self.with(self.says(&turns, &place)?),
            rows,
            tables,
        })
    }

    /// The normaliser by itself: reads B and writes nothing that lands anywhere.
    fn normaliser(&self, place: &Path, count: u32, out: &mut dyn Write) -> io::Result<[Row; 3]> {
        let mut walls = Vec::new();
        for _ in 0..self.options.rounds {
            let mut command = Command::new(self.shikaku);
            command.args(["link", "normalise"]).arg(place.join("b.csv"));
            command.arg("--spec").arg(place.join("spec.toml")).args(["--side", "b", "--out", "/dev/null"]);
            walls.push(measured(&mut command)?.0);
        }
        let wall = middle(walls.iter().map(|cost| cost.wall));
        let cpu = middle(walls.iter().map(|cost| cost.cpu));
        let size = fs::metadata(place.join("b.csv"))?.len() as f64 / 1e6;
        writeln!(out, "  normaliser: {wall:.2} s ({cpu:.2} CPU-s)")?;
        Ok([
            Row::new(
                "normalise_rows",
                "normaliser alone, with writing its CSV",
                f64::from(count) / wall,
                "rows/s",
                Aim::MoreIsBetter,
            ),
            Row::new("normalise_mb", "normaliser alone", size / wall, "MB/s", Aim::MoreIsBetter),
            Row::new(
                "normalise_us",
                "normaliser alone, CPU of a row",
                cpu * 1e6 / f64::from(count),
                "µs",
                Aim::LessIsBetter,
            ),
        ])
    }

    fn large(&self, out: &mut dyn Write) -> io::Result<Block> {
        let place = self.rosters(12_000_000, 18_000_000, out)?;
        let turns = self.turns(&place, 1, false, out)?;
        let mut rows = self.rows(
            &turns,
            [Aim::LessIsBetter, Aim::AtMost(CPU_RATIO), Aim::LessIsBetter, Aim::AtMost(LARGE_MB)],
        );
        let mut tables = self.found(&place)?;
        let before = hash_of(&place)?;
        let cap = &self.options.memory;
        let capped = self.link(&place, &["--memory", cap])?;
        rows.extend([
            Row::new(
                "capped_wall_s",
                &format!("with a cap of {cap}: wall"),
                capped.wall,
                "s",
                Aim::LessIsBetter,
            ),
            Row::new(
                "capped_cpu_s",
                &format!("with a cap of {cap}: CPU"),
                capped.cpu,
                "s",
                Aim::LessIsBetter,
            ),
            Row::new(
                "capped_own_mb",
                &format!("with a cap of {cap}: resident at most, besides mapped files"),
                capped.own_mb,
                "MB",
                Aim::LessIsBetter,
            ),
        ]);
        let same = if hash_of(&place)? == before { "the same bytes" } else { "**other bytes**" };
        tables.push_str(&format!("With the cap it finished and wrote {same} as without.\n"));
        Ok(Block {
            subject: LINK,
            name: "large",
            title: "12 million rows against 18 million".into(),
            conditions: self.with(self.says(&turns, &place)?),
            rows,
            tables,
        })
    }

    fn splink(&self, out: &mut dyn Write) -> io::Result<Block> {
        let place = self.rosters(200_000, 300_000, out)?;
        let python = python(SPLINK, "splink")?;
        let ours = self.link(&place, &[])?;
        let mut tally = crate::quality::Tally::default();
        tally.add(&place)?;
        writeln!(out, "Splink …")?;
        out.flush()?;
        let (cost, said) = measured(Command::new(python).args(["-c", RIVAL]).arg(&place))?;
        let said = last_line(&said)?;
        let version = said["version"].as_str().unwrap_or("of unknown version");
        let says = format!(
            "Splink {version} on DuckDB, the rosters as written, seed {}; levels of agreement in name, kana, birth date, sex, \
             address; five blocking rules; u from random pairs, m by expectation maximisation; threshold {}, then the best \
             pair of each row",
            self.options.seed, said["threshold"]
        );
        Ok(Block {
            subject: LINK,
            name: "splink",
            title: "Beside Splink, 200,000 rows against 300,000".into(),
            conditions: self.with([says]),
            rows: splink_rows(&said, cost, &tally, ours),
            tables: String::new(),
        })
    }
}

/// The JSON in the last line of what a script said; libraries may say things before.
fn last_line(said: &str) -> io::Result<Value> {
    serde_json::from_str(said.lines().last().unwrap_or_default()).map_err(io::Error::other)
}

/// Splink's numbers and ours.
fn splink_rows(said: &Value, cost: Cost, tally: &crate::quality::Tally, ours: Cost) -> Vec<Row> {
    let share = |name: &str| said[name].as_f64().unwrap_or(f64::NAN);
    let (pairs, links) = (tally.all.pairs as f64, tally.links);
    let ours_precision = (links.all - links.wrong) as f64 / links.all.max(1) as f64;
    let more = Aim::MoreIsBetter;
    let less = Aim::LessIsBetter;
    vec![
        Row::new("splink_wall_s", "Splink: wall, whole process", cost.wall, "s", less),
        Row::new("splink_cpu_s", "Splink: CPU", cost.cpu, "s", less),
        Row::new("splink_mb", "Splink: resident at most", cost.resident_mb, "MB", less),
        Row::new(
            "splink_recall",
            "Splink: true pairs linked, one to one",
            share("recall") * 100.0,
            "%",
            more,
        ),
        Row::new("splink_wrong", "Splink: false links in a million", share("wrong_per_million"), "", less),
        Row::new("wall_s", "shikaku link: wall", ours.wall, "s", less),
        Row::new("cpu_s", "shikaku link: CPU", ours.cpu, "s", less),
        Row::new("resident_mb", "shikaku link: resident at most", ours.resident_mb, "MB", less),
        Row::new(
            "recall",
            "shikaku link: true pairs linked",
            tally.all.linked as f64 * 100.0 / pairs,
            "%",
            more,
        ),
        Row::new(
            "review",
            "shikaku link: true pairs laid before a clerk",
            tally.all.review as f64 * 100.0 / pairs,
            "%",
            less,
        ),
        Row::new("wrong", "shikaku link: false links in a million", (1.0 - ours_precision) * 1e6, "", less),
    ]
}

/// The hash of the links, as the run's record has it.
fn hash_of(place: &Path) -> io::Result<String> {
    let text = fs::read_to_string(place.join("link/run.json"))?;
    let record: Value = serde_json::from_str(&text).map_err(io::Error::other)?;
    let files = record["files"].as_array().cloned().unwrap_or_default();
    Ok(files.iter().map(|file| format!("{} {}\n", file["name"], file["sha256"])).collect())
}

/// The middle one of several.
fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_not_the_mean() {
        assert_eq!(middle([9.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(middle([1.0, 2.0].into_iter()), 2.0);
        assert!(middle([].into_iter()).is_nan());
    }
}
