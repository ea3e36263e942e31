//! Associations as TSV: source, type, target and confidence, separated by single tabs, one association a line.
//!
//! No heading, no quoting, no escapes: a name that holds a tab or a line end cannot be written here. All four columns are
//! required, so that a file cut short is noticed.

use std::borrow::Cow;
#[cfg(test)]
use std::path::Path;

use super::error::ImportError;
use super::input::{Input, Progress};
use super::lines::Lines;
use super::record::{AssociationLine, Reader, Record};

/// Reads associations line by line.
pub(crate) struct AssociationReader {
    lines: Lines,
}

impl AssociationReader {
    #[cfg(test)]
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        Input::open(path).map(Self::new)
    }

    pub(crate) fn new(input: Input) -> Self {
        Self { lines: Lines::new(input) }
    }
}

impl Reader for AssociationReader {
    fn next(&mut self) -> Result<Option<Record<'_>>, ImportError> {
        let Some(line) = self.lines.next()? else {
            return Ok(None);
        };
        parse(line.text).map(|found| Some(Record::Association(found))).map_err(|reason| line.rejected(reason))
    }

    fn position(&self) -> u64 {
        self.lines.number()
    }

    fn skip_to(&mut self, position: u64) -> Result<bool, ImportError> {
        self.lines.skip_to(position)
    }

    fn progress(&self) -> Progress {
        self.lines.progress()
    }

    fn rejected(&self, reason: String) -> ImportError {
        self.lines.rejected(reason)
    }
}

fn parse(line: &str) -> Result<AssociationLine<'_>, String> {
    let mut columns = line.split('\t');
    let (Some(source), Some(kind), Some(target), Some(confidence), None) =
        (columns.next(), columns.next(), columns.next(), columns.next(), columns.next())
    else {
        let count = line.split('\t').count();
        return Err(format!(
            "{count} columns: write source, type, target and confidence with single tabs between them"
        ));
    };
    for (name, value) in [("source", source), ("type", kind), ("target", target)] {
        if value.is_empty() {
            return Err(format!("the {name} is empty"));
        }
    }
    match confidence.parse::<f32>() {
        Ok(confidence) if (0.0..=1.0).contains(&confidence) => Ok(AssociationLine {
            source: source.into(),
            kind: kind.into(),
            target: target.into(),
            namespace: Cow::Borrowed(""),
            confidence: Some(confidence),
            weight: None,
            created: None,
            valid: None,
            metadata: None,
        }),
        _ => Err(format!("the confidence is `{confidence}`: it must be a number from 0 to 1")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn reader(text: &str) -> AssociationReader {
        AssociationReader::new(Input::new("a.tsv".to_owned(), Cursor::new(text.to_owned()), None).unwrap())
    }

    fn as_association(record: Option<Record<'_>>) -> AssociationLine<'_> {
        match record {
            Some(Record::Association(association)) => association,
            other => panic!("no association: {other:?}"),
        }
    }

    #[test]
    fn columns_arrive() {
        let mut reader = reader("an otter\thypernym\tkey:00ff\t0.95\r\n\nb\tcausal\tb\t1\n");
        let first = as_association(reader.next().unwrap());
        assert_eq!((&*first.source, &*first.kind, &*first.target), ("an otter", "hypernym", "key:00ff"));
        assert_eq!((first.confidence, first.weight), (Some(0.95), None));
        assert_eq!(as_association(reader.next().unwrap()).confidence, Some(1.0));
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        for (line, reason) in [
            ("a\tb\tc", "3 columns"),
            ("a\tb\tc\t1\td", "5 columns"),
            ("a b c 1", "1 columns"),
            ("\tb\tc\t1", "the source is empty"),
            ("a\t\tc\t1", "the type is empty"),
            ("a\tb\t\t1", "the target is empty"),
            ("a\tb\tc\t", "the confidence is ``"),
            ("a\tb\tc\t1.01", "`1.01`"),
            ("a\tb\tc\t-1", "`-1`"),
            ("a\tb\tc\tnan", "`nan`"),
            ("a\tb\tc\thigh", "`high`"),
        ] {
            let mut reader = reader(&format!("a\tb\tc\t0\n{line}\na\tb\tc\t0.5\n"));
            reader.next().unwrap();
            let message = reader.next().unwrap_err().to_string();
            assert!(message.starts_with("a.tsv:2: ") && message.contains(reason), "{line}: {message}");
            assert_eq!(as_association(reader.next().unwrap()).confidence, Some(0.5), "{line}");
        }
    }

    #[test]
    fn a_caller_can_reject_a_line_too() {
        let mut reader = reader("a\tb\tc\t0\n");
        reader.next().unwrap();
        assert_eq!(reader.rejected("too many types".to_owned()).to_string(), "a.tsv:1: too many types");
    }
}
