//! A naive store: everything in vectors and hash maps, searched from end to end, cloned whole for each held snapshot.
//! It predicts what a snapshot shows down to slots and ordinals.
#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod files;
pub(crate) mod random;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sutra_format::entry::{LearnAssociation, LearnConcept, Op};
use sutra_format::{ConceptId, ConceptRecord, NONE};
use sutra_snapshot::{Damage, EdgeRef, Run, Side, Snapshot};

const STUB: u32 = ConceptRecord::STUB;
const TOMBSTONE: u32 = ConceptRecord::TOMBSTONE;

/// One concept record.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: ConceptId,
    pub(crate) slot: u32,
    pub(crate) previous: u32,
    pub(crate) flags: u32,
    pub(crate) namespace: u32,
    pub(crate) sequence: u64,
    pub(crate) created: u64,
    pub(crate) modified: u64,
    pub(crate) strength: f32,
    pub(crate) confidence: f32,
    pub(crate) version: u32,
    pub(crate) content: Vec<u8>,
    pub(crate) vector: Option<Vec<f32>>,
    pub(crate) metadata: Option<Vec<u8>>,
    pub(crate) key: Option<Vec<u8>>,
}

/// One association that is visible.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) ordinal: u32,
    pub(crate) source: u32,
    pub(crate) target: u32,
    pub(crate) kind: u8,
    pub(crate) previous: u32,
    pub(crate) confidence: f32,
    pub(crate) weight: f32,
    pub(crate) created: u64,
    pub(crate) sequence: u64,
    pub(crate) validity: (u32, u32),
    pub(crate) metadata: Option<Vec<u8>>,
}

/// The naive store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) sequence: u64,
    pub(crate) slots: HashMap<ConceptId, u32>,
    /// All concept records by ordinal.
    pub(crate) versions: Vec<Arc<Version>>,
    /// The newest ordinal of each slot.
    pub(crate) newest: Vec<u32>,
    /// Visible associations by ordinal.
    pub(crate) edges: BTreeMap<u32, Arc<Edge>>,
    /// How many association records there are, tombstones among them.
    pub(crate) associations: u32,
    pub(crate) names: BTreeSet<u32>,
    /// Accesses by slot: live, not part of a snapshot.
    pub(crate) access: HashMap<u32, (u32, u64)>,
}

impl Version {
    /// Gives it a key and the key's namespace; says whether it had none.
    fn name(&mut self, key: &[u8], namespace: u32) -> bool {
        let new = self.key.is_none() && !key.is_empty();
        if new {
            (self.key, self.namespace) = (Some(key.to_vec()), namespace);
        }
        new
    }
}

impl Model {
    fn newest_of(&self, id: &ConceptId) -> Option<(u32, u32, Version)> {
        let slot = *self.slots.get(id)?;
        let ordinal = self.newest[slot as usize];
        Some((slot, ordinal, (*self.versions[ordinal as usize]).clone()))
    }

    fn blank(id: ConceptId, slot: u32, namespace: u32) -> Version {
        Version {
            id,
            slot,
            previous: NONE,
            flags: 0,
            namespace,
            sequence: 0,
            created: 0,
            modified: 0,
            strength: 0.0,
            confidence: 0.0,
            version: 0,
            content: Vec::new(),
            vector: None,
            metadata: None,
            key: None,
        }
    }

    fn push(&mut self, version: Version) {
        let ordinal = self.versions.len() as u32;
        if version.slot as usize == self.newest.len() {
            self.slots.insert(version.id, version.slot);
            self.newest.push(ordinal);
        } else {
            self.newest[version.slot as usize] = ordinal;
        }
        self.versions.push(Arc::new(version));
    }

    /// Applies an operation; false if it does nothing.
    pub(crate) fn apply(&mut self, sequence: u64, time: u64, op: &Op<'_>) -> bool {
        self.sequence = sequence;
        match op {
            Op::LearnConcept(learn) => self.learn_concept(time, learn),
            Op::LearnAssociation(learn) => self.learn_association(time, learn),
            Op::UpdateStrength { id, strength } => {
                return self.revise(time, id, |version| version.strength = *strength);
            }
            Op::UpdateMetadata { id, metadata } => {
                return self.revise(time, id, |version| version.metadata = Some(metadata.to_vec()));
            }
            Op::RecordAccess { id, count } => {
                let Some((slot, _, version)) = self.newest_of(id) else { return false };
                if version.flags != 0 {
                    return false;
                }
                let (counted, last) = self.access.get(&slot).copied().unwrap_or_default();
                self.access.insert(slot, (counted.saturating_add(*count), last.max(time)));
            }
            Op::ForgetConcept { id } => return self.forget_concept(time, id),
            Op::ForgetAssociation { source, target, kind } => {
                let (Some(source), Some(target)) = (self.slots.get(source), self.slots.get(target)) else {
                    return false;
                };
                let Some(edge) = self.find_edge(*source, *target, kind.0) else { return false };
                self.edges.remove(&edge.ordinal);
                self.associations += 1;
            }
            Op::Define { number, .. } => return self.names.insert(*number),
        }
        true
    }

