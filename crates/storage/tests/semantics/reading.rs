//! Reading.

use sutra_storage::{
    Association, AssociationType, Concept, ConcurrentMemory, Direction, Durability, Error, NeighborOptions,
    PathOptions, Snapshot, TypeRef,
};
use sutra_vfs::sim::SimDirectory;

use crate::support::open;
use crate::{learn, memory, seen};

/// a -> b (0.9), a -> c (0.2), b -> c (0.8), c -> d (0.5), and d -> a as "back".
fn diamond(memory: &ConcurrentMemory) {
    for name in ["a", "b", "c", "d"] {
        learn(memory, name, name);
    }
    for (source, target, confidence) in [("a", "b", 0.9), ("a", "c", 0.2), ("b", "c", 0.8), ("c", "d", 0.5)] {
        memory.learn_association(source, target, "causal", confidence).unwrap();
    }
    let sequence = memory.learn_association("d", "a", "back", 1.0).unwrap();
    seen(memory, sequence);
}

fn names(path: &sutra_storage::Path) -> Vec<String> {
    path.nodes.iter().map(|node| node.name().into_owned()).collect()
}

#[test]
fn a_snapshot_is_stable() {
    let memory = memory();
    let sequence = learn(&memory, "a", "1");
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    for name in ["a", "b", "c"] {
        learn(&memory, name, "2");
    }
    memory.learn_association("a", "b", "causal", 1.0).unwrap();
    memory.forget_concept("b").unwrap();
    memory.flush().unwrap();
    assert_eq!((snapshot.sequence(), snapshot.concept_count(), snapshot.edge_count()), (1, 1, 0));
    assert_eq!(snapshot.query_concept("a").unwrap().unwrap().content().unwrap(), b"1");
    assert!(snapshot.neighbors("a").unwrap().is_empty());
    assert!(!snapshot.contains("c").unwrap());
}

#[test]
fn a_snapshot_and_the_memory_are_clone_send_and_sync() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Snapshot>();
    check::<ConcurrentMemory>();
    check::<sutra_storage::ConceptView<'static>>();
}

#[test]
fn a_snapshot_may_outlive_the_memory() {
    let memory = memory();
    diamond(&memory);
    let (snapshot, view) = (memory.snapshot(), memory.query_concept("a").unwrap().unwrap());
    let (neighbors, mut concepts) = (memory.neighbors("a").unwrap(), memory.concepts());
    drop(memory);
    assert_eq!(view.content().unwrap(), b"a");
    assert_eq!(snapshot.find_path("a", "d", 6).unwrap().unwrap().hops.len(), 2);
    assert_eq!(neighbors.iter().nth(1).unwrap().concept().unwrap().content().unwrap(), b"c");
    assert_eq!(concepts.next().unwrap().unwrap().content().unwrap(), b"a");
}

#[test]
fn the_calls_on_the_memory_read_the_newest_snapshot() {
    let memory = memory();
    diamond(&memory);
    let snapshot = memory.snapshot();
    assert!(memory.contains("a").unwrap());
    assert_eq!(memory.concept_count(), snapshot.concept_count());
    assert_eq!(memory.edge_count(), snapshot.edge_count());
    assert_eq!((memory.sequence(), memory.timestamp()), (snapshot.sequence(), snapshot.timestamp()));
    assert_eq!(memory.concepts().count(), 4);
    assert_eq!(memory.associations().count(), 5);
    assert_eq!(memory.association("d", "a", "back").unwrap().unwrap().type_name(), "back");
    assert_eq!(memory.find_path("a", "d", 6).unwrap(), snapshot.find_path("a", "d", 6).unwrap());
    let options = PathOptions::default();
    let best = memory.find_best_path("a", "d", options).unwrap();
    assert_eq!(best, snapshot.find_best_path("a", "d", options).unwrap());
}

#[test]
fn a_concept_view_shows_everything() {
    let memory = memory();
    let concept = Concept::new("otter").content(&[0, 255, 7]).embedding(&[1.5, -2.0]).metadata("{}");
    let sequence = memory.learn(&concept.strength(0.25).confidence(0.75).created(1234)).unwrap();
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    let found = snapshot.query_concept("otter").unwrap().unwrap();
    assert_eq!(found.content().unwrap(), [0, 255, 7]);
    assert_eq!(found.embedding().unwrap(), Some(&[1.5, -2.0][..]));
    assert_eq!((found.metadata().unwrap(), found.key().unwrap()), (Some("{}"), Some("otter")));
    assert_eq!((found.strength(), found.confidence(), found.created()), (0.25, 0.75, 1234));
    assert_eq!((found.version(), found.sequence(), found.access_count().unwrap()), (1, 1, 0));
    assert_eq!(found.last_accessed().unwrap(), None);
    assert!(!found.is_stub());
}

