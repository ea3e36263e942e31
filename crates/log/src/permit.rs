//! A permit and what is done with it: accepting an entry.

use crate::charge::Charge;
use crate::log::Pending;
use crate::{Sequence, WriteLog};
use std::mem;
use sutra_sync::atomic::Ordering;

/// Room for one entry. Dropped without [`accept`](Permit::accept), the room goes back.
#[derive(Debug)]
#[must_use = "a permit that is dropped gives its room back"]
pub struct Permit<'a, T> {
    log: &'a WriteLog<T>,
    charge: Charge,
    /// Taking it brought the room down to where the consumer is to be told.
    low: bool,
}

impl<'a, T> Permit<'a, T> {
    pub(crate) fn new(log: &'a WriteLog<T>, charge: Charge, low: bool) -> Permit<'a, T> {
        Permit { log, charge, low }
    }

    /// Takes the next sequence and pushes `entry` with it. Never blocks, never fails, allocates nothing; also after the
    /// log was closed. After poisoning the entry may never be drained.
    pub fn accept(self, entry: T) -> Sequence {
        let claim = self.claim();
        let sequence = claim.sequence;
        claim.fill(entry);
        sequence
    }

    /// Takes the next sequence without an entry yet. The consumer holds everything later back until the claim is filled
    /// or dropped: [`accept`](Permit::accept) is the way to write, this is its first half.
    #[doc(hidden)]
    pub fn claim(self) -> Claim<'a, T> {
        // Relaxed: one counter has one order, which is all that sequences need; the queue carries the entry over.
        let sequence = self.log.next.fetch_add(1, Ordering::Relaxed);
        let claim = Claim { log: self.log, sequence, charge: self.charge, low: self.low };
        mem::forget(self);
        claim
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        let closed = self.log.permits.give_back(self.charge);
        // A closed log that is whole again has ended, and the consumer may be asleep; a permit that took the room low has
        // to say so, for others may have accepted since.
        if closed || self.low {
            self.log.sleeper.call();
        }
    }
}

/// A sequence that is taken and not yet filled. Dropped, also by unwinding, it is filled with a no-op.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "a claim that is dropped becomes a no-op"]
pub struct Claim<'a, T> {
    log: &'a WriteLog<T>,
    sequence: Sequence,
    charge: Charge,
    low: bool,
}

impl<T> Claim<'_, T> {
    /// The sequence taken.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Pushes `entry` with the sequence.
    pub fn fill(self, entry: T) {
        self.push(Some(entry));
        mem::forget(self);
    }

    fn push(&self, entry: Option<T>) {
        let mut pending = Pending { sequence: self.sequence, charge: self.charge, entry };
        // The queue has a place for each permit, so this succeeds at once. Were that wrong, losing an accepted entry would
        // be worse than waiting for a place.
        while let Err(back) = self.log.queue.push(pending) {
            debug_assert!(false, "the queue has a place for each permit");
            if cfg!(loom) {
                panic!("the queue has a place for each permit");
            }
            pending = back;
            sutra_sync::thread::yield_now();
        }
        if self.low {
            self.log.sleeper.call();
        } else {
            self.log.sleeper.signal();
        }
    }
}

impl<T> Drop for Claim<'_, T> {
    fn drop(&mut self) {
        self.push(None);
    }
}
