//! A snapshot with the public API's words.

use std::ops::Deref;

use sutra_format::{AssociationType, ConceptRecord};
use sutra_snapshot::{Damage, Kept, Side};

use crate::Result;
use crate::name::{ConceptRef, TypeRef};
use crate::path::{Path, PathOptions};
use crate::read::{Direction, NeighborOptions, Neighbors, sides};
use crate::view::{AssociationView, ConceptView};
use crate::write::type_code;

/// The store at one moment: cheap to take and to clone, never changes, may outlive the memory it came from. Reads wait for
/// nobody. Those that touch mapped bytes verify them at first access: damage is [`Error::Corrupt`](crate::Error::Corrupt),
/// never a wrong answer.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) inner: sutra_snapshot::Snapshot,
}

/// A snapshot that is borrowed, or held by what was read from it.
#[derive(Clone, Debug)]
pub(crate) enum Held<'s> {
    Borrowed(&'s Snapshot),
    Owned(Snapshot),
}

impl Deref for Held<'_> {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        match self {
            Self::Borrowed(snapshot) => snapshot,
            Self::Owned(snapshot) => snapshot,
        }
    }
}

impl Snapshot {
    pub(crate) fn new(inner: sutra_snapshot::Snapshot) -> Self {
        Self { inner }
    }

    /// The slot of a concept or stub; `None` if it is not known or was forgotten.
    #[inline]
    pub(crate) fn slot(&self, id: ConceptRef<'_>) -> Result<Option<u32>> {
        Ok(self.inner.find(&id.id()?)?.and_then(known))
    }

