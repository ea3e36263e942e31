//! Hubs: under loom a chunk holds six edges, so that a slot of seven has a directory of chunks.

use sutra_snapshot::{Side, Snapshot};
use sutra_sync::model::{Depth, explore};
use sutra_sync::{mapped, thread};

use crate::store::{Store, targets};

/// The last chunk is full, so another one enters the directory.
#[test]
fn chunk_appended_to_a_hub_against_readers() {
    explore("chunk appended to a hub against readers", Depth::Two, || {
        let mut store = Store::with_edges(14, 1..=12);
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        mapped::observe(256);
        let reader = thread::spawn(move || {
            assert_eq!(targets(&old, 0), (1..=12).collect::<Vec<_>>());
            drop(old);
            let newest = source.latest();
            let last = if newest.sequence() == before { 12 } else { 13 };
            assert_eq!(targets(&newest, 0), (1..=last).collect::<Vec<_>>());
        });
        store.associate(0, 13);
        store.publish();
        reader.join().unwrap();
    });
}

/// A block of six becomes a hub.
#[test]
fn block_that_becomes_a_hub_against_readers() {
    explore("block that becomes a hub against readers", Depth::Two, || {
        let mut store = Store::with_edges(8, 1..=6);
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        mapped::observe(256);
        let reader = thread::spawn(move || {
            assert_eq!(targets(&old, 0), (1..=6).collect::<Vec<_>>());
            drop(old);
            let newest = source.latest();
            let last = if newest.sequence() == before { 6 } else { 7 };
            assert_eq!(targets(&newest, 0), (1..=last).collect::<Vec<_>>());
        });
        store.associate(0, 7);
        store.publish();
        reader.join().unwrap();
    });
}

/// A directory of eight full chunks is replaced by a larger one.
#[test]
fn directory_growth_against_readers() {
    explore("directory growth against readers", Depth::Two, || {
        let mut store = Store::with_edges(50, 1..=48);
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        mapped::observe(512);
        let reader = thread::spawn(move || {
            let count = |snapshot: &Snapshot| snapshot.edges(0, Side::Out).unwrap().iter().count();
            assert_eq!(count(&old), 48);
            drop(old);
            let newest = source.latest();
            assert_eq!(count(&newest), if newest.sequence() == before { 48 } else { 49 });
        });
        store.associate(0, 49);
        store.publish();
        reader.join().unwrap();
    });
}

/// A hub of eight whose first chunk has lost five, which nobody sees any more: the next publish rewrites that chunk.
fn hub_to_prune() -> Store {
    let mut store = Store::with_edges(11, 1..=8);
    (1..=5).for_each(|target| store.end(0, target));
    // The rewriting waits for the snapshot that sees them to go: two publishes.
    (0..2).for_each(|_| drop(store.publish()));
    store
}

/// Readers come upon the old chunk or the new one, and on the same edges.
#[test]
fn chunk_of_a_hub_replaced_against_readers() {
    explore("chunk of a hub replaced against readers", Depth::Two, || {
        let mut store = hub_to_prune();
        let (old, source) = (store.writer.latest(), store.writer.source());
        mapped::observe(256);
        let reader = thread::spawn(move || {
            assert_eq!(targets(&old, 0), [6, 7, 8]);
            drop(old);
            assert_eq!(targets(&source.latest(), 0), [6, 7, 8]);
        });
        store.publish();
        reader.join().unwrap();
    });
}

/// The memory of the old chunk, or of its column of ends, is used again when its last reader is gone.
#[test]
fn chunk_of_a_hub_replaced_and_used_again() {
    explore("chunk of a hub replaced and used again", Depth::Two, || {
        let mut store = hub_to_prune();
        let old = store.writer.latest();
        mapped::observe(256);
        let reader = thread::spawn(move || assert_eq!(targets(&old, 0), [6, 7, 8]));
        (0..2).for_each(|_| drop(store.publish()));
        store.associate(9, 10);
        store.publish();
        reader.join().unwrap();
        assert_eq!(targets(&store.writer.latest(), 0), [6, 7, 8]);
    });
}
