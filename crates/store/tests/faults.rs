//! Writes and syncs that fail: given up or poisoned, and the next checkpoint is right.

mod support;

use support::{Learner, Random, arc, contents, open, options, seed, verify, verify_all_but_a_header};
use sutra_store::{Store, StoreError};
use sutra_vfs::sim::{Fault, Policy, SimDirectory, TraceKind};

fn scene(seed: u64) -> (SimDirectory, Store, Learner) {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    let mut random = Random(seed);
    for image in [true, false] {
        learner.learn_some(&mut random, 100, 50);
        learner.checkpoint(&mut store, image).unwrap();
    }
    learner.learn_some(&mut random, 100, 50);
    learner.learn(7, &vec![7; 80_000]);
    (disk, store, learner)
}

/// The operations of the checkpoint that follows the scene.
fn operations(seed: u64, image: bool) -> Vec<(u64, TraceKind)> {
    let (disk, mut store, mut learner) = scene(seed);
    let first = disk.operations();
    learner.checkpoint(&mut store, image).unwrap();
    disk.trace().into_iter().filter(|op| op.number >= first).map(|op| (op.number, op.kind)).collect()
}

#[test]
fn a_failed_write_gives_up_and_the_next_checkpoint_is_right() {
    let seed = seed(6);
    for image in [false, true] {
        for (number, kind) in operations(seed, image) {
            let fault = match kind {
                TraceKind::Write { .. } => Fault::ShortWriteThenEio,
                TraceKind::Reserve { .. } => Fault::Enospc,
                _ => continue,
            };
            let (disk, mut store, mut learner) = scene(seed);
            disk.fail_at(number, fault);
            let error = learner.checkpoint(&mut store, image).unwrap_err();
            assert!(matches!(error, StoreError::GivenUp { .. }), "{kind:?}: {error}");
            disk.heal();
            // The power may go while it is given up, and in the midst of the next one.
            for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(seed + number)] {
                verify_all_but_a_header(&disk.image(policy));
                open(&disk.image(policy));
            }
            learner.learn_some(&mut Random(seed + 1), 20, 50);
            learner.learn(9, &vec![9; 70_000]);
            let next = disk.operations();
            learner.checkpoint(&mut store, !image).unwrap();
            let now = contents(&learner.writer.latest());
            for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(seed + number)] {
                let after = disk.image(policy);
                verify(&after);
                let (again, learner) = open(&after);
                assert!(contents(&learner.writer.latest()) == now, "{kind:?}, {policy:?}");
                assert_eq!(again.repaired_header(), None);
                let groups = again.groups().unwrap();
                assert!(groups.is_sorted_by(|a, b| a.0 < b.0), "{groups:?}");
            }
            crash_in_the_next(seed, number, fault, image, next);
        }
    }
}

/// The same again, with a power cut at each operation of the checkpoint after the one that was given up.
fn crash_in_the_next(seed: u64, number: u64, fault: Fault, image: bool, next: u64) {
    for step in 0.. {
        let (disk, mut store, mut learner) = scene(seed);
        disk.fail_at(number, fault);
        learner.checkpoint(&mut store, image).unwrap_err();
        disk.heal();
        learner.learn_some(&mut Random(seed + 1), 20, 50);
        learner.learn(9, &vec![9; 70_000]);
        assert_eq!(disk.operations(), next);
        disk.crash_at(next + step);
        let ended = learner.checkpoint(&mut store, !image).is_ok();
        for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(seed + step)] {
            let after = disk.image(policy);
            verify_all_but_a_header(&after);
            open(&after);
        }
        if ended {
            return;
        }
    }
}

