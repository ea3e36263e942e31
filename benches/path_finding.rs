//! Paths on WordNet between random pairs, along directed relations: on a snapshot of the engine, with ids in and explained
//! paths out, and by the same searches on a plain graph in memory.
//!
//! The pairs are asked round and round, the same for every row. The first lines say how many have a path, and how long.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sutra_benches::random::Random;
use sutra_benches::store::{Opened, rest};
use sutra_benches::wordnet::WordNet;
use sutra_graph::{CsrEdge, CsrGraph, Scratch, find_best_path, find_path};
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

criterion_group!(benches, paths);
criterion_main!(benches);
