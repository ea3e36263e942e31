//! The catalogue: the names that a store's numbers stand for.
//!
//! An append-only list of definitions: names of association types, names of namespaces, and once the dimension and the
//! metric of the vectors. A number never changes its name, nor a name its number. On disk it is the sequence of
//! [`DefineBody`] and name, each padded with zeros to a multiple of 4.

use std::collections::HashMap;

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, IntoBytes};

use crate::entry::{DefineBody, Definition};
use crate::error::DecodeError;
use crate::id::{AssociationType, Namespace};

/// The names of a store.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    definitions: Vec<Defined>,
    /// By code, the built-in ones left out.
    types: HashMap<u8, usize>,
    namespaces: HashMap<u32, usize>,
    /// By kind of definition and name.
    numbers: HashMap<(u32, Box<str>), u32>,
    vectors: Option<usize>,
}

/// One definition of a [`Catalogue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defined {
    /// What is defined.
    pub what: Definition,
    /// The code of a type, the number of a namespace, the dimension of vectors.
    pub number: u32,
    /// The name; of vectors the metric's.
    pub name: Box<str>,
}

/// Why a definition is refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// The name is empty or too long.
    #[error("a name has 1 to {} bytes, this one has {length}: choose another one", Catalogue::MAX_NAME)]
    NameLength {
        /// Bytes of the name.
        length: usize,
    },
    /// The number is taken by another name, is built in, or is out of range.
    #[error("number {number} is taken or out of range: take the one that the catalogue offers next")]
    Number {
        /// The number.
        number: u32,
    },
    /// The name is taken by another number.
    #[error("the name {name:?} already stands for {number}: use that, or choose another name")]
    Name {
        /// The name.
        name: Box<str>,
        /// The number that it stands for.
        number: u32,
    },
    /// The vectors of the store have another dimension or metric.
    #[error("the store's vectors have dimension {dimension} and metric {metric:?}, fixed for its life: use these")]
    Vectors {
        /// The dimension.
        dimension: u32,
        /// The metric.
        metric: Box<str>,
    },
}

impl Catalogue {
    /// Bytes of a name at most.
    pub const MAX_NAME: usize = 1024;

    /// A catalogue of nothing but what is built in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a definition; says whether it was new. The same definition again changes nothing.
    ///
    /// # Errors
    /// [`CatalogueError`] when it contradicts what is there or is out of bounds.
    pub fn define(&mut self, what: Definition, number: u32, name: &str) -> Result<bool, CatalogueError> {
        if name.is_empty() || name.len() > Self::MAX_NAME {
            return Err(CatalogueError::NameLength { length: name.len() });
        }
        let new = match what {
            Definition::AssociationType => self.check_type(number, name)?,
            Definition::Namespace => self.check_namespace(number, name)?,
            Definition::Vectors => self.check_vectors(number, name)?,
        };
        if new {
            let index = self.definitions.len();
            match what {
                Definition::AssociationType => {
                    let code = u8::try_from(number).map_err(|_| CatalogueError::Number { number })?;
                    self.types.insert(code, index);
                }
                Definition::Namespace => {
                    self.namespaces.insert(number, index);
                }
                Definition::Vectors => self.vectors = Some(index),
            }
            self.numbers.insert((code(what), name.into()), number);
            self.definitions.push(Defined { what, number, name: name.into() });
        }
        Ok(new)
    }

    fn check_type(&self, number: u32, name: &str) -> Result<bool, CatalogueError> {
        let kind = u8::try_from(number).map_err(|_| CatalogueError::Number { number })?;
        if let Some(known) = self.association_type(name) {
            return if known.0 == kind {
                Ok(false)
            } else {
                Err(CatalogueError::Name { name: name.into(), number: known.0.into() })
            };
        }
        if usize::from(kind) >= AssociationType::MAX_NAMES || self.type_name(AssociationType(kind)).is_some() {
            return Err(CatalogueError::Number { number });
        }
        Ok(true)
    }

    fn check_namespace(&self, number: u32, name: &str) -> Result<bool, CatalogueError> {
        if let Some(known) = self.namespace(name) {
            return if known.0 == number {
                Ok(false)
            } else {
                Err(CatalogueError::Name { name: name.into(), number: known.0 })
            };
        }
        // Zero is the default namespace, which has no name.
        if number == 0 || self.namespaces.contains_key(&number) {
            return Err(CatalogueError::Number { number });
        }
        Ok(true)
    }

