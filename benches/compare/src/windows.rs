//! Writes cut into windows of 10 ms: what a peer commits and syncs at once.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::engine::{Source, Write};
use crate::pace::about;

/// As long as our engine gathers a group.
const WINDOW: Duration = Duration::from_millis(10);

/// Writes between two looks at the clock.
const WRITES_A_LOOK: u32 = 16;

/// The windows of a source.
pub(crate) struct Windows<'s> {
    source: &'s mut dyn Source,
    ended: bool,
}

/// One window: give its writes, then commit.
pub(crate) struct Window<'w, 's> {
    windows: &'w mut Windows<'s>,
    began: Instant,
    writes: u32,
    /// Microseconds since the Unix epoch when it began: the time of creation of what is written in it.
    pub(crate) time: u64,
}

impl<'s> Windows<'s> {
    pub(crate) fn new(source: &'s mut dyn Source) -> Self {
        Self { source, ended: false }
    }

    /// Begins the next window, when there is something for it; `None` when the source has ended.
    pub(crate) fn next(&mut self) -> Option<Window<'_, 's>> {
        if self.ended {
            return None;
        }
        if let Some(due) = self.source.due() {
            about(due);
        }
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros());
        let time = u64::try_from(time).unwrap_or(u64::MAX);
        Some(Window { windows: self, began: Instant::now(), writes: 0, time })
    }
}

impl Window<'_, '_> {
    /// The next write; `None` when it is time to commit.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Write<'_>> {
        if self.writes.is_multiple_of(WRITES_A_LOOK) && self.writes > 0 && self.began.elapsed() >= WINDOW {
            return None;
        }
        let end = self.began + WINDOW;
        if self.writes > 0 && self.windows.source.due().is_some_and(|due| due >= end) {
            // The window stays open to its end, as our engine's group does.
            about(end);
            return None;
        }
        self.writes += 1;
        let write = self.windows.source.next();
        self.windows.ended = write.is_none();
        write
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::{Paced, Schedule};
    use crate::work::Fresh;

    /// Writes of each window.
    fn windows(source: &mut dyn Source) -> Vec<usize> {
        let mut windows = Windows::new(source);
        let mut counts = Vec::new();
        while let Some(mut window) = windows.next() {
            counts.push(std::iter::from_fn(|| window.next().map(|_| ())).count());
        }
        counts
    }

    #[test]
    fn few_writes_do_not_wait_for_each_other() {
        // 50 ms apart: nothing but time can close their windows.
        let schedule = Schedule::new(&[(20.0, 0.15)]);
        let mut paced = Paced::new(Fresh::new(&[], 1), schedule, Instant::now());
        let counts = windows(&mut paced);
        assert_eq!(counts.iter().sum::<usize>(), paced.given.len());
        assert!(counts.iter().all(|count| *count <= 1), "{counts:?}");
    }
}
