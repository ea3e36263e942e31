//! Many writes as one: one sequence, seen whole or not at all, also after a crash.

use sutra_format::entry::Op;

use crate::builder::{Association, Concept, Write};
use crate::check;
use crate::error::Error;
use crate::name::{ConceptRef, TypeRef};

/// Writes that are made together, in their order. What is wrong with one of them is found when the batch is learned; then
/// none is written. It borrows contents, embeddings and metadata.
///
/// ```
/// use sutra_storage::{Association, Batch, Concept};
/// let mut batch = Batch::new();
/// batch.concept(Concept::new("rain").content("falls"));
/// batch.association(Association::new("rain", "flood", "causal").confidence(0.8));
/// assert_eq!(batch.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch<'a> {
    writes: Vec<Pending<'a>>,
}

#[derive(Clone, Debug)]
enum Pending<'a> {
    Concept(Concept<'a>),
    Association(Association<'a>),
    Strength(ConceptRef<'a>, f32),
    Metadata(ConceptRef<'a>, &'a str),
    Access(ConceptRef<'a>),
    ForgetConcept(ConceptRef<'a>),
    ForgetAssociation(ConceptRef<'a>, ConceptRef<'a>, TypeRef<'a>),
}

impl<'a> Batch<'a> {
    /// A batch of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many writes it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Learns a concept.
    pub fn concept(&mut self, concept: Concept<'a>) -> &mut Self {
        self.push(Pending::Concept(concept))
    }

    /// Learns an association.
    pub fn association(&mut self, association: Association<'a>) -> &mut Self {
        self.push(Pending::Association(association))
    }

    /// Updates the strength of a concept.
    pub fn update_strength(&mut self, id: impl Into<ConceptRef<'a>>, strength: f32) -> &mut Self {
        self.push(Pending::Strength(id.into(), strength))
    }

    /// Replaces the metadata of a concept.
    pub fn update_metadata(&mut self, id: impl Into<ConceptRef<'a>>, json: &'a str) -> &mut Self {
        self.push(Pending::Metadata(id.into(), json))
    }

    /// Counts an access to a concept.
    pub fn record_access(&mut self, id: impl Into<ConceptRef<'a>>) -> &mut Self {
        self.push(Pending::Access(id.into()))
    }

    /// Forgets a concept and its associations.
    pub fn forget_concept(&mut self, id: impl Into<ConceptRef<'a>>) -> &mut Self {
        self.push(Pending::ForgetConcept(id.into()))
    }

    /// Forgets an association.
    pub fn forget_association(
        &mut self,
        source: impl Into<ConceptRef<'a>>,
        target: impl Into<ConceptRef<'a>>,
        kind: impl Into<TypeRef<'a>>,
    ) -> &mut Self {
        self.push(Pending::ForgetAssociation(source.into(), target.into(), kind.into()))
    }

    fn push(&mut self, write: Pending<'a>) -> &mut Self {
        self.writes.push(write);
        self
    }

    pub(crate) fn check(&self, max_content: usize) -> Result<Vec<Write<'a>>, Error> {
        self.writes.iter().map(|write| write.check(max_content)).collect()
    }
}

impl<'a> Pending<'a> {
    fn check(&self, max_content: usize) -> Result<Write<'a>, Error> {
        Ok(match self {
            Self::Concept(concept) => check::concept(concept, max_content)?,
            Self::Association(association) => check::association(association)?,
            Self::Strength(id, strength) => strength_of(*id, *strength)?,
            Self::Metadata(id, json) => metadata_of(*id, json)?,
            Self::Access(id) => Write::Other(Op::RecordAccess { id: id.id()?, count: 1 }),
            Self::ForgetConcept(id) => Write::Other(Op::ForgetConcept { id: id.id()? }),
            Self::ForgetAssociation(source, target, kind) => {
                Write::ForgetAssociation { source: source.id()?, target: target.id()?, kind: *kind }
            }
        })
    }
}

pub(crate) fn strength_of<'a>(id: ConceptRef<'_>, strength: f32) -> Result<Write<'a>, Error> {
    Ok(Write::Other(Op::UpdateStrength { id: id.id()?, strength: check::unit("strength", strength)? }))
}

pub(crate) fn metadata_of<'a>(id: ConceptRef<'_>, json: &'a str) -> Result<Write<'a>, Error> {
    Ok(Write::Other(Op::UpdateMetadata { id: id.id()?, metadata: check::metadata(json)? }))
}
