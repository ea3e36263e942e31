//! Everything that a snapshot answers, as one text: to compare two stores with each other, times and counters included.

use std::fmt::Write;

use sutra_storage::Snapshot;

/// All concepts, associations and counts of a snapshot.
pub(crate) fn answers(snapshot: &Snapshot) -> String {
    let mut text = format!(
        "sequence {} at {}, {} concepts, {} stubs, {} associations, dimension {:?}\n",
        snapshot.sequence(),
        snapshot.timestamp(),
        snapshot.concept_count(),
        snapshot.stub_count(),
        snapshot.edge_count(),
        snapshot.vector_dimension(),
    );
    for concept in snapshot.concepts() {
        let concept = concept.expect("a concept that can be read");
        let content = concept.content().expect("content");
        let id = concept.id();
        let read = (concept.key().expect("key"), concept.namespace_name(), content.len(), sum(content));
        let vector = (concept.embedding().expect("embedding"), concept.metadata().expect("metadata"));
        let times = (concept.created(), concept.modified(), concept.version(), concept.sequence());
        let accesses = (concept.access_count().expect("count"), concept.last_accessed().expect("time"));
        let parts = (concept.strength(), concept.confidence());
        writeln!(text, "{id} {read:?} {vector:?} {times:?} {accesses:?} {parts:?}").expect("into memory");
    }
    for association in snapshot.associations() {
        let found = association.expect("an association that can be read");
        let ends = (found.source().expect("source").id(), found.target().expect("target").id());
        let said = (found.type_name(), found.confidence(), found.weight(), found.valid());
        let rest = (found.metadata().expect("metadata"), found.created(), found.sequence());
        writeln!(text, "{} {} {said:?} {rest:?}", ends.0, ends.1).expect("into memory");
    }
    text
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(bytes.len() as u64, |sum, byte| sum.wrapping_mul(0x100_0000_01B3) ^ u64::from(*byte))
}
