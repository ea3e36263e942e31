//! What reading gives of associations: associations, neighbours, paths and their hops.

use pyo3::prelude::*;
use pyo3::types::PyList;
use sutra_storage::{AssociationView, Direction};

use crate::failure::Answer;
use crate::metadata::{decimal, from_json};

/// The word for a direction.
fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "out",
        Direction::In => "in",
        Direction::Both => "both",
    }
}

/// An association: source, target, type, and what is said of it. Plain values, which hold no snapshot.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Association {
    /// The key of the source, else its id.
    source: String,
    /// The key of the target, else its id.
    target: String,
    /// The number of the type.
    assoc_type: u8,
    /// The name of the type.
    type_name: String,
    /// The confidence, in [0, 1].
    confidence: f64,
    /// The weight.
    weight: f64,
    /// When it was created: microseconds since the Unix epoch.
    created: u64,
    /// The write that made this version.
    sequence: u64,
    /// The metadata, as ``json.loads`` gives it; ``None`` if it has none.
    metadata: Option<Py<PyAny>>,
}

impl Association {
    pub(crate) fn new(py: Python<'_>, view: &AssociationView<'_>) -> Answer<Self> {
        Ok(Self {
            source: view.source()?.name()?.into_owned(),
            target: view.target()?.name()?.into_owned(),
            assoc_type: view.kind().0,
            type_name: view.type_name().to_owned(),
            confidence: decimal(view.confidence()),
            weight: decimal(view.weight()),
            created: view.created(),
            sequence: view.sequence(),
            metadata: view.metadata()?.map(|json| from_json(py, json).map(Bound::unbind)).transpose()?,
        })
    }
}

#[pymethods]
impl Association {
    fn __repr__(&self) -> String {
        let Self { source, target, type_name, confidence, .. } = self;
        format!("Association({source:?}, {target:?}, {type_name:?}, confidence={confidence:?})")
    }
}

/// A neighbour: the concept or stub at the other end of an association.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Neighbor {
    /// Its key, else its id.
    name: String,
    /// Whether nobody has learned it yet.
    is_stub: bool,
    /// The number of the association's type.
    assoc_type: u8,
    /// The name of the association's type.
    type_name: String,
    /// The association's confidence, in [0, 1].
    confidence: f64,
    /// ``"out"`` if the association leads to it, ``"in"`` if it comes from there.
    direction: &'static str,
}

impl Neighbor {
    pub(crate) fn new(neighbor: sutra_storage::Neighbor<'_>) -> Result<Self, sutra_storage::Error> {
        let concept = neighbor.concept()?;
        Ok(Self {
            name: concept.name()?.into_owned(),
            is_stub: concept.is_stub(),
            assoc_type: neighbor.kind().0,
            type_name: neighbor.type_name().to_owned(),
            confidence: decimal(neighbor.confidence()),
            direction: word(neighbor.direction()),
        })
    }
}

#[pymethods]
impl Neighbor {
    fn __repr__(&self) -> String {
        let Self { name, type_name, confidence, direction, .. } = self;
        format!("Neighbor({name:?}, {type_name:?}, confidence={confidence:?}, direction={direction:?})")
    }
}

/// A path: its concepts, and each hop with its association.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Path {
    /// The concepts and stubs from start to end: keys, else ids; one more than hops.
    nodes: Py<PyList>,
    /// The hops between them.
    hops: Py<PyList>,
    /// The product of the hops' confidences; 1 for a path of one node.
    confidence: f64,
}

impl Path {
    pub(crate) fn new(py: Python<'_>, path: &sutra_storage::Path) -> Answer<Self> {
        let hops: Vec<_> = path.hops.iter().map(|hop| Py::new(py, Hop::new(hop))).collect::<PyResult<_>>()?;
        let nodes = PyList::new(py, path.nodes.iter().map(|node| node.name()))?;
        Ok(Self { nodes: nodes.unbind(), hops: PyList::new(py, hops)?.unbind(), confidence: path.confidence })
    }
}

#[pymethods]
impl Path {
    /// How many concepts it has, both ends included: one more than hops, and never 0, so that a path is always true.
    fn __len__(&self, py: Python<'_>) -> usize {
        self.nodes.bind(py).len()
    }

    /// The name of a concept on it by position, or those of a slice.
    fn __getitem__<'py>(&self, py: Python<'py>, position: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.nodes.bind(py).as_any().get_item(position)
    }

    /// Over the names of its concepts.
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.nodes.bind(py).try_iter()?.into_any())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Path({}, confidence={:?})", self.nodes.bind(py).repr()?, self.confidence))
    }
}

/// One hop of a path: the association that it follows.
#[pyclass(frozen, module = "sutra_storage", get_all)]
pub(crate) struct Hop {
    /// The number of the type.
    assoc_type: u8,
    /// The name of the type.
    type_name: String,
    /// The confidence, in [0, 1].
    confidence: f64,
    /// The weight.
    weight: f64,
    /// When the association was created: microseconds since the Unix epoch.
    created: u64,
    /// The write that made it.
    sequence: u64,
    /// Whether it was followed against its direction.
    reversed: bool,
}

impl Hop {
    fn new(hop: &sutra_storage::Hop) -> Self {
        Self {
            assoc_type: hop.kind.0,
            type_name: hop.type_name.clone(),
            confidence: decimal(hop.confidence),
            weight: decimal(hop.weight),
            created: hop.created,
            sequence: hop.sequence,
            reversed: hop.reversed,
        }
    }
}

#[pymethods]
impl Hop {
    fn __repr__(&self) -> String {
        let Self { type_name, confidence, reversed, .. } = self;
        let reversed = if *reversed { ", reversed=True" } else { "" };
        format!("Hop({type_name:?}, confidence={confidence:?}{reversed})")
    }
}
