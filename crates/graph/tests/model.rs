//! The searches on random graphs, against models that try everything.

mod naive;

use naive::{Scrambled, assert_is_a_path, check, coarse, fine, graphs, options, products_by_hops};
use proptest::prelude::*;
use sutra_graph::{CsrGraph, Graph, Scratch, find_best_path, find_path};

/// Every pair of a small graph, held against all simple paths: the answer has to be the very same path, whatever the
/// order of edges, also in a scratch that other searches have used.
#[test]
fn the_path_is_the_one_the_tie_rule_names() {
    let decay = prop_oneof![2 => Just(1.0_f32), 1 => Just(0.5_f32)];
    let strategy = (graphs(7, 16, coarse()), options(decay), any::<u64>());
    check(3000, &strategy, |((nodes, edges), options, seed)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let scrambled = Scrambled { graph: &graph, seed };
        let mut scratch = Scratch::new();
        for start in 0..nodes {
            for end in 0..nodes {
                let Ok(found) = find_path(&graph, &mut scratch, start, end, &options);
                let Ok(best) = find_best_path(&graph, &mut scratch, start, end, &options);
                let Ok(is_there) = graph.has_edge(start, end);
                let expected = edges.iter().any(|edge| (edge.source, edge.target) == (start, end));
                prop_assert_eq!(is_there, expected, "an edge {} to {}", start, end);
                for path in found.iter().chain(&best) {
                    assert_is_a_path(&graph, path, start, end, &options);
                }
                let Ok(again) = find_path(&scrambled, &mut scratch, start, end, &options);
                prop_assert_eq!(&again, &found, "find_path {} to {} in another order", start, end);
                let Ok(again) = find_best_path(&scrambled, &mut scratch, start, end, &options);
                prop_assert_eq!(&again, &best, "find_best_path {} to {} in another order", start, end);
                let expected = naive::shortest(&graph, start, end, &options);
                prop_assert_eq!(found.map(|path| path.hops), expected, "find_path {} to {}", start, end);
                let expected = naive::best(&graph, start, end, &options);
                prop_assert_eq!(best.map(|path| path.hops), expected, "find_best_path {} to {}", start, end);
            }
        }
        Ok(())
    });
}

/// Larger graphs and any confidence, against dynamic programming over hops: the number of hops and the product have to
/// be the same to the last bit.
#[test]
fn hops_and_products_are_the_best_there_are() {
    let decay = prop_oneof![2 => Just(1.0_f32), 1 => 0.1_f32..1.0];
    let strategy = (graphs(40, 160, fine()), options(decay), 0..40_u32, any::<u64>());
    check(4000, &strategy, |((nodes, edges), options, start, seed)| {
        let graph = CsrGraph::from_edges(nodes, &edges).unwrap();
        let scrambled = Scrambled { graph: &graph, seed };
        let mut scratch = Scratch::new();
        let start = start % nodes;
        for end in 0..nodes {
            let table = products_by_hops(&graph, start, end, &options, nodes);
            let fewest = table.iter().position(Option::is_some);
            let highest = table.iter().flatten().copied().reduce(f64::max);

            let Ok(found) = find_path(&graph, &mut scratch, start, end, &options);
            prop_assert_eq!(found.as_ref().map(|path| path.hops.len()), fewest, "{} to {}", start, end);
            let Ok(best) = find_best_path(&graph, &mut scratch, start, end, &options);
            let score = best.as_ref().map(|path| path.score(options.decay));
            prop_assert_eq!(score, highest, "{} to {}", start, end);
            for path in found.iter().chain(&best) {
                assert_is_a_path(&graph, path, start, end, &options);
            }
            let Ok(again) = find_path(&scrambled, &mut scratch, start, end, &options);
            prop_assert_eq!(again, found);
            let Ok(again) = find_best_path(&scrambled, &mut scratch, start, end, &options);
            prop_assert_eq!(again.map(|path| path.score(options.decay)), highest);
        }
        Ok(())
    });
}
