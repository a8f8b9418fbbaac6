//! The measurements: what is asked of which server in which order, and the numbers that come out.
//! A measurement on one set of servers is one run: the bare route and the check see the same connections and minutes.

use simulation::{
    clock,
    load::{Load, Outcome, Pace, Questions, Target},
    machine::{self, Busy, Threads},
    servers::Program,
    wire::{Question, Turn},
};
use std::{collections::BTreeMap, io, rc::Rc, time::Duration};

/// A rate that the clinics' peak is compared with.
pub const MODERATE: f64 = 1000.0;
/// The name of the phase with that rate.
pub const MODERATE_NAME: &str = "1,000/s";
/// The least step down between two rates of the search for the capacity.
const STEP: f64 = 0.95;
/// Rates that the search tries at most.
const TRIES_MAX: usize = 12;
/// The share of a core that others may take on a quiet machine.
const QUIET: f64 = 0.1;
/// How long a warm-up takes.
const WARM_UP: Duration = Duration::from_secs(1);
/// Requests that are got ready for a warm-up, in which their rate is not known yet.
const WARM_UP_REQUESTS: u64 = 12_000;
/// How much faster than its warm-up a closed load is got ready for.
const HEADROOM: f64 = 1.25;

/// One load on one set of servers, with what it cost.
pub struct Phase {
    /// Its name: `capacity`, `80 %` …
    pub name: String,
    /// The intended rate; none in a closed load.
    pub intended: Option<f64>,
    /// How it went.
    pub outcome: Outcome,
    /// CPU time of the servers a request.
    pub server: Duration,
    /// CPU time of PostgreSQL's processes a request.
    pub postgres: Duration,
    /// CPU time of the servers' threads a request, by name.
    pub threads: Threads,
    /// The share of a core that the generator took.
    pub generator: f64,
}

/// Everything measured on one set of servers.
pub struct Measured {
    /// The bare route, by the name of the check's phase that it stands beside.
    pub hello: BTreeMap<String, Phase>,
    /// The check.
    pub checks: Vec<Phase>,
    /// The highest sustained rate.
    pub capacity: f64,
    /// The closed load's rate, before the search.
    pub saturation: f64,
    /// Work of others on the machine during the run, in cores; and what the host kept, in cores.
    pub beside: (f64, f64),
}

impl Measured {
    /// What to say of a run that others disturbed.
    pub fn disturbed(&self) -> Option<String> {
        let (others, host) = self.beside;
        (others > QUIET || host > QUIET).then(|| {
            format!(
                "**not a quiet machine**: others worked on {others:.2} cores meanwhile and the host kept {host:.2}, so \
                 rates are too low, latencies and CPU times too high"
            )
        })
    }
}

/// The processes whose CPU time counts.
pub struct Watched {
    /// Processes of shikaku.
    pub servers: Vec<u32>,
    /// PostgreSQL's first process.
    pub postgres: Option<u32>,
}

impl Watched {
    /// The processes of these programs.
    pub fn new(programs: &[&Program], postgres: Option<u32>) -> Watched {
        Watched { servers: programs.iter().map(|program| program.pid()).collect(), postgres }
    }

    fn so_far(&self) -> io::Result<(Threads, Duration, Duration)> {
        let mut threads = Threads::new();
        for pid in &self.servers {
            for (name, time) in machine::threads(*pid)? {
                *threads.entry(name).or_default() += time;
            }
        }
        let postgres = self.postgres.map(machine::family).transpose()?.unwrap_or_default();
        let generator = machine::threads(std::process::id())?.values().sum();
        Ok((threads, postgres, generator))
    }
}

/// What is done before and after each load of checks, on the generator's core.
pub type Beside = Box<dyn FnMut() -> io::Result<()>>;

/// A load on servers that are watched.
pub struct Bench<'b> {
    load: Load,
    watched: Watched,
    time: Duration,
    hello: Rc<dyn Questions>,
    checks: Rc<dyn Questions>,
    /// The rate of the checks' warm-up.
    expected: f64,
    beside: Beside,
    out: &'b mut dyn io::Write,
}

