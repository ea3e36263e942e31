//! One scratch for many searches: it neither grows nor remembers.

use std::cell::Cell;
use std::ops::ControlFlow;

use sutra_graph::{
    Budget, CsrEdge, CsrGraph, Direction, Edge, Extent, Graph, NeighborhoodOptions, PathOptions, RankOptions,
    ReasonOptions, RecallOptions, Scratch, Side, UNREACHED, components, distances, find_best_path, find_best_paths,
    find_path, find_paths, hubs, neighborhood, pagerank, reason, recall, with_scratch,
};

/// A grid of `side` times `side` nodes with edges to the right and down.
fn grid(side: u32) -> CsrGraph {
    let edge = |source, target| CsrEdge {
        source,
        target,
        kind: 0,
        confidence: [0.5, 0.75, 0.9][(source * 7 + target) as usize % 3],
    };
    let mut edges = Vec::new();
    for node in 0..side * side {
        if node % side + 1 < side {
            edges.push(edge(node, node + 1));
        }
        if node + side < side * side {
            edges.push(edge(node, node + side));
        }
    }
    CsrGraph::from_edges(side * side, &edges).unwrap()
}

#[test]
fn a_used_scratch_does_not_grow() {
    let graph = grid(30);
    let mut scratch = Scratch::new();
    let options = PathOptions { max_depth: 60, direction: Direction::Both, ..PathOptions::default() };
    let search_all = |scratch: &mut Scratch| {
        for (start, end) in (0..900).zip((0..900).rev()) {
            let Ok(_) = find_path(&graph, scratch, start, end, &options);
            let Ok(_) = find_best_path(&graph, scratch, start, end, &options);
        }
        scratch.heap_bytes()
    };
    let used = search_all(&mut scratch);
    assert!(used > 900 * 8);
    assert_eq!(search_all(&mut scratch), used);
}

#[test]
fn graphs_of_other_sizes_share_a_scratch() {
    let graphs = [grid(3), grid(20), grid(2), grid(9)];
    let options = PathOptions { max_depth: u32::MAX, ..PathOptions::default() };
    let mut shared = Scratch::new();
    for _ in 0..3 {
        for graph in &graphs {
            let last = graph.node_count() - 1;
            let Ok(expected) = find_path(graph, &mut Scratch::new(), 0, last, &options);
            let Ok(found) = find_path(graph, &mut shared, 0, last, &options);
            assert_eq!(found, expected);
            let Ok(expected) = find_best_path(graph, &mut Scratch::new(), 0, last, &options);
            let Ok(found) = find_best_path(graph, &mut shared, 0, last, &options);
            assert_eq!(found, expected);
        }
    }
}

/// A graph that cannot be read after so many reads.
struct Damaged<'g> {
    graph: &'g CsrGraph,
    reads_left: Cell<usize>,
}

#[derive(Debug, PartialEq)]
struct Corrupt;

impl Graph for Damaged<'_> {
    type Error = Corrupt;

    fn node_bound(&self) -> u32 {
        self.graph.node_bound()
    }

    fn degree(&self, node: u32, side: Side) -> usize {
        self.graph.degree(node, side)
    }

    fn edges<F>(&self, node: u32, side: Side, visit: F) -> Result<(), Corrupt>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        self.reads_left.set(self.reads_left.get().checked_sub(1).ok_or(Corrupt)?);
        let Ok(()) = self.graph.edges(node, side, visit);
        Ok(())
    }
}

#[test]
fn an_error_ends_the_search_and_harms_nothing() {
    let graph = grid(6);
    let options = PathOptions { max_depth: 12, ..PathOptions::default() };
    let mut scratch = Scratch::new();
    let Ok(short) = find_path(&graph, &mut Scratch::new(), 0, 35, &options);
    let Ok(best) = find_best_path(&graph, &mut Scratch::new(), 0, 35, &options);
    let mut failures = 0;
    for reads in 0.. {
        let damaged = Damaged { graph: &graph, reads_left: Cell::new(reads) };
        match find_best_path(&damaged, &mut scratch, 0, 35, &options) {
            Err(Corrupt) => failures += 1,
            Ok(path) => {
                assert_eq!(path, best);
                break;
            }
        }
        let Ok(found) = find_path(&graph, &mut scratch, 0, 35, &options);
        assert_eq!(found, short);
    }
    assert!(failures > 20, "{failures}");
}

/// A graph that says what no graph should.
struct Nonsense;

impl Graph for Nonsense {
    type Error = Corrupt;

    fn node_bound(&self) -> u32 {
        4
    }

