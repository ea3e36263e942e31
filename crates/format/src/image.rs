//! The image: derived columns of everything that one checkpoint holds, in one contiguous extent.
//!
//! It saves the next open from reading all records: slot rows, the table from ids to slots, and the visible associations
//! as compressed sparse rows in both directions. It is derived, never trusted over records, and can be made again from
//! them. Counts fix the place of every section ([`ImageHeader::layout`]): a header whose offsets
//! are others is damaged.
//!
//! The first page holds the [`ImageHeader`]. Behind it everything is checksummed in blocks, each verified at its first
//! access; the sums stand at the end and are checksummed in the header.

use std::ops::Range;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::checksum;
use crate::error::DecodeError;

/// The first eight bytes of an image.
pub const IMAGE_MAGIC: [u8; 8] = *b"SUTRAIMG";

/// The version of the image's layout. An image of another version is rebuilt.
pub const IMAGE_VERSION: u32 = 2;

/// Bytes of a block: what one checksum covers.
pub const IMAGE_BLOCK: u64 = 64 << 10;

/// Sections begin at multiples of this; the first block begins here.
pub const IMAGE_PAGE: u64 = 4096;

/// The id word of no slot.
pub const ID_EMPTY: u64 = u64::MAX;

/// Where the columns of one direction begin, in bytes from the start of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ImageSide {
    /// U32 for each slot and one more: the index of the slot's first edge.
    pub offsets: U64,
    /// U32 for each edge: the slot at the other end.
    pub targets: U64,
    /// U32 for each edge: the ordinal of its association record; ascending in a row.
    pub ordinals: U64,
    /// F32 for each edge: its confidence.
    pub confidences: U64,
    /// u8 for each edge: its association type.
    pub kinds: U64,
}

/// Begins every image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ImageHeader {
    /// [`IMAGE_MAGIC`].
    pub magic: [u8; 8],
    /// [`IMAGE_VERSION`].
    pub version: U32,
    /// [`IMAGE_BLOCK`].
    pub block_size: U32,
    /// Slots that the image covers.
    pub slots: U32,
    /// Concept records that it covers.
    pub concepts: U32,
    /// Association records that it covers.
    pub associations: U32,
    /// Edges in each direction.
    pub edges: U32,
    /// The last sequence that it covers.
    pub sequence: U64,
    /// [`ImageRow`] for each slot, from the start of the image.
    pub rows: U64,
    /// Id words (u64 each), from the start of the image.
    pub ids: U64,
    /// How many id words there are.
    pub id_words: U64,
    /// Edges by their source.
    pub out: ImageSide,
    /// Edges by their target.
    pub incoming: ImageSide,
    /// U64 for each block: its xxh3; from the start of the image.
    pub checks: U64,
    /// Bytes of the image.
    pub length: U64,
    /// xxh3 of the bytes of all checks.
    pub checks_checksum: U64,
    /// xxh3 of all fields before.
    pub checksum: U64,
}

/// What an image holds of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ImageRow {
    /// Ordinal of the newest concept record.
    pub latest: U32,
    /// 1 if the slot is the source of an edge, else 0.
    pub out: U32,
    /// 1 if the slot is the target of an edge, else 0.
    pub incoming: U32,
    /// 0.
    pub versions: U32,
    /// Last access in microseconds since the Unix epoch; 0 for never.
    pub last_accessed: U64,
    /// Number of accesses; all bits set if it was lost with a damaged image, see [`LOST_COUNT`].
    pub access_count: U32,
    /// 0.
    pub reserved: U32,
}

/// The access count of a slot whose count stood in a block that was damaged: nobody knows it, and it stays so until the
/// concept is forgotten.
pub const LOST_COUNT: u32 = u32::MAX;

const _: () = {
    assert!(size_of::<ImageSide>() == 40);
    assert!(size_of::<ImageHeader>() == 176);
    assert!(size_of::<ImageRow>() == 32);
};

