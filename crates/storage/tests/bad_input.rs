//! Arguments that are refused: a typed error, and nothing written by the call, no sequence taken, no name defined.

mod support;

use std::cell::RefCell;

use sutra_storage::{
    Association, Batch, Concept, ConceptId, ConcurrentConfig, ConcurrentMemory, Durability, Error, IdError, Result,
};
use sutra_vfs::sim::SimDirectory;

use support::{config, open_with};

/// A store of vectors of three dimensions that takes at most 1,000 bytes of content.
fn memory() -> ConcurrentMemory {
    let config = ConcurrentConfig { max_content_bytes: 1000, ..config(Durability::Group) };
    let memory = open_with(&SimDirectory::new(), config).unwrap();
    memory.learn(&Concept::new("known").embedding(&[1.0, 2.0, 3.0])).unwrap();
    memory
}

/// A call that carries something bad.
type Call<'a> = &'a dyn Fn(&ConcurrentMemory) -> Result<u64>;

/// Does every call that could carry something bad and asserts that each is refused so, and that nothing has come of it.
fn refused(calls: &[Call<'_>], field: &str) {
    let memory = memory();
    for (number, call) in calls.iter().enumerate() {
        match call(&memory) {
            Err(Error::InvalidArgument { field: found, .. }) => assert_eq!(found, field, "call {number}"),
            Err(Error::DimensionMismatch { .. }) => assert_eq!(field, "dimension", "call {number}"),
            other => panic!("call {number} gave {other:?}"),
        }
    }
    assert_eq!(memory.record_access("known").unwrap(), 2, "a refused call has taken a sequence");
    memory.wait_visible(2).unwrap();
    let snapshot = memory.snapshot();
    assert_eq!((snapshot.concept_count(), snapshot.stub_count(), snapshot.edge_count()), (1, 0, 0));
    assert_eq!(snapshot.association_type("new type"), None, "a refused call has defined a name");
    // The next name gets the number that the refused ones would have had.
    let sequence = memory.learn_association("known", "b", "first type", 1.0).unwrap();
    memory.wait_visible(sequence).unwrap();
    assert_eq!(memory.snapshot().association_type("first type").unwrap().0, 5);
    assert_eq!(memory.stats().write_log.written, 3);
}

fn association() -> Association<'static> {
    Association::new("known", "other", "new type")
}

#[test]
fn numbers_out_of_range_or_not_finite() {
    for bad in [-0.001, 1.001, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0 - f32::MIN_POSITIVE] {
        refused(
            &[
                &|memory| memory.learn_concept("a", "", None, bad, 0.5),
                &|memory| memory.try_learn_concept("a", "", None, bad, 0.5),
                &|memory| memory.learn(&Concept::new("a").strength(bad)),
                &|memory| memory.update_strength("known", bad),
                &|memory| memory.update_strength("unknown", bad),
                &|memory| memory.learn_batch(Batch::new().association(association()).update_strength("known", bad)),
            ],
            "strength",
        );
        refused(
            &[
                &|memory| memory.learn_concept("a", "", None, 0.5, bad),
                &|memory| memory.learn_association("known", "b", "new type", bad),
                &|memory| memory.try_learn_association("known", "b", "new type", bad),
                &|memory| memory.associate(&association().confidence(bad)),
                &|memory| memory.learn_batch(Batch::new().association(association().confidence(bad))),
            ],
            "confidence",
        );
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        refused(&[&|memory| memory.associate(&association().weight(bad))], "weight");
        refused(
            &[&|memory| memory.learn_concept("a", "", Some(&[1.0, bad, 1.0]), 0.5, 0.5), &|memory| {
                memory.learn_batch(Batch::new().concept(Concept::new("a").embedding(&[bad; 3])))
            }],
            "embedding",
        );
    }
    refused(&[&|memory| memory.associate(&association().valid(7, 7))], "valid");
    refused(&[&|memory| memory.associate(&association().valid(8, 7))], "valid");
}

#[test]
fn a_vector_of_another_dimension() {
    for bad in [vec![1.0], vec![1.0; 2], vec![1.0; 4], vec![1.0; 65_536]] {
        refused(
            &[
                &|memory| memory.learn_concept("a", "", Some(&bad), 0.5, 0.5),
                &|memory| memory.learn_concept("known", "", Some(&bad), 0.5, 0.5),
                &|memory| {
                    let mut batch = Batch::new();
                    batch.association(association()).concept(Concept::new("a").embedding(&bad));
                    memory.learn_batch(&batch)
                },
            ],
            "dimension",
        );
    }
    for bad in [vec![], vec![1.0; 65_537]] {
        refused(&[&|memory| memory.learn_concept("a", "", Some(&bad), 0.5, 0.5)], "embedding");
    }
}

