//! What the writer and all snapshots share: the arenas, the rows, the blocks, the id table, the image.

use sutra_format::geometry::{blob_position, chunk_size, locate, record_chunk_length, split};
use sutra_format::{AssociationRecord, ConceptRecord, NO_BLOB, blob_checksum};
use sutra_sync::atomic::AtomicU64;
use sutra_vfs::MapMut;
use zerocopy::FromBytes;

use crate::arena::ChunkTable;
use crate::blocks::Blocks;
use crate::error::Damage;
use crate::ids::IdTable;
use crate::image::Image;
use crate::reclaim::Reclaim;
use crate::rows::{Row, Rows};
use crate::spare::SpareMemory;

/// The three arenas of records and blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arena {
    /// Concept records, 128 bytes each.
    Concepts,
    /// Association records, 64 bytes each.
    Associations,
    /// Contents, vectors, metadata and keys, length-prefixed.
    Blobs,
}

impl Arena {
    /// All arenas, in the order of their numbers in the file.
    pub const ALL: [Self; 3] = [Self::Concepts, Self::Associations, Self::Blobs];
}

/// A snapshot's lengths: everything below them is visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    /// Slots: concepts, stubs and forgotten ones.
    pub slots: u32,
    /// Concept records.
    pub concepts: u32,
    /// Association records.
    pub associations: u32,
    /// End of the blobs: `chunk << 32 | offset`.
    pub blobs: u64,
    /// Concepts that are learned and not forgotten.
    pub live_concepts: u32,
    /// Stubs.
    pub stubs: u32,
    /// Associations that are learned and not forgotten.
    pub edges: u32,
}

impl Lengths {
    /// Whether a chunk is full: all of it lies below these lengths, or, for blobs, is closed.
    pub(crate) fn fills(&self, arena: Arena, index: u32) -> bool {
        match arena {
            Arena::Concepts => record_chunk_length(index, self.concepts, CONCEPT) == chunk_size(index),
            Arena::Associations => record_chunk_length(index, self.associations, ASSOCIATION) == chunk_size(index),
            Arena::Blobs => index < split(self.blobs).0,
        }
    }
}

const CONCEPT: u64 = ConceptRecord::SIZE as u64;
const ASSOCIATION: u64 = AssociationRecord::SIZE as u64;

impl Lengths {
    /// Records of both kinds.
    #[must_use]
    pub fn records(&self) -> u64 {
        u64::from(self.concepts) + u64::from(self.associations)
    }
}

/// Chunks that a table of records can have: enough for 2^32 records of 128 bytes. A model makes a store for each run.
const RECORD_CHUNKS: usize = if cfg!(any(loom, miri)) { 8 } else { (1 << 17) + 64 };
/// Chunks that the blob arena can have.
const BLOB_CHUNKS: usize = if cfg!(any(loom, miri)) { 8 } else { 1 << 20 };
/// Bytes that blobs are aligned to.
pub(crate) const BLOB_ALIGN: u32 = 4;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) concepts: ChunkTable,
    pub(crate) associations: ChunkTable,
    pub(crate) blobs: ChunkTable,
    pub(crate) rows: Rows,
    pub(crate) blocks: Blocks,
    pub(crate) ids: IdTable,
    pub(crate) image: Option<Image>,
    /// What was replaced. Owned here, so that it outlives the writer as long as a snapshot does; locked by the writer only.
    pub(crate) reclaim: sutra_sync::Mutex<Reclaim>,
    /// Memory for chunks; locked by the writer's threads only, once a chunk.
    pub(crate) spare: sutra_sync::Mutex<SpareMemory>,
    pub(crate) statistics: Statistics,
}

/// Kept by the writer, read by anyone.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    pub(crate) heap_bytes: AtomicU64,
    pub(crate) retained_bytes: AtomicU64,
    pub(crate) oldest_snapshot: AtomicU64,
    pub(crate) live_snapshots: AtomicU64,
}

impl Shared {
    pub(crate) fn new(image: Option<Image>) -> std::io::Result<Self> {
        Ok(Self {
            concepts: ChunkTable::new(RECORD_CHUNKS, size_of::<ConceptRecord>() as u32)?,
            associations: ChunkTable::new(RECORD_CHUNKS, size_of::<AssociationRecord>() as u32)?,
            blobs: ChunkTable::new(BLOB_CHUNKS, BLOB_ALIGN)?,
            rows: Rows::new()?,
            blocks: Blocks::new()?,
            ids: IdTable::new(),
            image,
            reclaim: sutra_sync::Mutex::new(Reclaim::default()),
            spare: sutra_sync::Mutex::new(SpareMemory::default()),
            statistics: Statistics::default(),
        })
    }

    /// Writer only: memory for a chunk. A used one holds what it held.
    pub(crate) fn take_memory(&self, size: u64) -> std::io::Result<MapMut> {
        self.spare.lock().take(size)
    }

