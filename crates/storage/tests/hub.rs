//! A concept with a million associations.

use sutra_storage::{ConceptId, ConcurrentConfig, ConcurrentMemory, Direction, NeighborOptions};

const LEAVES: u32 = 1_000_000;

fn id(number: u32) -> ConceptId {
    let mut bytes = [3; 16];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    ConceptId::from_bytes(bytes)
}

/// Linear is counted, not timed: with each further quarter million the memory that was replaced and kept, and the memory in
/// use, grow by about as much as with the one before. Blocks that were copied whole at each growth would double both.
#[test]
fn a_hub_of_a_million_is_built_in_linear_work() {
    let folder = tempfile::tempdir().unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
    let hub = id(u32::MAX);
    memory.learn_concept(hub, "hub", None, 1.0, 1.0).unwrap();
    // Held from before the hub grew: nothing that is replaced from here on is freed, so it can be counted.
    let sequence = memory.learn_concept(id(0), "leaf", None, 1.0, 1.0).unwrap();
    memory.wait_visible(sequence).unwrap();
    let held = memory.snapshot();

    let mut retained = vec![0];
    for quarter in 0..4 {
        for leaf in quarter * LEAVES / 4..(quarter + 1) * LEAVES / 4 {
            memory.learn_association(hub, id(leaf), 0, 0.5).unwrap();
        }
        // Chunks of the arenas are swapped for maps by checkpoints; what is counted here are blocks and tables, once all
        // chunks below are swapped.
        memory.flush().unwrap();
        let last = memory.learn_concept(id(0), "leaf", None, 1.0, 1.0).unwrap();
        memory.wait_visible(last).unwrap();
        retained.push(memory.stats().storage.retained_bytes);
    }
    let steps: Vec<u64> = retained.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    // The id table doubles now and then: 256 sub-tables of a million stubs are some 16 MiB. Copies of the hub whole would be
    // 13 bytes an edge for each of a thousand growths.
    assert!(steps.iter().all(|step| *step < 64 << 20), "replaced bytes by quarter: {steps:?}");

    let snapshot = memory.snapshot();
    assert_eq!(snapshot.edge_count(), u64::from(LEAVES));
    assert_eq!(snapshot.stub_count(), u64::from(LEAVES) - 1);
    assert_eq!(snapshot.neighbors(hub).unwrap().len(), LEAVES as usize);
    assert_eq!(held.edge_count(), 0, "the held snapshot still reads as it did");
    assert!(held.neighbors(hub).unwrap().is_empty());
    drop(held);

    // An update, one forgotten, the hub forgotten.
    memory.learn_association(hub, id(77), 0, 0.75).unwrap();
    let last = memory.forget_association(hub, id(78), 0).unwrap();
    memory.wait_visible(last).unwrap();
    let found = memory.association(hub, id(77), 0).unwrap().expect("it was updated");
    assert_eq!(found.confidence(), 0.75);
    assert!(memory.association(hub, id(78), 0).unwrap().is_none());
    assert_eq!(memory.edge_count(), u64::from(LEAVES) - 1);
    let from_leaf = NeighborOptions { direction: Direction::In, ..NeighborOptions::default() };
    assert_eq!(memory.neighbors_with(id(500_000), &from_leaf).unwrap().len(), 1);
    memory.close().unwrap();
    drop(memory);

    let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
    assert_eq!(memory.neighbors(hub).unwrap().len(), LEAVES as usize - 1);
    let last = memory.forget_concept(hub).unwrap();
    memory.wait_visible(last).unwrap();
    assert_eq!(memory.edge_count(), 0);
    assert!(memory.neighbors_with(id(500_000), &from_leaf).unwrap().is_empty());
}
