//! Compares everything that a snapshot shows with the model.

use sutra_storage::{
    AssociationView, ConceptId, ConceptView, Direction, Neighbor, NeighborOptions, Path, PathOptions, Snapshot,
};

use super::model::{Edge, Model, Node, State, Time};
use super::operation::{KINDS, Name, kind};

fn within(time: u64, (from, to): Time) -> bool {
    (from..=to).contains(&time)
}

/// Checks all but access counts, which are live and not part of a snapshot.
pub(crate) fn check(snapshot: &Snapshot, model: &Model) {
    assert_eq!(snapshot.sequence(), model.sequence);
    assert_eq!(snapshot.concept_count(), model.count(State::Live), "concepts");
    assert_eq!(snapshot.stub_count(), model.count(State::Stub), "stubs");
    assert_eq!(snapshot.edge_count(), model.edges.len() as u64, "associations");
    assert_eq!(snapshot.vector_dimension(), model.dimension);
    for name in Name::all() {
        let node = model.nodes.get(&name.id());
        let live = node.filter(|node| node.state == State::Live);
        assert_eq!(snapshot.contains(name.reference()).unwrap(), live.is_some(), "{name:?}");
        let found = snapshot.query_concept(name.reference()).unwrap();
        assert_eq!(found.is_some(), live.is_some(), "{name:?}");
        if let (Some(found), Some(node)) = (&found, live) {
            check_node(found, name.id(), node);
        }
    }
    let shown: Vec<_> = snapshot.concepts().map(|concept| concept.unwrap().id()).collect();
    let live = |id: &&ConceptId| model.nodes[id].state == State::Live;
    assert_eq!(shown, model.order.iter().filter(live).copied().collect::<Vec<_>>(), "all concepts in order");
    check_associations(snapshot, model);
    Name::all().for_each(|name| check_neighbors(snapshot, model, name));
}

/// Checks access counts, of a store in which everything accepted is visible.
pub(crate) fn check_accesses(snapshot: &Snapshot, model: &Model) {
    for concept in snapshot.concepts() {
        let concept = concept.unwrap();
        let node = &model.nodes[&concept.id()];
        assert_eq!(concept.access_count().unwrap(), node.accesses, "accesses of {}", concept.id());
        let last = concept.last_accessed().unwrap();
        assert_eq!(last.is_some(), node.accessed.is_some());
        assert!(last.is_none_or(|last| within(last, node.accessed.unwrap())), "last access of {}", concept.id());
    }
}

fn check_node(found: &ConceptView<'_>, id: ConceptId, node: &Node) {
    assert_eq!(found.id(), id);
    assert_eq!(found.is_stub(), node.state == State::Stub, "{id}");
    assert_eq!(found.key().unwrap(), node.key, "key of {id}");
    assert_eq!(found.namespace_name(), node.namespace, "namespace of {id}");
    assert_eq!(found.content().unwrap(), node.content.as_bytes(), "content of {id}");
    assert_eq!(found.embedding().unwrap(), node.embedding.as_deref(), "embedding of {id}");
    assert_eq!(found.metadata().unwrap(), node.metadata.as_deref(), "metadata of {id}");
    assert_eq!((found.strength(), found.confidence()), (node.strength, node.confidence), "{id}");
    assert_eq!((found.version(), found.sequence()), (node.version, node.sequence), "{id}");
    assert!(within(found.created(), node.created), "{id} created {} not in {:?}", found.created(), node.created);
    assert!(within(found.modified(), node.modified), "{id} modified {} not in {:?}", found.modified(), node.modified);
}

fn check_edge(found: &AssociationView<'_>, edge: &Edge) {
    assert_eq!((found.source().unwrap().id(), found.target().unwrap().id()), (edge.source, edge.target));
    assert_eq!(found.type_name(), edge.kind);
    assert_eq!((found.confidence(), found.weight()), (edge.confidence, edge.weight), "{edge:?}");
    assert_eq!((found.valid(), found.sequence()), (edge.valid, edge.sequence), "{edge:?}");
    assert_eq!(found.metadata().unwrap(), edge.metadata.as_deref(), "{edge:?}");
    assert!(within(found.created(), edge.created), "{edge:?} created {}", found.created());
}

fn check_associations(snapshot: &Snapshot, model: &Model) {
    let by_source = |id: &ConceptId| {
        let id = *id;
        model.edges.values().filter(move |edge| edge.source == id)
    };
    let expected: Vec<&Edge> = model.order.iter().flat_map(by_source).collect();
    let found: Vec<_> = snapshot.associations().map(Result::unwrap).collect();
    assert_eq!(found.len(), expected.len(), "all associations");
    found.iter().zip(&expected).for_each(|(found, edge)| check_edge(found, edge));
    for source in Name::all() {
        for target in Name::all() {
            for name in KINDS {
                let found = snapshot.association(source.reference(), target.reference(), kind(name)).unwrap();
                let place = model.find(source.id(), target.id(), name);
                assert_eq!(found.is_some(), place.is_some(), "{source:?} {name} {target:?}");
                if let (Some(found), Some(place)) = (found, place) {
                    check_edge(&found, &model.edges[&place]);
                }
            }
        }
    }
}

