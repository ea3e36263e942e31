//! Paths on WordNet between random pairs, along directed relations: on a snapshot of the engine, with ids in and explained
//! paths out, and by the same searches on a plain graph in memory.
//!
//! The pairs are asked round and round, the same for every row. The first lines say how many have a path, and how long.
//!
//! Then a Kronecker graph (scale 18, 16 edges a vertex; another scale by `SUTRA_BENCH_SCALE`), by the identical code over a
//! snapshot and over a static graph in compressed sparse rows: medians, the second row and the first in turns, and how often
//! the second goes into the first. The two must give the same answers. petgraph does beside them what it has: shortest paths by
//! `bidirectional_dijkstra`, which gives the length alone; a breadth-first walk, rows and has-edge of its `Csr`. Its PageRank looks
//! at all pairs of nodes each round, which is out of the question here.

use std::fmt::Debug;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use petgraph::csr::Csr;
use petgraph::visit::Bfs;
use sutra_benches::kronecker::Kronecker;
use sutra_benches::median;
use sutra_benches::random::Random;
use sutra_benches::store::{Opened, rest};
use sutra_benches::wordnet::WordNet;
use sutra_graph::{
    Budget, CsrEdge, CsrGraph, Graph, RankOptions, Scratch, Side, components, distances, find_best_path, find_path,
    pagerank,
};
use sutra_storage::PathOptions;

const PAIRS: usize = 1000;

type Pairs = Vec<(usize, usize)>;

fn graph_of(wordnet: &WordNet) -> CsrGraph {
    let edges: Vec<_> = wordnet
        .relations
        .iter()
        .map(|relation| CsrEdge {
            source: relation.source,
            target: relation.target,
            kind: relation.kind,
            confidence: relation.confidence,
        })
        .collect();
    CsrGraph::from_edges(u32::try_from(wordnet.synsets.len()).expect("fits"), &edges).expect("a graph")
}

fn paths(criterion: &mut Criterion) {
    let wordnet = WordNet::load().expect("WordNet");
    let mut random = Random::new(7);
    let count = wordnet.synsets.len();
    let pairs: Pairs = (0..PAIRS).map(|_| (random.below(count), random.below(count))).collect();
    on_the_engine(criterion, &wordnet, &pairs);
    on_a_plain_graph(criterion, &wordnet, &pairs);
    on_petgraph(criterion, &wordnet, &pairs);
}

fn on_petgraph(criterion: &mut Criterion, wordnet: &WordNet, pairs: &Pairs) {
    let edges = wordnet.relations.iter().map(|relation| (relation.source, relation.target));
    let mut graph = petgraph::graph::DiGraph::<(), (), u32>::from_edges(edges);
    while graph.node_count() < wordnet.synsets.len() {
        graph.add_node(());
    }
    row(criterion, "petgraph", "bidirectional_dijkstra, lengths alone", pairs, |start, end| {
        let (start, end) = (petgraph::graph::NodeIndex::new(start), petgraph::graph::NodeIndex::new(end));
        petgraph::algo::bidirectional_dijkstra(&graph, start, end, |_| 1_usize)
    });
}

/// Calls `search` with one pair after the other.
fn row(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    pairs: &Pairs,
    mut search: impl FnMut(usize, usize) -> Option<usize>,
) {
    let hops: Vec<_> = pairs.iter().filter_map(|(start, end)| search(*start, *end)).collect();
    println!(
        "{group}/{name}: {} of {PAIRS} pairs have a path, of {:.1} hops in the mean",
        hops.len(),
        hops.iter().sum::<usize>() as f64 / hops.len().max(1) as f64
    );
    let mut group = criterion.benchmark_group(group);
    group.sample_size(50).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(5));
    let mut turn = pairs.iter().cycle();
    group.bench_function(BenchmarkId::new(name, "117659 concepts"), |bencher| {
        bencher.iter(|| {
            let (start, end) = turn.next().expect("a cycle does not end");
            black_box(search(*start, *end))
        });
    });
    group.finish();
}

fn on_the_engine(criterion: &mut Criterion, wordnet: &WordNet, pairs: &Pairs) {
    let store = Opened::new(|_| ()).expect("a store");
    wordnet.learn(&store.memory).expect("learns");
    store.memory.flush().expect("flushes");
    rest(&store.memory);
    let (snapshot, ids) = (store.memory.snapshot(), wordnet.ids());
    let name = "engine";
    for (what, max_depth) in [("find_path, any depth", u32::MAX), ("find_path, depth 6", 6)] {
        row(criterion, name, what, pairs, |start, end| {
            let path = snapshot.find_path(ids[start], ids[end], max_depth).expect("sound");
            path.map(|path| path.hops.len())
        });
    }
    for (what, max_depth) in [("find_best_path, any depth", u32::MAX), ("find_best_path, depth 6", 6)] {
        let options = PathOptions { max_depth, ..PathOptions::default() };
        row(criterion, name, what, pairs, |start, end| {
            let path = snapshot.find_best_path(ids[start], ids[end], options).expect("sound");
            path.map(|path| path.hops.len())
        });
    }
}

