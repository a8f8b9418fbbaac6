//! A whole run: both files are read, equal rows linked, the others compared, decided one to one, and written. What is then
//! left of A looks aside at the rows that were linked as equal.
//!
//! Always holds: the results are the same bytes for any number of threads and any memory cap, and after any number of
//! stops; what has been found is in memory and in an owner-only work folder until all of it is finished.
//! Not here: bytes (source), what rows are as compared (form, keys), decisions about two rows (rules), files of results
//! (output).
//! Rules come from: the issue, parts B and C; S5 r2, S8 r5 (7) and r8.

mod aside;
mod assign;
mod body;
mod buckets;
mod cases;
mod crew;
mod detail;
mod exact;
mod found;
mod kept;
mod mirrors;
mod pairs;
mod parts;
mod place;
mod pool;
mod read;
mod records;
mod results;
mod room;
mod runs;
mod score;
mod split;
#[cfg(test)]
mod tests;
mod third;
mod twice;
mod work;

use crate::{
    output::{self, Summary},
    problem::{Problem, Problems},
    rules::{rarity::Counts, rivals},
    source::Source,
    spec::{self, Fixed, Layout, Spec},
};
use base::Fault;
use crew::Crew;
pub(crate) use crew::worse;
use found::Found;
use kept::Kept;
use mirrors::Mirrors;
use pairs::Gathered;
use read::Reading;
use room::Memory;
use score::Near;
use std::{
    panic::resume_unwind,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};
use third::Third;
pub use work::FOLDER as WORK_FOLDER;
use work::{Stamp, Work, or_full_disk};

/// What a run is given.
#[derive(Clone, Debug)]
pub struct Job {
    /// File A.
    pub a: PathBuf,
    /// File B.
    pub b: PathBuf,
    /// The spec.
    pub spec: Spec,
    /// The folder for results.
    pub out: PathBuf,
    /// Threads.
    pub threads: usize,
    /// Memory cap in bytes, besides mapped input.
    pub memory: u64,
    /// Results of an earlier finished run in `out` may be replaced.
    pub replace: bool,
    /// When the run was, for the run record only.
    pub at: Option<String>,
}

/// Stages of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading and normalising; counted in bytes.
    Read,
    /// Rows equal by their coarse key; counted in rows that have one.
    Exact,
    /// Scored pairs; counted in thousandths.
    Score,
    /// Writing results; counted in rows.
    Write,
}

/// What is handled while a stage, or a part of one, goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Bytes of the files.
    Bytes,
    /// Rows.
    Rows,
    /// Keys under which rows may meet.
    Keys,
    /// Pairs of rows.
    Pairs,
}

/// How much was handled: what a rate is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handled {
    /// In which part of the stage; some stages have only one.
    pub part: usize,
    /// So much since that part began.
    pub units: u64,
    /// Of what.
    pub unit: Measure,
}

/// Told how far a run is; says whether to stop.
pub trait Watch: Sync {
    /// So many of so many units of a stage are done, and so much was handled in the part of it that goes on.
    fn progress(&self, stage: Stage, done: u64, of: u64, handled: Handled);
    /// Whether to stop now.
    fn stop(&self) -> bool;
}

/// Why a run ended without results.
#[derive(Debug)]
pub enum Stopped {
    /// Told to stop. Calling again goes on behind what was read, if the input is large; it begins anew otherwise.
    Told,
    /// The input cannot be used.
    Input(Vec<Problem>),
    /// Something of the machine failed.
    Broken(Fault),
}

/// Sizes that only tests change.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Chunks have about so many bytes, at least and at most.
    chunk: (u64, u64),
    /// Finished chunks of larger input are kept for going on.
    keep: u64,
    /// A thread holds so many bytes of records that belong together, at least and at most.
    piece: (u64, u64),
}

const SIZES: Sizes = Sizes { chunk: (1 << 20, 16 << 20), keep: 512 << 20, piece: room::PIECE };

/// A row of the exact stage takes so many bytes while it is read: its record, its place, its detail.
const READ_BYTES: u64 = 24 + 4 + 8;
/// And so many until the run's end: its place, its detail, its key.
const ROW_BYTES: u64 = 4 + 8 + 8;
/// And, if there is room, what its keys are made of.
const PARTS_BYTES: u64 = 28;
/// What is too small to be counted one by one: tables, counts of names, buffers of threads.
const SMALL_BYTES: u64 = 64 << 20;
/// Rows of both sides in a partition of the exact stage: small enough for a processor's second cache.
const PART_ROWS: u64 = 1 << 13;
/// And partitions, at most.
const PARTS_MAX: u64 = 1 << 10;

/// Runs a job.
pub fn run(job: &Job, watch: &dyn Watch) -> Result<Summary, Stopped> {
    run_sized(job, watch, SIZES)
}

