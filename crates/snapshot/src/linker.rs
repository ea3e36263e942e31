//! The writer's part for the edges of some slots: their blocks, and what it takes to change them.
//!
//! Slots are dealt out to linkers by ranges of [`RANGE`]. A linker changes the rows, blocks and index of its own slots only, so
//! several can work at the same time, each on its own thread: see `ranges`. When a store is opened, two share all slots: one has
//! the outgoing edges, one the incoming ones, see `restore`.

use std::collections::HashMap;

use sutra_format::{AssociationRecord, NONE};
use sutra_sync::Arc;
use sutra_sync::atomic::Ordering;
use zerocopy::IntoBytes;
use zerocopy::little_endian::U32;

use crate::adjacency::Survivor;
use crate::association::Association;
use crate::blocks::{Allocator, IMAGE_ROW, NO_BLOCK};
use crate::edges::{EdgeRef, Edges, Shape, Side, edge_bound};
use crate::error::{ApplyError, Damage};
use crate::prune::Stale;
use crate::rows::Row;
use crate::shared::Shared;

/// Slots that go to the same linker one after the other: their rows lie in lines of memory that no other linker writes.
const RANGE: u32 = 64;
/// From this degree on an existing association is looked up by hash, unless the other end has fewer.
const HUB: usize = 512;

/// Ordinals of the outgoing edges of a few hubs by target and type: made when one is first needed.
type HubIndex = HashMap<u32, HashMap<(u32, u8), u32>>;

/// What changes the edges of the slots of some ranges.
#[derive(Debug)]
pub(crate) struct Linker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) allocator: Allocator,
    hubs: HubIndex,
    /// Blocks that wait to be rewritten without what nobody sees.
    pub(crate) stale: Stale,
    /// Blocks that were replaced since the last publish. Their memory is never freed, so they may stay here until then.
    pub(crate) retired: Vec<(u32, u8)>,
    /// Lengths of association records of snapshots that may be held, ascending.
    pub(crate) live: Vec<u32>,
    /// Number of the publish that is being built.
    pub(crate) publish: u64,
    /// Publish number of the oldest snapshot that may be held.
    pub(crate) oldest_publish: u64,
    /// Used again and again.
    pub(crate) survivors: Vec<Survivor>,
    /// Of what several threads are settling together, what was linked to sources of many edges.
    recent: HubIndex,
    /// The first ordinal of what they are settling.
    recent_from: u32,
}

/// Which of so many linkers a slot belongs to.
#[inline]
pub(crate) fn part_of(slot: u32, linkers: usize) -> usize {
    // One needs no division.
    if linkers == 1 { 0 } else { (slot / RANGE) as usize % linkers }
}