fn on_a_plain_graph(criterion: &mut Criterion, wordnet: &WordNet, pairs: &Pairs) {
    let (graph, mut scratch) = (graph_of(wordnet), Scratch::new());
    let node = |number: usize| u32::try_from(number).expect("fits");
    let name = "plain graph";
    for (what, max_depth) in [("find_path, any depth", u32::MAX), ("find_path, depth 6", 6)] {
        let options = sutra_graph::PathOptions { max_depth, ..Default::default() };
        row(criterion, name, what, pairs, |start, end| {
            let Ok(path) = find_path(&graph, &mut scratch, node(start), node(end), &options);
            path.map(|path| path.hops.len())
        });
    }
    for (what, max_depth) in [("find_best_path, any depth", u32::MAX), ("find_best_path, depth 6", 6)] {
        let options = sutra_graph::PathOptions { max_depth, ..Default::default() };
        row(criterion, name, what, pairs, |start, end| {
            let Ok(path) = find_best_path(&graph, &mut scratch, node(start), node(end), &options);
            path.map(|path| path.hops.len())
        });
    }
}

/// A question about a whole graph: what it took, and a number that the answer has to have on both.
type Asked<'q, G> = &'q dyn Fn(&G) -> (Duration, u64);

/// Asks both graphs in turns and prints the medians, of one of `parts`.
fn beside<G, C>(name: &str, rounds: usize, parts: usize, graphs: (&G, &C), ask: (Asked<'_, G>, Asked<'_, C>)) {
    let (mut engine, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (took, one) = ask.0(graphs.0);
        engine.push(took.as_secs_f64() / parts as f64);
        let (took, other) = ask.1(graphs.1);
        plain.push(took.as_secs_f64() / parts as f64);
        assert_eq!(one, other, "{name}: the answers differ");
    }
    let (engine, plain) = (median(&engine) * 1e6, median(&plain) * 1e6);
    println!("kronecker/{name}: engine {engine:.3} us, the other {plain:.3} us, {:.2} times", engine / plain);
}

/// The same code for both, as the compiler makes it for each.
macro_rules! both {
    ($name:expr, $rounds:expr, $parts:expr, $graphs:expr, $ask:expr) => {
        beside($name, $rounds, $parts, $graphs, (&|graph| $ask(graph), &|graph| $ask(graph)))
    };
}

fn timed(work: impl FnOnce() -> u64) -> (Duration, u64) {
    let start = Instant::now();
    let answer = black_box(work());
    (start.elapsed(), answer)
}

fn scan<G: Graph<Error: Debug>>(graph: &G, order: &[u32]) -> u64 {
    let mut sum = 0_u64;
    for (at, node) in order.iter().enumerate() {
        if let Some(ahead) = order.get(at + 8) {
            graph.prefetch(*ahead, Side::Out);
        }
        if let Some(next) = order.get(at + 4) {
            graph.prefetch_edges(*next, Side::Out);
        }
        graph
            .edges(*node, Side::Out, |edge| {
                sum += u64::from(edge.target);
                ControlFlow::Continue(())
            })
            .expect("sound");
    }
    sum
}

/// How many of these are there.
fn edges_there<G: Graph<Error: Debug>>(graph: &G, asked: &[(u32, u32)]) -> u64 {
    asked.iter().filter(|(source, target)| graph.has_edge(*source, *target).expect("sound")).count() as u64
}

