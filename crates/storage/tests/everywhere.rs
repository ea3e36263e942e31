//! What holds for every question: direction, types, least confidence, depth, budget, and the corners, in one table.

use std::collections::BTreeSet;
use std::time::Instant;

use sutra_storage::{
    Budget, ConcurrentConfig, ConcurrentMemory, Direction, Extent, NeighborhoodOptions, OverviewOptions, PathNode,
    PathOptions, PathsOptions, RankOptions, ReasonOptions, Recall, RecallOptions, Snapshot, TypeRef,
};

/// A question: what is asked about, and within which bounds.
#[derive(Clone, Copy)]
struct Ask<'a> {
    start: &'a str,
    end: &'a str,
    path: PathOptions<'a>,
    budget: Budget,
}

/// Whether the answer is complete, and whom it names.
type Said = (bool, BTreeSet<String>);

fn named<'a>(nodes: impl IntoIterator<Item = &'a PathNode>) -> BTreeSet<String> {
    nodes.into_iter().map(|node| node.name().into_owned()).collect()
}

fn one_path(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let found = snapshot.find_path_with(ask.start, ask.end, ask.path).unwrap();
    (true, named(found.iter().flat_map(|path| &path.nodes)))
}

fn one_best_path(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let found = snapshot.find_best_path(ask.start, ask.end, ask.path).unwrap();
    (true, named(found.iter().flat_map(|path| &path.nodes)))
}

fn paths(snapshot: &Snapshot, ask: &Ask<'_>, extent: Extent) -> Said {
    let options = PathsOptions { path: ask.path, budget: ask.budget, extent, limit: 99 };
    let answer = snapshot.find_paths(ask.start, ask.end, options).unwrap();
    (answer.complete, named(answer.found.iter().flat_map(|path| &path.nodes)))
}

fn best_paths(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let options = PathsOptions { path: ask.path, budget: ask.budget, limit: 99, ..PathsOptions::default() };
    let answer = snapshot.find_best_paths(ask.start, ask.end, options).unwrap();
    (answer.complete, named(answer.found.iter().flat_map(|path| &path.nodes)))
}

fn conclusions(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let options = ReasonOptions { path: ask.path, budget: ask.budget, ..ReasonOptions::default() };
    let answer = snapshot.reason(&[ask.start.into()], &[ask.end.into()], options).unwrap();
    assert_eq!(answer.found.len(), 1, "what is asked about is answered, known or not");
    (answer.complete, named(answer.found[0].paths.iter().flat_map(|path| &path.nodes)))
}

fn recalled(snapshot: &Snapshot, ask: &Ask<'_>, how: Recall) -> Said {
    let options = RecallOptions { path: ask.path, budget: ask.budget, how, limit: 99, with_seeds: true };
    let answer = snapshot.recall(&[(ask.start.into(), 1.0)], options).unwrap();
    (answer.complete, named(answer.found.iter().map(|found| &found.concept)))
}

fn around(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let options = NeighborhoodOptions { path: ask.path, budget: ask.budget, ..NeighborhoodOptions::default() };
    let answer = snapshot.neighborhood(ask.start, options).unwrap();
    (answer.complete, named(&answer.found.nodes))
}

/// All that have more than the least rank there is.
fn ranked(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let over = OverviewOptions { path: ask.path, budget: ask.budget };
    let answer = snapshot.pagerank(RankOptions { over, ..RankOptions::default() }).unwrap();
    let top = answer.found.top(99).unwrap();
    let least = top.last().map_or(0.0, |(_, rank)| *rank);
    (answer.complete, named(top.iter().filter(|(_, rank)| *rank > least * 1.001).map(|(node, _)| node)))
}

/// All that hang together with another one.
fn together(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let answer = snapshot.components(OverviewOptions { path: ask.path, budget: ask.budget }).unwrap();
    let groups = answer.found.groups().unwrap();
    (answer.complete, named(groups.iter().filter(|group| group.len() > 1).flatten()))
}

fn hubs(snapshot: &Snapshot, ask: &Ask<'_>) -> Said {
    let answer = snapshot.hubs(99, OverviewOptions { path: ask.path, budget: ask.budget }).unwrap();
    (answer.complete, named(answer.found.iter().map(|hub| &hub.concept)))
}

type Call = (&'static str, fn(&Snapshot, &Ask<'_>) -> Said);

/// From the start to the end.
const WAYS: [Call; 6] = [
    ("find_path", one_path),
    ("find_best_path", one_best_path),
    ("find_paths", |snapshot, ask| paths(snapshot, ask, Extent::Shortest)),
    ("find_paths, longer", |snapshot, ask| paths(snapshot, ask, Extent::Longer)),
    ("find_best_paths", best_paths),
    ("reason", conclusions),
];