#[test]
fn a_failed_sync_poisons() {
    let seed = seed(7);
    for (number, kind) in operations(seed, true) {
        if !matches!(kind, TraceKind::Sync { .. }) {
            continue;
        }
        let (disk, mut store, mut learner) = scene(seed);
        disk.fail_at(number, Fault::FailedSync);
        assert!(matches!(learner.checkpoint(&mut store, true), Err(StoreError::SyncFailed { .. })));
        assert!(matches!(learner.checkpoint(&mut store, true), Err(StoreError::Poisoned)));
        for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(seed + number)] {
            verify(&disk.image(policy));
            open(&disk.image(policy));
        }
    }
}

/// The sync of a header failed; the process ended. Its successor found that header in the page cache, newer than the
/// other one, and synced the file before it believed it. That sync succeeded, as syncs do of pages that a failed one has
/// left clean: the header was not on the disk. The log was reused up to it, and the next power cut brought the commit
/// before back.
#[test]
fn a_header_whose_sync_failed_is_written_again_by_the_next_open() {
    let seed = seed(9);
    let syncs = operations(seed, false).into_iter().filter(|(_, kind)| matches!(kind, TraceKind::Sync { .. }));
    for (number, _) in syncs {
        let (disk, mut store, mut learner) = scene(seed);
        disk.fail_at(number, Fault::FailedSync);
        assert!(matches!(learner.checkpoint(&mut store, false), Err(StoreError::SyncFailed { .. })));
        drop(store);
        let (store, learner) = open(&disk);
        let (after, again) = open(&disk.image(Policy::DropAll));
        assert_eq!((after.commit(), after.sequence()), (store.commit(), store.sequence()));
        assert_eq!(contents(&again.writer.latest()), contents(&learner.writer.latest()));
    }
}

/// A block of the image that could not be read counted as damaged: the next image was written without its access counts,
/// and they were gone although the disk could be read again.
#[test]
fn access_counts_that_could_not_be_read_are_not_lost() {
    let (disk, mut store, mut learner) = scene(10);
    learner.access(7, 70);
    learner.checkpoint(&mut store, true).unwrap();
    learner.learn(9, b"news");
    let counts = store.access_entries().unwrap();
    assert!(!counts.is_empty());
    for number in 0.. {
        let (met, sequence) = (disk.faults(), store.sequence());
        disk.fail_read_at(disk.reads() + number, Fault::Eio);
        learner.learn(9, b"more news");
        // Without a new image, or given up.
        let ended = learner.checkpoint(&mut store, true).is_ok();
        assert!(ended == (store.sequence() > sequence));
        disk.heal();
        assert_eq!(store.access_entries().unwrap(), counts);
        if disk.faults() == met {
            break;
        }
    }
    disk.fail_reads_from(disk.reads(), Fault::Eio);
    assert!(matches!(store.access_entries(), Err(StoreError::Io { .. })));
    disk.heal();
    let (again, _) = open(&disk);
    assert_eq!(again.access_entries().unwrap(), counts);
}

#[test]
fn a_full_disk_ends_with_room() {
    let (disk, mut store, mut learner) = scene(8);
    disk.fail_from(disk.operations(), Fault::Enospc);
    for _ in 0..3 {
        assert!(matches!(learner.checkpoint(&mut store, true), Err(StoreError::GivenUp { .. })));
    }
    let sequence = store.sequence();
    disk.heal();
    learner.checkpoint(&mut store, true).unwrap();
    assert!(store.sequence() > sequence);
    verify(&disk);
    let (_, again) = open(&disk);
    assert_eq!(contents(&again.writer.latest()), contents(&learner.writer.latest()));
}

#[test]
fn a_failed_creation_leaves_nothing() {
    let disk = SimDirectory::new();
    Store::create(arc(&disk), options()).unwrap();
    for number in 0..disk.operations() {
        let disk = SimDirectory::new();
        disk.fail_at(number, Fault::Eio);
        assert!(Store::create(arc(&disk), options()).is_err());
        disk.heal();
        if Store::open(arc(&disk)).unwrap().is_none() {
            Store::create(arc(&disk), options()).unwrap();
        }
    }
}
