//! The order of what a checkpoint does to the disk.

mod support;

use std::cell::RefCell;

use support::{Learner, arc, options};
use sutra_store::{FILE_NAME, New, Store};
use sutra_vfs::sim::{SimDirectory, TraceKind};

/// What the trace says, in a word for each operation that matters.
fn words(disk: &SimDirectory, first: u64) -> Vec<&'static str> {
    let mut words = Vec::new();
    for op in disk.trace().into_iter().filter(|op| op.number >= first) {
        let word = match op.kind {
            TraceKind::Write { offset: 0, .. } => "header 0",
            TraceKind::Write { offset: 4096, .. } => "header 1",
            TraceKind::Write { .. } => "data",
            TraceKind::Sync { .. } => "sync",
            TraceKind::Rename { .. } => "rename",
            TraceKind::SyncDirectory => "sync directory",
            TraceKind::Create { .. } => "create",
            TraceKind::Reserve { .. } => continue,
            other => panic!("{other:?} has no place here"),
        };
        if words.last() != Some(&word) {
            words.push(word);
        }
    }
    words
}

#[test]
fn creation_is_durable_before_it_has_its_name() {
    let disk = SimDirectory::new();
    Store::create(arc(&disk), options()).unwrap();
    assert_eq!(words(&disk, 0), ["create", "header 0", "header 1", "sync", "rename", "sync directory"]);
}

#[test]
fn a_checkpoint_is_data_sync_header_sync_header_sync() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    for image in [false, true] {
        learner.learn(u64::from(image), b"content");
        let first = disk.operations();
        learner.checkpoint(&mut store, image).unwrap();
        assert_eq!(words(&disk, first), ["data", "sync", "header 0", "sync", "header 1", "sync"]);
    }
}

#[test]
fn committed_bytes_are_never_written_again() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    // Where records, blobs and footers of earlier commits lie: written once each, but for the two headers.
    let mut written: Vec<(u64, u64)> = Vec::new();
    for round in 0..8 {
        (0..100).for_each(|key| learner.learn(round * 50 + key, &[1; 300]));
        let first = disk.operations();
        learner.checkpoint(&mut store, round % 3 == 2).unwrap();
        for op in disk.trace().into_iter().filter(|op| op.number >= first) {
            let TraceKind::Write { offset, len, .. } = op.kind else { continue };
            if offset < 8192 {
                continue;
            }
            let clash = written.iter().find(|(at, length)| offset < at + length && *at < offset + len);
            assert_eq!(clash, None, "a write of {len} bytes at {offset}");
            written.push((offset, len));
        }
    }
}

#[test]
fn slices_are_paced_and_synced_in_between() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    (0..30).for_each(|key| learner.learn(key, &vec![1; 1_000_000]));
    let first = disk.operations();
    let slices = RefCell::new(Vec::new());
    let pace = |bytes| slices.borrow_mut().push(bytes);
    let snapshot = learner.publish();
    store.checkpoint(&snapshot, New { access: &[], groups: &[], image: None, pace: &pace }).unwrap();
    let slices = slices.into_inner();
    assert!(slices.iter().all(|bytes| (1..=1 << 20).contains(bytes)));
    let total: u64 = slices.iter().sum();
    assert!(total >= 30_000_000, "{total}");
    let mut unsynced = 0;
    for op in disk.trace().into_iter().filter(|op| op.number >= first) {
        match op.kind {
            TraceKind::Write { len, .. } => unsynced += len,
            TraceKind::Sync { name } => {
                assert_eq!(name, FILE_NAME);
                unsynced = 0;
            }
            _ => {}
        }
        assert!(unsynced <= 9 << 20, "{unsynced}");
    }
}
