//! The command line of `shikaku`.
//!
//! Always holds: results go to standard output, the log (JSON lines) and errors to standard error; Ctrl-C and SIGTERM
//! end cleanly; an error ends with code 1 and one sentence.
//! Not here: what the commands do.
//! Rules come from: the issue, part G.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through both")]

use app::{
    commands::{self, LineArgs},
    demo, serve, settings,
};
use base::{Fault, Result};
use clap::{Args, Parser, Subcommand};
use std::{
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
        /// The seed of the country (default: the one that the directory was filled with, else 1).
        #[arg(long)]
        seed: Option<u64>,
        /// Begin anew: removes what an earlier demo left in the directory.
        #[arg(long)]
        reset: bool,
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
    /// Runs a clinic's terminal over an OQS folder.
    Terminal {
        #[command(flatten)]
        line: Line,
        /// The folder with req, res and face.
        #[arg(long, value_name = "DIR")]
        folder: PathBuf,
        /// A folder of the terminal's own, outside the share.
        #[arg(long, value_name = "DIR")]
        kept: PathBuf,
        /// The institution's ten-digit code.
        #[arg(long, value_name = "CODE")]
        institution: String,
    },
    /// Sends one OQSsiquc01req file and prints the answer.
    Check {
        #[command(flatten)]
        line: Line,
        /// The request file.
        request: PathBuf,
    },
    /// The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
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

impl From<Line> for LineArgs {
    fn from(line: Line) -> Self {
        LineArgs { server: line.server, ca: line.ca, cert: line.cert }
    }
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shikaku: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                eprintln!("  because: {inner}");
                cause = inner.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let settings = settings::load(cli.config.as_deref())?;
    match cli.command {
        Command::Demo { data, port, machine_port, seed, reset, patients } => {
            let wanted = demo::Wanted { data, port, machine_port, seed, reset, patients };
            let runtime = runtime()?;
            let demo = demo::raise(&runtime, wanted, settings)?;
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
        Command::Terminal { line, folder, kept, institution } => {
            let stop = stop_flag()?;
            commands::terminal(&line.into(), &settings, folder, kept, &institution, &stop)?;
        }
        Command::Check { line, request } => {
            let answer = commands::check(&line.into(), &settings, &request)?;
            std::io::stdout()
                .write_all(&answer)
                .map_err(|e| Fault::caused("the answer cannot be printed", e))?;
        }
        Command::Audit(AuditCommand::Verify { data, key }) => {
            let (lines, fits) = commands::audit_verify(&data, &settings, key.as_deref())?;
            lines.iter().for_each(|line| println!("{line}"));
            return Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Backup { data, into } => println!("{}", commands::backup(&data, &settings, &into)?),
        Command::Restore { data, from } => {
            commands::restore(&from, &data, &settings)?.iter().for_each(|line| println!("{line}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Fault::caused("the runtime cannot be started", e).into())
}

fn say_ready(address: &str, says: &[String]) {
    println!("ready http://{address}/");
    says.iter().for_each(|line| println!("{line}"));
    let _ = std::io::stdout().flush();
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
