//! Several paths at once, against the enumeration of all of them.

mod naive;

use naive::{Scrambled, assert_is_a_path, check, coarse, fine, graphs, options, product};
use proptest::prelude::*;
use sutra_graph::{
    Answer, Budget, CsrGraph, Extent, Graph, Hop, Path, PathOptions, ReasonOptions, Scratch, find_best_path,
    find_best_paths, find_path, find_paths, reason,
};

const FREE: Budget = Budget::UNLIMITED;

fn hops(paths: &[Path]) -> Vec<&[Hop]> {
    paths.iter().map(|path| &path.hops[..]).collect()
}

fn complete<T, E: std::fmt::Debug>(answer: Result<Answer<T>, E>) -> T {
    let answer = answer.unwrap();
    assert!(answer.complete);
    answer.found
}

fn paths<G: Graph>(graph: &G, ends: (u32, u32), options: &PathOptions, extent: Extent, limit: usize) -> Vec<Path>
where
    G::Error: std::fmt::Debug,
{
    complete(find_paths(graph, &mut Scratch::new(), ends.0, ends.1, options, extent, limit, &FREE))
}

/// Every pair of a small graph: all paths have to be there, in the order of the tie rule, whatever the order of edges,
/// and with a limit the first of them.
#[test]
fn all_paths_come_in_the_order_of_the_tie_rule() {
    let decay = prop_oneof![2 => Just(1.0_f32), 1 => Just(0.5_f32)];
    let strategy = (graphs(6, 12, coarse()), options(decay), any::<u64>(), 1..6_usize);
    check(3000, &strategy, |((nodes, edges), options, seed, limit)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let scrambled = Scrambled { graph: &graph, seed };
        let scratch = &mut Scratch::new();
        for ends in (0..nodes).flat_map(|start| (0..nodes).map(move |end| (start, end))) {
            let all = naive::by_hops(&graph, ends.0, ends.1, &options);
            let fewest = all.iter().take_while(|hops| hops.len() == all[0].len()).collect::<Vec<_>>();
            let short = paths(&graph, ends, &options, Extent::Shortest, usize::MAX);
            prop_assert_eq!(hops(&short), fewest, "all shortest, {:?}", ends);
            let longer = paths(&graph, ends, &options, Extent::Longer, usize::MAX);
            prop_assert_eq!(hops(&longer), all.iter().collect::<Vec<_>>(), "by hops, {:?}", ends);
            let best = complete(find_best_paths(&graph, scratch, ends.0, ends.1, &options, usize::MAX, &FREE));
            let expected = naive::by_product(&graph, ends.0, ends.1, &options);
            prop_assert_eq!(hops(&best), expected.iter().collect::<Vec<_>>(), "by product, {:?}", ends);

            for path in &longer {
                assert_is_a_path(&graph, path, ends.0, ends.1, &options);
            }
            let first = |paths: &[Path]| paths[..limit.min(paths.len())].to_vec();
            prop_assert_eq!(paths(&scrambled, ends, &options, Extent::Shortest, limit), first(&short));
            prop_assert_eq!(paths(&scrambled, ends, &options, Extent::Longer, limit), first(&longer));
            let few = complete(find_best_paths(&scrambled, scratch, ends.0, ends.1, &options, limit, &FREE));
            prop_assert_eq!(few, first(&best));
        }
        Ok(())
    });
}

/// Any confidence: the products are those of the best paths there are, falling, and no path comes twice.
#[test]
fn the_best_products_come_first() {
    let decay = prop_oneof![2 => Just(1.0_f32), 1 => 0.1_f32..1.0];
    let strategy = (graphs(8, 20, fine()), options(decay), 1..12_usize);
    check(2000, &strategy, |((nodes, edges), options, limit)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let scratch = &mut Scratch::new();
        for end in 0..nodes {
            let found = complete(find_best_paths(&graph, scratch, 0, end, &options, limit, &FREE));
            let all = naive::by_product(&graph, 0, end, &options);
            let scores = |paths: &mut dyn Iterator<Item = &[Hop]>| {
                paths.map(|hops| product(hops, options.decay)).collect::<Vec<_>>()
            };
            let expected = scores(&mut all.iter().take(limit).map(|hops| &hops[..]));
            let products = scores(&mut found.iter().map(|path| &path.hops[..]));
            prop_assert_eq!(products, expected, "to {}", end);
            for (at, path) in found.iter().enumerate() {
                assert_is_a_path(&graph, path, 0, end, &options);
                prop_assert!(found[..at].iter().all(|other| other.hops != path.hops));
            }
        }
        Ok(())
    });
}

/// On larger graphs the first of several is the one that the search for one finds, and they are in order.
#[test]
fn the_first_of_several_is_the_one() {
    let strategy = (graphs(40, 120, coarse()), options(Just(1.0)), 0..40_u32, 0..40_u32);
    check(500, &strategy, |((nodes, edges), options, start, end)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let (start, end, scratch) = (start % nodes, end % nodes, &mut Scratch::new());
        let Ok(one) = find_path(&graph, scratch, start, end, &options);
        let Ok(best_one) = find_best_path(&graph, scratch, start, end, &options);
        for extent in [Extent::Shortest, Extent::Longer] {
            let several = paths(&graph, (start, end), &options, extent, 10);
            prop_assert_eq!(several.first(), one.as_ref());
            prop_assert!(several.windows(2).all(|pair| pair[0].hops.len() <= pair[1].hops.len()));
        }
        let best = complete(find_best_paths(&graph, scratch, start, end, &options, 10, &FREE));
        let score = |path: &Path| path.score(options.decay);
        prop_assert_eq!(best.first().map(score), best_one.as_ref().map(score));
        prop_assert!(best.windows(2).all(|pair| score(&pair[0]) >= score(&pair[1])));
        Ok(())
    });
}

