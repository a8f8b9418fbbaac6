//! The invented nation in a data directory: which one it is, and how its offices' lines get in.
//!
//! Always holds: lines enter by `intake` only, as a file from an office would; a directory keeps its nation's plan, so a
//! second start or a killed one goes on where the deliveries in the database say that it stood; the truth is written
//! nowhere but where the command line names a file for it.
//! Not here: who the people are (`country`), the commands (`country_commands`), the demo's named patients (`demo`).
//! Rules come from: issue 4, parts C and D.

use crate::{
    datadir::{DataDir, write_atomic},
    demo,
};
use base::{Actor, Date, Error, Fault, Purpose, Result};
use country::nation::{Block, Nation, Plan, dice::stir};
use formats::feed::{self, Header, Office, Record};
use intake::{
    jobs::{self, Desk},
    refusals::HELD_BACK,
    rules::{Delivery, Sender, Whose},
};
use std::{io::Cursor, sync::atomic::AtomicBool};
use store::Store;
use web::house::{Asker, House};

/// The file that keeps a directory's nation.
pub const FILE: &str = "nation.toml";

/// Which nation a directory has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// People on its first day.
    pub people: u32,
    /// The day for which it was made.
    pub base: Date,
    /// How many times as often as in the field mistakes are made.
    pub mistakes: u32,
}

impl Kept {
    /// The nation that a directory has.
    pub fn read(dir: &DataDir) -> Result<Option<Kept>> {
        let text = match std::fs::read_to_string(dir.join(FILE)) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Fault::caused("nation.toml cannot be read", e).into()),
        };
        let bad =
            || Error::broken("nation.toml does not say people, base and mistakes: begin anew with --reset");
        let read: toml::Table = text.parse().map_err(|_| bad())?;
        let number = |key: &str| read.get(key).and_then(toml::Value::as_integer).ok_or_else(bad);
        let small = |key: &str| number(key).and_then(|value| u32::try_from(value).map_err(|_| bad()));
        let base = Date::from_number(number("base")?).ok_or_else(bad)?;
        Ok(Some(Kept { people: small("people")?, base, mistakes: small("mistakes")? }))
    }

    /// Whether it is what is asked for; the day only when one was named.
    pub fn is_as_wanted(&self, wanted: &Kept, is_day_named: bool) -> bool {
        self.people == wanted.people
            && self.mistakes == wanted.mistakes
            && (!is_day_named || self.base == wanted.base)
    }

    /// Keeps it.
    pub fn write(&self, dir: &DataDir) -> Result<()> {
        let text = format!(
            "# The invented nation in this directory; with another it could not go on.\n\
             people = {}\nbase = {}\nmistakes = {}\n",
            self.people,
            self.base.as_number(),
            self.mistakes
        );
        write_atomic(&dir.join(FILE), text.as_bytes())
    }

    /// With the directory's seed, the plan.
    pub fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::new(seed, self.people, self.base);
        plan.mistakes = self.mistakes;
        plan
    }

    /// With the directory's seed, the nation.
    pub fn nation(&self, seed: u64) -> Nation {
        Nation::new(self.plan(seed))
    }
}

/// How far settling has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Steps done: the directory, each block, each day.
    pub done: u64,
    /// Steps in all.
    pub all: u64,
    /// Lines of the deliveries that this run brought forward.
    pub lines: u64,
    /// Of them coverages whose link is held back.
    pub held: u64,
}

/// With what lines are loaded.
pub struct Loading<'l> {
    /// The house that gives instants and ids.
    pub house: &'l House,
    /// Records in a transaction.
    pub batch: usize,
    /// Threads that tell blocks; one more loads.
    pub threads: usize,
    /// Ends it before the next transaction.
    pub stop: &'l AtomicBool,
    /// Seals the log; called after each delivery.
    pub seal: &'l mut dyn FnMut() -> Result<()>,
    /// Hears of each delivery.
    pub say: &'l mut dyn FnMut(&Progress),
}

