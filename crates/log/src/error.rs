//! What can go wrong when writing to, or waiting for, the log.

use crate::{Cost, Sequence};
use std::sync::Arc;

/// Why the log did not do what was asked. Nothing was written by a call that gives one of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// There was no room, or others were waiting for it, within the time given.
    #[error("the write log is full: write again later, wait longer, or raise queue_capacity or queue_bytes")]
    Backpressure,
    /// The entry would not fit into the empty log.
    #[error(
        "an entry of {} records and {} bytes is larger than the write log ({} records, {} bytes): split it, or raise \
         queue_capacity or queue_bytes",
        .cost.entries, .cost.bytes, .limit.entries, .limit.bytes
    )]
    TooLarge {
        /// What the entry costs.
        cost: Cost,
        /// What the log holds.
        limit: Cost,
    },
    /// The log was closed.
    #[error("the store is closed: open it again to write")]
    Closed,
    /// Writing ended for good.
    #[error("writing has stopped ({cause}): remove the cause and open the store again; reading goes on")]
    Poisoned {
        /// What ended it.
        cause: Arc<str>,
    },
    /// The deadline of a wait passed first.
    #[error("sequence {sequence} was not reached in time: wait again; it stays accepted")]
    TimedOut {
        /// What was waited for.
        sequence: Sequence,
    },
    /// A wait for a sequence that no write has been given.
    #[error("sequence {sequence} was never accepted (the last is {last}): wait for what a write returned")]
    NotAccepted {
        /// What was to be waited for.
        sequence: Sequence,
        /// The last accepted sequence.
        last: Sequence,
    },
    /// A wait on a thread that the log itself waits for.
    #[error("waiting on the engine's own thread would never end: write with a try_ call there, or from another thread")]
    WaitForbidden,
}
