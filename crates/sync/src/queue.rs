//! The bounded queue: `crossbeam_queue::ArrayQueue` behind a type of our own.

use crossbeam_queue::ArrayQueue;

/// A bounded queue for many producers and many consumers, without locks.
///
/// What one thread pushes leaves in the order in which it was pushed. What happened before a push happens before the pop
/// that takes the element; nothing more is promised, above all no order between a pop and the push that reuses its place.
#[derive(Debug)]
pub struct Queue<T> {
    raw: ArrayQueue<T>,
}

impl<T> Queue<T> {
    /// An empty queue with room for `capacity` elements (at least one), allocated at once.
    pub fn new(capacity: usize) -> Queue<T> {
        Queue { raw: ArrayQueue::new(capacity.max(1)) }
    }

    /// Appends `value`, or gives it back if there is no room. Never allocates, never blocks.
    pub fn push(&self, value: T) -> Result<(), T> {
        self.raw.push(value)
    }

    /// Takes the oldest element. `None` only if the queue is empty; spins while the push of the oldest element, already
    /// counted, writes its value.
    pub fn pop(&self) -> Option<T> {
        self.raw.pop()
    }

    /// Elements in the queue, a push under way included.
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// Whether there is nothing, not even a push under way.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// How many elements fit.
    pub fn capacity(&self) -> usize {
        self.raw.capacity()
    }
}
