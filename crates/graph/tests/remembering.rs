//! Recall and neighbourhoods, against models that keep whole tables.

mod naive;

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use naive::{Scrambled, assert_is_a_path, check, coarse, fine, graphs, options, steps};
use proptest::prelude::*;
use sutra_graph::{
    Answer, Budget, CsrEdge, CsrGraph, Direction, Hop, NeighborhoodOptions, PathOptions, Recall, RecallOptions,
    Scratch, neighborhood, recall,
};

const FREE: Budget = Budget::UNLIMITED;

/// The steps from a node; a loop that is seen from both sides is one.
fn ways(graph: &CsrGraph, node: u32, options: &PathOptions) -> Vec<Hop> {
    let mut ways = steps(graph, node, options);
    ways.retain(|hop| !(hop.to == node && hop.reversed && options.direction == Direction::Both));
    ways
}

/// The share of walks of at most `options.max_depth` hops that end at each node.
fn walks(graph: &CsrGraph, seeds: &[(u32, f64)], options: &PathOptions, restart: f64) -> Vec<f64> {
    let mut now = vec![0.0; graph.node_count() as usize];
    for &(node, weight) in seeds {
        now[node as usize] += weight;
    }
    let mut total = now.clone();
    for _ in 0..options.max_depth.min(600) {
        let mut next = vec![0.0; now.len()];
        for node in 0..graph.node_count() {
            let ways = ways(graph, node, options);
            let all: f64 = ways.iter().map(|hop| f64::from(hop.confidence)).sum();
            for hop in ways.iter().filter(|_| all > 0.0) {
                next[hop.to as usize] += (1.0 - restart) * now[node as usize] * f64::from(hop.confidence) / all;
            }
        }
        now = next;
        total.iter_mut().zip(&now).for_each(|(total, now)| *total += now);
    }
    let all: f64 = total.iter().sum();
    total.iter().map(|amount| amount / all).collect()
}

fn seeds(count: usize) -> impl Strategy<Value = Vec<(u32, f64)>> {
    proptest::collection::vec((0..8_u32, prop_oneof![Just(1.0), 0.1..3.0_f64]), 1..=count)
}

/// Confidences that a table of shares can tell from nothing.
fn plain() -> impl Strategy<Value = f32> + Clone {
    prop_oneof![1 => Just(0.0_f32), 2 => Just(1.0), 10 => 0.05_f32..1.0]
}

#[test]
fn walks_are_personalised_pagerank() {
    let restart = prop_oneof![Just(0.15), Just(0.5), Just(1.0)];
    let strategy = (graphs(8, 24, plain()), options(Just(1.0)), seeds(3), restart, any::<u64>());
    check(2000, &strategy, |((nodes, edges), path, mut seeds, restart, seed)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        seeds.iter_mut().for_each(|seed| seed.0 %= nodes);
        let how = Recall::Walks { restart, precision: 0.0 };
        let options = RecallOptions { path, how, limit: usize::MAX, with_seeds: true };
        let scratch = &mut Scratch::new();
        let Ok(Answer { found, complete }) = recall(&graph, scratch, &seeds, &options, &FREE);
        prop_assert!(complete);
        let expected = walks(&graph, &seeds, &path, restart);
        let mut scores = vec![0.0; nodes as usize];
        for recalled in &found {
            scores[recalled.node as usize] = recalled.score;
            let start = recalled.path.nodes[0];
            prop_assert!(seeds.iter().any(|seed| seed.0 == start));
            assert_is_a_path(&graph, &recalled.path, start, recalled.node, &path);
        }
        for (node, (score, expected)) in scores.iter().zip(&expected).enumerate() {
            prop_assert!((score - expected).abs() < 1e-9, "node {}: {} for {}", node, score, expected);
        }
        let by_rank = |pair: &[sutra_graph::Recalled]| (-pair[0].score, pair[0].node) < (-pair[1].score, pair[1].node);
        prop_assert!(found.windows(2).all(by_rank));
        let few = RecallOptions { limit: 3, ..options };
        let scrambled = Scrambled { graph: &graph, seed };
        let Ok(again) = recall(&scrambled, scratch, &seeds, &few, &FREE);
        prop_assert_eq!(&again.found[..], &found[..found.len().min(3)]);
        Ok(())
    });
}

