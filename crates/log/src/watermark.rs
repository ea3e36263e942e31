//! How far the consumer has come, and those who wait for it.

use crate::{LogError, Sequence};
use std::time::Instant;
use sutra_sync::atomic::{AtomicU64, Ordering};
use sutra_sync::{Condvar, Mutex, Padded};

/// A sequence that only rises, with waiters.
#[derive(Debug)]
pub(crate) struct Watermark {
    reached: Padded<AtomicU64>,
    /// The greatest sequence anybody has waited for.
    wanted: AtomicU64,
    waiting: Mutex<usize>,
    bell: Condvar,
}

impl Watermark {
    pub(crate) fn new(reached: Sequence) -> Watermark {
        Watermark {
            reached: Padded::new(AtomicU64::new(reached)),
            wanted: AtomicU64::new(reached),
            waiting: Mutex::new(0),
            bell: Condvar::new(),
        }
    }

    pub(crate) fn reached(&self) -> Sequence {
        // Acquire, with the Release of `raise`: who sees the mark sees what was published before it.
        self.reached.load(Ordering::Acquire)
    }

    /// Raises the mark and wakes everybody who waits. Once a group, so the mutex does not count, and it makes the race
    /// with a waiter that has just looked impossible: waiters look under it.
    pub(crate) fn raise(&self, sequence: Sequence) {
        self.reached.fetch_max(sequence, Ordering::Release);
        self.wake_all();
    }

    pub(crate) fn wake_all(&self) {
        let waiting = self.waiting.lock();
        if *waiting > 0 {
            self.bell.notify_all();
        }
    }

    /// Notes that somebody wants `sequence`; true if nobody wanted as much before.
    pub(crate) fn want(&self, sequence: Sequence) -> bool {
        // Release, with the Acquire of `wanted`: the entry that the caller waits for was pushed before the consumer hears
        // that it is wanted.
        self.wanted.fetch_max(sequence, Ordering::Release) < sequence
    }

    pub(crate) fn wanted(&self) -> Sequence {
        self.wanted.load(Ordering::Acquire)
    }

    /// Blocks until the mark reaches `sequence`, `ended` gives an error, or `deadline`.
    pub(crate) fn wait(
        &self,
        sequence: Sequence,
        deadline: Option<Instant>,
        ended: impl Fn() -> Option<LogError>,
    ) -> Result<(), LogError> {
        let mut waiting = self.waiting.lock();
        *waiting += 1;
        let mut late = false;
        let result = loop {
            if self.reached() >= sequence {
                break Ok(());
            }
            if let Some(error) = ended() {
                break Err(error);
            }
            if late {
                break Err(LogError::TimedOut { sequence });
            }
            (waiting, late) = self.bell.wait_until(waiting, deadline);
        };
        *waiting -= 1;
        result
    }
}
