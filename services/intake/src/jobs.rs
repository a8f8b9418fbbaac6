//! Loading a delivery: a feed file is read line by line and taken in transactions of a few records.
//!
//! Always holds: how far a delivery has come is written in the transaction that takes its records, so whoever was killed
//! between any two goes on exactly there; memory is that of one batch, however long a file or a line is; problems are
//! counted all and kept up to a limit, in the transaction of their lines; nothing of a line stands in one.
//! Not here: opening files, the clock, signals (`app`); what a record leads to ([`crate::take`]).
//! Rules come from: docs/feeds.md; DESIGN section 4, "Loads write in chunks".

use crate::{
    refusals::{self, HELD_BACK},
    rules::{self, Counts, Delivery, Sender, Whose},
    store, take,
};
use ::store::{Store, Tx};
use audit::{Evidence, say};
use aws_lc_rs::digest::{Context, SHA256};
use base::{Answer, Cx, Fault, Help, InsurerNumber, Result};
use formats::feed::{self, Header, Record};
use std::{
    collections::{BTreeMap, HashSet},
    io::{self, BufRead},
    sync::atomic::{AtomicBool, Ordering},
};

/// Records in a transaction beside a running desk, which waits for the one writer meanwhile.
pub const BATCH_BESIDE: usize = 24;
/// Records in a transaction when nobody waits.
pub const BATCH_ALONE: usize = 500;
/// Problems of a delivery that are kept; all are counted.
pub const PROBLEMS_MAX: usize = 1_000;

/// What is wrong with a line, or to be known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, the header being 1.
    pub line: u64,
    /// The field; empty for the line as a whole.
    pub field: String,
    /// Code and texts.
    pub help: &'static Help,
}

// Reading ------------------------------------------------------------------------------------------------------------

/// Lines of bytes, counted and hashed.
struct Lines<R> {
    input: R,
    count: u64,
    digest: Context,
}

impl<R: BufRead> Lines<R> {
    /// The next line, without its end. Of one that is too long a byte more than may be is kept, and the rest passed over.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut is_there = false;
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            is_there = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = end.map_or(chunk, |end| &chunk[..=end]);
            self.digest.update(part);
            let room = (feed::LINE_BYTES_MAX + 3).saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(room)]);
            let taken = part.len();
            self.input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.count += u64::from(is_there);
        for end in [b'\n', b'\r'] {
            line.pop_if(|last| *last == end);
        }
        Ok(is_there.then_some(line))
    }

    fn is_over(&mut self) -> io::Result<bool> {
        Ok(self.input.fill_buf()?.is_empty())
    }

    fn digest(&self) -> [u8; 32] {
        finished(&self.digest)
    }
}

fn finished(digest: &Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest.clone().finish().as_ref());
    out
}

/// A line that was read, and where the file stood before it.
struct Ahead {
    record: std::result::Result<Record, feed::Problem>,
    before: (u64, Context),
}

/// A line of a batch, and the SHA-256 of the file to its end.
#[derive(Clone)]
struct Taking {
    line: u64,
    record: std::result::Result<Record, feed::Problem>,
    digest: Context,
}

/// A feed file that is being read.
pub struct FeedFile<R> {
    /// Its first line.
    pub header: Header,
    lines: Lines<R>,
    ahead: Option<Ahead>,
    is_over: bool,
}

/// Records that are taken together, and where the file stands after them.
pub struct Batch {
    records: Vec<Taking>,
    lines: u64,
    digest: [u8; 32],
    is_last: bool,
}

impl Batch {
    /// Whether it has more than one record.
    pub fn is_divisible(&self) -> bool {
        self.records.len() > 1
    }

    /// The line of its only record; nothing when it has more.
    fn only_line(&self) -> Option<u64> {
        match &self.records[..] {
            [only] => Some(only.line),
            _ => None,
        }
    }

    /// The same records, each in a batch of its own: so that one that cannot be taken keeps none before it back.
    pub fn split(&self) -> Vec<Batch> {
        let alone = |one: &Taking| Batch {
            lines: one.line,
            digest: finished(&one.digest),
            is_last: false,
            records: vec![one.clone()],
        };
        let mut batches: Vec<Batch> = self.records.iter().map(alone).collect();
        // Behind the last one there may be blank lines.
        if let Some(last) = batches.last_mut() {
            (last.lines, last.digest, last.is_last) = (self.lines, self.digest, self.is_last);
        }
        batches
    }
}

