//! Memory for the small growing structures of a slot: edges, their ends, versions, directories of hubs.
//!
//! A handle is a u32 in units of 16 bytes. Blocks come in a few sizes; a freed one goes to its size's list and is used
//! again, because fresh memory is the scarcest thing there is.

use std::marker::PhantomData;
use std::ops::Range;
use std::ptr::NonNull;

use sutra_format::geometry::{chunk_size, chunk_start, locate};
use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::{self, AtomicU32};
use sutra_vfs::MapMut;

use crate::arena::{Backing, ChunkTable};
use crate::error::ApplyError;

/// Bytes of the sizes. The first eleven hold 2, 6, 8, 12, 18, 24, 35, 48, 96, 192 and 384 edges. A small block is followed by one
/// that is a third to a half larger: with doubled ones an association takes 53 bytes, with these 50, and the first step,
/// which most take, is a large one, so that there are as few of them (0.43 to 0.42 blocks an edge, at five edges a slot).
pub(crate) const SIZES: [u32; 16] =
    [48, 96, 128, 176, 256, 336, 480, 640, 1264, 2512, 5008, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/// No block.
pub(crate) const NO_BLOCK: u32 = 0;
/// Not a block: the slot's edges are its row of the image.
pub(crate) const IMAGE_ROW: u32 = 1;

const UNIT: u64 = 16;

/// Begins every block. Everything is atomic, so that readers may look while the writer works.
#[repr(C)]
pub(crate) struct Header {
    /// Entries, or chunks of a hub. Stored with Release after the entry is written.
    pub(crate) count: AtomicU32,
    /// Handle of the column of `until`, [`NO_BLOCK`] while no entry of the block has ended.
    pub(crate) until: AtomicU32,
    /// Capacity and kind, see `edges`. Written before the block is reachable.
    pub(crate) shape: AtomicU32,
    /// Entries that have ended. The writer's own.
    pub(crate) dead: AtomicU32,
}

pub(crate) const HEADER: usize = size_of::<Header>();
const _: () = assert!(HEADER == 16);

/// The smallest size that holds `bytes`.
pub(crate) fn size_class(bytes: usize) -> Option<u8> {
    SIZES.iter().position(|size| *size as usize >= bytes).and_then(|class| u8::try_from(class).ok())
}

/// Chunks that there can be: all that handles address.
const CHUNKS: usize = if cfg!(any(loom, miri)) { 8 } else { (1 << 14) + 64 };

/// The memory, readable by handle.
#[derive(Debug)]
pub(crate) struct Blocks {
    table: ChunkTable,
    /// How many chunks there are; locked by the writer's threads only, once a chunk.
    chunks: sutra_sync::Mutex<u32>,
}

impl Blocks {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self { table: ChunkTable::new(CHUNKS, 1)?, chunks: sutra_sync::Mutex::new(0) })
    }

    /// Writer only: one more chunk; the bytes of all chunks at which it begins and ends.
    fn grow(&self, memory: impl FnOnce(u64) -> std::io::Result<MapMut>) -> Result<Range<u64>, ApplyError> {
        let mut chunks = self.chunks.lock();
        let start = chunk_start(*chunks);
        let end = start + chunk_size(*chunks);
        if u32::try_from(end / UNIT).is_err()
            || !self.table.insert(*chunks, Backing::Heap(memory(chunk_size(*chunks))?), None)
        {
            return Err(ApplyError::Full);
        }
        *chunks += 1;
        Ok(start..end)
    }

    /// The address of `bytes` bytes of a block; null for a handle that was never given out.
    #[inline]
    pub(crate) fn address(&self, handle: u32, bytes: usize) -> *mut u8 {
        let (chunk, offset) = locate(u64::from(handle) * UNIT);
        self.table.address(chunk, offset..offset.saturating_add(bytes as u32))
    }

    /// A block that is reachable from a row, found once. `None` for a handle that was never given out.
    #[inline]
    pub(crate) fn block(&self, handle: u32) -> Option<Block<'_>> {
        let (chunk, offset) = locate(u64::from(handle) * UNIT);
        let (start, room) = self.table.reach(chunk, offset)?;
        (room as usize >= HEADER).then_some(Block { start, room: room as usize, _blocks: PhantomData })
    }

    /// The header of a block that is reachable from a row.
    #[inline]
    pub(crate) fn header(&self, handle: u32) -> Option<&Header> {
        self.block(handle).map(Block::header)
    }

    /// Asks the processor for the header of a block and the beginning of its targets.
    #[inline]
    pub(crate) fn prefetch(&self, handle: u32) {
        let (chunk, offset) = locate(u64::from(handle) * UNIT);
        let header = self.table.hint(chunk, offset);
        crate::ids::prefetch(header);
        crate::ids::prefetch(header.wrapping_add(64));
    }

    /// Writer only: writes one value of a column, which no reader looks at yet.
    #[inline]
    pub(crate) fn write<T: Copy>(&self, handle: u32, offset: usize, index: usize, value: T) {
        let at = offset + index * size_of::<T>();
        let start = self.address(handle, at + size_of::<T>());
        debug_assert!(!start.is_null());
        if !start.is_null() {
            mapped::writes(start.wrapping_add(at), size_of::<T>());
            // SAFETY: in bounds as `address` checked, aligned as columns are, and beyond the published count, so that
            // nobody else touches it.
            unsafe { start.add(at).cast::<T>().write(value) };
        }
    }

    pub(crate) fn heap_bytes(&self) -> u64 {
        self.table.heap_bytes()
    }
}

