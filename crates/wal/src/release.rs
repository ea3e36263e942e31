//! Giving back what a checkpoint has covered.

use crate::error::WalError;
use crate::wal::Wal;

impl Wal {
    /// A checkpoint through sequence `through` has committed: groups up to there are never needed again, and segments
    /// that hold nothing else are written again later (longer ones are removed). Amortised O(1) for each group
    /// appended. Smaller values than before change nothing; larger ones than the last appended sequence say that
    /// those were never logged, and the next group follows them.
    ///
    /// Works on a poisoned log too.
    ///
    /// # Errors
    /// [`WalError::Io`] when a longer segment could not be removed; the rest has been done, and the log is as usable
    /// as before.
    pub fn release(&mut self, through: u64) -> Result<(), WalError> {
        self.released_through = self.released_through.max(through);
        self.durable_through = self.durable_through.max(through);
        self.next_sequence = self.next_sequence.max(through.saturating_add(1));
        while let Some((last, bytes)) = self.unreleased.front().copied() {
            if last > self.released_through {
                break;
            }
            self.unreleased.pop_front();
            self.unreleased_bytes = self.unreleased_bytes.saturating_sub(bytes);
        }

        let mut outcome = Ok(());
        while let Some(live) = self.live.pop_front() {
            // The open segment goes on, except one made to measure for one long group.
            let goes_on = self.open && self.live.is_empty() && live.segment.len <= self.options.segment_bytes;
            if self.is_pinned(&live) || goes_on {
                self.live.push_front(live);
                break;
            }
            if self.live.is_empty() {
                self.open = false;
            }
            let retired = self.retire(live.segment);
            outcome = outcome.and(retired);
        }
        outcome
    }

    /// Removes all segments, durably: for the end of a clean close, after the closing checkpoint was released.
    ///
    /// # Errors
    /// [`WalError::NotReleased`] when there are groups that no checkpoint covers, [`WalError::Poisoned`], and
    /// [`WalError::Io`]. What was not removed is passed over by the next recovery.
    pub fn remove_all(mut self) -> Result<(), WalError> {
        if let Some(cause) = &self.poisoned {
            return Err(WalError::Poisoned { cause: cause.clone() });
        }
        if !self.unreleased.is_empty() {
            return Err(WalError::NotReleased { bytes: self.unreleased_bytes });
        }
        if self.live.is_empty() && self.spare.is_empty() {
            return Ok(());
        }
        let live = std::mem::take(&mut self.live).into_iter().map(|live| live.segment);
        for segment in live.chain(std::mem::take(&mut self.spare)) {
            self.remove(&segment)?;
        }
        self.sync_names()
    }
}
