//! Writes as values: made at random, printed when a case fails, done to a store.

use sutra_storage::{
    Association, AssociationType, Batch, Concept, ConceptId, ConceptRef, ConcurrentMemory, Result, Sequence, TypeRef,
};

use super::Random;

/// One of a few concepts, each with its own way of being named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) u8);

/// How many names there are.
pub(crate) const NAMES: u8 = 8;
const NAMESPACE: &str = "zoo";

impl Name {
    pub(crate) fn all() -> impl Iterator<Item = Name> {
        (0..NAMES).map(Name)
    }

    pub(crate) fn reference(self) -> ConceptRef<'static> {
        match self.0 {
            0 | 1 => ConceptId::from_bytes([self.0 + 1; 16]).into(),
            2 => "A1b2c3d4e5f67890".into(),
            3 => "otter".into(),
            4 => "key:a1b2c3d4e5f67890".into(),
            // The same concept as 3, by id: nothing is said of its key.
            5 => ConceptId::from_key("otter").expect("not empty").into(),
            6 => ConceptRef::in_namespace(NAMESPACE, "otter"),
            _ => ConceptRef::in_namespace(NAMESPACE, "seal"),
        }
    }

    pub(crate) fn id(self) -> ConceptId {
        self.reference().id().expect("all of them name something")
    }

    pub(crate) fn key(self) -> Option<&'static str> {
        match self.0 {
            3 | 6 => Some("otter"),
            4 => Some("a1b2c3d4e5f67890"),
            7 => Some("seal"),
            _ => None,
        }
    }

    pub(crate) fn namespace(self) -> &'static str {
        if self.0 >= 6 { NAMESPACE } else { "" }
    }

    /// Whether an association of the two can be named so: keys of two namespaces cannot.
    pub(crate) fn may_meet(self, other: Name) -> bool {
        self.key().is_none() || other.key().is_none() || self.namespace() == other.namespace()
    }
}

/// Types: built-in ones by code and by name, and two of the user's.
pub(crate) const KINDS: [&str; 4] = ["semantic", "causal", "hypernym", "rhymes with"];

pub(crate) fn kind(name: &'static str) -> TypeRef<'static> {
    if name == "semantic" { AssociationType::SEMANTIC.into() } else { name.into() }
}

/// What is said of a concept.
#[derive(Clone, Debug)]
pub(crate) struct Learn {
    pub(crate) name: Name,
    /// A number, and how often its digits are repeated.
    pub(crate) content: (u64, usize),
    pub(crate) embedding: Option<Vec<f32>>,
    pub(crate) metadata: Option<String>,
    pub(crate) strength: f32,
    pub(crate) confidence: f32,
    pub(crate) created: Option<u64>,
}

/// What is said of an association.
#[derive(Clone, Debug)]
pub(crate) struct Associate {
    pub(crate) source: Name,
    pub(crate) target: Name,
    pub(crate) kind: &'static str,
    pub(crate) confidence: f32,
    pub(crate) weight: Option<f32>,
    pub(crate) created: Option<u64>,
    pub(crate) valid: Option<(u32, u32)>,
    pub(crate) metadata: Option<String>,
}

/// One write.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Learn(Learn),
    Associate(Associate),
    Strength(Name, f32),
    Metadata(Name, String),
    Access(Name),
    Forget(Name),
    ForgetAssociation(Name, Name, &'static str),
    Batch(Vec<Operation>),
}

/// An association with nothing out of the ordinary.
pub(crate) fn associate(source: u8, target: u8, kind: &'static str) -> Operation {
    Operation::Associate(Associate {
        source: Name(source),
        target: Name(target),
        kind,
        confidence: 0.75,
        weight: Some(2.0),
        created: None,
        valid: None,
        metadata: None,
    })
}

impl Operation {
    pub(crate) fn random(random: &mut Random) -> Self {
        if random.one_in(8) {
            return Self::Batch((0..1 + random.below(5)).map(|_| Self::single(random)).collect());
        }
        Self::single(random)
    }

    fn single(random: &mut Random) -> Self {
        let name = Name(random.below(NAMES.into()) as u8);
        match random.below(20) {
            0..=5 => Self::Learn(Learn::random(name, random)),
            6..=12 => Self::Associate(Associate::random(name, random)),
            13 => Self::Strength(name, part(random)),
            14 => Self::Metadata(name, json(random)),
            15 | 16 => Self::Access(name),
            17 => Self::Forget(name),
            _ => Self::ForgetAssociation(name, Name(random.below(NAMES.into()) as u8), random.pick(&KINDS)),
        }
    }

    /// Does it, by the plain calls where they say enough.
    pub(crate) fn perform(&self, memory: &ConcurrentMemory) -> Result<Sequence> {
        match self {
            Self::Learn(learn) if learn.metadata.is_none() && learn.created.is_none() => memory.learn_concept(
                learn.name.reference(),
                learn.text(),
                learn.embedding.as_deref(),
                learn.strength,
                learn.confidence,
            ),
            Self::Learn(learn) => memory.learn(&learn.concept(&learn.text())),
            Self::Associate(associate) => memory.associate(&associate.association()),
            Self::Strength(name, strength) => memory.update_strength(name.reference(), *strength),
            Self::Metadata(name, json) => memory.update_metadata(name.reference(), json),
            Self::Access(name) => memory.record_access(name.reference()),
            Self::Forget(name) => memory.forget_concept(name.reference()),
            Self::ForgetAssociation(source, target, type_name) => {
                memory.forget_association(source.reference(), target.reference(), kind(type_name))
            }
            Self::Batch(operations) => {
                let mut batch = Batch::new();
                let texts: Vec<_> = operations.iter().map(Self::text).collect();
                operations.iter().zip(&texts).for_each(|(operation, text)| operation.push(text, &mut batch));
                memory.learn_batch(&batch)
            }
        }
    }

    fn text(&self) -> String {
        if let Self::Learn(learn) = self { learn.text() } else { String::new() }
    }

    fn push<'a>(&'a self, text: &'a str, batch: &mut Batch<'a>) {
        match self {
            Self::Learn(learn) => batch.concept(learn.concept(text)),
            Self::Associate(associate) => batch.association(associate.association()),
            Self::Strength(name, strength) => batch.update_strength(name.reference(), *strength),
            Self::Metadata(name, json) => batch.update_metadata(name.reference(), json),
            Self::Access(name) => batch.record_access(name.reference()),
            Self::Forget(name) => batch.forget_concept(name.reference()),
            Self::ForgetAssociation(source, target, type_name) => {
                batch.forget_association(source.reference(), target.reference(), kind(type_name))
            }
            Self::Batch(_) => unreachable!("batches do not nest"),
        };
    }
}

