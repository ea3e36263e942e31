//! The image of a checkpoint, mapped: rows, adjacency and id index of everything up to it.
//!
//! Its blocks are verified at first access and remembered. It is derived: a damaged block is [`Damage`] for the read that
//! meets it, and the next open builds the columns again from the records.

use std::ops::Range;

use sutra_format::image::{ID_EMPTY, IMAGE_BLOCK, ImageColumns, ImageHeader, id_home, id_tag, slice};
use sutra_format::{DecodeError, checksum};
use sutra_vfs::{Map, MapMut};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::bits::AtomicBits;
use crate::edges::{Segment, Side};
use crate::error::Damage;

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
        let blocks = usize::try_from(header.blocks()).map_err(|_| truncated)?;
        Ok(Self {
            out: header.out_columns(),
            incoming: header.in_columns(),
            header,
            map,
            rows: sutra_sync::Mutex::new(Some(rows)),
            verified: AtomicBits::new(blocks),
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
        let damage = Damage::new("image", block * IMAGE_BLOCK);
        let bytes = slice(&self.map, self.header.block_range(block)).map_err(|_| damage)?;
        let checks = slice(&self.map, self.header.check_range()).map_err(|_| damage)?;
        let checks = <[zerocopy::little_endian::U64]>::ref_from_bytes(checks).map_err(|_| damage)?;
        if checks.get(block as usize).is_none_or(|expected| expected.get() != checksum(bytes)) {
            return Err(damage);
        }
        self.verified.set(block as usize);
        Ok(())
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

    /// Verifies all rows.
    pub(crate) fn verify_rows(&self) -> Result<(), Damage> {
        self.verify(&self.header.row_range())
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

    /// Asks `found` about each slot whose tag matches, until it gives an answer.
    #[inline]
    pub(crate) fn probe<T>(
        &self,
        hash: u64,
        mut found: impl FnMut(u32) -> Result<Option<T>, Damage>,
    ) -> Result<Option<T>, Damage> {
        let (bits, tag) = (self.header.id_bits(), id_tag(hash));
        let (words, mask) = (self.header.id_range(), (1_u64 << bits) - 1);
        let home = id_home(hash, bits);
        // At most half of the words are used; the bound is for a table that lies.
        for step in 0..=mask {
            let at = words.start + ((home + step) & mask) * 8;
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
