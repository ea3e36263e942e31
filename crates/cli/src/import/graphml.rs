//! GraphML: one node a concept, one edge an association, with attributes named as the fields of JSONL are.
//!
//! A node is named by its `key` (or `key_hex`), else by its id in the document, which is an id if it looks like one. A node that
//! is a `stub` only names the ends of edges. Attributes that are not known are refused, and so is what an association cannot be:
//! hyperedges, edges without a direction, graphs within nodes. Entities of the document's own are not expanded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufReader, Read};

use quick_xml::Reader as Xml;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::error::ImportError;
use super::input::{Input, Progress};
use super::lines::LONGEST;
use super::record::{self, AssociationLine, ConceptLine, ConceptName, Reader, Record};

/// Attributes of nodes, and of edges. Those of `name` and `id` are for programs that draw graphs.
const NODE: [&str; 11] =
    ["name", "key", "namespace", "content", "stub", "strength", "confidence", "created", "metadata", "embedding", "id"];
const EDGE: [&str; 7] = ["type", "confidence", "weight", "created", "valid_from", "valid_until", "metadata"];

/// What an attribute's name ends with whose text is in hexadecimal digits, because XML could not hold it.
pub(crate) const HEX: &str = "_hex";

/// Reads the nodes and edges of a document one by one.
pub(crate) struct GraphReader {
    name: String,
    xml: Xml<BufReader<Bounded>>,
    progress: Progress,
    /// Names of attributes by the ids that the document gives them.
    attributes: HashMap<String, String>,
    /// Nodes that are no concepts: key and namespace by the id in the document.
    stubs: HashMap<String, (String, String)>,
    /// Nodes and edges that were read.
    read: u64,
    /// The document came to its end.
    ended: bool,
}

/// Reads no more than a record may have, so that a document without tags does not fill the memory.
struct Bounded {
    bytes: Box<dyn Read + Send>,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("one node or edge is too large"));
        }
        let length = self.bytes.read(buffer)?;
        self.left = self.left.saturating_sub(length);
        Ok(length)
    }
}

/// A node or an edge as it stands in the document.
#[derive(Default)]
struct Element {
    is_edge: bool,
    id: String,
    source: String,
    target: String,
    fields: Fields,
}

impl GraphReader {
    pub(crate) fn new(input: Input) -> Self {
        let progress = input.progress();
        let xml = Xml::from_reader(BufReader::new(Bounded { bytes: input.bytes, left: LONGEST }));
        let (attributes, stubs) = (HashMap::new(), HashMap::new());
        Self { name: input.name, xml, progress, attributes, stubs, read: 0, ended: false }
    }

    fn form(&self, reason: impl Into<String>) -> ImportError {
        ImportError::Form { file: self.name.clone(), reason: reason.into() }
    }

    fn broken(&self, error: quick_xml::Error) -> ImportError {
        match error {
            quick_xml::Error::Io(source) => {
                let source = io::Error::new(source.kind(), source.to_string());
                ImportError::Read { file: self.name.clone(), line: self.read, source }
            }
            error => self.form(format!("is no well-formed XML after element {}: {error}", self.read)),
        }
    }

