//! A fault at every operation and every read of lives of many kinds, once and for ever: input/output errors, full disks,
//! interruptions, short writes, failed syncs, no memory. During it no call waits for ever, nothing panics, errors are of
//! the documented kinds and reads go on. Afterwards everything acknowledged is there, for this process's successor and
//! after a power cut, also when the successor has gone on; a store that was not poisoned goes on as if nothing had been.
//!
//! What this does not show: two faults in one life, unless they are one that stays; a disk that lies; faults of the
//! calls that take the lock, start threads or ask for memory on the heap; page faults in maps of a real file.

#[path = "../support/mod.rs"]
mod support;

mod case;
mod lives;
mod plan;
mod watch;
mod workload;

use std::collections::BTreeMap;

use case::{Case, End};
use support::panics::engine_panics;
use support::seed;
use support::tier::{Tier, checked};
use watch::Watch;
use workload::{Prepared, Workload};

/// All plans of each life, or one in `step`.
fn at_every_place(workloads: impl IntoIterator<Item = Workload>, step: usize) {
    let (watch, mut cases) = (Watch::new(), 0);
    // The engine's panics count from here on.
    assert_eq!(engine_panics(), 0);
    for workload in workloads {
        let name = workload.to_string();
        let prepared = Prepared::new(workload);
        let mut ends = BTreeMap::<_, u64>::new();
        for plan in prepared.plans().into_iter().step_by(step) {
            let case = Case { prepared: &prepared, plan };
            watch.next(&case);
            let end = case.run();
            cases += u64::from(end != End::NotMet);
            *ends.entry(format!("{end:?}")).or_default() += 1;
        }
        println!("{name}: {ends:?}");
    }
    checked(cases, "lives with a fault");
}

fn fixed(workloads: impl IntoIterator<Item = Workload>) {
    // A prime, so that no fault and no kind of operation is passed over again and again.
    at_every_place(workloads, Tier::get().pick(11, 1, 1));
}

#[test]
fn in_writes_and_batches() {
    fixed([lives::single_writes(), lives::batches(), lives::always()]);
}

#[test]
fn in_checkpoints() {
    fixed([lives::without_a_log(), lives::checkpoints(), lives::triggered_checkpoints()]);
}

#[test]
fn in_logs_of_small_segments() {
    fixed([lives::recycled_segments(), lives::a_full_log()]);
}

#[test]
fn in_the_opening_of_what_an_earlier_process_left() {
    fixed([lives::after_a_kill(), lives::after_a_power_cut(), lives::after_a_close()]);
}

/// Random lives, of half of the seeds: those with this remainder.
fn random(remainder: u64) {
    let first = seed(1);
    println!("SUTRA_SEED={first}");
    let count = Tier::get().pick(2, 8, 64);
    let seeds = (first..first + count).filter(|seed| seed % 2 == remainder);
    at_every_place(seeds.flat_map(lives::random), Tier::get().pick(11, 1, 1));
}

#[test]
fn in_random_lives_of_even_seeds() {
    random(0);
}

#[test]
fn in_random_lives_of_odd_seeds() {
    random(1);
}
