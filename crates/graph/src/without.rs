//! A graph from which nodes or edges are taken away, without being copied.

use std::ops::ControlFlow;

use crate::graph::{Edge, Graph, Side, passes_on};
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
    pub(crate) edges: &'g EdgeSet,
}

impl<G: Graph> Graph for Rest<'_, G> {
    type Error = G::Error;

    passes_on!();

    #[inline]
    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Self::Error>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        self.graph.edges(node, side, |edge| {
            let at_fork = node == self.fork || edge.target == self.fork;
            if at_fork && self.edges.contains(edge.id) || self.nodes.contains(edge.target) {
                return ControlFlow::Continue(());
            }
            visit(edge)
        })
    }
}

/// A set of edge ids that is asked about every edge read, nearly always in vain.
///
/// Ids lie in a table of a power of two places, at most half of them taken, each at the first free place from its own on: what
/// is put in and what is asked costs the same for few and for many. 16 to 32 bytes an id.
#[derive(Debug, Default)]
pub(crate) struct EdgeSet {
    /// An id and one more; 0 is a free place.
    places: Vec<u64>,
    count: usize,
}

impl EdgeSet {
    /// The fewest places.
    const LEAST: usize = 4;

    pub(crate) fn clear(&mut self) {
        self.places.fill(0);
        self.count = 0;
    }

    pub(crate) fn insert(&mut self, id: u32) {
        if self.places.len() <= 2 * self.count {
            let grown = vec![0; (2 * self.places.len()).max(Self::LEAST)];
            for place in std::mem::replace(&mut self.places, grown) {
                self.put(place);
            }
        }
        if self.put(u64::from(id) + 1) {
            self.count += 1;
        }
    }

    #[inline]
    pub(crate) fn contains(&self, id: u32) -> bool {
        let wanted = u64::from(id) + 1;
        self.from(wanted).map(|at| self.places[at]).take_while(|place| *place != 0).any(|place| place == wanted)
    }

    /// Puts in what is not there; says whether it was not.
    fn put(&mut self, value: u64) -> bool {
        if value == 0 {
            return false;
        }
        let free = self.from(value).find(|at| self.places[*at] == 0 || self.places[*at] == value);
        // Half of the places are free.
        let Some(place) = free.and_then(|at| self.places.get_mut(at)) else { return false };
        std::mem::replace(place, value) == 0
    }

    /// All places, the value's own first.
    #[inline]
    fn from(&self, value: u64) -> impl Iterator<Item = usize> + use<> {
        let places = self.places.len();
        // The highest bits of the product, as many as there are places; wrapped to none where there are no places at all.
        let shift = (places as u64).leading_zeros() + 1;
        let own = value.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_shr(shift) as usize;
        (0..places).map(move |step| own.wrapping_add(step) & (places - 1))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<u64>()
    }
}

/// A graph without the edges of a set.
pub(crate) struct Unused<'g, G> {
    pub(crate) graph: &'g G,
    pub(crate) used: &'g EdgeSet,
}

impl<G: Graph> Graph for Unused<'_, G> {
    type Error = G::Error;

    passes_on!();

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_there_that_were_put_in() {
        let mut set = EdgeSet::default();
        assert!(!set.contains(0));
        for id in [5, 1029, 0, 5, u32::MAX] {
            set.insert(id);
        }
        let asked = [5, 1029, 2053, 0, u32::MAX, 6];
        assert_eq!(asked.map(|id| set.contains(id)), [true, true, false, true, true, false]);
        set.clear();
        assert_eq!(asked.map(|id| set.contains(id)), [false; 6]);
    }

    /// The edges of a hub that are closed one after the other: the table stays half empty, and no id is far from its place.
    #[test]
    fn many_ids_cost_no_more_than_few() {
        for step in [1, 2, 64, 1024, 65_536] {
            let mut set = EdgeSet::default();
            for number in 0..60_000 {
                set.insert(number * step);
                set.insert(number * step);
            }
            assert_eq!((set.count, set.places.len()), (60_000, 131_072));
            let longest = |value: u64| set.from(value).take_while(|at| set.places[*at] != 0).count();
            let asked = 120_000_u32;
            let all: usize = (0..asked).map(|number| longest(u64::from(number * (step / 2).max(1)) + 1)).sum();
            assert!(all < 6 * asked as usize, "{all} places for {asked} ids in steps of {step}");
            assert!((0..60_000).all(|number| set.contains(number * step)));
        }
    }
}
