//! An association that has its ordinal and waits to be linked.

use sutra_format::entry::LearnAssociation;
use sutra_format::geometry::locate;
use sutra_format::{AssociationRecord, NO_BLOB, NONE};
use zerocopy::FromZeros;
use zerocopy::little_endian::{F32, U32, U64};

use crate::edges::Side;

/// What is learned, with defaults for what was not given. One that is there already is replaced, and what was not given stays.
#[derive(Clone, Debug)]
pub(crate) struct Association {
    pub(crate) ordinal: u32,
    pub(crate) record: AssociationRecord,
    weight: bool,
    created: bool,
    validity: bool,
    metadata: bool,
}

impl Association {
    /// The association of two slots, with the blob of its metadata and that blob's checksum if there are any.
    pub(crate) fn new(
        ordinal: u32,
        (sequence, time): (u64, u64),
        (source, target): (u32, u32),
        learn: &LearnAssociation<'_>,
        metadata: Option<(U64, U32)>,
    ) -> Self {
        let mut record = AssociationRecord::new_zeroed();
        record.source = U32::new(source);
        record.target = U32::new(target);
        record.kind = learn.kind.0;
        record.previous = U32::new(NONE);
        record.confidence = F32::new(learn.confidence);
        record.weight = F32::new(learn.weight.unwrap_or(1.0));
        record.created = U64::new(learn.created.unwrap_or(time));
        record.sequence = U64::new(sequence);
        let (from, until) = learn.validity.unwrap_or((0, u32::MAX));
        record.valid_from = U32::new(from);
        record.valid_until = U32::new(until);
        (record.metadata, record.metadata_checksum) = metadata.unwrap_or((U64::new(NO_BLOB), U32::ZERO));
        Self {
            ordinal,
            record,
            weight: learn.weight.is_some(),
            created: learn.created.is_some(),
            validity: learn.validity.is_some(),
            metadata: metadata.is_some(),
        }
    }

    /// Takes what was not given from the record that is replaced.
    pub(crate) fn inherit(&self, record: &mut AssociationRecord, old: &AssociationRecord) {
        if !self.weight {
            record.weight = old.weight;
        }
        if !self.created {
            record.created = old.created;
        }
        if !self.validity {
            (record.valid_from, record.valid_until) = (old.valid_from, old.valid_until);
        }
        if !self.metadata {
            (record.metadata, record.metadata_checksum) = (old.metadata, old.metadata_checksum);
        }
    }

    /// The slot whose edges of a side it belongs to.
    pub(crate) fn end(&self, side: Side) -> u32 {
        end_of(&self.record, side)
    }

    /// Chunk and offset of the record.
    pub(crate) fn place(&self) -> (u32, u32) {
        locate(u64::from(self.ordinal) * AssociationRecord::SIZE as u64)
    }
}

/// The slot whose edges of a side a record belongs to.
pub(crate) fn end_of(record: &AssociationRecord, side: Side) -> u32 {
    match side {
        Side::Out => record.source.get(),
        Side::In => record.target.get(),
    }
}
