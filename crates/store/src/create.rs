//! Creating a store: under another name until it is whole.

use std::sync::Arc;

use sutra_format::header::{FORMAT_VERSION, HEADER_END, HEADER_MAGIC, Header};
use sutra_vfs::{Directory, File};
use zerocopy::FromZeros;
use zerocopy::little_endian::{U32, U64};

use crate::access::Overlay;
use crate::error::StoreError;
use crate::extents::Extents;
use crate::slots;
use crate::store::{FILE_NAME, Store, TEMPORARY_NAME};

/// What a new store is given.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// The store's identity, unique.
    pub store_id: [u8; 16],
    /// Bytes that the file reserves at first, sparse where the file system can.
    pub initial_size: u64,
    /// The time now: microseconds since the Unix epoch.
    pub created: u64,
}

impl Store {
    /// Creates an empty store. Durable when it returns; a crash in between leaves no store.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one, [`StoreError::GivenUp`] if it could not be written,
    /// [`StoreError::SyncFailed`], [`StoreError::Io`].
    pub fn create(directory: Arc<dyn Directory>, options: StoreOptions) -> Result<Self, StoreError> {
        if directory.open(FILE_NAME).map_err(StoreError::io("looking for storage.dat"))?.is_some() {
            return Err(StoreError::Exists);
        }
        remove_temporary(&*directory)?;
        let file = directory.create(TEMPORARY_NAME).map_err(|source| StoreError::GivenUp { source })?;
        let header = first_header(&options);
        write(&*file, &header, options.initial_size)?;
        directory.rename(TEMPORARY_NAME, FILE_NAME).map_err(StoreError::io("renaming the new storage.dat"))?;
        // The name is durable before anyone writes a log that refers to the store.
        directory.sync().map_err(|source| StoreError::SyncFailed { source })?;
        Ok(Self::empty(file, header))
    }

    fn empty(file: Arc<dyn File>, header: Header) -> Self {
        Self {
            file,
            header,
            end: HEADER_END,
            next_commit: 1,
            stale_slot: None,
            repaired_header: None,
            extents: Extents::default(),
            definitions: 0,
            image: None,
            access: Overlay::new(),
            access_since_image: None,
            footers: 0,
            footer_bytes: 0,
            handed: [0; 3],
            distrusted: false,
            unimageable: false,
            poisoned: false,
        }
    }
}

/// Removes what a crash during creation left.
pub(crate) fn remove_temporary(directory: &dyn Directory) -> Result<(), StoreError> {
    let present = directory.open(TEMPORARY_NAME).map_err(StoreError::io("looking for storage.dat.new"))?;
    if present.is_some() {
        tracing::warn!("removing {TEMPORARY_NAME}, left by a creation that did not end");
        directory.remove(TEMPORARY_NAME).map_err(StoreError::io("removing storage.dat.new"))?;
    }
    Ok(())
}

fn first_header(options: &StoreOptions) -> Header {
    let mut header = Header::new_zeroed();
    header.magic = HEADER_MAGIC;
    header.version = U32::new(FORMAT_VERSION);
    header.store_id = options.store_id;
    header.created = U64::new(options.created);
    header.file_end = U64::new(HEADER_END);
    header.seal();
    header
}

fn write(file: &dyn File, header: &Header, initial_size: u64) -> Result<(), StoreError> {
    let given_up = |source| StoreError::GivenUp { source };
    file.reserve(initial_size.max(HEADER_END)).map_err(given_up)?;
    slots::write(file, 0, header).map_err(given_up)?;
    slots::write(file, 1, header).map_err(given_up)?;
    // Before the rename: a file that has its name has its headers.
    file.sync_data().map_err(|source| StoreError::SyncFailed { source })
}
