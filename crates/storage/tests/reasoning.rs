//! Paths, conclusions, what comes to mind, neighbourhoods and overviews of a store: what they say and explain, that what was
//! forgotten is in none, and that learning beside them changes no answer.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use support::{Random, seed};
use sutra_storage::{
    Answer, Association, Batch, Budget, ConceptRef, ConcurrentConfig, ConcurrentMemory, Direction, Error, Extent,
    NeighborhoodOptions, OverviewOptions, PathNode, PathOptions, PathsOptions, RankOptions, ReasonOptions, Recall,
    RecallOptions, Snapshot,
};

fn opened(folder: &tempfile::TempDir) -> ConcurrentMemory {
    ConcurrentMemory::new(ConcurrentConfig { storage_path: folder.path().into(), ..Default::default() }).unwrap()
}

/// Rain leads to floods by rivers and by mud; nobody has learned what a stub is.
fn weather(folder: &tempfile::TempDir) -> ConcurrentMemory {
    let memory = opened(folder);
    for key in ["rain", "river", "mud", "flood", "sun"] {
        memory.learn_concept(key, key, None, 1.0, 1.0).unwrap();
    }
    memory.learn_association("rain", "river", "causal", 0.5).unwrap();
    memory.learn_association("river", "flood", "causal", 0.5).unwrap();
    memory.learn_association("rain", "mud", "semantic", 0.25).unwrap();
    memory.learn_association("mud", "flood", "temporal", 0.5).unwrap();
    memory.learn_association("rain", "flood", "semantic", 0.125).unwrap();
    memory.learn_association("flood", "stub", "causal", 1.0).unwrap();
    let described = Association::new("rain", "river", "temporal").confidence(0.25).weight(3.0).created(77);
    let mut batch = Batch::new();
    batch.association(described);
    let written = memory.learn_batch(&batch).unwrap();
    memory.wait_visible(written).unwrap();
    memory
}

fn names(nodes: &[PathNode]) -> Vec<&str> {
    nodes.iter().map(|node| node.key.as_deref().unwrap()).collect()
}

fn all<T>(answer: Answer<T>) -> T {
    assert!(answer.complete);
    answer.found
}

fn longer() -> PathsOptions<'static> {
    PathsOptions { extent: Extent::Longer, limit: 100, ..PathsOptions::default() }
}

#[test]
fn paths_come_in_order_and_explain_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    let short = all(memory.find_paths("rain", "flood", PathsOptions::default()).unwrap());
    assert_eq!(short.iter().map(|path| names(&path.nodes)).collect::<Vec<_>>(), [["rain", "flood"]]);
    let paths = all(memory.find_paths("rain", "flood", longer()).unwrap());
    let ways: Vec<_> = paths.iter().map(|path| (names(&path.nodes)[1], path.confidence)).collect();
    // Of two hops those by river have the older last association; of these the older first one is the first.
    assert_eq!(ways, [("flood", 0.125), ("river", 0.25), ("river", 0.125), ("mud", 0.125)]);
    assert_eq!(paths[0], memory.find_path("rain", "flood", 6).unwrap().unwrap());
    let hop = &paths[2].hops[0];
    assert_eq!((&*hop.type_name, hop.confidence, hop.weight, hop.created), ("temporal", 0.25, 3.0, 77));
    assert_eq!((hop.reversed, hop.sequence), (false, memory.snapshot().sequence()));
    let best = all(memory.find_best_paths("rain", "flood", longer()).unwrap());
    assert_eq!(best.iter().map(|path| path.confidence).collect::<Vec<_>>(), [0.25, 0.125, 0.125, 0.125]);
    assert_eq!(best[0], memory.find_best_path("rain", "flood", PathOptions::default()).unwrap().unwrap());
    assert!(all(memory.find_paths("rain", "stub", longer()).unwrap())[0].nodes[2].is_stub);
}

#[test]
fn conclusions_combine_what_is_independent() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    let sources = ["rain".into(), "nobody".into(), "rain".into()];
    let targets = ["sun".into(), "nowhere".into(), "flood".into(), "nowhere".into(), "river".into()];
    let found = all(memory.reason(&sources, &targets, ReasonOptions::default()).unwrap());
    let targets: Vec<_> = found.iter().map(|found| found.target.name().into_owned()).collect();
    assert_eq!(targets, ["river", "flood", "sun", "nowhere"]);
    // By the river, by mud, and straight on; the second way to the river has no river left to take.
    let flood = 1.0 - (1.0 - 0.25) * (1.0 - 0.125) * (1.0 - 0.125);
    let river = 1.0 - (1.0 - 0.5) * (1.0 - 0.25);
    assert_eq!(found.iter().map(|found| found.confidence).collect::<Vec<_>>(), [river, flood, 0.0, 0.0]);
    assert!((found[0].agreement - river / (river + flood)).abs() < 1e-12);
    assert_eq!(found[1].paths.iter().map(|path| path.confidence).collect::<Vec<_>>(), [0.25, 0.125, 0.125]);
}

