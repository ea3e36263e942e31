//! The image of a checkpoint, mapped: rows, adjacency and id index of everything up to it.
//!
//! Its blocks are verified at first access and remembered. It is derived: a damaged block is [`Damage`] for the read that
//! meets it, and the next open builds the columns again from the records.

use std::ops::Range;

use sutra_format::footer::AccessEntry;
use sutra_format::image::{
    ID_EMPTY, IMAGE_BLOCK, ImageColumns, ImageHeader, ImageRow, LOST_COUNT, id_home, id_tag, slice,
};
use sutra_format::{DecodeError, checksum};
use sutra_sync::atomic::{AtomicBool, Ordering};
use sutra_vfs::{Map, MapMut};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::bits::AtomicBits;
use crate::blocks::IMAGE_ROW;
use crate::edges::{Segment, Side};
use crate::error::Damage;
use crate::ids::prefetch;

/// A mapped image.
#[derive(Debug)]
pub struct Image {
    header: ImageHeader,
    out: ImageColumns,
    incoming: ImageColumns,
    map: Map,
    /// Rows are changed in private memory; the file's bytes, which are verified, stay as they are.
    rows: sutra_sync::Mutex<Option<MapMut>>,
    verified: AtomicBits,
    /// A block was found damaged: whoever writes the next checkpoint should know.
    damaged: AtomicBool,
}

impl Image {
    /// Takes the map of a whole image and a private map of its rows. Checks the header and the checksums of the blocks'
    /// checksums, not the blocks.
    ///
    /// # Errors
    /// [`DecodeError`] if the header or its checks are damaged or the maps are too short.
    pub fn open(map: Map, rows: MapMut) -> Result<Self, DecodeError> {
        let header = ImageHeader::read(&map)?;
        header.block_checks(&map)?;
        let truncated = DecodeError::Truncated { structure: "image" };
        slice(&map, 0..header.length.get())?;
        let row_range = header.row_range();
        if (rows.len() as u64) < row_range.end - row_range.start {
            return Err(truncated);
        }
        Self::of_parts(header, map, Some(rows))
    }

    fn of_parts(header: ImageHeader, map: Map, rows: Option<MapMut>) -> Result<Self, DecodeError> {
        let blocks = header.blocks();
        let blocks = usize::try_from(blocks).map_err(|_| DecodeError::Truncated { structure: "image" })?;
        Ok(Self {
            out: header.out_columns(),
            incoming: header.in_columns(),
            header,
            map,
            rows: sutra_sync::Mutex::new(rows),
            verified: AtomicBits::new(blocks),
            damaged: AtomicBool::new(false),
        })
    }

