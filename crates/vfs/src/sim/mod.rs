//! A disk in memory that fails on request and forgets what was not synced: for crash tests.
//!
//! Every operation that changes something gets a number, counted from 0, and a line in the [trace](SimDirectory::trace).
//! A test runs once to learn how many operations there are, then once for each of them with a
//! [fault](SimDirectory::fail_at) or a [crash](SimDirectory::crash_at) there, takes an
//! [image](SimDirectory::image) of what a power cut leaves, and recovers from it. [Reads](SimDirectory::reads) have numbers
//! and [faults](SimDirectory::fail_read_at) of their own.
//!
//! # The model
//!
//! - A file's bytes and length are durable when its `sync_data` has returned; names when the directory's `sync` has.
//!   A synced file whose name was never synced is gone.
//! - After a power cut each unsynced 512-byte sector is there or not, by itself: writes are torn and reordered. A
//!   sector is whole, and holds what the page cache held at some write since the last sync, or the durable bytes.
//! - Changes of one file's length survive in order (a prefix of them); bytes beyond the surviving length are gone.
//! - Unsynced creations, renames and removals are each there or not, those of one name in order. A rename is atomic.
//! - A failed sync ([`Fault::FailedSync`]) loses the bytes that it should have written: a later successful sync does
//!   not bring them to the medium, though reads go on to see them. Names and lengths it leaves pending: they are a
//!   journal's, and a file system whose journal failed takes no later sync either.
//! - The operation at which a crash is set was under way: it may be found done, undone or in part.
//!
//! Every [`Policy`] but one keeps to this; [`Policy::Torn`] stops a write at any byte, which a log has to bear.
//!
//! Maps are copies of the bytes at the time of mapping. That is right for this engine, in which committed bytes never
//! change and only committed bytes are mapped. Locks are not files here and count as no operation.
//!
//! ```
//! use sutra_vfs::Directory;
//! use sutra_vfs::sim::{Policy, SimDirectory};
//!
//! # fn main() -> std::io::Result<()> {
//! let disk = SimDirectory::new();
//! let file = disk.create("data")?;
//! file.write_all_at(b"synced", 0)?;
//! file.sync_data()?;
//! disk.sync()?;
//! file.write_all_at(b"SYNCED", 0)?;
//!
//! let after = disk.image(Policy::DropAll).open("data")?.expect("the name was synced");
//! let mut bytes = [0; 6];
//! after.read_exact_at(&mut bytes, 0)?;
//! assert_eq!(&bytes, b"synced");
//! # Ok(())
//! # }
//! ```

mod content;
mod directory;
mod disk;
mod fault;
mod image;
mod names;
mod node;
mod trace;

pub use directory::SimDirectory;
pub use fault::Fault;
pub use image::{Policy, Rest, Unsynced};
pub use trace::{TraceKind, TraceOp};

/// The unit that is written whole or not at all, in bytes.
pub const SECTOR: usize = 512;
