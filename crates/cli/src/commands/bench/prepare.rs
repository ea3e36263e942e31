//! What the store holds before the first flip.

use sutra_storage::{Association, AssociationType, Batch, Concept, ConceptId, ConceptRef, ConcurrentMemory};

use crate::failure::Failure;
use crate::flip::Random;
use crate::interrupt;
use crate::progress::Count;

/// Writes of a batch.
const BATCH: usize = 1000;

/// Associations of each concept.
const DEGREE: usize = 3;

/// Learns so many concepts with associations among them; gives their ids when all are durable and visible, or those until an
/// interruption.
pub(super) fn learn(memory: &ConcurrentMemory, concepts: u64) -> Result<Vec<ConceptId>, Failure> {
    let bar = Count::new(concepts);
    let (mut known, mut random) = (Vec::new(), Random(3));
    let mut last = 0;
    for first in (0..concepts).step_by(BATCH) {
        if interrupt::requested() {
            return Ok(known);
        }
        let numbers = first..concepts.min(first + BATCH as u64);
        let keys: Vec<_> = numbers.map(|number| format!("bench-{number}")).collect();
        let texts: Vec<_> = keys.iter().map(|key| format!("what {key} is about: {}", "words ".repeat(12))).collect();
        let new: Vec<_> = keys
            .iter()
            .map(|key| ConceptId::from_key(key).map_err(sutra_storage::Error::from))
            .collect::<Result<_, _>>()?;
        known.extend_from_slice(&new);
        let mut batch = Batch::new();
        for (key, text) in keys.iter().zip(&texts) {
            batch.concept(Concept::new(ConceptRef::key(key)).content(text));
        }
        for source in &new {
            for _ in 0..DEGREE {
                let target = random.pick(&known);
                batch.association(Association::new(*source, target, AssociationType::SEMANTIC).confidence(0.9));
            }
            bar.item();
        }
        last = memory.learn_batch(&batch)?;
    }
    memory.wait_visible(last)?;
    Ok(known)
}
