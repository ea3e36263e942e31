//! The writer's operations on associations: their records, and what a record does to both of its ends.

use std::collections::HashMap;

use sutra_format::entry::LearnAssociation;
use sutra_format::{AssociationRecord, ConceptId, NO_BLOB, NONE};
use sutra_sync::atomic::Ordering;
use zerocopy::FromZeros;
use zerocopy::little_endian::{F32, U32, U64};

use crate::blocks::{IMAGE_ROW, NO_BLOCK};
use crate::edges::{EdgeRef, Edges, Side};
use crate::error::{ApplyError, Damage};
use crate::group::Near;
use crate::rows::Row;
use crate::writer::Writer;

/// From this degree on at both ends, an existing association is looked up by hash.
const HUB: usize = 512;
/// Ordinals of the outgoing edges of a few hubs by target and type: the writer's own, made when two hubs meet.
pub(crate) type HubIndex = HashMap<u32, HashMap<(u32, u8), u32>>;

impl Writer {
    pub(crate) fn learn_association(
        &mut self,
        sequence: u64,
        time: u64,
        learn: &LearnAssociation<'_>,
        near: Near,
    ) -> Result<(), ApplyError> {
        let (when, [from, to]) = ((sequence, time), near);
        let source = self.end_slot(when, (&learn.source, from), learn.source_key, learn.namespace)?;
        let target = self.end_slot(when, (&learn.target, to), learn.target_key, learn.namespace)?;
        let rows = [self.row(source)?, self.row(target)?];
        let existing = self.find_edge((source, target), rows, learn.kind.0)?;
        let mut record = match existing {
            // SAFETY: this is the writer, which wrote the record.
            Some(ordinal) => *unsafe { self.shared.association(ordinal) }?,
            None => {
                let mut record = AssociationRecord::new_zeroed();
                record.source = U32::new(source);
                record.target = U32::new(target);
                record.kind = learn.kind.0;
                record.weight = F32::new(1.0);
                record.created = U64::new(time);
                record.valid_until = U32::new(u32::MAX);
                record.metadata = U64::new(NO_BLOB);
                record
            }
        };
        record.previous = U32::new(existing.unwrap_or(NONE));
        record.sequence = U64::new(sequence);
        record.confidence = F32::new(learn.confidence);
        if let Some(weight) = learn.weight {
            record.weight = F32::new(weight);
        }
        if let Some(created) = learn.created {
            record.created = U64::new(created);
        }
        if let Some((from, until)) = learn.validity {
            record.valid_from = U32::new(from);
            record.valid_until = U32::new(until);
        }
        if let Some(metadata) = learn.metadata {
            (record.metadata, record.metadata_checksum) = self.append_blob(metadata)?;
        }
        let ordinal = self.append_association(record)?;
        self.link_ends(ordinal, &record, rows)
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
        let rows = [self.row(source)?, self.row(target)?];
        let Some(existing) = self.find_edge((source, target), rows, kind)? else { return Ok(false) };
        let mut record = tombstone(AssociationRecord::TOMBSTONE, (source, target), sequence, time);
        record.kind = kind;
        record.previous = U32::new(existing);
        let ordinal = self.append_association(record)?;
        self.link_ends(ordinal, &record, rows)?;
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
        self.link_ends(ordinal, record, [self.row(source)?, self.row(target)?])
    }

    /// As [`Writer::link`], of one association, with the rows of its ends.
    fn link_ends(
        &mut self,
        ordinal: u32,
        record: &AssociationRecord,
        rows: [&'static Row; 2],
    ) -> Result<(), ApplyError> {
        let (source, target) = (record.source.get(), record.target.get());
        let [from, to] = rows;
        if record.is_live() {
            let (confidence, kind) = (record.confidence.get(), record.kind);
            self.append_edge(source, from, Side::Out, EdgeRef { target, ordinal, confidence, kind })?;
            self.append_edge(target, to, Side::In, EdgeRef { target: source, ordinal, confidence, kind })?;
            self.lengths.edges += 1;
            if let Some(index) = self.hubs.get_mut(&source) {
                index.insert((target, kind), ordinal);
            }
        } else if let Some(index) = self.hubs.get_mut(&source) {
            index.remove(&(target, record.kind));
        }
        let previous = record.previous.get();
        if previous != NONE {
            self.end_edge(source, from, Side::Out, previous, ordinal)?;
            self.end_edge(target, to, Side::In, previous, ordinal)?;
            self.lengths.edges -= 1;
        }
        Ok(())
    }

    fn unlink_slot(&mut self, ordinal: u32, slot: u32) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        let out: Vec<_> = self.current(slot, Side::Out)?.iter().collect();
        for edge in &out {
            self.end_edge(slot, row, Side::Out, edge.ordinal, ordinal)?;
            self.end_edge(edge.target, self.row(edge.target)?, Side::In, edge.ordinal, ordinal)?;
        }
        // Self-loops ended with the outgoing edges; what is left comes from others.
        let incoming: Vec<_> = self.current(slot, Side::In)?.iter().collect();
        for edge in &incoming {
            self.end_edge(slot, row, Side::In, edge.ordinal, ordinal)?;
            self.end_edge(edge.target, self.row(edge.target)?, Side::Out, edge.ordinal, ordinal)?;
            if let Some(index) = self.hubs.get_mut(&edge.target) {
                index.remove(&(slot, edge.kind));
            }
        }
        self.hubs.remove(&slot);
        self.lengths.edges -= (out.len() + incoming.len()) as u32;
        Ok(())
    }

    /// The edges of a slot with everything that was applied.
    pub(crate) fn current(&self, slot: u32, side: Side) -> Result<Edges<'_>, ApplyError> {
        self.edges_of(slot, self.row(slot)?, side)
    }

    /// As [`Writer::current`], with the slot's row.
    #[inline]
    fn edges_of(&self, slot: u32, row: &Row, side: Side) -> Result<Edges<'_>, ApplyError> {
        let handle = row.edges(side).load(Ordering::Relaxed);
        let blocks = &self.shared.blocks;
        Ok(match (handle, &self.shared.image) {
            (NO_BLOCK, _) => Edges::none(blocks),
            (IMAGE_ROW, Some(image)) => Edges::of_segment(blocks, image.edges(slot, side, u32::MAX)?),
            // SAFETY: this is the writer, which alone frees blocks. The length is above all ordinals, and at most every
            // `until` that has not been set.
            (handle, _) => unsafe { Edges::of_block(blocks, handle, u32::MAX) },
        })
    }

    /// Ordinal of the association of two slots with a type.
    fn find_edge(
        &mut self,
        (source, target): (u32, u32),
        [from, to]: [&Row; 2],
        kind: u8,
    ) -> Result<Option<u32>, ApplyError> {
        let (out, incoming) = (self.edges_of(source, from, Side::Out)?, self.edges_of(target, to, Side::In)?);
        let (out_degree, in_degree) = (out.upper_bound(), incoming.upper_bound());
        if out_degree.min(in_degree) <= HUB {
            let edge = if out_degree <= in_degree { out.find(target, kind) } else { incoming.find(source, kind) };
            return Ok(edge.map(|edge| edge.ordinal));
        }
        if let Some(index) = self.hubs.get(&source) {
            return Ok(index.get(&(target, kind)).copied());
        }
        let index: HashMap<_, _> = out.iter().map(|edge| ((edge.target, edge.kind), edge.ordinal)).collect();
        let found = index.get(&(target, kind)).copied();
        self.hubs.insert(source, index);
        Ok(found)
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
