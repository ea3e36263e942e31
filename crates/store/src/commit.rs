//! The commit itself: one header, sync, the other header, sync.

use sutra_format::AccessEntry;
use sutra_format::header::Header;
use sutra_snapshot::Snapshot;
use zerocopy::little_endian::U64;

use crate::access;
use crate::checkpoint::put_lengths;
use crate::error::StoreError;
use crate::extents::Extents;
use crate::footers::FooterPlace;
use crate::slots;
use crate::store::{ImagePlace, Store, footer_space};

/// A commit whose data is durable and whose header is not written.
pub(crate) struct Pending {
    header: Header,
    extents: Extents,
    definitions: usize,
    footer_bytes: u64,
    image: Option<ImagePlace>,
}

impl Pending {
    pub(crate) fn new(
        store: &Store,
        snapshot: &Snapshot,
        extents: Extents,
        footer: FooterPlace,
        image: Option<ImagePlace>,
        end: u64,
    ) -> Self {
        let mut header = store.header;
        put_lengths(&mut header, snapshot.lengths());
        let distrust = image.is_none() && (store.distrusted || store.distrust_is_committed());
        header.flags = if distrust { Header::DISTRUST_IMAGE } else { 0 }.into();
        header.commit = U64::new(store.next_commit);
        header.sequence = U64::new(snapshot.sequence());
        // Times never decrease, whatever the clock does.
        header.commit_time = U64::new(snapshot.timestamp().max(store.commit_time()));
        header.footer_position = U64::new(footer.position);
        header.footer_length = U64::new(footer.length);
        header.footer_checksum = U64::new(footer.checksum);
        header.file_end = U64::new(end);
        header.seal();
        let footer_bytes = footer_space(footer.length);
        Self { header, extents, definitions: snapshot.catalogue().len(), footer_bytes, image }
    }
}

impl Store {
    /// Whether the last header tells opens not to use the image.
    pub(crate) fn distrust_is_committed(&self) -> bool {
        self.header.flags.get() & Header::DISTRUST_IMAGE != 0
    }

    /// Writes both headers, each with its own sync, so that at every moment one of them is whole on the medium.
    pub(crate) fn commit_header(&mut self, pending: Pending, entries: &[AccessEntry]) -> Result<(), StoreError> {
        // A slot that does not hold the last commit goes first: the other one is the only one that does.
        let first = self.stale_slot.unwrap_or(0).min(1);
        // From here on this commit may be found on the disk, also if a call below fails. So the next one must not write
        // over what it refers to, nor take its number.
        self.end = pending.header.file_end.get();
        self.next_commit = pending.header.commit.get().saturating_add(1);
        self.stale_slot = Some(first);
        self.put_header(first, &pending.header)?;

        self.adopt(pending, entries);
        self.stale_slot = Some(1 - first);
        self.repair_slots().map(drop)
    }

    /// Makes the last commit durable in both slots, if an open could not. To be called before anything goes that only older
    /// commits need, such as a log.
    ///
    /// # Errors
    /// [`StoreError::GivenUp`] if the disk takes no writes, [`StoreError::SyncFailed`].
    pub fn repair(&mut self) -> Result<(), StoreError> {
        self.repair_slots().map(drop)
    }

    /// Writes the last commit's header into a slot that does not hold it. Says whether there was one.
    pub(crate) fn repair_slots(&mut self) -> Result<bool, StoreError> {
        let Some(slot) = self.stale_slot else { return Ok(false) };
        let header = self.header;
        self.put_header(slot, &header)?;
        self.stale_slot = None;
        Ok(true)
    }

    /// One slot, durable when it returns.
    fn put_header(&self, slot: usize, header: &Header) -> Result<(), StoreError> {
        slots::write(&*self.file, slot, header).map_err(|source| StoreError::GivenUp { source })?;
        self.file.sync_data().map_err(|source| StoreError::SyncFailed { source })
    }

    /// The commit is durable: it is the store's state from here on.
    fn adopt(&mut self, pending: Pending, entries: &[AccessEntry]) {
        self.header = pending.header;
        self.extents = pending.extents;
        self.definitions = pending.definitions;
        if pending.image.is_some() {
            self.image = pending.image;
            // What the footer lists is all that the image does not hold.
            self.access.clear();
            self.access_since_image = None;
            access::overlay(&mut self.access, entries);
            self.footers = 0;
            self.footer_bytes = 0;
            self.distrusted = false;
        } else {
            access::overlay(&mut self.access, entries);
            if let Some(since) = &mut self.access_since_image {
                access::overlay(since, entries);
            }
        }
        self.footers = self.footers.saturating_add(1);
        self.footer_bytes = self.footer_bytes.saturating_add(pending.footer_bytes);
    }
}
