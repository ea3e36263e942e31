//! What a snapshot shows of one concept or one association.

use std::borrow::Cow;

use sutra_format::{AssociationRecord, AssociationType, ConceptId, ConceptRecord, Namespace};
use sutra_snapshot::{Kept, Snapshot};

use crate::mapped::MappedEmbedding;
use crate::name::key_text;
use crate::{Error, Result};

/// A concept, or a stub, in a snapshot that it borrows or holds.
#[derive(Clone, Debug)]
pub struct ConceptView<'s> {
    record: Kept<'s, ConceptRecord>,
    slot: u32,
}

impl<'s> ConceptView<'s> {
    #[inline]
    pub(crate) fn new(slot: u32, record: Kept<'s, ConceptRecord>) -> Self {
        Self { record, slot }
    }

    /// The id.
    #[must_use]
    #[inline]
    pub fn id(&self) -> ConceptId {
        ConceptId::from_bytes(self.record.id)
    }

    /// The key, if it was ever named by one.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its bytes are damaged.
    pub fn key(&self) -> Result<Option<&str>> {
        key(self.record.snapshot(), &self.record)
    }

    /// The key as it is printed, else the id: what [`ConceptRef`](crate::ConceptRef) reads back. Of a concept in a named
    /// namespace, the key is good only there.
    ///
    /// # Errors
    /// As [`ConceptView::key`].
    pub fn name(&self) -> Result<Cow<'_, str>> {
        name(self.record.snapshot(), &self.record)
    }

    /// The content: bytes of the map or of memory, not a copy.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its bytes are damaged.
    #[inline]
    pub fn content(&self) -> Result<&[u8]> {
        Ok(self.record.snapshot().content(&self.record)?)
    }

    /// The embedding: numbers of the map or of memory, not a copy.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its bytes are damaged.
    #[inline]
    pub fn embedding(&self) -> Result<Option<&[f32]>> {
        Ok(self.record.snapshot().vector(&self.record)?)
    }

    /// The embedding with the map of the file that it lies in, to be held without the snapshot; `None` if there is no
    /// embedding, or it still lies in memory and has to be copied to be held. The first of its bytes is `embedding()[0]`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its bytes are damaged.
    pub fn embedding_map(&self) -> Result<Option<MappedEmbedding>> {
        let Some(vector) = self.embedding()? else { return Ok(None) };
        let map = self.record.snapshot().vector_map(&self.record, vector);
        Ok(map.map(|map| MappedEmbedding::new(map.clone(), vector)))
    }

    /// The metadata: JSON.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its bytes are damaged.
    pub fn metadata(&self) -> Result<Option<&str>> {
        text(self.record.snapshot().metadata(&self.record)?, self.record.metadata.get())
    }

    /// The strength, in [0, 1].
    #[must_use]
    #[inline]
    pub fn strength(&self) -> f32 {
        self.record.strength.get()
    }

    /// The confidence, in [0, 1].
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.record.confidence.get()
    }

    /// When it was created: microseconds since the Unix epoch.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.record.created.get()
    }

    /// When this version was written: microseconds since the Unix epoch.
    #[must_use]
    pub fn modified(&self) -> u64 {
        self.record.modified.get()
    }

    /// When its last access was recorded: microseconds since the Unix epoch, `None` for never. Access counts are live, not
    /// part of the snapshot.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the image of the file is damaged there.
    pub fn last_accessed(&self) -> Result<Option<u64>> {
        let (_, last) = self.record.snapshot().access(self.slot)?;
        Ok((last > 0).then_some(last))
    }

    /// How many accesses were recorded, live.
    ///
    /// # Errors
    /// As [`ConceptView::last_accessed`].
    pub fn access_count(&self) -> Result<u32> {
        Ok(self.record.snapshot().access(self.slot)?.0)
    }

    /// Versions since it was learned or learned anew, from 1; 0 for a stub.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.record.version.get()
    }

    /// The write that made this version.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.record.sequence.get()
    }

    /// The namespace; zero is the default one.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        Namespace(self.record.namespace.get())
    }

    /// The name of the namespace; empty for the default one.
    #[must_use]
    pub fn namespace_name(&self) -> &str {
        self.record.snapshot().catalogue().namespace_name(self.namespace()).unwrap_or_default()
    }

    /// Whether it is the end of an association that nobody has learned yet.
    #[must_use]
    pub fn is_stub(&self) -> bool {
        self.record.is_stub()
    }
}

