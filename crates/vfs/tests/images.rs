//! What each policy keeps of changes that were not synced.

use std::sync::Arc;

use sutra_vfs::sim::{Policy, Rest, SimDirectory, Unsynced};
use sutra_vfs::{Directory, File};

fn bytes(disk: &SimDirectory, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(name).unwrap()?;
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    Some(bytes)
}

/// A file of 1,024 durable `a`.
fn file(disk: &SimDirectory) -> Arc<dyn File> {
    let file = disk.create("file").unwrap();
    file.write_all_at(&[b'a'; 1024], 0).unwrap();
    file.sync_data().unwrap();
    disk.sync().unwrap();
    file
}

#[test]
fn a_write_is_torn_at_every_byte_across_sectors() {
    let disk = SimDirectory::new();
    file(&disk).write_all_at(&[b'b'; 300], 400).unwrap();
    for others in [false, true] {
        for done in 0..=300 {
            for (rest, then) in [(Rest::Before, b'a'), (Rest::Zeros, 0)] {
                let after = disk.image(Policy::Torn { change: 0, bytes: done as u64, rest, others });
                let mut expected = vec![b'a'; 1024];
                expected[400..400 + done].fill(b'b');
                expected[400 + done..700].fill(then);
                assert_eq!(bytes(&after, "file").unwrap(), expected, "{done} bytes, {rest:?}");
            }
        }
    }
}

#[test]
fn a_torn_write_stands_among_others_or_alone() {
    let disk = SimDirectory::new();
    let file = file(&disk);
    file.write_all_at(b"xx", 0).unwrap();
    file.write_all_at(b"yyyy", 1).unwrap();
    let torn = |others| disk.image(Policy::Torn { change: 1, bytes: 2, rest: Rest::Before, others });
    assert_eq!(&bytes(&torn(true), "file").unwrap()[..6], b"xyyaaa");
    assert_eq!(&bytes(&torn(false), "file").unwrap()[..6], b"ayyaaa");
}

#[test]
fn changes_are_counted_and_kept_or_lost_one_by_one() {
    let disk = SimDirectory::new();
    let file = file(&disk);
    file.write_all_at(b"one", 0).unwrap();
    file.write_all_at(b"two", 512).unwrap();
    file.reserve(4096).unwrap();
    disk.remove("file").unwrap();
    let name = || "file".to_owned();
    let expected = [
        Unsynced::Name,
        Unsynced::Write { name: name(), offset: 0, len: 3 },
        Unsynced::Write { name: name(), offset: 512, len: 3 },
        Unsynced::Length { name: name() },
    ];
    assert_eq!(disk.unsynced(), expected);
    assert_eq!(bytes(&disk.image(Policy::Only(0)), "file"), None);
    for (change, expected) in [(1, (b"one", b"aaa", 1024)), (2, (b"aaa", b"two", 1024)), (3, (b"aaa", b"aaa", 4096))] {
        let found = bytes(&disk.image(Policy::Only(change)), "file").expect("its removal is lost");
        assert_eq!((&found[..3], &found[512..515], found.len()), (&expected.0[..], &expected.1[..], expected.2));
    }
    let found = bytes(&disk.image(Policy::AllBut(0)), "file").unwrap();
    assert_eq!((&found[..3], &found[512..515], found.len()), (&b"one"[..], &b"two"[..], 4096));
    let kinds = |names, lengths, written| bytes(&disk.image(Policy::Kinds { names, lengths, bytes: written }), "file");
    assert_eq!(kinds(true, true, true), None);
    assert_eq!(kinds(false, true, false).unwrap().len(), 4096);
    assert_eq!(&kinds(false, false, true).unwrap()[..3], b"one");
}

#[test]
fn random_changes_are_whole() {
    let disk = SimDirectory::new();
    file(&disk).write_all_at(&[b'b'; 1024], 0).unwrap();
    let found = |seed| bytes(&disk.image(Policy::RandomChanges(seed)), "file").unwrap();
    let (mut kept, mut lost) = (0, 0);
    for seed in 0..64 {
        let bytes = found(seed);
        assert!(bytes == [b'a'; 1024] || bytes == [b'b'; 1024]);
        if bytes[0] == b'a' { lost += 1 } else { kept += 1 }
    }
    assert!(kept > 10 && lost > 10, "{kept} and {lost}");
}

#[test]
fn fingerprints_tell_bytes_lengths_and_names_apart() {
    let make = |name: &str, len: u64, at: u64, byte: u8| {
        let disk = SimDirectory::new();
        let file = disk.create(name).unwrap();
        file.reserve(len).unwrap();
        file.write_all_at(&[byte], at).unwrap();
        disk.fingerprint()
    };
    let first = make("file", 9000, 5000, 1);
    assert_eq!(first, make("file", 9000, 5000, 1));
    for other in [("fila", 9000, 5000, 1), ("file", 9001, 5000, 1), ("file", 9000, 904, 1), ("file", 9000, 5000, 2)] {
        assert_ne!(first, make(other.0, other.1, other.2, other.3), "{other:?}");
    }
    // Zeros that were written read like zeros that were not.
    assert_eq!(make("file", 9000, 1, 0), make("file", 9000, 5000, 0));
}
