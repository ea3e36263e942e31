//! The configuration.

use std::path::PathBuf;
use std::time::Duration;

use sutra_reconciler::{Durability, EngineOptions};

use crate::error::Error;

/// How a store is opened. All fields but the path have defaults; only the dimension and the metric of the vectors are fixed
/// for the life of a store, the others may differ at each open.
#[derive(Clone, Debug)]
pub struct ConcurrentConfig {
    /// The store's folder: holds `storage.dat`, the write-ahead log while it is open, and a lock file. Made if missing.
    pub storage_path: PathBuf,
    /// Upper bound, in milliseconds, on how long an accepted write waits to be gathered into a group; 1 to 60,000. Larger
    /// groups need fewer syncs and are seen later.
    pub reconcile_interval_ms: u64,
    /// Records not yet in `storage.dat` that trigger a checkpoint; at least 1. Half of the write-ahead log and 2 KiB for each
    /// of these records (between 4 and 64 MiB) trigger one too; with twice as much, writers wait for it.
    pub memory_threshold: usize,
    /// Operations that the write log holds at most; 1 to 16,777,215. The burst that is taken before a writer has to wait.
    pub queue_capacity: usize,
    /// Bytes that the write log holds at most; at least 64.
    pub queue_bytes: u64,
    /// How long `learn_*` waits for room before it gives [`Error::Backpressure`]; `try_learn_*` never waits.
    pub write_timeout: Duration,
    /// When a write is durable.
    pub durability: Durability,
    /// Bytes reserved in a new `storage.dat`, sparse where the file system can. It grows by doubling, at most 1 GiB at a time.
    pub initial_size: u64,
    /// Dimensions of the vectors, 1 to 65,536; from the first embedding if not given.
    pub vector_dimension: Option<usize>,
    /// How vectors are compared; cosine if not given.
    pub metric: Option<Metric>,
    /// Threads that apply a large group, each the associations of its own ranges of slots; 1 to 64. What is stored is the
    /// same for any number. More than one pays where cores are idle while a burst of associations comes in.
    pub reconcile_threads: usize,
    /// Bytes of a content at most.
    pub max_content_bytes: usize,
}

/// How vectors are compared. The bytes of vectors are stored as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Metric {
    /// The angle between them.
    #[default]
    Cosine,
    /// Their inner product.
    Dot,
    /// Their Euclidean distance.
    Euclidean,
}

impl Metric {
    /// Its name in the catalogue.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::Euclidean => "euclidean",
        }
    }
}

impl Default for ConcurrentConfig {
    fn default() -> Self {
        let engine = EngineOptions::default();
        Self {
            storage_path: PathBuf::from("sutra-store"),
            reconcile_interval_ms: 10,
            memory_threshold: 50_000,
            queue_capacity: engine.queue_capacity,
            queue_bytes: engine.queue_bytes,
            write_timeout: Duration::from_secs(5),
            durability: engine.durability,
            initial_size: engine.initial_size,
            vector_dimension: None,
            metric: None,
            reconcile_threads: engine.apply_threads,
            max_content_bytes: 64 << 20,
        }
    }
}

impl ConcurrentConfig {
    /// The defaults, in a folder.
    #[must_use]
    pub fn new(storage_path: impl Into<PathBuf>) -> Self {
        Self { storage_path: storage_path.into(), ..Self::default() }
    }

    /// For long bursts of learning: groups of 50 ms, checkpoints at 100,000 records.
    #[must_use]
    pub fn write_heavy(storage_path: impl Into<PathBuf>) -> Self {
        Self { reconcile_interval_ms: 50, memory_threshold: 100_000, ..Self::new(storage_path) }
    }

    /// For reading what was just learned: groups of 5 ms, checkpoints at 10,000 records.
    #[must_use]
    pub fn read_heavy(storage_path: impl Into<PathBuf>) -> Self {
        Self { reconcile_interval_ms: 5, memory_threshold: 10_000, ..Self::new(storage_path) }
    }

    /// For little memory: checkpoints at 5,000 records, so that chunks soon become maps of the file, and a short queue.
    /// Writers who are faster than the disk wait for it.
    #[must_use]
    pub fn memory_constrained(storage_path: impl Into<PathBuf>) -> Self {
        Self { memory_threshold: 5_000, queue_capacity: 5_000, queue_bytes: 8 << 20, ..Self::new(storage_path) }
    }

    pub(crate) fn engine_options(&self) -> Result<EngineOptions, Error> {
        let range = |field, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::invalid(field, format!("{value} is not within {least} and {most}")))
        };
        range("reconcile_interval_ms", self.reconcile_interval_ms, 1, 60_000)?;
        range("memory_threshold", self.memory_threshold as u64, 1, u64::MAX)?;
        range("queue_capacity", self.queue_capacity as u64, 1, (1 << 24) - 1)?;
        range("queue_bytes", self.queue_bytes, 64, 1 << 44)?;
        range("initial_size", self.initial_size, 0, 1 << 40)?;
        range("max_content_bytes", self.max_content_bytes as u64, 0, 1 << 31)?;
        range("reconcile_threads", self.reconcile_threads as u64, 1, 64)?;
        if let Some(dimension) = self.vector_dimension {
            range("vector_dimension", dimension as u64, 1, MAX_DIMENSION as u64)?;
        }
        let defaults = EngineOptions::default();
        // Two kilobytes a record: a content, and a vector of 384 dimensions.
        let heap_bytes = (self.memory_threshold as u64).saturating_mul(2048).clamp(4 << 20, defaults.heap_bytes);
        Ok(EngineOptions {
            heap_bytes,
            heap_limit: 2 * heap_bytes,
            interval: Duration::from_millis(self.reconcile_interval_ms),
            threshold: self.memory_threshold as u64,
            queue_capacity: self.queue_capacity,
            queue_bytes: self.queue_bytes,
            durability: self.durability,
            initial_size: self.initial_size,
            apply_threads: self.reconcile_threads,
            ..defaults
        })
    }
}

/// Dimensions of a vector at most.
pub(crate) const MAX_DIMENSION: usize = 65_536;