    fn degree(&self, _: u32, _: Side) -> usize {
        usize::MAX
    }

    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Corrupt>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        // 0 leads to 1 by good edges and to 3 by bad ones only; 1 leads to 2 by an edge of more than all confidence.
        let rows: &[(u32, u32, f32)] = match (node, side) {
            (0, Side::Out) => &[(u32::MAX, 0, 1.0), (3, 1, f32::NAN), (3, 2, -0.5), (4, 3, 1.0), (1, 4, 0.5)],
            (3, Side::In) => &[(0, 1, f32::NAN), (0, 2, -0.5)],
            (1, Side::In) => &[(0, 4, 0.5), (9, 9, 1.0)],
            (1, Side::Out) => &[(2, 5, f32::INFINITY)],
            (2, Side::In) => &[(1, 5, f32::INFINITY)],
            _ => &[],
        };
        for &(target, id, confidence) in rows {
            if visit(Edge { target, id, confidence, kind: 0 }).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[test]
fn nonsense_is_passed_over() {
    let scratch = &mut Scratch::new();
    for direction in [Direction::Out, Direction::Both] {
        let options = PathOptions { direction, ..PathOptions::default() };
        for find in [find_path, find_best_path] {
            assert_eq!(find(&Nonsense, scratch, 0, 3, &options), Ok(None));
            let path = find(&Nonsense, scratch, 0, 2, &options).unwrap().unwrap();
            assert_eq!((&path.nodes[..], path.confidence), (&[0, 1, 2][..], 0.5));
        }
    }
}

/// The same for all that has several answers: what leads nowhere or is worth nothing is as if it were not there.
#[test]
fn nonsense_is_passed_over_by_all() {
    let scratch = &mut Scratch::new();
    let (path, free) = (PathOptions::default(), Budget::UNLIMITED);
    for extent in [Extent::Shortest, Extent::Longer] {
        let found = find_paths(&Nonsense, scratch, 0, 2, &path, extent, 9, &free).unwrap();
        assert_eq!((found.found.len(), found.complete), (1, true));
        assert!(find_paths(&Nonsense, scratch, 0, 3, &path, extent, 9, &free).unwrap().found.is_empty());
    }
    assert_eq!(find_best_paths(&Nonsense, scratch, 0, 2, &path, 9, &free).unwrap().found[0].confidence, 0.5);
    let concluded = reason(&Nonsense, scratch, &[0], &[2, 3, 9], &ReasonOptions::default(), &free).unwrap().found;
    let confidences: Vec<_> = concluded.iter().map(|found| (found.target, found.confidence)).collect();
    assert_eq!(confidences, [(2, 0.5), (3, 0.0), (9, 0.0)]);
    let recalled = recall(&Nonsense, scratch, &[(0, 1.0)], &RecallOptions::default(), &free).unwrap().found;
    // All that can leave a node leaves it by the one good edge.
    let scores: Vec<_> = recalled.iter().map(|found| found.node).collect();
    assert_eq!(scores, [1, 2]);
    assert!((recalled[1].score / recalled[0].score - 0.85).abs() < 1e-9);
    let around = neighborhood(&Nonsense, scratch, 0, &NeighborhoodOptions::default(), &free).unwrap().found;
    assert_eq!(around.nodes.iter().map(|member| member.node).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(around.links.iter().map(|link| link.edge).collect::<Vec<_>>(), [4]);
    assert_eq!(components(&Nonsense, &path, &free).unwrap().found.sizes, [(0, 3), (3, 1)]);
    assert_eq!(hubs(&Nonsense, &path, 9, &free).unwrap().found, [(0, 1), (1, 1)]);
    assert_eq!(distances(&Nonsense, 0, &path, &free).unwrap().found, [0, 1, 2, UNREACHED]);
    let ranks = pagerank(&Nonsense, &RankOptions::default(), &free).unwrap().found;
    assert!(ranks.converged && (ranks.ranks.iter().sum::<f64>() - 1.0).abs() < 1e-9);
}

/// An error of the graph ends every question, and the scratch is as good as new.
#[test]
fn an_error_ends_every_question() {
    let graph = grid(6);
    let path = PathOptions { max_depth: 12, ..PathOptions::default() };
    let (scratch, free) = (&mut Scratch::new(), Budget::UNLIMITED);
    let Ok(expected) = find_best_paths(&graph, &mut Scratch::new(), 0, 35, &path, 5, &free);
    for reads in 0..30 {
        let damaged = || Damaged { graph: &graph, reads_left: Cell::new(reads) };
        let failed = [
            find_paths(&damaged(), scratch, 0, 35, &path, Extent::Shortest, 99, &free).err(),
            find_paths(&damaged(), scratch, 0, 35, &path, Extent::Longer, 99, &free).err(),
            find_best_paths(&damaged(), scratch, 0, 35, &path, 99, &free).err(),
            reason(&damaged(), scratch, &[0], &[35], &ReasonOptions { path, max_paths: 9 }, &free).err(),
            recall(&damaged(), scratch, &[(0, 1.0)], &RecallOptions { path, ..RecallOptions::default() }, &free).err(),
            neighborhood(&damaged(), scratch, 0, &NeighborhoodOptions { path, ..Default::default() }, &free).err(),
            distances(&damaged(), 0, &path, &free).err(),
        ];
        assert_eq!(failed, [const { Some(Corrupt) }; 7], "after {reads} reads");
        let Ok(again) = find_best_paths(&graph, scratch, 0, 35, &path, 5, &free);
        assert_eq!(again, expected);
    }
}

#[test]
fn threads_search_on_their_own() {
    let graph = grid(12);
    let options = PathOptions { max_depth: 30, ..PathOptions::default() };
    let Ok(expected) = find_path(&graph, &mut Scratch::new(), 0, 143, &options);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let Ok(found) = with_scratch(|scratch| find_path(&graph, scratch, 0, 143, &options));
                    assert_eq!(found, expected);
                }
            });
        }
    });
}
