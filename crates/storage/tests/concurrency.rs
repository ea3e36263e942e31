//! Writers, readers and somebody who flushes, all at once, for a bounded number of operations.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use support::{Random, config, open, open_log, seed};
use sutra_storage::{Association, Batch, Concept, ConcurrentConfig, ConcurrentMemory, Durability, Error, Snapshot};
use sutra_vfs::sim::{Policy, SimDirectory};

const WRITERS: u64 = 4;
const ITEMS: u64 = 1500;

fn name(writer: u64, item: u64) -> String {
    format!("{writer}/{item}")
}

/// How many items of a writer a snapshot shows: the first that is missing. None above it may be there.
fn shown(snapshot: &Snapshot, writer: u64) -> u64 {
    let (mut low, mut high) = (0, ITEMS);
    while low < high {
        let middle = low.midpoint(high);
        if snapshot.contains(&name(writer, middle)).unwrap() { low = middle + 1 } else { high = middle }
    }
    low
}

/// Each producer's items are a prefix; each item has its association, which was written before it.
fn check(snapshot: &Snapshot, random: &mut Random) -> u64 {
    let mut sum = 0;
    for writer in 0..WRITERS {
        let count = shown(snapshot, writer);
        sum += count;
        for item in (0..count).step_by(1 + random.below(100) as usize) {
            let found = snapshot.query_concept(&name(writer, item)).unwrap().expect("all lower ones are there");
            assert_eq!(found.content().unwrap(), item.to_string().as_bytes());
            let neighbors = snapshot.neighbors(&name(writer, item)).unwrap();
            assert_eq!(neighbors.len(), 1, "{writer}/{item}");
            assert_eq!(
                neighbors.iter().next().unwrap().concept().unwrap().key().unwrap(),
                Some(&*format!("hub of {writer}"))
            );
        }
        for item in count..(count + 50).min(ITEMS) {
            assert!(!snapshot.contains(&name(writer, item)).unwrap(), "{writer}/{item} without {writer}/{count}");
        }
    }
    assert_eq!(sum, snapshot.concept_count());
    sum
}

fn write(memory: &ConcurrentMemory, writer: u64) -> u64 {
    let hub = format!("hub of {writer}");
    let mut last = 0;
    for item in 0..ITEMS {
        let (name, content) = (name(writer, item), item.to_string());
        let association = Association::new(&name, &hub, "part of");
        let sequence = if item % 7 == 0 {
            let mut batch = Batch::new();
            batch.concept(Concept::new(&name).content(&content)).association(association);
            memory.learn_batch(&batch).unwrap()
        } else {
            memory.associate(&association).unwrap();
            memory.learn_concept(&name, &content, None, 0.5, 0.5).unwrap()
        };
        assert!(sequence > last, "a producer's sequences ascend");
        last = sequence;
        match item % 200 {
            50 => memory.wait_visible(sequence).unwrap(),
            150 => memory.wait_durable(sequence).unwrap(),
            _ => {}
        }
    }
    last
}

fn all_at_once(durability: Durability, config: ConcurrentConfig, log: u64) {
    let disk = SimDirectory::new();
    let seed = seed(1);
    println!("{durability:?}: SUTRA_SEED={seed}");
    let memory = open_log(&disk, config, log).unwrap();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..2 {
            let (memory, ended) = (&memory, &ended);
            scope.spawn(move || {
                let (mut random, mut before, mut held) = (Random(seed + reader), 0, Vec::new());
                // Acquire: what the writers did before the end is seen in the last round.
                while !ended.load(Ordering::Acquire) {
                    let snapshot = memory.snapshot();
                    assert!(snapshot.sequence() >= before, "time does not go back");
                    before = snapshot.sequence();
                    let sum = check(&snapshot, &mut random);
                    if held.len() < 8 {
                        held.push((snapshot, sum));
                    }
                }
                for (snapshot, sum) in held {
                    assert_eq!(check(&snapshot, &mut random), sum, "a held snapshot does not change");
                }
            });
        }
        scope.spawn(|| {
            while !ended.load(Ordering::Acquire) {
                memory.flush().unwrap();
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn({
                    let memory = &memory;
                    move || write(memory, writer)
                })
            })
            .collect();
        let last = writers.into_iter().map(|writer| writer.join().unwrap()).max().unwrap();
        memory.wait_visible(last).unwrap();
        ended.store(true, Ordering::Release);
    });
    let snapshot = memory.snapshot();
    assert_eq!(check(&snapshot, &mut Random(seed)), WRITERS * ITEMS);
    assert_eq!((snapshot.edge_count(), snapshot.stub_count()), (WRITERS * ITEMS, WRITERS));
    memory.flush().unwrap();
    assert_eq!(found(&disk.image(Policy::DropAll), durability), WRITERS * ITEMS);
    memory.close().unwrap();
    let stats = memory.stats();
    // Accepted is applied, and nothing is left over.
    assert_eq!(stats.write_log.written, snapshot.sequence());
    assert_eq!(stats.reconciler.entries_processed, stats.write_log.written);
    assert_eq!((stats.write_log.dropped, stats.write_log.pending, stats.write_log.pending_bytes), (0, 0, 0));
    assert_eq!(stats.reconciler.ignored, 0);
}

