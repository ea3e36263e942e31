//! Arenas from the chunks of a file.
//!
//! Full chunks stay mapped; the begun chunk at the end of each arena is copied to the heap, since it is written further.
//! Rows, blocks and id table come from the image, and what is newer is linked as it is when it is applied. Without an
//! image, or with a damaged one, everything is linked from the records: degrees are counted first, so that each block is
//! made once, in its final size.

use std::collections::HashMap;
use std::ops::Range;

use sutra_format::catalogue::Catalogue;
use sutra_format::footer::AccessEntry;
use sutra_format::geometry::{blob_chunks, chunk_size, is_blob_chunk_size, record_chunk_length, record_chunks, split};
use sutra_format::{AssociationRecord, ConceptId, ConceptRecord, NONE};
use sutra_sync::Arc;
use sutra_sync::atomic::Ordering;
use sutra_vfs::{Map, MapMut};

use crate::arena::{Backing, ChunkTable};
use crate::association::end_of;
use crate::bits::AtomicBits;
use crate::edges::Side;
use crate::error::{ApplyError, Damage, RestoreError};
use crate::group::WINDOW;
use crate::image::Image;
use crate::linker::Linker;
use crate::shared::{BLOB_ALIGN, Lengths, Shared};
use crate::writer::Writer;

/// Records from which on two threads link them: starting one takes as long as linking a few hundred.
const TOGETHER: usize = 16_384;

/// What a checkpoint holds.
#[derive(Debug)]
pub struct Restore {
    /// Lengths of the arenas and counts.
    pub lengths: Lengths,
    /// The last sequence that it covers.
    pub sequence: u64,
    /// When it was committed: microseconds since the Unix epoch.
    pub timestamp: u64,
    /// The names.
    pub catalogue: Catalogue,
    /// For each arena, one map a chunk, of the chunk's whole extent.
    pub chunks: [Vec<Map>; 3],
    /// The image, if there is one. It may be older than the checkpoint.
    pub image: Option<Image>,
    /// Access counters that changed since the image, or all of them without one.
    pub access: Vec<AccessEntry>,
}

impl Writer {
    /// A writer over the arenas of a checkpoint. Its snapshot is published by [`Writer::publish`], after the write-ahead log
    /// was replayed. With an image O(what is newer than it), else O(records).
    ///
    /// # Errors
    /// [`RestoreError::Damage`] if records are damaged or contradict each other or the lengths.
    pub fn restore(mut restore: Restore) -> Result<Self, RestoreError> {
        if let Some(image) = restore.image.take() {
            let reader = image.reader();
            match Self::restore_over(&restore, Some(image)) {
                Err(RestoreError::Damage(_)) => {}
                result => return result,
            }
            // Access counters are in no record: those before the image are saved from its rows, newer ones laid over them.
            if let Ok(reader) = reader {
                let newer = std::mem::take(&mut restore.access);
                restore.access = reader.known_access();
                restore.access.extend(newer);
            }
        }
        Self::restore_over(&restore, None)
    }

    fn restore_over(restore: &Restore, image: Option<Image>) -> Result<Self, RestoreError> {
        let lengths = restore.lengths;
        let header = image.as_ref().map(|image| *image.header());
        let rows = image.as_ref().and_then(Image::take_rows);
        let shared = Shared::new(image)?;
        let [concepts, associations, blobs] = &restore.chunks;
        adopt_records(&shared.concepts, concepts, lengths.concepts, ConceptRecord::SIZE as u64)?;
        adopt_records(&shared.associations, associations, lengths.associations, AssociationRecord::SIZE as u64)?;
        adopt_blobs(&shared.blobs, blobs, lengths.blobs)?;

        let mut start = Lengths { blobs: lengths.blobs, ..Lengths::default() };
        if let (Some(header), Some(rows)) = (&header, rows) {
            start.slots = header.slots.get();
            start.concepts = header.concepts.get();
            start.associations = header.associations.get();
            start.edges = header.edges.get();
            if start.concepts > lengths.concepts
                || start.associations > lengths.associations
                || !shared.rows.adopt(rows, start.slots)?
            {
                return Err(Damage::new("image", 0).into());
            }
        }
        let mut writer = Self::over(Arc::new(shared), start, restore.catalogue.clone(), restore.sequence);
        writer.link_concepts(start.concepts, lengths.concepts)?;
        if header.is_some() {
            // Counts of what the image covers are those of the checkpoint less what is newer; the header is checksummed.
            writer.lengths.live_concepts = lengths.live_concepts;
            writer.lengths.stubs = lengths.stubs;
            writer.link_newer_associations(start.associations..lengths.associations)?;
        } else {
            writer.link_all_associations(lengths.associations)?;
        }
        if writer.lengths != lengths {
            return Err(Damage::new("header", 0).into());
        }
        for entry in &restore.access {
            if entry.slot.get() >= lengths.slots {
                return Err(Damage::new("footer", 0).into());
            }
            writer.set_access(entry.slot.get(), entry.count.get(), entry.last_accessed.get())?;
        }
        Ok(writer)
    }

