//! The write-ahead log beside storage.dat.

use std::sync::Arc;

use sutra_format::wal::{SegmentHeader, WAL_VERSION};
use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Error, verify_in};
use sutra_vfs::sim::{Fault, Policy};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U32, U64};

use crate::support::{Random, bytes_of, cases, open, seed};
use crate::{CONCEPTS, Files, closed, disk_of, killed, learn, name, read_all, refuses};

fn is_log(name: &str) -> bool {
    name.starts_with("wal-")
}

fn killed_files() -> Files {
    bytes_of(&killed())
}

fn log_of(files: &Files) -> &str {
    let holds = |name: &&String| is_log(name) && !files[*name].is_empty();
    files.keys().find(holds).expect("the log holds what no checkpoint covers")
}

#[test]
fn the_log_is_there_and_storage_dat_is_missing() {
    let mut files = killed_files();
    files.remove("storage.dat");
    let error = refuses(&disk_of(&files), "no storage.dat");
    assert!(matches!(error, Error::NotOurs { .. }), "{error:?}");
}

#[test]
fn a_log_of_another_store() {
    let other = bytes_of(&closed());
    let mut files = killed_files();
    files.insert("storage.dat".to_owned(), other["storage.dat"].clone());
    let error = refuses(&disk_of(&files), "a foreign log");
    assert!(matches!(error, Error::NotOurs { .. }), "{error:?}");
}

#[test]
fn a_log_of_a_newer_version() {
    let mut files = killed_files();
    let name = log_of(&files).to_owned();
    let log = files.get_mut(&name).unwrap();
    let mut header = SegmentHeader::decode(log).unwrap();
    header.version = U32::new(WAL_VERSION + 1);
    let bytes = header.as_bytes();
    header.checksum = U64::new(xxh3(&bytes[..56]));
    log[..64].copy_from_slice(header.as_bytes());
    let error = refuses(&disk_of(&files), "a newer log");
    assert!(matches!(error, Error::NewerVersion { .. }), "{error:?}");
}

/// The checksum of the format.
fn xxh3(bytes: &[u8]) -> u64 {
    sutra_format::checksum(bytes)
}

// A group that a later one says to be durable was acknowledged. Damage to the last group cannot be told from one that was
// being written when the power went: it is cut off.
#[test]
fn flipped_bits_in_the_log_are_an_error_or_cost_the_last_group_at_most() {
    let first = seed(1);
    let whole = killed_files();
    let last = open(&disk_of(&whole), Durability::Group).unwrap().sequence();
    let log = log_of(&whole).to_owned();
    let places: Vec<_> = (0..whole[&log].len()).filter(|at| whole[&log][*at] != 0).collect();
    let mut refused = 0;
    for case in first..first + cases(150) {
        println!("SUTRA_SEED={case}");
        let mut random = Random(case);
        let mut files = whole.clone();
        let at = random.pick(&places);
        files.get_mut(&log).unwrap()[at] ^= 1 << random.below(8);
        let disk = disk_of(&files);
        let before = bytes_of(&disk);
        match open(&disk, Durability::Group) {
            Err(error) => {
                assert!(matches!(error, Error::Corrupt { .. }), "byte {at}: {error:?}");
                assert!(bytes_of(&disk) == before, "byte {at}: the files have changed");
                refused += 1;
            }
            Ok(memory) => {
                // The last group is the last access and whatever else was gathered with it.
                let found = memory.sequence();
                assert!(found == last || memory.recovery().cut_bytes > 0, "byte {at}: {found} of {last}");
                let concepts = CONCEPTS - usize::from(found < last);
                assert_eq!(read_all(&memory.snapshot(), concepts - 1).damaged, 0, "byte {at}");
            }
        }
    }
    assert!(refused > 0, "some groups are known to be durable");
}

#[test]
fn a_log_cut_short_is_an_error() {
    let whole = killed_files();
    let log = log_of(&whole).to_owned();
    for length in [0, 1, 63, 64, 4095, 4096, 4097, whole[&log].len() / 2, whole[&log].len() - 4096] {
        let mut files = whole.clone();
        files.get_mut(&log).unwrap().truncate(length);
        let disk = disk_of(&files);
        let before = bytes_of(&disk);
        // A segment's header says how long it is, but an empty file is one that was never begun.
        match open(&disk, Durability::Group) {
            Ok(memory) => {
                assert_eq!(length, 0, "a log that was cut short is taken for whole");
                assert!(!memory.recovery().created);
                assert_eq!(read_all(&memory.snapshot(), 100).damaged, 0);
                learn(&memory, 3);
                memory.close().unwrap();
            }
            Err(error) => {
                assert!(matches!(error, Error::Corrupt { .. }), "{length}: {error:?}");
                assert!(bytes_of(&disk) == before, "{length}: the files have changed");
            }
        }
    }
}

#[test]
fn a_file_that_is_nobodys_is_left_alone() {
    let mut files = killed_files();
    for name in ["notes.txt", "wal-1.log", "storage.dat~"] {
        files.insert(name.to_owned(), b"not of this store".to_vec());
    }
    let disk = disk_of(&files);
    let memory = open(&disk, Durability::Group).unwrap();
    assert_eq!(read_all(&memory.snapshot(), CONCEPTS).damaged, 0);
    memory.close().unwrap();
    assert!(memory.contains(&name(0)).unwrap());
    let left = bytes_of(&disk);
    assert_eq!(left.keys().collect::<Vec<_>>(), ["notes.txt", "storage.dat", "storage.dat~", "wal-1.log"]);
    assert_eq!(left["notes.txt"], b"not of this store");
}

/// `verify` reads the log of a killed process as the next open would, and changes nothing.
#[test]
fn verify_reads_the_log_too_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = killed_files();
    let log = log_of(&files).to_owned();
    for (name, bytes) in &files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let verified = sutra_storage::verify(folder.path()).unwrap();
    assert!(verified.is_sound() && verified.log_entries > 0, "{verified:?}");

    // In the last quarter, which no checkpoint covers, and before its end: later groups say that it was durable.
    let used = files[&log].iter().rposition(|byte| *byte != 0).unwrap();
    let mut damaged = files[&log].clone();
    let place = (used - (used - 4096) / 8..used).find(|at| damaged[*at] != 0).unwrap();
    damaged[place] ^= 0x10;
    std::fs::write(folder.path().join(&log), &damaged).unwrap();
    let verified = sutra_storage::verify(folder.path()).unwrap();
    assert!(!verified.is_sound(), "{verified:?}");
    assert!(verified.file.problems.iter().any(|problem| problem.region == "write-ahead log"), "{verified:?}");

    assert!(std::fs::read(folder.path().join(&log)).unwrap() == damaged, "verify writes nothing");
    assert!(std::fs::read(folder.path().join("storage.dat")).unwrap() == files["storage.dat"]);
    std::fs::write(folder.path().join(&log), &files[&log]).unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
    assert_eq!(memory.concept_count(), CONCEPTS as u64);
}

#[test]
fn verify_tells_of_every_read_that_fails() {
    let disk = killed();
    let sound = verify_in(Arc::new(disk.clone())).unwrap();
    assert!(sound.is_sound() && sound.log_entries > 0);
    let reads = disk.reads();
    assert!(reads > 20, "{reads}");
    for number in 0..reads {
        let disk = disk.image(Policy::KeepAll);
        disk.fail_read_at(number, Fault::Eio);
        let error = verify_in(Arc::new(disk)).expect_err("it has not read everything");
        assert!(matches!(error, Error::Io { .. }), "read {number}: {error:?}");
    }
}
