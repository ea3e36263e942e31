//! Records: checksums, links, blobs, and the counts that the header gives.

use sutra_format::catalogue::Catalogue;
use sutra_format::{AssociationRecord, ConceptRecord, NONE};
use sutra_snapshot::Arena;
use zerocopy::FromBytes;

use super::Checked;
use crate::arenas::{ASSOCIATION, CONCEPT};
use crate::error::StoreError;

/// What the concept records say of the slots.
pub(super) struct Concepts {
    /// Ordinal of the newest record of each slot.
    pub(super) latest: Vec<u32>,
    /// Its id.
    pub(super) ids: Vec<[u8; 16]>,
}

/// Which association records are visible.
pub(super) struct Alive {
    /// One bit a record.
    ended: Vec<u64>,
    /// For each slot, one more than the ordinal of the last tombstone of all its associations.
    forgotten: Vec<u32>,
}

impl Alive {
    /// Whether the record is an association that is neither replaced nor forgotten.
    pub(super) fn is_alive(&self, ordinal: u32, record: &AssociationRecord) -> bool {
        let ended = self.ended.get(ordinal as usize / 64).is_some_and(|word| word >> (ordinal % 64) & 1 == 1);
        let after = |slot: u32| self.forgotten.get(slot as usize).is_none_or(|tombstone| *tombstone <= ordinal);
        record.is_live() && !ended && after(record.source.get()) && after(record.target.get())
    }

    fn end(&mut self, ordinal: u32) {
        if let Some(word) = self.ended.get_mut(ordinal as usize / 64) {
            *word |= 1 << (ordinal % 64);
        }
    }
}

impl Checked {
    pub(super) fn concept(&self, ordinal: u32) -> Option<ConceptRecord> {
        ConceptRecord::read_from_bytes(self.record_bytes(Arena::Concepts, ordinal, CONCEPT)).ok()
    }

    pub(super) fn association(&self, ordinal: u32) -> Option<AssociationRecord> {
        AssociationRecord::read_from_bytes(self.record_bytes(Arena::Associations, ordinal, ASSOCIATION)).ok()
    }

    /// Checks all concept records.
    pub(super) fn concepts(&mut self, catalogue: &Catalogue) -> Result<Concepts, StoreError> {
        let lengths = self.lengths;
        if lengths.slots > lengths.concepts {
            return Err(StoreError::corrupt("file header", 0, "it has more slots than concept records"));
        }
        // Every slot has a record, and the chunks of all records have been mapped: so much memory is in proportion.
        let slots = lengths.slots as usize;
        let mut concepts = Concepts { latest: vec![NONE; slots], ids: vec![[0; 16]; slots] };
        let vector = catalogue.dimension().and_then(|dimension| dimension.checked_mul(4));
        let mut sequence = 0;
        for ordinal in 0..lengths.concepts {
            self.report.concepts += 1;
            let Some(record) = self.concept(ordinal).filter(ConceptRecord::is_intact) else {
                self.record_problem(Arena::Concepts, ordinal, "the checksum of a record does not match");
                continue;
            };
            if let Err(what) = check_concept(&record, ordinal, &mut concepts) {
                self.record_problem(Arena::Concepts, ordinal, what);
            }
            self.check_sequence(Arena::Concepts, ordinal, record.sequence.get(), &mut sequence);
            self.concept_blobs(&record, ordinal, vector);
        }
        self.check_slots(&concepts);
        Ok(concepts)
    }

    fn concept_blobs(&mut self, record: &ConceptRecord, ordinal: u32, vector: Option<u32>) {
        for (position, checksum, expected) in [
            (record.content, record.content_checksum, None),
            (record.vector, record.vector_checksum, vector),
            (record.metadata, record.metadata_checksum, None),
            (record.key, record.key_checksum, None),
        ] {
            match self.blob(position.get(), checksum.get()) {
                Err(what) => self.record_problem(Arena::Concepts, ordinal, what),
                Ok(Some(length)) if expected.is_some_and(|expected| expected != length) => {
                    self.record_problem(Arena::Concepts, ordinal, "its vector has another dimension than the store's");
                }
                Ok(_) => {}
            }
        }
    }

    /// Sequences never fall and end at the header's.
    fn check_sequence(&mut self, arena: Arena, ordinal: u32, sequence: u64, before: &mut u64) {
        if sequence < *before || sequence > self.header.sequence.get() {
            self.record_problem(arena, ordinal, format!("sequence {sequence} is out of order"));
        }
        *before = sequence;
    }

