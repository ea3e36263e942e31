//! Reading the last checkpoint without the engine.

use std::sync::Arc;

use sutra_format::footer::FooterHeader;
use sutra_format::geometry::{BLOB_PREFIX, blob_space, locate, split};
use sutra_format::header::Header;
use sutra_format::{ConceptId, ConceptRecord, NO_BLOB, blob_checksum, bloom, checksum, id_hash, index};
use sutra_snapshot::Arena;
use sutra_vfs::{Directory, File, Map};
use zerocopy::FromBytes;

use crate::arenas::CONCEPT;
use crate::error::StoreError;
use crate::extents::Extents;
use crate::footers::Chain;
use crate::image_reader::ImageReader;
use crate::open::{Footers, bounds, open_image_map};
use crate::reading::Readable;
use crate::slots;
use crate::store::FILE_NAME;

/// The last checkpoint of a store, read where it lies: nothing is loaded but what a question needs.
///
/// It takes no lock and may be open while the engine writes: it goes on to show the checkpoint that was the last one when
/// it was opened, since committed bytes never change. It does not see the write-ahead log.
///
/// ```
/// use std::sync::Arc;
///
/// use sutra_format::ConceptId;
/// use sutra_store::{CheckpointReader, Store, StoreOptions};
/// use sutra_vfs::sim::SimDirectory;
///
/// let directory = Arc::new(SimDirectory::new());
/// let options = StoreOptions { store_id: [7; 16], initial_size: 1 << 20, created: 0 };
/// Store::create(directory.clone(), options)?;
///
/// let reader = CheckpointReader::open(directory)?;
/// assert!(reader.find(&ConceptId::from_key("otter")?)?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CheckpointReader {
    file: Arc<dyn File>,
    header: Header,
    extents: Extents,
    /// Newest first, of all concept records that the image does not cover.
    indexes: Vec<FooterIndex>,
    image: Option<ImageReader>,
}

/// A concept of a checkpoint.
#[derive(Clone, Debug)]
pub struct Found {
    /// The newest record: a concept, a stub or a tombstone.
    pub record: ConceptRecord,
    /// The content; empty for a stub or a tombstone.
    pub content: Vec<u8>,
}

/// Bloom filter and index of one footer, mapped; verified when it was opened.
#[derive(Debug)]
struct FooterIndex {
    position: u64,
    header: FooterHeader,
    map: Map,
}

impl CheckpointReader {
    /// Opens the last checkpoint. Reads the footers that the image does not cover; blocks for that long.
    ///
    /// # Errors
    /// [`StoreError::Absent`], [`StoreError::NotOurs`], [`StoreError::NewerVersion`], [`StoreError::Corrupt`],
    /// [`StoreError::Io`].
    pub fn open(directory: Arc<dyn Directory>) -> Result<Self, StoreError> {
        let file = directory.open(FILE_NAME).map_err(StoreError::io("opening storage.dat"))?;
        let file = file.ok_or(StoreError::Absent)?;
        let header = slots::read(&*file)?.header;
        let readable = bounds(&*file, &header)?;
        let footers = Footers::read(readable, &header)?;
        let image = match &footers.image {
            Some(footer) if header.flags.get() & Header::DISTRUST_IMAGE == 0 => {
                open_image_map(&*file, footer)?.ok().map(|(place, map)| ImageReader::new(place, map))
            }
            _ => None,
        };
        let mut indexes = Vec::new();
        for footer in Chain::new(readable, &header) {
            let footer = footer?;
            // An image may be older than the checkpoint that took it: footers before that have what lies between.
            if image.as_ref().is_some_and(|image| footer.header.concepts.get() <= image.header().concepts.get()) {
                break;
            }
            indexes.push(FooterIndex::open(&*file, footer.place.position, footer.header)?);
        }
        Ok(Self { header, extents: footers.extents, indexes, image, file })
    }

