//! Records of concepts and associations, and ids as text.

use sutra_format::geometry::{blob_chunks, locate, record_chunk_length, split};
use sutra_format::{AssociationRecord, ConceptId, ConceptRecord};
use zerocopy::{FromBytes, IntoBytes};

/// Reads the input as a record of either kind, as it is and sealed, and as the text of an id.
pub fn check(input: &[u8]) {
    if let Ok((record, _)) = ConceptRecord::ref_from_prefix(input) {
        let _ = (record.is_intact(), record.is_live(), record.is_stub(), record.is_tombstone());
    }
    if let Ok((record, _)) = AssociationRecord::ref_from_prefix(input) {
        let _ = (record.is_intact(), record.is_live());
    }
    let mut concept: ConceptRecord = crate::filled(input);
    concept.seal();
    assert!(concept.is_intact());
    for position in [concept.content, concept.vector, concept.metadata, concept.key] {
        let (chunk, offset) = split(position.get());
        assert!(blob_chunks(position.get()) >= chunk.saturating_add(u32::from(offset > 0)));
    }
    let mut association: AssociationRecord = crate::filled(input);
    association.seal();
    assert!(association.is_intact());
    for ordinal in [concept.slot.get(), concept.previous.get(), association.source.get(), association.target.get()] {
        let (chunk, offset) = locate(u64::from(ordinal) * ConceptRecord::SIZE as u64);
        assert!(u64::from(offset) + 128 <= sutra_format::geometry::chunk_size(chunk));
        assert!(record_chunk_length(chunk, ordinal, 128) <= u64::from(offset));
    }
    // One bit is enough to be found.
    let bit = input.first().copied().map_or(0, usize::from);
    association.as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
    assert!(!association.is_intact());

    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(id) = ConceptId::parse(text)
    {
        assert_eq!(ConceptId::parse(&id.to_string()), Ok(id));
    }
}
