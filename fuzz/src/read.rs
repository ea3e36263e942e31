//! Reading everything that a snapshot shows.

use std::ops::ControlFlow;

use sutra_format::ConceptId;
use sutra_snapshot::{Arena, Side, Snapshot};

/// Touches every record, blob and edge. Damage is an answer; a panic or a read out of bounds is not.
pub(crate) fn all(snapshot: &Snapshot) {
    let lengths = *snapshot.lengths();
    // Copied a page at a time: a sanitizer looks at a copied range at once, at single bytes one by one.
    let mut page = [0; 4096];
    let mut touch = |bytes: &[u8]| {
        for part in bytes.chunks(page.len()) {
            page[..part.len()].copy_from_slice(part);
            std::hint::black_box(&page);
        }
    };
    // One beyond the end, too.
    for ordinal in (0..lengths.concepts).chain([lengths.concepts, u32::MAX]) {
        if let Ok(record) = snapshot.concept(ordinal) {
            let blobs = [snapshot.content(record).map(Some), snapshot.metadata(record), snapshot.key(record)];
            blobs.into_iter().flatten().flatten().for_each(&mut touch);
            let _ = snapshot.vector(record).map(|vector| vector.map(|vector| vector.iter().sum::<f32>()));
        }
    }
    for ordinal in (0..lengths.associations).chain([lengths.associations, u32::MAX]) {
        if let Ok(record) = snapshot.association(ordinal) {
            snapshot.association_metadata(record).into_iter().flatten().for_each(&mut touch);
            let _ = snapshot.find_edge(record.source.get(), record.target.get(), record.kind);
        }
    }
    for slot in (0..lengths.slots).chain([lengths.slots, u32::MAX]) {
        let _ = (snapshot.access(slot), snapshot.latest(slot));
        snapshot.prefetch(slot);
        for side in [Side::Out, Side::In] {
            if let Ok(edges) = snapshot.edges(slot, side) {
                let _ = edges.visit(|edge| {
                    let _ = (snapshot.newest(edge.target), snapshot.association(edge.ordinal));
                    ControlFlow::<()>::Continue(())
                });
            }
        }
        if let Ok(Some(record)) = snapshot.newest(slot) {
            let _ = snapshot.find(&ConceptId::from_bytes(record.id));
        }
    }
    for arena in Arena::ALL {
        for chunk in 0..=snapshot.chunk_count(arena).min(1 << 10) {
            touch(snapshot.chunk(arena, chunk));
        }
    }
    let _ = snapshot.find(&ConceptId::from_bytes([7; 16]));
}
