//! Deadlines. Outside loom a thin layer over [`Instant`]; under loom time stands still and no deadline ever passes.

use std::time::{Duration, Instant};

/// The deadline `duration` from now; `None`, which means never, if it lies beyond what the clock can say.
pub fn after(duration: Duration) -> Option<Instant> {
    if cfg!(loom) {
        return None;
    }
    Instant::now().checked_add(duration)
}

/// What is left until `deadline`, zero once it has passed; `None` if it never comes.
pub fn left(deadline: Option<Instant>) -> Option<Duration> {
    if cfg!(loom) {
        return None;
    }
    deadline.map(|at| at.saturating_duration_since(Instant::now()))
}

/// Whether `deadline` has passed.
pub fn passed(deadline: Option<Instant>) -> bool {
    left(deadline).is_some_and(|left| left.is_zero())
}
