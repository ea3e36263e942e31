//! The id table: from the hash of an id to its slot. Insert-only, written by one thread, read by all.
//!
//! 256 sub-tables by the first eight bits of the hash, each open addressing over cache lines of eight tags and eight slots.
//! Tags are the next 32 bits. A line is filled from its beginning and followed by the next one when it is full, so a search
//! compares eight tags at once and nearly always ends in the line where it began: with single words in a row, every third
//! search went on by a branch that no processor foresees. Growth places an entry again from its tag alone, so no record is
//! touched. The sub-tables grow at staggered loads, at most one in a group while there is room, so that no group pays for
//! all of them.

use std::ptr::NonNull;

use sutra_format::image::id_tag;
use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::{self, AtomicPtr, AtomicU32};

/// Entries of a line.
const LINE: usize = 8;
/// The tag of a place that is free.
const EMPTY: u32 = 0;

/// The tag of a hash, which is never [`EMPTY`].
#[inline]
fn tag(hash: u64) -> u32 {
    id_tag(hash).max(1)
}

/// A cache line of entries. Zeros are a free one.
#[derive(Debug)]
#[repr(C, align(64))]
struct Line {
    tags: [AtomicU32; LINE],
    slots: [AtomicU32; LINE],
}

const _: () = assert!(size_of::<Line>() == 64);

impl Line {
    fn free() -> Self {
        let places = |_| AtomicU32::new(EMPTY);
        Self { tags: std::array::from_fn(places), slots: std::array::from_fn(places) }
    }

    /// A bit for each entry with this tag.
    ///
    /// What a snapshot sees was inserted before it was published, so a search under it finds it whatever the order of these
    /// loads. An entry that is inserted meanwhile may be missed, or be found with the slot that stood there before, zero:
    /// whoever searches compares ids.
    #[inline(always)]
    fn matches(&self, tag: u32) -> u32 {
        #[cfg(all(target_arch = "x86_64", not(any(loom, miri))))]
        {
            use std::arch::asm;
            use std::arch::x86_64::{
                _mm_cmpeq_epi32, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi32,
            };
            let (low, high);
            // SAFETY: reads the 32 bytes of `tags`, 16 of them at a time from an address that is a multiple of 16, and
            // touches neither stack nor flags. Written as assembly because the writer may store meanwhile: to the language
            // these are atomic loads, and the processor reads each of the eight tags, which are aligned, in one piece.
            unsafe {
                asm!(
                    "movdqa {low}, [{tags}]",
                    "movdqa {high}, [{tags} + 16]",
                    tags = in(reg) self.tags.as_ptr(),
                    low = out(xmm_reg) low,
                    high = out(xmm_reg) high,
                    options(nostack, readonly, preserves_flags),
                );
            }
            // SAFETY: SSE2 is part of x86_64.
            unsafe {
                let wanted = _mm_set1_epi32(tag.cast_signed());
                let found = _mm_packs_epi32(_mm_cmpeq_epi32(low, wanted), _mm_cmpeq_epi32(high, wanted));
                _mm_movemask_epi8(_mm_packs_epi16(found, found)).cast_unsigned() & 0xff
            }
        }
        #[cfg(not(all(target_arch = "x86_64", not(any(loom, miri)))))]
        {
            let bit = |(at, found): (usize, &AtomicU32)| u32::from(found.load(Ordering::Acquire) == tag) << at;
            self.tags.iter().enumerate().map(bit).sum()
        }
    }

    /// Whether entries may go on in the next line.
    #[inline(always)]
    fn is_full(&self) -> bool {
        self.tags[LINE - 1].load(Ordering::Acquire) != EMPTY
    }
}

/// A sub-table: a power of two of lines. A pointer, not a box: readers may hold references into one that was replaced, and a
/// box that is moved says that nobody does.
#[derive(Clone, Copy, Debug)]
struct SubTable {
    lines: NonNull<Line>,
    bits: u32,
}

/// The bits of an address that hold the sub-table's size: one load gives both.
const BITS: usize = align_of::<Line>() - 1;

impl SubTable {
    fn new(bits: u32) -> Self {
        let lines: Box<[Line]> = (0..1_usize << bits).map(|_| Line::free()).collect();
        mapped::fresh(lines.as_ptr().cast(), size_of_val(&*lines));
        // A box is never null.
        let lines = NonNull::from(Box::leak(lines)).cast();
        Self { lines, bits }
    }

    #[inline(always)]
    fn of(word: *mut Line) -> Self {
        let lines = word.map_addr(|address| address & !BITS);
        // SAFETY: words are made from boxes, see `IdTable`.
        Self { lines: unsafe { NonNull::new_unchecked(lines) }, bits: (word.addr() & BITS) as u32 }
    }

