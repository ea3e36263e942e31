//! Finding a record through an image, each block verified at its first access.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use sutra_format::checksum;
use sutra_format::image::{ID_EMPTY, ImageHeader, ImageRow, id_home, id_tag, slice};
use sutra_vfs::Map;
use zerocopy::FromBytes;
use zerocopy::little_endian::U64;

use crate::error::StoreError;
use crate::store::ImagePlace;

const REGION: &str = "image";

/// A mapped image whose header and checks are verified.
#[derive(Debug)]
pub(crate) struct ImageReader {
    position: u64,
    header: ImageHeader,
    map: Map,
    /// Which blocks were found whole. Relaxed: the map does not change, and a lost mark costs a second look, no more.
    verified: Vec<AtomicBool>,
}

impl ImageReader {
    pub(crate) fn new(place: ImagePlace, map: Map) -> Self {
        let blocks = usize::try_from(place.header.blocks()).unwrap_or(0);
        let verified = std::iter::repeat_with(|| AtomicBool::new(false)).take(blocks).collect();
        Self { position: place.position, header: place.header, map, verified }
    }

    /// Asks `is_it` about the newest record of each slot whose tag matches, until it gives an answer.
    pub(crate) fn find<T>(
        &self,
        hash: u64,
        is_it: impl Fn(u32) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let words = self.header.id_range();
        let home = words.start + id_home(hash, self.header.slots.get()) * 8;
        // The table's end is the bound for one that lies.
        for at in (home..words.end).step_by(8) {
            let word = self.word(at)?;
            if word == ID_EMPTY {
                return Ok(None);
            }
            let (tag, slot) = sutra_format::geometry::split(word);
            if tag == id_tag(hash)
                && slot < self.header.slots.get()
                && let Some(answer) = is_it(self.latest(slot)?)?
            {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    fn latest(&self, slot: u32) -> Result<u32, StoreError> {
        let size = size_of::<ImageRow>() as u64;
        let at = self.header.row_range().start + u64::from(slot) * size;
        let row = ImageRow::ref_from_bytes(self.bytes(at..at + size)?).map_err(|_| self.corrupt(at))?;
        Ok(row.latest.get())
    }

    fn word(&self, at: u64) -> Result<u64, StoreError> {
        let word = U64::read_from_bytes(self.bytes(at..at + 8)?).map_err(|_| self.corrupt(at))?;
        Ok(word.get())
    }

    /// Bytes of the image, from blocks that are verified now if they were not before.
    pub(crate) fn bytes(&self, range: Range<u64>) -> Result<&[u8], StoreError> {
        if let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) {
            let first = self.header.block_of(range.start).ok_or_else(|| self.corrupt(range.start))?;
            let last = self.header.block_of(last).ok_or_else(|| self.corrupt(last))?;
            (first..=last).try_for_each(|block| self.verify(block))?;
        }
        slice(&self.map, range.clone()).map_err(|_| self.corrupt(range.start))
    }

    /// Verifies a block unless it was.
    pub(crate) fn verify(&self, block: u64) -> Result<(), StoreError> {
        let range = self.header.block_range(block);
        let damaged = || self.corrupt(range.start);
        let place = usize::try_from(block).map_err(|_| damaged())?;
        let mark = self.verified.get(place).ok_or_else(damaged)?;
        if mark.load(Ordering::Relaxed) {
            return Ok(());
        }
        let bytes = slice(&self.map, range.clone()).map_err(|_| damaged())?;
        let checks = slice(&self.map, self.header.check_range()).map_err(|_| damaged())?;
        let checks = <[U64]>::ref_from_bytes(checks).map_err(|_| damaged())?;
        if checks.get(place).is_none_or(|check| check.get() != checksum(bytes)) {
            return Err(damaged());
        }
        mark.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn header(&self) -> &ImageHeader {
        &self.header
    }

    fn corrupt(&self, at: u64) -> StoreError {
        StoreError::corrupt(REGION, self.position.saturating_add(at), "a block's checksum does not match")
    }
}
