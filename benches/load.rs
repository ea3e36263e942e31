//! What is learned: concepts of 100 bytes with ids derived from keys, associations between them.

use std::ops::Range;

use sutra_storage::{Association, AssociationType, Batch, Concept, ConceptId, ConcurrentMemory, Sequence};

use crate::Outcome;
use crate::random::Random;

/// Bytes of a content.
pub const CONTENT_BYTES: usize = 100;

/// Dimensions of an embedding.
pub const DIMENSIONS: usize = 384;

/// Writes of a batch.
pub const BATCH: usize = 1000;

/// An association that is to be learned: source and target.
pub type Pair = (ConceptId, ConceptId);

/// The ids of keys of these numbers: 16 bytes of their hashes.
#[must_use]
pub fn ids(numbers: Range<u64>) -> Vec<ConceptId> {
    // Only an empty key has no id.
    numbers.filter_map(|number| ConceptId::from_key(&format!("concept {number}")).ok()).collect()
}

/// The content of a concept: text that differs from one id to the next.
#[must_use]
pub fn content(id: &ConceptId) -> [u8; CONTENT_BYTES] {
    let mut content = [b' '; CONTENT_BYTES];
    content[..16].copy_from_slice(id.as_bytes());
    content
}

/// Pairs of which both ends are drawn uniformly.
#[must_use]
pub fn uniform_pairs(random: &mut Random, ids: &[ConceptId], count: usize) -> Vec<Pair> {
    (0..count).map(|_| (*random.choose(ids), *random.choose(ids))).collect()
}

/// Pairs that give each source the same number of targets, drawn uniformly.
#[must_use]
pub fn pairs_of_degree(random: &mut Random, sources: &[ConceptId], ids: &[ConceptId], degree: usize) -> Vec<Pair> {
    sources.iter().flat_map(|source| std::iter::repeat_n(*source, degree)).map(|s| (s, *random.choose(ids))).collect()
}

/// Embeddings: numbers in [-1, 1).
#[must_use]
pub fn vectors(random: &mut Random, count: usize) -> Vec<Vec<f32>> {
    (0..count).map(|_| (0..DIMENSIONS).map(|_| random.signed()).collect()).collect()
}

/// Learns concepts, one call each.
///
/// # Errors
/// What the store reports.
pub fn learn(memory: &ConcurrentMemory, ids: &[ConceptId]) -> Outcome<Sequence> {
    let mut last = 0;
    for id in ids {
        last = memory.learn_concept(id, content(id), None, 1.0, 0.9)?;
    }
    Ok(last)
}

/// Learns associations, one call each.
///
/// # Errors
/// What the store reports.
pub fn associate(memory: &ConcurrentMemory, pairs: &[Pair]) -> Outcome<Sequence> {
    let mut last = 0;
    for (source, target) in pairs {
        last = memory.learn_association(source, target, AssociationType::SEMANTIC, 0.8)?;
    }
    Ok(last)
}

/// Learns concepts in batches of [`BATCH`].
///
/// # Errors
/// What the store reports.
pub fn learn_in_batches(memory: &ConcurrentMemory, ids: &[ConceptId]) -> Outcome<Sequence> {
    let mut last = 0;
    for ids in ids.chunks(BATCH) {
        let contents: Vec<_> = ids.iter().map(content).collect();
        let mut batch = Batch::new();
        for (id, content) in ids.iter().zip(&contents) {
            batch.concept(Concept::new(id).content(content).confidence(0.9));
        }
        last = memory.learn_batch(&batch)?;
    }
    Ok(last)
}

/// Learns associations in batches of [`BATCH`].
///
/// # Errors
/// What the store reports.
pub fn associate_in_batches(memory: &ConcurrentMemory, pairs: &[Pair]) -> Outcome<Sequence> {
    let mut last = 0;
    for pairs in pairs.chunks(BATCH) {
        let mut batch = Batch::new();
        for (source, target) in pairs {
            batch.association(Association::new(source, target, AssociationType::SEMANTIC).confidence(0.8));
        }
        last = memory.learn_batch(&batch)?;
    }
    Ok(last)
}

/// Fills a store that is to be measured later: batches, visible at the end.
///
/// # Errors
/// What the store reports.
pub fn fill(memory: &ConcurrentMemory, ids: &[ConceptId]) -> Outcome {
    Ok(memory.wait_visible(learn_in_batches(memory, ids)?)?)
}

/// Adds associations to a store that is to be measured later: batches, visible at the end.
///
/// # Errors
/// What the store reports.
pub fn connect(memory: &ConcurrentMemory, pairs: &[Pair]) -> Outcome {
    Ok(memory.wait_visible(associate_in_batches(memory, pairs)?)?)
}
