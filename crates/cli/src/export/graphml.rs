//! GraphML (graphdrawing.org), version 1.0: directed, one graph, attributes declared as keys.
//!
//! Nodes are named by their ids, so that no key has to be one of XML. Characters that XML 1.0 cannot hold become U+FFFD.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, Write};

use sutra_storage::{AssociationView, ConceptId, ConceptView};

use super::Writer;
use crate::failure::Failure;

/// Attributes, with what they belong to and their types.
const KEYS: [(&str, &str, &str); 11] = [
    ("name", "node", "string"),
    ("content", "node", "string"),
    ("stub", "node", "boolean"),
    ("strength", "node", "float"),
    ("confidence", "node", "float"),
    ("metadata", "node", "string"),
    ("type", "edge", "string"),
    ("edge_confidence", "edge", "float"),
    ("weight", "edge", "float"),
    ("created", "edge", "long"),
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

    fn stub(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure> {
        if !concept.is_stub() || !self.stubs.insert(concept.id()) {
            return Ok(());
        }
        self.line(format_args!("    <node id=\"{}\">", concept.id()))?;
        self.data("name", concept.name()?)?;
        self.data("stub", true)?;
        self.line("    </node>")
    }
}

impl<W: Write> Writer for GraphMl<W> {
    fn concept(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure> {
        self.begin()?;
        self.line(format_args!("    <node id=\"{}\">", concept.id()))?;
        self.data("name", concept.name()?)?;
        self.data("content", String::from_utf8_lossy(concept.content()?))?;
        self.data("strength", concept.strength())?;
        self.data("confidence", concept.confidence())?;
        if let Some(metadata) = concept.metadata()? {
            self.data("metadata", metadata)?;
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
        self.data("type", association.type_name())?;
        self.data("edge_confidence", association.confidence())?;
        self.data("weight", association.weight())?;
        self.data("created", association.created())?;
        if let Some(metadata) = association.metadata()? {
            self.data("edge_metadata", metadata)?;
        }
        self.line("    </edge>")
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.begin()?;
        self.line("  </graph>\n</graphml>")?;
        self.document.flush().map_err(self.failed)
    }
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
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
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