fn check_neighbors(snapshot: &Snapshot, model: &Model, name: Name) {
    let id = name.id();
    let out: Vec<_> = model.edges.values().filter(|edge| edge.source == id).collect();
    let incoming: Vec<_> = model.edges.values().filter(|edge| edge.target == id).collect();
    // A loop is one association: seen from both sides it stands among the outgoing ones alone.
    let others = incoming.iter().filter(|edge| edge.source != id);
    let both: Vec<_> = out.iter().chain(others).copied().collect();
    let all = [(Direction::Out, &out), (Direction::In, &incoming), (Direction::Both, &both)];
    for (direction, expected) in all {
        let wanted: [_; 2] = [kind("semantic"), kind("hypernym")];
        for (types, min_confidence) in [(None, 0.0), (Some(&wanted[..]), 0.0), (None, 0.6)] {
            let options = NeighborOptions { direction, types, min_confidence };
            let found = snapshot.neighbors_with(name.reference(), options).unwrap();
            let passes = |edge: &&&Edge| {
                edge.confidence >= min_confidence && (types.is_none() || ["semantic", "hypernym"].contains(&edge.kind))
            };
            let expected: Vec<_> = expected.iter().filter(passes).collect();
            assert_eq!(found.len(), expected.len(), "{direction:?} of {name:?}");
            for (found, edge) in found.iter().zip(expected) {
                check_neighbor(found, edge, id, model);
            }
        }
    }
}

fn check_neighbor(found: Neighbor<'_>, edge: &Edge, of: ConceptId, model: &Model) {
    let other = match found.direction() {
        Direction::Out => {
            assert_eq!(edge.source, of);
            edge.target
        }
        _ => {
            assert_eq!(edge.target, of);
            edge.source
        }
    };
    check_node(&found.concept().unwrap(), other, &model.nodes[&other]);
    assert_eq!((found.confidence(), found.type_name()), (edge.confidence, edge.kind));
    check_edge(&found.association().unwrap(), edge);
}

/// Checks the paths from one concept to another.
pub(crate) fn check_paths(snapshot: &Snapshot, model: &Model, start: Name, end: Name, max_depth: u32) {
    let expected = reach(model, start.id(), end.id(), max_depth);
    let fewest = snapshot.find_path(start.reference(), end.reference(), max_depth).unwrap();
    let options = PathOptions { max_depth, ..PathOptions::default() };
    let best = snapshot.find_best_path(start.reference(), end.reference(), options).unwrap();
    let Some((hops, confidence)) = expected else {
        assert!(fewest.is_none() && best.is_none(), "{start:?} does not reach {end:?}");
        return;
    };
    let (fewest, best) = (fewest.expect("there is a path"), best.expect("there is a path"));
    assert_eq!(fewest.hops.len() as u32, hops, "hops from {start:?} to {end:?}");
    assert!((best.confidence - confidence).abs() < 1e-9, "{} is not {confidence}", best.confidence);
    for path in [fewest, best] {
        check_path(&path, model, start, end, max_depth);
    }
}

fn check_path(path: &Path, model: &Model, start: Name, end: Name, max_depth: u32) {
    assert!(path.hops.len() <= max_depth as usize);
    assert_eq!(path.nodes.len(), path.hops.len() + 1);
    assert_eq!((path.nodes[0].id, path.nodes.last().unwrap().id), (start.id(), end.id()));
    let mut product = 1.0;
    for (hop, ends) in path.hops.iter().zip(path.nodes.windows(2)) {
        let place = model.find(ends[0].id, ends[1].id, &hop.type_name).expect("each hop is an association");
        let edge = &model.edges[&place];
        assert_eq!((hop.confidence, hop.weight, hop.sequence), (edge.confidence, edge.weight, edge.sequence));
        assert!(!hop.reversed);
        product *= f64::from(hop.confidence);
    }
    assert!((path.confidence - product).abs() < 1e-9);
    for node in &path.nodes {
        assert_eq!(node.is_stub, model.nodes[&node.id].state == State::Stub);
        assert_eq!(node.key.as_deref(), model.nodes[&node.id].key);
    }
}

/// The fewest hops and the best confidence from `start` to `end` within `max_depth` hops.
fn reach(model: &Model, start: ConceptId, end: ConceptId, max_depth: u32) -> Option<(u32, f64)> {
    if !model.is_node(start) || !model.is_node(end) {
        return None;
    }
    let index = |id: ConceptId| model.order.iter().position(|other| *other == id).expect("it is a node");
    // The best confidence of a way with exactly so many hops, by node.
    let mut ways = vec![0.0_f64; model.order.len()];
    ways[index(start)] = 1.0;
    let mut found = (start == end).then_some((0, 1.0));
    for hops in 1..=max_depth.min(2 * model.order.len() as u32) {
        let mut longer = vec![0.0; ways.len()];
        for edge in model.edges.values() {
            let way = ways[index(edge.source)] * f64::from(edge.confidence);
            let place = &mut longer[index(edge.target)];
            *place = way.max(*place);
        }
        ways = longer;
        let way = ways[index(end)];
        if way > 0.0 {
            let (fewest, best) = found.unwrap_or((hops, 0.0));
            found = Some((fewest, way.max(best)));
        }
    }
    found
}
