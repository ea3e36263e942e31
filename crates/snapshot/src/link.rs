//! The writer's work on associations: records, and the blocks of both ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use sutra_format::entry::LearnAssociation;
use sutra_format::{AssociationRecord, ConceptId, NO_BLOB, NONE, id_hash};
use zerocopy::FromZeros;
use zerocopy::little_endian::{F32, U32, U64};

use crate::blocks::{HEADER, IMAGE_ROW, NO_BLOCK, size_class};
use crate::edges::{Columns, EdgeRef, Edges, FIRST_DIRECTORY, HUB_CHUNK, LEAF_CAPACITY, Segment, Shape, Side};
use crate::error::{ApplyError, Damage};
use crate::reclaim::is_seen;
use crate::writer::Writer;

/// From this degree on at both ends, an existing association is looked up by hash.
const HUB: usize = 512;
/// Blocks that one publish rewrites at most because they are half dead.
const REWRITTEN_PER_GROUP: usize = 64;
/// Edges that have ended before a block is worth rewriting.
const WORTH_REWRITING: u32 = 4;

/// Ordinals of the outgoing edges of a few hubs by target and type: the writer's own, made when two hubs meet.
pub(crate) type HubIndex = HashMap<u32, HashMap<(u32, u8), u32>>;

/// An edge and the ordinal at which it ended.
type Survivor = (EdgeRef, u32);

impl Writer {
    pub(crate) fn learn_association(
        &mut self,
        sequence: u64,
        time: u64,
        learn: &LearnAssociation<'_>,
    ) -> Result<(), ApplyError> {
        let source = self.end_slot(sequence, time, &learn.source, learn.source_key, learn.namespace)?;
        let target = self.end_slot(sequence, time, &learn.target, learn.target_key, learn.namespace)?;
        let existing = self.find_edge(source, target, learn.kind.0)?;
        let mut record = match existing {
            // SAFETY: this is the writer, which wrote the record.
            Some(ordinal) => *unsafe { self.shared.association(ordinal) }?,
            None => {
                let mut record = AssociationRecord::new_zeroed();
                record.source = U32::new(source);
                record.target = U32::new(target);
                record.kind = learn.kind.0;
                record.weight = F32::new(1.0);
                record.created = U64::new(time);
                record.valid_until = U32::new(u32::MAX);
                record.metadata = U64::new(NO_BLOB);
                record
            }
        };
        record.previous = U32::new(existing.unwrap_or(NONE));
        record.sequence = U64::new(sequence);
        record.confidence = F32::new(learn.confidence);
        if let Some(weight) = learn.weight {
            record.weight = F32::new(weight);
        }
        if let Some(created) = learn.created {
            record.created = U64::new(created);
        }
        if let Some((from, until)) = learn.validity {
            record.valid_from = U32::new(from);
            record.valid_until = U32::new(until);
        }
        if let Some(metadata) = learn.metadata {
            (record.metadata, record.metadata_checksum) = self.append_blob(metadata)?;
        }
        let ordinal = self.append_association(record)?;
        self.link(ordinal, &record)
    }

    /// Forgets one association. False if there is none.
    pub(crate) fn forget_association(
        &mut self,
        sequence: u64,
        time: u64,
        source: &ConceptId,
        target: &ConceptId,
        kind: u8,
    ) -> Result<bool, ApplyError> {
        let Some(source) = self.slot_of(source, id_hash(source.as_bytes()))? else { return Ok(false) };
        let Some(target) = self.slot_of(target, id_hash(target.as_bytes()))? else { return Ok(false) };
        let Some(existing) = self.find_edge(source, target, kind)? else { return Ok(false) };
        let mut record = tombstone(AssociationRecord::TOMBSTONE, (source, target), sequence, time);
        record.kind = kind;
        record.previous = U32::new(existing);
        let ordinal = self.append_association(record)?;
        self.link(ordinal, &record)?;
        Ok(true)
    }

    /// Ends every association of a slot, with one record if there is any. O(degree).
    pub(crate) fn end_all_edges(&mut self, sequence: u64, time: u64, slot: u32) -> Result<(), ApplyError> {
        if self.current(slot, Side::Out)?.iter().next().is_none()
            && self.current(slot, Side::In)?.iter().next().is_none()
        {
            return Ok(());
        }
        let record = tombstone(AssociationRecord::SLOT_TOMBSTONE, (slot, slot), sequence, time);
        let ordinal = self.append_association(record)?;
        self.link(ordinal, &record)
    }

