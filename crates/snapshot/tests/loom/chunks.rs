//! A full chunk of blobs that is swapped for a map of its bytes while a snapshot reads it.

use sutra_snapshot::Arena;
use sutra_sync::model::{Depth, explore, prepare};
use sutra_sync::{mapped, thread};
use sutra_vfs::sim::SimDirectory;
use sutra_vfs::{Directory, Map};

use crate::store::{Store, content, id};

/// All but fills the first chunk, so that the next blob goes to the second.
static LARGE: [u8; 60_000] = [7; 60_000];

fn full_chunk() -> Store {
    let mut store = Store::with_concepts(0);
    store.learn(id(0), &LARGE);
    store.learn(id(1), &[1; 10_000]);
    store.publish();
    store
}

/// A map of the first chunk.
fn map_of_chunk(change: fn(&mut [u8])) -> Map {
    let mut bytes = prepare(|| full_chunk().writer.latest().chunk(Arena::Blobs, 0).to_vec());
    change(&mut bytes);
    let directory = SimDirectory::new();
    let file = directory.create("chunk").unwrap();
    file.write_all_at(&bytes, 0).unwrap();
    file.map(0, bytes.len()).unwrap()
}

#[test]
fn swap_against_reader_and_the_end_of_the_old_chunk() {
    let map = map_of_chunk(|_| ());
    explore("chunk swap against reader and the end of the old chunk", Depth::Two, move || {
        let mut store = full_chunk();
        let old = store.writer.latest();
        mapped::observe(64);
        let reader = thread::spawn(move || assert_eq!(content(&old, &id(0)), LARGE));
        store.writer.swap_chunk(Arena::Blobs, 0, map.clone());
        store.publish();
        store.publish();
        reader.join().unwrap();
        assert_eq!(content(&store.writer.latest(), &id(0)), LARGE);
    });
}

/// What the map holds is not what was written: a reader gets what was written, or damage. It never takes the map's bytes
/// for trusted ones, whatever it saw of the chunk before.
///
/// It once did: a blob's length and its payload were found by two loads of the chunk's entry. When the swap came between
/// them, the length was that of the heap, which needs no verification, and with it went the payload, which was the map's.
#[test]
fn swap_for_a_damaged_map_against_reader() {
    let map = map_of_chunk(|bytes| bytes[30_000] ^= 1);
    explore("chunk swap for a damaged map against reader", Depth::Two, move || {
        let mut store = full_chunk();
        let old = store.writer.latest();
        mapped::observe(64);
        let reader = thread::spawn(move || {
            let (_, record) = old.find(&id(0)).unwrap().unwrap();
            for _ in 0..2 {
                if let Ok(content) = old.content(record) {
                    assert_eq!(content, LARGE);
                }
            }
        });
        store.writer.swap_chunk(Arena::Blobs, 0, map.clone());
        reader.join().unwrap();
        let newest = store.publish();
        let (_, record) = newest.find(&id(0)).unwrap().unwrap();
        assert!(newest.content(record).is_err());
    });
}
