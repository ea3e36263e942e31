//! Images that are written beside commits: what comes in between is committed at once, and nothing of it is missing
//! afterwards, wherever the power is cut.

mod support;

use std::ops::ControlFlow;

use support::{Learner, Random, arc, contents, id, open, options, seed, verify};
use sutra_snapshot::Snapshot;
use sutra_store::{CheckpointReader, FILE_NAME, Imaging, Store, StoreError};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Fault, Policy, SimDirectory, TraceKind};
use zerocopy::IntoBytes;

/// Commits what was learned since the last commit.
fn commit_new(store: &mut Store, learner: &mut Learner) -> Result<Snapshot, StoreError> {
    learner.checkpoint(store, false)?;
    Ok(learner.writer.latest())
}

/// A store with two commits, and one image beside which two more are made; a last one takes the image. Gives what each commit
/// holds.
fn life(disk: &SimDirectory, seed: u64, shown: &mut Vec<String>) -> Result<(), StoreError> {
    let mut store = Store::create(arc(disk), options())?;
    let mut learner = Learner::new();
    let mut random = Random(seed);
    shown.push(contents(&learner.publish()));
    for image in [false, true] {
        learner.learn_some(&mut random, 100, 60);
        learner.checkpoint(&mut store, image)?;
        shown.push(contents(&learner.writer.latest()));
    }
    learner.learn_some(&mut random, 100, 60);
    let snapshot = commit_new(&mut store, &mut learner)?;
    shown.push(contents(&snapshot));
    let mut between = |store: &mut Store| {
        for _ in 0..2 {
            learner.learn_some(&mut random, 80, 70);
            learner.access(3, 5);
            shown.push(contents(&commit_new(store, &mut learner)?));
        }
        Ok(ControlFlow::Continue(()))
    };
    let image = store.write_image(&snapshot, Imaging { access: &[], keep: false, between: &mut between })?;
    assert!(image.is_some());
    learner.learn_some(&mut random, 60, 80);
    let newest = learner.publish();
    learner.commit(&mut store, &newest, image)?;
    shown.push(contents(&newest));
    Ok(())
}

#[test]
fn an_image_that_is_older_than_its_commit_loses_nothing() {
    let seed = seed(31);
    let (disk, mut shown) = (SimDirectory::new(), Vec::new());
    life(&disk, seed, &mut shown).unwrap();
    verify(&disk);
    let (store, restore) = Store::open(arc(&disk)).unwrap().unwrap();
    let image = restore.image.as_ref().expect("the last commit took it");
    assert!(image.header().sequence.get() < store.sequence());
    let again = Learner::restore(restore);
    assert_eq!(Some(&contents(&again.writer.latest())), shown.last());
    // Who reads without the engine finds also what lies between the image and its commit.
    let (reader, snapshot) = (CheckpointReader::open(arc(&disk)).unwrap(), again.writer.latest());
    for key in 0..100 {
        let expected = snapshot.find(&id(key)).unwrap().map(|(_, record)| record.checksum);
        assert_eq!(reader.find(&id(key)).unwrap().map(|found| found.record.checksum), expected, "concept {key}");
    }
}

