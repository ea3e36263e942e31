//! A small store for the models: concepts by number, and what a snapshot of it must say.

use std::ops::ControlFlow;

use sutra_format::entry::{EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_format::{AssociationType, ConceptId};
use sutra_snapshot::{Side, Snapshot, Writer};

pub(crate) use crate::model::random::id;

pub(crate) struct Store {
    pub(crate) writer: Writer,
    pub(crate) sequence: u64,
}

const KIND: AssociationType = AssociationType(1);

impl Store {
    /// Holds concepts 0.., in slots of the same numbers, published.
    pub(crate) fn with_concepts(count: u32) -> Self {
        let mut store = Self { writer: Writer::new().unwrap(), sequence: 0 };
        (0..count).for_each(|number| store.learn(id(number), &[0]));
        store.publish();
        store
    }

    /// Holds concepts and edges from the first to others, published.
    pub(crate) fn with_edges(concepts: u32, targets: std::ops::RangeInclusive<u32>) -> Self {
        let mut store = Self::with_concepts(concepts);
        targets.for_each(|target| store.associate(0, target));
        store.publish();
        store
    }

    fn apply(&mut self, op: &Op<'_>) {
        self.sequence += 1;
        let applied = self.writer.apply(self.sequence, &EntryWriter::single(1, op)).unwrap();
        assert_eq!(applied.ignored, 0);
    }

    pub(crate) fn learn(&mut self, id: ConceptId, content: &[u8]) {
        self.apply(&Op::LearnConcept(LearnConcept {
            id,
            namespace: 0,
            key: b"",
            content,
            vector: None,
            metadata: None,
            strength: 1.0,
            confidence: 1.0,
            created: None,
        }));
    }

    pub(crate) fn associate(&mut self, source: u32, target: u32) {
        self.apply(&Op::LearnAssociation(LearnAssociation {
            source: id(source),
            target: id(target),
            kind: KIND,
            confidence: 1.0,
            weight: None,
            created: None,
            validity: None,
            metadata: None,
            namespace: 0,
            source_key: b"",
            target_key: b"",
        }));
    }

    pub(crate) fn end(&mut self, source: u32, target: u32) {
        self.apply(&Op::ForgetAssociation { source: id(source), target: id(target), kind: KIND });
    }

    pub(crate) fn publish(&mut self) -> Snapshot {
        self.writer.publish(self.sequence)
    }
}

/// Where the edges of a slot lead, in the order in which they were learned; each is checked against its record.
pub(crate) fn targets(snapshot: &Snapshot, slot: u32) -> Vec<u32> {
    let mut targets = Vec::new();
    let end = snapshot.edges(slot, Side::Out).unwrap().visit(|edge| {
        let record = snapshot.association(edge.ordinal).unwrap();
        assert_eq!((record.source.get(), record.target.get()), (slot, edge.target));
        targets.push(edge.target);
        ControlFlow::<()>::Continue(())
    });
    assert!(end.is_continue());
    targets
}

/// The content of a concept that the snapshot must know.
pub(crate) fn content(snapshot: &Snapshot, id: &ConceptId) -> Vec<u8> {
    let (_, record) = snapshot.find(id).unwrap().expect("a concept that this snapshot sees");
    snapshot.content(record).unwrap().to_vec()
}
