//! Setting checksums right in a `storage.dat` that was changed.

use std::collections::HashMap;
use std::sync::OnceLock;

use sutra_format::footer::FooterHeader;
use sutra_format::header::{HEADER_SLOTS, Header};
use sutra_format::image::ImageHeader;
use sutra_format::{AssociationRecord, ConceptRecord, checksum};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, IntoBytes};

use crate::valid;

/// Which checksums.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed(u8);

impl Sealed {
    pub(crate) const RECORDS: u8 = 1;
    pub(crate) const IMAGE: u8 = 2;
    pub(crate) const FOOTERS: u8 = 4;
    pub(crate) const HEADERS: u8 = 8;

    pub(crate) fn new(flags: u8) -> Self {
        Self(flags)
    }

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// Where things lie in the valid file.
struct Places {
    /// Footers, oldest first.
    footers: Vec<usize>,
    images: Vec<usize>,
    /// Concept records and association records.
    records: [Vec<usize>; 2],
}

fn places() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(find_places)
}

fn find_places() -> Places {
    let file = valid::file();
    let begins = |magic: &[u8; 8]| (0..file.len()).step_by(4096).filter(|at| file[*at..].starts_with(magic)).collect();
    let footers: Vec<usize> = begins(b"SUTRAFTR");
    let mut records = [Vec::new(), Vec::new()];
    let (header, _) = Header::read_from_prefix(file).expect("a header");
    for at in &footers {
        let footer = FooterHeader::read(&file[*at..]).expect("a footer");
        let range = footer.listed_range();
        let listed = footer.listed(range_of(&file[*at..], range.start, range.end)).expect("listed");
        for extent in listed.extents.iter().filter(|extent| extent.chunk.get() == 0) {
            let (size, count) = match extent.arena.get() {
                0 => (ConceptRecord::SIZE, header.concepts.get()),
                1 => (AssociationRecord::SIZE, header.associations.get()),
                _ => continue,
            };
            let start = usize::try_from(extent.position.get()).expect("fits");
            records[extent.arena.get() as usize] = (0..count as usize).map(|index| start + index * size).collect();
        }
    }
    Places { footers, images: begins(b"SUTRAIMG"), records }
}

/// The bytes of a range that a file may not reach.
fn range_of(bytes: &[u8], start: u64, end: u64) -> &[u8] {
    let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    &bytes[bound(start)..bound(end).max(bound(start))]
}

/// Sets checksums right, from the records upwards, each with those that refer to it if they are to be set too.
pub(crate) fn seal(file: &mut [u8], what: Sealed) {
    let places = places();
    if what.has(Sealed::RECORDS) {
        for at in &places.records[0] {
            if let Ok((record, _)) = ConceptRecord::mut_from_prefix(&mut file[*at..]) {
                record.seal();
            }
        }
        for at in &places.records[1] {
            if let Ok((record, _)) = AssociationRecord::mut_from_prefix(&mut file[*at..]) {
                record.seal();
            }
        }
    }
    let (mut images, mut footers) = (HashMap::new(), HashMap::new());
    for at in places.images.iter().copied() {
        let image = &mut file[at..];
        if what.has(Sealed::IMAGE) {
            seal_image(image);
        }
        if let Ok((header, _)) = ImageHeader::ref_from_prefix(image) {
            images.insert(at as u64, header.checksum);
        }
    }
    for at in places.footers.iter().copied() {
        let footer = &mut file[at..];
        let Ok((mut header, _)) = FooterHeader::read_from_prefix(footer) else { continue };
        if what.has(Sealed::FOOTERS) {
            if let Some(checksum) = images.get(&header.image_position.get()) {
                header.image_checksum = *checksum;
            }
            if let Some(checksum) = footers.get(&header.previous_position.get()) {
                header.previous_checksum = *checksum;
            }
            let (listed, index) = (header.listed_range(), header.index_range());
            header.listed_checksum = U64::new(checksum(range_of(footer, listed.start, listed.end)));
            header.index_checksum = U64::new(checksum(range_of(footer, index.start, index.end)));
            header.seal();
            footer[..size_of::<FooterHeader>()].copy_from_slice(header.as_bytes());
        }
        footers.insert(at as u64, header.checksum);
    }
    if what.has(Sealed::HEADERS) {
        for slot in HEADER_SLOTS {
            let at = usize::try_from(slot).expect("small");
            if let Ok((header, _)) = Header::mut_from_prefix(&mut file[at..]) {
                if let Some(checksum) = footers.get(&header.footer_position.get()) {
                    header.footer_checksum = *checksum;
                }
                header.seal();
            }
        }
    }
}

/// Its offsets follow from its counts, or it would be refused for that alone.
fn seal_image(image: &mut [u8]) {
    let Ok((given, _)) = ImageHeader::read_from_prefix(image) else { return };
    let mut header = ImageHeader::layout(
        given.slots.get(),
        given.concepts.get(),
        given.associations.get(),
        given.edges.get(),
        given.sequence.get(),
    );
    if header.length.get() > image.len() as u64 {
        return;
    }
    let checks: Vec<U64> = (0..header.blocks())
        .map(|block| header.block_range(block))
        .map(|block| U64::new(checksum(range_of(image, block.start, block.end))))
        .collect();
    let at = usize::try_from(header.check_range().start).expect("within the image");
    image[at..at + checks.len() * 8].copy_from_slice(checks.as_bytes());
    header.seal(&checks);
    image[..size_of::<ImageHeader>()].copy_from_slice(header.as_bytes());
}