    fn link_concepts(&mut self, from: u32, to: u32) -> Result<(), RestoreError> {
        for ordinal in from..to {
            let damage = Damage::new("concept records", u64::from(ordinal) * ConceptRecord::SIZE as u64);
            // SAFETY: this is the writer.
            let record = *unsafe { self.shared.concept(ordinal) }?;
            let (slot, previous) = (record.slot.get(), record.previous.get());
            self.lengths.concepts = ordinal + 1;
            if record.is_stub() && record.is_tombstone() {
                return Err(damage.into());
            }
            if slot == self.lengths.slots && previous == NONE {
                self.link_slot(slot, ordinal, &ConceptId::from_bytes(record.id))?;
            } else if slot < self.lengths.slots && previous < ordinal {
                let row = self.row(slot)?;
                if row.latest.load(Ordering::Relaxed) != previous {
                    return Err(damage.into());
                }
                // SAFETY: this is the writer, and `previous` is below the length.
                let before = unsafe { self.shared.concept(previous) }?;
                if before.id != record.id {
                    return Err(damage.into());
                }
                self.lengths.live_concepts = self.lengths.live_concepts.wrapping_sub(u32::from(before.is_live()));
                self.lengths.stubs = self.lengths.stubs.wrapping_sub(u32::from(before.is_stub()));
                row.latest.store(ordinal, Ordering::Relaxed);
            } else {
                return Err(damage.into());
            }
            self.lengths.live_concepts = self.lengths.live_concepts.wrapping_add(u32::from(record.is_live()));
            self.lengths.stubs = self.lengths.stubs.wrapping_add(u32::from(record.is_stub()));
        }
        Ok(())
    }

    /// Links what is newer than the image: both sides at once between records that forget a slot, which change both sides of
    /// many slots.
    fn link_newer_associations(&mut self, ordinals: Range<u32>) -> Result<(), RestoreError> {
        let mut from = ordinals.start;
        for ordinal in ordinals.clone() {
            // SAFETY: this is the writer.
            let record = *unsafe { self.shared.association(ordinal) }?;
            self.check_association(ordinal, &record)?;
            self.lengths.associations = ordinal + 1;
            if record.flags == AssociationRecord::SLOT_TOMBSTONE {
                self.link_sides(from..ordinal, |_, record| Some(*record))?;
                self.link(ordinal, &record)?;
                from = ordinal + 1;
            }
        }
        Ok(self.link_sides(from..ordinals.end, |_, record| Some(*record))?)
    }