    fn check_vectors(&self, dimension: u32, metric: &str) -> Result<bool, CatalogueError> {
        match self.vectors.and_then(|index| self.definitions.get(index)) {
            Some(known) if known.number == dimension && *known.name == *metric => Ok(false),
            Some(known) => Err(CatalogueError::Vectors { dimension: known.number, metric: known.name.clone() }),
            None if dimension == 0 => Err(CatalogueError::Number { number: dimension }),
            None => Ok(true),
        }
    }

    /// The definitions, oldest first.
    #[must_use]
    pub fn definitions(&self) -> &[Defined] {
        &self.definitions
    }

    /// How many definitions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.definitions.len()
    }

    /// Whether nothing is defined beyond what is built in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.definitions.is_empty()
    }

    /// The name of an association type, built-in ones included.
    #[must_use]
    pub fn type_name(&self, kind: AssociationType) -> Option<&str> {
        if let Some(name) = AssociationType::BUILT_IN.get(usize::from(kind.0)) {
            return Some(name);
        }
        self.name_at(self.types.get(&kind.0))
    }

    /// The association type of a name, built-in ones included.
    #[must_use]
    pub fn association_type(&self, name: &str) -> Option<AssociationType> {
        if let Some(kind) = AssociationType::BUILT_IN.iter().position(|built_in| *built_in == name) {
            return u8::try_from(kind).ok().map(AssociationType);
        }
        let number = self.number(Definition::AssociationType, name)?;
        u8::try_from(number).ok().map(AssociationType)
    }

    /// The code that the next new type name gets, `None` when there are [`AssociationType::MAX_NAMES`].
    #[must_use]
    pub fn next_type(&self) -> Option<AssociationType> {
        (0..=u8::MAX).take(AssociationType::MAX_NAMES).map(AssociationType).find(|kind| self.type_name(*kind).is_none())
    }

    /// The name of a namespace. The default one has none.
    #[must_use]
    pub fn namespace_name(&self, namespace: Namespace) -> Option<&str> {
        self.name_at(self.namespaces.get(&namespace.0))
    }

    /// The namespace of a name; the empty name is the default one's.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<Namespace> {
        if name.is_empty() {
            return Some(Namespace(0));
        }
        self.number(Definition::Namespace, name).map(Namespace)
    }

    /// The number that the next new namespace gets, `None` when all are taken.
    #[must_use]
    pub fn next_namespace(&self) -> Option<Namespace> {
        let named = u32::try_from(self.namespaces.len()).ok()?;
        // Numbers are given in order, so this is one step; names defined out of order cost more.
        (named.checked_add(1)?..=u32::MAX).find(|number| !self.namespaces.contains_key(number)).map(Namespace)
    }

    /// The dimension of the store's vectors, once it is known.
    #[must_use]
    pub fn dimension(&self) -> Option<u32> {
        self.vectors.and_then(|index| self.definitions.get(index)).map(|defined| defined.number)
    }

    /// The metric of the store's vectors, once it is known.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        self.name_at(self.vectors.as_ref())
    }

    fn name_at(&self, index: Option<&usize>) -> Option<&str> {
        index.and_then(|index| self.definitions.get(*index)).map(|defined| &*defined.name)
    }

    fn number(&self, what: Definition, name: &str) -> Option<u32> {
        self.numbers.get(&(code(what), name.into())).copied()
    }

    /// The bytes of all definitions.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for defined in &self.definitions {
            let body = DefineBody {
                what: U32::new(code(defined.what)),
                number: U32::new(defined.number),
                // Bounded by MAX_NAME when it was defined.
                name_length: U32::new(u32::try_from(defined.name.len()).unwrap_or(0)),
                reserved: U32::ZERO,
            };
            bytes.extend_from_slice(body.as_bytes());
            bytes.extend_from_slice(defined.name.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    /// Reads the bytes of all definitions.
    ///
    /// # Errors
    /// [`DecodeError`] when they are cut short, are no text, or contradict each other.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, DecodeError> {
        let cut = DecodeError::Truncated { structure: "catalogue" };
        let bad = |field| DecodeError::Field { structure: "catalogue", field };
        let mut catalogue = Self::new();
        while !bytes.is_empty() {
            let (body, rest) = DefineBody::ref_from_prefix(bytes).map_err(|_| cut)?;
            let length = usize::try_from(body.name_length.get()).map_err(|_| cut)?;
            let (name, _) = rest.split_at_checked(length).ok_or(cut)?;
            let padded = length.checked_next_multiple_of(4).ok_or(cut)?;
            let (_, rest) = rest.split_at_checked(padded).ok_or(cut)?;
            let name = std::str::from_utf8(name).map_err(|_| bad("name"))?;
            let what = match body.what.get() {
                0 => Definition::AssociationType,
                1 => Definition::Namespace,
                2 => Definition::Vectors,
                _ => return Err(bad("definition")),
            };
            match catalogue.define(what, body.number.get(), name) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Err(bad("definition")),
            }
            bytes = rest;
        }
        Ok(catalogue)
    }
}

