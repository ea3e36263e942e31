//! Walking over a snapshot.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use sutra_storage::{AssociationView, ConceptView, Result};

use crate::concept::Concept;
use crate::failure::Answer;
use crate::links::Association;

type Views<V> = Mutex<Box<dyn Iterator<Item = Result<V>> + Send>>;

/// The iterator, whichever thread asks. One that panicked goes on where it stood.
fn lock<V>(views: &Views<V>) -> MutexGuard<'_, Box<dyn Iterator<Item = Result<V>> + Send>> {
    views.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Over the concepts of a snapshot, which it holds.
#[pyclass(frozen, module = "sutra_storage")]
pub(crate) struct Concepts(Views<ConceptView<'static>>);

impl Concepts {
    pub(crate) fn new(snapshot: sutra_storage::Snapshot) -> Self {
        Self(Mutex::new(Box::new(snapshot.into_concepts())))
    }
}

#[pymethods]
impl Concepts {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__(&self) -> Answer<Option<Concept>> {
        let next = lock(&self.0).next().transpose()?;
        Ok(next.map(Concept))
    }
}

/// Over the names of a snapshot's concepts: keys, else ids.
#[pyclass(frozen, module = "sutra_storage")]
pub(crate) struct Names(Views<ConceptView<'static>>);

impl Names {
    pub(crate) fn new(snapshot: sutra_storage::Snapshot) -> Self {
        Self(Mutex::new(Box::new(snapshot.into_concepts())))
    }
}

#[pymethods]
impl Names {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__(&self) -> Answer<Option<String>> {
        let next = lock(&self.0).next().transpose()?;
        Ok(next.map(|concept| concept.name().map(Into::into)).transpose()?)
    }
}

/// Over the associations of a snapshot, which it holds, by source.
#[pyclass(frozen, module = "sutra_storage")]
pub(crate) struct Associations(Views<AssociationView<'static>>);

impl Associations {
    pub(crate) fn new(snapshot: sutra_storage::Snapshot) -> Self {
        Self(Mutex::new(Box::new(snapshot.into_associations())))
    }
}

#[pymethods]
impl Associations {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> Answer<Option<Association>> {
        let next = lock(&self.0).next().transpose()?;
        next.map(|view| Association::new(py, &view)).transpose()
    }
}
