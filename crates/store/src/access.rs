//! Access counts: the rows of the image, and what later footers say of some slots.

use std::collections::BTreeMap;
use std::io;

use sutra_format::footer::FooterHeader;
use sutra_format::image::{ImageHeader, ImageRow, LOST_COUNT};
use sutra_format::{AccessEntry, checksum};
use sutra_vfs::File;
use zerocopy::FromBytes;

/// The newest entry of each slot that has one since the image.
pub(crate) type Overlay = BTreeMap<u32, AccessEntry>;

/// Takes entries over older ones.
pub(crate) fn overlay(over: &mut Overlay, entries: &[AccessEntry]) {
    over.extend(entries.iter().map(|entry| (entry.slot.get(), *entry)));
}

/// The rows of an image as they stand in the file, read block by block and verified. The rows that a snapshot maps run
/// ahead of the checkpoint; these do not.
#[derive(Debug)]
pub(crate) struct ImageRows<'a> {
    file: &'a dyn File,
    position: u64,
    header: ImageHeader,
    block: Option<(u64, Vec<u8>)>,
    /// Blocks that were damaged: their access counts are lost.
    pub(crate) damaged: u64,
}

impl<'a> ImageRows<'a> {
    pub(crate) fn new(file: &'a dyn File, position: u64, header: ImageHeader) -> Self {
        Self { file, position, header, block: None, damaged: 0 }
    }

    /// The rows of the image that a footer names, whether its header is damaged or not: the footer's counts fix the place
    /// of everything, and each block has its own checksum.
    pub(crate) fn of_footer(file: &'a dyn File, footer: &FooterHeader) -> Self {
        let header = ImageHeader::layout(
            footer.image_slots.get(),
            footer.image_concepts.get(),
            footer.image_associations.get(),
            footer.image_edges.get(),
            footer.image_sequence.get(),
        );
        Self::new(file, footer.image_position.get(), header)
    }

    /// Count and time of the last access of a slot; [`LOST_COUNT`] for one in a damaged block, and nothing for a slot that
    /// the image does not cover. Slots are asked for in ascending order.
    ///
    /// # Errors
    /// What the system reports of a read. That is no damage: the counts may be there when the disk is read again, and an
    /// image that was written without them would lose them for good.
    pub(crate) fn get(&mut self, slot: u32) -> io::Result<Option<(u32, u64)>> {
        if slot >= self.header.slots.get() {
            return Ok(None);
        }
        let size = size_of::<ImageRow>() as u64;
        let offset = self.header.rows.get() + u64::from(slot) * size;
        let Some(block) = self.header.block_of(offset) else { return Ok(None) };
        if self.block.as_ref().is_none_or(|(loaded, _)| *loaded != block) {
            let bytes = self.load(block)?.unwrap_or_else(|| {
                self.damaged += 1;
                Vec::new()
            });
            self.block = Some((block, bytes));
        }
        Ok(self.row(offset - self.header.block_range(block).start))
    }

    /// Count and time of the row at `start` of the block that was loaded.
    fn row(&self, start: u64) -> Option<(u32, u64)> {
        let (_, bytes) = self.block.as_ref()?;
        if bytes.is_empty() {
            return Some((LOST_COUNT, 0));
        }
        let (row, _) = ImageRow::ref_from_prefix(bytes.get(usize::try_from(start).ok()?..)?).ok()?;
        Some((row.access_count.get(), row.last_accessed.get()))
    }

    /// A block; none if it is damaged.
    fn load(&self, block: u64) -> io::Result<Option<Vec<u8>>> {
        let range = self.header.block_range(block);
        let check = block.checked_mul(8).and_then(|at| self.header.check_range().start.checked_add(at));
        let (Some(check), Ok(length)) = (check, usize::try_from(range.end - range.start)) else { return Ok(None) };
        let (mut bytes, mut expected) = (vec![0; length], [0; 8]);
        let whole = self.read(&mut bytes, range.start)? && self.read(&mut expected, check)?;
        Ok((whole && checksum(&bytes) == u64::from_le_bytes(expected)).then_some(bytes))
    }

    /// Reads from the image; false if the file ends before.
    fn read(&self, buf: &mut [u8], at: u64) -> io::Result<bool> {
        let Some(position) = self.position.checked_add(at) else { return Ok(false) };
        match self.file.read_exact_at(buf, position) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All counts but zeros, as entries, those that are lost among them.
    ///
    /// # Errors
    /// As [`ImageRows::get`].
    pub(crate) fn entries(&mut self) -> io::Result<Vec<AccessEntry>> {
        let mut entries = Vec::new();
        for slot in 0..self.header.slots.get() {
            if let Some((count, last_accessed)) = self.get(slot)?
                && (count, last_accessed) != (0, 0)
            {
                let entry = AccessEntry { slot: slot.into(), count: count.into(), last_accessed: last_accessed.into() };
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}
