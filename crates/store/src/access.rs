//! Access counts: the rows of the image, and what later footers say of some slots.

use std::collections::BTreeMap;

use sutra_format::footer::FooterHeader;
use sutra_format::image::{ImageHeader, ImageRow};
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
            footer.slots.get(),
            footer.concepts.get(),
            footer.associations.get(),
            footer.edges.get(),
            footer.sequence.get(),
        );
        Self::new(file, footer.image_position.get(), header)
    }

    /// Count and time of the last access of a slot; nothing for a slot that the image does not cover and for one in a
    /// damaged block. Slots are asked for in ascending order.
    pub(crate) fn get(&mut self, slot: u32) -> Option<(u32, u64)> {
        if slot >= self.header.slots.get() {
            return None;
        }
        let size = size_of::<ImageRow>() as u64;
        let offset = self.header.rows.get() + u64::from(slot) * size;
        let block = self.header.block_of(offset)?;
        if self.block.as_ref().is_none_or(|(loaded, _)| *loaded != block) {
            let bytes = self.load(block).unwrap_or_else(|| {
                self.damaged += 1;
                Vec::new()
            });
            self.block = Some((block, bytes));
        }
        let (_, bytes) = self.block.as_ref()?;
        let start = usize::try_from(offset - self.header.block_range(block).start).ok()?;
        let (row, _) = ImageRow::ref_from_prefix(bytes.get(start..)?).ok()?;
        Some((row.access_count.get(), row.last_accessed.get()))
    }

    fn load(&self, block: u64) -> Option<Vec<u8>> {
        let range = self.header.block_range(block);
        let mut bytes = vec![0; usize::try_from(range.end - range.start).ok()?];
        self.file.read_exact_at(&mut bytes, self.position.checked_add(range.start)?).ok()?;
        let mut check = [0; 8];
        let at = self.header.check_range().start.checked_add(block.checked_mul(8)?)?;
        self.file.read_exact_at(&mut check, self.position.checked_add(at)?).ok()?;
        (checksum(&bytes) == u64::from_le_bytes(check)).then_some(bytes)
    }

    /// Everything that can still be read, as entries.
    pub(crate) fn entries(&mut self) -> Vec<AccessEntry> {
        let mut entries = Vec::new();
        for slot in 0..self.header.slots.get() {
            if let Some((count, last_accessed)) = self.get(slot)
                && (count, last_accessed) != (0, 0)
            {
                let entry = AccessEntry { slot: slot.into(), count: count.into(), last_accessed: last_accessed.into() };
                entries.push(entry);
            }
        }
        entries
    }
}
