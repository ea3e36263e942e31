//! The corners of the questions that have several answers, one by one.

use std::time::Instant;

use sutra_graph::{
    Answer, Budget, CsrEdge, CsrGraph, Direction, Extent, NeighborhoodOptions, Path, PathOptions, ReasonOptions,
    Recall, RecallOptions, Scratch, find_best_paths, find_paths, neighborhood, reason, recall,
};

const FREE: Budget = Budget::UNLIMITED;

fn graph(nodes: u32, edges: &[(u32, u32, f32)]) -> CsrGraph {
    let edge = |&(source, target, confidence): &(u32, u32, f32)| CsrEdge { source, target, kind: 0, confidence };
    CsrGraph::from_edges(nodes, &edges.iter().map(edge).collect::<Vec<_>>()).unwrap()
}

fn deep(max_depth: u32) -> PathOptions {
    PathOptions { max_depth, ..PathOptions::default() }
}

fn both_ways() -> PathOptions {
    PathOptions { direction: Direction::Both, ..PathOptions::default() }
}

/// All three ways to ask for several paths, which here have to agree on which there are.
fn all(graph: &CsrGraph, start: u32, end: u32, options: &PathOptions) -> Vec<Path> {
    let scratch = &mut Scratch::new();
    let Ok(longer) = find_paths(graph, scratch, start, end, options, Extent::Longer, 100, &FREE);
    let Ok(best) = find_best_paths(graph, scratch, start, end, options, 100, &FREE);
    let Ok(short) = find_paths(graph, scratch, start, end, options, Extent::Shortest, 100, &FREE);
    assert!(longer.complete && best.complete && short.complete);
    assert!(longer.found.starts_with(&short.found));
    assert_eq!(longer.found.len(), best.found.len());
    assert!(best.found.iter().all(|path| longer.found.contains(path)));
    longer.found
}

fn nodes(paths: &[Path]) -> Vec<&[u32]> {
    paths.iter().map(|path| &path.nodes[..]).collect()
}

fn remember(graph: &CsrGraph, seeds: &[(u32, f64)], options: RecallOptions) -> Vec<(u32, f64)> {
    let Ok(answer) = recall(graph, &mut Scratch::new(), seeds, &options, &FREE);
    assert!(answer.complete);
    answer.found.iter().map(|recalled| (recalled.node, recalled.score)).collect()
}

fn spreading() -> RecallOptions {
    RecallOptions { how: Recall::Spreading { threshold: 0.0 }, ..RecallOptions::default() }
}

fn conclude(graph: &CsrGraph, sources: &[u32], targets: &[u32], options: ReasonOptions) -> Vec<(u32, f64, f64, usize)> {
    let Ok(answer) = reason(graph, &mut Scratch::new(), sources, targets, &options, &FREE);
    assert!(answer.complete);
    answer.found.iter().map(|found| (found.target, found.confidence, found.agreement, found.paths.len())).collect()
}

fn around(graph: &CsrGraph, center: u32, options: &NeighborhoodOptions) -> (Vec<u32>, Vec<u32>, bool) {
    let Ok(Answer { found, complete }) = neighborhood(graph, &mut Scratch::new(), center, options, &FREE);
    assert!(complete);
    let nodes = found.nodes.iter().map(|member| member.node).collect();
    (nodes, found.links.iter().map(|link| link.edge).collect(), found.whole)
}

#[test]
fn from_a_node_to_itself() {
    let graph = graph(2, &[(0, 0, 0.5), (0, 1, 1.0), (1, 0, 1.0)]);
    for options in [deep(0), deep(6), both_ways()] {
        assert_eq!(nodes(&all(&graph, 0, 0, &options)), [[0]]);
    }
    assert_eq!(conclude(&graph, &[0], &[0], ReasonOptions::default()), [(0, 1.0, 1.0, 1)]);
}

#[test]
fn a_node_outside_is_nowhere() {
    let graph = graph(2, &[(0, 1, 0.5)]);
    for (start, end) in [(0, 2), (2, 0), (2, 2), (u32::MAX, 0)] {
        assert_eq!(all(&graph, start, end, &both_ways()), []);
    }
    assert_eq!(conclude(&graph, &[9], &[1, 9], ReasonOptions::default()), [(1, 0.0, 0.0, 0), (9, 0.0, 0.0, 0)]);
    assert_eq!(conclude(&graph, &[], &[1], ReasonOptions::default()), [(1, 0.0, 0.0, 0)]);
    assert_eq!(conclude(&graph, &[0], &[], ReasonOptions::default()), []);
    for options in [RecallOptions::default(), spreading()] {
        assert_eq!(remember(&graph, &[(9, 1.0), (u32::MAX, 1.0)], options), []);
        assert_eq!(remember(&graph, &[], options), []);
    }
    assert_eq!(around(&graph, 2, &NeighborhoodOptions::default()), (vec![], vec![], true));
}

