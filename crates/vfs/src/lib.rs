//! Files, maps, locks and syncs: the only place where the engine touches a file system.
//!
//! Everything goes through two traits. A [`Directory`] holds plain names and says what a crash may undo there; a
//! [`File`] is read and written at positions and mapped. Two implementations: [`RealDirectory`], and
//! [`sim::SimDirectory`], a disk in memory that fails on request and, after a power cut, loses, tears and reorders
//! what was not synced.
//!
//! # Invariants
//!
//! - Nothing is durable before the sync that covers it: [`File::sync_data`] for bytes and length,
//!   [`Directory::sync`] for names. No call syncs on its own.
//! - A map never reaches beyond the end of its file: that is an error when mapping, not a fault when reading. This
//!   holds as long as a mapped file is never shortened, which is the caller's promise ([`File::truncate`]).
//! - [`File::reserve`] and [`File::allocate`] never shorten a file.
//! - One process holds a directory's lock at most once, by whatever path it came.
//!
//! # What it does not do
//!
//! It knows no records, keeps no cache, starts no thread and never retries a sync: after a failed sync the system
//! may have dropped the dirty pages, so a second one proves nothing. (An interrupted call is not a failed one: it is
//! made again, a bounded number of times.) Linux and macOS are supported; Windows is not
//! (locks are identified by inode), and the crate refuses to build there.
//!
//! # Example
//!
//! ```
//! use sutra_vfs::{Directory, RealDirectory};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let path = temporary.path();
//! let directory = RealDirectory::open(path)?;
//! let lock = directory.lock("store.lock")?;
//! let file = directory.create("data")?;
//! file.write_all_at(b"hello", 0)?;
//! file.sync_data()?; // the bytes are durable ...
//! directory.sync()?; // ... and so is the name
//!
//! let map = file.map(0, 5)?;
//! assert_eq!(&map[..], b"hello");
//! assert!(directory.lock("store.lock").is_err());
//! drop(lock);
//! # Ok(())
//! # }
//! ```

#[cfg(not(unix))]
compile_error!("sutra-vfs supports Linux and macOS: it identifies lock files by device and inode");

mod directory;
mod file;
mod fork;
mod interrupted;
mod lock;
mod map;
mod name;
mod real;
pub mod sim;
mod system;
mod watched;

pub use directory::Directory;
pub use file::{File, MAP_ALIGNMENT};
pub use fork::{forks, watch_fork};
pub use lock::{DirectoryLock, LockError};
pub use map::{Map, MapMut};
pub use real::RealDirectory;
#[cfg(feature = "watch-memory")]
pub use watched::watch_memory;