#[test]
fn a_power_cut_beside_an_image_leaves_one_of_the_commits() {
    let seed = seed(32);
    let whole = SimDirectory::new();
    let mut shown = Vec::new();
    life(&whole, seed, &mut shown).unwrap();
    let mut seen = vec![0; shown.len()];
    for operation in 0..whole.operations() {
        let disk = SimDirectory::new();
        disk.crash_at(operation);
        let mut acknowledged = Vec::new();
        assert!(life(&disk, seed, &mut acknowledged).is_err());
        if acknowledged.is_empty() {
            continue;
        }
        for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(seed.wrapping_add(operation))] {
            let after = disk.image(policy);
            verify(&after);
            let (mut store, mut learner) = open(&after);
            let found = contents(&learner.writer.latest());
            // The last commit that returned, or the one that was under way.
            let which = shown.iter().position(|commit| *commit == found).expect("one of the commits");
            assert!(which + 1 >= acknowledged.len(), "operation {operation}, {policy:?}");
            seen[which] += 1;
            learner.learn_some(&mut Random(seed), 30, 80);
            learner.checkpoint(&mut store, true).unwrap();
            verify(&after);
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn an_image_that_is_given_up_leaves_the_store_as_it_is() {
    let seed = seed(33);
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    learner.learn_some(&mut Random(seed), 100, 60);
    for commits in [false, true] {
        let snapshot = commit_new(&mut store, &mut learner).unwrap();
        let end = store.file_bytes();
        let mut between = |store: &mut Store| {
            if commits {
                learner.learn(70, b"in between");
                commit_new(store, &mut learner)?;
            }
            Ok(ControlFlow::Break(()))
        };
        let imaging = Imaging { access: &[], keep: false, between: &mut between };
        assert!(store.write_image(&snapshot, imaging).unwrap().is_none());
        // Its place is used again, unless a commit lies behind it.
        learner.learn(71, b"afterwards");
        commit_new(&mut store, &mut learner).unwrap();
        verify(&disk);
        assert_eq!(store.file_bytes() - end > 12_000, commits, "{} bytes", store.file_bytes() - end);
    }
    let (_, again) = open(&disk);
    assert_eq!(contents(&again.writer.latest()), contents(&learner.writer.latest()));
}

/// A damaged record is found when an image is made of it. Tried again at every commit, each time a whole image would be written
/// for nothing, into a place that the commits beside it keep from being used again.
#[test]
fn an_image_that_cannot_be_made_is_not_begun_at_every_commit() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    (0..100).for_each(|key| learner.learn(key, b"before"));
    learner.checkpoint(&mut store, true).unwrap();
    let record = *learner.writer.latest().concept(50).unwrap();
    let file = disk.open(FILE_NAME).unwrap().unwrap();
    let mut bytes = vec![0; usize::try_from(store.file_bytes()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let at =
        bytes.windows(record.as_bytes().len()).position(|bytes| bytes == record.as_bytes()).expect("it is committed");
    file.write_all_at(&[!bytes[at + 40]], at as u64 + 40).unwrap();
    drop(store);

    let (mut store, mut learner) = open(&disk);
    (100..5_000).for_each(|key| learner.learn(key, b"after"));
    let mut begun = 0;
    for key in 0..6 {
        learner.learn(key, b"again");
        let snapshot = commit_new(&mut store, &mut learner).unwrap();
        if store.wants_image(&snapshot, false) {
            begun += 1;
            let mut between = |store: &mut Store| {
                learner.learn(key, b"in between");
                commit_new(store, &mut learner)?;
                Ok(ControlFlow::Continue(()))
            };
            let imaging = Imaging { access: &[], keep: false, between: &mut between };
            assert!(store.write_image(&snapshot, imaging).unwrap().is_none());
        }
    }
    assert_eq!(begun, 1);
    assert!(store.wants_image(&learner.writer.latest(), true), "a close takes the last chance");
}

#[test]
fn a_sync_of_an_image_that_fails_ends_committing() {
    let life = |fails: Option<u64>| {
        let disk = SimDirectory::new();
        let mut store = Store::create(arc(&disk), options()).unwrap();
        let mut learner = Learner::new();
        // An image of ten megabytes, which is synced once before its end.
        (0..200_000).for_each(|key| learner.learn(key, b""));
        learner.checkpoint(&mut store, false).unwrap();
        let first = disk.operations();
        if let Some(operation) = fails {
            disk.fail_at(operation, Fault::FailedSync);
        }
        let result = learner.checkpoint(&mut store, true).map(drop);
        let sync = disk.trace().into_iter().find(|op| op.number >= first && matches!(op.kind, TraceKind::Sync { .. }));
        (result, sync.expect("a sync").number, learner.checkpoint(&mut store, false).map(drop))
    };
    // The first one is the image's: what else is committed is written after it.
    let (whole, sync, next) = life(None);
    assert!(whole.is_ok() && next.is_ok());
    let (failed, _, next) = life(Some(sync));
    assert!(matches!(failed, Err(StoreError::SyncFailed { .. })), "{failed:?}");
    assert!(matches!(next, Err(StoreError::Poisoned)), "{next:?}");
}