/// An association, in a snapshot that it borrows or holds.
#[derive(Clone, Debug)]
pub struct AssociationView<'s> {
    record: Kept<'s, AssociationRecord>,
    ordinal: u32,
}

impl<'s> AssociationView<'s> {
    pub(crate) fn new(ordinal: u32, record: Kept<'s, AssociationRecord>) -> Self {
        Self { record, ordinal }
    }

    /// The source, a concept or a stub.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its record is damaged.
    pub fn source(&self) -> Result<ConceptView<'_>> {
        self.end(self.record.source.get())
    }

    /// The target, a concept or a stub.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its record is damaged.
    pub fn target(&self) -> Result<ConceptView<'_>> {
        self.end(self.record.target.get())
    }

    fn end(&self, slot: u32) -> Result<ConceptView<'_>> {
        let snapshot = self.record.snapshot();
        match snapshot.newest(slot)? {
            Some(record) => Ok(ConceptView::new(slot, Kept::new(snapshot, record))),
            None => {
                Err(Error::Corrupt { region: "association records".into(), offset: slot.into(), detail: String::new() })
            }
        }
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> AssociationType {
        AssociationType(self.record.kind)
    }

    /// The name of the type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.record.snapshot().catalogue().type_name(self.kind()).unwrap_or_default()
    }

    /// The confidence, in [0, 1].
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.record.confidence.get()
    }

    /// The weight.
    #[must_use]
    pub fn weight(&self) -> f32 {
        self.record.weight.get()
    }

    /// When it was created: microseconds since the Unix epoch.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.record.created.get()
    }

    /// The write that made this version.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.record.sequence.get()
    }

    /// When it holds: from, until (exclusive), seconds since the Unix epoch; `(0, u32::MAX)` is unbounded.
    #[must_use]
    pub fn valid(&self) -> (u32, u32) {
        (self.record.valid_from.get(), self.record.valid_until.get())
    }

    /// The metadata: JSON.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its bytes are damaged.
    pub fn metadata(&self) -> Result<Option<&str>> {
        text(self.record.snapshot().association_metadata(&self.record)?, self.record.metadata.get())
    }

    /// The number of its record, the same in every snapshot that holds this version.
    #[must_use]
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }
}

/// The key of a concept or stub, if it was ever named by one.
pub(crate) fn key<'s>(snapshot: &'s Snapshot, record: &ConceptRecord) -> Result<Option<&'s str>> {
    text(snapshot.key(record)?, record.key.get())
}

/// The name of a concept or stub, which borrows the key from the snapshot.
pub(crate) fn name<'s>(snapshot: &'s Snapshot, record: &ConceptRecord) -> Result<Cow<'s, str>> {
    let id = || ConceptId::from_bytes(record.id).to_string().into();
    Ok(key(snapshot, record)?.map_or_else(id, key_text))
}

fn text(bytes: Option<&[u8]>, position: u64) -> Result<Option<&str>> {
    let Some(bytes) = bytes else { return Ok(None) };
    std::str::from_utf8(bytes).map(Some).map_err(|error| Error::Corrupt {
        region: "blobs".into(),
        offset: position,
        detail: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_no_text_is_damage() {
        assert_eq!(text(Some("r\u{e4}in".as_bytes()), 7).unwrap(), Some("r\u{e4}in"));
        match text(Some(b"rain\xff"), 7) {
            Err(Error::Corrupt { offset: 7, detail, .. }) => assert!(detail.contains("utf-8"), "{detail}"),
            other => panic!("{other:?}"),
        }
    }
}
