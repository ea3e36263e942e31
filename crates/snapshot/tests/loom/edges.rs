//! Edges that are appended, ended and moved to larger blocks while snapshots read them.

use sutra_snapshot::SnapshotSource;
use sutra_sync::model::{Depth, explore};
use sutra_sync::{mapped, thread};

use crate::store::{Store, targets};

/// What the newest snapshot says must be what its sequence says.
fn check_newest(source: &SnapshotSource, at: impl Fn(u64) -> Vec<u32>) {
    let newest = source.latest();
    assert_eq!(targets(&newest, 0), at(newest.sequence()));
}

/// The writer fills places of a block behind the prefix that an older snapshot sees.
#[test]
fn block_append_against_an_older_snapshot() {
    explore("block append against an older snapshot", Depth::Two, || {
        let mut store = Store::with_edges(3, 1..=1);
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        mapped::observe(128);
        let reader = thread::spawn(move || {
            assert_eq!(targets(&old, 0), [1]);
            check_newest(&source, |sequence| if sequence == before { vec![1] } else { vec![1, 2] });
        });
        store.associate(0, 2);
        store.publish();
        reader.join().unwrap();
    });
}

/// A full block is replaced by a larger one.
#[test]
fn block_growth_against_readers() {
    explore("block growth against readers", Depth::Two, || {
        let mut store = Store::with_edges(4, 1..=2);
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        mapped::observe(128);
        let reader = thread::spawn(move || {
            assert_eq!(targets(&old, 0), [1, 2]);
            check_newest(&source, |sequence| if sequence == before { vec![1, 2] } else { vec![1, 2, 3] });
        });
        store.associate(0, 3);
        store.publish();
        reader.join().unwrap();
    });
}

/// The first end of an edge in a block makes the column of ends.
#[test]
fn first_until_against_readers() {
    explore("first `until` against readers", Depth::Two, || {
        let mut store = Store::with_edges(3, 1..=2);
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        mapped::observe(128);
        let reader = thread::spawn(move || {
            assert_eq!(targets(&old, 0), [1, 2]);
            check_newest(&source, |sequence| if sequence == before { vec![1, 2] } else { vec![2] });
        });
        store.end(0, 1);
        store.publish();
        reader.join().unwrap();
    });
}

/// A further end is a change of one atomic that readers look at.
#[test]
fn further_until_against_readers() {
    explore("further `until` against readers", Depth::Two, || {
        let mut store = Store::with_edges(4, 1..=3);
        store.end(0, 1);
        store.publish();
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        mapped::observe(128);
        let reader = thread::spawn(move || {
            assert_eq!(targets(&old, 0), [2, 3]);
            check_newest(&source, |sequence| if sequence == before { vec![2, 3] } else { vec![3] });
        });
        store.end(0, 2);
        store.publish();
        reader.join().unwrap();
    });
}

/// Publishing rewrites a block most of whose edges have ended, and its memory is used again.
#[test]
fn block_rewritten_without_what_ended() {
    explore("block rewritten without what ended", Depth::Two, || {
        let mut store = Store::with_edges(8, 1..=5);
        (1..=4).for_each(|target| store.end(0, target));
        // The rewriting waits for the snapshot that sees them to go: two publishes.
        (0..2).for_each(|_| drop(store.publish()));
        let old = store.writer.latest();
        mapped::observe(256);
        let reader = thread::spawn(move || assert_eq!(targets(&old, 0), [5]));
        (0..2).for_each(|_| drop(store.publish()));
        store.associate(6, 7);
        store.publish();
        reader.join().unwrap();
        assert_eq!(targets(&store.writer.latest(), 0), [5]);
    });
}
