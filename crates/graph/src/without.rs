//! A graph from which nodes or edges are taken away, without being copied.

use std::ops::ControlFlow;

use crate::graph::{Edge, Graph, Side};
use crate::marks::{Mark, Marks};

/// Nodes that a way has used up, kept between searches.
#[derive(Debug, Default)]
pub(crate) struct NodeSet {
    marks: Marks,
    stamp: u32,
}

impl NodeSet {
    pub(crate) fn clear(&mut self, bound: u32) {
        self.stamp = self.marks.begin(bound);
    }

    pub(crate) fn insert(&mut self, node: u32) {
        self.marks.set(node, self.stamp, 0);
    }

    #[inline]
    fn contains(&self, node: u32) -> bool {
        matches!(self.marks.get(self.stamp, node), Some(Mark::Seen(..)))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.marks.bytes()
    }
}

/// A graph for the rest of a way: without the nodes before `fork`, and without some of the edges of `fork`.
pub(crate) struct Rest<'g, G> {
    pub(crate) graph: &'g G,
    pub(crate) nodes: &'g NodeSet,
    pub(crate) fork: u32,
    pub(crate) edges: &'g [u32],
}

impl<G: Graph> Graph for Rest<'_, G> {
    type Error = G::Error;

    #[inline]
    fn node_bound(&self) -> u32 {
        self.graph.node_bound()
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
        self.graph.edges(node, side, |edge| {
            let at_fork = node == self.fork || edge.target == self.fork;
            if at_fork && self.edges.contains(&edge.id) || self.nodes.contains(edge.target) {
                return ControlFlow::Continue(());
            }
            visit(edge)
        })
    }

    #[inline]
    fn prefetch(&self, node: u32, side: Side) {
        self.graph.prefetch(node, side);
    }
}

/// A set of edge ids that is asked about every edge read, nearly always in vain: a bit tells most of them apart.
#[derive(Debug)]
pub(crate) struct EdgeSet {
    bits: [u64; 16],
    ids: Vec<u32>,
}

impl EdgeSet {
    pub(crate) const fn new() -> Self {
        Self { bits: [0; 16], ids: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.bits = [0; 16];
        self.ids.clear();
    }

    pub(crate) fn insert(&mut self, id: u32) {
        if let Err(at) = self.ids.binary_search(&id) {
            self.bits[(id >> 6 & 15) as usize] |= 1 << (id & 63);
            self.ids.insert(at, id);
        }
    }

    #[inline]
    pub(crate) fn contains(&self, id: u32) -> bool {
        self.bits[(id >> 6 & 15) as usize] >> (id & 63) & 1 == 1 && self.ids.binary_search(&id).is_ok()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.ids.capacity() * size_of::<u32>()
    }
}

impl Default for EdgeSet {
    fn default() -> Self {
        Self::new()
    }
}

/// A graph without the edges of a set.
pub(crate) struct Unused<'g, G> {
    pub(crate) graph: &'g G,
    pub(crate) used: &'g EdgeSet,
}

impl<G: Graph> Graph for Unused<'_, G> {
    type Error = G::Error;

    #[inline]
    fn node_bound(&self) -> u32 {
        self.graph.node_bound()
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
        self.graph.edges(
            node,
            side,
            |edge| {
                if self.used.contains(edge.id) { ControlFlow::Continue(()) } else { visit(edge) }
            },
        )
    }

    #[inline]
    fn prefetch(&self, node: u32, side: Side) {
        self.graph.prefetch(node, side);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_bit_are_told_apart() {
        let mut set = EdgeSet::new();
        for id in [5, 1029, 5, u32::MAX] {
            set.insert(id);
        }
        assert_eq!([5, 1029, 2053, u32::MAX, 6].map(|id| set.contains(id)), [true, true, false, true, false]);
        set.clear();
        assert!(!set.contains(5));
    }
}