impl Learn {
    fn random(name: Name, random: &mut Random) -> Self {
        // Now and then more than the first chunk of the blobs holds.
        let length = if random.one_in(20) { 25_000 } else { random.below(10) as usize };
        // One of two dimensions: the first that is accepted makes the other one an error.
        let dimensions = if random.one_in(6) { 2 } else { 3 };
        let embedding = random.one_in(3).then(|| (0..dimensions).map(|_| random.below(9) as f32 - 4.0).collect());
        Self {
            name,
            content: (100 + random.below(900), length),
            embedding,
            metadata: random.one_in(3).then(|| json(random)),
            strength: part(random),
            confidence: part(random),
            created: random.one_in(3).then(|| random.below(1000)),
        }
    }

    pub(crate) fn text(&self) -> String {
        self.content.0.to_string().repeat(self.content.1)
    }

    pub(crate) fn concept<'a>(&'a self, text: &'a str) -> Concept<'a> {
        let mut concept =
            Concept::new(self.name.reference()).content(text).strength(self.strength).confidence(self.confidence);
        if let Some(embedding) = &self.embedding {
            concept = concept.embedding(embedding);
        }
        if let Some(metadata) = &self.metadata {
            concept = concept.metadata(metadata);
        }
        if let Some(created) = self.created {
            concept = concept.created(created);
        }
        concept
    }
}

impl Associate {
    fn random(source: Name, random: &mut Random) -> Self {
        let target = loop {
            let target = Name(random.below(NAMES.into()) as u8);
            if source.may_meet(target) {
                break target;
            }
        };
        Self {
            source,
            target,
            kind: random.pick(&KINDS),
            confidence: part(random),
            weight: random.one_in(3).then(|| random.below(100) as f32 - 50.0),
            created: random.one_in(4).then(|| random.below(1000)),
            valid: random.one_in(4).then(|| (random.below(50) as u32, 50 + random.below(50) as u32)),
            metadata: random.one_in(4).then(|| json(random)),
        }
    }

    pub(crate) fn association(&self) -> Association<'_> {
        let mut association = Association::new(self.source.reference(), self.target.reference(), kind(self.kind))
            .confidence(self.confidence);
        if let Some(weight) = self.weight {
            association = association.weight(weight);
        }
        if let Some(created) = self.created {
            association = association.created(created);
        }
        if let Some((from, until)) = self.valid {
            association = association.valid(from, until);
        }
        if let Some(metadata) = &self.metadata {
            association = association.metadata(metadata);
        }
        association
    }
}

/// Quarters: exact in any arithmetic.
fn part(random: &mut Random) -> f32 {
    (1 + random.below(4)) as f32 / 4.0
}

fn json(random: &mut Random) -> String {
    format!(r#"{{"n": {}}}"#, random.below(1000))
}