impl<R: BufRead> FeedFile<R> {
    /// Reads the header.
    pub fn open(input: R) -> io::Result<std::result::Result<FeedFile<R>, feed::Problem>> {
        let mut lines = Lines { input, count: 0, digest: Context::new(&SHA256) };
        let first = lines.next()?.unwrap_or_default();
        Ok(feed::read_header(&first).map(|header| FeedFile { header, lines, ahead: None, is_over: false }))
    }

    /// Passes over what was done before. Refused when that was another file.
    pub fn skip(&mut self, done: &Delivery) -> io::Result<Answer<()>> {
        while self.lines.count < done.lines {
            if self.lines.next()?.is_none() {
                return Ok(Err(refusals::other_bytes()));
            }
        }
        self.is_over = done.finished_at.is_some();
        let is_longer = self.is_over && !self.lines.is_over()?;
        let same = self.lines.digest() == done.digest && !is_longer;
        Ok(if same { Ok(()) } else { Err(refusals::other_bytes()) })
    }

    /// The next records, at most so many; nothing when all are done. It ends before a second version of something that
    /// has one version in a transaction.
    pub fn next_batch(&mut self, records_max: usize) -> io::Result<Option<Batch>> {
        if self.is_over {
            return Ok(None);
        }
        let mut records = Vec::with_capacity(records_max.min(BATCH_ALONE));
        let mut versions = HashSet::new();
        while records.len() < records_max.max(1) {
            let Some(next) = self.next_record()? else { break };
            if let Ok(record) = &next.record
                && let Some(version) = versioned(record)
                && !versions.insert(version)
            {
                let (lines, digest) = (next.before.0, finished(&next.before.1));
                self.ahead = Some(next);
                return Ok(Some(Batch { records, lines, digest, is_last: false }));
            }
            let (line, digest) = (self.lines.count, self.lines.digest.clone());
            records.push(Taking { line, record: next.record, digest });
        }
        self.is_over = self.ahead.is_none() && self.lines.is_over()?;
        let (lines, digest) = (self.lines.count, self.lines.digest());
        Ok(Some(Batch { records, lines, digest, is_last: self.is_over }))
    }

    /// The next line that is not blank.
    fn next_record(&mut self) -> io::Result<Option<Ahead>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        loop {
            let before = (self.lines.count, self.lines.digest.clone());
            let Some(line) = self.lines.next()? else { return Ok(None) };
            if !line.trim_ascii().is_empty() {
                return Ok(Some(Ahead { record: feed::read(&line), before }));
            }
        }
    }
}

/// What can have one new version in a transaction, since its versions are told apart by their revision.
fn versioned(record: &Record) -> Option<(&'static str, String)> {
    let name = match record {
        Record::Resident(resident) => resident.my_number.clone(),
        // One number can be written with six digits and with eight.
        Record::Insurer(insurer) => InsurerNumber::parse(&insurer.insurer)
            .map_or_else(|_| insurer.insurer.clone(), |number| number.as_str().to_owned()),
        Record::Facility(facility) => facility.code.clone(),
        _ => return None,
    };
    Some((record.word(), name))
}

// Taking -------------------------------------------------------------------------------------------------------------

/// How a delivery stands after a batch.
pub struct Moved {
    /// How far it has come.
    pub delivery: Delivery,
    /// What was wrong in this batch.
    pub problems: Vec<Problem>,
}