fn run_sized(job: &Job, watch: &dyn Watch, sizes: Sizes) -> Result<Summary, Stopped> {
    let (a, b) = open(job)?;
    let stamps = [('A', Stamp::of(&job.a)?), ('B', Stamp::of(&job.b)?)];
    let plan = Plan::new(job, &a, &b, sizes)?;
    let work = Work::take(&job.out, job.replace, [&job.a, &job.b])?;
    let memory = plan.memory(job, &work);
    let crew = Crew { threads: job.threads.max(1), watch };
    let has_failed = AtomicBool::new(false);
    let is_over = || has_failed.load(Ordering::Relaxed) || watch.stop();
    let hash = || output::hashes((&a, &b), &is_over);
    let result = thread::scope(|scope| {
        let _over = Over(&has_failed);
        let mut hashing = None;
        let begin = || hashing = (crew.threads > 1).then(|| scope.spawn(hash));
        let found = find(job, &crew, &work, (&a, &b), (&plan, &memory), begin)?;
        let hashes = || match hashing {
            Some(hashing) => hashing.join().unwrap_or_else(|panic| resume_unwind(panic)),
            None => hash(),
        };
        let told = (watch, &has_failed);
        let summary = output::write(&work.results()?, job, (&a, &b), &found, told, hashes)?;
        stamps.iter().try_for_each(|(side, stamp)| stamp.check(*side))?;
        Ok((summary, found))
    });
    match result {
        Ok((summary, found)) => thread::scope(|scope| {
            // Both take some time for files of this size, and one of them waits for the disk.
            scope.spawn(|| drop((a, b, found)));
            work.finish()?;
            Ok(summary)
        }),
        Err(stopped) => {
            // What stopped the run has to be told, also when the folder cannot be cleared.
            let _ = work.leave(plan.keeps);
            Err(match stopped {
                Stopped::Broken(fault) => Stopped::Broken(or_full_disk(fault, plan.keeps)),
                other => other,
            })
        }
    }
}

/// Says when it is dropped that a run is over, also by a fault or a panic: nobody waits for hashes that nobody needs.
struct Over<'f>(&'f AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Opens both files, so that problems of both are told at once.
fn open(job: &Job) -> Result<(Source, Source), Stopped> {
    let mut problems = Vec::new();
    let mut one = |path, side, spec| match Source::open(path, side, spec) {
        Ok(source) => Ok(Some(source)),
        Err(Ok(found)) => {
            problems.extend(found);
            Ok(None)
        }
        Err(Err(fault)) => Err(fault),
    };
    match (one(&job.a, 'A', &job.spec.a)?, one(&job.b, 'B', &job.spec.b)?) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(Stopped::Input(problems)),
    }
}

/// How a run is cut into pieces.
#[derive(Debug)]
struct Plan {
    /// Size of chunks of A and of B.
    chunks: [u64; 2],
    /// Partitions of the exact stage.
    parts: usize,
    /// Finished chunks are kept.
    keeps: bool,
    /// What rows leave is too much for the memory.
    spills: bool,
    /// About so many rows there are in both files.
    rows: u64,
    /// See [`Sizes`].
    piece: (u64, u64),
    identity: u64,
}

impl Plan {
    fn new(job: &Job, a: &Source, b: &Source, sizes: Sizes) -> Result<Plan, Fault> {
        let bytes = [a.bytes().len() as u64, b.bytes().len() as u64];
        let rows = rows_about(a.bytes(), &job.spec.a.layout) + rows_about(b.bytes(), &job.spec.b.layout);
        let spills = rows * (READ_BYTES + ROW_BYTES) + SMALL_BYTES > job.memory;
        let parts = (rows / PART_ROWS).next_power_of_two().clamp(1, PARTS_MAX);
        let chunks = bytes.map(|bytes| (bytes / 256).clamp(sizes.chunk.0, sizes.chunk.1));
        let keeps = spills || bytes.iter().sum::<u64>() > sizes.keep;
        let inputs = [(job.a.as_path(), a), (job.b.as_path(), b)];
        let identity =
            if keeps { work::identity(&job.spec, inputs, &[chunks[0], chunks[1], parts])? } else { 0 };
        Ok(Plan { chunks, parts: parts as usize, keeps, spills, rows, piece: sizes.piece, identity })
    }
}

impl Plan {
    /// The memory of a run.
    fn memory(&self, job: &Job, work: &Work) -> Memory {
        let cap = job.memory - job.memory.min(SMALL_BYTES);
        let memory = if self.spills {
            // Here every megabyte counts, also those that the allocator keeps between two uses.
            Memory::new(work.path(), cap / 4 * 3)
        } else {
            Memory::with_rooms(work.path(), cap, self.rows * ROW_BYTES + self.reserved())
        };
        memory.with_pieces(self.piece)
    }

    /// How much of it is taken until the exact stage is over.
    fn reserved(&self) -> u64 {
        if self.spills { 0 } else { self.rows * READ_BYTES }
    }
}

