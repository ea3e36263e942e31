//! Without crashes: segments fill, are released, are written again and are removed.

mod support;

use std::sync::Arc;

use support::{Model, options};
use sutra_vfs::sim::{Fault, Policy, SimDirectory, TraceKind};
use sutra_vfs::{Directory, RealDirectory};
use sutra_wal::{Wal, WalError, WalOptions};

fn names(disk: &SimDirectory) -> Vec<String> {
    disk.list().expect("power")
}

#[test]
fn a_log_that_is_only_read_makes_no_file() {
    let disk = SimDirectory::new();
    let (wal, recovery) = Model::default().recover(&disk).expect("empty");
    assert_eq!((recovery.groups, recovery.last_sequence, recovery.last_commit_time), (0, 0, 0));
    wal.remove_all().expect("nothing to remove");
    assert_eq!(disk.operations(), 0);
}

#[test]
fn a_group_is_one_write_and_one_sync() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    model.append(&mut wal, 3, 10, 0).expect("room");
    let before = disk.operations();
    model.append(&mut wal, 3, 10, 0).expect("room");
    let kinds: Vec<_> = disk.trace().into_iter().filter(|op| op.number >= before).map(|op| op.kind).collect();
    assert!(matches!(&kinds[..], [TraceKind::Write { .. }, TraceKind::Sync { .. }]), "{kinds:?}");
}

#[test]
fn writing_never_resumes_behind_an_earlier_run() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    for session in 1..4 {
        let (mut wal, _) = model.recover(&disk).expect("sound");
        model.append(&mut wal, 1, 10, session).expect("room");
        assert_eq!(names(&disk).len(), usize::try_from(session).expect("small"), "a segment of its own");
    }
    model.recover(&disk).expect("sound");
}

#[test]
fn entries_may_be_empty_and_of_any_length() {
    let disk = SimDirectory::new();
    let (mut wal, _) = Wal::recover(Arc::new(disk.clone()), options(), 0, &mut |_| Ok(())).expect("empty");
    let entries: Vec<Vec<u8>> = (0..40).map(|len| vec![7; len]).collect();
    wal.append(5, 1, &entries).expect("room");
    wal.append(6, 41, &[b""]).expect("room");
    let mut seen = Vec::new();
    let (_, recovery) = Wal::recover(Arc::new(disk), options(), 0, &mut |group| {
        seen.extend(group.entries().map(<[u8]>::to_vec));
        Ok(())
    })
    .expect("sound");
    assert_eq!(seen[..40], entries[..]);
    assert_eq!(seen[40], b"");
    assert_eq!((recovery.entries, recovery.last_commit_time), (41, 6));
}

#[test]
fn a_full_log_waits_for_a_release_and_is_not_poisoned() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    let payload = Wal::payload_bytes([1000]);
    let mut groups = 0;
    while wal.room_for(payload) {
        model.append(&mut wal, 1, 1000, 0).expect("there was room");
        groups += 1;
    }
    assert_eq!(groups, 15, "five segments of three groups");
    assert_eq!(wal.bytes(), groups * 1088);
    let before = disk.operations();
    assert!(matches!(model.append(&mut wal, 1, 1000, 0), Err(WalError::Full)));
    assert_eq!(disk.operations(), before, "nothing was tried");
    // A part of a segment is no room; a whole one is.
    wal.release(2).expect("released");
    assert!(!wal.room_for(payload));
    assert_eq!(wal.bytes(), 13 * 1088);
    wal.release(3).expect("released");
    assert!(wal.room_for(payload));
    model.covered = 3;
    model.append(&mut wal, 1, 1000, 0).expect("room again");
    model.recover(&disk).expect("sound");
}

#[test]
fn segments_are_written_again() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    for turn in 0..60 {
        model.append(&mut wal, 1, 1000, turn).expect("room");
        if turn % 4 == 3 {
            model.checkpoint(&mut wal).expect("released");
            assert_eq!(wal.bytes(), 0);
        }
    }
    let created = disk.trace().iter().filter(|op| matches!(op.kind, TraceKind::Create { .. })).count();
    assert!(created <= 3, "{created} segments for 60 groups in 20 segments' worth");
    model.append(&mut wal, 1, 10, 0).expect("room");
    model.recover(&disk).expect("sound");
}

#[test]
fn a_long_group_has_a_segment_of_its_own_that_goes_with_it() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    model.append(&mut wal, 1, 10, 0).expect("room");
    model.append(&mut wal, 1, 20_000, 0).expect("room");
    model.append(&mut wal, 1, 10, 0).expect("room");
    assert_eq!(names(&disk).len(), 3);
    model.clone().recover(&disk).expect("sound");
    model.checkpoint(&mut wal).expect("released");
    assert_eq!(names(&disk).len(), 2);
    assert_eq!(wal.file_bytes(), 2 * 8192);

    // Even one beyond all bounds has room when nothing else is there.
    assert!(wal.room_for(100_000));
    model.append(&mut wal, 1, 100_000, 0).expect("room");
    assert!(!wal.room_for(10), "it takes all of the room");
    model.recover(&disk).expect("sound");
    model.checkpoint(&mut wal).expect("released");
    model.append(&mut wal, 1, 10, 0).expect("room");
    model.recover(&disk).expect("sound");
}

