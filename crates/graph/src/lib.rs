//! Paths over any graph of dense `u32` slots.
//!
//! Two questions are answered: [`find_path`], which way has the fewest hops, and [`find_best_path`], which one is
//! believed most. Both ask the graph through the [`Graph`] trait, work in a [`Scratch`] that is kept between
//! searches, and take a bound on hops, a direction, and a filter on edges in [`PathOptions`].
//!
//! # Invariants
//! - The answer is a function of the graph and the question alone: not of the order in which a node shows its edges,
//!   nor of the degrees it claims. Equal paths are told apart by edge ids, the last hop first.
//! - Every node of an answer occurs in it once, on every input: cycles, self-loops and parallel edges included.
//! - A search costs what it reaches, never the size of the graph, and in a used scratch allocates only paths.
//! - No lock, no clock, no randomness, no recursion, no panic on any graph: a target outside the graph is passed
//!   over, and a confidence that is not a number makes its edge unusable.
//!
//! # What it does not do
//! It does not know storage: ids are slots, an edge is a number, and what cannot be read is the graph's own error. It
//! does not look for all paths, keep an index, or follow a graph that changes meanwhile.
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
mod csr;
mod graph;
mod marks;
mod path;
mod scratch;
mod shortest;
mod types;

pub use best::find_best_path;
pub use csr::{CsrEdge, CsrError, CsrGraph};
pub use graph::{Direction, Edge, Graph, Side};
pub use path::{Hop, Path, PathOptions};
pub use scratch::{Scratch, release_scratch, with_scratch};
pub use shortest::find_path;
pub use types::TypeSet;
