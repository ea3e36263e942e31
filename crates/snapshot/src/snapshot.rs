//! A snapshot: the store as it was when a group was published, for as long as it is held.

use sutra_format::catalogue::Catalogue;
use sutra_format::geometry::{record_chunk_length, record_chunks, split};
use sutra_format::image::LOST_COUNT;
use sutra_format::{AssociationRecord, ConceptId, ConceptRecord, id_hash};
use sutra_sync::atomic::{AtomicBool, Ordering};
use sutra_sync::{Arc, Published};
use sutra_vfs::Map;
use zerocopy::{FromBytes, IntoBytes};

use crate::blocks::{IMAGE_ROW, NO_BLOCK};
use crate::edges::{EdgeRef, Edges, Side, edge_bound};
use crate::error::Damage;
use crate::image::Image;
use crate::rows::Row;
use crate::shared::{Arena, Lengths, Shared};
use crate::versions;

/// The store at one moment. Cheap to take and to clone, never changes, may outlive the engine.
///
/// Holding one keeps in memory what was replaced since it was taken; it never holds up a writer.
#[derive(Clone)]
pub struct Snapshot(Arc<State>);

pub(crate) struct State {
    shared: Arc<Shared>,
    publish: u64,
    sequence: u64,
    timestamp: u64,
    lengths: Lengths,
    catalogue: std::sync::Arc<Catalogue>,
    dropped: Arc<AtomicBool>,
}

impl Drop for State {
    fn drop(&mut self) {
        // Release pairs with the writer's Acquire: every read through this snapshot happened before what it kept goes.
        self.dropped.store(true, Ordering::Release);
    }
}

/// Where the newest snapshot is found. Clones share it.
#[derive(Clone)]
pub struct SnapshotSource {
    pub(crate) published: Arc<Published<State>>,
    shared: Arc<Shared>,
}

impl SnapshotSource {
    pub(crate) fn new(shared: Arc<Shared>, state: State) -> Self {
        Self { published: Arc::new(Published::new(Arc::new(state))), shared }
    }

    /// The newest snapshot. Lock-free, never waits.
    #[must_use]
    #[inline]
    pub fn latest(&self) -> Snapshot {
        Snapshot(self.published.load_full())
    }

    /// Bytes of memory in use, bytes among them that only held snapshots need, timestamp of the oldest held snapshot, and
    /// how many may be held; as the writer last counted them.
    #[must_use]
    pub fn memory_use(&self) -> crate::MemoryUse {
        let statistics = &self.shared.statistics;
        crate::MemoryUse {
            heap_bytes: statistics.heap_bytes.load(Ordering::Relaxed),
            retained_bytes: statistics.retained_bytes.load(Ordering::Relaxed),
            oldest_snapshot: statistics.oldest_snapshot.load(Ordering::Relaxed),
            live_snapshots: statistics.live_snapshots.load(Ordering::Relaxed),
        }
    }
}

impl std::fmt::Debug for SnapshotSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SnapshotSource").field(&self.latest()).finish()
    }
}

impl State {
    pub(crate) fn new(
        shared: Arc<Shared>,
        publish: u64,
        (sequence, timestamp): (u64, u64),
        lengths: Lengths,
        catalogue: std::sync::Arc<Catalogue>,
        dropped: Arc<AtomicBool>,
    ) -> Self {
        Self { shared, publish, sequence, timestamp, lengths, catalogue, dropped }
    }
}

impl Snapshot {
    /// Everything below these is visible.
    #[must_use]
    #[inline]
    pub fn lengths(&self) -> &Lengths {
        &self.0.lengths
    }