/// What is held back at a node is less than the precision for each of its edges; a unit of it would have made at most
/// (1 - restart) / restart of all that walks, which with one seed is at least 1. Other nodes' shares are too large by as much.
#[test]
fn precision_bounds_the_error() {
    // From where nearly all is passed on to where most is held back.
    let strategy = (graphs(30, 90, plain()), -5.0..-2.5_f64, any::<u64>());
    let (inexact, cases) = (Cell::new(0), 500);
    check(cases, &strategy, |((nodes, edges), exponent, seed)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let precision = 10.0_f64.powf(exponent);
        let with = |precision| rough(0.15, precision);
        let scratch = &mut Scratch::new();
        let Ok(exact) = recall(&graph, scratch, &[(0, 1.0)], &with(0.0), &FREE);
        let Ok(rough) = recall(&graph, scratch, &[(0, 1.0)], &with(precision), &FREE);
        let scores = |answer: &Answer<Vec<sutra_graph::Recalled>>| {
            answer.found.iter().map(|recalled| (recalled.node, recalled.score)).collect::<BTreeMap<_, _>>()
        };
        let (exact, rough) = (scores(&exact), scores(&rough));
        let error: f64 = exact.iter().map(|(node, score)| (score - rough.get(node).unwrap_or(&0.0)).abs()).sum();
        let reached = edges.iter().filter(|edge| exact.contains_key(&edge.source) && edge.confidence > 0.0).count();
        let bound = 2.0 * precision * reached as f64 * 0.85 / 0.15 + 1e-9;
        prop_assert!(error <= bound, "{} is more than {}", error, bound);
        prop_assert!(exact.iter().all(|(node, _)| rough.contains_key(node) || error > 0.0));
        inexact.set(inexact.get() + u32::from(error > bound / 100.0));
        let Ok(again) = recall(&Scrambled { graph: &graph, seed }, scratch, &[(0, 1.0)], &with(precision), &FREE);
        prop_assert_eq!(scores(&again), rough);
        Ok(())
    });
    assert!(inexact.get() > cases / 10, "{} of {cases} were inexact: they say nothing of the bound", inexact.get());
}

fn rough(restart: f64, precision: f64) -> RecallOptions {
    let path = PathOptions { max_depth: u32::MAX, ..PathOptions::default() };
    RecallOptions { path, how: Recall::Walks { restart, precision }, limit: usize::MAX, with_seeds: true }
}

/// A seed leads to a node of 100 edges, to which half of it comes: 0.005 for each.
#[test]
fn precision_is_what_there_is_for_each_edge() {
    let edges: Vec<_> = std::iter::once((0, 1)).chain((0..100).map(|leaf| (1, leaf + 2))).collect();
    let graph = of(&edges, 102);
    let reached = |precision| {
        let Ok(found) = recall(&graph, &mut Scratch::new(), &[(0, 1.0)], &rough(0.5, precision), &FREE);
        found.found.len()
    };
    assert_eq!((reached(0.0049), reached(0.0051)), (102, 2));
    // The seed itself passes on all it has, however little that is.
    let seeded = |precision| {
        let Ok(found) = recall(&graph, &mut Scratch::new(), &[(1, 1.0)], &rough(0.5, precision), &FREE);
        found.found.len()
    };
    assert_eq!((seeded(0.0049), seeded(0.9)), (101, 101));
}

/// What a wave brings: from level to level, each node once.
fn wave(graph: &CsrGraph, seeds: &[(u32, f64)], options: &PathOptions, threshold: f64) -> BTreeMap<u32, (u32, f64)> {
    let mut known: BTreeMap<u32, (u32, f64)> = BTreeMap::new();
    for &(node, weight) in seeds {
        known.entry(node).or_insert((0, 0.0)).1 += weight;
    }
    for level in 0..options.max_depth.min(100) {
        let mut next: BTreeMap<u32, f64> = BTreeMap::new();
        for (&node, &(at, amount)) in &known {
            if at == level && amount >= threshold {
                let ways = ways(graph, node, options);
                let all: f64 = ways.iter().map(|hop| f64::from(hop.confidence)).sum();
                for hop in ways.iter().filter(|_| all > 0.0) {
                    let passed = amount * f64::from(options.decay) * f64::from(hop.confidence) / all;
                    if !known.contains_key(&hop.to) && passed > 0.0 {
                        *next.entry(hop.to).or_default() += passed;
                    }
                }
            }
        }
        known.extend(next.into_iter().map(|(node, amount)| (node, (level + 1, amount))));
    }
    known
}

