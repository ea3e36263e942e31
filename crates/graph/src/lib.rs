//! Paths, conclusions and rankings over any graph of dense `u32` slots.
//!
//! | question | call |
//! |---|---|
//! | the way of fewest hops, the one believed most | [`find_path`], [`find_best_path`] |
//! | all shortest ways, the k shortest, the k best | [`find_paths`], [`find_best_paths`] |
//! | what independent ways together say of a target | [`reason`] |
//! | what some weighted nodes bring to mind | [`recall`] |
//! | what is around a node | [`neighborhood`] |
//! | ranks, components, hubs of the whole graph | [`pagerank`], [`components`], [`degrees`], [`hubs`], [`distances`] |
//!
//! All ask the graph through the [`Graph`] trait and take a bound on hops, a direction, and a filter on edges in
//! [`PathOptions`]; searches work in a [`Scratch`] that is kept between them. Those with several answers take a
//! [`Budget`], and say in their [`Answer`] whether it was enough.
//!
//! # Invariants
//! - A complete answer is a function of the graph and the question alone: not of the order in which a node shows its
//!   edges, nor of the degrees it claims. Equal paths are told apart by edge ids, the last hop first; other answers by
//!   their nodes. Ranks of the whole graph are rounded sums: only their last bits may depend on that order.
//! - Every node of a path occurs in it once, on every input: cycles, self-loops and parallel edges included.
//! - A search costs what it reaches, never the size of the graph, and in a used scratch allocates only its answers (and,
//!   for several paths, the candidates among which it chooses).
//! - No lock, no randomness, no recursion, no panic on any graph: a target outside the graph is passed over, and a
//!   confidence that is not a number makes its edge unusable. The clock is looked at only for a budget with a deadline.
//!
//! # What it does not do
//! It does not know storage: ids are slots, an edge is a number, and what cannot be read is the graph's own error. It
//! does not keep an index, or follow a graph that changes meanwhile. With the feature `parallel` questions about the
//! whole graph use the threads of rayon; without it, and for all else, it starts none.
//!
//! # Example
//! ```
//! use sutra_graph::{CsrEdge, CsrGraph, PathOptions, find_best_path, find_path, with_scratch};
//!
//! let edge = |source, target, confidence| CsrEdge { source, target, kind: 0, confidence };
//! // Straight from 0 to 3, which is doubtful, or by way of 1 and 2.
//! let graph = CsrGraph::from_edges(4, &[edge(0, 3, 0.5), edge(0, 1, 0.75), edge(1, 2, 1.0), edge(2, 3, 1.0)])?;
//! let options = PathOptions::default();
//!
//! with_scratch(|scratch| {
//!     let Ok(shortest) = find_path(&graph, scratch, 0, 3, &options);
//!     assert_eq!(shortest.unwrap().nodes, [0, 3]);
//!
//!     let Ok(best) = find_best_path(&graph, scratch, 0, 3, &options);
//!     let best = best.unwrap();
//!     assert_eq!(best.nodes, [0, 1, 2, 3]);
//!     assert_eq!(best.confidence, 0.75);
//!     assert_eq!(best.hops[0].edge, 1);
//! });
//! # Ok::<(), sutra_graph::CsrError>(())
//! ```

#![forbid(unsafe_code)]

mod best;
mod budget;
mod csr;
#[cfg(test)]
mod deadlines;
mod every;
mod graph;
mod marks;
mod neighborhood;
mod path;
mod ranked;
mod reason;
mod recall;
mod scratch;
mod shortest;
mod types;
mod whole;
mod without;

pub use best::find_best_path;
pub use budget::{Answer, Budget};
pub use csr::{CsrEdge, CsrError, CsrGraph};
pub use graph::{Direction, Edge, Graph, Side};
pub use neighborhood::{Link, Member, Neighborhood, NeighborhoodOptions, neighborhood};
pub use path::{Hop, Path, PathOptions};
pub use ranked::{Extent, find_best_paths, find_paths};
pub use reason::{Conclusion, ReasonOptions, reason};
pub use recall::{LEAST_RESTART, Recall, RecallOptions, Recalled, recall};
pub use scratch::{Scratch, release_scratch, with_scratch};
pub use shortest::find_path;
pub use types::TypeSet;
pub use whole::{Components, RankOptions, Ranks, UNREACHED, components, degrees, distances, hubs, pagerank};
