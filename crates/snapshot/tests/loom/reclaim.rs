//! Memory that is used again: never while a snapshot can lead to what it held, and then by one who is ordered after the
//! last reader.

use sutra_sync::model::{Depth, explore};
use sutra_sync::{mapped, thread};

use crate::store::{Store, targets};

/// Grows the first slot's block, lets the old one go and takes memory of its size again.
fn replace_and_use_again(store: &mut Store) {
    store.associate(0, 3);
    store.publish();
    store.publish();
    store.associate(4, 5);
    store.publish();
}

#[test]
fn old_snapshot_against_reclaim() {
    explore("old snapshot against reclaim", Depth::Two, || {
        let mut store = Store::with_edges(6, 1..=2);
        let old = store.writer.latest();
        mapped::observe(160);
        let reader = thread::spawn(move || assert_eq!(targets(&old, 0), [1, 2]));
        replace_and_use_again(&mut store);
        reader.join().unwrap();
        assert_eq!(targets(&store.writer.latest(), 0), [1, 2, 3]);
    });
}

/// The snapshot goes where its last clone is dropped, whichever of two threads that is.
#[test]
fn snapshot_shared_by_two_readers_against_reclaim() {
    explore("snapshot shared by two readers against reclaim", Depth::Three, || {
        let mut store = Store::with_edges(6, 1..=2);
        let old = store.writer.latest();
        mapped::observe(160);
        let readers = [old.clone(), old].map(|old| thread::spawn(move || assert_eq!(targets(&old, 0), [1, 2])));
        replace_and_use_again(&mut store);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// Within one group a block is born and replaced. A reader may have met it in its row, so its memory is not used again
/// within the group, though no snapshot was ever published that knows it.
#[test]
fn block_born_and_replaced_in_one_group() {
    explore("block born and replaced in one group", Depth::Two, || {
        let mut store = Store::with_edges(8, 1..=2);
        store.associate(6, 1);
        store.associate(6, 2);
        store.publish();
        let old = store.writer.latest();
        mapped::observe(256);
        let reader = thread::spawn(move || assert_eq!(targets(&old, 0), [1, 2]));
        // A block of three edges, then one of six, then another one of three.
        store.associate(0, 3);
        store.associate(0, 4);
        store.associate(6, 5);
        store.publish();
        reader.join().unwrap();
        assert_eq!(targets(&store.writer.latest(), 6), [1, 2, 5]);
    });
}