const fn code(what: Definition) -> u32 {
    match what {
        Definition::AssociationType => 0,
        Definition::Namespace => 1,
        Definition::Vectors => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Catalogue {
        let mut catalogue = Catalogue::new();
        assert_eq!(catalogue.define(Definition::AssociationType, 5, "hypernym"), Ok(true));
        assert_eq!(catalogue.define(Definition::Namespace, 1, "zoo"), Ok(true));
        assert_eq!(catalogue.define(Definition::Vectors, 384, "cosine"), Ok(true));
        catalogue
    }

    #[test]
    fn what_goes_in_comes_out() {
        let catalogue = Catalogue::decode(&sample().encode()).unwrap();
        assert_eq!(catalogue.definitions(), sample().definitions());
        assert_eq!(catalogue.type_name(AssociationType(5)), Some("hypernym"));
        assert_eq!(catalogue.type_name(AssociationType(1)), Some("causal"));
        assert_eq!(catalogue.type_name(AssociationType(6)), None);
        assert_eq!(catalogue.association_type("hypernym"), Some(AssociationType(5)));
        assert_eq!(catalogue.association_type("temporal"), Some(AssociationType(2)));
        assert_eq!(catalogue.next_type(), Some(AssociationType(6)));
        assert_eq!(catalogue.namespace_name(Namespace(1)), Some("zoo"));
        assert_eq!(catalogue.namespace("zoo"), Some(Namespace(1)));
        assert_eq!(catalogue.namespace(""), Some(Namespace(0)));
        assert_eq!(catalogue.next_namespace(), Some(Namespace(2)));
        assert_eq!((catalogue.dimension(), catalogue.metric()), (Some(384), Some("cosine")));
    }

    #[test]
    fn contradictions_are_refused_and_repetitions_change_nothing() {
        let mut catalogue = sample();
        assert_eq!(catalogue.define(Definition::AssociationType, 5, "hypernym"), Ok(false));
        assert_eq!(catalogue.define(Definition::AssociationType, 2, "temporal"), Ok(false));
        for (what, number, name) in [
            (Definition::AssociationType, 5, "other"),
            (Definition::AssociationType, 6, "hypernym"),
            (Definition::AssociationType, 6, "causal"),
            (Definition::AssociationType, 3, "other"),
            (Definition::AssociationType, 250, "other"),
            (Definition::AssociationType, 261, "hypernym"),
            (Definition::AssociationType, 6, ""),
            (Definition::Namespace, 0, "other"),
            (Definition::Namespace, 1, "other"),
            (Definition::Namespace, 2, "zoo"),
            (Definition::Vectors, 385, "cosine"),
            (Definition::Vectors, 384, "dot"),
        ] {
            assert!(catalogue.define(what, number, name).is_err(), "{what:?} {number} {name:?}");
        }
        assert_eq!(catalogue.len(), 3);
    }

    #[test]
    fn there_are_250_type_names() {
        let mut catalogue = Catalogue::new();
        while let Some(kind) = catalogue.next_type() {
            catalogue.define(Definition::AssociationType, kind.0.into(), &format!("type {}", kind.0)).unwrap();
        }
        assert_eq!(catalogue.len(), AssociationType::MAX_NAMES - AssociationType::BUILT_IN.len());
    }

    #[test]
    fn no_cut_and_no_flip_panics() {
        let whole = sample().encode();
        for end in 0..whole.len() {
            let cut = Catalogue::decode(&whole[..end]);
            assert!(cut.is_err() || cut.is_ok_and(|cut| cut.len() < 3), "cut at {end}");
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = Catalogue::decode(&flipped);
        }
    }
}