    fn word(self) -> *mut Line {
        self.lines.as_ptr().map_addr(|address| address | self.bits as usize)
    }

    fn capacity(self) -> u32 {
        (LINE as u32) << self.bits
    }

    fn bytes(self) -> u64 {
        (size_of::<Line>() as u64) << self.bits
    }

    /// # Safety
    /// The sub-table has not been freed, and is not before `'a` ends.
    #[inline(always)]
    unsafe fn lines<'a>(self) -> Lines<'a> {
        // SAFETY: so many lines were allocated; they are atomics, and stay by the caller's promise.
        Lines(unsafe { std::slice::from_raw_parts(self.lines.as_ptr(), 1 << self.bits) }, self.bits)
    }

    /// # Safety
    /// Nobody uses the sub-table any more.
    unsafe fn free(self) {
        let lines = std::ptr::slice_from_raw_parts_mut(self.lines.as_ptr(), 1 << self.bits);
        // SAFETY: this is the box that was leaked, by the caller's promise for the last time.
        let lines = unsafe { Box::from_raw(lines) };
        let (start, bytes) = (lines.as_ptr().cast(), size_of_val(&*lines));
        mapped::free(lines, start, bytes);
    }
}

/// The lines of a sub-table that is kept, a power of two, and the power.
#[derive(Clone, Copy)]
struct Lines<'a>(&'a [Line], u32);

impl<'a> Lines<'a> {
    /// The line where a tag is looked for first.
    #[inline(always)]
    fn home(self, tag: u32) -> usize {
        (u64::from(tag) >> (32 - self.1)) as usize
    }

    /// The lines from a tag's home on, for ever.
    #[inline(always)]
    fn from(self, tag: u32) -> impl Iterator<Item = &'a Line> {
        let (lines, mask) = (self.0, self.0.len() - 1);
        // SAFETY: the mask is the last index, since the length is a power of two.
        (self.home(tag)..).map(move |at| unsafe { lines.get_unchecked(at & mask) })
    }

    fn insert(self, tag: u32, slot: u32) {
        for line in self.from(tag) {
            let free = |(tag, _): &(&AtomicU32, _)| tag.load(Ordering::Relaxed) == EMPTY;
            let Some((place, entry)) = line.tags.iter().zip(&line.slots).find(free) else { continue };
            entry.store(slot, Ordering::Relaxed);
            // Release: who finds the tag finds its slot, and the slot's row filled.
            place.store(tag, Ordering::Release);
            return;
        }
    }
}

/// All sub-tables, for readers.
#[derive(Debug)]
pub(crate) struct IdTable {
    /// Each the address of its lines and, in the lowest bits, its size.
    tables: [AtomicPtr<Line>; 256],
}

impl IdTable {
    pub(crate) fn new() -> Self {
        Self { tables: std::array::from_fn(|_| AtomicPtr::new(SubTable::new(0).word())) }
    }

    /// The lines of the sub-table of a hash.
    #[inline(always)]
    fn lines(&self, hash: u64) -> Lines<'_> {
        let word = self.tables[(hash >> 56) as usize].load(Ordering::Acquire);
        // SAFETY: a replaced sub-table is kept until every snapshot published before its replacement is gone, and a lookup
        // happens under a snapshot (or by the writer, which alone frees).
        unsafe { SubTable::of(word).lines() }
    }

    /// Asks `found` about each slot whose tag matches, until it gives an answer.
    #[inline(always)]
    pub(crate) fn probe<T>(&self, hash: u64, mut found: impl FnMut(u32) -> Option<T>) -> Option<T> {
        let tag = tag(hash);
        // The load of a sub-table is at most 7/8, so the loop ends.
        for line in self.lines(hash).from(tag) {
            let mut matches = line.matches(tag);
            while matches != 0 {
                let slot = line.slots[matches.trailing_zeros() as usize % LINE].load(Ordering::Relaxed);
                if let Some(answer) = found(slot) {
                    return Some(answer);
                }
                matches &= matches - 1;
            }
            if !line.is_full() {
                break;
            }
        }
        None
    }

    /// The slot that the id of a hash most likely has, `None` if it has none here.
    #[inline]
    pub(crate) fn candidate(&self, hash: u64) -> Option<u32> {
        self.probe(hash, Some)
    }

    /// Asks the processor for the first line of a hash.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        let lines = self.lines(hash);
        prefetch(lines.0.as_ptr().wrapping_add(lines.home(tag(hash))).cast());
    }
}

