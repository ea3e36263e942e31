//! The power goes at every operation of a store's life, and again at every operation of the recovery that follows. What is
//! found is what some sequence had made of the store: no earlier one than the last that was acknowledged, batches whole.
//!
//! Each test is one workload of `support/workload.rs`. For a power cut at each of its operations:
//!
//! - `images`: what was not synced is dropped, kept, kept but for one change, lost but for one change, lost by kind, reordered
//!   by the sector and by the write; what was being written to the log or to a header is torn at every byte, the rest of
//!   it zeros or what stood there before: in a segment that is used again, groups of its earlier life;
//! - `killed`: the process is killed and the next one shows what it recovers to a reader; then the power goes;
//! - `recovery`: the power goes again at every operation of the recovery; and recovering twice gives the same, as does
//!   recovering what a recovery left.
//!
//! Every state is opened and compared with a model, through the public facade. States of one cut that are equal byte for
//! byte are opened once and counted once. Some are written on to and cut again.
//!
//! What this does not show: the disk is a model, and keeps its promises about syncs; the engine's threads meet in the orders
//! that the scheduler gives, a cut for each operation of one such order; and long writes, from 2 KiB, with the full tier
//! from 16 KiB on, are torn at some of their bytes only. A plain run cuts at some of the operations.

mod cut;
mod images;
mod killed;
mod recovery;
#[path = "../support/mod.rs"]
mod support;

use cut::every_cut;
use support::seed;
use support::tier::{Tier, checked};
use support::workload::{self, Workload};

/// Cuts a workload everywhere, once for each of some seeds.
fn cut_with_seeds(workload: impl Fn(u64) -> Workload) {
    let first = seed(1);
    let mut cases = 0;
    for seed in first..first + Tier::get().pick(1, 1, 4) {
        println!("SUTRA_SEED={seed}");
        cases += every_cut(&workload(seed), seed);
    }
    checked(cases, workload(first).name);
}

fn all_of(workload: &Workload) {
    cut_with_seeds(|_| workload.clone());
}

#[test]
fn in_single_writes() {
    all_of(&workload::single_writes());
}

#[test]
fn in_batches() {
    all_of(&workload::batches());
}

#[test]
fn in_writes_that_are_always_durable() {
    all_of(&workload::always());
}

#[test]
fn in_writes_that_nobody_waits_for() {
    all_of(&workload::unwaited());
}

#[test]
fn in_checkpoints_without_a_log() {
    all_of(&workload::without_log());
}

#[test]
fn in_checkpoints_and_reopens() {
    all_of(&workload::checkpoints());
}

#[test]
fn in_large_contents() {
    all_of(&workload::large_contents());
}

#[test]
fn in_embeddings() {
    all_of(&workload::embeddings());
}

#[test]
fn in_access_counters() {
    all_of(&workload::accesses());
}

#[test]
fn in_forgetting_and_hubs() {
    all_of(&workload::hubs());
}

#[test]
fn in_relearning() {
    all_of(&workload::relearning());
}

#[test]
fn in_recycled_segments() {
    all_of(&workload::recycled());
}

#[test]
fn in_a_log_that_fills() {
    all_of(&workload::full_log());
}

#[test]
fn in_groups_beside_checkpoints() {
    all_of(&workload::beside_checkpoints());
}

#[test]
fn in_swapped_chunks_and_images() {
    all_of(&workload::chunks());
}

#[test]
fn in_definitions_of_names() {
    all_of(&workload::names());
}

/// Lives at random; `place` says of which durability.
fn random(place: usize) {
    cut_with_seeds(|seed| workload::random(seed)[place].clone());
}

#[test]
fn in_random_lives() {
    random(0);
}

#[test]
fn in_random_lives_that_are_always_durable() {
    random(1);
}

#[test]
fn in_random_lives_without_a_log() {
    random(2);
}
