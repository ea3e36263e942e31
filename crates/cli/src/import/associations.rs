//! Associations as TSV: source, type, target and confidence, separated by single tabs, one association a line.
//!
//! No heading, no quoting, no escapes: a name that holds a tab or a line end cannot be written here. All four columns are
//! required, so that a file cut short is noticed.

use std::path::Path;

use super::error::ImportError;
use super::input::{Input, Progress};
use super::lines::Lines;

/// One association, borrowed from its line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AssociationLine<'a> {
    /// Key or id of the concept it starts from, not empty.
    pub(crate) source: &'a str,
    /// Name of its type, not empty.
    pub(crate) kind: &'a str,
    /// Key or id of the concept it leads to, not empty.
    pub(crate) target: &'a str,
    /// In [0, 1].
    pub(crate) confidence: f32,
}

/// Reads associations line by line.
pub(crate) struct AssociationReader {
    lines: Lines,
}

impl AssociationReader {
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        Input::open(path).map(Self::new)
    }

    pub(crate) fn new(input: Input) -> Self {
        Self { lines: Lines::new(input) }
    }

    /// The next association; None at the end. After [`ImportError::Rejected`] the next call reads the line after.
    pub(crate) fn next(&mut self) -> Result<Option<AssociationLine<'_>>, ImportError> {
        let Some(line) = self.lines.next()? else {
            return Ok(None);
        };
        parse(line.text).map(Some).map_err(|reason| line.rejected(reason))
    }

    /// A handle to ask how far reading has come.
    pub(crate) fn progress(&self) -> Progress {
        self.lines.progress()
    }

    /// An error about the line that was read last.
    pub(crate) fn rejected(&self, reason: impl Into<String>) -> ImportError {
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
        Ok(confidence) if (0.0..=1.0).contains(&confidence) => Ok(AssociationLine { source, kind, target, confidence }),
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

    #[test]
    fn columns_arrive() {
        let mut reader = reader("an otter\thypernym\tkey:00ff\t0.95\r\n\nb\tcausal\tb\t1\n");
        let first = reader.next().unwrap().unwrap();
        let wanted = AssociationLine { source: "an otter", kind: "hypernym", target: "key:00ff", confidence: 0.95 };
        assert_eq!(first, wanted);
        assert_eq!(reader.next().unwrap().unwrap().confidence, 1.0);
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
            assert_eq!(reader.next().unwrap().unwrap().confidence, 0.5, "{line}");
        }
    }

    #[test]
    fn a_caller_can_reject_a_line_too() {
        let mut reader = reader("a\tb\tc\t0\n");
        reader.next().unwrap();
        assert_eq!(reader.rejected("too many types").to_string(), "a.tsv:1: too many types");
    }
}
