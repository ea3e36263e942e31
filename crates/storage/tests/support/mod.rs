//! What the behaviour tests share: random numbers, configurations, a disk that can be looked at.
#![allow(dead_code, unused_imports, reason = "each test takes what it needs")]

pub(crate) mod answers;
pub(crate) mod check;
pub(crate) mod life;
pub(crate) mod model;
pub(crate) mod operation;
pub(crate) mod panics;
pub(crate) mod tier;
pub(crate) mod workload;

use std::collections::BTreeMap;
use std::sync::Arc;

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Result};
use sutra_vfs::Directory;
use sutra_vfs::sim::SimDirectory;

/// SplitMix64: small, and good enough to choose what to do next.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Any number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The first seed: `SUTRA_SEED`, or `otherwise`.
pub(crate) fn seed(otherwise: u64) -> u64 {
    number("SUTRA_SEED").unwrap_or(otherwise)
}

/// How many cases: `SUTRA_CASES`; one if only a seed is given; `otherwise` if nothing is.
pub(crate) fn cases(otherwise: u64) -> u64 {
    number("SUTRA_CASES").unwrap_or(if number("SUTRA_SEED").is_some() { 1 } else { otherwise })
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// A configuration for the simulated disk: a small file, short groups, no checkpoint unless asked for.
pub(crate) fn config(durability: Durability) -> ConcurrentConfig {
    ConcurrentConfig {
        reconcile_interval_ms: 1,
        memory_threshold: 1 << 30,
        durability,
        initial_size: 0,
        ..ConcurrentConfig::default()
    }
}

/// Opens a store on a simulated disk, with a write-ahead log of small segments.
pub(crate) fn open(disk: &SimDirectory, durability: Durability) -> Result<ConcurrentMemory> {
    open_with(disk, config(durability))
}

pub(crate) fn open_with(disk: &SimDirectory, config: ConcurrentConfig) -> Result<ConcurrentMemory> {
    open_log(disk, config, 16 << 20)
}

/// Opens a store whose write-ahead log may take so many bytes.
pub(crate) fn open_log(disk: &SimDirectory, config: ConcurrentConfig, wal_bytes: u64) -> Result<ConcurrentMemory> {
    let durability = config.durability;
    ConcurrentMemory::open_adjusted(Arc::new(disk.clone()), config, |options| {
        options.wal_segment_bytes = 32 << 10;
        options.wal_bytes = wal_bytes;
        (options.overlap_bytes, options.apply_threads) = threads_of(durability);
        options.threads_from = 2;
    })
}

/// The groups of tests are small: under `Group` all of them are applied while the log is synced, otherwise none; under `None`
/// two threads apply what has more than one association.
pub(crate) fn threads_of(durability: Durability) -> (u64, usize) {
    match durability {
        Durability::Group => (0, 1),
        Durability::Always => (u64::MAX, 1),
        Durability::None => (u64::MAX, 2),
    }
}

/// Every file of a directory with its bytes.
pub(crate) fn bytes_of(directory: &dyn Directory) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in directory.list().expect("listed") {
        let file = directory.open(&name).expect("opened").expect("it was listed");
        let mut bytes = vec![0; usize::try_from(file.len().expect("its length")).expect("small")];
        file.read_exact_at(&mut bytes, 0).expect("read");
        files.insert(name, bytes);
    }
    files
}
