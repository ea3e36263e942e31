//! Blobs, as the records name them.

use sutra_format::geometry::{BLOB_ALIGNMENT, blob_space, split};
use sutra_format::{NO_BLOB, blob_checksum};
use sutra_snapshot::Arena;
use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::Checked;
use crate::arenas;

impl Checked {
    /// Checks a blob that a record names; gives its length, or what is wrong with it.
    pub(super) fn blob(&mut self, position: u64, checksum: u32) -> Result<Option<u32>, String> {
        if position == NO_BLOB {
            return Ok(None);
        }
        self.report.blobs = self.report.blobs.saturating_add(1);
        let payload = self.payload(position).ok_or_else(|| format!("blob position {position:#x} points nowhere"))?;
        if blob_checksum(payload) == checksum {
            Ok(u32::try_from(payload.len()).ok())
        } else {
            Err(format!("the checksum of the blob at {position:#x} does not match"))
        }
    }

    fn payload(&self, position: u64) -> Option<&[u8]> {
        let (chunk, offset) = split(position);
        if !offset.is_multiple_of(BLOB_ALIGNMENT) {
            return None;
        }
        let size = self.extents.get(Arena::Blobs, chunk)?.size;
        let used = arenas::used(Arena::Blobs, chunk, size, &self.lengths);
        let bytes = self.chunk(Arena::Blobs, chunk).get(..usize::try_from(used).ok()?)?;
        let (length, payload) = U32::ref_from_prefix(bytes.get(usize::try_from(offset).ok()?..)?).ok()?;
        let end = u64::from(offset).checked_add(blob_space(length.get()))?;
        if end <= used { payload.get(..usize::try_from(length.get()).ok()?) } else { None }
    }
}
