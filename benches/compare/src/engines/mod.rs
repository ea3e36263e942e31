//! The engines, in the order in which they stand in the tables.

#[cfg(test)]
mod agreement;
pub(crate) mod black_hole;
mod hash_map;
pub(crate) mod sutra;

#[cfg(feature = "peers")]
mod fjall;
#[cfg(feature = "peers")]
mod lmdb;
#[cfg(feature = "peers")]
mod redb;
#[cfg(feature = "rocksdb")]
mod rocksdb;
#[cfg(feature = "peers")]
mod sqlite;

use std::path::Path;

use sutra_benches::Outcome;

use crate::engine::Engine;

/// Bytes that an engine may cache, of those that have a cache of their own.
#[cfg(feature = "peers")]
const CACHE: usize = 1 << 30;

/// An engine that can be measured.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What of its writes survives a power cut, and from when on.
    pub(crate) durable: &'static str,
    /// Opens the store of a folder, or makes one.
    pub(crate) open: fn(&Path) -> Outcome<Box<dyn Engine>>,
    /// Whether its files can be closed and opened again.
    pub(crate) on_disk: bool,
}

/// Ours, always the first.
pub(crate) const OURS: &str = "sutra";

/// All that were built. Ours is the first, the floor the last.
pub(crate) const ALL: &[Kind] = &[
    sutra::KIND,
    #[cfg(feature = "peers")]
    lmdb::KIND,
    #[cfg(feature = "peers")]
    redb::KIND,
    #[cfg(feature = "peers")]
    fjall::KIND,
    #[cfg(feature = "rocksdb")]
    rocksdb::KIND,
    #[cfg(feature = "peers")]
    sqlite::KIND,
    hash_map::KIND,
];