    /// A concept, with its content, embedding, metadata and key borrowed from the map or from memory. `None` if it is not
    /// known, was forgotten, or is only the stub of an association's end. O(1).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a name that can be none,
    /// [`Error::Corrupt`](crate::Error::Corrupt).
    #[inline]
    pub fn query_concept<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Option<ConceptView<'_>>> {
        let Some((slot, record)) = self.inner.find(&id.into().id()?)? else { return Ok(None) };
        Ok(record.is_live().then(|| ConceptView::new(slot, Kept::new(&self.inner, record))))
    }

    /// [`Snapshot::query_concept`] for each of several, in their order. Several times as fast as one after the other: the memory
    /// that finding them meets is asked for together.
    ///
    /// # Errors
    /// As there: the first error is returned at once.
    ///
    /// ```
    /// # use sutra_storage::{ConcurrentConfig, ConcurrentMemory};
    /// # let folder = tempfile::tempdir()?;
    /// # let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path()))?;
    /// let written = memory.learn_concept("rain", "water that falls from clouds", None, 1.0, 0.9)?;
    /// memory.wait_visible(written)?;
    /// let snapshot = memory.snapshot();
    /// let found = snapshot.query_concepts(["rain", "snow"])?;
    /// assert!(found[0].is_some() && found[1].is_none());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn query_concepts<'a, I: Into<ConceptRef<'a>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Option<ConceptView<'_>>>> {
        let ids = ids.into_iter().map(|id| id.into().id()).collect::<std::result::Result<Vec<_>, _>>()?;
        let mut views = Vec::with_capacity(ids.len());
        self.inner.find_each(&ids, |found| {
            let live = found.filter(|(_, record)| record.is_live());
            views.push(live.map(|(slot, record)| ConceptView::new(slot, Kept::new(&self.inner, record))));
        })?;
        Ok(views)
    }

    /// [`Snapshot::query_concept`] with a result that holds the snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn into_concept<'a>(self, id: impl Into<ConceptRef<'a>>) -> Result<Option<ConceptView<'static>>> {
        let found = self.inner.into_found(&id.into().id()?)?.filter(|(_, record)| record.is_live());
        Ok(found.map(|(slot, record)| ConceptView::new(slot, record)))
    }

    /// Whether a concept is known: learned, not forgotten, and not only a stub. O(1).
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`].
    pub fn contains<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<bool> {
        Ok(self.inner.find(&id.into().id()?)?.is_some_and(|(_, record)| record.is_live()))
    }

    /// All concepts, in the order in which they were first named. An error ends nothing: the next item is the next concept.
    pub fn concepts(&self) -> impl Iterator<Item = Result<ConceptView<'_>>> {
        (0..self.inner.lengths().slots).filter_map(|slot| {
            let record = self.inner.newest(slot).map(|found| found.map(|record| Kept::new(&self.inner, record)));
            live(slot, record)
        })
    }

    /// [`Snapshot::concepts`] by an iterator that holds the snapshot.
    pub fn into_concepts(self) -> impl Iterator<Item = Result<ConceptView<'static>>> {
        (0..self.inner.lengths().slots).filter_map(move |slot| live(slot, self.inner.clone().into_newest(slot)))
    }

    /// All associations, by source. An error ends nothing.
    pub fn associations(&self) -> impl Iterator<Item = Result<AssociationView<'_>>> {
        ordinals(&self.inner).map(|ordinal| {
            let ordinal = ordinal?;
            Ok(AssociationView::new(ordinal, Kept::new(&self.inner, self.inner.association(ordinal)?)))
        })
    }

    /// [`Snapshot::associations`] by an iterator that holds the snapshot.
    pub fn into_associations(self) -> impl Iterator<Item = Result<AssociationView<'static>>> {
        let inner = self.inner.clone();
        ordinals_owned(inner).map(move |ordinal| {
            let ordinal = ordinal?;
            Ok(AssociationView::new(ordinal, self.inner.clone().into_association(ordinal)?))
        })
    }

    /// Concepts that are learned and not forgotten, stubs not counted. O(1).
    #[must_use]
    pub fn concept_count(&self) -> u64 {
        self.inner.lengths().live_concepts.into()
    }

    /// Stubs: ends of associations that nobody has learned yet. O(1).
    #[must_use]
    pub fn stub_count(&self) -> u64 {
        self.inner.lengths().stubs.into()
    }

    /// Associations that are learned and not forgotten. O(1).
    #[must_use]
    pub fn edge_count(&self) -> u64 {
        self.inner.lengths().edges.into()
    }

    /// The last write that it holds: exactly those up to here.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.inner.sequence()
    }

    /// When that was committed: microseconds since the Unix epoch.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.inner.timestamp()
    }

    /// The name of an association type; `None` for a code that nobody has named.
    #[must_use]
    pub fn type_name(&self, kind: AssociationType) -> Option<&str> {
        self.inner.catalogue().type_name(kind)
    }

    /// The association type of a name.
    #[must_use]
    pub fn association_type(&self, name: &str) -> Option<AssociationType> {
        self.inner.catalogue().association_type(name)
    }

    /// Dimensions of the store's vectors; `None` before the first embedding.
    #[must_use]
    pub fn vector_dimension(&self) -> Option<usize> {
        self.inner.catalogue().dimension().map(|dimension| dimension as usize)
    }

    /// The outgoing neighbours of a concept or stub, in the order in which the associations were last learned; none for one
    /// that is not known. O(degree).
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`].
    pub fn neighbors<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Neighbors<'_>> {
        self.neighbors_with(id, NeighborOptions::default())
    }

    /// The neighbours of a concept or stub by direction, types and least confidence. O(degree).
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`]; [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options out of range.
    pub fn neighbors_with<'a>(
        &self,
        id: impl Into<ConceptRef<'a>>,
        options: NeighborOptions<'_>,
    ) -> Result<Neighbors<'_>> {
        Neighbors::collect(Held::Borrowed(self), id.into(), options)
    }

    pub(crate) fn into_neighbors(self, id: ConceptRef<'_>, options: NeighborOptions<'_>) -> Result<Neighbors<'static>> {
        Neighbors::collect(Held::Owned(self), id, options)
    }

    /// How many neighbours a concept or stub has at most: associations that ended may be counted. O(1).
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`].
    pub fn neighbor_bound<'a>(&self, id: impl Into<ConceptRef<'a>>, direction: Direction) -> Result<usize> {
        let Some(slot) = self.slot(id.into())? else { return Ok(0) };
        sides(direction).iter().map(|side| Ok(self.inner.edges(slot, *side)?.upper_bound())).sum()
    }

    /// The association of two concepts with a type. O(the smaller of the two degrees).
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`].
    pub fn association<'a>(
        &self,
        source: impl Into<ConceptRef<'a>>,
        target: impl Into<ConceptRef<'a>>,
        kind: impl Into<TypeRef<'a>>,
    ) -> Result<Option<AssociationView<'_>>> {
        let Some(ordinal) = self.find_association(source.into(), target.into(), kind.into())? else { return Ok(None) };
        let record = Kept::new(&self.inner, self.inner.association(ordinal)?);
        Ok(Some(AssociationView::new(ordinal, record)))
    }

    pub(crate) fn into_association(
        self,
        source: ConceptRef<'_>,
        target: ConceptRef<'_>,
        kind: TypeRef<'_>,
    ) -> Result<Option<AssociationView<'static>>> {
        let Some(ordinal) = self.find_association(source, target, kind)? else { return Ok(None) };
        Ok(Some(AssociationView::new(ordinal, self.inner.into_association(ordinal)?)))
    }

    fn find_association(
        &self,
        source: ConceptRef<'_>,
        target: ConceptRef<'_>,
        kind: TypeRef<'_>,
    ) -> Result<Option<u32>> {
        // A type that nobody has named yet is the type of no association.
        let Ok(kind) = type_code(kind, self.inner.catalogue()) else { return Ok(None) };
        let ends = self.inner.find_both(&[source.id()?, target.id()?])?;
        let [Some(source), Some(target)] = ends.map(|found| found.and_then(known)) else { return Ok(None) };
        Ok(self.inner.find_edge(source, target, kind.0)?.map(|edge| edge.ordinal))
    }

    /// A path with the fewest hops along outgoing associations, of at most `max_depth` hops; `None` if there is none.
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`].
    pub fn find_path<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        max_depth: u32,
    ) -> Result<Option<Path>> {
        self.find_path_with(start, end, PathOptions { max_depth, ..PathOptions::default() })
    }

    /// A path with the fewest hops, by direction, types, least confidence and depth. Bidirectional breadth-first search:
    /// O(what it reaches).
    ///
    /// # Errors
    /// As [`Snapshot::find_best_path`].
    pub fn find_path_with<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        options: PathOptions<'_>,
    ) -> Result<Option<Path>> {
        Path::find(self, start.into(), end.into(), options, false)
    }

    /// The path whose product of confidences (with the decay of each hop) is highest, also within a bound on hops; `None` if
    /// there is none.
    ///
    /// # Errors
    /// As [`Snapshot::query_concept`]; [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options out of range.
    pub fn find_best_path<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        options: PathOptions<'_>,
    ) -> Result<Option<Path>> {
        Path::find(self, start.into(), end.into(), options, true)
    }
}

