//! Entries of the write log: what a producer lays out once, the write-ahead log stores, and the reconciler applies.
//!
//! An entry is one call of the user and takes one sequence. It holds one operation or, for a batch, many. It is complete
//! and deterministic: ids, times and defaults were fixed by the producer, so that applying the same entries in the same
//! order gives the same records, byte for byte, now or at recovery. An entry of no bytes is a no-op.
//!
//! Layout: an [`EntryHeader`], then each operation: an [`OpHeader`], the operation's body, its blobs one after the other,
//! zeros up to a multiple of 8.

use std::ops::Deref;

use zerocopy::little_endian::{F32, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::DecodeError;
use crate::id::{AssociationType, ConceptId};
use crate::in_place::Bytes;

/// Begins every entry that is not empty.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct EntryHeader {
    /// When the producer made the entry: microseconds since the Unix epoch.
    pub time: U64,
    /// How many operations follow.
    pub ops: U32,
    /// Zero.
    pub reserved: U32,
}

/// Begins every operation.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct OpHeader {
    /// Which operation, see the constants of [`OpHeader`].
    pub kind: u8,
    /// Which optional parts are given, see the constants of [`OpHeader`].
    pub given: u8,
    /// Zero.
    pub reserved: U16,
    /// Bytes of the operation with this header and the padding.
    pub length: U32,
}

impl OpHeader {
    /// Learn a concept: [`LearnConceptBody`], vector, content, metadata, key.
    pub const LEARN_CONCEPT: u8 = 1;
    /// Learn an association: [`LearnAssociationBody`], metadata, source key, target key.
    pub const LEARN_ASSOCIATION: u8 = 2;
    /// Update a strength: [`ConceptBody`].
    pub const UPDATE_STRENGTH: u8 = 3;
    /// Replace metadata: [`ConceptBody`], metadata.
    pub const UPDATE_METADATA: u8 = 4;
    /// Count accesses: [`ConceptBody`].
    pub const RECORD_ACCESS: u8 = 5;
    /// Forget a concept with its associations: [`ConceptBody`].
    pub const FORGET_CONCEPT: u8 = 6;
    /// Forget one association: [`ForgetAssociationBody`].
    pub const FORGET_ASSOCIATION: u8 = 7;
    /// Add a name to the catalogue: [`DefineBody`], name.
    pub const DEFINE: u8 = 8;

    /// The embedding or, for an association, its weight is given.
    pub const VECTOR_OR_WEIGHT: u8 = 1;
    /// Metadata is given.
    pub const METADATA: u8 = 2;
    /// The time of creation is given.
    pub const CREATED: u8 = 4;
    /// The validity interval is given.
    pub const VALIDITY: u8 = 8;
}

/// The fixed part of [`LearnConcept`].
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct LearnConceptBody {
    /// The concept's id.
    pub id: [u8; 16],
    /// Its namespace.
    pub namespace: U32,
    /// Bytes of the vector.
    pub vector_length: U32,
    /// Bytes of the content.
    pub content_length: U32,
    /// Bytes of the metadata.
    pub metadata_length: U32,
    /// Bytes of the key; zero for none.
    pub key_length: U32,
    /// Strength in [0, 1].
    pub strength: F32,
    /// Confidence in [0, 1].
    pub confidence: F32,
    /// Zero.
    pub reserved: U32,
    /// When it was created, if given: microseconds since the Unix epoch.
    pub created: U64,
}

/// The fixed part of [`LearnAssociation`].
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct LearnAssociationBody {
    /// Id of the source.
    pub source: [u8; 16],
    /// Id of the target.
    pub target: [u8; 16],
    /// When it was created, if given: microseconds since the Unix epoch.
    pub created: U64,
    /// Namespace of stubs that it makes.
    pub namespace: U32,
    /// Confidence in [0, 1].
    pub confidence: F32,
    /// Weight, if given.
    pub weight: F32,
    /// Start of the validity interval, if given: seconds since the Unix epoch.
    pub valid_from: U32,
    /// End of the validity interval, if given: seconds since the Unix epoch.
    pub valid_until: U32,
    /// Bytes of the metadata.
    pub metadata_length: U32,
    /// Bytes of the source's key; zero for none.
    pub source_key_length: U32,
    /// Bytes of the target's key; zero for none.
    pub target_key_length: U32,
    /// The type.
    pub kind: u8,
    /// Zero.
    pub reserved: [u8; 7],
}