    /// The value of an attribute in a tag.
    fn value(&self, tag: &BytesStart<'_>, name: &str) -> Result<String, ImportError> {
        let found = tag.try_get_attribute(name).map_err(|error| self.broken(error.into()))?;
        let Some(attribute) = found else { return Ok(String::new()) };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| self.broken(error))?;
        Ok(value.into_owned())
    }

    /// The next node or edge.
    fn element(&mut self) -> Result<Option<Element>, ImportError> {
        self.xml.get_mut().get_mut().left = LONGEST;
        let mut buffer = Vec::new();
        let mut element: Option<Element> = None;
        // The name of the attribute whose text is being read, and the text.
        let mut field: Option<(String, String)> = None;
        loop {
            buffer.clear();
            let event = self.xml.read_event_into(&mut buffer);
            let event = event.map_err(|error| self.broken(error))?;
            match event {
                Event::Start(tag) => self.begin(&tag, &mut element, &mut field)?,
                Event::Empty(tag) => {
                    let mut none = None;
                    self.begin(&tag, &mut element, &mut none)?;
                    if matches!(tag.local_name().as_ref(), "node" | "edge") {
                        self.read += 1;
                        return Ok(element);
                    }
                    if let (Some(element), Some(empty)) = (&mut element, none) {
                        element.fields.0.push(empty);
                    }
                }
                Event::End(tag) => match tag.local_name().as_ref() {
                    "node" | "edge" => {
                        self.read += 1;
                        return Ok(element);
                    }
                    "data" => {
                        if let (Some(element), Some(field)) = (&mut element, field.take()) {
                            element.fields.0.push(field);
                        }
                    }
                    "graphml" => self.ended = true,
                    _ => {}
                },
                Event::Text(text) => extend(&mut field, &text.xml10_content()),
                Event::CData(text) => extend(&mut field, &text.xml10_content()),
                Event::GeneralRef(entity) => {
                    let named = resolve_predefined_entity(&entity);
                    match (entity.resolve_char_ref().map_err(|error| self.broken(error))?, named) {
                        (Some(character), _) => extend(&mut field, character.encode_utf8(&mut [0; 4])),
                        (None, Some(text)) => extend(&mut field, text),
                        (None, None) => return Err(self.form(format!("has an entity &{}; of its own", &*entity))),
                    }
                }
                Event::DocType(_) => return Err(self.form("declares a document type: leave it out")),
                Event::Eof if self.ended => return Ok(None),
                Event::Eof => return Err(self.form("ends in the middle: it is no GraphML, or was cut short")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    /// A tag that opens something.
    fn begin(
        &mut self,
        tag: &BytesStart<'_>,
        element: &mut Option<Element>,
        field: &mut Option<(String, String)>,
    ) -> Result<(), ImportError> {
        match tag.local_name().as_ref() {
            "node" | "edge" | "graph" if element.is_some() => {
                return Err(self.form("has a graph within a node: only one graph can be learned"));
            }
            "graph" if self.value(tag, "edgedefault")? == "undirected" => return Err(self.undirected()),
            "edge" if self.value(tag, "directed")? == "false" => return Err(self.undirected()),
            kind @ ("node" | "edge") => {
                *element = Some(Element {
                    is_edge: kind == "edge",
                    id: self.value(tag, "id")?,
                    source: self.value(tag, "source")?,
                    target: self.value(tag, "target")?,
                    fields: Fields::default(),
                });
            }
            "key" => {
                let (id, name) = (self.value(tag, "id")?, self.value(tag, "attr.name")?);
                let name = if name.is_empty() { id.clone() } else { name };
                self.attributes.insert(id, name);
            }
            "default" => return Err(self.form("has attributes with defaults: write each value where it belongs")),
            "hyperedge" | "port" => {
                return Err(self.form("has hyperedges or ports: only nodes and edges can be learned"));
            }
            "data" if element.is_some() => {
                let id = self.value(tag, "key")?;
                let name = self.attributes.get(&id).cloned().unwrap_or(id);
                *field = Some((name, String::new()));
            }
            _ => {}
        }
        Ok(())
    }

    fn undirected(&self) -> ImportError {
        self.form("has edges without a direction: an association leads from its source to its target")
    }

    /// What an element says; nothing of a stub.
    fn record(&mut self, element: Element) -> Result<Option<Record<'static>>, String> {
        let Element { is_edge, id, source, target, mut fields } = element;
        fields.check(if is_edge { &EDGE } else { &NODE })?;
        if is_edge {
            return self.association(&source, &target, fields).map(|line| Some(Record::Association(line)));
        }
        if id.is_empty() {
            return Err("the node has no `id`".to_owned());
        }
        let (key, namespace) = (fields.text("key")?, fields.text("namespace")?.unwrap_or_default());
        if fields.text("stub")?.is_some_and(|stub| stub == "true") {
            if let Some(key) = key {
                self.stubs.insert(id, (key, namespace));
            }
            return Ok(None);
        }
        let name = match key {
            Some(key) => record::name(Some(key.into()), None)?,
            None if is_id(&id) => ConceptName::Id(id.into()),
            None => ConceptName::Key(id.into()),
        };
        Ok(Some(Record::Concept(ConceptLine {
            name,
            namespace: namespace.into(),
            content: fields.bytes("content")?.unwrap_or_default().into(),
            embedding: fields.embedding()?,
            strength: record::fraction("strength", fields.number("strength")?)?,
            confidence: record::fraction("confidence", fields.number("confidence")?)?,
            created: fields.number("created")?,
            metadata: fields.text("metadata")?.map(Cow::Owned),
        })))
    }

    fn association(&self, source: &str, target: &str, mut fields: Fields) -> Result<AssociationLine<'static>, String> {
        // Keys of one namespace only can be given: an end of another one is given by its id.
        let stub = |end: &str| self.stubs.get(end);
        let namespace = stub(source).or_else(|| stub(target)).map_or("", |(_, namespace)| namespace);
        let named = |end: &str| -> Option<Cow<'static, str>> {
            if end.is_empty() {
                return None;
            }
            Some(match stub(end) {
                Some((key, of)) if of == namespace => format!("key:{key}").into(),
                _ if is_id(end) => end.to_owned().into(),
                _ => format!("key:{end}").into(),
            })
        };
        let kind = fields.text("type")?.map(Cow::Owned);
        let [source, kind, target] = record::ends(named(source), kind, named(target))?;
        Ok(AssociationLine {
            source,
            kind,
            target,
            namespace: namespace.to_owned().into(),
            confidence: record::fraction("confidence", fields.number("confidence")?)?,
            weight: fields.number("weight")?,
            created: fields.number("created")?,
            valid: record::valid(fields.number("valid_from")?, fields.number("valid_until")?),
            metadata: fields.text("metadata")?.map(Cow::Owned),
        })
    }
}

