//! A national morning: all of Japan's checks between 08:30 and 12:00 of a Monday at the start of a month, and the
//! look-ups of booked patients in the night before, put to one or more `serve` while something goes wrong.
//!
//! Always holds: arrivals do not wait for answers (open loop); rates a second are a nation's, times a factor, while the
//! morning itself is shorter: a second of the run stands for a minute or so; every answer is compared with the truth;
//! afterwards every request is looked for in the log.
//! Not here: which people there are ([`Visits`]), what the program is.
//! Rules come from: issue 4, part E.

pub mod arrivals;
pub mod book;
pub mod curve;
pub mod desk;
mod hall;
pub mod line;
mod nation;
pub mod outage;
pub mod reconcile;
pub mod report;
pub mod stage;
pub mod terminals;
pub mod visit;
pub mod visits;

pub use hall::Spent;
pub use nation::{NationVisits, by_nation};
pub use outage::Outage;
pub use report::Told;
pub use stage::{Prepare, Prepared, Servers, by_demo};
pub use visits::Visits;

use crate::{clock, machine, servers::Starter, started_ms};
use arrivals::Run;
use book::{Book, Cpu};
use curve::Part;
use hall::{Hall, Setup};
use line::Lines;
use reconcile::reconcile;
use stage::Stage;
use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which servers.
    pub servers: Servers,
    /// Whether PostgreSQL has a replica.
    pub replica: bool,
    /// Of all Japan's rate, in millionths.
    pub factor: u64,
    /// Seconds of the morning.
    pub seconds: u64,
    /// Seconds of the night before; none when nought.
    pub night_s: u64,
    /// What goes wrong.
    pub outage: Outage,
    /// The seed of arrivals and desks.
    pub seed: u64,
}

/// What a morning is played with.
pub struct Means<'m> {
    /// The program.
    pub shikaku: PathBuf,
    /// A folder on a real disk, in which everything lies while it runs.
    pub folder: &'m Path,
    /// How data get into a database.
    pub prepare: Prepare<'m>,
    /// See [`Spent`].
    pub spent: Spent,
    /// Told to stop early.
    pub stop: &'m AtomicBool,
}

/// A part that was played.
pub struct Played {
    /// Which one.
    pub run: Run,
    /// What desks noted.
    pub book: Book,
    /// The largest number of lines that were kept open.
    pub lines: usize,
    /// When the outage was, from the part's begin.
    pub outage: Option<(Duration, Duration)>,
}

/// The pauses of desks are theirs when a second stands for a minute; a shorter run has shorter ones.
const PAUSES_OF_S: f64 = 210.0;

/// Plays it. Stopped early, it ends everything and tells nothing.
pub fn morning(wanted: &Wanted, means: &Means<'_>, say: &mut dyn FnMut(&str)) -> io::Result<Told> {
    refuse(wanted)?;
    let told = played(wanted, means, say);
    match was_stopped(means.stop) {
        // Children hear Ctrl-C as well, so their errors say nothing then.
        true => Err(io::Error::other("it was stopped before its end")),
        false => told,
    }
}

fn played(wanted: &Wanted, means: &Means<'_>, say: &mut dyn FnMut(&str)) -> io::Result<Told> {
    machine::allow_files()?;
    let starter = Starter { shikaku: &means.shikaku, core: None, folder: means.folder };
    say("preparing …");
    let (mut stage, visits) = Stage::set(&starter, wanted.servers, wanted.replica, means.prepare)?;
    let addresses: Vec<_> = stage.serves.iter().map(|serve| serve.address).collect();
    let lines = match wanted.outage {
        Outage::CutLine => Some(Lines::open(&addresses)?),
        _ => None,
    };
    let begun_ms = started_ms()?;
    let day = clock::today("+%Y%m%d")?;
    let runs = [(Part::Night, wanted.night_s), (Part::Morning, wanted.seconds)].map(|(part, seconds)| Run {
        part,
        seconds,
        factor: wanted.factor,
    });
    let runs: Vec<Run> = runs.into_iter().filter(|run| run.seconds > 0).collect();
    let authorities = stage.authority.clone();
    let setups: Vec<Setup<'_>> = runs
        .iter()
        .enumerate()
        .map(|(place, run)| Setup {
            run: *run,
            seed: wanted.seed,
            started_ms: begun_ms + place as u128,
            day: day.clone(),
            authorities: &authorities,
            servers: &addresses,
            behind_line: lines.as_ref().map_or(&addresses, |lines| &lines.addresses),
            spent: means.spent,
            pauses: wanted.seconds as f64 / PAUSES_OF_S,
            stop: means.stop,
            start: clock::now(), // set anew when the part begins
        })
        .collect();
    let (played, says, resident_mb) = play(wanted, &mut stage, lines.as_ref(), setups, visits, say)?;
    if was_stopped(means.stop) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    say("reconciling …");
    stage.end_serves()?;
    let (text, done) = stage.shikaku(&["audit", "requests", "--from", &begun_ms.to_string()])?;
    if !done {
        return Err(io::Error::other(format!("shikaku audit requests: {}", text.trim())));
    }
    let entries = played.iter().flat_map(|part| &part.book.entries);
    let reconciled = reconcile(entries, reconcile::read(&text)?);
    let verified = stage.verify()?;
    Ok(Told {
        wanted: wanted.clone(),
        says,
        day,
        machine: machine::about()?,
        postgres: stage.primary.as_ref().map(|cluster| cluster.version.clone()),
        played,
        reconciled,
        verified,
        resident_mb,
        troubles: std::mem::take(&mut stage.troubles),
    })
}