#[test]
fn what_comes_to_mind_has_a_way() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    for how in [Recall::default(), Recall::Spreading { threshold: 0.0 }] {
        let options = RecallOptions { how, ..RecallOptions::default() };
        let found = all(memory.recall(&[("rain".into(), 1.0), ("nobody".into(), 9.0)], options).unwrap());
        let mut ranked: Vec<_> = found.iter().map(|recalled| recalled.concept.name().into_owned()).collect();
        assert_eq!(ranked[0], if how == Recall::default() { "flood" } else { "river" });
        ranked.sort();
        assert_eq!(ranked, ["flood", "mud", "river", "stub"]);
        let stub = found.iter().find(|recalled| recalled.concept.is_stub).unwrap();
        assert_eq!(names(&stub.path.nodes), ["rain", "flood", "stub"]);
        assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }
}

#[test]
fn around_a_concept() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    let found = all(memory.neighborhood("river", NeighborhoodOptions::default()).unwrap());
    assert_eq!((names(&found.nodes), &found.hops[..]), (vec!["river", "rain", "flood"], &[0, 1, 1][..]));
    let links: Vec<_> = found.links.iter().map(|link| (link.source, link.target, &*link.type_name)).collect();
    assert_eq!(links, [(1, 0, "causal"), (0, 2, "causal"), (1, 2, "semantic"), (1, 0, "temporal")]);
    assert!(found.whole);
    let nothing = all(memory.neighborhood("nobody", NeighborhoodOptions::default()).unwrap());
    assert!(nothing.nodes.is_empty() && nothing.links.is_empty());
}

#[test]
fn an_overview() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    let ranks = all(memory.pagerank(RankOptions::default()).unwrap());
    let top = ranks.top(2).unwrap();
    assert_eq!(top.iter().map(|(node, _)| node.name().into_owned()).collect::<Vec<_>>(), ["stub", "flood"]);
    assert_eq!(ranks.rank("stub").unwrap(), Some(top[0].1));
    assert_eq!(ranks.rank("nobody").unwrap(), None);
    let sum: f64 = ranks.top(100).unwrap().iter().map(|(_, rank)| rank).sum();
    assert!(ranks.converged() && (sum - 1.0).abs() < 1e-9);
    let components = all(memory.components(OverviewOptions::default()).unwrap());
    assert_eq!(components.sizes().collect::<Vec<_>>(), [5, 1]);
    assert_eq!(components.component("mud").unwrap(), Some(0));
    assert_eq!(names(&components.members(1, 9).unwrap()), ["sun"]);
    let groups = components.groups().unwrap();
    assert_eq!(
        groups.iter().map(|group| names(group)).collect::<Vec<_>>(),
        [&["rain", "river", "mud", "flood", "stub"][..], &["sun"]]
    );
    assert_eq!(components.component("nobody").unwrap(), None);
    let both = PathOptions { direction: Direction::Both, ..PathOptions::default() };
    let hubs = all(memory.hubs(2, OverviewOptions { path: both, ..OverviewOptions::default() }).unwrap());
    let hubs: Vec<_> = hubs.iter().map(|hub| (hub.concept.name().into_owned(), hub.degree)).collect();
    assert_eq!(hubs, [("rain".into(), 4), ("flood".into(), 4)]);
}

/// All answers about two concepts, in words.
fn answers(snapshot: &Snapshot, one: ConceptRef<'_>, other: ConceptRef<'_>) -> String {
    let path = PathOptions { direction: Direction::Both, ..PathOptions::default() };
    let options = PathsOptions { path, limit: 5, ..longer() };
    let around = NeighborhoodOptions { max_concepts: 20, ..NeighborhoodOptions::default() };
    let over = OverviewOptions::default();
    let said = (
        snapshot.find_paths(one, other, options).unwrap(),
        snapshot.find_best_paths(one, other, options).unwrap(),
        snapshot.reason(&[one], &[other], ReasonOptions { path, ..ReasonOptions::default() }).unwrap(),
        snapshot.recall(&[(one, 1.0), (other, 0.5)], RecallOptions { path, ..RecallOptions::default() }).unwrap(),
        snapshot.neighborhood(one, around).unwrap(),
    );
    let whole = (
        all(snapshot.pagerank(RankOptions { over, max_rounds: 5, ..RankOptions::default() }).unwrap()).top(9).unwrap(),
        all(snapshot.components(over).unwrap()).sizes().collect::<Vec<_>>(),
        snapshot.hubs(9, over).unwrap(),
    );
    format!("{said:?} {whole:?}")
}