#[test]
fn activation_spreads_in_waves() {
    let decay = prop_oneof![Just(1.0_f32), Just(0.5)];
    let threshold = prop_oneof![Just(0.0), Just(0.1003), Just(0.4997)];
    let strategy = (graphs(8, 20, plain()), options(decay), seeds(3), threshold, any::<u64>());
    check(3000, &strategy, |((nodes, edges), path, mut seeds, threshold, seed)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        seeds.iter_mut().for_each(|seed| *seed = (seed.0 % nodes, if seed.1 < 0.5 { 0.5 } else { 1.0 }));
        let how = Recall::Spreading { threshold };
        let options = RecallOptions { path, how, limit: usize::MAX, with_seeds: true };
        let scratch = &mut Scratch::new();
        let Ok(Answer { found, .. }) = recall(&graph, scratch, &seeds, &options, &FREE);
        let expected = wave(&graph, &seeds, &path, threshold);
        prop_assert_eq!(found.len(), expected.len());
        for recalled in &found {
            let (level, amount) = expected[&recalled.node];
            prop_assert!(
                (recalled.score - amount).abs() < 1e-9,
                "node {}: {} for {}",
                recalled.node,
                recalled.score,
                amount
            );
            prop_assert_eq!(recalled.path.hops.len() as u32, level);
        }
        let Ok(again) = recall(&Scrambled { graph: &graph, seed }, scratch, &seeds, &options, &FREE);
        prop_assert_eq!(again.found, found);
        Ok(())
    });
}

/// Levels by relaxation; everything within the depth and all edges between.
#[test]
fn a_neighbourhood_is_all_within_its_hops() {
    let strategy = (graphs(9, 24, coarse()), options(Just(1.0)), 0..9_u32, 1..9_usize, any::<u64>());
    check(3000, &strategy, |((nodes, edges), path, center, max_nodes, seed)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let center = center % nodes;
        let options = NeighborhoodOptions { path, ..NeighborhoodOptions::default() };
        let scratch = &mut Scratch::new();
        let Ok(Answer { found, complete }) = neighborhood(&graph, scratch, center, &options, &FREE);
        prop_assert!(complete && found.whole);
        let mut hops = vec![u32::MAX; nodes as usize];
        hops[center as usize] = 0;
        for level in 0..path.max_depth.min(nodes) {
            for node in (0..nodes).filter(|node| hops[*node as usize] == level).collect::<Vec<_>>() {
                for hop in steps(&graph, node, &path) {
                    hops[hop.to as usize] = hops[hop.to as usize].min(level + 1);
                }
            }
        }
        for node in 0..nodes {
            let member = found.nodes.iter().find(|member| member.node == node);
            let expected = Some(hops[node as usize]).filter(|hops| *hops < u32::MAX);
            prop_assert_eq!(member.map(|member| member.hops), expected);
        }
        // The centre, then by hops; of these by the edge believed most that comes from one hop less.
        let rank = |member: &sutra_graph::Member| {
            let from = found.nodes.iter().filter(|from| from.hops + 1 == member.hops);
            let steps = from.flat_map(|from| steps(&graph, from.node, &path)).filter(|hop| hop.to == member.node);
            let best = steps.map(|hop| (hop.confidence.to_bits(), Reverse(hop.edge))).max();
            (member.hops, Reverse(best))
        };
        prop_assert!(found.nodes.windows(2).all(|pair| rank(&pair[0]) < rank(&pair[1])));
        let inside = |node: u32| hops[node as usize] < u32::MAX;
        let outwards = PathOptions { direction: Direction::Out, ..path };
        let mut links: Vec<_> =
            (0..nodes).filter(|node| inside(*node)).flat_map(|node| steps(&graph, node, &outwards)).collect();
        links.retain(|hop| inside(hop.to));
        links.sort_by_key(|hop| hop.edge);
        let shown: Vec<_> = found.links.iter().map(|link| (link.source, link.target, link.edge)).collect();
        prop_assert_eq!(shown, links.iter().map(|hop| (hop.from, hop.to, hop.edge)).collect::<Vec<_>>());

        // Limits leave the first nodes and the most believed edges.
        let scrambled = Scrambled { graph: &graph, seed };
        let limited = NeighborhoodOptions { max_nodes, max_links: 2, ..options };
        let Ok(few) = neighborhood(&scrambled, scratch, center, &limited, &FREE);
        let kept = max_nodes.min(found.nodes.len());
        prop_assert_eq!(&few.found.nodes[..], &found.nodes[..kept]);
        // Of the edges between the nodes that are left, the most believed two.
        let inside = |node: u32| few.found.nodes.iter().any(|member| member.node == node);
        let mut best: Vec<_> =
            found.links.iter().filter(|link| inside(link.source) && inside(link.target)).copied().collect();
        best.sort_by(|left, right| right.confidence.total_cmp(&left.confidence).then(left.edge.cmp(&right.edge)));
        best.truncate(2);
        best.sort_by_key(|link| link.edge);
        prop_assert_eq!(&few.found.links, &best);
        let left_out = kept < found.nodes.len() || found.links.len() > 2;
        prop_assert!(!few.found.whole || !left_out);
        Ok(())
    });
}