fn refuse(wanted: &Wanted) -> io::Result<()> {
    let no = |what: &str| Err(io::Error::other(what.to_owned()));
    match (wanted.outage, wanted.servers, wanted.replica) {
        (Outage::RestartPostgres | Outage::PromoteReplica | Outage::PromoteLagging, Servers::Sqlite, _) => {
            no("that outage needs --servers postgres")
        }
        (Outage::PromoteReplica | Outage::PromoteLagging, _, false) => {
            no("promoting a replica needs --replica")
        }
        (_, Servers::Sqlite, true) => no("SQLite has no replica"),
        _ => Ok(()),
    }
}

/// Plays the parts one after the other: desks on a thread of their own, outages and CPU times on this one, since what
/// this thread started ends with it.
fn play(
    wanted: &Wanted,
    stage: &mut Stage<'_>,
    lines: Option<&Lines>,
    setups: Vec<Setup<'_>>,
    visits: stage::MakeVisits,
    say: &mut dyn FnMut(&str),
) -> io::Result<(Vec<Played>, String, f64)> {
    let (go, begins) = std::sync::mpsc::channel::<Setup<'_>>();
    let (ended, ends) = std::sync::mpsc::channel();
    let mut resident_mb: f64 = 0.0;
    std::thread::scope(|scope| {
        let desks = std::thread::Builder::new().name("desks".into()).spawn_scoped(scope, move || {
            let visits = visits()?;
            for setup in begins {
                let _ = ended.send(hall::run(&setup, visits.as_ref()));
            }
            Ok::<String, io::Error>(visits.says())
        })?;
        let mut played = Vec::new();
        for mut setup in setups {
            let run = setup.run;
            say(match run.part {
                Part::Night => "the night: look-ups of booked patients …",
                Part::Morning => "the morning …",
            });
            setup.start = clock::now() + Duration::from_millis(500);
            let start = setup.start;
            let mut acts = match run.part {
                Part::Night => Vec::new(),
                Part::Morning => wanted.outage.acts(run.seconds),
            };
            acts.reverse();
            let mut cpu: Vec<(u64, [Duration; 3])> = Vec::new();
            let mut outage: Option<(Duration, Duration)> = None;
            if go.send(setup).is_err() {
                break; // its error is told below
            }
            let outcome = loop {
                let now = clock::now().saturating_duration_since(start);
                if let Some((_, act)) = acts.pop_if(|(at, _)| *at <= now) {
                    act.act(stage, lines)?;
                    let after = clock::now().saturating_duration_since(start);
                    outage = Some((outage.map_or(now, |(from, _)| from), after));
                }
                if cpu.last().is_none_or(|(second, _)| *second < now.as_secs()) {
                    cpu.push((now.as_secs(), stage.cpu()));
                    resident_mb = resident_mb.max(stage.resident_mb());
                }
                match ends.try_recv() {
                    Ok(outcome) => break Some(outcome),
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => break None,
                    Err(std::sync::mpsc::TryRecvError::Empty) => clock::pause(Duration::from_millis(20)),
                }
            };
            let Some(outcome) = outcome else { break };
            let (mut book, lines) = outcome?;
            note_cpu(&mut book, &cpu);
            played.push(Played { run, book, lines, outage });
        }
        drop(go);
        let says = desks.join().map_err(|_| io::Error::other("the desks' thread panicked"))??;
        Ok((played, says, resident_mb))
    })
}

/// CPU time of each second, where two looks are a second apart and no process came or went.
fn note_cpu(book: &mut Book, looks: &[(u64, [Duration; 3])]) {
    for pair in looks.windows(2) {
        let [(from, before), (until, after)] = pair else { continue };
        // A process that came or went between two looks makes no sense of them.
        let spent: Option<Vec<u64>> = after
            .iter()
            .zip(before)
            .map(|(after, before)| after.checked_sub(*before).map(|time| time.as_millis() as u64))
            .collect();
        if let (1, Some(&[serve, postgres, desks])) = (until - from, spent.as_deref())
            && let Some(second) = book.seconds.get_mut(*from as usize)
        {
            second.cpu = Some(Cpu { serve, postgres, desks });
        }
    }
}

fn was_stopped(stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed)
}
