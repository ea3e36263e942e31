//! Several paths, the best first: Yen's way of forking the paths found so far, with Lawler's refinement.
//!
//! Every path but the first leaves an earlier one at a node, its fork. The paths that share their hops up to a fork, and
//! do not go on by certain edges there, are a class; each search finds the best of one class, and taking it splits what
//! is left of the class into disjoint ones: one for each node from the fork on (before it, other classes have the
//! paths: Lawler). So no path is found twice, none is missed, and the best of the best of all classes is the next.
//!
//! The searches are [`find_path`] and the best-path search on a view of the graph without the nodes before the fork. They
//! choose among equal paths by the last hops first, and all paths of a class have the same first hops: what they choose
//! in a class is what the whole order would choose.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::best::find_best_path_from;
use crate::budget::{Answer, Budget, Metered, Stop};
use crate::every::every_shortest;
use crate::graph::Graph;
use crate::path::{Hop, Path, PathOptions, score};
use crate::scratch::Scratch;
use crate::shortest::find_path;
use crate::without::{EdgeSet, NodeSet, Rest};

/// Which of the paths between two nodes are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Extent {
    /// All that have as few hops as there can be.
    #[default]
    Shortest,
    /// Longer ones too, by hops.
    Longer,
}

/// Up to `limit` paths from `start` to `end` within `options`, none with a node twice: those of fewest hops, or with
/// [`Extent::Longer`] also longer ones. Fewest hops first; of equally long ones in the order of their edge ids, the last
/// hop's first, as in [`find_path`], whose path is the first. Parallel edges make different paths.
///
/// With [`Extent::Shortest`] one search from both ends, then O(degrees on a path) for each path. With
/// [`Extent::Longer`] at most one search for each node of each path found. Where the budget ends, the paths found so far
/// are the first ones.
///
/// # Errors
/// The first error of the graph. The scratch stays usable.
#[expect(clippy::too_many_arguments, reason = "a question, its bounds, and where it is asked")]
pub fn find_paths<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    start: u32,
    end: u32,
    options: &PathOptions,
    extent: Extent,
    limit: usize,
    budget: &Budget,
) -> Result<Answer<Vec<Path>>, G::Error> {
    Metered::new(graph, budget).answer(Vec::new(), |graph, found| match extent {
        Extent::Shortest => every_shortest(graph, scratch, start, end, options, limit, found),
        Extent::Longer => ranked(graph, scratch, start, end, options, Rule::Hops, limit, found),
    })
}

/// The `limit` best paths from `start` to `end` within `options`, none with a node twice: by falling product of
/// confidences and decay, then rising hops, then edge ids as in [`find_best_path`](crate::find_best_path), whose path is
/// the first. Exact, also with a bound on hops. A path of product 0 comes after all others.
///
/// At most one best-path search for each node of each path found. Where the budget ends, the paths found so far are the
/// best ones.
///
/// # Errors
/// The first error of the graph. The scratch stays usable.
pub fn find_best_paths<G: Graph>(
    graph: &G,
    scratch: &mut Scratch,
    start: u32,
    end: u32,
    options: &PathOptions,
    limit: usize,
    budget: &Budget,
) -> Result<Answer<Vec<Path>>, G::Error> {
    Metered::new(graph, budget)
        .answer(Vec::new(), |graph, found| ranked(graph, scratch, start, end, options, Rule::Product, limit, found))
}

/// What makes a path better.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Hops,
    Product,
}

/// The best path of a class.
struct Candidate {
    /// 1 where hops rule.
    product: f64,
    hops: Vec<Hop>,
    /// How many hops its class shares.
    fork: usize,
    /// The edges by which its class does not go on there. Classes hand it on: all together have at most one for each search.
    closed: EdgeSet,
}

/// The order in which paths are given; the greatest is the first.
pub(crate) fn order(left: (f64, &[Hop]), right: (f64, &[Hop])) -> Ordering {
    let ids = |hops: &[Hop]| hops.iter().rev().map(|hop| hop.edge).collect::<Vec<_>>();
    left.0
        .total_cmp(&right.0)
        .then_with(|| Reverse(left.1.len()).cmp(&Reverse(right.1.len())))
        .then_with(|| Reverse(ids(left.1)).cmp(&Reverse(ids(right.1))))
}

impl Candidate {
    fn key(&self) -> (f64, &[Hop]) {
        (self.product, &self.hops)
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        order(self.key(), other.key())
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

#[expect(clippy::too_many_arguments, reason = "a question, its bounds, and where it is asked")]
fn ranked<G: Graph>(
    graph: &Metered<'_, G>,
    scratch: &mut Scratch,
    start: u32,
    end: u32,
    options: &PathOptions,
    rule: Rule,
    limit: usize,
    found: &mut Vec<Path>,
) -> Result<(), Stop<G::Error>> {
    // The searches take the whole scratch, and look at this part of it.
    let mut passed = std::mem::take(&mut scratch.passed);
    let result = Classes { graph, passed: &mut passed, end, options, rule }.run(scratch, start, limit, found);
    scratch.passed = passed;
    result
}

struct Classes<'s, 'g, G> {
    graph: &'s Metered<'g, G>,
    passed: &'s mut NodeSet,
    end: u32,
    options: &'s PathOptions,
    rule: Rule,
}

impl<G: Graph> Classes<'_, '_, G> {
    fn run(
        &mut self,
        scratch: &mut Scratch,
        start: u32,
        limit: usize,
        found: &mut Vec<Path>,
    ) -> Result<(), Stop<G::Error>> {
        if limit == 0 || start >= self.graph.node_bound() {
            return Ok(());
        }
        let mut open = BinaryHeap::new();
        open.extend(self.best_of_class(scratch, &[], start, EdgeSet::default())?);
        while let Some(Candidate { hops, fork, mut closed, .. }) = open.pop() {
            let path = if hops.is_empty() { Path::of_one(start) } else { Path::of_hops(hops) };
            found.push(path);
            if found.len() >= limit {
                break;
            }
            let Some(path) = found.last() else { break };
            for at in fork..path.hops.len() {
                closed.insert(path.hops[at].edge);
                let class = std::mem::take(&mut closed);
                open.extend(self.best_of_class(scratch, &path.hops[..at], path.hops[at].from, class)?);
            }
        }
        Ok(())
    }

    /// The best path that begins with `shared` and goes on from `fork` by an edge that is not closed.
    fn best_of_class(
        &mut self,
        scratch: &mut Scratch,
        shared: &[Hop],
        fork: u32,
        closed: EdgeSet,
    ) -> Result<Option<Candidate>, Stop<G::Error>> {
        // A path is never longer than its bound, and hops fit u32.
        let max_depth = self.options.max_depth.saturating_sub(shared.len() as u32);
        let options = PathOptions { max_depth, ..*self.options };
        self.passed.clear(self.graph.node_bound());
        for hop in shared {
            self.passed.insert(hop.from);
        }
        let rest = Rest { graph: self.graph, nodes: self.passed, fork, edges: &closed };
        let so_far = score(1.0, shared, options.decay());
        let rest = match self.rule {
            Rule::Hops => find_path(&rest, scratch, fork, self.end, &options)?,
            Rule::Product => find_best_path_from(&rest, scratch, fork, self.end, &options, so_far)?,
        };
        Ok(rest.map(|rest| {
            let product = match self.rule {
                Rule::Hops => 1.0,
                Rule::Product => score(so_far, &rest.hops, options.decay()),
            };
            let hops = [shared, &rest.hops].concat();
            Candidate { product, hops, fork: shared.len(), closed }
        }))
    }
}