    /// Links both ends of records, none of which forgets a slot; `what` gives a record as it is to be linked, if it is.
    ///
    /// The outgoing and the incoming edges of all slots share no block and no word of a row. So two threads can link them,
    /// each with a linker of its own, and both see the records in their order: what comes out is what one thread makes.
    fn link_sides(
        &mut self,
        ordinals: Range<u32>,
        what: impl Fn(u32, &AssociationRecord) -> Option<AssociationRecord> + Sync,
    ) -> Result<(), ApplyError> {
        let linker = &mut self.linkers[0];
        let together = (ordinals.len() >= TOGETHER).then(|| {
            let mut other = Linker::new(Arc::clone(&self.shared));
            // What is left of an earlier one's chunk.
            other.allocator.take_later(&mut linker.allocator);
            std::thread::scope(|scope| {
                let link = || other.link_side(Side::In, ordinals.clone(), &what).map(|_| other);
                let thread = std::thread::Builder::new().name("sutra-open".to_owned());
                // Without a thread to be had, one after the other.
                let incoming = thread.spawn_scoped(scope, link).ok()?;
                let outgoing = linker.link_side(Side::Out, ordinals.clone(), &what);
                // A panic there is a panic here.
                let incoming = incoming.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                Some(outgoing.and_then(|changed| Ok((changed, incoming?))))
            })
        });
        let changed = match together.flatten() {
            Some(linked) => {
                let (changed, other) = linked?;
                linker.absorb(other);
                changed
            }
            None => {
                linker.link_side(Side::In, ordinals.clone(), &what)?;
                linker.link_side(Side::Out, ordinals, &what)?
            }
        };
        self.lengths.edges = self.lengths.edges.wrapping_add(changed.begun).wrapping_sub(changed.ended);
        Ok(())
    }

    /// Whether a record may stand at its ordinal: its ends are slots, its flags are known, and what it ends is an earlier
    /// version of the same association. That this had not ended before, the callers check.
    fn check_association(&self, ordinal: u32, record: &AssociationRecord) -> Result<(), Damage> {
        let (slots, previous) = (self.lengths.slots, record.previous.get());
        let ends = |record: &AssociationRecord| (record.source.get(), record.target.get());
        let (source, target) = ends(record);
        let possible = source < slots
            && target < slots
            && match record.flags {
                0 if previous == NONE => true,
                AssociationRecord::SLOT_TOMBSTONE => previous == NONE && source == target,
                0 | AssociationRecord::TOMBSTONE if previous < ordinal => {
                    // SAFETY: this is the writer.
                    let before = unsafe { self.shared.association(previous) }?;
                    before.is_live() && ends(before) == (source, target) && before.kind == record.kind
                }
                _ => false,
            };
        if possible { Ok(()) } else { Err(contradiction(ordinal)) }
    }

    /// Counts degrees, makes blocks of the right size, places edges: records are read in order, three times.
    fn link_all_associations(&mut self, count: u32) -> Result<(), RestoreError> {
        let mut ended = vec![0_u64; count as usize / 64 + 1];
        let mut forgotten: HashMap<u32, u32> = HashMap::new();
        for ordinal in 0..count {
            // SAFETY: this is the writer.
            let record = unsafe { self.shared.association(ordinal) }?;
            self.check_association(ordinal, record)?;
            let previous = record.previous.get();
            if previous != NONE {
                let after = |slot: u32| forgotten.get(&slot).is_none_or(|tombstone| *tombstone < previous);
                let (word, bit) = (&mut ended[previous as usize / 64], 1 << (previous % 64));
                if *word & bit != 0 || !after(record.source.get()) || !after(record.target.get()) {
                    return Err(contradiction(ordinal).into());
                }
                *word |= bit;
            }
            if record.flags == AssociationRecord::SLOT_TOMBSTONE {
                forgotten.insert(record.source.get(), ordinal);
            }
        }
        let alive = |ordinal: u32, record: &AssociationRecord| {
            let after = |slot: u32| forgotten.get(&slot).is_none_or(|tombstone| *tombstone < ordinal);
            record.is_live()
                && ended[ordinal as usize / 64] & (1 << (ordinal % 64)) == 0
                && (forgotten.is_empty() || after(record.source.get()) && after(record.target.get()))
        };
        let mut degrees = [vec![0_u32; self.lengths.slots as usize], vec![0_u32; self.lengths.slots as usize]];
        for ordinal in 0..count {
            // SAFETY: this is the writer.
            let record = unsafe { self.shared.association(ordinal) }?;
            if alive(ordinal, record) {
                degrees[0][record.source.get() as usize] += 1;
                degrees[1][record.target.get() as usize] += 1;
            }
        }
        for (side, degrees) in [Side::Out, Side::In].into_iter().zip(&degrees) {
            for (slot, degree) in (0..).zip(degrees).filter(|(_, degree)| **degree > 0) {
                let block = self.linkers[0].build(&[], *degree as usize)?;
                self.row(slot)?.edges(side).store(block, Ordering::Relaxed);
            }
        }
        drop(degrees);
        self.lengths.associations = count;
        Ok(self.link_sides(0..count, |ordinal, record| {
            // What it replaced was left out above.
            alive(ordinal, record).then(|| AssociationRecord { previous: NONE.into(), ..*record })
        })?)
    }
}

