//! The offset index of a footer: from the ids that a checkpoint wrote to their newest record.
//!
//! Entries are sorted by the hash of their id. Hashes are spread evenly, so the place of one is nearly known and a search
//! takes a few steps; entries need not hold the hash, it is made from the id again.

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::id_hash;

/// One id of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct IndexEntry {
    /// The id.
    pub id: [u8; 16],
    /// Ordinal of the newest concept record of that id in this checkpoint.
    pub position: U64,
}

const _: () = assert!(size_of::<IndexEntry>() == 24);

/// The index of records, given as ids and ordinals in ascending order of ordinals: of several with one id the last stays.
#[must_use]
pub fn build(records: impl Iterator<Item = ([u8; 16], u32)>) -> Vec<IndexEntry> {
    let mut hashed: Vec<(u64, [u8; 16], u32)> = records.map(|(id, ordinal)| (id_hash(&id), id, ordinal)).collect();
    hashed.sort_unstable_by_key(|(hash, id, ordinal)| (*hash, *id, std::cmp::Reverse(*ordinal)));
    hashed.dedup_by_key(|(_, id, _)| *id);
    hashed.into_iter().map(|(_, id, ordinal)| IndexEntry { id, position: U64::new(ordinal.into()) }).collect()
}

/// Whether an index is in order, each id once. O(n).
#[must_use]
pub fn is_sorted(index: &[IndexEntry]) -> bool {
    let key = |entry: &IndexEntry| (id_hash(&entry.id), entry.id);
    index.is_sorted_by(|before, after| key(before) < key(after))
}

/// The ordinal of an id's newest record in the checkpoint of this index. O(log n), a few steps as a rule. In an index that
/// is not in order it may miss, nothing worse.
#[must_use]
pub fn find(index: &[IndexEntry], id: &[u8; 16]) -> Option<u64> {
    let hash = id_hash(id);
    let (low, high) = bracket(index, hash);
    let part = index.get(low..high)?;
    let first = part.partition_point(|entry| id_hash(&entry.id) < hash);
    part.get(first..)?
        .iter()
        .take_while(|entry| id_hash(&entry.id) == hash)
        .find(|entry| entry.id == *id)
        .map(|entry| entry.position.get())
}

/// A range that holds every entry of `hash`: gallops to both sides from where an even spread would put it.
fn bracket(index: &[IndexEntry], hash: u64) -> (usize, usize) {
    let hash_at = |at: usize| index.get(at).map(|entry| id_hash(&entry.id));
    let guess = (u128::from(hash) * index.len() as u128) >> 64;
    let guess = usize::try_from(guess).unwrap_or(0);
    let (mut low, mut step) = (guess, 1_usize);
    while low > 0 && hash_at(low).is_none_or(|at| at >= hash) {
        low = low.saturating_sub(step);
        step = step.saturating_mul(2);
    }
    let (mut high, mut step) = (guess, 1_usize);
    while high < index.len() && hash_at(high).is_some_and(|at| at <= hash) {
        high = high.saturating_add(step).min(index.len());
        step = step.saturating_mul(2);
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(key: u32) -> [u8; 16] {
        u128::from(key).to_le_bytes()
    }

    #[test]
    fn every_id_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 1000] {
            let index = build((0..count).map(|key| (id(key), key)));
            assert!(is_sorted(&index));
            assert!((0..count).all(|key| find(&index, &id(key)) == Some(key.into())), "{count} entries");
            assert!((count..count + 1000).all(|key| find(&index, &id(key)).is_none()), "{count} entries");
        }
    }

    #[test]
    fn the_newest_record_of_an_id_stays() {
        let index = build((0..100).map(|ordinal| (id(ordinal % 10), ordinal)));
        assert_eq!(index.len(), 10);
        assert!((0..10).all(|key| find(&index, &id(key)) == Some((90 + key).into())));
    }

    #[test]
    fn disorder_is_noticed_and_does_no_harm() {
        let mut index = build((0..100).map(|key| (id(key), key)));
        index.reverse();
        assert!(!is_sorted(&index));
        for key in 0..200 {
            let _ = find(&index, &id(key));
        }
        let mut index = build((0..2).map(|key| (id(key), key)));
        index[1] = index[0];
        assert!(!is_sorted(&index));
    }
}
