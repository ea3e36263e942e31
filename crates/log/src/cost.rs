//! Room: what an entry takes of it, how much there is, when the consumer is woken for it.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// What an entry takes of the log's room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Records in the entry; 0 counts as 1.
    pub entries: usize,
    /// Bytes of the entry. The log counts in units of 64 bytes, rounded up.
    pub bytes: u64,
}

impl Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        Cost { entries: self.entries.saturating_add(other.entries), bytes: self.bytes.saturating_add(other.bytes) }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Cost>>(costs: I) -> Cost {
        costs.fold(Cost::default(), Add::add)
    }
}

/// How much the log holds: what has a permit and has not been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records; kept within 1 and 16,777,215. The queue's memory is reserved for this many at once.
    pub entries: usize,
    /// Bytes; kept within 64 and 16 TiB less 64.
    pub bytes: u64,
}

impl Default for Limits {
    /// 100,000 records and 256 MiB.
    fn default() -> Limits {
        Limits { entries: 100_000, bytes: 256 << 20 }
    }
}

/// How much may gather before the consumer is woken to close its group; either bound is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triggers {
    /// Records; kept within 1 and the limit.
    pub entries: usize,
    /// Bytes; kept within 64 and the limit.
    pub bytes: u64,
}

impl From<Limits> for Triggers {
    /// Half of each limit.
    fn from(limits: Limits) -> Triggers {
        Triggers { entries: limits.entries.div_ceil(2), bytes: limits.bytes.div_ceil(2) }
    }
}
