//! What is acknowledged survives, by each way of acknowledging; and what a failing disk does to those who wait.

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::{config, open, open_log};
use sutra_storage::{Concept, ConcurrentConfig, ConcurrentMemory, Durability, Error};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Fault, Policy, SimDirectory};

fn name(number: u64) -> String {
    format!("concept {number}")
}

fn learn(memory: &ConcurrentMemory, number: u64) -> u64 {
    memory.learn_concept(&name(number), number.to_string(), None, 0.5, 0.5).unwrap()
}

/// Learns so many, and gives the last sequence.
fn learn_many(memory: &ConcurrentMemory, count: u64) -> u64 {
    (0..count).fold(0, |_, number| learn(memory, number))
}

/// Opens what a power cut leaves and counts its concepts, which are those from 0 on.
fn found(disk: &SimDirectory, durability: Durability) -> u64 {
    let memory = open(&disk.image(Policy::DropAll), durability).unwrap();
    let count = memory.concept_count();
    for number in 0..count {
        assert!(memory.contains(&name(number)).unwrap(), "{number} of {count}");
    }
    count
}

#[test]
fn always_returns_when_it_is_durable() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Always).unwrap();
    for number in 0..20 {
        learn(&memory, number);
        assert!(found(&disk, Durability::Always) > number);
    }
}

#[test]
fn always_is_durable_for_each_of_many_callers() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Always).unwrap();
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let (memory, disk) = (memory.clone(), &disk);
            scope.spawn(move || {
                for number in 0..8 {
                    let name = format!("{number} of {caller}");
                    memory.learn_concept(&name, "x", None, 1.0, 1.0).unwrap();
                    let after = open(&disk.image(Policy::DropAll), Durability::Always).unwrap();
                    assert!(after.contains(&name).unwrap());
                }
            });
        }
    });
}

#[test]
fn group_is_durable_after_wait_durable() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    for number in 0..20 {
        let sequence = learn(&memory, number);
        memory.wait_durable(sequence).unwrap();
        assert!(found(&disk, Durability::Group) > number);
    }
}

#[test]
fn what_a_reader_saw_survives() {
    for durability in [Durability::Group, Durability::Always] {
        let disk = SimDirectory::new();
        let memory = open(&disk, durability).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| learn_many(&memory, 300));
            while !writer.is_finished() {
                let seen = memory.concept_count();
                assert!(found(&disk, durability) >= seen);
            }
        });
    }
}

#[test]
fn none_has_no_log_and_flush_and_wait_durable_make_durable() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::None).unwrap();
    let sequence = learn(&memory, 0);
    memory.wait_visible(sequence).unwrap();
    assert_eq!(found(&disk, Durability::None), 0);
    memory.flush().unwrap();
    assert_eq!(found(&disk, Durability::None), 1);
    let sequence = learn(&memory, 1);
    memory.wait_durable(sequence).unwrap();
    assert_eq!(found(&disk, Durability::None), 2);
    assert_eq!(disk.list().unwrap(), ["storage.dat"]);
}

#[test]
fn flush_makes_durable_without_the_log() {
    for durability in [Durability::Group, Durability::Always, Durability::None] {
        let disk = SimDirectory::new();
        let memory = open(&disk, durability).unwrap();
        assert_eq!(learn_many(&memory, 10), 10);
        memory.flush().unwrap();
        let after = disk.image(Policy::DropAll);
        for name in after.list().unwrap().iter().filter(|name| name.starts_with("wal-")) {
            after.remove(name).unwrap();
        }
        assert_eq!(open(&after, durability).unwrap().concept_count(), 10);
    }
}

#[test]
fn durability_may_differ_from_one_open_to_the_next() {
    let mut disk = SimDirectory::new();
    let all = [Durability::Group, Durability::None, Durability::Always];
    for session in 0..12_u64 {
        let durability = all[session as usize % 3];
        let memory = open(&disk, durability).unwrap();
        assert_eq!(memory.concept_count(), session * 2);
        learn(&memory, session * 2);
        let sequence = learn(&memory, session * 2 + 1);
        memory.wait_durable(sequence).unwrap();
        if session % 4 == 3 {
            memory.close().unwrap();
        } else {
            disk = disk.image(Policy::DropAll);
        }
    }
}

