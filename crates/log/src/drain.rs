//! The consumer's end of the log.

use crate::charge::Charge;
use crate::reorder::Reorder;
use crate::{Cost, Sequence, WriteLog};
use std::time::Instant;
use sutra_sync::atomic::Ordering;
use sutra_sync::{Arc, time};

/// An entry as it leaves the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot<T> {
    /// Its number; one more than that of the slot before it.
    pub sequence: Sequence,
    /// What was accepted; `None` if its producer gave up between taking the sequence and filling it.
    pub entry: Option<T>,
    /// What to give to [`Drain::return_permits`]: the cost as charged, bytes rounded up to 64, so that costs may be
    /// summed.
    pub cost: Cost,
}

/// Why [`Drain::wait`] or [`Drain::gather`] came back. The first that holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// The log was poisoned: nothing more is to be written.
    Poisoned,
    /// The log was closed and something is left to do, or it has ended: see [`Drain::closed_and_empty`].
    Closed,
    /// Somebody waits for something not yet visible, or newly for something not yet durable.
    Urgent,
    /// As much has gathered as the triggers say, or somebody waits for room.
    Pressure,
    /// [`WriteLog::nudge`] was called.
    Nudged,
    /// There is something to collect.
    Arrived,
    /// The deadline has passed.
    Deadline,
}

/// The consumer's end; there is one. Dropped before the log is closed and empty, it poisons the log, so that nobody waits
/// for a consumer that is gone.
#[derive(Debug)]
pub struct Drain<T> {
    log: Arc<WriteLog<T>>,
    order: Reorder<T>,
    /// Collected and not yet returned.
    owed: Charge,
    /// The greatest wish for durability that a wait has reported.
    reported: Sequence,
}

impl<T> Drain<T> {
    pub(crate) fn new(log: Arc<WriteLog<T>>, first: Sequence) -> Drain<T> {
        Drain { log, order: Reorder::new(first), owed: Charge::ZERO, reported: 0 }
    }

    /// The log that this drains.
    pub fn log(&self) -> &Arc<WriteLog<T>> {
        &self.log
    }

    /// The sequence that will be collected next.
    pub fn next_sequence(&self) -> Sequence {
        self.order.next()
    }

    /// Appends to `out` all that is ready, in the order of sequences and without holes, and says how many that is. Holds
    /// back what follows a sequence that is taken but not yet pushed. Never blocks, but may spin for the few
    /// instructions of a push under way.
    pub fn collect(&mut self, out: &mut Vec<Slot<T>>) -> usize {
        self.collect_within(out, Cost { entries: usize::MAX, bytes: u64::MAX })
    }

    /// Like [`collect`](Drain::collect), but stops once what it has appended costs at least `bound` in records or in
    /// bytes: at least one slot if any is ready, and at most one slot beyond the bound.
    pub fn collect_within(&mut self, out: &mut Vec<Slot<T>>, bound: Cost) -> usize {
        let mut taken = Cost::default();
        let mut count = 0;
        loop {
            let slot = match self.order.take() {
                Some(slot) => slot,
                None => match self.log.queue.pop() {
                    Some(pending) => match self.order.pass(pending) {
                        Some(slot) => slot,
                        None => continue,
                    },
                    None => break,
                },
            };
            taken += slot.cost;
            count += 1;
            out.push(slot);
            if taken.entries >= bound.entries || taken.bytes >= bound.bytes {
                break;
            }
        }
        if count > 0 {
            // Each slot costs an entry or more, so this is not the rounding up of nothing to one.
            self.owed = self.owed.plus(Charge::of(taken).unwrap_or(Charge::ZERO));
        }
        count
    }

    /// Blocks until there is something to collect, something [`urgent`](Drain::urgent), pressure, an end, or `deadline`
    /// (`None`: without limit), and says which. Comes back at once if one of them holds. For a consumer with nothing at
    /// hand; each arrival ends it.
    pub fn wait(&mut self, deadline: Option<Instant>) -> Woken {
        self.sleep(deadline, true)
    }

    /// Like [`wait`](Drain::wait), but mere arrivals do not end it and cost their producers no wake-up: for a consumer
    /// that has the first entries of a group and lets more gather until `deadline`.
    pub fn gather(&mut self, deadline: Instant) -> Woken {
        self.sleep(Some(deadline), false)
    }

