//! Parquet: a folder with `concepts.parquet` and `associations.parquet`, whose columns are named as the fields of JSONL are.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use sutra_storage::{AssociationView, ConceptView};

use super::{Writer, ends, valid};
use crate::failure::Failure;

/// The files of the folder: concepts, associations.
pub(crate) const TABLES: [&str; 2] = ["concepts.parquet", "associations.parquet"];

const CONCEPTS: &str = "message concepts {
    optional binary key (STRING);
    optional binary id (STRING);
    optional binary namespace (STRING);
    optional binary content (STRING);
    optional binary content_bytes;
    required float strength;
    required float confidence;
    required int64 created (INTEGER(64, false));
    optional binary metadata (STRING);
    optional group embedding (LIST) { repeated group list { required float element; } }
}";

const ASSOCIATIONS: &str = "message associations {
    required binary source (STRING);
    required binary type (STRING);
    required binary target (STRING);
    optional binary namespace (STRING);
    required float confidence;
    required float weight;
    required int64 created (INTEGER(64, false));
    optional int64 valid_from (INTEGER(64, false));
    optional int64 valid_until (INTEGER(64, false));
    optional binary metadata (STRING);
}";

/// A row group ends with this many rows, or bytes: it is held in memory until then.
const ROWS: usize = 50_000;
const BYTES: usize = 64 << 20;

/// Writes both files.
pub(crate) struct Parquet {
    concepts: Table,
    associations: Table,
}

impl Parquet {
    /// Makes the folder if it is not there.
    pub(crate) fn create(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|source| Failure::Write { file: folder.display().to_string(), source })?;
        let [concepts, associations] = TABLES.map(|name| folder.join(name));
        Ok(Self {
            concepts: Table::create(concepts, CONCEPTS)?,
            associations: Table::create(associations, ASSOCIATIONS)?,
        })
    }
}

