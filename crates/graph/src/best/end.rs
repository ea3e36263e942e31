//! What the end tells the search: bounds on the rest of a way.

use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::table::{Node, Nodes, Open, UNKNOWN};
use super::walk::Walk;
use crate::graph::Graph;

/// Counting hops stops before a level that has more edges than this: further out it costs more than it saves.
const LEVEL_EDGES: usize = 1 << 11;

/// A relative margin wider than what rounding can add up to: one part in 2^53 a hop. A product taken from the end may
/// differ by so much from the same product taken from the start.
const MARGIN: f64 = 1e-6;

/// Below this a product is too near to the smallest `f64` for a relative margin to mean anything.
const SMALLEST_FLOOR: f64 = 1e-280;

/// Writes down how many hops the nodes around `end` are from it, up to `radius` hops, and for all others that they are
/// further away.
pub(super) fn count_hops<G: Graph>(
    walk: &Walk<'_, G>,
    nodes: &mut Nodes<'_>,
    end: u32,
    radius: u32,
) -> Result<(), G::Error> {
    nodes.outside = 0;
    nodes.index(end);
    let mut level = 0..nodes.list.len();
    nodes.outside = 1;
    while nodes.outside <= radius {
        if level.is_empty() {
            // All that can reach the end is known.
            nodes.outside = UNKNOWN;
            return Ok(());
        }
        let mut edges = 0_usize;
        for node in &nodes.list[level.clone()] {
            edges = edges.saturating_add(walk.degree_behind(node.slot));
        }
        if edges > LEVEL_EDGES {
            return Ok(());
        }
        for index in level.clone() {
            walk.edges_behind(nodes.list[index].slot, |edge| {
                nodes.index(edge.target);
                ControlFlow::Continue(())
            })?;
        }
        level = level.end..nodes.list.len();
        nodes.outside += 1;
    }
    Ok(())
}

/// A ball around the end that grows in the order of falling products, whatever the hops. Inside, the best product to
/// the end is known; outside, it is at most the ball's own.
pub(super) struct EndBall<'s> {
    open: &'s mut BinaryHeap<Open>,
    /// No node outside has a higher product to the end.
    product: f64,
    edges_read: usize,
    enabled: bool,
}

impl<'s> EndBall<'s> {
    pub(super) fn new(open: &'s mut BinaryHeap<Open>, nodes: &mut Nodes<'_>, end: u32, floor: f64) -> Self {
        if let Some(index) = nodes.index(end) {
            nodes.list[index as usize].end_product = 1.0;
            open.push(Open::new(1.0, 0, 0, index as usize));
        }
        Self { open, product: 1.0, edges_read: 0, enabled: floor >= SMALLEST_FLOOR }
    }

    /// Whether to grow the ball before settling a label of `product`, after the search has read `edges_read` edges:
    /// while the two have not met for certain, the side that has read less goes on.
    pub(super) fn wants(&self, product: f64, floor: f64, edges_read: usize) -> bool {
        self.enabled && self.edges_read <= edges_read && product * self.product >= floor
    }

    /// Whether no way on from a node reached with this product can come up to the floor.
    #[inline]
    pub(super) fn refuses(&self, node: &Node, product: f64, floor: f64) -> bool {
        let rest = if node.end_hops == UNKNOWN { self.product } else { node.end_product };
        self.enabled && product * rest * (1.0 + MARGIN) < floor
    }

    /// What going on as the ball knows is worth at least, from a node reached with this product; 0 from one outside.
    pub(super) fn promise(&self, node: &Node, product: f64) -> f64 {
        if self.enabled && node.end_hops != UNKNOWN { product * node.end_product * (1.0 - MARGIN) } else { 0.0 }
    }

    /// Takes the next node into the ball.
    pub(super) fn grow<G: Graph>(
        &mut self,
        walk: &Walk<'_, G>,
        nodes: &mut Nodes<'_>,
        floor: f64,
    ) -> Result<(), G::Error> {
        let Some(next) = self.open.pop() else {
            // What is outside cannot reach the end with a product that matters.
            self.product = 0.0;
            return Ok(());
        };
        let (product, hops) = (next.product(), next.hops());
        let node = &mut nodes.list[next.index];
        if node.end_hops != UNKNOWN {
            return Ok(());
        }
        node.end_hops = hops;
        self.product = product;
        let slot = node.slot;
        walk.edges_behind(slot, |edge| {
            self.edges_read += 1;
            let product = product * walk.factor(edge);
            if product * (1.0 + MARGIN) < floor {
                return ControlFlow::Continue(());
            }
            if let Some(index) = nodes.index(edge.target) {
                let node = &mut nodes.list[index as usize];
                if node.end_hops == UNKNOWN && product > node.end_product {
                    node.end_product = product;
                    self.open.push(Open::new(product, hops + 1, 0, index as usize));
                }
            }
            ControlFlow::Continue(())
        })
    }
}
