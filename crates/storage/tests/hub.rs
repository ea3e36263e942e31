//! A concept with a million associations is built by work that grows with their number, not with its square.
//!
//! The work is counted, not timed: a snapshot is held from the start, so every block that is replaced (which is what
//! inserting may copy) stays and is counted in `retained_bytes`. Were the whole row copied at each group, or at each insert,
//! these would grow with the square.

use sutra_storage::{
    Association, Batch, ConceptId, ConcurrentConfig, ConcurrentMemory, Direction, NeighborOptions, StorageStats,
};

const ASSOCIATIONS: u64 = 1_000_000;
const BATCH: u64 = 5_000;

fn leaf(number: u64) -> ConceptId {
    let mut bytes = [0x11; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    ConceptId::from_bytes(bytes)
}

fn incoming() -> NeighborOptions<'static> {
    NeighborOptions { direction: Direction::In, ..NeighborOptions::default() }
}

/// The counts of memory, which are made now and then: after some more groups.
fn counted(memory: &ConcurrentMemory) -> StorageStats {
    for _ in 0..65 {
        let sequence = memory.record_access("nobody").unwrap();
        memory.wait_visible(sequence).unwrap();
    }
    memory.stats().storage
}

/// Makes associations `from..to` of the hub, half of them in each direction.
fn grow(memory: &ConcurrentMemory, from: u64, to: u64) {
    for first in (from..to).step_by(BATCH as usize) {
        let mut batch = Batch::new();
        for number in first..first + BATCH {
            let association = if number % 2 == 0 {
                Association::new("hub", leaf(number), "causal")
            } else {
                Association::new(leaf(number), "hub", "causal")
            };
            batch.association(association.weight(number as f32));
        }
        let sequence = memory.learn_batch(&batch).unwrap();
        memory.wait_visible(sequence).unwrap();
    }
}

fn check(memory: &ConcurrentMemory, out: u64, into: u64) {
    let snapshot = memory.snapshot();
    assert_eq!(snapshot.neighbors("hub").unwrap().len() as u64, out);
    assert_eq!(snapshot.neighbors_with("hub", incoming()).unwrap().len() as u64, into);
    assert_eq!(snapshot.edge_count(), out + into);
}

#[test]
fn a_hub_of_a_million_is_built_in_linear_work_read_updated_forgotten_in_part_and_reopened() {
    let folder = tempfile::tempdir().unwrap();
    // The checkpoints in between are those of the bytes; images of the growing whole have their own tests.
    let config = || ConcurrentConfig { memory_threshold: 1 << 30, ..ConcurrentConfig::new(folder.path()) };
    let memory = ConcurrentMemory::new(config()).unwrap();
    let before = memory.snapshot();
    let mut grown = 0;
    let mut replaced = Vec::new();
    for to in [ASSOCIATIONS / 4, ASSOCIATIONS / 2, ASSOCIATIONS] {
        grow(&memory, grown, to);
        grown = to;
        let counted = counted(&memory);
        println!("{to} associations: {counted:?}");
        replaced.push(counted.retained_bytes);
        check(&memory, to / 2, to / 2);
    }
    // Twice the associations, about twice the work; with a square it would be four times. What doubles when it is full may
    // have just done so, or be just about to.
    assert!(replaced[1] < replaced[0] * 3 && replaced[2] < replaced[1] * 3, "{replaced:?}");
    assert!(replaced[2] < ASSOCIATIONS * 200, "{replaced:?}");
    assert!(before.neighbors("hub").unwrap().is_empty());
    drop(before);

    let half = memory.snapshot();
    let middle = half.neighbors("hub").unwrap();
    let middle = middle.iter().nth(250_000).unwrap();
    assert_eq!(middle.id().unwrap(), leaf(500_000));
    assert_eq!(middle.association().unwrap().weight(), 500_000.0);

    // Updates, of both directions, and forgets: of associations, of a leaf, and of a leaf's own.
    for number in 0..1_000 {
        memory.learn_association("hub", leaf(number * 2), "causal", 0.25).unwrap();
        memory.learn_association(leaf(number * 2 + 1), "hub", "causal", 0.25).unwrap();
    }
    for number in 1_000..2_000 {
        memory.forget_association("hub", leaf(number * 2), "causal").unwrap();
        memory.forget_concept(leaf(number * 2 + 1)).unwrap();
    }
    // The way from one hub to another, which a search of either's row would make long.
    let sequence = memory.learn_association("hub", "hub", "causal", 1.0).unwrap();
    memory.wait_visible(sequence).unwrap();
    let check_all = |memory: &ConcurrentMemory| {
        let snapshot = memory.snapshot();
        let (out, into) = (ASSOCIATIONS / 2 - 1_000 + 1, ASSOCIATIONS / 2 - 1_000 + 1);
        assert_eq!(snapshot.edge_count(), out + into - 1);
        let neighbors = snapshot.neighbors("hub").unwrap();
        assert_eq!(neighbors.len() as u64, out);
        assert_eq!(snapshot.neighbors_with("hub", incoming()).unwrap().len() as u64, into);
        // What was learned again stands at the end, the rest in its old order.
        let ids: Vec<_> = neighbors.iter().map(|neighbor| neighbor.id().unwrap()).collect();
        let again = (0..1_000).map(|number| leaf(number * 2)).chain([ConceptId::from_key("hub").unwrap()]);
        let rest = (2_000..ASSOCIATIONS / 2).map(|number| leaf(number * 2));
        assert!(ids.into_iter().eq(rest.chain(again)));
        for number in [0, 998, 1_998] {
            let updated = snapshot.association("hub", leaf(number), "causal").unwrap().unwrap();
            assert_eq!((updated.confidence(), updated.weight()), (0.25, number as f32));
        }
        assert!(snapshot.association("hub", leaf(2_000), "causal").unwrap().is_none());
        assert!(snapshot.association(leaf(2_001), "hub", "causal").unwrap().is_none());
        assert!(snapshot.association(leaf(999_999), "hub", "causal").unwrap().is_some());
        let path = snapshot.find_path(leaf(999_999), leaf(999_998), 6).unwrap().unwrap();
        assert_eq!(path.hops.len(), 2);
    };
    check_all(&memory);
    assert_eq!(half.neighbors("hub").unwrap().len() as u64, ASSOCIATIONS / 2, "an older snapshot does not change");
    drop(half);
    memory.close().unwrap();
    drop(memory);
    let memory = ConcurrentMemory::new(config()).unwrap();
    check_all(&memory);
    let sequence = memory.learn_association("hub", leaf(2_000), "causal", 0.5).unwrap();
    memory.wait_visible(sequence).unwrap();
    assert_eq!(memory.neighbors("hub").unwrap().len() as u64, ASSOCIATIONS / 2 - 1_000 + 2);
}