    /// The last sequence that the checkpoint holds.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.header.sequence.get()
    }

    /// The newest record of an id, with its content: asks each footer's Bloom filter and then its index, the newest first,
    /// then those of the image. Reads a few pages; `None` costs no read as a rule.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if what must be read is damaged, [`StoreError::Io`].
    pub fn find(&self, id: &ConceptId) -> Result<Option<Found>, StoreError> {
        let hash = id_hash(id.as_bytes());
        for footer in &self.indexes {
            if let Some(ordinal) = footer.find(id, hash)? {
                let record = self.record(ordinal)?;
                if record.id != *id.as_bytes() {
                    return Err(StoreError::corrupt("index", footer.position, "it names the record of another id"));
                }
                return self.with_content(record).map(Some);
            }
        }
        let Some(image) = &self.image else { return Ok(None) };
        let is_it = |ordinal: u32| {
            let record = self.record(u64::from(ordinal))?;
            Ok((record.id == *id.as_bytes()).then_some(record))
        };
        match image.find(hash, is_it)? {
            Some(record) => self.with_content(record).map(Some),
            None => Ok(None),
        }
    }

    fn readable(&self) -> Readable<'_> {
        Readable { file: &*self.file, end: self.header.file_end.get() }
    }

    fn record(&self, ordinal: u64) -> Result<ConceptRecord, StoreError> {
        const REGION: &str = "concept records";
        if ordinal >= u64::from(self.header.concepts.get()) {
            return Err(StoreError::corrupt(REGION, 0, format!("there is no record {ordinal}")));
        }
        let (chunk, offset) = locate(ordinal * CONCEPT);
        let position = self.position(Arena::Concepts, chunk, offset, CONCEPT)?;
        let bytes = self.readable().read(REGION, position, CONCEPT)?;
        let record = ConceptRecord::read_from_bytes(&bytes)
            .map_err(|_| StoreError::corrupt(REGION, position, "it is cut short"))?;
        if record.is_intact() { Ok(record) } else { Err(StoreError::corrupt(REGION, position, "its checksum")) }
    }

    fn with_content(&self, record: ConceptRecord) -> Result<Found, StoreError> {
        const REGION: &str = "blobs";
        let blob = record.content.get();
        if blob == NO_BLOB {
            return Ok(Found { record, content: Vec::new() });
        }
        let (chunk, offset) = split(blob);
        let position = self.position(Arena::Blobs, chunk, offset, BLOB_PREFIX.into())?;
        let prefix = self.readable().read(REGION, position, BLOB_PREFIX.into())?;
        let length = u32::read_from_bytes(&prefix).map(u32::from_le).unwrap_or(u32::MAX);
        let position = self.position(Arena::Blobs, chunk, offset, blob_space(length))?;
        let content = self.readable().read(REGION, position.saturating_add(BLOB_PREFIX.into()), length.into())?;
        if blob_checksum(&content) != record.content_checksum.get() {
            return Err(StoreError::corrupt(REGION, position, "the checksum of a content does not match"));
        }
        Ok(Found { record, content })
    }

    /// Where `length` bytes of a chunk lie in the file.
    fn position(&self, arena: Arena, chunk: u32, offset: u32, length: u64) -> Result<u64, StoreError> {
        let region = crate::arenas::name(arena);
        let place = self.extents.get(arena, chunk);
        let place = place.ok_or_else(|| StoreError::corrupt(region, 0, format!("there is no chunk {chunk}")))?;
        if u64::from(offset).saturating_add(length) > place.size {
            let problem = format!("{length} bytes at {offset} of chunk {chunk} reach beyond it");
            return Err(StoreError::corrupt(region, place.position, problem));
        }
        Ok(place.position.saturating_add(offset.into()))
    }
}

impl FooterIndex {
    fn open(file: &dyn File, position: u64, header: FooterHeader) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("index", position, "it is longer than memory");
        let length = usize::try_from(header.length.get()).map_err(|_| corrupt())?;
        let map = file.map(position, length).map_err(StoreError::io("mapping an index"))?;
        let index = Self { position, header, map };
        if checksum(index.bytes()) != header.index_checksum.get() {
            return Err(StoreError::corrupt("index", position, "its checksum does not match"));
        }
        Ok(index)
    }

    fn bytes(&self) -> &[u8] {
        let range = self.header.index_range();
        let start = usize::try_from(range.start).unwrap_or(usize::MAX);
        self.map.get(start..).unwrap_or_default()
    }

    fn find(&self, id: &ConceptId, hash: u64) -> Result<Option<u64>, StoreError> {
        let (filter, entries) =
            self.header.index_unverified(self.bytes()).map_err(StoreError::decode("index", self.position))?;
        Ok(if bloom::may_contain(filter, hash) { index::find(entries, id.as_bytes()) } else { None })
    }
}