    /// Does to rows, blocks and counts what an association record says. For applying and for restoring alike.
    pub(crate) fn link(&mut self, ordinal: u32, record: &AssociationRecord) -> Result<(), ApplyError> {
        let (source, target) = (record.source.get(), record.target.get());
        if source >= self.lengths.slots || target >= self.lengths.slots {
            return Err(Damage::new("association records", u64::from(ordinal) * 64).into());
        }
        if record.flags == AssociationRecord::SLOT_TOMBSTONE {
            return self.unlink_slot(ordinal, source);
        }
        if record.is_live() {
            let (confidence, kind) = (record.confidence.get(), record.kind);
            self.append_edge(source, Side::Out, EdgeRef { target, ordinal, confidence, kind })?;
            self.append_edge(target, Side::In, EdgeRef { target: source, ordinal, confidence, kind })?;
            self.lengths.edges += 1;
            if let Some(index) = self.hubs.get_mut(&source) {
                index.insert((target, kind), ordinal);
            }
        } else if let Some(index) = self.hubs.get_mut(&source) {
            index.remove(&(target, record.kind));
        }
        let previous = record.previous.get();
        if previous != NONE {
            self.end_edge(source, Side::Out, previous, ordinal)?;
            self.end_edge(target, Side::In, previous, ordinal)?;
            self.lengths.edges -= 1;
        }
        Ok(())
    }

    fn unlink_slot(&mut self, ordinal: u32, slot: u32) -> Result<(), ApplyError> {
        let out: Vec<_> = self.current(slot, Side::Out)?.iter().collect();
        for edge in &out {
            self.end_edge(slot, Side::Out, edge.ordinal, ordinal)?;
            self.end_edge(edge.target, Side::In, edge.ordinal, ordinal)?;
        }
        // Self-loops ended with the outgoing edges; what is left comes from others.
        let incoming: Vec<_> = self.current(slot, Side::In)?.iter().collect();
        for edge in &incoming {
            self.end_edge(slot, Side::In, edge.ordinal, ordinal)?;
            self.end_edge(edge.target, Side::Out, edge.ordinal, ordinal)?;
            if let Some(index) = self.hubs.get_mut(&edge.target) {
                index.remove(&(slot, edge.kind));
            }
        }
        self.hubs.remove(&slot);
        self.lengths.edges -= (out.len() + incoming.len()) as u32;
        Ok(())
    }

