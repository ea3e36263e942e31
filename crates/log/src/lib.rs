//! The write log: the lock-free path by which producers hand entries to the one consumer.
//!
//! # Ideas
//! - A [`Permit`] is room for one entry, in number and in bytes, taken whole before anything else. Room comes back when
//!   the entry has been applied ([`Drain::return_permits`]), so nothing behind the log grows without bound either.
//! - [`Permit::accept`] takes the next [`Sequence`] and pushes. From then on the entry is *accepted*.
//! - The [`Drain`] is the consumer's end: it gives entries out in sequence order and without holes.
//! - Two watermarks, *visible* and *durable*, say how far the consumer has come; writers may wait for either, and a waiter
//!   wakes the consumer at once.
//!
//! # Invariants
//! - What was accepted is drained, once, in the order of sequences. A producer's own entries keep its order.
//! - Every sequence handed out is filled: an abandoned one by a no-op ([`Slot::entry`] is `None`).
//! - Whoever waits for room is served in the order of arrival, and nobody passes; so a batch cannot starve.
//! - Accepting takes no lock and never waits. The one lock for room is for those who find the log full.
//! - After [`WriteLog::close`] nothing new gets a permit; who has one may still accept, and the drain waits for it.
//!
//! # What it does not do
//! It knows nothing of files, groups or snapshots, starts no thread, and looks into no entry. It sheds no accepted entry
//! to make room.
//!
//! # Example
//! ```
//! use sutra_log::{Cost, Limits, Wait, WriteLog};
//!
//! let (log, mut drain) = WriteLog::new(Limits::default(), 1);
//! let permit = log.acquire(Cost { entries: 1, bytes: 5 }, Wait::Never)?;
//! let sequence = permit.accept("hello");
//!
//! let mut group = Vec::new();
//! drain.collect(&mut group);
//! assert_eq!((group[0].sequence, group[0].entry), (sequence, Some("hello")));
//!
//! drain.mark_durable(sequence);
//! drain.mark_visible(sequence);
//! drain.return_permits(group.iter().map(|slot| slot.cost).sum());
//! log.wait_visible(sequence, None)?;
//! # Ok::<(), sutra_log::LogError>(())
//! ```

#![forbid(unsafe_code)]

mod charge;
mod cost;
mod drain;
mod ending;
mod engine_thread;
mod error;
mod line;
mod log;
mod permit;
mod permits;
mod reorder;
mod watermark;

pub use cost::{Cost, Limits, Triggers};
pub use drain::{Drain, Slot, Woken};
pub use engine_thread::{forbid_waiting, may_wait};
pub use error::LogError;
pub use log::{Wait, WriteLog};
pub use permit::{Claim, Permit};

/// The number of an accepted entry. The first of a log is given at its making; each later one is one more.
pub type Sequence = u64;
