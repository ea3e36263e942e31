//! Everything is checked before it is accepted, so that applying it cannot fail.

use sutra_format::AssociationType;
use sutra_format::entry::{LearnAssociation, LearnConcept};
use zerocopy::IntoBytes;

use crate::builder::{Association, Concept, Write};
use crate::config::MAX_DIMENSION;
use crate::error::Error;

/// Bytes of metadata at most.
pub(crate) const MAX_METADATA: usize = 64 << 10;

/// A number in [0, 1].
pub(crate) fn unit(field: &'static str, value: f32) -> Result<f32, Error> {
    // A comparison with a NaN does not hold.
    if (0.0..=1.0).contains(&value) {
        // The zero below zero becomes the other one: whoever compares bits finds one zero.
        return Ok(value + 0.0);
    }
    Err(Error::invalid(field, format!("{value} is not a number from 0 to 1")))
}

pub(crate) fn metadata(json: &str) -> Result<&[u8], Error> {
    if json.len() > MAX_METADATA {
        return Err(Error::invalid("metadata", format!("{} bytes are more than {MAX_METADATA}", json.len())));
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(json) {
        Ok(_) => Ok(json.as_bytes()),
        Err(error) => Err(Error::invalid("metadata", format!("not JSON: {error}"))),
    }
}

fn embedding(vector: &[f32]) -> Result<&[u8], Error> {
    if vector.is_empty() || vector.len() > MAX_DIMENSION {
        return Err(Error::invalid(
            "embedding",
            format!("{} dimensions are not within 1 and {MAX_DIMENSION}", vector.len()),
        ));
    }
    match vector.iter().position(|number| !number.is_finite()) {
        Some(at) => Err(Error::invalid("embedding", format!("number {at} is {}, not finite", vector[at]))),
        // Little-endian by the engine's choice of machines: the bytes in memory are the bytes on disk.
        None => Ok(vector.as_bytes()),
    }
}

pub(crate) fn concept<'a>(concept: &Concept<'a>, max_content: usize) -> Result<Write<'a>, Error> {
    let named = concept.id.resolve()?;
    if concept.content.len() > max_content {
        let reason = format!("{} bytes are more than {max_content} (max_content_bytes)", concept.content.len());
        return Err(Error::invalid("content", reason));
    }
    let learn = LearnConcept {
        id: named.id,
        namespace: 0,
        key: named.key.as_bytes(),
        content: concept.content,
        vector: concept.embedding.map(embedding).transpose()?,
        metadata: concept.metadata.map(metadata).transpose()?,
        strength: unit("strength", concept.strength)?,
        confidence: unit("confidence", concept.confidence)?,
        created: concept.created,
    };
    Ok(Write::Concept { learn, namespace: named.namespace })
}

pub(crate) fn association<'a>(association: &Association<'a>) -> Result<Write<'a>, Error> {
    let (source, target) = (association.source.resolve()?, association.target.resolve()?);
    if let Some(weight) = association.weight
        && !weight.is_finite()
    {
        return Err(Error::invalid("weight", format!("{weight} is not finite")));
    }
    if let Some((from, until)) = association.validity
        && from >= until
    {
        return Err(Error::invalid("valid", format!("from {from} is not before until {until}")));
    }
    // An id says nothing of its namespace; a key does, also one of the default namespace.
    let keyed = !source.key.is_empty() && !target.key.is_empty();
    if keyed && source.namespace != target.namespace {
        return Err(Error::invalid("namespace", "an association lies in one namespace: name its other end by id"));
    }
    let learn = LearnAssociation {
        source: source.id,
        target: target.id,
        kind: AssociationType::SEMANTIC,
        confidence: unit("confidence", association.confidence)?,
        weight: association.weight,
        created: association.created,
        validity: association.validity,
        metadata: association.metadata.map(metadata).transpose()?,
        namespace: 0,
        source_key: source.key.as_bytes(),
        target_key: target.key.as_bytes(),
    };
    let namespace = if source.namespace.is_empty() { target.namespace } else { source.namespace };
    Ok(Write::Association { learn, kind: association.kind, namespace })
}
