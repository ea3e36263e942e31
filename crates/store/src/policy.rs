//! When a checkpoint should write an image.

use sutra_snapshot::Lengths;

use crate::store::Store;

/// Fewer records than this are linked at open faster than an image is mapped.
const FEW_RECORDS: u64 = 4096;

/// More records than this are not left to the next open, however large the store is: it would take a tenth of a second to
/// link them.
const MANY_RECORDS: u64 = 1 << 17;

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
    // The next one would fail as well, each time at the cost of a whole image: only the last chance is taken here, too.
    if store.unimageable && !closing {
        return false;
    }
    let uncovered = total.saturating_sub(covered);
    let entries = u64::try_from(store.access.len()).unwrap_or(u64::MAX);
    let slow_open = store.footers > MANY_FOOTERS || entries > FEW_RECORDS.max(u64::from(lengths.slots) / 4);
    total > 0 && (are_many(uncovered, covered, closing) || slow_open)
}

/// Whether so many records that no image covers are too many to be linked by the next open.
fn are_many(uncovered: u64, covered: u64, closing: bool) -> bool {
    match closing {
        true => uncovered > (covered / 10).min(MANY_RECORDS),
        false => uncovered > FEW_RECORDS && uncovered > covered / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_links_a_tenth_and_never_many() {
        for (covered, most) in [(0, 0), (1000, 100), (6_000_000, MANY_RECORDS), (u64::MAX, MANY_RECORDS)] {
            assert!(!are_many(most, covered, true) && are_many(most + 1, covered, true), "{covered}");
        }
        for (covered, most) in [(0, FEW_RECORDS), (10_000, 5000), (6_000_000, 3_000_000)] {
            assert!(!are_many(most, covered, false) && are_many(most + 1, covered, false), "{covered}");
        }
    }
}
