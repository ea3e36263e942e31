//! The simulated disk forgets what it may and nothing else.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

use sutra_vfs::sim::{Fault, Policy, SECTOR, SimDirectory, TraceKind};
use sutra_vfs::{Directory, File};

fn read(disk: &SimDirectory, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(name).expect("power")?;
    let mut bytes = vec![0; usize::try_from(file.len().expect("power")).expect("small")];
    file.read_exact_at(&mut bytes, 0).expect("within");
    Some(bytes)
}

fn synced(disk: &SimDirectory, name: &str, bytes: &[u8]) -> Arc<dyn File> {
    let file = disk.create(name).expect("free");
    file.write_all_at(bytes, 0).expect("written");
    file.sync_data().expect("synced");
    disk.sync().expect("synced");
    file
}

#[test]
fn what_was_synced_stays_under_every_policy() {
    let disk = SimDirectory::new();
    synced(&disk, "a", &[1; 3000]);
    for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(1), Policy::Random(2)] {
        assert_eq!(read(&disk.image(policy), "a"), Some(vec![1; 3000]));
    }
}

#[test]
fn each_unsynced_sector_goes_its_own_way() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[1; 4 * SECTOR]);
    file.write_all_at(&[2; 4 * SECTOR], 0).expect("written");
    assert_eq!(read(&disk.image(Policy::DropAll), "a"), Some(vec![1; 4 * SECTOR]));
    assert_eq!(read(&disk.image(Policy::KeepAll), "a"), Some(vec![2; 4 * SECTOR]));
    let mut seen = BTreeSet::new();
    for seed in 0..400 {
        let bytes = read(&disk.image(Policy::Random(seed)), "a").expect("there");
        let sectors: Vec<u8> = bytes.chunks(SECTOR).map(|sector| sector[0]).collect();
        assert!(bytes.chunks(SECTOR).all(|sector| sector.iter().all(|byte| *byte == sector[0])), "whole sectors");
        seen.insert(sectors);
    }
    assert_eq!(seen.len(), 16, "every combination of four sectors");
}

#[test]
fn a_sector_holds_what_the_page_cache_held() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[0; SECTOR]);
    file.write_all_at(&[1; 100], 0).expect("written");
    file.write_all_at(&[2; 100], 100).expect("written");
    let seen: BTreeSet<(u8, u8)> = (0..100)
        .map(|seed| read(&disk.image(Policy::Random(seed)), "a").expect("there"))
        .map(|bytes| (bytes[0], bytes[100]))
        .collect();
    // The second write's sector includes the first's bytes.
    assert_eq!(seen, BTreeSet::from([(0, 0), (1, 0), (1, 2)]));
}

#[test]
fn lengths_are_durable_with_a_sync_only() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", b"abc");
    file.reserve(1000).expect("reserved");
    file.truncate(2).expect("cut");
    file.allocate(5000).expect("allocated");
    assert_eq!(file.len().expect("power"), 5000);
    assert_eq!(read(&disk.image(Policy::DropAll), "a"), Some(b"abc".to_vec()));
    let seen: BTreeSet<usize> =
        (0..200).map(|seed| read(&disk.image(Policy::Random(seed)), "a").expect("there").len()).collect();
    assert_eq!(seen, BTreeSet::from([3, 1000, 2, 5000]), "any prefix of the changes");
    file.sync_data().expect("synced");
    assert_eq!(read(&disk.image(Policy::DropAll), "a").expect("there").len(), 5000);
}

