//! Statistics.

use sutra_storage::{Concept, Durability};
use sutra_vfs::sim::SimDirectory;

use crate::support::open;
use crate::{learn, memory, seen};

#[test]
fn the_write_log_counts_what_was_accepted_and_what_is_pending() {
    let memory = memory();
    assert_eq!(memory.stats().write_log.written, 0);
    for number in 0..10 {
        learn(&memory, &format!("concept {number}"), "");
    }
    assert!(memory.update_strength("a", 2.0).is_err());
    assert_eq!(memory.stats().write_log.written, 10);
    memory.close().unwrap();
    let log = memory.stats().write_log;
    assert_eq!((log.written, log.dropped, log.pending, log.pending_bytes), (10, 0, 0, 0));
}

#[test]
fn the_reconciler_counts_groups_and_entries() {
    let memory = memory();
    for number in 0..10 {
        let sequence = learn(&memory, &format!("concept {number}"), "");
        seen(&memory, sequence);
    }
    memory.close().unwrap();
    let counted = memory.stats().reconciler;
    assert_eq!((counted.entries_processed, counted.reconciliations, counted.last_batch), (10, 10, 1));
}

#[test]
fn the_snapshots_counts_are_those_of_the_newest_one() {
    let memory = memory();
    learn(&memory, "a", "");
    let sequence = memory.learn_association("a", "b", "causal", 1.0).unwrap();
    seen(&memory, sequence);
    let (counted, snapshot) = (memory.stats().snapshot, memory.snapshot());
    assert_eq!((counted.concept_count, counted.edge_count, counted.stub_count), (1, 1, 1));
    assert_eq!((counted.sequence, counted.timestamp), (snapshot.sequence(), snapshot.timestamp()));
}

#[test]
fn the_storage_counts_checkpoints_and_bytes() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    let before = memory.stats().storage;
    assert_eq!(before.checkpoints, 0);
    let sequence = memory.learn(&Concept::new("a").content(&"x".repeat(10_000))).unwrap();
    seen(&memory, sequence);
    let sequence = learn(&memory, "b", "");
    seen(&memory, sequence);
    assert!(memory.stats().storage.wal_bytes > 10_000);
    memory.flush().unwrap();
    let after = memory.stats().storage;
    assert_eq!(after.checkpoints, 1);
    assert!(after.file_bytes > before.file_bytes + 10_000);
    memory.close().unwrap();
    assert_eq!(memory.stats().storage.wal_bytes, 0);
}

#[test]
fn a_held_snapshot_is_seen_in_the_statistics() {
    let memory = memory();
    let sequence = learn(&memory, "a", "");
    seen(&memory, sequence);
    let held = memory.snapshot();
    for _ in 0..100 {
        let sequence = memory.learn_association("a", "b", "causal", 1.0).unwrap();
        seen(&memory, sequence);
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as u64;
    let age = memory.stats().storage.oldest_snapshot_age;
    assert!(age >= now - held.timestamp() && age < now - held.timestamp() + 60_000_000, "{age}");
}