/// The fixed part of the operations on one concept that exists.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ConceptBody {
    /// The concept's id.
    pub id: [u8; 16],
    /// The strength of `UPDATE_STRENGTH`.
    pub strength: F32,
    /// The count of `RECORD_ACCESS`, the bytes of metadata of `UPDATE_METADATA`.
    pub number: U32,
}

/// The fixed part of [`Op::ForgetAssociation`].
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ForgetAssociationBody {
    /// Id of the source.
    pub source: [u8; 16],
    /// Id of the target.
    pub target: [u8; 16],
    /// The type.
    pub kind: u8,
    /// Zero.
    pub reserved: [u8; 7],
}

/// The fixed part of [`Op::Define`].
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct DefineBody {
    /// What is defined, see [`Definition`].
    pub what: U32,
    /// The number that gets the name.
    pub number: U32,
    /// Bytes of the name.
    pub name_length: U32,
    /// Zero.
    pub reserved: U32,
}

const _: () = {
    assert!(size_of::<EntryHeader>() == 16);
    assert!(size_of::<OpHeader>() == 8);
    assert!(size_of::<LearnConceptBody>() == 56);
    assert!(size_of::<LearnAssociationBody>() == 80);
    assert!(size_of::<ConceptBody>() == 24);
    assert!(size_of::<ForgetAssociationBody>() == 40);
    assert!(size_of::<DefineBody>() == 16);
};

/// Learn a concept, or learn it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearnConcept<'a> {
    /// Its id.
    pub id: ConceptId,
    /// Its namespace.
    pub namespace: u32,
    /// Its key, if it was given by key: UTF-8.
    pub key: &'a [u8],
    /// Its content.
    pub content: &'a [u8],
    /// Its embedding, little-endian f32; stays as it was if not given.
    pub vector: Option<&'a [u8]>,
    /// Its metadata, JSON; stays as it was if not given.
    pub metadata: Option<&'a [u8]>,
    /// Its strength.
    pub strength: f32,
    /// Its confidence.
    pub confidence: f32,
    /// When it was created, the entry's time if not given; only for a concept that is new.
    pub created: Option<u64>,
}

/// Learn an association, or learn it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearnAssociation<'a> {
    /// Id of the source.
    pub source: ConceptId,
    /// Id of the target.
    pub target: ConceptId,
    /// The type.
    pub kind: AssociationType,
    /// The confidence.
    pub confidence: f32,
    /// The weight; stays as it was if not given, 1 at first.
    pub weight: Option<f32>,
    /// When it was created; stays as it was if not given, the entry's time at first.
    pub created: Option<u64>,
    /// Validity interval in seconds since the Unix epoch; stays as it was if not given, unbounded at first.
    pub validity: Option<(u32, u32)>,
    /// Its metadata, JSON; stays as it was if not given.
    pub metadata: Option<&'a [u8]>,
    /// Namespace of stubs that it makes.
    pub namespace: u32,
    /// The source's key, if it was given by key: UTF-8.
    pub source_key: &'a [u8],
    /// The target's key, if it was given by key: UTF-8.
    pub target_key: &'a [u8],
}

