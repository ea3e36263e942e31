//! The three presets: what they are, that they work, and that little memory means little memory.

use std::path::PathBuf;

use sutra_storage::{ConceptId, ConcurrentConfig, ConcurrentMemory};

fn id(number: u32) -> ConceptId {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    ConceptId::from_bytes(bytes)
}

#[test]
fn presets_have_their_values() {
    let values = |config: ConcurrentConfig| (config.reconcile_interval_ms, config.memory_threshold);
    assert_eq!(values(ConcurrentConfig::new("x")), (10, 50_000));
    assert_eq!(values(ConcurrentConfig::write_heavy("x")), (50, 100_000));
    assert_eq!(values(ConcurrentConfig::read_heavy("x")), (5, 10_000));
    assert_eq!(values(ConcurrentConfig::memory_constrained("x")), (10, 5_000));
}

#[test]
fn every_preset_learns_reads_and_reopens() {
    type Preset = fn(PathBuf) -> ConcurrentConfig;
    let presets: [Preset; 3] =
        [ConcurrentConfig::write_heavy, ConcurrentConfig::read_heavy, ConcurrentConfig::memory_constrained];
    for preset in presets {
        let folder = tempfile::tempdir().unwrap();
        let memory = ConcurrentMemory::new(preset(folder.path().to_owned())).unwrap();
        let mut last = 0;
        for number in 0..3_000 {
            last = memory.learn_concept(id(number), number.to_le_bytes(), None, 1.0, 0.5).unwrap();
        }
        memory.wait_visible(last).unwrap();
        assert_eq!(memory.concept_count(), 3_000);
        memory.close().unwrap();

        let memory = ConcurrentMemory::new(preset(folder.path().to_owned())).unwrap();
        let concept = memory.query_concept(id(2_999)).unwrap().expect("it was learned");
        assert_eq!(concept.content().unwrap(), 2_999_u32.to_le_bytes());
    }
}

/// What is committed leaves the heap: full chunks become maps of the file. So what memory holds beside the file follows the
/// threshold, while the records grow.
#[test]
fn little_memory_holds_little_of_what_is_committed() {
    const CONCEPTS: u32 = 100_000;
    let content = [9; 400];
    let folder = tempfile::tempdir().unwrap();
    let memory = ConcurrentMemory::new(ConcurrentConfig::memory_constrained(folder.path())).unwrap();
    for number in 0..CONCEPTS {
        memory.learn_concept(id(number), content, None, 1.0, 0.5).unwrap();
    }
    memory.flush().unwrap();
    // The chunks of the last checkpoint are swapped by the next publish, and freed by one after it.
    for number in 0..8 {
        let last = memory.learn_concept(id(CONCEPTS + number), content, None, 1.0, 0.5).unwrap();
        memory.wait_visible(last).unwrap();
    }
    memory.flush().unwrap();
    let last = memory.learn_concept(id(0), content, None, 1.0, 0.5).unwrap();
    memory.wait_visible(last).unwrap();

    let records = u64::from(CONCEPTS) * (128 + 404);
    let heap = memory.stats().storage.heap_bytes;
    assert!(memory.stats().storage.checkpoints >= 2);
    assert!(heap < records / 2, "{heap} bytes of memory for {records} bytes of records, which are all in the file");
    assert_eq!(memory.concept_count(), u64::from(CONCEPTS) + 8);
}
