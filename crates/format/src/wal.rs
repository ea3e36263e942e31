//! Segments and groups of the write-ahead log.
//!
//! A segment is a [`SegmentHeader`] at offset 0 and groups from [`FIRST_GROUP`] on, back to back, each aligned to 8
//! bytes. A group is a [`GroupHeader`] and a payload: for each entry its length as `u32`, its bytes, and zeros up to
//! the next multiple of 8. Entry `i` has sequence `first + i`.
//!
//! The checksum of a group is keyed by the segment's generation and the group's position in it, so that a group of a
//! segment's earlier life, or one at another place, never counts.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::DecodeError;

/// The first 8 bytes of every segment.
pub const SEGMENT_MAGIC: [u8; 8] = *b"SUTRAWAL";

/// The newest version of the log's layout that this crate reads, and the one that it writes.
pub const WAL_VERSION: u32 = 1;

/// The first 4 bytes of every group: `SGRP`.
pub const GROUP_MAGIC: [u8; 4] = *b"SGRP";

/// Where a segment's first group begins, in bytes.
pub const FIRST_GROUP: u64 = 4096;

/// Groups begin at multiples of this, in bytes.
pub const GROUP_ALIGNMENT: usize = 8;

/// The first 64 bytes of a segment: whose it is and which generation of groups it holds.
///
/// Its layout is the same in all versions, so that a newer one is told from a damaged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct SegmentHeader {
    /// [`SEGMENT_MAGIC`].
    pub magic: [u8; 8],
    /// The version of the layout, from 1.
    pub version: U32,
    /// Zero.
    pub reserved_low: U32,
    /// The store that the log belongs to.
    pub store_id: [u8; 16],
    /// Grows by one each time any segment of the store is opened for writing.
    pub generation: U64,
    /// The next sequence expected when the segment was opened for this generation: all below it are durable.
    pub first_sequence: U64,
    /// Bytes of the segment when it was opened: it never gets shorter. 0 for not known.
    pub length: U64,
    /// xxh3 of the 56 bytes before.
    pub checksum: U64,
}

const _: () = assert!(size_of::<SegmentHeader>() == 64);
const SEGMENT_SUMMED: usize = 56;

impl SegmentHeader {
    /// A header ready to be written, of a segment whose length is not known.
    #[must_use]
    pub fn new(store_id: [u8; 16], generation: u64, first_sequence: u64) -> Self {
        let mut header = Self {
            magic: SEGMENT_MAGIC,
            version: U32::new(WAL_VERSION),
            reserved_low: U32::ZERO,
            store_id,
            generation: U64::new(generation),
            first_sequence: U64::new(first_sequence),
            length: U64::ZERO,
            checksum: U64::ZERO,
        };
        header.checksum = U64::new(header.compute_checksum());
        header
    }

    /// The same header of a segment of so many bytes.
    #[must_use]
    pub fn with_length(mut self, length: u64) -> Self {
        self.length = U64::new(length);
        self.checksum = U64::new(self.compute_checksum());
        self
    }

    fn compute_checksum(&self) -> u64 {
        xxh3_64(self.as_bytes().get(..SEGMENT_SUMMED).unwrap_or_default())
    }

    /// Reads the header at the beginning of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Magic`], [`DecodeError::Checksum`], and [`DecodeError::Version`]
    /// for an intact header of a newer version.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        const STRUCTURE: &str = "WAL segment header";
        let (header, _) = Self::read_from_prefix(bytes).map_err(|_| DecodeError::Truncated { structure: STRUCTURE })?;
        if header.magic != SEGMENT_MAGIC {
            return Err(DecodeError::Magic { structure: STRUCTURE });
        }
        if header.checksum.get() != header.compute_checksum() {
            return Err(DecodeError::Checksum { structure: STRUCTURE });
        }
        if header.version.get() > WAL_VERSION {
            return Err(DecodeError::Version {
                structure: STRUCTURE,
                found: header.version.get(),
                supported: WAL_VERSION,
            });
        }
        Ok(header)
    }
}

/// The first 80 bytes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct GroupHeader {
    /// [`GROUP_MAGIC`].
    pub magic: [u8; 4],
    /// The number of entries, at least 1.
    pub entry_count: U32,
    /// The bytes of the payload that follows, a multiple of 8.
    pub length: U64,
    /// The store that the log belongs to.
    pub store_id: [u8; 16],
    /// The generation of the segment when the group was written.
    pub generation: U64,
    /// The sequence of the first entry.
    pub first: U64,
    /// The sequence of the last entry: `first + entry_count - 1`.
    pub last: U64,
    /// The last sequence that syncs before this group have covered.
    pub durable_through: U64,
    /// When the group was committed, in microseconds since the Unix epoch.
    pub commit_time: U64,
    /// xxh3, keyed by generation and position, of the 72 bytes before and the payload.
    pub checksum: U64,
}

const _: () = assert!(size_of::<GroupHeader>() == 80);
const _: () = assert!(size_of::<GroupHeader>().is_multiple_of(GROUP_ALIGNMENT));
const GROUP_SUMMED: usize = 72;
const GROUP: &str = "WAL group";

