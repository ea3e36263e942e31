//! The one writer: it applies entries in sequence order and publishes snapshots.
//!
//! Applying is deterministic: the same entries in the same order give the same records and blobs, byte for byte. Entries
//! were checked when they were accepted, so applying fails only for damaged bytes that it builds on, or for want of
//! memory or ordinals; after such a failure the writer must not be used further.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sutra_format::catalogue::Catalogue;
use sutra_format::entry::{LearnConcept, Op, Ops};
use sutra_format::geometry::{blob_chunk_size, blob_position, blob_space, chunk_size, locate, split};
use sutra_format::{AssociationRecord, ConceptId, ConceptRecord, NO_BLOB, NONE, blob_checksum, id_hash};
use sutra_vfs::{Map, MapMut};
use zerocopy::little_endian::{F32, U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use crate::arena::{Backing, OldChunk};
use crate::blocks::Allocator;
use crate::edges::{Shape, Side};
use crate::error::{ApplyError, Damage};
use crate::ids::IdWriter;
use crate::link::HubIndex;
use crate::reclaim::Garbage;
use crate::rows::Row;
use crate::shared::{Arena, Lengths, Shared};
use crate::snapshot::{Snapshot, SnapshotSource, State};

/// Slots may not reach the handle that means none; a margin keeps one entry's worth of records below it.
const LAST_ORDINAL: u32 = u32::MAX - 16;
/// Freed chunks that are kept for further ones.
const SPARE_CHUNKS: usize = 16;

/// What an entry did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Operations.
    pub ops: u32,
    /// Operations on an id or association that is not known: they did nothing.
    pub ignored: u32,
}

/// Memory of the arenas, as the writer last counted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Bytes of memory that is not a map of the file.
    pub heap_bytes: u64,
    /// Bytes among them that were replaced and are kept for held snapshots.
    pub retained_bytes: u64,
    /// Timestamp of the oldest snapshot that may be held.
    pub oldest_snapshot: u64,
    /// Snapshots that may be held, the newest one among them.
    pub live_snapshots: u64,
}

/// The writer of a store's arenas. There is one.
#[derive(Debug)]
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
    source: SnapshotSource,
    /// Lengths with everything that was applied.
    pub(crate) lengths: Lengths,
    /// Lengths of the newest published snapshot.
    pub(crate) published: Lengths,
    /// Number of the publish that is being built.
    publish: u64,
    sequence: u64,
    catalogue: Arc<Catalogue>,
    pub(crate) allocator: Allocator,
    id_writer: IdWriter,
    spare: Vec<MapMut>,
    /// Lengths of snapshots that may be held, ascending.
    pub(crate) live_concepts: Vec<u32>,
    pub(crate) live_associations: Vec<u32>,
    pub(crate) hubs: HubIndex,
    /// Edges whose blocks are half dead.
    pub(crate) stale: Vec<(u32, Side, u32)>,
    /// Access counters that changed since they were last taken: count and time.
    accessed: HashMap<u32, (u32, u64)>,
}

impl Writer {
    /// Arenas of an empty store.
    ///
    /// # Errors
    /// [`ApplyError::Memory`] if the system gives no memory.
    pub fn new() -> Result<Self, ApplyError> {
        Ok(Self::over(Arc::new(Shared::new(None)), Lengths::default(), Catalogue::new(), 0))
    }

    /// A writer over arenas that hold `lengths`; publishes nothing yet but an empty snapshot.
    pub(crate) fn over(shared: Arc<Shared>, lengths: Lengths, catalogue: Catalogue, sequence: u64) -> Self {
        let catalogue = Arc::new(catalogue);
        let empty = Lengths::default();
        let dropped = shared.reclaim.lock().published(0, 0, 0, 0);
        let state = State::new(shared.clone(), 0, (0, 0), empty, Arc::new(Catalogue::new()), dropped);
        Self {
            source: SnapshotSource::new(shared.clone(), state),
            shared,
            lengths,
            published: empty,
            publish: 1,
            sequence,
            catalogue,
            allocator: Allocator::default(),
            id_writer: IdWriter::new(),
            spare: Vec::new(),
            live_concepts: vec![0],
            live_associations: vec![0],
            hubs: HubIndex::default(),
            stale: Vec::new(),
            accessed: HashMap::new(),
        }
    }

