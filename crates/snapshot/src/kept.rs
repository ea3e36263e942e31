//! A record with the snapshot that it is in.

use std::ops::Deref;
use std::ptr::NonNull;

use sutra_format::{AssociationRecord, ConceptId, ConceptRecord};

use crate::Damage;
use crate::snapshot::Snapshot;

/// A record of a snapshot that this borrows or holds: never a copy. Reads as the record.
#[derive(Clone, Debug)]
pub struct Kept<'s, R> {
    snapshot: Source<'s>,
    /// A record that `snapshot` sees.
    record: NonNull<R>,
}

#[derive(Clone, Debug)]
enum Source<'s> {
    Borrowed(&'s Snapshot),
    Held(Snapshot),
}

/// The snapshot beside the record may go to other threads.
const _: fn() = || {
    fn goes_anywhere<T: Send + Sync>() {}
    goes_anywhere::<Snapshot>();
};

// SAFETY: it is a shared reference to a record beside the snapshot that keeps the record, and both may go to and be used by
// other threads.
unsafe impl<R: Sync> Send for Kept<'_, R> {}
// SAFETY: as above.
unsafe impl<R: Sync> Sync for Kept<'_, R> {}

impl<'s, R> Kept<'s, R> {
    /// A record of a snapshot that is borrowed for as long.
    #[must_use]
    #[inline]
    pub fn new(snapshot: &'s Snapshot, record: &'s R) -> Self {
        Self { snapshot: Source::Borrowed(snapshot), record: NonNull::from(record) }
    }

    /// The snapshot.
    #[must_use]
    #[inline]
    pub fn snapshot(&self) -> &Snapshot {
        match &self.snapshot {
            Source::Borrowed(snapshot) => snapshot,
            Source::Held(snapshot) => snapshot,
        }
    }
}

impl<R> Deref for Kept<'_, R> {
    type Target = R;

    #[inline]
    fn deref(&self) -> &R {
        // SAFETY: the record was borrowed from `snapshot`: for longer than this lives, or from the very state that it holds
        // with one reference. A state keeps every byte below its lengths where it is, and a record is never changed.
        unsafe { self.record.as_ref() }
    }
}

impl Snapshot {
    /// [`Snapshot::find`] with a result that holds this snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn into_found(self, id: &ConceptId) -> Result<Option<(u32, Kept<'static, ConceptRecord>)>, Damage> {
        let found = self.find(id)?.map(|(slot, record)| (slot, NonNull::from(record)));
        Ok(found.map(|(slot, record)| (slot, Kept { snapshot: Source::Held(self), record })))
    }

    /// [`Snapshot::newest`] with a result that holds this snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn into_newest(self, slot: u32) -> Result<Option<Kept<'static, ConceptRecord>>, Damage> {
        let record = self.newest(slot)?.map(NonNull::from);
        Ok(record.map(|record| Kept { snapshot: Source::Held(self), record }))
    }

    /// [`Snapshot::association`] with a result that holds this snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn into_association(self, ordinal: u32) -> Result<Kept<'static, AssociationRecord>, Damage> {
        let record = NonNull::from(self.association(ordinal)?);
        Ok(Kept { snapshot: Source::Held(self), record })
    }
}
