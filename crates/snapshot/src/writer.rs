//! The one writer: it applies entries in sequence order and publishes snapshots.
//!
//! Applying is deterministic: the same entries in the same order give the same records and blobs, byte for byte. Entries
//! were checked when they were accepted, so applying fails only for damaged bytes that it builds on, or for want of
//! memory or ordinals; after such a failure the writer must not be used further.

use std::collections::HashMap;

use sutra_format::catalogue::Catalogue;
use sutra_format::entry::Op;
use sutra_format::geometry::{blob_chunk_size, blob_position, blob_space, chunk_size, locate, split};
use sutra_format::{AssociationRecord, ConceptId, ConceptRecord, blob_checksum, id_hash};
use sutra_sync::Arc;
use sutra_sync::atomic::Ordering;
use sutra_vfs::Map;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{F32, U32, U64};

use crate::arena::Backing;
use crate::association::Association;
use crate::error::{ApplyError, Damage};
use crate::group::Near;
use crate::ids::IdWriter;
use crate::linker::Linker;
use crate::reclaim::{Freed, Garbage};
use crate::rows::Row;
use crate::shared::{Arena, Lengths, Shared};
use crate::snapshot::{Snapshot, SnapshotSource, State};

/// Slots may not reach the handle that means none; a margin keeps one entry's worth of records below it.
const LAST_ORDINAL: u32 = u32::MAX - 16;

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
    /// Timestamp of the oldest snapshot that may be held beside the newest one; 0 if there is none.
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
    pub(crate) publish: u64,
    pub(crate) sequence: u64,
    catalogue: std::sync::Arc<Catalogue>,
    id_writer: IdWriter,
    /// What changes edges, one for each thread that applies; at least one.
    pub(crate) linkers: Vec<Linker>,
    /// Associations that wait to be settled by several threads.
    pub(crate) waiting: Vec<Association>,
    /// How many of them are worth starting threads for.
    pub(crate) threads_from: usize,
    /// Lengths of concept records of snapshots that may be held, ascending.
    pub(crate) live_concepts: Vec<u32>,
    /// Access counters that changed since the last publish: count and time. Readers see those of the rows, which change
    /// when the others are published: counters, too, are not shown before they are durable.
    pub(crate) accessed: HashMap<u32, (u32, u64)>,
    /// Those that were published since they were last taken.
    counted: HashMap<u32, (u32, u64)>,
}

impl Writer {
    /// Arenas of an empty store.
    ///
    /// # Errors
    /// [`ApplyError::Memory`] if the system gives no memory.
    pub fn new() -> Result<Self, ApplyError> {
        Ok(Self::over(Arc::new(Shared::new(None)?), Lengths::default(), Catalogue::new(), 0))
    }

    /// A writer over arenas that hold `lengths`; publishes nothing yet but an empty snapshot.
    pub(crate) fn over(shared: Arc<Shared>, lengths: Lengths, catalogue: Catalogue, sequence: u64) -> Self {
        let catalogue = std::sync::Arc::new(catalogue);
        let empty = Lengths::default();
        let dropped = shared.reclaim.lock().published(0, empty, 0);
        let state = State::new(shared.clone(), 0, (0, 0), empty, std::sync::Arc::new(Catalogue::new()), dropped);
        Self {
            source: SnapshotSource::new(shared.clone(), state),
            lengths,
            published: empty,
            publish: 1,
            sequence,
            catalogue,
            id_writer: IdWriter::new(),
            linkers: vec![Linker::new(shared.clone())],
            waiting: Vec::new(),
            threads_from: usize::MAX,
            live_concepts: vec![0],
            accessed: HashMap::new(),
            counted: HashMap::new(),
            shared,
        }
    }

