//! Sleeping and waking for one consumer and many producers.
//!
//! # Why no wake-up is lost
//! There are two ways to wake.
//!
//! [`call`](Sleeper::call) sets `rung` under the mutex and notifies. The consumer tests and clears `rung` under the same
//! mutex before it blocks and whenever it is woken, so a call made at any moment ends the sleep under way or the next
//! one. Whatever the caller wrote before is seen by the consumer after it.
//!
//! [`signal`](Sleeper::signal) is for the hot path, where a mutex would be too much: it must cost a load while the
//! consumer is awake. This is the pattern of Dekker: the producer writes its element and then reads `asleep`; the
//! consumer writes `asleep` and then looks for elements. Each side has a SeqCst fence between its write and its read.
//! The two fences stand in one order:
//! - the producer's first: the consumer's look, after its own fence, sees the element, and it does not sleep;
//! - the consumer's first: the producer's read sees `asleep`, and it calls.
//!
//! Acquire and Release alone would let both read the old value. Of several producers that see the flag, the one whose
//! swap clears it calls.

use crate::atomic::{AtomicBool, Ordering, fence};
use crate::{Condvar, Mutex, Padded};
use std::time::Instant;

/// Lets one thread sleep until others have something for it. See the module's text for the argument.
#[derive(Debug, Default)]
pub struct Sleeper {
    /// The consumer is about to sleep, or sleeps, and wants signals.
    asleep: Padded<AtomicBool>,
    /// A call has been made that the consumer has not yet answered.
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Sleeper {
    /// A sleeper that is awake.
    pub fn new() -> Sleeper {
        Sleeper::default()
    }

    /// Wakes the consumer if it sleeps in [`until_signal`](Sleeper::until_signal). To be called after the work it is told
    /// of has been made visible. One fence and one load while the consumer is awake.
    pub fn signal(&self) {
        fence(Ordering::SeqCst);
        // Relaxed: the fence orders the load after the caller's writes; the mutex in `call` carries them over.
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed) {
            self.call();
        }
    }

    /// Ends the consumer's sleep, whichever it is, or its next one. Takes a mutex for a few instructions.
    pub fn call(&self) {
        *self.rung.lock() = true;
        self.bell.notify_one();
    }

    /// Sleeps until a signal, a call or `deadline`; not at all if `ready` is true, which is asked once, after signals have
    /// been ordered. May return early for a call made before: the caller looks again.
    ///
    /// Only one thread may sleep at a time.
    pub fn until_signal(&self, deadline: Option<Instant>, ready: impl FnOnce() -> bool) {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !ready() {
            self.until_call(deadline);
        }
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Sleeps until a call or `deadline`, deaf to signals. What the caller looks at before may only change together with
    /// a call. May return early, as [`until_signal`](Sleeper::until_signal) may.
    pub fn until_call(&self, deadline: Option<Instant>) {
        let mut rung = self.rung.lock();
        let mut late = false;
        while !*rung && !late {
            (rung, late) = self.bell.wait_until(rung, deadline);
        }
        *rung = false;
    }
}
