//! Times of many calls: gathered by those who make them, and what is said of them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::failure::Failure;

/// The longest time that is told from longer ones.
const LONGEST_NANOS: u64 = 3_600_000_000_000;

/// What is said of many times, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Latency {
    pub(crate) count: u64,
    pub(crate) p50_ns: u64,
    pub(crate) p99_ns: u64,
    /// Nothing where there are too few times to tell it from the slowest.
    pub(crate) p999_ns: Option<u64>,
    pub(crate) max_ns: u64,
}

impl Latency {
    fn of(times: &Histogram<u64>) -> Self {
        Self {
            count: times.len(),
            p50_ns: times.value_at_quantile(0.5),
            p99_ns: times.value_at_quantile(0.99),
            p999_ns: (times.len() >= 1000).then(|| times.value_at_quantile(0.999)),
            max_ns: times.max(),
        }
    }

    /// p50, p99, p99.9 and the longest, as text.
    pub(crate) fn texts(&self) -> [String; 4] {
        if self.count == 0 {
            return ["-"; 4].map(str::to_owned);
        }
        let rare = self.p999_ns.map_or_else(|| "-".to_owned(), duration);
        [duration(self.p50_ns), duration(self.p99_ns), rare, duration(self.max_ns)]
    }
}

/// Where times are gathered.
#[derive(Debug)]
pub(super) struct Times(Mutex<Gathered>);

#[derive(Debug)]
struct Gathered {
    /// Since somebody last looked.
    recent: Histogram<u64>,
    /// Before that.
    before: Histogram<u64>,
}

/// Nanoseconds, to two digits: more is not shown.
fn histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_bounds(1, LONGEST_NANOS, 2).map_err(|error| Failure::Load(error.to_string()))
}

impl Times {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self(Mutex::new(Gathered { recent: histogram()?, before: histogram()? })))
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // Counts stay counts when whoever held them panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.gathered().recent.saturating_record(nanos);
    }

    /// What was gathered since the last look, and all that was ever gathered.
    pub(super) fn look(&self) -> Result<(Latency, Latency), Failure> {
        let Gathered { recent, before } = &mut *self.gathered();
        let now = Latency::of(recent);
        before.add(&*recent).map_err(|error| Failure::Load(error.to_string()))?;
        recent.reset();
        Ok((now, Latency::of(before)))
    }
}

/// Nanoseconds in three digits or so.
pub(crate) fn duration(nanos: u64) -> String {
    let scaled = |unit: f64, name: &str| {
        let value = nanos as f64 / unit;
        if value < 10.0 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
    };
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => scaled(1e3, "us"),
        1_000_000..10_000_000_000 => scaled(1e6, "ms"),
        _ => scaled(1e9, "s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_times_are_told_from_all_and_rare_ones_need_many() {
        let times = Times::new().unwrap();
        assert_eq!(times.look().unwrap(), (Latency::default(), Latency::default()));
        (0..999).for_each(|_| times.record(Duration::from_micros(5)));
        let (recent, all) = times.look().unwrap();
        assert_eq!((recent, recent.count, recent.p999_ns), (all, 999, None));
        times.record(Duration::from_secs(7200));
        let (recent, all) = times.look().unwrap();
        assert_eq!((recent.count, all.count), (1, 1000));
        assert!(all.p999_ns.is_some() && all.p50_ns < 5100 && all.max_ns >= LONGEST_NANOS);
        assert_eq!(Latency::default().texts(), ["-", "-", "-", "-"]);
    }

    #[test]
    fn times_are_given_in_their_unit() {
        for (nanos, text) in
            [(7, "7 ns"), (1_234, "1.2 us"), (56_000, "56 us"), (2_000_000, "2.0 ms"), (11_000_000_000, "11 s")]
        {
            assert_eq!(duration(nanos), text);
        }
    }
}
