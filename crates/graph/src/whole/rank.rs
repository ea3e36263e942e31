//! PageRank.

use std::ops::ControlFlow;

use super::runs::{Meter, PREFETCH_AHEAD, fill};
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
/// Each round O(nodes + edges); memory 32 bytes a node.
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
        meter: &meter,
    };
    let mut found = Ranks::default();
    match flow.run(options, &mut found) {
        Ok(()) => Ok(Answer { found, complete: true }),
        Err(Stop::Spent) => Ok(Answer { found, complete: false }),
        Err(Stop::Graph(error)) => Err(error),
    }
}

struct Flow<'s, G> {
    graph: &'s G,
    sides: &'static [Side],
    filter: Filter,
    weighted: bool,
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
        fill(self.meter, &mut shares, |first, run| self.shares(first, run))?;
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
                self.gather(first, run, &gives)?;
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

    fn shares(&self, first: u32, run: &mut [f64]) -> Result<(), G::Error> {
        for (node, share) in (first..).zip(run) {
            if !self.graph.contains(node)? {
                *share = -1.0;
                continue;
            }
            let mut all = 0.0;
            for &side in self.sides {
                self.read(node, side, |_, weight| all += weight)?;
            }
            *share = if all > 0.0 { 1.0 / all } else { 0.0 };
        }
        Ok(())
    }

    /// What arrives at the nodes of a run.
    fn gather(&self, first: u32, run: &mut [f64], gives: &[f64]) -> Result<(), G::Error> {
        for (node, rank) in (first..).zip(run) {
            let mut sum = 0.0;
            for side in self.sides {
                self.read(node, side.opposite(), |from, weight| sum += gives[from as usize] * weight)?;
            }
            *rank = sum;
        }
        Ok(())
    }

    /// The edges that count, with their weights; a loop that is read from both sides is one.
    #[inline]
    fn read(&self, node: u32, side: Side, mut visit: impl FnMut(u32, f64)) -> Result<(), G::Error> {
        let bound = self.graph.node_bound();
        if bound - node > PREFETCH_AHEAD {
            self.graph.prefetch(node + PREFETCH_AHEAD, side);
        }
        self.graph.edges(node, side, |edge| {
            let again = edge.target == node && side == Side::In && self.sides.len() > 1;
            if edge.target < bound && self.filter.admits(&edge) && !again {
                visit(edge.target, if self.weighted { f64::from(edge.confidence.min(1.0)) } else { 1.0 });
            }
            ControlFlow::Continue(())
        })
    }
}
