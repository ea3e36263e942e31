//! The path of the highest product.
//!
//! Labels are (node, hops, product). They are settled in the order of falling product, then rising hops; a hop never
//! raises a product, so nothing better can come later. A label is of use only if it has fewer hops than every label
//! settled at its node before it, all of which are at least as good: with a bound on hops a worse product may still
//! be the one that arrives.
//!
//! What keeps the search small changes nothing in its answer, because it only refuses labels that cannot be part of it:
//! - the path of fewest hops is found first: without it there is no path, and no product below its own, the floor,
//!   can win;
//! - hops counted from the end tell which labels cannot arrive within the bound;
//! - a ball around the end, grown in turn with the search, tells how good the rest of a way can be; where the two meet
//!   it raises the floor;
//! - where the bound on hops cannot bind, a node is settled once.
//!
//! Products are taken from the start, in `f64`, rounded once a hop. Rounding keeps order (`a >= b` gives
//! `a * c >= b * c`, rounded too), so the search is exact in these rounded products. One that falls below the smallest
//! `f64` is 0.

mod end;
mod table;
mod walk;

use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use self::end::{EndBall, count_hops};
pub(crate) use self::table::BestScratch;
use self::table::{Label, Nodes, Open};
use self::walk::Walk;
use crate::graph::{Edge, Graph, Side};
use crate::path::{Path, PathOptions, Step, score};
use crate::scratch::Scratch;
use crate::shortest::find_path;

/// The path from `start` to `end` with the highest product of confidences and `decay` to the power of its hops, within
/// `options`; or `None` if there is no path.
///
/// Exact, also where `max_depth` cuts the better path off. Of several paths of one product, one with the fewest hops;
/// of these the one whose last hop has the lowest edge id, and so on towards the start, as in [`find_path`]. Parallel
/// edges compete like any others: the best is taken. A path of product 0 is returned only when there is none better,
/// and is then that of [`find_path`]. Products are `f64`: two that differ by less than its rounding may count as one.
///
/// `start == end` is a path of one node without hops, at any depth. A node that is not below
/// [`Graph::node_bound`] is on no path.
///
/// Time O(L log L) for L labels made: at most one for each edge reached when `max_depth` is not less than the number
/// of nodes, else at most `max_depth` for each; usually far less, because both ends are searched. A query without an
/// answer costs what it costs [`find_path`]. Memory: see [`Scratch`]. Never blocks, unless the graph does.
///
/// # Errors
/// The first error of the graph. The scratch stays usable.
pub fn find_best_path<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    start: u32,
    end: u32,
    options: &PathOptions,
) -> Result<Option<Path>, G::Error> {
    find_best_path_from(graph, scratch, start, end, options, 1.0)
}

/// [`find_best_path`] as the rest of a way that has come to `start` with a product of `from`: rounded as the whole way is.
pub(crate) fn find_best_path_from<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    start: u32,
    end: u32,
    options: &PathOptions,
    from: f64,
) -> Result<Option<Path>, G::Error> {
    let Some(shortest) = find_path(graph, scratch, start, end, options)? else {
        return Ok(None);
    };
    // Nothing exceeds a product of ones with as few hops as there can be.
    if shortest.hops.iter().all(|hop| hop.confidence >= 1.0) {
        return Ok(Some(shortest));
    }
    let bound = graph.node_bound();
    let hops_are_free = options.max_depth >= bound - 1;
    let floor = score(from, &shortest.hops, options.decay());
    let walk = Walk::new(graph, options);
    let Scratch { marks, best, .. } = scratch;
    best.clear();
    let stamp = marks.begin(bound);
    let mut nodes = Nodes { marks, stamp, list: &mut best.nodes, outside: 0 };
    count_hops(&walk, &mut nodes, end, if hops_are_free { 0 } else { options.max_depth / 2 })?;
    let ball = EndBall::new(&mut best.backward, &mut nodes, end, floor);
    let mut search = Search {
        nodes,
        ball,
        labels: &mut best.labels,
        open: &mut best.forward,
        end,
        max_depth: options.max_depth,
        hops_are_free,
        floor,
    };
    Ok(Some(search.run(&walk, start, from)?.unwrap_or(shortest)))
}

struct Search<'s> {
    nodes: Nodes<'s>,
    ball: EndBall<'s>,
    labels: &'s mut Vec<Label>,
    open: &'s mut BinaryHeap<Open>,
    end: u32,
    max_depth: u32,
    hops_are_free: bool,
    /// A product that is reached for certain: lower ones lose.
    floor: f64,
}

impl Search<'_> {
    fn run<G: Graph>(&mut self, walk: &Walk<'_, G>, start: u32, from: f64) -> Result<Option<Path>, G::Error> {
        if let Some(node) = self.nodes.index(start) {
            self.open(node, from, 0, 0, Step::NONE);
        }
        let mut edges_read = 0;
        while let Some(&next) = self.open.peek() {
            let (product, hops) = (next.product(), next.hops());
            if self.ball.wants(product, self.floor, edges_read) {
                self.ball.grow(walk, &mut self.nodes, self.floor)?;
                continue;
            }
            self.open.pop();
            let node = &mut self.nodes.list[self.labels[next.index].node as usize];
            if node.settled_hops <= hops || self.ball.refuses(node, product, self.floor) {
                continue;
            }
            node.settled_hops = if self.hops_are_free { 0 } else { hops };
            if node.slot == self.end {
                return Ok(Some(self.path(next.index, hops)));
            }
            if hops.saturating_add(node.end_hops) <= self.max_depth {
                self.floor = self.floor.max(self.ball.promise(node, product));
            }
            let slot = node.slot;
            walk.edges_ahead(slot, |edge, side| {
                edges_read += 1;
                self.relax(edge, side, product * walk.factor(edge), hops + 1, next.index);
                ControlFlow::Continue(())
            })?;
        }
        Ok(None)
    }

    /// Makes the label at the far end of an edge, unless it cannot be part of the answer. `product` and `hops` are that
    /// label's.
    #[inline]
    fn relax(&mut self, edge: &Edge, side: Side, product: f64, hops: u32, parent: usize) {
        // Of equal products one that is 0 is left to the path of fewest hops.
        if product < self.floor || product <= 0.0 {
            return;
        }
        let Some(index) = self.nodes.index(edge.target) else { return };
        let node = &mut self.nodes.list[index as usize];
        if node.settled_hops <= hops
            || hops.saturating_add(node.to_end) > self.max_depth
            || self.ball.refuses(node, product, self.floor)
        {
            return;
        }
        let loses = node.product > product || node.product == product && (node.hops, node.edge) <= (hops, edge.id);
        if loses && (self.hops_are_free || node.hops <= hops) {
            return;
        }
        (node.product, node.hops, node.edge) = (product, hops, edge.id);
        if edge.target == self.end {
            self.floor = product;
        }
        self.open(index, product, hops, parent, Step::over(edge, side == Side::In));
    }

    fn open(&mut self, node: u32, product: f64, hops: u32, parent: usize, step: Step) {
        let label = self.labels.len();
        self.labels.push(Label { parent, node, step });
        self.open.push(Open::new(product, hops, step.edge, label));
    }

    fn path(&self, mut label: usize, count: u32) -> Path {
        let slot = |label: &Label| self.nodes.list[label.node as usize].slot;
        let mut hops = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let reached = &self.labels[label];
            hops.push(reached.step.hop(slot(&self.labels[reached.parent]), slot(reached)));
            label = reached.parent;
        }
        hops.reverse();
        Path::of_hops(hops)
    }
}
