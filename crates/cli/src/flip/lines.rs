//! How it goes as one line.

use super::latency::duration;
use super::sample::Sample;
use crate::progress::grouped;

/// Rates since the look before, times of the flip until now.
pub(super) fn status(sample: &Sample) -> String {
    let [_, read, stale] = &sample.all;
    let [p50, p99, p999, _] = read.texts();
    format!(
        "{:>9} writes/s {:>9} reads/s  read p50 {p50}, p99 {p99}, p99.9 {p999}  stale {}  queue {}",
        grouped(sample.writes_per_s.round() as u64),
        grouped(sample.reads_per_s.round() as u64),
        duration(stale.max_ns),
        grouped(sample.queue),
    )
}
