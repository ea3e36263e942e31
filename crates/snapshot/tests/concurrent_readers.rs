//! Readers on other threads, the newest snapshot and held ones, while the writer writes and its blocks are used again.
//! What they check needs no model: counts that must agree within a snapshot, and a digest that must not change.

mod model;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::Model;
use model::random::{Mix, Random, entry, seed};
use sutra_format::ConceptId;
use sutra_snapshot::{Side, Snapshot, SnapshotSource, Writer};

/// Reads all of a snapshot, checks that it agrees with itself, and gives a digest.
fn read(snapshot: &Snapshot) -> u64 {
    let lengths = snapshot.lengths();
    let (mut live, mut stubs, mut degrees, mut digest) = (0, 0, [0_u32; 2], 0_u64);
    for slot in 0..lengths.slots {
        let record = snapshot.newest(slot).unwrap().expect("a visible slot has a version");
        live += u32::from(record.is_live());
        stubs += u32::from(record.is_stub());
        assert!(record.sequence.get() <= snapshot.sequence());
        let (found, same) = snapshot.find(&ConceptId::from_bytes(record.id)).unwrap().expect("its id is found");
        assert!(found == slot && std::ptr::eq(record, same));
        let content = snapshot.content(record).unwrap();
        digest = digest.wrapping_mul(31).wrapping_add(record.checksum.get()).wrapping_add(content.len() as u64);
        for (side, degree) in [Side::Out, Side::In].into_iter().zip(&mut degrees) {
            let mut last = None;
            for edge in snapshot.edges(slot, side).unwrap().iter() {
                *degree += 1;
                assert!(last < Some(edge.ordinal) && edge.ordinal < lengths.associations, "ordinals ascend");
                last = Some(edge.ordinal);
                let record = snapshot.association(edge.ordinal).unwrap();
                let ends = (record.source.get(), record.target.get());
                assert_eq!(ends, if side == Side::Out { (slot, edge.target) } else { (edge.target, slot) });
                assert_eq!((record.kind, record.confidence.get()), (edge.kind, edge.confidence));
                digest = digest.wrapping_mul(31).wrapping_add(u64::from(edge.ordinal));
                let newest = snapshot.newest(edge.target).unwrap().unwrap();
                assert!(!newest.is_tombstone(), "no edge leads to what is forgotten");
            }
        }
    }
    assert_eq!((live, stubs), (lengths.live_concepts, lengths.stubs));
    assert_eq!(degrees, [lengths.edges; 2], "each edge is seen from both ends");
    digest
}

fn reader(source: &SnapshotSource, done: &AtomicBool, reads: &AtomicU64, held: usize) {
    let mut snapshots = VecDeque::new();
    let mut last = 0;
    while !done.load(Ordering::Relaxed) {
        let snapshot = source.latest();
        assert!(snapshot.publish() >= last, "the newest snapshot never goes back");
        last = snapshot.publish();
        let digest = read(&snapshot);
        if held > 0 {
            snapshots.push_back((snapshot, digest));
        }
        if snapshots.len() > held {
            let (snapshot, digest) = snapshots.pop_front().expect("not empty");
            assert_eq!(read(&snapshot), digest, "publish {} changed", snapshot.publish());
        }
        reads.fetch_add(1, Ordering::Relaxed);
    }
    for (snapshot, digest) in snapshots {
        assert_eq!(read(&snapshot), digest);
    }
}

#[test]
fn readers_see_whole_groups_while_blocks_are_recycled() {
    let mut random = Random(seed(1));
    let entries = std::env::var("SUTRA_ENTRIES").ok().and_then(|entries| entries.parse().ok()).unwrap_or(60_000);
    let mixes = [
        Mix { ids: 40, kinds: 3, forget: 2, associate: 34 },
        Mix { ids: 200, kinds: 2, forget: 1, associate: 40 },
        Mix { ids: 40, kinds: 200, forget: 0, associate: 50 },
    ];
    let mut writer = Writer::new().unwrap();
    // Under Miri, too: the threads that link end before the group is published.
    writer.use_threads(2, 12);
    let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let sources: Vec<_> = (0..3).map(|_| writer.source()).collect();
    std::thread::scope(|scope| {
        for (held, source) in [0, 1, 12].into_iter().zip(&sources) {
            let (done, reads) = (&done, &reads);
            scope.spawn(move || reader(source, done, reads, held));
        }
        let stop = Stop(&done);
        let (mut model, mut group, mut first) = (Model::default(), Vec::new(), 1);
        for sequence in 1..=entries {
            let mix = mixes[(sequence * 3 / (entries + 1)) as usize];
            let (bytes, ..) = entry(&mut random, mix, &mut model, sequence);
            model = Model::default();
            group.push(bytes);
            if random.one_in(20) || sequence == entries {
                writer.apply_group(first, group.iter().map(|entry| &**entry)).unwrap();
                group.clear();
                first = sequence + 1;
                writer.publish(sequence);
                // On few processors the readers would else hardly run: let them have read something new now and then.
                let seen = reads.load(Ordering::Relaxed);
                while random.one_in(8) && reads.load(Ordering::Relaxed) == seen {
                    std::thread::yield_now();
                }
            }
        }
        drop(stop);
    });
    for publish in 0..5 {
        writer.publish(entries + publish);
    }
    assert_eq!(writer.source().memory_use().retained_bytes, 0);
    println!("cases: {} (reads of whole snapshots)", reads.load(Ordering::Relaxed));
}

/// Lets the readers end, also when the writer panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn snapshots_outlive_the_writer() {
    let mut random = Random(seed(2));
    let mix = Mix { ids: 40, kinds: 3, forget: 2, associate: 34 };
    let (mut writer, mut model) = (Writer::new().unwrap(), Model::default());
    let mut held = Vec::new();
    for sequence in 1..=2_000 {
        let (bytes, ..) = entry(&mut random, mix, &mut model, sequence);
        writer.apply(sequence, &bytes).unwrap();
        if sequence % 100 == 0 {
            let snapshot = writer.publish(sequence);
            held.push((read(&snapshot), snapshot));
        }
    }
    // Some blocks were replaced since the last publish.
    let (bytes, ..) = entry(&mut random, mix, &mut model, 2_001);
    writer.apply(2_001, &bytes).unwrap();
    drop(writer);
    std::thread::scope(|scope| {
        for (digest, snapshot) in held {
            scope.spawn(move || assert_eq!(read(&snapshot), digest));
        }
    });
}