impl GroupHeader {
    fn compute_checksum(&self, position: u64, payload: &[u8]) -> u64 {
        let mut key = [0; 16];
        let (low, high) = key.split_at_mut(8);
        low.copy_from_slice(&self.generation.to_bytes());
        high.copy_from_slice(&position.to_le_bytes());
        let mut hash = Xxh3::with_seed(xxh3_64(&key));
        hash.update(self.as_bytes().get(..GROUP_SUMMED).unwrap_or_default());
        hash.update(payload);
        hash.digest()
    }
}

/// What a group says of itself besides its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupStart {
    /// The store that the log belongs to.
    pub store_id: [u8; 16],
    /// The segment's generation.
    pub generation: u64,
    /// Where in the segment the group will lie, in bytes.
    pub position: u64,
    /// The sequence of the first entry.
    pub first: u64,
    /// The last sequence that syncs have covered.
    pub durable_through: u64,
    /// Microseconds since the Unix epoch.
    pub commit_time: u64,
}

/// The entries cannot form a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// There are none.
    #[error("a group needs at least one entry")]
    Empty,
    /// More than fit the header, or sequences beyond `u64`.
    #[error("{entries} entries do not fit one group: split the batch")]
    TooMany {
        /// How many there are.
        entries: usize,
    },
    /// An entry is 4 GiB or more.
    #[error("an entry of {bytes} bytes does not fit a group: the limit is 4 GiB less one byte")]
    EntryTooLarge {
        /// Its length.
        bytes: usize,
    },
}

/// The bytes that an entry of `len` bytes takes in a payload.
#[must_use]
pub const fn entry_bytes(len: usize) -> u64 {
    (len as u64).saturating_add(4).saturating_add(7) & !7
}

/// Appends a whole group, header and payload, to `buffer`.
///
/// # Errors
/// [`GroupError`]; `buffer` then ends in garbage.
pub fn encode_group(buffer: &mut Vec<u8>, start: &GroupStart, entries: &[impl AsRef<[u8]>]) -> Result<(), GroupError> {
    let too_many = GroupError::TooMany { entries: entries.len() };
    let entry_count = u32::try_from(entries.len()).map_err(|_| too_many)?;
    let more = entry_count.checked_sub(1).ok_or(GroupError::Empty)?;
    let last = start.first.checked_add(u64::from(more)).ok_or(too_many)?;

    let begin = buffer.len();
    buffer.resize(begin + size_of::<GroupHeader>(), 0);
    for entry in entries {
        let entry = entry.as_ref();
        let len = u32::try_from(entry.len()).map_err(|_| GroupError::EntryTooLarge { bytes: entry.len() })?;
        buffer.extend_from_slice(&len.to_le_bytes());
        buffer.extend_from_slice(entry);
        let padded = begin + (buffer.len() - begin).next_multiple_of(GROUP_ALIGNMENT);
        buffer.resize(padded, 0);
    }

    let (head, payload) = buffer.split_at_mut(begin + size_of::<GroupHeader>());
    let mut header = GroupHeader {
        magic: GROUP_MAGIC,
        entry_count: U32::new(entry_count),
        length: U64::new(payload.len() as u64),
        store_id: start.store_id,
        generation: U64::new(start.generation),
        first: U64::new(start.first),
        last: U64::new(last),
        durable_through: U64::new(start.durable_through),
        commit_time: U64::new(start.commit_time),
        checksum: U64::ZERO,
    };
    header.checksum = U64::new(header.compute_checksum(start.position, payload));
    if let Some(target) = head.get_mut(begin..) {
        target.copy_from_slice(header.as_bytes());
    }
    Ok(())
}

/// Whether `bytes` begin like a group: a quick look before [`decode_group`].
#[must_use]
pub fn looks_like_group(bytes: &[u8]) -> bool {
    bytes.starts_with(&GROUP_MAGIC)
}

/// Reads the group at the beginning of `bytes`, which lies at `position` of its segment and reaches at most to the
/// segment's end. Returns its header and its payload.
///
/// # Errors
/// [`DecodeError::Truncated`], [`DecodeError::Magic`], [`DecodeError::Checksum`], [`DecodeError::Field`].
pub fn decode_group(bytes: &[u8], position: u64) -> Result<(GroupHeader, &[u8]), DecodeError> {
    if !looks_like_group(bytes) {
        return Err(DecodeError::Magic { structure: GROUP });
    }
    let truncated = DecodeError::Truncated { structure: GROUP };
    let (header, rest) = GroupHeader::read_from_prefix(bytes).map_err(|_| truncated)?;
    // The length is not yet to be trusted, but whatever it is, it stays within `bytes`.
    let payload = usize::try_from(header.length.get()).ok().and_then(|length| rest.get(..length)).ok_or(truncated)?;
    if header.checksum.get() != header.compute_checksum(position, payload) {
        return Err(DecodeError::Checksum { structure: GROUP });
    }
    let field = |field| DecodeError::Field { structure: GROUP, field };
    if !payload.len().is_multiple_of(GROUP_ALIGNMENT) {
        return Err(field("length"));
    }
    let more = header.entry_count.get().checked_sub(1).ok_or(field("entry_count"))?;
    if header.first.get().checked_add(u64::from(more)) != Some(header.last.get()) {
        return Err(field("last"));
    }
    let mut entries = Entries::new(&header, payload);
    if entries.by_ref().count() as u64 != u64::from(header.entry_count.get()) || !entries.rest.is_empty() {
        return Err(field("entry"));
    }
    Ok((header, payload))
}

