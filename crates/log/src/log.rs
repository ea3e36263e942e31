//! The write log: making, writing, waiting, ending.

use crate::charge::Charge;
use crate::ending::Ending;
use crate::permits::{Permits, Refusal};
use crate::watermark::Watermark;
use crate::{Cost, Drain, Limits, LogError, Permit, Sequence, Triggers, engine_thread};
use std::time::{Duration, Instant};
use sutra_sync::atomic::{AtomicBool, AtomicU64, Ordering};
use sutra_sync::{Arc, Padded, Queue, Sleeper, time};

/// How long [`WriteLog::acquire`] may wait for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Not at all: no lock is taken.
    Never,
    /// At most this long, in line behind those who came before.
    For(Duration),
}

/// An entry on its way through the queue.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    pub(crate) sequence: Sequence,
    pub(crate) charge: Charge,
    /// `None`: the sequence was abandoned.
    pub(crate) entry: Option<T>,
}

/// The producers' end of the log, shared by all of them.
#[derive(Debug)]
pub struct WriteLog<T> {
    pub(crate) permits: Permits,
    first: Sequence,
    /// The next sequence to hand out.
    pub(crate) next: Padded<AtomicU64>,
    /// Has room for as many elements as there are permits for entries, so a push by the holder of one never fails.
    pub(crate) queue: Queue<Pending<T>>,
    pub(crate) sleeper: Sleeper,
    pub(crate) visible: Watermark,
    pub(crate) durable: Watermark,
    ending: Ending,
    refused: AtomicU64,
    /// The consumer was asked to wake for something outside the log.
    pub(crate) nudged: AtomicBool,
}

impl<T> WriteLog<T> {
    /// An open, empty log and its consumer's end, with the default [`Triggers`]: half of each limit.
    ///
    /// The first entry gets the sequence `first` (at least 1); all before it count as visible and durable.
    pub fn new(limits: Limits, first: Sequence) -> (Arc<WriteLog<T>>, Drain<T>) {
        WriteLog::with_triggers(limits, limits.into(), first)
    }

    /// Like [`new`](WriteLog::new), waking the consumer at `triggers`.
    pub fn with_triggers(limits: Limits, triggers: Triggers, first: Sequence) -> (Arc<WriteLog<T>>, Drain<T>) {
        let first = first.max(1);
        let total = Charge::clamped(limits.entries, limits.bytes);
        let trigger = Charge::clamped(triggers.entries, triggers.bytes).min(total);
        let log = Arc::new(WriteLog {
            permits: Permits::new(total, trigger),
            first,
            next: Padded::new(AtomicU64::new(first)),
            queue: Queue::new(total.cost().entries),
            sleeper: Sleeper::new(),
            visible: Watermark::new(first - 1),
            durable: Watermark::new(first - 1),
            ending: Ending::default(),
            refused: AtomicU64::new(0),
            nudged: AtomicBool::new(false),
        });
        let drain = Drain::new(Arc::clone(&log), first);
        (log, drain)
    }

