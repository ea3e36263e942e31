//! What was replaced, and when it may go.
//!
//! Every publish has a number. What is replaced while publish *n* is being built may be held by readers of snapshots before
//! *n* (they read rows and tables that are live, whatever their snapshot's length), so it goes when all of those are gone.
//! A chunk of records or blobs is used only below a snapshot's length, so it goes as soon as none of those reaches into it.
//! Dropping a snapshot sets a flag; the writer looks at the flags. Nothing is counted, so a reader's clone costs nothing
//! here, and a snapshot that is dropped out of order leaves wherever it stands.

use std::collections::VecDeque;

use sutra_format::geometry::{blob_position, record_chunk_length};
use sutra_format::{AssociationRecord, ConceptRecord};
use sutra_sync::Arc;
use sutra_sync::atomic::{AtomicBool, Ordering};

use crate::arena::OldChunk;
use crate::ids::OldTable;
use crate::shared::{Arena, Lengths};

/// Something that readers of older snapshots may still use, whatever their lengths.
#[derive(Debug)]
pub(crate) enum Garbage {
    /// A block, and the number of the linker that gets it back: the one that needs another for it.
    Block {
        handle: u32,
        class: u8,
        linker: u8,
    },
    Table(OldTable),
}

impl Garbage {
    fn bytes(&self) -> u64 {
        match self {
            Self::Block { class, .. } => u64::from(crate::blocks::SIZES[*class as usize]),
            Self::Table(table) => table.bytes(),
        }
    }
}

/// What was reclaimed.
pub(crate) enum Freed {
    Block { handle: u32, class: u8, linker: u8 },
    Chunk(OldChunk),
}

/// A chunk of records or blobs that a map replaced. Only snapshots whose length reaches into it can use it.
#[derive(Debug)]
struct Replaced {
    publish: u64,
    arena: Arena,
    index: u32,
    chunk: OldChunk,
}

/// A snapshot that was published and, as far as the writer knows, is held.
#[derive(Debug)]
struct Live {
    publish: u64,
    lengths: Lengths,
    timestamp: u64,
    dropped: Arc<AtomicBool>,
}

impl Live {
    fn is_dropped(&self) -> bool {
        // Acquire pairs with the Release of a snapshot's drop: its reads happened before what is done with the memory.
        self.dropped.load(Ordering::Acquire)
    }

