//! Writing an image beside commits: it may take seconds, and what is new must not wait for it.
//!
//! The image's place is allocated first, and no later commit touches it. Its bytes are written in slices, and after each sync
//! the caller may commit whatever has come in. The commit that takes the image is the first thing that refers to it: until then
//! its place is as good as free.

use std::ops::ControlFlow;
use std::sync::Arc;

use sutra_format::AccessEntry;
use sutra_format::image::ImageHeader;
use sutra_snapshot::Snapshot;
use sutra_vfs::File;

use crate::access::{self, ImageRows, Overlay};
use crate::error::StoreError;
use crate::image_writer::{self, ImageFailure};
use crate::space::{SLICE, SYNC_AFTER, Space};
use crate::store::{ImagePlace, Store};

/// An image that is written and that no commit has taken yet.
#[derive(Clone, Copy, Debug)]
pub struct NewImage(pub(crate) ImagePlace);

/// What an image is given beside the snapshot.
pub struct Imaging<'a> {
    /// Access counters that are not committed. The image holds them: the commit that takes it need not list them.
    pub access: &'a [AccessEntry],
    /// Whether the next open may be soon: the system then keeps what is written in memory, for which it needs fresh memory.
    pub keep: bool,
    /// Called before the first byte is written and after each sync, every 8 MiB. May commit newer snapshots. At
    /// [`ControlFlow::Break`], and if it fails, there is no image.
    pub between: &'a mut dyn FnMut(&mut Store) -> Result<ControlFlow<()>, StoreError>,
}

impl std::fmt::Debug for Imaging<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Imaging").field("access", &self.access.len()).field("keep", &self.keep).finish_non_exhaustive()
    }
}

impl Store {
    /// Writes an image of a snapshot, which holds what is committed or more. None if the last commit's image is the same
    /// already, if what it is made from is damaged or could not be read, or if the caller ended it: then everything goes on
    /// without.
    ///
    /// Blocks on the disk for O(everything). Needs memory of 9 bytes for each slot.
    ///
    /// # Errors
    /// As [`Store::checkpoint`], and what `between` fails with.
    pub fn write_image(&mut self, snapshot: &Snapshot, imaging: Imaging<'_>) -> Result<Option<NewImage>, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        if !self.is_followed_by(snapshot) {
            return Err(StoreError::Stale);
        }
        if self.has_image_of(snapshot) && imaging.access.is_empty() {
            return Ok(None);
        }
        let mut overlay = self.access.clone();
        access::overlay(&mut overlay, imaging.access);
        let lengths = snapshot.lengths();
        let header = ImageHeader::layout(
            lengths.slots,
            lengths.concepts,
            lengths.associations,
            lengths.edges,
            snapshot.sequence(),
        );
        let file = self.file.clone();
        let (end, next_commit) = (self.end, self.next_commit);
        let position = {
            let mut space = Space::new(&*file, &|_| {}, self.end)?;
            let place = space.allocate(header.length.get())?;
            self.end = space.end();
            place.position
        };
        // What is committed from here on is newer than the image: the commit that takes it says it again.
        self.access_since_image = Some(Overlay::new());
        let mut base = self.image.map(|image| ImageRows::new(&*file, image.position, image.header));
        let mut output = ImageOutput {
            store: &mut *self,
            keep: imaging.keep,
            between: &mut *imaging.between,
            unsynced: 0,
            forgettable: Vec::new(),
        };
        let written = output
            .turn()
            .and_then(|()| image_writer::write(snapshot, &overlay, base.as_mut(), position, header, &mut output));
        if written.is_err() && self.next_commit == next_commit {
            // Nothing lies behind its place: that is used again, also when the disk is full of what was written there.
            self.end = end;
        }
        match written {
            Ok(header) => {
                if base.is_some_and(|base| base.damaged > 0) {
                    tracing::warn!("access counts in damaged blocks of the old image are lost");
                }
                Ok(Some(NewImage(ImagePlace { position, header })))
            }
            Err(ImageFailure::Store(error)) => Err(error),
            Err(ImageFailure::Ended) => Ok(None),
            Err(ImageFailure::Source(problem)) => {
                self.unimageable = true;
                tracing::warn!(problem, "no image is written: what it is made from is not as it should be");
                Ok(None)
            }
        }
    }

    /// Whether the image that is in use is what one of this snapshot would be.
    fn has_image_of(&self, snapshot: &Snapshot) -> bool {
        let newest = self.image.is_some_and(|image| image.header.sequence.get() == snapshot.sequence());
        newest && self.access.is_empty() && !self.distrusted
    }

    /// Makes everything written so far durable. A failure ends committing.
    fn sync(&mut self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|source| {
            self.poisoned = true;
            StoreError::SyncFailed { source }
        })
    }
}

/// Where the bytes of an image go: into the file, with syncs, and the caller's turn after each.
pub(crate) struct ImageOutput<'a> {
    store: &'a mut Store,
    keep: bool,
    between: &'a mut dyn FnMut(&mut Store) -> Result<ControlFlow<()>, StoreError>,
    unsynced: u64,
    /// What was written since the last sync: position and length.
    forgettable: Vec<(u64, u64)>,
}

impl ImageOutput<'_> {
    /// Writes bytes of the image's place.
    pub(crate) fn write(&mut self, mut position: u64, bytes: &[u8]) -> Result<(), ImageFailure> {
        for slice in bytes.chunks(SLICE) {
            let written = slice.len() as u64;
            let file: &Arc<dyn File> = &self.store.file;
            file.write_all_at(slice, position).map_err(|source| StoreError::GivenUp { source })?;
            self.forgettable.push((position, written));
            position = position.saturating_add(written);
            self.unsynced = self.unsynced.saturating_add(written);
            if self.unsynced >= SYNC_AFTER {
                self.sync()?;
                self.turn()?;
            }
        }
        Ok(())
    }

    /// The caller's turn.
    fn turn(&mut self) -> Result<(), ImageFailure> {
        if (self.between)(self.store)?.is_break() { Err(ImageFailure::Ended) } else { Ok(()) }
    }

    /// Makes what was written durable.
    fn sync(&mut self) -> Result<(), ImageFailure> {
        self.unsynced = 0;
        self.store.sync()?;
        for (position, length) in self.forgettable.drain(..) {
            if !self.keep {
                // It is not read before the next open. Fresh memory is scarce: what follows uses this again.
                self.store.file.forget(position, length);
            }
        }
        Ok(())
    }
}
