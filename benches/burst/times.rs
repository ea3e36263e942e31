//! Percentiles of samples.

use std::time::Duration;

use hdrhistogram::Histogram;
use sutra_benches::Outcome;

/// Times in nanoseconds up to a hundred seconds, to three digits.
#[derive(Debug)]
pub(crate) struct Times(Histogram<u64>);

impl Times {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Self(Histogram::new_with_max(100_000_000_000, 3)?))
    }

    /// Longer ones count as a hundred seconds.
    #[inline]
    pub(crate) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Nanoseconds at a share of the samples, in [0, 1]; 0 of none.
    pub(crate) fn at(&self, share: f64) -> u64 {
        self.0.value_at_quantile(share)
    }

    pub(crate) fn max(&self) -> u64 {
        self.0.max()
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }
}
