//! Sequence order out of queue order.
//!
//! A producer takes its sequence and then pushes, so two producers may push in the other order. The elements that come
//! too early wait here. All of them, and the missing ones, hold permits, so the ring is never longer than the log's limit
//! of entries.

use crate::log::Pending;
use crate::{Sequence, Slot};
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Reorder<T> {
    next: Sequence,
    /// `ring[i]` is the element of sequence `next + i`, if it has come. The first is `None` or about to go out; the last is
    /// never `None`.
    ring: VecDeque<Option<Slot<T>>>,
}

impl<T> Reorder<T> {
    pub(crate) fn new(next: Sequence) -> Reorder<T> {
        Reorder { next, ring: VecDeque::new() }
    }

    /// The sequence that goes out next.
    pub(crate) fn next(&self) -> Sequence {
        self.next
    }

    /// Whether the next one is here.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.ring.front(), Some(Some(_)))
    }

    /// Takes the next one if it is here.
    pub(crate) fn take(&mut self) -> Option<Slot<T>> {
        let slot = self.ring.front_mut()?.take()?;
        self.ring.pop_front();
        self.next += 1;
        Some(slot)
    }

    /// Gives `pending` back at once if it is the next one, else keeps it.
    pub(crate) fn pass(&mut self, pending: Pending<T>) -> Option<Slot<T>> {
        let slot = Slot { sequence: pending.sequence, entry: pending.entry, cost: pending.charge.cost() };
        if slot.sequence == self.next {
            // Its empty place, if later ones have come before it.
            self.ring.pop_front();
            self.next += 1;
            return Some(slot);
        }
        let ahead = slot.sequence.checked_sub(self.next);
        let Some(at) = ahead.and_then(|ahead| usize::try_from(ahead).ok()) else {
            debug_assert!(false, "a sequence is handed out once");
            return None;
        };
        if at >= self.ring.len() {
            self.ring.resize_with(at + 1, || None);
        }
        if let Some(place) = self.ring.get_mut(at) {
            *place = Some(slot);
        }
        None
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::charge::Charge;

    fn pending(sequence: Sequence) -> Pending<Sequence> {
        Pending { sequence, charge: Charge::clamped(1, 1), entry: Some(sequence) }
    }

    /// All orders in which six elements can come.
    #[test]
    fn every_permutation_leaves_in_order() {
        let mut orders = vec![vec![]];
        for sequence in 10..16 {
            orders = orders
                .into_iter()
                .flat_map(|order: Vec<Sequence>| {
                    (0..=order.len()).map(move |at| {
                        let mut longer = order.clone();
                        longer.insert(at, sequence);
                        longer
                    })
                })
                .collect();
        }
        assert_eq!(orders.len(), 720);
        for order in orders {
            let mut reorder = Reorder::new(10);
            let mut left = Vec::new();
            for (come, &sequence) in order.iter().enumerate() {
                left.extend(reorder.pass(pending(sequence)));
                assert_eq!(reorder.is_ready(), {
                    let seen = &order[..=come];
                    seen.contains(&reorder.next())
                });
                while let Some(slot) = reorder.take() {
                    left.push(slot);
                }
            }
            let sequences: Vec<_> = left.iter().map(|slot| slot.sequence).collect();
            assert_eq!(sequences, (10..16).collect::<Vec<_>>(), "order {order:?}");
            assert!(left.iter().all(|slot| slot.entry == Some(slot.sequence)));
            assert!(reorder.ring.is_empty());
        }
    }
}
