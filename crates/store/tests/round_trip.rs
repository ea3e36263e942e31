//! What is committed is what the next open finds.

mod support;

use support::{Learner, Random, STORE_ID, arc, contents, open, options, seed, verify};
use sutra_store::{FILE_NAME, Store, StoreError, TEMPORARY_NAME};
use sutra_vfs::sim::SimDirectory;
use sutra_vfs::{Directory, RealDirectory};

#[test]
fn a_created_store_opens_empty() {
    let disk = SimDirectory::new();
    assert!(Store::open(arc(&disk)).unwrap().is_none());
    let store = Store::create(arc(&disk), options()).unwrap();
    assert_eq!((store.store_id(), store.sequence(), store.commit()), (STORE_ID, 0, 0));
    drop(store);
    let (store, restore) = Store::open(arc(&disk)).unwrap().unwrap();
    assert_eq!((store.store_id(), store.sequence(), store.created()), (STORE_ID, 0, 1_000));
    assert_eq!(store.repaired_header(), None);
    assert!(restore.image.is_none() && restore.chunks.iter().all(Vec::is_empty));
    assert!(matches!(Store::create(arc(&disk), options()), Err(StoreError::Exists)));
}

#[test]
fn a_leftover_of_creation_is_removed() {
    let disk = SimDirectory::new();
    disk.create(TEMPORARY_NAME).unwrap();
    assert!(Store::open(arc(&disk)).unwrap().is_none());
    assert_eq!(disk.list().unwrap(), Vec::<String>::new());
    disk.create(TEMPORARY_NAME).unwrap();
    Store::create(arc(&disk), options()).unwrap();
    assert_eq!(disk.list().unwrap(), [FILE_NAME]);
}

/// Sessions of a few checkpoints each, with and without images, on a directory of either kind.
fn sessions(directory: &(impl Directory + Clone + 'static), seed: u64) {
    let mut random = Random(seed);
    let mut store = Store::create(arc(directory), options()).unwrap();
    let mut learner = Learner::new();
    for session in 0..6 {
        for _ in 0..=random.below(3) {
            let operations = random.below(600);
            learner.learn_some(&mut random, operations, 300);
            let image = random.below(3) == 0;
            let committed = learner.checkpoint(&mut store, image).unwrap();
            assert_eq!(committed.sequence, learner.writer.sequence());
            for (arena, index, map) in committed.chunks {
                assert_eq!(&map[..], learner.writer.latest().chunk(arena, index), "{arena:?} {index}");
                learner.writer.swap_chunk(arena, index, map);
            }
        }
        let before = contents(&learner.writer.latest());
        let (groups, lengths) = (store.groups().unwrap(), store.committed());
        assert_eq!(lengths, *learner.writer.latest().lengths());
        assert!(groups.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1));
        drop(store);
        let report = verify(directory);
        assert_eq!((report.concepts, report.edges), (lengths.concepts, lengths.edges));
        (store, learner) = open(directory);
        assert_eq!(contents(&learner.writer.latest()), before, "session {session}");
        assert_eq!(store.groups().unwrap(), groups);
    }
}

#[test]
fn sessions_on_the_simulated_disk() {
    let seed = seed(1);
    for run in 0..10 {
        sessions(&SimDirectory::new(), seed + run);
    }
}

#[test]
fn sessions_on_a_real_disk() {
    let seed = seed(2);
    for run in 0..3 {
        let temporary = tempfile::tempdir().unwrap();
        sessions(&RealDirectory::open(temporary.path()).unwrap(), seed + run);
    }
}

#[test]
fn large_and_oversized_contents_come_back() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    for (key, length) in [(1, 10), (2, 65_532), (3, 65_533), (4, 9_000_001), (5, 0), (6, 131_068), (7, 1)] {
        learner.learn(key, &vec![key as u8; length]);
        learner.checkpoint(&mut store, key % 3 == 0).unwrap();
    }
    let before = contents(&learner.writer.latest());
    let (_, learner) = open(&disk);
    assert!(contents(&learner.writer.latest()) == before);
}

#[test]
fn a_checkpoint_of_nothing_new_writes_nothing() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    let nothing = learner.checkpoint(&mut store, false).unwrap();
    assert!(!nothing.wrote);
    learner.learn(1, b"one");
    assert!(learner.checkpoint(&mut store, true).unwrap().wrote);
    let (operations, bytes) = (disk.operations(), store.file_bytes());
    for image in [false, true] {
        let nothing = learner.checkpoint(&mut store, image).unwrap();
        assert!(!nothing.wrote);
    }
    assert_eq!((disk.operations(), store.file_bytes()), (operations, bytes));
}

#[test]
fn an_older_snapshot_is_refused() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    learner.learn(1, b"one");
    let old = learner.publish();
    learner.learn(2, b"two");
    learner.checkpoint(&mut store, false).unwrap();
    let new = sutra_store::New { access: &[], groups: &[], image: None, pace: &|_| {} };
    assert!(matches!(store.checkpoint(&old, new), Err(StoreError::Stale)));
    learner.learn(3, b"three");
    learner.checkpoint(&mut store, false).unwrap();
    let (_, again) = open(&disk);
    assert_eq!(contents(&again.writer.latest()), contents(&learner.writer.latest()));
}

#[test]
fn images_are_wanted_when_they_help() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    assert!(!store.wants_image(&learner.publish(), true), "nothing to write");
    (0..100).for_each(|key| learner.learn(key, b""));
    let snapshot = learner.publish();
    assert!(!store.wants_image(&snapshot, false), "few records");
    assert!(store.wants_image(&snapshot, true));
    learner.checkpoint(&mut store, true).unwrap();
    assert!(!store.wants_image(&learner.publish(), true), "all is covered");
    (0..10).for_each(|key| learner.learn(key, b""));
    assert!(!store.wants_image(&learner.publish(), true), "a tenth");
    learner.learn(10, b"");
    assert!(store.wants_image(&learner.publish(), true), "more than a tenth");
    (0..5_000).for_each(|key| learner.learn(key, b""));
    assert!(store.wants_image(&learner.publish(), false), "more than half");
}

#[test]
fn the_file_grows_by_doubling_and_old_images_are_dead() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    (0..200).for_each(|key| learner.learn(key, &[1; 100]));
    learner.checkpoint(&mut store, true).unwrap();
    assert_eq!(store.dead_bytes(), 0);
    let file = disk.open(FILE_NAME).unwrap().unwrap();
    let length = file.len().unwrap();
    assert!(length.is_power_of_two() && length >= store.file_bytes());
    learner.learn(1_000, b"");
    learner.checkpoint(&mut store, true).unwrap();
    let dead = store.dead_bytes();
    assert!(dead > 0 && dead < store.file_bytes());
    drop(store);
    assert_eq!(open(&disk).0.dead_bytes(), dead);
}
