//! JSONL: one object a line, a concept or an association.
//!
//! | concept | | meaning |
//! |---|---|---|
//! | `key` or `id` | one of them | a name of the user's own, or an id |
//! | `content` or `content_hex` | one of them | text, or any bytes as hex digits |
//! | `embedding` | optional | array of finite numbers |
//! | `strength`, `confidence` | optional | in [0, 1] |
//!
//! | association | | meaning |
//! |---|---|---|
//! | `source`, `type`, `target` | required | keys or ids of its ends, and its type between them |
//! | `confidence` | optional | in [0, 1], 1 by default |
//! | `weight` | optional | a finite number |
//! | `valid_from`, `valid_until` | optional | seconds since the Unix epoch, the second one exclusive |
//!
//! Both may have `namespace`, `created` (microseconds since the Unix epoch) and `metadata` (any JSON). `null` means left out.
//! An object with `source`, `type` or `target` is an association. Another field is refused, so that a misspelt one is not
//! lost in silence.

use std::borrow::Cow;
#[cfg(test)]
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::ImportError;
use super::input::{Input, Progress};
use super::lines::Lines;
use super::record::{self, AssociationLine, ConceptLine, Reader, Record};

/// Reads objects line by line.
pub(crate) struct ObjectReader {
    lines: Lines,
}

impl ObjectReader {
    #[cfg(test)]
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        Input::open(path).map(Self::new)
    }

    pub(crate) fn new(input: Input) -> Self {
        Self { lines: Lines::new(input) }
    }
}

impl Reader for ObjectReader {
    fn next(&mut self) -> Result<Option<Record<'_>>, ImportError> {
        let Some(line) = self.lines.next()? else {
            return Ok(None);
        };
        parse(line.text).map(Some).map_err(|reason| line.rejected(reason))
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
    #[serde(borrow)]
    content_hex: Option<Text<'a>>,
    embedding: Option<Vec<f32>>,
    strength: Option<f32>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    target: Option<Text<'a>>,
    weight: Option<f32>,
    valid_from: Option<u32>,
    valid_until: Option<u32>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    confidence: Option<f32>,
    created: Option<u64>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// Inside an `Option`, serde borrows a string only through a type that says so.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn parse(line: &str) -> Result<Record<'_>, String> {
    // Left to itself, serde reads an array as the fields in their order.
    if !line.trim_start().starts_with('{') {
        return Err("not a JSON object: write one {..} a line".to_owned());
    }
    let fields: Fields<'_> = serde_json::from_str(line).map_err(|error| json_reason(&error))?;
    if fields.source.is_some() || fields.kind.is_some() || fields.target.is_some() {
        association(fields).map(Record::Association)
    } else {
        concept(fields).map(Record::Concept)
    }
}

