//! Full chunks are swapped for maps. What a held snapshot reads does not change, it keeps only the chunks that it
//! reaches, and what is written further is not swapped.

mod model;

use model::files::map;
use model::random::id;
use sutra_format::entry::{EntryWriter, LearnConcept, Op};
use sutra_snapshot::{Arena, Snapshot, Writer};

const CONCEPTS: u32 = 30_000;

fn learn(writer: &mut Writer, numbers: std::ops::Range<u32>) -> Snapshot {
    for number in numbers {
        let content = [number as u8; 300];
        let op = Op::LearnConcept(LearnConcept {
            id: id(number),
            namespace: 0,
            key: b"",
            content: &content,
            vector: None,
            metadata: None,
            strength: 1.0,
            confidence: 1.0,
            created: None,
        });
        writer.apply(u64::from(number) + 1, &EntryWriter::single(1, &op)).unwrap();
    }
    writer.publish(1)
}

fn check(snapshot: &Snapshot) {
    for number in 0..snapshot.lengths().concepts {
        let (slot, record) = snapshot.find(&id(number)).unwrap().unwrap();
        assert_eq!(slot, number);
        assert_eq!(snapshot.content(record).unwrap(), [number as u8; 300]);
    }
}

/// Offers a map of every chunk of a snapshot; gives the bytes of all chunks.
fn swap(writer: &mut Writer, snapshot: &Snapshot) -> u64 {
    let mut bytes = 0;
    for arena in Arena::ALL {
        for index in 0..snapshot.chunk_count(arena) {
            let mut chunk = snapshot.chunk(arena, index).to_vec();
            chunk.resize(snapshot.chunk_capacity(arena, index) as usize, 0);
            bytes += chunk.len() as u64;
            writer.swap_chunk(arena, index, map(&chunk));
        }
    }
    bytes
}

#[test]
fn swapped_chunks_read_the_same() {
    let mut writer = Writer::new().unwrap();
    // Two chunks of concepts, three of blobs.
    let early = learn(&mut writer, 0..1_000);
    let snapshot = learn(&mut writer, 1_000..CONCEPTS);
    let before = writer.count_memory();
    // Id tables that grew.
    let tables = writer.source().memory_use().retained_bytes;
    let bytes = swap(&mut writer, &snapshot);
    check(&snapshot);
    check(&early);
    writer.publish(2);
    let source = writer.source();
    assert!(source.memory_use().retained_bytes > bytes / 2, "the snapshot reaches them all");
    drop(snapshot);
    (3..8).for_each(|time| drop(writer.publish(time)));
    let reached: u64 = (0..2).map(|index| early.chunk_capacity(Arena::Concepts, index)).sum::<u64>()
        + (0..3).map(|index| early.chunk_capacity(Arena::Blobs, index)).sum::<u64>();
    assert_eq!(source.memory_use().retained_bytes - tables, reached);
    check(&early);
    // Spare chunks count as heap until they are used again: fill what was freed.
    let after = learn(&mut writer, CONCEPTS..CONCEPTS + 10_000);
    assert!(writer.count_memory() < before + (8 << 20));
    check(&after);
    drop(early);
    writer.publish(9);
    assert_eq!(source.memory_use().retained_bytes, 0);
    check(&after);
}

#[test]
fn what_is_written_further_is_not_swapped() {
    let mut writer = Writer::new().unwrap();
    let snapshot = learn(&mut writer, 0..2_000);
    swap(&mut writer, &snapshot);
    // A full chunk that is not published is not committed either.
    learn(&mut writer, 2_000..2_001);
    let last = snapshot.chunk_count(Arena::Concepts) - 1;
    let size = snapshot.chunk_capacity(Arena::Concepts, last) as usize;
    writer.swap_chunk(Arena::Concepts, last, map(&vec![0; size]));
    writer.swap_chunk(Arena::Concepts, 0, map(&[0; 4096]));
    writer.swap_chunk(Arena::Blobs, 1_000_000, map(&[0; 4096]));
    check(&learn(&mut writer, 2_001..9_000));
}

#[test]
fn a_map_with_damage_is_found_though_its_heap_was_right() {
    let mut writer = Writer::new().unwrap();
    let snapshot = learn(&mut writer, 0..2_000);
    check(&snapshot);
    let mut chunk = snapshot.chunk(Arena::Concepts, 0).to_vec();
    chunk[128 * 5 + 40] ^= 1;
    writer.swap_chunk(Arena::Concepts, 0, map(&chunk));
    assert!(snapshot.concept(5).is_err() && snapshot.concept(4).is_ok());
    assert!(writer.publish(2).find(&id(5)).is_err());
}
