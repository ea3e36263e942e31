//! Many threads at once: writers, readers, one that flushes.

use std::sync::atomic::{AtomicBool, Ordering};

use sutra_storage::{Batch, Concept, ConceptId, ConcurrentConfig, ConcurrentMemory};

const WRITERS: u32 = 4;
const EACH: u32 = 5_000;

fn id(writer: u32, number: u32) -> ConceptId {
    let mut bytes = [1; 16];
    bytes[..4].copy_from_slice(&writer.to_le_bytes());
    bytes[4..8].copy_from_slice(&number.to_le_bytes());
    ConceptId::from_bytes(bytes)
}

/// How many of a writer's concepts a snapshot holds, if they are the first ones and no others.
fn prefix(snapshot: &sutra_storage::Snapshot, writer: u32) -> u32 {
    let (mut low, mut high) = (0, EACH);
    while low < high {
        let middle = (low + high) / 2;
        if snapshot.contains(id(writer, middle)).unwrap() { low = middle + 1 } else { high = middle }
    }
    low
}

/// A producer's writes become visible in its order, so each snapshot holds a prefix of them; a batch is seen whole or not at
/// all; what was accepted is applied, once.
#[test]
fn snapshots_hold_prefixes_while_all_write() {
    let folder = tempfile::tempdir().unwrap();
    let config = ConcurrentConfig {
        queue_capacity: 512,
        memory_threshold: 3_000,
        ..ConcurrentConfig::read_heavy(folder.path())
    };
    let memory = ConcurrentMemory::new(config).unwrap();
    let writing = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let memory = memory.clone();
                scope.spawn(move || {
                    for number in (0..EACH).step_by(2) {
                        let (first, second) = (number.to_le_bytes(), (number + 1).to_le_bytes());
                        let mut batch = Batch::new();
                        batch.concept(Concept::new(id(writer, number)).content(&first));
                        batch.concept(Concept::new(id(writer, number + 1)).content(&second));
                        memory.learn_batch(&batch).unwrap();
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                let mut before = [0; WRITERS as usize];
                while writing.load(Ordering::Relaxed) {
                    let snapshot = memory.snapshot();
                    let mut sum = 0;
                    for (writer, seen) in (0..WRITERS).zip(&mut before) {
                        let held = prefix(&snapshot, writer);
                        assert!(held.is_multiple_of(2), "half a batch of writer {writer}");
                        assert!(held >= *seen, "writer {writer} went back from {seen} to {held}");
                        for number in [0, held / 2, held.saturating_sub(1)] {
                            let found = snapshot.query_concept(id(writer, number)).unwrap();
                            assert_eq!(found.is_some(), number < held);
                            if let Some(concept) = found {
                                assert_eq!(concept.content().unwrap(), number.to_le_bytes());
                            }
                        }
                        *seen = held;
                        sum += u64::from(held);
                    }
                    assert_eq!(snapshot.concept_count(), sum);
                    assert_eq!(snapshot.sequence(), sum / 2);
                }
            });
        }
        scope.spawn(|| {
            while writing.load(Ordering::Relaxed) {
                memory.flush().unwrap();
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        memory.flush().unwrap();
        writing.store(false, Ordering::Relaxed);
    });
    let stats = memory.stats();
    assert_eq!(stats.write_log.written, u64::from(WRITERS * EACH / 2));
    assert_eq!(stats.reconciler.entries_processed, stats.write_log.written);
    assert_eq!(stats.write_log.dropped, 0);
    assert_eq!(stats.snapshot.concept_count, u64::from(WRITERS * EACH));
    memory.close().unwrap();
    let report = sutra_storage::verify(folder.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
}