    fn learn_concept(&mut self, time: u64, learn: &LearnConcept<'_>) {
        let mut version = match self.newest_of(&learn.id) {
            None => Self::blank(learn.id, self.newest.len() as u32, learn.namespace),
            Some((slot, ordinal, newest)) => {
                let tombstone = newest.flags == TOMBSTONE;
                let mut version = if tombstone { Self::blank(learn.id, slot, newest.namespace) } else { newest };
                version.flags = if tombstone { TOMBSTONE } else { version.flags };
                version.previous = ordinal;
                version
            }
        };
        if version.previous == NONE || version.flags != 0 {
            version.created = learn.created.unwrap_or(time);
        }
        if version.previous == NONE || version.flags == TOMBSTONE {
            version.namespace = learn.namespace;
        }
        version.flags = 0;
        version.version += 1;
        (version.sequence, version.modified) = (self.sequence, time);
        (version.strength, version.confidence) = (learn.strength, learn.confidence);
        version.content = learn.content.to_vec();
        if let Some(vector) = learn.vector {
            let values = vector.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
            version.vector = Some(values.collect());
        }
        if let Some(metadata) = learn.metadata {
            version.metadata = Some(metadata.to_vec());
        }
        version.name(learn.key, learn.namespace);
        self.push(version);
    }

    fn end_slot(&mut self, time: u64, id: ConceptId, key: &[u8], namespace: u32) -> u32 {
        let mut version = match self.newest_of(&id) {
            Some((slot, ordinal, mut newest)) if newest.flags != TOMBSTONE => {
                if newest.name(key, namespace) {
                    newest.previous = ordinal;
                    (newest.sequence, newest.modified) = (self.sequence, time);
                    newest.version += u32::from(newest.flags == 0);
                    self.push(newest);
                }
                return slot;
            }
            Some((slot, ordinal, _)) => Version { previous: ordinal, ..Self::blank(id, slot, namespace) },
            None => Self::blank(id, self.newest.len() as u32, namespace),
        };
        version.flags = STUB;
        version.sequence = self.sequence;
        (version.created, version.modified) = (time, time);
        version.key = (!key.is_empty()).then(|| key.to_vec());
        let slot = version.slot;
        self.push(version);
        slot
    }

    fn learn_association(&mut self, time: u64, learn: &LearnAssociation<'_>) {
        let source = self.end_slot(time, learn.source, learn.source_key, learn.namespace);
        let target = self.end_slot(time, learn.target, learn.target_key, learn.namespace);
        let kind = learn.kind.0;
        let mut edge = match self.find_edge(source, target, kind) {
            Some(edge) => {
                self.edges.remove(&edge.ordinal);
                Edge { previous: edge.ordinal, ..(*edge).clone() }
            }
            None => Edge {
                ordinal: 0,
                source,
                target,
                kind,
                previous: NONE,
                confidence: 0.0,
                weight: 1.0,
                created: time,
                sequence: 0,
                validity: (0, u32::MAX),
                metadata: None,
            },
        };
        edge.ordinal = self.associations;
        edge.sequence = self.sequence;
        edge.confidence = learn.confidence;
        edge.weight = learn.weight.unwrap_or(edge.weight);
        edge.created = learn.created.unwrap_or(edge.created);
        edge.validity = learn.validity.unwrap_or(edge.validity);
        if let Some(metadata) = learn.metadata {
            edge.metadata = Some(metadata.to_vec());
        }
        self.associations += 1;
        self.edges.insert(edge.ordinal, Arc::new(edge));
    }

    fn revise(&mut self, time: u64, id: &ConceptId, change: impl FnOnce(&mut Version)) -> bool {
        let Some((_, ordinal, mut version)) = self.newest_of(id) else { return false };
        if version.flags != 0 {
            return false;
        }
        change(&mut version);
        version.previous = ordinal;
        (version.sequence, version.modified) = (self.sequence, time);
        version.version += 1;
        self.push(version);
        true
    }

