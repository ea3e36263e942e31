//! The trait of a file.

use std::fmt::Debug;
use std::io;

use crate::map::{Map, MapMut};

/// The alignment, in bytes, of a map's offset in its file.
pub const MAP_ALIGNMENT: u64 = 4096;

/// An open file, read and written at positions (no cursor), from any number of threads.
///
/// Writes are seen by reads and maps at once and are durable after [`File::sync_data`]. All calls may block on the
/// disk. Offsets and lengths are bytes.
pub trait File: Send + Sync + Debug {
    /// The file's length.
    ///
    /// # Errors
    /// What the system reports.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    ///
    /// # Errors
    /// What the system reports.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `buf` from `offset`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the file ends before; otherwise what the system reports.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `buf` at `offset`, growing the file when it reaches beyond its end. Short writes are continued.
    ///
    /// # Errors
    /// What the system reports; a part may have been written then.
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()>;

    /// Grows the file to at least `len`, with zeros, sparse where the file system can; never shortens it.
    ///
    /// # Errors
    /// What the system reports.
    fn reserve(&self, len: u64) -> io::Result<()>;

    /// Like [`File::reserve`], and backed by blocks where the system can, so that later writes below `len` do not
    /// meet a full disk. Where it cannot, this is `reserve`.
    ///
    /// # Errors
    /// What the system reports, first of all a full disk.
    fn allocate(&self, len: u64) -> io::Result<()>;

    /// Sets the file's length. For WAL segments alone: shortening a mapped file turns reads of the map into faults.
    ///
    /// # Errors
    /// What the system reports.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes all earlier writes and the length durable: `fdatasync`, on macOS `F_FULLFSYNC`.
    ///
    /// # Errors
    /// What the system reports. Then what was written since the last successful sync may be lost, and a later
    /// sync that succeeds does not say otherwise.
    fn sync_data(&self) -> io::Result<()>;

    /// Says that a range that is durable will not be read soon: the system may use its memory for something else. A hint,
    /// without effect where the system takes none.
    fn forget(&self, _offset: u64, _len: u64) {}

    /// Maps `len` bytes from `offset` (a multiple of [`MAP_ALIGNMENT`]) read-only and shared.
    ///
    /// The caller maps only bytes that no longer change and never shortens the file afterwards.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a misaligned offset, [`io::ErrorKind::UnexpectedEof`] when the range
    /// reaches beyond the end of the file; otherwise what the system reports.
    fn map(&self, offset: u64, len: usize) -> io::Result<Map>;

    /// Like [`File::map`], writable in memory and copy-on-write: the file never sees the changes.
    ///
    /// # Errors
    /// As [`File::map`].
    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut>;
}

/// Checks a range to be mapped against the file's length.
pub(crate) fn check_map(offset: u64, len: usize, file_len: u64) -> io::Result<()> {
    if !offset.is_multiple_of(MAP_ALIGNMENT) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("map at offset {offset}: must be a multiple of {MAP_ALIGNMENT}"),
        ));
    }
    let end = u64::try_from(len).ok().and_then(|len| offset.checked_add(len));
    if end.is_none_or(|end| end > file_len) {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("map of {len} bytes at offset {offset} reaches beyond the file's end at {file_len}"),
        ));
    }
    Ok(())
}