    /// Writer only: the row of a slot that exists, verified if the image holds it.
    ///
    /// # Safety
    /// The caller holds `self` for as long as the result is used.
    #[inline]
    pub(crate) unsafe fn row(&self, slot: u32) -> Result<&'static Row, Damage> {
        if let Some(image) = &self.image
            && slot < image.slots()
        {
            image.verify_row(slot)?;
        }
        let row = self.rows.get(slot).ok_or(Damage::new("slot rows", u64::from(slot) * 32))?;
        // SAFETY: rows are freed with `self`, never before; the caller's promise.
        Ok(unsafe { &*std::ptr::from_ref(row) })
    }

    pub(crate) fn arena(&self, arena: Arena) -> &ChunkTable {
        match arena {
            Arena::Concepts => &self.concepts,
            Arena::Associations => &self.associations,
            Arena::Blobs => &self.blobs,
        }
    }

    /// A concept record, verified at first access.
    ///
    /// # Safety
    /// The record is below the length of a snapshot that the caller holds for `'a`, or the caller is the writer.
    #[inline(always)]
    pub(crate) unsafe fn concept(&self, ordinal: u32) -> Result<&ConceptRecord, Damage> {
        let at = u64::from(ordinal) * size_of::<ConceptRecord>() as u64;
        let damage = || Damage::new("concept records", at);
        let (chunk, offset) = locate(at);
        // SAFETY: the caller's promise.
        let place = unsafe { self.concepts.place(chunk, offset, size_of::<ConceptRecord>() as u32) };
        let place = place.ok_or_else(damage)?;
        let record = ConceptRecord::ref_from_bytes(place.bytes).map_err(|_| damage())?;
        if !place.is_verified() {
            if !record.is_intact() {
                return Err(damage());
            }
            place.set_verified();
        }
        Ok(record)
    }

    /// Asks the processor for both lines of a concept record.
    #[inline]
    pub(crate) fn prefetch_concept(&self, ordinal: u32) {
        let (chunk, offset) = locate(u64::from(ordinal) * size_of::<ConceptRecord>() as u64);
        let record = self.concepts.hint(chunk, offset);
        crate::ids::prefetch(record);
        crate::ids::prefetch(record.wrapping_add(64));
    }

    /// An association record, verified at first access.
    ///
    /// # Safety
    /// As for [`Shared::concept`].
    #[inline]
    pub(crate) unsafe fn association(&self, ordinal: u32) -> Result<&AssociationRecord, Damage> {
        let at = u64::from(ordinal) * size_of::<AssociationRecord>() as u64;
        let damage = || Damage::new("association records", at);
        let (chunk, offset) = locate(at);
        // SAFETY: the caller's promise.
        let place = unsafe { self.associations.place(chunk, offset, size_of::<AssociationRecord>() as u32) };
        let place = place.ok_or_else(damage)?;
        let record = AssociationRecord::ref_from_bytes(place.bytes).map_err(|_| damage())?;
        if !place.is_verified() {
            if !record.is_intact() {
                return Err(damage());
            }
            place.set_verified();
        }
        Ok(record)
    }

    /// Asks the processor for the beginning of a blob that is about to be read.
    #[inline]
    pub(crate) fn prefetch_blob(&self, position: u64) {
        if position != NO_BLOB {
            let (chunk, offset) = split(position);
            crate::ids::prefetch(self.blobs.address(chunk, offset..offset.saturating_add(BLOB_ALIGN)));
        }
    }

    /// The payload of a blob that a record names, verified at first access; `None` if the record has none.
    ///
    /// # Safety
    /// Bytes below `end` were written before a snapshot was published that the caller holds for `'a`, or the caller is the
    /// writer.
    #[inline]
    pub(crate) unsafe fn blob(&self, position: u64, checksum: u32, end: u64) -> Result<Option<&[u8]>, Damage> {
        if position == NO_BLOB {
            return Ok(None);
        }
        let damage = || Damage::new("blobs", position);
        let (chunk, offset) = split(position);
        if position >= end || !offset.is_multiple_of(BLOB_ALIGN) {
            return Err(damage());
        }
        // One chunk for length and payload: with a load for each, a swap in between would give the payload of the map, not
        // yet verified, under the trust in the heap's length.
        // SAFETY: the position is below `end`; the caller's promise.
        let bytes = unsafe { self.blobs.chunk(chunk) }.ok_or_else(damage)?;
        // SAFETY: below `end`, since that is a multiple of the alignment as every position is; the caller's promise.
        let prefix = unsafe { bytes.place(offset, BLOB_ALIGN) }.ok_or_else(damage)?;
        let length = u32::read_from_bytes(prefix.bytes).map_err(|_| damage())?;
        let start = offset.checked_add(BLOB_ALIGN).ok_or_else(damage)?;
        if start.checked_add(length).is_none_or(|payload_end| blob_position(chunk, payload_end) > end) {
            return Err(damage());
        }
        // SAFETY: below `end`; the caller's promise. A length that was damaged stays within the chunk or is refused.
        let payload = unsafe { bytes.place(start, length) }.ok_or_else(damage)?;
        if !prefix.is_verified() {
            if blob_checksum(payload.bytes) != checksum {
                return Err(damage());
            }
            prefix.set_verified();
        }
        Ok(Some(payload.bytes))
    }
}
