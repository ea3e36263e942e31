//! Concepts as JSONL: one object a line.
//!
//! | field | | meaning |
//! |---|---|---|
//! | `key` or `id` | one of them | a name of the user's own, or an id |
//! | `content` | required | text |
//! | `embedding` | optional | array of finite numbers |
//! | `strength`, `confidence` | optional | in [0, 1] |
//! | `metadata` | optional | object |
//!
//! `null` means left out. Another field is refused, so that a misspelt one is not lost in silence.

use std::borrow::Cow;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::ImportError;
use super::input::{Input, Progress};
use super::lines::Lines;

/// What a concept is called in its file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ConceptName<'a> {
    /// A key: never to be read as an id, whatever it looks like.
    Key(Cow<'a, str>),
    /// An id in its text form, not yet checked.
    Id(Cow<'a, str>),
}

/// One concept, borrowed from its line where it can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConceptLine<'a> {
    /// Never empty.
    pub(crate) name: ConceptName<'a>,
    /// May be empty.
    pub(crate) content: Cow<'a, str>,
    /// Not empty, all finite.
    pub(crate) embedding: Option<Vec<f32>>,
    /// In [0, 1].
    pub(crate) strength: Option<f32>,
    /// In [0, 1].
    pub(crate) confidence: Option<f32>,
    /// A JSON object, as it was written.
    pub(crate) metadata: Option<&'a str>,
}

/// Reads concepts line by line.
pub(crate) struct ConceptReader {
    lines: Lines,
}

impl ConceptReader {
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        Input::open(path).map(Self::new)
    }

    pub(crate) fn new(input: Input) -> Self {
        Self { lines: Lines::new(input) }
    }

    /// The next concept; None at the end. After [`ImportError::Rejected`] the next call reads the line after.
    pub(crate) fn next(&mut self) -> Result<Option<ConceptLine<'_>>, ImportError> {
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

/// The line as serde sees it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Text<'a>>,
    embedding: Option<Vec<f32>>,
    strength: Option<f32>,
    confidence: Option<f32>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// Inside an `Option`, serde borrows a string only through a type that says so.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn parse(line: &str) -> Result<ConceptLine<'_>, String> {
    // Left to itself, serde reads an array as the fields in their order.
    if !line.trim_start().starts_with('{') {
        return Err("not a JSON object: write one {..} a line".to_owned());
    }
    let fields: Fields<'_> = serde_json::from_str(line).map_err(|error| json_reason(&error))?;
    let name = match (fields.key, fields.id) {
        (Some(Text(key)), None) => ConceptName::Key(key),
        (None, Some(Text(id))) => ConceptName::Id(id),
        (None, None) => return Err("neither `key` nor `id`: give one of them".to_owned()),
        (Some(_), Some(_)) => return Err("both `key` and `id`: give one of them".to_owned()),
    };
    if matches!(&name, ConceptName::Key(text) | ConceptName::Id(text) if text.is_empty()) {
        return Err("the name of the concept is empty".to_owned());
    }
    let Some(Text(content)) = fields.content else {
        return Err("`content` is missing: give it as text".to_owned());
    };
    if let Some(embedding) = &fields.embedding {
        if embedding.is_empty() {
            return Err("`embedding` is empty: give its numbers or leave it out".to_owned());
        }
        if let Some(at) = embedding.iter().position(|number| !number.is_finite()) {
            return Err(format!("`embedding` number {} is beyond the range of 32-bit floats", at + 1));
        }
    }
    let metadata = fields.metadata.map(RawValue::get);
    if metadata.is_some_and(|json| !json.starts_with('{')) {
        return Err("`metadata` is not an object: write it as {\"name\": value}".to_owned());
    }
    Ok(ConceptLine {
        name,
        content,
        embedding: fields.embedding,
        strength: fraction("strength", fields.strength)?,
        confidence: fraction("confidence", fields.confidence)?,
        metadata,
    })
}

fn fraction(field: &str, value: Option<f32>) -> Result<Option<f32>, String> {
    match value {
        Some(value) if !(0.0..=1.0).contains(&value) => Err(format!("`{field}` is {value}: it must be from 0 to 1")),
        value => Ok(value),
    }
}

