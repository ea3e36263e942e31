//! Weakly connected components.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};

use super::runs::{Meter, ahead, fill};
use crate::budget::{Answer, Budget, Stop};
use crate::graph::{Graph, Side};
use crate::path::PathOptions;

/// Which nodes hang together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// For each node the lowest node of its component; [`NONE`](Self::NONE) where there is no node.
    pub of: Vec<u32>,
    /// The components as pairs of lowest node and number of nodes: the largest first, of equal ones the lower node.
    pub sizes: Vec<(u32, u32)>,
}

impl Components {
    /// Stands for the component of no node.
    pub const NONE: u32 = u32::MAX;
}

/// The components of the graph whose edges are walked either way, of the edges that `options` admit; its direction does
/// not matter. Where the budget ends, what is together is right, but there may be too many. O(nodes + edges), nearly.
///
/// # Errors
/// An error of the graph.
pub fn components<G>(graph: &G, options: &PathOptions, budget: &Budget) -> Result<Answer<Components>, G::Error>
where
    G: Graph + Sync,
    G::Error: Send,
{
    let bound = graph.node_bound();
    let filter = options.filter();
    let forest: Vec<_> = (0..bound).map(AtomicU32::new).collect();
    let mut of = vec![Components::NONE; bound as usize];
    let meter = Meter::new(budget);
    let graph = meter.watch(graph);
    let joined = fill(&meter, &mut of, |first, run| {
        for (node, known) in (first..).zip(run) {
            if !graph.contains(node)? {
                continue;
            }
            // Says that there is a node; its component comes later.
            *known = node;
            ahead(&graph, node, Side::Out);
            graph.edges(node, Side::Out, |edge| {
                if edge.target < bound && filter.admits(&edge) {
                    join(&forest, node, edge.target);
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    });
    let complete = match joined {
        Ok(()) => true,
        Err(Stop::Spent) => false,
        Err(Stop::Graph(error)) => return Err(error),
    };
    let mut counts = vec![0_u32; bound as usize];
    for (node, known) in (0..).zip(&mut of) {
        if complete && *known == Components::NONE || !complete && !graph.contains(node)? {
            continue;
        }
        *known = root(&forest, node);
        counts[*known as usize] += 1;
    }
    let mut sizes: Vec<_> = (0..).zip(counts).filter(|(_, size)| *size > 0).collect();
    sizes.sort_unstable_by_key(|(node, size)| (std::cmp::Reverse(*size), *node));
    Ok(Answer { found: Components { of, sizes }, complete })
}

/// The lowest node known to hang together with this one. Halves the way as it goes.
fn root(forest: &[AtomicU32], mut node: u32) -> u32 {
    // Relaxed: a cell only ever falls, to a node of the same component, so an old value is a longer way to the same
    // root; whoever needs the last word, at the end, has been joined with all threads that wrote.
    loop {
        let parent = forest[node as usize].load(Ordering::Relaxed);
        if parent == node {
            return node;
        }
        let next = forest[parent as usize].load(Ordering::Relaxed);
        if next != parent {
            // It may have fallen further meanwhile; then that stays.
            forest[node as usize].fetch_min(next, Ordering::Relaxed);
        }
        node = next;
    }
}

/// Hangs the higher root below the lower one. A cell that is a root is changed by one thread only: the exchange fails if
/// another was faster, and both look again.
fn join(forest: &[AtomicU32], left: u32, right: u32) {
    let (mut left, mut right) = (left, right);
    loop {
        (left, right) = (root(forest, left), root(forest, right));
        if left == right {
            return;
        }
        let (low, high) = (left.min(right), left.max(right));
        let cell = &forest[high as usize];
        if cell.compare_exchange(high, low, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return;
        }
    }
}
