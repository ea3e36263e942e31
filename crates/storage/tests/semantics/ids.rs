//! Ids, keys, types.

use sutra_storage::{
    Association, AssociationType, Concept, ConceptId, ConceptRef, ConcurrentMemory, Error, Namespace, key_text,
};

use crate::{learn, memory, seen};

#[test]
fn an_id_is_sixteen_bytes() {
    let memory = memory();
    let bytes = [0xab; 16];
    let sequence = memory.learn_concept(ConceptId::from_bytes(bytes), "x", None, 1.0, 1.0).unwrap();
    seen(&memory, sequence);
    let found = memory.query_concept(ConceptId::from_bytes(bytes)).unwrap().unwrap();
    assert_eq!(found.id().to_bytes(), bytes);
    assert_eq!(found.key().unwrap(), None);
    assert_eq!(found.name().unwrap(), "ab".repeat(16));
}

#[test]
fn an_id_from_a_key_is_the_first_half_of_its_blake3() {
    // The published BLAKE3 test vector for the three bytes "abc".
    assert_eq!(ConceptId::from_key("abc").unwrap().to_string(), "6437b3ac38465133ffb63b75273a8db5");
}

#[test]
fn in_a_named_namespace_its_name_is_hashed_in() {
    let memory = memory();
    let (plain, named) = (ConceptRef::key("otter"), ConceptRef::in_namespace("zoo", "otter"));
    assert_ne!(plain.id().unwrap(), named.id().unwrap());
    memory.learn(&Concept::new(plain).content("the animal")).unwrap();
    let sequence = memory.learn(&Concept::new(named).content("the one in the zoo")).unwrap();
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    assert_eq!(snapshot.concept_count(), 2);
    let (plain, named) = (snapshot.query_concept(plain).unwrap(), snapshot.query_concept(named).unwrap());
    let (plain, named) = (plain.unwrap(), named.unwrap());
    assert_eq!((plain.key().unwrap(), named.key().unwrap()), (Some("otter"), Some("otter")));
    assert_eq!((plain.namespace(), plain.namespace_name()), (Namespace(0), ""));
    assert_ne!(named.namespace(), Namespace(0));
    assert_eq!(named.namespace_name(), "zoo");
}

#[test]
fn text_is_32_digits_or_16_when_the_last_eight_bytes_are_zero_any_case_in_lower_case_out() {
    for (text, printed) in [
        ("a1b2c3d4e5f67890", "a1b2c3d4e5f67890"),
        ("A1B2C3D4E5F67890", "a1b2c3d4e5f67890"),
        ("A1b2c3d4e5f678900000000000000000", "a1b2c3d4e5f67890"),
        ("FFEEDDCCBBAA99887766554433221100", "ffeeddccbbaa99887766554433221100"),
    ] {
        assert_eq!(ConceptId::parse(text).unwrap().to_string(), printed);
        let memory = memory();
        let sequence = learn(&memory, text, "x");
        seen(&memory, sequence);
        assert_eq!(memory.query_concept(printed).unwrap().unwrap().name().unwrap(), printed);
    }
}

#[test]
fn all_zero_is_refused() {
    let memory = memory();
    for zero in [ConceptRef::from("0000000000000000"), ConceptId::from_bytes([0; 16]).into()] {
        assert!(matches!(memory.query_concept(zero), Err(Error::InvalidArgument { field: "id", .. })));
        assert!(matches!(memory.record_access(zero), Err(Error::InvalidArgument { field: "id", .. })));
    }
}

#[test]
fn digits_are_an_id_anything_else_a_key_and_key_forces_a_key() {
    let memory = memory();
    let digits = "a1b2c3d4e5f67890";
    learn(&memory, digits, "named by id");
    learn(&memory, "key:a1b2c3d4e5f67890", "named by key");
    learn(&memory, "a1b2c3d4e5f6789", "one digit short: a key");
    let sequence = learn(&memory, "key:otter", "a key");
    seen(&memory, sequence);
    let content = |name: &str| memory.query_concept(name).unwrap().unwrap().content().unwrap().to_vec();
    assert_eq!(content(digits), b"named by id");
    assert_eq!(content("key:a1b2c3d4e5f67890"), b"named by key");
    assert_eq!(content("key:a1b2c3d4e5f6789"), b"one digit short: a key");
    assert_eq!(content("otter"), b"a key");
}

