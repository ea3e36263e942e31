//! Questions about a whole graph, against tables.

mod naive;

use std::convert::Infallible;
use std::ops::ControlFlow;

use naive::{check, fine, graphs, options, steps};
use proptest::prelude::*;
use sutra_graph::{
    Answer, Budget, Components, CsrEdge, CsrGraph, Direction, Edge, Graph, PathOptions, RankOptions, Side, UNREACHED,
    components, degrees, distances, hubs, pagerank,
};

const FREE: Budget = Budget::UNLIMITED;

/// A graph in which some numbers are no nodes; their edges are gone.
struct Holed<'g> {
    graph: &'g CsrGraph,
    holes: u64,
}

impl Holed<'_> {
    fn is_hole(&self, node: u32) -> bool {
        node < 64 && self.holes >> node & 1 == 1
    }
}

impl Graph for Holed<'_> {
    type Error = Infallible;

    fn node_bound(&self) -> u32 {
        self.graph.node_bound()
    }

    fn contains(&self, node: u32) -> Result<bool, Infallible> {
        Ok(node < self.node_bound() && !self.is_hole(node))
    }

    fn degree(&self, node: u32, side: Side) -> usize {
        self.graph.degree(node, side)
    }

    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Infallible>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        if self.is_hole(node) {
            return Ok(());
        }
        self.graph.edges(
            node,
            side,
            |edge| if self.is_hole(edge.target) { ControlFlow::Continue(()) } else { visit(edge) },
        )
    }
}

fn ways(graph: &Holed<'_>, node: u32, options: &PathOptions) -> Vec<(u32, f64)> {
    let mut ways = if graph.is_hole(node) { Vec::new() } else { steps(graph.graph, node, options) };
    ways.retain(|hop| !(hop.to == node && hop.reversed && options.direction == Direction::Both));
    ways.iter().filter(|hop| !graph.is_hole(hop.to)).map(|hop| (hop.to, f64::from(hop.confidence))).collect()
}

#[test]
fn ranks_are_where_walkers_are() {
    let strategy = (graphs(20, 60, fine()), options(Just(1.0)), any::<u64>(), any::<bool>());
    check(1000, &strategy, |((nodes, edges), path, holes, weighted)| {
        let plain = CsrGraph::from_edges(nodes, &edges).unwrap();
        let graph = Holed { graph: &plain, holes: holes & holes >> 7 };
        let options = RankOptions { path, weighted, tolerance: 1e-12, max_rounds: 1000, ..RankOptions::default() };
        let Ok(Answer { found, complete }) = pagerank(&graph, &options, &FREE);
        let there: Vec<u32> = (0..nodes).filter(|node| !graph.is_hole(*node)).collect();
        prop_assert!(complete && (found.converged));
        let mut ranks = vec![1.0 / there.len() as f64; nodes as usize];
        for _ in 0..500 {
            let mut next = vec![0.0; nodes as usize];
            for &node in &there {
                let ways = ways(&graph, node, &path);
                let weight = |way: &(u32, f64)| if weighted { way.1 } else { 1.0 };
                let all: f64 = ways.iter().map(weight).sum();
                for way in ways.iter().filter(|_| all > 0.0) {
                    next[way.0 as usize] += 0.85 * ranks[node as usize] * weight(way) / all;
                }
                let everywhere = if all > 0.0 { 0.15 } else { 1.0 } * ranks[node as usize] / there.len() as f64;
                for &other in &there {
                    next[other as usize] += everywhere;
                }
            }
            ranks = next;
        }
        for node in 0..nodes {
            let expected = if graph.is_hole(node) { 0.0 } else { ranks[node as usize] };
            prop_assert!((found.ranks[node as usize] - expected).abs() < 1e-9, "node {}", node);
        }
        Ok(())
    });
}

#[test]
fn components_degrees_and_distances() {
    let strategy = (graphs(40, 50, fine()), options(Just(1.0)), any::<u64>());
    check(2000, &strategy, |((nodes, edges), options, holes)| {
        let plain = CsrGraph::from_edges(nodes, &edges).unwrap();
        let graph = Holed { graph: &plain, holes: holes & holes >> 9 };
        let either_way = PathOptions { direction: Direction::Both, ..options };
        // The lowest number that comes by, handed on until nothing changes.
        let mut lowest: Vec<u32> =
            (0..nodes).map(|node| if graph.is_hole(node) { Components::NONE } else { node }).collect();
        for _ in 0..nodes {
            for node in 0..nodes {
                for (other, _) in ways(&graph, node, &either_way) {
                    lowest[node as usize] = lowest[node as usize].min(lowest[other as usize]);
                }
            }
        }
        let Ok(found) = components(&graph, &options, &FREE);
        prop_assert!(found.complete);
        let mut sizes: Vec<(u32, u32)> = (0..nodes)
            .map(|root| (root, lowest.iter().filter(|lowest| **lowest == root).count() as u32))
            .filter(|(_, size)| *size > 0)
            .collect();
        sizes.sort_by_key(|(root, size)| (u32::MAX - size, *root));
        prop_assert_eq!(found.found.of, lowest);
        prop_assert_eq!(found.found.sizes, sizes);

        let expected: Vec<u32> = (0..nodes).map(|node| ways(&graph, node, &options).len() as u32).collect();
        let Ok(found) = degrees(&graph, &options, &FREE);
        prop_assert_eq!(&found.found, &expected);
        let mut order: Vec<(u32, u32)> = (0..).zip(expected).filter(|(_, degree)| *degree > 0).collect();
        order.sort_by_key(|(node, degree)| (u32::MAX - degree, *node));
        order.truncate(5);
        let Ok(found) = hubs(&graph, &options, 5, &FREE);
        prop_assert_eq!(found.found, order);

        let mut hops = vec![UNREACHED; nodes as usize];
        hops[0] = 0;
        for level in 0..options.max_depth.min(nodes) {
            for node in (0..nodes).filter(|node| hops[*node as usize] == level).collect::<Vec<_>>() {
                for (other, _) in ways(&graph, node, &options) {
                    hops[other as usize] = hops[other as usize].min(level + 1);
                }
            }
        }
        let Ok(found) = distances(&graph, 0, &options, &FREE);
        prop_assert_eq!(found.found, hops);
        Ok(())
    });
}

