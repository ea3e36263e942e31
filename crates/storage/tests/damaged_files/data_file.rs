//! storage.dat.

use sutra_format::header::{FORMAT_VERSION, HEADER_SIZE, HEADER_SLOTS, Header};
use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Error};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Fault, SimDirectory};
use zerocopy::IntoBytes;
use zerocopy::little_endian::U32;

use crate::support::{Random, bytes_of, cases, open, seed};
use crate::{CONCEPTS, Files, closed, disk_of, killed, opens_or_refuses, read_all, refuses};

fn header(files: &Files) -> Header {
    Header::read(&files["storage.dat"]).unwrap()
}

fn data(files: &mut Files) -> &mut Vec<u8> {
    files.get_mut("storage.dat").unwrap()
}

#[test]
fn a_file_that_is_not_ours() {
    let mut random = Random(seed(1));
    let noise: Vec<u8> = (0..20_000).map(|_| random.next() as u8).collect();
    let text = b"a file of somebody else's\n".repeat(400);
    for foreign in [vec![], b"x".to_vec(), text, vec![0; 100], vec![0; 10_000], noise] {
        let disk = disk_of(&Files::from([("storage.dat".to_owned(), foreign)]));
        let short = bytes_of(&disk)["storage.dat"].len() < HEADER_SIZE;
        let error = refuses(&disk, "a foreign file");
        // What is shorter than a header may be what is left of one of ours.
        let damaged = short && matches!(error, Error::Corrupt { .. });
        assert!(damaged || matches!(error, Error::NotOurs { .. }), "{error:?}");
    }
}

#[test]
fn a_newer_version() {
    for slots in [&HEADER_SLOTS[..], &HEADER_SLOTS[..1], &HEADER_SLOTS[1..]] {
        let mut files = bytes_of(&closed());
        let mut newer = header(&files);
        newer.version = U32::new(FORMAT_VERSION + 1);
        newer.seal();
        for slot in slots {
            data(&mut files)[*slot as usize..][..HEADER_SIZE].copy_from_slice(newer.as_bytes());
        }
        let error = refuses(&disk_of(&files), "a newer version");
        let (newer, ours) = (FORMAT_VERSION + 1, FORMAT_VERSION);
        assert!(matches!(error, Error::NewerVersion { found, supported } if (found, supported) == (newer, ours)));
    }
}

#[test]
fn cut_short_at_several_lengths() {
    for whole in [bytes_of(&closed()), bytes_of(&killed())] {
        let end = header(&whole).file_end.get() as usize;
        for length in [0, 1, 8, 255, 256, 4095, 4096, 4351, 4352, 8191, 8192, end / 3, end / 2, end - 4096, end - 1] {
            let mut files = whole.clone();
            data(&mut files).truncate(length);
            let error = refuses(&disk_of(&files), &format!("{length} of {end} bytes"));
            match error {
                Error::NotOurs { .. } => assert!(length < HEADER_SIZE, "{length}"),
                Error::Corrupt { .. } => {}
                other => panic!("{length} of {end} bytes: {other:?}"),
            }
        }
        // What is only reserved for growth may go.
        let mut files = whole.clone();
        data(&mut files).truncate(end);
        let memory = open(&disk_of(&files), Durability::Group).unwrap();
        assert_eq!(read_all(&memory.snapshot(), CONCEPTS).damaged, 0);
    }
}

#[test]
fn flipped_bits_in_one_header_are_read_around_and_reported_and_in_both_are_an_error() {
    let whole = bytes_of(&closed());
    let mut random = Random(seed(2));
    for _ in 0..20 {
        let flips = [0, 1].map(|slot| (HEADER_SLOTS[slot] as usize + random.below(256) as usize, random.below(8)));
        for (at, bit) in flips {
            let mut files = whole.clone();
            data(&mut files)[at] ^= 1 << bit;
            let disk = disk_of(&files);
            let memory = open(&disk, Durability::Group).unwrap();
            assert!(memory.recovery().repaired_header);
            assert_eq!(read_all(&memory.snapshot(), CONCEPTS).damaged, 0);
            // The next checkpoint writes both again.
            memory.record_access("concept 3").unwrap();
            memory.close().unwrap();
            drop(memory);
            assert!(!open(&disk, Durability::Group).unwrap().recovery().repaired_header);
        }
        let mut files = whole.clone();
        flips.iter().for_each(|(at, bit)| data(&mut files)[*at] ^= 1 << bit);
        let error = refuses(&disk_of(&files), &format!("{flips:?}"));
        assert!(matches!(error, Error::Corrupt { .. } | Error::NotOurs { .. }), "{error:?}");
    }
}

