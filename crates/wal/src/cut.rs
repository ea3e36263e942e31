//! Taking away what was never acknowledged.

use std::ops::Range;

use crate::error::WalError;
use crate::segment::Segment;

/// Zeros, to write from.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// Writes zeros over `ranges` of segments, which are in the order of their generations, and makes that durable.
///
/// The files keep their lengths: a segment that is shorter than its header says was cut by somebody else. From the last
/// segment backwards, each synced before the next: whatever a crash interrupts, what is left of the log ends earlier, and
/// never has a hole that would look like damage. Within a segment sectors may be lost in any order: groups that were never
/// acknowledged say of none among them that it was, so those that are left are cut by the next recovery.
pub(crate) fn cut<'a>(ranges: impl DoubleEndedIterator<Item = (&'a Segment, Range<u64>)>) -> Result<(), WalError> {
    for (segment, range) in ranges.rev() {
        let mut position = range.start;
        while position < range.end {
            let length = usize::try_from(range.end - position).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
            segment.write(ZEROS.get(..length).unwrap_or_default(), position)?;
            position = position.saturating_add(length as u64);
        }
        if !range.is_empty() {
            segment.sync()?;
        }
    }
    Ok(())
}
