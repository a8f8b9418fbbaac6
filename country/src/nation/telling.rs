//! A nation as the outside sees it: the lines that offices send, in order, and a hash by which two machines compare.
//!
//! Always holds: the hash covers every line sent and every event, block by block, so it does not depend on how many
//! blocks were told at once or in how many steps.
//! Not here: files, progress, the database.
//! Rules come from: the issue, part C ("the event log has a hash").

use super::{
    block::Block,
    filings::Sent,
    households,
    institutions::{Facility, Institutions},
    plan::Plan,
};
use aws_lc_rs::digest::{Context, SHA256};
use base::{Date, FacilityCode, hex};
use formats::feed::{self, Office, Record};

/// A nation: its plan and its institutions. Blocks are told when asked for.
pub struct Nation {
    /// Seed, size and day.
    pub plan: Plan,
    /// Insurers, employers, facilities.
    pub institutions: Institutions,
}

/// Facilities of a nation of full size.
pub const FACILITIES_MAX: u32 = 230_000;
/// A small nation has more of them than its share, so that a town has somewhere to go.
const FACILITIES_MIN: u32 = 60;
/// People for each facility in Japan are some 540; a nation of a million has them all.
const FACILITIES_EACH: u32 = 100;

impl Nation {
    /// A nation with as many facilities as suit its size: all of them from a million people on.
    pub fn new(plan: Plan) -> Nation {
        let wanted = match plan.people {
            1_000_000.. => FACILITIES_MAX,
            people => (people / FACILITIES_EACH).clamp(FACILITIES_MIN, FACILITIES_MAX),
        };
        Nation { plan, institutions: Institutions::new(plan.seed, plan.base, wanted) }
    }

    /// Tells a block up to a day.
    pub fn block(&self, number: u32, until: Date) -> Block {
        Block::told(&self.plan, &self.institutions, number, until)
    }

    /// Tells blocks up to a day on so many threads and hands what is made of each over in their order. Few are in memory
    /// at once. `take` says whether to go on.
    pub fn in_order<T: Send>(
        &self,
        blocks: std::ops::Range<u32>,
        until: Date,
        threads: usize,
        make: impl Fn(Block) -> T + Sync,
        take: impl FnMut(u32, T) -> bool,
    ) {
        lanes(blocks, threads, |number| make(self.block(number, until)), take);
    }

    /// A block on its first day, with nothing told of it: people, homes and work, without insurances and cards.
    pub(crate) fn founded(&self, number: u32) -> Block {
        households::found(&self.plan, &self.institutions, number)
    }

    /// What the directory of institutions sends before everybody else: insurers' names and facilities.
    pub fn directory(&self) -> impl Iterator<Item = Record> + '_ {
        let insurers = self.institutions.insurers().iter().map(|insurer| {
            let insurer =
                feed::Insurer { insurer: insurer.number.as_str().to_owned(), name: insurer.name.clone() };
            Record::Insurer(insurer)
        });
        // The named clinics of the demo come by its own hand, with ids that their terminals know.
        let named: Vec<FacilityCode> =
            crate::clinics(self.plan.base).into_iter().map(|clinic| clinic.code).collect();
        let facilities = (0..self.institutions.facilities())
            .map(|number| self.institutions.facility(number))
            .filter(move |facility| !named.contains(&facility.code))
            .map(facility);
        insurers.chain(facilities)
    }
}

/// Makes something of each number on so many threads and hands it over in the order of the numbers. Few are in memory at
/// once. `take` says whether to go on.
pub(crate) fn lanes<T: Send>(
    numbers: std::ops::Range<u32>,
    threads: usize,
    make: impl Fn(u32) -> T + Sync,
    mut take: impl FnMut(u32, T) -> bool,
) {
    let threads = threads.clamp(1, 64);
    let make = &make;
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..threads)
            .map(|lane| {
                let (sender, receiver) = std::sync::mpsc::sync_channel(1);
                let mine = numbers.clone().skip(lane).step_by(threads);
                scope.spawn(move || {
                    for number in mine {
                        // Nobody takes any more: the rest need not be made.
                        if sender.send(make(number)).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        for (number, lane) in numbers.zip((0..threads).cycle()) {
            let Ok(made) = lanes[lane].recv() else { return };
            if !take(number, made) {
                return;
            }
        }
    });
}

fn facility(facility: Facility) -> Record {
    let stamp = |date: Option<Date>| date.map(Date::stamp8);
    Record::Facility(feed::Facility {
        code: facility.code.as_str().to_owned(),
        name: facility.name,
        kind: facility.kind.to_owned(),
        postcode: Some(facility.postcode),
        address: Some(facility.address),
        pre_operation_from: stamp(facility.pre_operation_from),
        operates_from: stamp(facility.operates_from),
        closes_on: stamp(facility.closes_on),
    })
}

/// The order in which a day's lines of several offices are taken: who people are comes first.
pub const OFFICES: [Office; 5] =
    [Office::Directory, Office::Register, Office::Insurer, Office::Authority, Office::Municipality];

impl Block {
    /// What was sent on these days, both included.
    pub fn sent_on(&self, from: Date, until: Date) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| from <= sent.day && sent.day <= until)
    }

    /// The hash of everything that was sent and that happened up to a day.
    pub fn hash(&self, until: Date) -> [u8; 32] {
        let mut hash = Context::new(&SHA256);
        for sent in self.sent_on(self.plan.begins(), until) {
            hash.update(format!("{} {} ", sent.day.stamp8(), sent.office.word()).as_bytes());
            hash.update(feed::line(&sent.record).as_bytes());
            hash.update(b"\n");
        }
        for event in self.events.iter().filter(|event| event.day <= until) {
            hash.update(format!("{} {} {}\n", event.day.stamp8(), event.who.0, event.what).as_bytes());
        }
        hash.finish().as_ref().try_into().unwrap_or_default()
    }
}

/// Puts the hashes of blocks, in their order, together.
#[derive(Clone)]
pub struct Hash(Context);

impl Default for Hash {
    fn default() -> Hash {
        Hash(Context::new(&SHA256))
    }
}

impl Hash {
    /// Adds the next block's.
    pub fn add(&mut self, block: &[u8; 32]) {
        self.0.update(block);
    }

    /// The whole, as hexadecimal digits.
    pub fn text(&self) -> String {
        hex(self.0.clone().finish().as_ref())
    }
}
