//! The memory a search works in, kept from one search to the next.

use std::cell::Cell;

use crate::best::BestScratch;
use crate::every::EveryScratch;
use crate::marks::Marks;
use crate::recall::RecallScratch;
use crate::shortest::Label;
use crate::without::{EdgeSet, NodeSet};

/// Working memory of a search, reusable for any graph. A search like one that
/// has run in it before allocates nothing but paths.
///
/// Memory: 8 bytes a node of the largest graph searched and an eighth more, of which the system provides the pages
/// that are touched; 20 bytes a node that a [`find_path`](crate::find_path) reached; for a
/// [`find_best_path`](crate::find_best_path) 40 bytes a node reached, 24 for each time one is improved upon from the
/// end, and 48 a label, of which a node has at most one for each edge and each number of hops that improve upon it.
/// Several paths take another 9 bytes a node of the graph; a [`recall`](crate::recall()) 72 a node reached.
/// Capacity is kept until the scratch is dropped.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) marks: Marks,
    pub(crate) forward: Vec<Label>,
    pub(crate) backward: Vec<Label>,
    pub(crate) best: BestScratch,
    pub(crate) passed: NodeSet,
    pub(crate) used: EdgeSet,
    pub(crate) every: EveryScratch,
    pub(crate) recall: RecallScratch,
}

impl Scratch {
    /// Memory that has not been used yet; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes held between searches.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let labels = self.forward.capacity() + self.backward.capacity();
        self.marks.bytes()
            + labels * size_of::<Label>()
            + self.best.bytes()
            + self.passed.bytes()
            + self.used.bytes()
            + self.every.bytes()
            + self.recall.bytes()
    }
}

thread_local! {
    static IDLE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Runs `search` with the calling thread's own scratch, which is made at the thread's first search and lives until the
/// thread ends: no lock, nothing shared. Never blocks.
///
/// A search begun inside another one works in a scratch of its own, of which the larger is kept.
pub fn with_scratch<R>(search: impl FnOnce(&mut Scratch) -> R) -> R {
    // `try_with` fails only while the thread ends; then the scratch is made for this one search.
    let mut scratch = IDLE.try_with(Cell::take).ok().flatten().unwrap_or_default();
    let result = search(&mut scratch);
    let _ = IDLE.try_with(|idle| {
        let other = idle.take();
        let keep_other = other.as_ref().is_some_and(|other| other.heap_bytes() > scratch.heap_bytes());
        idle.set(if keep_other { other } else { Some(scratch) });
    });
    result
}

/// Frees the calling thread's scratch, for a thread that has searched a large graph and will not soon do it again.
pub fn release_scratch() {
    let _ = IDLE.try_with(Cell::take);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_as_small_as_the_docs_say() {
        assert_eq!(size_of::<Label>(), 20);
        let (node, label, open) = BestScratch::ENTRY_BYTES;
        assert_eq!((node, label + open, open), (40, 48, 24));
        assert_eq!(RecallScratch::NODE_BYTES, 88);
    }

    #[test]
    fn a_thread_keeps_one_scratch() {
        std::thread::spawn(|| {
            with_scratch(|outer| {
                outer.marks.begin(1000);
                with_scratch(|inner| {
                    assert_eq!(inner.heap_bytes(), 0);
                    inner.marks.begin(10);
                });
            });
            with_scratch(|again| assert!(again.heap_bytes() >= 8000));
            release_scratch();
            with_scratch(|fresh| assert_eq!(fresh.heap_bytes(), 0));
        })
        .join()
        .unwrap();
    }
}
