//! The trait of a directory.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use crate::file::File;
use crate::lock::{DirectoryLock, LockError};

/// A flat directory of named files.
///
/// Names are plain file names: not empty, no separator, not `.` or `..`; anything else is
/// [`io::ErrorKind::InvalidInput`]. All calls may block on the disk. Creations, renames and removals are seen at
/// once and are durable only after [`Directory::sync`].
pub trait Directory: Send + Sync + Debug {
    /// Opens an existing file for reading and writing; `Ok(None)` when there is none of that name.
    ///
    /// # Errors
    /// What the system reports, absence excepted.
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>>;

    /// Creates an empty file and opens it for reading and writing.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the name is taken; otherwise what the system reports.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Gives the file `from` the name `to`, replacing what stood there; atomic, also across a crash.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is no `from`; otherwise what the system reports.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a name. Open handles and maps of the file stay usable.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is no such name; otherwise what the system reports.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The names present, in ascending order. Names that are not UTF-8 cannot be ours and are left out.
    ///
    /// # Errors
    /// What the system reports.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes all earlier creations, renames and removals in this directory durable.
    ///
    /// # Errors
    /// What the system reports; after an error nothing may be assumed, and a retry proves nothing.
    fn sync(&self) -> io::Result<()>;

    /// Takes the directory's lock, held by the file `name` until the guard is dropped. Never waits.
    ///
    /// # Errors
    /// [`LockError::Held`] when this or another process holds it, [`LockError::Io`] when the file cannot be
    /// opened, written or locked.
    fn lock(&self, name: &str) -> Result<DirectoryLock, LockError>;
}
