//! Deadlines that pass while a question is being answered, by a clock that goes on with every edge that is shown.

use std::cell::Cell;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::*;

thread_local! {
    static PASSED: Cell<u64> = const { Cell::new(0) };
}

/// Stands in for the clock: so many milliseconds after the first look at it as edges were shown in this thread.
pub(crate) fn now() -> Instant {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    *FIRST.get_or_init(Instant::now) + Duration::from_millis(PASSED.get())
}

/// A graph that takes a millisecond to show an edge.
struct Slow(CsrGraph);

impl Graph for Slow {
    type Error = Infallible;

    fn node_bound(&self) -> u32 {
        self.0.node_bound()
    }

    fn degree(&self, node: u32, side: Side) -> usize {
        self.0.degree(node, side)
    }

    fn edges<F>(&self, node: u32, side: Side, mut visit: F) -> Result<(), Infallible>
    where
        F: FnMut(Edge) -> ControlFlow<()>,
    {
        self.0.edges(node, side, |edge| {
            PASSED.set(PASSED.get() + 1);
            visit(edge)
        })
    }
}

fn graph(nodes: u32, edges: impl Iterator<Item = (u32, u32)>) -> Slow {
    let edge = |(source, target)| CsrEdge { source, target, kind: 0, confidence: 0.5 };
    Slow(CsrGraph::from_edges(nodes, &edges.map(edge).collect::<Vec<_>>()).unwrap())
}

fn until(edges: u64) -> Budget {
    Budget { deadline: Some(now() + Duration::from_millis(edges)), ..Budget::UNLIMITED }
}

/// Two rails with rungs: many paths from end to end.
fn ladder(rungs: u32) -> Slow {
    let steps = (0..rungs).flat_map(|at| [(2 * at, 2 * at + 2), (2 * at + 1, 2 * at + 3), (2 * at, 2 * at + 1)]);
    graph(2 * rungs + 2, steps)
}

/// Asks with every deadline: the answer has to be `is_part` of the whole one, and some are more than nothing and not all.
fn ends_in_the_middle<T: PartialEq>(
    ask: impl Fn(&mut Scratch, &Budget) -> Answer<T>,
    size: impl Fn(&T) -> usize,
    is_part: impl Fn(&T, &T) -> bool,
) {
    let scratch = &mut Scratch::new();
    let before = PASSED.get();
    let all = ask(scratch, &until(u64::MAX / 1_000_000));
    let cost = PASSED.get() - before;
    assert!(all.complete);
    let mut parts = 0;
    for part in 0..50 {
        let some = ask(scratch, &until(cost * part / 50));
        assert!(is_part(&some.found, &all.found), "after {part} of 50 parts of {cost} edges");
        assert!(!some.complete || some.found == all.found);
        parts += u32::from(!some.complete && 0 < size(&some.found) && size(&some.found) < size(&all.found));
    }
    assert!(parts > 5, "{parts} of 50 answers were a part, of {cost} edges");
}

#[test]
fn several_paths() {
    let (graph, path) = (ladder(40), PathOptions { max_depth: 99, ..PathOptions::default() });
    let starts = |some: &Vec<Path>, all: &Vec<Path>| all.starts_with(some);
    for extent in [Extent::Shortest, Extent::Longer] {
        ends_in_the_middle(
            |scratch, budget| find_paths(&graph, scratch, 0, 81, &path, extent, 40, budget).unwrap(),
            Vec::len,
            starts,
        );
    }
    ends_in_the_middle(
        |scratch, budget| find_best_paths(&graph, scratch, 0, 81, &path, 40, budget).unwrap(),
        Vec::len,
        starts,
    );
}

#[test]
fn conclusions() {
    let graph = ladder(40);
    let options = ReasonOptions { path: PathOptions { max_depth: 9, ..PathOptions::default() }, max_paths: 8 };
    let sources: Vec<_> = (0..40).collect();
    let targets: Vec<_> = (40..50).collect();
    let paths = |found: &Vec<Conclusion>| found.iter().map(|found| found.paths.len()).sum();
    ends_in_the_middle(
        |scratch, budget| reason(&graph, scratch, &sources, &targets, &options, budget).unwrap(),
        paths,
        |some, all| {
            some.iter()
                .all(|some| all.iter().any(|all| all.target == some.target && all.paths.starts_with(&some.paths)))
        },
    );
}

