//! Elements a second, from the first call until all are durable and visible. One thread writes unless a row says otherwise.
//!
//! Each iteration writes to the store that the iterations before have filled.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use sutra_benches::load::{self, BATCH};
use sutra_benches::random::Random;
use sutra_benches::store::{Opened, settle};
use sutra_storage::{ConceptId, ConcurrentConfig, ConcurrentMemory, Durability, Sequence};

/// Elements of an iteration.
const ELEMENTS: u64 = 100_000;

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// A row: `work` makes what an iteration writes, `write` writes it. Only `write` and the wait that follows are timed.
fn row<W>(
    group: &mut Group<'_>,
    (name, elements): (&str, u64),
    store: &Opened,
    mut work: impl FnMut() -> W,
    write: impl Fn(&ConcurrentMemory, &W) -> Sequence,
) {
    group.throughput(Throughput::Elements(elements));
    group.bench_function(BenchmarkId::new(name, elements), |bencher| {
        bencher.iter_custom(|iterations| {
            let mut spent = Duration::ZERO;
            for _ in 0..iterations {
                let work = work();
                let start = Instant::now();
                let last = write(&store.memory, &work);
                settle(&store.memory, last).expect("settles");
                spent += start.elapsed();
            }
            spent
        });
    });
}

fn store(configure: impl FnOnce(&mut ConcurrentConfig)) -> Opened {
    Opened::new(configure).expect("a store")
}

/// Ids that no iteration had before.
fn new_ids(count: u64) -> impl FnMut() -> Vec<ConceptId> {
    let mut next = 0;
    move || {
        next += count;
        load::ids(next - count..next)
    }
}

fn learn_row(group: &mut Group<'_>, name: &str, elements: u64, configure: impl FnOnce(&mut ConcurrentConfig)) {
    row(group, (name, elements), &store(configure), new_ids(elements), |memory, ids| {
        load::learn(memory, ids).expect("learns")
    });
}

/// Changes a configuration to a preset and keeps its folder and patience.
fn preset(preset: impl FnOnce(std::path::PathBuf) -> ConcurrentConfig) -> impl FnOnce(&mut ConcurrentConfig) {
    |config| {
        let preset = preset(config.storage_path.clone());
        *config = ConcurrentConfig { write_timeout: config.write_timeout, ..preset };
    }
}

fn kinds_of_writes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("write");
    flat(&mut group);
    learn_row(&mut group, "concepts", ELEMENTS, |_| ());

    row(&mut group, ("concepts, batches of 1000", ELEMENTS), &store(|_| ()), new_ids(ELEMENTS), |memory, ids| {
        load::learn_in_batches(memory, ids).expect("learns")
    });

    let (vectors, count) = (load::vectors(&mut Random::new(1), BATCH), 20_000);
    row(&mut group, ("concepts with 384-d embeddings", count), &store(|_| ()), new_ids(count), |memory, ids| {
        let mut last = 0;
        for (id, vector) in ids.iter().zip(vectors.iter().cycle()) {
            last = memory.learn_concept(id, load::content(id), Some(vector), 1.0, 0.9).expect("learns");
        }
        last
    });

    for batched in [false, true] {
        let (store, ids) = (store(|_| ()), load::ids(0..ELEMENTS));
        load::fill(&store.memory, &ids).expect("fills");
        let mut random = Random::new(2);
        let count = usize::try_from(ELEMENTS).expect("fits");
        let pairs = || load::uniform_pairs(&mut random, &ids, count);
        if batched {
            row(&mut group, ("associations, batches of 1000", ELEMENTS), &store, pairs, |memory, pairs| {
                load::associate_in_batches(memory, pairs).expect("learns")
            });
        } else {
            row(&mut group, ("associations", ELEMENTS), &store, pairs, |memory, pairs| {
                load::associate(memory, pairs).expect("learns")
            });
        }
    }
    group.finish();
}

fn presets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("preset");
    flat(&mut group);
    learn_row(&mut group, "write-heavy", ELEMENTS, preset(ConcurrentConfig::write_heavy));
    learn_row(&mut group, "read-heavy", ELEMENTS, preset(ConcurrentConfig::read_heavy));
    learn_row(&mut group, "memory-constrained", ELEMENTS, preset(ConcurrentConfig::memory_constrained));
    group.finish();
}

fn durabilities(criterion: &mut Criterion) {
    const ALWAYS: u64 = 500;
    const THREADS: usize = 8;
    let mut group = criterion.benchmark_group("durability");
    flat(&mut group);
    learn_row(&mut group, "group", ELEMENTS, |config| config.durability = Durability::Group);
    learn_row(&mut group, "always", ALWAYS, |config| config.durability = Durability::Always);
    let always = store(|config| config.durability = Durability::Always);
    row(&mut group, ("always, 8 threads", ALWAYS * 8), &always, new_ids(ALWAYS * 8), |memory, ids| {
        std::thread::scope(|scope| {
            for part in ids.chunks(ids.len() / THREADS) {
                scope.spawn(|| load::learn(memory, part).expect("learns"));
            }
        });
        memory.sequence()
    });
    // Without a write-ahead log it is durable with the checkpoint for which each iteration waits.
    learn_row(&mut group, "none", ELEMENTS, |config| config.durability = Durability::None);
    group.finish();
}

/// Iterations take tenths of a second and depend on the disk: ten samples of one iteration each, more or less.
fn flat(group: &mut Group<'_>) {
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(2));
}

criterion_group!(benches, kinds_of_writes, presets, durabilities);
criterion_main!(benches);
