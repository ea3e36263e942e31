//! The single file of Sutra Storage, storage.dat: headers, extents, footers, image, commit and map.
//!
//! A [`Store`] is the file opened for writing. [`Store::open`] gives what its last checkpoint holds, mapped, for the arenas to
//! be restored from; [`Store::checkpoint`] writes what a snapshot has beyond it. [`Store::verify`] reads every byte, and a
//! [`CheckpointReader`] finds single records without the engine. docs/format.md says what the bytes mean.
//!
//! # Invariants
//!
//! - **Committed bytes never change, and the file is never shortened.** So maps of it stay right for the life of the inode,
//!   and a reader needs no lock. A checkpoint writes beyond the committed lengths: into the rest of extents, and behind the
//!   file's end as the header gives it.
//! - **A commit is one header**: data, sync, header, sync, the other header, sync. After a crash at any moment the old
//!   commit is there or the new one, whole. One rotten header costs nothing.
//! - **What an open has shown is durable**: if the headers differ, the file is synced before anything is read by them.
//! - A failed write gives the checkpoint up, and the next one is right. A failed sync poisons the store for writing.
//! - No length, count or position from the file is used before its checksum and its bound were checked, and no bytes make
//!   this crate panic.
//! - The image is derived. Without it, or with a damaged one, the store opens all the same, more slowly.
//!
//! # What it does not do
//!
//! It runs no thread and takes no lock: the caller holds the directory's, and calls one method at a time. It does not know
//! the write-ahead log, does not decide when to checkpoint, and does not compact.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use sutra_format::ConceptId;
//! use sutra_format::entry::{EntryWriter, LearnConcept, Op};
//! use sutra_snapshot::Writer;
//! use sutra_store::{New, Store, StoreOptions};
//! use sutra_vfs::sim::SimDirectory;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = Arc::new(SimDirectory::new());
//! let options = StoreOptions { store_id: [7; 16], initial_size: 1 << 20, created: 0 };
//! let mut store = Store::create(directory.clone(), options)?;
//!
//! let mut writer = Writer::new()?;
//! let id = ConceptId::from_key("otter")?;
//! let learn = LearnConcept {
//!     id, namespace: 0, key: b"otter", content: b"swims", vector: None, metadata: None,
//!     strength: 1.0, confidence: 1.0, created: None,
//! };
//! writer.apply(1, &EntryWriter::single(7, &Op::LearnConcept(learn)))?;
//! let snapshot = writer.publish(8);
//! store.checkpoint(&snapshot, New { access: &[], groups: &[(1, 8)], image: None, pace: &|_| {} })?;
//!
//! let (store, restore) = Store::open(directory)?.ok_or("no store")?;
//! assert_eq!(store.sequence(), 1);
//! let snapshot = Writer::restore(restore)?.publish(8);
//! let (_, record) = snapshot.find(&id)?.ok_or("no otter")?;
//! assert_eq!(snapshot.content(record)?, b"swims");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
// Every byte may be damaged: what would panic is an error here.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::unreachable)
)]

mod access;
mod arenas;
mod checkpoint;
mod commit;
mod create;
mod error;
mod extents;
mod footer_writer;
mod footers;
mod image_reader;
mod image_writer;
mod imaging;
mod open;
mod policy;
mod reader;
mod reading;
mod sections;
mod slots;
mod space;
mod store;
mod verify;

pub use checkpoint::{Committed, New};
pub use create::StoreOptions;
pub use error::StoreError;
pub use imaging::{Imaging, NewImage};
pub use reader::{CheckpointReader, Found};
pub use store::{FILE_NAME, RepairedHeader, Store, TEMPORARY_NAME};
pub use verify::{Problem, VerifyReport};
