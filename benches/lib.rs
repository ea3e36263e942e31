//! Workloads of the benchmarks: where their stores lie, what is learned into them, what is asked.
//!
//! | bench | what it measures |
//! |---|---|
//! | `write_throughput` | elements a second until all are durable and visible: concepts, associations, vectors, batches, presets, durabilities |
//! | `read_latency` | single reads of a store of a million concepts |
//! | `path_finding` | paths on WordNet, on a snapshot of the engine and on a plain graph in memory |
//! | `burst` | latencies while the store is written to, growth, open, flush: percentiles, medians of rounds |
//!
//! # Invariants
//! - The same numbers give the same ids, contents, vectors and questions in every run.
//! - Ids, contents and questions are made outside of what is timed.
//! - Stores lie in real directories, in the folder that `SUTRA_BENCH_DIR` names, else in the system's folder for temporary
//!   files. A folder in memory (tmpfs) measures syncs that cost nothing.
//!
//! # What it does not do
//! It checks nothing beyond what would make a measurement meaningless, and compares with no other engine.
//!
//! ```
//! use sutra_benches::{load, store::Folder};
//! use sutra_storage::{ConcurrentConfig, ConcurrentMemory};
//!
//! let folder = Folder::new()?;
//! let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path()))?;
//! let ids = load::ids(0..3000);
//! load::fill(&memory, &ids)?;
//! assert_eq!(memory.concept_count(), 3000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod kronecker;
pub mod load;
pub mod random;
pub mod store;
pub mod wordnet;

/// What the benchmarks return: whatever goes wrong ends them with its message.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The median; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        even if even.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
