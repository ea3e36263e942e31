//! The file header: which checkpoint is the last one, and where it lies.
//!
//! Two slots of 256 bytes hold the same header, one at the start of the file and one a page further. A commit writes one,
//! syncs, and then writes the other, so that at every moment one of them is whole, and afterwards one may rot without a
//! checkpoint being lost. Magic, version and checksum keep their places in all versions of the format, so that a newer
//! file is told from a damaged one.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::checksum;
use crate::error::DecodeError;

/// The first eight bytes of storage.dat.
pub const HEADER_MAGIC: [u8; 8] = *b"SUTRADAT";

/// The version of the format that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// Bytes of a header slot.
pub const HEADER_SIZE: usize = 256;

/// Where the two slots begin in the file.
pub const HEADER_SLOTS: [u64; 2] = [0, 4096];

/// Where the headers' pages end and extents may begin.
pub const HEADER_END: u64 = 8192;

const STRUCTURE: &str = "file header";

/// What a header slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// [`HEADER_MAGIC`].
    pub magic: [u8; 8],
    /// [`FORMAT_VERSION`].
    pub version: U32,
    /// [`Header::DISTRUST_IMAGE`] or zero.
    pub flags: U32,
    /// The store's identity, in every WAL group too.
    pub store_id: [u8; 16],
    /// Counts the commits; 0 for the empty store as it was created.
    pub commit: U64,
    /// The last sequence that the checkpoint holds.
    pub sequence: U64,
    /// When the last group was committed: microseconds since the Unix epoch.
    pub commit_time: U64,
    /// When the store was created: microseconds since the Unix epoch.
    pub created: U64,
    /// Slots.
    pub slots: U32,
    /// Concept records.
    pub concepts: U32,
    /// Association records.
    pub associations: U32,
    /// Concepts that are learned and not forgotten.
    pub live_concepts: U32,
    /// Stubs.
    pub stubs: U32,
    /// Associations that are learned and not forgotten.
    pub edges: U32,
    /// End of the blobs: chunk << 32 | offset.
    pub blobs: U64,
    /// Where the newest footer begins in the file; 0 for none.
    pub footer_position: U64,
    /// Bytes of the newest footer.
    pub footer_length: U64,
    /// The checksum of the newest footer's header.
    pub footer_checksum: U64,
    /// The first byte of the file that is not allocated.
    pub file_end: U64,
    /// Zero.
    pub reserved: [u8; 120],
    /// xxh3 of the 248 bytes before.
    pub checksum: U64,
}

const _: () = assert!(size_of::<Header>() == HEADER_SIZE);

/// What a slot was found to hold beside the header that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherSlot {
    /// The same header.
    Same,
    /// The header of an earlier commit: a commit was interrupted between its two headers.
    Earlier,
    /// No header.
    Damaged(DecodeError),
}

/// The header of a file, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The valid header with the highest commit number.
    pub header: Header,
    /// Which slot it stands in: 0 or 1.
    pub slot: usize,
    /// What the other slot holds.
    pub other: OtherSlot,
}

impl Header {
    /// Flag: blocks of the newest image were found damaged. The image is not used until a checkpoint writes another.
    pub const DISTRUST_IMAGE: u32 = 1;

    /// Sets the checksum.
    pub fn seal(&mut self) {
        self.checksum = U64::new(self.expected_checksum());
    }

    fn expected_checksum(&self) -> u64 {
        let bytes = self.as_bytes();
        checksum(bytes.split_last_chunk::<8>().map_or(bytes, |(before, _)| before))
    }

    /// Reads a slot.
    ///
    /// # Errors
    /// [`DecodeError`] for too few bytes, another magic number, a wrong checksum, and a newer version.
    pub fn read(slot: &[u8]) -> Result<Self, DecodeError> {
        let (header, _) = Self::ref_from_prefix(slot).map_err(|_| DecodeError::Truncated { structure: STRUCTURE })?;
        if header.magic != HEADER_MAGIC {
            return Err(DecodeError::Magic { structure: STRUCTURE });
        }
        // Before the version: a flipped bit in it must not look like a newer program's file.
        if header.checksum.get() != header.expected_checksum() {
            return Err(DecodeError::Checksum { structure: STRUCTURE });
        }
        let found = header.version.get();
        if found > FORMAT_VERSION {
            return Err(DecodeError::Version { structure: STRUCTURE, found, supported: FORMAT_VERSION });
        }
        if found == 0 {
            return Err(DecodeError::Field { structure: STRUCTURE, field: "version" });
        }
        if header.flags.get() & !Self::DISTRUST_IMAGE != 0 || header.reserved != [0; 120] {
            return Err(DecodeError::Field { structure: STRUCTURE, field: "reserved byte" });
        }
        Ok(*header)
    }

