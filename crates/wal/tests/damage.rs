//! Bytes that rot: damage to what was acknowledged is an error, damage that cannot be told from a torn tail is cut,
//! and nothing is ever replayed that was not appended.

mod support;

use std::sync::Arc;

use support::{Model, Random, STORE, options};
use sutra_format::wal::{FIRST_GROUP, GroupStart, SegmentHeader, encode_group};
use sutra_vfs::sim::{Policy, SimDirectory, TraceKind};
use sutra_vfs::{Directory, File};
use sutra_wal::{Wal, WalError, WalOptions};
use zerocopy::IntoBytes;

/// The header of a group, in bytes.
const HEADER: u64 = 80;

/// A group of one entry of 1,000 bytes: a segment has room for three.
const GROUP: u64 = HEADER + 1008;

/// Three full segments, and two groups in a fourth.
fn eleven_groups() -> (SimDirectory, Model) {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    for _ in 0..11 {
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
    let (disk, model) = eleven_groups();
    // Every group but the last is attested by a later one, or by the next segment's header.
    for number in 1..=4 {
        for index in 0..if number == 4 { 1 } else { 3 } {
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
    let (disk, mut model) = eleven_groups();
    model.covered = 5;
    for (number, index) in [(1, 0), (1, 2), (2, 0), (2, 1)] {
        let damaged = copy(&disk);
        flip(&damaged, number, FIRST_GROUP + index * GROUP + 100);
        let (_, recovery) = model.clone().recover(&damaged).expect("what is damaged is covered");
        assert_eq!((recovery.groups, recovery.cut_bytes), (6, 0));
    }
    let damaged = copy(&disk);
    flip(&damaged, 2, FIRST_GROUP + 2 * GROUP + 100);
    assert!(matches!(error_of(&damaged, &model), WalError::Corrupt { sequence: 6, .. }));
}

#[test]
fn damage_to_the_last_group_is_cut() {
    let (disk, mut model) = eleven_groups();
    flip(&disk, 4, FIRST_GROUP + GROUP + 500);
    model.acknowledged = 10;
    let (_, recovery) = model.recover(&disk).expect("cannot be told from a torn write");
    assert_eq!((recovery.last_sequence, recovery.cut_bytes), (10, GROUP));
    let mut left = vec![1; GROUP as usize];
    segment(&disk, 4).read_exact_at(&mut left, FIRST_GROUP + GROUP).expect("power");
    assert!(left.iter().all(|byte| *byte == 0), "cut physically");
    assert_eq!(segment(&disk, 4).len().expect("power"), 8192, "the segment keeps its length");
    let (mut wal, again) = model.recover(&disk).expect("recovers again");
    assert_eq!(again.cut_bytes, 0);
    // Written again, it is a whole segment again.
    model.checkpoint(&mut wal).expect("released");
    for _ in 0..10 {
        model.append(&mut wal, 1, 1000, 1).expect("room");
    }
    assert_eq!(segment(&disk, 4).len().expect("power"), 8192);
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
    let (disk, model) = eleven_groups();
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
fn a_lost_header_gives_its_generation_to_nobody() {
    let disk = SimDirectory::new();
    // A segment too long to be written again, and one of the newest generation, whose header is lost: the segment
    // that is opened next is that one, and its old groups must not come to life again.
    write_header(&disk, 3, 1);
    segment(&disk, 3).reserve(12_288).expect("power");
    write_header(&disk, 4, 5);
    let end = write_group(&disk, 4, FIRST_GROUP, 5, 4);
    write_group(&disk, 4, end, 6, 5);
    flip(&disk, 4, 33);
    let mut model = Model { covered: 6, acknowledged: 6, tried: 6, ..Model::default() };
    let (mut wal, _) = model.recover(&disk).expect("nothing is missing");
    model.append(&mut wal, 1, 7, 0).expect("room");
    model.recover(&disk).expect("sound");
}

#[test]
fn the_next_segments_header_attests_the_last_group() {
    let disk = SimDirectory::new();
    let mut model = Model::default();
    let (mut wal, _) = model.recover(&disk).expect("empty");
    for _ in 0..3 {
        model.append(&mut wal, 1, 1000, 0).expect("room");
    }
    // Create, allocate, sync of names, header, its sync: the power goes at the group.
    disk.crash_at(disk.operations() + 5);
    model.append(&mut wal, 1, 1000, 0).expect_err("the crash");
    let after = disk.image(Policy::DropAll);
    model.clone().recover(&after).expect("sound");
    flip(&after, 1, FIRST_GROUP + 2 * GROUP + 100);
    let error = error_of(&after, &model);
    assert!(matches!(error, WalError::Corrupt { sequence: 3, .. }), "{error}");
}

/// What a writer that does not wait for its syncs could leave: written by hand.
fn write_group(disk: &SimDirectory, number: u64, position: u64, first: u64, durable_through: u64) -> u64 {
    let start =
        GroupStart { store_id: STORE, generation: number, position, first, durable_through, commit_time: first * 10 };
    let mut bytes = Vec::new();
    encode_group(&mut bytes, &start, &[b"by hand"]).expect("valid");
    segment(disk, number).write_all_at(&bytes, position).expect("power");
    position + bytes.len() as u64
}

fn write_header(disk: &SimDirectory, number: u64, first_sequence: u64) {
    let file = disk.create(&format!("wal-{number:08}.log")).expect("free");
    file.reserve(8192).expect("power");
    file.write_all_at(SegmentHeader::new(STORE, number, first_sequence).as_bytes(), 0).expect("power");
}

#[test]
fn a_gap_that_nothing_attests_is_cut_from_the_end_backwards() {
    let disk = SimDirectory::new();
    write_header(&disk, 1, 1);
    let end = write_group(&disk, 1, FIRST_GROUP, 1, 0);
    // Group 2 is missing, and what follows it does not say that it was durable.
    write_group(&disk, 1, end + 96, 3, 1);
    write_header(&disk, 2, 2);
    write_group(&disk, 2, FIRST_GROUP, 4, 1);
    let disk = copy(&disk);
    let model =
        Model { groups: [(1, vec![b"by hand".to_vec()])].into(), acknowledged: 1, tried: 1, ..Model::default() };

    let attested = copy(&disk);
    write_header(&attested, 3, 4);
    assert!(matches!(error_of(&attested, &model), WalError::Corrupt { sequence: 2, .. }));

    let cut = copy(&disk);
    let (_, recovery) = model.clone().recover(&cut).expect("nothing acknowledged is missing");
    assert_eq!(recovery.cut_bytes, 2 * 96);
    let cuts: Vec<TraceKind> = cut.trace().into_iter().map(|op| op.kind).take(4).collect();
    let name = |number: u64| format!("wal-{number:08}.log");
    let expected = [
        TraceKind::Write { name: name(2), offset: FIRST_GROUP, len: 96 },
        TraceKind::Sync { name: name(2) },
        TraceKind::Write { name: name(1), offset: end, len: 192 },
        TraceKind::Sync { name: name(1) },
    ];
    assert_eq!(cuts, expected);

    for number in 0..cut.operations() {
        for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(number)] {
            let crashed = copy(&disk);
            crashed.crash_at(number);
            assert!(matches!(error_of(&crashed, &model), WalError::Io { .. }));
            model.clone().recover(&crashed.image(policy)).expect("cut again");
        }
    }
}

#[test]
fn a_missing_segment_is_corruption() {
    let (disk, model) = eleven_groups();
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
    let (disk, model) = eleven_groups();
    let double = disk.create("wal-00000009.log").expect("free");
    let mut bytes = vec![0; 8192];
    segment(&disk, 2).read_exact_at(&mut bytes, 0).expect("within");
    double.write_all_at(&bytes, 0).expect("power");
    assert!(matches!(error_of(&disk, &model), WalError::Corrupt { .. }));
}

#[test]
fn other_stores_and_newer_versions_are_refused() {
    let (disk, model) = eleven_groups();
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
    let (disk, _) = eleven_groups();
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
    let first = std::env::var("SUTRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    let (disk, model) = eleven_groups();
    for seed in first..first + 600 {
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
