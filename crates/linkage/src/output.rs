//! The files of a run: links, the work list for clerks (table and page), rows without a link, problems, totals, and the
//! record of the run.
//!
//! Always holds: every row of both files is in exactly one of links, review and unlinked, and the totals balance, or
//! nothing is written; the bytes depend on the input, the spec and the release alone (`run.json` also on the stamp and the
//! files' names); every file is its owner's alone.
//! Not here: deciding (engine, rules); moving finished files to their place (engine).
//! Rules come from: the issue, parts B and C; docs/linkage.md.

mod desk;
mod files;
mod page;
mod record;
mod review;
mod rows;
mod shown;
mod summary;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use desk::{Explained, Looked, Which, explain, look, normalise};
pub use files::Written;
pub use summary::{Counts, Summary};

use crate::{
    engine::{Handled, Job, Measure, Stage, Stopped, Watch, worse},
    outcome::Outcome,
    source::Source,
    spec::Newline,
};
use base::Fault;
use files::Disk;
use review::List;
use std::{
    panic::resume_unwind,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use table::Style;

/// What everything that writes needs.
#[derive(Clone, Copy)]
struct Run<'r> {
    work: &'r Path,
    job: &'r Job,
    a: &'r Source,
    b: &'r Source,
    outcome: &'r dyn Outcome,
    style: Style,
    progress: &'r Progress<'r>,
    disk: &'r Disk,
}

/// How far the writing is, in rows.
struct Progress<'w> {
    watch: &'w dyn Watch,
    done: Mutex<u64>,
    of: u64,
    /// Another part of the run failed: what is written is for nothing.
    has_failed: &'w AtomicBool,
}

impl Progress<'_> {
    /// So many more rows are written; goes on unless told to stop.
    fn add(&self, rows: u64) -> Result<(), Stopped> {
        {
            // Told under the lock, so that it never goes back: tables and pages come from threads of their own.
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += rows;
            let handled = Handled { part: 0, units: *done, unit: Measure::Rows };
            self.watch.progress(Stage::Write, (*done).min(self.of), self.of, handled);
        }
        let is_over = self.has_failed.load(Ordering::Relaxed) || self.watch.stop();
        if is_over { Err(Stopped::Told) } else { Ok(()) }
    }
}

/// Hashes of both inputs for the record; `None` when told to stop.
pub fn hashes((a, b): (&Source, &Source), stop: &dyn Fn() -> bool) -> Option<[String; 2]> {
    Some([files::sha256(a.bytes(), stop)?, files::sha256(b.bytes(), stop)?])
}

/// Writes all files of a run into a folder, which is there. What [`hashes`] gives is asked for when it is needed. A part that
/// fails says so in `has_failed`, and the others end.
pub fn write(
    work: &Path,
    job: &Job,
    (a, b): (&Source, &Source),
    outcome: &dyn Outcome,
    (watch, has_failed): (&dyn Watch, &AtomicBool),
    hashes: impl FnOnce() -> Option<[String; 2]> + Send,
) -> Result<Summary, Stopped> {
    let (rows_a, rows_b) = outcome.rows();
    let reviewed = (0..outcome.cases()).flat_map(|number| outcome.case(number).rows);
    let reviewed: u64 = reviewed.map(|rows| rows as u64).sum();
    // Rows to review are written once for the table and once for the page.
    let of = u64::from(rows_a) + u64::from(rows_b) + 2 * reviewed;
    let progress = Progress { watch, done: Mutex::new(0), of, has_failed };
    let output = job.spec.output;
    let style = Style { bom: output.bom, crlf: output.newline == Newline::Crlf };
    let (disk, ended) = Disk::new();
    thread::scope(|scope| {
        let on_disk = scope.spawn(|| ended.onto_disk(has_failed));
        let run = Run { work, job, a, b, outcome, style, progress: &progress, disk: &disk };
        let open = disk.open();
        let written = write_all(&run, hashes);
        if written.is_err() {
            has_failed.store(true, Ordering::Relaxed);
        }
        drop(open);
        let on_disk = on_disk.join().unwrap_or_else(|panic| resume_unwind(panic));
        let summary = written?;
        on_disk?;
        Ok(summary)
    })
}

fn write_all(run: &Run<'_>, hashes: impl FnOnce() -> Option<[String; 2]> + Send) -> Result<Summary, Stopped> {
    let cases = List::new(run.outcome);
    let failed = |_: &Stopped| run.progress.has_failed.store(true, Ordering::Relaxed);
    let rows = || rows::write(run).inspect_err(failed);
    let pages = || {
        let write = || -> Result<_, Stopped> {
            let inputs = record::Inputs::of(run, hashes().ok_or(Stopped::Told)?);
            let pages = page::write(run, &inputs.run_id(), &cases)?;
            Ok((inputs, pages))
        };
        write().inspect_err(failed)
    };
    let written = if run.job.threads > 1 {
        // Pages are few and large: at the end some threads would have none. Beside them tables come in many small pieces.
        thread::scope(|scope| {
            let pages = scope.spawn(pages);
            (rows(), pages.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    } else {
        (rows(), pages())
    };
    let (((counts_a, counts_b), mut files), (inputs, pages)) = match written {
        (Ok(rows), Ok(pages)) => (rows, pages),
        (Err(one), Err(other)) => return Err(worse(Some(one), other)),
        (Err(one), _) | (_, Err(one)) => return Err(one),
    };
    let mut summary = Summary::of(run, counts_a, counts_b, inputs.run_id());
    summary.balance().map_err(Stopped::Broken)?;
    files.push(review::write(run, &summary.run, &cases)?);
    files.extend(pages);
    files.push(record::problems(run)?);
    files.extend(summary.write(run)?);
    summary.files = files;
    summary.files.push(record::write(run, &inputs, &summary)?);
    Ok(summary)
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Stopped {
        Stopped::Broken(fault)
    }
}
