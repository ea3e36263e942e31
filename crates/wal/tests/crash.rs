//! The power goes at every operation of a log's life, and again at every operation of the recovery.
//!
//! What must hold afterwards: the groups replayed are a prefix of those appended, with their bytes, and every group
//! whose append had returned `Ok` is among them.

mod support;

use support::{Model, Random};
use sutra_vfs::sim::{Fault, Policy, Rest, SimDirectory, Unsynced};
use sutra_wal::WalError;

const POLICIES: [Policy; 6] =
    [Policy::DropAll, Policy::KeepAll, Policy::Random(1), Policy::Random(2), Policy::Random(3), Policy::Random(4)];

/// A life with all that a log does: filling segments, releasing, recycling, a group longer than a segment, reopening
/// without a close, and a close. Ends at the first error.
fn life(disk: &SimDirectory, model: &mut Model) -> Result<(), WalError> {
    for session in 0..3 {
        let (mut wal, _) = model.recover(disk)?;
        for turn in 0..14 {
            let bytes = if turn == 9 { 10_000 } else { 100 + turn * 131 };
            let count = 1 + turn % 3;
            if !wal.room_for(count * (bytes + 16)) || turn == 6 {
                model.checkpoint(&mut wal)?;
            }
            model.append(&mut wal, count, bytes, session << 32)?;
        }
        if session == 1 {
            model.checkpoint(&mut wal)?;
            wal.remove_all()?;
        }
    }
    Ok(())
}

fn operations_of_a_life() -> u64 {
    let disk = SimDirectory::new();
    life(&disk, &mut Model::default()).expect("nothing fails on a sound disk");
    disk.operations()
}

/// Recovers, writes on, and recovers again from a disk that lost power.
fn goes_on(disk: &SimDirectory, mut model: Model) {
    let (mut wal, _) = model.recover(disk).expect("recovers");
    if !wal.room_for(1000) {
        model.checkpoint(&mut wal).expect("released");
    }
    model.append(&mut wal, 2, 300, 77).expect("writes on");
    drop(wal);
    let again = disk.image(Policy::DropAll);
    model.recover(&again).expect("recovers what was written on");
}

#[test]
fn power_cut_at_every_operation() {
    let operations = operations_of_a_life();
    assert!(operations > 100, "the life is long enough to mean something: {operations}");
    for number in 0..operations {
        let disk = SimDirectory::new();
        disk.crash_at(number);
        let mut model = Model::default();
        life(&disk, &mut model).expect_err("the power goes before the end");
        for policy in POLICIES {
            let after = disk.image(policy);
            goes_on(&after, model.clone());
        }
    }
}

/// Of what was being written only the first bytes are there, and behind them what stood there before, which in a segment
/// that is used again are groups of an earlier life, or zeros.
#[test]
fn a_write_torn_at_any_byte() {
    let mut torn = 0;
    for number in 0..operations_of_a_life() {
        let disk = SimDirectory::new();
        disk.crash_at(number);
        let mut model = Model::default();
        life(&disk, &mut model).expect_err("the power goes before the end");
        for (change, unsynced) in disk.unsynced().iter().enumerate() {
            let Unsynced::Write { len, .. } = unsynced else { continue };
            let undone = disk.image(Policy::AllBut(change)).fingerprint();
            if undone == disk.image(Policy::KeepAll).fingerprint() {
                // Recovery writes groups again where they stand. No disk puts zeros where it writes what is there.
                continue;
            }
            // Some of the bytes, others at the next operation, which finds the same write.
            let step = 5 + len / 100;
            for bytes in (number % step..*len).step_by(usize::try_from(step).expect("small")) {
                for rest in [Rest::Before, Rest::Zeros] {
                    let policy = Policy::Torn { change, bytes, rest, others: true };
                    goes_on(&disk.image(policy), model.clone());
                    torn += 1;
                }
            }
        }
    }
    assert!(torn > 1000, "{torn}");
}

