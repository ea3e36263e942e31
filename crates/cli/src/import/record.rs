//! What an input gives, whatever its form: concepts and associations, one by one.

use std::borrow::Cow;

use super::error::ImportError;
use super::input::Progress;

/// One item of an input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record<'a> {
    Concept(ConceptLine<'a>),
    Association(AssociationLine<'a>),
}

/// What a concept is called in its file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ConceptName<'a> {
    /// A key: never to be read as an id, whatever it looks like.
    Key(Cow<'a, str>),
    /// An id in its text form, not yet checked.
    Id(Cow<'a, str>),
}

/// One concept, borrowed from its line where it can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConceptLine<'a> {
    /// Never empty.
    pub(crate) name: ConceptName<'a>,
    /// Empty for the default one.
    pub(crate) namespace: Cow<'a, str>,
    /// May be empty.
    pub(crate) content: Cow<'a, [u8]>,
    /// Not empty, all finite.
    pub(crate) embedding: Option<Vec<f32>>,
    /// In [0, 1].
    pub(crate) strength: Option<f32>,
    /// In [0, 1].
    pub(crate) confidence: Option<f32>,
    /// Microseconds since the Unix epoch.
    pub(crate) created: Option<u64>,
    /// JSON, as it was written.
    pub(crate) metadata: Option<Cow<'a, str>>,
}

/// One association, borrowed from its line where it can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AssociationLine<'a> {
    /// Key or id of the concept it starts from, not empty.
    pub(crate) source: Cow<'a, str>,
    /// Name of its type, not empty.
    pub(crate) kind: Cow<'a, str>,
    /// Key or id of the concept it leads to, not empty.
    pub(crate) target: Cow<'a, str>,
    /// Of the keys among its ends; empty for the default one.
    pub(crate) namespace: Cow<'a, str>,
    /// In [0, 1].
    pub(crate) confidence: Option<f32>,
    /// Finite.
    pub(crate) weight: Option<f32>,
    /// Microseconds since the Unix epoch.
    pub(crate) created: Option<u64>,
    /// From, until: seconds since the Unix epoch.
    pub(crate) valid: Option<(u32, u32)>,
    /// JSON, as it was written.
    pub(crate) metadata: Option<Cow<'a, str>>,
}

/// Reads records one after the other.
pub(crate) trait Reader {
    /// The next record; None at the end. After [`ImportError::Rejected`] the next call reads the one after.
    fn next(&mut self) -> Result<Option<Record<'_>>, ImportError>;

    /// The number of the line or row that was read last, from 1; 0 before the first.
    fn position(&self) -> u64;

    /// Passes over lines or rows up to a number, without a look at what is in them; false if there are fewer.
    fn skip_to(&mut self, position: u64) -> Result<bool, ImportError>;

    /// A handle to ask how far reading has come.
    fn progress(&self) -> Progress;

    /// An error about the record that was read last.
    fn rejected(&self, reason: String) -> ImportError;
}

pub(super) fn fraction(field: &str, value: Option<f32>) -> Result<Option<f32>, String> {
    match value {
        Some(value) if !(0.0..=1.0).contains(&value) => Err(format!("`{field}` is {value}: it must be from 0 to 1")),
        value => Ok(value),
    }
}

/// What an embedding must be.
pub(super) fn embedding(numbers: Vec<f32>) -> Result<Vec<f32>, String> {
    if numbers.is_empty() {
        return Err("`embedding` is empty: give its numbers or leave it out".to_owned());
    }
    match numbers.iter().position(|number| !number.is_finite()) {
        Some(at) => Err(format!("`embedding` number {} is beyond the range of 32-bit floats", at + 1)),
        None => Ok(numbers),
    }
}

/// A key or an id, one of them.
pub(super) fn name<'a>(key: Option<Cow<'a, str>>, id: Option<Cow<'a, str>>) -> Result<ConceptName<'a>, String> {
    let name = match (key, id) {
        (Some(key), None) => ConceptName::Key(key),
        (None, Some(id)) => ConceptName::Id(id),
        (None, None) => return Err("neither `key` nor `id`: give one of them".to_owned()),
        (Some(_), Some(_)) => return Err("both `key` and `id`: give one of them".to_owned()),
    };
    if matches!(&name, ConceptName::Key(text) | ConceptName::Id(text) if text.is_empty()) {
        return Err("the name of the concept is empty".to_owned());
    }
    Ok(name)
}

/// Source, type and target, each of which must be there.
pub(super) fn ends<'a>(
    source: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    target: Option<Cow<'a, str>>,
) -> Result<[Cow<'a, str>; 3], String> {
    let given = |name: &str, value: Option<Cow<'a, str>>| match value {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) => Err(format!("the {name} is empty")),
        None => Err(format!("`{name}` is missing: an association has source, type and target")),
    };
    Ok([given("source", source)?, given("type", kind)?, given("target", target)?])
}

/// Both ends of the time in which an association holds; one that is not given is unbounded.
pub(super) fn valid(from: Option<u32>, until: Option<u32>) -> Option<(u32, u32)> {
    (from.is_some() || until.is_some()).then(|| (from.unwrap_or(0), until.unwrap_or(u32::MAX)))
}
