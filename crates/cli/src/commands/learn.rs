//! `sutra learn`: one concept.

use std::io::Read;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Concept, ConceptRef};

use super::fraction;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, plain};
use crate::store::open_or_create;
use crate::style;

/// Learn a concept, or learn it again
///
/// Learned again, content, strength and confidence are replaced; embedding and metadata stay unless they are given. The store is
/// made if there is none.
#[derive(Args, Debug)]
pub(crate) struct Learn {
    /// Its key or id
    key: String,
    /// What there is to know; `-` reads it from the standard input
    #[arg(default_value = "")]
    content: String,
    /// How strongly it is known, from 0 to 1
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = fraction::<f32>)]
    strength: f32,
    /// How sure it is, from 0 to 1
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = fraction::<f32>)]
    confidence: f32,
    /// Its vector: numbers with commas between them, as many as all vectors of the store have
    #[arg(long, value_name = "X,..", value_delimiter = ',', allow_hyphen_values = true)]
    embedding: Option<Vec<f32>>,
    /// What else there is to say of it, as JSON
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Learned {
    name: String,
    id: String,
    version: u32,
    sequence: u64,
}

impl Learn {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let mut content = self.content.clone().into_bytes();
        if self.content == "-" {
            content.clear();
            let read = std::io::stdin().read_to_end(&mut content);
            read.map_err(|source| Failure::Usage(format!("cannot read the standard input: {source}")))?;
        }
        let mut concept = Concept::new(ConceptRef::from(&self.key))
            .content(&content)
            .strength(self.strength)
            .confidence(self.confidence);
        if let Some(embedding) = &self.embedding {
            concept = concept.embedding(embedding);
        }
        if let Some(metadata) = &self.metadata {
            concept = concept.metadata(metadata);
        }
        // A name that can be none should not leave a new store behind.
        ConceptRef::from(&self.key).id()?;
        let memory = open_or_create(store)?;
        let sequence = memory.learn(&concept)?;
        memory.wait_visible(sequence)?;
        let snapshot = memory.snapshot();
        let mut out = Output::new();
        if let Some(concept) = snapshot.query_concept(&self.key)? {
            let (name, version) = (concept.name()?.into_owned(), concept.version());
            if self.json {
                out.json(&Learned { name, id: concept.id().to_string(), version, sequence })?;
            } else if version > 1 {
                out.line(format_args!("learned {} again, version {version}", style::name(plain(&name))))?;
            } else {
                out.line(format_args!("learned {}", style::name(plain(&name))))?;
            }
        }
        memory.close()?;
        out.end()?;
        Ok(Outcome::Done)
    }
}
