//! Blocks that are half dead, rewritten without what nobody sees any more.
//!
//! Ending an edge asks for it, publishing does it, a bounded amount each time. What held snapshots still see stays, and
//! its block is asked about again when all snapshots from before its end are gone. Each block waits in at most one
//! place: the highest bit of its header's `dead` says that it does.

use std::collections::VecDeque;

use sutra_sync::atomic::Ordering;

use crate::blocks::{Header, IMAGE_ROW, NO_BLOCK};
use crate::edges::{HUB_CHUNK, LEAF_CAPACITY, Segment, Shape, Side};
use crate::error::ApplyError;
use crate::linker::Linker;

/// Edges that have ended before a block is worth rewriting, unless it has no others.
const WORTH_REWRITING: u32 = 4;
/// Edges that one publish looks at; each block counts for [`BLOCK_COST`] more.
const LOOKED_AT_PER_GROUP: u32 = 32_768;
const BLOCK_COST: u32 = 16;
/// The bit of `dead`: the block waits to be rewritten.
const ASKED: u32 = 1 << 31;

/// An edge that ended in a block that is worth rewriting: the block is found by it.
#[derive(Debug, Clone, Copy)]
struct Place {
    slot: u32,
    side: Side,
    ordinal: u32,
}

/// Blocks that wait.
#[derive(Debug, Default)]
pub(crate) struct Stale {
    now: VecDeque<Place>,
    /// With a publish, ascending: the block is looked at when no older snapshot is held.
    later: VecDeque<(u64, Place)>,
}

impl Stale {
    /// Takes over the blocks that wait elsewhere, where nothing has been published yet.
    pub(crate) fn absorb(&mut self, other: Self) {
        debug_assert!(other.later.is_empty());
        self.now.extend(other.now);
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn waiting(&self) -> usize {
        self.now.len()
    }
}

fn dead(header: &Header) -> u32 {
    header.dead.load(Ordering::Relaxed) & !ASKED
}

fn is_worth_rewriting(header: &Header) -> bool {
    let (dead, count) = (dead(header), header.count.load(Ordering::Relaxed));
    dead == count || dead >= WORTH_REWRITING && dead >= count / 2
}

impl Linker {
    /// An edge in this leaf ended: the leaf may be worth rewriting.
    pub(crate) fn ask_to_prune(&mut self, leaf: u32, slot: u32, side: Side, ordinal: u32) {
        let Some(header) = self.shared.blocks.header(leaf) else { return };
        let dead = header.dead.load(Ordering::Relaxed);
        if dead & ASKED == 0 && is_worth_rewriting(header) {
            header.dead.store(dead | ASKED, Ordering::Relaxed);
            self.stale.now.push_back(Place { slot, side, ordinal });
        }
    }

    /// Rewrites blocks that wait. Part of publishing; `linkers` share what may be looked at.
    pub(crate) fn prune(&mut self, linkers: u32) {
        let mut left = LOOKED_AT_PER_GROUP.div_ceil(linkers);
        while left > 0 {
            let due = self.stale.later.pop_front_if(|(publish, _)| *publish <= self.oldest_publish);
            let Some(place) = due.map(|(_, place)| place).or_else(|| self.stale.now.pop_front()) else { break };
            // What cannot be rewritten stays as it is, which is right, only larger.
            let looked_at = self.prune_at(place).unwrap_or(0);
            left = left.saturating_sub(looked_at + BLOCK_COST);
        }
    }

    /// Rewrites the block of a place if that is worth it; gives how many edges were looked at.
    fn prune_at(&mut self, place: Place) -> Result<u32, ApplyError> {
        let row = self.row(place.slot)?;
        let handle = row.edges(place.side).load(Ordering::Relaxed);
        let blocks = &self.shared.blocks;
        let Some(header) = (handle > IMAGE_ROW).then(|| blocks.header(handle)).flatten() else { return Ok(0) };
        let hub = Shape::of(header).hub;
        // The block may be another one by now, one that did not ask.
        let (index, leaf) = match hub {
            true => match self.find_chunk(handle, place.ordinal) {
                Some(found) => found,
                None => return Ok(0),
            },
            false => (0, handle),
        };
        let Some(header) = blocks.header(leaf) else { return Ok(0) };
        header.dead.store(dead(header), Ordering::Relaxed);
        if !is_worth_rewriting(header) {
            return Ok(0);
        }
        let (count, dead) = (header.count.load(Ordering::Relaxed), dead(header));
        // SAFETY: this is the writer.
        let Some(segment) = (unsafe { Segment::of_leaf(blocks, leaf, u32::MAX) }) else { return Ok(0) };
        let mut rest = std::mem::take(&mut self.survivors);
        rest.clear();
        rest.extend(self.survivors_of(&segment));
        let gone = count - rest.len() as u32;
        let fresh = match gone * 2 >= dead {
            // Not worth a copy while snapshots see most of it.
            false => Ok(leaf),
            true if rest.is_empty() => Ok(NO_BLOCK),
            true if !hub => self.build(&rest, 0),
            true => self.build_leaf(self.chunk_class(handle, index, rest.len()), &rest),
        };
        let left = rest.iter().find(|(_, until)| *until != u32::MAX).map(|(edge, _)| edge.ordinal);
        self.survivors = rest;
        let fresh = fresh?;
        if let Some(ordinal) = left {
            // Held snapshots see it: all that have ended by now were published before this publish.
            self.wait_to_prune(fresh, Place { ordinal, ..place });
        }
        if fresh == leaf {
            return Ok(count);
        }
        if hub {
            self.replace_chunk(handle, index, fresh);
            self.shrink_directory(handle, place)?;
        } else {
            row.edges(place.side).store(fresh, Ordering::Release);
        }
        self.retire(leaf);
        Ok(count)
    }

    fn wait_to_prune(&mut self, leaf: u32, place: Place) {
        let Some(header) = self.shared.blocks.header(leaf) else { return };
        header.dead.store(dead(header) | ASKED, Ordering::Relaxed);
        self.stale.later.push_back((self.publish, place));
    }

    /// The class of a rewritten chunk: the smallest that holds it, but the last one is still appended to.
    fn chunk_class(&self, hub: u32, index: u32, edges: usize) -> u8 {
        let count = self.shared.blocks.header(hub).map_or(0, |header| header.count.load(Ordering::Relaxed));
        let fits = LEAF_CAPACITY.iter().position(|capacity| *capacity as usize >= edges);
        fits.filter(|_| index + 1 < count).map_or(HUB_CHUNK, |class| class as u8)
    }

    /// Drops a directory without chunks, and rewrites one in which many became empty: so a search meets few of those.
    fn shrink_directory(&mut self, hub: u32, place: Place) -> Result<(), ApplyError> {
        let Some(header) = self.shared.blocks.header(hub) else { return Ok(()) };
        let (count, empty) = (header.count.load(Ordering::Relaxed), header.dead.load(Ordering::Relaxed));
        let fresh = if empty == count {
            self.retire(hub);
            NO_BLOCK
        } else if empty > 8 + count / 64 {
            self.rewrite_directory(hub)?
        } else {
            return Ok(());
        };
        self.row(place.slot)?.edges(place.side).store(fresh, Ordering::Release);
        Ok(())
    }
}
