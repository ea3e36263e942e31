//! The id table: from the hash of an id to its slot. Insert-only, written by one thread, read by all.
//!
//! 256 sub-tables by the first eight bits of the hash, each open addressing over words of (tag, slot). Tags are the next 32
//! bits; growth places a word again from its tag alone, so no record is touched. The sub-tables grow at staggered loads,
//! at most one in a group while there is room, so that no group pays for all of them.

use std::ptr::NonNull;

use sutra_format::image::{ID_EMPTY as EMPTY, id_tag as tag, id_word};
use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::{self, AtomicPtr, AtomicU64};

/// A sub-table: a power of two of words.
#[derive(Debug)]
pub(crate) struct SubTable {
    words: Box<[AtomicU64]>,
    bits: u32,
}

impl SubTable {
    fn new(bits: u32) -> Self {
        let words: Box<[AtomicU64]> = (0..1_usize << bits).map(|_| AtomicU64::new(EMPTY)).collect();
        mapped::fresh(words.as_ptr().cast(), size_of_val(&*words));
        Self { words, bits }
    }

    #[inline]
    fn home(&self, tag: u32) -> usize {
        (u64::from(tag) >> (32 - self.bits)) as usize
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.words.len() as u64 * 8
    }

    fn insert(&self, word: u64) {
        let mask = self.words.len() - 1;
        let mut at = self.home((word >> 32) as u32);
        while self.words[at].load(Ordering::Relaxed) != EMPTY {
            at = (at + 1) & mask;
        }
        // Release: who finds the slot finds its row filled.
        self.words[at].store(word, Ordering::Release);
    }
}

/// All sub-tables, for readers.
#[derive(Debug)]
pub(crate) struct IdTable {
    tables: Box<[AtomicPtr<SubTable>; 256]>,
}

impl IdTable {
    pub(crate) fn new() -> Self {
        let tables = std::array::from_fn(|_| AtomicPtr::new(Box::into_raw(Box::new(SubTable::new(3)))));
        Self { tables: Box::new(tables) }
    }

    /// The sub-table of a hash.
    #[inline]
    fn table(&self, hash: u64) -> &SubTable {
        let table = self.tables[(hash >> 56) as usize].load(Ordering::Acquire);
        // SAFETY: never null; a replaced sub-table is kept until every snapshot published before its replacement is gone,
        // and a lookup happens under a snapshot (or by the writer, which alone frees).
        unsafe { &*table }
    }

    /// Asks `found` about each slot whose tag matches, until it gives an answer.
    #[inline]
    pub(crate) fn probe<T>(&self, hash: u64, mut found: impl FnMut(u32) -> Option<T>) -> Option<T> {
        let table = self.table(hash);
        let (tag, mask) = (tag(hash), table.words.len() - 1);
        let mut at = table.home(tag);
        loop {
            // Acquire pairs with the Release of `insert`. The load of a sub-table is at most 7/8, so the loop ends.
            let word = table.words[at].load(Ordering::Acquire);
            if word == EMPTY {
                return None;
            }
            if (word >> 32) as u32 == tag
                && let Some(answer) = found(word as u32)
            {
                return Some(answer);
            }
            at = (at + 1) & mask;
        }
    }

    /// The slot that the id of a hash most likely has, `None` if it has none here.
    #[inline]
    pub(crate) fn candidate(&self, hash: u64) -> Option<u32> {
        self.probe(hash, Some)
    }

    /// Asks the processor for the first word of a hash.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        let table = self.table(hash);
        prefetch(std::ptr::from_ref(&table.words[table.home(tag(hash))]).cast());
    }
}

impl Drop for IdTable {
    fn drop(&mut self) {
        for table in self.tables.iter_mut() {
            // SAFETY: each pointer came from `Box::into_raw` and is owned by this table alone.
            drop(unsafe { Box::from_raw(*table.get_mut()) });
        }
    }
}

/// A sub-table that was replaced. A pointer, not a box: readers may still hold references into it, and a box that is moved
/// says that nobody does. Dropped when no snapshot is left that was published before the replacement.
#[derive(Debug)]
pub(crate) struct OldTable(NonNull<SubTable>);

// SAFETY: it owns the sub-table, which is made of atomics and may be dropped by any thread.
unsafe impl Send for OldTable {}

impl OldTable {
    pub(crate) fn bytes(&self) -> u64 {
        // SAFETY: the sub-table lives until this is dropped, and is only ever shared.
        unsafe { self.0.as_ref() }.bytes()
    }
}

impl Drop for OldTable {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `Box::into_raw`, was taken out of the table by a swap, and who keeps this drops it
        // when no reader can hold the sub-table any more.
        let table = unsafe { Box::from_raw(self.0.as_ptr()) };
        let (words, bytes) = (table.words.as_ptr().cast(), size_of_val(&*table.words));
        mapped::free(table, words, bytes);
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
        let mut old = None;
        let table = ids.table(hash);
        let capacity = 1_u32 << table.bits;
        let used = self.used[index];
        // Staggered: sub-table i would like to grow at a load between 1/2 and 3/4, and must at 7/8.
        let wanted = capacity / 2 + (capacity / 4) * index as u32 / 256;
        if used + 1 > capacity / 8 * 7 || (used >= wanted && !self.grew) {
            let grown = Box::new(SubTable::new(table.bits + 1));
            for word in &table.words {
                let word = word.load(Ordering::Relaxed);
                if word != EMPTY {
                    grown.insert(word);
                }
            }
            self.grew = true;
            self.bytes += grown.bytes() - table.bytes();
            // Release: who loads the new sub-table sees its words.
            let replaced = ids.tables[index].swap(Box::into_raw(grown), Ordering::AcqRel);
            old = NonNull::new(replaced).map(OldTable);
        }
        ids.table(hash).insert(id_word(hash, slot));
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