#[test]
fn close_leaves_storage_dat_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
    let sequence = learn(&memory, 0);
    memory.wait_durable(sequence).unwrap();
    let names = || {
        let mut names: Vec<_> =
            folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert!(names().len() > 2, "a log and a lock while it is open");
    memory.close().unwrap();
    assert_eq!(names(), ["storage.dat"]);
    let before = std::fs::read(folder.path().join("storage.dat")).unwrap();
    // A session that writes nothing leaves the file as it is.
    ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap().close().unwrap();
    assert_eq!(names(), ["storage.dat"]);
    assert!(std::fs::read(folder.path().join("storage.dat")).unwrap() == before);
}

#[test]
fn a_failed_write_or_sync_of_the_log_poisons_and_tells_those_who_wait() {
    for fault in [Fault::FailedSync, Fault::Eio, Fault::Enospc, Fault::ShortWriteThenEio] {
        let disk = SimDirectory::new();
        let memory = open(&disk, Durability::Group).unwrap();
        let sequence = learn(&memory, 0);
        memory.wait_durable(sequence).unwrap();
        disk.fail_from(disk.operations(), fault);
        let sequence = learn(&memory, 1);
        std::thread::scope(|scope| {
            for waiter in 0..4 {
                let memory = &memory;
                scope.spawn(move || {
                    let outcome = match waiter {
                        0 | 1 => memory.wait_durable(sequence),
                        2 => memory.wait_visible(sequence),
                        _ => memory.flush(),
                    };
                    let Err(Error::Poisoned { cause }) = outcome else { panic!("{fault:?}: {outcome:?}") };
                    assert!(cause.contains("write-ahead log"), "{cause}");
                });
            }
        });
        // For good, also when the disk has recovered.
        disk.heal();
        assert!(matches!(memory.record_access("a"), Err(Error::Poisoned { .. })));
        assert!(matches!(memory.flush(), Err(Error::Poisoned { .. })));
        // Reads go on, and show nothing that is not durable.
        assert!(memory.contains(&name(0)).unwrap());
        assert!(!memory.contains(&name(1)).unwrap());
        let snapshot = memory.snapshot();
        assert!(matches!(memory.close(), Err(Error::Poisoned { .. })));
        drop(memory);
        assert!(snapshot.contains(&name(0)).unwrap());
        assert!(found(&disk, Durability::Group) >= 1, "{fault:?}");
        let memory = open(&disk, Durability::Group).unwrap();
        assert!(memory.contains(&name(0)).unwrap());
        let (number, sequence) = (memory.concept_count(), memory.sequence());
        assert_eq!(learn(&memory, number), sequence + 1);
        memory.flush().unwrap();
        assert_eq!(found(&disk, Durability::Group), number + 1);
    }
}

#[test]
fn under_always_the_failed_call_itself_is_told() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Always).unwrap();
    learn(&memory, 0);
    disk.fail_from(disk.operations(), Fault::FailedSync);
    let refused = memory.learn_concept("b", "", None, 0.5, 0.5);
    assert!(matches!(refused, Err(Error::Poisoned { .. })), "{refused:?}");
    assert_eq!(found(&disk, Durability::Always), 1);
}

#[test]
fn a_failed_sync_of_storage_dat_poisons_too() {
    for durability in [Durability::Group, Durability::None] {
        let disk = SimDirectory::new();
        let memory = open(&disk, durability).unwrap();
        learn(&memory, 0);
        memory.flush().unwrap();
        let sequence = learn(&memory, 1);
        memory.wait_visible(sequence).unwrap();
        disk.fail_from(disk.operations(), Fault::FailedSync);
        let refused = memory.flush();
        assert!(matches!(refused, Err(Error::Poisoned { .. } | Error::Io { .. })), "{refused:?}");
        assert!(matches!(memory.record_access("a"), Err(Error::Poisoned { .. })));
        assert!(memory.contains(&name(1)).unwrap());
        assert!(memory.close().is_err());
        drop(memory);
        let durable = if durability == Durability::None { 1 } else { 2 };
        assert!(found(&disk, durability) >= durable);
    }
}