/// What a [`Op::Define`] adds to the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// The name of an association type.
    AssociationType,
    /// The name of a namespace.
    Namespace,
    /// The dimension of the store's vectors; the name is the metric's.
    Vectors,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op<'a> {
    /// Learn a concept.
    LearnConcept(LearnConcept<'a>),
    /// Learn an association.
    LearnAssociation(LearnAssociation<'a>),
    /// Update the strength of a concept.
    UpdateStrength {
        /// The concept.
        id: ConceptId,
        /// Its new strength.
        strength: f32,
    },
    /// Replace the metadata of a concept.
    UpdateMetadata {
        /// The concept.
        id: ConceptId,
        /// Its new metadata, JSON.
        metadata: &'a [u8],
    },
    /// Count accesses to a concept, at the entry's time.
    RecordAccess {
        /// The concept.
        id: ConceptId,
        /// How many.
        count: u32,
    },
    /// Forget a concept and its associations.
    ForgetConcept {
        /// The concept.
        id: ConceptId,
    },
    /// Forget one association.
    ForgetAssociation {
        /// Id of the source.
        source: ConceptId,
        /// Id of the target.
        target: ConceptId,
        /// The type.
        kind: AssociationType,
    },
    /// Add to the catalogue.
    Define {
        /// What.
        what: Definition,
        /// The number that gets the name.
        number: u32,
        /// The name: UTF-8.
        name: &'a [u8],
    },
}

const LEARN_CONCEPT_FIXED: usize = size_of::<OpHeader>() + size_of::<LearnConceptBody>();
const LEARN_ASSOCIATION_FIXED: usize = size_of::<OpHeader>() + size_of::<LearnAssociationBody>();

impl Op<'_> {
    /// Bytes that the operation takes in an entry. Saturates, so that a bound check cannot be fooled.
    #[must_use]
    pub fn encoded_length(&self) -> usize {
        let bytes = match self {
            Self::LearnConcept(learn) => LEARN_CONCEPT_FIXED
                .saturating_add(learn.vector.map_or(0, <[u8]>::len))
                .saturating_add(learn.content.len())
                .saturating_add(learn.metadata.map_or(0, <[u8]>::len))
                .saturating_add(learn.key.len()),
            Self::LearnAssociation(learn) => LEARN_ASSOCIATION_FIXED
                .saturating_add(learn.metadata.map_or(0, <[u8]>::len))
                .saturating_add(learn.source_key.len())
                .saturating_add(learn.target_key.len()),
            Self::UpdateMetadata { metadata, .. } => 32usize.saturating_add(metadata.len()),
            Self::UpdateStrength { .. } | Self::RecordAccess { .. } | Self::ForgetConcept { .. } => 32,
            Self::ForgetAssociation { .. } => 48,
            Self::Define { name, .. } => 24usize.saturating_add(name.len()),
        };
        bytes.saturating_add(7) & !7
    }
}

/// The bytes of a finished entry.
///
/// A small one, as that of an association without metadata and keys, has them in place: it passes from the producer's thread to
/// the reconciler's as one piece, where memory that one thread takes and another gives back costs both of them more than a copy,
/// and is met scattered.
#[derive(Clone, Debug, Default)]
pub struct Entry(Bytes);

impl Deref for Entry {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// An operation up to its blobs.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
struct Begun<B> {
    header: OpHeader,
    body: B,
}

/// Lays out an entry.
#[derive(Debug)]
pub struct EntryWriter {
    bytes: Bytes,
    ops: u32,
}

impl EntryWriter {
    /// An entry made at `time` (microseconds since the Unix epoch), with room for operations of `capacity` bytes.
    #[must_use]
    pub fn new(time: u64, capacity: usize) -> Self {
        let mut bytes = Bytes::with_capacity(capacity.saturating_add(size_of::<EntryHeader>()));
        let header = EntryHeader { time: U64::new(time), ops: U32::ZERO, reserved: U32::ZERO };
        bytes.extend(header.as_bytes());
        Self { bytes, ops: 0 }
    }

    /// An entry of one operation.
    #[must_use]
    pub fn single(time: u64, op: &Op<'_>) -> Entry {
        let mut writer = Self::new(time, op.encoded_length());
        writer.push(op);
        writer.finish()
    }

    /// How many operations were pushed.
    #[must_use]
    pub fn ops(&self) -> u32 {
        self.ops
    }

    /// Bytes so far.
    #[must_use]
    pub fn encoded_length(&self) -> usize {
        self.bytes.len()
    }

    /// The finished entry.
    #[must_use]
    pub fn finish(mut self) -> Entry {
        if let Ok((header, _)) = EntryHeader::mut_from_prefix(&mut self.bytes) {
            header.ops = U32::new(self.ops);
        }
        Entry(self.bytes)
    }