/// How many rows a file has about: from the length of its records, or from the line ends in pieces of it.
fn rows_about(bytes: &[u8], layout: &Layout) -> u64 {
    const PIECES: usize = 16;
    const PIECE: usize = 64 << 10;
    if let Layout::Fixed(Fixed { record_length: Some(length), .. }) = layout {
        return bytes.len() as u64 / u64::from((*length).max(1)) + 1;
    }
    let step = (bytes.len() / PIECES).max(PIECE);
    let (mut seen, mut lines) = (0, 1);
    for from in (0..bytes.len()).step_by(step) {
        let piece = &bytes[from..bytes.len().min(from + PIECE)];
        let count = |end: u8| memchr::memchr_iter(end, piece).count();
        seen += piece.len();
        lines += count(b'\n').max(count(b'\r'));
    }
    (bytes.len() as u64).saturating_mul(lines as u64) / seen.max(1) as u64 + 1
}

/// Everything up to the writing. `hash` begins to hash the inputs, if there is more than one thread.
fn find<'m>(
    job: &Job,
    crew: &Crew<'_>,
    work: &Work,
    (source_a, source_b): (&Source, &Source),
    (plan, memory): (&Plan, &'m Memory),
    hash: impl FnOnce(),
) -> Result<Found<'m>, Stopped> {
    let (counts, mut problems) = (Counts::new(), Problems::default());
    let chunks_a = source_a.chunks(plan.chunks[0], crew.threads);
    let chunks_b = source_b.chunks(plan.chunks[1], crew.threads);
    let bytes = chunks_a.iter().chain(&chunks_b).map(|chunk| chunk.end - chunk.start).sum();
    let progress = crew.stage(Stage::Read, bytes);
    let about = |source: &Source, spec: &spec::Side| {
        let rows = rows_about(source.bytes(), &spec.layout);
        let parts_bytes = rows * PARTS_BYTES;
        (rows, if memory.spares(parts_bytes) { parts_bytes } else { 0 })
    };
    // First what keys are made of: without it more rows are read twice than mirrors spare being read.
    let (about_a, about_b) = (about(source_a, &job.spec.a), about(source_b, &job.spec.b));
    let mirrors = Mirrors::new(memory, about_b.0, (source_a, source_b));
    let mut read = |side, (source, spec): (&Source, &spec::Side), (rows, parts_taken), chunks| {
        let kept = if plan.keeps { Some(Kept::open(work.path(), side, plan.identity)?) } else { None };
        source.noted().iter().for_each(|problem| problems.add(problem.clone()));
        let (counts, mirrors, parts, spilled) = (&counts, mirrors.as_ref(), plan.parts, plan.spills);
        let row_bytes = source.bytes().len() as u64 / rows;
        let reading = Reading {
            side,
            source,
            spec,
            counts,
            mirrors,
            chunks,
            row_bytes,
            parts,
            kept,
            parts_taken,
            spilled,
        };
        read::read(crew, memory, reading, &progress, &mut problems)
    };
    let (b, runs_b, parts_b) = read('B', (source_b, &job.spec.b), about_b, chunks_b)?;
    counts.set_rows(u64::from(b.rows));
    let (a, runs_a, parts_a) = read('A', (source_a, &job.spec.a), about_a, chunks_a)?;
    memory.give(mirrors.as_ref().map_or(0, Mirrors::bytes));
    drop(mirrors);

    let progress = crew.stage(Stage::Exact, runs_a.records() + runs_b.records());
    let exact = exact::link(crew, memory, ((&a, &runs_a), (&b, &runs_b)), plan.parts, &progress)?;
    drop((runs_a, runs_b));
    memory.give(plan.reserved());

    // From here on threads wait for one another now and then: there is something to do beside.
    hash();
    let progress = crew.stage(Stage::Score, third::PROGRESS.iter().sum());
    let (side_a, side_b) = ((source_a, &a), (source_b, &b));
    let third = Third { crew, memory, a: side_a, b: side_b, counts: &counts, progress: &progress };
    let open = u64::from(a.rows) - exact.raw - exact.normal;
    let (near, parts) = third.open(parts_a, parts_b, open)?;
    let blocked = |near: &Near| found::is_blocked(&a, &b, near);
    let assigned = assign::assign((crew, memory), &near, blocked, rivals)?;
    let raw_linked = found::link(crew, (&a, source_a), (&b, source_b), (&near, &assigned.links))? + exact.raw;
    let mut open = Gathered::new(memory);
    open.add_all(assigned.open(&near))?;
    drop((assigned, near));
    let raw_linked = raw_linked - third.aside(parts, &mut open)?;
    let cases = assign::cases((crew, memory), &open.done()?, blocked, rivals)?;
    let raw = exact.raw + exact.raw_left;
    Ok(Found::new((a, b), (raw_linked, raw - raw_linked), cases, problems))
}
