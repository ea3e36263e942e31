//! A group as replay shows it.

use sutra_format::wal::{Entries, GroupHeader};

/// A group of entries, with its bytes checked.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    header: GroupHeader,
    payload: &'a [u8],
}

impl<'a> Group<'a> {
    pub(crate) fn new(header: GroupHeader, payload: &'a [u8]) -> Self {
        Self { header, payload }
    }

    /// The sequence of the first entry. In the first group that is replayed it may lie at or below what the
    /// checkpoint covers.
    pub fn first(&self) -> u64 {
        self.header.first.get()
    }

    /// The sequence of the last entry.
    pub fn last(&self) -> u64 {
        self.header.last.get()
    }

    /// The time given to [`crate::Wal::append`].
    pub fn commit_time(&self) -> u64 {
        self.header.commit_time.get()
    }

    /// The entries; the first has sequence [`Group::first`], each next one the next sequence.
    pub fn entries(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Entries::new(&self.header, self.payload)
    }
}
