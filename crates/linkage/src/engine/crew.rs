//! Threads: units of work taken in order by whoever is free, results in the order of the units.
//!
//! Always holds: what comes back depends on the units only, never on which thread did one or when; between two units it
//! is asked whether to stop; a fault of one unit ends the others at their next one.
//! Not here: what a unit is (read, exact, pool, score).
//! Rules come from: the issue, part C (all cores, progress, stop).

use super::{Handled, Measure, Stage, Stopped, Watch};
use base::Fault;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Threads and who watches them.
pub(super) struct Crew<'w> {
    /// How many.
    pub threads: usize,
    /// Who is told, and says when to stop.
    pub watch: &'w dyn Watch,
}

/// How far a stage is.
pub(super) struct Progress<'w> {
    watch: &'w dyn Watch,
    stage: Stage,
    of: u64,
    done: Mutex<u64>,
}

impl<'w> Crew<'w> {
    /// A stage of so many units of progress begins.
    pub fn stage(&self, stage: Stage, of: u64) -> Progress<'w> {
        self.watch.progress(stage, 0, of, Handled { part: 0, units: 0, unit: unit(stage) });
        Progress { watch: self.watch, stage, of, done: Mutex::new(0) }
    }

    /// Whether to go on, asked now and then where there are no units.
    pub fn goes_on(&self) -> Result<(), Stopped> {
        if self.watch.stop() { Err(Stopped::Told) } else { Ok(()) }
    }

    /// Does units `0..count`. Each thread has a state of its own, made by `begin`: buffers that are used again.
    pub fn each<S, T: Send>(
        &self,
        count: usize,
        begin: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize) -> Result<T, Fault> + Sync,
    ) -> Result<Vec<T>, Stopped> {
        let next = AtomicUsize::new(0);
        let ended = AtomicBool::new(false);
        let one = || {
            let mut state = begin();
            let mut found = Vec::new();
            loop {
                let unit = next.fetch_add(1, Ordering::Relaxed);
                if unit >= count || ended.load(Ordering::Relaxed) {
                    return Ok(found);
                }
                let result = self.goes_on().and_then(|()| work(&mut state, unit).map_err(Stopped::Broken));
                match result {
                    Ok(result) => found.push((unit, result)),
                    Err(stopped) => {
                        ended.store(true, Ordering::Relaxed);
                        return Err(stopped);
                    }
                }
            }
        };
        let threads = self.threads.clamp(1, count.max(1));
        let mut all = Vec::with_capacity(count);
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
            let mut stopped = one().map(|found| all.extend(found)).err();
            for other in others {
                let result = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                match result {
                    Ok(found) => all.extend(found),
                    Err(later) => stopped = Some(worse(stopped.take(), later)),
                }
            }
            stopped.map_or(Ok(()), Err)
        })?;
        all.sort_unstable_by_key(|(unit, _)| *unit);
        Ok(all.into_iter().map(|(_, result)| result).collect())
    }
}

/// What a stage without parts handles.
fn unit(stage: Stage) -> Measure {
    if stage == Stage::Read { Measure::Bytes } else { Measure::Rows }
}

/// A fault is worth more than having been told to stop.
pub(crate) fn worse(first: Option<Stopped>, second: Stopped) -> Stopped {
    match first {
        Some(first @ (Stopped::Broken(_) | Stopped::Input(_))) => first,
        _ => second,
    }
}

/// A part of a stage, counted in units of its own.
pub(super) struct Share<'p> {
    progress: &'p Progress<'p>,
    part: Part,
    of: u64,
    done: Mutex<u64>,
}

/// A part of a stage: its number, what it is worth of the stage's progress, and in what it is counted.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub number: usize,
    pub weight: u64,
    pub unit: Measure,
}