impl Drop for IdTable {
    fn drop(&mut self) {
        for table in self.tables.iter_mut() {
            // SAFETY: the table is going, so nobody uses its sub-tables, and each is owned by it alone.
            unsafe { SubTable::of(*table.get_mut()).free() };
        }
    }
}

/// A sub-table that was replaced. Dropped when no snapshot is left that was published before the replacement.
#[derive(Debug)]
pub(crate) struct OldTable(SubTable);

// SAFETY: it owns the sub-table, which is made of atomics and may be dropped by any thread.
unsafe impl Send for OldTable {}

impl OldTable {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes()
    }
}

impl Drop for OldTable {
    fn drop(&mut self) {
        // SAFETY: it was taken out of the table by a swap, and who keeps this drops it when no reader can hold it any more.
        unsafe { self.0.free() };
    }
}

/// Asks the processor to bring a line into its cache; a hint, valid for any address.
#[inline]
pub(crate) fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching never faults, whatever the address; SSE is part of x86_64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// The writer's side: how full each sub-table is.
#[derive(Debug)]
pub(crate) struct IdWriter {
    used: [u32; 256],
    grew: bool,
    bytes: u64,
}

impl IdWriter {
    pub(crate) fn new() -> Self {
        Self { used: [0; 256], grew: false, bytes: 256 * 64 }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A group begins: one sub-table may grow.
    pub(crate) fn begin_group(&mut self) {
        self.grew = false;
    }

    /// Inserts the slot of an id that is not in the table. Gives back a replaced sub-table, which readers may still use.
    pub(crate) fn insert(&mut self, ids: &IdTable, hash: u64, slot: u32) -> Option<OldTable> {
        let index = (hash >> 56) as usize;
        let table = SubTable::of(ids.tables[index].load(Ordering::Relaxed));
        let (capacity, used) = (table.capacity(), self.used[index]);
        // Staggered: sub-table i would like to grow at a load between 1/2 and 3/4, and must at 7/8.
        let wanted = capacity / 2 + (capacity / 4) * index as u32 / 256;
        let mut old = None;
        if used + 1 > capacity / 8 * 7 || (used >= wanted && !self.grew) {
            let grown = SubTable::new(table.bits + 1);
            // SAFETY: the writer alone frees, and has not freed these.
            let (from, to) = unsafe { (table.lines(), grown.lines()) };
            for line in from.0 {
                for (tag, slot) in line.tags.iter().zip(&line.slots) {
                    let tag = tag.load(Ordering::Relaxed);
                    if tag != EMPTY {
                        to.insert(tag, slot.load(Ordering::Relaxed));
                    }
                }
            }
            self.grew = true;
            self.bytes += grown.bytes() - table.bytes();
            // Release: who loads the new sub-table sees its lines.
            ids.tables[index].store(grown.word(), Ordering::Release);
            old = Some(OldTable(table));
        }
        ids.lines(hash).insert(tag(hash), slot);
        self.used[index] += 1;
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sutra_format::id_hash;

    #[test]
    fn every_slot_is_found_again_while_the_table_grows() {
        let (ids, mut writer) = (IdTable::new(), IdWriter::new());
        let hash = |slot: u32| id_hash(&u128::from(slot).to_le_bytes());
        let mut replaced = Vec::new();
        for slot in 0..20_000 {
            if slot % 100 == 0 {
                writer.begin_group();
            }
            replaced.extend(writer.insert(&ids, hash(slot), slot));
        }
        for slot in 0..20_000 {
            assert_eq!(ids.probe(hash(slot), |found| (found == slot).then_some(found)), Some(slot));
        }
        assert_eq!(ids.probe(hash(20_001), Some), None);
        assert!(replaced.len() > 256);
    }

    #[test]
    fn at_most_one_sub_table_grows_in_a_group_while_there_is_room() {
        let (ids, mut writer) = (IdTable::new(), IdWriter::new());
        let hash = |slot: u32| id_hash(&u128::from(slot).to_le_bytes());
        // Before a sub-table is full the others have had their turn if 256 groups pass while its load goes from 1/2 to 7/8;
        // smaller ones, which cost next to nothing, may have to grow together.
        let mut most = 0;
        for group in 0..2_000_u32 {
            writer.begin_group();
            let grown = (group * 50..group * 50 + 50)
                .filter_map(|slot| writer.insert(&ids, hash(slot), slot))
                .filter(|old| old.bytes() >= 2048)
                .count();
            most = most.max(grown);
        }
        assert_eq!(most, 1);
    }
}