/// The parser counts lines itself, and here it has seen one only: its column is of use, its line is not.
fn json_reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    format!("column {}: {what}", error.column())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn reader(text: &str) -> ConceptReader {
        ConceptReader::new(Input::new("a.jsonl".to_owned(), Cursor::new(text.to_owned()), None).unwrap())
    }

    #[test]
    fn every_field_arrives() {
        let mut reader = reader(concat!(
            r#"{"key":"otter","content":"an animal","metadata":{"words": ["a", {"b":1}]}}"#,
            "\n",
            r#"{ "confidence": 0.5, "strength": 1, "embedding": [1, -2.5, 3e-2], "content": "", "id": "00Ff" }"#,
        ));
        let first = reader.next().unwrap().unwrap();
        assert_eq!(first.name, ConceptName::Key("otter".into()));
        assert_eq!(first.content, "an animal");
        assert_eq!(first.metadata, Some(r#"{"words": ["a", {"b":1}]}"#));
        assert_eq!((first.embedding, first.strength, first.confidence), (None, None, None));
        let second = reader.next().unwrap().unwrap();
        assert_eq!(second.name, ConceptName::Id("00Ff".into()));
        assert_eq!(second.content, "");
        assert_eq!(second.embedding, Some(vec![1.0, -2.5, 0.03]));
        assert_eq!((second.strength, second.confidence, second.metadata), (Some(1.0), Some(0.5), None));
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn strings_are_borrowed_unless_they_hold_escapes() {
        let line = parse(r#"{"key":"plain","content":"with \n and \u00e9"}"#).unwrap();
        assert!(matches!(line.name, ConceptName::Key(Cow::Borrowed("plain"))));
        assert!(matches!(&line.content, Cow::Owned(text) if text == "with \n and \u{e9}"));
        assert!(matches!(parse(r#"{"id":"1","content":"c"}"#).unwrap().content, Cow::Borrowed("c")));
    }

    #[test]
    fn null_means_left_out() {
        let line = r#"{"key":"a","id":null,"content":"c","embedding":null,"strength":null,"metadata":null}"#;
        let found = parse(line).unwrap();
        assert_eq!((found.embedding, found.strength, found.metadata), (None, None, None));
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        for (line, reason) in [
            (r#"{"content":"c"}"#, "neither `key` nor `id`"),
            (r#"{"key":"a","id":"b","content":"c"}"#, "both `key` and `id`"),
            (r#"{"key":"","content":"c"}"#, "empty"),
            (r#"{"key":"a"}"#, "`content` is missing"),
            (r#"{"key":"a","content":7}"#, "column 22: invalid type"),
            (r#"{"key":"a","content":"c","contents":"d"}"#, "unknown field `contents`"),
            (r#"{"key":"a","key":"b","content":"c"}"#, "duplicate field `key`"),
            (r#"{"key":"a","content":"c","strength":1.5}"#, "`strength` is 1.5"),
            (r#"{"key":"a","content":"c","confidence":-0.1}"#, "`confidence` is -0.1"),
            (r#"{"key":"a","content":"c","embedding":[]}"#, "`embedding` is empty"),
            (r#"{"key":"a","content":"c","embedding":[1,1e39]}"#, "`embedding` number 2"),
            (r#"{"key":"a","content":"c","embedding":["1"]}"#, "invalid type"),
            (r#"{"key":"a","content":"c","metadata":"m"}"#, "`metadata` is not an object"),
            (r#"{"key":"a","content":"c","metadata":{"a"}}"#, "column 41"),
            (r#"{"key":"a","content":"c"} {}"#, "trailing"),
            (r#"["a",null,"c",null,null,null,null]"#, "not a JSON object"),
            ("nonsense", "not a JSON object"),
            (r#"{"key":"a" "content":"c"}"#, "column 12"),
        ] {
            let mut reader = reader(&format!("\n{line}\n{{\"key\":\"next\",\"content\":\"\"}}\n"));
            let message = reader.next().unwrap_err().to_string();
            assert!(message.starts_with("a.jsonl:2: ") && message.contains(reason), "{line}: {message}");
            assert_eq!(reader.next().unwrap().unwrap().name, ConceptName::Key("next".into()), "{line}");
        }
    }

    #[test]
    fn depth_is_no_trouble() {
        let deep = "[".repeat(100_000);
        for line in [format!("{{\"key\":\"a\",\"content\":\"c\",\"metadata\":{deep}"), deep] {
            assert!(parse(&line).is_err());
        }
    }

    #[test]
    fn a_caller_can_reject_a_line_too() {
        let mut reader = reader("{\"key\":\"a\",\"content\":\"\"}\n");
        reader.next().unwrap();
        assert_eq!(reader.rejected("no such namespace").to_string(), "a.jsonl:1: no such namespace");
    }
}
