//! How much a question may cost, and an answer that says whether that was enough.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::Instant;

use crate::graph::{Edge, Graph, Side, passes_on};

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
const READING: u32 = 1024;

/// The same visitor, which before each further [`READING`] edges asks whether it `goes_on`, and breaks if not.
#[inline]
pub(crate) fn paced(
    mut visit: impl FnMut(Edge) -> ControlFlow<()>,
    mut goes_on: impl FnMut() -> bool,
) -> impl FnMut(Edge) -> ControlFlow<()> {
    let mut shown = 0;
    move |edge| {
        if shown == READING {
            shown = 0;
            if !goes_on() {
                return ControlFlow::Break(());
            }
        }
        shown += 1;
        visit(edge)
    }
}

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

    /// Takes one reading, if there is one, and looks at the clock once in `clock_every` of them.
    #[inline]
    fn charge(&self, clock_every: u64) -> bool {
        let Some(left) = self.left.get().checked_sub(1) else { return false };
        let is_late = left % clock_every == 0 && self.deadline.is_some_and(|deadline| now() >= deadline);
        self.left.set(if is_late { 0 } else { left });
        !is_late
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

    passes_on!();

    #[inline]
    fn contains(&self, node: u32) -> Result<bool, Self::Error> {
        self.graph.contains(node).map_err(Stop::Graph)
    }

    #[inline]
    fn edges<F>(&self, node: u32, side: Side, visit: F) -> Result<(), Self::Error>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        let mut goes_on = self.charge(CLOCK_EVERY);
        if goes_on {
            let visit = paced(visit, || {
                goes_on = self.charge(1);
                goes_on
            });
            self.graph.edges(node, side, visit).map_err(Stop::Graph)?;
        }
        if goes_on { Ok(()) } else { Err(Stop::Spent) }
    }
}
