//! Writing: one group, one write, one sync.

use sutra_format::wal::{FIRST_GROUP, GroupHeader, GroupStart, SegmentHeader, encode_group};

use crate::error::WalError;
use crate::segment::Segment;
use crate::wal::{Live, Wal};

/// Below this capacity, in bytes, the buffer is never shrunk.
const KEPT_BUFFER: usize = 1 << 20;

impl Wal {
    /// Appends a group whose first entry has sequence `first`, each next one the next sequence, and makes it durable:
    /// one write and one sync; blocks for both. A group that opens a segment pays for one sync more, or two when it
    /// has to be created.
    ///
    /// # Errors
    /// [`WalError::Io`] when a write, sync, creation or allocation failed. Whether the group is replayed is then
    /// known at the next recovery, and every later append is [`WalError::Poisoned`].
    ///
    /// These leave the log as it was: [`WalError::Group`] (no entries, or too many or too long ones),
    /// [`WalError::OutOfOrder`] (sequences have no holes), [`WalError::Full`] (see [`Wal::room_for`]).
    pub fn append(&mut self, commit_time: u64, first: u64, entries: &[impl AsRef<[u8]>]) -> Result<(), WalError> {
        if let Some(cause) = &self.poisoned {
            return Err(WalError::Poisoned { cause: cause.clone() });
        }
        if first != self.next_sequence {
            return Err(WalError::OutOfOrder { expected: self.next_sequence, got: first });
        }
        let payload = Self::payload_bytes(entries.iter().map(|entry| entry.as_ref().len()));
        let bytes = payload.saturating_add(size_of::<GroupHeader>() as u64);
        let fits = self.open_has_room(bytes);
        if !fits && !self.may_open(self.segment_len_for(bytes)) {
            return Err(WalError::Full);
        }

        let open = if fits { self.live.back() } else { None };
        let (generation, position) = match open {
            Some(live) => (live.generation, live.end),
            None => (self.generation.saturating_add(1), FIRST_GROUP),
        };
        let start = GroupStart {
            store_id: self.options.store_id,
            generation,
            position,
            first,
            durable_through: self.durable_through,
            commit_time,
        };
        self.buffer.clear();
        encode_group(&mut self.buffer, &start, entries)?;

        // From here on the disk is touched, and any error is final.
        if !fits && let Err(error) = self.open_segment(bytes) {
            return Err(self.poison(error));
        }
        let last = first.saturating_add((entries.len() as u64).saturating_sub(1));
        if let Err(error) = self.write_group(last) {
            return Err(self.poison(error));
        }
        self.durable_through = last;
        self.next_sequence = last.saturating_add(1);
        self.unreleased.push_back((last, bytes));
        self.unreleased_bytes = self.unreleased_bytes.saturating_add(bytes);
        if self.buffer.capacity() > KEPT_BUFFER && self.buffer.len() < self.buffer.capacity() / 4 {
            self.buffer.shrink_to(self.buffer.capacity() / 2);
        }
        Ok(())
    }

    /// Writes and syncs the group in the buffer.
    fn write_group(&mut self, last: u64) -> Result<(), WalError> {
        let Some(live) = self.live.back_mut() else {
            return Err(WalError::Full);
        };
        live.segment.write(&self.buffer, live.end)?;
        live.segment.sync()?;
        live.end = live.end.saturating_add(self.buffer.len() as u64);
        live.last = last;
        Ok(())
    }

    /// Begins the next generation in a segment with room for a group of `group_bytes`.
    fn open_segment(&mut self, group_bytes: u64) -> Result<(), WalError> {
        self.open = false;
        if let Some(last) = self.live.pop_back() {
            if self.is_pinned(&last) {
                self.live.push_back(last);
            } else {
                self.retire(last.segment)?;
            }
        }

        let len = self.segment_len_for(group_bytes);
        let reused = if len == self.options.segment_bytes { self.spare.pop() } else { None };
        let segment = match reused {
            Some(mut segment) => {
                // The settings may have been others when it was made. The header is to say the new length, so that must not
                // be lost behind it.
                if segment.len < len {
                    segment.grow(len)?;
                    segment.sync()?;
                }
                segment
            }
            None => {
                self.make_room_for(len)?;
                let number = self.next_number;
                self.next_number = number.saturating_add(1);
                self.names_durable = false;
                Segment::create(&*self.directory, number, len)?
            }
        };
        // Before the header, for two reasons. A power cut must not take the name of a segment whose groups were synced.
        // And a removed segment that comes back must not find its generation in use: this run may know nothing of it.
        self.sync_names()?;
        self.generation = self.generation.saturating_add(1);
        let header = SegmentHeader::new(self.options.store_id, self.generation, self.next_sequence);
        let header = header.with_length(segment.len);
        segment.write_header(&header)?;
        let last = self.next_sequence.saturating_sub(1);
        self.live.push_back(Live { segment, generation: self.generation, end: FIRST_GROUP, last });
        self.open = true;
        Ok(())
    }

    /// Removes spare segments until one of `len` bytes more keeps to the bound.
    fn make_room_for(&mut self, len: u64) -> Result<(), WalError> {
        while self.file_bytes().saturating_add(len) > self.options.max_bytes {
            match self.spare.pop() {
                Some(segment) => self.remove(&segment)?,
                None => break,
            }
        }
        Ok(())
    }
}