/// A block. What lies in it is found from its beginning, without another look at the table of chunks.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    start: NonNull<u8>,
    /// Bytes from there to the end of its chunk; at least those of a header.
    room: usize,
    _blocks: PhantomData<&'a Blocks>,
}

impl<'a> Block<'a> {
    #[inline]
    pub(crate) fn header(self) -> &'a Header {
        // SAFETY: 16 bytes of a chunk that is never freed before the blocks; handles are multiples of 16 bytes in
        // page-aligned chunks. A block is given out again only when no snapshot can reach its handle.
        unsafe { self.start.cast().as_ref() }
    }

    /// `count` plain values of a column that begins `offset` bytes into the block; none if the block ends before.
    ///
    /// # Safety
    /// The values were written before something was published (Release) that the caller has loaded (Acquire), they do not
    /// change any more, and the block is kept for `'a` by a snapshot that the caller holds.
    #[inline]
    pub(crate) unsafe fn column<T: Copy>(self, offset: usize, count: usize) -> &'a [T] {
        // SAFETY: the caller's promise.
        let values: &[T] = unsafe { self.slice(offset, count) };
        mapped::reads_column(values.as_ptr(), values.len());
        values
    }

    /// As [`Block::column`], of values that change while they are read.
    ///
    /// # Safety
    /// As there, but that they may change by atomic stores.
    #[inline]
    pub(crate) unsafe fn atomics(self, offset: usize, count: usize) -> &'a [AtomicU32] {
        // SAFETY: the caller's promise.
        unsafe { self.slice(offset, count) }
    }

    /// # Safety
    /// As for [`Block::column`]; values that change are atomics.
    #[inline]
    unsafe fn slice<T>(self, offset: usize, count: usize) -> &'a [T] {
        if offset + count * size_of::<T>() > self.room {
            return &[];
        }
        // SAFETY: the range is inside one chunk; offsets of columns are multiples of their type's alignment; initialised
        // and kept alive by this function's contract.
        unsafe { std::slice::from_raw_parts(self.start.add(offset).cast::<T>().as_ptr(), count) }
    }

    /// The address of `bytes` bytes, for the writer; `None` if the block ends before.
    #[inline]
    pub(crate) fn address(self, bytes: usize) -> Option<NonNull<u8>> {
        (bytes <= self.room).then_some(self.start)
    }
}

/// The writer's side: which memory is free. Several may share the blocks, each with memory of its own.
#[derive(Debug, Default)]
pub(crate) struct Allocator {
    /// The first free block of each size, [`NO_BLOCK`] if there is none. The next one's handle is in its first word: a list of
    /// handles would take four bytes an association after a burst.
    free: [u32; SIZES.len()],
    /// Next byte that was never given out, and the end of its chunk.
    next: u64,
    end: u64,
    /// The same of another chunk, which is used next.
    later: Range<u64>,
}

impl Allocator {
    /// A block of a size, in a chunk of `memory` if another one is needed. Its bytes are whatever they were.
    pub(crate) fn allocate(
        &mut self,
        blocks: &Blocks,
        class: u8,
        memory: impl Fn(u64) -> std::io::Result<MapMut>,
    ) -> Result<u32, ApplyError> {
        let free = self.free[class as usize];
        if free != NO_BLOCK {
            // Relaxed: only the writer uses a free block.
            let next = blocks.header(free).map_or(NO_BLOCK, |header| header.count.load(Ordering::Relaxed));
            // The next one will be asked where the one behind it is, and then be written.
            blocks.prefetch(next);
            self.free[class as usize] = next;
            return Ok(free);
        }
        let size = u64::from(SIZES[class as usize]);
        while self.next + size > self.end {
            self.give_rest(blocks);
            let mut chunk = std::mem::take(&mut self.later);
            if chunk.is_empty() {
                chunk = blocks.grow(&memory)?;
            }
            // Handles 0 and 1 mean something else.
            (self.next, self.end) = (chunk.start.max(2 * UNIT), chunk.end);
        }
        let handle = (self.next / UNIT) as u32;
        self.next += size;
        Ok(handle)
    }

