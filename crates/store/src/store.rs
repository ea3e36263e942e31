//! The store: one open storage.dat, between commits.

use std::sync::Arc;

use sutra_format::AccessEntry;
use sutra_format::geometry::EXTENT_ALIGNMENT;
use sutra_format::header::{HEADER_END, Header};
use sutra_format::image::ImageHeader;
use sutra_snapshot::{Lengths, Snapshot};
use sutra_vfs::File;

use crate::access::{ImageRows, Overlay};
use crate::error::StoreError;
use crate::extents::Extents;
use crate::footers::Chain;
use crate::policy;
use crate::reading::Readable;
use crate::slots;

/// The name of the file.
pub const FILE_NAME: &str = "storage.dat";

/// The name under which the file is created. It is there only after a crash during creation.
pub const TEMPORARY_NAME: &str = "storage.dat.new";

/// The single file of a store, opened for writing.
///
/// Its methods block on the disk. One at a time is open: the directory's lock is the caller's.
#[derive(Debug)]
pub struct Store {
    pub(crate) file: Arc<dyn File>,
    /// The last commit.
    pub(crate) header: Header,
    /// The first byte that the next commit may allocate; beyond the header's when a commit failed at its header.
    pub(crate) end: u64,
    /// The number of the next commit; skips one that failed at its header, which may be on the disk all the same.
    pub(crate) next_commit: u64,
    /// The header slot that does not hold the last commit. The next commit writes it first: the other is the only one.
    pub(crate) stale_slot: Option<usize>,
    pub(crate) repaired_header: Option<RepairedHeader>,
    pub(crate) extents: Extents,
    /// Definitions of the catalogue that are committed.
    pub(crate) definitions: usize,
    pub(crate) image: Option<ImagePlace>,
    /// Access entries since the image.
    pub(crate) access: Overlay,
    /// Those among them that were committed since a new image was begun that no commit has taken yet.
    pub(crate) access_since_image: Option<Overlay>,
    /// Footers since the image, its own included, and their bytes.
    pub(crate) footers: u32,
    pub(crate) footer_bytes: u64,
    /// Full chunks of each arena that the engine has got as maps.
    pub(crate) handed: [u32; 3],
    pub(crate) distrusted: bool,
    /// No image could be made, since what it is made from is damaged or could not be read.
    pub(crate) unimageable: bool,
    pub(crate) poisoned: bool,
}

/// An image that is in use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImagePlace {
    pub(crate) position: u64,
    pub(crate) header: ImageHeader,
}

/// A header slot that was not as it should be when the store was opened. The other one was used; the next commit writes
/// both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepairedHeader {
    /// Which slot: 0 or 1.
    pub slot: usize,
    /// Whether its bytes were damaged; otherwise it held the commit before, as a crash between two headers leaves it.
    pub damaged: bool,
}

impl Store {
    /// The store's identity.
    #[must_use]
    pub fn store_id(&self) -> [u8; 16] {
        self.header.store_id
    }

    /// The last sequence that is committed.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.header.sequence.get()
    }

    /// What is committed.
    #[must_use]
    pub fn committed(&self) -> Lengths {
        slots::lengths(&self.header)
    }

    /// Counts the commits; 0 for a store that was only created.
    #[must_use]
    pub fn commit(&self) -> u64 {
        self.header.commit.get()
    }

    /// When the last committed group was: microseconds since the Unix epoch; 0 before the first.
    #[must_use]
    pub fn commit_time(&self) -> u64 {
        self.header.commit_time.get()
    }

    /// When the store was created: microseconds since the Unix epoch.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.header.created.get()
    }

    /// Bytes of the file that are allocated. What lies beyond is reserved for growth, sparse where the file system can.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.header.file_end.get()
    }

    /// Bytes of the file that nothing needs any more: superseded images and footers. Compaction gives them back.
    #[must_use]
    pub fn dead_bytes(&self) -> u64 {
        let image = self.image.map_or(0, |image| image.header.length.get());
        let live =
            HEADER_END.saturating_add(self.extents.bytes()).saturating_add(image).saturating_add(self.footer_bytes);
        self.file_bytes().saturating_sub(live)
    }

    /// The header slot that was damaged or behind at open.
    #[must_use]
    pub fn repaired_header(&self) -> Option<RepairedHeader> {
        self.repaired_header
    }

    /// Whether the checkpoint should write an image, which makes the next open fast.
    ///
    /// In the midst of writing: when the records that the image does not cover exceed half of what it covers, and 4,096,
    /// below which linking records at open takes less time than mapping an image. At close (`closing`): when they exceed a
    /// tenth or 131,072, which an open links in a tenth of a second. In both cases also when more than 512 footers or more access entries than a quarter of the slots would have
    /// to be read. Never when the last checkpoint's image covers all that the snapshot holds, and only at close once an image
    /// could not be made because of what it is made from.
    #[must_use]
    pub fn wants_image(&self, snapshot: &Snapshot, closing: bool) -> bool {
        policy::wants_image(self, snapshot.lengths(), closing)
    }

    /// Says that a block of the image was found damaged. The next checkpoint writes that into the header, and opens do not
    /// use the image until a later one has replaced it: columns are built from the records again.
    pub fn distrust_image(&mut self) {
        if self.image.is_some() {
            self.distrusted = true;
        }
    }

    /// Access counts of all slots that have any, as they are committed: the image's rows and what came after. Reads all
    /// rows.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn access_entries(&self) -> Result<Vec<AccessEntry>, StoreError> {
        let mut all = Overlay::new();
        if let Some(image) = &self.image {
            let mut rows = ImageRows::new(&*self.file, image.position, image.header);
            let entries = rows.entries().map_err(StoreError::io("reading the rows of the image"))?;
            crate::access::overlay(&mut all, &entries);
        }
        all.extend(&self.access);
        Ok(all.into_values().collect())
    }

    /// The last sequence and the commit time of each group that is committed, oldest first. Reads all footers.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] and [`StoreError::Io`].
    pub fn groups(&self) -> Result<Vec<(u64, u64)>, StoreError> {
        let mut groups = Vec::new();
        for footer in Chain::new(self.readable(), &self.header) {
            let footer = footer?;
            groups
                .extend(footer.listed()?.groups.iter().rev().map(|group| (group.last.get(), group.commit_time.get())));
        }
        groups.reverse();
        Ok(groups)
    }

    pub(crate) fn readable(&self) -> Readable<'_> {
        Readable { file: &*self.file, end: self.header.file_end.get() }
    }
}

/// Bytes that a footer takes in the file.
pub(crate) fn footer_space(length: u64) -> u64 {
    length.checked_next_multiple_of(EXTENT_ALIGNMENT).unwrap_or(length)
}
