//! The footer: what one checkpoint added, linked to the one before.
//!
//! A [`FooterHeader`], then the sections one after the other: extents, groups, access entries, the catalogue, the Bloom
//! filter and the index of the concept records that are new. Counts fix the place of each. The first four sections are
//! what an open reads; they have one checksum ([`FooterHeader::listed_checksum`]), the Bloom filter and the index, which
//! only a reader of the file asks, another.
//!
//! A footer with an image repeats all extents and the whole catalogue: an open reads the footers back to it, no further.

use std::ops::Range;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::bloom;
use crate::checksum::checksum;
use crate::error::DecodeError;
use crate::index::IndexEntry;

/// The first eight bytes of a footer.
pub const FOOTER_MAGIC: [u8; 8] = *b"SUTRAFTR";

/// The version of the footer's layout.
pub const FOOTER_VERSION: u32 = 2;

/// Bytes of a footer's header.
pub const FOOTER_HEADER_SIZE: u64 = size_of::<FooterHeader>() as u64;

const STRUCTURE: &str = "footer";

/// Begins every footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct FooterHeader {
    /// [`FOOTER_MAGIC`].
    pub magic: [u8; 8],
    /// [`FOOTER_VERSION`].
    pub version: U32,
    /// How many [`Extent`]s: those that are new, with an image all.
    pub extents: U32,
    /// The commit that wrote it.
    pub commit: U64,
    /// The last sequence of its checkpoint.
    pub sequence: U64,
    /// Where the footer before it begins in the file; 0 for none.
    pub previous_position: U64,
    /// Bytes of the footer before it.
    pub previous_length: U64,
    /// The checksum of the header of the footer before it.
    pub previous_checksum: U64,
    /// How many [`GroupTime`]s.
    pub groups: U32,
    /// How many [`AccessEntry`]s.
    pub access: U32,
    /// Bytes of the catalogue, unpadded. Zero if it is as in the footer before; with an image the whole one stands here.
    pub catalogue_length: U32,
    /// How many [`IndexEntry`]s.
    pub index_entries: U32,
    /// Concept records before this checkpoint: the first that the index covers.
    pub first_concept: U32,
    /// Concept records of this checkpoint.
    pub concepts: U32,
    /// Slots of this checkpoint.
    pub slots: U32,
    /// Zero.
    pub reserved: U32,
    /// Bytes of the Bloom filter.
    pub bloom_length: U64,
    /// Where the image begins in the file that this checkpoint has taken; 0 for none.
    pub image_position: U64,
    /// Bytes of the image.
    pub image_length: U64,
    /// The checksum of the image's header.
    pub image_checksum: U64,
    /// The last sequence that the image covers: this checkpoint's or an earlier one.
    pub image_sequence: U64,
    /// Slots that the image covers.
    pub image_slots: U32,
    /// Concept records that the image covers.
    pub image_concepts: U32,
    /// Association records that the image covers.
    pub image_associations: U32,
    /// Edges of the image in each direction.
    pub image_edges: U32,
    /// xxh3 of extents, groups, access entries and catalogue.
    pub listed_checksum: U64,
    /// xxh3 of the Bloom filter and the index.
    pub index_checksum: U64,
    /// Bytes of the footer.
    pub length: U64,
    /// xxh3 of all fields before.
    pub checksum: U64,
}

/// Where a chunk of an arena lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Extent {
    /// 0 concept records, 1 association records, 2 blobs.
    pub arena: U32,
    /// The chunk's index.
    pub chunk: U32,
    /// Where it begins in the file: a multiple of 4096.
    pub position: U64,
    /// Bytes that it reserves: a multiple of 4096.
    pub size: U64,
}

/// When a group was committed. Neither column ever decreases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct GroupTime {
    /// The group's last sequence.
    pub last: U64,
    /// Its commit time: microseconds since the Unix epoch.
    pub commit_time: U64,
}

/// How often a concept was accessed, as one checkpoint knew it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AccessEntry {
    /// The concept's slot.
    pub slot: U32,
    /// Number of accesses until then, all of them; all bits set if it was lost with a damaged image.
    pub count: U32,
    /// The last access: microseconds since the Unix epoch.
    pub last_accessed: U64,
}

const _: () = {
    assert!(size_of::<FooterHeader>() == 176);
    assert!(size_of::<Extent>() == 24);
    assert!(size_of::<GroupTime>() == 16);
    assert!(size_of::<AccessEntry>() == 16);
};