    /// Takes room for an entry of `cost`.
    ///
    /// Lock-free if there is room and nobody waits for it. Else, unless `wait` is [`Wait::Never`], blocks in line.
    ///
    /// # Errors
    /// [`TooLarge`](LogError::TooLarge) if it would not fit the empty log; [`Backpressure`](LogError::Backpressure) if
    /// there was no room in time, or, without waiting, if others wait; [`Closed`](LogError::Closed),
    /// [`Poisoned`](LogError::Poisoned); [`WaitForbidden`](LogError::WaitForbidden) if it would have to wait on a thread
    /// that may not.
    pub fn acquire(&self, cost: Cost, wait: Wait) -> Result<Permit<'_, T>, LogError> {
        let total = self.permits.total();
        let charge = match Charge::of(cost) {
            Some(charge) if charge.fits_in(total) => charge,
            _ => {
                self.count_refusal();
                let limit = total.cost();
                return Err(LogError::TooLarge { cost, limit });
            }
        };
        match self.permits.take(charge) {
            Ok(low) => Ok(Permit::new(self, charge, low)),
            Err(refusal) => self.acquire_in_turn(charge, wait, refusal),
        }
    }

    #[cold]
    fn acquire_in_turn(&self, charge: Charge, wait: Wait, refusal: Refusal) -> Result<Permit<'_, T>, LogError> {
        let taken = match (refusal, wait) {
            (Refusal::Closed, _) | (_, Wait::Never) => Err(refusal),
            (Refusal::NoRoom, Wait::For(duration)) => {
                if !engine_thread::may_wait() {
                    return Err(LogError::WaitForbidden);
                }
                // Somebody in line presses the consumer to close its group and return room.
                self.permits.take_in_turn(charge, time::after(duration), || self.sleeper.call())
            }
        };
        match taken {
            // It may have brought the room down to the trigger, so it tells the consumer to look.
            Ok(()) => Ok(Permit::new(self, charge, true)),
            Err(Refusal::Closed) => Err(self.ending.refusal()),
            Err(Refusal::NoRoom) => {
                self.count_refusal();
                Err(LogError::Backpressure)
            }
        }
    }

    fn count_refusal(&self) {
        // Relaxed: a statistic.
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends the giving of permits. Those who wait for one get [`LogError::Closed`]; what was accepted, or is accepted
    /// with a permit already given, will be drained. Does not wait for that. May be called again.
    pub fn close(&self) {
        self.permits.close();
        self.sleeper.call();
    }

    /// Ends writing for good: whoever asks for a permit, waits for one or waits for a mark not yet reached gets `cause`.
    /// The first cause stays.
    pub fn poison(&self, cause: std::sync::Arc<str>) {
        self.ending.poison(cause);
        self.close();
        self.visible.wake_all();
        self.durable.wake_all();
    }

    /// The cause given to [`poison`](WriteLog::poison), if it was called.
    pub fn poisoned(&self) -> Option<std::sync::Arc<str>> {
        self.ending.cause()
    }

    /// Says that no mark will be raised any more: the log is closed, and who waits for a mark not reached gets
    /// [`LogError::Closed`]. The last step of an orderly end.
    pub fn finish(&self) {
        self.ending.finish();
        self.close();
        self.visible.wake_all();
        self.durable.wake_all();
    }

    /// Blocks until [`visible`](WriteLog::visible) is at least `sequence`, and makes the consumer close its group at
    /// once. One load if it is already so. `None` waits without limit.
    ///
    /// # Errors
    /// [`TimedOut`](LogError::TimedOut), [`NotAccepted`](LogError::NotAccepted), [`Poisoned`](LogError::Poisoned),
    /// [`Closed`](LogError::Closed) after [`finish`](WriteLog::finish), [`WaitForbidden`](LogError::WaitForbidden).
    pub fn wait_visible(&self, sequence: Sequence, deadline: Option<Instant>) -> Result<(), LogError> {
        self.wait(&self.visible, sequence, deadline)
    }

    /// Blocks until [`durable`](WriteLog::durable) is at least `sequence`; otherwise like
    /// [`wait_visible`](WriteLog::wait_visible).
    ///
    /// # Errors
    /// As for [`wait_visible`](WriteLog::wait_visible).
    pub fn wait_durable(&self, sequence: Sequence, deadline: Option<Instant>) -> Result<(), LogError> {
        self.wait(&self.durable, sequence, deadline)
    }

    fn wait(&self, mark: &Watermark, sequence: Sequence, deadline: Option<Instant>) -> Result<(), LogError> {
        if mark.reached() >= sequence {
            return Ok(());
        }
        let last = self.last_accepted();
        if sequence > last {
            return Err(LogError::NotAccepted { sequence, last });
        }
        if !engine_thread::may_wait() {
            return Err(LogError::WaitForbidden);
        }
        if mark.want(sequence) {
            self.sleeper.call();
        }
        mark.wait(sequence, deadline, || self.ending.of_waiting())
    }

    /// Makes the consumer close its group at once for everything accepted so far, without waiting for it.
    pub fn hurry(&self) {
        if self.visible.want(self.last_accepted()) {
            self.sleeper.call();
        }
    }

    /// Wakes the consumer for something outside the log, also from idle: its wait ends with
    /// [`Woken::Nudged`](crate::Woken::Nudged).
    pub fn nudge(&self) {
        // Release pairs with the consumer's Acquire, and stands before the call, so the sleep that the call ends sees it.
        // An exchange as on the consumer's side, so that loom too knows the order of the two: it does not know that a
        // plain store cannot come between the halves of the consumer's exchange.
        self.nudged.swap(true, Ordering::Release);
        self.sleeper.call();
    }

    /// Everything up to here is in the snapshot that a new read takes.
    pub fn visible(&self) -> Sequence {
        self.visible.reached()
    }

    /// Everything up to here survives a power cut.
    pub fn durable(&self) -> Sequence {
        self.durable.reached()
    }

    /// Raises [`durable`](WriteLog::durable) and wakes who waits for it: for a thread beside the consumer that makes
    /// things durable, such as the checkpointer. A lower sequence than before changes nothing.
    pub fn mark_durable(&self, sequence: Sequence) {
        self.durable.raise(sequence);
    }

    /// The last sequence handed out; one less than the first before any was.
    pub fn last_accepted(&self) -> Sequence {
        // Relaxed: who knows of an accepted entry by any ordered means also sees the counter at least that far.
        self.next.load(Ordering::Relaxed) - 1
    }

    /// How many sequences have been handed out since the log was made.
    pub fn written(&self) -> u64 {
        self.last_accepted() + 1 - self.first
    }

    /// How many permits were refused for lack of room, now or at all.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Room taken: permits out, entries in the queue, entries drained and not yet applied. Bytes are rounded up to 64 for
    /// each entry.
    pub fn pending(&self) -> Cost {
        self.permits.look().taken.cost()
    }

    /// How many callers wait for room. Takes the mutex of those who wait.
    pub fn waiting(&self) -> usize {
        self.permits.waiting()
    }

    /// What the log holds at most.
    pub fn capacity(&self) -> Cost {
        self.permits.total().cost()
    }

    /// Whether [`close`](WriteLog::close), [`poison`](WriteLog::poison) or [`finish`](WriteLog::finish) was called.
    pub fn is_closed(&self) -> bool {
        self.permits.look().closed
    }
}
