//! A graph that does not change, in compressed sparse rows.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::graph::{Edge, Graph, Side};

/// An edge as it is put into a [`CsrGraph`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CsrEdge {
    /// Where it begins.
    pub source: u32,
    /// Where it ends.
    pub target: u32,
    /// Its type.
    pub kind: u8,
    /// How much it is believed, 0 to 1.
    pub confidence: f32,
}

/// Why a [`CsrGraph`] could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrError {
    /// An edge names a node that the graph does not have.
    #[error("edge {edge} names node {node}, but there are {nodes} nodes: raise the number of nodes or drop the edge")]
    NoSuchNode {
        /// Position of the edge in the input.
        edge: usize,
        /// The node it names.
        node: u32,
        /// How many nodes the graph was to have.
        nodes: u32,
    },
    /// There are more edges than ids.
    #[error("{edges} edges, but ids are u32: split the graph")]
    TooManyEdges {
        /// How many edges were given.
        edges: usize,
    },
}

/// A static directed multigraph in memory: for each side an offset a node and 16 bytes an edge, rows in order of edge
/// ids.
///
/// An edge's id is its position in the input. Self-loops and parallel edges are kept.
#[derive(Clone, Debug)]
pub struct CsrGraph {
    nodes: u32,
    outgoing: Rows,
    incoming: Rows,
}

#[derive(Clone, Debug)]
struct Rows {
    /// Where each node's row begins, and the end of the last.
    offsets: Vec<u32>,
    edges: Vec<Edge>,
}

impl CsrGraph {
    /// Builds a graph of the nodes `0..nodes`. O(nodes + edges), by counting sort.
    ///
    /// # Errors
    /// [`CsrError::NoSuchNode`] for an edge that ends outside, [`CsrError::TooManyEdges`] beyond `u32::MAX` edges.
    pub fn from_edges(nodes: u32, edges: &[CsrEdge]) -> Result<Self, CsrError> {
        if u32::try_from(edges.len()).is_err() {
            return Err(CsrError::TooManyEdges { edges: edges.len() });
        }
        for (edge, ends) in edges.iter().enumerate() {
            let node = ends.source.max(ends.target);
            if node >= nodes {
                return Err(CsrError::NoSuchNode { edge, node, nodes });
            }
        }
        Ok(Self {
            nodes,
            outgoing: Rows::build(nodes, edges, Side::Out),
            incoming: Rows::build(nodes, edges, Side::In),
        })
    }

    /// The number of nodes.
    #[must_use]
    pub fn node_count(&self) -> u32 {
        self.nodes
    }

    /// The number of edges.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.outgoing.edges.len()
    }

    /// The edges of a node on one side, in order of their ids; empty for a node outside the graph. O(1).
    #[inline]
    #[must_use]
    pub fn row(&self, node: u32, side: Side) -> &[Edge] {
        match side {
            Side::Out => self.outgoing.row(node),
            Side::In => self.incoming.row(node),
        }
    }
}

impl Rows {
    /// Ends are below `nodes` and edges fewer than 2^32: the caller has checked.
    fn build(nodes: u32, edges: &[CsrEdge], side: Side) -> Self {
        let ends = |edge: &CsrEdge| match side {
            Side::Out => (edge.source as usize, edge.target),
            Side::In => (edge.target as usize, edge.source),
        };
        let mut offsets = vec![0_u32; nodes as usize + 1];
        for edge in edges {
            offsets[ends(edge).0 + 1] += 1;
        }
        for node in 1..offsets.len() {
            offsets[node] += offsets[node - 1];
        }
        let mut next = offsets.clone();
        let mut rows = vec![Edge { target: 0, id: 0, confidence: 0.0, kind: 0 }; edges.len()];
        for (id, edge) in (0_u32..).zip(edges) {
            let (near, target) = ends(edge);
            rows[next[near] as usize] = Edge { target, id, confidence: edge.confidence, kind: edge.kind };
            next[near] += 1;
        }
        Self { offsets, edges: rows }
    }

    #[inline]
    fn row(&self, node: u32) -> &[Edge] {
        match self.offsets.get(node as usize..) {
            Some(&[from, to, ..]) => &self.edges[from as usize..to as usize],
            _ => &[],
        }
    }
}

impl Graph for CsrGraph {
    type Error = Infallible;

    #[inline]
    fn node_bound(&self) -> u32 {
        self.nodes
    }

    #[inline]
    fn degree(&self, node: u32, side: Side) -> usize {
        self.row(node, side).len()
    }

    #[inline]
    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Infallible>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        for &edge in self.row(node, side) {
            if visit(edge).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(source: u32, target: u32) -> CsrEdge {
        CsrEdge { source, target, kind: 0, confidence: 1.0 }
    }

    #[test]
    fn both_sides_show_the_same_edges() {
        let graph = CsrGraph::from_edges(4, &[edge(2, 1), edge(0, 1), edge(1, 1), edge(0, 1)]).unwrap();
        let ids = |node, side| graph.row(node, side).iter().map(|edge| (edge.target, edge.id)).collect::<Vec<_>>();
        assert_eq!(ids(0, Side::Out), [(1, 1), (1, 3)]);
        assert_eq!(ids(1, Side::In), [(2, 0), (0, 1), (1, 2), (0, 3)]);
        assert_eq!(ids(1, Side::Out), [(1, 2)]);
        assert_eq!(ids(3, Side::Out), []);
        assert_eq!(ids(4, Side::Out), []);
        assert_eq!(ids(u32::MAX, Side::In), []);
        assert_eq!((graph.node_count(), graph.edge_count()), (4, 4));
    }

    #[test]
    fn an_edge_to_nowhere_is_refused() {
        let error = CsrGraph::from_edges(2, &[edge(0, 1), edge(0, 2)]).unwrap_err();
        assert_eq!(error, CsrError::NoSuchNode { edge: 1, node: 2, nodes: 2 });
    }

    #[test]
    fn a_graph_of_nothing() {
        let graph = CsrGraph::from_edges(0, &[]).unwrap();
        assert_eq!(graph.degree(0, Side::Out), 0);
    }

    #[test]
    fn a_break_ends_the_visit() {
        let graph = CsrGraph::from_edges(2, &[edge(0, 1), edge(0, 1)]).unwrap();
        let mut seen = 0;
        let Ok(()) = graph.edges(0, Side::Out, |_| {
            seen += 1;
            ControlFlow::Break(())
        });
        assert_eq!(seen, 1);
    }
}
