//! The presets: they have their values, they work, and the one for little memory needs little.

use sutra_storage::{ConceptId, ConcurrentConfig, ConcurrentMemory};

fn id(number: u64) -> ConceptId {
    let mut bytes = [0x77; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    ConceptId::from_bytes(bytes)
}

#[test]
fn they_have_the_values_that_are_documented() {
    for (config, interval, threshold) in [
        (ConcurrentConfig::new("store"), 10, 50_000),
        (ConcurrentConfig::write_heavy("store"), 50, 100_000),
        (ConcurrentConfig::read_heavy("store"), 5, 10_000),
        (ConcurrentConfig::memory_constrained("store"), 10, 5_000),
    ] {
        assert_eq!((config.reconcile_interval_ms, config.memory_threshold), (interval, threshold));
        assert_eq!(config.storage_path, std::path::Path::new("store"));
    }
}

#[test]
fn each_opens_learns_reads_closes_and_opens_what_another_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let presets = [ConcurrentConfig::write_heavy, ConcurrentConfig::read_heavy, ConcurrentConfig::memory_constrained];
    for (round, preset) in (0..).zip(presets.iter().cycle().take(6)) {
        let memory = ConcurrentMemory::new(preset(folder.path())).unwrap();
        assert_eq!(memory.concept_count(), round);
        let name = format!("concept {round}");
        memory.learn_concept(&name, "x", Some(&[1.0, 2.0]), 0.5, 0.5).unwrap();
        let sequence = memory.learn_association(&name, "concept 0", "part of", 0.5).unwrap();
        memory.wait_visible(sequence).unwrap();
        assert_eq!(memory.find_path(&name, "concept 0", 6).unwrap().unwrap().hops.len(), usize::from(round > 0));
        memory.close().unwrap();
    }
}

/// Learns concepts `from..to` of a kilobyte.
fn learn(memory: &ConcurrentMemory, from: u64, to: u64) {
    for number in from..to {
        let mut content = [0; 1024];
        content[..8].copy_from_slice(&number.to_le_bytes());
        let sequence = memory.learn_concept(id(number), content, None, 0.5, 0.5).unwrap();
        if number + 1 == to {
            memory.wait_visible(sequence).unwrap();
        }
    }
}

/// Makes small groups, so that what checkpoints have committed is swapped for maps and memory is counted, until it is at
/// most so much; gives what it was in the end.
fn settled(memory: &ConcurrentMemory, enough: u64) -> u64 {
    let mut heap_bytes = u64::MAX;
    for _ in 0..20_000 {
        for _ in 0..65 {
            let sequence = memory.record_access(id(0)).unwrap();
            memory.wait_visible(sequence).unwrap();
        }
        heap_bytes = memory.stats().storage.heap_bytes;
        if heap_bytes <= enough {
            break;
        }
    }
    heap_bytes
}

#[test]
fn memory_constrained_needs_far_less_memory_than_the_default() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let default = ConcurrentMemory::new(ConcurrentConfig::new(folders[0].path())).unwrap();
    let constrained = ConcurrentMemory::new(ConcurrentConfig::memory_constrained(folders[1].path())).unwrap();
    for memory in [&default, &constrained] {
        learn(memory, 0, 155_000);
        memory.flush().unwrap();
        // Less than the default's threshold and its bytes, nine times the constrained one's.
        learn(memory, 155_000, 200_000);
        for number in [0, 1, 100_000, 155_000, 199_999] {
            let found = memory.query_concept(id(number)).unwrap().unwrap();
            assert_eq!(found.content().unwrap()[..8], number.to_le_bytes());
        }
    }
    let much = settled(&default, u64::MAX);
    let little = settled(&constrained, much / 2);
    println!("memory-constrained {little}, default {much} bytes");
    // 45,000 records of a kilobyte and more.
    assert!(much > 50 << 20, "the default has {much}");
    assert!(little <= much / 2, "memory-constrained has {little}, the default {much} bytes");
    assert!(constrained.stats().storage.checkpoints > default.stats().storage.checkpoints);
}