    /// The last sequence that is visible. Snapshot W holds exactly the writes up to W.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.0.sequence
    }

    /// When its group was committed: microseconds since the Unix epoch.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.0.timestamp
    }

    /// The number of its publish.
    #[must_use]
    pub fn publish(&self) -> u64 {
        self.0.publish
    }

    /// Names of types and namespaces, dimension and metric of vectors.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// Whether two snapshots are of the same store in the same process.
    #[must_use]
    pub fn same_store(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.shared, &other.0.shared)
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    #[inline(always)]
    fn row(&self, slot: u32) -> Result<Option<&Row>, Damage> {
        if slot >= self.0.lengths.slots {
            return Ok(None);
        }
        if let Some(image) = &self.0.shared.image
            && slot < image.slots()
        {
            image.verify_row(slot)?;
        }
        Ok(self.0.shared.rows.get(slot))
    }

    /// Ordinal of the newest visible version of a slot. `None` for a slot that this snapshot does not see.
    ///
    /// # Errors
    /// [`Damage`] if the image's rows are damaged there.
    #[inline(always)]
    pub fn latest(&self, slot: u32) -> Result<Option<u32>, Damage> {
        let Some(row) = self.row(slot)? else { return Ok(None) };
        // Acquire: the version block that belongs to a newer `latest` was stored before it.
        let latest = row.latest.load(Ordering::Acquire);
        if latest < self.0.lengths.concepts {
            return Ok(Some(latest));
        }
        Ok(self.older_version(row))
    }

    /// Ordinal of the version that a snapshot sees which does not see the latest one.
    #[cold]
    fn older_version(&self, row: &Row) -> Option<u32> {
        let versions = row.versions.load(Ordering::Acquire);
        // SAFETY: this snapshot keeps the block.
        unsafe { versions::newest_below(&self.0.shared.blocks, versions, self.0.lengths.concepts) }
    }

    /// The newest visible version of a slot: a concept, a stub or a tombstone.
    ///
    /// # Errors
    /// [`Damage`] if the row or the record is damaged.
    #[inline(always)]
    pub fn newest(&self, slot: u32) -> Result<Option<&ConceptRecord>, Damage> {
        let Some(ordinal) = self.latest(slot)? else { return Ok(None) };
        let record = self.concept(ordinal)?;
        // An intact record of another slot was written to the wrong place.
        if record.slot.get() != slot {
            return Err(misplaced_concept(ordinal));
        }
        Ok(Some(record))
    }

    /// The id of a slot that this snapshot sees.
    ///
    /// # Errors
    /// [`Damage`] if the row or the record is damaged, or if there is no such slot.
    #[inline]
    pub fn id(&self, slot: u32) -> Result<ConceptId, Damage> {
        // All versions of a slot have its id. Where concepts are learned first and revised seldom, one of them is the record
        // whose ordinal is the slot: found without the row.
        if slot < self.0.lengths.concepts
            && let Ok(record) = self.concept(slot)
            && record.slot.get() == slot
        {
            return Ok(ConceptId::from_bytes(record.id));
        }
        let record = self.newest(slot)?.ok_or(Damage::new("slot rows", u64::from(slot) * 32))?;
        Ok(ConceptId::from_bytes(record.id))
    }

    /// A concept record by ordinal. Verified at first access.
    ///
    /// # Errors
    /// [`Damage`] if it is damaged, or not below this snapshot's length.
    #[inline(always)]
    pub fn concept(&self, ordinal: u32) -> Result<&ConceptRecord, Damage> {
        if ordinal >= self.0.lengths.concepts {
            return Err(misplaced_concept(ordinal));
        }
        // SAFETY: below the length of this snapshot, which the result borrows.
        unsafe { self.0.shared.concept(ordinal) }
    }

    /// An association record by ordinal. Verified at first access.
    ///
    /// # Errors
    /// [`Damage`] if it is damaged, or not below this snapshot's length.
    #[inline]
    pub fn association(&self, ordinal: u32) -> Result<&AssociationRecord, Damage> {
        if ordinal >= self.0.lengths.associations {
            let at = u64::from(ordinal) * AssociationRecord::SIZE as u64;
            return Err(Damage::new("association records", at));
        }
        // SAFETY: below the length of this snapshot, which the result borrows.
        unsafe { self.0.shared.association(ordinal) }
    }

    /// The slot of an id and its newest visible version: a concept, a stub or a tombstone. O(1).
    ///
    /// # Errors
    /// [`Damage`] if what must be read is damaged.
    pub fn find(&self, id: &ConceptId) -> Result<Option<(u32, &ConceptRecord)>, Damage> {
        let (shared, hash) = (&*self.0.shared, id_hash(id.as_bytes()));
        match (shared.ids.probe(hash, |slot| self.is_of(slot, id)), &shared.image) {
            (Some(found), _) => found.map(Some),
            (None, Some(image)) => image.probe(hash, |slot| self.is_of(slot, id).transpose()),
            (None, None) => Ok(None),
        }
    }

    /// A slot and its newest version, if the slot is visible and of this id, and not of another one with the same tag.
    #[inline(always)]
    fn is_of(&self, slot: u32, id: &ConceptId) -> Option<Result<(u32, &ConceptRecord), Damage>> {
        // Row and record are two lines of memory, one leading to the other. Where concepts are learned first and revised
        // seldom, the record's ordinal is near the slot, or the slot: asked for now, it comes while the row does.
        self.0.shared.prefetch_concept(slot);
        match self.newest(slot) {
            Ok(Some(record)) if record.id == *id.as_bytes() => Some(Ok((slot, record))),
            Ok(_) => None,
            Err(damage) => Some(Err(damage)),
        }
    }

    /// The payload of a record's blob, verified at first access; `None` if the record has none.
    #[inline(always)]
    fn blob(&self, position: u64, checksum: u32) -> Result<Option<&[u8]>, Damage> {
        // SAFETY: what lies below this snapshot's end of blobs was written before it was published, and the result borrows
        // it. A position that is none of this store's is refused or fails its checksum.
        unsafe { self.0.shared.blob(position, checksum, self.0.lengths.blobs) }
    }

    /// The content of a concept; empty for a stub or tombstone.
    ///
    /// # Errors
    /// [`Damage`] if it is damaged.
    #[inline]
    pub fn content(&self, record: &ConceptRecord) -> Result<&[u8], Damage> {
        Ok(self.blob(record.content.get(), record.content_checksum.get())?.unwrap_or_default())
    }

    /// The embedding of a concept.
    ///
    /// # Errors
    /// [`Damage`] if it is damaged.
    #[inline]
    pub fn vector(&self, record: &ConceptRecord) -> Result<Option<&[f32]>, Damage> {
        let Some(bytes) = self.blob(record.vector.get(), record.vector_checksum.get())? else { return Ok(None) };
        // Blobs begin at multiples of four, behind a prefix of four, in page-aligned chunks: the cast cannot fail.
        <[f32]>::ref_from_bytes(bytes).map(Some).map_err(|_| Damage::new("blobs", record.vector.get()))
    }

    /// The map that the embedding of a concept lies in, which may be held longer than this snapshot; `None` if it has none,
    /// or it still lies in memory. The embedding, verified, is at the address that [`Snapshot::vector`] gives.
    #[must_use]
    pub fn vector_map(&self, record: &ConceptRecord, vector: &[f32]) -> Option<&Map> {
        self.0.shared.blobs.map_of(split(record.vector.get()).0, vector.as_bytes())
    }

    /// The metadata of a concept: JSON.
    ///
    /// # Errors
    /// [`Damage`] if it is damaged.
    pub fn metadata(&self, record: &ConceptRecord) -> Result<Option<&[u8]>, Damage> {
        self.blob(record.metadata.get(), record.metadata_checksum.get())
    }

    /// The key of a concept or stub: UTF-8.
    ///
    /// # Errors
    /// [`Damage`] if it is damaged.
    pub fn key(&self, record: &ConceptRecord) -> Result<Option<&[u8]>, Damage> {
        self.blob(record.key.get(), record.key_checksum.get())
    }

    /// The metadata of an association: JSON.
    ///
    /// # Errors
    /// [`Damage`] if it is damaged.
    pub fn association_metadata(&self, record: &AssociationRecord) -> Result<Option<&[u8]>, Damage> {
        self.blob(record.metadata.get(), record.metadata_checksum.get())
    }

    /// Accesses to a slot: how many, and when the last one was (microseconds since the Unix epoch, 0 for never). These are
    /// live, not part of the snapshot.
    ///
    /// # Errors
    /// [`Damage`] if the image's rows are damaged there, or were before and the count is lost.
    pub fn access(&self, slot: u32) -> Result<(u32, u64), Damage> {
        let Some(row) = self.row(slot)? else { return Ok((0, 0)) };
        match row.access_count.load(Ordering::Relaxed) {
            LOST_COUNT => Err(Damage::new("access counts", slot.into())),
            count => Ok((count, row.last_accessed.load(Ordering::Relaxed))),
        }
    }

    /// The edges of a slot. O(1); they are read as they are visited.
    ///
    /// # Errors
    /// [`Damage`] if the image is damaged there.
    #[inline]
    pub fn edges(&self, slot: u32, side: Side) -> Result<Edges<'_>, Damage> {
        let (shared, length) = (&*self.0.shared, self.0.lengths.associations);
        let Some(row) = self.row(slot)? else { return Ok(Edges::none(&shared.blocks)) };
        let handle = handle_of(row, side);
        match (handle, &shared.image) {
            (NO_BLOCK, _) => Ok(Edges::none(&shared.blocks)),
            (IMAGE_ROW, Some(image)) => Ok(Edges::of_segment(&shared.blocks, image.edges(slot, side, length)?)),
            // SAFETY: this snapshot, which the result borrows, keeps the block.
            (handle, _) => Ok(unsafe { Edges::of_block(&shared.blocks, handle, length) }),
        }
    }

    /// The association of two slots with a type. O(smaller of the two degrees).
    ///
    /// # Errors
    /// [`Damage`] if the image is damaged there.
    pub fn find_edge(&self, source: u32, target: u32, kind: u8) -> Result<Option<EdgeRef>, Damage> {
        let outwards = self.is_less_outwards(source, target)?;
        if outwards {
            return Ok(self.edges(source, Side::Out)?.find(target, kind));
        }
        let found = self.edges(target, Side::In)?.find(source, kind);
        Ok(found.map(|edge| EdgeRef { target, ..edge }))
    }

    /// Whether two slots are associated, with any type. O(smaller of the two degrees).
    ///
    /// # Errors
    /// [`Damage`] if the image is damaged there.
    #[inline]
    pub fn has_edge(&self, source: u32, target: u32) -> Result<bool, Damage> {
        if self.is_less_outwards(source, target)? {
            return Ok(self.edges(source, Side::Out)?.has(target));
        }
        Ok(self.edges(target, Side::In)?.has(source))
    }

    /// Whether to look for an association at its source. Both ends are asked for before one is waited for.
    #[inline]
    fn is_less_outwards(&self, source: u32, target: u32) -> Result<bool, Damage> {
        self.prefetch(target);
        self.prefetch_edges(source, Side::Out);
        self.prefetch_edges(target, Side::In);
        Ok(self.edge_bound(source, Side::Out)? <= self.edge_bound(target, Side::In)?)
    }

    /// How many edges a slot has at most; those that ended and those of newer snapshots may be counted. O(1), and of a
    /// block looks at its header alone.
    ///
    /// # Errors
    /// [`Damage`] if the image is damaged there.
    #[inline]
    pub fn edge_bound(&self, slot: u32, side: Side) -> Result<usize, Damage> {
        let (shared, length) = (&*self.0.shared, self.0.lengths.associations);
        let Some(row) = self.row(slot)? else { return Ok(0) };
        let handle = handle_of(row, side);
        match (handle, &shared.image) {
            (NO_BLOCK, _) => Ok(0),
            (IMAGE_ROW, Some(image)) => Ok(image.edges(slot, side, length)?.targets.len()),
            (handle, _) => Ok(shared.blocks.header(handle).map_or(0, edge_bound)),
        }
    }

    /// Whether this store reads from an image that was found damaged: the next checkpoint should say so, and the next open
    /// then builds the columns again.
    #[must_use]
    pub fn image_is_damaged(&self) -> bool {
        self.0.shared.image.as_ref().is_some_and(Image::is_damaged)
    }

    /// Whether this store reads from an image.
    #[must_use]
    pub fn has_image(&self) -> bool {
        self.0.shared.image.is_some()
    }

    /// Asks the processor for the row of a slot that is about to be read.
    #[inline]
    pub fn prefetch(&self, slot: u32) {
        if let Some(row) = self.0.shared.rows.get(slot) {
            crate::ids::prefetch(std::ptr::from_ref(row).cast());
        }
    }

    /// Asks the processor for the beginning of the edges of a slot whose row has come.
    #[inline]
    pub fn prefetch_edges(&self, slot: u32, side: Side) {
        let shared = &*self.0.shared;
        let Some(row) = shared.rows.get(slot) else { return };
        // Relaxed: nothing behind the handle is looked at.
        match (row.edges(side).load(Ordering::Relaxed), &shared.image) {
            (NO_BLOCK, _) => {}
            (IMAGE_ROW, Some(image)) => image.prefetch_edges(slot, side),
            (handle, _) => shared.blocks.prefetch(handle),
        }
    }

    /// Asks the processor for the row of a slot and for the record of its concept, where it is expected (see
    /// [`Snapshot::find`]): they come together instead of one after the other.
    #[inline]
    pub fn prefetch_newest(&self, slot: u32) {
        self.prefetch(slot);
        self.prefetch_concept(slot);
    }

    /// Asks the processor for a concept record that is about to be read.
    #[inline]
    pub fn prefetch_concept(&self, ordinal: u32) {
        self.0.shared.prefetch_concept(ordinal);
    }

    /// Asks the processor for the key of a concept or stub that is about to be read.
    #[inline]
    pub fn prefetch_key(&self, record: &ConceptRecord) {
        self.0.shared.prefetch_blob(record.key.get());
    }

    /// How many chunks of an arena this snapshot reaches into.
    #[must_use]
    pub fn chunk_count(&self, arena: Arena) -> u32 {
        let lengths = &self.0.lengths;
        match arena {
            Arena::Concepts => record_chunks(lengths.concepts, ConceptRecord::SIZE as u64),
            Arena::Associations => record_chunks(lengths.associations, AssociationRecord::SIZE as u64),
            Arena::Blobs => sutra_format::geometry::blob_chunks(lengths.blobs),
        }
    }

    /// Bytes that a chunk has room for; 0 beyond the last one.
    #[must_use]
    pub fn chunk_capacity(&self, arena: Arena, index: u32) -> u64 {
        u64::from(self.0.shared.arena(arena).chunk_len(index))
    }

    /// The bytes of a chunk below this snapshot's length; empty beyond. A blob chunk that is not the last one is given whole.
    #[must_use]
    pub fn chunk(&self, arena: Arena, index: u32) -> &[u8] {
        let (table, lengths) = (self.0.shared.arena(arena), &self.0.lengths);
        let bytes = match arena {
            Arena::Concepts => record_chunk_length(index, lengths.concepts, ConceptRecord::SIZE as u64),
            Arena::Associations => record_chunk_length(index, lengths.associations, AssociationRecord::SIZE as u64),
            Arena::Blobs => match split(lengths.blobs) {
                (last, _) if index < last => u64::from(table.chunk_len(index)),
                (last, used) if index == last => u64::from(used),
                _ => 0,
            },
        };
        // SAFETY: all of these bytes are below this snapshot's lengths, and the slice borrows it. The rest of a blob chunk
        // that was closed is never written again.
        let place = unsafe { table.place(index, 0, bytes as u32) };
        place.map_or(&[], |place| place.bytes)
    }
}

#[cold]
fn misplaced_concept(ordinal: u32) -> Damage {
    Damage::new("concept records", u64::from(ordinal) * ConceptRecord::SIZE as u64)
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("publish", &self.0.publish)
            .field("sequence", &self.0.sequence)
            .field("lengths", &self.0.lengths)
            .finish_non_exhaustive()
    }
}

/// The block of a slot's edges.
#[inline]
fn handle_of(row: &Row, side: Side) -> u32 {
    // Acquire pairs with the Release that put the block into the row.
    row.edges(side).load(Ordering::Acquire)
}