/// From the start.
const AROUND: [Call; 3] = [
    ("recall by walks", |snapshot, ask| recalled(snapshot, ask, Recall::default())),
    ("recall by spreading", |snapshot, ask| recalled(snapshot, ask, Recall::Spreading { threshold: 0.0 })),
    ("neighborhood", around),
];

/// Of everything.
const WHOLE: [Call; 3] = [("pagerank", ranked), ("components", together), ("hubs", hubs)];

/// `a` leads to `b`, that to `c`, and that to a stub. There are a loop, a parallel association, a cycle when it is gone either
/// way, one of no confidence, somebody who is alone, and somebody who was forgotten.
fn store(folder: &tempfile::TempDir) -> ConcurrentMemory {
    let memory =
        ConcurrentMemory::new(ConcurrentConfig { storage_path: folder.path().into(), ..Default::default() }).unwrap();
    for key in ["a", "b", "c", "alone", "zero", "forgotten"] {
        memory.learn_concept(key, key, None, 1.0, 1.0).unwrap();
    }
    let associations = [
        ("a", "b", "causal", 0.5),
        ("b", "c", "causal", 0.5),
        ("c", "stub", "causal", 0.5),
        ("a", "b", "semantic", 0.25),
        ("b", "a", "temporal", 0.5),
        ("a", "a", "causal", 1.0),
        ("a", "zero", "causal", 0.0),
        ("a", "forgotten", "causal", 1.0),
        ("forgotten", "c", "causal", 1.0),
    ];
    for (source, target, kind, confidence) in associations {
        memory.learn_association(source, target, kind, confidence).unwrap();
    }
    let written = memory.forget_concept("forgotten").unwrap();
    memory.wait_visible(written).unwrap();
    memory
}

/// What a row of the table asks, and whom the calls of [`WAYS`], [`AROUND`] and [`WHOLE`] (in their order) name.
struct Row<'a> {
    what: &'static str,
    ends: (&'static str, &'static str),
    path: PathOptions<'a>,
    ways: &'static str,
    around: &'static str,
    whole: [&'static str; 3],
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn every_question_keeps_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = store(&folder).snapshot();
    let (free, none, temporal): (_, [TypeRef<'_>; 0], [TypeRef<'_>; 1]) =
        (PathOptions::default(), [], ["temporal".into()]);
    let unknown: [TypeRef<'_>; 1] = ["nobody has learned this".into()];
    let to = |direction| PathOptions { direction, ..free };
    let of = |types| PathOptions { types: Some(types), ..free };
    let least = |min_confidence| PathOptions { min_confidence, ..free };
    let deep = |max_depth| PathOptions { max_depth, ..free };
    // Ranks are the highest at the end of a way; what nothing leads to has the least.
    let whole = ["a b c stub", "a b c stub zero", "a b c"];
    let nobody = ["", "", ""];
    let some = ["a", "a b", "b"];
    let row = |what, ends, path, ways, around, whole| Row { what, ends, path, ways, around, whole };
    #[rustfmt::skip]
    let table = [
        row("out", ("a", "stub"), free, "a b c stub", "a b c stub", whole),
        row("out, backwards", ("stub", "a"), free, "", "stub", whole),
        row("in", ("stub", "a"), to(Direction::In), "a b c stub", "a b c stub", ["a b c", whole[1], "a b c stub zero"]),
        row("both", ("stub", "a"), to(Direction::Both), "a b c stub", "a b c stub", ["a b c stub", whole[1], "a b c stub zero"]),
        row("no types", ("a", "stub"), of(&none), "", "a", nobody),
        row("a type of none", ("a", "stub"), of(&unknown), "", "a", nobody),
        row("one type", ("b", "a"), of(&temporal), "a b", "a b", some),
        row("one type that does not lead there", ("a", "b"), of(&temporal), "", "a", some),
        row("confidence 0.5", ("a", "c"), least(0.5), "a b c", "a b c stub", ["a b c stub", "a b c stub", "a b c"]),
        row("confidence 0.75", ("a", "b"), least(0.75), "", "a", ["a", "", "a"]),
        row("depth 0", ("a", "b"), deep(0), "", "a", whole),
        row("depth 1", ("a", "b"), deep(1), "a b", "a b", whole),
        row("depth 1, further", ("a", "c"), deep(1), "", "a b", whole),
        row("depth 2", ("a", "c"), deep(2), "a b c", "a b c", whole),
        row("any depth", ("a", "stub"), deep(u32::MAX), "a b c stub", "a b c stub", whole),
        row("the same", ("a", "a"), free, "a", "a b c stub", whole),
        row("the same, depth 0", ("a", "a"), deep(0), "a", "a", whole),
        row("the same, no types", ("a", "a"), of(&none), "a", "a", nobody),
        row("the same stub", ("stub", "stub"), free, "stub", "stub", whole),
        row("from nobody", ("nobody", "a"), free, "", "", whole),
        row("to nobody", ("a", "nobody"), deep(0), "", "a", whole),
        row("from nobody to the same", ("nobody", "nobody"), free, "", "", whole),
        row("to one that is alone", ("alone", "a"), to(Direction::Both), "", "alone", ["a b c stub", whole[1], "a b c stub zero"]),
        row("from one that was forgotten", ("forgotten", "c"), free, "", "", whole),
        row("to one that was forgotten", ("a", "forgotten"), deep(0), "", "a", whole),
        row("forgotten, the same", ("forgotten", "forgotten"), free, "", "", whole),
    ];
    for Row { what, ends: (start, end), path, ways, around, whole } in &table {
        let ask = Ask { start, end, path: *path, budget: Budget::UNLIMITED };
        let expected = WAYS.iter().map(|call| (call, ways)).chain(AROUND.iter().map(|call| (call, around)));
        for ((name, call), expected) in expected.chain(WHOLE.iter().zip(whole)) {
            let (complete, mut said) = call(&snapshot, &ask);
            assert!(complete, "{what}: {name}");
            // An association of no confidence brings nothing to mind, and leads somewhere.
            if *name == "neighborhood" {
                said.remove("zero");
            }
            assert_eq!(said, words(expected), "{what}: {name}");
        }
    }
}

#[test]
fn confidence_zero_leads_somewhere_and_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = store(&folder).snapshot();
    let ask = Ask { start: "a", end: "zero", path: PathOptions::default(), budget: Budget::UNLIMITED };
    let mut names: Vec<_> = WAYS.iter().map(|(name, call)| (*name, call(&snapshot, &ask).1)).collect();
    assert_eq!(names.pop(), Some(("reason", words(""))));
    assert!(names.iter().all(|(_, said)| *said == words("a zero")), "{names:?}");
    let says: Vec<_> = AROUND.iter().map(|(_, call)| call(&snapshot, &ask).1.contains("zero")).collect();
    assert_eq!(says, [false, false, true]);
    let ask = Ask { path: PathOptions { min_confidence: f32::MIN_POSITIVE, ..ask.path }, ..ask };
    assert!(WAYS.iter().chain(&AROUND).all(|(_, call)| !call(&snapshot, &ask).1.contains("zero")));
}

