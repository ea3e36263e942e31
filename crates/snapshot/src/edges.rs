//! Edges of a slot: columns in ordinal order, so that what a snapshot sees is a prefix.
//!
//! A block holds four columns: targets, ordinals, confidences, kinds. A slot with more than a few hundred edges is a hub: a
//! directory of such blocks. An entry that has ended has an `until`; the column of `until` exists only in blocks that
//! need one, so the common scan has no check per edge. Slots that nobody changed since the last open have their edges in
//! the image. All three read the same: as [`Segment`]s.

use std::ops::ControlFlow;

use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::{self, AtomicU32};

use crate::blocks::{Block, Blocks, HEADER, Header, NO_BLOCK, SIZES};

/// A direction of edges, seen from a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Edges that the slot is the source of.
    Out,
    /// Edges that the slot is the target of.
    In,
}

/// One edge as its block holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdgeRef {
    /// The slot at the other end.
    pub target: u32,
    /// Ordinal of the association record.
    pub ordinal: u32,
    /// The association's confidence.
    pub confidence: f32,
    /// The association's type.
    pub kind: u8,
}

/// Edges that a leaf block of a size class holds.
#[cfg(not(loom))]
pub(crate) const LEAF_CAPACITY: [u32; 11] = [2, 6, 8, 12, 18, 24, 35, 48, 96, 192, 384];
/// Few, so that a model comes to a block's growth and to a hub within a few edges.
#[cfg(loom)]
pub(crate) const LEAF_CAPACITY: [u32; 3] = [2, 3, 6];
/// The class of a hub's chunks.
pub(crate) const HUB_CHUNK: u8 = LEAF_CAPACITY.len() as u8 - 1;
/// The first class that a hub's directory has; under loom one of eight chunks.
pub(crate) const FIRST_DIRECTORY: u8 = if cfg!(loom) { 0 } else { 5 };

/// Targets that a search compares before it looks whether one was found: two lines of memory.
const COMPARED: usize = 32;

const EDGE: usize = 13;
const _: () = {
    let mut class = 0;
    while class < LEAF_CAPACITY.len() {
        assert!(HEADER + EDGE * LEAF_CAPACITY[class] as usize <= SIZES[class] as usize);
        class += 1;
    }
};

/// What a block is: its size class, and whether it is a leaf or a hub's directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    pub(crate) class: u8,
    pub(crate) hub: bool,
}

impl Shape {
    pub(crate) fn encode(self) -> u32 {
        u32::from(self.class) | u32::from(self.hub) << 8
    }

    #[inline]
    pub(crate) fn of(header: &Header) -> Self {
        // Relaxed: written once before the block became reachable.
        let shape = header.shape.load(Ordering::Relaxed);
        Self { class: (shape as u8).min(SIZES.len() as u8 - 1), hub: shape >> 8 != 0 }
    }

    #[inline]
    pub(crate) fn capacity(self) -> u32 {
        if self.hub {
            (SIZES[self.class as usize] - HEADER as u32) / 4
        } else {
            LEAF_CAPACITY[self.class.min(HUB_CHUNK) as usize]
        }
    }
}

/// Where the columns of a leaf begin.
pub(crate) struct Columns;

impl Columns {
    pub(crate) const TARGETS: usize = HEADER;

    pub(crate) fn ordinals(capacity: u32) -> usize {
        HEADER + 4 * capacity as usize
    }

    pub(crate) fn confidences(capacity: u32) -> usize {
        HEADER + 8 * capacity as usize
    }

    pub(crate) fn kinds(capacity: u32) -> usize {
        HEADER + 12 * capacity as usize
    }
}

/// Writer only: the columns of a leaf, written beyond the published count.
pub(crate) struct LeafColumns {
    start: *mut u8,
    capacity: usize,
}

impl LeafColumns {
    /// `None` for a block that is not as large.
    #[inline]
    pub(crate) fn of(block: Block<'_>, capacity: u32) -> Option<Self> {
        let start = block.address(HEADER + EDGE * capacity as usize)?.as_ptr();
        Some(Self { start, capacity: capacity as usize })
    }