    /// Appends an operation. Each part is shorter than 4 GiB; callers bound parts far below.
    #[expect(clippy::cast_possible_truncation, reason = "parts are bounded far below 4 GiB by every caller")]
    pub fn push(&mut self, op: &Op<'_>) {
        let length = op.encoded_length();
        let end = self.bytes.len() + length;
        let mut header = OpHeader { kind: 0, given: 0, reserved: U16::ZERO, length: U32::new(length as u32) };
        let len = |part: &[u8]| U32::new(part.len() as u32);
        match *op {
            Op::LearnConcept(learn) => {
                header.kind = OpHeader::LEARN_CONCEPT;
                header.given = flag(learn.vector.is_some(), OpHeader::VECTOR_OR_WEIGHT)
                    | flag(learn.metadata.is_some(), OpHeader::METADATA)
                    | flag(learn.created.is_some(), OpHeader::CREATED);
                let (vector, metadata) = (learn.vector.unwrap_or_default(), learn.metadata.unwrap_or_default());
                let body = LearnConceptBody {
                    id: learn.id.to_bytes(),
                    namespace: U32::new(learn.namespace),
                    vector_length: len(vector),
                    content_length: len(learn.content),
                    metadata_length: len(metadata),
                    key_length: len(learn.key),
                    strength: F32::new(learn.strength),
                    confidence: F32::new(learn.confidence),
                    reserved: U32::ZERO,
                    created: U64::new(learn.created.unwrap_or(0)),
                };
                self.begin(header, body);
                self.extend(&[vector, learn.content, metadata, learn.key]);
            }
            Op::LearnAssociation(learn) => {
                header.kind = OpHeader::LEARN_ASSOCIATION;
                header.given = flag(learn.weight.is_some(), OpHeader::VECTOR_OR_WEIGHT)
                    | flag(learn.metadata.is_some(), OpHeader::METADATA)
                    | flag(learn.created.is_some(), OpHeader::CREATED)
                    | flag(learn.validity.is_some(), OpHeader::VALIDITY);
                let metadata = learn.metadata.unwrap_or_default();
                let (valid_from, valid_until) = learn.validity.unwrap_or((0, u32::MAX));
                let body = LearnAssociationBody {
                    source: learn.source.to_bytes(),
                    target: learn.target.to_bytes(),
                    created: U64::new(learn.created.unwrap_or(0)),
                    namespace: U32::new(learn.namespace),
                    confidence: F32::new(learn.confidence),
                    weight: F32::new(learn.weight.unwrap_or(1.0)),
                    valid_from: U32::new(valid_from),
                    valid_until: U32::new(valid_until),
                    metadata_length: len(metadata),
                    source_key_length: len(learn.source_key),
                    target_key_length: len(learn.target_key),
                    kind: learn.kind.0,
                    reserved: [0; 7],
                };
                self.begin(header, body);
                self.extend(&[metadata, learn.source_key, learn.target_key]);
            }
            Op::UpdateStrength { id, strength } => {
                self.push_concept(header, OpHeader::UPDATE_STRENGTH, id, strength, 0, &[]);
            }
            Op::UpdateMetadata { id, metadata } => {
                let length = metadata.len() as u32;
                self.push_concept(header, OpHeader::UPDATE_METADATA, id, 0.0, length, metadata);
            }
            Op::RecordAccess { id, count } => {
                self.push_concept(header, OpHeader::RECORD_ACCESS, id, 0.0, count, &[]);
            }
            Op::ForgetConcept { id } => {
                self.push_concept(header, OpHeader::FORGET_CONCEPT, id, 0.0, 0, &[]);
            }
            Op::ForgetAssociation { source, target, kind } => {
                header.kind = OpHeader::FORGET_ASSOCIATION;
                let body = ForgetAssociationBody {
                    source: source.to_bytes(),
                    target: target.to_bytes(),
                    kind: kind.0,
                    reserved: [0; 7],
                };
                self.begin(header, body);
            }
            Op::Define { what, number, name } => {
                header.kind = OpHeader::DEFINE;
                let what = match what {
                    Definition::AssociationType => 0,
                    Definition::Namespace => 1,
                    Definition::Vectors => 2,
                };
                let body = DefineBody {
                    what: U32::new(what),
                    number: U32::new(number),
                    name_length: len(name),
                    reserved: U32::ZERO,
                };
                self.begin(header, body);
                self.extend(&[name]);
            }
        }
        let padding = end - self.bytes.len();
        debug_assert!(padding < 8);
        self.extend(&[[0; 8].get(..padding).unwrap_or_default()]);
        self.ops += 1;
    }

    fn push_concept(
        &mut self,
        mut header: OpHeader,
        kind: u8,
        id: ConceptId,
        strength: f32,
        number: u32,
        metadata: &[u8],
    ) {
        header.kind = kind;
        let body = ConceptBody { id: id.to_bytes(), strength: F32::new(strength), number: U32::new(number) };
        self.begin(header, body);
        self.extend(&[metadata]);
    }

    fn begin<B: IntoBytes + Immutable + Unaligned>(&mut self, header: OpHeader, body: B) {
        self.bytes.extend(Begun { header, body }.as_bytes());
    }