/// The ranges of the columns of one direction, in bytes from the start of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageColumns {
    /// U32 for each slot and one more.
    pub offsets: Range<u64>,
    /// U32 for each edge.
    pub targets: Range<u64>,
    /// U32 for each edge.
    pub ordinals: Range<u64>,
    /// F32 for each edge.
    pub confidences: Range<u64>,
    /// u8 for each edge.
    pub kinds: Range<u64>,
}

/// The part of an id's hash that stands in its id word.
#[must_use]
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "32 of the hash's bits are meant")]
pub const fn id_tag(hash: u64) -> u32 {
    (hash >> 24) as u32
}

/// The word at which the search for an id begins in the table of `slots` slots: in proportion to the hash's 40 highest bits,
/// which the word's tag and the part of the table that it lies in tell.
#[must_use]
#[inline]
pub const fn id_home(hash: u64, slots: u32) -> u64 {
    ((((hash >> 24) << 24) as u128 * id_homes(slots) as u128) >> 64) as u64
}

/// How many of the words are some id's first: two in three of them are used when all slots are in the table.
const fn id_homes(slots: u32) -> u64 {
    slots as u64 + slots as u64 / 2 + 1
}

/// The word of an id with this hash and slot.
#[must_use]
#[inline]
pub const fn id_word(hash: u64, slot: u32) -> u64 {
    (id_tag(hash) as u64) << 32 | slot as u64
}

/// Words behind the last home, for the ids that find theirs and those behind it taken: a search never goes round.
const ID_TAIL: u64 = 512;

/// How many words the id table of `slots` slots has.
#[must_use]
pub const fn id_words(slots: u32) -> u64 {
    id_homes(slots) + ID_TAIL
}

impl ImageHeader {
    /// The header of an image of so much, without its checksums: where every section begins and how long it is.
    #[must_use]
    pub fn layout(slots: u32, concepts: u32, associations: u32, edges: u32, sequence: u64) -> Self {
        // No sum overflows: counts have 32 bits and no entry more than 32 bytes.
        let mut end = IMAGE_PAGE;
        let mut place = |length: u64| {
            let start = end;
            end = (start + length).next_multiple_of(IMAGE_PAGE);
            U64::new(start)
        };
        let (slot_count, edge_count) = (u64::from(slots), u64::from(edges));
        let words = id_words(slots);
        let rows = place(slot_count * size_of::<ImageRow>() as u64);
        let ids = place(words * 8);
        let mut side = || ImageSide {
            offsets: place((slot_count + 1) * 4),
            targets: place(edge_count * 4),
            ordinals: place(edge_count * 4),
            confidences: place(edge_count * 4),
            kinds: place(edge_count),
        };
        let (out, incoming) = (side(), side());
        let checks = place(0);
        let blocks = (checks.get() - IMAGE_PAGE).div_ceil(IMAGE_BLOCK);
        Self {
            magic: IMAGE_MAGIC,
            version: U32::new(IMAGE_VERSION),
            block_size: U32::new(65_536),
            slots: U32::new(slots),
            concepts: U32::new(concepts),
            associations: U32::new(associations),
            edges: U32::new(edges),
            sequence: U64::new(sequence),
            rows,
            ids,
            id_words: U64::new(words),
            out,
            incoming,
            checks,
            length: U64::new((checks.get() + blocks * 8).next_multiple_of(IMAGE_PAGE)),
            checks_checksum: U64::ZERO,
            checksum: U64::ZERO,
        }
    }

    /// Sets both checksums. `checks` are the sums of all blocks.
    pub fn seal(&mut self, checks: &[U64]) {
        self.checks_checksum = U64::new(checksum(checks.as_bytes()));
        self.checksum = U64::new(self.expected_checksum());
    }

    fn expected_checksum(&self) -> u64 {
        let mut unsealed = *self;
        unsealed.checksum = U64::ZERO;
        let bytes = unsealed.as_bytes();
        checksum(bytes.split_last_chunk::<8>().map_or(bytes, |(before, _)| before))
    }

