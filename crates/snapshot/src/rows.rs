//! Slot rows: 32 bytes a slot, the entry to everything that is known of a concept.

use sutra_format::geometry::{chunk_size, locate};
use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::{AtomicU32, AtomicU64};
use sutra_vfs::MapMut;

use crate::arena::{Backing, ChunkTable};
use crate::edges::Side;

/// One row. In an image the same 32 bytes are `ImageRow`.
#[repr(C)]
pub(crate) struct Row {
    /// Ordinal of the newest concept record, perhaps not yet published. Stored with Release after the version block.
    pub(crate) latest: AtomicU32,
    /// Handle of the outgoing edges.
    pub(crate) out: AtomicU32,
    /// Handle of the incoming edges.
    pub(crate) incoming: AtomicU32,
    /// Handle of the older versions that some snapshot may need.
    pub(crate) versions: AtomicU32,
    /// Microseconds since the Unix epoch; 0 for never.
    pub(crate) last_accessed: AtomicU64,
    /// Accesses that were recorded.
    pub(crate) access_count: AtomicU32,
    /// Zero.
    pub(crate) reserved: AtomicU32,
}

const ROW: u32 = 32;
/// Chunks that there can be: enough for 2^32 rows.
const CHUNKS: usize = if cfg!(any(loom, miri)) { 8 } else { (1 << 15) + 64 };
const _: () = assert!(size_of::<Row>() == ROW as usize && align_of::<Row>() == 8);

impl Row {
    pub(crate) fn edges(&self, side: Side) -> &AtomicU32 {
        match side {
            Side::Out => &self.out,
            Side::In => &self.incoming,
        }
    }

    /// Writer only, before the slot is in the id table.
    pub(crate) fn reset(&self, latest: u32) {
        self.out.store(0, Ordering::Relaxed);
        self.incoming.store(0, Ordering::Relaxed);
        self.versions.store(0, Ordering::Relaxed);
        self.last_accessed.store(0, Ordering::Relaxed);
        self.access_count.store(0, Ordering::Relaxed);
        self.reserved.store(0, Ordering::Relaxed);
        self.latest.store(latest, Ordering::Release);
    }
}

/// All rows. Chunks never move and are never replaced, so a row lives as long as this.
#[derive(Debug)]
pub(crate) struct Rows(ChunkTable);

impl Rows {
    pub(crate) fn new() -> std::io::Result<Self> {
        ChunkTable::new(CHUNKS, ROW).map(Self)
    }

    /// The row of a slot, `None` where there is no chunk for it.
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&Row> {
        let (chunk, offset) = locate(u64::from(slot) * u64::from(ROW));
        let start = self.0.start(chunk)?;
        // SAFETY: every chunk of rows has the regular size, which `offset` lies below, as do the 31 bytes that follow, since
        // it and the size are multiples of 32; it is never freed before `self`. Chunks begin page-aligned, so the row is
        // aligned; any bytes are valid atomics.
        Some(unsafe { start.add(offset as usize).cast::<Row>().as_ref() })
    }

    /// Writer only: makes sure that the slot has a row. A new one holds whatever its memory held.
    pub(crate) fn reserve(
        &self,
        slot: u32,
        memory: impl FnOnce(u64) -> std::io::Result<MapMut>,
    ) -> std::io::Result<bool> {
        let (chunk, _) = locate(u64::from(slot) * u64::from(ROW));
        if self.0.chunk_len(chunk) > 0 {
            return Ok(true);
        }
        Ok(self.0.insert(chunk, Backing::Heap(memory(chunk_size(chunk))?), None))
    }

    /// Writer only, at restore: takes the rows of an image, which lie one after the other in private memory. Whole chunks
    /// stay where they are; the last, begun one is copied, since further rows follow in it.
    pub(crate) fn adopt(&self, memory: MapMut, slots: u32) -> std::io::Result<bool> {
        let memory = std::sync::Arc::new(memory);
        let total = slots as usize * ROW as usize;
        let (mut chunk, mut start) = (0, 0);
        while start < total && total <= memory.len() {
            let size = chunk_size(chunk) as usize;
            let backing = if start + size <= total {
                Backing::Private(memory.clone(), start..start + size)
            } else {
                let copy = MapMut::anonymous(size)?;
                // SAFETY: both ranges lie within their memory (checked by the loop's condition and the size of a chunk),
                // and they are different memory.
                unsafe {
                    let from = memory.as_ptr().add(start);
                    std::ptr::copy_nonoverlapping(from, copy.as_mut_ptr(), total - start);
                }
                Backing::Heap(copy)
            };
            if !self.0.insert(chunk, backing, None) {
                return Ok(false);
            }
            start += size;
            chunk += 1;
        }
        Ok(total <= memory.len())
    }

    pub(crate) fn heap_bytes(&self) -> u64 {
        self.0.heap_bytes()
    }
}
