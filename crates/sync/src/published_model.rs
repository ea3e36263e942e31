//! The newest value under loom, with Acquire and Release only.
//!
//! Each value has a place of its own, never used again, with a count of loans; the place itself holds the first. A load
//! reads which place is newest, takes a loan there unless the count is zero, and clones. Who gives the last loan back drops
//! the value.
//!
//! Two things are looser here than in `arc_swap`, so that a fault cannot hide. A load is a plain Acquire load, which may
//! see an older value than the last stored unless something orders it after the store. And the place gives its loan back
//! one `store` late, so that the older value is still there to be seen.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use std::ops::Deref;

/// How many values a model can publish in one run.
const PLACES: usize = 16;

/// See the published value outside loom: same methods, same promises.
#[derive(Debug)]
pub struct Published<T> {
    newest: AtomicUsize,
    used: AtomicUsize,
    places: Box<[Place<T>]>,
}

#[derive(Debug)]
struct Place<T> {
    /// Zero once the value is gone, and for ever after.
    loans: AtomicUsize,
    value: UnsafeCell<Option<Arc<T>>>,
}

#[allow(unsafe_code)]
// SAFETY: values are shared and dropped by any thread, hence `T: Send + Sync`; access to a place's value is decided by its
// loans, see `Place::load` and `Place::give_back`.
unsafe impl<T: Send + Sync> Sync for Published<T> {}
#[allow(unsafe_code)]
// SAFETY: as above.
unsafe impl<T: Send + Sync> Send for Published<T> {}

impl<T> Place<T> {
    fn load(&self) -> Option<Arc<T>> {
        let mut loans = self.loans.load(Ordering::Relaxed);
        while loans > 0 {
            match self.loans.compare_exchange(loans, loans + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    #[allow(unsafe_code)]
                    // SAFETY: our loan keeps the value in place, and it was written before the place was named newest.
                    let value = self.value.with(|place| unsafe { (*place).clone() });
                    self.give_back();
                    return value;
                }
                Err(now) => loans = now,
            }
        }
        None
    }

    fn give_back(&self) {
        if self.loans.fetch_sub(1, Ordering::AcqRel) == 1 {
            #[allow(unsafe_code)]
            // SAFETY: that was the last loan and none can be taken from zero; each was given back with Release and is
            // seen here with Acquire.
            let value = self.value.with_mut(|place| unsafe { (*place).take() });
            drop(value);
        }
    }
}

impl<T> Published<T> {
    /// Publishes a first value.
    pub fn new(value: Arc<T>) -> Published<T> {
        let mut value = Some(value);
        let place = |_| Place { loans: AtomicUsize::new(1), value: UnsafeCell::new(value.take()) };
        Published { newest: AtomicUsize::new(0), used: AtomicUsize::new(1), places: (0..PLACES).map(place).collect() }
    }

    /// The newest value.
    pub fn load(&self) -> Guard<T> {
        Guard { value: self.load_full() }
    }

    /// The newest value, owned.
    pub fn load_full(&self) -> Arc<T> {
        let mut newest = self.newest.load(Ordering::Acquire);
        loop {
            if let Some(value) = self.places[newest].load() {
                return value;
            }
            // The value is gone, so a newer one stands. An addition, of nothing, always sees the last.
            newest = self.newest.fetch_add(0, Ordering::Acquire);
        }
    }

    /// Replaces the value. In a model one thread stores at a time, at most 15 values.
    pub fn store(&self, value: Arc<T>) {
        let index = self.used.fetch_add(1, Ordering::Relaxed);
        let place = self.places.get(index).expect("a model may publish 16 values");
        #[allow(unsafe_code)]
        // SAFETY: the place is ours alone and not yet named newest.
        place.value.with_mut(|place| unsafe { *place = Some(value) });
        let before = self.newest.swap(index, Ordering::AcqRel);
        assert_eq!(before + 1, index, "one thread stores at a time");
        if let Some(older) = before.checked_sub(1).and_then(|older| self.places.get(older)) {
            older.give_back();
        }
    }
}

/// A loaded [`Published`] value; dereferences to its `Arc`.
#[derive(Debug)]
pub struct Guard<T> {
    value: Arc<T>,
}

impl<T> Deref for Guard<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.value
    }
}
