//! A node with a million edges, and what a search reads of it.

use std::cell::Cell;
use std::convert::Infallible;
use std::ops::ControlFlow;

use sutra_graph::{
    Budget, CsrEdge, CsrGraph, Direction, Edge, Extent, Graph, NeighborhoodOptions, PathOptions, RankOptions,
    ReasonOptions, Recall, RecallOptions, Scratch, Side, TypeSet, components, degrees, find_best_path, find_best_paths,
    find_path, find_paths, hubs, neighborhood, pagerank, reason, recall,
};

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

const FREE: Budget = Budget::UNLIMITED;

fn within(max_visited: u64) -> Budget {
    Budget { max_visited, ..FREE }
}

#[test]
fn a_hub_is_asked_for_everything() {
    let graph = star();
    let scratch = &mut Scratch::new();
    let path = PathOptions { direction: Direction::Both, ..PathOptions::default() };
    for extent in [Extent::Shortest, Extent::Longer] {
        let Ok(found) = find_paths(&graph, scratch, 7, FAR, &path, extent, 5, &FREE);
        assert_eq!((found.complete, found.found.len()), (true, 1));
        assert_eq!(found.found[0].nodes, [7, HUB, LEAVES - 1, FAR]);
    }
    let Ok(found) = find_best_paths(&graph, scratch, 7, FAR, &path, 5, &FREE);
    assert_eq!((found.complete, found.found.len()), (true, 1));
    let Ok(found) = reason(&graph, scratch, &[7, 8], &[FAR, 9], &ReasonOptions { path, max_paths: 4 }, &FREE);
    let confidences: Vec<_> = found.found.iter().map(|found| (found.target, found.confidence)).collect();
    // To 9 two ways from 7 and 8 share the last hop: the better one counts.
    assert_eq!((found.complete, confidences), (true, vec![(9, 0.75 * 0.75), (FAR, 0.75 * 0.75 * 0.5)]));
    for how in [Recall::default(), Recall::Spreading { threshold: 0.0 }] {
        let options = RecallOptions { path, how, limit: 3, with_seeds: false };
        let Ok(found) = recall(&graph, scratch, &[(HUB, 1.0)], &options, &FREE);
        let nodes: Vec<_> = found.found.iter().map(|found| found.node).collect();
        assert_eq!((found.complete, nodes), (true, vec![1, 3, 5]), "the most believed leaves");
    }
    let options = NeighborhoodOptions { path, max_nodes: 5, max_links: 3 };
    let Ok(found) = neighborhood(&graph, scratch, HUB, &options, &FREE);
    assert!(found.complete && !found.found.whole);
    assert_eq!(found.found.nodes.iter().map(|member| member.node).collect::<Vec<_>>(), [HUB, 1, 3, 5, 7]);
    assert_eq!(found.found.links.iter().map(|link| link.edge).collect::<Vec<_>>(), [1, 3, 5]);
    let Ok(found) = components(&graph, &path, &FREE);
    assert_eq!((found.complete, found.found.sizes), (true, vec![(0, LEAVES + 2)]));
    let Ok(found) = hubs(&graph, &path, 2, &FREE);
    assert_eq!((found.complete, found.found), (true, vec![(HUB, LEAVES), (LEAVES - 1, 2)]));
    let Ok(found) = pagerank(&graph, &RankOptions { path, ..RankOptions::default() }, &FREE);
    assert!(found.complete && found.found.ranks[HUB as usize] > 0.4);
}

