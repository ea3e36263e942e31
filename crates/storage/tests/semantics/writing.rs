//! Writing.

use std::time::{SystemTime, UNIX_EPOCH};

use sutra_storage::{Association, Batch, Concept, ConcurrentConfig, Durability, Error, NeighborOptions};
use sutra_vfs::sim::SimDirectory;

use crate::support::{config, open, open_with};
use crate::{learn, memory, seen};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64
}

#[test]
fn each_call_returns_its_sequence() {
    let memory = memory();
    assert_eq!(learn(&memory, "a", ""), 1);
    assert_eq!(memory.learn_association("a", "b", "causal", 1.0).unwrap(), 2);
    assert_eq!(memory.update_strength("a", 0.1).unwrap(), 3);
    assert_eq!(memory.update_metadata("a", "1").unwrap(), 4);
    assert_eq!(memory.record_access("a").unwrap(), 5);
    assert_eq!(memory.forget_association("a", "b", "causal").unwrap(), 6);
    assert_eq!(memory.forget_concept("a").unwrap(), 7);
    let mut batch = Batch::new();
    batch.concept(Concept::new("a")).concept(Concept::new("b")).record_access("a");
    assert_eq!(memory.learn_batch(&batch).unwrap(), 8);
    assert_eq!(memory.try_learn(&Concept::new("c")).unwrap(), 9);
    seen(&memory, 9);
    assert_eq!(memory.sequence(), 9);
}

#[test]
fn learning_again_replaces_content_strength_and_confidence() {
    let memory = memory();
    memory.learn_concept("otter", "swims", None, 0.25, 0.5).unwrap();
    let sequence = memory.learn_concept("otter", "dives", None, 0.75, 1.0).unwrap();
    seen(&memory, sequence);
    let otter = memory.query_concept("otter").unwrap().unwrap();
    assert_eq!(otter.content().unwrap(), b"dives");
    assert_eq!((otter.strength(), otter.confidence()), (0.75, 1.0));
    assert_eq!((otter.version(), otter.sequence()), (2, sequence));
    assert_eq!(memory.concept_count(), 1);
}