impl Writer for Parquet {
    fn concept(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure> {
        let content = concept.content()?;
        let text = std::str::from_utf8(content).is_ok();
        let key = concept.key()?;
        let id = concept.id().to_string();
        self.concepts.row(&[
            Value::Text(key.map(str::as_bytes)),
            Value::Text(key.is_none().then_some(id.as_bytes())),
            Value::Text(named(concept.namespace_name())),
            Value::Text(text.then_some(content)),
            Value::Text((!text).then_some(content)),
            Value::Float(concept.strength()),
            Value::Float(concept.confidence()),
            Value::Whole(Some(concept.created())),
            Value::Text(concept.metadata()?.map(str::as_bytes)),
            Value::Vector(concept.embedding()?),
        ])
    }

    fn association(&mut self, association: &AssociationView<'_>) -> Result<(), Failure> {
        let (source, target, namespace) = ends(&association.source()?, &association.target()?)?;
        let valid = valid(association);
        self.associations.row(&[
            Value::Text(Some(source.as_bytes())),
            Value::Text(Some(association.type_name().as_bytes())),
            Value::Text(Some(target.as_bytes())),
            Value::Text(named(&namespace)),
            Value::Float(association.confidence()),
            Value::Float(association.weight()),
            Value::Whole(Some(association.created())),
            Value::Whole(valid.map(|(from, _)| from.into())),
            Value::Whole(valid.map(|(_, until)| until.into())),
            Value::Text(association.metadata()?.map(str::as_bytes)),
        ])
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.concepts.end()?;
        self.associations.end()
    }
}

fn named(namespace: &str) -> Option<&[u8]> {
    (!namespace.is_empty()).then_some(namespace.as_bytes())
}

/// One value of a row.
enum Value<'a> {
    Text(Option<&'a [u8]>),
    Float(f32),
    Whole(Option<u64>),
    Vector(Option<&'a [f32]>),
}

/// What a column has of the row group that is being filled. Levels are those of Dremel: how much of the way to a value is there,
/// and at which list it goes on.
#[derive(Default)]
struct Column {
    texts: Vec<ByteArray>,
    floats: Vec<f32>,
    wholes: Vec<i64>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

impl Column {
    /// Takes a value; gives its bytes.
    fn push(&mut self, value: &Value<'_>) -> usize {
        match value {
            Value::Text(text) => {
                self.definition.push(i16::from(text.is_some()));
                self.texts.extend(text.map(ByteArray::from));
                text.map_or(0, <[u8]>::len)
            }
            Value::Float(number) => {
                self.floats.push(*number);
                4
            }
            Value::Whole(number) => {
                self.definition.push(i16::from(number.is_some()));
                // The column is one of unsigned numbers: the bits are what counts.
                self.wholes.extend(number.map(u64::cast_signed));
                8
            }
            Value::Vector(None) => {
                self.definition.push(0);
                self.repetition.push(0);
                0
            }
            Value::Vector(Some(numbers)) => {
                self.floats.extend_from_slice(numbers);
                self.definition.extend(numbers.iter().map(|_| 2));
                self.repetition.extend((0..numbers.len()).map(|at| i16::from(at > 0)));
                numbers.len() * 4
            }
        }
    }

    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        // A column without levels must be given none: an empty list of them is read as one that is too short.
        let definition = Some(self.definition.as_slice()).filter(|levels| !levels.is_empty());
        let repetition = Some(self.repetition.as_slice()).filter(|levels| !levels.is_empty());
        match writer {
            ColumnWriter::ByteArrayColumnWriter(writer) => writer.write_batch(&self.texts, definition, None)?,
            ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&self.wholes, definition, None)?,
            ColumnWriter::FloatColumnWriter(writer) => writer.write_batch(&self.floats, definition, repetition)?,
            _ => return Err(ParquetError::General("a column of another type than its values".to_owned())),
        };
        *self = Self::default();
        Ok(())
    }
}

/// One file, a row group at a time.
struct Table {
    path: PathBuf,
    writer: Option<SerializedFileWriter<File>>,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

impl Table {
    fn create(path: PathBuf, schema: &str) -> Result<Self, Failure> {
        let file = File::create(&path).map_err(|source| Failure::Write { file: path.display().to_string(), source })?;
        let made = (|| {
            let schema = Arc::new(parse_message_type(schema)?);
            let columns = schema.get_fields().len();
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
            Ok((SerializedFileWriter::new(file, schema, Arc::new(properties))?, columns))
        })();
        let (writer, columns) = made.map_err(|error| failed(&path, error))?;
        let columns = (0..columns).map(|_| Column::default()).collect();
        Ok(Self { path, writer: Some(writer), columns, rows: 0, bytes: 0 })
    }

    fn row(&mut self, values: &[Value<'_>]) -> Result<(), Failure> {
        for (column, value) in self.columns.iter_mut().zip(values) {
            self.bytes += column.push(value);
        }
        self.rows += 1;
        if self.rows >= ROWS || self.bytes >= BYTES { self.group() } else { Ok(()) }
    }

    fn group(&mut self) -> Result<(), Failure> {
        let (Some(writer), true) = (&mut self.writer, self.rows > 0) else { return Ok(()) };
        (self.rows, self.bytes) = (0, 0);
        let columns = &mut self.columns;
        let written = (|| {
            let mut group = writer.next_row_group()?;
            for column in columns {
                let Some(mut writer) = group.next_column()? else { break };
                column.write(writer.untyped())?;
                writer.close()?;
            }
            group.close().map(drop)
        })();
        written.map_err(|error| failed(&self.path, error))
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.group()?;
        match self.writer.take() {
            Some(writer) => writer.close().map(drop).map_err(|error| failed(&self.path, error)),
            None => Ok(()),
        }
    }
}

fn failed(path: &Path, error: ParquetError) -> Failure {
    Failure::Write { file: path.display().to_string(), source: std::io::Error::other(error) }
}
