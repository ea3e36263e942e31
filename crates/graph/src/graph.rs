//! What a search needs to know of a graph, and nothing more.

use std::ops::ControlFlow;

/// Which adjacency of a node is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Edges that leave the node.
    Out,
    /// Edges that arrive at the node.
    In,
}

impl Side {
    /// The side from which the far end sees the same edge.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

/// Which way a path may walk edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From source to target.
    #[default]
    Out,
    /// From target to source.
    In,
    /// Either way, edge by edge.
    Both,
}

impl Direction {
    /// The sides a step in this direction reads, in turn.
    #[must_use]
    pub const fn sides(self) -> &'static [Side] {
        match self {
            Self::Out => &[Side::Out],
            Self::In => &[Side::In],
            Self::Both => &[Side::Out, Side::In],
        }
    }
}

/// One edge as its near end sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// The node at the far end: the target on [`Side::Out`], the source on [`Side::In`].
    pub target: u32,
    /// The edge's number, unique in the graph and the same from both ends. Ties between paths are broken by it.
    pub id: u32,
    /// How much the edge is believed, 0 to 1. Above 1 counts as 1; below 0 and NaN make the edge unusable.
    pub confidence: f32,
    /// The edge's type.
    pub kind: u8,
}

/// A directed multigraph whose nodes are dense `u32` slots.
///
/// The graph must not change during a search: every read of a node gives the same edges. The order of the edges within
/// a node does not change any result; a search is a little faster when ids ascend.
pub trait Graph {
    /// Why an adjacency could not be read; [`std::convert::Infallible`] for a graph in memory.
    type Error;

    /// All nodes are below this. A search keeps 8 bytes for each.
    fn node_bound(&self) -> u32;

    /// Whether there is a node of this number. All below [`node_bound`](Graph::node_bound) by default; a graph with holes
    /// says so, for what counts nodes (ranks, components) to leave them out. A hole has no edges.
    ///
    /// # Errors
    /// What the graph says.
    #[inline]
    fn contains(&self, node: u32) -> Result<bool, Self::Error> {
        Ok(node < self.node_bound())
    }

    /// An upper bound, cheap to get, on the number of edges of `node` on `side`. It decides which frontier a search
    /// grows next: it changes the time a search takes, never the path it finds.
    fn degree(&self, node: u32, side: Side) -> usize;

    /// Calls `visit` with every edge of `node` on `side`, until it breaks; a break is not an error.
    ///
    /// A node without edges visits nothing. Edges whose target is not below [`node_bound`](Graph::node_bound) are
    /// passed over by the searches.
    ///
    /// # Errors
    /// What the graph says; a search stops at the first and returns it.
    fn edges<F>(&self, node: u32, side: Side, visit: F) -> Result<(), Self::Error>
    where
        F: FnMut(Edge) -> ControlFlow<()>;

    /// Says that the edges of `node` on `side` will be read soon. It must be cheap and must not fail.
    #[inline]
    fn prefetch(&self, _node: u32, _side: Side) {}

    /// Says that the edges of `node` on `side`, a [`prefetch`](Graph::prefetch) of which was some nodes ago, will be read a few
    /// nodes later. It may look at what came by that, and wait for it if it has not come. It must not fail.
    #[inline]
    fn prefetch_edges(&self, _node: u32, _side: Side) {}

    /// Whether an edge leads from `source` to `target`. Goes over the side that has fewer edges.
    ///
    /// # Errors
    /// As [`edges`](Graph::edges).
    #[inline]
    fn has_edge(&self, source: u32, target: u32) -> Result<bool, Self::Error> {
        let outwards = self.degree(source, Side::Out) <= self.degree(target, Side::In);
        let (node, side, other) = if outwards { (source, Side::Out, target) } else { (target, Side::In, source) };
        let mut found = false;
        self.edges(node, side, |edge| {
            found = edge.target == other;
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }
}

impl<G: Graph> Graph for &G {
    type Error = G::Error;

    #[inline]
    fn node_bound(&self) -> u32 {
        (**self).node_bound()
    }

    #[inline]
    fn contains(&self, node: u32) -> Result<bool, Self::Error> {
        (**self).contains(node)
    }

    #[inline]
    fn degree(&self, node: u32, side: Side) -> usize {
        (**self).degree(node, side)
    }

    #[inline]
    fn edges<F>(&self, node: u32, side: Side, visit: F) -> Result<(), Self::Error>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        (**self).edges(node, side, visit)
    }

    #[inline]
    fn prefetch(&self, node: u32, side: Side) {
        (**self).prefetch(node, side);
    }

    #[inline]
    fn prefetch_edges(&self, node: u32, side: Side) {
        (**self).prefetch_edges(node, side);
    }

    #[inline]
    fn has_edge(&self, source: u32, target: u32) -> Result<bool, Self::Error> {
        (**self).has_edge(source, target)
    }
}

/// What a graph made of another one, its `graph`, passes on as it is: all that is said before edges are shown.
macro_rules! passes_on {
    () => {
        #[inline]
        fn node_bound(&self) -> u32 {
            self.graph.node_bound()
        }

        #[inline]
        fn degree(&self, node: u32, side: $crate::graph::Side) -> usize {
            self.graph.degree(node, side)
        }

        #[inline]
        fn prefetch(&self, node: u32, side: $crate::graph::Side) {
            self.graph.prefetch(node, side);
        }

        #[inline]
        fn prefetch_edges(&self, node: u32, side: $crate::graph::Side) {
            self.graph.prefetch_edges(node, side);
        }
    };
}
pub(crate) use passes_on;
