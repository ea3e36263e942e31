//! The newest value under loom: a split reference count (Williams, "C++ Concurrency in Action", 7.2.4) with Acquire and
//! Release only.
//!
//! `current` holds the index of the newest value and how many loans of it are out. A loan is taken by one `fetch_add`,
//! which also pins the value. It is given back to `current` while that still names the same value, else to the value's
//! own account `settled`, from which the replacing `store` subtracts the loans it found. Who brings the account to zero
//! drops the value. Each value has a place of its own, so a model may publish [`PLACES`] times.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::ops::Deref;

/// How many values a model can publish in one run.
const PLACES: usize = 16;
const INDEX_SHIFT: u32 = 32;
const LOANS: u64 = (1 << INDEX_SHIFT) - 1;

/// See the published value outside loom: same methods, same promises.
#[derive(Debug)]
pub struct Published<T> {
    current: AtomicU64,
    used: AtomicUsize,
    places: Box<[Place<T>]>,
}

#[derive(Debug)]
struct Place<T> {
    /// Loans given back here less loans counted by `store`, wrapping around zero.
    settled: AtomicU64,
    value: UnsafeCell<Option<Arc<T>>>,
}

#[allow(unsafe_code)]
// SAFETY: values are shared and dropped by any thread, hence `T: Send + Sync`; access to a place's value is decided by the
// loans, see `load_full` and `store`.
unsafe impl<T: Send + Sync> Sync for Published<T> {}
#[allow(unsafe_code)]
// SAFETY: as above.
unsafe impl<T: Send + Sync> Send for Published<T> {}

impl<T> Place<T> {
    fn drop_value(&self) {
        #[allow(unsafe_code)]
        // SAFETY: called once, by whoever brought the account to zero: no loan is out, none can be taken any more, and
        // each loan was given back with Release and seen here with Acquire.
        let value = self.value.with_mut(|place| unsafe { (*place).take() });
        drop(value);
    }
}

impl<T> Published<T> {
    /// Publishes a first value.
    pub fn new(value: Arc<T>) -> Published<T> {
        let mut value = Some(value);
        let place = |_| Place { settled: AtomicU64::new(0), value: UnsafeCell::new(value.take()) };
        Published { current: AtomicU64::new(0), used: AtomicUsize::new(1), places: (0..PLACES).map(place).collect() }
    }

    /// The newest value.
    pub fn load(&self) -> Guard<T> {
        Guard { value: self.load_full() }
    }

    /// The newest value, owned.
    pub fn load_full(&self) -> Arc<T> {
        let index = self.current.fetch_add(1, Ordering::Acquire) >> INDEX_SHIFT;
        let place = &self.places[index as usize];
        #[allow(unsafe_code)]
        // SAFETY: our loan keeps the value in place, and `store` wrote it before the Release exchange that our Acquire
        // addition saw.
        let value = place.value.with(|place| unsafe { (*place).clone() }).expect("a loan keeps its value");
        let mut now = self.current.load(Ordering::Relaxed);
        while now >> INDEX_SHIFT == index {
            match self.current.compare_exchange(now, now - 1, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return value,
                Err(other) => now = other,
            }
        }
        if place.settled.fetch_add(1, Ordering::AcqRel).wrapping_add(1) == 0 {
            place.drop_value();
        }
        value
    }

    /// Replaces the value.
    pub fn store(&self, value: Arc<T>) {
        let index = self.used.fetch_add(1, Ordering::Relaxed);
        let place = self.places.get(index).expect("a model may publish 16 values");
        #[allow(unsafe_code)]
        // SAFETY: the index is ours alone and not yet named by `current`.
        place.value.with_mut(|place| unsafe { *place = Some(value) });
        let before = self.current.swap((index as u64) << INDEX_SHIFT, Ordering::AcqRel);
        let place = &self.places[(before >> INDEX_SHIFT) as usize];
        let loans = before & LOANS;
        if place.settled.fetch_sub(loans, Ordering::AcqRel) == loans {
            place.drop_value();
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
