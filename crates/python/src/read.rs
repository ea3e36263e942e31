//! Reading, the same for a snapshot and for the newest one of a storage.
//!
//! A lookup keeps the interpreter's lock, since releasing it costs more than the lookup. Searches, large neighbourhoods and
//! rows of embeddings release it.

use numpy::PyArray2;
use numpy::ndarray::Array2;
use pyo3::prelude::*;
use pyo3::types::PyList;
use sutra_storage::{ConceptView, Direction, NeighborOptions, Neighbors, PathOptions, Result, Snapshot};

use crate::column::Column;
use crate::failure::{Answer, Failure};
use crate::links::{Neighbor, Path};
use crate::name::{concept, kinds, type_refs};

/// Neighbours from which on gathering them releases the interpreter's lock.
const MANY_NEIGHBORS: usize = 64;

/// Rows of embeddings from which on reading them releases the lock.
const MANY_ROWS: usize = 16;

pub(crate) fn direction(word: &str) -> Answer<Direction> {
    match word {
        "out" => Ok(Direction::Out),
        "in" => Ok(Direction::In),
        "both" => Ok(Direction::Both),
        _ => Err(Failure::invalid("direction", format!("{word:?} is none of \"out\", \"in\" and \"both\""))),
    }
}

/// What narrows neighbours and paths, as Python gives it.
pub(crate) struct Narrowed<'py> {
    pub(crate) direction: Direction,
    pub(crate) types: Option<Vec<Bound<'py, PyAny>>>,
    pub(crate) min_confidence: f32,
}

impl<'py> Narrowed<'py> {
    pub(crate) fn new(word: &str, types: Option<&Bound<'py, PyAny>>, min_confidence: f32) -> Answer<Self> {
        Ok(Self { direction: direction(word)?, types: kinds(types)?, min_confidence })
    }
}

/// Does what may be long without the interpreter's lock.
fn unlocked<T: Send>(py: Python<'_>, is_long: bool, work: impl FnOnce() -> Result<T> + Send) -> Answer<T> {
    Ok(if is_long { py.detach(work)? } else { work()? })
}

fn neighbors<'s>(
    py: Python<'_>,
    snapshot: &'s Snapshot,
    id: &Bound<'_, PyAny>,
    narrowed: &Narrowed<'_>,
) -> Answer<Neighbors<'s>> {
    // The id, so that a key is hashed once for both calls.
    let id = concept(id)?.id()?;
    let types = type_refs(narrowed.types.as_deref())?;
    let (direction, min_confidence) = (narrowed.direction, narrowed.min_confidence);
    let options = NeighborOptions { direction, types: types.as_deref(), min_confidence };
    let is_long = snapshot.neighbor_bound(id, direction)? >= MANY_NEIGHBORS;
    unlocked(py, is_long, || snapshot.neighbors_with(id, options))
}

pub(crate) fn neighbor_names<'py>(
    py: Python<'py>,
    snapshot: &Snapshot,
    id: &Bound<'py, PyAny>,
    narrowed: &Narrowed<'py>,
) -> Answer<Bound<'py, PyList>> {
    let found = neighbors(py, snapshot, id, narrowed)?;
    let names = unlocked(py, found.len() >= MANY_NEIGHBORS, || found.names())?;
    Ok(PyList::new(py, names)?)
}

pub(crate) fn neighbor_list(
    py: Python<'_>,
    snapshot: &Snapshot,
    id: &Bound<'_, PyAny>,
    narrowed: &Narrowed<'_>,
) -> Answer<Vec<Neighbor>> {
    let found = neighbors(py, snapshot, id, narrowed)?;
    unlocked(py, found.len() >= MANY_NEIGHBORS, || found.iter().map(Neighbor::new).collect())
}

