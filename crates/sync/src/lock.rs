//! A mutex and a condition variable that ignore poisoning.

use crate::time;
use std::sync::PoisonError;
use std::time::Instant;

#[cfg(loom)]
use loom::sync as raw;
#[cfg(not(loom))]
use std::sync as raw;

#[cfg(loom)]
pub use loom::sync::MutexGuard;
#[cfg(not(loom))]
pub use std::sync::MutexGuard;

/// Mutual exclusion whose [`lock`](Mutex::lock) gives the guard also after a panic in another holder.
#[derive(Debug)]
pub struct Mutex<T> {
    raw: raw::Mutex<T>,
}

impl<T> Mutex<T> {
    /// A mutex around `value`, unlocked.
    pub fn new(value: T) -> Mutex<T> {
        Mutex { raw: raw::Mutex::new(value) }
    }

    /// Locks; blocks while another thread holds it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.raw.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, without locking: `&mut self` proves that nobody else holds it.
    pub fn into_inner(self) -> T {
        self.raw.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

/// A condition variable for a [`Mutex`].
#[derive(Debug, Default)]
pub struct Condvar {
    raw: raw::Condvar,
}

impl Condvar {
    /// A condition variable that nobody waits for.
    pub fn new() -> Condvar {
        Condvar { raw: raw::Condvar::new() }
    }

    /// Unlocks, blocks until notified (or spuriously), and locks again.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.raw.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Like [`wait`](Condvar::wait), at most until `deadline` (`None`: for ever). The flag says that the deadline has
    /// passed. Under loom the deadline is ignored.
    pub fn wait_until<'a, T>(&self, guard: MutexGuard<'a, T>, deadline: Option<Instant>) -> (MutexGuard<'a, T>, bool) {
        let Some(left) = time::left(deadline) else {
            return (self.wait(guard), false);
        };
        if left.is_zero() {
            return (guard, true);
        }
        let (guard, _) = self.raw.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner);
        (guard, time::passed(deadline))
    }

    /// Wakes one waiter.
    pub fn notify_one(&self) {
        self.raw.notify_one();
    }

    /// Wakes all waiters.
    pub fn notify_all(&self) {
        self.raw.notify_all();
    }
}
