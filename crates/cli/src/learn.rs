//! From lines to a store.
//!
//! Reading and checking lines, which for compressed text is most of the work, runs on this thread; the engine applies what
//! it is given on its own. Writes are made one by one: the log gathers them into groups itself, a batch would copy every
//! line once more, and an error stays one about its line.

use sutra_storage::{Association, Concept, ConceptId, ConceptRef, ConcurrentMemory, Error};

use crate::failure::Failure;
use crate::import::{AssociationReader, ConceptLine, ConceptName, ConceptReader, ImportError};
use crate::progress::Bar;

/// Learns every concept; gives their number.
pub(crate) fn concepts(memory: &ConcurrentMemory, mut reader: ConceptReader) -> Result<u64, Failure> {
    let mut bar = Bar::new("concepts", reader.progress());
    let mut learned = 0;
    while let Some(line) = reader.next()? {
        if let Err(error) = learn(memory, &line) {
            return Err(about(error, |reason| reader.rejected(reason)));
        }
        learned += 1;
        bar.item();
    }
    Ok(learned)
}

fn learn(memory: &ConcurrentMemory, line: &ConceptLine<'_>) -> Result<u64, Error> {
    let id = match &line.name {
        ConceptName::Key(key) => ConceptRef::key(key),
        ConceptName::Id(id) => ConceptId::parse(id)?.into(),
    };
    let mut concept = Concept::new(id).content(line.content.as_bytes());
    if let Some(embedding) = &line.embedding {
        concept = concept.embedding(embedding);
    }
    if let Some(strength) = line.strength {
        concept = concept.strength(strength);
    }
    if let Some(confidence) = line.confidence {
        concept = concept.confidence(confidence);
    }
    if let Some(metadata) = line.metadata {
        concept = concept.metadata(metadata);
    }
    memory.learn(&concept)
}

/// Learns every association; gives their number.
pub(crate) fn associations(memory: &ConcurrentMemory, mut reader: AssociationReader) -> Result<u64, Failure> {
    let mut bar = Bar::new("associations", reader.progress());
    let mut learned = 0;
    while let Some(line) = reader.next()? {
        let association = Association::new(line.source, line.target, line.kind).confidence(line.confidence);
        if let Err(error) = memory.associate(&association) {
            return Err(about(error, |reason| reader.rejected(reason)));
        }
        learned += 1;
        bar.item();
    }
    Ok(learned)
}

/// What the engine refuses for what the line says is an error about the line.
fn about(error: Error, line: impl FnOnce(String) -> ImportError) -> Failure {
    match error {
        Error::InvalidArgument { .. } | Error::DimensionMismatch { .. } | Error::TooLarge { .. } => {
            line(error.to_string()).into()
        }
        other => other.into(),
    }
}
