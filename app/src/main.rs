//! The command line of `shikaku`.
//!
//! Always holds: results go to standard output, the log (JSON lines) and errors to standard error; Ctrl-C and SIGTERM
//! end cleanly; an error ends with code 1 and one sentence.
//! Not here: what the commands do.
//! Rules come from: the issue, part G.

#![forbid(unsafe_code)]

use app::{
    card_files,
    commands::{self, LineArgs, TerminalArgs},
    country_commands::{self, CountryCommand},
    demo, feeds, link_commands,
    rim::tell,
    serve, settings, simulate,
};
use base::{Fault, Result};
use clap::{Args, Parser, Subcommand};
use std::{
    ffi::OsString,
    io::Write,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Answers are many small texts, made by one thread and freed by another: the system's allocator took a sixth of a
/// check for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shikaku: online eligibility checks, whole, in one program. Not an official system.
#[derive(Parser)]
#[command(name = "shikaku", version, about)]
struct Cli {
    /// A settings file that overrides lines of config.default.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Raises a small invented country and opens every desk in the browser (loopback only).
    Demo {
        /// The data directory.
        #[arg(long, value_name = "DIR", default_value = "shikaku-data")]
        data: PathBuf,
        /// The port of the pages; 0 picks one.
        #[arg(long, default_value_t = 8480)]
        port: u16,
        /// The port of the machines' door; 0 picks one.
        #[arg(long, default_value_t = 8443)]
        machine_port: u16,
        /// The port of the card reader's kiosk page; 0 picks one (default: [kiosk] listen of the settings, 8481).
        #[arg(long)]
        kiosk_port: Option<u16>,
        /// The seed of the country (default: the one that the directory was filled with, else 1).
        #[arg(long)]
        seed: Option<u64>,
        /// Begin anew: removes what an earlier demo left in the directory.
        #[arg(long)]
        reset: bool,
        /// People of the invented nation that a new directory gets (default: [demo] people of the settings, 10000); 0 for
        /// none. A directory keeps what it has.
        #[arg(long)]
        people: Option<u32>,
        /// Your own patients, in the form of test-patients.csv (default: my-patients.csv in the directory).
        #[arg(long, value_name = "CSV")]
        patients: Option<PathBuf>,
    },
    /// Serves for real work, on SQLite or PostgreSQL.
    Serve {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Runs a clinic's terminal over an OQS folder; with --cards and --pages also its card reader's kiosk.
    Terminal {
        #[command(flatten)]
        line: Line,
        #[command(flatten)]
        place: TerminalPlace,
    },
    /// Sends one OQSsiquc01req or OQSsiimm01req file and prints the answer.
    Check {
        #[command(flatten)]
        line: Line,
        /// The request file.
        request: PathBuf,
    },
    /// Test cards of a demo: make one anew, show one, put one on the reader.
    #[command(subcommand)]
    Card(CardCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Outside offices' feed files: load them, check them.
    #[command(subcommand)]
    Feed(feeds::FeedCommand),
    /// Outside offices that may send feed files to the machines' door.
    #[command(subcommand)]
    Office(feeds::OfficeCommand),
    /// An invented nation: makes one, lets days pass, writes its offices' files, shows its figures.
    #[command(subcommand)]
    Country(CountryCommand),
    /// Plays what a whole country does, against servers of its own.
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// Finds the same people in two files, by name, reading, birth date, sex and address, with reasons.
    Link(link_commands::LinkArgs),
    /// Copies a data directory, checked, into a new directory.
    Backup {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// An empty or new directory.
        into: PathBuf,
    },
    /// Puts a backup into a new data directory and verifies its log.
    Restore {
        /// An empty or new data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The backup.
        from: PathBuf,
    },
}

#[derive(Subcommand)]
enum CardCommand {
    /// Makes a patient's card file anew: PIN and tries as at the beginning.
    Issue {
        /// The demo's data directory.
        #[arg(long, value_name = "DIR", default_value = "shikaku-data")]
        data: PathBuf,
        /// The patient's id in test-patients.csv, or its beginning, such as P001.
        patient: String,
    },
    /// Tells what is on a card: holder, validity, PIN tries.
    Show {
        /// The demo's data directory.
        #[arg(long, value_name = "DIR", default_value = "shikaku-data")]
        data: PathBuf,
        /// A patient, or a card file.
        card: String,
    },
    /// Puts a card on the running demo's reader, as the kiosk does, and prints what the reader said (JSON). Exit code 0
    /// when the check was made.
    Tap {
        /// The demo's data directory.
        #[arg(long, value_name = "DIR", default_value = "shikaku-data")]
        data: PathBuf,
        /// The patient's id in test-patients.csv, or its beginning, such as P001.
        patient: String,
        /// The card's PIN (column pin).
        #[arg(long, value_name = "PIN")]
        pin: Option<String>,
        /// Kinds that the patient agrees to, e.g. drugs,checkups; the others that are asked are declined.
        #[arg(long, value_name = "KINDS", value_delimiter = ',')]
        consent: Vec<String>,
        /// The patient agrees that the high-cost limit is shown.
        #[arg(long)]
        limit: bool,
        /// The patient agrees that specific diseases are shown.
        #[arg(long)]
        diseases: bool,
        /// Staff compared the photo by eye instead of the PIN, and gives its code ([kiosk] eye_code; the demo's is 2580).
        #[arg(long, value_name = "CODE", conflicts_with = "pin")]
        eye: Option<String>,
        /// Agree to the terms and enrol, when the patient is not enrolled yet.
        #[arg(long)]
        enrol: bool,
    },
}

#[derive(Subcommand)]
enum SimulateCommand {
    /// Japan's checks between 08:30 and 12:00 of a Monday at the start of a month: rates, outages, what desks see, and
    /// whether the log has it all. Exit code 0 when nothing was wrong, lost or strange.
    Morning(simulate::MorningArgs),
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Recomputes every chain and checks every checkpoint.
    Verify {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The public key of the checkpoints (default: the one in the directory).
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Prints the key of every request at the machines' door since an instant, how many rows its answer has in the log and
    /// how many of repeats; then, behind #, acts of facilities that belong to no such request: rows that name an answer, and
    /// rows that name none. For those who asked, to hold their own notes against it. Keys are remembered for 24 hours.
    Requests {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Milliseconds since 1970.
        #[arg(long, value_name = "MS")]
        from: i64,
    },
}

#[derive(Args)]
struct Line {
    /// The server, https://host:port.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The server's authority, PEM.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The terminal's certificate and key, PEM.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
}

#[derive(Args)]
struct TerminalPlace {
    /// The folder with req, res and face.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// A folder of the terminal's own, outside the share.
    #[arg(long, value_name = "DIR")]
    kept: PathBuf,
    /// The institution's ten-digit code.
    #[arg(long, value_name = "CODE")]
    institution: String,
    /// Opens the card reader's kiosk page (settings: [kiosk]) for the card files in this folder.
    #[arg(long, value_name = "DIR", requires = "pages")]
    cards: Option<PathBuf>,
    /// The server's pages, for people who sign in at the reader: http://host:port.
    #[arg(long, value_name = "URL", requires = "cards")]
    pages: Option<String>,
    /// The port of the kiosk page; 0 picks one (default: [kiosk] listen of the settings).
    #[arg(long, requires = "cards")]
    kiosk_port: Option<u16>,
}

impl From<TerminalPlace> for TerminalArgs {
    fn from(place: TerminalPlace) -> Self {
        let TerminalPlace { folder, kept, institution, cards, pages, kiosk_port } = place;
        TerminalArgs { folder, kept, institution, cards, pages, kiosk_port }
    }
}

impl From<Line> for LineArgs {
    fn from(line: Line) -> Self {
        LineArgs { server: line.server, ca: line.ca, cert: line.cert }
    }
}

#[expect(clippy::disallowed_methods, reason = "a line that clap refuses is told in the language it asks for")]
fn words() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// A command line that clap refuses, or help that it gives.
fn refused(error: &clap::Error, words: &[OsString]) -> ExitCode {
    match link_commands::refused(error, words) {
        Some(sentence) => tell(&sentence),
        // Whoever closed the pipe has seen enough.
        None => error.print().unwrap_or_default(),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    let words = words();
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return refused(&error, &words),
    };
    match run(cli) {
        Ok(_) if UNWRITTEN.load(Ordering::Relaxed) => ExitCode::FAILURE,
        Ok(code) => code,
        Err(error) => {
            tell(&format!("shikaku: {error}"));
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                tell(&format!("  because: {inner}"));
                cause = inner.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Something could not be printed, and not because its reader had seen enough.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// Prints a line.
fn say(line: &str) {
    print(format!("{line}\n").as_bytes());
}

/// Prints at once. Whoever closes the pipe (`… | head`) has seen enough, which is no fault: what a command does besides
/// printing goes on to its end. A full disk is one, and ends in code 1.
fn print(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
        && !UNWRITTEN.swap(true, Ordering::Relaxed)
    {
        tell(&format!("shikaku: 標準出力に書けません / standard output cannot be written: {error}"));
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let settings = settings::load(cli.config.as_deref())?;
    match cli.command {
        Command::Demo { data, port, machine_port, kiosk_port, seed, reset, people, patients } => {
            let wanted = demo::Wanted { data, port, machine_port, kiosk_port, seed, reset, patients, people };
            let runtime = runtime()?;
            let demo = demo::raise(&runtime, wanted, settings, &mut tell)?;
            say_ready(&demo.address().to_string(), &demo.says);
            runtime.block_on(until_told());
            demo.end(runtime)?;
        }
        Command::Serve { data } => {
            let runtime = runtime()?;
            let (running, says) = serve::raise(&runtime, &data, settings)?;
            say_ready(&running.pages.to_string(), &says);
            runtime.block_on(until_told());
            running.end(runtime)?;
        }
        Command::Terminal { line, place } => {
            let stop = stop_flag()?;
            commands::terminal(&line.into(), &settings, place.into(), &stop, say)?;
        }
        Command::Check { line, request } => {
            let answer = commands::check(&line.into(), &settings, &request)?;
            print(&answer);
        }
        Command::Card(command) => return card(command, &settings),
        Command::Audit(command) => return audit(command, &settings),
        Command::Country(command) => {
            let stop = stop_flag()?;
            let whole = country_commands::run(&command, &settings, &stop, &mut say)?;
            return Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Simulate(SimulateCommand::Morning(args)) => {
            let stop = stop_flag()?;
            let exact = simulate::play(&args, &stop, &mut say)?;
            return Ok(if exact { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Feed(command) => {
            let stop = stop_flag()?;
            let is_clean = feeds::feed(command, &settings, &stop, &mut say)?;
            return Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Link(args) => {
            let stop = stop_flag()?;
            let whole = link_commands::run(args, &stop, &mut say)?;
            return Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Office(command) => feeds::office(command, &settings, &mut say)?,
        Command::Backup { data, into } => say(&commands::backup(&data, &settings, &into)?.to_string()),
        Command::Restore { data, from } => {
            commands::restore(&from, &data, &settings)?.iter().for_each(|line| say(line));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn card(command: CardCommand, settings: &settings::Settings) -> Result<ExitCode> {
    match command {
        CardCommand::Issue { data, patient } => {
            card_files::issue(&data, settings, &patient)?.iter().for_each(|line| say(line));
        }
        CardCommand::Show { data, card } => {
            card_files::show(&data, settings, &card)?.iter().for_each(|line| say(line));
        }
        CardCommand::Tap { data, patient, pin, consent, limit, diseases, eye, enrol } => {
            let ask = card_files::TapAsk { data, card: patient, pin, consent, limit, diseases, eye, enrol };
            let (said, done) = card_files::tap(&ask)?;
            say(&said);
            return Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn audit(command: AuditCommand, settings: &settings::Settings) -> Result<ExitCode> {
    match command {
        AuditCommand::Verify { data, key } => {
            let (lines, fits) = commands::audit_verify(&data, settings, key.as_deref())?;
            lines.iter().for_each(|line| say(line));
            Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        AuditCommand::Requests { data, from } => {
            commands::audit_requests(&data, settings, from)?.iter().for_each(|line| say(line));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Fault::caused("the runtime cannot be started", e).into())
}

fn say_ready(address: &str, says: &[String]) {
    say(&format!("ready http://{address}/"));
    says.iter().for_each(|line| say(line));
}

/// Waits for Ctrl-C or SIGTERM.
async fn until_told() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// A flag that Ctrl-C sets, for commands without a runtime of their own.
fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    let runtime = runtime()?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            runtime.block_on(until_told());
            told.store(true, Ordering::Relaxed);
        })
        .map_err(|e| Fault::caused("no thread for signals", e))?;
    Ok(stop)
}
