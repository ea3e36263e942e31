//! The writer's operations on concepts.

use sutra_format::entry::LearnConcept;
use sutra_format::{ConceptId, ConceptRecord, NO_BLOB, NONE, id_hash};
use sutra_sync::atomic::Ordering;
use zerocopy::FromZeros;
use zerocopy::little_endian::{F32, U32, U64};

use crate::error::ApplyError;
use crate::writer::Writer;

impl Writer {
    pub(crate) fn learn_concept(
        &mut self,
        sequence: u64,
        time: u64,
        learn: &LearnConcept<'_>,
    ) -> Result<(), ApplyError> {
        let hash = id_hash(learn.id.as_bytes());
        let found = self.find(&learn.id, hash)?;
        let mut record = match found {
            None => blank(&learn.id, self.lengths.slots, learn.namespace),
            Some((_, ordinal, latest)) => successor(ordinal, latest),
        };
        let was_live = found.is_some() && record.is_live();
        let was_stub = record.is_stub();
        if was_stub {
            self.lengths.stubs -= 1;
        }
        if !was_live {
            record.created = U64::new(learn.created.unwrap_or(time));
            if !was_stub {
                record.namespace = U32::new(learn.namespace);
            }
            self.lengths.live_concepts += 1;
        }
        record.flags = U32::ZERO;
        record.sequence = U64::new(sequence);
        record.modified = U64::new(time);
        record.strength = F32::new(learn.strength);
        record.confidence = F32::new(learn.confidence);
        record.version = U32::new(record.version.get().saturating_add(1));
        if let Some(vector) = learn.vector {
            (record.vector, record.vector_checksum) = self.append_blob(vector)?;
        }
        (record.content, record.content_checksum) = self.append_blob(learn.content)?;
        if let Some(metadata) = learn.metadata {
            (record.metadata, record.metadata_checksum) = self.append_blob(metadata)?;
        }
        self.name(&mut record, learn.key, learn.namespace)?;
        self.append_concept(record)
    }

    /// Gives a record the key that its id was named by, and with it the key's namespace. A key names its id for ever, so one
    /// that is there is the same.
    fn name(&mut self, record: &mut ConceptRecord, key: &[u8], namespace: u32) -> Result<(), ApplyError> {
        if !key.is_empty() && record.key.get() == NO_BLOB {
            (record.key, record.key_checksum) = self.append_blob(key)?;
            record.namespace = U32::new(namespace);
        }
        Ok(())
    }

    /// The slot of an end of an association, made a stub if nobody knows it or it was forgotten.
    pub(crate) fn end_slot(
        &mut self,
        (sequence, time): (u64, u64),
        (id, near): (&ConceptId, u32),
        key: &[u8],
        namespace: u32,
    ) -> Result<u32, ApplyError> {
        let mut record = match self.find_near(id, near)? {
            Some((slot, ordinal, latest)) if !latest.is_tombstone() => {
                if key.is_empty() || latest.key.get() != NO_BLOB {
                    return Ok(slot);
                }
                // One that was known by its id alone gets its key.
                let mut record = successor(ordinal, latest);
                self.name(&mut record, key, namespace)?;
                record.sequence = U64::new(sequence);
                record.modified = U64::new(time);
                if record.is_live() {
                    record.version = U32::new(record.version.get().saturating_add(1));
                }
                self.append_concept(record)?;
                return Ok(slot);
            }
            Some((_, ordinal, latest)) => successor(ordinal, latest),
            None => blank(id, self.lengths.slots, namespace),
        };
        let slot = record.slot.get();
        record.flags = U32::new(ConceptRecord::STUB);
        record.sequence = U64::new(sequence);
        record.created = U64::new(time);
        record.modified = U64::new(time);
        record.namespace = U32::new(namespace);
        self.name(&mut record, key, namespace)?;
        self.lengths.stubs += 1;
        self.append_concept(record)?;
        Ok(slot)
    }

