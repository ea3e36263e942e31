//! The room of the log: one word that says what is free, and a line for those who find too little.
//!
//! # Why one word is enough
//! What is free, whether somebody is [`QUEUED`] and whether the log is [`CLOSED`] are one atomic word, so all changes to
//! them stand in one order, whatever the fences. The race between "room is returned" and "a waiter joins" is decided
//! there: to join is to set `QUEUED` (under the line's mutex) and then to look at what the same step found free; to return
//! is to add and then to look at the flag that the same step found. If the return comes first, the joining step finds
//! the room; if the joining comes first, the return finds the flag and serves the line. With two words this would need
//! SeqCst fences on both sides.
//!
//! While `QUEUED` is set only the holder of the line's mutex takes room; others only return it. So what fits the first
//! in line keeps fitting until it is taken, and nobody passes the line. Closing is decided by the same order: a permit is
//! taken by an exchange on a word without `CLOSED`, so once a closed log has all its room back no permit can follow.

use crate::charge::{CLOSED, Charge, QUEUED};
use crate::line::Line;
use std::time::Instant;
use sutra_sync::atomic::{AtomicU64, Ordering};
use sutra_sync::{Mutex, Padded};

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoRoom,
    Closed,
}

#[derive(Debug)]
pub(crate) struct Permits {
    word: Padded<AtomicU64>,
    line: Mutex<Line>,
    total: Charge,
    /// At this little left (in either field), or less, the consumer is told.
    low: Charge,
}

/// What the word said at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) closed: bool,
    /// Everything is back: no permit is out and nothing accepted is unapplied.
    pub(crate) whole: bool,
    /// Room has run low, or somebody waits in line.
    pub(crate) pressed: bool,
    pub(crate) taken: Charge,
}

impl Permits {
    pub(crate) fn new(total: Charge, trigger: Charge) -> Permits {
        Permits {
            word: Padded::new(AtomicU64::new(total.word())),
            line: Mutex::new(Line::default()),
            total,
            low: total.minus(trigger),
        }
    }

    pub(crate) fn total(&self) -> Charge {
        self.total
    }

    /// Takes `charge` if it is free and nobody waits. `Ok(true)` if that brought the room down to where the consumer is
    /// to be told. Lock-free.
    pub(crate) fn take(&self, charge: Charge) -> Result<bool, Refusal> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & CLOSED != 0 {
                return Err(Refusal::Closed);
            }
            let free = Charge::in_word(word);
            if word & QUEUED != 0 || !charge.fits_in(free) {
                return Err(Refusal::NoRoom);
            }
            let after = word - charge.word();
            // Acquire, with the Release of `give_back`: the pop that made room happened before the push that uses it, so
            // the queue cannot seem full.
            match self.word.compare_exchange_weak(word, after, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    return Ok(self.is_low(Charge::in_word(after)) && !self.is_low(free));
                }
                Err(now) => word = now,
            }
        }
    }

    /// Waits in line for `charge`, at most until `deadline`. `queued` is called once if it has to wait, before it does.
    /// The charge must fit the empty log.
    pub(crate) fn take_in_turn(
        &self,
        charge: Charge,
        deadline: Option<Instant>,
        queued: impl FnOnce(),
    ) -> Result<(), Refusal> {
        let mut line = self.line.lock();
        let (ticket, bell) = line.join(charge);
        // Relaxed suffices for the flag itself (see above); the Acquire of the taking exchange is in `serve`.
        self.word.fetch_or(QUEUED, Ordering::Relaxed);
        self.serve(&mut line);
        if line.contains(ticket) {
            queued();
        }
        let mut late = false;
        loop {
            if !line.contains(ticket) {
                return Ok(());
            }
            let closed = self.word.load(Ordering::Relaxed) & CLOSED != 0;
            if closed || late {
                line.leave(ticket);
                // Who stood behind may fit where this one did not; and an empty line lowers the flag.
                self.serve(&mut line);
                return Err(if closed { Refusal::Closed } else { Refusal::NoRoom });
            }
            (line, late) = bell.wait_until(line, deadline);
        }
    }

    /// Serves the line from its front as far as there is room. Called with the line locked and `QUEUED` set.
    fn serve(&self, line: &mut Line) {
        let mut word = self.word.load(Ordering::Relaxed);
        while let Some(charge) = line.first() {
            if word & CLOSED != 0 || !charge.fits_in(Charge::in_word(word)) {
                return;
            }
            // An exchange, not a subtraction: it fails if the log was closed meanwhile. Acquire as in `take`; the mutex
            // carries it on to the one served.
            match self.word.compare_exchange_weak(word, word - charge.word(), Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    word -= charge.word();
                    line.serve_first();
                }
                Err(now) => word = now,
            }
        }
        self.word.fetch_and(!QUEUED, Ordering::Relaxed);
    }

    /// Returns room taken before, and serves the line if there is one. True if the log is closed. Takes the line's mutex
    /// only if somebody waits.
    pub(crate) fn give_back(&self, charge: Charge) -> bool {
        // Release: what was done with the room (the pop, the apply) happened before it is taken again, or before a closed
        // log is seen whole.
        let before = self.word.fetch_add(charge.word(), Ordering::Release);
        if before & QUEUED != 0 {
            let mut line = self.line.lock();
            if !line.is_empty() {
                self.serve(&mut line);
            }
        }
        before & CLOSED != 0
    }

    /// How many stand in line. Takes the line's mutex.
    pub(crate) fn waiting(&self) -> usize {
        self.line.lock().len()
    }

    /// Ends the giving of permits and wakes the line.
    pub(crate) fn close(&self) {
        self.word.fetch_or(CLOSED, Ordering::Release);
        self.line.lock().wake_all();
    }

    pub(crate) fn look(&self) -> Look {
        // Acquire, with the Release of `give_back`: who sees a closed log whole sees all that was done with its room.
        let word = self.word.load(Ordering::Acquire);
        let free = Charge::in_word(word);
        Look {
            closed: word & CLOSED != 0,
            whole: free == self.total,
            pressed: word & QUEUED != 0 || self.is_low(free),
            taken: self.total.minus(free),
        }
    }

    fn is_low(&self, free: Charge) -> bool {
        free.reaches_down_to(self.low)
    }
}
