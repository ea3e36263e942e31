//! Which form a file has: by its name, else by its first bytes.

use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::associations::AssociationReader;
use super::error::ImportError;
use super::graphml::GraphReader;
use super::input::Input;
use super::objects::ObjectReader;
use super::record::Reader;
use super::rows::RowReader;
use crate::export::TABLES;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Concepts and associations, one JSON object a line.
    Jsonl,
    /// Associations: source, type, target and confidence with tabs between them.
    Tsv,
    /// Concepts or associations, one row each.
    Parquet,
    /// Concepts and associations, one node or edge each.
    Graphml,
}

/// What a path stands for: the files in it if it is the folder of a Parquet export, else itself.
pub(crate) fn files_of(path: &Path) -> Vec<PathBuf> {
    let tables = TABLES.map(|name| path.join(name));
    if tables.iter().all(|table| table.is_file()) { tables.into() } else { vec![path.to_path_buf()] }
}

/// Opens a file, or the standard input when the path is `-`.
pub(crate) fn open(path: &Path, format: Option<Format>) -> Result<Box<dyn Reader>, ImportError> {
    let wrong = |reason: &str| ImportError::Form { file: path.display().to_string(), reason: reason.to_owned() };
    if path.is_dir() {
        let source = io::Error::other("it is a folder: give its files, or the folder of a Parquet export");
        return Err(ImportError::Open { file: path.display().to_string(), source });
    }
    let format = match format {
        Some(format) => Some(format),
        None if named(path, &["npy"]) => {
            return Err(wrong("holds embeddings: give it with --embeddings, beside the concepts it belongs to"));
        }
        None if named(path, &["jsonl", "ndjson", "json"]) => Some(Format::Jsonl),
        None if named(path, &["tsv"]) => Some(Format::Tsv),
        None if named(path, &["parquet", "pq"]) => Some(Format::Parquet),
        None if named(path, &["graphml", "xml"]) => Some(Format::Graphml),
        None => None,
    };
    if format == Some(Format::Parquet) {
        if path == Path::new("-") {
            return Err(wrong("Parquet is read from its end, which the standard input has not: give a file"));
        }
        return Ok(Box::new(RowReader::open(path)?));
    }
    let mut input = Input::open(path)?;
    let format = match format {
        Some(format) => format,
        None => seen(&mut input).map_err(|source| ImportError::Open { file: input.name.clone(), source })?,
    };
    Ok(match format {
        Format::Tsv => Box::new(AssociationReader::new(input)),
        Format::Graphml => Box::new(GraphReader::new(input)),
        _ => Box::new(ObjectReader::new(input)),
    })
}

/// Whether a file has one of these endings, below that of its compression.
fn named(path: &Path, endings: &[&str]) -> bool {
    let is = |path: &Path, endings: &[&str]| {
        path.extension().is_some_and(|last| endings.iter().any(|ending| last.eq_ignore_ascii_case(ending)))
    };
    match path.file_stem() {
        Some(stem) if is(path, &["gz", "zst"]) => is(Path::new(stem), endings),
        _ => is(path, endings),
    }
}

/// An object begins with a brace, a document with a tag; so might a name in a TSV, and then `--format` helps.
fn seen(input: &mut Input) -> io::Result<Format> {
    let mut start = Vec::new();
    let mut byte = [0];
    while start.len() < 4096 {
        match input.bytes.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => start.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if !byte[0].is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(&byte[0]) {
            break;
        }
    }
    let format = if start.last().is_none_or(|last| *last == b'{' || last.is_ascii_whitespace()) {
        Format::Jsonl
    } else if start.last() == Some(&b'<') {
        Format::Graphml
    } else {
        Format::Tsv
    };
    let rest = std::mem::replace(&mut input.bytes, Box::new(io::empty()));
    input.bytes = Box::new(Cursor::new(start).chain(rest));
    Ok(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_seen_below_a_compression() {
        assert!(named(Path::new("a.jsonl"), &["jsonl"]));
        assert!(named(Path::new("x/a.JSONL.zst"), &["jsonl"]));
        assert!(!named(Path::new("a.zst"), &["jsonl"]));
        assert!(!named(Path::new("jsonl"), &["jsonl"]));
        assert!(!named(Path::new("-"), &["jsonl"]));
    }

    #[test]
    fn the_first_bytes_tell_objects_from_columns_and_stay_to_be_read() {
        for (text, format) in [
            ("{\"key\":1}\n", Format::Jsonl),
            ("\u{feff}\n {", Format::Jsonl),
            ("a\tb\tc\t1\n", Format::Tsv),
            ("\n<?xml version=\"1.0\"?>", Format::Graphml),
            ("", Format::Jsonl),
            (" \n", Format::Jsonl),
        ] {
            let mut input = Input::new("x".to_owned(), Cursor::new(text.to_owned()), None).unwrap();
            assert_eq!(seen(&mut input).unwrap(), format, "{text:?}");
            let mut rest = String::new();
            input.bytes.read_to_string(&mut rest).unwrap();
            assert_eq!(rest, text);
        }
    }
}
