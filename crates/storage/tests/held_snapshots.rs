//! Sixty-four snapshots are held through a million writes, checkpoints among them: each reads at the end as it read when it
//! was taken, and what only they needed is given back when they are gone.

mod support;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use support::{Random, seed};
use sutra_storage::{
    Batch, Concept, ConceptId, ConceptView, ConcurrentConfig, ConcurrentMemory, Direction, NeighborOptions, Snapshot,
};

const HELD: u64 = 64;
const WRITES: u64 = 1_000_000;
const IDS: u64 = 40_000;
/// Snapshots with fewer concepts are read from end to end, of the others a sample.
const SMALL: u64 = 3_000;

fn id(number: u64) -> ConceptId {
    let mut bytes = [0x5a; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    ConceptId::from_bytes(bytes)
}

/// One of the kinds of write, most of them on ids that are known.
fn write(memory: &ConcurrentMemory, random: &mut Random, number: u64) -> u64 {
    // Ids come into use one after the other, so that early snapshots are small.
    let known = 100 + number * IDS / WRITES;
    let (one, other) = (id(random.below(known)), id(random.below(known)));
    match random.below(100) {
        0..=49 => memory.learn_concept(one, number.to_le_bytes(), None, 0.5, 0.5),
        50..=54 => memory.update_strength(one, 0.25),
        55..=93 => memory.learn_association(one, other, random.below(3) as u8, 0.5),
        94..=95 => memory.forget_association(one, other, random.below(3) as u8),
        96..=97 => memory.forget_concept(one),
        _ => {
            let mut batch = Batch::new();
            batch.concept(Concept::new(one).content("in a batch")).concept(Concept::new(other).content("with it"));
            memory.learn_batch(&batch)
        }
    }
    .unwrap()
}

fn add(digest: &mut DefaultHasher, concept: &ConceptView<'_>) {
    concept.id().to_bytes().hash(digest);
    concept.content().unwrap().hash(digest);
    (concept.version(), concept.sequence(), concept.created(), concept.modified()).hash(digest);
    (concept.strength().to_bits(), concept.is_stub()).hash(digest);
}

fn add_with_neighbors(digest: &mut DefaultHasher, snapshot: &Snapshot, id: ConceptId) {
    snapshot.query_concept(id).unwrap().iter().for_each(|concept| add(digest, concept));
    let options = NeighborOptions { direction: Direction::Both, ..NeighborOptions::default() };
    for neighbor in snapshot.neighbors_with(id, options).unwrap().iter() {
        add(digest, &neighbor.concept().unwrap());
        let association = neighbor.association().unwrap();
        (association.ordinal(), association.sequence(), association.kind().0).hash(digest);
    }
}

fn digest(snapshot: &Snapshot) -> u64 {
    let mut digest = DefaultHasher::new();
    (snapshot.sequence(), snapshot.timestamp()).hash(&mut digest);
    (snapshot.concept_count(), snapshot.stub_count(), snapshot.edge_count()).hash(&mut digest);
    if snapshot.concept_count() < SMALL {
        let ids: Vec<_> = snapshot.concepts().map(|concept| concept.unwrap().id()).collect();
        assert_eq!(ids.len() as u64, snapshot.concept_count());
        ids.into_iter().for_each(|id| add_with_neighbors(&mut digest, snapshot, id));
        let edges = snapshot.associations().inspect(|association| {
            association.as_ref().unwrap().ordinal().hash(&mut digest);
        });
        assert_eq!(edges.count() as u64, snapshot.edge_count());
    } else {
        let mut random = Random(snapshot.sequence());
        (0..2_000).for_each(|_| add_with_neighbors(&mut digest, snapshot, id(random.below(IDS))));
    }
    digest.finish()
}

#[test]
fn sixty_four_held_through_a_million_writes_read_the_same() {
    let seed = seed(1);
    println!("SUTRA_SEED={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let config =
        ConcurrentConfig { write_timeout: std::time::Duration::from_secs(600), ..ConcurrentConfig::new(folder.path()) };
    let memory = ConcurrentMemory::new(config).unwrap();
    let mut held = Vec::new();
    let mut last = 0;
    for number in 0..WRITES {
        last = write(&memory, &mut random, number);
        if number % (WRITES / HELD) == 1000 {
            memory.wait_visible(last).unwrap();
            let snapshot = memory.snapshot();
            let digest = digest(&snapshot);
            held.push((snapshot, digest));
        }
    }
    memory.wait_visible(last).unwrap();
    assert_eq!(held.len() as u64, HELD);
    assert!(held.iter().filter(|(snapshot, _)| snapshot.concept_count() < SMALL).count() >= 3);
    assert!(memory.stats().storage.checkpoints > 3, "checkpoints have swapped chunks meanwhile");
    for (snapshot, expected) in &held {
        assert_eq!(digest(snapshot), *expected, "the snapshot at {}", snapshot.sequence());
    }
    memory.flush().unwrap();
    rest(&memory, |_| false, 70);
    let before = memory.stats().storage;
    println!("{before:?}");
    assert!(before.retained_bytes > 1 << 20);
    drop(held);
    // What is given back is a bounded part for each group.
    let groups = rest(&memory, |retained| retained < before.retained_bytes / 100, 20_000);
    rest(&memory, |_| false, 70);
    let after = memory.stats().storage;
    println!("{after:?} after {groups} groups");
    assert!(after.retained_bytes < before.retained_bytes / 100, "{after:?}");
    assert!(after.heap_bytes < before.heap_bytes, "{after:?}");

    let (sequence, digest_before) = (memory.sequence(), digest(&memory.snapshot()));
    memory.close().unwrap();
    drop(memory);
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
    assert_eq!(memory.sequence(), sequence);
    assert_eq!(digest(&memory.snapshot()), digest_before);
}

/// Makes groups of one small write each until enough is given back. Gives how many.
fn rest(memory: &ConcurrentMemory, enough: impl Fn(u64) -> bool, groups: u64) -> u64 {
    for group in 0..groups {
        if enough(memory.stats().storage.retained_bytes) {
            return group;
        }
        let sequence = memory.record_access(id(0)).unwrap();
        memory.wait_visible(sequence).unwrap();
    }
    groups
}