    /// Checks the slots' newest records against the header's counts, and that no two slots have one id.
    fn check_slots(&mut self, concepts: &Concepts) {
        let (mut live, mut stubs) = (0, 0);
        for (slot, latest) in (0_u32..).zip(&concepts.latest) {
            match self.concept(*latest).filter(|_| *latest != NONE) {
                Some(record) => {
                    live += u32::from(record.is_live());
                    stubs += u32::from(record.is_stub());
                }
                None => self.report.add("concept records", 0, format!("slot {slot} has no record")),
            }
        }
        self.report.slots = self.lengths.slots;
        if (live, stubs) != (self.lengths.live_concepts, self.lengths.stubs) {
            let what = format!("it counts other concepts and stubs than the records: {live} and {stubs}");
            self.report.add("file header", 0, what);
        }
        let mut ids = concepts.ids.clone();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair.first() == pair.last()) {
            self.report.add("concept records", 0, "two slots have the same id".to_owned());
        }
    }

    /// Checks all association records.
    pub(super) fn associations(&mut self, concepts: &Concepts) -> Result<Alive, StoreError> {
        let lengths = self.lengths;
        let mut alive = Alive {
            ended: vec![0; (lengths.associations as usize).div_ceil(64)],
            forgotten: vec![0; concepts.latest.len()],
        };
        let mut sequence = 0;
        for ordinal in 0..lengths.associations {
            self.report.associations += 1;
            let Some(record) = self.association(ordinal).filter(AssociationRecord::is_intact) else {
                self.record_problem(Arena::Associations, ordinal, "the checksum of a record does not match");
                continue;
            };
            if let Err(what) = self.check_association(&record, ordinal, &mut alive) {
                self.record_problem(Arena::Associations, ordinal, what);
            }
            self.check_sequence(Arena::Associations, ordinal, record.sequence.get(), &mut sequence);
            if let Err(what) = self.blob(record.metadata.get(), record.metadata_checksum.get()) {
                self.record_problem(Arena::Associations, ordinal, what);
            }
        }
        let is_alive = |ordinal: &u32| self.association(*ordinal).is_some_and(|it| alive.is_alive(*ordinal, &it));
        let edges = (0..lengths.associations).filter(is_alive).count();
        self.report.edges = u32::try_from(edges).unwrap_or(u32::MAX);
        if self.report.edges != lengths.edges {
            self.report.add("file header", 0, format!("it counts {} edges, the records {edges}", lengths.edges));
        }
        Ok(alive)
    }

    fn check_association(&self, record: &AssociationRecord, ordinal: u32, alive: &mut Alive) -> Result<(), String> {
        let (source, target, previous) = (record.source.get(), record.target.get(), record.previous.get());
        if source >= self.lengths.slots || target >= self.lengths.slots {
            return Err("an end is a slot that does not exist".to_owned());
        }
        match record.flags {
            0 | AssociationRecord::TOMBSTONE => {}
            AssociationRecord::SLOT_TOMBSTONE => {
                if let Some(forgotten) = alive.forgotten.get_mut(source as usize) {
                    *forgotten = ordinal.saturating_add(1);
                }
                return if source == target && previous == NONE {
                    Ok(())
                } else {
                    Err("a slot's tombstone names something else".to_owned())
                };
            }
            flags => return Err(format!("unknown flags {flags}")),
        }
        if previous == NONE {
            return if record.is_live() { Ok(()) } else { Err("a tombstone that ends nothing".to_owned()) };
        }
        let before = self.association(previous).filter(|before| previous < ordinal && before.is_live());
        let same = |before: AssociationRecord| {
            (before.source, before.target, before.kind) == (record.source, record.target, record.kind)
        };
        alive.end(previous);
        if before.is_some_and(same) { Ok(()) } else { Err(format!("it ends record {previous}, which is another one")) }
    }
}

fn check_concept(record: &ConceptRecord, ordinal: u32, concepts: &mut Concepts) -> Result<(), String> {
    let (slot, previous) = (record.slot.get(), record.previous.get());
    let place = slot as usize;
    let (Some(latest), Some(id)) = (concepts.latest.get_mut(place), concepts.ids.get_mut(place)) else {
        return Err(format!("slot {slot} does not exist"));
    };
    let before = std::mem::replace(latest, ordinal);
    let id_before = std::mem::replace(id, record.id);
    if previous != before {
        return Err(format!("its previous version is {previous}, not the one before of slot {slot}"));
    }
    if before != NONE && id_before != record.id {
        return Err(format!("slot {slot} has another id"));
    }
    match record.flags.get() {
        0 | ConceptRecord::STUB | ConceptRecord::TOMBSTONE => Ok(()),
        flags => Err(format!("unknown flags {flags}")),
    }
}