    /// Lets so many threads link the associations of large groups, each those of some ranges of slots: where at least `from`
    /// of them for each further thread are linked together. One thread if this is not called; 64 at most, and never fewer than
    /// before. The records and blobs are the same for any number, byte for byte.
    pub fn use_threads(&mut self, threads: usize, from: usize) {
        self.threads_from = from;
        // Slots are dealt out anew: what a linker knows of one may be another's from now on.
        self.linkers.iter_mut().for_each(Linker::forget_indexes);
        while self.linkers.len() < threads.min(64) {
            let mut linker = Linker::new(self.shared.clone());
            linker.live.clone_from(&self.linkers[0].live);
            (linker.publish, linker.oldest_publish) = (self.publish, self.linkers[0].oldest_publish);
            self.linkers.push(linker);
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

    #[inline]
    pub(crate) fn apply_op(&mut self, sequence: u64, time: u64, op: &Op<'_>, near: Near) -> Result<bool, ApplyError> {
        match op {
            Op::LearnConcept(learn) => self.learn_concept(sequence, time, learn).map(|()| true),
            Op::LearnAssociation(learn) => {
                let association = self.place_association(sequence, time, learn, near)?;
                self.settle(association).map(|()| true)
            }
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
                Ok(std::sync::Arc::make_mut(&mut self.catalogue).define(*what, *number, name).unwrap_or(false))
            }
        }
    }

    /// Makes everything that was applied visible, as of a commit at `timestamp` (microseconds since the Unix epoch), and
    /// frees what no snapshot can reach any more.
    pub fn publish(&mut self, timestamp: u64) -> Snapshot {
        let linkers = self.linkers.len() as u32;
        self.linkers.iter_mut().for_each(|linker| linker.prune(linkers));
        for (slot, (count, last)) in std::mem::take(&mut self.accessed) {
            // The row was read when the access was applied, so it is there.
            if self.set_access(slot, count, last).is_ok() {
                self.counted.insert(slot, (count, last));
            }
        }
        let lengths = self.lengths;
        let shared = self.shared.clone();
        let mut reclaim = shared.reclaim.lock();
        for (number, linker) in (0..).zip(&mut self.linkers) {
            for (handle, class) in linker.retired.drain(..) {
                reclaim.retire(self.publish, Garbage::Block { handle, class, linker: number });
            }
        }
        let dropped = reclaim.published(self.publish, lengths, timestamp);
        let stamp = (self.sequence, timestamp);
        let state = State::new(shared.clone(), self.publish, stamp, lengths, self.catalogue.clone(), dropped);
        // The store releases everything that was written before: rows, blocks, tables, records, blobs.
        self.source.published.store(Arc::new(state));
        self.published = lengths;
        self.publish += 1;
        let linkers = &mut self.linkers;
        reclaim.collect(|freed| match freed {
            Freed::Block { handle, class, linker } => {
                if let Some(linker) = linkers.get_mut(usize::from(linker)) {
                    linker.allocator.free(&shared.blocks, handle, class);
                }
            }
            Freed::Chunk(chunk) => {
                if let Some(memory) = chunk.into_heap() {
                    shared.spare.lock().keep(memory);
                }
            }
        });
        let oldest = reclaim.oldest_publish();
        reclaim.lengths(&mut self.live_concepts, &mut self.linkers[0].live);
        let (first, rest) = self.linkers.split_at_mut(1);
        rest.iter_mut().for_each(|linker| linker.live.clone_from(&first[0].live));
        for linker in &mut self.linkers {
            (linker.publish, linker.oldest_publish) = (self.publish, oldest);
        }
        let statistics = &shared.statistics;
        statistics.retained_bytes.store(reclaim.bytes(), Ordering::Relaxed);
        statistics.oldest_snapshot.store(reclaim.oldest().unwrap_or(0), Ordering::Relaxed);
        statistics.live_snapshots.store(reclaim.live() as u64, Ordering::Relaxed);
        drop(reclaim);
        self.id_writer.begin_group();
        self.source.latest()
    }

    /// Whether something that was replaced is kept for snapshots: a publish frees what they have let go.
    #[must_use]
    pub fn retains(&self) -> bool {
        self.shared.statistics.retained_bytes.load(Ordering::Relaxed) > 0
    }

    /// Counts heap bytes for [`SnapshotSource::memory_use`]. O(chunks): for now and then, not for every group.
    pub fn count_memory(&self) -> u64 {
        let shared = &self.shared;
        let arenas = [&shared.concepts, &shared.associations, &shared.blobs];
        let chunks: u64 = arenas.iter().map(|arena| arena.heap_bytes()).sum();
        let spare = shared.spare.lock().bytes();
        let retained = shared.reclaim.lock().bytes_outside_blocks();
        let waiting = self.waiting.capacity() * size_of::<Association>();
        let indexed = self.linkers.iter().map(Linker::index_bytes).sum::<u64>() + waiting as u64;
        let rest = shared.rows.heap_bytes() + shared.blocks.heap_bytes() + self.id_writer.bytes() + indexed;
        let bytes = chunks + spare + rest + retained;
        shared.statistics.heap_bytes.store(bytes, Ordering::Relaxed);
        bytes
    }

    /// Replaces a full, committed heap chunk by a map of the same bytes. Part of the publish that is being built. A chunk that
    /// is not full and published, or whose map has another length, stays as it is.
    pub fn swap_chunk(&mut self, arena: Arena, index: u32, map: Map) {
        // What is written further must stay writable.
        if !self.published.fills(arena, index) {
            return;
        }
        if let Some(old) = self.shared.arena(arena).swap(index, map) {
            self.shared.reclaim.lock().retire_chunk(self.publish, arena, index, old);
        }
    }

    /// Keeps at most so many chunks of 4 MiB for further use when they are freed; 16 if it is not told.
    pub fn limit_spare(&self, chunks: usize) {
        self.shared.spare.lock().limit(chunks);
    }

    /// Whether freed chunks are kept for further use.
    #[must_use]
    pub fn keeps_spare(&self) -> bool {
        self.shared.spare.lock().bytes() > 0
    }

    /// Gives the chunks that are kept for further use back to the system.
    pub fn release_spare(&self) {
        self.shared.spare.lock().release();
    }

    /// Access counters whose change was published since this was last called: slot, count and time of the last access,
    /// unordered.
    pub fn take_accessed(&mut self) -> Vec<(u32, u32, u64)> {
        self.counted.drain().map(|(slot, (count, last))| (slot, count, last)).collect()
    }

    // What follows is shared by the operations.

    /// The row of a slot that exists, verified if the image holds it.
    #[inline]
    pub(crate) fn row(&self, slot: u32) -> Result<&'static Row, ApplyError> {
        // SAFETY: every use of the result is within a call of `self`, which holds the rows.
        Ok(unsafe { self.shared.row(slot) }?)
    }

