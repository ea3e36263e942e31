//! Parquet: one row a concept or an association, with columns named as the fields of JSONL are.
//!
//! A file with a column `source` holds associations, any other concepts. Columns whose names begin with two underscores are
//! passed over, because pandas writes its index there; any other that is not known is refused.

use std::borrow::Cow;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};

use super::error::ImportError;
use super::input::Progress;
use super::record::{self, AssociationLine, ConceptLine, Reader, Record};

const CONCEPT: [&str; 10] = [
    "key",
    "id",
    "namespace",
    "content",
    "content_bytes",
    "embedding",
    "strength",
    "confidence",
    "created",
    "metadata",
];

const ASSOCIATION: [&str; 10] = [
    "source",
    "type",
    "target",
    "namespace",
    "confidence",
    "weight",
    "created",
    "valid_from",
    "valid_until",
    "metadata",
];

/// Reads the rows of a Parquet file one by one.
pub(crate) struct RowReader {
    name: String,
    rows: RowIter<'static>,
    associations: bool,
    read: u64,
    progress: Progress,
}

impl RowReader {
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| ImportError::Open { file: name.clone(), source })?;
        let wrong = |reason: String| ImportError::Form { file: name.clone(), reason };
        let reader = guarded(|| SerializedFileReader::new(file).map_err(|error| error.to_string()));
        let reader = reader.map_err(|error| wrong(format!("cannot be read as Parquet: {error}")))?;
        let about = reader.metadata().file_metadata();
        let columns: Vec<String> = about.schema().get_fields().iter().map(|column| column.name().to_owned()).collect();
        let associations = columns.iter().any(|column| column == "source");
        let known = if associations { &ASSOCIATION } else { &CONCEPT };
        let strange = |column: &&String| !known.contains(&column.as_str()) && !column.starts_with("__");
        if let Some(column) = columns.iter().find(strange) {
            return Err(wrong(format!(
                "has a column {column:?}: rename it or leave it out; known are {}",
                known.join(", ")
            )));
        }
        let progress = Progress::of_rows(u64::try_from(about.num_rows()).unwrap_or(0));
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok(Self { name, rows, associations, read: 0, progress })
    }

    fn row(&mut self) -> Result<Option<Row>, ImportError> {
        let rows = &mut self.rows;
        let row = guarded(|| rows.next().transpose().map_err(|error| error.to_string()));
        let row = row.map_err(|error| ImportError::Form {
            file: self.name.clone(),
            reason: format!("cannot read on after row {}: {error}", self.read),
        })?;
        if row.is_some() {
            self.read += 1;
            self.progress.advance();
        }
        Ok(row)
    }
}

/// The reader of Parquet was made for files that are as they should be: on some others it panics.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("its bytes contradict each other".to_owned()))
}

