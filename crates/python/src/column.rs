//! Columns of a batch: sequences of Python objects, or arrays that come through the Arrow C interface.

use std::borrow::Cow;
use std::ffi::CStr;
use std::ptr::NonNull;

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayReader, ArrayRef, make_array};
use arrow_schema::{ArrowError, DataType};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyList, PyString, PyTuple};
use sutra_storage::{ConceptId, ConceptRef, TypeRef};

use crate::failure::{Answer, Failure};
use crate::metadata::to_json;
use crate::name::kind_of;

/// Chunks of one type.
#[derive(Clone, Debug)]
pub(crate) struct Chunks {
    pub(crate) kind: DataType,
    pub(crate) arrays: Vec<ArrayRef>,
}

/// A column, held so that rows can be borrowed from it while the interpreter's lock is released.
pub(crate) enum Column<'py> {
    /// Objects that are held: a list may lose them meanwhile.
    Objects(Vec<Bound<'py, PyAny>>),
    Arrow(Chunks),
}

/// A value of a column.
#[derive(Clone, Copy)]
enum Cell<'a> {
    Null,
    Text(&'a str),
    Bytes(&'a [u8]),
    Number(u64),
}

impl<'py> Column<'py> {
    pub(crate) fn new(value: &Bound<'py, PyAny>, field: &'static str) -> Answer<Self> {
        if let Some(chunks) = imported(value, field)? {
            return Ok(Self::Arrow(chunks));
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return Ok(Self::Objects(tuple.iter().collect()));
        }
        if let Ok(list) = value.cast::<PyList>() {
            return Ok(Self::Objects(list.iter().collect()));
        }
        if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
            return Err(Failure::invalid(field, format!("a column is asked for, not one {}", kind_of(value))));
        }
        // Of an array at once: its iterator makes an object of its own for each element.
        let rows = if value.hasattr("tolist")? { value.call_method0("tolist")? } else { value.clone() };
        let rows = rows.try_iter().and_then(Iterator::collect::<PyResult<Vec<_>>>);
        let rows = rows.map_err(|error| Failure::invalid(field, format!("a column is asked for: {error}")))?;
        Ok(Self::Objects(rows))
    }

    fn cells(&self, field: &'static str) -> Answer<Vec<Cell<'_>>> {
        match self {
            Self::Objects(values) => values.iter().map(|value| cell(value, field)).collect(),
            Self::Arrow(chunks) => {
                let mut cells = Vec::with_capacity(chunks.len());
                chunks.arrays.iter().try_for_each(|array| arrow_cells(array, field, &mut cells))?;
                Ok(cells)
            }
        }
    }

    /// The concepts that the rows name.
    pub(crate) fn concepts(&self, field: &'static str) -> Answer<Vec<ConceptRef<'_>>> {
        let cells = self.cells(field)?.into_iter().enumerate();
        cells
            .map(|(row, cell)| match cell {
                Cell::Text(text) => Ok(text.into()),
                Cell::Bytes(bytes) => match <[u8; 16]>::try_from(bytes) {
                    Ok(bytes) => Ok(ConceptId::from_bytes(bytes).into()),
                    Err(_) => Err(at(field, row, "bytes of an id are 16")),
                },
                _ => Err(at(field, row, "a name is text, or 16 bytes")),
            })
            .collect()
    }

    /// The bytes of the rows' contents.
    pub(crate) fn contents(&self, field: &'static str) -> Answer<Vec<&[u8]>> {
        let cells = self.cells(field)?.into_iter().enumerate();
        cells
            .map(|(row, cell)| match cell {
                Cell::Text(text) => Ok(text.as_bytes()),
                Cell::Bytes(bytes) => Ok(bytes),
                _ => Err(at(field, row, "a content is text or bytes")),
            })
            .collect()
    }

    /// The types that the rows name.
    pub(crate) fn kinds(&self, field: &'static str) -> Answer<Vec<TypeRef<'_>>> {
        let cells = self.cells(field)?.into_iter().enumerate();
        cells
            .map(|(row, cell)| match cell {
                Cell::Text(text) => Ok(TypeRef::Name(text)),
                Cell::Number(number) => match u8::try_from(number) {
                    Ok(code) => Ok(code.into()),
                    Err(_) => Err(at(field, row, "a type is a name or a number from 0 to 255")),
                },
                _ => Err(at(field, row, "a type is a name or a number from 0 to 255")),
            })
            .collect()
    }

    /// The rows' metadata as JSON, where there is any.
    pub(crate) fn json(&self, field: &'static str) -> Answer<Vec<Option<Cow<'_, str>>>> {
        if let Self::Objects(values) = self {
            let json = |value: &Bound<'py, PyAny>| match value.is_none() {
                true => Ok(None),
                false => Ok(Some(Cow::Owned(to_json(value)?.to_str()?.to_owned()))),
            };
            return values.iter().map(json).collect();
        }
        let cells = self.cells(field)?.into_iter().enumerate();
        cells
            .map(|(row, cell)| match cell {
                Cell::Null => Ok(None),
                Cell::Text(text) => Ok(Some(Cow::Borrowed(text))),
                _ => Err(at(field, row, "metadata in a column of Arrow is text of JSON")),
            })
            .collect()
    }

    /// The rows as whole numbers from 0 on.
    pub(crate) fn numbers(&self, field: &'static str) -> Answer<Vec<u64>> {
        let cells = self.cells(field)?.into_iter().enumerate();
        cells
            .map(|(row, cell)| match cell {
                Cell::Number(number) => Ok(number),
                _ => Err(at(field, row, "a whole number from 0 on is asked for")),
            })
            .collect()
    }
}

fn at(field: &'static str, row: usize, reason: &str) -> Failure {
    Failure::invalid(field, format!("row {row}: {reason}"))
}

fn cell<'a>(value: &'a Bound<'_, PyAny>, field: &'static str) -> Answer<Cell<'a>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Cell::Text(text.to_str()?));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Cell::Bytes(bytes.as_bytes()));
    }
    if value.is_none() {
        return Ok(Cell::Null);
    }
    match value.extract::<u64>() {
        Ok(number) => Ok(Cell::Number(number)),
        Err(_) => Err(Failure::invalid(field, format!("a value is {}", kind_of(value)))),
    }
}

