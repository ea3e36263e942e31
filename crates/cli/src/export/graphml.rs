//! GraphML (graphdrawing.org), version 1.0: directed, one graph, attributes declared as keys.
//!
//! Nodes are named by their ids, so that no key has to be one of XML. Characters that XML 1.0 cannot hold become U+FFFD; beside
//! such a text stands the whole in hexadecimal digits, so that an import gives an equal store.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, Write};

use sutra_storage::{AssociationView, ConceptId, ConceptView, PathNode};

use super::{Writer, valid};
use crate::failure::Failure;
use crate::import::HEX;

/// Attributes, with what they belong to and their types.
const KEYS: [(&str, &str, &str); 21] = [
    ("name", "node", "string"),
    ("key", "node", "string"),
    ("key_hex", "node", "string"),
    ("namespace", "node", "string"),
    ("namespace_hex", "node", "string"),
    ("content", "node", "string"),
    ("content_hex", "node", "string"),
    ("stub", "node", "boolean"),
    ("strength", "node", "float"),
    ("confidence", "node", "float"),
    ("created", "node", "long"),
    ("metadata", "node", "string"),
    ("embedding", "node", "string"),
    ("type", "edge", "string"),
    ("type_hex", "edge", "string"),
    ("edge_confidence", "edge", "float"),
    ("weight", "edge", "float"),
    ("edge_created", "edge", "long"),
    ("valid_from", "edge", "long"),
    ("valid_until", "edge", "long"),
    ("edge_metadata", "edge", "string"),
];

/// Writes one document.
pub(crate) struct GraphMl<W> {
    document: W,
    failed: fn(io::Error) -> Failure,
    begun: bool,
    /// Stubs whose nodes are written.
    stubs: HashSet<ConceptId>,
}

impl<W: Write> GraphMl<W> {
    /// `failed` says what it means that something could not be written.
    pub(crate) fn new(document: W, failed: fn(io::Error) -> Failure) -> Self {
        Self { document, failed, begun: false, stubs: HashSet::new() }
    }

    fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        writeln!(self.document, "{text}").map_err(self.failed)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        self.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        self.line("<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">")?;
        for (name, owner, kind) in KEYS {
            let shown = name.strip_prefix("edge_").unwrap_or(name);
            self.line(format_args!(
                "  <key id=\"{name}\" for=\"{owner}\" attr.name=\"{shown}\" attr.type=\"{kind}\"/>"
            ))?;
        }
        self.line("  <graph id=\"sutra\" edgedefault=\"directed\">")
    }

    fn data(&mut self, name: &str, value: impl Display) -> Result<(), Failure> {
        let value = escaped(&value.to_string());
        self.line(format_args!("      <data key=\"{name}\">{value}</data>"))
    }

    /// A text that must come back as it was.
    fn exact(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(bytes);
        self.data(name, &text)?;
        if text.as_bytes() == bytes && text.chars().all(is_held) {
            return Ok(());
        }
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.data(&format!("{name}{HEX}"), hex)
    }

    /// JSON, in which what XML cannot hold can only stand within strings.
    fn json(&mut self, name: &str, json: &str) -> Result<(), Failure> {
        self.data(name, json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    }

    /// The beginning of a node.
    fn node(&mut self, id: ConceptId, name: impl Display, key: Option<&str>) -> Result<(), Failure> {
        self.line(format_args!("    <node id=\"{id}\">"))?;
        self.data("name", name)?;
        key.map_or(Ok(()), |key| self.exact("key", key.as_bytes()))
    }

    /// What names a concept or a stub.
    fn named(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure> {
        self.node(concept.id(), concept.name()?, concept.key()?)?;
        match concept.namespace_name() {
            "" => Ok(()),
            namespace => self.exact("namespace", namespace.as_bytes()),
        }
    }

    /// A stub that no association names.
    pub(crate) fn lone_stub(&mut self, node: &PathNode) -> Result<(), Failure> {
        if !self.stubs.insert(node.id) {
            return Ok(());
        }
        self.begin()?;
        self.node(node.id, node.name(), node.key.as_deref())?;
        self.data("stub", true)?;
        self.line("    </node>")
    }

    fn stub(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure> {
        if !concept.is_stub() || !self.stubs.insert(concept.id()) {
            return Ok(());
        }
        self.named(concept)?;
        self.data("stub", true)?;
        self.line("    </node>")
    }
}

impl<W: Write> Writer for GraphMl<W> {
    fn concept(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure> {
        self.begin()?;
        self.named(concept)?;
        self.exact("content", concept.content()?)?;
        self.data("strength", concept.strength())?;
        self.data("confidence", concept.confidence())?;
        self.data("created", concept.created())?;
        if let Some(metadata) = concept.metadata()? {
            self.json("metadata", metadata)?;
        }
        if let Some(embedding) = concept.embedding()? {
            let numbers: Vec<_> = embedding.iter().map(f32::to_string).collect();
            self.data("embedding", numbers.join(" "))?;
        }
        self.line("    </node>")
    }

    fn association(&mut self, association: &AssociationView<'_>) -> Result<(), Failure> {
        self.begin()?;
        let (source, target) = (association.source()?, association.target()?);
        self.stub(&source)?;
        self.stub(&target)?;
        let (source, target) = (source.id(), target.id());
        self.line(format_args!("    <edge source=\"{source}\" target=\"{target}\">"))?;
        self.exact("type", association.type_name().as_bytes())?;
        self.data("edge_confidence", association.confidence())?;
        self.data("weight", association.weight())?;
        self.data("edge_created", association.created())?;
        if let Some((from, until)) = valid(association) {
            self.data("valid_from", from)?;
            self.data("valid_until", until)?;
        }
        if let Some(metadata) = association.metadata()? {
            self.json("edge_metadata", metadata)?;
        }
        self.line("    </edge>")
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.begin()?;
        self.line("  </graph>\n</graphml>")?;
        self.document.flush().map_err(self.failed)
    }
}

/// Whether XML 1.0 can hold a character.
fn is_held(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Text between two tags.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A reader of XML would make a line end of it.
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            held if is_held(held) => escaped.push(held),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(escaped("a<b & \"c\">\r\n\u{1}"), "a&lt;b &amp; \"c\"&gt;&#13;\n\u{fffd}");
    }
}
