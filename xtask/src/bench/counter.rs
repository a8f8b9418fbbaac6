//! The counter's bench: checks by number on SQLite and PostgreSQL; and how large and how quick to start the program is.
//! A part is measured whole on a demo of its own, which is ended afterwards.

use super::{
    Asked, Database, Kind, Part, Setting,
    report::{self, Aim, Aims, Block, COUNTER, Row},
    runs::{Measured, Watched},
};
use simulation::{
    clock,
    load::{self, Target},
    machine,
    servers::{OwnCertificate, Program},
    started_ms, wire,
};
use std::{
    io::{self, Write},
    process::Command,
    rc::Rc,
};

/// The bench.
pub(super) const KIND: Kind = Kind {
    subject: COUNTER,
    parts: &[Part::Size, Part::Sqlite, Part::Postgres, Part::Build],
    usual: &[Part::Size, Part::Sqlite, Part::Postgres],
    settings: "",
    profile: |setting, out| super::profiled(setting, asks, out),
    measure,
};

/// What SQLite should reach; PostgreSQL a third of the rate.
const AIMS: Aims = Aims { rate: 15_000.0, p99_moderate: 10.0, p99_80: Some(50.0), cpu_of_hello: Some(9.0) };
const POSTGRES_AIMS: Aims = Aims { rate: 5_000.0, ..AIMS };

fn measure(setting: &Setting<'_>, part: Part, out: &mut dyn Write) -> io::Result<Block> {
    match part {
        Part::Sqlite => sqlite(setting, out),
        Part::Postgres => postgres(setting, out),
        Part::Size => size(setting, out),
        Part::Build => build(setting, out),
    }
}

/// Every patient of a demo, by number.
fn asks(setting: &Setting<'_>, demo: &str) -> io::Result<Asked> {
    let mix = wire::mix(&setting.starter.data(demo), &clock::today("+%Y%m%d")?, started_ms()?)?;
    Ok(Asked { questions: Rc::new(mix.questions), says: mix.says })
}

/// A measured run, how it was loaded, and what the server complained of.
struct Run {
    measured: Measured,
    says: String,
    trouble: Option<String>,
}

/// One demo, measured whole; it is ended afterwards.
fn measured(
    setting: &Setting<'_>,
    name: &str,
    postgres: Option<&Database>,
    out: &mut dyn Write,
) -> io::Result<Run> {
    let demo = setting.demo(name, postgres)?;
    let watched = Watched::new(&[&demo], postgres.and_then(Database::pid));
    let asked = asks(setting, name)?;
    let mut bench =
        setting.bench(vec![setting.starter.target(name, &demo)?], watched, asked.questions, out)?;
    let measured = bench.measure()?;
    drop(bench);
    Ok(Run { measured, says: setting.load_says(&asked.says), trouble: demo.end()? })
}

fn sqlite(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<Block> {
    writeln!(out, "SQLite, one process")?;
    let run = measured(setting, "sqlite", None, out)?;
    Ok(Block {
        subject: COUNTER,
        name: "sqlite",
        title: "SQLite, one process on one core".into(),
        conditions: setting.with([run.says].into_iter().chain(run.measured.disturbed()).chain(run.trouble)),
        rows: report::rows(COUNTER, "sqlite", "SQLite", &run.measured, Some(&AIMS)),
        tables: report::tables(COUNTER, "SQLite", &run.measured),
    })
}

fn postgres(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<Block> {
    let database = setting.database()?;
    writeln!(out, "PostgreSQL, one process")?;
    let one = measured(setting, "postgres", Some(&database), out)?;
    writeln!(out, "PostgreSQL, two processes")?;
    let two = two_processes(setting, &database, out)?;
    let disturbed = one.measured.disturbed().or(two.measured.disturbed());
    let mut rows = report::rows(COUNTER, "postgres", "PostgreSQL", &one.measured, Some(&POSTGRES_AIMS));
    rows.extend(report::rows(COUNTER, "postgres_two", "PostgreSQL, two `serve`", &two.measured, None));
    let tables =
        [("PostgreSQL, one process", &one.measured), ("PostgreSQL, two `serve` processes", &two.measured)];
    let tables: Vec<String> = tables.map(|(name, measured)| report::tables(COUNTER, name, measured)).to_vec();
    let says = [
        database.says(),
        one.says,
        "two processes: both on the same core, half of the connections each".into(),
    ];
    Ok(Block {
        subject: COUNTER,
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
    let asked = asks(setting, "postgres")?;
    let mut bench = setting.bench(vec![target(&one)?, target(&two)?], watched, asked.questions, out)?;
    let measured = bench.measure()?;
    drop(bench);
    let trouble = [one.end()?, two.end()?].into_iter().flatten().next();
    Ok(Run { measured, says: setting.load_says(&asked.says), trouble })
}

fn size(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<Block> {
    writeln!(out, "size and start")?;
    let starter = &setting.starter;
    let cold = setting.demo("size", None)?;
    let cold_start = cold.ready_after;
    let fresh = machine::resident_mb(cold.pid())?;
    let cold_trouble = cold.end()?;
    let warm = starter.demo("size", None, setting.kind.settings, false)?;
    let watched = Watched::new(&[&warm], None);
    let asked = asks(setting, "size")?;
    let mut bench = setting.bench(vec![starter.target("size", &warm)?], watched, asked.questions, out)?;
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
    let conditions =
        setting.with([format!("the load: {}", setting.load_says(&asked.says))].into_iter().chain(trouble));
    Ok(Block {
        subject: COUNTER,
        name: "size",
        title: "Memory, start and binary".into(),
        conditions,
        rows,
        tables: String::new(),
    })
}

/// Builds into an empty folder, on two cores at most.
fn build(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<Block> {
    writeln!(out, "a cold build …")?;
    out.flush()?;
    let cores = format!("{},{}", setting.cores.server, setting.cores.generator);
    let target = setting.starter.folder.join("target");
    let start = clock::now();
    let status = Command::new("taskset")
        .args(["-c", &cores, "cargo", "build", "--release", "--locked", "--quiet", "--target-dir"])
        .arg(target)
        .current_dir(setting.root)
        .status()?;
    let took = clock::now().duration_since(start).as_secs_f64();
    if !status.success() {
        return Err(io::Error::other("the cold build failed"));
    }
    let rows = vec![Row::new("cold_build_s", "cold build of `demo`", took, "s", Aim::Below(300.0))];
    let conditions = setting
        .with(["two cores; sources of all crates were there already; an empty target folder".to_owned()]);
    Ok(Block {
        subject: COUNTER,
        name: "build",
        title: "Cold build".into(),
        conditions,
        rows,
        tables: String::new(),
    })
}
