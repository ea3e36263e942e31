//! Edges that lie in an image until their slot is changed for the first time: readers and writer verify the image's blocks
//! at first access, and a block takes the place of the slot's row of the image.

use sutra_format::ConceptId;
use sutra_snapshot::{Side, Snapshot};
use sutra_sync::model::{Depth, explore, prepare};
use sutra_sync::{mapped, thread};

use crate::model::files::Files;
use crate::store::{Store, targets};

/// The first change of a slot with two edges in an image.
struct Change {
    /// The image was read before, so that nothing of it is left to be verified.
    verified: bool,
    make: fn(&mut Store),
    after: &'static [u32],
}

const EDGE: Change = Change { verified: false, make: |store| store.associate(0, 3), after: &[1, 2, 3] };
const END: Change = Change { verified: true, make: |store| store.end(0, 1), after: &[2] };

/// Reads what the image holds of a slot.
fn verify(snapshot: &Snapshot, slot: u32) {
    let id = ConceptId::from_bytes(snapshot.newest(slot).unwrap().unwrap().id);
    assert_eq!(snapshot.find(&id).unwrap().unwrap().0, slot);
    for side in [Side::Out, Side::In] {
        assert!(snapshot.edges(slot, side).unwrap().iter().count() <= 2);
    }
}

/// The change beside a reader of the snapshot before it, or of the newest one.
fn change_beside_a_reader(what: &str, of_newest: bool, change: &'static Change) {
    let files = prepare(|| {
        let snapshot = Store::with_edges(4, 1..=2).writer.latest();
        Files::of(&snapshot).with_image(&snapshot)
    });
    explore(what, Depth::Two, move || {
        let mut store = Store { writer: files.restore().unwrap(), sequence: files.sequence };
        store.publish();
        let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
        assert!(old.has_image());
        if change.verified {
            (0..4).for_each(|slot| verify(&old, slot));
        }
        mapped::observe(256);
        let reader = thread::spawn(move || {
            let snapshot = if of_newest { source.latest() } else { old };
            assert_eq!(targets(&snapshot, 0), if snapshot.sequence() == before { &[1, 2] } else { change.after });
        });
        (change.make)(&mut store);
        store.publish();
        reader.join().unwrap();
    });
}

#[test]
fn first_edge_beside_an_older_snapshot() {
    change_beside_a_reader("first edge beside those of the image, older snapshot", false, &EDGE);
}

#[test]
fn first_edge_beside_the_newest_snapshot() {
    change_beside_a_reader("first edge beside those of the image, newest snapshot", true, &EDGE);
}

#[test]
fn first_end_beside_an_older_snapshot() {
    change_beside_a_reader("first end of an edge of the image, older snapshot", false, &END);
}

#[test]
fn first_end_beside_the_newest_snapshot() {
    change_beside_a_reader("first end of an edge of the image, newest snapshot", true, &END);
}
