//! What the three arenas have in common: their numbers in the file, their chunks below given lengths.

use sutra_format::geometry::{blob_chunks, chunk_size, is_blob_chunk_size, record_chunk_length, record_chunks, split};
use sutra_format::{AssociationRecord, ConceptRecord};
use sutra_snapshot::{Arena, Lengths};

pub(crate) const CONCEPT: u64 = ConceptRecord::SIZE as u64;
pub(crate) const ASSOCIATION: u64 = AssociationRecord::SIZE as u64;

/// The number of an arena in the file, which is also its place in tables of three.
pub(crate) const fn number(arena: Arena) -> u32 {
    match arena {
        Arena::Concepts => 0,
        Arena::Associations => 1,
        Arena::Blobs => 2,
    }
}

/// What the arena is called in errors.
pub(crate) const fn name(arena: Arena) -> &'static str {
    match arena {
        Arena::Concepts => "concept records",
        Arena::Associations => "association records",
        Arena::Blobs => "blobs",
    }
}

/// How many chunks of an arena the lengths reach into.
pub(crate) fn chunks(arena: Arena, lengths: &Lengths) -> u32 {
    match arena {
        Arena::Concepts => record_chunks(lengths.concepts, CONCEPT),
        Arena::Associations => record_chunks(lengths.associations, ASSOCIATION),
        Arena::Blobs => blob_chunks(lengths.blobs),
    }
}

/// Bytes of a chunk of `size` bytes that lie below the lengths. A blob chunk that is not the last one is used whole.
pub(crate) fn used(arena: Arena, index: u32, size: u64, lengths: &Lengths) -> u64 {
    match arena {
        Arena::Concepts => record_chunk_length(index, lengths.concepts, CONCEPT),
        Arena::Associations => record_chunk_length(index, lengths.associations, ASSOCIATION),
        Arena::Blobs => match split(lengths.blobs) {
            (last, _) if index < last => size,
            (last, offset) if index == last => u64::from(offset),
            _ => 0,
        },
    }
}

/// How many chunks will never be written again, all of their bytes being below the lengths.
pub(crate) fn full_chunks(arena: Arena, lengths: &Lengths) -> u32 {
    let count = chunks(arena, lengths);
    match arena {
        // The last blob chunk may have room, or end just where its last blob does: the next commit tells.
        Arena::Blobs => split(lengths.blobs).0.min(count),
        Arena::Concepts | Arena::Associations => {
            let Some(last) = count.checked_sub(1) else { return 0 };
            if used(arena, last, 0, lengths) == chunk_size(last) { count } else { last }
        }
    }
}

/// Whether a chunk of this arena may have this size.
pub(crate) fn is_chunk_size(arena: Arena, index: u32, size: u64) -> bool {
    match arena {
        Arena::Concepts | Arena::Associations => size == chunk_size(index),
        Arena::Blobs => is_blob_chunk_size(index, size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sutra_format::geometry::blob_position;

    #[test]
    fn a_chunk_is_full_when_nothing_more_fits() {
        let full = |arena, lengths| full_chunks(arena, &lengths);
        let none = Lengths::default();
        assert!(Arena::ALL.into_iter().all(|arena| full(arena, none) == 0));
        for (concepts, expected) in [(511, 0), (512, 1), (513, 1), (1535, 1), (1536, 2)] {
            assert_eq!(full(Arena::Concepts, Lengths { concepts, ..none }), expected, "{concepts} concepts");
        }
        for (associations, expected) in [(1023, 0), (1024, 1)] {
            assert_eq!(full(Arena::Associations, Lengths { associations, ..none }), expected);
        }
        for (chunk, offset, expected) in [(0, 65_536, 0), (1, 0, 1), (1, 8, 1)] {
            let lengths = Lengths { blobs: blob_position(chunk, offset), ..none };
            assert_eq!(full(Arena::Blobs, lengths), expected, "{chunk} {offset}");
            assert_eq!(chunks(Arena::Blobs, &lengths), chunk + u32::from(offset > 0));
        }
    }
}
