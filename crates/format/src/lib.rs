//! The on-disk format of Sutra Storage, and nothing else.
//!
//! Everything that reaches a disk is laid out here: ids, the 128-byte concept record, the 64-byte association record, log
//! entries, write-ahead log groups, the file header, footers with their Bloom filter and offset index, and the image of
//! derived columns. Bytes in memory are bytes on disk: the records that the engine keeps in its arenas are the structs of
//! [`record`], little-endian everywhere, and a checkpoint copies them as they are.
//!
//! What holds for every decoder in this crate:
//! - no length, count or offset is used before its bound has been checked, and nothing is allocated from one;
//! - no input makes it panic: damage is a [`DecodeError`];
//! - it does no I/O and holds no `unsafe`.
//!
//! ```
//! use sutra_format::{ConceptId, ConceptRecord};
//! use zerocopy::{FromBytes, FromZeros, IntoBytes};
//!
//! let mut record = ConceptRecord::new_zeroed();
//! record.id = ConceptId::from_key("otter").unwrap().to_bytes();
//! record.seal();
//! let bytes = record.as_bytes().to_vec();
//!
//! let again = ConceptRecord::ref_from_bytes(&bytes).unwrap();
//! assert!(again.is_intact());
//! ```
#![forbid(unsafe_code)]
// Every byte may be damaged: what would panic is an error here.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::unreachable)
)]

pub mod bloom;
pub mod catalogue;
mod checksum;
pub mod entry;
mod error;
pub mod footer;
pub mod geometry;
pub mod header;
mod id;
pub mod image;
mod in_place;
pub mod index;
pub mod record;
pub mod wal;

pub use catalogue::{Catalogue, CatalogueError};
pub use checksum::{blob_checksum, checksum, id_hash};
pub use error::DecodeError;
pub use footer::AccessEntry;
pub use id::{AssociationType, ConceptId, IdError, Namespace};
pub use record::{AssociationRecord, ConceptRecord};

/// No record, no slot, no blob: the all-ones position of every table and record.
pub const NONE: u32 = u32::MAX;

/// No blob: the position that a record holds for content, vector, metadata or key that it does not have.
pub const NO_BLOB: u64 = u64::MAX;
