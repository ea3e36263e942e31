//! A real child process on a real folder, killed by SIGKILL at some moment: while several threads write, while it opens and
//! recovers, while it closes. What was promised to it is held outside, in this process. Afterwards nothing promised is
//! missing; of each thread's writes there is a prefix; batches are whole; sequences have no holes; every byte is sound. The
//! next child goes on with the same store.
//!
//! What this does not show: kill -9 does not test power loss. What a killed process has written stays in the page cache,
//! synced or not; a store that never synced would pass. Power cuts are simulated, in the test `crash`.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod child;
mod parent;
mod steps;

use child::Orders;
use parent::Victim;
use support::tier::{Tier, checked};
use support::{Random, seed};
use sutra_storage::Durability;

/// So many looks, each after one kill or more, at stores that live through some of them.
fn cycles(durability: Durability, salt: u64) {
    let seed = seed(1);
    println!("SUTRA_SEED={seed}");
    let random = &mut Random(seed.wrapping_mul(4) + salt);
    let (count, mut kills, mut replays) = (Tier::get().pick(3, 80, 510), 0, 0);
    let mut victim = Victim::new(durability);
    for number in 0..count {
        victim.cycle(random);
        if random.one_in(6) || number + 1 == count {
            (kills, replays) = (kills + victim.kills, replays + victim.replays);
            victim = Victim::new(durability);
        }
    }
    println!("{kills} kills, {replays} recoveries from the log");
    // A child that is killed too early each time would let everything pass.
    assert_eq!(replays > 0, durability != Durability::None, "{replays} recoveries from the log");
    checked(count, "looks after a kill");
}

#[test]
fn under_group() {
    cycles(Durability::Group, 0);
}

#[test]
fn under_group_again() {
    cycles(Durability::Group, 1);
}

#[test]
fn under_always() {
    cycles(Durability::Always, 2);
}

#[test]
fn without_a_log() {
    cycles(Durability::None, 3);
}

/// What the tests above start and kill. Nothing, when it was not started by them.
#[test]
fn child() {
    if let Some(orders) = Orders::of_this_process() {
        child::run(&orders);
    }
}