    fn forget_concept(&mut self, time: u64, id: &ConceptId) -> bool {
        let Some((slot, ordinal, newest)) = self.newest_of(id) else { return false };
        if newest.flags == TOMBSTONE {
            return false;
        }
        let before = self.edges.len();
        self.edges.retain(|_, edge| edge.source != slot && edge.target != slot);
        self.associations += u32::from(self.edges.len() < before);
        if let Some(access) = self.access.get_mut(&slot) {
            *access = (0, 0);
        }
        let mut version = Self::blank(*id, slot, newest.namespace);
        (version.previous, version.flags, version.sequence) = (ordinal, TOMBSTONE, self.sequence);
        (version.created, version.modified) = (time, time);
        self.push(version);
        true
    }

    pub(crate) fn find_edge(&self, source: u32, target: u32, kind: u8) -> Option<Arc<Edge>> {
        let same = |edge: &&Arc<Edge>| edge.source == source && edge.target == target && edge.kind == kind;
        self.edges.values().find(same).cloned()
    }

    fn count(&self, flags: u32) -> u32 {
        self.newest.iter().filter(|ordinal| self.versions[**ordinal as usize].flags == flags).count() as u32
    }

    /// Compares everything that a snapshot shows; `kinds` are the types that may occur.
    pub(crate) fn check(&self, snapshot: &Snapshot, kinds: u8) {
        let lengths = snapshot.lengths();
        assert_eq!(snapshot.sequence(), self.sequence);
        assert_eq!(lengths.slots as usize, self.newest.len());
        assert_eq!(lengths.concepts as usize, self.versions.len());
        assert_eq!(lengths.associations, self.associations);
        assert_eq!(lengths.live_concepts, self.count(0));
        assert_eq!(lengths.stubs, self.count(STUB));
        assert_eq!(lengths.edges as usize, self.edges.len());
        assert_eq!(snapshot.catalogue().len(), self.names.len());
        for (ordinal, version) in (0..).zip(&self.versions) {
            check_version(snapshot, ordinal, version);
        }
        assert!(snapshot.concept(lengths.concepts).is_err(), "beyond the length");
        assert!(snapshot.association(lengths.associations).is_err(), "beyond the length");
        assert!(snapshot.newest(lengths.slots).unwrap().is_none());
        for (slot, ordinal) in (0..).zip(&self.newest) {
            assert_eq!(snapshot.latest(slot).unwrap(), Some(*ordinal), "slot {slot}");
            let id = self.versions[*ordinal as usize].id;
            let (found, record) = snapshot.find(&id).unwrap().expect("the id is known");
            assert_eq!(found, slot);
            assert!(std::ptr::eq(record, snapshot.newest(slot).unwrap().unwrap()));
        }
        self.check_edges(snapshot, kinds);
    }

    fn check_edges(&self, snapshot: &Snapshot, kinds: u8) {
        let slots = self.newest.len();
        let (mut out, mut incoming) = (vec![Vec::new(); slots], vec![Vec::new(); slots]);
        let mut by_key = HashMap::new();
        for (ordinal, edge) in &self.edges {
            let seen = |target| EdgeRef { target, ordinal: *ordinal, confidence: edge.confidence, kind: edge.kind };
            out[edge.source as usize].push(seen(edge.target));
            incoming[edge.target as usize].push(seen(edge.source));
            by_key.insert((edge.source, edge.target, edge.kind), seen(edge.target));
            let record = snapshot.association(*ordinal).unwrap();
            assert_eq!((record.source.get(), record.target.get()), (edge.source, edge.target));
            assert_eq!((record.kind, record.flags, record.previous.get()), (edge.kind, 0, edge.previous));
            assert_eq!((record.confidence.get(), record.weight.get()), (edge.confidence, edge.weight));
            assert_eq!((record.created.get(), record.sequence.get()), (edge.created, edge.sequence));
            assert_eq!((record.valid_from.get(), record.valid_until.get()), edge.validity);
            assert_eq!(snapshot.association_metadata(record).unwrap(), edge.metadata.as_deref());
        }
        for (slot, (out, incoming)) in (0..).zip(out.iter().zip(&incoming)) {
            for (side, expected) in [(Side::Out, out), (Side::In, incoming)] {
                let edges = snapshot.edges(slot, side).unwrap();
                assert!(edges.upper_bound() >= expected.len());
                assert!(snapshot.edge_bound(slot, side).unwrap() >= expected.len());
                assert_eq!(edges.iter().collect::<Vec<_>>(), *expected, "{side:?} of slot {slot}");
                let edge = |run: Run<'_>, at: usize| EdgeRef {
                    target: run.targets[at],
                    ordinal: run.ordinals[at],
                    confidence: run.confidences[at],
                    kind: run.kinds[at],
                };
                let runs = edges.runs().inspect(|run| assert!(!run.targets.is_empty()));
                let in_runs = runs.flat_map(|run| (0..run.targets.len()).map(move |at| edge(run, at)));
                assert_eq!(in_runs.collect::<Vec<_>>(), *expected, "runs of {side:?} of slot {slot}");
            }
        }
        for source in 0..slots as u32 {
            for target in 0..slots as u32 {
                for kind in 0..kinds {
                    let found = snapshot.find_edge(source, target, kind).unwrap();
                    assert_eq!(found.as_ref(), by_key.get(&(source, target, kind)), "{source} -{kind}-> {target}");
                }
                let expected = (0..kinds).any(|kind| by_key.contains_key(&(source, target, kind)));
                assert_eq!(snapshot.has_edge(source, target).unwrap(), expected, "{source} to {target}");
            }
        }
    }
}

