//! Taking away what was never acknowledged.

use sutra_format::wal::FIRST_GROUP;

use crate::error::WalError;
use crate::segment::Segment;

/// Cuts the log at byte `offset` of the first of `segments`, which are in the order of their generations.
///
/// From the last segment backwards, each synced before the next: whatever a crash interrupts, what is left of the log
/// ends earlier, and never has a hole that would look like damage.
pub(crate) fn cut<'a>(
    segments: impl DoubleEndedIterator<Item = &'a mut Segment> + ExactSizeIterator,
    offset: u64,
) -> Result<(), WalError> {
    for (index, segment) in segments.enumerate().rev() {
        let len = if index == 0 { offset } else { FIRST_GROUP };
        if segment.len > len {
            segment.file.truncate(len).map_err(WalError::io("truncate", &segment.name))?;
            segment.len = len;
            segment.sync()?;
        }
    }
    Ok(())
}
