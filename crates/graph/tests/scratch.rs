//! One scratch for many searches: it neither grows nor remembers.

use std::cell::Cell;
use std::ops::ControlFlow;

use sutra_graph::{
    CsrEdge, CsrGraph, Direction, Edge, Graph, PathOptions, Scratch, Side, find_best_path, find_path, with_scratch,
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
