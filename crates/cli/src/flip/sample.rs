//! One look at how it goes.

use serde::Serialize;
use sutra_storage::Stats;

use super::latency::Latency;

/// What was seen since the look before.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Sample {
    /// Seconds since the first flip began.
    pub(crate) at: f64,
    /// The flip that goes on, from 0.
    pub(crate) flip: usize,
    pub(crate) writes_per_s: f64,
    pub(crate) reads_per_s: f64,
    /// Of the calls that accept a write.
    pub(crate) write: Latency,
    pub(crate) read: Latency,
    /// From accepted to visible, and by then durable.
    pub(crate) stale: Latency,
    /// Of the whole flip until now: write, read, stale.
    #[serde(skip)]
    pub(super) all: [Latency; 3],
    /// The engine's own counters.
    #[serde(skip)]
    pub(crate) stats: Stats,
    /// Of them, what a chart needs.
    pub(crate) queue: u64,
    pub(crate) file_bytes: u64,
    pub(crate) heap_bytes: u64,
}