    /// The latest record of a slot, published or not.
    pub(crate) fn newest(&self, slot: u32) -> Result<(u32, &ConceptRecord), ApplyError> {
        let ordinal = self.row(slot)?.latest.load(Ordering::Relaxed);
        // SAFETY: this is the writer, which wrote the record.
        let record = unsafe { self.shared.concept(ordinal) }?;
        // An intact record of another slot was written to the wrong place: taken for an unknown id, it would be made anew.
        if record.slot.get() != slot {
            return Err(Damage::new("concept records", u64::from(ordinal) * ConceptRecord::SIZE as u64).into());
        }
        Ok((ordinal, record))
    }

    /// The slot of an id, with its latest record and that one's ordinal, published or not.
    #[inline]
    pub(crate) fn find(&self, id: &ConceptId, hash: u64) -> Result<Option<(u32, u32, &ConceptRecord)>, ApplyError> {
        let check = |slot: u32| {
            if slot >= self.lengths.slots {
                return None;
            }
            match self.newest(slot) {
                Ok((ordinal, record)) if record.id == *id.as_bytes() => Some(Ok((slot, ordinal, record))),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            }
        };
        if let Some(found) = self.shared.ids.probe(hash, check) {
            return found.map(Some);
        }
        match &self.shared.image {
            Some(image) => image.probe(hash, |slot| Ok(check(slot)))?.transpose(),
            None => Ok(None),
        }
    }

    /// As [`Writer::find`], for an id that most likely has the slot `near`: then without another look into the table.
    #[inline]
    pub(crate) fn find_near(
        &self,
        id: &ConceptId,
        near: u32,
    ) -> Result<Option<(u32, u32, &ConceptRecord)>, ApplyError> {
        if near < self.lengths.slots
            && let Ok((ordinal, record)) = self.newest(near)
            && record.id == *id.as_bytes()
        {
            return Ok(Some((near, ordinal, record)));
        }
        self.find(id, id_hash(id.as_bytes()))
    }

    /// The slot of an id.
    pub(crate) fn slot_of(&self, id: &ConceptId) -> Result<Option<u32>, ApplyError> {
        Ok(self.find(id, id_hash(id.as_bytes()))?.map(|(slot, ..)| slot))
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
        if slot >= LAST_ORDINAL || !self.shared.rows.reserve(slot, |size| self.shared.take_memory(size))? {
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
        let ordinal = self.reserve_association()?;
        record.seal();
        let at = u64::from(ordinal) * AssociationRecord::SIZE as u64;
        self.write_record(Arena::Associations, at, record.as_bytes())?;
        Ok(ordinal)
    }

    /// Gives the ordinal of an association record that is written later.
    pub(crate) fn reserve_association(&mut self) -> Result<u32, ApplyError> {
        let ordinal = self.lengths.associations;
        if ordinal >= LAST_ORDINAL {
            return Err(ApplyError::Full);
        }
        self.reserve(Arena::Associations, u64::from(ordinal) * AssociationRecord::SIZE as u64)?;
        self.lengths.associations = ordinal + 1;
        Ok(ordinal)
    }

    /// Makes sure that there is a chunk for a record, and gives the record's place.
    fn reserve(&self, arena: Arena, at: u64) -> Result<(u32, u32), ApplyError> {
        let (chunk, offset) = locate(at);
        let table = self.shared.arena(arena);
        if table.chunk_len(chunk) == 0 {
            let memory = self.shared.take_memory(chunk_size(chunk))?;
            if !table.insert(chunk, Backing::Heap(memory), None) {
                return Err(ApplyError::Full);
            }
        }
        Ok((chunk, offset))
    }

    fn write_record(&self, arena: Arena, at: u64, bytes: &[u8]) -> Result<(), ApplyError> {
        let (chunk, offset) = self.reserve(arena, at)?;
        if self.shared.arena(arena).write(chunk, offset, bytes) { Ok(()) } else { Err(ApplyError::Full) }
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
            let memory = self.shared.take_memory(blob_chunk_size(chunk, length))?;
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
}