#[test]
fn embedding_and_metadata_stay_unless_given() {
    let memory = memory();
    let first = Concept::new("otter").embedding(&[1.0, 2.0]).metadata(r#"{"legs": 4}"#);
    memory.learn(&first).unwrap();
    let sequence = learn(&memory, "otter", "dives");
    seen(&memory, sequence);
    let otter = memory.query_concept("otter").unwrap().unwrap();
    assert_eq!(otter.embedding().unwrap(), Some(&[1.0, 2.0][..]));
    assert_eq!(otter.metadata().unwrap(), Some(r#"{"legs": 4}"#));
    let second = Concept::new("otter").embedding(&[3.0, 4.0]).metadata("[]");
    let sequence = memory.learn(&second).unwrap();
    seen(&memory, sequence);
    let otter = memory.query_concept("otter").unwrap().unwrap();
    assert_eq!(otter.embedding().unwrap(), Some(&[3.0, 4.0][..]));
    assert_eq!(otter.metadata().unwrap(), Some("[]"));
}

#[test]
fn first_created_and_associations_stay() {
    let memory = memory();
    memory.learn(&Concept::new("otter").created(42)).unwrap();
    memory.learn_association("otter", "river", "semantic", 1.0).unwrap();
    memory.learn_association("seal", "otter", "semantic", 1.0).unwrap();
    let sequence = memory.learn(&Concept::new("otter").created(99)).unwrap();
    seen(&memory, sequence);
    assert_eq!(memory.query_concept("otter").unwrap().unwrap().created(), 42);
    assert_eq!(memory.neighbors("otter").unwrap().len(), 1);
    assert_eq!(memory.neighbors("seal").unwrap().len(), 1);
}

#[test]
fn strength_and_confidence_are_from_0_to_1() {
    let memory = memory();
    for good in [0.0, 1.0, f32::MIN_POSITIVE] {
        memory.learn_concept("a", "", None, good, good).unwrap();
        memory.learn_association("a", "b", "causal", good).unwrap();
    }
    for bad in [-f32::MIN_POSITIVE, 1.000_001, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for refused in [
            memory.learn_concept("a", "", None, bad, 1.0),
            memory.learn_concept("a", "", None, 1.0, bad),
            memory.learn_association("a", "b", "causal", bad),
            memory.update_strength("a", bad),
        ] {
            assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{bad}");
        }
    }
}

#[test]
fn the_identity_of_an_association_is_source_target_and_type() {
    let memory = memory();
    memory.learn_association("a", "b", "causal", 0.1).unwrap();
    memory.learn_association("a", "b", "temporal", 0.2).unwrap();
    memory.learn_association("b", "a", "causal", 0.3).unwrap();
    let sequence = memory.learn_association("a", "b", "causal", 0.4).unwrap();
    seen(&memory, sequence);
    assert_eq!(memory.edge_count(), 3);
    let confidence = |source, target, kind: &str| {
        memory.association(source, target, kind).unwrap().map(|association| association.confidence())
    };
    assert_eq!(confidence("a", "b", "causal"), Some(0.4));
    assert_eq!(confidence("a", "b", "temporal"), Some(0.2));
    assert_eq!(confidence("b", "a", "causal"), Some(0.3));
    assert_eq!(confidence("b", "a", "temporal"), None);
}

#[test]
fn weight_created_validity_and_metadata_stay_unless_given() {
    let memory = memory();
    let plain = || Association::new("a", "b", "causal");
    let sequence = memory.associate(&plain()).unwrap();
    seen(&memory, sequence);
    let association = memory.association("a", "b", "causal").unwrap().unwrap();
    assert_eq!((association.weight(), association.valid(), association.confidence()), (1.0, (0, u32::MAX), 1.0));
    assert!(association.created().abs_diff(now()) < 60_000_000);
    memory.associate(&plain().weight(-2.5).created(7).valid(10, 20).metadata("{}")).unwrap();
    let sequence = memory.associate(&plain().confidence(0.5)).unwrap();
    seen(&memory, sequence);
    let association = memory.association("a", "b", "causal").unwrap().unwrap();
    assert_eq!((association.weight(), association.created()), (-2.5, 7));
    assert_eq!((association.valid(), association.metadata().unwrap()), ((10, 20), Some("{}")));
    assert_eq!((association.confidence(), association.sequence()), (0.5, sequence));
}

#[test]
fn an_unknown_end_becomes_a_stub_that_a_later_learn_fills() {
    let memory = memory();
    memory.learn_association("a", "b", "causal", 1.0).unwrap();
    let sequence = memory.learn_association("b", "c", "causal", 1.0).unwrap();
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    assert_eq!((snapshot.concept_count(), snapshot.stub_count(), snapshot.edge_count()), (0, 3, 2));
    for stub in ["a", "b", "c"] {
        assert!(!snapshot.contains(stub).unwrap());
        assert!(snapshot.query_concept(stub).unwrap().is_none());
    }
    assert_eq!(snapshot.concepts().count(), 0);
    let path = snapshot.find_path("a", "c", 6).unwrap().expect("stubs are nodes of paths");
    assert_eq!(path.hops.len(), 2);
    assert!(path.nodes.iter().all(|node| node.is_stub));

    let sequence = memory.learn(&Concept::new("b").content("filled").created(5)).unwrap();
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    assert_eq!((snapshot.concept_count(), snapshot.stub_count(), snapshot.edge_count()), (1, 2, 2));
    let filled = snapshot.query_concept("b").unwrap().unwrap();
    assert_eq!((filled.version(), filled.created()), (1, 5));
    assert_eq!(snapshot.find_path("a", "c", 6).unwrap().unwrap().hops.len(), 2);
}

#[test]
fn an_association_may_lead_to_its_own_source() {
    let memory = memory();
    let sequence = memory.learn_association("a", "a", "causal", 1.0).unwrap();
    seen(&memory, sequence);
    assert_eq!((memory.edge_count(), memory.snapshot().stub_count()), (1, 1));
    assert_eq!(memory.neighbors("a").unwrap().len(), 1);
    let both = NeighborOptions { direction: sutra_storage::Direction::Both, ..NeighborOptions::default() };
    assert_eq!(memory.neighbors_with("a", both).unwrap().len(), 1);
    assert_eq!(memory.find_path("a", "a", 6).unwrap().unwrap().hops.len(), 0);
    let sequence = memory.forget_concept("a").unwrap();
    seen(&memory, sequence);
    assert_eq!((memory.edge_count(), memory.snapshot().stub_count()), (0, 0));
}

#[test]
fn created_is_now_by_default() {
    let memory = memory();
    let before = now();
    let sequence = learn(&memory, "a", "");
    let after = now();
    seen(&memory, sequence);
    let created = memory.query_concept("a").unwrap().unwrap().created();
    assert!((before..=after).contains(&created));
}

#[test]
fn update_strength_and_update_metadata_change_that_alone() {
    let memory = memory();
    memory.learn(&Concept::new("a").content("x").embedding(&[1.0]).metadata("1").created(9)).unwrap();
    memory.update_strength("a", 0.125).unwrap();
    let sequence = memory.update_metadata("a", r#"{"new": true}"#).unwrap();
    seen(&memory, sequence);
    let found = memory.query_concept("a").unwrap().unwrap();
    assert_eq!((found.strength(), found.metadata().unwrap()), (0.125, Some(r#"{"new": true}"#)));
    assert_eq!((found.content().unwrap(), found.embedding().unwrap()), (&b"x"[..], Some(&[1.0][..])));
    assert_eq!((found.confidence(), found.created(), found.version()), (1.0, 9, 3));
}

#[test]
fn record_access_counts_and_reading_does_not() {
    let memory = memory();
    let sequence = learn(&memory, "a", "");
    seen(&memory, sequence);
    let before = memory.query_concept("a").unwrap().unwrap();
    assert_eq!((before.access_count().unwrap(), before.last_accessed().unwrap()), (0, None));
    let began = now();
    memory.record_access("a").unwrap();
    let mut batch = Batch::new();
    batch.record_access("a").record_access("a");
    let sequence = memory.learn_batch(&batch).unwrap();
    seen(&memory, sequence);
    let found = memory.query_concept("a").unwrap().unwrap();
    assert_eq!(found.access_count().unwrap(), 3);
    assert!(found.last_accessed().unwrap().unwrap() >= began);
    assert_eq!((found.version(), found.sequence()), (1, 1), "an access is no new version");
    assert_eq!(before.access_count().unwrap(), 3, "counts are live, also for an older snapshot");
}

#[test]
fn forgetting_hides_at_once_and_for_good_from_reads_and_paths() {
    let memory = memory();
    for name in ["a", "b", "c"] {
        learn(&memory, name, name);
    }
    memory.learn_association("a", "b", "causal", 1.0).unwrap();
    let sequence = memory.learn_association("b", "c", "causal", 1.0).unwrap();
    seen(&memory, sequence);
    let before = memory.snapshot();
    let sequence = memory.forget_concept("b").unwrap();
    seen(&memory, sequence);
    let after = memory.snapshot();
    assert!(after.query_concept("b").unwrap().is_none() && !after.contains("b").unwrap());
    assert_eq!((after.concept_count(), after.stub_count(), after.edge_count()), (2, 0, 0));
    assert!(after.neighbors("a").unwrap().is_empty() && after.neighbors("b").unwrap().is_empty());
    assert!(after.find_path("a", "c", 6).unwrap().is_none());
    assert!(after.find_path("a", "b", 6).unwrap().is_none());
    assert!(after.find_path("b", "b", 6).unwrap().is_none());
    assert!(after.association("a", "b", "causal").unwrap().is_none());
    assert_eq!(before.find_path("a", "c", 6).unwrap().unwrap().hops.len(), 2, "an older snapshot does not change");
}

#[test]
fn a_forgotten_id_is_learned_anew_and_nothing_stays() {
    let memory = memory();
    memory.learn(&Concept::new("a").content("x").embedding(&[1.0]).metadata("1").created(9)).unwrap();
    memory.learn_association("a", "b", "causal", 1.0).unwrap();
    memory.record_access("a").unwrap();
    memory.forget_concept("a").unwrap();
    let sequence = memory.learn(&Concept::new("a").content("y").created(10)).unwrap();
    seen(&memory, sequence);
    let found = memory.query_concept("a").unwrap().unwrap();
    assert_eq!(found.content().unwrap(), b"y");
    assert_eq!((found.embedding().unwrap(), found.metadata().unwrap()), (None, None));
    assert_eq!((found.created(), found.version(), found.access_count().unwrap()), (10, 1, 0));
    assert_eq!(found.last_accessed().unwrap(), None);
    assert_eq!(memory.edge_count(), 0);
}

#[test]
fn as_an_end_of_a_new_association_a_forgotten_id_is_a_stub_again() {
    let memory = memory();
    learn(&memory, "a", "x");
    memory.forget_concept("a").unwrap();
    let sequence = memory.learn_association("b", "a", "causal", 1.0).unwrap();
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    assert!(!snapshot.contains("a").unwrap());
    assert_eq!((snapshot.concept_count(), snapshot.stub_count()), (0, 2));
    let neighbors = snapshot.neighbors("b").unwrap();
    let stub = neighbors.iter().next().unwrap().concept().unwrap();
    assert!(stub.is_stub());
    assert_eq!(stub.content().unwrap(), b"");
}

#[test]
fn forget_association_takes_that_one_alone_and_learned_again_nothing_of_it_is_there() {
    let memory = memory();
    memory.associate(&Association::new("a", "b", "causal").weight(5.0).created(1).metadata("1")).unwrap();
    memory.learn_association("a", "b", "temporal", 1.0).unwrap();
    let sequence = memory.forget_association("a", "b", "causal").unwrap();
    seen(&memory, sequence);
    assert_eq!((memory.edge_count(), memory.snapshot().stub_count()), (1, 2));
    let sequence = memory.learn_association("a", "b", "causal", 1.0).unwrap();
    seen(&memory, sequence);
    let anew = memory.association("a", "b", "causal").unwrap().unwrap();
    assert_eq!((anew.weight(), anew.metadata().unwrap()), (1.0, None));
    assert_ne!(anew.created(), 1);
}

#[test]
fn on_an_unknown_id_these_calls_do_nothing_return_a_sequence_and_are_counted() {
    let memory = memory();
    memory.learn_association("stub", "other", "causal", 1.0).unwrap();
    assert_eq!(memory.update_strength("nobody", 0.5).unwrap(), 2);
    assert_eq!(memory.update_metadata("nobody", "1").unwrap(), 3);
    assert_eq!(memory.record_access("nobody").unwrap(), 4);
    assert_eq!(memory.forget_concept("nobody").unwrap(), 5);
    assert_eq!(memory.forget_association("nobody", "else", "causal").unwrap(), 6);
    assert_eq!(memory.forget_association("stub", "other", "a type that nobody named").unwrap(), 7);
    // A stub is not a concept.
    assert_eq!(memory.update_strength("stub", 0.5).unwrap(), 8);
    seen(&memory, 8);
    // The counts of a group are there when the next one is.
    let sequence = learn(&memory, "a", "");
    seen(&memory, sequence);
    assert_eq!(memory.stats().reconciler.ignored, 7);
    assert_eq!((memory.concept_count(), memory.edge_count(), memory.snapshot().stub_count()), (1, 1, 2));
}

#[test]
fn a_batch_is_one_sequence_and_all_its_writes_are_of_it() {
    let memory = memory();
    let mut batch = Batch::new();
    batch.concept(Concept::new("a").content("1")).concept(Concept::new("a").content("2"));
    batch.association(Association::new("a", "b", "named here")).association(Association::new("b", "c", "named here"));
    batch.update_strength("a", 0.5).forget_concept("c");
    let sequence = memory.learn_batch(&batch).unwrap();
    assert_eq!(sequence, 1);
    seen(&memory, sequence);
    let found = memory.query_concept("a").unwrap().unwrap();
    assert_eq!((found.content().unwrap(), found.sequence(), found.version()), (&b"2"[..], 1, 3));
    assert_eq!((memory.edge_count(), memory.snapshot().stub_count()), (1, 1));
    assert_eq!(memory.association("a", "b", "named here").unwrap().unwrap().sequence(), 1);
}

#[test]
fn an_empty_batch_writes_nothing_and_gives_the_last_sequence() {
    let memory = memory();
    assert_eq!(memory.learn_batch(&Batch::new()).unwrap(), 0);
    let sequence = learn(&memory, "a", "");
    assert_eq!(memory.learn_batch(&Batch::new()).unwrap(), sequence);
}

#[test]
fn one_bad_write_refuses_the_whole_batch() {
    let memory = memory();
    let mut batch = Batch::new();
    batch.concept(Concept::new("a").embedding(&[1.0, 2.0])).association(Association::new("a", "b", "new type"));
    batch.concept(Concept::new("c").strength(2.0));
    assert!(matches!(memory.learn_batch(&batch), Err(Error::InvalidArgument { field: "strength", .. })));
    let mut batch = Batch::new();
    batch.association(Association::new("a", "b", "new type"));
    batch.concept(Concept::new("a").embedding(&[1.0, 2.0])).concept(Concept::new("c").embedding(&[1.0]));
    assert!(matches!(memory.learn_batch(&batch), Err(Error::DimensionMismatch { expected: 2, got: 1 })));
    let sequence = learn(&memory, "a", "");
    assert_eq!(sequence, 1);
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    assert_eq!((snapshot.vector_dimension(), snapshot.association_type("new type")), (None, None));
    assert_eq!(snapshot.stub_count(), 0);
}

#[test]
fn a_batch_larger_than_the_queues_bounds_is_a_typed_error() {
    let small = |queue_capacity, queue_bytes| {
        let config = ConcurrentConfig { queue_capacity, queue_bytes, ..config(Durability::Group) };
        open_with(&SimDirectory::new(), config).unwrap()
    };
    let content = "x".repeat(1000);
    for (memory, fitting) in [(small(4, 1 << 20), 4), (small(1000, 4096), 3)] {
        let mut batch = Batch::new();
        for _ in 0..fitting {
            batch.concept(Concept::new("a").content(&content));
        }
        let sequence = memory.learn_batch(&batch).unwrap();
        batch.concept(Concept::new("b").content(&content)).concept(Concept::new("b").content(&content));
        let refused = memory.learn_batch(&batch);
        assert!(matches!(refused, Err(Error::TooLarge { .. })), "{refused:?}");
        // The same with names to be defined.
        batch.association(Association::new("a", "b", "new type"));
        assert!(matches!(memory.learn_batch(&batch), Err(Error::TooLarge { .. })));
        seen(&memory, sequence);
        assert_eq!(memory.sequence(), sequence);
        assert_eq!(memory.concept_count(), 1);
    }
}

#[test]
fn wait_visible_means_that_a_snapshot_taken_now_holds_it() {
    let memory = memory();
    for number in 0..200 {
        let sequence = learn(&memory, "a", &number.to_string());
        memory.wait_visible(sequence).unwrap();
        let snapshot = memory.snapshot();
        assert!(snapshot.sequence() >= sequence);
        assert_eq!(snapshot.query_concept("a").unwrap().unwrap().content().unwrap(), number.to_string().as_bytes());
    }
}

#[test]
fn waiting_for_a_sequence_that_was_never_returned_is_an_error() {
    let memory = memory();
    assert!(memory.wait_visible(0).is_ok());
    assert!(matches!(memory.wait_visible(1), Err(Error::InvalidArgument { field: "sequence", .. })));
    assert!(matches!(memory.wait_durable(1), Err(Error::InvalidArgument { field: "sequence", .. })));
}

#[test]
fn after_close_writing_and_waiting_are_errors_and_reading_goes_on() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    let clone = memory.clone();
    let sequence = learn(&memory, "a", "x");
    memory.close().unwrap();
    memory.close().unwrap();
    clone.close().unwrap();
    assert!(matches!(clone.record_access("a"), Err(Error::Closed)));
    assert!(matches!(clone.learn_batch(Batch::new().concept(Concept::new("b"))), Err(Error::Closed)));
    assert!(memory.wait_visible(sequence).is_ok(), "what is visible stays so");
    assert!(memory.contains("a").unwrap() && clone.snapshot().contains("a").unwrap());
    drop((memory, clone));
    assert!(open(&disk, Durability::Group).unwrap().contains("a").unwrap());
}

#[test]
fn the_last_clone_to_go_closes_the_store() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    let clone = memory.clone();
    learn(&memory, "a", "x");
    drop(memory);
    assert!(matches!(open(&disk, Durability::Group), Err(Error::Locked { .. })));
    learn(&clone, "b", "y");
    drop(clone);
    let memory = open(&disk, Durability::Group).unwrap();
    assert_eq!((memory.concept_count(), memory.recovery().replayed_entries), (2, 0));
}