/// Takes a batch of a delivery that stood at `left`. Runs inside `Store::record`.
pub fn take_batch(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    sender: &Sender,
    name: &str,
    left: Option<&Delivery>,
    batch: &Batch,
) -> Result<Answer<Moved>> {
    let stands = store::delivery(tx, sender.raw(), name)?;
    if let Err(refusal) = rules::goes_on(left, stands.as_ref()) {
        return Ok(Err(refusal));
    }
    let mut counts = Counts::default();
    let mut problems = Vec::new();
    for Taking { line, record, .. } in &batch.records {
        let wrong = |field: String, help| Problem { line: *line, field, help };
        match record {
            Err(problem) => {
                counts.refused += 1;
                problems.push(wrong(problem.field.clone(), refusals::fault(problem.fault)));
            }
            Ok(record) => match take(tx, cx, sender, record)? {
                Err(refused) => {
                    counts.refused += 1;
                    problems.push(wrong(refused.field, refused.refusal.help));
                }
                Ok(taken) => {
                    *(if taken.is_new { &mut counts.taken } else { &mut counts.unchanged }) += 1;
                    if taken.held.is_some() {
                        counts.held += 1;
                        problems.push(wrong("key".to_owned(), &HELD_BACK));
                    }
                }
            },
        }
    }
    let before = stands.as_ref().map_or(0, |stands| stands.counts.problems());
    let delivery = moved(stands, sender, batch, &counts, cx);
    store::put_delivery(tx, sender.raw(), name, &delivery)?;
    let room = PROBLEMS_MAX.saturating_sub(usize::try_from(before).unwrap_or(usize::MAX));
    for problem in problems.iter().take(room) {
        store::insert_problem(tx, sender.raw(), name, problem)?;
    }
    said(tx, cx, sender, &counts);
    Ok(Ok(Moved { delivery, problems }))
}

fn moved(stands: Option<Delivery>, sender: &Sender, batch: &Batch, counts: &Counts, cx: &Cx<'_>) -> Delivery {
    let before = stands.unwrap_or_else(|| Delivery::anew(sender.kind, cx.now));
    Delivery {
        lines: batch.lines,
        digest: batch.digest,
        counts: Counts {
            taken: before.counts.taken + counts.taken,
            unchanged: before.counts.unchanged + counts.unchanged,
            held: before.counts.held + counts.held,
            refused: before.counts.refused + counts.refused,
        },
        moved_at: cx.now,
        finished_at: batch.is_last.then_some(cx.now),
        ..before
    }
}

fn said(tx: &mut Tx<'_>, cx: &Cx<'_>, sender: &Sender, counts: &Counts) {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let evidence = Evidence {
        act: "intake.take",
        outcome: "recorded",
        code: sender.kind.word(),
        subject: sender.office.map(base::Id::raw),
        steps: vec![
            ("taken", count(counts.taken)),
            ("unchanged", count(counts.unchanged)),
            ("held", count(counts.held)),
            ("refused", count(counts.refused)),
        ],
        ..Evidence::default()
    };
    say(tx, cx, &evidence);
}

// Loading ------------------------------------------------------------------------------------------------------------

/// What a load works with.
pub struct Desk<'d> {
    /// The data.
    pub store: &'d Store,
    /// A context for each transaction.
    pub cx: &'d dyn Fn() -> Cx<'d>,
    /// Records in a transaction.
    pub batch: usize,
    /// Ends the load before the next transaction.
    pub stop: &'d AtomicBool,
}

/// How a load ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// The header.
    pub header: Header,
    /// How far the delivery has come; nothing when not even a first batch was taken.
    pub delivery: Option<Delivery>,
    /// Whether there was nothing to do, since the delivery was finished before.
    pub was_finished: bool,
    /// The first problems of the delivery, those of earlier loads too.
    pub problems: Vec<Problem>,
    /// How many there were.
    pub problems_count: u64,
}

impl Report {
    /// A load that begins at `done`, with the problems that were kept until there.
    pub fn new(header: &Header, done: Option<(Delivery, Vec<Problem>)>) -> Report {
        let (delivery, problems) = done.map_or((None, Vec::new()), |(one, problems)| (Some(one), problems));
        let was_finished = delivery.as_ref().is_some_and(|delivery| delivery.finished_at.is_some());
        let problems_count = delivery.as_ref().map_or(0, |delivery| delivery.counts.problems());
        Report { header: header.clone(), delivery, was_finished, problems, problems_count }
    }

    /// Adds what became of a batch.
    pub fn add(&mut self, moved: Moved) {
        self.note(moved.problems);
        self.delivery = Some(moved.delivery);
    }

    fn note(&mut self, problems: Vec<Problem>) {
        self.problems_count += problems.len() as u64;
        let room = PROBLEMS_MAX.saturating_sub(self.problems.len());
        self.problems.extend(problems.into_iter().take(room));
    }
}