    /// Slots that the image covers.
    #[must_use]
    #[inline]
    pub fn slots(&self) -> u32 {
        self.header.slots.get()
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &ImageHeader {
        &self.header
    }

    pub(crate) fn take_rows(&self) -> Option<MapMut> {
        self.rows.lock().take()
    }

    /// Whether a block was found damaged since the image was opened.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// The same image without rows to change: for what can still be read of a damaged one.
    pub(crate) fn reader(&self) -> Result<Self, DecodeError> {
        Self::of_parts(self.header, self.map.clone(), None)
    }

    /// The access counters of all rows: nothing but the image holds those that are older than it. Those that are in damaged
    /// blocks are lost, and said to be.
    pub(crate) fn known_access(&self) -> Vec<AccessEntry> {
        let rows = (0..self.slots()).filter_map(|slot| {
            if self.verify_row(slot).is_err() {
                return Some(AccessEntry { slot: slot.into(), count: LOST_COUNT.into(), last_accessed: 0.into() });
            }
            let start = self.header.rows.get() + u64::from(slot) * 32;
            let row = *ImageRow::ref_from_bytes(slice(&self.map, start..start + 32).ok()?).ok()?;
            Some(AccessEntry { slot: slot.into(), count: row.access_count, last_accessed: row.last_accessed })
        });
        rows.filter(|entry| entry.count.get() > 0).collect()
    }

    /// Verifies the blocks of a range.
    #[inline]
    fn verify(&self, range: &Range<u64>) -> Result<(), Damage> {
        if range.is_empty() {
            return Ok(());
        }
        let outside = Damage::new("image", range.start);
        let first = self.header.block_of(range.start).ok_or(outside)?;
        let last = self.header.block_of(range.end - 1).ok_or(outside)?;
        (first..=last).try_for_each(
            |block| {
                if self.verified.get(block as usize) { Ok(()) } else { self.verify_block(block) }
            },
        )
    }

    #[cold]
    fn verify_block(&self, block: u64) -> Result<(), Damage> {
        let verified = self.check_block(block);
        if verified.is_err() {
            // Relaxed: a hint, read when a checkpoint is made.
            self.damaged.store(true, Ordering::Relaxed);
        }
        verified
    }

    fn check_block(&self, block: u64) -> Result<(), Damage> {
        let damage = Damage::new("image", block * IMAGE_BLOCK);
        let bytes = slice(&self.map, self.header.block_range(block)).map_err(|_| damage)?;
        let checks = slice(&self.map, self.header.check_range()).map_err(|_| damage)?;
        let checks = <[zerocopy::little_endian::U64]>::ref_from_bytes(checks).map_err(|_| damage)?;
        if checks.get(block as usize).is_none_or(|expected| expected.get() != checksum(bytes)) {
            return Err(damage);
        }
        if !self.rows_are_possible(block) {
            return Err(damage);
        }
        self.verified.set(block as usize);
        Ok(())
    }

    /// Whether the rows in a block lead nowhere but into the image: another handle would be taken for a block's.
    fn rows_are_possible(&self, block: u64) -> bool {
        let (rows, block) = (self.header.row_range(), self.header.block_range(block));
        let range = block.start.max(rows.start)..block.end.min(rows.end);
        if range.start >= range.end {
            return true;
        }
        let rows = slice(&self.map, range).ok().and_then(|bytes| <[ImageRow]>::ref_from_bytes(bytes).ok());
        let concepts = self.header.concepts.get();
        rows.is_some_and(|rows| {
            rows.iter().all(|row| {
                let leads = row.out.get() <= IMAGE_ROW && row.incoming.get() <= IMAGE_ROW && row.versions.get() == 0;
                leads && row.latest.get() < concepts
            })
        })
    }

    /// Values `range` of a column.
    #[inline]
    fn column<T: FromBytes + Immutable + KnownLayout>(
        &self,
        column: &Range<u64>,
        range: Range<u32>,
    ) -> Result<&[T], Damage> {
        let size = size_of::<T>() as u64;
        let bytes = column.start + u64::from(range.start) * size..column.start + u64::from(range.end) * size;
        let damage = Damage::new("image", bytes.start);
        if bytes.end > column.end {
            return Err(damage);
        }
        self.verify(&bytes)?;
        let bytes = slice(&self.map, bytes).map_err(|_| damage)?;
        <[T]>::ref_from_bytes(bytes).map_err(|_| damage)
    }

    /// Verifies the row of a slot; the row itself is read in private memory.
    #[inline]
    pub(crate) fn verify_row(&self, slot: u32) -> Result<(), Damage> {
        let start = self.header.rows.get() + u64::from(slot) * 32;
        self.verify(&(start..start + 32))
    }

    /// The edges of a slot that is covered.
    #[inline]
    pub(crate) fn edges(&self, slot: u32, side: Side, length: u32) -> Result<Segment<'_>, Damage> {
        let columns = match side {
            Side::Out => &self.out,
            Side::In => &self.incoming,
        };
        let bounds: &[u32] = self.column(&columns.offsets, slot..slot.saturating_add(2))?;
        let range = bounds[0]..bounds[1];
        if range.start > range.end || range.end > self.header.edges.get() {
            return Err(Damage::new("image", columns.offsets.start));
        }
        let columns = (
            self.column(&columns.targets, range.clone())?,
            self.column(&columns.ordinals, range.clone())?,
            self.column(&columns.confidences, range.clone())?,
            self.column(&columns.kinds, range)?,
        );
        Ok(Segment::of_image(columns, length))
    }

    /// Asks the processor for the bounds of a slot's edges.
    #[inline]
    pub(crate) fn prefetch_edges(&self, slot: u32, side: Side) {
        let columns = match side {
            Side::Out => &self.out,
            Side::In => &self.incoming,
        };
        prefetch(self.map.as_ptr().wrapping_add(columns.offsets.start as usize + slot as usize * 4));
    }

    /// Asks the processor for the first word of a hash.
    pub(crate) fn prefetch(&self, hash: u64) {
        let at = self.header.id_range().start + id_home(hash, self.slots()) * 8;
        prefetch(self.map.as_ptr().wrapping_add(at as usize));
    }

    /// The slot that the id of a hash most likely has; a hint, for words that are verified.
    pub(crate) fn candidate(&self, hash: u64) -> Option<u32> {
        let at = self.header.id_range().start + id_home(hash, self.slots()) * 8;
        let verified = self.header.block_of(at).is_some_and(|block| self.verified.get(block as usize));
        if !verified { None } else { self.probe(hash, |slot| Ok(Some(slot))).ok().flatten() }
    }

    /// Asks `found` about each slot whose tag matches, until it gives an answer.
    #[inline]
    pub(crate) fn probe<T>(
        &self,
        hash: u64,
        mut found: impl FnMut(u32) -> Result<Option<T>, Damage>,
    ) -> Result<Option<T>, Damage> {
        let (words, tag) = (self.header.id_range(), id_tag(hash));
        let home = words.start + id_home(hash, self.slots()) * 8;
        // The table's end is the bound for one that lies.
        for at in (home..words.end).step_by(8) {
            self.verify(&(at..at + 8))?;
            let damage = Damage::new("image", at);
            let word = slice(&self.map, at..at + 8).map_err(|_| damage)?;
            let word = u64::from_le_bytes(word.try_into().map_err(|_| damage)?);
            if word == ID_EMPTY {
                return Ok(None);
            }
            if (word >> 32) as u32 == tag
                && (word as u32) < self.slots()
                && let Some(answer) = found(word as u32)?
            {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }
}