#[test]
fn a_key_that_would_parse_as_an_id_or_starts_with_key_is_printed_with_it() {
    let memory = memory();
    for (key, printed) in [
        ("otter", "otter"),
        ("a1b2c3d4e5f67890", "key:a1b2c3d4e5f67890"),
        ("A1B2C3D4E5F67890a1b2c3d4e5f67890", "key:A1B2C3D4E5F67890a1b2c3d4e5f67890"),
        ("key:otter", "key:key:otter"),
        ("0000000000000000", "key:0000000000000000"),
    ] {
        assert_eq!(key_text(key), printed);
        let sequence = memory.learn(&Concept::new(ConceptRef::key(key))).unwrap();
        seen(&memory, sequence);
        let found = memory.query_concept(printed).unwrap().expect("what is printed is read back");
        assert_eq!(found.key().unwrap(), Some(key));
        assert_eq!(found.name().unwrap(), printed);
    }
}

#[test]
fn the_key_is_kept_with_the_concept_stubs_included() {
    let memory = memory();
    let sequence = memory.learn_association("otter", "river", "semantic", 1.0).unwrap();
    seen(&memory, sequence);
    let neighbors = memory.neighbors("otter").unwrap();
    let river = neighbors.iter().next().unwrap().concept().unwrap();
    assert!(river.is_stub());
    assert_eq!(river.key().unwrap(), Some("river"));
    let id = ConceptId::from_key("river").unwrap();
    let sequence = memory.learn_concept(id, "flows", None, 1.0, 1.0).unwrap();
    seen(&memory, sequence);
    let river = memory.query_concept(id).unwrap().unwrap();
    assert_eq!(river.name().unwrap(), "river");
    let path = memory.find_path("otter", id, 6).unwrap().unwrap();
    assert_eq!(path.nodes.iter().map(|node| node.name().into_owned()).collect::<Vec<_>>(), ["otter", "river"]);
}

#[test]
fn a_concept_known_by_id_takes_the_key_that_it_is_learned_by() {
    let memory = memory();
    memory.learn_concept(ConceptId::from_key("otter").unwrap(), "by id", None, 1.0, 1.0).unwrap();
    let sequence = learn(&memory, "otter", "by key");
    seen(&memory, sequence);
    assert_eq!(memory.concept_count(), 1);
    assert_eq!(memory.query_concept("otter").unwrap().unwrap().key().unwrap(), Some("otter"));
}

#[test]
fn five_types_are_built_in() {
    let memory = memory();
    let names = ["semantic", "causal", "temporal", "hierarchical", "compositional"];
    let mut last = 0;
    for (code, name) in (0..).zip(names) {
        assert_eq!(memory.snapshot().type_name(AssociationType(code)), Some(name));
        assert_eq!(memory.snapshot().association_type(name), Some(AssociationType(code)));
        last = memory.learn_association("a", "b", code, 1.0).unwrap();
    }
    seen(&memory, last);
    for name in names {
        assert_eq!(memory.association("a", "b", name).unwrap().unwrap().type_name(), name);
    }
}

#[test]
fn the_rest_are_named_by_the_user_and_kept_in_the_catalogue() {
    let disk = sutra_vfs::sim::SimDirectory::new();
    let open = || crate::support::open(&disk, sutra_storage::Durability::Group).unwrap();
    let memory = open();
    memory.learn_association("otter", "animal", "hypernym", 1.0).unwrap();
    let sequence = memory.learn_association("otter", "seal", "rhymes with", 1.0).unwrap();
    seen(&memory, sequence);
    let code = memory.snapshot().association_type("hypernym").unwrap();
    assert_eq!(code, AssociationType(5));
    memory.close().unwrap();
    let memory = open();
    assert_eq!(memory.snapshot().type_name(code), Some("hypernym"));
    let sequence = memory.learn_association("cat", "animal", code, 1.0).unwrap();
    seen(&memory, sequence);
    assert_eq!(memory.association("cat", "animal", "hypernym").unwrap().unwrap().kind(), code);
    assert_eq!(memory.snapshot().association_type("rhymes with"), Some(AssociationType(6)));
}

