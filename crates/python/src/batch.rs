//! Learning from columns: what came is borrowed or converted under the interpreter's lock, the rest is done without it.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use sutra_storage::{Association, Batch, Concept, TypeRef};

use crate::column::{Chunks, Column, floats, imported};
use crate::failure::{Answer, Failure};
use crate::name::kind;
use crate::store::Store;
use crate::vector;

/// Where a column comes from: an argument, or a table.
enum Source<'a, 'py> {
    Given(&'a Bound<'py, PyAny>),
    Table(Chunks),
}

impl<'py> Source<'_, 'py> {
    fn column(self, field: &'static str) -> Answer<Column<'py>> {
        match self {
            Self::Given(value) => Column::new(value, field),
            Self::Table(chunks) => Ok(Column::Arrow(chunks)),
        }
    }
}

/// The columns of a call: those that were given, or those of the table that the first one is.
fn sources<'a, 'py, const N: usize>(
    fields: [&'static str; N],
    columns: [&str; N],
    given: [Option<&'a Bound<'py, PyAny>>; N],
) -> Answer<[Option<Source<'a, 'py>>; N]> {
    let table = given[0].map(|first| imported(first, fields[0])).transpose()?.flatten();
    let Some(chunks) = table else { return Ok(given.map(|value| value.map(Source::Given))) };
    let DataType::Struct(names) = &chunks.kind else {
        // Read once: a stream is used up.
        let mut sources = given.map(|value| value.map(Source::Given));
        sources[0] = Some(Source::Table(chunks));
        return Ok(sources);
    };
    let of_table = |name: &str| {
        let at = names.iter().position(|field| field.name() == name)?;
        let arrays = chunks.arrays.iter().map(|array| array.as_struct().column(at).clone()).collect();
        Some(Source::Table(Chunks { kind: names[at].data_type().clone(), arrays }))
    };
    let mut sources = given.map(|value| value.map(Source::Given));
    for (source, name) in sources.iter_mut().zip(columns) {
        *source = match source.take() {
            // What is given beside the table stands before its column.
            Some(given) if name != columns[0] => Some(given),
            _ => of_table(name),
        };
    }
    if sources[0].is_none() {
        return Err(Failure::invalid(fields[0], format!("the table has no column {:?}", columns[0])));
    }
    Ok(sources)
}

/// One number for all rows, or one each.
enum Numbers {
    All(f32),
    Each(Vec<f32>),
}

impl Numbers {
    fn new(source: Option<Source<'_, '_>>, field: &'static str, rows: usize) -> Answer<Option<Self>> {
        let each = match source {
            None => return Ok(None),
            // An array of one number is a column of one row, though it can be read as a number.
            Some(Source::Given(value)) if !value.hasattr("__len__")? && value.extract::<f32>().is_ok() => {
                return Ok(Some(Self::All(value.extract()?)));
            }
            Some(Source::Given(value)) => match imported(value, field)? {
                Some(chunks) => narrowed(&chunks.floats(field)?),
                None => {
                    let array: PyReadonlyArray1<'_, f32> = vector::floats(value, field, "(n,)")?;
                    array.as_slice().map_err(|error| Failure::invalid(field, error.to_string()))?.to_vec()
                }
            },
            Some(Source::Table(chunks)) => narrowed(&chunks.floats(field)?),
        };
        same_length(field, each.len(), rows)?;
        Ok(Some(Self::Each(each)))
    }

    fn at(&self, row: usize) -> f32 {
        match self {
            Self::All(number) => *number,
            Self::Each(numbers) => numbers[row],
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what is stored has 32 bits; the engine checks the range")]
fn narrowed(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|number| *number as f32).collect()
}

fn same_length(field: &'static str, got: usize, rows: usize) -> Answer<()> {
    if got == rows {
        Ok(())
    } else {
        Err(Failure::invalid(field, format!("{got} rows for {rows} in the first column")))
    }
}

/// The embeddings of a batch, held so that they can be borrowed.
enum Vectors<'py> {
    None,
    Matrix(PyReadonlyArray2<'py, f32>),
    Rows(Vec<Option<PyReadonlyArray1<'py, f32>>>),
    Arrow(Vec<ArrowVectors>),
}

/// The vectors of one chunk: its numbers, and which of them are whose.
struct ArrowVectors {
    numbers: Flat,
    rows: Vec<Option<Range<usize>>>,
}

enum Flat {
    Borrowed(ArrayRef),
    Converted(Vec<f32>),
}

impl<'py> Vectors<'py> {
    fn new(source: Option<Source<'_, 'py>>) -> Answer<Self> {
        const FIELD: &str = "embeddings";
        let value = match source {
            None => return Ok(Self::None),
            Some(Source::Table(chunks)) => return Self::of_arrow(&chunks),
            Some(Source::Given(value)) => value,
        };
        if let Some(chunks) = imported(value, FIELD)? {
            return Self::of_arrow(&chunks);
        }
        let is_sequence = value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>();
        if !is_sequence {
            return Ok(Self::Matrix(vector::floats(value, FIELD, "(n, d)")?));
        }
        let row = |row: PyResult<Bound<'py, PyAny>>| {
            let row = row?;
            if row.is_none() { Ok(None) } else { vector::floats(&row, FIELD, "(d,)").map(Some) }
        };
        Ok(Self::Rows(value.try_iter()?.map(row).collect::<Answer<_>>()?))
    }

    fn of_arrow(chunks: &Chunks) -> Answer<Self> {
        Ok(Self::Arrow(chunks.arrays.iter().map(ArrowVectors::new).collect::<Answer<_>>()?))
    }

    fn rows(&self) -> Answer<Option<Vec<Option<&[f32]>>>> {
        let gaps = |error: numpy::AsSliceError| Failure::invalid("embeddings", error.to_string());
        Ok(Some(match self {
            Self::None => return Ok(None),
            Self::Matrix(matrix) => {
                let (rows, dimension) = (matrix.shape()[0], matrix.shape()[1]);
                let numbers = matrix.as_slice().map_err(gaps)?;
                if dimension == 0 {
                    return Err(Failure::invalid("embeddings", "0 dimensions"));
                }
                debug_assert_eq!(numbers.len(), rows * dimension);
                numbers.chunks_exact(dimension).map(Some).collect()
            }
            Self::Rows(rows) => {
                let slice = |row: &'_ PyReadonlyArray1<'py, f32>| row.as_slice().map(|_| ()).map_err(gaps);
                rows.iter().flatten().try_for_each(slice)?;
                rows.iter().map(|row| row.as_ref().and_then(|row| row.as_slice().ok())).collect()
            }
            Self::Arrow(chunks) => chunks.iter().flat_map(ArrowVectors::slices).collect(),
        }))
    }
}

impl ArrowVectors {
    fn new(array: &ArrayRef) -> Answer<Self> {
        let refused = |what: String| Failure::invalid("embeddings", what);
        let mut rows: Vec<Option<Range<usize>>> = Vec::with_capacity(array.len());
        let values = match array.data_type() {
            DataType::FixedSizeList(_, dimension) => {
                let (list, dimension) = (array.as_fixed_size_list(), usize::try_from(*dimension).unwrap_or(0));
                rows.extend((0..array.len()).map(|row| Some(row * dimension..(row + 1) * dimension)));
                list.values()
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let place = |offset: i32| usize::try_from(offset).unwrap_or(0);
                rows.extend(list.offsets().windows(2).map(|ends| Some(place(ends[0])..place(ends[1]))));
                list.values()
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                let place = |offset: i64| usize::try_from(offset).unwrap_or(0);
                rows.extend(list.offsets().windows(2).map(|ends| Some(place(ends[0])..place(ends[1]))));
                list.values()
            }
            DataType::Null => {
                rows.resize(array.len(), None);
                return Ok(Self { numbers: Flat::Converted(Vec::new()), rows });
            }
            other => return Err(refused(format!("a column of {other} holds no vectors: give lists of float32"))),
        };
        let missing = values.null_count() > 0;
        for (row, range) in rows.iter_mut().enumerate() {
            if array.is_null(row) {
                *range = None;
            } else if missing && range.clone().is_some_and(|range| range.into_iter().any(|at| values.is_null(at))) {
                return Err(refused(format!("row {row}: a number is missing (null)")));
            }
        }
        let numbers = match values.data_type() {
            DataType::Float32 => Flat::Borrowed(values.clone()),
            // Numbers of rows that are null may be null too, and are used by none.
            _ if values.null_count() > 0 => return Err(refused("null rows of float32 only".to_owned())),
            _ => Flat::Converted(narrowed(&floats(values, "embeddings")?)),
        };
        Ok(Self { numbers, rows })
    }

    fn slices(&self) -> impl Iterator<Item = Option<&[f32]>> {
        let numbers: &[f32] = match &self.numbers {
            Flat::Borrowed(array) => array.as_primitive::<Float32Type>().values(),
            Flat::Converted(numbers) => numbers,
        };
        self.rows.iter().map(move |range| range.clone().and_then(|range| numbers.get(range)))
    }
}

/// `learn_batch`: ids and six columns beside them.
pub(crate) fn concepts(
    py: Python<'_>,
    store: &Arc<Store>,
    ids: &Bound<'_, PyAny>,
    given: [Option<&Bound<'_, PyAny>>; 6],
) -> Answer<u64> {
    let [contents, embeddings, metadata, strengths, confidences, created] = given;
    let fields = ["ids", "contents", "embeddings", "metadata", "strengths", "confidences", "created"];
    let columns = ["id", "content", "embedding", "metadata", "strength", "confidence", "created"];
    let given = [Some(ids), contents, embeddings, metadata, strengths, confidences, created];
    let [ids, contents, embeddings, metadata, strengths, confidences, created] = sources(fields, columns, given)?;

    let ids = ids.map(|ids| ids.column("ids")).transpose()?;
    let ids = ids.as_ref().map(|ids| ids.concepts("ids")).transpose()?.unwrap_or_default();
    let rows = ids.len();
    let contents = contents.map(|source| source.column("contents")).transpose()?;
    let contents = contents.as_ref().map(|column| column.contents("contents")).transpose()?;
    let vectors = Vectors::new(embeddings)?;
    let vectors = vectors.rows()?;
    let metadata = metadata.map(|source| source.column("metadata")).transpose()?;
    let metadata = metadata.as_ref().map(|column| column.json("metadata")).transpose()?;
    let strengths = Numbers::new(strengths, "strengths", rows)?;
    let confidences = Numbers::new(confidences, "confidences", rows)?;
    let created = created.map(|source| source.column("created")?.numbers("created")).transpose()?;
    same_length("contents", contents.as_ref().map_or(rows, Vec::len), rows)?;
    same_length("embeddings", vectors.as_ref().map_or(rows, Vec::len), rows)?;
    same_length("metadata", metadata.as_ref().map_or(rows, Vec::len), rows)?;
    same_length("created", created.as_ref().map_or(rows, Vec::len), rows)?;

    store.write(py, usize::MAX, |memory| {
        let mut batch = Batch::new();
        for (row, id) in ids.iter().enumerate() {
            let mut concept = Concept::new(*id);
            if let Some(contents) = &contents {
                concept = concept.content(contents[row]);
            }
            if let Some(Some(vector)) = vectors.as_ref().map(|vectors| vectors[row]) {
                concept = concept.embedding(vector);
            }
            if let Some(Some(json)) = metadata.as_ref().map(|metadata| metadata[row].as_deref()) {
                concept = concept.metadata(json);
            }
            if let Some(strengths) = &strengths {
                concept = concept.strength(strengths.at(row));
            }
            if let Some(confidences) = &confidences {
                concept = concept.confidence(confidences.at(row));
            }
            if let Some(created) = &created {
                concept = concept.created(created[row]);
            }
            batch.concept(concept);
        }
        memory.learn_batch(&batch)
    })
}

/// One type for all rows, or one each, borrowed from what holds them.
enum Kinds<'a> {
    All(TypeRef<'a>),
    Each(Vec<TypeRef<'a>>),
}

/// `learn_associations`: sources and six columns beside them.
pub(crate) fn associations(
    py: Python<'_>,
    store: &Arc<Store>,
    from: &Bound<'_, PyAny>,
    given: [Option<&Bound<'_, PyAny>>; 6],
) -> Answer<u64> {
    let [targets, types, confidences, weights, metadata, created] = given;
    let fields = ["sources", "targets", "types", "confidences", "weights", "metadata", "created"];
    let columns = ["source", "target", "type", "confidence", "weight", "metadata", "created"];
    let given = [Some(from), targets, types, confidences, weights, metadata, created];
    let [from, targets, types, confidences, weights, metadata, created] = sources(fields, columns, given)?;

    let from = from.map(|source| source.column("sources")).transpose()?;
    let from = from.as_ref().map(|column| column.concepts("sources")).transpose()?.unwrap_or_default();
    let rows = from.len();
    let Some(targets) = targets else { return Err(Failure::invalid("targets", "as many as sources are asked for")) };
    let targets = targets.column("targets")?;
    let targets = targets.concepts("targets")?;
    let one = match &types {
        Some(Source::Given(value)) if value.is_instance_of::<PyString>() || value.extract::<u8>().is_ok() => {
            Some(*value)
        }
        _ => None,
    };
    let many = if one.is_some() { None } else { types.map(|source| source.column("types")).transpose()? };
    let kinds = match (one, &many) {
        (Some(value), _) => Kinds::All(kind(value)?),
        (None, Some(column)) => Kinds::Each(column.kinds("types")?),
        (None, None) => Kinds::All(0.into()),
    };
    let confidences = Numbers::new(confidences, "confidences", rows)?;
    let weights = Numbers::new(weights, "weights", rows)?;
    let metadata = metadata.map(|source| source.column("metadata")).transpose()?;
    let metadata = metadata.as_ref().map(|column| column.json("metadata")).transpose()?;
    let created = created.map(|source| source.column("created")?.numbers("created")).transpose()?;
    same_length("targets", targets.len(), rows)?;
    same_length("types", if let Kinds::Each(kinds) = &kinds { kinds.len() } else { rows }, rows)?;
    same_length("metadata", metadata.as_ref().map_or(rows, Vec::len), rows)?;
    same_length("created", created.as_ref().map_or(rows, Vec::len), rows)?;

    store.write(py, usize::MAX, |memory| {
        let mut batch = Batch::new();
        for (row, (source, target)) in from.iter().zip(&targets).enumerate() {
            let kind = match &kinds {
                Kinds::All(kind) => *kind,
                Kinds::Each(kinds) => kinds[row],
            };
            let mut association = Association::new(*source, *target, kind);
            if let Some(confidences) = &confidences {
                association = association.confidence(confidences.at(row));
            }
            if let Some(weights) = &weights {
                association = association.weight(weights.at(row));
            }
            if let Some(Some(json)) = metadata.as_ref().map(|metadata| metadata[row].as_deref()) {
                association = association.metadata(json);
            }
            if let Some(created) = &created {
                association = association.created(created[row]);
            }
            batch.association(association);
        }
        memory.learn_batch(&batch)
    })
}