    /// Where readers find the newest snapshot.
    #[must_use]
    pub fn source(&self) -> SnapshotSource {
        self.source.clone()
    }

    /// The newest published snapshot.
    #[must_use]
    pub fn latest(&self) -> Snapshot {
        self.source.latest()
    }

    /// Lengths with everything that was applied, published or not.
    #[must_use]
    pub fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    /// The last sequence that was applied.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The names with everything that was applied.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Applies one entry. Nothing of it is visible before [`Writer::publish`]. Sequences must come in order, without holes.
    ///
    /// # Errors
    /// [`ApplyError`], after which the writer must not be used further.
    pub fn apply(&mut self, sequence: u64, entry: &[u8]) -> Result<Applied, ApplyError> {
        let ops = Ops::new(entry)?;
        let time = ops.time();
        self.sequence = sequence;
        let mut applied = Applied::default();
        for op in ops {
            let done = self.apply_op(sequence, time, &op?)?;
            applied.ops += 1;
            applied.ignored += u32::from(!done);
        }
        Ok(applied)
    }

    /// Applies the entries of a group, whose sequences run on from `first`. As [`Writer::apply`] for each, but faster: the
    /// memory that later entries need is asked for while earlier ones are applied.
    ///
    /// # Errors
    /// [`ApplyError`], after which the writer must not be used further.
    pub fn apply_group<'a>(
        &mut self,
        first: u64,
        entries: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<Applied, ApplyError> {
        let mut applied = Applied::default();
        for (sequence, entry) in (first..).zip(entries) {
            let one = self.apply(sequence, entry)?;
            applied.ops += one.ops;
            applied.ignored += one.ignored;
        }
        Ok(applied)
    }

    fn apply_op(&mut self, sequence: u64, time: u64, op: &Op<'_>) -> Result<bool, ApplyError> {
        match op {
            Op::LearnConcept(learn) => self.learn_concept(sequence, time, learn).map(|()| true),
            Op::LearnAssociation(learn) => self.learn_association(sequence, time, learn).map(|()| true),
            Op::UpdateStrength { id, strength } => self.revise(sequence, time, id, |_, record| {
                record.strength = F32::new(*strength);
                Ok(())
            }),
            Op::UpdateMetadata { id, metadata } => self.revise(sequence, time, id, |writer, record| {
                (record.metadata, record.metadata_checksum) = writer.append_blob(metadata)?;
                Ok(())
            }),
            Op::RecordAccess { id, count } => self.record_access(id, time, *count),
            Op::ForgetConcept { id } => self.forget_concept(sequence, time, id),
            Op::ForgetAssociation { source, target, kind } => {
                self.forget_association(sequence, time, source, target, kind.0)
            }
            Op::Define { what, number, name } => {
                let name = std::str::from_utf8(name).unwrap_or_default();
                // A contradiction cannot come from a producer, which asked the same catalogue; from a damaged log it would
                // have failed its checksum. It changes nothing.
                Ok(Arc::make_mut(&mut self.catalogue).define(*what, *number, name).unwrap_or(false))
            }
        }
    }

    /// Makes everything that was applied visible, as of a commit at `timestamp` (microseconds since the Unix epoch), and
    /// frees what no snapshot can reach any more.
    pub fn publish(&mut self, timestamp: u64) -> Snapshot {
        self.rewrite_stale();
        let lengths = self.lengths;
        let shared = self.shared.clone();
        let mut reclaim = shared.reclaim.lock();
        let dropped = reclaim.published(self.publish, lengths.concepts, lengths.associations, timestamp);
        let stamp = (self.sequence, timestamp);
        let state = State::new(shared.clone(), self.publish, stamp, lengths, self.catalogue.clone(), dropped);
        // The store releases everything that was written before: rows, blocks, tables, records, blobs.
        self.source.published.store(Arc::new(state));
        self.published = lengths;
        self.publish += 1;
        reclaim.collect(|garbage| match garbage {
            Garbage::Block { handle, class } => self.allocator.free(handle, class),
            Garbage::Table(_) => {}
            Garbage::Chunk(chunk) => self.keep_spare(chunk),
        });
        reclaim.lengths(&mut self.live_concepts, &mut self.live_associations);
        let statistics = &shared.statistics;
        statistics.retained_bytes.store(reclaim.bytes(), Ordering::Relaxed);
        statistics.oldest_snapshot.store(reclaim.oldest().unwrap_or(0), Ordering::Relaxed);
        statistics.live_snapshots.store(reclaim.live() as u64, Ordering::Relaxed);
        drop(reclaim);
        self.id_writer.begin_group();
        self.source.latest()
    }

