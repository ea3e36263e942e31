//! How Python names concepts and types: text, bytes of an id, numbers.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use sutra_storage::{ConceptId, ConceptRef, TypeRef};

use crate::failure::{Answer, Failure};

/// The concept that an argument names: text (an id in hex digits, or a key), or the 16 bytes of an id.
pub(crate) fn concept<'a>(value: &'a Bound<'_, PyAny>) -> Answer<ConceptRef<'a>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.into());
    }
    match value.cast::<PyBytes>().ok().map(|bytes| <[u8; 16]>::try_from(bytes.as_bytes())) {
        Some(Ok(bytes)) => Ok(ConceptId::from_bytes(bytes).into()),
        Some(Err(_)) => Err(Failure::invalid("concept_id", "bytes of an id are 16")),
        None => Err(Failure::invalid("concept_id", format!("a str or 16 bytes, not {}", kind_of(value)))),
    }
}

/// The type of an association that an argument names: a number from 0 to 255, or a name.
pub(crate) fn kind<'a>(value: &'a Bound<'_, PyAny>) -> Answer<TypeRef<'a>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(TypeRef::Name(text.to_str()?));
    }
    match value.extract::<u8>() {
        Ok(code) => Ok(code.into()),
        Err(_) => Err(Failure::invalid("assoc_type", format!("a str or a number from 0 to 255, not {}", shown(value)))),
    }
}

/// The types that an argument names: one, or several.
pub(crate) fn kinds<'py>(value: Option<&Bound<'py, PyAny>>) -> Answer<Option<Vec<Bound<'py, PyAny>>>> {
    let Some(value) = value else { return Ok(None) };
    if value.is_instance_of::<PyString>() || value.extract::<u8>().is_ok() {
        return Ok(Some(vec![value.clone()]));
    }
    let Ok(several) = value.try_iter() else {
        let reason = format!("a name, a number from 0 to 255, or several of them, not {}", shown(value));
        return Err(Failure::invalid("types", reason));
    };
    Ok(Some(several.collect::<PyResult<_>>()?))
}

/// Borrows what [`kinds`] holds.
pub(crate) fn type_refs<'a>(kinds: Option<&'a [Bound<'_, PyAny>]>) -> Answer<Option<Vec<TypeRef<'a>>>> {
    kinds.map(|kinds| kinds.iter().map(kind).collect()).transpose()
}

/// The name of a value's class, for messages.
pub(crate) fn kind_of(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string())
}

fn shown(value: &Bound<'_, PyAny>) -> String {
    value.repr().map_or_else(|_| kind_of(value), |text| text.to_string())
}