#[test]
fn what_was_forgotten_is_in_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    let before = memory.snapshot();
    let asked = answers(&before, "rain".into(), "flood".into());
    assert!(asked.contains("\"mud\"") && asked.contains("\"river\""));
    memory.forget_association("rain", "river", "causal").unwrap();
    memory.forget_association("rain", "river", "temporal").unwrap();
    let written = memory.forget_concept("mud").unwrap();
    memory.wait_visible(written).unwrap();
    let after = memory.snapshot();
    let now = answers(&after, "rain".into(), "flood".into());
    assert!(!now.contains("\"mud\"") && now.contains("\"river\""));
    let paths = all(after.find_paths("rain", "flood", longer()).unwrap());
    assert_eq!(paths.iter().map(|path| names(&path.nodes)).collect::<Vec<_>>(), [["rain", "flood"]]);
    let both_ends = [("rain", "mud"), ("mud", "flood"), ("mud", "mud")];
    for (start, end) in both_ends {
        assert!(all(after.find_paths(start, end, longer()).unwrap()).is_empty());
        assert!(all(after.find_best_paths(start, end, longer()).unwrap()).is_empty());
        assert_eq!(
            all(after.reason(&[start.into()], &[end.into()], ReasonOptions::default()).unwrap())[0].confidence,
            0.0
        );
    }
    assert!(all(after.recall(&[("mud".into(), 1.0)], RecallOptions::default()).unwrap()).is_empty());
    assert!(all(after.neighborhood("mud", NeighborhoodOptions::default()).unwrap()).nodes.is_empty());
    let ranks = all(after.pagerank(RankOptions::default()).unwrap());
    assert_eq!((ranks.rank("mud").unwrap(), ranks.top(99).unwrap().len()), (None, 5));
    let components = all(after.components(OverviewOptions::default()).unwrap());
    assert_eq!(components.sizes().collect::<Vec<_>>(), [4, 1]);
    // The snapshot of before says what it said.
    assert_eq!(answers(&before, "rain".into(), "flood".into()), asked);
    // Learned anew it comes without what it had.
    let written = memory.learn_concept("mud", "mud", None, 1.0, 1.0).unwrap();
    memory.wait_visible(written).unwrap();
    assert!(all(memory.neighborhood("mud", NeighborhoodOptions::default()).unwrap()).links.is_empty());
}

#[test]
fn options_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    let refused = |result: Result<(), Error>, name: &str| match result {
        Err(Error::InvalidArgument { field, .. }) => assert_eq!(field, name),
        other => panic!("{name}: {other:?}"),
    };
    let path = |decay, min_confidence| PathOptions { decay, min_confidence, ..PathOptions::default() };
    let paths = |path| memory.find_paths("rain", "mud", PathsOptions { path, ..PathsOptions::default() }).map(drop);
    refused(paths(path(0.0, 0.0)), "decay");
    refused(paths(path(1.0, f32::NAN)), "min_confidence");
    refused(memory.find_best_paths("", "mud", PathsOptions::default()).map(drop), "key");
    let recall =
        |weight, how| memory.recall(&[("rain".into(), weight)], RecallOptions { how, ..RecallOptions::default() });
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(recall(weight, Recall::default()).map(drop), "seeds");
    }
    let walks = |restart, precision| Recall::Walks { restart, precision };
    refused(recall(1.0, walks(0.0, 0.1)).map(drop), "restart");
    refused(recall(1.0, walks(f64::NAN, 0.1)).map(drop), "restart");
    refused(recall(1.0, walks(0.5, 1.0)).map(drop), "precision");
    refused(recall(1.0, Recall::Spreading { threshold: f64::NAN }).map(drop), "threshold");
    let ranks = |damping, tolerance| memory.pagerank(RankOptions { damping, tolerance, ..RankOptions::default() });
    refused(ranks(1.0, 0.0).map(drop), "damping");
    refused(ranks(0.5, f64::NAN).map(drop), "tolerance");
}