/// A ring of more nodes than a run, so that runs meet.
fn ring(nodes: u32) -> CsrGraph {
    let edge = |source| CsrEdge { source, target: (source + 1) % nodes, kind: 0, confidence: 0.5 };
    CsrGraph::from_edges(nodes, &(0..nodes).map(edge).collect::<Vec<_>>()).unwrap()
}

#[test]
fn runs_meet() {
    let graph = ring(50_000);
    let options = PathOptions::default();
    let Ok(found) = components(&graph, &options, &FREE);
    assert_eq!(found.found.sizes, [(0, 50_000)]);
    assert!(found.found.of.iter().all(|root| *root == 0));
    let Ok(found) = degrees(&graph, &options, &FREE);
    assert_eq!(found.found, vec![1; 50_000]);
    let Ok(found) = pagerank(&graph, &RankOptions::default(), &FREE);
    assert!(found.found.converged && found.found.ranks.iter().all(|rank| (rank - 2e-5).abs() < 1e-12));
}

#[test]
fn a_budget_ends_it_and_says_so() {
    let graph = ring(50_000);
    let options = PathOptions::default();
    let past = Some(std::time::Instant::now());
    for budget in [Budget { max_visited: 20_000, ..FREE }, Budget { deadline: past, ..FREE }] {
        let Ok(found) = degrees(&graph, &options, &budget);
        assert!(!found.complete && found.found.contains(&0));
        let Ok(found) = components(&graph, &options, &budget);
        assert!(!found.complete && found.found.sizes.len() > 1 && found.found.of.len() == 50_000);
        assert_eq!(found.found.sizes.iter().map(|(_, size)| size).sum::<u32>(), 50_000);
        let Ok(found) = hubs(&graph, &options, 3, &budget);
        assert!(!found.complete);
        let Ok(found) = pagerank(&graph, &RankOptions::default(), &budget);
        assert!(!found.complete && !found.found.converged);
        let Ok(found) = distances(&graph, 0, &PathOptions { max_depth: u32::MAX, ..options }, &budget);
        assert!(!found.complete && found.found[0] == 0 && found.found[40_000] == UNREACHED);
    }
    // Which nodes were within does not depend on the threads: the first ones.
    for max_visited in [0, 1, 4095, 4097, 20_000, 49_999] {
        let budget = Budget { max_visited, ..FREE };
        let Ok(found) = degrees(&graph, &options, &budget);
        let known = found.found.iter().take_while(|degree| **degree == 1).count() as u64;
        assert_eq!((known, found.found.iter().sum::<u32>()), (max_visited, max_visited as u32));
        let Ok(found) = components(&graph, &options, &budget);
        assert_eq!(found.found.sizes[0], (0, max_visited as u32 + 1));
    }
    let endless = RankOptions { tolerance: 0.0, ..RankOptions::default() };
    let Ok(found) = pagerank(&graph, &endless, &Budget { max_visited: 120_000, ..FREE });
    assert!(!found.complete);
    assert_eq!(found.found.rounds, 1, "one round for the shares, one of ranks, and a third that is not whole");
}

#[test]
fn nothing_and_one() {
    let options = PathOptions::default();
    let none = CsrGraph::from_edges(0, &[]).unwrap();
    let Ok(found) = pagerank(&none, &RankOptions::default(), &FREE);
    assert!(found.complete && found.found.ranks.is_empty());
    let Ok(found) = components(&none, &options, &FREE);
    assert_eq!((found.found.of.len(), found.found.sizes.len()), (0, 0));
    let Ok(found) = distances(&none, 0, &options, &FREE);
    assert!(found.complete && found.found.is_empty());
    let one = CsrGraph::from_edges(1, &[]).unwrap();
    let Ok(found) = pagerank(&one, &RankOptions::default(), &FREE);
    assert_eq!(found.found.ranks, [1.0]);
    let Ok(found) = components(&one, &options, &FREE);
    assert_eq!((found.found.of, found.found.sizes), (vec![0], vec![(0, 1)]));
    let Ok(found) = hubs(&one, &options, 3, &FREE);
    assert_eq!(found.found, []);
}
