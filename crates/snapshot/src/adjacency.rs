//! The writer's work on one slot's edges in one direction: appending, growing, ending.

use sutra_sync::atomic::Ordering;

use crate::blocks::{Block, HEADER, IMAGE_ROW, NO_BLOCK, size_class};
use crate::edges::{EdgeRef, FIRST_DIRECTORY, HUB_CHUNK, LEAF_CAPACITY, LeafColumns, Segment, Shape, Side};
use crate::error::{ApplyError, Damage};
use crate::linker::Linker;
use crate::reclaim::is_seen;
use crate::rows::Row;

/// An edge and the ordinal at which it ended, `u32::MAX` if it has not.
pub(crate) type Survivor = (EdgeRef, u32);

impl Linker {
    /// Appends an edge to a slot's block.
    pub(crate) fn append_edge(&mut self, slot: u32, row: &Row, side: Side, edge: EdgeRef) -> Result<(), ApplyError> {
        let handle = row.edges(side).load(Ordering::Relaxed);
        if handle > IMAGE_ROW
            && let Some(block) = self.shared.blocks.block(handle)
        {
            let shape = Shape::of(block.header());
            if shape.hub {
                let grown = self.push_hub(handle, edge)?;
                if grown != handle {
                    row.edges(side).store(grown, Ordering::Release);
                }
                return Ok(());
            }
            if block.header().count.load(Ordering::Relaxed) < shape.capacity() {
                return push(block, edge);
            }
        }
        let fresh = match self.grown_leaf(handle)? {
            Some(fresh) => fresh,
            None => {
                let mut rest = std::mem::take(&mut self.survivors);
                self.collect_survivors(slot, side, &mut rest)?;
                let fresh = self.build(&rest, 1)?;
                self.survivors = rest;
                fresh
            }
        };
        let fresh = self.push_to(fresh, edge)?;
        // Release: who finds the block finds its entries.
        row.edges(side).store(fresh, Ordering::Release);
        if handle > IMAGE_ROW {
            self.retire(handle);
        }
        Ok(())
    }

    /// The leaf of the next size with the same entries, not yet in any row, where that is all there is to it: the slot has no
    /// edges yet, or a leaf of which none has ended and that does not become a hub.
    fn grown_leaf(&mut self, handle: u32) -> Result<Option<u32>, ApplyError> {
        if handle == NO_BLOCK {
            return Ok(Some(self.new_block(Shape { class: 0, hub: false })?));
        }
        let Some(block) = (handle > IMAGE_ROW).then(|| self.shared.blocks.block(handle)).flatten() else {
            return Ok(None);
        };
        let old = Shape::of(block.header());
        if old.hub || old.class >= HUB_CHUNK || block.header().until.load(Ordering::Relaxed) != NO_BLOCK {
            return Ok(None);
        }
        let shape = Shape { class: old.class + 1, hub: false };
        let grown = self.new_block(shape)?;
        let blocks = &self.shared.blocks;
        let (from, to) = (blocks.block(handle).ok_or(ApplyError::Full)?, blocks.block(grown).ok_or(ApplyError::Full)?);
        let count = from.header().count.load(Ordering::Relaxed);
        let from = LeafColumns::of(from, old.capacity()).ok_or(ApplyError::Full)?;
        LeafColumns::of(to, shape.capacity()).ok_or(ApplyError::Full)?.copy(&from, count as usize);
        to.header().count.store(count, Ordering::Release);
        Ok(Some(grown))
    }

    /// Everything of a slot that a snapshot or the store itself still sees.
    pub(crate) fn collect_survivors(&self, slot: u32, side: Side, rest: &mut Vec<Survivor>) -> Result<(), ApplyError> {
        rest.clear();
        for segment in self.edges(slot, self.row(slot)?, side)?.segments() {
            rest.extend(self.survivors_of(&segment));
        }
        Ok(())
    }

    /// What somebody still sees of a segment that is not cut.
    pub(crate) fn survivors_of(&self, segment: &Segment<'_>) -> impl Iterator<Item = Survivor> {
        (0..segment.targets.len())
            .map(|index| (segment.edge(index), segment.until(index)))
            .filter(|(edge, until)| *until == u32::MAX || is_seen(&self.live, edge.ordinal, *until))
    }

    /// A block of these edges with room for `more`, not yet in any row.
    pub(crate) fn build(&mut self, edges: &[Survivor], more: usize) -> Result<u32, ApplyError> {
        // A quarter of room, so that a block is not rewritten again at once.
        let wanted = edges.len() + more + edges.len() / 4;
        if let Some(class) = LEAF_CAPACITY.iter().position(|capacity| *capacity as usize >= wanted) {
            return self.build_leaf(class as u8, edges);
        }
        let chunks = wanted.div_ceil(LEAF_CAPACITY[HUB_CHUNK as usize] as usize) + 1;
        let class = size_class(HEADER + 4 * chunks).ok_or(ApplyError::Full)?.max(FIRST_DIRECTORY);
        let hub = self.new_block(Shape { class, hub: true })?;
        for part in edges.chunks(LEAF_CAPACITY[HUB_CHUNK as usize] as usize) {
            let chunk = self.build_leaf(HUB_CHUNK, part)?;
            self.push_chunk(hub, chunk);
        }
        Ok(hub)
    }