#[test]
fn a_missing_id_is_none() {
    let memory = memory();
    assert!(memory.query_concept("nobody").unwrap().is_none());
    assert!(!memory.contains("nobody").unwrap());
    assert!(memory.neighbors("nobody").unwrap().is_empty());
    assert!(memory.association("nobody", "else", "causal").unwrap().is_none());
    assert!(memory.association("nobody", "else", "a type that nobody named").unwrap().is_none());
    assert!(memory.find_path("nobody", "else", 6).unwrap().is_none());
    assert!(memory.find_best_path("nobody", "nobody", PathOptions::default()).unwrap().is_none());
}

#[test]
fn all_concepts_and_all_associations_are_iterated() {
    let memory = memory();
    diamond(&memory);
    memory.learn_association("a", "stub", "causal", 1.0).unwrap();
    let sequence = memory.forget_concept("b").unwrap();
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    let concepts: Vec<_> = snapshot.concepts().map(|concept| concept.unwrap().name().unwrap().into_owned()).collect();
    assert_eq!(concepts, ["a", "c", "d"]);
    let ends: Vec<_> = snapshot
        .associations()
        .map(|association| {
            let association = association.unwrap();
            let name = |view: sutra_storage::ConceptView<'_>| view.name().unwrap().into_owned();
            [name(association.source().unwrap()), name(association.target().unwrap())]
        })
        .collect();
    assert_eq!(ends, [["a", "c"], ["a", "stub"], ["c", "d"], ["d", "a"]]);
}

#[test]
fn timestamps_are_microseconds_and_never_decrease() {
    let memory = memory();
    let mut last = 0;
    for name in ["a", "b", "c"] {
        let sequence = learn(&memory, name, "");
        seen(&memory, sequence);
        let (timestamp, modified) = (memory.timestamp(), memory.query_concept(name).unwrap().unwrap().modified());
        assert!(timestamp >= last && timestamp >= modified && timestamp - modified < 60_000_000);
        last = timestamp;
    }
}

