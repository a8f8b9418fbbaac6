//! `shikaku simulate morning`: a national morning against servers of its own, and what is told of it.
//!
//! Always holds: it starts this very program as children, over data of its own in a temporary folder, and ends them; it
//! touches no other data directory.
//! Not here: the morning itself (`simulation`).
//! Rules come from: issue 4, part E.

use base::{Error, Fault, Result};
use clap::{Args, ValueEnum};
use reader::rules::ProofId;
use simulation::{
    cluster, machine,
    morning::{Means, Outage, Prepare, Servers, Told, Wanted, by_demo, by_nation, morning},
};
use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

/// What is asked for.
#[derive(Args)]
pub struct MorningArgs {
    /// Which servers: one `serve` on SQLite files, or one, two or three on a PostgreSQL of its own.
    #[arg(long, value_enum, default_value_t = Arrangement::Sqlite)]
    servers: Arrangement,
    /// PostgreSQL gets a replica by streaming, for the page of statistics.
    #[arg(long)]
    replica: bool,
    /// Of all Japan's rate: 1.0 has 400 to 550 checks a second in the busiest minutes.
    #[arg(long, default_value_t = 1.0, value_parser = factor)]
    factor: f64,
    /// Seconds that the 210 minutes from 08:30 to 12:00 are given. Rates stay true: a second stands for a minute.
    #[arg(long = "in", value_name = "SECONDS", default_value_t = 210, value_parser = clap::value_parser!(u64).range(3..=12_600))]
    seconds: u64,
    /// Seconds that the look-ups of booked patients in the night before, 03:00 to 05:00, are given.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=7_200))]
    batch: u64,
    /// What goes wrong at a third of the morning.
    #[arg(long, value_enum, default_value_t = Trouble::None)]
    outage: Trouble,
    /// The seed of arrivals and desks.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People of the invented nation whose checks these are; 0 for the demo's test patients.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    people: u32,
    /// On SQLite: a directory that `shikaku country make` filled; it is copied instead of making a nation anew.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A folder for morning.json, morning.md and the plots.
    #[arg(long, value_name = "DIR", default_value = "morning")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Arrangement {
    Sqlite,
    Postgres,
    #[value(name = "postgres-2")]
    Postgres2,
    #[value(name = "postgres-3")]
    Postgres3,
}

#[derive(Clone, Copy, ValueEnum)]
enum Trouble {
    None,
    KillServe,
    RestartPostgres,
    PromoteReplica,
    PromoteLagging,
    CutLine,
}

impl From<Arrangement> for Servers {
    fn from(arrangement: Arrangement) -> Servers {
        match arrangement {
            Arrangement::Sqlite => Servers::Sqlite,
            Arrangement::Postgres => Servers::Postgres(1),
            Arrangement::Postgres2 => Servers::Postgres(2),
            Arrangement::Postgres3 => Servers::Postgres(3),
        }
    }
}

impl From<Trouble> for Outage {
    fn from(trouble: Trouble) -> Outage {
        match trouble {
            Trouble::None => Outage::None,
            Trouble::KillServe => Outage::KillServe,
            Trouble::RestartPostgres => Outage::RestartPostgres,
            Trouble::PromoteReplica => Outage::PromoteReplica,
            Trouble::PromoteLagging => Outage::PromoteLagging,
            Trouble::CutLine => Outage::CutLine,
        }
    }
}

fn factor(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (0.000_1..=100.0).contains(&factor) => Ok(factor),
        _ => Err("a number from 0.0001 to 100".into()),
    }
}

/// Plays a morning and writes what is told of it. Whether nothing was wrong, lost or strange.
pub fn play(args: &MorningArgs, stop: &AtomicBool, say: &mut dyn FnMut(&str)) -> Result<bool> {
    let wanted = Wanted {
        servers: args.servers.into(),
        replica: args.replica,
        factor: (args.factor * 1e6) as u64,
        seconds: args.seconds,
        night_s: args.batch,
        outage: args.outage.into(),
        seed: args.seed,
    };
    if wanted.servers != Servers::Sqlite && !cluster::is_installed() {
        return Err(Error::broken("PostgreSQL's server programs are not installed (Debian: postgresql)"));
    }
    let shikaku =
        std::env::current_exe().map_err(|e| Fault::caused("this program's own file is unknown", e))?;
    let folder = machine::real_folder(Path::new("."))
        .map_err(|e| Fault::caused("no folder for the morning's data", e))?;
    if args.data.is_some() && wanted.servers != Servers::Sqlite {
        return Err(Error::broken("a directory of --data can be copied with --servers sqlite only"));
    }
    let nation = by_nation(args.people, args.data.clone());
    let prepare: Prepare<'_> = if args.people == 0 && args.data.is_none() { &by_demo } else { &nation };
    let means = Means { shikaku, folder: folder.path(), prepare, spent, stop };
    let told =
        morning(&wanted, &means, say).map_err(|e| Fault::caused("the morning could not be played", e))?;
    let names = told
        .write(&args.out)
        .map_err(|e| Fault::caused(format!("{} cannot be written", args.out.display()), e))?;
    told_lines(&told).iter().for_each(|line| say(line));
    names.iter().for_each(|name| say(&format!("wrote       {}", args.out.join(name).display())));
    Ok(told.is_exact())
}

/// The key under which a proof is spent, as the reader's door claims it.
fn spent(nonce: &str, for_what: &str) -> Option<String> {
    let nonce = pki::Nonce::read(nonce)?;
    Some(ProofId { nonce: nonce.id(), at: nonce.at() }.spent(for_what))
}

/// The English half of the summary.
fn told_lines(told: &Told) -> Vec<String> {
    let text = told.markdown();
    let english = text.find("# A national morning").map_or(text.as_str(), |at| &text[at..]);
    english.lines().map(str::to_owned).collect()
}