/// A path with the fewest hops, or with the highest confidence if a decay is given.
pub(crate) fn path(
    py: Python<'_>,
    snapshot: &Snapshot,
    ends: (&Bound<'_, PyAny>, &Bound<'_, PyAny>),
    max_depth: Option<u32>,
    narrowed: &Narrowed<'_>,
    decay: Option<f32>,
) -> Answer<Option<sutra_storage::Path>> {
    let (start, end) = (concept(ends.0)?, concept(ends.1)?);
    let types = type_refs(narrowed.types.as_deref())?;
    let options = PathOptions {
        direction: narrowed.direction,
        max_depth: max_depth.unwrap_or(u32::MAX),
        min_confidence: narrowed.min_confidence,
        types: types.as_deref(),
        decay: decay.unwrap_or(1.0),
    };
    Ok(py.detach(|| match decay {
        Some(_) => snapshot.find_best_path(start, end, options),
        None => snapshot.find_path_with(start, end, options),
    })?)
}

pub(crate) fn path_names<'py>(
    py: Python<'py>,
    path: Option<sutra_storage::Path>,
) -> Answer<Option<Bound<'py, PyList>>> {
    Ok(path.map(|path| PyList::new(py, path.nodes.iter().map(|node| node.name()))).transpose()?)
}

pub(crate) fn path_object(py: Python<'_>, path: Option<sutra_storage::Path>) -> Answer<Option<Path>> {
    path.map(|path| Path::new(py, &path)).transpose()
}

/// One row for each id; NaN where there is no embedding.
pub(crate) fn embeddings<'py>(
    py: Python<'py>,
    snapshot: &Snapshot,
    ids: &Bound<'py, PyAny>,
) -> Answer<Bound<'py, PyArray2<f32>>> {
    let ids = Column::new(ids, "ids")?;
    let ids = ids.concepts("ids")?;
    let dimension = snapshot.vector_dimension().unwrap_or(0);
    // The numbers are gathered in memory that numpy then takes over: to have it made by numpy would be to clear it first, with
    // the lock held.
    let gather = || {
        let mut numbers = Vec::with_capacity(ids.len() * dimension);
        let found = if dimension > 0 {
            snapshot.query_concepts(ids.iter().copied())?
        } else {
            ids.iter().map(|_| None).collect()
        };
        for concept in found {
            match concept.as_ref().map(ConceptView::embedding).transpose()?.flatten() {
                Some(vector) if vector.len() == dimension => numbers.extend_from_slice(vector),
                _ => numbers.resize(numbers.len() + dimension, f32::NAN),
            }
        }
        Ok(numbers)
    };
    let numbers = unlocked(py, ids.len() >= MANY_ROWS, gather)?;
    let rows = Array2::from_shape_vec([ids.len(), dimension], numbers);
    let rows = rows.map_err(|error| Failure::invalid("ids", error.to_string()))?;
    Ok(PyArray2::from_owned_array(py, rows))
}

