//! The newest value: `arc_swap::ArcSwap` behind a type of our own.

use arc_swap::ArcSwap;
use std::ops::Deref;
use std::sync::Arc;

/// A value that one thread replaces and many read, neither waiting for the other.
///
/// What happened before a [`store`](Published::store) happens before every load that sees its value or a later one.
#[derive(Debug)]
pub struct Published<T> {
    raw: ArcSwap<T>,
}

impl<T> Published<T> {
    /// Publishes a first value.
    pub fn new(value: Arc<T>) -> Published<T> {
        Published { raw: ArcSwap::new(value) }
    }

    /// The newest value, borrowed: as a rule without touching its reference count. A thread that holds more than a few
    /// guards at once pays for the count instead. For a short look; to keep the value use
    /// [`load_full`](Published::load_full).
    pub fn load(&self) -> Guard<T> {
        Guard { raw: self.raw.load() }
    }

    /// The newest value, owned. Lock-free.
    pub fn load_full(&self) -> Arc<T> {
        self.raw.load_full()
    }

    /// Replaces the value. The old one is dropped here unless somebody holds it.
    pub fn store(&self, value: Arc<T>) {
        self.raw.store(value);
    }
}

/// A borrowed [`Published`] value; dereferences to its `Arc`.
#[derive(Debug)]
pub struct Guard<T> {
    raw: arc_swap::Guard<Arc<T>>,
}

impl<T> Deref for Guard<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.raw
    }
}
