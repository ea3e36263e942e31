//! Where a position of an arena lies: arenas are arrays cut into chunks that never move.
//!
//! Chunk `k` holds 64 KiB << k, from the seventh on 4 MiB each: a small store stays small, a large one has few chunks.
//! Records lie at `ordinal * size`; their sizes divide 64 KiB, so none crosses a chunk. Blobs are of any length and do
//! not cross chunks either: a position is the chunk and the offset in it, and a blob that is larger than its chunk would
//! be gets one of its own size. So record chunks are found by arithmetic, blob chunks by the extent table.

/// Bytes of the first chunk of every arena.
pub const FIRST_CHUNK: u64 = 64 << 10;

/// Bytes of the largest regular chunk.
pub const LARGEST_CHUNK: u64 = 4 << 20;

/// The alignment of extents in the file, and what the size of a blob chunk of its own is rounded up to.
pub const EXTENT_ALIGNMENT: u64 = 4096;

/// The index of the first chunk of [`LARGEST_CHUNK`] bytes.
const FIRST_LARGEST: u32 = 6;

/// Blobs start at multiples of this.
pub const BLOB_ALIGNMENT: u32 = 4;

/// Bytes of the length before a blob's payload.
pub const BLOB_PREFIX: u32 = 4;

/// Bytes of a regular chunk. Blob chunks may be larger, never smaller.
#[must_use]
#[inline]
pub const fn chunk_size(index: u32) -> u64 {
    if index < FIRST_LARGEST { FIRST_CHUNK << index } else { LARGEST_CHUNK }
}

/// The byte offset in a record arena at which a chunk begins.
#[must_use]
#[inline]
pub const fn chunk_start(index: u32) -> u64 {
    if index < FIRST_LARGEST {
        (FIRST_CHUNK << index) - FIRST_CHUNK
    } else {
        // The chunks before the first of 4 MiB sum up to 4 MiB less the first chunk's size.
        LARGEST_CHUNK - FIRST_CHUNK + (index - FIRST_LARGEST) as u64 * LARGEST_CHUNK
    }
}

/// The chunk of a byte offset of a record arena, and the offset in that chunk.
///
/// Offsets are below 2^53; ordinals are 32 bits and records 128 bytes at most, so every ordinal's offset is.
#[must_use]
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the range is in the contract: 2^53 >> 22 fits")]
pub const fn locate(byte_offset: u64) -> (u32, u32) {
    // Shifted by the first chunk's size, chunk k begins at 64 KiB << k: the highest bit says which it is.
    let shifted = byte_offset.wrapping_add(FIRST_CHUNK);
    if shifted < LARGEST_CHUNK {
        let bit = shifted.ilog2();
        (bit - FIRST_CHUNK.ilog2(), (shifted - (1 << bit)) as u32)
    } else {
        let chunk = (shifted >> LARGEST_CHUNK.ilog2()) as u32;
        (chunk - 1 + FIRST_LARGEST, (shifted & (LARGEST_CHUNK - 1)) as u32)
    }
}

/// How many chunks hold `count` records of `size` bytes.
#[must_use]
pub const fn record_chunks(count: u32, size: u64) -> u32 {
    if count == 0 { 0 } else { locate((count as u64 - 1) * size).0 + 1 }
}

/// Bytes of a chunk that lie below `count` records of `size` bytes.
#[must_use]
pub const fn record_chunk_length(index: u32, count: u32, size: u64) -> u64 {
    let below = (count as u64 * size).saturating_sub(chunk_start(index));
    if below < chunk_size(index) { below } else { chunk_size(index) }
}

/// How many chunks hold the blobs below the end position `end`.
#[must_use]
pub const fn blob_chunks(end: u64) -> u32 {
    let (chunk, offset) = split(end);
    if offset == 0 { chunk } else { chunk.saturating_add(1) }
}

/// The position of a blob in the blob arena.
#[must_use]
#[inline]
pub const fn blob_position(chunk: u32, offset: u32) -> u64 {
    (chunk as u64) << 32 | offset as u64
}

/// The chunk of a blob position and the offset in that chunk.
#[must_use]
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
pub const fn split(position: u64) -> (u32, u32) {
    ((position >> 32) as u32, position as u32)
}

/// Bytes that a payload takes in the blob arena: prefix, payload, padding to the alignment.
#[must_use]
#[inline]
pub const fn blob_space(payload: u32) -> u64 {
    (BLOB_PREFIX as u64 + payload as u64).next_multiple_of(BLOB_ALIGNMENT as u64)
}

/// Bytes of the blob chunk `index` when its first blob has `payload` bytes: the regular size, or, when the blob does not
/// fit, what the blob takes, rounded up to [`EXTENT_ALIGNMENT`].
#[must_use]
pub const fn blob_chunk_size(index: u32, payload: u32) -> u64 {
    let space = blob_space(payload);
    if space <= chunk_size(index) { chunk_size(index) } else { space.next_multiple_of(EXTENT_ALIGNMENT) }
}

/// Whether a blob chunk may have `size` bytes: the regular size, or a larger one that is aligned and that offsets of 32
/// bits still reach.
#[must_use]
pub const fn is_blob_chunk_size(index: u32, size: u64) -> bool {
    size == chunk_size(index)
        || size > chunk_size(index) && size.is_multiple_of(EXTENT_ALIGNMENT) && size <= u32::MAX as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_each_other() {
        assert_eq!(chunk_size(0), 64 << 10);
        assert_eq!(chunk_size(6), 4 << 20);
        assert_eq!(chunk_size(1000), 4 << 20);
        for index in 0..2000 {
            assert_eq!(chunk_start(index) + chunk_size(index), chunk_start(index + 1), "chunk {index}");
        }
    }

    #[test]
    fn locate_finds_both_ends_of_every_chunk() {
        for index in (0..40).chain([131_071, 131_077]) {
            let (start, size) = (chunk_start(index), chunk_size(index));
            assert_eq!(locate(start), (index, 0));
            assert_eq!(locate(start + size - 1), (index, u32::try_from(size - 1).unwrap()));
        }
        assert_eq!(locate(u64::from(u32::MAX) * 128).0, 131_077);
    }

    #[test]
    fn record_chunks_hold_what_they_should() {
        assert_eq!(record_chunks(0, 128), 0);
        assert_eq!(record_chunks(512, 128), 1);
        assert_eq!(record_chunks(513, 128), 2);
        assert_eq!(record_chunk_length(0, 512, 128), 65_536);
        assert_eq!(record_chunk_length(1, 513, 128), 128);
        assert_eq!(record_chunk_length(2, 513, 128), 0);
    }

    #[test]
    fn blob_positions_come_back() {
        assert_eq!(split(blob_position(7, 12)), (7, 12));
        assert_eq!(blob_chunks(0), 0);
        assert_eq!(blob_chunks(blob_position(3, 0)), 3);
        assert_eq!(blob_chunks(blob_position(3, 4)), 4);
        assert_eq!(blob_space(0), 4);
        assert_eq!(blob_space(1536), 1540);
        assert_eq!(blob_space(1), 8);
        assert_eq!(blob_chunk_size(0, 65_532), 65_536);
        assert_eq!(blob_chunk_size(0, 65_533), 69_632);
        assert!(is_blob_chunk_size(0, 69_632) && !is_blob_chunk_size(0, 69_633));
        assert!(!is_blob_chunk_size(1, 65_536));
    }
}