fn extend(field: &mut Option<(String, String)>, text: &str) {
    if let Some((_, value)) = field {
        value.push_str(text);
    }
}

/// Whether a text is an id by its looks.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 16 | 32) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Attributes of one element. Each is taken out once.
#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn check(&self, known: &[&str]) -> Result<(), String> {
        let plain = |name: &str| known.contains(&name) || known.contains(&name.strip_suffix(HEX).unwrap_or(name));
        match self.0.iter().find(|(name, _)| !plain(name)) {
            Some((name, _)) => Err(format!(
                "an attribute {name:?}: rename it, leave it out or put it into the metadata; known are {}",
                known.join(", ")
            )),
            None => Ok(()),
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The bytes of an attribute: those in hexadecimal digits, if there are any.
    fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let (plain, hex) = (self.take(name), self.take(&format!("{name}{HEX}")));
        match hex {
            Some(hex) => from_hex(&hex).map(Some).ok_or_else(|| format!("`{name}{HEX}` is not pairs of hex digits")),
            None => Ok(plain.map(String::into_bytes)),
        }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let bytes = self.bytes(name)?;
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| format!("`{name}` is not UTF-8"))).transpose()
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let wrong = |text: &str| format!("`{name}` is {text:?}: not a number, or beyond its range");
        self.take(name).map(|text| text.trim().parse().map_err(|_| wrong(&text))).transpose()
    }

    fn embedding(&mut self) -> Result<Option<Vec<f32>>, String> {
        let Some(text) = self.take("embedding") else { return Ok(None) };
        let numbers: Result<_, _> = text.split_ascii_whitespace().map(str::parse).collect();
        record::embedding(numbers.map_err(|_| "`embedding` is not numbers with spaces between them")?).map(Some)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

impl Reader for GraphReader {
    fn next(&mut self) -> Result<Option<Record<'_>>, ImportError> {
        while let Some(element) = self.element()? {
            if let Some(record) = self.record(element).map_err(|reason| self.rejected(reason))? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn position(&self) -> u64 {
        self.read
    }

    fn skip_to(&mut self, position: u64) -> Result<bool, ImportError> {
        while self.read < position {
            let Some(element) = self.element()? else { return Ok(false) };
            // For its stubs; what was wrong with it was said the first time.
            let _ = self.record(element);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &str) -> GraphReader {
        GraphReader::new(Input::new("x".to_owned(), io::Cursor::new(text.to_owned()), None).unwrap())
    }

    fn all(text: &str) -> Result<Vec<String>, String> {
        let mut reader = reader(text);
        let mut all = Vec::new();
        while let Some(record) = reader.next().map_err(|error| error.to_string())? {
            all.push(match record {
                Record::Concept(line) => format!("{:?} {}", line.name, String::from_utf8_lossy(&line.content)),
                Record::Association(line) => format!("{} -{}-> {}", line.source, line.kind, line.target),
            });
        }
        Ok(all)
    }

    const HEAD: &str = "<?xml version=\"1.0\"?><graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\"><key id=\"d0\" for=\"node\" attr.name=\"content\"/><key id=\"d1\" for=\"edge\" attr.name=\"type\"/><graph edgedefault=\"directed\">";

    #[test]
    fn a_document_of_another_program_is_read() {
        let text = format!(
            "{HEAD}<!-- x --><node id=\"n&amp;0\"><data key=\"d0\">a &lt; b<![CDATA[ <c>]]>&#x21;</data></node><node id=\"00112233445566778899aabbccddeeff\"/>\
             <edge source=\"n&amp;0\" target=\"00112233445566778899aabbccddeeff\"><data key=\"d1\">causal</data></edge></graph></graphml>"
        );
        assert_eq!(
            all(&text).unwrap(),
            [
                "Key(\"n&0\") a < b <c>!",
                "Id(\"00112233445566778899aabbccddeeff\") ",
                "key:n&0 -causal-> 00112233445566778899aabbccddeeff"
            ]
        );
        let mut reader = reader(&text);
        assert!(reader.skip_to(2).unwrap());
        assert!(matches!(reader.next(), Ok(Some(Record::Association(_)))));
        assert!(!reader.skip_to(9).unwrap());
    }

    #[test]
    fn what_cannot_be_learned_is_refused_with_its_reason() {
        for (body, reason) in [
            ("<node id=\"a\"><data key=\"colour\">red</data></node>", "attribute \"colour\""),
            ("<edge source=\"a\" target=\"b\"/>", "`type` is missing"),
            ("<edge source=\"a\"><data key=\"d1\">t</data></edge>", "`target` is missing"),
            ("<node><data key=\"d0\">x</data></node>", "no `id`"),
            ("<node id=\"a\"><data key=\"strength\">much</data></node>", "`strength` is \"much\""),
            ("<node id=\"a\"><data key=\"strength\">2</data></node>", "from 0 to 1"),
            ("<node id=\"a\"><data key=\"content_hex\">0</data></node>", "pairs of hex digits"),
            ("<node id=\"a\"><data key=\"embedding\">1 x</data></node>", "`embedding`"),
            ("<node id=\"a\"><graph/></node>", "graph within a node"),
            ("<edge source=\"a\" target=\"b\" directed=\"false\"/>", "direction"),
            ("<hyperedge/>", "hyperedges"),
            ("<node id=\"a\"><data key=\"d0\">&own;</data></node>", "entity &own;"),
            ("<node id=\"a\"", "XML"),
            ("<node id=\"a\"></edge>", "XML"),
            ("", "ends in the middle"),
        ] {
            let error = all(&format!("{HEAD}{body}")).unwrap_err();
            assert!(error.contains(reason), "{body}: {error}");
        }
        assert!(all("<!DOCTYPE x [<!ENTITY a \"b\">]><graphml/>").unwrap_err().contains("document type"));
        assert!(all("<graphml><graph edgedefault=\"undirected\"/></graphml>").unwrap_err().contains("direction"));
        assert_eq!(all("<graphml/>").unwrap_err(), "x ends in the middle: it is no GraphML, or was cut short");
    }

    #[test]
    fn bytes_that_are_no_document_are_an_error_and_no_panic() {
        for text in
            ["", "<", "<a", "\u{0}\u{1}<graphml>", "]]>", "<graphml><node id='", "<graphml>&#xFFFFFFFF;</graphml>"]
        {
            assert!(all(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_damaged_document_is_read_or_refused_and_never_panics() {
        let seed = std::env::var("SUTRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x9_4a11_u64);
        println!("SUTRA_SEED={seed}");
        let whole = format!(
            "{HEAD}<node id=\"a\"><data key=\"d0\">&lt;&#13;x</data><data key=\"content_hex\">00ff</data></node><node id=\"s\"><data key=\"key\">k</data><data key=\"stub\">true</data></node>\
             <edge source=\"a\" target=\"s\"><data key=\"d1\">t</data><data key=\"valid_from\">7</data></edge></graph></graphml>"
        );
        assert_eq!(all(&whole).unwrap().len(), 2);
        let mut state = seed | 1;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        for _ in 0..5000 {
            let mut bytes = whole.clone().into_bytes();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(3) {
                    0 => bytes[at] = b"<>&;/\"=x\0\xff"[random(10)],
                    1 => drop(bytes.remove(at)),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            let mut reader = GraphReader::new(Input::new("x".to_owned(), io::Cursor::new(bytes), None).unwrap());
            // Bounded: a record that is rejected is passed over, any other error is the end.
            for _ in 0..10 {
                if matches!(reader.next(), Ok(None) | Err(ImportError::Form { .. } | ImportError::Read { .. })) {
                    break;
                }
            }
        }
    }
}