#[test]
fn names_are_durable_with_a_directory_sync_only() {
    let disk = SimDirectory::new();
    synced(&disk, "old", b"old");
    let new = disk.create("new").expect("free");
    new.write_all_at(b"new", 0).expect("written");
    new.sync_data().expect("synced");
    assert_eq!(disk.image(Policy::DropAll).list().expect("power"), ["old"]);
    disk.sync().expect("synced");
    disk.rename("new", "old").expect("replaces");
    let seen: BTreeSet<Vec<(String, Vec<u8>)>> = (0..50)
        .map(|seed| disk.image(Policy::Random(seed)))
        .map(|image| {
            let names = image.list().expect("power");
            names.into_iter().map(|name| (name.clone(), read(&image, &name).expect("there"))).collect()
        })
        .collect();
    let done = vec![("old".to_owned(), b"new".to_vec())];
    let undone = vec![("new".to_owned(), b"new".to_vec()), ("old".to_owned(), b"old".to_vec())];
    assert_eq!(seen, BTreeSet::from([done, undone]), "a rename is whole");
    disk.remove("old").expect("there");
    assert_eq!(disk.image(Policy::DropAll).list().expect("power"), ["new", "old"]);
    disk.sync().expect("synced");
    assert!(disk.image(Policy::DropAll).list().expect("power").is_empty());
}

#[test]
fn steps_of_one_name_keep_their_order() {
    let disk = SimDirectory::new();
    synced(&disk, "a", b"1");
    synced(&disk, "b", b"2");
    disk.rename("a", "b").expect("replaces");
    let third = disk.create("a").expect("free");
    third.write_all_at(b"3", 0).expect("written");
    third.sync_data().expect("synced");
    let seen: BTreeSet<Vec<Option<Vec<u8>>>> = (0..100)
        .map(|seed| disk.image(Policy::Random(seed)))
        .map(|image| vec![read(&image, "a"), read(&image, "b")])
        .collect();
    let file = |bytes: &[u8]| Some(bytes.to_vec());
    let undone = vec![file(b"1"), file(b"2")];
    let renamed = vec![None, file(b"1")];
    let both = vec![file(b"3"), file(b"1")];
    assert_eq!(seen, BTreeSet::from([undone, renamed, both]), "never a new a while the old one is not yet b");
}

#[test]
fn an_image_is_durable_and_a_killed_process_leaves_what_it_wrote() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", b"one");
    file.write_all_at(b"two", 0).expect("written");
    disk.create("b").expect("free");
    let killed = disk.kill_image();
    assert_eq!(read(&killed, "a"), Some(b"two".to_vec()));
    assert_eq!(killed.list().expect("power"), ["a", "b"]);
    assert_eq!(read(&killed.image(Policy::DropAll), "a"), Some(b"one".to_vec()), "still not durable");
    let image = disk.image(Policy::KeepAll).image(Policy::DropAll);
    assert_eq!(read(&image, "a"), Some(b"two".to_vec()));
    // Disks are apart from then on.
    killed.open("a").expect("power").expect("there").write_all_at(b"six", 0).expect("written");
    assert_eq!(read(&disk, "a"), Some(b"two".to_vec()));
}

#[test]
fn operations_are_numbered_and_traced() {
    let disk = SimDirectory::new();
    let file = disk.create("a").expect("free");
    file.write_all_at(b"abc", 5).expect("written");
    disk.rename("a", "b").expect("there");
    disk.fail_at(3, Fault::FailedSync);
    file.sync_data().expect_err("ordered");
    disk.sync().expect("synced");
    assert!(file.read_exact_at(&mut [0], 0).is_ok(), "reads are no operations");
    assert_eq!(disk.operations(), 5);
    let trace = disk.trace();
    assert!(trace.iter().enumerate().all(|(index, op)| op.number == index as u64));
    let name = "a".to_owned();
    assert_eq!(trace[1].kind, TraceKind::Write { name, offset: 5, len: 3 });
    let name = "b".to_owned();
    assert_eq!((&trace[3].kind, trace[3].succeeded), (&TraceKind::Sync { name }, false));
    assert_eq!((&trace[4].kind, trace[4].succeeded), (&TraceKind::SyncDirectory, true));
}

