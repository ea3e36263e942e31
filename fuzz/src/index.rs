//! The Bloom filter and the index of ids that every footer ends with, and the filter and the table of an image.

use std::collections::HashMap;

use sutra_format::index::IndexEntry;
use sutra_format::{bloom, id_hash, index};
use zerocopy::FromBytes;
use zerocopy::little_endian::U64;

/// Builds filter and index from the ids in the input and finds all of them; then reads the input as a filter and as an index
/// that nobody has built.
///
/// The first byte says how the rest is cut: what comes before is looked for, not added.
pub fn check(input: &[u8]) {
    let Some((cut, rest)) = input.split_first() else { return };
    let (others, ids) = rest.split_at(usize::from(*cut).min(rest.len()));
    built(&ids_of(ids), &ids_of(others));
    given(others, ids);
}

fn ids_of(bytes: &[u8]) -> Vec<[u8; 16]> {
    // A short last one counts: ids that differ little are the harder ones.
    bytes.chunks(16).map(crate::filled).collect()
}

fn built(ids: &[[u8; 16]], others: &[[u8; 16]]) {
    let numbered = || ids.iter().copied().zip(0_u32..);
    let newest: HashMap<[u8; 16], u32> = numbered().collect();
    let entries = index::build(numbered());
    assert!(index::is_sorted(&entries));
    assert_eq!(entries.len(), newest.len());
    let keys = u32::try_from(entries.len()).expect("a small input");
    let mut filter = vec![U64::ZERO; usize::try_from(bloom::length(keys) / 8).expect("small")];
    entries.iter().for_each(|entry| bloom::insert(&mut filter, id_hash(&entry.id)));
    for (id, ordinal) in &newest {
        assert!(bloom::may_contain(&filter, id_hash(id)), "a filter forgets nothing");
        assert_eq!(index::find(&entries, id), Some((*ordinal).into()));
    }
    for id in others {
        assert_eq!(index::find(&entries, id), newest.get(id).map(|ordinal| (*ordinal).into()));
    }
}

fn given(filter: &[u8], entries: &[u8]) {
    let (filter, _) = <[U64]>::ref_from_prefix_with_elems(filter, filter.len() / 8).expect("so many fit");
    let count = entries.len() / size_of::<IndexEntry>();
    let (entries, _) = <[IndexEntry]>::ref_from_prefix_with_elems(entries, count).expect("so many fit");
    let sorted = index::is_sorted(entries);
    for entry in entries {
        let _ = bloom::may_contain(filter, id_hash(&entry.id));
        let found = index::find(entries, &entry.id);
        assert!(!sorted || found == Some(entry.position.get()));
        // Found or not, it is never another id's.
        assert!(found.is_none_or(|found| entries.iter().any(|e| e.id == entry.id && e.position.get() == found)));
    }
}
