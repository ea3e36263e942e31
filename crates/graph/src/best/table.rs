//! What a best-path search writes down.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::marks::{Mark, Marks};
use crate::path::Step;

/// The lists of a best-path search, kept for their capacity.
#[derive(Debug, Default)]
pub(crate) struct BestScratch {
    pub(super) nodes: Vec<Node>,
    pub(super) labels: Vec<Label>,
    pub(super) forward: BinaryHeap<Open>,
    pub(super) backward: BinaryHeap<Open>,
}

impl BestScratch {
    /// Bytes of a node, a label and an open entry.
    #[cfg(test)]
    pub(crate) const ENTRY_BYTES: (usize, usize, usize) = (size_of::<Node>(), size_of::<Label>(), size_of::<Open>());

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.labels.clear();
        self.forward.clear();
        self.backward.clear();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.labels.capacity() * size_of::<Label>()
            + (self.forward.capacity() + self.backward.capacity()) * size_of::<Open>()
    }
}

/// No hops are known.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// What is known of a node.
#[derive(Debug)]
pub(super) struct Node {
    /// Product, hops and edge of the label made last, by which most labels that would lose are refused before they
    /// reach the heap.
    pub(super) product: f64,
    pub(super) hops: u32,
    pub(super) edge: u32,
    /// The fewest hops of the labels settled here; no label with as many or more is of use.
    pub(super) settled_hops: u32,
    /// At least so many hops are needed from here to the end.
    pub(super) to_end: u32,
    /// The highest product found from here to the end, and its hops once it is certain.
    pub(super) end_product: f64,
    pub(super) end_hops: u32,
    pub(super) slot: u32,
}

/// The nodes a search knows something of.
pub(super) struct Nodes<'s> {
    pub(super) marks: &'s mut Marks,
    pub(super) stamp: u32,
    pub(super) list: &'s mut Vec<Node>,
    /// `to_end` of a node that is new.
    pub(super) outside: u32,
}

impl Nodes<'_> {
    /// The index of a node's entry, made if it has none; `None` for a node outside the graph.
    #[inline]
    pub(super) fn index(&mut self, slot: u32) -> Option<u32> {
        match self.marks.get(self.stamp, slot)? {
            Mark::Seen(_, index) => Some(index),
            Mark::Fresh => {
                // One entry a node, so indices fit u32.
                let index = self.list.len() as u32;
                self.marks.set(slot, self.stamp, index);
                self.list.push(Node {
                    product: 0.0,
                    hops: UNKNOWN,
                    edge: u32::MAX,
                    settled_hops: UNKNOWN,
                    to_end: self.outside,
                    end_product: 0.0,
                    end_hops: UNKNOWN,
                    slot,
                });
                Some(index)
            }
        }
    }
}

/// A way from the start to a node.
#[derive(Debug)]
pub(super) struct Label {
    /// Index of the label one hop before.
    pub(super) parent: usize,
    /// Index of the node.
    pub(super) node: u32,
    pub(super) step: Step,
}

/// Something not yet settled; the greatest is the next to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Open {
    /// The bits of a positive `f64`, which have its order.
    bits: u64,
    hops: Reverse<u32>,
    edge: Reverse<u32>,
    /// What is open: the index of a label, or of a node.
    pub(super) index: usize,
}

impl Open {
    pub(super) fn new(product: f64, hops: u32, edge: u32, index: usize) -> Self {
        Self { bits: product.to_bits(), hops: Reverse(hops), edge: Reverse(edge), index }
    }

    pub(super) fn product(&self) -> f64 {
        f64::from_bits(self.bits)
    }

    pub(super) fn hops(&self) -> u32 {
        self.hops.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_by_product_then_hops_then_edge() {
        let order = [
            Open::new(1.0, 9, 9, 0),
            Open::new(0.5, 2, 9, 0),
            Open::new(0.5, 3, 1, 0),
            Open::new(0.5, 3, 2, 0),
            Open::new(f64::MIN_POSITIVE, 0, 0, 0),
        ];
        let mut heap: BinaryHeap<Open> = order.iter().rev().copied().collect();
        for expected in order {
            assert_eq!(heap.pop(), Some(expected));
        }
    }
}