#[test]
fn one_node_and_none() {
    let none = graph(0, &[]);
    assert_eq!(all(&none, 0, 0, &deep(6)), []);
    assert_eq!(around(&none, 0, &NeighborhoodOptions::default()), (vec![], vec![], true));
    let looped = graph(1, &[(0, 0, 1.0)]);
    assert_eq!(nodes(&all(&looped, 0, 0, &both_ways())), [[0]]);
    assert_eq!(around(&looped, 0, &NeighborhoodOptions::default()), (vec![0], vec![0], true));
    for options in [RecallOptions::default(), spreading()] {
        assert_eq!(remember(&looped, &[(0, 1.0)], options), []);
        assert_eq!(remember(&looped, &[(0, 1.0)], RecallOptions { with_seeds: true, ..options }), [(0, 1.0)]);
    }
}

#[test]
fn depth_zero_is_where_one_is() {
    let graph = graph(2, &[(0, 1, 1.0)]);
    assert_eq!(all(&graph, 0, 1, &deep(0)), []);
    let path = deep(0);
    assert_eq!(conclude(&graph, &[0], &[1], ReasonOptions { path, max_paths: 8 }), [(1, 0.0, 0.0, 0)]);
    assert_eq!(remember(&graph, &[(0, 1.0)], RecallOptions { path, ..RecallOptions::default() }), []);
    let options = NeighborhoodOptions { path, ..NeighborhoodOptions::default() };
    assert_eq!(around(&graph, 0, &options), (vec![0], vec![], true));
}

#[test]
fn none_of_something() {
    let graph = graph(2, &[(0, 1, 1.0)]);
    let scratch = &mut Scratch::new();
    for extent in [Extent::Shortest, Extent::Longer] {
        let Ok(found) = find_paths(&graph, scratch, 0, 1, &deep(6), extent, 0, &FREE);
        assert_eq!(found, Answer { found: vec![], complete: true });
    }
    let options = ReasonOptions { max_paths: 0, ..ReasonOptions::default() };
    assert_eq!(conclude(&graph, &[0], &[1], options), [(1, 0.0, 0.0, 0)]);
    assert_eq!(remember(&graph, &[(0, 1.0)], RecallOptions { limit: 0, ..RecallOptions::default() }), []);
    let options = NeighborhoodOptions { max_nodes: 0, max_links: 0, ..NeighborhoodOptions::default() };
    assert_eq!(around(&graph, 0, &options), (vec![], vec![], false));
    let options = NeighborhoodOptions { max_nodes: 1, ..NeighborhoodOptions::default() };
    assert_eq!(around(&graph, 0, &options), (vec![0], vec![], false));
}

#[test]
fn undirected_cycles_end() {
    let ring: Vec<_> = (0..5).map(|node| (node, (node + 1) % 5, 0.5)).collect();
    let graph = graph(5, &ring);
    let free = PathOptions { max_depth: u32::MAX, ..both_ways() };
    assert_eq!(nodes(&all(&graph, 0, 2, &free)), [&[0, 1, 2][..], &[0, 4, 3, 2]]);
    let options = ReasonOptions { path: free, max_paths: 8 };
    assert_eq!(conclude(&graph, &[0], &[2], options), [(2, 1.0 - 0.75 * 0.875, 1.0, 2)]);
    let recalled = remember(&graph, &[(0, 1.0)], RecallOptions { path: free, ..RecallOptions::default() });
    assert_eq!(recalled.len(), 4);
    assert_eq!(recalled[0].1, recalled[1].1, "both sides of a ring");
    assert_eq!(
        remember(&graph, &[(0, 1.0)], RecallOptions { path: free, ..spreading() }),
        [(1, 0.5), (4, 0.5), (2, 0.25), (3, 0.25)]
    );
    let options = NeighborhoodOptions { path: free, ..NeighborhoodOptions::default() };
    assert_eq!(around(&graph, 0, &options), (vec![0, 1, 4, 2, 3], vec![0, 1, 2, 3, 4], true));
}

#[test]
fn parallel_edges_are_paths_of_their_own() {
    let graph = graph(2, &[(0, 1, 0.5), (0, 1, 0.25), (1, 0, 0.5), (0, 1, 0.5)]);
    let edges = |paths: Vec<Path>| paths.iter().map(|path| path.hops[0].edge).collect::<Vec<_>>();
    assert_eq!(edges(all(&graph, 0, 1, &deep(6))), [0, 1, 3]);
    assert_eq!(edges(all(&graph, 0, 1, &both_ways())), [0, 1, 2, 3]);
    let Ok(best) = find_best_paths(&graph, &mut Scratch::new(), 0, 1, &deep(6), 9, &FREE);
    assert_eq!(edges(best.found), [0, 3, 1]);
    assert_eq!(conclude(&graph, &[0], &[1], ReasonOptions::default()), [(1, 1.0 - 0.5 * 0.5 * 0.75, 1.0, 3)]);
    let recalled = remember(&graph, &[(0, 1.0)], spreading());
    assert!(recalled.len() == 1 && (recalled[0].1 - 1.0).abs() < 1e-9);
    assert_eq!(around(&graph, 0, &NeighborhoodOptions::default()).1, [0, 1, 2, 3]);
}

