//! What is done to a store's folder while the store is open, or to its files by links: no damage, to this store or to another
//! one that takes its place; the store goes on, or says clearly why not.

use std::path::Path;

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Error};
use sutra_vfs::RealDirectory;

use crate::support::config;
use crate::support::tier::checked;

/// With short segments of the log, so that files are made and removed all the time.
fn open(folder: &Path) -> ConcurrentMemory {
    let directory = std::sync::Arc::new(RealDirectory::open(folder).expect("a folder"));
    let opened = ConcurrentMemory::open_adjusted(directory, config(Durability::Group), |options| {
        options.wal_segment_bytes = 8192;
        options.overlap_bytes = 0;
        options.wal_bytes = 64 << 10;
    });
    opened.expect("opened")
}

/// Writes concepts `from..to`, each durable before the next; says how many were.
fn write(memory: &ConcurrentMemory, from: u64, to: u64) -> (u64, Option<Error>) {
    for number in from..to {
        let name = format!("concept {number}");
        let written = memory.learn_concept(&name, [7; 300], None, 0.5, 0.5);
        if let Err(error) = written.and_then(|sequence| memory.wait_durable(sequence)) {
            return (number, Some(error));
        }
        if number % 40 == 39
            && let Err(error) = memory.flush()
        {
            return (number + 1, Some(error));
        }
    }
    (to, None)
}

#[track_caller]
fn assert_wrote((durable, error): (u64, Option<Error>), all: u64) {
    assert!(durable == all && error.is_none(), "{durable} of {all}: {error:?}");
}

fn holds(memory: &ConcurrentMemory, count: u64) -> bool {
    (0..count).all(|number| memory.contains(&format!("concept {number}")).expect("readable"))
}

fn is_clear(error: &Error) -> bool {
    matches!(error, Error::Poisoned { .. } | Error::Io { .. })
}

#[test]
fn a_folder_that_is_moved_away_and_another_store_in_its_place() {
    let parent = tempfile::tempdir().expect("a folder");
    let (place, away) = (parent.path().join("store"), parent.path().join("away"));
    let memory = open(&place);
    assert_wrote(write(&memory, 0, 100), 100);
    std::fs::rename(&place, &away).expect("moved");

    let other = open(&place);
    assert_wrote(write(&other, 0, 10), 10);
    // The one that was moved goes on, or stops; it does nothing to the files of the other one.
    let (durable, error) = write(&memory, 100, 400);
    assert!(error.as_ref().is_none_or(is_clear), "{error:?}");
    assert!(durable == 400 || error.is_some());
    memory.wait_visible(durable).expect("durable is applied next");
    assert!(holds(&memory, durable), "what was acknowledged stays readable");
    assert_wrote(write(&other, 10, 200), 200);
    if let Err(error) = memory.close() {
        assert!(is_clear(&error), "{error:?}");
    }
    drop(memory);
    assert_wrote(write(&other, 200, 300), 300);
    other.close().expect("closed");
    drop(other);

    for (folder, count) in [(&place, 300), (&away, durable)] {
        let memory = open(folder);
        assert!(holds(&memory, count), "{} of {}", memory.concept_count(), folder.display());
        assert!(memory.concept_count() <= count + 1);
        assert_wrote(write(&memory, 400, 440), 440);
        memory.close().expect("closed");
    }
    checked(2, "stores of which one was moved from the other's place");
}

#[test]
fn a_folder_that_is_removed() {
    let parent = tempfile::tempdir().expect("a folder");
    let place = parent.path().join("store");
    let memory = open(&place);
    assert_wrote(write(&memory, 0, 100), 100);
    memory.flush().expect("flushed");
    let snapshot = memory.snapshot();
    std::fs::remove_dir_all(&place).expect("removed");
    let (_, error) = write(&memory, 100, 400);
    assert!(error.as_ref().is_none_or(is_clear), "{error:?}");
    assert!(holds(&memory, 100), "what was seen can be read");
    assert_eq!(snapshot.concept_count(), 100);
    if let Err(error) = memory.close() {
        assert!(is_clear(&error), "{error:?}");
    }
    drop(memory);
    assert!(!place.exists() || std::fs::read_dir(&place).expect("listed").next().is_none(), "nothing comes back");
    let memory = open(&place);
    assert!(memory.recovery().created);
    memory.close().expect("closed");
    checked(1, "stores whose folder was removed");
}

/// The lock is the folder's. Two folders with one file would be two writers of it.
#[test]
fn a_file_that_is_a_link_to_another_stores_is_refused() {
    let parent = tempfile::tempdir().expect("a folder");
    let (one, other) = (parent.path().join("one"), parent.path().join("other"));
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(&one)).expect("created");
    let sequence = memory.learn_concept("otter", "swims", None, 0.5, 0.5).expect("accepted");
    memory.wait_durable(sequence).expect("durable");
    std::fs::create_dir(&other).expect("made");
    std::os::unix::fs::symlink(one.join("storage.dat"), other.join("storage.dat")).expect("linked");
    // While the one is open, and when it is not.
    for _ in 0..2 {
        let refused = ConcurrentMemory::new(ConcurrentConfig::new(&other));
        assert!(matches!(refused, Err(Error::NotOurs { .. })), "{refused:?}");
        let left: Vec<_> = std::fs::read_dir(&other).expect("listed").map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["storage.dat"], "nothing was written");
        memory.close().expect("closed");
    }
    drop(memory);
    // A link that leads nowhere is no invitation to make a store at its end.
    std::fs::remove_file(other.join("storage.dat")).expect("removed");
    std::os::unix::fs::symlink(parent.path().join("nowhere"), other.join("storage.dat")).expect("linked");
    assert!(matches!(ConcurrentMemory::new(ConcurrentConfig::new(&other)), Err(Error::NotOurs { .. })));
    assert!(!parent.path().join("nowhere").exists());
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(&one)).expect("opened");
    assert!(memory.contains("otter").expect("readable"));
    checked(3, "opens of a store whose file is a link");
}
