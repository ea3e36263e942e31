//! PageRank.

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::pulled::Pulled;
use super::runs::{Meter, RUN, ahead, fill};
use crate::budget::{Answer, Budget, Stop};
use crate::graph::{Graph, Side};
use crate::path::{Filter, PathOptions};

/// Bounds of a [`pagerank`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankOptions {
    /// Which edges count. [`Direction::Out`](crate::Direction::Out): a node has rank from the edges that arrive at it.
    pub path: PathOptions,
    /// The probability to go on by an edge, in [0, 1); 0.85 by default, as is any other value.
    pub damping: f64,
    /// Ends when all ranks together change by less than this times the number of nodes; 1e-6 by default.
    pub tolerance: f64,
    /// So many rounds at most; 100 by default.
    pub max_rounds: u32,
    /// Whether edges are chosen by their confidence, not evenly.
    pub weighted: bool,
}

impl Default for RankOptions {
    fn default() -> Self {
        Self { path: PathOptions::default(), damping: 0.85, tolerance: 1e-6, max_rounds: 100, weighted: false }
    }
}

/// The ranks of all nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranks {
    /// For each node its rank, all together 1; 0 where there is no node.
    pub ranks: Vec<f64>,
    /// Rounds that were made.
    pub rounds: u32,
    /// The last round changed less than the tolerance.
    pub converged: bool,
}

/// PageRank of all nodes by the power method: what a node has goes to the ends of its edges, from a node without edges to all
/// nodes. Where the budget ends, the ranks are those of the last whole round; there are none if it ends while the edges are
/// first gone over, which counts as a round does.
///
/// Each round O(nodes + edges). The graph is read once; the rounds go over what was read of it, 28 bytes a node and 4 to 8 an
/// edge, twice that an edge where weights count. Of more than 2^28 edges, and where there is no memory, the rounds read the rest in
/// the graph. A round counts against the budget as if it read every node.
///
/// # Errors
/// An error of the graph.
pub fn pagerank<G>(graph: &G, options: &RankOptions, budget: &Budget) -> Result<Answer<Ranks>, G::Error>
where
    G: Graph + Sync,
    G::Error: Send,
{
    let meter = Meter::new(budget);
    let flow = Flow {
        graph: &meter.watch(graph),
        sides: options.path.direction.sides(),
        filter: options.path.filter(),
        weighted: options.weighted,
        most_pulled: MOST_PULLED,
        pulled: AtomicUsize::new(0),
        meter: &meter,
    };
    let mut found = Ranks::default();
    match flow.run(options, &mut found) {
        Ok(()) => Ok(Answer { found, complete: true }),
        Err(Stop::Spent) => Ok(Answer { found, complete: false }),
        Err(Stop::Graph(error)) => Err(error),
    }
}

/// Edges that are kept at most: 1 to 2 GiB.
const MOST_PULLED: usize = 1 << 28;

struct Flow<'s, G> {
    graph: &'s G,
    sides: &'static [Side],
    filter: Filter,
    weighted: bool,
    /// Edges that are kept at most, and how many are.
    most_pulled: usize,
    pulled: AtomicUsize,
    meter: &'s Meter,
}