fn found(disk: &SimDirectory, durability: Durability) -> u64 {
    open(disk, durability).unwrap().concept_count()
}

#[test]
fn with_a_roomy_log() {
    all_at_once(Durability::Group, config(Durability::Group), 1 << 30);
}

#[test]
fn with_a_small_queue_and_a_small_log() {
    let config = ConcurrentConfig { queue_capacity: 16, memory_threshold: 100, ..config(Durability::Group) };
    all_at_once(Durability::Group, config, 100_000);
}

#[test]
fn without_a_log() {
    let config = ConcurrentConfig { memory_threshold: 500, ..config(Durability::None) };
    all_at_once(Durability::None, config, 1);
}

#[test]
fn always_durable() {
    let config = ConcurrentConfig { queue_capacity: 64, ..config(Durability::Always) };
    all_at_once(Durability::Always, config, 1 << 30);
}

// With a queue of two and nobody who waits for room, some are refused: those are not there, the others are.
#[test]
fn what_was_refused_is_not_there_and_what_was_accepted_is() {
    let config = ConcurrentConfig { queue_capacity: 2, ..config(Durability::Group) };
    let memory = open_log(&SimDirectory::new(), config, 1 << 30).unwrap();
    let accepted: Vec<Vec<bool>> = std::thread::scope(|scope| {
        let write = |writer: u64| {
            let memory = &memory;
            move || {
                let learn = |item| match memory.try_learn_concept(&name(writer, item), "", None, 0.5, 0.5) {
                    Ok(_) => true,
                    Err(Error::Backpressure) => false,
                    Err(error) => panic!("{error}"),
                };
                (0..ITEMS).map(learn).collect()
            }
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(write(writer))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    memory.close().unwrap();
    let snapshot = memory.snapshot();
    for (writer, items) in (0..).zip(&accepted) {
        for (item, accepted) in (0..).zip(items) {
            assert_eq!(snapshot.contains(&name(writer, item)).unwrap(), *accepted);
        }
    }
    let count = accepted.iter().flatten().filter(|accepted| **accepted).count() as u64;
    assert_eq!(
        (memory.stats().write_log.written, snapshot.sequence(), snapshot.concept_count()),
        (count, count, count)
    );
    assert_eq!(memory.stats().write_log.dropped, WRITERS * ITEMS - count);
}

#[test]
fn names_defined_by_many_at_once_are_one_name_each() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let memory = &memory;
            scope.spawn(move || {
                for number in 0..100 {
                    let kind = format!("type {number}");
                    memory.learn_association(&format!("{writer}"), "all", &kind, 1.0).unwrap();
                }
            });
        }
    });
    memory.flush().unwrap();
    let check = |memory: &ConcurrentMemory| {
        let snapshot = memory.snapshot();
        assert_eq!(snapshot.edge_count(), WRITERS * 100);
        for number in 0..100 {
            let kind = format!("type {number}");
            let code = snapshot.association_type(&kind).unwrap();
            assert!((5..105).contains(&code.0));
            assert_eq!(snapshot.type_name(code), Some(&*kind));
        }
    };
    check(&memory);
    check(&open(&disk.kill_image(), Durability::Group).unwrap());
}

#[test]
fn a_batch_is_seen_whole_or_not_at_all_by_readers() {
    let memory = open(&SimDirectory::new(), Durability::Group).unwrap();
    let names: Vec<_> = (0..50).map(|item| format!("part {item}")).collect();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..300 {
                let content = round.to_string();
                let mut batch = Batch::new();
                for name in &names {
                    batch.concept(Concept::new(name).content(&content));
                }
                memory.learn_batch(&batch).unwrap();
            }
        });
        while !writer.is_finished() {
            let snapshot = memory.snapshot();
            let shown: Vec<_> = names
                .iter()
                .map(|name| snapshot.query_concept(name).unwrap().map(|found| found.content().unwrap().to_vec()))
                .collect();
            assert!(shown.iter().all(|part| *part == shown[0]), "{shown:?}");
        }
    });
}
