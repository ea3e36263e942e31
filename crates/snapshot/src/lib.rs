//! Append-only arenas, and snapshots that are nothing but a set of lengths.
//!
//! One [`Writer`] appends: concept records, association records and blobs go to the end of three arenas whose chunks never
//! move. So a [`Snapshot`] is a few lengths and a pointer to the arenas: taking one copies nothing, and
//!
//! - **a record is visible exactly when its ordinal is below the snapshot's length**, an id exactly when its slot is below
//!   its number of slots; an association that ended is visible exactly when *ordinal < length <= until*;
//! - a group of writes is seen whole or not at all, because the lengths are published together;
//! - what replaces something that readers may hold (a grown block, a grown table, a chunk swapped for a map) is kept until
//!   every snapshot published before the replacement is gone.
//!
//! | word | what it is | where |
//! |---|---|---|
//! | slot | dense number of a concept or stub, never changes | [`Snapshot::find`] |
//! | ordinal | position of a record in its arena | [`Snapshot::concept`] |
//! | slot row | 32 bytes a slot: latest record, its blocks, its access counters | `rows` |
//! | block | growing columns of one slot's edges in ordinal order | `edges` |
//! | image | rows, adjacency and id index of a checkpoint, mapped | [`Image`] |
//!
//! The orderings by which this holds are argued where they stand, and explored by loom over this very code: all atomics and
//! all plain bytes that threads share go through [`sutra_sync::mapped`].
//!
//! Reading takes no lock and waits for nobody. Mapped bytes are verified at first access, so a read of damaged bytes is a
//! [`Damage`], never a wrong answer. This crate does no I/O: chunks come in as maps and go out as slices.
//!
//! ```
//! use sutra_format::entry::{EntryWriter, LearnConcept, Op};
//! use sutra_format::ConceptId;
//! use sutra_snapshot::Writer;
//!
//! let mut writer = Writer::new().unwrap();
//! let id = ConceptId::from_key("otter").unwrap();
//! let learn = LearnConcept {
//!     id, namespace: 0, key: b"otter", content: b"swims", vector: None, metadata: None,
//!     strength: 1.0, confidence: 1.0, created: None,
//! };
//! let before = writer.latest();
//! writer.apply(1, &EntryWriter::single(7, &Op::LearnConcept(learn))).unwrap();
//! writer.publish(8);
//!
//! let after = writer.latest();
//! assert!(before.find(&id).unwrap().is_none());
//! let (_, record) = after.find(&id).unwrap().unwrap();
//! assert_eq!(after.content(record).unwrap(), b"swims");
//! ```
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

#[cfg(target_endian = "big")]
compile_error!("bytes in memory are bytes on disk, and those are little-endian");

mod adjacency;
mod arena;
mod association;
mod bits;
mod blocks;
mod concepts;
mod edges;
mod error;
mod group;
mod hub;
mod ids;
mod image;
mod kept;
mod link;
mod linker;
mod many;
mod prune;
mod ranges;
mod reclaim;
mod restore;
mod rows;
mod shared;
mod snapshot;
mod spare;
mod versions;
mod writer;

pub use edges::{EdgeRef, Edges, Run, Side};
pub use error::{ApplyError, Damage, RestoreError};
pub use image::Image;
pub use kept::Kept;
pub use restore::Restore;
pub use shared::{Arena, Lengths};
pub use snapshot::{Snapshot, SnapshotSource};
pub use writer::{Applied, MemoryUse, Writer};
