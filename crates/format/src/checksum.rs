//! The checksums of the format, all xxh3 of 64 bits; short ones keep the low half.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// The checksum of a record, header, footer or block.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The checksum that a record keeps of a blob: the low half of the xxh3 of its payload, without the length prefix.
///
/// xxh3 takes the length into its result, so a damaged prefix is found as surely as a damaged payload.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the low half is the checksum")]
pub fn blob_checksum(payload: &[u8]) -> u32 {
    xxh3_64(payload) as u32
}

/// The hash of an id for tables and Bloom filters. Seeded, so that it is not the checksum of anything.
#[must_use]
#[inline]
pub fn id_hash(id: &[u8; 16]) -> u64 {
    xxh3_64_with_seed(id, 0x5355_5452_4149_4431)
}
