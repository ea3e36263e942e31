//! A hub of 300,000 associations in and out. That its growth is linear is seen from what was replaced: a snapshot held from
//! the start keeps all of it, and its bytes are counted.

mod model;

use model::random::id;
use sutra_format::AssociationType;
use sutra_format::entry::{EntryWriter, LearnAssociation, Op};
use sutra_snapshot::{Side, Snapshot, Writer};

const LEAVES: u32 = 300_000;
const GROUP: u32 = 3_000;
const HUB: u32 = LEAVES;

fn learn(source: u32, target: u32) -> Op<'static> {
    Op::LearnAssociation(LearnAssociation {
        source: id(source),
        target: id(target),
        kind: AssociationType(0),
        confidence: 0.5,
        weight: None,
        created: None,
        validity: None,
        metadata: None,
        namespace: 0,
        source_key: b"",
        target_key: b"",
    })
}

fn forget(source: u32, target: u32) -> Op<'static> {
    Op::ForgetAssociation { source: id(source), target: id(target), kind: AssociationType(0) }
}

struct Store {
    writer: Writer,
    sequence: u64,
}

impl Store {
    fn group(&mut self, ops: impl IntoIterator<Item = Op<'static>>) -> Snapshot {
        let mut entry = EntryWriter::new(self.sequence, 0);
        ops.into_iter().for_each(|op| entry.push(&op));
        self.sequence += 1;
        let applied = self.writer.apply(self.sequence, &entry.finish()).unwrap();
        assert_eq!(applied.ignored, 0);
        self.writer.publish(self.sequence)
    }

    fn learn_all(&mut self, mut each: impl FnMut(u32, &Snapshot)) {
        for start in (0..LEAVES).step_by(GROUP as usize) {
            let both = |leaf| [learn(HUB, leaf), learn(leaf, HUB)];
            let snapshot = self.group((start..start + GROUP).flat_map(both));
            each(start + GROUP, &snapshot);
        }
    }

    fn retained(&self) -> u64 {
        self.writer.source().memory_use().retained_bytes
    }
}

/// Slots at the other ends of the hub.
fn ends(snapshot: &Snapshot, side: Side) -> Vec<u32> {
    let (hub, _) = snapshot.find(&id(HUB)).unwrap().unwrap();
    snapshot.edges(hub, side).unwrap().iter().map(|edge| edge.target).collect()
}

fn sees(snapshot: &Snapshot, expected: impl Iterator<Item = u32> + Clone) {
    for side in [Side::Out, Side::In] {
        assert!(ends(snapshot, side).into_iter().eq(expected.clone()), "{side:?}");
    }
}

#[test]
fn a_hub_grows_and_shrinks_in_linear_time() {
    let mut store = Store { writer: Writer::new().unwrap(), sequence: 0 };
    // Stubs first, so that the id table has grown before the counting begins; slots are then the numbers of the leaves.
    for start in (0..LEAVES).step_by(GROUP as usize) {
        store.group((start..start + GROUP).map(|leaf| learn(leaf, leaf)));
    }
    let start = store.group([learn(HUB, HUB), forget(HUB, HUB)]);
    for _ in 0..4 {
        store.group([]);
    }
    let before = store.retained();

    let mut held = Vec::new();
    store.learn_all(|count, snapshot| {
        if count % 30_000 == 0 {
            held.push((count, snapshot.clone()));
        }
    });
    // 600,000 entries of 13 bytes were appended. Leaves gave way to larger ones up to 384 entries, then only lists of
    // chunks were replaced, each half as large again as the one before. The leaves' own blocks had room for two.
    let replaced = store.retained() - before;
    assert!(replaced < 64 << 10, "{replaced} bytes were replaced");
    for (count, snapshot) in &held {
        sees(snapshot, 0..*count);
    }
    sees(&start, 0..0);

    // An association between two hubs is found by hash, one that is there is updated.
    let edges = store.writer.lengths().edges;
    store.group([learn(7, HUB), learn(HUB, 7)]);
    assert_eq!(store.writer.lengths().edges, edges);
    sees(&store.writer.latest(), (0..7).chain(8..LEAVES).chain([7]));

    let mut halved = Vec::new();
    for start in (0..LEAVES).step_by(GROUP as usize) {
        let both = |leaf| [forget(HUB, leaf), forget(leaf, HUB)];
        halved.push(store.group((start..start + GROUP).filter(|leaf| leaf % 2 == 0).flat_map(both)));
    }
    sees(&store.writer.latest(), (0..LEAVES).filter(|leaf| leaf % 2 == 1 && *leaf != 7).chain([7]));
    sees(&halved[49], (0..150_000).filter(|leaf| leaf % 2 == 1 && *leaf != 7).chain(150_000..LEAVES).chain([7]));
    for (count, snapshot) in &held {
        sees(snapshot, 0..*count);
    }

    let last = store.group([Op::ForgetConcept { id: id(HUB) }]);
    sees(&last, 0..0);
    assert_eq!(last.lengths().edges, LEAVES, "the loops of the leaves");
    sees(&held[3].1, 0..120_000);
    drop((held, halved, start, last));

    // Memory comes back: the same again takes no more of it. A publish rewrites a bounded number of dead blocks.
    for _ in 0..600 {
        store.group([]);
    }
    assert_eq!(store.retained(), 0);
    let before = store.writer.count_memory();
    let records = u64::from(store.writer.lengths().associations) * 64;
    store.learn_all(|_, _| ());
    sees(&store.writer.latest(), 0..LEAVES);
    let grown = store.writer.count_memory() - before;
    let records = u64::from(store.writer.lengths().associations) * 64 - records;
    assert!(grown <= records + (2 << 20), "{grown} bytes for {records} bytes of records");
}