fn kronecker(_: &mut Criterion) {
    let scale = std::env::var("SUTRA_BENCH_SCALE").map_or(18, |scale| scale.parse().expect("a number"));
    let graph = Kronecker::new(scale, 16, 42);
    println!("kronecker: {} nodes, {} edges", graph.nodes, graph.edges.len());
    let store = Opened::new(|_| ()).expect("a store");
    graph.learn(&store.memory).expect("learns");
    store.memory.flush().expect("flushes");
    rest(&store.memory);
    let edge = |(place, (source, target)): (usize, &(u32, u32))| CsrEdge {
        source: *source,
        target: *target,
        kind: 0,
        confidence: Kronecker::confidence(place),
    };
    let edges: Vec<_> = graph.edges.iter().enumerate().map(edge).collect();
    let rows = CsrGraph::from_edges(graph.nodes, &edges).expect("a graph");
    drop(edges);
    let snapshot = store.memory.snapshot();
    let engine = snapshot.graph();
    let graphs = (&engine, &rows);
    let mut random = Random::new(9);
    // As Graph 500 does, from nodes that have edges; the ends have some too.
    let some = |side| (0..graph.nodes).filter(|node| rows.degree(*node, side) > 0).collect::<Vec<u32>>();
    let (starts, ends) = (some(Side::Out), some(Side::In));
    let pairs: Vec<(u32, u32)> = (0..2001).map(|_| (*random.choose(&starts), *random.choose(&ends))).collect();
    let three = sutra_graph::PathOptions { max_depth: 3, ..Default::default() };
    three_hops("engine", &engine, &pairs, &three);
    three_hops("static rows", &rows, &pairs, &three);

    let deep = sutra_graph::PathOptions { max_depth: u32::MAX, ..Default::default() };
    let hub = (0..graph.nodes).max_by_key(|node| rows.degree(*node, Side::Out)).expect("a node");
    both!("breadth first over all", 7, 1, graphs, |graph| timed(|| {
        let hops = distances(graph, hub, &deep, &Budget::UNLIMITED).expect("sound").found;
        hops.iter().map(|hops| u64::from(*hops)).sum()
    }));
    let ranks = RankOptions { tolerance: 0.0, max_rounds: 10, ..RankOptions::default() };
    both!("PageRank, 10 rounds, all cores", 5, 1, graphs, |graph| timed(|| {
        let ranks = pagerank(graph, &ranks, &Budget::UNLIMITED).expect("sound").found;
        ranks.ranks.iter().map(|rank| (rank * 1e12) as u64 >> 4).fold(0, u64::max)
    }));
    both!("components, all cores", 5, 1, graphs, |graph| timed(|| {
        components(graph, &deep, &Budget::UNLIMITED).expect("sound").found.sizes.len() as u64
    }));
    let mut order: Vec<u32> = (0..graph.nodes).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last + 1));
    }
    both!("neighbours in random order, a node", 7, order.len(), graphs, |graph| timed(|| scan(graph, &order)));
    let asked: Vec<(u32, u32)> = (0..200_000)
        .map(|at| if at % 2 == 0 { *random.choose(&graph.edges) } else { *random.choose(&pairs) })
        .collect();
    both!("has-edge by the rows, one", 5, asked.len(), graphs, |graph| timed(|| { edges_there(graph, &asked) }));
    let mut sorted: Vec<(u32, u32)> = graph.edges.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let mut csr: Csr<(), (), petgraph::Directed, u32> = Csr::from_sorted_edges(&sorted).expect("sorted, each once");
    drop(sorted);
    while csr.node_count() < graph.nodes as usize {
        csr.add_node(());
    }
    let beside_petgraph = (&engine, &csr);
    beside(
        "breadth first over all, nodes reached, beside petgraph",
        7,
        1,
        beside_petgraph,
        (
            &|graph| {
                timed(|| {
                    let hops = distances(graph, hub, &deep, &Budget::UNLIMITED).expect("sound").found;
                    hops.iter().filter(|hops| **hops != u32::MAX).count() as u64
                })
            },
            &|graph| {
                timed(|| {
                    let (mut walk, mut reached) = (Bfs::new(graph, hub), 0);
                    while walk.next(graph).is_some() {
                        reached += 1;
                    }
                    reached
                })
            },
        ),
    );
    beside(
        "neighbours in random order, a node, beside petgraph",
        7,
        order.len(),
        beside_petgraph,
        (&|graph| timed(|| scan(graph, &order)), &|graph| {
            timed(|| order.iter().flat_map(|node| graph.neighbors_slice(*node)).map(|target| u64::from(*target)).sum())
        }),
    );
    beside(
        "has-edge by the rows, one, beside petgraph",
        5,
        asked.len(),
        beside_petgraph,
        (&|graph| timed(|| edges_there(graph, &asked)), &|graph| {
            timed(|| asked.iter().filter(|(source, target)| graph.contains_edge(*source, *target)).count() as u64)
        }),
    );
    drop(csr);
    let ids: Vec<_> = asked.iter().map(|(source, target)| (Kronecker::id(*source), Kronecker::id(*target))).collect();
    let (took, found) = timed(|| {
        let has = |(source, target): &&(_, _)| snapshot.association(*source, *target, 0).expect("sound").is_some();
        ids.iter().filter(has).count() as u64
    });
    let one = took.as_secs_f64() / ids.len() as f64 * 1e9;
    println!("kronecker/association by ids, one: engine {one:.0} ns ({found} of {} there)", ids.len());
}

/// Paths of at most three hops: the median of single queries.
fn three_hops<G: Graph<Error: Debug>>(name: &str, graph: &G, pairs: &[(u32, u32)], options: &sutra_graph::PathOptions) {
    let mut scratch = Scratch::new();
    let (mut took, mut found) = (Vec::new(), 0);
    for (start, end) in pairs {
        let began = Instant::now();
        let path = find_path(graph, &mut scratch, *start, *end, options).expect("sound");
        took.push(began.elapsed().as_secs_f64() * 1e6);
        found += usize::from(path.is_some());
    }
    println!("kronecker/find_path, depth 3: {name} p50 {:.1} us ({found} of {} have one)", median(&took), pairs.len());
}

criterion_group!(benches, paths, kronecker);
criterion_main!(benches);
