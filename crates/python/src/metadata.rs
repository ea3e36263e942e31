//! Metadata: JSON in the store, dictionaries in Python. Also what else goes through JSON: counts.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::failure::Answer;

/// The JSON of what a caller gave: text is JSON already, anything else is written by `json.dumps`.
pub(crate) fn to_json<'py>(value: &Bound<'py, PyAny>) -> Answer<Bound<'py, PyString>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.clone());
    }
    static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let text = DUMPS.import(value.py(), "json", "dumps")?.call1((value,))?;
    Ok(text.cast_into().map_err(PyErr::from)?)
}

/// What JSON says, in Python's terms.
pub(crate) fn from_json<'py>(py: Python<'py>, json: &str) -> Answer<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Ok(LOADS.import(py, "json", "loads")?.call1((json,))?)
}

/// A number of 32 bits as the shortest decimal that means it: 0.9 comes back as 0.9.
pub(crate) fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(number.into())
}
