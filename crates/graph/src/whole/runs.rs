//! All nodes of a graph in runs, on one thread or several, within a budget.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use crate::budget::{Budget, Stop};
use crate::graph::{Graph, Side};

/// Nodes of a run: enough to hide what sharing costs, few enough to be shared evenly and to notice a deadline.
pub(super) const RUN: usize = 4096;

/// How far ahead of the node being read the graph is told of.
const PREFETCH_AHEAD: u32 = 8;

/// Tells the graph of the nodes that are read after this one.
#[inline]
pub(super) fn ahead<G: Graph>(graph: &G, node: u32, side: Side) {
    let left = graph.node_bound().saturating_sub(node);
    if left > PREFETCH_AHEAD {
        graph.prefetch(node + PREFETCH_AHEAD, side);
        graph.prefetch_edges(node + PREFETCH_AHEAD / 2, side);
    }
}

/// What is left of a budget, seen by all threads.
pub(super) struct Meter {
    budget: Budget,
    left: AtomicU64,
    is_spent: AtomicBool,
}

impl Meter {
    pub(super) fn new(budget: &Budget) -> Self {
        Self { budget: *budget, left: AtomicU64::new(budget.max_visited), is_spent: AtomicBool::new(false) }
    }

    /// Takes the readings of a run, all or none.
    fn take<E>(&self, readings: u64) -> Result<(), Stop<E>> {
        // Relaxed: a count that orders nothing; nobody reads other memory because of it.
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(readings));
        if taken.is_err() || self.is_spent.load(Ordering::Relaxed) || self.budget.is_late() {
            self.is_spent.store(true, Ordering::Relaxed);
            return Err(Stop::Spent);
        }
        Ok(())
    }
}

/// Fills `values`, one for each node, by `fill` of the first node of a run and the run's values.
pub(super) fn fill<T: Send, E: Send>(
    meter: &Meter,
    values: &mut [T],
    fill: impl Fn(u32, &mut [T]) -> Result<(), E> + Sync,
) -> Result<(), Stop<E>> {
    // Nodes are u32, so their runs begin at one.
    let run = |(at, run): (usize, &mut [T])| {
        meter.take(run.len() as u64)?;
        fill((at * RUN) as u32, run).map_err(Stop::Graph)
    };
    #[cfg(feature = "parallel")]
    if !is_forked() {
        return values.par_chunks_mut(RUN).enumerate().try_for_each(run);
    }
    values.chunks_mut(RUN).enumerate().try_for_each(run)
}

/// Whether this is a forked child of the process that first came here: it has none of the threads that would do the work.
#[cfg(feature = "parallel")]
fn is_forked() -> bool {
    static FIRST: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let here = std::process::id();
    *FIRST.get_or_init(|| here) != here
}