/// What can be read of a snapshot whose bytes may be damaged: each answer is right or [`Damage`]. Gives how many were damage.
pub(crate) fn damaged_reads(model: &Model, snapshot: &Snapshot) -> usize {
    let mut damaged = 0;
    let mut is = |right: Result<bool, Damage>| match right {
        Ok(right) => assert!(right, "a wrong answer"),
        Err(_) => damaged += 1,
    };
    for (ordinal, version) in (0..).zip(&model.versions) {
        let record = snapshot.concept(ordinal);
        is(record.map(|record| record.id == version.id.to_bytes() && record.slot.get() == version.slot));
        let Ok(record) = record else { continue };
        is(snapshot.content(record).map(|content| content == version.content));
        is(snapshot.vector(record).map(|vector| vector == version.vector.as_deref()));
        is(snapshot.metadata(record).map(|metadata| metadata == version.metadata.as_deref()));
        is(snapshot.key(record).map(|key| key == version.key.as_deref()));
    }
    for (ordinal, edge) in &model.edges {
        let record = snapshot.association(*ordinal);
        is(record.map(|record| (record.source.get(), record.target.get()) == (edge.source, edge.target)));
        let Ok(record) = record else { continue };
        is(snapshot.association_metadata(record).map(|metadata| metadata == edge.metadata.as_deref()));
        is(snapshot
            .find_edge(edge.source, edge.target, edge.kind)
            .map(|found| found.is_some_and(|found| found.ordinal == *ordinal)));
    }
    for (slot, ordinal) in (0..).zip(&model.newest) {
        is(snapshot.latest(slot).map(|latest| latest == Some(*ordinal)));
        let id = model.versions[*ordinal as usize].id;
        is(snapshot.find(&id).map(|found| found.is_some_and(|(found, _)| found == slot)));
        for (side, end) in [(Side::Out, 0), (Side::In, 1)] {
            let expected =
                model.edges.values().filter(|edge| [edge.source, edge.target][end] == slot).map(|edge| edge.ordinal);
            is(snapshot.edges(slot, side).map(|edges| edges.iter().map(|edge| edge.ordinal).eq(expected)));
        }
    }
    damaged
}

fn check_version(snapshot: &Snapshot, ordinal: u32, version: &Version) {
    let record = snapshot.concept(ordinal).unwrap();
    assert_eq!(record.id, version.id.to_bytes(), "record {ordinal}");
    assert_eq!((record.slot.get(), record.previous.get()), (version.slot, version.previous), "record {ordinal}");
    assert_eq!((record.flags.get(), record.version.get()), (version.flags, version.version), "record {ordinal}");
    assert_eq!((record.namespace.get(), record.sequence.get()), (version.namespace, version.sequence));
    assert_eq!((record.created.get(), record.modified.get()), (version.created, version.modified));
    assert_eq!((record.strength.get(), record.confidence.get()), (version.strength, version.confidence));
    assert_eq!(snapshot.content(record).unwrap(), version.content);
    assert_eq!(snapshot.vector(record).unwrap(), version.vector.as_deref());
    assert_eq!(snapshot.metadata(record).unwrap(), version.metadata.as_deref());
    assert_eq!(snapshot.key(record).unwrap(), version.key.as_deref());
}