    /// Reads the header from the first bytes of an image and checks all of it: afterwards its ranges are those that its
    /// counts demand. That the image has `length` bytes, the caller checks.
    ///
    /// # Errors
    /// [`DecodeError`] for another magic number, version or checksum, and for impossible offsets.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        const STRUCTURE: &str = "image header";
        let (header, _) = Self::ref_from_prefix(bytes).map_err(|_| DecodeError::Truncated { structure: STRUCTURE })?;
        if header.magic != IMAGE_MAGIC {
            return Err(DecodeError::Magic { structure: STRUCTURE });
        }
        if header.version.get() != IMAGE_VERSION {
            let (found, supported) = (header.version.get(), IMAGE_VERSION);
            return Err(DecodeError::Version { structure: STRUCTURE, found, supported });
        }
        if header.checksum.get() != header.expected_checksum() {
            return Err(DecodeError::Checksum { structure: STRUCTURE });
        }
        let mut expected = Self::layout(
            header.slots.get(),
            header.concepts.get(),
            header.associations.get(),
            header.edges.get(),
            header.sequence.get(),
        );
        expected.checks_checksum = header.checks_checksum;
        expected.checksum = header.checksum;
        if *header != expected {
            return Err(DecodeError::Field { structure: STRUCTURE, field: "offset" });
        }
        Ok(*header)
    }

    /// The range of the rows.
    #[must_use]
    pub fn row_range(&self) -> Range<u64> {
        section(self.rows, u64::from(self.slots.get()) * size_of::<ImageRow>() as u64)
    }

    /// The range of the id words.
    #[must_use]
    pub fn id_range(&self) -> Range<u64> {
        section(self.ids, self.id_words.get() * 8)
    }

    /// The ranges of the edges by their source.
    #[must_use]
    pub fn out_columns(&self) -> ImageColumns {
        self.columns(&self.out)
    }

    /// The ranges of the edges by their target.
    #[must_use]
    pub fn in_columns(&self) -> ImageColumns {
        self.columns(&self.incoming)
    }

    fn columns(&self, side: &ImageSide) -> ImageColumns {
        let edges = u64::from(self.edges.get());
        ImageColumns {
            offsets: section(side.offsets, (u64::from(self.slots.get()) + 1) * 4),
            targets: section(side.targets, edges * 4),
            ordinals: section(side.ordinals, edges * 4),
            confidences: section(side.confidences, edges * 4),
            kinds: section(side.kinds, edges),
        }
    }

    /// The range of the checks.
    #[must_use]
    pub fn check_range(&self) -> Range<u64> {
        section(self.checks, self.blocks() * 8)
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.checks.get().saturating_sub(IMAGE_PAGE).div_ceil(IMAGE_BLOCK)
    }

    /// The block of a byte of the image, counted from the image's start. The header's page is in none.
    #[must_use]
    #[inline]
    pub fn block_of(&self, offset: u64) -> Option<u64> {
        if offset >= self.checks.get() {
            return None;
        }
        offset.checked_sub(IMAGE_PAGE).map(|offset| offset / IMAGE_BLOCK)
    }

    /// The range of a block; the last one ends at the checks. Empty beyond the last one.
    #[must_use]
    #[inline]
    pub fn block_range(&self, block: u64) -> Range<u64> {
        let end = self.checks.get();
        let start = block.saturating_mul(IMAGE_BLOCK).saturating_add(IMAGE_PAGE).min(end);
        start..start.saturating_add(IMAGE_BLOCK).min(end)
    }

    /// The sums of all blocks, from the bytes of the whole image.
    ///
    /// # Errors
    /// [`DecodeError`] when the image is too short or the sums are damaged.
    pub fn block_checks<'a>(&self, image: &'a [u8]) -> Result<&'a [U64], DecodeError> {
        const STRUCTURE: &str = "image checks";
        let bytes = slice(image, self.check_range())?;
        if checksum(bytes) != self.checks_checksum.get() {
            return Err(DecodeError::Checksum { structure: STRUCTURE });
        }
        <[U64]>::ref_from_bytes(bytes).map_err(|_| DecodeError::Truncated { structure: STRUCTURE })
    }
}

