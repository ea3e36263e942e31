//! What reasoning gives: answers, conclusions, what comes to mind, neighbourhoods.

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::links::Path;

/// What was found, as a sequence, and whether that is all.
#[pyclass(frozen, generic, module = "sutra_storage", get_all)]
pub(crate) struct Answer {
    /// What was found: right as far as it goes.
    pub(crate) found: Py<PyList>,
    /// False if ``max_visited`` or ``timeout`` ended the search: then something may be missing.
    pub(crate) complete: bool,
}

#[pymethods]
impl Answer {
    fn __len__(&self, py: Python<'_>) -> usize {
        self.found.bind(py).len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, position: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.found.bind(py).as_any().get_item(position)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.found.bind(py).try_iter()?.into_any())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let complete = if self.complete { "" } else { ", complete=False" };
        Ok(format!("Answer({}{complete})", self.found.bind(py).repr()?))
    }
}

/// What is concluded of a target.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Conclusion {
    /// The name of the target.
    pub(crate) target: String,
    /// That at least one of the paths holds, in [0, 1]; 0 without a path.
    pub(crate) confidence: f64,
    /// The share of this confidence in that of all targets together.
    pub(crate) agreement: f64,
    /// The paths that carry it, the best first; no two share an association.
    pub(crate) paths: Py<PyList>,
}

#[pymethods]
impl Conclusion {
    fn __repr__(&self, py: Python<'_>) -> String {
        let Self { target, confidence, agreement, paths } = self;
        let paths = paths.bind(py).len();
        format!("Conclusion({target:?}, confidence={confidence:?}, agreement={agreement:?}, paths={paths})")
    }
}

/// A concept or stub that came to mind.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Recalled {
    /// Its key, else its id.
    pub(crate) name: String,
    /// Whether nobody has learned it yet.
    pub(crate) is_stub: bool,
    /// With ``"walks"`` the share of them that ends here; with ``"spreading"`` its activation.
    pub(crate) score: f64,
    /// The way from a seed by which it came to mind.
    pub(crate) path: Py<Path>,
}

#[pymethods]
impl Recalled {
    fn __repr__(&self) -> String {
        format!("Recalled({:?}, score={:?})", self.name, self.score)
    }
}

/// A part of the storage: concepts, and the associations between them.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Neighborhood {
    /// The names of the concepts and stubs, the centre first, then by hops.
    pub(crate) nodes: Py<PyList>,
    /// For each of them its hops from the centre.
    pub(crate) hops: Vec<u32>,
    /// The associations, in the order in which they were last learned.
    pub(crate) links: Py<PyList>,
    /// The limits on concepts and associations left nothing out.
    pub(crate) whole: bool,
    /// False if ``max_visited`` or ``timeout`` ended the search: then something may be missing.
    pub(crate) complete: bool,
}

#[pymethods]
impl Neighborhood {
    /// The number of concepts and stubs.
    fn __len__(&self, py: Python<'_>) -> usize {
        self.nodes.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Neighborhood(nodes={}, links={})", self.nodes.bind(py).len(), self.links.bind(py).len())
    }
}

/// An association of a ``Neighborhood``.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Link {
    /// The name of the source.
    pub(crate) source: String,
    /// The name of the target.
    pub(crate) target: String,
    /// The number of the type.
    pub(crate) assoc_type: u8,
    /// The name of the type.
    pub(crate) type_name: String,
    /// The confidence, in [0, 1].
    pub(crate) confidence: f64,
    /// The weight.
    pub(crate) weight: f64,
    /// When the association was created: microseconds since the Unix epoch.
    pub(crate) created: u64,
    /// The write that made it.
    pub(crate) sequence: u64,
}

#[pymethods]
impl Link {
    fn __repr__(&self) -> String {
        let Self { source, target, type_name, confidence, .. } = self;
        format!("Link({source:?}, {target:?}, {type_name:?}, confidence={confidence:?})")
    }
}
