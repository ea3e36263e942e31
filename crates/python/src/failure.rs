//! Errors as exceptions: one class of `sutra_storage.errors` for each variant.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use sutra_storage::Error;

/// Why a call failed: the engine's error, or an exception that is one already.
pub(crate) enum Failure {
    Engine(Error),
    Python(PyErr),
}

pub(crate) type Answer<T> = Result<T, Failure>;

impl Failure {
    /// An argument that the engine never got to see.
    pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Engine(Error::InvalidArgument { field, reason: reason.into() })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Engine(error) => Python::attach(|py| exception(py, &error).unwrap_or_else(|other| other)),
            Failure::Python(error) => error,
        }
    }
}

/// The exception of an error, with the error's fields as attributes.
fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let make = |class: &'static str| class_of(py, class)?.call1((error.to_string(),));
    let exception = match error {
        Error::InvalidArgument { field, reason } => with(make("InvalidArgumentError")?, |to| {
            to.setattr("field", field)?;
            to.setattr("reason", reason)
        }),
        Error::DimensionMismatch { expected, got } => with(make("DimensionMismatchError")?, |to| {
            to.setattr("expected", expected)?;
            to.setattr("got", got)
        }),
        Error::Backpressure => make("BackpressureError"),
        Error::TooLarge { operations, bytes } => with(make("TooLargeError")?, |to| {
            to.setattr("operations", operations)?;
            to.setattr("bytes", bytes)
        }),
        Error::Full => make("FullError"),
        Error::Locked { pid, host, since } => with(make("LockedError")?, |to| {
            to.setattr("pid", pid)?;
            to.setattr("host", host)?;
            to.setattr("since", since)
        }),
        Error::Corrupt { region, offset, .. } => with(make("CorruptError")?, |to| {
            to.setattr("region", region)?;
            to.setattr("offset", offset)
        }),
        Error::NotOurs { .. } => make("NotOursError"),
        Error::NewerVersion { found, supported } => with(make("NewerVersionError")?, |to| {
            to.setattr("found", found)?;
            to.setattr("supported", supported)
        }),
        Error::ConfigMismatch { field, stored, given } => with(make("ConfigMismatchError")?, |to| {
            to.setattr("field", field)?;
            to.setattr("stored", stored)?;
            to.setattr("given", given)
        }),
        Error::Poisoned { cause } => with(make("PoisonedError")?, |to| to.setattr("cause", cause)),
        Error::Closed => make("ClosedError"),
        Error::Forked => make("ForkedError"),
        Error::Io { source } => {
            with(make("IoError")?, |to| source.raw_os_error().map_or(Ok(()), |number| to.setattr("errno", number)))
        }
        // An error that is newer than this module.
        _ => make("SutraError"),
    }?;
    Ok(PyErr::from_value(exception))
}

fn with<'py>(
    exception: Bound<'py, PyAny>,
    set: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<Bound<'py, PyAny>> {
    set(&exception)?;
    Ok(exception)
}

fn class_of<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("sutra_storage.errors").map(Bound::unbind))?;
    Ok(module.bind(py).getattr(name)?.cast_into()?)
}
