//! How much a question may cost, and an answer that says whether that was enough.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::Instant;

use crate::graph::{Edge, Graph, Side};

/// What a question may cost; no bound by default.
///
/// The count is exact and the same on every machine. The clock is looked at once in 64 readings, and once in each 1024
/// edges of a node that has so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// So many times the edges of a node are read: one that is read from both sides, or again for another path, counts
    /// again, and one of many edges once for each 1024 that it shows, whether or not the question admits them. Questions
    /// about a whole graph count the nodes that they go over, from the lowest number on, once each time.
    pub max_visited: u64,
    /// When to stop.
    pub deadline: Option<Instant>,
}

impl Budget {
    /// No bound.
    pub const UNLIMITED: Self = Self { max_visited: u64::MAX, deadline: None };

    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| now() >= deadline)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::UNLIMITED
    }
}

/// What was found within a [`Budget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// What was found: right as far as it goes, also where the budget ended.
    pub found: T,
    /// The budget was enough: nothing is missing but for it.
    pub complete: bool,
}

/// Readings between two looks at the clock.
const CLOCK_EVERY: u64 = 64;

/// Edges of one node that make a reading.
pub(crate) const READING: u32 = 1024;

#[cfg(not(test))]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
use crate::deadlines::now;

/// Why a metered search ended early.
pub(crate) enum Stop<E> {
    /// The budget is spent.
    Spent,
    /// The graph could not be read.
    Graph(E),
}

/// A graph that stops being readable when the budget is spent: so every search can be bounded, and knows nothing of it.
pub(crate) struct Metered<'g, G> {
    graph: &'g G,
    left: Cell<u64>,
    deadline: Option<Instant>,
}

impl<'g, G: Graph> Metered<'g, G> {
    pub(crate) fn new(graph: &'g G, budget: &Budget) -> Self {
        let left = if budget.is_late() { 0 } else { budget.max_visited };
        Self { graph, left: Cell::new(left), deadline: budget.deadline }
    }

    /// Takes one reading, and looks at the clock once in `clock_every` of them.
    #[inline]
    fn charge<E>(&self, clock_every: u64) -> Result<(), Stop<E>> {
        let Some(left) = self.left.get().checked_sub(1) else { return Err(Stop::Spent) };
        self.left.set(left);
        if let Some(deadline) = self.deadline
            && left % clock_every == 0
            && now() >= deadline
        {
            self.left.set(0);
            return Err(Stop::Spent);
        }
        Ok(())
    }

    /// Runs a search that leaves what it finds in `found`.
    pub(crate) fn answer<T>(
        &self,
        mut found: T,
        search: impl FnOnce(&Self, &mut T) -> Result<(), Stop<G::Error>>,
    ) -> Result<Answer<T>, G::Error> {
        match search(self, &mut found) {
            Ok(()) => Ok(Answer { found, complete: true }),
            Err(Stop::Spent) => Ok(Answer { found, complete: false }),
            Err(Stop::Graph(error)) => Err(error),
        }
    }
}

impl<G: Graph> Graph for Metered<'_, G> {
    type Error = Stop<G::Error>;

    #[inline]
    fn node_bound(&self) -> u32 {
        self.graph.node_bound()
    }

    #[inline]
    fn contains(&self, node: u32) -> Result<bool, Self::Error> {
        self.graph.contains(node).map_err(Stop::Graph)
    }

    #[inline]
    fn degree(&self, node: u32, side: Side) -> usize {
        self.graph.degree(node, side)
    }

    #[inline]
    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Self::Error>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        self.charge(CLOCK_EVERY)?;
        let (mut shown, mut spent) = (0, false);
        let read = self.graph.edges(node, side, |edge| {
            if shown == READING {
                shown = 0;
                if self.charge::<G::Error>(1).is_err() {
                    spent = true;
                    return ControlFlow::Break(());
                }
            }
            shown += 1;
            visit(edge)
        });
        read.map_err(Stop::Graph)?;
        if spent { Err(Stop::Spent) } else { Ok(()) }
    }

    #[inline]
    fn prefetch(&self, node: u32, side: Side) {
        self.graph.prefetch(node, side);
    }

    #[inline]
    fn prefetch_edges(&self, node: u32, side: Side) {
        self.graph.prefetch_edges(node, side);
    }
}
