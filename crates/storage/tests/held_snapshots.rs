//! Snapshots that are held for long: 64 of them, through a million writes.

mod support;

use std::hash::{DefaultHasher, Hash, Hasher};

use support::{Random, seed};
use sutra_storage::{ConceptId, ConcurrentConfig, ConcurrentMemory, Snapshot};

const POOL: u64 = 1_000;
const SNAPSHOTS: usize = 64;
const WRITES: u64 = 1_000_000;

fn id(number: u64) -> ConceptId {
    let mut bytes = [5; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    ConceptId::from_bytes(bytes)
}

/// Everything that a snapshot says, as one number.
fn digest(snapshot: &Snapshot) -> u64 {
    let mut hasher = DefaultHasher::new();
    (snapshot.sequence(), snapshot.timestamp(), snapshot.concept_count(), snapshot.stub_count(), snapshot.edge_count())
        .hash(&mut hasher);
    let mut concepts = 0;
    for concept in snapshot.concepts() {
        let concept = concept.unwrap();
        let words = (concept.id(), concept.content().unwrap(), concept.version(), concept.sequence(), concept.created());
        (words, concept.strength().to_bits(), concept.confidence().to_bits()).hash(&mut hasher);
        concepts += 1;
    }
    assert_eq!(concepts, snapshot.concept_count());
    let mut associations = 0;
    for association in snapshot.associations() {
        let association = association.unwrap();
        let ends = (association.source().unwrap().id(), association.target().unwrap().id());
        let words = (ends, association.kind().0, association.sequence(), association.ordinal());
        (words, association.confidence().to_bits(), association.weight().to_bits()).hash(&mut hasher);
        associations += 1;
    }
    assert_eq!(associations, snapshot.edge_count());
    for number in 0..POOL {
        snapshot.neighbors(id(number)).unwrap().len().hash(&mut hasher);
        snapshot.contains(id(number)).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}

fn write(memory: &ConcurrentMemory, random: &mut Random) -> u64 {
    let (one, other) = (id(random.below(POOL)), id(random.below(POOL)));
    let confidence = random.below(100) as f32 / 100.0;
    let written = match random.below(100) {
        0..45 => memory.learn_concept(one, random.next().to_le_bytes(), None, confidence, 0.5),
        45..90 => memory.learn_association(one, other, (random.below(3)) as u8, confidence),
        90..94 => memory.update_strength(one, confidence),
        94..97 => memory.forget_association(one, other, 0),
        97..99 => memory.forget_concept(one),
        _ => memory.record_access(one),
    };
    written.unwrap()
}

#[test]
fn sixty_four_snapshots_read_the_same_after_a_million_writes() {
    let seed = seed(11);
    println!("SUTRA_SEED={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();

    let mut held: Vec<(Snapshot, u64)> = Vec::new();
    for number in 0..WRITES {
        let written = write(&memory, &mut random);
        // Most are taken early and see almost all of the writes go by; each holds another moment.
        if held.len() < SNAPSHOTS && number % 1_000 == 999 {
            memory.wait_visible(written).unwrap();
            let snapshot = memory.snapshot();
            assert_eq!(snapshot.sequence(), written);
            let seen = digest(&snapshot);
            held.push((snapshot, seen));
        }
    }
    memory.flush().unwrap();
    assert_eq!(held.len(), SNAPSHOTS);
    assert!(memory.stats().storage.retained_bytes > 0, "held snapshots keep what was replaced");
    for (at, (snapshot, before)) in held.iter().enumerate() {
        assert_eq!(digest(snapshot), *before, "snapshot {at} of sequence {}", snapshot.sequence());
    }

    // They read the same when the store is closed, too.
    let (last, digest_of_last) = held.pop().unwrap();
    drop(held);
    for _ in 0..64 {
        let written = write(&memory, &mut random);
        memory.wait_visible(written).unwrap();
    }
    memory.close().unwrap();
    drop(memory);
    assert_eq!(digest(&last), digest_of_last);
}

#[test]
fn memory_comes_back_when_snapshots_go() {
    let mut random = Random(seed(12));
    let folder = tempfile::tempdir().unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
    let mut held = Vec::new();
    for number in 0..60_000 {
        let written = write(&memory, &mut random);
        if number % 1_000 == 999 {
            memory.wait_visible(written).unwrap();
            held.push(memory.snapshot());
        }
    }
    let last = write(&memory, &mut random);
    memory.wait_visible(last).unwrap();
    let retained = memory.stats().storage.retained_bytes;
    assert!(retained > 0);
    drop(held);
    for _ in 0..64 {
        let written = write(&memory, &mut random);
        memory.wait_visible(written).unwrap();
    }
    let left = memory.stats().storage.retained_bytes;
    assert!(left < retained / 4, "{retained} bytes were kept for held snapshots, {left} still are");
}