    /// Takes back a block that no snapshot can reach.
    pub(crate) fn free(&mut self, blocks: &Blocks, handle: u32, class: u8) {
        if let Some(header) = blocks.header(handle) {
            header.count.store(self.free[class as usize], Ordering::Relaxed);
            self.free[class as usize] = handle;
        }
    }

    /// Takes the chunk that another one would use next.
    pub(crate) fn take_later(&mut self, other: &mut Self) {
        self.later = std::mem::take(&mut other.later);
    }

    /// Takes over the free memory of another one. O(its free blocks).
    pub(crate) fn absorb(&mut self, blocks: &Blocks, mut other: Self) {
        // The longest of what is left of chunks is used next; the others are cut up.
        let mut rests = [other.next..other.end, std::mem::take(&mut other.later), std::mem::take(&mut self.later)];
        rests.sort_unstable_by_key(|rest| rest.end - rest.start);
        let [shortest, shorter, longest] = rests;
        self.later = longest;
        for rest in [shortest, shorter] {
            (other.next, other.end) = (rest.start, rest.end);
            other.give_rest(blocks);
        }
        for (class, mut free) in (0..).zip(other.free) {
            while free != NO_BLOCK {
                let next = blocks.header(free).map_or(NO_BLOCK, |header| header.count.load(Ordering::Relaxed));
                self.free(blocks, free, class);
                free = next;
            }
        }
    }

    /// Cuts what is left of the current chunk into the sizes that fit.
    fn give_rest(&mut self, blocks: &Blocks) {
        for (class, size) in (0_u8..SIZES.len() as u8).zip(SIZES).rev() {
            while self.next + u64::from(size) <= self.end {
                self.free(blocks, (self.next / UNIT) as u32, class);
                self.next += u64::from(size);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn what_is_absorbed_is_used_before_there_is_another_chunk() {
        let (blocks, [mut one, mut other, mut third]) =
            (Blocks::new().unwrap(), [(); 3].map(|()| Allocator::default()));
        let memory = |size| MapMut::anonymous(size as usize);
        let given: Vec<_> = [&mut one, &mut other, &mut third]
            .into_iter()
            .flat_map(|allocator| [0, 1, 1].map(|class| (allocator.allocate(&blocks, class, memory).unwrap(), class)))
            .collect();
        let (freed, _) = given[4];
        other.free(&blocks, freed, 1);
        one.absorb(&blocks, other);
        one.absorb(&blocks, third);
        let chunks = *blocks.chunks.lock();
        assert_eq!((chunks, one.allocate(&blocks, 1, memory).unwrap()), (3, freed));
        let mut owned: Vec<_> =
            given.iter().flat_map(|(handle, class)| *handle..handle + SIZES[*class as usize] / 16).collect();
        let no_more = |_| Err(std::io::ErrorKind::OutOfMemory.into());
        for class in (0..SIZES.len() as u8).rev() {
            while let Ok(handle) = one.allocate(&blocks, class, no_more) {
                owned.extend(handle..handle + SIZES[class as usize] / 16);
            }
        }
        let all: u64 = (0..chunks).map(chunk_size).sum();
        let count = owned.len();
        owned.sort_unstable();
        owned.dedup();
        assert_eq!(owned.len(), count, "a unit was given out twice");
        // Two handles mean something else, and what is left of a chunk may be less than the smallest block.
        assert!(count as u64 * UNIT + 2 * UNIT + u64::from(chunks) * 48 > all, "{count} units of {all} bytes");
    }

    #[test]
    fn blocks_never_overlap_and_are_used_again() {
        let (blocks, mut allocator) = (Blocks::new().unwrap(), Allocator::default());
        let memory = |size| MapMut::anonymous(size as usize);
        let mut owners: HashMap<u32, u32> = HashMap::new();
        let mut given = Vec::new();
        for round in 0..4000_u32 {
            let class = (round * 7 % 9) as u8;
            let handle = allocator.allocate(&blocks, class, memory).unwrap();
            assert!(handle > IMAGE_ROW && !blocks.address(handle, SIZES[class as usize] as usize).is_null());
            for unit in handle..handle + SIZES[class as usize] / 16 {
                assert_eq!(owners.insert(unit, round), None, "unit {unit} given out twice");
            }
            given.push((handle, class));
        }
        let (handle, class) = given[100];
        allocator.free(&blocks, handle, class);
        allocator.free(&blocks, given[101].0, given[101].1);
        allocator.free(&blocks, given[109].0, given[109].1);
        assert_eq!(given[109].1, class, "the same size, in the order of a stack");
        assert_eq!(allocator.allocate(&blocks, class, memory).unwrap(), given[109].0);
        assert_eq!(allocator.allocate(&blocks, class, memory).unwrap(), handle);
    }
}
