//! Embeddings: arrays that callers bring, and arrays over the bytes of the file.

use numpy::ndarray::ArrayView1;
use numpy::{
    PyArray1, PyArrayMethods, PyReadonlyArray, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods, ndarray,
};
use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use sutra_storage::{ConceptView, MappedEmbedding};

use crate::failure::{Answer, Failure};

/// An embedding that a caller gave: one-dimensional, of 32-bit floats without gaps. Such an array is borrowed; any other
/// array of real numbers, or a sequence of numbers, is converted, which is a copy.
pub(crate) fn given<'py>(value: &Bound<'py, PyAny>) -> Answer<PyReadonlyArray1<'py, f32>> {
    floats(value, "embedding", "(d,)")
}

/// As [`given`], for arrays of any dimension: numbers of a batch.
pub(crate) fn floats<'py, D: ndarray::Dimension>(
    value: &Bound<'py, PyAny>,
    field: &'static str,
    shape: &str,
) -> Answer<PyReadonlyArray<'py, f32, D>> {
    if let Ok(array) = value.cast::<numpy::PyArray<f32, D>>()
        && array.is_c_contiguous()
        && !is_masked(value)?
        && let Ok(borrowed) = array.try_readonly()
        && borrowed.as_slice().is_ok()
    {
        return Ok(borrowed);
    }
    let converted = convert(value, field)?;
    match converted.cast::<numpy::PyArray<f32, D>>() {
        Ok(array) => array.try_readonly().map_err(|error| Failure::invalid(field, error.to_string())),
        Err(_) => {
            let got = converted.getattr("shape")?;
            Err(Failure::invalid(field, format!("an array of shape {shape} is asked for, not of {got}")))
        }
    }
}

/// Whether it is an array of `numpy.ma`, some of whose numbers are said to be missing. Arrays of the plain class, which are most,
/// are told by that class alone.
fn is_masked(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.get_type().is(PyUntypedArray::type_object(value.py())) || !value.hasattr("mask")? {
        return Ok(false);
    }
    value.getattr("mask")?.call_method0("any")?.extract()
}

/// A fresh array of 32-bit floats.
fn convert<'py>(value: &Bound<'py, PyAny>, field: &'static str) -> Answer<Bound<'py, PyAny>> {
    static AS_ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    if value.cast::<PyUntypedArray>().is_ok() && is_masked(value)? {
        return Err(Failure::invalid(field, "a number is missing (masked)"));
    }
    let array = AS_ARRAY.import(py, "numpy", "asarray")?.call1((value,));
    let array = array.map_err(|error| Failure::invalid(field, format!("not an array of numbers: {error}")))?;
    let dtype = array.getattr("dtype")?;
    let kind: String = dtype.getattr("kind")?.extract()?;
    if !matches!(kind.as_str(), "f" | "i" | "u") {
        return Err(Failure::invalid(field, format!("real numbers are asked for, not dtype {dtype}")));
    }
    Ok(array.call_method1("astype", ("float32", "C"))?)
}

/// Holds a part of the file's map for the arrays over it.
#[pyclass(frozen, module = "sutra_storage")]
struct Mapped(MappedEmbedding);

/// The embedding of a concept as a read-only array: over the mapped bytes, which it holds, or a copy of what lies in memory.
pub(crate) fn array<'py>(py: Python<'py>, concept: &ConceptView<'_>) -> Answer<Option<Bound<'py, PyArray1<f32>>>> {
    let array = match concept.embedding_map()? {
        Some(mapped) => {
            let holder = Bound::new(py, Mapped(mapped))?;
            let view = ArrayView1::from(&holder.get().0[..]);
            // SAFETY: the array's base is `holder`, a frozen object that owns the map, so the bytes stay where they are for as
            // long as the array lives. They are never written: neither by the engine (committed bytes do not change) nor
            // through the array, which is made read-only below and which numpy does not make writable again, since its base
            // offers no writable buffer.
            unsafe { PyArray1::borrow_from_array(&view, holder.clone().into_any()) }
        }
        None => match concept.embedding()? {
            Some(vector) => PyArray1::from_slice(py, vector),
            None => return Ok(None),
        },
    };
    array.readwrite().make_nonwriteable();
    Ok(Some(array))
}