#[test]
fn there_are_250_names_at_most_then_a_typed_error() {
    let memory = memory();
    let mut last = 0;
    for name in (5..250).map(|number| format!("type {number}")) {
        last = memory.learn_association("a", "b", &name, 1.0).unwrap();
    }
    let one_more = memory.learn_association("a", "b", "one more", 1.0);
    assert!(matches!(one_more, Err(Error::InvalidArgument { field: "type", .. })), "{one_more:?}");
    assert_eq!(memory.learn_association("a", "b", "type 249", 1.0).unwrap(), last + 1);
    seen(&memory, last + 1);
    assert_eq!(memory.edge_count(), 245);
    assert_eq!(memory.snapshot().association_type("one more"), None);
}

#[test]
fn a_stub_made_beside_a_namespace_is_in_it_and_keys_of_two_namespaces_do_not_meet() {
    let memory = memory();
    let named = ConceptRef::in_namespace("zoo", "otter");
    for other in [ConceptRef::key("seal"), ConceptRef::in_namespace("sea", "seal")] {
        for (source, target) in [(named, other), (other, named)] {
            let refused = memory.associate(&Association::new(source, target, "semantic"));
            assert!(matches!(refused, Err(Error::InvalidArgument { field: "namespace", .. })), "{refused:?}");
        }
    }
    let id = ConceptId::from_bytes([7; 16]);
    let sequence = memory.associate(&Association::new(named, id, "semantic")).unwrap();
    assert_eq!(sequence, 1);
    seen(&memory, sequence);
    let neighbors = memory.neighbors(named).unwrap();
    assert_eq!(neighbors.iter().next().unwrap().concept().unwrap().namespace_name(), "zoo");
}

/// A key and the namespace that it is good in go together, however the concept came to be known.
#[test]
fn a_key_brings_its_namespace_and_an_id_changes_neither() {
    let memory = memory();
    let keyed = ConceptRef::in_namespace("zoo", "otter");
    let by_id = ConceptRef::from(keyed.id().unwrap());
    let named = |memory: &ConcurrentMemory| {
        let concept = memory.query_concept(by_id).unwrap().unwrap();
        (concept.key().unwrap().map(str::to_owned), concept.namespace_name().to_owned())
    };
    let zoo = (Some("otter".to_owned()), "zoo".to_owned());

    // A stub of a named namespace, filled by id.
    memory.learn_association(keyed, ConceptRef::in_namespace("zoo", "seal"), 0, 1.0).unwrap();
    let last = memory.learn_concept(by_id, "swims", None, 1.0, 1.0).unwrap();
    memory.wait_visible(last).unwrap();
    assert_eq!(named(&memory), zoo);

    // Learned by id, then by key.
    memory.forget_concept(by_id).unwrap();
    memory.learn_concept(by_id, "swims", None, 1.0, 1.0).unwrap();
    let last = memory.learn_concept(keyed, "swims", None, 1.0, 1.0).unwrap();
    memory.wait_visible(last).unwrap();
    assert_eq!(named(&memory), zoo);

    // Learned by id, then named by key as the end of an association.
    memory.forget_concept(by_id).unwrap();
    let learned = memory.learn_concept(by_id, "swims", None, 1.0, 1.0).unwrap();
    memory.wait_visible(learned).unwrap();
    assert_eq!(named(&memory), (None, String::new()));
    let last = memory.learn_association(keyed, ConceptRef::in_namespace("zoo", "seal"), 0, 1.0).unwrap();
    memory.wait_visible(last).unwrap();
    assert_eq!(named(&memory), zoo);
    assert_eq!(memory.query_concept(keyed).unwrap().unwrap().content().unwrap(), b"swims");
}