    /// Writes an entry, which no reader looks at yet. One beyond the capacity is ignored.
    #[inline]
    pub(crate) fn set(&self, index: usize, edge: EdgeRef) {
        debug_assert!(index < self.capacity);
        if index >= self.capacity {
            return;
        }
        let column = |offset: usize| self.start.wrapping_add(offset);
        let capacity = self.capacity as u32;
        mapped::writes(column(Columns::TARGETS + 4 * index), 4);
        mapped::writes(column(Columns::ordinals(capacity) + 4 * index), 4);
        mapped::writes(column(Columns::confidences(capacity) + 4 * index), 4);
        mapped::writes(column(Columns::kinds(capacity) + index), 1);
        // SAFETY: `of` was given as many bytes as columns of this capacity take, in memory that lives as long as the arenas,
        // of which the writer, who calls this, is an owner. The index is below the capacity, columns are aligned as their types
        // are, and readers stay below the published count, which the writer raises afterwards.
        unsafe {
            column(Columns::TARGETS).cast::<u32>().add(index).write(edge.target);
            column(Columns::ordinals(capacity)).cast::<u32>().add(index).write(edge.ordinal);
            column(Columns::confidences(capacity)).cast::<f32>().add(index).write(edge.confidence);
            column(Columns::kinds(capacity)).add(index).write(edge.kind);
        }
    }

    /// Writes the first entries of another leaf, which the writer wrote, into this one, which no reader has come upon yet. As
    /// many as both have room for.
    pub(crate) fn copy(&self, from: &Self, count: usize) {
        let count = count.min(self.capacity).min(from.capacity);
        let starts = |leaf: &Self| {
            let capacity = leaf.capacity as u32;
            let offsets = [
                (Columns::TARGETS, 4),
                (Columns::ordinals(capacity), 4),
                (Columns::confidences(capacity), 4),
                (Columns::kinds(capacity), 1),
            ];
            offsets.map(|(offset, size)| (leaf.start.wrapping_add(offset), size))
        };
        for ((from, size), (to, _)) in starts(from).into_iter().zip(starts(self)) {
            (0..count).for_each(|index| mapped::writes(to.wrapping_add(index * size), size));
            // SAFETY: `of` was given as many bytes as the columns of both capacities take, and the count is within both. They
            // are different blocks. Entries that were written do not change; the writer, who calls this, wrote them.
            unsafe { std::ptr::copy_nonoverlapping(from, to, count * size) };
        }
    }
}

/// Edges that lie one after the other, in the order in which they were learned: each column as memory has it, all of the same
/// length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run<'a> {
    /// The slots at the other end.
    pub targets: &'a [u32],
    /// Ordinals of the association records.
    pub ordinals: &'a [u32],
    /// The associations' confidences.
    pub confidences: &'a [f32],
    /// The associations' types.
    pub kinds: &'a [u8],
}

/// Edges that lie one after the other, cut to what the snapshot sees but for those that have ended.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) targets: &'a [u32],
    pub(crate) ordinals: &'a [u32],
    pub(crate) confidences: &'a [f32],
    pub(crate) kinds: &'a [u8],
    until: Option<&'a [AtomicU32]>,
    /// The snapshot's number of association records.
    length: u32,
}

impl<'a> Segment<'a> {
    pub(crate) fn of_image(columns: (&'a [u32], &'a [u32], &'a [f32], &'a [u8]), length: u32) -> Self {
        let (targets, ordinals, confidences, kinds) = columns;
        Self { targets, ordinals, confidences, kinds, until: None, length }.prefix()
    }

    /// The visible prefix of a leaf.
    ///
    /// # Safety
    /// The block is kept for `'a` by a snapshot of this length that the caller holds, or the caller is the writer.
    #[inline]
    pub(crate) unsafe fn of_leaf(blocks: &'a Blocks, handle: u32, length: u32) -> Option<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::of_block(blocks, blocks.block(handle)?, length) }
    }

    /// # Safety
    /// As for [`Segment::of_leaf`].
    #[inline]
    unsafe fn of_block(blocks: &'a Blocks, block: Block<'a>, length: u32) -> Option<Self> {
        let header = block.header();
        // Acquire pairs with the Release after an entry is written: all `count` entries are there.
        let count = header.count.load(Ordering::Acquire);
        let capacity = Shape { class: Shape::of(header).class, hub: false }.capacity();
        let count = count.min(capacity) as usize;
        let until = header.until.load(Ordering::Acquire);
        // SAFETY: the entries below `count` were written before the Release above and never change; `until` values are
        // atomics, set to MAX before the column's handle was stored with Release. Kept by the caller's contract.
        unsafe {
            let segment = Self {
                targets: block.column(Columns::TARGETS, count),
                ordinals: block.column(Columns::ordinals(capacity), count),
                confidences: block.column(Columns::confidences(capacity), count),
                kinds: block.column(Columns::kinds(capacity), count),
                until: match until {
                    NO_BLOCK => None,
                    until => Some(blocks.block(until)?.atomics(0, count)),
                },
                length,
            };
            Some(segment.prefix())
        }
    }