    /// A leaf of a class, which has room for these edges.
    pub(crate) fn build_leaf(&mut self, class: u8, edges: &[Survivor]) -> Result<u32, ApplyError> {
        let shape = Shape { class, hub: false };
        let leaf = self.new_block(shape)?;
        let block = self.shared.blocks.block(leaf).ok_or(ApplyError::Full)?;
        let columns = LeafColumns::of(block, shape.capacity()).ok_or(ApplyError::Full)?;
        for (index, (edge, _)) in edges.iter().enumerate() {
            columns.set(index, *edge);
        }
        block.header().count.store(edges.len() as u32, Ordering::Release);
        for (index, (_, until)) in edges.iter().enumerate().filter(|(_, (_, until))| *until != u32::MAX) {
            self.set_until(leaf, index, *until)?;
        }
        Ok(leaf)
    }

    /// Appends to a block that was just built; gives the block that it is then.
    fn push_to(&mut self, block: u32, edge: EdgeRef) -> Result<u32, ApplyError> {
        let found = self.shared.blocks.block(block).ok_or(ApplyError::Full)?;
        if Shape::of(found.header()).hub {
            return self.push_hub(block, edge);
        }
        push(found, edge)?;
        Ok(block)
    }

    /// Ends an edge of a slot at the ordinal of what ended it.
    pub(crate) fn end_edge(
        &mut self,
        slot: u32,
        row: &Row,
        side: Side,
        ordinal: u32,
        until: u32,
    ) -> Result<(), ApplyError> {
        let damage = Damage::new("edges of a slot", u64::from(slot));
        let mut handle = row.edges(side).load(Ordering::Relaxed);
        if handle == NO_BLOCK {
            return Err(damage.into());
        }
        if handle == IMAGE_ROW {
            let mut rest = std::mem::take(&mut self.survivors);
            self.collect_survivors(slot, side, &mut rest)?;
            handle = self.build(&rest, 0)?;
            self.survivors = rest;
            row.edges(side).store(handle, Ordering::Release);
        }
        let header = self.shared.blocks.header(handle).ok_or(damage)?;
        let leaf = if Shape::of(header).hub { self.find_chunk(handle, ordinal).ok_or(damage)?.1 } else { handle };
        let index = self.position(leaf, ordinal).ok_or(damage)?;
        self.set_until(leaf, index, until)?;
        self.ask_to_prune(leaf, slot, side, ordinal);
        Ok(())
    }

    fn position(&self, leaf: u32, ordinal: u32) -> Option<usize> {
        // SAFETY: this is the writer.
        let segment = unsafe { Segment::of_leaf(&self.shared.blocks, leaf, u32::MAX) }?;
        let index = segment.ordinals.binary_search(&ordinal).ok()?;
        (segment.until(index) == u32::MAX).then_some(index)
    }

    fn set_until(&mut self, leaf: u32, index: usize, until: u32) -> Result<(), ApplyError> {
        let header = self.shared.blocks.header(leaf).ok_or(ApplyError::Full)?;
        let capacity = Shape::of(header).capacity() as usize;
        let mut column = header.until.load(Ordering::Relaxed);
        if column == NO_BLOCK {
            let class = size_class(4 * capacity).ok_or(ApplyError::Full)?;
            let shared = &self.shared;
            column = self.allocator.allocate(&shared.blocks, class, |size| shared.take_memory(size))?;
            // SAFETY: as below; nobody has come upon the column yet.
            let ends = unsafe { shared.blocks.block(column).ok_or(ApplyError::Full)?.atomics(0, capacity) };
            ends.iter().for_each(|end| end.store(u32::MAX, Ordering::Relaxed));
            // Release: who finds the column finds it filled.
            header.until.store(column, Ordering::Release);
        }
        // SAFETY: the column has `capacity` atomics, and the writer alone frees it.
        let ends = unsafe { self.shared.blocks.block(column).ok_or(ApplyError::Full)?.atomics(0, capacity) };
        if let Some(end) = ends.get(index) {
            // Relaxed: see `Segment::is_visible`.
            end.store(until, Ordering::Relaxed);
        }
        header.dead.store(header.dead.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        Ok(())
    }

    /// Retires a leaf with its column of ends, or a directory.
    pub(crate) fn retire(&mut self, handle: u32) {
        let Some(header) = self.shared.blocks.header(handle) else { return };
        let shape = Shape::of(header);
        let column = header.until.load(Ordering::Relaxed);
        if column != NO_BLOCK
            && !shape.hub
            && let Some(class) = size_class(4 * shape.capacity() as usize)
        {
            self.retire_block(column, class);
        }
        self.retire_block(handle, shape.class);
    }
}

/// Appends to a leaf that has room.
pub(crate) fn push(leaf: Block<'_>, edge: EdgeRef) -> Result<(), ApplyError> {
    let header = leaf.header();
    let columns = LeafColumns::of(leaf, Shape::of(header).capacity()).ok_or(ApplyError::Full)?;
    let count = header.count.load(Ordering::Relaxed);
    columns.set(count as usize, edge);
    // Release: a reader that counts the entry finds it written. That it may not see it yet, its ordinal says.
    header.count.store(count + 1, Ordering::Release);
    Ok(())
}
