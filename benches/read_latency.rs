//! Single reads of one thread on a snapshot of a million concepts of 100 bytes, a fifth of them with five neighbours each.
//!
//! No question depends on the answer to the one before, so that reads may overlap in the processor, as they do for a caller
//! that asks for many.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sutra_benches::load;
use sutra_benches::random::Random;
use sutra_benches::store::{Opened, rest};
use sutra_storage::{ConceptId, ConcurrentMemory};

const CONCEPTS: u64 = 1_000_000;
const SOURCES: usize = 200_000;
const DEGREE: usize = 5;
/// Questions, asked round and round: as many as there are concepts, lest the asked ones stay in the caches.
const QUESTIONS: usize = 1_000_000;

/// The given ids in random order, each one time or several.
struct Questions {
    ids: Vec<ConceptId>,
    next: usize,
}

impl Questions {
    fn new(seed: u64, from: &[ConceptId]) -> Self {
        let mut random = Random::new(seed);
        Self { ids: (0..QUESTIONS).map(|_| *random.choose(from)).collect(), next: 0 }
    }

    #[inline]
    fn next(&mut self) -> ConceptId {
        self.next = if self.next + 1 < self.ids.len() { self.next + 1 } else { 0 };
        self.ids[self.next]
    }
}

fn filled() -> (Opened, Vec<ConceptId>) {
    let store = Opened::new(|_| ()).expect("a store");
    let ids = load::ids(0..CONCEPTS);
    load::fill(&store.memory, &ids).expect("fills");
    let pairs = load::pairs_of_degree(&mut Random::new(3), &ids[..SOURCES], &ids, DEGREE);
    load::connect(&store.memory, &pairs).expect("connects");
    store.memory.flush().expect("flushes");
    rest(&store.memory);
    (store, ids)
}

fn reads(criterion: &mut Criterion) {
    let (store, ids) = filled();
    measure(criterion, "written in this session", &store.memory, &ids);

    // The same from the file: rows and adjacency of the image, records and contents mapped.
    store.memory.close().expect("closes");
    let config = store.memory.config().clone();
    let memory = ConcurrentMemory::new(config).expect("opens");
    measure(criterion, "opened from the file", &memory, &ids);
}

fn measure(criterion: &mut Criterion, group: &str, memory: &ConcurrentMemory, ids: &[ConceptId]) {
    let mut group = criterion.benchmark_group(group);
    group.sample_size(50).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    let size = format!("{CONCEPTS} concepts");
    let of = |what: &str| BenchmarkId::new(what.to_owned(), &size);
    let snapshot = memory.snapshot();

    let mut known = Questions::new(4, ids);
    group.bench_function(of("get, strength"), |bencher| {
        bencher.iter(|| {
            let concept = snapshot.query_concept(known.next()).expect("sound").expect("known");
            black_box(concept.strength())
        });
    });
    group.bench_function(of("get, content"), |bencher| {
        bencher.iter(|| {
            let concept = snapshot.query_concept(known.next()).expect("sound").expect("known");
            black_box(concept.content().expect("sound")[99])
        });
    });
    group.bench_function(of("get from the memory, strength"), |bencher| {
        bencher.iter(|| {
            let concept = memory.query_concept(known.next()).expect("sound").expect("known");
            black_box(concept.strength())
        });
    });
    group.bench_function(of("contains"), |bencher| {
        bencher.iter(|| assert!(snapshot.contains(known.next()).expect("sound")));
    });

    let mut unknown = Questions::new(5, &load::ids(CONCEPTS..2 * CONCEPTS));
    group.bench_function(of("get, unknown id"), |bencher| {
        bencher.iter(|| assert!(snapshot.query_concept(unknown.next()).expect("sound").is_none()));
    });
    group.bench_function(of("snapshot"), |bencher| bencher.iter(|| black_box(memory.snapshot())));

    let mut sources = Questions::new(6, &ids[..SOURCES]);
    group.bench_function(of("neighbors, degree 5"), |bencher| {
        bencher.iter(|| {
            let neighbors = snapshot.neighbors(sources.next()).expect("sound");
            // Two of five targets drawn are the same once in 100,000 times.
            debug_assert!((1..=DEGREE).contains(&neighbors.len()));
            black_box(neighbors.iter().map(|neighbor| neighbor.confidence()).sum::<f32>())
        });
    });
    group.finish();
}

criterion_group!(benches, reads);
criterion_main!(benches);