/// A row of a million edges is a thousand readings, also if none of them is wanted.
#[test]
fn a_hub_uses_a_budget_up() {
    let star = star();
    let graph = Counted { graph: &star, edges_read: Cell::new(0) };
    let scratch = &mut Scratch::new();
    for types in [None, Some(TypeSet::EMPTY), Some(TypeSet::from([9]))] {
        let path = PathOptions { direction: Direction::Both, types, ..PathOptions::default() };
        let recalling = |how| RecallOptions { path, how, ..RecallOptions::default() };
        let around = NeighborhoodOptions { path, ..NeighborhoodOptions::default() };
        let mut ask = |budget: &Budget| {
            let Ok(walks) = recall(&graph, scratch, &[(HUB, 1.0)], &recalling(Recall::default()), budget);
            let spreading = recalling(Recall::Spreading { threshold: 0.0 });
            let Ok(spread) = recall(&graph, scratch, &[(HUB, 1.0)], &spreading, budget);
            let Ok(around) = neighborhood(&graph, scratch, HUB, &around, budget);
            [walks.complete, spread.complete, around.complete]
        };
        assert_eq!(ask(&within(500)), [false; 3], "{types:?}");
        let read = graph.edges_read.replace(0);
        // The edge on which a reading ends is shown and not counted.
        assert!(read <= 3 * (500 * 1024 + 1), "{read} edges read within 500 readings, three times");
        if types.is_some() {
            assert_eq!(ask(&within(2000)), [true; 3]);
        }
        graph.edges_read.set(0);
    }
    // Between two hubs all has to be looked at.
    let edge = |source, target| CsrEdge { source, target, kind: 0, confidence: 0.5 };
    let two: Vec<_> = (2..LEAVES).flat_map(|leaf| [edge(0, leaf), edge(1, leaf)]).collect();
    let star = CsrGraph::from_edges(LEAVES, &two).unwrap();
    let graph = Counted { graph: &star, edges_read: Cell::new(0) };
    let path = PathOptions { direction: Direction::Both, ..PathOptions::default() };
    let complete = [
        find_paths(&graph, scratch, 0, 1, &path, Extent::Shortest, 9, &within(300)).unwrap().complete,
        find_paths(&graph, scratch, 0, 1, &path, Extent::Longer, 9, &within(300)).unwrap().complete,
        find_best_paths(&graph, scratch, 0, 1, &path, 9, &within(300)).unwrap().complete,
        reason(&graph, scratch, &[0], &[1], &ReasonOptions { path, max_paths: 8 }, &within(300)).unwrap().complete,
    ];
    assert_eq!(complete, [false; 4]);
    assert!(graph.edges_read.get() <= 4 * (300 * 1024 + 1), "{}", graph.edges_read.get());
    // Over all nodes these count nodes, of which the hub, the last but one, is not among the first.
    let (star, path) = (self::star(), PathOptions::default());
    let Ok(found) = degrees(&star, &path, &within(1000));
    assert!(!found.complete && found.found.iter().all(|degree| *degree == 0));
    let Ok(found) = components(&star, &path, &within(1000));
    assert_eq!((found.complete, found.found.sizes.len()), (false, LEAVES as usize + 2));
}

/// Of a thousand ways by a hub the best hundred, each of which closes an edge there.
#[test]
fn a_hub_is_forked_at() {
    const WAYS: u32 = 2000;
    let edges: Vec<_> = (0..2 * WAYS)
        .map(|at| match at % 2 {
            0 => CsrEdge { source: WAYS, target: at / 2, kind: 0, confidence: 1.0 - (at / 2) as f32 / 4096.0 },
            _ => CsrEdge { source: at / 2, target: WAYS + 1, kind: 0, confidence: 1.0 },
        })
        .collect();
    let graph = CsrGraph::from_edges(WAYS + 2, &edges).unwrap();
    let (scratch, path) = (&mut Scratch::new(), PathOptions::default());
    let by = |paths: &[sutra_graph::Path]| paths.iter().map(|path| path.nodes[1]).collect::<Vec<_>>();
    let expected: Vec<_> = (0..400).collect();
    let Ok(found) = find_best_paths(&graph, scratch, WAYS, WAYS + 1, &path, 400, &FREE);
    assert_eq!((found.complete, by(&found.found)), (true, expected.clone()));
    let Ok(found) = find_paths(&graph, scratch, WAYS, WAYS + 1, &path, Extent::Longer, 400, &FREE);
    assert_eq!((found.complete, by(&found.found)), (true, expected.clone()));
    let Ok(found) = reason(&graph, scratch, &[WAYS], &[WAYS + 1], &ReasonOptions { path, max_paths: 400 }, &FREE);
    assert_eq!((found.complete, by(&found.found[0].paths)), (true, expected));
}