    /// The edges of a slot with everything that was applied.
    pub(crate) fn current(&self, slot: u32, side: Side) -> Result<Edges<'_>, ApplyError> {
        let handle = self.row(slot)?.edges(side).load(Ordering::Relaxed);
        let blocks = &self.shared.blocks;
        Ok(match (handle, &self.shared.image) {
            (NO_BLOCK, _) => Edges::none(blocks),
            (IMAGE_ROW, Some(image)) => Edges::of_segment(blocks, image.edges(slot, side, u32::MAX)?),
            // SAFETY: this is the writer, which alone frees blocks. The length is above all ordinals, and at most every
            // `until` that has not been set.
            (handle, _) => unsafe { Edges::of_block(blocks, handle, u32::MAX) },
        })
    }

    /// Ordinal of the association of two slots with a type.
    fn find_edge(&mut self, source: u32, target: u32, kind: u8) -> Result<Option<u32>, ApplyError> {
        let (out, incoming) = (self.current(source, Side::Out)?, self.current(target, Side::In)?);
        let (out_degree, in_degree) = (out.upper_bound(), incoming.upper_bound());
        if out_degree.min(in_degree) <= HUB {
            let edge = if out_degree <= in_degree { out.find(target, kind) } else { incoming.find(source, kind) };
            return Ok(edge.map(|edge| edge.ordinal));
        }
        if !self.hubs.contains_key(&source) {
            let index = out.iter().map(|edge| ((edge.target, edge.kind), edge.ordinal)).collect();
            self.hubs.insert(source, index);
        }
        Ok(self.hubs.get(&source).and_then(|index| index.get(&(target, kind)).copied()))
    }

    /// Appends an edge to a slot's block.
    pub(crate) fn append_edge(&mut self, slot: u32, side: Side, edge: EdgeRef) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        let handle = row.edges(side).load(Ordering::Relaxed);
        let shared = self.shared.clone();
        let header = if handle > IMAGE_ROW { shared.blocks.header(handle) } else { None };
        let Some(header) = header else {
            let rest = self.survivors(slot, side)?;
            let fresh = self.build(&rest, 1)?;
            self.push(fresh, edge)?;
            // Release: who finds the block finds its entries.
            row.edges(side).store(fresh, Ordering::Release);
            return Ok(());
        };
        let shape = Shape::of(header);
        let count = header.count.load(Ordering::Relaxed);
        if shape.hub {
            let grown = self.push_hub(handle, edge)?;
            if grown != handle {
                row.edges(side).store(grown, Ordering::Release);
            }
            return Ok(());
        }
        if count < shape.capacity() {
            return self.push(handle, edge);
        }
        let rest = self.survivors(slot, side)?;
        let fresh = self.build(&rest, 1)?;
        self.push(fresh, edge)?;
        row.edges(side).store(fresh, Ordering::Release);
        self.retire(handle);
        Ok(())
    }

    /// Everything of a slot that a snapshot or the store itself still sees.
    fn survivors(&self, slot: u32, side: Side) -> Result<Vec<Survivor>, ApplyError> {
        let mut rest = Vec::new();
        for segment in self.current(slot, side)?.segments() {
            rest.extend(self.survivors_of(&segment));
        }
        Ok(rest)
    }

    fn survivors_of(&self, segment: &Segment<'_>) -> impl Iterator<Item = Survivor> {
        (0..segment.targets.len())
            .map(|index| (segment.edge(index), segment.until(index)))
            .filter(|(edge, until)| *until == u32::MAX || is_seen(&self.live_associations, edge.ordinal, *until))
    }

    /// A block of these edges with room for `more`, not yet in any row.
    pub(crate) fn build(&mut self, edges: &[Survivor], more: usize) -> Result<u32, ApplyError> {
        // A quarter of room, so that a block is not rewritten again at once.
        let wanted = edges.len() + more + edges.len() / 4;
        let class = LEAF_CAPACITY.iter().position(|capacity| *capacity as usize >= wanted);
        if let Some(class) = class.or((edges.len() + more <= 384).then_some(HUB_CHUNK as usize)) {
            let handle = self.new_block(Shape { class: class as u8, hub: false })?;
            self.fill(handle, edges)?;
            return Ok(handle);
        }
        let chunks = wanted.div_ceil(LEAF_CAPACITY[HUB_CHUNK as usize] as usize) + 1;
        let class = size_class(HEADER + 4 * chunks).ok_or(ApplyError::Full)?.max(FIRST_DIRECTORY);
        let hub = self.new_block(Shape { class, hub: true })?;
        for part in edges.chunks(LEAF_CAPACITY[HUB_CHUNK as usize] as usize) {
            let chunk = self.new_block(Shape { class: HUB_CHUNK, hub: false })?;
            self.fill(chunk, part)?;
            self.push_chunk(hub, chunk);
        }
        Ok(hub)
    }

    fn fill(&mut self, leaf: u32, edges: &[Survivor]) -> Result<(), ApplyError> {
        for (index, (edge, until)) in edges.iter().enumerate() {
            self.push(leaf, *edge)?;
            if *until != u32::MAX {
                self.set_until(leaf, index, *until)?;
            }
        }
        Ok(())
    }

    /// Appends to a leaf that has room.
    fn push(&mut self, leaf: u32, edge: EdgeRef) -> Result<(), ApplyError> {
        let shared = &self.shared;
        let header = shared.blocks.header(leaf).ok_or(ApplyError::Full)?;
        let shape = Shape::of(header);
        if shape.hub {
            return self.push_hub(leaf, edge).map(drop);
        }
        let (count, capacity) = (header.count.load(Ordering::Relaxed), shape.capacity());
        let index = count as usize;
        shared.blocks.write(leaf, Columns::TARGETS, index, edge.target);
        shared.blocks.write(leaf, Columns::ordinals(capacity), index, edge.ordinal);
        shared.blocks.write(leaf, Columns::confidences(capacity), index, edge.confidence);
        shared.blocks.write(leaf, Columns::kinds(capacity), index, edge.kind);
        // Release: a reader that counts the entry finds it written. That it may not see it yet, its ordinal says.
        header.count.store(count + 1, Ordering::Release);
        Ok(())
    }

    /// Appends to a hub; gives the handle of its directory, another one if it grew. A chunk or a directory is all that is
    /// ever copied, so an insert costs no more here than in a leaf.
    fn push_hub(&mut self, hub: u32, edge: EdgeRef) -> Result<u32, ApplyError> {
        let shared = self.shared.clone();
        let header = shared.blocks.header(hub).ok_or(ApplyError::Full)?;
        let count = header.count.load(Ordering::Relaxed);
        if let Some(last) = count.checked_sub(1).and_then(|last| self.chunk(hub, last))
            && let Some(leaf) = shared.blocks.header(last)
            && leaf.count.load(Ordering::Relaxed) < Shape::of(leaf).capacity()
        {
            self.push(last, edge)?;
            return Ok(hub);
        }
        let chunk = self.new_block(Shape { class: HUB_CHUNK, hub: false })?;
        self.push(chunk, edge)?;
        let shape = Shape::of(header);
        if count < shape.capacity() {
            self.push_chunk(hub, chunk);
            return Ok(hub);
        }
        let chunks: Vec<u32> = (0..count).filter_map(|index| self.chunk(hub, index)).collect();
        let class = size_class(HEADER + 4 * (chunks.len() + 1 + chunks.len() / 2)).ok_or(ApplyError::Full)?;
        let grown = self.new_block(Shape { class, hub: true })?;
        chunks.iter().chain([&chunk]).for_each(|chunk| self.push_chunk(grown, *chunk));
        self.retire_block(hub, shape.class);
        Ok(grown)
    }

    /// The chunk of a hub at an index, `None` for one that became empty.
    fn chunk(&self, hub: u32, index: u32) -> Option<u32> {
        // SAFETY: directory entries are atomics; the writer asks for those below the count it wrote.
        let chunks: &[AtomicU32] = unsafe { self.shared.blocks.column(hub, HEADER, index as usize + 1) };
        let handle = chunks.get(index as usize)?.load(Ordering::Relaxed);
        (handle != NO_BLOCK).then_some(handle)
    }

    fn push_chunk(&self, hub: u32, chunk: u32) {
        if let Some(header) = self.shared.blocks.header(hub) {
            let count = header.count.load(Ordering::Relaxed);
            self.shared.blocks.write(hub, HEADER, count as usize, chunk);
            header.count.store(count + 1, Ordering::Release);
        }
    }

    /// Ends an edge of a slot at the ordinal of what ended it.
    pub(crate) fn end_edge(&mut self, slot: u32, side: Side, ordinal: u32, until: u32) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        if row.edges(side).load(Ordering::Relaxed) == IMAGE_ROW {
            let rest = self.survivors(slot, side)?;
            let fresh = self.build(&rest, 0)?;
            row.edges(side).store(fresh, Ordering::Release);
        }
        let handle = row.edges(side).load(Ordering::Relaxed);
        let damage = Damage::new("edges of a slot", u64::from(slot));
        let header = self.shared.blocks.header(handle).ok_or(damage)?;
        let leaf = if Shape::of(header).hub { self.find_chunk(handle, ordinal).ok_or(damage)?.1 } else { handle };
        let index = self.position(leaf, ordinal).ok_or(damage)?;
        self.set_until(leaf, index, until)?;
        if let Some(header) = self.shared.blocks.header(leaf) {
            let dead = header.dead.load(Ordering::Relaxed);
            let count = header.count.load(Ordering::Relaxed);
            // Asked once at half, once at full: a block that snapshots keep from shrinking is not asked about again and again.
            if dead >= WORTH_REWRITING && (dead == count / 2 || dead == count) {
                self.stale.push((slot, side, ordinal));
            }
        }
        Ok(())
    }

    fn position(&self, leaf: u32, ordinal: u32) -> Option<usize> {
        // SAFETY: this is the writer.
        let segment = unsafe { Segment::of_leaf(&self.shared.blocks, leaf, u32::MAX) }?;
        segment.ordinals.binary_search(&ordinal).ok()
    }

    /// The chunk of a hub that holds an ordinal, and its index.
    fn find_chunk(&self, hub: u32, ordinal: u32) -> Option<(u32, u32)> {
        let header = self.shared.blocks.header(hub)?;
        let (mut low, mut high) = (0, header.count.load(Ordering::Relaxed));
        while low < high {
            let middle = (low + high) / 2;
            // An empty chunk has no ordinals: ask the nearest one to its right that has.
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

    fn set_until(&mut self, leaf: u32, index: usize, until: u32) -> Result<(), ApplyError> {
        let shared = self.shared.clone();
        let header = shared.blocks.header(leaf).ok_or(ApplyError::Full)?;
        let capacity = Shape::of(header).capacity() as usize;
        let mut column = header.until.load(Ordering::Relaxed);
        if column == NO_BLOCK {
            let class = size_class(4 * capacity).ok_or(ApplyError::Full)?;
            column = self.allocator.allocate(&shared.blocks, class)?;
            (0..capacity).for_each(|index| shared.blocks.write(column, 0, index, u32::MAX));
            // Release: who finds the column finds it filled.
            header.until.store(column, Ordering::Release);
        }
        // SAFETY: the column has `capacity` atomics, and the writer alone frees it.
        let ends: &[AtomicU32] = unsafe { shared.blocks.column(column, 0, capacity) };
        if let Some(end) = ends.get(index) {
            // Relaxed: see `Segment::is_visible`.
            end.store(until, Ordering::Relaxed);
        }
        header.dead.store(header.dead.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        Ok(())
    }

    /// Retires a leaf with its column of ends, or a directory.
    fn retire(&mut self, handle: u32) {
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

    /// Rewrites some of the blocks that are half dead, without the entries that nobody sees.
    pub(crate) fn rewrite_stale(&mut self) {
        for _ in 0..REWRITTEN_PER_GROUP {
            let Some((slot, side, ordinal)) = self.stale.pop() else { break };
            // What cannot be rewritten stays as it is, which is right, only larger.
            let _ = self.rewrite(slot, side, ordinal);
        }
    }

    fn rewrite(&mut self, slot: u32, side: Side, ordinal: u32) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        let handle = row.edges(side).load(Ordering::Relaxed);
        let shared = self.shared.clone();
        let Some(header) = (handle > IMAGE_ROW).then(|| shared.blocks.header(handle)).flatten() else { return Ok(()) };
        if !Shape::of(header).hub {
            let rest = self.survivors(slot, side)?;
            if rest.len() as u32 == header.count.load(Ordering::Relaxed) {
                return Ok(());
            }
            let fresh = if rest.is_empty() { NO_BLOCK } else { self.build(&rest, 0)? };
            row.edges(side).store(fresh, Ordering::Release);
            self.retire(handle);
            return Ok(());
        }
        match self.find_chunk(handle, ordinal) {
            Some((index, _)) => self.rewrite_chunk(handle, index),
            None => Ok(()),
        }
    }

    /// Rewrites one chunk of a hub if at least half of it has ended.
    fn rewrite_chunk(&mut self, hub: u32, index: u32) -> Result<(), ApplyError> {
        let shared = self.shared.clone();
        let Some(chunk) = self.chunk(hub, index) else { return Ok(()) };
        let Some(header) = shared.blocks.header(chunk) else { return Ok(()) };
        let count = header.count.load(Ordering::Relaxed);
        if header.dead.load(Ordering::Relaxed) < count / 2 {
            return Ok(());
        }
        // SAFETY: this is the writer.
        let Some(segment) = (unsafe { Segment::of_leaf(&shared.blocks, chunk, u32::MAX) }) else { return Ok(()) };
        let rest: Vec<_> = self.survivors_of(&segment).collect();
        if rest.len() as u32 == count {
            return Ok(());
        }
        let mut fresh = NO_BLOCK;
        if !rest.is_empty() {
            fresh = self.new_block(Shape { class: HUB_CHUNK, hub: false })?;
            self.fill(fresh, &rest)?;
        }
        // SAFETY: an entry below the count, an atomic.
        let chunks: &[AtomicU32] = unsafe { shared.blocks.column(hub, HEADER, index as usize + 1) };
        // Release: who loads the new handle finds the chunk filled.
        chunks[index as usize].store(fresh, Ordering::Release);
        self.retire(chunk);
        Ok(())
    }
}

fn tombstone(flags: u8, (source, target): (u32, u32), sequence: u64, time: u64) -> AssociationRecord {
    let mut record = AssociationRecord::new_zeroed();
    record.source = U32::new(source);
    record.target = U32::new(target);
    record.flags = flags;
    record.previous = U32::new(NONE);
    record.created = U64::new(time);
    record.sequence = U64::new(sequence);
    record.valid_until = U32::new(u32::MAX);
    record.metadata = U64::new(NO_BLOB);
    record
}