/// The paths a conclusion should rest on: of all that are left the best, one after the other.
fn disjoint(graph: &CsrGraph, sources: &[u32], target: u32, options: &ReasonOptions) -> Vec<Vec<Hop>> {
    let mut all: Vec<(usize, Vec<Hop>)> = Vec::new();
    for (at, &source) in sources.iter().enumerate() {
        all.extend(naive::by_hops(graph, source, target, &options.path).into_iter().map(|hops| (at, hops)));
    }
    let score = |hops: &[Hop]| product(hops, options.path.decay);
    let ids = |hops: &[Hop]| hops.iter().rev().map(|hop| hop.edge).collect::<Vec<_>>();
    all.sort_by_key(|(at, hops)| (hops.len(), ids(hops), *at));
    all.sort_by(|left, right| score(&right.1).total_cmp(&score(&left.1)));
    let mut taken: Vec<Vec<Hop>> = Vec::new();
    for (_, hops) in all {
        let shares = taken.iter().flatten().any(|hop| hops.iter().any(|other| other.edge == hop.edge));
        if taken.len() < options.max_paths && score(&hops) > 0.0 && !shares {
            taken.push(hops);
        }
    }
    taken
}

#[test]
fn conclusions_rest_on_the_best_paths_that_share_no_edge() {
    let decay = prop_oneof![2 => Just(1.0_f32), 1 => Just(0.5_f32)];
    let nodes = || proptest::collection::vec(0..6_u32, 0..4);
    let strategy = (graphs(6, 14, coarse()), options(decay), nodes(), nodes(), 0..5_usize, any::<u64>());
    check(3000, &strategy, |((count, edges), path, mut sources, mut targets, max_paths, seed)| {
        let graph = CsrGraph::from_edges(count, &edges).unwrap();
        let options = ReasonOptions { path, max_paths };
        let ask = |graph: &dyn Fn(&mut Scratch) -> Vec<sutra_graph::Conclusion>| graph(&mut Scratch::new());
        let found = ask(&|scratch| complete(reason(&graph, scratch, &sources, &targets, &options, &FREE)));
        let scrambled = Scrambled { graph: &graph, seed };
        let again = ask(&|scratch| complete(reason(&scrambled, scratch, &sources, &targets, &options, &FREE)));
        prop_assert_eq!(&again, &found);

        for list in [&mut sources, &mut targets] {
            let mut seen = Vec::new();
            list.retain(|node| {
                !seen.contains(node) && {
                    seen.push(*node);
                    true
                }
            });
        }
        prop_assert_eq!(found.len(), targets.len());
        sources.retain(|source| *source < count);
        let mut all = 0.0;
        for conclusion in &found {
            let expected = if conclusion.target < count {
                disjoint(&graph, &sources, conclusion.target, &options)
            } else {
                Vec::new()
            };
            prop_assert_eq!(hops(&conclusion.paths), expected.iter().collect::<Vec<_>>(), "{}", conclusion.target);
            let open = expected.iter().fold(1.0, |open, hops| open * (1.0 - product(hops, path.decay)));
            prop_assert_eq!(conclusion.confidence, 1.0 - open);
            all += conclusion.confidence;
        }
        for conclusion in &found {
            let share = if conclusion.confidence > 0.0 { conclusion.confidence / all } else { 0.0 };
            prop_assert!((conclusion.agreement - share).abs() < 1e-12);
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
        Ok(())
    });
}

/// With every budget the paths found are the first of those without one.
#[test]
fn a_budget_leaves_the_first_paths() {
    let strategy = (graphs(8, 24, coarse()), options(Just(1.0)), 0..60_u64);
    check(2000, &strategy, |((nodes, edges), options, max_visited)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let (scratch, budget) = (&mut Scratch::new(), Budget { max_visited, ..FREE });
        let end = nodes - 1;
        for extent in [Extent::Shortest, Extent::Longer] {
            let all = paths(&graph, (0, end), &options, extent, 20);
            let Ok(some) = find_paths(&graph, scratch, 0, end, &options, extent, 20, &budget);
            prop_assert!(all.starts_with(&some.found));
            prop_assert!(!some.complete || some.found == all);
        }
        let all = complete(find_best_paths(&graph, scratch, 0, end, &options, 20, &FREE));
        let Ok(some) = find_best_paths(&graph, scratch, 0, end, &options, 20, &budget);
        prop_assert!(all.starts_with(&some.found));
        prop_assert!(!some.complete || some.found == all);
        let wanted = ReasonOptions { path: options, max_paths: 3 };
        let all = complete(reason(&graph, scratch, &[0], &[end], &wanted, &FREE));
        let Ok(some) = reason(&graph, scratch, &[0], &[end], &wanted, &budget);
        prop_assert!(all[0].paths.starts_with(&some.found[0].paths));
        prop_assert!(!some.complete || some.found == all);
        Ok(())
    });
}