impl Share<'_> {
    /// So many units of the part are done.
    pub fn add(&self, units: u64) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let upto = |done: u64| (u128::from(self.part.weight) * u128::from(done) / u128::from(self.of)) as u64;
        let told = upto(*done);
        *done = (*done + units).min(self.of);
        let more = upto(*done) - told;
        if more > 0 {
            let Part { number, unit, .. } = self.part;
            self.progress.tell(more, Some(Handled { part: number, units: *done, unit }));
        }
    }
}

impl Progress<'_> {
    /// A part of the stage that has so many units.
    pub fn share(&self, part: Part, of: u64) -> Share<'_> {
        Share { progress: self, part, of: of.max(1), done: Mutex::new(0) }
    }

    /// So many units more are done.
    pub fn add(&self, units: u64) {
        self.tell(units, None);
    }

    /// Told under a lock, so that the watcher never sees it go back. What a stage without parts handles is its units.
    fn tell(&self, units: u64, handled: Option<Handled>) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += units;
        let handled = handled.unwrap_or(Handled { part: 0, units: *done, unit: unit(self.stage) });
        self.watch.progress(self.stage, (*done).min(self.of), self.of, handled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::{Quiet, StopAfter};

    #[test]
    fn results_come_in_the_order_of_the_units() {
        for threads in [1, 2, 7] {
            let crew = Crew { threads, watch: &Quiet };
            let found = crew.each(
                100,
                || 0,
                |seen, unit| {
                    *seen += 1;
                    Ok(unit * unit)
                },
            );
            assert_eq!(found.unwrap(), (0..100).map(|unit| unit * unit).collect::<Vec<_>>());
            assert!(crew.each(0, || (), |(), _| Ok(())).unwrap().is_empty());
        }
    }

    #[test]
    fn stops_when_told_and_on_a_fault() {
        for threads in [1, 2, 7] {
            let watch = StopAfter::new(3);
            let crew = Crew { threads, watch: &watch };
            let done = AtomicUsize::new(0);
            let result = crew.each(
                1_000,
                || (),
                |(), _| {
                    done.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                },
            );
            assert!(matches!(result, Err(Stopped::Told)));
            assert!(done.load(Ordering::Relaxed) < 20);
            let crew = Crew { threads, watch: &Quiet };
            let result = crew.each(
                1_000,
                || (),
                |(), unit| match unit {
                    5 => Err(Fault::new("unit five")),
                    _ => Ok(()),
                },
            );
            assert!(matches!(result, Err(Stopped::Broken(_))));
        }
    }

    #[test]
    fn progress_ends_at_its_end() {
        let crew = Crew { threads: 2, watch: &Quiet };
        let progress = crew.stage(Stage::Read, 10);
        progress.add(4);
        progress.add(60);
        assert_eq!(*progress.done.lock().unwrap(), 64);
        let watch = Told::default();
        let crew = Crew { threads: 2, watch: &watch };
        let progress = crew.stage(Stage::Score, 100);
        let part = |number, weight, unit| Part { number, weight, unit };
        let one = progress.share(part(0, 30, Measure::Rows), 7);
        let two = progress.share(part(1, 70, Measure::Pairs), 0);
        (0..9).for_each(|_| one.add(1));
        assert_eq!(*progress.done.lock().unwrap(), 30);
        two.add(1);
        assert_eq!(*progress.done.lock().unwrap(), 100);
        let told = watch.0.into_inner().unwrap();
        let handled = |part, units, unit| Handled { part, units, unit };
        assert_eq!(told[0], (0, handled(0, 0, Measure::Rows)));
        assert_eq!(told[1], (4, handled(0, 1, Measure::Rows)));
        assert_eq!(
            told[told.len() - 2..],
            [(30, handled(0, 7, Measure::Rows)), (100, handled(1, 1, Measure::Pairs))]
        );
    }

    /// Notes what it is told.
    #[derive(Default)]
    struct Told(Mutex<Vec<(u64, Handled)>>);

    impl Watch for Told {
        fn progress(&self, _: Stage, done: u64, _: u64, handled: Handled) {
            self.0.lock().unwrap().push((done, handled));
        }

        fn stop(&self) -> bool {
            false
        }
    }
}
