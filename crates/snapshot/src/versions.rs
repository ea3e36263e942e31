//! Older versions of a concept, for snapshots that do not see the latest one.
//!
//! A block of ordinals, ascending, without the latest. It holds only versions that some snapshot may need: one that was
//! replaced before it was ever published never enters.

use sutra_sync::atomic::Ordering;

use crate::blocks::{Blocks, HEADER, NO_BLOCK, SIZES};
use crate::edges::Shape;
use crate::error::ApplyError;
use crate::reclaim::is_seen;
use crate::writer::Writer;

/// The newest version below `length`.
///
/// # Safety
/// The block is kept by a snapshot of this length that the caller holds.
#[inline]
pub(crate) unsafe fn newest_below(blocks: &Blocks, handle: u32, length: u32) -> Option<u32> {
    let block = blocks.block(handle)?;
    let header = block.header();
    let count = header.count.load(Ordering::Acquire).min(capacity(Shape::of(header).class)) as usize;
    // SAFETY: entries below `count` were written before the Release on it and never change; kept by the caller.
    let ordinals: &[u32] = unsafe { block.column(HEADER, count) };
    let below = ordinals.partition_point(|ordinal| *ordinal < length);
    below.checked_sub(1).map(|index| ordinals[index])
}

fn capacity(class: u8) -> u32 {
    (SIZES[class as usize] - HEADER as u32) / 4
}

impl Writer {
    /// Makes `ordinal` the latest version of a slot.
    pub(crate) fn push_version(&mut self, slot: u32, ordinal: u32) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        let old = row.latest.load(Ordering::Relaxed);
        // What was never published no snapshot needs.
        if old < self.published.concepts {
            let mut handle = row.versions.load(Ordering::Relaxed);
            let full = self
                .shared
                .blocks
                .header(handle)
                .is_none_or(|header| header.count.load(Ordering::Relaxed) >= capacity(Shape::of(header).class));
            if handle == NO_BLOCK || full {
                handle = self.rewrite_versions(handle, old)?;
                // Release, and before `latest`: a reader that finds a latest version beyond its length finds this block.
                row.versions.store(handle, Ordering::Release);
            }
            if let Some(header) = self.shared.blocks.header(handle) {
                let count = header.count.load(Ordering::Relaxed);
                self.shared.blocks.write(handle, HEADER, count as usize, old);
                header.count.store(count + 1, Ordering::Release);
            }
        }
        row.latest.store(ordinal, Ordering::Release);
        Ok(())
    }

    /// A block of the versions that are still needed, with room for one more.
    fn rewrite_versions(&mut self, handle: u32, replaced: u32) -> Result<u32, ApplyError> {
        let blocks = &self.shared.blocks;
        let mut needed = Vec::new();
        let mut old_class = None;
        if let Some(block) = (handle != NO_BLOCK).then(|| blocks.block(handle)).flatten() {
            let class = Shape::of(block.header()).class;
            old_class = Some(class);
            let count = block.header().count.load(Ordering::Relaxed) as usize;
            // SAFETY: the writer wrote these entries and alone frees the block.
            let ordinals: &[u32] = unsafe { block.column(HEADER, count) };
            let ends = ordinals.iter().skip(1).copied().chain([replaced]);
            let seen = ordinals.iter().zip(ends).filter(|(began, end)| is_seen(&self.live_concepts, **began, *end));
            needed.extend(seen.map(|(began, _)| *began));
        }
        let class = crate::blocks::size_class(HEADER + 4 * (needed.len() + 1 + needed.len() / 2));
        let class = class.ok_or(ApplyError::Full)?;
        let fresh = self.linkers[0].new_block(Shape { class, hub: false })?;
        for (index, ordinal) in needed.iter().enumerate() {
            self.shared.blocks.write(fresh, HEADER, index, *ordinal);
        }
        if let Some(header) = self.shared.blocks.header(fresh) {
            header.count.store(needed.len() as u32, Ordering::Release);
        }
        if let Some(class) = old_class {
            self.linkers[0].retire_block(handle, class);
        }
        Ok(fresh)
    }
}