#[test]
fn empty_and_all_zero_ids_and_ids_that_do_not_parse() {
    let zero = ConceptId::from_bytes([0; 16]);
    for bad in ["0000000000000000", "00000000000000000000000000000000"] {
        refused(
            &[
                &|memory| memory.learn_concept(bad, "", None, 0.5, 0.5),
                &|memory| memory.learn_concept(zero, "", None, 0.5, 0.5),
                &|memory| memory.learn_association(bad, "known", "new type", 0.5),
                &|memory| memory.learn_association("known", bad, "new type", 0.5),
                &|memory| memory.update_strength(bad, 0.5),
                &|memory| memory.update_metadata(bad, "1"),
                &|memory| memory.record_access(bad),
                &|memory| memory.forget_concept(bad),
                &|memory| memory.forget_association(bad, "known", "causal"),
                &|memory| memory.forget_association("known", zero, "causal"),
                &|memory| memory.learn_batch(Batch::new().association(association()).record_access(bad)),
            ],
            "id",
        );
    }
    let long = "x".repeat(4097);
    for bad in ["", "key:", &long] {
        refused(
            &[
                &|memory| memory.learn_concept(bad, "", None, 0.5, 0.5),
                &|memory| memory.learn_association("known", bad, "new type", 0.5),
                &|memory| memory.forget_concept(bad),
            ],
            "key",
        );
        assert!(matches!(memory().query_concept(bad), Err(Error::InvalidArgument { field: "key", .. })));
    }
    for bad in ["", "a1b2", "a1b2c3d4e5f6789g", "a1b2c3d4e5f678901", "0x1234567890abcdef"] {
        assert_eq!(ConceptId::parse(bad), Err(IdError::Text));
        assert!(matches!(Error::from(IdError::Text), Error::InvalidArgument { field: "id", .. }));
    }
}

#[test]
fn content_over_the_bound() {
    let memory = memory();
    memory.learn_concept("exactly", "x".repeat(1000), None, 0.5, 0.5).unwrap();
    let bad = "x".repeat(1001);
    refused(
        &[
            &|memory| memory.learn_concept("a", &bad, None, 0.5, 0.5),
            &|memory| memory.try_learn(&Concept::new("a").content(&bad)),
            &|memory| memory.learn_batch(Batch::new().concept(Concept::new("a").content(&bad))),
        ],
        "content",
    );
}

#[test]
fn metadata_that_is_not_json_or_over_64_kib() {
    let fitting = format!("\"{}\"", "x".repeat(65_534));
    memory().update_metadata("known", &fitting).unwrap();
    let long = format!("\"{}\"", "x".repeat(65_535));
    let deep = "[".repeat(60_000);
    for bad in ["", "{", "{'a': 1}", "nan", "1 2", "\u{0}", &long, &deep] {
        refused(
            &[
                &|memory| memory.learn(&Concept::new("a").metadata(bad)),
                &|memory| memory.associate(&association().metadata(bad)),
                &|memory| memory.update_metadata("known", bad),
                &|memory| memory.update_metadata("unknown", bad),
                &|memory| memory.learn_batch(Batch::new().association(association()).update_metadata("known", bad)),
            ],
            "metadata",
        );
    }
}

#[test]
fn types_and_namespaces_that_can_be_none() {
    refused(
        &[
            // Codes that nobody has named.
            &|memory| memory.learn_association("known", "b", 5, 0.5),
            &|memory| memory.learn_association("known", "b", 255, 0.5),
            &|memory| memory.learn_batch(Batch::new().association(Association::new("a", "b", 5))),
        ],
        "type",
    );
    let long = "x".repeat(100_000);
    let attempts = RefCell::new(0);
    let named = |memory: &ConcurrentMemory, name: &str| {
        *attempts.borrow_mut() += 1;
        memory.learn_association("known", "b", name, 0.5)
    };
    refused(&[&|memory| named(memory, ""), &|memory| named(memory, &long)], "name");
    assert_eq!(attempts.into_inner(), 2);
    let key = sutra_storage::ConceptRef::in_namespace(&long, "otter");
    refused(&[&|memory| memory.learn(&Concept::new(key))], "name");
}
