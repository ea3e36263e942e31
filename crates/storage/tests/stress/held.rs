//! Snapshots that are taken, held and dropped at random.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use sutra_storage::{ConcurrentMemory, Direction, NeighborOptions, Snapshot};

use crate::producers::PRODUCERS;
use crate::steps::{HUBS, hub, marks};
use crate::support::Random;

/// How many are held at once.
const HELD: usize = 64;

/// What a snapshot shows of what is written most.
fn digest(snapshot: &Snapshot) -> u64 {
    let mut digest = DefaultHasher::new();
    (snapshot.sequence(), snapshot.timestamp()).hash(&mut digest);
    (snapshot.concept_count(), snapshot.stub_count(), snapshot.edge_count()).hash(&mut digest);
    (0..PRODUCERS).for_each(|producer| marks(snapshot, producer).hash(&mut digest));
    for number in 0..HUBS {
        let options = NeighborOptions { direction: Direction::In, ..NeighborOptions::default() };
        for neighbor in snapshot.neighbors_with(hub(number), options).expect("readable").iter() {
            let association = neighbor.association().expect("readable");
            neighbor.id().expect("readable").to_bytes().hash(&mut digest);
            (association.ordinal(), association.sequence(), association.weight().to_bits()).hash(&mut digest);
        }
    }
    digest.finish()
}

/// Holds snapshots, and drops one at random for each that it takes, until `ended`. Gives how many it has checked.
pub(crate) fn hold(memory: &ConcurrentMemory, seed: u64, ended: impl Fn() -> bool) -> u64 {
    let (mut random, mut checked, mut held) = (Random(seed), 0, Vec::new());
    let mut check = |(snapshot, expected): (Snapshot, u64)| {
        assert_eq!(digest(&snapshot), expected, "the snapshot at {} has changed", snapshot.sequence());
        checked += 1;
    };
    while !ended() {
        let snapshot = memory.snapshot();
        let expected = digest(&snapshot);
        held.push((snapshot, expected));
        if held.len() > HELD {
            check(held.swap_remove(random.below(HELD as u64) as usize));
        }
    }
    held.into_iter().for_each(check);
    checked
}
