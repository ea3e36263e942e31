//! Revised concepts: what a snapshot that does not see the latest version finds instead.

use sutra_sync::model::{Depth, explore};
use sutra_sync::{mapped, thread};

use crate::store::{Store, content, id};

/// A concept that was revised so often, each time published; its content says how often.
fn revised(times: u8) -> Store {
    let mut store = Store::with_concepts(2);
    for time in 1..=times {
        store.learn(id(0), &[time]);
        store.publish();
    }
    store
}

/// A reader of the snapshot before, and of the newest one if it is told, while the concept is revised `more` times in groups
/// of their own.
fn revise_further(times: u8, more: u8, and_newest: bool) {
    let mut store = revised(times);
    let (old, source, before) = (store.writer.latest(), store.writer.source(), store.sequence);
    mapped::observe(128);
    let reader = thread::spawn(move || {
        assert_eq!(content(&old, &id(0)), [times]);
        if and_newest {
            let newest = source.latest();
            assert_eq!(content(&newest, &id(0)), [times + (newest.sequence() - before) as u8]);
        }
    });
    for time in times + 1..=times + more {
        store.learn(id(0), &[time]);
        store.publish();
    }
    reader.join().unwrap();
}

/// The first revision makes the block of older versions.
#[test]
fn first_revision_against_readers() {
    explore("first revision against readers", Depth::Two, || revise_further(0, 1, true));
}

/// Further ones are appended to it.
#[test]
fn further_revision_against_readers() {
    explore("further revision against readers", Depth::Two, || revise_further(1, 1, true));
}

#[test]
fn two_revisions_against_an_older_snapshot() {
    explore("two revisions against an older snapshot", Depth::Two, || revise_further(1, 2, false));
}

#[test]
fn two_revisions_against_readers() {
    explore("two revisions against readers", Depth::TwoLong, || revise_further(1, 2, true));
}

/// A full block is rewritten with what is still needed: eight versions fit, the ninth does not.
#[test]
fn rewritten_versions_against_readers() {
    explore("rewritten versions against readers", Depth::Two, || revise_further(8, 1, true));
}

/// The first revision fills the block, the second rewrites it: a reader that has seen the first one's `latest` may come upon
/// the second one's block, which nothing but its own handle orders.
#[test]
fn filled_and_rewritten_versions_against_an_older_snapshot() {
    let what = "filled and rewritten versions against an older snapshot";
    explore(what, Depth::Two, || revise_further(7, 2, false));
}