/// Loads a file to its end, or until told to stop; goes on where an earlier load of it ended. `progress` hears of each
/// transaction.
pub fn load<R: BufRead>(
    desk: &Desk<'_>,
    whose: &Whose,
    input: R,
    progress: &mut dyn FnMut(&Delivery),
) -> Result<Answer<Report>> {
    let mut file = match FeedFile::open(input).map_err(unreadable)? {
        Ok(file) => file,
        Err(_) => return Ok(Err(refusals::header())),
    };
    let sender = match rules::sender(whose, &file.header) {
        Ok(sender) => sender,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let name = file.header.delivery.clone();
    let done = desk.store.look(|tx| found(tx, &sender, &name))?;
    if let Some((done, _)) = &done
        && let Err(refusal) = file.skip(done).map_err(unreadable)?
    {
        return Ok(Err(refusal));
    }
    let mut report = Report::new(&file.header, done);
    while !desk.stop.load(Ordering::Relaxed) {
        let Some(batch) = file.next_batch(desk.batch).map_err(unreadable)? else { break };
        let done = match load_batch(desk, &sender, &mut report, &batch, progress) {
            // All before the one that cannot be taken stand, and the fault says which it is.
            Err(error) if batch.is_divisible() => {
                let mut done = Err(error);
                for one in &batch.split() {
                    done = load_batch(desk, &sender, &mut report, one, progress);
                    if !matches!(done, Ok(Ok(()))) {
                        break;
                    }
                }
                done
            }
            done => done,
        };
        if let Err(refusal) = done? {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(report))
}

/// How far a delivery has come, and what was wrong until there.
pub fn found(tx: &mut Tx<'_>, sender: &Sender, name: &str) -> Result<Option<(Delivery, Vec<Problem>)>> {
    let Some(delivery) = store::delivery(tx, sender.raw(), name)? else { return Ok(None) };
    Ok(Some((delivery, store::problems(tx, sender.raw(), name)?)))
}

fn load_batch(
    desk: &Desk<'_>,
    sender: &Sender,
    report: &mut Report,
    batch: &Batch,
    progress: &mut dyn FnMut(&Delivery),
) -> Result<Answer<()>> {
    let cx = (desk.cx)();
    let (name, left) = (report.header.delivery.clone(), report.delivery.as_ref());
    let named = |error| match batch.only_line() {
        Some(line) => Fault::caused(format!("line {line} could not be taken"), error).into(),
        None => error,
    };
    let taken = desk.store.record(cx.now, |tx| take_batch(tx, &cx, sender, &name, left, batch));
    let taken = taken.map_err(named)?;
    Ok(taken.map(|moved| {
        progress(&moved.delivery);
        report.add(moved);
    }))
}

fn unreadable(error: io::Error) -> base::Error {
    Fault::caused("the feed file cannot be read", error).into()
}

/// What reading a file through, without any data, shows.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The report; its delivery is none.
    pub report: Report,
    /// Lines, the header too.
    pub lines: u64,
    /// Records by type.
    pub records: BTreeMap<&'static str, u64>,
}

/// Reads a file through: the form of each line, numbers, days, and whose each record is. What cannot be told without the
/// data (whether somebody is known) is not looked at.
pub fn check<R: BufRead>(input: R) -> io::Result<std::result::Result<Checked, feed::Problem>> {
    let mut file = match FeedFile::open(input)? {
        Ok(file) => file,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut report = Report::new(&file.header, None);
    let sender = Sender { office: None, kind: file.header.office, insurer: None };
    let mut records: BTreeMap<&'static str, u64> = BTreeMap::new();
    while let Some(next) = file.next_record()? {
        let line = file.lines.count;
        let judged = match &next.record {
            Err(problem) => Err((problem.field.clone(), refusals::fault(problem.fault))),
            Ok(record) => {
                *records.entry(record.word()).or_default() += 1;
                rules::check(&sender, record).map_err(|refused| (refused.field, refused.refusal.help))
            }
        };
        if let Err((field, help)) = judged {
            report.note(vec![Problem { line, field, help }]);
        }
    }
    Ok(Ok(Checked { report, lines: file.lines.count, records }))
}
