//! Opening a store: the newest whole header, the footers back to the last image, maps of everything.

use std::sync::Arc;

use sutra_format::AccessEntry;
use sutra_format::catalogue::Catalogue;
use sutra_format::header::{Chosen, HEADER_END, Header, OtherSlot};
use sutra_format::image::ImageHeader;
use sutra_snapshot::{Arena, Image, Restore};
use sutra_vfs::{Directory, File, Map};

use crate::access::{self, ImageRows, Overlay};
use crate::arenas;
use crate::create::remove_temporary;
use crate::error::StoreError;
use crate::extents::{Extents, Place};
use crate::footers::{Chain, Footer};
use crate::reading::Readable;
use crate::slots;
use crate::store::{FILE_NAME, ImagePlace, RepairedHeader, Store, footer_space};

impl Store {
    /// Opens the store of a directory, with all that its last checkpoint holds; `None` when there is none. Takes time in
    /// proportion to the number of chunks and to what the image does not cover, not to the number of records.
    ///
    /// # Errors
    /// [`StoreError::NotOurs`], [`StoreError::NewerVersion`], [`StoreError::Corrupt`], [`StoreError::SyncFailed`],
    /// [`StoreError::Io`].
    pub fn open(directory: Arc<dyn Directory>) -> Result<Option<(Self, Restore)>, StoreError> {
        remove_temporary(&*directory)?;
        let Some(file) = directory.open(FILE_NAME).map_err(StoreError::io("opening storage.dat"))? else {
            return Ok(None);
        };
        let chosen = slots::read(&*file)?;
        let repaired = look_at_slots(&chosen);
        let header = chosen.header;
        let readable = bounds(&*file, &header)?;
        let read = Footers::read(readable, &header)?;
        let restored = read.restore(&*file, &header)?;
        let Footers { extents, catalogue, overlay, footers, footer_bytes, .. } = read;
        let (image, mapped, access) = match restored {
            Restored::Image(place, image) => (Some(place), Some(*image), overlay),
            // Counts of the rows that could be read lie under what later footers say.
            Restored::Rows(rows) => {
                let mut all = Overlay::new();
                access::overlay(&mut all, &rows);
                all.extend(overlay);
                (None, None, all)
            }
        };
        let restore = Restore {
            lengths: slots::lengths(&header),
            sequence: header.sequence.get(),
            timestamp: header.commit_time.get(),
            catalogue,
            chunks: map_chunks(&*file, &extents)?,
            image: mapped,
            access: access.values().copied().collect(),
        };
        if header.commit.get() == 0 {
            // A process that was killed while it created the store may have left a name that is not durable. Nothing is
            // committed to a file that a power cut may take away.
            directory.sync().map_err(|source| StoreError::SyncFailed { source })?;
        }
        let stale_slot = write_both_again(&*file, &chosen)?;
        let lengths = slots::lengths(&header);
        let store = Self {
            file,
            header,
            end: header.file_end.get(),
            next_commit: header.commit.get().saturating_add(1),
            stale_slot,
            repaired_header: repaired,
            extents,
            definitions: restore.catalogue.len(),
            image,
            access,
            access_since_image: None,
            footers,
            footer_bytes,
            handed: Arena::ALL.map(|arena| arenas::full_chunks(arena, &lengths)),
            distrusted: false,
            unimageable: false,
            poisoned: false,
        };
        Ok(Some((store, restore)))
    }
}

