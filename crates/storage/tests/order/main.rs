//! The recorded order of every checkpoint: data, sync, header, sync, second header, sync, and only then a segment of the
//! write-ahead log is used again or removed; and of every group: its segment's name and header synced, written, synced, before
//! the next group, and before a commit covers it. Committed bytes are never written again. A new file is synced before it
//! gets its name, and its name before anything refers to it.
//!
//! Each test records whole lives of one workload of `support/workload.rs`, and what the engine does to what power cuts and
//! kills in them have left. `checker.rs` has the rules, `broken.rs` shows that it refuses traces that break them.
//!
//! What this does not show: that the order is enough. The cuts of the `crash` test show that. And it sees the order that the
//! engine's threads happened to take; a run takes others than the run before.

mod broken;
mod checker;
mod event;
mod found;
mod recorder;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use checker::Checker;
use event::events;
use recorder::Recorder;
use support::life::Known;
use support::tier::{Tier, checked};
use support::workload::{self, Workload};
use support::{bytes_of, seed};
use sutra_storage::Durability;
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SimDirectory};

/// Holds what was recorded against the rules; gives the number of checkpoints.
fn check(mut checker: Checker, recorder: &Recorder, what: &str) -> u64 {
    let events = events(&recorder.disk().trace(), &recorder.written());
    if let Err((index, rule)) = checker.take_all(&events) {
        let before = &events[index.saturating_sub(12)..=index];
        panic!("{what}: event {index} breaks a rule: {rule}; it ends {before:#?} in {checker:#?}");
    }
    checker.checkpoints
}

/// A whole life, on an empty disk. Gives its operations and the number of checkpoints.
fn whole(workload: &Workload) -> (u64, u64) {
    let recorder = Recorder::of(&SimDirectory::new());
    let directory: Arc<dyn Directory> = Arc::new(recorder.clone());
    Known::nothing(workload.durability).live(workload, &directory).expect("nothing fails on a sound disk");
    let checkpoints = check(Checker::new(workload.durability != Durability::None), &recorder, workload.name);
    assert!(checkpoints > 0, "the last one at least, of the close");
    (recorder.disk().operations(), checkpoints)
}

/// A life that a power cut has ended, and the same acts again on what it has left.
fn after_a_cut(workload: &Workload, number: u64, seed: u64) -> u64 {
    let disk = SimDirectory::new();
    disk.crash_at(number);
    let mut known = Known::nothing(workload.durability);
    let directory: Arc<dyn Directory> = Arc::new(disk.clone());
    // It may be shorter by some operations than the one before: then it is whole, and opened once more.
    let _ = known.live(workload, &directory);
    let mut checkpoints = 0;
    let toss = seed.wrapping_mul(0x1_0001).wrapping_add(number);
    for policy in [Some(Policy::Random(toss)), Some(Policy::RandomChanges(toss)), None] {
        let after = policy.map_or_else(|| disk.kill_image(), |policy| disk.image(policy));
        let what = format!("{}, SUTRA_SEED={seed}, cut at {number}, {policy:?} (none: killed)", workload.name);
        let checker = Checker::found(&bytes_of(&after), workload.durability != Durability::None, policy.is_some());
        let recorder = Recorder::of(&after);
        let directory: Arc<dyn Directory> = Arc::new(recorder.clone());
        let memory = workload.open(directory.clone()).expect("opens");
        let mut known = known.clone();
        known.check(&memory);
        known.go_on(workload, &directory, memory, &workload.acts).expect("nothing fails on a sound disk");
        checkpoints += check(checker, &recorder, &what);
    }
    checkpoints
}

fn every_checkpoint(workloads: &[Workload], name: &str) {
    let seed = seed(1);
    println!("SUTRA_SEED={seed}");
    let tier = Tier::get();
    let mut checkpoints = 0;
    for workload in workloads {
        let mut operations = 0;
        for _ in 0..tier.pick(1, 4, 40) {
            let (longest, seen) = whole(workload);
            operations = longest.max(operations);
            checkpoints += seen;
        }
        let stride = tier.pick(40, 2, 1);
        for seed in seed..seed + tier.pick(1, 1, 8) {
            for number in (seed % stride..operations).step_by(stride as usize) {
                checkpoints += after_a_cut(workload, number, seed);
            }
        }
    }
    checked(checkpoints, &format!("checkpoints of {name}"));
}

#[test]
fn of_single_writes_and_batches() {
    let workloads = [workload::single_writes(), workload::batches(), workload::always(), workload::unwaited()];
    every_checkpoint(&workloads, "writes");
}

#[test]
fn of_checkpoints_and_reopens() {
    every_checkpoint(&[workload::checkpoints(), workload::without_log(), workload::names()], "checkpoints and reopens");
}

#[test]
fn of_contents_vectors_and_counters() {
    let workloads = [workload::large_contents(), workload::embeddings(), workload::accesses(), workload::relearning()];
    every_checkpoint(&workloads, "contents, vectors and counters");
}

#[test]
fn of_hubs_chunks_and_images() {
    every_checkpoint(&[workload::hubs(), workload::chunks()], "hubs, chunks and images");
}

#[test]
fn of_recycled_segments_and_a_log_that_fills() {
    every_checkpoint(
        &[workload::recycled(), workload::full_log(), workload::beside_checkpoints()],
        "recycled segments",
    );
}

#[test]
fn of_random_lives() {
    every_checkpoint(&workload::random(seed(1)), "random lives");
}
