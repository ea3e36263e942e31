//! Neighbours.

use std::borrow::Cow;
use std::ops::ControlFlow;

use sutra_format::{ConceptId, ConceptRecord};
use sutra_snapshot::{EdgeRef, Kept, Side};

use crate::check::unit;
use crate::name::{ConceptRef, TypeRef};
use crate::snapshot::{Held, Snapshot};
use crate::view::{AssociationView, ConceptView, name};
use crate::write::type_code;
use crate::{Error, Result};

pub use sutra_graph::Direction;

/// Which neighbours are wanted.
#[derive(Clone, Copy, Debug)]
pub struct NeighborOptions<'a> {
    /// Along outgoing associations by default.
    pub direction: Direction,
    /// Only of these types; all by default.
    pub types: Option<&'a [TypeRef<'a>]>,
    /// Only of at least this confidence, in [0, 1]; 0 by default.
    pub min_confidence: f32,
}

impl Default for NeighborOptions<'_> {
    fn default() -> Self {
        Self { direction: Direction::Out, types: None, min_confidence: 0.0 }
    }
}

/// Neighbours in a snapshot that this borrows or holds: one for each association, so a concept to which several lead stands
/// here several times.
#[derive(Clone, Debug)]
pub struct Neighbors<'s> {
    snapshot: Held<'s>,
    found: Vec<Found>,
}

/// Neighbours for which there is room before the first is found: filters may leave few of a hub's.
const FIRST_ROOM: usize = 256;

#[derive(Clone, Copy, Debug)]
struct Found {
    edge: EdgeRef,
    side: Side,
}

impl<'s> Neighbors<'s> {
    pub(crate) fn collect(snapshot: Held<'s>, id: ConceptRef<'_>, options: NeighborOptions<'_>) -> Result<Self> {
        unit("min_confidence", options.min_confidence)?;
        let types = options.types.map(|types| type_set(types, snapshot.inner.catalogue()));
        let mut found = Vec::new();
        if let Some(slot) = snapshot.slot(id)? {
            for side in sides(options.direction) {
                let edges = snapshot.inner.edges(slot, *side)?;
                found.reserve_exact(edges.upper_bound().min(FIRST_ROOM));
                let _ = edges.visit(|edge| {
                    let wanted = types.as_ref().is_none_or(|types| types[edge.kind as usize]);
                    // A loop is an outgoing and an incoming edge of the same concept, and one association.
                    let again = options.direction == Direction::Both && *side == Side::In && edge.target == slot;
                    if wanted && !again && edge.confidence >= options.min_confidence {
                        // All of them are on their way before the first is read.
                        snapshot.inner.prefetch_newest(edge.target);
                        found.push(Found { edge, side: *side });
                    }
                    ControlFlow::<()>::Continue(())
                });
            }
        }
        Ok(Self { snapshot, found })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The neighbours: outgoing ones first, each direction in the order in which its associations were last learned.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Neighbor<'_>> {
        self.found.iter().map(|found| Neighbor { neighbors: self, found: *found })
    }

    /// The names of all of them in their order: keys as they are printed, else ids (see [`ConceptView::name`]). For a few
    /// neighbours faster than to ask each: all keys are on their way before the first is read.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a record or a key is damaged.
    pub fn names(&self) -> Result<Vec<Cow<'_, str>>> {
        let mut records = Vec::with_capacity(self.found.len());
        for found in &self.found {
            let record = target(&self.snapshot, found)?;
            self.snapshot.inner.prefetch_key(record);
            records.push(record);
        }
        records.into_iter().map(|record| name(&self.snapshot.inner, record)).collect()
    }
}

/// The record at the other end.
fn target<'s>(snapshot: &'s Snapshot, found: &Found) -> Result<&'s ConceptRecord> {
    let slot = found.edge.target;
    // The end of a visible association is a visible slot.
    let damage = || Error::Corrupt { region: "slot rows".into(), offset: slot.into(), detail: String::new() };
    snapshot.inner.newest(slot)?.ok_or_else(damage)
}

/// One neighbour.
#[derive(Clone, Copy, Debug)]
pub struct Neighbor<'n> {
    neighbors: &'n Neighbors<'n>,
    found: Found,
}

impl<'n> Neighbor<'n> {
    /// The id of the concept or stub at the other end.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its record is damaged.
    #[inline]
    pub fn id(&self) -> Result<ConceptId> {
        Ok(self.neighbors.snapshot.inner.id(self.found.edge.target)?)
    }

    /// The concept or stub at the other end.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its record is damaged.
    #[inline]
    pub fn concept(&self) -> Result<ConceptView<'n>> {
        let snapshot = &self.neighbors.snapshot;
        let record = Kept::new(&snapshot.inner, target(snapshot, &self.found)?);
        Ok(ConceptView::new(self.found.edge.target, record))
    }

    /// The association that leads there, or comes from there.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if its record is damaged.
    pub fn association(&self) -> Result<AssociationView<'n>> {
        let snapshot = &self.neighbors.snapshot.inner;
        let record = Kept::new(snapshot, snapshot.association(self.found.edge.ordinal)?);
        Ok(AssociationView::new(self.found.edge.ordinal, record))
    }

    /// The association's confidence.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.found.edge.confidence
    }

    /// The association's type.
    #[must_use]
    pub fn kind(&self) -> sutra_format::AssociationType {
        sutra_format::AssociationType(self.found.edge.kind)
    }

    /// The name of the association's type.
    #[must_use]
    pub fn type_name(&self) -> &'n str {
        self.neighbors.snapshot.type_name(self.kind()).unwrap_or_default()
    }

    /// [`Direction::Out`] if the association leads to the neighbour, [`Direction::In`] if it comes from there.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self.found.side {
            Side::Out => Direction::Out,
            Side::In => Direction::In,
        }
    }
}

pub(crate) fn sides(direction: Direction) -> &'static [Side] {
    match direction {
        Direction::Out => &[Side::Out],
        Direction::In => &[Side::In],
        Direction::Both => &[Side::Out, Side::In],
    }
}

/// A type that nobody has named yet is the type of no association.
fn type_set(types: &[TypeRef<'_>], names: &sutra_format::catalogue::Catalogue) -> Box<[bool; 256]> {
    let mut set = Box::new([false; 256]);
    for kind in types {
        if let Ok(code) = type_code(*kind, names) {
            set[code.0 as usize] = true;
        }
    }
    set
}