#[test]
fn a_budget_that_ends_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let memory = weather(&folder);
    let budget = Budget { max_visited: 1, ..Budget::UNLIMITED };
    assert!(!memory.find_paths("rain", "stub", PathsOptions { budget, ..longer() }).unwrap().complete);
    assert!(!memory.find_best_paths("rain", "stub", PathsOptions { budget, ..longer() }).unwrap().complete);
    let reasoned = memory.reason(&["rain".into()], &["stub".into()], ReasonOptions { budget, ..Default::default() });
    assert!(!reasoned.unwrap().complete);
    let recalled = memory.recall(&[("rain".into(), 1.0)], RecallOptions { budget, ..Default::default() }).unwrap();
    assert!(!recalled.complete && !recalled.found.is_empty());
    assert!(!memory.neighborhood("rain", NeighborhoodOptions { budget, ..Default::default() }).unwrap().complete);
    let over = OverviewOptions { budget, ..Default::default() };
    let ranks = memory.pagerank(RankOptions { over, ..Default::default() }).unwrap();
    assert_eq!((ranks.complete, ranks.found.rounds(), ranks.found.rank("rain").unwrap()), (false, 0, None));
    assert!(ranks.found.top(9).unwrap().is_empty());
    // Once over all concepts and stubs, of which there are six, and not again: all are even.
    let once = OverviewOptions { budget: Budget { max_visited: 6, ..budget }, ..over };
    let ranks = memory.pagerank(RankOptions { over: once, ..Default::default() }).unwrap();
    assert_eq!((ranks.complete, ranks.found.rounds(), ranks.found.rank("rain").unwrap()), (false, 0, Some(1.0 / 6.0)));
    assert!(!memory.components(over).unwrap().complete);
    assert!(!memory.hubs(3, over).unwrap().complete);
}

/// Readers ask held snapshots again and again while a writer learns and forgets at full speed: every answer is the one of the
/// first time.
#[test]
fn a_burst_of_writes_changes_no_answer_of_a_held_snapshot() {
    const CONCEPTS: u64 = 300;
    const WRITES: usize = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let memory = opened(&folder);
    let mut random = Random(seed(7));
    let keys: Vec<String> = (0..CONCEPTS).map(|number| format!("concept {number}")).collect();
    let write = |random: &mut Random| {
        let (one, other) = (&keys[random.below(CONCEPTS) as usize], &keys[random.below(CONCEPTS) as usize]);
        let confidence = random.below(100) as f32 / 100.0;
        match random.below(20) {
            0 => memory.forget_concept(one),
            1..=3 => memory.learn_concept(one, "again", None, 0.5, confidence),
            4..=6 => memory.forget_association(one, other, random.below(3) as u8),
            _ => memory.learn_association(one, other, random.below(3) as u8, confidence),
        }
        .unwrap()
    };
    let mut held: Vec<(Snapshot, String)> = Vec::new();
    for _ in 0..4 {
        let last = (0..2_000).map(|_| write(&mut random)).last().unwrap();
        memory.wait_visible(last).unwrap();
        let snapshot = memory.snapshot();
        let said = answers(&snapshot, (&keys[0]).into(), (&keys[1]).into());
        held.push((snapshot, said));
    }
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (snapshot, said) in &held {
            let (is_done, keys) = (&is_done, &keys);
            scope.spawn(move || {
                let mut rounds = 0;
                // At least once after the last write.
                loop {
                    let was_done = is_done.load(Ordering::Acquire);
                    assert_eq!(answers(snapshot, (&keys[0]).into(), (&keys[1]).into()), *said, "round {rounds}");
                    rounds += 1;
                    if was_done {
                        return;
                    }
                }
            });
        }
        let mut last = 0;
        for number in 0..WRITES {
            last = write(&mut random);
            if number % 20_000 == 0 {
                memory.flush().unwrap();
            }
        }
        memory.wait_visible(last).unwrap();
        is_done.store(true, Ordering::Release);
    });
    let now = memory.snapshot();
    assert!(held.iter().all(|(snapshot, _)| snapshot.sequence() < now.sequence()));
    let said = answers(&now, (&keys[0]).into(), (&keys[1]).into());
    memory.close().unwrap();
    // What is read from the file says what memory said.
    let reopened = opened(&folder);
    assert_eq!(answers(&reopened.snapshot(), (&keys[0]).into(), (&keys[1]).into()), said);
}
