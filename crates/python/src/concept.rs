//! What a query gives: a concept with attributes, and with the manners of a dictionary.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use sutra_storage::ConceptView;

use crate::failure::Answer;
use crate::metadata::{decimal, from_json};
use crate::vector;

/// A concept of a snapshot: ``concept["content"]`` and ``concept.content`` are the same.
///
/// It holds its snapshot, so it never changes; ``dict(concept)`` keeps the values without it. It reads like a dictionary with
/// the keys ``id``, ``key``, ``content``, ``embedding``, ``metadata``, ``strength``, ``confidence``, ``created``,
/// ``modified``, ``last_accessed``, ``access_count``, ``version`` and ``sequence``. Reading an attribute that lies in the
/// file raises ``CorruptError`` if its bytes are damaged.
#[pyclass(frozen, module = "sutra_storage", mapping)]
pub(crate) struct Concept(pub(crate) ConceptView<'static>);

const FIELDS: [&str; 13] = [
    "id",
    "key",
    "content",
    "embedding",
    "metadata",
    "strength",
    "confidence",
    "created",
    "modified",
    "last_accessed",
    "access_count",
    "version",
    "sequence",
];

impl Concept {
    fn field<'py>(&self, py: Python<'py>, name: &str) -> Answer<Option<Bound<'py, PyAny>>> {
        Ok(Some(match name {
            "id" => object(py, self.id())?,
            "key" => object(py, self.key()?)?,
            "content" => self.content(py)?,
            "embedding" => object(py, self.embedding(py)?)?,
            "metadata" => object(py, self.metadata(py)?)?,
            "strength" => object(py, self.strength())?,
            "confidence" => object(py, self.confidence())?,
            "created" => object(py, self.created())?,
            "modified" => object(py, self.modified())?,
            "last_accessed" => object(py, self.last_accessed()?)?,
            "access_count" => object(py, self.access_count()?)?,
            "version" => object(py, self.version())?,
            "sequence" => object(py, self.sequence())?,
            _ => return Ok(None),
        }))
    }
}

fn object<'py>(py: Python<'py>, value: impl IntoPyObjectExt<'py>) -> PyResult<Bound<'py, PyAny>> {
    value.into_bound_py_any(py)
}

#[pymethods]
impl Concept {
    /// The id: 32 hex digits, or 16 if the last eight bytes are zero.
    #[getter]
    fn id(&self) -> String {
        self.0.id().to_string()
    }

    /// The key that it was named by, as it was given; ``None`` if only its id is known.
    #[getter]
    fn key(&self) -> Answer<Option<&str>> {
        Ok(self.0.key()?)
    }

    /// The key, else the id, in the spelling that names it again.
    #[getter]
    fn name(&self) -> Answer<String> {
        Ok(self.0.name()?.into_owned())
    }

    /// The content: ``str`` if its bytes are UTF-8, else ``bytes``. A copy.
    #[getter]
    fn content<'py>(&self, py: Python<'py>) -> Answer<Bound<'py, PyAny>> {
        let bytes = self.0.content()?;
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => PyString::new(py, text).into_any(),
            Err(_) => PyBytes::new(py, bytes).into_any(),
        })
    }

    /// The bytes of the content. A copy.
    #[getter]
    fn content_bytes<'py>(&self, py: Python<'py>) -> Answer<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.0.content()?))
    }

    /// The embedding: a read-only array of shape ``(d,)``, float32; ``None`` if it has none.
    ///
    /// What lies in the file is not copied: the array is over the mapped bytes. It holds that map, not the snapshot, and is
    /// valid for as long as it is held, also after the store was closed. A vector that still lies in memory is copied.
    #[getter]
    fn embedding<'py>(&self, py: Python<'py>) -> Answer<Option<Bound<'py, PyAny>>> {
        Ok(vector::array(py, &self.0)?.map(Bound::into_any))
    }

    /// The metadata, as ``json.loads`` gives it; ``None`` if it has none.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> Answer<Option<Bound<'py, PyAny>>> {
        self.0.metadata()?.map(|json| from_json(py, json)).transpose()
    }

    /// The strength, in [0, 1]; kept as a 32-bit float, shown as the shortest decimal of it.
    #[getter]
    fn strength(&self) -> f64 {
        decimal(self.0.strength())
    }

    /// The confidence, in [0, 1]; kept as a 32-bit float, shown as the shortest decimal of it.
    #[getter]
    fn confidence(&self) -> f64 {
        decimal(self.0.confidence())
    }

    /// When it was created: microseconds since the Unix epoch.
    #[getter]
    fn created(&self) -> u64 {
        self.0.created()
    }

    /// When this version was written: microseconds since the Unix epoch.
    #[getter]
    fn modified(&self) -> u64 {
        self.0.modified()
    }

    /// When its last access was recorded: microseconds since the Unix epoch, ``None`` for never. Live, not of the snapshot.
    #[getter]
    fn last_accessed(&self) -> Answer<Option<u64>> {
        Ok(self.0.last_accessed()?)
    }

    /// How many accesses were recorded. Live, not of the snapshot.
    #[getter]
    fn access_count(&self) -> Answer<u32> {
        Ok(self.0.access_count()?)
    }

    /// Versions since it was learned or learned anew, from 1.
    #[getter]
    fn version(&self) -> u32 {
        self.0.version()
    }

    /// The write that made this version.
    #[getter]
    fn sequence(&self) -> u64 {
        self.0.sequence()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> Answer<Bound<'py, PyAny>> {
        self.field(py, key)?.ok_or_else(|| PyKeyError::new_err(key.to_owned()).into())
    }

    /// The value of a key, or ``default``.
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> Answer<Option<Bound<'py, PyAny>>> {
        Ok(self.field(py, key)?.or(default))
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> bool {
        key.extract::<&str>().is_ok_and(|key| FIELDS.contains(&key))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyTuple::new(py, FIELDS)?.try_iter()?.into_any())
    }

    fn __len__(&self) -> usize {
        FIELDS.len()
    }

    /// The names of the values.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, FIELDS)
    }

    /// The values, in the order of the keys.
    fn values<'py>(&self, py: Python<'py>) -> Answer<Bound<'py, PyList>> {
        let values = FIELDS.iter().map(|name| self.field(py, name)).collect::<Answer<Vec<_>>>()?;
        Ok(PyList::new(py, values)?)
    }

    /// Pairs of key and value.
    fn items<'py>(&self, py: Python<'py>) -> Answer<Bound<'py, PyList>> {
        let pairs = FIELDS.iter().map(|name| Ok((*name, self.field(py, name)?))).collect::<Answer<Vec<_>>>()?;
        Ok(PyList::new(py, pairs)?)
    }

    fn __repr__(&self) -> Answer<String> {
        let (strength, confidence) = (self.strength(), self.confidence());
        Ok(format!("Concept({:?}, strength={strength:?}, confidence={confidence:?})", self.name()?))
    }
}