    /// Appends blobs; most operations have none or one.
    fn extend(&mut self, blobs: &[&[u8]]) {
        blobs.iter().filter(|blob| !blob.is_empty()).for_each(|blob| self.bytes.extend(blob));
    }
}

fn flag(given: bool, bit: u8) -> u8 {
    if given { bit } else { 0 }
}

/// The operations of an entry, one after the other; ends after the first error.
#[derive(Clone, Debug)]
pub struct Ops<'a> {
    time: u64,
    left: u32,
    bytes: &'a [u8],
}

impl<'a> Ops<'a> {
    /// Reads an entry. An empty one has no operations.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if it is shorter than its header.
    pub fn new(entry: &'a [u8]) -> Result<Self, DecodeError> {
        if entry.is_empty() {
            return Ok(Self { time: 0, left: 0, bytes: entry });
        }
        let (header, bytes) = EntryHeader::read_from_prefix(entry).map_err(|_| cut("entry"))?;
        Ok(Self { time: header.time.get(), left: header.ops.get(), bytes })
    }

    /// When the producer made the entry: microseconds since the Unix epoch; 0 for an empty one.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// How many operations are left, as the header says.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.left
    }

    fn step(&mut self) -> Result<Op<'a>, DecodeError> {
        let (header, _) = OpHeader::ref_from_prefix(self.bytes).map_err(|_| cut("operation"))?;
        let length = usize::try_from(header.length.get()).map_err(|_| cut("operation"))?;
        let (op, rest) = self.bytes.split_at_checked(length).ok_or(cut("operation"))?;
        let op = decode(op)?;
        self.bytes = rest;
        self.left -= 1;
        Ok(op)
    }
}

impl<'a> Iterator for Ops<'a> {
    type Item = Result<Op<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let op = self.step();
        if op.is_err() {
            self.left = 0;
        }
        Some(op)
    }
}

fn cut(structure: &'static str) -> DecodeError {
    DecodeError::Truncated { structure }
}

fn bad(field: &'static str) -> DecodeError {
    DecodeError::Field { structure: "operation", field }
}

/// Splits the parts of an operation off one after the other.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn fixed<T: FromBytes + KnownLayout + Immutable + Unaligned>(&mut self) -> Result<&'a T, DecodeError> {
        let (body, rest) = T::ref_from_prefix(self.0).map_err(|_| cut("operation"))?;
        self.0 = rest;
        Ok(body)
    }

    fn blob(&mut self, length: U32) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(length.get()).map_err(|_| cut("operation"))?;
        let (blob, rest) = self.0.split_at_checked(length).ok_or(cut("operation"))?;
        self.0 = rest;
        Ok(blob)
    }
}

