//! The corners, one by one.

use sutra_graph::{CsrEdge, CsrGraph, Direction, Path, PathOptions, Scratch, TypeSet, find_best_path, find_path};

fn graph(nodes: u32, edges: &[(u32, u32, f32)]) -> CsrGraph {
    let edge = |&(source, target, confidence): &(u32, u32, f32)| CsrEdge { source, target, kind: 0, confidence };
    CsrGraph::from_edges(nodes, &edges.iter().map(edge).collect::<Vec<_>>()).unwrap()
}

fn short(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Option<Path> {
    let Ok(path) = find_path(graph, &mut Scratch::new(), start, end, options);
    path
}

fn best(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Option<Path> {
    let Ok(path) = find_best_path(graph, &mut Scratch::new(), start, end, options);
    path
}

/// Both searches, which have to agree.
fn either(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Option<Path> {
    let path = short(graph, start, end, options);
    assert_eq!(best(graph, start, end, options), path);
    path
}

fn edges(path: &Path) -> Vec<u32> {
    path.hops.iter().map(|hop| hop.edge).collect()
}

fn nodes(path: Option<Path>) -> Option<Vec<u32>> {
    path.map(|path| path.nodes)
}

fn deep(max_depth: u32) -> PathOptions {
    PathOptions { max_depth, ..PathOptions::default() }
}

fn both_ways() -> PathOptions {
    PathOptions { direction: Direction::Both, ..PathOptions::default() }
}

#[test]
fn the_defaults() {
    let options = PathOptions::default();
    assert_eq!((options.direction, options.max_depth, options.min_confidence), (Direction::Out, 6, 0.0));
    assert_eq!((options.types, options.decay), (None, 1.0));
}

#[test]
fn from_a_node_to_itself() {
    let graph = graph(2, &[(0, 0, 0.5), (0, 1, 1.0), (1, 0, 1.0)]);
    for options in [deep(0), deep(6), both_ways(), PathOptions { min_confidence: 1.0, ..deep(1) }] {
        let path = either(&graph, 0, 0, &options).unwrap();
        assert_eq!((path.nodes, path.hops.len(), path.confidence), (vec![0], 0, 1.0));
    }
}

#[test]
fn a_node_outside_the_graph_is_on_no_path() {
    let graph = graph(2, &[(0, 1, 1.0)]);
    for (start, end) in [(0, 2), (2, 0), (2, 2), (u32::MAX, u32::MAX), (0, u32::MAX)] {
        assert_eq!(either(&graph, start, end, &both_ways()), None);
    }
}

#[test]
fn one_node_and_none() {
    assert_eq!(either(&graph(1, &[]), 0, 0, &deep(6)).unwrap().nodes, [0]);
    assert_eq!(either(&graph(1, &[(0, 0, 1.0)]), 0, 0, &both_ways()).unwrap().nodes, [0]);
    assert_eq!(either(&graph(0, &[]), 0, 0, &deep(6)), None);
}

#[test]
fn depth_bounds_hops() {
    let graph = graph(5, &[(0, 1, 0.9), (1, 2, 0.9), (2, 3, 0.9), (3, 4, 0.9)]);
    assert_eq!(either(&graph, 0, 1, &deep(0)), None);
    for hops in 1..=4 {
        assert_eq!(either(&graph, 0, hops, &deep(hops - 1)), None);
        assert_eq!(either(&graph, 0, hops, &deep(hops)).unwrap().hops.len(), hops as usize);
        assert_eq!(either(&graph, 0, hops, &deep(u32::MAX)).unwrap().hops.len(), hops as usize);
    }
}

#[test]
fn direction_is_kept_and_told() {
    let graph = graph(3, &[(0, 1, 0.5), (2, 1, 0.5)]);
    assert_eq!(either(&graph, 0, 2, &deep(6)), None);
    assert_eq!(either(&graph, 1, 0, &deep(6)), None);
    let path = either(&graph, 0, 2, &both_ways()).unwrap();
    let reversed = path.hops.iter().map(|hop| hop.reversed).collect::<Vec<_>>();
    assert_eq!((path.nodes, reversed), (vec![0, 1, 2], vec![false, true]));
    let path = either(&graph, 1, 0, &PathOptions { direction: Direction::In, ..deep(6) }).unwrap();
    assert!(path.hops[0].reversed);
    assert_eq!((path.hops[0].from, path.hops[0].to), (1, 0));
}

#[test]
fn cycles_end() {
    let ring: Vec<_> = (0..8).map(|node| (node, (node + 1) % 8, 0.5)).collect();
    let graph = graph(9, &ring);
    let free = PathOptions { max_depth: u32::MAX, ..both_ways() };
    assert_eq!(either(&graph, 0, 6, &free).unwrap().nodes, [0, 7, 6]);
    assert_eq!(either(&graph, 0, 8, &free), None);
    assert_eq!(either(&graph, 0, 6, &deep(6)).unwrap().hops.len(), 6);
}

#[test]
fn self_loops_are_no_way_forward() {
    let graph = graph(2, &[(0, 0, 1.0), (0, 1, 0.5), (1, 1, 1.0)]);
    assert_eq!(edges(&either(&graph, 0, 1, &both_ways()).unwrap()), [1]);
    assert_eq!(either(&graph, 1, 0, &deep(u32::MAX)), None);
}

#[test]
fn of_parallel_edges_the_lowest_or_the_best() {
    let graph = graph(2, &[(0, 1, 0.25), (1, 0, 0.75), (0, 1, 0.5), (0, 1, 0.5)]);
    assert_eq!(edges(&short(&graph, 0, 1, &deep(6)).unwrap()), [0]);
    assert_eq!(edges(&best(&graph, 0, 1, &deep(6)).unwrap()), [2]);
    assert_eq!(edges(&best(&graph, 0, 1, &both_ways()).unwrap()), [1]);
}

#[test]
fn of_equal_paths_the_lowest_last_edge() {
    // By 1: edges 0 and 3. By 2: edges 1 and 2.
    let graph = graph(4, &[(0, 1, 0.5), (0, 2, 0.5), (2, 3, 0.5), (1, 3, 0.5)]);
    assert_eq!(edges(&either(&graph, 0, 3, &deep(6)).unwrap()), [1, 2]);
}

#[test]
fn the_bound_on_hops_decides_which_is_best() {
    // One hop of 0.1, two of 0.5, three of 0.9: to reach node 1 well takes a hop too many.
    let graph = graph(4, &[(0, 3, 0.1), (0, 1, 0.5), (1, 3, 0.5), (0, 2, 0.9), (2, 1, 0.9)]);
    assert_eq!(edges(&best(&graph, 0, 3, &deep(1)).unwrap()), [0]);
    assert_eq!(edges(&best(&graph, 0, 3, &deep(2)).unwrap()), [1, 2]);
    assert_eq!(edges(&best(&graph, 0, 3, &deep(3)).unwrap()), [3, 4, 2]);
}

#[test]
fn decay_shortens() {
    let graph = graph(3, &[(0, 2, 0.7), (0, 1, 0.9), (1, 2, 0.9)]);
    let decaying = |decay| PathOptions { decay, ..deep(6) };
    assert_eq!(best(&graph, 0, 2, &decaying(1.0)).unwrap().nodes, [0, 1, 2]);
    let path = best(&graph, 0, 2, &decaying(0.5)).unwrap();
    assert_eq!((&path.nodes[..], path.confidence), (&[0, 2][..], f64::from(0.7_f32)));
    assert_eq!(path.score(0.5), f64::from(0.7_f32) * 0.5);
    for no_decay in [0.0, -1.0, 1.5, f32::NAN, f32::INFINITY] {
        assert_eq!(best(&graph, 0, 2, &decaying(no_decay)).unwrap().nodes, [0, 1, 2]);
        assert_eq!(path.score(no_decay), path.confidence);
    }
}

#[test]
fn confidence_zero_is_a_last_resort() {
    let graph = graph(3, &[(0, 2, 0.0), (0, 1, 0.25), (1, 2, 0.25)]);
    assert_eq!(short(&graph, 0, 2, &deep(6)).unwrap().confidence, 0.0);
    assert_eq!(best(&graph, 0, 2, &deep(6)).unwrap().nodes, [0, 1, 2]);
    assert_eq!(best(&graph, 0, 2, &deep(1)).unwrap().nodes, [0, 2]);
    let doubted = PathOptions { min_confidence: f32::MIN_POSITIVE, ..deep(1) };
    assert_eq!(either(&graph, 0, 2, &doubted), None);
}

#[test]
fn of_paths_of_zero_the_shortest() {
    let graph = graph(4, &[(0, 1, 1.0), (1, 2, 1.0), (2, 3, 0.0), (0, 3, 0.0)]);
    assert_eq!(best(&graph, 0, 3, &deep(6)).unwrap().nodes, [0, 3]);
}

#[test]
fn products_below_the_smallest_number_are_zero() {
    let chain: Vec<_> = (0..20).map(|node| (node, node + 1, 1e-38)).collect();
    let path = either(&graph(21, &chain), 0, 20, &deep(u32::MAX)).unwrap();
    assert_eq!((path.hops.len(), path.confidence), (20, 0.0));
    // Near the end of the range the better of two is still the better.
    let chain: Vec<_> = (0..8).map(|node| (node, node + 1, 1e-38)).chain([(7, 8, 2e-38)]).collect();
    assert_eq!(best(&graph(9, &chain), 0, 8, &deep(u32::MAX)).unwrap().hops[7].edge, 8);
}

#[test]
fn a_filter_on_confidence_bounds_each_edge() {
    let graph = graph(3, &[(0, 2, 0.4), (0, 1, 0.5), (1, 2, 0.5)]);
    let above = |min_confidence| PathOptions { min_confidence, ..deep(6) };
    assert_eq!(nodes(short(&graph, 0, 2, &above(0.4))), Some(vec![0, 2]));
    assert_eq!(nodes(either(&graph, 0, 2, &above(0.5))), Some(vec![0, 1, 2]));
    assert_eq!(either(&graph, 0, 2, &above(0.6)), None);
    assert_eq!(either(&graph, 0, 2, &above(f32::NAN)), None);
    assert_eq!(nodes(short(&graph, 0, 2, &above(-1.0))), Some(vec![0, 2]));
}

#[test]
fn a_filter_on_types() {
    let edge = |source, target, kind| CsrEdge { source, target, kind, confidence: 0.5 };
    let graph = CsrGraph::from_edges(3, &[edge(0, 2, 255), edge(0, 1, 0), edge(1, 2, 64)]).unwrap();
    let of = |types| PathOptions { types: Some(types), ..deep(6) };
    assert_eq!(nodes(either(&graph, 0, 2, &of(TypeSet::from([0, 64])))), Some(vec![0, 1, 2]));
    assert_eq!(nodes(either(&graph, 0, 2, &of(TypeSet::ALL))), Some(vec![0, 2]));
    assert_eq!(either(&graph, 0, 2, &of(TypeSet::from([0]))), None);
    assert_eq!(either(&graph, 0, 2, &of(TypeSet::EMPTY)), None);
    let hop = either(&graph, 0, 2, &deep(6)).unwrap().hops[0];
    assert_eq!((hop.kind, hop.edge, hop.confidence), (255, 0, 0.5));
}
