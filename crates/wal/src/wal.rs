//! The log between recovery and removal: its state, and how it is shared out over segments.

use std::collections::VecDeque;
use std::sync::Arc;

use sutra_format::wal::{FIRST_GROUP, GroupHeader};
use sutra_vfs::Directory;

use crate::error::WalError;
use crate::options::WalOptions;
use crate::segment::Segment;

/// The write-ahead log, owned by its one writer.
///
/// Nothing here waits for anything but the disk.
#[derive(Debug)]
pub struct Wal {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) options: WalOptions,
    /// In the order of their generations; every one holds groups that are not released, except perhaps the last one
    /// while it is open.
    pub(crate) live: VecDeque<Live>,
    /// Whether the last live segment takes more groups. Not so after recovery: writing resumes in a new generation.
    pub(crate) open: bool,
    /// Segments without any group that is not released, to be written again.
    pub(crate) spare: Vec<Segment>,
    /// Last sequence and bytes of each group that is not released.
    pub(crate) unreleased: VecDeque<(u64, u64)>,
    pub(crate) unreleased_bytes: u64,
    /// The last sequence that a checkpoint has covered.
    pub(crate) released_through: u64,
    /// The last generation used.
    pub(crate) generation: u64,
    /// Whether a sync of the directory has covered all creations and removals, also those of earlier runs.
    pub(crate) names_durable: bool,
    /// The number of the next segment to be created.
    pub(crate) next_number: u64,
    /// The sequence that the next group begins with.
    pub(crate) next_sequence: u64,
    /// The last sequence that a sync or a checkpoint has covered.
    pub(crate) durable_through: u64,
    /// Where a group is put together; kept so that its memory is touched once.
    pub(crate) buffer: Vec<u8>,
    pub(crate) poisoned: Option<Arc<str>>,
}

/// A segment that holds groups.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) segment: Segment,
    pub(crate) generation: u64,
    /// Where the next group would go, in bytes.
    pub(crate) end: u64,
    /// The last sequence in it.
    pub(crate) last: u64,
}

impl Live {
    /// Whether a group of `bytes`, header included, fits behind the last one.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        self.end.checked_add(bytes).is_some_and(|end| end <= self.segment.len)
    }
}

impl Wal {
    /// The bytes of the groups that are not released, headers included.
    pub fn bytes(&self) -> u64 {
        self.unreleased_bytes
    }

    /// The bytes of all segments on the disk, used or spare.
    pub fn file_bytes(&self) -> u64 {
        self.live.iter().map(|live| live.segment.len).chain(self.spare.iter().map(|spare| spare.len)).sum()
    }

    /// The sequence that the next group must begin with.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The payload of a group of entries with these lengths, in bytes; for [`Wal::room_for`].
    pub fn payload_bytes(lengths: impl IntoIterator<Item = usize>) -> u64 {
        lengths.into_iter().map(sutra_format::wal::entry_bytes).fold(0, u64::saturating_add)
    }

    /// Whether a group of `payload_bytes` (see [`Wal::payload_bytes`]) can be appended now. If not, all segments are
    /// full: a checkpoint must be committed and released first. When nothing is unreleased there is room for any
    /// group.
    pub fn room_for(&self, payload_bytes: u64) -> bool {
        let bytes = payload_bytes.saturating_add(size_of::<GroupHeader>() as u64);
        self.open_has_room(bytes) || self.may_open(self.segment_len_for(bytes))
    }

    pub(crate) fn open_has_room(&self, group_bytes: u64) -> bool {
        self.open && self.live.back().is_some_and(|live| live.has_room(group_bytes))
    }

    /// The length of the segment that a group of `group_bytes` would be given.
    pub(crate) fn segment_len_for(&self, group_bytes: u64) -> u64 {
        self.options.segment_bytes.max(group_bytes.saturating_add(FIRST_GROUP))
    }

    /// Whether the bound allows another segment of `len` bytes.
    pub(crate) fn may_open(&self, len: u64) -> bool {
        let pinned: u64 = self
            .live
            .iter()
            .filter(|live| self.is_pinned(live))
            .map(|live| live.segment.len)
            .fold(0, u64::saturating_add);
        self.unreleased.is_empty() || pinned.saturating_add(len) <= self.options.max_bytes
    }

    /// Whether a segment holds a group that is not released.
    pub(crate) fn is_pinned(&self, live: &Live) -> bool {
        live.last > self.released_through
    }

    /// Puts a segment without unreleased groups aside to be written again, or removes it when its length is not the
    /// usual one.
    pub(crate) fn retire(&mut self, segment: Segment) -> Result<(), WalError> {
        if segment.len > self.options.segment_bytes {
            return self.remove(&segment);
        }
        self.spare.push(segment);
        Ok(())
    }

    /// Removes a segment whose groups are all released. Synced only before the next generation begins: should it come
    /// back after a power cut, all it holds is covered by the checkpoint.
    pub(crate) fn remove(&mut self, segment: &Segment) -> Result<(), WalError> {
        self.names_durable = false;
        self.directory.remove(&segment.name).map_err(WalError::io("remove", &segment.name))
    }

    pub(crate) fn sync_names(&mut self) -> Result<(), WalError> {
        if !self.names_durable {
            self.directory.sync().map_err(WalError::io("sync", ""))?;
            self.names_durable = true;
        }
        Ok(())
    }

    /// Remembers the first error; it is itself returned, whatever comes later is [`WalError::Poisoned`].
    pub(crate) fn poison(&mut self, error: WalError) -> WalError {
        let cause = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        tracing::error!(cause = %cause, "the write-ahead log takes no more writes");
        self.poisoned.get_or_insert(cause.into());
        error
    }
}