    fn keep_spare(&mut self, chunk: OldChunk) {
        let largest = chunk_size(u32::MAX >> 1) as usize;
        if let Some(memory) = chunk.into_heap()
            && memory.len() == largest
            && self.spare.len() < SPARE_CHUNKS
        {
            self.spare.push(memory);
        }
    }

    /// Counts heap bytes for [`SnapshotSource::memory_use`]. O(chunks): for now and then, not for every group.
    pub fn count_memory(&self) -> u64 {
        let shared = &self.shared;
        let arenas = [&shared.concepts, &shared.associations, &shared.blobs];
        let chunks: u64 = arenas.iter().map(|arena| arena.heap_bytes()).sum();
        let spare: u64 = self.spare.iter().map(|memory| memory.len() as u64).sum();
        let retained = shared.statistics.retained_bytes.load(Ordering::Relaxed);
        let rest = shared.rows.heap_bytes() + shared.blocks.heap_bytes() + self.id_writer.bytes();
        let bytes = chunks + spare + rest + retained;
        shared.statistics.heap_bytes.store(bytes, Ordering::Relaxed);
        bytes
    }

    /// Replaces a full, committed heap chunk by a map of the same bytes. Part of the publish that is being built.
    pub fn swap_chunk(&mut self, arena: Arena, index: u32, map: Map) {
        if let Some(old) = self.shared.arena(arena).swap(index, map) {
            self.shared.reclaim.lock().retire(self.publish, Garbage::Chunk(old));
        }
    }

    /// Access counters that changed since this was last called: slot, count and time of the last access, unordered.
    pub fn take_accessed(&mut self) -> Vec<(u32, u32, u64)> {
        self.accessed.drain().map(|(slot, (count, last))| (slot, count, last)).collect()
    }

    // What follows is shared by the operations.

