//! The bounded queue under loom: Vyukov's queue (1024cores.net, "Bounded MPMC queue"), which is also what `ArrayQueue`
//! is built on, with Acquire and Release only.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};

/// See the queue outside loom: same methods, same promises.
#[derive(Debug)]
pub struct Queue<T> {
    head: AtomicUsize,
    tail: AtomicUsize,
    places: Box<[Place<T>]>,
}

#[derive(Debug)]
struct Place<T> {
    /// `position` while free for the push of that position, `position + 1` while its value waits for the pop.
    stamp: AtomicUsize,
    value: UnsafeCell<Option<T>>,
}

#[allow(unsafe_code)]
// SAFETY: a value moves from the pushing to the popping thread and is never shared, so `T: Send` is enough. Who may touch
// a place's value is decided by its stamp; see `push` and `pop`.
unsafe impl<T: Send> Sync for Queue<T> {}
#[allow(unsafe_code)]
// SAFETY: owning the queue is owning its values.
unsafe impl<T: Send> Send for Queue<T> {}

impl<T> Queue<T> {
    /// An empty queue with room for `capacity` elements (at least one).
    pub fn new(capacity: usize) -> Queue<T> {
        let place = |at| Place { stamp: AtomicUsize::new(2 * at), value: UnsafeCell::new(None) };
        Queue {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            places: (0..capacity.max(1)).map(place).collect(),
        }
    }

    // Stamps count in twos (even: free, odd: filled), so that a queue of one place can tell "filled at p" from "free at
    // p + 1".
    fn place(&self, position: usize) -> &Place<T> {
        &self.places[position % self.places.len()]
    }

    /// Appends `value`, or gives it back if there is no room.
    pub fn push(&self, value: T) -> Result<(), T> {
        let mut tail = self.tail.load(Ordering::Relaxed);
        loop {
            let place = self.place(tail);
            let stamp = place.stamp.load(Ordering::Acquire);
            if stamp == 2 * tail {
                match self.tail.compare_exchange(tail, tail + 1, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => {
                        #[allow(unsafe_code)]
                        // SAFETY: the stamp said "free at this position" and the exchange gave the position to us alone;
                        // the pop that freed the place stored that stamp with Release, so its access is over.
                        place.value.with_mut(|slot| unsafe { *slot = Some(value) });
                        place.stamp.store(2 * tail + 1, Ordering::Release);
                        return Ok(());
                    }
                    Err(now) => tail = now,
                }
            } else if stamp < 2 * tail {
                if self.head.load(Ordering::Relaxed) + self.places.len() <= tail {
                    return Err(value);
                }
                loom::thread::yield_now();
                tail = self.tail.load(Ordering::Relaxed);
            } else {
                tail = self.tail.load(Ordering::Relaxed);
            }
        }
    }

    /// Takes the oldest element; `None` only if the queue is empty.
    pub fn pop(&self) -> Option<T> {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            let place = self.place(head);
            let stamp = place.stamp.load(Ordering::Acquire);
            if stamp == 2 * head + 1 {
                match self.head.compare_exchange(head, head + 1, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => {
                        #[allow(unsafe_code)]
                        // SAFETY: the stamp said "filled at this position", stored with Release after the value was
                        // written, and the exchange gave the position to us alone.
                        let value = place.value.with_mut(|slot| unsafe { (*slot).take() });
                        let free = 2 * (head + self.places.len());
                        place.stamp.store(free, Ordering::Release);
                        return value;
                    }
                    Err(now) => head = now,
                }
            } else if stamp < 2 * head + 1 {
                if self.tail.load(Ordering::Relaxed) == head {
                    return None;
                }
                // Counted but not yet written: the real queue spins here too.
                loom::thread::yield_now();
                head = self.head.load(Ordering::Relaxed);
            } else {
                head = self.head.load(Ordering::Relaxed);
            }
        }
    }

    /// Elements in the queue, a push under way included.
    pub fn len(&self) -> usize {
        let head = self.head.load(Ordering::Relaxed);
        self.tail.load(Ordering::Relaxed).saturating_sub(head)
    }

    /// Whether there is nothing, not even a push under way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many elements fit.
    pub fn capacity(&self) -> usize {
        self.places.len()
    }
}
