//! What is exported and imported again is the same store; what is exported for others is what they read.

mod support;

use std::fs;
use std::path::Path;

use support::Place;
use sutra_storage::{Association, Concept, ConceptId, ConceptRef, ConcurrentConfig, ConcurrentMemory, Snapshot};

/// Everything that a caller can say of a store, in an order of its own.
fn everything(store: &Path) -> (Vec<String>, Vec<String>) {
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(store)).unwrap();
    let said = of_snapshot(&memory.snapshot());
    memory.close().unwrap();
    said
}

fn of_snapshot(snapshot: &Snapshot) -> (Vec<String>, Vec<String>) {
    let json = |text: Option<&str>| text.map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
    let concept = |concept: sutra_storage::ConceptView<'_>| {
        let bits: Option<Vec<u32>> =
            concept.embedding().unwrap().map(|numbers| numbers.iter().map(|x| x.to_bits()).collect());
        format!(
            "{} {:?} {:?} {:?} {bits:?} {:?} {} {} {}",
            concept.id(),
            concept.key().unwrap(),
            concept.namespace_name(),
            concept.content().unwrap(),
            json(concept.metadata().unwrap()),
            concept.strength(),
            concept.confidence(),
            concept.created(),
        )
    };
    let end = |end: sutra_storage::ConceptView<'_>| {
        format!("{} {:?} {:?} {}", end.id(), end.key().unwrap(), end.namespace_name(), end.is_stub())
    };
    let association = |found: sutra_storage::AssociationView<'_>| {
        format!(
            "{} {} {} {} {} {} {:?} {:?}",
            end(found.source().unwrap()),
            found.type_name(),
            end(found.target().unwrap()),
            found.confidence(),
            found.weight(),
            found.created(),
            found.valid(),
            json(found.metadata().unwrap()),
        )
    };
    let mut concepts: Vec<String> = snapshot.concepts().map(|found| concept(found.unwrap())).collect();
    let mut associations: Vec<String> = snapshot.associations().map(|found| association(found.unwrap())).collect();
    concepts.push(format!("{} stubs", snapshot.stub_count()));
    concepts.sort();
    associations.sort();
    (concepts, associations)
}

/// A store with one of everything that is hard to write down.
fn store_of_corners(path: &Path) {
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(path)).unwrap();
    let deep = "{\"a\": [1,\n 2.5e300, \"x\\ty\\u0000\", {\"b\": null}], \"c\": \"\u{1f409}\"}";
    let id = ConceptId::parse("00112233445566778899aabbccddeeff").unwrap();
    let concepts = [
        Concept::new("rain").content("falls").embedding(&[0.1, -0.0, f32::MIN_POSITIVE]).strength(0.1).confidence(0.3),
        Concept::new(ConceptRef::key("a1b2c3d4e5f67890")).content("a key that looks like an id").metadata(deep),
        Concept::new(ConceptRef::key("key:x")).content("").created(1),
        Concept::new(id).content(&[0_u8, 255, 10, 13][..]).embedding(&[f32::MAX, 1e-45, 16_777_217.0]),
        Concept::new(ConceptRef::in_namespace("zoo", "rain")).content("tab\tline\r\nquote\"back\\slash\u{7f}"),
        Concept::new("number").metadata("7"),
        Concept::new(" spaced \u{e9}\u{301} ").content("<&]]>"),
        Concept::new("bell \u{7}\u{ffff}").content("\u{1}").metadata("[\"\u{fffe}\"]"),
    ];
    for concept in &concepts {
        memory.learn(concept).unwrap();
    }
    let associations = [
        Association::new("rain", "flood", "causal").confidence(0.7).weight(-2.5).created(5).valid(1, 2),
        Association::new("rain", "flood", "own type").metadata("[\n\"x\"\r]"),
        Association::new(ConceptRef::key("key:x"), ConceptRef::key("a1b2c3d4e5f67890"), "semantic"),
        Association::new(id, "rain", "semantic").valid(0, 9),
        Association::new(
            ConceptRef::in_namespace("zoo", "rain"),
            ConceptRef::in_namespace("zoo", "0123456789abcdeg"),
            "t",
        ),
        Association::new("rain", "rain", "semantic").valid(3, u32::MAX),
    ];
    for association in &associations {
        memory.associate(association).unwrap();
    }
    memory.close().unwrap();
}