#[test]
fn neighbors_go_out_by_default_and_in_or_both_on_demand() {
    let memory = memory();
    diamond(&memory);
    let snapshot = memory.snapshot();
    let found = |direction| {
        let options = NeighborOptions { direction, ..NeighborOptions::default() };
        let neighbors = snapshot.neighbors_with("c", options).unwrap();
        neighbors.iter().map(|neighbor| neighbor.concept().unwrap().name().unwrap().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(Direction::Out), ["d"]);
    assert_eq!(found(Direction::In), ["a", "b"]);
    assert_eq!(found(Direction::Both), ["d", "a", "b"]);
    assert_eq!(snapshot.neighbors("c").unwrap().len(), 1);
}

#[test]
fn names_of_neighbors_are_those_of_each() {
    let memory = memory();
    // A key, an id without one, a key that looks like an id, and a concept that two associations lead to.
    for (target, kind) in
        [("rain", "causal"), ("a1b2c3d4e5f67890", "causal"), ("key:a1b2c3d4e5f67890", "causal"), ("rain", "temporal")]
    {
        memory.learn_association("sky", target, kind, 1.0).unwrap();
    }
    let sequence = memory.learn_concept("rain", "falls", None, 1.0, 1.0).unwrap();
    seen(&memory, sequence);
    let neighbors = memory.neighbors("sky").unwrap();
    assert_eq!(neighbors.names().unwrap(), ["rain", "a1b2c3d4e5f67890", "key:a1b2c3d4e5f67890", "rain"]);
    let each = neighbors.iter().map(|neighbor| neighbor.concept().unwrap().name().unwrap().into_owned());
    assert!(neighbors.names().unwrap().into_iter().eq(each));
    assert!(memory.neighbors("nobody").unwrap().names().unwrap().is_empty());
}

#[test]
fn neighbors_are_filtered_by_types_and_min_confidence() {
    let memory = memory();
    diamond(&memory);
    let sequence = memory.learn_association("a", "d", "temporal", 0.5).unwrap();
    seen(&memory, sequence);
    let snapshot = memory.snapshot();
    let count = |types: Option<&[TypeRef<'_>]>, min_confidence| {
        let options = NeighborOptions { types, min_confidence, ..NeighborOptions::default() };
        snapshot.neighbors_with("a", options).unwrap().len()
    };
    assert_eq!(count(None, 0.0), 3);
    assert_eq!(count(Some(&["causal".into()]), 0.0), 2);
    assert_eq!(count(Some(&[AssociationType::TEMPORAL.into(), "causal".into()]), 0.0), 3);
    assert_eq!(count(Some(&[]), 0.0), 0);
    assert_eq!(count(Some(&["a type that nobody named".into()]), 0.0), 0);
    assert_eq!(count(None, 0.5), 2, "at least, not more than");
    assert_eq!(count(Some(&["causal".into()]), 0.5), 1);
    for bad in [-0.1, 1.1, f32::NAN] {
        let options = NeighborOptions { min_confidence: bad, ..NeighborOptions::default() };
        assert!(matches!(snapshot.neighbors_with("a", options), Err(Error::InvalidArgument { .. })));
    }
}

#[test]
fn a_path_has_the_fewest_hops_each_with_its_association() {
    let memory = memory();
    diamond(&memory);
    let path = memory.find_path("a", "d", 6).unwrap().unwrap();
    assert_eq!(names(&path), ["a", "c", "d"]);
    assert_eq!((path.hops[0].confidence, path.hops[1].confidence), (0.2, 0.5));
    assert_eq!((path.hops[0].type_name.as_str(), path.hops[0].kind), ("causal", AssociationType::CAUSAL));
    assert!((path.confidence - f64::from(0.2_f32) * 0.5).abs() < 1e-12);
    assert!(path.hops.iter().all(|hop| !hop.reversed));
}

#[test]
fn max_depth_bounds_the_hops() {
    let memory = memory();
    diamond(&memory);
    assert!(memory.find_path("a", "d", 1).unwrap().is_none());
    assert!(memory.find_path("a", "d", 2).unwrap().is_some());
    assert_eq!(memory.find_path("a", "a", 0).unwrap().unwrap().nodes.len(), 1);
    assert!(memory.find_path("a", "b", 0).unwrap().is_none());
    assert_eq!(PathOptions::default().max_depth, 6);
}

#[test]
fn the_best_path_has_the_highest_product_of_confidences() {
    let memory = memory();
    diamond(&memory);
    let best = memory.find_best_path("a", "d", PathOptions::default()).unwrap().unwrap();
    assert_eq!(names(&best), ["a", "b", "c", "d"]);
    let product = f64::from(0.9_f32) * f64::from(0.8_f32) * 0.5;
    assert!((best.confidence - product).abs() < 1e-9);
    let short = PathOptions { max_depth: 2, ..PathOptions::default() };
    assert_eq!(names(&memory.find_best_path("a", "d", short).unwrap().unwrap()), ["a", "c", "d"]);
    // A decay of a tenth for each hop makes the way with fewer hops the better one.
    let decay = PathOptions { decay: 0.1, ..PathOptions::default() };
    assert_eq!(names(&memory.find_best_path("a", "d", decay).unwrap().unwrap()), ["a", "c", "d"]);
    for bad in [0.0, -1.0, 1.5, f32::NAN] {
        let options = PathOptions { decay: bad, ..PathOptions::default() };
        let refused = memory.find_best_path("a", "d", options);
        assert!(matches!(refused, Err(Error::InvalidArgument { field: "decay", .. })), "{refused:?}");
    }
}

#[test]
fn paths_go_out_by_default_and_by_direction_types_and_confidence_on_demand() {
    let memory = memory();
    diamond(&memory);
    let snapshot = memory.snapshot();
    let find = |start, end, options: PathOptions<'_>| {
        snapshot.find_path_with(start, end, options).unwrap().map(|path| names(&path))
    };
    let some = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    let causal: [TypeRef<'_>; 1] = ["causal".into()];
    let options = PathOptions::default();
    assert_eq!(find("d", "b", options), some(&["d", "a", "b"]));
    assert_eq!(find("d", "b", PathOptions { types: Some(&causal), ..options }), None);
    let back = PathOptions { direction: Direction::In, types: Some(&causal), ..options };
    assert_eq!(find("d", "a", back), some(&["d", "c", "a"]));
    let path = snapshot.find_path_with("d", "a", back).unwrap().unwrap();
    assert!(path.hops.iter().all(|hop| hop.reversed));
    let both = PathOptions { direction: Direction::Both, types: Some(&causal), ..options };
    assert_eq!(find("b", "a", both), some(&["b", "a"]));
    assert_eq!(find("a", "d", PathOptions { min_confidence: 0.5, ..options }), some(&["a", "b", "c", "d"]));
    assert_eq!(find("a", "d", PathOptions { types: Some(&[]), ..options }), None);
}

#[test]
fn a_path_search_ends_on_cycles() {
    let memory = memory();
    for (source, target) in [("a", "b"), ("b", "a"), ("b", "b"), ("x", "x")] {
        memory.learn_association(source, target, "causal", 1.0).unwrap();
    }
    let sequence = memory.associate(&Association::new("x", "y", "causal")).unwrap();
    seen(&memory, sequence);
    let endless = PathOptions { max_depth: u32::MAX, direction: Direction::Both, ..PathOptions::default() };
    assert!(memory.find_path("a", "y", u32::MAX).unwrap().is_none());
    assert!(memory.find_best_path("a", "y", endless).unwrap().is_none());
    assert!(memory.snapshot().find_path_with("a", "y", endless).unwrap().is_none());
}

#[test]
fn what_was_read_before_a_reopen_is_read_after_it() {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    diamond(&memory);
    memory.record_access("a").unwrap();
    memory.close().unwrap();
    let (sequence, timestamp) = (memory.sequence(), memory.timestamp());
    drop(memory);
    let memory = open(&disk, Durability::Group).unwrap();
    assert_eq!((memory.sequence(), memory.timestamp()), (sequence, timestamp));
    assert_eq!(memory.query_concept("a").unwrap().unwrap().access_count().unwrap(), 1);
    assert_eq!(names(&memory.find_path("a", "d", 6).unwrap().unwrap()), ["a", "c", "d"]);
    assert_eq!(learn(&memory, "e", ""), sequence + 1);
}
