//! How many edges nodes have.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use super::runs::{Meter, ahead, fill};
use crate::budget::{Answer, Budget, Stop};
use crate::graph::{Graph, Side};
use crate::path::PathOptions;

/// For each node how many edges it has in the direction that the options name, of those they admit; parallel edges count
/// each, a loop counts once. Zeros where the budget ended before. O(nodes + edges).
///
/// # Errors
/// An error of the graph.
pub fn degrees<G>(graph: &G, options: &PathOptions, budget: &Budget) -> Result<Answer<Vec<u32>>, G::Error>
where
    G: Graph + Sync,
    G::Error: Send,
{
    let bound = graph.node_bound();
    let (filter, sides) = (options.filter(), options.direction.sides());
    let mut found = vec![0_u32; bound as usize];
    let meter = Meter::new(budget);
    let graph = meter.watch(graph);
    let filled = fill(&meter, &mut found, |first, run| {
        for (node, degree) in (first..).zip(run) {
            let mut count = 0_u32;
            for &side in sides {
                ahead(&graph, node, side);
                graph.edges(node, side, |edge| {
                    let again = edge.target == node && side == Side::In && sides.len() > 1;
                    if edge.target < bound && filter.admits(&edge) && !again {
                        count = count.saturating_add(1);
                    }
                    ControlFlow::Continue(())
                })?;
            }
            // A part of a degree is none.
            if graph.is_cut() {
                break;
            }
            *degree = count;
        }
        Ok(())
    });
    match filled {
        Ok(()) => Ok(Answer { found, complete: true }),
        Err(Stop::Spent) => Ok(Answer { found, complete: false }),
        Err(Stop::Graph(error)) => Err(error),
    }
}

/// The `limit` nodes of highest degree, as pairs of node and degree: falling, of equal ones the lower node first. Nodes
/// without edges are none.
///
/// # Errors
/// As [`degrees`].
pub fn hubs<G>(
    graph: &G,
    options: &PathOptions,
    limit: usize,
    budget: &Budget,
) -> Result<Answer<Vec<(u32, u32)>>, G::Error>
where
    G: Graph + Sync,
    G::Error: Send,
{
    let Answer { found: degrees, complete } = degrees(graph, options, budget)?;
    let mut found: Vec<_> = (0..).zip(degrees).filter(|(_, degree)| *degree > 0).collect();
    let rank = |(node, degree): &(u32, u32)| (Reverse(*degree), *node);
    if limit < found.len() {
        found.select_nth_unstable_by_key(limit, rank);
        found.truncate(limit);
    }
    found.sort_unstable_by_key(rank);
    Ok(Answer { found, complete })
}