    /// Cuts off what the snapshot does not see: one comparison for the newest one, a binary search for an older one.
    #[inline]
    fn prefix(self) -> Self {
        let visible = match self.ordinals.last() {
            Some(last) if *last >= self.length => self.ordinals.partition_point(|ordinal| *ordinal < self.length),
            _ => return self,
        };
        Self {
            targets: &self.targets[..visible],
            ordinals: &self.ordinals[..visible],
            confidences: &self.confidences[..visible],
            kinds: &self.kinds[..visible],
            until: self.until.map(|until| &until[..visible]),
            length: self.length,
        }
    }

    /// Whether an entry of the prefix has not ended for this snapshot. Relaxed: an end that is being written now has an
    /// ordinal that no published length exceeds, so either value gives the same answer; an end that this snapshot
    /// must see was written before the snapshot was published.
    #[inline]
    pub(crate) fn is_visible(&self, index: usize) -> bool {
        self.until.is_none_or(|until| until[index].load(Ordering::Relaxed) >= self.length)
    }

    /// The ordinal at which an entry ended, `u32::MAX` if it has not.
    pub(crate) fn until(&self, index: usize) -> u32 {
        self.until.map_or(u32::MAX, |until| until[index].load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn edge(&self, index: usize) -> EdgeRef {
        EdgeRef {
            target: self.targets[index],
            ordinal: self.ordinals[index],
            confidence: self.confidences[index],
            kind: self.kinds[index],
        }
    }

    /// Visits the visible edges in ordinal order.
    #[inline]
    pub(crate) fn visit<B>(&self, visit: &mut impl FnMut(EdgeRef) -> ControlFlow<B>) -> ControlFlow<B> {
        let columns = self.targets.iter().zip(self.ordinals).zip(self.confidences).zip(self.kinds);
        for (index, (((target, ordinal), confidence), kind)) in columns.enumerate() {
            if self.is_visible(index) {
                visit(EdgeRef { target: *target, ordinal: *ordinal, confidence: *confidence, kind: *kind })?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The visible edges, as they lie between those that have ended.
    fn runs(self) -> impl Iterator<Item = Run<'a>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let end = self.targets.len();
            let start = (at..end).find(|index| self.is_visible(*index))?;
            at = match self.until {
                None => end,
                Some(_) => (start..end).find(|index| !self.is_visible(*index)).unwrap_or(end),
            };
            Some(Run {
                targets: &self.targets[start..at],
                ordinals: &self.ordinals[start..at],
                confidences: &self.confidences[start..at],
                kinds: &self.kinds[start..at],
            })
        })
    }

    /// The visible edge to a slot with a type.
    #[inline]
    pub(crate) fn find(&self, target: u32, kind: u8) -> Option<EdgeRef> {
        self.find_where(target, |index| self.kinds[index] == kind).map(|index| self.edge(index))
    }

    /// The first visible edge to a slot that `is_it` accepts.
    #[inline]
    fn find_where(&self, target: u32, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        for (part, targets) in self.targets.chunks(COMPARED).enumerate() {
            // Without a branch for each: the compiler compares several at once.
            if !targets.iter().fold(false, |any, candidate| any | (*candidate == target)) {
                continue;
            }
            let matches = targets.iter().enumerate().filter(|(_, candidate)| **candidate == target);
            let mut indices = matches.map(|(at, _)| part * COMPARED + at);
            if let Some(index) = indices.find(|index| self.is_visible(*index) && is_it(*index)) {
                return Some(index);
            }
        }
        None
    }
}

/// How many edges a block has at most, by its header alone.
#[inline]
pub(crate) fn edge_bound(header: &Header) -> usize {
    // Relaxed: no entry is looked at because of it.
    let count = header.count.load(Ordering::Relaxed) as usize;
    if Shape::of(header).hub { count * LEAF_CAPACITY[HUB_CHUNK as usize] as usize } else { count }
}

/// The edges of one slot in one direction, as one snapshot sees them.
#[derive(Clone, Copy)]
pub struct Edges<'a> {
    blocks: &'a Blocks,
    first: Option<Segment<'a>>,
    /// Handles of a hub's chunks; `first` is `None` then.
    chunks: &'a [AtomicU32],
    length: u32,
}

impl<'a> Edges<'a> {
    pub(crate) fn none(blocks: &'a Blocks) -> Self {
        Self { blocks, first: None, chunks: &[], length: 0 }
    }

