//! Every engine that was built, in turn, must give the same answers as the hash map.

use std::path::Path;

use sutra_benches::random::Random;
use sutra_benches::store::Folder;

use super::{ALL, Kind, hash_map};
use crate::engine::{Engine, Id, Source, Targets, Write};
use crate::work::{Associations, Concepts, Pair, ids, pairs, skewed_pairs, vectors};

const CONCEPTS: usize = 500;
const ASSOCIATIONS: usize = 2_000;

/// Concepts with and without vectors, half of them learned twice; associations, of which some are learned twice.
fn fill(store: &dyn Engine, known: &[Id], pairs: &[Pair]) {
    let vectors = vectors(&mut Random::new(1), 7, 384);
    store.write(&mut Concepts::new(known, &vectors, 2)).expect("learns with vectors");
    store.write(&mut Concepts::new(&known[..CONCEPTS / 2], &vectors, 3)).expect("learns again");
    store.write(&mut Associations::new(pairs, 0.5)).expect("associates");
    store.write(&mut Associations::new(&pairs[..ASSOCIATIONS / 3], 0.7)).expect("associates again");
}

fn answers(store: &dyn Engine, asked: &[Id]) -> Vec<(Option<u64>, Targets)> {
    let mut reader = store.reader().expect("a reader");
    reader.newest().expect("the newest");
    asked.iter().map(|id| (reader.get(id).expect("gets"), reader.neighbours(id).expect("neighbours"))).collect()
}

fn opened(kind: Kind, folder: &Path) -> Box<dyn Engine> {
    (kind.open)(folder).unwrap_or_else(|error| panic!("{}: {error}", kind.name))
}

#[test]
fn engines_answer_like_the_hash_map() {
    let asked = ids(0..CONCEPTS + 50);
    let known = &asked[..CONCEPTS];
    let mut random = Random::new(2);
    let mut pairs = pairs(&mut random, known, ASSOCIATIONS / 2);
    pairs.extend(skewed_pairs(&mut random, known, ASSOCIATIONS / 2));
    let folder = Folder::new().expect("a folder");
    let floor = opened(hash_map::KIND, folder.path());
    fill(&*floor, known, &pairs);
    let expected = answers(&*floor, &asked);
    assert!(expected[..CONCEPTS].iter().all(|(found, _)| found.is_some()));
    assert!(expected[CONCEPTS..].iter().all(|answer| *answer == (None, Targets::default())));
    let edges: u64 = expected.iter().map(|(_, targets)| targets.count).sum();
    assert!(edges > ASSOCIATIONS as u64 / 2, "{edges}");

    for kind in ALL {
        let folder = Folder::new().expect("a folder");
        let store = opened(*kind, folder.path());
        fill(&*store, known, &pairs);
        assert_eq!(answers(&*store, &asked), expected, "{}", kind.name);
        store.rest().expect("rests");
        store.close().expect("closes");
        if kind.on_disk {
            let store = opened(*kind, folder.path());
            assert_eq!(answers(&*store, &asked), expected, "{}, opened again", kind.name);
            store.close().expect("closes");
        }
    }
}

/// What is committed after a reader was made is seen from its next `newest` on, at the latest.
#[test]
fn the_newest_state_is_seen() {
    let known = ids(0..2);
    for kind in ALL {
        let folder = Folder::new().expect("a folder");
        let store = opened(*kind, folder.path());
        store.write(&mut Concepts::new(&known[..1], &[], 1)).expect("learns");
        let mut reader = store.reader().expect("a reader");
        assert!(reader.get(&known[0]).expect("gets").is_some(), "{}", kind.name);
        store.write(&mut Concepts::new(&known[1..], &[], 1)).expect("learns");
        store.write(&mut Associations::new(&[(known[0], known[1], 1)], 0.5)).expect("associates");
        reader.newest().expect("the newest");
        assert!(reader.get(&known[1]).expect("gets").is_some(), "{}", kind.name);
        assert_eq!(reader.neighbours(&known[0]).expect("neighbours").count, 1, "{}", kind.name);
        drop(reader);
        store.close().expect("closes");
    }
}

/// What is held stays as it was, also in engines whose readers see by themselves what is newest.
#[test]
fn what_is_held_does_not_change() {
    let known = ids(0..2);
    for kind in ALL {
        let folder = Folder::new().expect("a folder");
        let store = opened(*kind, folder.path());
        store.write(&mut Concepts::new(&known[..1], &[], 1)).expect("learns");
        let mut held = store.hold().expect("holds");
        assert_eq!(held.is_some(), kind.on_disk, "{}", kind.name);
        if let Some(held) = &mut held {
            assert!(held.get(&known[0]).expect("gets").is_some(), "{}", kind.name);
            store.write(&mut Concepts::new(&known[1..], &[], 1)).expect("learns");
            store.write(&mut Associations::new(&[(known[0], known[1], 1)], 0.5)).expect("associates");
            assert!(held.get(&known[1]).expect("gets").is_none(), "{}", kind.name);
            assert_eq!(held.neighbours(&known[0]).expect("neighbours").count, 0, "{}", kind.name);
            held.newest().expect("the newest");
            assert!(held.get(&known[1]).expect("gets").is_some(), "{}", kind.name);
            assert_eq!(held.neighbours(&known[0]).expect("neighbours").count, 1, "{}", kind.name);
        }
        drop(held);
        store.close().expect("closes");
    }
}

/// A source that ends where a window does gives no write twice and loses none.
#[test]
fn nothing_is_lost_between_windows() {
    struct Slow(u8);
    impl Source for Slow {
        fn next(&mut self) -> Option<Write<'_>> {
            const IDS: [Id; 64] = {
                let mut ids = [[1; 16]; 64];
                let mut at = 0;
                while at < 64 {
                    ids[at][0] = at as u8;
                    at += 1;
                }
                ids
            };
            let id = IDS.get(usize::from(self.0))?;
            self.0 += 1;
            if self.0.is_multiple_of(16) {
                std::thread::sleep(std::time::Duration::from_millis(11));
            }
            Some(Write::Learn { id, content: b"slow", vector: None })
        }
    }
    let asked: Vec<Id> = (0..64).map(|first| [[first; 1].as_slice(), &[1; 15]].concat().try_into().unwrap()).collect();
    for kind in ALL {
        let folder = Folder::new().expect("a folder");
        let store = opened(*kind, folder.path());
        store.write(&mut Slow(0)).expect("learns");
        assert!(answers(&*store, &asked).iter().all(|(found, _)| found.is_some()), "{}", kind.name);
        store.close().expect("closes");
    }
}