    /// Appends a changed copy of a concept's latest record. False if there is no such concept.
    pub(crate) fn revise(
        &mut self,
        sequence: u64,
        time: u64,
        id: &ConceptId,
        change: impl FnOnce(&mut Self, &mut ConceptRecord) -> Result<(), ApplyError>,
    ) -> Result<bool, ApplyError> {
        let Some((_, ordinal, latest)) = self.find(id, id_hash(id.as_bytes()))? else { return Ok(false) };
        let mut record = successor(ordinal, latest);
        if !record.is_live() {
            return Ok(false);
        }
        change(self, &mut record)?;
        record.sequence = U64::new(sequence);
        record.modified = U64::new(time);
        record.version = U32::new(record.version.get().saturating_add(1));
        self.append_concept(record)?;
        Ok(true)
    }

    pub(crate) fn record_access(&mut self, id: &ConceptId, time: u64, count: u32) -> Result<bool, ApplyError> {
        let Some((slot, _, latest)) = self.find(id, id_hash(id.as_bytes()))? else { return Ok(false) };
        if !latest.is_live() {
            return Ok(false);
        }
        let (counted, last) = self.access(slot)?;
        // A count that was lost stays so: it is the greatest one.
        self.accessed.insert(slot, (counted.saturating_add(count), last.max(time)));
        Ok(true)
    }

    /// Count and time of the last access, published or not.
    fn access(&self, slot: u32) -> Result<(u32, u64), ApplyError> {
        if let Some(access) = self.accessed.get(&slot) {
            return Ok(*access);
        }
        let row = self.row(slot)?;
        Ok((row.access_count.load(Ordering::Relaxed), row.last_accessed.load(Ordering::Relaxed)))
    }

    pub(crate) fn set_access(&self, slot: u32, count: u32, last: u64) -> Result<(), ApplyError> {
        let row = self.row(slot)?;
        row.access_count.store(count, Ordering::Relaxed);
        row.last_accessed.store(last, Ordering::Relaxed);
        Ok(())
    }

    /// Forgets a concept or a stub, and its associations. False if there is none.
    pub(crate) fn forget_concept(&mut self, sequence: u64, time: u64, id: &ConceptId) -> Result<bool, ApplyError> {
        let Some((slot, ordinal, latest)) = self.find(id, id_hash(id.as_bytes()))? else { return Ok(false) };
        if latest.is_tombstone() {
            return Ok(false);
        }
        let (was_stub, namespace) = (latest.is_stub(), latest.namespace.get());
        self.end_all_edges(sequence, time, slot)?;
        let mut record = blank(id, slot, namespace);
        record.previous = U32::new(ordinal);
        record.flags = U32::new(ConceptRecord::TOMBSTONE);
        record.sequence = U64::new(sequence);
        record.created = U64::new(time);
        record.modified = U64::new(time);
        if was_stub {
            self.lengths.stubs -= 1;
        } else {
            self.lengths.live_concepts -= 1;
        }
        if self.access(slot)?.0 > 0 {
            self.accessed.insert(slot, (0, 0));
        }
        self.append_concept(record)?;
        Ok(true)
    }
}

/// A record of an id with nothing in it.
fn blank(id: &ConceptId, slot: u32, namespace: u32) -> ConceptRecord {
    let mut record = ConceptRecord::new_zeroed();
    record.id = id.to_bytes();
    record.slot = U32::new(slot);
    record.namespace = U32::new(namespace);
    record.previous = U32::new(NONE);
    record.content = U64::new(NO_BLOB);
    record.vector = U64::new(NO_BLOB);
    record.metadata = U64::new(NO_BLOB);
    record.key = U64::new(NO_BLOB);
    record
}

/// The record that follows a slot's latest one: a copy of a concept or stub, a blank one after a tombstone.
fn successor(ordinal: u32, latest: &ConceptRecord) -> ConceptRecord {
    let mut record = *latest;
    if latest.is_tombstone() {
        record = blank(&ConceptId::from_bytes(latest.id), latest.slot.get(), latest.namespace.get());
        record.flags = latest.flags;
    }
    record.previous = U32::new(ordinal);
    record
}
