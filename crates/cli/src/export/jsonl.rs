//! JSONL: one object a line, concepts first, as `sutra import` reads them.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;
use sutra_storage::{AssociationView, ConceptView};

use super::{Writer, ends, valid};
use crate::failure::Failure;

/// Writes lines to anything.
pub(crate) struct Jsonl<W> {
    lines: W,
    failed: fn(io::Error) -> Failure,
}

impl<W: Write> Jsonl<W> {
    /// `failed` says what it means that something could not be written.
    pub(crate) fn new(lines: W, failed: fn(io::Error) -> Failure) -> Self {
        Self { lines, failed }
    }

    fn line(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.lines, object).map_err(|error| (self.failed)(error.into()))?;
        self.lines.write_all(b"\n").map_err(self.failed)
    }
}

#[derive(Serialize)]
struct Concept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hex: Option<String>,
    strength: f32,
    confidence: f32,
    created: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<&'a [f32]>,
}

#[derive(Serialize)]
struct Association<'a> {
    source: String,
    #[serde(rename = "type")]
    kind: &'a str,
    target: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    confidence: f32,
    weight: f32,
    created: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
}

/// JSON as it was stored, on one line: in JSON a line end can only be space between two things.
fn on_one_line(json: Option<&str>) -> Option<Box<RawValue>> {
    let json = json?.replace(['\n', '\r'], " ");
    // It was checked before it was stored.
    RawValue::from_string(json).ok()
}

impl<W: Write> Writer for Jsonl<W> {
    fn concept(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure> {
        let content = concept.content()?;
        let text = std::str::from_utf8(content).ok();
        let key = concept.key()?;
        self.line(&Concept {
            key,
            id: key.is_none().then(|| concept.id().to_string()),
            namespace: concept.namespace_name(),
            content: text,
            content_hex: text.is_none().then(|| content.iter().map(|byte| format!("{byte:02x}")).collect()),
            strength: concept.strength(),
            confidence: concept.confidence(),
            created: concept.created(),
            metadata: on_one_line(concept.metadata()?),
            embedding: concept.embedding()?,
        })
    }

    fn association(&mut self, association: &AssociationView<'_>) -> Result<(), Failure> {
        let (source, target, namespace) = ends(&association.source()?, &association.target()?)?;
        let valid = valid(association);
        self.line(&Association {
            source,
            kind: association.type_name(),
            target,
            namespace,
            confidence: association.confidence(),
            weight: association.weight(),
            created: association.created(),
            valid_from: valid.map(|(from, _)| from),
            valid_until: valid.map(|(_, until)| until),
            metadata: on_one_line(association.metadata()?),
        })
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.lines.flush().map_err(self.failed)
    }
}
