//! A neighbourhood as GraphML.

use std::fmt::Write;

use sutra_storage::Neighborhood;

use super::xml;

const KEYS: [(&str, &str, &str); 9] = [
    ("name", "node", "string"),
    ("content", "node", "string"),
    ("stub", "node", "boolean"),
    ("hops", "node", "int"),
    ("type", "edge", "string"),
    ("confidence", "edge", "float"),
    ("weight", "edge", "float"),
    ("created", "edge", "long"),
    ("sequence", "edge", "long"),
];

pub(super) fn of(around: &Neighborhood, contents: &[Option<Vec<u8>>]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text += "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n";
    for (name, of, kind) in KEYS {
        add(&mut text, format_args!("  <key id=\"{name}\" for=\"{of}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>"));
    }
    text += "  <graph edgedefault=\"directed\">\n";
    for ((node, hops), content) in around.nodes.iter().zip(&around.hops).zip(contents) {
        add(&mut text, format_args!("    <node id=\"{}\">", node.id));
        data(&mut text, "name", xml(&node.name()));
        if let Some(content) = content {
            data(&mut text, "content", xml(&String::from_utf8_lossy(content)));
        }
        data(&mut text, "stub", node.is_stub);
        data(&mut text, "hops", hops);
        text += "    </node>\n";
    }
    for link in &around.links {
        let (source, target) = (&around.nodes[link.source].id, &around.nodes[link.target].id);
        add(&mut text, format_args!("    <edge source=\"{source}\" target=\"{target}\">"));
        data(&mut text, "type", xml(&link.type_name));
        data(&mut text, "confidence", link.confidence);
        data(&mut text, "weight", link.weight);
        data(&mut text, "created", link.created);
        data(&mut text, "sequence", link.sequence);
        text += "    </edge>\n";
    }
    text += "  </graph>\n</graphml>\n";
    text
}

fn data(text: &mut String, key: &str, value: impl std::fmt::Display) {
    add(text, format_args!("      <data key=\"{key}\">{value}</data>"));
}

fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