impl Loading<'_> {
    /// Brings the database to a day: institutions, everybody, and each day since. What is there already is passed over.
    /// Says whether it came to the end.
    pub fn settle(&mut self, nation: &Nation, until: Date) -> Result<(Progress, bool)> {
        let plan = nation.plan;
        let days = until.days_since(plan.base).max(0);
        let blocks = u64::from(plan.blocks());
        let mut progress = Progress { all: 1 + blocks + days as u64, ..Progress::default() };
        let names = Names::of(&plan);
        if !is_begun(self.house.store(), &plan)? {
            demo::refuse_real_data(self.house, until)?;
        }
        if !self.is_done(&names.directory())? {
            let lines = lines(nation.directory());
            if !self.deliver(Office::Directory, &names.directory(), plan.base, lines, &mut progress)? {
                return Ok((progress, false));
            }
        }
        let first = self.first_missing(blocks, |number| names.block(number as u32))?;
        progress.done = 1 + first;
        let mut ended = Ok(true);
        nation.in_order(
            first as u32..plan.blocks(),
            plan.base,
            self.threads,
            |block| all_lines(&block),
            |number, lines| {
                ended = self.deliver(Office::Relay, &names.block(number), plan.base, lines, &mut progress);
                matches!(ended, Ok(true))
            },
        );
        if !ended? {
            return Ok((progress, false));
        }
        let done =
            self.first_missing(days as u64, |place| names.day(plan.base.plus_days(place as i64 + 1)))?;
        progress.done = 1 + blocks + done;
        let mut from = plan.base.plus_days(done as i64 + 1);
        while from <= until {
            let last = from.plus_days(DAYS_AT_ONCE - 1).min(until);
            if !self.settle_days(nation, from, last, &mut progress)? {
                return Ok((progress, false));
            }
            from = last.plus_days(1);
        }
        Ok((progress, true))
    }

    /// Delivers the lines of days, all blocks' of a day together.
    fn settle_days(
        &mut self,
        nation: &Nation,
        from: Date,
        until: Date,
        progress: &mut Progress,
    ) -> Result<bool> {
        let names = Names::of(&nation.plan);
        let count = until.days_since(from) as usize + 1;
        let mut days: Vec<Vec<u8>> = vec![Vec::new(); count];
        let by_day = |block: Block| -> Vec<(usize, Record)> {
            let place = |day: Date| day.days_since(from) as usize;
            block.sent_on(from, until).map(|sent| (place(sent.day), sent.record.clone())).collect()
        };
        nation.in_order(0..nation.plan.blocks(), until, self.threads, by_day, |_, sent| {
            sent.iter().for_each(|(place, record)| feed::push(record, &mut days[*place]));
            !self.stop.load(std::sync::atomic::Ordering::Relaxed)
        });
        if self.stop.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(false);
        }
        for (place, lines) in days.into_iter().enumerate() {
            let day = from.plus_days(place as i64);
            if !self.deliver(Office::Relay, &names.day(day), day, lines, progress)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The first of so many deliveries that is not finished. They are made one after the other.
    fn first_missing(&self, count: u64, name: impl Fn(u64) -> String) -> Result<u64> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            if self.is_done(&name(middle))? { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    fn is_done(&self, name: &str) -> Result<bool> {
        let done = |one: Delivery| one.finished_at.is_some() && one.counts.refused == 0;
        Ok(delivery(self.house.store(), name)?.is_some_and(done))
    }

    /// Loads one delivery; says whether it came to its end.
    fn deliver(
        &mut self,
        office: Office,
        name: &str,
        made_on: Date,
        lines: Vec<u8>,
        progress: &mut Progress,
    ) -> Result<bool> {
        let header = Header { office, delivery: name.to_owned(), made_on: made_on.stamp8() };
        let mut bytes = feed::header_line(&header).into_bytes();
        bytes.push(b'\n');
        bytes.extend(lines);
        let house = self.house;
        let cx = || house.cx(Asker::new(Actor::System, Purpose::Registration));
        let desk = Desk { store: house.store(), cx: &cx, batch: self.batch, stop: self.stop };
        let loaded = jobs::load(&desk, &Whose::Operator, Cursor::new(bytes), &mut |_| {})?;
        let report = loaded
            .map_err(|refusal| Error::broken(format!("a delivery of the nation was refused: {refusal}")))?;
        (self.seal)()?;
        let Some(delivery) = report.delivery else { return Ok(false) };
        if delivery.counts.refused > 0 {
            let first = report.problems.iter().find(|problem| problem.help.code != HELD_BACK.code);
            let what =
                first.map(|first| format!("line {}, {}: {}", first.line, first.field, first.help.code));
            return Err(Error::broken(format!(
                "{} lines of {name} were refused; first {}",
                delivery.counts.refused,
                what.unwrap_or_default()
            )));
        }
        progress.done += 1;
        progress.lines += delivery.lines;
        progress.held += delivery.counts.held;
        (self.say)(progress);
        Ok(delivery.finished_at.is_some())
    }
}

/// Days whose lines are held in memory at once; more are told in several turns.
const DAYS_AT_ONCE: i64 = 30;

/// Whether the database has something of this nation: what else is in it is then no real person's.
pub fn is_begun(store: &Store, plan: &Plan) -> Result<bool> {
    Ok(delivery(store, &Names::of(plan).directory())?.is_some())
}

/// The names of a nation's deliveries. They begin with a mark of its plan, so that another nation's are never taken for
/// its own.
struct Names {
    mark: u64,
}

impl Names {
    fn of(plan: &Plan) -> Names {
        let parts = [u64::from(plan.people), plan.base.as_number() as u64, u64::from(plan.mistakes)];
        Names { mark: parts.into_iter().fold(stir(plan.seed), |mark, part| stir(mark ^ part)) >> 32 }
    }

    fn directory(&self) -> String {
        format!("nation-{:08x}-directory", self.mark)
    }

    fn block(&self, number: u32) -> String {
        format!("nation-{:08x}-block-{number:05}", self.mark)
    }

    fn day(&self, day: Date) -> String {
        format!("nation-{:08x}-day-{}", self.mark, day.stamp8())
    }
}

fn delivery(store: &Store, name: &str) -> Result<Option<Delivery>> {
    let operator = Sender { office: None, kind: Office::Relay, insurer: None };
    store.look(|tx| intake::delivery(tx, &operator, name))
}

/// Everything that a block sent so far.
fn all_lines(block: &Block) -> Vec<u8> {
    lines(block.sent.iter().map(|sent| &sent.record))
}

fn lines<R: std::borrow::Borrow<Record>>(records: impl Iterator<Item = R>) -> Vec<u8> {
    let mut bytes = Vec::new();
    records.for_each(|record| feed::push(record.borrow(), &mut bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{running, settings};
    use base::FacilityCode;
    use facilities::rules::{FacilityEntry, Kind};

    #[test]
    fn nobody_invented_goes_among_what_is_somebodys_own() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::own(folder.path(), "a test").unwrap();
        let mut opened = running::open(dir, settings::load(None).unwrap(), true).unwrap();
        let house = opened.house.clone();
        let entry = FacilityEntry {
            code: FacilityCode::from_body("011000001").unwrap(),
            name: "somebody's own".into(),
            kind: Kind::Clinic,
            postcode: None,
            address: None,
            pre_operation_from: None,
            operates_from: None,
            closes_on: None,
        };
        let cx = house.cx(Asker::new(Actor::System, Purpose::Administration));
        let recorded = house.store().record(cx.now, |tx| facilities::record(tx, &cx, cx.id(), &entry));
        assert_eq!(recorded.unwrap(), Ok(true));
        let day = cx.now.date();
        let nation = Kept { people: 10, base: day, mistakes: 1 }.nation(1);
        let mut loading = Loading {
            house: &house,
            batch: jobs::BATCH_ALONE,
            threads: 1,
            stop: &AtomicBool::new(false),
            seal: &mut || opened.seal(),
            say: &mut |_| {},
        };
        let said = loading.settle(&nation, day).unwrap_err().to_string();
        assert!(said.contains("invented people do not go among real ones"), "{said}");
        assert!(!is_begun(house.store(), &nation.plan).unwrap());
    }
}
