//! What was replaced, and when it may go.
//!
//! Every publish has a number. What is replaced while publish *n* is being built may be held by readers of snapshots before
//! *n* (they read rows and tables that are live, whatever their snapshot's length), so it goes when all of those are gone.
//! Dropping a snapshot sets a flag; the writer looks at the flags. Nothing is counted, so a reader's clone costs nothing
//! here, and a snapshot that is dropped out of order leaves wherever it stands.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::arena::OldChunk;
use crate::ids::SubTable;

/// Something that readers of older snapshots may still use.
#[derive(Debug)]
pub(crate) enum Garbage {
    Block { handle: u32, class: u8 },
    Table(Box<SubTable>),
    Chunk(OldChunk),
}

impl Garbage {
    fn bytes(&self) -> u64 {
        match self {
            Self::Block { class, .. } => u64::from(crate::blocks::SIZES[*class as usize]),
            Self::Table(table) => table.bytes(),
            Self::Chunk(chunk) => chunk.heap_bytes(),
        }
    }
}

/// A snapshot that was published and, as far as the writer knows, is held.
#[derive(Debug)]
struct Live {
    publish: u64,
    concepts: u32,
    associations: u32,
    timestamp: u64,
    dropped: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
pub(crate) struct Reclaim {
    live: VecDeque<Live>,
    /// In the order of their publish numbers.
    garbage: VecDeque<(u64, Garbage)>,
    bytes: u64,
    /// Length of `live` at which it is searched for dropped ones in its middle.
    sweep_at: usize,
}

/// Pieces of garbage that one group frees at most.
const FREED_PER_GROUP: usize = 4096;

impl Reclaim {
    /// A snapshot is about to be published. Its drop sets the flag.
    pub(crate) fn published(
        &mut self,
        publish: u64,
        concepts: u32,
        associations: u32,
        timestamp: u64,
    ) -> Arc<AtomicBool> {
        let dropped = Arc::new(AtomicBool::new(false));
        self.live.push_back(Live { publish, concepts, associations, timestamp, dropped: dropped.clone() });
        dropped
    }

    /// Keeps something that was replaced while `publish` is being built.
    pub(crate) fn retire(&mut self, publish: u64, garbage: Garbage) {
        self.bytes += garbage.bytes();
        self.garbage.push_back((publish, garbage));
    }

    /// Gives what no snapshot can reach to `free`, a bounded number of pieces.
    pub(crate) fn collect(&mut self, mut free: impl FnMut(Garbage)) {
        // Acquire pairs with the Release of a snapshot's drop: its reads happened before what is done with the memory.
        while self.live.front().is_some_and(|live| live.dropped.load(Ordering::Acquire)) {
            self.live.pop_front();
        }
        if self.live.len() > self.sweep_at {
            self.live.retain(|live| !live.dropped.load(Ordering::Acquire));
            // Amortised: the next sweep comes after as many publishes as this one looked at.
            self.sweep_at = self.live.len() * 2 + 64;
        }
        let oldest = self.live.front().map_or(u64::MAX, |live| live.publish);
        for _ in 0..FREED_PER_GROUP {
            match self.garbage.front() {
                Some((publish, _)) if *publish <= oldest => {}
                _ => break,
            }
            if let Some((_, garbage)) = self.garbage.pop_front() {
                self.bytes -= garbage.bytes();
                free(garbage);
            }
        }
    }

    /// Lengths (concepts, associations) of all snapshots that may be held, ascending, without repetition.
    pub(crate) fn lengths(&self, concepts: &mut Vec<u32>, associations: &mut Vec<u32>) {
        concepts.clear();
        associations.clear();
        concepts.extend(self.live.iter().map(|live| live.concepts));
        associations.extend(self.live.iter().map(|live| live.associations));
        concepts.dedup();
        associations.dedup();
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn live(&self) -> usize {
        self.live.len()
    }

    /// Timestamp of the oldest snapshot that may be held.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.live.front().map(|live| live.timestamp)
    }
}

/// Whether a snapshot of one of these lengths sees what began at `ordinal` and ended at `until`.
pub(crate) fn is_seen(lengths: &[u32], ordinal: u32, until: u32) -> bool {
    let first_above = lengths.partition_point(|length| *length <= ordinal);
    lengths.get(first_above).is_some_and(|length| *length <= until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(handle: u32) -> Garbage {
        Garbage::Block { handle, class: 0 }
    }

    #[test]
    fn garbage_goes_when_all_older_snapshots_are_gone() {
        let mut reclaim = Reclaim::default();
        let flags: Vec<_> = (1..=3).map(|publish| reclaim.published(publish, 0, 0, 0)).collect();
        reclaim.retire(3, block(30));
        reclaim.retire(4, block(40));
        let mut freed = Vec::new();
        let mut collect = |reclaim: &mut Reclaim| {
            reclaim.collect(|garbage| {
                if let Garbage::Block { handle, .. } = garbage {
                    freed.push(handle);
                }
            });
            freed.clone()
        };
        flags[1].store(true, Ordering::Release);
        assert_eq!(collect(&mut reclaim), []);
        flags[0].store(true, Ordering::Release);
        assert_eq!(collect(&mut reclaim), [30], "the snapshot of publish 3 does not hold what publish 3 replaced");
        flags[2].store(true, Ordering::Release);
        assert_eq!(collect(&mut reclaim), [30, 40]);
        assert_eq!(reclaim.bytes(), 0);
    }

    #[test]
    fn seen_is_ordinal_below_length_up_to_until() {
        let lengths = [3, 7];
        let naive = |ordinal, until| lengths.iter().any(|length| ordinal < *length && *length <= until);
        for ordinal in 0..10 {
            for until in ordinal..12 {
                assert_eq!(is_seen(&lengths, ordinal, until), naive(ordinal, until), "{ordinal}..{until}");
            }
        }
    }
}
