//! The edges a search may walk, seen from either end.

use std::ops::ControlFlow;

use crate::graph::{Edge, Graph, Side};
use crate::path::{Filter, PathOptions, factor};

/// A graph through the eyes of one query.
pub(super) struct Walk<'s, G> {
    graph: &'s G,
    sides: &'static [Side],
    filter: Filter,
    decay: f32,
}

impl<'s, G: Graph> Walk<'s, G> {
    pub(super) fn new(graph: &'s G, options: &PathOptions) -> Self {
        Self { graph, sides: options.direction.sides(), filter: options.filter(), decay: options.decay() }
    }

    /// What a hop over the edge multiplies a product by.
    #[inline]
    pub(super) fn factor(&self, edge: &Edge) -> f64 {
        factor(edge.confidence, self.decay)
    }

    /// The steps that leave a node, and the side each was read from.
    #[inline]
    pub(super) fn edges_ahead(
        &self,
        node: u32,
        mut visit: impl FnMut(&Edge, Side) -> ControlFlow<()>,
    ) -> Result<(), G::Error> {
        for &side in self.sides {
            self.graph.edges(node, side, |edge| {
                if self.filter.admits(&edge) { visit(&edge, side) } else { ControlFlow::Continue(()) }
            })?;
        }
        Ok(())
    }

    /// The steps that arrive at a node; the targets of these edges are where the steps come from.
    #[inline]
    pub(super) fn edges_behind(
        &self,
        node: u32,
        mut visit: impl FnMut(&Edge) -> ControlFlow<()>,
    ) -> Result<(), G::Error> {
        for side in self.sides {
            self.graph.edges(node, side.opposite(), |edge| {
                if self.filter.admits(&edge) { visit(&edge) } else { ControlFlow::Continue(()) }
            })?;
        }
        Ok(())
    }

    /// At most so many steps arrive at a node.
    pub(super) fn degree_behind(&self, node: u32) -> usize {
        self.sides.iter().fold(0, |sum: usize, side| sum.saturating_add(self.graph.degree(node, side.opposite())))
    }
}
