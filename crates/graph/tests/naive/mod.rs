//! What the searches are held against: enumeration and dynamic programming that are too slow to be wrong, and graphs
//! that show their edges in another order.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::BuildHasher;
use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use sutra_graph::{CsrEdge, CsrGraph, Direction, Edge, Graph, Hop, Path, PathOptions, Side, TypeSet};

/// Runs `test` on `cases` values. The seed is taken from `SUTRA_SEED` or drawn, and named if a case fails.
pub(crate) fn check<S>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S: Strategy,
    S::Value: Debug,
{
    let seed = match std::env::var("SUTRA_SEED") {
        Ok(seed) => seed.parse().expect("SUTRA_SEED is a number"),
        Err(_) => RandomState::new().hash_one(0),
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(strategy, test) {
        panic!("SUTRA_SEED={seed}: {error}");
    }
}

/// A graph of up to `nodes` nodes and `edges` edges, with confidences from `confidence`.
pub(crate) fn graphs(
    nodes: u32,
    edges: usize,
    confidence: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = (u32, Vec<CsrEdge>)> {
    (1..=nodes).prop_flat_map(move |nodes| {
        let edge = (0..nodes, 0..nodes, 0..3_u8, confidence.clone())
            .prop_map(|(source, target, kind, confidence)| CsrEdge { source, target, kind, confidence });
        (proptest::strategy::Just(nodes), proptest::collection::vec(edge, 0..=edges))
    })
}

/// All steps from a node that the options admit, with the factor of each.
pub(crate) fn steps(graph: &CsrGraph, node: u32, options: &PathOptions) -> Vec<Hop> {
    let mut steps = Vec::new();
    for &side in options.direction.sides() {
        for edge in graph.row(node, side) {
            let typed = options.types.is_none_or(|types| types.contains(edge.kind));
            if typed && edge.confidence >= options.min_confidence {
                steps.push(Hop {
                    from: node,
                    to: edge.target,
                    edge: edge.id,
                    confidence: edge.confidence,
                    kind: edge.kind,
                    reversed: side == Side::In,
                });
            }
        }
    }
    steps
}

pub(crate) fn product(hops: &[Hop], decay: f32) -> f64 {
    hops.iter().fold(1.0, |product, hop| product * (f64::from(hop.confidence) * f64::from(decay)))
}

fn ids_from_the_end(hops: &[Hop]) -> Vec<u32> {
    hops.iter().rev().map(|hop| hop.edge).collect()
}

/// Options of every kind, with depths around the size of small graphs.
pub(crate) fn options(decay: impl Strategy<Value = f32>) -> impl Strategy<Value = PathOptions> {
    let direction = prop_oneof![Just(Direction::Out), Just(Direction::In), Just(Direction::Both)];
    let max_depth = prop_oneof![8 => 0..9_u32, 1 => Just(40_u32), 2 => Just(u32::MAX)];
    let min_confidence = prop_oneof![3 => Just(0.0_f32), 1 => Just(0.5_f32)];
    let types = prop_oneof![3 => Just(None), 1 => Just(Some(TypeSet::from([0, 2])))];
    (direction, max_depth, min_confidence, types, decay).prop_map(
        |(direction, max_depth, min_confidence, types, decay)| PathOptions {
            direction,
            max_depth,
            min_confidence,
            types,
            decay,
        },
    )
}

/// Confidences whose products are exact, so that ties are ties, and of which many are equal.
pub(crate) fn coarse() -> impl Strategy<Value = f32> + Clone {
    prop_oneof![1 => Just(0.0_f32), 2 => Just(0.25), 4 => Just(0.5), 2 => Just(0.75), 2 => Just(1.0)]
}

pub(crate) fn fine() -> impl Strategy<Value = f32> + Clone {
    prop_oneof![1 => Just(0.0_f32), 1 => Just(1.0), 20 => 0.0_f32..1.0, 2 => 1e-30_f32..1e-20]
}

/// Calls `found` with every path without a repeated node.
fn enumerate(
    graph: &CsrGraph,
    end: u32,
    options: &PathOptions,
    node: u32,
    hops: &mut Vec<Hop>,
    found: &mut impl FnMut(&[Hop]),
) {
    if node == end {
        found(hops);
        return;
    }
    if hops.len() as u64 >= u64::from(options.max_depth) {
        return;
    }
    for step in steps(graph, node, options) {
        if step.to != node && hops.iter().all(|hop| hop.from != step.to) {
            hops.push(step);
            enumerate(graph, end, options, step.to, hops, found);
            hops.pop();
        }
    }
}

/// The hops of all paths without a repeated node, the one that `find_path` has to find first.
pub(crate) fn by_hops(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Vec<Vec<Hop>> {
    let mut all = Vec::new();
    enumerate(graph, end, options, start, &mut Vec::new(), &mut |hops| all.push(hops.to_vec()));
    all.sort_by_key(|hops| (hops.len(), ids_from_the_end(hops)));
    all
}

/// The hops of all paths without a repeated node, the one that `find_best_path` has to find first.
pub(crate) fn by_product(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Vec<Vec<Hop>> {
    let mut all = by_hops(graph, start, end, options);
    // Stable: equal ones stay in the order of hops and edges.
    all.sort_by(|left, right| product(right, options.decay).total_cmp(&product(left, options.decay)));
    all
}

/// The hops of the path that `find_path` has to find.
pub(crate) fn shortest(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Option<Vec<Hop>> {
    let mut best: Option<Vec<Hop>> = None;
    enumerate(graph, end, options, start, &mut Vec::new(), &mut |hops| {
        let key = |hops: &[Hop]| (hops.len(), ids_from_the_end(hops));
        if best.as_ref().is_none_or(|best| key(hops) < key(best)) {
            best = Some(hops.to_vec());
        }
    });
    best
}

/// The hops of the path that `find_best_path` has to find.
pub(crate) fn best(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Option<Vec<Hop>> {
    let mut best: Option<Vec<Hop>> = None;
    enumerate(graph, end, options, start, &mut Vec::new(), &mut |hops| {
        let key = |hops: &[Hop]| (-product(hops, options.decay), hops.len(), ids_from_the_end(hops));
        if best.as_ref().is_none_or(|best| key(hops) < key(best)) {
            best = Some(hops.to_vec());
        }
    });
    best
}

/// For each number of hops up to `options.max_depth` (at most `limit`), the best product of a walk of so many hops, by
/// Bellman and Ford.
pub(crate) fn products_by_hops(
    graph: &CsrGraph,
    start: u32,
    end: u32,
    options: &PathOptions,
    limit: u32,
) -> Vec<Option<f64>> {
    let mut now = vec![None; graph.node_count() as usize];
    now[start as usize] = Some(1.0);
    let mut table = vec![now[end as usize]];
    for _ in 0..options.max_depth.min(limit) {
        let mut next = vec![None; now.len()];
        for node in 0..graph.node_count() {
            let Some(product) = now[node as usize] else { continue };
            for step in steps(graph, node, options) {
                let product: f64 = product * (f64::from(step.confidence) * f64::from(options.decay));
                let best = &mut next[step.to as usize];
                *best = Some(best.map_or(product, |best: f64| best.max(product)));
            }
        }
        now = next;
        table.push(now[end as usize]);
    }
    table
}

/// Panics unless the path is one: from start to end, of edges of the graph as they are, within the options, no node
/// twice.
pub(crate) fn assert_is_a_path(graph: &CsrGraph, path: &Path, start: u32, end: u32, options: &PathOptions) {
    assert_eq!((path.nodes[0], path.nodes[path.nodes.len() - 1]), (start, end));
    assert_eq!(path.nodes.len(), path.hops.len() + 1);
    assert!(path.hops.len() as u64 <= u64::from(options.max_depth));
    for (hop, ends) in path.hops.iter().zip(path.nodes.windows(2)) {
        assert_eq!([hop.from, hop.to], ends);
        assert!(steps(graph, hop.from, options).contains(hop), "{hop:?} is no step");
    }
    let mut nodes = path.nodes.clone();
    nodes.sort_unstable();
    nodes.dedup();
    assert_eq!(nodes.len(), path.nodes.len(), "a node occurs twice: {:?}", path.nodes);
    assert_eq!(path.confidence, product(&path.hops, 1.0));
    assert_eq!(path.score(options.decay), product(&path.hops, options.decay));
}

/// The same graph with the edges of each node in another order and degrees that say too much.
pub(crate) struct Scrambled<'g> {
    pub(crate) graph: &'g CsrGraph,
    pub(crate) seed: u64,
}

impl Scrambled<'_> {
    fn hash(&self, value: u32) -> u64 {
        let mixed = (u64::from(value) ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
    }
}

impl Graph for Scrambled<'_> {
    type Error = Infallible;

    fn node_bound(&self) -> u32 {
        self.graph.node_bound()
    }

    fn degree(&self, node: u32, side: Side) -> usize {
        self.graph.degree(node, side) + (self.hash(node) & 7) as usize
    }

    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Infallible>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        let mut row = self.graph.row(node, side).to_vec();
        row.sort_by_key(|edge| self.hash(edge.id));
        for edge in row {
            if visit(edge).is_break() {
                break;
            }
        }
        Ok(())
    }
}
