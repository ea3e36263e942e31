//! Bounded reads: no length from the file is used before it has been compared with the file's.

use std::io;

use sutra_vfs::File;

use crate::error::StoreError;

/// A file, and how much of it may be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readable<'a> {
    pub(crate) file: &'a dyn File,
    /// The first byte beyond: the end of what the header says is allocated, which the file is known to reach.
    pub(crate) end: u64,
}

impl Readable<'_> {
    /// Whether a range lies in the allocated part behind the headers.
    pub(crate) fn holds(&self, position: u64, length: u64) -> bool {
        position >= sutra_format::header::HEADER_END && position.checked_add(length).is_some_and(|end| end <= self.end)
    }

    /// The bytes of a range.
    pub(crate) fn read(&self, region: &'static str, position: u64, length: u64) -> Result<Vec<u8>, StoreError> {
        let outside = || StoreError::corrupt(region, position, format!("{length} bytes reach beyond the file's end"));
        if !self.holds(position, length) {
            return Err(outside());
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| outside())?];
        match self.file.read_exact_at(&mut bytes, position) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(outside()),
            Err(source) => Err(StoreError::Io { doing: "reading storage.dat", source }),
        }
    }
}