#[test]
fn every_budget_ends_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = store(&folder).snapshot();
    let path = PathOptions::default();
    let late = Budget { deadline: Some(Instant::now()), ..Budget::UNLIMITED };
    for (name, call) in WAYS[2..].iter().chain(&AROUND).chain(&WHOLE) {
        let ask = |budget| call(&snapshot, &Ask { start: "a", end: "stub", path, budget });
        let (_, all) = ask(Budget::UNLIMITED);
        for budget in [late, Budget { max_visited: 0, ..Budget::UNLIMITED }] {
            let (complete, said) = ask(budget);
            assert!(!complete && said.is_subset(&all), "{name}");
        }
        let mut ended = 0;
        for max_visited in 0..1000 {
            let (complete, said) = ask(Budget { max_visited, ..Budget::UNLIMITED });
            assert!(if complete { said == all } else { said.is_subset(&all) || *name == "pagerank" }, "{name}");
            ended += u32::from(!complete);
        }
        assert!((1..900).contains(&ended), "{name}: {ended}");
    }
}

#[test]
fn one_concept_and_none() {
    let folder = tempfile::tempdir().unwrap();
    let memory =
        ConcurrentMemory::new(ConcurrentConfig { storage_path: folder.path().into(), ..Default::default() }).unwrap();
    let path = PathOptions { direction: Direction::Both, ..PathOptions::default() };
    let ask = Ask { start: "a", end: "a", path, budget: Budget::UNLIMITED };
    let said = |only: &str| {
        let snapshot = memory.snapshot();
        for (name, call) in WAYS.iter().chain(&AROUND) {
            assert_eq!(call(&snapshot, &ask), (true, words(only)), "{name}");
        }
        for (name, call) in &WHOLE {
            assert_eq!(call(&snapshot, &ask), (true, words("")), "{name}");
        }
        snapshot.pagerank(RankOptions::default()).unwrap().found.top(9).unwrap().len()
    };
    assert_eq!(said(""), 0);
    let written = memory.learn_concept("a", "a", None, 1.0, 1.0).unwrap();
    memory.wait_visible(written).unwrap();
    assert_eq!(said("a"), 1);
    let written = memory.forget_concept("a").unwrap();
    memory.wait_visible(written).unwrap();
    assert_eq!(said(""), 0);
}