/// The sections of a footer that an open reads.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// The extents.
    pub extents: &'a [Extent],
    /// The groups.
    pub groups: &'a [GroupTime],
    /// The access entries.
    pub access: &'a [AccessEntry],
    /// The bytes of the catalogue, empty if it is as before.
    pub catalogue: &'a [u8],
}

impl Listed<'_> {
    /// The bytes of the sections, as [`FooterHeader::listed_range`] holds them. Counts and lengths are below 2^32 each.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(self.extents.as_bytes());
        bytes.extend_from_slice(self.groups.as_bytes());
        bytes.extend_from_slice(self.access.as_bytes());
        bytes.extend_from_slice(self.catalogue);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }
}

impl FooterHeader {
    /// Sets magic, version, length and checksum. Everything else is set before.
    pub fn seal(&mut self) {
        self.magic = FOOTER_MAGIC;
        self.version = U32::new(FOOTER_VERSION);
        self.length = U64::new(self.index_range().end);
        self.checksum = U64::new(self.expected_checksum());
    }

    fn expected_checksum(&self) -> u64 {
        let bytes = self.as_bytes();
        checksum(bytes.split_last_chunk::<8>().map_or(bytes, |(before, _)| before))
    }

    /// Reads the header and checks it: afterwards its sections follow from its counts and end at its length. The bytes of
    /// the sections are checked by [`FooterHeader::listed`] and [`FooterHeader::index`].
    ///
    /// # Errors
    /// [`DecodeError`] for too few bytes, another magic number, version or checksum, and impossible counts.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (header, _) = Self::ref_from_prefix(bytes).map_err(|_| DecodeError::Truncated { structure: STRUCTURE })?;
        if header.magic != FOOTER_MAGIC {
            return Err(DecodeError::Magic { structure: STRUCTURE });
        }
        if header.checksum.get() != header.expected_checksum() {
            return Err(DecodeError::Checksum { structure: STRUCTURE });
        }
        if header.version.get() != FOOTER_VERSION {
            let (found, supported) = (header.version.get(), FOOTER_VERSION);
            return Err(DecodeError::Version { structure: STRUCTURE, found, supported });
        }
        let bad = |field| Err(DecodeError::Field { structure: STRUCTURE, field });
        let new = header.concepts.get().checked_sub(header.first_concept.get());
        if new.is_none_or(|new| header.index_entries.get() > new) {
            return bad("number of index entries");
        }
        if header.bloom_length.get() != bloom::length(header.index_entries.get()) {
            return bad("length of the Bloom filter");
        }
        if header.length.get() != header.index_range().end {
            return bad("length");
        }
        Ok(*header)
    }

    /// The range of extents, groups, access entries and catalogue, in bytes from the start of the footer.
    #[must_use]
    pub fn listed_range(&self) -> Range<u64> {
        // No sum overflows: counts have 32 bits and no entry more than 24 bytes.
        let listed = u64::from(self.extents.get()) * size_of::<Extent>() as u64
            + u64::from(self.groups.get()) * size_of::<GroupTime>() as u64
            + u64::from(self.access.get()) * size_of::<AccessEntry>() as u64
            + u64::from(self.catalogue_length.get()).next_multiple_of(8);
        FOOTER_HEADER_SIZE..FOOTER_HEADER_SIZE + listed
    }

    /// The range of Bloom filter and index, in bytes from the start of the footer.
    #[must_use]
    pub fn index_range(&self) -> Range<u64> {
        let start = self.listed_range().end;
        let index = u64::from(self.index_entries.get()) * size_of::<IndexEntry>() as u64;
        start..start.saturating_add(self.bloom_length.get()).saturating_add(index)
    }

    /// Reads extents, groups, access entries and catalogue from the bytes of [`FooterHeader::listed_range`].
    ///
    /// # Errors
    /// [`DecodeError`] if they are too short or their checksum does not match.
    pub fn listed<'a>(&self, bytes: &'a [u8]) -> Result<Listed<'a>, DecodeError> {
        let cut = DecodeError::Truncated { structure: STRUCTURE };
        if checksum(bytes) != self.listed_checksum.get() {
            return Err(DecodeError::Checksum { structure: STRUCTURE });
        }
        let count = |count: U32| usize::try_from(count.get()).map_err(|_| cut);
        let (extents, rest) = <[Extent]>::ref_from_prefix_with_elems(bytes, count(self.extents)?).map_err(|_| cut)?;
        let (groups, rest) = <[GroupTime]>::ref_from_prefix_with_elems(rest, count(self.groups)?).map_err(|_| cut)?;
        let (access, rest) = <[AccessEntry]>::ref_from_prefix_with_elems(rest, count(self.access)?).map_err(|_| cut)?;
        let catalogue = rest.get(..count(self.catalogue_length)?).ok_or(cut)?;
        Ok(Listed { extents, groups, access, catalogue })
    }

    /// Reads Bloom filter and index from the bytes of [`FooterHeader::index_range`].
    ///
    /// # Errors
    /// [`DecodeError`] if they are too short or their checksum does not match.
    pub fn index<'a>(&self, bytes: &'a [u8]) -> Result<(&'a [U64], &'a [IndexEntry]), DecodeError> {
        if checksum(bytes) != self.index_checksum.get() {
            return Err(DecodeError::Checksum { structure: "index" });
        }
        self.index_unverified(bytes)
    }

    /// As [`FooterHeader::index`], for bytes whose checksum has been verified before.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if they are too short.
    pub fn index_unverified<'a>(&self, bytes: &'a [u8]) -> Result<(&'a [U64], &'a [IndexEntry]), DecodeError> {
        let cut = DecodeError::Truncated { structure: "index" };
        let words = usize::try_from(self.bloom_length.get() / 8).map_err(|_| cut)?;
        let entries = usize::try_from(self.index_entries.get()).map_err(|_| cut)?;
        let (bloom, rest) = <[U64]>::ref_from_prefix_with_elems(bytes, words).map_err(|_| cut)?;
        let (index, _) = <[IndexEntry]>::ref_from_prefix_with_elems(rest, entries).map_err(|_| cut)?;
        Ok((bloom, index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromZeros;

    fn sample() -> (FooterHeader, Vec<u8>) {
        let extent = Extent { arena: U32::ZERO, chunk: U32::ZERO, position: U64::new(8192), size: U64::new(65_536) };
        let group = GroupTime { last: U64::new(5), commit_time: U64::new(6) };
        let access = AccessEntry { slot: U32::new(1), count: U32::new(2), last_accessed: U64::new(3) };
        let listed = Listed { extents: &[extent], groups: &[group, group], access: &[access], catalogue: b"12345" };
        let listed = listed.encode();
        let mut header = FooterHeader::new_zeroed();
        header.extents = U32::new(1);
        header.groups = U32::new(2);
        header.access = U32::new(1);
        header.catalogue_length = U32::new(5);
        header.listed_checksum = U64::new(checksum(&listed));
        header.index_checksum = U64::new(checksum(&[]));
        header.seal();
        let bytes = [header.as_bytes(), &listed].concat();
        (header, bytes)
    }

    fn read(bytes: &[u8]) -> Result<(), DecodeError> {
        let cut = DecodeError::Truncated { structure: "test" };
        let header = FooterHeader::read(bytes)?;
        let part = |range: Range<u64>| {
            bytes.get(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()).ok_or(cut)
        };
        header.listed(part(header.listed_range())?)?;
        header.index(part(header.index_range())?)?;
        Ok(())
    }

    #[test]
    fn what_goes_in_comes_out() {
        let (header, bytes) = sample();
        assert_eq!(header.length.get(), bytes.len() as u64);
        assert_eq!(FooterHeader::read(&bytes), Ok(header));
        let listed = header.listed(&bytes[FOOTER_HEADER_SIZE as usize..]).unwrap();
        assert_eq!((listed.extents.len(), listed.groups.len(), listed.access.len()), (1, 2, 1));
        assert_eq!(listed.access[0].count.get(), 2);
        assert_eq!(listed.catalogue, b"12345");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let (_, whole) = sample();
        assert_eq!(read(&whole), Ok(()));
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped).is_err(), "bit {bit}");
        }
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn counts_that_contradict_the_length_are_refused() {
        let (mut header, _) = sample();
        header.groups = U32::new(u32::MAX);
        header.checksum = U64::new(header.expected_checksum());
        assert!(matches!(FooterHeader::read(header.as_bytes()), Err(DecodeError::Field { field: "length", .. })));
        header.bloom_length = U64::new(u64::MAX);
        header.checksum = U64::new(header.expected_checksum());
        assert!(matches!(FooterHeader::read(header.as_bytes()), Err(DecodeError::Field { .. })));
    }
}