#[test]
fn closing_leaves_no_file_and_loses_nothing() {
    let disk = SimDirectory::new();
    disk.create("storage.dat").expect("free");
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    for turn in 0..8 {
        model.append(&mut wal, 1, 1000, turn).expect("room");
    }
    model.checkpoint(&mut wal).expect("released");
    model.append(&mut wal, 1, 1000, 9).expect("room");
    assert!(matches!(wal.remove_all(), Err(WalError::NotReleased { bytes: 1088 })));

    let (mut wal, _) = model.recover(&disk).expect("sound");
    model.append(&mut wal, 1, 10, 9).expect("room");
    model.checkpoint(&mut wal).expect("released");
    wal.remove_all().expect("all is covered");
    assert_eq!(names(&disk), ["storage.dat"]);
    assert_eq!(names(&disk.image(Policy::DropAll)), ["storage.dat"], "durably");
    model.recover(&disk).expect("empty");
}

#[test]
fn sequences_have_no_holes_and_groups_are_not_empty() {
    let disk = SimDirectory::new();
    let (mut wal, _) = Wal::recover(Arc::new(disk.clone()), options(), 10, &mut |_| Ok(())).expect("empty");
    for wrong in [0, 10, 12] {
        let error = wal.append(0, wrong, &[b"x"]).expect_err("out of order");
        assert!(matches!(error, WalError::OutOfOrder { expected: 11, .. }), "{error}");
    }
    let none: [&[u8]; 0] = [];
    assert!(matches!(wal.append(0, 11, &none), Err(WalError::Group(_))));
    assert_eq!(disk.operations(), 0);
    wal.append(0, 11, &[b"x"]).expect("in order");
    // What a checkpoint holds beyond the log was never logged.
    wal.release(20).expect("released");
    wal.append(0, 21, &[b"y"]).expect("in order");
    let mut firsts = Vec::new();
    Wal::recover(Arc::new(disk), options(), 20, &mut |group| {
        firsts.push(group.first());
        Ok(())
    })
    .expect("sound");
    assert_eq!(firsts, [21]);
}

#[test]
fn the_first_failure_is_final() {
    for fault in [Fault::Eio, Fault::Enospc, Fault::ShortWriteThenEio, Fault::FailedSync] {
        // Operations 0 to 6: create, allocate, sync of names, header, its sync, group, its sync.
        for number in 0..7 {
            let disk = SimDirectory::new();
            disk.fail_at(number, fault);
            let mut model = Model::default();
            let (mut wal, _) = model.recover(&disk).expect("empty");
            if model.append(&mut wal, 1, 10, 0).is_ok() {
                continue;
            }
            let before = disk.operations();
            let error = model.append(&mut wal, 1, 10, 0).expect_err("poisoned");
            assert!(matches!(error, WalError::Poisoned { .. }), "{error}");
            assert!(matches!(wal.remove_all(), Err(WalError::Poisoned { .. })));
            assert_eq!(disk.operations(), before, "a failed log touches the disk no more");
        }
    }
}

#[test]
fn settings_may_change_between_sessions() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    for segment_bytes in [8192, 100_000, 0, 12_000, 8192] {
        let mut seen = 0;
        let options = WalOptions { segment_bytes, max_bytes: 1 << 20, ..options() };
        let (mut wal, recovery) = Wal::recover(Arc::new(disk.clone()), options, model.covered, &mut |group| {
            seen = group.last();
            Ok(())
        })
        .expect("sound");
        assert_eq!(recovery.last_sequence, model.acknowledged);
        for turn in 0..9 {
            model.append(&mut wal, 1, 1000, turn).expect("room");
        }
        wal.release(model.acknowledged - 5).expect("released");
        model.covered = model.acknowledged - 5;
    }
    model.recover(&disk).expect("sound");
}

#[test]
fn on_a_real_directory() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = Arc::new(RealDirectory::open(temporary.path()).expect("it exists"));
    let options = WalOptions { segment_bytes: 64 << 10, ..WalOptions::new([3; 16]) };
    let (mut wal, _) = Wal::recover(directory.clone(), options.clone(), 0, &mut |_| Ok(())).expect("empty");
    for first in 1..=100 {
        wal.append(first, first, &[vec![1; 5000]]).expect("room");
    }
    wal.release(50).expect("released");
    drop(wal);
    let mut seen = Vec::new();
    let (mut wal, recovery) = Wal::recover(directory.clone(), options, 50, &mut |group| {
        assert!(group.entries().eq([vec![1; 5000]]));
        seen.push(group.first());
        Ok(())
    })
    .expect("sound");
    assert_eq!(seen, (51..=100).collect::<Vec<_>>());
    assert_eq!((recovery.groups, recovery.last_commit_time), (50, 100));
    wal.release(100).expect("released");
    wal.remove_all().expect("covered");
    assert!(directory.list().expect("readable").is_empty());
}