#[test]
fn faults_strike_where_ordered() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[1; 8]);
    disk.fail_at(disk.operations(), Fault::Eio);
    assert_eq!(file.write_all_at(&[2; 8], 0).expect_err("ordered").raw_os_error(), Some(libc::EIO));
    assert_eq!(read(&disk, "a"), Some(vec![1; 8]));
    file.write_all_at(&[2; 8], 0).expect("once only");

    disk.fail_at(disk.operations(), Fault::ShortWriteThenEio);
    file.write_all_at(&[3; 8], 0).expect_err("ordered");
    assert_eq!(read(&disk, "a"), Some(vec![3, 3, 3, 3, 2, 2, 2, 2]));

    disk.fail_at(disk.operations(), Fault::DoneThenEio);
    file.write_all_at(&[5; 8], 0).expect_err("ordered");
    assert_eq!(read(&disk, "a"), Some(vec![5; 8]));

    disk.fail_from(disk.operations(), Fault::Enospc);
    for _ in 0..2 {
        assert_eq!(file.write_all_at(&[4; 8], 0).expect_err("ordered").kind(), ErrorKind::StorageFull);
        assert_eq!(file.allocate(100).expect_err("ordered").kind(), ErrorKind::StorageFull);
        assert_eq!(disk.create("b").expect_err("ordered").kind(), ErrorKind::StorageFull);
        file.sync_data().expect("takes no space");
    }
    disk.heal();
    file.write_all_at(&[4; 8], 0).expect("healed");
}

#[test]
fn an_interruption_is_not_noticed() {
    let disk = SimDirectory::new();
    let every_other = |kinds: u64| {
        let next = disk.operations();
        (0..kinds).for_each(|number| disk.fail_at(next + 2 * number, Fault::Interrupted));
    };
    every_other(8);
    let file = disk.create("a").expect("not noticed");
    file.write_all_at(&[1; 8], 0).expect("not noticed");
    file.reserve(16).expect("not noticed");
    file.allocate(32).expect("not noticed");
    file.truncate(8).expect("not noticed");
    file.sync_data().expect("not noticed");
    disk.rename("a", "b").expect("not noticed");
    disk.sync().expect("not noticed");
    assert_eq!((disk.operations(), disk.faults()), (16, 8));
    assert!(disk.trace().iter().all(|op| op.succeeded == (op.number % 2 == 1)));
    assert_eq!(read(&disk.image(Policy::DropAll), "b"), Some(vec![1; 8]));
    every_other(1);
    disk.remove("b").expect("not noticed");
    assert!(disk.list().expect("power").is_empty());
}

#[test]
fn interruptions_without_end_are_an_error() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[1; 8]);
    disk.fail_from(disk.operations(), Fault::Interrupted);
    for outcome in [file.write_all_at(&[2; 8], 0), file.sync_data(), disk.sync(), disk.remove("a")] {
        assert_eq!(outcome.expect_err("given up").kind(), ErrorKind::Interrupted);
    }
    disk.heal();
    file.sync_data().expect("healed");
    assert_eq!(read(&disk.image(Policy::DropAll), "a"), Some(vec![1; 8]));
}

#[test]
fn a_short_write_is_continued() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[1; 8]);
    let next = disk.operations();
    disk.fail_from(next, Fault::ShortWrite);
    file.write_all_at(&[2; 7], 1).expect("continued");
    file.write_all_at(&[], 0).expect("nothing to write");
    assert_eq!(read(&disk, "a"), Some(vec![1, 2, 2, 2, 2, 2, 2, 2]));
    let written: Vec<_> = disk.trace().into_iter().skip(next as usize).map(|op| op.kind).collect();
    let write = |offset, len| TraceKind::Write { name: "a".to_owned(), offset, len };
    assert_eq!(written, [write(1, 7), write(5, 3), write(7, 1), write(0, 0)]);
    file.sync_data().expect("not affected");
}

#[test]
fn reads_have_numbers_and_faults_of_their_own() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[1; 8]);
    let (operations, mut bytes) = (disk.operations(), [0; 8]);
    let mut refused = |fault, expected| {
        disk.fail_reads_from(disk.reads(), fault);
        let errors = [
            disk.open("a").expect_err("ordered"),
            disk.list().expect_err("ordered"),
            file.len().expect_err("ordered"),
            file.read_exact_at(&mut bytes, 0).expect_err("ordered"),
            file.map(0, 8).expect_err("ordered"),
            file.map_private(0, 8).expect_err("ordered"),
        ];
        assert!(errors.iter().all(|error| error.raw_os_error() == Some(expected)), "{errors:?}");
        file.sync_data().expect("no read");
        disk.heal();
    };
    refused(Fault::Eio, libc::EIO);
    refused(Fault::Enomem, libc::ENOMEM);
    refused(Fault::Interrupted, libc::EINTR);
    let reads = disk.reads();
    disk.fail_read_at(reads, Fault::Interrupted);
    disk.fail_read_at(reads + 2, Fault::Eio);
    disk.fail_reads_from(reads + 3, Fault::FailedSync);
    file.len().expect("not noticed");
    file.read_exact_at(&mut bytes, 0).expect_err("ordered");
    file.read_exact_at(&mut bytes, 0).expect("no fault of reads");
    assert_eq!((bytes, disk.reads(), disk.operations()), ([1; 8], reads + 4, operations + 3));
}

