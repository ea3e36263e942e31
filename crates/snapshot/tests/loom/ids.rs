//! Ids that are looked up while the table that finds them is written and grows.

use std::sync::OnceLock;

use sutra_format::{ConceptId, id_hash};
use sutra_sync::model::{Depth, explore};
use sutra_sync::{mapped, thread};

use crate::store::{Store, content, id};

/// Ids of the first sub-table, which wants to grow when it holds four and a fifth comes.
fn ids() -> &'static [ConceptId] {
    static IDS: OnceLock<Vec<ConceptId>> = OnceLock::new();
    let first = |id: &ConceptId| id_hash(id.as_bytes()) >> 56 == 0;
    IDS.get_or_init(|| (0..).map(id).filter(first).take(6).collect())
}

fn store_of(count: usize) -> Store {
    let mut store = Store::with_concepts(0);
    (0..count).for_each(|number| store.learn(ids()[number], &[number as u8]));
    store.publish();
    store
}

/// Looks ids up in a store that held `known` ids and gets another one: in the snapshot before, and in the newest one if that
/// is told.
fn look_up(known: usize, publishes: usize, and_newest: bool) {
    let mut store = store_of(known);
    let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
    mapped::observe(160);
    let reader = thread::spawn(move || {
        assert_eq!(content(&old, &ids()[0]), [0]);
        assert!(old.find(&ids()[known]).unwrap().is_none());
        drop(old);
        if and_newest {
            let newest = source.latest();
            assert_eq!(content(&newest, &ids()[known - 1]), [known as u8 - 1]);
            assert_eq!(newest.find(&ids()[known]).unwrap().is_some(), newest.sequence() > before);
        }
    });
    store.learn(ids()[known], &[known as u8]);
    (0..publishes).for_each(|_| drop(store.publish()));
    reader.join().unwrap();
}

#[test]
fn insert_against_lookup() {
    explore("id insert against lookup", Depth::Two, || look_up(2, 1, true));
}

#[test]
fn growth_against_lookup() {
    explore("id-table growth against lookup", Depth::Two, || look_up(4, 1, true));
}

/// The replaced sub-table goes when the snapshots from before are gone, which the reader's drop decides.
#[test]
fn growth_and_the_end_of_the_old_table() {
    explore("id-table growth and the end of the old table", Depth::Two, || look_up(4, 2, false));
}

/// As before, with a reader that goes on to the newest snapshot.
#[test]
fn growth_and_the_end_of_the_old_table_with_a_later_reader() {
    let what = "id-table growth and the end of the old table with a later reader";
    explore(what, Depth::TwoLong, || look_up(4, 2, true));
}
