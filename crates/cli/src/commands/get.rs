//! `sutra get`: one concept.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use sutra_storage::{ConceptRef, ConceptView, Snapshot};

use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, plain};
use crate::store::{close_read, open_existing};
use crate::time::utc;

/// Show a concept
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Its key or id; `key:` before it forces a key
    key: String,
    /// As one JSON object, with the embedding
    #[arg(long)]
    json: bool,
}

impl Get {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let memory = open_existing(store)?;
        let snapshot = memory.snapshot();
        let outcome = match snapshot.query_concept(&self.key)? {
            Some(concept) => {
                let mut out = Output::new();
                if self.json {
                    out.json(&Shown::of(&concept)?)?;
                } else {
                    show(&concept, &mut out)?;
                }
                out.end()?;
                Outcome::Done
            }
            None => {
                missing(&snapshot, &self.key)?;
                Outcome::NotFound
            }
        };
        close_read(&memory)?;
        Ok(outcome)
    }
}

/// Says what is known of a name that is no concept's. Gives whether it is at least a stub.
pub(super) fn missing(snapshot: &Snapshot, key: &str) -> Result<bool, Failure> {
    let stub = is_node(snapshot, key)?;
    let name = plain(key);
    if stub {
        note(format_args!("{name} is a stub: associations name it, nobody has learned it yet"));
    } else {
        note(format_args!("{name} is not known; `sutra find` looks for words in keys, contents and metadata"));
    }
    Ok(stub)
}

/// Whether it is a concept or a stub: both are nodes of paths, and the path of no hops leads from each to itself.
pub(super) fn is_node(snapshot: &Snapshot, key: &str) -> Result<bool, Failure> {
    Ok(snapshot.find_path(ConceptRef::from(key), ConceptRef::from(key), 0)?.is_some())
}

fn show(concept: &ConceptView<'_>, out: &mut Output) -> Result<(), Failure> {
    let mut rows = vec![("name", plain(&concept.name()?)), ("id", concept.id().to_string())];
    if concept.namespace().0 != 0 {
        rows.push(("namespace", plain(concept.namespace_name())));
    }
    rows.push(("content", plain(&String::from_utf8_lossy(concept.content()?))));
    if let Some(metadata) = concept.metadata()? {
        rows.push(("metadata", plain(metadata)));
    }
    if let Some(embedding) = concept.embedding()? {
        rows.push(("embedding", format!("{} dimensions", embedding.len())));
    }
    rows.push(("strength", concept.strength().to_string()));
    rows.push(("confidence", concept.confidence().to_string()));
    rows.push(("created", utc(concept.created())));
    rows.push(("modified", utc(concept.modified())));
    if let Some(last) = concept.last_accessed()? {
        rows.push(("accessed", format!("{} times, last {}", concept.access_count()?, utc(last))));
    }
    rows.push(("version", concept.version().to_string()));
    rows.push(("sequence", concept.sequence().to_string()));
    // Only now is it known that nothing of it is damaged.
    rows.iter().try_for_each(|(name, value)| out.line(format_args!("{name:<14}{value}")))
}

#[derive(Serialize)]
struct Shown<'a> {
    name: String,
    id: String,
    key: Option<&'a str>,
    namespace: &'a str,
    /// What is not UTF-8 in it is replaced; `content_hex` then has the bytes.
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hex: Option<String>,
    metadata: Option<&'a RawValue>,
    embedding: Option<&'a [f32]>,
    strength: f32,
    confidence: f32,
    created: u64,
    modified: u64,
    last_accessed: Option<u64>,
    access_count: u32,
    version: u32,
    sequence: u64,
}

impl<'a> Shown<'a> {
    fn of(concept: &'a ConceptView<'_>) -> Result<Self, Failure> {
        let content = concept.content()?;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            name: concept.name()?.into_owned(),
            id: concept.id().to_string(),
            key: concept.key()?,
            namespace: concept.namespace_name(),
            content: String::from_utf8_lossy(content).into_owned(),
            content_hex: std::str::from_utf8(content).is_err().then(|| hex(content)),
            // It was checked before it was stored.
            metadata: concept.metadata()?.and_then(|json| serde_json::from_str(json).ok()),
            embedding: concept.embedding()?,
            strength: concept.strength(),
            confidence: concept.confidence(),
            created: concept.created(),
            modified: concept.modified(),
            last_accessed: concept.last_accessed()?,
            access_count: concept.access_count()?,
            version: concept.version(),
            sequence: concept.sequence(),
        })
    }
}