impl<G> Flow<'_, G>
where
    G: Graph + Sync,
    G::Error: Send,
{
    fn run(&self, options: &RankOptions, found: &mut Ranks) -> Result<(), Stop<G::Error>> {
        let bound = self.graph.node_bound() as usize;
        // What of its rank a node gives to an edge of weight 1; negative where there is no node.
        let mut shares = vec![0.0_f64; bound];
        // Those of each run, none where there is no memory.
        let pulled: Vec<OnceLock<Pulled>> = (0..bound.div_ceil(RUN)).map(|_| OnceLock::new()).collect();
        fill(self.meter, &mut shares, |first, run| {
            if let Some(read) = self.pull(first, run)? {
                // Each run is read once.
                let _ = pulled[first as usize / RUN].set(read);
            }
            Ok(())
        })?;
        self.share(&pulled, &mut shares)?;
        let nodes = shares.iter().filter(|share| **share >= 0.0).count() as f64;
        if nodes == 0.0 {
            // Nothing to rank: as exact as can be.
            (found.ranks, found.converged) = (vec![0.0; bound], true);
            return Ok(());
        }
        let damping = if (0.0..1.0).contains(&options.damping) { options.damping } else { 0.85 };
        found.ranks = shares.iter().map(|share| if *share >= 0.0 { 1.0 / nodes } else { 0.0 }).collect();
        let mut gives = vec![0.0_f64; bound];
        let mut next = vec![0.0_f64; bound];
        while found.rounds < options.max_rounds && !found.converged {
            let ranks = &found.ranks;
            let stuck: f64 = shares.iter().zip(ranks).filter(|(share, _)| **share == 0.0).map(|(_, rank)| *rank).sum();
            let base = (1.0 - damping + damping * stuck) / nodes;
            for (give, (share, rank)) in gives.iter_mut().zip(shares.iter().zip(ranks)) {
                *give = share.max(0.0) * rank;
            }
            fill(self.meter, &mut next, |first, run| {
                match pulled[first as usize / RUN].get() {
                    Some(pulled) => pulled.gather(&gives, run),
                    None => self.gather(first, run, &gives)?,
                }
                for (share, rank) in shares[first as usize..].iter().zip(run) {
                    *rank = if *share >= 0.0 { base + damping * *rank } else { 0.0 };
                }
                Ok(())
            })?;
            let change: f64 = next.iter().zip(ranks).map(|(new, old)| (new - old).abs()).sum();
            std::mem::swap(&mut found.ranks, &mut next);
            found.rounds += 1;
            found.converged = change < options.tolerance * nodes;
        }
        Ok(())
    }

    /// Reads what arrives at the nodes of a run; `None` where there is no memory for it. A share becomes negative where there is
    /// no node.
    fn pull(&self, first: u32, run: &mut [f64]) -> Result<Option<Pulled>, G::Error> {
        let mut pulled = Some(Pulled::default());
        for (node, share) in (first..).zip(run) {
            if !self.graph.contains(node)? {
                *share = -1.0;
            }
            let Some(read) = &mut pulled else { continue };
            let mut fits = true;
            for side in self.sides {
                self.read(node, side.opposite(), |from, weight| {
                    fits = fits && read.len() < self.most_pulled && read.push(from, self.weighted.then_some(weight));
                })?;
            }
            if !fits || !read.end_node() {
                pulled = None;
            }
        }
        // Relaxed: a bound, which orders nothing.
        let within =
            |read: &Pulled| self.pulled.fetch_add(read.len(), Ordering::Relaxed) + read.len() <= self.most_pulled;
        Ok(pulled.filter(within))
    }

    /// Of the nodes that are there, makes each share 1 by what all edges of the node weigh, 0 without edges.
    fn share(&self, pulled: &[OnceLock<Pulled>], shares: &mut [f64]) -> Result<(), Stop<G::Error>> {
        let mut weigh = |from: u32, weight: f32| {
            let share = &mut shares[from as usize];
            if *share >= 0.0 {
                *share += f64::from(weight);
            }
        };
        let bound = self.graph.node_bound();
        for (run, pulled) in pulled.iter().enumerate() {
            if self.meter.is_late() {
                return Err(Stop::Spent);
            }
            if let Some(pulled) = pulled.get() {
                pulled.each(&mut weigh);
                continue;
            }
            // Nodes are u32, so their runs begin at one.
            let first = (run * RUN) as u32;
            for node in first..bound.min(first.saturating_add(RUN as u32)) {
                for side in self.sides {
                    self.read(node, side.opposite(), &mut weigh).map_err(Stop::Graph)?;
                }
            }
        }
        for share in shares.iter_mut().filter(|share| **share > 0.0) {
            *share = 1.0 / *share;
        }
        Ok(())
    }

    /// What arrives at the nodes of a run.
    fn gather(&self, first: u32, run: &mut [f64], gives: &[f64]) -> Result<(), G::Error> {
        for (node, rank) in (first..).zip(run) {
            let mut sum = 0.0;
            for side in self.sides {
                self.read(node, side.opposite(), |from, weight| sum += gives[from as usize] * f64::from(weight))?;
            }
            *rank = sum;
        }
        Ok(())
    }

    /// The edges that count, with their weights; a loop that is read from both sides is one.
    #[inline]
    fn read(&self, node: u32, side: Side, mut visit: impl FnMut(u32, f32)) -> Result<(), G::Error> {
        let bound = self.graph.node_bound();
        ahead(self.graph, node, side);
        self.graph.edges(node, side, |edge| {
            let again = edge.target == node && side == Side::In && self.sides.len() > 1;
            if edge.target < bound && self.filter.admits(&edge) && !again {
                visit(edge.target, if self.weighted { edge.confidence.min(1.0) } else { 1.0 });
            }
            ControlFlow::Continue(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csr::{CsrEdge, CsrGraph};
    use crate::graph::Direction;

    #[test]
    fn what_is_not_kept_is_read_each_round() {
        // More than two runs; the first has more edges than the others.
        let nodes = 2 * RUN as u32 + 100;
        let edges: Vec<_> = (0..40_000_u32)
            .map(|at| CsrEdge {
                source: at.wrapping_mul(2_654_435_761) % nodes,
                target: at.wrapping_mul(40_503) % if at % 2 == 0 { 500 } else { nodes },
                kind: 0,
                confidence: (at % 65) as f32 / 64.0,
            })
            .collect();
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        for (direction, weighted) in [(Direction::Out, true), (Direction::In, false), (Direction::Both, true)] {
            let path = PathOptions { direction, ..PathOptions::default() };
            let options = RankOptions { path, weighted, max_rounds: 7, tolerance: 0.0, ..RankOptions::default() };
            let Ok(expected) = pagerank(&graph, &options, &Budget::UNLIMITED);
            for most_pulled in [0, 9000, 12_000] {
                let meter = Meter::new(&Budget::UNLIMITED);
                let flow = Flow {
                    graph: &graph,
                    sides: direction.sides(),
                    filter: path.filter(),
                    weighted,
                    most_pulled,
                    pulled: AtomicUsize::new(0),
                    meter: &meter,
                };
                let mut found = Ranks::default();
                assert!(flow.run(&options, &mut found).is_ok());
                assert_eq!(found, expected.found, "{most_pulled} kept at most");
            }
        }
    }
}
