//! Memory for chunks: freed, else fresh.

use sutra_format::geometry::LARGEST_CHUNK;
use sutra_vfs::MapMut;

/// Chunks that are kept, unless the writer is told otherwise.
const KEPT: usize = 16;

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

    /// Gives back what is kept; what is freed from now on is kept again.
    pub(crate) fn release(&mut self) {
        self.chunks.drain(..).for_each(free);
    }

    /// Keeps memory for later, if it has the common size and few are kept.
    pub(crate) fn keep(&mut self, memory: MapMut) {
        if memory.len() as u64 == LARGEST_CHUNK && self.chunks.len() < self.kept {
            self.chunks.push(memory);
        } else {
            free(memory);
        }
    }

    /// Keeps at most so many from now on.
    pub(crate) fn limit(&mut self, kept: usize) {
        self.kept = kept;
        self.chunks.drain(kept.min(self.chunks.len())..).for_each(free);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.chunks.len() as u64 * LARGEST_CHUNK
    }
}

fn free(memory: MapMut) {
    let (start, bytes) = (memory.as_ptr(), memory.len());
    sutra_sync::mapped::free(memory, start, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_memory_is_used_before_fresh_memory() {
        let chunk = || MapMut::anonymous(LARGEST_CHUNK as usize).unwrap();
        let mut spare = SpareMemory::default();
        let freed = chunk();
        let address = freed.as_ptr();
        spare.keep(freed);
        spare.keep(MapMut::anonymous(4096).unwrap());
        assert_eq!(spare.bytes(), LARGEST_CHUNK, "only chunks of the largest size are kept");
        assert_ne!(spare.take(4096).unwrap().as_ptr(), address);
        assert_eq!(spare.take(LARGEST_CHUNK).unwrap().as_ptr(), address);
        (0..KEPT + 3).for_each(|_| spare.keep(chunk()));
        assert_eq!(spare.bytes(), KEPT as u64 * LARGEST_CHUNK);
        spare.limit(2);
        assert_eq!(spare.bytes(), 2 * LARGEST_CHUNK);
        spare.release();
        assert_eq!(spare.bytes(), 0);
        spare.keep(chunk());
        assert_eq!(spare.bytes(), LARGEST_CHUNK);
    }
}
