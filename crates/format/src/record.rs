//! The two records of the arenas: what a store is made of.
//!
//! Records are written once and never changed. A concept that is learned again, a strength that is updated, a forgotten
//! concept: each is a further record whose `previous` names the one before.

use zerocopy::little_endian::{F32, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::checksum;

/// One version of a concept, a stub, or the tombstone of a forgotten concept.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ConceptRecord {
    /// The concept's id.
    pub id: [u8; 16],
    /// The namespace; zero is the default one.
    pub namespace: U32,
    /// The slot: dense number of the concept, never changes.
    pub slot: U32,
    /// Ordinal of the version before this one, `NONE` for the first of its slot.
    pub previous: U32,
    /// [`ConceptRecord::STUB`], [`ConceptRecord::TOMBSTONE`] or none of them.
    pub flags: U32,
    /// Sequence of the write that made this version.
    pub sequence: U64,
    /// When the concept was first created: microseconds since the Unix epoch.
    pub created: U64,
    /// When this version was written by its producer: microseconds since the Unix epoch.
    pub modified: U64,
    /// Strength in [0, 1].
    pub strength: F32,
    /// Confidence in [0, 1].
    pub confidence: F32,
    /// Blob position of the content, or `NO_BLOB`.
    pub content: U64,
    /// Blob position of the embedding (f32, little-endian), or `NO_BLOB`.
    pub vector: U64,
    /// Blob position of the metadata (JSON), or `NO_BLOB`.
    pub metadata: U64,
    /// Blob position of the key (UTF-8), or `NO_BLOB`.
    pub key: U64,
    /// Checksum of the content's payload.
    pub content_checksum: U32,
    /// Checksum of the embedding's payload.
    pub vector_checksum: U32,
    /// Checksum of the metadata's payload.
    pub metadata_checksum: U32,
    /// Checksum of the key's payload.
    pub key_checksum: U32,
    /// Counts the versions since the concept was learned or learned anew, from 1; 0 for stubs and tombstones.
    pub version: U32,
    /// Zero.
    pub reserved: U32,
    /// xxh3 of the 120 bytes before.
    pub checksum: U64,
}

const _: () = assert!(size_of::<ConceptRecord>() == 128);

impl ConceptRecord {
    /// Bytes of a record.
    pub const SIZE: usize = 128;
    /// Flag: an end of an association that nobody has learned yet.
    pub const STUB: u32 = 1;
    /// Flag: the concept is forgotten from here on.
    pub const TOMBSTONE: u32 = 2;

    /// Sets the checksum. The last step of making a record.
    pub fn seal(&mut self) {
        self.checksum = U64::new(checksum(self.covered()));
    }

    /// Whether the checksum matches.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.checksum.get() == checksum(self.covered())
    }

    #[expect(clippy::indexing_slicing, reason = "a record has 128 bytes")]
    fn covered(&self) -> &[u8] {
        &self.as_bytes()[..120]
    }

    /// Whether this version is a learned concept, neither stub nor tombstone.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.flags.get() & (Self::STUB | Self::TOMBSTONE) == 0
    }

    /// Whether this version is a stub.
    #[must_use]
    pub fn is_stub(&self) -> bool {
        self.flags.get() & Self::STUB != 0
    }

    /// Whether this version is a tombstone.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.flags.get() & Self::TOMBSTONE != 0
    }
}

/// One version of an association, or the tombstone of one association or of all that a slot had.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AssociationRecord {
    /// Slot of the source. In a slot's tombstone, that slot.
    pub source: U32,
    /// Slot of the target. In a slot's tombstone, that slot too.
    pub target: U32,
    /// The association's type.
    pub kind: u8,
    /// [`AssociationRecord::TOMBSTONE`], [`AssociationRecord::SLOT_TOMBSTONE`] or zero.
    pub flags: u8,
    /// Zero.
    pub reserved: U16,
    /// Ordinal of the record that this one ends, `NONE` if it ends none. A slot's tombstone ends all that came before it.
    pub previous: U32,
    /// Confidence in [0, 1].
    pub confidence: F32,
    /// Weight, any finite number.
    pub weight: F32,
    /// When the association was created: microseconds since the Unix epoch.
    pub created: U64,
    /// Sequence of the write that made this version.
    pub sequence: U64,
    /// Start of the validity interval, seconds since the Unix epoch; 0 for unbounded.
    pub valid_from: U32,
    /// End of the validity interval (exclusive), seconds since the Unix epoch; `u32::MAX` for unbounded.
    pub valid_until: U32,
    /// Blob position of the metadata (JSON), or `NO_BLOB`.
    pub metadata: U64,
    /// Checksum of the metadata's payload.
    pub metadata_checksum: U32,
    /// Low half of the xxh3 of the 60 bytes before.
    pub checksum: U32,
}

const _: () = assert!(size_of::<AssociationRecord>() == 64);

impl AssociationRecord {
    /// Bytes of a record.
    pub const SIZE: usize = 64;
    /// Flag: ends the association that `previous` names.
    pub const TOMBSTONE: u8 = 1;
    /// Flag: ends every association of the slot, in both directions.
    pub const SLOT_TOMBSTONE: u8 = 2;

    /// Sets the checksum. The last step of making a record.
    pub fn seal(&mut self) {
        self.checksum = U32::new(self.expected_checksum());
    }

    /// Whether the checksum matches.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.checksum.get() == self.expected_checksum()
    }

    /// Whether this is an association and not a tombstone.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.flags == 0
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low half is the checksum")]
    #[expect(clippy::indexing_slicing, reason = "a record has 64 bytes")]
    fn expected_checksum(&self) -> u32 {
        checksum(&self.as_bytes()[..60]) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromZeros;

    #[test]
    fn every_flipped_bit_of_a_record_is_found() {
        let mut concept = ConceptRecord::new_zeroed();
        concept.id = [7; 16];
        concept.seal();
        let mut association = AssociationRecord::new_zeroed();
        association.confidence = F32::new(0.5);
        association.seal();
        assert!(concept.is_intact() && association.is_intact());
        for bit in 0..128 * 8 {
            let mut flipped = concept;
            flipped.as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
            assert!(!flipped.is_intact(), "bit {bit} of a concept record");
        }
        for bit in 0..64 * 8 {
            let mut flipped = association;
            flipped.as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
            assert!(!flipped.is_intact(), "bit {bit} of an association record");
        }
    }
}
