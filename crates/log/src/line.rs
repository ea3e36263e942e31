//! The line of those who wait for room, first come, first served.

use crate::charge::Charge;
use std::collections::VecDeque;
use sutra_sync::{Arc, Condvar};

/// A place in line. Later tickets are greater.
pub(crate) type Ticket = u64;

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    charge: Charge,
    /// One each, so that serving one wakes no other.
    bell: Arc<Condvar>,
}

/// Who waits for how much, in order. Leaving the line is how a waiter learns that it was served.
#[derive(Debug, Default)]
pub(crate) struct Line {
    tickets: Ticket,
    waiting: VecDeque<Waiting>,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Joins at the end.
    pub(crate) fn join(&mut self, charge: Charge) -> (Ticket, Arc<Condvar>) {
        self.tickets += 1;
        let bell = Arc::new(Condvar::new());
        self.waiting.push_back(Waiting { ticket: self.tickets, charge, bell: Arc::clone(&bell) });
        (self.tickets, bell)
    }

    /// What the first in line waits for.
    pub(crate) fn first(&self) -> Option<Charge> {
        self.waiting.front().map(|waiting| waiting.charge)
    }

    /// Lets the first go, woken.
    pub(crate) fn serve_first(&mut self) {
        if let Some(served) = self.waiting.pop_front() {
            served.bell.notify_one();
        }
    }

    pub(crate) fn contains(&self, ticket: Ticket) -> bool {
        self.find(ticket).is_some()
    }

    /// Leaves without having been served.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        if let Some(at) = self.find(ticket) {
            self.waiting.remove(at);
        }
    }

    /// Wakes everybody; all stay in line.
    pub(crate) fn wake_all(&self) {
        for waiting in &self.waiting {
            waiting.bell.notify_one();
        }
    }

    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.waiting.binary_search_by_key(&ticket, |waiting| waiting.ticket).ok()
    }
}