/// How many edges began and ended.
#[derive(Default)]
struct Changed {
    begun: u32,
    ended: u32,
}

impl Linker {
    /// Links one end of each record, in order, after asking for the memory that those of a window will meet.
    fn link_side(
        &mut self,
        side: Side,
        ordinals: Range<u32>,
        what: impl Fn(u32, &AssociationRecord) -> Option<AssociationRecord>,
    ) -> Result<Changed, ApplyError> {
        let mut changed = Changed::default();
        let mut next = ordinals.start;
        while next < ordinals.end {
            let window = next..ordinals.end.min(next.saturating_add(WINDOW as u32));
            next = window.end;
            // SAFETY: this is the writer's.
            let record = |ordinal: u32| unsafe { self.shared.association(ordinal) };
            let records = window.clone().filter_map(|ordinal| record(ordinal).ok());
            self.shared.fetch_ends(records.map(|record| (end_of(record, side), side)));
            for ordinal in window {
                // SAFETY: as above.
                let Some(record) = what(ordinal, unsafe { self.shared.association(ordinal) }?) else { continue };
                let row = self.row(end_of(&record, side))?;
                self.link(side, row, ordinal, &record)?;
                changed.begun += u32::from(record.is_live());
                changed.ended += u32::from(record.previous.get() != NONE);
            }
        }
        Ok(changed)
    }
}

fn contradiction(ordinal: u32) -> Damage {
    Damage::new("association records", u64::from(ordinal) * AssociationRecord::SIZE as u64)
}

/// Chunks of records: whole ones stay mapped, a begun one is copied. There are as many as the count demands.
fn adopt_records(table: &ChunkTable, maps: &[Map], count: u32, size: u64) -> Result<(), RestoreError> {
    if maps.len() != record_chunks(count, size) as usize {
        return Err(Damage::new("extents", maps.len() as u64).into());
    }
    for (index, map) in (0..).zip(maps) {
        let used = record_chunk_length(index, count, size) as usize;
        adopt(table, index, map, map.len() as u64 == chunk_size(index), used, size as usize)?;
    }
    Ok(())
}

/// Chunks of blobs: all but the last one are closed.
fn adopt_blobs(table: &ChunkTable, maps: &[Map], end: u64) -> Result<(), RestoreError> {
    let (last, used) = split(end);
    if maps.len() != blob_chunks(end) as usize || !used.is_multiple_of(BLOB_ALIGN) {
        return Err(Damage::new("extents", maps.len() as u64).into());
    }
    for (index, map) in (0..).zip(maps) {
        let used = if index == last { used as usize } else { map.len() };
        adopt(table, index, map, is_blob_chunk_size(index, map.len() as u64), used, BLOB_ALIGN as usize)?;
    }
    Ok(())
}

fn adopt(
    table: &ChunkTable,
    index: u32,
    map: &Map,
    right_size: bool,
    used: usize,
    granule: usize,
) -> Result<(), RestoreError> {
    let damage = Damage::new("extents", u64::from(index));
    if !right_size {
        return Err(damage.into());
    }
    let bits = AtomicBits::new(map.len().div_ceil(granule));
    let backing = if used == map.len() {
        Backing::Mapped(std::sync::Arc::new(map.clone()))
    } else {
        let bytes = map.get(..used).ok_or(damage)?;
        let copy = MapMut::anonymous(map.len())?;
        // SAFETY: `used` is at most the length of both, which are different memory; nobody else has the copy yet.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy.as_mut_ptr(), used) };
        // What comes behind was written by this process.
        bits.set_from(used.div_ceil(granule));
        Backing::Heap(copy)
    };
    if table.insert(index, backing, Some(bits)) { Ok(()) } else { Err(damage.into()) }
}