/// With every budget: no more than without one, and right as far as it goes.
#[test]
fn a_budget_leaves_a_part() {
    let strategy = (graphs(12, 40, fine()), options(Just(1.0)), 0..30_u64);
    check(1000, &strategy, |((nodes, edges), path, max_visited)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let budget = Budget { max_visited, ..FREE };
        let scratch = &mut Scratch::new();
        let options = NeighborhoodOptions { path, ..NeighborhoodOptions::default() };
        let Ok(all) = neighborhood(&graph, scratch, 0, &options, &FREE);
        let Ok(some) = neighborhood(&graph, scratch, 0, &options, &budget);
        prop_assert!(some.found.nodes.iter().all(|member| all.found.nodes.contains(member)));
        prop_assert!(some.found.links.iter().all(|link| all.found.links.contains(link)));
        prop_assert!(!some.complete || some.found == all.found);
        let options = RecallOptions { path, limit: usize::MAX, ..RecallOptions::default() };
        let Ok(all) = recall(&graph, scratch, &[(0, 1.0)], &options, &FREE);
        let Ok(some) = recall(&graph, scratch, &[(0, 1.0)], &options, &budget);
        let nodes = all.found.iter().map(|recalled| recalled.node).collect::<Vec<_>>();
        prop_assert!(some.found.iter().all(|recalled| nodes.contains(&recalled.node)));
        prop_assert!(!some.complete || some.found == all.found);
        Ok(())
    });
}

fn of(edges: &[(u32, u32)], nodes: u32) -> CsrGraph {
    let edge = |&(source, target): &(u32, u32)| CsrEdge { source, target, confidence: 1.0, kind: 0 };
    CsrGraph::from_edges(nodes, &edges.iter().map(edge).collect::<Vec<_>>()).unwrap()
}

fn scores_of(graph: &CsrGraph, seeds: &[(u32, f64)], how: Recall) -> BTreeMap<u32, f64> {
    let path = PathOptions { max_depth: u32::MAX, ..PathOptions::default() };
    let options = RecallOptions { path, how, limit: usize::MAX, with_seeds: true };
    let Ok(answer) = recall(graph, &mut Scratch::new(), seeds, &options, &FREE);
    answer.found.iter().map(|recalled| (recalled.node, recalled.score)).collect()
}

/// A walk that seldom ends comes to the same node a thousand times.
#[test]
fn walks_that_go_on_for_long_are_counted_whole() {
    let loops = of(&[(0, 1), (1, 1)], 2);
    let star = of(&[(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0)], 4);
    for restart in [0.01, 0.001] {
        let how = Recall::Walks { restart, precision: 1e-12 };
        let at_the_loop = scores_of(&loops, &[(0, 1.0)], how)[&1];
        assert!((at_the_loop - (1.0 - restart)).abs() < 1e-6, "{restart}: {at_the_loop}");
        // From the middle a walk is there after every even number of hops: 1 / (2 - restart) of the time.
        let in_the_middle = scores_of(&star, &[(0, 1.0)], how)[&0];
        assert!((in_the_middle - 1.0 / (2.0 - restart)).abs() < 1e-6, "{restart}: {in_the_middle}");
    }
}

#[test]
fn a_heavier_seed_spreads_more() {
    let graph = of(&[(0, 2), (1, 3)], 4);
    let scores = scores_of(&graph, &[(0, 3.0), (1, 1.0)], Recall::Spreading { threshold: 0.0 });
    for (node, expected) in [(0, 3.0), (1, 1.0), (2, 3.0), (3, 1.0)] {
        assert!((scores[&node] - expected).abs() < 1e-6, "node {node}: {}", scores[&node]);
    }
}