/// The methods of reading, for a class with a method `view` that gives the snapshot to read.
macro_rules! reading {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            /// A concept, or ``None`` if it is not known, was forgotten, or is only a stub. O(1).
            ///
            /// ``concept_id`` is a key, an id of 16 or 32 hex digits, or 16 bytes.
            fn query_concept(
                &self,
                py: Python<'_>,
                concept_id: &Bound<'_, PyAny>,
            ) -> Answer<Option<$crate::concept::Concept>> {
                let id = $crate::name::concept(concept_id)?;
                Ok(self.view(py)?.into_owned().into_concept(id)?.map($crate::concept::Concept))
            }

            /// Whether a concept is known: learned, not forgotten, and not only a stub. O(1).
            fn contains(&self, py: Python<'_>, concept_id: &Bound<'_, PyAny>) -> Answer<bool> {
                Ok(self.view(py)?.contains($crate::name::concept(concept_id)?)?)
            }

            fn __contains__(&self, py: Python<'_>, concept_id: &Bound<'_, PyAny>) -> Answer<bool> {
                self.contains(py, concept_id)
            }

            /// The number of concepts, stubs not counted.
            fn __len__(&self, py: Python<'_>) -> Answer<usize> {
                Ok(usize::try_from(self.view(py)?.concept_count()).unwrap_or(usize::MAX))
            }

            /// Over the names of the concepts (keys, else ids), in the order in which they were first named. It walks one
            /// snapshot: what is written meanwhile is not in it.
            fn __iter__(&self, py: Python<'_>) -> Answer<$crate::iterate::Names> {
                Ok($crate::iterate::Names::new(self.view(py)?.into_owned()))
            }

            /// An iterator over the concepts of one snapshot.
            fn concepts(&self, py: Python<'_>) -> Answer<$crate::iterate::Concepts> {
                Ok($crate::iterate::Concepts::new(self.view(py)?.into_owned()))
            }

            /// An iterator over the associations of one snapshot, by source.
            fn associations(&self, py: Python<'_>) -> Answer<$crate::iterate::Associations> {
                Ok($crate::iterate::Associations::new(self.view(py)?.into_owned()))
            }

            /// The association of two concepts with a type, or ``None``. O(the smaller of the two degrees).
            #[pyo3(
                        signature = (source_id, target_id, assoc_type=None),
                        text_signature = "($self, source_id, target_id, assoc_type=0)"
                    )]
            fn association(
                &self,
                py: Python<'_>,
                source_id: &Bound<'_, PyAny>,
                target_id: &Bound<'_, PyAny>,
                assoc_type: Option<&Bound<'_, PyAny>>,
            ) -> Answer<Option<$crate::links::Association>> {
                let ends = ($crate::name::concept(source_id)?, $crate::name::concept(target_id)?);
                let kind = assoc_type.map_or(Ok(0.into()), $crate::name::kind)?;
                let view = self.view(py)?;
                view.association(ends.0, ends.1, kind)?
                    .map(|found| $crate::links::Association::new(py, &found))
                    .transpose()
            }

            /// The names (keys, else ids) of a concept's neighbours, one for each association, in the order in which the
            /// associations were last learned; empty for a concept that is not known. O(degree).
            ///
            /// ``direction`` is ``"out"``, ``"in"`` or ``"both"``; ``types`` are one or several names or numbers;
            /// ``min_confidence`` is in [0, 1].
            #[pyo3(signature = (concept_id, *, direction="out", types=None, min_confidence=0.0))]
            fn get_neighbors<'py>(
                &self,
                py: Python<'py>,
                concept_id: &Bound<'py, PyAny>,
                direction: &str,
                types: Option<&Bound<'py, PyAny>>,
                min_confidence: f32,
            ) -> Answer<Bound<'py, pyo3::types::PyList>> {
                let narrowed = $crate::read::Narrowed::new(direction, types, min_confidence)?;
                $crate::read::neighbor_names(py, &*self.view(py)?, concept_id, &narrowed)
            }

            /// The neighbours of a concept with the associations that lead there; see ``get_neighbors``.
            #[pyo3(signature = (concept_id, *, direction="out", types=None, min_confidence=0.0))]
            fn neighbors(
                &self,
                py: Python<'_>,
                concept_id: &Bound<'_, PyAny>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
            ) -> Answer<Vec<$crate::links::Neighbor>> {
                let narrowed = $crate::read::Narrowed::new(direction, types, min_confidence)?;
                $crate::read::neighbor_list(py, &*self.view(py)?, concept_id, &narrowed)
            }

            /// The names of the concepts on a path with the fewest hops, both ends included; ``None`` if there is no path of
            /// at most ``max_depth`` hops (``None`` for no bound). Breadth-first from both ends. Releases the interpreter's
            /// lock.
            #[pyo3(signature = (start_id, end_id, max_depth=6, *, direction="out", types=None, min_confidence=0.0))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn find_path<'py>(
                &self,
                py: Python<'py>,
                start_id: &Bound<'py, PyAny>,
                end_id: &Bound<'py, PyAny>,
                max_depth: Option<u32>,
                direction: &str,
                types: Option<&Bound<'py, PyAny>>,
                min_confidence: f32,
            ) -> Answer<Option<Bound<'py, pyo3::types::PyList>>> {
                let narrowed = $crate::read::Narrowed::new(direction, types, min_confidence)?;
                let view = self.view(py)?;
                let found = $crate::read::path(py, &view, (start_id, end_id), max_depth, &narrowed, None)?;
                $crate::read::path_names(py, found)
            }

            /// As ``find_path``, with each hop's association: a ``Path``, or ``None``.
            #[pyo3(signature = (start_id, end_id, max_depth=6, *, direction="out", types=None, min_confidence=0.0))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn explain_path(
                &self,
                py: Python<'_>,
                start_id: &Bound<'_, PyAny>,
                end_id: &Bound<'_, PyAny>,
                max_depth: Option<u32>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
            ) -> Answer<Option<$crate::links::Path>> {
                let narrowed = $crate::read::Narrowed::new(direction, types, min_confidence)?;
                let view = self.view(py)?;
                let found = $crate::read::path(py, &view, (start_id, end_id), max_depth, &narrowed, None)?;
                $crate::read::path_object(py, found)
            }

            /// The path whose product of confidences is highest, each hop multiplied by ``decay`` in (0, 1] as well; a
            /// ``Path``, or ``None`` if there is none of at most ``max_depth`` hops. Releases the interpreter's lock.
            #[pyo3(signature = (
                        start_id, end_id, max_depth=6, *, direction="out", types=None, min_confidence=0.0, decay=1.0
                    ))]
            #[expect(clippy::too_many_arguments, reason = "named by the caller")]
            fn find_best_path(
                &self,
                py: Python<'_>,
                start_id: &Bound<'_, PyAny>,
                end_id: &Bound<'_, PyAny>,
                max_depth: Option<u32>,
                direction: &str,
                types: Option<&Bound<'_, PyAny>>,
                min_confidence: f32,
                decay: f32,
            ) -> Answer<Option<$crate::links::Path>> {
                let narrowed = $crate::read::Narrowed::new(direction, types, min_confidence)?;
                let view = self.view(py)?;
                let found = $crate::read::path(py, &view, (start_id, end_id), max_depth, &narrowed, Some(decay))?;
                $crate::read::path_object(py, found)
            }

            /// The embeddings of ``n`` concepts as an array of shape ``(n, d)``, float32, a copy. A row is NaN where the
            /// concept is not known or has no embedding (embeddings themselves are finite); ``d`` is 0 before the first one.
            /// ``ids`` are a sequence, an array, or anything with the Arrow PyCapsule interface.
            fn embeddings<'py>(
                &self,
                py: Python<'py>,
                ids: &Bound<'py, PyAny>,
            ) -> Answer<Bound<'py, numpy::PyArray2<f32>>> {
                $crate::read::embeddings(py, &*self.view(py)?, ids)
            }

            /// The number of concepts, stubs not counted.
            #[getter]
            fn concept_count(&self, py: Python<'_>) -> Answer<u64> {
                Ok(self.view(py)?.concept_count())
            }

            /// The number of stubs: ends of associations that nobody has learned yet.
            #[getter]
            fn stub_count(&self, py: Python<'_>) -> Answer<u64> {
                Ok(self.view(py)?.stub_count())
            }

            /// The number of associations.
            #[getter]
            fn edge_count(&self, py: Python<'_>) -> Answer<u64> {
                Ok(self.view(py)?.edge_count())
            }

            /// The last write that is visible: exactly those up to here are.
            #[getter]
            fn sequence(&self, py: Python<'_>) -> Answer<u64> {
                Ok(self.view(py)?.sequence())
            }

            /// When that was committed: microseconds since the Unix epoch.
            #[getter]
            fn timestamp(&self, py: Python<'_>) -> Answer<u64> {
                Ok(self.view(py)?.timestamp())
            }

            /// Dimensions of the embeddings; ``None`` before the first one.
            #[getter]
            fn vector_dimension(&self, py: Python<'_>) -> Answer<Option<usize>> {
                Ok(self.view(py)?.vector_dimension())
            }

            /// The name of an association type's number; ``None`` for one that nobody has named.
            fn type_name(&self, py: Python<'_>, assoc_type: u8) -> Answer<Option<String>> {
                Ok(self.view(py)?.type_name(sutra_storage::AssociationType(assoc_type)).map(str::to_owned))
            }
        }
    };
}

pub(crate) use reading;
