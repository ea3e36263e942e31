//! What the engine is told at open.

use std::time::Duration;

/// When an accepted write survives a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// Within the reconcile interval plus a sync.
    #[default]
    Group,
    /// When the call returns; callers share syncs.
    Always,
    /// At checkpoints; there is no write-ahead log.
    None,
}

/// The engine's settings. They may differ from one open to the next.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// How long the first entry of a group waits for others at most.
    pub interval: Duration,
    /// Records not yet in `storage.dat` that trigger a checkpoint.
    pub threshold: u64,
    /// Operations that the write log holds at most.
    pub queue_capacity: usize,
    /// Bytes that the write log holds at most.
    pub queue_bytes: u64,
    /// When a write is durable.
    pub durability: Durability,
    /// Bytes reserved in a new `storage.dat`.
    pub initial_size: u64,
    /// Bytes of one segment of the write-ahead log.
    pub wal_segment_bytes: u64,
    /// Bytes of unreleased segments at which writers are held back; half of it triggers a checkpoint.
    pub wal_bytes: u64,
    /// Bytes in memory and not yet in `storage.dat` that trigger a checkpoint.
    pub heap_bytes: u64,
    /// Bytes that came in since the last checkpoint was begun at which writers wait for it: what is not in the file is at most
    /// this and what that checkpoint writes. Without a disk that takes checkpoints they do not wait.
    pub heap_limit: u64,
    /// Bytes of a group from which on it is applied while the write-ahead log is being synced, by a thread of its own.
    pub overlap_bytes: u64,
    /// Threads that apply a large group, each the associations of its own ranges of slots; at least one.
    pub apply_threads: usize,
    /// Associations of a group from which on more than one thread applies them.
    pub threads_from: usize,
    /// How long nothing is written until memory that is kept for further writes is given back to the system.
    pub idle: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(10),
            threshold: 50_000,
            queue_capacity: 100_000,
            queue_bytes: 256 << 20,
            durability: Durability::Group,
            initial_size: 16 << 20,
            wal_segment_bytes: 16 << 20,
            wal_bytes: 256 << 20,
            heap_bytes: 64 << 20,
            heap_limit: 128 << 20,
            // Writing and syncing as much takes a quarter of a millisecond, starting a thread a tenth of that.
            overlap_bytes: 256 << 10,
            apply_threads: 1,
            // Applying as many takes most of a millisecond, starting a thread for each end of them a tenth of that.
            threads_from: 1024,
            idle: Duration::from_secs(10),
        }
    }
}