#[test]
fn flipped_bits_anywhere_give_an_error_or_the_right_answer() {
    let first = seed(3);
    let mut seen = [0; 3];
    for whole in [bytes_of(&closed()), bytes_of(&killed())] {
        let end = header(&whole).file_end.get();
        // The places that hold something: a flip among zeros that nobody reads shows nothing.
        let places: Vec<_> = (8192..end as usize).filter(|at| whole["storage.dat"][*at] != 0).collect();
        for case in first..first + cases(150) {
            println!("SUTRA_SEED={case}");
            let mut random = Random(case);
            let mut files = whole.clone();
            for _ in 0..1 + random.below(3) {
                data(&mut files)[random.pick(&places)] ^= 1 << random.below(8);
            }
            let disk = disk_of(&files);
            match opens_or_refuses(&disk, &format!("case {case}")) {
                None => seen[0] += 1,
                Some(read) => seen[1 + usize::from(read.damaged > 0)] += 1,
            }
        }
    }
    println!("refused, all right, some damaged: {seen:?}");
}

// What a damaged image is made from is whole: it is made again.
#[test]
fn a_damaged_store_that_opens_is_damaged_no_further_by_being_opened() {
    let first = seed(4);
    let whole = bytes_of(&closed());
    let end = header(&whole).file_end.get();
    let places: Vec<_> = (8192..end as usize).filter(|at| whole["storage.dat"][*at] != 0).collect();
    for case in first..first + cases(60) {
        println!("SUTRA_SEED={case}");
        let mut random = Random(case);
        let mut files = whole.clone();
        data(&mut files)[random.pick(&places)] ^= 1 << random.below(8);
        let disk = disk_of(&files);
        let Some(before) = opens_or_refuses(&disk, "once") else { continue };
        let after = opens_or_refuses(&disk, "twice").expect("it opened before");
        let again = opens_or_refuses(&disk, "three times").expect("it opened before");
        assert!(after.damaged <= before.damaged && again == after, "{before:?}, then {after:?}, then {again:?}");
    }
}

#[test]
fn verify_finds_the_damage_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("storage.dat");
    let whole = bytes_of(&closed());
    std::fs::write(&path, &whole["storage.dat"]).unwrap();
    assert!(sutra_storage::verify(folder.path()).unwrap().is_sound());
    let config = || ConcurrentConfig::new(folder.path());
    let memory = ConcurrentMemory::new(config()).unwrap();
    assert!(matches!(sutra_storage::verify(folder.path()), Err(Error::Locked { .. })));
    memory.close().unwrap();
    let (mut random, end) = (Random(seed(5)), header(&whole).file_end.get() as usize);
    let places: Vec<_> = (8192..end).filter(|at| whole["storage.dat"][*at] != 0).collect();
    let mut found = 0;
    for _ in 0..40 {
        let mut bytes = whole["storage.dat"].clone();
        bytes[random.pick(&places)] ^= 1 << random.below(8);
        std::fs::write(&path, &bytes).unwrap();
        found += u32::from(!sutra_storage::verify(folder.path()).unwrap().is_sound());
        assert!(std::fs::read(&path).unwrap() == bytes, "verify writes nothing");
    }
    // The rest hit images that newer ones have superseded.
    assert!(found >= 30, "{found} of 40");
}

#[test]
fn a_full_disk_refuses_a_new_store_and_opens_it_when_there_is_room() {
    for from in 0..12 {
        let disk = SimDirectory::new();
        disk.fail_from(from, Fault::Enospc);
        if let Err(error) = open(&disk, Durability::Group) {
            assert!(matches!(error, Error::Io { .. }), "{error:?}");
        }
        disk.heal();
        let memory = open(&disk, Durability::Group).unwrap();
        memory.record_access("a").unwrap();
        memory.close().unwrap();
    }
}

#[test]
fn a_read_only_disk_refuses_a_new_store_and_shows_an_old_one() {
    let disk = SimDirectory::new();
    disk.fail_from(0, Fault::Eio);
    assert!(matches!(open(&disk, Durability::Group), Err(Error::Io { .. })));
    assert!(disk.list().unwrap().is_empty());

    let disk = closed();
    let before = bytes_of(&disk);
    disk.fail_from(disk.operations(), Fault::Eio);
    let memory = open(&disk, Durability::Group).unwrap();
    assert_eq!(read_all(&memory.snapshot(), CONCEPTS).damaged, 0);
    // What is written is accepted, and does not become durable: who waits is told.
    let sequence = memory.record_access("concept 3").unwrap();
    assert!(matches!(memory.wait_durable(sequence), Err(Error::Poisoned { .. })));
    assert!(matches!(memory.record_access("concept 3"), Err(Error::Poisoned { .. })));
    assert_eq!(read_all(&memory.snapshot(), CONCEPTS).damaged, 0);
    assert!(matches!(memory.close(), Err(Error::Poisoned { .. })));
    drop(memory);
    assert!(bytes_of(&disk) == before);
}

#[test]
fn a_path_that_is_a_file_or_lies_below_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "mine").unwrap();
    for bad in [path.clone(), path.join("below")] {
        let refused = ConcurrentMemory::new(ConcurrentConfig::new(&bad));
        assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}