#[test]
fn an_export_imported_again_is_an_equal_store() {
    let place = Place::new();
    store_of_corners(&place.path("first"));
    let first = everything(&place.path("first"));
    assert_eq!((first.0.len(), first.1.len()), (9, 6));
    for (file, files) in [
        ("out.jsonl", &["out.jsonl"][..]),
        ("out.parquet", &["out.parquet/concepts.parquet", "out.parquet/associations.parquet"]),
        ("out.graphml", &["out.graphml"]),
    ] {
        let out = place.sutra(["export", file, "--store", "first"]).done();
        assert!(out.starts_with("wrote 8 concepts and 6 associations to "), "{out}");
        let second = format!("second-{file}");
        place.sutra([&["import", "--store", &second], files].concat()).done();
        assert_eq!(everything(&place.path(&second)), first, "{file}");
        // A folder stands for the files in it.
        place.sutra(["import", "--store", &format!("third-{file}"), file]).done();
        assert_eq!(everything(&place.path(&format!("third-{file}"))), first, "{file}");
        // And once more into what is there.
        place.sutra([&["import", "--store", &second], files].concat()).done();
        assert_eq!(everything(&place.path(&second)), first, "{file}");
    }
}

#[test]
fn a_large_content_of_escapes_comes_back() {
    let place = Place::new();
    let large = "\u{1}".repeat(28 << 20);
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(place.path("first"))).unwrap();
    memory.learn(&Concept::new("large").content(&large)).unwrap();
    memory.close().unwrap();
    for file in ["out.jsonl", "out.graphml"] {
        place.sutra(["export", file, "--store", "first"]).done();
        let second = format!("second-{file}");
        place.sutra(["import", "--store", &second, file]).done();
        let memory = ConcurrentMemory::new(ConcurrentConfig::new(place.path(&second))).unwrap();
        let snapshot = memory.snapshot();
        assert!(snapshot.query_concept("large").unwrap().unwrap().content().unwrap() == large.as_bytes(), "{file}");
    }
}

#[test]
fn a_pipe_copies_a_store() {
    let place = Place::with_store();
    let lines = place.sutra(["export"]).done();
    assert_eq!(lines.lines().count(), 8);
    place.write("lines", &lines);
    let mut import = place.command(["import", "-", "--store", "copy"]);
    let input = fs::File::open(place.path("lines")).unwrap();
    support::Said::of(import.stdin(input).output().unwrap()).done();
    assert_eq!(everything(&place.path("copy")), everything(&place.path("sutra-store")));
}

#[test]
fn graphml_has_all_nodes_and_edges() {
    let place = Place::new();
    store_of_corners(&place.path("first"));
    let report = place.json(["export", "out.graphml", "--json", "--store", "first"]);
    assert_eq!((&report["concepts"], &report["associations"]), (&8.into(), &6.into()));
    let text = fs::read_to_string(place.path("out.graphml")).unwrap();
    let count = |part: &str| text.matches(part).count();
    // Two ends are stubs: "flood", and one in the zoo.
    assert_eq!((count("<node "), count("</node>"), count("<edge "), count("</edge>")), (10, 10, 6, 6));
    assert!(text.contains("&lt;&amp;]]&gt;") && text.ends_with("</graphml>\n"));
    let allowed = |c: char| !c.is_control() || c == '\n' || c == '\t' || c == '\u{7f}';
    assert!(text.chars().all(allowed));
}

#[test]
fn what_cannot_be_written_is_told() {
    let place = Place::with_store();
    assert!(place.sutra(["export", "missing/out.jsonl"]).refused(2).contains("cannot write missing/out.jsonl"));
    assert!(place.sutra(["export", "--format", "parquet"]).refused(2).contains("folder"));
    place.write("file", "");
    assert!(place.sutra(["export", "file", "--format", "parquet"]).refused(2).contains("cannot write file"));
}

#[test]
fn a_parquet_file_that_is_none_is_refused_and_never_panics_through() {
    let place = Place::with_store();
    place.sutra(["export", "out.parquet"]).done();
    let path = place.path("out.parquet/concepts.parquet");
    let whole = fs::read(&path).unwrap();
    for step in 0..60 {
        let mut bytes = whole.clone();
        let at = whole.len() * step / 60;
        if step % 2 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 0x55;
        }
        fs::write(&path, bytes).unwrap();
        let said = place.sutra(["import", "out.parquet/concepts.parquet", "--store", "other", "--keep-going"]);
        assert!([0, 2, 5].contains(&said.code), "{step}: {said:?}");
        assert!(said.code == 0 || said.err.contains("concepts.parquet"), "{step}: {said:?}");
    }
}
