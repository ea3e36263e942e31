//! Work that comes at its own times, whoever keeps up with it.

use std::hint::spin_loop;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::engine::{Source, Write};

/// What is due when: at a rate for so many seconds, then at the next rate.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Events a second, and seconds.
    phases: Vec<(f64, f64)>,
    phase: usize,
    /// When the phase begins.
    began: Duration,
    /// Events of the phase so far.
    events: u32,
}

/// A phase by its number, and when it is due, from the beginning of the first one.
pub(crate) type Due = (usize, Duration);

impl Schedule {
    pub(crate) fn new(phases: &[(f64, f64)]) -> Self {
        Self { phases: phases.to_vec(), phase: 0, began: Duration::ZERO, events: 0 }
    }

    /// How long it takes.
    pub(crate) fn total(&self) -> Duration {
        Duration::from_secs_f64(self.phases.iter().map(|(_, seconds)| seconds).sum())
    }
}

impl Iterator for Schedule {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        loop {
            let (rate, seconds) = *self.phases.get(self.phase)?;
            let into = f64::from(self.events) / rate;
            if into < seconds {
                self.events += 1;
                return Some((self.phase, self.began + Duration::from_secs_f64(into)));
            }
            self.began += Duration::from_secs_f64(seconds);
            self.phase += 1;
            self.events = 0;
        }
    }
}

/// The writes of a source, none before it is due. Ends when the schedule's time is over, whatever was not given by then.
pub(crate) struct Paced<S> {
    writes: S,
    schedule: Schedule,
    start: Instant,
    upcoming: Option<Due>,
    /// For each write when it was due, and when it was given.
    pub(crate) given: Vec<(Due, Duration)>,
}

impl<S> Paced<S> {
    /// From a moment on.
    pub(crate) fn new(writes: S, mut schedule: Schedule, start: Instant) -> Self {
        let upcoming = schedule.next();
        Self { writes, schedule, start, upcoming, given: Vec::new() }
    }
}

impl<S: Source> Source for Paced<S> {
    fn next(&mut self) -> Option<Write<'_>> {
        let due = self.upcoming?;
        about(self.due()?);
        let now = self.start.elapsed();
        self.upcoming = self.schedule.next().filter(|_| now < self.schedule.total());
        if now >= self.schedule.total() {
            return None;
        }
        self.given.push((due, now));
        self.writes.next()
    }

    fn due(&self) -> Option<Instant> {
        self.upcoming.map(|(_, due)| self.start + due)
    }
}

/// Waits until a moment, or half a millisecond longer: a thread that wakes for each of many writes would take the processor
/// from those that make them.
pub(crate) fn about(moment: Instant) {
    const LEAST: Duration = Duration::from_micros(500);
    let left = moment.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        sleep(left.max(LEAST));
    }
}

/// Waits until a moment, and no longer than the system's scheduler makes it.
pub(crate) fn precisely(moment: Instant) {
    /// What a sleep may be late by.
    const LATE: Duration = Duration::from_micros(80);
    loop {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        // It does not yield: who yields while others are busy is late by a time slice.
        if left > LATE { sleep(left - LATE) } else { spin_loop() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::engines::black_hole::BlackHole;
    use crate::work::Fresh;

    #[test]
    fn phases_follow_each_other() {
        let schedule = Schedule::new(&[(2.0, 1.0), (0.5, 1.0), (4.0, 0.5)]);
        let millis: Vec<_> = schedule.clone().map(|(phase, due)| (phase, due.as_millis())).collect();
        assert_eq!(millis, [(0, 0), (0, 500), (1, 1000), (2, 2000), (2, 2250)]);
        assert_eq!(schedule.total(), Duration::from_millis(2500));
    }

    #[test]
    fn no_write_is_given_before_it_is_due() {
        let schedule = Schedule::new(&[(1000.0, 0.01), (100.0, 0.02)]);
        let mut paced = Paced::new(Fresh::new(&[], 1), schedule, Instant::now());
        assert!(paced.due().is_some());
        BlackHole.write(&mut paced).unwrap();
        assert!(paced.given.iter().all(|((_, due), given)| due <= given), "{:?}", paced.given);
        assert_eq!(paced.due(), None);
    }

    #[test]
    fn what_is_late_beyond_the_end_is_not_given() {
        let schedule = Schedule::new(&[(1000.0, 0.01)]);
        let mut paced = Paced::new(Fresh::new(&[], 1), schedule, Instant::now() - Duration::from_secs(1));
        assert!(paced.next().is_none() && paced.next().is_none() && paced.given.is_empty());
    }
}
