//! From records to a store.
//!
//! Reading and checking lines, which for compressed text is most of the work, runs on this thread; the engine applies what
//! it is given on its own. Writes are made one by one: the log gathers them into groups itself, a batch would copy every
//! line once more, and an error stays one about its line.

use sutra_storage::{Association, Concept, ConceptId, ConceptRef, ConcurrentMemory, Error};

use crate::failure::Failure;
use crate::import::{AssociationLine, ConceptLine, ConceptName, Embeddings, ImportError, Reader, Record};
use crate::interrupt;
use crate::output::note;
use crate::progress::Bar;

/// How many records came of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) concepts: u64,
    pub(crate) associations: u64,
    /// Lines that were left out.
    pub(crate) rejected: u64,
}

impl Counts {
    pub(crate) fn learned(&self) -> u64 {
        self.concepts + self.associations
    }
}

/// What to do beside learning.
pub(crate) struct Options<'a> {
    /// Rows that belong to the concepts in their order.
    pub(crate) embeddings: Option<&'a mut Embeddings>,
    /// Report a wrong line and go on.
    pub(crate) keep_going: bool,
    /// Called every [`EVERY`] records with the position of the last one, its write, and the counts so far.
    pub(crate) checkpoint: &'a mut dyn FnMut(At) -> Result<(), Failure>,
}

/// How far learning has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) position: u64,
    /// Rows of the embeddings that were read.
    pub(crate) row: u64,
    pub(crate) sequence: u64,
    pub(crate) counts: Counts,
}

/// Records between two calls of a checkpoint.
const EVERY: u64 = 50_000;

/// Learns what a reader gives; returns early, with true, when the program is interrupted. `counts` is added to.
pub(crate) fn records(
    memory: &ConcurrentMemory,
    reader: &mut dyn Reader,
    counts: &mut Counts,
    mut options: Options<'_>,
) -> Result<bool, Failure> {
    let mut bar = Bar::new("records", reader.progress());
    let mut since = 0;
    let mut sequence = memory.last_accepted();
    let mut position = reader.position();
    let row = |embeddings: &Option<&mut Embeddings>| embeddings.as_ref().map_or(0, |rows| rows.read());
    let interrupted = loop {
        let next = reader.next();
        // Looked at after reading: an input that was interrupted ends in the middle of a line.
        if interrupt::requested() {
            break true;
        }
        let learned = match next {
            Ok(None) => break false,
            Ok(Some(record)) => one(memory, record, counts, &mut options.embeddings),
            Err(error) => Err(error.into()),
        };
        match learned.map_err(|error| about(error, |reason| reader.rejected(reason))) {
            Ok(written) => sequence = written,
            Err(Failure::Import(error @ ImportError::Rejected { .. })) if options.keep_going => {
                counts.rejected += 1;
                bar.beside(|| note(&error));
            }
            Err(error) => return Err(error),
        }
        position = reader.position();
        bar.item();
        since += 1;
        if since == EVERY {
            since = 0;
            (options.checkpoint)(At { position, row: row(&options.embeddings), sequence, counts: *counts })?;
        }
    };
    (options.checkpoint)(At { position, row: row(&options.embeddings), sequence, counts: *counts })?;
    Ok(interrupted)
}

/// Learns all that a reader gives, and nothing beside.
pub(crate) fn all(memory: &ConcurrentMemory, reader: &mut dyn Reader) -> Result<Counts, Failure> {
    let mut counts = Counts::default();
    let options = Options { embeddings: None, keep_going: false, checkpoint: &mut |_| Ok(()) };
    match records(memory, reader, &mut counts, options)? {
        true => Err(Failure::Interrupted),
        false => Ok(counts),
    }
}

fn one(
    memory: &ConcurrentMemory,
    record: Record<'_>,
    counts: &mut Counts,
    embeddings: &mut Option<&mut Embeddings>,
) -> Result<u64, Failure> {
    match record {
        Record::Concept(mut line) => {
            // A row is taken for each concept, also for one that is then refused: row and concept stay in step.
            if let Some(embeddings) = embeddings {
                line.embedding = Some(row_of(embeddings)?);
            }
            let sequence = concept(memory, &line)?;
            counts.concepts += 1;
            Ok(sequence)
        }
        Record::Association(line) => {
            let sequence = association(memory, &line)?;
            counts.associations += 1;
            Ok(sequence)
        }
    }
}

fn row_of(embeddings: &mut Embeddings) -> Result<Vec<f32>, Failure> {
    embeddings.next()?.ok_or_else(|| {
        let reason = format!("has {} rows, and there are more concepts: give one row a concept", embeddings.rows());
        ImportError::Form { file: embeddings.name().to_owned(), reason }.into()
    })
}

fn concept(memory: &ConcurrentMemory, line: &ConceptLine<'_>) -> Result<u64, Error> {
    let id = match &line.name {
        ConceptName::Key(key) => ConceptRef::in_namespace(&line.namespace, key),
        ConceptName::Id(id) => ConceptId::parse(id)?.into(),
    };
    let mut concept = Concept::new(id).content(&line.content);
    if let Some(embedding) = &line.embedding {
        concept = concept.embedding(embedding);
    }
    if let Some(strength) = line.strength {
        concept = concept.strength(strength);
    }
    if let Some(confidence) = line.confidence {
        concept = concept.confidence(confidence);
    }
    if let Some(created) = line.created {
        concept = concept.created(created);
    }
    if let Some(metadata) = &line.metadata {
        concept = concept.metadata(metadata);
    }
    memory.learn(&concept)
}

fn association(memory: &ConcurrentMemory, line: &AssociationLine<'_>) -> Result<u64, Error> {
    let (source, target) = (end(&line.namespace, &line.source), end(&line.namespace, &line.target));
    let mut association = Association::new(source, target, &*line.kind).confidence(line.confidence.unwrap_or(1.0));
    if let Some(weight) = line.weight {
        association = association.weight(weight);
    }
    if let Some(created) = line.created {
        association = association.created(created);
    }
    if let Some((from, until)) = line.valid {
        association = association.valid(from, until);
    }
    if let Some(metadata) = &line.metadata {
        association = association.metadata(metadata);
    }
    memory.associate(&association)
}

/// An end of an association: what is an id by its looks is one in any namespace, a key is one of the association's.
fn end<'a>(namespace: &'a str, text: &'a str) -> ConceptRef<'a> {
    let is_id = matches!(text.len(), 16 | 32) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if namespace.is_empty() || is_id {
        return ConceptRef::from(text);
    }
    ConceptRef::in_namespace(namespace, text.strip_prefix("key:").unwrap_or(text))
}

/// What the engine refuses for what the line says is an error about the line.
fn about(error: Failure, line: impl FnOnce(String) -> ImportError) -> Failure {
    match error {
        Failure::Engine(
            error @ (Error::InvalidArgument { .. } | Error::DimensionMismatch { .. } | Error::TooLarge { .. }),
        ) => line(error.to_string()).into(),
        other => other,
    }
}
