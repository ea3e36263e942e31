//! The engine: the threads that turn accepted writes into durable ones and visible ones.
//!
//! ```text
//! producers -> write log -> reconciler ------> snapshots <- readers
//!              (lock-free)  | one thread       (immutable)
//!                           +-> write-ahead log (one group, one sync)
//!                               checkpointer -> storage.dat
//! ```
//!
//! - The **reconciler** gathers accepted entries into a group, appends it to the write-ahead log with one sync, applies it,
//!   and publishes a snapshot. In this order: what a reader has seen survives a power cut.
//! - The **checkpointer** writes what a held snapshot has beyond the last commit to `storage.dat`, beside the reconciler.
//!   Only then are segments of the write-ahead log used again.
//! - **Recovery**, at open, restores the arenas from the last checkpoint and applies the groups of the write-ahead log that
//!   it does not cover, by the same code that applies them live.
//!
//! A failed write or sync of the write-ahead log, a failed sync of `storage.dat`, or a panic in one of the threads stops
//! writing for good and tells everybody who waits; reading goes on. A checkpoint that could not be written is tried again.
//!
//! This crate owns no format and knows nothing of the public API; `sutra-storage` is the facade.
//!
//! ```
//! use std::sync::Arc;
//! use sutra_format::entry::{EntryWriter, LearnConcept, Op};
//! use sutra_format::ConceptId;
//! use sutra_log::Wait;
//! use sutra_reconciler::{Engine, EngineOptions};
//! use sutra_vfs::sim::SimDirectory;
//!
//! let (engine, report) = Engine::open(Arc::new(SimDirectory::new()), EngineOptions::default())?;
//! assert_eq!(report.replayed_entries, 0);
//! let id = ConceptId::from_key("otter").unwrap();
//! let learn = LearnConcept {
//!     id, namespace: 0, key: b"otter", content: b"swims", vector: None, metadata: None,
//!     strength: 1.0, confidence: 1.0, created: None,
//! };
//! let entry = EntryWriter::single(0, &Op::LearnConcept(learn));
//! let sequence = engine.accept(entry, 1, Wait::Never)?;
//! engine.log().wait_visible(sequence, None)?;
//! assert!(engine.snapshot().find(&id)?.is_some());
//! engine.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod checkpoint;
mod clock;
mod counters;
mod engine;
mod error;
mod options;
#[warn(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::unreachable)]
mod recover;
mod turn;

pub use clock::now_micros;
pub use counters::Statistics;
pub use engine::Engine;
pub use error::EngineError;
pub use options::{Durability, EngineOptions};
pub use recover::RecoveryReport;
