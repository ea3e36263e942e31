//! The switch between `std` and [loom](https://docs.rs/loom) primitives.
//!
//! Every lock-free part of the engine takes its atomics, locks, queue and published pointer from here, so that the very
//! same source is what runs in production and what loom explores under `RUSTFLAGS="--cfg loom"`.
//!
//! | name | outside loom | under loom |
//! |---|---|---|
//! | [`atomic`], [`Arc`], [`thread`], [`hint`] | `std` | `loom` |
//! | [`Mutex`], [`Condvar`] | `std`, poisoning ignored | `loom` |
//! | [`Queue`] | `crossbeam_queue::ArrayQueue` | a Vyukov queue on modelled atomics |
//! | [`Published`] | `arc_swap::ArcSwap` | counted loans on modelled atomics |
//! | [`mapped`] | `std` atomics, and functions that do nothing | a shadow for each address that is touched |
//! | [`Sleeper`], [`Padded`], [`time`] | this crate | this crate, without clocks |
//!
//! Under loom there is also `model::explore`, which says how far the models of all crates are explored.
//!
//! # Invariants
//! - The stand-ins promise no more than the real crates do: they use Acquire and Release only. A stand-in built on a
//!   mutex would order what the real one does not, and so hide faults.
//! - [`Sleeper`] loses no wake-up; the argument stands in its module.
//! - A panic while a [`Mutex`] is held does not poison it: the engine says that it stopped by a cause of its own, and a
//!   second panic in every other thread would hide that cause.
//!
//! # What it does not do
//! It knows nothing of concepts, logs or files, and it starts no threads. Under loom there is no clock: deadlines are
//! ignored, so a model must end without one.
//!
//! # Example
//! ```
//! use sutra_sync::{Arc, Published, Queue};
//!
//! let queue = Queue::new(2);
//! assert_eq!(queue.push("a"), Ok(()));
//! assert_eq!(queue.pop(), Some("a"));
//!
//! let newest = Published::new(Arc::new(1));
//! let held = newest.load_full();
//! newest.store(Arc::new(2));
//! assert_eq!((*held, **newest.load()), (1, 2));
//! ```

// The stand-ins need loom's UnsafeCell, which is what lets loom see a data race; what ships holds no unsafe code.
#![cfg_attr(not(loom), forbid(unsafe_code))]
#![cfg_attr(loom, deny(unsafe_code))]

mod lock;
mod padded;
mod sleeper;
pub mod time;

#[cfg(not(loom))]
pub mod mapped;
#[cfg(loom)]
#[path = "mapped_model.rs"]
pub mod mapped;

#[cfg(loom)]
pub mod model;

#[cfg(not(loom))]
mod published;
#[cfg(loom)]
#[path = "published_model.rs"]
mod published;

#[cfg(not(loom))]
mod queue;
#[cfg(loom)]
#[path = "queue_model.rs"]
mod queue;

pub use lock::{Condvar, Mutex, MutexGuard};
pub use padded::Padded;
pub use published::{Guard, Published};
pub use queue::Queue;
pub use sleeper::Sleeper;

#[cfg(loom)]
pub use loom::{hint, sync::Arc, thread};
#[cfg(not(loom))]
pub use std::{hint, sync::Arc, thread};

/// Atomic integers and fences.
pub mod atomic {
    #[cfg(loom)]
    pub use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
    #[cfg(not(loom))]
    pub use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
}
