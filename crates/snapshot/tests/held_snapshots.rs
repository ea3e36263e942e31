//! 64 snapshots are held through 200,000 writes, read the same at the end, and let go of their memory when they are
//! dropped.

mod model;

use std::hash::{DefaultHasher, Hash, Hasher};

use model::Model;
use model::random::{Mix, Random, entry, seed};
use sutra_snapshot::{Side, Snapshot, Writer};

const WRITES: u64 = 200_000;
const GROUP: u64 = 500;

/// Everything that a snapshot shows, but for the live access counts.
fn digest(snapshot: &Snapshot) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{:?}", snapshot.lengths()).hash(&mut hasher);
    for slot in 0..snapshot.lengths().slots {
        let ordinal = snapshot.latest(slot).unwrap().unwrap();
        let record = snapshot.concept(ordinal).unwrap();
        assert_eq!(snapshot.find(&sutra_format::ConceptId::from_bytes(record.id)).unwrap().unwrap().0, slot);
        (ordinal, record.checksum.get()).hash(&mut hasher);
        snapshot.content(record).unwrap().hash(&mut hasher);
        for side in [Side::Out, Side::In] {
            for edge in snapshot.edges(slot, side).unwrap().iter() {
                (edge.target, edge.ordinal, edge.confidence.to_bits(), edge.kind).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

#[test]
fn held_snapshots_stay_as_they_are_and_their_memory_comes_back() {
    let mut random = Random(seed(1));
    let mix = Mix { ids: 1500, kinds: 3, forget: 2, associate: 32 };
    let (mut writer, mut model) = (Writer::new().unwrap(), Model::default());
    let mut held: Vec<(u64, Snapshot)> = Vec::new();
    let mut most_retained = 0;
    let mut group = Vec::new();
    for sequence in 1..=WRITES {
        // The model only draws the operations here: it is too slow to answer for so many.
        let (bytes, ..) = entry(&mut random, mix, &mut model, sequence);
        model = Model::default();
        group.push(bytes);
        if sequence % GROUP == 0 {
            writer.apply_group(sequence + 1 - GROUP, group.iter().map(|entry| &**entry)).unwrap();
            group.clear();
            let snapshot = writer.publish(sequence);
            if held.len() < 64 {
                held.push((digest(&snapshot), snapshot));
            } else if random.one_in(3) {
                let at = random.below(64) as usize;
                let (digest_then, old) = std::mem::replace(&mut held[at], (digest(&snapshot), snapshot));
                assert_eq!(digest(&old), digest_then);
            }
            most_retained = most_retained.max(writer.source().memory_use().retained_bytes);
        }
    }
    for (digest_then, snapshot) in &held {
        assert_eq!(digest(snapshot), *digest_then, "publish {}", snapshot.publish());
    }
    let used = writer.source().memory_use();
    assert!(used.live_snapshots >= 64 && used.live_snapshots <= 64 + 64, "{used:?}");
    assert!(most_retained > 1 << 20, "{most_retained}");
    let newest = writer.latest();
    let digest_now = digest(&newest);
    drop((held, newest));
    // What was kept is given back a bounded number of pieces a publish.
    for publish in 1..=20 {
        writer.publish(WRITES + publish);
    }
    let used = writer.source().memory_use();
    assert_eq!(used.retained_bytes, 0);
    assert_eq!(used.live_snapshots, 1);
    let lengths = *writer.lengths();
    assert_eq!(digest(&writer.latest()), digest_now);
    assert_eq!(*writer.latest().lengths(), lengths);
}