    pub(crate) fn of_segment(blocks: &'a Blocks, segment: Segment<'a>) -> Self {
        Self { blocks, length: segment.length, first: Some(segment), chunks: &[] }
    }

    /// The edges of a block.
    ///
    /// # Safety
    /// As for [`Segment::of_leaf`].
    #[inline]
    pub(crate) unsafe fn of_block(blocks: &'a Blocks, handle: u32, length: u32) -> Self {
        let Some(block) = blocks.block(handle) else { return Self::none(blocks) };
        let shape = Shape::of(block.header());
        if !shape.hub {
            // SAFETY: the caller's promise.
            let first = unsafe { Segment::of_block(blocks, block, length) };
            return Self { blocks, first, chunks: &[], length };
        }
        let count = block.header().count.load(Ordering::Acquire).min(shape.capacity()) as usize;
        // SAFETY: handles below `count` were stored before the Release on `count`, and are atomics; the caller's promise.
        let chunks = unsafe { block.atomics(HEADER, count) };
        Self { blocks, first: None, chunks, length }
    }

    /// The segments in ordinal order. An older snapshot stops at the first chunk that is all beyond its length: no chunk in a
    /// directory is empty, so one that is cut to nothing begins beyond it, and so do those that follow.
    #[inline]
    pub(crate) fn segments(self) -> impl Iterator<Item = Segment<'a>> {
        let hub = self.chunks.iter().filter_map(move |chunk| {
            // Acquire pairs with the Release that put a rewritten chunk into the directory.
            let handle = chunk.load(Ordering::Acquire);
            // SAFETY: `self` was made under the promise that the block, and so what it leads to, is kept for `'a`.
            if handle == NO_BLOCK { None } else { unsafe { Segment::of_leaf(self.blocks, handle, self.length) } }
        });
        self.first.into_iter().chain(hub.take_while(|segment| !segment.targets.is_empty()))
    }

    /// How many edges there are at most; exact when none has ended. O(1).
    #[must_use]
    #[inline]
    pub fn upper_bound(&self) -> usize {
        match self.first {
            Some(segment) => segment.targets.len(),
            None => self.chunks.len() * LEAF_CAPACITY[HUB_CHUNK as usize] as usize,
        }
    }

    /// Visits the edges in the order in which they were learned, until `visit` breaks.
    #[inline]
    pub fn visit<B>(self, mut visit: impl FnMut(EdgeRef) -> ControlFlow<B>) -> ControlFlow<B> {
        match self.first {
            Some(segment) => segment.visit(&mut visit),
            None => self.segments().try_for_each(|segment| segment.visit(&mut visit)),
        }
    }

    /// The edge to a slot with a type. O(number of edges).
    #[must_use]
    #[inline]
    pub fn find(self, target: u32, kind: u8) -> Option<EdgeRef> {
        match self.first {
            Some(segment) => segment.find(target, kind),
            None => self.segments().find_map(|segment| segment.find(target, kind)),
        }
    }

    /// Whether there is an edge to a slot, of any type. O(number of edges).
    #[must_use]
    #[inline]
    pub fn has(self, target: u32) -> bool {
        match self.first {
            Some(segment) => segment.find_where(target, |_| true).is_some(),
            None => self.segments().any(|segment| segment.find_where(target, |_| true).is_some()),
        }
    }

    /// All edges in the order in which they were learned, in as few runs as they lie in.
    pub fn runs(self) -> impl Iterator<Item = Run<'a>> {
        self.segments().flat_map(Segment::runs)
    }

    /// All edges in the order in which they were learned.
    pub fn iter(self) -> impl Iterator<Item = EdgeRef> + 'a {
        self.segments().flat_map(|segment| {
            (0..segment.targets.len())
                .filter(move |index| segment.is_visible(*index))
                .map(move |index| segment.edge(index))
        })
    }
}

impl std::fmt::Debug for Edges<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
