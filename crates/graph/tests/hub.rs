//! A node with a million edges, and what a search reads of it.

use std::cell::Cell;
use std::convert::Infallible;
use std::ops::ControlFlow;

use sutra_graph::{CsrEdge, CsrGraph, Direction, Edge, Graph, PathOptions, Scratch, Side, find_best_path, find_path};

/// A graph that counts what is read of it.
struct Counted<'g> {
    graph: &'g CsrGraph,
    edges_read: Cell<usize>,
}

impl Graph for Counted<'_> {
    type Error = Infallible;

    fn node_bound(&self) -> u32 {
        self.graph.node_bound()
    }

    fn degree(&self, node: u32, side: Side) -> usize {
        self.graph.degree(node, side)
    }

    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Infallible>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        self.graph.edges(node, side, |edge| {
            self.edges_read.set(self.edges_read.get() + 1);
            visit(edge)
        })
    }
}

const LEAVES: u32 = 1_000_000;
const HUB: u32 = LEAVES;
const FAR: u32 = LEAVES + 1;

/// The hub points to every leaf, the last leaf to the far node. Every other leaf is less believed.
fn star() -> CsrGraph {
    let mut edges: Vec<_> = (0..LEAVES)
        .map(|leaf| CsrEdge { source: HUB, target: leaf, kind: 0, confidence: if leaf % 2 == 0 { 0.5 } else { 0.75 } })
        .collect();
    edges.push(CsrEdge { source: LEAVES - 1, target: FAR, kind: 0, confidence: 0.5 });
    CsrGraph::from_edges(LEAVES + 2, &edges).unwrap()
}

#[test]
fn a_hub_is_met_from_the_other_end() {
    let star = star();
    let graph = Counted { graph: &star, edges_read: Cell::new(0) };
    let scratch = &mut Scratch::new();
    let options = PathOptions::default();
    let Ok(path) = find_path(&graph, scratch, HUB, FAR, &options);
    assert_eq!(path.unwrap().nodes, [HUB, LEAVES - 1, FAR]);
    assert_eq!(graph.edges_read.get(), 2, "edges read, of a million");
    // The other way the hub is the end.
    graph.edges_read.set(0);
    let options = PathOptions { direction: Direction::In, ..options };
    let Ok(path) = find_path(&graph, scratch, FAR, HUB, &options);
    assert_eq!(path.unwrap().nodes, [FAR, LEAVES - 1, HUB]);
    assert_eq!(graph.edges_read.get(), 2, "edges read, of a million");
}

#[test]
fn a_hub_is_crossed() {
    let graph = star();
    let scratch = &mut Scratch::new();
    let options = PathOptions { direction: Direction::Both, ..PathOptions::default() };
    let Ok(path) = find_path(&graph, scratch, 7, FAR, &options);
    assert_eq!(path.unwrap().nodes, [7, HUB, LEAVES - 1, FAR]);
    let Ok(best) = find_best_path(&graph, scratch, 7, FAR, &options);
    let best = best.unwrap();
    assert_eq!(best.nodes, [7, HUB, LEAVES - 1, FAR]);
    assert_eq!(best.confidence, 0.75 * 0.75 * 0.5);
    assert_eq!(best.hops.iter().map(|hop| hop.reversed).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn a_hub_of_parallel_edges_is_one_neighbour() {
    let mut edges = vec![CsrEdge { source: 0, target: 1, kind: 0, confidence: 0.5 }; LEAVES as usize];
    edges[77].confidence = 0.75;
    let graph = CsrGraph::from_edges(2, &edges).unwrap();
    let scratch = &mut Scratch::new();
    let Ok(path) = find_path(&graph, scratch, 0, 1, &PathOptions::default());
    assert_eq!(path.unwrap().hops[0].edge, 0);
    let Ok(best) = find_best_path(&graph, scratch, 0, 1, &PathOptions::default());
    assert_eq!(best.unwrap().hops[0].edge, 77);
    assert!(scratch.heap_bytes() < 10_000, "{} bytes for two nodes", scratch.heap_bytes());
}