/// Makes the chosen header durable in both slots, one after the other.
///
/// Whichever was found may stand in the page cache alone, written by a process that was killed before its sync, or whose sync
/// failed. What is shown to readers from here on, and what the log is cut by, must survive a power cut, also one that tears
/// the next write of a slot. After a failed sync a page counts as clean, so that a sync alone would not write it: the same
/// bytes are written again.
///
/// A disk that takes no writes still shows what it holds: where both slots were found whole, the first one that cannot be
/// written is given, and everything goes on but what relies on it, see [`Store::repair`].
fn write_both_again(file: &dyn File, chosen: &Chosen) -> Result<Option<usize>, StoreError> {
    let other = 1 - chosen.slot.min(1);
    let order = match chosen.other {
        // The earlier commit is durable, or the later one had not been begun; the later one may not be.
        OtherSlot::Earlier => [chosen.slot, other],
        // The only header that can be read stays as it is until there is another one.
        OtherSlot::Damaged(_) => [other, chosen.slot],
        // A commit writes slot 0 first, so that it is durable if one of them alone is.
        OtherSlot::Same => [1, 0],
    };
    for slot in order {
        match slots::write(file, slot, &chosen.header) {
            Ok(()) => file.sync_data().map_err(|source| StoreError::SyncFailed { source })?,
            Err(_) if chosen.other == OtherSlot::Same => return Ok(Some(slot)),
            Err(source) => return Err(StoreError::Io { doing: "writing a header again", source }),
        }
    }
    Ok(None)
}

fn look_at_slots(chosen: &Chosen) -> Option<RepairedHeader> {
    let slot = 1 - chosen.slot.min(1);
    match chosen.other {
        OtherSlot::Same => None,
        OtherSlot::Earlier => {
            tracing::info!(slot, "a commit was interrupted between its two headers; the later one is used");
            Some(RepairedHeader { slot, damaged: false })
        }
        OtherSlot::Damaged(error) => {
            tracing::warn!(slot, %error, "one of the two headers is damaged; the other one is used");
            Some(RepairedHeader { slot, damaged: true })
        }
    }
}

/// The part of the file that the header says is allocated. The file reaches that far, or was cut short.
pub(crate) fn bounds<'a>(file: &'a dyn File, header: &Header) -> Result<Readable<'a>, StoreError> {
    let length = file.len().map_err(StoreError::io("reading the length of storage.dat"))?;
    let end = header.file_end.get();
    if end < HEADER_END {
        return Err(StoreError::corrupt("file header", 0, "it says that the file ends before its headers do"));
    }
    if end > length {
        let problem = format!("the file was cut short: it has {length} bytes, its header says {end}");
        return Err(StoreError::corrupt("file", length, problem));
    }
    Ok(Readable { file, end })
}

/// What the footers back to the last image say together.
pub(crate) struct Footers {
    pub(crate) extents: Extents,
    pub(crate) catalogue: Catalogue,
    pub(crate) overlay: Overlay,
    /// The footer with the image.
    pub(crate) image: Option<Footer>,
    footers: u32,
    footer_bytes: u64,
}

enum Restored {
    Image(ImagePlace, Box<Image>),
    /// No image can be used; what its rows still say.
    Rows(Vec<AccessEntry>),
}

impl Footers {
    pub(crate) fn read(readable: Readable<'_>, header: &Header) -> Result<Self, StoreError> {
        let mut newest_first = Vec::new();
        for footer in Chain::new(readable, header) {
            let footer = footer?;
            let last = footer.has_image();
            newest_first.push(footer);
            if last {
                break;
            }
        }
        let mut read = Self {
            extents: Extents::default(),
            catalogue: Catalogue::new(),
            overlay: Overlay::new(),
            image: None,
            footers: 0,
            footer_bytes: 0,
        };
        let mut others = Vec::new();
        for footer in newest_first.into_iter().rev() {
            read.take(&footer)?;
            others.push(footer.place.place());
            if footer.has_image() {
                let (position, size) = (footer.header.image_position.get(), footer.header.image_length.get());
                others.push(Place { position, size });
                read.image = Some(footer);
            }
        }
        read.extents.check(&slots::lengths(header), &readable, &others)?;
        Ok(read)
    }

    /// Applies one footer, oldest first.
    fn take(&mut self, footer: &Footer) -> Result<(), StoreError> {
        let listed = footer.listed()?;
        for extent in listed.extents {
            self.extents.push(extent, footer.place.position)?;
        }
        if !listed.catalogue.is_empty() {
            self.catalogue = Catalogue::decode(listed.catalogue).map_err(|error| footer.corrupt(error))?;
        }
        access::overlay(&mut self.overlay, listed.access);
        self.footers = self.footers.saturating_add(1);
        self.footer_bytes = self.footer_bytes.saturating_add(footer_space(footer.place.length));
        Ok(())
    }

