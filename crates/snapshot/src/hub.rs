//! Hubs: a directory of chunks instead of one block.
//!
//! A chunk or the directory's list of handles is all that is ever copied, so an insert costs no more in a hub of a million
//! edges than in a leaf. The chunks' ordinals ascend from one to the next. A chunk that became empty leaves
//! [`NO_BLOCK`] in the directory; the header's `dead` counts those, and when there are many the directory is rewritten.

use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::AtomicU32;

use crate::adjacency::push;
use crate::blocks::{HEADER, NO_BLOCK, size_class};
use crate::edges::{EdgeRef, FIRST_DIRECTORY, HUB_CHUNK, Segment, Shape};
use crate::error::ApplyError;
use crate::linker::Linker;

impl Linker {
    /// Appends to a hub; gives the handle of its directory, another one if it grew.
    pub(crate) fn push_hub(&mut self, hub: u32, edge: EdgeRef) -> Result<u32, ApplyError> {
        let header = self.shared.blocks.header(hub).ok_or(ApplyError::Full)?;
        let (shape, count) = (Shape::of(header), header.count.load(Ordering::Relaxed));
        if let Some(last) = count.checked_sub(1).and_then(|last| self.chunk(hub, last))
            && let Some(leaf) = self.shared.blocks.block(last)
            && leaf.header().count.load(Ordering::Relaxed) < Shape::of(leaf.header()).capacity()
        {
            push(leaf, edge)?;
            return Ok(hub);
        }
        let chunk = self.build_leaf(HUB_CHUNK, &[(edge, u32::MAX)])?;
        let hub = if count < shape.capacity() { hub } else { self.rewrite_directory(hub)? };
        self.push_chunk(hub, chunk);
        Ok(hub)
    }

    /// A directory of the chunks that are left, with room for half as many more. Not yet in any row; the old one is retired.
    pub(crate) fn rewrite_directory(&mut self, hub: u32) -> Result<u32, ApplyError> {
        let header = self.shared.blocks.header(hub).ok_or(ApplyError::Full)?;
        let (shape, count) = (Shape::of(header), header.count.load(Ordering::Relaxed));
        let chunks: Vec<u32> = (0..count).filter_map(|index| self.chunk(hub, index)).collect();
        let class = size_class(HEADER + 4 * (chunks.len() + 1 + chunks.len() / 2)).ok_or(ApplyError::Full)?;
        let fresh = self.new_block(Shape { class: class.max(FIRST_DIRECTORY), hub: true })?;
        chunks.iter().for_each(|chunk| self.push_chunk(fresh, *chunk));
        self.retire_block(hub, shape.class);
        Ok(fresh)
    }

    /// The handles of a hub's chunks.
    fn chunks(&self, hub: u32) -> &[AtomicU32] {
        let Some(block) = self.shared.blocks.block(hub) else { return &[] };
        let count = block.header().count.load(Ordering::Relaxed).min(Shape::of(block.header()).capacity());
        // SAFETY: directory entries are atomics, and the writer wrote those below the count.
        unsafe { block.atomics(HEADER, count as usize) }
    }

    /// The chunk of a hub at an index, `None` for one that became empty.
    pub(crate) fn chunk(&self, hub: u32, index: u32) -> Option<u32> {
        let handle = self.chunks(hub).get(index as usize)?.load(Ordering::Relaxed);
        (handle != NO_BLOCK).then_some(handle)
    }

    /// Appends a chunk that is not empty to a directory that has room.
    pub(crate) fn push_chunk(&self, hub: u32, chunk: u32) {
        if let Some(header) = self.shared.blocks.header(hub) {
            let count = header.count.load(Ordering::Relaxed);
            self.shared.blocks.write(hub, HEADER, count as usize, chunk);
            // Release: who counts the chunk finds it, and what is in it.
            header.count.store(count + 1, Ordering::Release);
        }
    }

    /// Puts another chunk, or none, in the place of one.
    pub(crate) fn replace_chunk(&self, hub: u32, index: u32, chunk: u32) {
        if let Some(place) = self.chunks(hub).get(index as usize) {
            // Release: who loads the new handle finds the chunk filled.
            place.store(chunk, Ordering::Release);
        }
        if chunk == NO_BLOCK
            && let Some(header) = self.shared.blocks.header(hub)
        {
            header.dead.store(header.dead.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }

    /// The chunk of a hub that holds an ordinal, and its index.
    pub(crate) fn find_chunk(&self, hub: u32, ordinal: u32) -> Option<(u32, u32)> {
        let header = self.shared.blocks.header(hub)?;
        let (mut low, mut high) = (0, header.count.load(Ordering::Relaxed));
        while low < high {
            let middle = (low + high) / 2;
            // An empty chunk has no ordinals: ask the nearest one to its right that has. There are few: see `prune`.
            let Some((at, chunk)) = (middle..high).find_map(|at| Some((at, self.chunk(hub, at)?))) else {
                high = middle;
                continue;
            };
            // SAFETY: this is the writer.
            let segment = unsafe { Segment::of_leaf(&self.shared.blocks, chunk, u32::MAX) }?;
            match (segment.ordinals.first(), segment.ordinals.last()) {
                (Some(first), _) if ordinal < *first => high = middle,
                (_, Some(last)) if ordinal > *last => low = at + 1,
                _ => return Some((at, chunk)),
            }
        }
        None
    }
}