    /// The row of a slot that exists, verified if the image holds it.
    pub(crate) fn row(&self, slot: u32) -> Result<&'static Row, ApplyError> {
        if let Some(image) = &self.shared.image
            && slot < image.slots()
        {
            image.verify_row(slot)?;
        }
        let row = self.shared.rows.get(slot).ok_or(Damage::new("slot rows", u64::from(slot) * 32))?;
        // SAFETY: rows are freed with `self.shared`, never before; every use of the result is within a call of `self`.
        Ok(unsafe { &*std::ptr::from_ref(row) })
    }

    /// The latest record of a slot, published or not.
    pub(crate) fn newest(&self, slot: u32) -> Result<(u32, &ConceptRecord), ApplyError> {
        let ordinal = self.row(slot)?.latest.load(Ordering::Relaxed);
        // SAFETY: this is the writer, which wrote the record.
        Ok((ordinal, unsafe { self.shared.concept(ordinal) }?))
    }

    /// The slot of an id.
    pub(crate) fn slot_of(&self, id: &ConceptId, hash: u64) -> Result<Option<u32>, ApplyError> {
        let check = |slot: u32| {
            if slot >= self.lengths.slots {
                return None;
            }
            match self.newest(slot) {
                Ok((_, record)) if record.id == *id.as_bytes() => Some(Ok(slot)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            }
        };
        if let Some(found) = self.shared.ids.probe(hash, check) {
            return found.map(Some);
        }
        let Some(image) = &self.shared.image else { return Ok(None) };
        let mut failed = None;
        let found = image.probe(hash, |slot| {
            Ok(match check(slot) {
                Some(Ok(slot)) => Some(slot),
                Some(Err(error)) => {
                    failed = Some(error);
                    Some(slot)
                }
                None => None,
            })
        })?;
        failed.map_or(Ok(found), Err)
    }

    /// Appends a concept record, which gets its slot's `previous` and its checksum here, and makes it the latest.
    pub(crate) fn append_concept(&mut self, mut record: ConceptRecord) -> Result<(), ApplyError> {
        let ordinal = self.lengths.concepts;
        if ordinal >= LAST_ORDINAL {
            return Err(ApplyError::Full);
        }
        record.seal();
        let at = u64::from(ordinal) * ConceptRecord::SIZE as u64;
        self.write_record(Arena::Concepts, at, record.as_bytes())?;
        self.lengths.concepts = ordinal + 1;
        let slot = record.slot.get();
        if slot == self.lengths.slots {
            self.link_slot(slot, ordinal, &ConceptId::from_bytes(record.id))
        } else {
            self.push_version(slot, ordinal)
        }
    }

    /// Makes the row and the id word of a new slot.
    pub(crate) fn link_slot(&mut self, slot: u32, ordinal: u32, id: &ConceptId) -> Result<(), ApplyError> {
        if slot >= LAST_ORDINAL || !self.shared.rows.reserve(slot)? {
            return Err(ApplyError::Full);
        }
        self.row(slot)?.reset(ordinal);
        self.lengths.slots = slot + 1;
        let replaced = self.id_writer.insert(&self.shared.ids, id_hash(id.as_bytes()), slot);
        if let Some(table) = replaced {
            self.shared.reclaim.lock().retire(self.publish, Garbage::Table(table));
        }
        Ok(())
    }

    /// Appends an association record and gives its ordinal.
    pub(crate) fn append_association(&mut self, mut record: AssociationRecord) -> Result<u32, ApplyError> {
        let ordinal = self.lengths.associations;
        if ordinal >= LAST_ORDINAL {
            return Err(ApplyError::Full);
        }
        record.seal();
        let at = u64::from(ordinal) * AssociationRecord::SIZE as u64;
        self.write_record(Arena::Associations, at, record.as_bytes())?;
        self.lengths.associations = ordinal + 1;
        Ok(ordinal)
    }

    fn write_record(&mut self, arena: Arena, at: u64, bytes: &[u8]) -> Result<(), ApplyError> {
        let (chunk, offset) = locate(at);
        let table = self.shared.arena(arena);
        if table.chunk_len(chunk) == 0 {
            let memory = take_memory(&mut self.spare, chunk_size(chunk))?;
            if !table.insert(chunk, Backing::Heap(memory), None) {
                return Err(ApplyError::Full);
            }
        }
        if table.write(chunk, offset, bytes) { Ok(()) } else { Err(ApplyError::Full) }
    }

    /// Appends a blob and gives its position and checksum.
    pub(crate) fn append_blob(&mut self, payload: &[u8]) -> Result<(U64, U32), ApplyError> {
        let length = u32::try_from(payload.len()).map_err(|_| ApplyError::Full)?;
        let space = blob_space(length);
        let (mut chunk, mut offset) = split(self.lengths.blobs);
        let table = &self.shared.blobs;
        if u64::from(offset) + space > u64::from(table.chunk_len(chunk)) {
            if table.chunk_len(chunk) > 0 {
                // The rest of the chunk is committed as it is: let it be zeros, not what the memory held before.
                let rest = table.chunk_len(chunk) - offset;
                table.write(chunk, offset, &vec![0; rest as usize]);
                chunk += 1;
                offset = 0;
            }
            let memory = take_memory(&mut self.spare, blob_chunk_size(chunk, length))?;
            if chunk as usize >= table.capacity() || !table.insert(chunk, Backing::Heap(memory), None) {
                return Err(ApplyError::Full);
            }
        }
        let payload_end = offset + 4 + length;
        let padding = &[0; 3][..(space as u32 - 4 - length) as usize];
        let written = table.write(chunk, offset, &length.to_le_bytes())
            && table.write(chunk, offset + 4, payload)
            && table.write(chunk, payload_end, padding);
        if !written {
            return Err(ApplyError::Full);
        }
        self.lengths.blobs = blob_position(chunk, offset + space as u32);
        Ok((U64::new(blob_position(chunk, offset)), U32::new(blob_checksum(payload))))
    }

    pub(crate) fn new_block(&mut self, shape: Shape) -> Result<u32, ApplyError> {
        let handle = self.allocator.allocate(&self.shared.blocks, shape.class)?;
        if let Some(header) = self.shared.blocks.header(handle) {
            header.count.store(0, Ordering::Relaxed);
            header.until.store(0, Ordering::Relaxed);
            header.dead.store(0, Ordering::Relaxed);
            header.shape.store(shape.encode(), Ordering::Relaxed);
        }
        Ok(handle)
    }

    pub(crate) fn retire_block(&mut self, handle: u32, class: u8) {
        self.shared.reclaim.lock().retire(self.publish, Garbage::Block { handle, class });
    }

    // Operations on concepts.

    fn learn_concept(&mut self, sequence: u64, time: u64, learn: &LearnConcept<'_>) -> Result<(), ApplyError> {
        let hash = id_hash(learn.id.as_bytes());
        let slot = self.slot_of(&learn.id, hash)?;
        let mut record = match slot {
            None => blank(&learn.id, self.lengths.slots, learn.namespace),
            Some(slot) => self.successor(slot)?,
        };
        let was_live = slot.is_some() && record.is_live();
        if record.is_stub() {
            self.lengths.stubs -= 1;
        }
        if !was_live {
            record.namespace = U32::new(learn.namespace);
            record.created = U64::new(learn.created.unwrap_or(time));
            self.lengths.live_concepts += 1;
        }
        record.flags = U32::ZERO;
        record.sequence = U64::new(sequence);
        record.modified = U64::new(time);
        record.strength = F32::new(learn.strength);
        record.confidence = F32::new(learn.confidence);
        record.version = U32::new(record.version.get().saturating_add(1));
        if let Some(vector) = learn.vector {
            (record.vector, record.vector_checksum) = self.append_blob(vector)?;
        }
        (record.content, record.content_checksum) = self.append_blob(learn.content)?;
        if let Some(metadata) = learn.metadata {
            (record.metadata, record.metadata_checksum) = self.append_blob(metadata)?;
        }
        // A key names its id for ever, so one that is there is the same.
        if !learn.key.is_empty() && record.key.get() == NO_BLOB {
            (record.key, record.key_checksum) = self.append_blob(learn.key)?;
        }
        self.append_concept(record)
    }

    /// The record that follows a slot's latest one: a copy of a concept or stub, a blank one after a tombstone.
    fn successor(&self, slot: u32) -> Result<ConceptRecord, ApplyError> {
        let (ordinal, latest) = self.newest(slot)?;
        let mut record = if latest.is_tombstone() {
            let mut record = blank(&ConceptId::from_bytes(latest.id), slot, latest.namespace.get());
            record.flags = latest.flags;
            record
        } else {
            *latest
        };
        record.previous = U32::new(ordinal);
        Ok(record)
    }

    /// The slot of an end of an association, made a stub if nobody knows it or it was forgotten.
    pub(crate) fn end_slot(
        &mut self,
        sequence: u64,
        time: u64,
        id: &ConceptId,
        key: &[u8],
        namespace: u32,
    ) -> Result<u32, ApplyError> {
        let found = self.slot_of(id, id_hash(id.as_bytes()))?;
        let mut record = match found {
            Some(slot) => {
                if !self.newest(slot)?.1.is_tombstone() {
                    return Ok(slot);
                }
                self.successor(slot)?
            }
            None => blank(id, self.lengths.slots, namespace),
        };
        let slot = record.slot.get();
        record.namespace = U32::new(namespace);
        record.flags = U32::new(ConceptRecord::STUB);
        record.sequence = U64::new(sequence);
        record.created = U64::new(time);
        record.modified = U64::new(time);
        if !key.is_empty() {
            (record.key, record.key_checksum) = self.append_blob(key)?;
        }
        self.lengths.stubs += 1;
        self.append_concept(record)?;
        Ok(slot)
    }

    /// Appends a changed copy of a concept's latest record. False if there is no such concept.
    fn revise(
        &mut self,
        sequence: u64,
        time: u64,
        id: &ConceptId,
        change: impl FnOnce(&mut Self, &mut ConceptRecord) -> Result<(), ApplyError>,
    ) -> Result<bool, ApplyError> {
        let Some(slot) = self.slot_of(id, id_hash(id.as_bytes()))? else { return Ok(false) };
        let mut record = self.successor(slot)?;
        if !record.is_live() {
            return Ok(false);
        }
        change(self, &mut record)?;
        record.sequence = U64::new(sequence);
        record.modified = U64::new(time);
        record.version = U32::new(record.version.get().saturating_add(1));
        self.append_concept(record)?;
        Ok(true)
    }

    fn record_access(&mut self, id: &ConceptId, time: u64, count: u32) -> Result<bool, ApplyError> {
        let Some(slot) = self.slot_of(id, id_hash(id.as_bytes()))? else { return Ok(false) };
        if !self.newest(slot)?.1.is_live() {
            return Ok(false);
        }
        let row = self.row(slot)?;
        let counted = row.access_count.load(Ordering::Relaxed).saturating_add(count);
        let last = row.last_accessed.load(Ordering::Relaxed).max(time);
        self.set_access(slot, counted, last)?;
        self.accessed.insert(slot, (counted, last));
        Ok(true)
    }

    pub(crate) fn set_access(&self, slot: u32, count: u32, last: u64) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        row.access_count.store(count, Ordering::Relaxed);
        row.last_accessed.store(last, Ordering::Relaxed);
        Ok(())
    }

    /// Forgets a concept or a stub, and its associations. False if there is none.
    fn forget_concept(&mut self, sequence: u64, time: u64, id: &ConceptId) -> Result<bool, ApplyError> {
        let Some(slot) = self.slot_of(id, id_hash(id.as_bytes()))? else { return Ok(false) };
        let (ordinal, latest) = self.newest(slot)?;
        if latest.is_tombstone() {
            return Ok(false);
        }
        let (was_stub, namespace) = (latest.is_stub(), latest.namespace.get());
        self.end_all_edges(sequence, time, slot)?;
        let mut record = blank(id, slot, namespace);
        record.previous = U32::new(ordinal);
        record.flags = U32::new(ConceptRecord::TOMBSTONE);
        record.sequence = U64::new(sequence);
        record.created = U64::new(time);
        record.modified = U64::new(time);
        if was_stub {
            self.lengths.stubs -= 1;
        } else {
            self.lengths.live_concepts -= 1;
        }
        let row = self.row(slot)?;
        if row.access_count.load(Ordering::Relaxed) > 0 {
            self.set_access(slot, 0, 0)?;
            self.accessed.insert(slot, (0, 0));
        }
        self.append_concept(record)?;
        Ok(true)
    }
}

/// A record of an id with nothing in it.
pub(crate) fn blank(id: &ConceptId, slot: u32, namespace: u32) -> ConceptRecord {
    let mut record = ConceptRecord::new_zeroed();
    record.id = id.to_bytes();
    record.slot = U32::new(slot);
    record.namespace = U32::new(namespace);
    record.previous = U32::new(NONE);
    record.content = U64::new(NO_BLOB);
    record.vector = U64::new(NO_BLOB);
    record.metadata = U64::new(NO_BLOB);
    record.key = U64::new(NO_BLOB);
    record
}

/// Memory of a chunk: one that was freed, if it has the size, else fresh. A used one holds what it held.
fn take_memory(spare: &mut Vec<MapMut>, size: u64) -> std::io::Result<MapMut> {
    match spare.last() {
        Some(memory) if memory.len() as u64 == size => Ok(spare.swap_remove(spare.len() - 1)),
        _ => MapMut::anonymous(size as usize),
    }
}