#[test]
fn a_full_disk_at_a_checkpoint_is_given_up_and_tried_again() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    learn(&memory, 0);
    memory.flush().unwrap();
    for number in 1..4 {
        learn(&memory, number);
        // In no record: what a checkpoint that fails has taken of it must be put back.
        let sequence = memory.record_access(&name(number)).unwrap();
        memory.wait_visible(sequence).unwrap();
        disk.fail_from(disk.operations(), Fault::Enospc);
        for _ in 0..2 {
            let refused = memory.flush();
            assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
        }
        assert!(memory.contains(&name(number)).unwrap());
        disk.heal();
        // Writing goes on, what was accepted is in the log, and now there is room.
        assert!(found(&disk, Durability::Group) > number);
        memory.record_access(&name(0)).unwrap();
        memory.flush().unwrap();
    }
    memory.close().unwrap();
    assert_eq!(disk.list().unwrap(), ["storage.dat"]);
    assert_eq!(found(&disk, Durability::Group), 4);
    let memory = open(&disk, Durability::Group).unwrap();
    let accesses = |number| memory.query_concept(&name(number)).unwrap().unwrap().access_count().unwrap();
    assert_eq!((0..4).map(accesses).collect::<Vec<_>>(), [3, 1, 1, 1]);
}

// The checkpoint that nobody waits for is tried again by itself: the log can only get room from it.
#[test]
fn with_the_log_full_writers_wait_for_checkpoints_and_nothing_is_lost() {
    let disk = SimDirectory::new();
    let config = ConcurrentConfig { write_timeout: Duration::from_secs(600), ..config(Durability::Group) };
    let memory = open_log(&disk, config, 100_000).unwrap();
    let content = "x".repeat(2_000);
    for number in 0..600 {
        let sequence = memory.learn_concept(&name(number), &content, None, 0.5, 0.5).unwrap();
        if number % 10 == 0 {
            memory.wait_visible(sequence).unwrap();
        }
    }
    memory.close().unwrap();
    assert!(memory.stats().storage.checkpoints > 5);
    assert_eq!(found(&disk, Durability::Group), 600);
}

#[test]
fn with_the_log_full_and_the_disk_full_flush_and_close_return_the_cause() {
    let disk = SimDirectory::new();
    let memory = open_log(&disk, config(Durability::Group), 1).unwrap();
    let sequence = learn(&memory, 0);
    memory.wait_durable(sequence).unwrap();
    // The one segment that the log may have holds what no checkpoint covers.
    disk.fail_from(disk.operations(), Fault::Enospc);
    let large = "x".repeat(40_000);
    memory.learn(&Concept::new("large").content(&large)).unwrap();
    let refused = memory.flush();
    assert!(matches!(refused, Err(Error::Poisoned { .. } | Error::Io { .. })), "{refused:?}");
    assert!(memory.close().is_err());
    drop(memory);
    disk.heal();
    assert!(found(&disk, Durability::Group) >= 1);
}

#[test]
fn a_second_open_is_locked_out_also_by_another_path_and_lets_in_after_the_close() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("store"), folder.path().join("link"));
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(&path)).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    learn(&memory, 0);
    memory.flush().unwrap();
    for path in [&path, &link, &path.join("..").join("store")] {
        let refused = ConcurrentMemory::new(ConcurrentConfig::new(path));
        let Err(Error::Locked { pid, host, since }) = refused else { panic!("{refused:?}") };
        assert_eq!(pid, std::process::id());
        assert!(!host.is_empty() && since > 0);
    }
    learn(&memory, 1);
    memory.close().unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(&link)).unwrap();
    assert_eq!(memory.concept_count(), 2);
}

/// The directory that the test below has open, for the process that it starts.
const OPEN_ELSEWHERE: &str = "SUTRA_TEST_OPEN_ELSEWHERE";

#[test]
fn a_second_open_in_another_process_is_locked_out() {
    if let Some(path) = std::env::var_os(OPEN_ELSEWHERE) {
        let refused = ConcurrentMemory::new(ConcurrentConfig::new(path));
        let Err(Error::Locked { pid, .. }) = refused else { panic!("{refused:?}") };
        assert_ne!(pid, std::process::id());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
    let other = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_second_open_in_another_process_is_locked_out"])
        .env(OPEN_ELSEWHERE, folder.path())
        .output()
        .unwrap();
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    assert!(String::from_utf8_lossy(&other.stdout).contains("1 passed"));
    learn(&memory, 0);
    memory.close().unwrap();
}

#[test]
fn a_store_of_another_directory_is_another_store() {
    let disks = [SimDirectory::new(), SimDirectory::new()];
    let memories = disks.each_ref().map(|disk| open(disk, Durability::Group).unwrap());
    learn(&memories[0], 0);
    memories.iter().for_each(|memory| memory.flush().unwrap());
    assert_eq!(memories.map(|memory| memory.concept_count()), [1, 0]);
    let shared: Arc<dyn Directory> = Arc::new(disks[0].clone());
    assert!(shared.open("storage.dat").unwrap().is_some());
}
