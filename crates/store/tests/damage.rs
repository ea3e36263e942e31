//! Damaged bytes and cut files: a typed error or the same content, never a panic, never a fresh start.

mod support;

use support::{Learner, Random, arc, contents, id, open, options, verify};
use sutra_store::{CheckpointReader, FILE_NAME, RepairedHeader, Store, StoreError};
use sutra_vfs::Directory;
use sutra_vfs::sim::SimDirectory;

fn store() -> (SimDirectory, Store, Learner) {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    let mut random = Random(11);
    for image in [false, true, false] {
        learner.learn_some(&mut random, 30, 12);
        learner.access(1, 3);
        learner.checkpoint(&mut store, image).unwrap();
    }
    (disk, store, learner)
}

/// The allocated bytes of a store's file, or all of another file's.
fn bytes(disk: &SimDirectory) -> Vec<u8> {
    let file = disk.open(FILE_NAME).unwrap().unwrap();
    let end = Store::open(arc(disk)).map_or(None, |opened| opened).map(|(store, _)| store.file_bytes());
    let mut bytes = vec![0; usize::try_from(end.unwrap_or(file.len().unwrap())).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn disk_of(bytes: &[u8]) -> SimDirectory {
    let disk = SimDirectory::new();
    let file = disk.create(FILE_NAME).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file.reserve(bytes.len() as u64).unwrap();
    disk
}

/// What a snapshot shows once it is opened, or the error.
fn try_open(disk: &SimDirectory) -> Result<String, StoreError> {
    let (_, restore) = Store::open(arc(disk))?.expect("never as if there were none");
    Ok(contents(&Learner::restore(restore).writer.latest()))
}

/// Where the footers and the image begin, found by their magic numbers: all that is not arenas.
fn positions(bytes: &[u8], magic: &[u8; 8]) -> Vec<usize> {
    (0..bytes.len()).step_by(4096).filter(|at| bytes[*at..].starts_with(magic)).collect()
}

#[test]
fn one_rotten_header_is_reported_and_repaired() {
    for slot in [0, 1] {
        let (disk, _, learner) = store();
        let file = disk.open(FILE_NAME).unwrap().unwrap();
        file.write_all_at(&[0xff; 16], slot as u64 * 4096 + 40).unwrap();
        assert_eq!(Store::verify(arc(&disk)).unwrap().problem_count, 1);
        let (mut store, mut again) = open(&disk);
        assert_eq!(store.repaired_header(), Some(RepairedHeader { slot, damaged: true }));
        assert_eq!(contents(&again.writer.latest()), contents(&learner.writer.latest()));
        again.learn(1, b"again");
        again.checkpoint(&mut store, false).unwrap();
        verify(&disk);
        assert_eq!(open(&disk).0.repaired_header(), None);
    }
}

#[test]
fn a_rotten_header_is_repaired_though_nothing_is_new() {
    let (disk, ..) = store();
    disk.open(FILE_NAME).unwrap().unwrap().write_all_at(&[0xff; 16], 40).unwrap();
    let (mut store, mut learner) = open(&disk);
    assert_eq!(verify(&disk).headers, 2);
    assert!(!learner.checkpoint(&mut store, false).unwrap().wrote);
}

#[test]
fn every_damaged_byte_of_the_headers_is_survived() {
    let (disk, ..) = store();
    let (whole, expected) = (bytes(&disk), try_open(&disk).unwrap());
    for slot in [0, 4096] {
        for byte in 0..256 {
            let mut flipped = whole.clone();
            flipped[slot + byte] ^= 1 << (byte % 8);
            assert_eq!(try_open(&disk_of(&flipped)).unwrap(), expected, "byte {byte} at {slot}");
        }
    }
}

#[test]
fn two_rotten_headers_are_an_error() {
    let (disk, ..) = store();
    let mut damaged = bytes(&disk);
    damaged[40] ^= 1;
    damaged[4096 + 40] ^= 1;
    assert!(matches!(try_open(&disk_of(&damaged)), Err(StoreError::Corrupt { region: "file header", .. })));
    damaged[..8].fill(0);
    assert!(matches!(try_open(&disk_of(&damaged)), Err(StoreError::Corrupt { .. })));
    damaged[4096..4104].fill(0);
    assert!(matches!(try_open(&disk_of(&damaged)), Err(StoreError::NotOurs)));
}

#[test]
fn a_newer_version_is_told() {
    use sutra_format::header::Header;
    use zerocopy::{FromBytes, IntoBytes};
    let (disk, ..) = store();
    let mut newer = bytes(&disk);
    let mut header = Header::read_from_bytes(&newer[..256]).unwrap();
    header.version = 7.into();
    header.seal();
    newer[..256].copy_from_slice(header.as_bytes());
    assert!(matches!(try_open(&disk_of(&newer)), Err(StoreError::NewerVersion { found: 7, supported: 1 })));
}

#[test]
fn every_damaged_byte_of_a_footer_is_an_error_or_changes_nothing() {
    let (disk, store, _) = store();
    let (whole, expected) = (bytes(&disk), try_open(&disk).unwrap());
    let ids: Vec<_> = (0..12).map(id).collect();
    let find = |disk: &SimDirectory| -> Result<Vec<_>, StoreError> {
        let reader = CheckpointReader::open(arc(disk))?;
        ids.iter().map(|id| Ok(reader.find(id)?.map(|found| (found.record.checksum, found.content)))).collect()
    };
    let found = find(&disk).unwrap();
    let footers = positions(&whole, b"SUTRAFTR");
    assert_eq!(footers.len(), 3);
    let mut refused = 0;
    for footer in footers {
        let length = u64::from_le_bytes(whole[footer + 160..footer + 168].try_into().unwrap());
        for byte in footer..footer + usize::try_from(length).unwrap() {
            let mut flipped = whole.clone();
            flipped[byte] ^= 1 << (byte % 8);
            let disk = disk_of(&flipped);
            match try_open(&disk) {
                Ok(contents) => assert_eq!(contents, expected, "byte {byte}"),
                Err(StoreError::Corrupt { .. } | StoreError::NewerVersion { .. }) => refused += 1,
                Err(error) => panic!("byte {byte}: {error}"),
            }
            match find(&disk) {
                Ok(read) => assert_eq!(read, found, "byte {byte}"),
                Err(StoreError::Corrupt { .. } | StoreError::NewerVersion { .. }) => {}
                Err(error) => panic!("byte {byte}: {error}"),
            }
            if byte % 4 == 0 {
                assert!(!Store::verify(arc(&disk)).unwrap().is_sound(), "byte {byte} of a footer at {footer}");
            }
        }
    }
    assert!(refused > 200, "{refused}");
    drop(store);
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let (disk, store, _) = store();
    let (whole, end) = (bytes(&disk), usize::try_from(store.file_bytes()).unwrap());
    let expected = try_open(&disk).unwrap();
    for length in (0..end).step_by(509).chain([1, 8, 255, 256, 4095, 4096, 4352, 8191, 8192, end - 1]) {
        match try_open(&disk_of(&whole[..length])) {
            Err(StoreError::Corrupt { .. }) => {}
            other => panic!("cut at {length}: {other:?}"),
        }
        assert!(!Store::verify(arc(&disk_of(&whole[..length]))).unwrap().is_sound(), "cut at {length}");
    }
    assert_eq!(try_open(&disk_of(&whole[..end])).unwrap(), expected);
}

#[test]
fn other_files_are_not_ours() {
    for content in [&b"SQLite format 3\0"[..], &[0; 4096], &[0; 9000], &[b'x'; 20_000]] {
        let disk = disk_of(content);
        let result = try_open(&disk);
        if content.len() >= 256 {
            assert!(matches!(result, Err(StoreError::NotOurs)), "{result:?}");
        } else {
            assert!(matches!(result, Err(StoreError::Corrupt { .. })), "{result:?}");
        }
        assert_eq!(bytes(&disk), content);
    }
    assert!(matches!(Store::verify(arc(&SimDirectory::new())), Err(StoreError::Absent)));
    assert!(matches!(CheckpointReader::open(arc(&SimDirectory::new())), Err(StoreError::Absent)));
}

#[test]
fn a_damaged_image_costs_nothing_but_time() {
    let (disk, _, learner) = store();
    let whole = bytes(&disk);
    let [image] = positions(&whole, b"SUTRAIMG")[..] else { panic!("one image") };
    let expected = contents(&learner.writer.latest());
    for byte in image..image + 176 {
        let mut flipped = whole.clone();
        flipped[byte] ^= 0x10;
        let disk = disk_of(&flipped);
        let (_, restore) = Store::open(arc(&disk)).unwrap().unwrap();
        assert!(restore.image.is_none(), "byte {byte}");
        let (mut store, mut learner) = open(&disk);
        // Access counts are in the rows alone, and those are intact.
        assert_eq!(contents(&learner.writer.latest()), expected, "byte {byte}");
        if byte % 16 == 0 {
            learner.learn(3, b"again");
            learner.checkpoint(&mut store, true).unwrap();
            verify(&disk);
            let (again, restore) = Store::open(arc(&disk)).unwrap().unwrap();
            assert!(restore.image.is_some());
            assert_eq!(again.access_entries().unwrap(), store.access_entries().unwrap());
        }
    }
}

#[test]
fn a_distrusted_image_is_not_used_until_it_is_replaced() {
    let (disk, mut store, mut learner) = store();
    let expected = contents(&learner.writer.latest());
    store.distrust_image();
    assert!(learner.checkpoint(&mut store, false).unwrap().wrote);
    assert!(!learner.checkpoint(&mut store, false).unwrap().wrote);
    let (_, restore) = Store::open(arc(&disk)).unwrap().unwrap();
    assert!(restore.image.is_none());
    let (mut store, mut learner) = open(&disk);
    assert_eq!(contents(&learner.writer.latest()), expected);
    learner.learn(1, b"more");
    learner.checkpoint(&mut store, false).unwrap();
    assert!(Store::open(arc(&disk)).unwrap().unwrap().1.image.is_none(), "still distrusted");
    assert!(store.wants_image(&learner.publish(), true));
    learner.checkpoint(&mut store, true).unwrap();
    assert!(Store::open(arc(&disk)).unwrap().unwrap().1.image.is_some());
    verify(&disk);
}

#[test]
fn every_flipped_byte_that_means_something_is_found_by_verify() {
    let (disk, store, _) = store();
    let whole = bytes(&disk);
    let end = usize::try_from(store.file_bytes()).unwrap();
    let mut found = 0;
    for byte in (0..end).step_by(61) {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        let disk = disk_of(&flipped);
        if Store::verify(arc(&disk)).unwrap().is_sound() {
            // Only where nothing is: unused parts of extents, pages behind headers and footers.
            assert_eq!(whole[byte], 0, "byte {byte}");
            assert_eq!(try_open(&disk).unwrap(), try_open(&disk_of(&whole)).unwrap());
        } else {
            found += 1;
        }
    }
    assert!(found > 100, "{found}");
}