fn decode(op: &[u8]) -> Result<Op<'_>, DecodeError> {
    let mut parts = Parts(op);
    let header: &OpHeader = parts.fixed()?;
    let given = |bit| header.given & bit != 0;
    match header.kind {
        OpHeader::LEARN_CONCEPT => {
            let body: &LearnConceptBody = parts.fixed()?;
            let vector = parts.blob(body.vector_length)?;
            let content = parts.blob(body.content_length)?;
            let metadata = parts.blob(body.metadata_length)?;
            let key = parts.blob(body.key_length)?;
            Ok(Op::LearnConcept(LearnConcept {
                id: ConceptId::from_bytes(body.id),
                namespace: body.namespace.get(),
                key,
                content,
                vector: given(OpHeader::VECTOR_OR_WEIGHT).then_some(vector),
                metadata: given(OpHeader::METADATA).then_some(metadata),
                strength: body.strength.get(),
                confidence: body.confidence.get(),
                created: given(OpHeader::CREATED).then_some(body.created.get()),
            }))
        }
        OpHeader::LEARN_ASSOCIATION => {
            let body: &LearnAssociationBody = parts.fixed()?;
            let metadata = parts.blob(body.metadata_length)?;
            let source_key = parts.blob(body.source_key_length)?;
            let target_key = parts.blob(body.target_key_length)?;
            Ok(Op::LearnAssociation(LearnAssociation {
                source: ConceptId::from_bytes(body.source),
                target: ConceptId::from_bytes(body.target),
                kind: AssociationType(body.kind),
                confidence: body.confidence.get(),
                weight: given(OpHeader::VECTOR_OR_WEIGHT).then_some(body.weight.get()),
                created: given(OpHeader::CREATED).then_some(body.created.get()),
                validity: given(OpHeader::VALIDITY).then_some((body.valid_from.get(), body.valid_until.get())),
                metadata: given(OpHeader::METADATA).then_some(metadata),
                namespace: body.namespace.get(),
                source_key,
                target_key,
            }))
        }
        OpHeader::FORGET_ASSOCIATION => {
            let body: &ForgetAssociationBody = parts.fixed()?;
            Ok(Op::ForgetAssociation {
                source: ConceptId::from_bytes(body.source),
                target: ConceptId::from_bytes(body.target),
                kind: AssociationType(body.kind),
            })
        }
        OpHeader::DEFINE => {
            let body: &DefineBody = parts.fixed()?;
            let what = match body.what.get() {
                0 => Definition::AssociationType,
                1 => Definition::Namespace,
                2 => Definition::Vectors,
                _ => return Err(bad("definition")),
            };
            Ok(Op::Define { what, number: body.number.get(), name: parts.blob(body.name_length)? })
        }
        kind => {
            let body: &ConceptBody = parts.fixed()?;
            let id = ConceptId::from_bytes(body.id);
            match kind {
                OpHeader::UPDATE_STRENGTH => Ok(Op::UpdateStrength { id, strength: body.strength.get() }),
                OpHeader::UPDATE_METADATA => Ok(Op::UpdateMetadata { id, metadata: parts.blob(body.number)? }),
                OpHeader::RECORD_ACCESS => Ok(Op::RecordAccess { id, count: body.number.get() }),
                OpHeader::FORGET_CONCEPT => Ok(Op::ForgetConcept { id }),
                _ => Err(bad("kind")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Op<'static>> {
        let id = ConceptId::from_bytes([9; 16]);
        let other = ConceptId::from_bytes([4; 16]);
        vec![
            Op::LearnConcept(LearnConcept {
                id,
                namespace: 3,
                key: b"otter",
                content: b"a mammal that swims",
                vector: Some(&[0, 0, 128, 63]),
                metadata: None,
                strength: 0.25,
                confidence: 1.0,
                created: Some(5),
            }),
            Op::LearnAssociation(LearnAssociation {
                source: id,
                target: other,
                kind: AssociationType(7),
                confidence: 0.5,
                weight: None,
                created: None,
                validity: Some((1, 2)),
                metadata: Some(b"{}"),
                namespace: 0,
                source_key: b"otter",
                target_key: b"",
            }),
            Op::UpdateStrength { id, strength: 0.75 },
            Op::UpdateMetadata { id, metadata: b"{\"a\":1}" },
            Op::RecordAccess { id, count: 3 },
            Op::ForgetConcept { id },
            Op::ForgetAssociation { source: id, target: other, kind: AssociationType(7) },
            Op::Define { what: Definition::Vectors, number: 384, name: b"cosine" },
        ]
    }

    fn entry() -> Vec<u8> {
        let mut writer = EntryWriter::new(77, 0);
        samples().iter().for_each(|op| writer.push(op));
        writer.finish().to_vec()
    }

    #[test]
    fn an_association_fits_in_place_and_what_is_larger_does_not() {
        for op in samples() {
            let entry = EntryWriter::single(77, &op);
            assert_eq!(entry.0.are_in_place(), entry.len() <= 104, "{op:?}");
            assert_eq!(Ops::new(&entry).unwrap().map(Result::unwrap).collect::<Vec<_>>(), [op]);
        }
        let plain = samples().into_iter().find_map(|op| match op {
            Op::LearnAssociation(learn) => {
                Some(LearnAssociation { metadata: None, source_key: b"", target_key: b"", ..learn })
            }
            _ => None,
        });
        let plain = EntryWriter::single(77, &Op::LearnAssociation(plain.unwrap()));
        assert_eq!((plain.len(), plain.0.are_in_place()), (104, true));
    }

    #[test]
    fn what_goes_in_comes_out() {
        let entry = entry();
        let ops = Ops::new(&entry).unwrap();
        assert_eq!(ops.time(), 77);
        assert_eq!(ops.map(Result::unwrap).collect::<Vec<_>>(), samples());
        assert_eq!(Ops::new(&[]).unwrap().count(), 0);
    }

    #[test]
    fn every_cut_is_an_error_and_no_flip_panics() {
        let whole = entry();
        for end in 1..whole.len() {
            let read = Ops::new(&whole[..end]).and_then(|mut ops| ops.try_for_each(|op| op.map(drop)));
            assert!(read.is_err(), "cut at {end}");
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(ops) = Ops::new(&flipped) {
                assert!(ops.take(100).count() <= 100);
            }
        }
    }
}