#[test]
fn a_failed_sync_loses_what_a_later_one_does_not_bring_back() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[1; 2 * SECTOR]);
    file.write_all_at(&[2; 2 * SECTOR], 0).expect("written");
    disk.fail_at(disk.operations(), Fault::FailedSync);
    file.sync_data().expect_err("ordered");
    file.sync_data().expect("and yet");
    assert_eq!(read(&disk, "a"), Some(vec![2; 2 * SECTOR]), "reads go on to see it");
    assert_eq!(read(&disk.image(Policy::DropAll), "a"), Some(vec![1; 2 * SECTOR]));
    assert_eq!(read(&disk.image(Policy::KeepAll), "a"), Some(vec![2; 2 * SECTOR]), "it may have been written");
    // Written again, it is as durable as anything.
    file.write_all_at(&[3; SECTOR], 0).expect("written");
    file.sync_data().expect("synced");
    let expected = [vec![3; SECTOR], vec![1; SECTOR]].concat();
    assert_eq!(read(&disk.image(Policy::DropAll), "a"), Some(expected));
    let expected = [vec![3; SECTOR], vec![2; SECTOR]].concat();
    assert_eq!(read(&disk.image(Policy::KeepAll), "a"), Some(expected));
}

#[test]
fn after_a_crash_nothing_works() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", b"one");
    disk.crash_at(disk.operations() + 1);
    file.write_all_at(b"two", 0).expect("before the crash");
    file.sync_data().expect_err("the crash");
    file.write_all_at(b"six", 0).expect_err("after");
    file.len().expect_err("after");
    file.map(0, 3).expect_err("after");
    disk.open("a").expect_err("after");
    disk.list().expect_err("after");
    disk.create("b").expect_err("after");
    disk.sync().expect_err("after");
    assert!(disk.lock("lock").is_err());
    assert_eq!(read(&disk.image(Policy::DropAll), "a"), Some(b"one".to_vec()), "the sync was under way");
    assert_eq!(read(&disk.image(Policy::KeepAll), "a"), Some(b"two".to_vec()));
}

#[test]
fn a_write_under_way_may_be_found_in_part() {
    let disk = SimDirectory::new();
    let file = synced(&disk, "a", &[1; 2 * SECTOR]);
    disk.crash_at(disk.operations());
    file.write_all_at(&[2; 2 * SECTOR], 0).expect_err("the crash");
    let seen: BTreeSet<(u8, u8)> = (0..100)
        .map(|seed| read(&disk.image(Policy::Random(seed)), "a").expect("there"))
        .map(|bytes| (bytes[0], bytes[SECTOR]))
        .collect();
    assert_eq!(seen.len(), 4);
}

#[test]
fn clones_and_handles_share_the_disk_and_its_locks() {
    let disk = SimDirectory::new();
    let other = disk.clone();
    let lock = disk.lock("lock").expect("free");
    assert!(other.lock("lock").is_err());
    let image_lock = disk.image(Policy::DropAll).lock("lock").expect("a crash releases");
    drop((lock, image_lock));
    let _again = other.lock("lock").expect("released");
    synced(&disk, "a", b"abc");
    assert_eq!(read(&other, "a"), Some(b"abc".to_vec()));
    let map = other.open("a").expect("power").expect("there").map(0, 3).expect("within");
    assert_eq!(&map[..], b"abc");
    assert!(other.open("a").expect("power").expect("there").map(0, 4).is_err());
}