impl<'b> Bench<'b> {
    /// Opens the connections.
    pub fn open(
        targets: Vec<Target>,
        connections: usize,
        watched: Watched,
        time: Duration,
        checks: Rc<dyn Questions>,
        out: &'b mut dyn io::Write,
    ) -> io::Result<Bench<'b>> {
        let load = Load::open(targets, connections, 1)?;
        let hello = Rc::new(Turn(vec![Question::hello()]));
        Ok(Bench { load, watched, time, hello, checks, expected: 0.0, beside: Box::new(|| Ok(())), out })
    }

    /// Asks other checks from now on.
    pub fn set_checks(&mut self, checks: Rc<dyn Questions>) {
        self.checks = checks;
    }

    /// Does this before and after each load of checks from now on.
    pub fn set_beside(&mut self, beside: Beside) {
        self.beside = beside;
    }

    /// Gets the requests of a phase ready, which its measurement does not see. A phase does so by itself.
    pub fn supplied(&mut self, hello: bool, pace: Pace) -> io::Result<Rc<dyn Questions>> {
        let questions = if hello { self.hello.clone() } else { self.checks.clone() };
        let rate = match pace {
            Pace::Closed => self.expected * HEADROOM,
            Pace::Open(rate) => rate,
        };
        questions.supply(&mut self.load, (rate * self.time.as_secs_f64()).ceil() as u64)?;
        Ok(questions)
    }

    /// Runs one phase.
    pub fn phase(&mut self, name: &str, hello: bool, pace: Pace) -> io::Result<Phase> {
        let questions = self.supplied(hello, pace)?;
        if !hello {
            (self.beside)()?;
        }
        let first = self.load.next();
        let (start, before) = (clock::now(), self.watched.so_far()?);
        let outcome = self.load.run(&questions, pace, self.time)?;
        let (after, took) = (self.watched.so_far()?, clock::now().duration_since(start));
        let asked = u32::try_from((self.load.next() - first).max(1)).map_err(io::Error::other)?;
        let mut threads = after.0;
        for (name, time) in &mut threads {
            *time = time.saturating_sub(before.0.get(name).copied().unwrap_or_default()) / asked;
        }
        let phase = Phase {
            name: name.into(),
            intended: match pace {
                Pace::Closed => None,
                Pace::Open(rate) => Some(rate),
            },
            outcome,
            server: threads.values().sum(),
            postgres: after.1.saturating_sub(before.1) / asked,
            threads,
            generator: after.2.saturating_sub(before.2).as_secs_f64() / took.as_secs_f64(),
        };
        if !hello {
            (self.beside)()?;
        }
        let what = if hello { "hello" } else { "check" };
        writeln!(self.out, "  {what} {}", line(&phase))?;
        self.out.flush()?;
        Ok(phase)
    }

    /// Asks without counting, so that statements are prepared and pages read.
    pub fn warm_up(&mut self) -> io::Result<()> {
        for questions in [self.hello.clone(), self.checks.clone()] {
            questions.supply(&mut self.load, WARM_UP_REQUESTS)?;
            self.expected = self.load.run(&questions, Pace::Closed, WARM_UP)?.rate();
        }
        Ok(())
    }

    /// A closed load, and the moderate rate where that is less; without the bare route.
    pub fn measure_two(&mut self) -> io::Result<Vec<Phase>> {
        self.warm_up()?;
        let saturated = self.phase("saturated", false, Pace::Closed)?;
        let moderate = match saturated.outcome.rate() > MODERATE {
            true => Some(self.phase(MODERATE_NAME, false, Pace::Open(MODERATE))?),
            false => None,
        };
        Ok([saturated].into_iter().chain(moderate).collect())
    }

    /// The whole run.
    pub fn measure(&mut self) -> io::Result<Measured> {
        self.warm_up()?;
        let (busy, start, ours) = (Busy::now()?, clock::now(), self.ours()?);
        let mut hello = BTreeMap::new();
        hello.insert("saturated".to_owned(), self.phase("saturated", true, Pace::Closed)?);
        let saturated = self.phase("saturated", false, Pace::Closed)?;
        let saturation = saturated.outcome.rate();
        let mut checks = vec![saturated];
        let sustained = self.search(saturation)?;
        let capacity = sustained.outcome.rate();
        checks.push(sustained);
        for (name, rate) in [("80 %", 0.8 * capacity), ("50 %", 0.5 * capacity), (MODERATE_NAME, MODERATE)] {
            if rate <= capacity {
                hello.insert(name.to_owned(), self.phase(name, true, Pace::Open(rate))?);
                checks.push(self.phase(name, false, Pace::Open(rate))?);
            }
        }
        let took = clock::now().duration_since(start).as_secs_f64();
        let (worked, stolen) = busy.since()?;
        let others = worked.saturating_sub(self.ours()?.saturating_sub(ours));
        let beside = (others.as_secs_f64() / took, stolen.as_secs_f64() / took);
        Ok(Measured { hello, checks, capacity, saturation, beside })
    }

    fn ours(&self) -> io::Result<Duration> {
        let (threads, postgres, generator) = self.watched.so_far()?;
        Ok(threads.values().sum::<Duration>() + postgres + generator)
    }

    /// From what a closed load reached downwards until an open load is kept up.
    fn search(&mut self, saturation: f64) -> io::Result<Phase> {
        let mut rate = saturation;
        for _ in 0..TRIES_MAX {
            let phase = self.phase("capacity", false, Pace::Open(rate))?;
            if phase.outcome.is_sustained() {
                return Ok(phase);
            }
            rate = (rate * STEP).min(phase.outcome.rate());
        }
        Err(io::Error::other("no rate was sustained: something else works on this machine, or answers stall"))
    }
}

/// A phase in a line, while one waits.
fn line(phase: &Phase) -> String {
    let ms = |share| phase.outcome.latency.at(share).as_secs_f64() * 1e3;
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    format!(
        "{:>9}: {:>7.0}/s answered of {:>7.0}/s, p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, CPU server {:.1} µs, \
         PostgreSQL {:.1} µs, generator {:.0} % (late by {:.2} ms at p99)",
        phase.name,
        phase.outcome.rate(),
        phase.outcome.intended as f64 / phase.outcome.time.as_secs_f64(),
        ms(0.5),
        ms(0.99),
        ms(0.999),
        us(phase.server),
        us(phase.postgres),
        phase.generator * 100.0,
        phase.outcome.lag.at(0.99).as_secs_f64() * 1e3,
    )
}
