//! Reading footers, from the newest back.

use sutra_format::DecodeError;
use sutra_format::footer::{FOOTER_HEADER_SIZE, FooterHeader, Listed};
use sutra_format::geometry::EXTENT_ALIGNMENT;
use sutra_format::header::Header;

use crate::error::StoreError;
use crate::extents::Place;
use crate::reading::Readable;

const REGION: &str = "footer";

/// Where a footer lies, and what its header's checksum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FooterPlace {
    pub(crate) position: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u64,
}

impl FooterPlace {
    /// The footer that a file header names; a store without a checkpoint has none.
    pub(crate) fn newest(header: &Header) -> Option<Self> {
        Self::of(header.footer_position.get(), header.footer_length.get(), header.footer_checksum.get())
    }

    /// The footer before another.
    pub(crate) fn before(footer: &FooterHeader) -> Option<Self> {
        let (position, length) = (footer.previous_position.get(), footer.previous_length.get());
        Self::of(position, length, footer.previous_checksum.get())
    }

    fn of(position: u64, length: u64, checksum: u64) -> Option<Self> {
        (position != 0).then_some(Self { position, length, checksum })
    }

    /// The part of the file that it takes.
    pub(crate) fn place(&self) -> Place {
        Place { position: self.position, size: self.length }
    }
}

/// A footer whose header and listed sections have been read and checked.
#[derive(Debug)]
pub(crate) struct Footer {
    pub(crate) place: FooterPlace,
    pub(crate) header: FooterHeader,
    listed: Vec<u8>,
}

impl Footer {
    /// Reads header and listed sections.
    pub(crate) fn read(readable: &Readable<'_>, place: FooterPlace) -> Result<Self, StoreError> {
        let position = place.position;
        let corrupt = |problem: &str| StoreError::corrupt(REGION, position, problem);
        if !position.is_multiple_of(EXTENT_ALIGNMENT) || !readable.holds(position, place.length) {
            return Err(corrupt("it lies outside the file"));
        }
        let bytes = readable.read(REGION, position, FOOTER_HEADER_SIZE.min(place.length))?;
        let header = FooterHeader::read(&bytes).map_err(StoreError::decode(REGION, position))?;
        if header.checksum.get() != place.checksum || header.length.get() != place.length {
            return Err(corrupt("it is another one than the header names"));
        }
        let range = header.listed_range();
        let listed = readable.read(REGION, position.saturating_add(range.start), range.end - range.start)?;
        header.listed(&listed).map_err(StoreError::decode(REGION, position))?;
        Ok(Self { place, header, listed })
    }

    /// The listed sections. Their checksum was verified when they were read, and is again: they are small.
    pub(crate) fn listed(&self) -> Result<Listed<'_>, StoreError> {
        self.header.listed(&self.listed).map_err(StoreError::decode(REGION, self.place.position))
    }

    /// Reads Bloom filter and index; their checksum is left to who asks them.
    pub(crate) fn read_index(&self, readable: &Readable<'_>) -> Result<Vec<u8>, StoreError> {
        let range = self.header.index_range();
        readable.read("index", self.place.position.saturating_add(range.start), range.end - range.start)
    }

    /// Whether it holds an image.
    pub(crate) fn has_image(&self) -> bool {
        self.header.image_position.get() != 0
    }

    /// The error for sections that do not decode.
    pub(crate) fn corrupt(&self, error: DecodeError) -> StoreError {
        StoreError::corrupt(REGION, self.place.position, error)
    }
}

/// The footers from the newest back to the first.
#[derive(Debug)]
pub(crate) struct Chain<'a> {
    readable: Readable<'a>,
    next: Option<FooterPlace>,
    /// What the footer that names `next`, or the file header, says of it.
    successor: Successor,
}

#[derive(Clone, Copy, Debug)]
struct Successor {
    newest: bool,
    commit: u64,
    sequence: u64,
    concepts: u32,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(readable: Readable<'a>, header: &Header) -> Self {
        let successor = Successor {
            newest: true,
            commit: header.commit.get(),
            sequence: header.sequence.get(),
            concepts: header.concepts.get(),
        };
        Self { readable, next: FooterPlace::newest(header), successor }
    }

    fn read(&mut self, place: FooterPlace) -> Result<Footer, StoreError> {
        let footer = Footer::read(&self.readable, place)?;
        let (commit, sequence) = (footer.header.commit.get(), footer.header.sequence.get());
        // Commit numbers fall strictly, so the chain ends.
        let follows = if self.successor.newest {
            commit == self.successor.commit && sequence == self.successor.sequence
        } else {
            commit < self.successor.commit && sequence <= self.successor.sequence
        };
        if !follows || footer.header.concepts.get() != self.successor.concepts {
            return Err(StoreError::corrupt(REGION, place.position, "it does not fit to the commit after it"));
        }
        self.successor = Successor { newest: false, commit, sequence, concepts: footer.header.first_concept.get() };
        self.next = FooterPlace::before(&footer.header);
        Ok(footer)
    }
}

impl Iterator for Chain<'_> {
    type Item = Result<Footer, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let place = self.next.take()?;
        Some(self.read(place))
    }
}
