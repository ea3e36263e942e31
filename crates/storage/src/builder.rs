//! Concepts and associations with everything that can be said of them.

use sutra_format::entry::{LearnAssociation, LearnConcept};

use crate::name::{ConceptRef, TypeRef};

/// A concept to learn. What is not given has the default named here, or stays as it is when the concept is known.
///
/// ```
/// use sutra_storage::Concept;
/// let concept = Concept::new("otter").content("swims").metadata(r#"{"legs": 4}"#).confidence(0.9);
/// # let _ = concept;
/// ```
#[derive(Clone, Debug)]
pub struct Concept<'a> {
    pub(crate) id: ConceptRef<'a>,
    pub(crate) content: &'a [u8],
    pub(crate) embedding: Option<&'a [f32]>,
    pub(crate) metadata: Option<&'a str>,
    pub(crate) strength: f32,
    pub(crate) confidence: f32,
    pub(crate) created: Option<u64>,
}

impl<'a> Concept<'a> {
    /// A concept without content, of strength and confidence 1.
    #[must_use]
    pub fn new(id: impl Into<ConceptRef<'a>>) -> Self {
        Self {
            id: id.into(),
            content: &[],
            embedding: None,
            metadata: None,
            strength: 1.0,
            confidence: 1.0,
            created: None,
        }
    }

    /// The content; replaces what was there.
    #[must_use]
    pub fn content(self, content: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { content: content.as_ref(), ..self }
    }

    /// The embedding: as many finite numbers as the store's vectors have dimensions. Stays as it is if not given.
    #[must_use]
    pub fn embedding(self, embedding: &'a [f32]) -> Self {
        Self { embedding: Some(embedding), ..self }
    }

    /// The metadata: JSON of at most 64 KiB. Stays as it is if not given.
    #[must_use]
    pub fn metadata(self, json: &'a str) -> Self {
        Self { metadata: Some(json), ..self }
    }

    /// The strength, in [0, 1]; replaces what was there.
    #[must_use]
    pub fn strength(self, strength: f32) -> Self {
        Self { strength, ..self }
    }

    /// The confidence, in [0, 1]; replaces what was there.
    #[must_use]
    pub fn confidence(self, confidence: f32) -> Self {
        Self { confidence, ..self }
    }

    /// When it was created, microseconds since the Unix epoch; now by default. Only for a concept that is not known.
    #[must_use]
    pub fn created(self, micros: u64) -> Self {
        Self { created: Some(micros), ..self }
    }
}

/// An association to learn. Its identity is source, target and type.
///
/// ```
/// use sutra_storage::Association;
/// let association = Association::new("rain", "flood", "causal").confidence(0.8).weight(2.0);
/// # let _ = association;
/// ```
#[derive(Clone, Debug)]
pub struct Association<'a> {
    pub(crate) source: ConceptRef<'a>,
    pub(crate) target: ConceptRef<'a>,
    pub(crate) kind: TypeRef<'a>,
    pub(crate) confidence: f32,
    pub(crate) weight: Option<f32>,
    pub(crate) created: Option<u64>,
    pub(crate) validity: Option<(u32, u32)>,
    pub(crate) metadata: Option<&'a str>,
}

impl<'a> Association<'a> {
    /// An association of confidence 1.
    #[must_use]
    pub fn new(
        source: impl Into<ConceptRef<'a>>,
        target: impl Into<ConceptRef<'a>>,
        kind: impl Into<TypeRef<'a>>,
    ) -> Self {
        Self {
            source: source.into(),
            target: target.into(),
            kind: kind.into(),
            confidence: 1.0,
            weight: None,
            created: None,
            validity: None,
            metadata: None,
        }
    }

    /// The confidence, in [0, 1]; replaces what was there.
    #[must_use]
    pub fn confidence(self, confidence: f32) -> Self {
        Self { confidence, ..self }
    }

    /// The weight, any finite number; 1 by default, stays as it is if not given.
    #[must_use]
    pub fn weight(self, weight: f32) -> Self {
        Self { weight: Some(weight), ..self }
    }

    /// When it was created, microseconds since the Unix epoch; now by default, stays as it is if not given.
    #[must_use]
    pub fn created(self, micros: u64) -> Self {
        Self { created: Some(micros), ..self }
    }

    /// When it holds: from, until (exclusive), in seconds since the Unix epoch; unbounded by default, stays if not given.
    #[must_use]
    pub fn valid(self, from: u32, until: u32) -> Self {
        Self { validity: Some((from, until)), ..self }
    }

    /// The metadata: JSON of at most 64 KiB. Stays as it is if not given.
    #[must_use]
    pub fn metadata(self, json: &'a str) -> Self {
        Self { metadata: Some(json), ..self }
    }
}

/// A write that was checked, its ids resolved; names of types and namespaces are still to be looked up.
#[derive(Clone, Debug)]
pub(crate) enum Write<'a> {
    Concept { learn: LearnConcept<'a>, namespace: &'a str },
    Association { learn: LearnAssociation<'a>, kind: TypeRef<'a>, namespace: &'a str },
    Other(sutra_format::entry::Op<'a>),
    ForgetAssociation { source: sutra_format::ConceptId, target: sutra_format::ConceptId, kind: TypeRef<'a> },
}
