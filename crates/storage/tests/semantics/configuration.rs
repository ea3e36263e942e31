//! Configuration.

use std::time::Duration;

use sutra_storage::{Concept, ConcurrentConfig, Durability, Error, Metric};
use sutra_vfs::sim::SimDirectory;

use crate::learn;
use crate::support::{bytes_of, config, open_with};

#[test]
fn defaults_are_the_ones_that_are_documented() {
    let config = ConcurrentConfig::default();
    assert_eq!((config.reconcile_interval_ms, config.memory_threshold), (10, 50_000));
    assert_eq!((config.queue_capacity, config.queue_bytes), (100_000, 256 << 20));
    assert_eq!((config.write_timeout, config.durability), (Duration::from_secs(5), Durability::Group));
    assert_eq!((config.initial_size, config.vector_dimension, config.metric), (16 << 20, None, None));
    assert_eq!(config.reconcile_threads, 1);
}

#[test]
fn numbers_out_of_range_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let good = || ConcurrentConfig::new(&path);
    for bad in [
        ConcurrentConfig { reconcile_interval_ms: 0, ..good() },
        ConcurrentConfig { reconcile_interval_ms: 60_001, ..good() },
        ConcurrentConfig { memory_threshold: 0, ..good() },
        ConcurrentConfig { queue_capacity: 0, ..good() },
        ConcurrentConfig { queue_capacity: 1 << 24, ..good() },
        ConcurrentConfig { queue_bytes: 0, ..good() },
        ConcurrentConfig { initial_size: u64::MAX, ..good() },
        ConcurrentConfig { reconcile_threads: 0, ..good() },
        ConcurrentConfig { reconcile_threads: 65, ..good() },
        ConcurrentConfig { vector_dimension: Some(0), ..good() },
        ConcurrentConfig { vector_dimension: Some(65_537), ..good() },
    ] {
        let refused = sutra_storage::ConcurrentMemory::new(bad);
        assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{refused:?}");
        assert!(!path.exists());
    }
}

#[test]
fn the_dimension_is_that_of_the_first_embedding_and_fixed_for_the_life_of_the_store() {
    let disk = SimDirectory::new();
    let open = |vector_dimension, metric| {
        open_with(&disk, ConcurrentConfig { vector_dimension, metric, ..config(Durability::Group) })
    };
    let memory = open(None, None).unwrap();
    memory.learn(&Concept::new("a").embedding(&[1.0, 2.0, 3.0])).unwrap();
    let refused = memory.learn(&Concept::new("b").embedding(&[1.0, 2.0]));
    assert!(matches!(refused, Err(Error::DimensionMismatch { expected: 3, got: 2 })));
    drop(memory);
    let refused = open(Some(2), None);
    assert!(matches!(&refused, Err(Error::ConfigMismatch { field: "vector_dimension", .. })), "{refused:?}");
    let refused = open(None, Some(Metric::Dot));
    assert!(matches!(&refused, Err(Error::ConfigMismatch { field: "metric", .. })), "{refused:?}");
    let memory = open(Some(3), Some(Metric::Cosine)).unwrap();
    let refused = memory.learn(&Concept::new("b").embedding(&[1.0]));
    assert!(matches!(refused, Err(Error::DimensionMismatch { expected: 3, got: 1 })));
}

#[test]
fn a_configured_dimension_holds_from_the_first_embedding_on() {
    let config = ConcurrentConfig { vector_dimension: Some(2), ..config(Durability::Group) };
    let memory = open_with(&SimDirectory::new(), config).unwrap();
    let refused = memory.learn(&Concept::new("a").embedding(&[1.0]));
    assert!(matches!(refused, Err(Error::DimensionMismatch { expected: 2, got: 1 })));
    memory.learn(&Concept::new("a").embedding(&[1.0, 2.0])).unwrap();
}

// What could not be opened as it was asked for is not written to: also not the checkpoint that closing would make.
#[test]
fn a_configuration_that_does_not_fit_leaves_the_files_as_they_were() {
    let disk = SimDirectory::new();
    let memory = open_with(&disk, config(Durability::Always)).unwrap();
    learn(&memory, "a", "x");
    memory.learn(&Concept::new("b").embedding(&[1.0])).unwrap();
    let left = disk.kill_image();
    let before = bytes_of(&left);
    let refused = open_with(&left, ConcurrentConfig { vector_dimension: Some(2), ..config(Durability::Always) });
    assert!(matches!(refused, Err(Error::ConfigMismatch { .. })));
    assert!(bytes_of(&left) == before);
    assert_eq!(open_with(&left, config(Durability::Always)).unwrap().concept_count(), 2);
}

#[test]
fn recovery_tells_what_was_replayed() {
    let disk = SimDirectory::new();
    let memory = open_with(&disk, config(Durability::Always)).unwrap();
    assert!(memory.recovery().created);
    learn(&memory, "a", "x");
    memory.flush().unwrap();
    learn(&memory, "b", "y");
    learn(&memory, "c", "z");
    let killed = disk.kill_image();
    let memory = open_with(&killed, config(Durability::Always)).unwrap();
    let report = *memory.recovery();
    assert!(!report.created);
    assert_eq!((report.replayed_entries, report.last_sequence, report.cut_bytes), (2, 3, 0));
    assert_eq!(memory.stats().storage.recovered, 2);
    memory.close().unwrap();
    let memory = open_with(&killed, config(Durability::Always)).unwrap();
    assert_eq!((memory.recovery().replayed_entries, memory.recovery().last_sequence), (0, 3));
}

#[test]
fn try_learn_never_waits_and_learn_waits_for_room_as_long_as_configured() {
    // A group of one operation at a time, on a disk that is fast: waiting always ends with room.
    let config = ConcurrentConfig { queue_capacity: 2, reconcile_interval_ms: 60_000, ..config(Durability::Group) };
    let memory = open_with(&SimDirectory::new(), config.clone()).unwrap();
    for number in 0..50 {
        learn(&memory, "a", &number.to_string());
    }
    memory.close().unwrap();
    // A batch that fills the log, and nobody who presses for it: the next one finds no room, until it waits.
    let memory = open_with(&SimDirectory::new(), ConcurrentConfig { write_timeout: Duration::ZERO, ..config }).unwrap();
    let mut refused = 0;
    while refused == 0 {
        refused += u64::from(matches!(memory.try_learn(&Concept::new("a")), Err(Error::Backpressure)));
    }
    assert_eq!(memory.stats().write_log.dropped, refused);
}