fn arrow_cells<'a>(array: &'a ArrayRef, field: &'static str, cells: &mut Vec<Cell<'a>>) -> Answer<()> {
    fn text<'a>(value: Option<&'a str>) -> Cell<'a> {
        value.map_or(Cell::Null, Cell::Text)
    }
    fn bytes<'a>(value: Option<&'a [u8]>) -> Cell<'a> {
        value.map_or(Cell::Null, Cell::Bytes)
    }
    match array.data_type() {
        DataType::Utf8 => cells.extend(array.as_string::<i32>().iter().map(text)),
        DataType::LargeUtf8 => cells.extend(array.as_string::<i64>().iter().map(text)),
        DataType::Utf8View => cells.extend(array.as_string_view().iter().map(text)),
        DataType::Binary => cells.extend(array.as_binary::<i32>().iter().map(bytes)),
        DataType::LargeBinary => cells.extend(array.as_binary::<i64>().iter().map(bytes)),
        DataType::BinaryView => cells.extend(array.as_binary_view().iter().map(bytes)),
        DataType::FixedSizeBinary(_) => cells.extend(array.as_fixed_size_binary().iter().map(bytes)),
        DataType::Null => cells.extend(std::iter::repeat_n(Cell::Null, array.len())),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let mut values = Vec::with_capacity(dictionary.values().len());
            arrow_cells(dictionary.values(), field, &mut values)?;
            let keys = dictionary.normalized_keys();
            cells.extend(keys.iter().enumerate().map(|(row, key)| {
                if array.is_null(row) { Cell::Null } else { values.get(*key).copied().unwrap_or(Cell::Null) }
            }));
        }
        _ => {
            for (row, number) in floats(array, field)?.into_iter().enumerate() {
                // Exact up to 2^53: the times and codes that come here are less.
                let whole = number >= 0.0 && number.fract() == 0.0 && number < 9_007_199_254_740_992.0;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
                let number =
                    if whole { number as u64 } else { return Err(at(field, row, "a whole number is asked for")) };
                cells.push(Cell::Number(number));
            }
        }
    }
    Ok(())
}

impl Chunks {
    pub(crate) fn len(&self) -> usize {
        self.arrays.iter().map(arrow_array::Array::len).sum()
    }