#[test]
fn power_cut_during_recovery() {
    let operations = operations_of_a_life();
    for number in 0..operations {
        let disk = SimDirectory::new();
        disk.crash_at(number);
        let mut model = Model::default();
        life(&disk, &mut model).expect_err("the power goes before the end");
        for policy in POLICIES {
            for killed in [false, true] {
                let start = || if killed { disk.kill_image() } else { disk.image(policy) };
                for again in 0.. {
                    let after = start();
                    after.crash_at(again);
                    match model.clone().recover(&after) {
                        // No operation of the recovery is left to interrupt.
                        Ok(_) => break,
                        Err(WalError::Io { .. }) => goes_on(&after.image(policy), model.clone()),
                        Err(error) => panic!("crash at {number}, then at {again}, {policy:?}: {error}"),
                    }
                }
            }
        }
    }
}

#[test]
fn what_was_replayed_survives_the_next_power_cut() {
    let operations = operations_of_a_life();
    for number in 0..operations {
        let disk = SimDirectory::new();
        disk.crash_at(number);
        let mut model = Model::default();
        life(&disk, &mut model).expect_err("the power goes before the end");
        let killed = disk.kill_image();
        // The model takes what this finds as acknowledged.
        model.recover(&killed).expect("recovers");
        model.recover(&killed.image(Policy::DropAll)).expect("finds the same");
    }
}

#[test]
fn every_fault_at_every_operation() {
    let operations = operations_of_a_life();
    for fault in [Fault::Eio, Fault::Enospc, Fault::ShortWriteThenEio, Fault::FailedSync] {
        for number in 0..operations {
            let disk = SimDirectory::new();
            disk.fail_at(number, fault);
            let mut model = Model::default();
            // A fault that does not concern the operation is none.
            let _ = life(&disk, &mut model);
            // The process ends; the next one sees the page cache, replays from it, and then the power goes.
            let mut next = model.clone();
            let killed = disk.kill_image();
            next.recover(&killed).expect("recovers");
            goes_on(&killed.image(Policy::DropAll), next);
            for policy in POLICIES {
                goes_on(&disk.image(policy), model.clone());
            }
        }
    }
}

/// Many sessions in a row, each ended in another way, on one disk.
#[test]
fn random_lives() {
    let first = std::env::var("SUTRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    for seed in first..first + 400 {
        println!("SUTRA_SEED={seed}");
        random_life(seed);
    }
}

fn random_life(seed: u64) {
    let mut random = Random(seed);
    let mut disk = SimDirectory::new();
    let mut model = Model::default();
    for session in 0..12 {
        if random.below(4) == 0 {
            disk.crash_at(random.below(40));
        } else if random.below(4) == 0 {
            let faults = [Fault::Eio, Fault::Enospc, Fault::ShortWriteThenEio, Fault::FailedSync];
            let index = usize::try_from(random.below(4)).expect("small");
            disk.fail_at(random.below(40), faults[index]);
        }
        let _ = random_session(&disk, &mut model, &mut random, session);
        disk = match random.below(4) {
            0 => disk.image(Policy::DropAll),
            1 => disk.image(Policy::KeepAll),
            2 => disk.image(Policy::Random(random.next())),
            _ => disk.kill_image(),
        };
    }
    model.recover(&disk).expect("recovers in the end");
}

fn random_session(disk: &SimDirectory, model: &mut Model, random: &mut Random, session: u64) -> Result<(), WalError> {
    let (mut wal, _) = match model.recover(disk) {
        Err(error @ WalError::Io { .. }) => return Err(error),
        other => other.expect("only the disk fails"),
    };
    for _ in 0..random.below(25) {
        match random.below(12) {
            0 | 1 => model.checkpoint(&mut wal)?,
            2 if random.below(4) == 0 => {
                model.checkpoint(&mut wal)?;
                return wal.remove_all();
            }
            _ => {
                let bytes = if random.below(15) == 0 { 9000 } else { random.below(1500) };
                match model.append(&mut wal, 1 + random.below(4), bytes, session << 32) {
                    Err(WalError::Full) => model.checkpoint(&mut wal)?,
                    other => other?,
                }
            }
        }
    }
    Ok(())
}
