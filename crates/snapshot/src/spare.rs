//! Memory for chunks: freed or touched ahead, else fresh.

use sutra_format::geometry::LARGEST_CHUNK;
use sutra_vfs::MapMut;

/// Chunks that are kept, unless the writer is told otherwise.
const KEPT: usize = 16;
/// Small enough for every page size in use.
const PAGE: usize = 4096;

/// Chunks of the largest regular size that wait to be used.
#[derive(Debug)]
pub(crate) struct SpareMemory {
    chunks: Vec<MapMut>,
    /// How many are kept at most.
    kept: usize,
}

impl Default for SpareMemory {
    fn default() -> Self {
        Self { chunks: Vec::new(), kept: KEPT }
    }
}

impl SpareMemory {
    /// Memory of `size` bytes. A used one holds what it held.
    pub(crate) fn take(&mut self, size: u64) -> std::io::Result<MapMut> {
        match self.chunks.pop_if(|_| size == LARGEST_CHUNK) {
            Some(memory) => Ok(memory),
            None => MapMut::anonymous(usize::try_from(size).map_err(|_| std::io::ErrorKind::OutOfMemory)?),
        }
    }

    /// Keeps memory for later, if it has the common size and few are kept.
    pub(crate) fn keep(&mut self, memory: MapMut) {
        if memory.len() as u64 == LARGEST_CHUNK && self.chunks.len() < self.kept {
            self.chunks.push(memory);
        }
    }

    /// Keeps at most so many from now on.
    pub(crate) fn limit(&mut self, kept: usize) {
        self.kept = kept;
        self.chunks.truncate(kept);
    }

    pub(crate) fn wanted(&self) -> usize {
        self.kept.saturating_sub(self.chunks.len())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.chunks.len() as u64 * LARGEST_CHUNK
    }
}

/// Memory for [`Writer::add_spare`](crate::Writer::add_spare): a chunk that is in memory already. Takes about as long as
/// writing all of it, several milliseconds on some machines; for any thread but the one that applies.
///
/// # Errors
/// What the system reports, first of all [`OutOfMemory`](std::io::ErrorKind::OutOfMemory).
pub fn touched_chunk() -> std::io::Result<MapMut> {
    let memory = MapMut::anonymous(LARGEST_CHUNK as usize)?;
    for offset in (0..memory.len()).step_by(PAGE) {
        // SAFETY: below the length of memory that nobody else has yet. Volatile, since nobody reads it.
        unsafe { memory.as_mut_ptr().add(offset).write_volatile(0) };
    }
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touched_memory_is_used_before_fresh_memory() {
        let mut spare = SpareMemory::default();
        assert_eq!(spare.wanted(), KEPT);
        let touched = touched_chunk().unwrap();
        let address = touched.as_ptr();
        spare.keep(touched);
        spare.keep(MapMut::anonymous(4096).unwrap());
        assert_eq!((spare.wanted(), spare.bytes()), (KEPT - 1, LARGEST_CHUNK));
        assert_ne!(spare.take(4096).unwrap().as_ptr(), address);
        assert_eq!(spare.take(LARGEST_CHUNK).unwrap().as_ptr(), address);
        (0..KEPT + 3).for_each(|_| spare.keep(touched_chunk().unwrap()));
        assert_eq!(spare.wanted(), 0);
        spare.limit(2);
        assert_eq!((spare.wanted(), spare.bytes()), (0, 2 * LARGEST_CHUNK));
    }
}
