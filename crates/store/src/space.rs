//! Writing beyond what is committed: allocation from the file's end, paced slices, syncs in between.

use sutra_format::geometry::EXTENT_ALIGNMENT;
use sutra_vfs::File;

use crate::error::StoreError;
use crate::extents::Place;

/// Bytes that are written between two calls of the pace.
pub(crate) const SLICE: usize = 1 << 20;

/// Bytes after which what was written is synced: the last sync of a checkpoint then finds little to do, and the disk is
/// never busy with one checkpoint for long while groups wait for theirs.
pub(crate) const SYNC_AFTER: u64 = 8 << 20;

/// The file grows by doubling, at most by this.
const MOST_GROWTH: u64 = 1 << 30;

/// The part of the file that is not committed, during one checkpoint.
pub(crate) struct Space<'a> {
    file: &'a dyn File,
    pace: &'a dyn Fn(u64),
    /// The file's physical length.
    length: u64,
    /// The first byte that is not allocated.
    end: u64,
    unsynced: u64,
}

impl<'a> Space<'a> {
    pub(crate) fn new(file: &'a dyn File, pace: &'a dyn Fn(u64), end: u64) -> Result<Self, StoreError> {
        let length = file.len().map_err(|source| StoreError::GivenUp { source })?;
        Ok(Self { file, pace, length, end, unsynced: 0 })
    }

    /// The first byte that is not allocated.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Allocates an aligned part of the file, growing it when it must.
    pub(crate) fn allocate(&mut self, size: u64) -> Result<Place, StoreError> {
        let full = || StoreError::GivenUp { source: std::io::ErrorKind::FileTooLarge.into() };
        let position = self.end.checked_next_multiple_of(EXTENT_ALIGNMENT).ok_or_else(full)?;
        let end = position.checked_add(size).and_then(|end| end.checked_next_multiple_of(EXTENT_ALIGNMENT));
        let end = end.ok_or_else(full)?;
        if end > self.length {
            let grown = self.length.saturating_add(self.length.clamp(EXTENT_ALIGNMENT, MOST_GROWTH));
            let wanted = grown.max(end);
            self.file.reserve(wanted).map_err(|source| StoreError::GivenUp { source })?;
            self.length = wanted;
        }
        self.end = end;
        Ok(Place { position, size })
    }

    /// Writes bytes in slices, and syncs when enough have been.
    pub(crate) fn write(&mut self, mut position: u64, bytes: &[u8]) -> Result<(), StoreError> {
        for slice in bytes.chunks(SLICE) {
            self.file.write_all_at(slice, position).map_err(|source| StoreError::GivenUp { source })?;
            let written = slice.len() as u64;
            position = position.saturating_add(written);
            self.unsynced = self.unsynced.saturating_add(written);
            (self.pace)(written);
            if self.unsynced >= SYNC_AFTER {
                self.sync()?;
            }
        }
        Ok(())
    }

    /// Makes everything written so far durable.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        self.unsynced = 0;
        self.file.sync_data().map_err(|source| StoreError::SyncFailed { source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sutra_vfs::Directory;
    use sutra_vfs::sim::SimDirectory;

    #[test]
    fn the_file_doubles_and_then_grows_by_a_gibibyte() {
        let file = SimDirectory::new().create("file").unwrap();
        let mut space = Space::new(&*file, &|_| {}, 8192).unwrap();
        let mut lengths = Vec::new();
        for size in [1, 4096, 20_000, 2 << 30, 1] {
            let place = space.allocate(size).unwrap();
            assert!(place.position.is_multiple_of(4096) && place.position + size <= space.end());
            lengths.push(file.len().unwrap());
        }
        let end = 8192 + 4096 + 4096 + 20_480 + (2_u64 << 30);
        assert_eq!(lengths, [12_288, 24_576, 49_152, end, end + (1 << 30)]);
    }

    #[test]
    fn what_cannot_be_allocated_gives_up() {
        let file = SimDirectory::new().create("file").unwrap();
        let mut space = Space::new(&*file, &|_| {}, 8192).unwrap();
        for size in [u64::MAX, u64::MAX - 8192] {
            assert!(matches!(space.allocate(size), Err(StoreError::GivenUp { .. })));
        }
        assert_eq!(space.end(), 8192);
    }
}
