//! Writing the sections of an image side by side, and the checksum of each block when it is whole.

use std::collections::BTreeMap;
use std::ops::Range;

use sutra_format::checksum;
use sutra_format::image::ImageHeader;
use zerocopy::little_endian::U64;

use crate::error::StoreError;
use crate::image_writer::ImageFailure;
use crate::imaging::ImageOutput;

/// Where the bytes of all sections go.
pub(crate) struct Sink<'a, 'b> {
    output: &'a mut ImageOutput<'b>,
    /// Where the image begins in the file.
    position: u64,
    header: ImageHeader,
    checks: Vec<U64>,
    /// Blocks that several sections share: bytes so far, and how many.
    shared: BTreeMap<u64, (Vec<u8>, u64)>,
}

impl<'a, 'b> Sink<'a, 'b> {
    pub(crate) fn new(
        output: &'a mut ImageOutput<'b>,
        position: u64,
        header: ImageHeader,
    ) -> Result<Self, ImageFailure> {
        let blocks = usize::try_from(header.blocks()).map_err(|_| ImageFailure::source("too many blocks"))?;
        Ok(Self { output, position, header, checks: vec![U64::ZERO; blocks], shared: BTreeMap::new() })
    }

    /// Takes bytes of one block, from `at` in the image on.
    fn emit(&mut self, at: u64, bytes: &[u8]) -> Result<(), ImageFailure> {
        self.output.write(self.position.saturating_add(at), bytes)?;
        let block = self.header.block_of(at).ok_or_else(|| ImageFailure::source("a section beyond the blocks"))?;
        let range = self.header.block_range(block);
        let whole = range.end - range.start;
        if bytes.len() as u64 == whole {
            return self.check(block, checksum(bytes));
        }
        let length = usize::try_from(whole).map_err(|_| ImageFailure::source("a block of impossible size"))?;
        let (so_far, filled) = self.shared.entry(block).or_insert_with(|| (vec![0; length], 0));
        let start = usize::try_from(at - range.start).unwrap_or(usize::MAX);
        let part = start.checked_add(bytes.len()).and_then(|end| so_far.get_mut(start..end));
        part.ok_or_else(|| ImageFailure::source("bytes across blocks"))?.copy_from_slice(bytes);
        *filled += bytes.len() as u64;
        if *filled == whole {
            let sum = checksum(so_far);
            self.shared.remove(&block);
            return self.check(block, sum);
        }
        Ok(())
    }

    fn check(&mut self, block: u64, sum: u64) -> Result<(), ImageFailure> {
        let place = usize::try_from(block).ok().and_then(|block| self.checks.get_mut(block));
        *place.ok_or_else(|| ImageFailure::source("more blocks than there are"))? = U64::new(sum);
        Ok(())
    }

    /// The sums of all blocks, when every section has ended.
    pub(crate) fn finish(self) -> Result<Vec<U64>, ImageFailure> {
        if self.shared.is_empty() {
            Ok(self.checks)
        } else {
            Err(ImageFailure::source("a section that was not filled"))
        }
    }
}

/// One section, filled from its start to its end.
#[derive(Debug)]
pub(crate) struct Section {
    range: Range<u64>,
    /// Where the next section begins: up to there zeros follow.
    padded: u64,
    at: u64,
    buffer: Vec<u8>,
    /// Bytes that fit behind those of the buffer until a block ends; none if that was not asked yet.
    room: usize,
}

impl Section {
    pub(crate) fn new(range: Range<u64>) -> Self {
        let padded = range.end.next_multiple_of(sutra_format::image::IMAGE_PAGE);
        Self { at: range.start, range, padded, buffer: Vec::new(), room: 0 }
    }

    /// Adds bytes. The buffer never crosses a block.
    #[inline]
    pub(crate) fn push(&mut self, sink: &mut Sink<'_, '_>, mut bytes: &[u8]) -> Result<(), ImageFailure> {
        while bytes.len() >= self.room {
            let (now, later) = bytes.split_at(self.room);
            self.buffer.extend_from_slice(now);
            self.flush(sink)?;
            if later.is_empty() {
                return Ok(());
            }
            let block =
                sink.header.block_of(self.at).ok_or_else(|| ImageFailure::source("a section beyond the blocks"))?;
            self.room = usize::try_from(sink.header.block_range(block).end - self.at).unwrap_or(usize::MAX);
            bytes = later;
        }
        self.buffer.extend_from_slice(bytes);
        self.room -= bytes.len();
        Ok(())
    }

    fn flush(&mut self, sink: &mut Sink<'_, '_>) -> Result<(), ImageFailure> {
        if !self.buffer.is_empty() {
            sink.emit(self.at, &self.buffer)?;
        }
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        self.room = 0;
        Ok(())
    }

    /// Ends the section. It must be as long as the layout said before anything was counted: else what it was made from
    /// contradicts itself.
    pub(crate) fn finish(mut self, sink: &mut Sink<'_, '_>) -> Result<(), ImageFailure> {
        let end = self.at + self.buffer.len() as u64;
        if end != self.range.end {
            return Err(ImageFailure::Source(format!(
                "a column has {} bytes less than it should",
                self.range.end.wrapping_sub(end)
            )));
        }
        let zeros = [0; 512];
        let mut left = self.padded - end;
        while left > 0 {
            let part = left.min(zeros.len() as u64);
            self.push(sink, zeros.get(..usize::try_from(part).unwrap_or(0)).unwrap_or_default())?;
            left -= part;
        }
        self.flush(sink)
    }
}

impl From<StoreError> for ImageFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
