//! When a checkpoint should write an image.

use sutra_snapshot::Lengths;

use crate::store::Store;

/// Fewer records than this are linked at open faster than an image is mapped.
const FEW_RECORDS: u64 = 4096;

/// More footers than this make an open slow, however little each holds.
const MANY_FOOTERS: u32 = 512;

pub(crate) fn wants_image(store: &Store, lengths: &Lengths, closing: bool) -> bool {
    let total = lengths.records();
    let covered = store
        .image
        .map_or(0, |image| u64::from(image.header.concepts.get()) + u64::from(image.header.associations.get()));
    // The snapshot that would be written reads the image that is damaged: only the last chance is taken.
    if store.distrusted {
        return closing && total > 0;
    }
    let uncovered = total.saturating_sub(covered);
    let entries = u64::try_from(store.access.len()).unwrap_or(u64::MAX);
    let slow_open = store.footers > MANY_FOOTERS || entries > FEW_RECORDS.max(u64::from(lengths.slots) / 4);
    let many_records =
        if closing { uncovered > covered / 10 } else { uncovered > FEW_RECORDS && uncovered > covered / 2 };
    total > 0 && (many_records || slow_open)
}
