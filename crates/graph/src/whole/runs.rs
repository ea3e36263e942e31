//! All nodes of a graph in runs, on one thread or several, within a budget.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use crate::budget::{Budget, Stop, paced};
use crate::graph::{Edge, Graph, Side, passes_on};

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
    is_late: AtomicBool,
}

impl Meter {
    pub(super) fn new(budget: &Budget) -> Self {
        Self { budget: *budget, left: AtomicU64::new(budget.max_visited), is_late: AtomicBool::new(false) }
    }

    /// The same graph, which shows no more of a long row once it is late.
    pub(super) fn watch<'g, G>(&'g self, graph: &'g G) -> Watched<'g, G> {
        Watched { graph, clock: self.clock() }
    }

    /// Looks at the clock.
    pub(super) fn is_late(&self) -> bool {
        self.clock().look()
    }

    fn clock(&self) -> Clock<'_> {
        Clock { budget: &self.budget, is_late: &self.is_late }
    }
}

/// The part of a meter that all threads look at.
#[derive(Clone, Copy)]
struct Clock<'m> {
    budget: &'m Budget,
    is_late: &'m AtomicBool,
}

impl Clock<'_> {
    fn look(self) -> bool {
        // Relaxed: it orders nothing; nobody reads other memory because of it.
        let is_late = self.is_late.load(Ordering::Relaxed) || self.budget.is_late();
        if is_late {
            self.is_late.store(true, Ordering::Relaxed);
        }
        is_late
    }
}

/// A graph whose long rows end when it is late.
pub(super) struct Watched<'g, G> {
    graph: &'g G,
    clock: Clock<'g>,
}

impl<G> Watched<'_, G> {
    /// Whether a row may have been cut off.
    pub(super) fn is_cut(&self) -> bool {
        self.clock.is_late.load(Ordering::Relaxed)
    }
}

impl<G: Graph> Graph for Watched<'_, G> {
    type Error = G::Error;

    passes_on!();

    #[inline]
    fn contains(&self, node: u32) -> Result<bool, Self::Error> {
        self.graph.contains(node)
    }

    #[inline]
    fn edges<F>(&self, node: u32, side: Side, visit: F) -> Result<(), Self::Error>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        if self.clock.budget.deadline.is_none() {
            return self.graph.edges(node, side, visit);
        }
        self.graph.edges(node, side, paced(visit, || !self.clock.look()))
    }
}

/// Fills `values`, one for each node, by `fill` of the first node of a run and the run's values. Which nodes are within a count
/// does not depend on the threads: the first ones.
pub(super) fn fill<T: Send, E: Send>(
    meter: &Meter,
    values: &mut [T],
    fill: impl Fn(u32, &mut [T]) -> Result<(), E> + Sync,
) -> Result<(), Stop<E>> {
    let wanted = values.len() as u64;
    // Relaxed: only the thread that asked comes here.
    let left = meter.left.load(Ordering::Relaxed);
    let within = left.min(wanted);
    meter.left.store(left - within, Ordering::Relaxed);
    let clock = meter.clock();
    // Nodes are u32, so their runs begin at one.
    let run = |(at, run): (usize, &mut [T])| {
        if clock.look() {
            return Err(Stop::Spent);
        }
        fill((at * RUN) as u32, run).map_err(Stop::Graph)
    };
    each(&mut values[..within as usize], run)?;
    // A row of the last run may have been cut off.
    if within < wanted || clock.is_late.load(Ordering::Relaxed) { Err(Stop::Spent) } else { Ok(()) }
}

fn each<T: Send, E: Send>(
    values: &mut [T],
    run: impl Fn((usize, &mut [T])) -> Result<(), Stop<E>> + Sync,
) -> Result<(), Stop<E>> {
    #[cfg(feature = "parallel")]
    if !is_forked() {
        return values.par_chunks_mut(RUN).enumerate().try_for_each(&run);
    }
    values.chunks_mut(RUN).enumerate().try_for_each(&run)
}

/// Whether this is a forked child of the process that first came here: it has none of the threads that would do the work.
#[cfg(feature = "parallel")]
fn is_forked() -> bool {
    static FIRST: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let here = std::process::id();
    *FIRST.get_or_init(|| here) != here
}
