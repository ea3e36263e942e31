//! How models are explored: the bounds, in one place for all crates.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a model is explored.
///
/// The bound is one on preemptions: switches away from a thread that could go on. `SUTRA_TIER=full` lifts it where that
/// ends in minutes; `LOOM_MAX_PREEMPTIONS` overrides all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Two threads: three preemptions, without bound in the full tier.
    Two,
    /// Two threads that do too much to be explored without bound: three preemptions, four in the full tier.
    TwoLong,
    /// Three threads: two preemptions. With more, loom meets orders that do not exist: it lets a plain store come between
    /// the halves of another thread's exchange.
    Three,
}

impl Depth {
    fn bound(self, full: bool) -> Option<usize> {
        match (self, full) {
            (Depth::Two, false) => Some(3),
            (Depth::Two, true) => None,
            (Depth::TwoLong, full) => Some(3 + usize::from(full)),
            (Depth::Three, _) => Some(2),
        }
    }
}

/// Explores every interleaving and every reordering of a model that the memory model allows, up to the bound, and prints
/// how many there were.
pub fn explore(what: &str, depth: Depth, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    let full = match std::env::var("SUTRA_TIER").as_deref() {
        Ok("full") => true,
        Ok("quick") | Err(_) => false,
        Ok(other) => panic!("SUTRA_TIER is quick or full, not {other:?}"),
    };
    builder.preemption_bound = builder.preemption_bound.or(depth.bound(full));
    builder.max_branches = 20_000;
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    builder.check(move || {
        crate::mapped::forget();
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    println!("cases: {} ({what})", runs.load(Ordering::Relaxed));
}

/// What the models of a test have in common and cannot change: made in a model of its own, once, by one thread.
pub fn prepare<T: Send + 'static>(make: impl Fn() -> T + Send + Sync + 'static) -> T {
    let made = Arc::new(std::sync::Mutex::new(None));
    let place = Arc::clone(&made);
    loom::model::Builder::new().check(move || {
        crate::mapped::forget();
        *place.lock().expect("one thread") = Some(make());
    });
    made.lock().expect("one thread").take().expect("a model runs at least once")
}
