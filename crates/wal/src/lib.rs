//! The write-ahead log: groups of entries, one write and one sync each, in preallocated and recycled segments.
//!
//! [`Wal::recover`] replays what a checkpoint does not cover and gives the [`Wal`] to go on with;
//! [`Wal::append`] makes one group durable; [`Wal::release`] gives back what a checkpoint has covered;
//! [`Wal::remove_all`] leaves no file after the closing checkpoint. The layouts are in [`sutra_format::wal`].
//!
//! # Invariants
//!
//! - A group whose `append` returned `Ok` is replayed by every later recovery, until it is released.
//! - Groups are replayed whole, in order and without holes; what is replayed is a prefix of what was appended.
//! - What is replayed is durable before `recover` returns.
//! - Each opening of a segment for writing has its own generation, and a group counts only in the generation and at
//!   the position it was written for. So nothing of a segment's earlier life is ever replayed, and writing never
//!   resumes behind groups of an earlier run.
//! - After a failed write or sync nothing more is written: every later append is [`WalError::Poisoned`]. No sync is
//!   retried.
//! - Damage to what was acknowledged is [`WalError::Corrupt`], as far as anything later in the log attests that it
//!   was. Damage to the very last group cannot be told from a group that a power cut tore: it is cut.
//!
//! # What it does not do
//!
//! It does not know what an entry means, keeps no time, starts no thread and takes no lock on the directory.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use sutra_vfs::sim::{Policy, SimDirectory};
//! use sutra_wal::{Wal, WalOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let disk = SimDirectory::new();
//! let options = WalOptions { segment_bytes: 64 << 10, ..WalOptions::new([7; 16]) };
//! let (mut wal, _) = Wal::recover(Arc::new(disk.clone()), options.clone(), 0, &mut |_| Ok(()))?;
//! wal.append(1_000_000, 1, &["one", "two"])?;
//!
//! let after = disk.image(Policy::DropAll); // a power cut
//! let mut seen = Vec::new();
//! let (_, recovery) = Wal::recover(Arc::new(after), options, 0, &mut |group| {
//!     seen.extend(group.entries().map(<[u8]>::to_vec));
//!     Ok(())
//! })?;
//! assert_eq!(seen, [b"one", b"two"]);
//! assert_eq!(recovery.last_sequence, 2);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
// Every byte may be damaged: what would panic is an error here.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::unreachable)
)]

mod append;
mod cut;
mod error;
mod group;
mod inventory;
mod options;
mod recovery;
mod release;
mod scan;
mod segment;
mod wal;
mod walk;

pub use error::{ReplayError, WalError};
pub use group::Group;
pub use options::WalOptions;
pub use recovery::Recovery;
pub use segment::has_segments;
pub use wal::Wal;
