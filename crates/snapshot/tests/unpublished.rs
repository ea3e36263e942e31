//! What was applied is nobody's before it is published: the engine applies a group while its sync is under way, and the sync
//! may fail.

use sutra_format::ConceptId;
use sutra_format::entry::{EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_format::{AssociationType, entry};
use sutra_snapshot::{Side, Writer};

fn id(key: &str) -> ConceptId {
    ConceptId::from_key(key).unwrap()
}

fn learn<'a>(key: &str, content: &'a [u8]) -> Op<'a> {
    Op::LearnConcept(LearnConcept {
        id: id(key),
        namespace: 0,
        key: b"",
        content,
        vector: None,
        metadata: None,
        strength: 1.0,
        confidence: 1.0,
        created: None,
    })
}

fn associate(source: &str, target: &str, confidence: f32) -> Op<'static> {
    Op::LearnAssociation(LearnAssociation {
        source: id(source),
        source_key: b"",
        target: id(target),
        target_key: b"",
        namespace: 0,
        kind: AssociationType(0),
        confidence,
        weight: None,
        created: None,
        validity: None,
        metadata: None,
    })
}

/// A writer with `otter -> fish`, published, and one access.
fn writer() -> Writer {
    let mut writer = Writer::new().unwrap();
    let ops = [
        learn("otter", b"swims"),
        associate("otter", "fish", 0.5),
        entry::Op::RecordAccess { id: id("otter"), count: 1 },
    ];
    for (sequence, op) in (1..).zip(&ops) {
        writer.apply(sequence, &EntryWriter::single(7, op)).unwrap();
    }
    writer.publish(8);
    writer
}

#[test]
fn access_counts_are_not_shown_before_they_are_published() {
    let mut writer = writer();
    let seen = |writer: &Writer| {
        let snapshot = writer.latest();
        let (slot, _) = snapshot.find(&id("otter")).unwrap().unwrap();
        snapshot.access(slot).unwrap()
    };
    assert_eq!(seen(&writer), (1, 7));
    assert_eq!(writer.take_accessed(), [(0, 1, 7)]);
    for sequence in 4..6 {
        writer.apply(sequence, &EntryWriter::single(9, &Op::RecordAccess { id: id("otter"), count: 2 })).unwrap();
        assert_eq!(seen(&writer), (1, 7), "counted, and not published");
        assert_eq!(writer.take_accessed(), []);
    }
    writer.publish(10);
    assert_eq!(seen(&writer), (5, 9));
    writer.apply(6, &EntryWriter::single(11, &Op::ForgetConcept { id: id("otter") })).unwrap();
    assert_eq!(seen(&writer), (5, 9));
    writer.publish(12);
    assert_eq!(seen(&writer), (0, 0));
    assert_eq!(writer.take_accessed(), [(0, 0, 0)]);
}

#[test]
fn nothing_that_was_applied_is_shown_before_it_is_published() {
    let mut writer = writer();
    let digest = |writer: &Writer| {
        let snapshot = writer.latest();
        let (slot, record) = snapshot.find(&id("otter")).unwrap().unwrap();
        let edges: Vec<_> = snapshot.edges(slot, Side::Out).unwrap().iter().collect();
        let heron = snapshot.find(&id("heron")).unwrap().is_some();
        (snapshot.sequence(), *snapshot.lengths(), snapshot.content(record).unwrap().to_vec(), edges, heron)
    };
    let before = digest(&writer);
    let ops = [
        learn("otter", b"dives"),
        associate("otter", "fish", 0.75),
        associate("heron", "fish", 0.25),
        Op::ForgetConcept { id: id("fish") },
    ];
    for (sequence, op) in (4..).zip(&ops) {
        writer.apply(sequence, &EntryWriter::single(9, op)).unwrap();
        assert_eq!(digest(&writer), before, "after operation {sequence}");
    }
    writer.publish(10);
    assert_ne!(digest(&writer), before);
}