/// The entries of a group in the order of their sequences.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Entries<'a> {
    /// The entries of a group that [`decode_group`] returned. Of another payload it yields what can be read.
    #[must_use]
    pub fn new(header: &GroupHeader, payload: &'a [u8]) -> Self {
        Self { rest: payload, left: header.entry_count.get() }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (len, after) = self.rest.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let entry = after.get(..len)?;
        let padded = usize::try_from(entry_bytes(len)).ok()?;
        self.rest = self.rest.get(padded..)?;
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, usize::try_from(self.left).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: GroupStart = GroupStart {
        store_id: [7; 16],
        generation: 3,
        position: FIRST_GROUP,
        first: 11,
        durable_through: 10,
        commit_time: 1_000_000,
    };

    fn group(entries: &[&[u8]]) -> Vec<u8> {
        let mut buffer = Vec::new();
        encode_group(&mut buffer, &START, entries).expect("valid");
        buffer
    }

    #[test]
    fn groups_come_back_as_they_went_in() {
        let entries: [&[u8]; 5] = [b"", b"abc", b"abcd", b"abcdefgh", &[1; 1000]];
        let mut bytes = group(&entries);
        assert!(bytes.len().is_multiple_of(GROUP_ALIGNMENT));
        let payload: u64 = entries.iter().map(|entry| entry_bytes(entry.len())).sum();
        assert_eq!(bytes.len() as u64, 80 + payload);
        bytes.extend_from_slice(&[9; 100]);
        let (header, payload) = decode_group(&bytes, FIRST_GROUP).expect("intact");
        assert_eq!((header.first.get(), header.last.get()), (11, 15));
        assert_eq!(Entries::new(&header, payload).collect::<Vec<_>>(), entries);
    }

    #[test]
    fn every_changed_bit_is_found() {
        let bytes = group(&[b"abc", b"defghijk"]);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode_group(&damaged, FIRST_GROUP).is_err(), "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert!(decode_group(&bytes[..len], FIRST_GROUP).is_err(), "length {len}");
        }
    }

    #[test]
    fn another_position_or_generation_does_not_count() {
        let bytes = group(&[b"abc"]);
        assert!(decode_group(&bytes, FIRST_GROUP).is_ok());
        assert!(decode_group(&bytes, FIRST_GROUP + 8).is_err());
        let mut other = bytes;
        other[32] ^= 1;
        assert!(decode_group(&other, FIRST_GROUP).is_err());
    }

    #[test]
    fn impossible_groups_with_a_right_checksum_are_refused() {
        type Change = fn(&mut GroupHeader);
        let changes: [(&str, Change); 4] = [
            ("entry_count", |header| header.entry_count = U32::new(0)),
            ("last", |header| header.last = U64::new(99)),
            ("entry", |header| {
                header.entry_count = U32::new(3);
                header.last = U64::new(13);
            }),
            ("entry", |header| {
                header.entry_count = U32::new(1);
                header.last = U64::new(11);
            }),
        ];
        for (name, change) in changes {
            let mut bytes = group(&[b"abc", b"def"]);
            let (mut header, payload) = GroupHeader::read_from_prefix(&bytes).expect("long enough");
            change(&mut header);
            header.checksum = U64::new(header.compute_checksum(FIRST_GROUP, payload));
            bytes[..80].copy_from_slice(header.as_bytes());
            let error = decode_group(&bytes, FIRST_GROUP).expect_err(name);
            assert_eq!(error, DecodeError::Field { structure: GROUP, field: name });
        }
    }

    #[test]
    fn groups_that_cannot_be_are_not_written() {
        let none: [&[u8]; 0] = [];
        assert_eq!(encode_group(&mut Vec::new(), &START, &none), Err(GroupError::Empty));
        let start = GroupStart { first: u64::MAX, ..START };
        assert_eq!(encode_group(&mut Vec::new(), &start, &[b"", b""]), Err(GroupError::TooMany { entries: 2 }));
    }

    #[test]
    fn segment_headers_are_checked() {
        let header = SegmentHeader::new([7; 16], 3, 11);
        let bytes = header.as_bytes();
        assert_eq!(SegmentHeader::decode(bytes), Ok(header));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(SegmentHeader::decode(&damaged).is_err(), "bit {bit}");
        }
        let mut newer = header;
        newer.version = U32::new(WAL_VERSION + 1);
        newer.checksum = U64::new(newer.compute_checksum());
        assert!(matches!(SegmentHeader::decode(newer.as_bytes()), Err(DecodeError::Version { found: 2, .. })));
    }
}
