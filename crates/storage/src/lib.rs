//! An embedded storage engine for AI systems that learn continuously: bursts of learning and bursts of reasoning on one
//! store, without one slowing the other.
//!
//! Writers append to a lock-free log; one reconciler merges what they wrote every few milliseconds; readers hold immutable
//! snapshots and wait for nobody. Everything is kept in one file, `storage.dat`, beside a write-ahead log while it is open.
//!
//! | to | use |
//! |---|---|
//! | open or create a store | [`ConcurrentMemory::new`] with a [`ConcurrentConfig`] |
//! | learn | [`ConcurrentMemory::learn_concept`], [`ConcurrentMemory::learn_association`], [`Concept`], [`Association`], [`Batch`] |
//! | read | [`Snapshot`], and the same calls on the memory for the newest one |
//! | find ways | [`Snapshot::find_path`], [`Snapshot::find_best_path`], [`Snapshot::find_paths`], [`Snapshot::find_best_paths`] |
//! | reason, remember | [`Snapshot::reason`], [`Snapshot::recall`], [`Snapshot::neighborhood`] |
//! | see the whole | [`Snapshot::pagerank`], [`Snapshot::components`], [`Snapshot::hubs`] |
//! | wait | [`ConcurrentMemory::wait_visible`], [`ConcurrentMemory::wait_durable`], [`ConcurrentMemory::flush`] |
//! | know how it is | [`ConcurrentMemory::stats`], [`ConcurrentMemory::recovery`], [`verify`] |
//!
//! A write is **accepted** when its call returns a [`Sequence`], **visible** when a new snapshot holds it, **durable** when it
//! survives a power cut. It is durable before it is visible (except under [`Durability::None`]).
//!
//! This crate is a facade: it checks what comes in and shows what comes out. The algorithms are in the crates below it, which
//! can be used alone.
//!
//! ```
//! use sutra_storage::{ConcurrentConfig, ConcurrentMemory};
//! # let folder = tempfile::tempdir()?;
//! let config = ConcurrentConfig { storage_path: folder.path().into(), ..Default::default() };
//! let memory = ConcurrentMemory::new(config)?;
//! memory.learn_concept("rain", "water that falls from clouds", None, 1.0, 0.9)?;
//! let written = memory.learn_association("rain", "flood", "causal", 0.8)?;
//! memory.wait_visible(written)?;
//!
//! let snapshot = memory.snapshot();
//! let rain = snapshot.query_concept("rain")?.expect("it was learned");
//! assert_eq!(rain.content()?, b"water that falls from clouds");
//! // "flood" is a stub: a node of the graph that nobody has learned yet.
//! assert!(!snapshot.contains("flood")?);
//! assert_eq!(snapshot.find_path("rain", "flood", 6)?.expect("there is one").hops.len(), 1);
//! memory.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod batch;
mod builder;
mod check;
mod config;
mod error;
mod mapped;
mod memory;
mod name;
mod neighborhood;
mod overview;
mod path;
mod read;
mod reasoning;
mod snapshot;
mod stats;
mod verify;
mod view;
mod write;

pub use batch::Batch;
pub use builder::{Association, Concept};
pub use config::{ConcurrentConfig, Metric};
pub use error::Error;
pub use mapped::MappedEmbedding;
pub use memory::ConcurrentMemory;
pub use name::{ConceptRef, TypeRef, key_text};
pub use neighborhood::{Link, Neighborhood, NeighborhoodOptions};
pub use overview::{Components, Hub, OverviewOptions, RankOptions, Ranks};
pub use path::{Hop, Path, PathNode, PathOptions};
pub use read::{Direction, Neighbor, NeighborOptions, Neighbors};
pub use reasoning::{Conclusion, PathsOptions, ReasonOptions, RecallOptions, Recalled};
pub use snapshot::Snapshot;
pub use stats::{LogStats, ReconcilerStats, SnapshotStats, Stats, StorageStats};
#[doc(hidden)]
pub use verify::verify_in;
pub use verify::{Verified, verify};
pub use view::{AssociationView, ConceptView};

pub use sutra_format::{AssociationType, ConceptId, IdError, Namespace};
pub use sutra_graph::{Answer, Budget, Extent, Recall};
pub use sutra_reconciler::{Durability, RecoveryReport};
pub use sutra_store::{Problem, VerifyReport};

/// The number of an accepted write. Snapshot W holds exactly the writes up to W.
pub type Sequence = u64;

/// What the calls of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The examples of docs/crates.md, which need crates from all over the workspace, are run as this crate's.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/crates.md")]
struct CratesPage;