impl Linker {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            allocator: Allocator::default(),
            hubs: HubIndex::default(),
            stale: Stale::default(),
            retired: Vec::new(),
            live: vec![0],
            publish: 1,
            oldest_publish: 0,
            survivors: Vec::new(),
            recent: HubIndex::new(),
            recent_from: 0,
        }
    }

    /// Bytes of the indexes of hubs: a hash map takes a key, a value and a byte for each place, of which an eighth stays free.
    pub(crate) fn index_bytes(&self) -> u64 {
        self.hubs.values().map(|index| index.capacity() as u64 * 8 / 7 * 13).sum()
    }

    pub(crate) fn forget_indexes(&mut self) {
        self.hubs.clear();
    }

    /// Several threads begin to settle what has ordinals from this one on.
    pub(crate) fn begin_together(&mut self, first: u32) {
        self.recent.clear();
        self.recent_from = first;
    }

    /// The row of a slot, verified if the image holds it.
    #[inline]
    pub(crate) fn row(&self, slot: u32) -> Result<&'static Row, Damage> {
        // SAFETY: every use of the result is within a call of `self`, which holds the rows.
        unsafe { self.shared.row(slot) }
    }

    pub(crate) fn new_block(&mut self, shape: Shape) -> Result<u32, ApplyError> {
        let shared = &self.shared;
        let handle = self.allocator.allocate(&shared.blocks, shape.class, |size| shared.take_memory(size))?;
        if let Some(header) = shared.blocks.header(handle) {
            header.count.store(0, Ordering::Relaxed);
            header.until.store(0, Ordering::Relaxed);
            header.dead.store(0, Ordering::Relaxed);
            header.shape.store(shape.encode(), Ordering::Relaxed);
        }
        Ok(handle)
    }

    /// Takes over what another linker has left, which linked the incoming edges of this one's slots.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.allocator.absorb(&self.shared.blocks, other.allocator);
        self.stale.absorb(other.stale);
        self.retired.extend(other.retired);
    }

    pub(crate) fn retire_block(&mut self, handle: u32, class: u8) {
        self.retired.push((handle, class));
    }

    /// The edges of a slot with everything that was applied.
    #[inline]
    pub(crate) fn edges(&self, slot: u32, row: &Row, side: Side) -> Result<Edges<'_>, Damage> {
        let handle = row.edges(side).load(Ordering::Relaxed);
        let blocks = &self.shared.blocks;
        Ok(match (handle, &self.shared.image) {
            (NO_BLOCK, _) => Edges::none(blocks),
            (IMAGE_ROW, Some(image)) => Edges::of_segment(blocks, image.edges(slot, side, u32::MAX)?),
            // SAFETY: this is the writer, which alone frees blocks. The length is above all ordinals, and at most every
            // `until` that has not been set.
            (handle, _) => unsafe { Edges::of_block(blocks, handle, u32::MAX) },
        })
    }

    /// How many edges a slot has at most, ended ones counted.
    #[inline]
    fn degree(&self, slot: u32, row: &Row, side: Side) -> Result<usize, Damage> {
        match row.edges(side).load(Ordering::Relaxed) {
            NO_BLOCK => Ok(0),
            IMAGE_ROW => Ok(self.edges(slot, row, side)?.upper_bound()),
            handle => Ok(self.shared.blocks.header(handle).map_or(0, edge_bound)),
        }
    }

    /// Ordinal of the association of one of the linker's slots to another slot with a type, by the end that has fewer edges.
    /// While several threads settle what they have together, the target's edges are those from before: then by the
    /// source's, or, if it has many, by what was linked to it since, and by the target's.
    pub(crate) fn find_edge(
        &mut self,
        (source, target): (u32, u32),
        (row, target_row): (&Row, &Row),
        kind: u8,
        together: bool,
    ) -> Result<Option<u32>, ApplyError> {
        let degree = self.degree(source, row, Side::Out)?;
        if together
            && degree > HUB
            && let Some(ordinal) = self.recent_of(source, row, degree)?.get(&(target, kind))
        {
            return Ok(Some(*ordinal));
        }
        if (!together || degree > HUB) && self.degree(target, target_row, Side::In)? < degree.min(HUB + 1) {
            return Ok(self.edges(target, target_row, Side::In)?.find(source, kind).map(|edge| edge.ordinal));
        }
        let out = self.edges(source, row, Side::Out)?;
        if degree <= HUB {
            return Ok(out.find(target, kind).map(|edge| edge.ordinal));
        }
        if let Some(index) = self.hubs.get(&source) {
            return Ok(index.get(&(target, kind)).copied());
        }
        let index: HashMap<_, _> = out.iter().map(|edge| ((edge.target, edge.kind), edge.ordinal)).collect();
        let found = index.get(&(target, kind)).copied();
        self.hubs.insert(source, index);
        Ok(found)
    }

    /// What was linked, of what is settled together, to a source that has many edges.
    fn recent_of(&mut self, source: u32, row: &Row, degree: usize) -> Result<&HashMap<(u32, u8), u32>, Damage> {
        if !self.recent.contains_key(&source) {
            let mut recent = HashMap::new();
            // One that has far more had many before, and nothing was linked to it since without coming here. One that came to
            // have many just now has what was linked before that.
            if degree <= 2 * HUB {
                let since = self.edges(source, row, Side::Out)?.iter().filter(|edge| edge.ordinal >= self.recent_from);
                recent.extend(since.map(|edge| ((edge.target, edge.kind), edge.ordinal)));
            }
            self.recent.insert(source, recent);
        }
        self.recent.get(&source).ok_or(Damage::new("edges of a slot", u64::from(source)))
    }

    /// Completes an association of one of the linker's slots: finds the one that it replaces, takes what was not given from
    /// there, writes the record, and links it at its source. `rows` are those of its ends. Gives the ordinal of what it replaces,
    /// [`NONE`] if nothing.
    pub(crate) fn settle(
        &mut self,
        association: &Association,
        rows: (&Row, &Row),
        together: bool,
    ) -> Result<u32, ApplyError> {
        let mut record = association.record;
        let ends = (record.source.get(), record.target.get());
        if let Some(ordinal) = self.find_edge(ends, rows, record.kind, together)? {
            // SAFETY: this is the writer, which wrote the record.
            association.inherit(&mut record, unsafe { self.shared.association(ordinal) }?);
            record.previous = U32::new(ordinal);
        }
        record.seal();
        let (chunk, offset) = association.place();
        if !self.shared.associations.write(chunk, offset, record.as_bytes()) {
            return Err(ApplyError::Full);
        }
        self.link(Side::Out, rows.0, association.ordinal, &record)?;
        if together && let Some(recent) = self.recent.get_mut(&ends.0) {
            recent.insert((ends.1, record.kind), association.ordinal);
        }
        Ok(record.previous.get())
    }

    /// Does to the row and blocks of one end, which is one of the linker's slots, what an association record says.
    pub(crate) fn link(
        &mut self,
        side: Side,
        row: &Row,
        ordinal: u32,
        record: &AssociationRecord,
    ) -> Result<(), ApplyError> {
        let (source, target) = (record.source.get(), record.target.get());
        let (slot, other) = match side {
            Side::Out => (source, target),
            Side::In => (target, source),
        };
        if record.is_live() {
            let (confidence, kind) = (record.confidence.get(), record.kind);
            self.append_edge(slot, row, side, EdgeRef { target: other, ordinal, confidence, kind })?;
        }
        if side == Side::Out
            && let Some(index) = self.hubs.get_mut(&source)
        {
            if record.is_live() {
                index.insert((target, record.kind), ordinal);
            } else {
                index.remove(&(target, record.kind));
            }
        }
        match record.previous.get() {
            NONE => Ok(()),
            previous => self.end_edge(slot, row, side, previous, ordinal),
        }
    }

    /// One of the linker's slots has no such outgoing edge any more.
    pub(crate) fn forget_indexed(&mut self, source: u32, target: u32, kind: u8) {
        if let Some(index) = self.hubs.get_mut(&source) {
            index.remove(&(target, kind));
        }
    }

    /// One of the linker's slots has no outgoing edges any more.
    pub(crate) fn forget_index(&mut self, source: u32) {
        self.hubs.remove(&source);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_another_linker_has_left_is_taken_over() {
        let shared = Arc::new(Shared::new(None).unwrap());
        let [mut one, mut other] = [(); 2].map(|()| Linker::new(Arc::clone(&shared)));
        let blocks = [(); 3].map(|()| other.new_block(Shape { class: 0, hub: false }).unwrap());
        one.retire_block(7, 1);
        other.retire_block(blocks[0], 0);
        other.allocator.free(&shared.blocks, blocks[1], 0);
        other.ask_to_prune(blocks[2], 5, Side::In, 9);
        one.absorb(other);
        assert_eq!(one.retired, [(7, 1), (blocks[0], 0)]);
        assert_eq!(one.stale.waiting(), 1, "a block of no entries is worth rewriting");
        assert_eq!(one.new_block(Shape { class: 0, hub: false }).unwrap(), blocks[1]);
    }
}
