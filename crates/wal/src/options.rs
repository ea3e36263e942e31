//! The log's settings.

use sutra_format::wal::FIRST_GROUP;

/// The smallest segment, in bytes: the header's page and one page of groups.
const SMALLEST_SEGMENT: u64 = 2 * FIRST_GROUP;

/// The settings of a log. They may differ from one opening to the next, the store id excepted.
#[derive(Clone, Debug)]
pub struct WalOptions {
    /// The store that the log belongs to.
    pub store_id: [u8; 16],
    /// The length of a segment in bytes, rounded up to a multiple of 4096 and at least 8192. A group that does not
    /// fit gets a longer segment of its own.
    pub segment_bytes: u64,
    /// How many bytes of segments may hold groups that are not released. One group is always allowed.
    pub max_bytes: u64,
}

impl WalOptions {
    /// The defaults: segments of 16 MiB, 256 MiB in all.
    #[must_use]
    pub fn new(store_id: [u8; 16]) -> Self {
        Self { store_id, segment_bytes: 16 << 20, max_bytes: 256 << 20 }
    }

    pub(crate) fn rounded(mut self) -> Self {
        let largest = u64::MAX - u64::MAX % FIRST_GROUP;
        self.segment_bytes =
            self.segment_bytes.max(SMALLEST_SEGMENT).checked_next_multiple_of(FIRST_GROUP).unwrap_or(largest);
        self
    }
}