    /// Maps the image, or says what can be had of a damaged one.
    fn restore(&self, file: &dyn File, header: &Header) -> Result<Restored, StoreError> {
        let Some(footer) = &self.image else { return Ok(Restored::Rows(Vec::new())) };
        let position = footer.header.image_position.get();
        let distrusted = header.flags.get() & Header::DISTRUST_IMAGE != 0;
        let problem = if distrusted {
            "blocks of it were found damaged".to_owned()
        } else {
            match open_image(file, footer)? {
                Ok((place, image)) => return Ok(Restored::Image(place, Box::new(image))),
                Err(problem) => problem,
            }
        };
        tracing::warn!(position, problem, "the image is not used, its columns are built from the records again");
        let mut rows = ImageRows::of_footer(file, &footer.header);
        let entries = rows.entries().map_err(StoreError::io("reading the rows of the image"))?;
        if rows.damaged > 0 {
            tracing::warn!(blocks = rows.damaged, "access counts in damaged blocks of the image are lost");
        }
        Ok(Restored::Rows(entries))
    }
}

/// Opens the image that a footer names; says what is wrong with one that cannot be used.
fn open_image(file: &dyn File, footer: &Footer) -> Result<Result<(ImagePlace, Image), String>, StoreError> {
    let (place, map) = match open_image_map(file, footer)? {
        Ok(opened) => opened,
        Err(problem) => return Ok(Err(problem)),
    };
    let range = place.header.row_range();
    let length = usize::try_from(range.end - range.start).map_err(|_| too_long(place.position))?;
    let rows = place.position.saturating_add(range.start);
    let rows = file.map_private(rows, length).map_err(StoreError::io("mapping the image's rows"))?;
    Ok(Image::open(map, rows).map(|image| (place, image)).map_err(|error| error.to_string()))
}

/// Maps the image that a footer names and verifies its header and its checks; says what is wrong with them.
pub(crate) fn open_image_map(
    file: &dyn File,
    footer: &Footer,
) -> Result<Result<(ImagePlace, Map), String>, StoreError> {
    let position = footer.header.image_position.get();
    let length = usize::try_from(footer.header.image_length.get()).map_err(|_| too_long(position))?;
    let map = file.map(position, length).map_err(StoreError::io("mapping the image"))?;
    let header = check_image(&map, footer);
    Ok(header.map(|header| (ImagePlace { position, header }, map)))
}

fn too_long(position: u64) -> StoreError {
    StoreError::corrupt("image", position, "it is longer than memory")
}

/// Checks an image's header, that it is the one that the footer names, and the checksum of its checks.
fn check_image(map: &Map, footer: &Footer) -> Result<ImageHeader, String> {
    let header = ImageHeader::read(map).map_err(|error| error.to_string())?;
    let named = &footer.header;
    let same = header.checksum == named.image_checksum
        && header.length == named.image_length
        && header.slots == named.image_slots
        && header.concepts == named.image_concepts
        && header.associations == named.image_associations
        && header.edges == named.image_edges
        && header.sequence == named.image_sequence;
    if !same {
        return Err("it is another one than the footer names".to_owned());
    }
    header.block_checks(map).map_err(|error| error.to_string())?;
    Ok(header)
}

/// Maps every chunk, its whole extent.
fn map_chunks(file: &dyn File, extents: &Extents) -> Result<[Vec<Map>; 3], StoreError> {
    let mut chunks = [Vec::new(), Vec::new(), Vec::new()];
    for (arena, maps) in Arena::ALL.into_iter().zip(&mut chunks) {
        for index in 0..extents.count(arena) {
            if let Some(place) = extents.get(arena, index) {
                maps.push(map_chunk(file, place)?);
            }
        }
    }
    Ok(chunks)
}

/// Maps one chunk, its whole extent.
pub(crate) fn map_chunk(file: &dyn File, place: Place) -> Result<Map, StoreError> {
    let too_long = || StoreError::corrupt("extent table", place.position, "an extent is larger than memory");
    let length = usize::try_from(place.size).map_err(|_| too_long())?;
    file.map(place.position, length).map_err(StoreError::io("mapping a chunk of storage.dat"))
}