impl Reader for RowReader {
    fn next(&mut self) -> Result<Option<Record<'_>>, ImportError> {
        let Some(row) = self.row()? else { return Ok(None) };
        let columns = Columns(row.into_columns());
        let record = if self.associations {
            columns.association().map(Record::Association)
        } else {
            columns.concept().map(Record::Concept)
        };
        record.map(Some).map_err(|reason| self.rejected(reason))
    }

    fn position(&self) -> u64 {
        self.read
    }

    fn skip_to(&mut self, position: u64) -> Result<bool, ImportError> {
        while self.read < position {
            if self.row()?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn rejected(&self, reason: String) -> ImportError {
        ImportError::Rejected { file: self.name.clone(), line: self.read, reason }
    }
}

/// The values of one row. Each is taken out once.
struct Columns(Vec<(String, Field)>);

impl Columns {
    fn take(&mut self, name: &str) -> Option<Field> {
        let column = self.0.iter_mut().find(|(column, _)| column == name)?;
        let field = std::mem::replace(&mut column.1, Field::Null);
        (!matches!(field, Field::Null)).then_some(field)
    }

    fn text(&mut self, name: &str) -> Result<Option<Cow<'static, str>>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Field::Str(text)) => Ok(Some(text.into())),
            // Written without a note that it is text.
            Some(Field::Bytes(bytes)) => String::from_utf8(bytes.data().to_vec())
                .map(|text| Some(text.into()))
                .map_err(|_| format!("`{name}` is not UTF-8")),
            Some(other) => Err(format!("`{name}` is {other}, not text")),
        }
    }

    fn float(&mut self, name: &str) -> Result<Option<f32>, String> {
        let Some(field) = self.take(name) else { return Ok(None) };
        float(&field).map(Some).ok_or_else(|| format!("`{name}` is {field}, not a number"))
    }

    fn whole(&mut self, name: &str) -> Result<Option<u64>, String> {
        let Some(field) = self.take(name) else { return Ok(None) };
        let number = match field {
            Field::UInt(number) => Some(number.into()),
            Field::ULong(number) => Some(number),
            Field::Int(number) => u64::try_from(number).ok(),
            Field::Long(number) | Field::TimestampMicros(number) => u64::try_from(number).ok(),
            Field::TimestampMillis(number) => u64::try_from(number).ok().and_then(|number| number.checked_mul(1000)),
            _ => None,
        };
        number.map(Some).ok_or_else(|| format!("`{name}` is {field}, not a whole number from 0"))
    }

    fn seconds(&mut self, name: &str) -> Result<Option<u32>, String> {
        let wide =
            |number| u32::try_from(number).map_err(|_| format!("`{name}` is {number}: beyond 32 bits of seconds"));
        self.whole(name)?.map(wide).transpose()
    }

    fn embedding(&mut self) -> Result<Option<Vec<f32>>, String> {
        match self.take("embedding") {
            None => Ok(None),
            Some(Field::ListInternal(list)) => {
                let numbers: Option<Vec<f32>> = list.elements().iter().map(float).collect();
                let numbers = numbers.ok_or("`embedding` holds something else than numbers")?;
                record::embedding(numbers).map(Some)
            }
            Some(_) => Err("`embedding` is not a list of numbers".to_owned()),
        }
    }

    fn concept(mut self) -> Result<ConceptLine<'static>, String> {
        let name = record::name(self.text("key")?, self.text("id")?)?;
        let content = match (self.text("content")?, self.take("content_bytes")) {
            (Some(text), None) => text.into_owned().into_bytes(),
            (None, Some(Field::Bytes(bytes))) => bytes.data().to_vec(),
            (None, Some(Field::Str(text))) => text.into_bytes(),
            (None, None) => return Err("`content` is missing: give it as text".to_owned()),
            _ => return Err("`content` and `content_bytes`: give one of them".to_owned()),
        };
        Ok(ConceptLine {
            name,
            namespace: self.text("namespace")?.unwrap_or_default(),
            content: content.into(),
            embedding: self.embedding()?,
            strength: record::fraction("strength", self.float("strength")?)?,
            confidence: record::fraction("confidence", self.float("confidence")?)?,
            created: self.whole("created")?,
            metadata: self.text("metadata")?,
        })
    }

    fn association(mut self) -> Result<AssociationLine<'static>, String> {
        let [source, kind, target] = record::ends(self.text("source")?, self.text("type")?, self.text("target")?)?;
        Ok(AssociationLine {
            source,
            kind,
            target,
            namespace: self.text("namespace")?.unwrap_or_default(),
            confidence: record::fraction("confidence", self.float("confidence")?)?,
            weight: self.float("weight")?,
            created: self.whole("created")?,
            valid: record::valid(self.seconds("valid_from")?, self.seconds("valid_until")?),
            metadata: self.text("metadata")?,
        })
    }
}

fn float(field: &Field) -> Option<f32> {
    match field {
        Field::Float16(number) => Some(number.to_f32()),
        Field::Float(number) => Some(*number),
        Field::Double(number) => Some(*number as f32),
        Field::Int(number) => Some(*number as f32),
        Field::Long(number) => Some(*number as f32),
        _ => None,
    }
}
