//! Questions about a whole graph.
//!
//! Each goes over all nodes in runs of a fixed size; with the feature `parallel` the runs are shared among the threads
//! of the calling thread's rayon pool. The answers do not depend on how many there are. Of the path options
//! direction, types and least confidence count here.

mod components;
mod degrees;
mod distances;
mod pulled;
mod rank;
mod runs;

pub use components::{Components, components};
pub use degrees::{degrees, hubs};
pub use distances::{UNREACHED, distances};
pub use rank::{RankOptions, Ranks, pagerank};
