//! `shikaku feed` and `shikaku office`: outside offices' files loaded by the operator, checked, and who may send some.
//!
//! Always holds: a load says how far it is and goes on after Ctrl-C or a kill where it stopped; on SQLite it owns the
//! directory or says to whom the file is to be sent; problems go into the report as line, field, code and text, and nothing
//! of a line goes anywhere.
//! Not here: what a line leads to (`intake`); the machines' door (`intake::web`).
//! Rules come from: docs/feeds.md.

use crate::{
    commands,
    datadir::{self, DataDir},
    rim,
    settings::Settings,
};
use audit::{Ledger, Sealer};
use base::{Actor, Clock, Cx, Date, Error, Fault, Help, Id, Instant, InsurerNumber, Purpose, Result};
use clap::{Args, Subcommand};
use formats::feed;
use intake::{
    jobs::{self, BATCH_ALONE, BATCH_BESIDE, Desk, Problem, Report},
    rules::{Delivery, NewOffice, Whose},
};
use std::{
    cell::Cell,
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};
use store::Store;

/// Feed files.
#[derive(Subcommand)]
pub enum FeedCommand {
    /// Loads files, one after another. Stopped or killed, it goes on when called again; a file that was loaded whole does
    /// nothing again. Exit code 0 when every line was taken.
    Load(LoadArgs),
    /// Reads files through and tells what is wrong with them, without any data. Exit code 0 when nothing is.
    Check {
        /// Writes all problems into a CSV file.
        #[arg(long, value_name = "CSV")]
        report: Option<PathBuf>,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// What to load, and into what.
#[derive(Args)]
pub struct LoadArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Writes problems (the first 1,000 of each file) into a CSV file.
    #[arg(long, value_name = "CSV")]
    report: Option<PathBuf>,
    /// Records in a transaction (default: 500 on SQLite, 24 on PostgreSQL, where servers may be at work).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: Option<u32>,
    /// The files, in the order in which they are loaded.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Offices that may send files to the machines' door.
#[derive(Subcommand)]
pub enum OfficeCommand {
    /// Admits an office by its client certificate, and prints its id.
    Admit {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// register, insurer, authority, municipality or directory.
        #[arg(long)]
        kind: String,
        /// Of an insurer, its insurer number.
        #[arg(long, value_name = "NUMBER")]
        insurer: Option<String>,
        /// What people call it.
        #[arg(long)]
        label: String,
        /// Its certificate, PEM.
        #[arg(long, value_name = "FILE")]
        cert: PathBuf,
        /// The last day on which it may send, YYYY-MM-DD; the certificate's own end counts too.
        #[arg(long, value_name = "DAY")]
        until: String,
    },
    /// Bars an office for ever.
    Bar {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Its id, off_….
        office: String,
    },
    /// Lists offices, newest first.
    List {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

impl OfficeCommand {
    fn data(&self) -> &Path {
        match self {
            OfficeCommand::Admit { data, .. }
            | OfficeCommand::Bar { data, .. }
            | OfficeCommand::List { data } => data,
        }
    }
}

/// Runs `shikaku feed`; whether nothing is left to do or to mend.
pub fn feed(
    command: FeedCommand,
    settings: &Settings,
    stop: &AtomicBool,
    say: &mut dyn FnMut(&str),
) -> Result<bool> {
    match command {
        FeedCommand::Load(args) => load(&args, settings, stop, say),
        FeedCommand::Check { report, files } => check(report.as_deref(), &files, say),
    }
}

// Checking -----------------------------------------------------------------------------------------------------------

fn check(report: Option<&Path>, files: &[PathBuf], say: &mut dyn FnMut(&str)) -> Result<bool> {
    let mut table = Table::begin(report)?;
    let mut is_clean = true;
    for path in files {
        let unreadable = |e| Fault::caused(format!("{} cannot be read", path.display()), e);
        let input = BufReader::new(File::open(path).map_err(unreadable)?);
        let checked = match jobs::check(input).map_err(unreadable)? {
            Ok(checked) => checked,
            Err(problem) => {
                say(&format!("{}: line 1, {problem}", path.display()));
                is_clean = false;
                continue;
            }
        };
        let header = &checked.report.header;
        say(&format!(
            "{}: delivery {} of {}, {} lines",
            path.display(),
            header.delivery,
            header.office.word(),
            checked.lines
        ));
        for (word, count) in &checked.records {
            say(&format!("  {word} {count}"));
        }
        table.add(path, &checked.report)?;
        told(&checked.report, say);
        is_clean &= checked.report.problems_count == 0;
    }
    table.end()?;
    Ok(is_clean)
}

/// Problems by code, with the first line of each.
fn told(report: &Report, say: &mut dyn FnMut(&str)) {
    let mut by_code: BTreeMap<&str, (u64, &Problem)> = BTreeMap::new();
    for problem in &report.problems {
        by_code.entry(problem.help.code).or_insert((0, problem)).0 += 1;
    }
    for (code, (count, first)) in by_code {
        say(&format!(
            "  {count} × {code}, first in line {} {}: {}",
            first.line,
            first.field,
            text(first.help).1
        ));
    }
    if report.problems_count > report.problems.len() as u64 {
        say(&format!(
            "  {} problems in all; the first {} are told",
            report.problems_count,
            report.problems.len()
        ));
    }
}

/// What happened and what to do, in Japanese and in English.
fn text(help: &Help) -> (String, String) {
    (format!("{}{}", help.what.0, help.desk.0), format!("{} {}", help.what.1, help.desk.1))
}

/// The report of problems as CSV.
struct Table(Option<csv::Writer<File>>);

impl Table {
    fn begin(path: Option<&Path>) -> Result<Table> {
        let Some(path) = path else { return Ok(Table(None)) };
        let file = File::create(path).map_err(|e| Fault::caused("the report cannot be written", e))?;
        let mut writer = csv::Writer::from_writer(file);
        let head = ["file", "line", "field", "code", "ja", "en"];
        writer.write_record(head).map_err(unwritable)?;
        Ok(Table(Some(writer)))
    }

    fn add(&mut self, path: &Path, report: &Report) -> Result<()> {
        let Some(writer) = &mut self.0 else { return Ok(()) };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for problem in &report.problems {
            let (ja, en) = text(problem.help);
            let line = problem.line.to_string();
            let record = [&name, line.as_str(), problem.field.as_str(), problem.help.code, &ja, &en];
            writer.write_record(record).map_err(unwritable)?;
        }
        Ok(())
    }

    fn end(self) -> Result<()> {
        let Some(mut writer) = self.0 else { return Ok(()) };
        writer.flush().map_err(|e| Fault::caused("the report cannot be written", e).into())
    }
}

fn unwritable(error: csv::Error) -> Error {
    Fault::caused("the report cannot be written", error).into()
}

// Loading ------------------------------------------------------------------------------------------------------------

/// Opened data of a load. On PostgreSQL a server may own the directory; it then seals the log too.
struct Place {
    store: Store,
    sealer: Option<Sealer>,
    clock: rim::WallClock,
    ids: rim::TimeIds,
    _dir: Option<DataDir>,
}

const WHO: &str = "shikaku feed load";

impl Place {
    fn open(data: &Path, settings: &Settings) -> Result<Place> {
        let owner = datadir::owner(data);
        let is_sqlite = settings.database.url == "sqlite";
        let (dir, store) = match owner {
            Some(says) if is_sqlite => {
                return Err(Error::broken(format!(
                    "a server has the data directory ({says}): send the file to its machines' door, POST {} (see \
                     docs/feeds.md), or stop the server first",
                    intake::web::DELIVERIES_PATH
                )));
            }
            Some(_) => {
                let ledger = Ledger::new(Arc::new(rim::TimeIds::new()), rim::random_source());
                let place = store::Place::Postgres { url: settings.database.url.clone() };
                (None, Store::open(place, Arc::new(ledger))?)
            }
            None => {
                let (dir, store) = commands::open_store(data, settings, WHO)?;
                (Some(dir), store)
            }
        };
        let sealer = dir.as_ref().map(|dir| dir.signing_key().map(Sealer::new)).transpose()?;
        let clock = clock_of(data, settings);
        Ok(Place { store, sealer, clock, ids: rim::TimeIds::new(), _dir: dir })
    }

    fn seal(&mut self) -> Result<()> {
        match &mut self.sealer {
            Some(sealer) => sealer.seal(&self.store, self.clock.now()).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Wall time; in a demo's directory the demo's.
fn clock_of(data: &Path, settings: &Settings) -> rim::WallClock {
    let is_demo = data.join(datadir::SEED).exists();
    if is_demo { datadir::clock(data, settings) } else { rim::WallClock::new(0) }
}

fn load(args: &LoadArgs, settings: &Settings, stop: &AtomicBool, say: &mut dyn FnMut(&str)) -> Result<bool> {
    let mut place = Place::open(&args.data, settings)?;
    let mut table = Table::begin(args.report.as_deref())?;
    let mut is_clean = true;
    for path in &args.files {
        let begun = rim::wall_ms();
        let report = load_file(&mut place, args.batch, path, stop)?;
        table.add(path, &report)?;
        told_load(path, &report, rim::wall_ms() - begun, say);
        is_clean &= report.delivery.as_ref().is_some_and(|one| one.finished_at.is_some());
        is_clean &= report.delivery.as_ref().is_none_or(|one| one.counts.refused == 0);
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            say("stopped between two transactions; the same command goes on from there");
            is_clean = false;
            break;
        }
    }
    place.seal()?;
    table.end()?;
    Ok(is_clean)
}

fn load_file(place: &mut Place, batch: Option<u32>, path: &Path, stop: &AtomicBool) -> Result<Report> {
    let unreadable = |e| Fault::caused(format!("{} cannot be read", path.display()), e);
    let file = File::open(path).map_err(unreadable)?;
    let whole = file.metadata().map_err(unreadable)?.len();
    let read = Cell::new(0);
    let input = Counted { input: BufReader::with_capacity(1 << 18, file), read: &read };
    let default = if place.store.is_postgres() { BATCH_BESIDE } else { BATCH_ALONE };
    let batch = batch.and_then(|batch| usize::try_from(batch).ok()).unwrap_or(default);
    let Place { store, sealer, clock, ids, .. } = place;
    let (clock, ids) = (&*clock, &*ids);
    let make = || Cx::new(clock.now(), Actor::System, Purpose::Registration, ids);
    let desk = Desk { store, cx: &make, batch, stop };
    let mut line = ProgressLine::begin(whole);
    let mut sealed_ms = rim::wall_ms();
    let mut each = |delivery: &Delivery| {
        line.say(delivery, read.get());
        // The log is sealed along the way, as a server does it every second.
        if rim::wall_ms() - sealed_ms >= SEAL_EVERY_MS {
            sealed_ms = rim::wall_ms();
            if let Some(Err(error)) = sealer.as_mut().map(|sealer| sealer.seal(store, clock.now())) {
                tracing::error!(%error, "the log could not be sealed; trying again in a while");
            }
        }
    };
    let loaded = jobs::load(&desk, &Whose::Operator, input, &mut each);
    line.end();
    loaded?.map_err(|refusal| {
        let (_, en) = text(refusal.help);
        Error::broken(format!("{} was not loaded: {en} ({refusal})", path.display()))
    })
}

const SEAL_EVERY_MS: i64 = 1_000;

fn told_load(path: &Path, report: &Report, took_ms: i64, say: &mut dyn FnMut(&str)) {
    let name = path.display();
    let Some(delivery) = &report.delivery else {
        return say(&format!("{name}: nothing was taken"));
    };
    if report.was_finished {
        say(&format!("{name}: delivery {} was loaded before", report.header.delivery));
        return told(report, say);
    }
    let counts = delivery.counts;
    say(&format!(
        "{name}: delivery {} {}, {} lines: {} taken, {} unchanged, {} refused; {} held back; {}.{} s",
        report.header.delivery,
        delivery.word(),
        delivery.lines,
        counts.taken,
        counts.unchanged,
        counts.refused,
        counts.held,
        took_ms / 1000,
        took_ms / 100 % 10
    ));
    told(report, say);
}

/// A reader that says how far it is.
struct Counted<'c, R> {
    input: R,
    read: &'c Cell<u64>,
}

impl<R: BufRead> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.read.set(self.read.get() + count as u64);
        self.input.consume(count);
    }
}

/// How far a load is, on standard error: one line that changes at a terminal, else a line now and then.
struct ProgressLine {
    whole: u64,
    begun_ms: i64,
    /// Bytes and lines where this load began, and when it last spoke.
    first: Option<(u64, u64)>,
    said_ms: i64,
    is_terminal: bool,
}

const SAY_AT_TERMINAL_MS: i64 = 200;
const SAY_ELSEWHERE_MS: i64 = 5_000;

impl ProgressLine {
    fn begin(whole: u64) -> ProgressLine {
        let now = rim::wall_ms();
        let is_terminal = io::stderr().is_terminal();
        ProgressLine { whole, begun_ms: now, first: None, said_ms: now, is_terminal }
    }

    fn say(&mut self, delivery: &Delivery, read: u64) {
        let now = rim::wall_ms();
        let (bytes, lines) = *self.first.get_or_insert((read, delivery.lines));
        let every = if self.is_terminal { SAY_AT_TERMINAL_MS } else { SAY_ELSEWHERE_MS };
        if now - self.said_ms < every {
            return;
        }
        self.said_ms = now;
        let took_ms = u64::try_from(now - self.begun_ms).unwrap_or(0).max(1);
        let rate = delivery.lines.saturating_sub(lines) * 1000 / took_ms;
        let left_s = match read.saturating_sub(bytes) {
            0 => 0,
            done => self.whole.saturating_sub(read).saturating_mul(took_ms) / done / 1000,
        };
        let (start, end) = if self.is_terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        let percent = read * 100 / self.whole.max(1);
        // Nobody may be listening; the load goes on.
        let _ = write!(
            io::stderr(),
            "{start}feed load {percent} % · {} lines · {} refused · {rate} lines/s · {}:{:02} left{end}",
            delivery.lines,
            delivery.counts.refused,
            left_s / 60,
            left_s % 60
        );
    }

    fn end(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

// Offices ------------------------------------------------------------------------------------------------------------

/// Runs `shikaku office`.
pub fn office(command: OfficeCommand, settings: &Settings, say: &mut dyn FnMut(&str)) -> Result<()> {
    let ids = rim::TimeIds::new();
    let clock = clock_of(command.data(), settings);
    let cx = Cx::new(clock.now(), Actor::System, Purpose::Administration, &ids);
    let refused = |refusal: base::Refusal| Error::broken(format!("{} ({refusal})", text(refusal.help).1));
    match command {
        OfficeCommand::Admit { data, kind, insurer, label, cert, until } => {
            let new = new_office(&kind, insurer.as_deref(), label, &cert, &until)?;
            let (dir, store) = commands::open_store(&data, settings, "shikaku office admit")?;
            let admitted = store.change(|tx| intake::admit(tx, &cx, &new))?.map_err(refused)?;
            Sealer::new(dir.signing_key()?).seal(&store, cx.now)?;
            say(&format!("{admitted} may send files until {}", new.expires_at.for_people()));
        }
        OfficeCommand::Bar { data, office } => {
            let id = Id::parse(&office).ok_or_else(|| Error::broken("an office's id begins with off_"))?;
            let (dir, store) = commands::open_store(&data, settings, "shikaku office bar")?;
            store.change(|tx| intake::bar(tx, &cx, id))?.map_err(refused)?;
            Sealer::new(dir.signing_key()?).seal(&store, cx.now)?;
            say(&format!("{id} is barred"));
        }
        OfficeCommand::List { data } => {
            let (_dir, store) = commands::open_store(&data, settings, "shikaku office list")?;
            for office in store.look(|tx| intake::list(tx, OFFICES_MAX))? {
                let insurer = office.new.insurer.map(|number| format!(" {}", number.as_str()));
                let barred = office.barred_at.map(|at| format!(", barred {}", at.for_people()));
                say(&format!(
                    "{} {}{} {} until {}{}",
                    office.id,
                    office.new.kind.word(),
                    insurer.unwrap_or_default(),
                    office.new.label,
                    office.new.expires_at.for_people(),
                    barred.unwrap_or_default()
                ));
            }
        }
    }
    Ok(())
}

const OFFICES_MAX: usize = 10_000;

fn new_office(
    kind: &str,
    insurer: Option<&str>,
    label: String,
    cert: &Path,
    until: &str,
) -> Result<NewOffice> {
    let kind = feed::Office::parse(kind).ok_or_else(|| {
        Error::broken("--kind is one of register, insurer, authority, municipality and directory")
    })?;
    let wrong =
        |_| Error::broken("--insurer is no insurer number: six or eight digits, the last a check digit");
    let insurer = insurer.map(|text| InsurerNumber::parse_checked(text).map_err(wrong)).transpose()?;
    let day = Date::parse8(&until.replace('-', ""));
    let day = day.ok_or_else(|| Error::broken("--until is a day such as 2027-12-31"))?;
    let pem =
        std::fs::read_to_string(cert).map_err(|e| Fault::caused("the certificate cannot be read", e))?;
    let certificate = facilities::rules::read_certificate(&pem)
        .map_err(|refusal| Error::broken(format!("--cert: {} ({refusal})", refusal.help.what.1)))?;
    let expires_at: Instant = certificate.expires_at.min(day.plus_days(1).begins());
    Ok(NewOffice { kind, label, insurer, fingerprint: certificate.fingerprint, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::testing::Dir;

    #[test]
    fn an_office_of_a_demo_is_admitted_by_the_demos_clock() {
        const DAYS_MS: i64 = 100 * 86_400_000;
        let dir = Dir::new("office-clock");
        std::fs::write(dir.path().join("clock-days.txt"), "100").unwrap();
        let settings = crate::settings::load(None).unwrap();
        let ahead_ms = || clock_of(dir.path(), &settings).now().ms() - rim::wall_ms();
        assert!(ahead_ms() < DAYS_MS / 2, "no demo's");
        std::fs::write(dir.path().join(datadir::SEED), "1").unwrap();
        assert!(ahead_ms() > DAYS_MS / 2, "a demo's");
        let bar = OfficeCommand::Bar { data: dir.path().to_owned(), office: String::new() };
        assert_eq!(bar.data(), dir.path());
    }
}
