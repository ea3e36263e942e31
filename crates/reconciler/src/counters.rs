//! What the engine's threads count.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters, written by the engine's threads with relaxed stores: each is right, two of them may be of different moments.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) reconciliations: AtomicU64,
    pub(crate) entries_processed: AtomicU64,
    pub(crate) operations: AtomicU64,
    pub(crate) ignored: AtomicU64,
    pub(crate) last_batch: AtomicU64,
    pub(crate) staleness_us: AtomicU64,
    pub(crate) commit_us: AtomicU64,
    pub(crate) apply_us: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) checkpoint_us: AtomicU64,
    pub(crate) checkpoint_failures: AtomicU64,
    pub(crate) committed_sequence: AtomicU64,
    pub(crate) committed_records: AtomicU64,
    pub(crate) file_bytes: AtomicU64,
    pub(crate) dead_bytes: AtomicU64,
    pub(crate) wal_bytes: AtomicU64,
    pub(crate) recovered: AtomicU64,
    /// So few ordinals are left that what the write log holds at most might not fit.
    pub(crate) full: AtomicBool,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Groups that were committed and published.
    pub reconciliations: u64,
    /// Entries in them.
    pub entries_processed: u64,
    /// Operations in those.
    pub operations: u64,
    /// Operations on unknown ids, which did nothing.
    pub ignored: u64,
    /// Entries of the last group.
    pub last_batch: u64,
    /// Microseconds from the making of the last group's first entry to its visibility.
    pub staleness_us: u64,
    /// Microseconds that the last write and sync of the write-ahead log took.
    pub commit_us: u64,
    /// Microseconds that applying the last group took.
    pub apply_us: u64,
    /// Checkpoints that were committed.
    pub checkpoints: u64,
    /// Microseconds that the last one took.
    pub checkpoint_us: u64,
    /// Checkpoints that failed.
    pub checkpoint_failures: u64,
    /// The last sequence that a checkpoint covers.
    pub committed_sequence: u64,
    /// Bytes of `storage.dat` that are in use.
    pub file_bytes: u64,
    /// Bytes among them that nothing refers to any more.
    pub dead_bytes: u64,
    /// Bytes of groups in the write-ahead log that no checkpoint covers.
    pub wal_bytes: u64,
    /// Entries that were replayed at open.
    pub recovered: u64,
}

impl Counters {
    pub(crate) fn read(&self) -> Statistics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            reconciliations: get(&self.reconciliations),
            entries_processed: get(&self.entries_processed),
            operations: get(&self.operations),
            ignored: get(&self.ignored),
            last_batch: get(&self.last_batch),
            staleness_us: get(&self.staleness_us),
            commit_us: get(&self.commit_us),
            apply_us: get(&self.apply_us),
            checkpoints: get(&self.checkpoints),
            checkpoint_us: get(&self.checkpoint_us),
            checkpoint_failures: get(&self.checkpoint_failures),
            committed_sequence: get(&self.committed_sequence),
            file_bytes: get(&self.file_bytes),
            dead_bytes: get(&self.dead_bytes),
            wal_bytes: get(&self.wal_bytes),
            recovered: get(&self.recovered),
        }
    }
}

/// Relaxed: a statistic.
pub(crate) fn set(counter: &AtomicU64, value: u64) {
    counter.store(value, Ordering::Relaxed);
}

/// Relaxed: a statistic.
pub(crate) fn add(counter: &AtomicU64, value: u64) {
    counter.fetch_add(value, Ordering::Relaxed);
}
