//! One file of the log.

use std::sync::Arc;

use sutra_format::wal::SegmentHeader;
use sutra_vfs::{Directory, File};
use zerocopy::IntoBytes;

use crate::error::WalError;

/// The file name of segment `number`.
pub(crate) fn name_of(number: u64) -> String {
    format!("wal-{number:08}.log")
}

/// The number in a segment's file name; `None` for every other name.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let number: u64 = name.strip_prefix("wal-")?.strip_suffix(".log")?.parse().ok()?;
    // Also refuses `+1`, missing and surplus zeros.
    (name_of(number) == name).then_some(number)
}

/// Whether a directory holds any segment.
///
/// # Errors
/// [`WalError::Io`] when the directory cannot be listed.
pub fn has_segments(directory: &dyn Directory) -> Result<bool, WalError> {
    let names = directory.list().map_err(WalError::io("list", ""))?;
    Ok(names.iter().any(|name| number_of(name).is_some()))
}

/// A segment's file.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn File>,
    /// The file's length in bytes.
    pub(crate) len: u64,
}

impl Segment {
    /// Creates a segment of `len` bytes. Its name is durable after the directory's next sync.
    pub(crate) fn create(directory: &dyn Directory, number: u64, len: u64) -> Result<Self, WalError> {
        let name = name_of(number);
        let file = directory.create(&name).map_err(WalError::io("create", &name))?;
        let mut segment = Self { name, file, len: 0 };
        segment.grow(len)?;
        Ok(segment)
    }

    /// Backs the segment with blocks up to `len`: a group is not to meet a full disk, nor a change of the length that
    /// its sync would have to write too.
    pub(crate) fn grow(&mut self, len: u64) -> Result<(), WalError> {
        if self.len < len {
            self.file.allocate(len).map_err(WalError::io("allocate", &self.name))?;
            self.len = len;
        }
        Ok(())
    }

    /// Begins a generation. Synced before the first group is written: a group whose segment header is not intact is
    /// then known to be damage.
    pub(crate) fn write_header(&self, header: &SegmentHeader) -> Result<(), WalError> {
        self.write(header.as_bytes(), 0)?;
        self.sync()
    }

    pub(crate) fn write(&self, bytes: &[u8], offset: u64) -> Result<(), WalError> {
        self.file.write_all_at(bytes, offset).map_err(WalError::io("write", &self.name))
    }

    pub(crate) fn sync(&self) -> Result<(), WalError> {
        self.file.sync_data().map_err(WalError::io("sync", &self.name))
    }

    /// The error for something acknowledged that is damaged or missing.
    pub(crate) fn corrupt(&self, offset: u64, sequence: u64, what: &'static str) -> WalError {
        tracing::error!(file = %self.name, offset, sequence, what, "the write-ahead log is damaged");
        WalError::Corrupt { file: self.name.clone(), offset, sequence, what }
    }

    /// Fills `buffer` with the whole segment.
    pub(crate) fn load(&self, buffer: &mut Vec<u8>) -> Result<(), WalError> {
        let io = WalError::io("read", &self.name);
        let Ok(len) = usize::try_from(self.len) else {
            return Err(io(std::io::ErrorKind::OutOfMemory.into()));
        };
        buffer.clear();
        // The length is the file system's, but a sparse file may claim more than there is memory.
        if buffer.try_reserve_exact(len).is_err() {
            return Err(io(std::io::ErrorKind::OutOfMemory.into()));
        }
        buffer.resize(len, 0);
        self.file.read_exact_at(buffer, 0).map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::{name_of, number_of};

    #[test]
    fn names_and_numbers_agree() {
        for number in [0, 1, 99_999_999, 100_000_000, u64::MAX] {
            assert_eq!(number_of(&name_of(number)), Some(number));
        }
        for other in ["wal-1.log", "wal-+0000001.log", "wal-000000001.log", "wal-00000001.log~", "storage.dat"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}