    /// The valid header with the highest commit number, from the bytes of both slots.
    ///
    /// # Errors
    /// [`DecodeError::Version`] if a slot is of a newer version, also when the other is readable: its commit may be the
    /// later one. [`DecodeError::Magic`] if neither slot begins as a header does. [`DecodeError::Field`] if the slots are
    /// of two stores. Otherwise, if none is valid, what is wrong with the one that has the magic number.
    pub fn choose(slot0: &[u8], slot1: &[u8]) -> Result<Chosen, DecodeError> {
        let newer = |error: &DecodeError| matches!(error, DecodeError::Version { .. });
        match (Self::read(slot0), Self::read(slot1)) {
            (Err(error), _) | (_, Err(error)) if newer(&error) => Err(error),
            (Ok(first), Ok(second)) if first == second => Ok(Chosen { header: first, slot: 0, other: OtherSlot::Same }),
            (Ok(first), Ok(second)) if first.store_id != second.store_id => {
                Err(DecodeError::Field { structure: STRUCTURE, field: "store id" })
            }
            (Ok(first), Ok(second)) if first.commit.get() > second.commit.get() => {
                Ok(Chosen { header: first, slot: 0, other: OtherSlot::Earlier })
            }
            (Ok(first), Ok(second)) if first.commit.get() < second.commit.get() => {
                Ok(Chosen { header: second, slot: 1, other: OtherSlot::Earlier })
            }
            (Ok(_), Ok(_)) => Err(DecodeError::Field { structure: STRUCTURE, field: "commit number" }),
            (Ok(first), Err(error)) => Ok(Chosen { header: first, slot: 0, other: OtherSlot::Damaged(error) }),
            (Err(error), Ok(second)) => Ok(Chosen { header: second, slot: 1, other: OtherSlot::Damaged(error) }),
            (Err(first), Err(second)) => {
                let foreign = |error| matches!(error, DecodeError::Magic { .. } | DecodeError::Truncated { .. });
                Err(if foreign(first) && !foreign(second) { second } else { first })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromZeros;

    fn header(commit: u64) -> Header {
        let mut header = Header::new_zeroed();
        header.magic = HEADER_MAGIC;
        header.version = U32::new(FORMAT_VERSION);
        header.commit = U64::new(commit);
        header.seal();
        header
    }

    fn choose(first: &Header, second: &Header) -> Result<(u64, usize, OtherSlot), DecodeError> {
        Header::choose(first.as_bytes(), second.as_bytes())
            .map(|chosen| (chosen.header.commit.get(), chosen.slot, chosen.other))
    }

    #[test]
    fn every_flipped_bit_is_found_and_never_taken_for_a_newer_version() {
        let whole = header(3);
        assert_eq!(Header::read(whole.as_bytes()), Ok(whole));
        for bit in 0..HEADER_SIZE * 8 {
            let mut flipped = whole;
            flipped.as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
            let error = Header::read(flipped.as_bytes()).unwrap_err();
            assert!(matches!(error, DecodeError::Magic { .. } | DecodeError::Checksum { .. }), "bit {bit}: {error}");
            assert_eq!(choose(&flipped, &header(2)), Ok((2, 1, OtherSlot::Damaged(error))));
            assert_eq!(choose(&whole, &flipped), Ok((3, 0, OtherSlot::Damaged(error))));
        }
    }

    #[test]
    fn the_highest_commit_is_chosen() {
        assert_eq!(choose(&header(3), &header(3)), Ok((3, 0, OtherSlot::Same)));
        assert_eq!(choose(&header(3), &header(4)), Ok((4, 1, OtherSlot::Earlier)));
        assert_eq!(choose(&header(9), &header(4)), Ok((9, 0, OtherSlot::Earlier)));
    }

    #[test]
    fn a_newer_version_is_named_before_anything_else() {
        let mut newer = header(3);
        newer.version = U32::new(FORMAT_VERSION + 1);
        newer.seal();
        for (first, second) in [(newer, header(3)), (header(3), newer), (newer, newer)] {
            assert!(matches!(choose(&first, &second), Err(DecodeError::Version { found: 2, supported: 1, .. })));
        }
    }

    #[test]
    fn a_foreign_file_is_told_from_a_damaged_one() {
        let foreign = Header::new_zeroed();
        let mut damaged = header(3);
        damaged.sequence = U64::new(1);
        assert!(matches!(choose(&foreign, &foreign), Err(DecodeError::Magic { .. })));
        assert!(matches!(choose(&foreign, &damaged), Err(DecodeError::Checksum { .. })));
        assert!(matches!(choose(&damaged, &foreign), Err(DecodeError::Checksum { .. })));
        assert!(matches!(Header::choose(&[], &[]), Err(DecodeError::Truncated { .. })));
        let mut other = header(4);
        other.store_id = [1; 16];
        other.seal();
        assert!(matches!(choose(&header(3), &other), Err(DecodeError::Field { field: "store id", .. })));
    }
}
