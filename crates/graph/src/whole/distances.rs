//! Hops from a node to all others.

use std::ops::ControlFlow;

use crate::budget::{Answer, Budget, Metered};
use crate::graph::Graph;
use crate::path::PathOptions;

/// How far ahead of the node being read the graph is told of.
const PREFETCH_AHEAD: usize = 8;

/// No path of so many hops as were allowed leads to the node.
pub const UNREACHED: u32 = u32::MAX;

/// For each node the fewest hops from `start` to it, at most `options.max_depth`, else [`UNREACHED`]. Breadth-first;
/// O(nodes + edges reached). Where the budget ends, what is there is right and the rest is unreached.
///
/// # Errors
/// The first error of the graph.
pub fn distances<G: Graph>(
    graph: &G,
    start: u32,
    options: &PathOptions,
    budget: &Budget,
) -> Result<Answer<Vec<u32>>, G::Error> {
    let mut found = vec![UNREACHED; graph.node_bound() as usize];
    let Some(origin) = found.get_mut(start as usize) else { return Ok(Answer { found, complete: true }) };
    *origin = 0;
    let (filter, sides) = (options.filter(), options.direction.sides());
    let mut reached = vec![start];
    Metered::new(graph, budget).answer(found, |graph, found| {
        let (mut level, mut hops) = (0..1, 0);
        while hops < options.max_depth && !level.is_empty() {
            hops += 1;
            for index in level.clone() {
                if let Some(&ahead) = reached.get(index + PREFETCH_AHEAD) {
                    for &side in sides {
                        graph.prefetch(ahead, side);
                    }
                }
                if let Some(&next) = reached.get(index + PREFETCH_AHEAD / 2) {
                    for &side in sides {
                        graph.prefetch_edges(next, side);
                    }
                }
                let node = reached[index];
                for &side in sides {
                    graph.edges(node, side, |edge| {
                        if let Some(known) = found.get_mut(edge.target as usize)
                            && *known == UNREACHED
                            && filter.admits(&edge)
                        {
                            *known = hops;
                            reached.push(edge.target);
                        }
                        ControlFlow::Continue(())
                    })?;
                }
            }
            level = level.end..reached.len();
        }
        Ok(())
    })
}
