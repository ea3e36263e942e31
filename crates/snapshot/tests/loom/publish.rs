//! Groups are seen whole or not at all, and never taken back.

use sutra_snapshot::Snapshot;
use sutra_sync::model::{Depth, explore};
use sutra_sync::{mapped, thread};

use crate::store::{Store, content, id, targets};

/// A group learns a concept and leads an edge to it.
fn group(store: &mut Store, number: u32) {
    store.learn(id(number), &[number as u8]);
    store.associate(0, number);
}

/// What a snapshot must say after so many groups.
fn check(snapshot: &Snapshot) {
    let last = 1 + snapshot.sequence() as u32 / 2;
    assert_eq!(snapshot.lengths().slots, last);
    assert_eq!(targets(snapshot, 0), (2..last).collect::<Vec<_>>());
    for number in 2..=3 {
        let found = snapshot.find(&id(number)).unwrap();
        assert_eq!(found.is_some(), number < last);
        if found.is_some() {
            assert_eq!(content(snapshot, &id(number)), [number as u8]);
        }
    }
}

/// Two groups, of which a reader finds none, the first or both.
#[test]
fn publish_against_load() {
    explore("publish against load", Depth::TwoLong, || {
        let mut store = Store::with_concepts(2);
        let source = store.writer.source();
        mapped::observe(256);
        let reader = thread::spawn(move || check(&source.latest()));
        for number in 2..=3 {
            group(&mut store, number);
            check(&store.publish());
        }
        reader.join().unwrap();
    });
}

/// What a reader has seen it sees again.
#[test]
fn publish_against_two_loads() {
    explore("publish against two loads of one reader", Depth::Two, || {
        let mut store = Store::with_concepts(2);
        let source = store.writer.source();
        mapped::observe(256);
        let reader = thread::spawn(move || {
            let first = source.latest().sequence();
            let second = source.latest();
            assert!(first <= second.sequence());
            check(&second);
        });
        group(&mut store, 2);
        store.publish();
        reader.join().unwrap();
    });
}

#[test]
fn publish_against_two_readers() {
    explore("publish against two readers", Depth::Three, || {
        let mut store = Store::with_concepts(2);
        let sources = [store.writer.source(), store.writer.source()];
        mapped::observe(256);
        let readers = sources.map(|source| thread::spawn(move || check(&source.latest())));
        group(&mut store, 2);
        store.publish();
        for reader in readers {
            reader.join().unwrap();
        }
    });
}