#[test]
fn what_comes_to_mind_and_what_is_around() {
    let (graph, path) = (ladder(400), PathOptions { max_depth: u32::MAX, ..PathOptions::default() });
    for how in [Recall::Walks { restart: 0.01, precision: 0.0 }, Recall::Spreading { threshold: 0.0 }] {
        let options = RecallOptions { path, how, limit: 999, with_seeds: false };
        ends_in_the_middle(
            |scratch, budget| recall(&graph, scratch, &[(0, 1.0)], &options, budget).unwrap(),
            Vec::len,
            // By as many hops; the edge that brings most may come later.
            |some, all| {
                let is_there = |some: &Recalled, all: &Recalled| {
                    all.node == some.node && all.path.hops.len() == some.path.hops.len()
                };
                some.iter().all(|some| all.iter().any(|all| is_there(some, all)))
            },
        );
    }
    let options = NeighborhoodOptions { path, ..NeighborhoodOptions::default() };
    ends_in_the_middle(
        |scratch, budget| neighborhood(&graph, scratch, 0, &options, budget).unwrap(),
        |found| found.nodes.len() + found.links.len() - 1,
        |some, all| all.nodes.starts_with(&some.nodes) && some.links.iter().all(|link| all.links.contains(link)),
    );
    ends_in_the_middle(
        |_, budget| distances(&graph, 0, &path, budget).unwrap(),
        |found| found.iter().filter(|hops| **hops != UNREACHED).count() - 1,
        |some, all| some.iter().zip(all).all(|(some, all)| some == all || *some == UNREACHED),
    );
}

/// The clock is looked at within a row as well: the third time after 3072 edges.
#[test]
fn in_the_middle_of_one_row() {
    const LEAVES: u32 = 10_000;
    let star = graph(LEAVES + 1, (1..=LEAVES).map(|leaf| (0, leaf)));
    let scratch = &mut Scratch::new();
    let path = PathOptions::default();
    let filtered = PathOptions { types: Some(TypeSet::EMPTY), ..path };
    let cost = |ask: &mut dyn FnMut(&Budget) -> bool| {
        let before = PASSED.get();
        assert!(!ask(&until(2500)), "the deadline has passed");
        PASSED.get() - before
    };
    let options = |path| NeighborhoodOptions { path, ..NeighborhoodOptions::default() };
    // Also edges that nobody wants take their time.
    for path in [path, filtered] {
        let spreading = RecallOptions { path, how: Recall::Spreading { threshold: 0.0 }, ..RecallOptions::default() };
        let walks = RecallOptions { path, ..RecallOptions::default() };
        let costs = [
            cost(&mut |budget| neighborhood(&star, scratch, 0, &options(path), budget).unwrap().complete),
            cost(&mut |budget| recall(&star, scratch, &[(0, 1.0)], &walks, budget).unwrap().complete),
            cost(&mut |budget| recall(&star, scratch, &[(0, 1.0)], &spreading, budget).unwrap().complete),
            cost(&mut |budget| distances(&star, 0, &path, budget).unwrap().complete),
            cost(&mut |budget| alone(|| components(&star, &path, budget).unwrap().complete)),
            cost(&mut |budget| alone(|| degrees(&star, &path, budget).unwrap().complete)),
            // It reads what arrives at a node: against their direction, at the middle.
            cost(&mut |budget| {
                let path = PathOptions { direction: Direction::In, ..path };
                alone(|| pagerank(&star, &RankOptions { path, ..RankOptions::default() }, budget).unwrap().complete)
            }),
        ];
        // One more has been shown when it is noticed.
        assert_eq!(costs, [3073; 7]);
    }
    let Ok(found) = alone(|| degrees(&star, &path, &until(2500)));
    assert!(found.found.iter().all(|degree| *degree == 0), "a part of a degree is none");
}

#[test]
fn whole_graphs() {
    // Runs are of 4096 nodes, each of which has an edge.
    let (ring, path) = (graph(20_000, (0..20_000).map(|node| (node, (node + 1) % 20_000))), PathOptions::default());
    let Ok(found) = alone(|| degrees(&ring, &path, &until(6000)));
    let known = found.found.iter().filter(|degree| **degree == 1).count();
    assert_eq!((found.complete, known, found.found[8192]), (false, 8192, 0));
    let Ok(found) = alone(|| components(&ring, &path, &until(6000)));
    assert_eq!((found.complete, found.found.sizes[0]), (false, (0, 8193)));
    // The edges are shown once; the rounds show none.
    for (edges, complete, rounds) in [(6000, false, 0), (20_001, true, 100)] {
        let options = RankOptions { tolerance: 0.0, ..RankOptions::default() };
        let Ok(found) = alone(|| pagerank(&ring, &options, &until(edges)));
        assert_eq!((found.complete, found.found.rounds), (complete, rounds), "after {edges} edges");
        assert_eq!(found.found.ranks.is_empty(), !complete);
    }
}

/// In this thread, whose clock it is.
fn alone<T: Send>(ask: impl FnOnce() -> T + Send) -> T {
    #[cfg(feature = "parallel")]
    {
        thread_local! {
            static POOL: rayon::ThreadPool =
                rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().unwrap();
        }
        POOL.with(|pool| pool.install(ask))
    }
    #[cfg(not(feature = "parallel"))]
    ask()
}