fn concept(fields: Fields<'_>) -> Result<ConceptLine<'_>, String> {
    foreign(
        "an association",
        &[
            ("weight", fields.weight.is_some()),
            ("valid_from", fields.valid_from.is_some()),
            ("valid_until", fields.valid_until.is_some()),
        ],
    )?;
    let name = record::name(fields.key.map(|Text(key)| key), fields.id.map(|Text(id)| id))?;
    let content = match (fields.content, fields.content_hex.map(|Text(hex)| hex)) {
        (Some(Text(Cow::Borrowed(content))), None) => Cow::Borrowed(content.as_bytes()),
        (Some(Text(Cow::Owned(content))), None) => Cow::Owned(content.into_bytes()),
        (None, Some(hex)) => Cow::Owned(bytes_of(&hex)?),
        (Some(_), Some(_)) => return Err("both `content` and `content_hex`: give one of them".to_owned()),
        (None, None) => return Err("`content` is missing: give it as text".to_owned()),
    };
    Ok(ConceptLine {
        name,
        namespace: fields.namespace.map(|Text(namespace)| namespace).unwrap_or_default(),
        content,
        embedding: fields.embedding.map(record::embedding).transpose()?,
        strength: record::fraction("strength", fields.strength)?,
        confidence: record::fraction("confidence", fields.confidence)?,
        created: fields.created,
        metadata: fields.metadata.map(|json| json.get().into()),
    })
}

fn association(fields: Fields<'_>) -> Result<AssociationLine<'_>, String> {
    foreign(
        "a concept",
        &[
            ("key", fields.key.is_some()),
            ("id", fields.id.is_some()),
            ("content", fields.content.is_some()),
            ("content_hex", fields.content_hex.is_some()),
            ("embedding", fields.embedding.is_some()),
            ("strength", fields.strength.is_some()),
        ],
    )?;
    let [source, kind, target] = record::ends(
        fields.source.map(|Text(text)| text),
        fields.kind.map(|Text(text)| text),
        fields.target.map(|Text(text)| text),
    )?;
    Ok(AssociationLine {
        source,
        kind,
        target,
        namespace: fields.namespace.map(|Text(namespace)| namespace).unwrap_or_default(),
        confidence: record::fraction("confidence", fields.confidence)?,
        weight: fields.weight,
        created: fields.created,
        valid: record::valid(fields.valid_from, fields.valid_until),
        metadata: fields.metadata.map(|json| json.get().into()),
    })
}

/// A field of the other kind of object is a mistake, not something to pass over.
fn foreign(owner: &str, fields: &[(&str, bool)]) -> Result<(), String> {
    match fields.iter().find(|(_, given)| *given) {
        Some((field, _)) => Err(format!("`{field}` belongs to {owner}, and the rest of the object does not")),
        None => Ok(()),
    }
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(pair).collect();
    bytes.ok_or_else(|| "`content_hex` is not pairs of hex digits".to_owned())
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

    use super::super::record::ConceptName;
    use super::*;

    fn reader(text: &str) -> ObjectReader {
        ObjectReader::new(Input::new("a.jsonl".to_owned(), Cursor::new(text.to_owned()), None).unwrap())
    }

    fn as_concept(record: Option<Record<'_>>) -> ConceptLine<'_> {
        match record {
            Some(Record::Concept(concept)) => concept,
            other => panic!("no concept: {other:?}"),
        }
    }

    #[test]
    fn every_field_arrives() {
        let mut reader = reader(concat!(
            r#"{"key":"otter","content":"an animal","metadata":{"words": ["a", {"b":1}]}}"#,
            "\n",
            r#"{ "confidence": 0.5, "strength": 1, "embedding": [1, -2.5, 3e-2], "content": "", "id": "00Ff" }"#,
        ));
        let first = as_concept(reader.next().unwrap());
        assert_eq!(first.name, ConceptName::Key("otter".into()));
        assert_eq!(&*first.content, b"an animal");
        assert_eq!(first.metadata.as_deref(), Some(r#"{"words": ["a", {"b":1}]}"#));
        assert_eq!((first.embedding, first.strength, first.confidence), (None, None, None));
        let second = as_concept(reader.next().unwrap());
        assert_eq!(second.name, ConceptName::Id("00Ff".into()));
        assert!(second.content.is_empty());
        assert_eq!(second.embedding, Some(vec![1.0, -2.5, 0.03]));
        assert_eq!((second.strength, second.confidence, second.metadata), (Some(1.0), Some(0.5), None));
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn associations_and_bytes_arrive() {
        let mut reader = reader(concat!(
            r#"{"source":"a","type":"causal","target":"key:b","confidence":0.5,"weight":-2,"created":7,"valid_until":9}"#,
            "\n",
            r#"{"key":"a","content_hex":"00fF","namespace":"zoo","created":8,"metadata":[1]}"#,
        ));
        let Some(Record::Association(found)) = reader.next().unwrap() else { panic!("no association") };
        assert_eq!((&*found.source, &*found.kind, &*found.target), ("a", "causal", "key:b"));
        assert_eq!((found.confidence, found.weight, found.created), (Some(0.5), Some(-2.0), Some(7)));
        assert_eq!((found.valid, found.metadata, &*found.namespace), (Some((0, 9)), None, ""));
        let found = as_concept(reader.next().unwrap());
        assert_eq!((&*found.content, &*found.namespace, found.created), (&[0, 255][..], "zoo", Some(8)));
        assert_eq!(found.metadata.as_deref(), Some("[1]"));
        assert_eq!(reader.position(), 2);
    }

    #[test]
    fn strings_are_borrowed_unless_they_hold_escapes() {
        let line = as_concept(parse(r#"{"key":"plain","content":"with \n and \u00e9"}"#).ok());
        assert!(matches!(line.name, ConceptName::Key(Cow::Borrowed("plain"))));
        assert!(matches!(&line.content, Cow::Owned(text) if text == "with \n and \u{e9}".as_bytes()));
        assert!(matches!(as_concept(parse(r#"{"id":"1","content":"c"}"#).ok()).content, Cow::Borrowed(b"c")));
    }

    #[test]
    fn null_means_left_out() {
        let line = r#"{"key":"a","id":null,"content":"c","embedding":null,"strength":null,"metadata":null}"#;
        let found = as_concept(parse(line).ok());
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
            (r#"{"key":"a","content":"c","content_hex":"00"}"#, "both `content` and `content_hex`"),
            (r#"{"key":"a","content_hex":"0"}"#, "`content_hex`"),
            (r#"{"key":"a","content_hex":"+1"}"#, "`content_hex`"),
            (r#"{"key":"a","content":"c","weight":1}"#, "`weight` belongs to an association"),
            (r#"{"source":"a","type":"t","target":"b","key":"c"}"#, "`key` belongs to a concept"),
            (r#"{"source":"a","target":"b"}"#, "`type` is missing"),
            (r#"{"source":"a","type":"t"}"#, "`target` is missing"),
            (r#"{"source":"","type":"t","target":"b"}"#, "the source is empty"),
            (r#"{"source":"a","type":"t","target":"b","confidence":2}"#, "`confidence` is 2"),
            (r#"{"source":"a","type":"t","target":"b","valid_from":-1}"#, "invalid value"),
            (r#"{"key":"a","content":"c","metadata":{"a"}}"#, "column 41"),
            (r#"{"key":"a","content":"c"} {}"#, "trailing"),
            (r#"["a",null,"c",null,null,null,null]"#, "not a JSON object"),
            ("nonsense", "not a JSON object"),
            (r#"{"key":"a" "content":"c"}"#, "column 12"),
        ] {
            let mut reader = reader(&format!("\n{line}\n{{\"key\":\"next\",\"content\":\"\"}}\n"));
            let message = reader.next().unwrap_err().to_string();
            assert!(message.starts_with("a.jsonl:2: ") && message.contains(reason), "{line}: {message}");
            assert_eq!(as_concept(reader.next().unwrap()).name, ConceptName::Key("next".into()), "{line}");
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
        assert_eq!(reader.rejected("no such namespace".to_owned()).to_string(), "a.jsonl:1: no such namespace");
    }
}