/// The bytes of a range of an image.
///
/// # Errors
/// [`DecodeError::Truncated`] when the image is shorter.
pub fn slice(image: &[u8], range: Range<u64>) -> Result<&[u8], DecodeError> {
    let cut = DecodeError::Truncated { structure: "image" };
    let start = usize::try_from(range.start).map_err(|_| cut)?;
    let end = usize::try_from(range.end).map_err(|_| cut)?;
    image.get(start..end).ok_or(cut)
}

fn section(start: U64, length: u64) -> Range<u64> {
    // `read` has compared the offsets with the layout's, so this does not overflow; saturating for a header made by hand.
    start.get()..start.get().saturating_add(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> ImageHeader {
        let mut header = ImageHeader::layout(1000, 1500, 4000, 3000, 77);
        let checks = vec![U64::new(5); usize::try_from(header.blocks()).unwrap()];
        header.seal(&checks);
        header
    }

    #[test]
    fn sections_are_aligned_and_follow_each_other() {
        for (slots, edges) in [(0, 0), (1, 0), (1000, 3000), (10_000_000, 100_000_000), (u32::MAX, u32::MAX)] {
            let header = ImageHeader::layout(slots, slots, edges, edges, 1);
            let (out, incoming) = (header.out_columns(), header.in_columns());
            let sections = [
                header.row_range(),
                header.id_range(),
                out.offsets,
                out.targets,
                out.ordinals,
                out.confidences,
                out.kinds,
                incoming.offsets,
                incoming.targets,
                incoming.ordinals,
                incoming.confidences,
                incoming.kinds,
                header.check_range(),
            ];
            let mut end = IMAGE_PAGE;
            for section in sections {
                assert_eq!(section.start, end.next_multiple_of(IMAGE_PAGE));
                end = section.end;
            }
            assert_eq!(header.length.get(), end.next_multiple_of(IMAGE_PAGE));
        }
    }

    #[test]
    fn blocks_cover_all_but_the_header_and_the_checks() {
        let header = sealed();
        let mut end = IMAGE_PAGE;
        for block in 0..header.blocks() {
            let range = header.block_range(block);
            assert_eq!(range.start, end);
            assert_eq!(header.block_of(range.start), Some(block));
            assert_eq!(header.block_of(range.end - 1), Some(block));
            end = range.end;
        }
        assert_eq!(end, header.check_range().start);
        assert_eq!(header.block_of(4095), None);
        assert_eq!(header.block_of(end), None);
        assert!(header.block_range(header.blocks()).is_empty());
    }

    #[test]
    fn every_flipped_bit_of_the_header_is_found() {
        let header = sealed();
        assert_eq!(ImageHeader::read(header.as_bytes()), Ok(header));
        for bit in 0..header.as_bytes().len() * 8 {
            let mut flipped = header;
            flipped.as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
            assert!(ImageHeader::read(flipped.as_bytes()).is_err(), "bit {bit}");
        }
        assert!(ImageHeader::read(&header.as_bytes()[..175]).is_err());
    }

    #[test]
    fn offsets_that_no_writer_writes_are_refused() {
        let mut header = sealed();
        header.ids = U64::new(header.ids.get() + 4096);
        header.checksum = U64::new(header.expected_checksum());
        let expected = DecodeError::Field { structure: "image header", field: "offset" };
        assert_eq!(ImageHeader::read(header.as_bytes()), Err(expected));
    }

    #[test]
    fn homes_are_spread_over_two_thirds_of_the_table() {
        for slots in [0, 1, 2, 3, 1000, u32::MAX] {
            let words = id_words(slots);
            assert!(u64::from(slots) * 3 / 2 <= words - ID_TAIL, "{slots}");
            assert_eq!((id_home(0, slots), id_home(u64::MAX, slots)), (0, words - ID_TAIL - 1), "{slots}");
            // What the tag and the highest eight bits do not hold does not matter.
            assert_eq!(id_home(0x0123_4567_89ff_ffff, slots), id_home(0x0123_4567_8900_0000, slots));
        }
        assert_eq!(id_word(0x1234_5678_9abc_def0, 7), 0x3456_789a_0000_0007);
    }
}
