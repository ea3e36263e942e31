//! The writer's operations on associations: their records, and what a record does to both of its ends.

use sutra_format::entry::LearnAssociation;
use sutra_format::{AssociationRecord, ConceptId, NO_BLOB, NONE};
use zerocopy::FromZeros;
use zerocopy::little_endian::{U32, U64};

use crate::association::Association;
use crate::edges::{Edges, Side};
use crate::error::{ApplyError, Damage};
use crate::group::Near;
use crate::linker::{Linker, part_of};
use crate::writer::Writer;

impl Writer {
    /// What of learning an association has to be done in the order of sequences: its ends, the blob of its metadata, and the
    /// place of its record. [`Writer::settle`] does the rest.
    pub(crate) fn place_association(
        &mut self,
        sequence: u64,
        time: u64,
        learn: &LearnAssociation<'_>,
        near: Near,
    ) -> Result<Association, ApplyError> {
        let (when, [from, to]) = ((sequence, time), near);
        let source = self.end_slot(when, (&learn.source, from), learn.source_key, learn.namespace)?;
        let target = self.end_slot(when, (&learn.target, to), learn.target_key, learn.namespace)?;
        let metadata = learn.metadata.map(|metadata| self.append_blob(metadata)).transpose()?;
        let ordinal = self.reserve_association()?;
        Ok(Association::new(ordinal, when, (source, target), learn, metadata))
    }

    /// Completes an association and links both of its ends.
    pub(crate) fn settle(&mut self, mut association: Association) -> Result<(), ApplyError> {
        let (source, target) = (association.end(Side::Out), association.end(Side::In));
        let rows = (self.row(source)?, self.row(target)?);
        let previous = self.linker(source).settle(&association, rows, false)?;
        association.record.previous = U32::new(previous);
        self.linker(target).link(Side::In, rows.1, association.ordinal, &association.record)?;
        self.count_edge(&association.record);
        Ok(())
    }

    /// Counts what a linked record has changed.
    pub(crate) fn count_edge(&mut self, record: &AssociationRecord) {
        self.lengths.edges += u32::from(record.is_live());
        self.lengths.edges -= u32::from(record.previous.get() != NONE);
    }

    /// What changes the edges of a slot.
    #[inline]
    pub(crate) fn linker(&mut self, slot: u32) -> &mut Linker {
        let part = part_of(slot, self.linkers.len());
        &mut self.linkers[part]
    }

    /// Forgets one association. False if there is none.
    pub(crate) fn forget_association(
        &mut self,
        sequence: u64,
        time: u64,
        source: &ConceptId,
        target: &ConceptId,
        kind: u8,
    ) -> Result<bool, ApplyError> {
        let Some(source) = self.slot_of(source)? else { return Ok(false) };
        let Some(target) = self.slot_of(target)? else { return Ok(false) };
        let rows = (self.row(source)?, self.row(target)?);
        let existing = self.linker(source).find_edge((source, target), rows, kind, false)?;
        let Some(existing) = existing else { return Ok(false) };
        let mut record = tombstone(AssociationRecord::TOMBSTONE, (source, target), sequence, time);
        record.kind = kind;
        record.previous = U32::new(existing);
        let ordinal = self.append_association(record)?;
        self.link(ordinal, &record)?;
        Ok(true)
    }

    /// Ends every association of a slot, with one record if there is any. O(degree).
    pub(crate) fn end_all_edges(&mut self, sequence: u64, time: u64, slot: u32) -> Result<(), ApplyError> {
        if self.current(slot, Side::Out)?.iter().next().is_none()
            && self.current(slot, Side::In)?.iter().next().is_none()
        {
            return Ok(());
        }
        let record = tombstone(AssociationRecord::SLOT_TOMBSTONE, (slot, slot), sequence, time);
        let ordinal = self.append_association(record)?;
        self.link(ordinal, &record)
    }

    /// Does to rows, blocks and counts what an association record says. For applying and for restoring alike.
    pub(crate) fn link(&mut self, ordinal: u32, record: &AssociationRecord) -> Result<(), ApplyError> {
        let (source, target) = (record.source.get(), record.target.get());
        if source >= self.lengths.slots || target >= self.lengths.slots {
            return Err(Damage::new("association records", u64::from(ordinal) * 64).into());
        }
        if record.flags == AssociationRecord::SLOT_TOMBSTONE {
            return self.unlink_slot(ordinal, source);
        }
        for (slot, side) in [(source, Side::Out), (target, Side::In)] {
            let row = self.row(slot)?;
            self.linker(slot).link(side, row, ordinal, record)?;
        }
        self.count_edge(record);
        Ok(())
    }

    fn unlink_slot(&mut self, ordinal: u32, slot: u32) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        let out: Vec<_> = self.current(slot, Side::Out)?.iter().collect();
        for edge in &out {
            let other = self.row(edge.target)?;
            self.linker(slot).end_edge(slot, row, Side::Out, edge.ordinal, ordinal)?;
            self.linker(edge.target).end_edge(edge.target, other, Side::In, edge.ordinal, ordinal)?;
        }
        // Self-loops ended with the outgoing edges; what is left comes from others.
        let incoming: Vec<_> = self.current(slot, Side::In)?.iter().collect();
        for edge in &incoming {
            let other = self.row(edge.target)?;
            self.linker(slot).end_edge(slot, row, Side::In, edge.ordinal, ordinal)?;
            let linker = self.linker(edge.target);
            linker.end_edge(edge.target, other, Side::Out, edge.ordinal, ordinal)?;
            linker.forget_indexed(edge.target, slot, edge.kind);
        }
        self.linker(slot).forget_index(slot);
        self.lengths.edges -= (out.len() + incoming.len()) as u32;
        Ok(())
    }

    /// The edges of a slot with everything that was applied.
    pub(crate) fn current(&self, slot: u32, side: Side) -> Result<Edges<'_>, ApplyError> {
        Ok(self.linkers[part_of(slot, self.linkers.len())].edges(slot, self.row(slot)?, side)?)
    }
}

fn tombstone(flags: u8, (source, target): (u32, u32), sequence: u64, time: u64) -> AssociationRecord {
    let mut record = AssociationRecord::new_zeroed();
    record.source = U32::new(source);
    record.target = U32::new(target);
    record.flags = flags;
    record.previous = U32::new(NONE);
    record.created = U64::new(time);
    record.sequence = U64::new(sequence);
    record.valid_until = U32::new(u32::MAX);
    record.metadata = U64::new(NO_BLOB);
    record
}