#[test]
fn confidence_zero_is_a_path_and_says_nothing() {
    let graph = graph(3, &[(0, 1, 0.0), (0, 2, 0.5), (2, 1, 0.5)]);
    let Ok(best) = find_best_paths(&graph, &mut Scratch::new(), 0, 1, &deep(6), 9, &FREE);
    assert_eq!(nodes(&best.found), [&[0, 2, 1][..], &[0, 1]]);
    assert_eq!(conclude(&graph, &[0], &[1], ReasonOptions::default()), [(1, 0.25, 1.0, 1)]);
    assert_eq!(remember(&graph, &[(0, 1.0)], spreading()), [(1, 1.0), (2, 1.0)]);
    // By two hops, though there is an edge.
    let Ok(found) = recall(&graph, &mut Scratch::new(), &[(0, 1.0)], &RecallOptions::default(), &FREE);
    assert_eq!(found.found.iter().find(|found| found.node == 1).unwrap().path.nodes, [0, 2, 1]);
    let path = PathOptions { min_confidence: 0.1, ..deep(6) };
    assert_eq!(nodes(&all(&graph, 0, 1, &path)), [[0, 2, 1]]);
}

#[test]
fn agreement_is_a_share() {
    let graph = graph(4, &[(0, 2, 0.5), (1, 2, 0.5), (1, 3, 0.25)]);
    let options = ReasonOptions::default();
    assert_eq!(conclude(&graph, &[0, 1, 0], &[3, 2, 3], options), [(2, 0.75, 0.75, 2), (3, 0.25, 0.25, 1)]);
}

#[test]
fn weights_that_are_none_are_passed_over() {
    let graph = graph(3, &[(0, 2, 0.5), (1, 2, 0.5)]);
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for options in [RecallOptions::default(), spreading()] {
            let only = remember(&graph, &[(0, 1.0)], options);
            assert_eq!(remember(&graph, &[(0, 1.0), (1, weight)], options), only);
        }
    }
    for weight in [1e308, f64::MIN_POSITIVE] {
        let with_seeds = RecallOptions { with_seeds: true, ..RecallOptions::default() };
        let even = remember(&graph, &[(0, 1.0), (1, 1.0)], with_seeds);
        assert_eq!(remember(&graph, &[(0, weight), (1, weight)], with_seeds), even);
    }
}

#[test]
fn the_way_is_the_one_that_brought_most() {
    let graph = graph(4, &[(0, 1, 0.25), (0, 2, 0.5), (1, 3, 1.0), (2, 3, 1.0)]);
    for options in [RecallOptions::default(), spreading()] {
        let Ok(found) = recall(&graph, &mut Scratch::new(), &[(0, 1.0)], &options, &FREE);
        let far = found.found.iter().find(|found| found.node == 3).unwrap();
        assert_eq!((&far.path.nodes[..], far.path.confidence), (&[0, 2, 3][..], 0.5));
    }
}

#[test]
fn a_deadline_that_has_passed_ends_everything() {
    let graph = graph(2, &[(0, 1, 0.5)]);
    let scratch = &mut Scratch::new();
    let late = Budget { deadline: Some(Instant::now()), ..FREE };
    let Ok(found) = find_paths(&graph, scratch, 0, 1, &deep(6), Extent::Shortest, 9, &late);
    assert_eq!(found, Answer { found: vec![], complete: false });
    let Ok(found) = find_best_paths(&graph, scratch, 0, 1, &deep(6), 9, &late);
    assert_eq!(found, Answer { found: vec![], complete: false });
    let Ok(found) = reason(&graph, scratch, &[0], &[1], &ReasonOptions::default(), &late);
    assert!(!found.complete && found.found[0].paths.is_empty());
    let Ok(found) = recall(&graph, scratch, &[(0, 1.0)], &RecallOptions::default(), &late);
    assert_eq!(found, Answer { found: vec![], complete: false });
    let Ok(found) = neighborhood(&graph, scratch, 0, &NeighborhoodOptions::default(), &late);
    assert!(!found.complete && found.found.nodes.len() == 1);
    let far = Budget { deadline: Instant::now().checked_add(std::time::Duration::from_secs(3600)), ..FREE };
    assert_eq!(find_paths(&graph, scratch, 0, 1, &deep(6), Extent::Longer, 9, &far).unwrap().found.len(), 1);
}