    /// The rows as numbers.
    pub(crate) fn floats(&self, field: &'static str) -> Answer<Vec<f64>> {
        let mut all = Vec::with_capacity(self.len());
        for array in &self.arrays {
            all.extend(floats(array, field)?);
        }
        Ok(all)
    }
}

/// The values of an array of numbers.
pub(crate) fn floats(array: &ArrayRef, field: &'static str) -> Answer<Vec<f64>> {
    if array.null_count() > 0 {
        return Err(Failure::invalid(field, "a number is missing (null)"));
    }
    macro_rules! values {
        ($kind:ty) => {
            array.as_primitive::<$kind>().values().iter().map(|number| *number as f64).collect()
        };
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers of callers, seldom above 2^53")]
    Ok(match array.data_type() {
        DataType::Float64 => values!(Float64Type),
        DataType::Float32 => values!(Float32Type),
        DataType::Int8 => values!(Int8Type),
        DataType::Int16 => values!(Int16Type),
        DataType::Int32 => values!(Int32Type),
        DataType::Int64 => values!(Int64Type),
        DataType::UInt8 => values!(UInt8Type),
        DataType::UInt16 => values!(UInt16Type),
        DataType::UInt32 => values!(UInt32Type),
        DataType::UInt64 => values!(UInt64Type),
        other => return Err(Failure::invalid(field, format!("a column of {other} is not what is asked for"))),
    })
}

/// What an object gives through the Arrow PyCapsule interface; `None` if it does not have it.
pub(crate) fn imported(value: &Bound<'_, PyAny>, field: &'static str) -> Answer<Option<Chunks>> {
    let refused = |error: ArrowError| Failure::invalid(field, format!("not a valid array of Arrow: {error}"));
    // Lists and tuples are the common case and have neither.
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        return Ok(None);
    }
    if value.hasattr("__arrow_c_stream__")? {
        let capsule = value.call_method0("__arrow_c_stream__")?;
        let stream = pointer(&capsule, c"arrow_array_stream", field)?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: a capsule of this name points to a valid stream (checked), which this takes; the capsule keeps one that is
        // marked as taken and releases nothing.
        let reader = unsafe { ArrayStreamReader::from_raw(stream.as_ptr()) }.map_err(refused)?;
        let kind = reader.field().data_type().clone();
        // Taken under the lock, which a producer in Python may need; looked through without it.
        let arrays = reader.collect::<Result<Vec<_>, _>>().map_err(refused)?;
        value.py().detach(|| arrays.iter().try_for_each(check)).map_err(refused)?;
        return Ok(Some(Chunks { kind, arrays }));
    }
    if !value.hasattr("__arrow_c_array__")? {
        return Ok(None);
    }
    let pair = value.call_method0("__arrow_c_array__")?;
    let (schema, array) = (pair.get_item(0)?, pair.get_item(1)?);
    let schema = pointer(&schema, c"arrow_schema", field)?.cast::<FFI_ArrowSchema>();
    let array = pointer(&array, c"arrow_array", field)?.cast::<FFI_ArrowArray>();
    // SAFETY: a capsule of this name points to a valid structure (checked), which is taken, and marked so in the capsule.
    let array = unsafe { FFI_ArrowArray::from_raw(array.as_ptr()) };
    if array.is_released() {
        return Err(Failure::invalid(field, "the array of Arrow was taken before"));
    }
    // SAFETY: the array was not released, and the schema in the capsule beside it is that array's; it is only read, while
    // `pair` holds it.
    let array = make_array(unsafe { from_ffi(array, schema.as_ref()) }.map_err(refused)?);
    value.py().detach(|| check(&array)).map_err(refused)?;
    Ok(Some(Chunks { kind: array.data_type().clone(), arrays: vec![array] }))
}

/// Offsets within their bounds, text that is UTF-8: what comes from elsewhere is not taken on trust.
fn check(array: &ArrayRef) -> Result<(), ArrowError> {
    array.to_data().validate_full()
}

fn pointer(capsule: &Bound<'_, PyAny>, name: &CStr, field: &'static str) -> Answer<NonNull<std::ffi::c_void>> {
    let capsule = capsule
        .cast::<PyCapsule>()
        .map_err(|_| Failure::invalid(field, "the Arrow interface gave no capsule".to_owned()))?;
    Ok(capsule.pointer_checked(Some(name))?)
}