    fn sleep(&mut self, deadline: Option<Instant>, arrivals: bool) -> Woken {
        loop {
            let look = self.look(arrivals);
            if let Some(woken) = look.woken {
                return woken;
            }
            if time::passed(deadline) {
                return Woken::Deadline;
            }
            let log = &*self.log;
            if look.signals {
                log.sleeper.until_signal(deadline, || !log.queue.is_empty());
            } else {
                // All that `look` has seen changes together with a call, save arrivals, which do not matter here.
                log.sleeper.until_call(deadline);
            }
        }
    }

    fn look(&mut self, arrivals: bool) -> Look {
        let permits = self.log.permits.look();
        let arrived = self.order.is_ready() || !self.log.queue.is_empty();
        // A reason to close the group is one only with something to put into it. Without (all that is missing stands
        // behind a gap, or is a permit not yet used) the next arrival is what to wait for.
        let at_hand = arrived || self.owed != Charge::ZERO;
        let urgent = self.urgent().is_some();
        let woken = if permits.closed && self.log.poisoned().is_some() {
            Some(Woken::Poisoned)
        } else if permits.closed && (permits.whole || at_hand) {
            Some(Woken::Closed)
        } else if (urgent && at_hand) || self.newly_wanted_durable() {
            Some(Woken::Urgent)
        } else if permits.pressed && at_hand {
            Some(Woken::Pressure)
        } else if self.log.nudged.swap(false, Ordering::Acquire) {
            Some(Woken::Nudged)
        } else if arrivals && arrived {
            Some(Woken::Arrived)
        } else {
            None
        };
        Look { woken, signals: arrivals || permits.closed || urgent || permits.pressed }
    }

    fn newly_wanted_durable(&mut self) -> bool {
        match self.durable_wanted() {
            Some(sequence) if sequence > self.reported => {
                self.reported = sequence;
                true
            }
            _ => false,
        }
    }

    /// The greatest sequence that somebody waits for, visible or durable, or that [`WriteLog::hurry`] named, if it is not
    /// yet visible. It ceases to be urgent with [`mark_visible`](Drain::mark_visible).
    pub fn urgent(&self) -> Option<Sequence> {
        let wanted = self.log.visible.wanted().max(self.log.durable.wanted());
        (wanted > self.log.visible()).then_some(wanted)
    }

    /// The greatest sequence that somebody waits for to be durable, if it is not. Where groups are not synced this asks
    /// for a checkpoint. It ceases with [`mark_durable`](Drain::mark_durable).
    pub fn durable_wanted(&self) -> Option<Sequence> {
        let wanted = self.log.durable.wanted();
        (wanted > self.log.durable()).then_some(wanted)
    }

    /// Gives back the room of slots that were collected and have been applied: the sum of their [`Slot::cost`]. Serves
    /// those who wait for room.
    pub fn return_permits(&mut self, cost: Cost) {
        if cost == Cost::default() {
            return;
        }
        let charge = Charge::of(cost);
        debug_assert!(charge.is_some_and(|charge| charge.fits_in(self.owed)), "returned more than was collected");
        // To give back more than was taken would corrupt the word of permits.
        let charge = charge.unwrap_or(self.owed).min(self.owed);
        self.owed = self.owed.minus(charge);
        self.log.permits.give_back(charge);
    }

    /// Says that all up to `sequence` is in the snapshot that a new read takes, and wakes who waits for that. To be
    /// called after publishing.
    pub fn mark_visible(&self, sequence: Sequence) {
        self.log.visible.raise(sequence);
    }

    /// Says that all up to `sequence` survives a power cut, and wakes who waits for that. To be called after the sync.
    pub fn mark_durable(&self, sequence: Sequence) {
        self.log.mark_durable(sequence);
    }

    /// Whether the log is closed, everything accepted has been collected, all permits are returned and none is out.
    /// Once true it stays so: the consumer may end.
    pub fn closed_and_empty(&self) -> bool {
        let permits = self.log.permits.look();
        permits.closed && permits.whole
    }
}

/// What the consumer sees before it sleeps.
struct Look {
    woken: Option<Woken>,
    /// Whether an arrival would matter.
    signals: bool,
}

impl<T> Drop for Drain<T> {
    fn drop(&mut self) {
        if !self.closed_and_empty() {
            let cause = if std::thread::panicking() {
                "the consumer of the write log panicked: report this; what was durable stays so"
            } else {
                "the write log lost its consumer before everything was applied"
            };
            self.log.poison(cause.into());
        }
    }
}