/// A hub that points to very many leaves; the last one leads on.
#[test]
fn a_hub_of_many() {
    const LEAVES: u32 = 200_000;
    let mut edges: Vec<_> = (0..LEAVES).map(|leaf| (LEAVES, leaf, if leaf % 2 == 0 { 0.5 } else { 0.75 })).collect();
    edges.push((LEAVES - 1, LEAVES + 1, 0.5));
    let graph = graph(LEAVES + 2, &edges);
    assert_eq!(nodes(&all(&graph, LEAVES, LEAVES + 1, &deep(6))), [[LEAVES, LEAVES - 1, LEAVES + 1]]);
    assert_eq!(conclude(&graph, &[LEAVES], &[LEAVES + 1], ReasonOptions::default())[0].1, 0.375);
    let options = NeighborhoodOptions { path: deep(6), max_nodes: 4, max_links: 2 };
    assert_eq!(around(&graph, LEAVES, &options), (vec![LEAVES, 1, 3, 5], vec![1, 3], false));
    let recalled = remember(&graph, &[(LEAVES, 1.0)], RecallOptions { limit: 2, ..spreading() });
    assert_eq!([recalled[0].0, recalled[1].0], [1, 3]);
    let exact = Recall::Walks { restart: 0.15, precision: 0.0 };
    let recalled =
        remember(&graph, &[(LEAVES, 1.0)], RecallOptions { how: exact, limit: 2, ..RecallOptions::default() });
    assert_eq!([recalled[0].0, recalled[1].0], [1, 3]);
    // Among so many edges there is too little for each: a seed passes it on, and what is no seed does not.
    let rough = RecallOptions { how: Recall::Walks { restart: 0.15, precision: 1e-3 }, ..RecallOptions::default() };
    let recalled = remember(&graph, &[(LEAVES, 1.0)], RecallOptions { limit: 2, ..rough });
    assert_eq!([recalled[0].0, recalled[1].0], [1, 3]);
    let path = both_ways();
    let recalled = remember(&graph, &[(LEAVES + 1, 1.0)], RecallOptions { path, ..rough });
    assert_eq!(recalled.iter().map(|found| found.0).collect::<Vec<_>>(), [LEAVES - 1, LEAVES]);
    let recalled = remember(&graph, &[(7, 1.0), (LEAVES, 1.0)], RecallOptions { path, limit: usize::MAX, ..rough });
    assert_eq!(
        recalled.len(),
        LEAVES as usize - 1,
        "all leaves but the one that is a seed; none of them passes on its share"
    );
}

/// What leads to the end, but not from the start, is not walked into: paths cost their own edges.
#[test]
fn all_shortest_paths_are_found_without_dead_ends() {
    // One way of five hops. The start has so many edges that the end's ball grows: into 100 nodes that nothing leads to.
    let mut edges = vec![(0, 1, 0.5), (1, 2, 0.5), (2, 3, 0.5), (3, 4, 0.5), (4, 5, 0.5)];
    edges.extend((6..106).map(|node| (node, 4, 0.5)));
    edges.extend((106..506).map(|leaf| (0, leaf, 0.5)));
    let graph = graph(506, &edges);
    let scratch = &mut Scratch::new();
    // The ball reads 105 nodes, its marks four, and the walk back five.
    let budget = Budget { max_visited: 120, ..FREE };
    let Ok(found) = find_paths(&graph, scratch, 0, 5, &deep(6), Extent::Shortest, 9, &budget);
    assert!(found.complete);
    assert_eq!(nodes(&found.found), [[0, 1, 2, 3, 4, 5]]);
}

/// What has run once allocates nothing the next time but its answers.
#[test]
fn a_used_scratch_does_not_grow() {
    let ladder: Vec<_> = (0..200).flat_map(|node| [(node, node + 1, 0.5), (node, node + 2, 0.25)]).collect();
    let graph = graph(202, &ladder);
    let mut scratch = Scratch::new();
    let mut ask = || {
        let scratch = &mut scratch;
        let Ok(_) = find_paths(&graph, scratch, 0, 30, &deep(99), Extent::Shortest, 9, &FREE);
        let Ok(_) = find_paths(&graph, scratch, 0, 30, &deep(99), Extent::Longer, 9, &FREE);
        let Ok(_) = find_best_paths(&graph, scratch, 0, 30, &deep(99), 9, &FREE);
        let Ok(_) = reason(&graph, scratch, &[0, 1], &[30], &ReasonOptions::default(), &FREE);
        let Ok(_) = recall(&graph, scratch, &[(0, 1.0)], &RecallOptions::default(), &FREE);
        scratch.heap_bytes()
    };
    let used = ask();
    assert!(used > 0);
    assert_eq!(ask(), used);
}
