//! Counts for whoever watches a store.

use sutra_reconciler::{Engine, now_micros};

/// Counts, as of about now. Each is right; two may be of moments a group apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The write log.
    pub write_log: LogStats,
    /// The reconciler.
    pub reconciler: ReconcilerStats,
    /// The newest snapshot.
    pub snapshot: SnapshotStats,
    /// File and memory.
    pub storage: StorageStats,
}

/// Counts of the write log, since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct LogStats {
    /// Writes that were accepted.
    pub written: u64,
    /// Writes that were refused for want of room. What was accepted is never dropped.
    pub dropped: u64,
    /// Operations accepted, or about to be, and not yet visible.
    pub pending: u64,
    /// Their bytes.
    pub pending_bytes: u64,
}

/// Counts of the reconciler, since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ReconcilerStats {
    /// Groups that were committed and published.
    pub reconciliations: u64,
    /// Writes in them.
    pub entries_processed: u64,
    /// Writes in the last one.
    pub last_batch: u64,
    /// Microseconds from the call of the last group's first write to its visibility.
    pub staleness_us: u64,
    /// Microseconds that the last write and sync of the write-ahead log took.
    pub commit_us: u64,
    /// Microseconds that applying the last group took.
    pub apply_us: u64,
    /// Operations on unknown ids, which did nothing.
    pub ignored: u64,
}

/// Counts of the newest snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct SnapshotStats {
    /// Concepts.
    pub concept_count: u64,
    /// Associations.
    pub edge_count: u64,
    /// Stubs.
    pub stub_count: u64,
    /// The last write that it holds.
    pub sequence: u64,
    /// When it was committed: microseconds since the Unix epoch.
    pub timestamp: u64,
}

/// Counts of file and memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct StorageStats {
    /// Bytes of `storage.dat` in use.
    pub file_bytes: u64,
    /// Bytes among them that nothing refers to any more.
    pub dead_bytes: u64,
    /// Bytes of the write-ahead log that no checkpoint covers.
    pub wal_bytes: u64,
    /// Bytes of memory beside the mapped file.
    pub heap_bytes: u64,
    /// Bytes among them that only held snapshots need.
    pub retained_bytes: u64,
    /// Age of the oldest snapshot that may be held beside the newest one, in microseconds; 0 if there is none.
    pub oldest_snapshot_age: u64,
    /// Checkpoints since the store was opened.
    pub checkpoints: u64,
    /// Microseconds that the last one took.
    pub checkpoint_us: u64,
    /// Checkpoints that failed and are tried again, or stopped writing.
    pub checkpoint_failures: u64,
    /// Writes that were replayed at open.
    pub recovered: u64,
}

impl Stats {
    pub(crate) fn of(engine: &Engine) -> Self {
        let (log, counted, memory) = (engine.log(), engine.statistics(), engine.memory_use());
        let (pending, snapshot) = (log.pending(), engine.snapshot());
        let lengths = snapshot.lengths();
        Self {
            write_log: LogStats {
                written: log.written(),
                dropped: log.refused(),
                pending: pending.entries as u64,
                pending_bytes: pending.bytes,
            },
            reconciler: ReconcilerStats {
                reconciliations: counted.reconciliations,
                entries_processed: counted.entries_processed,
                last_batch: counted.last_batch,
                staleness_us: counted.staleness_us,
                commit_us: counted.commit_us,
                apply_us: counted.apply_us,
                ignored: counted.ignored,
            },
            snapshot: SnapshotStats {
                concept_count: lengths.live_concepts.into(),
                edge_count: lengths.edges.into(),
                stub_count: lengths.stubs.into(),
                sequence: snapshot.sequence(),
                timestamp: snapshot.timestamp(),
            },
            storage: StorageStats {
                file_bytes: counted.file_bytes,
                dead_bytes: counted.dead_bytes,
                wal_bytes: counted.wal_bytes,
                heap_bytes: memory.heap_bytes,
                retained_bytes: memory.retained_bytes,
                oldest_snapshot_age: match memory.oldest_snapshot {
                    0 => 0,
                    oldest => now_micros().saturating_sub(oldest),
                },
                checkpoints: counted.checkpoints,
                checkpoint_us: counted.checkpoint_us,
                checkpoint_failures: counted.checkpoint_failures,
                recovered: counted.recovered,
            },
        }
    }
}