/// The newest record of a slot if it is a learned concept.
fn live<'s>(
    slot: u32,
    record: std::result::Result<Option<Kept<'s, ConceptRecord>>, Damage>,
) -> Option<Result<ConceptView<'s>>> {
    match record {
        Ok(Some(record)) if record.is_live() => Some(Ok(ConceptView::new(slot, record))),
        Ok(_) => None,
        Err(damage) => Some(Err(damage.into())),
    }
}

fn ordinals(snapshot: &sutra_snapshot::Snapshot) -> impl Iterator<Item = Result<u32>> {
    (0..snapshot.lengths().slots).flat_map(|slot| of_slot(snapshot, slot))
}

fn ordinals_owned(snapshot: sutra_snapshot::Snapshot) -> impl Iterator<Item = Result<u32>> {
    (0..snapshot.lengths().slots).flat_map(move |slot| of_slot(&snapshot, slot))
}

fn of_slot(snapshot: &sutra_snapshot::Snapshot, slot: u32) -> Vec<Result<u32>> {
    match snapshot.edges(slot, Side::Out) {
        Ok(edges) => edges.iter().map(|edge| Ok(edge.ordinal)).collect(),
        Err(damage) => vec![Err(damage.into())],
    }
}

/// The slot of what was found, if it was not forgotten.
fn known((slot, record): (u32, &ConceptRecord)) -> Option<u32> {
    (!record.is_tombstone()).then_some(slot)
}
