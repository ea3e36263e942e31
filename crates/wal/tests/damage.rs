//! Bytes that rot: damage to what was acknowledged is an error, damage that cannot be told from a torn tail is cut,
//! and nothing is ever replayed that was not appended.

mod support;

use std::sync::Arc;

use support::{Model, Random, STORE, options};
use sutra_format::wal::{FIRST_GROUP, SegmentHeader};
use sutra_vfs::sim::{Policy, SimDirectory};
use sutra_vfs::{Directory, File};
use sutra_wal::{Wal, WalError, WalOptions};
use zerocopy::IntoBytes;

/// The header of a group, in bytes.
const HEADER: u64 = 80;

/// Ten groups of one entry of 1,000 bytes each: a segment has room for three.
const GROUP: u64 = HEADER + 1008;

fn ten_groups() -> (SimDirectory, Model) {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    for _ in 0..10 {
        model.append(&mut wal, 1, 1000, 0).expect("room");
    }
    (disk, model)
}

fn segment(disk: &SimDirectory, number: u64) -> Arc<dyn File> {
    disk.open(&format!("wal-{number:08}.log")).expect("power").expect("there")
}

fn flip(disk: &SimDirectory, number: u64, offset: u64) {
    let file = segment(disk, number);
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).expect("within");
    byte[0] ^= 0x10;
    file.write_all_at(&byte, offset).expect("power");
}

/// A copy that the test may damage.
fn copy(disk: &SimDirectory) -> SimDirectory {
    disk.image(Policy::KeepAll)
}

fn error_of(disk: &SimDirectory, model: &Model) -> WalError {
    match model.clone().recover(disk) {
        Ok((_, recovery)) => panic!("recovered {recovery:?}"),
        Err(error) => error,
    }
}

#[test]
fn damage_before_an_acknowledged_group_is_corruption() {
    let (disk, model) = ten_groups();
    // Segments 1 to 3 are full, segment 4 has one group. Every group but the last is attested by a later one, in its
    // own segment or in the next one's header.
    for number in 1..=3 {
        for index in 0..3 {
            for byte in [0, 8, 30, 40, 60, 75, HEADER, HEADER + 4, GROUP - 9] {
                let damaged = copy(&disk);
                let at = FIRST_GROUP + index * GROUP;
                flip(&damaged, number, at + byte);
                let error = error_of(&damaged, &model);
                let WalError::Corrupt { sequence, .. } = error else { panic!("{error}") };
                assert_eq!(sequence, (number - 1) * 3 + index + 1);
            }
        }
    }
}

#[test]
fn damage_below_the_checkpoint_does_not_matter() {
    let (disk, mut model) = ten_groups();
    model.covered = 5;
    for (number, index) in [(1, 0), (1, 2), (2, 0), (2, 1)] {
        let damaged = copy(&disk);
        flip(&damaged, number, FIRST_GROUP + index * GROUP + 100);
        let (_, recovery) = model.clone().recover(&damaged).expect("what is damaged is covered");
        assert_eq!((recovery.groups, recovery.cut_bytes), (5, 0));
    }
    let damaged = copy(&disk);
    flip(&damaged, 2, FIRST_GROUP + 2 * GROUP + 100);
    assert!(matches!(error_of(&damaged, &model), WalError::Corrupt { sequence: 6, .. }));
}

#[test]
fn damage_to_the_last_group_is_cut() {
    let (disk, mut model) = ten_groups();
    flip(&disk, 4, FIRST_GROUP + 500);
    model.acknowledged = 9;
    let (_, recovery) = model.recover(&disk).expect("cannot be told from a torn write");
    assert_eq!((recovery.last_sequence, recovery.cut_bytes), (9, GROUP));
    assert_eq!(segment(&disk, 4).len().expect("power"), FIRST_GROUP, "cut physically");
    let (_, again) = model.recover(&disk).expect("recovers again");
    assert_eq!(again.cut_bytes, 0);
}

#[test]
fn a_last_group_torn_at_any_byte_is_cut() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    model.append(&mut wal, 3, 50, 0).expect("room");
    let before = copy(&disk);
    let from = FIRST_GROUP + wal.bytes();
    model.append(&mut wal, 4, 60, 0).expect("room");
    let len = FIRST_GROUP + wal.bytes() - from;
    let mut last = vec![0; usize::try_from(len).expect("small")];
    segment(&disk, 1).read_exact_at(&mut last, from).expect("within");
    model.acknowledged = 3;
    for kept in 0..last.len() {
        for filler in [0, 0xFF] {
            let torn = copy(&before);
            let mut bytes = vec![filler; last.len()];
            bytes[..kept].copy_from_slice(&last[..kept]);
            // Where the filler is what was there anyway, the group is whole.
            let whole = bytes == last;
            segment(&torn, 1).write_all_at(&bytes, from).expect("power");
            let mut model = model.clone();
            let (mut wal, recovery) = model.recover(&torn).expect("recovers");
            assert_eq!(recovery.last_sequence, if whole { 7 } else { 3 }, "{kept} bytes kept");
            if !whole && kept >= usize::try_from(HEADER).expect("small") {
                assert_eq!(recovery.cut_bytes, len, "{kept} bytes kept");
            }
            model.append(&mut wal, 2, 10, 9).expect("writes on");
            model.recover(&torn.image(Policy::DropAll)).expect("recovers again");
        }
    }
}