    fn reaches(&self, arena: Arena, index: u32) -> bool {
        match arena {
            Arena::Concepts => record_chunk_length(index, self.lengths.concepts, ConceptRecord::SIZE as u64) > 0,
            Arena::Associations => {
                record_chunk_length(index, self.lengths.associations, AssociationRecord::SIZE as u64) > 0
            }
            Arena::Blobs => self.lengths.blobs > blob_position(index, 0),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Reclaim {
    live: VecDeque<Live>,
    /// In the order of their publish numbers.
    garbage: VecDeque<(u64, Garbage)>,
    /// For each arena, in the order of publish numbers and of indices.
    chunks: [VecDeque<Replaced>; 3],
    /// Bytes of all that is kept.
    bytes: u64,
    /// Bytes of the blocks among it, which lie in memory that is counted as a whole.
    block_bytes: u64,
    /// Length of `live` at which it is searched for dropped ones in its middle.
    sweep_at: usize,
    /// Pieces that were retired since the last collection.
    retired: usize,
}

/// Pieces of garbage that one group frees at most, beyond twice what it retired itself: what a long held snapshot kept is
/// given back over several groups, and no rate of writing outruns the freeing.
const FREED_PER_GROUP: usize = 16_384;
/// Chunks of each arena that one group frees at most at either end.
const CHUNKS_PER_GROUP: usize = 8;

impl Reclaim {
    /// A snapshot is about to be published. Its drop sets the flag.
    pub(crate) fn published(&mut self, publish: u64, lengths: Lengths, timestamp: u64) -> Arc<AtomicBool> {
        let dropped = Arc::new(AtomicBool::new(false));
        self.live.push_back(Live { publish, lengths, timestamp, dropped: dropped.clone() });
        dropped
    }

    /// Keeps something that was replaced while `publish` is being built.
    pub(crate) fn retire(&mut self, publish: u64, garbage: Garbage) {
        self.bytes += garbage.bytes();
        if let Garbage::Block { .. } = garbage {
            self.block_bytes += garbage.bytes();
        }
        self.retired += 1;
        self.garbage.push_back((publish, garbage));
    }

    /// Keeps a chunk that was replaced while `publish` is being built.
    pub(crate) fn retire_chunk(&mut self, publish: u64, arena: Arena, index: u32, chunk: OldChunk) {
        self.bytes += chunk.heap_bytes();
        self.chunks[arena as usize].push_back(Replaced { publish, arena, index, chunk });
    }

    /// Gives what no snapshot can reach to `free`, a bounded number of pieces.
    pub(crate) fn collect(&mut self, mut free: impl FnMut(Freed)) {
        while self.live.front().is_some_and(Live::is_dropped) {
            self.live.pop_front();
        }
        if self.live.len() > self.sweep_at {
            self.live.retain(|live| !live.is_dropped());
            // Amortised: the next sweep comes after as many publishes as half of those that this one found held.
            self.sweep_at = self.live.len() + self.live.len() / 2 + 2;
        }
        let oldest = self.oldest_publish();
        for _ in 0..FREED_PER_GROUP + 2 * std::mem::take(&mut self.retired) {
            let Some((_, garbage)) = self.garbage.pop_front_if(|(publish, _)| *publish <= oldest) else { break };
            self.bytes -= garbage.bytes();
            if let Garbage::Block { handle, class, linker } = garbage {
                self.block_bytes -= garbage.bytes();
                free(Freed::Block { handle, class, linker });
            }
        }
        if self.garbage.len() < self.garbage.capacity() / 4 {
            // A held snapshot may have made it long: its memory goes in halves, as the pieces went.
            self.garbage.shrink_to((self.garbage.capacity() / 2).max(FREED_PER_GROUP));
        }
        let Self { live, chunks, bytes, .. } = self;
        for chunks in chunks {
            // The oldest snapshots reach the first ones for longest; a snapshot taken late may be gone before: both ends.
            for _ in 0..CHUNKS_PER_GROUP {
                let unreachable = |replaced: &mut Replaced| !is_reached(live, replaced);
                let Some(old) = chunks.pop_front_if(unreachable).or_else(|| chunks.pop_back_if(unreachable)) else {
                    break;
                };
                *bytes -= old.chunk.heap_bytes();
                free(Freed::Chunk(old.chunk));
            }
        }
    }

    /// Lengths (concepts, associations) of all snapshots that may be held, ascending, without repetition.
    pub(crate) fn lengths(&self, concepts: &mut Vec<u32>, associations: &mut Vec<u32>) {
        concepts.clear();
        associations.clear();
        concepts.extend(self.live.iter().map(|live| live.lengths.concepts));
        associations.extend(self.live.iter().map(|live| live.lengths.associations));
        concepts.dedup();
        associations.dedup();
    }

    /// Bytes of all that is kept.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of what is kept and is not in blocks.
    pub(crate) fn bytes_outside_blocks(&self) -> u64 {
        self.bytes - self.block_bytes
    }

    pub(crate) fn live(&self) -> usize {
        self.live.len()
    }

    /// Timestamp of the oldest snapshot that may be held, if one is beside the newest, which is always there.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.live.front().filter(|_| self.live.len() > 1).map(|live| live.timestamp)
    }

    /// Publish number of the oldest snapshot that may be held.
    pub(crate) fn oldest_publish(&self) -> u64 {
        self.live.front().map_or(u64::MAX, |live| live.publish)
    }
}

/// Whether a snapshot that was published before the chunk was replaced reaches into it. Lengths only grow, so the newest
/// of those tells.
fn is_reached(live: &VecDeque<Live>, replaced: &Replaced) -> bool {
    let before = live.partition_point(|live| live.publish < replaced.publish);
    let newest = live.range(..before).rev().find(|live| !live.is_dropped());
    newest.is_some_and(|live| live.reaches(replaced.arena, replaced.index))
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
        Garbage::Block { handle, class: 0, linker: 0 }
    }

    #[test]
    fn garbage_goes_when_all_older_snapshots_are_gone() {
        let mut reclaim = Reclaim::default();
        let flags: Vec<_> = (1..=3).map(|publish| reclaim.published(publish, Lengths::default(), 0)).collect();
        reclaim.retire(3, block(30));
        reclaim.retire(4, block(40));
        let mut freed = Vec::new();
        let mut collect = |reclaim: &mut Reclaim| {
            reclaim.collect(|piece| {
                if let Freed::Block { handle, .. } = piece {
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
    fn a_chunk_goes_when_no_older_snapshot_reaches_into_it() {
        let mut reclaim = Reclaim::default();
        // Chunk 0 holds 512 concept records, chunk 1 the next 1,024.
        let at = |concepts| Lengths { concepts, ..Lengths::default() };
        let flags =
            [reclaim.published(1, at(100), 0), reclaim.published(2, at(600), 0), reclaim.published(3, at(600), 0)];
        for index in 0..2 {
            let memory = sutra_vfs::MapMut::anonymous(4096).unwrap();
            reclaim.retire_chunk(3, Arena::Concepts, index, OldChunk::of_heap(memory));
        }
        let freed = |reclaim: &mut Reclaim| {
            let mut count = 0;
            reclaim.collect(|_| count += 1);
            count
        };
        assert_eq!(freed(&mut reclaim), 0);
        flags[1].store(true, Ordering::Release);
        assert_eq!(freed(&mut reclaim), 1, "publish 1 reaches into chunk 0 only, publish 3 came after");
        assert_eq!(reclaim.bytes(), 4096);
        flags[0].store(true, Ordering::Release);
        assert_eq!(freed(&mut reclaim), 1);
        assert_eq!(reclaim.bytes(), 0);
    }

    #[test]
    fn freeing_keeps_up_with_any_rate_of_retiring() {
        let mut reclaim = Reclaim::default();
        for publish in 1..20 {
            let dropped = reclaim.published(publish, Lengths::default(), 0);
            (0..100_000).for_each(|handle| reclaim.retire(publish, block(handle)));
            reclaim.collect(drop);
            assert!(reclaim.garbage.len() <= 100_000, "{}", reclaim.garbage.len());
            dropped.store(true, Ordering::Release);
        }
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
