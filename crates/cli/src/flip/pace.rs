//! Doing something so many times a second.

use std::thread;
use std::time::{Duration, Instant};

/// Gives one token at a time, at a steady rate, until an end. Who is late gets the next ones at once.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    end: Instant,
    rate: Option<u32>,
    given: u64,
}

/// How many tokens without a rate are given without a look at the clock.
const UNWATCHED: u64 = 16;

impl Pace {
    /// So many a second, or with `None` as many as are taken, until `end`.
    pub(super) fn new(rate: Option<u32>, end: Instant) -> Self {
        Self { begun: Instant::now(), end, rate, given: 0 }
    }

    /// Whether there is a rate.
    pub(super) fn is_rated(&self) -> bool {
        self.rate.is_some()
    }

    /// Waits for the next token; false at the end.
    pub(super) fn next(&mut self) -> bool {
        let given = self.given;
        self.given += 1;
        let Some(rate) = self.rate else {
            return !given.is_multiple_of(UNWATCHED) || Instant::now() < self.end;
        };
        let due = self.begun + Duration::from_secs_f64(given as f64 / f64::from(rate.max(1)));
        if due >= self.end {
            return false;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_tokens_are_given_as_the_rate_allows() {
        let mut pace = Pace::new(Some(1000), Instant::now() + Duration::from_millis(50));
        let mut given = 0;
        while pace.next() {
            given += 1;
        }
        // By the tokens' own schedule, however late they were taken.
        assert!((49..=50).contains(&given), "{given}");
    }

    #[test]
    fn without_a_rate_the_end_still_ends() {
        let mut pace = Pace::new(None, Instant::now());
        assert!(!pace.next());
    }
}