#[test]
fn a_damaged_segment_header_is_corruption() {
    let (disk, model) = ten_groups();
    for number in 1..=4 {
        let damaged = copy(&disk);
        flip(&damaged, number, 33);
        let error = error_of(&damaged, &model);
        assert!(matches!(error, WalError::Corrupt { .. }), "{error}");
    }
    // What the checkpoint covers may lose its header.
    let mut covered = model;
    covered.covered = 3;
    flip(&disk, 1, 33);
    covered.recover(&disk).expect("nothing is missing");
}

#[test]
fn a_missing_segment_is_corruption() {
    let (disk, model) = ten_groups();
    for number in 1..=3 {
        let damaged = copy(&disk);
        damaged.remove(&format!("wal-{number:08}.log")).expect("there");
        assert!(matches!(error_of(&damaged, &model), WalError::Corrupt { .. }));
    }
}

#[test]
fn a_log_beyond_the_checkpoint_is_corruption() {
    let disk = SimDirectory::new();
    let mut model = Model { covered: 20, acknowledged: 20, tried: 20, ..Model::default() };
    let (mut wal, _) = model.recover(&disk).expect("empty");
    model.append(&mut wal, 1, 10, 0).expect("room");
    // An older storage file was put back.
    model.covered = 10;
    assert!(matches!(error_of(&disk, &model), WalError::Corrupt { sequence: 11, .. }));
}

#[test]
fn two_segments_of_one_generation_are_corruption() {
    let (disk, model) = ten_groups();
    let double = disk.create("wal-00000009.log").expect("free");
    let mut bytes = vec![0; 8192];
    segment(&disk, 2).read_exact_at(&mut bytes, 0).expect("within");
    double.write_all_at(&bytes, 0).expect("power");
    assert!(matches!(error_of(&disk, &model), WalError::Corrupt { .. }));
}

#[test]
fn other_stores_and_newer_versions_are_refused() {
    let (disk, model) = ten_groups();
    let foreign = WalOptions { store_id: [1; 16], ..options() };
    let error = Wal::recover(Arc::new(disk.clone()), foreign, 0, &mut |_| Ok(())).map(|_| ()).expect_err("foreign");
    assert!(matches!(error, WalError::ForeignStore { .. }), "{error}");

    let mut header = SegmentHeader::new(STORE, 1, 1);
    header.version.set(2);
    // The checksum of a newer header is over the same bytes.
    let sum = sutra_format::checksum(&header.as_bytes()[..56]);
    header.checksum.set(sum);
    segment(&disk, 1).write_all_at(header.as_bytes(), 0).expect("power");
    let error = error_of(&disk, &model);
    assert!(matches!(error, WalError::NewerVersion { found: 2, supported: 1, .. }), "{error}");
}

#[test]
fn a_refusing_callback_is_told_of() {
    let (disk, _) = ten_groups();
    let mut seen = 0;
    let error = Wal::recover(Arc::new(disk), options(), 0, &mut |_| {
        seen += 1;
        if seen == 4 { Err("no".into()) } else { Ok(()) }
    })
    .map(|_| ())
    .expect_err("refused");
    assert!(matches!(error, WalError::Replay { sequence: 4, .. }), "{error}");
    assert_eq!(seen, 4);
}

/// Whatever bytes are changed: an error, or a prefix with the right bytes (which the model checks).
#[test]
fn random_damage_never_invents_anything() {
    let seed = std::env::var("SUTRA_SEED").ok().and_then(|seed| seed.parse().ok());
    let (disk, model) = ten_groups();
    for seed in seed.map_or(0..600, |seed: u64| seed..seed + 1) {
        println!("SUTRA_SEED={seed}");
        let mut random = Random(seed);
        let damaged = copy(&disk);
        let places = 1 + random.below(4);
        for _ in 0..places {
            let file = segment(&damaged, 1 + random.below(4));
            let offset = random.below(8192);
            let len = 1 + random.below(64).min(8191 - offset);
            let bytes: Vec<u8> = (0..len).map(|_| random.next().to_le_bytes()[0]).collect();
            if random.below(8) == 0 {
                file.truncate(offset).expect("power");
            } else {
                file.write_all_at(&bytes, offset).expect("power");
            }
        }
        let mut model = model.clone();
        model.acknowledged = 0;
        match model.recover(&damaged) {
            Ok((_, recovery)) => {
                // Several damages may take a group together with all that attests it.
                assert!(places > 1 || recovery.last_sequence >= 9, "damage passed for a torn tail");
            }
            Err(WalError::Corrupt { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
